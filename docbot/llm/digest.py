"""sha256 of files of gigabytes, taken once: a small record keeps what was hashed.

A file counts as the one that was hashed while its size, time of change and inode are the same. The
record is a hint in the user's own cache folder: lost, damaged or not writable, it costs one more
hash. `models verify` never asks it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from docbot.cache import folder

CHUNK = 1 << 20


RACY = 2_000_000_000  # nanoseconds: a file this fresh may change again within one tick of its clock


MAX_RECORD = 1 << 20  # bytes


def sha256(path: Path) -> str:
    """Hash a file for real, and note the outcome.

    Raises:
        OSError: the file cannot be read.

    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        while block := file.read(CHUNK):
            digest.update(block)
        after = os.fstat(file.fileno())
    if _mark(before) == _mark(after) and time.time_ns() - after.st_mtime_ns > RACY:
        _note("files", str(path.resolve()), [*_mark(after), digest.hexdigest()])
    return digest.hexdigest()


def known(path: Path) -> str:
    """The hash of a file, from the record where the file is the one that was hashed.

    Raises:
        OSError: the file cannot be read.

    """
    row = _read()["files"].get(str(path.resolve()))
    if isinstance(row, list) and row[:-1] == _mark(path.stat()) and isinstance(row[-1], str):
        return row[-1]
    return sha256(path)


def pin(reference: str, digest: str) -> None:
    """Note which hash a reference to the hub had when it was pulled."""
    _note("pins", reference, digest)


def pinned(reference: str) -> str:
    """The hash a reference had when it was pulled; empty when that is not known."""
    digest = _read()["pins"].get(reference)
    return digest if isinstance(digest, str) else ""


def pins() -> list[str]:
    """The references that were pulled, here or gone."""
    return sorted(_read()["pins"])


def forget(path: Path) -> None:
    """Drop what is known of a file."""
    _note("files", str(path.resolve()), None)


def _mark(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _record() -> Path:
    return folder() / "digests.json"


def _read() -> dict[str, dict[str, Any]]:
    record: Any = None
    with suppress(OSError, ValueError, RecursionError, RuntimeError):  # or there is no home
        path = _record()
        if path.stat().st_size <= MAX_RECORD:
            record = json.loads(path.read_bytes())
    parts = record if isinstance(record, dict) else {}
    return {
        name: parts[name] if isinstance(parts.get(name), dict) else {} for name in ("files", "pins")
    }


def _note(part: str, key: str, value: Any) -> None:
    """Write one entry, and drop those of files that are gone; the record is whole at any moment."""
    record = _read()
    record["files"] = {name: row for name, row in record["files"].items() if Path(name).exists()}
    if value is None:
        record[part].pop(key, None)
    else:
        record[part][key] = value
    with suppress(OSError, RuntimeError):  # a cache that cannot be written is no reason to stop
        temporary = _record().with_name(f"digests.{secrets.token_hex(4)}.tmp")
        temporary.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(json.dumps(record, indent=1))
            temporary.replace(_record())
        finally:
            temporary.unlink(missing_ok=True)
