"""Count the docstrings of past commits, as `docbot check` would have counted them.

Today's configuration is applied to all of them, so that the line shows the code and not the
settings. The facts of a file depend on its bytes, and the verdict on it on its path, too: both are
worked out once for all the commits that have it. What a file inherits or hides depends on others,
so that is settled anew for each commit.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.cache import RUN, is_shaped
from docbot.commands.check_cache import key_of
from docbot.errors import ConfigError, GitError, SourceError
from docbot.page.data import TrendPoint
from docbot.repo.attributes import linguist_skips_at
from docbot.repo.blob_facts import BlobFacts
from docbot.repo.discover import compile_patterns
from docbot.repo.folders import Folders, has_doubtful_name
from docbot.repo.git import SUFFIXES
from docbot.repo.history import changes, commits_since, listings
from docbot.scanned import COUNTED, check_file, settle_file, with_kinds
from docbot.select.inheritance import ParentIndex
from docbot.select.rules import is_enabled, test_reason
from docbot.select.skip import SkipReason
from docbot.select.verdicts import FileVerdict, judge_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from docbot.cache import Cache
    from docbot.repo.git import Repository
    from docbot.repo.history import Commit, Listing
    from docbot.repo.worktree import WorkTree
    from docbot.scan.outline import Outline

    Counted = tuple[int, int]
    """How many definitions are documented, and how many are not."""


def trend(
    worktrees: Sequence[WorkTree], revision: str, cache: Cache, *, workers: bool
) -> tuple[TrendPoint, ...]:
    """Count the commits since a revision, oldest first.

    Args:
        worktrees: The parts of one repository, with the files and folders in question.
        revision: Where the trend begins.
        cache: Where the counts of commits and the facts of files are kept.
        workers: Whether to share the work out to processes.

    Raises:
        ConfigError: the work trees are not all of one repository.
        GitError: the revision is unknown, or this clone lacks objects.

    """
    repository = _repository(worktrees)
    commits = commits_since(repository, revision)
    known = _known(worktrees, commits, cache)
    if len(known) < len(commits):
        known |= _count(worktrees, commits, known, cache, workers=workers)
    return tuple(
        TrendPoint(
            commit=commit.id[:10],
            day=commit.day,
            subject=commit.subject,
            documented=known[commit.id][0],
            missing=known[commit.id][1],
        )
        for commit in commits
    )


def _count(
    worktrees: Sequence[WorkTree],
    commits: Sequence[Commit],
    known: Collection[str],
    cache: Cache,
    *,
    workers: bool,
) -> dict[str, Counted]:
    """Count the commits that are not known yet, and store their counts."""
    repository = _repository(worktrees)
    required = " ".join(sorted(worktrees[0].config.required_sections))
    steps = list(changes(repository, commits))
    counts: dict[str, Counted] = {}
    with repository.contents() as contents:
        facts = BlobFacts(contents, cache, required, workers=workers)
        counters = [_Counter(tree, repository, facts) for tree in worktrees]
        new = [commit.id not in known for commit in commits]
        facts.load(  # of all commits at once, so that it is worth sharing out
            dict.fromkeys(
                blob
                for is_new, listing in zip(new, listings(steps), strict=True)
                if is_new
                for path, blob in listing.items()
                if any(counter.may_count(path) for counter in counters)
            )
        )
        for commit, is_new, listing in zip(commits, new, listings(steps), strict=True):
            if is_new:
                parts = [counter.count(commit, listing) for counter in counters]
                counts[commit.id] = (sum(n for n, _ in parts), sum(n for _, n in parts))
    rows = {_key(worktrees, each): counts[each.id] for each in commits if each.id in counts}
    cache.put_many(RUN, {key: json.dumps(row).encode() for key, row in rows.items()})
    return counts


def _repository(worktrees: Sequence[WorkTree]) -> Repository:
    roots = {tree.root for tree in worktrees}
    if len(roots) > 1:
        raise ConfigError("--since needs files of one repository; these belong to several")
    repository = worktrees[0].repository
    if repository is None:
        raise GitError(f"{worktrees[0].root}: is not a git repository, which --since needs")
    return repository


def _key(worktrees: Sequence[WorkTree], commit: Commit) -> bytes:
    """Return the key of a commit's counts."""
    named = [[str(tree.relative(path)) for path in tree.arguments] for tree in worktrees]
    return key_of(worktrees, [commit.id.encode()] * len(worktrees), ["trend", named])


def _known(
    worktrees: Sequence[WorkTree], commits: Iterable[Commit], cache: Cache
) -> dict[str, Counted]:
    """Return the counts that are stored, by the ids of the commits."""
    keys = {_key(worktrees, commit): commit.id for commit in commits}
    known = {}
    for key, value in cache.get_many(RUN, keys).items():
        with suppress(ValueError):  # a row that docbot did not write
            row = json.loads(value)
            if is_shaped(row, (int, int)):
                known[keys[key]] = (row[0], row[1])
    return known


class _Counter:
    """What counts the files of one configuration, commit by commit."""

    def __init__(self, tree: WorkTree, repository: Repository, facts: BlobFacts) -> None:
        self._tree = tree
        self._repository = repository
        self._facts = facts
        self._config = with_kinds(tree.config, COUNTED)
        self._exclude = compile_patterns(tree.config.exclude)
        self._in_question: dict[str, bool] = {}
        self._verdicts: dict[tuple[str, str], FileVerdict] = {}

    def count(self, commit: Commit, listing: Listing) -> Counted:
        """Count the definitions of one commit."""
        paths = self._select(commit, listing)
        new = [path for path in paths if (path, listing[path]) not in self._verdicts]
        for path in new:
            verdict = judge_file(
                PurePosixPath(path), self._facts.facts(listing[path]), self._config
            )
            self._verdicts[path, listing[path]] = verdict
        readers = None
        if is_enabled(SkipReason.RUNTIME_DOCSTRING, self._config):
            readers = _Readers(listing, paths, self._verdicts, self._facts)
        parents = ParentIndex(partial(self._outline, listing), readers)
        documented = missing = 0
        for path in paths:
            verdict = self._verdicts[path, listing[path]]
            if verdict.skip is None:
                counted = self._settle(PurePosixPath(path), listing[path], verdict, parents)
                documented += counted[0]
                missing += counted[1]
        return documented, missing

    def _settle(
        self, path: PurePosixPath, blob: str, verdict: FileVerdict, parents: ParentIndex
    ) -> Counted:
        """Count what a judged file defines, now that the other files are known."""
        if not verdict.documented and not verdict.others:
            return 0, 0
        if parents.is_read(path):
            facts = self._facts.facts(blob)
            result = check_file(path, facts, self._tree.config, parents)
        else:
            result = settle_file(path, verdict, parents)
        return result.documented, len(result.missing)

    def _outline(self, listing: Listing, path: PurePosixPath) -> Outline | None:
        blob = listing.get(str(path))
        return self._facts.outline(blob) if blob is not None else None

    def may_count(self, path: str) -> bool:
        """Check what a path alone says of a file."""
        if path not in self._in_question:
            self._in_question[path] = self._is_in_question(path)
        return self._in_question[path]

    def _select(self, commit: Commit, listing: Listing) -> list[str]:
        """Return the files that count, unless what they hold says otherwise."""
        folders = Folders(partial(_names, listing))
        include = self._config.include
        paths = []
        for path in listing:
            if not self.may_count(path) or (
                has_doubtful_name(path)
                and (
                    (SkipReason.VENDORED.value not in include and folders.others(path))
                    or (SkipReason.TEST.value not in include and folders.tests(path))
                )
            ):
                continue
            paths.append(path)
        if any(path.endswith(".gitattributes") for path in listing):
            named = [PurePosixPath(path) for path in paths]
            skips = linguist_skips_at(self._repository, commit.id, named, self._config)
            left_out = set(map(str, skips))
            paths = [path for path in paths if path not in left_out]
        return paths

    def _is_in_question(self, path: str) -> bool:
        tree = self._tree
        place = tree.root / path
        if not any(place.is_relative_to(each) for each in tree.arguments):
            return False
        if not path.endswith(SUFFIXES) and place not in tree.arguments:
            return False
        if not place.is_relative_to(tree.scope):
            return False
        if any(place.is_relative_to(folder) for folder in tree.inner):
            return False
        if SkipReason.TEST.value not in self._config.include and test_reason(PurePosixPath(path)):
            return False
        home = tree.home if place.is_relative_to(tree.home) else tree.root
        below = place.relative_to(home)
        return self._exclude is None or not self._exclude.match_file(below.as_posix())


class _Readers:
    """The files of a commit that may read docstrings of others."""

    def __init__(
        self,
        listing: Listing,
        judged: Sequence[str],
        verdicts: Mapping[tuple[str, str], FileVerdict],
        facts: BlobFacts,
    ) -> None:
        self._listing = listing
        self._judged = judged
        self._verdicts = verdicts
        self._facts = facts

    def reader_files(self) -> Iterator[PurePosixPath]:
        """Yield those files, as `select.handed_across` wants them."""
        judged = frozenset(self._judged)
        for path, blob in self._listing.items():
            place = PurePosixPath(path)
            if path in judged:
                if self._verdicts[path, blob].hands_over:
                    yield place
            elif (
                path.endswith(SUFFIXES)
                and not test_reason(place)
                and self._facts.may_hand_over(blob)
            ):
                yield place

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


def _names(listing: Listing, folder: str) -> list[str]:
    """Return the names in a folder of a commit."""
    above = f"{folder}/" if folder else ""
    below = (path[len(above) :] for path in listing if path.startswith(above))
    return list(dict.fromkeys(name.partition("/")[0] for name in below))
