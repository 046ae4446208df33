"""Read token shards and serve them as batches of rows of similar length.

A shard is an .npz of `ids` uint16 [tokens], `off` int64 [rows + 1], `cl` int32 [rows] (tokens of
the prompt), `task` uint8 [rows] (index into TASKS) and `weight` float32 [rows]. The
order of batches depends only on a seed and the epoch, so that two integers in a checkpoint say
where a stream is.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from docbot.distill.vocabulary import PAD
from docbot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from typing_extensions import Self

MULTIPLE = 8  # padded lengths are multiples of this: whole vectors, fewer distinct shapes
WINDOW = 128  # batches sorted by length together: more of them pad less, but mix worse
UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of one or several shards.

    Attributes:
        ids: Tokens of all shards, [tokens].
        start: Index into `ids` of each row's first token, [rows].
        length: Tokens of each row, prompt and answer together, [rows].
        prompt: Tokens of each row's prompt, [rows].
        task: Index into TASKS, [rows].
        weight: Weight in the loss, [rows].

    """

    ids: Array
    start: Array
    length: Array
    prompt: Array
    task: Array
    weight: Array

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.start)

    @classmethod
    def read(cls, paths: Sequence[Path], context: int) -> Self:
        """Read the usable rows of these files.

        Usable rows have a positive weight and fit the context (in tokens).

        Raises:
            ConfigError: a file is no token shard.

        """
        shards = [_read_shard(path) for path in paths] or [_EMPTY]
        bases = np.cumsum([0, *(len(shard["ids"]) for shard in shards)])
        joined = {
            key: np.concatenate([shard[key] for shard in shards])
            for key in ("ids", "cl", "task", "weight")
        }
        start = np.concatenate(
            [s["off"][:-1] + base for s, base in zip(shards, bases, strict=False)]
        )
        length = np.concatenate([np.diff(shard["off"]) for shard in shards])
        usable = (joined["weight"] > 0) & (length <= context + 1) & (length > 1)
        return cls(
            ids=joined["ids"],
            start=start[usable],
            length=length[usable],
            prompt=joined["cl"][usable].astype(np.int64),
            task=joined["task"][usable],
            weight=joined["weight"][usable],
        )

    def only(self, indices: Array) -> Rows:
        """Return the rows at these indices, over the same tokens."""
        columns = {
            each.name: getattr(self, each.name)[indices]
            for each in fields(self)
            if each.name != "ids"
        }
        return Rows(ids=self.ids, **columns)


def read_contrast(path: Path, context: int) -> tuple[Rows, Rows]:
    """Read rows of good and of bad answers to the same prompts, in the same order.

    In the file the good ones are `ids`, `off` and `cl` as in a shard, the bad ones `bad_ids` and
    `bad_off`.

    Raises:
        ConfigError: the file has no such arrays, or no pair that fits the context.

    """
    try:
        with path.open("rb") as file, np.load(file) as shard:
            arrays = {key: shard[key] for key in ("ids", "off", "cl", "bad_ids", "bad_off")}
    except UNREADABLE as error:
        raise ConfigError(f"{path}: holds no negatives ({error}); write it again") from error
    prompt = arrays["cl"].astype(np.int64)
    good, bad = (
        Rows(
            ids=arrays[prefix + "ids"],
            start=arrays[prefix + "off"][:-1],
            length=np.diff(arrays[prefix + "off"]),
            prompt=prompt,
            task=np.zeros(len(prompt), np.uint8),
            weight=np.ones(len(prompt), np.float32),
        )
        for prefix in ("", "bad_")
    )
    fits = np.flatnonzero(
        (np.maximum(good.length, bad.length) <= context + 1)
        & (np.minimum(good.length, bad.length) > prompt)
    )
    if not len(fits):
        raise ConfigError(f"{path}: holds no negatives that fit {context} tokens; write it again")
    return good.only(fits), bad.only(fits)


_EMPTY: dict[str, Array] = {
    "ids": np.zeros(0, np.uint16),
    "off": np.zeros(1, np.int64),
    "cl": np.zeros(0, np.int32),
    "task": np.zeros(0, np.uint8),
    "weight": np.zeros(0, np.float32),
}


def _read_shard(path: Path) -> dict[str, Array]:
    try:
        with path.open("rb") as file, np.load(file) as shard:
            return {key: shard[key] for key in _EMPTY}
    except UNREADABLE as error:
        raise ConfigError(f"{path}: is no token shard ({error}); write it again") from error


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Padded rows, and the scored positions: those whose next token counts in the loss.

    Attributes:
        ids: Input tokens, [rows, time].
        flat: Scored positions as row * time + position, ascending, [scored].
        target: The token that follows each scored position, [scored].
        weight: Its weight in the loss, [scored].
        row: Its row, [scored].
        slot: Its index in the flattened `depth`, row * most + rank, [scored].
        depth: Each row's scored positions, padded with 0 to the longest list, [rows, most].
        tokens: Tokens of all rows, without padding.

    """

    ids: Tensor
    flat: Tensor
    target: Tensor
    weight: Tensor
    row: Tensor
    slot: Tensor
    depth: Tensor
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """Which prompt positions are scored beside the answer: a random `share`, each of `weight`."""

    share: float
    weight: float


ANSWERS = Scoring(share=0.0, weight=0.0)


def collate(rows: Rows, indices: Array, scoring: Scoring, rng: np.random.Generator) -> Batch:
    """Pad the chosen rows into one batch on the CPU.

    Args:
        rows: All rows.
        indices: Indices of the batch's rows.
        scoring: Which prompt positions are scored beside the answers.
        rng: Draws those positions; nothing is drawn where all of them are scored.

    """
    length, prompt = rows.length[indices][:, None], rows.prompt[indices][:, None]
    time = -(-int(length.max() - 1) // MULTIPLE) * MULTIPLE
    at = np.arange(time + 1)[None]
    grid = rows.ids[rows.start[indices][:, None] + np.minimum(at, length - 1)].astype(np.int64)
    grid[at >= length] = PAD
    following = at[:, 1:]
    answer = (following >= prompt) & (following < length)
    before = following < np.minimum(prompt, length)
    if scoring.share < 1:
        before &= rng.random(before.shape, np.float32) < scoring.share
    mask = answer | before
    flat = np.flatnonzero(mask)
    row, position = np.divmod(flat, time)
    counts = mask.sum(1)
    most = int(counts.max())
    slot = row * most + np.arange(len(flat)) - np.repeat(np.cumsum(counts) - counts, counts)
    depth = np.zeros(len(indices) * most, np.int64)
    depth[slot] = position
    share = np.where(answer.reshape(-1)[flat], 1.0, scoring.weight)
    weight = (share * rows.weight[indices][row]).astype(np.float32)
    return Batch(
        ids=torch.from_numpy(np.ascontiguousarray(grid[:, :-1])),
        flat=torch.from_numpy(flat),
        target=torch.from_numpy(grid[:, 1:].reshape(-1)[flat]),
        weight=torch.from_numpy(weight),
        row=torch.from_numpy(row),
        slot=torch.from_numpy(slot),
        depth=torch.from_numpy(depth.reshape(len(indices), most)),
        tokens=int(length.sum()),
    )


class Stream:
    """Endless batches of about `tokens` padded tokens, in a new order each epoch.

    Attributes:
        rows: The rows that are served.
        epoch: Epoch of the next batch; set it and `position` to resume from a checkpoint.
        position: Number of the next batch in its epoch.

    """

    def __init__(self, rows: Rows, *, tokens: int, seed: int) -> None:
        self.rows = rows
        self.epoch = 0
        self.position = 0
        self._tokens = tokens
        self._seed = seed
        self._plan_epoch = -1
        self._plan: list[Array] = []

    def draw(self) -> Array:
        """Return the indices of the next batch's rows, and advance."""
        if self._plan_epoch != self.epoch:
            self._plan = plan(
                self.rows, self._tokens, np.random.default_rng([self._seed, self.epoch])
            )
            self._plan_epoch = self.epoch
        indices = self._plan[min(self.position, len(self._plan) - 1)]  # shards may be others by now
        self.position += 1
        if self.position >= len(self._plan):
            self.epoch, self.position = self.epoch + 1, 0
        return indices


def plan(rows: Rows, tokens: int, rng: np.random.Generator) -> list[Array]:
    """Sort all rows into shuffled batches of rows of similar length.

    A batch has at most `tokens` padded tokens, or one row; every row comes once.
    """
    order = rng.permutation(len(rows))
    mean = float(rows.length.mean()) if len(rows) else 1.0
    window = max(1, int(WINDOW * tokens / mean))
    batches: list[Array] = []
    for begin in range(0, len(order), window):
        part = order[begin : begin + window]
        part = part[np.argsort(rows.length[part], kind="stable")]
        batches += _cut(part, rows.length[part].tolist(), tokens)
    rng.shuffle(batches)
    return batches


def _cut(part: Array, lengths: list[int], tokens: int) -> list[Array]:
    """Cut rows sorted by length into runs of at most `tokens` padded tokens, or one row."""
    cuts = [0]
    for at, length in enumerate(lengths):
        if (at + 1 - cuts[-1]) * length > tokens and at > cuts[-1]:
            cuts.append(at)
    return [part[a:b] for a, b in zip(cuts, [*cuts[1:], len(part)], strict=True)]
