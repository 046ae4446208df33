"""Replace a file atomically, and lock one, on any system.

A reader sees a file's whole old content or its whole new content.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds to wait on Windows before each further attempt to replace a file that is open."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file's path beside `path`; it takes the place of `path` when all went well.

    The caller writes the file, and syncs it to the disk where that matters. When an exception
    leaves the block, `path` stays as it was and the temporary file is removed.

    Raises:
        OSError: the file cannot be renamed.

    """
    temporary = path.parent / f".docbot-{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        yield temporary
        _rename(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _rename(temporary: Path, path: Path) -> None:
    """Rename a file; on Windows, wait for whoever has the other one open: a virus scanner, say."""
    for pause in _PAUSES if sys.platform == "win32" else ():
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    temporary.replace(path)


@contextmanager
def locked(file: IO[bytes]) -> Iterator[None]:
    """Keep others who lock this open file waiting; where files have no locks, do nothing."""
    if sys.platform == "win32":
        import msvcrt

        with suppress(OSError):  # ten attempts, a second apart
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            with suppress(OSError):
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        with suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        yield  # closing the file gives the lock back
