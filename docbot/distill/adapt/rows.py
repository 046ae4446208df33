"""Define an example of the adapter's training, and read, choose and mix examples."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.scan.definition import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MOST = {Kind.FUNCTION: 90, Kind.METHOD: 90, Kind.CLASS: 30, Kind.MODULE: 15}
"""Most examples of a package, by kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A definition's code and its answers.

    Attributes:
        package: The package's name.
        path: The file inside the wheel.
        line: The definition's line in that file.
        qualname: The definition's dotted name.
        kind: The value of its `Kind`.
        code: What the model reads, as `prompt.lines.code_lines` writes it.
        slots: The headers of its slots, each with its answer; the headline's comes first.

    """

    package: str
    path: str
    line: int
    qualname: str
    kind: str
    code: str
    slots: tuple[tuple[str, str], ...]


def load_examples(path: Path) -> list[Example]:
    """Read a file that `extract` wrote."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [Example(**{**row, "slots": tuple(map(tuple, row["slots"]))}) for row in rows]


def choose(paths: Iterable[Path], seed: int = 1) -> list[Example]:
    """Return examples of all files in random order: at most MOST a package, none of them twice.

    Two examples are one where their code is equal but for blanks and punctuation.
    """
    chosen: list[Example] = []
    known: set[str] = set()
    for path in sorted(paths):
        examples = load_examples(path)
        random.Random(f"{seed} {path.name}").shuffle(examples)  # noqa: S311 - not for secrets
        counts: Counter[str] = Counter()
        for example in examples:
            content = re.sub(r"\W", "", example.code)
            digest = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
            if digest in known or counts[example.kind] >= MOST[Kind(example.kind)]:
                continue
            known.add(digest)
            counts[example.kind] += 1
            chosen.append(example)
    random.Random(seed).shuffle(chosen)  # noqa: S311 - not for secrets
    return chosen
