"""One run of training: presets, the data of its steps, and the steps, each from (seed, number).

Until `pretrain` of the total the student reads code and pairs as plain text (a sample of positions:
over all of them the output layer costs two cores more than the trunk), then it learns the answers.
Hidden matrices are trained by Muon, the rest by AdamW. The learning rate warms up, stays, and falls
linearly to zero over the last 40 %.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pickle import UnpicklingError  # what it raises, not what reads here
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from docbot.distill.train.muon import Muon
from docbot.distill.train.shards import ANSWERS, Batch, Rows, Scoring, Stream, collate, plan
from docbot.distill.train.student import FUSED, Shape, Student
from docbot.distill.vocabulary import TASKS
from docbot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Every hyper-parameter of a run; each but the shape is also a flag of the command.

    Attributes:
        shape: The student's.
        tokens: Padded input tokens a step.
        optimiser: `muon` (hidden matrices; AdamW for the rest) or `adamw`.
        rate: Highest learning rate.
        decay: Weight decay of hidden matrices.
        dropout: Share of what each half block adds that training leaves out.
        warmup: Steps until the highest rate.
        pretrain: Share of the total time that reads code and pairs as text.
        code: Share of pre-training steps that read code rows, where there are any.
        sample: Share of prompt positions scored in pre-training.
        prompt_share: The same for the supervised part, ...
        prompt_weight: ... and what such a position weighs beside an answer's.
        contrast: Weight of the contrastive loss.
        margin: Nats a token by which a good answer should beat a bad one.
        every: Steps between two contrastive ones.
        seed: Of initial weights, order and samples.

    """

    shape: Shape
    tokens: int
    optimiser: str = "muon"
    rate: float
    decay: float = 0.05
    dropout: float = 0.0
    warmup: int = 100
    pretrain: float = 0.25
    code: float = 0.5
    sample: float = 0.25
    prompt_share: float = 0.0
    prompt_weight: float = 0.2
    contrast: float = 0.5
    margin: float = 1.0
    every: int = 4
    seed: int = 0


PRESETS = {
    "test": Preset(shape=Shape(vocab=512, layers=2, inner=256), tokens=512, rate=3e-3, warmup=5),
    "cpu": Preset(shape=Shape(), tokens=6144, rate=3e-3),
    "gpu": Preset(
        shape=Shape(width=512, layers=8, heads=8, inner=1536),
        tokens=131_072,
        rate=1.5e-3,
        dropout=0.1,
        warmup=300,
        sample=1.0,
    ),
}
TUNED = tuple(each for each in fields(Preset) if each.name != "shape")
FALL = 0.4  # share of the total over which the rate falls to zero
HELD_ROWS = 3000  # held-out rows a measurement reads at most, the same ones each time


@dataclass(kw_only=True)
class Progress:
    """How far a run is: trained minutes, steps, tokens read (without padding)."""

    minutes: float = 0.0
    step: int = 0
    tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Data:
    """The rows of a working folder, by their part in training."""

    pairs: Stream
    code: Stream
    held: Rows
    negatives: Stream | None = None
    bad: Rows | None = None


class Training:
    """A run: a student, its optimisers and how far it is; `step` is one step of it."""

    def __init__(self, preset: Preset, data: Data, *, total: float, compiled: bool) -> None:
        torch.manual_seed(preset.seed)
        self.preset, self.data, self.total = preset, data, total
        self.progress = Progress()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.student = Student(preset.shape, preset.dropout).to(self.device)
        self.optimisers = _optimisers(self.student, preset)
        score = self.student.logprobs
        self._score = torch.compile(score, dynamic=True) if compiled else score

    @property
    def done(self) -> float:
        """The share of the total that is trained."""
        return min(1.0, self.progress.minutes / self.total)

    @property
    def pretraining(self) -> bool:
        """Whether the next step reads text, or learns answers."""
        return self.done < self.preset.pretrain

    def rate(self) -> float:
        """The learning rate of the next step."""
        warm = min(1.0, (self.progress.step + 1) / self.preset.warmup)
        return self.preset.rate * warm * min(1.0, (1.0 - self.done) / FALL)

    def step(self) -> Tensor:
        """Train on the next batch; its loss, on the device (reading it waits for the step)."""
        preset, at = self.preset, self.progress
        rng = np.random.default_rng([preset.seed, at.step])
        if preset.dropout:
            torch.manual_seed(int(rng.integers(2**31)))  # so that a resumed run drops the same
        text = self.pretraining
        coded = text and bool(len(self.data.code.rows)) and rng.random() < preset.code
        stream = self.data.code if coded else self.data.pairs
        scoring = (
            Scoring(share=preset.sample, weight=1.0)
            if text
            else Scoring(share=preset.prompt_share, weight=preset.prompt_weight)
        )
        batch = collate(stream.rows, stream.draw(), scoring, rng)
        loss = -(self.score(batch) * self._on(batch.weight)).sum() / max(1, len(batch.target))
        loss.backward()  # type: ignore[no-untyped-call]
        if self.data.negatives and not text and at.step % preset.every == 0:
            self.contrast(rng).backward()  # type: ignore[no-untyped-call]
        self._update()
        at.step, at.tokens = at.step + 1, at.tokens + batch.tokens
        return loss.detach()

    def score(self, batch: Batch, by: Callable[[Batch], Tensor] | None = None) -> Tensor:
        """Log-probabilities of the batch's targets, by the student as compiled for training."""
        moved = {each.name: self._on(getattr(batch, each.name)) for each in fields(Batch)}
        gpu = self.device.type == "cuda"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=gpu):
            return (by or self._score)(Batch(**moved))

    def contrast(self, rng: np.random.Generator) -> Tensor:
        """max(0, margin - (good - bad)) over a batch of pairs, times its weight.

        Good and bad are mean log-probabilities of an answer's tokens.
        """
        stream, bad = self.data.negatives, self.data.bad
        if stream is None or bad is None:
            raise ConfigError("--negatives names no usable rows; write them again")
        chosen = stream.draw()
        means = [
            _means(self.score(batch), self._on(batch.row), len(chosen))
            for batch in (collate(rows, chosen, ANSWERS, rng) for rows in (stream.rows, bad))
        ]
        lacking = (self.preset.margin - (means[0] - means[1])).clamp(min=0)
        return self.preset.contrast * lacking.mean()

    @torch.no_grad()
    def held_out(self) -> dict[str, float]:
        """Mean loss of an answer token on held-out rows, in nats: `all`, and each task's."""
        rows = self.data.held
        if not len(rows):
            return {}
        self.student.eval()
        rng = np.random.default_rng(0)
        some = rows.only(np.sort(rng.permutation(len(rows))[:HELD_ROWS]))
        loss, count = np.zeros(len(TASKS)), np.zeros(len(TASKS))
        for chosen in plan(some, self.preset.tokens, rng):
            batch = collate(some, chosen, ANSWERS, rng)
            task = some.task[chosen][batch.row.numpy()]
            scored = self.score(batch, self.student.logprobs).cpu().numpy()
            loss += np.bincount(task, -scored, minlength=len(TASKS))
            count += np.bincount(task, minlength=len(TASKS))
        self.student.train()
        each = {TASKS[i]: float(loss[i] / count[i]) for i in np.flatnonzero(count)}
        return {"all": float(loss.sum() / count.sum()), **each}

    def _update(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.rate()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def _on(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.to(self.device, non_blocking=True)
        return value

    def save(self, path: Path) -> None:
        """Write a checkpoint; a kill leaves the one before, or this one."""
        streams = {
            name: [stream.epoch, stream.position] for name, stream in self._streams().items()
        }
        state = {
            "shape": asdict(self.preset.shape),
            "preset": asdict(self.preset),
            "progress": asdict(self.progress),
            "total": self.total,
            "streams": streams,
            "model": self.student.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        fresh = path.with_name(path.name + ".new")
        torch.save(state, fresh)
        fresh.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint of this run.

        Raises:
            ConfigError: it is another shape's, or no checkpoint.

        """
        state = load(path)
        if state["shape"] != asdict(self.preset.shape):
            raise ConfigError(f"{path}: has another shape than this preset; move it away first")
        self.student.load_state_dict(state["model"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.progress = Progress(**state["progress"])
        for name, stream in self._streams().items():
            stream.epoch, stream.position = state["streams"].get(name, (0, 0))

    def _streams(self) -> dict[str, Stream]:
        streams = {"pairs": self.data.pairs, "code": self.data.code}
        if self.data.negatives is not None:
            streams["negatives"] = self.data.negatives
        return streams


def _means(scored: Tensor, row: Tensor, rows: int) -> Tensor:
    """The mean of each row's scores."""
    total = scored.new_zeros(rows).index_add(0, row, scored)
    return total / torch.bincount(row, minlength=rows).clamp(min=1)


def _optimisers(student: nn.Module, preset: Preset) -> list[torch.optim.Optimizer]:
    named = dict(student.named_parameters())
    hidden = {name: weight for name, weight in named.items() if name.startswith("blocks.")}
    hidden = {name: weight for name, weight in hidden.items() if weight.dim() > 1}
    rest = [weight for name, weight in named.items() if name not in hidden]
    groups = [{"params": rest, "weight_decay": 0.0}]
    if preset.optimiser == "adamw":
        groups.append({"params": list(hidden.values()), "weight_decay": preset.decay})
    adam = torch.optim.AdamW(groups, lr=preset.rate, betas=(0.9, 0.95), fused=True)
    if preset.optimiser == "adamw":
        return [adam]
    held = [(weight, FUSED.get(name.rsplit(".")[-1], 1)) for name, weight in hidden.items()]
    return [adam, Muon(held, rate=preset.rate, decay=preset.decay)]


def load(path: Path) -> dict[str, Any]:
    """A checkpoint, on the CPU.

    Raises:
        ConfigError: it is missing or no checkpoint.

    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError) as error:
        raise ConfigError(f"{path}: is no checkpoint ({error}); train one first") from error
    return state
