"""Ask git where files went that are no longer on the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from docbot.repo import git_command

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from docbot.repo.git import Repository

_DIFF = (
    "diff", "--name-status", "-z", "--find-renames", "--diff-filter=R", "--no-color",
    "--no-ext-diff", "--no-relative", "--ignore-submodules=all",
)  # fmt: skip


def renamed_since(repository: Repository, file: Path, old: Collection[Path]) -> dict[Path, Path]:
    """Return the new paths of files that were renamed since a committed file was last changed.

    Where that commit renamed them itself, its parent counts as well. What git does not see as a
    rename (a file that is not added yet, a shallow clone without that commit's parent) is absent.

    Args:
        repository: The repository.
        file: The committed file; where it has no commit, HEAD counts.
        old: The former paths, of files that are gone.

    """
    renamed: dict[Path, Path] = {}
    lost = {path for path in old if path.is_relative_to(repository.root)}
    if not lost:
        return renamed
    last = _last_commit(repository, file)
    for revision in (last, f"{last}^"):
        renamed |= _renames(repository, revision, lost - set(renamed))
        if len(renamed) == len(lost):
            break
    return renamed


def _last_commit(repository: Repository, file: Path) -> str:
    """Return the last commit that changed a file; HEAD without one."""
    if not file.is_relative_to(repository.root):
        return "HEAD"
    name = file.relative_to(repository.root).as_posix()
    command = ("log", "-1", "--format=%H", "--", f":(top,literal){name}")
    _, output, _ = git_command.run(repository.root, repository.places(), command)
    return output.decode("ascii", "replace").strip() or "HEAD"


def _renames(repository: Repository, revision: str, old: Collection[Path]) -> dict[Path, Path]:
    scope = (":(top)*.py", ":(top)*.pyi")
    command = (*_DIFF, revision, "--", *scope)
    status, output, _ = git_command.run(repository.root, repository.places(), command)
    if status:  # no such commit: a repository without any, or the first of a clone
        return {}
    _, *fields = f"\0{os.fsdecode(output)}".split("\0")
    rows = zip(fields[0::3], fields[1::3], fields[2::3], strict=False)
    pairs = ((repository.root / before, repository.root / after) for _, before, after in rows)
    return {before: after for before, after in pairs if before in old}


def is_shallow(repository: Repository) -> bool:
    """Check whether a clone lacks the older commits."""
    question = ("rev-parse", "--is-shallow-repository")
    _, output, _ = git_command.run(repository.root, repository.places(), question)
    return output.strip() == b"true"
