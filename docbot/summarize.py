"""Words for a definition: a fixed sentence, or the model's where the gate lets it through."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.gate import NOWHERE, Refusal, check, facts_of
from docbot.phrases import check_phrase
from docbot.prompts import Task
from docbot.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from docbot.backend import Completion
    from docbot.config import Config
    from docbot.definition import Definition
    from docbot.gate import Near, Verdict
    from docbot.prompts import Slot


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
    near: Near = NOWHERE,
) -> Summary | Refusal:
    """The model's answer as a Summary, or why it is not written; `read_reply` is its format's.

    Of several candidates the surest of those that pass is taken. `near` is what stands around the
    definition in its file.
    """
    facts = facts_of(definition, near)

    def verdict(candidate: Completion) -> Verdict:
        return check(
            read_reply(candidate.text),
            facts,
            min_confidence=config.min_confidence,
            confidence=confidence_of(candidate),
            ended=candidate.ended,
        )

    said, confidence = _best(completion, verdict)
    return said if isinstance(said, Refusal) else Summary(headline=said, confidence=confidence)


def judge_phrase(
    completion: Completion,
    read_reply: Callable[[str], str],
    definition: Definition,
    slot: Slot,
    config: Config,
    near: Near = NOWHERE,
) -> Verdict:
    """The model's answer as the phrase for one slot of a section, or why it is not written."""
    facts = facts_of(definition, near)

    def verdict(candidate: Completion) -> Verdict:
        return check_phrase(
            read_reply(candidate.text),
            facts,
            slot,
            min_confidence=config.min_confidence,
            confidence=confidence_of(candidate),
            ended=candidate.ended,
        )

    return _best(completion, verdict)[0]


def _best(
    completion: Completion, verdict: Callable[[Completion], Verdict]
) -> tuple[Verdict, float]:
    """The surest candidate's text that passes, and its confidence; else the first one's refusal."""
    candidates = (completion, *completion.others)
    judged = [(verdict(candidate), confidence_of(candidate)) for candidate in candidates]
    passed = [(said, sure) for said, sure in judged if not isinstance(said, Refusal)]
    return max(passed, key=lambda pair: pair[1], default=judged[0])


def with_phrases(summary: Summary, phrases: Mapping[Slot, str]) -> Summary:
    """The summary with words for its sections."""
    returns = [phrase for slot, phrase in phrases.items() if slot.task is Task.RETURNS]
    return dataclasses.replace(
        summary,
        params=tuple((s.name, words) for s, words in phrases.items() if s.task is Task.PARAM),
        returns=returns[0] if returns else None,
        raises=tuple((s.name, words) for s, words in phrases.items() if s.task is Task.RAISES),
    )


def confidence_of(completion: Completion) -> float:
    """Geometric mean of the token probabilities, 0 for an answer without tokens."""
    return math.exp(completion.logprob / completion.tokens) if completion.tokens else 0.0
