"""The machine: the cores that are free, and how much of a model the GPU can hold."""

from __future__ import annotations

import os
from dataclasses import dataclass

RESERVE = 512 << 20
"""Bytes of GPU memory left alone: compute buffers, and the screen that may hang on it."""


def free_cores(usable: int, load: float | None = None) -> int:
    """Those of the usable cores that others leave, by the load of the last minute.

    At least half of them: the load remembers what has just ended, and threads that wait passively
    share a core without much harm (models/LOG.md, "threads that spin").
    """
    if load is None:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(usable - int(load), (usable + 1) // 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """What a model takes, in bytes: its tensors, and its KV cache for every sequence.

    `layers` counts the output layer as one more, as llama.cpp does.
    """

    layers: int
    tensors: int
    cache: int


def layers_that_fit(size: Size, free: int, wanted: int = -1) -> int:
    """How many of a model's layers go to a GPU with `free` bytes; at most `wanted` unless -1.

    Layers are taken to be of one size, which errs on the safe side: the output layer, the largest,
    is the last to go.
    """
    wanted = size.layers if wanted < 0 else min(wanted, size.layers)
    each = max(1, -(-(size.tensors + size.cache) // size.layers))
    return max(0, min(wanted, (free - RESERVE) // each))
