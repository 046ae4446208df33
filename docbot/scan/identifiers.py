"""TODO."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def split_words(name: str) -> list[str]:
    """An identifier's words in lower case: `HTTPServer_name2` is http, server, name, 2."""
    return [word.lower() for word in _WORD.findall(name)]
