"""Write examples as arrays of token ids, with a mask of the ids that are learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from docbot.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from docbot.distill.adapt.rows import Example

    Tokenize = Callable[[str], list[int]]

MOST_CODE, MOST_ANSWER, MOST_TOKENS = 320, 40, 420
"""Most tokens of the code, of one answer and of an example."""


def open_tokenizer(base: Path) -> Tokenize:
    """Open the tokenizer of a GGUF file; names of control tokens are read as plain text."""
    from llama_cpp import Llama

    model = Llama(str(base), vocab_only=True, verbose=False)

    def tokenize(text: str) -> list[int]:
        return list(model.tokenize(text.encode("utf-8", "replace"), add_bos=False, special=False))

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
