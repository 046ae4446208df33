"""Read the facts of many files, from the cache or the disk, and judge them, by worker processes.

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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from docbot.cache import FILE
from docbot.errors import SourceError, TooLargeError
from docbot.repo.folders import doubtful_folders, folders_on_disk
from docbot.repo.readers import Readers
from docbot.repo.version import facts_key, version
from docbot.repo.write import read
from docbot.scan.basics import MAX_BYTES
from docbot.scan.markers import FileMarkers
from docbot.select.rules import test_reason
from docbot.select.skip import Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from docbot.cache import Cache
    from docbot.config import Config
    from docbot.drift.drift import Drift
    from docbot.repo.git import Lines
    from docbot.repo.worktree import WorkTree
    from docbot.scan.facts import FileFacts
    from docbot.scan.outline import Outline
    from docbot.select.verdicts import FileVerdict

WORTHWHILE = 500_000
"""Bytes from which worker processes save time: about a sixth of a second of work."""

CHUNK = 200_000
"""Most bytes that a worker takes at once."""

SMALLEST_CHUNK = 30_000
"""Bytes of the last chunks: no process waits long for another."""

KNOWN = 8
"""The number of bytes, of a file whose facts are known, that take the time of one that is read."""

MOST_WORKERS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class FileContent:
    """A file, identified by its content.

    Attributes:
        path: Where it is.
        blob: The git blob id of its bytes.
        size: Its size in bytes.
        read: Whether it had to be read for the id.
        problem: Why it cannot be read.
        markers_only: Whether nothing but its header comments counts.

    """

    path: Path
    blob: str = ""
    size: int = 0
    read: bool = False
    problem: Skip | None = None
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
        return FileContent(path=path, problem=Skip.of(error), read=True)
    blob = blob_id(source, algorithm)
    return FileContent(path=path, blob=blob, size=len(source), read=True, markers_only=markers_only)


def blob_id(source: bytes, algorithm: str) -> str:
    """Return the git blob id of these bytes, in a repository of this hash."""
    digest = hashlib.new(algorithm, b"blob %d\0" % len(source), usedforsecurity=False)
    digest.update(source)
    return digest.hexdigest()


class CachedScans:
    """The facts of one run's files, and of others that these lead to.

    With `workers`, much at once is shared out to processes. Where they cannot be copies of this
    one, they import the main module of the program that runs docbot, so it is for programs with a
    main guard: without one, a script would start over in each process.

    Attributes:
        outside: The ids of files that were asked for and are not among the run's; "" for no file.
        folders: What was seen of folders whose names alone do not say what they are.
        readers: The files that may read docstrings of others.
        sure: Whether every file held the bytes that git's id stands for.

    """

    def __init__(self, worktree: WorkTree, cache: Cache, *, workers: bool = False) -> None:
        self._worktree = worktree
        self._cache = cache
        self._workers = workers
        self._required = " ".join(sorted(worktree.config.required_sections))
        self._encoded_facts: dict[PurePosixPath, bytes] = {}
        self._inside: set[PurePosixPath] = set()
        self._algorithm = "sha1"
        self.outside: dict[PurePosixPath, str] = {}
        self.folders: dict[str, str] = {}
        self.readers = Readers(worktree)
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

    def judge_folders(self, paths: Iterable[PurePosixPath]) -> None:
        """Note what the folders are that may be left out for what they hold."""
        folders = folders_on_disk(str(self._worktree.root))
        doubtful = doubtful_folders(f"{path}/" for path in paths)
        self.folders = {folder: folders.judge(folder) for folder in doubtful}

    @contextmanager
    def judging(
        self, files: Sequence[tuple[PurePosixPath, FileContent, Lines | None]], config: Config
    ) -> Iterator[Iterator[tuple[PurePosixPath, FileVerdict]]]:
        """Judge readable files, each with the lines in question; give verdicts as they come.

        Worker processes start at once: what has threads must be started in the context.
        """
        self._inside.update(path for path, _, _ in files)
        keys = [
            self._key(file.blob, file.size, markers_only=file.markers_only) for _, file, _ in files
        ]
        known = self._cache.get_many(FILE, keys)
        tasks = [
            _Task(
                path=str(path),
                file=os.fspath(file.path),
                size=file.size,
                markers_only=file.markers_only,
                changed=changed,
                facts=known.get(key),
                blob=file.blob,
            )
            for (path, file, changed), key in zip(files, keys, strict=True)
        ]
        with _results(tasks, self._algorithm, config, workers=self._workers) as results:
            yield self._keep(results)

    def _keep(
        self, results: Iterator[tuple[_Task, _Answer]]
    ) -> Iterator[tuple[PurePosixPath, FileVerdict]]:
        """Keep the facts of the files for `outline_of`, and those that are new in the cache."""
        fresh: dict[bytes, bytes] = {}
        for task, (verdict, facts, blob, size) in results:
            path = PurePosixPath(task.path)
            self._encoded_facts[path] = facts or task.facts or b""
            if verdict.hands_over:
                self.readers.judged.append(path)
            if facts:
                self.sure &= (blob, size) == (task.blob, task.size)
                if blob:
                    fresh[self._key(blob, size, markers_only=task.markers_only)] = facts
                if len(fresh) >= STORED:
                    self._cache.put_many(FILE, fresh)
                    fresh = {}
            yield path, verdict
        self._cache.put_many(FILE, fresh)

    def outline_of(self, path: PurePosixPath) -> Outline | None:
        """Return the outline of any file below the root; None where there is none.

        Its entries are left out: other files do not need them.
        """
        from docbot.repo.facts_codec import decode_outline, has_outline

        value = self._encoded_facts.get(path)
        with suppress(ValueError):  # a row that docbot did not write
            if value is not None and has_outline(value):
                return decode_outline(value)
        value = self._read(path)
        return decode_outline(value) if value is not None else None

    def facts_of(self, path: PurePosixPath) -> FileFacts:
        """Return the facts of a file that was judged."""
        from docbot.repo.facts_codec import decode

        return decode(self._encoded_facts[path])

    def _read(self, path: PurePosixPath) -> bytes | None:
        file = self._worktree.root / path
        value, blob = None, ""
        if ".." not in path.parts and file.is_file():
            try:
                source = read(file)
            except SourceError:
                source = None
            if source is not None:
                blob = blob_id(source, self._algorithm)
                value = self._known_or_read(blob, source)
                self._encoded_facts[path] = value
        if path not in self._inside:
            self.outside[path] = blob
        return value

    def _known_or_read(self, blob: str, source: bytes) -> bytes:
        from docbot.repo.facts_codec import decode_outline, encode
        from docbot.scan.facts import file_facts

        key = self._key(blob, len(source), markers_only=False)
        value = self._cache.get(FILE, key)
        if value is not None:
            with suppress(ValueError):  # a row that docbot did not write
                decode_outline(value)
                return value
        value = encode(file_facts(source))
        self._cache.put_many(FILE, {key: value})
        return value

    def _key(self, blob: str, size: int, *, markers_only: bool) -> bytes:
        return facts_key(version(), blob, size, self._required, markers_only=markers_only)


STORED = 200
"""Facts stored in one transaction."""


class _Task(NamedTuple):
    """A file to judge: where it is from the root and on disk, and its facts if they are known."""

    path: str
    file: str
    size: int
    markers_only: bool
    changed: Lines | None
    facts: bytes | None
    blob: str


_Answer = tuple["FileVerdict", bytes, str, int]  # with the facts, blob id and size of what was read


@contextmanager
def _results(
    tasks: Sequence[_Task], algorithm: str, config: Config, *, workers: bool
) -> Iterator[Iterator[tuple[_Task, _Answer]]]:
    """Judge files, in any order; by worker processes, too, where there is enough to do."""
    count, load = 1, sum(_load(task) for task in tasks)
    if workers and load >= WORTHWHILE:
        from docbot.parallel import usable_cores

        count = min(usable_cores(), MOST_WORKERS)
    chunks = list(_chunks(tasks, load, count))
    if count == 1:
        answers = ((at, _judge_chunk(chunk, algorithm, config)) for at, chunk in enumerate(chunks))
        yield _one_by_one(chunks, answers)
        return
    from docbot.parallel import Workers

    _load_modules()
    with Workers(count - 1, _judge_chunk, copies=True) as others:
        others.start()
        requests = [(chunk, algorithm, config) for chunk in chunks]
        yield _one_by_one(chunks, others.share(requests))


def _one_by_one(
    chunks: Sequence[list[_Task]], answers: Iterable[tuple[int, list[_Answer]]]
) -> Iterator[tuple[_Task, _Answer]]:
    for at, results in answers:
        yield from zip(chunks[at], results, strict=True)


def _load(task: _Task) -> int:
    return task.size if task.facts is None else task.size // KNOWN


def _chunks(tasks: Iterable[_Task], load: int, count: int) -> Iterator[list[_Task]]:
    """Split the tasks for so many processes: the less is left, the smaller are the chunks."""
    chunk: list[_Task] = []
    size = 0
    for task in tasks:
        chunk.append(task)
        size += _load(task)
        if size >= min(CHUNK, max(SMALLEST_CHUNK, load // (4 * count))):
            yield chunk
            load -= size
            chunk, size = [], 0
    if chunk:
        yield chunk


def _load_modules() -> None:
    """Import what every process needs, once for them all."""
    from docbot.drift import find  # noqa: F401
    from docbot.repo import facts_codec  # noqa: F401
    from docbot.scan import facts  # noqa: F401
    from docbot.select import verdicts  # noqa: F401


def _judge_chunk(tasks: Iterable[_Task], algorithm: str, config: Config) -> list[_Answer]:
    from docbot.repo.facts_codec import encode
    from docbot.select.verdicts import judge_file

    wants_drifts = config.stale != "off"
    answers = []
    for task in tasks:
        known = _decoded(task)
        if known is not None and not (wants_drifts and known[1] is None):
            (facts, drifts), blob, size, fresh = known, task.blob, task.size, b""
        else:
            facts, drifts, blob, size = _read_file(
                task, algorithm, drifts=wants_drifts, required=config.required_sections
            )
            fresh = encode(facts, drifts)
        verdict = judge_file(PurePosixPath(task.path), facts, config, task.changed)
        if wants_drifts and drifts and verdict.skip is None and task.changed is None:
            verdict = verdict._replace(drifts=drifts)
        answers.append((verdict, fresh, blob, size))
    return answers


def _decoded(task: _Task) -> tuple[FileFacts, tuple[Drift, ...] | None] | None:
    """Return the cached facts and drifts of a file; None for a row that docbot did not write."""
    from docbot.repo.facts_codec import decode, decode_drifts

    with suppress(ValueError):
        if task.facts is not None:
            return decode(task.facts), decode_drifts(task.facts)
    return None


def _read_file(
    task: _Task, algorithm: str, *, drifts: bool, required: frozenset[str]
) -> tuple[FileFacts, tuple[Drift, ...] | None, str, int]:
    """Read the facts of a file, its drifts if they are wanted, its blob id and its size.

    The last two are "" and 0 where the facts do not follow from them.
    """
    from docbot.scan.facts import FileFacts, parse_facts

    try:
        source = read(Path(task.file))
    except SourceError as error:
        too_large = isinstance(error, TooLargeError)
        unreadable = FileFacts(
            size=task.size, markers=FileMarkers(), problem=str(error), too_large=too_large
        )
        is_size_enough = too_large and task.size > MAX_BYTES
        return (unreadable, (), task.blob, task.size) if is_size_enough else (unreadable, (), "", 0)
    facts, parsed = parse_facts(source, markers_only=task.markers_only)
    found: tuple[Drift, ...] | None = () if drifts else None
    if drifts and parsed is not None:
        from docbot.drift.find import find_drifts

        drifts_found = find_drifts(*parsed, required=required)
        found = tuple(replace(drift, changes=()) for drift in drifts_found)
    return facts, found, blob_id(source, algorithm), len(source)
