"""Find the drifts of a file: its documented functions, each beside its docstring.

A docstring without sections claims nothing about parameters, results or exceptions, and most have
none: these are passed over before anything is parsed.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.drift.classes import (
    attributes_of,
    constructor_of,
    empty_constructor,
    is_record,
    lists_attributes,
    with_attributes_as_parameters,
)
from docbot.drift.defaults import default_drifts, type_drifts
from docbot.drift.drift import Drift, DriftRule
from docbot.drift.function import PARAMETER_SECTIONS, Function
from docbot.drift.literal import literal_of
from docbot.drift.match import match_parameters
from docbot.drift.order import order_drifts
from docbot.drift.params import parameter_drifts
from docbot.drift.parse import parse_docstring
from docbot.drift.required import section_drifts
from docbot.drift.results import raise_drifts, result_drifts
from docbot.errors import SourceError
from docbot.scan.basics import docstring_of
from docbot.scan.definition import Kind
from docbot.scan.facts import some_definitions
from docbot.scan.parse import gc_paused, parse
from docbot.scan.source import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from docbot.scan.definition import Definition
    from docbot.scan.source import Text

    Lines = tuple[tuple[int, int], ...]

_SECTION = re.compile(
    r"^[ \t]*(?:"
    r":(?:param|parameter|arg|argument|key|keyword|type|returns?|rtype|raises?|except|exception"
    r"|yields?|var|ivar|cvar)\b"
    r"|-{3,}[ \t\r]*$|={3,}[ \t\r]*$"
    r"|(?:Args|Arguments|Attributes|Params|Parameters|Keyword Arg(?:ument)?s|Other Parameters"
    r"|Returns?|Yields?"
    r"|Raises?|Exceptions):[ \t\r]*$"
    r")",
    re.MULTILINE,
)


def find_drifts(
    tree: ast.Module,
    text: Text,
    old: Revision | None = None,
    changed: Lines | None = None,
    required: frozenset[str] = frozenset(),
) -> tuple[Drift, ...]:
    """Find the drifts of a parsed file's functions, in the order of their lines.

    Args:
        tree: The file's syntax tree.
        text: The file's text.
        old: The version that it is compared with: only drifts that it did not have are found.
        changed: The lines that changed, 1-based and inclusive; None looks at every function.
        required: The kinds of sections that every docstring must have.

    """
    drifts = [
        drift
        for function, own in compare_functions(tree, text, old, required)
        if changed is None or is_touched(function, changed)
        for drift in own
    ]
    return tuple(sorted(drifts, key=lambda drift: drift.line))


def compare_functions(
    tree: ast.Module,
    text: Text,
    old: Revision | None = None,
    required: frozenset[str] = frozenset(),
) -> Iterator[tuple[Function, tuple[Drift, ...]]]:
    """Compare each function of a file with its docstring, and yield it with its drifts.

    The arguments are those of `find_drifts`. Parameters that a file leaves out as a habit are none.
    """
    every = bool(required) or old is not None
    pairs = [
        (function, tuple(_drifts_beside(function, old, required)))
        for function in functions_to_compare(tree, text, every=every)
    ]
    habits = _habits(pairs) if old is None and not required else frozenset()
    for function, drifts in pairs:
        yield function, tuple(each for each in drifts if not _is_habit(each, habits))


_FEWEST_OF_A_HABIT = 3


def _habits(pairs: Iterable[tuple[Function, tuple[Drift, ...]]]) -> frozenset[str]:
    """Return the parameters that three docstrings of a file leave out, and fewer document."""
    left_out: Counter[str] = Counter()
    documented: Counter[str] = Counter()
    for function, drifts in pairs:
        left_out.update(d.subject for d in drifts if d.rule is DriftRule.PARAM_MISSING)
        documented.update(name for name, _, _ in function.names(*PARAMETER_SECTIONS))
    return frozenset(
        name
        for name, count in left_out.items()
        if count >= _FEWEST_OF_A_HABIT and count > documented[name]
    )


def _is_habit(drift: Drift, habits: frozenset[str]) -> bool:
    return drift.rule is DriftRule.PARAM_MISSING and drift.subject in habits


def is_touched(function: Function, changed: Lines) -> bool:
    """Check whether changed lines touch a function or its docstring."""
    first, last = function.definition.lines
    end = function.literal.line + function.literal.text.count("\n")
    places = ((first, last), (function.literal.line, end))
    return any(start <= b and end >= a for a, b in places for start, end in changed)


def drifts_of(
    function: Function, former: Definition | None = None, required: frozenset[str] = frozenset()
) -> Iterator[Drift]:
    """Find the drifts of one function.

    Args:
        function: The function.
        former: Its older version, where there is one.
        required: The kinds of sections that every docstring must have.

    """
    params = None if former is None else {param.name: param for param in former.signature.params}
    names = None if params is None else tuple(params)
    match = match_parameters(function)
    if match is not None:
        yield from parameter_drifts(function, match, names, required)
        yield from order_drifts(function, match, names)
    yield from default_drifts(function, params)
    yield from type_drifts(function)
    yield from result_drifts(function, former)
    yield from raise_drifts(function, former)
    if required:
        yield from section_drifts(function, required)


def _drifts_beside(
    function: Function, old: Revision | None, required: frozenset[str] = frozenset()
) -> Iterator[Drift]:
    """Find the drifts of one function, of which an older version of its file had none."""
    if old is None:
        return drifts_of(function, required=required)
    return old.new_drifts(function, required)


def may_have_sections(docstring: str | None) -> bool:
    """Check quickly whether a docstring may have sections."""
    return docstring is not None and "\n" in docstring and bool(_SECTION.search(docstring))


def documented_functions(tree: ast.Module, text: Text) -> Iterator[Function]:
    """Yield the functions of a file that a docstring with sections documents.

    An `__init__` without sections of its own is documented by its class (PEP 257).
    """
    if not _SECTION.search(text.code):
        return
    with gc_paused():
        definitions = some_definitions(tree, text, _may_count)
    classes = [each for each in definitions if each.kind is Kind.CLASS and not each.marked_skip]
    for definition in definitions:
        if definition.marked_skip or _is_accessor(definition):
            continue
        if definition.kind is Kind.CLASS:
            function = _record(text, definition)
        else:
            has_own = may_have_sections(definition.docstring)
            owner = definition if has_own else _class_of(definition, classes)
            function = _function(text, definition, owner) if owner is not None else None
        if function is not None and function.docstring.sections:
            yield function


def functions_to_compare(tree: ast.Module, text: Text, *, every: bool) -> Iterator[Function]:
    """Yield the functions whose docstrings claim something that can be compared.

    With an older version these are `every` function with a docstring: a change may have made the
    summary stale. So they are where sections are required.
    """
    yield from documented_functions(tree, text)
    for function in all_documented_functions(tree, text) if every else ():
        if not function.docstring.sections:
            yield function


def all_documented_functions(tree: ast.Module, text: Text) -> Iterator[Function]:
    """Yield the functions of a file that have a docstring, with sections or without."""
    with gc_paused():
        definitions = some_definitions(tree, text, _is_documented_function)
    for definition in definitions:
        if not definition.marked_skip and not _is_accessor(definition):
            function = _function(text, definition, definition)
            if function is not None:
                yield function


def _is_documented_function(node: ast.AST) -> bool:
    return _is_function(node) and docstring_of(node) is not None


def _may_count(node: ast.AST) -> bool:
    """Check for a class or function with sections, and for `__init__`, which a class documents."""
    return getattr(node, "name", "") == "__init__" or may_have_sections(docstring_of(node))


def _is_accessor(definition: Definition) -> bool:
    """Check for overloads and for setters, whose docstring belongs to another definition."""
    last = {name.rpartition(".")[2] for name in definition.decorator_names}
    return bool(last & {"overload", "setter", "deleter"})


def _class_of(definition: Definition, classes: Iterable[Definition]) -> Definition | None:
    qualname, line = definition.qualname.rpartition(".")[0], definition.line
    around = (each for each in classes if each.lines[0] <= line <= each.lines[1])
    return next((each for each in around if each.qualname == qualname), None)


def _record(text: Text, definition: Definition) -> Function | None:
    """Return the constructor of a record whose docstring documents its fields."""
    node = definition.tree
    if not isinstance(node, ast.ClassDef) or not is_record(node):
        return None
    literal = literal_of(node, text) if may_have_sections(definition.docstring) else None
    if literal is None:
        return None
    docstring = parse_docstring(literal.text)
    as_attributes = lists_attributes(docstring)
    if as_attributes:
        docstring = with_attributes_as_parameters(docstring)
    made = constructor_of(definition, as_attributes=as_attributes)
    if made is None or not any(
        section.entries for section in docstring.of_kind(*PARAMETER_SECTIONS)
    ):
        return None
    return Function(
        definition=made,
        node=empty_constructor(),
        docstring=docstring,
        literal=literal,
        qualname=definition.qualname,
        line=definition.line,
        of_class=True,
        attributes=attributes_of(node) - {param.name for param in made.signature.params},
    )


def _function(text: Text, definition: Definition, owner: Definition) -> Function | None:
    node, holder = definition.tree, owner.tree
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or holder is None:
        return None
    literal = literal_of(holder, text)
    if literal is None:
        return None
    docstring = parse_docstring(literal.text)
    of_class = owner is not definition
    if of_class and not any(section.entries for section in docstring.of_kind(*PARAMETER_SECTIONS)):
        return None
    return Function(
        definition=definition,
        node=node,
        docstring=docstring,
        literal=literal,
        qualname=owner.qualname,
        line=owner.line,
        of_class=of_class,
        attributes=attributes_of(holder) if isinstance(holder, ast.ClassDef) else frozenset(),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """An older version of a file.

    Attributes:
        functions: Its functions by their qualified names.
        known: Its own drifts, by the qualified names of what the docstrings belong to: these are
            not new.

    """

    functions: Mapping[str, Definition]
    known: frozenset[tuple[str, DriftRule, str]] = frozenset()

    @classmethod
    def of(cls, source: bytes, required: frozenset[str] = frozenset()) -> Revision:
        """Read an older version; one that cannot be read has no functions."""
        try:
            text = read(source)
            tree = parse(source)
            definitions = some_definitions(
                tree, text, lambda node: _is_function(node) or is_record(node)
            )
        except SourceError:
            return cls(functions={})
        counts = Counter(each.qualname for each in definitions)
        return cls(  # of several with one name nobody knows which became which
            functions={
                d.qualname: constructor_of(d, as_attributes=True) or d
                for d in definitions
                if counts[d.qualname] == 1
            },
            known=frozenset(map(_identity, find_drifts(tree, text, required=required))),
        )

    def new_drifts(
        self, function: Function, required: frozenset[str] = frozenset()
    ) -> Iterator[Drift]:
        """Find the drifts of a function that its older version did not have."""
        former = self.functions.get(function.definition.qualname)
        for drift in drifts_of(function, former, required):
            if _identity(drift) not in self.known:
                yield drift
        if former is not None:
            from docbot.drift.history import summary_drift

            if stale := summary_drift(function, former):
                yield stale


def _identity(drift: Drift) -> tuple[str, DriftRule, str]:
    if drift.old_name:  # whatever it is called now
        return drift.qualname, DriftRule.PARAM_UNKNOWN, drift.old_name
    # The message of an order has the signature's order, so that another one is new.
    subject = drift.message if drift.rule is DriftRule.PARAM_ORDER else drift.subject
    return drift.qualname, drift.rule, subject


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def drifts_of_change(
    source: bytes, former: bytes | None, changed: Lines, required: frozenset[str] = frozenset()
) -> tuple[Drift, ...]:
    """Find the drifts of the functions that changed lines touch; none where nobody can read them.

    Args:
        source: The file.
        former: Its older version; None for a new file.
        changed: The lines that changed, 1-based and inclusive.
        required: The kinds of sections that every docstring must have.

    """
    try:
        text = read(source)
        tree = parse(source)
    except SourceError:
        return ()
    old = Revision.of(former, required) if former is not None else None
    return find_drifts(tree, text, old, changed, required)


def touched_names(source: bytes, changed: Lines) -> frozenset[str]:
    """Return the qualified names of the documented functions and classes that lines touch.

    Raises:
        SourceError: the file cannot be read.

    """
    functions = functions_to_compare(parse(source), read(source), every=True)
    return frozenset(each.qualname for each in functions if is_touched(each, changed))
