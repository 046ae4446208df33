"""Replace a file atomically: a reader sees its whole old content or its whole new content."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
