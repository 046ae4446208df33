"""Read what the body of a definition does: its calls, raises, yields, returns and its shape.

What an inner function or class does does not count for the outer one; but its decorators, defaults
and bases are evaluated in the outer body and count there. A lambda's body counts nowhere.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, TypedDict

from docbot.scan.definition import Shape
from docbot.scan.parse import child_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class BodyFacts(TypedDict):
    """The fields of a `Definition` that its body decides."""

    calls: tuple[str, ...]
    raises: tuple[str, ...]
    yields: bool
    returns: bool


def body_facts(body: Iterable[ast.stmt]) -> BodyFacts:
    """Read what a body calls, raises, yields and returns.

    Calls and raises are dotted names, each one once, in source order.
    """
    collector = _Collector()
    for statement in body:
        collector.visit(statement)
    return BodyFacts(
        calls=tuple(collector.calls),
        raises=tuple(collector.raises),
        yields=collector.yields,
        returns=collector.returns,
    )


class _Collector:
    """A visitor of one body's nodes, in source order.

    Not an `ast.NodeVisitor`: that looks a method up by name for every node and takes twice as long.
    """

    def __init__(self) -> None:
        self.calls: dict[str, None] = {}
        self.raises: dict[str, None] = {}
        self.handlers: list[tuple[str, tuple[str, ...]]] = []
        self.yields = False
        self.returns = False

    def visit(self, node: ast.AST) -> None:
        """Record the facts of a node and of those below it."""
        if handler := _HANDLERS.get(type(node)):
            handler(self, node)
        else:
            self.visit_children(node)

    def visit_children(self, node: ast.AST) -> None:
        for name in child_fields(type(node)):  # type: ignore[arg-type] # ast's stubs hide type's hash
            value = getattr(node, name)
            if isinstance(value, list):
                for item in value:
                    if type(item) not in _LEAVES:
                        self.visit(item)
            elif type(value) not in _LEAVES:
                self.visit(value)

    def visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.visit_arguments(node.args)

    def visit_class(self, node: ast.ClassDef) -> None:
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outer)

    def visit_lambda(self, node: ast.Lambda) -> None:
        self.visit_arguments(node.args)

    def visit_arguments(self, arguments: ast.arguments) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
        rows: list[tuple[ast.arg | None, ast.expr | None]] = [
            *zip(positional, defaults, strict=True),
            (arguments.vararg, None),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
            (arguments.kwarg, None),
        ]
        for param, default in rows:
            annotation = param.annotation if param is not None else None
            for part in (annotation, default):
                if part is not None:
                    self.visit(part)

    def visit_call(self, node: ast.Call) -> None:
        if name := called_name(node.func):
            self.calls.setdefault(name)
        self.visit(node.func)
        arguments: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        for argument in sorted(arguments, key=_position):
            self.visit(argument)

    def visit_dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                self.visit(key)
            self.visit(value)

    def visit_yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.yields = True
        self.visit_children(node)

    def visit_return(self, node: ast.Return) -> None:
        value = node.value
        if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            self.returns = True
        self.visit_children(node)

    def visit_handler(self, node: ast.ExceptHandler) -> None:
        self.handlers.append((node.name or "", _exceptions(node.type)))
        for statement in node.body:
            self.visit(statement)
        self.handlers.pop()

    def visit_raise(self, node: ast.Raise) -> None:
        names = _exceptions(node.exc)
        if node.exc is None:  # raised again: what the handler caught
            names = self.handlers[-1][1] if self.handlers else ()
        aliases = dict(self.handlers)  # an inner alias hides an outer one of its name
        names = aliases.get(names[0], names) if len(names) == 1 else names
        self.raises.update(dict.fromkeys(names))
        self.visit_children(node)


_HANDLERS: Mapping[type[ast.AST], Callable[[_Collector, Any], None]] = {
    ast.FunctionDef: _Collector.visit_function,
    ast.AsyncFunctionDef: _Collector.visit_function,
    ast.ClassDef: _Collector.visit_class,
    ast.Lambda: _Collector.visit_lambda,
    ast.Call: _Collector.visit_call,
    ast.Dict: _Collector.visit_dict,
    ast.Yield: _Collector.visit_yield,
    ast.YieldFrom: _Collector.visit_yield,
    ast.Return: _Collector.visit_return,
    ast.Raise: _Collector.visit_raise,
    ast.ExceptHandler: _Collector.visit_handler,
}
_LEAVES = frozenset(
    (type(None), ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Global,
     ast.Nonlocal, ast.Import, ast.ImportFrom, ast.alias, str, int, bool)
)  # fmt: skip


def _position(node: ast.expr | ast.keyword) -> tuple[int, int]:
    return node.lineno, node.col_offset


def called_name(node: ast.expr) -> str:
    """Return a dotted name without arguments and subscripts: `super.f` for `super(A, b).f`.

    Parts that are no names are left out: `.join` for `", ".join`, and "" for a call of a lambda.
    """
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{called_name(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return called_name(node.func)
    return called_name(node.value) if isinstance(node, ast.Subscript) else ""


def _exceptions(node: ast.expr | None) -> tuple[str, ...]:
    """Return the dotted names of the exceptions in a `raise` or `except`."""
    if isinstance(node, ast.Tuple):
        return tuple(name for element in node.elts for name in _exceptions(element))
    if isinstance(node, ast.Call):
        node = node.func
        if isinstance(node, ast.Attribute) and node.attr == "with_traceback":
            return _exceptions(node.value)
    name = called_name(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""
    return (name,) if name else ()


def shape_of(body: list[ast.stmt], name: str) -> Shape:  # noqa: PLR0911 - one for each shape
    """Classify the body, without a docstring, of the function called `name`."""
    if len(body) != 1:
        return Shape.FULL if body else Shape.EMPTY
    node = body[0]
    if isinstance(node, ast.Pass) or (isinstance(node, ast.Return) and node.value is None):
        return Shape.EMPTY
    if isinstance(node, ast.Raise):
        not_implemented = _exceptions(node.exc) == ("NotImplementedError",)
        return Shape.ABSTRACT if not_implemented else Shape.FULL
    if not isinstance(node, (ast.Return, ast.Expr)) or node.value is None:
        return Shape.FULL
    value = node.value
    if isinstance(node, ast.Expr) and isinstance(value, ast.Constant) and value.value is ...:
        return Shape.STUB
    if isinstance(node, ast.Return) and _is_plain(value):
        return Shape.RETURNS_NAME
    call = value.value if isinstance(value, ast.Await) else value
    delegates = isinstance(call, ast.Call) and called_name(call.func) == f"super.{name}"
    return Shape.DELEGATES if delegates else Shape.FULL


def _is_plain(value: ast.expr) -> bool:
    """Check whether a value is a name, an attribute, a constant or an empty container."""
    if isinstance(value, ast.Attribute):
        return _is_plain(value.value)
    if isinstance(value, (ast.List, ast.Tuple)):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    return isinstance(value, ast.Name) or (
        isinstance(value, ast.Constant) and value.value is not ...
    )
