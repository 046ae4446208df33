"""TODO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """What a backend tokenises: special tokens are read in `head` and `tail`, never in `body`.

    At most `keep` tokens of the body are sent: its last ones when `keep_end`, else its first, and
    these end at one of the offsets in `cuts`, ascending, where there are any. `stop` lists texts
    that end the answer besides the model's own end-of-generation tokens; `grammar`, in GBNF with a
    rule called `root`, says what the answer may be.
    """

    head: str
    body: str
    tail: str
    keep: int
    keep_end: bool = False
    stop: tuple[str, ...] = ()
    cuts: tuple[int, ...] = ()
    grammar: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """A model's answer to one prompt.

    Attributes:
        text: As generated, special tokens removed, up to the stop text if there was one.
        logprob: Sum of the natural-log probabilities of the generated tokens, end token included.
        tokens: How many those are; at least one.
        ended: The model stopped by itself or at a stop text, not at `max_tokens`.
        others: Other answers to the same prompt, drawn at random; no two texts are the same.

    """

    text: str
    logprob: float
    tokens: int
    ended: bool
    others: tuple[Completion, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How likely a given answer is; `logprob` and `tokens` as in `Completion`."""

    logprob: float
    tokens: int


class Backend(Protocol):
    """Whatever turns prompts into completions; a test's double is twenty lines."""

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        """Yield (position of the prompt in the iterable, its completion), in any order.

        Prompts are pulled lazily; results come as they finish.
        """
