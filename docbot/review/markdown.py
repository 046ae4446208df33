"""Other people's text, made neutral for Markdown as GitHub and GitLab render it.

Names, paths and code come from whoever opened the pull request. In a comment they may not mention
anybody, refer to an issue, load an image or hide a part of the page. Inside a code span or a fenced
block none of that is read, so that is where all of it goes, and the delimiters are longer than any
run of them in the text. A backslash would not do: GitHub looks for mentions in what is rendered.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""General categories without a mark on the page: controls, bidi and zero-width characters,
surrogates, private and unassigned ones, and separators of lines and paragraphs."""

_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that show nothing all the same: default ignorables, the Braille blank."""

_COMMENT = re.compile(r"<!-*|-*-->")

# A word that no Markdown, GitHub's references and autolinks included, takes for more than it is.
_WORD = re.compile(r"\(?[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\)?[,.;:?!]?|\d{1,6}(?:\.\d{1,6})?[,;:]?")
_COMMIT = re.compile(r"[0-9a-f]{7,}[,.;:?!]?", re.IGNORECASE)
_FRAMED = re.compile(r"\A(\(*)(.+?)([).,;:]*)\Z", re.DOTALL)
_FENCE = 3


def hostile(text: str) -> bool:
    """Whether the text has characters that make it read otherwise than it is; a tab is none."""
    return _seen(text) != text


def one_line(text: str, longest: int = 200) -> str:
    """The text without unseen characters, on one line, cut to `longest` with "..." at its end."""
    words = " ".join(_seen(re.sub(r"\s", " ", text)).split())
    return words if len(words) <= longest else words[: longest - 3].rstrip() + "..."


def code(text: str, longest: int = 200) -> str:
    """A code span that shows the text on one line.

    What opens or closes a comment is left out: whoever looks for a hidden marker must find none in
    a span.
    """
    words = one_line(text, longest)
    while (told := _COMMENT.sub("", words)) != words:
        words = one_line(told, longest)
    ticks = "`" * (_run(words) + 1)
    # CommonMark takes one blank off each side, where there is one on both
    pad = " " if not words.strip() or words[0] in "` " or words[-1] in "` " else ""
    return f"{ticks}{pad}{words}{pad}{ticks}"


def fence(lines: Sequence[str], info: str = "") -> str:
    """A fenced block of the lines exactly as they are, longer than any backtick run in them.

    A suggestion that differs from what was meant is worse than none, so nothing is taken out: ask
    `hostile` first. `info` is ours.
    """
    ticks = "`" * max(_FENCE, _run("\n".join(lines)) + 1)
    return "\n".join((f"{ticks}{info}", *lines, ticks))


def plain(text: str, longest: int = 500) -> str:
    """A sentence on one line: words and numbers as they are, all else in code spans.

    Brackets around a span, and what ends a clause, stand outside of it.
    """
    words = one_line(text, longest).split()
    return " ".join(
        " ".join(group) if harmless else _framed(" ".join(group), longest)
        for harmless, group in groupby(words, _harmless)
    )


def _framed(text: str, longest: int) -> str:
    return _FRAMED.sub(lambda m: f"{m[1]}{code(m[2], longest)}{m[3]}", text)


def _harmless(word: str) -> bool:
    return _WORD.fullmatch(word) is not None and _COMMIT.fullmatch(word) is None


def _seen(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    marked = (c for c in text if c == "\t" or unicodedata.category(c) not in _UNSEEN)
    return _BLANK.sub("", "".join(marked))


def _run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
