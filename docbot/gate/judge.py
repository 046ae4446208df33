"""Words for a definition: a fixed sentence, or the model's where the gate lets it through."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from docbot.gate.facts import NOWHERE, facts_of
from docbot.gate.headline import check
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


def judge(
    completion: Completion,
    read_reply: Callable[[str], str],
    definition: Definition,
    config: Config,
    near: Surroundings = NOWHERE,
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
    near: Surroundings = NOWHERE,
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


def confidence_of(completion: Completion) -> float:
    """Geometric mean of the token probabilities, 0 for an answer without tokens."""
    return math.exp(completion.logprob / completion.tokens) if completion.tokens else 0.0
