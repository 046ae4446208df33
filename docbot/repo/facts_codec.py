"""Serialise the facts of a file for the cache; an indent is kept as "" or None, no more."""

from __future__ import annotations

import json
from typing import Any

from docbot.scan.definition import Definition, Kind, Shape
from docbot.scan.facts import FileFacts
from docbot.scan.markers import FileMarkers
from docbot.scan.outline import ClassEntry, Entry, Outline

_KINDS = tuple(Kind)
_SHAPES = tuple(Shape)


def encode(facts: FileFacts) -> bytes:
    """Serialise the facts of a file as JSON, by position."""
    outline = facts.outline
    row = [
        facts.size,
        [facts.markers.generated, facts.markers.marked],
        [facts.trouble, facts.too_large],
        {name: [entry.bases, entry.methods] for name, entry in outline.classes.items()},
        outline.imports,
        outline.stars,
        sorted(outline.doc_reads),
        sorted(outline.doc_decorators),
        [outline.documented, outline.defines],
        [_row(definition) for definition in facts.definitions],
    ]
    return json.dumps(row, separators=(",", ":")).encode()


def _row(definition: Definition) -> list[Any]:
    return [
        definition.qualname,
        definition.name,
        _KINDS.index(definition.kind),
        definition.line,
        *definition.lines,
        definition.docstring is not None,
        definition.indent is not None,
        definition.decorators,
        definition.bases,
        definition.owner,
        definition.local,
        _SHAPES.index(definition.shape),
        definition.one_line,
        definition.marked_skip,
    ]


def decode(value: bytes) -> FileFacts:
    """Rebuild the facts that `encode` serialised."""
    size, marks, (trouble, too_large), classes, imports, stars, *rest = json.loads(value)
    reads, decorators, (documented, defines), rows = rest
    definitions = tuple(_definition(row) for row in rows)
    outline = Outline(
        entries=tuple(
            Entry(
                name=each.name,
                is_class=each.kind is Kind.CLASS,
                lines=each.lines,
                documented=each.docstring is not None,
            )
            for each in definitions
            if each.kind is not Kind.MODULE
        ),
        classes={
            name: ClassEntry(bases=tuple(bases), methods=methods)
            for name, (bases, methods) in classes.items()
        },
        imports=imports,
        stars=tuple(stars),
        doc_reads=frozenset(reads),
        doc_decorators=frozenset(decorators),
        documented=documented,
        defines=defines,
    )
    return FileFacts(
        size=size,
        markers=FileMarkers(generated=marks[0], marked=marks[1]),
        outline=outline,
        definitions=definitions,
        trouble=trouble,
        too_large=too_large,
    )


def _definition(row: list[Any]) -> Definition:
    qualname, name, kind, line, first, last, documented, open_, *rest = row
    decorators, bases, owner, local, shape, one_line, marked = rest
    return Definition(
        qualname=qualname,
        name=name,
        kind=_KINDS[kind],
        line=line,
        lines=(first, last),
        docstring="" if documented else None,
        indent="" if open_ else None,
        decorators=tuple(decorators),
        bases=tuple(bases),
        owner=owner,
        local=local,
        shape=_SHAPES[shape],
        one_line=one_line,
        marked_skip=marked,
    )
