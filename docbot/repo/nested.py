"""Find the folders of a repository that have a tracked file of some name, such as settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docbot.repo.git import Repository


def tracked_below(repository: Repository, name: str) -> list[str]:
    """Return the folders below the root that have a tracked file of this name, from the root.

    The index is searched for it first: few repositories have any, and git need not be started.
    """
    try:
        index = repository.index.read_bytes()
    except OSError:
        return []
    is_plain = index[:8] in _PLAIN and _SPLIT not in index
    if is_plain and b"/%b\0" % name.encode() not in index:
        return []
    return repository.folders_with(name)


# Version 4 shortens names; a split index has most of them in another file.
_PLAIN = (b"DIRC\0\0\0\2", b"DIRC\0\0\0\3")
_SPLIT = b"link\0\0"
