r"""Tell whether a suggestion mends one entry of a docstring and no more, from its lines alone.

The process that posts sees no code. What it is shown is the lines from the last one of a header to
the last one that changes. That is proof enough: a literal that opens below the header, and whose
closing quotes stand in none of these lines, is still open at the last of them; and new lines
without quotes and backslashes leave it open. As for a new docstring, whether all this is within a
longer string is not known here.

What may change inside is what docbot changes: a name, a value, the order of lines, or lines that
go. So no rule's mend can bring in words of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docbot.drift.drift import DriftRule
from docbot.review.markdown import has_invisible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Lines = Sequence[str]

HEADER_END = re.compile(r":[ \t]*(?:#.*)?$")
_HEADER_START = re.compile(r"[ \t]*(?:def|async[ \t]+def|class)[ \t]")
_OPENING = re.compile(r"[ \t]+[rR]?(\"\"\"|''')")
_INDENT = re.compile(r"[ \t]*")
_TOKEN = re.compile(r"\w+|\W")
_VALUE = re.compile(r"[\w.,()\[\]{}'\"+\-*/%| =]{0,80}")
"""A piece of a default, as Python or a docstring writes it; no `:`, `<`, `>`, `@` or `#`."""


def is_mend(above: Lines, before: Lines, after: Lines, rule: str) -> bool:
    """Check whether lines may take the place of others, as the mend of what a rule found.

    Args:
        above: The lines above those that change, from the header's last line on.
        before: The lines that change.
        after: The lines that replace them; () where they go.
        rule: The value of a `DriftRule`; one whose drifts only a person can mend has no mends.

    """
    if not above or any(map(has_invisible, (*above, *before, *after))):
        return False
    quotes, indent = _open_literal(above)
    if not quotes or any(quotes in line or "\\" in line for line in (*before, *after)):
        return False
    if not all(_is_as_deep(line, indent) for line in after):
        return False
    is_form = _FORMS.get(rule)
    return is_form is not None and tuple(before) != tuple(after) and is_form(before, after)


def _open_literal(above: Lines) -> tuple[str, str]:
    """Return the quotes and the indentation of a docstring that the lines open; "" for none."""
    header, *rest = above
    opened = next((at for at, line in enumerate(rest) if line.strip(" \t")), None)
    if opened is None or not _is_header(header):
        return "", ""
    match = _OPENING.match(rest[opened])
    if match is None:
        return "", ""
    inside = (rest[opened][match.end() :], *rest[opened + 1 :])
    is_open = not any(match[1] in line for line in inside)
    return (match[1], _indent(rest[opened])) if is_open else ("", "")


def _is_header(line: str) -> bool:
    """Check for the last line of a header; a key of a dictionary and a slice are none.

    The last of several lines closes the parentheses that another one opened.
    """
    is_start = _HEADER_START.match(line) is not None
    has_quotes = '"""' in line or "'''" in line
    return (
        (is_start or line.count(")") > line.count("("))
        and not has_quotes
        and HEADER_END.search(line) is not None
    )


def _indent(line: str) -> str:
    match = _INDENT.match(line)
    return match[0] if match else ""


def _is_as_deep(line: str, indent: str) -> bool:
    return not line.strip(" \t") or _indent(line).startswith(indent)


def _is_rename(before: Lines, after: Lines) -> bool:
    """Check that one identifier is another now, and nothing else changed."""
    if len(before) != len(after):
        return False
    pairs = set()
    for old, new in zip(map(_TOKEN.findall, before), map(_TOKEN.findall, after), strict=True):
        if len(old) != len(new):
            return False
        pairs |= {pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]}
    return len(pairs) == 1 and all(name.isidentifier() for name in next(iter(pairs)))


def _has_new_value(before: Lines, after: Lines) -> bool:
    """Check that in each line that changed one piece did, which may be of a value."""
    if len(before) != len(after):
        return False
    pairs = ((old, new) for old, new in zip(before, after, strict=True) if old != new)
    return all(
        _indent(old) == _indent(new)
        and all(map(_VALUE.fullmatch, _differing(old.lstrip(" \t"), new.lstrip(" \t"))))
        for old, new in pairs
    )


def _differing(old: str, new: str) -> tuple[str, str]:
    """Return what is left of two lines without what they share at both ends."""
    head = _count_shared(old, new)
    old, new = old[head:], new[head:]
    tail = _count_shared(old[::-1], new[::-1])
    return old[: len(old) - tail], new[: len(new) - tail]


def _count_shared(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _is_reordered(before: Lines, after: Lines) -> bool:
    return sorted(before) == sorted(after)


def _is_shortened(before: Lines, after: Lines) -> bool:
    """Check that lines went and the others stayed as they are, in their order."""
    rest = iter(before)
    return all(_is_next(line, rest) for line in after)


def _is_next(line: str, rest: Iterable[str]) -> bool:
    """Take lines up to one that is equal."""
    return any(line == other for other in rest)


_FORMS: Mapping[str, Callable[[Lines, Lines], bool]] = {
    DriftRule.PARAM_RENAMED.value: _is_rename,
    DriftRule.PARAM_DEFAULT.value: _has_new_value,
    DriftRule.PARAM_ORDER.value: _is_reordered,
    DriftRule.PARAM_UNKNOWN.value: _is_shortened,
}
