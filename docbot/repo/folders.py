"""Judge folders by what they hold: other people's code, or tests.

`external` is a common name for one's own adapters, and `test` for a package that helps people write
tests, as `django.test` does. So a folder of such a name is other people's code only where a licence
or the metadata of a package lies in it, or in a folder of it; and tests only where pytest would
find a file there. Folders that package managers make are known by their names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from docbot.select.filenames import is_test_file

Lister = Callable[[str], Sequence[str]]
"""Returns the names in a folder, given by its path from some root; none where there is none."""

_NAMES = re.compile(
    r"(?:^|/)(?:(?P<installed>(?:site|dist)-packages|node_modules|bower_components|__pypackages__)"
    r"|(?P<others>_?vendor(?:s|ed)?|third[_-]?party|extern(?:al)?s?)"
    r"|(?P<test>test))(?=/)",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"(?:(?:un)?licen[cs]es?|copying)(?:$|[-_.](?!pyi?$|pyc$))"
    r"|.*\.(?:dist|egg)-info$|pkg-info$|vendor(?:ed)?\.txt$"
    r"|pyproject\.toml$|setup\.(?:py|cfg)$|package\.json$",
    re.IGNORECASE,
)


class Folders:
    """What the folders below one root are, each looked at once."""

    def __init__(self, list_folder: Lister) -> None:
        self._list = list_folder
        self._others: dict[str, str] = {}
        self._tests: dict[str, str] = {}

    def others(self, path: str) -> str:
        """Return why a path is other people's code, for people; "" where it is not.

        A folder's path ends in a slash.
        """
        for match in _NAMES.finditer(path):
            folder = path[: match.end()]
            if match["installed"]:
                return f"other people's code: {folder} is a folder of installed packages"
            if match["others"] and (sign := self._sign(folder)):
                return f"other people's code: {folder} holds {sign}"
        return ""

    def tests(self, path: str) -> str:
        """Return why a path in a folder called `test` is test code; "" where it is not."""
        for match in _NAMES.finditer(path):
            folder = path[: match.end()]
            if match["test"]:
                if folder not in self._tests:
                    self._tests[folder] = self._reason_for_tests(folder)
                if self._tests[folder]:
                    return self._tests[folder]
        return ""

    def judge(self, folder: str) -> str:
        """Return why a folder is one of the two kinds; "" where it is neither."""
        return self.others(f"{folder}/") or self.tests(f"{folder}/")

    def _sign(self, folder: str) -> str:
        if folder not in self._others:
            self._others[folder] = next(self._matching(folder, _is_sign_of_others), "")
        return self._others[folder]

    def _reason_for_tests(self, folder: str) -> str:
        if next(self._matching(folder, is_test_file), ""):
            return "in a folder of tests"
        names = self._list(folder)
        is_script_folder = folder == "test" and names and "__init__.py" not in names
        return "in the folder of tests" if is_script_folder else ""

    def _matching(self, folder: str, is_wanted: Callable[[str], bool]) -> Iterator[str]:
        """Yield what is wanted of the names in a folder and in those directly below it."""
        names = sorted(self._list(folder))
        yield from filter(is_wanted, names)
        for child in names:
            if "." not in child and child != "__pycache__":
                below = sorted(self._list(f"{folder}/{child}"))
                yield from (f"{child}/{name}" for name in below if is_wanted(name))


def _is_sign_of_others(name: str) -> bool:
    return _OTHERS.match(name) is not None


def doubtful_folders(paths: Iterable[str]) -> set[str]:
    """Return the folders in these paths that are judged by what they hold.

    A folder's own path ends in a slash.
    """
    found = set()
    for path in paths:
        for match in _NAMES.finditer(path):
            if not match["installed"]:
                found.add(path[: match.end()])
    return found


def has_doubtful_name(path: str) -> bool:
    """Check cheaply whether a path leads through a folder that may be one of the two kinds."""
    return _NAMES.search(path) is not None


def folders_on_disk(root: str) -> Folders:
    """Return a judge of the folders below a folder of the disk."""

    def list_folder(folder: str) -> Sequence[str]:
        try:
            return os.listdir(os.path.join(root, folder))  # noqa: PTH118, PTH208 - speed
        except OSError:
            return ()

    return Folders(list_folder)
