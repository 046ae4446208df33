"""Read the facts of blobs of a repository's history, from the cache or from git's objects.

They are kept under the same keys as those of the work tree: what a check has read is not read
again. Where there is much to read, worker processes share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from docbot.cache import FILE
from docbot.parallel import Workers, usable_cores
from docbot.repo.facts_codec import decode, decode_outline, encode
from docbot.repo.scans import MOST_WORKERS, WORTHWHILE
from docbot.repo.version import facts_key, version
from docbot.scan.basics import MAX_BYTES
from docbot.scan.facts import FileFacts, file_facts
from docbot.scan.handover_words import may_hand_over
from docbot.scan.markers import FileMarkers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from docbot.cache import Cache
    from docbot.repo.git_objects import Contents
    from docbot.scan.outline import Outline

BATCH = 1000
"""Blobs that are in memory at a time."""

CHUNK = 60_000
"""Bytes that a process takes at once."""


_Decoded = TypeVar("_Decoded")


class BlobFacts:
    """The facts of blobs, by their ids.

    Args:
        contents: The contents of the repository's blobs.
        cache: Where facts are kept.
        required: The kinds of sections that linters ask for, which the cache's keys hold.
        workers: Whether to share the work out to processes.

    """

    def __init__(
        self, contents: Contents, cache: Cache, required: str, *, workers: bool = False
    ) -> None:
        self._contents = contents
        self._cache = cache
        self._required = required
        self._workers = workers
        self._encoded: dict[str, bytes] = {}
        self._outlines: dict[str, Outline | None] = {}
        self._hands_over: dict[str, bool] = {}

    def load(self, blobs: Iterable[str]) -> None:
        """Read the facts of many blobs.

        Raises:
            GitError: this clone lacks one of them.

        """
        new = [blob for blob in dict.fromkeys(blobs) if blob not in self._encoded]
        for start in range(0, len(new), BATCH):
            self._load(new[start : start + BATCH])

    def _load(self, blobs: Sequence[str]) -> None:
        sources: dict[str, bytes] = {}
        for blob in blobs:
            source = self._contents.read_id(blob, MAX_BYTES)
            if source is None:
                problem = f"it is over {MAX_BYTES // 1_000_000} MB"
                too_large = FileFacts(
                    size=MAX_BYTES, markers=FileMarkers(), problem=problem, too_large=True
                )
                self._encoded[blob] = encode(too_large)
            else:
                sources[blob] = source
        keys = {
            blob: facts_key(version(), blob, len(text), self._required)
            for blob, text in sources.items()
        }
        known = self._cache.get_many(FILE, keys.values())
        for blob, key in keys.items():
            if key in known:
                self._encoded[blob] = known[key]
                del sources[blob]
        fresh = dict(self._scan(list(sources.items())))
        self._encoded.update(fresh)
        self._cache.put_many(FILE, {keys[blob]: value for blob, value in fresh.items()})

    def _scan(self, sources: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        chunks = list(_chunks(sources))
        count = min(usable_cores(), MOST_WORKERS, len(chunks))
        if not self._workers or sum(len(text) for _, text in sources) < WORTHWHILE or count < 2:  # noqa: PLR2004 - two processes
            for chunk in chunks:
                yield from scan_chunk(chunk)
            return
        with Workers(count - 1, scan_chunk, copies=True) as others:
            for _, answers in others.share([(chunk,) for chunk in chunks]):
                yield from answers

    def facts(self, blob: str) -> FileFacts:
        """Return the facts of a blob."""
        return self._decoded(blob, decode)

    def outline(self, blob: str) -> Outline | None:
        """Return the outline of a blob without its entries; None where it cannot be read."""
        if blob not in self._outlines:
            self._outlines[blob] = self._decoded(blob, decode_outline)
        return self._outlines[blob]

    def shape(self, blob: str) -> bytes:
        """Return what outlines of blobs are compared by: equal ones are the same."""
        self.load([blob])
        return self._encoded[blob].partition(b"\n")[0].partition(b",")[2]  # without the size

    def _decoded(self, blob: str, decoder: Callable[[bytes], _Decoded]) -> _Decoded:
        self.load([blob])
        try:
            return decoder(self._encoded[blob])
        except ValueError:  # a row that docbot did not write
            source = self.source(blob)
            self._encoded[blob] = scan_chunk([(blob, source or b"")])[0][1]
            return decoder(self._encoded[blob])

    def may_hand_over(self, blob: str) -> bool:
        """Check whether a file may hand over what others define, or read their docstrings."""
        if blob not in self._hands_over:
            source = self.source(blob)
            self._hands_over[blob] = source is not None and may_hand_over(source)
        return self._hands_over[blob]

    def source(self, blob: str) -> bytes | None:
        """Return the bytes of a blob; None for a very large one."""
        return self._contents.read_id(blob, MAX_BYTES)


def scan_chunk(sources: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Read the facts of blobs, each by its id and its bytes, and serialise them."""
    return [(blob, encode(file_facts(text))) for blob, text in sources]


def _chunks(sources: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    chunk: list[tuple[str, bytes]] = []
    size = 0
    for blob, text in sources:
        chunk.append((blob, text))
        size += len(text)
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
