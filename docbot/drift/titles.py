"""Know the titles of sections, in any convention."""

from __future__ import annotations

from docbot.drift.docstring import SectionKind

# What `Keyword Args` lists may be keys of `**kwargs` instead of parameters, as `Other Parameters`.
_TITLES = {
    SectionKind.PARAMETERS: ("args", "arguments", "params", "parameters"),
    SectionKind.OTHER_PARAMETERS: (
        "keyword args", "keyword arguments", "other parameters", "other params", "other args",
        "other arguments",
    ),
    SectionKind.ATTRIBUTES: ("attributes",),
    SectionKind.RETURNS: ("return", "returns"),
    SectionKind.YIELDS: ("yield", "yields"),
    SectionKind.RAISES: ("raise", "raises", "exceptions"),
    SectionKind.OTHER: (
        "attention", "caution", "danger", "error", "example", "examples", "hint", "important",
        "methods", "note", "notes", "receives", "reference", "references", "see also", "tip",
        "todo", "usage", "warning", "warnings", "warns",
    ),
}  # fmt: skip
KINDS = {title: kind for kind, titles in _TITLES.items() for title in titles}

LONGEST = max(map(len, KINDS))


def kind_of(title: str) -> SectionKind | None:
    """Return the kind that a title announces, in letters of any case; None for no title."""
    # The words are compared only if they may be a title: lines can be long.
    return KINDS.get(title.lower()) if len(title) <= LONGEST else None
