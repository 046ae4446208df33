"""Words for a definition: a fixed sentence, or the model's where the gate lets it through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.gate import Refusal, check, facts_of
from docbot.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from docbot.backend import Completion
    from docbot.config import Config
    from docbot.definition import Definition


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


def fixed(definition: Definition) -> Summary | None:
    """The data model's own sentence for a special method, where that is true of this one."""
    headline = sentence(definition)
    return Summary(headline=headline) if headline is not None else None


def judge(
    completion: Completion,
    read_reply: Callable[[str], str],
    definition: Definition,
    config: Config,
) -> Summary | Refusal:
    """The model's answer as a Summary, or why it is not written; `read_reply` is its format's."""
    confidence = confidence_of(completion)
    verdict = check(
        read_reply(completion.text),
        facts_of(definition),
        min_confidence=config.min_confidence,
        confidence=confidence,
        ended=completion.ended,
    )
    if isinstance(verdict, Refusal):
        return verdict
    return Summary(headline=verdict, confidence=confidence)


def confidence_of(completion: Completion) -> float:
    """Geometric mean of the token probabilities, 0 for an answer without tokens."""
    return math.exp(completion.logprob / completion.tokens) if completion.tokens else 0.0
