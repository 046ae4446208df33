"""Turn syntax trees into plain words, for `linearize`.

Identifiers are split and lower-cased, control words kept, punctuation nearly gone. The words are
the input that docbot-tiny was trained on: a change here changes the model's input, so it is made
together with the model.
"""

from __future__ import annotations

import ast
import copy
import re
from typing import TYPE_CHECKING, Any

from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


RECEIVERS = ("self", "cls")
"""Names that are left out: every method has one of them."""

_TEXT_WORDS, _LONG_TEXT = 6, 60
"""Words used of a string literal, and the number of characters from which none is used."""

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Div: "/", ast.Mod: "%"}  # every other one: "*"
_COMPARISONS = {ast.NotIn: "not in", ast.In: "in", ast.Is: "is", ast.Eq: "=="}  # every other: "<"


def append_words(node: ast.AST, out: list[str]) -> None:
    """Append the words of a node and its children to `out`, in source order."""
    writer = _WRITERS.get(type(node))
    if writer is not None:
        writer(node, out)
    else:
        append_all(ast.iter_child_nodes(node), out)


def append_all(nodes: Iterable[ast.AST | None], out: list[str]) -> None:
    """Append the words of several nodes to `out`; None has no words."""
    for node in nodes:
        if node is not None:
            append_words(node, out)


def append_condition(condition: ast.AST, out: list[str]) -> None:
    """Append a condition or an `except` clause to `out`, closed by a colon."""
    if isinstance(condition, ast.ExceptHandler):
        out.append("except")
        append_all([condition.type], out)
    else:
        out.append("if")
        append_words(condition, out)
    out.append(":")


def squeeze(words: Iterable[str]) -> list[str]:
    """Drop repeated words, empty calls and closing brackets."""
    out: list[str] = []
    for word in words:
        if out and out[-1] == word:
            continue
        if word != ")":
            out.append(word)
        elif out and out[-1] == "(":
            out.pop()
    return out


def _name(node: ast.Name, out: list[str]) -> None:
    if node.id not in RECEIVERS:
        out.extend(split_words(node.id))


def _attribute(node: ast.Attribute, out: list[str]) -> None:
    append_words(node.value, out)
    out.extend(split_words(node.attr))


def _constant(node: ast.Constant, out: list[str]) -> None:
    value = node.value
    if isinstance(value, str):
        if len(value) < _LONG_TEXT:
            out.extend(word.lower() for word in re.findall(r"[A-Za-z]+", value)[:_TEXT_WORDS])
    elif value in (True, False, None):  # 1 and 0 too, which equal True and False
        out.append(str(value).lower())


def _call(node: ast.Call, out: list[str]) -> None:
    append_words(node.func, out)
    out.append("(")
    append_all(node.args, out)
    for keyword in node.keywords:
        out.extend(split_words(keyword.arg or ""))
        append_words(keyword.value, out)
    out.append(")")


def _return(node: ast.Return, out: list[str]) -> None:
    out.append("return")
    append_all([node.value], out)
    out.append(";")


def _raise(node: ast.Raise, out: list[str]) -> None:
    out.append("raise")
    append_all([node.exc], out)
    out.append(";")


def _yield(node: ast.Yield | ast.YieldFrom, out: list[str]) -> None:
    out.append("yield")
    append_all([node.value], out)


def _if(node: ast.If, out: list[str]) -> None:
    append_condition(node.test, out)
    append_all(node.body, out)
    if node.orelse:
        out.append("else")
        append_all(node.orelse, out)


def _for(node: ast.For | ast.AsyncFor, out: list[str]) -> None:
    out.append("for")
    append_words(node.target, out)
    out.append("in")
    append_words(node.iter, out)
    out.append(":")
    append_all(node.body, out)


def _while(node: ast.While, out: list[str]) -> None:
    out.append("while")
    append_words(node.test, out)
    append_all(node.body, out)


def _with(node: ast.With | ast.AsyncWith, out: list[str]) -> None:
    out.append("with")
    append_all((item.context_expr for item in node.items), out)
    append_all(node.body, out)


def _try(node: ast.Try, out: list[str]) -> None:
    out.append("try")
    append_all(node.body, out)
    for handler in node.handlers:
        out.append("except")
        append_all([handler.type, *handler.body], out)
    append_all(node.finalbody, out)


def _assign(node: ast.Assign, out: list[str]) -> None:
    append_all(node.targets, out)
    out.append("=")
    append_words(node.value, out)
    out.append(";")


def _unary(node: ast.UnaryOp, out: list[str]) -> None:
    if isinstance(node.op, ast.Not):
        out.append("not")
    append_words(node.operand, out)


def _compare(node: ast.Compare, out: list[str]) -> None:
    append_words(node.left, out)
    out.append(_COMPARISONS.get(type(node.ops[0]), "<"))
    append_all(node.comparators, out)


def _binary(node: ast.BinOp, out: list[str]) -> None:
    append_words(node.left, out)
    out.append(_OPERATORS.get(type(node.op), "*"))
    append_words(node.right, out)


def _inner_definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, out: list[str]
) -> None:
    bare = copy.copy(node)  # the tree is shared: it keeps its docstring
    if ast.get_docstring(node, clean=False) is not None:
        bare.body = node.body[1:]
    append_all(ast.iter_child_nodes(bare), out)


_WRITERS: Mapping[type[ast.AST], Callable[[Any, list[str]], None]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Assign: _assign,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.FunctionDef: _inner_definition,
    ast.AsyncFunctionDef: _inner_definition,
    ast.ClassDef: _inner_definition,
}
"""How each type of node is written; the children of any other type are written in order."""
