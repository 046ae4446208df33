"""Escape other people's text for Markdown as GitHub and GitLab render it.

Names, paths and code come from whoever opened the pull request. In a comment they may not mention
anybody, refer to an issue, load an image or hide a part of the page. Nothing of that works inside a
code span or a fenced block, so all such text is put there, between delimiters that are longer than
any run of them in the text. A backslash is not enough: GitHub looks for mentions in the rendered
text.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Unicode's general categories that show nothing: controls, bidi and zero-width characters,
surrogates, private and unassigned characters, and separators of lines and paragraphs."""

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that show nothing either: default ignorables, the Braille blank."""

_COMMENT_MARK = re.compile(r"<!-*|-*-->")

# A word that is plain text in Markdown, GitHub's references and autolinks included.
_WORD = re.compile(r"\(?[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\)?[,.;:?!]?|\d{1,6}(?:\.\d{1,6})?[,;:]?")
_COMMIT = re.compile(r"[0-9a-f]{7,}[,.;:?!]?", re.IGNORECASE)
_PUNCTUATED = re.compile(r"\A(\(*)(.+?)([).,;:]*)\Z", re.DOTALL)
_FENCE = 3


def has_invisible(text: str) -> bool:
    """Check whether the text has invisible characters; a tab is none."""
    return _remove_invisible(text) != text


def one_line(text: str, longest: int = 200) -> str:
    """Put the text on one line without invisible characters.

    Args:
        text: Any text.
        longest: Most characters of the result, "..." at the end of a longer text included.

    """
    words = " ".join(_remove_invisible(re.sub(r"\s", " ", text)).split())
    return words if len(words) <= longest else words[: longest - 3].rstrip() + "..."


def code(text: str, longest: int = 200) -> str:
    """Return a code span that shows the text on one line, cut to `longest` characters.

    What opens or closes an HTML comment is left out, so that no span holds a hidden marker.
    """
    line = one_line(text, longest)
    while (shorter := _COMMENT_MARK.sub("", line)) != line:
        line = one_line(shorter, longest)
    ticks = "`" * (_longest_run(line) + 1)
    # CommonMark takes one blank off each side, where there is one on both
    pad = " " if not line.strip() or line[0] in "` " or line[-1] in "` " else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(lines: Sequence[str], info: str = "") -> str:
    """Return a fenced block of exactly these lines, with a fence longer than their backticks.

    A suggestion that differs from what was meant is worse than none, so nothing is removed: check
    `has_invisible` first.

    Args:
        lines: The lines, without line ends.
        info: The info string; it is not escaped.

    """
    ticks = "`" * max(_FENCE, _longest_run("\n".join(lines)) + 1)
    return "\n".join((f"{ticks}{info}", *lines, ticks))


def neutralise(text: str, longest: int = 500) -> str:
    """Put a sentence on one line, with all but words and numbers in code spans.

    Brackets around a span, and what ends a clause, stay outside of it.
    """
    words = one_line(text, longest).split()
    return " ".join(
        " ".join(group) if harmless else _to_code_span(" ".join(group), longest)
        for harmless, group in groupby(words, _is_harmless)
    )


def _to_code_span(text: str, longest: int) -> str:
    return _PUNCTUATED.sub(lambda m: f"{m[1]}{code(m[2], longest)}{m[3]}", text)


def _is_harmless(word: str) -> bool:
    return _WORD.fullmatch(word) is not None and _COMMIT.fullmatch(word) is None


def _remove_invisible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    visible = (c for c in text if c == "\t" or unicodedata.category(c) not in _INVISIBLE_CATEGORIES)
    return _INVISIBLE.sub("", "".join(visible))


def _longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
