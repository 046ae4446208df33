"""Select the functions of drift.py: complete docstrings, by readers that are not docbot's.

A function is taken where docstring_parser and griffe read the same parameter names, these are the
signature's, and Returns is there where a value is returned. So the choice favours no tool's reader.
Left out: properties, overloads, tests, private and abstract functions, and what has no parameter.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import random
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
SHARES = {"google": 0.4, "numpy": 0.4, "sphinx": 0.2}
MOST_LINES = 200
STATED = r"defaults?(?:s|ed)?(?: value)?(?: (?:to|is|of))?[ =:]*[`'\"*(\[]*"
KEPT = {"staticmethod", "classmethod"}  # without them the first parameter means something else
LEFT_OUT = re.compile(r"property|overload|abstract|setter|deleter|getter|fixture")
TESTS = re.compile(r"(^|/)(tests?|testing|conftest|test_[^/]*|[^/]*_test)(/|\.py$)")
TITLES = {
    "google": re.compile(r"^[ \t]*(Args|Arguments|Parameters):[ \t]*$", re.MULTILINE),
    "numpy": re.compile(r"^[ \t]*Parameters[ \t]*\n[ \t]*-{3,}[ \t]*$", re.MULTILINE),
    "sphinx": re.compile(r"^[ \t]*:param\b", re.MULTILINE),
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What docstring_parser reads of one documented parameter."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function in a file of its own, its class around it.

    Attributes:
        origin: Package, path and line where it was found.
        style: The style of its docstring.
        source: The text of its file.
        entries: The documented parameters, in the docstring's order.
        returns: Whether Returns is documented.
        raises: The documented exceptions.

    """

    origin: str
    style: str
    source: str
    entries: tuple[Entry, ...]
    returns: bool
    raises: tuple[str, ...]


def select(wheels: Sequence[Path], readers: Path, count: int, seed: int) -> list[Function]:
    """Take so many functions, shared out among the styles and then the packages, in turn.

    Those that state a default or have Raises come sooner, so that enough can be mutated there.
    """
    by_style: dict[str, list[list[Function]]] = {style: [] for style in SHARES}
    for wheel in wheels:
        found = list(functions(wheel, readers))
        drawn = random.Random(f"{seed} {wheel.name}")
        found.sort(key=lambda function: drawn.random() * weight(function))
        for style, packages in by_style.items():
            packages.append([function for function in found if function.style == style])
    taken: list[Function] = []
    for style, packages in by_style.items():
        in_turn = itertools.chain.from_iterable(itertools.zip_longest(*packages))
        present = [function for function in in_turn if function is not None]
        taken += present[: round(count * SHARES[style])]
    return taken


def weight(function: Function) -> float:
    """Return how late a function is drawn: sooner with a stated default or with Raises."""
    if stated_defaults(function_of(function.source), function.entries):
        return 0.2
    return 0.5 if function.raises else 1.0


def stated_defaults(node: FunctionNode, entries: Sequence[Entry]) -> list[tuple[str, ast.expr]]:
    """Return the parameters whose default the docstring states, with it, where it can change."""
    given = node.args
    ordinary = [*given.posonlyargs, *given.args]
    first = len(ordinary) - len(given.defaults)
    pairs = [(a, d) for a, d in zip(ordinary[first:], given.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d]
    texts = {entry.name: entry.text for entry in entries}
    return [
        (arg.arg, default)
        for arg, default in pairs
        if other_default(ast.unparse(default))
        and states_default(texts.get(arg.arg, ""), ast.unparse(default))
    ]


def states_default(text: str, default: str) -> bool:
    """Check whether a parameter's words state this default."""
    value = re.escape(default.strip("\"'"))
    pattern = rf"\b{STATED}{value}(?![\w(\[]|[.,-]\w)"
    return bool(value) and re.search(pattern, " ".join(text.split()), re.IGNORECASE) is not None


def other_default(text: str) -> str | None:
    """Return another default of the same kind, as code; None for what is no plain value."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    if value is None:
        return "0"
    if isinstance(value, bool):
        return str(not value)
    if isinstance(value, int):
        return str(value + 7)
    if isinstance(value, float):
        return str(value * 2 + 0.5)
    return '"another"' if isinstance(value, str) and value.strip() else None


def functions(wheel: Path, readers: Path) -> Iterator[Function]:
    """Return the functions of a package that serve, each text once."""
    reader = Reader(readers)
    package = "-".join(wheel.name.split("-")[:2])
    seen = set()
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith(".py") or TESTS.search(name):
                continue
            try:
                text = archive.read(name).decode()
                tree = ast.parse(text)
            except (SyntaxError, UnicodeDecodeError):
                continue
            for node, owner in definitions(tree):
                source = isolate(text, node, owner)
                if source in seen:
                    continue
                seen.add(source)
                origin = f"{package} {name}:{node.lineno}"
                if function := reader.read(node, source, origin, method=owner is not None):
                    yield function


def definitions(tree: ast.Module) -> Iterator[tuple[FunctionNode, ast.ClassDef | None]]:
    """Return the public functions of a module and of its public classes."""
    for node in tree.body:
        if isinstance(node, FunctionNode) and wanted(node):
            yield node, None
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from ((n, node) for n in node.body if isinstance(n, FunctionNode) and wanted(n))


def wanted(node: FunctionNode) -> bool:
    """Check whether a function is public, has a body and is no property or the like."""
    if node.name.startswith(("_", "test_")) or ast.get_docstring(node) is None:
        return False
    if (node.end_lineno or 0) - node.lineno > MOST_LINES:
        return False
    if any(LEFT_OUT.search(ast.unparse(decorator)) for decorator in node.decorator_list):
        return False
    return not all(is_empty(statement) for statement in node.body[1:])


def is_empty(statement: ast.stmt) -> bool:
    """Check for `pass`, `...` and `raise NotImplementedError`, of which abstract bodies consist."""
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        return "NotImplemented" in ast.unparse(statement.exc)
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def isolate(text: str, node: FunctionNode, owner: ast.ClassDef | None) -> str:
    """Return a file's text with this function alone, its class around it, without decorators."""
    lines = text.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno]
    body = "".join(lines).rstrip("\r\n") + "\n"
    if owner is None:
        return body
    indentation = body[: len(body) - len(body.lstrip())]
    names = [ast.unparse(decorator) for decorator in node.decorator_list]
    decorators = "".join(f"{indentation}@{name}\n" for name in names if name in KEPT)
    return f"class {owner.name}:\n{decorators}{body}"


def function_of(source: str) -> FunctionNode:
    """Return the one function of a file."""
    node = ast.parse(source).body[0]
    found = node.body[-1] if isinstance(node, ast.ClassDef) else node
    if not isinstance(found, FunctionNode):
        raise TypeError(ast.dump(found))
    return found


def own_nodes(node: FunctionNode) -> Iterator[ast.AST]:
    """Walk a function's body, without the functions and classes within it."""
    todo: list[ast.AST] = list(node.body)
    while todo:
        each = todo.pop(0)
        yield each
        if not isinstance(each, (*FunctionNode.__args__, ast.Lambda, ast.ClassDef)):
            todo[:0] = ast.iter_child_nodes(each)


def valued_returns(node: FunctionNode) -> list[ast.Return]:
    """Return the statements that return something else than None."""
    found = [n for n in own_nodes(node) if isinstance(n, ast.Return) and n.value is not None]
    return [n for n in found if not (isinstance(n.value, ast.Constant) and n.value.value is None)]


def yields(node: FunctionNode) -> bool:
    """Check whether this is a generator."""
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in own_nodes(node))


def parameters(node: FunctionNode, *, method: bool) -> list[str]:
    """Return the names of the parameters, without `self` or `cls`."""
    given = node.args
    names = [arg.arg for arg in (*given.posonlyargs, *given.args)]
    if method and not any(ast.unparse(d) == "staticmethod" for d in node.decorator_list):
        names = names[1:]
    names += [given.vararg.arg] if given.vararg else []
    names += [arg.arg for arg in given.kwonlyargs]
    return names + ([given.kwarg.arg] if given.kwarg else [])


class Reader:
    """Read docstrings with docstring_parser and with griffe."""

    def __init__(self, folder: Path) -> None:
        import logging
        import sys

        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        self._dp: Any = importlib.import_module("docstring_parser")
        self._griffe: Any = importlib.import_module("griffe")
        logging.getLogger("griffe").setLevel(logging.CRITICAL)

    def read(
        self, node: FunctionNode, source: str, origin: str, *, method: bool
    ) -> Function | None:
        """Return a function with what is documented of it; None where the readers disagree."""
        text = ast.get_docstring(node) or ""
        styles = [style for style, title in TITLES.items() if title.search(text)]
        names = parameters(node, method=method)
        if len(styles) != 1 or not names:
            return None
        try:
            parsed = self._dp.parse(text, style=getattr(self._dp.DocstringStyle, _DP[styles[0]]))
        except self._dp.ParseError:
            return None
        documented = [p for p in parsed.params if p.args[0] in ("param", "other_param")]
        read = [_bare(p.arg_name) for p in documented]
        sections = self._sections(text, styles[0])
        if sorted(read) != sorted(names) or sections.get("parameters") != read:
            return None
        returns = "returns" in sections and parsed.returns is not None
        generator = yields(node)
        if (generator and "yields" not in sections) or (valued_returns(node) and not returns):
            return None
        words = [f"{p.type_name or ''} {p.description or ''}" for p in documented]
        if any(p.is_optional for p in documented):
            words = [_with_default(p, word) for p, word in zip(documented, words, strict=True)]
        entries = (Entry(name=n, text=w) for n, w in zip(read, words, strict=True))
        raised = [r.type_name for r in parsed.raises if r.type_name]
        return Function(
            origin=origin,
            style=styles[0],
            source=source,
            entries=tuple(entries),
            returns=returns,
            raises=tuple(raised) if "raises" in sections else (),
        )

    def _sections(self, text: str, style: str) -> Mapping[str, list[str]]:
        """Return the sections that griffe reads, with the names in them."""
        found: dict[str, list[str]] = {}
        for section in self._griffe.Docstring(text).parse(style):
            kind = section.kind.value.replace("other ", "")
            if kind in ("parameters", "returns", "yields", "raises"):
                names = [_bare(getattr(item, "name", "") or "") for item in section.value]
                found.setdefault(kind, []).extend(names)
        return found


_DP = {"google": "GOOGLE", "numpy": "NUMPYDOC", "sphinx": "REST"}


def _bare(name: str) -> str:
    return name.replace("\\", "").lstrip("*")


def _with_default(parameter: Any, words: str) -> str:
    given = parameter.default
    return f"{words} default {given}" if given is not None and given not in words else words
