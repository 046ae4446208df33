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
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from docbot.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_TENSORS = 16_384
MAX_KEYS = 4096
MAX_KEY = 65_535  # bytes, by the specification
MAX_NAME = 64  # bytes of the name of an architecture or a tensor
MAX_TEXT = 256  # bytes of a text that is kept as a value
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


Value = int | float | str | None


class Entry(NamedTuple):
    """A key and its value, at `start` to `end` of the file; None for an array or a long text."""

    key: str
    start: int
    end: int
    value: Value


class Tensor(NamedTuple):
    """A tensor: its row length is `shape[0]`, and `start` is an offset in the file."""

    name: str
    shape: tuple[int, ...]
    kind: int
    start: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """A checked header.

    Attributes:
        context: The longest context the model was made for, in tokens; 0 for an adapter.
        end: Offset of the header's end, in bytes from the start of the file.
        data: Offset of the tensors' data, likewise.
        alignment: Each tensor's data starts at a multiple of it from `data`.
        entries: The keys and values, in the file's order.
        tensors: The tensors, likewise.

    """

    context: int
    end: int
    data: int
    alignment: int
    entries: tuple[Entry, ...]
    tensors: tuple[Tensor, ...]

    def value(self, key: str) -> Value:
        """Return a key's value; None where it is missing, an array or a long text."""
        return next((entry.value for entry in self.entries if entry.key == key), None)


def read_header(path: Path, *, adapter: bool = False) -> Header:
    """Read the whole header and check it against the file.

    Args:
        path: The file.
        adapter: Whether the file is an adapter, which has no context length.

    Raises:
        ModelError: there is no such file, it is one part of several, or a loader must not read it.

    """
    with _reading(path) as reader:
        return reader.header(adapter=adapter)


def read_first_entries(path: Path, count: int) -> tuple[Entry, ...]:
    """Read the first keys and values of a header, at most `count`, and nothing behind them.

    Raises:
        ModelError: as `read_header`.

    """
    with _reading(path) as reader:
        return reader.first_entries(count)


@contextmanager
def _reading(path: Path) -> Iterator[_Reader]:
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise ModelError(f"{path}: {what}; `model` takes a known name or a GGUF file's path")
        with path.open("rb") as file:
            yield _Reader(file, path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


class _Reader:
    """A reader of one header; it checks each length against the bytes left before using it."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._size = self._remaining = path.stat().st_size
        self._strings = 0
        self._alignment = ALIGNMENT
        self._architecture = ""
        self._lengths: dict[bytes, int] = {}

    def header(self, *, adapter: bool) -> Header:
        count, keys = self._counts()
        entries = self._entries(keys)
        if PART.search(self._path.name):
            raise self._split_error()
        context = self._lengths.get(f"{self._architecture}.context_length".encode(), 0)
        if not self._architecture or (context <= 0 and not adapter):
            raise self._error("does not name its architecture and context length")
        tensors = self._tensors(count)
        end = self._size - self._remaining
        data = padded(end, self._alignment)
        if data + tensors[-1].start + tensors[-1].size > self._size:
            raise self._error("is shorter than its tensors")
        return Header(
            context=context,
            end=end,
            data=data,
            alignment=self._alignment,
            entries=entries,
            tensors=tuple(tensor._replace(start=data + tensor.start) for tensor in tensors),
        )

    def first_entries(self, count: int) -> tuple[Entry, ...]:
        _, keys = self._counts()
        return self._entries(min(count, keys))

    def _entries(self, count: int) -> tuple[Entry, ...]:
        names: set[bytes] = set()
        entries = []
        for _ in range(count):
            start = self._size - self._remaining
            key = self._string(MAX_KEY)
            if not key or key in names:
                raise self._error("has a key twice" if key else "has a key without a name")
            names.add(key)
            value = self._value(key)
            name = key.decode("utf-8", "replace")
            entries.append(Entry(name, start, self._size - self._remaining, value))
        return tuple(entries)

    def _counts(self) -> tuple[int, int]:
        if self._remaining == 0:
            raise self._error("is empty")
        if self._bytes(min(4, self._remaining)) != MAGIC:
            raise self._error("is not a GGUF file")
        (version,) = self._unpack("I")
        if version not in VERSIONS:
            raise self._error(f"has GGUF version {version}, where 2 and 3 are known")
        tensors, keys = self._unpack("QQ")
        if not 0 < tensors <= MAX_TENSORS or not 0 < keys <= MAX_KEYS:
            raise self._error(f"claims {tensors} tensors and {keys} keys")
        if tensors * TENSOR > self._remaining:
            raise self._error("is shorter than its header says")
        return tensors, keys

    # keys and values

    def _value(self, key: bytes) -> Value:
        """Read a value, and keep those that decide how the file is read."""
        (kind,) = self._unpack("I")
        if key == b"general.architecture" and kind == STRING:
            self._architecture = self._string(MAX_NAME).decode("utf-8", "replace")
            return self._architecture
        value = self._plain_value(kind)
        if key == b"general.alignment":
            self._alignment = value if kind == WORD and isinstance(value, int) else 0
            power = self._alignment.bit_count() == 1
            if not power or not MIN_ALIGNMENT <= self._alignment <= MAX_ALIGNMENT:
                raise self._error("has an alignment that is no power of two from 8 to 65536")
        elif isinstance(value, int) and key == b"split.count" and NUMBERS[kind] in "BHIQ":
            if value > 1:
                raise self._split_error()
        elif isinstance(value, int) and key.endswith(b".context_length"):
            self._lengths[key] = value if NUMBERS[kind] in "HIiQq" else 0
        return value

    def _plain_value(self, kind: int) -> Value:
        """Read a number or a short text; skip anything else."""
        if kind in NUMBERS:
            return self._unpack(NUMBERS[kind])[0]
        if kind == STRING:
            (size,) = self._unpack("Q")
            if size <= MAX_TEXT:
                return self._bytes(size).decode("utf-8", "replace")
            self._skip(size)
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
        return None

    def _skip_strings(self, count: int) -> None:
        """Skip an array of strings, a block at a time: a vocabulary has some hundred thousand."""
        self._strings += count
        if self._strings > MAX_STRINGS or count * 8 > self._remaining:
            raise self._error(f"has an array of {count} strings")
        start, block, at = self._size - self._remaining, b"", 0
        for _ in range(count):
            if at + LENGTH.size > len(block):
                start, at = start + at, 0
                self._remaining = self._size - start
                if self._remaining < LENGTH.size:
                    raise self._error("is cut off or damaged")
                self._file.seek(start)
                block = self._file.read(BLOCK)
            at += LENGTH.size + LENGTH.unpack_from(block, at)[0]
        self._remaining = self._size - start
        self._take(at)
        self._file.seek(start + at)

    # tensors

    def _tensors(self, count: int) -> list[Tensor]:
        """Check the tensors' descriptions; their `start` counts from the start of the data.

        Each tensor's data must start where the previous tensor's end, which llama.cpp requires,
        too: so they cannot overlap, and an offset cannot be wrong.
        """
        tensors: list[Tensor] = []
        names: set[bytes] = set()
        due = 0
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
            size = self._tensor_size(kind, shape)
            tensors.append(Tensor(name.decode("utf-8", "replace"), shape, kind, due, size))
            due = padded(due + size, self._alignment)
        return tensors

    def _tensor_size(self, kind: int, shape: tuple[int, ...]) -> int:
        if kind not in BLOCKS:
            raise self._error(f"has a tensor of type {kind}, which is not known")
        total = tensor_size(kind, shape)
        if shape[0] % BLOCKS[kind][0] or not 0 < total <= self._size:
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
        if size > self._remaining:
            raise self._error("is cut off or damaged")
        self._remaining -= size

    def _error(self, what: str) -> ModelError:
        return ModelError(f"{self._path}: {what}; download it again, or choose another model file")

    def _split_error(self) -> ModelError:
        return ModelError(
            f"{self._path}: is one part of a model that was split over several files; "
            "join them with llama.cpp's llama-gguf-split --merge, or choose a model in one file"
        )


def tensor_size(kind: int, shape: tuple[int, ...]) -> int:
    """Return how many bytes a tensor takes; its type is a key of `BLOCKS`."""
    elements, size = BLOCKS[kind]
    return math.prod(shape) // elements * size  # Python's integers do not overflow


def padded(size: int, alignment: int) -> int:
    """Return the least multiple of the alignment that is not below the size."""
    return -(-size // alignment) * alignment
