"""Write a checkpoint's LoRA as an adapter file that llama.cpp reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch

from docbot.atomic import replacing
from docbot.distill.adapt.network import ALPHA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor


def export_adapter(lora: Mapping[str, Tensor], base_sha256: str, rows: int, out: Path) -> None:
    """Write an adapter's GGUF file, in float16.

    Args:
        lora: The trained tensors by their names in `Network`.
        base_sha256: The hash of the base that it was trained on; it fits no other.
        rows: How many examples it has learnt from.
        out: The file to write.

    """
    from gguf import GGUFWriter

    with replacing(out) as new:
        writer = GGUFWriter(new, "llama")
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", ALPHA)
        writer.add_string("general.name", "docbot-small adapter")
        writer.add_string("general.license", "Apache-2.0")
        writer.add_string("docbot.base.sha256", base_sha256)
        writer.add_uint32("docbot.examples", rows)
        for name, tensor in lora.items():
            match = re.fullmatch(r"layers\.(\d+)\.matrices\.(\w+)\.([ab])", name)
            if match:
                layer, matrix, factor = match.groups()
                values = tensor.detach().to("cpu", torch.float16).numpy()
                writer.add_tensor(f"blk.{layer}.{matrix}.weight.lora_{factor}", values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
