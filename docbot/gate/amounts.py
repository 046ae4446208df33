"""Refuse false sentences about amounts: numbers, sums, what is filtered, ends and extremes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docbot.gate.body import Body, body_of, calls_alone, conditions, indexes, iterated, words_in
from docbot.gate.english import STOPWORDS, all_keys, is_supported, stem, word_set
from docbot.gate.rules import GETTERS
from docbot.gate.sentence import quote
from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from docbot.gate.facts import Facts
    from docbot.gate.features import Rule
    from docbot.gate.sentence import Sentence

_COMPUTES = word_set("computing verbs")
_COUNTERS = frozenset(("len", "count", "enumerate", "size", "qsize", "bincount", "Counter"))
_COUNT_WORDS = word_set("count words")
_SIZES = frozenset(("size", "sizes", "length", "order", "times", "shape"))
_UNITS = word_set("units")
_NUMBER = re.compile(
    r"^(?:(?:return|get|compute|calculate|determine|count) )?(?:the |a )?"
    r"(?:total |current |maximum |minimum |overall |exact )?"
    r"(?:(?:number|count) of (?:all )?(?:the )?(?P<things>(?:\w+ )*?\w+)"
    r"(?= (?:in|of|for|from|that|which|to|on|at|with|by|per|given|between|after|before|a|the)\b|$))"
)


def check_number(sentence: Sentence, facts: Facts) -> str:
    """Refuse "the number of" for what does not count: `sum(prices)` is no number of prices."""
    match = _NUMBER.search(" ".join(sentence.words))
    body = body_of(facts)
    if match is None or not body.nodes or _counts(body):
        return ""
    if all(isinstance(value, (ast.Name, ast.Attribute)) for value in body.returned):
        return ""  # what `self.max_steps` holds cannot be told
    last = match.group("things").split()[-1]
    adds = any(calls_alone(value) in ("sum", "max", "min") for value in body.returned)
    named = {*split_words(facts.name), *body.words} & (_COUNT_WORDS - (_SIZES if adds else set()))
    if named or facts.yields:
        return ""
    stored = all_keys(frozenset(word for value in body.returned for word in words_in(value)))
    if last in _UNITS or (not adds and is_supported(last, stored)):
        return ""
    return "it speaks of a number, and nothing is counted"


def _counts(body: Body) -> bool:
    """Check whether a body calls what counts, or adds ones."""
    added = [
        node.elt if isinstance(node, ast.GeneratorExp) else node.value
        for node in body.nodes
        if isinstance(node, ast.GeneratorExp)
        or (isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add))
    ]
    ones = any(isinstance(value, ast.Constant) and value.value == 1 for value in added)
    return ones or bool(body.calls & _COUNTERS)


_TOTALS = (
    (re.compile(r"\bsum of\b"), ast.Add, re.compile(r"sum|total|add|accumul|dot|trace|integr")),
    (
        re.compile(r"^\w+ (?:the )?(?:average|mean) "),
        ast.Div,
        re.compile(r"mean|average|avg|centroid|center|smooth"),
    ),
)
"""What is said of numbers, the operator that does it, and the names that may do it."""


def check_total(sentence: Sentence, facts: Facts) -> str:
    """Refuse "the sum of" where nothing is added up, and "the average" where nothing is divided."""
    body = body_of(facts)
    first = sentence.words[0]
    if not body.nodes or not (stem(first) in GETTERS or first in _COMPUTES):
        return ""
    for said, operator, named in _TOTALS:
        match = said.search(" ".join(sentence.words))
        does = any(isinstance(node, (operator, ast.FloorDiv)) for node in body.nodes)
        if match and not does and not any(named.search(word) for word in body.words):
            return f"it speaks of {quote(match.group().strip())}, which the code does not take"
    return ""


_QUALIFIERS = word_set("qualifiers") | word_set("negations")
_ALL = re.compile(r"\b(number of|all(?: of)?(?: the)?) ((?:[a-z]+ )*[a-z]+)")


def check_filter(sentence: Sentence, facts: Facts) -> str:
    """Refuse "the number of lines" and "all lines" where only some of them are taken."""
    match = _ALL.search(" ".join(sentence.words))
    body = body_of(facts)
    value = body.only_value
    if match is None or value is None:
        return ""
    counts = match.group(1) == "number of"
    if not any(generator.ifs for generator in _generators(value, counts=counts)):
        return ""
    words = match.group(2).split()
    stop = next((at for at, word in enumerate(words) if word in STOPWORDS and word != "the"), None)
    phrase = [word for word in words[:stop] if word != "the"]
    loops = {target for _, target in iterated(body)}
    tests = frozenset(word for test in conditions(body) for word in words_in(test)) - loops
    said = frozenset(sentence.words)
    if len(phrase) > 1 or said & _QUALIFIERS:
        return ""
    if any(is_supported(word, all_keys(tests)) for word in said):
        return ""
    return f"it says {quote(' '.join([match.group(1), *phrase]))}, and the code takes only some"


_COLLECTORS = ("sorted", "list", "tuple", "set", "frozenset")


def _generators(value: ast.expr, *, counts: bool) -> list[ast.comprehension]:
    """Return the loops of the comprehension that a value is, or whose items it counts."""
    callee = calls_alone(value)
    if isinstance(value, ast.Call) and len(value.args) == 1:
        if callee in (("len", "sum") if counts else _COLLECTORS):
            value = value.args[0]
    elif counts:
        return []
    if isinstance(value, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        return value.generators
    return []


_ENDS = (("first", "last", 0, -1), ("last", "first", -1, 0))
_ORDERED = frozenset(("next", "reversed", "sort", "sorted"))


def check_ends(sentence: Sentence, facts: Facts) -> str:
    """Refuse "first" for `[-1]`, and "last" for `[0]`."""
    body = body_of(facts)
    read = indexes(body.returned)
    if not read or body.calls & _ORDERED:
        return ""
    for word, other, right, wrong in _ENDS:
        says = word in sentence.words and other not in sentence.words
        if says and wrong in read - {right} and word not in body.words:
            return f"it says {quote(word)}, but the code takes the {other}"
    return ""


_MOST = word_set("superlatives max")
_LEAST = word_set("superlatives min")


def check_extremes(sentence: Sentence, facts: Facts) -> str:
    """Refuse "the largest" for `min`, "the smallest" for `max`, "any" for `all` and back."""
    body = body_of(facts)
    value = body.only_value
    called = calls_alone(value) if value is not None else ""
    words = frozenset(sentence.words)
    swapped = {"min": _MOST, "max": _LEAST}.get(called, frozenset()) & words - body.words
    if swapped and not {"min", "max"} <= body.calls:
        return f"it says {quote(min(swapped))}, but the code takes {quote(called)}"
    other = {"any": "all", "all": "any"}.get(called, "")
    negates = any(isinstance(node, (ast.Not, ast.NotEq, ast.NotIn)) for node in body.nodes)
    if other in words and called not in words and not negates:
        return f"it says {quote(other)}, but the code asks for {quote(called)}"
    return ""


AMOUNTS: tuple[Rule, ...] = (
    check_number,
    check_total,
    check_filter,
    check_ends,
    check_extremes,
)
"""The rules about amounts, for headlines and for what is returned."""
