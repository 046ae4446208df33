"""Define a judgement: a sentence about a definition, and what a strict reader says of it.

A file of judgements has one JSON object a line, and no code: the definition is found again in the
package's wheel.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import DocbotError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VERDICTS = ("accept", "vague", "wrong")
"""accept: true, specific and in good English; vague: true but empty or clumsy; wrong: not true."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A sentence and its verdict.

    Attributes:
        package: The package's name.
        version: Its version.
        path: The file inside the wheel.
        qualname: The definition's dotted name.
        line: The line of its name.
        task: The value of the `Task`.
        slot: The name of the parameter or exception, else "".
        headline: The sentence before, for a slot of a section, else "".
        sentence: What the model wrote.
        verdict: One of `VERDICTS`; "" before anybody has read it.

    """

    package: str
    version: str
    path: str
    qualname: str
    line: int
    task: str
    slot: str = ""
    headline: str = ""
    sentence: str
    verdict: str = ""

    @property
    def accepted(self) -> bool:
        """Check whether the sentence would pass a strict review."""
        return self.verdict == "accept"


def write_judgements(path: Path, judgements: Iterable[Judgement]) -> None:
    """Write a file of judgements, one a line."""
    lines = (json.dumps(dataclasses.asdict(judgement)) + "\n" for judgement in judgements)
    path.write_text("".join(lines), encoding="utf-8")


def read_judgements(path: Path) -> list[Judgement]:
    """Read a file of judgements.

    Raises:
        DocbotError: the file cannot be read, or a line is no judgement.

    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DocbotError(f"{path}: cannot be read ({error.strerror})") from error
    return [_read(line, f"{path}, line {at}") for at, line in enumerate(lines, 1) if line.strip()]


def _read(line: str, place: str) -> Judgement:
    try:
        judgement = Judgement(**json.loads(line))
    except (TypeError, ValueError) as error:
        raise DocbotError(f"{place}: is no judgement ({error})") from error
    if judgement.verdict not in ("", *VERDICTS):
        raise DocbotError(
            f"{place}: the verdict must be one of {', '.join(VERDICTS)}, got '{judgement.verdict}'"
        )
    return judgement
