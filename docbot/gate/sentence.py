"""Split a model's reply into words, and refuse what is no plain sentence."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from docbot.gate.facts import CODEC, Facts
from docbot.scan.identifiers import split_words
from docbot.select.skip import SkipReason

MAX_REPLY = 2000
"""How many characters a reply may have."""

PERIOD = r"\.(?=\s|$)"
"""The pattern of a period that ends a sentence."""

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 \n\t,.'`()_/-]|`{2}|'{2}")

_CODE = re.compile(r"[_.()\d]|[a-z][A-Z]|[A-Z]{2}")

_ACRONYM = re.compile(r"[A-Z]{2,}s?")

_CONSTANTS = frozenset(("True", "False", "None", "Python"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A refusal to write a text.

    Attributes:
        reason: UNSURE or REJECTED.
        detail: One sentence that says why.
        text: What was refused, for people; "" where it is not plain enough to be quoted.
        confidence: How sure the model, or the score of its texts, was; None where no score was
            worked out.

    """

    reason: SkipReason
    detail: str
    text: str = ""
    confidence: float | None = None


Verdict = str | Refusal
"""A text that may be written, or the refusal to write it."""


def refuse_unsure(confidence: float, wanted: float) -> Refusal | None:
    """Refuse an answer of which the model is less sure than wanted; both lie in 0 to 1."""
    if confidence >= wanted:  # a NaN is no confidence either
        return None
    percent = 0 if math.isnan(confidence) else math.floor(100 * confidence)  # never 60 of 60
    detail = f"the model's confidence was {percent / 100:.2f}, {wanted:.2f} is wanted"
    return Refusal(reason=SkipReason.UNSURE, detail=detail)


def refuse_improbable(text: str, probability: float, wanted: float) -> Refusal | None:
    """Refuse a text whose probability of being accepted is lower than wanted; it is quoted."""
    if probability >= wanted:
        return None
    percent = math.floor(100 * probability)
    detail = f"'{text}' is right with probability {percent / 100:.2f}, {wanted:.2f} is wanted"
    return Refusal(reason=SkipReason.UNSURE, detail=detail)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One word between blanks, and its parts in lower case.

    Attributes:
        text: The word without commas, brackets, backquotes and `'s`.
        code: Whether it is a name or a number of the code.
        words: Its parts in lower case: those of an identifier, or of a hyphenated word.

    """

    text: str
    code: bool
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """A sentence or a phrase, with its period, and its tokens."""

    text: str
    tokens: tuple[Token, ...]

    @property
    def words(self) -> list[str]:
        """Return the words of all tokens, in lower case."""
        return [word for token in self.tokens for word in token.words]

    @property
    def plain_words(self) -> list[str]:
        """Return the words that are not part of the code's names, in lower case."""
        return [word for token in self.tokens if not token.code for word in token.words]


def find_markup(reply: str) -> str:
    """Find what no plain sentence holds: markup, lists, paragraphs, or nothing at all.

    Returns:
        What is wrong, "" for nothing. A reply that passes is safe to quote to a person.

    """
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


def split_sentence(text: str, facts: Facts) -> Sentence:
    """Split a text that ends with a period into words and names of the code."""
    tokens = (_token(raw, at, facts) for at, raw in enumerate(text[:-1].split()))
    return Sentence(text=text, tokens=tuple(tokens))


def _token(raw: str, at: int, facts: Facts) -> Token:
    text = raw.strip(",")
    is_call = text.endswith("()")
    text = text.removesuffix("()").strip("(),").removesuffix("'s").removesuffix("'")
    plain = text.strip("`")
    if plain.lower() in facts.words and CODEC.fullmatch(plain):
        return Token(text=plain, code=False, words=(plain.lower(),))
    is_code = is_call or plain != text or _CODE.search(plain) is not None
    proper = at > 0 and plain[:1].isupper() and plain not in _CONSTANTS
    is_code = is_code or (proper and plain.lower() not in facts.words)
    is_code = is_code and not _ACRONYM.fullmatch(text)
    if is_code:
        return Token(text=plain, code=True, words=tuple(split_words(plain)))
    words = (word for word in re.split(r"[-/]", plain.lower()) if word)
    return Token(text=plain, code=False, words=tuple(words))


def quote(text: str) -> str:
    """Quote a piece of the model's text, cut short enough to print."""
    return f"'{text[:30]}...'" if len(text) > 30 else f"'{text}'"  # noqa: PLR2004
