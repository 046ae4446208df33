"""Find the Python files that docbot works on, and those that it leaves alone, with the reason."""

from __future__ import annotations

import functools
import os
import stat
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.config import PYPROJECT, holds_settings
from docbot.errors import ConfigError
from docbot.repo.folders import Folders, folders_on_disk, has_doubtful_name
from docbot.repo.git import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pathspec import GitIgnoreSpec

    from docbot.repo.git import Repository


class ExclusionReason(str, Enum):
    """The reason why docbot leaves a file or folder alone."""

    VENDORED = "vendored"
    TEST = "test"
    EXCLUDED = "excluded"
    SYMLINK = "symlink"
    UNREADABLE = "unreadable"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscoveredFile:
    """A Python file, or a file or whole folder that docbot leaves alone.

    Attributes:
        path: Absolute, with every link among its parents resolved.
        reason: Why it is left alone; None for a file to work on.
        detail: What was seen of it, for people, where the reason alone does not say.
        blob: Git's id of its content, where git has it without reading the file, else "" (see
            `Repository.blobs`).

    """

    path: Path
    reason: ExclusionReason | None = None
    detail: str = ""
    blob: str = ""


_PRODUCTS = frozenset({"build", "dist", "_build", "target", "htmlcov"})


def discover_files(
    paths: Iterable[Path],
    *,
    root: Path,
    repository: Repository | None = None,
    exclude: Iterable[str] = (),
    home: Path | None = None,
    include: Collection[str] = (),
) -> Iterator[DiscoveredFile]:
    """Find the files to work on, each once, in the order of `paths` and sorted in a folder.

    In a folder inside `repository`, these are the Python files that git tracks. Any other folder is
    walked, except for hidden folders, paths that a `.gitignore` at or below it ignores, virtual
    environments, caches and build products. A repository in it, or a folder with a configuration of
    its own, is given as a whole and not entered. A file that the user names is included, tracked or
    not and whatever its suffix; but `exclude` and what is left out as a folder apply to it, too,
    since pre-commit names every staged file.

    Args:
        paths: Files and folders that the user named.
        root: The top of the work tree; names of vendored folders are relative to it, or to the path
            that the user named when that is not below it.
        repository: The repository whose tracked files to find.
        exclude: gitignore patterns.
        home: The folder that the patterns are relative to, for the files below it; by default, and
            for all other files, it is `root`.
        include: The skip rules that are switched off, of `vendored` and `test`.

    Raises:
        ConfigError: at once, for a path that is no file or folder, or an invalid pattern.

    """
    tops = [resolve(path) for path in paths]
    rules = _Rules(
        root=Path(os.path.realpath(root)),
        home=Path(os.path.realpath(home or root)),
        exclude=compile_patterns(exclude),
        include=frozenset(include),
    )
    return _find(tops, rules, repository)


def _find(
    tops: Iterable[Path], rules: _Rules, repository: Repository | None
) -> Iterator[DiscoveredFile]:
    known_paths: set[Path] = set()
    for top in tops:
        if top.is_symlink() or not top.is_dir():
            files: Iterable[DiscoveredFile] = (rules.judge(top, top.parent),)
        elif repository and top.is_relative_to(repository.root):
            blobs = repository.blobs([top]).items()
            files = (rules.judge(path, top, blob) for path, blob in blobs if _is_there(path))
        else:
            files = _walk(top, rules)
        for file in files:
            if file.path not in known_paths:
                known_paths.add(file.path)
                yield file


def _is_there(path: Path) -> bool:
    """Check whether a file is on disk; one in a folder that is shut counts, to be named."""
    try:
        os.lstat(path)
    except OSError as error:
        return not isinstance(error, (FileNotFoundError, NotADirectoryError))
    return True


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Check whether an entry may be a file; so may a link that leads nowhere, to be named."""
    try:
        return entry.is_file()
    except OSError:  # a link to itself, or one whose target no system takes
        return True


def resolve(path: Path) -> Path:
    """Resolve the links in a path, except for a link to a file: docbot does not follow it.

    Raises:
        ConfigError: it is no file or folder.

    """
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
    """The rules that leave files out; `top` is the path that the user named."""

    root: Path
    home: Path
    exclude: GitIgnoreSpec | None
    include: frozenset[str]
    folders: dict[str, Folders] = field(default_factory=dict)

    def judge(self, path: Path, top: Path, blob: str = "") -> DiscoveredFile:
        is_link = os.path.islink(path)  # noqa: PTH114 - pathlib fails on a shut folder
        if is_link or _real(path.parent) != str(path.parent):
            return DiscoveredFile(path=path, reason=ExclusionReason.SYMLINK)
        reason, detail = self.reason(path, top)
        return DiscoveredFile(path=path, reason=reason, detail=detail, blob=blob)

    def reason(
        self, path: Path, top: Path, *, folder: bool = False
    ) -> tuple[ExclusionReason | None, str]:
        """Return why a path is left alone, and what was seen of it."""
        end = "/" if folder else ""
        name = _below((self.root, top), path)
        if has_doubtful_name(name + end):
            folders = self._folders(os.fspath(path)[: -len(name)])
            judges = [(ExclusionReason.VENDORED, folders.others)]
            if not folder:
                judges.append((ExclusionReason.TEST, folders.tests))
            for reason, judge in judges:
                if reason.value not in self.include and (detail := judge(name + end)):
                    return reason, detail
        if self.exclude and self.exclude.match_file(
            _below((self.home, self.root, top), path) + end
        ):
            return ExclusionReason.EXCLUDED, ""
        return None, ""

    def _folders(self, base: str) -> Folders:
        if base not in self.folders:
            self.folders[base] = folders_on_disk(base)
        return self.folders[base]


def _below(folders: Iterable[Path], path: Path) -> str:
    """Return the path from the first of these folders that it lies in."""
    text = os.fspath(path)
    for folder in folders:
        above = os.path.join(folder, "")  # noqa: PTH118 - ends in a slash
        if text.startswith(above):
            return text.removeprefix(above).replace(os.sep, "/")
    return path.name


@functools.lru_cache(maxsize=1024)
def _real(folder: Path) -> str:
    # Git still tracks a/b.py when `a` has become a link that leads out of the repository.
    return os.path.realpath(folder)


def compile_patterns(patterns: Iterable[str]) -> GitIgnoreSpec | None:
    """Compile gitignore patterns; None without a pattern.

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


def _walk(top: Path, rules: _Rules) -> Iterator[DiscoveredFile]:
    # A stack of our own: folders nest deeper than Python recurses.
    waiting: list[tuple[Path, tuple[tuple[Path, GitIgnoreSpec], ...]]] = [(top, ())]
    while waiting:
        folder, ignores = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            yield DiscoveredFile(path=folder, reason=ExclusionReason.UNREADABLE)
            continue
        ignores += _ignores(folder)
        folders = []
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                if _is_product(path) or _ignored(path, ignores, "/"):
                    continue
                if is_apart(path):
                    yield DiscoveredFile(path=path, reason=ExclusionReason.ELSEWHERE)
                    continue
                reason, detail = rules.reason(path, top, folder=True)
                if reason is not None:
                    yield DiscoveredFile(path=path, reason=reason, detail=detail)
                else:
                    folders.append((path, ignores))
            elif entry.name.endswith(SUFFIXES) and _is_file(entry) and not _ignored(path, ignores):
                yield rules.judge(path, top)
        waiting += reversed(folders)


def is_apart(folder: Path) -> bool:
    """Check whether a folder is a repository's, or has a configuration of docbot's own."""
    return os.path.lexists(folder / ".git") or has_settings(folder / PYPROJECT)


def has_settings(file: Path) -> bool:
    """Check whether a settings file configures docbot."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return b"docbot" in content and holds_settings(content)


def _is_product(folder: Path) -> bool:
    """Check whether tools made a folder: hidden, a cache, a virtual environment, or built."""
    if folder.name.startswith(".") or folder.name in ("__pycache__", "__pypackages__"):
        return True
    if folder.name in _PRODUCTS or folder.name.endswith(".egg-info"):
        return not os.path.exists(folder / "__init__.py")  # noqa: PTH110 # it may be a package
    return os.path.exists(folder / "pyvenv.cfg")  # noqa: PTH110 - pathlib fails on a shut folder


def _ignores(folder: Path) -> tuple[tuple[Path, GitIgnoreSpec], ...]:
    try:
        text = (folder / ".gitignore").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ()
    spec = compile_patterns(line for line in text.splitlines() if _is_pattern(line))
    return ((folder, spec),) if spec else ()


def _is_pattern(line: str) -> bool:
    try:
        return compile_patterns([line]) is not None
    except ConfigError:  # git ignores a line that it does not understand
        return False


def _ignored(path: Path, ignores: tuple[tuple[Path, GitIgnoreSpec], ...], end: str = "") -> bool:
    for base, spec in reversed(ignores):  # the nearest file with a matching pattern decides
        ignored = spec.check_file(path.relative_to(base).as_posix() + end).include
        if ignored is not None:
            return ignored
    return False
