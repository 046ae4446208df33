from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from docbot.errors import ConfigError, SourceError, TooLargeError, WriteError
from docbot.repo import write as files
from docbot.repo.discover import DiscoveredFile, ExclusionReason, discover_files
from docbot.repo.git import Repository
from docbot.repo.write import read, write
from docbot.scan.basics import MAX_BYTES

HOME = Path(__file__).parents[2]
ROOT_ONLY = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away"
)


def lay(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")


def names(files, root):
    """Relative names, each with the reason it is left out."""
    return [
        str(one.path.relative_to(root)) + (f" ({one.reason.value})" if one.reason else "")
        for one in files
    ]


@pytest.fixture
def folder(tmp_path):
    return Path(os.path.realpath(tmp_path))


# Finding


def test_a_repository_gives_what_git_tracks(repo):
    for name in ("b.py", "a.pyi", "vendor/v.py", "build/tracked.py", "gen/g.py", "c.txt"):
        repo.stage(name)
    repo.write("vendor/LICENSE")
    repo.write("untracked.py")
    (repo.root / "deleted.py").write_text("")
    repo.git("add", "deleted.py")
    (repo.root / "deleted.py").unlink()
    repository = Repository.discover(repo.root)
    assert names(
        discover_files([repo.root], root=repo.root, repository=repository, exclude=["gen/"]),
        repo.root,
    ) == ["a.pyi", "b.py", "build/tracked.py", "gen/g.py (excluded)", "vendor/v.py (vendored)"]


def test_a_named_file_is_taken_but_excludes_hold(repo):
    for name in ("untracked.py", "script", "vendor/v.py", "gen/g.py", "sub/a.py"):
        repo.write(name)
    repo.stage("sub/a.py")
    repo.write("vendor/LICENSE")
    paths = [repo.root / name for name in ("untracked.py", "script", "vendor/v.py", "gen/g.py")]
    paths += [repo.root / "sub/a.py", repo.root / "sub", repo.root / "untracked.py"]
    entries = discover_files(
        paths, root=repo.root, repository=Repository.discover(repo.root), exclude=["/gen"]
    )
    assert names(entries, repo.root) == [
        "untracked.py", "script", "vendor/v.py (vendored)", "gen/g.py (excluded)", "sub/a.py",
    ]  # fmt: skip


def test_vendored_code_is_taken_when_asked_for(folder):
    lay(folder, "vendor/v.py", "vendor/COPYING")
    assert names(discover_files([folder], root=folder), folder) == ["vendor (vendored)"]
    every = discover_files([folder], root=folder, include=["vendored"])
    assert names(every, folder) == ["vendor/v.py"]


@pytest.mark.parametrize(
    ("name", "vendored"),
    [
        ("vendor/a.py", True),
        ("pip/_vendor/a.py", True),
        ("src/_vendored/a.py", True),
        ("pkg/vendored/deep/a.py", True),
        ("third_party/a.py", True),
        ("third-party/a.py", True),
        ("ThirdParty/a.py", True),
        ("sklearn/externals/a.py", True),
        ("astropy/extern/a.py", True),
        ("lib/python3.12/site-packages/a.py", True),
        ("node_modules/gyp/a.py", True),
        ("vendor.py", False),
        ("pkg/vendors.py", False),
        ("vending/a.py", False),
        ("my_vendor/a.py", False),
        ("externally/a.py", False),
        ("a.py", False),
    ],
)
def test_vendored_names(folder, name, vendored):
    parents = list(PurePosixPath(name).parents)[:-1]
    lay(folder, name, *(f"{parent}/LICENSE.txt" for parent in parents))
    (file,) = discover_files([folder / name], root=folder)
    assert file.path == folder / name
    assert file.reason is (ExclusionReason.VENDORED if vendored else None)
    assert bool(file.detail) is vendored


OWN = "pkg/external/client.py"


@pytest.mark.parametrize(
    ("sign", "seen"),
    [
        ("pkg/external/LICENSE", "LICENSE"),
        ("pkg/external/COPYING.LESSER", "COPYING.LESSER"),
        ("pkg/external/six/LICENCE.rst", "six/LICENCE.rst"),
        ("pkg/external/six-1.16.dist-info/METADATA", "six-1.16.dist-info"),
        ("pkg/external/vendor.txt", "vendor.txt"),
        ("pkg/external/lib/setup.py", "lib/setup.py"),
        ("pkg/external/lib/PKG-INFO", "lib/PKG-INFO"),
        ("pkg/LICENSE", ""),
        ("LICENSE", ""),
        ("pkg/external/license.py", ""),
        ("pkg/external/README.md", ""),
        ("pkg/external/lib/deep/LICENSE", ""),
        ("pkg/external/requirements.txt", ""),
    ],
)
def test_a_folder_of_such_a_name_is_others_where_it_holds_their_papers(folder, sign, seen):
    lay(folder, OWN, sign)
    (file,) = discover_files([folder / OWN], root=folder)
    words = f"other people's code: pkg/external holds {seen}"
    assert (file.reason, file.detail) == ((ExclusionReason.VENDORED, words) if seen else (None, ""))


@pytest.mark.parametrize(
    ("name", "others", "is_test"),
    [
        ("django/test/client.py", ["django/test/__init__.py", "django/test/utils.py"], False),
        ("test/client.py", ["test/__init__.py", "test/runner.py"], False),
        ("Lib/test/support.py", ["Lib/test/test_ast.py"], True),
        ("tornado/test/util.py", ["tornado/test/web_test.py"], True),
        ("pkg/test/helpers.py", ["pkg/test/unit/test_a.py", "pkg/test/__init__.py"], True),
        ("pkg/test/deep/er/helpers.py", ["pkg/test/conftest.py"], True),
        ("test/run.py", [], True),
        ("pkg/test.py", ["pkg/__init__.py"], False),
        ("pkg/testing/helpers.py", ["pkg/testing/test_a.py"], False),
    ],
)
def test_a_folder_called_test_is_tests_where_it_holds_some(folder, name, others, is_test):
    lay(folder, name, *others)
    expected = ExclusionReason.TEST if is_test else None
    (file,) = discover_files([folder / name], root=folder)
    assert file.reason is expected
    walked = {one.path: one.reason for one in discover_files([folder], root=folder)}
    assert walked[folder / name] is expected
    (file,) = discover_files([folder / name], root=folder, include=["test"])
    assert file.reason is None


def test_vendored_is_about_names_below_the_root(folder):
    root = folder / "vendor/project"
    lay(root, "a.py", "LICENSE")
    assert names(discover_files([root], root=root), root) == ["a.py"]
    assert names(discover_files([root], root=folder / "elsewhere"), root) == ["a.py"]
    assert names(discover_files([root / "a.py"], root=folder / "elsewhere"), root) == ["a.py"]
    assert names(discover_files([root], root=folder), root) == ["a.py (vendored)"]


def test_a_plain_folder_is_walked_without_what_tools_made(folder):
    lay(
        folder,
        "b.py", "a.pyi", "c.txt", "pkg/m.py", ".hidden/h.py", ".dot.py", "env/pyvenv.cfg",
        "env/e.py", "__pycache__/c.py", "build/lib/b.py", "dist/d.py", "x.egg-info/e.py",
        "x.py/inner.py", "src/build/__init__.py", "src/build/real.py",
    )  # fmt: skip
    assert names(discover_files([folder], root=folder), folder) == [
        ".dot.py", "a.pyi", "b.py", "pkg/m.py", "src/build/__init__.py", "src/build/real.py",
        "x.py/inner.py",
    ]  # fmt: skip


def test_gitignore_files_of_a_plain_folder(folder):
    lay(folder, "a.py", "gen.py", "out/o.py", "pkg/gen.py", "pkg/tmp_1.py", "pkg/deep/keep.py")
    (folder / ".gitignore").write_bytes(b"!\n# \xff\ngen.py\nout/\ntmp_*.py\nkeep.py\n")
    (folder / "pkg/.gitignore").write_text("!gen.py\n/deep/keep.py\n")
    assert names(discover_files([folder], root=folder), folder) == ["a.py", "pkg/gen.py"]


def test_excludes_of_a_plain_folder_are_relative_to_the_root(folder):
    lay(folder, "src/gen/a.py", "src/b.py", "gen/c.py")
    entries = discover_files([folder / "src"], root=folder, exclude=["/src/gen", "/b.py"])
    assert names(entries, folder) == ["src/b.py", "src/gen (excluded)"]


def test_links_are_left_out(folder):
    lay(folder, "real.py", "pkg/a.py")
    (folder / "link.py").symlink_to("real.py")
    (folder / "linked").symlink_to("pkg")
    (folder / "loop").symlink_to(".")
    (folder / "broken.py").symlink_to("nowhere")
    expected = ["link.py (symlink)", "real.py", "pkg/a.py"]
    assert names(discover_files([folder], root=folder), folder) == expected
    assert names(discover_files([folder / "link.py"], root=folder), folder) == ["link.py (symlink)"]
    assert names(discover_files([folder / "linked"], root=folder), folder) == ["pkg/a.py"]
    assert names(discover_files([folder / "linked/a.py"], root=folder), folder) == ["pkg/a.py"]


def test_a_tracked_file_behind_a_link_is_left_out(repo, folder):
    repo.commit("pkg/a.py")
    (repo.root / "pkg").rename(folder / "outside")
    (repo.root / "pkg").symlink_to(folder / "outside")
    repository = Repository.discover(repo.root)
    entries = discover_files([repo.root], root=repo.root, repository=repository)
    assert names(entries, repo.root) == ["pkg/a.py (symlink)"]


def test_a_folder_outside_the_repository_is_a_plain_folder(repo, folder):
    lay(folder / "other", "a.py")
    repository = Repository.discover(repo.root)
    entries = discover_files([folder / "other"], root=repo.root, repository=repository)
    assert names(entries, folder) == ["other/a.py"]


def test_very_deep_folders(folder):
    deep = folder
    for _ in range(300):
        deep = deep / "d"
    lay(deep, "a.py")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(250)
    try:
        entries = list(discover_files([folder], root=folder))
    finally:
        sys.setrecursionlimit(limit)
    assert entries == [DiscoveredFile(path=deep / "a.py")]


@pytest.mark.parametrize("name", ["missing.py", "a.py/b.py", "nul\0.py", "broken", "loop"])
def test_a_path_that_is_none_is_told_before_anything_is_found(folder, name):
    lay(folder, "a.py")
    (folder / "broken").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    with pytest.raises(ConfigError, match=name.partition("\0")[0]):
        discover_files([folder / "a.py", folder / name], root=folder)


def test_a_pipe_and_a_bad_pattern_are_told(folder):
    os.mkfifo(folder / "pipe.py")
    with pytest.raises(ConfigError, match="neither a file nor a folder"):
        discover_files([folder / "pipe.py"], root=folder)
    assert list(discover_files([folder], root=folder)) == []
    with pytest.raises(ConfigError, match="exclude: not a gitignore pattern"):
        discover_files([folder], root=folder, exclude=["!"])


# Reading


def test_read(folder):
    path = folder / "a.py"
    path.write_bytes(b"x" * MAX_BYTES)
    assert read(path) == b"x" * MAX_BYTES
    os.truncate(path, 10**12)  # sparse: reading it would never end
    with pytest.raises(TooLargeError, match="it is over 1 MB"):
        read(path)
    os.mkfifo(folder / "pipe.py")
    (folder / "link.py").symlink_to("a.py")
    for name in ("pipe.py", "link.py", "missing.py", "."):
        with pytest.raises(SourceError, match=r"^it (is not|cannot)"):
            read(folder / name)


# Writing


OLD, NEW = b"old\r\n", b"new and longer\r\n"


@pytest.fixture
def path(folder):
    path_ = folder / "a.py"
    path_.write_bytes(OLD)
    return path_


def names_in(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o664, 0o4711])
def test_write_replaces_the_content_and_keeps_the_mode(path, mode):
    path.chmod(mode)
    os.utime(path, (1, 1))
    write(path, OLD, NEW)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert time.time() - path.stat().st_mtime < 60
    assert names_in(path.parent) == ["a.py"]


@ROOT_ONLY
def test_write_keeps_owner_and_mode(path):
    os.chown(path, 12345, 54321)
    path.chmod(0o2775)
    write(path, OLD, NEW)
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 54321, 0o2775)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes here")
def test_write_keeps_extended_attributes(path):
    try:
        os.setxattr(path, "user.origin", b"here")
    except OSError:
        pytest.skip("no extended attributes on this file system")
    write(path, OLD, NEW)
    assert os.getxattr(path, "user.origin") == b"here"


def make_changed(path):
    path.write_bytes(b"edited meanwhile")


def make_longer(path):
    path.write_bytes(OLD + b"x")


def make_vanished(path):
    path.unlink()


def make_symlink(path):
    path.rename(path.with_name("real.py"))
    path.symlink_to("real.py")


def make_hard_link(path):
    path.with_name("twin.py").hardlink_to(path)


def make_read_only(path):
    path.chmod(0o444)


def make_folder(path):
    path.unlink()
    path.mkdir()


def make_pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (make_changed, "changed while docbot worked on it"),
        (make_longer, "changed while docbot worked on it"),
        (make_vanished, "vanished"),
        (make_symlink, "is a symbolic link"),
        (make_hard_link, "hard link"),
        (make_read_only, "is read-only"),
        (make_folder, "is not a plain file"),
        (make_pipe, "is not a plain file"),
    ],
)
def test_write_refuses(path, spoil, sentence):
    spoil(path)
    before = {
        entry.name: (entry.lstat().st_ino, entry.lstat().st_mtime_ns)
        for entry in path.parent.iterdir()
    }
    with pytest.raises(WriteError, match=sentence) as excinfo:
        write(path, OLD, NEW)
    assert str(path) in str(excinfo.value)
    assert before == {
        entry.name: (entry.lstat().st_ino, entry.lstat().st_mtime_ns)
        for entry in path.parent.iterdir()
    }


def test_write_through_a_linked_folder(path, folder):
    (folder / "pkg").mkdir()
    path = path.rename(folder / "pkg/a.py")
    (folder / "linked").symlink_to("pkg")
    write(folder / "linked/a.py", OLD, NEW)
    assert path.read_bytes() == NEW
    assert (folder / "linked").is_symlink()


def test_a_full_disk_leaves_the_file_and_no_litter(path):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(WriteError, match=r"a\.py: cannot be written: File too large"):
            write(path, OLD, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == OLD
    assert names_in(path.parent) == ["a.py"]


# Interrupted between open() and its `with`, a file is closed by the collector, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupted_writes_leave_no_litter(path):
    """A KeyboardInterrupt at every line of docbot that a write runs through."""
    lines = 0
    for stop in range(1, 200):
        path.write_bytes(OLD)
        if not interrupted(stop, path):
            break
        lines += 1
        assert path.read_bytes() in (OLD, NEW)
        assert names_in(path.parent) == ["a.py"]
    assert lines > 30
    assert path.read_bytes() == NEW


def interrupted(stop, path):
    """Write, with a KeyboardInterrupt at line number `stop`; False when that is past the end."""
    count = 0

    def trace(frame, event, _argument):
        nonlocal count
        if frame.f_code.co_filename != files.__file__:
            return None
        if event == "line":
            count += 1
            if count == stop:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        write(path, OLD, NEW)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def test_what_a_killed_run_left_is_removed(folder):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (folder / "a.py").write_bytes(OLD)
    stale = folder / f".docbot-{dead.pid}-0123abcd.tmp"
    other_names = [
        f".docbot-{os.getpid()}-0123abcd.tmp",
        f".docbot-{dead.pid}-notes.tmp",
        ".docbot-x.tmp",
    ]
    lay(folder, stale.name, *other_names)
    write(folder / "a.py", OLD, NEW)
    assert names_in(folder) == sorted([*other_names, "a.py"])


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path, PurePosixPath
from docbot.repo.write import write
paths = [Path(name) for name in sys.argv[2:]]
old, new = b"old\\n" * 60_000, b"new line\\n" * 50_000
print("ready", flush=True)
while True:
    for path in paths:
        now = path.read_bytes()
        write(path, now, new if now == old else old)
"""


def test_kill_at_any_moment_leaves_old_or_new(folder):
    old, new = b"old\n" * 60_000, b"new line\n" * 50_000
    paths = [folder / f"{name}.py" for name in "abc"]
    for path in paths:
        path.write_bytes(old)
    chance = random.Random(7)
    litter, every = 0, set()
    for _ in range(30):
        command = [sys.executable, "-c", WRITER, str(HOME), *map(str, paths)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, 0.02))
            child.kill()
        contents = {path.read_bytes() for path in paths}
        assert contents <= {old, new}
        every |= contents
        litter += len(names_in(folder)) > len(paths)
    assert every == {old, new}
    assert litter  # some were killed in the middle of a write
    files._sweep.cache_clear()
    write(paths[0], paths[0].read_bytes(), NEW)
    assert names_in(folder) == ["a.py", "b.py", "c.py"]


RIVAL = """
import sys, os
sys.path.insert(0, sys.argv[1])
from pathlib import Path, PurePosixPath
from docbot.errors import WriteError
from docbot.repo.write import write
path, name = Path(sys.argv[2]), sys.argv[3].encode()
print("ready", flush=True)
sys.stdin.readline()
done = 0
for _ in range(150):
    now = path.read_bytes()
    try:
        write(path, now, now + name + b"\\n")
        done += 1
    except WriteError as error:
        assert "changed while" in str(error), error
print(done)
"""


def test_two_processes_never_lose_each_others_writing(folder):
    path = folder / "a.py"
    path.write_bytes(b"")
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", RIVAL, str(HOME), str(path), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for rival in rivals:
        assert rival.stdout.readline() == "ready\n"
    for rival in rivals:
        rival.stdin.write("go\n")
        rival.stdin.flush()
    counts = [int(rival.communicate()[0]) for rival in rivals]
    lines = path.read_text().split()
    assert [lines.count("one"), lines.count("two")] == counts
    assert names_in(folder) == ["a.py"]
