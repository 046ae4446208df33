"""Code told as plain words: a small model copies words, so docbot-tiny is given words.

Identifiers are split and lower-cased, control words kept, punctuation nearly gone, and what matters
most stands last, where nothing is cut off. Each task has a teller: Context and the slot's name in,
one line of words out, fields between bars. docbot-tiny was trained on exactly these lines: changing
one changes the model's input, so it changes together with the model.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.scan.identifiers import split_words
from docbot.scan.tree import class_of, function_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docbot.prompt.context import Context
    from docbot.scan.definition import Parameter


BODY, TAIL = 64, 22
"""Words kept of a long body, and how many of these are its last ones."""


PARAMETERS, USES, CONTENTS, LONG_TEXT = 24, 36, 48, 60


_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Div: "/", ast.Mod: "%"}  # every other one: "*"


_COMPARISONS = {ast.NotIn: "not in", ast.In: "in", ast.Is: "is", ast.Eq: "=="}  # every other: "<"


_RECEIVERS = ("self", "cls")


_Function = ast.FunctionDef | ast.AsyncFunctionDef


_Inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


_Simple = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Assert,
           ast.Delete)  # fmt: skip


def function(context: Context, _name: str = "") -> str:
    """Body | decorators | parameters | return type | class | name.

    Raises:
        SourceError: the code is not one function's source.

    """
    node = function_of(context.target.definition)
    body: list[str] = []
    _tell_all(node.body, body)
    decorators = [w for d in node.decorator_list for w in split_words(ast.unparse(d))[:4]]
    returns = split_words(ast.unparse(node.returns))[:6] if node.returns else []
    name = _name_of(node.name)
    if isinstance(node, ast.AsyncFunctionDef):
        name = "async " + name
    fields = (_shorten(body), decorators, _parameters(node), returns, split_words(context.owner))
    return _line(*fields, [name])


def class_(context: Context, _name: str = "") -> str:
    """Methods | attributes | parameters of `__init__` | decorators | bases | name.

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
                attributes += _assigned(member)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                methods += [*split_words(name), ","] if not _is_private(name) else []
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                attributes += [*split_words(name), ","]
    bases = [word for base in definition.bases for word in split_words(base)]
    decorators = [word for d in definition.decorators for word in split_words(d)[:4]]
    fields = (methods[:CONTENTS], attributes[:PARAMETERS], parameters, decorators[:8], bases[:12])
    return _line(*fields, [_name_of(node.name)])


def module(context: Context, _name: str = "") -> str:
    """Imported packages | functions | classes | package and file name.

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
    """Statements that use it | annotation | default | class and function | its name.

    Raises:
        SourceError: the code is not one function's source, or has no such parameter.

    """
    node = function_of(context.target.definition)
    given = context.target.definition.signature.params
    own: Parameter | None = next((p for p in given if p.name == name), None)
    if own is None:
        raise SourceError(f"it has no parameter {name}")
    uses: list[str] = []
    for statement in _statements(node.body):
        if len(uses) < USES and any(isinstance(n, ast.Name) and n.id == name
                                    for n in ast.walk(statement)):  # fmt: skip
            _tell(statement, uses)
    annotation = split_words(own.annotation or "")[:8]
    default = _told_default(own.default)
    where = [*split_words(context.owner), *split_words(node.name)]
    return _line(_squeeze(uses)[:USES], annotation, default, where, [_name_of(own.name)])


def returns(context: Context, _name: str = "") -> str:
    """What is returned and how that was made | yields | annotation | class and function.

    Raises:
        SourceError: the code is not one function's source.

    """
    node = function_of(context.target.definition)
    definition = context.target.definition
    values = [n for n in _own(node) if isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom))]
    names = {n.value.id for n in values if isinstance(n.value, ast.Name)}
    made: list[str] = []
    for statement in _statements(node.body):
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            _tell(statement, made)
    _tell_all(values, made)
    annotation = split_words(definition.signature.returns or "")[:8]
    kind = ["yield"] if definition.yields else []
    where = [*split_words(context.owner), _name_of(node.name)]
    return _line(_squeeze(made)[-BODY:], kind, annotation, where)


def raises(context: Context, name: str) -> str:
    """Condition and arguments | class and function | the exception.

    Raises:
        SourceError: the code is not one function's source.

    """
    node = function_of(context.target.definition)
    told: list[str] = []
    for conditions, statement in _guarded(node.body, ()):
        if isinstance(statement, ast.Raise) and _raised(statement) == name.rpartition(".")[2]:
            for condition in conditions[-2:]:
                _tell_condition(condition, told)
            _tell(statement, told)
    where = [*split_words(context.owner), *split_words(node.name)]
    return _line(_squeeze(told)[:BODY], where, [_name_of(name)])


def _line(*fields: Iterable[str]) -> str:
    return " " + " | ".join(" ".join(field) for field in fields).replace("  ", " ").strip()


def _name_of(name: str) -> str:
    return " ".join(split_words(name)) or name


def _is_private(name: str) -> bool:
    return name.startswith("_")


def _parameters(node: _Function) -> list[str]:
    given = node.args
    params = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
    names = [p.arg for p in params if p is not None and p.arg not in _RECEIVERS]
    return [word for name in names for word in (*split_words(name), ",")][:PARAMETERS]


def _assigned(node: _Function) -> list[str]:
    """The words of the public attributes that a method sets on its instance."""
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


def _told_default(default: str | None) -> list[str]:
    if default is None:
        return []
    return ["=", *re.findall(r"[a-z]+|\d+", default.lower())[:4]]


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """Simple statements and the conditions of compound ones, in source order."""
    for _, statement in _guarded(body, ()):
        yield statement


def _guarded(
    body: Iterable[ast.stmt], conditions: tuple[ast.AST, ...]
) -> Iterator[tuple[tuple[ast.AST, ...], ast.AST]]:
    """Each of a body's simple statements and conditions, with the conditions it stands under."""
    for node in body:
        if isinstance(node, _Simple):
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


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function that are not an inner definition's."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _Inner):
            yield child
            yield from _own(child)


def _raised(node: ast.Raise) -> str:
    call = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return ast.unparse(call).rpartition(".")[2] if call is not None else ""


def _tell_condition(condition: ast.AST, out: list[str]) -> None:
    if isinstance(condition, ast.ExceptHandler):
        out.append("except")
        _tell_all([condition.type] if condition.type is not None else [], out)
    else:
        out.append("if")
        _tell(condition, out)
    out.append(":")


def _squeeze(words: Iterable[str]) -> list[str]:
    """Repeats, empty calls and closing brackets dropped."""
    out: list[str] = []
    for word in words:
        if out and out[-1] == word:
            continue
        if word != ")":
            out.append(word)
        elif out and out[-1] == "(":
            out.pop()
    return out


def _shorten(body: Iterable[str]) -> list[str]:
    """Of a long body, both ends."""
    out = _squeeze(body)
    return out if len(out) <= BODY else [*out[: BODY - TAIL], "...", *out[1 - TAIL :]]


def _tell_all(nodes: Iterable[ast.AST], out: list[str]) -> None:
    for node in nodes:
        _tell(node, out)


def _tell(node: ast.AST, out: list[str]) -> None:  # noqa: C901, PLR0912, PLR0915 - one case a node
    """Append the node's words in source order."""
    match node:
        case ast.Name(id=name):
            out.extend(split_words(name) if name not in ("self", "cls") else [])
        case ast.Attribute(value=value, attr=attr):
            _tell(value, out)
            out.extend(split_words(attr))
        case ast.Constant(value=str() as text):
            out.extend(
                w.lower() for w in re.findall(r"[A-Za-z]+", text)[:6] if len(text) < LONG_TEXT
            )
        case ast.Constant(value=value):
            if value in (True, False, None):  # 1 and 0 too, which equal True and False
                out.append(str(value).lower())
        case ast.Call():
            _tell(node.func, out)
            out.append("(")
            _tell_all(node.args, out)
            for keyword in node.keywords:
                out.extend(split_words(keyword.arg or ""))
                _tell(keyword.value, out)
            out.append(")")
        case ast.Return(value=inner) | ast.Raise(exc=inner):
            out.append(type(node).__name__.lower())
            _tell_all([inner] if inner is not None else [], out)
            out.append(";")
        case ast.Yield(value=inner) | ast.YieldFrom(value=inner):
            out.append("yield")
            _tell_all([inner] if inner is not None else [], out)
        case ast.If():
            out.append("if")
            _tell(node.test, out)
            out.append(":")
            _tell_all(node.body, out)
            if node.orelse:
                out.append("else")
                _tell_all(node.orelse, out)
        case ast.For() | ast.AsyncFor():
            out.append("for")
            _tell(node.target, out)
            out.append("in")
            _tell(node.iter, out)
            out.append(":")
            _tell_all(node.body, out)
        case ast.While():
            out.append("while")
            _tell(node.test, out)
            _tell_all(node.body, out)
        case ast.With() | ast.AsyncWith():
            out.append("with")
            _tell_all([*(item.context_expr for item in node.items), *node.body], out)
        case ast.Try():
            out.append("try")
            _tell_all(node.body, out)
            for handler in node.handlers:
                out.append("except")
                _tell_all([*filter(None, [handler.type]), *handler.body], out)
            _tell_all(node.finalbody, out)
        case ast.Assign():
            _tell_all(node.targets, out)
            out.append("=")
            _tell(node.value, out)
            out.append(";")
        case ast.UnaryOp(op=ast.Not()):
            out.append("not")
            _tell(node.operand, out)
        case ast.Compare():
            _tell(node.left, out)
            out.append(_COMPARISONS.get(type(node.ops[0]), "<"))
            _tell_all(node.comparators, out)
        case ast.BinOp():
            _tell(node.left, out)
            out.append(_OPERATORS.get(type(node.op), "*"))
            _tell(node.right, out)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            inner_doc = ast.get_docstring(node, clean=False) is not None
            node.body = node.body[inner_doc:] or [ast.Pass()]
            _tell_all(ast.iter_child_nodes(node), out)
        case _:
            _tell_all(ast.iter_child_nodes(node), out)
