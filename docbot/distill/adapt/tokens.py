"""Write examples as arrays of token ids, with a mask of the ids that are learnt."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np

from docbot.atomic import replacing
from docbot.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from docbot.distill.adapt.rows import Example

    Tokenize = Callable[[str], list[int]]

MOST_CODE, MOST_ANSWER, MOST_TOKENS = 320, 40, 420
"""Most tokens of the code, of one answer and of an example."""


def open_tokenizer(base: Path) -> Tokenize:
    """Open the tokenizer of a GGUF file; names of control tokens are read as plain text.

    Raises:
        ModelError: llama.cpp refuses the file.

    """
    from docbot.llm.llama import library

    llama, *_ = library()
    params = llama.llama_model_default_params()
    params.vocab_only = True
    model = llama.llama_model_load_from_file(bytes(base), params)
    if model is None:
        raise ModelError(f"{base}: llama.cpp cannot load it; name a GGUF file")
    vocabulary = llama.llama_model_get_vocab(model)

    def tokenize(text: str) -> list[int]:
        data = text.encode("utf-8", "replace")
        size = len(data) + 8  # some vocabularies prefix a space
        ids = (ctypes.c_int32 * size)()
        count = llama.llama_tokenize(vocabulary, data, len(data), ids, size, 0, 0)
        return ids[: max(0, count)]

    return tokenize


def tokens_of(example: Example, tokenize: Tokenize) -> tuple[list[int], list[bool]]:
    """Return an example's tokens, and for each whether it is learnt.

    Only answers are learnt, each with the newline that ends it. The pieces are tokenized as
    docbot's prompts are: the code, the slot's header, the completion.
    """
    ids = tokenize(example.code)[:MOST_CODE]
    mask = [False] * len(ids)
    newline = tokenize("\n")
    for header, answer in example.slots:
        question = tokenize(header)
        reply = tokenize(f" {answer}")[:MOST_ANSWER] + newline
        if len(ids) + len(question) + len(reply) > MOST_TOKENS:
            break
        ids += question + reply
        mask += [False] * len(question) + [True] * len(reply)
    return ids, mask


def write_tokens(examples: Iterable[Example], base: Path, out: Path) -> None:
    """Write `ids` (uint16), `mask` (bool) and `ends` (the end of each example) to a .npz file.

    Raises:
        OverflowError: the vocabulary has ids above 65,535.

    """
    tokenize = open_tokenizer(base)
    ids: list[int] = []
    mask: list[bool] = []
    ends: list[int] = []
    for example in examples:
        example_ids, example_mask = tokens_of(example, tokenize)
        ids += example_ids
        mask += example_mask
        ends.append(len(ids))
    with replacing(out) as new, new.open("wb") as file:
        np.savez(file, ids=np.array(ids, np.uint16), mask=np.array(mask), ends=np.array(ends))
