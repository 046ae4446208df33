"""Optimise the hidden matrices with Muon: orthogonalised momentum (Jordan et al. 2024)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor

NEWTON_SCHULZ_STEPS = 5


class Muon(torch.optim.Optimizer):
    """The Muon optimiser (Jordan et al. 2024), scaled to AdamW's step size (Liu et al. 2025).

    A parameter may hold several matrices, one above another (query, key and value: 3), so each
    comes with their number. Each part is orthogonalised by itself; all parts of one shape are
    orthogonalised in one batch.

    Args:
        matrices: Parameters, each with the number of matrices that it holds.
        rate: Learning rate.
        decay: Decoupled weight decay, as in AdamW.

    """

    def __init__(
        self, matrices: Iterable[tuple[Tensor, int]], *, rate: float, decay: float
    ) -> None:
        groups = [{"params": [matrix], "parts": parts} for matrix, parts in matrices]
        super().__init__(groups, {"lr": rate, "decay": decay, "momentum": 0.95})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        del closure
        by_shape: dict[tuple[int, int], list[tuple[Tensor, Tensor, float]]] = {}
        for group in self.param_groups:
            (weight,) = group["params"]
            if weight.grad is None:
                continue
            state = self.state[weight]
            if not state:
                state["momentum"] = torch.zeros_like(weight)
            momentum = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
            update = weight.grad.lerp(momentum, group["momentum"])  # Nesterov
            weight.mul_(1 - group["lr"] * group["decay"])
            for target, part in zip(
                *(_wide_parts(matrix, group["parts"]) for matrix in (weight, update)), strict=True
            ):
                rows, columns = part.shape
                by_shape.setdefault((rows, columns), []).append((target, part, group["lr"]))
        for (_, columns), parts in by_shape.items():
            updates = orthogonalise(torch.stack([part for _, part, _ in parts]))
            for (target, _, rate), update in zip(parts, updates, strict=True):
                target.sub_(update.to(target.dtype), alpha=0.2 * columns**0.5 * rate)


def _wide_parts(matrix: Tensor, parts: int) -> tuple[Tensor, ...]:
    """Return views of the stacked matrices, transposed where rows outnumber columns."""
    return tuple(p.T if p.shape[0] > p.shape[1] else p for p in matrix.chunk(parts))


def orthogonalise(stack: Tensor) -> Tensor:
    """Move the singular values of each matrix near one and keep its singular vectors.

    Five Newton-Schulz steps with the coefficients of Jordan et al. (2024), in bfloat16 on a GPU,
    where it is faster. Where rows are fewer, the steps run on the small Gram matrix, and the
    result is the same.

    Args:
        stack: Matrices, [n, rows, columns], with rows <= columns.

    Returns:
        Near-orthogonal matrices of the same shape.

    """
    x: Tensor = stack.bfloat16() if stack.is_cuda else stack
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    if (
        stack.is_cuda or x.shape[1] == x.shape[2]
    ):  # in bfloat16 the errors of the Gram matrix add up
        for _ in range(NEWTON_SCHULZ_STEPS):
            x = _quintic(x @ x.mT) @ x
        return x
    gram = x @ x.mT
    product = torch.eye(x.shape[1], dtype=x.dtype)
    for _ in range(NEWTON_SCHULZ_STEPS):
        factor = _quintic(gram)
        product, gram = factor @ product, factor @ gram @ factor
    result: Tensor = product @ x
    return result


def _quintic(gram: Tensor) -> Tensor:
    """Return 3.4445 I - 4.7750 G + 2.0315 G², the factor of a Newton-Schulz step."""
    factor = torch.baddbmm(gram, gram, gram, beta=-4.7750, alpha=2.0315)
    factor.diagonal(dim1=-2, dim2=-1).add_(3.4445)
    return factor
