"""TODO."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One prompt and what a person answered; `answer` is "" for code nobody documented.

    `slot` is the parameter's or exception's name, `scrambled` the prompt of names-scrambled code.
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


def write_rows(path: Path, rows: Iterable[Row], counts: Counter[str]) -> None:
    """A package's rows, one JSON object a line, the counts last; appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    with gzip.open(new, "wt", encoding="utf-8", compresslevel=3) as file:
        for row in rows:
            file.write(json.dumps(dataclasses.asdict(row)) + "\n")
        file.write(json.dumps({"counts": counts}) + "\n")
    new.replace(path)


def read_rows(path: Path) -> tuple[list[Row], Counter[str]]:
    """What `write_rows` wrote."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        *rows, last = (json.loads(line) for line in file)
    return [Row(**row) for row in rows], Counter(last["counts"])
