"""Change one function so that its docstring is no longer true; everything else stays as it was.

Each mutation edits the text at positions of the syntax tree. It returns None where it does not
apply, or where what comes out would not parse.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drift_functions import (
    Function,
    FunctionNode,
    function_of,
    other_default,
    own_nodes,
    stated_defaults,
    valued_returns,
    yields,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence

NEW_NAMES = ("payload", "setting", "new_{}", "{}_value", "{}_2", "subject", "amount")
ADDED = (("strict", "bool", "False"), ("timeout", "float", "1.5"), ("retries", "int", "3"))
EXCEPTIONS = ("RuntimeError", "TimeoutError", "BufferError", "EOFError", "ConnectionError")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A mutated function.

    Attributes:
        source: The text of its file.
        subject: The parameter or exception that the change is about; "" for a return.
        replaced: The new name of a renamed parameter, else "".

    """

    source: str
    subject: str = ""
    replaced: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a signature, by its place in the text; `*` and `/` are items too."""

    text: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Return the parameter's name; "" for `*`, `/` and starred ones."""
        found = re.match(r"[^\W\d]\w*", self.text)
        return found[0] if found else ""


class Source:
    """A file with one function, and the places of its nodes in the text."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.text = function.source
        self.node = function_of(self.text)
        self.lines = self.text.splitlines(keepends=True)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: Any) -> tuple[int, int]:
        """Return where a node begins and ends in the text."""
        return (
            self._at(node.lineno, node.col_offset),
            self._at(node.end_lineno, node.end_col_offset),
        )

    def _at(self, line: int, column: int) -> int:
        before = self.lines[line - 1].encode()[:column]
        return self._starts[line - 1] + len(before.decode())

    def replaced(self, edits: Sequence[tuple[int, int, str]]) -> str:
        """Return the text with these spans replaced."""
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def items(self) -> list[Item]:
        """Return the items of the signature, in order."""
        items: list[Item] = []
        depth, start, end = 0, -1, 0
        for token in self._header():
            at = self._starts[token.start[0] - 1] + token.start[1]
            if token.string in ("(", "[", "{"):
                depth += 1
                if depth == 1:
                    continue
            depth -= token.string in (")", "]", "}")
            if depth == 0 or (depth == 1 and token.string == ","):
                if start >= 0:
                    items.append(Item(text=self.text[start:end], start=start, end=end))
                start = -1
                if depth == 0:
                    break
            else:
                start = at if start < 0 else start
                end = self._starts[token.end[0] - 1] + token.end[1]
        given = self.node.args
        named = {arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
        return items if {item.name for item in items} - {""} == named else []

    def _header(self) -> Iterator[tokenize.TokenInfo]:
        """Return the tokens from the opening parenthesis of the signature on."""
        layout = (tokenize.NL, tokenize.COMMENT)
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        named = False
        for token in tokens:
            named = named or (token.start[0] >= self.node.lineno and token.string == "def")
            if named and token.string == "(":
                yield token
                break
        yield from (token for token in tokens if token.type not in layout)

    def ordinary(self) -> list[Item]:
        """Return the documented parameters without a star."""
        documented = {entry.name for entry in self.function.entries}
        return [item for item in self.items() if item.name in documented]

    def inserted_first(self, statement: str) -> str:
        """Return the text with a statement before the first one after the docstring."""
        first = self.node.body[1]
        lineno = min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", []))])
        indentation = self.lines[lineno - 1][: first.col_offset]
        start = self._starts[lineno - 1]
        shifted = "".join(f"{indentation}{line}\n" for line in statement.splitlines())
        return "" if indentation.strip() else self.replaced([(start, start, shifted)])


def mutate(kind: str, function: Function, random: random.Random) -> Mutant | None:
    """Apply one kind of mutation; None where it does not apply."""
    return MUTATIONS[kind](Source(function), random)


def rename(source: Source, random: random.Random) -> Mutant | None:
    """Rename a parameter, in the signature and the body."""
    items = source.ordinary()
    random.shuffle(items)
    new_names = random.sample(NEW_NAMES, len(NEW_NAMES))
    for item in items:
        uses = _uses(source.node, item.name)
        used = set(re.findall(r"\w+", source.text))
        new = next((n for n in (n.format(item.name) for n in new_names) if n not in used), None)
        if uses is None or new is None:
            continue
        edits = [(item.start, item.start + len(item.name), new)]
        edits += [(*source.span(use), new) for use in uses]
        if parses(text := source.replaced(edits)):
            return Mutant(source=text, subject=item.name, replaced=new)
    return None


def _uses(node: FunctionNode, name: str) -> list[ast.Name] | None:
    """Return where the body uses a parameter; None where it cannot be renamed by its nodes."""
    uses = []
    for statement in node.body:
        for each in ast.walk(statement):
            if isinstance(each, ast.JoinedStr) and name in ast.unparse(each):
                return None  # nodes in it have no exact place before Python 3.12
            if isinstance(each, ast.Name) and each.id == name:
                uses.append(each)
            elif _binds(each, name):
                return None
    return uses


def _binds(node: ast.AST, name: str) -> bool:
    """Check whether a node other than a Name binds this name."""
    names = {getattr(node, attribute, None) for attribute in ("name", "arg", "asname", "rest")}
    is_keyword = isinstance(node, ast.keyword)
    listed = node.names if isinstance(node, (ast.Global, ast.Nonlocal)) else ()
    return (name in names and not is_keyword) or name in listed


def remove(source: Source, random: random.Random) -> Mutant | None:
    """Remove a parameter from the signature; the body is left."""
    everything, items = source.items(), source.ordinary()
    random.shuffle(items)
    for item in items:
        at = everything.index(item)
        if at + 1 < len(everything):
            edit = (item.start, everything[at + 1].start, "")
        else:
            edit = (everything[at - 1].end if at else item.start, item.end, "")
        if parses(text := source.replaced([edit])):
            return Mutant(source=text, subject=item.name)
    return None


def add(source: Source, random: random.Random) -> Mutant | None:
    """Add a parameter to the signature, with a default."""
    items = source.items()
    used = set(re.findall(r"\w+", source.text))
    free = [each for each in ADDED if each[0] not in used]
    if not free or not source.ordinary():
        return None
    name, annotation, default = random.choice(free)
    typed = any(":" in item.text for item in items if item.name)
    new = f"{name}: {annotation} = {default}" if typed else f"{name}={default}"
    first = items.index(source.ordinary()[0])
    places = list(range(first, len(items) + 1))
    random.shuffle(places)
    for place in places:
        if place < len(items):
            edit = (items[place].start, items[place].start, f"{new}, ")
        else:
            edit = (items[-1].end, items[-1].end, f", {new}")
        if parses(text := source.replaced([edit])):
            return Mutant(source=text, subject=name)
    return None


def reorder(source: Source, random: random.Random) -> Mutant | None:
    """Swap two parameters that stand in the same order in the docstring."""
    items, order = source.ordinary(), [entry.name for entry in source.function.entries]
    keyword_only = {arg.arg for arg in source.node.args.kwonlyargs}
    pairs = [(a, b) for at, a in enumerate(items) for b in items[at + 1 :]]
    random.shuffle(pairs)
    for a, b in pairs:
        alike = (a.name in keyword_only) == (b.name in keyword_only)
        if not alike or order.index(a.name) > order.index(b.name):
            continue
        edits = [(a.start, a.end, b.text), (b.start, b.end, a.text)]
        if parses(text := source.replaced(edits)):
            return Mutant(source=text, subject=f"{a.name} {b.name}")
    return None


def change_default(source: Source, random: random.Random) -> Mutant | None:
    """Change a default that the docstring states."""
    pairs = stated_defaults(source.node, source.function.entries)
    if not pairs:
        return None
    name, default = random.choice(pairs)
    start, end = source.span(default)
    new = other_default(source.text[start:end]) or ""
    return Mutant(source=source.replaced([(start, end, new)]), subject=name)


def _without_returns(source: Source, statement: str) -> Mutant | None:
    returns = valued_returns(source.node)
    if not source.function.returns or not returns or yields(source.node):
        return None
    if len(source.node.body) < 3:  # noqa: PLR2004 - docstring and return: no body would be left
        return None
    everything = [n for n in own_nodes(source.node) if isinstance(n, ast.Return)]
    edits = [(*source.span(node), statement) for node in everything]
    edits += _annotation(source, "None")
    text = source.replaced(edits)
    return Mutant(source=text) if parses(text) else None


def _annotation(source: Source, new: str) -> list[tuple[int, int, str]]:
    given = source.node.returns
    return [(*source.span(given), new.format(ast.unparse(given)))] if given else []


def bare_return(source: Source, _: random.Random) -> Mutant | None:
    """Let every `return` return nothing."""
    return _without_returns(source, "return")


def no_return(source: Source, _: random.Random) -> Mutant | None:
    """Put `pass` in the place of every `return`."""
    return _without_returns(source, "pass")


def return_to_yield(source: Source, _: random.Random) -> Mutant | None:
    """Yield what was returned."""
    returns = valued_returns(source.node)
    if not source.function.returns or not returns or yields(source.node):
        return None
    starts = [source.span(node)[0] for node in returns]
    edits = [(start, start + len("return"), "yield") for start in starts]
    text = source.replaced(edits + _annotation(source, "Iterator[{}]"))
    return Mutant(source=text) if parses(text) else None


def drop_raise(source: Source, random: random.Random) -> Mutant | None:
    """Raise one documented exception no more."""
    raises = [n for n in own_nodes(source.node) if isinstance(n, ast.Raise)]
    names = [raised(node) for node in raises]
    documented = {name.rpartition(".")[2] for name in source.function.raises}
    choice = sorted(documented.intersection(names))
    if not choice or not all(name[:1].isupper() for name in names):
        return None  # a re-raise may raise anything
    name = random.choice(choice)
    edits = [(*source.span(node), "pass") for node in raises if raised(node) == name]
    text = source.replaced(edits)
    return Mutant(source=text, subject=name) if parses(text) else None


def raised(node: ast.Raise) -> str:
    """Return the last name of the exception that a statement raises; "" if it is none by name."""
    exception = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    words = ast.unparse(exception) if isinstance(exception, (ast.Name, ast.Attribute)) else ""
    return words.rpartition(".")[2]


def add_raise(source: Source, random: random.Random) -> Mutant | None:
    """Raise one more exception, where the docstring has a Raises section."""
    used = set(re.findall(r"\w+", source.text))
    free = [name for name in EXCEPTIONS if name not in used]
    items = source.ordinary()
    if not source.function.raises or not free or not items:
        return None
    name = random.choice(free)
    statement = f'if not {random.choice(items).name}:\n    raise {name}("not here")'
    text = source.inserted_first(statement)
    return Mutant(source=text, subject=name) if text and parses(text) else None


def unrelated(source: Source, _: random.Random) -> Mutant | None:
    """Add a statement that the docstring has nothing to say about: a finding would be false."""
    text = source.inserted_first("unrelated = 1\ndel unrelated")
    return Mutant(source=text) if text and parses(text) else None


def parses(text: str) -> bool:
    """Check whether this is Python, of one function."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape that is none, in somebody's docstring
            compile(text, "mutant", "exec", dont_inherit=True)
            function_of(text)
    except (SyntaxError, TypeError, ValueError):
        return False
    return True


MUTATIONS: dict[str, Callable[[Source, random.Random], Mutant | None]] = {
    "rename": rename,
    "remove": remove,
    "add": add,
    "reorder": reorder,
    "default": change_default,
    "bare-return": bare_return,
    "no-return": no_return,
    "yield": return_to_yield,
    "drop-raise": drop_raise,
    "add-raise": add_raise,
    "unrelated": unrelated,
}
