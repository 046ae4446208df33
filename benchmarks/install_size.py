"""Measure what an installation of docbot consists of: each package's size and import time.

    python benchmarks/install_size.py

Run it in an environment that docbot was installed into. Sizes are those of the installed files,
with the bytecode that pip makes. Import times are of fresh interpreters, the least of `--rounds`,
without that of an empty one. A package that two others need is counted with neither; the last
table says what would go if one requirement did.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from importlib.metadata import Distribution, distribution
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable

MIB = 1 << 20
MODULES = {
    "gitpython": "git",
    "hf-xet": "hf_xet",
    "llama-cpp-python": "llama_cpp",
    "markdown-it-py": "markdown_it",
    "pygments": "pygments.lexers",
    "pyyaml": "yaml",
    "typing-extensions": "typing_extensions",
}
"""What is imported of a package whose module has another name."""

EXTRAS = {
    "`models pull` (huggingface-hub)": ("huggingface-hub",),
    "`review` (httpx)": ("httpx",),
    "`review` and `models pull`": ("huggingface-hub", "httpx"),
    "git (gitpython)": ("gitpython",),
    "tables and colours (rich)": ("rich",),
}
"""What could be an extra, and the requirements that it would bring."""


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    direct = needs("docbot")
    packages = closure(direct)
    empty = seconds("pass", rounds)
    sizes = {name: size(distribution(name)) for name in ["docbot", *packages]}
    print("| package | version | MiB | import, ms | needed by |\n| --- | --- | --- | --- | --- |")
    for name in sorted(packages, key=lambda each: -sizes[each]):
        module = MODULES.get(name, name.replace("-", "_"))
        took = (seconds(f"import {module}", rounds) - empty) * 1000
        users = [user for user in ["docbot", *packages] if name in needs(user)]
        print(
            f"| {name} | {distribution(name).version} | {sizes[name] / MIB:.1f} |"
            f" {max(took, 0):.0f} | {', '.join(users)} |"
        )
    total = sum(sizes[name] for name in packages)
    print(f"\n{len(packages)} packages besides docbot: {total / MIB:.0f} MiB\n")
    print("| without what only this needs | MiB less | packages less |\n| --- | --- | --- |")
    for what, dropped in EXTRAS.items():
        rest = closure([name for name in direct if name not in dropped])
        gone = [name for name in packages if name not in rest]
        print(f"| {what} | {sum(sizes[name] for name in gone) / MIB:.1f} | {len(gone)} |")
    bare = f"an empty interpreter takes {empty * 1000:.0f} ms"
    print(f"\nPython {sys.version.partition(' ')[0]}, {sys.platform}; {bare}")


def needs(name: str) -> list[str]:
    """Return the packages that a distribution requires here, without its extras."""
    lines = distribution(name).requires or []
    wanted = [Requirement(line) for line in lines]
    return [
        canonical(each.name)
        for each in wanted
        if each.marker is None or each.marker.evaluate({"extra": ""})
    ]


def closure(names: Iterable[str]) -> list[str]:
    """Return packages with everything that they require, sorted."""
    known: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            waiting += needs(name)
    return sorted(known)


def canonical(name: str) -> str:
    """Return a project's name as package indexes write it."""
    return re.sub("[-_.]+", "-", name).lower()


def size(installed: Distribution) -> int:
    """Return the bytes of a distribution's files."""
    paths = [installed.locate_file(file) for file in installed.files or ()]
    return sum(path.stat().st_size for path in paths if path.is_file())


def seconds(code: str, rounds: int) -> float:
    """Return the least time that a fresh interpreter takes for the code."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - begun)
    return min(times)


if __name__ == "__main__":
    main()
