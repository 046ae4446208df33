"""Turn names of a repository into text that is shown as it is, whoever chose them."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\ufeff\\ufff9-\\ufffb\\U000e0000-\\U000e007f]"
)
"""Characters that nobody sees, or that turn the text after them around."""

_NO_TEXT = re.compile("[\\ud800-\\udfff]")
"""Surrogates: bytes of a name in no encoding, from 0xdc80 on, or nothing at all."""


def shown(text: str) -> str:
    """Return a name with escapes for what cannot be seen or is no text."""
    return _NO_TEXT.sub(_surrogate, _HIDDEN.sub(_escape, text))


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _surrogate(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"  # noqa: PLR2004
