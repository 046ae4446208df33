"""Identify the state of all tracked Python files at once, for the cache of a whole check.

Git's index says of each file what was on disk when git last looked. A file whose status still is
that one has the index's content, as git itself concludes. To ask git would take longer: it looks at
all tracked files, and most may be no Python. So the index is read here (git's Documentation,
gitformat-index), and git is asked wherever it holds anything but plain, unchanged files.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.errors import SourceError
from docbot.repo.git import SUFFIXES
from docbot.repo.write import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    tops = [os.path.realpath(folder) for folder in folders]
    for entry, size in _unchanged(repository, root, tops) or _listed(repository, root, tops):
        if size is None:
            return None
        digest.update(b"%b %d\0" % (entry, size))
        parents.add(entry[entry.index(b"\t") + 1 :].rpartition(b"/")[0])
    if any(os.path.islink(root + folder) for folder in _with_ancestors(parents)):  # noqa: PTH114
        return None
    return digest.digest()


def _listed(
    repository: Repository, root: bytes, tops: list[str]
) -> Iterator[tuple[bytes, int | None]]:
    """Yield git's entries of the Python files and their sizes; None where git does not vouch."""
    whole = tops == [os.fspath(repository.root)]
    entries = repository.python_entries() if whole else repository.index_entries(map(Path, tops))
    for entry in entries:
        if not entry.endswith(_ENDINGS) or entry[2:5] != _REGULAR[2:]:
            continue
        size = None
        if entry[:5] == _REGULAR:
            name = entry[entry.index(b"\t") + 1 :]
            with suppress(OSError):
                size = os.stat(root + name, follow_symlinks=False).st_size  # noqa: PTH116 - bytes
        yield entry, size


def _unchanged(
    repository: Repository, root: bytes, tops: list[str]
) -> list[tuple[bytes, int | None]] | None:
    """Return what `_listed` would yield if all files are on disk as the index has them, else None.

    Stricter than git: every part of the status has to be equal. It proves nothing of a file that
    was written in the second of the index or later: as git does, such a file is read.
    """
    slash = os.sep.encode()
    below = tuple(os.path.join(os.fsencode(top), b"")[len(root) :] for top in tops)  # noqa: PTH118
    below = tuple(folder.replace(slash, b"/") for folder in below)
    entries: list[tuple[bytes, int | None]] = []
    try:
        with open(repository.index, "rb") as file:  # noqa: PTH123 - of the user's choice
            second = os.fstat(file.fileno()).st_mtime_ns // _NANOSECONDS
            index = file.read()
        for entry, name in _python_files(index):
            if not name.startswith(below):
                continue
            found = os.stat(root + name, follow_symlinks=False)  # noqa: PTH116 - bytes
            if not _is_same(entry, found):
                return None
            _, _, seconds, _, _, _, mode, *_, blob, _ = entry
            if seconds >= second and _blob(root + name) != blob:
                return None
            line = b"H %06o %b 0\t%b" % (mode, blob.hex().encode(), name)
            entries.append((line, found.st_size))
    except (OSError, SourceError, ValueError, LookupError, struct.error):
        return None
    return entries


def _is_same(entry: tuple[Any, ...], found: os.stat_result) -> bool:
    """Check whether a file has the status in its entry, of which the device does not count."""
    changed, changed_ns, modified, modified_ns, _, inode, mode, user, group, size, blob, flags = (
        entry
    )
    return (
        found.st_mtime_ns == modified * _NANOSECONDS + modified_ns
        and found.st_ctime_ns == changed * _NANOSECONDS + changed_ns
        and found.st_size == size
        and found.st_ino & 0xFFFFFFFF == inode
        and found.st_uid == user
        and found.st_gid == group
        and found.st_mode >> 12 == _REGULAR_FILE
        and (found.st_mode ^ mode) & stat.S_IXUSR == 0
        and (size > 0 or blob == _EMPTY)  # git writes 0 where it knows of a change
        and flags <= _LONGEST  # not unmerged, assumed to be unchanged, or with more flags
    )


def _blob(path: bytes) -> bytes:
    from docbot.repo.scans import blob_id

    return bytes.fromhex(blob_id(read(Path(os.fsdecode(path))), "sha1"))


# An index is a header, entries, extensions and a checksum.
_HEADER = struct.Struct(">4sII")
_ENTRY = struct.Struct(">10I20sH")  # a status, a blob id, flags; then a name, and NULs up to 8
_EXTENSION = struct.Struct(">4sI")
_CHECKSUM = 20
_LONGEST = 0xFFF  # the part of the flags that is the length of the name, or as much as fits
_EXTENDED = 0x4000  # the flag of more flags
_NANOSECONDS = 10**9
_EMPTY = bytes.fromhex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")


def _python_files(index: bytes) -> Iterator[tuple[tuple[Any, ...], bytes]]:
    """Yield the fields of an index's entries of regular Python files, and their names.

    Raises:
        ValueError: it is of another form: version 4, SHA-256, or with an extension that has to be
            understood, of a split or a sparse index.

    """
    signature, version, count = _HEADER.unpack_from(index)
    if signature != b"DIRC" or version not in (2, 3):
        raise ValueError("no index of a known version")
    at = _HEADER.size
    for _ in range(count):
        flags = index[at + 60] << 8 | index[at + 61]
        start = at + _ENTRY.size + (2 if flags & _EXTENDED else 0)
        length = flags & _LONGEST
        end = start + length if length < _LONGEST else index.index(b"\0", start)
        if index[end]:
            raise ValueError("no entry")
        if index.endswith(_ENDINGS, start, end) and index[at + 26] >> 4 == _REGULAR_FILE:
            yield _ENTRY.unpack_from(index, at), index[start:end]
        at += (end - at + 8) & ~7
    while at < len(index) - _CHECKSUM:
        name, size = _EXTENSION.unpack_from(index, at)
        if not name[:1].isupper():
            raise ValueError("an extension that has to be understood")
        at += _EXTENSION.size + size
    if at != len(index) - _CHECKSUM:
        raise ValueError("no checksum")


_REGULAR_FILE = stat.S_IFREG >> 12


def _with_ancestors(folders: Iterable[bytes]) -> set[bytes]:
    every: set[bytes] = set()
    for each in folders:
        folder = each
        while folder and folder not in every:
            every.add(folder)
            folder = folder.rpartition(b"/")[0]
    return every
