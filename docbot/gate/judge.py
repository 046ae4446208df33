"""Judge the model's completions: the best text that passes the gate, or why none does.

Where a score was fitted to a model's prompt format (`score.py`), a text needs the wanted
probability of acceptance and must pass the vetoes. Elsewhere the model's own probability decides,
and the text must pass all rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docbot.gate.facts import NO_SURROUNDINGS, facts_of
from docbot.gate.features import Likelihood
from docbot.gate.headline import RULES, VETOES, check_headline, headline_features
from docbot.gate.section import check_phrase, phrase_features
from docbot.gate.sentence import Refusal, find_markup, refuse_improbable, refuse_unsure
from docbot.gate.summary import Summary
from docbot.prompt.task import PHRASES, headline_slot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from docbot.gate.facts import Facts, Surroundings
    from docbot.gate.score import Weights
    from docbot.gate.sentence import Verdict
    from docbot.llm.protocol import Completion
    from docbot.prompt.task import Slot
    from docbot.scan.definition import Definition


DEFAULT_CONFIDENCE = 0.6
"""The least confidence, geometric mean of token probabilities, of models without a score."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """The gate for one model.

    Attributes:
        read: Reads the docstring's text out of a completion's, by the prompt's format.
        min_confidence: The least confidence wanted; -1 takes the scores' own threshold, or
            DEFAULT_CONFIDENCE.
        scores: The scores that were fitted to the prompt's format, by the value of the task.

    """

    read: Callable[[str], str]
    min_confidence: float = -1.0
    scores: Mapping[str, Weights] = field(default_factory=dict)

    def headline(
        self,
        completion: Completion,
        definition: Definition,
        surroundings: Surroundings = NO_SURROUNDINGS,
    ) -> Summary | Refusal:
        """Judge a completion for a headline.

        Args:
            completion: The model's answer, with its other candidates.
            definition: What the headline is for.
            surroundings: The definition's surroundings in its file.

        Returns:
            The surest candidate that passes, as a Summary; if none does, the first one's refusal.

        """
        facts = facts_of(definition, surroundings)
        best, confidence = self._best(completion, facts, headline_slot(definition))
        return best if isinstance(best, Refusal) else Summary(headline=best, confidence=confidence)

    def phrase(
        self,
        completion: Completion,
        definition: Definition,
        slot: Slot,
        surroundings: Surroundings = NO_SURROUNDINGS,
    ) -> Verdict:
        """Judge a completion for the phrase of one slot of a section; else as `headline`."""
        return self._best(completion, facts_of(definition, surroundings), slot)[0]

    def _best(self, completion: Completion, facts: Facts, slot: Slot) -> tuple[Verdict, float]:
        """Return the surest text that passes, and its confidence; else the first one's refusal."""
        candidates = (completion, *completion.others)
        judged = [self._weigh(candidate, facts, slot) for candidate in candidates]
        passed = [pair for pair in judged if not isinstance(pair[0], Refusal)]
        return max(passed, key=lambda pair: pair[1], default=judged[0])

    def _weigh(self, candidate: Completion, facts: Facts, slot: Slot) -> tuple[Verdict, float]:
        """Return a candidate's verdict, and how sure it is: by its score, or by the model."""
        own = self.min_confidence < 0
        reply, ended = self.read(candidate.text), candidate.ended
        weights = self.scores.get(slot.task.value)
        if weights is None:
            confidence = confidence_of(candidate)
            wanted = DEFAULT_CONFIDENCE if own else self.min_confidence
            refusal = refuse_unsure(confidence, wanted)
            verdict = refusal or check_text(reply, facts, slot, ended=ended)
            return _with_text(verdict, reply, confidence), confidence
        text = check_text(reply, facts, slot, ended=ended, scored=True)
        if isinstance(text, Refusal):
            return _with_text(text, reply, None), 0.0
        probability = weights.probability(
            text_features(text, facts, slot, likelihood_of(candidate))
        )
        wanted = weights.threshold if own else self.min_confidence
        refusal = refuse_improbable(text, probability, wanted)
        return _with_text(refusal or text, text, probability), probability


def _with_text(verdict: Verdict, reply: str, confidence: float | None) -> Verdict:
    """Return a verdict; a refusal with what it refuses, for whoever wants to see it."""
    if not isinstance(verdict, Refusal):
        return verdict
    text = "" if find_markup(reply) else " ".join(reply.split())
    return replace(verdict, text=text, confidence=confidence)


def check_text(
    reply: str, facts: Facts, slot: Slot, *, ended: bool = True, scored: bool = False
) -> Verdict:
    """Check a reply for any slot.

    Args:
        reply: The model's text.
        facts: The facts of the definition that it speaks of.
        slot: What it is for.
        ended: False for a reply that was cut off.
        scored: Whether only the vetoes hold, since a score weighs the rest.

    Returns:
        The clean text, or the refusal to write it.

    """
    if slot.task in PHRASES:
        return check_phrase(reply, facts, slot, ended=ended, scored=scored)
    return check_headline(reply, facts, ended=ended, rules=VETOES if scored else RULES)


def text_features(text: str, facts: Facts, slot: Slot, likelihood: Likelihood) -> dict[str, float]:
    """Return the features of a text for any slot that passed the vetoes."""
    if slot.task in PHRASES:
        return phrase_features(text, facts, slot, likelihood)
    return headline_features(text, facts, likelihood)


def confidence_of(completion: Completion) -> float:
    """Return the geometric mean of the token probabilities, 0 for an answer without tokens."""
    return math.exp(completion.logprob / completion.tokens) if completion.tokens else 0.0


def likelihood_of(completion: Completion) -> Likelihood:
    """Return what the score knows of a completion's probabilities."""
    mean = completion.logprob / completion.tokens if completion.tokens else -math.inf
    return Likelihood(mean=mean, lowest=completion.lowest)
