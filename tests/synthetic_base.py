"""A base and an adapter in miniature: tensors of the same kinds as docbot-small's, no network."""

from __future__ import annotations

import dataclasses
import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from loopback import COMMIT, Hub

from docbot.llm import builds, known_models
from docbot.llm.known_models import MODELS, Model, Wheel
from docbot.llm.quantize import F16, F32, Q4_1, Q8_0, encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

WIDTH, ROWS, RANK, ALPHA = 64, 96, 4, 8.0
FILE = "base-q4_1.gguf"
MEMBER = "a_wheel/base-q4_1.gguf"


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key: str, value: str | float) -> bytes:
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    code = "I" if isinstance(value, int) else "f"
    return text(key) + struct.pack(f"<I{code}", 4 if code == "I" else 6, value)


def gguf_file(
    keys: Mapping[str, str | int | float], tensors: Mapping[str, tuple[tuple[int, ...], int, bytes]]
) -> bytes:
    """A GGUF file; a tensor is its shape (row length first), its type and its data."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    head += b"".join(entry(key, value) for key, value in keys.items())
    data = b""
    for name, (shape, kind, content) in tensors.items():
        dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head += text(name) + dimensions + struct.pack("<IQ", kind, len(data))
        data += content + bytes(-len(content) % 32)
    return head + bytes(-len(head) % 32) + data


def q4_1(weights: np.ndarray) -> bytes:
    """Weights as Q4_1, by a plain rule: docbot itself only reads this type."""
    rows = weights.reshape(-1, 32)
    least, most = rows.min(1), rows.max(1)
    scale = ((most - least) / 15).astype("f4")
    values = np.clip(np.rint((rows - least[:, None]) / scale[:, None]), 0, 15).astype("u1")
    blocks = np.empty(len(rows), [("d", "<f2"), ("m", "<f2"), ("q", "u1", 16)])
    blocks["d"], blocks["m"], blocks["q"] = scale, least, values[:, :16] | values[:, 16:] << 4
    return blocks.tobytes()


def random(*shape: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype("f4")


def base_file(**tensors: tuple[tuple[int, ...], int, bytes]) -> bytes:
    table = encode(Q8_0, random(40, WIDTH, seed=1))
    return gguf_file(
        {
            "general.architecture": "llama",
            "llama.context_length": 512,
            "general.file_type": 3,
            "tokenizer.chat_template": "{{ messages }}" * 40,
        },
        {
            "token_embd.weight": ((WIDTH, 40), Q8_0, table),
            "blk.0.norm.weight": ((WIDTH,), F32, random(WIDTH, seed=2).tobytes()),
            "blk.0.up.weight": ((WIDTH, ROWS), Q4_1, q4_1(random(ROWS, WIDTH, seed=3))),
            "blk.1.up.weight": ((WIDTH, ROWS), Q4_1, q4_1(random(ROWS, WIDTH, seed=4))),
            "blk.1.wide.weight": ((WIDTH, 3), F16, encode(F16, random(3, WIDTH, seed=5))),
            **tensors,
        },
    )


def adapter_file(
    seed: int = 6, *, name: str = "blk.1.up.weight", rank: int = RANK, **keys
) -> bytes:
    left = encode(F16, random(ROWS, rank, seed=seed))
    return gguf_file(
        {
            "general.architecture": "llama",
            "general.type": "adapter",
            "adapter.type": "lora",
            "adapter.lora.alpha": ALPHA,
            **keys,
        },
        {
            f"{name}.lora_a": ((WIDTH, RANK), F16, encode(F16, random(RANK, WIDTH, seed=seed + 1))),
            f"{name}.lora_b": ((rank, ROWS), F16, left),
        },
    )


def row(base: bytes, **changes: object) -> Model:
    """A table's row for a base on the loopback hub and an adapter in the package."""
    plain = Model(
        name="docbot-small",
        file=FILE,
        sha256=hashlib.sha256(base).hexdigest(),
        bytes=len(base),
        context=512,
        format="tasks",
        licence="MIT",
        repository="owner/name",
        revision=COMMIT,
        adapter="adapter.gguf",
        quantization="Q8_0",
        wheel=Wheel(project="a-wheel", version="1.0", sha256="0" * 64, bytes=0, member=MEMBER),
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Small:
    """The model of the table, what it is made of, and where its adapter is."""

    model: Model
    base: bytes
    adapter: Path

    @classmethod
    def installed(cls, hub: Hub, monkeypatch: pytest.MonkeyPatch, package: Path) -> Small:
        """Take the real one's place for a test."""
        base = base_file()
        made = cls(row(base), base, package / "docbot-small" / "adapter.gguf")
        made.adapter.parent.mkdir(parents=True)
        hub.add(FILE, base)
        monkeypatch.setattr(known_models, "FOLDERS", (package, *known_models.FOLDERS))
        monkeypatch.setitem(MODELS, "docbot-small", made.model)
        made.upgrade(6)
        return made

    def upgrade(self, seed: int) -> None:
        """Have another docbot, with another adapter."""
        self.adapter.write_bytes(adapter_file(seed))
        self.restart()

    def restart(self) -> None:
        """Forget what a process remembers."""
        builds._adapter_sha256.cache_clear()
        builds._check_once.cache_clear()
