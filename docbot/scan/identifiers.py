"""Split identifiers into words."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def split_words(name: str) -> list[str]:
    """Split an identifier into lower-case words.

    `HTTPServer_name2` is http, server, name, 2. Any text will do: characters that are neither ASCII
    letters nor digits separate words.
    """
    return [word.lower() for word in _WORD.findall(name)]
