"""docbot-small with its real weights: what is built here says what llama.cpp would have said."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np
import pytest

from docbot.llm import builds, digest
from docbot.llm.gguf import read_header
from docbot.llm.known_models import MODELS, packaged_file
from docbot.llm.llama import library
from docbot.llm.merge import merge
from docbot.llm.quantize import F16, Q8_0, decode, encode

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SMALL = MODELS["docbot-small"]
CODE = """\
def evict(self, older_than):
    for key, entry in list(self.entries.items()):
        if entry.used < older_than:
            del self.entries[key]
# Summary:"""
LONGEST = 24  # tokens of an answer


class Model:
    """A model in a context of its own, with an adapter at run time or without."""

    def __init__(self, path: Path, adapter: Path | None = None) -> None:
        self.llama, *_ = library()
        params = self.llama.llama_model_default_params()
        params.n_gpu_layers = 0
        self.model = self.llama.llama_model_load_from_file(str(path).encode(), params)
        params = self.llama.llama_context_default_params()
        params.n_ctx, params.n_threads, params.n_threads_batch = 512, 1, 1
        self.context = self.llama.llama_init_from_model(self.model, params)
        self.vocab = self.llama.llama_model_get_vocab(self.model)
        if adapter is not None:
            made = self.llama.llama_adapter_lora_init(self.model, str(adapter).encode())
            one = (self.llama.llama_adapter_lora_p_ctypes * 1)(made)
            scale = (ctypes.c_float * 1)(1.0)
            assert self.llama.llama_set_adapters_lora(self.context, one, 1, scale) == 0

    def close(self) -> None:
        self.llama.llama_free(self.context)
        self.llama.llama_model_free(self.model)

    def tokens(self, text: str) -> list[int]:
        ids = (ctypes.c_int32 * 512)()
        data = text.encode()
        return ids[: self.llama.llama_tokenize(self.vocab, data, len(data), ids, 512, 0, 1)]

    def logits(self, tokens: list[int]) -> np.ndarray:
        """The network's output behind each token of a sequence."""
        self.llama.llama_memory_clear(self.llama.llama_get_memory(self.context), 1)
        batch = self.llama.llama_batch_init(len(tokens), 0, 1)
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at], batch.pos[at], batch.logits[at] = token, at, 1
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = 0
        assert self.llama.llama_decode(self.context, batch) == 0
        size = self.llama.llama_vocab_n_tokens(self.vocab)
        rows = [self.llama.llama_get_logits_ith(self.context, at) for at in range(len(tokens))]
        found = np.array([np.ctypeslib.as_array(row, (size,)) for row in rows])
        self.llama.llama_batch_free(batch)
        return found

    def answer(self, text: str) -> list[int]:
        """The greedy answer, up to its first newline."""
        (newline,) = self.tokens("\n")
        tokens = self.tokens(text)
        said: list[int] = []
        while len(said) < LONGEST and newline not in said:
            said.append(int(self.logits(tokens + said)[-1].argmax()))
        return said


def requantize(source: Path, target: Path, kind: str) -> None:
    """Have llama.cpp write a file in another quantisation."""
    llama, *_ = library()
    params = llama.llama_model_quantize_default_params()
    params.ftype = getattr(llama, f"LLAMA_FTYPE_MOSTLY_{kind}")
    params.allow_requantize, params.nthread = True, 1
    arguments = str(source).encode(), str(target).encode(), ctypes.byref(params)
    assert llama.llama_model_quantize(*arguments) == 0


@pytest.fixture(scope="module")
def adapter():
    return packaged_file(SMALL, SMALL.adapter)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("small")


@pytest.fixture(scope="module")
def merged(real_base, adapter, folder):
    """Base and adapter in one, unquantised."""
    merge(real_base, adapter, folder / "f16.gguf", quantization="F16", notes={})
    return folder / "f16.gguf"


@pytest.fixture(scope="module")
def built(real_base, adapter, folder):
    """The file that runs."""
    path, notes = folder / "q8.gguf", builds._notes(SMALL)
    merge(real_base, adapter, path, quantization=SMALL.quantization, notes=notes)
    return path


def probabilities(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def test_the_merged_file_says_what_base_and_adapter_say(real_base, adapter, merged, built, folder):
    """Exactly where the arithmetic is the same; Q8_0 rounds the network's values as well."""
    requantize(real_base, folder / "base16.gguf", "F16")
    both, one, quantised = Model(folder / "base16.gguf", adapter), Model(merged), Model(built)
    plain = Model(folder / "base16.gguf")
    try:
        said = both.answer(CODE)
        assert said == one.answer(CODE)
        tokens = both.tokens(CODE) + said
        expected = probabilities(both.logits(tokens))
        largest, mean = {}, {}
        for name, model in (("f16", one), ("q8_0", quantised), ("no adapter", plain)):
            found = np.abs(probabilities(model.logits(tokens)) - expected)
            largest[name] = found.max()
            mean[name] = found[range(len(tokens) - 1), tokens[1:]].mean()
        assert largest["f16"] < 0.01
        assert mean["q8_0"] < 0.02
        assert mean["no adapter"] > 0.05
    finally:
        for model in (both, one, quantised, plain):
            model.close()


def test_q8_0_is_what_llama_cpp_makes_of_the_same_file(merged, built, folder):
    """To the bit from the same float16 weights; docbot has float32 and so rounds once less."""
    requantize(merged, folder / "theirs.gguf", "Q8_0")
    theirs, source, own = folder / "theirs.gguf", merged, built
    tensors = {t.name: t for t in read_header(theirs).tensors}
    halves = {t.name: t for t in read_header(source).tensors}
    differing = total = 0
    with theirs.open("rb") as one, source.open("rb") as two, own.open("rb") as three:
        for tensor in read_header(own).tensors:
            expected = content(one, tensors[tensor.name])
            if tensors[tensor.name].kind == Q8_0:
                assert halves[tensor.name].kind == F16
                weights = decode(F16, content(two, halves[tensor.name]))
                assert encode(Q8_0, weights) == expected, tensor.name
            found = np.frombuffer(content(three, tensor), "u1")
            differing += int((found != np.frombuffer(expected, "u1")).sum())
            total += len(found)
    assert differing / total < 0.02


def content(file, tensor) -> bytes:
    file.seek(tensor.start)
    return file.read(tensor.size)


def test_the_table_tells_the_build_s_size(built):
    header = read_header(built)
    assert built.stat().st_size == SMALL.build_bytes
    assert header.context >= SMALL.context
    assert header.value("llama.block_count") * 3 * 64 * 4 == SMALL.cell


def test_a_build_is_the_same_whoever_makes_it(real_base, built, monkeypatch):
    made = builds.build(SMALL, real_base)
    assert made.read_bytes() == built.read_bytes()
    assert builds.is_sound(SMALL)
    monkeypatch.setattr(digest, "sha256", lambda *_: pytest.fail("was hashed again"))
    builds._check_once.cache_clear()
    assert builds.is_sound(SMALL)
