"""The process that reads other people's code, seen from outside while it runs.

It is held still by a settings file that is a pipe: it waits there until somebody writes.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from docbot.errors import ReviewError
from docbot.review.analyse import sandbox
from docbot.review.analyse.analyse import encode_request
from docbot.review.analyse.inputs import ReviewRequest
from docbot.review.findings_json import decode

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")

HOME = Path(__file__).parents[3]
BOX = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
TOKENS = {
    "GITHUB_TOKEN": "hush-1", "GH_TOKEN": "hush-2", "ACTIONS_RUNTIME_TOKEN": "hush-3",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "hush-4", "INPUT_TOKEN": "hush-5", "HF_TOKEN": "hush-6",
    "AWS_SECRET_ACCESS_KEY": "hush-7", "DOCBOT_API_KEY": "hush-8", "OPENAI_API_KEY": "hush-9",
    "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraheader", "GIT_CONFIG_VALUE_0": "hush-0",
}  # fmt: skip


@pytest.fixture
def pull(repo):
    repo.commit("a.py", "x = 1\n")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit("b.py", BOX)
    return repo


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "settings.toml"
    os.mkfifo(path)
    return path


def children(process):
    listed = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []


@contextmanager
def hanging_review(repo, pipe, **environment):
    """The command while its child waits for settings: both processes, and the pipe's other end."""
    command = [sys.executable, "-m", "docbot", "review", "--base", "main", "--config", str(pipe)]
    parent = subprocess.Popen(
        command,
        cwd=repo.root,
        env={**os.environ, "PYTHONPATH": str(HOME), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = None
    while end is None:
        assert parent.poll() is None, parent.stderr.read()
        time.sleep(0.02)
        with suppress(OSError):  # nobody reads yet
            end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    (child,) = [
        each
        for each in children(parent.pid)
        if b"sandbox" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]
    with parent, os.fdopen(end, "w") as settings:
        yield parent, child, settings
        parent.kill()


def gone(process):
    """Wait until a process has ended; the test hangs where it does not."""
    while True:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)


def test_the_child_has_no_token_and_stands_nowhere(pull, pipe):
    with hanging_review(pull, pipe, **TOKENS) as (parent, child, settings):
        there = Path(f"/proc/{child}")
        environment = (there / "environ").read_bytes()
        command = (there / "cmdline").read_bytes().split(b"\0")
        limits = (there / "limits").read_text()
        folder = (there / "cwd").readlink()
        inside = list(folder.iterdir())
        assert b"hush-1" in Path(f"/proc/{parent.pid}/environ").read_bytes()
        settings.write("[tool.docbot]\n")
        settings.close()
        out, err = parent.communicate()
    assert b"hush" not in environment
    assert not {each.partition(b"=")[0].decode() for each in environment.split(b"\0")} & {*TOKENS}
    assert b"PYTHONPATH" not in environment
    assert b"-I" in command
    assert inside == []
    assert not folder.is_relative_to(pull.root)
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert re.search(r"Max cpu time +\d+ +\d+ ", limits)
    assert parent.returncode == 0
    assert "Return the number of items." in out
    assert "hush" not in out + err


def test_ctrl_c_ends_both(pull, pipe):
    with hanging_review(pull, pipe) as (parent, child, _):
        os.kill(child, signal.SIGSTOP)  # as deaf as in the middle of native code
        parent.send_signal(signal.SIGINT)
        _, err = parent.communicate()
        assert parent.returncode == 130
        assert gone(child)
    assert err.count("\n") == 1
    assert "interrupted" in err


def test_a_parent_that_is_killed_takes_the_child_with_it(pull, pipe):
    with hanging_review(pull, pipe) as (parent, child, _):
        parent.kill()
        parent.communicate()
        assert gone(child)


def test_a_child_that_is_killed_is_one_sentence(pull, pipe):
    with hanging_review(pull, pipe) as (parent, child, _):
        os.kill(child, signal.SIGKILL)
        out, err = parent.communicate()
    assert (parent.returncode, out) == (2, "")
    assert err.count("\n") == 1
    assert "ended by SIGKILL" in err


def test_too_slow_is_one_sentence(pull, pipe, monkeypatch):
    monkeypatch.setattr(sandbox, "GRACE", 0)
    request = ReviewRequest(root=pull.root, base="main", head="topic", config_file=str(pipe))
    with pytest.raises(ReviewError, match=r"time budget of 0\.2 s"):
        sandbox.run_sandboxed(encode_request(request, cache=False), pull.root, 0.2)


def test_nothing_of_the_work_tree_is_imported_or_run(pull, monkeypatch, tmp_path):
    trap = f"open({str(tmp_path / 'PWNED')!r}, 'a').write(__name__)\n"
    modules = ("sitecustomize", "usercustomize", "conftest", "libcst", "llama_cpp", "git", "json",
               "numpy", "pathspec", "docbot/__init__", "docbot/review/analyse/sandbox")  # fmt: skip
    for name in modules:
        pull.stage(f"{name}.py", trap)
    git = pull.stage("git", f"#!/bin/sh\necho git >> {tmp_path}/PWNED\n")
    git.chmod(0o755)
    pull.stage(".env", "GITHUB_TOKEN=theirs\nHF_ENDPOINT=http://127.0.0.1:1\n")
    pull.commit("libgomp.so.1", "no library")
    monkeypatch.chdir(pull.root)
    monkeypatch.setenv("PYTHONPATH", str(pull.root))
    monkeypatch.setenv("PYTHONSTARTUP", str(pull.root / "conftest.py"))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(pull.root))
    monkeypatch.setenv("PATH", os.pathsep.join((".", "", str(pull.root), os.environ["PATH"])))
    request = ReviewRequest(root=pull.root, base="main", head="topic", paths=("b.py",))
    result = decode(sandbox.run_sandboxed(encode_request(request, cache=False), pull.root, 0))
    assert [finding.qualname for finding in result.findings] == ["Box.__len__"]
    assert result.findings[0].suggestion is not None
    assert not (tmp_path / "PWNED").exists()


def test_what_a_library_prints_is_no_part_of_the_answer(tmp_path):
    code = (
        "import os, sys, docbot.review.analyse.analyse as analysis\n"
        "from docbot.review.analyse import sandbox\n"
        "def respond(request):\n"
        "    print('noise', flush=True)\n"
        "    os.write(1, b'noise')\n"
        "    return '{}'\n"
        "analysis.respond = respond\n"
        "sys.exit(sandbox.serve())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(HOME)},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdin.write('{"budget": 0}\n')
        process.stdin.flush()
        assert (process.stdout.read(), process.stderr.read()) == ("{}", "noise\nnoise")


def test_a_sentence_of_the_child_is_the_parents(pull):
    request = ReviewRequest(root=pull.root, base="gone\n::error::x", head="topic")
    with pytest.raises(ReviewError, match="is not a revision git knows") as excinfo:
        sandbox.run_sandboxed(encode_request(request, cache=False), pull.root, 0)
    assert "\n" not in str(excinfo.value)


def test_a_bug_of_the_child_is_told_with_its_traceback(pull):
    with pytest.raises(RuntimeError, match="status 1") as excinfo:
        sandbox.run_sandboxed({"of": {"root": "##[error]"}, "cache": False}, pull.root, 0)
    lines = str(excinfo.value).splitlines()
    assert any("Traceback" in line for line in lines)
    assert all(line.startswith("| ") for line in lines[1:])
    assert "##[" not in str(excinfo.value)


# The environment


def test_names_that_are_known_are_handed_on(tmp_path):
    environment = {
        "HOME": "/h", "LANG": "C.UTF-8", "LC_ALL": "C", "DOCBOT_CACHE_DIR": "/c", "HF_HOME": "/f",
        "HF_HUB_OFFLINE": "1", "GIT_DIR": "/g", "GITHUB_EVENT_PATH": "/e", "PYTHONPATH": "/p",
        "LD_PRELOAD": "/x.so", "GIT_SSH_COMMAND": "x", "GIT_CONFIG_GLOBAL": "/cfg",
        "HF_TOKEN_PATH": "/t", "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": "http.extraheader", "GIT_CONFIG_VALUE_0": "hush",
        "GIT_CONFIG_KEY_1": "safe.directory", "GIT_CONFIG_VALUE_1": "/work",
    }  # fmt: skip
    assert sandbox.safe_environment(environment, tmp_path) == {
        "HOME": "/h", "LANG": "C.UTF-8", "LC_ALL": "C", "DOCBOT_CACHE_DIR": "/c", "HF_HOME": "/f",
        "HF_HUB_OFFLINE": "1", "GIT_CONFIG_GLOBAL": "/cfg", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "/work",
    }  # fmt: skip
    assert sandbox.safe_environment(TOKENS, tmp_path) == {}
    assert sandbox.safe_environment({"GIT_CONFIG_COUNT": "-1"}, tmp_path) == {}


def test_programs_come_from_absolute_folders_outside(tmp_path):
    root = tmp_path / "repo"
    (root / "bin").mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)
    folders = [
        "/usr/bin",
        ".",
        "",
        "bin",
        str(root),
        str(root / "bin"),
        str(tmp_path / "link/bin"),
        "/bin",
    ]
    environment = {"PATH": os.pathsep.join(folders), "LD_LIBRARY_PATH": str(root)}
    assert sandbox.safe_environment(environment, root) == {"PATH": "/usr/bin:/bin"}


def test_a_memory_bomb_ends_at_the_limit(tmp_path):
    code = (
        "from docbot.review.analyse import sandbox\n"
        "sandbox._set_limits(0.0)\n"
        "try: x = bytearray(1 << 50)\n"
        "except MemoryError: print('refused')\n"
        "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(HOME)}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert result.stdout == "refused\n(0, 0)\n"


def test_the_question_crosses_as_json(tmp_path):
    request = ReviewRequest(root=tmp_path, base="a", head="b", paths=(os.fsdecode(b"\xe9.py"),))
    there = json.loads(json.dumps(encode_request(request, cache=True)))
    assert there["cache"] is True
    assert ReviewRequest(**{**there["of"], "root": Path(there["of"]["root"])}).paths == [
        *request.paths
    ]
