"""Base and adapter in one file: the sum, the types, the header and the seal."""

from __future__ import annotations

import hashlib
import tracemalloc

import numpy as np
import pytest
from synthetic_base import ALPHA, RANK, ROWS, WIDTH, adapter_file, base_file, gguf_file, random

from docbot.errors import ModelError
from docbot.llm import merge as module
from docbot.llm.gguf import read_header
from docbot.llm.merge import QUANTIZATIONS, merge
from docbot.llm.quantize import F16, F32, Q4_1, Q8_0, decode, encode
from docbot.llm.seal import SEALED, read_seal


@pytest.fixture
def merged(tmp_path):
    """Merge a base and an adapter, given by their bytes."""

    def run(base=None, adapter=None, quantization="F16", **notes):
        for name, content in (
            ("base", base or base_file()),
            ("adapter", adapter or adapter_file()),
        ):
            (tmp_path / name).write_bytes(content)
        target = tmp_path / "merged.gguf"
        files = (tmp_path / "base", tmp_path / "adapter", target)
        seal = merge(*files, quantization=quantization, notes=notes)
        assert seal == read_seal(target)
        return target

    return run


def weights(path, name):
    (tensor,) = (tensor for tensor in read_header(path).tensors if tensor.name == name)
    data = path.read_bytes()[tensor.start : tensor.start + tensor.size]
    return decode(tensor.kind, data).reshape(tensor.shape[::-1])


def test_what_the_adapter_says_is_added(merged, tmp_path):
    path = merged()
    before = weights(tmp_path / "base", "blk.1.up.weight")
    left, right = random(ROWS, RANK, seed=6).astype("f2"), random(RANK, WIDTH, seed=7).astype("f2")
    expected = before + ALPHA / RANK * (left.astype("f4") @ right.astype("f4"))
    assert np.abs(weights(path, "blk.1.up.weight") - expected).max() < 0.01
    assert np.abs(expected - before).max() > 1
    same = weights(tmp_path / "base", "blk.0.up.weight")
    assert np.array_equal(weights(path, "blk.0.up.weight"), same.astype("f2"))


def test_an_adapter_without_an_alpha_is_added_as_it_is(merged, tmp_path):
    path = merged(adapter=adapter_file(**{"adapter.lora.alpha": 0.0}))
    added = weights(path, "blk.1.up.weight") - weights(tmp_path / "base", "blk.1.up.weight")
    left, right = random(ROWS, RANK, seed=6), random(RANK, WIDTH, seed=7)
    assert np.abs(added - left @ right).max() < 0.05


@pytest.mark.parametrize(("quantization", "table"), [("F16", F16), ("Q8_0", Q8_0), ("Q4_0", Q8_0)])
def test_matrices_change_their_type_and_vectors_do_not(merged, tmp_path, quantization, table):
    path = merged(quantization=quantization)
    wanted = QUANTIZATIONS[quantization].tensor
    kinds = {tensor.name: tensor.kind for tensor in read_header(path).tensors}
    assert kinds == {
        "token_embd.weight": table,
        "blk.0.norm.weight": F32,
        "blk.0.up.weight": wanted,
        "blk.1.up.weight": wanted,
        "blk.1.wide.weight": wanted,
    }
    norm = weights(path, "blk.0.norm.weight")
    assert np.array_equal(norm, weights(tmp_path / "base", "blk.0.norm.weight"))
    exact = decode(
        wanted, encode(wanted, weights(tmp_path / "base", "blk.0.up.weight").astype("f4"))
    )
    assert np.array_equal(weights(path, "blk.0.up.weight").reshape(-1), exact)


def test_it_makes_no_difference_how_much_is_done_at_once(merged, monkeypatch):
    whole = merged(quantization="Q8_0").read_bytes()
    monkeypatch.setattr(module, "CHUNK", 5 * WIDTH)
    assert merged(quantization="Q8_0").read_bytes() == whole


def test_the_header_has_the_notes_and_the_base_s_keys(merged):
    path = merged(quantization="Q8_0", **{"docbot.base.sha256": "f" * 64, "docbot.build": 7})
    header = read_header(path)
    assert [entry.key for entry in header.entries] == [
        "docbot.sha256",
        "docbot.base.sha256",
        "docbot.build",
        "general.file_type",
        "general.architecture",
        "llama.context_length",
        "tokenizer.chat_template",
    ]
    assert [header.value(f"docbot.{key}") for key in ("base.sha256", "build")] == ["f" * 64, 7]
    assert header.value("general.file_type") == 7
    assert b"{{ messages }}" * 40 in path.read_bytes()
    assert all(tensor.start % 32 == 0 for tensor in header.tensors)


def test_the_base_s_alignment_holds(merged):
    keys = {"general.architecture": "llama", "llama.context_length": 8, "general.alignment": 64}
    table = encode(Q8_0, random(4, WIDTH, seed=1))
    tensors = {"blk.1.up.weight": ((WIDTH, ROWS), F16, encode(F16, random(ROWS, WIDTH, seed=2)))}
    base = gguf_file(keys, tensors)
    start = -(-(len(base) - ROWS * WIDTH * 2) // 64) * 64
    base = base[: -ROWS * WIDTH * 2].ljust(start, b"\0") + base[-ROWS * WIDTH * 2 :]
    header = read_header(merged(base=base, quantization="Q8_0"))
    assert (header.alignment, header.data % 64, len(table)) == (64, 0, 4 * 2 * 34)


def test_the_seal_covers_all_behind_it(merged):
    data = merged().read_bytes()
    assert data[SEALED - 64 : SEALED].decode() == hashlib.sha256(data[SEALED:]).hexdigest()


@pytest.mark.parametrize(
    ("adapter", "sentence"),
    [
        (adapter_file(name="blk.9.up.weight"), "has blk.9.up.weight.lora_a, which its base lacks"),
        (adapter_file(name="blk.1.wide.weight"), "does not fit blk.1.wide.weight of its base"),
        (adapter_file(name="blk.0.norm.weight"), "does not fit blk.0.norm.weight"),
        (adapter_file(rank=RANK + 1), "does not fit blk.1.up.weight"),
        (adapter_file(**{"adapter.type": "dora"}), "is no LoRA adapter"),
        (adapter_file(**{"adapter.lora.alpha": 8}), "is no LoRA adapter"),
        (adapter_file()[:-1], "is shorter than its tensors"),
        (b"GGUF", "is cut off"),
        (base_file(), "is no LoRA adapter"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(merged, tmp_path, adapter, sentence):
    with pytest.raises(ModelError, match=sentence):
        merged(adapter=adapter)
    assert not (tmp_path / "merged.gguf").exists()


def test_a_base_of_another_kind_is_refused(merged):
    odd = {"blk.2.up.weight": ((256, 1), 12, bytes(144))}
    with pytest.raises(ModelError, match=r"has blk\.2\.up\.weight in type 12, "):
        merged(base=base_file(**odd))
    with pytest.raises(ModelError, match="does not name its architecture and context length"):
        merged(base=adapter_file())


def test_a_big_base_takes_little_memory(merged):
    """32 MB of weights, and as much again as float32 in each step, would be seen."""
    size = 1 << 25
    blocks = ((4096, size // 4096), Q4_1, bytes(size // 32 * 20))
    base = base_file(**{"blk.2.up.weight": blocks})
    merged(base=base, quantization="Q8_0")  # numpy has what it keeps
    tracemalloc.start()
    merged(base=base, quantization="Q8_0")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000
