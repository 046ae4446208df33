"""A grammar that an answer must obey, as llama.cpp's own samplers hold it (GBNF).

https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
"""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

from docbot.errors import ModelError


class Grammar:
    """Which tokens may come next in one answer.

    The greedy token is asked about alone first: it nearly always may come, and asking about a whole
    vocabulary costs more than a small model takes to compute it.

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
        """Whether this token may come next."""
        return bool(self._allowed([token])[0])

    def mask(self, logits: Any) -> Any:
        """The logits, a row of floats, with minus infinity for tokens that may not come."""
        import numpy as np

        return np.where(self._allowed(range(len(logits))), logits, -np.inf)

    def accept(self, token: int) -> None:
        """Go on after this token, which it admits."""
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
