"""What a model may say about a function: text and Facts in, one clean sentence or a Refusal out.

A small model invents plausible nouns, and the code it reads may try to speak through it. So a reply
is never repaired beyond its mood and its blanks, and every word of it must be owed to something: to
the code's own identifiers, to what the syntax plainly does, or to the few words that claim nothing.
A true sentence lost costs less than a false one written.

`RULES` is the whole policy, cheapest first; a rule looks at a sentence and says nothing, or says
what is wrong. What it knows of English is in `words.py`.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

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
from docbot.gate.rules import (
    _GETS,
    FORMS,
    _grounded,
    _lent,
    fluff,
    grammar,
    head_of,
    is_noun_phrase,
    names,
    repeats,
    shape,
    spelling,
)
from docbot.gate.sentence import (
    PERIOD,
    Refusal,
    Sentence,
    Verdict,
    markup,
    quote,
    tokenized,
    unsure,
)
from docbot.scan.identifiers import split_words
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from collections.abc import Callable


MIN_WORDS, MAX_WORDS = 3, 25


def check(
    reply: str, facts: Facts, *, min_confidence: float, confidence: float, ended: bool = True
) -> Verdict:
    """The reply's first sentence, clean and imperative; or why there is none.

    `confidence` is the geometric mean of the reply's token probabilities; `ended` is False for a
    reply that was cut off. A sentence that passed passes again, unchanged.
    """
    if refusal := unsure(confidence, min_confidence):
        return refusal
    problem = markup(reply)
    if not problem:
        sentence = _sentence(reply, facts)
        whole = ended or re.search(PERIOD, reply) is not None
        problem = "" if whole else "it stops in the middle of a sentence"
        problem = problem or next((p for rule in RULES if (p := rule(sentence, facts))), "")
        if not problem:
            return sentence.text
    return Refusal(reason=SkipReason.REJECTED, detail=problem)


def _sentence(reply: str, facts: Facts) -> Sentence:
    """The first sentence, with capital and period; of a function, its first verb imperative."""
    text = re.split(PERIOD, " ".join(reply.split()), maxsplit=1)[0].rstrip()
    if facts.kind in FUNCTIONS:
        text = re.sub(r"^[Tt]his (?:function|method|property) (?=[a-z]+s )", "", text)
        first, blank, rest = text.partition(" ")
        text = third_persons().get(first.lower(), first) + blank + rest
    return tokenized(text[:1].upper() + text[1:] + ".", facts)


def _length(sentence: Sentence, _facts: Facts) -> str:
    count = len(sentence.tokens)
    if count < MIN_WORDS:
        return f"it has fewer than {MIN_WORDS} words"
    return f"it has more than {MAX_WORDS} words" if count > MAX_WORDS else ""


def _mood(sentence: Sentence, facts: Facts) -> str:
    """A verb's base form and something it governs; elsewhere than in a function, a noun phrase."""
    raw = sentence.text.split()[0]
    first = sentence.tokens[0].text.lower()
    if facts.kind not in FUNCTIONS:
        verb = third_persons().get(first, first)
        told = verb in FORMS[facts.kind] or is_supported(
            verb, all_keys(frozenset(split_words(facts.name)))
        )
        fits = is_noun_phrase(sentence) or (verb in VERBS and told)
        return "" if fits else f"it does not begin like a noun phrase: {quote(raw)}"
    if facts.is_property and is_noun_phrase(sentence):
        return "" if facts.returns else "it names a value, but nothing is returned"
    return _imperative(sentence, facts)


def _imperative(sentence: Sentence, facts: Facts) -> str:
    raw = sentence.text.split()[0]
    first, second = (token.text.lower() for token in sentence.tokens[:2])
    if first not in VERBS or raw.lower() != first:
        return f"it does not begin with a verb docbot knows: {quote(raw)}"
    governs = second in OBJECT_STARTS or re.search(r"[^sui]s$", second) is not None
    governs = governs or is_supported(first, all_keys(facts.deeds))
    if second in NO_OBJECTS or (first in NOUNS and not governs):
        return f"it is no imperative: {quote(f'{raw} {second}')}"
    if match := re.search(_MIXED, sentence.text):
        mixed = match.group(1)
        if mixed in third_persons():
            return f"it changes its mood at {quote(mixed)}"
    return ""


def _told_facts(sentence: Sentence, facts: Facts) -> str:
    return _told_outcome(sentence, facts) or _told_params(sentence, facts)


def _told_outcome(sentence: Sentence, facts: Facts) -> str:
    """Nothing is returned, yielded or raised that the body does not."""
    if facts.kind not in FUNCTIONS:
        return ""
    first = stem(sentence.tokens[0].text.lower())
    stems = {stem(word) for word in sentence.words}
    if not facts.returns and (first in _GETS or "return" in stems):
        return "it says that something is returned, but nothing is"
    if facts.yields and first in _GETS:
        return "it says that something is returned, but this is a generator"
    if "yield" in stems and not facts.yields:
        return "it says that something is yielded, but this is no generator"
    if stem("raise") in stems and not facts.raises:
        return "it says that something is raised, but nothing is"
    return ""


def _told_params(sentence: Sentence, facts: Facts) -> str:
    if facts.kind not in FUNCTIONS:
        return ""
    known = all_keys(facts.params)
    for phrase in re.findall(_GIVEN, " ".join(sentence.words)):
        nouns = [word for word in phrase.split() if word not in STOPWORDS]
        if not facts.params or not any(w in FILLERS or is_supported(w, known) for w in nouns):
            return f"it says {quote(f'given {phrase}')}, which is no parameter"
    return ""


def _restates(sentence: Sentence, facts: Facts) -> str:
    """Refuse what the name says already; kinds of value and the plainest verbs say nothing more."""
    words = sentence.words
    named = frozenset(split_words(facts.name))
    plain = facts.kind not in FUNCTIONS or is_noun_phrase(sentence)
    if plain or keys(words[0]) & light_keys():
        named |= frozenset(split_words(facts.owner))  # of a deed, whom it is done to is news
        del words[: not plain]
    named = all_keys(named)
    empty = (STOPWORDS, FILLERS, KINDS, PLAIN, FORMS.get(facts.kind, frozenset()))
    given = all_keys(facts.params) if facts.kind in FUNCTIONS else frozenset()
    for word in words:
        is_empty = any(word in known for known in empty)
        if not is_supported(word, named) and (
            not is_empty or (word in PLAIN and is_supported(word, given))
        ):
            return ""
    return "it only restates the name"


def _misses(sentence: Sentence, facts: Facts) -> str:
    """A name says what a function is about: at least half of it must come back in other words.

    All of it must where the sentence has words that the code does not spell.
    """
    said = all_keys(frozenset(sentence.words))
    verb = keys(sentence.words[0])
    about = [w for w in split_words(facts.name) if w not in STOPWORDS and not keys(w) & verb]
    if facts.kind in FUNCTIONS and len(about) > 1 and split_words(facts.name)[0] == about[0]:
        about = about[about[0] in VERBS :]  # the sentence has another verb for that
    missed = [word for word in about if not is_supported(word, said)]
    if len(missed) * 2 > len(about) or (missed and _lent(sentence, facts)):
        return f"it does not speak of {quote(missed[0])}, which the name does"
    if not about and len(lent := _lent(sentence, facts)) > 1:
        return f"it says {quote(lent[1])}, which nothing in the code supports"
    return ""


def _head(sentence: Sentence, facts: Facts) -> str:
    """What a class or a module is said to be must be in its name; else all of that must be told."""
    if facts.kind in FUNCTIONS:
        return ""
    name = split_words(facts.name)
    head = head_of(sentence) if is_noun_phrase(sentence) else ""
    if head and name and is_supported(head, all_keys(frozenset(name[-1:]))):
        return ""
    said = all_keys(frozenset(sentence.words))
    missed = [
        word for word in name if not is_supported(word, said) and word not in FORMS[facts.kind]
    ]
    if missed:
        return f"it does not speak of {quote(missed[0])}, which the name does"
    if head and head not in FORMS[facts.kind] and head not in FILLERS:
        return f"it speaks of {quote(head)}, not of {quote(facts.name)}"
    return ""


def _object(sentence: Sentence, facts: Facts) -> str:
    """What is done or given must stand in the signature: out of the body it is a guess.

    Read on held-out code: "Stop the console." of `Progress.stop`, "Close the plugin." of a manager.
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
    told = [facts.name, facts.owner, facts.signature.returns or ""]
    known = all_keys(facts.params | frozenset(word for text in told for word in split_words(text)))
    if any(is_supported(word, known) for word in phrase):
        return ""
    return f"it is about {quote(phrase[-1])}, which the signature is not"


def _object_of(words: list[str]) -> tuple[list[str], list[str]]:
    """The noun phrase that a verb governs, without its article, and the words after it."""
    after = list(itertools.dropwhile(lambda word: word in STOPWORDS, words))
    phrase = list(itertools.takewhile(lambda word: word not in STOPWORDS, after))
    return phrase, after[len(phrase) :]


def _scope(sentence: Sentence, facts: Facts) -> str:
    """Not all removed where a parameter chooses, and nothing sent to the one that sends it."""
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


def _contradicts(sentence: Sentence, facts: Facts) -> str:
    """Name and sentence must not hold opposites: push and pop, up and down."""
    named = {stem(word) for word in split_words(facts.name)}
    said = {stem(word) for word in sentence.words}
    for word in sentence.words:
        opposite = opposites().get(stem(word), "")
        if opposite in named - said and stem(word) not in named:
            return f"it says {quote(word)}, the opposite of what the name does"
    return ""


RULES: tuple[Callable[[Sentence, Facts], str], ...] = (
    _length,
    shape,
    grammar,
    _mood,
    repeats,
    fluff,
    names,
    _told_facts,
    spelling,
    _grounded,
    _misses,
    _contradicts,
    _head,
    _restates,
    _object,
    _scope,
)


_MIXED = r"\b(?:and|or|then|but) ([a-z]+) (?:the|an?|it|its|this|all|each|only|them|if|whether)\b"


_GIVEN = r"\b(?:given|specified|provided|passed|supplied) (\w+(?: \w+)?)"


_ALL = frozenset(("all", "every"))


_MEASURES = frozenset(
    ("number", "list", "sum", "total", "size", "length", "count", "set", "copy", "name", "value")
)


_REMOVES = frozenset(("remove", "delete", "clear", "drop", "discard"))


_SENDS = frozenset(("send", "request", "post"))


_CLAUSES = frozenset(("true", "false", "whether", "if", "that", "how", "to"))
