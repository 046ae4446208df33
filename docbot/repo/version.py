"""Identify this very docbot, for the keys of cached results."""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@lru_cache(maxsize=1)
def version() -> bytes:
    """Return a digest of docbot's own source and of the Python that runs it; b"" if unreadable.

    All modules but those of training count: a list of those that matter would be out of date one
    day. It takes three milliseconds.
    """
    digest = hashlib.sha256(f"{sys.version} {sys.implementation.cache_tag}".encode())
    modules = [*_modules(Path(__file__).parents[1])]
    if not modules:
        return b""
    try:
        for module in modules:
            content = module.read_bytes()
            digest.update(b"%d %b" % (len(content), content))
    except OSError:
        return b""
    return digest.digest()


def facts_key(
    docbot: bytes, blob: str, size: int, required: str, *, markers_only: bool = False
) -> bytes:
    """Return the key of a file's facts, by its blob id and its size in bytes.

    Args:
        docbot: What `version` returns.
        blob: The id.
        size: The size.
        required: The kinds of sections that linters ask for, sorted, on which drifts depend.
        markers_only: Whether the facts are those of the file's header comments alone.

    """
    words = f"{blob} {size} {'glance' if markers_only else ''} {required}"
    return hashlib.sha256(docbot + words.encode()).digest()


def _modules(package: Path) -> Iterator[Path]:
    """Yield docbot's own modules, without those of training, in a fixed order."""
    yield from sorted(package.glob("*.py"))
    for folder in sorted(package.iterdir()):
        if folder.name != "distill" and (folder / "__init__.py").is_file():
            yield from _modules(folder)
