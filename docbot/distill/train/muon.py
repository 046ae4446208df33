"""Muon: momentum, orthogonalised (Jordan et al. 2024), for the hidden matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor

STEPS = 5  # of Newton and Schulz


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised (Jordan et al. 2024), scaled to AdamW's step (Liu et al. 2025).

    Each matrix comes with how many it holds one above another (query, key and value: 3); each
    part is orthogonalised by itself, all parts of one shape in one batch.
    """

    def __init__(
        self, matrices: Iterable[tuple[Tensor, int]], *, rate: float, decay: float
    ) -> None:
        groups = [{"params": [matrix], "parts": parts} for matrix, parts in matrices]
        super().__init__(groups, {"lr": rate, "decay": decay, "momentum": 0.95})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step; a parameter without a gradient stays."""
        del closure
        alike: dict[tuple[int, int], list[tuple[Tensor, Tensor, float]]] = {}
        for group in self.param_groups:
            (weight,) = group["params"]
            if weight.grad is None:
                continue
            state = self.state[weight]
            if not state:
                state["momentum"] = torch.zeros_like(weight)
            kept = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
            update = weight.grad.lerp(kept, group["momentum"])  # Nesterov
            weight.mul_(1 - group["lr"] * group["decay"])
            for to, part in zip(
                *(_lying(each, group["parts"]) for each in (weight, update)), strict=True
            ):
                rows, columns = part.shape
                alike.setdefault((rows, columns), []).append((to, part, group["lr"]))
        for (_, columns), parts in alike.items():
            whole = orthogonal(torch.stack([part for _, part, _ in parts]))
            for (to, _, rate), part in zip(parts, whole, strict=True):
                to.sub_(part.to(to.dtype), alpha=0.2 * columns**0.5 * rate)


def _lying(matrix: Tensor, parts: int) -> tuple[Tensor, ...]:
    """The matrices held in one (views), each with no more rows than columns."""
    return tuple(p.T if p.shape[0] > p.shape[1] else p for p in matrix.chunk(parts))


def orthogonal(stack: Tensor) -> Tensor:
    """Near-orthogonal matrices [n, rows, columns] of the same singular vectors; rows <= columns.

    Five Newton-Schulz steps with Jordan's coefficients: bfloat16 on a GPU, where it is faster.
    Where rows are fewer, the steps run on the small Gram matrix, and the result is the same.
    """
    x = stack.bfloat16() if stack.is_cuda else stack
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    if stack.is_cuda or x.shape[1] == x.shape[2]:  # in bfloat16 the Gram's errors add up
        for _ in range(STEPS):
            x = _quintic(x @ x.mT) @ x
        return x
    gram = x @ x.mT
    whole = torch.eye(x.shape[1], dtype=x.dtype)
    for _ in range(STEPS):
        turn = _quintic(gram)
        whole, gram = turn @ whole, turn @ gram @ turn
    return whole @ x


def _quintic(gram: Tensor) -> Tensor:
    """3.4445 I - 4.7750 G + 2.0315 G²: what a step multiplies its matrix with."""
    turn = torch.baddbmm(gram, gram, gram, beta=-4.7750, alpha=2.0315)
    turn.diagonal(dim1=-2, dim2=-1).add_(3.4445)
    return turn
