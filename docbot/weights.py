"""Model name to a GGUF file that may be handed to llama.cpp.

A file of the table is checked by its sha256. A file of the user's own has its header read here
first, in bounded memory: native parsers have had holes (CVE-2025-53630, CVE-2026-27940), and a
refusal in Python is one sentence where theirs may be an abort. It is no proof: give docbot only
model files you trust.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from docbot.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A known model: one row of the table.

    Attributes:
        name: What the user writes as `model`.
        file: Name of its GGUF file, in the folder `models/<name>`.
        sha256: Hash of that file, in hexadecimal.
        bytes: Its size.
        context: Tokens of prompt and answer together.
        format: Its prompt format, a key of `prompts.FORMATS`.
        licence: SPDX identifier.

    """

    name: str
    file: str
    sha256: str
    bytes: int
    context: int
    format: str
    licence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """A checked file on this disk, with what a backend has to know of it; units as in `Model`."""

    path: Path
    context: int
    format: str


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model(
            name="docbot-tiny",
            file="docbot-tiny-q8_0.gguf",
            sha256="af517c4899889b43940b5dcb07df802e8586e4f1ce80d9eb28ac691d3e569cc6",
            bytes=6_142_912,
            context=320,
            format="tasks",
            licence="Apache-2.0",
        ),
    )
}
# In a wheel the models are inside the package; in a checkout they are beside it.
FOLDERS = (Path(__file__).parent / "models", Path(__file__).parents[1] / "models")

MAX_CONTEXT = 4096  # of a file of the user's own: prompts are shorter, and the KV cache is memory
MAX_TENSORS = 65_536
MAX_KEYS = 4096
MAX_KEY = 65_535  # bytes, by the GGUF specification
MAX_NAME = 64  # bytes of an architecture's name
MAX_STRINGS = 2_000_000  # strings in arrays that are walked over, one by one
CHUNK = 1 << 20


def resolve(name: str, prompt_format: str) -> Weights:
    """The checked file for a model's name, or for the path of a GGUF file.

    A known model brings its own prompt format; `prompt_format` is for a file of the user's own.

    Raises:
        ModelError: no such model or file, or not the file it should be.

    """
    model = MODELS.get(name)
    if model is not None:
        return Weights(path=_embedded(model), context=model.context, format=model.format)
    path = Path(name)
    with suppress(RuntimeError):  # "~nobody/x.gguf" is then a path that does not exist
        path = path.expanduser()
    if path.suffix != ".gguf" and path.name == name and not path.exists():
        nearest = sorted(MODELS, key=lambda known: -_likeness(known, name))
        raise ModelError(
            f"no model is called '{name}'; known: {', '.join(nearest)}, or the path of a .gguf file"
        )
    return Weights(path=path, context=_read_context(path), format=prompt_format)


def _likeness(known: str, name: str) -> float:
    return difflib.SequenceMatcher(None, known, name.lower()).ratio()


def _embedded(model: Model) -> Path:
    for folder in FOLDERS:
        path = folder / model.name / model.file
        if path.is_file():
            verify(path, model)
            return path
    raise ModelError(f"{model.file}: is missing from the package; reinstall docbot")


@functools.cache
def verify(path: Path, model: Model) -> None:
    """Check size and sha256, once a process.

    Raises:
        ModelError: the file cannot be read, or is another one.

    """
    digest = hashlib.sha256()
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            while size == model.bytes and (block := file.read(CHUNK)):
                digest.update(block)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if size != model.bytes:
        raise ModelError(
            f"{path}: has {size} bytes where {model.name} has {model.bytes}; reinstall docbot"
        )
    if digest.hexdigest() != model.sha256:
        raise ModelError(f"{path}: is damaged (its sha256 is not {model.name}'s); reinstall docbot")


# GGUF headers: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

MAGIC = b"GGUF"
VERSIONS = (2, 3)
STRING, ARRAY = 8, 9
NUMBERS: Mapping[int, str] = {  # value type -> struct code; all little-endian
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
TENSOR = 8 + 4 + 4 + 8  # the least a tensor takes in the header: name, dimensions, type, offset


def _read_context(path: Path) -> int:
    """The context length a GGUF file names, in tokens, at most `MAX_CONTEXT`."""
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise ModelError(f"{path}: {what}; `model` takes a known name or a GGUF file's path")
        with path.open("rb") as file:
            length = _Header(file, path).context_length()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    return min(length, MAX_CONTEXT)


class _Header:
    """A walk over a GGUF header; every length is checked against the file before it is used."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._left = path.stat().st_size
        self._strings = 0

    def context_length(self) -> int:
        """The value of `<architecture>.context_length`, which the specification requires."""
        if self._left == 0:
            raise self._refusal("is empty")
        if self._bytes(min(4, self._left)) != MAGIC:
            raise self._refusal("is not a GGUF file")
        (version,) = self._unpack("I")
        if version not in VERSIONS:
            raise self._refusal(f"has GGUF version {version}, where 2 and 3 are known")
        tensors, keys = self._unpack("QQ")
        if not 0 < tensors <= MAX_TENSORS or not 0 < keys <= MAX_KEYS:
            raise self._refusal(f"claims {tensors} tensors and {keys} keys")
        if tensors * TENSOR > self._left:
            raise self._refusal("is shorter than its header says")
        architecture = ""
        lengths: dict[str, int] = {}
        for _ in range(keys):
            key = self._string(MAX_KEY)
            (kind,) = self._unpack("I")
            if key == "general.architecture" and kind == STRING:
                architecture = self._string(MAX_NAME)
            elif key.endswith(".context_length") and NUMBERS.get(kind, "?") in "HIiQq":
                (lengths[key],) = self._unpack(NUMBERS[kind])
            else:
                self._skip_value(kind)
            length = lengths.get(f"{architecture}.context_length", 0)
            if architecture and length > 0:
                return length
        raise self._refusal("does not name its architecture and context length")

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
                raise self._refusal(f"has an array of type {inner}")
        else:
            raise self._refusal(f"has a value of type {kind}")

    def _skip_strings(self, count: int) -> None:
        self._strings += count
        if self._strings > MAX_STRINGS:
            raise self._refusal(f"has an array of {count} strings")
        for _ in range(count):
            self._skip(*self._unpack("Q"))

    def _unpack(self, codes: str) -> tuple[int, ...]:
        return struct.unpack(f"<{codes}", self._bytes(struct.calcsize(f"<{codes}")))

    def _string(self, limit: int) -> str:
        (size,) = self._unpack("Q")
        if size > limit:
            raise self._refusal(f"has a key or name of {size} bytes")
        return self._bytes(size).decode("utf-8", "replace")

    def _bytes(self, size: int) -> bytes:
        self._take(size)
        data = self._file.read(size)
        if len(data) != size:
            raise self._refusal("is cut off")
        return data

    def _skip(self, size: int) -> None:
        self._take(size)
        self._file.seek(size, 1)

    def _take(self, size: int) -> None:
        if size > self._left:
            raise self._refusal("is cut off or damaged")
        self._left -= size

    def _refusal(self, what: str) -> ModelError:
        return ModelError(f"{self._path}: {what}; download it again, or choose another model file")
