"""Measure docbot when there is nothing to do, against a bare Python and git in the same run.

    python benchmarks/startup.py [ROUNDS]

Each command runs ROUNDS times (default 15), interleaved so that a busy moment slows them all; the
figures are medians. Ratios are printed first, then milliseconds.
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

DOCUMENTED = (
    '"""Hold it."""\n\n\ndef push(item):\n    """Push an item."""\n    return [item, item]\n'
)
UNDOCUMENTED = "def push(item):\n    return [item, item]\n"


def git(repository: Path, *arguments: str) -> None:
    """Run git in the repository."""
    identity = ["-c", "user.name=startup", "-c", "user.email=startup@localhost"]
    subprocess.run(["git", *identity, *arguments], cwd=repository, check=True)


def prepare(folder: Path) -> None:
    """Commit a documented and an undocumented file, and stage one more line in each."""
    git(folder, "init", "--quiet")
    for name, text in (("documented.py", DOCUMENTED), ("undocumented.py", UNDOCUMENTED)):
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "state")
    for name in ("documented.py", "undocumented.py"):
        with (folder / name).open("a") as file:
            file.write("\n\nLIMIT = 10\n")
    git(folder, "add", ".")


def main() -> None:
    """Measure the rounds and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    docbot = [sys.executable, "-m", "docbot"]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "git diff --cached": ["git", "diff", "--cached", "-U0"],
        "docbot --version": [*docbot, "--version"],
        "hook, file without gaps": [*docbot, "fix", "--staged", "documented.py"],
        "hook, gaps elsewhere in it": [*docbot, "fix", "--staged", "undocumented.py"],
        "check, file without gaps": [*docbot, "check", "--staged", "documented.py"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder)
        for _ in range(rounds):
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run(command, cwd=folder, capture_output=True, check=True)
                times[name].append(1000 * (time.perf_counter() - started))
    medians = {name: statistics.median(values) for name, values in times.items()}
    bare = medians["python -c pass"]
    print("| command | times a bare Python | ms |\n| --- | --- | --- |")
    for name, median in medians.items():
        print(f"| `{name}` | {median / bare:.1f} | {median:.0f} |")
    print(f"\n{platform.python_version()}, {os.cpu_count()} cores, median of {rounds}")


if __name__ == "__main__":
    main()
