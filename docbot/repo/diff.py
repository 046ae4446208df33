"""Read and write unified diffs.

`hunks` reads one file's patch as GitHub sends it, `changed_lines` reads a whole diff of git's
without context, and `unified_diff` writes a patch that `git apply` accepts. The reading functions
count lines as the hunk's header says and never recognise them by their content: an added line may
look like any header.
"""

from __future__ import annotations

import difflib
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path, PurePosixPath

    Lines = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunk:
    """The right side of a hunk: consecutive lines of the new file.

    Attributes:
        first: Number of the first line, from 1.
        lines: The lines, without the line feed and the carriage return before it.

    """

    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        """Return the number of the last line; `first - 1` where the right side is empty."""
        return self.first + len(self.lines) - 1


_HEADER = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")


def hunks(patch: str | None) -> tuple[Hunk, ...]:
    """Read the hunks of one file's `patch` in GitHub's response.

    GitHub sends no patch for binary files, for files that were only renamed, and for large diffs:
    then there are no hunks. Of a patch that was cut, the hunks have the lines that are there.

    Raises:
        ReviewError: the patch has lines outside its hunks, or lines that its headers contradict.

    """
    if not patch:
        return ()
    lines = iter(patch.removesuffix("\n").encode("utf-8", "surrogatepass").split(b"\n"))
    parsed = []
    for line in lines:
        if header := _HEADER.match(line):
            parsed.append(_read_hunk(header, lines))
        elif line and not line.startswith(b"\\"):
            raise ReviewError("a patch has a line outside its hunks; what it shows is not known")
    return tuple(parsed)


def is_shown(hunks: Sequence[Hunk], first: int, last: int) -> bool:
    """Check whether one hunk contains lines `first` to `last` of the new file."""
    return any(hunk.first <= first <= last <= hunk.last for hunk in hunks)


def line_text(hunks: Sequence[Hunk], line: int) -> str | None:
    """Return a line of the new file, or None where no hunk contains it."""
    for hunk in hunks:
        if hunk.first <= line <= hunk.last:
            return hunk.lines[line - hunk.first]
    return None


def _read_hunk(header: re.Match[bytes], lines: Iterator[bytes]) -> Hunk:
    removed, added = (int(header[at] or b"1") for at in (2, 4))
    right = []
    while (removed or added) and (line := next(lines, None)) is not None:
        mark = line[:1] or b" "  # an empty line whose space was stripped on the way
        if mark == b"\\":  # "\ No newline at end of file"
            continue
        if mark not in (b" ", b"+", b"-"):
            raise ReviewError("a hunk has a line that is no line of a diff")
        removed -= mark in (b" ", b"-")
        added -= mark in (b" ", b"+")
        if mark != b"-":
            right.append(line[1:].removesuffix(b"\r").decode("utf-8", "surrogateescape"))
        if removed < 0 or added < 0:
            raise ReviewError("a hunk has more lines than its header says")
    return Hunk(first=int(header[3]), lines=tuple(right))


def unified_diff(path: PurePosixPath, before: bytes, after: bytes) -> bytes:
    """Write a patch that `git apply` accepts, byte for byte; b"" when nothing changed.

    Where only lines are added and blank ones removed, as for new docstrings, the patch has exactly
    those changes. `difflib` finds more: in long files it counts frequent lines as removed and
    added. It is asked where other lines changed, as in a docstring that was mended.

    Args:
        path: The file's path from the root of the repository.
        before: The old content.
        after: The new content.

    """
    # as in git, a line ends at a line feed and nowhere else
    old, new = io.BytesIO(before).readlines(), io.BytesIO(after).readlines()
    body = [
        line
        for group in _group(changes_between(old, new))
        for line in _format_hunk(group, old, new)
    ]
    if not body:
        return b""
    names = [b"--- %s\n" % _name(f"a/{path}"), b"+++ %s\n" % _name(f"b/{path}")]
    marker = b"\n\\ No newline at end of file\n"
    return b"".join(line if line.endswith(b"\n") else line + marker for line in (*names, *body))


CONTEXT = 3
"""Unchanged lines that a patch has around a change."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change: the old lines `i1:i2` became the new lines `j1:j2`, counted from 0."""

    i1: int
    i2: int
    j1: int
    j2: int


def changes_between(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """Find the changes between two files, as lines; `unified_diff` says how."""
    changes = list(_additions(old, new))
    if any(line.strip() for change in changes for line in old[change.i1 : change.i2]):
        return list(_replacements(old, new))
    return changes


def _replacements(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Change]:
    """Find the changes between two files of which any lines may differ."""
    start = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0
    )
    matcher = difflib.SequenceMatcher(None, old[start:], new[start:], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield Change(start + i1, start + i2, start + j1, start + j2)


def _additions(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Change]:
    """Find the changes between two files if only blank lines of the old one are gone."""
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i] == new[j]:
            i, j = i + 1, j + 1
            continue
        i2, j2 = _resume(old, i, new, j)
        yield Change(i, i2, j, j2)
        i, j = i2, j2


def _resume(old: Sequence[bytes], i: int, new: Sequence[bytes], j: int) -> tuple[int, int]:
    """Find where old and new lines agree again if only blank ones were removed, or the ends."""
    i2 = next((k for k in range(i, len(old)) if old[k].strip()), len(old))
    try:
        j2 = new.index(old[i2], j) if i2 < len(old) else len(new)
    except ValueError:
        return len(old), len(new)
    while i2 > i and j2 > j and old[i2 - 1] == new[j2 - 1]:  # blank lines that were not removed
        i2, j2 = i2 - 1, j2 - 1
    return i2, j2


def _group(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Group the changes into hunks; changes whose contexts would touch share one."""
    group: list[Change] = []
    for change in changes:
        if group and change.i1 - group[-1].i2 > 2 * CONTEXT:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _format_hunk(
    group: Sequence[Change], old: Sequence[bytes], new: Sequence[bytes]
) -> Iterator[bytes]:
    start = max(0, group[0].i1 - CONTEXT)
    end = min(len(old), group[-1].i2 + CONTEXT)
    shift = group[0].j1 - group[0].i1
    new_end = group[-1].j2 + end - group[-1].i2
    yield b"@@ -%s +%s @@\n" % (_range(start, end), _range(start + shift, new_end))
    for change in group:
        yield from (b" " + line for line in old[start : change.i1])
        yield from (b"-" + line for line in old[change.i1 : change.i2])
        yield from (b"+" + line for line in new[change.j1 : change.j2])
        start = change.i2
    yield from (b" " + line for line in old[start:end])


def _range(start: int, end: int) -> bytes:
    """Write a range of lines from 1; an empty range names the line before it."""
    return b"%d,%d" % (start + (end > start), end - start)


def _name(name: str) -> bytes:
    """Write a name as git does: behind one with spaces a tab says where it ends."""
    return _quote(name) + (b"\t" if " " in name else b"")


def _quote(name: str) -> bytes:
    """Quote a name as git does in a patch: as a C string if it has unusual characters."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):  # noqa: PLR2004 - ASCII
        return raw
    spelt = (chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in raw)  # noqa: PLR2004
    return b'"' + "".join(spelt).encode() + b'"'


def changed_lines(patch: bytes) -> dict[bytes, Lines]:
    """Return the changed lines of each new file in a patch without context.

    Ranges of lines are from 1 and inclusive; a pure deletion gives the lines on either side of it.
    Keys are the files' names without git's quotes.
    """
    files: dict[bytes, list[tuple[int, int]]] = {}
    ranges: list[tuple[int, int]] = []
    lines = iter(patch.split(b"\n"))
    for line in lines:
        if line.startswith(b"+++ "):
            ranges = files.setdefault(unquote(line[4:])[2:], [])  # without "b/"
        elif header := _HEADER.match(line):
            removed, first, added = (int(header[at] or b"1") for at in (2, 3, 4))
            ranges.append((first, first + added - 1) if added else (max(first, 1), first + 1))
            remaining = removed + added
            while remaining:
                remaining -= not next(lines).startswith(b"\\")  # "\ No newline at end of file"
    return {name: tuple(ranges) for name, ranges in files.items()}


_ESCAPES = bytes.maketrans(b"abtnvfr", b"\a\b\t\n\v\f\r")


def unquote(name: bytes) -> bytes:
    """Read the path of a `+++` line: remove git's quotes, or the tab after a path with a space."""
    if not name.startswith(b'"'):
        return name.removesuffix(b"\t")
    return re.sub(rb"\\([0-3][0-7]{2}|.)", _unescape, name[1 : name.rindex(b'"')])


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if len(code) == 3 else code.translate(_ESCAPES)  # noqa: PLR2004


def common_lines(left: Mapping[Path, Lines], right: Mapping[Path, Lines]) -> dict[Path, Lines]:
    """Return the lines of each file that both have."""
    both = {
        path: tuple(
            (max(first, start), min(last, end))
            for first, last in left[path]
            for start, end in right[path]
            if first <= end and start <= last
        )
        for path in left.keys() & right.keys()
    }
    return {path: lines for path, lines in both.items() if lines}
