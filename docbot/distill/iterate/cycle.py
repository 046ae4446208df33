"""Train in rounds on what the model still gets wrong, and keep a round only if it improves.

    python -m docbot.distill cycle --work WORK --rounds 2 --minutes 6

This follows IterKD (Chen et al., arXiv 2408.03680). A round samples training rows, makes faulty
answers (`faults`), and asks the present model for its likelihoods and its own answers (`feedback`).
Then training continues, with a contrastive loss against the faults that the model does not
recognise and with more weight on harder rows. The round is discarded unless the loss on held-out
rows falls and BLEU does not. `cycle.json` holds the table of rounds, and the same command continues
from it; `cycle.pt` is the checkpoint of the last round kept.
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

from docbot.atomic import replacing
from docbot.distill import export
from docbot.distill.corpus.rows import CorpusRow
from docbot.distill.evaluate.metrics import bleu
from docbot.distill.iterate import feedback
from docbot.distill.iterate.faults import Problem, make_faults
from docbot.distill.train import run as train
from docbot.distill.train import training
from docbot.errors import ConfigError
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docbot.distill.iterate.feedback import Item, Judgement

SLACK = 0.002
"""How far BLEU (0 to 1) may fall if the loss improves: smaller changes are noise."""
SPARE_MINUTES = 5.0  # minutes a training run may take beside the trained ones


@dataclass(frozen=True, kw_only=True)
class HeldOutScores:
    """The scores of a model on the fixed sample of held-out rows.

    Attributes:
        loss: Nats a token on the references.
        bleu: Smoothed sentence BLEU-4 of greedy sentences for functions, 0 to 1.
        mistaken: The share of faulty answers with a higher mean log-probability a token than the
            reference's.

    """

    loss: float
    bleu: float
    mistaken: float


@dataclass(kw_only=True)
class Round:
    """One round: an entry of `cycle.json`, a line of the table.

    Attributes:
        number: From 1 on.
        items: How many rows were judged.
        pairs: How many pairs of good and bad answers were trained on, by kind of fault.
        mistaken: The share of faulty answers the model found likelier before the round, by kind.
        problems: The share of its own answers in which a check found each kind of problem.
        unsound: The share of references with a problem of those that make a row hard.
        before: The scores before the round.
        after: The scores after it.
        control: The scores after the same minutes on the same rows without faults and weights;
            None unless `--control` is set.
        kept: Whether the next round starts from it.
        minutes: How long the whole round took, by the clock.

    """

    number: int
    items: int = 0
    pairs: dict[str, int] = field(default_factory=dict)
    mistaken: dict[str, float] = field(default_factory=dict)
    problems: dict[str, float] = field(default_factory=dict)
    unsound: float = 0.0
    before: HeldOutScores | None = None
    after: HeldOutScores | None = None
    control: HeldOutScores | None = None
    kept: bool = False
    minutes: float = 0.0


def improves(before: HeldOutScores, after: HeldOutScores) -> bool:
    """Check whether a round is kept: the loss falls, and BLEU by less than SLACK."""
    return after.loss < before.loss and after.bleu > before.bleu - SLACK


# The present model.


def convert_to_gguf(checkpoint: Path, work: Path, out: Path) -> Path:
    """Convert a checkpoint to a GGUF file in float32, and return `out`."""
    export.write_gguf(training.load(checkpoint), work / "tokenizer.json", out)
    return out


def read_held_out_items(work: Path, count: int) -> list[Item]:
    """Read the first held-out rows, with their faulty answers.

    The rows are stored in random order, so the first ones are a sample of all packages.

    Raises:
        ConfigError: the corpus has no held-out rows.

    """
    path = work / "heldout.jsonl.gz"
    if not path.exists():
        raise ConfigError(f"{path}: is missing; run corpus with --validation")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [CorpusRow(**json.loads(line)) for line in file]
    if not rows:
        raise ConfigError(f"{path}: is empty; run corpus with --validation")
    files: dict[tuple[str, str], list[CorpusRow]] = {}
    for row in rows:
        files.setdefault((row.package, row.path), []).append(row)
    return [
        feedback.Item(row=row, faulty=make_faults(row, files[row.package, row.path]))
        for row in rows[:count]
    ]


def measure(gguf: Path, items: Sequence[Item], threads: int) -> HeldOutScores:
    """Measure a model on held-out items.

    Args:
        gguf: The model's file.
        items: The items; BLEU is that of functions, or of all items where there is no function.
        threads: CPU threads; 0 for all.

    """
    reply = FORMATS["tasks"].read_completion
    with feedback.open_model(gguf, threads) as backend:
        scores = [
            score for _, score in backend.score((i.prompt, " " + i.row.answer) for i in items)
        ]
        margins = [margin for each in feedback.margins(backend, items) for margin in each.values()]
        functions = [item for item in items if item.row.task == Task.FUNCTION.value] or list(items)
        completions = dict(backend.complete(item.prompt for item in functions))
    bleus = [
        bleu(reply(completions[at].text), item.row.reference) for at, item in enumerate(functions)
    ]
    return HeldOutScores(
        loss=-sum(s.logprob for s in scores) / sum(s.tokens for s in scores),
        bleu=sum(bleus) / len(bleus),
        mistaken=_share(margin < 0 for margin in margins),
    )


def _share(flags: Any) -> float:
    values = [bool(flag) for flag in flags]
    return sum(values) / len(values) if values else 0.0


# A round.


class Cycle:
    """The rounds of a working folder.

    Attributes:
        rounds: The finished rounds, as `cycle.json` holds them.
        checkpoint: The model that the next round starts from.

    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.work: Path = options.work
        self.path = self.work / "cycle.json"
        self.best = self.work / "cycle.pt"
        self.rounds: list[dict[str, Any]] = []
        if self.path.exists():
            self.rounds = json.loads(self.path.read_text(encoding="utf-8"))["rounds"]
        first = options.checkpoint or self.work / "checkpoint.pt"
        has_kept_round = any(each["kept"] for each in self.rounds)
        self.checkpoint: Path = self.best if has_kept_round else first
        self.tokenizer = export.read_tokenizer(self.work / "tokenizer.json")
        self.preset = find_preset(self.checkpoint)
        self.held_out = read_held_out_items(self.work, options.held)
        self.index = feedback.ShardIndex(self.work, self.tokenizer)

    def run_round(self) -> None:
        """Run one round, and add it to `cycle.json` when it ends."""
        start = time.monotonic()
        current = Round(number=len(self.rounds) + 1)
        folder = self.work / f"round-{current.number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        gguf = convert_to_gguf(self.checkpoint, self.work, folder / "before.gguf")
        current.before = measure(gguf, self.held_out, self.options.threads)
        items = feedback.sample(
            self.work, self.index, self.options.sample, f"round {current.number}"
        )
        judgements = feedback.judge(self.work, gguf, items, self.options.threads)
        _record_judgements(current, judgements)
        negatives = folder / f"round-{current.number}.npz"
        current.pairs = dict(feedback.write_negatives(negatives, judgements, self.tokenizer))
        feedback.write_shards(self.work, folder, judgements, plain=False)
        current.after = self._train_and_measure(folder, negatives if current.pairs else None)
        if self.options.control:
            plain = folder / "control"
            plain.mkdir()
            feedback.write_shards(self.work, plain, judgements, plain=True)
            current.control = self._train_and_measure(plain, None)
        current.kept = improves(current.before, current.after)
        if current.kept:
            shutil.copyfile(folder / "checkpoint.pt", self.best)
            self.checkpoint = self.best
        current.minutes = (time.monotonic() - start) / 60
        self._write(current)
        for big in [*folder.rglob("pairs-*.npz"), *folder.rglob("*.gguf")]:
            big.unlink()

    def _train_and_measure(self, folder: Path, negatives: Path | None) -> HeldOutScores:
        """Continue training in a folder of its own, and measure the result on the held-out rows."""
        options = self.options
        minutes = options.minutes
        rate = training.PRESETS[self.preset].rate / 3 if options.rate is None else options.rate
        flags = {
            "--work": folder,
            "--preset": self.preset,
            "--minutes": minutes + SPARE_MINUTES,
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
        gguf = convert_to_gguf(folder / "checkpoint.pt", self.work, folder / "after.gguf")
        return measure(gguf, self.held_out, options.threads)

    def _write(self, current: Round) -> None:
        self.rounds.append(dataclasses.asdict(current))
        flags = {k: str(v) for k, v in vars(self.options).items() if v is not None and k != "work"}
        text = json.dumps({"options": flags, "rounds": self.rounds}, indent=1)
        with replacing(self.path) as new:
            new.write_text(text, encoding="utf-8")


def find_preset(checkpoint: Path) -> str:
    """Find the name of the preset that has a checkpoint's shape.

    Raises:
        ConfigError: there is no such checkpoint or preset.

    """
    shape = training.load(checkpoint)["shape"]
    for name, preset in training.PRESETS.items():
        if dataclasses.asdict(preset.shape) == shape:
            return name
    raise ConfigError(f"{checkpoint}: has no preset's shape; train it with the train command")


def _record_judgements(current: Round, judgements: Sequence[Judgement]) -> None:
    """Enter the shares and counts of a round's judgements into its record."""
    current.items = len(judgements)
    preferred: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for each in judgements:
        for faulty, margin in each.margins.items():
            totals[faulty.fault.value] += 1
            preferred[faulty.fault.value] += margin < 0
    current.mistaken = {kind: preferred[kind] / count for kind, count in totals.items()}
    current.problems = {
        p.value: _share(p in each.own_problems for each in judgements) for p in Problem
    }
    current.unsound = _share(not each.sound for each in judgements)


def table(rounds: Sequence[Mapping[str, Any]]) -> str:
    """Format rounds, as `cycle.json` holds them, as a Markdown table."""
    lines = [
        "| round | rows judged | pairs | loss | BLEU | faults preferred | minutes | |",
        "|---|---|---|---|---|---|---|---|",
    ]

    def cells(scores: dict[str, float]) -> str:
        return (
            f"{scores['loss']:.4f} | {100 * scores['bleu']:.2f} | {100 * scores['mistaken']:.1f} %"
        )

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
    """Add the flags of `cycle` to a parser."""
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
    """Run rounds one after another, and print the table after each.

    Raises:
        ConfigError: the folder lacks a corpus or a checkpoint.

    """
    cycle = Cycle(options)
    for _ in range(options.rounds):
        cycle.run_round()
        print(table(cycle.rounds), flush=True)
