"""Read from a function's tree what a sentence about it may get wrong.

The rules of `claims.py` ask; where the tree cannot say, the answer contradicts no sentence.
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.gate.kinds import outer_names
from docbot.scan.body import called_name
from docbot.scan.identifiers import split_words
from docbot.scan.tree import nodes_of_body

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from docbot.gate.facts import Facts

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """What the body of a function holds.

    Attributes:
        nodes: All its nodes, those of inner functions included.
        returned: The values that the function itself returns, but for None.
        calls: The last names of all that is called: `append` of `self.items.append(x)`.
        words: The words of its names, attributes and short strings.

    """

    nodes: tuple[ast.AST, ...]
    returned: tuple[ast.expr, ...]
    calls: frozenset[str]
    words: frozenset[str]

    @property
    def only_value(self) -> ast.expr | None:
        """Return the one value that is returned, None where there are more or none."""
        return self.returned[0] if len(self.returned) == 1 else None


NO_BODY = Body(nodes=(), returned=(), calls=frozenset(), words=frozenset())
"""The body of what is no function."""


def body_of(facts: Facts) -> Body:
    """Return the body that facts were collected from; NO_BODY where there is none."""
    return _read(facts.tree) if facts.tree is not None else NO_BODY


@functools.lru_cache(maxsize=64)
def _read(function: Function) -> Body:
    nodes = tuple(node for statement in function.body for node in ast.walk(statement))
    own = [node for node in nodes_of_body(function) if isinstance(node, ast.Return)]
    returned = [node.value for node in own if node.value is not None]
    return Body(
        nodes=nodes,
        returned=tuple(value for value in returned if not _is_none(value)),
        calls=frozenset(
            called_name(node.func).rpartition(".")[2]
            for node in nodes
            if isinstance(node, ast.Call)
        ),
        words=frozenset(word for node in nodes for word in split_words(text_of(node))),
    )


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def text_of(node: ast.AST) -> str:
    """Return what a node alone spells: a name, an attribute, a keyword or a string."""
    match node:
        case ast.Name(id=text) | ast.Attribute(attr=text) | ast.Constant(value=str() as text):
            return text
        case ast.keyword(arg=str() as text):
            return text
    return ""


def words_in(node: ast.AST) -> frozenset[str]:
    """Return the words of all that an expression spells."""
    return frozenset(word for inner in ast.walk(node) for word in split_words(text_of(inner)))


# Kinds of value

_MAKERS = {
    "list": "list", "sorted": "list", "tuple": "tuple", "dict": "dict", "set": "set",
    "frozenset": "set", "str": "str", "repr": "str", "int": "int", "len": "int",
    "float": "float", "bool": "bool", "isinstance": "bool", "issubclass": "bool",
    "callable": "bool", "hasattr": "bool", "any": "bool", "all": "bool", "bytes": "bytes",
}  # fmt: skip
_LITERALS: Mapping[type[ast.expr], str] = {
    ast.List: "list", ast.ListComp: "list", ast.Dict: "dict",
    ast.DictComp: "dict", ast.Set: "set", ast.SetComp: "set", ast.JoinedStr: "str",
    ast.Compare: "bool", ast.GeneratorExp: "generator",
}  # fmt: skip
_STRING_METHODS = frozenset(("join", "format", "strip", "lower", "upper", "title"))
_ANNOTATED = {
    "list": "list", "List": "list", "tuple": "tuple", "Tuple": "tuple", "dict": "dict",
    "Dict": "dict", "set": "set", "Set": "set", "frozenset": "set", "str": "str", "int": "int",
    "float": "float", "bool": "bool", "bytes": "bytes", "Iterator": "generator",
    "Generator": "generator",
}  # fmt: skip


def result_kinds(facts: Facts) -> frozenset[str]:
    """Return the kinds of value that a function returns besides None; none where it may be any.

    Several values at once are any: a sentence often speaks of the first.
    """
    names = outer_names(facts.signature.returns or "")
    if names:
        several = re.search(r"[tT]uple\b(?!.*\.\.\.)", facts.signature.returns or "") is not None
        kinds = {_ANNOTATED.get(name, "") for name in names if name != "None"}
        kinds = {"" if several and kind == "tuple" else kind for kind in kinds}
    else:
        kinds = {kind_of(value) for value in body_of(facts).returned}
    return frozenset() if "" in kinds else frozenset(kinds)


def kind_of(value: ast.expr) -> str:
    """Return the kind of an expression's value; "" where the expression alone does not say."""
    match value:
        case ast.Constant(value=constant):
            kind = type(constant).__name__ if type(constant) in (str, int, float, bool) else ""
        case ast.UnaryOp(op=ast.Not()):
            kind = "bool"
        case ast.IfExp(body=then, orelse=otherwise):
            kind = kind_of(then) if kind_of(then) == kind_of(otherwise) else ""
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr=method)):
            kind = "str" if method in _STRING_METHODS else ""
        case ast.Call():
            kind = _MAKERS.get(calls_alone(value), "")
        case ast.Compare(left=left) if _is_array(left):
            kind = ""
        case _:
            kind = _LITERALS.get(type(value), "")
    return kind


def _is_array(value: ast.expr) -> bool:
    """Check whether a comparison may be of arrays, and so give one."""
    return bool(words_in(value) & {"array", "np", "numpy", "mask", "df", "series", "tensor", "x"})


# What is done with values


def conditions(body: Body) -> list[ast.expr]:
    """Return the conditions of all comprehensions."""
    loops = [node for node in body.nodes if isinstance(node, ast.comprehension)]
    return [test for loop in loops for test in loop.ifs]


def calls_alone(value: ast.expr) -> str:
    """Return the plain name that an expression calls and gives the result of, "" for none."""
    match value:
        case ast.Call(func=ast.Name(id=name)):
            return name
    return ""


def iterated(body: Body) -> Iterator[tuple[str, str]]:
    """Yield each name that is looped over, with the name of the loop's variable."""
    for node in body.nodes:
        match node:
            case (
                ast.For(target=target, iter=ast.Name(id=name))
                | ast.AsyncFor(target=target, iter=ast.Name(id=name))
                | ast.comprehension(target=target, iter=ast.Name(id=name))
            ):
                yield name, target.id if isinstance(target, ast.Name) else ""


def indexes(values: Iterable[ast.expr]) -> frozenset[int]:
    """Return the constant indexes that expressions read."""
    read = set()
    for node in (node for value in values for node in ast.walk(value)):
        match node:
            case ast.Subscript(slice=ast.Constant(value=int() as at)):
                read.add(at)
            case ast.Subscript(slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))):
                read.add(-1)
    return frozenset(read)


def stores(body: Body) -> bool:
    """Check whether a body stores into attributes or items, deletes, or works with operators."""
    return any(
        isinstance(node, (ast.Delete, ast.BinOp, ast.AugAssign))
        or (isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store))
        for node in body.nodes
    )
