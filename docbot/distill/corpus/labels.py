"""Store a teacher's labels, the answers it gave for rows of the corpus.

There is one file a package. Files are written every half minute and renamed into place, so that
none is ever there in part.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.atomic import replacing
from docbot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from docbot.distill.corpus.rows import CorpusRow

SAVE_INTERVAL = 30.0  # seconds between two writings of new labels


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A teacher's answer to one row.

    Attributes:
        package: The row's package.
        path: The row's file in it.
        line: The definition's line in that file.
        task: The row's task.
        slot: The name of the parameter or exception; "" for other tasks.
        answer: The cleaned sentence; "" where `refused` says why it is not used.
        refused: Why the reply is not used; "" where it is.
        reply: The reply's first sentence, or the endpoint's reason for giving none; at most 400
            characters.
        confidence: The geometric mean of the reply's token probabilities; None where the endpoint
            does not return them.
        teacher: The teacher's name.

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
    """Read the labels of a package; an absent file holds none.

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
    """Write the labels of a package, one JSON object a line.

    The file is renamed into place, so that it is never there in part.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as new, gzip.open(new, "wt", encoding="utf-8", compresslevel=3) as file:
        file.writelines(json.dumps(dataclasses.asdict(label)) + "\n" for label in labels)


Key = tuple[str, int, str, str]
"""Path, line, task and slot of a row."""


def row_key(row: CorpusRow | Label) -> Key:
    """Return the key that a row and its label share: path, line, task, slot."""
    return row.path, row.line, row.task, row.slot


class LabelStore:
    """The labels of a working folder, kept in memory and written now and then."""

    def __init__(self, work: Path) -> None:
        self._folder = work / "labels"
        self._labels: dict[str, dict[Key, Label]] = {}
        self._unsaved: set[str] = set()
        self._last_save = time.monotonic()

    def path(self, package: str) -> Path:
        """Return the path of a package's labels."""
        return self._folder / f"{package}.jsonl.gz"

    def labelled_keys(self, package: str, teacher: str) -> set[Key]:
        """Return the keys of the rows that a teacher has labelled already.

        Raises:
            ConfigError: the file is damaged.

        """
        if package not in self._labels:
            labels = read_labels(self.path(package))
            self._labels[package] = {row_key(label): label for label in labels}
        return {key for key, label in self._labels[package].items() if label.teacher == teacher}

    def add(self, label: Label) -> None:
        """Add a label, and save if the last save is SAVE_INTERVAL ago.

        `labelled_keys` must have read the label's package before.
        """
        self._labels[label.package][row_key(label)] = label
        self._unsaved.add(label.package)
        if time.monotonic() - self._last_save > SAVE_INTERVAL:
            self.save()

    def save(self) -> None:
        """Write the files of packages with new labels."""
        for package in sorted(self._unsaved):
            write_labels(self.path(package), self._labels[package].values())
        self._unsaved.clear()
        self._last_save = time.monotonic()
