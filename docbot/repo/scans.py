"""Many files surveyed: from the cache by the id of their content, the others by worker processes.

What is kept of a file is its survey, which depends on its bytes alone. Its key is the git blob id
of those bytes and their number. Where git knows the id, and the size on disk is that of the bytes
which had this id, the file is not read. The size is asked because git's id is that of what it would
store: a file under a filter (LFS) or with converted line endings holds other bytes, and more or
fewer of them. Such a file is read and hashed each time, as are modified and untracked ones.

Every key also holds a digest of docbot's own source and of the Python that runs it, so what another
version found is never used. What is stored is stored by the hash of bytes that were read here, not
by what git said of them.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.cache import FILE
from docbot.errors import SourceError, TooLargeError
from docbot.repo.write import read
from docbot.scan.markers import FileMarkers
from docbot.scan.source import MAX_BYTES
from docbot.select.rules import tests_in
from docbot.select.skip import Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import PurePosixPath

    from docbot.cache import Cache
    from docbot.repo.worktree import WorkTree
    from docbot.scan.facts import FileFacts
    from docbot.scan.outline import Outline

WORTHWHILE = 2_000_000
"""Bytes to survey from which worker processes save time: about two thirds of a second of work."""

CHUNK = 200_000
"""Bytes a worker takes at once."""

MOST_WORKERS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class FileContent:
    """A file by its content; `read` says whether it had to be read for that.

    `trouble` is why it cannot be read; `glance` that no more than a look at its first lines is
    asked for.
    """

    path: Path
    blob: str = ""
    size: int = 0
    read: bool = False
    trouble: Skip | None = None
    glance: bool = False


@lru_cache(maxsize=1)
def version() -> bytes:
    """A digest of what turns bytes into surveys and surveys into reports; b"" when untold.

    All of docbot's own files: a list of those that matter would be out of date one day. It takes
    two milliseconds.
    """
    digest = hashlib.sha256(f"{sys.version} {sys.implementation.cache_tag}".encode())
    parts = [*_modules(Path(__file__).parents[1])]
    scanners = (Path(folder, "libcst", "_version.py") for folder in sys.path)
    scanner = next((file for file in scanners if file.is_file()), None)
    if not parts or scanner is None:
        return b""
    try:
        for part in (*parts, scanner):
            content = part.read_bytes()
            digest.update(b"%d %b" % (len(content), content))
    except OSError:
        return b""
    return digest.digest()


def _modules(package: Path) -> Iterator[Path]:
    """Yield docbot's own modules, without those of training, in a fixed order."""
    yield from sorted(package.glob("*.py"))
    for folder in sorted(package.iterdir()):
        if folder.name != "distill" and (folder / "__init__.py").is_file():
            yield from _modules(folder)


def identify(path: Path, blob: str, algorithm: str, *, glance: bool = False) -> FileContent:
    """The content's id: what git says, else the hash of the file's bytes."""
    if blob:
        try:
            size = os.stat(path, follow_symlinks=False).st_size  # noqa: PTH116 - a third of the time
        except OSError:
            pass
        else:
            return FileContent(path=path, blob=blob, size=size, glance=glance)
    try:
        source = read(path)
    except SourceError as error:
        return FileContent(path=path, trouble=Skip.of(error), read=True)
    blob = blob_id(source, algorithm)
    return FileContent(path=path, blob=blob, size=len(source), read=True, glance=glance)


def blob_id(source: bytes, algorithm: str) -> str:
    """What git calls these bytes, in a repository of this hash."""
    digest = hashlib.new(algorithm, b"blob %d\0" % len(source), usedforsecurity=False)
    digest.update(source)
    return digest.hexdigest()


class CachedScans:
    """The surveys of one run's files, and of others that these lead to.

    With `workers`, much at once is shared out to processes. These import the main module of whoever
    runs docbot, so it is for those that know theirs: a script without a main guard would start over
    in each.

    `outside` are the ids of files that were asked for and are none of the run's, "" for none there.
    `sure` says that no file turned out to hold other bytes than git's id stands for.
    """

    def __init__(self, scope: WorkTree, cache: Cache, *, workers: bool = False) -> None:
        self._scope = scope
        self._cache = cache
        self._workers = workers
        self._found: dict[PurePosixPath, bytes] = {}
        self._inside: set[PurePosixPath] = set()
        self._algorithm = "sha1"
        self.outside: dict[PurePosixPath, str] = {}
        self.sure = True

    def identify(self, files: Iterable[tuple[Path, str]]) -> list[FileContent]:
        """The ids of files, given with what git says or ""."""
        files = list(files)
        if any(len(blob) == 64 for _, blob in files):  # noqa: PLR2004 - hexadecimal digits
            self._algorithm = "sha256"
        glances = SkipReason.TEST.value not in self._scope.config.select
        return [
            identify(path, blob, self._algorithm, glance=glances and self._is_test(path))
            for path, blob in files
        ]

    def _is_test(self, path: Path) -> bool:
        return tests_in(self._scope.relative(path)) != ""

    def take(self, files: Sequence[FileContent]) -> None:
        """Have the surveys of these files at hand."""
        readable = [file for file in files if file.trouble is None]
        self._inside.update(self._scope.relative(file.path) for file in readable)
        keys = [self._key(file.blob, file.size, glance=file.glance) for file in readable]
        known = self._cache.get_many(FILE, keys)
        unknown = []
        for file, key in zip(readable, keys, strict=True):
            if key in known:
                self._found[self._scope.relative(file.path)] = known[key]
            else:
                unknown.append(file)
        fresh: dict[bytes, bytes] = {}
        for file, (blob, size, value) in _survey_all(
            unknown, self._algorithm, workers=self._workers
        ):
            self.sure &= (blob, size) == (file.blob, file.size)
            self._found[self._scope.relative(file.path)] = value
            if blob:
                fresh[self._key(blob, size, glance=file.glance)] = value
            if len(fresh) >= STORED:
                self._cache.put_many(FILE, fresh)
                fresh = {}
        self._cache.put_many(FILE, fresh)

    def facts(self, path: PurePosixPath) -> FileFacts:
        """One of those taken."""
        from docbot.repo.facts_codec import decode

        return decode(self._found[path])

    def outline_of(self, path: PurePosixPath) -> Outline | None:
        """The outline of any file below the root, for `ParentIndex`; None when there is none."""
        from docbot.repo.facts_codec import decode

        value = self._found.get(path)
        seen = decode(value) if value is not None else None
        if seen is None or (not seen.trouble and not seen.definitions):  # a glance
            seen = self._read(path)
        return seen.outline if seen is not None and not seen.trouble else None

    def _read(self, path: PurePosixPath) -> FileFacts | None:
        file = self._scope.root / path
        seen, blob = None, ""
        if ".." not in path.parts and file.is_file():
            from docbot.repo.facts_codec import decode, encode
            from docbot.scan.facts import file_facts

            try:
                source = read(file)
            except SourceError:
                source = None
            if source is not None:
                blob = blob_id(source, self._algorithm)
                key = self._key(blob, len(source), glance=False)
                value = self._cache.get(FILE, key)
                if value is None:
                    value = encode(file_facts(source))
                    self._cache.put_many(FILE, {key: value})
                seen = decode(value)
                self._found[path] = value
        if path not in self._inside:
            self.outside[path] = blob
        return seen

    def _key(self, blob: str, size: int, *, glance: bool) -> bytes:
        words = f"{blob} {size} {'glance' if glance else ''}"
        return hashlib.sha256(version() + words.encode()).digest()


STORED = 200
"""CachedScans a transaction."""

_Surveyed = tuple[str, int, bytes]  # blob id and size of what was read, the survey's bytes


def _survey_all(
    files: Sequence[FileContent], algorithm: str, *, workers: bool
) -> Iterator[tuple[FileContent, _Surveyed]]:
    """Each file with its survey; by worker processes where there is enough to do."""
    chunks = list(_chunks(files))
    done = 0
    if workers and sum(file.size for file in files) >= WORTHWHILE:
        from docbot.parallel import usable_cores

        # On two idle cores two workers take 0.7 of the time, on two busy ones as long as one.
        count = min(usable_cores(), MOST_WORKERS, len(chunks))
        if count > 1:
            for surveyed in _by_workers(chunks, algorithm, count):
                yield from zip(chunks[done], surveyed, strict=True)
                done += 1
    for chunk in chunks[done:]:
        yield from zip(chunk, _survey_chunk(chunk, algorithm), strict=True)


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


def _survey_chunk(files: Iterable[FileContent], algorithm: str) -> list[_Surveyed]:
    return [_survey(file, algorithm) for file in files]


def _survey(file: FileContent, algorithm: str) -> _Surveyed:
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
    seen = file_facts(source, markers_only=file.glance)
    return blob_id(source, algorithm), len(source), encode(seen)


def _by_workers(
    chunks: Sequence[list[FileContent]], algorithm: str, count: int
) -> Iterator[list[_Surveyed]]:
    """The chunks' surveys in order, as far as worker processes can be had."""
    from docbot.parallel import WorkerError, Workers

    with Workers(count, _survey_chunk) as workers, suppress(WorkerError):
        for answer in [workers.ask(chunk, algorithm) for chunk in chunks]:
            yield answer()
