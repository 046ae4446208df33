"""TODO."""

from __future__ import annotations

import ast
import functools
import gc
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from docbot.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator


MODULE_DOC = "<module>"
"""The qualified name of a module's own docstring."""

MAX_DEPTH = 180
"""Deeper trees are refused: libcst recurses several Python frames for each level, and some ten
thousand levels overflow the stack of its native parser, which ends the interpreter."""


PATTERN_DEPTH = 20
"""Levels one `match` pattern counts for: each nested one takes libcst up to four times as long."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection: trees have no cycles, and looking for them takes long.

    It doubles the time of `ast.parse`, and is a fifth of a scan with libcst.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def parse(source: bytes | str, *, type_comments: bool = False) -> ast.Module:
    """`ast.parse` with every way it can give up turned into one error, and without its warnings.

    With `type_comments` the tree holds those of PEP 484, and misplaced ones are syntax errors.

    Raises:
        SourceError: Python cannot parse the file.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the file's invalid escapes are not our business
            return ast.parse(source, type_comments=type_comments)
    except SyntaxError as error:
        raise SourceError(f"Python cannot parse it: {error.msg} (line {error.lineno})") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError("it nests too deep for Python's parser") from error


def parse_file(source: bytes | str) -> ast.Module:
    """Parse a whole file, with its type comments (PEP 484) where all stand in their places.

    Raises:
        SourceError: Python cannot parse the file.

    """
    marker: Any = "type:" if isinstance(source, str) else b"type:"
    if marker in source:
        try:
            return parse(source, type_comments=True)
        except SourceError:
            pass
    return parse(source)


@functools.lru_cache(maxsize=1024)
def parse_expression(text: str) -> ast.expr | None:
    """Parse an annotation; None where it is no expression."""
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def nodes_of(tree: ast.Module) -> list[ast.AST]:
    """Every node, outer ones first.

    Raises:
        SourceError: libcst would nest deeper than `MAX_DEPTH` here.

    """
    nodes: list[ast.AST] = []
    levels: list[list[ast.AST]] = [[tree], *([] for _ in range(MAX_DEPTH))]
    for depth, level in enumerate(levels):
        nodes += level
        for node in level:
            below = depth + 1 + (_hidden_depth(node) if type(node) in _FLAT else 0)
            if below > MAX_DEPTH:
                raise SourceError(f"it nests more than {MAX_DEPTH} levels deep")
            into = levels[below]
            for name in child_fields(type(node)):  # type: ignore[arg-type] # ast's stubs hide type's hash
                value = getattr(node, name)
                if isinstance(value, ast.AST):
                    into.append(value)
                elif isinstance(value, list):
                    into += [item for item in value if isinstance(item, ast.AST)]
    return nodes


@functools.cache
def child_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields that may hold code; `ast.iter_child_nodes` asks all, and takes twice as long."""
    if kind is ast.Constant:
        return ()
    return tuple(name for name in kind._fields if name not in _PLAIN)


_PLAIN = frozenset(
    ("ctx", "op", "ops", "id", "attr", "arg", "asname", "module", "level", "type_comment", "kind",
     "conversion", "is_async", "simple")
)  # fmt: skip


_FLAT = frozenset((ast.BoolOp, ast.alias, ast.ImportFrom, *ast.pattern.__subclasses__()))


def _hidden_depth(node: ast.AST) -> int:
    """The levels of a node that `ast` tells flat and libcst nests."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 2
    if isinstance(node, ast.alias):
        return node.name.count(".")
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").count(".")
    return PATTERN_DEPTH


def docstring_of(node: ast.AST) -> str | None:
    """Return the docstring as Python evaluates it; None where the body opens with no string."""
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        value = first.value.value
        return value if isinstance(value, str) else None
    return None


def is_documented(node: ast.AST) -> bool:
    """Check whether a module, class or function has a docstring, an empty one included."""
    return docstring_of(node) is not None


def is_dunder(name: str) -> bool:
    """Whether the name is one the data model reserves, such as `__len__`."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")  # noqa: PLR2004


def dotted(node: ast.expr) -> str:
    """`a.b.C` for names and attributes, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (value := dotted(node.value)):
        return f"{value}.{node.attr}"
    return ""
