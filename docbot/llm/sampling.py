"""Choose the next token from a row of logits, and compute log-probabilities.

Everything here is arithmetic on what `docbot.llm.llama.Engine.logits` returns; nothing calls
llama.cpp but the grammar that is passed in.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from docbot.llm.grammar import Grammar

TEMPERATURE, TOP_K, TOP_P = 0.8, 40, 0.95
"""Settings of `draw`: the tokens it draws from are few enough to keep nonsense out."""


class Token(NamedTuple):
    """A token and its natural-log probability under the model itself, however it was chosen."""

    id: int
    logprob: float


class Logits(NamedTuple):
    """The network's output after one row of a batch.

    Attributes:
        values: One float32 per token of the vocabulary, a view into llama.cpp's memory: valid until
            the next `decode`.
        best: The token with the largest value.
        log_total: Natural logarithm of the sum of `exp(value - values[best])` over all tokens.

    """

    values: Any
    best: int
    log_total: float

    @classmethod
    def of(cls, values: Any) -> Logits:
        """Find the best token and the sum; `log_total` is not finite for a broken model."""
        import numpy as np

        best = int(values.argmax())
        shifted = values - values[best]
        total = float(np.exp(shifted, out=shifted).sum())  # pairwise: off by 1e-7 at most
        return cls(values, best, math.log(total))

    def logprob(self, token: int) -> float:
        """Return the natural-log probability of a token."""
        return float(self.values[token] - self.values[self.best]) - self.log_total

    def logprobs(self) -> Any:
        """Return the natural-log probability of every token, an array of float64."""
        return (self.values - self.values[self.best]).astype("float64") - self.log_total


def greedy(logits: Logits, end: int, grammar: Grammar | None = None) -> Token:
    """Choose the most probable token that the grammar admits, or `end` where it admits none."""
    token = logits.best
    if grammar is not None and not grammar.admits(token):
        token = _likeliest(grammar.mask(logits.values), end)
    return Token(token, logits.logprob(token))


def draw(logits: Logits, end: int, point: float, grammar: Grammar | None = None) -> Token:
    """Draw one of the likeliest tokens that the grammar admits, by a random number.

    The probabilities are tempered by `TEMPERATURE`. Of the `TOP_K` likeliest tokens, it draws from
    the fewest whose share of the probability reaches `TOP_P`.

    Args:
        logits: The network's output.
        end: The token that ends a completion, for where the grammar admits none.
        point: The random number, from 0 to 1.
        grammar: None to admit every token.

    """
    import numpy as np

    admitted = logits.values if grammar is None else grammar.mask(logits.values)
    first = _likeliest(admitted, end)
    top = min(TOP_K, len(admitted))
    likely = np.flatnonzero(admitted >= np.partition(admitted, -top)[-top])
    likely = likely[np.argsort(-admitted[likely], kind="stable")]
    tempered = ((admitted[likely] - logits.values[first]) / TEMPERATURE).astype(np.float64)
    share = np.exp(tempered).cumsum()
    size = int(np.searchsorted(share, TOP_P * share[-1])) + 1
    place = int(np.searchsorted(share[:size], point * share[size - 1], side="right"))
    token = int(likely[min(place, size - 1)])
    if not math.isfinite(admitted[token]):
        token = first
    return Token(token, logits.logprob(token))


def _likeliest(values: Any, end: int) -> int:
    best = int(values.argmax())
    return best if math.isfinite(values[best]) else end
