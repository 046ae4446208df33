"""Read the header of a class or function from the lines of its file, for people.

`check` knows a definition by its name and line alone. Its signature is read from the text there,
which takes a hundredth of the time of parsing the file.
"""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_LINES = 80
"""Lines of a header that are looked at."""

LONGEST = 400
"""Characters of a header that are shown."""

_BEGINS = re.compile(rb"\s*(?:async\b|def\b|class\b)")
_NOT_PLAIN = re.compile(rb"['\"#\\;]")
_OPEN, _CLOSED = "([{", ")]}"
_NO_TEXT = frozenset((tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT))


def header_of(lines: Sequence[bytes], line: int) -> str:
    """Return the header of a definition on one line, without its colon and its comments.

    Args:
        lines: The lines of the file, in UTF-8.
        line: The line of the definition's name, 1-based.

    Returns:
        The header, cut where it is very long; "" where there is none.

    """
    start = min(line, len(lines)) - 1
    while start > 0 and not _BEGINS.match(lines[start]) and lines[start - 1].rstrip()[-1:] == b"\\":
        start -= 1  # a backslash puts a name below its `def`
    if not 0 <= start < len(lines) or not _BEGINS.match(lines[start]):
        return ""
    some = lines[start : start + MOST_LINES]
    header = _plain_header(some)
    if header is None:
        header = _join(some)
    return header if len(header) <= LONGEST else f"{header[:LONGEST]}..."


def _plain_header(lines: Sequence[bytes]) -> str | None:
    """Return the header where neither text nor comments stand in it, else None."""
    depth = 0
    parts = []
    for line in lines:
        if _NOT_PLAIN.search(line):
            return None
        part = line.strip()
        depth += sum(map(part.count, (b"(", b"[", b"{")))
        depth -= sum(map(part.count, (b")", b"]", b"}")))
        parts.append(part)
        if depth == 0:
            break
    text = b" ".join(filter(None, parts)).decode("utf-8", "replace")
    if depth or not text.endswith(":"):  # a body on the same line
        return None
    text = re.sub(r"([(\[{])\s+", r"\1", " ".join(text[:-1].split()))
    return re.sub(r",?\s+([)\]}])", r"\1", text)


def _join(lines: Sequence[bytes]) -> str:
    """Join the tokens of a header, with a blank where a line ends."""
    text = ""
    row, column = 0, 0
    for token in _tokens(lines):
        is_below = token.start[0] != row
        if is_below and token.string in _CLOSED:
            text = text.removesuffix(",")
        elif text and text[-1] not in _OPEN and (is_below or token.start[1] > column):
            text += " "
        text += token.string
        row, column = token.end
    return text


def _tokens(lines: Sequence[bytes]) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens of a header, up to its colon."""
    source = b"\n".join([lines[0].lstrip(), *lines[1:]]).decode("utf-8", "replace")
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NEWLINE or (token.string == ":" and depth == 0):
                return
            if token.type == tokenize.OP:
                depth += (token.string in _OPEN) - (token.string in _CLOSED)
            if token.type not in _NO_TEXT:
                yield token
    except (tokenize.TokenError, SyntaxError):
        return
