"""Ctrl-C at any moment: one sentence, no traceback of docbot's, and the exit code of shells."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docbot.commands import exit_codes

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

SIZED = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
SENTENCE = f"docbot: {exit_codes.INTERRUPTION}\n"
SCRIPT = "import sys\nfrom docbot.__main__ import main\nsys.exit(main())\n"  # as pip writes it
HOW = {"module": ["-m", "docbot"], "script": ["-c", SCRIPT]}
DELAYS = [number / 100 for number in range(0, 31, 2)]


def interrupted(command, root, delay):
    """Run a command in a process group of its own, as a shell does, and press Ctrl-C."""
    process = subprocess.Popen(
        command, cwd=root, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(delay)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    return process.returncode, err.decode()


def is_pythons_own(err):
    """Whether Python had not begun to run docbot: there is no frame of it in the traceback."""
    return "KeyboardInterrupt" in err and str(Path("docbot", "")) not in err.replace(
        "-m docbot", ""
    )


@pytest.mark.parametrize("how", HOW)
def test_ctrl_c_in_the_first_three_tenths_of_a_second(repo, how):
    for number in range(30):
        repo.stage(f"box{number}.py", SIZED)
    repo.commit("last.py", SIZED)
    ended = 0
    for delay in DELAYS:
        command = [sys.executable, *HOW[how], "fix", "-q", "--force", "--no-cache", "."]
        code, err = interrupted(command, repo.root, delay)
        if is_pythons_own(err) or (code == -signal.SIGINT and not err):
            continue  # the interpreter was not yet there, which docbot cannot help
        assert err in (SENTENCE, ""), err
        # Python ends itself by the signal where Ctrl-C came while it ran text (`exec`)
        ended += code in (exit_codes.INTERRUPTED, -signal.SIGINT)
        assert code in (exit_codes.INTERRUPTED, -signal.SIGINT, exit_codes.CHANGES, 0)
        assert not list(repo.root.glob(".docbot-*"))
    assert ended


IMPORTING = """
import sys, builtins
real = builtins.__import__
def watched(name, *rest, **options):
    if name == {name!r}:
        raise {error}
    return real(name, *rest, **options)
builtins.__import__ = watched
sys.argv = ["docbot", "fix", "--staged", "gone.py"]
from docbot.__main__ import main
code = main()
print(code)
"""


@pytest.mark.parametrize("name", ["docbot.scan.quick", "docbot", "argparse", "importlib"])
def test_ctrl_c_while_docbot_is_imported(tmp_path, name):
    """At one import after another, which no delay would hit for certain."""
    program = IMPORTING.format(name=name, error="KeyboardInterrupt")
    if name == "docbot":
        program = program.replace(
            "from docbot.__main__", "import docbot.__main__\nfrom docbot.__main__"
        )
        program = program.replace("name == 'docbot'", "name == 'docbot' and rest[2] == ('cli',)")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (f"{exit_codes.INTERRUPTED}\n", SENTENCE)


def test_what_is_no_interrupt_passes(tmp_path):
    program = IMPORTING.format(name="docbot.scan.quick", error="ImportError('gone')")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "ImportError: gone" in done.stderr


def test_the_installed_command_is_this_main():
    found = shutil.which("docbot")
    if found is None:
        pytest.skip("docbot is not installed here")
    assert "docbot.__main__" in Path(found).read_text()
