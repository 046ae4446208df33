"""Read an adapter (LoRA, arXiv 2106.09685): what it adds to which weight matrices of its base.

It has two narrow matrices for a weight matrix: W becomes W + (alpha / rank) x B A, as llama.cpp
computes it while it runs. Rows are in the order that llama.cpp's own files have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from docbot.errors import ModelError
from docbot.llm.gguf import read_header
from docbot.llm.quantize import F16, F32, decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from docbot.llm.gguf import Tensor

MATRIX = 2  # dimensions


class Update(NamedTuple):
    """The product of these two matrices is added to a weight matrix."""

    left: NDArray[np.float32]
    right: NDArray[np.float32]


def read_updates(path: Path, tensors: Sequence[Tensor]) -> dict[str, Update]:
    """Read an adapter, and return its updates by the names of the base's tensors.

    Raises:
        ModelError: it is no such adapter, or does not fit its base.
        OSError: the file cannot be read.

    """
    header = read_header(path, adapter=True)
    alpha = header.value("adapter.lora.alpha")
    if header.value("adapter.type") != "lora" or not isinstance(alpha, float):
        raise ModelError(f"{path}: is no LoRA adapter; reinstall docbot")
    parts = {tensor.name: tensor for tensor in header.tensors}
    updates = {}
    with path.open("rb") as file:
        for tensor in tensors:
            right = parts.pop(f"{tensor.name}.lora_a", None)
            left = parts.pop(f"{tensor.name}.lora_b", None)
            if right is None and left is None:
                continue
            if right is None or left is None or not _fit(tensor, right, left):
                raise ModelError(
                    f"{path}: does not fit {tensor.name} of its base; reinstall docbot"
                )
            scale = alpha / left.shape[0] if alpha else 1.0  # as llama.cpp has it
            product = (_read(file, left) * np.float32(scale), _read(file, right))
            updates[tensor.name] = Update(*product)
    if parts:
        raise ModelError(f"{path}: has {min(parts)}, which its base lacks; reinstall docbot")
    return updates


def _fit(tensor: Tensor, right: Tensor, left: Tensor) -> bool:
    if len(tensor.shape) != MATRIX or not {right.kind, left.kind} <= {F16, F32}:
        return False
    width, rows = tensor.shape
    rank = left.shape[0]
    return (right.shape, left.shape) == ((width, rank), (rank, rows))


def _read(file: BinaryIO, tensor: Tensor) -> NDArray[np.float32]:
    file.seek(tensor.start)
    return decode(tensor.kind, file.read(tensor.size)).reshape(tensor.shape[::-1])
