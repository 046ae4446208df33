"""Add up the counts of files by folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 20
"""Folders that are named; the others are added up."""

TOP = "."
"""The name of the folder at the top."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderCounts:
    """The counts of the files that lie directly in a folder.

    Attributes:
        name: Its path from the top; a phrase for several folders.
        files: How many files count in it.
        documented: How many definitions are documented.
        missing: How many lack a docstring.
        is_rest: Whether these are all the folders that are not named.

    """

    name: str
    files: int
    documented: int
    missing: int
    is_rest: bool = False

    @property
    def total(self) -> int:
        """Return how many definitions count."""
        return self.documented + self.missing

    @property
    def percent(self) -> float:
        """Return how many percent are documented, rounded down to one digit."""
        return percent(self.documented, self.missing)


def percent(documented: int, missing: int) -> float:
    """Return how many percent are documented, rounded down to one digit; 100 of nothing."""
    total = documented + missing
    return 1000 * documented // total / 10 if total else 100.0


def add_up(counts: Iterable[tuple[str, int, int]], most: int = MOST) -> list[FolderCounts]:
    """Add up files by folder, those folders first that lack the most docstrings.

    Args:
        counts: The path of each file, how many definitions are documented, and how many are not.
        most: How many rows to return; the last one stands for the folders that have none.

    """
    sums: dict[str, list[int]] = {}
    for path, documented, missing in counts:
        if documented + missing:
            row = sums.setdefault(path.rpartition("/")[0] or TOP, [0, 0, 0])
            for at, count in enumerate((1, documented, missing)):
                row[at] += count
    folders = [
        FolderCounts(name=name, files=files, documented=documented, missing=missing)
        for name, (files, documented, missing) in sums.items()
    ]
    folders.sort(key=lambda folder: (-folder.missing, folder.name))
    if len(folders) <= most:
        return folders
    rest = folders[most - 1 :]
    others = FolderCounts(
        name=f"{len(rest)} other folders",
        files=sum(folder.files for folder in rest),
        documented=sum(folder.documented for folder in rest),
        missing=sum(folder.missing for folder in rest),
        is_rest=True,
    )
    return [*folders[: most - 1], others]
