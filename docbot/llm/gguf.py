"""Check a GGUF file's header in Python before a native parser reads the file.

Native parsers have had vulnerabilities: sizes and offsets of tensors that overflow
(CVE-2025-53630, CVE-2026-27940, CVE-2026-33298). Here every count, length and offset is checked
against the size of the file before it is used, in bounded memory and time, and a refusal is one
sentence. It is no proof: give docbot only model files that you trust.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from docbot.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_TENSORS = 16_384
MAX_KEYS = 4096
MAX_KEY = 65_535  # bytes, by the specification
MAX_NAME = 64  # bytes of the name of an architecture or a tensor
MAX_STRINGS = 2_000_000  # strings in arrays, which are skipped one by one
MAX_DIMENSIONS = 4
MIN_ALIGNMENT, MAX_ALIGNMENT = 8, 65_536

BLOCK = 1 << 16  # bytes read at once
LENGTH = struct.Struct("<Q")

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT = 32  # of a file that states none
WORD, STRING, ARRAY = 4, 8, 9
NUMBERS: Mapping[int, str] = {  # value type -> struct code; all little-endian
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
TENSOR = 8 + 4 + 8 + 4 + 8  # the least a tensor takes: name, dimensions, one of them, type, offset
BLOCKS: Mapping[int, tuple[int, int]] = {  # tensor type -> elements of a block, bytes of it
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 40), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66),
    39: (32, 17), 40: (64, 36), 41: (128, 18),
}  # fmt: skip
PART = re.compile(r"-\d{5}-of-(?!00001)\d{5}\.gguf$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The values of a header that docbot uses.

    Attributes:
        context: The longest context the model was made for, in tokens.
        end: Offset of the header's end, in bytes from the start of the file.
        data: Offset of the tensors' data, likewise.

    """

    context: int
    end: int
    data: int


def read_header(path: Path) -> Header:
    """Read the whole header and check it against the file.

    Raises:
        ModelError: there is no such file, it is one part of several, or a loader must not read it.

    """
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise ModelError(f"{path}: {what}; `model` takes a known name or a GGUF file's path")
        with path.open("rb") as file:
            return _Reader(file, path).header()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


class _Reader:
    """A reader of one header; it checks each length against the bytes left before using it."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._size = self._left = path.stat().st_size
        self._strings = 0
        self._alignment = ALIGNMENT
        self._architecture = ""
        self._lengths: dict[bytes, int] = {}

    def header(self) -> Header:
        tensors, keys = self._counts()
        names: set[bytes] = set()
        for _ in range(keys):
            key = self._string(MAX_KEY)
            if not key or key in names:
                raise self._error("has a key twice" if key else "has a key without a name")
            names.add(key)
            self._value(key)
        if PART.search(self._path.name):
            raise self._split_error()
        context = self._lengths.get(f"{self._architecture}.context_length".encode(), 0)
        if not self._architecture or context <= 0:
            raise self._error("does not name its architecture and context length")
        last = self._tensors(tensors)
        end = self._size - self._left
        data = _padded(end, self._alignment)
        if data + last > self._size:
            raise self._error("is shorter than its tensors")
        return Header(context=context, end=end, data=data)

    def _counts(self) -> tuple[int, int]:
        if self._left == 0:
            raise self._error("is empty")
        if self._bytes(min(4, self._left)) != MAGIC:
            raise self._error("is not a GGUF file")
        (version,) = self._unpack("I")
        if version not in VERSIONS:
            raise self._error(f"has GGUF version {version}, where 2 and 3 are known")
        tensors, keys = self._unpack("QQ")
        if not 0 < tensors <= MAX_TENSORS or not 0 < keys <= MAX_KEYS:
            raise self._error(f"claims {tensors} tensors and {keys} keys")
        if tensors * TENSOR > self._left:
            raise self._error("is shorter than its header says")
        return tensors, keys

    # keys and values

    def _value(self, key: bytes) -> None:
        """Read a value that docbot uses, and skip any other."""
        (kind,) = self._unpack("I")
        if key == b"general.architecture" and kind == STRING:
            self._architecture = self._string(MAX_NAME).decode("utf-8", "replace")
        elif key == b"general.alignment":
            self._alignment = self._unpack("I")[0] if kind == WORD else 0
            power = self._alignment.bit_count() == 1
            if not power or not MIN_ALIGNMENT <= self._alignment <= MAX_ALIGNMENT:
                raise self._error("has an alignment that is no power of two from 8 to 65536")
        elif key == b"split.count" and NUMBERS.get(kind, "?") in "BHIQ":
            if self._unpack(NUMBERS[kind])[0] > 1:
                raise self._split_error()
        elif key.endswith(b".context_length") and NUMBERS.get(kind, "?") in "HIiQq":
            (self._lengths[key],) = self._unpack(NUMBERS[kind])
        else:
            self._skip_value(kind)

    def _skip_value(self, kind: int) -> None:
        if kind in NUMBERS:
            self._skip(struct.calcsize(NUMBERS[kind]))
        elif kind == STRING:
            self._skip(*self._unpack("Q"))
        elif kind == ARRAY:
            inner, count = self._unpack("IQ")
            if inner in NUMBERS:
                self._skip(count * struct.calcsize(NUMBERS[inner]))
            elif inner == STRING:
                self._skip_strings(count)
            else:
                raise self._error(f"has an array of type {inner}")
        else:
            raise self._error(f"has a value of type {kind}")

    def _skip_strings(self, count: int) -> None:
        """Skip an array of strings, a block at a time: a vocabulary has some hundred thousand."""
        self._strings += count
        if self._strings > MAX_STRINGS or count * 8 > self._left:
            raise self._error(f"has an array of {count} strings")
        start, block, at = self._size - self._left, b"", 0
        for _ in range(count):
            if at + LENGTH.size > len(block):
                start, at = start + at, 0
                self._left = self._size - start
                if self._left < LENGTH.size:
                    raise self._error("is cut off or damaged")
                self._file.seek(start)
                block = self._file.read(BLOCK)
            at += LENGTH.size + LENGTH.unpack_from(block, at)[0]
        self._left = self._size - start
        self._take(at)
        self._file.seek(start + at)

    # tensors

    def _tensors(self, count: int) -> int:
        """Check the tensors' descriptions and return how many bytes of data they need.

        Each tensor's data must start where the previous tensor's end, which llama.cpp requires,
        too: so they cannot overlap, and an offset cannot be wrong.
        """
        names: set[bytes] = set()
        last = due = 0
        for at in range(count):
            name = self._string(MAX_NAME)
            if name in names:
                raise self._error("has two tensors of one name")
            names.add(name)
            (dimensions,) = self._unpack("I")
            if not 1 <= dimensions <= MAX_DIMENSIONS:
                raise self._error(f"has a tensor of {dimensions} dimensions")
            shape = self._unpack("Q" * dimensions)
            kind, offset = self._unpack("IQ")
            if offset != due:
                raise self._error(f"has tensor {at} at byte {offset} of its data, not at {due}")
            last = due + self._tensor_size(kind, shape)
            due = _padded(last, self._alignment)
        return last

    def _tensor_size(self, kind: int, shape: tuple[int, ...]) -> int:
        if kind not in BLOCKS:
            raise self._error(f"has a tensor of type {kind}, which is not known")
        elements, size = BLOCKS[kind]
        rows, rest = divmod(shape[0], elements)
        total = rows * math.prod(shape[1:]) * size  # Python's integers do not overflow
        if rest or not 0 < total <= self._size:
            raise self._error(f"has a tensor of shape {'x'.join(map(str, shape))}")
        return total

    # bytes

    def _unpack(self, codes: str) -> tuple[int, ...]:
        return struct.unpack(f"<{codes}", self._bytes(struct.calcsize(f"<{codes}")))

    def _string(self, limit: int) -> bytes:
        (size,) = self._unpack("Q")
        if size > limit:
            raise self._error(f"has a key or name of {size} bytes")
        return self._bytes(size)

    def _bytes(self, size: int) -> bytes:
        self._take(size)
        data = self._file.read(size)
        if len(data) != size:
            raise self._error("is cut off")
        return data

    def _skip(self, size: int) -> None:
        self._take(size)
        self._file.seek(size, 1)

    def _take(self, size: int) -> None:
        if size > self._left:
            raise self._error("is cut off or damaged")
        self._left -= size

    def _error(self, what: str) -> ModelError:
        return ModelError(f"{self._path}: {what}; download it again, or choose another model file")

    def _split_error(self) -> ModelError:
        return ModelError(
            f"{self._path}: is one part of a model that was split over several files; "
            "join them with llama.cpp's llama-gguf-split --merge, or choose a model in one file"
        )


def _padded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
