"""Scramble a function's own names, so that a model has to read the body.

Training has a share of such functions, and evaluation measures answers to them.

Haldar and Hockenmaier (arXiv 2404.08018) found that scores of code summaries come largely from
words of the function's name.
"""

from __future__ import annotations

import ast
import string

from docbot.scan.parse import parse

_RECEIVERS = ("self", "cls")  # not renamed
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def scramble(code: str) -> str:
    """Rename a function to `f`, its parameters and locals to `a`, `b`...

    Names of called functions, attributes, keywords of calls, and strings are unchanged. Of several
    definitions only the first function is scrambled and returned.

    Args:
        code: The source of the function.

    Returns:
        The new source; its layout is that of `ast.unparse`. Code without a function is unchanged.

    Raises:
        SourceError: the code is not valid Python.

    """
    tree = parse(code)
    function = next((node for node in tree.body if isinstance(node, _Function)), None)
    if function is None:
        return code
    letters = (f"{letter}{turn or ''}" for turn in range(1000) for letter in _LETTERS)
    existing = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    free = (name for name in letters if name not in existing)
    names = {name: next(free) for name in _own_names(function)}
    names[function.name] = "f"
    _Renamer(names).visit(function)
    return ast.unparse(function) + "\n"


_LETTERS = [letter for letter in string.ascii_lowercase if letter != "f"]


def _own_names(function: _Function) -> dict[str, None]:
    """Return parameters and local variables in the order of `ast.walk`, as keys of a dict."""
    names: dict[str, None] = {}
    declared = {
        name
        for node in ast.walk(function)
        if isinstance(node, (ast.Global, ast.Nonlocal))
        for name in node.names
    }
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            names[node.arg] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names[node.name] = None
    return {name: None for name in names if name not in declared and name not in _RECEIVERS}


class _Renamer(ast.NodeTransformer):
    """A transformer that replaces names wherever they are bound or read as variables."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.names.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self.names.get(node.name or "", node.name)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)
