"""Define what every backend takes and returns: prompts, completions, scores.

A backend turns prompts into completions. `docbot.llm.batching.LlamaCpp` runs a model,
`docbot.llm.completion_cache.CachedBackend` puts a cache in front of a backend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """A prompt in three parts: `head`, `body` and `tail` are sent in this order.

    Attributes:
        head: The beginning, where names of special tokens are read as tokens.
        body: The part that may be cut; special tokens are not read in it.
        tail: The end, where names of special tokens are read as tokens.
        keep: The most tokens of the body to send.
        keep_end: Whether to keep the last tokens of a body that is cut, instead of the first.
        stop: Texts that end the completion, besides the model's own end-of-generation tokens.
        cuts: Offsets in the body, ascending; a body whose first tokens are kept ends at one of
            them. Empty: it may end anywhere.
        grammar: What the completion may be, in GBNF with a rule called `root`; empty for no limit.
        shared: Whether the next prompts have the same head and body: these are then decoded once.

    """

    head: str
    body: str
    tail: str
    keep: int
    keep_end: bool = False
    stop: tuple[str, ...] = ()
    cuts: tuple[int, ...] = ()
    grammar: str = ""
    shared: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """A model's completion of one prompt.

    Attributes:
        text: As generated, without special tokens, up to the stop text if there was one.
        logprob: Sum of the natural-log probabilities of the generated tokens, end token included.
        tokens: How many tokens were generated; at least one.
        ended: Whether the model stopped by itself or at a stop text, not at `max_tokens`.
        lowest: The lowest natural-log probability of a generated token; 0 without one.
        others: Other completions of the same prompt, drawn at random; no two texts are equal.

    """

    text: str
    logprob: float
    tokens: int
    ended: bool
    lowest: float = 0.0
    others: tuple[Completion, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """The likelihood of a completion; the fields are as in `Completion`."""

    logprob: float
    tokens: int
    lowest: float = 0.0


class Backend(Protocol):
    """An object that turns prompts into completions; a test double takes twenty lines."""

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        """Yield (position of the prompt in the iterable, its completion), in any order.

        Prompts are pulled lazily, and completions are yielded as they end.
        """
