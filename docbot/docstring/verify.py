"""Verify that an edited file is the same program with more docstrings, or with mended ones.

The standard library's `ast` and `tokenize` read both files; they had no part in making the edit.
Comparing trees alone is blind to comments, `# noqa` and line endings; so the bytes outside the
splices and the tokens are compared too. What a mended docstring must be is worked out here, from
the bytes of the old one and of the edits.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import SourceError, VerifyError
from docbot.scan.parse import MODULE_DOC, is_documented, parse_file
from docbot.scan.source import BOM, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from docbot.docstring.edit import Edit
    from docbot.scan.source import Text

_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
_STRUCTURE = frozenset({tokenize.ENCODING, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})
"""Tokens not compared, since the tree covers them; an INDENT moves to the docstring's line."""

Rows = dict[int, tuple["Edit", int]]
"""For the first row of each new docstring in the edited file, its edit, and the rows added above
it."""

_OPENING = re.compile(rb"""[rRuU]?(?:"{3}|'{3}|["'])""")


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
        VerifyError: something but docstrings changed, or another than an edit names; the message
            names the first change.
        SourceError: the original cannot be read, so nothing can be checked.

    """
    old = _parse(before, tree)
    rows = _spliced_rows(before, after, edits)
    mends = dict(_mends(before, old, edits))
    try:
        new = _parse(after)
    except SourceError as error:
        raise VerifyError(f"the edited file does not read as the one before: {error}") from error
    if (old.text.encoding, old.text.bom) != (new.text.encoding, new.text.bom):
        raise VerifyError("the encoding or the byte order mark changed")
    _check_tokens(old, new, rows, mends)
    _check_tree(old.tree, new.tree, rows, mends)
    if new.undocumented != old.undocumented - sum(not edit.replaces for edit in edits):
        raise VerifyError("a second run would find these definitions undocumented again")


@dataclass(frozen=True, kw_only=True, slots=True)
class _ParsedFile:
    """One file, as `ast` and `tokenize` read it."""

    text: Text
    tree: ast.Module
    tokens: list[tokenize.TokenInfo]
    documented: list[_Defined]
    undocumented: int


def _parse(source: bytes, tree: ast.Module | None = None) -> _ParsedFile:
    text = read(source)
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except Exception as error:
        raise SourceError(f"tokenize cannot read it: {error}") from error
    tree = tree or parse_file(source)
    tree.type_ignores = []  # they hold line numbers; as comments they are among the tokens
    defined = [node for node in ast.walk(tree) if isinstance(node, _Defined)]
    documented = [node for node in defined if is_documented(node)]
    return _ParsedFile(
        text=text,
        tree=tree,
        tokens=[token for token in tokens if token.type not in _STRUCTURE],
        documented=documented,
        undocumented=len(defined) - len(documented),
    )


def _spliced_rows(before: bytes, after: bytes, edits: Sequence[Edit]) -> Rows:
    """Find the new docstrings in the edited file, and check all bytes outside the edits."""
    rows: Rows = {}
    at_before = at_after = grown = 0
    for edit in sorted(edits, key=lambda e: e.start):
        gap = edit.start - at_before
        if gap < 0 or before[at_before : edit.start] != after[at_after : at_after + gap]:
            raise VerifyError(f"bytes before the docstring of {edit.qualname} are not as they were")
        replaced = before[edit.start : edit.end]
        if not edit.replaces and (
            replaced.strip(b" \t\r\n") or not _begins_line(before, edit.start)
        ):
            raise VerifyError(
                f"the docstring of {edit.qualname} would replace more than blank lines"
            )
        _check_endings(edit, before)
        start = at_after + gap
        at_before, at_after = edit.end, start + len(edit.text)
        if after[start:at_after] != edit.text:
            raise VerifyError(f"the docstring of {edit.qualname} is not where it should be")
        if not edit.replaces:
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
    if edit.replaces:  # it need not end a line, but must not part the two bytes of an ending
        cuts = any(before[at - 1 : at + 1] == b"\r\n" for at in (edit.start, edit.end) if at)
    else:
        cuts = bool(lines.pop())
    if cuts or any(b"\r" in line or b"\n" in line for line in lines):
        raise VerifyError(
            f"the docstring of {edit.qualname} does not end its lines as the file does"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mend:
    """What must become of one docstring that edits change.

    Attributes:
        qualname: The qualified name of its definition.
        place: Where its token begins in the original, by row and column.
        literal: The whole token in the edited file, with line feeds alone between its lines.
        value: What Python must read there.

    """

    qualname: str
    place: tuple[int, int]
    literal: str
    value: str


def _mends(
    before: bytes, old: _ParsedFile, edits: Sequence[Edit]
) -> Iterator[tuple[ast.AST, _Mend]]:
    """Yield the docstrings that edits change, each with what must become of it."""
    changed: dict[ast.Constant, list[Edit]] = {}
    for edit in sorted(edits, key=lambda e: e.start):
        if edit.replaces:
            changed.setdefault(_named_docstring(edit, old.documented), []).append(edit)
    for docstring, its_edits in changed.items():
        yield docstring, _mend(docstring, its_edits, before, old.text)


def _named_docstring(edit: Edit, documented: Sequence[_Defined]) -> ast.Constant:
    """Return the docstring of the definition that an edit names."""
    for node in documented:
        statement = node.body[0]
        if (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and _is_named(node, edit, edit.line, last=statement.lineno)
        ):
            return statement.value
    raise VerifyError(f"{edit.qualname} at line {edit.line} has no docstring that could be mended")


def _mend(docstring: ast.Constant, edits: Sequence[Edit], before: bytes, text: Text) -> _Mend:
    """Work out what must become of a docstring, and check that its edits lie between its quotes."""
    row_start = text.start_of_line(docstring.lineno)
    end_row_start = text.start_of_line(docstring.end_lineno or 0)
    start = text.offset(row_start + docstring.col_offset)
    end = text.offset(end_row_start + (docstring.end_col_offset or 0))
    match = _OPENING.match(before, start)
    opening = match.group() if match else b""
    closing = opening.lstrip(b"rRuU")
    inner = (start + len(opening), end - len(closing))
    for edit in edits:
        _check_place(edit, before, outer=(start, end), inner=inner)
    name = edits[0].qualname
    try:
        former = _spliced(before, inner, [], text.encoding)
        value = _spliced(before, inner, edits, text.encoding)
    except UnicodeDecodeError as error:
        raise VerifyError(f"the mend of {name} is not in the file's encoding: {error}") from error
    if former != docstring.value:
        raise VerifyError(f"the docstring of {name} does not stand in the file as Python reads it")
    column = len(text.utf8[row_start : row_start + docstring.col_offset].decode())
    return _Mend(
        qualname=name,
        place=(docstring.lineno, column),
        literal=f"{opening.decode()}{value}{closing.decode()}",
        value=value,
    )


def _check_place(
    edit: Edit, before: bytes, *, outer: tuple[int, int], inner: tuple[int, int]
) -> None:
    """Check that an edit lies between the quotes of the docstring that it names."""
    if inner[0] <= edit.start <= edit.end <= inner[1]:
        return
    if outer[0] <= edit.start and edit.end <= outer[1]:
        raise VerifyError(f"the mend of {edit.qualname} changes the quotes of its docstring")
    row = before.count(b"\n", 0, edit.start) + 1
    raise VerifyError(f"the mend of {edit.qualname} changes line {row}, outside its docstring")


def _spliced(before: bytes, span: tuple[int, int], edits: Sequence[Edit], encoding: str) -> str:
    """Return the text of a span once these edits are made, with line feeds between its lines."""
    at, end = span
    parts: list[bytes] = []
    for edit in edits:
        parts += [before[at : edit.start], edit.text]
        at = edit.end
    pieces = [part.decode(encoding) for part in (*parts, before[at:end])]
    return "".join(pieces).replace("\r\n", "\n")


def _check_tokens(
    old: _ParsedFile, new: _ParsedFile, rows: Rows, mends: Mapping[ast.AST, _Mend]
) -> None:
    spliced = {
        row: edit
        for first, (edit, _) in rows.items()
        for row in range(first, first + edit.text.count(b"\n"))
    }
    others = [token for token in new.tokens if token.start[0] not in spliced]
    mended = {mend.place: mend.literal for mend in mends.values()}
    expected = [(t.type, mended.get(t.start, _spelling(t))) for t in old.tokens]
    if expected != [(t.type, _spelling(t)) for t in others]:
        raise VerifyError("the token stream changed outside the docstrings")
    added = [token.type for token in new.tokens if token.start[0] in spliced]
    if added != [tokenize.STRING, tokenize.NEWLINE] * len(rows):
        raise VerifyError("something else than docstrings was written")


def _spelling(token: tokenize.TokenInfo) -> str:
    """Return a token as written, but for line endings in a string, which are among the bytes."""
    return token.string.replace("\r\n", "\n") if token.type == tokenize.STRING else token.string


def _check_tree(
    old: ast.Module, new: ast.Module, rows: Rows, mends: Mapping[ast.AST, _Mend]
) -> None:
    count = 0
    for node in ast.walk(new):
        if isinstance(node, _Defined) and (splice := rows.get(_docstring_row(node))):
            _check_owner(node, *splice)
            del node.body[0]
            count += 1
    if count != len(rows):
        raise VerifyError(f"{len(rows)} docstrings were written, Python sees {count}")
    if not _equal(old, new, mends):
        raise VerifyError("the syntax tree changed")


def _docstring_row(node: _Defined) -> int:
    return node.body[0].lineno if is_documented(node) else 0


def _check_owner(node: _Defined, edit: Edit, grown: int) -> None:
    if not _is_named(node, edit, edit.line + grown, last=node.body[0].lineno - 1):
        owner = "the module" if isinstance(node, ast.Module) else node.name
        raise VerifyError(f"the docstring of {edit.qualname} became that of {owner}")


def _is_named(node: _Defined, edit: Edit, row: int, *, last: int) -> bool:
    """Check that an edit names this definition: by its name, and by a row from its `def` to `last`.

    A backslash may put the name below the `def` that ast gives the line of.
    """
    if isinstance(node, ast.Module):
        return edit.qualname == MODULE_DOC
    name = unicodedata.normalize("NFKC", edit.qualname.rpartition(".")[2])  # as Python reads it
    return node.name == name and node.lineno <= row <= last


def _equal(old: ast.AST, new: ast.AST, mends: Mapping[ast.AST, _Mend]) -> bool:
    """Check whether two trees are the same but for positions and for mended docstrings.

    It never recurses, and never prints huge numbers.
    """
    pairs: list[tuple[object, object]] = [(old, new)]
    while pairs:
        a, b = pairs.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, ast.AST) and (mend := mends.get(a)):
            _check_value(b, mend)
        elif isinstance(a, ast.AST):
            pairs += [(getattr(a, name, None), getattr(b, name, None)) for name in a._fields]
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            pairs += zip(a, b, strict=True)
        elif a != b:
            return False
    return True


def _check_value(docstring: object, mend: _Mend) -> None:
    """Check that Python reads a mended docstring as it is written."""
    if getattr(docstring, "value", None) != mend.value:
        raise VerifyError(f"the mended docstring of {mend.qualname} reads otherwise than written")
