"""What `check` has to know of a file, by its bytes alone: plain data, small, kept by content.

A libcst parse costs ten times an `ast.parse`, and `check` needs neither offsets nor code: so this
reads from `ast` what the rules of `targets` ask of a definition. They say the same of it as of what
`scan` finds (tests compare the two on whole packages); a file with anything that `ast` cannot tell
for certain is scanned after all. Nothing here depends on configuration, path or other files.
"""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from docbot.definition import Anchor, Definition, Kind, Shape, Signature
from docbot.errors import SourceError, TooLargeError
from docbot.outline import (
    ClassEntry,
    Entry,
    Outline,
    dotted,
    is_documented,
    nodes_of,
    outline_of,
    parse,
    uncollected,
)
from docbot.source import Text, read
from docbot.targets import Skip, SkipReason, Told, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SOMEWHERE = Anchor(start=0, end=0, indent="")
"""There is a place for a docstring; where, `scan` tells."""

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """One file.

    `definitions` are those of `scan` without code, signature and docstring: that is "" where there
    is one. `size` is in bytes. `trouble` says why nothing could be read.
    """

    size: int
    told: Told
    outline: Outline = field(default_factory=Outline)
    definitions: tuple[Definition, ...] = ()
    trouble: Skip | None = None


class _OddError(Exception):
    """The file holds something that `ast` does not tell the place of."""


def survey(source: bytes, *, glance: bool = False) -> Survey:
    """Read one file; a `glance` is at what its text says of the whole, and no more."""
    seen = Survey(size=len(source), told=told(source))
    if glance:
        return seen
    try:
        with uncollected():
            text = read(source)
            tree = parse(source)
            nodes = nodes_of(tree)
            outline = outline_of(tree, nodes, source)
            return replace(seen, outline=outline, definitions=_definitions(tree, text))
    except TooLargeError as error:
        return replace(seen, trouble=Skip(reason=SkipReason.TOO_LARGE, detail=str(error)))
    except SourceError as error:
        return replace(seen, trouble=Skip(reason=SkipReason.UNPARSABLE, detail=str(error)))


def _definitions(tree: ast.Module, text: Text) -> tuple[Definition, ...]:
    if b"docbot:" not in text.utf8:  # a comment that may be about one definition
        with suppress(_OddError):
            return _Reader(tree, text).read()
    from docbot.scan import scan

    return tuple(_compact(definition) for definition in scan(text))


def _compact(definition: Definition) -> Definition:
    return replace(
        definition,
        code="",
        signature=Signature(),
        docstring="" if definition.docstring is not None else None,
        anchor=SOMEWHERE if definition.anchor is not None else None,
        calls=(),
        raises=(),
        yields=False,
        returns=False,
        is_async=False,
        one_line=definition.one_line and definition.docstring is None,
    )


class _Reader:
    """Definitions from statements alone: expressions hold none."""

    def __init__(self, tree: ast.Module, text: Text) -> None:
        self.tree = tree
        self.utf8 = text.utf8
        self.lines = text.utf8.split(b"\n")
        self.found: list[Definition] = []

    def read(self) -> tuple[Definition, ...]:
        """In source order, the module first.

        Raises:
            _OddError: `ast` cannot tell.

        """
        self.walk(self.tree.body, "", None, local=False)
        self.found.sort(key=lambda definition: definition.lines[0])
        return (self.module(), *self.found)

    def walk(self, body: Iterable[ast.AST], prefix: str, owner: str | None, *, local: bool) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                self.walk(node.body, f"{prefix}{node.name}.", node.name, local=local)
                self.found.append(self.definition(node, prefix, Kind.CLASS, owner, local=local))
            elif isinstance(node, _Function):
                kind = Kind.FUNCTION if owner is None else Kind.METHOD
                self.walk(node.body, f"{prefix}{node.name}.<locals>.", None, local=True)
                self.found.append(self.definition(node, prefix, kind, owner, local=local))
            else:
                for name in _BLOCKS.get(type(node), ()):
                    self.walk(getattr(node, name), prefix, owner, local=local)

    def definition(
        self, node: _Defined, prefix: str, kind: Kind, owner: str | None, *, local: bool
    ) -> Definition:
        documented = is_documented(node)
        first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
        if self.lines[node.lineno - 1].rstrip(b"\r").endswith(b"\\"):
            raise _OddError  # the name may stand on another line
        one_line = not documented and self.one_line(node)
        return Definition(
            qualname=prefix + node.name,
            name=node.name,
            kind=kind,
            line=node.lineno,
            lines=(first, node.end_lineno or node.lineno),
            docstring="" if documented else None,
            anchor=None if documented or one_line else SOMEWHERE,
            decorators=tuple(self.decorator(each) for each in node.decorator_list),
            bases=tuple(self.source(_starless(base)) for base in node.bases)
            if isinstance(node, ast.ClassDef)
            else (),
            owner=owner or "",
            local=local,
            shape=_shape(node.body[documented:], node.name),
            one_line=one_line,
        )

    def module(self) -> Definition:
        body = self.tree.body
        documented = is_documented(self.tree)
        if not body and self.utf8.strip():
            raise _OddError  # comments alone
        decorated = bool(body) and bool(getattr(body[0], "decorator_list", ()))
        return Definition(
            qualname="<module>",
            name="",
            kind=Kind.MODULE,
            line=1,
            lines=(1, self.utf8.count(b"\n", 0, max(0, len(self.utf8) - 1)) + 1),
            docstring="" if documented else None,
            anchor=None if documented or decorated else SOMEWHERE,
        )

    def one_line(self, node: _Defined) -> bool:
        """Whether the body begins on the line of its header."""
        first: ast.AST = node.body[0]
        decorators = getattr(first, "decorator_list", ())
        if decorators:
            first = decorators[0]
        number, column = first.lineno, first.col_offset  # type: ignore[attr-defined]
        before = self.lines[number - 1][:column]
        if decorators:
            before = before.rstrip(b" \t").removesuffix(b"@")
        if before.strip(b" \t"):
            if before.isspace():  # a form feed
                raise _OddError
            return True
        if not before or self.lines[number - 2].rstrip(b"\r").endswith(b"\\"):
            raise _OddError
        return False

    def decorator(self, node: ast.expr) -> str:
        if not self.lines[node.lineno - 1][: node.col_offset].rstrip(b" \t").endswith(b"@"):
            raise _OddError  # in parentheses, or on a line of its own
        return self.source(node)

    def source(self, node: ast.expr) -> str:
        """The node's source text on one line."""
        if node.lineno != node.end_lineno:
            return ast.unparse(node)
        return self.lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode()


_BLOCK_NAMES = ("body", "handlers", "cases", "orelse", "finalbody")
_BLOCKS: Mapping[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(name for name in _BLOCK_NAMES if name in kind._fields)
    for kind in (
        ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try,
        ast.ExceptHandler, ast.Match, ast.match_case, getattr(ast, "TryStar", ast.Try),
    )
}  # fmt: skip


def _starless(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Starred) else node


def _shape(body: list[ast.stmt], name: str) -> Shape:  # noqa: PLR0911 - one for each shape
    """As `scan` has it."""
    if len(body) != 1:
        return Shape.FULL if body else Shape.EMPTY
    node = body[0]
    if isinstance(node, ast.Pass) or (isinstance(node, ast.Return) and node.value is None):
        return Shape.EMPTY
    if isinstance(node, ast.Raise):
        return Shape.ABSTRACT if _raised(node.exc) == "NotImplementedError" else Shape.FULL
    if not isinstance(node, (ast.Return, ast.Expr)) or node.value is None:
        return Shape.FULL
    value = node.value
    if isinstance(node, ast.Expr) and isinstance(value, ast.Constant) and value.value is ...:
        return Shape.STUB
    if isinstance(node, ast.Return) and _is_plain(value):
        return Shape.RETURNS_NAME
    call = value.value if isinstance(value, ast.Await) else value
    delegates = isinstance(call, ast.Call) and _called(call.func) == f"super.{name}"
    return Shape.DELEGATES if delegates else Shape.FULL


def _raised(node: ast.expr | None) -> str:
    """The one exception of a `raise`, dotted, or ""."""
    if isinstance(node, ast.Tuple):
        return _raised(node.elts[0]) if len(node.elts) == 1 else ""
    if isinstance(node, ast.Call):
        node = node.func
        if isinstance(node, ast.Attribute) and node.attr == "with_traceback":
            return _raised(node.value)
    return dotted(node) if node is not None else ""


def _is_plain(value: ast.expr) -> bool:
    if isinstance(value, ast.Attribute):
        return _is_plain(value.value)
    if isinstance(value, (ast.List, ast.Tuple)):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    return isinstance(value, ast.Name) or (
        isinstance(value, ast.Constant) and value.value is not ...
    )


def _called(node: ast.expr) -> str:
    """A call's name without its arguments and subscripts: `super.f` for `super(A, b).f`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_called(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return _called(node.func)
    return _called(node.value) if isinstance(node, ast.Subscript) else ""


# As bytes

_KINDS = tuple(Kind)
_SHAPES = tuple(Shape)


def encode(seen: Survey) -> bytes:
    """A survey as JSON, without a name for anything."""
    outline = seen.outline
    row = [
        seen.size,
        [seen.told.generated, seen.told.marked],
        [seen.trouble.reason.value, seen.trouble.detail] if seen.trouble is not None else None,
        {name: [entry.bases, entry.methods] for name, entry in outline.classes.items()},
        outline.imports,
        outline.stars,
        sorted(outline.doc_reads),
        sorted(outline.doc_decorators),
        [outline.documented, outline.defines],
        [_row(definition) for definition in seen.definitions],
    ]
    return json.dumps(row, separators=(",", ":")).encode()


def _row(definition: Definition) -> list[Any]:
    return [
        definition.qualname,
        definition.name,
        _KINDS.index(definition.kind),
        definition.line,
        *definition.lines,
        definition.docstring is not None,
        definition.anchor is not None,
        definition.decorators,
        definition.bases,
        definition.owner,
        definition.local,
        _SHAPES.index(definition.shape),
        definition.one_line,
        definition.marked_skip,
    ]


def decode(value: bytes) -> Survey:
    """What `encode` was given."""
    size, words, trouble, classes, imports, stars, reads, decorators, marks, rows = json.loads(
        value
    )
    definitions = tuple(_definition(row) for row in rows)
    outline = Outline(
        entries=tuple(
            Entry(
                name=each.name,
                is_class=each.kind is Kind.CLASS,
                lines=each.lines,
                documented=each.docstring is not None,
            )
            for each in definitions
            if each.kind is not Kind.MODULE
        ),
        classes={
            name: ClassEntry(bases=tuple(bases), methods=methods)
            for name, (bases, methods) in classes.items()
        },
        imports=imports,
        stars=tuple(stars),
        doc_reads=frozenset(reads),
        doc_decorators=frozenset(decorators),
        documented=marks[0],
        defines=marks[1],
    )
    return Survey(
        size=size,
        told=Told(generated=words[0], marked=words[1]),
        outline=outline,
        definitions=definitions,
        trouble=Skip(reason=SkipReason(trouble[0]), detail=trouble[1]) if trouble else None,
    )


def _definition(row: list[Any]) -> Definition:
    qualname, name, kind, line, first, last, documented, open_, *rest = row
    decorators, bases, owner, local, shape, one_line, marked = rest
    return Definition(
        qualname=qualname,
        name=name,
        kind=_KINDS[kind],
        line=line,
        lines=(first, last),
        docstring="" if documented else None,
        anchor=SOMEWHERE if open_ else None,
        decorators=tuple(decorators),
        bases=tuple(bases),
        owner=owner,
        local=local,
        shape=_SHAPES[shape],
        one_line=one_line,
        marked_skip=marked,
    )
