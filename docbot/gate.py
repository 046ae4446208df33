"""What a model may say about a function: text and Facts in, one clean sentence or a Refusal out.

A small model invents plausible nouns, and the code it reads may try to speak through it. So a reply
is never repaired beyond its mood and its blanks, and every word of it must be owed to something: to
the code's own identifiers, to what the syntax plainly does, or to the few words that claim nothing.
A true sentence lost costs less than a false one written.

`RULES` is the whole policy, cheapest first; a rule looks at a sentence and says nothing, or says
what is wrong. The tables of words stand at the end.
"""

from __future__ import annotations

import functools
import io
import itertools
import keyword
import re
import tokenize
from collections import deque
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from docbot.definition import Shape
from docbot.targets import SkipReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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
    first = _third_persons().get(first.lower(), first)
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
    governs = second in _OBJECT_STARTS or re.search(r"[^sui]s$", second) is not None
    if second in _NO_OBJECTS or (first in _NOUNS and not governs):
        return f"it is no imperative: {_quote(f'{raw} {second}')}"
    if match := re.search(_MIXED, sentence.text):
        mixed = match.group(1)
        if mixed in _third_persons():
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
    return f"it ends with {_quote(last)}" if last in _DANGLING else ""


def _grammar(sentence: _Sentence, _facts: Facts) -> str:
    """The marks of a text that lost its way: weak models write them often."""
    text = sentence.text
    if match := _BROKEN.search(text.lower()) or _ARTICLE.search(text):
        return f"it is broken at {_quote(match.group())}"
    if (match := _CLAUSE.search(text)) and not _has_verb(match.group(1)):
        return f"it has no verb after {_quote(match.group())}"
    match = _TOWARDS.search(text.lower())
    leads = _TO_VERBS.intersection(sentence.words)
    if match and match.group(1) not in _TO_NOUNS and not leads:
        return f"it is broken at {_quote(match.group())}"
    return ""


def _has_verb(clause: str) -> bool:
    words = re.findall(r"[a-z]+", clause.lower())
    return words[:1] != [] and (
        words[0] in _VERBLESS
        or words[0].endswith("ing")
        or any(word in _FINITE or word in _third_persons() for word in words)
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
        if word in _PERSONS or (word in _FLUFF and word not in facts.words):
            return f"it says {_quote(word)}"
    return next((f"it says {_quote(phrase)}" for phrase in _PHRASES if f" {phrase} " in text), "")


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
    known = _all_keys(facts.params)
    for phrase in re.findall(_GIVEN, " ".join(sentence.words)):
        nouns = [word for word in phrase.split() if word not in STOPWORDS]
        if not facts.params or not any(w in FILLERS or _owed(w, known) for w in nouns):
            return f"it says {_quote(f'given {phrase}')}, which is no parameter"
    return ""


def _spelling(sentence: _Sentence, facts: Facts) -> str:
    for word in sentence.plain_words:
        if not any(word in known for known in (STOPWORDS, english(), facts.words, facts.prose)):
            return f"it uses {_quote(word)}, which is neither English nor in the code"
    return ""


def _grounded(sentence: _Sentence, facts: Facts) -> str:
    """Every word that claims something must be owed to the code."""
    known, deeds = _all_keys(facts.words), _all_keys(facts.deeds)
    verb = sentence.words[0] if not facts.is_property else ""
    for word in sentence.plain_words:
        if not (_owed(word, deeds if word == verb else known) or _implied(word, facts)):
            return f"it says {_quote(word)}, which nothing in the code supports"
    return ""


def _implied(word: str, facts: Facts) -> bool:
    """Whether a word claims nothing, or the syntax shows what it claims."""
    root = stem(word)
    if root in _GETS:
        return facts.returns
    if pattern := _implications().get(root):
        return pattern.search(facts.code) is not None
    told = {"yield": facts.yields, stem("raise"): facts.raises}
    return told.get(root, word in STOPWORDS or word in FILLERS)


def _restates(sentence: _Sentence, facts: Facts) -> str:
    """Refuse what the name says already; kinds of value and the plainest verbs say nothing more."""
    named = _all_keys(frozenset(_split(facts.name) + _split(facts.owner)))
    words = sentence.words
    if keys(words[0]) & _light_keys():
        del words[0]
    if all(w in STOPWORDS or w in FILLERS or w in KINDS or _owed(w, named) for w in words):
        return "it only restates the name"
    return ""


def _misses(sentence: _Sentence, facts: Facts) -> str:
    """A name says what a function is about: at least half of it must come back in other words."""
    said = _all_keys(frozenset(sentence.words))
    verb = keys(sentence.words[0])
    about = [w for w in _split(facts.name) if w not in STOPWORDS and not keys(w) & verb]
    missed = [word for word in about if not _owed(word, said)]
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


# Words: what is English, and which words mean the same.


@functools.cache
def english() -> frozenset[str]:
    """The words of english.txt, all lower case; its makers and terms are in english.NOTICE."""
    file = resources.files("docbot").joinpath("english.txt")
    return frozenset(file.read_text(encoding="ascii").split())


@functools.lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """What inflections of a word share: parse, parsed, parsing, parser; normalise, normalizes.

    Rough on purpose: it only ever compares stems with stems.
    """
    word = _IRREGULAR.get(word, word)
    word = re.sub(r"(?<=\w{4})is(e|es|ed|ing|er|ation)$", r"iz\1", word)  # not raise, noise
    word = re.sub(r"ies$", "y", word) if len(word) > 4 else word  # noqa: PLR2004 - not dies
    word = re.sub(r"(ss|x|z|ch|sh)es$", r"\1", word)
    word = re.sub(r"(?<=[^sui])s$", "", word)
    word = re.sub(r"ization$", "ize", word)
    for endings in ((("ing", 3), ("ed", 3)), (("ion", 4), ("er", 4), ("or", 4), ("ly", 4))):
        for ending, least in endings:
            root = word.removesuffix(ending)
            if root != word and len(root) >= least and re.search(r"[aeiouy]", root):
                word = root
                break
    word = re.sub(r"(.)\1$", r"\1", word)
    return re.sub(r"y$", "i", re.sub(r"e$", "", word)) if len(word) > 2 else word  # noqa: PLR2004


@functools.lru_cache(maxsize=16384)
def keys(word: str) -> frozenset[str]:
    """Two words mean the same when these sets meet: stems, and the numbers of synonym groups."""
    stems = {stem(word)}
    if match := re.fullmatch(r"(\w{4,})ations?", word):
        stems.add(stem(match.group(1)))
    return frozenset(stems.union(*(_groups().get(one, ()) for one in stems)))


@functools.lru_cache(maxsize=64)
def _all_keys(words: frozenset[str]) -> frozenset[str]:
    """The keys of words and of what they abbreviate or run together: cfg, dirname."""
    parts = (part for word in words for part in LONG_FORMS.get(word, "").split())
    return frozenset(key for word in (*words, *parts) for key in keys(word))


def _owed(word: str, known: frozenset[str]) -> bool:
    if keys(word) & known:
        return True
    parts = LONG_FORMS.get(word, "").split()
    return bool(parts) and all(keys(part) & known for part in parts)


@functools.cache
def _groups() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for number, group in enumerate(SYNONYMS):
        for word in group.split():
            found.setdefault(stem(word), set()).add(str(number))
    return {root: frozenset(numbers) for root, numbers in found.items()}


@functools.cache
def _light_keys() -> frozenset[str]:
    return frozenset(key for word in _LIGHT.split() for key in keys(word))


@functools.cache
def _implications() -> Mapping[str, re.Pattern[str]]:
    return {
        stem(word): re.compile(pattern)
        for words, pattern in IMPLIED.items()
        for word in words.split()
    }


@functools.cache
def _third_persons() -> Mapping[str, str]:
    """Third person to base form: tries to try."""
    found = {}
    for verb in VERBS:
        third = verb + "es" if re.search(r"(s|x|z|ch|sh|o)$", verb) else verb + "s"
        third = verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else third
        if third not in VERBS:
            found[third] = verb
    return found


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


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _pairs(rows: str) -> Mapping[str, str]:
    pairs = (row.split("=") for row in rows.split(","))
    return {left.strip(): " ".join(right.split()) for left, right in pairs}


_NO_OBJECTS = _set(
    """
    of is are was were be has have will can may should must which who
    """
)
_OBJECT_STARTS = _set(
    """
    the a an all each every any this that these its whether if up out into to from for with in on
    over true false none no it them one only new and until
    """
)
_TO_VERBS = _set(
    """
    add append apply assign attach bind broadcast cast change coerce compare compile connect convert
    copy decode delegate download encode export forward join limit link map move normalize pass
    prepend print promote publish push redirect render report reset resize resolve respond restore
    round route save scale send serialize set shift start subscribe switch transfer transform
    translate truncate turn upload write
    """
)
_TO_NOUNS = _set(
    """
    path link reference response route connection pointer access according relative prior equal
    similar attached added applied passed sent written converted mapped back up close belongs
    belonging tied distance
    """
)
_FINITE = _set(
    "is are was were be has have can does do exists contains equals belongs satisfies appears "
    "reaches needs differs occurs lies remains expires overlaps happens fits falls succeeds depends"
)
_VERBLESS = _set("to needed present possible any not so")
_DANGLING = _set(
    """
    the a an of to for with from and or if whether that which is are as its this these into by not
    no be than when where using given between per via current new each every
    """
)
_PERSONS = _set(
    """
    i we you your yours our ours us me my mine lets he she his her him
    """
)
_FLUFF = _set(
    """
    simply basically various etc actually just very really please sure certainly stuff thing
    things helper utility efficient efficiently robust robustly powerful seamless seamlessly
    easily easy useful helpful nice properly correctly appropriate appropriately necessary
    important maybe perhaps probably possibly might could would should may must seem seems appear
    appears likely usually generally typically often sometimes note deprecated todo fixme xxx hack
    some certain several many much lot lots different specific particular relevant essentially
    docstring summary description clean great good comprehensive convenient conveniently
    responsible purpose ensure ensures functionality logic functionalities here there something
    somehow somewhat anything everything whatever
    """
)
_PHRASES = (
    "this is",
    "kind of",
    "sort of",
    "used to",
    "in order to",
    "as needed",
    "and so on",
    "such as",
    "the same as the",
    "a list of list",
    "make sure",
    "and more",
    "as well as",
    "code snippet",
)
_LIGHT = (
    "return get is determine test perform do handle process run call invoke compute calculate make "
    "create set implement provide define"
)

VERBS = _set(
    """
    abort accept access accumulate acquire activate adapt add adjust advance aggregate alias align
    allocate allow alter analyze annotate announce answer append apply approve approximate archive
    arrange ask assemble assert assign associate attach attempt augment authenticate authorize
    average await backup balance ban batch begin bind blend block blur bootstrap break broadcast
    browse buffer build bump bundle cache calculate calibrate call cancel canonicalize capitalize
    capture cast catch center chain change check choose chop chunk clamp classify clean clear
    click clip clone close cluster coalesce coerce collapse collect colorize combine commit
    compact compare compile complete compose compress compute concatenate condense configure
    confirm connect construct consume contain continue contract control convert convolve copy
    correct correlate count cover crawl create crop cycle deactivate debug decide declare decode
    decompose decompress decorate decrease decrement decrypt deduplicate define deflate delegate
    delete deliver demote denote deny deploy dequeue deregister derive describe deselect
    deserialize destroy detach detect determine diff digest disable discard disconnect discover
    dispatch display dispose distribute divide do dock download drag drain draw drive drop dump
    duplicate echo edit eject eliminate embed emit emulate enable encode encrypt end enforce
    enlarge enqueue enrich ensure enter enumerate erase escape establish estimate evaluate evict
    examine exchange exclude execute exit expand expect expire explain explode export expose
    extend extract factor fail fetch fill filter finalize find finish fire fit fix flag flatten
    flip flush focus fold follow force forget fork format forward free freeze fuse gather generate
    get give go grab grant group grow guarantee guess halt handle hash hide highlight hold
    identify ignore implement import include increase increment indent index indicate infer
    inflate inherit initialize inject insert inspect install instantiate integrate intercept
    interpolate interpret intersect invalidate invert invoke isolate issue iterate join jump keep
    kill label launch learn leave lift limit link list listen load locate lock log look loop lower
    make manage map mark mask match materialize maximize measure memoize merge migrate minimize
    mirror mix mock modify monitor mount move multiply mutate navigate negate normalize notify
    nudge observe obtain offset omit open optimize order orient output override overwrite pack pad
    paginate paint parse partition pass paste patch pause peek perform permute persist pick pin
    ping place plan play plot point poll pop populate post postpone predict prefix prepare prepend
    preprocess present preserve press prevent print process produce profile project promote prompt
    propagate protect provide prune publish pull purge push put query queue quit quote raise
    randomize rank read rearrange rebuild recall receive recognize recompute reconnect reconstruct
    record recover redirect redo redraw reduce refine reflect refresh refuse register reindex
    reject release reload relocate remap remember remove rename render reopen reorder reorganize
    repair repeat replace replay reply report represent reproduce request require reschedule
    reserve reset reshape resize resolve respond restart restore restrict resume retain retrieve
    retry return reuse reverse revert revoke rewind rewrite rotate round route run sample sanitize
    satisfy save scale scan schedule scrape scroll search seed seek segment select send separate
    serialize serve set shift show shrink shuffle shut sign simplify simulate skip sleep slice
    smooth snap solve sort spawn specify split square stack start stop store stream strip submit
    subscribe substitute subtract sum summarize supply support suppress suspend swap switch
    synchronize synthesize tag take tear tell terminate test tile toggle tokenize touch trace
    track train transfer transform translate transmit transpose trap traverse treat trigger trim
    truncate try tune turn unbind undo uninstall unlink unload unlock unmount unpack unregister
    unset unsubscribe unwrap update upgrade upload use validate vary verify view visit vote wait
    wake walk warn warp watch weigh wipe wrap write yield zip zoom
    """
)

_NOUNS = _set(
    """
    access alias answer archive attempt average backup balance batch block break buffer build
    bundle cache call cast center chain change check chunk click clip clone cluster commit
    complete contract control copy correct count cover cycle debug diff digest display do dock
    download draw drive drop dump duplicate edit embed end escape estimate exchange exit export
    factor fit fix flag focus fold force fork format forward free fuse grant group guess handle
    hash hide highlight hold import increase increment indent index issue join jump label launch
    limit link list load lock log look loop lower map mark mask match measure merge mirror mix
    mock monitor mount move offset open order output override pack pad paint partition pass paste
    patch pause pick pin ping place plan play plot point poll pop post prefix present press print
    process profile project prompt pull push query queue quote rank record release reply report
    request reserve reset resume reverse rotate round route run sample scale scan schedule scroll
    search seed segment set shift show sign slice smooth snap sort square stack start stop store
    stream strip sum supply support switch tag take test tile touch trace track train transfer
    transform trap treat trigger trim tune turn update upgrade upload use view visit vote wait
    walk watch zip zoom
    """
)

STOPWORDS = _set(
    """
    the a an of to for and or in on at by with from as into onto that this these those it its is
    are be been being was were if whether when while where which who whose than then so also their
    them they itself all any both either neither each every one once after before until during
    between within through per via against about over under out up down off back again along
    across around toward towards instead not no never nothing without otherwise else unless except
    only but can cannot does do did has have had just now upon because since non rather how what
    """
)
FILLERS = _set(
    """
    value values object objects instance instances item items element elements result results
    function method class input output self given specified provided passed supplied using based
    used use uses associated corresponding respective related resulting existing underlying own
    same other another argument arguments parameter parameters
    """
)
KINDS = _set(
    """
    string strings str list lists dict dictionary mapping tuple integer int number float boolean
    bool true false none sequence iterable iterator type
    """
)
"""Kinds of value: they must be owed to the code, and say nothing that a name leaves out."""

IMPLIED: Mapping[str, str] = {
    "if whether when unless otherwise either or else": (
        r"\b(?:if|or|and|not|in|is|while|except|match|bool|any|all|isinstance)\b|[<>!=]=| [<>] "
        r"|\b(?:is|has|can)_|\.(?:starts|ends)with\b"
    ),
    "not no never nothing without unless except neither": (
        r"\b(?:not|None|False|except|else|continue)\b|!="
    ),
    "only": r"\b(?:if|filter)\b",
    "all every each any": r"\b(?:for|while|all|any|map|sum|sorted|filter|join|set|max|min)\b|\* \w",
    "true false": (
        r"\b(?:True|False|bool|any|all|in|is|not|isinstance|issubclass)\b|[<>!=]=| [<>] "
        r"|\b(?:is|has|can)_|\.(?:is\w+|exists|(?:starts|ends)with)\b"
    ),
    "boolean bool": r"\bbool\b",
    "none": r"\bNone\b",
    "list": r"\b[Ll]ist\b|\[ \]|\[ [^\[\]]* for |\bsorted\b|\.split(?:lines)?\b|\.readlines\b",
    "dict dictionary mapping": r"\b(?:[Dd]ict|Mapping|defaultdict)\b|\{ \}|\{ [^{}]*:",
    "tuple": r"\b[Tt]uple\b|\breturn [^\n()\[\]{}]*,",
    "string str": (
        r"\bstr\b|f\"\"|\breturn \"\"|\.(?:join|format|strip|lower|upper|replace|decode|title)\b"
    ),
    "integer int": r"\bint\b",
    "float": r"\bfloat\b",
    "number count": r"\b(?:len|sum|count)\b|\+= 1\b",
    "first": r"\[ 0 \]|\bnext \(",
    "last": r"\[ - 1 \]",
    "empty": r"\bif not\b|\blen\b|\[ \]|\{ \}",
    "default": r"\bdefault\w*\b|\.(?:get|setdefault) \(",
    "error exception": r"\b(?:raise|except)\b|(?:Error|Exception)\b",
    "iterate loop": r"\bfor\b",
    "set store assign": r"[\w\]]\.\w+ (?:: [^=\n]+ )?= |\] = |\bsetattr\b",
    "update": r"\.\w+ [-+*/|]?= |\] [-+*/|]?= ",
    "add append": r"\.(?:append|add|insert|extend)\b|\+= | \+ ",
    "increment increase": r"\+= ",
    "decrement decrease": r"-= ",
    "remove delete": r"\bdel\b|\.(?:pop|remove|discard|unlink|rmtree)\b",
    "check": r"\b(?:if|in|is|not|isinstance|assert)\b|[<>!=]=",
    "create make build new": (
        r"(?<!raise )(?<![\w.])[A-Z]\w*[a-z]\w* \(|\breturn [\[{]|\[ [^\[\]]* for |\.copy\b"
    ),
    "compute calculate": (
        r"[\w)\]] [-+*/%@] [\w(]|\*\*|\b(?:sum|len|min|max|abs|round|np|math|hashlib)\b"
    ),
    "convert": (
        r"\b(?:int|str|float|list|tuple|dict|set|bytes|bool) \(|\.(?:encode|decode|astype)\b"
    ),
    "async asynchronous asynchronously": r"\b(?:async|await)\b",
    "two second": r"\b2\b|\[ 1 \]",
    "three third": r"\b3\b|\[ 2 \]",
    "zero": r"\b0\b",
}
"""What the syntax shows without naming it: words, and the pattern in `Facts.code` for them."""

SYNONYMS = (
    "get return retrieve fetch obtain give",
    "is has check whether test determine verify validate",
    "set assign update change modify",
    "to convert transform turn translate cast as",
    "make create build construct generate produce instantiate new",
    "delete remove erase discard drop unlink",
    "add append insert extend push",
    "find search lookup locate look",
    "run execute call invoke perform launch",
    "show display print render",
    "write save dump store persist",
    "read load",
    "parse decode deserialize",
    "encode serialize dump",
    "initialize setup prepare",
    "compute calculate evaluate",
    "send emit publish post",
    "begin start",
    "stop end terminate shutdown kill halt",
    "merge combine join concatenate",
    "directory folder",
    "number count length size",
    "error exception",
    "parameter argument option",
    "function callable callback",
    "item element entry",
    "contain include",
    "exist exists existence",
    "match correspond",
    "text string",
    "dictionary mapping map",
    "min minimum smallest",
    "max maximum largest",
    "average mean",
    "empty clear",
    "sum total",
    "reverse invert",
    "equal same identical",
    "sort order",
    "parent ancestor",
    "child descendant",
    "iterate loop walk traverse yield",
    "wait sleep",
)
"""Either word may stand for the other, in the code or in the sentence."""

LONG_FORMS: Mapping[str, str] = _pairs(
    """
    lower=lower case, upper=upper case, abs=absolute, abspath=absolute path, addr=address,
    alloc=allocate, amt=amount, arg=argument, args=arguments, argv=argument, arr=array,
    attr=attribute, attrs=attributes, auth=authentication, avg=average, basename=base name,
    bool=boolean, buf=buffer, calc=calculate, cfg=configuration, char=character, chars=characters,
    chdir=change directory, classname=class name, cls=class, cmd=command, cmp=compare, col=column,
    cols=columns, concat=concatenate, cond=condition, conf=configuration, config=configuration,
    conn=connection, const=constant, coord=coordinate, coords=coordinates, ctx=context,
    cur=current, curr=current, cwd=current working directory, db=database, deepcopy=deep copy,
    def=define, defaultdict=default dictionary, del=delete, deps=dependencies, desc=description,
    dest=destination, dict=dictionary, diff=difference, dir=directory, dirname=directory name,
    dirs=directories, dist=distance, div=divide, doc=document, docs=documents, dst=destination,
    elem=element, endswith=end, env=environment, err=error, eval=evaluate, exc=exception,
    exec=execute, expr=expression, ext=extension, fieldname=field name, filename=file name,
    filenames=file names, filepath=file path, fmt=format, fn=function, fname=file name, fp=file,
    fromkeys=keys, fs=file system, func=function, funcs=functions, getattr=get attribute,
    getcwd=current working directory, hasattr=attribute, hexdigest=hex digest, hostname=host name,
    idx=index, img=image, impl=implementation, info=information, init=initialize, int=integer,
    isdir=directory, isfile=file, isinstance=instance, iter=iterate, itertools=iterate,
    kwargs=keyword arguments, len=length, lib=library, listdir=list directory, loc=location,
    makedirs=make directories, max=maximum, mem=memory, min=minimum, mkdir=make directory,
    mod=module, msg=message, msgs=messages, mul=multiply, namedtuple=named tuple, neg=negate,
    num=number, obj=object, objs=objects, ops=operations, org=organization, param=parameter,
    params=parameters, pathname=path name, pkg=package, pos=position, prev=previous,
    prop=property, ptr=pointer, pwd=password, rand=random, readlines=read lines, recv=receive,
    ref=reference, refs=references, regex=regular expression, repo=repository,
    repr=representation, req=request, resp=response, ret=return, rev=reverse, rm=remove,
    rmdir=remove directory, rmtree=remove directory tree, rnd=random, sep=separator, seq=sequence,
    setattr=set attribute, setup=set up, shutdown=shut down, sleep=wait, spec=specification,
    splitlines=split lines, sqrt=square root, src=source, startswith=start, stat=statistics,
    stats=statistics, std=standard, str=string, strftime=format time, strptime=parse time,
    sub=subtract, subdir=subdirectory, sync=synchronize, sys=system, temp=temporary,
    tmp=temporary, timestamp=time stamp, tok=token, unlink=delete file, urlparse=parse url,
    usr=user, username=user name, util=utility, val=value, vals=values, var=variable,
    vars=variables, vec=vector, ver=version
    """
)

_IRREGULAR: Mapping[str, str] = _pairs(
    """
    began=begin, begun=begin, broken=break, built=build, caught=catch, children=child,
    chosen=choose, criteria=criterion, did=do, done=do, drawn=draw, drew=draw, found=find,
    frozen=freeze, given=give, gone=go, got=get, held=hold, hidden=hide, indices=index, kept=keep,
    known=know, left=leave, lost=lose, made=make, matrices=matrix, ran=run, sent=send, shown=show,
    sought=seek, sold=sell, sorted=sort, spent=spend, taken=take, took=take, thrown=throw,
    understood=understand, vertices=vertex, went=go, written=write, wrote=write, analysis=analyze,
    analyse=analyze
    """
)
