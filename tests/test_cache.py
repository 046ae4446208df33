"""The cache: real SQLite, real processes, a real kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from docbot.cache import (
    ANSWER,
    FILE,
    KEEP_SHARE,
    KINDS,
    RESOLUTION,
    RUN,
    Cache,
    cache_folder,
    open_cache,
)


@pytest.fixture
def place(tmp_path):
    return tmp_path / "of the user" / "docbot"


def file_of(place):
    return place / "cache-1.sqlite3"


def key(number):
    return number.to_bytes(32, "big")


def test_what_was_put_is_got_by_kind_and_key_and_outlives_the_process(place):
    cache = Cache(place)
    values = {key(n): bytes([n % 256]) * n for n in range(1200)}
    cache.put_many(FILE, values)
    assert cache.get_many(FILE, [*values, key(5000)]) == values
    assert cache.get(ANSWER, key(1)) is None
    cache.put_many(FILE, {key(1): b"new"})
    cache.close()
    assert cache.get(FILE, key(1)) == b"new"
    assert Cache(place).get_many(FILE, [key(1), key(2)]) == {key(1): b"new", key(2): b"\2\2"}
    assert cache.problem == ""


def test_info_and_clear(place):
    cache = Cache(place)
    cache.put_many(FILE, {key(n): b"x" * 2000 for n in range(300)})
    cache.put_many(RUN, {key(1): b"y"})
    info = cache.info()
    assert info.entries == {**dict.fromkeys(KINDS, 0), FILE: 300, RUN: 1}
    assert info.bytes == file_of(place).stat().st_size > 600_000
    cache.clear()
    cleared = cache.info()
    assert not any(cleared.entries.values())
    assert cleared.bytes < 50_000
    assert cleared.problem == ""


def test_the_folder_is_the_users_alone_and_unknown_to_git(place):
    cache = Cache(place)
    cache.put_many(FILE, {key(1): b"x"})
    assert (place / ".gitignore").read_text() == "*\n"
    if sys.platform != "win32":
        assert place.stat().st_mode & 0o777 == 0o700
        assert file_of(place).stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no mode bits there")
def test_a_folder_that_others_may_write_in_is_not_trusted(place):
    Cache(place).put_many(FILE, {key(1): b"x"})
    place.chmod(0o777)
    cache = Cache(place)
    assert cache.get(FILE, key(1)) is None
    assert "others may write" in cache.problem


def test_the_least_recently_used_go_first(place):
    now = [1_000_000]
    limit = 400_000
    cache = Cache(place, limit=limit, clock=lambda: now[0])
    for n in range(60):
        now[0] += 10 * RESOLUTION
        cache.put_many(FILE, {key(n): os.urandom(4000)})
    now[0] += 10 * RESOLUTION
    assert cache.get(FILE, key(0))
    cache.close()  # notes the use
    for n in range(100, 150):
        now[0] += 10 * RESOLUTION
        cache.put_many(FILE, {key(n): os.urandom(4000)})
    present = set(cache.get_many(FILE, map(key, range(200))))
    assert {key(0), key(149)} <= present
    assert key(1) not in present
    assert len(present) * 4000 >= limit * KEEP_SHARE * 0.8
    assert file_of(place).stat().st_size <= limit + 100_000


def test_a_use_within_the_hour_writes_nothing(place):
    now = [1_000_000]
    cache = Cache(place, clock=lambda: now[0])
    cache.put_many(FILE, {key(1): b"x"})
    cache.close()
    before = file_of(place).read_bytes()
    cache.get(FILE, key(1))
    cache.close()
    assert file_of(place).read_bytes() == before
    now[0] += RESOLUTION + 1
    cache.get(FILE, key(1))
    cache.close()
    assert file_of(place).read_bytes() != before


@pytest.mark.parametrize(
    "damage",
    [
        lambda _data: b"not a database " * 1000,
        lambda data: data[:100] + b"\xff" * (len(data) - 100),
        lambda data: data[: len(data) // 2],
    ],
    ids=["other bytes", "overwritten", "cut"],
)
def test_a_corrupt_file_is_begun_anew_with_one_warning(place, damage):
    Cache(place).put_many(FILE, {key(n): b"x" * 900 for n in range(500)})
    file_of(place).write_bytes(damage(file_of(place).read_bytes()))
    warnings = []
    cache = Cache(place, warn=warnings.append)
    for n in range(500):
        assert cache.get(FILE, key(n)) in (None, b"x" * 900)
    cache.put_many(FILE, {key(n): b"y" for n in range(500)})
    cache.put_many(FILE, {key(n): b"z" for n in range(500)})
    assert cache.get(FILE, key(400)) == b"z"
    assert len(warnings) == 1
    assert "begun anew" in warnings[0]
    cache.close()
    again = Cache(place, warn=warnings.append)
    assert again.get(FILE, key(400)) == b"z"
    assert len(warnings) == 1


def test_a_value_that_is_not_what_was_put_is_a_miss(place):
    cache = Cache(place)
    cache.put_many(FILE, {key(1): b"x", key(2): b"y"})
    cache.close()
    with sqlite3.connect(file_of(place)) as database:
        database.execute("UPDATE entries SET value = x'7a' WHERE key = ?", (key(1),))
    database.close()
    assert cache.get_many(FILE, [key(1), key(2)]) == {key(2): b"y"}


@pytest.mark.parametrize("below", ["file", "/dev/null/cache"])
def test_without_a_place_it_holds_nothing_and_says_why_only_when_asked(tmp_path, below, capfd):
    (tmp_path / "file").write_text("in the way")
    warnings = []
    cache = Cache(tmp_path / below / "docbot", warn=warnings.append)
    cache.put_many(FILE, {key(1): b"x"})
    assert cache.get(FILE, key(1)) is None
    cache.clear()
    cache.close()
    assert warnings == []
    assert cache.info().problem
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="no mode bits there")
def test_a_file_that_cannot_be_written_is_still_read(place):
    cache = Cache(place)
    cache.put_many(FILE, {key(1): b"x"})
    cache.close()
    reader = Cache(place)
    assert reader.get(FILE, key(1)) == b"x"
    reader._database.execute("PRAGMA query_only = ON")  # as a read-only file is to SQLite
    reader.put_many(FILE, {key(2): b"y"})
    assert "readonly" in reader.problem
    assert Cache(place).get_many(FILE, [key(1), key(2)]) == {key(1): b"x"}


def test_a_full_disk_costs_what_was_not_stored(place):
    cache = Cache(place)
    cache.put_many(FILE, {key(1): b"x"})
    cache._database.execute("PRAGMA max_page_count = 1")  # SQLite says what it says of a full disk
    cache.put_many(FILE, {key(n): b"x" * 9000 for n in range(2, 50)})
    assert "full" in cache.problem
    assert set(Cache(place).get_many(FILE, map(key, range(50)))) == {key(1)}


WRITER = """
import sys
from pathlib import Path
from docbot.cache import FILE, Cache
cache = Cache(Path(sys.argv[1]), warn=lambda said: print(said, flush=True))
start = int(sys.argv[2])
for at in range(start, start + int(sys.argv[3])):
    cache.put_many(FILE, {at.to_bytes(32, "big"): bytes([at % 256]) * 5000})
    if at == start:
        print("begun", flush=True)
cache.close()
print(cache.problem, end="")
"""


def writer(place, start, count):
    command = [sys.executable, "-c", WRITER, str(place), str(start), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_concurrent_writers_lose_nothing_and_see_no_error(place):
    writers = [writer(place, 1000 * n, 25) for n in range(4)]
    for each in writers:
        assert each.communicate()[0] == "begun\n"
    keys = [key(1000 * n + at) for n in range(4) for at in range(25)]
    values = Cache(place).get_many(FILE, keys)
    # a lock held too long may cost an entry, never a wrong one
    assert len(values) >= 95
    assert all(
        value == bytes([int.from_bytes(k, "big") % 256]) * 5000 for k, value in values.items()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_killed_writer_leaves_a_sound_file(place):
    warnings = []
    Cache(place).put_many(FILE, {key(9_999_999): b"before"})
    for round_ in range(4):
        process = writer(place, 100_000 * round_, 100_000)
        assert process.stdout.readline() == "begun\n"
        threading.Event().wait(0.03 * round_)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        cache = Cache(place, warn=warnings.append)
        assert cache.get(FILE, key(9_999_999)) == b"before"
        assert cache.get(FILE, key(100_000 * round_)) is not None
        cache.put_many(FILE, {key(9_000_000 + round_): b"after"})
        assert cache.get(FILE, key(9_000_000 + round_)) == b"after"
        assert cache.problem == ""
        cache.close()
        with sqlite3.connect(file_of(place)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
    assert warnings == []


@pytest.mark.skipif(sys.platform != "linux", reason="the variables are those of Linux")
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"DOCBOT_CACHE_DIR": "/x/y", "XDG_CACHE_HOME": "/z"}, "/x/y"),
        ({"DOCBOT_CACHE_DIR": "", "XDG_CACHE_HOME": "/z"}, "/z/docbot"),
        ({"XDG_CACHE_HOME": "relative"}, "~/.cache/docbot"),
        ({}, "~/.cache/docbot"),
    ],
)
def test_where_it_lives(monkeypatch, environment, expected):
    for name in ("DOCBOT_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected).expanduser()


def test_switched_off(monkeypatch, place):
    monkeypatch.setenv("DOCBOT_CACHE_DIR", str(place))
    cache = open_cache(on=False)
    cache.put_many(FILE, {key(1): b"x"})
    assert cache.get(FILE, key(1)) is None
    cache.close()
    assert not place.exists()


@pytest.mark.parametrize("lock", ["EXCLUSIVE", "IMMEDIATE"])
def test_clearing_a_locked_cache_fails_and_says_so(docbot, place, monkeypatch, lock):
    monkeypatch.setenv("DOCBOT_CACHE_DIR", str(place))
    cache = Cache(place)
    cache.put_many(FILE, {key(1): b"x"})
    cache.close()
    other = sqlite3.connect(file_of(place), isolation_level=None)
    other.execute(f"BEGIN {lock}")
    ran = docbot("cache", "clear")
    other.execute("ROLLBACK")
    other.close()
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "locked" in ran.err
    assert str(file_of(place)) in ran.err
    assert Cache(place).get(FILE, key(1)) == b"x"
    ran = docbot("cache", "clear")
    assert (ran.code, ran.err) == (0, "")
    assert Cache(place).get(FILE, key(1)) is None


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE entries (kind TEXT, key BLOB, value BLOB)",
        "CREATE TABLE entries (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE VIEW entries AS SELECT 1 AS kind, 2 AS key",
    ],
)
def test_another_programs_tables_are_said_once_and_left_alone(
    docbot, repo, place, monkeypatch, schema
):
    monkeypatch.setenv("DOCBOT_CACHE_DIR", str(place))
    place.mkdir(parents=True, mode=0o700)
    with sqlite3.connect(file_of(place)) as database:
        database.execute(schema)
    database.close()
    before = file_of(place).read_bytes()
    repo.commit("a.py", "def f(x):\n    y = x\n    return [x, y]\n")
    for command, code in ((["check", "-v"], 1), (["check"], 1), (["cache", "info"], 2)):
        paths = [repo.root] if command[0] == "check" else []
        ran = docbot(*command, *paths)
        assert ran.code == code
        assert ran.err.count("another program's, or another docbot's; delete it") == 1
    assert file_of(place).read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="no mode bits there")
@pytest.mark.parametrize("first", ["cache", "digests", "build"])
def test_the_folder_is_private_whoever_makes_it_first(place, monkeypatch, first, tmp_path):
    from docbot.cache import make_private
    from docbot.llm import digest

    monkeypatch.setenv("DOCBOT_CACHE_DIR", str(place))
    old = os.umask(0o022)
    try:
        if first == "cache":
            Cache(place).put_many(FILE, {key(1): b"x"})
        elif first == "digests":
            (tmp_path / "m.gguf").write_bytes(b"x")
            digest.record(tmp_path / "m.gguf", "0" * 64)
        else:
            make_private(place)
            (place / "models").mkdir()
    finally:
        os.umask(old)
    assert place.stat().st_mode & 0o777 == 0o700
