"""Compare the sections for results and exceptions with what the body returns, yields and raises."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docbot.drift.docstring import Convention, SectionKind
from docbot.drift.drift import DriftRule
from docbot.drift.parse import kinds_in_prose
from docbot.scan.body import called_name
from docbot.scan.definition import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docbot.drift.drift import Drift
    from docbot.drift.function import Function, FunctionNode
    from docbot.scan.definition import Definition

_NOTHING = re.compile(
    r"[\s`*:]*(?:(?:(?:None|[Nn]othing|No (?:return )?value|[Vv]oid)\b|-(?!\S))[`*]*"
    r"(?![ \t\n]*\|)(?![ \t\n]*,?[ \t\n]*(?:if|or|when|unless|for|on)\b)"
    r"|This (?:function|method) does not|Does not return|Never returns)"
)
"""A result that is none; "None if there is no match" is one."""
_OR_NONE = re.compile(r",?\s+or\s+`*None`*\W*$")
"""A result that may be none: what the function returned otherwise may be gone for good reason."""
_ITERATORS = re.compile(
    r"iter|generat|yield|async|coroutine|stream|sequence of|awaitable", re.IGNORECASE
)
_CONTEXTS = ("contextmanager", "asynccontextmanager", "fixture")


def result_drifts(function: Function, former: Definition | None = None) -> Iterator[Drift]:
    """Find sections for results that the body no longer has, or that it lacks.

    `former` is the function's older version, where there is one.
    """
    if function.of_class or function.is_abstract:
        return
    returns = function.sections(SectionKind.RETURNS)
    yields = function.sections(SectionKind.YIELDS)
    if returns and (what := _lost_return(function, former)):
        message = f"documents what is returned, but the function {what}"
        yield function.drift(DriftRule.RETURNS_UNKNOWN, returns[0].span.start, message)
    if yields and _is_yield_lost(function, former):
        message = "documents what is yielded, but the function yields nothing"
        yield function.drift(DriftRule.YIELDS_UNKNOWN, yields[0].span.start, message)
    if former is not None:
        yield from _new_results(function, former)


def _lost_return(function: Function, former: Definition | None) -> str:
    """Return what a function does that is said to return something; "" where it may return it."""
    definition = function.definition
    was_returned = former is not None and former.returns
    if definition.returns or _says_nothing(function, SectionKind.RETURNS, is_new=was_returned):
        return ""
    if definition.yields:
        is_new = former is not None and not former.yields
        is_sphinx = function.docstring.convention is Convention.SPHINX  # has no field for that
        is_generator = function.is_decorated or is_sphinx or _speaks_of_iterators(function)
        return "yields" if is_new or not is_generator else ""
    is_known = not _proves_nothing(function) and not _is_annotated(definition)
    return "returns nothing" if was_returned or is_known else ""


def _is_annotated(definition: Definition) -> bool:
    """Check for an annotation that says, as the docstring does, that there is a result."""
    return definition.signature.returns not in (None, "None", "NoReturn", "Never", '"None"')


def _is_yield_lost(function: Function, former: Definition | None) -> bool:
    if function.definition.yields:
        return False
    if former is not None and former.yields:
        return True
    return not function.definition.returns and not _proves_nothing(function)


def _new_results(function: Function, former: Definition) -> Iterator[Drift]:
    """Find results that the older version did not have and no section documents."""
    definition = function.definition
    if not any(section.readable for section in function.docstring.sections):
        return
    kinds = {section.kind for section in function.docstring.sections}
    kinds |= kinds_in_prose(function.docstring)
    has_section = bool(kinds & {SectionKind.RETURNS, SectionKind.YIELDS})
    at = function.docstring.sections[0].span.start
    if definition.yields and not former.yields and not has_section:
        yield function.drift(DriftRule.YIELDS_MISSING, at, "does not document what is yielded")
    elif definition.returns and not former.returns and not has_section and not definition.yields:
        yield function.drift(DriftRule.RETURNS_MISSING, at, "does not document what is returned")


def _says_nothing(function: Function, kind: SectionKind, *, is_new: bool) -> bool:
    """Check for a section that says there is no result, or that cannot be read."""
    text = function.docstring.text
    for section in function.sections(kind):
        if not section.readable or not section.entries:
            return True
        first = section.entries[0]
        spans = [span for span in (first.type, first.text) if span is not None]
        if not spans:
            return not is_new  # an empty `:return:` says that there is one
        if any(_NOTHING.match(span.of(text)) for span in spans):
            return True
        if not is_new and any(_OR_NONE.search(span.of(text)) for span in spans):
            return True
    return False


def _speaks_of_iterators(function: Function) -> bool:
    """Check whether a generator's section for what it returns means the generator."""
    text = function.docstring.text
    told = "".join(section.span.of(text) for section in function.sections(SectionKind.RETURNS))
    names = {name.rpartition(".")[2] for name in function.definition.decorator_names}
    return bool(_ITERATORS.search(told)) or bool(names & set(_CONTEXTS))


def _proves_nothing(function: Function) -> bool:
    """Check for an empty body, one that need not end, and results that others decide."""
    definition = function.definition
    is_initializer = definition.name == "__init__"  # some document the new object there
    if definition.shape is Shape.EMPTY or function.is_decorated or is_initializer:
        return True
    return _is_left(function.node.body) or _is_endless(function.node)


def _is_left(body: Sequence[ast.stmt]) -> bool:
    """Check that the end of a block is never reached: each way there raises or ends the program."""
    last = body[-1] if body else None
    if isinstance(last, ast.If):
        return _is_left(last.body) and _is_left(last.orelse)
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return _is_left(last.body)
    if isinstance(last, ast.Try):
        ends = [last.orelse or last.body, *(handler.body for handler in last.handlers)]
        return _is_left(last.finalbody) or all(map(_is_left, ends))
    if isinstance(last, ast.Match):
        is_whole = isinstance(last.cases[-1].pattern, ast.MatchAs) and not last.cases[-1].guard
        return is_whole and all(_is_left(case.body) for case in last.cases)
    return isinstance(last, ast.Raise) or (last is not None and _is_exit(last))


def _is_exit(node: ast.stmt) -> bool:
    """Check for a call that ends the program, or sets a result in another way."""
    call = node.value if isinstance(node, ast.Expr) else None
    name = called_name(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
    return name in ("exit", "_exit", "abort", "quit", "execv", "execvp", "returnValue", "fail")


def _is_endless(node: FunctionNode) -> bool:
    return any(
        isinstance(each, ast.While) and isinstance(each.test, ast.Constant) and each.test.value
        for each in ast.walk(node)
    )


def raise_drifts(function: Function, former: Definition | None = None) -> Iterator[Drift]:
    """Find documented exceptions that are not raised, and raised ones that are not documented.

    What is raised below, by a function that is called or an operator, cannot be known: a documented
    exception is wrong only where the older version raised it itself, and nothing is raised now that
    may be the same by another name.
    """
    sections = function.sections(SectionKind.RAISES)
    if not sections or function.is_abstract:
        return
    if not function.is_readable(SectionKind.RAISES):
        named = _named_in_text(function)
        if former is not None and named:
            yield from _undocumented_raises(function, set(), named, former)
        return
    documented = {
        name.rpartition(".")[2]: (name, entry.span.start)
        for name, _, entry in function.names(SectionKind.RAISES)
    }
    raised = _last_names(function.definition)
    if former is not None and not function.of_class:
        before = _last_names(former)
        may_be_same = bool(raised - before) or _raises_a_variable(function.node)
        for last, (name, at) in documented.items():
            if last in before and last not in raised and not may_be_same:
                yield function.drift(
                    DriftRule.RAISES_UNKNOWN,
                    at,
                    f"documents the exception {name}, which is no longer raised",
                    subject=name,
                )
    yield from _undocumented_raises(function, documented.keys() & raised, set(documented), former)


def _named_in_text(function: Function) -> set[str]:
    """Return the exceptions that sections name in sentences: `TypeError or ValueError if ...`."""
    text = function.docstring.text
    told = "\n".join(section.span.of(text) for section in function.sections(SectionKind.RAISES))
    return set(re.findall(r"\b[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt)\b", told))


def _last_names(definition: Definition) -> set[str]:
    return {name.rpartition(".")[2] for name in definition.raises}


def _raises_a_variable(node: FunctionNode) -> bool:
    """Check for `raise error`, where nobody knows what it holds."""
    raises = (each.exc for each in ast.walk(node) if isinstance(each, ast.Raise))
    return any(isinstance(exc, ast.Name) and not exc.id[:1].isupper() for exc in raises)


FEWEST_KNOWN = 2
"""Documented exceptions of its own that show that a docstring means to list them all."""


def _undocumented_raises(
    function: Function, known: set[str], documented: set[str], former: Definition | None
) -> Iterator[Drift]:
    open_ = {name for name in escaping_raises(function.node) if name not in documented}
    if former is not None:
        open_ -= _last_names(former)
    elif len(known) < FEWEST_KNOWN or len(open_) > 1:
        return  # the section lists what others raise, or only some: the house's habit
    if SectionKind.RAISES in kinds_in_prose(function.docstring):
        return
    if "Exception" in documented or "BaseException" in documented:
        return
    for name in sorted(open_):
        if any(_is_parent(parent, name) for parent in documented):
            continue
        yield function.drift(
            DriftRule.RAISES_MISSING,
            function.sections(SectionKind.RAISES)[0].span.start,
            f"does not document the exception {name}, which is raised",
            subject=name,
        )


def _is_parent(parent: str, name: str) -> bool:
    """Check whether one built-in exception is a base class of another."""
    import builtins

    base, derived = getattr(builtins, parent, None), getattr(builtins, name, None)
    return isinstance(base, type) and isinstance(derived, type) and issubclass(derived, base)


_NO_HABIT = frozenset(
    ("NotImplementedError", "AssertionError", "StopIteration", "StopAsyncIteration")
)
"""Exceptions that few houses document."""


def escaping_raises(node: FunctionNode) -> set[str]:
    """Return the last names of the exception classes that leave a function for certain.

    Those in a `try` with handlers may be caught, and a variable may hold anything.
    """
    raised: set[str] = set()
    stack: list[ast.AST] = list(node.body)
    while stack:
        each = stack.pop()
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(each, ast.Raise):
            error = each.exc.func if isinstance(each.exc, ast.Call) else each.exc
            name = error.attr if isinstance(error, ast.Attribute) else getattr(error, "id", "")
            if name[:1].isupper() and name not in _NO_HABIT:
                raised.add(name)
        elif isinstance(each, (ast.With, ast.AsyncWith)) and _suppresses(each):
            continue
        elif isinstance(each, ast.Try) and each.handlers:
            stack += [*each.orelse, *each.finalbody, *(s for h in each.handlers for s in h.body)]
        else:
            stack += [child for child in ast.iter_child_nodes(each) if isinstance(child, _BLOCKS)]
    return raised


def _suppresses(node: ast.With | ast.AsyncWith) -> bool:
    calls = (item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call))
    names = {called_name(call.func).rpartition(".")[2] for call in calls}
    return bool(names & {"suppress", "raises"})


_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)
