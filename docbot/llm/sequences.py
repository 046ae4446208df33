"""Keep track of the prompts that wait for a slot, and of the sequences that are being generated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from docbot.llm.protocol import Completion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docbot.llm.grammar import Grammar
    from docbot.llm.protocol import Prompt
    from docbot.llm.sampling import Token


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingPrompt:
    """A prompt that waits for a slot.

    Attributes:
        index: Its position among all prompts.
        prompt: As the caller passed it.
        head: Tokens of its head.
        rest: Tokens of its body, cut to fit, and of its tail.

    """

    index: int
    prompt: Prompt
    head: list[int]
    rest: list[int]

    def shares_steps(self, other: PendingPrompt) -> bool:
        """Check whether both can be decoded in one call: equal heads and equal lengths."""
        return len(self.rest) == len(other.rest) and self.head == other.head


class PromptQueue:
    """Prompts read ahead, so that those of one length can be decoded together, oldest first.

    Args:
        prompts: Where they come from; read lazily.
        ahead: How many prompts to read ahead.
        together: The most tokens that may be decoded in one call. Past that, llama.cpp would run
            the network over a part of a prompt, which is another order of summation.

    """

    def __init__(self, prompts: Iterator[PendingPrompt], ahead: int, together: int) -> None:
        self._prompts = prompts
        self._ahead = ahead
        self._together = together
        self._waiting: list[PendingPrompt] = []
        self.empty = False

    def take(self, room: int) -> list[PendingPrompt]:
        """Remove the oldest prompt and those that share its steps, at most `room` of them.

        The list is empty when `room` is 0 or no prompts are left; the latter sets `empty`.
        """
        if not room:
            return []
        missing = max(room, self._ahead) - len(self._waiting)
        self._waiting += islice(self._prompts, max(missing, 0))
        self.empty = not self._waiting
        if self.empty:
            return []
        first = self._waiting[0]
        most = max(1, min(room, self._together // (len(first.head) + len(first.rest))))
        batch = list(islice((each for each in self._waiting if each.shares_steps(first)), most))
        indices = {each.index for each in batch}
        self._waiting = [each for each in self._waiting if each.index not in indices]
        return batch


@dataclass(slots=True)
class TokenSequence:
    """A completion that is being generated in a slot.

    Attributes:
        slot: Number of its sequence in the context.
        position: Where its latest token will be decoded.
        stops: Texts, in UTF-8, that end the completion.
        seed: Key of its random numbers; empty for the greedy completion.
        grammar: State of its grammar; None without one.
        latest: The latest token, -1 before the first.
        text: The bytes generated, up to the stop text.
        logprob: Sum of the tokens' natural-log probabilities.
        lowest: The lowest of them; 0 before the first token.
        tokens: How many tokens were generated.
        ended: Whether the model or a stop text ended it.
        done: Whether no more tokens are wanted.

    """

    slot: int
    position: int
    stops: tuple[bytes, ...]
    seed: bytes = b""
    grammar: Grammar | None = None
    latest: int = -1
    text: bytearray = field(default_factory=bytearray)
    logprob: float = 0.0
    lowest: float = 0.0
    tokens: int = 0
    ended: bool = False
    done: bool = False

    def point(self) -> float:
        """Return the next random number, from 0 to 1.

        It is a hash, so that it depends on nothing but the seed and the number of tokens.
        """
        digest = blake2b(self.tokens.to_bytes(4, "little"), digest_size=8, key=self.seed).digest()
        return int.from_bytes(digest, "little") / 2**64

    def add(self, token: Token, piece: bytes | None) -> None:
        """Append a token with its bytes, which are None where it ends the completion."""
        self.latest = token.id
        self.logprob += token.logprob
        self.lowest = min(self.lowest, token.logprob)
        self.tokens += 1
        self.text += piece or b""
        places = [place for stop in self.stops if (place := self.text.find(stop)) >= 0]
        if places:
            del self.text[min(places) :]
        self.ended = piece is None or bool(places)

    def completion(self) -> Completion:
        """Return the completion generated so far."""
        return Completion(
            text=self.text.decode("utf-8", "replace"),
            logprob=self.logprob,
            tokens=self.tokens,
            ended=self.ended,
            lowest=self.lowest,
        )


@dataclass(frozen=True, slots=True)
class SequenceGroup:
    """The sequences of one prompt, the greedy one first; `index` is that of the prompt."""

    index: int
    sequences: list[TokenSequence]

    @property
    def running(self) -> list[TokenSequence]:
        """List the sequences that are not done."""
        return [sequence for sequence in self.sequences if not sequence.done]

    def completion(self) -> Completion:
        """Return the greedy completion with the distinct sampled ones."""
        main, *samples = [sequence.completion() for sequence in self.sequences]
        distinct = {other.text: other for other in reversed(samples) if other.text != main.text}
        return replace(main, others=tuple(reversed(distinct.values())))


def seeds(tokens: list[int], count: int) -> Iterator[bytes]:
    """Yield one seed per sampled candidate, from the prompt's tokens and nothing else."""
    content = b"".join(token.to_bytes(4, "little") for token in tokens)
    for number in range(count):
        yield blake2b(content, digest_size=16, salt=number.to_bytes(8, "little")).digest()
