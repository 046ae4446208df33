"""What a whole `check` had to say, kept until something that it depends on is another.

Its key holds the configuration, docbot's own version and, of every file in question, path, content
and the lines asked about; so for an unchanged repository neither its files nor what is kept of them
are read. The parents of its classes may live in files that were not in question: those that were
looked for are kept with the words, and looked for again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.cache import RUN
from docbot.repo.scans import version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docbot.cache import Cache
    from docbot.repo.scans import CachedScans, FileContent
    from docbot.repo.worktree import SelectedFile, WorkTree

LARGEST = 8 << 20  # bytes of words worth keeping


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOutput:
    """What a run printed: data for stdout, lines for stderr, and what its exit code goes by."""

    out: str
    said: tuple[str, ...]
    missing: int
    coverage: float | None


def key_of(
    scope: WorkTree,
    files: Sequence[FileContent],
    rows: Sequence[SelectedFile],
    manner: Sequence[object],
) -> bytes:
    """Names all that a run's words depend on, but for `CachedScans.outside`.

    `files` are those of the rows that are not left alone; `manner` is how the words are set.
    """
    root = str(scope.root)
    digest = hashlib.sha256(version())
    facts = [dataclasses.astuple(scope.config), list(manner)]
    facts += [[str(row.path), row.skip.reason.value, row.skip.detail] for row in rows if row.skip]
    digest.update(json.dumps(facts).replace(json.dumps(root)[1:-1], "").encode())
    changed = {row.path: row.changed for row in rows if row.changed is not None}
    for file in files:
        trouble = file.trouble.detail if file.trouble is not None else ""
        name = str(file.path).removeprefix(root)
        about = f"{name}\0{file.blob}\0{file.size}\0{trouble}\0{changed.get(file.path)}\0"
        digest.update(about.encode("utf-8", "surrogateescape"))
    return digest.digest()


def recall(cache: Cache, key: bytes, surveys: CachedScans, scope: WorkTree) -> CheckOutput | None:
    """The words kept under this key, if the files looked for besides are as they were."""
    value = cache.get(RUN, key)
    if value is None:
        return None
    out, said, missing, coverage, outside = json.loads(value)
    if not _as_they_were(outside, surveys, scope):
        return None
    return CheckOutput(out=out, said=tuple(said), missing=missing, coverage=coverage)


def remember(cache: Cache, key: bytes, words: CheckOutput, surveys: CachedScans) -> None:
    """Keep the words, unless a file was not what git took it for."""
    outside = {str(path): blob for path, blob in surveys.outside.items()}
    row = [words.out, words.said, words.missing, words.coverage, outside]
    value = json.dumps(row, separators=(",", ":")).encode()
    if surveys.sure and len(value) <= LARGEST and version():
        cache.put_many(RUN, {key: value})


def _as_they_were(outside: Mapping[str, str], surveys: CachedScans, scope: WorkTree) -> bool:
    there = {scope.root / PurePosixPath(path): blob for path, blob in outside.items() if blob}
    root = str(scope.root)
    for path, blob in outside.items():
        if not blob and ".." not in path.split("/") and os.path.isfile(f"{root}/{path}"):  # noqa: PTH113 - a tenth of the time
            return False
    if not there:
        return True
    git = scope.repository
    told = git.blobs(there, suffixes=False) if git is not None else {}
    found = surveys.identify([(path, told.get(path, "")) for path in there])
    return all(file.blob == there[file.path] for file in found)
