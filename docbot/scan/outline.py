"""Read a file's outline with `ast`: its definitions, imports and classes with their bases.

The skip rules need it of every file, and `select.inheritance` of the files with parent classes. It
is cheap: a libcst parse costs several times an `ast.parse` (measured in benchmarks/startup.py), and
most files on most days have nothing to do.
"""

from __future__ import annotations

import ast
from bisect import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.scan.bindings import described_arguments
from docbot.scan.exports import exports_of
from docbot.scan.handover_words import ANY, may_hand_over
from docbot.scan.handovers import is_use, trace_handovers
from docbot.scan.parse import MODULE_DOC, all_nodes, dotted, is_documented, is_dunder, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeGuard


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)


_OUTLINE_NODES = frozenset(
    (
        *_DEFINITIONS,
        ast.Import,
        ast.ImportFrom,
        ast.Call,
        ast.Attribute,
        ast.Name,
        ast.AugAssign,
        ast.Dict,
    )
)
"""The types of the nodes that an outline is made from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One definition; `lines` are 1-based and inclusive, decorators included."""

    name: str
    is_class: bool
    lines: tuple[int, int]
    documented: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassEntry:
    """A class of an outline.

    Attributes:
        bases: The dotted names of its bases, as written.
        methods: Whether each method is documented, by its name.

    """

    bases: tuple[str, ...]
    methods: Mapping[str, bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """The outline of one file.

    Attributes:
        entries: Every definition.
        classes: The classes at module level, also those under an `if` or `try`, by name.
        imports: The dotted name that each local name stands for; relative ones keep their dots.
        stars: The modules that all names are imported from.
        doc_reads: The last names of the objects whose `__doc__` the file reads.
        doc_decorators: The names of its functions that read the `__doc__` of an argument.
        handovers: What the file reads the docstrings of or hands over, as `trace_handovers` says.
        documented: Whether the module itself has a docstring.
        defines: Whether it does more than import and set names like `__author__`.
        exports: The names in its `__all__`; None where there is none that can be read.
        packages: The packages that the imports come from; "" stands for relative ones.

    """

    entries: tuple[Entry, ...] = ()
    classes: Mapping[str, ClassEntry] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    stars: tuple[str, ...] = ()
    doc_reads: frozenset[str] = frozenset()
    doc_decorators: frozenset[str] = frozenset()
    handovers: Mapping[str, str] = field(default_factory=dict)
    documented: bool = False
    defines: bool = True
    exports: tuple[str, ...] | None = None
    packages: frozenset[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Set what follows from the imports, which is asked of every definition."""
        packages = frozenset(name.partition(".")[0] for name in self.imports.values())
        object.__setattr__(self, "packages", packages)


def outline(source: bytes) -> Outline:
    """Read the outline of a file, with `ast` alone.

    Raises:
        SourceError: as `parse`, or the file nests deeper than `MAX_DEPTH`.

    """
    tree = parse(source)
    return outline_of(tree, all_nodes(tree), source)


def outline_of(
    tree: ast.Module,
    nodes: Iterable[ast.AST],
    source: bytes,
    entries: tuple[Entry, ...] | None = None,
    *,
    reads: bool | None = None,
) -> Outline:
    """Return the outline of a parsed file.

    `nodes` are those of `all_nodes`; where `reads_docstrings` says no, `statements_of` is enough.
    Its entries are made from them, too, unless they are given; `reads` is what `reads_docstrings`
    says, if it has been asked.
    """
    reads = reads_docstrings(source) if reads is None else reads
    relevant = [node for node in nodes if type(node) in _OUTLINE_NODES]
    imports = [node for node in relevant if isinstance(node, (ast.Import, ast.ImportFrom))]
    functions = [node for node in relevant if isinstance(node, _FUNCTIONS)]
    readers = relevant if reads else ()
    stars = tuple(
        "." * node.level + (node.module or "")
        for node in imports
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    )
    if entries is None:
        entries = tuple(_entry(node) for node in relevant if isinstance(node, _DEFINITIONS))
    local_names = dict(pair for node in reversed(imports) for pair in _imports(node))
    handovers = {}
    if any(map(is_use, readers)):
        known = {*local_names, *(entry.name for entry in entries)}
        handovers = _handovers(tree, known, stars=bool(stars))
    return Outline(
        entries=entries,
        classes={node.name: _class(node) for node in _module_classes(tree.body)},
        imports=local_names,
        stars=stars,
        doc_reads=frozenset(name for node in readers for name in _doc_reads(node)),
        doc_decorators=frozenset(_doc_decorators(functions, source) if reads else ()),
        handovers=handovers,
        documented=is_documented(tree),
        defines=_defines(tree),
        exports=exports_of(tree, source),
    )


def reads_docstrings(source: bytes) -> bool:
    """Check whether a file may read docstrings, so that its expressions count too."""
    return may_hand_over(source)


def _handovers(tree: ast.Module, known: set[str], *, stars: bool) -> dict[str, str]:
    """Return those handovers that may be of functions: of names the file defines or imports."""
    return {
        name: how
        for name, how in trace_handovers(tree).items()
        if stars or name == ANY or not known.isdisjoint(name.split("."))
    }


def _entry(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Entry:
    return Entry(
        name=node.name,
        is_class=isinstance(node, ast.ClassDef),
        lines=(_first_line(node), node.end_lineno or node.lineno),
        documented=is_documented(node),
    )


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    return min(d.lineno for d in node.decorator_list) if node.decorator_list else node.lineno


def _defines(tree: ast.Module) -> bool:
    """Check for more than imports and names like `__author__`; a lone docstring is more."""
    if len(tree.body) == 1 and is_documented(tree):
        return True
    for node in tree.body[is_documented(tree) :]:
        targets = node.targets if isinstance(node, ast.Assign) else []
        metadata = targets and all(isinstance(t, ast.Name) and is_dunder(t.id) for t in targets)
        if not metadata and not isinstance(node, (ast.Import, ast.ImportFrom)):
            return True
    return False


def _module_classes(body: Iterable[ast.stmt]) -> Iterator[ast.ClassDef]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node
        elif isinstance(node, (ast.If, ast.Try)):
            handlers = node.handlers if isinstance(node, ast.Try) else ()
            for block in (node.body, *(handler.body for handler in handlers), node.orelse):
                yield from _module_classes(block)


def _class(node: ast.ClassDef) -> ClassEntry:
    methods = {
        item.name: is_documented(item)
        for item in node.body
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    bases = (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)
    return ClassEntry(
        bases=tuple(name for base in bases if (name := dotted(base))), methods=methods
    )


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            root = alias.name.partition(".")[0]
            yield alias.asname or root, alias.name if alias.asname else root
    elif isinstance(node, ast.ImportFrom):
        package = "." * node.level + (node.module or "")
        joint = "" if package.endswith(".") else "."
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name, f"{package}{joint}{alias.name}"


def _doc_reads(node: ast.AST) -> Iterator[str]:
    """Yield the last names of the objects whose docstring a node reads.

    Such nodes are `f.__doc__`, `__doc__`, `f.__doc__ += ...` and `getdoc(f)`.
    """
    if isinstance(node, ast.Call):
        for argument in described_arguments(node)[1]:
            if last := dotted(argument).rpartition(".")[2]:
                yield last
    target = node.target if isinstance(node, ast.AugAssign) else node
    if target is node and not isinstance(getattr(node, "ctx", None), ast.Load):
        return
    if isinstance(target, ast.Attribute) and target.attr == "__doc__":
        yield dotted(target.value).rpartition(".")[2]
    elif isinstance(target, ast.Name) and target.id == "__doc__":
        yield MODULE_DOC


def _doc_decorators(
    functions: Iterable[ast.FunctionDef | ast.AsyncFunctionDef], source: bytes
) -> Iterator[str]:
    """Yield the functions that do more with a parameter's `__doc__` than copy it to a wrapper."""
    lines = _lines_with(b"__doc__", source)
    for function in functions:
        if bisect(lines, function.end_lineno or 0) == bisect(lines, _first_line(function) - 1):
            continue  # no `__doc__` in it, as in most functions of a file that has one
        nodes = list(ast.walk(function))
        params = {node.arg for node in nodes if isinstance(node, ast.arg)} - {"self", "cls"}
        copies = {node.value for node in nodes if isinstance(node, ast.Assign) and _sets_doc(node)}
        owners = {
            dotted(node.value) for node in nodes if _is_doc(node, ast.Load) and node not in copies
        }
        if owners & params:
            yield function.name


def _lines_with(word: bytes, source: bytes) -> list[int]:
    """Return the numbers of the lines that hold a word, in order."""
    lines, number, last, at = [], 1, 0, source.find(word)
    while at >= 0:
        number += source.count(b"\n", last, at)
        lines.append(number)
        last, at = at, source.find(word, at + 1)
    return lines


def _sets_doc(node: ast.Assign) -> bool:
    return all(_is_doc(target, ast.Store) for target in node.targets)


def _is_doc(node: ast.AST, use: type[ast.expr_context]) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr == "__doc__" and isinstance(node.ctx, use)
