"""Change a function's code without changing what it does: a summary should stay the same.

Wei et al. (ESEC/FSE 2023) ask whether quantised models of code are as robust to such changes as
full ones. Each change takes the source of one function and a random generator, and returns the same
text for the same seed; where it finds nothing that it may change, it returns the code unchanged.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from docbot.errors import SourceError
from docbot.scan.parse import parse

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Perturbation = Callable[[str, random.Random], str]

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Inner = (*_Function, ast.Lambda, ast.ClassDef)
_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SEES_NAMES = frozenset(("locals", "vars", "globals", "dir", "eval", "exec"))
_KEEPS_ORDER = frozenset(("dict", "OrderedDict", "namedtuple", "print"))
_EFFECTS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Subscript)
DEAD = (
    "if False:\n    {name} = None",
    "{name} = 0",
    "if False:\n    raise AssertionError",
    '{name} = ""',
    "while False:\n    pass",
)
"""Statements that do nothing; `{name}` is a name the function does not use."""


def rename_locals(code: str, rng: random.Random) -> str:
    """Rename local variables to `var1`, `var2`... in random order; parameters keep their names.

    Only names that the function's own body binds by plain assignment, loop or `with` are touched,
    and none at all where the function can look its variables up by name.

    Raises:
        SourceError: it is no Python.

    """
    function = _function(code)
    identifiers = _identifiers(function)
    if identifiers & _SEES_NAMES:
        return code
    names = sorted(_own_variables(function))
    free = [name for at in range(1, 1000) if (name := f"var{at}") not in identifiers][: len(names)]
    rng.shuffle(free)
    return _rewrite(code, _Renaming(dict(zip(names, free, strict=True)))) if names else code


def reorder_keywords(code: str, rng: random.Random) -> str:
    """Reorder the keyword arguments of calls where evaluating them has no effect.

    Calls whose result depends on the order (`dict(a=1, b=2)`) stay unchanged.

    Raises:
        SourceError: it is no Python.

    """
    _function(code)
    return _rewrite(code, _Reordering(rng))


def insert_dead_code(code: str, rng: random.Random) -> str:
    """Insert one to three statements without effect into the body.

    They never run, or assign a name that is never read.

    Raises:
        SourceError: it is no Python.

    """
    function = _function(code)
    identifiers = _identifiers(function)
    if identifiers & _SEES_NAMES or function.body[0].lineno == function.lineno:
        return code
    names = (name for at in range(1, 1000) if (name := f"unused{at}") not in identifiers)
    pieces = [piece.format(name=next(names)) for piece in rng.sample(DEAD, rng.randint(1, 3))]
    first = 1 if ast.get_docstring(function, clean=False) is not None else 0
    places = [rng.randint(first, len(function.body)) for _ in pieces]
    lines = code.splitlines(keepends=True)
    indent = lines[function.body[0].lineno - 1]
    indent = indent[: len(indent) - len(indent.lstrip())]
    for place, piece in sorted(zip(places, pieces, strict=True), reverse=True):
        text = "".join(f"{indent}{line}\n" for line in piece.splitlines())
        at = _line_before(function, place)
        if at is not None:
            _insert(lines, at, text)
    changed = "".join(lines)
    return changed if _still_parses(changed) else code


def reformat(code: str, _rng: random.Random) -> str:
    """Write quotes, blanks, line breaks and brackets as `ast.unparse` does; comments are lost.

    Raises:
        SourceError: it is no Python.

    """
    return ast.unparse(parse(code)) + "\n"


def change_all(code: str, rng: random.Random) -> str:
    """Apply all of the other changes, one after another.

    Raises:
        SourceError: it is no Python.

    """
    for change in (rename_locals, reorder_keywords, insert_dead_code, reformat):
        code = change(code, rng)
    return code


PERTURBATIONS: Mapping[str, Perturbation] = {
    "renamed locals": rename_locals,
    "reordered keyword arguments": reorder_keywords,
    "dead code": insert_dead_code,
    "reformatted": reformat,
    "all four": change_all,
}


# Finding what may be changed.


def _function(code: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    for node in parse(code).body:
        if isinstance(node, _Function):
            return node
    raise SourceError("it is no function")


def _identifiers(tree: ast.AST) -> frozenset[str]:
    """Return all names in the tree, those of attributes and keywords included."""
    fields = ("id", "arg", "attr", "name", "asname")
    values = (getattr(node, field, None) for node in ast.walk(tree) for field in fields)
    global_names = (
        name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Global, ast.Nonlocal))
        for name in node.names
    )
    return frozenset((*(name for name in values if isinstance(name, str)), *global_names))


def _own_variables(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the names bound in the function's own scope only by stores to a plain name.

    Renaming every occurrence of such a name in the body is safe: an inner function either sees
    this variable or has one of its own by that name, which is renamed alike.
    """
    stored = {
        node.id
        for node in _own_scope(function.body)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return {name for name in stored - _bound_otherwise(function) if not name.startswith("__")}


def _own_scope(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope, without those of inner scopes."""
    for node in body:
        if isinstance(node, (*_Inner, *_Comprehension)):
            continue
        yield node
        yield from _own_scope(list(ast.iter_child_nodes(node)))


def _bound_otherwise(function: ast.AST) -> frozenset[str]:
    """Return the names of parameters, imports, definitions, handlers, patterns and class bodies."""
    bound: set[str | None] = set()
    for node in ast.walk(function):
        match node:
            case ast.arg(arg=name) | ast.ExceptHandler(name=name):
                bound.add(name)
            case ast.MatchAs(name=name) | ast.MatchStar(name=name):
                bound.add(name)
            case ast.MatchMapping(rest=name):
                bound.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                bound.update(names)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name.partition(".")[0])
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.ClassDef(name=name, body=body):
                bound.add(name)
                bound |= _identifiers(ast.Module(body=body, type_ignores=[]))
    return frozenset(name for name in bound if name)


# Changing the text.


class _Renaming(cst.CSTTransformer):
    """A renaming of the variables in a function's body; every other byte stays."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self._names = names
        self._inside = 0  # depth of function bodies; below 0 in a name that is no variable

    def visit_FunctionDef_body(self, _node: cst.FunctionDef) -> None:
        self._inside += 1

    def leave_FunctionDef_body(self, _node: cst.FunctionDef) -> None:
        self._inside -= 1

    def visit_Attribute_attr(self, _node: cst.Attribute) -> None:
        self._inside -= _HIDDEN

    def leave_Attribute_attr(self, _node: cst.Attribute) -> None:
        self._inside += _HIDDEN

    def visit_Arg_keyword(self, _node: cst.Arg) -> None:
        self._inside -= _HIDDEN

    def leave_Arg_keyword(self, _node: cst.Arg) -> None:
        self._inside += _HIDDEN

    def leave_Name(self, _node: cst.Name, updated: cst.Name) -> cst.Name:
        new = self._names.get(updated.value) if self._inside > 0 else None
        return updated.with_changes(value=new) if new else updated


class _Reordering(cst.CSTTransformer):
    """A shuffle of the calls' keyword arguments; each comma stays in its place."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng

    def leave_Call(self, _node: cst.Call, updated: cst.Call) -> cst.Call:
        where = [at for at, arg in enumerate(updated.args) if arg.keyword is not None]
        function = updated.func.attr if isinstance(updated.func, cst.Attribute) else updated.func
        ordered = isinstance(function, cst.Name) and function.value in _KEEPS_ORDER
        values = [_BLANK.code_for_node(updated.args[at].value) for at in where]
        if len(where) < 2 or ordered or any(map(_has_effects, values)):  # noqa: PLR2004 - a pair
            return updated
        order = where[:]
        while order == where:
            self._rng.shuffle(order)
        args = list(updated.args)
        for at, source in zip(where, order, strict=True):
            arg = updated.args[source]
            args[at] = args[at].with_changes(keyword=arg.keyword, value=arg.value, equal=arg.equal)
        return updated.with_changes(args=args)


_HIDDEN = 1_000_000  # more than any depth of functions
_BLANK = cst.Module(body=[])


def _rewrite(code: str, change: cst.CSTTransformer) -> str:
    try:
        return cst.parse_module(code).visit(change).code
    except cst.ParserSyntaxError as error:
        raise SourceError(f"it cannot be parsed: {error.message}") from error


def _has_effects(expression: str) -> bool:
    try:
        tree = ast.parse(f"({expression})", mode="eval")
    except SyntaxError:
        return True
    return any(isinstance(node, _EFFECTS) for node in ast.walk(tree))


def _line_before(function: ast.FunctionDef | ast.AsyncFunctionDef, place: int) -> int | None:
    """Return the number of lines above the body's statement `place`.

    None if the statement shares its first line with the one above.
    """
    above = function.body[place - 1].end_lineno or 0 if place else function.body[0].lineno - 1
    if place == len(function.body):
        return above
    node = function.body[place]
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return first - 1 if first > above else None


def _insert(lines: list[str], at: int, text: str) -> None:
    """Insert whole lines before line number `at`, counted from 0."""
    if at >= len(lines) and lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    lines.insert(at, text)


def _still_parses(code: str) -> bool:
    try:
        parse(code)
    except SourceError:
        return False
    return True
