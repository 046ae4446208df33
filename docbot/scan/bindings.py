"""Collect what the names of a file are bound to, for `scan.handovers` to trace.

Order and branches do not count: a name stands for all that it is ever bound to.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field

from docbot.scan.expressions import names_doc
from docbot.scan.handover_words import DOC, READING_CALLS, TOOL_CALLS
from docbot.scan.parse import child_fields, dotted

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = frozenset((ast.FunctionDef, ast.AsyncFunctionDef))
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_COLLECTED = frozenset(
    (ast.Call, ast.Attribute, ast.Dict, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr,
     ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Return,
     ast.Yield, ast.If, ast.Assert, ast.keyword)
)  # fmt: skip
_LEAVES = frozenset((ast.Name, ast.Constant, type(None)))
"""Nothing lies below these, and most nodes are such."""

ADDING_METHODS = frozenset(("append", "add", "insert", "extend", "update", "setdefault"))
"""Methods that put their arguments into a list, a set or a dictionary."""

MAPPING_FUNCTIONS = frozenset(("map", "filter", "sorted", "max", "min"))
"""Functions that call one argument with each item of another."""


@dataclass(kw_only=True, eq=False)
class Scope:
    """A module or a function, and what its names are bound to.

    Attributes:
        node: The function; None for the module.
        owner: The name of the class around it, "" outside of one.
        outer: The scope around it.
        values: What each name is bound to.
        items: What each name is bound to an item of, such as a loop's variable.
        defined: The names of the functions and classes defined right here.

    """

    node: _Function | None = None
    owner: str = ""
    outer: Scope | None = None
    values: defaultdict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))
    items: defaultdict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))
    defined: set[str] = field(default_factory=set)

    @property
    def params(self) -> list[str]:
        """Return the names of the parameters that a call may fill by position."""
        if self.node is None:
            return []
        arguments = self.node.args
        return [each.arg for each in (*arguments.posonlyargs, *arguments.args)]

    def find_values(self, name: str) -> list[Use]:
        """Return what a name that is looked up in this scope is bound to."""
        if name in self.values or self.outer is None:
            return self.values.get(name, [])
        return self.outer.find_values(name)

    @property
    def receiver(self) -> str:
        """Return the name of a method's first parameter, "" for any other function."""
        params = self.params
        return params[0] if self.owner and params else ""


Use = tuple[ast.expr, Scope]
"""An expression and the scope in which it is evaluated."""


class Bindings:
    """The names, attributes, calls and definitions of a file.

    Attributes:
        module: The module's scope.
        expressions: Every call, attribute and dictionary, and where it is evaluated.
        attributes: What is assigned to the attributes of any object, by their last name.
        additions: What is put into containers, by the last name of the container.
        calls: The calls of functions, by the last of their dotted names.
        decorated: The names of the functions below a decorator, by the decorator's last name.
        results: What functions return, by name.
        yields: What functions yield, by name.
        functions: The names of all functions and methods.
        classes: The names of all classes.
        silent: What reads a `__doc__` only to copy it, or to decide whether to set it.

    """

    def __init__(self, tree: ast.Module) -> None:
        self.module = Scope()
        self.expressions: list[Use] = []
        self.attributes: defaultdict[str, list[Use]] = defaultdict(list)
        self.additions: defaultdict[str, list[Use]] = defaultdict(list)
        self.calls: defaultdict[str, list[tuple[ast.Call, Scope]]] = defaultdict(list)
        self.decorated: defaultdict[str, list[str]] = defaultdict(list)
        self.results: defaultdict[str, list[Use]] = defaultdict(list)
        self.yields: defaultdict[str, list[Use]] = defaultdict(list)
        self.functions: set[str] = set()
        self.classes: set[str] = set()
        self.silent: set[ast.AST] = set()
        self._writers: set[Scope] = set()
        self._looks: list[Use] = []
        self._visit_all(tree.body, self.module, "")
        self._silence_writers()

    def _visit_all(self, nodes: list[ast.stmt], scope: Scope, owner: str) -> None:
        for node in nodes:
            self._visit(node, scope, owner)

    def _visit(self, node: ast.AST, scope: Scope, owner: str) -> None:
        """Collect a node and all below it; `owner` is the class whose body it stands in."""
        kind = type(node)
        if kind is ast.ClassDef and isinstance(node, ast.ClassDef):
            self._class(node, scope)
            return
        if kind in _FUNCTIONS and isinstance(node, _Function):
            self._function(node, scope, owner)
            return
        if kind in _COLLECTED:
            self._collect(node, scope, owner)
        for name in child_fields(kind):  # type: ignore[arg-type] # ast's stubs hide type's hash
            value = getattr(node, name)
            if type(value) is list:
                for item in value:
                    if type(item) not in _LEAVES and isinstance(item, ast.AST):
                        self._visit(item, scope, owner)
            elif type(value) not in _LEAVES and isinstance(value, ast.AST):
                self._visit(value, scope, owner)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        self.classes.add(node.name)
        scope.defined.add(node.name)
        for child in (*node.decorator_list, *node.bases, *node.keywords):
            self._visit(child, scope, "")
        for each in node.decorator_list:
            self._decorator(each, node.name)
        self._visit_all(node.body, scope, node.name)

    def _function(self, node: _Function, scope: Scope, owner: str) -> None:
        self.functions.add(node.name)
        if not owner:
            scope.defined.add(node.name)
        for each in node.decorator_list:
            self._decorator(each, f"{owner}.{node.name}" if owner else node.name)
            self._visit(each, scope, owner)
        for each in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self._visit(each, scope, owner)
        self._visit_all(node.body, Scope(node=node, owner=owner, outer=scope), "")

    def _decorator(self, node: ast.expr, name: str) -> None:
        called = node.func if isinstance(node, ast.Call) else node
        self.decorated[dotted(called).rpartition(".")[2]].append(name)

    def _collect(self, node: ast.AST, scope: Scope, owner: str) -> None:
        if isinstance(node, (ast.Call, ast.Attribute, ast.Dict)):
            self.expressions.append((node, scope))
        if isinstance(node, ast.Call):
            self._call(node, scope)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            self._assign(node, scope, owner)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._bind_items(node.target, (node.iter, scope))
        elif isinstance(node, _Comprehension):
            for each in node.generators:
                self._bind_items(each.target, (each.iter, scope))
        elif isinstance(node, (ast.Return, ast.Yield)):
            self._give(node, scope)
        else:
            self._look(node, scope)

    def _look(self, node: ast.AST, scope: Scope) -> None:
        """Note what may look at a docstring without telling it to anybody."""
        if isinstance(node, ast.If):
            self._looks.append((node.test, scope))
        elif isinstance(node, ast.Assert):
            self.silent.update(ast.walk(node.test))
        elif isinstance(node, ast.keyword) and node.arg in ("doc", "__doc__"):
            self.silent.add(node.value)

    def _assign(
        self,
        node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr,
        scope: Scope,
        owner: str,
    ) -> None:
        if node.value is None:
            return
        targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            self._bind(target, (node.value, scope), owner)
        self._note_stored(targets, node.value, scope)

    def _give(self, node: ast.Return | ast.Yield, scope: Scope) -> None:
        if node.value is not None and scope.node is not None:
            results = self.results if isinstance(node, ast.Return) else self.yields
            results[scope.node.name].append((node.value, scope))

    def _call(self, node: ast.Call, scope: Scope) -> None:
        name = called_name(node)
        self.calls[name].append((node, scope))
        if name in MAPPING_FUNCTIONS:
            functions = [*node.args[:1], *(each.value for each in node.keywords)]
            for each in functions:
                if isinstance(each, ast.Lambda) and each.args.args:
                    for items in node.args:
                        target = ast.Name(id=each.args.args[0].arg, ctx=ast.Store())
                        self._bind_items(target, (items, scope))
        if name in ADDING_METHODS and isinstance(node.func, ast.Attribute):
            container = dotted(node.func.value).rpartition(".")[2]
            self.additions[container] += ((argument, scope) for argument in node.args)
            self.additions[container] += ((each.value, scope) for each in node.keywords)
        elif name == "setattr":
            self.silent.update(node.args[2:])

    def _bind(self, target: ast.expr, use: Use, owner: str) -> None:
        value, scope = use
        if isinstance(target, ast.Name):
            if owner:
                self.attributes[target.id].append(use)
            scope.values[target.id].append(use)
        elif isinstance(target, ast.Attribute):
            self.attributes[target.attr].append(use)
        elif isinstance(target, ast.Subscript):
            self.additions[dotted(target.value).rpartition(".")[2]].append(use)
        elif isinstance(target, (ast.Tuple, ast.List)):
            pairs = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
            for at, each in enumerate(target.elts):
                if pairs and isinstance(value, ast.Tuple):
                    self._bind(each, (value.elts[at], scope), owner)
                else:
                    self._bind_items(each, use)

    def _bind_items(self, target: ast.expr, use: Use) -> None:
        if isinstance(target, ast.Name):
            use[1].items[target.id].append(use)
        elif isinstance(target, ast.Starred):
            self._bind_items(target.value, use)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for each in target.elts:
                self._bind_items(each, use)

    def _note_stored(self, targets: list[ast.expr], value: ast.expr, scope: Scope) -> None:
        """Note a docstring that is only carried along to another object."""
        if all(isinstance(each, ast.Attribute) and each.attr == "__doc__" for each in targets):
            self._writers.add(scope)
            self.silent.update(ast.walk(value))
        elif all(isinstance(each, ast.Name) for each in targets):
            self._looks.append((value, scope))

    def _silence_writers(self) -> None:
        """Note the looks at docstrings in functions that set some: they decide what to set."""
        for node, scope in self._looks:
            if scope in self._writers:
                self.silent.update(ast.walk(node))


def called_name(node: ast.Call) -> str:
    """Return the last name of what is called: of `a.b()` and of `a().b()` it is `b`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def described_arguments(node: ast.Call) -> tuple[str, list[ast.expr]]:
    """Return how a call reads the docstrings of arguments, and of which; "" where of none."""
    name, last = dotted(node.func), called_name(node)
    if last in READING_CALLS or (name == "getattr" and names_doc(node.args[1:2])):
        return DOC, node.args[:1]
    if last in TOOL_CALLS or last.endswith("Tool") or name == "typer.run":
        return f"{last}()", [*node.args, *(each.value for each in node.keywords)]
    return "", []
