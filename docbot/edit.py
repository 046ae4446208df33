"""Docstring text to a byte span, spliced into the file as it is; never a reprint of the tree."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import PurePosixPath

    from docbot.definition import Anchor, Definition


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """Replace the bytes `start:end` of the file, blank lines or nothing, by `text`."""

    start: int
    end: int
    text: bytes
    qualname: str = ""
    line: int = 0


def edit(literal: str, definition: Definition, anchor: Anchor, encoding: str) -> Edit:
    """The splice that makes `literal` the first statement of the definition's body.

    Args:
        literal: A string literal with line feeds between its lines, the first not indented.
        definition: Whose docstring it becomes.
        anchor: Where it goes.
        encoding: The file's own encoding.

    Raises:
        UnicodeEncodeError: the encoding has no such character.

    """
    text = f"{anchor.indent}{literal}\n" + "\n" * anchor.blank_after
    return Edit(
        start=anchor.start,
        end=anchor.end,
        text=text.replace("\n", anchor.newline).encode(encoding),
        qualname=definition.qualname,
        line=definition.line,
    )


def apply(source: bytes, edits: Iterable[Edit]) -> bytes:
    """The file with all edits made; they must not overlap."""
    out: list[bytes] = []
    at = 0
    for edit_ in sorted(edits, key=lambda e: e.start):
        if edit_.start < at:
            raise ValueError(f"edits overlap at byte {edit_.start}")
        out += [source[at : edit_.start], edit_.text]
        at = edit_.end
    return b"".join([*out, source[at:]])


def unified_diff(path: PurePosixPath, before: bytes, after: bytes) -> bytes:
    """A patch that `git apply` takes, byte for byte; b"" when nothing changed.

    Where lines were added and blank ones removed, as docbot's edits do, the patch says that and no
    more. `difflib` does not: in files of many lines it takes frequent ones for removed and added.
    """
    # as git: a line ends at a line feed and nowhere else
    old, new = io.BytesIO(before).readlines(), io.BytesIO(after).readlines()
    hunks = [line for group in _grouped(_changes(old, new)) for line in _hunk(group, old, new)]
    if not hunks:
        return b""
    names = [b"--- %s\n" % _quoted(f"a/{path}"), b"+++ %s\n" % _quoted(f"b/{path}")]
    marker = b"\n\\ No newline at end of file\n"
    return b"".join(line if line.endswith(b"\n") else line + marker for line in (*names, *hunks))


CONTEXT = 3
"""Unchanged lines that a patch shows around a change."""


@dataclass(frozen=True, slots=True)
class _Change:
    """The old lines `i1:i2` became the new lines `j1:j2`."""

    i1: int
    i2: int
    j1: int
    j2: int


def _changes(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[_Change]:
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i] == new[j]:
            i, j = i + 1, j + 1
            continue
        i2, j2 = _resume(old, i, new, j)
        yield _Change(i, i2, j, j2)
        i, j = i2, j2


def _resume(old: Sequence[bytes], i: int, new: Sequence[bytes], j: int) -> tuple[int, int]:
    """Where old and new lines agree again if only blank ones were removed; else their ends."""
    k = next((at for at in range(i, len(old)) if old[at].strip()), len(old))
    try:
        there = new.index(old[k], j) if k < len(old) else len(new)
    except ValueError:
        return len(old), len(new)
    while k > i and there > j and old[k - 1] == new[there - 1]:  # blank lines that stayed
        k, there = k - 1, there - 1
    return k, there


def _grouped(changes: Iterable[_Change]) -> Iterator[list[_Change]]:
    """Changes whose contexts would touch stand in one hunk."""
    group: list[_Change] = []
    for change in changes:
        if group and change.i1 - group[-1].i2 > 2 * CONTEXT:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _hunk(group: Sequence[_Change], old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
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
    """Lines counted from 1; an empty range names the line before it."""
    return b"%d,%d" % (start + (end > start), end - start)


def _quoted(name: str) -> bytes:
    """The name as git spells it in a patch: C-quoted when it holds anything unusual."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):  # noqa: PLR2004 - ASCII
        return raw
    spelt = (chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in raw)  # noqa: PLR2004
    return b'"' + "".join(spelt).encode() + b'"'
