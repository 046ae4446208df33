"""docbot distrusts itself: before and after must be the same program with more docstrings.

The witnesses are the standard library's `ast` and `tokenize`, which had no part in making the edit.
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
"""Tokens the tree speaks for; an INDENT moves to the docstring's line."""

Rows = dict[int, tuple["Edit", int]]
"""The first row of each splice in the edited file, and by how many rows those before it grew it."""


def verify(
    before: bytes, after: bytes, edits: Sequence[Edit], *, tree: ast.Module | None = None
) -> None:
    """Check an edited file against the one it was made from, whose `tree` may be at hand.

    Raises:
        VerifyError: naming the first thing that is not as it was.
        SourceError: the file cannot be checked, because it could not be read as it was before.

    """
    old = _look(before, tree)
    rows = _spliced_rows(before, after, edits)
    try:
        new = _look(after)
    except SourceError as error:
        raise VerifyError(f"the edited file does not read as the one before: {error}") from error
    if (old.encoding, old.bom) != (new.encoding, new.bom):
        raise VerifyError("the encoding or the byte order mark changed")
    _check_tokens(old, new, rows)
    _check_tree(old.tree, new.tree, rows)
    if new.undocumented != old.undocumented - len(edits):
        raise VerifyError("a second run would find these definitions undocumented again")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """What the witnesses say of one file."""

    encoding: str
    bom: bool
    tree: ast.Module
    tokens: list[tokenize.TokenInfo]
    undocumented: int


def _look(source: bytes, tree: ast.Module | None = None) -> _Look:
    text = read(source)
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise SourceError(f"tokenize cannot read it: {error}") from error
    tree = tree or parse_file(source)
    tree.type_ignores = []  # they hold line numbers; as comments they are among the tokens
    defined = (node for node in ast.walk(tree) if isinstance(node, _Defined))
    return _Look(
        encoding=text.encoding,
        bom=text.bom,
        tree=tree,
        tokens=[token for token in tokens if token.type not in _STRUCTURE],
        undocumented=sum(not is_documented(node) for node in defined),
    )


def _spliced_rows(before: bytes, after: bytes, edits: Sequence[Edit]) -> Rows:
    """Where the edits lie in the edited file, all of whose other bytes must be as they were."""
    rows: Rows = {}
    at_before = at_after = grown = 0
    for edit in sorted(edits, key=lambda e: e.start):
        kept = edit.start - at_before
        if kept < 0 or before[at_before : edit.start] != after[at_after : at_after + kept]:
            raise VerifyError(f"bytes before the docstring of {edit.qualname} are not as they were")
        replaced = before[edit.start : edit.end]
        if replaced.strip(b" \t\r\n") or not _begins_line(before, edit.start):
            raise VerifyError(
                f"the docstring of {edit.qualname} would replace more than blank lines"
            )
        _check_endings(edit, before)
        start = at_after + kept
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


def _check_tokens(old: _Look, new: _Look, rows: Rows) -> None:
    spliced = {
        row: edit
        for first, (edit, _) in rows.items()
        for row in range(first, first + edit.text.count(b"\n"))
    }
    kept = [token for token in new.tokens if token.start[0] not in spliced]
    if [(t.type, t.string) for t in old.tokens] != [(t.type, t.string) for t in kept]:
        raise VerifyError("the token stream changed outside the docstrings")
    added = [token.type for token in new.tokens if token.start[0] in spliced]
    if added != [tokenize.STRING, tokenize.NEWLINE] * len(rows):
        raise VerifyError("something else than docstrings was written")


def _check_tree(old: ast.Module, new: ast.Module, rows: Rows) -> None:
    seen = 0
    for node in ast.walk(new):
        if isinstance(node, _Defined) and (found := rows.get(_docstring_row(node))):
            _check_owner(node, *found)
            del node.body[0]
            seen += 1
    if seen != len(rows):
        raise VerifyError(f"{len(rows)} docstrings were written, Python sees {seen}")
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
    """Whether two trees are the same but for positions; never recurses or prints huge numbers."""
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
