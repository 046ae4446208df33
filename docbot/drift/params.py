"""Compare the documented parameters with the signature: names, order, stars."""

from __future__ import annotations

import difflib
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.drift.docstring import Convention, SectionKind, Span
from docbot.drift.drift import Change, DriftRule
from docbot.drift.function import PARAMETER_SECTIONS, STARRED
from docbot.drift.parse import kinds_in_prose
from docbot.scan.definition import ParameterKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docbot.drift.docstring import Entry, Section
    from docbot.drift.drift import Drift
    from docbot.drift.function import Function

RECEIVERS = frozenset(("self", "cls", "mcs", "mcls", "metacls"))
_REMARKS = frozenset(
    ("Note", "Notes", "Todo", "TODO", "Example", "Examples", "Warning", "Warnings", "Default",
     "Defaults", "Return", "Returns", "Raise", "Raises", "Yield", "Yields", "Tip", "Hint",
     "Caution", "Important", "returns", "raises", "yields", "note", "todo")
)  # fmt: skip
"""Words that open a remark between entries, and are no parameters."""
MOST_RENAMES = 20
"""Names of one docstring that are paired; more are another docstring's."""
ALIKE = 0.6
"""The least likeness of two names (`difflib`) that may be an old and a new one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentedName:
    """A parameter's name in a docstring, with the places of all its entries."""

    name: str
    entries: tuple[Entry, ...]
    section: Section

    @property
    def start(self) -> int:
        """Return the offset of the first entry."""
        return self.entries[0].span.start


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterMatch:
    """The documented names beside those of the signature.

    Attributes:
        documented: The documented names in order.
        unknown: Those that the signature lacks.
        missing: The names of the signature that no entry documents.

    """

    documented: tuple[DocumentedName, ...]
    unknown: tuple[DocumentedName, ...]
    missing: tuple[str, ...]


def match_parameters(function: Function) -> ParameterMatch | None:
    """Match the documented names with the signature; None where there is nothing to compare."""
    if not function.sections(*PARAMETER_SECTIONS) or not function.is_readable(*PARAMETER_SECTIONS):
        return None
    entries: dict[str, list[Entry]] = {}
    sections: dict[str, Section] = {}
    for section in function.sections(*PARAMETER_SECTIONS):
        for entry in section.entries:
            for span in entry.names:
                name = span.of(function.docstring.text)
                entries.setdefault(name, []).append(entry)
                sections.setdefault(name, section)
    documented = tuple(
        DocumentedName(name=name, entries=tuple(own), section=sections[name])
        for name, own in entries.items()
    )
    known = {param.name for param in function.params} | RECEIVERS | {function.receiver}
    return ParameterMatch(
        documented=documented,
        unknown=tuple(one for one in documented if one.name not in known and _is_name(one.name)),
        missing=tuple(
            param.name
            for param in function.params
            if param.name not in entries and param.name not in RECEIVERS
        ),
    )


def _is_name(name: str) -> bool:
    """Check for a name that a parameter may have, and not a remark's or a key's: `config.size`."""
    return name.isidentifier() and name not in _REMARKS


def parameter_drifts(
    function: Function,
    former: Sequence[str] | None = None,
    required: frozenset[str] = frozenset(),
) -> Iterator[Drift]:
    """Find the drifts of parameter names.

    Args:
        function: The function.
        former: The names of the parameters in an older version, where there is one, in order: what
            was no parameter then and is none now is the house's habit, such as keys of `**kwargs`.
        required: The kinds of sections that every docstring must have.

    """
    match = match_parameters(function)
    if match is None:
        return
    renamed = dict(_renames(function, match, former))
    for one in match.unknown:
        if one.name in renamed:
            yield _renamed(function, one, renamed[one.name], former)
        elif _is_gone(function, one.name, former):
            yield function.drift(
                DriftRule.PARAM_UNKNOWN,
                one.start,
                f"documents the parameter {one.name}, which the signature lacks",
                subject=one.name,
                # Where a parameter is missing, it may be this one by its new name.
                changes=() if _lacks_any(function, match) else _removal(function, one),
            )
    is_required = SectionKind.PARAMETERS.value in required
    for name in _missing(function, match, former, is_required=is_required):
        if name not in renamed.values():
            yield function.drift(
                DriftRule.PARAM_MISSING,
                function.sections(*PARAMETER_SECTIONS)[0].span.start,
                f"does not document the parameter {name}",
                subject=name,
            )
    for one in match.documented:
        if len(one.entries) > 1 and function.docstring.convention is not Convention.SPHINX:
            yield function.drift(  # in Sphinx style `:type x:` comes beside `:param x:`
                DriftRule.PARAM_TWICE,
                one.entries[1].span.start,
                f"documents the parameter {one.name} twice",
                subject=one.name,
            )
    yield from _order_drifts(function, match, former)


def _lacks_any(function: Function, match: ParameterMatch) -> bool:
    starred = {param.name for param in function.params if param.kind in STARRED}
    return any(name not in starred for name in match.missing)


def _renamed(
    function: Function, one: DocumentedName, name: str, former: Sequence[str] | None
) -> Drift:
    is_known = former is not None and one.name in former
    what = f"which is now called {name}" if is_known else f"where the signature has {name}"
    return function.drift(
        DriftRule.PARAM_RENAMED,
        one.start,
        f"documents the parameter {one.name}, {what}",
        subject=name,
        old_name=one.name,
        # Without an older version, only likeness tells that it is the same parameter.
        changes=_rename_changes(function, one, name)
        if is_known or _are_alike(one.name, name)
        else (),
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
    unknown = [one.name for one in match.unknown if one.name not in function.attributes]
    if not plain or not 0 < len(unknown) <= MOST_RENAMES:
        return
    names = [param.name for param in function.params]
    if former is not None:
        gone = [name for name in unknown if name in former]
        new = [name for name in plain if name not in former]
        yield from _pairs_by_place(gone, former, new, names)
        return
    documented = [one.name for one in match.documented]
    if len(unknown) == len(plain) == 1 and _is_certain(function):
        at, there = documented.index(unknown[0]), names.index(plain[0])
        if _neighbours(documented, at, names) == _neighbours(names, there, documented):
            yield unknown[0], plain[0]
            return
    if function.is_decorated:
        return
    for name in unknown:
        close = [other for other in plain if _are_alike(name, other)]
        if len(close) == 1:
            plain.remove(close[0])
            yield name, close[0]


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


def _has_stars(function: Function) -> bool:
    return any(param.kind in STARRED for param in function.params)


def _is_gone(function: Function, name: str, former: Sequence[str] | None) -> bool:
    """Check that a documented name is no parameter, and no key or item of a starred one."""
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
        rf"^[ \t]*[-*+]?[ \t]*[`*]*{re.escape(name)}\b[`*]*[ \t]*(?:\([^)\n]*\))?[ \t]*(?::|$)"
    )
    return re.search(pattern, function.docstring.text, re.MULTILINE) is not None


def _is_mentioned(function: Function, name: str) -> bool:
    """Check whether the prose speaks of a parameter, in quotes of code."""
    return re.search(rf"[`*'\"]{re.escape(name)}[`*'\"]", function.docstring.text) is not None


def _order_drifts(
    function: Function, match: ParameterMatch, former: Sequence[str] | None
) -> Iterator[Drift]:
    """Find parameters that a section documents in another order than the signature's.

    Callers do not see the order of keyword-only parameters, so theirs counts only where it is new.
    """
    for kind in PARAMETER_SECTIONS:
        yield from _section_order(function, match, former, kind)


def _section_order(
    function: Function, match: ParameterMatch, former: Sequence[str] | None, kind: SectionKind
) -> Iterator[Drift]:
    place = {p.name: at for at, p in enumerate(function.params) if p.kind not in STARRED}
    main = [one for one in match.documented if one.name in place and one.section.kind is kind]
    positional = {p.name for p in function.params if p.kind is not ParameterKind.KEYWORD_ONLY}
    was_ordered = former is not None and _is_sorted([n.name for n in main], former)
    counted = main if was_ordered else [one for one in main if one.name in positional]
    order = [place[one.name] for one in counted]
    if order == sorted(order):
        return
    pairs = zip(counted, sorted(order), strict=True)
    wrong = next(one for one, at in pairs if place[one.name] != at)
    names = ", ".join(sorted((one.name for one in main), key=place.__getitem__))
    yield function.drift(
        DriftRule.PARAM_ORDER,
        wrong.start,
        f"documents the parameters in another order than the signature: {names}",
        subject=wrong.name,
        changes=_reorder(function, main, place),
    )


def _is_sorted(names: Sequence[str], order: Sequence[str]) -> bool:
    places = [order.index(name) for name in names if name in order]
    return places == sorted(places)


def _reorder(
    function: Function, main: Sequence[DocumentedName], place: dict[str, int]
) -> tuple[Change, ...]:
    """Return the changes that put the entries in the signature's order, each at another's place."""
    sections = function.sections(main[0].section.kind)
    entries = [entry for section in sections for entry in section.entries]
    one_name_each = all(len(entry.names) == 1 for entry in entries)
    if len(sections) != 1 or not one_name_each or len(entries) != len(main):
        return ()  # `x, y : int`, `:type x:`, entries of stars or keys: a person decides
    text = function.docstring.text
    gaps = (text[a.span.end : b.span.start] for a, b in itertools.pairwise(entries))
    if any(gap.strip() for gap in gaps) or not entries[-1].span.of(text).endswith("\n"):
        return ()  # what stands between two entries may belong to one of them
    ordered = sorted(main, key=lambda one: place[one.name])
    return tuple(
        Change(there.entries[0].span, one.entries[0].span.of(text))
        for there, one in zip(main, ordered, strict=True)
        if there is not one
    )


def _removal(function: Function, one: DocumentedName) -> tuple[Change, ...]:
    """Return the changes that remove a name's entries; none where more would have to go."""
    text = function.docstring.text
    if any(len(entry.names) != 1 for entry in one.entries):
        return ()
    if len(one.section.entries) == len(one.entries):  # an empty section is worse than an entry
        return _section_removal(text, one.section.span)
    if not all(entry.span.of(text).endswith("\n") for entry in one.entries):
        return ()
    return tuple(Change(entry.span, "") for entry in one.entries)


def _section_removal(text: str, span: Span) -> tuple[Change, ...]:
    """Return the change that removes a whole section and the blank lines above it."""
    start = len(text[: span.start].rstrip(" \t\n"))
    if not start:
        return ()
    start = text.index("\n", start) + 1  # the line above keeps its end
    return (Change(Span(start, span.end), ""),) if text[span.end - 1 : span.end] == "\n" else ()
