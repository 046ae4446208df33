"""What a model may say about a function: text and Facts in, one clean sentence or a Refusal out.

A small model invents plausible nouns, and the code it reads may try to speak through it. So a reply
is never repaired beyond its mood and its blanks, and every word of it must be owed to something: to
the code's own identifiers, to what the syntax plainly does, or to the few words that claim nothing.
A true sentence lost costs less than a false one written.

`RULES` is the whole policy, cheapest first; a rule looks at a sentence and says nothing, or says
what is wrong. What it knows of English is in `words.py`.
"""

from __future__ import annotations

import ast
import functools
import io
import itertools
import keyword
import math
import re
import tokenize
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.definition import Kind, Shape, Signature
from docbot.errors import SourceError
from docbot.outline import parse
from docbot.targets import SkipReason
from docbot.telling import split_words
from docbot.words import (
    DANGLING,
    FILLERS,
    FLUFF,
    KINDS,
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
    keys,
    light_keys,
    opposites,
    owed,
    stem,
    third_persons,
    verb_stems,
    word_set,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import PurePosixPath
    from typing import TypeGuard

    from docbot.definition import Definition

MAX_REPLY = 2000
MIN_WORDS, MAX_WORDS = 3, 25
FORM_WORDS = 4
"""Among so many first words of a class's or a module's sentence stands what it is."""
LONG = 8
"""A sentence of so many words may come back to one of them."""
MAX_PLAIN = 2
"""Meaning words that the code does not spell: plain ones, or words of what is around it."""
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
        around: Words of the names beside it in its file and of the file's path, in lower case.
        path: Words of its module's dotted name.
        prose: Words of comments and of long strings, in lower case.
        deeds: Words of its own name and of what it calls: verbs are owed to these alone.
        params: Words of its parameters' names and annotations.
        returns: Whether it returns a value.
        yields: Whether it is a generator.
        raises: Whether it raises anything by name.
        is_property: Whether its docstring may be a noun phrase.
        kind: What it is.
        signature: Its parameters and its return annotation, as source text.

    """

    name: str
    kind: Kind = Kind.FUNCTION
    signature: Signature = field(default_factory=Signature)
    owner: str = ""
    code: str = ""
    words: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    path: frozenset[str] = frozenset()
    prose: frozenset[str] = frozenset()
    deeds: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    returns: bool = False
    yields: bool = False
    raises: bool = False
    is_property: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """Where a definition stands: its module's dotted name, and the words of what is beside it."""

    module: str = ""
    words: frozenset[str] = frozenset()


NOWHERE = Near()
FUNCTIONS = (Kind.FUNCTION, Kind.METHOD)


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


def unsure(confidence: float, wanted: float) -> Refusal | None:
    """The refusal of an answer that the model does not stand behind."""
    if confidence >= wanted:  # a NaN is no confidence either
        return None
    percent = 0 if math.isnan(confidence) else math.floor(100 * confidence)  # never 60 of 60
    detail = f"the model's confidence was {percent / 100:.2f}, {wanted:.2f} is wanted"
    return Refusal(reason=SkipReason.UNSURE, detail=detail)


# The facts.


@functools.lru_cache(maxsize=64)
def facts_of(definition: Definition, near: Near = NOWHERE) -> Facts:
    """What the tree says of a definition, in the form the checks ask for."""
    code, spelt, prose = _read(definition.code)
    name, owner = definition.name, definition.owner
    if definition.kind is Kind.MODULE:
        *owners, name = near.module.split(".")
        owner = owners[-1] if owners else ""
    promised = definition.signature.returns not in (None, "None", "NoReturn", "Never")
    return Facts(
        name=name,
        kind=definition.kind,
        signature=definition.signature,
        owner=owner,
        code=code,
        words=_split_all([*_told_names(definition, spelt), name, owner]),
        around=near.words,
        path=_split_all([near.module]),
        prose=_split_all(prose),
        deeds=_split_all([name, *(call.rpartition(".")[2] for call in definition.calls)]),
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


def near_of(path: PurePosixPath, definitions: Iterable[Definition]) -> Near:
    """What stands around each of these definitions of one file, itself among them."""
    parts = [*path.parts[:-1], *([path.stem] if path.stem != "__init__" else [])]
    code = next((d.code for d in definitions if d.kind is Kind.MODULE), "")
    names = [token.string for token in _tokens(code) if token.type == tokenize.NAME]
    return Near(module=".".join(parts), words=_split_all([*parts[-2:], *set(names)]))


def _told_names(definition: Definition, spelt: list[str]) -> list[str]:
    """The names that may be spoken of: of a class or a module, those it gives, not all it uses."""
    if definition.kind in FUNCTIONS:
        return spelt
    try:
        tree = parse(definition.code)
    except SourceError:
        return [definition.name]
    names = [*definition.bases, *definition.decorator_names]
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.append(node.name)
            case ast.arg(arg=name) if definition.kind is Kind.CLASS:
                names.append(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                names.append(name)
    for body in [tree.body, *(n.body for n in tree.body if isinstance(n, ast.ClassDef))]:
        for statement in body:
            names += [n.id for n in ast.walk(statement) if _is_stored(n)]
    return names


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


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


def _split_all(texts: list[str]) -> frozenset[str]:
    """The words of all of them, and those that stay together: `filename`, `utf-8`, `sha256`."""
    words = {word for text in texts for word in split_words(text)}
    return frozenset(words | {w.lower() for text in texts for w in _CODEC.findall(text)})


# One sentence.


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One word between blanks; `words` in lower case, those of an identifier when it is `code`."""

    text: str
    code: bool
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """A sentence or a phrase, with its period, and its words."""

    text: str
    tokens: tuple[Token, ...]

    @property
    def words(self) -> list[str]:
        """All of them, in lower case."""
        return [word for token in self.tokens for word in token.words]

    @property
    def plain_words(self) -> list[str]:
        """The words that are no names of the code's."""
        return [word for token in self.tokens if not token.code for word in token.words]


def markup(reply: str) -> str:
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


def _sentence(reply: str, facts: Facts) -> Sentence:
    """The first sentence, with capital and period; of a function, its first verb imperative."""
    text = re.split(PERIOD, " ".join(reply.split()), maxsplit=1)[0].rstrip()
    if facts.kind in FUNCTIONS:
        text = re.sub(r"^[Tt]his (?:function|method|property) (?=[a-z]+s )", "", text)
        first, blank, rest = text.partition(" ")
        text = third_persons().get(first.lower(), first) + blank + rest
    return tokenized(text[:1].upper() + text[1:] + ".", facts)


def tokenized(text: str, facts: Facts) -> Sentence:
    """A text that ends with a period, told apart into words and names of the code."""
    tokens = (_token(raw, at, facts) for at, raw in enumerate(text[:-1].split()))
    return Sentence(text=text, tokens=tuple(tokens))


def _token(raw: str, at: int, facts: Facts) -> Token:
    text = raw.strip(",")
    called = text.endswith("()")
    text = text.removesuffix("()").strip("(),").removesuffix("'s").removesuffix("'")
    plain = text.strip("`")
    if plain.lower() in facts.words and _CODEC.fullmatch(plain):
        return Token(text=plain, code=False, words=(plain.lower(),))
    is_code = called or plain != text or _CODE.search(plain) is not None
    proper = at > 0 and plain[:1].isupper() and plain not in _CONSTANTS
    is_code = is_code or (proper and plain.lower() not in facts.words)
    is_code = is_code and not _ACRONYM.fullmatch(text)
    if is_code:
        return Token(text=plain, code=True, words=tuple(split_words(plain)))
    words = (word for word in re.split(r"[-/]", plain.lower()) if word)
    return Token(text=plain, code=False, words=tuple(words))


# The rules.


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
        told = verb in FORMS[facts.kind] or owed(verb, all_keys(frozenset(split_words(facts.name))))
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
    governs = governs or owed(first, all_keys(facts.deeds))
    if second in NO_OBJECTS or (first in NOUNS and not governs):
        return f"it is no imperative: {quote(f'{raw} {second}')}"
    if match := re.search(_MIXED, sentence.text):
        mixed = match.group(1)
        if mixed in third_persons():
            return f"it changes its mood at {quote(mixed)}"
    return ""


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
        if not facts.params or not any(w in FILLERS or owed(w, known) for w in nouns):
            return f"it says {quote(f'given {phrase}')}, which is no parameter"
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
        if word == verb or at >= MAX_PLAIN or not lends(word, sentence, facts):
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
        if not owed(word, deeds if is_deed and word == sentence.words[0] else known)
        and not implied(word, facts)
        and not (at < FORM_WORDS and word in forms)
    ]


def lends(word: str, sentence: Sentence, facts: Facts) -> bool:
    """Whether a word that the code does not spell is plain, or one of the code's surroundings."""
    shown = stem(word) in implications() and not word.endswith("ed")
    if shown or word.upper() in sentence.text.split():
        return False  # what syntax would show must be shown; PUT and YAML are claims of their own
    around = facts.around if facts.kind in FUNCTIONS else facts.path
    return word in PLAIN or owed(word, all_keys(around))


def implied(word: str, facts: Facts) -> bool:
    """Whether a word claims nothing, or the syntax shows what it claims."""
    root = stem(word)
    if root in _GETS:
        return facts.returns
    if pattern := implications().get(root):
        return pattern.search(facts.code) is not None
    told = {"yield": facts.yields, stem("raise"): facts.raises}
    return told.get(root, word in STOPWORDS or word in FILLERS)


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
        if not owed(word, named) and (not is_empty or (word in PLAIN and owed(word, given))):
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
    missed = [word for word in about if not owed(word, said)]
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
    if head and name and owed(head, all_keys(frozenset(name[-1:]))):
        return ""
    said = all_keys(frozenset(sentence.words))
    missed = [word for word in name if not owed(word, said) and word not in FORMS[facts.kind]]
    if missed:
        return f"it does not speak of {quote(missed[0])}, which the name does"
    if head and head not in FORMS[facts.kind] and head not in FILLERS:
        return f"it speaks of {quote(head)}, not of {quote(facts.name)}"
    return ""


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
    if any(owed(word, known) for word in phrase):
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
        if target and owed(target[-1], all_keys(frozenset(split_words(facts.owner)))):
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


def quote(text: str) -> str:
    """A piece of the model's text, short enough to print."""
    return f"'{text[:30]}...'" if len(text) > 30 else f"'{text}'"  # noqa: PLR2004


_CODEC = re.compile(r"\b(?i:utf-?(?:8|16|32)|latin-?1|base(?:16|32|64|85)|sha(?:1|256|512)|md5)\b")
_ESCAPE = re.compile(r"\\(?:x..|u....|.)")
_SECRET = re.compile(r"(?i)pass|secret|token|key|auth|credential|salt|api|signature")
_LAYOUT = ("NL", "INDENT", "DEDENT", "ENDMARKER")
_FIELD_MARKS = ("{", "}", "!", ":")
_KEYWORDS = frozenset((*keyword.kwlist, "self", "cls")) - {"assert", "await", "raise", "yield"}

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 \n\t,.'`()_/-]|`{2}|'{2}")
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
PERIOD = r"\.(?=\s|$)"
_CODE = re.compile(r"[_.()\d]|[a-z][A-Z]|[A-Z]{2}")
_ACRONYM = re.compile(r"[A-Z]{2,}s?")
_CONSTANTS = frozenset(("True", "False", "None", "Python"))
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
_MIXED = r"\b(?:and|or|then|but) ([a-z]+) (?:the|an?|it|its|this|all|each|only|them|if|whether)\b"
_GIVEN = r"\b(?:given|specified|provided|passed|supplied) (\w+(?: \w+)?)"
_ALL = frozenset(("all", "every"))
_MEASURES = frozenset(
    ("number", "list", "sum", "total", "size", "length", "count", "set", "copy", "name", "value")
)
_REMOVES = frozenset(("remove", "delete", "clear", "drop", "discard"))
_SENDS = frozenset(("send", "request", "post"))
_CLAUSES = frozenset(("true", "false", "whether", "if", "that", "how", "to"))
_GETS = frozenset(("return", "get", "fetch", "retriev", "obtain"))
