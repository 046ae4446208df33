"""Define a row of the training corpus, and read and write files of rows.

A file holds the rows of one package: gzip, one JSON object a line, the counts last.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusRow:
    """A prompt with the answer that a person (or a teacher) wrote for it.

    Attributes:
        package: The package's name.
        path: The file inside the wheel.
        line: The definition's line in that file.
        qualname: The definition's dotted name.
        task: The value of a `Task`: what is to be written.
        slot: The name of the parameter or exception; "" for other tasks.
        prompt: The body of the prompt.
        scrambled: The same prompt with the function's names scrambled; "" where there is none.
        answer: The cleaned reference; "" for code that nobody documented.
        reference: The text as a person wrote it.

    """

    package: str
    path: str
    line: int
    qualname: str
    task: str
    slot: str = ""
    prompt: str
    scrambled: str = ""
    answer: str = ""
    reference: str = ""


def write_rows(path: Path, rows: Iterable[CorpusRow], counts: Counter[str]) -> None:
    """Write a package's rows, with the counts on the last line.

    Every line is a JSON object. The file is renamed into place, so that it is never there in part.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as new, gzip.open(new, "wt", encoding="utf-8", compresslevel=3) as file:
        for row in rows:
            file.write(json.dumps(dataclasses.asdict(row)) + "\n")
        file.write(json.dumps({"counts": counts}) + "\n")


def read_rows(path: Path) -> tuple[list[CorpusRow], Counter[str]]:
    """Read the rows and counts of a file that `write_rows` wrote."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        *rows, last = (json.loads(line) for line in file)
    return [CorpusRow(**row) for row in rows], Counter(last["counts"])
