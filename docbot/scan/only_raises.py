"""Find bodies that do nothing but raise: whatever such a function is called, that is what it does.

Examples are the methods that change an immutable collection, and base methods to be overridden.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.scan.body import called_name
from docbot.scan.definition import Kind
from docbot.scan.tree import function_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.scan.definition import Definition


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlyRaises:
    """A body that raises on every path, and does nothing else.

    Attributes:
        exception: The class that is raised without a condition, as written; "" where the class
            depends on a condition or cannot be told.

    """

    exception: str


def only_raises(definition: Definition, around: Sequence[Definition] = ()) -> OnlyRaises | None:
    """Return what a function's body raises if it does nothing else; None if it may do more.

    A body that only calls one of the definitions `around` does what that one does.
    """
    if definition.kind not in (Kind.FUNCTION, Kind.METHOD):
        return None
    if not definition.raises and len(definition.calls) != 1:
        return None
    try:
        body = function_of(definition).body
    except SourceError:
        return None
    if definition.raises:
        return _read(body, {})
    name = _called_alone(body)
    called = [other for other in around if other.name == name and other != definition]
    return only_raises(called[0]) if len(called) == 1 else None


def _called_alone(body: Sequence[ast.stmt]) -> str:
    """Return the name of the function, or of the own method, that a body only calls."""
    match body:
        case [ast.Expr(value=ast.Call(func=func)) | ast.Return(value=ast.Call(func=func))]:
            name = called_name(func)
            return name.removeprefix("self.").removeprefix("cls.")
    return ""


def _read(body: Sequence[ast.stmt], values: dict[str, ast.expr]) -> OnlyRaises | None:
    """Follow statements to the one that raises; `values` holds what names were given."""
    is_conditional = False
    for statement in body:
        match statement:
            case ast.Raise(exc=exc):
                name = "" if is_conditional or exc is None else _class_of(exc, values)
                return OnlyRaises(exception=name)
            case ast.If(body=then, orelse=otherwise):
                branches = [branch for branch in (then, otherwise) if branch]
                if not all(_only_prepares(branch) or _read(branch, {}) for branch in branches):
                    return None
                is_conditional = True
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = value
            case _:
                pass
        if not isinstance(statement, ast.If) and not _prepares(statement):
            return None
    return None


def _only_prepares(body: Sequence[ast.stmt]) -> bool:
    return all(map(_prepares, body))


def _prepares(statement: ast.stmt) -> bool:
    """Check whether a statement alone does nothing: a message, `del x`, a warning, an import."""
    match statement:
        case ast.Delete(targets=targets):
            return all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets)
        case ast.Assign(targets=targets, value=value):
            return all(isinstance(target, ast.Name) for target in targets) and _is_plain(value)
        case ast.AnnAssign(target=ast.Name(), value=value):
            return value is None or _is_plain(value)
        case ast.Expr(value=ast.Call(func=func)):
            return _reports(called_name(func))
        case ast.Expr(value=value):
            return isinstance(value, ast.Constant)
    return isinstance(statement, (ast.Pass, ast.Import, ast.ImportFrom))


_HARMLESS = frozenset(
    ("type", "repr", "str", "len", "format", "join", "sorted", "id", "_", "gettext")
)
"""The functions and methods that make a message, and do nothing else."""

_LEVELS = frozenset(("debug", "info", "warning", "error", "exception", "critical"))


def _is_plain(value: ast.expr) -> bool:
    """Check whether a value is computed without effect: a message, or the exception to raise."""
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    names = [called_name(call.func).rpartition(".")[2] for call in calls]
    return all(name in _HARMLESS or name[:1].isupper() for name in names) and not any(
        isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom)) for node in ast.walk(value)
    )


def _reports(name: str) -> bool:
    """Check whether a call only warns or logs."""
    owner, _, method = name.rpartition(".")
    return name in ("warnings.warn", "warn") or ("log" in owner.lower() and method in _LEVELS)


def _class_of(exc: ast.expr, values: dict[str, ast.expr]) -> str:
    """Return the dotted name of the exception's class; "" where it cannot be told."""
    if isinstance(exc, ast.Name) and exc.id in values:
        exc = values[exc.id]
    if isinstance(exc, ast.Call):
        exc = exc.func
        if isinstance(exc, ast.Attribute) and exc.attr == "with_traceback":
            return _class_of(exc.value, values)
    name = called_name(exc) if isinstance(exc, (ast.Name, ast.Attribute)) else ""
    return name if name.rpartition(".")[2].lstrip("_")[:1].isupper() else ""
