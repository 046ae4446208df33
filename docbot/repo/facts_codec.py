"""Serialise the facts of a file for the cache; an indent is kept as "" or None, no more."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from docbot.cache import is_shaped
from docbot.drift.drift import Drift, DriftRule
from docbot.scan.definition import Definition, Kind, Shape
from docbot.scan.facts import FileFacts, entries_of
from docbot.scan.markers import FileMarkers
from docbot.scan.outline import ClassEntry, Entry, Outline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_KINDS = tuple(Kind)
_SHAPES = tuple(Shape)


def encode(facts: FileFacts, drifts: Iterable[Drift] | None = None) -> bytes:
    """Serialise the facts of a file as JSON, by position.

    One line is for the file, one for its definitions and one for its drifts, without their mends;
    None for drifts that were not looked for.
    """
    outline = facts.outline
    head = [
        facts.size,
        [facts.markers.generated, facts.markers.skip_file],
        [facts.problem, facts.too_large],
        {name: [entry.bases, entry.methods] for name, entry in outline.classes.items()},
        outline.imports,
        outline.stars,
        sorted(outline.doc_reads),
        sorted(outline.doc_decorators),
        outline.handovers,
        [outline.documented, outline.defines],
        [] if outline.exports is None else [outline.exports],
    ]
    rows = [_row(definition) for definition in facts.definitions]
    marks = None
    if drifts is not None:
        marks = [[x.rule.value, x.qualname, x.line, x.message, x.subject] for x in drifts]
    return b"%b\n%b\n%b" % (_dump(head), _dump(rows), _dump(marks))


def _dump(row: list[Any] | None) -> bytes:
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
        definition.opt_out,
    ]


_HEAD = (
    int,
    [bool],
    (str, bool),
    {str: ([str], {str: bool})},
    {str: str},
    [str],
    [str],
    [str],
    {str: str},  # the handovers
    (bool, bool),
    [[str]],  # the names in `__all__` as the only item, none where they are not known
)
_ROW = (
    *(str, str, int, int, int, int, bool, bool, list, list, str, bool, int, bool, bool),
    str,  # the comment that opts out
)
_MARK = (str, str, int, str, str)


@contextmanager
def _decoding() -> Iterator[None]:
    """Make one error of all that a value which `encode` did not write may cause."""
    try:
        yield
    except (TypeError, KeyError, IndexError, RecursionError) as error:
        raise ValueError("no facts") from error


def _head(value: bytes) -> list[Any]:
    head: list[Any] = json.loads(value)
    if not is_shaped(head, _HEAD):
        raise ValueError("no facts of a file")
    return head


def decode(value: bytes) -> FileFacts:
    """Rebuild the facts that `encode` serialised.

    Raises:
        ValueError: it serialised nothing like this.

    """
    with _decoding():
        return _facts(value)


def _facts(value: bytes) -> FileFacts:
    first, second, _ = value.split(b"\n")
    size, marks, (problem, too_large), *head = _head(first)
    definitions = tuple(_definition(row) for row in json.loads(second))
    return FileFacts(
        size=size,
        markers=FileMarkers(generated=marks[0], skip_file=marks[1]),
        outline=_outline(head, entries_of(definitions)),
        definitions=definitions,
        problem=problem,
        too_large=too_large,
    )


def decode_drifts(value: bytes) -> tuple[Drift, ...] | None:
    """Rebuild the drifts that `encode` serialised; None where they were not looked for.

    Raises:
        ValueError: as `decode`.

    """
    with _decoding():
        rows = json.loads(value.rpartition(b"\n")[2])
    if rows is None:
        return None
    if not is_shaped(rows, [_MARK]):
        raise ValueError("no drifts")
    return tuple(
        Drift(rule=DriftRule(rule), qualname=qualname, line=line, message=message, subject=subject)
        for rule, qualname, line, message, subject in rows
    )


def decode_outline(value: bytes) -> Outline | None:
    """Rebuild the outline of a file without its entries; None for a file that cannot be read.

    Raises:
        ValueError: as `decode`.

    """
    with _decoding():
        head = _head(value.partition(b"\n")[0])
    return None if head[2][0] else _outline(head[3:], ())


def has_outline(value: bytes) -> bool:
    """Check for more than the markers of a file that can be read.

    Raises:
        ValueError: as `decode`.

    """
    first, second, _ = value.split(b"\n")
    with _decoding():
        return second != b"[]" or bool(_head(first)[2][0])


def _outline(head: list[Any], entries: tuple[Entry, ...]) -> Outline:
    classes, imports, stars, reads, decorators, handovers, (documented, defines), exports = head
    return Outline(
        entries=entries,
        classes={
            name: ClassEntry(bases=tuple(bases), methods=methods)
            for name, (bases, methods) in classes.items()
        },
        imports=imports,
        stars=tuple(stars),
        doc_reads=frozenset(reads),
        doc_decorators=frozenset(decorators),
        handovers=handovers,
        documented=documented,
        defines=defines,
        exports=tuple(exports[0]) if exports else None,
    )


def _definition(row: list[Any]) -> Definition:
    if tuple(map(type, row)) != _ROW:
        raise ValueError("no definition")
    qualname, name, kind, line, first, last, documented, open_, *rest = row
    decorators, bases, owner, local, shape, one_line, marked_skip, opt_out = rest
    "".join((*decorators, *bases))  # they are text, too
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
        marked_skip=marked_skip,
        opt_out=opt_out,
    )
