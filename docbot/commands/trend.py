"""Count the docstrings of past commits, as `docbot check` would have counted them.

Today's configuration is applied to all of them, so that the line shows the code and not the
settings. The counts of a commit are stored, and so are the facts of each version of a file.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from docbot.cache import RUN, is_shaped
from docbot.commands.check_cache import key_of
from docbot.commands.commit_counter import CommitCounter
from docbot.errors import ConfigError, GitError
from docbot.page.data import TrendPoint
from docbot.repo.blob_facts import BlobFacts
from docbot.repo.history import changes, commits_since, listings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from docbot.cache import Cache
    from docbot.repo.git import Repository
    from docbot.repo.history import Commit
    from docbot.repo.worktree import WorkTree

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
        counters = [CommitCounter(tree, repository, facts) for tree in worktrees]
        new = [commit.id not in known for commit in commits]
        facts.load(  # of all commits at once, so that it is worth sharing out
            dict.fromkeys(
                blob
                for is_new, listing in zip(new, listings(steps), strict=True)
                if is_new
                for path, blob in listing.items()
                if any(counter.files.may_count(path) for counter in counters)
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
