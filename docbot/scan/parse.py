"""Parse Python with `ast`, and read single nodes.

Failures of Python's parser become a `SourceError` here, and `all_nodes` refuses files that nest too
deep for what reads them.
"""

from __future__ import annotations

import ast
import functools
import gc
import re
import warnings
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from docbot.errors import SourceError
from docbot.scan.basics import docstring_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docbot.scan.source import Text


MODULE_DOC = "<module>"
"""The qualified name of a module's own docstring."""

MAX_DEPTH = 180
"""Levels of a tree; deeper ones are refused.

What reads expressions recurses, `ast.unparse` by several Python frames for each level, and the
largest file that is read could nest a million levels. libcst sees no expression: see `skeleton`.
"""

PATTERN_DEPTH = 20
"""Levels that one `match` pattern counts for: with each nested one, libcst takes up to four times
as long."""


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection: trees have no cycles, and the search for them takes long.

    It doubles the time of `ast.parse`, and is a fifth of a scan with libcst.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def parse(source: bytes | str, *, type_comments: bool = False) -> ast.Module:
    """Parse source with `ast.parse`, without its warnings and with one type of error.

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
    except (RecursionError, MemoryError) as error:
        raise SourceError("it nests too deep for Python's parser") from error
    except Exception as error:
        raise SourceError(f"Python's parser fails on it ({type(error).__name__})") from error


def parse_file(source: bytes | str) -> ast.Module:
    """Parse a whole file, with type comments if all are well placed (PEP 484).

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


@functools.lru_cache(maxsize=1)
def shared_tree(code: str) -> ast.Module:
    """Parse a whole file, or return the tree of the last call: it must not be changed.

    A hook scans one file and then looks at the docstring style of the same one.

    Raises:
        SourceError: Python cannot parse the file.

    """
    return parse_file(code)


@functools.lru_cache(maxsize=1024)
def parse_expression(text: str) -> ast.expr | None:
    """Parse an annotation; return None where it is no expression."""
    try:
        return ast.parse(text, mode="eval").body
    except Exception:  # noqa: BLE001 - whatever the parser's trouble is, there is no expression
        return None


def all_nodes(tree: ast.Module) -> list[ast.AST]:
    """Return every node of a tree, outer ones first.

    Raises:
        SourceError: libcst would nest deeper than `MAX_DEPTH` here.

    """
    return _nodes_below([tree], 0)


def _nodes_below(roots: list[ast.AST], depth: int) -> list[ast.AST]:
    """Return these nodes, which are at one depth, and all below them, outer ones first."""
    nodes: list[ast.AST] = []
    far: dict[int, list[ast.AST]] = {}  # what lies further below a node than the next level
    level = roots
    while level or far:
        nodes += level
        depth += 1
        if level and depth > MAX_DEPTH:
            raise SourceError(_TOO_DEEP)
        below = far.pop(depth, [])
        for node in level:
            children = _children(node)
            if type(node) in _FLAT and (hidden := _hidden_depth(node)):
                if depth + hidden > MAX_DEPTH:
                    raise SourceError(_TOO_DEEP)
                far.setdefault(depth + hidden, []).extend(children)
            else:
                below += children
        level = below
    return nodes


_TOO_DEEP = f"it nests more than {MAX_DEPTH} levels deep"


def _children(node: ast.AST, without: tuple[str, ...] = ()) -> list[ast.AST]:
    children: list[ast.AST] = []
    for name in child_fields(type(node)):  # type: ignore[arg-type] # ast's stubs hide type's hash
        value = getattr(node, name)
        if type(value) is list:
            if value and name not in without:
                children += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            children.append(value)
    return children


_BLOCKS = ("body", "handlers", "cases", "orelse", "finalbody")


@functools.cache
def block_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """Return the fields of a node type that hold statements; () for an expression."""
    if issubclass(kind, (ast.expr, ast.pattern)):
        return ()
    return tuple(name for name in _BLOCKS if name in kind._fields)


def statements_of(tree: ast.Module, text: Text) -> list[ast.AST]:
    """Return the module, its statements, handlers and cases, outer ones first.

    These are a fifth of what `all_nodes` returns. Expressions are looked at only in statements that
    are long enough to nest too deep.

    Raises:
        SourceError: as `all_nodes`.

    """
    if any(signs in text.utf8 for signs in _SIGNS) and _SIGNS_IN_CODE.search(text.utf8):
        all_nodes(tree)  # not just a line drawn in a comment
    ends = [0, *accumulate(map(len, text.lines))]
    nodes: list[ast.AST] = []
    level: list[Any] = [tree]
    for depth in range(MAX_DEPTH):
        nodes += level
        limit = _BYTES_PER_LEVEL * (MAX_DEPTH - _WRAPPERS - depth)
        below: list[Any] = []
        for node in level:
            blocks = block_fields(type(node))  # type: ignore[arg-type] # as in `_children`
            if not blocks:
                if ends[node.end_lineno] - ends[node.lineno - 1] > limit:
                    _nodes_below(_children(node), depth + 1)
                continue
            if node is not tree:
                start, end = _lines(node, blocks)
                if ends[end] - ends[start - 1] > limit or isinstance(node, ast.match_case):
                    _nodes_below(_children(node, without=blocks), depth + 1)
            for name in blocks:
                below += getattr(node, name)
        level = below
    if level:  # `elif` after `elif`
        raise SourceError(_TOO_DEEP)
    return nodes


_SIGNS = tuple(sign * 30 for sign in (b"-", b"+", b"~", b"- ", b"+ "))
"""Unary operators, the only levels of one character each."""
_SIGNS_IN_CODE = re.compile(rb"^[^#\n]*[-+~](?:\s?[-+~]){29}", re.MULTILINE)
_BYTES_PER_LEVEL = 1.5
"""What a level takes at least otherwise: `[*[*x]]` has four in six characters."""
_WRAPPERS = 20
"""Levels that take no character of their own: the arguments of a function, the item of a `with`."""


def _lines(node: Any, blocks: tuple[str, ...]) -> tuple[int, int]:
    """Return the first and the last line of a statement, of its header where it has blocks."""
    if isinstance(node, ast.match_case):  # it has no place of its own
        node = node.pattern
    start, end = node.lineno, node.end_lineno
    for name in blocks:
        block = getattr(node, name, None)
        if block:
            first = block[0]
            end = (first.pattern if isinstance(first, ast.match_case) else first).lineno
            break
    for decorator in getattr(node, "decorator_list", ()):
        start = min(start, decorator.lineno)
    return start, end


@functools.cache
def child_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """Return the fields of a node type that may hold code.

    `ast.iter_child_nodes` looks at all fields and takes twice as long.
    """
    if kind is ast.Constant:
        return ()
    return tuple(name for name in kind._fields if name not in _PLAIN)


_PLAIN = frozenset(
    ("ctx", "op", "ops", "id", "attr", "arg", "asname", "module", "level", "type_comment", "kind",
     "conversion", "is_async", "simple")
)  # fmt: skip


_FLAT = frozenset((ast.BoolOp, ast.alias, ast.ImportFrom, *ast.pattern.__subclasses__()))


def _hidden_depth(node: ast.AST) -> int:
    """Return the number of levels that libcst nests in a node where `ast` has one."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 2
    if isinstance(node, ast.alias):
        return node.name.count(".")
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").count(".")
    return PATTERN_DEPTH


def is_documented(node: ast.AST) -> bool:
    """Check whether a module, class or function has a docstring, even an empty one."""
    return docstring_of(node) is not None


def is_dunder(name: str) -> bool:
    """Check whether the data model reserves a name, as it does `__len__`."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")  # noqa: PLR2004


def dotted(node: ast.expr) -> str:
    """Return the dotted name of an expression: `a.b.C`.

    It is "" for anything but names and their attributes.
    """
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (value := dotted(node.value)):
        return f"{value}.{node.attr}"
    return ""
