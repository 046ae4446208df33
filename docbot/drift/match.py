"""Match the documented parameters with those of the signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.drift.function import PARAMETER_SECTIONS

if TYPE_CHECKING:
    from docbot.drift.docstring import Entry, Section
    from docbot.drift.function import Function

RECEIVERS = frozenset(("self", "cls", "mcs", "mcls", "metacls"))
_REMARKS = frozenset(
    ("Note", "Notes", "Todo", "TODO", "Example", "Examples", "Warning", "Warnings", "Default",
     "Defaults", "Return", "Returns", "Raise", "Raises", "Yield", "Yields", "Tip", "Hint",
     "Caution", "Important", "returns", "raises", "yields", "note", "todo")
)  # fmt: skip
"""Words that open a remark between entries, and are no parameters."""


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
