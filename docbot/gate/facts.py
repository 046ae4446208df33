"""Collect what a sentence about one definition may talk about: the facts of its code.

`facts_of` reads a definition's tokens: the words of its names and short strings support a
sentence; comments and long strings do not, since they may hold instructions to the model.
"""

from __future__ import annotations

import ast
import functools
import io
import keyword
import re
import tokenize
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.scan.definition import Kind, Shape, Signature
from docbot.scan.identifiers import split_words
from docbot.scan.tree import function_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePosixPath
    from typing import TypeGuard

    from docbot.scan.definition import Definition


MAX_LITERAL = 60
"""Longer strings are prose, like comments: they prove a spelling, and support no claim."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The facts of one definition: what a sentence about it may talk about.

    Attributes:
        name: The definition's name.
        owner: Name of the class it belongs to, else "".
        code: Its tokens, one blank between them, none around dots; no comment, every string `""`.
        words: Words of identifiers and of short strings, in lower case.
        nearby: Words of the names beside it in its file and of the file's path, in lower case.
        path: Words of its module's dotted name.
        prose: Words of comments and of long strings, in lower case.
        actions: Words of its own name and of what it calls; only these support a sentence's verb.
        params: Words of its parameters' names and annotations.
        returns: Whether it returns a value.
        yields: Whether it is a generator.
        raises: Whether it raises anything by name.
        is_property: Whether its docstring may be a noun phrase.
        kind: What it is.
        signature: Its parameters and its return annotation, as source text.
        tree: Its node, of a function that can be parsed by itself.

    """

    name: str
    kind: Kind = Kind.FUNCTION
    signature: Signature = field(default_factory=Signature)
    owner: str = ""
    code: str = ""
    words: frozenset[str] = frozenset()
    nearby: frozenset[str] = frozenset()
    path: frozenset[str] = frozenset()
    prose: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    returns: bool = False
    yields: bool = False
    raises: bool = False
    is_property: bool = False
    tree: ast.FunctionDef | ast.AsyncFunctionDef | None = field(
        default=None, compare=False, repr=False
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """A definition's surroundings: its module's dotted name, and the words of names beside it."""

    module: str = ""
    words: frozenset[str] = frozenset()


NO_SURROUNDINGS = Surroundings()
"""The surroundings of a definition whose file is unknown."""

FUNCTIONS = (Kind.FUNCTION, Kind.METHOD)

# Names that `split_words` would break apart.
CODEC = re.compile(r"\b(?i:utf-?(?:8|16|32)|latin-?1|base(?:16|32|64|85)|sha(?:1|256|512)|md5)\b")

# Escape sequences of a string literal.
_ESCAPE = re.compile(r"\\(?:x..|u....|.)")

# Names whose strings may be secrets.
_SECRET = re.compile(r"(?i)pass|secret|token|key|auth|credential|salt|api|signature")

_LAYOUT = ("NL", "INDENT", "DEDENT", "ENDMARKER")

_FIELD_MARKS = ("{", "}", "!", ":")

_KEYWORDS = frozenset((*keyword.kwlist, "self", "cls")) - {"assert", "await", "raise", "yield"}


@functools.lru_cache(maxsize=64)
def facts_of(definition: Definition, surroundings: Surroundings = NO_SURROUNDINGS) -> Facts:
    """Collect the facts of a definition, with the words of its surroundings."""
    code, spelt, prose = _read(definition.code)
    name, owner = definition.name, definition.owner
    if definition.kind is Kind.MODULE:
        *owners, name = surroundings.module.split(".")
        owner = owners[-1] if owners else ""
    promised = definition.signature.returns not in (None, "None", "NoReturn", "Never")
    return Facts(
        name=name,
        kind=definition.kind,
        signature=definition.signature,
        owner=owner,
        code=code,
        words=_split_all([*_supporting_names(definition, spelt), name, owner]),
        nearby=surroundings.words,
        path=_split_all([surroundings.module]),
        prose=_split_all(prose),
        actions=_split_all([name, *(call.rpartition(".")[2] for call in definition.calls)]),
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
        tree=_tree(definition),
    )


def _tree(definition: Definition) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    try:
        return function_of(definition) if definition.kind in FUNCTIONS else None
    except SourceError:
        return None


def surroundings_of(path: PurePosixPath, names: Iterable[str] = ()) -> Surroundings:
    """Return the surroundings of the definitions of one file, from its path and names in it."""
    parts = [*path.parts[:-1], *([path.stem] if path.stem != "__init__" else [])]
    return Surroundings(module=".".join(parts), words=_split_all([*parts[-2:], *names]))


def _supporting_names(definition: Definition, spelt: list[str]) -> list[str]:
    """Return the names that support a sentence.

    Those of a class or a module are the names that it defines, not all that it uses.
    """
    if definition.kind in FUNCTIONS:
        return spelt
    try:
        tree = tree_of(definition)
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
    top = [tree] if isinstance(tree, ast.ClassDef) else tree.body
    for body in [top, *(n.body for n in top if isinstance(n, ast.ClassDef))]:
        for statement in body:
            names += [n.id for n in ast.walk(statement) if _is_stored(n)]
    return names


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _read(code: str) -> tuple[str, list[str], list[str]]:
    """Return a definition's tokens as one text, its names and short strings, and its prose.

    A string that follows a name like `password` may be one, and so counts as prose.
    """
    tokens: list[str] = []
    spelt: list[str] = []
    prose: list[str] = []
    preceding: deque[str] = deque(maxlen=4)
    formatting = 0  # how many f-strings are open
    for token in _tokens(code):
        kind = tokenize.tok_name[token.type]
        if kind == "COMMENT":
            prose.append(token.string)
        elif "STRING" in kind:
            formatting += kind.endswith("START") - kind.endswith("END")
            text = _text_of(token.string) if kind == "STRING" else token.string
            if kind == "STRING" or kind.endswith("MIDDLE"):
                hidden = len(text) > MAX_LITERAL or _SECRET.search(" ".join(preceding))
                (prose if hidden else spelt).append(_ESCAPE.sub(" ", text))
            if not kind.endswith(("MIDDLE", "END")):
                formatted = re.match(r"[a-zA-Z]*[fFtT]", token.string) is not None
                pieces = _pieces(text) if formatted and kind == "STRING" else []
                tokens += ['f""' if formatted else '""', *pieces]
                spelt += pieces
        elif not (formatting and token.string in _FIELD_MARKS) and kind not in _LAYOUT:
            tokens.append(token.string if kind != "NEWLINE" else "\n")
            spelt += [token.string] if kind == "NAME" and token.string not in _KEYWORDS else []
        preceding.append(token.string)
    return re.sub(r" ?(?<!\.)\.(?!\.) ?", ".", " ".join(tokens)), spelt, prose


def _pieces(literal: str) -> list[str]:
    """Return the words and signs in an f-string's braces; before Python 3.12 it is one token."""
    fields = re.findall(r"\{([^{}]*)\}", literal)
    return [piece for field in fields for piece in re.findall(r"\w+|[^\w\s!:]", field)]


def _text_of(literal: str) -> str:
    """Return the text between a literal's quotes, with its escapes."""
    return literal.lstrip("bBfFrRtTuU").strip("'\"")


def _tokens(code: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens up to where Python's tokenizer gives up."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(code).readline)
    except (tokenize.TokenError, SyntaxError):
        return


def _split_all(texts: list[str]) -> frozenset[str]:
    """Return the words of all texts, and names of codecs as one word: `utf-8`, `sha256`."""
    words = {word for text in texts for word in split_words(text)}
    return frozenset(words | {w.lower() for text in texts for w in CODEC.findall(text)})
