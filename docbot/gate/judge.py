"""Judge the model's completions: the best text that passes the gate, or why none does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from docbot.gate.facts import NO_SURROUNDINGS, facts_of
from docbot.gate.headline import check_headline
from docbot.gate.section import check_phrase
from docbot.gate.sentence import Refusal
from docbot.gate.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from docbot.config import Config
    from docbot.gate.facts import Surroundings
    from docbot.gate.sentence import Verdict
    from docbot.llm.protocol import Completion
    from docbot.prompt.task import Slot
    from docbot.scan.definition import Definition


def judge_headline(
    completion: Completion,
    read_reply: Callable[[str], str],
    definition: Definition,
    config: Config,
    surroundings: Surroundings = NO_SURROUNDINGS,
) -> Summary | Refusal:
    """Judge a completion for a headline.

    Args:
        completion: The model's answer, with its other candidates.
        read_reply: Reads the headline out of a completion's text, by the prompt's format.
        definition: What the headline is for.
        config: Holds `min_confidence`.
        surroundings: The definition's surroundings in its file.

    Returns:
        The surest candidate that passes, as a Summary; if none does, the first one's refusal.

    """
    facts = facts_of(definition, surroundings)

    def verdict(candidate: Completion) -> Verdict:
        return check_headline(
            read_reply(candidate.text),
            facts,
            min_confidence=config.min_confidence,
            confidence=confidence_of(candidate),
            ended=candidate.ended,
        )

    best, confidence = _best(completion, verdict)
    return best if isinstance(best, Refusal) else Summary(headline=best, confidence=confidence)


def judge_phrase(
    completion: Completion,
    read_reply: Callable[[str], str],
    definition: Definition,
    slot: Slot,
    config: Config,
    surroundings: Surroundings = NO_SURROUNDINGS,
) -> Verdict:
    """Judge a completion for the phrase of one slot of a section; else as `judge_headline`."""
    facts = facts_of(definition, surroundings)

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
    """Return the surest text that passes, and its confidence; else the first one's refusal."""
    candidates = (completion, *completion.others)
    judged = [(verdict(candidate), confidence_of(candidate)) for candidate in candidates]
    passed = [pair for pair in judged if not isinstance(pair[0], Refusal)]
    return max(passed, key=lambda pair: pair[1], default=judged[0])


def confidence_of(completion: Completion) -> float:
    """Return the geometric mean of the token probabilities, 0 for an answer without tokens."""
    return math.exp(completion.logprob / completion.tokens) if completion.tokens else 0.0
