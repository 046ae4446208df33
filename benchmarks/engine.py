"""Compare docbot's inference with llama-cpp-python's own class and with llama.cpp's bound.

    python benchmarks/engine.py                                   # docbot-tiny
    python benchmarks/synthetic.py half.gguf                      # 0.5 billion random weights
    python benchmarks/engine.py --model half.gguf --prompt-format chatml --functions 12 --tokens 24
    python benchmarks/engine.py --soak 10000                      # does memory grow?

Three sides answer the same prompts, functions of Python's standard library: (a) `Llama`'s
`create_completion`, one prompt after another; (b) docbot; (c) the bound: as many prompt tokens
through `llama_decode` in calls of 512 and as many answer tokens in calls of 32, with nothing else.
Each side runs in a separate process, so that its peak memory can be measured, and the rounds are
interleaved. Ratios are printed first; figures are medians. `CPU` is the processor's time instead of
the clock's, for a machine that is busy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import sysconfig
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.errors import SourceError
from docbot.llm.batching import AHEAD, LlamaCpp
from docbot.llm.devices import free_cores
from docbot.llm.llama import library
from docbot.llm.weights import Weights, resolve
from docbot.parallel import usable_cores
from docbot.prompt.context import build_context
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import headline_slot
from docbot.scan.definition import Kind
from docbot.scan.facts import read_definitions
from docbot.scan.source import read
from docbot.select.skip import Target

if TYPE_CHECKING:
    from docbot.llm.protocol import Prompt

SIDES = ("high-level", "docbot", "bound")
CALL, ROWS = 512, 32  # tokens of a full call that reads prompts, and of one that writes answers
WARM_UP = 4
MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Run:
    """The figures of one side in one round.

    Attributes:
        wall: Seconds by the clock.
        cpu: Seconds of the processor.
        read: Prompt tokens.
        written: Answer tokens.
        decode: Seconds inside `llama_decode`.
        peak: Largest resident memory, in bytes.

    """

    wall: float
    cpu: float
    read: int = 0
    written: int = 0
    decode: float = 0.0
    peak: int = 0


def make_prompts(count: int, form: str) -> list[Prompt]:
    """Make prompts of functions of the standard library, the same ones for one Python version."""
    candidates = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-h]*.py")):
        try:
            definitions = read_definitions(read(path.read_bytes()))
        except SourceError:
            continue
        functions = [d for d in definitions if d.kind in (Kind.FUNCTION, Kind.METHOD)]
        candidates += [(d, definitions) for d in functions if 3 <= d.lines[1] - d.lines[0] <= 60]  # noqa: PLR2004
    sample = random.Random(7).sample(candidates, count + WARM_UP)
    prompt = FORMATS[form].prompt
    return [prompt(build_context(Target(definition=d), ds), headline_slot(d)) for d, ds in sample]


# The sides, each in a separate process.


def run_high_level(weights: Weights, options: argparse.Namespace, prompts: list[Prompt]) -> Run:
    """Answer one prompt after another through the class that most projects use."""
    from llama_cpp import Llama

    llama = Llama(
        str(weights.path),
        n_ctx=weights.context,
        n_threads=options.threads,
        n_threads_batch=options.threads,
        verbose=False,
    )

    def answer(prompt: Prompt) -> int:
        text = prompt.head + prompt.body + prompt.tail
        tokens = llama.tokenize(text.encode(), add_bos=False, special=True)
        room = weights.context - options.tokens
        result = llama.create_completion(
            tokens[:room], max_tokens=options.tokens, temperature=0.0, stop=list(prompt.stop)
        )
        return int(result["usage"]["completion_tokens"])  # type: ignore[index]

    for prompt in prompts[:WARM_UP]:
        answer(prompt)
    wall, cpu = time.perf_counter(), time.process_time()
    written = sum(answer(prompt) for prompt in prompts[WARM_UP:])
    return Run(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu, written=written)


class Clock:
    """llama.cpp's library with a clock around `llama_decode`."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self.seconds = 0.0
        self.tokens = 0

    def __getattr__(self, name: str) -> Any:
        """Return the library's own attribute."""
        return getattr(self._library, name)

    def llama_decode(self, context: Any, batch: Any) -> int:
        """Decode as the library does, and wait until the work is done.

        The next call would wait for it anyway.
        """
        begun = time.perf_counter()
        code: int = self._library.llama_decode(context, batch)
        self._library.llama_synchronize(context)
        self.seconds += time.perf_counter() - begun
        self.tokens += batch.n_tokens
        return code


def run_docbot(weights: Weights, options: argparse.Namespace, prompts: list[Prompt]) -> Run:
    """Answer all prompts through docbot's backend."""
    with open_docbot(weights, options) as backend:
        list(backend.complete(prompts[:WARM_UP]))
        engine = backend._ready()  # noqa: SLF001  what is measured is inside
        engine._llama = clock = Clock(engine._llama)  # noqa: SLF001
        wall, cpu = time.perf_counter(), time.process_time()
        completions = backend.complete(prompts[WARM_UP:])
        written = sum(completion.tokens for _, completion in completions)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        read_tokens = clock.tokens - written
        return Run(wall=wall, cpu=cpu, read=read_tokens, written=written, decode=clock.seconds)


def open_docbot(weights: Weights, options: argparse.Namespace) -> LlamaCpp:
    """Open the backend as `fix` does."""
    return LlamaCpp(
        weights.path,
        context=weights.context,
        max_tokens=options.tokens,
        threads=options.threads,
        ahead=AHEAD,
    )


def run_bound(weights: Weights, options: argparse.Namespace) -> Run:
    """Decode the same numbers of tokens in full calls, without sampling or copying anything."""
    llama, *_ = library()
    model_params = llama.llama_model_default_params()
    model = llama.llama_model_load_from_file(os.fsencode(weights.path), model_params)
    params = llama.llama_context_default_params()
    params.n_seq_max = ROWS
    params.n_ctx = weights.context * ROWS
    params.n_batch = params.n_ubatch = CALL
    params.n_threads = params.n_threads_batch = options.threads
    params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_ENABLED
    context = llama.llama_init_from_model(model, params)
    memory = llama.llama_get_memory(context)
    batch = llama.llama_batch_init(CALL, 0, 1)
    length = CALL // ROWS

    def call(rows: int, start: int, *, logits: bool) -> None:
        batch.n_tokens = rows
        for row in range(rows):
            batch.token[row] = 100 + row
            batch.pos[row] = start + row // ROWS
            batch.n_seq_id[row] = 1
            batch.seq_id[row][0] = row % ROWS
            batch.logits[row] = logits
        if llama.llama_decode(context, batch):
            raise SystemExit("llama_decode failed")
        llama.llama_synchronize(context)

    def work(read_tokens: int, written: int) -> None:
        while read_tokens > 0:
            llama.llama_memory_clear(memory, False)  # noqa: FBT003
            call(CALL, 0, logits=False)
            read_tokens -= CALL
        start = length
        while written > 0:
            if start == weights.context:
                llama.llama_memory_clear(memory, False)  # noqa: FBT003
                call(CALL, 0, logits=False)
                start = length
            call(ROWS, start, logits=True)
            start += 1
            written -= ROWS

    work(CALL, ROWS)
    wall, cpu = time.perf_counter(), time.process_time()
    work(options.read, options.written)
    return Run(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def run_side(options: argparse.Namespace) -> None:
    """Run one side, and print its figures as JSON."""
    weights = resolve(options.model, options.prompt_format)
    if options.side == "bound":
        run = run_bound(weights, options)
    else:
        prompts = make_prompts(options.functions, weights.format)
        run_prompts = run_docbot if options.side == "docbot" else run_high_level
        run = run_prompts(weights, options, prompts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if _MAC else 1024)
    print(json.dumps({**asdict(run), "peak": peak}))


_MAC = sys.platform == "darwin"


# All sides, in turn.


def measure(side: str, options: argparse.Namespace, *, read: int = 0, written: int = 0) -> Run:
    """Run a side in a separate process; `read` and `written` are the bound's tokens."""
    flags = {
        "--side": side,
        "--model": options.model,
        "--prompt-format": options.prompt_format,
        "--functions": options.functions,
        "--tokens": options.tokens,
        "--threads": options.threads,
        "--read": read,
        "--written": written,
    }
    command = [sys.executable, __file__, *(str(part) for pair in flags.items() for part in pair)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{side} ended with {result.returncode}: {result.stderr.strip()[-300:]}")
    return Run(**json.loads(result.stdout.splitlines()[-1]))


def print_table(runs: dict[str, list[Run]], options: argparse.Namespace) -> None:
    """Print the ratios, then each side's figures."""

    def median(side: str, name: str) -> float:
        return statistics.median(getattr(run, name) for run in runs[side])

    ours, theirs, best = (
        {name: median(side, name) for name in ("wall", "cpu")}
        for side in ("docbot", "high-level", "bound")
    )
    inside = statistics.median(run.decode / run.wall for run in runs["docbot"])
    print(f"docbot is {theirs['wall'] / ours['wall']:.1f} times as fast as the high-level class")
    print(f"  ({theirs['cpu'] / ours['cpu']:.1f} times by CPU time); target: 6, half a billion: 3")
    print(f"docbot reaches {best['wall'] / ours['wall']:.2f} of the bound")
    print(f"  ({best['cpu'] / ours['cpu']:.2f} by CPU time); target: 0.85")
    print(f"share of docbot's time outside llama_decode: {1 - inside:.1%}; target: under 10 %\n")
    print("| side | functions a second | by CPU time | peak MiB |\n| --- | --- | --- | --- |")
    count = options.functions
    for side in SIDES:
        wall, cpu, peak = (median(side, name) for name in ("wall", "cpu", "peak"))
        print(f"| {side} | {count / wall:.1f} | {count / cpu:.1f} | {peak / MIB:.0f} |")
    first = runs["docbot"][0]
    print(f"\n{count} functions, {first.read:,} tokens read, {first.written:,} written")


def soak(weights: Weights, options: argparse.Namespace) -> None:
    """Print the resident memory after a tenth of the completions and after all of them."""
    prompts = make_prompts(options.functions, weights.format)
    count = 0
    sizes = []
    while count < options.soak:
        with open_docbot(weights, options) as backend:
            for _ in backend.complete(prompts):
                count += 1
                if count in (options.soak // 10, options.soak):
                    sizes.append(resident_mib())
    sizes.append(resident_mib())
    print(f"{options.soak:,} completions, the model opened {count // len(prompts)} times: resident")
    print(f"{sizes[0]:.0f} MiB after a tenth, {sizes[1]:.0f} after all, {sizes[2]:.0f} when closed")


def resident_mib() -> float:
    """Return the resident memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def main() -> None:
    """Measure the rounds and print the table, or run one side of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="docbot-tiny")
    parser.add_argument("--prompt-format", default="chatml")
    parser.add_argument("--functions", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=48, help="longest answer")
    parser.add_argument("--threads", type=int, default=free_cores(usable_cores()))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--soak", type=int, default=0, help="completions, to see memory grow")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--read", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--written", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        run_side(options)
        return
    weights = resolve(options.model, options.prompt_format)
    if options.soak:
        soak(weights, options)
        return
    runs: dict[str, list[Run]] = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side in SIDES[:2]:
            runs[side].append(measure(side, options))
        last = runs["docbot"][-1]
        runs["bound"].append(measure("bound", options, read=last.read, written=last.written))
    print_table(runs, options)
    print(
        f"{weights.path.name}, {weights.path.stat().st_size / MIB:.1f} MiB; {platform.machine()}, "
        f"{options.threads} threads, load {os.getloadavg()[0]:.1f}, {platform.python_version()}, "
        f"llama-cpp-python {llama_version()}, median of {options.rounds}"
    )


def llama_version() -> str:
    """Return the version of the installed llama-cpp-python."""
    from importlib.metadata import version

    return version("llama-cpp-python")


if __name__ == "__main__":
    main()
