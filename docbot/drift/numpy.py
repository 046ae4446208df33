"""Cut docstrings in NumPy style: underlined titles, entries at the margin or indented below them.

The underline may have any length from three. A section ends at the next underlined title, known or
not, at a title without underline, and, save in sections of free text, at a directive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from docbot.drift.docstring import Entry, Section, SectionKind, Span
from docbot.drift.expression import BUILTINS, is_type
from docbot.drift.google import colon_at, looks_raised, read_blocks
from docbot.drift.lines import (
    Block,
    cover,
    cut_blocks,
    first_words,
    is_directive,
    last_of,
    trimmed,
)
from docbot.drift.titles import LONGEST, kind_of
from docbot.drift.words import cut_type, marks, read_exceptions, read_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.drift.lines import Line

_UNDERLINE = re.compile(r"-{3,}|={3,}")
_RESULTS = {SectionKind.RETURNS, SectionKind.YIELDS}
_PROSE = re.compile(r"(?:An?|The|This|Returns?|If)\s")


class _Heading(NamedTuple):
    """An underlined line: its number, the kind of its section, and its words."""

    line: int
    kind: SectionKind | None
    title: Span
    has_colon: bool


def cut_numpy(text: str, lines: Sequence[Line]) -> tuple[Section, ...]:
    """Return the sections in NumPy style."""
    headings = _headings(text, lines)
    stops = [*(heading.line for heading in headings), len(lines)][1:]
    return tuple(
        _section(text, lines, heading, heading.kind, stop)
        for heading, stop in zip(headings, stops, strict=True)
        if heading.kind is not None
    )


def _headings(text: str, lines: Sequence[Line]) -> list[_Heading]:
    found = []
    for at in range(len(lines) - 1):
        above, below = lines[at], lines[at + 1]
        # An underline is told by its first letter before all of it is read.
        if below.blank or above.blank or text[below.body] not in "-=":
            continue
        underlined = not below.indent and _UNDERLINE.fullmatch(text, below.body, below.end)
        if underlined and text[above.body] not in "-=":
            has_colon = text[above.end - 1] == ":"
            title = Span(above.body, above.end - has_colon)
            kind = kind_of(title.of(text).strip())
            # A title that is known may be further in than its underline.
            if kind is not None or not above.indent:
                found.append(_Heading(at, kind, title, has_colon))
    return found


def _section(
    text: str, lines: Sequence[Line], heading: _Heading, kind: SectionKind, stop: int
) -> Section:
    below = heading.line + 2
    first = first_words(lines, Block(below, stop))
    entries = None
    if first is not None and kind is not SectionKind.OTHER:
        end = _entries_end(text, lines, Block(first, stop))
        body = Block(first, last_of(lines, Block(first, end)))
        # A title with a colon and an underline mixes two styles.
        if body.stop > first and not heading.has_colon:
            entries = _entries(text, lines, kind, body)
        if entries and _goes_on(text, lines, kind, Block(end, stop)):
            entries = None
        stop = max(end, below)
    return Section(
        kind=kind,
        span=cover(lines, Block(heading.line, max(last_of(lines, Block(below, stop)), below))),
        title=heading.title,
        entries=tuple(entries or ()),
        readable=bool(entries) or kind is SectionKind.OTHER,
    )


def _entries_end(text: str, lines: Sequence[Line], body: Block) -> int:
    """Return the number of the line where the entries end, although no underlined title follows."""
    indent = lines[body.first].indent
    for at in range(*body):
        line = lines[at]
        if line.blank or line.indent > indent:
            continue
        leaves = not line.indent and (indent > 0 or is_directive(text, line))
        if leaves or _is_plain_title(text, line):
            return at
    return body.stop


def _is_plain_title(text: str, line: Line) -> bool:
    """Tell whether a line is a title of entries, with a colon or without, such as `Returns:`."""
    has_colon = text[line.end - 1] == ":"
    words = Span(line.body, line.end - has_colon)
    is_short = words.end - words.start <= LONGEST and text[words.start].isupper()
    return is_short and kind_of(words.of(text)) not in {None, SectionKind.OTHER}


def _goes_on(text: str, lines: Sequence[Line], kind: SectionKind, rest: Block) -> bool:
    """Tell whether parameters may follow what seemed to be the end."""
    if kind in _RESULTS or kind is SectionKind.RAISES:
        return False
    for at in range(*rest):
        line = lines[at]
        if line.blank or line.indent:
            continue
        if _is_plain_title(text, line):
            return False
        read = read_names(text, line.body, line.end)
        if read is not None and colon_at(text, read.stop, line.end) is not None:
            return True
    return False


def _entries(
    text: str, lines: Sequence[Line], kind: SectionKind, body: Block
) -> list[Entry] | None:
    if kind in _RESULTS:
        return _results(text, lines, body)
    return read_blocks(text, lines, body, _raised if kind is SectionKind.RAISES else _parameter)


def _parameter(text: str, lines: Sequence[Line], block: Block) -> Entry | None:
    """Read `name : type` with a text below it."""
    line, span = lines[block.first], cover(lines, block)
    read = read_names(text, line.body, line.end)
    if read is None:
        return None
    if read.stop < line.end:
        colon = colon_at(text, read.stop, line.end)
        return None if colon is None else _typed(text, span, read.names, Span(colon + 1, line.end))
    below = trimmed(text, line.end, span.end)
    # A lone word may be the end of a sentence, unless a text is below it or a star before it.
    if below is None and text[line.body] not in "*\\":
        return None
    return Entry(span=span, names=read.names, text=below)


def _typed(text: str, span: Span, names: tuple[Span, ...], beside: Span) -> Entry:
    """Return the entry with what is written on its first line as a type, and the rest as text."""
    end = _type_end(text, beside, span.end)
    typed = cut_type(text, beside.start, end)
    return Entry(
        span=span,
        names=names,
        type=typed.type,
        optional=typed.optional,
        default=typed.default,
        text=trimmed(text, end, span.end),
    )


def _type_end(text: str, line: Span, end: int) -> int:
    """Return where a type ends: with its line, or with the line where its bracket closes."""
    for mark in marks(text, line.start, end):
        if mark.start >= line.end:
            break
        if mark.end > line.end:
            feed = text.find("\n", mark.end, end)
            return end if feed < 0 else feed
    return line.end


def _results(text: str, lines: Sequence[Line], body: Block) -> list[Entry] | None:
    """Read what is returned; lines of prose that touch are one entry."""
    blocks = cut_blocks(lines, body)
    if blocks is None:
        return None
    entries: list[Entry] = []
    above: Entry | None = None
    for block in blocks:
        if is_directive(text, lines[block.first]):
            above = None
            continue
        entry = _result(text, lines, block)
        is_prose = entry.type is None and not entry.names
        if above is not None and is_prose and above.span.end == entry.span.start:
            entries.pop()
            entry = Entry(span=_hull(above.span, entry.span), text=_hull(above.text, entry.text))
        entries.append(entry)
        above = entry if is_prose else None
    return entries


def _hull(first: Span | None, last: Span | None) -> Span:
    """Return the span from the first to the last."""
    spans = [span for span in (first, last) if span is not None]
    return Span(spans[0].start, spans[-1].end)


def _result(text: str, lines: Sequence[Line], block: Block) -> Entry:
    """Read `type` or `name : type` with a text below it; anything else is text."""
    line, span = lines[block.first], cover(lines, block)
    words = Span(line.body, line.end)
    read = read_names(text, *words)
    colon = colon_at(text, read.stop, line.end) if read else None
    if read is not None and colon is not None:
        first = read.names[0].of(text)
        is_name = first not in BUILTINS or _is_named(text, Span(colon + 1, line.end), span.end)
        if "." not in first and is_name:
            return _typed(text, span, read.names, Span(colon + 1, line.end))
        if len(read.names) == 1:
            return Entry(span=span, type=read.names[0], text=trimmed(text, colon + 1, span.end))
    if is_type(text, *words) or _heads_text(text, words, span):
        return _typed(text, span, (), words)
    return Entry(span=span, text=trimmed(text, *span))


def _is_named(text: str, beside: Span, end: int) -> bool:
    """Tell whether a type stands beside a name, and a text below: `object : Series`."""
    words = trimmed(text, *beside)
    # `tuple : (x, y)` says what is in it.
    if words is None or text[words.start] in "([{" or not is_type(text, *words):
        return False
    return trimmed(text, words.end, end) is not None


def _heads_text(text: str, words: Span, span: Span) -> bool:
    """Tell whether a line that Python could not read is a type because of the text below it."""
    if trimmed(text, words.end, span.end) is None or _PROSE.match(text, *words):
        return False
    ends_sentence = text[words.end - 1] == "." and not text.endswith("...", *words)
    return not ends_sentence and all(mark.char != ":" for mark in marks(text, *words))


def _raised(text: str, lines: Sequence[Line], block: Block) -> Entry | None:
    """Read the name of an exception, with a text beside or below it."""
    line, span = lines[block.first], cover(lines, block)
    read = read_exceptions(text, line.body, line.end)
    if read is None:
        return None
    colon = colon_at(text, read.stop, line.end)
    if colon is not None:
        return Entry(span=span, names=read.names, text=trimmed(text, colon + 1, span.end))
    below = trimmed(text, line.end, span.end)
    lone = below is None and not all(looks_raised(name.of(text)) for name in read.names)
    if read.stop < line.end or lone:
        return None
    return Entry(span=span, names=read.names, text=below)
