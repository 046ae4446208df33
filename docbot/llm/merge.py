"""Merge a base model and an adapter into the one file that runs, in a quantisation that is fast.

llama.cpp can add an adapter while it runs, which costs a sixth of the speed, and it has no fast
code for some quantisations. So both are done once. Tensors are read, changed and written a
megabyte at a time, so that a build takes little memory.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from docbot.errors import ModelError
from docbot.llm.adapter import read_updates
from docbot.llm.gguf import MAGIC, STRING, WORD, padded, read_header, tensor_size
from docbot.llm.quantize import BLOCK, DECODERS, F16, Q4_0, Q8_0, decode, encode
from docbot.llm.seal import EMPTY, SEAL, SealedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from docbot.llm.adapter import Update
    from docbot.llm.gguf import Header, Tensor

CHUNK = 1 << 20  # bytes copied at once, and weights changed at once


class Quantization(NamedTuple):
    """A type of tensors and, for the header, of the files that consist of them."""

    tensor: int
    file: int


QUANTIZATIONS: Mapping[str, Quantization] = {
    "F16": Quantization(F16, 1),
    "Q4_0": Quantization(Q4_0, 2),
    "Q8_0": Quantization(Q8_0, 7),
}


def merge(
    base: Path, adapter: Path, target: Path, *, quantization: str, notes: Mapping[str, str | int]
) -> str:
    """Write base and adapter as one GGUF file, and return its seal.

    Args:
        base: A model.
        adapter: An adapter for it, as llama.cpp reads them.
        target: The file to write.
        quantization: A key of `QUANTIZATIONS`, for the weight matrices. A matrix that the base has
            in Q8_0 (the table of tokens) stays as it is, unless F16 is asked for.
        notes: Keys and values for the header, behind the seal.

    Raises:
        ModelError: one of the files cannot be used, or they do not fit together.
        OSError: a file cannot be read or written.

    """
    header = read_header(base)
    wanted = QUANTIZATIONS[quantization]
    kinds = [_new_kind(tensor, wanted.tensor, base) for tensor in header.tensors]
    updates = read_updates(adapter, header.tensors)
    with base.open("rb") as source, target.open("wb") as out:
        file = SealedFile(out, header.alignment)
        file.write(_head(source, header, {**notes, "general.file_type": wanted.file}))
        file.write(_descriptions(header, kinds))
        file.pad()
        for tensor, kind in zip(header.tensors, kinds, strict=True):
            for block in _blocks(source, tensor, kind, updates.get(tensor.name)):
                file.write(block)
            file.pad()
        return file.seal()


# header


def _head(source: BinaryIO, header: Header, notes: Mapping[str, str | int]) -> bytes:
    """Return the counts and the keys: a seal to be, the notes, and the base's other keys."""
    kept = [entry for entry in header.entries if entry.key not in notes]
    counts = struct.pack("<IQQ", 3, len(header.tensors), 1 + len(notes) + len(kept))
    entries = [_entry(SEAL, EMPTY), *(_entry(key, value) for key, value in notes.items())]
    return b"".join((MAGIC, counts, *entries, *(_read(source, e.start, e.end) for e in kept)))


def _entry(key: str, value: str | int) -> bytes:
    if isinstance(value, str):
        return _text(key) + struct.pack("<I", STRING) + _text(value)
    return _text(key) + struct.pack("<II", WORD, value)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _descriptions(header: Header, kinds: list[int]) -> bytes:
    rows = []
    start = 0
    for tensor, kind in zip(header.tensors, kinds, strict=True):
        shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        rows.append(_text(tensor.name) + shape + struct.pack("<IQ", kind, start))
        start += padded(tensor_size(kind, tensor.shape), header.alignment)
    return b"".join(rows)


# tensors


def _new_kind(tensor: Tensor, wanted: int, path: Path) -> int:
    """Choose the type of a tensor of the file that runs; vectors keep theirs."""
    if len(tensor.shape) == 1 or tensor.shape[0] % BLOCK or (tensor.kind, wanted) == (Q8_0, Q4_0):
        return tensor.kind
    if tensor.kind not in DECODERS:
        raise ModelError(f"{path}: has {tensor.name} in type {tensor.kind}, which is not known")
    return wanted


def _blocks(source: BinaryIO, tensor: Tensor, kind: int, update: Update | None) -> Iterator[bytes]:
    """Yield a tensor's new bytes, some rows at a time."""
    width = tensor.shape[0]
    rows = tensor.size // (size := tensor_size(tensor.kind, (width,)))
    step = max(CHUNK // width, 1)
    for first in range(0, rows, step):
        last = min(first + step, rows)
        data = _read(source, tensor.start + first * size, tensor.start + last * size)
        if update is None and kind == tensor.kind:
            yield data
            continue
        weights = decode(tensor.kind, data).reshape(last - first, width)
        if update is not None:
            weights = weights + update.left[first:last] @ update.right
        yield encode(kind, weights)


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    data = file.read(end - start)
    if len(data) != end - start:
        raise OSError(None, "it became shorter while it was read")
    return data
