"""Select the files of a run from the work tree, and say why some are left alone."""

from __future__ import annotations

import dataclasses
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.config import Config, load_config, replace
from docbot.errors import GitError, SourceError
from docbot.repo.discover import ExclusionReason, discover_files
from docbot.repo.git import Repository
from docbot.repo.write import read
from docbot.select.skip import Skip, SkipReason
from docbot.tool_settings import SETTINGS_FILES, sections_linters_want

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from docbot.repo.git import Lines


_EXCLUSION_SKIPS: Mapping[ExclusionReason, Skip] = {
    ExclusionReason.VENDORED: Skip(reason=SkipReason.VENDORED, detail="other people's code"),
    ExclusionReason.SYMLINK: Skip(reason=SkipReason.LEFT_ALONE, detail="a symbolic link"),
    ExclusionReason.UNREADABLE: Skip(reason=SkipReason.LEFT_ALONE, detail="it cannot be read"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectedFile:
    """A file of the run.

    Attributes:
        path: Where it is.
        changed: The lines in question; None for all.
        skip: Why it is left alone.
        blob: Git's id of its content; "" where it has to be read for that.

    """

    path: Path
    changed: Lines | None = None
    skip: Skip | None = None
    blob: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkTree:
    """The root of all paths in reports, the repository if there is one, and the configuration."""

    root: Path
    repository: Repository | None
    config: Config
    arguments: tuple[Path, ...]

    def relative(self, path: Path) -> PurePosixPath:
        """Return a path as reports and patches show it."""
        text, above = os.fspath(path), os.path.join(self.root, "")  # noqa: PTH118 - ends in a slash
        if not text.startswith(above) or ".." in text:
            text, above = os.path.relpath(path, self.root), ""
        return PurePosixPath(text.removeprefix(above).replace(os.sep, "/"))

    def select_files(
        self, *, staged: bool = False, since: str | None = None, writing: bool = False
    ) -> list[SelectedFile]:
        """Select the files; `writing` leaves out those with changes that git could not restore.

        Raises:
            GitError: `staged` or `since` outside a repository, or an unknown revision.

        """
        changed = self._changed(staged=staged, since=since)
        busy = self._busy(staged=staged) if writing else {}
        files = discover_files(
            self.arguments,
            root=self.root,
            repository=self.repository,
            exclude=self.config.exclude,
            vendored=SkipReason.VENDORED.value in self.config.include,
        )
        rows = []
        for one in files:
            if one.reason is ExclusionReason.EXCLUDED or (
                changed is not None and one.path not in changed
            ):
                continue
            skip = _EXCLUSION_SKIPS[one.reason] if one.reason else busy.get(one.path)
            lines = changed[one.path] if changed else None
            rows.append(SelectedFile(path=one.path, changed=lines, skip=skip, blob=one.blob))
        return rows

    def _changed(self, *, staged: bool, since: str | None) -> Mapping[Path, Lines] | None:
        if staged:
            # pre-commit run --from-ref: nothing is staged, and this is the change it means.
            since = os.environ.get("PRE_COMMIT_FROM_REF")
        elif since is None:
            return None
        if self.repository is None:
            flag = "--staged" if staged else "--since"
            raise GitError(f"{self.root}: is not a git repository, which {flag} needs")
        if since is not None:
            return self.repository.lines_since(since, also=self.arguments)
        return self.repository.staged_lines(also=self.arguments)

    def _busy(self, *, staged: bool) -> Mapping[Path, Skip]:
        if self.repository is None:
            return {}
        if staged:
            paths = self.repository.partially_staged()
            detail = "it has changes that are not staged"
        else:
            paths = self.repository.dirty([p for p in self.arguments if self._holds(p)])
            detail = "it has uncommitted changes (--force documents it all the same)"
        return dict.fromkeys(paths, Skip(reason=SkipReason.LEFT_ALONE, detail=detail))

    def _holds(self, path: Path) -> bool:
        root = self.repository.root if self.repository else self.root
        return Path(os.path.realpath(path)).is_relative_to(root)

    def python_files(self) -> list[PurePosixPath]:
        """Return the repository's own Python files, from which its style is learnt."""
        files = discover_files(
            [self.root], root=self.root, repository=self.repository, exclude=self.config.exclude
        )
        return [self.relative(one.path) for one in files if one.reason is None]

    def read(self, path: PurePosixPath) -> bytes:
        """Read a file of the work tree.

        Raises:
            SourceError: it is no plain file, cannot be read, or is over 1 MB.

        """
        return read(self.root / path)

    def texts(self, names: Iterable[str]) -> dict[str, str]:
        """Return the text of those settings files that are at the root."""
        return texts_of(self.root, names)


def texts_of(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the text of those files in a folder that are there and can be read."""
    texts = {}
    for name in names:
        with suppress(OSError, UnicodeError):
            texts[name] = (root / name).read_text(encoding="utf-8")
    return texts


def open_worktree(
    paths: Sequence[Path], settings: Mapping[str, object], config_file: Path | None
) -> WorkTree:
    """Find the root of what is named, and read its configuration; `settings` is laid over it.

    Raises:
        ConfigError: the configuration cannot be used.
        GitError: the paths lie in a repository that git will not read.

    """
    arguments = tuple(paths) or (Path(),)
    first = arguments[0]
    repository = Repository.discover(first) if first.exists() else None
    folder = first if first.is_dir() else first.parent
    root = repository.root if repository else Path(os.path.realpath(folder))
    config = replace(load_config(root, config_file), settings, source="command line")
    wanted = sections_linters_want(texts_of(root, SETTINGS_FILES))
    return WorkTree(
        root=root,
        repository=repository,
        config=dataclasses.replace(config, linters_want=wanted),
        arguments=arguments,
    )


def load(row: SelectedFile) -> bytes | Skip:
    """Read a selected file, or return why it is left alone."""
    if row.skip is not None:
        return row.skip
    try:
        return read(row.path)
    except SourceError as error:
        return Skip.of(error)
