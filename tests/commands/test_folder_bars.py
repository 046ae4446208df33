"""`docbot check -v` ends with a bar for each folder, at a terminal and nowhere else."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from contextlib import suppress

import pytest

fcntl = pytest.importorskip("fcntl", reason="Windows has no such terminals")
termios = pytest.importorskip("termios")

FUNCTION = "def total(prices):\n    value = sum(prices)\n    return value\n"
DOCUMENTED = 'def total(prices):\n    """Add up the prices."""\n    return sum(prices)\n'


def at_a_terminal(command, folder, columns):
    """What a command prints to stderr, where that is a terminal."""
    parent, child = os.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns)}
    environment.pop("CI", None)
    with subprocess.Popen(
        [sys.executable, "-m", "docbot", *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=child,
    ):
        os.close(child)
        printed = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(parent, 4096):
                printed += piece
    os.close(parent)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed.decode())


def test_a_verbose_check_ends_with_bars_at_a_terminal_alone(repo):
    for number in range(30):
        repo.stage(f"[red]pkg{number:02}/a.py", FUNCTION * (number + 1))
    repo.commit("fine/a.py", DOCUMENTED)
    text = at_a_terminal(["check", "-v", "."], repo.root, 70)
    bars = [line for line in text.splitlines() if line.endswith(" missing")]
    assert len(bars) == 20
    assert bars[0].startswith("[red]pkg29 ")
    assert bars[0].endswith("  0.0 % 30 missing")
    assert bars[-1].startswith("12 other folders")
    assert max(map(len, bars)) <= 70
    assert not [line for line in bars if "fine" in line]
    for quiet in (["check", "."], ["check", "-vq", "."], ["check", "-v", "--format", "json", "."]):
        assert " missing\r" not in at_a_terminal(quiet, repo.root, 70)


def test_a_verbose_check_in_a_pipe_has_no_bars(repo, docbot):
    repo.commit("pkg/a.py", FUNCTION)
    assert " missing\n" not in docbot("check", "-v", repo.root).err
