"""Cut a docstring into lines with their indentation, and lines into blocks.

Indentation is measured from the docstring's margin, as `inspect.cleandoc` finds it, while every
offset is one into the original text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from docbot.drift.docstring import Span

if TYPE_CHECKING:
    from collections.abc import Sequence


class Line(NamedTuple):
    """One line: offsets into the text, and columns from the margin.

    Attributes:
        start: Where it begins.
        body: Where its indentation ends; of a blank line, where it begins.
        end: Where its last word ends; of a blank line, where it begins.
        stop: Where the next one begins.
        indent: Columns between the margin and its first word; 0 of a blank line.

    """

    start: int
    body: int
    end: int
    stop: int
    indent: int

    @property
    def blank(self) -> bool:
        """Tell whether it has no words."""
        return self.body == self.end


class Block(NamedTuple):
    """A run of lines by their numbers: the first, and the one past the last."""

    first: int
    stop: int


def read_lines(text: str) -> list[Line]:
    """Return the lines of a docstring."""
    found = []
    start = 0
    for words in text.split("\n"):
        stop = start + len(words) + 1
        left = words.lstrip()
        columns = len(words) - len(left) if left else 0
        body = start + columns
        if columns and "\t" in words:
            # Tabs reach to the next eighth column.
            columns = len(words[:columns].expandtabs())
        found.append((start, body, body + len(left.rstrip()), stop, columns))
        start = stop
    margin = min((line[4] for line in found[1:] if line[1] < line[2]), default=0)
    # The quotes hide the indentation of the first line.
    found[0] = (*found[0][:4], margin)
    found[-1] = (*found[-1][:3], len(text), found[-1][4])
    # A blank line has no columns from the margin.
    return [Line(*line[:4], max(0, line[4] - margin)) for line in found]


def last_of(lines: Sequence[Line], block: Block) -> int:
    """Return the number past the block's last line with words."""
    stop = block.stop
    while stop > block.first and lines[stop - 1].blank:
        stop -= 1
    return stop


def cover(lines: Sequence[Line], block: Block) -> Span:
    """Return the span of the block's lines, without the blank ones after it."""
    last = max(last_of(lines, block), block.first + 1)
    return Span(lines[block.first].start, lines[last - 1].stop)


def first_words(lines: Sequence[Line], block: Block) -> int | None:
    """Return the number of the block's first line with words, if it has one."""
    return next((at for at in range(*block) if not lines[at].blank), None)


def body_end(lines: Sequence[Line], first: int, indent: int) -> int:
    """Return the number of the first line from `first` on that is not deeper than `indent`."""
    for at in range(first, len(lines)):
        if not lines[at].blank and lines[at].indent <= indent:
            return at
    return len(lines)


def cut_blocks(lines: Sequence[Line], block: Block) -> list[Block] | None:
    """Cut a block where a line is as deep as its first, which must not be blank.

    The pieces have no blank lines after them. None for a block with a line that is less deep.
    """
    indent = lines[block.first].indent
    starts = []
    for at in range(*block):
        if lines[at].blank:
            continue
        if lines[at].indent < indent:
            return None
        if lines[at].indent == indent:
            starts.append(at)
    pieces = zip(starts, [*starts[1:], block.stop], strict=True)
    return [Block(first, last_of(lines, Block(first, stop))) for first, stop in pieces]


def trimmed(text: str, start: int, end: int) -> Span | None:
    """Return the span without blanks at its ends; None if it has nothing else."""
    piece = text[start:end]
    words = piece.strip()
    if not words:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return Span(first, first + len(words))


def is_directive(text: str, line: Line) -> bool:
    """Tell whether a line begins a directive or a comment of reStructuredText."""
    return text.startswith(".. ", line.body) or text[line.body : line.end] == ".."
