"""Complete many prompts at once in one llama.cpp context, the same way whatever shares it.

A prompt is decoded alone or with others of exactly its length, and each sequence has its own KV
stream, with flash attention. Measured that way (x86-64, 500 functions), text and log-probabilities
of docbot-tiny are equal to the last bit alone, in full batches, shuffled, and for any number of
slots or threads. With one KV cache for all sequences, or with prompts decoded among other
sequences' tokens, flash attention changed one to nine of 200 texts and 11 to 192 log-probabilities,
and was slower (models/LOG.md).
"""

from __future__ import annotations

from bisect import bisect
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from docbot.errors import ConfigError, ModelError
from docbot.llm.devices import free_cores
from docbot.llm.llama import DecodeRow, Engine, SlotPrompt
from docbot.llm.protocol import Score
from docbot.llm.sampling import draw, greedy
from docbot.llm.sequences import PendingPrompt, PromptQueue, SequenceGroup, TokenSequence, seeds
from docbot.parallel import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from typing_extensions import Self

    from docbot.config import Config
    from docbot.llm.protocol import Completion, Prompt
    from docbot.llm.weights import Weights


CELLS = 32_768
"""Tokens of KV cache in all: a long context means fewer slots, not more memory."""

TOKEN_CHARACTERS = 64
"""Characters of a long token; text beyond `keep` tokens of them never reaches the tokenizer."""

MOST_THREADS = 8
"""Threads unless the user sets another number: more have not been measured."""

MOST_SLOTS = 255
"""llama.cpp's 256 sequences less the one that holds the shared head."""

REFILL = 4
"""Free slots are filled when one in so many is free, so that several prompts start together."""

AHEAD = 256
"""Prompts to read ahead in bulk, where no deadline asks for fewer."""

MOST_CANDIDATES = 16
"""Sequences of one prompt, at most: it bounds their memory."""


def open_backend(weights: Weights, config: Config, *, ahead: int = 0) -> LlamaCpp:
    """Create the backend for these weights; it loads them when the first prompt comes.

    Args:
        weights: A checked model file.
        config: The user's settings.
        ahead: As in `LlamaCpp`; `AHEAD` where there is no deadline.

    """
    return LlamaCpp(
        weights.path,
        context=weights.context,
        max_tokens=config.max_tokens,
        threads=config.threads,
        gpu_layers=config.gpu_layers,
        candidates=config.candidates,
        ahead=ahead,
    )


class LlamaCpp:
    """A backend that runs one GGUF file with continuous batching.

    A slot whose sequence ends takes the next prompt. The completion is greedy; with `candidates`
    above 1, up to that many less one are sampled as well, with the prompt itself as the seed: the
    same prompt has the same candidates whichever prompts it is batched with. The file is loaded
    with the first prompt; `close` frees everything, and a later call loads the file again.

    Args:
        path: The GGUF file. A native parser reads it: check it first (`weights.resolve`).
        context: Tokens of one sequence, prompt and completion together.
        max_tokens: The most tokens of a completion.
        threads: How many threads decode; 0 to choose by the free cores.
        slots: How many sequences are decoded at once, where `CELLS` allows.
        candidates: How many completions a prompt gets at most, 1 to `MOST_CANDIDATES`.
        gpu_layers: The most layers on a GPU; -1 for no limit.
        ahead: How many prompts to pull before they are needed, so that those of one length are
            decoded together; at least as many as there are free slots are pulled.

    Raises:
        ConfigError: there are no, or too many, candidates.
        ModelError: the longest completion leaves no room for a prompt.

    """

    def __init__(  # noqa: PLR0913  each is a setting
        self,
        path: Path,
        *,
        context: int,
        max_tokens: int,
        threads: int = 0,
        slots: int = 32,
        candidates: int = 1,
        gpu_layers: int = -1,
        ahead: int = 0,
    ) -> None:
        if not 0 < max_tokens < context:
            raise ModelError(
                f"{path}: max-tokens {max_tokens} does not fit its context of {context} tokens; "
                f"choose 1 to {context - 1}"
            )
        if not 0 < candidates <= MOST_CANDIDATES:
            raise ConfigError(f"'candidates' must be 1 to {MOST_CANDIDATES}, got {candidates}")
        self._path = path
        self._context = context
        self._max_tokens = max_tokens
        self._threads = threads
        self._gpu_layers = gpu_layers
        self._slots = max(candidates, min(slots, CELLS // context, MOST_SLOTS))
        self._candidates = candidates
        self._ahead = ahead
        self._engine: Engine | None = None
        self._running = False

    def __enter__(self) -> Self:
        """Enter the context and return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the context."""
        self.close()

    def close(self) -> None:
        """Free the model and its context now, not at the next garbage collection."""
        if self._engine is not None:
            self._engine.free()
        self._engine = None

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        """Yield (position of the prompt, its completion) as sequences end.

        Prompts are pulled when a slot is free. A body that is too long is cut.

        Raises:
            ModelError: llama.cpp refuses the file, or the context cannot hold a prompt's head and
                tail.
            RuntimeError: another call of this object has not ended, or `close` was called while
                this one ran.

        """
        with self._turn():
            yield from self._stream(iter(prompts))

    def score(self, items: Iterable[tuple[Prompt, str]]) -> Iterator[tuple[int, Score]]:
        """Yield (position, score) for each pair of a prompt and a completion's text, in order.

        The score is how likely the model generates this text and then ends. Of a text that is too
        long, the first `max_tokens` tokens count. A prompt that comes several times in a row is
        decoded once. Nothing is generated: the score of a completion that the model has generated
        equals its `logprob` up to the last digits.

        Raises:
            ModelError: as for `complete`.
            RuntimeError: as for `complete`.

        """
        with self._turn():
            state: _SlotState | None = None
            engine: Engine | None = None
            for index, (prompt, text) in enumerate(items):
                engine = engine or self._ready()
                if state is None or state.prompt != prompt or not engine.rewind(0, state.length):
                    head, rest = self._tokens(engine, prompt)
                    (row,) = engine.prefill([SlotPrompt([0], head, rest)])
                    first = engine.logits(row).logprobs()
                    state = _SlotState(prompt=prompt, length=len(head) + len(rest), first=first)
                yield index, self._score_text(engine, state, text)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._running:
            raise RuntimeError("one complete() or score() at a time: it owns the context")
        self._running = True
        try:
            yield
        finally:
            self._running = False

    def _stream(self, prompts: Iterator[Prompt]) -> Iterator[tuple[int, Completion]]:
        first = next(prompts, None)
        if first is None:
            return
        engine = self._ready()
        pending = self._read(engine, chain([first], prompts))
        queue = PromptQueue(pending, self._ahead, engine.together)
        live: list[SequenceGroup] = []
        while True:
            busy = _pack(engine, live)
            if not live or (self._slots - busy) * REFILL >= self._slots:
                while batch := queue.take((self._slots - busy) // self._candidates):
                    live += self._start(engine, batch, busy)
                    busy += len(batch) * self._candidates
            for group in [group for group in live if not group.running]:
                live.remove(group)
                yield group.index, group.completion()
            if live:
                self._extend(engine, [one for group in live for one in group.running])
            elif queue.empty:
                return

    def _read(self, engine: Engine, prompts: Iterable[Prompt]) -> Iterator[PendingPrompt]:
        for index, prompt in enumerate(prompts):
            head, rest = self._tokens(engine, prompt)
            yield PendingPrompt(index=index, prompt=prompt, head=head, rest=rest)

    def _ready(self) -> Engine:
        """Load the engine if needed, and clear its KV cache."""
        if self._engine is None:
            self._engine = Engine(
                self._path,
                context=self._context,
                slots=self._slots,
                threads=self._threads or min(free_cores(usable_cores()), MOST_THREADS),
                gpu_layers=self._gpu_layers,
            )
        self._engine.clear()
        return self._engine

    def _start(
        self, engine: Engine, batch: Sequence[PendingPrompt], slot: int
    ) -> Iterator[SequenceGroup]:
        """Decode prompts of one length together, into slots from `slot` on."""
        starts = count(slot, self._candidates)
        prompts = [
            SlotPrompt(range(first, first + self._candidates), each.head, each.rest)
            for first, each in zip(starts, batch, strict=False)
        ]
        rows = engine.prefill(prompts)
        for pending, prompt, row in zip(batch, prompts, rows, strict=True):
            group = _begin(engine, pending, prompt.slots)
            for sequence in group.sequences:
                self._accept(engine, sequence, row)
            yield group

    def _extend(self, engine: Engine, running: list[TokenSequence]) -> None:
        """Generate one more token for every running sequence."""
        running.sort(key=lambda sequence: sequence.slot)
        engine.decode([DecodeRow(each.latest, each.position, each.slot) for each in running])
        for row, sequence in enumerate(running):
            sequence.position += 1
            self._accept(engine, sequence, row)

    def _accept(self, engine: Engine, sequence: TokenSequence, row: int) -> None:
        """Choose a token by the logits of a row, and append it to the sequence."""
        grammar = sequence.grammar
        logits = engine.logits(row)
        if sequence.seed:
            token = draw(logits, engine.end, sequence.point(), grammar)
        else:
            token = greedy(logits, engine.end, grammar)
        piece = engine.piece(token.id)
        if grammar is not None and piece is not None:
            grammar.accept(token.id)
        sequence.add(token, piece)
        sequence.done = sequence.ended or sequence.tokens >= self._max_tokens

    def _score_text(self, engine: Engine, state: _SlotState, text: str) -> Score:
        """Score a text and its end: the first stop text, or the end-of-generation token."""
        text = text[: self._max_tokens * TOKEN_CHARACTERS]
        stop = state.prompt.stop[0] if state.prompt.stop else ""
        end = engine.tokenize(stop, special=True) if stop else [engine.end]
        tokens = [*engine.tokenize(text, special=False), *end][: self._max_tokens]
        logprobs = [float(state.first[tokens[0]])]
        inputs, targets = tokens[:-1], tokens[1:]
        for start in range(0, len(inputs), engine.outputs):
            part = inputs[start : start + engine.outputs]
            position = state.length + start
            engine.decode([DecodeRow(token, position + i, 0) for i, token in enumerate(part)])
            logprobs += [
                engine.logits(row).logprob(targets[start + row]) for row in range(len(part))
            ]
        return Score(logprob=sum(logprobs), tokens=len(tokens), lowest=min(0.0, *logprobs))

    def _tokens(self, engine: Engine, prompt: Prompt) -> tuple[list[int], list[int]]:
        """Return the head's tokens and those of body and tail, cut so that a completion fits."""
        head, tail = engine.tokenize_once(prompt.head), engine.tokenize_once(prompt.tail)
        room = self._context - self._max_tokens - len(head) - len(tail)
        if room < 0:
            raise ModelError(
                f"{self._path}: its prompt takes {len(head) + len(tail)} tokens before any code, "
                f"too many for a context of {self._context} with max-tokens {self._max_tokens}; "
                "lower max-tokens or choose another model"
            )
        keep = max(0, min(prompt.keep, room))
        size = keep * TOKEN_CHARACTERS
        text = prompt.body[max(0, len(prompt.body) - size) :] if prompt.keep_end else prompt.body
        body = engine.tokenize(text[:size], special=False)
        if len(body) > keep and prompt.cuts:
            body = _longest_cut(engine, prompt, keep) or body
        body = body[max(0, len(body) - keep) :] if prompt.keep_end else body[:keep]
        if not (head or body or tail):
            return [], [engine.begin]
        return (head + body, tail) if prompt.shared and tail else (head, body + tail)


def _longest_cut(engine: Engine, prompt: Prompt, keep: int) -> list[int]:
    """Return the longest beginning of the body that ends at a cut and has at most `keep` tokens."""

    def tokens(cut: int) -> list[int]:
        return engine.tokenize(prompt.body[:cut], special=False)

    fits = bisect(prompt.cuts, keep, key=lambda cut: len(tokens(cut)))
    return tokens(prompt.cuts[fits - 1]) if fits else []


@dataclass(frozen=True, kw_only=True, slots=True)
class _SlotState:
    """The prompt in slot 0, its length, and the log-probabilities of its next token."""

    prompt: Prompt
    length: int
    first: Any


def _pack(engine: Engine, live: Iterable[SequenceGroup]) -> int:
    """Move running sequences so that their slots have no gaps; return how many run."""
    running = [sequence for group in live for sequence in group.running]
    busy = {sequence.slot for sequence in running}
    gaps = (slot for slot in range(len(running)) if slot not in busy)
    for sequence in running:
        if sequence.slot >= len(running):
            gap = next(gaps)
            engine.move(sequence.slot, gap)
            sequence.slot = gap
    return len(running)


def _begin(engine: Engine, pending: PendingPrompt, slots: Sequence[int]) -> SequenceGroup:
    """Create a prompt's sequences, before their first token."""
    tokens = pending.head + pending.rest
    stops = tuple(stop.encode() for stop in pending.prompt.stop if stop)
    sequences = [
        TokenSequence(
            slot=slot,
            position=len(tokens),
            stops=stops,
            seed=seed,
            grammar=engine.grammar(pending.prompt.grammar),
        )
        for slot, seed in zip(slots, [b"", *seeds(tokens, len(slots) - 1)], strict=True)
    ]
    return SequenceGroup(index=pending.index, sequences=sequences)
