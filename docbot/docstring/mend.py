"""Mend a docstring that a file has: the fewest bytes of its literal, and only where that is safe.

Where a change might not read as it was meant, or cannot be written in the file's encoding, there
are no edits at all; the finding is then left for a person.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from docbot.docstring.edit import Edit
from docbot.drift.docstring import Span
from docbot.drift.drift import Change
from docbot.errors import SourceError
from docbot.scan.basics import docstring_of
from docbot.scan.parse import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.drift.literal import Literal
    from docbot.scan.source import Text


def mend_edits(
    literal: Literal, changes: Sequence[Change], text: Text, *, qualname: str, line: int
) -> tuple[Edit, ...] | None:
    """Make the edits for the changes of one docstring; None where one of them is unsafe.

    What a change leaves as it is at either end of its span is no part of its edit, and a change
    that changes nothing has none.

    Args:
        literal: The docstring's place in the file.
        changes: Replacements in its text; of two at one place the first comes first.
        text: The file.
        qualname: The qualified name of the definition that the docstring belongs to.
        line: The line of that definition.

    """
    changes = sorted(changes, key=lambda change: change.span)
    if not literal.exact or not _are_apart(changes, len(literal.text)):
        return None
    least = [_trimmed(change, literal.text) for change in changes]
    least = [change for change in least if change.text or change.span.start < change.span.end]
    if not literal.is_raw and any("\\" in change.text for change in least):
        return None
    if not _reads_as_written(literal, least):
        return None
    edits = []
    for change in least:
        edit = _edit(literal, change, text)
        if edit is None:
            return None
        edits.append(replace(edit, qualname=qualname, line=line))
    return tuple(edits)


def _are_apart(changes: Sequence[Change], length: int) -> bool:
    """Check that sorted changes lie within a text of this length, and do not overlap."""
    ends = [0, *(end for change in changes for end in change.span), length]
    return all(a <= b for a, b in pairwise(ends))


def _trimmed(change: Change, text: str) -> Change:
    """Return the change without what it leaves as it is at either end of its span."""
    old, new = change.span.of(text), change.text
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    span = Span(change.span.start + head, change.span.end - tail)
    return Change(span, new[head : len(new) - tail])


def _shared(one: str, other: str) -> int:
    """Return the number of characters with which both begin."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)


def _reads_as_written(literal: Literal, changes: Sequence[Change]) -> bool:
    """Check that Python reads the changed literal as the text that it is meant to hold.

    It would not if the text closed the quotes, or if a backslash came before another character.
    """
    parts: list[str] = []
    at = 0
    for change in changes:
        parts += [literal.text[at : change.span.start], change.text]
        at = change.span.end
    text = "".join([*parts, literal.text[at:]])
    try:
        return docstring_of(parse(f"{literal.opening}{text}{literal.quotes}\n")) == text
    except SourceError:
        return False


def _edit(literal: Literal, change: Change, text: Text) -> Edit | None:
    """Make the edit for one change; None where the file's encoding has no bytes for it."""
    start, end = map(literal.utf8_at, change.span)
    new = change.text.replace("\n", _newline(start, text))
    try:
        written = new.encode(text.encoding)
    except UnicodeEncodeError:
        return None
    if not (_can_cut(start, text) and _can_cut(end, text)):
        return None
    return Edit(start=text.offset(start), end=text.offset(end), text=written, replaces=True)


def _newline(utf8: int, text: Text) -> str:
    """Return the ending of the line above an offset; on the first line, its own."""
    end = text.utf8.rfind(b"\n", 0, utf8)
    if end < 0:
        end = text.utf8.find(b"\n", utf8)
    return "\r\n" if end > 0 and text.utf8[end - 1 : end] == b"\r" else "\n"


def _can_cut(utf8: int, text: Text) -> bool:
    """Check that the file's bytes can be cut here: ISO-2022 has states that a cut would end."""
    if text.encoding == "utf-8":
        return True
    parts = (text.utf8[:utf8], text.utf8[utf8:], text.utf8)
    head, tail, whole = (part.decode().encode(text.encoding) for part in parts)
    return head + tail == whole
