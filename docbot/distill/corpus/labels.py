"""What a teacher said of rows: one file a package, written now and then, never half."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from docbot.distill.corpus.rows import Row

SAVED = 30.0  # seconds between two writings of the labels that are new


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """What a teacher said of a row; `answer` is "" where `refused` says why it cannot teach.

    `confidence` is the geometric mean of the reply's token probabilities, None where the endpoint
    does not tell them.
    """

    package: str
    path: str
    line: int
    task: str
    slot: str
    answer: str
    refused: str
    reply: str
    confidence: float | None
    teacher: str


def read_labels(path: Path) -> list[Label]:
    """A package's labels; none where no teacher has been asked.

    Raises:
        ConfigError: the file is damaged.

    """
    if not path.exists():
        return []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [Label(**json.loads(line)) for line in file]
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise ConfigError(f"{path}: holds no labels ({error}); delete it") from error


def write_labels(path: Path, labels: Iterable[Label]) -> None:
    """A package's labels, one JSON object a line; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    with gzip.open(new, "wt", encoding="utf-8", compresslevel=3) as file:
        file.writelines(json.dumps(dataclasses.asdict(each)) + "\n" for each in labels)
    new.replace(path)


Key = tuple[str, int, str, str]


def key(each: Row | Label) -> Key:
    """What a row and its label share within a package: path, line, task, slot."""
    return each.path, each.line, each.task, each.slot


class Register:
    """The labels of a working folder, held until the next writing, a package a file."""

    def __init__(self, work: Path) -> None:
        self._folder = work / "labels"
        self._held: dict[str, dict[Key, Label]] = {}
        self._fresh: set[str] = set()
        self._saved = time.monotonic()

    def path(self, package: str) -> Path:
        """The file of a package's labels."""
        return self._folder / f"{package}.jsonl.gz"

    def known(self, package: str, teacher: str) -> set[Key]:
        """What this teacher was asked about already."""
        if package not in self._held:
            found = read_labels(self.path(package))
            self._held[package] = {key(each): each for each in found}
        return {key for key, each in self._held[package].items() if each.teacher == teacher}

    def add(self, new: Label) -> None:
        """Hold a label; now and then all are written."""
        self._held[new.package][key(new)] = new
        self._fresh.add(new.package)
        if time.monotonic() - self._saved > SAVED:
            self.save()

    def save(self) -> None:
        """Write what is new."""
        for package in sorted(self._fresh):
            write_labels(self.path(package), self._held[package].values())
        self._fresh.clear()
        self._saved = time.monotonic()
