"""Write a model's card: prose from its template, every table from the working folder's figures.

`models/<name>/card.md.in` holds the prose; a line that is `{name}` alone is where a table goes. The
figures are export.json, corpus.json, packages.json, loss.jsonl and evaluation.json.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from docbot.config import Config
from docbot.distill.card.markdown import (
    CALIBRATION,
    CANDIDATES,
    FUNCTIONS,
    GATE,
    PERTURBATIONS,
    QUANTISATION,
    TASKS,
    code,
    table,
)
from docbot.distill.evaluate.answers import Model as Asked
from docbot.distill.evaluate.heldout import Question
from docbot.errors import DocbotError
from docbot.gate.facts import surroundings_of
from docbot.llm.known_models import MODELS
from docbot.llm.weights import resolve
from docbot.prompt.task import Task, headline
from docbot.scan.definition import Kind
from docbot.scan.facts import scan
from docbot.scan.source import read

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from docbot.distill.card.markdown import Columns, Row
    from docbot.llm.known_models import Model

HOME = Path(__file__).parents[3] / "models"
RUNS: Columns = (
    ("weights", "who", ""),
    ("share", "share", ".1f"),
    ("trained minutes", "minutes", ".0f"),
    ("tokens read", "tokens", ",d"),
    ("held-out loss", "held_out", ".3f"),
)
PICTURES = ("loss.png", "reliability.png", "coverage.png")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the working folder knows of one model; `before` are the functions of an older one."""

    model: Model
    export: Mapping[str, Any]
    corpus: Mapping[str, Any]
    packages: Sequence[Mapping[str, str]]
    losses: Sequence[Mapping[str, Any]]
    evaluation: Mapping[str, Any]
    before: Sequence[Row] = ()
    cycle: Sequence[Mapping[str, Any]] = ()
    soup: Sequence[Mapping[str, Any]] = ()


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("--model", default="docbot-tiny", choices=MODELS, help="which row of weights.py")
    add("--before", type=Path, help="evaluation of the model it replaces, for comparison")
    add("--out", type=Path, help="folder of template and card; default: models/<model>")


def run(options: argparse.Namespace) -> None:
    """Write README.md and its pictures beside the template.

    Raises:
        DocbotError: figures are missing, the template has a slot that no table fills, or
            weights.py names another file than was exported.

    """
    out: Path = options.out or HOME / options.model
    figures = collect(options.work, MODELS[options.model], options.before)
    text = fill(_read(out / "card.md.in"), figures)
    (out / "README.md").write_text(text, encoding="utf-8")
    for name in PICTURES:
        picture = options.work / name
        if not picture.is_file():
            raise DocbotError(f"{picture}: is missing; the card shows it")
        shutil.copyfile(picture, out / name)


def collect(work: Path, model: Model, before: Path | None = None) -> Figures:
    """The figures of a working folder.

    Raises:
        DocbotError: as in `run`.

    """
    export = json.loads(_read(work / "export.json"))
    shipped = next((file for file in export["files"] if file["file"] == model.file), None)
    if shipped is None or (shipped["sha256"], shipped["bytes"]) != (model.sha256, model.bytes):
        raise DocbotError(
            f"{work / 'export.json'}: does not know the {model.file} of weights.py; "
            "put the exported file's sha256 and size into that table first"
        )
    old = json.loads(_read(before)) if before else {}
    return Figures(
        model=model,
        export=export,
        corpus=json.loads(_read(work / "corpus.json")),
        packages=json.loads(_read(work / "packages.json")),
        losses=[json.loads(line) for line in _read(work / "loss.jsonl").splitlines()],
        evaluation=json.loads(_read(work / "evaluation.json")),
        before=old.get("functions", {}).get("rows", ()),
        cycle=_read_if_made(work / "cycle.json").get("rounds", ()),
        soup=_read_if_made(work / "soup.json").get("runs", ()),
    )


def fill(template: str, figures: Figures) -> str:
    """The template with every `{slot}` that stands on a line of its own replaced.

    Raises:
        DocbotError: a slot has no table, or a table that it wants was not made.

    """

    def filled(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in SLOTS:
            raise DocbotError(f"card.md.in: no table is called '{name}'; known: {', '.join(SLOTS)}")
        try:
            return SLOTS[name](figures).strip("\n")
        except KeyError as error:
            raise DocbotError(f"the table '{name}' wants {error}; run evaluate first") from error

    return re.sub(r"^\{(\w+)\}$", filled, template, flags=re.MULTILINE)


# One function a slot.


def _file(figures: Figures) -> str:
    model, shape = figures.model, figures.export["shape"]
    kind = next(f["quantisation"] for f in figures.export["files"] if f["file"] == model.file)
    rows = (
        ("file", f"`{model.file}`, {model.bytes:,} bytes ({kind}, GGUF version 3)"),
        ("sha256", f"`{model.sha256}`"),
        ("licence", model.licence),
        (
            "shape",
            (
                f"Llama decoder: {shape['layers']} layers, width {shape['width']}, "
                f"{shape['heads']} heads, feed-forward {shape['inner']}, tied embeddings; "
                f"{_parameters(shape) / 1e6:.1f} million parameters"
            ),
        ),
        ("vocabulary", f"{shape['vocab']:,} byte-level BPE tokens of its own"),
        ("context", f"{model.context} tokens, prompt and answer together"),
        ("prompt format", f"`{model.format}`"),
    )
    return "| | |\n|---|---|\n" + "".join(f"| {key} | {value} |\n" for key, value in rows)


def _parameters(shape: Mapping[str, int]) -> int:
    width = shape["width"]
    layer = 4 * width * width + 3 * width * shape["inner"] + 2 * width
    return shape["vocab"] * width + shape["layers"] * layer + width


def _example(figures: Figures) -> str:
    """One method, what is sent for it, and what the shipped file says."""
    model = Asked(resolve(figures.model.name, "").path, figures.model.format)
    found = scan(read(EXAMPLE.encode()))
    method = next(definition for definition in found if definition.kind is Kind.METHOD)
    question = Question(
        package="", path=PATH, definition=method, around=found, near=surroundings_of(PATH, found),
        slot=headline(method), reference="",
    )  # fmt: skip
    prompt, answer = model.prompt(question), model.answer([question])[0]
    if prompt is None or answer is None:
        raise DocbotError(f"{figures.model.format}: cannot tell the card's example")
    written = answer.written and answer.sure >= Config().min_confidence
    outcome = f"writes \u201c{answer.written}\u201d" if written else "writes nothing"
    return (
        f"```python\n{EXAMPLE}```\n\nis told, with a space in front, as\n\n"
        f"```\n{prompt.body.strip()}\n```\n\n"
        f"and sent as `{prompt.head}`, then the last {prompt.keep} tokens of that text, then "
        f"`{prompt.tail}`. The answer, decoded greedily, is\n\n```\n{answer.text}\n```\n\n"
        f"with a geometric mean token probability of {answer.confidence:.2f}: docbot {outcome}."
    )


PATH = PurePosixPath("stack.py")
EXAMPLE = """class Stack:
    def push(self, item):
        if item is None:
            raise ValueError("nothing to push")
        self.items.append(item)
"""


TASK_NAMES = tuple(task.value for task in Task)
FAMILIES = {
    "Apache-2.0": "Apache", "BSD": "BSD", "MIT": "MIT", "PSF": "(?:PSF|Python Software)",
    "ISC": "ISC", "HPND": "(?:HPND|Historical)", "Zlib": "(?i:zlib)", "0BSD": "0BSD", "CC0": "CC0",
    "Unlicense": "(?:The )?Unlicense", "ZPL": "(?:ZPL|Zope)",
}  # fmt: skip
"""Permissive licences by what their many spellings have in common."""


def _rows(figures: Figures) -> str:
    corpus = figures.corpus
    rows = [{"task": task, "rows": count} for task, count in corpus["kept"].items()]
    rows.append({"task": "code that nobody documented", "rows": corpus["undocumented"]})
    return table(rows, (("task", "task", ""), ("rows", "rows", ",d")))


def _filters(figures: Figures) -> str:
    """A row for each reason, a column for each task; what belongs to no task stands last."""
    counts: dict[str, dict[str, int]] = {}
    for told, count in figures.corpus["removed"].items():
        task, colon, reason = told.partition(": ")
        known = colon and task in TASK_NAMES
        counts.setdefault(reason if known else told, {})[task if known else "any"] = count
    rows = [{"why": why, **count} for why, count in counts.items()]
    rows.sort(key=lambda row: -sum(count for count in row.values() if isinstance(count, int)))
    columns = [(task, task, ",d") for task in (*TASK_NAMES, "any")]
    return table(rows, (("why", "why", ""), *columns))


def _packages(figures: Figures) -> str:
    """How many packages have which licence, by family; the exact words are in packages.txt."""
    counts = Counter(_family(package["licence"]) for package in figures.packages)
    rows = [{"licence": licence, "count": count} for licence, count in counts.most_common()]
    return table(rows, (("licence", "licence", ""), ("packages", "count", ",d")))


def _family(licence: str) -> str:
    found = [name for name in FAMILIES if re.search(rf"\b{FAMILIES[name]}", licence)]
    return " / ".join(found) or licence


def _compute(figures: Figures) -> str:
    return "\n\n".join(filter(None, (_trained(figures), _averaged(figures))))


def _averaged(figures: Figures) -> str:
    """Which runs the weights are the mean of; "" for those of one."""
    if not figures.soup:
        return ""
    *runs, mean = figures.soup
    rows = [{**row, "who": f"run {number}"} for number, row in enumerate(runs, start=1)]
    head = "The weights are the mean of runs that parted from one checkpoint (`soup`):\n\n"
    return head + table([*rows, {**mean, "who": "their mean"}], RUNS)


def _trained(figures: Figures) -> str:
    last = figures.losses[-1]
    held = [line["held_out"] for line in figures.losses if "held_out" in line]
    told = f"{last['minutes']:.0f} minutes of training, {last['tokens'] / 1e6:,.0f} million tokens"
    if not held:
        return told + "."
    each = ", ".join(f"{task} {loss:.3f}" for task, loss in held[-1].items())
    return f"{told}. Loss on held-out answers at the end, in nats a token: {each}."


def _cycle(figures: Figures) -> str:
    if not figures.cycle:
        return "No round was run."
    from docbot.distill.iterate.cycle import table as rounds  # the one part here that needs torch

    made = "python -m docbot.distill cycle --work WORK --control"
    return f"{rounds(figures.cycle)}\n\n`{made}`"


def _equality(figures: Figures) -> str:
    found = figures.export["equality"]
    return (
        f"Before quantisation llama.cpp and PyTorch gave the same greedy text on "
        f"{found['answers']} of {found['rows']} held-out prompts, and the same token ids for "
        f"{found['tokens']} of them; log-probabilities of equal answers differ by at most "
        f"{found['furthest']:.1e}."
    )


def _functions(figures: Figures) -> str:
    rows = figures.evaluation["functions"]["rows"]
    before = [
        {**row, "model": "the model before"}
        for row in figures.before
        if row["model"] not in ("name in words", "people")
    ]
    return table([*rows, *before], FUNCTIONS) + _made_by(figures, "functions")


def _plain(name: str, columns: Columns) -> Callable[[Figures], str]:
    def rendered(figures: Figures) -> str:
        return table(figures.evaluation[name]["rows"], columns) + _made_by(figures, name)

    return rendered


def _gate(figures: Figures) -> str:
    """The thresholds at which anything passes."""
    rows = figures.evaluation["gate"]["rows"]
    kept = [row for row in rows if row["through_the_gate"] or not row["min_confidence"]]
    return table(kept, GATE) + _made_by(figures, "gate")


def _calibration(figures: Figures) -> str:
    found = figures.evaluation["calibration"]["rows"]
    rows = [
        {"what": "confidence as it is", **found["confidence"]},
        {"what": "after Platt scaling, folds by package", **found["platt_by_package"]},
    ]
    scale = found["platt_of_all"]
    return (
        f"{found['count']:,} functions; right is a {found['right']}, "
        f"which {found['share_right']} % of all answers are. Fitted to all: "
        f"probability = sigmoid({scale['slope']} * log-odds of the confidence "
        f"{scale['offset']:+}).\n\n" + table(rows, CALIBRATION) + _made_by(figures, "calibration")
    )


def _samples(figures: Figures) -> str:
    found = figures.evaluation["samples"]["rows"]
    told = [
        f"{at}. `{row['package']}` {row['task']} `{_asked(row)}`, confidence "
        f"{row['confidence']:.2f}, {_outcome(row)}\n"
        f"   - person: {code(row['person'])}\n"
        f"   - docbot: {code(row['model'])}\n"
        for at, row in enumerate(found, start=1)
    ]
    return "".join(told) + _made_by(figures, "samples")


def _asked(row: Row) -> str:
    return f"{row['qualname']}: {row['name']}" if row["name"] else row["qualname"]


def _outcome(row: Row) -> str:
    if row["written"]:
        return "**written**"
    return "not sure enough" if row["gate"] else "refused"


def _made_by(figures: Figures, name: str) -> str:
    return f"\n`{figures.evaluation[name]['command']}`\n"


SLOTS: Mapping[str, Callable[[Figures], str]] = {
    "file": _file,
    "example": _example,
    "rows": _rows,
    "filters": _filters,
    "packages": _packages,
    "compute": _compute,
    "cycle": _cycle,
    "equality": _equality,
    "functions": _functions,
    "tasks": _plain("tasks", TASKS),
    "quantisation": _plain("quantisation", QUANTISATION),
    "perturbations": _plain("perturbations", PERTURBATIONS),
    "calibration": _calibration,
    "gate": _gate,
    "candidates": _plain("candidates", CANDIDATES),
    "samples": _samples,
}


def _read_if_made(path: Path) -> dict[str, Any]:
    """The JSON of a step that may be left out; {} where it was."""
    return json.loads(_read(path)) if path.exists() else {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocbotError(f"{path}: cannot be read ({error.strerror}); make it first") from error
