"""What Windows and macOS do otherwise: locks, open files, drives, pipes, letters, processes."""

from __future__ import annotations

import errno
import importlib
import io
import json
import ntpath
import os
import re
import subprocess
import sys
import time
import types
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from docbot import atomic
from docbot.commands import streams
from docbot.errors import ConfigError, OutputError, ReviewError
from docbot.parallel import Workers, has_one_thread, usable_cores
from docbot.repo import discover, locate, undo, worktree, write
from docbot.repo.undo import UndoPatch
from docbot.review.analyse import sandbox

SIMULATED = Path(__file__).with_name("simulated_windows.py")
SIZED = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="simulates Windows elsewhere")


@pytest.fixture
def windows(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")


# All of it


@POSIX
def test_commands_run_without_what_windows_lacks(repo):
    for number in range(3):
        repo.stage(f"pkg/box{number}.py", SIZED)
    repo.commit("pkg/__init__.py", "")
    repo.stage("new.py", SIZED)
    commands = ["check pkg", "check --staged", "fix --diff pkg", "fix --staged", "fix pkg",
                "check --format json pkg", "cache info", "models list"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, SIMULATED, repo.root, *commands], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stderr.splitlines()[-1])
    assert answer["codes"] == [1, 1, 1, 1, 1, 1, 0, 0], done.stdout + done.stderr
    assert answer["locks"][:2] == [1, 0], "undo.lock is locked, and unlocked again"
    assert len(answer["locks"]) % 2 == 0
    for name in ("pkg/box0.py", "pkg/box1.py", "pkg/box2.py", "new.py"):
        assert '"""Return the number of items."""' in (repo.root / name).read_text()
    repo.git("add", "new.py")
    repo.git("apply", "-R", "--whitespace=nowarn", ".git/docbot/undo.patch")
    assert (repo.root / "pkg/box0.py").read_text() == SIZED


# A file that others have open cannot be replaced


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("times", [1, 3, 6])
def test_a_file_that_is_open_is_replaced_when_it_is_closed(tmp_path, monkeypatch, times):
    path = tmp_path / "a.py"
    path.write_text("old")
    replace, refusals = Path.replace, [PermissionError(13, "Access is denied")] * times

    def refuse(self, target):
        if refusals:
            raise refusals.pop()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with atomic.replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("system", "attempts"), [("win32", 7), ("linux", 1), ("darwin", 1)])
def test_a_file_that_stays_open_stays_as_it_was(tmp_path, monkeypatch, system, attempts):
    path = tmp_path / "a.py"
    path.write_text("old")
    pauses, tries = [], []

    def refuse(*_):
        tries.append(1)
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(PermissionError), atomic.replacing(path) as temporary:
        temporary.write_text("new")
    assert (len(tries), len(pauses)) == (attempts, attempts - 1)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# Locks


@pytest.fixture
def msvcrt(monkeypatch, windows):  # noqa: ARG001 - the order
    calls = []

    def locking(descriptor, mode, size):
        calls.append((mode, os.lseek(descriptor, 0, os.SEEK_CUR), size))

    fake = types.SimpleNamespace(LK_LOCK=1, LK_UNLCK=0, locking=locking)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    return types.SimpleNamespace(calls=calls, module=fake)


def test_every_process_locks_the_same_byte(tmp_path, msvcrt):
    path = tmp_path / "undo.lock"
    path.write_bytes(b"long")
    with path.open("ab") as file, atomic.locked(file):
        assert msvcrt.calls == [(1, 0, 1)]
    assert msvcrt.calls == [(1, 0, 1), (0, 0, 1)]


def test_a_lock_is_given_back_after_an_error(tmp_path, msvcrt):
    with (
        pytest.raises(KeyError),
        (tmp_path / "undo.lock").open("ab") as file,
        atomic.locked(file),
    ):
        raise KeyError
    assert [mode for mode, *_ in msvcrt.calls] == [1, 0]


def test_a_file_system_without_locks_is_used_all_the_same(tmp_path, msvcrt):
    def refuse(*_):
        raise OSError(errno.EDEADLK, "Resource deadlock avoided")

    msvcrt.module.locking = refuse
    with (tmp_path / "undo.lock").open("ab") as file, atomic.locked(file):
        file.write(b"x")


# Files that killed runs left


@pytest.mark.usefixtures("windows")
def test_an_old_temporary_file_is_removed_where_processes_cannot_be_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "kill", None)  # on Windows it would end that process
    old, new = tmp_path / ".docbot-1-0123abcd.tmp", tmp_path / ".docbot-2-0123abcd.tmp"
    other = tmp_path / ".docbot-1-notes.tmp"
    for file in (old, new, other):
        file.write_text("")
    for file in (old, other):
        os.utime(file, (time.time() - 7200,) * 2)
    write._sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([new, other])


# Paths


@pytest.fixture
def drives(monkeypatch):
    """Paths as on Windows, in the modules that take them apart as text."""
    stand_in = types.SimpleNamespace(path=ntpath, sep="\\", fspath=os.fspath)
    for module in (discover, worktree):
        monkeypatch.setattr(module, "os", stand_in)


@pytest.mark.usefixtures("drives")
@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("C:\\work\\docbot\\cli.py", "docbot/cli.py"),
        ("C:\\work\\a b\\ä.py", "a b/ä.py"),
        ("c:\\WORK\\docbot\\cli.py", "docbot/cli.py"),
        ("C:\\work\\docbot\\..\\setup.py", "setup.py"),
    ],
)
def test_paths_from_the_root_have_slashes(path, relative):
    tree = types.SimpleNamespace(root=PureWindowsPath("C:\\work"))
    found = worktree.WorkTree.relative(tree, PureWindowsPath(path))
    assert found == PurePosixPath(relative)


@pytest.mark.usefixtures("drives")
def test_patterns_see_slashes():
    folders = [PureWindowsPath("D:\\other"), PureWindowsPath("C:\\work")]
    assert discover._below(folders, PureWindowsPath("C:\\work\\src\\a.py")) == "src/a.py"
    assert discover._below(folders, PureWindowsPath("C:\\worker\\a.py")) == "a.py"


def test_paths_on_two_drives_are_for_two_runs(monkeypatch):
    monkeypatch.setattr(os.path, "commonpath", ntpath.commonpath)
    roots = [types.SimpleNamespace(root=PureWindowsPath(name)) for name in ("C:\\a", "D:\\b")]
    with pytest.raises(ConfigError, match="on several drives; run docbot once for each"):
        locate.base_of(roots)
    assert str(locate.base_of(roots[:1])) == "C:\\a"


@pytest.mark.usefixtures("windows")
def test_the_command_that_undoes_a_run_leads_to_another_drive(monkeypatch):
    monkeypatch.setattr(undo.os.path, "relpath", ntpath.relpath)
    patch = UndoPatch.__new__(UndoPatch)
    patch._root = PureWindowsPath("D:\\my work")
    patch._repository = object()
    patch.path = PureWindowsPath("D:\\my work\\.git\\docbot\\undo.patch")
    end = "apply -R --whitespace=nowarn .git\\docbot\\undo.patch"
    assert patch.command(PureWindowsPath("C:\\Users\\ada")) == f'git -C "D:\\my work" {end}'
    assert patch.command(PureWindowsPath("D:\\my work\\src")) == f"git -C .. {end}"


# Pipes and consoles


class Broken(io.RawIOBase):
    def __init__(self, number):
        self.number = number

    def writable(self):
        return True

    def write(self, _data):
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(
    ("system", "number", "expected"),
    [
        ("win32", errno.EINVAL, BrokenPipeError),  # so says Windows of a reader that is gone
        ("win32", errno.EPIPE, BrokenPipeError),
        ("win32", errno.ENOSPC, OutputError),
        ("linux", errno.EINVAL, OutputError),
        ("darwin", errno.EPIPE, BrokenPipeError),
    ],
)
def test_a_reader_that_is_gone_is_no_error(monkeypatch, system, number, expected):
    stream = io.TextIOWrapper(io.BufferedWriter(Broken(number)), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(expected):
        streams.write_data(b"a.py:1: function f has no docstring\n")
    with pytest.raises(expected):
        streams.finish()
    monkeypatch.undo()
    stream.buffer.raw.write = len
    stream.close()


@POSIX
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "utf-8"])
@pytest.mark.parametrize("command", ["check -v größe.py", "models list"])
def test_a_console_without_the_letters_gets_question_marks(repo, encoding, command):
    """At a terminal rich draws lines, bars and ellipses."""
    import pty

    repo.commit("größe.py", "def größe(dinge):\n    return max(dinge)\n")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "COLUMNS": "60"}
    environment.pop("CI", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "docbot", *command.split()],
        cwd=repo.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 1 << 16):
            output += piece
    except OSError:  # Linux, at the end
        pass
    os.close(ours)
    assert process.wait() == (1 if command.startswith("check") else 0), output
    assert b"bug in docbot" not in output
    assert ("größe" in output.decode(encoding)) == (encoding != "ascii" and "check" in command)


# Processes


def test_a_process_that_an_exception_ended_is_no_bug_of_docbot(tmp_path):
    with (tmp_path / "answer").open("w+b") as answer, (tmp_path / "errors").open("w+b") as errors:
        with pytest.raises(ReviewError, match="ended by 0xC0000005: perhaps there was not enough"):
            sandbox._read_answer(0xC0000005, answer, errors)
        with pytest.raises(ReviewError, match="ended by 0xC00000FD"):
            sandbox._read_answer(0xC00000FD, answer, errors)
        with pytest.raises(RuntimeError, match="failed with status 1"):
            sandbox._read_answer(1, answer, errors)


@POSIX
@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_workers_are_fresh_interpreters_where_fork_is_not_safe(monkeypatch, system):
    for name in ("connection", "popen_spawn_posix"):  # they decide when they are imported
        importlib.import_module(f"multiprocessing.{name}")
    monkeypatch.setattr(sys, "platform", system)
    assert not has_one_thread()
    monkeypatch.delattr(os, "fork", raising=False)
    with Workers(1, len, copies=True) as workers:
        assert workers.submit("four")() == 4


def test_cores_are_counted_without_affinity_and_groups(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert usable_cores(tmp_path / "none", tmp_path / "neither") == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores(tmp_path / "none", tmp_path / "neither") == 1


def test_no_text_is_read_or_written_in_the_encoding_of_the_machine():
    command = [sys.executable, "-m", "ruff", "check", "--preview", "--select", "PLW1514"]
    folder = SIMULATED.parents[1] / "docbot"
    done = subprocess.run([*command, "--isolated", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_only_named_places_ask_for_what_one_system_has():
    """A new one needs a way for Windows, and a test here."""
    names = re.compile(
        r"\b(fcntl|resource|msvcrt|termios|pwd|grp|getuid|geteuid|getloadavg|sysconf|chown|fchown"
        r"|mkfifo|sched_getaffinity|fork|killpg|setsid|pthread_sigmask|O_NOFOLLOW|O_NONBLOCK"
        r"|O_DIRECTORY|SIGKILL|SIGALRM|SIGHUP|SIGPIPE)\b"
    )
    folder = SIMULATED.parents[1] / "docbot"
    places = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if "distill" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\b(os|signal|sys|import|getattr|hasattr)\b", line) and names.search(line)
    }
    assert places == {
        "atomic.py", "cache.py", "llm/devices.py", "llm/llama.py", "parallel.py", "repo/write.py",
        "review/analyse/sandbox.py",
    }  # fmt: skip
