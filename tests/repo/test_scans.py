"""Files surveyed once: by content, by workers, and never by what git only seems to say."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from docbot import parallel as workers
from docbot.cache import FILE, Cache
from docbot.errors import SourceError
from docbot.parallel import Workers
from docbot.repo import scans as bulk
from docbot.repo import version as version_module
from docbot.repo import write as files
from docbot.repo.locate import Locator
from docbot.repo.scans import CachedScans, blob_id
from docbot.scanned import COUNTED, with_kinds
from docbot.select.verdicts import FileVerdict

FUNCTION = "def total(prices):\n    return sum(prices) * 2\n"
METHOD = "from base import Base\n\n\nclass A(Base):\n    def run(self):\n        return [self]\n"
BASE = "class Base:\n    def run(self):\n        {}\n        return [1]\n"
MANY = 40
A_FILE = PurePosixPath("a.py")


@pytest.fixture
def reads(monkeypatch):
    """The files whose content was read, as they are read."""
    seen = []

    def noted(path):
        seen.append(path.name)
        return files.read(path)

    monkeypatch.setattr(bulk, "read", noted)
    return seen


def settle(repo):
    """As time does: the index is younger than the files, so git need not look into them."""
    past = time.time() - 1000
    for file in repo.root.rglob("*.py"):
        os.utime(file, (past, past))
    repo.git("update-index", "--refresh", "-q")


def test_a_second_check_of_an_unchanged_repository_reads_nothing(docbot, repo, reads):
    for n in range(5):
        repo.commit(f"m{n}.py", FUNCTION * (n + 1))
    repo.commit("tests/test_x.py", FUNCTION)
    repo.commit("odd.py", "x = (\n")
    first = docbot("check", repo.root)
    assert len(reads) == 7
    reads.clear()
    assert docbot("check", repo.root) == first
    assert docbot("check", "-v", repo.root).out.startswith(first.out[:20])
    assert docbot("check", "--format", "json", repo.root).code == first.code
    assert docbot("check", repo.root / "m1.py").code == first.code
    assert [name for name in reads if name != "m1.py"] == []  # a named file is not asked of git


def test_only_what_changed_is_read_again(docbot, repo, reads):
    for n in range(5):
        repo.commit(f"m{n}.py", FUNCTION)
    settle(repo)
    docbot("check", repo.root)
    reads.clear()
    repo.write("m3.py", FUNCTION.replace("total", "other"))
    ran = docbot("check", repo.root)
    assert "m3.py:1: function other" in ran.out
    assert ran.out.count("function total") == 4
    assert set(reads) == {"m3.py"}


def test_a_change_within_the_second_and_of_no_other_size_is_seen(docbot, repo):
    repo.commit("a.py", FUNCTION)
    assert "function total" in docbot("check", repo.root).out
    repo.write("a.py", FUNCTION.replace("total", "other"))
    assert "function other" in docbot("check", repo.root).out


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_is_told_not_to_look_at_are_read(docbot, repo, flag):
    repo.commit("a.py", FUNCTION)
    settle(repo)
    docbot("check", repo.root)
    repo.git("update-index", flag, "a.py")
    repo.write("a.py", FUNCTION.replace("total", "other"))
    assert "function other" in docbot("check", repo.root).out


def test_a_filter_makes_the_bytes_others_than_the_blob(docbot, repo):
    """LFS and the like: the blob is a pointer, the file is code, another clone has that."""
    pointer = "version https://git-lfs.example/spec/v1\n"
    repo.commit("a.py", pointer)
    settle(repo)
    assert "skipped" in docbot("check", repo.root).err  # no Python, and kept as such by its blob id
    repo.write("smudged", FUNCTION)
    repo.git("config", "filter.f.clean", f"cat > /dev/null; printf '{pointer[:-1]}\\n'")
    repo.git("config", "filter.f.smudge", "cat > /dev/null; cat smudged")
    repo.write(".git/info/attributes", "a.py filter=f\n")
    (repo.root / "a.py").unlink()
    repo.git("checkout", "a.py")
    assert (repo.root / "a.py").read_text() == FUNCTION
    assert repo.git("status", "--porcelain", "a.py") == ""
    for _ in range(2):
        assert "a.py:1: function total" in docbot("check", repo.root).out


def test_converted_line_endings_are_read_and_say_the_same(docbot, repo):
    repo.commit("a.py", "\n" + FUNCTION)
    plain = docbot("check", repo.root)
    repo.git("config", "core.autocrlf", "true")
    (repo.root / "a.py").unlink()
    repo.git("checkout", "a.py")
    assert b"\r\n" in (repo.root / "a.py").read_bytes()
    settle(repo)
    for _ in range(2):
        assert docbot("check", repo.root) == plain


def test_a_parent_elsewhere_that_changes_is_seen(docbot, repo):
    repo.commit("pkg/a.py", METHOD)
    repo.commit("pkg/base.py", BASE.format("x = 1"))
    settle(repo)
    missing = docbot("check", repo.root / "pkg" / "a.py", "--skip", "dunder")
    inner = docbot("check", repo.root / "pkg")
    assert "A.run has no" in missing.out
    repo.write("pkg/base.py", BASE.format('"""Run."""'))
    for target in (repo.root / "pkg" / "a.py", repo.root / "pkg", repo.root):
        assert "A.run has no" not in docbot("check", target).out
    repo.git("rm", "--quiet", "--force", "pkg/base.py")
    assert "A.run has no" in docbot("check", repo.root / "pkg").out
    assert inner.out.count("has no") == 4  # two classes, two methods


def test_a_parent_that_appears_is_seen(docbot, repo):
    repo.commit("pkg/a.py", METHOD)
    settle(repo)
    assert "A.run has no" in docbot("check", repo.root).out
    repo.write("pkg/base.py", BASE.format('"""Run."""'))  # untracked: not in question itself
    assert "A.run has no" not in docbot("check", repo.root).out
    repo.write("pkg/base.py", BASE.format("x = 1"))
    assert "A.run has no" in docbot("check", repo.root).out


def test_the_configuration_and_the_path_decide_anew(docbot, repo):
    repo.commit("a.py", FUNCTION + "\n\ndef _p():\n    return [1, 2]\n")
    assert docbot("check", repo.root).out.count("has no") == 1
    assert docbot("check", "--include", "private", repo.root).out.count("has no") == 2
    repo.commit("pyproject.toml", "[tool.docbot]\ninclude = ['private']\n")
    assert docbot("check", repo.root).out.count("has no") == 2
    repo.git("mv", "a.py", "test_a.py")
    assert docbot("check", repo.root).out == ""
    assert docbot("check", "--include", "test", repo.root).out.count("has no") == 1


def test_the_same_content_elsewhere_is_known(docbot, repo, tmp_path):
    repo.commit("a.py", FUNCTION)
    docbot("check", repo.root)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "b.py").write_text(FUNCTION)
    scope = Locator({}, None).worktrees([tmp_path / "plain"])[0]
    cache = Cache(Path(os.environ["DOCBOT_CACHE_DIR"]))
    before = cache.info().entries[FILE]
    surveys = CachedScans(scope, cache)
    assert judge(scope, surveys, [tmp_path / "plain" / "b.py"]) == {
        PurePosixPath("b.py"): FileVerdict(
            others=(("total", "function", 1, False, None, False, False),)
        )
    }
    assert cache.info().entries[FILE] == before


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_ids_are_gits_own(tmp_path, algorithm, docbot, reads):
    def git(*arguments):
        return subprocess.run(
            ["git", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    git("init", "--quiet", f"--object-format={algorithm}")
    (tmp_path / "a.py").write_text(FUNCTION)
    git("add", ".")
    git("commit", "--quiet", "--message", "a")
    assert blob_id(FUNCTION.encode(), algorithm) == git("rev-parse", "HEAD:a.py").strip()
    first = docbot("check", tmp_path)
    reads.clear()
    assert docbot("check", tmp_path) == first
    assert reads == []


def test_another_version_of_docbot_finds_anew(docbot, repo, reads, monkeypatch):
    repo.commit("a.py", FUNCTION)
    first = docbot("check", repo.root)
    reads.clear()
    other = hashlib.sha256(b"other").digest()
    for module in ("repo.scans", "commands.check_cache"):
        monkeypatch.setattr(f"docbot.{module}.version", lambda: other)
    assert docbot("check", repo.root) == first
    assert reads == ["a.py"]


def test_the_version_is_that_of_every_file(tmp_path, monkeypatch):
    package = tmp_path / "docbot"
    for name in ("a.py", "repo/__init__.py", "repo/scans.py", "review/post/__init__.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("x = 1\n")
    (package / "review/__init__.py").write_text("")
    monkeypatch.setattr(version_module, "__file__", str(package / "repo" / "version.py"))
    digests = set()
    changes = (
        ("a.py", "x = 1\n"), ("a.py", "x = 2\n"), ("repo/scans.py", "y\n"), ("repo/b.py", ""),
        ("review/post/__init__.py", "z\n"),
    )  # fmt: skip
    for name, text in changes:
        (package / name).write_text(text)
        version_module.version.cache_clear()
        digests.add(version_module.version())
    version_module.version.cache_clear()
    assert len(digests) == 5


def test_without_a_cache_all_is_the_same(docbot, repo, reads, monkeypatch):
    repo.commit("a.py", FUNCTION)
    first = docbot("check", repo.root)
    reads.clear()
    assert docbot("check", "--no-cache", repo.root) == first
    monkeypatch.setenv("DOCBOT_CACHE_DIR", "/dev/null/cache")
    assert docbot("check", repo.root) == first
    assert reads == ["a.py"] * 2
    assert "without a cache: " in docbot("check", "-v", repo.root).err
    ran = docbot("cache", "info")
    assert ran.code == 2
    assert "not used" in ran.err


def test_cache_info_and_clear(docbot, repo):
    repo.commit("a.py", FUNCTION)
    docbot("check", repo.root)
    told = docbot("cache", "info")
    assert (told.code, told.err) == (0, "")
    assert "file: 1\n" in told.out
    assert re.search(r"^size: \d+\.\d MiB of at most 256 MiB$", told.out, re.MULTILINE)
    assert "run: 1\n" in told.out
    assert "file: 0\n" in docbot("cache", "clear").out


def judge(scope, surveys, paths, blobs=()):
    """Judge these files, of which git knows some blobs, and return the verdicts by path."""
    files = surveys.identify([(path, dict(blobs).get(path, "")) for path in paths])
    rows = [(scope.relative(file.path), file, None) for file in files]
    with surveys.judging(rows, with_kinds(scope.config, COUNTED)) as judged:
        return dict(judged)


# Worker processes


SCRIPT = """
import sys
import docbot.parallel
from docbot import cli
from docbot.repo import scans as bulk
docbot.parallel.usable_cores = lambda *_: 4
bulk.WORTHWHILE, bulk.CHUNK = 1, 500
sys.exit(cli.main({arguments}))
"""


def many(folder):
    folder.mkdir(parents=True)
    for n in range(MANY):
        (folder / f"m{n}.py").write_text(f"# {n}\n" + FUNCTION * 5)
    (folder / "odd.py").write_text("x = (\n")
    return folder


def script(tmp_path, *, guard, arguments=""):
    text = SCRIPT.format(arguments=arguments)
    if guard:
        text = "if __name__ == '__main__':\n" + text.replace("\n", "\n    ")
    path = tmp_path / "run.py"
    path.write_text(text)
    return [sys.executable, str(path), "check", "--no-cache", str(tmp_path / "many")]


def test_workers_find_what_one_process_does(docbot, tmp_path):
    alone = docbot("check", "--no-cache", many(tmp_path / "many"))
    done = subprocess.run(script(tmp_path, guard=True), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (alone.code, alone.out, alone.err)
    assert alone.out.count("\n") == MANY * 5


def test_a_script_without_a_main_guard_runs_once(tmp_path):
    many(tmp_path / "many")
    command = script(tmp_path, guard=False, arguments="sys.argv[1:]")
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.count("\n")) == (1, MANY * 5)


def die(*_):
    os._exit(9)


class Deadly(Workers):
    """Workers whose processes die of every request, but not this one."""

    def __init__(self, count, work):
        super().__init__(count, die)
        self.work_here = work

    def share(self, requests):
        self.start()
        self._work = self.work_here
        return super().share(requests)


def test_workers_that_die_are_done_without(tmp_path, monkeypatch):
    folder = many(tmp_path / "many")
    monkeypatch.setattr(workers, "Workers", lambda count, work, **_: Deadly(count, work))
    monkeypatch.setattr(bulk, "WORTHWHILE", 1)
    monkeypatch.setattr(bulk, "CHUNK", 500)
    monkeypatch.setattr("docbot.parallel.usable_cores", lambda: 4)
    scope = Locator({}, None).worktrees([folder])[0]
    paths = sorted(folder.iterdir())
    alone = judge(scope, CachedScans(scope, Cache(None)), paths)
    assert judge(scope, CachedScans(scope, Cache(None), workers=True), paths) == alone
    assert len(alone) == MANY + 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are counted in /proc")
def test_killed_with_its_workers_at_work_it_leaves_none(tmp_path):
    many(tmp_path / "many")
    process = subprocess.Popen(script(tmp_path, guard=True), stdout=subprocess.DEVNULL)
    workers = []
    while process.poll() is None and not workers:
        workers = children(process.pid)
        time.sleep(0.01)
    assert workers
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(3000):
        if not any(alive(worker) for worker in workers):
            return
        time.sleep(0.01)
    pytest.fail("a worker outlives its parent")


def children(parent):
    listed = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_unreadable_is_a_word_and_never_kept(repo, monkeypatch):
    file = repo.commit("a.py", FUNCTION)
    cache = Cache(Path(os.environ["DOCBOT_CACHE_DIR"]))
    scope = Locator({}, None).worktrees([repo.root])[0]
    blobs = scope.repository.blobs([repo.root])

    def refuse(_path):
        raise SourceError("it cannot be read: no")

    with monkeypatch.context() as patched:
        patched.setattr(bulk, "read", refuse)
        surveys = CachedScans(scope, cache)
        assert "cannot be read" in judge(scope, surveys, blobs, blobs)[A_FILE].skip[1]
        assert not surveys.sure
    assert cache.info().entries[FILE] == 0
    surveys = CachedScans(scope, cache)
    assert judge(scope, surveys, [file], blobs)[A_FILE].skip is None
