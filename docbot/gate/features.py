"""Measure a sentence against the code: the features of its acceptance score.

A feature is a number that is the same wherever the sentence comes from; `score.py` weighs them. The
rules of `headline.py` and `section.py` are features too: 1 where a rule objects.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.gate.english import (
    FILLERS,
    KINDS,
    PLAIN,
    STOPWORDS,
    all_keys,
    is_supported,
    keys,
)
from docbot.gate.facts import FUNCTIONS
from docbot.gate.rules import GETTERS, unsupported_words
from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from docbot.gate.facts import Facts
    from docbot.gate.sentence import Sentence

    Rule = Callable[[Sentence, Facts], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Likelihood:
    """How likely the model found a sentence, in nats.

    Attributes:
        mean: Mean log-probability of its tokens.
        lowest: The lowest log-probability of a token.

    """

    mean: float
    lowest: float


VAGUE_VERBS = frozenset(
    ("handle", "process", "perform", "run", "execute", "do", "manage", "implement", "call", "use")
)
"""Verbs that hardly say what is done."""

_NEGATIONS = frozenset(("not", "no", "without", "never", "unless", "non", "except", "missing"))
_COMPARISONS = re.compile(r"(?<![-=<>!])[<>](?![<>])|[<>]=")
_COUNTS = re.compile(r"\b(?:len|count|sum|size)\b|\+= ?1|\bnum")


def features_of(
    sentence: Sentence, facts: Facts, likelihood: Likelihood, rules: Mapping[str, Rule]
) -> dict[str, float]:
    """Return all features of a sentence by their names."""
    return {
        **_likelihood_features(sentence, likelihood),
        **_word_features(sentence, facts),
        **_code_features(sentence, facts),
        **{name: float(bool(rule(sentence, facts))) for name, rule in rules.items()},
    }


def _likelihood_features(sentence: Sentence, likelihood: Likelihood) -> dict[str, float]:
    count = len(sentence.tokens)
    return {
        "mean": max(likelihood.mean, -6.0),
        "lowest": max(likelihood.lowest, -10.0),
        "total": max(likelihood.mean, -6.0) * math.sqrt(count),
        "length": math.log(max(count, 1)),
        "short": float(count <= 4),  # noqa: PLR2004 - "Get the value."
    }


def _word_features(sentence: Sentence, facts: Facts) -> dict[str, float]:
    """Compare the sentence's meaning words with the names and the code."""
    words = [word for word in sentence.words if _has_meaning(word)]
    named = all_keys(frozenset([*split_words(facts.name), *split_words(facts.owner)]))
    supported = all_keys(facts.words)
    about = [word for word in split_words(facts.name) if word not in STOPWORDS]
    spoken = all_keys(frozenset(sentence.words))
    beyond = [word for word in words if not is_supported(word, named)]
    from_body = [word for word in beyond if is_supported(word, supported)]
    first = sentence.words[0] if sentence.words else ""
    count = max(len(words), 1)
    return {
        "unsupported": float(len(unsupported_words(sentence, facts))),
        "unsupported share": len([w for w in words if not is_supported(w, supported)]) / count,
        "beyond the name": float(len(beyond)),
        "from the body": len(from_body) / count,
        "name left out": _share([w for w in about if not is_supported(w, spoken)], about),
        "verb is the name's": float(bool(about) and bool(keys(first) & keys(about[0]))),
        "verb is an action": float(is_supported(first, all_keys(facts.actions))),
        "verb returns": float(bool(keys(first) & GETTERS)),
        "vague verb": float(first in VAGUE_VERBS),
        "code names": float(sum(token.code for token in sentence.tokens)),
        "plain words": _share([w for w in words if w in PLAIN or w in KINDS], words),
        "and": float("and" in sentence.words),
        "if": float(bool({"if", "whether", "when"} & set(sentence.words))),
        "comma": float("," in sentence.text),
    }


def _code_features(sentence: Sentence, facts: Facts) -> dict[str, float]:
    """Compare what the sentence says with what the statements do."""
    code, words = facts.code, set(sentence.words)
    lines = [line for line in code.split("\n") if line.strip()]
    negated = bool(re.search(r"\bnot\b|!=", code))
    says_not = bool(words & _NEGATIONS)
    is_function = facts.kind in FUNCTIONS
    return {
        "code length": math.log(1 + len(code)),
        "lines": math.log(1 + len(lines)),
        "branches": math.log(1 + len(re.findall(r"\b(?:if|elif|except|for|while)\b", code))),
        "negation lost": float(is_function and negated and not says_not),
        "negation gained": float(is_function and says_not and not negated),
        "comparison": float(is_function and bool(_COMPARISONS.search(code))),
        "says number": float("number" in words and not _COUNTS.search(code)),
        "only raises": float(bool(lines[1:]) and lines[1].strip().startswith("raise")),
        "calls super": float("super" in code),
        "returns": float(facts.returns),
        "says return": float(bool(words & {"return", "returns", "get"})),
        "private": float(facts.name.startswith("_")),
        "method": float(bool(facts.owner)),
        "property": float(facts.is_property),
        "name length": float(len(split_words(facts.name))),
        "parameters": math.log(1 + len(facts.signature.params)),
        "parameter named": float(
            any(is_supported(word, all_keys(facts.params)) for word in words if _has_meaning(word))
        ),
    }


def _has_meaning(word: str) -> bool:
    return word not in STOPWORDS and word not in FILLERS


def _share(some: Sequence[str], of: Sequence[str]) -> float:
    return len(some) / len(of) if of else 0.0
