"""Hold the rules that headlines and phrases of sections share.

A rule looks at a sentence and at the facts of the code. It returns "", or what is wrong with the
sentence. What the rules know of English is in `english.py`; the order in which they are asked, in
`headline.py` and `section.py`.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from docbot.gate.english import (
    DANGLING,
    FILLERS,
    FLUFF,
    NO_OBJECTS,
    NOUNS,
    OBJECT_STARTS,
    PERSONS,
    PHRASES,
    PLAIN,
    STOPWORDS,
    TO_NOUNS,
    TO_VERBS,
    VERBLESS,
    VERBS,
    all_keys,
    english_words,
    finite_stems,
    implications,
    is_supported,
    stem,
    third_persons,
    verb_stems,
    word_set,
)
from docbot.gate.facts import FUNCTIONS, Facts
from docbot.gate.sentence import Sentence, quote
from docbot.scan.definition import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM_WORDS = 4
"""How many first words of a class's or a module's sentence may say what it is (`FORMS`)."""

LONG = 8
"""From how many words on a sentence may repeat one of them."""

MAX_PLAIN = 2
"""How many words may be plain, or of the code's surroundings, without being in the code."""

GETTERS = frozenset(("return", "get", "fetch", "retriev", "obtain"))
"""Stems of the verbs that say that something is returned."""

FORMS: Mapping[Kind, frozenset[str]] = {
    Kind.CLASS: word_set("class forms"),
    Kind.MODULE: word_set("module forms"),
}
"""What a class or a module may be said to be without support from a name."""

# "a" before a vowel's sound, "an" before a consonant's.
_ARTICLES = frozenset(("a", "an", "the", "any", "each", "every", "all", "this", "that"))

# Words that a sentence may repeat.
_REPEATABLE = frozenset(("true", "false", "none", "given"))

# "a the", "of for", "and of", and commas out of place.
_UNGRAMMATICAL = re.compile(
    r"\b(?:an?|the|this|its) (?:an?|the|this|its|of|to|for|with|and|or|if|is|are|in|from|that)\b"
    r"|\b(?:of|for|with|from|into) (?:of|for|with|to|and|or|is|are)\b"
    r"|\b(?:and|or|but) (?:of|and|or)\b|,,|\(\s|, ?\)|^\w+ ,"
)

_ARTICLE = re.compile(
    r"\ba (?!un[ijqa]|u[rtsu]|one|once|eu)[aeiou]\w*|\ban (?:us(?:e|u)|uni[qtv]|one|eu)\w*"
    r"|\ban (?!hour|hono|heir|html|http|[A-Z]|[fhlmnrsx]\d|[lmnr][dfnpr]|ss|sql|x[ms])"
    r"[b-df-hj-np-tv-z]\w*"
)

# What follows a conjunction must have a verb.
_CLAUSE = re.compile(r"\b(?i:if|whether|when|unless) ([^,]+)")

# "to the", with the word before it.
_TOWARDS = re.compile(r"(\w+) to (?:the|an?|its|this|each)\b")


def is_noun_phrase(sentence: Sentence) -> bool:
    """Check whether a sentence begins like a noun phrase, or like a clause: "Whether ..."."""
    first, second = (token.text.lower() for token in sentence.tokens[:2])
    if first in ("the", "a", "an", "whether"):
        return True
    verb = first in VERBS and (first not in NOUNS or second in OBJECT_STARTS)
    is_name = first in english_words() or not sentence.tokens[0].code
    return is_name and not (
        verb or first in third_persons() or first in NO_OBJECTS or first in STOPWORDS
    )


def check_shape(sentence: Sentence, _facts: Facts) -> str:
    """Refuse what does not end like a sentence, and stray brackets, quotes and contractions."""
    text = sentence.text
    if not re.search(r"[A-Za-z0-9)`_]\.$", text) or ".." in text:
        return "it does not end like a sentence"
    if text.count("(") != text.count(")") or text.count("`") % 2:
        return "it opens what it does not close"
    if any("'" in token.text or not token.words for token in sentence.tokens):
        return "it has quotes, a contraction or a word without letters"
    last = sentence.tokens[-1].text.lower()
    return f"it ends with {quote(last)}" if last in DANGLING else ""


def check_grammar(sentence: Sentence, _facts: Facts) -> str:
    """Refuse broken grammar, such as "a the" or "if the file": weak models write it often."""
    text = sentence.text
    if match := _UNGRAMMATICAL.search(text.lower()) or _ARTICLE.search(text):
        return f"it is broken at {quote(match.group())}"
    if (match := _CLAUSE.search(text)) and not _has_verb(match.group(1)):
        return f"it has no verb after {quote(match.group())}"
    match = _TOWARDS.search(text.lower())
    if match and match.group(1) not in TO_NOUNS and not TO_VERBS.intersection(sentence.words):
        return f"it is broken at {quote(match.group())}"
    return ""


def _has_verb(clause: str) -> bool:
    words = re.findall(r"[a-z]+", clause.lower())
    return words[:1] != [] and (
        words[0] in VERBLESS
        or words[0].endswith("ing")
        or any(stem(word) in finite_stems() or word in third_persons() for word in words)
    )


def check_repeats(sentence: Sentence, _facts: Facts) -> str:
    """Refuse a repeated word, in whatever inflection: weak models repeat themselves.

    Function words and names of the code may come back. In a sentence of `LONG` words one other
    word may, far enough from its first mention and after another word.
    """
    words = sentence.words
    for left, right in itertools.pairwise(words):
        if left == right:
            return f"it repeats {quote(right)}"
    first_places: dict[str, int] = {}
    repeated = []
    spelt = [word for token in sentence.tokens for word in token.words if not token.code]
    for at, word in enumerate(words):
        if word in STOPWORDS or word in _REPEATABLE or word not in spelt:
            continue
        first = first_places.setdefault(stem(word), at)
        if first != at:
            repeated.append((first, at))
    long = len(words) >= LONG and len(first_places) >= LONG // 2
    for first, at in repeated:
        apart = at - first >= LONG // 2 and words[first - 1 : first] != words[at - 1 : at]
        bare = first == 0 or (_is_bare(words[first - 1]) and _is_bare(words[at - 1]))
        if not long or len(repeated) > 1 or not apart or bare:
            return f"it repeats {quote(words[at])}"
    return ""


def _is_bare(before: str) -> bool:
    """Check whether only a function word precedes a mention, so that nothing sets it apart."""
    return before in STOPWORDS


def check_fluff(sentence: Sentence, facts: Facts) -> str:
    """Refuse words that speak to the reader, hedge or praise."""
    text = f" {sentence.text[:-1].lower()} "
    for word in sentence.plain_words:
        if word in PERSONS or (word in FLUFF and word not in facts.words):
            return f"it says {quote(word)}"
    return next((f"it says {quote(phrase)}" for phrase in PHRASES if f" {phrase} " in text), "")


def check_names(sentence: Sentence, facts: Facts) -> str:
    """Refuse names and numbers that are not in the code, spelt the same."""
    for token in sentence.tokens:
        is_code = token.code or (len(token.text) == 1 and token.text not in "aA")
        if not is_code or token.text == facts.owner:
            continue
        last = token.text.rpartition(".")[2]
        if token.text.replace(".", "").isidentifier() and re.search(rf"\b{last}\b", facts.code):
            continue
        number = token.text[:1].isdigit()
        edge = r"(?<![\w.])" if number else r"(?<!\w)"
        if not re.search(edge + re.escape(token.text) + r"(?!\w)", facts.code):
            return f"it names {quote(token.text)}, which is not in the code"
    return ""


def check_spelling(sentence: Sentence, facts: Facts) -> str:
    """Refuse words that are neither English nor in the code."""
    for word in sentence.plain_words:
        if not any(
            word in words for words in (STOPWORDS, english_words(), facts.words, facts.prose)
        ):
            return f"it uses {quote(word)}, which is neither English nor in the code"
    return ""


def check_support(sentence: Sentence, facts: Facts) -> str:
    """Refuse words that claim something which nothing in the code supports.

    `MAX_PLAIN` words other than the verb may be plain, or come from the code's surroundings.
    """
    verb = sentence.words[0] if facts.kind in FUNCTIONS and not facts.is_property else ""
    for at, word in enumerate(unsupported_words(sentence, facts)):
        if word == verb or at >= MAX_PLAIN or not is_plain_or_nearby(word, sentence, facts):
            return f"it says {quote(word)}, which nothing in the code supports"
    return ""


def unsupported_words(sentence: Sentence, facts: Facts) -> list[str]:
    """Return the words that claim something without support from the definition's own code.

    A function's verb must be supported by its name or by what it calls.
    """
    is_action = facts.kind in FUNCTIONS and not facts.is_property
    support, actions = all_keys(facts.words), all_keys(facts.actions)
    forms = FORMS.get(facts.kind, frozenset())
    return [
        word
        for at, word in enumerate(sentence.plain_words)
        if not is_supported(word, actions if is_action and word == sentence.words[0] else support)
        and not implied_by_syntax(word, facts)
        and not (at < FORM_WORDS and word in forms)
    ]


def is_plain_or_nearby(word: str, sentence: Sentence, facts: Facts) -> bool:
    """Check whether a word that the code does not spell is plain, or in the code's surroundings.

    A function's surroundings are `Facts.nearby`, those of a class or a module `Facts.path`.
    """
    implied = stem(word) in implications() and not word.endswith("ed")
    if implied or word.upper() in sentence.text.split():
        return False  # what syntax would show must be shown; PUT and YAML are claims of their own
    nearby = facts.nearby if facts.kind in FUNCTIONS else facts.path
    return word in PLAIN or is_supported(word, all_keys(nearby))


def implied_by_syntax(word: str, facts: Facts) -> bool:
    """Check whether a word claims nothing, or the syntax shows what it claims."""
    root = stem(word)
    if root in GETTERS:
        return facts.returns
    if pattern := implications().get(root):
        return pattern.search(facts.code) is not None
    statements = {"yield": facts.yields, stem("raise"): facts.raises}
    return statements.get(root, word in STOPWORDS or word in FILLERS)


def find_head(phrase: Sentence) -> str:
    """Return the noun that a phrase is about: the last word before a preposition or a clause.

    "" if there is none.
    """
    head = ""
    for word, after in itertools.zip_longest(phrase.words, phrase.words[1:], fillvalue=""):
        if word in _ARTICLES and not head:
            continue
        if word in STOPWORDS:
            break
        if _is_participle(word, after):  # "cached values", "values mapped to ..."
            if head:
                break
            continue
        head = word
    return head


def _is_participle(word: str, after: str) -> bool:
    if stem(word) not in verb_stems():
        return False
    followed = after in _ARTICLES or (after != "" and after not in STOPWORDS)
    return word.endswith("ed") or (word.endswith("ing") and followed)
