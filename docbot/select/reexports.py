"""Find the names of private modules that a public module offers as its own.

`pkg/_core.py` is private, but what `pkg/__init__.py` imports from it is public. Looked at are the
`__init__.py` files of the public packages above a private module, and the public module of the same
name beside it (`pytest` for `_pytest`); the imports there are followed, through private modules
too. What other modules import is for their own use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from docbot.scan.parse import is_dunder
from docbot.select.modules import split_import

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docbot.scan.outline import Outline
    from docbot.select.modules import ModuleIndex

    _Name = tuple[str, str]  # the file of a module, and a name in it

SOMEWHERE = ""
"""Stands for the file of a name that comes from where it cannot be followed to."""


def has_private_part(path: str) -> bool:
    """Check whether a file, or a folder above it, is named as a private module is."""
    return (path.startswith("_") or "/_" in path) and any(map(_is_private, _parts(path)))


class _Private(NamedTuple):
    """A private module: what it is called, and the public files that may offer its names."""

    name: str
    public_files: tuple[str, ...]


class ReexportIndex:
    """An index of what public modules import from private ones.

    Args:
        modules: The repository's modules.

    """

    def __init__(self, modules: ModuleIndex) -> None:
        self._modules = modules
        self._privates: dict[str, _Private | None] = {}
        self._reexported: dict[str, frozenset[_Name]] = {}

    def private_module(self, path: str, name: str) -> str:
        """Return the name of the private module that hides a top-level name; "" for a public name.

        Args:
            path: The file that defines the name, from the repository's root.
            name: The name.

        """
        if not has_private_part(path):
            return ""
        if path not in self._privates:
            self._privates[path] = self._private(path)
        private = self._privates[path]
        if private is None or any(self._offers(f, (path, name)) for f in private.public_files):
            return ""
        return private.name

    def _private(self, path: str) -> _Private | None:
        *folders, _file = path.split("/")
        parts, in_package = _parts(path), self._is_package("")
        for at, part in enumerate(parts):
            is_file = at == len(folders)
            in_package = in_package or (not is_file and self._is_package(_under(folders[: at + 1])))
            if _is_private(part) and (is_file or in_package):
                name = ".".join(each for each in parts[at:] if each != "__init__")
                return _Private(name=name, public_files=tuple(_public_files(folders[:at], part)))
        return None

    def _is_package(self, folder: str) -> bool:
        return self._modules.outline(f"{folder}__init__.py") is not None

    def _offers(self, file: str, place: _Name) -> bool:
        """Check whether a public file offers a name of a private module, also by another name."""
        outline = self._modules.outline(file)
        if outline is None:
            return False
        if file not in self._reexported:
            self._reexported[file] = self._reached(file, self._offered(file))
        reached, name = self._reexported[file], place[1]
        if outline.stars and _takes(outline, name) and _is_offered(file, outline, name):
            reached |= self._reached(file, [name])
        return place in reached or (SOMEWHERE, name) in reached

    def _offered(self, file: str) -> set[str]:
        """Return the names that a file is known to offer; of a star, those imported there."""
        names: set[str] = set()
        todo, seen = [file], {file}
        while todo:
            current = todo.pop()
            outline = self._modules.outline(current)
            if outline is None:
                continue
            names.update(
                name
                for name in (outline.imports if outline.exports is None else outline.exports)
                if _takes(outline, name) and (current != file or _is_offered(file, outline, name))
            )
            if outline.exports is None:
                stars = [f for star in outline.stars if (f := self._file_of(current, star))]
                todo += [each for each in stars if each not in seen]
                seen.update(stars)
        return names

    def _reached(self, file: str, names: Iterable[str]) -> frozenset[_Name]:
        """Return every place that names of a file may come from."""
        todo = [(file, name) for name in names]
        reached: set[_Name] = set()
        while todo:
            place = todo.pop()
            if place not in reached:
                reached.add(place)
                todo += self._steps(*place)
        return frozenset(reached)

    def _steps(self, path: str, name: str) -> Iterator[_Name]:
        """Yield where a name of a file may come from, one import further."""
        outline = self._modules.outline(path) if path != SOMEWHERE else None
        if outline is None:
            return
        if name in outline.imports:
            module, last = split_import(outline.imports[name])
            file = self._file_of(path, module)
            if file is not None or _is_near(path, module):
                yield file or SOMEWHERE, last  # where there is no file, a compiled module may be
        elif name not in outline.classes:
            stars = [f for star in outline.stars if (f := self._file_of(path, star))]
            yield from ((f, name) for f in stars if self._star_takes(f, name))
            if not stars and _is_init(path) and outline.exports is not None:
                yield SOMEWHERE, name  # listed, but imported by a `__getattr__`

    def _star_takes(self, file: str, name: str) -> bool:
        outline = self._modules.outline(file)
        return outline is not None and _takes(outline, name)

    def _file_of(self, path: str, module: str) -> str | None:
        root = module.partition(".")[0]
        beside = _is_private(root)
        is_own = beside or not module.strip(".") or _is_near(path, module)
        return self._modules.file_of(path, module) if module and is_own else None


def _parts(path: str) -> list[str]:
    *folders, file = path.split("/")
    return [*folders, file.partition(".")[0]]


def _is_private(part: str) -> bool:
    return part.startswith("_") and not is_dunder(part)


def _under(folders: Iterable[str]) -> str:
    return "".join(f"{folder}/" for folder in folders)


def _public_files(folders: list[str], part: str) -> Iterator[str]:
    """Yield the public files that may offer what is in a private module, nearest first."""
    for end in range(len(folders), -1, -1):
        yield f"{_under(folders[:end])}__init__.py"
        yield f"{_under(folders[:end])}__init__.pyi"
    if name := part.lstrip("_"):
        yield f"{_under(folders)}{name}.py"
        yield f"{_under(folders)}{name}/__init__.py"


def _is_init(path: str) -> bool:
    return path.rpartition("/")[2].startswith("__init__.")


def _takes(outline: Outline, name: str) -> bool:
    """Check whether a star import of a module takes a name."""
    return not name.startswith("_") if outline.exports is None else name in outline.exports


def _is_offered(file: str, outline: Outline, name: str) -> bool:
    """Check that an import is not for the file's own use, as those of an ordinary module are."""
    return _is_init(file) or outline.exports is not None or name not in outline.imports


def _is_near(path: str, module: str) -> bool:
    """Check for a module in a package that the file at `path` is in."""
    root, _, rest = module.partition(".")
    return rest.strip(".") != "" and (not root or root in path.split("/"))
