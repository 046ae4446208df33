"""Count again what overrides a method that got its docstring in the same run.

An override of a documented method does not count. Which methods are documented is known when a run
has ended, so that what a file counts may be other than when it was looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.scan.definition import Kind
from docbot.scan.facts import file_facts
from docbot.scanned import check_file
from docbot.select.inheritance import ParentIndex

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from docbot.repo.scans import CachedScans
    from docbot.repo.worktree import SelectedFile, WorkTree
    from docbot.scan.facts import FileFacts
    from docbot.scan.outline import Outline
    from docbot.scanned import Result

    Counted = tuple[int, int]
    """How many definitions are documented, and how many are not."""


class Recount:
    """The files of one work tree, or their changed lines, as a run leaves them behind."""

    def __init__(
        self,
        tree: WorkTree,
        rows: Iterable[SelectedFile],
        scans: CachedScans,
        parents: ParentIndex,
    ) -> None:
        self._tree = tree
        self._scans = scans
        self._before = parents
        self._changed = {tree.relative(row.path): row.changed for row in rows if row.changed}
        self._counted: dict[PurePosixPath, Counted] = {}
        self._written: dict[PurePosixPath, bytes] = {}
        self._methods: set[str] = set()

    def add(self, result: Result) -> None:
        """Note what a file counted, and what was written to it."""
        if result.documented or result.missing:
            self._counted[result.path] = result.documented, len(result.missing)
        if changed := self._changed.get(result.path):
            after = result.lines.after
            self._changed[result.path] = tuple(
                (after(first), after(last)) for first, last in changed
            )
        names = {t.definition.name for t in result.gained if t.definition.kind is Kind.METHOD}
        if names:
            self._written[result.path] = result.after
            self._methods |= names

    def gone(self) -> Counted:
        """Count the documented and the other definitions that count no more."""
        paths = [path for path in self._counted if self._overrides_any(path)]
        documented = missing = 0
        after = ParentIndex(self._outline, self._scans.readers)
        for path in paths:
            facts = self._facts(path)
            if facts is not None:
                result = check_file(path, facts, self._tree.config, after, self._changed.get(path))
                then, now = self._counted[path], (result.documented, len(result.missing))
                documented += then[0] - now[0]
                missing += then[1] - now[1]
        return documented, missing

    def _overrides_any(self, path: PurePosixPath) -> bool:
        """Check for a class with bases that has a method by a name that got a docstring."""
        outline = self._before.outline(path) if self._methods else None
        return outline is not None and any(
            entry.bases and not self._methods.isdisjoint(entry.methods)
            for entry in outline.classes.values()
        )

    def _outline(self, path: PurePosixPath) -> Outline | None:
        if path not in self._written:
            return self._before.outline(path)
        facts = self._facts(path)
        return facts.outline if facts is not None else None

    def _facts(self, path: PurePosixPath) -> FileFacts | None:
        try:
            return file_facts(self._written.get(path) or self._tree.read(path))
        except SourceError:
            return None
