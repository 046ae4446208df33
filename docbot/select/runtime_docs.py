"""Check whether a program reads a docstring while it runs.

If it does, adding one changes what the program prints, publishes or sends to a model. The tables
below list the decorators, base classes and imports by which docstrings are read, each with its
reader described for people: "a command line shows it as help".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docbot.scan.definition import Definition, Kind
from docbot.scan.parse import MODULE_DOC
from docbot.select.handed_over import ancestors, handed_over, last_name
from docbot.select.reader_tables import (
    API,
    API_BASES,
    API_FRAMEWORKS,
    CLASS_READERS,
    COMMAND_BASES,
    DECORATORS,
    DOCUMENTED_FLASK,
    HELP,
    HTTP_METHODS,
    LISTING,
    SCHEMA,
    SCHEMA_BASES,
    SIGNATURE_PARSERS,
    SILENT_FRAMEWORKS,
    VIEW_METHODS,
    WITH_IMPORT,
)

if TYPE_CHECKING:
    from docbot.scan.outline import ClassEntry, Outline

_PATH = re.compile(r"[\w.]+\((?:path=)?[rf]?[\"'](?:/|[\"'])")
"""A decorator whose first argument is a path: not `@registry.get("json")`."""

ANY_CLASS = frozenset(("", "self", "cls", "klass", "kls", "class_", "__class__", "type"))
"""Names whose `__doc__` may be that of any class of the file; "" stands for an expression."""


def runtime_reader(definition: Definition, outline: Outline) -> str:
    """Return the reader of a definition's docstring at run time.

    It is described for people; "" where nothing reads the docstring.
    """
    roots = outline.packages
    return (
        _read_in_file(definition, outline)
        or handed_over(definition, outline)
        or _by_decorator(definition, outline, roots)
        or _by_class(definition, outline, roots)
        or _by_module(definition, roots)
    )


def _root(dotted: str) -> str:
    """Return the package that a dotted name is imported from; "" for a relative import."""
    return dotted.partition(".")[0]


def _read_in_file(definition: Definition, outline: Outline) -> str:
    if not outline.doc_reads and not outline.doc_decorators:
        return ""
    decorators = {name.rpartition(".")[2] for name in definition.decorator_names}
    if decorators & outline.doc_decorators:
        return "this file's decorator reads its __doc__"
    own = {definition.name or MODULE_DOC}
    if definition.kind is Kind.CLASS:
        own |= ANY_CLASS
    elif definition.kind is Kind.MODULE:
        own |= {"", "__main__"}  # such as sys.modules[__name__].__doc__
    return "this file reads its __doc__" if own & outline.doc_reads else ""


def _by_decorator(definition: Definition, outline: Outline, roots: frozenset[str]) -> str:
    for name, text in zip(definition.decorator_names, definition.decorators, strict=True):
        last = name.rpartition(".")[2]
        if last in DECORATORS:
            return DECORATORS[last]
        origin = _root(outline.imports.get(_root(name), ""))
        for package, readers in WITH_IMPORT.items():
            if package in roots and last in readers and origin in ("", package):
                return readers[last]
        if last in HTTP_METHODS and _is_route(name, text, outline, roots):
            return API
    return ""


def _is_route(name: str, text: str, outline: Outline, roots: frozenset[str]) -> bool:
    """Check whether `@name(...)` declares an endpoint of a framework that publishes docstrings."""
    if "." not in name:
        return _root(outline.imports.get(name, "")) in API_FRAMEWORKS
    if not roots.isdisjoint((*API_FRAMEWORKS, *DOCUMENTED_FLASK)):
        return "(" in text
    return roots.isdisjoint(SILENT_FRAMEWORKS) and _PATH.match(text) is not None


def _by_class(definition: Definition, outline: Outline, roots: frozenset[str]) -> str:
    if definition.kind is Kind.CLASS:
        return _by_bases(definition, outline, roots)
    if not definition.name.startswith("do_") and definition.name not in VIEW_METHODS:
        return ""
    owner = owner_of(definition, outline)
    bases = [last_name(base) for base in owner.bases] if owner is not None else []
    if definition.name.startswith("do_") and any(base.endswith(COMMAND_BASES) for base in bases):
        return HELP
    if definition.name in VIEW_METHODS and any(base.endswith(API_BASES) for base in bases):
        plain_flask = "flask" in roots and roots.isdisjoint(DOCUMENTED_FLASK)
        return "" if plain_flask else API
    return ""


def _by_bases(definition: Definition, outline: Outline, roots: frozenset[str]) -> str:
    """Return the reader by the bases of a class and, within the file, by their bases."""
    bases: list[str] = []
    for base in definition.bases:
        bases += [last_name(base), *ancestors(last_name(base), outline)]
    if SCHEMA_BASES & set(bases):
        return SCHEMA
    decorators = {outline.imports.get(_root(name), name) for name in definition.decorator_names}
    if any(_root(name) == "pydantic" for name in decorators):
        return SCHEMA
    for package, (endings, text) in CLASS_READERS.items():
        if package in roots and any(base.endswith(endings) for base in bases):
            return text
    return ""


def owner_of(definition: Definition, outline: Outline) -> ClassEntry | None:
    """Return the module-level class of a method, None for any other.

    Inner classes are left out, since two of them may share a name.
    """
    is_inner = definition.qualname.count(".") != 1
    return None if is_inner else outline.classes.get(definition.owner)


def _by_module(definition: Definition, roots: frozenset[str]) -> str:
    if definition.kind is Kind.MODULE or definition.local:
        return ""
    if not roots.isdisjoint(SIGNATURE_PARSERS):
        return HELP
    if "ply" in roots and definition.name.startswith(("p_", "t_")):
        return "ply reads it as grammar"
    if "doit" in roots and definition.name.startswith("task_"):
        return LISTING
    if "docopt" in roots and definition.kind is Kind.FUNCTION and definition.name == "main":
        return "docopt may read it as the command line"
    return ""
