"""The score: what it weighs, and how it decides beside the vetoes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from docbot.gate.facts import facts_of
from docbot.gate.features import Likelihood
from docbot.gate.headline import SCORED, VETOES, headline_features
from docbot.gate.judge import Judge
from docbot.gate.score import Weights, load_weights
from docbot.gate.section import phrase_features
from docbot.gate.sentence import Refusal
from docbot.gate.summary import Summary
from docbot.llm.protocol import Completion
from docbot.prompt.task import Slot, Task
from docbot.scan.facts import read_definitions
from docbot.scan.source import read
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from docbot.scan.definition import Definition

LIKELY = Likelihood(mean=-0.2, lowest=-1.0)
EVICT = """\
class Cache:
    def evict(self, older_than):
        stale = [k for k, (t, _) in self._items.items() if not t >= older_than]
        for k in stale:
            del self._items[k]
        return len(stale)
"""


def definition(code: str = EVICT) -> Definition:
    return read_definitions(read(code.encode()))[-1]


def said(text: str, confidence: float = 0.9) -> Completion:
    logprob = math.log(confidence)
    return Completion(text=text, logprob=logprob, tokens=1, ended=True, lowest=logprob)


def scores(weight: float, threshold: float = 0.5) -> dict[str, Weights]:
    """A score of functions that knows the tokens' mean log-probability and nothing else."""
    features = {"mean": (-1.0, 1.0, weight)}
    return {"function": Weights(bias=0.0, threshold=threshold, features=features)}


def test_a_probability_is_the_logistic_of_the_weighed_features() -> None:
    weights = Weights(bias=0.5, threshold=0.5, features={"a": (1.0, 2.0, 3.0), "b": (0.0, 1.0, -1)})
    assert weights.probability({"a": 2.0, "b": 1.0, "c": 9.0}) == pytest.approx(
        1 / (1 + math.exp(-1.0))
    )
    with pytest.raises(KeyError):
        weights.probability({"a": 2.0})


def test_a_lost_negation_and_a_claim_of_a_count_are_seen() -> None:
    facts = facts_of(definition())
    lost = headline_features("Evict the items that are older than a time.", facts, LIKELY)
    assert (lost["negation lost"], lost["negation gained"]) == (1.0, 0.0)
    kept = headline_features("Evict the items that are not new.", facts, LIKELY)
    assert kept["negation lost"] == 0.0
    plain = facts_of(definition("def f(x):\n    return x.size\n"))
    assert headline_features("Return the number of rows.", plain, LIKELY)["says number"] == 0.0
    plain = facts_of(definition("def f(x):\n    return x.first\n"))
    assert headline_features("Return the number of rows.", plain, LIKELY)["says number"] == 1.0


def test_words_of_the_body_are_told_from_words_of_the_name() -> None:
    facts = facts_of(definition())
    name = headline_features("Evict the cache.", facts, LIKELY)
    body = headline_features("Evict the stale items of the cache.", facts, LIKELY)
    assert (name["beyond the name"], body["beyond the name"]) == (0.0, 1.0)
    assert body["from the body"] > name["from the body"]
    assert headline_features("Evict the rabbits.", facts, LIKELY)["unsupported"] >= 1.0


def test_a_former_rule_is_a_feature_and_no_veto() -> None:
    facts = facts_of(definition())
    assert headline_features("Evict the value.", facts, LIKELY)["news"] == 1.0
    assert not set(SCORED.values()) & set(VETOES)
    slot = Slot(task=Task.PARAM, name="older_than")
    assert phrase_features("The older than.", facts, slot, LIKELY)["parameter"] == 1.0


def test_the_score_decides_and_quotes_what_it_withholds() -> None:
    judge = Judge(read=str.strip, scores=scores(4.0))
    text = "Evict the cache."
    written = judge.headline(said(text), definition())
    assert isinstance(written, Summary)
    assert written.headline == text
    assert written.confidence > 0.9
    withheld = judge.headline(said(text, 0.05), definition())
    assert isinstance(withheld, Refusal)
    assert withheld.reason is SkipReason.UNSURE
    assert withheld.detail == f"'{text}' is right with probability 0.00, 0.50 is wanted"


def test_the_users_threshold_comes_before_the_scores_own() -> None:
    text, half = "Evict the cache.", math.exp(-1.0)  # the average: a probability of one half
    for wanted, passes in ((0.4, True), (0.6, False)):
        judge = Judge(read=str.strip, min_confidence=wanted, scores=scores(1.0, threshold=0.99))
        assert isinstance(judge.headline(said(text, half), definition()), Summary) is passes


def test_a_veto_holds_whatever_the_score() -> None:
    judge = Judge(read=str.strip, scores=scores(9.0, threshold=0.0))
    for text in ("Evict the the cache.", "Evict `x` and **y**.", "Yield the items of the cache."):
        refusal = judge.headline(said(text, 1.0), definition())
        assert isinstance(refusal, Refusal)
        assert refusal.reason is SkipReason.REJECTED


def test_the_surest_candidate_is_taken() -> None:
    first = said("Evict the cache.", 0.5)
    other = said("Evict the stale items of the cache.", 0.9)
    both = Completion(text=first.text, logprob=first.logprob, tokens=1, ended=True, others=(other,))
    best = Judge(read=str.strip, scores=scores(1.0, threshold=0.1)).headline(both, definition())
    assert isinstance(best, Summary)
    assert best.headline == other.text


def test_every_feature_of_the_shipped_table_is_measured() -> None:
    facts = facts_of(definition())
    slots = {task: Slot(task=task, name="older_than") for task in (Task.PARAM, Task.RAISES)}
    slots[Task.RETURNS] = Slot(task=Task.RETURNS)
    for tasks in load_weights().values():
        for task, weights in tasks.items():
            slot = slots.get(Task(task))
            if slot is not None:
                features = phrase_features("The time of the items.", facts, slot, LIKELY)
            else:
                features = headline_features("Evict the cache.", facts, LIKELY)
            assert 0.0 < weights.probability(features) < 1.0
            assert 0.0 < weights.threshold <= 1.0
