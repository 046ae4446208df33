"""Find summaries that may be stale: a change took away what they speak of.

What a sentence claims cannot be read as a section can. But between two versions of a function it
may lose its ground: the exception that it names is another one now, a name that it mentions was
replaced by another, the list that it promises has become an iterator. These are hints, no proof.
Which of them are worth a report was chosen on the histories of ten projects: where their authors
changed code and summary together, and where they changed the code alone (benchmarks/history.py).

A name that only went, and plain words that went, are no such hints: mostly what they speak of has
moved into a function that is called. They are found all the same, for the benchmark.
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from docbot.drift.drift import DriftRule
from docbot.errors import SourceError
from docbot.scan.definition import Shape
from docbot.scan.identifiers import split_words
from docbot.scan.tree import function_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from docbot.drift.drift import Drift
    from docbot.drift.function import Function
    from docbot.scan.definition import Definition

MUCH_LESS_LIKELY = 1.0
"""From here on, in nats a token, the model makes a weak hint worth a report.

At the natural ratio of the ten histories, 8 of 14 such summaries were changed; of those with weak
hints in general, 93 of 405. Between strong hints the model does not choose: with the summaries
that it finds less likely alone, precision stays as it is and a quarter of the recall is lost.
"""

MOST_TOKENS = 400
"""Tokens of a change in which replacements are looked for; longer ones are rewritings."""

MOST_REPLACED = 3
"""Tokens that may stand for as few others; more are a rewriting."""

_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_RETURNED_KIND = re.compile(
    r"^(?:this )?(?:returns?|gets?|builds?|makes?|creates?|a|the)\b(?: [\w-]+){0,3}? "
    r"(list|tuple|dict|set)(?:ionary)?\b"
    r"|\breturn(?:s|ing)? (?:\w+ ){0,3}?(list|tuple|dict|set)(?:ionary)?\b"
)
_RETURNS = re.compile(r"^(?:return|get)s?\b|\b(?:returns|returning)\b")

ITERATOR, UNKNOWN = "iterator", "unknown"
_KINDS = {
    ast.List: "list", ast.ListComp: "list", ast.Tuple: "tuple", ast.Dict: "dict",
    ast.DictComp: "dict", ast.Set: "set", ast.SetComp: "set", ast.GeneratorExp: ITERATOR,
}  # fmt: skip
_MAKERS = {
    "list": "list", "sorted": "list", "tuple": "tuple", "dict": "dict", "set": "set",
    "frozenset": "set",
    **dict.fromkeys(("iter", "map", "filter", "zip", "reversed", "enumerate", "chain"), ITERATOR),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Hints:
    """What a summary speaks of and a change took away, in the summary's words.

    Attributes:
        raised: Exceptions that the older version raised; the newer one raises others.
        replaced: Names of code and numbers that the change put others in the place of.
        kind: The kind of collection that was returned, where it is another one now; else "".
        unreturned: Whether a value was returned, and none is now.
        names: Other names of code and numbers that went; a weak hint.
        words: Plain words that went; a weak hint.

    """

    raised: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    kind: str = ""
    unreturned: bool = False
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_strong(self) -> bool:
        """Check for hints that are worth a report."""
        return bool(self.raised or self.replaced or self.kind or self.unreturned)

    @property
    def subject(self) -> str:
        """Return the first word that the message names; "" where a result went."""
        strong = (*self.raised, *self.replaced, *([self.kind] if self.kind else []))
        weak = () if self.unreturned else (*self.names, *self.words)
        return next(iter((*strong, *weak)), "")

    def message(self) -> str:
        """Say what the summary speaks of and the code does not, without a final stop."""
        if self.raised:
            what = f"it speaks of {_listing(self.raised)}, which the change raises no more"
        elif self.replaced:
            what = f"it speaks of {_listing(self.replaced)}, which the change replaced"
        elif self.kind:
            what = f"it promises a {self.kind}, and the change returns none"
        elif not self.unreturned:
            what = f"it speaks of {_listing(self.names or self.words)}, which the change removed"
        else:
            what = "it says that something is returned, and the change returns nothing"
        return f"has a summary that may be stale: {what}"


def summary_drift(
    function: Function, former: Definition, likelihood_change: float | None = None
) -> Drift | None:
    """Find out whether the summary of a changed function may be stale.

    Args:
        function: The function, with a docstring of its own.
        former: Its older version, docstring included.
        likelihood_change: How much less likely the model finds the summary by the new code than by
            the old, in nats a token; None where it was not asked.

    """
    definition = function.definition
    summary = summary_of(definition.docstring or "")
    is_same = summary == summary_of(former.docstring or "")
    if not summary or not is_same or function.of_class or function.is_abstract:
        return None
    hints = stale_hints(definition, former)
    is_unlikely = likelihood_change is not None and likelihood_change > MUCH_LESS_LIKELY
    if not hints.is_strong and not (is_unlikely and hints != Hints()):
        return None
    text = function.docstring.text
    return function.drift(
        DriftRule.SUMMARY_STALE,
        len(text) - len(text.lstrip()),
        hints.message(),
        subject=hints.subject,
    )


def stale_hints(definition: Definition, former: Definition) -> Hints:
    """Find what the summary of the older version speaks of and the newer one lacks."""
    summary = summary_of(former.docstring or "")
    if not summary or definition.code == former.code:
        return Hints()
    raised = tuple(_raised(summary, definition, former))
    said = [] if _REFERENCE.match(summary) else names_in(summary)
    names = [name for name in said if _is_name_gone(name, definition, former)]
    names = [name for name in names if name not in raised]
    within = {word for name in (*said, *raised) for word in split_words(name)}
    words = (word for word in words_in(summary) if word not in within)
    replaced = _replaced(definition, former) if names else frozenset()
    replaced -= _last_names(former.raises)  # judged above
    return Hints(
        raised=raised,
        replaced=tuple(name for name in names if name in replaced),
        kind=_lost_kind(summary, definition, former),
        unreturned=_is_unreturned(summary, definition, former),
        names=tuple(name for name in names if name not in replaced),
        words=tuple(word for word in words if _is_word_gone(word, definition, former)),
    )


def _is_name_gone(name: str, definition: Definition, former: Definition) -> bool:
    """Check for a name that is gone from the code, however it may be spelled there now."""
    if name not in _tokens(_bare(former.code)):
        return False
    around = (*_tokens(definition.code), definition.owner)
    if _squeezed(name) in map(_squeezed, around):
        return False
    is_word = name.islower() and "_" not in name
    return not is_word or _is_word_gone(name, definition, former)


def _is_word_gone(word: str, definition: Definition, former: Definition) -> bool:
    root = stem(word)
    if root in map(stem, split_words(definition.owner)) or root in _stems(definition.code):
        return False
    return root in _stems(_bare(former.code))


def _squeezed(name: str) -> str:
    return name.replace("_", "").lower()


def _bare(code: str) -> str:
    """Return code without its comments: what they speak of need not be what it does."""
    return _COMMENT.sub("", code)


@functools.lru_cache(maxsize=64)
def _tokens(code: str) -> frozenset[str]:
    return frozenset(_TOKEN.findall(code))


@functools.lru_cache(maxsize=64)
def _stems(code: str) -> frozenset[str]:
    return frozenset(map(stem, split_words(code)))


def _replaced(definition: Definition, former: Definition) -> frozenset[str]:
    """Return the tokens of the older version that the newer has a few others in the place of."""
    old, new = (_TOKEN.findall(_bare(each.code)) for each in (former, definition))
    start = _shared(old, new)
    old, new = old[start:], new[start:]
    end = _shared(old[::-1], new[::-1])
    old, new = old[: len(old) - end], new[: len(new) - end]
    if max(len(old), len(new)) > MOST_TOKENS:
        return frozenset()
    gone: set[str] = set()
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "replace" and max(b - a, d - c) <= MOST_REPLACED:
            gone.update(old[a:b])
    return frozenset(gone)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many items two lists begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


# the words of a summary

_BLANK_LINE = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_MARKED = re.compile(r"`{1,2}[~!]?([^`\n]+)`{1,2}|(?<!\w)(['\"])([^'\"\n]+)\2")
_NAME = re.compile(
    r"(?<![\w.])(?:[A-Za-z_]\w*\.)*"  # of a dotted name, the last part
    r"([A-Za-z]+_\w+|_\w+|[A-Z]+[a-z0-9]+[A-Z]\w*|[a-z]+[A-Z]\w*|\w+(?=\(\)))(?!\w)"
)
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w-]|\.\d)")
_FILE = re.compile(r"\.(?:py|ini|cfg|toml|json|ya?ml|txt|rst|md|conf)$")
_REFERENCE = re.compile(
    r"(?:(?:the )?same as|(?:works |just |much )?like|alternative|alias|equivalent|called|see"
    r"|shortcut|wrapper|deprecated)\b",
    re.IGNORECASE,
)
"""How summaries begin that name another function, which need not be in the code."""
_ROLE = re.compile(r":[\w:.+-]+:`[~!.]*([^`<]*?)(?:\s*<[^>]*>)?`")
_BRACKETS = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")
_PLAIN = re.compile(r"[A-Za-z0-9_]+(?:[.'-][A-Za-z0-9_]+)*|,")
_LEAST_ROOT = 4
# Words that code gains and loses without a change of what it is about.
_EMPTY_WORDS = """
    a about above after all also an and another any are as at based be been before being below
    between both but by can case class cls current data default do does each either else etc
    every false first following for from function given has have if in into is it its last less
    like made make method more must new no none not null object of off old on one only onto or
    other out over own pass per possible python result results same self set should so some
    specified such than that the their them then there these they this those through to true
    two type types under up use used uses using value values via was well were what when where
    whether which while who will with within without you your
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())


def summary_of(docstring: str) -> str:
    """Return a docstring's first sentence, on one line."""
    paragraph = _BLANK_LINE.split(docstring.strip())[0]
    return _SENTENCE_END.split(" ".join(paragraph.split()))[0]


def plain_summary(summary: str) -> str:
    """Rewrite a summary as docbot-tiny writes them, so that it can say how likely it is.

    It is in lower case, without markup and brackets, with names of code cut into words.
    """
    text = _ROLE.sub(lambda match: match[1].rpartition(".")[2], summary)
    text = _BRACKETS.sub("", text.replace("`", "").replace("*", ""))
    words = [word for raw in _PLAIN.findall(text) for word in _plain_words(raw)]
    return " ".join(words).replace(" ,", ",").rstrip(", ") + "."


def _plain_words(raw: str) -> list[str]:
    return split_words(raw) if re.search(r"_|[a-z][A-Z]|\w\.\w", raw) else [raw.lower()]


def names_in(summary: str) -> list[str]:
    """Return the names of code and the numbers that a sentence mentions, each one once."""
    found: list[str] = []
    for match in _MARKED.finditer(summary):
        marked = (match[1] or match[3]).partition("<")[0]
        if not _FILE.search(marked):
            found += re.findall(r"[^\W\d]\w*", marked.rpartition(".")[2])
    found += [match[1] for match in _NAME.finditer(summary)]
    found += _NUMBER.findall(summary)
    return [each for each in dict.fromkeys(found) if each.lower() not in _EMPTY]


def words_in(summary: str) -> list[str]:
    """Return the plain words of a sentence that mean something, each one once."""
    words = dict.fromkeys(split_words(summary))
    return [word for word in words if word not in _EMPTY and len(word) > 1]


@functools.lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Return what the inflections of a word share, and the nouns made of a verb."""
    stemmed: str = _stemmer().stemWord(word.lower())
    for ending in ("ion", "er", "or"):  # the stemmer leaves creation and parser as they are
        root = stemmed.removesuffix(ending)
        if root != stemmed and len(root) >= _LEAST_ROOT:
            return root
    return stemmed


@functools.cache
def _stemmer() -> Any:
    from snowballstemmer import stemmer  # imports all its languages, in 20 ms

    return stemmer("english")


# exceptions


def _raised(summary: str, definition: Definition, former: Definition) -> Iterator[str]:
    """Yield the exceptions of a summary that are raised no more, where others are instead."""
    old, new = _last_names(former.raises), _last_names(definition.raises)
    # What begins with a small letter makes an exception, maybe the same one.
    others = [name for name in new if name not in old and name[:1].isupper()]
    for name in sorted(old):
        is_said = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", summary)
        if is_said and others and name not in new and not any(_is_a(each, name) for each in others):
            yield name


def _last_names(dotted: Iterable[str]) -> frozenset[str]:
    return frozenset(name.rpartition(".")[2] for name in dotted)


def _is_a(name: str, parent: str) -> bool:
    """Check whether a built-in exception is of a more general one."""
    import builtins

    derived, base = getattr(builtins, name, None), getattr(builtins, parent, None)
    if parent in ("Exception", "BaseException"):
        return True
    return isinstance(derived, type) and isinstance(base, type) and issubclass(derived, base)


# results


def _lost_kind(summary: str, definition: Definition, former: Definition) -> str:
    """Return the kind of collection that a summary promises, if for certain it is another now."""
    said = [match[1] or match[2] for match in _RETURNED_KIND.finditer(summary.lower())]
    if len(set(said)) != 1 or not former.returns or former.yields:
        return ""
    old, new = _returned_kinds(former), _returned_kinds(definition)
    was_it = said[0] in old or (definition.yields and old == {UNKNOWN})
    return said[0] if was_it and new and not {UNKNOWN, said[0]} & new else ""


def _returned_kinds(definition: Definition) -> set[str]:
    """Return the kinds that a function is seen to return; `UNKNOWN` where that is not clear."""
    if definition.yields:
        return {ITERATOR}
    try:
        nodes = _own_nodes(function_of(definition).body)
    except SourceError:
        return {UNKNOWN}
    values = [node.value for node in nodes if isinstance(node, ast.Return)]
    return {_kind_of(value) for value in values if value is not None}


def _kind_of(value: ast.expr) -> str:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return _MAKERS.get(value.func.id, UNKNOWN)
    return _KINDS.get(type(value), UNKNOWN)


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Walk statements, without the functions and classes within them."""
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from _own_nodes(ast.iter_child_nodes(node))


def _is_unreturned(summary: str, definition: Definition, former: Definition) -> bool:
    """Check for a summary that says what is returned, where nothing is returned any more."""
    if definition.returns or definition.yields or not former.returns or former.yields:
        return False
    if definition.shape is Shape.EMPTY:  # proves nothing
        return False
    return bool(_RETURNS.search(summary.lower()))


def _listing(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else ", ".join(names)  # noqa: PLR2004
