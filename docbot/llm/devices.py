"""Measure the machine: how many cores are free, and how much of a model fits on the GPU."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import Any

from docbot.llm.known_models import rounded_cells

RESERVE = 512 << 20
"""Bytes of GPU memory to leave free: for compute buffers, and for a screen that uses the GPU."""

DEVICE_GPU = 1
"""GGML_BACKEND_DEVICE_TYPE_GPU of ggml: neither the CPU nor a part of it."""

HEAD_WIDTH = 128
"""The least width to assume for an attention head: Qwen3's, whatever its embedding."""


def free_cores(usable: int, load: float | None = None) -> int:
    """Estimate how many of the usable cores other processes leave free.

    At least half of the cores count as free: the load includes processes that have just ended, and
    threads that wait passively share a core without much harm (models/LOG.md, "threads that spin").

    Args:
        usable: Cores that this process may use.
        load: The system's load average; None for that of the last minute.

    """
    if load is None:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(usable - int(load), (usable + 1) // 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """The memory that a model takes.

    Attributes:
        layers: Number of layers; as in llama.cpp, the output layer counts as one more.
        tensors: Bytes of its tensors.
        cache: Bytes of its KV cache, of all sequences.

    """

    layers: int
    tensors: int
    cache: int


def measure(llama: Any, model: Any, context: int, sequences: int) -> Size:
    """Return the size of a loaded model with a KV cache of `sequences` times `context` tokens."""
    layers = llama.llama_model_n_layer(model)
    heads = llama.llama_model_n_head(model)
    width = llama.llama_model_n_embd(model) // heads if heads else 0
    width = max(width, HEAD_WIDTH) * llama.llama_model_n_head_kv(model)
    return Size(
        layers=layers + 1,
        tensors=llama.llama_model_size(model),
        cache=2 * 2 * rounded_cells(context) * sequences * layers * width,  # keys and values, f16
    )


def gpu_memory(ggml: Any) -> int:
    """Return the free bytes of the first GPU that llama.cpp's ggml library sees, or 0."""
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


def layers_that_fit(size: Size, free: int, limit: int = -1) -> int:
    """Return how many of a model's layers fit on a GPU.

    All layers count as equally large, which errs on the safe side: the output layer, the largest,
    goes to the GPU last.

    Args:
        size: The model's.
        free: Free bytes of GPU memory.
        limit: The most layers to return; -1 for no limit.

    """
    limit = size.layers if limit < 0 else min(limit, size.layers)
    each = max(1, -(-(size.tensors + size.cache) // size.layers))
    return max(0, min(limit, (free - RESERVE) // each))
