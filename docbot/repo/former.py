"""Read the older versions of the files that a run looks at for their changed lines."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docbot.errors import GitError
from docbot.scan.basics import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from docbot.repo.git import Repository

    FormerVersions = Callable[[Path], bytes | None]


@contextmanager
def former_versions(repository: Repository | None, revision: str) -> Iterator[FormerVersions]:
    """Open the files of the commit that changes are compared with; "" for no commit.

    Yields:
        What returns a file's older content; None for a file that is new, or renamed.

    """
    if repository is None or not revision:
        yield lambda _path: None
        return
    with repository.contents() as contents:

        def find(path: Path) -> bytes | None:
            name = path.relative_to(repository.root).as_posix()
            return contents.find(f"{revision}:{name}", MAX_BYTES)

        yield find


def base_revision(repository: Repository | None, *, staged: bool, since: str | None) -> str:
    """Return the commit that a run's changed lines are compared with; "" for none.

    Args:
        repository: The repository, if there is one.
        staged: Whether the run is about what is staged.
        since: The revision that the run names.

    Raises:
        GitError: as `Repository.merge_base`.

    """
    if repository is None:
        return ""
    if staged:
        since = os.environ.get("PRE_COMMIT_FROM_REF")
    if since is not None:
        return repository.merge_base(since, "HEAD")
    if not staged:
        return ""
    try:
        return repository.commit("HEAD")
    except GitError:  # the first commit is yet to be made
        return ""
