"""Keep the files of a run's work tree that may read docstrings of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.repo.reader_files import reader_files

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from docbot.repo.worktree import WorkTree


class Readers:
    """The files of a work tree that may read docstrings of others, searched for when asked.

    Args:
        worktree: The work tree.

    Attributes:
        files: Those files; None until somebody has asked.
        judged: Those among the files of the run, by their facts.
        others: All other files of the repository; None where a search is needed to know them.

    """

    def __init__(self, worktree: WorkTree) -> None:
        self._worktree = worktree
        self.files: list[PurePosixPath] | None = None
        self.judged: list[PurePosixPath] = []
        self.others: list[PurePosixPath] | None = None

    def reader_files(self) -> list[PurePosixPath]:
        """Return those files, as `select.handed_across` wants them."""
        if self.files is None and self.others is not None:
            self.files = [*self.judged, *reader_files(self.others, self.source_of)]
        elif self.files is None:
            self.files = self._worktree.reader_files()
        return self.files

    def source_of(self, path: PurePosixPath) -> bytes:
        """Read a file of the work tree."""
        return self._worktree.read(path)
