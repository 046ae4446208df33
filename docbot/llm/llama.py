"""Run one GGUF model in one llama.cpp context: tokens in, logits out.

llama.cpp's functions are called here and, with what this module passes to them, in `grammar` and
`devices`; `docbot.llm.batching` decides which prompts are decoded, and when. The calls and their
order are part of what makes a completion the same to the last bit, whichever prompts share the
context with it (models/LOG.md).
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
from docbot.llm.devices import gpu_memory, layers_that_fit, measure
from docbot.llm.grammar import Grammar
from docbot.llm.sampling import Logits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

UBATCH = 512  # fixed: another size means another order of summation, so another last digit
SHARED = 16  # tokens: a longer head is decoded once and copied; a copy moves a whole KV stream
LOG_ERROR = 4  # GGML_LOG_LEVEL_ERROR; the binding has no name for it
VOCABULARY_NONE = 0  # LLAMA_VOCAB_TYPE_NONE
REMEMBERED = 64  # texts whose tokens are remembered: a prompt format has a handful


class DecodeRow(NamedTuple):
    """A token to decode at a position of a sequence; logits are computed where `logits` is set."""

    token: int
    position: int
    sequence: int
    logits: bool = True


class SlotPrompt(NamedTuple):
    """A prompt in tokens and the slots that get it; a head that prompts share is decoded once."""

    slots: Sequence[int]
    head: list[int]
    rest: list[int]


class Engine:
    """A model and a context of `slots` sequences and one more for the head that prompts share.

    Sequence number `slots` holds that head. Native memory is freed once, by `free`. Where llama.cpp
    was built for a GPU, as many layers as fit go there.

    Args:
        path: The GGUF file.
        context: Tokens of each sequence, prompt and completion together.
        slots: How many sequences are decoded at once.
        threads: How many threads decode.
        gpu_layers: The most layers on a GPU; -1 for no limit.

    Attributes:
        begin: The token that stands for an empty prompt, which cannot be decoded.
        end: The token that ends a completion.
        outputs: How many rows of one `decode` may have logits.
        together: How many tokens several prompts may have in one `prefill`.
        copies: Whether the model's memory can be copied from one sequence to another.
        free: Frees the native memory.

    Raises:
        ModelError: llama.cpp refuses the file, or has no memory for the context.

    """

    def __init__(
        self, path: Path, *, context: int, slots: int, threads: int, gpu_layers: int = -1
    ) -> None:
        self._llama, *_ = library()
        self._path = path
        self._slots = slots
        self._shared: list[int] = []
        self._remembered: dict[str, list[int]] = {}
        self._pieces: dict[int, bytes | None] = {}
        with ExitStack() as native, listening() as log:
            model = self._load(path, context, gpu_layers)
            if model is None:
                reason = f" ({log[0]})" if log else ""
                raise ModelError(
                    f"{path}: llama.cpp cannot load this model{reason}; download it again or "
                    "choose another"
                )
            native.callback(self._llama.llama_model_free, model)
            self._vocab = self._llama.llama_model_get_vocab(model)
            self._size = self._llama.llama_vocab_n_tokens(self._vocab)
            has_text = self._llama.llama_vocab_type(self._vocab) != VOCABULARY_NONE
            if not has_text or self._llama.llama_model_has_encoder(model):
                raise ModelError(f"{path}: generates no text; choose a text-generation model")
            self.begin = max(self._llama.llama_vocab_bos(self._vocab), 0)
            turn = self._llama.llama_vocab_eot(self._vocab)
            self.end = max(turn if turn >= 0 else self._llama.llama_vocab_eos(self._vocab), 0)
            self.outputs = slots + 1
            # A recurrent layer's state is no list of cells, so a prefix of it cannot be shared.
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

    def _load(self, path: Path, context: int, gpu_layers: int) -> Any:
        """Load the model on the CPU; where a GPU has room, load it again with layers on the GPU."""
        params = self._llama.llama_model_default_params()
        params.load_mode = self._llama.LLAMA_LOAD_MODE_MMAP
        params.n_gpu_layers = 0
        model = self._llama.llama_model_load_from_file(os.fsencode(path), params)
        free = _gpu_memory() if model is not None and gpu_layers else 0
        size = measure(self._llama, model, context, self._slots + 1) if free else None
        layers = layers_that_fit(size, free, gpu_layers) if size else 0
        if layers:
            self._llama.llama_model_free(model)
            params.n_gpu_layers = layers
            model = self._llama.llama_model_load_from_file(os.fsencode(path), params)
        return model

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
        """Forget every sequence, whatever state an interrupted run left it in."""
        self._llama.llama_memory_clear(self._memory, 0)
        self._shared = []

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Return a text's token ids.

        Args:
            text: Characters that UTF-8 cannot encode become question marks.
            special: Whether the text of a control token becomes that token, instead of plain text.

        Raises:
            ModelError: the model's tokenizer refuses the text.

        """
        self._check()
        data = text.encode("utf-8", "replace")
        size = len(data) + 8  # a token is a byte or more; some vocabularies prefix a space
        ids = (ctypes.c_int32 * size)()
        count = self._llama.llama_tokenize(self._vocab, data, len(data), ids, size, 0, special)
        if count < 0:
            raise ModelError(f"{self._path}: its tokenizer refused a prompt; choose another model")
        return ids[:count]

    def tokenize_once(self, text: str) -> list[int]:
        """Tokenize a text that many prompts share, special tokens included, and remember it.

        The list is not a copy: do not change it.
        """
        self._check()
        if text not in self._remembered:
            if len(self._remembered) > REMEMBERED:
                self._remembered.clear()
            self._remembered[text] = self.tokenize(text, special=True)
        return self._remembered[text]

    def piece(self, token: int) -> bytes | None:
        """Return a token's bytes, or None for a token that ends a completion.

        The bytes may be part of a character; a control token has b"". The model file lists the
        tokens that end a completion.
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

    def prefill(self, prompts: Sequence[SlotPrompt]) -> list[int]:
        """Decode prompts into their slots and return each prompt's row of the last `decode`.

        That row's logits choose the first token of the completion.

        Several prompts must have equal heads, equal lengths, and at most `together` tokens in all.
        They are decoded in one call, with no other sequence in it. Each is decoded once and copied
        to its other slots; where the model's memory cannot be copied, it is decoded for each slot.
        """
        if not self.copies:
            ((slots, head, rest),) = prompts
            for slot in slots:
                rows = self._prefill([(slot, head, rest)])
            return rows
        rows = self._prefill([(slots[0], head, rest) for slots, head, rest in prompts])
        for slots, _, _ in prompts:
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
        last_rows = []
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
            last_rows.append(len(rows) - 1)
        self.decode(rows)
        return last_rows

    def move(self, slot: int, other: int) -> None:
        """Move a sequence to a free slot; its old slot is free afterwards."""
        self._copy(slot, other)
        self._llama.llama_memory_seq_rm(self._memory, slot, -1, -1)

    def _copy(self, slot: int, other: int) -> None:
        """Copy what one sequence has decoded to another, in place of the other's."""
        self._llama.llama_memory_seq_rm(self._memory, other, -1, -1)
        self._llama.llama_memory_seq_cp(self._memory, slot, other, -1, -1)

    def rewind(self, slot: int, position: int) -> bool:
        """Forget a sequence from `position` on; return False where the model's memory cannot."""
        return bool(self._llama.llama_memory_seq_rm(self._memory, slot, position, -1))

    def _share(self, head: list[int]) -> None:
        if head == self._shared:
            return
        self._shared = []
        self._llama.llama_memory_seq_rm(self._memory, self._slots, -1, -1)
        self.decode([DecodeRow(t, at, self._slots, logits=False) for at, t in enumerate(head)])
        self._shared = head

    def decode(self, rows: Sequence[DecodeRow]) -> None:
        """Run the network over the rows; at most `outputs` of them with `logits`.

        llama.cpp works on sequences with consecutive numbers at once; each gap among the numbers
        costs another pass (sixteen tokens took four times as long in every second slot).

        Raises:
            ModelError: llama.cpp stops with an error.

        """
        self._check()
        batch = self._batch
        batch.n_tokens = len(rows)
        for row, (token, position, sequence, logits) in enumerate(rows):
            batch.token[row] = token
            batch.pos[row] = position
            batch.n_seq_id[row] = 1
            batch.seq_id[row][0] = sequence
            batch.logits[row] = logits
        code = self._llama.llama_decode(self._context, batch)
        if code:
            raise ModelError(
                f"{self._path}: llama.cpp stopped with code {code}; try a smaller context or model"
            )

    def grammar(self, text: str) -> Grammar | None:
        """Create the state of a grammar for one completion; None for an empty text.

        Raises:
            ModelError: the text is no grammar.

        """
        return Grammar(self._llama, self._vocab, text) if text else None

    def logits(self, row: int) -> Logits:
        """Return the network's output after a row of the last `decode`, until the next one.

        Raises:
            ModelError: the model has no output, or one that is not finite.

        """
        import numpy as np

        pointer = self._llama.llama_get_logits_ith(self._context, row)
        if not pointer:
            raise ModelError(f"{self._path}: generates no text; choose a text-generation model")
        # as numpy.ctypeslib.as_array, in a tenth of its time
        row_type = ctypes.c_float * self._size
        values = np.frombuffer(row_type.from_address(ctypes.addressof(pointer.contents)), "f4")
        logits = Logits.of(values)
        if not math.isfinite(logits.log_total):
            raise ModelError(f"{self._path}: computes no probabilities; download it again")
        return logits

    def _check(self) -> None:
        if not self.free.alive:
            raise RuntimeError("the backend was closed while complete() was running")


@functools.cache
def library() -> tuple[Any, list[str], Any]:
    """Load llama.cpp once, silence its log and initialise it.

    OpenMP threads that spin at a barrier keep the cores that other processes need: two runs at once
    on two cores were ten times slower than with passive waiting, which costs a lone run about a
    tenth. The library reads OMP_WAIT_POLICY when it is loaded, so no child process gets to see it.

    Returns:
        The binding, a list for the first error in its log (filled inside `listening`), and the
        log's callback, which must live as long as the library.

    Raises:
        ModelError: llama.cpp cannot be loaded.

    """
    waiting = os.environ.get("OMP_WAIT_POLICY")
    os.environ["OMP_WAIT_POLICY"] = waiting or "passive"
    try:
        from docbot.llm import binding

        llama = binding.load_llama()
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

    callback = llama.llama_log_callback(keep_errors)
    _silence(llama)
    llama.llama_backend_init()
    return llama, complaints, callback


@contextmanager
def listening() -> Iterator[list[str]]:
    """Collect the first error in llama.cpp's log, and delay Ctrl-C, inside this context.

    Python raises KeyboardInterrupt when it next runs Python code. With a callback for the log that
    would be inside the callback, where the exception is lost. So Ctrl-C is blocked while there is
    a callback, and there is none while llama.cpp decodes.
    """
    llama, complaints, callback = library()
    complaints.clear()
    mask = getattr(signal, "pthread_sigmask", None)  # not on Windows
    before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else set()  # type: ignore[attr-defined,unused-ignore]
    llama.llama_log_set(callback, ctypes.c_void_p(0))
    try:
        yield complaints
    finally:
        _silence(llama)
        if mask:
            mask(signal.SIG_SETMASK, before)  # type: ignore[attr-defined,unused-ignore]


def _silence(llama: Any) -> None:
    """Send the log to a native function that takes no arguments and does nothing."""
    silent = ctypes.cast(llama.llama_supports_mmap, llama.llama_log_callback)
    llama.llama_log_set(silent, ctypes.c_void_p(0))


def _gpu_memory() -> int:
    from docbot.llm.binding import load_ggml

    llama, _, _ = library()
    return gpu_memory(load_ggml()) if llama.llama_supports_gpu_offload() else 0
