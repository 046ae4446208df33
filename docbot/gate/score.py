"""Weigh a sentence's features to the probability that a strict reader would accept it.

A logistic regression, fitted to judgements of held-out packages (`docbot.distill.judge`) and stored
in `tables/scores.toml`: for each prompt format and task the weights of the features, each feature
less its mean and divided by its deviation.
"""

from __future__ import annotations

import functools
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).with_name("tables") / "scores.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """A fitted score.

    Attributes:
        bias: The log-odds of a sentence whose features are all average.
        threshold: The default of `min-confidence`: of what lies above, nine of ten were accepted.
        features: For each feature its mean, its deviation and its weight.

    """

    bias: float
    threshold: float
    features: Mapping[str, tuple[float, float, float]]

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability of acceptance, 0 to 1.

        Raises:
            KeyError: a feature of the table is missing.

        """
        odds = self.bias + sum(
            weight * (features[name] - mean) / deviation
            for name, (mean, deviation, weight) in self.features.items()
        )
        return 1 / (1 + math.exp(-max(min(odds, 30.0), -30.0)))


@functools.cache
def load_weights(path: Path = TABLE) -> dict[str, dict[str, Weights]]:
    """Read the fitted scores: for each prompt format, those of its tasks by the task's value."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        form: {
            task: Weights(
                bias=table["bias"],
                threshold=table["threshold"],
                features={name: tuple(row) for name, row in table["features"].items()},
            )
            for task, table in tasks.items()
        }
        for form, tasks in content.items()
    }
