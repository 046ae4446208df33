"""The hook's first look: it may say that nothing is to be done only where that is so."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from docbot import cli
from docbot.scan.quick import MAX_BYTES, all_documented

COMPLETE = '''"""Hold it."""


class Box:
    """A box."""

    def f(self):
        """Do it."""
'''
HOOK = ["fix", "--staged", "--time-budget=10"]

DOCUMENTED = {
    "all": COMPLETE.encode(),
    "empty": b"",
    "blank": b" \n\n",
    "module only": b"'''One.'''\nx = 1\n",
    "crlf and BOM": b"\xef\xbb\xbf" + COMPLETE.replace("\n", "\r\n").encode(),
    "latin-1": '# coding: latin-1\n"""Stück."""\n'.encode("latin-1"),
    "bad escape": b'"""One."""\nx = "\\d"\n',
    "concatenated": b'"""One.""" "two"\n',
}
LACKING = {
    "module": b"x = 1\n",
    "comment": b"# only\n",
    "function": b'"""One."""\ndef f(): pass\n',
    "async": b'"""One."""\nasync def f():\n    return 1\n',
    "class": b'"""One."""\nclass A:\n    x = 1\n',
    "nested": b'"""One."""\ndef f():\n    """Two."""\n    if x:\n        def g(): pass\n',
    "in a match": b'"""One."""\nmatch x:\n    case 1:\n        def g(): pass\n',
    "in a handler": b'"""One."""\ntry:\n    pass\nexcept E:\n    def g(): pass\n',
    "f-string": b'f"""One."""\n',
    "bytes": b'b"""One."""\n',
    "syntax": b'"""One."""\ndef f(:\n',
    "null": b'"""One."""\n\x00\n',
    "undecodable": b'"""\xff"""\n',
    "deep": b'"""One."""\nx = ' + b"(" * 3000 + b")" * 3000,
    "google sections": b'"""One."""\ndef f(a):\n    """Two.\n\n    Args:\n        b: B.\n    """\n',
    "numpy sections": b'"""One."""\ndef f():\n    """Two.\n\n    Returns\n    -------\n    """\n',
    "sphinx sections": b'"""One."""\ndef f(a):\n    """Two.\n\n    :param b: B.\n    """\n',
    "large": b'"""One."""\n' + b"#" * MAX_BYTES,
}


@pytest.mark.parametrize("source", DOCUMENTED.values(), ids=list(DOCUMENTED))
def test_what_is_documented_throughout_is_done(tmp_path, source):
    path = tmp_path / "a.py"
    path.write_bytes(source)
    assert all_documented([*HOOK, str(path)])


@pytest.mark.parametrize("source", LACKING.values(), ids=list(LACKING))
def test_what_may_lack_something_is_left_to_the_command_line(tmp_path, source):
    complete, path = tmp_path / "done.py", tmp_path / "a.py"
    complete.write_text(COMPLETE)
    path.write_bytes(source)
    assert all_documented([*HOOK, str(complete)])
    assert not all_documented([*HOOK, str(complete), str(path)])


def test_odd_paths_are_left_to_the_command_line(tmp_path):
    complete, link = tmp_path / "done.py", tmp_path / "link.py"
    complete.write_text(COMPLETE)
    link.symlink_to(complete)
    for path in (link, tmp_path, tmp_path / "gone.py", "a\0b"):
        assert not all_documented([*HOOK, str(path)])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["fix", "--staged", "PATH"], True),
        (["fix", "PATH", "--staged", "-q", "--no-cache", "--time-budget=2.5"], True),
        (["fix", "--staged", "--time-budget=10", "--", "PATH"], True),
        (["fix", "--", "--staged", "PATH"], False),
        (["fix", "--staged", "--"], False),
        (["fix", "--staged", "--", "--quiet", "PATH"], False),
        (["fix", "PATH"], False),
        (["fix", "--staged"], False),
        (["check", "--staged", "PATH"], False),
        (["--staged", "fix", "PATH"], False),
        (["fix", "--staged", "--time-budget=-1", "PATH"], False),
        (["fix", "--staged", "--time-budget=", "PATH"], False),
        (["fix", "--staged", "--time-budget=²", "PATH"], False),
        (["fix", "--staged", "--time-budget", "10", "PATH"], False),
        (["fix", "--staged", "--format=json", "PATH"], False),
        (["fix", "--staged", "-v", "PATH"], False),
        (["fix", "--staged", "--styl=x", "PATH"], False),
        (["fix", "--staged", "--kinds", "class", "PATH"], False),
        ([], False),
    ],
)
def test_only_the_hooks_own_arguments(tmp_path, arguments, expected):
    path = tmp_path / "a.py"
    path.write_text(COMPLETE)
    words = [str(path) if word == "PATH" else word for word in arguments]
    assert all_documented(words) is expected


def test_the_whole_command_line_agrees(repo, monkeypatch, capsys):
    monkeypatch.chdir(repo.root)
    repo.commit("first.py", "x = 1\n")
    for number, source in enumerate(DOCUMENTED.values()):
        (repo.root / f"a{number}.py").write_bytes(source)
        repo.git("add", f"a{number}.py")
        words = [*HOOK, "-q", f"a{number}.py"]
        assert all_documented(words)
        assert cli.main(words) == 0
        assert capsys.readouterr().out == ""


def test_nothing_else_is_loaded(tmp_path):
    (tmp_path / "a.py").write_text(COMPLETE)
    code = (
        "import json, sys\nbefore = set(sys.modules)\nfrom docbot.__main__ import main\n"
        f"sys.argv = ['docbot', *{HOOK!r}, 'a.py']\nassert main() == 0\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    ours = {
        "docbot",
        "docbot.__main__",
        "docbot.scan",
        "docbot.scan.basics",
        "docbot.scan.quick",
        "__future__",
        "warnings",
        "stat",
        "os",
    }
    assert set(json.loads(result.stdout)) <= ours
