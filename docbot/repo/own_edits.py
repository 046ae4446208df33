"""Tell files that only docbot has changed from those with changes of the user's.

The undo patch has what docbot wrote since the last commit. A file counts as clean if what the last
commit and the index have of it is the file on disk without some of these edits: all of them after a
run, fewer where the user has staged or committed some.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from docbot.errors import GitError, SourceError
from docbot.repo.diff import changes_between
from docbot.repo.write import read
from docbot.scan.basics import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from docbot.repo.git import Repository

_Edit = tuple[int, list[bytes], list[bytes]]
"""The index of the first new line, the old lines, the new lines."""

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def only_own_edits(repository: Repository, patches: Mapping[Path, bytes]) -> frozenset[Path]:
    """Return those files whose uncommitted changes are all in docbot's patches of them."""
    own = set()
    try:
        with repository.contents() as contents:
            for path, patch in patches.items():
                name = path.relative_to(repository.root).as_posix()
                bases = [contents.find(f"{which}:{name}", MAX_BYTES) for which in ("HEAD", ":0")]
                if _explains(patch, path, bases):
                    own.add(path)
    except GitError:  # then nobody knows
        return frozenset()
    return frozenset(own)


def _explains(patch: bytes, path: Path, bases: Sequence[bytes | None]) -> bool:
    """Check whether a patch has all that the file on disk has and its bases have not."""
    try:
        after = read(path)
        before = take_back(patch, after)
    except (SourceError, ValueError):
        return False
    return all(
        base is not None and _is_between(_like(base, after), before, after) for base in bases
    )


def _like(base: bytes, content: bytes) -> bytes:
    """Return git's content with the line ends that it has on disk, where git converts them."""
    is_converted = b"\r\n" in content and b"\r\n" not in base
    return base.replace(b"\n", b"\r\n") if is_converted else base


def take_back(patch: bytes, content: bytes) -> bytes:
    """Return the content without what is still there of what patches of `unified_diff` did.

    Args:
        patch: One patch after another, in the order in which they were applied.
        content: The content after them all; lines may have moved since, and some may be gone.

    Raises:
        ValueError: somebody edited the patch.

    """
    lines = io.BytesIO(content).readlines()
    for first, old, new in reversed(list(_edits(_whole_lines(patch)))):
        at = _find(lines, new, first)
        if at is not None:
            lines[at : at + len(new)] = old
    return b"".join(lines)


def _whole_lines(patch: bytes) -> list[bytes]:
    """Split a patch into lines; one at the end of a file that lacks a line feed has none here."""
    lines: list[bytes] = []
    for line in io.BytesIO(patch):
        if line.startswith(b"\\") and lines:  # "\ No newline at end of file"
            lines[-1] = lines[-1].removesuffix(b"\n")
        else:
            lines.append(line)
    return lines


def _edits(lines: Iterable[bytes]) -> Iterator[_Edit]:
    """Yield each edit of patches, with the line above it, which says where it is.

    Raises:
        ValueError: a hunk has another line than its header says.

    """
    rest = iter(lines)
    for line in rest:
        if header := _HUNK.match(line):
            removed, added = (int(header[at] or b"1") for at in (1, 3))
            yield from _edits_of_hunk(rest, int(header[2]) - (added > 0), removed, added)


def _edits_of_hunk(rest: Iterator[bytes], at: int, removed: int, added: int) -> Iterator[_Edit]:
    old: list[bytes] = []
    new: list[bytes] = []
    is_edited = False
    while removed or added:
        mark, text = (line := next(rest, b""))[:1], line[1:]
        if mark not in (b" ", b"-", b"+") or removed < (mark != b"+") or added < (mark != b"-"):
            raise ValueError("a hunk has another line than its header says")
        removed, added = removed - (mark != b"+"), added - (mark != b"-")
        if mark == b" ":
            if is_edited:
                yield at, old, new
            at, old, new, is_edited = at + len(new), [text], [text], False
            continue
        is_edited = True
        (old if mark == b"-" else new).append(text)
    if is_edited:
        yield at, old, new


def _find(lines: Sequence[bytes], part: Sequence[bytes], at: int) -> int | None:
    """Return the index nearest to `at` at which these lines are; None if they are nowhere."""
    last = len(lines) - len(part)
    places = [at] if lines[at : at + len(part)] == part else []
    places = places or [k for k in range(last + 1) if lines[k : k + len(part)] == part]
    return min(places, key=lambda place: abs(place - at), default=None)


def _is_between(content: bytes, before: bytes, after: bytes) -> bool:
    """Check whether a content is `before` with some of the changes that lead to `after`."""
    lines, old, new = (io.BytesIO(each).readlines() for each in (content, before, after))
    ends, start = {0}, 0
    for change in changes_between(old, new):
        ends = _after(lines, ends, [old[start : change.i1]])
        ends = _after(lines, ends, [old[change.i1 : change.i2], new[change.j1 : change.j2]])
        start = change.i2
    return len(lines) in _after(lines, ends, [old[start:]])


def _after(
    lines: Sequence[bytes], starts: Iterable[int], parts: Sequence[Sequence[bytes]]
) -> set[int]:
    """Return where one of the parts ends that begins at one of the starts."""
    return {
        start + len(part)
        for start in starts
        for part in parts
        if lines[start : start + len(part)] == part
    }
