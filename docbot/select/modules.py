"""Find the files of the modules that a file imports, within the same repository."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from docbot.scan.outline import Outline


class ModuleIndex:
    """The outlines of a repository's modules, each read once and only when it is asked for.

    Paths are text here: to make and compare path objects would take most of the time.

    Args:
        outline_of: Returns the outline of the file at a path from the repository's root, or None
            when there is no such file that can be read.

    """

    def __init__(self, outline_of: Callable[[PurePosixPath], Outline | None]) -> None:
        self._outline_of = outline_of
        self._outlines: dict[str, Outline | None] = {}
        self._files: dict[tuple[str, str], str | None] = {}

    def add(self, path: PurePosixPath, outline: Outline) -> None:
        """Add the outline of a file, so that it is not made again."""
        self._outlines[str(path)] = outline

    def outline(self, path: str) -> Outline | None:
        """Return the outline of the file at a path; None where there is none that can be read."""
        if path not in self._outlines:
            self._outlines[path] = self._outline_of(PurePosixPath(path))
        return self._outlines[path]

    def file_of(self, path: str, module: str) -> str | None:
        """Return the file of a module that the file at `path` imports; None where there is none."""
        key = (path.rpartition("/")[0], module)
        if key not in self._files:
            files = (file for file in _files(path, module) if self.outline(file) is not None)
            self._files[key] = next(files, None)
        file = self._files[key]
        if file == path:  # a file that has the name of the package it imports from
            files = (f for f in _files(path, module) if self.outline(f) is not None and f != path)
            file = next(files, None)
        return file


def split_import(target: str) -> tuple[str, str]:
    """Split what an imported name stands for into the module and the name in it."""
    module, _, last = target.rpartition(".")
    if not module.strip("."):  # `from . import name`
        module = target[: len(target) - len(target.lstrip("."))]
    return module, last


def _files(path: str, module: str) -> list[str]:
    """Return the paths that a module imported by the file at `path` may have, nearest first."""
    dots = len(module) - len(module.lstrip("."))
    inner = "/".join(part for part in module.split(".") if part)
    parents = path.split("/")[:-1]
    folders = ["".join(f"{part}/" for part in parents[:end]) for end in range(len(parents), -1, -1)]
    folders = folders[dots - 1 : dots] if dots else [*folders, "src/"]
    if not inner:
        return [f"{folder}__init__.py" for folder in folders]
    return [
        file
        for folder in folders
        for file in (f"{folder}{inner}.py", f"{folder}{inner}/__init__.py")
    ]
