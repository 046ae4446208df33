"""Train the student; the same command again goes on where it stopped, or was stopped.

The clock of a run is trained minutes, so two cores shared with others train for longer, not less.
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

TOLD = 30.0  # seconds between lines of progress
HELD = 600.0  # seconds between held-out losses


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags; a preset's own value holds where a flag of it is not given."""
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
    for each in TUNED:
        kind = {"int": int, "float": float, "str": str}[str(each.type)]
        add(f"--{each.name.replace('_', '-')}", type=kind, help="instead of the preset's")


def run(options: argparse.Namespace) -> None:
    """Train until the call's minutes or the total is over.

    Raises:
        ConfigError: the folder has no pairs, or the checkpoint is another run's.

    """
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high")
    started = time.monotonic()
    given = {each.name: getattr(options, each.name, None) for each in TUNED}
    preset = replace(
        PRESETS[options.preset], **{key: value for key, value in given.items() if value is not None}
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
    at = training.progress
    _say(
        f"{size:,} parameters on {training.device.type}; {at.step} steps, {training.done:.1%} done"
    )
    diary = Diary(options.work / "loss.jsonl", training, path, save=options.save)
    diary.keep(started + 60 * options.minutes)


def read_data(options: argparse.Namespace, preset: Preset) -> Data:
    """The shards of the working folder, and the negatives if some are named.

    Raises:
        ConfigError: there are no pairs, or a file is not what its name says.

    """
    context, tokens, seed = preset.shape.context, preset.tokens, preset.seed
    found = {
        name: Rows.read(sorted(options.work.glob(f"{name}-*.npz")), context)
        for name in ("pairs", "code", "heldout")
    }
    _say("rows: " + ", ".join(f"{len(rows):,} {name}" for name, rows in found.items()))
    if not len(found["pairs"]):
        raise ConfigError(f"{options.work}: has no pairs-*.npz; run the corpus command first")
    negatives = bad = None
    if options.negatives:
        good, bad = read_contrast(options.negatives, context)
        negatives = Stream(good, tokens=max(512, tokens // 4), seed=seed)
    return Data(
        pairs=Stream(found["pairs"], tokens=tokens, seed=seed),
        code=Stream(found["code"], tokens=tokens, seed=seed + 1),
        held=found["heldout"],
        negatives=negatives,
        bad=bad,
    )


class Diary:
    """Runs a training against the clock: progress told, losses noted, checkpoints written.

    `save` is the seconds from one checkpoint to the next: what a kill costs at most.
    """

    def __init__(self, notes: Path, training: Training, checkpoint: Path, *, save: float) -> None:
        self._save = save
        self._notes = notes
        self._training = training
        self._checkpoint = checkpoint

    def keep(self, until: float) -> None:
        """Train until a time of `time.monotonic`, or the end of the run."""
        training, at = self._training, self._training.progress
        self._forget()
        if training.done < 1:
            training.step()  # compiles, so its time is not the run's
        told = saved = held = begun = time.monotonic()
        losses: list[Tensor] = []
        tokens, trained = at.tokens, at.minutes
        while training.done < 1 and begun < until:
            losses.append(training.step())
            now = time.monotonic()
            at.minutes += (now - begun) / 60
            if now - told > TOLD:
                speed = (at.tokens - tokens) / 60 / (at.minutes - trained)
                self._tell(float(torch.stack(losses).mean()), speed)
                told, tokens, trained = now, at.tokens, at.minutes
                losses = losses[-1:]
            if now - saved > self._save:
                self._keep(losses[-1:])
                saved = now
            if now - held > HELD:
                self._note()
                held = time.monotonic()
            begun = time.monotonic()
        self._keep(losses[-1:])
        self._note()
        draw(self._notes)

    def _keep(self, latest: list[Tensor]) -> None:
        """Write the checkpoint, unless there is nothing left that is worth it.

        Raises:
            ConfigError: the latest loss is no number.

        """
        if latest and not math.isfinite(latest[0]):
            raise ConfigError(
                f"the loss is {float(latest[0])} at step {self._training.progress.step}; "
                f"go on from {self._checkpoint} with a lower --rate"
            )
        self._training.save(self._checkpoint)

    def _forget(self) -> None:
        """Drop what was noted after the checkpoint that this run goes on from."""
        kept = [
            each for each in read_notes(self._notes) if each["step"] <= self._training.progress.step
        ]
        lines = [json.dumps(each) + "\n" for each in kept]
        self._notes.write_text("".join(lines), encoding="utf-8")

    def _tell(self, loss: float, speed: float) -> None:
        training = self._training
        at = training.progress
        part = "text" if training.pretraining else "answers"
        self._write({"train": loss, "part": part})
        _say(
            f"step {at.step}  {training.done:.1%}  {part}  rate {training.rate():.1e}  "
            f"loss {loss:.3f}  {at.tokens / 1e6:.1f}M tokens  {speed / 1e3:.1f}k/s"
        )

    def _note(self) -> None:
        losses = self._training.held_out()
        if losses:
            self._write({"held_out": losses})
            _say("held out: " + "  ".join(f"{task} {loss:.4f}" for task, loss in losses.items()))

    def _write(self, entry: dict[str, Any]) -> None:
        at = self._training.progress
        line = {"minutes": round(at.minutes, 3), "step": at.step, "tokens": at.tokens, **entry}
        with self._notes.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def read_notes(notes: Path) -> list[dict[str, Any]]:
    """The entries of a loss.jsonl; a line that a kill cut short is none."""
    entries = []
    for line in notes.read_text(encoding="utf-8").splitlines() if notes.exists() else ():
        with suppress(ValueError):
            entries.append(json.loads(line))
    return entries


def draw(notes: Path) -> None:
    """The losses of loss.jsonl as a PNG beside it; without matplotlib or losses, nothing."""
    if not notes.exists():
        return
    try:
        import matplotlib as mpl
    except ImportError:  # a GPU machine may have PyTorch alone; the figures are in the file
        return
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    entries = read_notes(notes)
    figure, axes = plt.subplots(figsize=(8, 5))
    for part in ("text", "answers"):
        dots = [(each["minutes"], each["train"]) for each in entries if each.get("part") == part]
        if dots:
            axes.plot(*zip(*dots, strict=True), label=f"training, {part}", alpha=0.5)
    for task in ("all", *TASKS):
        held = [each for each in entries if task in each.get("held_out", ())]
        losses = [each["held_out"][task] for each in held]
        if losses:
            axes.plot([each["minutes"] for each in held], losses, marker=".", label=task)
    axes.set(xlabel="trained minutes", ylabel="nats a token", title="loss; held out unless named")
    axes.legend()
    figure.savefig(notes.with_suffix(".png"), dpi=120)
    plt.close(figure)


def _say(line: str) -> None:
    print(line, flush=True)
