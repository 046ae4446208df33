"""Train the student; the same command, given again, resumes the run from its checkpoint.

A run is measured in trained minutes: a machine that does other work too needs longer, but trains
no less.
"""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from docbot.distill.train.shards import Rows, Stream, read_contrast
from docbot.distill.train.training import PRESETS, TUNED, Data, Preset, Training, load
from docbot.distill.vocabulary import TASKS
from docbot.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from torch import Tensor

PROGRESS_INTERVAL = 30.0  # seconds between printed lines
HELD_OUT_INTERVAL = 600.0  # seconds between held-out losses


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `train`; a hyper-parameter without its flag has the preset's value."""
    add = parser.add_argument
    add("--preset", choices=sorted(PRESETS), default="cpu")
    add("--minutes", type=float, default=9.0, help="how long this call may take")
    add("--total-minutes", type=float, default=60.0, help="trained minutes of the whole run")
    add("--checkpoint", type=Path, help="default: WORK/checkpoint.pt")
    add("--init", type=Path, help="start from this checkpoint's weights: a further round")
    add("--negatives", type=Path, help="rows with a good and a bad answer (.npz)")
    add("--save", type=float, default=120.0, help="seconds between checkpoints")
    add("--threads", type=int, default=0, help="CPU threads; 0: PyTorch's choice")
    add("--compile", choices=("yes", "no"), default="yes", help="compile the student first")
    for field in TUNED:
        kind = {"int": int, "float": float, "str": str}[str(field.type)]
        add(f"--{field.name.replace('_', '-')}", type=kind, help="instead of the preset's")


def run(options: argparse.Namespace) -> None:
    """Train until the call's or the run's minutes are over.

    Raises:
        ConfigError: the folder has no pairs, or the checkpoint is another run's.

    """
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high")
    started = time.monotonic()
    values = {field.name: getattr(options, field.name, None) for field in TUNED}
    preset = replace(
        PRESETS[options.preset],
        **{key: value for key, value in values.items() if value is not None},
    )
    data = read_data(options, preset)
    training = Training(
        preset, data, total=options.total_minutes, compiled=options.compile == "yes"
    )
    path = options.checkpoint or options.work / "checkpoint.pt"
    if path.exists():
        training.restore(path)
    elif options.init:
        training.student.load_state_dict(load(options.init)["model"])
    size = sum(weight.numel() for weight in training.student.parameters())
    progress = training.progress
    _print(
        f"{size:,} parameters on {training.device.type}; {progress.step} steps, "
        f"{training.share_trained:.1%} done"
    )
    loop = TrainingLoop(options.work / "loss.jsonl", training, path, save=options.save)
    loop.run(started + 60 * options.minutes)


def read_data(options: argparse.Namespace, preset: Preset) -> Data:
    """Read the shards of the working folder, and the negatives if `--negatives` names a file.

    Raises:
        ConfigError: there are no pairs, or a file does not hold what its name says.

    """
    context, tokens, seed = preset.shape.context, preset.tokens, preset.seed
    rows = {
        name: Rows.read(sorted(options.work.glob(f"{name}-*.npz")), context)
        for name in ("pairs", "code", "heldout")
    }
    _print("rows: " + ", ".join(f"{len(part):,} {name}" for name, part in rows.items()))
    if not len(rows["pairs"]):
        raise ConfigError(f"{options.work}: has no pairs-*.npz; run the corpus command first")
    negatives = bad = None
    if options.negatives:
        good, bad = read_contrast(options.negatives, context)
        negatives = Stream(good, tokens=max(512, tokens // 4), seed=seed)
    return Data(
        pairs=Stream(rows["pairs"], tokens=tokens, seed=seed),
        code=Stream(rows["code"], tokens=tokens, seed=seed + 1),
        held_out=rows["heldout"],
        negatives=negatives,
        bad=bad,
    )


class TrainingLoop:
    """A training run against the clock: prints progress, logs losses, writes checkpoints.

    Args:
        log: File of the losses, `loss.jsonl`.
        training: The run.
        checkpoint: File of the checkpoint.
        save: Seconds from one checkpoint to the next: the most that a kill costs.

    """

    def __init__(self, log: Path, training: Training, checkpoint: Path, *, save: float) -> None:
        self._save = save
        self._log = log
        self._training = training
        self._checkpoint = checkpoint

    def run(self, until: float) -> None:
        """Train until a time of `time.monotonic`, or the end of the run.

        Raises:
            ConfigError: the latest loss is no number.

        """
        training, progress = self._training, self._training.progress
        self._drop_later_entries()
        if training.share_trained < 1:
            training.step()  # compiles, so its time is not the run's
        printed = saved = measured = begun = time.monotonic()
        losses: list[Tensor] = []
        tokens, minutes = progress.tokens, progress.minutes
        while training.share_trained < 1 and begun < until:
            losses.append(training.step())
            now = time.monotonic()
            progress.minutes += (now - begun) / 60
            if now - printed > PROGRESS_INTERVAL:
                speed = (progress.tokens - tokens) / 60 / (progress.minutes - minutes)
                self._report_progress(float(torch.stack(losses).mean()), speed)
                printed, tokens, minutes = now, progress.tokens, progress.minutes
                losses = losses[-1:]
            if now - saved > self._save:
                self._save_checkpoint(losses[-1:])
                saved = now
            if now - measured > HELD_OUT_INTERVAL:
                self._report_held_out()
                measured = time.monotonic()
            begun = time.monotonic()
        self._save_checkpoint(losses[-1:])
        self._report_held_out()
        draw(self._log)

    def _save_checkpoint(self, latest: list[Tensor]) -> None:
        """Write the checkpoint, unless the weights are spoilt: then keep the last one and raise."""
        if latest and not math.isfinite(latest[0]):
            raise ConfigError(
                f"the loss is {float(latest[0])} at step {self._training.progress.step}; "
                f"go on from {self._checkpoint} with a lower --rate"
            )
        self._training.save(self._checkpoint)

    def _drop_later_entries(self) -> None:
        """Drop the log's entries after the checkpoint from which this run resumes."""
        step = self._training.progress.step
        entries = [entry for entry in read_log(self._log) if entry["step"] <= step]
        lines = [json.dumps(entry) + "\n" for entry in entries]
        self._log.write_text("".join(lines), encoding="utf-8")

    def _report_progress(self, loss: float, speed: float) -> None:
        """Log and print the mean training loss; `speed` is tokens a second."""
        training = self._training
        progress = training.progress
        part = "text" if training.pretraining else "answers"
        self._append({"train": loss, "part": part})
        _print(
            f"step {progress.step}  {training.share_trained:.1%}  {part}  "
            f"rate {training.rate():.1e}  loss {loss:.3f}  "
            f"{progress.tokens / 1e6:.1f}M tokens  {speed / 1e3:.1f}k/s"
        )

    def _report_held_out(self) -> None:
        losses = self._training.measure_held_out()
        if losses:
            self._append({"held_out": losses})
            _print("held out: " + "  ".join(f"{task} {loss:.4f}" for task, loss in losses.items()))

    def _append(self, entry: dict[str, Any]) -> None:
        at = self._training.progress
        line = {"minutes": round(at.minutes, 3), "step": at.step, "tokens": at.tokens, **entry}
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def read_log(log: Path) -> list[dict[str, Any]]:
    """Read the entries of a loss.jsonl, without a line that a kill cut short."""
    entries = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
        with suppress(ValueError):
            entries.append(json.loads(line))
    return entries


def draw(log: Path) -> None:
    """Draw the losses of loss.jsonl as a PNG beside it, if matplotlib and the file are there."""
    if not log.exists():
        return
    try:
        import matplotlib as mpl
    except ImportError:  # a GPU machine may have PyTorch alone; the figures are in the file
        return
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    entries = read_log(log)
    figure, axes = plt.subplots(figsize=(8, 5))
    for part in ("text", "answers"):
        points = [(each["minutes"], each["train"]) for each in entries if each.get("part") == part]
        if points:
            axes.plot(*zip(*points, strict=True), label=f"training, {part}", alpha=0.5)
    for task in ("all", *TASKS):
        measured = [each for each in entries if task in each.get("held_out", ())]
        losses = [each["held_out"][task] for each in measured]
        if losses:
            axes.plot([each["minutes"] for each in measured], losses, marker=".", label=task)
    axes.set(xlabel="trained minutes", ylabel="nats a token", title="loss; held out unless named")
    axes.legend()
    figure.savefig(log.with_suffix(".png"), dpi=120)
    plt.close(figure)


def _print(line: str) -> None:
    print(line, flush=True)
