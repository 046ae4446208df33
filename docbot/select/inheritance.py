"""Find the documented method of a parent class that a method overrides.

Base classes are followed through the imports, within the same repository. A file is read only when
a class names a base that leads there, so a hook on one file reads one or two others and not the
whole tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.select.handed_across import HandoverIndex
from docbot.select.modules import ModuleIndex, split_import
from docbot.select.reexports import ReexportIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import PurePosixPath

    from docbot.scan.definition import Definition
    from docbot.scan.outline import ClassEntry, Outline
    from docbot.select.handed_across import ReaderFiles

    _Place = tuple[str, ClassEntry]  # the file of a class, and the class

MAX_HOPS = 12
"""Re-exports of one name that are followed before giving up; a cycle ends here too."""

MAX_ANCESTORS = 100
"""Most classes that are searched for one method."""


class ParentIndex:
    """An index of a repository's classes, which resolves base classes across files.

    Args:
        outline_of: Returns the outline of the file at a path from the repository's root, or None
            when there is no such file that can be read.
        readers: The files that may hand over what others define; None where there are no others.

    """

    def __init__(
        self,
        outline_of: Callable[[PurePosixPath], Outline | None],
        readers: ReaderFiles | None = None,
    ) -> None:
        self._modules = ModuleIndex(outline_of)
        self._reexports = ReexportIndex(self._modules)
        self._handovers = HandoverIndex(self._modules, readers) if readers is not None else None
        self._classes: dict[tuple[str, str], _Place | None] = {}
        self._chains: dict[tuple[str, str], _Chain] = {}

    def add(self, path: PurePosixPath, outline: Outline) -> None:
        """Add the outline of a file, so that it is not made again."""
        self._modules.add(path, outline)

    def outline(self, path: PurePosixPath) -> Outline | None:
        """Return the outline of a file; None where there is none that can be read."""
        return self._modules.outline(str(path))

    def private_module(self, path: PurePosixPath, name: str) -> str:
        """Return the private module that hides a file's top-level name, as `ReexportIndex` says."""
        return self._reexports.private_module(str(path), name)

    def reader(self, path: PurePosixPath, definition: Definition, outline: Outline) -> str:
        """Return how another file reads a definition's docstring; "" where none does."""
        index = self._handovers
        return index.reader(str(path), definition, outline) if index is not None else ""

    def is_read(self, path: PurePosixPath) -> bool:
        """Check whether another file may read docstrings of this one."""
        return self._handovers is not None and self._handovers.is_read(str(path))

    def documented_parent(self, path: PurePosixPath, owner: str, method: str) -> str:
        """Return the nearest documented parent method as `Base.method`, or "".

        Args:
            path: The file of the class, from the repository's root.
            owner: The name of the class.
            method: The name of the method.

        """
        key = (str(path), owner)
        if key not in self._chains:
            start = self._class(*key, MAX_HOPS)
            self._chains[key] = _Chain(self._ancestors(start, set()) if start else iter(()))
        for base, entry in self._chains[key]:
            if entry.methods.get(method):
                return f"{base.rpartition('.')[2]}.{method}"
        return ""

    def _ancestors(self, place: _Place, visited: set[int]) -> Iterator[tuple[str, ClassEntry]]:
        """Yield the classes above one, nearest first, each with its name where it is a base."""
        path, entry = place
        visited.add(id(entry))
        for base in entry.bases if len(visited) <= MAX_ANCESTORS else ():
            if (path, base) not in self._classes:
                self._classes[path, base] = self._class(path, base, MAX_HOPS)
            parent = self._classes[path, base]
            if parent is not None and id(parent[1]) not in visited:
                yield base, parent[1]
                yield from self._ancestors(parent, visited)

    def _class(self, path: str, name: str, hops: int) -> _Place | None:
        """Resolve a dotted name, as written in the file at `path`, to a class and its file."""
        outline = self._modules.outline(path)
        if outline is None or hops <= 0:
            return None
        if name in outline.classes:
            return path, outline.classes[name]
        root, _, rest = name.partition(".")
        if root not in outline.imports:
            starred = (self._imported(path, star, name, hops) for star in outline.stars)
            return next(filter(None, starred), None)
        target = outline.imports[root]
        module, last = split_import(f"{target}.{rest}" if rest else target)
        return self._imported(path, module, last, hops) if module else None

    def _imported(self, path: str, module: str, name: str, hops: int) -> _Place | None:
        """Resolve `from module import name` in the file at `path` to a class and its file."""
        file = self._modules.file_of(path, module)
        return self._class(file, name, hops - 1) if file is not None else None


class _Chain:
    """The classes above one, found as far as anybody has looked."""

    def __init__(self, rest: Iterator[tuple[str, ClassEntry]]) -> None:
        self._entries: list[tuple[str, ClassEntry]] = []
        self._rest = rest

    def __iter__(self) -> Iterator[tuple[str, ClassEntry]]:
        """Yield the known ones, then look for more."""
        yield from self._entries
        for each in self._rest:
            self._entries.append(each)
            yield each
