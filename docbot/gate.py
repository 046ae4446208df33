"""What a model may say about a function: text and Facts in, one clean sentence or a Refusal out.

A small model invents plausible nouns, and the code it reads may try to speak through it. So a reply
is never repaired beyond its mood and its blanks, and every word of it must be owed to something: to
the code's own identifiers, to what the syntax plainly does, or to the few words that claim nothing.
A true sentence lost costs less than a false one written.

`RULES` is the whole policy, cheapest first; a rule looks at a sentence and says nothing, or says
what is wrong. What it knows of English is in `words.py`.
"""

from __future__ import annotations

import io
import itertools
import keyword
import re
import tokenize
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.definition import Shape
from docbot.targets import SkipReason
from docbot.words import (
    DANGLING,
    FILLERS,
    FINITE,
    FLUFF,
    KINDS,
    NO_OBJECTS,
    NOUNS,
    OBJECT_STARTS,
    PERSONS,
    PHRASES,
    STOPWORDS,
    TO_NOUNS,
    TO_VERBS,
    VERBLESS,
    VERBS,
    all_keys,
    english,
    implications,
    keys,
    light_keys,
    owed,
    stem,
    third_persons,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docbot.definition import Definition

MAX_REPLY = 2000
MIN_WORDS, MAX_WORDS = 3, 25
MAX_LITERAL = 60
"""Longer strings are prose, like comments: they spell words, and owe no sentence anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a sentence about one definition may talk about.

    Attributes:
        name: The definition's name.
        owner: Name of the class it belongs to, else "".
        code: Its tokens, one blank between them, none around dots; no comment, every string `""`.
        words: Words of identifiers and of short strings, in lower case.
        prose: Words of comments and of long strings, in lower case.
        deeds: Words of its own name and of what it calls: verbs are owed to these alone.
        params: Words of its parameters' names and annotations.
        returns: Whether it returns a value.
        yields: Whether it is a generator.
        raises: Whether it raises anything by name.
        is_property: Whether its docstring may be a noun phrase.

    """

    name: str
    owner: str = ""
    code: str = ""
    words: frozenset[str] = frozenset()
    prose: frozenset[str] = frozenset()
    deeds: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    returns: bool = False
    yields: bool = False
    raises: bool = False
    is_property: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a text is not written: UNSURE or REJECTED, and one sentence for a person."""

    reason: SkipReason
    detail: str


Verdict = str | Refusal


def check(
    reply: str, facts: Facts, *, min_confidence: float, confidence: float, ended: bool = True
) -> Verdict:
    """The reply's first sentence, clean and imperative; or why there is none.

    `confidence` is the geometric mean of the reply's token probabilities; `ended` is False for a
    reply that was cut off. A sentence that passed passes again, unchanged.
    """
    if not confidence >= min_confidence:  # a NaN is no confidence either
        detail = f"the model's confidence was {confidence:.2f}, {min_confidence:.2f} is wanted"
        return Refusal(reason=SkipReason.UNSURE, detail=detail)
    problem = _markup(reply)
    if not problem:
        sentence = _sentence(reply, facts)
        whole = ended or re.search(_PERIOD, reply) is not None
        problem = "" if whole else "it stops in the middle of a sentence"
        problem = problem or next((p for rule in RULES if (p := rule(sentence, facts))), "")
        if not problem:
            return sentence.text
    return Refusal(reason=SkipReason.REJECTED, detail=problem)


# The facts.


def facts_of(definition: Definition) -> Facts:
    """What the tree says of a definition, in the form the checks ask for."""
    code, spelt, prose = _read(definition.code)
    promised = definition.signature.returns not in (None, "None", "NoReturn", "Never")
    return Facts(
        name=definition.name,
        owner=definition.owner,
        code=code,
        words=_split_all([*spelt, definition.owner]),
        prose=_split_all(prose),
        deeds=_split_all(
            [definition.name, *(call.rpartition(".")[2] for call in definition.calls)]
        ),
        params=_split_all([f"{p.name} {p.annotation or ''}" for p in definition.signature.params]),
        returns=definition.returns
        or (promised and definition.shape in (Shape.STUB, Shape.ABSTRACT)),
        yields=definition.yields,
        raises=bool(definition.raises),
        # the decorators that ruff's D401 knows; others' docstrings must be imperative
        is_property=any(
            name in ("property", "cached_property", "functools.cached_property")
            for name in definition.decorator_names
        ),
    )


def _read(code: str) -> tuple[str, list[str], list[str]]:
    """A definition's tokens as one text, what its names and short strings spell, and its prose.

    A string that follows a name like `password` is kept out with the prose: it may be one.
    """
    out: list[str] = []
    spelt: list[str] = []
    prose: list[str] = []
    before: deque[str] = deque(maxlen=4)
    formatting = 0
    for token in _tokens(code):
        kind = tokenize.tok_name[token.type]
        if kind == "COMMENT":
            prose.append(token.string)
        elif "STRING" in kind:
            formatting += kind.endswith("START") - kind.endswith("END")
            text = _text_of(token.string) if kind == "STRING" else token.string
            if kind == "STRING" or kind.endswith("MIDDLE"):
                hidden = len(text) > MAX_LITERAL or _SECRET.search(" ".join(before))
                (prose if hidden else spelt).append(_ESCAPE.sub(" ", text))
            if not kind.endswith(("MIDDLE", "END")):
                formatted = re.match(r"[a-zA-Z]*[fFtT]", token.string) is not None
                pieces = _pieces(text) if formatted and kind == "STRING" else []
                out += ['f""' if formatted else '""', *pieces]
                spelt += pieces
        elif not (formatting and token.string in _FIELD_MARKS) and kind not in _LAYOUT:
            out.append(token.string if kind != "NEWLINE" else "\n")
            spelt += [token.string] if kind == "NAME" and token.string not in _KEYWORDS else []
        before.append(token.string)
    return re.sub(r" ?(?<!\.)\.(?!\.) ?", ".", " ".join(out)), spelt, prose


def _pieces(literal: str) -> list[str]:
    """What an f-string's braces hold; before Python 3.12 it is one token."""
    fields = re.findall(r"\{([^{}]*)\}", literal)
    return [piece for field in fields for piece in re.findall(r"\w+|[^\w\s!:]", field)]


def _text_of(literal: str) -> str:
    """What stands between a literal's quotes, escapes and all."""
    return literal.lstrip("bBfFrRtTuU").strip("'\"")


def _tokens(code: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens up to where Python's tokenizer gives up."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(code).readline)
    except (tokenize.TokenError, SyntaxError):
        return


def _split(text: str) -> list[str]:
    """The words of identifiers or prose: `HTTPServer_name` is http, server, name."""
    return [word.lower() for word in _WORD.findall(text)]


def _split_all(texts: list[str]) -> frozenset[str]:
    """The words of all of them, and those that stay together: `filename`, `utf-8`, `sha256`."""
    words = {word for text in texts for word in _split(text)}
    return frozenset(words | {w.lower() for text in texts for w in _CODEC.findall(text)})


# One sentence.


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    """One word between blanks; `words` in lower case, those of an identifier when it is `code`."""

    text: str
    code: bool
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sentence:
    text: str
    tokens: tuple[_Token, ...]

    @property
    def words(self) -> list[str]:
        return [word for token in self.tokens for word in token.words]

    @property
    def plain_words(self) -> list[str]:
        """The words that are no names of the code's."""
        return [word for token in self.tokens if not token.code for word in token.words]


def _markup(reply: str) -> str:
    """What no plain sentence holds; whatever passes here is safe to quote to a person."""
    if not reply.strip():
        return "the model said nothing"
    if len(reply) > MAX_REPLY:
        return f"it is longer than {MAX_REPLY} characters"
    if match := _NOT_PLAIN.search(reply):
        return f"it holds {match.group()!a}, which plain words have no use for"
    if re.search(r"\n\s*\n", reply.strip()):
        return "it has several paragraphs"
    if re.search(r"^\s*(?:-+|\d+[.)])\s", reply, re.MULTILINE):
        return "it is a list"
    return ""


def _sentence(reply: str, facts: Facts) -> _Sentence:
    """The first sentence, with capital and period, its first verb in the imperative."""
    text = re.split(_PERIOD, " ".join(reply.split()), maxsplit=1)[0].rstrip()
    text = re.sub(r"^[Tt]his (?:function|method|property) (?=[a-z]+s )", "", text)
    first, blank, rest = text.partition(" ")
    first = third_persons().get(first.lower(), first)
    text = first[:1].upper() + first[1:] + blank + rest + "."
    tokens = (_token(raw, at, facts) for at, raw in enumerate(text[:-1].split()))
    return _Sentence(text=text, tokens=tuple(tokens))


def _token(raw: str, at: int, facts: Facts) -> _Token:
    text = raw.strip(",")
    called = text.endswith("()")
    text = text.removesuffix("()").strip("(),").removesuffix("'s").removesuffix("'")
    plain = text.strip("`")
    if plain.lower() in facts.words and _CODEC.fullmatch(plain):
        return _Token(text=plain, code=False, words=(plain.lower(),))
    is_code = called or plain != text or _CODE.search(plain) is not None
    is_code = is_code or (at > 0 and plain[:1].isupper() and plain not in _CONSTANTS)
    is_code = is_code and not _ACRONYM.fullmatch(text)
    if is_code:
        return _Token(text=plain, code=True, words=tuple(_split(plain)))
    words = (word for word in re.split(r"[-/]", plain.lower()) if word)
    return _Token(text=plain, code=False, words=tuple(words))


# The rules.


def _length(sentence: _Sentence, _facts: Facts) -> str:
    count = len(sentence.tokens)
    if count < MIN_WORDS:
        return f"it has fewer than {MIN_WORDS} words"
    return f"it has more than {MAX_WORDS} words" if count > MAX_WORDS else ""


def _mood(sentence: _Sentence, facts: Facts) -> str:
    """A verb's base form and something it governs; for a property, a noun phrase will do."""
    first, second = (token.text.lower() for token in sentence.tokens[:2])
    raw = sentence.text.split()[0]
    if facts.is_property and raw in ("The", "Whether"):
        return "" if facts.returns else "it names a value, but nothing is returned"
    if first not in VERBS or raw.lower() != first:
        return f"it does not begin with a verb docbot knows: {_quote(raw)}"
    governs = second in OBJECT_STARTS or re.search(r"[^sui]s$", second) is not None
    if second in NO_OBJECTS or (first in NOUNS and not governs):
        return f"it is no imperative: {_quote(f'{raw} {second}')}"
    if match := re.search(_MIXED, sentence.text):
        mixed = match.group(1)
        if mixed in third_persons():
            return f"it changes its mood at {_quote(mixed)}"
    return ""


def _shape(sentence: _Sentence, _facts: Facts) -> str:
    """What begins and ends like one plain sentence."""
    text = sentence.text
    if not re.search(r"[A-Za-z0-9)`_]\.$", text) or ".." in text:
        return "it does not end like a sentence"
    if text.count("(") != text.count(")") or text.count("`") % 2:
        return "it opens what it does not close"
    if any("'" in token.text or not token.words for token in sentence.tokens):
        return "it has quotes, a contraction or a word without letters"
    last = sentence.tokens[-1].text.lower()
    return f"it ends with {_quote(last)}" if last in DANGLING else ""


def _grammar(sentence: _Sentence, _facts: Facts) -> str:
    """The marks of a text that lost its way: weak models write them often."""
    text = sentence.text
    if match := _BROKEN.search(text.lower()) or _ARTICLE.search(text):
        return f"it is broken at {_quote(match.group())}"
    if (match := _CLAUSE.search(text)) and not _has_verb(match.group(1)):
        return f"it has no verb after {_quote(match.group())}"
    match = _TOWARDS.search(text.lower())
    leads = TO_VERBS.intersection(sentence.words)
    if match and match.group(1) not in TO_NOUNS and not leads:
        return f"it is broken at {_quote(match.group())}"
    return ""


def _has_verb(clause: str) -> bool:
    words = re.findall(r"[a-z]+", clause.lower())
    return words[:1] != [] and (
        words[0] in VERBLESS
        or words[0].endswith("ing")
        or any(word in FINITE or word in third_persons() for word in words)
    )


def _repeats(sentence: _Sentence, _facts: Facts) -> str:
    """A word of weight stands once, in whatever inflection: weak models turn in circles."""
    words = [word for word in sentence.words if word not in STOPWORDS]
    for at, word in enumerate(words):
        if stem(word) in map(stem, words[:at]):
            return f"it repeats {_quote(word)}"
    for left, right in itertools.pairwise(sentence.words):
        if left == right:
            return f"it repeats {_quote(right)}"
    return ""


def _fluff(sentence: _Sentence, facts: Facts) -> str:
    text = f" {sentence.text[:-1].lower()} "
    for word in sentence.plain_words:
        if word in PERSONS or (word in FLUFF and word not in facts.words):
            return f"it says {_quote(word)}"
    return next((f"it says {_quote(phrase)}" for phrase in PHRASES if f" {phrase} " in text), "")


def _names(sentence: _Sentence, facts: Facts) -> str:
    """Whatever looks like code must stand in the code, spelt the same."""
    for token in sentence.tokens:
        is_code = token.code or (len(token.text) == 1 and token.text not in "aA")
        if not is_code or token.text == facts.owner:
            continue
        number = token.text[:1].isdigit()
        edge = r"(?<![\w.])" if number else r"(?<!\w)"
        if not re.search(edge + re.escape(token.text) + r"(?!\w)", facts.code):
            return f"it names {_quote(token.text)}, which is not in the code"
    return ""


def _told_facts(sentence: _Sentence, facts: Facts) -> str:
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
    known = all_keys(facts.params)
    for phrase in re.findall(_GIVEN, " ".join(sentence.words)):
        nouns = [word for word in phrase.split() if word not in STOPWORDS]
        if not facts.params or not any(w in FILLERS or owed(w, known) for w in nouns):
            return f"it says {_quote(f'given {phrase}')}, which is no parameter"
    return ""


def _spelling(sentence: _Sentence, facts: Facts) -> str:
    for word in sentence.plain_words:
        if not any(word in known for known in (STOPWORDS, english(), facts.words, facts.prose)):
            return f"it uses {_quote(word)}, which is neither English nor in the code"
    return ""


def _grounded(sentence: _Sentence, facts: Facts) -> str:
    """Every word that claims something must be owed to the code."""
    known, deeds = all_keys(facts.words), all_keys(facts.deeds)
    verb = sentence.words[0] if not facts.is_property else ""
    for word in sentence.plain_words:
        if not (owed(word, deeds if word == verb else known) or _implied(word, facts)):
            return f"it says {_quote(word)}, which nothing in the code supports"
    return ""


def _implied(word: str, facts: Facts) -> bool:
    """Whether a word claims nothing, or the syntax shows what it claims."""
    root = stem(word)
    if root in _GETS:
        return facts.returns
    if pattern := implications().get(root):
        return pattern.search(facts.code) is not None
    told = {"yield": facts.yields, stem("raise"): facts.raises}
    return told.get(root, word in STOPWORDS or word in FILLERS)


def _restates(sentence: _Sentence, facts: Facts) -> str:
    """Refuse what the name says already; kinds of value and the plainest verbs say nothing more."""
    named = all_keys(frozenset(_split(facts.name) + _split(facts.owner)))
    words = sentence.words
    if keys(words[0]) & light_keys():
        del words[0]
    if all(w in STOPWORDS or w in FILLERS or w in KINDS or owed(w, named) for w in words):
        return "it only restates the name"
    return ""


def _misses(sentence: _Sentence, facts: Facts) -> str:
    """A name says what a function is about: at least half of it must come back in other words."""
    said = all_keys(frozenset(sentence.words))
    verb = keys(sentence.words[0])
    about = [w for w in _split(facts.name) if w not in STOPWORDS and not keys(w) & verb]
    missed = [word for word in about if not owed(word, said)]
    if len(missed) * 2 > len(about):
        return f"it does not speak of {_quote(missed[0])}, which the name does"
    return ""


RULES: tuple[Callable[[_Sentence, Facts], str], ...] = (
    _length,
    _shape,
    _grammar,
    _mood,
    _repeats,
    _fluff,
    _names,
    _told_facts,
    _spelling,
    _grounded,
    _misses,
    _restates,
)


def _quote(text: str) -> str:
    """A piece of the model's text, short enough to print."""
    return f"'{text[:30]}...'" if len(text) > 30 else f"'{text}'"  # noqa: PLR2004


_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_CODEC = re.compile(r"\b(?i:utf-?(?:8|16|32)|latin-?1|base(?:16|32|64|85)|sha(?:1|256|512)|md5)\b")
_ESCAPE = re.compile(r"\\(?:x..|u....|.)")
_SECRET = re.compile(r"(?i)pass|secret|token|key|auth|credential|salt|api|signature")
_LAYOUT = ("NL", "INDENT", "DEDENT", "ENDMARKER")
_FIELD_MARKS = ("{", "}", "!", ":")
_KEYWORDS = frozenset((*keyword.kwlist, "self", "cls")) - {"assert", "await", "raise", "yield"}

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 \n\t,.'`()_/-]|`{2}|'{2}")
_PERIOD = r"\.(?=\s|$)"
_CODE = re.compile(r"[_.()\d]|[a-z][A-Z]|[A-Z]{2}")
_ACRONYM = re.compile(r"[A-Z]{2,}s?")
_CONSTANTS = frozenset(("True", "False", "None"))
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
_CLAUSE = re.compile(r"\b(?:if|whether|when|unless) ([^,]+)")
_TOWARDS = re.compile(r"(\w+) to (?:the|an?|its|this|each)\b")
_MIXED = r"\b(?:and|or|then|but) ([a-z]+) (?:the|an?|it|its|this|all|each|only|them|if|whether)\b"
_GIVEN = r"\b(?:given|specified|provided|passed|supplied) (\w+(?: \w+)?)"
_GETS = frozenset(("return", "get", "fetch", "retriev", "obtain"))
