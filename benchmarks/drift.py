"""Measure how docbot, pydoclint, docsig and ruff find docstrings that are no longer true.

    python benchmarks/drift.py                          # 300 functions, all packages of drift.txt
    python benchmarks/drift.py --functions 60 --seed 2 --packages xarray nltk
    python benchmarks/drift.py --pins drift_second.txt  # 36 other packages
    python benchmarks/drift.py --mend                   # and what `docbot fix --stale fix` restores
    python benchmarks/drift.py --speed                  # CPU seconds on django, nothing else

The packages are pinned and hashed in drift.txt; docbot's rules were written on others, and once
more mended on these, so drift_second.txt lists a second draw. Functions
with complete docstrings (drift_functions.py) go into a git repository for each style, a file each:
`original/` as they are, and a folder for each mutation (drift_mutations.py), committed as they
were and staged as changed. A hit is a finding that the unmutated function did not have, of any
code. Each tool runs once over a repository; docbot once more with `--staged`, where it has the
older version to compare with. Prints Markdown; work/drift/flagged.txt lists docbot's findings on
unmutated functions, missed.txt the mutants that it missed or found by another rule.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
import scan
from drift_functions import SHARES, Function, select
from drift_mends import print_mends
from drift_mutations import MUTATIONS, Mutant, mutate
from drift_tools import READERS, TOOLS, Finding, Findings, commands, install, new
from safety import HERE, commit, fetch, git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WORK = HERE / "work" / "drift"
ORIGINAL = "original"
NO_DRIFT = "unrelated"
STAGED = "docbot --staged"
NAMES = {
    "rename": "rename a parameter",
    "remove": "remove a parameter",
    "add": "add a parameter",
    "reorder": "swap two parameters",
    "default": "change a stated default",
    "bare-return": "return nothing, `return` left",
    "no-return": "return nothing, no `return` left",
    "yield": "yield what was returned",
    "drop-raise": "raise a documented exception no more",
    "add-raise": "raise one more exception",
    NO_DRIFT: "*add an unrelated statement (hits are false)*",
}
EXPECTED = {
    "rename": {"param-renamed"},
    "remove": {"param-unknown"},
    "add": {"param-missing"},
    "reorder": {"param-order"},
    "default": {"param-default"},
    "bare-return": {"returns-unknown"},
    "no-return": {"returns-unknown"},
    "yield": {"returns-unknown", "yields-missing"},
    "drop-raise": {"raises-unknown"},
    "add-raise": {"raises-missing"},
}
PARSE = """\
import ast, pathlib, time
texts = [path.read_bytes() for path in pathlib.Path().rglob("*.py")]
started = time.process_time()
for text in texts:
    ast.parse(text)
print(time.process_time() - started)
"""


@dataclass(kw_only=True)
class Set:
    """The functions of one style, their mutants, and what the tools say of them.

    Attributes:
        style: Google, NumPy or Sphinx.
        folder: The git repository.
        functions: The functions, by the names of their files.
        mutants: The mutants, by kind and by the names of their files.
        findings: What each tool says, by path.

    """

    style: str
    folder: Path
    functions: dict[str, Function]
    mutants: dict[str, dict[str, Mutant]] = field(default_factory=dict)
    findings: dict[str, Findings] = field(default_factory=dict)

    def fresh(self, tool: str, kind: str, name: str) -> list[Finding]:
        """Return what a tool says of a mutant and not of its original."""
        return new(self.findings[tool], f"{kind}/{name}", f"{ORIGINAL}/{name}")


def build(style: str, functions: Sequence[Function], seed: int) -> Set:
    """Mutate the functions, and make the repository: originals committed, mutants staged."""
    names = {f"f{at:03}.py": function for at, function in enumerate(functions)}
    made = Set(style=style, folder=WORK / "sets" / style, functions=names)
    for kind in MUTATIONS:
        made.mutants[kind] = {
            name: mutant
            for name, function in names.items()
            if (mutant := mutate(kind, function, random.Random(f"{seed} {kind} {name}")))
        }
    shutil.rmtree(made.folder, ignore_errors=True)
    for folder in (ORIGINAL, *MUTATIONS):
        (made.folder / folder).mkdir(parents=True)
    for name, function in names.items():
        write(made.folder / ORIGINAL / name, function.source)
    for kind, name, _ in mutants(made):
        write(made.folder / kind / name, names[name].source)
    commit(made.folder, new=True)
    for kind, name, mutant in mutants(made):
        write(made.folder / kind / name, mutant.source)
    git(made.folder, "add", "--all")
    return made


def write(path: Path, text: str) -> None:
    """Write a file, its line endings as they are."""
    path.write_bytes(text.encode())


def mutants(made: Set) -> Iterator[tuple[str, str, Mutant]]:
    """Return the mutants of a set with their kinds and the names of their files."""
    for kind, by_name in made.mutants.items():
        for name, mutant in by_name.items():
            yield kind, name, mutant


def print_table(title: str, sets: Sequence[Set], tools: Sequence[str]) -> None:
    """Print the hits by mutation, and the unmutated functions with a finding."""
    functions = sum(len(made.functions) for made in sets)
    print(f"\n{title}: {functions} functions\n\n| mutation | n | {' | '.join(tools)} |")
    print("| --- | --- |" + " --- |" * len(tools))
    for kind, label in NAMES.items():
        count = sum(len(made.mutants[kind]) for made in sets)
        hits = [
            sum(bool(made.fresh(tool, kind, name)) for made in sets for name in made.mutants[kind])
            for tool in tools
        ]
        print(f"| {label} | {count} | " + " | ".join(map(str, hits)) + " |")
    flagged = [sum(len(flagged_names(made, tool)) for made in sets) for tool in tools]
    print(f"| *unmutated, flagged* | {functions} | " + " | ".join(map(str, flagged)) + " |")


def flagged_names(made: Set, tool: str) -> list[str]:
    """Return the unmutated functions of which a tool says something.

    With `--staged`, those count to which an unrelated statement was added.
    """
    folder = NO_DRIFT if tool == STAGED else ORIGINAL
    return [name for name in made.functions if made.findings[tool].get(f"{folder}/{name}")]


def write_flagged(sets: Sequence[Set]) -> None:
    """List docbot's findings on unmutated functions, to be read."""
    lines = []
    for made in sets:
        for name in flagged_names(made, "docbot"):
            path = f"{ORIGINAL}/{name}"
            found = made.findings["docbot"][path]
            lines.append(f"{made.folder / path} ({made.functions[name].origin})")
            lines += [f"    {f.code} {f.line}: {f.text}" for f in found]
    (WORK / "flagged.txt").write_text("\n".join([*lines, ""]))


def write_missed(sets: Sequence[Set]) -> None:
    """List the mutants that docbot missed, or found by another rule than expected."""
    lines = []
    for tool in ("docbot", STAGED):
        for kind, rules in EXPECTED.items():
            for made in sets:
                for name, mutant in made.mutants[kind].items():
                    found = made.fresh(tool, kind, name)
                    if not rules & {f.code for f in found}:
                        codes = ", ".join(f.code for f in found) or "missed"
                        path = made.folder / kind / name
                        lines.append(f"{tool}, {kind}, {codes}: {path} {mutant.subject}")
    (WORK / "missed.txt").write_text("\n".join([*lines, ""]))


def cpu(command: Sequence[str], folder: Path, rounds: int = 3) -> float:
    """Return the median CPU seconds of a command."""
    timing = scan.Timing()
    for _ in range(rounds):
        scan.run(command, folder, timing)
    return statistics.median(timing.cpu)


def print_speed(bin_: Path, *, with_docbot: bool) -> None:
    """Print CPU seconds on django, and the two ratios that have a target."""
    folder = scan.unpack(*fetch(["django"], scan.WORK / "wheels", "scan.txt"))
    check = [sys.executable, "-m", "docbot", "check", "-q", "--no-cache", "--stale"]
    by_name = {"pydoclint": [str(bin_ / "pydoclint"), "--quiet", "--style=google", "."]}
    if with_docbot:
        by_name["docbot check --stale off"] = [*check, "off", "."]
        by_name["docbot check --stale report"] = [*check, "report", "."]
    seconds = {name: cpu(command, folder) for name, command in by_name.items()}
    seconds["ast.parse of all files"] = statistics.median(
        float(subprocess.check_output([sys.executable, "-c", PARSE], cwd=folder)) for _ in range(3)
    )
    print(f"\n{folder.name}, CPU seconds, medians of 3\n\n| command | s | of pydoclint |")
    print("| --- | --- | --- |")
    for name, each in seconds.items():
        print(f"| {name} | {each:.2f} | {each / seconds['pydoclint']:.2f} |")
    if with_docbot:
        off, report = (seconds[f"docbot check --stale {value}"] for value in ("off", "report"))
        print(f"\nwith drift: {report / off:.2f} times without, target at most 1.3")
        print(f"with drift: {report / seconds['pydoclint']:.2f} of pydoclint, target at most 0.2")


def measure(options: argparse.Namespace, bin_: Path) -> None:
    """Build the sets, run the tools and print the tables."""
    wheels = fetch(options.packages, WORK / "wheels", options.pins)
    functions = select(wheels, WORK / "readers", options.functions, options.seed)
    runs = commands(bin_, with_docbot=not options.peers_only)
    sets = []
    for style in SHARES:
        made = build(style, [f for f in functions if f.style == style], options.seed)
        made.findings = {tool: run(made.folder, style) for tool, run in runs.items()}
        sets.append(made)
    print_table("All styles", sets, list(runs))
    for made in sets:
        print_table(made.style, [made], list(runs))
    if not options.peers_only:
        write_flagged(sets)
        write_missed(sets)
    if options.mend and not options.peers_only:
        for made in sets:
            print_mends(made.style, made.functions, made.mutants, runs, WORK / "mends")


def main() -> None:
    """Measure what the options ask for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--functions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--packages", nargs="*", default=[])
    parser.add_argument("--pins", default="drift.txt", help="the list of packages")
    parser.add_argument("--mend", action="store_true", help="also mend names and order")
    parser.add_argument("--speed", action="store_true", help="CPU seconds on django alone")
    parser.add_argument("--peers-only", action="store_true", help="leave docbot out")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    bin_ = install(WORK)
    if options.speed:
        print_speed(bin_, with_docbot=not options.peers_only)
    else:
        measure(options, bin_)
    print(f"\nPython {platform.python_version()}, {', '.join([*TOOLS, *READERS])};")
    print(f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
