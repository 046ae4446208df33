"""What a model may say in a section: one phrase for a parameter, what is returned, or an exception.

The same idea as in `gate.py`, whose rules on shape, grammar and names apply: every word that claims
something must be owed to the code. Besides, a phrase must fit its slot: it speaks of its parameter
and not of another, says more than the name, contradicts neither annotation nor default, and has the
form that its section wants (a noun phrase, "whether ...", "if ...").
"""

from __future__ import annotations

import ast
import itertools
import re
from typing import TYPE_CHECKING

from docbot.gate.english import (
    FILLERS,
    KINDS,
    STOPWORDS,
    VERBS,
    all_keys,
    implications,
    is_supported,
    stem,
    word_set,
)
from docbot.gate.rules import (
    MAX_PLAIN,
    fluff,
    grammar,
    head_of,
    implied_by_syntax,
    is_noun_phrase,
    names,
    repeats,
    shape,
    spelling,
    unsupported,
)
from docbot.gate.sentence import PERIOD, Refusal, markup, quote, tokenized, unsure
from docbot.prompt.task import Task
from docbot.scan.identifiers import split_words
from docbot.scan.parse import dotted, parse_expression
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from docbot.gate.facts import Facts
    from docbot.gate.sentence import Sentence, Verdict
    from docbot.prompt.task import Slot
    from docbot.scan.definition import Parameter

MIN_WORDS, MAX_WORDS = 2, 20


def check_phrase(
    reply: str,
    facts: Facts,
    slot: Slot,
    *,
    min_confidence: float,
    confidence: float,
    ended: bool = True,
) -> Verdict:
    """The reply's first sentence as a phrase with capital and period; or why there is none.

    `confidence` and `ended` are as in `gate.check`. A phrase that passed passes again, unchanged.
    """
    if refusal := unsure(confidence, min_confidence):
        return refusal
    problem = markup(reply)
    if not problem:
        text = re.split(PERIOD, " ".join(reply.split()), maxsplit=1)[0].rstrip()
        phrase = tokenized(text[:1].upper() + text[1:] + ".", facts)
        whole = ended or re.search(PERIOD, reply) is not None
        problem = "" if whole else "it stops in the middle of a phrase"
        problem = problem or next((p for rule in COMMON if (p := rule(phrase, facts))), "")
        rules = SLOTS[slot.task]
        problem = problem or next((p for rule in rules if (p := rule(phrase, facts, slot))), "")
        if not problem:
            return phrase.text
    return Refusal(reason=SkipReason.REJECTED, detail=problem)


def _length(phrase: Sentence, _facts: Facts) -> str:
    count = len(phrase.tokens)
    if count < MIN_WORDS:
        return f"it has fewer than {MIN_WORDS} words"
    return f"it has more than {MAX_WORDS} words" if count > MAX_WORDS else ""


def _grounded(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Every word that claims something must be owed to the code; plain ones, two at most."""
    known = all_keys(facts.words)
    checked = _DEFAULTS if slot.task is Task.PARAM else frozenset()  # by `_fits_default`
    lent = 0
    for at, word in enumerate(phrase.plain_words):
        if (at == 0 and word in _OPENINGS) or word in checked:
            continue
        if is_supported(word, known) or implied_by_syntax(word, facts):
            continue
        lent += 1
        if lent > MAX_PLAIN or not unsupported(word, phrase, facts):
            return f"it says {quote(word)}, which nothing in the code supports"
    return ""


COMMON: tuple[Callable[[Sentence, Facts], str], ...] = (
    _length,
    shape,
    grammar,
    repeats,
    fluff,
    names,
    spelling,
)


# Which words fit which slot.


def _begins_well(phrase: Sentence, _facts: Facts, _slot: Slot) -> str:
    if phrase.words[0] in _OPENINGS or is_noun_phrase(phrase):
        return ""
    return f"it does not begin like a noun phrase: {quote(phrase.text.split()[0])}"


def _is_condition(phrase: Sentence, _facts: Facts, _slot: Slot) -> str:
    first = phrase.tokens[0].text
    if first not in ("If", "When"):
        return f"it does not begin with 'If' or 'When': {quote(first)}"
    return ""


def _speaks_of_parameter(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Some word must be owed to the parameter, and some other must say more than its name."""
    param = _parameter(facts, slot)
    own = all_keys(frozenset(split_words(slot.name)))
    typed = all_keys(frozenset(split_words(_plain(param.annotation if param else None))))
    words = [word for word in phrase.words if _is_weighty(word)]
    about = [word for word in words if is_supported(word, own) or is_supported(word, typed)]
    if not about and len(slot.name) > MAX_LETTER:
        return f"it does not speak of {quote(slot.name)}"
    if all(is_supported(word, own) or word in KINDS for word in words) and not _opens_clause(
        phrase
    ):
        return "it only restates the name"
    others = [p for p in facts.signature.params if p.name != slot.name]
    head = head_of(phrase)
    for other in others:
        if (
            head
            and is_supported(head, all_keys(frozenset(split_words(other.name))))
            and not is_supported(head, own)
        ):
            return f"it speaks of {quote(other.name)}, which is another parameter"
    return ""


def _belongs(phrase: Sentence, facts: Facts, _slot: Slot) -> str:
    """The one thing that a parameter is said to be of must be a parameter too: else it is a guess.

    Read on held-out code: "The width of the table." of `Table.add_column`, "The name of the edge."
    of `get_edge_attributes`. The rows that something is the number of are no such thing.
    """
    match = re.search(r"\bof (?:the|an?|this|its) (.*)", " ".join(phrase.words))
    after = match.group(1).split() if match else []
    nouns = list(itertools.takewhile(lambda word: word not in STOPWORDS, after))
    known = all_keys(facts.params)
    if not nouns or nouns[-1].endswith("s") or any(is_supported(word, known) for word in nouns):
        return ""
    return f"it says {quote(f'of {nouns[-1]}')}, which is no parameter"


def _fits_use(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """What the code takes attributes of is no plain number, and no flag."""
    said = _claimed_kind(phrase)
    used = re.search(rf"(?<![\w.]){re.escape(slot.name)}\.[a-z]", facts.code)
    plain = said in ("int", "float", "bool")
    return f"it says {quote(said)}, and the code takes attributes of it" if plain and used else ""


def _fits_annotation(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """What kind of value it says must be one that the annotation, or the default, admits."""
    if slot.task is Task.RETURNS:
        annotation = facts.signature.returns
        default = None
    else:
        param = _parameter(facts, slot)
        annotation = param.annotation if param else None
        default = param.default if param else None
    said = _claimed_kind(phrase)
    if not said:
        return ""
    if annotation is None and said == "bool" and not _is_tested(facts, slot):
        return "it says that there are two cases, and the code shows none"
    if annotation is None:
        told = _KIND_OF_DEFAULT.get(_kind_of(default), "")
        return "" if not told or said in told.split() else f"its default is no {quote(said)}"
    outer = _outer(annotation)
    if any(re.search(KIND_PATTERNS[said], name) for name in outer):
        return ""
    known = all(name in _BUILTIN for name in outer) and bool(outer)
    if known or said == "bool":
        return f"it says {quote(said)}, the annotation {quote(annotation)}"
    return ""


def _fits_default(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """A default is told only where there is one, and as it is."""
    param = _parameter(facts, slot)
    text = phrase.text.lower()
    claims = re.search(r"\b(?:defaults?|optional(?:ly)?|omitted|by default)\b", text)
    if not claims or claims.group() in split_words(slot.name):
        return ""
    if param is None or param.default is None:
        return f"it says {quote(claims.group())}, but there is no default"
    stated = re.search(r"\bdefaults? (?:to|is|of) (?:an? |the )?`?([\w.-]+?)`?(?:[ ,)]|\.$)", text)
    if stated and stated.group(1) not in (param.default.lower().strip("'\""), "empty"):
        return f"it says that the default is {quote(stated.group(1))}"
    return ""


def _speaks_of_result(phrase: Sentence, facts: Facts, _slot: Slot) -> str:
    if not (facts.returns or facts.yields):
        return "it describes a result, but there is none"
    words = [word for word in phrase.words if _is_weighty(word) and word not in KINDS]
    about = frozenset(split_words(facts.name) + split_words(_plain(facts.signature.returns)))
    known = all_keys(
        about | frozenset(word for text in _returned(facts) for word in split_words(text))
    )
    if not any(is_supported(word, known) for word in words):
        return "it does not speak of what is returned"
    return ""


def _tells_whole_name(phrase: Sentence, facts: Facts, _slot: Slot) -> str:
    """Who speaks of what a function is called must do so in full: a clique number is no number."""
    said = all_keys(frozenset(phrase.words))
    told = [w for w in split_words(facts.name) if len(w) > 1 and w not in STOPWORDS]
    told = told[told[:1] != [] and told[0] in VERBS :]
    missed = [word for word in told if not is_supported(word, said)]
    if missed and len(missed) < len(told):
        return f"it does not speak of {quote(missed[0])}, which the name does"
    return ""


def _speaks_of_cause(phrase: Sentence, facts: Facts, slot: Slot) -> str:
    """Some word must be owed to the code and not only to the exception's own name."""
    own = all_keys(frozenset(split_words(slot.name)))
    known = all_keys(facts.words)
    words = [word for word in phrase.words[1:] if _is_weighty(word)]
    if not any(is_supported(word, known) and not is_supported(word, own) for word in words):
        return "it does not say what the cause is"
    return ""


SLOTS: Mapping[Task, tuple[Callable[[Sentence, Facts, Slot], str], ...]] = {
    Task.PARAM: (
        _begins_well,
        _grounded,
        _speaks_of_parameter,
        _belongs,
        _fits_use,
        _fits_annotation,
        _fits_default,
    ),
    Task.RETURNS: (
        _begins_well,
        _grounded,
        _speaks_of_result,
        _tells_whole_name,
        _fits_annotation,
    ),
    Task.RAISES: (_is_condition, _grounded, _speaks_of_cause),
}


# What a phrase says.


def _parameter(facts: Facts, slot: Slot) -> Parameter | None:
    return next((p for p in facts.signature.params if p.name == slot.name), None)


def _plain(annotation: str | None) -> str:
    """The annotation without the names of plain kinds, which speak of no parameter."""
    return " ".join(n for n in re.findall(r"\w+", annotation or "") if n not in _BUILTIN)


def _is_weighty(word: str) -> bool:
    return word not in STOPWORDS and word not in FILLERS and word not in _OPENINGS


def _opens_clause(phrase: Sentence) -> bool:
    return phrase.words[0] in ("whether", "if")


def _claimed_kind(phrase: Sentence) -> str:
    """The kind of value that a phrase says it describes, as a key of `KIND_PATTERNS`."""
    first = phrase.words[0]
    if first == "whether" or re.match(r"(?:True|False) (?:if|when)\b", phrase.text):
        return "bool"
    return _KIND_WORDS.get(head_of(phrase), "")


def _returned(facts: Facts) -> list[str]:
    """What stands behind each `return` and `yield`."""
    return re.findall(r"\b(?:return|yield) ([^\n]*)", facts.code)


def _outer(annotation: str) -> list[str]:
    """What a value may be, without what it holds: of `list[str] | None`, list and None."""
    tree = parse_expression(annotation)
    waiting = [tree] if tree is not None else []
    names: list[str] = []
    while waiting:
        match waiting.pop():
            case ast.BinOp(left=left, right=right):
                waiting += [left, right]
            case ast.Subscript(value=value, slice=inner):
                name = dotted(value).rpartition(".")[2]
                elements = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                if name in ("Optional", "Union"):
                    waiting += elements
                elif name in ("Annotated", "Final", "ClassVar", "Required", "NotRequired"):
                    waiting += elements[:1]
                else:
                    names.append(name)
            case ast.Constant(value=str() as quoted):
                names += _outer(quoted) if quoted != annotation else []
            case other:
                names.append(dotted(other).rpartition(".")[2])
    return [name for name in names if name]


def _is_tested(facts: Facts, slot: Slot) -> bool:
    """Whether the code treats an unannotated value as a truth value."""
    if slot.task is Task.RETURNS:
        returned = "\n".join(_returned(facts))
        return implications()[stem("true")].search(returned) is not None
    test = rf"\b(?:if|elif|while|not|and|or) (?:not )?{re.escape(slot.name)}\b(?! [<>=!.(\[])"
    param = _parameter(facts, slot)
    is_switch = param is not None and param.default in ("True", "False")
    return is_switch or re.search(test, facts.code) is not None


def _kind_of(default: str | None) -> str:
    if default is None or default == "None":
        return ""
    if default in ("True", "False"):
        return "bool"
    if re.fullmatch(r"-?\d[\d_]*", default):
        return "int"
    if re.fullmatch(r"-?[\d_]*\.?\d[\d_]*(?:e-?\d+)?", default):
        return "float"
    return "str" if re.match(r"[rRuUfF]?[\"']", default) else ""


MAX_LETTER = 2
"""Names of up to so many letters are seldom spoken of."""

_DEFAULTS = frozenset(("default", "defaults", "optional", "optionally", "omitted"))
_OPENINGS = frozenset(("whether", "if", "when", "true", "false"))
KIND_PATTERNS: Mapping[str, str] = {
    "list": r"\b(?:[Ll]ist|Sequence|MutableSequence|Iterable|Collection|Container)\b",
    "tuple": r"\b(?:[Tt]uple|Sequence|Iterable|Collection|NamedTuple)\b",
    "dict": r"(?:[Dd]ict|Mapping)\b",
    "set": r"(?:[Ss]et)\b",
    "str": r"\b(?:str|AnyStr|Text|LiteralString|Literal)\b",
    "int": r"\b(?:int|float|complex|Number|Decimal|Integral|SupportsInt)\b",
    "float": r"\b(?:float|complex|Number|Decimal|Real)\b",
    "bool": r"\bbool\b",
    "bytes": r"\b(?:bytes|bytearray|memoryview|Buffer|AnyStr)\b",
    "callable": r"\b(?:[Cc]allable|Awaitable|Coroutine)\b|Callback|Func|Fn\b|Type\b|\btype\b",
    "iterable": r"Iter|Generator|Sequence|[Ll]ist|[Tt]uple|[Ss]et\b|[Dd]ict|Mapping|Collection",
}
"""For a kind of value, the pattern in an annotation that admits it."""
_KIND_WORDS: Mapping[str, str] = {
    word: kind
    for kind, words in {
        "list": "list lists",
        "tuple": "tuple pair",
        "dict": "dict dictionary mapping",
        "set": "set",
        "str": "string str",
        "int": "integer int number count",
        "float": "float",
        "bool": "bool boolean flag",
        "bytes": "bytes",
        "callable": "callable callback function",
        "iterable": "iterable iterator sequence generator",
    }.items()
    for word in words.split()
}
_KIND_OF_DEFAULT: Mapping[str, str] = {
    "bool": "bool",
    "int": "int float",
    "float": "int float",
    "str": "str",
}
"""What a parameter without annotation may be said to be, by what its default is."""
_BUILTIN = word_set(
    """
    None Optional Union Any object str int float bool bytes list List dict Dict set Set tuple Tuple
    frozenset FrozenSet type Type Callable Iterable Iterator Sequence Mapping Generator typing
    collections abc t Literal Final Annotated ClassVar
    """
)
"""Names of an annotation that say what kind of value it is, and not what for."""
