"""Train the adapter; the same command, given again, resumes the run from its checkpoint.

It is the same on a CPU (float32) and on a GPU (the base in bfloat16). The rate rises over the first
steps, stays, and falls to nothing over the last part of the rows, so that a run can be made longer
until then. Each call ends with an adapter file of what has been learnt so far.
"""

from __future__ import annotations

import csv
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from docbot.atomic import replacing
from docbot.distill.adapt.batches import Tokens
from docbot.distill.adapt.export import export_adapter
from docbot.distill.adapt.network import Network
from docbot.distill.flags import share
from docbot.errors import ConfigError
from docbot.llm.digest import sha256

if TYPE_CHECKING:
    import argparse

STEP_TOKENS = 4_000
"""Tokens of an optimiser's step."""

BATCH_TOKENS = {"cpu": 1_600, "cuda": 32_000}
"""Tokens of a forward pass, padding included."""

WARM_UP = 20
"""Steps over which the rate rises."""

MEASURED = 96
"""Held-out examples that a loss is measured on."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `adapt` to a parser."""
    add = parser.add_argument
    add("--base", type=Path, required=True, help="the base model, a GGUF file of a Llama")
    add("--minutes", type=float, default=60.0, help="how long this call may take")
    add("--rows", type=int, default=0, help="examples of the whole run; 0: each once")
    add("--decay", type=share, default=0.25, help="last share of --rows, 0 to 1: the rate falls")
    add("--rate", type=float, default=1e-3, help="learning rate")
    add("--rank", type=int, default=16, help="rank of the adapter's matrices")
    add("--first", type=int, default=8, help="first layer with an adapter")
    add("--threads", type=int, default=0, help="CPU threads; 0: PyTorch's choice")
    add("--save", type=float, default=300.0, help="seconds between checkpoints")
    add("--measure", type=float, default=1200.0, help="seconds between held-out losses")
    add("--checkpoint", type=Path, help="default: WORK/adapter.pt")


def run(options: argparse.Namespace) -> None:
    """Train until the minutes or the rows are over, and write WORK/adapter.gguf.

    Raises:
        ConfigError: the examples are missing, the base is no Llama, or the loss is no number.

    """
    if options.threads:
        torch.set_num_threads(options.threads)
    training = Training(options)
    training.run(time.monotonic() + 60 * options.minutes)
    export_adapter(
        training.lora(), sha256(options.base), training.rows, options.work / "adapter.gguf"
    )


class Training:
    """A run of training, from its checkpoint on.

    Attributes:
        rows: Examples learnt so far.
        step: Steps of the optimiser so far.

    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._path = options.checkpoint or options.work / "adapter.pt"
        self._examples = Tokens(options.work / "examples.npz")
        self._held_out = Tokens(options.work / "heldout-examples.npz")
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(0)
        dtype = torch.bfloat16 if self._device.type == "cuda" else torch.float32
        self._network = Network(options.base, rank=options.rank, first=options.first, dtype=dtype)
        self._network.to(self._device)
        self._parameters = list(self._network.parameters())
        self._optimizer = torch.optim.AdamW(
            self._parameters, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.0
        )
        self._order = self._examples.order(seed=3)
        self._goal = options.rows or len(self._order)
        self.rows = self.step = 0
        if self._path.exists():
            self._restore()
        self._network.merge()

    def lora(self) -> dict[str, torch.Tensor]:
        """Return the trained tensors by their names."""
        return self._network.state_dict()

    def run(self, until: float) -> None:
        """Train until a time of `time.monotonic`, or the end of the rows.

        Raises:
            ConfigError: the loss is no number.

        """
        options = self._options
        saved = measured = started = time.monotonic()
        path = self._path.with_suffix(".csv")
        with path.open("a", newline="", encoding="utf-8", buffering=1) as file:
            log = csv.writer(file)
            while self.rows < self._goal and (now := time.monotonic()) < until:
                loss = self._train_step()
                log.writerow([self.step, self.rows, f"{loss:.4f}", f"{self._rate():.2e}",
                              f"{(now - started) / 60:.1f}"])  # fmt: skip
                if now - saved > options.save:
                    self._save()
                    saved = now
                if now - measured > options.measure:
                    self._report()
                    measured = time.monotonic()
        self._save()
        self._report()

    def _rate(self) -> float:
        left = (self._goal - self.rows) / max(1.0, self._options.decay * self._goal)
        factor = min(1.0, (self.step + 1) / WARM_UP, max(left, 0.01))
        return float(self._options.rate * factor)

    def _train_step(self) -> float:
        """Learn from the next examples, and return the mean loss of a token in nats."""
        rows: list[int] = []
        tokens = 0
        while tokens < STEP_TOKENS and self.rows < self._goal:
            rows.append(self._order[self.rows % len(self._order)])
            tokens += self._examples.length(rows[-1])
            self.rows += 1
        batches = list(self._examples.batches(rows, BATCH_TOKENS[self._device.type]))
        learnt = sum(len(batch.targets) for batch in batches)
        total = 0.0
        for batch in batches:
            loss = self._loss(batch.to(self._device)) / learnt
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        if not math.isfinite(total):
            raise ConfigError(f"the loss is no number at step {self.step}; lower --rate")
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._network.merge()
        self.step += 1
        return total

    def _loss(self, batch: Any) -> torch.Tensor:
        logits = self._network(batch.ids, batch.wanted).float()
        return functional.cross_entropy(logits, batch.targets, reduction="sum")

    def measure(self) -> float:
        """Return the mean loss of a held-out token, in nats."""
        count = len(self._held_out)
        rows = range(0, count, max(1, count // MEASURED))
        total, tokens = 0.0, 0
        with torch.no_grad():
            for batch in self._held_out.batches(rows, BATCH_TOKENS[self._device.type]):
                total += float(self._loss(batch.to(self._device)))
                tokens += len(batch.targets)
        return total / tokens

    def _report(self) -> None:
        held_out = self.measure()
        print(f"step {self.step}, {self.rows:,} rows: {held_out:.4f} held out", flush=True)

    def _save(self) -> None:
        state = {
            "lora": self.lora(),
            "optimizer": self._optimizer.state_dict(),
            "rows": self.rows,
            "step": self.step,
        }
        with replacing(self._path) as new:
            torch.save(state, new)

    def _restore(self) -> None:
        state = torch.load(self._path, map_location=self._device, weights_only=True)
        try:
            self._network.load_state_dict(state["lora"])
        except RuntimeError as error:  # other layers, or matrices of another rank
            raise ConfigError(
                f"{self._path}: has another --rank or --first; give those, or another --checkpoint"
            ) from error
        if "optimizer" in state:  # another run's weights are a beginning without it
            self._optimizer.load_state_dict(state["optimizer"])
            self.rows, self.step = state["rows"], state["step"]
