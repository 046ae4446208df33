"""Rows to token shards: what all packages have in common is dropped, the rest becomes numbers.

A shard is an npz file: `ids` (uint16, all rows after each other), `off` (row starts, one more than
rows), `cl` (tokens of each row's prompt), `task` (index into TASKS) and `weight` (float32).
"""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from docbot.distill.corpus.references import Filter, owed_share, restates
from docbot.distill.corpus.rows import Row, read_rows
from docbot.distill.vocabulary import ANSWER, BODY, END, FIRST_TASK, SPECIAL, SUM, TASKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tokenizers import Tokenizer

OWED: Mapping[str, float] = {"function": 0.4, "class": 0.3, "module": 0.3, "param": 0.25,
                             "returns": 0.25, "raises": 0.25}  # fmt: skip
"""The least share of a reference's meaning words with a stem in the prompt, by task."""
SCRAMBLED_OWED = 0.3
MOST: Mapping[str, float] = {"class": 0.4, "module": 0.15, "param": 0.5, "returns": 0.25,
                             "raises": 0.15}  # fmt: skip
"""A task's rows are at most so many for each function's: the first line is what is read."""
HELD: Mapping[str, int] = {"function": 1500}
MOST_HELD = 300
SAME_ANSWER = 6
"""So often may one sentence be the answer, of all packages together: more is boilerplate."""
SHARD = 24_000_000
VOCABULARY_ROWS = 120_000


def write_shards(work: Path, vocabulary: int) -> None:
    """Filter all rows of `work`, train the tokenizer unless it is there, write the shards."""
    counts: Counter[str] = Counter()
    rows = list(_sifted(_shuffled(_gathered(work / "rows", counts)), counts))
    kept = Counter(row.task for row in rows if row.answer)
    print("\n".join(f"{count:8,} {reason}" for reason, count in counts.most_common()))
    print("kept:", dict(kept), "undocumented:", sum(not row.answer for row in rows), flush=True)
    tokenizer = _tokenizer(work, rows, vocabulary)
    for old in [*work.glob("pairs-*.npz"), *work.glob("code-*.npz"), *work.glob("heldout-*.npz")]:
        old.unlink()
    documented = (row for row in rows if row.answer)
    tokens = {
        "pairs": _write(work, "pairs", tokenizer, _twice(documented)),
        "code": _write(work, "code", tokenizer, (row for row in rows if not row.answer)),
    }
    held = list(_held_rows(work))
    _write(work, "heldout", tokenizer, held)
    with gzip.open(work / "heldout.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({f: getattr(r, f) for f in r.__slots__}) + "\n" for r in held)
    told: dict[str, Any] = {"removed": dict(counts.most_common()), "kept": dict(kept),
                            "undocumented": sum(not row.answer for row in rows),
                            "heldout": dict(Counter(r.task for r in held)), "tokens": tokens,
                            "packages": len({row.package for row in rows})}  # fmt: skip
    (work / "corpus.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def _gathered(folder: Path, counts: Counter[str]) -> Iterator[Row]:
    labels = folder.parent / "labels"
    for path in sorted(folder.glob("*.jsonl.gz")):
        rows, counted = read_rows(path)
        counts.update(counted)
        taught = _labels(labels / path.name)
        for row in rows:
            answer = taught.get((row.path, row.line, row.task, row.slot))
            if answer:
                counts["reference replaced by the teacher's"] += 1
            yield row if not answer else _with(row, answer)


def _labels(path: Path) -> dict[tuple[str, int, str, str], str]:
    """A teacher's answers by path, line, task and slot."""
    if not path.exists():
        return {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return {(r["path"], r["line"], r["task"], r["slot"]): r["answer"] for r in rows}


def _with(row: Row, answer: str) -> Row:
    return Row(**{**{name: getattr(row, name) for name in row.__slots__}, "answer": answer})


def _shuffled(rows: Iterable[Row]) -> list[Row]:
    """Rows in an order that says nothing of their packages, the same every time."""
    found = list(rows)
    random.Random(0).shuffle(found)  # noqa: S311 - no secret
    return found


def _sifted(rows: Iterable[Row], counts: Counter[str]) -> Iterator[Row]:
    """Rows without near-duplicates, boilerplate and references that the code does not owe."""
    seen: set[tuple[int, ...]] = set()
    answers: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    for row in rows:
        key = sketch(row)
        if key in seen:
            counts["near-duplicate"] += 1
            continue
        seen.add(key)
        if row.answer and (reason := _useless(row, answers, tasks)):
            counts[reason] += 1
            continue
        yield row


def _useless(row: Row, answers: Counter[str], tasks: Counter[str]) -> str:
    if answers[row.answer] >= SAME_ANSWER:
        return f"{row.task}: the same sentence {SAME_ANSWER} times already"
    if owed_share(row.answer, row.prompt) < OWED[row.task]:
        return f"{row.task}: {Filter.UNOWED.value}"
    if row.task == "function" and restates(row.answer, row.qualname.rpartition(".")[2]):
        return f"{row.task}: {Filter.NAME.value}"
    if row.task in MOST and tasks[row.task] >= MOST[row.task] * tasks["function"]:
        return f"{row.task}: more than {MOST[row.task]:.0%} of functions"
    answers[row.answer] += 1
    tasks[row.task] += 1
    return ""


def sketch(row: Row) -> tuple[int, ...]:
    """What near-duplicates share: the four least hashes of their runs of four words (Broder 1997).

    Two rows with the same are alike in about nine of ten runs.
    """
    words = re.sub(r"\d+", "0", row.prompt).split()
    runs = {" ".join(words[at : at + 4]) for at in range(max(1, len(words) - 3))}
    return (hash((row.task, row.slot)), *sorted(zlib.crc32(run.encode()) for run in runs)[:4])


def _twice(rows: Iterable[Row]) -> Iterator[Row]:
    """Each row, and once more with its names scrambled where the rest still owes the answer."""
    for row in rows:
        yield row
        if row.scrambled and owed_share(row.answer, row.scrambled) >= SCRAMBLED_OWED:
            fields = {name: getattr(row, name) for name in row.__slots__}
            yield Row(**{**fields, "prompt": row.scrambled, "scrambled": ""})


def _held_rows(work: Path) -> Iterator[Row]:
    """A sample of the validation packages' rows, whatever their references are worth."""
    rows = [r for p in sorted((work / "heldout").glob("*.gz")) for r in read_rows(p)[0] if r.answer]
    taken: Counter[str] = Counter()
    for row in _shuffled(rows):
        if taken[row.task] < HELD.get(row.task, MOST_HELD):
            taken[row.task] += 1
            yield row


def _tokenizer(work: Path, rows: list[Row], vocabulary: int) -> Tokenizer:
    """Byte-level BPE over prompts and answers, as llama.cpp's `gpt-2` pre-tokenizer splits them."""
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
    """A row's token ids and how many of them are the prompt's."""
    body = tokenizer.encode(prompt, add_special_tokens=False).ids[-BODY:]
    head = [FIRST_TASK + TASKS.index(task), *body]
    if not answer:
        return [*head, END], len(head) + 1
    said = tokenizer.encode(" " + answer, add_special_tokens=False).ids[:ANSWER]
    return [*head, SUM, *said, END], len(head) + 1


def _weight(row: Row) -> float:
    """What a row counts in the loss: what the code owes more of the answer, teaches more."""
    return 0.5 + owed_share(row.answer, row.prompt)


def _write(work: Path, name: str, tokenizer: Tokenizer, rows: Iterable[Row]) -> int:
    """Write shards of at most SHARD tokens; how many tokens in all."""
    import numpy as np

    total = part = 0
    ids: list[int] = []
    off, cl, task, weight = [0], [], [], []

    def flush() -> None:
        np.savez_compressed(
            work / f"{name}-{part:02d}.npz",
            ids=np.array(ids, np.uint16), off=np.array(off, np.int64), cl=np.array(cl, np.int32),
            task=np.array(task, np.uint8), weight=np.array(weight, np.float32),
        )  # fmt: skip
        print(f"{name}-{part:02d}: {len(cl):,} rows, {len(ids):,} tokens", flush=True)

    for row in rows:
        row_tokens, prompt = row_ids(tokenizer, row.task, row.prompt, row.answer)
        ids += row_tokens
        off.append(len(ids))
        cl.append(prompt)
        task.append(TASKS.index(row.task))
        weight.append(_weight(row) if name == "pairs" else 1.0)
        total += len(row_tokens)
        if len(ids) >= SHARD:
            flush()
            part += 1
            ids, off, cl, task, weight = [], [0], [], [], []
    if cl:
        flush()
    return total
