"""List the commits since a revision, and what files each of them has.

Only the first commit is listed in full. Of each later one git says what differs from the one before
it, which takes a few milliseconds in a repository of any size.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.repo import git_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docbot.repo.git import Repository

    Listing = dict[str, str]
    """The blob ids of a commit's files, by their paths from the root."""

    Changes = dict[str, str | None]
    """The same of the files that a commit has changed; None for one that is gone."""

MOST = 100
"""Commits that a history has at most."""

_REGULAR = b"100"
"""How the mode of a regular file begins; those of links and submodules do not."""

_FORMAT = "%H%x00%cs%x00%s%x00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One commit: its id, its day, and the first line of its message."""

    id: str
    day: str
    subject: str


def commits_since(repository: Repository, revision: str, most: int = MOST) -> list[Commit]:
    """Return commits from where HEAD left `revision` to HEAD, oldest first.

    Of merged branches only the merges are among them. Where there are too many, every second or
    tenth is taken, counted from the oldest, so that the same are taken after the next commit.

    Raises:
        GitError: the revision is unknown, or has no commit in common with HEAD.

    """
    start = repository.merge_base(revision, "HEAD")
    first = _log(repository, "--max-count=1", start)
    commits = [*first, *_log(repository, "--first-parent", "--reverse", f"{start}..HEAD")]
    step = -(-(len(commits) - 1) // (most - 1)) or 1
    some = commits[::step]
    return some if some[-1] == commits[-1] else [*some, commits[-1]]


def _log(repository: Repository, *arguments: str) -> Iterator[Commit]:
    output = _ask(repository, "log", "--no-color", f"--format={_FORMAT}", *arguments)
    fields = output.decode("utf-8", "replace").split("\0")[:-1]
    for name, day, subject in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        yield Commit(id=name.strip(), day=day, subject=subject)


def changes(repository: Repository, commits: Iterable[Commit]) -> Iterator[Changes]:
    """Yield the regular files of the first commit, and what differs in each later one.

    Raises:
        GitError: this clone lacks objects of them.

    """
    before = ""
    for commit in commits:
        if not before:
            output = _ask(repository, "ls-tree", "-r", "-z", "--full-tree", commit.id)
            yield dict(_files(output))
        else:
            command = ("diff-tree", "-r", "-z", "--no-renames", before, commit.id)
            yield dict(_differences(_ask(repository, *command)))
        before = commit.id


def listings(steps: Iterable[Changes]) -> Iterator[Listing]:
    """Yield the files of each commit, from what `changes` has read.

    A listing holds until the next one is asked for.
    """
    files: Listing = {}
    for step in steps:
        for path, blob in step.items():
            if blob is not None:
                files[path] = blob
            else:
                files.pop(path, None)
        yield files


def _files(output: bytes) -> Iterator[tuple[str, str]]:
    for entry in filter(None, output.split(b"\0")):
        facts, _, name = entry.partition(b"\t")
        mode, _kind, blob = facts.split()
        if mode[:3] == _REGULAR:
            yield os.fsdecode(name), blob.decode("ascii")


def _differences(output: bytes) -> Iterator[tuple[str, str | None]]:
    fields = output.split(b"\0")[:-1]
    for facts, name in zip(fields[::2], fields[1::2], strict=True):
        _old_mode, mode, _old, blob, _status = facts.split()
        yield os.fsdecode(name), blob.decode("ascii") if mode[:3] == _REGULAR else None


def _ask(repository: Repository, *arguments: str) -> bytes:
    return git_command.ask(repository.root, repository.places(), arguments)
