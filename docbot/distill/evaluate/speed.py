"""Measure a model's time a prompt and its memory, in a separate process.

Run as a program, the module reads a request in JSON on standard input and writes the figures in
JSON. Only docbot's backend is loaded there, so the peak is what `docbot fix` needs for the model.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.config import Config
from docbot.llm.batching import LlamaCpp
from docbot.llm.protocol import Prompt
from docbot.llm.weights import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = 1 << 20
WARM_UP = 4
"""Prompts that are answered before the clock starts: the first ones load the model."""


def measure(path: Path, form: str, prompts: Sequence[Prompt], **settings: int) -> dict[str, float]:
    """Measure one run over the prompts.

    Args:
        path: The GGUF file.
        form: Name of its prompt format.
        prompts: What the model answers.
        settings: Arguments of LlamaCpp: slots, threads, candidates.

    Returns:
        `ms`, the wall time, and `cpu_ms`, the processor time of a prompt, both in milliseconds
        without loading; `peak_mib`, the process's largest resident memory in MiB, including the
        file's mapped pages.

    """
    request = {
        "path": str(path),
        "form": form,
        "settings": settings,
        "prompts": [asdict(prompt) for prompt in prompts],
    }
    command = [sys.executable, "-m", "docbot.distill.evaluate.speed"]
    result = subprocess.run(
        command, input=json.dumps(request), capture_output=True, text=True, check=True
    )
    figures: dict[str, float] = json.loads(result.stdout)
    return figures


def _answer(request: dict[str, Any]) -> dict[str, float]:
    weights = resolve(request["path"], request["form"])
    prompts = [Prompt(**{**p, "stop": tuple(p["stop"])}) for p in request["prompts"]]
    with LlamaCpp(
        weights.path,
        context=weights.context,
        max_tokens=Config().max_tokens,
        **request["settings"],
    ) as backend:
        list(backend.complete(prompts[:WARM_UP]))
        wall, cpu = time.perf_counter(), time.process_time()
        count = sum(1 for _ in backend.complete(prompts))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "ms": 1000 * wall / count,
        "cpu_ms": 1000 * cpu / count,
        "peak_mib": _peak_bytes() / MIB,
    }


def _peak_bytes() -> float:
    """Return the largest resident memory so far; 0 where the system does not know it (Windows)."""
    status = Path("/proc/self/status")
    if status.is_file():  # a Linux process inherits ru_maxrss from the one that started it
        match = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
        return float(match.group(1)) * 1024 if match else 0.0
    if sys.platform == "win32":
        return 0.0
    import resource

    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    print(json.dumps(_answer(json.load(sys.stdin))))
