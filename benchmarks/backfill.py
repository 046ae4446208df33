"""Measure how fast `docbot fix` documents a whole package, and llama.cpp's share of the time.

    python benchmarks/backfill.py                # celery, its functions' docstrings removed
    python benchmarks/backfill.py scrapy --rounds 5

The share is the wall-clock time inside `llama_decode` over that of the whole command. The rest is
its start, git, scanning, the gate, verifying and writing. The target is 85 %.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from engine import MIB, Clock, llama_version
from safety import HERE, fetch, prepare

MODEL_SKIPS = ("unsure", "rejected")  # skips of definitions that the model answered


def inner(repository: str) -> None:
    """Run `docbot fix` in this process with a clock around `llama_decode`; figures go to stderr."""
    begun = time.perf_counter()
    from docbot import cli
    from docbot.llm import llama
    from docbot.parallel import usable_cores

    clocks: list[Clock] = []
    library = llama.library

    def timed() -> tuple[Clock, list[str], object]:
        native, *rest = library()
        clocks.append(Clock(native))
        return (clocks[-1], *rest)  # type: ignore[return-value]

    llama.library = timed  # type: ignore[assignment]
    # The threads are fixed: docbot would choose by the load, which is of the round before.
    threads = str(usable_cores())
    sys.argv[1:] = ["fix", repository, "--format", "json", "--no-cache", "--quiet"]
    sys.argv += ["--threads", threads]
    code = cli.main()
    figures = {
        "code": code,
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time(),
        "decode": sum(clock.seconds for clock in clocks),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(figures), file=sys.stderr)


def measure(wheel: Path) -> dict[str, float]:
    """Measure one run over a fresh copy of the package."""
    with tempfile.TemporaryDirectory() as scratch:
        repository = Path(scratch)
        prepare(wheel, repository)
        command = [sys.executable, __file__, "--inner", scratch]
        begun = time.perf_counter()
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
        figures: dict[str, float] = json.loads(result.stderr.splitlines()[-1])
        if figures["code"] not in (0, 1):
            raise SystemExit(result.stderr)
        summary = json.loads(result.stdout)["summary"]
        targets = summary["written"] + sum(summary["skipped"].get(why, 0) for why in MODEL_SKIPS)
        return {**figures, "took": seconds, "offered": targets, "files": summary["files"]}


def main() -> None:
    """Measure the rounds and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("package", nargs="?", default="celery")
    parser.add_argument("--wheels", type=Path, default=HERE / "work" / "wheels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inner", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        inner(options.inner)
        return
    (wheel,) = fetch([options.package], options.wheels)
    runs = [measure(wheel) for _ in range(options.rounds)]

    def median(name: str) -> float:
        return statistics.median(run[name] for run in runs)

    share = statistics.median(run["decode"] / run["took"] for run in runs)
    print(f"share of time in llama.cpp: {share:.0%} (target: 85 %)")
    print(f"{median('offered') / median('took'):.1f} definitions a second, end to end")
    print(f"{median('files'):.0f} files, {median('offered'):.0f} definitions offered to docbot")
    print(f"{median('took'):.1f} s by the clock, {median('cpu'):.1f} s of CPU")
    print(f"peak {median('peak') / MIB:.0f} MiB")
    print(
        f"{wheel.name}; {platform.machine()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}, {platform.python_version()}, "
        f"llama-cpp-python {llama_version()}, median of {options.rounds}"
    )


if __name__ == "__main__":
    main()
