"""Seal a GGUF file: its first key holds the sha256 of all bytes behind it.

So the file itself tells whether it is damaged, and no record of its hash can be lost.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO

from docbot.errors import ModelError
from docbot.llm.gguf import padded, read_first_entries

if TYPE_CHECKING:
    from pathlib import Path

SEAL = "docbot.sha256"

EMPTY = "0" * 64
"""The seal while the file is written."""

SEALED = 24 + 8 + len(SEAL) + 4 + 8 + len(EMPTY)
"""Offset of the first byte that the seal covers: before it are the header's counts and the seal."""


class SealedFile:
    """A file that is hashed while it is written; its first key is `SEAL`, with the value `EMPTY`.

    Args:
        file: Where it is written, from the start on.
        alignment: What `pad` fills up to.

    """

    def __init__(self, file: BinaryIO, alignment: int) -> None:
        self._file = file
        self._alignment = alignment
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write more bytes."""
        self._digest.update(data[max(SEALED - self._size, 0) :])
        self._size += self._file.write(data)

    def pad(self) -> None:
        """Write zeros up to the next multiple of the alignment."""
        self.write(bytes(padded(self._size, self._alignment) - self._size))

    def seal(self) -> str:
        """Write the seal, and return it."""
        seal = self._digest.hexdigest()
        self._file.seek(SEALED - len(seal))
        self._file.write(seal.encode())
        return seal


def read_seal(path: Path) -> str:
    """Return the seal of a file.

    Raises:
        ModelError: it has none, or is no GGUF file.

    """
    first, *_ = read_first_entries(path, 1)
    if (first.key, first.end) != (SEAL, SEALED):
        raise ModelError(f"{path}: was not built by docbot; choose another model file")
    return str(first.value)
