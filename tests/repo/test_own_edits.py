"""A file that only docbot has changed is clean; with a line of somebody else's it is not."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docbot.commands import exit_codes
from docbot.repo.diff import unified_diff
from docbot.repo.git import Repository
from docbot.repo.own_edits import take_back
from docbot.repo.undo import UndoPatch, only_docbots

BEFORE = (
    b"class Box:\n    def one(self):\n\n        return 1\n\n    def two(self):\n        return 2\n"
)
ONE = b'        """Return 1."""\n'
TWO = b'        """Return 2."""\n'
FIRST = BEFORE.replace(b"one(self):\n\n", b"one(self):\n" + ONE)  # a blank line goes (D202)
BOTH = FIRST.replace(b"two(self):\n", b"two(self):\n" + TWO)
LONGER = BOTH.replace(b"Return 1.", b"Return 1.\n\n        Always.\n        ")


@pytest.fixture
def written(repo):
    """A committed file to which two runs of docbot have each added a docstring; is it clean?"""
    repository = Repository.discover(repo.root)
    file = repo.commit("a b.py", BEFORE)
    for before, after in ((BEFORE, FIRST), (FIRST, BOTH)):
        UndoPatch(repo.root, repository).write(PurePosixPath(file.name), before, after)
    return lambda: only_docbots(repository, repository.dirty([repo.root])) == {file}


def committed(repo, content):
    repo.write("a b.py", content)
    repo.git("commit", "--quiet", "--all", "--message", "some")
    repo.write("a b.py", BOTH)


def staged(repo, content):
    repo.stage("a b.py", content)
    repo.write("a b.py", BOTH)


WRONG = BOTH.replace(b"Return 2.", b"Give 2.")
EDITED = BOTH.replace(b"return 2", b"return 3")
STATES = {
    "as it was left": (lambda _repo: None, True),
    "all of it staged": (lambda repo: repo.git("add", "."), True),
    "some of it staged": (lambda repo: staged(repo, FIRST), True),
    "some of it committed": (lambda repo: committed(repo, FIRST), True),
    "half of an edit committed": (lambda repo: committed(repo, BOTH.replace(ONE, b"")), False),
    "one docstring removed by hand": (lambda repo: repo.write("a b.py", FIRST), True),
    "another line edited": (lambda repo: repo.write("a b.py", EDITED), False),
    "another line added above": (lambda repo: repo.write("a b.py", b"import os\n" + BOTH), False),
    "a docstring reworded": (lambda repo: repo.write("a b.py", WRONG), False),
    "another line staged, and taken back": (lambda repo: staged(repo, EDITED), False),
    "another line committed": (
        lambda repo: [
            committed(repo, BEFORE.replace(b"return 2", b"return 3")),
            repo.write("a b.py", EDITED),
        ],
        True,
    ),
    "mended again": (
        lambda repo: UndoPatch(repo.root, Repository.discover(repo.root)).write(
            PurePosixPath("a b.py"), BOTH, LONGER
        ),
        True,
    ),
    "the patch edited": (
        lambda repo: repo.write(".git/docbot/undo.patch", b'# docbot: "a b.py"\n@@ -1,2 +1,3 @@\n'),
        False,
    ),
    "the patch gone": (lambda repo: (repo.root / ".git/docbot/undo.patch").unlink(), False),
}


@pytest.mark.parametrize("state", STATES)
def test_whose_edits_they_are(repo, written, state):
    change, is_clean = STATES[state]
    change(repo)
    assert written() is is_clean


def test_a_new_file_is_the_users(repo):
    repo.commit("other.py")
    file = repo.stage("a.py", BEFORE)
    repository = Repository.discover(repo.root)
    UndoPatch(repo.root, repository).write(PurePosixPath("a.py"), BEFORE, FIRST)
    assert only_docbots(repository, [file]) == frozenset()


def test_line_ends_that_git_converts(repo):
    repo.git("config", "core.autocrlf", "true")
    repo.commit(".gitattributes", "*.py text eol=crlf\n")
    before, after = (text.replace(b"\n", b"\r\n") for text in (BEFORE, FIRST))
    file = repo.commit("a.py", before)
    assert b"\r" not in repo.git("show", "HEAD:a.py").encode()
    repository = Repository.discover(repo.root)
    UndoPatch(repo.root, repository).write(PurePosixPath("a.py"), before, after)
    assert only_docbots(repository, [file]) == {file}
    file.write_bytes(after.replace(b"return 1", b"return 0"))
    assert only_docbots(repository, [file]) == frozenset()


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"\n", b"    c\n"]), max_size=12)


@given(lines=LINES, places=st.sets(st.integers(0, 12)), end=st.sampled_from([b"", b"end"]))
def test_what_was_added_is_taken_back(lines, places, end):
    """And nothing is left, wherever it was added, also below lines that came above it since."""
    after = list(lines)
    for number, place in enumerate(sorted(places, reverse=True)):
        after.insert(min(place, len(lines)), b'"""Docstring %d."""\n' % number)
    before, content = b"".join(lines) + end, b"".join(after) + end
    patch = unified_diff(PurePosixPath("a.py"), before, content)
    assert take_back(patch, content) == before
    assert take_back(patch, b"import os\n" * 3 + content) == b"import os\n" * 3 + before


SIZED = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
MORE = SIZED + "\n    def __iter__(self):\n        return iter(self.items)\n"


def test_a_second_run_goes_on_and_one_command_undoes_both(docbot, repo, monkeypatch):
    monkeypatch.chdir(repo.root)
    box = repo.commit("box.py", MORE)
    other = repo.commit("other.py", SIZED)
    flags = ("--min-confidence=1", "--kinds=method")
    assert docbot("fix", *flags, "--since=HEAD~1").code == exit_codes.CHANGES  # other.py alone
    text = box.read_text().replace("return len", "return +len")
    repo.commit("box.py", text)
    assert docbot("fix", *flags).code == exit_codes.CHANGES
    once = (box.read_text(), other.read_text())
    assert [each.count('"""') for each in once] == [4, 2]
    half = once[0].replace('        """Return the number of items."""\n', "")
    box.write_text(half)  # a person thinks better of it
    ran = docbot("fix", *flags)
    assert "skipped" not in ran.err
    assert (box.read_text(), other.read_text()) == once
    (command,) = [line for line in ran.err.splitlines() if "undo" in line]
    assert "this run and those before" in command
    subprocess.run(command[command.index("git ") :], shell=True, check=True)
    assert repo.git("status", "--porcelain") == ""


def test_a_second_run_leaves_a_file_that_was_edited_in_between(docbot, repo):
    mine = repo.commit("mine.py", SIZED)
    docbots = repo.commit("docbots.py", SIZED)
    assert docbot("fix", repo.root).code == exit_codes.CHANGES
    mine.write_text(mine.read_text() + "\n\nLIMIT = 1\n")
    ran = docbot("fix", repo.root)
    assert ran.code == exit_codes.CLEAN
    assert "mine.py: skipped: it has uncommitted changes (--force" in ran.err
    assert docbots.name not in ran.err


def test_each_work_tree_has_its_own(repo, tmp_path):
    """A submodule and a linked work tree: the patch of the one says nothing of the other."""
    repo.commit("a.py", BEFORE)
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "--quiet", str(linked))
    main, other = Repository.discover(repo.root), Repository.discover(linked)
    UndoPatch(main.root, main).write(PurePosixPath("a.py"), BEFORE, FIRST)
    Path(linked, "a.py").write_bytes(FIRST)
    assert only_docbots(main, [repo.root / "a.py"]) == {repo.root / "a.py"}
    assert only_docbots(other, [linked / "a.py"]) == frozenset()
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "--quiet", "add", str(repo.root), "sub")
    sub = Repository.discover(repo.root / "sub")
    UndoPatch(sub.root, sub).write(PurePosixPath("a.py"), BEFORE, FIRST)
    assert only_docbots(sub, [sub.root / "a.py"]) == {sub.root / "a.py"}
