"""Write code as one line of plain words, for docbot-tiny: small models copy words.

Each task has one function: it takes a Context and the slot's name, and returns fields between bars.
What matters most comes last, where nothing is cut off. docbot-tiny was trained on exactly these
lines: changing one changes the model's input, so it changes together with the model.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.prompt.node_words import (
    RECEIVERS,
    append_all,
    append_condition,
    append_words,
    squeeze,
)
from docbot.scan.identifiers import split_words
from docbot.scan.tree import class_of, function_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docbot.prompt.context import Context
    from docbot.scan.definition import Parameter


BODY, TAIL = 64, 22
"""Words in the field of a long body, and how many of these mark the cut or come after it."""

PARAMETERS, USES, CONTENTS = 24, 36, 48
"""Most words of a list of names, of a parameter's uses, and of a class's or module's members."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef

_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Assert,
           ast.Delete)  # fmt: skip


def function(context: Context, _name: str = "") -> str:
    """Linearize a function, for its headline.

    The fields: body | decorators | parameters | return type | class | name.

    Raises:
        SourceError: the code is not one function's source.

    """
    node = function_of(context.target.definition)
    body: list[str] = []
    append_all(node.body, body)
    decorators = [w for d in node.decorator_list for w in split_words(ast.unparse(d))[:4]]
    annotation = split_words(ast.unparse(node.returns))[:6] if node.returns else []
    name = _name_words(node.name)
    if isinstance(node, ast.AsyncFunctionDef):
        name = "async " + name
    owner = split_words(context.owner)
    return _line(_shorten(body), decorators, _parameters(node), annotation, owner, [name])


def class_(context: Context, _name: str = "") -> str:
    """Linearize a class, for its headline.

    The fields: methods | attributes | parameters of `__init__` | decorators | bases | name.

    Raises:
        SourceError: the code is not one class's source.

    """
    definition = context.target.definition
    node = class_of(definition)
    methods: list[str] = []
    attributes: list[str] = []
    parameters: list[str] = []
    for member in node.body:
        match member:
            case ast.FunctionDef(name="__init__"):
                parameters = _parameters(member)
                attributes += _instance_attributes(member)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                methods += [*split_words(name), ","] if not _is_private(name) else []
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                attributes += [*split_words(name), ","]
    bases = [word for base in definition.bases for word in split_words(base)]
    decorators = [word for d in definition.decorators for word in split_words(d)[:4]]
    fields = (methods[:CONTENTS], attributes[:PARAMETERS], parameters, decorators[:8], bases[:12])
    return _line(*fields, [_name_words(node.name)])


def module(context: Context, _name: str = "") -> str:
    """Linearize a module, for its headline.

    The fields: imported packages | functions | classes | package and file name.

    Raises:
        SourceError: the code is not Python.

    """
    functions: list[str] = []
    classes: list[str] = []
    imported: dict[str, None] = {}
    for node in tree_of(context.target.definition).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                functions += [*split_words(name), ","] if not _is_private(name) else []
            case ast.ClassDef(name=name):
                classes += [*split_words(name), ","]
            case ast.Import(names=names):
                imported.update((alias.name.partition(".")[0], None) for alias in names)
            case ast.ImportFrom(module=str(name), names=names):
                imported[name.rpartition(".")[2]] = None
                if context.path.name == "__init__.py":
                    functions += [w for a in names for w in (*split_words(a.name), ",")]
    imports = [word for name in imported for word in split_words(name)]
    parts = [*context.path.parts[-2:-1], context.path.stem]
    where = [word for part in parts if part != "__init__" for word in split_words(part)]
    return _line(imports[:PARAMETERS], functions[:CONTENTS], classes[:CONTENTS], where)


def parameter(context: Context, name: str) -> str:
    """Linearize one parameter and its uses.

    The fields: statements that use it | annotation | default | class and function | its name.

    Raises:
        SourceError: the code is not one function's source, or has no such parameter.

    """
    node = function_of(context.target.definition)
    params = context.target.definition.signature.params
    own: Parameter | None = next((p for p in params if p.name == name), None)
    if own is None:
        raise SourceError(f"it has no parameter {name}")
    uses: list[str] = []
    for statement in _statements(node.body):
        if len(uses) < USES and any(isinstance(n, ast.Name) and n.id == name
                                    for n in ast.walk(statement)):  # fmt: skip
            append_words(statement, uses)
    annotation = split_words(own.annotation or "")[:8]
    default = _default_words(own.default)
    where = [*split_words(context.owner), *split_words(node.name)]
    return _line(squeeze(uses)[:USES], annotation, default, where, [_name_words(own.name)])


def returns(context: Context, _name: str = "") -> str:
    """Linearize what a function returns or yields.

    The fields: the returned values and the assignments that make them | "yield" in a generator |
    annotation | class and function.

    Raises:
        SourceError: the code is not one function's source.

    """
    node = function_of(context.target.definition)
    definition = context.target.definition
    values = [n for n in _own_nodes(node) if isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom))]
    names = {n.value.id for n in values if isinstance(n.value, ast.Name)}
    sources: list[str] = []
    for statement in _statements(node.body):
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            append_words(statement, sources)
    append_all(values, sources)
    annotation = split_words(definition.signature.returns or "")[:8]
    kind = ["yield"] if definition.yields else []
    where = [*split_words(context.owner), _name_words(node.name)]
    return _line(squeeze(sources)[-BODY:], kind, annotation, where)


def raises(context: Context, name: str) -> str:
    """Linearize when a function raises one exception.

    The fields: conditions and arguments | class and function | the exception.

    Raises:
        SourceError: the code is not one function's source.

    """
    node = function_of(context.target.definition)
    words: list[str] = []
    for conditions, statement in _guarded(node.body, ()):
        if isinstance(statement, ast.Raise) and _exception(statement) == name.rpartition(".")[2]:
            for condition in conditions[-2:]:
                append_condition(condition, words)
            append_words(statement, words)
    where = [*split_words(context.owner), *split_words(node.name)]
    return _line(squeeze(words)[:BODY], where, [_name_words(name)])


def _line(*fields: Iterable[str]) -> str:
    return " " + " | ".join(" ".join(field) for field in fields).replace("  ", " ").strip()


def _name_words(name: str) -> str:
    return " ".join(split_words(name)) or name


def _is_private(name: str) -> bool:
    return name.startswith("_")


def _parameters(node: _Function) -> list[str]:
    args = node.args
    params = (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg)
    names = [p.arg for p in params if p is not None and p.arg not in RECEIVERS]
    return [word for name in names for word in (*split_words(name), ",")][:PARAMETERS]


def _instance_attributes(node: _Function) -> list[str]:
    """Return the words of the public attributes that a method sets on `self`."""
    names = {
        n.attr: None
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute)
        and isinstance(n.ctx, ast.Store)
        and isinstance(n.value, ast.Name)
        and n.value.id == "self"
        and not _is_private(n.attr)
    }
    return [word for name in names for word in (*split_words(name), ",")]


def _default_words(default: str | None) -> list[str]:
    if default is None:
        return []
    return ["=", *re.findall(r"[a-z]+|\d+", default.lower())[:4]]


def _shorten(body: Iterable[str]) -> list[str]:
    """Keep the first 42 and the last 21 words of a long body, with "..." between them."""
    words = squeeze(body)
    return words if len(words) <= BODY else [*words[: BODY - TAIL], "...", *words[1 - TAIL :]]


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """Yield simple statements and the conditions of compound ones, in source order."""
    for _, statement in _guarded(body, ()):
        yield statement


def _guarded(
    body: Iterable[ast.stmt], conditions: tuple[ast.AST, ...]
) -> Iterator[tuple[tuple[ast.AST, ...], ast.AST]]:
    """Yield a body's simple statements and conditions, each after the conditions around it."""
    for node in body:
        if isinstance(node, _SIMPLE):
            yield conditions, node
        elif isinstance(node, (ast.If, ast.While)):
            yield conditions, node.test
            yield from _guarded(node.body, (*conditions, node.test))
            yield from _guarded(node.orelse, conditions)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            yield conditions, node.iter
            yield from _guarded([*node.body, *node.orelse], conditions)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                yield conditions, item.context_expr
            yield from _guarded(node.body, conditions)
        elif isinstance(node, ast.Try):
            yield from _guarded([*node.body, *node.orelse], conditions)
            for handler in node.handlers:
                yield from _guarded(handler.body, (*conditions, handler))
            yield from _guarded(node.finalbody, conditions)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function that belong to no inner definition."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _INNER):
            yield child
            yield from _own_nodes(child)


def _exception(node: ast.Raise) -> str:
    """Return the last name of the exception that a statement raises, "" for a bare `raise`."""
    call = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return ast.unparse(call).rpartition(".")[2] if call is not None else ""
