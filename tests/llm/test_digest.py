"""The record of what was hashed: it saves a hash, and is never believed beyond its marks."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from docbot.cache import cache_folder
from docbot.llm import digest

OLD = 1_700_000_000_000_000_000  # nanoseconds


@pytest.fixture
def big(tmp_path, monkeypatch):
    """A file that was written long ago, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "big.gguf"
    path.write_bytes(b"weights")
    os.utime(path, ns=(OLD, OLD))
    return path


def lie(path, value="lie"):
    """Put a wrong hash on record, to see whether it is the record that answers."""
    record = cache_folder() / "digests.json"
    rows = json.loads(record.read_text())
    rows["files"][str(path)][-1] = value
    record.write_text(json.dumps(rows))


def test_a_file_is_hashed_once(big):
    plain = hashlib.sha256(b"weights").hexdigest()
    assert digest.cached_sha256(big) == plain
    lie(big)
    assert digest.cached_sha256(big) == "lie"
    assert digest.sha256(big) == plain
    assert digest.cached_sha256(big) == plain


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"WEIGHTS"),
        lambda path: os.utime(path, ns=(OLD, OLD + 1)),
        lambda path: path.write_bytes(b"longer than before"),
    ],
    ids=["content", "time", "size"],
)
def test_a_changed_file_is_hashed_again(big, change):
    digest.cached_sha256(big)
    lie(big)
    change(big)
    assert digest.cached_sha256(big) == hashlib.sha256(big.read_bytes()).hexdigest()


def test_a_replaced_file_is_hashed_again(big, tmp_path):
    digest.cached_sha256(big)
    lie(big)
    other = tmp_path / "other"
    other.write_bytes(b"WEIGHTS")
    os.utime(other, ns=(OLD, OLD))
    other.replace(big)
    assert digest.cached_sha256(big) == hashlib.sha256(b"WEIGHTS").hexdigest()


def test_a_fresh_file_is_not_noted(big):
    """It may be written again within the same tick of the disk's clock."""
    big.write_bytes(b"weights")
    digest.cached_sha256(big)
    assert not (cache_folder() / "digests.json").exists()


def test_a_link_is_the_file_it_names(big, tmp_path):
    (tmp_path / "link.gguf").symlink_to(big)
    digest.cached_sha256(big)
    lie(big)
    assert digest.cached_sha256(tmp_path / "link.gguf") == "lie"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"null",
        b'{"files": 1, "pins": []}',
        b'{"files": {}}',
        b"[" * 9999,
    ],
)
def test_a_damaged_record_costs_one_hash(big, content):
    cache_folder().mkdir(parents=True)
    (cache_folder() / "digests.json").write_bytes(content)
    assert digest.cached_sha256(big) == hashlib.sha256(b"weights").hexdigest()
    assert digest.pinned_sha256("hf://a") == ""
    digest.pin("hf://a", "f" * 64)
    assert (digest.pinned_sha256("hf://a"), digest.pins()) == ("f" * 64, ["hf://a"])


@pytest.mark.parametrize("row", [1, [], "x", [7, OLD, 0, 1], {"a": 1}, None, [None] * 4])
def test_a_damaged_row_costs_one_hash(big, row):
    cache_folder().mkdir(parents=True)
    rows = {"files": {str(big): row}, "pins": {}}
    (cache_folder() / "digests.json").write_text(json.dumps(rows))
    assert digest.cached_sha256(big) == hashlib.sha256(b"weights").hexdigest()


def test_a_cache_that_cannot_be_written_is_no_error(big, tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert digest.cached_sha256(big) == hashlib.sha256(b"weights").hexdigest()


def test_files_that_are_gone_leave_the_record(big, tmp_path):
    digest.cached_sha256(big)
    other = tmp_path / "other.gguf"
    other.write_bytes(b"x")
    os.utime(other, ns=(OLD, OLD))
    digest.cached_sha256(other)
    other.unlink()
    digest.pin("hf://a", "f" * 64)
    assert list(digest._read()["files"]) == [str(big)]
    digest.forget(big)
    assert digest._read()["files"] == {}
    assert digest.pinned_sha256("hf://a") == "f" * 64


def test_many_writers_leave_a_whole_record(big):
    code = "import sys\nfrom docbot.llm import digest\n"
    code += "for n in range(50): digest.pin(f'hf://{sys.argv[1]}/{n}', 'f' * 64)"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(at)]) for at in range(3)]
    while any(process.poll() is None for process in processes):
        digest.cached_sha256(big)
        assert all(len(value) == 64 for value in digest._read()["pins"].values())
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert digest.pins()
    names = sorted(path.name for path in cache_folder().iterdir())
    assert names == [".gitignore", "digests.json"]
