"""TODO."""

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
    english,
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
"""Among so many first words of a class's or a module's sentence stands what it is."""


LONG = 8
"""A sentence of so many words may come back to one of them."""


MAX_PLAIN = 2
"""Meaning words that the code does not spell: plain ones, or words of what is around it."""


def is_noun_phrase(sentence: Sentence) -> bool:
    """Whether it begins like one, or like a clause that stands for one: "Whether ..."."""
    first, second = (token.text.lower() for token in sentence.tokens[:2])
    if first in ("the", "a", "an", "whether"):
        return True
    verb = first in VERBS and (first not in NOUNS or second in OBJECT_STARTS)
    is_name = first in english() or not sentence.tokens[0].code
    return is_name and not (
        verb or first in third_persons() or first in NO_OBJECTS or first in STOPWORDS
    )


def shape(sentence: Sentence, _facts: Facts) -> str:
    """What begins and ends like one plain sentence."""
    text = sentence.text
    if not re.search(r"[A-Za-z0-9)`_]\.$", text) or ".." in text:
        return "it does not end like a sentence"
    if text.count("(") != text.count(")") or text.count("`") % 2:
        return "it opens what it does not close"
    if any("'" in token.text or not token.words for token in sentence.tokens):
        return "it has quotes, a contraction or a word without letters"
    last = sentence.tokens[-1].text.lower()
    return f"it ends with {quote(last)}" if last in DANGLING else ""


def grammar(sentence: Sentence, _facts: Facts) -> str:
    """The marks of a text that lost its way: weak models write them often."""
    text = sentence.text
    if match := _BROKEN.search(text.lower()) or _ARTICLE.search(text):
        return f"it is broken at {quote(match.group())}"
    if (match := _CLAUSE.search(text)) and not _has_verb(match.group(1)):
        return f"it has no verb after {quote(match.group())}"
    match = _TOWARDS.search(text.lower())
    leads = TO_VERBS.intersection(sentence.words)
    if match and match.group(1) not in TO_NOUNS and not leads:
        return f"it is broken at {quote(match.group())}"
    return ""


def _has_verb(clause: str) -> bool:
    words = re.findall(r"[a-z]+", clause.lower())
    return words[:1] != [] and (
        words[0] in VERBLESS
        or words[0].endswith("ing")
        or any(stem(word) in finite_stems() or word in third_persons() for word in words)
    )


def repeats(sentence: Sentence, _facts: Facts) -> str:
    """A word of weight seldom stands twice, in whatever inflection: weak models turn in circles."""
    words = sentence.words
    for left, right in itertools.pairwise(words):
        if left == right:
            return f"it repeats {quote(right)}"
    seen: dict[str, int] = {}
    again = []
    spelt = [word for token in sentence.tokens for word in token.words if not token.code]
    for at, word in enumerate(words):
        if word in STOPWORDS or word in _OFTEN_SAID or word not in spelt:
            continue
        first = seen.setdefault(stem(word), at)
        if first != at:
            again.append((first, at))
    long = len(words) >= LONG and len(seen) >= LONG // 2
    for first, at in again:
        apart = at - first >= LONG // 2 and words[first - 1 : first] != words[at - 1 : at]
        bare = first == 0 or (_is_bare(words[first - 1]) and _is_bare(words[at - 1]))
        if not long or len(again) > 1 or not apart or bare:
            return f"it repeats {quote(words[at])}"
    return ""


def _is_bare(before: str) -> bool:
    """Whether nothing but an article or a preposition tells one mention from the other."""
    return before in STOPWORDS


def fluff(sentence: Sentence, facts: Facts) -> str:
    """Words that speak to the reader, hedge or praise."""
    text = f" {sentence.text[:-1].lower()} "
    for word in sentence.plain_words:
        if word in PERSONS or (word in FLUFF and word not in facts.words):
            return f"it says {quote(word)}"
    return next((f"it says {quote(phrase)}" for phrase in PHRASES if f" {phrase} " in text), "")


def names(sentence: Sentence, facts: Facts) -> str:
    """Whatever looks like code must stand in the code, spelt the same."""
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


def spelling(sentence: Sentence, facts: Facts) -> str:
    """Every word is English or stands in the code."""
    for word in sentence.plain_words:
        if not any(word in known for known in (STOPWORDS, english(), facts.words, facts.prose)):
            return f"it uses {quote(word)}, which is neither English nor in the code"
    return ""


def _grounded(sentence: Sentence, facts: Facts) -> str:
    """Every word that claims something must be owed to the code."""
    lent = _lent(sentence, facts)
    verb = sentence.words[0] if facts.kind in FUNCTIONS and not facts.is_property else ""
    for at, word in enumerate(lent):
        if word == verb or at >= MAX_PLAIN or not unsupported(word, sentence, facts):
            return f"it says {quote(word)}, which nothing in the code supports"
    return ""


def _lent(sentence: Sentence, facts: Facts) -> list[str]:
    """The words that claim something and are not owed to the definition's own code."""
    is_deed = facts.kind in FUNCTIONS and not facts.is_property
    known, deeds = all_keys(facts.words), all_keys(facts.deeds)
    forms = FORMS.get(facts.kind, frozenset())
    return [
        word
        for at, word in enumerate(sentence.plain_words)
        if not is_supported(word, deeds if is_deed and word == sentence.words[0] else known)
        and not implied_by_syntax(word, facts)
        and not (at < FORM_WORDS and word in forms)
    ]


def unsupported(word: str, sentence: Sentence, facts: Facts) -> bool:
    """Whether a word that the code does not spell is plain, or one of the code's surroundings."""
    shown = stem(word) in implications() and not word.endswith("ed")
    if shown or word.upper() in sentence.text.split():
        return False  # what syntax would show must be shown; PUT and YAML are claims of their own
    around = facts.around if facts.kind in FUNCTIONS else facts.path
    return word in PLAIN or is_supported(word, all_keys(around))


def implied_by_syntax(word: str, facts: Facts) -> bool:
    """Whether a word claims nothing, or the syntax shows what it claims."""
    root = stem(word)
    if root in _GETS:
        return facts.returns
    if pattern := implications().get(root):
        return pattern.search(facts.code) is not None
    told = {"yield": facts.yields, stem("raise"): facts.raises}
    return told.get(root, word in STOPWORDS or word in FILLERS)


def head_of(phrase: Sentence) -> str:
    """The noun that a phrase is about: the last word before a preposition or a clause."""
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


FORMS: Mapping[Kind, frozenset[str]] = {
    Kind.CLASS: word_set(
        """
        represent represents base abstract mixin wrapper raised container collection subclass
        implementation interface class context manager hold holds store stores define defines
        describe describes provide provides implement implements exception error
        """
    ),
    Kind.MODULE: word_set(
        """
        module functions classes support tools implementation constants definitions types
        exceptions errors interface define defines provide provides implement implements utilities
        helpers base common
        """
    ),
}
"""What a class or a module may be said to be without owing it to a name."""


_ARTICLES = frozenset(("a", "an", "the", "any", "each", "every", "all", "this", "that"))


_OFTEN_SAID = frozenset(("true", "false", "none", "given"))


_BROKEN = re.compile(
    r"\b(?:an?|the|this|its) (?:an?|the|this|its|of|to|for|with|and|or|if|is|are|in|from|that)\b"
    r"|\b(?:of|for|with|from|into) (?:of|for|with|to|and|or|is|are)\b"
    r"|\b(?:and|or|but) (?:of|and|or)\b|,,|\(\s|, ?\)|^\w+ ,"
)


_ARTICLE = re.compile(
    r"\ba (?!un[ijqa]|u[rtsu]|one|once|eu)[aeiou]\w*|\ban (?:us(?:e|u)|uni[qtv]|one|eu)\w*"
    r"|\ban (?!hour|hono|heir|html|http|[A-Z]|[fhlmnrsx]\d|[lmnr][dfnpr]|ss|sql|x[ms])"
    r"[b-df-hj-np-tv-z]\w*"
)


_CLAUSE = re.compile(r"\b(?i:if|whether|when|unless) ([^,]+)")


_TOWARDS = re.compile(r"(\w+) to (?:the|an?|its|this|each)\b")


_GETS = frozenset(("return", "get", "fetch", "retriev", "obtain"))
