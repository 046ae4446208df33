"""Read and replace files on disk.

At every moment, and whatever kills the process, a file that docbot writes has either its whole old
content or its whole new content. Nobody else's work is overwritten: just before it is replaced, the
file must still have the content that docbot read.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import stat
import sys
import time
from typing import TYPE_CHECKING, BinaryIO

from docbot.atomic import locked, replacing
from docbot.errors import DiskError, SourceError, TooLargeError, WriteError
from docbot.scan.basics import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read(path: Path) -> bytes:
    """Return the content of a plain file; links are not followed.

    The messages of the errors do not name the file.

    Raises:
        TooLargeError: the file is over 1 MB.
        SourceError: it is no plain file, or cannot be read.

    """
    try:
        with _open(path) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SourceError("it is not a plain file")
            if status.st_size > MAX_BYTES:
                raise TooLargeError(f"it is over {MAX_BYTES // 1_000_000} MB")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror}") from error
    return content


def write(path: Path, before: bytes, after: bytes) -> None:
    """Replace the content of a plain file, atomically and durably.

    The new content goes to a hidden file beside it, is synced to the disk, and replaces the old
    file by rename; mode, owner and extended attributes stay. Hidden files that killed runs left in
    the folder are removed.

    Args:
        path: The file.
        before: The content that docbot read.
        after: The new content.

    Raises:
        WriteError: the file no longer has the content `before`, is a link, has hard links, or is
            read-only; the file is as it was, and the message names it.
        DiskError: the disk refuses, for the same.

    """
    _sweep(path.parent)
    try:
        _check_writable(path)
        with _locked(path), replacing(path) as temporary:
            _create(temporary, after, like=path)
            _check_writable(path)
            if _has_changed(path, before):
                raise WriteError(f"{path}: changed while docbot worked on it; run docbot again")
    except OSError as error:
        raise DiskError(f"{path}: cannot be written: {error.strerror}") from error
    _sync(path.parent)


def _check_writable(path: Path) -> None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise WriteError(f"{path}: vanished while docbot worked on it") from None
    if stat.S_ISLNK(status.st_mode):
        raise WriteError(f"{path}: is a symbolic link; name the file that it points to")
    if not stat.S_ISREG(status.st_mode):
        raise WriteError(f"{path}: is not a plain file")
    if status.st_nlink > 1:
        raise WriteError(
            f"{path}: has another hard link, which replacing it would cut off; copy it"
        )
    if not status.st_mode & stat.S_IWUSR:  # root may write any file, also one marked read-only
        raise WriteError(f"{path}: is read-only; make it writable and run docbot again")
    if not os.access(path, os.W_OK):
        raise DiskError(f"{path}: cannot be written: it is another user's, or the disk's read-only")


def _create(temporary: Path, content: bytes, *, like: Path) -> None:
    def private(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    with open(temporary, "xb", opener=private) as file:
        file.write(content)
        file.flush()
        if sys.platform != "win32":
            old, new = like.stat(), os.fstat(file.fileno())
            if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
        shutil.copystat(like, temporary)
        os.utime(temporary)  # now: tools compare times to notice a change
        os.fsync(file.fileno())


def _has_changed(path: Path, before: bytes) -> bool:
    with _open(path) as file:
        return file.read(len(before) + 1) != before


def _open(path: Path) -> BinaryIO:
    """Open a file for reading, without following a link or waiting for a pipe."""

    def plain(name: str, flags: int) -> int:
        extra = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        return os.open(name, flags | extra)

    return open(path, "rb", opener=plain)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other docbot processes from this file between the last check and its replacement.

    A process that waited gets the lock of the old file, which is gone by then; its check reads the
    new one.
    """
    if sys.platform == "win32":
        yield  # an open file cannot be replaced there, nor one that others have open
    else:
        with _open(path) as file, locked(file):
            yield


_TEMPORARY = re.compile(r"\.docbot-(\d+)-[0-9a-f]{8}\.tmp")

_LONGEST = 3600
"""Seconds after which no process writes to its temporary file any more."""


@functools.cache
def _sweep(folder: Path) -> None:
    """Remove the files that killed runs left in a folder; once per folder and process."""
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            temporary = _TEMPORARY.fullmatch(file.name)
            if temporary and not _is_in_use(file, int(temporary[1])):
                file.unlink(missing_ok=True)


def _is_in_use(file: Path, process: int) -> bool:
    """Check whether the process that made a temporary file may still write to it."""
    if sys.platform == "win32":  # os.kill would end that process
        return time.time() - file.stat().st_mtime < _LONGEST
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _sync(folder: Path) -> None:
    """Sync a rename to the disk, where folders can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
