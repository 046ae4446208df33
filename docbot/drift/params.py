"""Compare the names of the documented parameters with the signature's."""

from __future__ import annotations

import ast
import difflib
import re
from collections import Counter
from typing import TYPE_CHECKING

from docbot.drift.defaults import states_other_default
from docbot.drift.docstring import Convention, SectionKind, Span
from docbot.drift.drift import Change, DriftRule
from docbot.drift.function import PARAMETER_SECTIONS, STARRED
from docbot.drift.parse import kinds_in_prose
from docbot.scan.body import called_name
from docbot.scan.definition import ParameterKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docbot.drift.docstring import Entry, Section
    from docbot.drift.drift import Drift
    from docbot.drift.function import Function
    from docbot.drift.match import DocumentedName, ParameterMatch

MOST_RENAMES = 20
"""Names of one docstring that are paired; more are another docstring's."""
ALIKE = 0.6
"""The least likeness of two names (`difflib`) that may be an old and a new one."""


def parameter_drifts(
    function: Function,
    match: ParameterMatch,
    former: Sequence[str] | None = None,
    required: frozenset[str] = frozenset(),
) -> Iterator[Drift]:
    """Find the drifts of parameter names.

    Args:
        function: The function.
        match: Its documented names beside those of the signature.
        former: The names of the parameters in an older version, where there is one, in order: what
            was no parameter then and is none now is the house's habit, such as keys of `**kwargs`.
        required: The kinds of sections that every docstring must have.

    """
    renamed = dict(_renames(function, match, former))
    for one in match.unknown:
        if one.name in renamed:
            yield _renamed(function, one, renamed[one.name], former)
        elif _is_gone(function, one.name, former) and not _is_anothers(match, one, former):
            yield function.drift(
                DriftRule.PARAM_UNKNOWN,
                one.start,
                f"documents the {function.noun} {one.name}, which {function.whole} lacks",
                subject=one.name,
                changes=_removal(function, one, match, former),
            )
    is_required = SectionKind.PARAMETERS.value in required
    for name in _missing(function, match, former, is_required=is_required):
        if name not in renamed.values():
            yield function.drift(
                DriftRule.PARAM_MISSING,
                function.sections(*PARAMETER_SECTIONS)[0].span.start,
                f"does not document the {function.noun} {name}",
                subject=name,
            )
    for one in match.documented:
        if len(one.entries) > 1 and function.docstring.convention is not Convention.SPHINX:
            yield function.drift(  # in Sphinx style `:type x:` comes beside `:param x:`
                DriftRule.PARAM_TWICE,
                one.entries[1].span.start,
                f"documents the {function.noun} {one.name} twice",
                subject=one.name,
            )


def _removal(
    function: Function,
    one: DocumentedName,
    match: ParameterMatch,
    former: Sequence[str] | None,
) -> tuple[Change, ...]:
    """Return the changes that remove a name's entries; none where a person has to look.

    Where a parameter is missing, it may be this one by its new name. Without an older version, what
    else the docstring says of the name would be left behind.
    """
    text = function.docstring.text
    is_alone = former is not None or not _is_mentioned_outside(text, one)
    if _lacks_any(function, match) or not is_alone:
        return ()
    if any(len(entry.names) != 1 for entry in one.entries):
        return ()
    gone = {unknown.name for unknown in match.unknown if _is_gone(function, unknown.name, former)}
    if {span.of(text) for entry in one.section.entries for span in entry.names} <= gone:
        return _section_removal(text, one.section.span)  # an empty section is worse than an entry
    if not all(entry.span.of(text).endswith("\n") for entry in one.entries):
        return ()
    return tuple(Change(_with_gap(text, one.section, entry), "") for entry in one.entries)


def _with_gap(text: str, section: Section, entry: Entry) -> Span:
    """Return the span of an entry with the blank lines that part it from a neighbour."""
    at = section.entries.index(entry)
    start, end = entry.span
    if at + 1 < len(section.entries):
        end = section.entries[at + 1].span.start
        return Span(start, end) if not text[entry.span.end : end].strip() else entry.span
    start = section.entries[at - 1].span.end if at else start
    return Span(start, end) if not text[start : entry.span.start].strip() else entry.span


def _is_mentioned_outside(text: str, one: DocumentedName) -> bool:
    """Check whether a docstring speaks of a name in quotes of code, outside of its entries."""
    spans = [entry.span for entry in one.entries]
    return any(
        not any(span.start <= found.start() < span.end for span in spans)
        for found in re.finditer(rf"[`*'\"]{re.escape(one.name)}[`*'\"]", text)
    )


def _lacks_any(function: Function, match: ParameterMatch) -> bool:
    starred = {param.name for param in function.params if param.kind in STARRED}
    return any(name not in starred for name in match.missing)


def _renamed(
    function: Function, one: DocumentedName, name: str, former: Sequence[str] | None
) -> Drift:
    is_known = former is not None and one.name in former
    what = f"which is now called {name}" if is_known else f"where {function.whole} has {name}"
    return function.drift(
        DriftRule.PARAM_RENAMED,
        one.start,
        f"documents the {function.noun} {one.name}, {what}",
        subject=name,
        old_name=one.name,
        # Without an older version, only likeness tells that it is the same parameter.
        changes=_rename_changes(function, one, name)
        if is_known or _is_same(function, one, name)
        else (),
    )


def _is_same(function: Function, one: DocumentedName, name: str) -> bool:
    """Check that a documented name is surely a parameter's, though no older version shows it.

    The names are alike, and nothing else that the docstring says would be wrong of the new one.
    """
    param = next(each for each in function.params if each.name == name)
    return (
        _are_alike(one.name, name)
        and not _is_mentioned_outside(function.docstring.text, one)
        and not any(states_other_default(function, entry, param) for entry in one.entries)
    )


def _rename_changes(function: Function, one: DocumentedName, new: str) -> tuple[Change, ...]:
    """Return the changes of every entry that documents the old name, such as `:type x:` too."""
    text = function.docstring.text
    spans = {span for entry in one.entries for span in entry.names if span.of(text) == one.name}
    return tuple(Change(span, new) for span in sorted(spans))


def _renames(
    function: Function, match: ParameterMatch, former: Sequence[str] | None
) -> Iterator[tuple[str, str]]:
    """Yield unknown names that were renamed, each with the parameter's name.

    With an older version, a parameter that went and one that came are a pair if they stand at the
    same place of the two signatures, or are the only ones. Without one, the names have to be alike,
    or the only ones that do not match, at one place of docstring and signature.
    """
    plain = [p.name for p in function.params if p.kind not in STARRED and p.name in match.missing]
    unknown = [
        one.name
        for one in match.unknown
        if one.name not in function.attributes and not _is_key(function, one.name)
    ]
    if not plain or not 0 < len(unknown) <= MOST_RENAMES:
        return
    names = [param.name for param in function.params]
    if former is not None:
        gone = [name for name in unknown if name in former]
        new = [name for name in plain if name not in former]
        yield from _pairs_by_place(gone, former, new, names)
        return
    plain = [name for name in plain if not name.startswith("_")]
    documented = [one.name for one in match.documented]
    if len(unknown) == len(plain) == 1 and _is_certain(function):
        at, there = documented.index(unknown[0]), names.index(plain[0])
        if _neighbours(documented, at, names) == _neighbours(names, there, documented):
            yield unknown[0], plain[0]
            return
    if function.is_decorated:
        return
    pairs = [(name, other) for name in unknown for other in plain if _are_alike(name, other)]
    olds = Counter(name for name, _ in pairs)
    for name, other in pairs:
        rivals = [each for each in unknown if _are_alike(each, other) or _same_end(each, other)]
        if olds[name] == 1 and rivals == [name]:
            yield name, other


def _pairs_by_place(
    gone: list[str], former: Sequence[str], new: list[str], names: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield the names that went with those that came, at the same place of two signatures."""
    if len(gone) == len(new) == 1:
        yield gone[0], new[0]
        return
    places = {_neighbours(names, names.index(name), former): name for name in new}
    for name in gone:
        other = places.get(_neighbours(former, former.index(name), names))
        if other is not None:
            yield name, other


def _neighbours(
    names: Sequence[str], at: int, others: Sequence[str]
) -> tuple[str | None, str | None, int]:
    """Return the nearest names on both sides that are also among the others, and the steps back."""
    shared = set(others)
    before = next((i for i in range(at - 1, -1, -1) if names[i] in shared), None)
    after = next((i for i in range(at + 1, len(names)) if names[i] in shared), None)
    return (
        None if before is None else names[before],
        None if after is None else names[after],
        at - (before if before is not None else -1),
    )


def _is_certain(function: Function) -> bool:
    """Check that the signature is all there is: no stars, no unknown decorator, no class."""
    return not (_has_stars(function) or function.is_decorated or function.of_class)


def _are_alike(name: str, other: str) -> bool:
    one, two = (word.lower().replace("_", "") for word in (name, other))
    return difflib.SequenceMatcher(None, one, two).ratio() >= ALIKE


def _same_end(name: str, other: str) -> bool:
    """Check for a last word that two names share: `q_norm`, `k_norm`."""
    return name.rpartition("_")[2] == other.rpartition("_")[2]


def _has_stars(function: Function) -> bool:
    return any(param.kind in STARRED for param in function.params)


def _is_key(function: Function, name: str) -> bool:
    """Check for a key of `**kwargs` that the body names: `kwargs.get("size")`, `kwargs["size"]`."""
    starred = {p.name for p in function.params if p.kind is ParameterKind.VAR_KEYWORD}
    return bool(starred) and any(
        any(isinstance(part, ast.Name) and part.id in starred for part in parts)
        and any(isinstance(part, ast.Constant) and part.value == name for part in parts)
        for statement in function.node.body
        for node in ast.walk(statement)
        if (parts := _parts_of_access(node))
    )


def _parts_of_access(node: ast.AST) -> list[ast.expr]:
    """Return what takes part in an access to a mapping: `d.get("x")`, `d["x"]`, `"x" in d`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return [node.func.value, *node.args]
    if isinstance(node, ast.Subscript):
        return [node.value, node.slice]
    return [node.left, *node.comparators] if isinstance(node, ast.Compare) else []


def _is_anothers(match: ParameterMatch, one: DocumentedName, former: Sequence[str] | None) -> bool:
    """Check for `Other Parameters` of which none is in the signature: those of another function."""
    if former is not None or one.section.kind is not SectionKind.OTHER_PARAMETERS:
        return False
    return all(other in match.unknown for other in match.documented if other.section is one.section)


def _is_gone(function: Function, name: str, former: Sequence[str] | None) -> bool:
    """Check that a documented name is no parameter, and no key or item of a starred one."""
    if _is_key(function, name):
        return False
    if former is not None and name in former:
        return True
    is_property = any(each.endswith("property") for each in function.definition.decorator_names)
    return not (
        _has_stars(function)
        or function.is_decorated
        or is_property  # its docstring documents the value that is set, too
        or name in function.attributes
    )


def _missing(
    function: Function, match: ParameterMatch, former: Sequence[str] | None, *, is_required: bool
) -> Iterator[str]:
    """Yield the parameters that the docstring should document, by the house's own habit."""
    if SectionKind.PARAMETERS in kinds_in_prose(function.docstring):
        return
    params = {param.name: param for param in function.params}
    names = [
        name
        for name in match.missing
        if not name.startswith("_") and "Doc(" not in (params[name].annotation or "")  # PEP 727
    ]
    known = len(match.documented) - len(match.unknown)
    for name in names:
        if _is_entry_elsewhere(function, name):
            continue
        if former is None and not is_required and _is_passed_to_base(function, name):
            continue
        if former is not None and name not in former:  # new: it was left out, whatever the habit
            if known or not former:
                yield name
        elif params[name].kind not in STARRED and not function.is_decorated:
            plain = [each for each in names if params[each].kind not in STARRED]
            most = 1 if function.of_class else known - 1  # a class documents some of them
            is_habit = known and len(plain) <= most and not _is_mentioned(function, name)
            if is_required or is_habit:
                yield name


def _is_entry_elsewhere(function: Function, name: str) -> bool:
    """Check for an entry below a heading that docbot does not know, such as `Options`."""
    pattern = (
        rf"^[ \t]*[-*+:]?[ \t]*[`*]*{re.escape(name)}\b[`*]*[ \t]*(?:\([^)\n]*\))?[ \t]*(?::|$)"
    )
    return re.search(pattern, function.docstring.text, re.MULTILINE) is not None


def _is_passed_to_base(function: Function, name: str) -> bool:
    """Check for a parameter of a constructor that the base class documents, by all appearances."""
    if function.definition.name != "__init__":
        return False
    return any(
        isinstance(node, ast.Call)
        and called_name(node.func) == "super.__init__"
        and any(
            isinstance(value, ast.Name) and value.id == name
            for value in (*node.args, *(keyword.value for keyword in node.keywords))
        )
        for node in ast.walk(function.node)
    )


def _is_mentioned(function: Function, name: str) -> bool:
    """Check whether the prose speaks of a parameter, in quotes of code."""
    return re.search(rf"[`*'\"]{re.escape(name)}[`*'\"]", function.docstring.text) is not None


def _section_removal(text: str, span: Span) -> tuple[Change, ...]:
    """Return the change that removes a whole section and the blank lines above it."""
    start = len(text[: span.start].rstrip(" \t\n"))
    if not start:
        return ()
    start = text.index("\n", start) + 1  # the line above keeps its end
    return (Change(Span(start, span.end), ""),) if text[span.end - 1 : span.end] == "\n" else ()
