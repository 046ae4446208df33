"""Refuse to affirm what a one-line test negates, and the other way round."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docbot.gate.body import body_of
from docbot.gate.english import all_keys, is_supported, word_set
from docbot.gate.sentence import quote
from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from docbot.gate.facts import Facts
    from docbot.gate.sentence import Sentence

    Claim = tuple[bool, frozenset[str]]  # whether a test is negative, and the words of its subject

_NEGATIONS = word_set("negations")
_NOT_NEGATIVE = word_set("no negations")
_TEST = re.compile(
    r"^(?:check|test|determine|return|tell|true|verify|see|is)\b.*\b(?:if|whether|when|that)\b"
    r"|^whether\b"
)


def check_negation(sentence: Sentence, facts: Facts) -> str:
    """Refuse "if the door is open" for `state != "open"`, and "is not in" for `in`."""
    value = body_of(facts).only_value
    if value is None or not _TEST.search(" ".join(sentence.words)) or "," in sentence.text:
        return ""
    claim = _claim_of(value)
    if claim is None:
        return ""
    is_negative, subject = claim
    said = [word for word in sentence.words if is_supported(word, all_keys(subject))]
    if not said:
        return ""
    words = frozenset(sentence.words)
    if is_negative and not words & _NEGATIONS and not any(map(_is_negative, words)):
        return f"it affirms {quote(said[-1])}, which the code negates"
    if not is_negative and words & {"not", "never", "without"}:
        return f"it negates {quote(said[-1])}, which the code affirms"
    return ""


def _is_negative(word: str) -> bool:
    """Check for a prefix that negates: unknown, invalid, nonzero, disabled."""
    return word not in _NOT_NEGATIVE and bool(re.match(r"(?:un|in|im|ir|non|dis|mis)\w{4}", word))


def _claim_of(value: ast.expr) -> Claim | None:
    """Return what a test asks; None for a value that is no test, or more than one."""
    match value:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _claim_of(operand) or (False, _subject(operand))
            return not inner[0], inner[1]
        case ast.Call(func=ast.Name(id="bool"), args=[operand]):
            return _claim_of(operand) or (False, _subject(operand))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _claim_of_comparison(left, op, right)
    return None


_MEMBERSHIP = frozenset(("in", "contain", "member", "belongs", "includes"))
_EXISTENCE = frozenset(("set", "exist", "present", "defined", "available", "given"))


def _claim_of_comparison(left: ast.expr, op: ast.cmpop, right: ast.expr) -> Claim | None:
    is_negative = isinstance(op, (ast.NotEq, ast.NotIn, ast.IsNot))
    if isinstance(op, (ast.In, ast.NotIn)):
        return is_negative, _MEMBERSHIP
    if not isinstance(op, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)):
        return None
    if not isinstance(right, ast.Constant):
        return is_negative, _subject(right) | {"equal"}
    if right.value is None:
        return not is_negative, _EXISTENCE
    if isinstance(right.value, bool):
        return is_negative is right.value, _subject(left)
    return is_negative, _subject(right)


def _subject(value: ast.expr) -> frozenset[str]:
    """Return the words of what is asked about: `open` of `door.is_open()`, and of `"open"`."""
    match value:
        case ast.Call(func=func):
            return _subject(func)
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Constant(value=str() as name):
            return frozenset(split_words(name)) - {"is", "has", "get", "self", "a", "any", "all"}
    return frozenset()
