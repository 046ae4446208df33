"""Measure models on held-out packages: quality, honesty, quantisation, calibration.

Writes `evaluation.json` and two PNGs into the working folder, one key a table, each with the
command that makes it. A table that is there already is not made again without `--again`.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.distill.evaluate import plots, tables
from docbot.distill.evaluate.heldout import questions
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
    """Options of the command."""
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
    """Make the tables that are missing.

    Raises:
        DocbotError: there are no wheels, no models, or no documented function in the wheels.

    """
    path: Path = options.work / options.out
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    wanted = [name for name in options.table if options.again or name not in found]
    if wanted:
        study = _study(options)
        for name in wanted:
            start = time.perf_counter()
            rows = TABLES[name](study)
            found[name] = {
                "command": _command(options, name),
                "seconds": round(time.perf_counter() - start),
                "rows": rows,
            }
            _write(path, found)
            print(f"{name}: {found[name]['seconds']} s")
    draw(found, path)


def draw(found: Mapping[str, Any], path: Path) -> None:
    """The PNGs beside the figures, named like them."""
    if "calibration" in found:
        rows = found["calibration"]["rows"]
        ending = path.stem.removeprefix("evaluation")
        plots.reliability(rows, path.with_name(f"reliability{ending}.png"))
        plots.coverage(rows, path.with_name(f"coverage{ending}.png"))


def _study(options: argparse.Namespace) -> Study:
    wheels = sorted(options.validation.glob("*.whl"))
    if not wheels:
        raise DocbotError(
            f"{options.validation}: holds no wheels; download benchmarks/packages.txt"
        )
    models = options.model or _siblings(options.work)
    asked = questions(wheels)
    if not asked:
        raise DocbotError(f"{options.validation}: its wheels hold nothing that is documented")
    return Study(
        asked=asked,
        models=models,
        form=options.format,
        large=options.sample,
        small=options.small or max(1, options.sample // 6),
        threads=options.threads,
        right=options.right,
    )


def _siblings(work: Path) -> list[Path]:
    """The quantised models of a working folder, Q8_0 first."""
    files = [p for p in sorted(work.glob("docbot-*.gguf")) if not p.stem.endswith("f32")]
    if not files:
        raise DocbotError(f"{work}: holds no quantised model; run export first, or name one")
    return sorted(files, key=lambda path: not path.stem.lower().endswith("q8_0"))


def _command(options: argparse.Namespace, table: str) -> str:
    """What makes one table again, without anybody's folders."""
    models = " ".join(path.name for path in options.model)
    told = [
        "python -m docbot.distill evaluate --work WORK --validation WHEELS",
        *([f"--model {models}"] if models else []),
        f"--format {options.format} --sample {options.sample}",
        *([f"--small {options.small}"] if options.small else []),
        *([f"--right {options.right}"] if options.right != RIGHT else []),
        *([f"--threads {options.threads}"] if options.threads else []),
        f"--table {table}",
    ]
    return " ".join(told)


def _write(path: Path, found: Mapping[str, Any]) -> None:
    """All tables, in a stable order; the old file stays until the new one is whole."""
    ordered = {name: found[name] for name in (*TABLES, *found) if name in found}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(path)
