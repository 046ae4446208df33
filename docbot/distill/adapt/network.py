"""The base's network in PyTorch, frozen, with a trainable LoRA on the later layers' matrices.

The base is a Llama in GGUF, dequantised. LoRA: arXiv 2106.09685; a matrix W becomes W + s B A with
A of shape (rank, inputs), B of shape (outputs, rank) and s = ALPHA / rank. The sum is computed once
a step, not once a token: only the backward pass needs A and B.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from docbot.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

ALPHA = 32.0
"""LoRA's alpha; llama.cpp reads it from the adapter's file and computes the same scale."""

LONGEST = 1024
"""Most tokens of a sequence."""

MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
"""The matrices of a layer, by their names in GGUF files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The shape of a Llama: layers, width, attention heads and heads that hold keys."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    rope_base: float
    epsilon: float


def read_base(path: Path) -> tuple[Shape, dict[str, Tensor]]:
    """Read a GGUF file's shape and its tensors in float32.

    Raises:
        ConfigError: it is no Llama.

    """
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(path)

    def value(key: str) -> Any:
        field = reader.fields.get(f"llama.{key}")
        if field is None:
            raise ConfigError(f"{path}: has no llama.{key}; an adapter needs a Llama as its base")
        return field.contents()

    shape = Shape(
        layers=value("block_count"),
        width=value("embedding_length"),
        heads=value("attention.head_count"),
        kv_heads=value("attention.head_count_kv"),
        rope_base=value("rope.freq_base"),
        epsilon=value("attention.layer_norm_rms_epsilon"),
    )
    tensors = {}
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        size = tuple(int(n) for n in reversed(tensor.shape))
        tensors[tensor.name] = torch.from_numpy(np.ascontiguousarray(values)).reshape(size)
    return shape, tensors


class _Product(torch.autograd.Function):
    """x times the merged matrix; gradients for x, A and B, none for the matrix."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, merged: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(x, merged, a, b)
        ctx.scale = scale
        return x @ merged.T

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (gradient,) = gradients
        x, merged, a, b = ctx.saved_tensors
        rows, x_rows = gradient.flatten(0, -2), x.flatten(0, -2)
        a_gradient = (rows @ b.to(rows.dtype)).T @ x_rows * ctx.scale
        b_gradient = rows.T @ (x_rows @ a.to(rows.dtype).T) * ctx.scale
        return gradient @ merged, None, a_gradient.to(a.dtype), b_gradient.to(b.dtype), None


class Linear(nn.Module):
    """A frozen matrix, with a LoRA where `rank` is not 0."""

    merged: Tensor
    weight: Tensor

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        self.rank = rank
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("merged", weight, persistent=False)
        if rank:
            outputs, inputs = weight.shape
            self.a = nn.Parameter(torch.randn(rank, inputs) / math.sqrt(inputs))
            self.b = nn.Parameter(torch.zeros(outputs, rank))

    def merge(self) -> None:
        """Compute W + s B A from the present A and B."""
        if self.rank:
            with torch.no_grad():
                delta = (self.b @ self.a) * (ALPHA / self.rank)
                self.merged = self.weight + delta.to(self.weight.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Multiply (..., inputs) to (..., outputs)."""
        if not self.rank:
            return x @ self.merged.T
        product: Tensor = _Product.apply(  # type: ignore[no-untyped-call]
            x, self.merged, self.a, self.b, ALPHA / self.rank
        )
        return product


class Layer(nn.Module):
    """One layer: attention and a gated feed-forward network, each after an RMS norm."""

    attn_norm: Tensor
    ffn_norm: Tensor

    def __init__(self, shape: Shape, tensors: dict[str, Tensor], at: int, rank: int) -> None:
        super().__init__()
        self.shape = shape
        for name in ("attn_norm", "ffn_norm"):
            self.register_buffer(name, tensors[f"blk.{at}.{name}.weight"], persistent=False)
        self.matrices = nn.ModuleDict(
            {name: Linear(tensors[f"blk.{at}.{name}.weight"], rank) for name in MATRICES}
        )

    def forward(self, x: Tensor, rotation: Tensor) -> Tensor:
        """Map (batch, tokens, width) to the same shape."""
        matrices, shape = self.matrices, self.shape
        y = functional.rms_norm(x, (shape.width,), self.attn_norm, shape.epsilon)
        query = _rotate(_heads(matrices["attn_q"](y), shape.heads), rotation)
        key = _rotate(_heads(matrices["attn_k"](y), shape.kv_heads), rotation)
        value = _heads(matrices["attn_v"](y), shape.kv_heads)
        mixed = functional.scaled_dot_product_attention(
            query.transpose(1, 2),
            key.transpose(1, 2),
            value.transpose(1, 2),
            is_causal=True,
            enable_gqa=True,
        )
        x = x + matrices["attn_output"](mixed.transpose(1, 2).flatten(-2))
        y = functional.rms_norm(x, (shape.width,), self.ffn_norm, shape.epsilon)
        gate = functional.silu(matrices["ffn_gate"](y))
        changed: Tensor = matrices["ffn_down"](gate * matrices["ffn_up"](y))
        return x + changed


def _heads(x: Tensor, heads: int) -> Tensor:
    return x.view(*x.shape[:-1], heads, -1)


def _rotate(x: Tensor, rotation: Tensor) -> Tensor:
    """Turn each pair (2i, 2i+1) by its position's angle; GGUF stores Llamas for this order."""
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * rotation).flatten(-2).to(x.dtype)


class Network(nn.Module):
    """The base with an adapter of `rank` on the layers from `first` on.

    Raises:
        ConfigError: the file is no Llama.

    """

    embedding: Tensor
    norm: Tensor
    output: Tensor
    rotation: Tensor

    def __init__(self, base: Path, *, rank: int, first: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.shape, loaded = read_base(base)
        tensors = {name: tensor.to(dtype) for name, tensor in loaded.items()}
        self.first = first
        for name, tensor in (
            ("embedding", tensors["token_embd.weight"]),
            ("norm", tensors["output_norm.weight"]),
            ("output", tensors.get("output.weight", tensors["token_embd.weight"])),
            ("rotation", _rotation(self.shape)),
        ):
            self.register_buffer(name, tensor, persistent=False)
        self.layers = nn.ModuleList(
            Layer(self.shape, tensors, at, rank if at >= first else 0)
            for at in range(self.shape.layers)
        )

    def merge(self) -> None:
        """Bring every matrix up to date with its adapter; needed after each step."""
        for module in self.modules():
            if isinstance(module, Linear):
                module.merge()

    def forward(self, ids: Tensor, wanted: Tensor) -> Tensor:
        """Return the logits, (wanted positions, vocabulary), of ids (batch, tokens).

        Args:
            ids: Token ids, padded at the end.
            wanted: Bool, as `ids`: the positions whose next token is predicted.

        """
        rotation = self.rotation[: ids.shape[1], None]
        with torch.no_grad():  # no gradient is needed below the first adapter
            x = self.embedding[ids]
            for layer in self.layers[: self.first]:
                x = layer(x, rotation)
        for layer in self.layers[self.first :]:
            x = layer(x, rotation)
        x = functional.rms_norm(x[wanted], (self.shape.width,), self.norm, self.shape.epsilon)
        return x @ self.output.T


def _rotation(shape: Shape) -> Tensor:
    """Return (LONGEST, head size / 2) unit complex numbers."""
    size = shape.width // shape.heads
    frequencies = shape.rope_base ** (-torch.arange(0, size, 2).float() / size)
    angles = torch.arange(LONGEST).float()[:, None] * frequencies
    return torch.polar(torch.ones_like(angles), angles)
