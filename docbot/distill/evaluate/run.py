"""Measure models on held-out packages: quality, honesty, quantisation, calibration.

Writes `evaluation.json` and two PNGs into the working folder. The file has a key for each table,
with the command that makes it. A table that is already there is not made again without `--again`.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.atomic import replacing
from docbot.distill.evaluate import plots, tables
from docbot.distill.evaluate.heldout import read_questions
from docbot.distill.evaluate.study import Study
from docbot.errors import DocbotError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

TABLES: Mapping[str, Callable[[Study], Any]] = {
    "functions": tables.functions,
    "tasks": tables.tasks,
    "calibration": tables.calibration,
    "gate": tables.gate,
    "samples": tables.samples,
    "quantisation": tables.quantisation,
    "perturbations": tables.perturbations,
    "candidates": tables.candidates,
}
RIGHT = 0.6


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `evaluate`."""
    add = parser.add_argument
    add("--validation", type=Path, required=True, help="folder of the validation packages' wheels")
    models = "GGUF files, the one that ships first; default: the working folder's, Q8_0 first"
    add("--model", type=Path, nargs="+", default=[], help=models)
    add("--format", default="tasks", help="their prompt format")
    add("--sample", type=int, default=3000, help="functions of the main tables")
    small = "functions of the tables with many cells; default: a sixth of --sample"
    add("--small", type=int, default=0, help=small)
    add("--threads", type=int, default=0, help="for llama.cpp; default: all cores")
    right = "cosine to the human's text from which on an answer counts as right"
    add("--right", type=float, default=RIGHT, help=right)
    tables_help = "which tables; default: all"
    add("--table", choices=TABLES, nargs="+", default=list(TABLES), help=tables_help)
    add("--again", action="store_true", help="make tables anew that are there")
    add("--out", default="evaluation.json", help="file name of the figures")


def run(options: argparse.Namespace) -> None:
    """Make the tables that are missing, and draw the plots.

    Raises:
        DocbotError: there are no wheels, no models, or no documented function in the wheels.

    """
    path: Path = options.work / options.out
    text = path.read_text(encoding="utf-8") if path.is_file() else "{}"
    evaluation: dict[str, Any] = json.loads(text)
    names = [name for name in options.table if options.again or name not in evaluation]
    if names:
        study = _study(options)
        for name in names:
            start = time.perf_counter()
            rows = TABLES[name](study)
            evaluation[name] = {
                "command": _command(options, name),
                "seconds": round(time.perf_counter() - start),
                "rows": rows,
            }
            _write(path, evaluation)
            print(f"{name}: {evaluation[name]['seconds']} s")
    draw(evaluation, path)


def draw(evaluation: Mapping[str, Any], path: Path) -> None:
    """Draw the PNGs beside the file of figures `path`, named like it."""
    if "calibration" in evaluation:
        rows = evaluation["calibration"]["rows"]
        ending = path.stem.removeprefix("evaluation")
        plots.reliability(rows, path.with_name(f"reliability{ending}.png"))
        plots.coverage(rows, path.with_name(f"coverage{ending}.png"))


def _study(options: argparse.Namespace) -> Study:
    wheels = sorted(options.validation.glob("*.whl"))
    if not wheels:
        raise DocbotError(
            f"{options.validation}: holds no wheels; download benchmarks/packages.txt"
        )
    models = options.model or _quantised_models(options.work)
    questions = read_questions(wheels)
    if not questions:
        raise DocbotError(f"{options.validation}: its wheels hold nothing that is documented")
    return Study(
        questions=questions,
        models=models,
        form=options.format,
        large=options.sample,
        small=options.small or max(1, options.sample // 6),
        threads=options.threads,
        right=options.right,
    )


def _quantised_models(work: Path) -> list[Path]:
    """Return the quantised models of a working folder, Q8_0 first."""
    files = [p for p in sorted(work.glob("docbot-*.gguf")) if not p.stem.endswith("f32")]
    if not files:
        raise DocbotError(f"{work}: holds no quantised model; run export first, or name one")
    return sorted(files, key=lambda path: not path.stem.lower().endswith("q8_0"))


def _command(options: argparse.Namespace, table: str) -> str:
    """Return the command that makes one table again, without this machine's folders."""
    models = " ".join(path.name for path in options.model)
    parts = [
        "python -m docbot.distill evaluate --work WORK --validation WHEELS",
        *([f"--model {models}"] if models else []),
        f"--format {options.format} --sample {options.sample}",
        *([f"--small {options.small}"] if options.small else []),
        *([f"--right {options.right}"] if options.right != RIGHT else []),
        *([f"--threads {options.threads}"] if options.threads else []),
        f"--table {table}",
    ]
    return " ".join(parts)


def _write(path: Path, evaluation: Mapping[str, Any]) -> None:
    """Write all tables in a fixed order; the old file stays until the new one is complete."""
    order = (*TABLES, *evaluation)
    ordered = {name: evaluation[name] for name in order if name in evaluation}
    with replacing(path) as new:
        new.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
