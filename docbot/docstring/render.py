"""Lay out a docstring so that the repository's linters and formatters leave it alone.

A docstring is the summary line alone, unless the repository's style has sections and every slot has
a phrase: a section that leaves a parameter out says that there is no such parameter. Where the
whole docstring breaks a rule, a shorter one is written; nothing is ever cut to fit.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docbot.docstring.sections import (
    STYLES,
    fill_sections,
    is_false_heading,
    is_plain,
    needs_sections,
    page_of,
    width_of,
)
from docbot.docstring.wording import reword

if TYPE_CHECKING:
    from docbot.docstring.style import DocstringStyle
    from docbot.gate.summary import Summary
    from docbot.scan.definition import Definition


def render(summary: Summary, definition: Definition, style: DocstringStyle) -> str | None:
    r"""Lay out a docstring as a literal.

    The literal's first line is not indented, the others carry the anchor's indent. A headline's
    second sentence becomes a paragraph. The caller must see to the mood and truth of the words.

    Returns:
        The literal with its quotes and `\n` between its lines. None where the headline does not
        fit on one line between the style's quotes without an escape, where the definition has no
        place for a docstring, and where linters want sections that cannot be written.

    """
    if definition.indent is None:
        return None
    headline, rest = _split(summary.headline)
    if not _is_headline(headline, definition, style):
        return None
    headline = reword(headline, definition, style)
    indent = definition.indent
    alone = _literal([headline], indent, style)
    lacks = needs_sections(definition, style)
    # Ruff's D206 finds a tab in any line of a docstring but the first; black makes it spaces.
    if alone is None or "\t" in indent:
        return None if lacks else alone
    page = page_of(definition, style)
    more = ["", *page.wrap("", rest, "")] if is_plain(rest) else []
    sections: list[str] = []
    if items := fill_sections(summary, definition, style):
        sections = list(STYLES[style.convention](items, page))
        if style.docformatter and style.convention == "sphinx" and _is_hung(sections):
            sections = []
    # To ruff and pydocstyle a field list is no section.
    has_last = style.convention != "sphinx"
    for lines in (more + sections, sections, more):
        if not lines or style.single_line or (lacks and (not sections or lines is more)):
            continue
        ends = has_last and bool(sections) and lines is not more
        if literal := _literal([headline, *lines], indent, style, is_last_a_section=ends):
            return literal
    return None if lacks else alone


# Text and literals


def _split(text: str) -> tuple[str, str]:
    """Split a text into its first sentence and the rest."""
    end = re.search(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\betc)\. +(?=[A-Z`])", text)
    return (text[: end.start() + 1], text[end.end() :]) if end else (text, "")


def _is_headline(text: str, definition: Definition, style: DocstringStyle) -> bool:
    """Check whether pydocstyle accepts a text as first line: D210, D400, D402, D403."""
    return (
        is_plain(text)
        and text.endswith(".")
        and not text[0].islower()
        and not text.startswith(style.quotes[0])  # formatters put a blank between: D210
        and f"{definition.name}(" not in text
    )


def _is_hung(lines: list[str]) -> bool:
    """Check for a field's second line, to which docformatter sometimes gives another indent."""
    return any(line.startswith(" ") for line in lines)


def _literal(
    lines: list[str], indent: str, style: DocstringStyle, *, is_last_a_section: bool = False
) -> str | None:
    """Put lines between quotes; None if a line is too long, or they would be read otherwise."""
    if any(map(is_false_heading, lines)):
        return None
    body = lines[0]
    if len(lines) > 1:
        last = ["", ""] if style.last_blank and is_last_a_section else [""]
        below = [*lines, *last] if style.next_line else [*lines[1:], *last]
        first = "" if style.next_line else lines[0]
        body = "\n".join([first, *(indent + line if line else "" for line in below[:-1]), indent])
    raw = "r" if "\\" in body else ""
    literal = f"{raw}{style.quotes}{body}{style.quotes}"
    if not _fits(
        (indent + literal).split("\n"), style, next_line=style.next_line and len(lines) > 1
    ):
        return None
    try:
        return literal if ast.literal_eval(literal) == body else None
    except (SyntaxError, ValueError):
        return None


def _fits(lines: list[str], style: DocstringStyle, *, next_line: bool) -> bool:
    """Check that no line is too long: the summary's, those below it, or any."""
    summary = 1 if next_line else 0
    for number, line in enumerate(lines):
        own = style.summary_length if number == summary else style.below_length
        if width_of(line) > (own or style.line_length):
            return False
    return True
