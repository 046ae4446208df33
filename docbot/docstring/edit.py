"""Docstring text to a byte span, spliced into the file as it is; never a reprint of the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docbot.scan.definition import Anchor, Definition


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
