"""Collect the names and keywords that occur in a file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def names_in(nodes: Iterable[ast.AST], source: bytes) -> set[str]:
    """Return every name and keyword of a file, from its nodes.

    `source` is the file that the nodes were parsed from. Tokenizing it would give the same names,
    in three times the time of parsing it.
    """
    names: set[str] = set()
    lines = source.split(b"\n")
    for node in nodes:
        names |= _KEYWORDS.get(type(node), _NONE)
        for field in _NAME_FIELDS.get(type(node), ()):
            value = getattr(node, field)
            if isinstance(value, str):
                names.update(value.replace("*", "").split("."))
            elif isinstance(value, list):
                names.update(value)
        names.update(_keywords(node, lines))
    return names - {""}


def _keywords(node: ast.AST, lines: list[bytes]) -> Iterator[str]:
    """Yield the keywords of a node that do not follow from its type."""
    if getattr(node, "orelse", None) and isinstance(node, ast.stmt):
        yield "elif" if _is_elif(node, lines) else "else"
    if getattr(node, "finalbody", None):
        yield "finally"
    if isinstance(node, ast.Raise) and node.cause is not None:
        yield "from"
    if any(getattr(node, field, None) for field in _ALIAS_FIELDS.get(type(node), ())):
        yield "as"
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
        yield str(node.value)
    if isinstance(node, ast.comprehension):
        if node.ifs:
            yield "if"
        if node.is_async:
            yield "async"
    for operator in (*getattr(node, "ops", ()), getattr(node, "op", None)):
        yield from _OPERATORS.get(type(operator), ())


def _is_elif(node: ast.AST, lines: list[bytes]) -> bool:
    match node:
        case ast.If(orelse=[ast.If(lineno=line, col_offset=column)]):
            return lines[line - 1].startswith(b"elif", column)
    return False


_NONE: frozenset[str] = frozenset()
_ALIAS_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.withitem: ("optional_vars",), ast.alias: ("asname",), ast.ExceptHandler: ("name",),
}  # fmt: skip
_OPERATORS: dict[type[object], tuple[str, ...]] = {
    ast.In: ("in",), ast.NotIn: ("not", "in"), ast.Is: ("is",), ast.IsNot: ("is", "not"),
    ast.Not: ("not",), ast.And: ("and",), ast.Or: ("or",),
}  # fmt: skip
_KEYWORDS = {
    kind: frozenset(words.split())
    for kind, words in {
        ast.FunctionDef: "def", ast.AsyncFunctionDef: "async def", ast.ClassDef: "class",
        ast.Lambda: "lambda", ast.Return: "return", ast.Delete: "del", ast.For: "for in",
        ast.AsyncFor: "async for in", ast.While: "while", ast.If: "if", ast.With: "with",
        ast.AsyncWith: "async with", ast.Raise: "raise", ast.Try: "try", ast.Assert: "assert",
        ast.Import: "import", ast.ImportFrom: "from import", ast.Global: "global",
        ast.Nonlocal: "nonlocal", ast.Pass: "pass", ast.Break: "break", ast.Continue: "continue",
        ast.IfExp: "if else", ast.comprehension: "for in", ast.Await: "await", ast.Yield: "yield",
        ast.YieldFrom: "yield from", ast.ExceptHandler: "except", ast.Match: "match",
        ast.match_case: "case",
    }.items()
}  # fmt: skip
_NAME_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Name: ("id",), ast.Attribute: ("attr",), ast.arg: ("arg",), ast.keyword: ("arg",),
    ast.FunctionDef: ("name",), ast.AsyncFunctionDef: ("name",), ast.ClassDef: ("name",),
    ast.alias: ("name", "asname"), ast.ImportFrom: ("module",), ast.Global: ("names",),
    ast.Nonlocal: ("names",), ast.ExceptHandler: ("name",), ast.MatchAs: ("name",),
    ast.MatchStar: ("name",), ast.MatchMapping: ("rest",), ast.MatchClass: ("kwd_attrs",),
}  # fmt: skip
