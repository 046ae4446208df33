"""Blocks of weights: to the bit as llama.cpp's own library has them."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from synthetic_base import q4_1, random

from docbot.llm.binding import load_ggml
from docbot.llm.llama import library
from docbot.llm.quantize import BLOCK, F16, F32, Q4_0, Q4_1, Q8_0, decode, encode

LIBRARY = {Q4_0: "q4_0", Q4_1: "q4_1", Q8_0: "q8_0"}


def ggml(name: str):
    """A function of the library that llama.cpp is made of."""
    library()
    return getattr(load_ggml(), name)


def pointer(values: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(values.ctypes.data)


def awkward() -> np.ndarray:
    """Random weights, and blocks of zeros, of one value, of halves, and of very small numbers."""
    halves = np.arange(-16, 16, dtype="f4") + 0.5
    halves[-1] = 127.0  # the scale is then 1
    rows = [random(500, BLOCK, seed=1), random(500, BLOCK, seed=2) * 1e-4]
    rows += [np.zeros((1, BLOCK)), np.full((1, BLOCK), -3), halves[None]]
    rows += [random(1, BLOCK, seed=3) * 1e-9]
    mixed = np.zeros((1, BLOCK))
    mixed[0, :4] = 2, -2, 0.4999999, 1e-20
    return np.concatenate([*rows, mixed]).astype("f4")


@pytest.mark.parametrize("kind", [Q4_0, Q8_0])
def test_weights_are_encoded_as_llama_cpp_does(kind):
    weights = awkward()
    ours = np.frombuffer(encode(kind, weights), "u1")
    theirs = np.zeros_like(ours)
    quantize = ggml("ggml_quantize_chunk")
    quantize.restype = ctypes.c_size_t
    size = quantize(
        kind,
        pointer(weights),
        pointer(theirs),
        ctypes.c_int64(0),
        ctypes.c_int64(len(weights)),
        ctypes.c_int64(BLOCK),
        None,
    )
    assert size == len(ours)
    assert (ours == theirs).all()


@pytest.mark.parametrize("kind", [Q4_0, Q4_1, Q8_0])
def test_blocks_are_decoded_as_llama_cpp_does(kind):
    weights = awkward()[:1000]
    data = q4_1(weights) if kind == Q4_1 else encode(kind, weights)
    ours = decode(kind, data)
    theirs = np.zeros_like(ours)
    blocks = np.frombuffer(data, "u1")
    function = ggml(f"dequantize_row_{LIBRARY[kind]}")
    function.restype = None
    function(pointer(blocks), pointer(theirs), ctypes.c_int64(len(theirs)))
    assert np.array_equal(ours, theirs)
    assert np.abs(ours - weights.reshape(-1)).max() < {Q4_0: 0.5, Q4_1: 0.3, Q8_0: 0.03}[kind]


def test_plain_numbers_come_back_as_they_were():
    weights = random(3, BLOCK, seed=7)
    assert np.array_equal(decode(F32, encode(F32, weights)), weights.reshape(-1))
    assert np.array_equal(decode(F16, encode(F16, weights)), weights.reshape(-1).astype("f2"))
