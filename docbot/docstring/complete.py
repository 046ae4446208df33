"""Add the sections that a docstring lacks, where the house writes sections: all entries or none.

A person's words stay as they are. New sections go below the prose, in the order parameters,
results, exceptions, and before sections of another kind, such as examples.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from docbot.docstring.edit import apply_edits
from docbot.docstring.line_map import map_lines
from docbot.docstring.mend import mend_edits
from docbot.docstring.sections import Sections, fill_sections, section_lines, slots_in
from docbot.docstring.stale import MendedFile
from docbot.docstring.verify import verify
from docbot.drift.docstring import SectionKind, Span
from docbot.drift.drift import Change, DriftRule
from docbot.drift.find import all_documented_functions
from docbot.drift.function import PARAMETER_SECTIONS
from docbot.drift.parse import kinds_in_prose
from docbot.drift.required import lack_of
from docbot.gate.summary import Summary
from docbot.scan.parse import parse
from docbot.scan.source import read

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Mapping

    from docbot.docstring.edit import Edit
    from docbot.docstring.style import DocstringStyle
    from docbot.drift.docstring import Section
    from docbot.drift.drift import Drift
    from docbot.drift.function import Function
    from docbot.prompt.task import Slot
    from docbot.scan.definition import Definition
    from docbot.scan.source import Text

_RESULTS = (SectionKind.RETURNS, SectionKind.YIELDS)
_ORDER = {
    SectionKind.PARAMETERS: 0,
    SectionKind.OTHER_PARAMETERS: 0,
    SectionKind.RETURNS: 1,
    SectionKind.YIELDS: 1,
    SectionKind.RAISES: 2,
}
"""The place of a section; all others come last."""


def lacking_slots(function: Function, style: DocstringStyle) -> tuple[Slot, ...]:
    """Return what the sections that a docstring lacks need phrases for, in order."""
    sections = _lacking(function, Summary(headline=""), style)
    return slots_in(sections) if sections is not None else ()


def complete_file(source: bytes, words: Mapping[str, Summary], style: DocstringStyle) -> MendedFile:
    """Add sections to the docstrings of functions, and verify the file.

    Args:
        source: The file.
        words: The phrases for all slots that a function lacks, by its qualified name.
        style: The house's style.

    Returns:
        The file, with one mended drift for each docstring that was completed.

    Raises:
        SourceError: the file cannot be read.
        VerifyError: more changed than these docstrings.

    """
    text = read(source)
    edits: list[Edit] = []
    drifts: dict[str, Drift] = {}
    for function in all_documented_functions(parse(text.code), text):
        summary = words.get(function.qualname)
        sections = _lacking(function, summary, style) if summary is not None else None
        if sections is None or function.qualname in drifts:
            continue
        change = _change(function, sections, style, text)
        if change is None:
            continue
        own = mend_edits(
            function.literal, [change], text, qualname=function.qualname, line=function.line
        )
        if own:
            edits += own
            lack = lack_of(_kinds_of(sections))
            drifts[function.qualname] = function.drift(DriftRule.SECTIONS_MISSING, 0, lack)
    after = apply_edits(source, edits)
    if edits:
        verify(source, after, edits)
    lines = map_lines(source, after, edits)
    return MendedFile(after=after, mended=tuple(drifts.values()), lines=lines)


def _kinds_of(sections: Sections) -> Iterator[SectionKind]:
    results = SectionKind.YIELDS if sections.yields else SectionKind.RETURNS
    pairs = (
        (SectionKind.PARAMETERS, sections.params),
        (results, sections.returns),
        (SectionKind.RAISES, sections.raises),
    )
    yield from (kind for kind, entries in pairs if entries)


def _with_indent(function: Function) -> Definition:
    """Return the definition with the indent of its docstring; None where it begins no line."""
    first = function.node.body[0]
    indent = " " * first.col_offset if first.lineno > function.node.lineno else None
    return dataclasses.replace(function.definition, indent=indent)


def _own_style(function: Function, style: DocstringStyle) -> DocstringStyle:
    """Return the house's style in the convention that the docstring has, if it has one."""
    own = function.docstring.convention
    return dataclasses.replace(style, convention=own.value) if own is not None else style


def _lacking(function: Function, summary: Summary, style: DocstringStyle) -> Sections | None:
    """Fill the sections that a docstring lacks; None where one of them cannot be filled.

    Words that are not in the summary are made up, for the sections that are there already.
    """
    definition = _with_indent(function)
    params, raises = dict(summary.params), dict(summary.raises)
    words = Summary(
        headline="",
        params=tuple((p.name, params.get(p.name, "it")) for p in definition.signature.params),
        returns=summary.returns or "it",
        raises=tuple((name, raises.get(name, "it")) for name in definition.raises),
    )
    filled = fill_sections(words, definition, _own_style(function, style))
    if filled is None or not function.literal.exact or function.of_class:
        return None
    docstring = function.docstring
    if not all(section.readable for section in docstring.sections):
        return None
    kinds = {section.kind for section in docstring.sections} | kinds_in_prose(docstring)
    lacking = dataclasses.replace(
        filled,
        params=() if kinds & set(PARAMETER_SECTIONS) else filled.params,
        returns=() if kinds & set(_RESULTS) else filled.returns,
        raises=() if SectionKind.RAISES in kinds else filled.raises,
    )
    return lacking if lacking.params or lacking.returns or lacking.raises else None


def _change(
    function: Function, sections: Sections, style: DocstringStyle, text: Text
) -> Change | None:
    definition = _with_indent(function)
    indent = definition.indent
    if indent is None or not _begins_line(function.node, text):
        return None
    lines = section_lines(sections, definition, _own_style(function, style))
    if not lines:
        return None
    docstring = function.docstring
    before = _section_after(function, sections)
    if before is not None:
        block = "".join(f"{indent}{line}\n" if line else "\n" for line in [*lines[1:], ""])
        return Change(Span(before.span.start, before.span.start), block)
    end = len(docstring.text.rstrip(" \t\n"))
    block = "".join(f"\n{indent}{line}" if line else "\n" for line in lines)
    rest = docstring.text[end:]
    return Change(Span(end, len(docstring.text)), block + (rest if "\n" in rest else f"\n{indent}"))


def _begins_line(node: ast.FunctionDef | ast.AsyncFunctionDef, text: Text) -> bool:
    """Check that nothing but blanks stands before the docstring on its line."""
    first = node.body[0]
    start = text.start_of_line(first.lineno)
    return not text.utf8[start : start + first.col_offset].strip(b" ")


def _section_after(function: Function, sections: Sections) -> Section | None:
    """Return the first section that comes after the new ones; None to put them last.

    New sections of several places all go before the first section that any of them precedes.
    """
    first = 0 if sections.params else 1 if sections.returns else 2
    for section in function.docstring.sections:
        if _ORDER.get(section.kind, 3) > first:
            return section
    return None
