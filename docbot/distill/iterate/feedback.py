"""Judge what a model gets wrong in training rows, and write a round's training data from that.

There are two views of each row: how much likelier the model finds the right answer than faulty
ones, and what static checks find wrong with its own greedy answer. Both together are the row's
difficulty; it gives the row's weight in the next round, and the pairs of a good and a bad answer.
"""

from __future__ import annotations

import itertools
import math
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from docbot.distill.corpus.extract import hash_fraction
from docbot.distill.corpus.labels import read_labels, row_key
from docbot.distill.corpus.rows import CorpusRow, read_rows
from docbot.distill.corpus.teacher import find_wheel, rows_with_code
from docbot.distill.corpus.write_shards import row_ids
from docbot.distill.iterate.faults import Fault, FaultyAnswer, Problem, find_problems, make_faults
from docbot.distill.vocabulary import ANSWER, BODY
from docbot.errors import ConfigError
from docbot.llm.batching import LlamaCpp
from docbot.llm.protocol import Prompt
from docbot.llm.weights import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

MARGIN_SCALE = 0.5  # nats a token: the scale on which a margin goes from hard to easy
CLEAR_MARGIN = 1.0  # nats a token, as `train`'s margin: faults beaten by more teach nothing
MIN_WEIGHT, MAX_WEIGHT = (
    0.5,
    2.5,
)  # of the easiest and the hardest row, before scaling
UNSOUND_WEIGHT = 0.5  # the weight of a row whose reference the code does not support
HARD_PROBLEMS = frozenset(Problem) - {Problem.REFUSED}


@dataclass(frozen=True, kw_only=True)
class Item:
    """A training row with its faulty answers.

    `places` are its places in `pairs-*.npz`, as (number of the shard, row in it).
    """

    row: CorpusRow
    faulty: tuple[FaultyAnswer, ...]
    places: tuple[tuple[int, int], ...] = ()

    @property
    def prompt(self) -> Prompt:
        """Return the row's prompt in the form that a backend takes."""
        return Prompt(
            head=f"<|{self.row.task}|>",
            body=self.row.prompt,
            tail="<|sum|>",
            keep=BODY,
            keep_end=True,
        )


@dataclass(kw_only=True)
class Judgement:
    """The result of both views of an item.

    Attributes:
        item: The item.
        margins: By how many nats a token the reference is likelier than each faulty answer.
        own: The model's greedy answer.
        own_problems: What static checks find wrong with the model's answer.
        reference_problems: What they find wrong with the reference.

    """

    item: Item
    margins: dict[FaultyAnswer, float] = field(default_factory=dict)
    own: str = ""
    own_problems: frozenset[Problem] = frozenset()
    reference_problems: frozenset[Problem] = frozenset()

    @property
    def difficulty(self) -> float:
        """Return the row's difficulty: 0 if the model masters it, 1 if all is wrong."""
        margins = [value for each, value in self.margins.items() if each.fault is not Fault.OWN]
        unsure = 1 / (1 + math.exp(min(50.0, min(margins) / MARGIN_SCALE))) if margins else 0.5
        wrong = (
            1.0
            if self.own_problems & HARD_PROBLEMS
            else 0.5 * (Problem.REFUSED in self.own_problems)
        )
        return (unsure + wrong) / 2

    @property
    def sound(self) -> bool:
        """Check whether the reference has none of the problems that make rows hard."""
        return not self.reference_problems & HARD_PROBLEMS


class ShardIndex:
    """An index of the shards of pairs: finds a row's places by its tokens.

    `rows` is how many rows the shards hold.
    """

    def __init__(self, work: Path, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._places: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.rows = 0
        for number, path in enumerate(list_shards(work)):
            with np.load(path) as shard:
                ids, off = shard["ids"], shard["off"].tolist()
            for at, (start, end) in enumerate(itertools.pairwise(off)):
                self._places[hash(ids[start:end].tobytes())].append((number, at))
            self.rows += len(off) - 1

    def places(self, row: CorpusRow) -> tuple[tuple[int, int], ...]:
        """Return all places of a row; none for a row that the corpus dropped."""
        ids, _ = row_ids(self._tokenizer, row.task, row.prompt, row.answer)
        return tuple(self._places.get(hash(np.array(ids, np.uint16).tobytes()), ()))


def list_shards(work: Path) -> list[Path]:
    """List the shards of pairs, sorted by name.

    Raises:
        ConfigError: the folder has none.

    """
    paths = sorted(work.glob("pairs-*.npz"))
    if not paths:
        raise ConfigError(f"{work}: has no pairs-*.npz; run the corpus command first")
    return paths


def read_answered_rows(work: Path, path: Path) -> list[CorpusRow]:
    """Read a package's rows with answers, and put in the teacher's where it has one."""
    rows, _ = read_rows(path)
    labels = {row_key(label): label.answer for label in read_labels(work / "labels" / path.name)}
    fields = CorpusRow.__slots__
    return [
        CorpusRow(**{**{name: getattr(row, name) for name in fields}, "answer": answer})
        for row in rows
        if (answer := labels.get(row_key(row)) or row.answer)
    ]


def sample(work: Path, index: ShardIndex, count: int, salt: str) -> list[Item]:
    """Sample training rows of whole files.

    The rows' siblings are needed for faulty answers, and each file is scanned only once.

    Args:
        work: The working folder.
        index: The index of its shards; rows that are not in it are left out.
        count: How many rows are returned at most.
        salt: A text that selects the sample; the same text gives the same rows.

    Raises:
        ConfigError: no row is in the shards.

    """
    share = min(1.0, 1.5 * count / max(1, index.rows))
    sampled: list[tuple[float, Item]] = []
    for path in sorted((work / "rows").glob("*.jsonl.gz")):
        files: dict[str, list[CorpusRow]] = defaultdict(list)
        for row in read_answered_rows(work, path):
            if hash_fraction(f"{salt} {row.package}/{row.path}") < share:
                files[row.path].append(row)
        for name, rows in files.items():
            items = (
                Item(row=row, faulty=make_faults(row, rows), places=places)
                for row in rows
                if (places := index.places(row))
            )
            sampled += ((hash_fraction(f"{salt} {rows[0].package}/{name}"), item) for item in items)
    if not sampled:
        raise ConfigError(f"{work}: no row stands in its shards; run the corpus command again")
    sampled.sort(key=lambda pair: pair[0])
    return [item for _, item in sampled[:count]]


# Both views.


def open_model(gguf: Path, threads: int) -> LlamaCpp:
    """Open a model of the `tasks` format, with room for the longest answer.

    Args:
        gguf: The model's file.
        threads: CPU threads; 0 for all.

    Raises:
        ModelError: the file cannot be loaded.

    """
    weights = resolve(str(gguf), "tasks")
    longest = min(ANSWER + 1, weights.context // 3)
    return LlamaCpp(weights.path, context=weights.context, max_tokens=longest, threads=threads)


def margins(backend: LlamaCpp, items: Sequence[Item]) -> Iterator[dict[FaultyAnswer, float]]:
    """Yield each item's margins: the nats a token by which the right answer is likelier."""
    texts = [(item.row.answer, *(each.answer for each in item.faulty)) for item in items]
    pairs = (
        (item.prompt, " " + text)
        for item, answers in zip(items, texts, strict=True)
        for text in answers
    )
    means = (score.logprob / score.tokens for _, score in backend.score(pairs))
    for item in items:
        right = next(means)
        yield {each: right - next(means) for each in item.faulty}


def judge(work: Path, gguf: Path, items: Sequence[Item], threads: int) -> list[Judgement]:
    """Judge every item in both views.

    Args:
        work: The working folder; the items' code is read from its wheels.
        gguf: The model's file.
        items: The items.
        threads: CPU threads; 0 for all.

    Returns:
        A judgement for each item, in the same order. Where the model's own answer has a hard
        problem and the reference has none, `margins` has that answer too.

    """
    from tqdm import tqdm

    with open_model(gguf, threads) as backend:
        progress = tqdm(margins(backend, items), total=len(items), desc="margins", mininterval=10)
        judgements = [
            Judgement(item=item, margins=values)
            for item, values in zip(items, progress, strict=True)
        ]
        completions = backend.complete(item.prompt for item in items)
        means: dict[int, float] = {}
        for index, answer in tqdm(completions, total=len(items), desc="answers", mininterval=10):
            judgements[index].own = answer.text.strip()
            means[index] = answer.logprob / answer.tokens
        _check_against_code(work, judgements)
        _add_own_faults(backend, judgements, means)
    return judgements


def _check_against_code(work: Path, judgements: Sequence[Judgement]) -> None:
    """Find the problems of answers and references, package by package."""
    packages: dict[str, list[Judgement]] = defaultdict(list)
    for each in judgements:
        packages[each.item.row.package].append(each)
    for package, members in packages.items():
        by_row = {(row_key(each.item.row), each.item.row.qualname): each for each in members}
        rows = [each.item.row for each in members]
        for match in rows_with_code(find_wheel(work, package), rows):
            each = by_row[row_key(match.row), match.row.qualname]
            definition = match.context.target.definition
            each.own_problems = find_problems(each.own, definition, match.slot)
            each.reference_problems = find_problems(each.item.row.answer, definition, match.slot)


def _add_own_faults(
    backend: LlamaCpp, judgements: Sequence[Judgement], means: Mapping[int, float]
) -> None:
    """Add the model's own answers to the faulty ones where they have hard problems."""
    wrong = [
        (at, each)
        for at, each in enumerate(judgements)
        if each.sound
        and each.own
        and each.own != each.item.row.answer
        and each.own_problems & HARD_PROBLEMS
    ]
    references = ((each.item.prompt, " " + each.item.row.answer) for _, each in wrong)
    for (at, each), (_, score) in zip(wrong, backend.score(references), strict=True):
        own = FaultyAnswer(fault=Fault.OWN, answer=each.own)
        each.margins[own] = score.logprob / score.tokens - means[at]


# What the next round is trained on.


def write_negatives(
    path: Path, judgements: Iterable[Judgement], tokenizer: Tokenizer
) -> Counter[str]:
    """Write pairs of good and bad answers for `train --negatives`.

    Only faults that the model does not clearly recognise are written (margins below CLEAR_MARGIN),
    and only those of rows whose reference is sound.

    Returns:
        How many pairs were written, by kind of fault.

    """
    counts: Counter[str] = Counter()
    good: list[list[int]] = []
    bad: list[list[int]] = []
    prompts: list[int] = []
    for each in judgements:
        row = each.item.row
        for faulty, margin in each.margins.items():
            if margin < CLEAR_MARGIN and each.sound:
                right, prompt = row_ids(tokenizer, row.task, row.prompt, row.answer)
                good.append(right)
                bad.append(row_ids(tokenizer, row.task, row.prompt, faulty.answer)[0])
                prompts.append(prompt)
                counts[faulty.fault.value] += 1
    arrays = {
        name: value
        for prefix, rows in (("", good), ("bad_", bad))
        for name, value in zip((prefix + "ids", prefix + "off"), _join(rows), strict=True)
    }
    np.savez(path, cl=np.array(prompts, np.int32), **arrays)
    return counts


def _join(rows: list[list[int]]) -> tuple[Any, Any]:
    ids = np.array([token for row in rows for token in row], np.uint16)
    return ids, np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)


def compute_weights(judgements: Sequence[Judgement]) -> list[float]:
    """Return each item's weight: higher for harder rows, lower for unsound ones; the mean is 1."""
    raw = [
        MIN_WEIGHT + (MAX_WEIGHT - MIN_WEIGHT) * each.difficulty if each.sound else UNSOUND_WEIGHT
        for each in judgements
    ]
    mean = sum(raw) / max(1, len(raw))
    return [weight / mean for weight in raw]


def write_shards(work: Path, folder: Path, judgements: Sequence[Judgement], *, plain: bool) -> None:
    """Write a round's shards: the judged rows and as many random others.

    A round is shorter than an epoch: among all rows the judged ones would hardly be seen. Without
    the others the model would forget the rows that were not judged. The held-out shards are copied
    too, since `train` records their loss.

    Args:
        work: The working folder.
        folder: Where the shards are written.
        judgements: The judged rows.
        plain: Whether every row keeps the weight that it has in the corpus.

    """
    weights: dict[tuple[int, int], float] = {}
    for each, weight in zip(judgements, compute_weights(judgements), strict=True):
        weights.update(dict.fromkeys(each.item.places, 1.0 if plain else weight))
    paths = list_shards(work)
    shards = []
    for path in paths:
        with np.load(path) as shard:
            shards.append(dict(shard))
    every = [(n, at) for n, shard in enumerate(shards) for at in range(len(shard["cl"]))]
    rest = [place for place in every if place not in weights]
    order = np.random.default_rng(len(judgements)).permutation(len(rest))[: len(weights)]
    sample = [*weights, *(rest[at] for at in order)]
    rows = [shards[n]["ids"][shards[n]["off"][at] : shards[n]["off"][at + 1]] for n, at in sample]
    arrays: dict[str, Any] = {
        name: np.array([shards[n][name][at] for n, at in sample], shards[0][name].dtype)
        for name in ("cl", "task", "weight")
    }
    arrays["weight"] *= np.array([weights.get(place, 1.0) for place in sample], np.float32)
    off = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    np.savez(folder / paths[0].name, ids=np.concatenate(rows), off=off, **arrays)
    for path in work.glob("heldout-*.npz"):
        shutil.copyfile(path, folder / path.name)
