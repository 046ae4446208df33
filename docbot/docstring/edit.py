"""Insert and change docstrings in the bytes of a file, which is otherwise left as it is.

The tree is never printed again: an edit replaces a span of bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docbot.scan.definition import Anchor, Definition


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One replacement: the bytes `start:end` of a file become `text`.

    Attributes:
        start: The first byte that is replaced.
        end: The byte past the last one.
        text: The new bytes.
        qualname: The qualified name of the definition whose docstring it is.
        line: The line of that definition.
        replaces: Whether the bytes are a part of the docstring that the definition has; otherwise
            they are blank lines or nothing, and the text is a new docstring.

    """

    start: int
    end: int
    text: bytes
    qualname: str = ""
    line: int = 0
    replaces: bool = False


def make_edit(literal: str, definition: Definition, anchor: Anchor, encoding: str) -> Edit:
    """Make the edit that puts `literal` first in the definition's body.

    Args:
        literal: A string literal with line feeds between its lines, the first not indented.
        definition: The definition whose docstring it becomes.
        anchor: The place where it goes.
        encoding: The file's own encoding.

    Raises:
        UnicodeEncodeError: the encoding lacks one of its characters.

    """
    text = f"{anchor.indent}{literal}\n" + "\n" * anchor.blank_after
    return Edit(
        start=anchor.start,
        end=anchor.end,
        text=text.replace("\n", anchor.newline).encode(encoding),
        qualname=definition.qualname,
        line=definition.line,
    )


def apply_edits(source: bytes, edits: Iterable[Edit]) -> bytes:
    """Return the file with all edits made.

    Raises:
        ValueError: two edits overlap.

    """
    parts: list[bytes] = []
    end = 0
    for splice in sorted(edits, key=lambda make_edit: make_edit.start):
        if splice.start < end:
            raise ValueError(f"edits overlap at byte {splice.start}")
        parts += [source[end : splice.start], splice.text]
        end = splice.end
    return b"".join([*parts, source[end:]])
