"""Identify the state of all tracked Python files at once, for the cache of a whole check.

Git compares its index with the disk anyway; so an unchanged repository is recognised from one
listing and the size of every file, without a path object, a pattern or a read for each.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from docbot.repo.git import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from docbot.repo.git import Repository

_ENDINGS = tuple(suffix.encode() for suffix in SUFFIXES)
_REGULAR = b"H 100"  # unmodified, a regular file


def fingerprint(repository: Repository, folders: Iterable[Path]) -> bytes | None:
    """Return a digest of the tracked Python files below these folders of the work tree.

    It covers paths, blob ids, modes and sizes on disk: with a filter or converted line endings, a
    file of another size has other bytes than those that were read for the same id. None where git
    does not vouch for all files: one is modified, unmerged, gone or not looked at, or lies below a
    symbolic link.
    """
    digest = hashlib.sha256()
    root = os.path.join(os.fsencode(repository.root), b"")  # noqa: PTH118 - bytes
    parents: set[bytes] = set()
    named = list(folders)
    whole = [os.path.realpath(folder) for folder in named] == [os.fspath(repository.root)]
    entries = repository.python_entries() if whole else repository.index_entries(named)
    for entry in entries:
        if not entry.endswith(_ENDINGS) or entry[2:5] != _REGULAR[2:]:
            continue
        if entry[:5] != _REGULAR:
            return None
        name = entry[entry.index(b"\t") + 1 :]
        try:
            size = os.stat(root + name, follow_symlinks=False).st_size  # noqa: PTH116 - bytes
        except OSError:
            return None
        digest.update(b"%b %d\0" % (entry, size))
        parents.add(name.rpartition(b"/")[0])
    if any(os.path.islink(root + folder) for folder in _with_ancestors(parents)):  # noqa: PTH114
        return None
    return digest.digest()


def _with_ancestors(folders: Iterable[bytes]) -> set[bytes]:
    every: set[bytes] = set()
    for each in folders:
        folder = each
        while folder and folder not in every:
            every.add(folder)
            folder = folder.rpartition(b"/")[0]
    return every
