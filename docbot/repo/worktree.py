"""Select the files of a run from one work tree, and say why some are left alone."""

from __future__ import annotations

import dataclasses
import functools
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.errors import GitError, SourceError
from docbot.repo.attributes import linguist_skips
from docbot.repo.discover import ExclusionReason, discover_files
from docbot.repo.languages import other_language
from docbot.repo.write import read
from docbot.select.skip import Skip, SkipReason
from docbot.tool_settings import settings_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docbot.config import Config
    from docbot.repo.discover import DiscoveredFile
    from docbot.repo.git import Lines, Repository


_EXCLUSION_SKIPS: Mapping[ExclusionReason, Skip] = {
    ExclusionReason.VENDORED: Skip(reason=SkipReason.VENDORED, detail="other people's code"),
    ExclusionReason.TEST: Skip(reason=SkipReason.TEST, detail="in a folder of tests"),
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
class Selection:
    """The files of a work tree, and the folders in it that are work trees of their own."""

    files: tuple[SelectedFile, ...]
    elsewhere: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkTree:
    """A repository or a plain folder, or the part of it for which one configuration holds.

    Attributes:
        root: The top of the repository or folder; absolute and resolved, as all of these.
        repository: The repository, if there is one.
        config: The configuration.
        home: The folder of the configuration, which its patterns are relative to.
        scope: The folder in which it holds.
        inner: The folders below `scope` that have a configuration of their own.
        arguments: The files and folders of it that are in question.

    """

    root: Path
    repository: Repository | None
    config: Config
    home: Path
    scope: Path
    inner: tuple[Path, ...] = ()
    arguments: tuple[Path, ...] = field(default=())

    def relative(self, path: Path) -> PurePosixPath:
        """Return a path from the root."""
        text, above = os.fspath(path), os.path.join(self.root, "")  # noqa: PTH118 - ends in a slash
        if not text.startswith(above) or ".." in text:
            text, above = os.path.relpath(path, self.root), ""
        return PurePosixPath(text.removeprefix(above).replace(os.sep, "/"))

    def select_files(
        self, *, staged: bool = False, since: str | None = None, writing: bool = False
    ) -> Selection:
        """Select the files; `writing` leaves out those with changes that git could not restore.

        Raises:
            GitError: `staged` or `since` outside a repository, or an unknown revision.

        """
        changed = self._changed(staged=staged, since=since)
        busy = self._busy(staged=staged) if writing else {}
        named = frozenset(self.arguments)
        files, elsewhere = [], []
        for one in discover_files(
            self.arguments,
            root=self.root,
            repository=self.repository,
            exclude=self.config.exclude,
            home=self.home,
            include=self.config.include,
        ):
            if one.reason is ExclusionReason.ELSEWHERE:
                elsewhere.append(one.path)
            if (
                one.reason in (ExclusionReason.EXCLUDED, ExclusionReason.ELSEWHERE)
                or (changed is not None and one.path not in changed)
                or self._is_inner(one.path)
                or self._is_left_out(one.path)
            ):
                continue
            skip = _exclusion_skip(one) if one.reason else busy.get(one.path)
            if skip is None and one.path in named:
                skip = _not_python(one.path)
            lines = changed[one.path] if changed else None
            files.append(SelectedFile(path=one.path, changed=lines, skip=skip, blob=one.blob))
        return Selection(files=self._by_attributes(files), elsewhere=tuple(elsewhere))

    def _by_attributes(self, rows: Sequence[SelectedFile]) -> tuple[SelectedFile, ...]:
        """Leave alone what `.gitattributes` calls generated or vendored."""
        if self.repository is None:
            return tuple(rows)
        paths = [each.path for each in rows if each.skip is None]
        skips = linguist_skips(self.repository, paths, self.config)
        if not skips:
            return tuple(rows)
        return tuple(
            dataclasses.replace(each, skip=each.skip or skips.get(each.path)) for each in rows
        )

    def _is_inner(self, path: Path) -> bool:
        """Check whether another configuration holds for a file."""
        return bool(self.inner) and any(path.is_relative_to(folder) for folder in self.inner)

    def _is_left_out(self, path: Path) -> bool:
        """Check whether `per-path` leaves a file out."""
        rules = self.config.per_path
        return bool(rules.rules) and rules.leaves_out(str(self.relative(path)))

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
            paths = self.repository.dirty(self.arguments)
            if paths:
                from docbot.repo.undo import only_docbots

                paths -= only_docbots(self.repository, paths)
            detail = "it has uncommitted changes (--force documents it all the same)"
        return dict.fromkeys(paths, Skip(reason=SkipReason.LEFT_ALONE, detail=detail))

    def python_files(self) -> list[PurePosixPath]:
        """Return the Python files that the configuration holds for, to learn their style from."""
        files = discover_files(
            [self.scope],
            root=self.root,
            repository=self.repository,
            exclude=self.config.exclude,
            home=self.home,
            include=(SkipReason.TEST.value,),
        )
        return [
            self.relative(one.path)
            for one in files
            if one.reason is None
            and not self._is_inner(one.path)
            and not self._is_left_out(one.path)
        ]

    def reader_files(self) -> list[PurePosixPath]:
        """Return the files that may read docstrings of others or hand over what they define.

        In a repository these are tracked, or named as arguments; else all that lie in the folder.
        """
        from docbot.repo.reader_files import files_with_words, reader_files

        named = [self.relative(path) for path in self.arguments if path.is_file()]
        if self.repository is None:
            paths = self.python_files()
        else:
            paths = files_with_words(self.repository)
        return list(reader_files(dict.fromkeys((*paths, *named)), self.read))

    def untracked(self) -> int:
        """Count the Python files in the folders in question that git does not track."""
        folders = [path for path in self.arguments if path.is_dir()]
        return self.repository.untracked(folders) if self.repository is not None else 0

    def settings_levels(self, folder: PurePosixPath) -> list[dict[str, str]]:
        """Read the settings of tools for a folder's files, as for `read_tools`."""
        top = self.home if self.root.is_relative_to(self.home) else self.root
        return levels_on_disk(self.root / folder, top)

    def read(self, path: PurePosixPath) -> bytes:
        """Read a file of the work tree.

        Raises:
            SourceError: it is no plain file, cannot be read, or is over 1 MB.

        """
        return read(self.root / path)


def _exclusion_skip(file: DiscoveredFile) -> Skip | None:
    if file.reason is None:
        return None
    skip = _EXCLUSION_SKIPS[file.reason]
    return replace(skip, detail=file.detail) if file.detail else skip


def _not_python(path: Path) -> Skip | None:
    language = other_language(path)
    return Skip(reason=SkipReason.LEFT_ALONE, detail=language) if language else None


def levels_on_disk(folder: Path, top: Path) -> list[dict[str, str]]:
    """Read the settings of tools in a folder and those above it up to `top`, nearest first."""
    above = [each for each in (folder, *folder.parents) if each.is_relative_to(top)]
    return [settings_texts(functools.partial(_text, each, top)) for each in above]


def _text(folder: Path, top: Path, name: str) -> str | None:
    """Read a settings file by its path from a folder; None outside of `top`, or without text."""
    path = os.path.normpath(folder / name)
    if Path(path).is_relative_to(top):
        with suppress(OSError, UnicodeError), open(path, encoding="utf-8") as file:  # noqa: PTH123 - speed
            return file.read()
    return None


def load(row: SelectedFile) -> bytes | Skip:
    """Read a selected file, or return why it is left alone."""
    if row.skip is not None:
        return row.skip
    try:
        return read(row.path)
    except SourceError as error:
        return Skip.of(error)
