"""Measure what docbot adds to a commit, through the real pre-commit.

    python benchmarks/hook.py [ROUNDS]

Makes two commits in turn, each with docbot's hook and with a hook that does nothing
(`python -c pass`): one whose files lack no docstring, and one with three new functions. The
difference is docbot's own time; the time of git alone is measured too. Ratios are printed first;
figures are medians of ROUNDS (default 9). The cache of completions is off, because the functions of
a real commit are new to docbot.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from startup import DOCUMENTED

NEW = """

def total(prices, tax):
    value = sum(prices)
    return value * tax


def remove_duplicates(names):
    seen = set()
    kept = [name for name in names if not (name in seen or seen.add(name))]
    return kept


def read_lines(path):
    with open(path) as file:
        return [line.strip() for line in file if line.strip()]
"""
HOOKS = {
    "docbot": "-m docbot fix --staged --time-budget=10 --no-cache",
    "nothing": "-c pass",
}
COMMITS = {"nothing to do": "\n\nLIMIT = 10\n", "three new functions": NEW}
CONFIG = """repos:
-   repo: local
    hooks:
    -   id: measured
        name: measured
        entry: {python} {arguments}
        language: system
        types: [python]
        require_serial: true
"""


def run(folder: Path, *command: str) -> float:
    """Run a command and return its seconds.

    Exit code 1 is allowed: a hook that writes a docstring fails its commit, by design.
    """
    identity = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
    identity |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull}
    environment["PRE_COMMIT_HOME"] = str(folder.parent / "pre-commit")
    begun = time.perf_counter()
    result = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=environment)
    seconds = time.perf_counter() - begun
    if result.returncode not in (0, 1):
        raise SystemExit(result.stderr.decode())
    return seconds


def prepare(folder: Path, arguments: str) -> None:
    """Make a repository with one file committed and the hook installed."""
    folder.mkdir()
    run(folder, "git", "init", "--quiet")
    config = CONFIG.format(python=sys.executable, arguments=arguments)
    (folder / ".pre-commit-config.yaml").write_text(config)
    (folder / "a.py").write_text(DOCUMENTED)
    run(folder, "git", "add", ".")
    run(folder, "git", "commit", "--quiet", "--message", "state")
    run(folder, sys.executable, "-m", "pre_commit", "install")


def commit(folder: Path, change: str, *flags: str) -> float:
    """Commit the change, return the seconds, and undo it."""
    (folder / "a.py").write_text(DOCUMENTED + change)
    run(folder, "git", "add", ".")
    seconds = run(folder, "git", "commit", "--quiet", "--message", "change", *flags)
    run(folder, "git", "reset", "--quiet", "--hard", "start")
    return seconds


def main() -> None:
    """Measure the rounds and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    times: dict[tuple[str, str], list[float]] = {}
    bare = []
    with tempfile.TemporaryDirectory() as scratch:
        for hook, arguments in HOOKS.items():
            prepare(Path(scratch, hook), arguments)
            run(Path(scratch, hook), "git", "tag", "start")
        for _ in range(rounds):
            bare.append(run(Path(scratch), sys.executable, "-c", "pass"))
            for name, change in COMMITS.items():
                for hook in HOOKS:
                    seconds = commit(Path(scratch, hook), change)
                    times.setdefault((name, hook), []).append(seconds)
                seconds = commit(Path(scratch, "nothing"), change, "--no-verify")
                times.setdefault((name, "git"), []).append(seconds)
    python = statistics.median(bare)
    print(
        "| commit | docbot's part of it | times `python -c pass` | own ms | whole, ms | git, ms |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for name in COMMITS:
        whole, without, git = (
            statistics.median(times[name, hook]) for hook in ("docbot", "nothing", "git")
        )
        own = whole - without + python  # the hook that does nothing is a Python of its own
        cells = f"{own / whole:.0%} | {own / python:.1f} | {1000 * own:.0f}"
        print(f"| {name} | {cells} | {1000 * whole:.0f} | {1000 * git:.0f} |")
    print("\ntargets: nothing to do under 3 times a bare Python and git's own time; three new")
    print("functions under 1,000 ms on two idle cores")
    print(
        f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"median of {rounds}"
    )


if __name__ == "__main__":
    main()
