"""Trace whose docstrings a file reads, and which functions it hands over to be described by them.

`docbot.scan.bindings` says what a name stands for; here a loop's variable is followed to the
functions in the table that is looped over, a parameter to the arguments of the calls.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from docbot.scan.bindings import (
    MAPPING_FUNCTIONS,
    Bindings,
    Scope,
    called_name,
    described_arguments,
)
from docbot.scan.expressions import all_params, branches, elements, names_doc, operands
from docbot.scan.handover_words import (
    ANY,
    DOC,
    READING_CALLS,
    SERVED_CALLS,
    TOOL_CALLS,
    TOOL_KEYWORDS,
)
from docbot.scan.parse import dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from docbot.scan.bindings import Use

_PASSING = frozenset(
    ("list", "tuple", "set", "frozenset", "dict", "sorted", "reversed", "enumerate", "zip", "iter",
     "filter", "map", "chain", "islice", "OrderedDict", "deque", "cast", "MappingProxyType")
)  # fmt: skip
"""Functions whose result holds the items of their arguments."""

_OWN_ITEMS = frozenset(("items", "values", "keys", "copy", "union", "most_common"))
"""Methods whose result holds the items of their container."""

_LOOK_UPS = frozenset(("get", "pop", "popitem", "setdefault"))
"""Methods that return an item of their container."""

_SAME = frozenset(("partial", "unwrap", "cast", "type", "staticmethod", "classmethod"))
"""Functions whose result has the docstring of an argument, or stands for it."""

_LISTINGS = frozenset(("dir", "vars", "getmembers", "getmembers_static"))
"""Functions that list what an object or a module has."""

_UNKNOWN = "?"
"""Something that cannot be told."""

MOST_STEPS = 4000
"""Steps of one trace; what takes more is taken to reach any function."""


def trace_handovers(tree: ast.Module) -> dict[str, str]:
    """Return what a file reads or hands over, and how.

    The keys are dotted names as written in the file, or the forms that `ANY` describes; the values
    are `DOC` or the spelling of the handover: `tools=`, `Tool()`.
    """
    return _Tracer(Bindings(tree)).trace()


def trace_name(tree: ast.Module, name: str) -> frozenset[str]:
    """Return the names of all that a module-level name, or its items, may stand for.

    They are dotted names as written in the file, and `ANY` where the name comes out of something
    that cannot be followed.
    """
    bindings = Bindings(tree)
    tracer = _Tracer(bindings)
    node = ast.parse(name, mode="eval").body
    names = tracer.reach(node, bindings.module)
    tracer.steps = 0
    names |= tracer.items(node, bindings.module)
    return frozenset(ANY if each == _UNKNOWN else each for each in names if each)


def is_use(node: ast.AST) -> bool:
    """Check whether a node may read another object's docstring or hand something over.

    Most files that have the words only copy docstrings or read their own: to trace all their names
    would be in vain.
    """
    if isinstance(node, ast.Call):
        words = {called_name(node), *(each.arg for each in node.keywords)}
        name = called_name(node)
        return (
            not _USES.isdisjoint(words)
            or name.endswith("Tool")
            or (name == "getattr" and names_doc(node.args[1:2]))
        )
    if isinstance(node, ast.Attribute):
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        is_read = node.attr == "__doc__" and isinstance(node.ctx, ast.Load) and not is_own
        return is_read or node.attr == "tools"
    if isinstance(node, ast.Dict):
        keys = {each.value for each in node.keys if isinstance(each, ast.Constant)}
        return not TOOL_KEYWORDS.isdisjoint(keys)
    return isinstance(node, ast.Name) and node.id == "tools" and isinstance(node.ctx, ast.Store)


_USES = TOOL_CALLS | TOOL_KEYWORDS | READING_CALLS | {"mcp_server", "run"}


class _Tracer:
    """A tracer of one file's names."""

    def __init__(self, bindings: Bindings) -> None:
        self.bindings = bindings
        self.busy: set[tuple[ast.AST, bool]] = set()
        self.steps = 0
        self.served = any(
            each.arg == "mcp_server" and getattr(each.value, "value", True)
            for node, _ in bindings.expressions
            if isinstance(node, ast.Call)
            for each in node.keywords
        )

    def trace(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for node, scope in self.bindings.expressions:
            for how, use in self._uses(node, scope):
                self._follow(use, how, found)
        for use in self.bindings.attributes["tools"]:
            self._follow(use, "tools =", found)
        return found

    def _follow(self, use: Use, how: str, found: dict[str, str]) -> None:
        """Add to `found` what an expression may stand for, unless it is there already."""
        self.steps = 0
        names = self.reach(*use) if how == DOC else self._given(*use)
        if _UNKNOWN in names and how == DOC:
            names.add(ANY)
        for name in names - {_UNKNOWN, ""}:
            found.setdefault(name, how)

    def _uses(self, node: ast.expr, scope: Scope) -> Iterator[tuple[str, Use]]:
        """Yield what a node reads or hands over, and how."""
        if node in self.bindings.silent:
            return
        if isinstance(node, ast.Attribute):
            if node.attr == "__doc__" and isinstance(node.ctx, ast.Load):
                yield DOC, (node.value, scope)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in TOOL_KEYWORDS:
                    yield f'"{key.value}":', (value, scope)
        elif isinstance(node, ast.Call):
            yield from self._call_uses(node, scope)

    def _call_uses(self, node: ast.Call, scope: Scope) -> Iterator[tuple[str, Use]]:
        for each in node.keywords:
            if each.arg in TOOL_KEYWORDS:
                yield f"{each.arg}=", (each.value, scope)
        how, arguments = self._described(node)
        for argument in arguments:
            yield how, (argument, scope)

    def _described(self, node: ast.Call) -> tuple[str, list[ast.expr]]:
        """Return what `described_arguments` does, calls of gradio's functions too."""
        last = called_name(node)
        if self.served and last in SERVED_CALLS:
            functions = [each.value for each in node.keywords if each.arg == "fn"]
            return f"{last}() with mcp_server", [*node.args[:1], *functions]
        return described_arguments(node)

    def _given(self, node: ast.expr, scope: Scope) -> set[str]:
        return self.reach(node, scope) | self.items(node, scope)

    # what an expression stands for

    def reach(self, node: ast.expr, scope: Scope) -> set[str]:
        """Return the names of the definitions that an expression may stand for."""
        return self._guarded(self._reach, node, scope, items=False)

    def items(self, node: ast.expr, scope: Scope) -> set[str]:
        """Return the names of the definitions that the items of an expression may stand for."""
        return self._guarded(self._items, node, scope, items=True)

    def _guarded(
        self,
        look: Callable[[ast.expr, Scope], set[str]],
        node: ast.expr,
        scope: Scope,
        *,
        items: bool,
    ) -> set[str]:
        """Look at an expression, unless it is being looked at already."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            return {_UNKNOWN}
        if (node, items) in self.busy:
            return set()
        self.busy.add((node, items))
        try:
            return look(node, scope)
        finally:
            self.busy.discard((node, items))

    def _all(self, uses: Iterable[Use], *, items: bool) -> set[str]:
        look = self.items if items else self.reach
        names: set[str] = set()
        for node, scope in uses:
            names |= look(node, scope)
        return names

    def _reach(self, node: ast.expr, scope: Scope) -> set[str]:
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, items=False)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, items=False)
        if isinstance(node, ast.Call):
            return self._result(node, scope)
        if isinstance(node, ast.Subscript):
            return self.items(node.value, scope)
        if isinstance(node, (ast.Starred, ast.NamedExpr, ast.Await)):
            return self.reach(node.value, scope)
        return self._all(((each, scope) for each in branches(node)), items=False)

    def _items(self, node: ast.expr, scope: Scope) -> set[str]:
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, items=True)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, items=True)
        if isinstance(node, ast.Call):
            return self._listing(node, scope)
        if isinstance(node, (ast.Subscript, ast.Starred, ast.NamedExpr, ast.Await)):
            return self.items(node.value, scope)
        parts = (*branches(node), *operands(node))
        names = self._all(((each, scope) for each in parts), items=True)
        return names | self._each(elements(node), scope)

    def _each(self, elements: Iterable[ast.expr], scope: Scope) -> set[str]:
        names: set[str] = set()
        for each in elements:
            is_nested = isinstance(each, (ast.Tuple, ast.List, ast.Dict, ast.Starred))
            names |= self.items(each, scope) if is_nested else self.reach(each, scope)
        return names

    def _name(self, name: str, scope: Scope, *, items: bool) -> set[str]:
        names: set[str] = set()
        holder: Scope | None = scope
        while holder is not None:
            if name == holder.receiver:
                return {holder.owner}
            uses, parts = holder.values.get(name, ()), holder.items.get(name, ())
            is_defined = name in holder.defined
            is_param = holder.node is not None and name in all_params(holder.node)
            if uses or parts or is_defined or is_param:
                names |= self._all(uses, items=items) | self._all(parts, items=True)
                names |= {name} if is_defined else set()
                names |= self._argument(name, holder, items=items) if is_param else set()
                break
            holder = holder.outer
        else:
            names.add(name)  # imported, or built in
        return (
            names | self._all(self.bindings.additions.get(name, ()), items=False)
            if items
            else names
        )

    def _attribute(self, node: ast.Attribute, scope: Scope, *, items: bool) -> set[str]:
        name, last = dotted(node), node.attr
        names = {name} if name and not items else set()
        if name and not self._is_bound(name.partition(".")[0], scope):
            return {name}
        if last == "__dict__":
            return self._members(node.value, scope)
        if not items:
            names |= {f"{owner}.{last}" for owner in self._owners(node.value, scope)}
        uses = self.bindings.attributes.get(last, ())
        if items:
            names |= self._all(self.bindings.additions.get(last, ()), items=False)
        if not uses and last not in self.bindings.functions | self.bindings.classes:
            return names | (self.reach(node.value, scope) - {_UNKNOWN})
        return names | self._all(uses, items=items)

    def _owners(self, node: ast.expr, scope: Scope) -> set[str]:
        """Return the names of what an object is, and of the classes it may be an instance of."""
        if isinstance(node, ast.Call):
            return {dotted(node.func)} - {""}
        if not isinstance(node, ast.Name):
            return set()
        names = {name for name in self.reach(node, scope) if not name.endswith((_UNKNOWN, ANY))}
        called = [v.func for v, _ in scope.find_values(node.id) if isinstance(v, ast.Call)]
        return names | set(map(dotted, called)) - {""}

    def _is_bound(self, name: str, scope: Scope) -> bool:
        """Check whether a name is bound in the file itself, so that it is not an import."""
        holder: Scope | None = scope
        while holder is not None:
            if name in holder.values or name in holder.items or name in holder.defined:
                return True
            if holder.node is not None and name in all_params(holder.node):
                return True
            holder = holder.outer
        return False

    def _argument(self, name: str, scope: Scope, *, items: bool) -> set[str]:
        """Return what a parameter may stand for: the arguments of calls, decorated functions."""
        node = scope.node
        if node is None:
            return set()
        function = scope.owner if node.name == "__init__" else node.name
        names: set[str] = set()
        for call, place in self.bindings.calls.get(function, ()):
            names |= self._passed(name, scope, (call, place), items=items)
        holder: Scope | None = scope
        while holder is not None and holder.node is not None:  # the outer one in `@command("x")`
            names |= set(self.bindings.decorated.get(holder.node.name, ()))
            holder = holder.outer
        for mapping in MAPPING_FUNCTIONS:
            for call, place in self.bindings.calls.get(mapping, ()):
                if [dotted(each).rpartition(".")[2] for each in call.args[:1]] == [function]:
                    names |= self._all(((each, place) for each in call.args[1:]), items=True)
        return names

    def _passed(
        self, name: str, scope: Scope, call: tuple[ast.Call, Scope], *, items: bool
    ) -> set[str]:
        node, place = call
        params = scope.params[1:] if scope.receiver else scope.params
        starred = [each.value for each in node.args if isinstance(each, ast.Starred)]
        uses = [(each.value, place) for each in node.keywords if each.arg == name]
        names = self._all(((each, place) for each in starred), items=True)
        if name in params:
            uses += [(each, place) for each in node.args[params.index(name) :][:1]]
            return names | self._all(uses, items=items)
        if items:  # of `*functions` or `**functions`
            uses += [(each, place) for each in node.args[len(params) :]]
            uses += [(each.value, place) for each in node.keywords if each.arg not in params]
            return names | self._all(uses, items=False)
        return names | self._all(uses, items=False)

    def _result(self, node: ast.Call, scope: Scope) -> set[str]:
        """Return what a call's result may stand for."""
        name, last = dotted(node.func), called_name(node)
        arguments = [(each, scope) for each in node.args]
        arguments += [(each.value, scope) for each in node.keywords]
        if name == "getattr" and node.args:
            return self._got(node, scope)
        if last in _LOOK_UPS and isinstance(node.func, ast.Attribute):
            return self.items(node.func.value, scope)
        if name in ("next", "max", "min"):
            return self._all(arguments[:1], items=True)
        if last in self.bindings.results and last not in _SAME:
            return self._all(self.bindings.results[last], items=False)
        names = self._all(arguments, items=False) - {_UNKNOWN}
        if last in self.bindings.classes:
            return names | {last}
        return names if last in _SAME or names else {_UNKNOWN}

    def _got(self, node: ast.Call, scope: Scope) -> set[str]:
        """Return what `getattr` may return: one attribute, or any."""
        if len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            attribute = ast.Attribute(value=node.args[0], attr=str(node.args[1].value))
            return self._attribute(attribute, scope, items=False)
        return self._members(node.args[0], scope)

    def _listing(self, node: ast.Call, scope: Scope) -> set[str]:
        """Return what the items of a call's result may stand for."""
        name, last = dotted(node.func), called_name(node)
        arguments = [(each, scope) for each in node.args]
        if last in _LISTINGS and node.args:
            return self._members(node.args[0], scope)
        if name in ("globals", "locals", "vars"):
            return {ANY}
        if isinstance(node.func, ast.Attribute) and last in _OWN_ITEMS and not node.args:
            return self.items(node.func.value, scope)
        if last in _PASSING:
            keywords = ((each.value, scope) for each in node.keywords if each.arg != "key")
            return self._all(arguments, items=True) | self._all(keywords, items=False)
        return self._returned(node) or (
            self.items(node.func.value, scope)
            if isinstance(node.func, ast.Attribute) and last in _LOOK_UPS
            else (self._all(arguments, items=False) - {_UNKNOWN}) or {_UNKNOWN}
        )

    def _returned(self, node: ast.Call) -> set[str]:
        """Return the items of what a function of the file returns or yields."""
        last = called_name(node)
        names = self._all(self.bindings.results.get(last, ()), items=True)
        return names | self._all(self.bindings.yields.get(last, ()), items=False)

    def _members(self, node: ast.expr, scope: Scope) -> set[str]:
        """Return the members of an object or a module, such as `Name.*`."""
        if isinstance(node, ast.Subscript) and dotted(node.value).endswith("modules"):
            return {ANY}  # sys.modules[__name__]
        names = self.reach(node, scope)
        return {name if name in (_UNKNOWN, ANY) else f"{name}.{ANY}" for name in names if name}
