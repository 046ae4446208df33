"""Repositories that hold a part of the files or of the history, or very many files."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SIZED = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
DOCUMENTED = SIZED.replace(
    "        return", '        """Return the number of items."""\n        return'
)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def origin(repo):
    """A repository of two commits, with a file in each of two folders."""
    repo.commit("near/a.py", SIZED)
    repo.commit("far/b.py", SIZED)
    return f"file://{repo.root}"


def undo_command(ran) -> str:
    return next(
        line.partition("undo this run: ")[2]
        for line in ran.err.splitlines()
        if "undo this run" in line
    )


def fix_and_undo(docbot, clone, monkeypatch, written: list[str]) -> None:
    """Fix a clone, look at what git says was changed, and undo it."""
    monkeypatch.chdir(clone)
    ran = docbot("fix", "--kinds=method", ".")
    assert ran.code == 1
    assert git(clone, "diff", "--name-only").split() == written
    for name in written:
        assert (clone / name).read_text() == DOCUMENTED
    subprocess.run(undo_command(ran), shell=True, check=True)
    assert git(clone, "status", "--porcelain") == ""


def test_a_sparse_checkout_has_the_files_that_are_there(docbot, origin, tmp_path, monkeypatch):
    clone = tmp_path / "sparse"
    git(tmp_path, "clone", "--quiet", "--no-checkout", origin, str(clone))
    git(clone, "sparse-checkout", "set", "near")
    git(clone, "checkout", "--quiet")
    assert not (clone / "far").exists()
    ran = docbot("check", "--kinds=method", clone)
    assert (ran.code, ran.out.count("has no docstring")) == (1, 1)
    assert "far" not in ran.out + ran.err
    fix_and_undo(docbot, clone, monkeypatch, ["near/a.py"])
    git(clone, "sparse-checkout", "disable")
    assert docbot("check", "--kinds=method", clone).out.count("has no docstring") == 2


def test_a_sparse_index_is_read(docbot, origin, tmp_path, monkeypatch):
    clone = tmp_path / "cone"
    git(tmp_path, "clone", "--quiet", "--no-checkout", origin, str(clone))
    git(clone, "sparse-checkout", "set", "--cone", "--sparse-index", "near")
    git(clone, "checkout", "--quiet")
    ran = docbot("check", "--kinds=method", clone)
    assert (ran.code, ran.out.count("has no docstring")) == (1, 1)
    fix_and_undo(docbot, clone, monkeypatch, ["near/a.py"])


@pytest.mark.parametrize("how", [["--depth=1"], ["--filter=blob:none"], ["--filter=tree:0"]])
def test_a_clone_without_its_history(docbot, repo, origin, tmp_path, monkeypatch, how):
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", *how, origin, str(clone))
    ran = docbot("check", "--kinds=method", clone)
    assert (ran.code, ran.out.count("has no docstring")) == (1, 2)
    fix_and_undo(docbot, clone, monkeypatch, ["far/b.py", "near/a.py"])


def test_in_the_middle_of_a_rebase_what_is_in_conflict_is_left(docbot, repo, monkeypatch):
    monkeypatch.chdir(repo.root)
    repo.commit("a.py", "VALUE = 1\n\n\n" + SIZED)
    repo.commit("b.py", SIZED)
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit("a.py", "VALUE = 2\n\n\n" + SIZED)
    repo.git("checkout", "--quiet", "main")
    repo.commit("a.py", "VALUE = 3\n\n\n" + SIZED)
    repo.git("checkout", "--quiet", "topic")
    repo.git("rebase", "--quiet", "main", check=False)
    assert git(repo.root, "status", "--porcelain") == "UU a.py\n"
    before = (repo.root / "a.py").read_bytes()
    ran = docbot("fix", "--kinds=method", ".")
    assert "a.py" in ran.err
    assert (repo.root / "a.py").read_bytes() == before
    assert (repo.root / "b.py").read_text() == DOCUMENTED
    subprocess.run(undo_command(ran), shell=True, check=True)
    assert git(repo.root, "status", "--porcelain") == "UU a.py\n"


def test_ten_thousand_files(docbot, repo):
    for number in range(100):
        folder = repo.root / f"p{number}"
        folder.mkdir()
        for name in range(100):
            (folder / f"m{name}.py").write_text(SIZED.replace("Box", f"Box{number}_{name}"))
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--message=many")
    ran = docbot("check", "--kinds=method", "--format=json", repo.root)
    assert ran.code == 1
    assert '"missing": 10000' in ran.out
    (repo.root / "p7" / "m7.py").write_text(DOCUMENTED.replace("Box", "Box7_7"))
    assert '"missing": 9999' in docbot("check", "--kinds=method", "--json", repo.root).out
