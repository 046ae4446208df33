"""Define the student: a Llama-shaped decoder that llama.cpp runs unchanged.

Architecture "llama" (Touvron et al., arXiv 2302.13971): RMSNorm (Zhang and Sennrich, 2019), SwiGLU
(Shazeer, 2020), rotary positions on interleaved pairs (Su et al., 2021), no biases, the embedding
tied to the output. The width of a row is divisible by 256, or llama.cpp's K-quants fall back to
larger types.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from docbot.distill.train.shards import Batch


FUSED = {"qkv": 3, "gate_up": 2}  # weights that hold several matrices, one above another


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The hyper-parameters that decide a student's size.

    Attributes:
        vocab: Tokens of the vocabulary.
        width: Width of a hidden state.
        layers: Blocks.
        heads: Attention heads; keys and values have as many as queries.
        inner: Width of the feed-forward half.
        context: Tokens, prompt and answer together.
        epsilon: Of RMSNorm.
        theta: Base of the rotary frequencies.

    """

    vocab: int = 8192
    width: int = 256
    layers: int = 4
    heads: int = 4
    inner: int = 768
    context: int = 320
    epsilon: float = 1e-5
    theta: float = 10_000.0


class Norm(nn.Module):
    """RMSNorm over the last dimension (Zhang and Sennrich, 2019)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.width))
        self.epsilon = shape.epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Scale each row to a root mean square of one, then by the weight."""
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.epsilon)


class Block(nn.Module):
    """One layer: attention and a SwiGLU feed-forward half (Shazeer, 2020), both residual.

    `qkv` holds query, key and value rows, `gate_up` gate and up rows, in that order: together they
    are fewer and larger products, which is faster on two cores. `dropout` is the share of each
    half's output that training leaves out.
    """

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        width, inner = shape.width, shape.inner
        self.heads = shape.heads
        self.dropout = dropout
        self.attn_norm, self.ffn_norm = Norm(shape), Norm(shape)
        self.qkv = nn.Parameter(torch.empty(3 * width, width))
        self.out = nn.Parameter(torch.empty(width, width))
        self.gate_up = nn.Parameter(torch.empty(2 * inner, width))
        self.down = nn.Parameter(torch.empty(width, inner))

    def forward(self, x: Tensor, rotation: Tensor, batch: Batch | None = None) -> Tensor:
        """Apply the layer to all positions, or only to the batch's scored ones.

        Args:
            x: Hidden states, [rows, time, width].
            rotation: Cosines and sines of the rotary positions, [2, time, 1, head size / 2].
            batch: Its positions whose next token is scored are computed alone.

        Returns:
            Hidden states, [rows, time, width]; with a batch [scored, width].

        """
        if batch is not None:
            return self._forward_scored(x, rotation, batch)
        rows, time, width = x.shape
        qkv = F.linear(self.attn_norm(x), self.qkv).view(rows, time, 3, self.heads, -1)
        q, k, v = qkv.unbind(2)
        q, k = rotate(q, rotation).transpose(1, 2), rotate(k, rotation).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v.transpose(1, 2), is_causal=True)
        y = y.transpose(1, 2).reshape(rows, time, width)
        return self.feed(x + self.drop(F.linear(y, self.out)))

    def _forward_scored(self, x: Tensor, rotation: Tensor, batch: Batch) -> Tensor:
        """Apply the layer to the batch's scored positions alone, [scored, width].

        Keys and values need every position; queries, attention's output and the feed-forward
        only those whose next token is scored.
        """
        rows, time, width = x.shape
        y = self.attn_norm(x)
        kv = F.linear(y, self.qkv[width:]).view(rows, time, 2, self.heads, -1)
        k, v = kv.unbind(2)
        k, v = rotate(k, rotation).transpose(1, 2), v.transpose(1, 2)
        selected = y.reshape(-1, width).index_select(0, batch.flat)
        q = F.linear(selected, self.qkv[:width]).view(-1, self.heads, width // self.heads)
        q = rotate(q, rotation.index_select(1, batch.flat % time))
        most = batch.depth.shape[1]
        grid = q.new_zeros(rows * most, *q.shape[1:]).index_copy(0, batch.slot, q)
        grid = grid.view(rows, most, *q.shape[1:]).transpose(1, 2)
        visible = torch.arange(time, device=x.device) <= batch.depth[:, None, :, None]
        y = F.scaled_dot_product_attention(grid, k, v, attn_mask=visible)
        y = y.transpose(1, 2).reshape(rows * most, width).index_select(0, batch.slot)
        x = x.reshape(-1, width).index_select(0, batch.flat)
        return self.feed(x + self.drop(F.linear(y, self.out)))

    def feed(self, x: Tensor) -> Tensor:
        """Apply the feed-forward half to x [..., width], and add x."""
        gate, up = F.linear(self.ffn_norm(x), self.gate_up).chunk(2, -1)
        return x + self.drop(F.linear(F.silu(gate) * up, self.down))

    def drop(self, x: Tensor) -> Tensor:
        """Apply dropout while training."""
        return F.dropout(x, self.dropout, self.training) if self.dropout else x


def rotate(x: Tensor, rotation: Tensor) -> Tensor:
    """Apply rotary positions to interleaved pairs (Su et al., 2021), as llama.cpp's "llama" does.

    x is [..., time, heads, head size] or [scored, heads, head size]; `rotation` is as in `Block`.
    """
    cos, sin = rotation[0], rotation[1]
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Student(nn.Module):
    """The model, from token ids to hidden states.

    A state's logits are its products with the embedding.
    """

    rotations: Tensor

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Parameter(torch.empty(shape.vocab, shape.width))
        self.blocks = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
        self.norm = Norm(shape)
        size = shape.width // shape.heads
        steps = shape.theta ** -(torch.arange(0, size, 2).float() / size)
        angle = torch.outer(torch.arange(shape.context).float(), steps)
        rotations = torch.stack((angle.cos(), angle.sin()))[:, :, None]
        self.register_buffer("rotations", rotations, persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:  # noqa: PLR2004 - matrices
                deep = name.endswith(("out", "down"))
                nn.init.normal_(weight, 0, 0.02 / math.sqrt(2 * shape.layers) if deep else 0.02)

    def forward(self, ids: Tensor, batch: Batch | None = None) -> Tensor:
        """Return the final hidden states of ids [rows, time].

        Without `batch` they are those of every position, [rows, time, width]. With it they are
        those of its scored positions, [scored, width], and the last block computes no more than
        these need.
        """
        x = F.embedding(ids, self.embed)
        rotation = self.rotations[:, : ids.shape[1]].to(x.dtype)
        *blocks, last = self.blocks
        for block in blocks:
            x = block(x, rotation)
        hidden: Tensor = self.norm(last(x, rotation, batch))
        return hidden

    def logprobs(self, batch: Batch) -> Tensor:
        """Return the natural-log probability of each scored target, [scored], in float32."""
        logits = F.linear(self(batch.ids, batch), self.embed).float()
        return -F.cross_entropy(logits, batch.target, reduction="none")
