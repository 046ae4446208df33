"""Return a definition's syntax tree, for the stages that read its code."""

from __future__ import annotations

import ast
import copy
import dataclasses
import functools
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.scan.basics import docstring_of
from docbot.scan.definition import Definition, Kind
from docbot.scan.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Node = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def tree_of(definition: Definition) -> _Node:
    """Return the definition's node, without its docstring.

    It comes from the tree of the whole file; a definition from another process has none, and its
    code is parsed. The caller must not change it: others read the same node.

    Raises:
        SourceError: the code cannot be parsed by itself.

    """
    if definition.tree is not None:
        return _without_docstring(definition.tree)
    return _parsed(definition.code, definition.kind)


def function_of(definition: Definition) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """Return the node of a function or method, without its docstring.

    Raises:
        SourceError: it is not a function, or its code cannot be parsed by itself.

    """
    node = tree_of(definition)
    if not isinstance(node, _Function):
        raise SourceError("it is no function")
    return node


def class_of(definition: Definition) -> ast.ClassDef:
    """Return the node of a class, without its docstring.

    Raises:
        SourceError: it is not a class, or its code cannot be parsed by itself.

    """
    node = tree_of(definition)
    if not isinstance(node, ast.ClassDef):
        raise SourceError("it is no class")
    return node


def nodes_of_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Yield all nodes of a function's body, in no order, without those of functions inside it."""
    nodes: list[ast.AST] = [*function.body]
    while nodes:
        node = nodes.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            nodes += ast.iter_child_nodes(node)


def without_trees(definitions: Iterable[Definition]) -> tuple[Definition, ...]:
    """Return the definitions without their trees, to be sent to another process.

    Sending trees costs more than parsing the few that are needed there.
    """
    return tuple(dataclasses.replace(definition, tree=None) for definition in definitions)


@functools.lru_cache(maxsize=256)
def _parsed(code: str, kind: Kind) -> _Node:
    module = parse(code)
    if kind is Kind.MODULE:
        return module
    for node in module.body:
        if isinstance(node, _Node):
            return node
    raise SourceError("it defines nothing")


def _without_docstring(node: _Node) -> _Node:
    if docstring_of(node) is None:
        return node
    bare = copy.copy(node)
    bare.body = node.body[1:] or ([] if isinstance(node, ast.Module) else [ast.Pass()])
    return bare
