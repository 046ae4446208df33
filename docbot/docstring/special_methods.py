"""Give special methods fixed headlines, as Python's data model defines what they do.

A sentence is listed only if it is true whatever the class does, as long as the method does its
duty at all: one that returns nothing or only returns `NotImplemented` gets none. Of any function
that only raises, the sentence says that it does, since its name says what it does not do.
There is none for `__init__`, `__new__` and `__call__` either, since what those do depends on the
class. Operators are written in Python (`Return self == other.`), since libraries overload them to
mean other things than equality or order. Source: https://docs.python.org/3/reference/datamodel.html
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.gate.summary import Summary
from docbot.scan.definition import Kind, Shape
from docbot.scan.only_raises import only_raises
from docbot.scan.tree import function_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from docbot.scan.definition import Definition
    from docbot.scan.only_raises import OnlyRaises

    Wording = str  # may hold {0} and {1}: the names of the first two parameters
    Rule = Callable[["Definition", "_Body"], Wording | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Body:
    """A definition's own statements, without those of inner functions.

    Attributes:
        returned: The source text of each value that is returned, "" for a bare `return`.
        ends_in_raise: Whether the last statement raises.

    """

    returned: frozenset[str]
    ends_in_raise: bool

    @property
    def gives_up(self) -> bool:
        """Check whether the method never does what its name promises."""
        refuses = bool(self.returned) and self.returned <= {"NotImplemented"}
        return refuses or (self.ends_in_raise and not self.returned)


def fixed_sentence(definition: Definition) -> str | None:
    """Return the fixed headline of a special method; None where there is none."""
    name = definition.name
    rule = _RULES.get(name)
    if (
        rule is None
        or definition.kind is not Kind.METHOD
        or definition.decorator_names not in _DECORATIONS
        or definition.shape in (Shape.STUB, Shape.EMPTY, Shape.ABSTRACT)
    ):
        return None
    body = _body(definition)
    if body is None or body.gives_up or definition.signature.returns in _NEVER:
        return None
    wording = rule(definition, body)
    params = [param.name for param in definition.signature.params]
    if wording is None or len(params) < wording.count("{"):
        return None
    return wording.format(*params)


@functools.lru_cache(maxsize=64)
def _body(definition: Definition) -> _Body | None:
    """Read a definition's body; None when the code is not exactly one function."""
    try:
        function = function_of(definition)
    except SourceError:
        return None
    nodes: list[ast.AST] = [*function.body]
    returned = set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Return):
            returned.add(_text(node.value) if node.value is not None else "")
        if not isinstance(node, _INNER):
            nodes += ast.iter_child_nodes(node)
    return _Body(
        returned=frozenset(returned), ends_in_raise=isinstance(function.body[-1], ast.Raise)
    )


def _text(value: ast.expr) -> str:
    """Return the expression's text; "..." for one too deep, or a number too large, to print."""
    try:
        return ast.unparse(value)
    except (ValueError, RecursionError):
        return "..."


_NEVER = ("NoReturn", "Never", "t.NoReturn", "t.Never", "typing.NoReturn", "typing.Never")
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_DECORATIONS = (
    (),
    ("override",),
    ("typing.override",),
    ("typing_extensions.override",),
    ("classmethod",),
    ("abstractmethod",),
    ("abc.abstractmethod",),
    ("final",),
    ("typing.final",),
)
"""Under other decorators a method need not be what its name says."""


# A rule returns the wording for a definition, or None if it would not be true of it.


def _if_returns(wording: Wording) -> Rule:
    return lambda d, _: wording if d.returns and not d.yields and not d.is_async else None


def _if_acts(wording: Wording) -> Rule:
    """Make a rule for a method that need not return anything (see `fixed_sentence`)."""
    return lambda d, _: wording if not d.yields and not d.is_async else None


def _if_iterates(returning: Wording, yielding: Wording) -> Rule:
    def rule(definition: Definition, _: _Body) -> Wording | None:
        if definition.is_async:
            return None
        if definition.yields:
            return yielding
        return returning if definition.returns else None

    return rule


def _aiter_rule(definition: Definition, _: _Body) -> Wording | None:
    if definition.yields and definition.is_async:
        return "Yield each element in turn, asynchronously."
    if definition.returns and not definition.is_async:
        return "Return an asynchronous iterator over the elements."
    return None


def _anext_rule(definition: Definition, _: _Body) -> Wording | None:
    return "Return the next element." if definition.returns and not definition.yields else None


def _enter_rule(adverb: str) -> Rule:
    def rule(definition: Definition, body: _Body) -> Wording | None:
        if definition.yields or definition.is_async != bool(adverb):
            return None
        itself = body.returned == {"self"}
        return f"Enter the {adverb}context{' and return self' if itself else ''}."

    return rule


def _exit_rule(adverb: str) -> Rule:
    def rule(definition: Definition, _: _Body) -> Wording | None:
        fits = not definition.yields and definition.is_async == bool(adverb)
        return f"Leave the {adverb}context." if fits else None

    return rule


def _contains_rule(definition: Definition, _: _Body) -> Wording | None:
    params = definition.signature.params
    noun = params[0].name if params and params[0].name in _MEMBERS else "item"
    return f"Return whether the {noun} is contained." if definition.returns else None


def _item_rule(*, verb: str, plain: Wording) -> Rule:
    """Make a rule worded by the name of the first parameter: a key, an index, or another."""
    wordings = {"key": f"{verb} the item with the given key."}
    wordings |= dict.fromkeys(("i", "idx", "index"), f"{verb} the item at the given index.")

    def rule(definition: Definition, _: _Body) -> Wording | None:
        if definition.yields or definition.is_async:
            return None
        if verb == "Return" and not definition.returns:
            return None
        params = definition.signature.params
        return wordings.get(params[0].name, plain) if params else None

    return rule


def _if_copies(wording: Wording) -> Rule:
    """Make a rule that leaves out immutable classes, which return themselves and no copy."""
    return lambda d, body: wording if d.returns and "self" not in body.returned else None


def _power_rule(definition: Definition, _: _Body) -> Wording | None:
    if not definition.returns:
        return None
    modular = len(definition.signature.params) > 1
    return "Return pow(self, {0}, {1})." if modular else "Return self ** {0}."


_MEMBERS = ("key", "value", "element", "node", "name", "point", "path")
_BINARY = {
    "add": "+", "sub": "-", "mul": "*", "matmul": "@", "truediv": "/", "floordiv": "//", "mod": "%",
    "lshift": "<<", "rshift": ">>", "and": "&", "xor": "^", "or": "|",
}  # fmt: skip
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_UNARY = {"neg": "-", "pos": "+", "invert": "~"}

_RESULTS = {
    "__repr__": "Return a string representation for debugging.",
    "__str__": "Return a readable string representation.",
    "__bytes__": "Return a representation as bytes.",
    "__format__": "Return a string formatted by the format specification.",
    "__hash__": "Return the hash value.",
    "__bool__": "Return the truth value.",
    "__len__": "Return the number of items.",
    "__length_hint__": "Return an estimate of the number of items.",
    "__sizeof__": "Return the size in memory, in bytes.",
    "__next__": "Return the next element.",
    "__getattr__": "Return an attribute that the normal lookup did not find.",
    "__getattribute__": "Return the attribute of the given name.",
    "__dir__": "Return the names of the attributes.",
    "__get__": "Return the value of the attribute.",
    "__getstate__": "Return the state to be pickled.",
    "__reduce__": "Return what pickle needs to rebuild the object.",
    "__reduce_ex__": "Return what pickle needs to rebuild the object.",
    "__getnewargs__": "Return the arguments for __new__ when unpickling.",
    "__getnewargs_ex__": "Return the arguments for __new__ when unpickling.",
    "__missing__": "Return the value for a key that is not in the dictionary.",
    "__int__": "Return the value as an integer.",
    "__float__": "Return the value as a float.",
    "__complex__": "Return the value as a complex number.",
    "__index__": "Return the value as an integer for use as an index.",
    "__abs__": "Return abs(self).",
    "__round__": "Return the value rounded.",
    "__trunc__": "Return the value truncated toward zero.",
    "__floor__": "Return the value rounded down.",
    "__ceil__": "Return the value rounded up.",
    "__fspath__": "Return the file system path.",
    "__divmod__": "Return divmod(self, {0}).",
    "__rdivmod__": "Return divmod({0}, self).",
    "__rpow__": "Return {0} ** self.",
    "__instancecheck__": "Return whether the object counts as an instance.",
    "__subclasscheck__": "Return whether the class counts as a subclass.",
}
_ACTIONS = {
    "__setattr__": "Set the attribute of the given name.",
    "__delattr__": "Delete the attribute of the given name.",
    "__set__": "Set the attribute on the instance.",
    "__delete__": "Delete the attribute from the instance.",
    "__set_name__": "Take note of the owning class and the attribute's name.",
    "__init_subclass__": "Run whenever a subclass is defined.",
    "__setstate__": "Restore the object from its pickled state.",
    "__post_init__": "Finish initialization once the fields are set.",
    "__del__": "Clean up before the object is destroyed.",
}

_RULES: Mapping[str, Rule] = {
    **{name: _if_returns(wording) for name, wording in _RESULTS.items()},
    **{name: _if_acts(wording) for name, wording in _ACTIONS.items()},
    **{f"__{n}__": _if_returns(f"Return self {op} {{0}}.") for n, op in _BINARY.items()},
    **{f"__r{n}__": _if_returns(f"Return {{0}} {op} self.") for n, op in _BINARY.items()},
    **{f"__i{n}__": _if_returns(f"Implement self {op}= {{0}}.") for n, op in _BINARY.items()},
    **{f"__{n}__": _if_returns(f"Return self {op} {{0}}.") for n, op in _COMPARISONS.items()},
    **{f"__{n}__": _if_returns(f"Return {op}self.") for n, op in _UNARY.items()},
    "__pow__": _power_rule,
    "__ipow__": _if_returns("Implement self **= {0}."),
    "__iter__": _if_iterates(
        "Return an iterator over the elements.", "Yield each element in turn."
    ),
    "__reversed__": _if_iterates(
        "Return an iterator over the elements in reverse order.",
        "Yield the elements in reverse order.",
    ),
    "__await__": _if_iterates("Return an iterator to await.", "Yield until the result is there."),
    "__aiter__": _aiter_rule,
    "__anext__": _anext_rule,
    "__enter__": _enter_rule(""),
    "__exit__": _exit_rule(""),
    "__aenter__": _enter_rule("asynchronous "),
    "__aexit__": _exit_rule("asynchronous "),
    "__contains__": _contains_rule,
    "__getitem__": _item_rule(verb="Return", plain="Return self[{0}]."),
    "__setitem__": _item_rule(verb="Set", plain="Set self[{0}]."),
    "__delitem__": _item_rule(verb="Delete", plain="Delete self[{0}]."),
    "__copy__": _if_copies("Return a shallow copy."),
    "__deepcopy__": _if_copies("Return a deep copy."),
}


_AN = re.compile(r"[AEI]|O(?!ne)|U(?:n(?!i[cqtv])|[pl])|[FHLMNRSX](?=[A-Z])")
"""The beginnings of class names that are read with "an" before them."""


def raising_sentence(definition: Definition, raising: OnlyRaises) -> str | None:
    """Return the headline of a function that only raises; None for an abstract one."""
    if not raising.exception or _is_abstract(definition, raising):
        return None
    name = raising.exception.rpartition(".")[2]
    if not name.endswith(("Error", "Exception")):
        return f"Raise {name}."
    return f"Raise {'an' if _AN.match(name.lstrip('_')) else 'a'} {name}."


def _is_abstract(definition: Definition, raising: OnlyRaises) -> bool:
    """Check whether a method raises because it is there to be overridden."""
    names = (name.rpartition(".")[2] for name in definition.decorator_names)
    return raising.exception == "NotImplementedError" or any("abstract" in name for name in names)


def fixed_summary(definition: Definition, around: Sequence[Definition] = ()) -> Summary | None:
    """Return a Summary with a fixed headline: what it raises, or what a special method does.

    `around` are the definitions of its file, which it may call.
    """
    raising = only_raises(definition, around)
    headline = raising_sentence(definition, raising) if raising else fixed_sentence(definition)
    return Summary(headline=headline) if headline is not None else None
