"""The undo patch: all that was written can be undone, whatever happened meanwhile."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import PurePosixPath

import pytest

from docbot.errors import UndoError, WriteError
from docbot.repo.git import Repository
from docbot.repo.undo import UndoPatch

BEFORE = b"def f():\n    return 1\n\n\ndef g():\n    return 2\n"
AFTER = BEFORE.replace(b"f():\n", b'f():\n    """Return 1."""\n')
TWICE = AFTER.replace(b"g():\n", b'g():\n    """Return 2."""\n')


@pytest.fixture
def patch_of(repo):
    """The undo patch of a new run in the repository."""
    repository = Repository.discover(repo.root)
    return lambda: UndoPatch(repository.root, repository)


def undo(patch, folder):
    subprocess.run(patch.command(folder), shell=True, check=True, cwd=folder)


def test_a_second_run_adds_to_what_is_not_committed(repo, patch_of):
    for name in ("a.py", "b c.py", "ü.py"):
        repo.commit(name, BEFORE)
    first, second = patch_of(), patch_of()
    first.write(PurePosixPath("a.py"), BEFORE, AFTER)
    second.write(PurePosixPath("b c.py"), BEFORE, AFTER)
    second.write(PurePosixPath("ü.py"), BEFORE, AFTER)
    assert (first.earlier, second.earlier) == (False, True)
    undo(second, repo.root)
    assert repo.git("status", "--porcelain") == ""


def test_two_runs_at_once_keep_both(repo, patch_of):
    repo.commit("a.py", BEFORE)
    repo.commit("b.py", BEFORE)
    one, other = patch_of(), patch_of()
    for run, name in ((one, "a.py"), (other, "b.py")):
        run.write(PurePosixPath(name), BEFORE, AFTER)
    one.write(PurePosixPath("a.py"), AFTER, TWICE)
    undo(one, repo.root)
    assert repo.git("status", "--porcelain") == ""


def test_what_is_committed_or_undone_is_dropped(repo, patch_of):
    for name in ("committed.py", "restored.py", "next.py"):
        repo.commit(name, BEFORE)
    first = patch_of()
    for name in ("committed.py", "restored.py"):
        first.write(PurePosixPath(name), BEFORE, AFTER)
    repo.git("commit", "--quiet", "--message", "docs", "committed.py")
    repo.git("checkout", "--", "restored.py")
    second = patch_of()
    second.write(PurePosixPath("next.py"), BEFORE, AFTER)
    assert not second.earlier
    undo(second, repo.root)
    assert repo.git("status", "--porcelain") == ""
    assert (repo.root / "committed.py").read_bytes() == AFTER


def test_a_later_change_of_the_same_file_is_undone_first(repo, patch_of):
    repo.commit("a.py", BEFORE)
    patch_of().write(PurePosixPath("a.py"), BEFORE, AFTER)
    second = patch_of()
    longer = AFTER.replace(b"Return 1.", b"Return 1.\n\n    Always.\n    ")
    second.write(PurePosixPath("a.py"), AFTER, longer)
    undo(second, repo.root)
    assert (repo.root / "a.py").read_bytes() == BEFORE


def test_the_undo_of_files_that_were_edited_since_is_put_aside(repo, patch_of):
    repo.commit("edited.py", BEFORE)
    repo.commit("kept.py", BEFORE)
    repo.commit("next.py", BEFORE)
    first = patch_of()
    for name in ("edited.py", "kept.py"):
        first.write(PurePosixPath(name), BEFORE, AFTER)
    edited = AFTER.replace(b"Return 1.", b"Return the answer.")
    repo.write("edited.py", edited)
    second = patch_of()
    second.write(PurePosixPath("next.py"), BEFORE, AFTER)
    assert b"edited.py" in second.put_aside.read_bytes()
    undo(second, repo.root)
    assert repo.git("status", "--porcelain") == " M edited.py\n"
    assert (repo.root / "edited.py").read_bytes() == edited


def test_a_file_that_cannot_be_written_leaves_no_patch(repo, patch_of):
    file = repo.commit("a.py", BEFORE)
    repo.commit("b.py", BEFORE)
    file.write_bytes(BEFORE + b"# somebody else's\n")
    patch = patch_of()
    with pytest.raises(WriteError, match="changed while"):
        patch.write(PurePosixPath("a.py"), BEFORE, AFTER)
    assert not patch.is_written
    patch.write(PurePosixPath("b.py"), BEFORE, AFTER)
    undo(patch, repo.root)
    assert (repo.root / "b.py").read_bytes() == BEFORE


def test_without_a_place_for_the_patch_nothing_is_written(repo, patch_of):
    file = repo.commit("a.py", BEFORE)
    (repo.root / ".git/docbot").write_text("in the way")
    with pytest.raises(UndoError, match=r"undo\.patch: cannot be written"):
        patch_of().write(PurePosixPath("a.py"), BEFORE, AFTER)
    assert file.read_bytes() == BEFORE


def test_the_command_works_from_anywhere(repo, patch_of, tmp_path):
    repo.commit("pkg/a.py", BEFORE)
    elsewhere = tmp_path / "it's elsewhere"
    elsewhere.mkdir()
    for folder in (repo.root, repo.root / "pkg", elsewhere):
        patch = patch_of()
        patch.write(PurePosixPath("pkg/a.py"), BEFORE, AFTER)
        undo(patch, folder)
        assert repo.git("status", "--porcelain") == ""


@pytest.mark.skipif(not shutil.which("patch"), reason="needs patch(1)")
@pytest.mark.parametrize("name", ["a.py", "with space/b c.py", "ü.py", "crlf.py"])
def test_a_plain_folder_is_undone_by_patch(tmp_path, name):
    before, after = (BEFORE, AFTER) if name != "crlf.py" else crlf(BEFORE, AFTER)
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(before)
    patch = UndoPatch(tmp_path, None)
    patch.write(PurePosixPath(name), before, after)
    assert file.read_bytes() == after
    assert patch.command(tmp_path).startswith("patch -R")
    undo(patch, tmp_path)
    assert file.read_bytes() == before


def crlf(*contents):
    return [content.replace(b"\n", b"\r\n") for content in contents]


WRITER = """
import sys
from pathlib import Path, PurePosixPath
from docbot.repo.git import Repository
from docbot.repo.undo import UndoPatch

root = Path(sys.argv[1])
patch = UndoPatch(root, Repository.discover(root))
for file in sorted(root.glob("*.py")):
    before = file.read_bytes()
    patch.write(PurePosixPath(file.name), before, before.replace(b"f():", b"f():\\n    'Text.'"))
    print(file.name, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("files", [1, 5, 12, 23])
def test_killed_at_any_moment_no_file_is_without_its_undo(repo, patch_of, files):
    for number in range(30):
        repo.stage(f"m{number:02}.py", BEFORE)
    repo.git("commit", "--quiet", "--message", "Start")
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(repo.root)], stdout=subprocess.PIPE
    )
    for _ in range(files):
        process.stdout.readline()
    time.sleep(files % 5 / 2000)  # somewhere within the next file
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    covered = (repo.root / ".git/docbot/undo.patch").read_bytes()
    written = repo.git("diff", "--name-only").split()
    assert len(written) >= files
    assert all(f"a/{name}\n".encode() in covered for name in written)
    repo.write("m29.py", BEFORE)
    resumed = patch_of()
    resumed.write(PurePosixPath("m29.py"), BEFORE, AFTER)
    undo(resumed, repo.root)
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("syncs", range(6))
def test_an_interrupt_while_the_disk_is_busy_leaves_what_can_be_undone(
    repo, patch_of, monkeypatch, syncs
):
    for name in ("a.py", "b.py"):
        repo.commit(name, BEFORE)
    calls, fsync = count(), os.fsync

    def sync(descriptor):
        if next(calls) == syncs:
            raise KeyboardInterrupt
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    patch = patch_of()
    with suppress(KeyboardInterrupt):
        for name in ("a.py", "b.py"):
            patch.write(PurePosixPath(name), BEFORE, AFTER)
    changed = repo.git("diff", "--name-only").split()
    assert changed == ["a.py", "b.py"][: len(changed)]
    if changed:
        assert patch.is_written
        undo(patch, repo.root)
    assert repo.git("status", "--porcelain") == ""


def test_patches_of_plain_folders_do_not_pile_up(tmp_path):
    old = UndoPatch(tmp_path, None).path
    old.parent.mkdir(parents=True, exist_ok=True)
    stale, fresh = old.with_name("stale.patch"), old.with_name("fresh.patch")
    for file in (stale, fresh):
        file.write_bytes(b"")
    month_ago = time.time() - 32 * 86_400
    os.utime(stale, (month_ago, month_ago))
    UndoPatch(tmp_path, None)
    assert (stale.exists(), fresh.exists()) == (False, True)
