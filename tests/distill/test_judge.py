"""Judgements and the score that is fitted to them."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

pytest.importorskip("numpy")

from pathlib import PurePosixPath

from docbot.config import KINDS, Config
from docbot.distill.evaluate.heldout import _of_file
from docbot.distill.judge import fit as fit_step
from docbot.distill.judge.judgements import read_judgements, write_judgements
from docbot.distill.judge.regression import (
    Sample,
    auc,
    choose_ridge,
    choose_threshold,
    fit,
    predict_by_fold,
    summary,
)
from docbot.distill.judge.sample import draw, judgement_of, sheet_entry
from docbot.errors import DocbotError
from docbot.gate.features import Likelihood
from docbot.gate.score import load_weights
from docbot.gate.sentence import Refusal
from docbot.prompt.task import Task

SOURCE = b'''\
class Cache:
    """Entries by key."""

    def evict(self, older_than):
        """Remove the entries older than a time.

        Args:
            older_than: The time that entries are compared with.
        """
        for key, entry in list(self.entries.items()):
            if entry.used < older_than:
                del self.entries[key]

    def clear(self):
        """Remove all entries of the cache."""
        self.entries.clear()
        self.sizes.clear()
'''

GOOD = json.dumps(
    {"package": "a", "version": "1", "path": "a.py", "qualname": "f", "line": 1,
     "task": "function", "sentence": "Do it.", "verdict": "good"}
)  # fmt: skip
LIKELY = Likelihood(mean=-0.2, lowest=-1.0)


def questions(package="caches"):
    config = replace(Config(), kinds=KINDS)
    return list(_of_file(package, PurePosixPath("caches/cache.py"), SOURCE, config))


def judgement(question, sentence="Remove the old entries.", **changes):
    return replace(judgement_of(question, sentence, "1.0"), **changes)


def samples(count, seed=0, packages=("a", "b", "c", "d")):
    """Sentences that are accepted if `good` is high; `noise` says nothing, `name` the package."""
    rng = random.Random(seed)
    found = []
    for at in range(count):
        good = rng.gauss(0, 1)
        package = packages[at % len(packages)]
        features = {"good": good, "noise": rng.gauss(0, 1), "name": float(ord(package))}
        accepted = good + rng.gauss(0, 0.5) > 0
        found.append(Sample(features=features, accepted=accepted, fold=package))
    return found


def test_a_fit_finds_the_feature_that_counts():
    weights = fit(samples(400), ridge=3.0)
    strength = {name: abs(weight) for name, (_, _, weight) in weights.features.items()}
    assert strength["good"] > 5 * max(strength["noise"], strength["name"])
    assert weights.features["good"][2] > 1
    likely = weights.probability({"good": 2.0, "noise": 0.0, "name": 98.0})
    unlikely = weights.probability({"good": -2.0, "noise": 0.0, "name": 98.0})
    assert likely > 0.9
    assert unlikely < 0.1


def test_a_package_is_judged_by_the_others_alone():
    """A package's own verdicts cannot help it: here they are the opposite of the others'."""
    odd = [replace(one, fold="z", accepted=not one.accepted) for one in samples(80, seed=1)]
    both = samples(320) + odd
    predicted = predict_by_fold(both, ridge=10.0)
    own = [(p, one.accepted) for p, one in zip(predicted, both, strict=True) if one.fold == "z"]
    others = [(p, one.accepted) for p, one in zip(predicted, both, strict=True) if one.fold != "z"]
    assert auc(*zip(*own, strict=True)) < 0.2
    assert auc(*zip(*others, strict=True)) > 0.85


def test_few_samples_with_many_features_get_a_large_penalty():
    rng = random.Random(5)
    noise = [
        Sample(
            features={f"n{at}": rng.gauss(0, 1) for at in range(40)},
            accepted=rng.random() < 0.15, fold="abcdef"[each % 6],
        )
        for each in range(60)
    ]  # fmt: skip
    assert choose_ridge(noise) > choose_ridge(samples(400))


def test_auc_counts_ties_half():
    assert auc([0.9, 0.1], [True, False]) == 1.0
    assert auc([0.5, 0.5], [True, False]) == 0.5
    assert auc([0.1, 0.9], [True, False]) == 0.0


def test_the_threshold_is_the_lowest_that_is_precise_enough():
    curve = [(0.9, 0.1, 1.0), (0.7, 0.3, 0.92), (0.5, 0.5, 0.8)]
    assert choose_threshold(curve) == (0.7, 0.3, 0.92)
    assert choose_threshold(curve, wanted=0.99) == (0.9, 0.1, 1.0)
    assert choose_threshold([(0.5, 0.5, 0.8)]) == (1.0, 0.0, 0.0)


def test_a_summary_has_the_figures_of_the_curve():
    drawn = samples(400)
    figures = summary(drawn, predict_by_fold(drawn, ridge=3.0))
    assert (figures["judged"], figures["accepted"]) == (400, sum(one.accepted for one in drawn))
    assert figures["precision"] >= 0.9
    assert 0.2 < figures["coverage"] < 0.7
    assert figures["auc"] > 0.85


def test_judgements_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "judgements.jsonl"
    written = [judgement(one, verdict="vague") for one in questions()]
    write_judgements(path, written)
    assert read_judgements(path) == written
    assert "code" not in json.loads(path.read_text().splitlines()[0])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        (GOOD, "line 1: the verdict must be one of accept, vague, wrong, got 'good'"),
        ('{"x": 1}', "line 1: is no judgement"),
        ("no json", "line 1: is no judgement"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "judgements.jsonl"
    if content is not None:
        path.write_text(content + "\n")
    with pytest.raises(DocbotError, match=sentence):
        read_judgements(path)


def test_a_draw_is_even_among_packages_and_the_same_again():
    many = [replace(one, package=name) for name in ("a", "b", "c") for one in questions() * 5]
    many += [replace(one, package="rare") for one in questions()]
    drawn = list(draw(many, {Task.FUNCTION: 8, Task.PARAM: 0}, seed=1))
    assert [one.slot.task for one in drawn] == [Task.FUNCTION] * 8
    packages = [one.package for one in drawn]
    assert {name: packages.count(name) for name in set(packages)} == dict.fromkeys(
        ("a", "b", "c", "rare"), 2
    )
    assert drawn == list(draw(many, {Task.FUNCTION: 8, Task.PARAM: 0}, seed=1))


def test_a_sheet_shows_code_and_sentence_and_no_docstring():
    (evict,) = (
        one for one in questions()
        if one.definition.name == "evict" and one.slot.task is Task.FUNCTION
    )  # fmt: skip
    entry = sheet_entry(7, evict, judgement(evict))
    assert entry.startswith("=== 7  caches caches/cache.py  Cache.evict\n")
    assert entry.endswith(">>> function: Remove the old entries.\n")
    assert "del self.entries[key]" in entry
    assert "older than a time" not in entry


def test_a_judgement_finds_its_question_again():
    asked = questions()
    pairs = fit_step.match([judgement(one) for one in asked], asked)
    assert [question for _, question in pairs] == asked
    with pytest.raises(DocbotError, match=r"no wheel has Cache\.lost in caches/cache\.py"):
        fit_step.match([judgement(asked[0], qualname="Cache.lost")], asked)


def test_a_vetoed_sentence_has_no_features():
    (clear,) = (one for one in questions() if one.definition.name == "clear")
    good = fit_step.features_of_judgement(judgement(clear), clear, LIKELY)
    assert not isinstance(good, Refusal)
    assert good["mean"] == LIKELY.mean
    bad = judgement(clear, "Yield the entries.")
    assert isinstance(fit_step.features_of_judgement(bad, clear, LIKELY), Refusal)
    unlikely = Likelihood(mean=-2.0, lowest=-5.0)
    sure = judgement(clear, "Clear the entries of the cache.")
    assert fit_step.passes_rules(sure, clear, LIKELY)
    assert not fit_step.passes_rules(sure, clear, unlikely)


def test_the_table_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "scores.toml"
    weights = replace(fit(samples(200), ridge=3.0), threshold=0.8125)
    fit_step.write_scores(path, {"lines": {"function": weights}})
    read = load_weights(path)["lines"]["function"]
    assert read.threshold == 0.8125
    features = {"good": 1.0, "noise": -1.0, "name": 97.0}
    assert read.probability(features) == pytest.approx(weights.probability(features), abs=1e-3)
