"""Compare the documented parameters with the signature: names, order, stars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.drift.docstring import Convention, SectionKind, Span
from docbot.drift.drift import Change, DriftRule
from docbot.drift.function import PARAMETER_SECTIONS, STARRED
from docbot.drift.parse import kinds_in_prose
from docbot.scan.definition import ParameterKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docbot.drift.docstring import Entry
    from docbot.drift.drift import Drift
    from docbot.drift.function import Function

RECEIVERS = frozenset(("self", "cls", "mcs", "mcls", "metacls"))


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentedName:
    """A parameter's name in a docstring, its place and its entry."""

    name: str
    span: Span
    entry: Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterMatch:
    """The documented names beside those of the signature.

    Attributes:
        documented: The documented names in order, each once.
        repeated: The second and further places of names that are documented again.
        unknown: The documented names that the signature lacks.
        missing: The names of the signature that no entry documents, stars left out.

    """

    documented: tuple[DocumentedName, ...]
    repeated: tuple[DocumentedName, ...]
    unknown: tuple[DocumentedName, ...]
    missing: tuple[str, ...]


def match_parameters(function: Function) -> ParameterMatch | None:
    """Match the documented names with the signature; None where there is nothing to compare."""
    if not function.sections(*PARAMETER_SECTIONS) or not function.is_readable(*PARAMETER_SECTIONS):
        return None
    first: dict[str, DocumentedName] = {}
    repeated = []
    for name, span, entry in function.names(*PARAMETER_SECTIONS):
        one = DocumentedName(name=name, span=span, entry=entry)
        if name not in first:
            first[name] = one
        elif function.docstring.convention is not Convention.SPHINX:  # there `:type x:` comes too
            repeated.append(one)
    known = [param.name for param in function.params]
    return ParameterMatch(
        documented=tuple(first.values()),
        repeated=tuple(repeated),
        unknown=tuple(
            one
            for name, one in first.items()
            if name not in known and name not in RECEIVERS and name not in function.attributes
        ),
        missing=tuple(name for name in known if name not in first),
    )


def parameter_drifts(function: Function, former: Sequence[str] | None = None) -> Iterator[Drift]:
    """Find the drifts of parameter names.

    Args:
        function: The function.
        former: The names of the parameters in an older version, where there is one, in order: what
            was no parameter then and is none now is the house's habit, such as keys of `**kwargs`.

    """
    match = match_parameters(function)
    if match is None:
        return
    renamed = dict(_renames(function, match))
    may_say_more = SectionKind.PARAMETERS in kinds_in_prose(function.docstring)
    for one in match.unknown:
        if one.span in renamed:
            yield _renamed(function, one, renamed[one.span])
        elif _is_gone(function, one.name, former):
            yield function.drift(
                DriftRule.PARAM_UNKNOWN,
                one.entry.span.start,
                f"documents the parameter {one.name}, which the signature lacks",
                subject=one.name,
                changes=_removal(function, one),
            )
    for name in match.missing:
        if name in renamed.values() or may_say_more:
            continue
        if _is_wanted(function, match, name, former):
            yield function.drift(
                DriftRule.PARAM_MISSING,
                function.sections(*PARAMETER_SECTIONS)[0].span.start,
                f"does not document the parameter {name}",
                subject=name,
            )
    for one in match.repeated:
        yield function.drift(
            DriftRule.PARAM_TWICE,
            one.entry.span.start,
            f"documents the parameter {one.name} twice",
            subject=one.name,
        )
    yield from _order_drifts(function, match, former)


def _renamed(function: Function, one: DocumentedName, name: str) -> Drift:
    return function.drift(
        DriftRule.PARAM_RENAMED,
        one.entry.span.start,
        f"documents the parameter {one.name}, which is now called {name}",
        subject=name,
        changes=rename_changes(function, one.name, name),
    )


def rename_changes(function: Function, old: str, new: str) -> tuple[Change, ...]:
    """Return the changes of every entry that documents the old name, such as `:type x:` too."""
    places = {span for name, span, _ in function.names(*PARAMETER_SECTIONS) if name == old}
    return tuple(Change(span, new) for span in sorted(places))


def _renames(function: Function, match: ParameterMatch) -> Iterator[tuple[Span, str]]:
    """Yield unknown names that stand where a missing parameter should, each with that parameter.

    A place is what documented parameter comes before and what comes after. A lone unknown name and
    a lone missing one are a rename wherever they stand.
    """
    names = [param.name for param in function.params]
    plain = [p.name for p in function.params if p.kind not in STARRED and p.name in match.missing]
    if len(match.unknown) == 1 and len(plain) == 1 and not _has_stars(function):
        yield match.unknown[0].span, plain[0]
        return
    documented = [one.name for one in match.documented]
    for one in match.unknown:
        at = documented.index(one.name)
        for name in plain:
            if _neighbours(documented, at, names) == _neighbours(
                names, names.index(name), documented
            ):
                yield one.span, name
                break


def _neighbours(
    names: Sequence[str], at: int, others: Sequence[str]
) -> tuple[str | None, str | None, int]:
    """Return the nearest names on both sides that are also among the others, and the steps back."""
    before = next((n for n in reversed(names[:at]) if n in others), None)
    after = next((n for n in names[at + 1 :] if n in others), None)
    steps = at - (names.index(before) if before is not None else -1)
    return before, after, steps


def _has_stars(function: Function) -> bool:
    return any(param.kind in STARRED for param in function.params)


def _is_gone(function: Function, name: str, former: Sequence[str] | None) -> bool:
    """Check that a documented name is no parameter, and no key or item of a starred one."""
    if former is not None and name in former:
        return True
    return not _has_stars(function) and not _has_unknown_signature(function)


def _has_unknown_signature(function: Function) -> bool:
    """Check for decorators that may add or take parameters, so that nobody can know them."""
    return any(
        name.rpartition(".")[2] not in _HARMLESS for name in function.definition.decorator_names
    )


_HARMLESS = frozenset(
    ("staticmethod", "classmethod", "property", "cached_property", "abstractmethod", "override",
     "contextmanager", "asynccontextmanager", "cache", "lru_cache", "wraps", "final", "overload",
     "deprecated", "no_type_check", "singledispatch", "coroutine", "njit", "jit")
)  # fmt: skip
"""Decorators that leave the parameters as they are written."""


def _is_wanted(
    function: Function, match: ParameterMatch, name: str, former: Sequence[str] | None
) -> bool:
    """Check that the house documents parameters such as this one, in this docstring."""
    param = next(param for param in function.params if param.name == name)
    if name.startswith("_") or "Doc(" in (param.annotation or ""):  # PEP 727
        return False
    known = len(match.documented) - len(match.unknown)
    if former is not None and name not in former:  # new: it was left out, whatever the habit
        return known > 0 or not former
    if param.kind in STARRED or not known:
        return False
    plain = [p.name for p in function.params if p.kind not in STARRED]
    missing = [each for each in match.missing if each in plain]
    most = 1 if function.of_class else known  # a class's docstring is often about some of them
    return len(missing) <= most


def _order_drifts(
    function: Function, match: ParameterMatch, former: Sequence[str] | None
) -> Iterator[Drift]:
    """Find parameters that are documented in another order than the signature's.

    Callers do not see the order of keyword-only parameters, so theirs counts only where it is new.
    """
    place = {p.name: at for at, p in enumerate(function.params) if p.kind not in STARRED}
    main = [one for one in match.documented if one.name in place and _is_main(function, one.entry)]
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
        wrong.entry.span.start,
        f"documents the parameters in another order than the signature: {names}",
        subject=wrong.name,
        changes=_reorder(function, main, place),
    )


def _is_sorted(names: Sequence[str], order: Sequence[str]) -> bool:
    places = [order.index(name) for name in names if name in order]
    return places == sorted(places)


def _is_main(function: Function, entry: Entry) -> bool:
    """Check that an entry is in a section for all parameters, not in one for others."""
    return any(entry in section.entries for section in function.sections(SectionKind.PARAMETERS))


def _reorder(
    function: Function, main: Sequence[DocumentedName], place: dict[str, int]
) -> tuple[Change, ...]:
    """Return the changes that put the entries in the signature's order, each at another's place."""
    sections = function.sections(SectionKind.PARAMETERS)
    entries = [entry for section in sections for entry in section.entries]
    one_name_each = all(len(entry.names) == 1 for entry in entries)
    if len(sections) != 1 or not one_name_each or len(entries) != len(main):
        return ()  # `x, y : int`, `:type x:`, entries of stars or keys: a person decides
    text = function.docstring.text
    if not entries[-1].span.of(text).endswith("\n"):
        return ()
    ordered = sorted(main, key=lambda one: place[one.name])
    return tuple(
        Change(there.entry.span, one.entry.span.of(text))
        for there, one in zip(main, ordered, strict=True)
        if there is not one
    )


def _removal(function: Function, one: DocumentedName) -> tuple[Change, ...]:
    """Return the changes that remove a name's entries; none where more would have to go."""
    text = function.docstring.text
    entries = [e for name, _, e in function.names(*PARAMETER_SECTIONS) if name == one.name]
    if any(len(entry.names) != 1 for entry in entries):
        return ()
    section = next(s for s in function.sections(*PARAMETER_SECTIONS) if one.entry in s.entries)
    if len(section.entries) == len(entries):  # an empty section is worse than a wrong entry
        return _section_removal(text, section.span)
    if not all(entry.span.of(text).endswith("\n") for entry in entries):
        return ()
    return tuple(Change(entry.span, "") for entry in entries)


def _section_removal(text: str, span: Span) -> tuple[Change, ...]:
    """Return the change that removes a whole section and the blank lines above it."""
    start = len(text[: span.start].rstrip(" \t\n"))
    if not start:
        return ()
    start = text.index("\n", start) + 1  # the line above keeps its end
    return (Change(Span(start, span.end), ""),) if text[span.end - 1 : span.end] == "\n" else ()
