"""Read which names a module declares public with `__all__`.

Read are the forms that pydocstyle reads: a list or tuple of strings, also added up, and what
`+=`, `append`, `extend` and `remove` make of it at the top of the module. Of any other form, such
as `__all__ += other.__all__`, it is not known what it holds.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class _NotLiteralError(Exception):
    """What `__all__` holds cannot be read off the file."""


def exports_of(tree: ast.Module, source: bytes) -> tuple[str, ...] | None:
    """Return the names in a module's `__all__`; None where there is none that can be read."""
    if b"__all__" not in source:
        return None
    names: list[str] | None = None
    try:
        for node in _top_statements(tree.body):
            names = _after(node, names)
    except _NotLiteralError:
        return None
    return None if names is None else tuple(dict.fromkeys(names))


def _top_statements(body: Iterable[ast.stmt]) -> Iterable[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _top_statements(node.body)
            yield from _top_statements(node.orelse)
        else:
            yield node


def _after(node: ast.stmt, names: list[str] | None) -> list[str] | None:
    """Return the names after a statement."""
    if isinstance(node, ast.Assign) and any(map(_is_all, node.targets)):
        return _strings(node.value)
    if isinstance(node, ast.AnnAssign) and _is_all(node.target) and node.value is not None:
        return _strings(node.value)
    if isinstance(node, ast.AugAssign) and _is_all(node.target):
        return [*(names or ()), *_strings(node.value)]
    call = node.value if isinstance(node, ast.Expr) else None
    func = call.func if isinstance(call, ast.Call) else None
    if isinstance(call, ast.Call) and isinstance(func, ast.Attribute) and _is_all(func.value):
        return _called(call, func.attr, names or [])
    return names


def _called(call: ast.Call, method: str, names: list[str]) -> list[str]:
    if len(call.args) != 1 or method not in ("append", "extend", "remove"):
        raise _NotLiteralError
    if method == "extend":
        return names + _strings(call.args[0])
    (name,) = _strings(ast.List(elts=call.args))
    return [*names, name] if method == "append" else [each for each in names if each != name]


def _is_all(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__all__"


def _strings(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _strings(node.left) + _strings(node.right)
    if not isinstance(node, ast.List | ast.Tuple):
        raise _NotLiteralError
    names = [each.value for each in node.elts if isinstance(each, ast.Constant)]
    if len(names) < len(node.elts) or not all(isinstance(name, str) for name in names):
        raise _NotLiteralError
    return [str(name) for name in names]
