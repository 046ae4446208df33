"""Print the coverage of folders: bars at a terminal, else a table of text or Markdown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from docbot.page.folders import add_up
from docbot.page.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from docbot.page.folders import FolderCounts

BAR = 24
"""The width of a bar, in letters."""


def print_bars(counts: Iterable[tuple[str, int, int]]) -> None:
    """Print a bar for each folder that lacks docstrings to stderr, at a terminal outside of CI.

    Args:
        counts: The path of each file, how many definitions are documented, and how many are not.

    """
    if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("CI"):
        return
    from rich.console import Console

    lacking = [folder for folder in add_up(counts) if folder.missing]
    Console(stderr=True, highlight=False).print(_bars(lacking))


def _bars(folders: Sequence[FolderCounts]) -> Table:
    from rich.bar import Bar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1, min_width=12)
    table.add_column(width=BAR)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for folder in folders:
        table.add_row(
            Text(shown(folder.name)),
            Bar(100, 0, folder.percent, width=BAR, color="green", bgcolor="bright_black"),
            Text(f"{folder.percent:.1f} %"),
            Text(f"{folder.missing} missing"),
        )
    return table


def text_table(folders: Sequence[FolderCounts]) -> str:
    """Return a line for each folder: its coverage, how many docstrings it lacks, and its name."""
    return "".join(
        f"{folder.percent:5.1f} % {folder.missing:6} missing  {shown(folder.name)}\n"
        for folder in folders
    )


def markdown_table(folders: Sequence[FolderCounts], sentence: str) -> str:
    """Return a table for a pull request or a job's summary, below a sentence of docbot's own."""
    from docbot.review.markdown import code

    rows = ["| folder | coverage | missing |", "| --- | ---: | ---: |"] if folders else []
    for folder in folders:
        name = folder.name if folder.is_rest else code(shown(folder.name)).replace("|", "\\|")
        rows.append(f"| {name} | {folder.percent:.1f} % | {folder.missing} |")
    return "\n".join([sentence, "", *rows]).rstrip() + "\n"
