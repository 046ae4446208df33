"""docbot distrusts itself: before and after must be the same program with more docstrings.

The witnesses are the standard library's `ast` and `tokenize`, which had no part in making the edit.
Comparing trees alone is blind to comments, `# noqa` and line endings; so the bytes outside the
splices and the tokens are compared too.
"""

from __future__ import annotations

import ast
import io
import tokenize
from typing import TYPE_CHECKING

from docbot.errors import SourceError, VerifyError
from docbot.outline import outline, parse
from docbot.source import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.edit import Edit

_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
_STRUCTURE = frozenset({tokenize.ENCODING, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})
"""Tokens the tree speaks for; an INDENT moves to the docstring's line."""


def verify(before: bytes, after: bytes, edits: Sequence[Edit]) -> None:
    """Check an edited file against the one it was made from.

    Raises:
        VerifyError: naming the first thing that is not as it was.

    """
    rows = _spliced_rows(before, after, edits)
    try:
        _check_text(before, after)
        _check_tree(before, after, rows)
        _check_tokens(before, after, rows)
        _check_second_run(before, after, edits)
    except SourceError as error:
        raise VerifyError(f"the edited file does not read as the one before: {error}") from error


def _spliced_rows(before: bytes, after: bytes, edits: Sequence[Edit]) -> list[tuple[int, int]]:
    """The inclusive 1-based rows that the edits brought; all other bytes must be equal."""
    rows = []
    at_before = at_after = 0
    for edit in sorted(edits, key=lambda e: e.start):
        kept = edit.start - at_before
        if before[at_before : edit.start] != after[at_after : at_after + kept]:
            raise VerifyError(f"bytes before the docstring of {edit.qualname} are not as they were")
        if before[edit.start : edit.end].strip(b" \t\r\n"):
            raise VerifyError(
                f"the docstring of {edit.qualname} would replace more than blank lines"
            )
        start = at_after + kept
        at_before, at_after = edit.end, start + len(edit.text)
        if after[start:at_after] != edit.text:
            raise VerifyError(f"the docstring of {edit.qualname} is not where it should be")
        first = after.count(b"\n", 0, start) + 1
        rows.append((first, first + edit.text.count(b"\n") - 1))
    if before[at_before:] != after[at_after:]:
        raise VerifyError("bytes after the last docstring are not as they were")
    return rows


def _check_text(before: bytes, after: bytes) -> None:
    old, new = read(before), read(after)
    if (old.encoding, old.bom) != (new.encoding, new.bom):
        raise VerifyError("the encoding or the byte order mark changed")
    if _endings(after) - _endings(before):
        raise VerifyError("a line ending appeared that the file did not use")


def _endings(source: bytes) -> set[bytes]:
    return {line[len(line.rstrip(b"\r\n")) :] for line in source.splitlines(keepends=True)} - {b""}


def _check_tree(before: bytes, after: bytes, rows: Sequence[tuple[int, int]]) -> None:
    old, new = parse(before), parse(after)
    starts = {first for first, _ in rows}
    dropped = 0
    for node in ast.walk(new):
        if isinstance(node, _Defined) and _new_docstring(node, starts):
            del node.body[0]
            dropped += 1
    if dropped != len(rows):
        raise VerifyError(f"{len(rows)} docstrings were written, Python sees {dropped}")
    if ast.dump(old) != ast.dump(new):
        raise VerifyError("the syntax tree changed")


def _new_docstring(node: _Defined, starts: set[int]) -> bool:
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
        and first.lineno in starts
    )


def _check_tokens(before: bytes, after: bytes, rows: Sequence[tuple[int, int]]) -> None:
    spliced = {row for first, last in rows for row in range(first, last + 1)}
    if _tokens(before, frozenset()) != _tokens(after, spliced):
        raise VerifyError("the token stream changed outside the docstrings")


def _tokens(source: bytes, without: frozenset[int] | set[int]) -> list[tuple[int, str]]:
    try:
        return [
            (token.type, token.string)
            for token in tokenize.tokenize(io.BytesIO(source).readline)
            if token.type not in _STRUCTURE and token.start[0] not in without
        ]
    except (tokenize.TokenError, SyntaxError) as error:
        raise SourceError(f"tokenize cannot read it: {error}") from error


def _check_second_run(before: bytes, after: bytes, edits: Sequence[Edit]) -> None:
    missing = [sum(not e.documented for e in outline(source).entries) for source in (before, after)]
    if missing[1] != missing[0] - len(edits):
        raise VerifyError("a second run would find these definitions undocumented again")
