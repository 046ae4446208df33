"""Filter the rows of all packages, train the tokenizer, and write the rows as token shards.

A shard is an npz file: `ids` (uint16, the tokens of all rows in sequence), `off` (int64, where rows
start, with the end as one more entry), `cl` (int32, how many tokens of a row are its prompt),
`task` (uint8, index into TASKS) and `weight` (float32, the row's weight in the loss). `pairs-*.npz`
are documented rows, `code-*.npz` undocumented ones, `heldout-*.npz` those of validation packages.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from docbot.distill.corpus.references import Filter, restates_name, supported_share
from docbot.distill.corpus.rows import CorpusRow, read_rows
from docbot.distill.vocabulary import ANSWER, BODY, END, FIRST_TASK, SPECIAL, SUM, TASKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tokenizers import Tokenizer

MIN_SUPPORT: Mapping[str, float] = {"function": 0.4, "class": 0.3, "module": 0.3, "param": 0.25,
                                    "returns": 0.25, "raises": 0.25}  # fmt: skip
"""By task, the least share of a reference's meaning words whose stem is in the prompt."""
MIN_SCRAMBLED_SUPPORT = 0.3
"""The same for a prompt with scrambled names, which only functions have."""
MAX_PER_FUNCTION: Mapping[str, float] = {"class": 0.4, "module": 0.15, "param": 0.5,
                                         "returns": 0.25, "raises": 0.15}  # fmt: skip
"""By task, the most rows for each function row: first lines are what people read."""
HELD_OUT_ROWS: Mapping[str, int] = {"function": 1500}
DEFAULT_HELD_OUT_ROWS = 300
"""By task, how many validation rows are kept; of other tasks, the default."""
MAX_REPEATS = 6
"""How often one sentence may be an answer in all packages together: more is boilerplate."""
SHARD_TOKENS = 24_000_000
"""A shard ends with the row that reaches this many tokens."""
VOCABULARY_ROWS = 120_000
"""How many documented rows the tokenizer is trained on."""


def write_shards(work: Path, vocabulary: int) -> None:
    """Filter the rows of a working folder and write its token shards.

    Trains `tokenizer.json` unless it is there, replaces all shards, and writes the sampled
    validation rows (`heldout.jsonl.gz`) and the counts of rows and tokens (`corpus.json`).

    Args:
        work: The working folder, with extracted rows.
        vocabulary: How many tokens a new tokenizer has.

    """
    counts: Counter[str] = Counter()
    rows = list(_filter(_shuffle(_read_labelled_rows(work / "rows", counts)), counts))
    kept_counts = Counter(row.task for row in rows if row.answer)
    undocumented = sum(not row.answer for row in rows)
    print("\n".join(f"{count:8,} {reason}" for reason, count in counts.most_common()))
    print("kept:", dict(kept_counts), "undocumented:", undocumented, flush=True)
    tokenizer = _tokenizer(work, rows, vocabulary)
    for old in [*work.glob("pairs-*.npz"), *work.glob("code-*.npz"), *work.glob("heldout-*.npz")]:
        old.unlink()
    documented = (row for row in rows if row.answer)
    tokens = {
        "pairs": _write_shards(work, "pairs", tokenizer, _with_scrambled_copies(documented)),
        "code": _write_shards(work, "code", tokenizer, (row for row in rows if not row.answer)),
    }
    held_out = list(_sample_held_out_rows(work))
    _write_shards(work, "heldout", tokenizer, held_out)
    with gzip.open(work / "heldout.jsonl.gz", "wt", encoding="utf-8") as file:
        for row in held_out:
            fields = {name: getattr(row, name) for name in row.__slots__}
            file.write(json.dumps(fields) + "\n")
    report: dict[str, Any] = {
        "removed": dict(counts.most_common()),
        "kept": dict(kept_counts),
        "undocumented": undocumented,
        "heldout": dict(Counter(row.task for row in held_out)),
        "tokens": tokens,
        "packages": len({row.package for row in rows}),
    }
    (work / "corpus.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


def _read_labelled_rows(folder: Path, counts: Counter[str]) -> Iterator[CorpusRow]:
    labels = folder.parent / "labels"
    for path in sorted(folder.glob("*.jsonl.gz")):
        rows, package_counts = read_rows(path)
        counts.update(package_counts)
        answers = _read_answers(labels / path.name)
        for row in rows:
            answer = answers.get((row.path, row.line, row.task, row.slot))
            if answer:
                counts["reference replaced by the teacher's"] += 1
            yield row if not answer else _replace_answer(row, answer)


def _read_answers(path: Path) -> dict[tuple[str, int, str, str], str]:
    """Read a teacher's answers by path, line, task and slot; {} where it labelled nothing."""
    if not path.exists():
        return {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return {(r["path"], r["line"], r["task"], r["slot"]): r["answer"] for r in rows}


def _replace_answer(row: CorpusRow, answer: str) -> CorpusRow:
    return CorpusRow(**{**{name: getattr(row, name) for name in row.__slots__}, "answer": answer})


def _shuffle(rows: Iterable[CorpusRow]) -> list[CorpusRow]:
    """Return rows in a random order that is the same every time."""
    shuffled = list(rows)
    random.Random(0).shuffle(shuffled)  # noqa: S311 - no secret
    return shuffled


def _filter(rows: Iterable[CorpusRow], counts: Counter[str]) -> Iterator[CorpusRow]:
    """Drop near-duplicates, boilerplate, and references that the code does not support."""
    sketches: set[tuple[int, ...]] = set()
    answers: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    for row in rows:
        key = sketch(row)
        if key in sketches:
            counts["near-duplicate"] += 1
            continue
        sketches.add(key)
        if row.answer and (reason := _reason_to_drop(row, answers, tasks)):
            counts[reason] += 1
            continue
        yield row


def _reason_to_drop(row: CorpusRow, answers: Counter[str], tasks: Counter[str]) -> str:
    if answers[row.answer] >= MAX_REPEATS:
        return f"{row.task}: the same sentence {MAX_REPEATS} times already"
    if supported_share(row.answer, row.prompt) < MIN_SUPPORT[row.task]:
        return f"{row.task}: {Filter.UNSUPPORTED.value}"
    if row.task == "function" and restates_name(row.answer, row.qualname.rpartition(".")[2]):
        return f"{row.task}: {Filter.NAME.value}"
    ratio = MAX_PER_FUNCTION.get(row.task)
    if ratio is not None and tasks[row.task] >= ratio * tasks["function"]:
        return f"{row.task}: more than {ratio:.0%} of functions"
    answers[row.answer] += 1
    tasks[row.task] += 1
    return ""


def sketch(row: CorpusRow) -> tuple[int, ...]:
    """Return a sketch that near-duplicates share (Broder 1997).

    It holds the four least hashes of the prompt's runs of four words. Two rows with the same sketch
    have about nine of ten runs in common. Digits count as equal, and task and slot are part of the
    sketch.
    """
    words = re.sub(r"\d+", "0", row.prompt).split()
    runs = {" ".join(words[at : at + 4]) for at in range(max(1, len(words) - 3))}
    return (hash((row.task, row.slot)), *sorted(zlib.crc32(run.encode()) for run in runs)[:4])


def _with_scrambled_copies(rows: Iterable[CorpusRow]) -> Iterator[CorpusRow]:
    """Add a copy with scrambled names to rows whose scrambled code still supports the answer."""
    for row in rows:
        yield row
        if row.scrambled and supported_share(row.answer, row.scrambled) >= MIN_SCRAMBLED_SUPPORT:
            fields = {name: getattr(row, name) for name in row.__slots__}
            yield CorpusRow(**{**fields, "prompt": row.scrambled, "scrambled": ""})


def _sample_held_out_rows(work: Path) -> Iterator[CorpusRow]:
    """Sample the documented rows of the validation packages, without filtering them."""
    rows = [r for p in sorted((work / "heldout").glob("*.gz")) for r in read_rows(p)[0] if r.answer]
    sizes: Counter[str] = Counter()
    for row in _shuffle(rows):
        if sizes[row.task] < HELD_OUT_ROWS.get(row.task, DEFAULT_HELD_OUT_ROWS):
            sizes[row.task] += 1
            yield row


def _tokenizer(work: Path, rows: list[CorpusRow], vocabulary: int) -> Tokenizer:
    """Load the tokenizer, or train one: byte-level BPE, split as llama.cpp's `gpt-2` does."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    path = work / "tokenizer.json"
    if path.exists():
        return Tokenizer.from_file(str(path))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    documented = [row for row in rows if row.answer][:VOCABULARY_ROWS]
    texts = (text for row in documented for text in (row.prompt, " " + row.answer))
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(path))
    return tokenizer


def row_ids(tokenizer: Tokenizer, task: str, prompt: str, answer: str) -> tuple[list[int], int]:
    """Encode a row as token ids.

    Of the prompt the last BODY tokens are kept, of the answer the first ANSWER tokens.

    Args:
        tokenizer: The corpus's tokenizer.
        task: The value of a `Task`.
        prompt: The body of the prompt.
        answer: The answer; "" encodes the code alone, between the task's token and END.

    Returns:
        The token ids, and how many of them are the prompt's.

    """
    body = tokenizer.encode(prompt, add_special_tokens=False).ids[-BODY:]
    head = [FIRST_TASK + TASKS.index(task), *body]
    if not answer:
        return [*head, END], len(head) + 1
    answer_ids = tokenizer.encode(" " + answer, add_special_tokens=False).ids[:ANSWER]
    return [*head, SUM, *answer_ids, END], len(head) + 1


def _weight(row: CorpusRow) -> float:
    """Return a row's weight in the loss: the more of its answer the code supports, the more."""
    return 0.5 + supported_share(row.answer, row.prompt)


def _write_shards(work: Path, name: str, tokenizer: Tokenizer, rows: Iterable[CorpusRow]) -> int:
    """Write rows as shards of about SHARD_TOKENS tokens; return the number of tokens in all."""
    import numpy as np

    total = part = 0
    ids: list[int] = []
    off, cl, task = [0], list[int](), list[int]()
    weight: list[float] = []

    def flush() -> None:
        np.savez_compressed(
            work / f"{name}-{part:02d}.npz",
            ids=np.array(ids, np.uint16), off=np.array(off, np.int64), cl=np.array(cl, np.int32),
            task=np.array(task, np.uint8), weight=np.array(weight, np.float32),
        )  # fmt: skip
        print(f"{name}-{part:02d}: {len(cl):,} rows, {len(ids):,} tokens", flush=True)

    for row in rows:
        row_tokens, prompt_size = row_ids(tokenizer, row.task, row.prompt, row.answer)
        ids += row_tokens
        off.append(len(ids))
        cl.append(prompt_size)
        task.append(TASKS.index(row.task))
        weight.append(_weight(row) if name == "pairs" else 1.0)
        total += len(row_tokens)
        if len(ids) >= SHARD_TOKENS:
            flush()
            part += 1
            ids, off, cl, task, weight = [], [0], [], [], []
    if cl:
        flush()
    return total
