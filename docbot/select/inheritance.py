"""Which documented method of a parent class a method overrides, followed through the imports.

A parent counts when it lives in the same repository; a file is read only when a class names a base
that leads there, so a hook on one file reads one or two others and not the whole tree.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from docbot.scan.outline import ClassEntry, Outline

MAX_HOPS = 12
"""Re-exports of one name followed before giving up; a cycle ends here too."""

MAX_ANCESTORS = 100
"""Classes looked at for one method."""


class ParentIndex:
    """Resolves base classes across files.

    Args:
        outline_of: The outline of the file at a path from the repository's root, or None when there
            is no such file that can be read.

    """

    def __init__(self, outline_of: Callable[[PurePosixPath], Outline | None]) -> None:
        self._outline_of = outline_of
        self._seen: dict[PurePosixPath, Outline | None] = {}
        self._modules: dict[tuple[PurePosixPath, str], PurePosixPath | None] = {}
        self._classes: dict[tuple[PurePosixPath, str], tuple[PurePosixPath, ClassEntry] | None] = {}

    def learn(self, path: PurePosixPath, outline: Outline) -> None:
        """Take note of an outline that the caller has at hand, so that it is not made again."""
        self._seen[path] = outline

    def documented_parent(self, path: PurePosixPath, owner: str, method: str) -> str:
        """`Base.method` of the nearest documented parent, or ""."""
        found = self._class(path, owner, MAX_HOPS)
        return self._search(*found, method, set()) if found is not None else ""

    def _search(
        self, path: PurePosixPath, entry: ClassEntry, method: str, visited: set[int]
    ) -> str:
        visited.add(id(entry))
        for base in entry.bases if len(visited) <= MAX_ANCESTORS else ():
            if (path, base) not in self._classes:
                self._classes[path, base] = self._class(path, base, MAX_HOPS)
            found = self._classes[path, base]
            if found is None or id(found[1]) in visited:
                continue
            if found[1].methods.get(method):
                return f"{base.rpartition('.')[2]}.{method}"
            if parent := self._search(*found, method, visited):
                return parent
        return ""

    def _class(
        self, path: PurePosixPath, name: str, hops: int
    ) -> tuple[PurePosixPath, ClassEntry] | None:
        """The class that `name` (dotted, as written in the file at `path`) stands for."""
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
        """The class that `from module import name` brings into the file at `path`."""
        place = (path.parent, module)
        if place not in self._modules:
            there = (file for file in _files(path, module) if self._outline(file) is not None)
            self._modules[place] = next(there, None)
        file = self._modules[place]
        if file == path:  # a file that is called as the package it imports from
            there = (f for f in _files(path, module) if self._outline(f) is not None and f != path)
            file = next(there, None)
        return self._class(file, name, hops - 1) if file is not None else None

    def _outline(self, path: PurePosixPath) -> Outline | None:
        if path not in self._seen:
            self._seen[path] = self._outline_of(path)
        return self._seen[path]


def _files(path: PurePosixPath, module: str) -> list[PurePosixPath]:
    """Where a module named in the file at `path` may live, nearest first."""
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
