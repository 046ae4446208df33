"""Inference: many prompts at once in one llama.cpp context, and the same answer whoever shares it.

Each prompt is decoded in a call of its own and each sequence has its own KV stream, with flash
attention: so measured (x86-64, 200 functions), text and log-probabilities of docbot-tiny are equal
to the last bit alone, in full batches, shuffled, and for any number of slots or threads. Flash
attention with one KV cache for all, or with prompts decoded among other sequences' tokens, changed
one to nine of 200 texts and 11 to 192 log-probabilities, and was slower (models/LOG.md).
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import weakref
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from docbot.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Self

    from docbot.config import Config
    from docbot.prompts import Prompt
    from docbot.weights import Weights

CELLS = 32_768  # tokens of KV cache in all: fewer slots for a long context, not more memory
UBATCH = 512  # fixed: another size is another order of summation, so another last digit
SHARED = 16  # a longer head is decoded once and copied; a copy moves a whole KV stream
TOKEN_CHARACTERS = 64  # more text than `keep` tokens of this length never reaches the tokenizer
MOST_THREADS = 8  # unless asked for: more have not been measured
MOST_SLOTS = 255  # llama.cpp's 256 sequences less the one that holds the shared head
LOG_ERROR = 4  # GGML_LOG_LEVEL_ERROR; the binding has no name for it
VOCABULARY_NONE = 0  # LLAMA_VOCAB_TYPE_NONE


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """A model's answer to one prompt.

    Attributes:
        text: As generated, special tokens removed, up to the stop text if there was one.
        logprob: Sum of the natural-log probabilities of the generated tokens, end token included.
        tokens: How many those are; at least one.
        ended: The model stopped by itself or at a stop text, not at `max_tokens`.

    """

    text: str
    logprob: float
    tokens: int
    ended: bool


class Backend(Protocol):
    """Whatever turns prompts into completions; a test's double is twenty lines."""

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        """Yield (position of the prompt in the iterable, its completion), in any order.

        Prompts are pulled lazily; results come as they finish.
        """


def open_backend(weights: Weights, config: Config) -> LlamaCpp:
    """The backend for these weights; nothing is loaded before the first prompt."""
    return LlamaCpp(
        weights.path,
        context=weights.context,
        max_tokens=config.max_tokens,
        threads=config.threads,
    )


class LlamaCpp:
    """Greedy continuous batching over one GGUF file: a slot that ends takes the next prompt.

    `path` goes to a native parser: check it first (`weights.resolve`). `context` counts one
    sequence's tokens, prompt and answer. Loading waits for the first prompt; `close` frees
    everything, and a later `complete` loads again.
    """

    def __init__(
        self, path: Path, *, context: int, max_tokens: int, threads: int = 0, slots: int = 32
    ) -> None:
        if not 0 < max_tokens < context:
            raise ModelError(
                f"{path}: max-tokens {max_tokens} does not fit its context of {context} tokens; "
                f"choose 1 to {context - 1}"
            )
        self._path = path
        self._context = context
        self._max_tokens = max_tokens
        self._threads = threads
        self._slots = max(1, min(slots, CELLS // context, MOST_SLOTS))
        self._engine: _Engine | None = None
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
            RuntimeError: another `complete` of this object has not ended, or `close` came first.

        """
        if self._running:
            raise RuntimeError("one complete() at a time: its sequences own the context")
        self._running = True
        try:
            yield from self._stream(iter(prompts))
        finally:
            self._running = False

    def _stream(self, prompts: Iterator[Prompt]) -> Iterator[tuple[int, Completion]]:
        live: dict[int, _Sequence] = {}
        waiting = enumerate(prompts)
        engine: _Engine | None = None
        while True:
            while len(live) < self._slots and (pulled := next(waiting, None)) is not None:
                engine = engine or self._ready()
                index, prompt = pulled
                slot = min(set(range(self._slots)) - live.keys())
                sequence = self._start(engine, slot, index, prompt)
                if sequence.done:
                    yield index, sequence.completion()
                else:
                    live[slot] = sequence
            if engine is None or not live:
                return
            running = [live[slot] for slot in sorted(live)]
            self._extend(engine, running)
            for sequence in running:
                if sequence.done:
                    del live[sequence.slot]
                    yield sequence.index, sequence.completion()

    def _ready(self) -> _Engine:
        """The engine, loaded if it is not yet, with nothing in its cache."""
        if self._engine is None:
            threads = self._threads or min(usable_cores(), MOST_THREADS)
            self._engine = _Engine(
                self._path, context=self._context, slots=self._slots, threads=threads
            )
        self._engine.clear()
        return self._engine

    def _start(self, engine: _Engine, slot: int, index: int, prompt: Prompt) -> _Sequence:
        head, rest = self._tokens(engine, prompt)
        stops = tuple(stop.encode() for stop in prompt.stop if stop)
        position = len(head) + len(rest)
        sequence = _Sequence(index=index, slot=slot, position=position, stops=stops)
        self._accept(engine, sequence, engine.prefill(slot, head, rest))
        return sequence

    def _extend(self, engine: _Engine, running: list[_Sequence]) -> None:
        """One more token for every running sequence."""
        for sequence, token in zip(running, engine.step(running), strict=True):
            sequence.position += 1
            self._accept(engine, sequence, token)

    def _accept(self, engine: _Engine, sequence: _Sequence, token: _Token) -> None:
        ended = engine.ends(token.id)
        sequence.add(token, b"" if ended else engine.piece(token.id), ended=ended)
        sequence.done = sequence.ended or sequence.tokens >= self._max_tokens

    def _tokens(self, engine: _Engine, prompt: Prompt) -> tuple[list[int], list[int]]:
        """The head's tokens, and those after it, cut so that the answer has room."""
        head = engine.tokenize(prompt.head, special=True)
        tail = engine.tokenize(prompt.tail, special=True)
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
        body = body[max(0, len(body) - keep) :] if prompt.keep_end else body[:keep]
        if not (head or body or tail):
            return [], [engine.begin]
        return head, body + tail


def usable_cores(
    cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> int:
    """Cores this process may use: its CPU affinity, and whole cores of its cgroup v2 quotas."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return cores
    groups = [Path(line[3:]) for line in lines if line.startswith("0::/")]
    for group in [each for found in groups for each in (found, *found.parents)]:
        try:
            quota, period = (cgroups / str(group).lstrip("/") / "cpu.max").read_text().split()
        except (OSError, ValueError):
            continue
        if quota != "max":
            cores = min(cores, max(1, int(quota) // int(period)))
    return cores


# One sequence


_Row = tuple[int, int, int]  # token, position, sequence


class _Token(NamedTuple):
    id: int
    logprob: float


@dataclass(slots=True)
class _Sequence:
    """A prompt that has a slot; `position` is where its latest token will be decoded."""

    index: int
    slot: int
    position: int
    stops: tuple[bytes, ...]
    latest: int = -1
    text: bytearray = field(default_factory=bytearray)
    logprob: float = 0.0
    tokens: int = 0
    ended: bool = False
    done: bool = False

    def add(self, token: _Token, piece: bytes, *, ended: bool) -> None:
        self.latest = token.id
        self.logprob += token.logprob
        self.tokens += 1
        self.text += piece
        found = [at for stop in self.stops if (at := self.text.find(stop)) >= 0]
        if found:
            del self.text[min(found) :]
        self.ended = ended or bool(found)

    def completion(self) -> Completion:
        return Completion(
            text=self.text.decode("utf-8", "replace"),
            logprob=self.logprob,
            tokens=self.tokens,
            ended=self.ended,
        )


# The native side


class _Engine:
    """One model and one context of `slots` sequences and the shared head, freed once.

    Sequence number `slots` holds that head.
    """

    def __init__(self, path: Path, *, context: int, slots: int, threads: int) -> None:
        self._llama, log, _ = _library()
        log.clear()
        self._path = path
        self._slots = slots
        self._shared: list[int] = []
        with ExitStack() as native:
            model = self._load(path)
            if model is None:
                reason = f" ({log[0]})" if log else ""
                raise ModelError(
                    f"{path}: llama.cpp cannot load this model{reason}; download it again or "
                    "choose another"
                )
            native.callback(self._llama.llama_model_free, model)
            self._vocab = self._llama.llama_model_get_vocab(model)
            self._size = self._llama.llama_vocab_n_tokens(self._vocab)
            speaks = self._llama.llama_vocab_type(self._vocab) != VOCABULARY_NONE
            if not speaks or self._llama.llama_model_has_encoder(model):
                raise ModelError(f"{path}: generates no text; choose a text-generation model")
            self.begin = max(self._llama.llama_vocab_bos(self._vocab), 0)
            self._context = self._open(model, context, threads)
            if self._context is None:
                raise ModelError(f"{path}: no memory for its context; choose a smaller model")
            native.callback(self._llama.llama_free, self._context)
            self._memory = self._llama.llama_get_memory(self._context)
            self._batch = self._llama.llama_batch_init(max(context, slots), 0, 1)
            native.callback(self._llama.llama_batch_free, self._batch)
            self.free = weakref.finalize(self, native.pop_all().close)

    def _load(self, path: Path) -> Any:
        params = self._llama.llama_model_default_params()
        params.load_mode = self._llama.LLAMA_LOAD_MODE_MMAP
        params.n_gpu_layers = -1 if self._llama.llama_supports_gpu_offload() else 0
        return self._llama.llama_model_load_from_file(os.fsencode(path), params)

    def _open(self, model: Any, context: int, threads: int) -> Any:
        params = self._llama.llama_context_default_params()
        params.n_seq_max = self._slots + 1
        params.n_ctx = context * params.n_seq_max
        params.n_batch = max(context, self._slots)
        params.n_ubatch = min(UBATCH, params.n_batch)
        params.n_outputs_max = params.n_seq_max  # else logits room for every prompt token
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = False
        params.flash_attn_type = self._llama.LLAMA_FLASH_ATTN_TYPE_ENABLED
        params.type_k = params.type_v = self._llama.GGML_TYPE_F16
        return self._llama.llama_init_from_model(model, params)

    def clear(self) -> None:
        """Forget every sequence, whatever state an interrupted run left them in."""
        self._llama.llama_memory_clear(self._memory, 0)
        self._shared = []

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Token ids; without `special`, the text of a control token is just text."""
        self._check()
        data = text.encode("utf-8", "replace")
        size = len(data) + 8  # a token is a byte or more; some vocabularies prefix a space
        ids = (ctypes.c_int32 * size)()
        count = self._llama.llama_tokenize(self._vocab, data, len(data), ids, size, 0, special)
        if count < 0:
            raise ModelError(f"{self._path}: its tokenizer refused a prompt; choose another model")
        return ids[:count]

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer, by the model file's own list."""
        return bool(self._llama.llama_vocab_is_eog(self._vocab, token))

    def piece(self, token: int) -> bytes:
        """The token's bytes, which may be part of a character; none for a control token."""
        buffer = ctypes.create_string_buffer(256)
        length = self._llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, 0)
        return buffer.raw[: max(length, 0)]

    def prefill(self, slot: int, head: list[int], rest: list[int]) -> _Token:
        """Decode a prompt in a call of its own; the first token of the answer."""
        tokens = head + rest
        last = len(tokens) - 1
        shared = head[:last] if len(head) > SHARED else []
        self._llama.llama_memory_seq_rm(self._memory, slot, -1, -1)
        if shared:
            self._share(shared)
            self._llama.llama_memory_seq_cp(self._memory, self._slots, slot, -1, -1)
        rows = [(tokens[at], at, slot) for at in range(len(shared), len(tokens))]
        self._decode(rows, wanted=rows[-1:])
        return self._sample(len(rows) - 1)

    def _share(self, head: list[int]) -> None:
        if head == self._shared:
            return
        self._shared = []
        self._llama.llama_memory_seq_rm(self._memory, self._slots, -1, -1)
        self._decode([(token, at, self._slots) for at, token in enumerate(head)], wanted=[])
        self._shared = head

    def step(self, running: list[_Sequence]) -> list[_Token]:
        """Decode the latest token of each sequence; the next one of each."""
        rows = [(each.latest, each.position, each.slot) for each in running]
        self._decode(rows, wanted=rows)
        return [self._sample(row) for row in range(len(rows))]

    def _decode(self, rows: list[_Row], *, wanted: list[_Row]) -> None:
        """Run the network over (token, position, sequence) rows; logits for the last `wanted`."""
        self._check()
        batch = self._batch
        batch.n_tokens = len(rows)
        silent = len(rows) - len(wanted)
        for row, (token, position, sequence) in enumerate(rows):
            batch.token[row] = token
            batch.pos[row] = position
            batch.n_seq_id[row] = 1
            batch.seq_id[row][0] = sequence
            batch.logits[row] = row >= silent
        code = self._llama.llama_decode(self._context, batch)
        if code:
            raise ModelError(
                f"{self._path}: llama.cpp stopped with code {code}; try a smaller context or model"
            )

    def _sample(self, row: int) -> _Token:
        """The most probable token after a row, and its natural-log probability."""
        import numpy as np

        pointer = self._llama.llama_get_logits_ith(self._context, row)
        if not pointer:
            raise ModelError(f"{self._path}: generates no text; choose a text-generation model")
        logits = np.ctypeslib.as_array(pointer, shape=(self._size,))
        token = int(logits.argmax())
        shifted = logits - logits[token]
        total = float(np.exp(shifted, out=shifted).sum(dtype=np.float64))
        if not math.isfinite(total):
            raise ModelError(f"{self._path}: computes no probabilities; download it again")
        return _Token(token, -math.log(total))

    def _check(self) -> None:
        if not self.free.alive:
            raise RuntimeError("the backend was closed while complete() was running")


@functools.cache
def _library() -> tuple[Any, list[str], Any]:
    """llama_cpp, its first complaint, and the callback that must outlive both.

    OpenMP threads that spin at a barrier wait for cores that other processes hold: two runs at
    once on two cores were ten times slower than with passive waiting, which costs a lone run about
    a tenth. The variable is read when the library is loaded, so no child process sees it.
    """
    waiting = os.environ.get("OMP_WAIT_POLICY")
    os.environ["OMP_WAIT_POLICY"] = waiting or "passive"
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(
            f"llama-cpp-python cannot be loaded ({error}); reinstall it with "
            "pip install --force-reinstall llama-cpp-python"
        ) from error
    finally:
        if waiting is None:
            del os.environ["OMP_WAIT_POLICY"]
    complaints: list[str] = []

    def keep_errors(level: int, text: bytes, _data: object) -> None:
        line = " ".join(text.decode("utf-8", "replace").split())
        if level == LOG_ERROR and not complaints and line.isprintable():
            complaints.append(line[:200])

    callback = llama_cpp.llama_log_callback(keep_errors)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp, complaints, callback
