"""The card has every figure of the working folder, and says so when one is missing."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("numpy")

from docbot.distill.card import card
from docbot.distill.card.markdown import code, table
from docbot.errors import DocbotError
from docbot.llm.known_models import MODELS

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = card.MODELS_FOLDER / "docbot-tiny" / "card.md.in"
MODEL = MODELS["docbot-tiny"]
SCORE = {"count": 3000, "bleu": 15.25, "chrf": 21.0, "meteor": 19.5, "cosine": 50.125}
TIMES = {
    f"{kind}_{name}": value
    for kind in ("one_by_one", "batched")
    for name, value in (("ms", 31.0), ("cpu_ms", 40.0), ("peak_mib", 93.0))
}
BINS = {"calibration_error": 0.1234, "brier": 0.2, "skill": None, "bins": [[0.1, 0.2, 30]]}
SAMPLE = {
    "task": "function", "name": "", "package": "flask", "qualname": "Flask.run",
    "person": "Run `the` application | at once.", "model": "run the application.",
    "confidence": 0.42, "gate": True, "written": False, "code": "def run(self): ...",
}  # fmt: skip
EVALUATION = {
    "functions": [
        {"model": "docbot-tiny-q8_0", "code": "plain", **SCORE, "words": 9.0, "foreign": 12.0},
        {"model": "name in words", "code": "plain", **SCORE, "words": 2.0},
        {"model": "people", "code": "plain", "count": 3000, "foreign": 70.0},
    ],
    "tasks": [{"task": "raises", "model": "docbot-tiny-q8_0", **SCORE, "and_sure": 3.0}],
    "quantisation": [{"model": "docbot-tiny-q6_k", "bytes": 1234567, **SCORE, **TIMES}],
    "perturbations": [{"change": "dead code", "model": "docbot-tiny-q8_0", "count": 77}],
    "calibration": {
        "count": 3000, "right": "cosine of 0.6 or more", "share_right": 20.5, "confidence": BINS,
        "platt_by_package": BINS, "platt_of_all": {"slope": 1.5, "offset": -0.25}, "coverage": [],
    },
    "gate": [
        {"task": "function", "min_confidence": at, "offered": 3000, "sure_enough": 10,
         "through_the_gate": through, "close": 40.0, "right": None}
        for at, through in ((0.0, 65), (0.45, 2), (0.9, 0))
    ],
    "candidates": [{"candidates": 8, **SCORE, "diversity": 0.515, "distinct": 7.5, **TIMES}],
    "samples": [{**SAMPLE, "qualname": f"Flask.run{at}"} for at in range(50)],
}  # fmt: skip


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    shape = {"vocab": 8192, "width": 256, "layers": 4, "heads": 4, "inner": 768, "context": 320}
    file = {"file": MODEL.file, "quantisation": "Q8_0", "bytes": MODEL.bytes}
    tables = {
        name: {"command": f"evaluate --table {name}", "seconds": 1, "rows": rows}
        for name, rows in EVALUATION.items()
    }
    figures = {
        "export.json": {
            "shape": shape,
            "files": [{**file, "sha256": MODEL.sha256}],
            "equality": {"rows": 200, "answers": 199, "tokens": 200, "furthest": 1.5e-5},
        },
        "corpus.json": {
            "removed": {"function: no text": 31_007, "raises: no text": 12, "near-duplicate": 8},
            "kept": {"function": 123_456},
            "undocumented": 99_999,
        },
        "packages.json": [
            {"name": "a", "version": "1", "licence": licence}
            for licence in ("MIT", "MIT License", "Apache-2.0 AND MIT", "BSD 3-Clause", "Odd")
        ],
        "evaluation.json": tables,
    }
    for name, content in figures.items():
        (folder / name).write_text(json.dumps(content))
    losses = [
        {"minutes": 1.0, "tokens": 9},
        {"minutes": 61.2, "tokens": 5e6, "held_out": {"all": 3}},
    ]
    (folder / "loss.jsonl").write_text("\n".join(map(json.dumps, losses)))
    for picture in card.PICTURES:
        (folder / picture).write_bytes(b"PNG")
    return folder


def test_rounds_and_averaged_runs_are_told_where_there_were_any(work, out):
    assert "No round was run." in write(work, out)
    scores = {"loss": 3.5839, "bleu": 0.1585, "mistaken": 0.192}
    line = {"number": 1, "items": 9000, "pairs": {"negated": 8934}, "before": scores,
            "after": scores, "control": None, "kept": True, "minutes": 16.4}  # fmt: skip
    runs = [
        {
            "name": "/tmp/a.pt",
            "share": 0.7,
            "minutes": 77.2,
            "tokens": 20_200_000,
            "held_out": 3.18,
        },
        {
            "name": "their mean",
            "share": 1.0,
            "minutes": 161.0,
            "tokens": 43_700_000,
            "held_out": 3.17,
        },
    ]
    (work / "cycle.json").write_text(json.dumps({"rounds": [line]}))
    (work / "soup.json").write_text(json.dumps({"runs": runs}))
    text = write(work, out)
    for figure in (
        "| 1 | 9,000 | 8,934 | 3.5839 | 15.85 |", "kept", "| run 1 | 0.7 | 77 | 20,200,000",
        "| their mean | 1.0 | 161 | 43,700,000 | 3.170 |",
    ):  # fmt: skip
        assert figure in text
    assert "/tmp" not in text


def write(work: Path, out: Path) -> str:
    parser = ArgumentParser()
    card.arguments(parser)
    options = parser.parse_args(["--out", str(out)])
    card.run(Namespace(work=work, **vars(options)))
    return (out / "README.md").read_text()


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "card"
    folder.mkdir()
    (folder / "card.md.in").write_text(TEMPLATE.read_text())
    return folder


def test_the_card_has_every_table_and_its_command(work, out):
    text = write(work, out)
    for figure in (
        MODEL.sha256, f"{MODEL.bytes:,} bytes", "5.5 million parameters", "123,456",
        "99,999", "| MIT | 2 |", "| Apache-2.0 / MIT | 1 |", "| Odd | 1 |",
        "| no text | 31,007 | - | - | - | - | 12 | - |",
        "| near-duplicate | - | - | - | - | - | - | 8 |", "61 minutes", "199 of 200", "1.5e-05",
        "15.2", "12 %",
        "| people |", "1,234,567", "| dead code |", "0.123",
        "1.5 * log-odds of the confidence -0.25",
        "| 0.45 |", "0.52", "Flask.run49",
    ):  # fmt: skip
        assert figure in text
    for name in EVALUATION:
        assert f"`evaluate --table {name}`" in text
    assert not re.search(r"^\{\w+\}$", text, re.MULTILINE)
    assert "| 0.90 |" not in text  # nothing passes there


def test_its_pictures_are_beside_it(work, out):
    text = write(work, out)
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
    assert sorted(pictures) == sorted(card.PICTURES)
    assert all((out / name).is_file() for name in pictures)


def test_its_tables_are_even(work, out):
    for block in re.findall(r"(?:^\|.*\n)+", write(work, out), re.MULTILINE):
        lines = [re.sub(r"\\\|", "", line) for line in block.splitlines()]
        assert len({line.count("|") for line in lines}) == 1, block


def test_the_example_is_what_the_shipped_file_says(work, out):
    text = write(work, out)
    assert "self.items.append(item)" in text
    assert re.search(r"token probability of 0\.\d\d: docbot writes", text)


def test_the_model_before_stands_below(work, out):
    old = json.loads((work / "evaluation.json").read_text())
    old["functions"]["rows"][0]["bleu"] = 1.75
    (work / "before.json").write_text(json.dumps(old))
    parser = ArgumentParser()
    card.arguments(parser)
    options = parser.parse_args(["--out", str(out), "--before", str(work / "before.json")])
    card.run(Namespace(work=work, **vars(options)))
    lines = (out / "README.md").read_text().splitlines()
    before = [line for line in lines if "the model before" in line]
    assert len(before) == 1
    assert "1.8" in before[0]


def test_another_file_than_the_exported_one_is_refused(work, out):
    export = json.loads((work / "export.json").read_text())
    export["files"][0]["sha256"] = "0" * 64
    (work / "export.json").write_text(json.dumps(export))
    with pytest.raises(DocbotError, match="put the exported file's sha256"):
        write(work, out)


@pytest.mark.parametrize(
    "missing", ["export.json", "corpus.json", "loss.jsonl", "evaluation.json", "coverage.png"]
)
def test_what_is_missing_is_named(work, out, missing):
    (work / missing).unlink()
    with pytest.raises(DocbotError, match=re.escape(missing)):
        write(work, out)


def test_a_table_that_was_not_made_is_named(work):
    figures = card.collect(work, MODEL)
    evaluation = {name: t for name, t in figures.evaluation.items() if name != "gate"}
    with pytest.raises(DocbotError, match="'gate'"):
        card.fill("{gate}", replace(figures, evaluation=evaluation))
    with pytest.raises(DocbotError, match="no table is called 'nosuch'"):
        card.fill("{nosuch}", figures)


def test_braces_in_prose_stay(work):
    figures = card.collect(work, MODEL)
    assert card.fill("say {gate} here\n", figures) == "say {gate} here\n"


def test_cells():
    rows = [{"a": 1234, "b": 12.345, "c": "x|y"}, {"a": None}]
    columns = (("A", "a", ",d"), ("B", "b", ".1f %"), ("C", "c", ""))
    assert table(rows, columns) == (
        "| A | B | C |\n| --- | --- | --- |\n| 1,234 | 12.3 % | x\\|y |\n| - | - | - |\n"
    )


def test_code_holds_any_text():
    assert code("plain") == "`plain`"
    assert code("a `b` ``c``") == "``` a `b` ``c`` ```"
