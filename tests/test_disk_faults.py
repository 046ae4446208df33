"""A disk that is full, or may not be written to: exit code 2, and the file that could not be."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and users of Linux")

SIZED = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
BIG = SIZED + "\n\nTABLE = [\n" + "    1,\n" * 5000 + "]\n"
DOCBOT = [sys.executable, "-m", "docbot"]


def ran(command, root, *, limit=None):
    """Run docbot; with `limit`, no file may grow past so many bytes: the kernel refuses."""

    def limited():
        import resource

        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*DOCBOT, *command], cwd=root, env=env, preexec_fn=limited, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


QUIETNESS = pytest.mark.parametrize("quiet", [["-q"], [], ["--format", "json"]], ids=str)


@QUIETNESS
def test_a_file_that_the_disk_has_no_room_for(repo, quiet):
    big = repo.commit("big.py", BIG)
    small = repo.commit("small.py", SIZED)
    done = ran(["fix", *quiet, "--no-cache", "."], repo.root, limit=20_000)
    assert done.returncode == 2
    assert re.search("big.py: (skipped: )?cannot be written: File too large", done.stderr)
    assert done.stderr.count("cannot be written") == 1
    assert big.read_text() == BIG
    assert '"""' in small.read_text()
    assert not list(repo.root.glob(".docbot-*"))


@pytest.mark.parametrize("quiet", [["-q"], []], ids=str)
def test_the_hook_says_so_too(repo, quiet):
    big = repo.stage("big.py", BIG)
    done = ran(["fix", "--staged", *quiet, "big.py"], repo.root, limit=20_000)
    assert done.returncode == 2
    assert re.search("big.py: (skipped: )?cannot be written: File too large", done.stderr)
    assert big.read_text() == BIG


MOUNTED = """
set -e
mount -t tmpfs -o size=96k none {place}
cp {source} {place}/box.py
head -c 1000000 /dev/zero > {place}/filler 2>/dev/null || true
cd {place}
set +e
{docbot} fix -q --no-cache .
echo "code $?"
cmp {source} box.py && echo "as it was"
ls -A
"""


def test_a_disk_that_is_really_full(tmp_path):
    """A small disk of memory, mounted in a namespace of its own."""
    place, source = tmp_path / "disk", tmp_path / "box.py"
    place.mkdir()
    source.write_text(SIZED)
    script = MOUNTED.format(place=place, source=source, docbot=" ".join(DOCBOT))
    command = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", script]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if "code " not in done.stdout:
        pytest.skip(f"nothing can be mounted here: {done.stderr}")
    assert "code 2\nas it was\nbox.py\nfiller\n" in done.stdout
    assert "box.py: cannot be written: No space left on device" in done.stderr


@pytest.fixture
def unprivileged():
    """Start Python without the powers of root, to which no folder is shut."""
    if os.getuid() != 0:
        return [sys.executable]
    if shutil.which("setpriv") is None:
        pytest.skip("root, and no setpriv to be less")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--", sys.executable]


@QUIETNESS
def test_a_folder_that_may_not_be_written_in(repo, unprivileged, quiet):
    file = repo.stage("shut/box.py", SIZED)
    other = repo.commit("open/box.py", SIZED)
    file.parent.chmod(0o555)
    try:
        command = [*unprivileged, "-m", "docbot", "fix", *quiet, "."]
        done = subprocess.run(command, cwd=repo.root, capture_output=True, text=True, check=False)
    finally:
        file.parent.chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert re.search("shut/box.py: (skipped: )?cannot be written: Permission", done.stderr)
    assert file.read_text() == SIZED
    assert '"""' in other.read_text()


def test_a_git_folder_that_may_not_be_written_in(repo, unprivileged):
    file = repo.commit("box.py", SIZED)
    for path in (repo.root / ".git").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (repo.root / ".git").chmod(0o555)
    try:
        command = [*unprivileged, "-m", "docbot", "fix", "-q", "."]
        done = subprocess.run(command, cwd=repo.root, capture_output=True, text=True, check=False)
    finally:
        for path in (repo.root / ".git", *(repo.root / ".git").rglob("*")):
            path.chmod(0o755)
    assert done.returncode == 2
    assert "docbot writes nothing that it could not undo" in done.stderr
    assert done.stderr.count("\n") == 1
    assert file.read_text() == SIZED


# Places that are not what they seem


def test_a_link_to_itself(docbot, tmp_path):
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "a.py").write_text(SIZED)
    ran = docbot("check", tmp_path)
    assert (ran.code, "a.py:2: " in ran.out) == (1, True)
    ran = docbot("check", tmp_path / "loop.py")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "loop.py" in ran.err


@pytest.mark.parametrize("length", [300, 4000])
def test_a_link_with_an_endless_target(docbot, tmp_path, length):
    (tmp_path / "far.py").symlink_to("x" * length)
    (tmp_path / "box.py").write_text(SIZED)
    ran = docbot("check", tmp_path)
    assert (ran.code, "box.py:2: " in ran.out) == (1, True)
    ran = docbot("check", tmp_path / "far.py")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "far.py" in ran.err


def test_a_name_that_is_too_long(docbot, tmp_path):
    ran = docbot("check", tmp_path / ("x" * 300 + ".py"))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "File name too long" in ran.err


@pytest.mark.parametrize("git", [True, False], ids=["in git", "outside"])
def test_a_subfolder_that_cannot_be_read(repo, unprivileged, git):
    repo.commit("open.py", SIZED)
    shut = repo.write("shut/box.py", SIZED).parent
    if git:
        repo.git("add", ".")
    else:
        subprocess.run(["rm", "-rf", str(repo.root / ".git")], check=True)
    shut.chmod(0)
    try:
        command = [*unprivileged, "-m", "docbot", "check", "."]
        done = subprocess.run(command, cwd=repo.root, capture_output=True, text=True, check=False)
        named = subprocess.run(
            [*command[:-1], "shut/box.py"], cwd=repo.root, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    finally:
        shut.chmod(0o755)
    assert "Traceback" not in done.stderr + named.stderr
    assert done.returncode == 1
    assert "open.py:2: " in done.stdout
    assert "shut" in done.stderr
    assert named.returncode == 2
    assert "shut/box.py: Permission denied" in named.stderr


@pytest.mark.parametrize("command", ["check", "check .", "fix", "fix -q a.py", "cache info"])
def test_the_working_folder_is_gone(tmp_path, command):
    gone = tmp_path / "gone"
    gone.mkdir()
    (gone / "a.py").write_text(SIZED)
    script = f"cd {gone} && rm -r {gone} && {' '.join(DOCBOT)} {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    if command != "cache info":
        assert done.returncode == 2
        assert done.stderr.startswith("docbot: ")
        assert done.stderr.count("\n") == 1
