"""Follow the lines of a file through the edits that docbot makes in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from docbot.docstring.edit import Edit
from docbot.scan.source import BOM

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True, slots=True)
class LineMap:
    """The lines of a file before and after some edits, counted from 1.

    A line is followed by the first character on it that is not blank. Where an edit replaces that
    character, the line becomes the line of the new text that stands as far below the edit's first.

    Attributes:
        steps: The sets of edits that were made one after another.

    """

    steps: tuple[_Step, ...] = ()

    def then(self, later: LineMap) -> LineMap:
        """Return the map through these edits and, after them, through later ones."""
        return LineMap(steps=(*self.steps, *later.steps))

    def after(self, line: int) -> int:
        """Return where a line stands after the edits."""
        for step in self.steps:
            line = _follow(line, step.forward)
        return line

    def before(self, line: int) -> int:
        """Return where a line stood before the edits; of a new line, where it was put in."""
        for step in reversed(self.steps):
            line = _follow(line, step.back)
        return line


class _Move(NamedTuple):
    """What one edit does to lines.

    The lines `top` to `below`, exclusive, begin in what it replaces, which begins on line `start`;
    the new text begins on line `target` and holds `breaks` line ends. From `below` on, lines move
    by `shift`, that of all edits above included.
    """

    top: int
    below: int
    start: int
    target: int
    breaks: int
    shift: int


class _Step(NamedTuple):
    forward: tuple[_Move, ...]
    back: tuple[_Move, ...]


UNMOVED = LineMap()
"""The map of a file in which nothing was edited."""


def map_lines(source: bytes, after: bytes, edits: Iterable[Edit]) -> LineMap:
    r"""Map the lines of a file that was edited.

    Lines end with `\n`, alone or after `\r`, as for git: docbot edits no file with a lone `\r`.

    Args:
        source: The file.
        after: The file with all edits made.
        edits: Replacements in `source` that do not overlap.

    """
    ordered = sorted(edits, key=attrgetter("start", "end"))
    if not ordered:
        return UNMOVED
    step = _Step(forward=_moves(source, ordered), back=_moves(after, _inverted(source, ordered)))
    return LineMap(steps=(step,))


def _inverted(source: bytes, edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits that would turn the edited file back into the source."""
    inverted = []
    grown = 0
    for edit in edits:
        start = edit.start + grown
        text = source[edit.start : edit.end]
        inverted.append(Edit(start=start, end=start + len(edit.text), text=text))
        grown += len(edit.text) - len(text)
    return inverted


def _moves(source: bytes, edits: Iterable[Edit]) -> tuple[_Move, ...]:
    moves = []
    line, at, shift = 1, 0, 0
    for edit in edits:
        start = line + source.count(b"\n", at, edit.start)
        line, at = start + source.count(b"\n", edit.start, edit.end), edit.end
        breaks = edit.text.count(b"\n")
        move = _Move(
            top=start + _has_begun(source, edit.start),
            below=line + _has_begun(source, edit.end),
            start=start,
            target=start + shift,
            breaks=breaks,
            shift=shift + breaks - (line - start),
        )
        moves.append(move)
        shift = move.shift
    return tuple(moves)


def _has_begun(source: bytes, at: int) -> bool:
    """Check whether the line that holds an offset has more than blanks before it."""
    head = source[source.rfind(b"\n", 0, at) + 1 : at]
    return bool(head.removeprefix(BOM).strip())


def _follow(line: int, moves: tuple[_Move, ...]) -> int:
    index = bisect_right(moves, line, key=attrgetter("top")) - 1
    if index < 0:
        return line
    move = moves[index]
    if line < move.below:
        return move.target + min(line - move.start, move.breaks)
    return line + move.shift
