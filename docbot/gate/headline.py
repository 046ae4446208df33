"""Check a model's headline against the facts of the code: a clean sentence, or a Refusal.

A small model invents plausible nouns, and the code it reads may hold instructions to it. So a reply
is never repaired beyond its mood and its blanks, and something must support each of its words: the
code's own identifiers, what the syntax plainly does, or the list of words that claim nothing. To
refuse a true sentence costs less than to write a false one.

`RULES` is the whole policy, cheapest first. A rule looks at a sentence and returns "", or what is
wrong with it. What the gate knows of English is in `english.py`.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from docbot.gate.claims import check_claims
from docbot.gate.english import (
    FILLERS,
    KINDS,
    NO_OBJECTS,
    NOUNS,
    OBJECT_STARTS,
    PLAIN,
    STOPWORDS,
    VERBS,
    all_keys,
    is_supported,
    keys,
    light_keys,
    opposites,
    stem,
    third_persons,
)
from docbot.gate.facts import FUNCTIONS, Facts
from docbot.gate.features import features_of
from docbot.gate.rules import (
    FORMS,
    GETTERS,
    check_fluff,
    check_grammar,
    check_names,
    check_repeats,
    check_shape,
    check_spelling,
    check_support,
    find_head,
    is_noun_phrase,
    unsupported_words,
)
from docbot.gate.sentence import (
    PERIOD,
    Refusal,
    Sentence,
    Verdict,
    find_markup,
    quote,
    split_sentence,
)
from docbot.scan.identifiers import split_words
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docbot.gate.features import Likelihood, Rule


MIN_WORDS, MAX_WORDS = 3, 25
"""How few and how many words a headline may have."""

# A second verb and what it governs: its mood must be that of the first.
_MIXED = r"\b(?:and|or|then|but) ([a-z]+) (?:the|an?|it|its|this|all|each|only|them|if|whether)\b"

_GIVEN = r"\b(?:given|specified|provided|passed|supplied) (\w+(?: \w+)?)"

_ALL = frozenset(("all", "every"))

# What is of something else: the object is then the thing after "of".
_MEASURES = frozenset(
    ("number", "list", "sum", "total", "size", "length", "count", "set", "copy", "name", "value")
)

_REMOVES = frozenset(("remove", "delete", "clear", "drop", "discard"))

_SENDS = frozenset(("send", "request", "post"))

# What follows a verb without being its object.
_CLAUSES = frozenset(("true", "false", "whether", "if", "that", "how", "to"))


def check_headline(
    reply: str, facts: Facts, *, ended: bool = True, rules: Sequence[Rule] = ()
) -> Verdict:
    """Check a reply, and return its first sentence, clean and imperative.

    A sentence that passed passes again, unchanged.

    Args:
        reply: The model's text.
        facts: The facts of the definition that it speaks of.
        ended: False for a reply that was cut off.
        rules: What the sentence must pass; all of `RULES` where none are named.

    Returns:
        The sentence with its period, or the refusal to write it.

    """
    problem = find_markup(reply)
    if not problem:
        sentence = read_headline(reply, facts)
        whole = ended or re.search(PERIOD, reply) is not None
        problem = "" if whole else "it stops in the middle of a sentence"
        problem = problem or next(
            (p for rule in rules or RULES if (p := rule(sentence, facts))), ""
        )
        if not problem:
            return sentence.text
    return Refusal(reason=SkipReason.REJECTED, detail=problem)


def read_headline(reply: str, facts: Facts) -> Sentence:
    """Return the first sentence, with capital and period; a function's verb is made imperative."""
    text = re.split(PERIOD, " ".join(reply.split()), maxsplit=1)[0].rstrip()
    if facts.kind in FUNCTIONS:
        text = re.sub(r"^[Tt]his (?:function|method|property) (?=[a-z]+s )", "", text)
        first, blank, rest = text.partition(" ")
        text = third_persons().get(first.lower(), first) + blank + rest
    return split_sentence(text[:1].upper() + text[1:] + ".", facts)


def _check_length(sentence: Sentence, _facts: Facts) -> str:
    count = len(sentence.tokens)
    if count < MIN_WORDS:
        return f"it has fewer than {MIN_WORDS} words"
    return f"it has more than {MAX_WORDS} words" if count > MAX_WORDS else ""


def _check_mood(sentence: Sentence, facts: Facts) -> str:
    """Require a verb's base form with an object; of classes and modules, a noun phrase as well."""
    raw = sentence.text.split()[0]
    first = sentence.tokens[0].text.lower()
    if facts.kind not in FUNCTIONS:
        verb = third_persons().get(first, first)
        is_true = verb in FORMS[facts.kind] or is_supported(
            verb, all_keys(frozenset(split_words(facts.name)))
        )
        fits = is_noun_phrase(sentence) or (verb in VERBS and is_true)
        return "" if fits else f"it does not begin like a noun phrase: {quote(raw)}"
    if facts.is_property and is_noun_phrase(sentence):
        return "" if facts.returns else "it names a value, but nothing is returned"
    return _check_imperative(sentence, facts)


def _check_imperative(sentence: Sentence, facts: Facts) -> str:
    raw = sentence.text.split()[0]
    first, second = (token.text.lower() for token in sentence.tokens[:2])
    if first not in VERBS or raw.lower() != first:
        return f"it does not begin with a verb docbot knows: {quote(raw)}"
    governs = second in OBJECT_STARTS or re.search(r"[^sui]s$", second) is not None
    governs = governs or is_supported(first, all_keys(facts.actions))
    if second in NO_OBJECTS or (first in NOUNS and not governs):
        return f"it is no imperative: {quote(f'{raw} {second}')}"
    if match := re.search(_MIXED, sentence.text):
        mixed = match.group(1)
        if mixed in third_persons():
            return f"it changes its mood at {quote(mixed)}"
    return ""


def _check_outcome(sentence: Sentence, facts: Facts) -> str:
    """Refuse to say "return", "yield" or "raise" where the body does not."""
    if facts.kind not in FUNCTIONS:
        return ""
    first = stem(sentence.tokens[0].text.lower())
    stems = {stem(word) for word in sentence.words}
    if not facts.returns and (first in GETTERS or "return" in stems):
        return "it says that something is returned, but nothing is"
    if facts.yields and first in GETTERS:
        return "it says that something is returned, but this is a generator"
    if "yield" in stems and not facts.yields:
        return "it says that something is yielded, but this is no generator"
    if stem("raise") in stems and not facts.raises:
        return "it says that something is raised, but nothing is"
    return ""


def _check_params(sentence: Sentence, facts: Facts) -> str:
    """Refuse "given ..." where that is no parameter."""
    if facts.kind not in FUNCTIONS:
        return ""
    support = all_keys(facts.params)
    for phrase in re.findall(_GIVEN, " ".join(sentence.words)):
        nouns = [word for word in phrase.split() if word not in STOPWORDS]
        if not facts.params or not any(w in FILLERS or is_supported(w, support) for w in nouns):
            return f"it says {quote(f'given {phrase}')}, which is no parameter"
    return ""


def _check_news(sentence: Sentence, facts: Facts) -> str:
    """Refuse what the name says already; kinds of value and the plainest verbs say nothing more."""
    words = sentence.words
    name_words = frozenset(split_words(facts.name))
    plain = facts.kind not in FUNCTIONS or is_noun_phrase(sentence)
    if plain or keys(words[0]) & light_keys():
        name_words |= frozenset(split_words(facts.owner))  # after any other verb the owner is news
        del words[: not plain]
    name_words = all_keys(name_words)
    empty = (STOPWORDS, FILLERS, KINDS, PLAIN, FORMS.get(facts.kind, frozenset()))
    params = all_keys(facts.params) if facts.kind in FUNCTIONS else frozenset()
    for word in words:
        is_empty = any(word in table for table in empty)
        if not is_supported(word, name_words) and (
            not is_empty or (word in PLAIN and is_supported(word, params))
        ):
            return ""
    return "it only restates the name"


def _check_name(sentence: Sentence, facts: Facts) -> str:
    """Require at least half of the name's words, since the name says what it is about.

    Synonyms count. All of them are required where the sentence has words that the code does not
    spell.
    """
    sentence_keys = all_keys(frozenset(sentence.words))
    verb = keys(sentence.words[0])
    about = [w for w in split_words(facts.name) if w not in STOPWORDS and not keys(w) & verb]
    if facts.kind in FUNCTIONS and len(about) > 1 and split_words(facts.name)[0] == about[0]:
        about = about[about[0] in VERBS :]  # the sentence has another verb for that
    missing = [word for word in about if not is_supported(word, sentence_keys)]
    if len(missing) * 2 > len(about) or (missing and unsupported_words(sentence, facts)):
        return f"it does not speak of {quote(missing[0])}, which the name does"
    if not about and len(unsupported := unsupported_words(sentence, facts)) > 1:
        return f"it says {quote(unsupported[1])}, which nothing in the code supports"
    return ""


def _check_head(sentence: Sentence, facts: Facts) -> str:
    """Require what a class or a module is said to be in its name, or else the whole name."""
    if facts.kind in FUNCTIONS:
        return ""
    name = split_words(facts.name)
    head = find_head(sentence) if is_noun_phrase(sentence) else ""
    if head and name and is_supported(head, all_keys(frozenset(name[-1:]))):
        return ""
    support = all_keys(frozenset(sentence.words))
    missing = [
        word for word in name if not is_supported(word, support) and word not in FORMS[facts.kind]
    ]
    if missing:
        return f"it does not speak of {quote(missing[0])}, which the name does"
    if head and head not in FORMS[facts.kind] and head not in FILLERS:
        return f"it speaks of {quote(head)}, not of {quote(facts.name)}"
    return ""


def _check_object(sentence: Sentence, facts: Facts) -> str:
    """Require the verb's object in the signature: taken from the body it is a guess.

    Seen on held-out code: "Stop the console." for `Progress.stop`, "Close the plugin." for a
    manager.
    """
    if facts.kind not in FUNCTIONS or facts.is_property:
        return ""
    phrase, rest = _object_of(sentence.words[1:])
    if rest[:1] == ["of"]:
        if phrase and phrase[-1] in _MEASURES:  # the number of rows, where a body counts them
            return ""
        phrase = [*phrase, *_object_of(rest[1:])[0]]  # the text of the page
    if not phrase or sentence.words[0] == "raise" or sentence.words[1] in _CLAUSES:
        return ""
    names = [facts.name, facts.owner, facts.signature.returns or ""]
    support = all_keys(
        facts.params | frozenset(word for name in names for word in split_words(name))
    )
    if any(is_supported(word, support) for word in phrase):
        return ""
    return f"it is about {quote(phrase[-1])}, which the signature is not"


def _object_of(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the noun phrase that a verb governs, without its article, and the words after it."""
    after = list(itertools.dropwhile(lambda word: word in STOPWORDS, words))
    phrase = list(itertools.takewhile(lambda word: word not in STOPWORDS, after))
    return phrase, after[len(phrase) :]


def _check_scope(sentence: Sentence, facts: Facts) -> str:
    """Refuse "remove all" where a parameter chooses, and "send to" the class that sends."""
    words = sentence.words
    if words[0] in _REMOVES and facts.signature.params and not _ALL & facts.words:
        for word in words:
            if word in _ALL:
                return f"it says {quote(word)}, but a parameter may choose"
    if facts.owner and sentence.words[0] in _SENDS and "to" in words:
        target = [word for word in words[words.index("to") + 1 :] if word not in STOPWORDS]
        if target and is_supported(target[-1], all_keys(frozenset(split_words(facts.owner)))):
            return f"it says that something is sent to {quote(target[-1])}, which sends it"
    return ""


def _check_opposites(sentence: Sentence, facts: Facts) -> str:
    """Refuse the opposite of a word of the name: push for pop, up for down."""
    name_stems = {stem(word) for word in split_words(facts.name)}
    stems = {stem(word) for word in sentence.words}
    for word in sentence.words:
        opposite = opposites().get(stem(word), "")
        if opposite in name_stems - stems and stem(word) not in name_stems:
            return f"it says {quote(word)}, the opposite of what the name does"
    return ""


RULES: tuple[Rule, ...] = (
    _check_length,
    check_shape,
    check_grammar,
    _check_mood,
    check_repeats,
    check_fluff,
    check_names,
    _check_outcome,
    _check_params,
    check_spelling,
    check_support,
    _check_name,
    _check_opposites,
    _check_head,
    _check_news,
    _check_object,
    _check_scope,
    check_claims,
)
"""All that a headline must pass, cheapest first."""


SCORED: Mapping[str, Rule] = {
    "support": check_support,
    "name": _check_name,
    "opposites": _check_opposites,
    "head": _check_head,
    "news": _check_news,
    "object": _check_object,
    "scope": _check_scope,
    "given": _check_params,
}
"""The rules that a score weighs (`score.py`), by the names of their features."""


VETOES = tuple(rule for rule in RULES if rule not in SCORED.values())
"""The rules that hold whatever the score: form, grammar, and what contradicts the syntax tree."""


def headline_features(text: str, facts: Facts, likelihood: Likelihood) -> dict[str, float]:
    """Return the features of a headline that passed the vetoes."""
    return features_of(split_sentence(text, facts), facts, likelihood, SCORED)
