"""Read the facts of many files: from the cache, the others by worker processes.

The facts of a file depend on its bytes alone. Their key is the git blob id of those bytes and their
number. Where git knows the id, and the size on disk is that of the bytes that had this id, the file
is not read. The size counts because git's id is that of what it would store: a file under a filter
(LFS) or with converted line endings holds other bytes, and more or fewer of them. Such a file is
read and hashed each time, as are modified and untracked ones.

Every key also holds a digest of docbot's own source and of the Python that runs it, so what another
version found is never used. Values are stored under the hash of the bytes that were read, not under
the id that git gave.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.cache import FILE
from docbot.errors import SourceError, TooLargeError
from docbot.repo.version import version
from docbot.repo.write import read
from docbot.scan.basics import MAX_BYTES
from docbot.scan.markers import FileMarkers
from docbot.select.rules import test_reason
from docbot.select.skip import Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path, PurePosixPath

    from docbot.cache import Cache
    from docbot.repo.worktree import WorkTree
    from docbot.scan.facts import FileFacts
    from docbot.scan.outline import Outline

WORTHWHILE = 2_000_000
"""Bytes from which worker processes save time: about two thirds of a second of work."""

CHUNK = 200_000
"""Bytes a worker takes at once."""

MOST_WORKERS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class FileContent:
    """A file, identified by its content.

    Attributes:
        path: Where it is.
        blob: The git blob id of its bytes.
        size: Its size in bytes.
        read: Whether it had to be read for the id.
        trouble: Why it cannot be read.
        markers_only: Whether nothing but its header comments counts.

    """

    path: Path
    blob: str = ""
    size: int = 0
    read: bool = False
    trouble: Skip | None = None
    markers_only: bool = False


def identify(path: Path, blob: str, algorithm: str, *, markers_only: bool = False) -> FileContent:
    """Identify a file by git's blob id, or else by the hash of its bytes."""
    if blob:
        try:
            size = os.stat(path, follow_symlinks=False).st_size  # noqa: PTH116 - a third of the time
        except OSError:
            pass
        else:
            return FileContent(path=path, blob=blob, size=size, markers_only=markers_only)
    try:
        source = read(path)
    except SourceError as error:
        return FileContent(path=path, trouble=Skip.of(error), read=True)
    blob = blob_id(source, algorithm)
    return FileContent(path=path, blob=blob, size=len(source), read=True, markers_only=markers_only)


def blob_id(source: bytes, algorithm: str) -> str:
    """Return the git blob id of these bytes, in a repository of this hash."""
    digest = hashlib.new(algorithm, b"blob %d\0" % len(source), usedforsecurity=False)
    digest.update(source)
    return digest.hexdigest()


class CachedScans:
    """The facts of one run's files, and of others that these lead to.

    With `workers`, much at once is shared out to processes. These import the main module of the
    program that runs docbot, so it is for programs with a main guard: without one, a script would
    start over in each process.

    Attributes:
        outside: The ids of files that were asked for and are not among the run's; "" for no file.
        sure: Whether every file held the bytes that git's id stands for.

    """

    def __init__(self, worktree: WorkTree, cache: Cache, *, workers: bool = False) -> None:
        self._worktree = worktree
        self._cache = cache
        self._workers = workers
        self._found: dict[PurePosixPath, bytes] = {}
        self._inside: set[PurePosixPath] = set()
        self._algorithm = "sha1"
        self.outside: dict[PurePosixPath, str] = {}
        self.sure = True

    def identify(self, files: Iterable[tuple[Path, str]]) -> list[FileContent]:
        """Identify files, each with git's id of it or ""."""
        files = list(files)
        if any(len(blob) == 64 for _, blob in files):  # noqa: PLR2004 - hexadecimal digits
            self._algorithm = "sha256"
        markers_only = SkipReason.TEST.value not in self._worktree.config.include
        return [
            identify(path, blob, self._algorithm, markers_only=markers_only and self._is_test(path))
            for path, blob in files
        ]

    def _is_test(self, path: Path) -> bool:
        return test_reason(self._worktree.relative(path)) != ""

    def take(self, files: Sequence[FileContent]) -> None:
        """Load or read the facts of these files."""
        readable = [file for file in files if file.trouble is None]
        self._inside.update(self._worktree.relative(file.path) for file in readable)
        keys = [
            self._key(file.blob, file.size, markers_only=file.markers_only) for file in readable
        ]
        known = self._cache.get_many(FILE, keys)
        unknown = []
        for file, key in zip(readable, keys, strict=True):
            if key in known:
                self._found[self._worktree.relative(file.path)] = known[key]
            else:
                unknown.append(file)
        fresh: dict[bytes, bytes] = {}
        for file, (blob, size, value) in _read_all(unknown, self._algorithm, workers=self._workers):
            self.sure &= (blob, size) == (file.blob, file.size)
            self._found[self._worktree.relative(file.path)] = value
            if blob:
                fresh[self._key(blob, size, markers_only=file.markers_only)] = value
            if len(fresh) >= STORED:
                self._cache.put_many(FILE, fresh)
                fresh = {}
        self._cache.put_many(FILE, fresh)

    def facts(self, path: PurePosixPath) -> FileFacts:
        """Return the facts of a file that `take` has loaded."""
        from docbot.repo.facts_codec import decode

        return decode(self._found[path])

    def outline_of(self, path: PurePosixPath) -> Outline | None:
        """Return the outline of any file below the root; None where there is none."""
        from docbot.repo.facts_codec import decode

        value = self._found.get(path)
        facts = decode(value) if value is not None else None
        if facts is None or (not facts.trouble and not facts.definitions):  # markers only
            facts = self._read(path)
        return facts.outline if facts is not None and not facts.trouble else None

    def _read(self, path: PurePosixPath) -> FileFacts | None:
        file = self._worktree.root / path
        facts, blob = None, ""
        if ".." not in path.parts and file.is_file():
            from docbot.repo.facts_codec import decode, encode
            from docbot.scan.facts import file_facts

            try:
                source = read(file)
            except SourceError:
                source = None
            if source is not None:
                blob = blob_id(source, self._algorithm)
                key = self._key(blob, len(source), markers_only=False)
                value = self._cache.get(FILE, key)
                if value is None:
                    value = encode(file_facts(source))
                    self._cache.put_many(FILE, {key: value})
                facts = decode(value)
                self._found[path] = value
        if path not in self._inside:
            self.outside[path] = blob
        return facts

    def _key(self, blob: str, size: int, *, markers_only: bool) -> bytes:
        words = f"{blob} {size} {'glance' if markers_only else ''}"
        return hashlib.sha256(version() + words.encode()).digest()


STORED = 200
"""Facts stored in one transaction."""

_FileRow = tuple[str, int, bytes]  # the blob id and size of what was read, and the encoded facts


def _read_all(
    files: Sequence[FileContent], algorithm: str, *, workers: bool
) -> Iterator[tuple[FileContent, _FileRow]]:
    """Read the facts of files; by worker processes where there is enough to do."""
    chunks = list(_chunks(files))
    done = 0
    if workers and sum(file.size for file in files) >= WORTHWHILE:
        from docbot.parallel import usable_cores

        count = min(usable_cores(), MOST_WORKERS, len(chunks))
        if count > 1:
            for rows in _by_workers(chunks, algorithm, count):
                yield from zip(chunks[done], rows, strict=True)
                done += 1
    for chunk in chunks[done:]:
        yield from zip(chunk, _read_chunk(chunk, algorithm), strict=True)


def _chunks(files: Iterable[FileContent]) -> Iterator[list[FileContent]]:
    chunk: list[FileContent] = []
    size = 0
    for file in files:
        chunk.append(file)
        size += file.size
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _read_chunk(files: Iterable[FileContent], algorithm: str) -> list[_FileRow]:
    return [_read_file(file, algorithm) for file in files]


def _read_file(file: FileContent, algorithm: str) -> _FileRow:
    from docbot.repo.facts_codec import encode
    from docbot.scan.facts import FileFacts, file_facts

    try:
        source = read(file.path)
    except SourceError as error:
        too_large = isinstance(error, TooLargeError)
        refused = encode(
            FileFacts(
                size=file.size, markers=FileMarkers(), trouble=str(error), too_large=too_large
            )
        )
        told_by_size = too_large and file.size > MAX_BYTES
        return (file.blob, file.size, refused) if told_by_size else ("", 0, refused)
    facts = file_facts(source, markers_only=file.markers_only)
    return blob_id(source, algorithm), len(source), encode(facts)


def _by_workers(
    chunks: Sequence[list[FileContent]], algorithm: str, count: int
) -> Iterator[list[_FileRow]]:
    """Yield the facts of the chunks in order, as far as worker processes can be started.

    This process is one of `count`: it reads the last chunks itself while the others start and read.
    """
    from docbot.parallel import WorkerError, Workers

    shared = len(chunks) * (count - 1) // count
    with Workers(count - 1, _read_chunk) as workers, suppress(WorkerError):
        answers = [workers.ask(chunk, algorithm) for chunk in chunks[:shared]]
        own = []
        for chunk in chunks[shared:]:
            own.append(_read_chunk(chunk, algorithm))
            workers.collect()
        for answer in answers:
            yield answer()
        yield from own
