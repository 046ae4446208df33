"""Find the literal of a docstring in its file, and translate offsets between the two.

What Python evaluates a docstring to is what stands between the quotes, unless there are escapes,
line continuations or several literals side by side: each of them makes the value shorter than the
source. So the two are equal exactly where every character has its own place in the file.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docbot.scan.basics import docstring_of

if TYPE_CHECKING:
    import ast

    from docbot.scan.source import Text

    Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

_PREFIXES = "rRuU"
_LINE_FEED = re.compile(r"\\(?:n|0?12|x0a|u000a|U0000000a)", re.IGNORECASE)
"""Escapes that may be a line feed; `\\N` may name it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Literal:
    r"""The literal of a docstring, in a file.

    Attributes:
        text: The docstring: what stands between the quotes, with line feeds alone between its
            lines; where the literal is not exact, what Python evaluates it to.
        line: The line of the file where the literal begins, from 1.
        exact: Whether each character of the text stands in the file as it is, in one literal; only
            then can the text be changed. Backslashes that escape nothing (`\*`) do no harm.
        opening: The prefix and the opening quotes, as written.
        start: The UTF-8 offset of the file where the text begins, past the opening quotes.
        source: What stands between the quotes, with the file's own line endings.
        follows_lines: Whether each line of the text is one line of the file.

    """

    text: str
    line: int
    exact: bool
    opening: str
    start: int
    source: str = field(repr=False)
    follows_lines: bool

    @property
    def is_raw(self) -> bool:
        """Check whether backslashes escape nothing in it."""
        return self.opening[0] in "rR"

    @property
    def quotes(self) -> str:
        """Return the quotes that close it."""
        return self.opening.lstrip(_PREFIXES)

    def line_at(self, offset: int) -> int:
        """Return the line of the file for an offset of the text, else the literal's first."""
        return self.line + (
            bisect_left(_line_feeds(self.text), offset) if self.follows_lines else 0
        )

    def utf8_at(self, offset: int) -> int:
        r"""Return the UTF-8 offset of the file for an offset of the text.

        The offset of a line feed is that of the whole line ending, `\r\n` included.

        Raises:
            ValueError: the literal is not exact.

        """
        if not self.exact:
            raise ValueError("the literal's characters have no places in the file")
        ahead = self.text[:offset]
        returns = 0
        if "\r" in self.source:
            lines = self.source.split("\n", ahead.count("\n"))[:-1]
            returns = sum(line.endswith("\r") for line in lines)
        return self.start + len(ahead.encode()) + returns


@functools.lru_cache(maxsize=1)
def _line_feeds(text: str) -> tuple[int, ...]:
    """Return the offsets of the line feeds; one docstring is asked about many times in a row."""
    return tuple(at for at, character in enumerate(text) if character == "\n")


def literal_of(node: Documented, text: Text) -> Literal | None:
    """Find the literal of a definition's docstring; None without one.

    Args:
        node: The definition, from the tree of the whole file.
        text: The file.

    """
    value = docstring_of(node)
    if value is None:
        return None
    statement: Any = node.body[0]
    place = statement.value
    start = text.start_of_line(place.lineno) + place.col_offset
    end = text.start_of_line(place.end_lineno) + place.end_col_offset
    written = text.utf8[start:end].decode()
    opening = _opening(written)
    quotes = len(opening.lstrip(_PREFIXES))
    source = written[len(opening) : -quotes]
    exact = value == (source.replace("\r\n", "\n") if "\r" in source else source)
    return Literal(
        text=value,
        line=place.lineno,
        exact=exact,
        opening=opening,
        start=start + len(opening),
        source=source,
        follows_lines=exact or _follows_lines(value, source),
    )


def _opening(written: str) -> str:
    """Return the prefix and the opening quotes of a literal."""
    prefix = written[: written[0] in _PREFIXES]
    quotes = written[len(prefix) :][:3]
    return prefix + (quotes if quotes in ('"""', "'''") else quotes[0])


def _follows_lines(value: str, source: str) -> bool:
    """Check that the value of a literal, or of several, has the lines of its source.

    If no line feed is written as an escape, equal counts mean that none between the quotes, or
    between two literals, was lost either.
    """
    escapes = source.replace("\\\\", "")
    return value.count("\n") == source.count("\n") and not _LINE_FEED.search(escapes)
