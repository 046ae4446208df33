"""Look words up: what the gate knows of English.

The words themselves are data, in the folder `tables`: english.txt (all of English that a sentence
may use), words.txt (lists of words by what they do), syntax.txt (words that Python's syntax
implies). This module reads them, and compares words by their stems; no rule lives here.
"""

from __future__ import annotations

import functools
import pkgutil
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_table(name: str) -> Mapping[str, list[str]]:
    """Return the lines of each section of a file in `tables`.

    A section begins with its name in brackets. Blank lines, and those that begin with "# ", are
    left out.

    Raises:
        ValueError: a line comes before the first section.

    """
    sections: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in _text_of(name).splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections[line[1:-1]] = []
        elif line and not line.startswith("# ") and line != "#":
            if lines is None:
                raise ValueError(f"{name}: no section before {line!r}")
            lines.append(line)
    return sections


def read_patterns(name: str) -> Mapping[str, str]:
    """Return the regular expression of each section: any of its lines, without their slashes."""
    return {
        section: "|".join(line[1:-1] for line in lines)
        for section, lines in read_table(name).items()
    }


def _text_of(name: str) -> str:
    # not importlib.resources, whose import and first use take 30 ms; this takes 1
    data = pkgutil.get_data("docbot.gate", f"tables/{name}")
    if data is None:
        raise FileNotFoundError(name)
    return data.decode("ascii")


_WORDS = read_table("words.txt")


def word_set(section: str) -> frozenset[str]:
    """Return the words of a section of words.txt."""
    return frozenset(" ".join(_WORDS[section]).split())


def word_pairs(section: str) -> Mapping[str, str]:
    """Return the pairs of a section of words.txt, whose lines read `left = right`."""
    pairs = (line.partition(" = ") for line in _WORDS[section])
    return {left: right for left, _, right in pairs}


# A comment in words.txt says what each list is for.

VERBS = word_set("verbs")
NOUNS = word_set("nouns")
STOPWORDS = word_set("stopwords")
FILLERS = word_set("fillers")
PLAIN = word_set("plain")
KINDS = word_set("kinds")
NO_OBJECTS = word_set("no objects")
OBJECT_STARTS = word_set("object starts")
TO_VERBS = word_set("to verbs")
TO_NOUNS = word_set("to nouns")
FINITE = word_set("finite")
VERBLESS = word_set("verbless")
DANGLING = word_set("dangling")
PERSONS = word_set("persons")
FLUFF = word_set("fluff")
PHRASES = tuple(_WORDS["phrases"])
SYNONYMS = tuple(_WORDS["synonyms"])
OPPOSITES = tuple(_WORDS["opposites"])
LONG_FORMS = word_pairs("long forms")
_IRREGULAR = word_pairs("irregular")
_STEMS = word_pairs("stems")

IMPLIED = read_patterns("syntax.txt")
"""For words that the syntax shows without naming them, the pattern in `Facts.code` that does."""


@functools.cache
def english_words() -> frozenset[str]:
    """Return the words of english.txt, all lower case.

    Its makers and terms are in english.NOTICE.
    """
    return frozenset(_text_of("english.txt").split())


@functools.lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Return what the inflections of a word share, and the nouns made of a verb.

    It is the same for parse, parsed, parsing and parser; for normalise and normalizes. The English
    Snowball stemmer (Porter2) finds it; stems are only ever compared with stems.
    """
    if word in _STEMS:
        return _STEMS[word]
    word = _IRREGULAR.get(word, word)
    word = re.sub(r"(?<=\w{4})is(e|es|ed|ing|er|ation)$", r"iz\1", word)  # not raise, noise
    stemmed: str = _stemmer().stemWord(word)
    for ending in ("ion", "er", "or"):  # Porter2 leaves creation, parser and creator as they are
        root = stemmed.removesuffix(ending)
        if root != stemmed and len(root) >= LEAST_ROOT:
            return root
    return stemmed


LEAST_ROOT = 4
"""Letters that must be left of a noun made of a verb: not `err` of error."""


@functools.cache
def _stemmer() -> Any:
    from snowballstemmer import stemmer  # imports all its languages, in 20 ms

    return stemmer("english")


@functools.lru_cache(maxsize=16384)
def keys(word: str) -> frozenset[str]:
    """Return a word's keys: its stems, and the numbers of its groups of synonyms.

    Two words mean the same when their keys meet.
    """
    stems = {stem(word)}
    if match := re.fullmatch(r"(\w{4,})ations?", word):
        stems.add(stem(match.group(1)))
    return frozenset(stems.union(*(_groups().get(one, ()) for one in stems)))


@functools.lru_cache(maxsize=64)
def all_keys(words: frozenset[str]) -> frozenset[str]:
    """Return the keys of words and of what they abbreviate or run together: cfg, dirname."""
    parts = (part for word in words for part in LONG_FORMS.get(word, "").split())
    return frozenset(key for word in (*words, *parts) for key in keys(word))


def is_supported(word: str, support: frozenset[str]) -> bool:
    """Check whether a word has a key among `support`, the keys of the code's words.

    A word with a long form is supported as well if each word of that form is.
    """
    if keys(word) & support:
        return True
    parts = LONG_FORMS.get(word, "").split()
    return bool(parts) and all(keys(part) & support for part in parts)


@functools.cache
def _groups() -> Mapping[str, frozenset[str]]:
    """Return, for each stem, the numbers of the groups of synonyms that hold it."""
    groups: dict[str, set[str]] = {}
    for number, group in enumerate(SYNONYMS):
        for word in group.split():
            groups.setdefault(stem(word), set()).add(str(number))
    return {root: frozenset(numbers) for root, numbers in groups.items()}


@functools.cache
def light_keys() -> frozenset[str]:
    """Return the keys of verbs that say next to nothing, and need not come back in a sentence."""
    return frozenset(key for word in word_set("light verbs") for key in keys(word))


@functools.cache
def implications() -> Mapping[str, re.Pattern[str]]:
    """Return, for the stem of each word that syntax implies, the pattern that implies it."""
    return {
        stem(word): re.compile(pattern)
        for words, pattern in IMPLIED.items()
        for word in words.split()
    }


@functools.cache
def verb_stems() -> frozenset[str]:
    """Return the stems of `VERBS`."""
    return frozenset(map(stem, VERBS))


@functools.cache
def finite_stems() -> frozenset[str]:
    """Return the stems of `FINITE`."""
    return frozenset(map(stem, FINITE))


@functools.cache
def third_persons() -> Mapping[str, str]:
    """Return the base form of each verb's third person: try for tries."""
    pairs = {third_person(verb): verb for verb in VERBS}
    return {third: verb for third, verb in pairs.items() if third not in VERBS}


def third_person(verb: str) -> str:
    """Return the third person of a verb's base form: tries for try, has for have."""
    if irregular := _THIRD_PERSONS.get(verb.lower()):
        return irregular.capitalize() if verb[0].isupper() else irregular
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(?:s|x|z|ch|sh|o)$", verb) else "s")


_THIRD_PERSONS = {"have": "has", "be": "is"}


@functools.cache
def opposites() -> Mapping[str, str]:
    """Return, for the stem of each word of a pair of opposites, that of the other."""
    pairs = [[stem(word) for word in row.split()] for row in OPPOSITES]
    return {left: right for pair in pairs for left, right in (pair, pair[::-1])}
