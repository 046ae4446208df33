"""Define what a report shows, and serialise it for the cache."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docbot.cache import is_shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A definition without a docstring, or a docstring that disagrees with its function.

    Attributes:
        qualname: The qualified name.
        kind: What it is; "" where that is not known.
        line: The line of the name, or of the stale entry; 1-based.
        signature: Its header on one line; "" for a module.
        stale: What is stale, as a sentence that reads on from the name; "" for a missing docstring.

    """

    qualname: str
    kind: str
    line: int
    signature: str = ""
    stale: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The model's sentence for a definition without a docstring.

    Attributes:
        sentence: The sentence; "" where what the model said cannot be shown, or it said nothing.
        probability: How sure docbot is of it, 0 to 1; None where no model was asked.
        withheld: Why `fix` would not write it; "" where it would.

    """

    sentence: str
    probability: float | None
    withheld: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedFile:
    """One file: its path from the top, its counts, and its gaps in source order."""

    path: str
    documented: int
    missing: int
    gaps: tuple[Gap, ...] = ()

    @property
    def total(self) -> int:
        """Return how many definitions count."""
        return self.documented + self.missing

    @property
    def stale(self) -> int:
        """Return how many places of docstrings are stale."""
        return sum(gap.stale != "" for gap in self.gaps)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """All counts of a report, as `docbot check` has them.

    Attributes:
        files: The files in which anything counts or is stale, sorted by path.
        messages: What `check` says of the run as a whole, such as the coverage.

    """

    files: tuple[CountedFile, ...]
    messages: tuple[str, ...] = ()

    @property
    def documented(self) -> int:
        """Return how many definitions are documented."""
        return sum(file.documented for file in self.files)

    @property
    def missing(self) -> int:
        """Return how many definitions lack a docstring."""
        return sum(file.missing for file in self.files)

    @property
    def stale(self) -> int:
        """Return how many places of docstrings are stale."""
        return sum(file.stale for file in self.files)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrendPoint:
    """The counts of one commit: its short id, its day, and the first line of its message."""

    commit: str
    day: str
    subject: str
    documented: int
    missing: int

    @property
    def percent(self) -> float:
        """Return how many percent are documented; 0 where nothing counts."""
        total = self.documented + self.missing
        return 100 * self.documented / total if total else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All that a page shows.

    Attributes:
        name: What the report is about, such as the name of the repository's folder.
        counts: The counts.
        proposals: The model's sentences, by path, qualified name and line; None if none was asked.
        trend: The history, oldest first; empty where none was wanted.

    """

    name: str
    counts: Counts
    proposals: Mapping[tuple[str, str, int], Proposal] | None = None
    trend: tuple[TrendPoint, ...] = field(default=())


_GAP = (str, str, int, str, str)
_FILE = (str, int, int, [_GAP])


def encode(counts: Counts) -> str:
    """Serialise the counts as JSON; the messages are left out."""
    rows = [
        [
            file.path,
            file.documented,
            file.missing,
            [[gap.qualname, gap.kind, gap.line, gap.signature, gap.stale] for gap in file.gaps],
        ]
        for file in counts.files
    ]
    return json.dumps(rows, separators=(",", ":"))


def decode(text: str, messages: Iterable[str]) -> Counts:
    """Rebuild the counts that `encode` serialised.

    Raises:
        ValueError: it serialised nothing like this.

    """
    try:
        rows: list[Any] = json.loads(text)
    except RecursionError as error:
        raise ValueError("no counts") from error
    if not is_shaped(rows, [_FILE]):
        raise ValueError("no counts")
    return Counts(files=tuple(map(_file, rows)), messages=tuple(messages))


def _file(row: list[Any]) -> CountedFile:
    path, documented, missing, gaps = row
    return CountedFile(
        path=path,
        documented=documented,
        missing=missing,
        gaps=tuple(
            Gap(qualname=qualname, kind=kind, line=line, signature=signature, stale=stale)
            for qualname, kind, line, signature, stale in gaps
        ),
    )
