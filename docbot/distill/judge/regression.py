"""Fit a logistic regression, and measure it on packages that it was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from docbot.gate.score import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RIDGES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Penalties on squared weights to try: the fewer judgements, the larger the one that is best."""

WANTED = 0.9
"""The share of what is written that a strict reader would accept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A judged sentence: its features, the verdict, and the package as the fold."""

    features: Mapping[str, float]
    accepted: bool
    fold: str


def fit(samples: Sequence[Sample], ridge: float) -> Weights:
    """Fit the weights by Newton's method; the threshold is 1 until it is chosen.

    Raises:
        ValueError: there are no samples.

    """
    if not samples:
        raise ValueError("no samples to fit a score to")
    names = sorted(samples[0].features)
    values = np.array([[sample.features[name] for name in names] for sample in samples])
    means, deviations = values.mean(axis=0), values.std(axis=0)
    deviations[deviations < 1e-9] = 1.0  # noqa: PLR2004 - a feature that never varies
    inputs = np.hstack([(values - means) / deviations, np.ones((len(samples), 1))])
    target = np.array([sample.accepted for sample in samples], dtype=float)
    penalty = np.diag([ridge] * len(names) + [0.0])
    weights = np.zeros(len(names) + 1)
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (predicted - target) + penalty @ weights
        curvature = (inputs.T * (predicted * (1 - predicted))) @ inputs + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), gradient)
        weights -= step
        if float(np.abs(step).max()) < 1e-9:  # noqa: PLR2004 - converged
            break
    rows = zip(means, deviations, weights[:-1], strict=True)
    return Weights(
        bias=float(weights[-1]),
        threshold=1.0,
        features={
            name: (float(mean), float(deviation), float(weight))
            for name, (mean, deviation, weight) in zip(names, rows, strict=True)
        },
    )


def choose_ridge(samples: Sequence[Sample]) -> float:
    """Return the penalty with the least Brier score on packages that are left out."""

    def loss(ridge: float) -> float:
        predicted = np.array(predict_by_fold(samples, ridge))
        accepted = np.array([sample.accepted for sample in samples], dtype=float)
        return float(((predicted - accepted) ** 2).mean())

    return min(RIDGES, key=loss)


def predict_by_fold(samples: Sequence[Sample], ridge: float) -> list[float]:
    """Return each sample's probability by a fit to all other packages."""
    weights = {
        fold: fit([sample for sample in samples if sample.fold != fold], ridge)
        for fold in {sample.fold for sample in samples}
    }
    return [weights[sample.fold].probability(sample.features) for sample in samples]


def auc(probabilities: Sequence[float], accepted: Sequence[bool]) -> float:
    """Return the chance that an accepted sentence has the higher probability; ties count half."""
    good = np.array([p for p, a in zip(probabilities, accepted, strict=True) if a])
    bad = np.array([p for p, a in zip(probabilities, accepted, strict=True) if not a])
    if not len(good) or not len(bad):
        return float("nan")
    above = good[:, None] > bad[None, :]
    ties = good[:, None] == bad[None, :]
    return float(above.mean() + ties.mean() / 2)


def choose_threshold(
    curve: Sequence[tuple[float, float, float]], wanted: float = WANTED
) -> tuple[float, float, float]:
    """Return the point of a curve with the lowest threshold whose precision suffices.

    A point is a threshold, a coverage and a precision; it is (1, 0, 0) where none is enough.
    """
    fitting = [point for point in curve if point[2] >= wanted]
    return min(fitting, key=lambda point: point[0], default=(1.0, 0.0, 0.0))


def summary(samples: Sequence[Sample], probabilities: Sequence[float]) -> dict[str, Any]:
    """Return the figures of a fit: counts, AUC, and the curve of precision and coverage."""
    from docbot.distill.evaluate.metrics import brier, calibration_error, coverage

    accepted = [sample.accepted for sample in samples]
    curve = coverage(probabilities, accepted)
    threshold, share, precision = choose_threshold(curve)
    return {
        "judged": len(samples),
        "accepted": sum(accepted),
        "auc": auc(probabilities, accepted),
        "brier": brier(probabilities, accepted),
        "calibration error": calibration_error(probabilities, accepted),
        "threshold": threshold,
        "coverage": share,
        "precision": precision,
        "curve": curve,
    }
