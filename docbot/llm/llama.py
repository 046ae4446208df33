"""The native side of inference: one GGUF file, one llama.cpp context, its tokens and its logits.

Whatever is said to llama.cpp is said here; `backend` decides what is asked and when. Every call and
its order is part of what makes an answer the same to the last bit in any company (models/LOG.md).
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import signal
import weakref
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from docbot.errors import ModelError
from docbot.llm.devices import Size, layers_that_fit
from docbot.llm.grammar import Grammar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

UBATCH = 512  # fixed: another size is another order of summation, so another last digit
HEAD_WIDTH = 128  # of an attention head, at least: what Qwen3 has whatever its embedding
SHARED = 16  # a longer head is decoded once and copied; a copy moves a whole KV stream
LOG_ERROR = 4  # GGML_LOG_LEVEL_ERROR; the binding has no name for it
DEVICE_GPU = 1  # GGML_BACKEND_DEVICE_TYPE_GPU: not the CPU, not a part of it
VOCABULARY_NONE = 0  # LLAMA_VOCAB_TYPE_NONE
FIXED = 64  # texts of which the tokens are kept: a format has a handful
TEMPERATURE, TOP_K, TOP_P = 0.8, 40, 0.95
"""How `Engine.draw` draws: from the likeliest tokens, few enough that nonsense stays out."""


class DecodeRow(NamedTuple):
    """One token to be decoded, at a position of a sequence; logits are computed where `wanted`."""

    token: int
    position: int
    sequence: int
    wanted: bool = True


class Asked(NamedTuple):
    """A prompt in tokens, and the slots that get it; prompts with one head share its work."""

    slots: Sequence[int]
    head: list[int]
    rest: list[int]


class Token(NamedTuple):
    """A token and its natural-log probability under the model itself, however it was chosen."""

    id: int
    logprob: float


class Engine:
    """One model and one context of `slots` sequences and the shared head, freed once.

    Sequence number `slots` holds that head. `begin` and `end` are the tokens that open a text that
    would be empty and that end an answer; `outputs` is how many rows of a call may have logits,
    `together` how many tokens several prompts may have in one.

    Of the layers as many as fit go to a GPU where llama.cpp was built for one, and no more than
    `gpu_layers` unless that is -1.

    Raises:
        ModelError: llama.cpp refuses the file, or stops in the middle.

    """

    def __init__(
        self, path: Path, *, context: int, slots: int, threads: int, gpu_layers: int = -1
    ) -> None:
        self._llama, *_ = library()
        self._path = path
        self._slots = slots
        self._shared: list[int] = []
        self._fixed: dict[str, list[int]] = {}
        self._pieces: dict[int, bytes | None] = {}
        with ExitStack() as native, listening() as log:
            model = self._load(path, context * (slots + 1), gpu_layers)
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
            turn = self._llama.llama_vocab_eot(self._vocab)
            self.end = max(turn if turn >= 0 else self._llama.llama_vocab_eos(self._vocab), 0)
            self.outputs = slots + 1
            # What a recurrent layer remembers is no list of cells: a prefix of it cannot be shared.
            self.copies = not (
                self._llama.llama_model_is_recurrent(model)
                or self._llama.llama_model_is_hybrid(model)
            )
            self._context = self._open(model, context, threads)
            if self._context is None:
                raise ModelError(f"{path}: no memory for its context; choose a smaller model")
            native.callback(self._llama.llama_free, self._context)
            self._memory = self._llama.llama_get_memory(self._context)
            self.together = self._llama.llama_n_ubatch(self._context) if self.copies else 1
            self._batch = self._llama.llama_batch_init(max(context, slots), 0, 1)
            native.callback(self._llama.llama_batch_free, self._batch)
            self.free = weakref.finalize(self, native.pop_all().close)

    def _load(self, path: Path, cells: int, gpu_layers: int) -> Any:
        """The model on the CPU; where a GPU has room, once more with layers on it."""
        params = self._llama.llama_model_default_params()
        params.load_mode = self._llama.LLAMA_LOAD_MODE_MMAP
        params.n_gpu_layers = 0
        model = self._llama.llama_model_load_from_file(os.fsencode(path), params)
        free = gpu_memory() if model is not None and gpu_layers else 0
        layers = layers_that_fit(self._measure(model, cells), free, gpu_layers) if free else 0
        if layers:
            self._llama.llama_model_free(model)
            params.n_gpu_layers = layers
            model = self._llama.llama_model_load_from_file(os.fsencode(path), params)
        return model

    def _measure(self, model: Any, cells: int) -> Size:
        """What a model takes with a KV cache of so many cells."""
        layers = self._llama.llama_model_n_layer(model)
        heads = self._llama.llama_model_n_head(model)
        width = self._llama.llama_model_n_embd(model) // heads if heads else 0
        width = max(width, HEAD_WIDTH) * self._llama.llama_model_n_head_kv(model)
        return Size(
            layers=layers + 1,
            tensors=self._llama.llama_model_size(model),
            cache=2 * 2 * cells * layers * width,  # keys and values, in float16
        )

    def _open(self, model: Any, context: int, threads: int) -> Any:
        params = self._llama.llama_context_default_params()
        params.n_seq_max = self._slots + 1
        params.n_ctx = context * params.n_seq_max
        params.n_batch = max(context, self._slots)
        params.n_ubatch = min(UBATCH, params.n_batch)
        params.n_outputs_max = self.outputs  # else logits room for every prompt token
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

    def fixed(self, text: str) -> list[int]:
        """Token ids of a part that many prompts share, special ones included; not to be changed."""
        self._check()
        if text not in self._fixed:
            if len(self._fixed) > FIXED:
                self._fixed.clear()
            self._fixed[text] = self.tokenize(text, special=True)
        return self._fixed[text]

    def piece(self, token: int) -> bytes | None:
        """The token's bytes, which may be part of a character; none for a control token.

        None for a token that ends an answer, by the model file's own list.
        """
        if token not in self._pieces:
            self._pieces[token] = self._piece(token)
        return self._pieces[token]

    def _piece(self, token: int) -> bytes | None:
        if self._llama.llama_vocab_is_eog(self._vocab, token):
            return None
        buffer = ctypes.create_string_buffer(256)
        length = self._llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, 0)
        return buffer.raw[: max(length, 0)]

    def prefill(self, asked: Sequence[Asked]) -> list[int]:
        """Give slots their prompts; of each prompt the row whose logits are the answers' first.

        Several prompts have one head, one length, and no more than `together` tokens in all. They
        are decoded in one call, with each other only; a prompt is decoded once, and copied to its
        other slots, where the model `copies`.
        """
        if not self.copies:
            ((slots, head, rest),) = asked
            for slot in slots:
                rows = self._prefill([(slot, head, rest)])
            return rows
        rows = self._prefill([(slots[0], head, rest) for slots, head, rest in asked])
        for slots, _, _ in asked:
            for slot in slots[1:]:
                self._copy(slots[0], slot)
        return rows

    def _prefill(self, prompts: Sequence[tuple[int, list[int], list[int]]]) -> list[int]:
        _, head, rest = prompts[0]
        last = len(head) + len(rest) - 1
        shared = head[:last] if len(head) > SHARED and self.copies else []
        if shared:
            self._share(shared)
        rows: list[DecodeRow] = []
        wanted = []
        for slot, head, rest in prompts:
            if shared:
                self._copy(self._slots, slot)
            else:
                self._llama.llama_memory_seq_rm(self._memory, slot, -1, -1)
            tokens = head + rest
            rows += [
                DecodeRow(tokens[at], at, slot, at == last)
                for at in range(len(shared), len(tokens))
            ]
            wanted.append(len(rows) - 1)
        self.decode(rows)
        return wanted

    def move(self, slot: int, other: int) -> None:
        """Let a sequence go on in another slot, which is free; the one it leaves is free then."""
        self._copy(slot, other)
        self._llama.llama_memory_seq_rm(self._memory, slot, -1, -1)

    def _copy(self, slot: int, other: int) -> None:
        """Give another sequence what this one has decoded."""
        self._llama.llama_memory_seq_rm(self._memory, other, -1, -1)
        self._llama.llama_memory_seq_cp(self._memory, slot, other, -1, -1)

    def rewind(self, slot: int, position: int) -> bool:
        """Forget a sequence from `position` on; False where the model's memory cannot."""
        return bool(self._llama.llama_memory_seq_rm(self._memory, slot, position, -1))

    def _share(self, head: list[int]) -> None:
        if head == self._shared:
            return
        self._shared = []
        self._llama.llama_memory_seq_rm(self._memory, self._slots, -1, -1)
        self.decode([DecodeRow(t, at, self._slots, wanted=False) for at, t in enumerate(head)])
        self._shared = head

    def decode(self, rows: Sequence[DecodeRow]) -> None:
        """Run the network over the rows; logits for those `wanted`, at most `outputs`.

        Sequences whose numbers follow each other are worked on at once; each gap among the numbers
        is another pass (sixteen tokens took four times as long in every second slot).
        """
        self._check()
        batch = self._batch
        batch.n_tokens = len(rows)
        for row, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[row] = token
            batch.pos[row] = position
            batch.n_seq_id[row] = 1
            batch.seq_id[row][0] = sequence
            batch.logits[row] = wanted
        code = self._llama.llama_decode(self._context, batch)
        if code:
            raise ModelError(
                f"{self._path}: llama.cpp stopped with code {code}; try a smaller context or model"
            )

    def grammar(self, text: str) -> Grammar | None:
        """The grammar of one answer, at its beginning; None for a text that is empty.

        Raises:
            ModelError: the text is no grammar.

        """
        return Grammar(self._llama, self._vocab, text) if text else None

    def greedy(self, row: int, grammar: Grammar | None = None) -> Token:
        """The most probable token after a row of the last `decode`, of those that may come."""
        logits, best, total = self._logits(row)
        token = best
        if grammar is not None and not grammar.admits(best):
            token = self._likeliest(grammar.mask(logits))
        return Token(token, float(logits[token] - logits[best]) - total)

    def draw(self, row: int, point: float, grammar: Grammar | None = None) -> Token:
        """The token at `point`, 0 to 1, of the tempered probabilities of the likeliest few."""
        import numpy as np

        logits, best, total = self._logits(row)
        may = logits if grammar is None else grammar.mask(logits)
        first = self._likeliest(may)
        top = min(TOP_K, self._size)
        likely = np.flatnonzero(may >= np.partition(may, -top)[-top])
        likely = likely[np.argsort(-may[likely], kind="stable")]
        tempered = ((may[likely] - logits[first]) / TEMPERATURE).astype(np.float64)
        share = np.exp(tempered).cumsum()
        kept = int(np.searchsorted(share, TOP_P * share[-1])) + 1
        place = int(np.searchsorted(share[:kept], point * share[kept - 1], side="right"))
        token = int(likely[min(place, kept - 1)])
        if not math.isfinite(may[token]):
            token = first
        return Token(token, float(logits[token] - logits[best]) - total)

    def _likeliest(self, logits: Any) -> int:
        """The largest one's place; where nothing may come, the end of the answer."""
        best = int(logits.argmax())
        return best if math.isfinite(logits[best]) else self.end

    def logprob(self, row: int, token: int) -> float:
        """The natural-log probability of a token after a row."""
        logits, best, total = self._logits(row)
        return float(logits[token] - logits[best]) - total

    def logprobs(self, row: int) -> Any:
        """The natural-log probability of every token after a row, an array of doubles."""
        logits, best, total = self._logits(row)
        return (logits - logits[best]).astype("float64") - total

    def _logits(self, row: int) -> tuple[Any, int, float]:
        """A row's logits, the largest one's place, and the log of the sum of all relative to it."""
        import numpy as np

        pointer = self._llama.llama_get_logits_ith(self._context, row)
        if not pointer:
            raise ModelError(f"{self._path}: generates no text; choose a text-generation model")
        # as numpy.ctypeslib.as_array, in a tenth of its time
        row_type = ctypes.c_float * self._size
        logits = np.frombuffer(row_type.from_address(ctypes.addressof(pointer.contents)), "f4")
        best = int(logits.argmax())
        shifted = logits - logits[best]
        total = float(np.exp(shifted, out=shifted).sum())  # pairwise: off by 1e-7 at most
        if not math.isfinite(total):
            raise ModelError(f"{self._path}: computes no probabilities; download it again")
        return logits, best, math.log(total)

    def _check(self) -> None:
        if not self.free.alive:
            raise RuntimeError("the backend was closed while complete() was running")


def gpu_memory() -> int:
    """Free bytes of the first GPU that llama.cpp was built for and can see; 0 without one."""
    llama, _, _ = library()
    if not llama.llama_supports_gpu_offload():
        return 0
    from llama_cpp._ggml import libggml as ggml

    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    ggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    ggml.ggml_backend_dev_memory.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_size_t),
        ctypes.POINTER(ctypes.c_size_t),
    ]
    for number in range(ggml.ggml_backend_dev_count()):
        device = ggml.ggml_backend_dev_get(number)
        if ggml.ggml_backend_dev_type(device) == DEVICE_GPU:
            free, total = ctypes.c_size_t(), ctypes.c_size_t()
            ggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
            return free.value
    return 0


@functools.cache
def library() -> tuple[Any, list[str], Any]:
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
    _silence(llama_cpp)
    llama_cpp.llama_backend_init()
    return llama_cpp, complaints, callback


@contextmanager
def listening() -> Iterator[list[str]]:
    """Keep llama.cpp's first complaint for so long, and Ctrl-C for afterwards.

    Python notices Ctrl-C when it next calls a function of its own. That would be the callback which
    llama.cpp tells its log to, and what is raised in a callback is lost. So it is not told to
    Python while it decodes.
    """
    llama, complaints, callback = library()
    complaints.clear()
    mask = getattr(signal, "pthread_sigmask", None)  # not on Windows
    before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else set()
    llama.llama_log_set(callback, ctypes.c_void_p(0))
    try:
        yield complaints
    finally:
        _silence(llama)
        if mask:
            mask(signal.SIG_SETMASK, before)


def _silence(llama: Any) -> None:
    """Have the log told to a native function that takes no arguments and does nothing."""
    silent = ctypes.cast(llama.llama_supports_mmap, llama.llama_log_callback)
    llama.llama_log_set(silent, ctypes.c_void_p(0))
