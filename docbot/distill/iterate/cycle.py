"""Rounds of training on what the model still gets wrong, each kept only where held-out improves.

    python -m docbot.distill cycle --work WORK --rounds 2 --minutes 6

IterKD's way (Chen et al., arXiv 2408.03680): a round takes a sample of training rows, makes faulty
answers, asks the present model for its likelihoods and its own answers (`feedback`), trains on with
a contrastive loss against the faults it does not see and with more weight on harder rows, and is
thrown away unless the held-out loss falls and BLEU does not. `cycle.json` is the table, and where
the same command goes on; `cycle.pt` is the checkpoint of the last round kept.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.distill import export
from docbot.distill.corpus.rows import Row
from docbot.distill.evaluate.metrics import bleu
from docbot.distill.iterate import feedback
from docbot.distill.iterate.faults import Problem, faults
from docbot.distill.train import run as train
from docbot.distill.train import training
from docbot.errors import ConfigError
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.distill.iterate.feedback import Item, Judged

SLACK = 0.002
"""How far BLEU (0 to 1) may fall where the loss improves: less is noise."""
SPARE = 5.0  # minutes a round may take beside its trained ones


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """A model on the fixed held-out sample.

    Attributes:
        loss: Nats a token of the references.
        bleu: Smoothed sentence BLEU-4 of functions' greedy sentences, 0 to 1.
        mistaken: The share of faulty answers found likelier, token by token, than the reference.

    """

    loss: float
    bleu: float
    mistaken: float


@dataclass(kw_only=True)
class Round:
    """One line of the table.

    Attributes:
        number: From 1 on.
        items: Rows judged.
        pairs: Good and bad answers trained on, by kind of fault.
        mistaken: The share of faulty answers the model found likelier before the round, by kind.
        problems: The share of its own answers in which a check found a problem, by kind.
        unsound: The share of references in which a check that makes rows hard found one.
        before: Held out before the round.
        after: Held out after it.
        control: The same minutes on the same rows without faults and weights, where asked for.
        kept: Whether the next round starts from it.
        minutes: Everything a round took, by the clock.

    """

    number: int
    items: int = 0
    pairs: dict[str, int] = field(default_factory=dict)
    mistaken: dict[str, float] = field(default_factory=dict)
    problems: dict[str, float] = field(default_factory=dict)
    unsound: float = 0.0
    before: HeldOut | None = None
    after: HeldOut | None = None
    control: HeldOut | None = None
    kept: bool = False
    minutes: float = 0.0


def improves(before: HeldOut, after: HeldOut) -> bool:
    """Whether a round is worth keeping."""
    return after.loss < before.loss and after.bleu > before.bleu - SLACK


# The model now.


def gguf_of(checkpoint: Path, work: Path, out: Path) -> Path:
    """A checkpoint as a GGUF file in float32."""
    export.write_gguf(training.load(checkpoint), work / "tokenizer.json", out)
    return out


def held_out_items(work: Path, count: int) -> list[Item]:
    """The first held-out rows; their order says nothing of their packages.

    Raises:
        ConfigError: the corpus has none.

    """
    path = work / "heldout.jsonl.gz"
    if not path.exists():
        raise ConfigError(f"{path}: is missing; run corpus with --validation")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [Row(**json.loads(line)) for line in file]
    if not rows:
        raise ConfigError(f"{path}: is empty; run corpus with --validation")
    files: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        files.setdefault((row.package, row.path), []).append(row)
    return [
        feedback.Item(row=row, faulty=faults(row, files[row.package, row.path]))
        for row in rows[:count]
    ]


def measure(gguf: Path, items: Sequence[Item], threads: int) -> HeldOut:
    """A model on held-out items."""
    reply = FORMATS["tasks"].reply
    with feedback.open_model(gguf, threads) as backend:
        scores = [
            score for _, score in backend.score((i.prompt, " " + i.row.answer) for i in items)
        ]
        margins = [m for each in feedback.margins(backend, items) for m in each.values()]
        asked = [item for item in items if item.row.task == Task.FUNCTION.value] or list(items)
        said = dict(backend.complete(item.prompt for item in asked))
    gained = [bleu(reply(said[at].text), item.row.reference) for at, item in enumerate(asked)]
    return HeldOut(
        loss=-sum(s.logprob for s in scores) / sum(s.tokens for s in scores),
        bleu=sum(gained) / len(gained),
        mistaken=_share(margin < 0 for margin in margins),
    )


def _share(flags: Any) -> float:
    found = [bool(flag) for flag in flags]
    return sum(found) / len(found) if found else 0.0


# A round.


class Cycle:
    """Rounds in a working folder; `rounds` are those done, `checkpoint` the model to go on from."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.work: Path = options.work
        self.path = self.work / "cycle.json"
        self.kept = self.work / "cycle.pt"
        self.rounds: list[dict[str, Any]] = []
        if self.path.exists():
            self.rounds = json.loads(self.path.read_text(encoding="utf-8"))["rounds"]
        first = options.checkpoint or self.work / "checkpoint.pt"
        going_on = any(each["kept"] for each in self.rounds)
        self.checkpoint: Path = self.kept if going_on else first
        self.tokenizer = export.read_tokenizer(self.work / "tokenizer.json")
        self.preset = preset_of(self.checkpoint)
        self.held = held_out_items(self.work, options.held)
        self.places = feedback.Places(self.work, self.tokenizer)

    def go(self) -> None:
        """One round; its line is in the table when it ends."""
        begun = time.monotonic()
        this = Round(number=len(self.rounds) + 1)
        folder = self.work / f"round-{this.number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        gguf = gguf_of(self.checkpoint, self.work, folder / "before.gguf")
        this.before = measure(gguf, self.held, self.options.threads)
        items = feedback.sample(self.work, self.places, self.options.sample, f"round {this.number}")
        judged = feedback.judge(self.work, gguf, items, self.options.threads)
        _note(this, judged)
        negatives = folder / f"round-{this.number}.npz"
        this.pairs = dict(feedback.write_negatives(negatives, judged, self.tokenizer))
        feedback.write_shards(self.work, folder, judged, plain=False)
        this.after = self._train(folder, negatives if this.pairs else None)
        if self.options.control:
            plain = folder / "control"
            plain.mkdir()
            feedback.write_shards(self.work, plain, judged, plain=True)
            this.control = self._train(plain, None)
        this.kept = improves(this.before, this.after)
        if this.kept:
            shutil.copyfile(folder / "checkpoint.pt", self.kept)
            self.checkpoint = self.kept
        this.minutes = (time.monotonic() - begun) / 60
        self._write(this)
        for big in [*folder.rglob("pairs-*.npz"), *folder.rglob("*.gguf")]:
            big.unlink()

    def _train(self, folder: Path, negatives: Path | None) -> HeldOut:
        """Train on in a folder of its own; the result on the held-out sample."""
        options = self.options
        minutes = options.minutes
        rate = training.PRESETS[self.preset].rate / 3 if options.rate is None else options.rate
        flags = {
            "--work": folder,
            "--preset": self.preset,
            "--minutes": minutes + SPARE,
            "--total-minutes": minutes,
            "--init": self.checkpoint,
            "--rate": rate,
            "--warmup": 20,
            "--pretrain": 0.0,
            "--seed": len(self.rounds) + 1,
            "--threads": options.threads,
            "--compile": options.compile,
            **({"--negatives": negatives, "--contrast": options.contrast} if negatives else {}),
        }
        parser = argparse.ArgumentParser()
        parser.add_argument("--work", type=Path)
        train.arguments(parser)
        train.run(parser.parse_args([str(part) for pair in flags.items() for part in pair]))
        gguf = gguf_of(folder / "checkpoint.pt", self.work, folder / "after.gguf")
        return measure(gguf, self.held, options.threads)

    def _write(self, this: Round) -> None:
        self.rounds.append(dataclasses.asdict(this))
        flags = {k: str(v) for k, v in vars(self.options).items() if v is not None and k != "work"}
        text = json.dumps({"options": flags, "rounds": self.rounds}, indent=1)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.path)


def preset_of(checkpoint: Path) -> str:
    """The name of the preset that has a checkpoint's shape.

    Raises:
        ConfigError: there is no such checkpoint or preset.

    """
    shape = training.load(checkpoint)["shape"]
    for name, preset in training.PRESETS.items():
        if dataclasses.asdict(preset.shape) == shape:
            return name
    raise ConfigError(f"{checkpoint}: has no preset's shape; train it with the train command")


def _note(this: Round, judged: Sequence[Judged]) -> None:
    """What the views found, as the table has it."""
    this.items = len(judged)
    beaten: Counter[str] = Counter()
    made: Counter[str] = Counter()
    for each in judged:
        for faulty, margin in each.margins.items():
            made[faulty.fault.value] += 1
            beaten[faulty.fault.value] += margin < 0
    this.mistaken = {kind: beaten[kind] / count for kind, count in made.items()}
    this.problems = {p.value: _share(p in each.found for each in judged) for p in Problem}
    this.unsound = _share(not each.sound for each in judged)


def table(rounds: Sequence[dict[str, Any]]) -> str:
    """The rounds as a Markdown table."""
    lines = [
        "| round | rows judged | pairs | loss | BLEU | faults preferred | minutes | |",
        "|---|---|---|---|---|---|---|---|",
    ]

    def cells(held: dict[str, float]) -> str:
        return f"{held['loss']:.4f} | {100 * held['bleu']:.2f} | {100 * held['mistaken']:.1f} %"

    if rounds:
        lines.append(f"| before |  |  | {cells(rounds[0]['before'])} |  |  |")
    for each in rounds:
        if each["control"]:
            lines.append(f"| {each['number']}, control |  |  | {cells(each['control'])} |  |  |")
        pairs = sum(each["pairs"].values())
        verdict = "kept" if each["kept"] else "thrown away"
        lines.append(
            f"| {each['number']} | {each['items']:,} | {pairs:,} | {cells(each['after'])} | "
            f"{each['minutes']:.1f} | {verdict} |"
        )
    return "\n".join(lines)


# The command.


def arguments(parser: argparse.ArgumentParser) -> None:
    """`cycle`'s own flags."""
    add = parser.add_argument
    add("--rounds", type=int, default=2, help="rounds of this call")
    add("--minutes", type=float, default=6.0, help="trained minutes of a round")
    add("--sample", type=int, default=8000, help="training rows judged in a round: what it can see")
    add("--held", type=int, default=800, help="held-out rows measured")
    add("--checkpoint", type=Path, help="where to start; default: WORK/checkpoint.pt")
    add("--rate", type=float, help="highest learning rate; default: a third of the preset's")
    add("--contrast", type=float, default=0.5, help="weight of the contrastive loss")
    add("--control", action="store_true", help="train the same minutes without faults and weights")
    add("--threads", type=int, default=0, help="CPU threads; 0: all")
    add("--compile", choices=("yes", "no"), default="yes", help="compile the student first")


def run(options: argparse.Namespace) -> None:
    """Rounds, one after another; print the table.

    Raises:
        ConfigError: the folder lacks a corpus or a checkpoint.

    """
    cycle = Cycle(options)
    for _ in range(options.rounds):
        cycle.go()
        print(table(cycle.rounds), flush=True)
