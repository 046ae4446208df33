"""What is printed where the terminal lacks the letters, and where stdout or stderr is no use."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from docbot.commands.streams import encode

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes, /dev/full")

SIZED = "class Größe:\n    'A size.'\n\n    def __len__(self):\n        return len(self.items)\n"
NAMES = ["größe.py".encode(), b"gr\xf6\xdfe.py", "数/é.py".encode()]
"""UTF-8, Latin-1, which is no UTF-8, and letters that no single byte holds."""
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
UTF8 = {"LC_ALL": "C.UTF-8"}
DOCBOT = [sys.executable, "-m", "docbot"]


@pytest.fixture
def named(repo):
    """A repository with one file of each name."""
    for name in NAMES:
        repo.write(os.fsdecode(name), SIZED)
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--message", "names")
    return repo


def environment(locale):
    return {**os.environ, **locale}


def at_a_terminal(command, root, locale):
    """What a command prints at a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=root, env=environment(locale), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    printed = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux: the other end is closed
            break
        if not part:
            break
        printed += part
    os.close(ours)
    return process.wait(), re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", printed)  # without colours


@pytest.mark.parametrize("locale", [ASCII, UTF8], ids=["ascii", "utf-8"])
@pytest.mark.parametrize("quiet", [["-q"], []], ids=["quiet", "loud"])
def test_a_pipe_gets_the_names_of_the_disk(named, locale, quiet):
    command = [*DOCBOT, "check", *quiet, "."]
    for _ in ("first", "as remembered"):
        done = subprocess.run(
            command, cwd=named.root, env=environment(locale), capture_output=True, check=False
        )
        assert done.returncode == 1, done.stderr
        printed = [line.partition(b":")[0] for line in done.stdout.splitlines()]
        assert sorted(printed) == sorted(NAMES)
        assert all((named.root / os.fsdecode(name)).exists() for name in printed)
        assert done.stdout.count("Größe.__len__".encode()) == len(NAMES)


@pytest.mark.parametrize("quiet", [["-q"], []], ids=["quiet", "loud"])
def test_a_terminal_gets_the_letters_that_it_has(named, quiet):
    for _ in ("first", "as remembered"):
        code, printed = at_a_terminal([*DOCBOT, "check", *quiet, "."], named.root, ASCII)
        assert code == 1
        assert b"Traceback" not in printed
        # rich, which draws the bar, has a replacement of its own
        missing = rb"gr(?:\?\?|\\xf6\\xdf)e\.py:4: method Gr(?:\?\?|\\xf6\\xdf)e\.__len__ has no"
        assert re.search(missing, printed)
        assert len(re.findall(rb"__len__ has no docstring", printed)) == len(NAMES)
    code, printed = at_a_terminal([*DOCBOT, "check", "-q", "."], named.root, UTF8)
    assert "größe.py:4: method Größe.__len__".encode() in printed
    assert "gr\ufffd\ufffde.py:4: ".encode() in printed


@pytest.mark.parametrize("quiet", [["-q"], []], ids=["quiet", "loud"])
def test_fix_writes_every_file_whatever_the_terminal(named, quiet):
    command = [*DOCBOT, "fix", *quiet, "--no-cache", "."]
    code, printed = at_a_terminal(command, named.root, ASCII)
    assert code == 1
    assert b"Traceback" not in printed
    for name in NAMES:
        assert b'"""' in (named.root / os.fsdecode(name)).read_bytes()
    assert quiet or b"undo this run: git -C" in printed


def test_a_message_names_the_file_of_the_disk(named):
    name = os.fsdecode(NAMES[1])
    (named.root / name).write_text("def f(:\n")
    for locale in (ASCII, UTF8):
        command = [*DOCBOT, "check", "--no-cache", "."]
        done = subprocess.run(
            command, cwd=named.root, env=environment(locale), capture_output=True, check=False
        )
        assert b"docbot: " + NAMES[1] + b": skipped: Python cannot parse it" in done.stderr


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("größe", "größe".encode()),
        ("gr\udcf6\udcdfe", b"gr\xf6\xdfe"),
        ("\ud800 \udcff \udfff", b"\\ud800 \xff \\udfff"),
    ],
)
def test_encode(text, data):
    assert encode(text) == data


# No stdout, no stderr


def shell(command, root, *, unbuffered=False):
    env = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} -m docbot {command}"],
        cwd=root, env=env, capture_output=True, check=False, timeout=120, errors="surrogateescape",
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize(
    "command", ["check .", "check -q .", "check -q --format json .", "cache info", "models list"]
)
def test_a_full_stdout_is_one_sentence(named, command, unbuffered):
    done = shell(f"{command} > /dev/full", named.root, unbuffered=unbuffered)
    assert done.returncode == 2
    *_, last = done.stderr.splitlines()
    assert last == "docbot: stdout cannot be written: No space left on device"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("command", ["check -q .", "cache info", "models list", "fix -q --diff ."])
def test_a_closed_stdout_is_one_sentence(named, command):
    done = shell(f"{command} >&-", named.root)
    assert done.returncode == 2
    assert done.stderr == "docbot: stdout cannot be written: Bad file descriptor\n"


def test_a_closed_stdout_is_no_trouble_where_nothing_is_printed(repo):
    repo.commit("a.py", 'def f(x):\n    """Do it."""\n    return [x]\n')
    done = shell("check -q . >&-", repo.root)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_file_takes_the_place_of_a_closed_stdout(named):
    """The null device does: else the cache's file would get what a library prints."""
    done = shell("check . <&- >&- 2>&-", named.root)
    assert done.returncode == 2
    again = shell("check .", named.root)
    assert (again.returncode, len(again.stdout.splitlines())) == (1, len(NAMES))
    assert "damaged" not in again.stderr


@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(("command", "code"), [("check .", 1), ("fix --diff .", 1), ("check x", 2)])
def test_a_stderr_that_takes_nothing_changes_no_result(named, command, code, where):
    done = shell(f"{command} {where}", named.root)
    assert (done.returncode, done.stderr) == (code, "")
    assert code == 2 or len(done.stdout.splitlines()) >= len(NAMES)


@pytest.mark.parametrize("command", ["check -q .", "check -q --format json .", "fix -q --diff ."])
def test_a_pipe_that_nobody_reads_is_quiet(named, command):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*DOCBOT, *command.split()], cwd=named.root, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_help_that_nobody_reads_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*DOCBOT, "--help"], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert done.stderr == b""
