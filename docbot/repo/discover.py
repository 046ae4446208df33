"""The disk: which files to look at, and how one is read and replaced.

A file that docbot writes is, at every moment and whatever kills the process, the old one or the
new one, whole. Nobody else's work is overwritten: just before it is replaced the file must still
hold what docbot read.
"""

from __future__ import annotations

import functools
import os
import re
import stat
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.errors import ConfigError
from docbot.repo.git import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pathspec import GitIgnoreSpec

    from docbot.repo.git import Repository


if sys.platform != "win32":
    pass


class LeftOut(str, Enum):
    """Why a file that was found is not to be written."""

    VENDORED = "vendored"
    EXCLUDED = "excluded"
    SYMLINK = "symlink"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A Python file, or, with the reason in `left_out`, a file or a whole folder left alone.

    `path` is absolute, with every link among its parents resolved. `blob` is git's id of its
    content, where git knows without reading it (`Repository.blobs`).
    """

    path: Path
    left_out: LeftOut | None = None
    blob: str = ""


VENDORED = re.compile(
    r"(?:^|/)(?:_?vendor(?:s|ed)?|_vendored|third[_-]?party|extern(?:al)?s?"
    r"|(?:site|dist)-packages|node_modules|bower_components|__pypackages__)/",
    re.IGNORECASE,
)


_PRODUCTS = frozenset({"build", "dist", "_build", "target", "htmlcov"})


def find(
    paths: Iterable[Path],
    *,
    root: Path,
    repository: Repository | None = None,
    exclude: Iterable[str] = (),
    vendored: bool = False,
) -> Iterator[Found]:
    """The files to look at, each once, in the order of `paths` and sorted below a folder.

    A folder inside `repository` gives the Python files that git tracks; any other folder is walked,
    without what is hidden, ignored by a `.gitignore` at or below it, a virtual environment, a cache
    or a build product. A file that is named is taken, tracked or not and whatever its suffix; but
    `exclude` and the vendored names hold for it, too, since pre-commit names every staged file.

    Args:
        paths: What the user named.
        root: Where the configuration was found; patterns and vendored names are relative to it, or
            to the path that was named when that lies elsewhere.
        repository: Whose tracked files are wanted.
        exclude: gitignore patterns.
        vendored: Whether other people's code is taken as well.

    Raises:
        ConfigError: at once, for a path that is no file or folder, or a pattern that is none.

    """
    named = [_named(path) for path in paths]
    rules = _Rules(root=Path(os.path.realpath(root)), exclude=gitignore(exclude), vendored=vendored)
    return _find(named, rules, repository)


def _find(named: Iterable[Path], rules: _Rules, repository: Repository | None) -> Iterator[Found]:
    seen: set[Path] = set()
    for path in named:
        if path.is_symlink() or not path.is_dir():
            found: Iterable[Found] = (rules.judge(path, path.parent),)
        elif repository and path.is_relative_to(repository.root):
            blobs = repository.blobs([path]).items()
            found = (rules.judge(file, path, blob) for file, blob in blobs if os.path.lexists(file))
        else:
            found = _walk(path, rules)
        for one in found:
            if one.path not in seen:
                seen.add(one.path)
                yield one


def _named(path: Path) -> Path:
    """The path with links resolved, except that a link to a file stays one: it is not followed."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = (
            "no such file or folder" if isinstance(error, FileNotFoundError) else error.strerror
        )
        raise ConfigError(f"{path}: {reason}") from error
    except ValueError as error:  # a NUL byte
        raise ConfigError(f"{str(path)!r}: is no path") from error
    if stat.S_ISDIR(mode):
        return Path(os.path.realpath(path))
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{path}: is neither a file nor a folder")
    return Path(os.path.realpath(path.parent)) / path.name


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rules:
    root: Path
    exclude: GitIgnoreSpec | None
    vendored: bool

    def judge(self, path: Path, named: Path, blob: str = "") -> Found:
        if path.is_symlink() or _real(path.parent) != str(path.parent):
            return Found(path=path, left_out=LeftOut.SYMLINK)
        return Found(path=path, left_out=self.by_name(path, named), blob=blob)

    def by_name(self, path: Path, named: Path, *, folder: bool = False) -> LeftOut | None:
        try:
            name = path.relative_to(self.root).as_posix()
        except ValueError:
            name = path.relative_to(named).as_posix()
        name += "/" * folder
        if not self.vendored and VENDORED.search(name):
            return LeftOut.VENDORED
        if self.exclude and self.exclude.match_file(name):
            return LeftOut.EXCLUDED
        return None


@functools.lru_cache(maxsize=1024)
def _real(folder: Path) -> str:
    # git tracks a/b.py still when `a` has become a link that leads out of the repository.
    return os.path.realpath(folder)


def gitignore(patterns: Iterable[str]) -> GitIgnoreSpec | None:
    """What tells the paths that these patterns match; None without a pattern.

    Raises:
        ConfigError: one of them is no gitignore pattern.

    """
    lines = tuple(patterns)
    if not lines:
        return None
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise ConfigError(f"exclude: not a gitignore pattern ({error})") from error


def _walk(top: Path, rules: _Rules) -> Iterator[Found]:
    # A stack of our own: folders nest deeper than Python recurses.
    waiting: list[tuple[Path, tuple[tuple[Path, GitIgnoreSpec], ...]]] = [(top, ())]
    while waiting:
        folder, ignores = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            yield Found(path=folder, left_out=LeftOut.UNREADABLE)
            continue
        ignores += _ignores(folder)
        folders = []
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                if _product(path) or _ignored(path, ignores, "/"):
                    continue
                if left_out := rules.by_name(path, top, folder=True):
                    yield Found(path=path, left_out=left_out)
                else:
                    folders.append((path, ignores))
            elif entry.name.endswith(SUFFIXES) and entry.is_file() and not _ignored(path, ignores):
                yield rules.judge(path, top)
        waiting += reversed(folders)


def _product(folder: Path) -> bool:
    """Whether tools made it: hidden, a cache, a virtual environment, or built."""
    if folder.name.startswith(".") or folder.name in ("__pycache__", "__pypackages__"):
        return True
    if folder.name in _PRODUCTS or folder.name.endswith(".egg-info"):
        return not (folder / "__init__.py").exists()  # a package may be called `build`
    return (folder / "pyvenv.cfg").exists()


def _ignores(folder: Path) -> tuple[tuple[Path, GitIgnoreSpec], ...]:
    try:
        text = (folder / ".gitignore").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ()
    spec = gitignore(line for line in text.splitlines() if _is_pattern(line))
    return ((folder, spec),) if spec else ()


def _is_pattern(line: str) -> bool:
    try:
        return gitignore([line]) is not None
    except ConfigError:  # git goes on without a line it does not understand
        return False


def _ignored(path: Path, ignores: tuple[tuple[Path, GitIgnoreSpec], ...], end: str = "") -> bool:
    for base, spec in reversed(ignores):  # the nearest file that says something decides
        said = spec.check_file(path.relative_to(base).as_posix() + end).include
        if said is not None:
            return said
    return False
