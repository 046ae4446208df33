"""Read the table of the models that docbot knows by name, `models.toml`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A known model: one row of the table.

    Attributes:
        name: The value of `model` that selects it.
        file: Name of its GGUF file, in the folder `models/<name>` or in the repository.
        sha256: Hash of that file, in hexadecimal; empty where only the hub knows it.
        bytes: Size of that file; 0 where only the hub knows it.
        context: Tokens that the model was made for, prompt and answer together.
        format: Its prompt format, a key of `docbot.prompt.formats.FORMATS`.
        licence: SPDX identifier.
        cell: Bytes of KV cache for one token: layers x KV heads x head size x 2 x 2 bytes.
        repository: Owner and name on the hub; empty for a model inside the package.
        revision: Commit of that repository, 40 hexadecimal digits.
        verified: Whether docbot's authors checked the file and the figures; figures of the others
            come from other projects' pins.

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

    @property
    def memory(self) -> int:
        """Estimate the bytes of memory for weights and KV cache; docbot takes 150 MB more."""
        context = min(self.context, MAX_CONTEXT)
        sequences = min(SLOTS, CELLS // context) + 1 if context else 0
        return self.bytes + self.cell * context * sequences

    @property
    def remedy(self) -> str:
        """Say what the user can do when the model's file is missing or damaged."""
        return f"run: docbot models pull {self.name}" if self.repository else "reinstall docbot"


def _read_table() -> dict[str, Model]:
    content = Path(__file__).with_name("models.toml").read_text(encoding="utf-8")
    return {name: Model(name=name, **row) for name, row in tomllib.loads(content).items()}


MODELS: Mapping[str, Model] = _read_table()
"""The known models by name, in the order of the table."""
