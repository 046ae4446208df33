"""Faulty answers, both views of a model, and a round from corpus to table, on some hundred rows."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import random
import shutil
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("tokenizers")
pytest.importorskip("gguf")
pytest.importorskip("tqdm")

import numpy as np

from docbot.distill.corpus import write_shards as tokens
from docbot.distill.corpus.decontamination import load
from docbot.distill.corpus.extract import read_package
from docbot.distill.corpus.rows import CorpusRow, read_rows, write_rows
from docbot.distill.export import read_tokenizer
from docbot.distill.iterate import cycle, feedback
from docbot.distill.iterate.cycle import HeldOutScores, improves
from docbot.distill.iterate.faults import (
    Fault,
    FaultyAnswer,
    Problem,
    find_problems,
    make_faults,
    parameter_names,
)
from docbot.distill.iterate.feedback import Item, Judgement, ShardIndex
from docbot.distill.train import run as train
from docbot.distill.train import training
from docbot.distill.train.shards import read_contrast
from docbot.distill.train.student import Shape
from docbot.errors import ConfigError
from docbot.prompt.task import Slot, Task, headline_slot
from docbot.scan.facts import read_definitions
from docbot.scan.source import read

TRAINING = ("argparse", "calendar", "fractions", "gettext", "heapq", "queue", "random", "shlex",
          "statistics", "textwrap")  # fmt: skip
HELD_OUT = ("bisect", "csv", "difflib")
SMALL = training.Preset(
    shape=Shape(vocab=512, width=64, layers=2, heads=2, inner=128),
    tokens=2048,
    rate=3e-3,
    warmup=5,
)


def pack(folder: Path, name: str, modules: tuple[str, ...]) -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for module in modules:
            source = Path(sysconfig.get_path("stdlib")) / f"{module}.py"
            archive.write(source, f"{name}/{module}.py")
    return wheel


def flags(module, work: Path, *words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path)
    module.arguments(parser)
    return parser.parse_args(["--work", str(work), *map(str, words)])


@pytest.fixture(scope="module", autouse=True)
def small():
    """A preset that trains in seconds; its name is in the table like any other's."""
    training.PRESETS["small"] = SMALL
    yield
    del training.PRESETS["small"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A working folder: rows, shards, tokenizer, and a student that has hardly begun."""
    work = tmp_path_factory.mktemp("work")
    for package, modules, wheels, folder in (
        ("sample", TRAINING, "wheels", "rows"),
        ("other", HELD_OUT, "held", "heldout"),
    ):
        corpus_rows, counts = read_package(pack(work / wheels, package, modules), package, load())
        write_rows(work / folder / f"{package}.jsonl.gz", corpus_rows, counts)
    tokens.write_shards(work, 512)
    begin = ("--minutes", 0.3, "--total-minutes", 0.02, "--pretrain", 0, "--threads", 1)
    train.run(flags(train, work, "--preset", "small", "--compile", "no", *begin))
    return work


@pytest.fixture
def work(corpus, tmp_path):
    """The same folder, to be written in."""
    return Path(shutil.copytree(corpus, tmp_path / "work"))


@pytest.fixture(scope="module")
def rows(corpus):
    return [row for row in read_rows(corpus / "rows" / "sample.jsonl.gz")[0] if row.answer]


@pytest.fixture(scope="module")
def index(corpus):
    return ShardIndex(corpus, read_tokenizer(corpus / "tokenizer.json"))


@pytest.fixture(scope="module")
def judgements(corpus, index):
    gguf = cycle.convert_to_gguf(corpus / "checkpoint.pt", corpus, corpus / "student.gguf")
    items = feedback.sample(corpus, index, 40, "a")
    return feedback.judge(corpus, gguf, items, 1)


# faulty answers


def row(answer: str, prompt: str = " | | | | | f", **more: object) -> CorpusRow:
    fields = {"package": "p", "path": "p/a.py", "line": 1, "qualname": "f", "task": "function"}
    return CorpusRow(**{**fields, "prompt": prompt, "answer": answer, **more})  # type: ignore[arg-type]


TWO = " copy | | source path , target , mode , | | | copy"


@pytest.mark.parametrize(
    ("row", "fault", "answers"),
    [
        (row("add the name to the list."), Fault.NEGATED, {"remove the name to the list."}),
        (row("start it if the lock is free."), Fault.NEGATED, {"stop it if the lock is free."}),
        (row("warn when it is late."), Fault.NEGATED, {"warn unless it is late.",
                                                        "warn when it is not late."}),
        (row("say what is not there."), Fault.NEGATED, {"say what is there."}),
        (row("whether or not to stop.", task="param"), Fault.NEGATED, set()),
        (row("wait for 10 seconds."), Fault.LITERAL, {"wait for 5 seconds.",
                                                      "wait for 10 minutes."}),
        (row("read 2 rows as json."), Fault.LITERAL, {"read 3 rows as json.",
                                                      "read 2 rows as xml."}),
        (row("string the beads."), Fault.LITERAL, set()),
        (row("copy the source path to the target.", TWO), Fault.SWAPPED,
         {"copy the target to the source path.", "copy the mode to the target.",
          "copy the source path to the mode."}),
        (row("copy the target.", TWO), Fault.SWAPPED, {"copy the source path.", "copy the mode."}),
        (row("copy all.", TWO), Fault.SWAPPED, set()),
        (row("mend it."), Fault.SIBLING, set()),
    ],
)  # fmt: skip
def test_faults_of_one_row(row, fault, answers):
    made_answers = {each.answer for each in make_faults(row, [row]) if each.fault is fault}
    assert made_answers <= answers
    assert bool(made_answers) == bool(answers)


def test_a_parameters_fault_is_another_parameter_and_a_siblings_another_function():
    own = row("the file to read.", task="param", slot="file")
    others = [
        own,
        row("how much of it.", task="param", slot="size"),
        row("a name for it.", task="param", slot="name", line=9),
        row("read the file."),
    ]
    faults = {each.fault: each.answer for each in make_faults(own, others)}
    assert faults[Fault.SWAPPED] == "how much of it."
    assert faults[Fault.SIBLING] == "a name for it."


def test_parameters_are_read_from_the_prompt():
    assert parameter_names(row("", TWO)) == ["source path", "target", "mode"]
    assert parameter_names(row("", TWO, task="class")) == []
    assert parameter_names(row("", " no bars")) == []


def test_faults_of_real_rows_differ_and_are_always_the_same(rows):
    files: dict[str, list[CorpusRow]] = {}
    for each in rows:
        files.setdefault(each.path, []).append(each)
    kinds = []
    for each in rows:
        faults = make_faults(each, files[each.path])
        texts = [each.answer, *(faulty.answer for faulty in faults)]
        assert len(set(texts)) == len(texts)
        assert len({faulty.fault for faulty in faults}) == len(faults)
        assert all(text.endswith(".") and text == text.lower() for text in texts)
        shuffled = random.Random(1).sample(files[each.path], len(files[each.path]))
        assert make_faults(each, shuffled) == faults
        kinds += [faulty.fault for faulty in faults]
    assert set(kinds) == set(Fault) - {Fault.OWN}
    assert len(kinds) > len(rows)


# static checks

CODE = """
class Store:
    def __init__(self, size): self.size = size
    def save(self, name, data):
        for row in data:
            self.rows[name].append(row)
    def load(self, name):
        if name not in self.rows:
            raise KeyError(name)
        return self.rows[name]
    def clear(self):
        self.rows.clear()
"""


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("load", "load the rows of a name.", set()),
        ("save", "return the rows of a name.", {Problem.RETURNS}),
        ("load", "return the rows of a name.", set()),
        ("save", "raise an error for a name or a row without data.", {Problem.RAISES}),
        ("save", "yield the rows of the data.", {Problem.RETURNS}),
        ("clear", "clear the store and its rows of the argument.", {Problem.ARITY}),
        ("load", "load the rows of a name, the second argument.", {Problem.ARITY}),
        ("save", "save data rows by name, the second argument.", set()),
        ("save", "save rows by name and data, both parameters.", set()),
        ("load", "load rows by name, both parameters.", {Problem.ARITY}),
        ("clear", "download a page from the web server.", {Problem.FOREIGN}),
    ],
)
def test_what_the_code_does_not_bear_out(name, answer, expected):
    definition = next(d for d in read_definitions(read(CODE.encode())) if d.name == name)
    problems = find_problems(answer, definition, headline_slot(definition))
    assert problems - {Problem.REFUSED} == expected
    assert not expected or Problem.REFUSED in problems or expected == {Problem.ARITY}


def test_a_phrase_is_held_against_the_rules_for_phrases():
    definition = next(d for d in read_definitions(read(CODE.encode())) if d.name == "save")
    slot = Slot(task=Task.PARAM, name="data")
    assert Problem.REFUSED not in find_problems("the rows of data to append.", definition, slot)
    assert Problem.REFUSED in find_problems("the zebra crossing of the moon.", definition, slot)


# both views


def test_a_row_stands_where_its_tokens_stand(corpus, rows, index):
    tokenizer = read_tokenizer(corpus / "tokenizer.json")
    with np.load(corpus / "pairs-00.npz") as shard:
        ids, off, prompt = shard["ids"], shard["off"], shard["cl"]
    count = 0
    for each in rows:
        for number, at in index.places(each):
            answer_ids = ids[off[at] + prompt[at] : off[at + 1] - 1].tolist()
            assert number == 0
            assert (" " + each.answer).startswith(tokenizer.decode(answer_ids))
            assert (
                len(answer_ids) == tokens.ANSWER
                or tokenizer.decode(answer_ids) == " " + each.answer
            )
            count += 1
    assert len(rows) / 3 < count <= index.rows == len(prompt)
    assert index.places(row("an answer that no row has.")) == ()


def test_samples_differ_by_round_and_repeat(corpus, index):
    first, again, other = (feedback.sample(corpus, index, 50, salt) for salt in "aab")
    assert first == again != other
    assert 0 < len(first) <= 50
    assert len(feedback.sample(corpus, index, 10_000, "a")) > len(first)


def test_margins_are_differences_of_mean_log_probabilities(corpus, judgements):
    own = {Fault.OWN}
    assert sum(len(each.margins) for each in judgements) > len(judgements)
    with feedback.open_model(corpus / "student.gguf", 1) as backend:
        for each in judgements[:5]:
            texts = [each.item.row.answer, *(faulty.answer for faulty in each.margins)]
            scores = [s for _, s in backend.score((each.item.prompt, " " + t) for t in texts)]
            right, *wrong = [score.logprob / score.tokens for score in scores]
            margins = [(f, m) for f, m in each.margins.items() if f.fault not in own]
            for (_, margin), mean in zip(margins, wrong, strict=False):
                assert margin == pytest.approx(right - mean, abs=1e-6)


def test_the_models_own_answer_is_a_fault_where_the_code_does_not_bear_it_out(judgements):
    for each in judgements:
        mine = [faulty for faulty in each.margins if faulty.fault is Fault.OWN]
        assert bool(mine) == bool(
            each.sound and each.own and each.own_problems & feedback.HARD_PROBLEMS
        )
        assert all(faulty.answer == each.own for faulty in mine)
    assert any(each.own_problems for each in judgements)


def item(answer: str = "do it.") -> Item:
    return Item(row=row(answer), faulty=())


def test_harder_rows_weigh_more_and_wrong_ones_less():
    fault = FaultyAnswer(fault=Fault.NEGATED, answer="undo it.")
    easy, unsure, hard = (Judgement(item=item(), margins={fault: m}) for m in (4.0, 0.1, -4.0))
    hopeless = Judgement(
        item=item(), margins={fault: -4.0}, own_problems=frozenset({Problem.RETURNS})
    )
    wrong = Judgement(
        item=item(), margins={fault: -4.0}, reference_problems=frozenset({Problem.FOREIGN})
    )
    order = [easy, unsure, hard, hopeless]
    levels = [each.difficulty for each in order]
    assert levels == sorted(levels)
    assert 0 <= levels[0] < 0.01
    assert 0.99 < levels[-1] <= 1
    weights = feedback.compute_weights([*order, wrong])
    assert weights[:4] == sorted(weights[:4])
    assert weights[4] < weights[1]
    assert sum(weights) / 5 == pytest.approx(1)


def test_negatives_are_read_by_train(corpus, judgements, tmp_path):
    tokenizer = read_tokenizer(corpus / "tokenizer.json")
    path = tmp_path / "round-1.npz"
    counts = feedback.write_negatives(path, judgements, tokenizer)
    good, bad = read_contrast(path, 320)
    assert len(good) == len(bad) == sum(counts.values()) > 10

    def ids(rows, at):
        return rows.ids[rows.start[at] : rows.start[at] + rows.length[at]].tolist()

    for at in range(len(good)):
        prompt = good.prompt[at]
        right, wrong = ids(good, at), ids(bad, at)
        assert right[:prompt] == wrong[:prompt]
        assert right != wrong
        assert right[-1] == wrong[-1] == 0
    clear = [
        dataclasses.replace(each, margins=dict.fromkeys(each.margins, 9.0)) for each in judgements
    ]
    assert not feedback.write_negatives(tmp_path / "none.npz", clear, tokenizer)


def test_a_rounds_rows_are_the_judged_ones_and_as_many_others(corpus, judgements, tmp_path):
    def read_all(path):
        with np.load(path) as shard:
            ids, off = shard["ids"], shard["off"]
            rows = [tuple(ids[a:b].tolist()) for a, b in itertools.pairwise(off)]
            return rows, shard["cl"].tolist(), shard["task"].tolist(), shard["weight"].tolist()

    every, prompts, tasks, first = read_all(corpus / "pairs-00.npz")
    weights = feedback.compute_weights(judgements)
    expected_weights = {at: w for each, w in zip(judgements, weights, strict=True)
              for _, at in each.item.places}  # fmt: skip
    row_parts = {row: rest for row, *rest in zip(every, prompts, tasks, first, strict=True)}
    for plain in (True, False):
        feedback.write_shards(corpus, tmp_path, judgements, plain=plain)
        rows, cl, task, weight = read_all(tmp_path / "pairs-00.npz")
        assert len(rows) == min(2 * len(expected_weights), len(every))
        assert rows[: len(expected_weights)] == [every[at] for at in expected_weights]
        assert [row_parts[row][:2] for row in rows] == [
            list(pair) for pair in zip(cl, task, strict=True)
        ]
        factors = [1.0 if plain else w for w in expected_weights.values()]
        factors += [1.0] * (len(rows) - len(expected_weights))
        before = [row_parts[row][2] for row in rows]
        assert weight == pytest.approx([a * b for a, b in zip(before, factors, strict=True)])
    assert (tmp_path / "heldout-00.npz").exists()


# rounds


def test_a_round_is_kept_where_held_out_improves():
    before = HeldOutScores(loss=2.0, bleu=0.2, mistaken=0.3)
    assert improves(before, HeldOutScores(loss=1.9, bleu=0.2, mistaken=0.4))
    assert improves(before, HeldOutScores(loss=1.9, bleu=0.199, mistaken=0.3))
    assert not improves(before, HeldOutScores(loss=1.9, bleu=0.19, mistaken=0.3))
    assert not improves(before, HeldOutScores(loss=2.0, bleu=0.3, mistaken=0.1))


SHORT = ("--minutes", 0.03, "--sample", 40, "--held", 30, "--threads", 1, "--compile", "no")


def test_rounds_from_the_corpus_to_the_table(work, capsys):
    first = (work / "checkpoint.pt").read_bytes()
    cycle.run(flags(cycle, work, "--rounds", 1, "--rate", 0.0, *SHORT))
    assert "| thrown away |" in capsys.readouterr().out, "a rate of 0 improves nothing"
    assert not (work / "cycle.pt").exists()
    cycle.run(flags(cycle, work, "--rounds", 1, "--control", *SHORT))
    output = capsys.readouterr().out
    assert (work / "checkpoint.pt").read_bytes() == first
    rounds = json.loads((work / "cycle.json").read_text())["rounds"]
    assert [each["number"] for each in rounds] == [1, 2]
    idle, trained = rounds
    assert idle["after"]["loss"] == pytest.approx(idle["before"]["loss"])
    assert trained["before"] == idle["before"], "what is thrown away is not gone on from"
    assert trained["after"]["loss"] < trained["before"]["loss"]
    assert trained["control"]["loss"] < trained["before"]["loss"]
    assert trained["kept"] == improves(
        HeldOutScores(**trained["before"]), HeldOutScores(**trained["after"])
    )
    assert f"| {'kept' if trained['kept'] else 'thrown away'} |" in output.splitlines()[-1]
    assert sum(trained["pairs"].values()) > 10
    assert set(trained["problems"]) == {problem.value for problem in Problem}
    if trained["kept"]:
        final = work / "round-2" / "checkpoint.pt"
        assert (work / "cycle.pt").read_bytes() == final.read_bytes()
        assert cycle.Cycle(flags(cycle, work, *SHORT)).checkpoint == work / "cycle.pt"
    assert not list(work.glob("round-*/*.gguf"))


def test_what_is_missing_is_named(tmp_path, work):
    (work / "heldout.jsonl.gz").unlink()
    with pytest.raises(ConfigError, match="run corpus with --validation"):
        cycle.run(flags(cycle, work, *SHORT))
    (work / "checkpoint.pt").unlink()
    with pytest.raises(ConfigError, match=r"checkpoint\.pt: is no checkpoint"):
        cycle.run(flags(cycle, work, *SHORT))
    with pytest.raises(ConfigError, match="has no pairs"):
        feedback.list_shards(tmp_path)
