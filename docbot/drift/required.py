"""Find the sections that a docstring lacks, where the configuration requires them.

Where it does not, a docstring without sections is complete: it claims nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.drift.docstring import SectionKind
from docbot.drift.drift import DriftRule
from docbot.drift.function import PARAMETER_SECTIONS, STARRED
from docbot.drift.parse import kinds_in_prose
from docbot.drift.results import escaping_raises

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docbot.drift.drift import Drift
    from docbot.drift.function import Function

_RESULTS = {SectionKind.RETURNS, SectionKind.YIELDS}
_WORDS = {
    SectionKind.PARAMETERS: "parameters",
    SectionKind.RETURNS: "what is returned",
    SectionKind.YIELDS: "what is yielded",
    SectionKind.RAISES: "exceptions",
}


def lack_of(kinds: Iterable[SectionKind]) -> str:
    """Return the message for sections that are not there."""
    wanted = set(kinds)
    return f"lacks sections: {', '.join(word for kind, word in _WORDS.items() if kind in wanted)}"


def section_drifts(function: Function, required: frozenset[str]) -> Iterator[Drift]:
    """Find the required sections that a docstring lacks, in one drift.

    Special and private functions, properties, overrides, local functions and constructors need
    none: linters pass over most of them, too.

    Args:
        function: The function.
        required: The values of the kinds of sections that are required.

    """
    if not _is_in_question(function):
        return
    present = {section.kind for section in function.docstring.sections}
    present |= kinds_in_prose(function.docstring)
    lacking = [
        kind
        for kind in _kinds_with_a_subject(function)
        if kind.value in required and not present & _served_by(kind)
    ]
    if lacking:
        yield function.drift(DriftRule.SECTIONS_MISSING, 0, lack_of(lacking))


def _is_in_question(function: Function) -> bool:
    definition = function.definition
    names = {name.rpartition(".")[2] for name in definition.decorator_names}
    is_property = any(name.endswith("property") for name in names)
    is_public = not any(part.startswith("_") for part in definition.qualname.split("."))
    return is_public and not (
        definition.local or is_property or function.of_class or "override" in names
    )


def _kinds_with_a_subject(function: Function) -> Iterator[SectionKind]:
    """Yield the kinds of sections for which a function has something to say."""
    definition = function.definition
    if any(p.kind not in STARRED and not p.name.startswith("_") for p in function.params):
        yield SectionKind.PARAMETERS
    if function.is_abstract:
        return
    if definition.yields:
        yield SectionKind.YIELDS
    elif definition.returns:
        yield SectionKind.RETURNS
    if escaping_raises(function.node):
        yield SectionKind.RAISES


def _served_by(kind: SectionKind) -> set[SectionKind]:
    """Return the kinds of sections that serve where one is required."""
    if kind is SectionKind.PARAMETERS:
        return set(PARAMETER_SECTIONS)
    return _RESULTS if kind in _RESULTS else {kind}
