"""Decode and encode the tensors of GGUF files in numpy, to the bit as llama.cpp's reference does.

A quantised row is a sequence of blocks of 32 weights. Q8_0 has a scale and 32 bytes; Q4_0 a scale
and 16 bytes, with weight i in the low half of byte i and weight 16 + i in its high half; Q4_1 is
the same with a least value besides the scale. Scales are float16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

F32, F16, Q4_0, Q4_1, Q8_0 = 0, 1, 2, 3, 8  # tensor types of GGUF

BLOCK = 32  # weights

_Q4_0 = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_Q4_1 = np.dtype([("scale", "<f2"), ("least", "<f2"), ("halves", "u1", 16)])
_Q8_0 = np.dtype([("scale", "<f2"), ("values", "i1", BLOCK)])


def decode(kind: int, data: bytes) -> NDArray[np.float32]:
    """Return a tensor's weights, in one dimension.

    Args:
        kind: A key of `DECODERS`.
        data: The tensor's bytes.

    """
    return DECODERS[kind](data).reshape(-1)


def encode(kind: int, weights: NDArray[np.float32]) -> bytes:
    """Return the bytes of a tensor.

    Args:
        kind: A key of `ENCODERS`.
        weights: Its weights; each row is a multiple of `BLOCK` long.

    """
    return ENCODERS[kind](weights).tobytes()


def _decode_q4_0(data: bytes) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, _Q4_0)
    return (_from_halves(blocks["halves"]) - np.float32(8)) * _column(blocks["scale"])


def _decode_q4_1(data: bytes) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, _Q4_1)
    return _from_halves(blocks["halves"]) * _column(blocks["scale"]) + _column(blocks["least"])


def _decode_q8_0(data: bytes) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, _Q8_0)
    return blocks["values"].astype(np.float32) * _column(blocks["scale"])


def _encode_q4_0(weights: NDArray[np.float32]) -> NDArray[Any]:
    rows = weights.reshape(-1, BLOCK)
    farthest = np.take_along_axis(rows, np.abs(rows).argmax(1)[:, None], 1)[:, 0]
    scales = farthest / np.float32(-8)
    values = rows * _inverse(scales)[:, None] + np.float32(8.5)
    np.minimum(values, 15, out=values)
    return _to_halves(scales, values.astype(np.uint8))


def _encode_q8_0(weights: NDArray[np.float32]) -> NDArray[Any]:
    rows = weights.reshape(-1, BLOCK)
    scales = np.abs(rows).max(1) / np.float32(127)
    blocks = np.empty(len(rows), _Q8_0)
    blocks["scale"] = scales
    blocks["values"] = _rounded(rows * _inverse(scales)[:, None])
    return blocks


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round as C's roundf does: halves away from zero, where numpy's own takes the even number."""
    whole = np.trunc(values)
    return whole + np.trunc((values - whole) * 2)  # both are exact: at most 1 away from `values`


def _inverse(scales: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.divide(1, scales, out=np.zeros_like(scales), where=scales != 0)


def _column(values: NDArray[np.float16]) -> NDArray[np.float32]:
    return values.astype(np.float32)[:, None]


def _from_halves(halves: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.concatenate((halves & 15, halves >> 4), 1).astype(np.float32)


def _to_halves(scales: NDArray[np.float32], values: NDArray[np.uint8]) -> NDArray[Any]:
    blocks = np.empty(len(scales), _Q4_0)
    blocks["scale"] = scales
    blocks["halves"] = values[:, :16] | values[:, 16:] << 4
    return blocks


DECODERS: Mapping[int, Callable[[bytes], NDArray[np.float32]]] = {
    F32: lambda data: np.frombuffer(data, "<f4"),
    F16: lambda data: np.frombuffer(data, "<f2").astype(np.float32),
    Q4_0: _decode_q4_0,
    Q4_1: _decode_q4_1,
    Q8_0: _decode_q8_0,
}

ENCODERS: Mapping[int, Callable[[NDArray[np.float32]], NDArray[Any]]] = {
    F32: lambda weights: weights.astype("<f4"),
    F16: lambda weights: weights.astype("<f2"),
    Q4_0: _encode_q4_0,
    Q8_0: _encode_q8_0,
}
