"""Hold the words of one docstring: its headline, and the phrases of its sections."""

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
    """The words of a docstring.

    Attributes:
        headline: One sentence on one line, imperative, with its period.
        params: Each parameter's name, without stars, and its phrase.
        returns: What is returned, as a phrase.
        raises: Each exception's name, and the phrase that says when it is raised.
        confidence: Geometric mean of the model's token probabilities; 1 for fixed sentences.

    """

    headline: str
    params: tuple[tuple[str, str], ...] = ()
    returns: str | None = None
    raises: tuple[tuple[str, str], ...] = ()
    confidence: float = 1.0


def with_phrases(summary: Summary, phrases: Mapping[Slot, str]) -> Summary:
    """Return the summary with the phrases of its sections."""
    returns = [phrase for slot, phrase in phrases.items() if slot.task is Task.RETURNS]
    return dataclasses.replace(
        summary,
        params=tuple(
            (slot.name, phrase) for slot, phrase in phrases.items() if slot.task is Task.PARAM
        ),
        returns=returns[0] if returns else None,
        raises=tuple(
            (slot.name, phrase) for slot, phrase in phrases.items() if slot.task is Task.RAISES
        ),
    )
