"""What a model gets wrong, seen from two sides: its own likelihoods, and static checks.

For a sample of training rows the present model says how much likelier it finds the right answer
than faulty ones, and answers greedily, which is held against the code. Both views together are a
row's difficulty; from it come the next round's weights and its pairs of a good and a bad answer.
"""

from __future__ import annotations

import itertools
import math
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from docbot.distill.corpus.extract import share_of
from docbot.distill.corpus.labels import key, read_labels
from docbot.distill.corpus.rows import Row, read_rows
from docbot.distill.corpus.teacher import again, wheel_of
from docbot.distill.corpus.write_shards import row_ids
from docbot.distill.iterate.faults import Fault, Faulty, Problem, faults, problems
from docbot.distill.vocabulary import ANSWER, BODY
from docbot.errors import ConfigError
from docbot.llm.batching import LlamaCpp
from docbot.llm.protocol import Prompt
from docbot.llm.weights import resolve
from docbot.prompt.task import Slot, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

STEEP = 0.5  # nats a token over which a margin goes from hard to easy
CLEAR = 1.0  # nats a token: faults beaten by more teach nothing, as `train`'s margin has it
LEAST, MOST = 0.5, 2.5  # weights of the easiest and of the hardest row, before the mean is made 1
WRONG = 0.5  # the weight of a row whose reference the code does not bear out
HARD = frozenset(Problem) - {Problem.REFUSED}


@dataclass(frozen=True, kw_only=True)
class Item:
    """A training row, its faulty answers, and where it stands: (shard, row) in `pairs-*.npz`."""

    row: Row
    faulty: tuple[Faulty, ...]
    places: tuple[tuple[int, int], ...] = ()

    @property
    def prompt(self) -> Prompt:
        """The row's prompt as a backend takes it."""
        return Prompt(
            head=f"<|{self.row.task}|>",
            body=self.row.prompt,
            tail="<|sum|>",
            keep=BODY,
            keep_end=True,
        )


@dataclass(kw_only=True)
class Judged:
    """What both views say of an item.

    Attributes:
        item: The item.
        margins: Nats a token by which the reference is likelier than each faulty answer.
        own: The model's greedy answer.
        found: What static checks find wrong with it.
        reference: What they find wrong with the reference.

    """

    item: Item
    margins: dict[Faulty, float] = field(default_factory=dict)
    own: str = ""
    found: frozenset[Problem] = frozenset()
    reference: frozenset[Problem] = frozenset()

    @property
    def difficulty(self) -> float:
        """0 for a row the model masters, 1 for one it has all wrong: the mean of both views."""
        made = [value for each, value in self.margins.items() if each.fault is not Fault.OWN]
        unsure = 1 / (1 + math.exp(min(50.0, min(made) / STEEP))) if made else 0.5
        wrong = 1.0 if self.found & HARD else 0.5 * (Problem.REFUSED in self.found)
        return (unsure + wrong) / 2

    @property
    def sound(self) -> bool:
        """Whether the reference itself passes the checks that make a row hard."""
        return not self.reference & HARD


class Places:
    """Where rows stand in the shards of pairs, by their tokens."""

    def __init__(self, work: Path, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.rows = 0
        for number, path in enumerate(shard_paths(work)):
            with np.load(path) as shard:
                ids, off = shard["ids"], shard["off"].tolist()
            for at, (start, end) in enumerate(itertools.pairwise(off)):
                self._found[hash(ids[start:end].tobytes())].append((number, at))
            self.rows += len(off) - 1

    def of(self, row: Row) -> tuple[tuple[int, int], ...]:
        """All places of a row; none for one that the corpus dropped."""
        ids, _ = row_ids(self._tokenizer, row.task, row.prompt, row.answer)
        return tuple(self._found.get(hash(np.array(ids, np.uint16).tobytes()), ()))


def shard_paths(work: Path) -> list[Path]:
    """The shards of pairs.

    Raises:
        ConfigError: there are none.

    """
    paths = sorted(work.glob("pairs-*.npz"))
    if not paths:
        raise ConfigError(f"{work}: has no pairs-*.npz; run the corpus command first")
    return paths


def taught(work: Path, path: Path) -> list[Row]:
    """A package's rows with answers, the teacher's where there is one."""
    rows, _ = read_rows(path)
    labels = {key(each): each.answer for each in read_labels(work / "labels" / path.name)}
    fields = Row.__slots__  # type: ignore[attr-defined]
    return [
        Row(**{**{name: getattr(row, name) for name in fields}, "answer": answer})
        for row in rows
        if (answer := labels.get(key(row)) or row.answer)
    ]


def sample(work: Path, places: Places, count: int, salt: str) -> list[Item]:
    """At most `count` training rows, of whole files: siblings are wanted, and one scan a file."""
    share = min(1.0, 1.5 * count / max(1, places.rows))
    found: list[tuple[float, Item]] = []
    for path in sorted((work / "rows").glob("*.jsonl.gz")):
        files: dict[str, list[Row]] = defaultdict(list)
        for row in taught(work, path):
            if share_of(f"{salt} {row.package}/{row.path}") < share:
                files[row.path].append(row)
        for name, rows in files.items():
            items = (
                Item(row=row, faulty=faults(row, rows), places=at)
                for row in rows
                if (at := places.of(row))
            )
            found += ((share_of(f"{salt} {rows[0].package}/{name}"), item) for item in items)
    if not found:
        raise ConfigError(f"{work}: no row stands in its shards; run the corpus command again")
    found.sort(key=lambda pair: pair[0])
    return [item for _, item in found[:count]]


# Both views.


def open_model(gguf: Path, threads: int) -> LlamaCpp:
    """A model in the `tasks` format, with room for the longest answer of a row."""
    weights = resolve(str(gguf), "tasks")
    longest = min(ANSWER + 1, weights.context // 3)
    return LlamaCpp(weights.path, context=weights.context, max_tokens=longest, threads=threads)


def margins(backend: LlamaCpp, items: Sequence[Item]) -> Iterator[dict[Faulty, float]]:
    """For each item, by how many nats a token its answer is likelier than its faulty ones."""
    texts = [(item.row.answer, *(each.answer for each in item.faulty)) for item in items]
    asked = (
        (item.prompt, " " + text) for item, said in zip(items, texts, strict=True) for text in said
    )
    means = (score.logprob / score.tokens for _, score in backend.score(asked))
    for item in items:
        right = next(means)
        yield {each: right - next(means) for each in item.faulty}


def judge(work: Path, gguf: Path, items: Sequence[Item], threads: int) -> list[Judged]:
    """Both views of every item."""
    from tqdm import tqdm

    with open_model(gguf, threads) as backend:
        progress = tqdm(margins(backend, items), total=len(items), desc="margins", mininterval=10)
        judged = [
            Judged(item=item, margins=found) for item, found in zip(items, progress, strict=True)
        ]
        said = backend.complete(item.prompt for item in items)
        means: dict[int, float] = {}
        for index, answer in tqdm(said, total=len(items), desc="answers", mininterval=10):
            judged[index].own = answer.text.strip()
            means[index] = answer.logprob / answer.tokens
        _check(work, judged)
        _own_faults(backend, judged, means)
    return judged


def _check(work: Path, judged: Sequence[Judged]) -> None:
    """Hold answers and references against the code, package by package."""
    packages: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        packages[each.item.row.package].append(each)
    for package, members in packages.items():
        by_row = {(key(each.item.row), each.item.row.qualname): each for each in members}
        for asked in again(wheel_of(work, package), [each.item.row for each in members]):
            each = by_row[key(asked.row), asked.row.qualname]
            definition = asked.context.target.definition
            slot = Slot(task=Task(asked.row.task), name=asked.row.slot)
            each.found = problems(each.own, definition, slot)
            each.reference = problems(each.item.row.answer, definition, slot)


def _own_faults(backend: LlamaCpp, judged: Sequence[Judged], means: Mapping[int, float]) -> None:
    """What the model says and the code does not bear out is a faulty answer too."""
    wrong = [
        (at, each)
        for at, each in enumerate(judged)
        if each.sound and each.own and each.own != each.item.row.answer and each.found & HARD
    ]
    asked = ((each.item.prompt, " " + each.item.row.answer) for _, each in wrong)
    for (at, each), (_, score) in zip(wrong, backend.score(asked), strict=True):
        own = Faulty(fault=Fault.OWN, answer=each.own)
        each.margins[own] = score.logprob / score.tokens - means[at]


# What the next round is trained on.


def write_negatives(path: Path, judged: Iterable[Judged], tokenizer: Tokenizer) -> Counter[str]:
    """Good and bad answers to the same prompts, as `train --negatives` reads them; how many.

    Only faults that the model does not clearly see as such, of rows whose reference is sound.
    """
    counts: Counter[str] = Counter()
    good: list[list[int]] = []
    bad: list[list[int]] = []
    prompts: list[int] = []
    for each in judged:
        row = each.item.row
        for faulty, margin in each.margins.items():
            if margin < CLEAR and each.sound:
                right, prompt = row_ids(tokenizer, row.task, row.prompt, row.answer)
                good.append(right)
                bad.append(row_ids(tokenizer, row.task, row.prompt, faulty.answer)[0])
                prompts.append(prompt)
                counts[faulty.fault.value] += 1
    arrays = {
        name: value
        for prefix, rows in (("", good), ("bad_", bad))
        for name, value in zip((prefix + "ids", prefix + "off"), _joined(rows), strict=True)
    }
    np.savez(path, cl=np.array(prompts, np.int32), **arrays)
    return counts


def _joined(rows: list[list[int]]) -> tuple[Any, Any]:
    ids = np.array([token for row in rows for token in row], np.uint16)
    return ids, np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)


def weights_of(judged: Sequence[Judged]) -> list[float]:
    """Each item's weight: harder ones weigh more, unsound ones less, the mean is 1."""
    raw = [LEAST + (MOST - LEAST) * each.difficulty if each.sound else WRONG for each in judged]
    mean = sum(raw) / max(1, len(raw))
    return [weight / mean for weight in raw]


def write_shards(work: Path, folder: Path, judged: Sequence[Judged], *, plain: bool) -> None:
    """A round's rows: the judged ones by their weights, and as many others, drawn at random.

    A round is shorter than an epoch: among all rows the judged ones would hardly be seen. Without
    the others it would forget what it was not asked. `plain` leaves every weight as it is. The
    held-out shards come along: `train` notes their loss.
    """
    weights: dict[tuple[int, int], float] = {}
    for each, weight in zip(judged, weights_of(judged), strict=True):
        weights.update(dict.fromkeys(each.item.places, 1.0 if plain else weight))
    paths = shard_paths(work)
    shards = []
    for path in paths:
        with np.load(path) as shard:
            shards.append(dict(shard))
    every = [(n, at) for n, shard in enumerate(shards) for at in range(len(shard["cl"]))]
    rest = [place for place in every if place not in weights]
    order = np.random.default_rng(len(judged)).permutation(len(rest))[: len(weights)]
    chosen = [*weights, *(rest[at] for at in order)]
    rows = [shards[n]["ids"][shards[n]["off"][at] : shards[n]["off"][at + 1]] for n, at in chosen]
    arrays = {
        name: np.array([shards[n][name][at] for n, at in chosen], shards[0][name].dtype)
        for name in ("cl", "task", "weight")
    }
    arrays["weight"] *= np.array([weights.get(place, 1.0) for place in chosen], np.float32)
    off = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    np.savez(folder / paths[0].name, ids=np.concatenate(rows), off=off, **arrays)
    for path in work.glob("heldout-*.npz"):
        shutil.copyfile(path, folder / path.name)
