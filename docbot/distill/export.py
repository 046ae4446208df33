"""Export a checkpoint and its tokenizer as GGUF files: float32, and as llama.cpp quantises them.

llama.cpp's answers are then compared with PyTorch's; sizes, hashes and the result go into
export.json. Weights can also be moved from another machine as bfloat16, in small pieces.
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from docbot.distill.train.shards import Rows
from docbot.distill.train.student import FUSED, Shape, Student
from docbot.distill.train.training import load
from docbot.distill.vocabulary import ANSWER, BODY, END, PAD, SPECIAL, SUM
from docbot.errors import ConfigError, ModelError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from tokenizers import Tokenizer
    from torch import Tensor

NAME = "docbot-tiny"
QUANTISATIONS = ("F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M")
PIECE = 15 * 2**20 - 2**16  # bytes of a piece: under 15 MiB with what a transfer adds
BLOCK = 64  # prompts that PyTorch answers at once
NAMES = {
    "attn_norm.weight": ("attn_norm",),
    "ffn_norm.weight": ("ffn_norm",),
    "qkv": ("attn_q", "attn_k", "attn_v"),
    "out": ("attn_output",),
    "gate_up": ("ffn_gate", "ffn_up"),
    "down": ("ffn_down",),
}  # of a block's weights: the student's name, then llama.cpp's


@dataclass(frozen=True, kw_only=True)
class Equality:
    """How far llama.cpp's greedy answers equal PyTorch's.

    Attributes:
        rows: Number of prompts.
        answers: Number of answers with the same text.
        tokens: Number of prompts with the same token ids.
        furthest: Largest difference between two equal answers' log-probabilities, in nats.

    """

    rows: int
    answers: int
    tokens: int
    furthest: float


# Writing GGUF files


def named_tensors(weights: dict[str, Tensor], shape: Shape) -> Iterator[tuple[str, Tensor]]:
    """Yield the weights with llama.cpp's names.

    The output is tied to the embedding, so it has no tensor of its own.
    """
    yield "token_embd.weight", weights["embed"]
    yield "output_norm.weight", weights["norm.weight"]
    for layer in range(shape.layers):
        for fused, names in NAMES.items():
            parts = weights[f"blocks.{layer}.{fused}"].chunk(FUSED.get(fused, 1))
            for name, part in zip(names, parts, strict=True):
                yield f"blk.{layer}.{name}.weight", part


def write_gguf(state: dict[str, Any], tokenizer: Path, path: Path) -> None:
    """Write a checkpoint as a float32 GGUF file of architecture "llama".

    Raises:
        ConfigError: the tokenizer is not this student's.

    """
    import gguf

    shape = Shape(**state["shape"])
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(NAME)
    writer.add_license("apache-2.0")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_freq_base(shape.theta)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_vocab_size(shape.vocab)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _write_vocabulary(writer, tokenizer, shape.vocab)
    for name, weight in named_tensors(state["model"], shape):
        writer.add_tensor(name, np.ascontiguousarray(weight.float().numpy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_vocabulary(writer: Any, path: Path, size: int) -> None:
    import gguf

    tokenizer = read_tokenizer(path)
    names = {index: token for token, index in tokenizer.get_vocab().items()}
    if max(names) >= size:
        raise ConfigError(f"{path}: has more than the student's {size} tokens; train it again")
    kinds = [
        gguf.TokenType.NORMAL if id_ in names else gguf.TokenType.UNUSED for id_ in range(size)
    ]
    kinds[: len(SPECIAL)] = [gguf.TokenType.CONTROL] * len(SPECIAL)
    merges = json.loads(path.read_text(encoding="utf-8"))["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([names.get(id_, f"<|unused {id_}|>") for id_ in range(size)])
    writer.add_token_types(kinds)
    writer.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in merges])
    writer.add_bos_token_id(END)  # never added; without the key llama.cpp assumes token 11
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(False)  # noqa: FBT003 - gguf's signature


def read_tokenizer(path: Path) -> Tokenizer:
    """Read the tokenizer of a working folder.

    Raises:
        ConfigError: the file is missing, broken, or its special tokens are not docbot's.

    """
    import tokenizers

    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:
        raise ConfigError(f"{path}: is no tokenizer ({error}); run the corpus command") from error
    for index, token in enumerate(SPECIAL):
        if tokenizer.token_to_id(token) != index:
            raise ConfigError(f"{path}: {token} is not token {index}; train the tokenizer again")
    return tokenizer


def quantise(source: Path, path: Path, kind: str) -> None:
    """Quantise a GGUF file to another type; `kind` is llama.cpp's name of it, such as `Q6_K`.

    Raises:
        ModelError: llama.cpp refuses.

    """
    from docbot.llm.llama import library, listening

    llama, *_ = library()
    params = llama.llama_model_quantize_default_params()
    params.ftype = getattr(llama, f"LLAMA_FTYPE_MOSTLY_{kind}")
    params.nthread = torch.get_num_threads()
    with listening() as complaints:
        failed = llama.llama_model_quantize(bytes(source), bytes(path), ctypes.byref(params))
    if failed:
        reason = complaints[0] if complaints else "no reason given"
        raise ModelError(f"{source}: llama.cpp does not quantise it to {kind} ({reason})")


# Comparing the two runtimes


@torch.no_grad()
def decode_greedily(
    student: Student, prompts: Sequence[Sequence[int]], max_tokens: int = ANSWER
) -> list[tuple[list[int], float]]:
    """Return each prompt's greedy answer and its summed log-probability, in nats.

    An answer's token ids exclude the end token, but the sum includes its log-probability. Every
    step reads the whole text again: this is a simple reference to compare with, and needs no
    cache.
    """
    answers: list[tuple[list[int], float]] = [([], 0.0) for _ in prompts]
    order = sorted(range(len(prompts)), key=lambda at: len(prompts[at]))
    for begin in range(0, len(order), BLOCK):
        live = order[begin : begin + BLOCK]
        for _ in range(max_tokens):
            texts = [[*prompts[at], *answers[at][0]] for at in live]
            longest = max(map(len, texts))
            ids = torch.tensor([[*text, *[PAD] * (longest - len(text))] for text in texts])
            last = torch.tensor([len(text) - 1 for text in texts])
            hidden = student(ids)[torch.arange(len(live)), last]
            best = torch.log_softmax(hidden @ student.embed.T, -1).max(-1)
            steps = zip(live, best.indices.tolist(), best.values.tolist(), strict=True)
            for at, token, logprob in steps:
                answer, total = answers[at]
                answers[at] = (answer if token == END else [*answer, token], total + logprob)
            is_end = best.indices == END
            live = [at for at, over in zip(live, is_end.tolist(), strict=True) if not over]
            if not live:
                break
    return answers


def compare(student: Student, gguf: Path, tokenizer: Tokenizer, rows: Rows) -> Equality:
    """Compare the student's greedy answers to the rows' prompts with its GGUF file's.

    Raises:
        ModelError: llama.cpp refuses the file.

    """
    from docbot.llm.batching import LlamaCpp
    from docbot.llm.protocol import Prompt

    heads = [int(rows.ids[at]) for at in rows.start]
    spans = zip(rows.start, rows.prompt, strict=True)
    bodies = [tokenizer.decode(rows.ids[at + 1 : at + size - 1].tolist()) for at, size in spans]
    encoded = [each.ids for each in tokenizer.encode_batch(bodies, add_special_tokens=False)]
    token_prompts = [[head, *body[-BODY:], SUM] for head, body in zip(heads, encoded, strict=True)]
    prompts = [
        Prompt(head=SPECIAL[head], body=body, tail=SPECIAL[SUM], keep=BODY, keep_end=True)
        for head, body in zip(heads, bodies, strict=True)
    ]
    expected = decode_greedily(student, token_prompts)
    same, furthest = 0, 0.0
    threads = torch.get_num_threads()
    context = student.shape.context
    with LlamaCpp(gguf, context=context, max_tokens=ANSWER, threads=threads) as backend:
        for at, completion in backend.complete(prompts):
            tokens, logprob = expected[at]
            if completion.text == tokenizer.decode(tokens):
                same += 1
                furthest = max(furthest, abs(completion.logprob - logprob))
    llama_encoded = encode_by_llama(gguf, bodies)
    same_tokens = sum(ours == theirs for ours, theirs in zip(encoded, llama_encoded, strict=True))
    return Equality(rows=len(prompts), answers=same, tokens=same_tokens, furthest=furthest)


def encode_by_llama(gguf: Path, texts: Sequence[str]) -> list[list[int]]:
    """Return the texts' token ids by llama.cpp, which reads only the file's vocabulary.

    Raises:
        ModelError: llama.cpp refuses the file.

    """
    from docbot.llm.llama import library

    llama, *_ = library()
    params = llama.llama_model_default_params()
    params.vocab_only = True
    model = llama.llama_model_load_from_file(bytes(gguf), params)
    if model is None:
        raise ModelError(f"{gguf}: llama.cpp cannot load it; export it again")
    vocabulary = llama.llama_model_get_vocab(model)
    encoded = []
    for data in map(str.encode, texts):
        ids = (ctypes.c_int32 * (len(data) + 8))()
        room = len(ids)
        size = llama.llama_tokenize(vocabulary, data, len(data), ids, room, False, False)  # noqa: FBT003
        encoded.append(list(ids[: max(0, size)]))
    llama.llama_model_free(model)
    return encoded


# Moving weights between machines


def write_pieces(checkpoint: Path, folder: Path) -> list[Path]:
    """Write shape and weights as bfloat16, in files of less than 15 MiB.

    The returned files, sorted by name, are in the order in which they join.
    """
    state = load(checkpoint)
    weights = {name: weight.bfloat16() for name, weight in state["model"].items()}
    buffer = io.BytesIO()
    torch.save({"shape": state["shape"], "model": weights}, buffer)
    data = buffer.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{NAME}.bf16.*"):
        old.unlink()
    paths = []
    for number, begin in enumerate(range(0, len(data), PIECE)):
        paths.append(folder / f"{NAME}.bf16.{number:02d}")
        paths[-1].write_bytes(data[begin : begin + PIECE])
    return paths


def join_pieces(folder: Path, checkpoint: Path) -> None:
    """Join a checkpoint from its pieces, to be exported or to be a run's `--init`.

    Raises:
        ConfigError: pieces are missing or damaged.

    """
    data = b"".join(path.read_bytes() for path in sorted(folder.glob(f"{NAME}.bf16.*")))
    try:
        state = torch.load(io.BytesIO(data), weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError) as error:
        raise ConfigError(f"{folder}: its pieces make no checkpoint; copy them again") from error
    state["model"] = {name: weight.float() for name, weight in state["model"].items()}
    torch.save(state, checkpoint)


# The command


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `export`."""
    add = parser.add_argument
    add("--checkpoint", type=Path, help="default: WORK/checkpoint.pt")
    add("--rows", type=int, default=200, help="held-out rows that both runtimes answer")
    add("--threads", type=int, default=0, help="CPU threads; 0: PyTorch's choice")
    add("--pieces", type=Path, help="only write the weights as bfloat16 pieces into this folder")
    add("--join", type=Path, help="first join the pieces of this folder into the checkpoint")


def run(options: argparse.Namespace) -> None:
    """Export, quantise and compare the checkpoint, and write export.json.

    Raises:
        ConfigError: checkpoint, pieces, tokenizer or held-out rows are missing or do not fit.
        ModelError: llama.cpp refuses a file.

    """
    if options.threads:
        torch.set_num_threads(options.threads)
    checkpoint = options.checkpoint or options.work / "checkpoint.pt"
    if options.pieces:
        for path in write_pieces(checkpoint, options.pieces):
            print(f"{path}: {path.stat().st_size:,} bytes")
        return
    if options.join:
        join_pieces(options.join, checkpoint)
    state = load(checkpoint)
    tokenizer = options.work / "tokenizer.json"
    full = options.work / f"{NAME}-f32.gguf"
    write_gguf(state, tokenizer, full)
    files = [_describe(full, "F32")]
    for kind in QUANTISATIONS:
        path = options.work / f"{NAME}-{kind.lower()}.gguf"
        quantise(full, path, kind)
        files.append(_describe(path, kind))
    student = Student(Shape(**state["shape"]))
    student.load_state_dict(state["model"])
    student.eval()
    held_out = Rows.read(sorted(options.work.glob("heldout-*.npz")), student.shape.context)
    if not len(held_out):
        raise ConfigError(f"{options.work}: has no heldout-*.npz; run the corpus command first")
    indices = np.random.default_rng(0).permutation(len(held_out))[: options.rows]
    equality = compare(student, full, read_tokenizer(tokenizer), held_out.only(indices))
    print(
        f"of {equality.rows} rows: {equality.answers} greedy answers and "
        f"{equality.tokens} prompts' tokens "
        f"are equal in llama.cpp and PyTorch; log-probabilities differ by {equality.furthest:.1e}"
    )
    report = {"shape": state["shape"], "progress": state.get("progress"), "files": files}
    report["equality"] = vars(equality)
    text = json.dumps(report, indent=2) + "\n"
    (options.work / "export.json").write_text(text, encoding="utf-8")


def _describe(path: Path, kind: str) -> dict[str, str | int]:
    """Print a file's size, and return its entry in export.json."""
    data = path.read_bytes()
    print(f"{path.name}: {len(data):,} bytes")
    digest = hashlib.sha256(data).hexdigest()
    return {"file": path.name, "quantisation": kind, "bytes": len(data), "sha256": digest}
