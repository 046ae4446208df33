"""Write a model's card: prose from its template, every table from the working folder's figures.

`models/<name>/card.md.in` holds the prose; a line that is `{name}` alone is replaced by a table.
The figures are those of export.json, corpus.json, packages.json, loss.jsonl and evaluation.json,
and of cycle.json and soup.json where those steps were run.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.distill.card.example import render_example
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
from docbot.errors import DocbotError
from docbot.llm.known_models import MODELS
from docbot.prompt.task import Task

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from docbot.distill.card.markdown import Columns, TableRow
    from docbot.llm.known_models import Model

MODELS_FOLDER = Path(__file__).parents[3] / "models"
RUN_COLUMNS: Columns = (
    ("weights", "who", ""),
    ("share", "share", ".1f"),
    ("trained minutes", "minutes", ".0f"),
    ("tokens read", "tokens", ",d"),
    ("held-out loss", "held_out", ".3f"),
)
PICTURES = ("loss.png", "reliability.png", "coverage.png")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of one model, as the steps wrote them into the working folder.

    Attributes:
        model: The model's entry in `docbot.llm.known_models`.
        export: export.json.
        corpus: corpus.json.
        packages: packages.json.
        losses: The lines of loss.jsonl.
        evaluation: evaluation.json.
        before: The rows of the table `functions` of an older model.
        cycle: The rounds of cycle.json.
        soup: The runs of soup.json.

    """

    model: Model
    export: Mapping[str, Any]
    corpus: Mapping[str, Any]
    packages: Sequence[Mapping[str, str]]
    losses: Sequence[Mapping[str, Any]]
    evaluation: Mapping[str, Any]
    before: Sequence[TableRow] = ()
    cycle: Sequence[Mapping[str, Any]] = ()
    soup: Sequence[Mapping[str, Any]] = ()


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `card` to a parser."""
    add = parser.add_argument
    add("--model", default="docbot-tiny", choices=MODELS, help="which row of weights.py")
    add("--before", type=Path, help="evaluation of the model it replaces, for comparison")
    add("--out", type=Path, help="folder of template and card; default: models/<model>")


def run(options: argparse.Namespace) -> None:
    """Write README.md and copy its pictures beside the template.

    Raises:
        DocbotError: figures are missing, the template has a slot that no table fills, or
            the known model has another size or hash than the exported file.

    """
    out: Path = options.out or MODELS_FOLDER / options.model
    figures = collect(options.work, MODELS[options.model], options.before)
    text = fill(_read(out / "card.md.in"), figures)
    (out / "README.md").write_text(text, encoding="utf-8")
    for name in PICTURES:
        picture = options.work / name
        if not picture.is_file():
            raise DocbotError(f"{picture}: is missing; the card shows it")
        shutil.copyfile(picture, out / name)


def collect(work: Path, model: Model, before: Path | None = None) -> Figures:
    """Read the figures of a working folder.

    Args:
        work: The working folder.
        model: The known model that the card is about.
        before: evaluation.json of an older model, to compare with.

    Raises:
        DocbotError: a file is missing, or the model has another size or hash than the exported
            file.

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
        cycle=_read_optional_json(work / "cycle.json").get("rounds", ()),
        soup=_read_optional_json(work / "soup.json").get("runs", ()),
    )


def fill(template: str, figures: Figures) -> str:
    """Replace every `{slot}` on a line of its own in a template by its table.

    Raises:
        DocbotError: a slot has no table, or the evaluation lacks the figures that it needs.

    """

    def replace_slot(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in SLOTS:
            raise DocbotError(f"card.md.in: no table is called '{name}'; known: {', '.join(SLOTS)}")
        try:
            return SLOTS[name](figures).strip("\n")
        except KeyError as error:
            raise DocbotError(f"the table '{name}' wants {error}; run evaluate first") from error

    return re.sub(r"^\{(\w+)\}$", replace_slot, template, flags=re.MULTILINE)


# A function for each slot.


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
    return render_example(figures.model)


TASK_NAMES = tuple(task.value for task in Task)
LICENCE_FAMILIES = {
    "Apache-2.0": "Apache", "BSD": "BSD", "MIT": "MIT", "PSF": "(?:PSF|Python Software)",
    "ISC": "ISC", "HPND": "(?:HPND|Historical)", "Zlib": "(?i:zlib)", "0BSD": "0BSD", "CC0": "CC0",
    "Unlicense": "(?:The )?Unlicense", "ZPL": "(?:ZPL|Zope)",
}  # fmt: skip
"""Families of permissive licences, with a pattern of what their many spellings have in common."""


def _rows(figures: Figures) -> str:
    corpus = figures.corpus
    rows = [{"task": task, "rows": count} for task, count in corpus["kept"].items()]
    rows.append({"task": "code that nobody documented", "rows": corpus["undocumented"]})
    return table(rows, (("task", "task", ""), ("rows", "rows", ",d")))


def _filters(figures: Figures) -> str:
    """Count dropped rows: a row for each reason, a column for each task, the last for no task."""
    counts: dict[str, dict[str, int]] = {}
    for label, count in figures.corpus["removed"].items():
        task, colon, reason = label.partition(": ")
        has_task = colon and task in TASK_NAMES
        counts.setdefault(reason if has_task else label, {})[task if has_task else "any"] = count
    rows = [{"why": why, **count} for why, count in counts.items()]
    rows.sort(key=lambda row: -sum(count for count in row.values() if isinstance(count, int)))
    columns = [(task, task, ",d") for task in (*TASK_NAMES, "any")]
    return table(rows, (("why", "why", ""), *columns))


def _packages(figures: Figures) -> str:
    """Count packages by family of licence; packages.txt has each one's exact licence."""
    counts = Counter(_family(package["licence"]) for package in figures.packages)
    rows = [{"licence": licence, "count": count} for licence, count in counts.most_common()]
    return table(rows, (("licence", "licence", ""), ("packages", "count", ",d")))


def _family(licence: str) -> str:
    names = [
        name for name in LICENCE_FAMILIES if re.search(rf"\b{LICENCE_FAMILIES[name]}", licence)
    ]
    return " / ".join(names) or licence


def _compute(figures: Figures) -> str:
    return "\n\n".join(filter(None, (_training(figures), _averaging(figures))))


def _averaging(figures: Figures) -> str:
    """List the runs whose mean the weights are; "" for the weights of a single run."""
    if not figures.soup:
        return ""
    *runs, mean = figures.soup
    rows = [{**row, "who": f"run {number}"} for number, row in enumerate(runs, start=1)]
    head = "The weights are the mean of runs that parted from one checkpoint (`soup`):\n\n"
    return head + table([*rows, {**mean, "who": "their mean"}], RUN_COLUMNS)


def _training(figures: Figures) -> str:
    last = figures.losses[-1]
    held_out = [line["held_out"] for line in figures.losses if "held_out" in line]
    amount = (
        f"{last['minutes']:.0f} minutes of training, {last['tokens'] / 1e6:,.0f} million tokens"
    )
    if not held_out:
        return amount + "."
    each = ", ".join(f"{task} {loss:.3f}" for task, loss in held_out[-1].items())
    return f"{amount}. Loss on held-out answers at the end, in nats a token: {each}."


def _cycle(figures: Figures) -> str:
    if not figures.cycle:
        return "No round was run."
    from docbot.distill.iterate.cycle import table as rounds  # needs torch, unlike all else here

    command = "python -m docbot.distill cycle --work WORK --control"
    return f"{rounds(figures.cycle)}\n\n`{command}`"


def _equality(figures: Figures) -> str:
    equality = figures.export["equality"]
    return (
        f"Before quantisation llama.cpp and PyTorch gave the same greedy text on "
        f"{equality['answers']} of {equality['rows']} held-out prompts, and the same token ids for "
        f"{equality['tokens']} of them; log-probabilities of equal answers differ by at most "
        f"{equality['furthest']:.1e}."
    )


def _functions(figures: Figures) -> str:
    rows = figures.evaluation["functions"]["rows"]
    before = [
        {**row, "model": "the model before"}
        for row in figures.before
        if row["model"] not in ("name in words", "people")
    ]
    return table([*rows, *before], FUNCTIONS) + _command_line(figures, "functions")


def _table_slot(name: str, columns: Columns) -> Callable[[Figures], str]:
    def rendered(figures: Figures) -> str:
        return table(figures.evaluation[name]["rows"], columns) + _command_line(figures, name)

    return rendered


def _gate(figures: Figures) -> str:
    """Tabulate the thresholds at which anything passes the gate."""
    rows = figures.evaluation["gate"]["rows"]
    passing = [row for row in rows if row["through_the_gate"] or not row["min_confidence"]]
    return table(passing, GATE) + _command_line(figures, "gate")


def _calibration(figures: Figures) -> str:
    calibration = figures.evaluation["calibration"]["rows"]
    rows = [
        {"what": "confidence as it is", **calibration["confidence"]},
        {"what": "after Platt scaling, folds by package", **calibration["platt_by_package"]},
    ]
    scale = calibration["platt_of_all"]
    return (
        f"{calibration['count']:,} functions; right is a {calibration['right']}, "
        f"which {calibration['share_right']} % of all answers are. Fitted to all: "
        f"probability = sigmoid({scale['slope']} * log-odds of the confidence "
        f"{scale['offset']:+}).\n\n"
        + table(rows, CALIBRATION)
        + _command_line(figures, "calibration")
    )


def _samples(figures: Figures) -> str:
    samples = figures.evaluation["samples"]["rows"]
    entries = [
        f"{at}. `{row['package']}` {row['task']} `{_subject(row)}`, confidence "
        f"{row['confidence']:.2f}, {_outcome(row)}\n"
        f"   - person: {code(row['person'])}\n"
        f"   - docbot: {code(row['model'])}\n"
        for at, row in enumerate(samples, start=1)
    ]
    return "".join(entries) + _command_line(figures, "samples")


def _subject(row: TableRow) -> str:
    return f"{row['qualname']}: {row['name']}" if row["name"] else row["qualname"]


def _outcome(row: TableRow) -> str:
    if row["written"]:
        return "**written**"
    return "not sure enough" if row["gate"] else "refused"


def _command_line(figures: Figures, name: str) -> str:
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
    "tasks": _table_slot("tasks", TASKS),
    "quantisation": _table_slot("quantisation", QUANTISATION),
    "perturbations": _table_slot("perturbations", PERTURBATIONS),
    "calibration": _calibration,
    "gate": _gate,
    "candidates": _table_slot("candidates", CANDIDATES),
    "samples": _samples,
}


def _read_optional_json(path: Path) -> dict[str, Any]:
    """Read the JSON file of an optional step; {} where the step was left out."""
    return json.loads(_read(path)) if path.exists() else {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocbotError(f"{path}: cannot be read ({error.strerror}); make it first") from error
