"""An unchanged repository is recognised from git's index, and nothing else passes for one."""

from __future__ import annotations

import os
import subprocess

import pytest

from docbot.commands import check
from docbot.commands.check_cache import _any_file as any_file
from docbot.commands.check_cache import tracked_state
from docbot.repo.git import Repository
from docbot.repo.locate import Locator

FUNCTION = "def total(prices):\n    value = sum(prices)\n    return value\n"


@pytest.fixture
def tree(repo):
    """A repository with two committed files, old enough for git not to look into them again."""
    for name in ("a.py", "pkg/b.py"):
        repo.commit(name, FUNCTION)
        os.utime(repo.root / name, (1, 1))
    repo.git("update-index", "--refresh", check=False)
    return repo


def state(repo, *paths):
    return tracked_state(
        Locator({}, None).worktrees([repo.root / path for path in paths or ("",)])[0]
    )


def test_the_state_stays_until_a_file_changes(tree):
    first = state(tree)
    assert first is not None
    assert state(tree) == first
    assert state(tree, "pkg") not in (None, first)
    tree.commit("a.py", FUNCTION + FUNCTION)
    os.utime(tree.root / "a.py", (2, 2))
    tree.git("update-index", "--refresh", check=False)
    assert state(tree) not in (None, first)


@pytest.mark.parametrize("change", ["modified", "gone", "assumed", "untracked", "file", "linked"])
def test_where_git_does_not_vouch_for_a_file_each_is_looked_at(tree, change):
    paths = ()
    if change == "modified":
        (tree.root / "a.py").write_text("x = 1\n")
    elif change == "gone":
        (tree.root / "a.py").unlink()
    elif change == "assumed":
        tree.git("update-index", "--assume-unchanged", "a.py")
    elif change == "file":
        paths = ("a.py",)
    elif change == "linked":
        (tree.root / "pkg").rename(tree.root / "moved")
        (tree.root / "pkg").symlink_to("moved")
    else:
        (tree.root / "new.py").write_text(FUNCTION)
    assert (state(tree, *paths) is None) == (change != "untracked")


INDEXES = {
    "plain": (),
    "with other extensions": (("update-index", "--untracked-cache"),),
    "of version 3": (
        ("update-index", "--index-version", "3"),
        ("update-index", "--skip-worktree", "long/notes.txt"),
    ),
    "of version 4": (("update-index", "--index-version", "4"),),
    "split": (("update-index", "--split-index"),),
    "without the status": (("read-tree", "HEAD"),),
}


@pytest.mark.parametrize("form", INDEXES)
def test_the_index_is_read_as_git_reads_it(tree, form):
    """Where it cannot be read here, git is asked; so the state is always the same."""
    tree.commit("long/" + "n" * 200 + "/é.pyi", FUNCTION)
    tree.commit("long/notes.txt", "x")
    tree.commit("empty/__init__.py", "")
    (tree.root / "link.py").symlink_to("a.py")
    tree.git("add", "link.py")
    settle(tree)
    folders = ((), ("pkg",), ("empty", "long"))
    expected = [state(tree, *paths) for paths in folders]
    for command in INDEXES[form]:
        tree.git(*command)
    assert None not in expected
    assert [state(tree, *paths) for paths in folders] == expected
    (tree.root / "pkg" / "b.py").write_text(FUNCTION.upper())
    assert [state(tree, *paths) for paths in folders] == [None, None, expected[2]]


def settle(tree):
    """Make the index younger than the files, so that git need not look into them."""
    for file in tree.root.rglob("*.py*"):
        os.utime(file, (1, 1), follow_symlinks=False)
    tree.git("update-index", "--refresh", check=False)


def asked_git(monkeypatch):
    """Note each question to git about the tracked files."""
    questions = []
    listing = Repository.python_entries

    def ask(repository):
        questions.append(repository)
        return listing(repository)

    monkeypatch.setattr(Repository, "python_entries", ask)
    return questions


def test_git_is_not_asked_about_files_that_are_as_the_index_has_them(tree, monkeypatch):
    questions = asked_git(monkeypatch)
    assert state(tree) is not None
    assert questions == []
    os.utime(tree.root / "a.py", (2, 2))
    assert state(tree) is not None
    assert len(questions) == 1


def test_files_as_young_as_the_index_are_read(tree, monkeypatch):
    first, questions = state(tree), asked_git(monkeypatch)
    index = tree.root / ".git" / "index"
    os.utime(index, (1, 1))
    assert state(tree) == first
    assert questions == []


def test_a_change_that_leaves_the_status_as_it_was_is_seen(tree):
    """Git writes a size of 0 for a file that changed in the second of the index."""
    path = tree.commit("c.py", FUNCTION)
    path.write_text(FUNCTION.replace("total", "other"))
    assert state(tree) is None
    tree.stage("pkg/b.py", FUNCTION + FUNCTION)
    assert state(tree) is None


@pytest.mark.parametrize(
    "change", ["assume-unchanged", "skip-worktree", "intent-to-add", "mode", "unmerged"]
)
def test_flags_of_an_entry_are_left_to_git(tree, change):
    if change == "intent-to-add":
        (tree.root / "c.py").write_text(FUNCTION)
        tree.git("add", "--intent-to-add", "c.py")
    elif change == "mode":
        (tree.root / "a.py").chmod(0o755)
    elif change == "unmerged":
        blob = tree.git("rev-parse", "HEAD:a.py").strip()
        lines = "".join(f"100644 {blob} {stage}\tc.py\n" for stage in (1, 2, 3))
        (tree.root / "lines").write_text(lines)
        command = ["git", "update-index", "--index-info"]
        with (tree.root / "lines").open() as given:
            subprocess.run(command, cwd=tree.root, stdin=given, check=True)
    else:
        tree.git("update-index", f"--{change}", "a.py")
    assert state(tree) is None


def test_an_index_of_sha256_is_left_to_git(tmp_path):
    (tmp_path / "a.py").write_text(FUNCTION)
    for command in (["init", "--quiet", "--object-format=sha256"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    os.utime(tmp_path / "a.py", (1, 1))
    subprocess.run(["git", "update-index", "--refresh"], cwd=tmp_path, check=False)
    assert tracked_state(Locator({}, None).worktrees([tmp_path])[0]) is not None


def test_a_file_that_was_looked_for_is_seen_when_it_appears(tmp_path):
    names = ["a/b/c.py", "a/d.py", "../e.py", "f.py"]
    (tmp_path / "e.py").write_text("")
    root = tmp_path / "root"
    root.mkdir()
    assert not any_file(str(root), names)
    (root / "a" / "d.py").mkdir(parents=True)
    assert not any_file(str(root), names)
    (root / "a" / "b").mkdir()
    (root / "a" / "b" / "c.py").write_text("")
    assert any_file(str(root), names)


def test_outside_a_repository_there_is_no_state(tmp_path):
    (tmp_path / "a.py").write_text(FUNCTION)
    assert tracked_state(Locator({}, None).worktrees([tmp_path])[0]) is None


def test_a_second_check_selects_no_files(tree, docbot, monkeypatch):
    first = docbot("check", tree.root)
    assert first.out.count("has no docstring") == 2

    def refuse(*_arguments, **_options):
        raise AssertionError

    monkeypatch.setattr("docbot.repo.worktree.WorkTree.select_files", refuse)
    assert docbot("check", tree.root) == first
    assert docbot("check", "--kinds", "module", tree.root).code == 3


def test_it_is_the_command_that_is_cached(tree, docbot):
    assert docbot("check", tree.root).code == 1
    assert docbot("check", "--fail-under", "0", tree.root).code == 0
    assert check.CHANGES == 1
