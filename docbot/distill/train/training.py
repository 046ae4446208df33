"""Run the steps of a training; each depends only on the seed and the step's number.

For the first part of a run, `pretrain` of the total, the student reads code and pairs as plain
text. Only a sample of the positions is scored: over all of them, the output layer costs two cores
more than the rest of the model. Then it learns the answers. Muon trains the hidden matrices, AdamW
the rest. The learning rate warms up, stays, and falls linearly to zero over the last 40 %.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pickle import UnpicklingError  # torch.load raises it; nothing is unpickled here
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from docbot.atomic import replacing
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
        shape: The student's shape.
        tokens: Padded input tokens of a step.
        optimiser: `muon` (hidden matrices; AdamW for the rest) or `adamw`.
        rate: Highest learning rate.
        decay: Weight decay of hidden matrices.
        dropout: Share of each half block's output that training leaves out.
        warmup: Steps until the highest rate.
        pretrain: Share of the total time that reads code and pairs as text.
        code: Share of pre-training steps that read code rows, where there are any.
        sample: Share of prompt positions scored in pre-training.
        prompt_share: Share of prompt positions scored in the supervised part.
        prompt_weight: Weight of such a position; an answer's position weighs one.
        contrast: Weight of the contrastive loss.
        margin: Nats a token by which a good answer should beat a bad one.
        every: Steps from one contrastive step to the next.
        seed: Seed of initial weights, order and samples.

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
TUNED = tuple(field for field in fields(Preset) if field.name != "shape")
FALL = 0.4  # share of the total over which the rate falls to zero
HELD_OUT_ROWS = 3000  # most held-out rows of a measurement, the same ones each time


@dataclass(kw_only=True)
class Progress:
    """The progress of a run: trained minutes, steps, tokens read (without padding)."""

    minutes: float = 0.0
    step: int = 0
    tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Data:
    """The rows of a working folder, by their part in training.

    Attributes:
        pairs: Rows of prompt and answer.
        code: Rows of undocumented code, without answers.
        held_out: Rows that are measured and never trained on.
        negatives: Rows of good answers for the contrastive loss.
        bad: The bad answers to the same prompts, in the same order.

    """

    pairs: Stream
    code: Stream
    held_out: Rows
    negatives: Stream | None = None
    bad: Rows | None = None


class Training:
    """A run: a student, its optimisers and its progress.

    Args:
        preset: Hyper-parameters.
        data: Rows to train on and to measure.
        total: Trained minutes of the whole run.
        compiled: Whether to compile the student first.

    """

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
    def share_trained(self) -> float:
        """Return the share of the total that is trained, 0 to 1."""
        return min(1.0, self.progress.minutes / self.total)

    @property
    def pretraining(self) -> bool:
        """Check whether the next step reads text; otherwise it learns answers."""
        return self.share_trained < self.preset.pretrain

    def rate(self) -> float:
        """Return the learning rate of the next step."""
        warm = min(1.0, (self.progress.step + 1) / self.preset.warmup)
        return self.preset.rate * warm * min(1.0, (1.0 - self.share_trained) / FALL)

    def step(self) -> Tensor:
        """Train on the next batch and return its loss, a scalar on the device.

        Reading the loss waits until the device has done the step.
        """
        preset, at = self.preset, self.progress
        rng = np.random.default_rng([preset.seed, at.step])
        if preset.dropout:
            torch.manual_seed(int(rng.integers(2**31)))  # so that a resumed run drops the same
        text = self.pretraining
        reads_code = text and bool(len(self.data.code.rows)) and rng.random() < preset.code
        stream = self.data.code if reads_code else self.data.pairs
        scoring = (
            Scoring(share=preset.sample, weight=1.0)
            if text
            else Scoring(share=preset.prompt_share, weight=preset.prompt_weight)
        )
        batch = collate(stream.rows, stream.draw(), scoring, rng)
        loss: Tensor = -(self.score(batch) * self._to_device(batch.weight)).sum() / max(
            1, len(batch.target)
        )
        loss.backward()  # type: ignore[no-untyped-call]
        if self.data.negatives and not text and at.step % preset.every == 0:
            self.contrast(rng).backward()  # type: ignore[no-untyped-call]
        self._update()
        at.step, at.tokens = at.step + 1, at.tokens + batch.tokens
        return loss.detach()

    def score(self, batch: Batch, function: Callable[[Batch], Tensor] | None = None) -> Tensor:
        """Return the log-probabilities of the batch's targets, [scored], on the device.

        `function` computes them; default: the student's, as compiled for training.
        """
        moved = {field.name: self._to_device(getattr(batch, field.name)) for field in fields(Batch)}
        gpu = self.device.type == "cuda"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=gpu):
            return (function or self._score)(Batch(**moved))

    def contrast(self, rng: np.random.Generator) -> Tensor:
        """Return the contrastive loss of the next negatives, times its weight.

        It is the mean of max(0, margin - (good - bad)) over pairs of answers, where good and bad
        are the mean log-probabilities of an answer's tokens.

        Raises:
            ConfigError: there are no negatives.

        """
        stream, bad = self.data.negatives, self.data.bad
        if stream is None or bad is None:
            raise ConfigError("--negatives names no usable rows; write them again")
        indices = stream.draw()
        means = [
            _row_means(self.score(batch), self._to_device(batch.row), len(indices))
            for batch in (collate(rows, indices, ANSWERS, rng) for rows in (stream.rows, bad))
        ]
        shortfall = (self.preset.margin - (means[0] - means[1])).clamp(min=0)
        return self.preset.contrast * shortfall.mean()

    @torch.no_grad()
    def measure_held_out(self) -> dict[str, float]:
        """Return the mean loss of an answer token on held-out rows, in nats.

        The keys are `all` and each task; without held-out rows there are none.
        """
        rows = self.data.held_out
        if not len(rows):
            return {}
        self.student.eval()
        rng = np.random.default_rng(0)
        sample = rows.only(np.sort(rng.permutation(len(rows))[:HELD_OUT_ROWS]))
        loss, count = np.zeros(len(TASKS)), np.zeros(len(TASKS))
        for indices in plan(sample, self.preset.tokens, rng):
            batch = collate(sample, indices, ANSWERS, rng)
            task = sample.task[indices][batch.row.numpy()]
            logprobs = self.score(batch, self.student.logprobs).cpu().numpy()
            loss += np.bincount(task, -logprobs, minlength=len(TASKS))
            count += np.bincount(task, minlength=len(TASKS))
        self.student.train()
        by_task = {TASKS[i]: float(loss[i] / count[i]) for i in np.flatnonzero(count)}
        return {"all": float(loss.sum() / count.sum()), **by_task}

    def _update(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.rate()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def _to_device(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.to(self.device, non_blocking=True)
        return value

    def save(self, path: Path) -> None:
        """Write a checkpoint; if killed, the file is the old or the new one, never a part."""
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
        with replacing(path) as new:
            torch.save(state, new)

    def restore(self, path: Path) -> None:
        """Resume from a checkpoint of this run.

        Raises:
            ConfigError: it is of another shape, or no checkpoint.

        """
        state = load(path)
        if state["shape"] != asdict(self.preset.shape):
            raise ConfigError(f"{path}: has another shape than this preset; move it away first")
        self.student.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])
        for name, stream in self._streams().items():
            stream.epoch, stream.position = state["streams"].get(name, (0, 0))

    def _streams(self) -> dict[str, Stream]:
        streams = {"pairs": self.data.pairs, "code": self.data.code}
        if self.data.negatives is not None:
            streams["negatives"] = self.data.negatives
        return streams


def _row_means(scores: Tensor, row: Tensor, rows: int) -> Tensor:
    total = scores.new_zeros(rows).index_add(0, row, scores)
    return total / torch.bincount(row, minlength=rows).clamp(min=1)


def _optimisers(student: nn.Module, preset: Preset) -> list[torch.optim.Optimizer]:
    parameters = dict(student.named_parameters())
    hidden = {name: weight for name, weight in parameters.items() if name.startswith("blocks.")}
    hidden = {name: weight for name, weight in hidden.items() if weight.dim() > 1}
    rest = [weight for name, weight in parameters.items() if name not in hidden]
    groups = [{"params": rest, "weight_decay": 0.0}]
    if preset.optimiser == "adamw":
        groups.append({"params": list(hidden.values()), "weight_decay": preset.decay})
    adam = torch.optim.AdamW(groups, lr=preset.rate, betas=(0.9, 0.95), fused=True)
    if preset.optimiser == "adamw":
        return [adam]
    matrices = [(weight, FUSED.get(name.rsplit(".")[-1], 1)) for name, weight in hidden.items()]
    return [adam, Muon(matrices, rate=preset.rate, decay=preset.decay)]


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Raises:
        ConfigError: the file is missing or no checkpoint.

    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError) as error:
        raise ConfigError(f"{path}: is no checkpoint ({error}); train one first") from error
    return state
