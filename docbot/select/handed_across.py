"""Find the definitions that another file hands over as tools, or whose docstrings it reads.

What a file hands over is among its facts, by the names as it writes them. Here those that it
imports are followed to the files that define them, through re-exports, and through tables: where
`COMMANDS` is imported and looped over, its items count.

Which files hand anything over has to be searched for in the whole repository. Tests are not among
them: their reading of a docstring is no part of what a program does.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, Protocol

from docbot.errors import SourceError
from docbot.scan.definition import Definition, Kind
from docbot.scan.handover_words import ANY, DOC
from docbot.scan.handovers import trace_name
from docbot.scan.parse import parse
from docbot.select.handed_over import ancestors, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docbot.scan.outline import Outline
    from docbot.select.modules import ModuleIndex

    _Name = tuple[str, str]  # the file of a module, and a dotted name in it

MAX_PLACES = 500
"""Names that one handover is followed through before giving up."""

_MODULE = ""
"""Stands for a module itself among the names in it."""


class ReaderFiles(Protocol):
    """The files of a repository that may hand over what others define."""

    def reader_files(self) -> Iterable[PurePosixPath]:
        """Return those files, by their paths from the root."""

    def source_of(self, path: PurePosixPath) -> bytes:
        """Read any file of the repository.

        Raises:
            SourceError: it cannot be read.

        """


class _Handover(NamedTuple):
    """How a definition is handed over, and by which file."""

    how: str
    file: str


class HandoverIndex:
    """An index of what files hand over that others define, made when it is first asked.

    Args:
        modules: The repository's modules.
        readers: The files that may hand anything over.

    """

    def __init__(self, modules: ModuleIndex, readers: ReaderFiles) -> None:
        self._modules = modules
        self._readers = readers
        self._handed: dict[str, dict[str, _Handover]] | None = None

    def is_read(self, path: str) -> bool:
        """Check whether another file hands over anything that this one may define."""
        return path in self._index()

    def reader(self, path: str, definition: Definition, outline: Outline) -> str:
        """Return how another file reads or hands over a definition; "" where none does."""
        for name, (how, file) in self._index().get(path, {}).items():
            if file == path or not _is_named(definition, name, outline):
                continue
            if definition.kind is not Kind.MODULE or how == DOC:
                return describe(how, file)
        return ""

    def _index(self) -> dict[str, dict[str, _Handover]]:
        if self._handed is None:
            self._handed = {}
            for path in sorted(map(str, self._readers.reader_files())):
                outline = self._modules.outline(path)
                for name, how in outline.handovers.items() if outline is not None else ():
                    for file, inner in self._places(path, name):
                        names = self._handed.setdefault(file, {})
                        names.setdefault(inner, _Handover(how, path))
        return self._handed

    def _places(self, path: str, name: str) -> set[_Name]:
        """Return every place that a name may stand for, as a file that hands it over has it."""
        todo = list(self._imported(path, name)) if name != ANY else []
        places: set[_Name] = set()
        while todo and len(places) < MAX_PLACES:
            place = todo.pop()
            if place not in places:
                places.add(place)
                todo += self._steps(*place)
        return places

    def _imported(self, path: str, name: str) -> Iterator[_Name]:
        """Yield what a name of a file may stand for in the files that it imports."""
        outline = self._modules.outline(path)
        if outline is None:
            return
        root, _, rest = name.partition(".")
        if root in outline.imports:
            target = outline.imports[root]
            place = self._resolve(path, f"{target}.{rest}" if rest else target)
            if place is not None:
                yield place
            return
        for star in outline.stars:
            file = self._modules.file_of(path, star)
            if file is not None:
                yield file, name

    def _resolve(self, path: str, target: str) -> _Name | None:
        """Split a dotted import into the file of its longest module, and the name in it."""
        inner = target.lstrip(".")
        dots = target[: len(target) - len(inner)]
        parts = inner.split(".")
        for end in range(len(parts), -1 if dots else 0, -1):
            if ANY in parts[:end]:
                continue
            file = self._modules.file_of(path, dots + ".".join(parts[:end]))
            if file is not None:
                return file, ".".join(parts[end:])
        return None

    def _steps(self, path: str, name: str) -> Iterator[_Name]:
        """Yield what a name of a module may stand for, one import or table further."""
        outline = self._modules.outline(path)
        root = name.partition(".")[0]
        if outline is None or root in (_MODULE, ANY):
            return
        yield from self._imported(path, name)
        if root not in outline.classes and root not in outline.imports:
            for other in self._held(path, name):
                yield path, other
                yield from self._imported(path, other)

    def _held(self, path: str, name: str) -> frozenset[str]:
        """Return the names of what a table or an object of a module holds."""
        root = name.partition(".")[0]
        with suppress(SourceError):
            source = self._readers.source_of(PurePosixPath(path))
            if not re.search(rb"\bdef\s+%b\b" % root.encode(), source):
                base = name.removesuffix(f".{ANY}")
                names = trace_name(parse(source), base)
                if base == name:
                    return names
                return frozenset(each if ANY in each else f"{each}.{ANY}" for each in names)
        return frozenset()


def _is_named(definition: Definition, name: str, outline: Outline) -> bool:
    """Check whether a name that others know a definition by may stand for it."""
    if definition.kind is Kind.MODULE or name == _MODULE:
        return definition.kind is Kind.MODULE and name == _MODULE
    if definition.local:
        return False
    is_method = definition.kind is Kind.METHOD
    if name == ANY:
        return not is_method
    owner, _, last = name.rpartition(".")
    if last == ANY:
        return is_method and owner in (definition.owner, *ancestors(definition.owner, outline))
    return name == definition.qualname or (
        is_method and definition.name == last and owner in ancestors(definition.owner, outline)
    )
