"""Check a model's phrase for a section: for a parameter, for what is returned, or an exception.

The idea is that of `headline.py`, and the rules of `rules.py` apply: the code must support every
word that claims something. Besides, a phrase must fit its slot: it speaks of its parameter and not
of another, says more than the name, contradicts neither annotation nor default, and has the form
that its section wants (a noun phrase, "whether ...", "if ...").
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from docbot.gate.amounts import AMOUNTS
from docbot.gate.english import (
    FILLERS,
    KINDS,
    STOPWORDS,
    VERBS,
    all_keys,
    implications,
    is_supported,
    stem,
)
from docbot.gate.features import features_of
from docbot.gate.kinds import (
    BUILTIN_NAMES,
    DEFAULT_KINDS,
    KIND_PATTERNS,
    claimed_kind,
    default_kind,
    outer_names,
    telling_names,
)
from docbot.gate.rules import (
    MAX_PLAIN,
    check_fluff,
    check_grammar,
    check_names,
    check_repeats,
    check_shape,
    check_spelling,
    find_head,
    implied_by_syntax,
    is_noun_phrase,
    is_plain_or_nearby,
)
from docbot.gate.sentence import PERIOD, Refusal, find_markup, quote, split_sentence
from docbot.prompt.task import Task
from docbot.scan.identifiers import split_words
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from docbot.gate.facts import Facts
    from docbot.gate.features import Likelihood, Rule
    from docbot.gate.sentence import Sentence, Verdict
    from docbot.prompt.task import Slot
    from docbot.scan.definition import Parameter

MIN_WORDS, MAX_WORDS = 2, 20
"""How few and how many words a phrase may have."""

MAX_LETTERS = 2
"""A phrase need not speak of a name of so few letters."""

_DEFAULTS = frozenset(("default", "defaults", "optional", "optionally", "omitted"))
_OPENINGS = frozenset(("whether", "if", "when", "true", "false"))


def check_phrase(
    reply: str,
    facts: Facts,
    slot: Slot,
    *,
    ended: bool = True,
    scored: bool = False,
) -> Verdict:
    """Check a reply, and return its first sentence as a phrase with capital and period.

    A phrase that passed passes again, unchanged.

    Args:
        reply: The model's text.
        facts: The facts of the definition that it speaks of.
        slot: The parameter, result or exception that it describes.
        ended: As in `check_headline`.
        scored: Whether a score weighs what is not among `VETOES`.

    Returns:
        The phrase, or the refusal to write it.

    """
    problem = find_markup(reply)
    if not problem:
        text = re.split(PERIOD, " ".join(reply.split()), maxsplit=1)[0].rstrip()
        phrase = split_sentence(text[:1].upper() + text[1:] + ".", facts)
        whole = ended or re.search(PERIOD, reply) is not None
        problem = "" if whole else "it stops in the middle of a phrase"
        problem = problem or next((p for rule in COMMON if (p := rule(phrase, facts))), "")
        rules = [rule for rule in SLOTS[slot.task] if not scored or rule in VETOES]
        problem = problem or next((p for rule in rules if (p := rule(phrase, facts, slot))), "")
        if not problem:
            return phrase.text
    return Refusal(reason=SkipReason.REJECTED, detail=problem)


def _check_length(phrase: Sentence, _facts: Facts) -> str:
    count = len(phrase.tokens)
    if count < MIN_WORDS:
        return f"it has fewer than {MIN_WORDS} words"
    return f"it has more than {MAX_WORDS} words" if count > MAX_WORDS else ""


def _check_support(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Refuse words that nothing in the code supports, but for two plain ones."""
    support = all_keys(facts.words)
    exempt = _DEFAULTS if slot.task is Task.PARAM else frozenset()  # `_check_default` sees to them
    plain = 0
    for at, word in enumerate(phrase.plain_words):
        if (at == 0 and word in _OPENINGS) or word in exempt:
            continue
        if is_supported(word, support) or implied_by_syntax(word, facts):
            continue
        plain += 1
        if plain > MAX_PLAIN or not is_plain_or_nearby(word, phrase, facts):
            return f"it says {quote(word)}, which nothing in the code supports"
    return ""


COMMON: tuple[Callable[[Sentence, Facts], str], ...] = (
    _check_length,
    check_shape,
    check_grammar,
    check_repeats,
    check_fluff,
    check_names,
    check_spelling,
)
"""What every phrase must pass, whatever its slot."""


# Rules for one kind of slot


def _check_beginning(phrase: Sentence, _facts: Facts, _slot: Slot) -> str:
    if phrase.words[0] in _OPENINGS or is_noun_phrase(phrase):
        return ""
    return f"it does not begin like a noun phrase: {quote(phrase.text.split()[0])}"


def _check_condition(phrase: Sentence, _facts: Facts, _slot: Slot) -> str:
    first = phrase.tokens[0].text
    if first not in ("If", "When"):
        return f"it does not begin with 'If' or 'When': {quote(first)}"
    return ""


def _check_parameter(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Require a word that the parameter supports, and another that says more than its name."""
    param = _parameter(facts, slot)
    own = all_keys(frozenset(split_words(slot.name)))
    typed = all_keys(frozenset(split_words(telling_names(param.annotation if param else None))))
    words = [word for word in phrase.words if _is_weighty(word)]
    about = [word for word in words if is_supported(word, own) or is_supported(word, typed)]
    if not about and len(slot.name) > MAX_LETTERS:
        return f"it does not speak of {quote(slot.name)}"
    opens_clause = phrase.words[0] in ("whether", "if")
    if all(is_supported(word, own) or word in KINDS for word in words) and not opens_clause:
        return "it only restates the name"
    head = find_head(phrase)
    if not head or is_supported(head, own):
        return ""
    for other in facts.signature.params:
        if other.name != slot.name and is_supported(
            head, all_keys(frozenset(split_words(other.name)))
        ):
            return f"it speaks of {quote(other.name)}, which is another parameter"
    return ""


def _check_owner(phrase: Sentence, facts: Facts, _slot: Slot) -> str:
    """Require what a parameter is said to be "of" to be a parameter too: else it is a guess.

    Seen on held-out code: "The width of the table." for `Table.add_column`, "The name of the edge."
    for `get_edge_attributes`. A plural, as in "the number of rows", is no such owner.
    """
    match = re.search(r"\bof (?:the|an?|this|its) (.*)", " ".join(phrase.words))
    after = match.group(1).split() if match else []
    nouns = list(itertools.takewhile(lambda word: word not in STOPWORDS, after))
    support = all_keys(facts.params)
    if not nouns or nouns[-1].endswith("s") or any(is_supported(word, support) for word in nouns):
        return ""
    return f"it says {quote(f'of {nouns[-1]}')}, which is no parameter"


def _check_use(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Refuse to call a number or a flag what the code takes attributes of."""
    kind = claimed_kind(phrase)
    has_attributes = re.search(rf"(?<![\w.]){re.escape(slot.name)}\.[a-z]", facts.code)
    if kind in ("int", "float", "bool") and has_attributes:
        return f"it says {quote(kind)}, and the code takes attributes of it"
    return ""


def _check_annotation(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Refuse a kind of value that neither the annotation nor the default admits."""
    if slot.task is Task.RETURNS:
        annotation = facts.signature.returns
        default = None
    else:
        param = _parameter(facts, slot)
        annotation = param.annotation if param else None
        default = param.default if param else None
    kind = claimed_kind(phrase)
    if not kind:
        return ""
    if annotation is None and kind == "bool" and not _is_tested(facts, slot):
        return "it says that there are two cases, and the code shows none"
    if annotation is None:
        possible = DEFAULT_KINDS.get(default_kind(default), [kind])
        return "" if kind in possible else f"its default is no {quote(kind)}"
    outer = outer_names(annotation)
    if any(re.search(KIND_PATTERNS[kind], name) for name in outer):
        return ""
    is_builtin = all(name in BUILTIN_NAMES for name in outer) and bool(outer)
    if is_builtin or kind == "bool":
        return f"it says {quote(kind)}, the annotation {quote(annotation)}"
    return ""


def _check_default(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Refuse to speak of a default that the parameter does not have."""
    param = _parameter(facts, slot)
    text = phrase.text.lower()
    claims = re.search(r"\b(?:defaults?|optional(?:ly)?|omitted|by default)\b", text)
    if not claims or claims.group() in split_words(slot.name):
        return ""
    if param is None or param.default is None:
        return f"it says {quote(claims.group())}, but there is no default"
    default = re.search(r"\bdefaults? (?:to|is|of) (?:an? |the )?`?([\w.-]+?)`?(?:[ ,)]|\.$)", text)
    if default and default.group(1) not in (param.default.lower().strip("'\""), "empty"):
        return f"it says that the default is {quote(default.group(1))}"
    return ""


def _check_result(phrase: Sentence, facts: Facts, _slot: Slot) -> str:
    if not (facts.returns or facts.yields):
        return "it describes a result, but there is none"
    words = [word for word in phrase.words if _is_weighty(word) and word not in KINDS]
    about = frozenset(split_words(facts.name) + split_words(telling_names(facts.signature.returns)))
    support = all_keys(
        about | frozenset(word for text in _returned(facts) for word in split_words(text))
    )
    if not any(is_supported(word, support) for word in words):
        return "it does not speak of what is returned"
    return ""


def _check_whole_name(phrase: Sentence, facts: Facts, _slot: Slot) -> str:
    """Require all words of the function's name or none: a clique number is not just a number."""
    support = all_keys(frozenset(phrase.words))
    name = [w for w in split_words(facts.name) if len(w) > 1 and w not in STOPWORDS]
    name = name[name[:1] != [] and name[0] in VERBS :]
    missing = [word for word in name if not is_supported(word, support)]
    if missing and len(missing) < len(name):
        return f"it does not speak of {quote(missing[0])}, which the name does"
    return ""


def _check_cause(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Require a word that the code supports, and not only the exception's own name."""
    own = all_keys(frozenset(split_words(slot.name)))
    support = all_keys(facts.words)
    words = [word for word in phrase.words[1:] if _is_weighty(word)]
    if not any(is_supported(word, support) and not is_supported(word, own) for word in words):
        return "it does not say what the cause is"
    return ""


def _check_amount(phrase: Sentence, facts: Facts, _slot: Slot) -> str:
    """Refuse amounts that the tree contradicts, as in a headline."""
    return next((problem for rule in AMOUNTS if (problem := rule(phrase, facts))), "")


SLOTS: Mapping[Task, tuple[Callable[[Sentence, Facts, Slot], str], ...]] = {
    Task.PARAM: (
        _check_beginning,
        _check_support,
        _check_parameter,
        _check_owner,
        _check_use,
        _check_annotation,
        _check_default,
    ),
    Task.RETURNS: (
        _check_beginning,
        _check_support,
        _check_result,
        _check_whole_name,
        _check_annotation,
        _check_amount,
    ),
    Task.RAISES: (_check_condition, _check_support, _check_cause),
}
"""What the phrase for each kind of slot must pass besides."""


VETOES = (
    _check_beginning,
    _check_condition,
    _check_use,
    _check_annotation,
    _check_default,
    _check_amount,
)
"""The rules that hold whatever the score: form, and what contradicts the signature or the tree."""


def phrase_features(
    text: str, facts: Facts, slot: Slot, likelihood: Likelihood
) -> dict[str, float]:
    """Return the features of a phrase that passed the vetoes."""
    rules = {
        rule.__name__.removeprefix("_check_"): _bind(rule, slot)
        for rule in SLOTS[slot.task]
        if rule not in VETOES
    }
    return features_of(split_sentence(text, facts), facts, likelihood, rules)


def _bind(rule: Callable[[Sentence, Facts, Slot], str], slot: Slot) -> Rule:
    return lambda phrase, facts: rule(phrase, facts, slot)


# What phrases and annotations say


def _parameter(facts: Facts, slot: Slot) -> Parameter | None:
    return next((p for p in facts.signature.params if p.name == slot.name), None)


def _is_weighty(word: str) -> bool:
    return word not in STOPWORDS and word not in FILLERS and word not in _OPENINGS


def _returned(facts: Facts) -> list[str]:
    """Return the text after each `return` and `yield`."""
    return re.findall(r"\b(?:return|yield) ([^\n]*)", facts.code)


def _is_tested(facts: Facts, slot: Slot) -> bool:
    """Check whether the code treats an unannotated value as a truth value."""
    if slot.task is Task.RETURNS:
        returned = "\n".join(_returned(facts))
        return implications()[stem("true")].search(returned) is not None
    test = rf"\b(?:if|elif|while|not|and|or) (?:not )?{re.escape(slot.name)}\b(?! [<>=!.(\[])"
    param = _parameter(facts, slot)
    is_switch = param is not None and param.default in ("True", "False")
    return is_switch or re.search(test, facts.code) is not None
