"""Verify that an edited file is the same program with more docstrings.

The standard library's `ast` and `tokenize` read both files; they had no part in making the edit.
Comparing trees alone is blind to comments, `# noqa` and line endings; so the bytes outside the
splices and the tokens are compared too.
"""

from __future__ import annotations

import ast
import io
import tokenize
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import SourceError, VerifyError
from docbot.scan.parse import MODULE_DOC, is_documented, parse_file
from docbot.scan.source import BOM, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.docstring.edit import Edit

_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
_STRUCTURE = frozenset({tokenize.ENCODING, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})
"""Tokens not compared, since the tree covers them; an INDENT moves to the docstring's line."""

Rows = dict[int, tuple["Edit", int]]
"""For the first row of each splice in the edited file, its edit, and the rows added above it."""


def verify(
    before: bytes, after: bytes, edits: Sequence[Edit], *, tree: ast.Module | None = None
) -> None:
    """Check an edited file against the original.

    Args:
        before: The original file.
        after: The edited file.
        edits: The edits that were made.
        tree: The original's syntax tree, if it is at hand; its `type_ignores` are emptied.

    Raises:
        VerifyError: something but docstrings changed; the message names the first change.
        SourceError: the original cannot be read, so nothing can be checked.

    """
    old = _parse(before, tree)
    rows = _spliced_rows(before, after, edits)
    try:
        new = _parse(after)
    except SourceError as error:
        raise VerifyError(f"the edited file does not read as the one before: {error}") from error
    if (old.encoding, old.bom) != (new.encoding, new.bom):
        raise VerifyError("the encoding or the byte order mark changed")
    _check_tokens(old, new, rows)
    _check_tree(old.tree, new.tree, rows)
    if new.undocumented != old.undocumented - len(edits):
        raise VerifyError("a second run would find these definitions undocumented again")


@dataclass(frozen=True, kw_only=True, slots=True)
class _ParsedFile:
    """One file, as `ast` and `tokenize` read it."""

    encoding: str
    bom: bool
    tree: ast.Module
    tokens: list[tokenize.TokenInfo]
    undocumented: int


def _parse(source: bytes, tree: ast.Module | None = None) -> _ParsedFile:
    text = read(source)
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise SourceError(f"tokenize cannot read it: {error}") from error
    tree = tree or parse_file(source)
    tree.type_ignores = []  # they hold line numbers; as comments they are among the tokens
    defined = (node for node in ast.walk(tree) if isinstance(node, _Defined))
    return _ParsedFile(
        encoding=text.encoding,
        bom=text.bom,
        tree=tree,
        tokens=[token for token in tokens if token.type not in _STRUCTURE],
        undocumented=sum(not is_documented(node) for node in defined),
    )


def _spliced_rows(before: bytes, after: bytes, edits: Sequence[Edit]) -> Rows:
    """Find the edits in the edited file, and check that all other bytes are unchanged."""
    rows: Rows = {}
    at_before = at_after = grown = 0
    for edit in sorted(edits, key=lambda e: e.start):
        gap = edit.start - at_before
        if gap < 0 or before[at_before : edit.start] != after[at_after : at_after + gap]:
            raise VerifyError(f"bytes before the docstring of {edit.qualname} are not as they were")
        replaced = before[edit.start : edit.end]
        if replaced.strip(b" \t\r\n") or not _begins_line(before, edit.start):
            raise VerifyError(
                f"the docstring of {edit.qualname} would replace more than blank lines"
            )
        _check_endings(edit, before)
        start = at_after + gap
        at_before, at_after = edit.end, start + len(edit.text)
        if after[start:at_after] != edit.text:
            raise VerifyError(f"the docstring of {edit.qualname} is not where it should be")
        rows[after.count(b"\n", 0, start) + 1] = (edit, grown)
        grown += edit.text.count(b"\n") - replaced.count(b"\n")
    if before[at_before:] != after[at_after:]:
        raise VerifyError("bytes after the last docstring are not as they were")
    return rows


def _begins_line(before: bytes, start: int) -> bool:
    return before[:start] in (b"", BOM) or before[start - 1 : start] == b"\n"


def _check_endings(edit: Edit, before: bytes) -> None:
    above = before[: edit.start].rpartition(b"\n")[0] or before.partition(b"\n")[0]
    ending = b"\r\n" if above.endswith(b"\r") else b"\n"
    lines = edit.text.split(ending)
    if lines.pop() or any(b"\r" in line or b"\n" in line for line in lines):
        raise VerifyError(
            f"the docstring of {edit.qualname} does not end its lines as the file does"
        )


def _check_tokens(old: _ParsedFile, new: _ParsedFile, rows: Rows) -> None:
    spliced = {
        row: edit
        for first, (edit, _) in rows.items()
        for row in range(first, first + edit.text.count(b"\n"))
    }
    others = [token for token in new.tokens if token.start[0] not in spliced]
    if [(t.type, t.string) for t in old.tokens] != [(t.type, t.string) for t in others]:
        raise VerifyError("the token stream changed outside the docstrings")
    added = [token.type for token in new.tokens if token.start[0] in spliced]
    if added != [tokenize.STRING, tokenize.NEWLINE] * len(rows):
        raise VerifyError("something else than docstrings was written")


def _check_tree(old: ast.Module, new: ast.Module, rows: Rows) -> None:
    count = 0
    for node in ast.walk(new):
        if isinstance(node, _Defined) and (splice := rows.get(_docstring_row(node))):
            _check_owner(node, *splice)
            del node.body[0]
            count += 1
    if count != len(rows):
        raise VerifyError(f"{len(rows)} docstrings were written, Python sees {count}")
    if not _equal(old, new):
        raise VerifyError("the syntax tree changed")


def _docstring_row(node: _Defined) -> int:
    return node.body[0].lineno if is_documented(node) else 0


def _check_owner(node: _Defined, edit: Edit, grown: int) -> None:
    if isinstance(node, ast.Module):
        if edit.qualname != MODULE_DOC:
            raise VerifyError(f"the docstring of {edit.qualname} became that of the module")
        return
    name = unicodedata.normalize("NFKC", edit.qualname.rpartition(".")[2])  # as Python reads it
    # a backslash may put the name below the `def` that ast gives the line of
    if node.name != name or not node.lineno <= edit.line + grown < node.body[0].lineno:
        raise VerifyError(f"the docstring of {edit.qualname} became that of {node.name}")


def _equal(old: ast.AST, new: ast.AST) -> bool:
    """Check whether two trees are the same but for positions.

    It never recurses, and never prints huge numbers.
    """
    pairs: list[tuple[object, object]] = [(old, new)]
    while pairs:
        a, b = pairs.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, ast.AST):
            pairs += [(getattr(a, name, None), getattr(b, name, None)) for name in a._fields]
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            pairs += zip(a, b, strict=True)
        elif a != b:
            return False
    return True
