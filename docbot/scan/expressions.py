"""Read single expressions and signatures, for `scan.handovers`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def all_params(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the names of a function's parameters."""
    arguments = node.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    extra = filter(None, (arguments.vararg, arguments.kwarg))
    return {each.arg for each in (*every, *extra)}


def operands(node: ast.expr) -> tuple[ast.expr, ...]:
    """Return what an operator joins."""
    return (node.left, node.right) if isinstance(node, ast.BinOp) else ()


def elements(node: ast.expr) -> list[ast.expr]:
    """Return what a display or a comprehension is made of."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    if isinstance(node, ast.Dict):
        return [*node.values, *(each for each in node.keys if each is not None)]
    if isinstance(node, ast.DictComp):
        return [node.key, node.value]
    return [node.elt] if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)) else []


def branches(node: ast.expr) -> tuple[ast.expr, ...]:
    """Return the expressions of which the value is one."""
    if isinstance(node, ast.IfExp):
        return (node.body, node.orelse)
    return tuple(node.values) if isinstance(node, ast.BoolOp) else ()


def names_doc(nodes: Iterable[ast.expr]) -> bool:
    """Check for the name `__doc__` as a string."""
    return any(isinstance(node, ast.Constant) and node.value == "__doc__" for node in nodes)
