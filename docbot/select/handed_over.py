"""Check whether its own file hands a definition over, or reads its docstring off a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.scan.definition import Definition, Kind
from docbot.scan.handover_words import ANY, DOC

if TYPE_CHECKING:
    from docbot.scan.outline import Outline


def handed_over(definition: Definition, outline: Outline) -> str:
    """Return how a definition's own file reads or hands it over; "" where it does neither."""
    if not outline.handovers or definition.kind is Kind.MODULE:
        return ""
    for name, how in outline.handovers.items():
        if _is_named(definition, name, outline):
            return describe(how, "this file")
    return ""


def describe(how: str, file: str) -> str:
    """Describe for people how a file reads a docstring: by `DOC` or by a handover."""
    if how == DOC:
        return f"{file} reads its __doc__"
    return f"{file} hands it over by {how}, where its docstring describes it"


def _is_named(definition: Definition, name: str, outline: Outline) -> bool:
    """Check whether a handover's name may stand for a definition of the same file."""
    is_method = definition.kind is Kind.METHOD
    if name == ANY:
        return not is_method and not definition.local
    root, _, rest = name.partition(".")
    if root in outline.imports and root not in outline.classes:
        return False
    if not rest:
        return not is_method and definition.name == name
    owner, _, last = name.rpartition(".")
    if last == ANY:
        return is_method and owner in (definition.owner, *ancestors(definition.owner, outline))
    return definition.name == last


def ancestors(name: str, outline: Outline) -> set[str]:
    """Return the last names of all bases that a class of this file has, near or far."""
    names: set[str] = set()
    queue = [name]
    while queue:
        entry = outline.classes.get(queue.pop())
        new = {last_name(base) for base in entry.bases} - names if entry is not None else set()
        names |= new
        queue += new
    return names


def last_name(base: str) -> str:
    """Return the last of a dotted name's parts, without what it is subscripted by."""
    return base.partition("[")[0].rpartition(".")[2]
