"""Restrict a completion to a grammar in GBNF, with llama.cpp's own grammar sampler.

https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
"""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

from docbot.errors import ModelError


class Grammar:
    """The state of a grammar within one completion: it knows which tokens may come next.

    Check the greedy token with `admits` before you call `mask`: that token is nearly always
    admitted, and checking a whole vocabulary takes longer than a small model needs for a token.

    Args:
        llama: The llama_cpp module.
        vocab: Its handle of the model's vocabulary.
        text: The grammar, in GBNF.

    Raises:
        ModelError: the text is no grammar with a rule called `root`.

    """

    def __init__(self, llama: Any, vocab: Any, text: str) -> None:
        self._llama = llama
        self._sampler = llama.llama_sampler_init_grammar(vocab, text.encode(), b"root")
        if not self._sampler:
            raise ModelError(f"a prompt's grammar is not GBNF: {text[:60]!r}")
        self.free = weakref.finalize(self, llama.llama_sampler_free, self._sampler)

    def admits(self, token: int) -> bool:
        """Check whether a token may come next."""
        return bool(self._allowed([token])[0])

    def mask(self, logits: Any) -> Any:
        """Return a row of logits with minus infinity for the tokens that may not come next."""
        import numpy as np

        return np.where(self._allowed(range(len(logits))), logits, -np.inf)

    def accept(self, token: int) -> None:
        """Advance past a token, which must be admitted."""
        self._llama.llama_sampler_accept(self._sampler, token)

    def _allowed(self, tokens: Any) -> Any:
        import numpy as np

        data = (self._llama.llama_token_data * len(tokens))()
        view = np.ctypeslib.as_array(data)
        view["id"] = tokens
        view["logit"] = 0.0
        array = self._llama.llama_token_data_array(data=data, size=len(tokens), selected=-1)
        self._llama.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return np.isfinite(view["logit"])
