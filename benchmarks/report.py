"""Measure `docbot report` beside a cold `docbot check`, both sides in one run.

    python benchmarks/report.py                         # django, as pinned in scan.txt
    python benchmarks/report.py PATH --history OTHER    # any repository; the trend of another

Per round: a cold check, a cold report, a warm report; and of the repository with a history (by
default this one) a cold check, and a cold report with the trend over its last 100 commits. The
trend's own time is that report's less a cold report's without it. Cold is with docbot's cache
empty. Figures are the least of all rounds, wall and CPU, since others may use the machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from safety import HERE, fetch
from scan import Timing, run, unpack

WORK = HERE / "work" / "report"
COMMITS = 100
COLD = 1.5  # times a cold check, at most
WARM = 2.0  # seconds, at most
TREND = 5.0  # times a cold check, at most


def first_of(repository: Path, commits: int) -> str:
    """Return the oldest of a repository's last commits, along the first parents."""
    command = ["git", "rev-list", "--first-parent", f"--max-count={commits}", "HEAD"]
    output = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    return output.stdout.split()[-1]


def measure(repository: Path, history: Path, rounds: int) -> dict[str, Timing]:
    """Time all commands, round by round."""
    cache = WORK / "cache"
    os.environ["DOCBOT_CACHE_DIR"] = str(cache)
    docbot = [sys.executable, "-m", "docbot"]
    check = [*docbot, "check", "-q", "."]
    report = [*docbot, "report", "-q", "--html", str(WORK / "site"), "."]
    trend = [*report, "--since", first_of(history, COMMITS)]
    plan = (
        ("check, cold", check, repository, True),
        ("report, cold", report, repository, True),
        ("report, warm", report, repository, False),
        ("history: check, cold", check, history, True),
        ("history: report, cold", report, history, True),
        ("history: report --since, cold", trend, history, True),
        ("history: report --since, warm", trend, history, False),
    )
    timings = {name: Timing() for name, *_ in plan}
    for _ in range(rounds):
        for name, command, folder, cold in plan:
            if cold:
                shutil.rmtree(cache, ignore_errors=True)
            run(command, folder, timings[name])
    return timings


def main() -> None:
    """Measure, and print a table and whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repository", nargs="?", type=Path)
    parser.add_argument("--history", type=Path, default=HERE.parent)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    repository = options.repository
    if repository is None:
        repository = unpack(next(iter(fetch(["django"], WORK / "wheels", "scan.txt"))))
    timings = measure(repository, options.history, options.rounds)
    wall = {name: min(each.wall) for name, each in timings.items()}
    cpu = {name: min(each.cpu) for name, each in timings.items()}
    print("| command | wall s | CPU s | peak MiB |\n| --- | --- | --- | --- |")
    for name, each in timings.items():
        print(f"| `{name}` | {wall[name]:.2f} | {cpu[name]:.2f} | {each.peak:.0f} |")
    print()
    for kind, figures in (("wall", wall), ("CPU", cpu)):
        base = figures["history: check, cold"]
        whole, plain = figures["history: report --since, cold"], figures["history: report, cold"]
        for what, value, most in (
            ("report / check, cold", figures["report, cold"] / figures["check, cold"], COLD),
            ("report, warm, in seconds", figures["report, warm"], WARM),
            (f"trend of {COMMITS} commits / check, cold", (whole - plain) / base, TREND),
            ("report with that trend / check, cold", whole / base, TREND + 1),
        ):
            verdict = "met" if value <= most else "MISSED"
            print(f"{kind}: {what}: {value:.2f}, target at most {most}: {verdict}")
    load = f"load {os.getloadavg()[0]:.1f}"
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores, {load}")


if __name__ == "__main__":
    main()
