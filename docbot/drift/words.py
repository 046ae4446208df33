"""Read the words of an entry: names, and what is written beside a type.

Every reader works on a piece of the text and answers with spans of the whole text, or with None
where the words have another form. All take time linear in the piece.
"""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, NamedTuple

from docbot.drift.docstring import Span
from docbot.drift.lines import trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator

# The length of a role's name is bounded, so that a line of colons is not searched again and again.
ROLE = r":(?:\w[\w.+-]{0,30}:){1,3}`[^`\n]+`"
# A quote after a letter is an apostrophe.
QUOTED = r'"[^"\n]*"|(?<!\w)\'[^\'\n]*\'|``[^`\n]+``|`[^`\n]+`'

_IDENTIFIER = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_NAME = re.compile(rf"`{{0,2}}(?:\\?\*){{0,2}}({_IDENTIFIER})`{{0,2}}")
_EXCEPTION = re.compile(
    rf"(?::(?:\w[\w.+-]{{0,30}}:){{1,3}})?`{{0,2}}[~!]?\.?({_IDENTIFIER})(?:\(\))?`{{0,2}}"
)
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_OR = re.compile(r"[ \t]*(?:,|/|\||,?[ \t]+(?:or|and)\b)[ \t]*")
_OUTER = re.compile(rf"{ROLE}|{QUOTED}|[(\[{{}})\],;:]|(?<![=<>!:])=(?!=)")
_DEPTHS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_BRACKET = re.compile(r"[()\[\]{}]")
_SEPARATORS = frozenset(",;:=")
# `shape=(n, m)` and `array shape=(n, m)` state no default.
_NOT_TYPES = {"dtype", "len", "length", "ndim", "shape", "size"}
_LAST = "(default)"
# Most types have nothing to cut.
_SIMPLE = re.compile(r"[^,;=(\[]*")

_OPTIONAL = re.compile(r"([*`_]{0,2}optional(?![\w-])[*`_]{0,2})[ \t.]*", re.IGNORECASE)
_DEFAULT = re.compile(
    r"(?:by[ \t]+)?default(?:s|ing|ed)?\b(?:[ \t]+(?:is|to|value|of)\b){0,2}\s*[:=]?\s*(?=\S)",
    re.IGNORECASE,
)
_AFTER_VALUE = re.compile(r"[ \t]+by[ \t]+default$", re.IGNORECASE)


class Names(NamedTuple):
    """Names in a row, and the offset past the blanks after the last."""

    names: tuple[Span, ...]
    stop: int


class Typed(NamedTuple):
    """What is written beside a name, cut into the type, the word `optional` and the default."""

    type: Span | None = None
    optional: Span | None = None
    default: Span | None = None


class Mark(NamedTuple):
    """A separator or a pair of brackets outside of brackets, quotes, roles and backticks."""

    char: str
    start: int
    end: int


def read_names(text: str, start: int, end: int) -> Names | None:
    r"""Read identifiers with commas between them: `x`, `x, y`, `**kwargs`, `\*args`, `a.b`."""
    found = _read(text, start, end, (_NAME, _COMMA))
    if found is None or any(span.of(text) == "optional" for span in found.names[1:]):
        return None
    return found


def read_exceptions(text: str, start: int, end: int) -> Names | None:
    """Read names of exceptions, in roles and backticks or without, with commas or words between."""
    return _read(text, start, end, (_EXCEPTION, _OR))


def _read(
    text: str, start: int, end: int, patterns: tuple[re.Pattern[str], re.Pattern[str]]
) -> Names | None:
    name, separator = patterns
    names = []
    at = start
    while match := name.match(text, at, end):
        if keyword.iskeyword(match[1]):
            return None
        names.append(Span(*match.span(1)))
        at = match.end()
        between = separator.match(text, at, end)
        if between is None:
            return Names(tuple(names), _past_blanks(text, at, end))
        at = between.end()
    return None


def _past_blanks(text: str, start: int, end: int) -> int:
    at = start
    while at < end and text[at] in " \t":
        at += 1
    return at


def marks(text: str, start: int, end: int) -> Iterator[Mark]:
    """Yield the separators and the pairs of brackets that are not within others."""
    depth = 0
    opened = start
    for match in _OUTER.finditer(text, start, end):
        char = match[0]
        before, change = depth, _DEPTHS.get(char, 0)
        # A bracket that closes nothing is passed over.
        depth = max(0, before + change)
        if depth and not before:
            opened = match.start()
        if before and not depth:
            yield Mark(text[opened], opened, match.end())
        elif not depth and char in _SEPARATORS:
            yield Mark(char, match.start(), match.end())


def closing(text: str, start: int, end: int) -> int | None:
    """Return the offset past the bracket that closes the one at `start`."""
    first = next(marks(text, start, end), None)
    if first is not None and first.start == start:
        return first.end
    # An odd quote may have hidden it.
    depth = 0
    for match in _BRACKET.finditer(text, start, end):
        depth += _DEPTHS[match[0]]
        if not depth:
            return match.end()
    return None


def cut_type(text: str, start: int, end: int) -> Typed:
    """Cut `int, optional`, `int, default 3`, `int (default: 3)`, `int = 3` and their like.

    The type is the first run of pieces that are something else, with the commas between them.
    """
    if _SIMPLE.fullmatch(text, start, end):
        piece = _piece(text, start, end)
        return _read_words(text, piece) if piece else Typed()
    found = Typed()
    open_run = False
    at = start
    outer = [*marks(text, start, end), Mark(",", end, end)]
    groups: list[Mark] = []
    for mark in outer:
        if mark.char not in {",", ";"}:
            groups.append(mark)
            continue
        piece = _piece(text, at, mark.start)
        at, inside, groups = mark.end, groups, []
        if piece is None:
            continue
        read = _read_piece(text, piece, inside, is_first=found.type is None)
        if open_run and found.type and read.type and read.type.start == piece.start:
            read = read._replace(type=Span(found.type.start, read.type.end))
            found = found._replace(type=None)
        open_run = found.type is None and read.type is not None and read.type.end == piece.end
        found = Typed(*(old or new for old, new in zip(found, read, strict=True)))
    if found.type and text.endswith(_LAST, *found.type):
        # `str or None (default)`: the mark is no part of the type.
        return found._replace(type=trimmed(text, found.type.start, found.type.end - len(_LAST)))
    return found


def _piece(text: str, start: int, end: int) -> Span | None:
    """Return what stands between two commas, without a full stop after it."""
    piece = trimmed(text, start, end)
    if piece is None or text[piece.end - 1] != "." or text[piece.end - 2] in ".0123456789":
        return piece
    return trimmed(text, piece.start, piece.end - 1)


def _read_piece(text: str, piece: Span, groups: list[Mark], *, is_first: bool) -> Typed:
    """Read what stands between two commas; `groups` are its brackets and equals signs.

    A default after an equals sign is beside the first piece: `int = 3`, but `array, dtype=str`.
    """
    last = groups[-1] if groups else None
    if last is not None and last.end == piece.end and last.char in "([":
        inner = _cut_plainly(text, last.start + 1, last.end - 1)
        if inner.type is None and inner != Typed():
            before = trimmed(text, piece.start, last.start)
            outer = _read_words(text, before) if before else Typed()
            return Typed(*(a or b for a, b in zip(outer, inner, strict=True)))
    read = _read_words(text, piece)
    equals = next((group for group in groups if group.char == "="), None)
    if read.type != piece or equals is None or not is_first:
        return read
    kind, value = trimmed(text, piece.start, equals.start), trimmed(text, equals.end, piece.end)
    if kind is None or value is None or kind.of(text).rsplit(None, 1)[-1] in _NOT_TYPES:
        return read
    return Typed(type=kind, default=value)


def _cut_plainly(text: str, start: int, end: int) -> Typed:
    """Cut what stands in brackets, without looking into brackets again."""
    found = Typed()
    commas = [mark for mark in marks(text, start, end) if mark.char in {",", ";"}]
    at = start
    for mark in [*commas, Mark(",", end, end)]:
        piece = trimmed(text, at, mark.start)
        at = mark.end
        if piece is not None:
            read = _read_words(text, piece)
            found = Typed(*(a or b for a, b in zip(found, read, strict=True)))
    return found


def _read_words(text: str, piece: Span) -> Typed:
    """Tell `optional` and a default from a type; `piece` has no comma and no blanks at its ends."""
    start, optional = piece.start, None
    if match := _OPTIONAL.match(text, *piece):
        start, optional = match.end(), Span(*match.span(1))
    if start == piece.end:
        return Typed(optional=optional)
    if match := _DEFAULT.match(text, start, piece.end):
        return Typed(optional=optional, default=Span(match.end(), piece.end))
    tail = text[max(start, piece.end - 30) : piece.end]
    if match := _AFTER_VALUE.search(tail):
        return Typed(optional=optional, default=Span(start, piece.end - len(match[0])))
    return Typed(type=piece)
