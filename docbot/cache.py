"""What was worked out before, by content: one SQLite file in the user's own cache folder.

A key is a digest of everything that its value depends on, so nothing here is ever out of date, and
whatever is missing is worked out again. Each value carries a checksum: a damaged one is a miss.

- What a file holds is kept by the git blob id of its bytes (`bulk`), apart from the configuration,
  the path and the parents elsewhere that decide what of it counts: that is decided anew each time.
- What a whole `check` printed is kept by the configuration and by every file's path, blob id and
  size, with what was read besides (`replay`).
- A model's answers are kept by model, engine, prompt and sampling (`answers`).

SQLite with its rollback journal, not WAL, which needs memory that no network file system shares;
a process that is killed leaves a journal, and the next one rolls it back. Nothing is pickled. A
cache that cannot be opened or written is done without; a corrupt file is begun anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

import sqlite3
import stat
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

FILE, RUN, ANSWER = "file", "run", "answer"
KINDS = (FILE, RUN, ANSWER)

LIMIT = 256 << 20  # bytes of the file
KEPT = 0.75  # of the limit, when the least recently used entries go
RESOLUTION = 3600  # seconds: a second use within the hour is not noted, so most runs write nothing
PATIENCE = 1.0  # seconds to wait for another process's transaction
BATCH = 500  # keys a query; old SQLite takes 999 variables

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    kind TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, sum BLOB NOT NULL,
    used INTEGER NOT NULL, PRIMARY KEY (kind, key));
CREATE INDEX IF NOT EXISTS entries_used ON entries (used);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Info:
    """What `docbot cache info` tells; `trouble` says why the cache is not used, or is ""."""

    file: Path | None
    bytes: int
    limit: int
    entries: Mapping[str, int]
    trouble: str


class Cache:
    """Values by kind and key; whatever goes wrong, it is as if there were none.

    Args:
        folder: Where the file lives, made if need be for the user alone; None for no cache.
        warn: Told, in one sentence, of a corrupt file that was begun anew.
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
        self.trouble = "" if folder is not None else "switched off"
        self._file = folder / "cache-1.sqlite3" if folder is not None else None  # 1: the schema's
        self._warn = warn
        self._limit = limit
        self._clock = clock
        self._database: sqlite3.Connection | None = None
        self._touched: list[tuple[int, str, bytes]] = []
        self._rebuilt = False

    def get(self, kind: str, key: bytes) -> bytes | None:
        """The value, or None."""
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Those values that are there."""
        wanted = list(dict.fromkeys(keys))
        found: dict[bytes, bytes] = {}
        now = int(self._clock())
        for at in range(0, len(wanted), BATCH):
            part = wanted[at : at + BATCH]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, value, sum, used FROM entries WHERE kind = ? AND key IN ({marks})"  # noqa: S608
            with self._guarded() as database:
                if database is None:
                    return found
                for key, value, sum_, used in database.execute(query, (kind, *part)):
                    if sum_ != _sum(kind, key, value):
                        continue
                    found[key] = value
                    if abs(now - used) > RESOLUTION:
                        self._touched.append((now, kind, key))
        return found

    def put_many(self, kind: str, values: Mapping[bytes, bytes]) -> None:
        """Store values, in one transaction."""
        now = int(self._clock())
        rows = [(kind, key, value, _sum(kind, key, value), now) for key, value in values.items()]
        with self._guarded(writing=True) as database:
            if rows and database is not None:
                database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)", rows)
                self._evict(database)

    def close(self) -> None:
        """Note what was used, and let go of the file; a later call opens it again."""
        touched, self._touched = self._touched, []
        if touched:
            with self._guarded(writing=True) as database:
                if database is not None:
                    update = "UPDATE entries SET used = ? WHERE kind = ? AND key = ?"
                    database.executemany(update, touched)
        self._drop()

    def info(self) -> Info:
        """Counts and sizes."""
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
            file=self._file, bytes=size, limit=self._limit, entries=counts, trouble=self.trouble
        )

    def clear(self) -> None:
        """Drop every entry and give the space back."""
        with self._guarded(writing=True) as database:
            if database is not None:
                database.execute("DELETE FROM entries")
        with self._guarded() as database:
            if database is not None:
                database.execute("VACUUM")

    @contextmanager
    def _guarded(self, *, writing: bool = False) -> Iterator[sqlite3.Connection | None]:
        """The open database, inside a transaction when `writing`; None when there is none.

        What SQLite or the disk then refuses ends the use of this cache for this process, but for a
        lock that another process holds too long: that costs one answer.
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
        if type(error) is sqlite3.DatabaseError and not self._rebuilt:  # SQLITE_CORRUPT, _NOTADB
            self._rebuild()
        elif "locked" not in str(error):
            self._drop()
            self.trouble = f"{self._file}: {error}"

    def _rebuild(self) -> None:
        self._rebuilt = True
        self._drop()
        if self._file is not None:
            for end in ("", "-journal"):
                with suppress(OSError):
                    Path(f"{self._file}{end}").unlink(missing_ok=True)
            self._warn(f"{self._file}: was damaged, and is begun anew")

    def _open(self) -> sqlite3.Connection | None:
        if self._database is None and not self.trouble and self._file is not None:
            try:
                _prepare(self._file)
                self._database = _connect(self._file)
            except OSError as error:
                self.trouble = f"{self._file}: {error.strerror or error}"
            except sqlite3.Error as error:
                self._give_up(error)
                return self._open() if self._rebuilt and not self.trouble else None
        return self._database

    def _drop(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
        self._database = None

    def _evict(self, database: sqlite3.Connection) -> None:
        """Delete the least recently used entries when the file would grow past its limit."""
        (page,) = database.execute("PRAGMA page_size").fetchone()
        while _pages(database) * page > self._limit:
            excess = _pages(database) * page - int(self._limit * KEPT)
            oldest = database.execute("SELECT rowid, length(value) FROM entries ORDER BY used")
            gone = []
            with closing(oldest):
                for rowid, size in oldest:
                    gone.append((rowid,))
                    excess -= size
                    if excess <= 0:
                        break
            if not gone:
                return
            database.executemany("DELETE FROM entries WHERE rowid = ?", gone)


def _roll_back(database: sqlite3.Connection | None) -> None:
    if database is not None and database.in_transaction:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")


def _pages(database: sqlite3.Connection) -> int:
    """The pages that hold something; those of deleted entries are filled again first."""
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (free,) = database.execute("PRAGMA freelist_count").fetchone()
    return int(pages) - int(free)


def _sum(kind: str, key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(b"%b\0%b\0%b" % (kind.encode(), key, value), digest_size=8).digest()


def _prepare(file: Path) -> None:
    """Make the folder, for its owner alone and out of git's sight, and the file.

    Raises:
        OSError: it cannot be made, or others may write in it.

    """
    folder = file.parent
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(OSError):
            (folder / ".gitignore").write_text("*\n", encoding="ascii")
    if sys.platform != "win32":
        status = folder.stat()
        if status.st_uid not in (os.geteuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise OSError("not used, because others may write in its folder")
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))


def _connect(file: Path) -> sqlite3.Connection:
    # isolation_level None: transactions are begun and ended here, not by Python's module.
    database = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA synchronous = NORMAL")
        known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries_used'")
        if known.fetchone() is None:
            database.executescript(_SCHEMA)
    except BaseException:
        database.close()
        raise
    return database


def open_cache(*, on: bool = True, warn: Callable[[str], None] = lambda _sentence: None) -> Cache:
    """The user's cache, opened when it is first asked; one that holds nothing when not `on`."""
    if not on:
        return Cache(None)
    try:
        return Cache(folder(), warn=warn)
    except RuntimeError as error:
        cache = Cache(None)
        cache.trouble = str(error)
        return cache


def folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The cache folder: `DOCBOT_CACHE_DIR`, else the one the platform has for a program's cache.

    Raises:
        RuntimeError: the user has no home.

    """
    if named := environment.get("DOCBOT_CACHE_DIR"):
        return Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100 - links stay as named
    if platform == "win32":
        base = environment.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(base) / "docbot" / "Cache"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "docbot"
    base = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # noqa: PTH117 - the specification has a relative one ignored
        base = str(Path.home() / ".cache")
    return Path(base) / "docbot"
