"""TODO."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
import shutil
import stat
import sys
from typing import TYPE_CHECKING, BinaryIO

from docbot.errors import SourceError, TooLargeError, WriteError
from docbot.scan.source import MAX_BYTES

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read(path: Path) -> bytes:
    """The content of a plain file; links are not followed.

    Raises:
        TooLargeError: it is over 1 MB.
        SourceError: it is no plain file, or cannot be read. Neither sentence names the file.

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

    The new content goes to a hidden file beside it, to the disk, and then over the old one by
    rename; mode, owner and extended attributes stay. What a killed run left beside it is removed.

    Raises:
        WriteError: the file no longer holds `before`, is a link, has hard links, is read-only, or
            the disk said no; the file is as it was, and the sentence names it.

    """
    _sweep(path.parent)
    temporary = path.with_name(f".docbot-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        _refuse(path)
        with _locked(path):
            _create(temporary, after, like=path)
            _refuse(path)
            if _changed(path, before):
                raise WriteError(f"{path}: changed while docbot worked on it; run docbot again")
            temporary.replace(path)
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync(path.parent)


def append_undo(path: Path, patch: bytes) -> None:
    """Add a patch to the file that undoes a run, and see it to the disk.

    Raises:
        WriteError: the disk said no.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(patch)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror}") from error


def _refuse(path: Path) -> None:
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
    # The mode bits are asked besides: root may write everything, and was told not to write this.
    if not status.st_mode & stat.S_IWUSR or not os.access(path, os.W_OK):
        raise WriteError(f"{path}: is read-only; make it writable and run docbot again")


def _create(temporary: Path, content: bytes, *, like: Path) -> None:
    def private(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    with open(temporary, "xb", opener=private) as file:
        file.write(content)
        file.flush()
        if sys.platform != "win32":
            wanted, given = like.stat(), os.fstat(file.fileno())
            if (wanted.st_uid, wanted.st_gid) != (given.st_uid, given.st_gid):
                os.fchown(file.fileno(), wanted.st_uid, wanted.st_gid)
        shutil.copystat(like, temporary)
        os.utime(temporary)  # now: tools look at the time to see a change
        os.fsync(file.fileno())


def _changed(path: Path, before: bytes) -> bool:
    with _open(path) as file:
        return file.read(len(before) + 1) != before


def _open(path: Path) -> BinaryIO:
    """Open for reading; never through a link, and never waiting on a pipe."""

    def plain(name: str, flags: int) -> int:
        extra = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        return os.open(name, flags | extra)

    return open(path, "rb", opener=plain)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other docbots from this file between the last look at it and its replacement.

    Whoever waited gets the lock of a file that is gone by then, and sees the new one instead.
    """
    if sys.platform == "win32":
        yield  # an open file cannot be replaced there
    else:
        with _open(path) as file:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            yield


_TEMPORARY = re.compile(r"\.docbot-(\d+)-[0-9a-f]{8}\.tmp")


@functools.cache
def _sweep(folder: Path) -> None:
    """Remove what runs that were killed left in a folder; once a folder and process."""
    if sys.platform == "win32":  # os.kill would end the process that it asks about
        return
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            temporary = _TEMPORARY.fullmatch(file.name)
            if temporary and not _alive(int(temporary[1])):
                file.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _sync(folder: Path) -> None:
    """See a rename to the disk, where folders can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
