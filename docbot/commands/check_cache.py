"""Cache the output of a whole `docbot check`.

The key holds the configuration, docbot's own version and the state of every file in question: path,
content and the lines asked about. So for an unchanged repository neither its files nor what is
cached of them are read. The parents of its classes may live in files that were not in question:
those that were looked for are stored with the output, and looked for again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.cache import RUN, is_shaped
from docbot.repo.attributes import attributes_text
from docbot.repo.folders import folders_on_disk
from docbot.repo.locate import base_of
from docbot.repo.tracked import fingerprint
from docbot.repo.version import version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from docbot.cache import Cache
    from docbot.repo.scans import CachedScans, FileContent
    from docbot.repo.worktree import SelectedFile, WorkTree

LARGEST = 8 << 20
"""Bytes of output worth storing."""

_ROW = (str, [str], bool, frozenset((float, type(None))), [str], bool,
        [frozenset((list, type(None)))], [{str: str}], [{str: str}])  # fmt: skip
"""The types of a serialised output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOutput:
    """What a check printed, data and messages, and what its exit code is decided by.

    Attributes:
        data: What went to stdout.
        messages: What went to stderr.
        fails: Whether a configuration finds fault: too low a coverage for `fail-under`, or without
            that key anything missing or stale.
        coverage: The share of documented definitions, in percent; None where none counts.
        unparsable: A sentence for each file that cannot be read as Python.
        has_new: Whether a ratchet lacks anything that is missing or stale.

    """

    data: str
    messages: tuple[str, ...]
    fails: bool
    coverage: float | None
    unparsable: tuple[str, ...] = ()
    has_new: bool = False


def tracked_state(worktree: WorkTree) -> bytes | None:
    """Return the state of the tracked files below the named folders; None to look at each file."""
    repository = worktree.repository
    if repository is None:
        return None
    folders = [os.path.realpath(path) for path in worktree.arguments if path.is_dir()]
    inside = os.path.join(repository.root, "")  # noqa: PTH118 - ends in a slash
    if len(folders) < len(worktree.arguments) or not all(
        os.path.join(folder, "").startswith(inside)  # noqa: PTH118
        for folder in folders
    ):
        return None
    state = fingerprint(repository, worktree.arguments)
    if state is None:
        return None
    names = [folder.removeprefix(inside) for folder in folders]
    return hashlib.sha256(json.dumps(names).encode() + state + attributes_text(repository)).digest()


def files_state(
    worktree: WorkTree, files: Sequence[FileContent], rows: Sequence[SelectedFile]
) -> bytes:
    """Return the state of selected files; `files` are those that are not left alone."""
    root = str(worktree.root)
    skips = [[str(row.path), row.skip.reason.value, row.skip.detail] for row in rows if row.skip]
    digest = hashlib.sha256(json.dumps(skips).replace(json.dumps(root)[1:-1], "").encode())
    changed = {row.path: row.changed for row in rows if row.changed is not None}
    for file in files:
        problem = file.problem.detail if file.problem is not None else ""
        name = str(file.path).removeprefix(root)
        about = f"{name}\0{file.blob}\0{file.size}\0{problem}\0{changed.get(file.path)}\0"
        digest.update(about.encode("utf-8", "surrogateescape"))
    return digest.digest()


def key_of(worktrees: Sequence[WorkTree], states: Sequence[bytes], form: object) -> bytes:
    """Return the key of an output, for the state of the files and the form it is printed in."""
    base = base_of(worktrees)
    digest = hashlib.sha256(version() + json.dumps(form).encode())
    for worktree, state in zip(worktrees, states, strict=True):
        folders = [worktree.root, worktree.home, worktree.scope, *worktree.inner]
        places = [os.path.relpath(folder, base) for folder in folders]
        settings = json.dumps([dataclasses.astuple(worktree.config), places])
        text = settings.replace(json.dumps(str(worktree.root))[1:-1], "")
        digest.update(b"\0%b\0%b" % (text.encode("utf-8", "surrogatepass"), state))
    return digest.digest()


def recall(
    cache: Cache, key: bytes, worktrees: Sequence[WorkTree], *, whole: bool
) -> CheckOutput | None:
    """Return the stored output, if the files that were looked for besides are as they were.

    Args:
        cache: Where it is stored.
        key: Its key.
        worktrees: The work trees of the run.
        whole: Whether the key holds the state of all their Python files, so that none can have
            begun to read the docstrings of others.

    """
    value = cache.get(RUN, key)
    if value is None:
        return None
    try:
        row = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not is_shaped(row, _ROW) or {*map(len, row[-3:])} != {len(worktrees)}:
        return None
    data, messages, fails, coverage, unparsable, has_new, readers, outside, folders = row
    if not all(map(partial(_are_unchanged, cache), worktrees, outside, folders)):
        return None
    if not whole and not all(map(_has_readers, worktrees, readers)):
        return None
    return CheckOutput(
        data=data,
        messages=tuple(messages),
        fails=fails,
        coverage=coverage,
        unparsable=tuple(unparsable),
        has_new=has_new,
    )


def remember(cache: Cache, key: bytes, output: CheckOutput, scans: Sequence[CachedScans]) -> None:
    """Store the output, unless a file turned out to hold other bytes than git's id stands for.

    Args:
        cache: Where to store it.
        key: Its key.
        output: The output.
        scans: The scans of each work tree, in the order of the key's.

    """
    searched = (each.readers.files for each in scans)
    readers = [None if files is None else [*map(str, files)] for files in searched]
    outside = [{str(path): blob for path, blob in each.outside.items()} for each in scans]
    folders = [each.folders for each in scans]
    counts = [output.fails, output.coverage, output.unparsable, output.has_new]
    row = [output.data, output.messages, *counts, readers, outside, folders]
    value = json.dumps(row, separators=(",", ":")).encode()
    if all(each.sure for each in scans) and len(value) <= LARGEST and version():
        cache.put_many(RUN, {key: value})


def _has_readers(worktree: WorkTree, readers: list[str] | None) -> bool:
    """Check that the same files as before may read docstrings of others."""
    return readers is None or readers == [*map(str, worktree.reader_files())]


def _are_unchanged(
    cache: Cache, worktree: WorkTree, outside: Mapping[str, str], folders: Mapping[str, str]
) -> bool:
    judge = folders_on_disk(str(worktree.root)).judge
    if any(judge(folder) != detail for folder, detail in folders.items()):
        return False
    ids = {worktree.root / PurePosixPath(path): blob for path, blob in outside.items() if blob}
    missing = [path for path, blob in outside.items() if not blob]
    if _any_file(str(worktree.root), missing):
        return False
    if not ids:
        return True
    from docbot.repo.scans import CachedScans

    git = worktree.repository
    blobs = git.blobs(ids, suffixes=False) if git is not None else {}
    scans = CachedScans(worktree, cache)
    files = scans.identify([(path, blobs.get(path, "")) for path in ids])
    return all(file.blob == ids[file.path] for file in files)


def _any_file(root: str, paths: Iterable[str]) -> bool:
    """Check whether one of these paths below the root is a file, with one listing per folder.

    A folder is not listed where the listing of the one above lacks it.
    """
    listings: dict[str, frozenset[str]] = {}

    def has(path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if folder not in listings:
            listings[folder] = _list(root, folder) if not folder or has(folder) else frozenset()
        return name.lower() in listings[folder]  # the disk may not tell letters from capitals

    return any(
        has(path) and ".." not in path.split("/") and os.path.isfile(f"{root}/{path}")  # noqa: PTH113
        for path in paths
    )


def _list(root: str, folder: str) -> frozenset[str]:
    try:
        return frozenset(map(str.lower, os.listdir(f"{root}/{folder}")))  # noqa: PTH208 - speed
    except OSError:
        return frozenset()
