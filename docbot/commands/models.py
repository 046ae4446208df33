"""`docbot models`: which models there are, which are here, and how they come and go."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from docbot.commands.exit_codes import CANNOT_RUN, CLEAN
from docbot.commands.output import at_a_terminal, tell
from docbot.errors import ModelError
from docbot.llm import digest, hub
from docbot.llm.gguf import read_header
from docbot.llm.known_models import MODELS, Model
from docbot.llm.weights import find, named, rehash

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rich.progress import Progress
    from rich.table import Table

HEADINGS = ("name", "size", "memory", "context", "licence", "here", "figures")
NUMERIC = ("size", "memory", "context")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A model and where its file is on this disk."""

    model: Model
    path: Path | None

    def cells(self) -> tuple[str, ...]:
        """The row of the table, under `HEADINGS`."""
        model = self.model
        return (
            model.name,
            _megabytes(model.bytes),
            _megabytes(model.memory) if model.cell else "",
            f"{model.context:,}" if model.context else "",
            model.licence,
            "yes" if self.path else "",
            "verified" if model.verified else "not verified",
        )


def run_list(options: argparse.Namespace) -> int:
    """Show every known model, and each reference that was pulled and is still here."""
    entries = [_entry(model) for model in MODELS.values()]
    entries += [entry for entry in map(_entry, _references()) if entry.path]
    if options.json:
        rows = [
            {
                **asdict(entry.model),
                "memory": entry.model.memory if entry.model.cell else None,
                "path": str(entry.path) if entry.path else None,
            }
            for entry in entries
        ]
        print(json.dumps(rows, indent=2))  # noqa: T201
    elif sys.stdout.isatty():
        from rich.console import Console

        Console(markup=False, emoji=False, highlight=False).print(_table(entries))
    else:
        rows_ = [HEADINGS, *(entry.cells() for entry in entries)]
        widths = [max(map(len, column)) for column in zip(*rows_, strict=True)]
        for row in rows_:
            padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("  ".join(padded).rstrip())  # noqa: T201
    return CLEAN


def run_pull(options: argparse.Namespace) -> int:
    """Download what is not here, and check it."""
    for model in [named(name) for name in options.names]:
        if not model.repository:
            tell(f"{model.name}: is inside the package")
            continue
        path = hub.pull(model, _bar if at_a_terminal() else hub.Silent)
        if not model.bytes:
            read_header(path)  # nobody has looked at this file yet
        tell(f"{model.name}: {_megabytes(path.stat().st_size)}, sound, {path}")
    return CLEAN


def run_verify(options: argparse.Namespace) -> int:
    """Hash files again, whatever is on record."""
    models = [named(name) for name in options.names]
    if not models:
        models = [model for model in (*MODELS.values(), *_references()) if _entry(model).path]
    code = CLEAN
    for model in models:
        try:
            path = find(model)
            rehash(path, model)
            if not model.bytes:
                read_header(path)
        except ModelError as error:
            tell(str(error))
            code = CANNOT_RUN
        else:
            said = "is sound" if hub.expected(path, model) else "has a sound header, no known hash"
            print(f"{model.name}: {said}")  # noqa: T201
    return code


def run_path(options: argparse.Namespace) -> int:
    """Print where a model's file is."""
    print(find(named(options.names[0])))  # noqa: T201
    return CLEAN


def run_remove(options: argparse.Namespace) -> int:
    """Delete pulled files from the hub's cache."""
    for model in [named(name) for name in options.names]:
        if not model.repository:
            raise ModelError(f"{model.name}: is part of docbot; pip uninstall docbot removes it")
        tell(f"{model.name}: removed, {hub.remove(model):,} bytes")
    return CLEAN


def run(options: argparse.Namespace) -> int:
    """Run `docbot models ACTION` and return its exit code."""
    return _ACTIONS[options.action](options)


_ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "list": run_list,
    "pull": run_pull,
    "verify": run_verify,
    "path": run_path,
    "remove": run_remove,
}


def _references() -> list[Model]:
    """The references that were pulled, as far as the record still makes sense."""
    models = []
    for reference in digest.pins():
        with suppress(ModelError):
            models.append(named(reference))
    return models


def _entry(model: Model) -> Entry:
    try:
        path = find(model)
    except ModelError:
        return Entry(model=model, path=None)
    size = model.bytes or path.stat().st_size
    return Entry(model=replace(model, bytes=size), path=path)


def _table(entries: list[Entry]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in NUMERIC else "left")
    for entry in entries:
        table.add_row(*entry.cells())
    return table


class _Bar:
    """The client's progress bar, drawn by rich on stderr."""

    def __init__(self, progress: Progress, description: str, total: float | None) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=total)

    def __enter__(self) -> _Bar:  # noqa: PYI034 - Self is in typing from 3.11 on
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, n: float | None = 1) -> None:
        self._progress.update(self._task, advance=n or 0)


def _bar(desc: str = "", total: float | None = None, **_: object) -> _Bar:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    return _Bar(progress, desc, total)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
