"""TODO."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.prompt.task import Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docbot.prompt.task import Slot


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Everything a docstring will say in words.

    Attributes:
        headline: One sentence on one line, imperative, with its period.
        params: Each parameter's name, without stars, and its phrase.
        returns: What is returned, as a phrase.
        raises: Each exception's name and the phrase that says when.
        confidence: Geometric mean of the model's token probabilities; 1 for fixed sentences.

    """

    headline: str
    params: tuple[tuple[str, str], ...] = ()
    returns: str | None = None
    raises: tuple[tuple[str, str], ...] = ()
    confidence: float = 1.0


def with_phrases(summary: Summary, phrases: Mapping[Slot, str]) -> Summary:
    """The summary with words for its sections."""
    returns = [phrase for slot, phrase in phrases.items() if slot.task is Task.RETURNS]
    return dataclasses.replace(
        summary,
        params=tuple((s.name, words) for s, words in phrases.items() if s.task is Task.PARAM),
        returns=returns[0] if returns else None,
        raises=tuple((s.name, words) for s, words in phrases.items() if s.task is Task.RAISES),
    )
