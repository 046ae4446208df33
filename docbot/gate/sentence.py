"""TODO."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from docbot.gate.facts import _CODEC, Facts
from docbot.scan.identifiers import split_words
from docbot.select.skip import SkipReason

MAX_REPLY = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a text is not written: UNSURE or REJECTED, and one sentence for a person."""

    reason: SkipReason
    detail: str


Verdict = str | Refusal


def unsure(confidence: float, wanted: float) -> Refusal | None:
    """The refusal of an answer that the model does not stand behind."""
    if confidence >= wanted:  # a NaN is no confidence either
        return None
    percent = 0 if math.isnan(confidence) else math.floor(100 * confidence)  # never 60 of 60
    detail = f"the model's confidence was {percent / 100:.2f}, {wanted:.2f} is wanted"
    return Refusal(reason=SkipReason.UNSURE, detail=detail)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One word between blanks; `words` in lower case, those of an identifier when it is `code`."""

    text: str
    code: bool
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """A sentence or a phrase, with its period, and its words."""

    text: str
    tokens: tuple[Token, ...]

    @property
    def words(self) -> list[str]:
        """All of them, in lower case."""
        return [word for token in self.tokens for word in token.words]

    @property
    def plain_words(self) -> list[str]:
        """The words that are no names of the code's."""
        return [word for token in self.tokens if not token.code for word in token.words]


def markup(reply: str) -> str:
    """What no plain sentence holds; whatever passes here is safe to quote to a person."""
    if not reply.strip():
        return "the model said nothing"
    if len(reply) > MAX_REPLY:
        return f"it is longer than {MAX_REPLY} characters"
    if match := _NOT_PLAIN.search(reply):
        return f"it holds {match.group()!a}, which plain words have no use for"
    if re.search(r"\n\s*\n", reply.strip()):
        return "it has several paragraphs"
    if re.search(r"^\s*(?:-+|\d+[.)])\s", reply, re.MULTILINE):
        return "it is a list"
    return ""


def tokenized(text: str, facts: Facts) -> Sentence:
    """A text that ends with a period, told apart into words and names of the code."""
    tokens = (_token(raw, at, facts) for at, raw in enumerate(text[:-1].split()))
    return Sentence(text=text, tokens=tuple(tokens))


def _token(raw: str, at: int, facts: Facts) -> Token:
    text = raw.strip(",")
    called = text.endswith("()")
    text = text.removesuffix("()").strip("(),").removesuffix("'s").removesuffix("'")
    plain = text.strip("`")
    if plain.lower() in facts.words and _CODEC.fullmatch(plain):
        return Token(text=plain, code=False, words=(plain.lower(),))
    is_code = called or plain != text or _CODE.search(plain) is not None
    proper = at > 0 and plain[:1].isupper() and plain not in _CONSTANTS
    is_code = is_code or (proper and plain.lower() not in facts.words)
    is_code = is_code and not _ACRONYM.fullmatch(text)
    if is_code:
        return Token(text=plain, code=True, words=tuple(split_words(plain)))
    words = (word for word in re.split(r"[-/]", plain.lower()) if word)
    return Token(text=plain, code=False, words=tuple(words))


def quote(text: str) -> str:
    """A piece of the model's text, short enough to print."""
    return f"'{text[:30]}...'" if len(text) > 30 else f"'{text}'"  # noqa: PLR2004


_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 \n\t,.'`()_/-]|`{2}|'{2}")


PERIOD = r"\.(?=\s|$)"


_CODE = re.compile(r"[_.()\d]|[a-z][A-Z]|[A-Z]{2}")


_ACRONYM = re.compile(r"[A-Z]{2,}s?")


_CONSTANTS = frozenset(("True", "False", "None", "Python"))
