"""Refuse what a function's tree contradicts: a number that is no count, a test that is negated.

Each rule knows one way to be false. It is silent where the tree does not decide, so that all of
these are vetoes: they hold whatever the score.
"""

from __future__ import annotations

import ast
import itertools
import re
from typing import TYPE_CHECKING

from docbot.gate.amounts import AMOUNTS
from docbot.gate.body import Body, body_of, calls_alone, conditions, iterated, result_kinds, stores
from docbot.gate.english import KINDS, PLAIN, STOPWORDS, all_keys, is_supported, stem, word_set
from docbot.gate.facts import FUNCTIONS
from docbot.gate.negation import check_negation
from docbot.gate.rules import implied_by_syntax
from docbot.gate.sentence import quote
from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from docbot.gate.facts import Facts
    from docbot.gate.features import Rule
    from docbot.gate.sentence import Sentence


# What is told of the wrong thing


_ARTICLES = frozenset(("a", "an", "the", "this", "given", "specified"))
_MANY = word_set("words for many")


def _check_plural(sentence: Sentence, facts: Facts) -> str:
    """Refuse "the size of a file" where the code goes through all `files`."""
    body = body_of(facts)
    loops = dict(iterated(body))
    words = sentence.plain_words
    if not loops or _MANY & set(words):
        return ""
    for param in facts.signature.params:
        many = (split_words(param.name) or [""])[-1]
        one = _singular(many)
        if param.name not in loops or not one or many in words or one not in words:
            continue
        at = words.index(one)
        ends = at + 1 == len(words) or words[at + 1] in STOPWORDS
        articles = [word for word in words[max(at - 3, 0) : at] if word in _ARTICLES]
        if ends and articles and not _gives_one(body, loops[param.name]):
            said = quote(f"{articles[-1]} {one}")
            return f"it speaks of {said}, and the code takes all {quote(many)}"
    return ""


def _singular(word: str) -> str:
    """Return the singular of a regular plural, "" for another word."""
    if re.fullmatch(r"\w{2,}ies", word):
        return word[:-3] + "y"
    if re.fullmatch(r"\w+(?:ss|sh|ch|x|z)es", word):
        return word[:-2]
    return word[:-1] if re.fullmatch(r"\w{2,}[^su]s", word) else ""


def _gives_one(body: Body, target: str) -> bool:
    """Check whether a body may give one of the items that it goes through."""
    values = [node.value for node in body.nodes if isinstance(node, (ast.Return, ast.Yield))]
    named = any(isinstance(value, ast.Name) and value.id == target for value in values)
    return not target or named or bool(body.calls & {"next", "min", "max", "choice", "pop"})


_RESULT_OF = re.compile(
    r"(?<!list )(?<!set )(?<!iterator )\b(?:from|of|in) (?:(?:an?|the) )?"
    r"(sorted|reversed|unique|distinct) (?:list|sequence|array|collection|iterable|items|values)\b"
)
_MADE = {"sorted": ("sorted",), "reversed": ("reversed",), "set": ("unique", "distinct")}


def _check_result_of(sentence: Sentence, facts: Facts) -> str:
    """Refuse "from a sorted list" where it is the result that is sorted."""
    match = _RESULT_OF.search(" ".join(sentence.words))
    value = body_of(facts).only_value
    if match is None or value is None:
        return ""
    if match.group(1) in _MADE.get(calls_alone(value), ()):
        return f"it says {quote(match.group())}, but the result is {match.group(1)}"
    return ""


_NO_PLACES = word_set("no places")
_PLACE = re.compile(
    r"\b(?:from|to|into|in|on) (?:an?|the|this) (?:current |given |new )?((?:[a-z]+ )*[a-z]+)"
)


def _check_place(sentence: Sentence, facts: Facts) -> str:
    """Refuse "from a file" and "to the server" where the code knows of neither."""
    support = all_keys(facts.words | facts.nearby)
    for phrase in _PLACE.findall(" ".join(sentence.plain_words)):
        nouns = list(itertools.takewhile(lambda word: word not in STOPWORDS, phrase.split()))
        if nouns and not any(_is_known(noun, support, facts) for noun in nouns):
            return f"it speaks of {quote(nouns[-1])}, of which the code knows nothing"
    return ""


def _is_known(noun: str, support: frozenset[str], facts: Facts) -> bool:
    if noun in PLAIN or noun in KINDS or noun in _NO_PLACES:
        return True
    return is_supported(noun, support) or implied_by_syntax(noun, facts)


# Directions


_OPPOSITE = {"add": "remove", "encode": "decode", "read": "write"}
_OPPOSITE |= {right: left for left, right in _OPPOSITE.items()}
_VERBS = {way: word_set(f"{way} verbs") for way in _OPPOSITE}


def _check_direction(sentence: Sentence, facts: Facts) -> str:
    """Refuse a verb where all that is called goes the other way: to write, for `file.read()`."""
    body = body_of(facts)
    verb = sentence.words[0]
    for way, other in _OPPOSITE.items():
        against = body.calls & _VERBS[other]
        if verb not in _VERBS[way] or not against or stores(body):
            continue
        does = any(_VERBS[way].intersection(split_words(call)) for call in body.calls)
        chooses = way in ("add", "remove") and _chooses(body)
        if not does and not chooses:
            return f"it says {quote(verb)}, but the code calls {quote(min(against))}"
    return ""


def _chooses(body: Body) -> bool:
    """Check whether a body may remove by taking only some, or add what it removes elsewhere."""
    return bool(conditions(body)) or any(isinstance(node, ast.If) for node in body.nodes)


# Kinds of result


_KIND_NAMES = {
    "list": "list", "tuple": "tuple", "dict": "dict", "dictionary": "dict", "set": "set",
    "string": "str", "str": "str", "integer": "int", "int": "int", "float": "float",
    "boolean": "bool", "bool": "bool",
}  # fmt: skip
_RESULT = re.compile(
    r"^(?:return|get|create|build|compute|generate) (?:an? |the )?(?:new |sorted )?"
    rf"({'|'.join(_KIND_NAMES)})\b(?=$| (?:of|from|with|containing|that|for)\b)"
    rf"|^convert .*\b(?:in)?to an? ({'|'.join(_KIND_NAMES)})$"
    rf"|^return .* as an? ({'|'.join(_KIND_NAMES)})$"
)


def _check_kind(sentence: Sentence, facts: Facts) -> str:
    """Refuse "a list of" for what is a tuple, and "whether" for what is no truth value."""
    words = " ".join(sentence.words)
    kinds = result_kinds(facts)
    if not kinds or facts.yields:
        return ""
    if re.match(r"(?:return )?(?:whether|true (?:if|when|for))\b", words):
        if not kinds & {"bool", "int"}:
            return f"it says that a truth value is returned, but it is {quote(min(kinds))}"
        return ""
    match = _RESULT.search(words)
    claimed = _KIND_NAMES[next(filter(None, match.groups()))] if match else ""
    if claimed and claimed not in kinds and not (claimed == "int" and "bool" in kinds):
        return f"it says {quote(claimed)}, but the result is {quote(min(kinds))}"
    return ""


def _check_copy(sentence: Sentence, facts: Facts) -> str:
    """Refuse "a new ..." and "a copy" where the object itself or a parameter is returned."""
    body = body_of(facts)
    own = {"self", *(param.name for param in facts.signature.params)}
    given = bool(body.returned) and all(
        isinstance(value, ast.Name) and value.id in own for value in body.returned
    )
    assigned = {
        node.id
        for node in body.nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    match = re.match(r"return an? (?:\w+ )?(new|copy)\b", " ".join(sentence.words))
    if given and match and not assigned & own:
        return f"it says {quote(match.group(1))}, but what is returned was there before"
    return ""


def _check_outcome(sentence: Sentence, facts: Facts) -> str:
    """Refuse to say that a condition is checked where nothing tells the outcome."""
    body = body_of(facts)
    if not body.nodes or facts.returns or facts.raises or facts.yields:
        return ""
    if sentence.words[0] != "check" or sentence.words[1] not in ("if", "whether"):
        return ""
    tells = any(isinstance(node, ast.Assert) for node in body.nodes) or stores(body)
    if tells or any(_TELLS.search(call) for call in body.calls):
        return ""
    return "it says that something is checked, but nothing tells the outcome"


_TELLS = re.compile(r"warn|print|echo|log|error|fail|exit|raise|write|show|assert|check|valid|info")


_NEVER = re.compile(r"(?:NoReturn|Never)$")


def _check_never(sentence: Sentence, facts: Facts) -> str:
    """Refuse the name's own verb for a function that never returns, unless it calls that."""
    body = body_of(facts)
    verb = stem(sentence.words[0])
    if not body.nodes or (verb == stem("raise") and facts.raises):
        return ""
    if facts.tree is not None and isinstance(facts.tree.body[0], ast.Raise):
        return f"it says {quote(sentence.words[0])}, but the function only raises"
    if not _NEVER.search(facts.signature.returns or ""):
        return ""
    called = {stem(word) for call in body.calls for word in split_words(call)}
    if verb in called or any(isinstance(node, (ast.While, ast.For)) for node in body.nodes):
        return ""
    return f"it says {quote(sentence.words[0])}, but the function never returns"


CLAIMS: tuple[Rule, ...] = (
    *AMOUNTS,
    check_negation,
    _check_plural,
    _check_result_of,
    _check_place,
    _check_direction,
    _check_kind,
    _check_copy,
    _check_outcome,
    _check_never,
)
"""The rules about functions that a tree can prove wrong."""


def check_claims(sentence: Sentence, facts: Facts) -> str:
    """Refuse what the tree of a function contradicts, by the first of `CLAIMS` that objects."""
    if facts.kind not in FUNCTIONS or not sentence.words:
        return ""
    return next((problem for rule in CLAIMS if (problem := rule(sentence, facts))), "")
