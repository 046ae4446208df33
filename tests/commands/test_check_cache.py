"""An unchanged repository is recognised from git's listing, and nothing else passes for one."""

from __future__ import annotations

import os

import pytest

from docbot.commands import check
from docbot.commands.check_cache import tracked_state
from docbot.repo.worktree import open_worktree

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
    return tracked_state(open_worktree([repo.root / path for path in paths or ("",)], {}, None))


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


def test_outside_a_repository_there_is_no_state(tmp_path):
    (tmp_path / "a.py").write_text(FUNCTION)
    assert tracked_state(open_worktree([tmp_path], {}, None)) is None


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
