"""What one run works on: the doors opened, the files found, and why some are left alone."""

from __future__ import annotations

import functools
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.config import Config, load_config, replace
from docbot.errors import GitError, SourceError, TooLargeError
from docbot.files import LeftOut, find, read
from docbot.git import Repository
from docbot.targets import Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from docbot.cache import Cache
    from docbot.git import Lines
    from docbot.house import House
    from docbot.lineage import Lineage
    from docbot.pipeline import Job

HOUSE_SAMPLE = 100
"""Files read to learn the house style, spread over the repository: the same in every run."""

_LEFT_OUT: Mapping[LeftOut, Skip] = {
    LeftOut.VENDORED: Skip(reason=SkipReason.VENDORED, detail="other people's code"),
    LeftOut.SYMLINK: Skip(reason=SkipReason.LEFT_ALONE, detail="a symbolic link"),
    LeftOut.UNREADABLE: Skip(reason=SkipReason.LEFT_ALONE, detail="it cannot be read"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One file: what to read, the lines in question (None for all), or why it is left alone.

    `blob` is git's id of its content, "" where only reading can tell.
    """

    path: Path
    changed: Lines | None = None
    skip: Skip | None = None
    blob: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The root that paths are told from, the repository if there is one, and the configuration."""

    root: Path
    repository: Repository | None
    config: Config
    named: tuple[Path, ...]

    def relative(self, path: Path) -> PurePosixPath:
        """A path as reports and patches show it."""
        text, above = os.fspath(path), os.path.join(self.root, "")  # noqa: PTH118 - ends in a slash
        if not text.startswith(above) or ".." in text:
            text, above = os.path.relpath(path, self.root), ""
        return PurePosixPath(text.removeprefix(above).replace(os.sep, "/"))

    def rows(
        self, *, staged: bool = False, since: str | None = None, writing: bool = False
    ) -> list[Row]:
        """The files to look at; `writing` leaves out those whose changes git could not give back.

        Raises:
            GitError: `staged` or `since` outside a repository, or an unknown revision.

        """
        changed = self._changed(staged=staged, since=since)
        busy = self._busy(staged=staged) if writing else {}
        found = find(
            self.named,
            root=self.root,
            repository=self.repository,
            exclude=self.config.exclude,
            vendored=SkipReason.VENDORED.value in self.config.select,
        )
        rows = []
        for one in found:
            if one.left_out is LeftOut.EXCLUDED or (
                changed is not None and one.path not in changed
            ):
                continue
            skip = _LEFT_OUT[one.left_out] if one.left_out else busy.get(one.path)
            lines = changed[one.path] if changed else None
            rows.append(Row(path=one.path, changed=lines, skip=skip, blob=one.blob))
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
            return self.repository.lines_since(since, also=self.named)
        return self.repository.staged_lines(also=self.named)

    def _busy(self, *, staged: bool) -> Mapping[Path, Skip]:
        if self.repository is None:
            return {}
        if staged:
            paths = self.repository.partially_staged()
            detail = "it has changes that are not staged"
        else:
            paths = self.repository.dirty([p for p in self.named if self._holds(p)])
            detail = "it has uncommitted changes (--force documents it all the same)"
        return dict.fromkeys(paths, Skip(reason=SkipReason.LEFT_ALONE, detail=detail))

    def _holds(self, path: Path) -> bool:
        root = self.repository.root if self.repository else self.root
        return Path(os.path.realpath(path)).is_relative_to(root)

    def house(self) -> House:
        """The house style, from a sample of the repository's docstrings and its tools' settings."""
        from docbot.house import Evidence, detect, evidence

        top = self.repository.root if self.repository else self.root
        found = find([top], root=self.root, repository=self.repository, exclude=self.config.exclude)
        paths = sorted(one.path for one in found if one.left_out is None)
        step = max(1, len(paths) // HOUSE_SAMPLE)
        seen = Evidence()
        for path in paths[::step]:
            try:
                seen += evidence(read(path))
            except SourceError:
                continue
        return detect(seen, self._settings(top), self.config)

    def _settings(self, top: Path) -> Mapping[str, str]:
        from docbot.house import SETTINGS_FILES

        texts = {}
        for name in SETTINGS_FILES:
            try:
                texts[name] = (top / name).read_text(encoding="utf-8")
            except (OSError, UnicodeError):
                continue
        return texts


def open_scope(
    paths: Sequence[Path], settings: Mapping[str, object], config_file: Path | None
) -> Scope:
    """Find the root of what is named, and read its configuration; `settings` is laid over it.

    Raises:
        ConfigError: the configuration cannot be used.
        GitError: the paths lie in a repository that git will not read.

    """
    named = tuple(paths) or (Path(),)
    first = named[0]
    repository = Repository.discover(first) if first.exists() else None
    folder = first if first.is_dir() else first.parent
    root = repository.root if repository else Path(os.path.realpath(folder))
    config = load_config(root, config_file)
    return Scope(
        root=root,
        repository=repository,
        config=replace(config, settings, source="command line"),
        named=named,
    )


@contextmanager
def open_job(
    config: Config,
    cache: Cache,
    *,
    lineage: Lineage,
    house: Callable[[], House],
    out_of_time: Callable[[], bool],
    ahead: int = 0,
) -> Iterator[Job]:
    """What `pipeline.fix` needs; model and style are each fetched when they are first needed.

    `ahead` as in `LlamaCpp`.

    Raises:
        ConfigError: `prompt_format` or `candidates` cannot be used.
        ModelError: no such model, not pulled yet, or not the file it should be.

    """
    from docbot.answers import CachedBackend, asker
    from docbot.backend import open_backend
    from docbot.pipeline import Job
    from docbot.prompts import format_named
    from docbot.weights import identify, resolve

    format_named(config.prompt_format)  # wrong even where the model does not ask for it
    weights = resolve(config.model, config.prompt_format)

    def named() -> bytes:
        return asker(identify(config.model, weights.path), config, weights.context)

    with open_backend(weights, config, ahead=ahead) as backend:
        yield Job(
            config=config,
            lineage=lineage,
            house=functools.cache(house),
            backend=CachedBackend(backend, cache, named),
            format=format_named(weights.format),
            out_of_time=out_of_time,
        )


def load(row: Row) -> bytes | Skip:
    """A row's bytes, or why it is left alone."""
    if row.skip is not None:
        return row.skip
    try:
        return read(row.path)
    except TooLargeError as error:
        return Skip(reason=SkipReason.TOO_LARGE, detail=str(error))
    except SourceError as error:
        return Skip(reason=SkipReason.UNPARSABLE, detail=str(error))
