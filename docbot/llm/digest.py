"""Hash model files with sha256 and record the results, since files of gigabytes take long.

A recorded hash is valid while the file's size, modification time and inode stay the same. The
record is a hint in the user's cache folder: if it is lost, damaged or not writable, a file is
hashed once more. `models verify` never uses it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from docbot.atomic import replacing
from docbot.cache import cache_folder, make_private

CHUNK = 1 << 20  # bytes read at once
RACY = 2_000_000_000  # nanoseconds: a file this new may change again within one tick of its clock
MAX_RECORD = 1 << 20  # bytes


def sha256(path: Path, start: int = 0) -> str:
    """Hash a file by reading all of it, and record the hash.

    Args:
        path: The file.
        start: The first byte that is hashed; always the same for the same file.

    Raises:
        OSError: the file cannot be read.

    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        file.seek(start)
        while block := file.read(CHUNK):
            digest.update(block)
        after = os.fstat(file.fileno())
    if _fingerprint(before) == _fingerprint(after) and time.time_ns() - after.st_mtime_ns > RACY:
        _write_entry("files", str(path.resolve()), [*_fingerprint(after), digest.hexdigest()])
    return digest.hexdigest()


def cached_sha256(path: Path, start: int = 0) -> str:
    """Return the hash of a file, from the record if the file has not changed since.

    Args:
        path: The file.
        start: As in `sha256`.

    Raises:
        OSError: the file cannot be read.

    """
    row = _read()["files"].get(str(path.resolve()))
    if isinstance(row, list) and row[:-1] == _fingerprint(path.stat()) and isinstance(row[-1], str):
        return row[-1]
    return sha256(path, start)


def record(path: Path, digest: str) -> None:
    """Record the hash of a file that was hashed while this process wrote it.

    Nobody else knew its name until now, so it may be new without being in doubt.

    Raises:
        OSError: the file is not there.

    """
    _write_entry("files", str(path.resolve()), [*_fingerprint(path.stat()), digest])


def pin(reference: str, digest: str) -> None:
    """Record the hash that a reference to the hub had when it was pulled."""
    _write_entry("pins", reference, digest)


def pinned_sha256(reference: str) -> str:
    """Return the hash that a reference had when it was pulled, or "" without a record."""
    digest = _read()["pins"].get(reference)
    return digest if isinstance(digest, str) else ""


def pins() -> list[str]:
    """List the references that were pulled, even those whose files were removed since."""
    return sorted(_read()["pins"])


def forget(path: Path) -> None:
    """Delete the record of a file."""
    _write_entry("files", str(path.resolve()), None)


def _fingerprint(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _record() -> Path:
    return cache_folder() / "digests.json"


def _read() -> dict[str, dict[str, Any]]:
    record: Any = None
    with suppress(OSError, ValueError, RecursionError, RuntimeError):  # the last: no home folder
        path = _record()
        if path.stat().st_size <= MAX_RECORD:
            record = json.loads(path.read_bytes())
    parts = record if isinstance(record, dict) else {}
    return {
        name: parts[name] if isinstance(parts.get(name), dict) else {} for name in ("files", "pins")
    }


def _write_entry(part: str, key: str, value: Any) -> None:
    """Write one entry and drop those of missing files; the record is replaced atomically."""
    record = _read()
    record["files"] = {name: row for name, row in record["files"].items() if Path(name).exists()}
    if value is None:
        record[part].pop(key, None)
    else:
        record[part][key] = value
    with suppress(OSError, RuntimeError):  # a cache that cannot be written is no reason to stop
        make_private(_record().parent)
        with replacing(_record()) as temporary:
            temporary.write_text(json.dumps(record, indent=1), encoding="ascii")
