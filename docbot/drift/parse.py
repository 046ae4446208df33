"""Parse a docstring: choose the convention it is written in, and cut it with the places kept.

Nothing here raises, and all of it takes time linear in the text. What is in doubt stays prose, or
is a section that is marked as not readable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docbot.drift.docstring import Convention, Docstring, Section, SectionKind, Span
from docbot.drift.google import cut_google
from docbot.drift.lines import Block, first_words, read_lines
from docbot.drift.numpy import cut_numpy
from docbot.drift.sphinx import FIELD_KINDS, cut_sphinx
from docbot.drift.titles import LONGEST, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.drift.lines import Line

# An underline or a field is seldom an accident, while `Returns:` occurs in prose, too.
# A docstring without the sign beside it need not be searched for a convention, line by line.
_CUTTERS = {
    Convention.NUMPY: (cut_numpy, re.compile(r"---|===")),
    Convention.SPHINX: (cut_sphinx, re.compile(r"^[^\S\n]*:[A-Za-z]", re.MULTILINE)),
    Convention.GOOGLE: (cut_google, re.compile(r":[^\S\n]*$", re.MULTILINE)),
}
_FIELD = re.compile(r"[:@]([A-Za-z]{1,10})\b[^:\n]{0,200}:")
_START = re.compile(rf"[*_`]{{0,2}}([A-Za-z][A-Za-z ]{{0,{LONGEST}}})[*_`]{{0,2}}(:|$)")


def parse_docstring(text: str) -> Docstring:
    """Cut a docstring into its summary and sections.

    `text` is what stands between the quotes, with line feeds alone and the indentation kept. The
    convention is the first of NumPy, Sphinx and Google style that finds parameters, else the first
    that finds results or exceptions, else the first that finds any section: a field such as
    `:rtype:` below a Google section does not make the docstring a Sphinx one.
    """
    lines = read_lines(text)
    convention, sections = _cut(text, lines)
    return Docstring(
        text=text,
        convention=convention,
        summary=_summary(lines, sections[0].span.start if sections else len(text)),
        sections=sections,
    )


def kinds_in_prose(docstring: Docstring) -> frozenset[SectionKind]:
    """Return the kinds of sections that the prose seems to announce.

    A `Returns: A list.` on one line, an `Args:` whose body is not indented, an `@param x:` and a
    section of another convention are prose to the parser; but nobody may conclude that what they
    are about is not documented.
    """
    at = 0
    found: set[SectionKind] = set()
    for section in (*docstring.sections, None):
        start, stop = section.span if section else (len(docstring.text),) * 2
        for words in docstring.text[at:start].split("\n"):
            if kind := _announced(words.lstrip()):
                found.add(kind)
        at = stop
    return frozenset(found - {SectionKind.OTHER})


def _announced(words: str) -> SectionKind | None:
    if match := _FIELD.match(words):
        return FIELD_KINDS.get(match[1].lower())
    match = _START.match(words.rstrip())
    return kind_of(match[1].strip()) if match else None


def _cut(text: str, lines: Sequence[Line]) -> tuple[Convention | None, tuple[Section, ...]]:
    found: tuple[Convention | None, tuple[Section, ...]] = (None, ())
    most = -1
    for convention, (cut, sign) in _CUTTERS.items():
        sections = cut(text, lines) if sign.search(text) else ()
        if sections and (examples := _examples(text, lines)):
            sections = tuple(section for section in sections if section.span.start not in examples)
        claim = max((_CLAIMS.get(section.kind, 1) for section in sections), default=-1)
        if claim > most:
            most, found = claim, (convention, sections)
        if claim == _MOST:
            break
    return found


_MOST = 2
_CLAIMS = {SectionKind.PARAMETERS: _MOST, SectionKind.OTHER: 0}
"""How much a section tells about the convention; 1 for what is not listed."""


def _examples(text: str, lines: Sequence[Line]) -> frozenset[int]:
    """Return where the lines begin that show code: in a fence of Markdown, or a doctest.

    What looks like a section there is the code's, or what it prints.
    """
    if not any(sign in text for sign in (*_FENCES, ">>>")):
        return frozenset()
    found = set()
    fence, prompt = "", False
    for line in lines:
        words = text[line.body : line.end]
        prompt = bool(words) and (prompt or words.startswith(">>>"))
        if words[:3] in _FENCES and fence in ("", words[:3]):
            fence = "" if fence else words[:3]
        elif fence or prompt:
            found.add(line.start)
    return frozenset(found)


_FENCES = ("```", "~~~")


def _summary(lines: Sequence[Line], limit: int) -> Span:
    """Return the span of the first paragraph, which ends where the first section begins."""
    first = first_words(lines, Block(0, len(lines)))
    if first is None or lines[first].start >= limit:
        return Span(0, 0)
    at = first
    while at < len(lines) and not lines[at].blank and lines[at].start < limit:
        at += 1
    return Span(lines[first].body, lines[at - 1].end)
