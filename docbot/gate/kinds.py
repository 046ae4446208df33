"""Read kinds of value out of phrases, annotations and defaults."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docbot.gate.english import read_patterns, word_pairs, word_set
from docbot.gate.rules import find_head
from docbot.scan.parse import dotted, parse_expression

if TYPE_CHECKING:
    from docbot.gate.sentence import Sentence

KIND_PATTERNS = read_patterns("kinds.txt")
"""For a kind of value, the pattern in an annotation that admits it."""

_KIND_WORDS = {
    word: kind for kind, words in word_pairs("kind words").items() for word in words.split()
}
DEFAULT_KINDS = {
    "bool": ["bool"],
    "int": ["int", "float"],
    "float": ["int", "float"],
    "str": ["str"],
}
"""For the kind of a default, what its parameter may be said to be if it has no annotation."""

BUILTIN_NAMES = word_set("annotation names")
"""Names of an annotation that say what kind of value it is, and not what for."""


def claimed_kind(phrase: Sentence) -> str:
    """Return the kind of value that a phrase claims, as a key of `KIND_PATTERNS`, else ""."""
    first = phrase.words[0]
    if first == "whether" or re.match(r"(?:True|False) (?:if|when)\b", phrase.text):
        return "bool"
    return _KIND_WORDS.get(find_head(phrase), "")


def default_kind(default: str | None) -> str:
    """Return the kind of value of a default's source text: bool, int, float or str, else ""."""
    if default is None or default == "None":
        return ""
    if default in ("True", "False"):
        return "bool"
    if re.fullmatch(r"-?\d[\d_]*", default):
        return "int"
    if re.fullmatch(r"-?[\d_]*\.?\d[\d_]*(?:e-?\d+)?", default):
        return "float"
    return "str" if re.match(r"[rRuUfF]?[\"']", default) else ""


def telling_names(annotation: str | None) -> str:
    """Return an annotation's names without those that only say what kind of value it is."""
    return " ".join(n for n in re.findall(r"\w+", annotation or "") if n not in BUILTIN_NAMES)


def outer_names(annotation: str) -> list[str]:
    """Return the names of what a value may be, not of what it holds.

    For `list[str] | None` they are list and None.
    """
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
                names += outer_names(quoted) if quoted != annotation else []
            case other:
                names.append(dotted(other).rpartition(".")[2])
    return [name for name in names if name]
