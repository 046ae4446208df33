"""Find the documented method of a parent class that a method overrides.

Base classes are followed through the imports, within the same repository. A file is read only when
a class names a base that leads there, so a hook on one file reads one or two others and not the
whole tree.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from docbot.scan.outline import ClassEntry, Outline

MAX_HOPS = 12
"""Re-exports of one name that are followed before giving up; a cycle ends here too."""

MAX_ANCESTORS = 100
"""Most classes that are searched for one method."""


class ParentIndex:
    """An index of a repository's classes, which resolves base classes across files.

    Args:
        outline_of: Returns the outline of the file at a path from the repository's root, or None
            when there is no such file that can be read.

    """

    def __init__(self, outline_of: Callable[[PurePosixPath], Outline | None]) -> None:
        self._outline_of = outline_of
        self._outlines: dict[PurePosixPath, Outline | None] = {}
        self._modules: dict[tuple[PurePosixPath, str], PurePosixPath | None] = {}
        self._classes: dict[tuple[PurePosixPath, str], tuple[PurePosixPath, ClassEntry] | None] = {}

    def add(self, path: PurePosixPath, outline: Outline) -> None:
        """Add the outline of a file, so that it is not made again."""
        self._outlines[path] = outline

    def documented_parent(self, path: PurePosixPath, owner: str, method: str) -> str:
        """Return the nearest documented parent method as `Base.method`, or "".

        Args:
            path: The file of the class, from the repository's root.
            owner: The name of the class.
            method: The name of the method.

        """
        start = self._class(path, owner, MAX_HOPS)
        return self._search(*start, method, set()) if start is not None else ""

    def _search(
        self, path: PurePosixPath, entry: ClassEntry, method: str, visited: set[int]
    ) -> str:
        visited.add(id(entry))
        for base in entry.bases if len(visited) <= MAX_ANCESTORS else ():
            if (path, base) not in self._classes:
                self._classes[path, base] = self._class(path, base, MAX_HOPS)
            parent = self._classes[path, base]
            if parent is None or id(parent[1]) in visited:
                continue
            if parent[1].methods.get(method):
                return f"{base.rpartition('.')[2]}.{method}"
            if ancestor := self._search(*parent, method, visited):
                return ancestor
        return ""

    def _class(
        self, path: PurePosixPath, name: str, hops: int
    ) -> tuple[PurePosixPath, ClassEntry] | None:
        """Resolve a dotted name, as written in the file at `path`, to a class and its file."""
        outline = self._outline(path)
        if outline is None or hops <= 0:
            return None
        if name in outline.classes:
            return path, outline.classes[name]
        root, _, rest = name.partition(".")
        if root not in outline.imports:
            starred = (self._imported(path, star, name, hops) for star in outline.stars)
            return next(filter(None, starred), None)
        target = outline.imports[root]
        module, _, last = (f"{target}.{rest}" if rest else target).rpartition(".")
        if not module.strip("."):  # `from . import name`
            module = target[: len(target) - len(target.lstrip("."))]
        return self._imported(path, module, last, hops) if module else None

    def _imported(
        self, path: PurePosixPath, module: str, name: str, hops: int
    ) -> tuple[PurePosixPath, ClassEntry] | None:
        """Resolve `from module import name` in the file at `path` to a class and its file."""
        key = (path.parent, module)
        if key not in self._modules:
            files = (file for file in _files(path, module) if self._outline(file) is not None)
            self._modules[key] = next(files, None)
        file = self._modules[key]
        if file == path:  # a file that has the name of the package it imports from
            files = (f for f in _files(path, module) if self._outline(f) is not None and f != path)
            file = next(files, None)
        return self._class(file, name, hops - 1) if file is not None else None

    def _outline(self, path: PurePosixPath) -> Outline | None:
        if path not in self._outlines:
            self._outlines[path] = self._outline_of(path)
        return self._outlines[path]


def _files(path: PurePosixPath, module: str) -> list[PurePosixPath]:
    """Return the paths that a module imported by the file at `path` may have, nearest first."""
    dots = len(module) - len(module.lstrip("."))
    parts = [part for part in module.split(".") if part]
    folders = [path.parent, *path.parent.parents]
    folders = folders[dots - 1 : dots] if dots else [*folders, PurePosixPath("src")]
    return [
        file
        for folder in folders
        for file in (
            folder.joinpath(*parts).with_suffix(".py") if parts else folder / "__init__.py",
            folder.joinpath(*parts, "__init__.py"),
        )
    ]
