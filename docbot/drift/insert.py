"""Write an entry for a parameter into a section, in the form of the entries beside it."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from docbot.drift.docstring import Convention, SectionKind, Span
from docbot.drift.drift import Change

if TYPE_CHECKING:
    from docbot.drift.docstring import Entry, Section
    from docbot.drift.function import Function
    from docbot.scan.definition import Parameter

_INDENT = re.compile(r"[ \t]*")
_STEP = "    "


def entry_changes(function: Function, name: str, phrase: str, width: int) -> tuple[Change, ...]:
    """Return the change that documents a parameter at its place in the signature's order.

    Args:
        function: The function, whose docstring has a section of parameters with entries.
        name: The parameter's name, which no entry documents.
        phrase: The words for it.
        width: Most columns of a line.

    Returns:
        () where there is no section to write into, or its form cannot be copied.

    """
    section = next(iter(function.sections(SectionKind.PARAMETERS)), None)
    param = next((each for each in function.params if each.name == name), None)
    if section is None or param is None or not section.entries:
        return ()
    before = _entry_before(function, section, name)
    model = before or section.entries[0]
    text = function.docstring.text
    lines = _lines(function, section, model, param, phrase, width)
    if lines is None:
        return ()
    at = model.span.end if before else model.span.start
    if before and not model.span.of(text).endswith("\n"):
        return ()  # the closing quotes stand on its line
    gap = "\n" if _are_spaced(text, section) else ""
    block = "".join(f"{line}\n" for line in lines)
    return (Change(Span(at, at), gap + block if before else block + gap),)


def _entry_before(function: Function, section: Section, name: str) -> Entry | None:
    """Return the last entry of the nearest documented parameter before this one."""
    text = function.docstring.text
    names = [param.name for param in function.params]
    for earlier in reversed(names[: names.index(name)]):
        entries = [e for e in section.entries if earlier in {span.of(text) for span in e.names}]
        if entries:
            return entries[-1]
    return None


def _are_spaced(text: str, section: Section) -> bool:
    """Check whether blank lines stand between the entries."""
    pairs = zip(section.entries, section.entries[1:], strict=False)
    gaps = [text[one.span.end : other.span.start] for one, other in pairs]
    return bool(gaps) and all("\n" in gap for gap in gaps)


def _lines(
    function: Function, section: Section, model: Entry, param: Parameter, phrase: str, width: int
) -> list[str] | None:
    """Write the lines of an entry, without their line feeds; None for a form of no style."""
    text = function.docstring.text
    indent = _INDENT.match(text, model.span.start)
    margin = indent[0] if indent else ""
    if "\t" in margin:
        return None
    type_ = _type(section, param)
    convention = function.docstring.convention
    if convention is Convention.GOOGLE:
        head = f"{margin}{_starred(param)} ({type_}): " if type_ else f"{margin}{_starred(param)}: "
        return _wrap(head, phrase, margin + _STEP, width)
    if convention is Convention.NUMPY:
        head = f"{margin}{_starred(param)} : {type_}" if type_ else margin + _starred(param)
        inner = _inner_indent(text, model, margin)
        return [head, *_wrap(inner, phrase, inner, width)]
    if convention is Convention.SPHINX:
        name = _starred(param).replace("*", r"\*")
        lines = _wrap(f"{margin}:param {name}: ", phrase, margin + _STEP, width)
        return [*lines, f"{margin}:type {name}: {type_}"] if type_ else lines
    return None


def _wrap(head: str, phrase: str, hang: str, width: int) -> list[str]:
    return textwrap.wrap(
        phrase,
        max(width, len(hang) + 20),
        initial_indent=head,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _inner_indent(text: str, model: Entry, margin: str) -> str:
    """Return the indentation of an entry's description, below its name."""
    lines = text[model.span.start : model.span.end].split("\n")[1:]
    indents = [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]
    return indents[0] if indents else margin + _STEP


def _starred(param: Parameter) -> str:
    return param.starred


def _type(section: Section, param: Parameter) -> str:
    """Return the annotation where most other entries state types; "" for none."""
    typed = sum(entry.type is not None for entry in section.entries)
    plain = param.annotation or ""
    is_usual = 2 * typed > len(section.entries) or any(
        entry.text is None and entry.type is not None for entry in section.entries
    )
    return plain if is_usual and not re.search(r"[:#\\\n\"']", plain) else ""
