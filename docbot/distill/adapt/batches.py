"""Read files of example tokens, and make padded batches of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from docbot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from torch import Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Examples padded to one length.

    Attributes:
        ids: (examples, tokens), int64.
        wanted: Bool, as `ids`: the positions whose next token is learnt.
        targets: The learnt tokens, (wanted positions,).

    """

    ids: Tensor
    wanted: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(
            ids=self.ids.to(device),
            wanted=self.wanted.to(device),
            targets=self.targets.to(device),
        )


class Tokens:
    """The examples of a .npz file that `adapt.tokens` wrote.

    Raises:
        ConfigError: the file is not there.

    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise ConfigError(f"{path}: is missing; run the step `examples` first")
        arrays = np.load(path)
        self._ids, self._mask = arrays["ids"].astype(np.int64), arrays["mask"]
        self._ends = np.concatenate([[0], arrays["ends"]])

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self._ends) - 1

    def length(self, row: int) -> int:
        """Return the number of tokens of an example."""
        return int(self._ends[row + 1] - self._ends[row])

    def batch(self, rows: list[int]) -> Batch:
        """Return some examples, padded to the longest of them."""
        shape = (len(rows), max(map(self.length, rows)))
        ids = torch.zeros(shape, dtype=torch.long)
        learnt = torch.zeros(shape, dtype=torch.bool)
        for at, row in enumerate(rows):
            start, end = self._ends[row], self._ends[row + 1]
            ids[at, : end - start] = torch.from_numpy(self._ids[start:end])
            learnt[at, : end - start] = torch.from_numpy(self._mask[start:end])
        wanted = torch.zeros_like(learnt)
        wanted[:, :-1] = learnt[:, 1:]
        return Batch(ids=ids, wanted=wanted, targets=ids[:, 1:][learnt[:, 1:]])

    def batches(self, rows: Iterable[int], most: int) -> Iterator[Batch]:
        """Yield batches of examples of like length, of at most `most` tokens with the padding."""
        group: list[int] = []
        for row in sorted(rows, key=self.length):
            if group and self.length(row) * (len(group) + 1) > most:
                yield self.batch(group)
                group = []
            group.append(row)
        if group:
            yield self.batch(group)

    def order(self, seed: int) -> list[int]:
        """Return the rows in random order."""
        rows = list(range(len(self)))
        random.Random(seed).shuffle(rows)  # noqa: S311 - not for secrets
        return rows
