"""Compare the order of the documented parameters with the signature's."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from docbot.drift.docstring import SectionKind
from docbot.drift.drift import Change, DriftRule
from docbot.drift.function import PARAMETER_SECTIONS, STARRED
from docbot.scan.definition import ParameterKind
from docbot.scan.parse import is_dunder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docbot.drift.drift import Drift
    from docbot.drift.function import Function
    from docbot.drift.match import DocumentedName, ParameterMatch

_OLD = re.compile(
    r"\b(?:deprecated|historic\w*|legacy|renamed to|please use|backwards? compatib\w+)\b",
    re.IGNORECASE,
)
"""Words of an entry for an old parameter, which stands below the others on purpose."""


def order_drifts(
    function: Function, match: ParameterMatch, former: Sequence[str] | None = None
) -> Iterator[Drift]:
    """Find parameters that a section documents in another order than the signature's.

    Callers do not see the order of keyword-only parameters, so theirs counts only where it is new.

    Args:
        function: The function.
        match: Its documented names beside those of the signature.
        former: The names of the parameters in an older version, where there is one, in order.

    """
    name = function.definition.name
    if former is None and name.startswith("_") and not is_dunder(name):
        return
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
    if order == sorted(order) or (former is None and _is_order_of_attributes(function, main)):
        return
    pairs = zip(counted, sorted(order), strict=True)
    wrong = next(one for one, at in pairs if place[one.name] != at)
    names = ", ".join(sorted((one.name for one in main), key=place.__getitem__))
    yield function.drift(
        DriftRule.PARAM_ORDER,
        wrong.start,
        f"documents the {function.noun}s in another order than {function.whole}: {names}",
        subject=wrong.name,
        changes=_reorder(function, main, place),
    )


def _is_order_of_attributes(function: Function, main: Sequence[DocumentedName]) -> bool:
    """Check that the docstring lists attributes in this order, too: then it is the house's own."""
    names = [one.name for one in main]
    listed = [name for name, _, _ in function.names(SectionKind.ATTRIBUTES) if name in names]
    return listed == names


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
    if any(_OLD.search(entry.span.of(text)) for entry in entries):
        return ()
    ordered = sorted(main, key=lambda one: place[one.name])
    return tuple(
        Change(there.entries[0].span, one.entries[0].span.of(text))
        for there, one in zip(main, ordered, strict=True)
        if there is not one
    )
