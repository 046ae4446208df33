"""Keep computed values by key, in one SQLite file in the user's cache folder.

A key is a digest of everything that its value depends on, so no entry is ever out of date, and a
missing value is computed again. Each value carries a checksum: a damaged one counts as missing.

- `file`: the facts of a file, by the git blob id of its bytes (`docbot.repo.scans`). Which of them
  count depends on the configuration, the path and parent classes elsewhere; that is decided anew
  in each run.
- `run`: the output of a whole `docbot check`, by the configuration, every file's path, blob id and
  size, and the other files that were read (`docbot.commands.check_cache`).
- `answer`: a model's completions, by model, engine, prompt and sampling
  (`docbot.llm.completion_cache`).

SQLite uses its rollback journal: WAL needs shared memory, which no network file system offers. A
process that is killed leaves a journal, and the next one rolls it back. Nothing is pickled. Where
the file cannot be opened or written, docbot works without a cache; a corrupt file is rebuilt.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import sys
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

FILE, RUN, ANSWER = "file", "run", "answer"
KINDS = (FILE, RUN, ANSWER)

LIMIT = 256 << 20  # bytes of the file
KEEP_SHARE = 0.75  # the share of the limit that remains when the least recently used entries go
RESOLUTION = 3600  # seconds: a second use within the hour is not recorded: most runs write nothing
PATIENCE = 1.0  # seconds to wait for another process's transaction
BATCH = 500  # keys per query; old SQLite takes 999 variables

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    kind TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, sum BLOB NOT NULL,
    used INTEGER NOT NULL, PRIMARY KEY (kind, key));
CREATE INDEX IF NOT EXISTS entries_used ON entries (used);
"""
_COLUMNS = ["kind", "key", "value", "sum", "used"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Info:
    """The output of `docbot cache info`.

    Attributes:
        file: The SQLite file; None when the cache is switched off.
        bytes: Its size; 0 where there is none.
        limit: The most bytes that it may take.
        entries: Number of entries by kind, for each of `KINDS`.
        problem: Why the cache is not used; "" when it is used.

    """

    file: Path | None
    bytes: int
    limit: int
    entries: Mapping[str, int]
    problem: str


class Cache:
    """A store of values by kind and key; when something fails it acts like an empty one.

    Args:
        folder: Folder of the file, made for the user alone if needed; None for no cache.
        warn: Called with one sentence when a corrupt file was rebuilt.
        limit: Bytes the file may take; the least recently used entries go first.
        clock: Seconds since the epoch.

    """

    def __init__(
        self,
        folder: Path | None,
        *,
        warn: Callable[[str], None] = lambda _sentence: None,
        limit: int = LIMIT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.problem = "" if folder is not None else "switched off"
        self._file = folder / "cache-1.sqlite3" if folder is not None else None  # 1: the schema's
        self._warn = warn
        self._limit = limit
        self._clock = clock
        self._database: sqlite3.Connection | None = None
        self._uses: list[tuple[int, str, bytes]] = []
        self._was_rebuilt = False
        self.is_problem_told = False

    def get(self, kind: str, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the stored values for these keys; missing keys are left out."""
        unique_keys = list(dict.fromkeys(keys))
        values: dict[bytes, bytes] = {}
        now = int(self._clock())
        for start in range(0, len(unique_keys), BATCH):
            part = unique_keys[start : start + BATCH]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, value, sum, used FROM entries WHERE kind = ? AND key IN ({marks})"  # noqa: S608
            with self._guarded() as database:
                if database is None:
                    return values
                for key, value, checksum, last_use in database.execute(query, (kind, *part)):
                    if checksum != _checksum(kind, key, value):
                        continue
                    values[key] = value
                    if abs(now - last_use) > RESOLUTION:
                        self._uses.append((now, kind, key))
        return values

    def put_many(self, kind: str, values: Mapping[bytes, bytes]) -> None:
        """Store values in one transaction."""
        now = int(self._clock())
        rows = [
            (kind, key, value, _checksum(kind, key, value), now) for key, value in values.items()
        ]
        with self._guarded(writing=True) as database:
            if rows and database is not None:
                database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)", rows)
                self._evict(database)

    def close(self) -> None:
        """Record which entries were used and close the file; a later call opens it again."""
        uses, self._uses = self._uses, []
        if uses:
            with self._guarded(writing=True) as database:
                if database is not None:
                    update = "UPDATE entries SET used = ? WHERE kind = ? AND key = ?"
                    database.executemany(update, uses)
        self._drop()

    def info(self) -> Info:
        """Return the cache's size and its number of entries by kind."""
        counts = dict.fromkeys(KINDS, 0)
        with self._guarded() as database:
            if database is not None:
                rows = database.execute("SELECT kind, count(*) FROM entries GROUP BY kind")
                counts.update(dict(rows.fetchall()))
        size = 0
        if self._file is not None:
            with suppress(OSError):
                size = self._file.stat().st_size
        return Info(
            file=self._file, bytes=size, limit=self._limit, entries=counts, problem=self.problem
        )

    def clear(self) -> None:
        """Delete every entry and shrink the file.

        Raises:
            CacheError: another process keeps the file locked, or the disk refuses.

        """
        database = self._open()
        if database is None:
            if self._file is not None and not self.problem:
                raise CacheError(f"{self._file}: is locked by another process; try again")
            return
        try:
            for statement in ("BEGIN IMMEDIATE", "DELETE FROM entries", "COMMIT", "VACUUM"):
                database.execute(statement)
        except sqlite3.Error as error:
            _roll_back(database)
            if _is_corrupt(error):
                self._give_up(error)
                return
            raise CacheError(f"{self._file}: cannot be emptied ({error}); try again") from error

    @contextmanager
    def _guarded(self, *, writing: bool = False) -> Iterator[sqlite3.Connection | None]:
        """Yield the open database, in a transaction when `writing`; None when there is none.

        After an error of SQLite or the disk, this process uses the cache no more. An exception is
        a lock that another process keeps too long: that only fails this call.
        """
        database = self._open()
        if database is not None and writing:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                self._give_up(error)
                database = None
        try:
            yield database
            if database is not None and writing:
                database.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(database)
            self._give_up(error)
        except BaseException:  # Ctrl-C between BEGIN and COMMIT
            _roll_back(database)
            raise

    def _give_up(self, error: sqlite3.Error) -> None:
        if _is_corrupt(error) and not self._was_rebuilt:
            self._rebuild()
        elif isinstance(error, _ForeignError):
            self._drop()
            self.problem = f"{self._file}: {error}"
            self.is_problem_told = True
            self._warn(self.problem)
        elif "locked" not in str(error):
            self._drop()
            self.problem = f"{self._file}: {error}"

    def _rebuild(self) -> None:
        self._was_rebuilt = True
        self._drop()
        if self._file is not None:
            for suffix in ("", "-journal"):
                with suppress(OSError):
                    Path(f"{self._file}{suffix}").unlink(missing_ok=True)
            self._warn(f"{self._file}: was damaged, and is begun anew")

    def _open(self) -> sqlite3.Connection | None:
        if self._database is None and not self.problem and self._file is not None:
            try:
                _prepare(self._file)
                self._database = _connect(self._file)
            except OSError as error:
                self.problem = f"{self._file}: {error.strerror or error}"
            except sqlite3.Error as error:
                self._give_up(error)
                return self._open() if self._was_rebuilt and not self.problem else None
        return self._database

    def _drop(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
        self._database = None

    def _evict(self, database: sqlite3.Connection) -> None:
        """Delete the least recently used entries while the file would grow past its limit."""
        (page,) = database.execute("PRAGMA page_size").fetchone()
        while _used_pages(database) * page > self._limit:
            excess = _used_pages(database) * page - int(self._limit * KEEP_SHARE)
            oldest = database.execute("SELECT rowid, length(value) FROM entries ORDER BY used")
            evicted = []
            with closing(oldest):
                for rowid, size in oldest:
                    evicted.append((rowid,))
                    excess -= size
                    if excess <= 0:
                        break
            if not evicted:
                return
            database.executemany("DELETE FROM entries WHERE rowid = ?", evicted)


class _ForeignError(sqlite3.Error):
    """A file of SQLite whose tables are not docbot's."""


def _is_corrupt(error: sqlite3.Error) -> bool:
    return type(error) is sqlite3.DatabaseError  # SQLITE_CORRUPT, SQLITE_NOTADB


def _roll_back(database: sqlite3.Connection | None) -> None:
    if database is not None and database.in_transaction:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")


def _used_pages(database: sqlite3.Connection) -> int:
    """Count the pages in use; SQLite fills free pages of the file before it grows it."""
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (free,) = database.execute("PRAGMA freelist_count").fetchone()
    return int(pages) - int(free)


def _checksum(kind: str, key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(b"%b\0%b\0%b" % (kind.encode(), key, value), digest_size=8).digest()


def make_private(folder: Path) -> None:
    """Create a folder for the user alone, ignored by git, where there is none.

    Raises:
        OSError: it cannot be created.

    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(OSError):
            (folder / ".gitignore").write_text("*\n", encoding="ascii")


def _prepare(file: Path) -> None:
    """Create the folder and the file in it.

    Raises:
        OSError: one of them cannot be created, or others may write in the folder.

    """
    folder = file.parent
    make_private(folder)
    if sys.platform != "win32":
        status = folder.stat()
        if status.st_uid not in (os.geteuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise OSError("not used, because others may write in its folder")
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))


def _connect(file: Path) -> sqlite3.Connection:
    # isolation_level None: docbot begins and ends transactions, not Python's module.
    database = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA synchronous = NORMAL")
        _check_tables(database)
        index = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries_used'")
        if index.fetchone() is None:
            database.executescript(_SCHEMA)
    except BaseException:
        database.close()
        raise
    return database


def _check_tables(database: sqlite3.Connection) -> None:
    columns = [row[1] for row in database.execute("PRAGMA table_info(entries)")]
    if columns and columns != _COLUMNS:
        raise _ForeignError("is another program's, or another docbot's; delete it")


def open_cache(*, on: bool = True, warn: Callable[[str], None] = lambda _sentence: None) -> Cache:
    """Return the user's cache; its file is opened at the first use.

    Args:
        on: False for a cache that stores nothing.
        warn: As in `Cache`.

    """
    if not on:
        return Cache(None)
    try:
        return Cache(cache_folder(), warn=warn)
    except RuntimeError as error:
        cache = Cache(None)
        cache.problem = str(error)
        return cache


def cache_folder() -> Path:
    """Return the cache folder: `DOCBOT_CACHE_DIR`, else the platform's folder for caches.

    Raises:
        RuntimeError: the user has no home folder.

    """
    if override := os.environ.get("DOCBOT_CACHE_DIR"):
        return Path(os.path.abspath(Path(override).expanduser()))  # noqa: PTH100 - links stay as named
    from platformdirs import user_cache_path

    folder = user_cache_path("docbot", appauthor=False)
    if not folder.is_absolute():  # `~` where there is no home
        raise RuntimeError("the user has no home folder; set DOCBOT_CACHE_DIR")
    return folder


def is_shaped(value: Any, shape: Any) -> bool:
    """Check what JSON holds: anybody may have written it.

    A shape is a type, a list with the shape of all its items, a tuple with one for each, a
    dictionary with the shape of all its values, or a set of types.
    """
    if isinstance(shape, list):
        return type(value) is list and all(is_shaped(item, shape[0]) for item in value)
    if isinstance(shape, tuple):
        return (
            type(value) is list and len(value) == len(shape) and all(map(is_shaped, value, shape))
        )
    if isinstance(shape, dict):
        return type(value) is dict and all(is_shaped(v, shape[str]) for v in value.values())
    return type(value) in shape if isinstance(shape, frozenset) else type(value) is shape
