"""Write a GGUF file shaped like Qwen2.5-Coder-0.5B with random weights, to measure speed alone.

    pip install -e '.[train]'
    python benchmarks/synthetic.py half.gguf

24 layers, 896 wide, 14 query heads over 2 of keys and values, 151,936 tokens, Q8_0: it moves as
many bytes and computes as many products as the real model, but has learnt nothing. The tokenizer is
docbot-tiny's, filled up with tokens that occur in no text, so prompts are a little longer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from docbot.llm.weights import resolve

LAYERS, WIDTH, HEADS, KV_HEADS, INNER, TOKENS = 24, 896, 14, 2, 4864, 151_936
CONTEXT = 2048  # the real model has 32,768; docbot uses 4,096 at most
Q8_0 = gguf.GGMLQuantizationType.Q8_0
NORMAL = 1


def write_tokenizer(writer: gguf.GGUFWriter) -> None:
    """Write docbot-tiny's tokenizer, filled up to the size of the real one."""
    fields = gguf.GGUFReader(resolve("docbot-tiny", "").path).fields
    for name, field in fields.items():
        if not name.startswith("tokenizer."):
            continue
        value: Any = field.contents()
        if name == "tokenizer.ggml.tokens":
            value += [f"[unused{number}]" for number in range(len(value), TOKENS)]
        elif name == "tokenizer.ggml.token_type":
            value += [NORMAL] * (TOKENS - len(value))
        kind, *inner = field.types
        writer.add_key_value(name, value, kind, inner[0] if inner else None)


def main() -> None:
    """Write the file named on the command line."""
    path = Path(sys.argv[1])
    writer = gguf.GGUFWriter(path, "qwen2")
    write_tokenizer(writer)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    rng = np.random.default_rng(7)

    def matrix(name: str, rows: int, columns: int) -> None:
        weights = rng.standard_normal((rows, columns), np.float32) / np.float32(columns**0.5)
        writer.add_tensor(name, gguf.quantize(weights, Q8_0), raw_dtype=Q8_0)

    def vector(name: str, size: int, value: float) -> None:
        writer.add_tensor(name, np.full(size, value, np.float32))

    keys = WIDTH // HEADS * KV_HEADS
    matrix("token_embd.weight", TOKENS, WIDTH)
    vector("output_norm.weight", WIDTH, 1)
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        vector(f"{block}.attn_norm.weight", WIDTH, 1)
        vector(f"{block}.ffn_norm.weight", WIDTH, 1)
        for part, size in (("q", WIDTH), ("k", keys), ("v", keys)):
            matrix(f"{block}.attn_{part}.weight", size, WIDTH)
            vector(f"{block}.attn_{part}.bias", size, 0)
        matrix(f"{block}.attn_output.weight", WIDTH, WIDTH)
        matrix(f"{block}.ffn_gate.weight", INNER, WIDTH)
        matrix(f"{block}.ffn_up.weight", INNER, WIDTH)
        matrix(f"{block}.ffn_down.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
