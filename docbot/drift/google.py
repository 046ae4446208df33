"""Cut docstrings in Google style: titles with a colon, bodies indented below them.

A title whose body is not indented is prose. Of a section, every line at the indentation of its
first is an entry, or the section is not readable; a directive among them is passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.drift.docstring import Entry, Section, SectionKind, Span
from docbot.drift.expression import type_before_colon
from docbot.drift.lines import (
    Block,
    body_end,
    cover,
    cut_blocks,
    first_words,
    is_directive,
    last_of,
    trimmed,
)
from docbot.drift.titles import kind_of
from docbot.drift.words import Typed, closing, cut_type, read_exceptions, read_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from docbot.drift.lines import Line

    _Reader = Callable[[str, Sequence[Line], Block], Entry | None]


def cut_google(text: str, lines: Sequence[Line]) -> tuple[Section, ...]:
    """Return the sections in Google style."""
    found = []
    at = 0
    while at < len(lines):
        title = _title(text, lines[at])
        kind = kind_of(title.of(text)) if title else None
        stop = body_end(lines, at + 1, 0) if kind else at
        body = first_words(lines, Block(at + 1, stop))
        if title is None or kind is None or body is None:
            at += 1
            continue
        span = cover(lines, Block(at, stop))
        entries = _entries(text, lines, kind, Block(body, last_of(lines, Block(body, stop))))
        found.append(
            Section(
                kind=kind,
                span=span,
                title=title,
                entries=tuple(entries or ()),
                readable=bool(entries) or kind is SectionKind.OTHER,
            )
        )
        at = stop
    return tuple(found)


def _title(text: str, line: Line) -> Span | None:
    """Return the words before the colon that ends a line at the margin."""
    if line.indent or line.blank or text[line.end - 1] != ":":
        return None
    return trimmed(text, line.body, line.end - 1)


def _entries(
    text: str, lines: Sequence[Line], kind: SectionKind, body: Block
) -> list[Entry] | None:
    """Return the entries; None if one of them cannot be read, or a section of text has none."""
    if kind is SectionKind.OTHER:
        return None
    if kind in {SectionKind.RETURNS, SectionKind.YIELDS}:
        return [_result(text, lines, body)]
    return read_blocks(text, lines, body, _raised if kind is SectionKind.RAISES else _parameter)


def read_blocks(text: str, lines: Sequence[Line], body: Block, read: _Reader) -> list[Entry] | None:
    """Read each block of a body as an entry; None if one cannot be read."""
    blocks = cut_blocks(lines, body)
    if blocks is None:
        return None
    wanted = [block for block in blocks if not is_directive(text, lines[block.first])]
    entries = []
    for block in wanted:
        entry = read(text, lines, block)
        if entry is None:
            return None
        entries.append(entry)
    return entries


def _parameter(text: str, lines: Sequence[Line], block: Block) -> Entry | None:
    """Read `name: text`, `name (type): text` and the like."""
    line, span = lines[block.first], cover(lines, block)
    read = read_names(text, line.body, line.end)
    if read is None:
        return None
    names, at = read
    if at == line.end:
        # `**kwargs` says what it is by itself; a lone word may be anything.
        starred = text[line.body] in "*\\"
        return Entry(span=span, names=names, text=trimmed(text, at, span.end)) if starred else None
    typed = Typed()
    if text[at] == "(":
        # The brackets may close on a later line.
        stop = closing(text, at, span.end)
        if stop is None:
            return None
        typed = cut_type(text, at + 1, stop - 1)
        at = stop
    colon = colon_at(text, at, span.end)
    if colon is None and not _only_below(text, at, span.end):
        return None
    return Entry(
        span=span,
        names=names,
        type=typed.type,
        optional=typed.optional,
        default=typed.default,
        text=trimmed(text, at if colon is None else colon + 1, span.end),
    )


def _only_below(text: str, start: int, end: int) -> bool:
    """Tell whether there is text, but none on the first line: a forgotten colon misleads nobody."""
    words = trimmed(text, start, end)
    return words is not None and text.find("\n", start, words.start) >= 0


def colon_at(text: str, start: int, end: int) -> int | None:
    """Return the offset of the colon that follows, after blanks at most; of `::`, none."""
    at = start
    while at < end and text[at] in " \t":
        at += 1
    if at >= end or text[at] != ":" or text.startswith(("::", "://"), at):
        return None
    return at


def _result(text: str, lines: Sequence[Line], body: Block) -> Entry:
    """Read a whole body as what is returned, with the type that stands before a colon."""
    span, start = cover(lines, body), lines[body.first].body
    colon = type_before_colon(text, start, span.end)
    if colon is None:
        return Entry(span=span, text=trimmed(text, start, span.end))
    typed = cut_type(text, start, colon)
    return Entry(
        span=span,
        type=typed.type,
        optional=typed.optional,
        default=typed.default,
        text=trimmed(text, colon + 1, span.end),
    )


def _raised(text: str, lines: Sequence[Line], block: Block) -> Entry | None:
    """Read `Error: text`, `Error, OtherError: text`, or an error's name alone."""
    line, span = lines[block.first], cover(lines, block)
    read = read_exceptions(text, line.body, line.end)
    if read is None:
        return None
    names, at = read
    if at == line.end:
        # A lone word in lower case is the end of a sentence.
        if not all(looks_raised(name.of(text)) for name in names):
            return None
        return Entry(span=span, names=names, text=trimmed(text, at, span.end))
    colon = colon_at(text, at, span.end)
    if colon is None:
        return None
    return Entry(span=span, names=names, text=trimmed(text, colon + 1, span.end))


def looks_raised(name: str) -> bool:
    """Tell whether a name without anything beside it may be an exception's."""
    return "." in name or name[:1].isupper()
