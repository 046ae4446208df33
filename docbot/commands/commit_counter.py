"""Count the definitions of commits, one after another, and of each only what may have changed.

The verdict on a file follows from its bytes and its path. What it inherits or hides follows from
the outlines of other files: which these are is noted, and a file is settled again where one of them
has another outline than in the commit before.
"""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.commands.commit_files import CommitFiles
from docbot.errors import SourceError
from docbot.scanned import COUNTED, check_file, settle_file, with_kinds
from docbot.select.inheritance import ParentIndex
from docbot.select.rules import is_enabled
from docbot.select.skip import SkipReason
from docbot.select.verdicts import judge_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docbot.repo.blob_facts import BlobFacts
    from docbot.repo.git import Repository
    from docbot.repo.history import Commit, Listing
    from docbot.repo.worktree import WorkTree
    from docbot.scan.outline import Outline
    from docbot.select.verdicts import FileVerdict

    Counted = tuple[int, int]
    """How many definitions are documented, and how many are not."""


class CommitCounter:
    """What counts the files of one configuration, commit by commit.

    Attributes:
        files: What selects them.

    """

    def __init__(self, tree: WorkTree, repository: Repository, facts: BlobFacts) -> None:
        self.files = CommitFiles(tree, repository, facts)
        self._facts = facts
        self._config = with_kinds(tree.config, COUNTED)
        self._verdicts: dict[tuple[str, str], FileVerdict] = {}
        self._settled: dict[str, Counted] = {}
        self._dependents: dict[str, set[str]] = {}
        self._before: Listing = {}

    def count(self, commit: Commit, listing: Listing) -> Counted:
        """Count the definitions of one commit."""
        paths = self.files.select(commit, listing)
        self._forget(listing)
        verdicts = {path: self._verdict(path, listing[path]) for path in paths}
        readers = None
        if is_enabled(SkipReason.RUNTIME_DOCSTRING, self._config):
            readers = _Readers(listing, self.files, verdicts, self._facts)
        parents = ParentIndex(partial(self._outline, listing), readers)
        documented = missing = 0
        for path, verdict in verdicts.items():
            if verdict.skip is None and (verdict.documented or verdict.others):
                if parents.is_read(PurePosixPath(path)):
                    counted = self._judge_again(path, listing[path], parents)
                else:
                    counted = self._settle(path, verdict, listing)
                documented += counted[0]
                missing += counted[1]
        return documented, missing

    def _verdict(self, path: str, blob: str) -> FileVerdict:
        key = (path, blob)
        if key not in self._verdicts:
            facts = self._facts.facts(blob)
            self._verdicts[key] = judge_file(PurePosixPath(path), facts, self._config)
        return self._verdicts[key]

    def _forget(self, listing: Listing) -> None:
        """Forget what was settled of files that have changed, or that look at such as have."""
        before, self._before = self._before, dict(listing)
        for path in before.keys() | listing.keys():
            old, new = before.get(path), listing.get(path)
            if old == new:
                continue
            self._settled.pop(path, None)
            dependents = self._dependents.get(path)
            if dependents and self._shape(old) != self._shape(new):
                for each in dependents:
                    self._settled.pop(each, None)
                del self._dependents[path]

    def _shape(self, blob: str | None) -> bytes:
        return self._facts.shape(blob) if blob is not None else b""

    def _judge_again(self, path: str, blob: str, parents: ParentIndex) -> Counted:
        """Count what a file defines of which others read docstrings."""
        facts = self._facts.facts(blob)
        result = check_file(PurePosixPath(path), facts, self._config, parents)
        return result.documented, len(result.missing)

    def _settle(self, path: str, verdict: FileVerdict, listing: Listing) -> Counted:
        """Count what a judged file defines, and note what other files that depends on."""
        if path not in self._settled:
            asked: set[str] = set()

            def outline_of(place: PurePosixPath) -> Outline | None:
                asked.add(str(place))
                return self._outline(listing, place)

            result = settle_file(PurePosixPath(path), verdict, ParentIndex(outline_of))
            self._settled[path] = result.documented, len(result.missing)
            for each in asked:
                self._dependents.setdefault(each, set()).add(path)
        return self._settled[path]

    def _outline(self, listing: Listing, path: PurePosixPath) -> Outline | None:
        blob = listing.get(str(path))
        return self._facts.outline(blob) if blob is not None else None


class _Readers:
    """The files of a commit that may read docstrings of others."""

    def __init__(
        self,
        listing: Listing,
        files: CommitFiles,
        verdicts: Mapping[str, FileVerdict],
        facts: BlobFacts,
    ) -> None:
        self._listing = listing
        self._files = files
        self._verdicts = verdicts
        self._facts = facts

    def reader_files(self) -> Iterator[PurePosixPath]:
        """Yield those files, as `select.handed_across` wants them."""
        for path, blob in self._listing.items():
            verdict = self._verdicts.get(path)
            if verdict is not None:
                if verdict.hands_over:
                    yield PurePosixPath(path)
            elif self._files.is_no_test(path) and self._facts.may_hand_over(blob):
                yield PurePosixPath(path)

    def source_of(self, path: PurePosixPath) -> bytes:
        """Read a file of the commit.

        Raises:
            SourceError: there is no such file, or it is very large.

        """
        blob = self._listing.get(str(path))
        source = self._facts.source(blob) if blob is not None else None
        if source is None:
            raise SourceError("it is no plain file of the commit, or a very large one")
        return source
