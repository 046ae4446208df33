"""Definitions with the places where their docstrings would go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.scan.anchors import anchors
from docbot.scan.facts import read_definitions

if TYPE_CHECKING:
    from docbot.scan.definition import Anchor, Definition
    from docbot.scan.source import Text


def undocumented(text: Text) -> list[tuple[Definition, Anchor]]:
    """The definitions that a docstring can be written for, the module first."""
    places = anchors(text)
    pairs = [
        (d, places.get((d.qualname, d.line))) for d in read_definitions(text) if d.docstring is None
    ]
    return [(definition, anchor) for definition, anchor in pairs if anchor is not None]
