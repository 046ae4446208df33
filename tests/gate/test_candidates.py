from __future__ import annotations

import math

import pytest

from docbot.gate.candidates import Candidate, candidates
from docbot.gate.judge import Judge
from docbot.gate.score import Weights
from docbot.gate.sentence import Refusal
from docbot.gate.summary import Summary
from docbot.llm.protocol import Completion
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import read_definitions
from docbot.scan.source import read
from docbot.select.skip import Skip, SkipReason, Target

CODE = b"def evict(cache):\n    for key in cache.stale:\n        cache.drop(key)\n"


def said(text, probability):
    return Completion(text=text, logprob=math.log(probability), tokens=1, ended=True)


def refusal(text, probability=0.9, **judge):
    verdict = Judge(read=str.strip, **judge).headline(
        said(text, probability), read_definitions(read(CODE))[-1]
    )
    assert isinstance(verdict, Refusal)
    return verdict


def test_a_refusal_has_what_it_refuses_and_how_sure_the_model_was():
    unsure = refusal("  Evict\n the stale keys of the cache.  ", 0.25)
    assert (unsure.text, unsure.confidence) == ("Evict the stale keys of the cache.", 0.25)
    rejected = refusal("Evict the rabbits.")
    assert (rejected.reason, rejected.text) == (SkipReason.REJECTED, "Evict the rabbits.")
    assert rejected.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(
    "text", ["", "<b>Evict</b> it.", "- Evict\n- Drop", "Evict.\n\nDrop.", "Evict it." * 300]
)
def test_what_is_no_plain_text_is_not_quoted(text):
    assert refusal(text).text == ""
    assert refusal(text, 0.1).text == ""


def test_a_scored_text_has_its_probability_and_a_vetoed_one_has_none():
    weights = Weights(threshold=0.99, bias=0.0, features={})
    text = "Evict the stale keys of the cache."
    improbable = refusal(text, scores={"function": weights})
    assert (improbable.text, improbable.confidence) == (text, 0.5)
    vetoed = refusal("Evict the the cache.", scores={"function": weights})
    assert (vetoed.text, vetoed.confidence) == ("Evict the the cache.", None)


def target(name, line):
    definition = Definition(
        qualname=name, name=name, kind=Kind.FUNCTION, line=line, lines=(line, line + 3)
    )
    return Target(definition=definition)


def test_every_target_has_its_words_or_why_there_are_none():
    written, unwritable, unsure, unasked = (target(name, at) for at, name in enumerate("abcd", 1))
    skips = [
        unwritable.skip(SkipReason.UNWRITABLE, "it cannot be set"),
        unsure.skip(SkipReason.UNSURE, "not sure"),
        unasked.skip(SkipReason.TOO_LONG, "too long"),
    ]
    summaries = [
        (written, Summary(headline="Do a.", confidence=0.8)),
        (unwritable, Summary(headline="Do b.", confidence=0.7)),
    ]
    refusals = {
        unsure.place: Refusal(
            reason=SkipReason.UNSURE, detail="not sure", text="Do c.", confidence=0.2
        )
    }
    rows = [
        (each.qualname, each.sentence, each.confidence, each.withheld)
        for each in candidates(summaries, skips, refusals, "")
    ]
    assert rows == [
        ("a", "Do a.", 0.8, ""),
        ("b", "Do b.", 0.7, "it cannot be set"),
        ("c", "Do c.", 0.2, "not sure"),
        ("d", "", None, "too long"),
    ]


@pytest.mark.parametrize(
    ("skips", "error"),
    [
        ([Skip(reason=SkipReason.UNPARSABLE, detail="no Python")], ""),
        ([], "the syntax tree changed"),
    ],
)
def test_where_the_whole_file_is_given_up_nothing_is_written(skips, error):
    summaries = [(target("a", 1), Summary(headline="Do a.", confidence=0.8))]
    (one,) = candidates(summaries, skips, {}, error)
    why = error or skips[0].detail
    assert one == Candidate(qualname="a", line=1, sentence="Do a.", confidence=0.8, withheld=why)
