"""Find the work trees that the named files and folders belong to.

Every file belongs to the repository that holds it, be that a submodule, a linked work tree or a
clone in a plain folder, and to the nearest `pyproject.toml` with a `[tool.docbot]` (as for ruff and
black). So one run may be about several work trees; each has its own rules, changes and undo.
"""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.config import PYPROJECT, load_config, replace
from docbot.errors import ConfigError, GitError
from docbot.repo.discover import has_settings, resolve
from docbot.repo.git import Repository
from docbot.repo.nested import tracked_below
from docbot.repo.worktree import SelectedFile, WorkTree, levels_on_disk
from docbot.select.opt_outs import opt_outs_of_settings
from docbot.select.skip import Skip, SkipReason
from docbot.tool_settings import sections_linters_want

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from docbot.per_path import PathRules


class Locator:
    """What finds work trees, with the settings that are laid over those of their files.

    Args:
        settings: The settings of the command line.
        config_file: The one configuration file to read, instead of each `pyproject.toml`.

    """

    def __init__(self, settings: Mapping[str, object], config_file: Path | None) -> None:
        self._settings = settings
        self._config_file = config_file
        self._tops: dict[Path, Repository | None] = {}
        self._above: dict[Path, Path] = {}

    def worktrees(self, paths: Sequence[Path]) -> list[WorkTree]:
        """Find the work trees of files and folders, in the order in which they are named.

        Raises:
            ConfigError: a path is no file or folder, or a configuration cannot be used.
            GitError: a path lies in a repository that git will not read.

        """
        groups: dict[Path | None, tuple[Repository | None, list[Path]]] = {}
        for path in paths or [Path()]:
            resolved = resolve(path)
            repository = self._repository(resolved)
            key = repository.root if repository is not None else None
            groups.setdefault(key, (repository, []))[1].append(resolved)
        return [
            tree
            for repository, arguments in groups.values()
            for tree in self._split(repository, tuple(dict.fromkeys(arguments)))
        ]

    def _repository(self, path: Path) -> Repository | None:
        """Find the repository of a path; git is asked once for each folder with a `.git`."""
        folder = _folder(path)
        if folder not in self._above:
            self._above[folder] = top = _top(folder)
            if top not in self._tops:
                self._tops[top] = Repository.discover(folder)
            if self._tops[top] is None and _is_bare(folder):
                raise GitError(f"{path}: is a bare repository, which has no files; clone it")
        return self._tops[self._above[folder]]

    def _split(self, repository: Repository | None, arguments: tuple[Path, ...]) -> list[WorkTree]:
        """Split a repository or the plain folders by the configurations that hold in them."""
        folders = [_folder(path) for path in arguments]
        root = repository.root if repository is not None else _common(folders)
        if self._config_file is not None:
            home = Path(os.path.realpath(self._config_file)).parent
            return [self._open(root, repository, arguments, home=home, scope=root)]
        homes = sorted(_homes(root, repository, folders))
        trees = []
        for home in [root, *homes]:
            inner = tuple(other for other in homes if other != home and home in other.parents)
            named = _narrowed(arguments, home, inner)
            if named:
                above = _home_above(root) if home == root and repository is None else home
                trees.append(
                    self._open(root, repository, named, home=above, scope=home, inner=inner)
                )
        return trees

    def _open(
        self,
        root: Path,
        repository: Repository | None,
        arguments: tuple[Path, ...],
        *,
        home: Path,
        scope: Path,
        inner: tuple[Path, ...] = (),
    ) -> WorkTree:
        file = self._config_file
        config = replace(load_config(home, file), self._settings, source="command line")
        levels = levels_on_disk(scope, root)
        below = PurePosixPath(scope.relative_to(root).as_posix())
        return WorkTree(
            root=root,
            repository=repository,
            config=dataclasses.replace(
                config,
                linters_want=sections_linters_want(levels),
                opt_outs=opt_outs_of_settings(levels, below),
                ratchet=str(home / config.ratchet) if config.ratchet else "",
                per_path=_placed(config.per_path, root, home),
            ),
            home=root if "exclude" in self._settings else home,
            scope=scope,
            inner=inner,
            arguments=arguments,
        )

    def select(
        self,
        trees: Iterable[WorkTree],
        *,
        staged: bool = False,
        since: str | None = None,
        writing: bool = False,
    ) -> Iterator[tuple[WorkTree, tuple[SelectedFile, ...]]]:
        """Yield each work tree with its files, and then the work trees that lie within them.

        Raises:
            ConfigError: as `worktrees`.
            GitError: as `WorkTree.select_files`.

        """
        known: set[Path] = set()
        queue = deque(trees)
        while queue:
            tree = queue.popleft()
            selection = tree.select_files(staged=staged, since=since, writing=writing)
            rows = [row for row in selection.files if row.path not in known]
            for folder in selection.elsewhere:
                try:
                    queue.extend(self.worktrees([folder]))
                except GitError as error:
                    skip = Skip(reason=SkipReason.LEFT_ALONE, detail=str(error))
                    rows.append(SelectedFile(path=folder, skip=skip))
            known.update(row.path for row in rows)
            yield tree, tuple(rows)


def _placed(rules: PathRules, root: Path, home: Path) -> PathRules:
    """Return the rules of the settings in `home` for paths from `root`."""
    if home.is_relative_to(root):
        return rules.placed(below=home.relative_to(root).as_posix())
    if root.is_relative_to(home):
        return rules.placed(above=root.relative_to(home).as_posix())
    return rules


def base_of(worktrees: Iterable[WorkTree]) -> Path:
    """Return the folder that paths in reports are relative to: the one that holds all roots."""
    return _common([tree.root for tree in worktrees])


def _common(folders: Iterable[Path]) -> Path:
    """Return the folder that holds all of these.

    Raises:
        ConfigError: there is none.

    """
    try:
        return Path(os.path.commonpath(list(folders)))
    except ValueError as error:  # Windows
        raise ConfigError("the paths are on several drives; run docbot once for each") from error


def _top(folder: Path) -> Path:
    """Return the nearest folder with a `.git`, at or above this one; the folder itself if none."""
    for each in (folder, *folder.parents):
        if os.path.lexists(each / ".git"):
            return each
    return folder


def _is_bare(folder: Path) -> bool:
    """Check whether a folder is a repository without a work tree."""
    return (folder / "HEAD").is_file() and all((folder / n).is_dir() for n in ("objects", "refs"))


def _folder(path: Path) -> Path:
    return path if path.is_dir() and not path.is_symlink() else path.parent


def _homes(root: Path, repository: Repository | None, folders: Iterable[Path]) -> set[Path]:
    """Return the folders below the root with a configuration of docbot's own.

    In a repository these are all that git tracks; on the way to what is named, those on disk count
    as well. The walk of a plain folder finds the others.
    """
    candidates = {
        each for folder in folders for each in (folder, *folder.parents) if root in each.parents
    }
    if repository is not None:
        candidates |= {root / folder for folder in tracked_below(repository, PYPROJECT)}
    return {folder for folder in candidates if has_settings(folder / PYPROJECT)}


def _home_above(root: Path) -> Path:
    """Return the nearest folder at or above a plain one that configures docbot, else itself."""
    above = (folder for folder in (root, *root.parents) if has_settings(folder / PYPROJECT))
    return next(above, root)


def _narrowed(arguments: Iterable[Path], home: Path, inner: Sequence[Path]) -> tuple[Path, ...]:
    """Return what of the arguments lies in a folder, and not in one of those within it."""
    named = []
    for path in arguments:
        below = path if path == home or home in path.parents else None
        if below is None and path in home.parents:
            below = home
        if below is not None and not any(f == below or f in below.parents for f in inner):
            named.append(below)
    return tuple(dict.fromkeys(named))
