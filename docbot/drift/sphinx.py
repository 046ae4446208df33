"""Cut docstrings in Sphinx style: fields such as `:param x: The text.` at the margin.

Neighbouring fields of one kind are a section. Every field is an entry of its own: `:type x: int` is
one with the name and a type, without a text, since a name that stands at two places needs two
spans. In the same way `:rtype: int` is an entry beside that of `:returns: The text.`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from docbot.drift.docstring import Entry, Section, SectionKind, Span
from docbot.drift.lines import Block, body_end, cover, last_of, trimmed
from docbot.drift.words import cut_type, marks, read_exceptions, read_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.drift.lines import Line

_PARAMETERS = SectionKind.PARAMETERS
_FIELDS = {
    SectionKind.PARAMETERS: ("param", "parameter", "arg", "argument", "type", "paramtype"),
    SectionKind.OTHER_PARAMETERS: ("key", "keyword", "kwarg", "kwparam", "kwtype"),
    SectionKind.ATTRIBUTES: ("var", "ivar", "cvar", "vartype"),
    SectionKind.RETURNS: ("return", "returns", "rtype"),
    SectionKind.YIELDS: ("yield", "yields", "ytype"),
    SectionKind.RAISES: ("raise", "raises", "except", "exception"),
}
FIELD_KINDS = {word: kind for kind, words in _FIELDS.items() for word in words}
_TYPE_FIELDS = {"type", "paramtype", "kwtype", "vartype", "rtype", "ytype"}
_RESULTS = {SectionKind.RETURNS, SectionKind.YIELDS}
_WORD = re.compile(r":([A-Za-z]{1,10})(?=[\s:])")


class _Field(NamedTuple):
    """A field that was read: its kind, its lines, and its entry, if it has one."""

    kind: SectionKind
    block: Block
    entry: Entry | None


def cut_sphinx(text: str, lines: Sequence[Line]) -> tuple[Section, ...]:
    """Return the sections in Sphinx style."""
    sections: list[Section] = []
    run: list[_Field] = []
    at = 0
    while at < len(lines):
        field = _field(text, lines, at, run[-1].kind if run else None)
        # Blank lines do not part the fields of a run, other lines do.
        if run and (field.kind != run[-1].kind if field else not lines[at].blank):
            sections.append(_section(lines, run))
            run = []
        if field:
            run.append(field)
        at = field.block.stop if field else at + 1
    if run:
        sections.append(_section(lines, run))
    return tuple(sections)


def _section(lines: Sequence[Line], run: list[_Field]) -> Section:
    span = cover(lines, Block(run[0].block.first, run[-1].block.stop))
    entries = [field.entry for field in run if field.entry is not None]
    readable = len(entries) == len(run)
    return Section(
        kind=run[0].kind,
        span=span,
        title=Span(span.start, span.start),
        entries=tuple(entries) if readable else (),
        readable=readable,
    )


def _field(text: str, lines: Sequence[Line], at: int, before: SectionKind | None) -> _Field | None:
    """Read the field that begins at a line; `before` is the kind of the one above."""
    line = lines[at]
    if line.indent or not text.startswith(":", line.body, line.end):
        return None
    word = _WORD.match(text, line.body, line.end + 1)
    kind = FIELD_KINDS.get(word[1].lower()) if word else None
    if word is None or kind is None:
        return None
    if word[1] == "type" and word.end() < line.end and text[word.end()] == ":":
        # A property's type is not a parameter's.
        return None
    if word[1] == "type" and before is SectionKind.OTHER_PARAMETERS:
        kind = before
    block = _block(text, lines, at)
    colon = _end_of_name(text, word.end(), line.end)
    if colon is None:
        return _Field(kind, block, None)
    entry = _entry(text, word[1].lower(), Span(word.end(), colon), cover(lines, block))
    return _Field(kind, block, entry)


def _block(text: str, lines: Sequence[Line], at: int) -> Block:
    """Return the lines of the field that begins at a line.

    Text at the margin right below, without a blank line between, is a forgotten indent.
    """
    stop = body_end(lines, at + 1, 0)
    last = last_of(lines, Block(at, stop))
    while last == stop < len(lines) and not text.startswith((":", ".. "), lines[stop].body):
        stop = body_end(lines, stop + 1, 0)
        last = last_of(lines, Block(at, stop))
    return Block(at, last)


def _end_of_name(text: str, start: int, end: int) -> int | None:
    """Return the offset of the colon that ends a field's name: the first with a blank after it.

    A colon without one serves if there is no other.
    """
    first = None
    for mark in marks(text, start, end):
        if mark.char == ":":
            if mark.end == end or text[mark.end].isspace():
                return mark.start
            first = mark.start if first is None else first
    return first


def _entry(text: str, word: str, argument: Span, span: Span) -> Entry | None:
    """Read a field whose name has an argument, which may be blank."""
    kind = FIELD_KINDS[word]
    body = trimmed(text, argument.end + 1, span.end)
    named = trimmed(text, *argument)
    if word in _TYPE_FIELDS:
        return _type_entry(text, named, body, Entry(span=span), in_result=kind in _RESULTS)
    if kind in _RESULTS:
        return Entry(span=span, text=body)
    if named is None:
        return None
    if kind is SectionKind.RAISES:
        raised = read_exceptions(text, *named)
        if raised is None or raised.stop != named.end:
            return None
        return Entry(span=span, names=raised.names, text=body)
    return _parameter(text, named, body, span)


def _type_entry(
    text: str, named: Span | None, body: Span | None, empty: Entry, *, in_result: bool
) -> Entry | None:
    if in_result and named is not None:
        # `:rtype :class:`X`: text` lacks a colon.
        return None
    read = read_names(text, *named) if named else None
    if not in_result and (named is None or read is None or read.stop != named.end):
        return None
    typed = cut_type(text, *body) if body else None
    return Entry(
        span=empty.span,
        names=read.names if read and not in_result else (),
        type=typed.type if typed else None,
        optional=typed.optional if typed else None,
        default=typed.default if typed else None,
    )


_TYPES = frozenset(
    ("str", "int", "float", "bool", "bytes", "dict", "list", "tuple", "set", "object", "callable")
)


def _swapped(text: str, named: Span) -> tuple[Span, Span] | None:
    """Return name and type of `x int`, which people write for `int x`; no parameter is `int`."""
    match = re.fullmatch(r"(\w+)([ \t]+)(\w+)", named.of(text))
    if match is None or match[3] not in _TYPES or match[1] in _TYPES:
        return None
    middle = named.start + match.end(1)
    return Span(named.start, middle), Span(middle + len(match[2]), named.end)


def _parameter(text: str, named: Span, body: Span | None, span: Span) -> Entry | None:
    """Read `x`, `x, y` and `int x`: the last word is the name."""
    read = read_names(text, *named)
    if read is not None and read.stop == named.end:
        return Entry(span=span, names=read.names, text=body)
    words = named.of(text)
    if swapped := _swapped(text, named):
        return Entry(span=span, names=(swapped[0],), type=swapped[1], text=body)
    # A bracket or a quote in the last word fails as a name below.
    last = named.start + max(words.rfind(" "), words.rfind("\t")) + 1
    read = read_names(text, last, named.end)
    if last == named.start or read is None or read.stop != named.end:
        return None
    typed = cut_type(text, named.start, last)
    # `x, y z` and `int, optional x` are not what the style knows.
    if typed.type is None or typed.type != trimmed(text, named.start, last):
        return None
    if any(mark.char in ",;" for mark in marks(text, named.start, last)):
        return None
    return Entry(span=span, names=read.names, type=typed.type, text=body)
