"""Measure `docbot check` on big packages, cold and warm, beside similar tools.

    python benchmarks/scan.py                     # django and homeassistant, three rounds
    python benchmarks/scan.py django --rounds 7

The packages are pinned and hashed in scan.txt, unpacked into a git repository each and committed.
interrogate, pydoclint and ruff are installed into a virtual environment of the benchmark.
All commands run in turn, round by round, so that a busy moment slows them all; figures are medians.
Cold is with docbot's cache empty; interrogate and pydoclint have no cache, and ruff's is filled
before. CPU is user and system time of the command and its children. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
from safety import HERE, commit, fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

WORK = HERE / "work" / "scan"
TOOLS = ("interrogate==1.7.0", "pydoclint==0.12.0", "ruff==0.17.5")
COLD = 1 / 2  # of interrogate's time, at most
WARM = 1.5  # of ruff's time, at most


@dataclass(kw_only=True)
class Timing:
    """The rounds of one command, in seconds, and its peak memory, in MiB."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: float = 0.0


def unpack(wheel: Path) -> Path:
    """Unpack a package into a git repository and commit everything."""
    repository = WORK / "-".join(wheel.name.split("-")[:2])
    if not (repository / ".git" / "index").exists():
        shutil.rmtree(repository, ignore_errors=True)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(repository)
        commit(repository, new=True)
    return repository


def install_tools() -> Path:
    """Install the other tools, and return the folder of their commands."""
    folder = WORK / "tools"
    marker = folder / "installed.txt"
    if not marker.exists() or marker.read_text() != "\n".join(TOOLS):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *TOOLS], check=True)
        marker.write_text("\n".join(TOOLS))
    return folder / "bin"


def commands(*, slow: bool) -> dict[str, list[str]]:
    """Return the commands to time, by name; pydoclint is among them if `slow`."""
    bin_ = install_tools()
    docbot = [sys.executable, "-m", "docbot", "check", "-q", "."]
    ruff = [str(bin_ / "ruff"), "check", "--isolated", "--select", "D1"]
    by_name = {
        "docbot check, cold": docbot,
        "docbot check, warm": docbot,
        "interrogate": [str(bin_ / "interrogate"), "."],
        "ruff D1, warm": [*ruff, "--output-format", "concise", "."],
        "ruff D1, no cache": [*ruff, "--no-cache", "--output-format", "concise", "."],
    }
    if slow:
        by_name["pydoclint"] = [str(bin_ / "pydoclint"), "--quiet", "--style=google", "."]
    return by_name


def run(command: Sequence[str], folder: Path, timing: Timing | None) -> None:
    """Run one command, and add its time and memory to `timing`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if timing is not None:
        timing.wall.append(seconds)
        timing.cpu.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        unit = 1024 if platform.system() == "Linux" else 1024 * 1024
        timing.peak = max(timing.peak, usage.ru_maxrss / unit)


def measure(repository: Path, rounds: int, *, slow: bool) -> dict[str, Timing]:
    """Time all commands, round by round."""
    cache = WORK / "cache"
    os.environ["DOCBOT_CACHE_DIR"] = str(cache)
    by_name = commands(slow=slow)
    timings = {name: Timing() for name in by_name}
    run(by_name["ruff D1, warm"], repository, None)
    for _ in range(rounds):
        for name, command in by_name.items():
            if name == "docbot check, cold":
                shutil.rmtree(cache, ignore_errors=True)
            run(command, repository, timings[name])
    return timings


def print_table(repository: Path, timings: dict[str, Timing]) -> None:
    """Print ratios, seconds and memory, then whether the targets are met."""
    names = [*repository.rglob("*.py"), *repository.rglob("*.pyi")]
    lines = sum(name.read_bytes().count(b"\n") for name in names)
    print(f"\n{repository.name}: {len(names)} files, {lines} lines\n")
    header = ["command", "times interrogate", "times ruff, warm", "wall s", "CPU s", "peak MiB"]
    print("| " + " | ".join(header) + " |\n|" + " --- |" * len(header))
    wall = {name: statistics.median(each.wall) for name, each in timings.items()}
    cpu = {name: statistics.median(each.cpu) for name, each in timings.items()}
    slow, fast = "interrogate", "ruff D1, warm"
    for name, each in timings.items():
        ratios = [f"{wall[name] / wall[other]:.2f}" for other in (slow, fast)]
        times = [f"{wall[name]:.2f}", f"{cpu[name]:.2f}", f"{each.peak:.0f}"]
        print("| " + " | ".join([f"`{name}`", *ratios, *times]) + " |")
    print()
    for what, name, other, most in (
        ("cold", "docbot check, cold", slow, COLD),
        ("warm", "docbot check, warm", fast, WARM),
    ):
        for kind, figures in (("wall", wall), ("CPU", cpu)):
            ratio = figures[name] / figures[other]
            verdict = "met" if ratio <= most else "MISSED"
            print(f"{what}, {kind}: {ratio:.2f} times {other}, target at most {most}: {verdict}")


def main() -> None:
    """Measure the packages and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-pydoclint", action="store_true", help="it takes the longest")
    options = parser.parse_args()
    for wheel in fetch(options.packages, WORK / "wheels", "scan.txt"):
        repository = unpack(wheel)
        print_table(repository, measure(repository, options.rounds, slow=not options.no_pydoclint))
    version = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True)
    print(f"\nPython {platform.python_version()}, {version.stdout.strip()}, {', '.join(TOOLS)};")
    load = f"load {os.getloadavg()[0]:.1f}"
    print(f"{os.cpu_count()} cores, {platform.machine()}, {load}, median of {options.rounds}")


if __name__ == "__main__":
    main()
