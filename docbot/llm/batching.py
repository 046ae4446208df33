"""Inference: many prompts at once in one llama.cpp context, and the same answer whoever shares it.

Prompts are decoded alone or with others of just their length, and each sequence has its own KV
stream, with flash attention: so measured (x86-64, 500 functions), text and log-probabilities of
docbot-tiny are equal to the last bit alone, in full batches, shuffled, and for any number of slots
or threads. Flash attention with one KV cache for all, or with prompts decoded among other
sequences' tokens, changed one to nine of 200 texts and 11 to 192 log-probabilities, and was slower
(models/LOG.md).
"""

from __future__ import annotations

from bisect import bisect
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any

from docbot.errors import ConfigError, ModelError
from docbot.llm.devices import free_cores
from docbot.llm.llama import Asked, DecodeRow, Engine, Token
from docbot.llm.protocol import Completion, Score
from docbot.parallel import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from typing_extensions import Self

    from docbot.config import Config
    from docbot.llm.grammar import Grammar
    from docbot.llm.protocol import Prompt
    from docbot.llm.weights import Weights


CELLS = 32_768  # tokens of KV cache in all: fewer slots for a long context, not more memory


TOKEN_CHARACTERS = 64  # more text than `keep` tokens of this length never reaches the tokenizer


MOST_THREADS = 8  # unless asked for: more have not been measured


MOST_SLOTS = 255  # llama.cpp's 256 sequences less the one that holds the shared head


REFILL = 4  # slots are given out again when one in so many is free: prompts then go in together


AHEAD = 256  # prompts read ahead in bulk, where a deadline does not ask for fewer


MOST_CANDIDATES = 16  # sequences of one prompt: what they cost in memory stays bounded


def open_backend(weights: Weights, config: Config, *, ahead: int = 0) -> LlamaCpp:
    """The backend for these weights; nothing is loaded before the first prompt.

    `ahead` as in `LlamaCpp`: `AHEAD` where there is no deadline.
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
    """Continuous batching over one GGUF file: a slot that ends takes the next prompt.

    `path` goes to a native parser: check it first (`weights.resolve`). `context` counts one
    sequence's tokens, prompt and answer. The answer is greedy; with `candidates` above 1 up to that
    many less one come with it, drawn with the prompt itself as the seed: the same prompt has the
    same candidates in any company. Up to `ahead` prompts are pulled before they are needed, so that
    those of one length are decoded together; otherwise as many as there are slots. Loading waits
    for the first prompt; `close` frees everything, and a later call loads again.

    Raises:
        ConfigError: there are no, or too many, candidates.
        ModelError: the longest answer leaves no room for a prompt.

    """

    def __init__(  # noqa: PLR0913  each is a setting of the user's
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
        """Free the model and its context now, not when the garbage collector comes by."""
        if self._engine is not None:
            self._engine.free()
        self._engine = None

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        """Yield (position, completion) as sequences end; prompts are pulled when a slot is free.

        Raises:
            ModelError: llama.cpp refuses the file, or the context cannot hold a prompt's head and
                tail; a long body is cut instead.
            RuntimeError: another call of this object has not ended, or `close` came first.

        """
        with self._turn():
            yield from self._stream(iter(prompts))

    def score(self, items: Iterable[tuple[Prompt, str]]) -> Iterator[tuple[int, Score]]:
        """Yield (position, how likely the prompt is answered by this text and its end), in order.

        The text is as a completion has it; of one that is too long the first `max_tokens` tokens
        count. A prompt that comes several times in a row is decoded once. Nothing is generated, so
        a completion's own text gets its `logprob` but for the last digits.

        Raises:
            ModelError: as for `complete`.
            RuntimeError: as for `complete`.

        """
        with self._turn():
            asked: _SlotState | None = None
            engine: Engine | None = None
            for index, (prompt, answer) in enumerate(items):
                engine = engine or self._ready()
                if asked is None or asked.prompt != prompt or not engine.rewind(0, asked.length):
                    head, rest = self._tokens(engine, prompt)
                    (row,) = engine.prefill([Asked([0], head, rest)])
                    first = engine.logprobs(row)
                    asked = _SlotState(prompt=prompt, length=len(head) + len(rest), first=first)
                yield index, self._scored(engine, asked, answer)

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
        asked = self._read(engine, chain([first], prompts))
        waiting = _Waiting(asked, self._ahead, engine.together)
        live: list[_Group] = []
        while True:
            taken = _pack(engine, live)
            if not live or (self._slots - taken) * REFILL >= self._slots:
                while questions := waiting.take((self._slots - taken) // self._candidates):
                    live += self._start(engine, questions, taken)
                    taken += len(questions) * self._candidates
            for group in [group for group in live if not group.running]:
                live.remove(group)
                yield group.index, group.completion()
            if live:
                self._extend(engine, [one for group in live for one in group.running])
            elif waiting.empty:
                return

    def _read(self, engine: Engine, prompts: Iterable[Prompt]) -> Iterator[_PendingPrompt]:
        for index, prompt in enumerate(prompts):
            head, rest = self._tokens(engine, prompt)
            yield _PendingPrompt(index=index, prompt=prompt, head=head, rest=rest)

    def _ready(self) -> Engine:
        """The engine, loaded if it is not yet, with nothing in its cache."""
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
        self, engine: Engine, questions: Sequence[_PendingPrompt], slot: int
    ) -> Iterator[_Group]:
        """Decode questions of one length together, and begin the answers, from a slot on."""
        starts = count(slot, self._candidates)
        asked = [
            Asked(range(first, first + self._candidates), each.head, each.rest)
            for first, each in zip(starts, questions, strict=False)
        ]
        rows = engine.prefill(asked)
        for question, each, row in zip(questions, asked, rows, strict=True):
            group = _begin(engine, question, each.slots)
            for sequence in group.sequences:
                self._accept(engine, sequence, row)
            yield group

    def _extend(self, engine: Engine, running: list[_Sequence]) -> None:
        """One more token for every running sequence."""
        running.sort(key=lambda sequence: sequence.slot)
        engine.decode([DecodeRow(each.latest, each.position, each.slot) for each in running])
        for row, sequence in enumerate(running):
            sequence.position += 1
            self._accept(engine, sequence, row)

    def _accept(self, engine: Engine, sequence: _Sequence, row: int) -> None:
        """Add the token chosen after a row."""
        grammar = sequence.grammar
        if sequence.seed:
            token = engine.draw(row, sequence.point(), grammar)
        else:
            token = engine.greedy(row, grammar)
        piece = engine.piece(token.id)
        if grammar is not None and piece is not None:
            grammar.accept(token.id)
        sequence.add(token, piece)
        sequence.done = sequence.ended or sequence.tokens >= self._max_tokens

    def _scored(self, engine: Engine, asked: _SlotState, answer: str) -> Score:
        text = answer[: self._max_tokens * TOKEN_CHARACTERS]
        tokens = [*engine.tokenize(text, special=False), engine.end][: self._max_tokens]
        logprob = float(asked.first[tokens[0]])
        known, wanted = tokens[:-1], tokens[1:]
        for start in range(0, len(known), engine.outputs):
            part = known[start : start + engine.outputs]
            at = asked.length + start
            engine.decode([DecodeRow(t, at + i, 0) for i, t in enumerate(part)])
            for row in range(len(part)):
                logprob += engine.logprob(row, wanted[start + row])
        return Score(logprob=logprob, tokens=len(tokens))

    def _tokens(self, engine: Engine, prompt: Prompt) -> tuple[list[int], list[int]]:
        """The head's tokens, and those after it, cut so that the answer has room."""
        head, tail = engine.fixed(prompt.head), engine.fixed(prompt.tail)
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
            body = _whole(engine, prompt, keep) or body
        body = body[max(0, len(body) - keep) :] if prompt.keep_end else body[:keep]
        if not (head or body or tail):
            return [], [engine.begin]
        return head, body + tail


def _whole(engine: Engine, prompt: Prompt, keep: int) -> list[int]:
    """The longest beginning of the body that ends where it may and has at most `keep` tokens."""

    def tokens(cut: int) -> list[int]:
        return engine.tokenize(prompt.body[:cut], special=False)

    fits = bisect(prompt.cuts, keep, key=lambda cut: len(tokens(cut)))
    return tokens(prompt.cuts[fits - 1]) if fits else []


@dataclass(frozen=True, kw_only=True, slots=True)
class _PendingPrompt:
    """A prompt and its place among all."""

    index: int
    prompt: Prompt
    head: list[int]
    rest: list[int]

    def alike(self, other: _PendingPrompt) -> bool:
        """Whether both are decoded in the same steps: equal heads, and as much after them."""
        return len(self.rest) == len(other.rest) and self.head == other.head


class _Waiting:
    """Questions read ahead, so that those of one length can be decoded together, oldest first.

    `together` is how many tokens one call decodes in one go: past it the network would see a part
    of a prompt, which is another order of summation.
    """

    def __init__(self, questions: Iterator[_PendingPrompt], ahead: int, together: int) -> None:
        self._questions = questions
        self._ahead = ahead
        self._together = together
        self._read: list[_PendingPrompt] = []
        self.empty = False

    def take(self, room: int) -> list[_PendingPrompt]:
        """The oldest question and those like it, at most `room`; none when there are no more."""
        if not room:
            return []
        missing = max(room, self._ahead) - len(self._read)
        self._read += islice(self._questions, max(missing, 0))
        self.empty = not self._read
        if self.empty:
            return []
        first = self._read[0]
        most = max(1, min(room, self._together // (len(first.head) + len(first.rest))))
        taken = list(islice((each for each in self._read if each.alike(first)), most))
        indices = {each.index for each in taken}
        self._read = [each for each in self._read if each.index not in indices]
        return taken


@dataclass(frozen=True, kw_only=True, slots=True)
class _SlotState:
    """A prompt that stands in slot 0, and the log-probabilities of what may follow it."""

    prompt: Prompt
    length: int
    first: Any


def _pack(engine: Engine, live: Iterable[_Group]) -> int:
    """Move running sequences so that their slots have no gaps; how many run."""
    running = [sequence for group in live for sequence in group.running]
    taken = {sequence.slot for sequence in running}
    gaps = (slot for slot in range(len(running)) if slot not in taken)
    for sequence in running:
        if sequence.slot >= len(running):
            gap = next(gaps)
            engine.move(sequence.slot, gap)
            sequence.slot = gap
    return len(running)


def _begin(engine: Engine, question: _PendingPrompt, slots: Sequence[int]) -> _Group:
    """The answers to a question before their first token."""
    tokens = question.head + question.rest
    stops = tuple(stop.encode() for stop in question.prompt.stop if stop)
    seeds = [b"", *_seeds(tokens, len(slots) - 1)]
    sequences = [
        _Sequence(
            slot=slot,
            position=len(tokens),
            stops=stops,
            seed=seed,
            grammar=engine.grammar(question.prompt.grammar),
        )
        for slot, seed in zip(slots, seeds, strict=True)
    ]
    return _Group(index=question.index, sequences=sequences)


def _seeds(tokens: list[int], count: int) -> Iterator[bytes]:
    """One seed a candidate, from what the model is given and nothing else."""
    content = b"".join(token.to_bytes(4, "little") for token in tokens)
    for number in range(count):
        yield blake2b(content, digest_size=16, salt=number.to_bytes(8, "little")).digest()


@dataclass(slots=True)
class _Sequence:
    """One answer in a slot; `position` is where its latest token will be decoded.

    An answer without a seed is the greedy one.
    """

    slot: int
    position: int
    stops: tuple[bytes, ...]
    seed: bytes = b""
    grammar: Grammar | None = None
    latest: int = -1
    text: bytearray = field(default_factory=bytearray)
    logprob: float = 0.0
    tokens: int = 0
    ended: bool = False
    done: bool = False

    def point(self) -> float:
        """The next random number, 0 to 1: a hash, so that it depends on seed and place alone."""
        drawn = blake2b(self.tokens.to_bytes(4, "little"), digest_size=8, key=self.seed).digest()
        return int.from_bytes(drawn, "little") / 2**64

    def add(self, token: Token, piece: bytes | None) -> None:
        """Take the next token; its piece is None where it ends the answer."""
        self.latest = token.id
        self.logprob += token.logprob
        self.tokens += 1
        self.text += piece or b""
        found = [at for stop in self.stops if (at := self.text.find(stop)) >= 0]
        if found:
            del self.text[min(found) :]
        self.ended = piece is None or bool(found)

    def completion(self) -> Completion:
        return Completion(
            text=self.text.decode("utf-8", "replace"),
            logprob=self.logprob,
            tokens=self.tokens,
            ended=self.ended,
        )


@dataclass(frozen=True, slots=True)
class _Group:
    """The sequences of one prompt, the greedy one first."""

    index: int
    sequences: list[_Sequence]

    @property
    def running(self) -> list[_Sequence]:
        return [sequence for sequence in self.sequences if not sequence.done]

    def completion(self) -> Completion:
        """The greedy answer, with those of the others that are neither it nor each other."""
        main, *drawn = [sequence.completion() for sequence in self.sequences]
        distinct = {other.text: other for other in reversed(drawn) if other.text != main.text}
        return replace(main, others=tuple(reversed(distinct.values())))
