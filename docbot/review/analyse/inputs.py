"""Read the inputs of one review from git objects alone, never from the work tree.

On a runner the work tree holds what the pull request wants it to hold, so neither code nor settings
are read from it. The settings come from the base commit: the tip of the branch that the pull
request goes to, which its maintainers have accepted. It is not the merge base, since the author
chooses that by where the branch starts, and might choose settings given up long ago. The head's own
settings may leave out more, and nothing else. Changes are computed against the merge base: what
others did to the base branch meanwhile is no part of the pull request.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.config import AUTO, Config, holds_settings, parse_config, replace
from docbot.docstring.style import style_finder
from docbot.errors import ConfigError, SourceError, TooLargeError
from docbot.llm.known_models import HUB, MODELS
from docbot.llm.weights import get_model
from docbot.repo.attributes import linguist_skips_at
from docbot.repo.commit import Snapshot
from docbot.repo.discover import compile_patterns
from docbot.repo.folders import Folders
from docbot.repo.git import SUFFIXES, Repository
from docbot.repo.reader_files import files_with_words, reader_files
from docbot.review.analyse.exclusions import read_exclusions
from docbot.scan.basics import MAX_BYTES
from docbot.scan.outline import outline
from docbot.select.opt_outs import opt_outs_of_settings
from docbot.select.skip import Skip, SkipReason
from docbot.tool_settings import SETTINGS_FILES, sections_linters_want

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from docbot.docstring.style import StyleOf
    from docbot.repo.git import Lines
    from docbot.scan.outline import Outline

PYPROJECT = PurePosixPath("pyproject.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewRequest:
    """The revisions, paths and settings of one review.

    Attributes:
        root: The repository's root, or a folder in it.
        base: The revision whose settings count, and from which the head branched off.
        head: The revision to review.
        paths: Files and folders relative to the repository's root, as git has them; all when empty.
        settings: The operator's own settings, by their kebab-case keys.
        config_file: A settings file instead of `pyproject.toml`. A path relative to the
            repository's root is read from the base commit, an absolute one from the disk.

    """

    root: Path
    base: str
    head: str
    paths: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    config_file: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """The inputs of one review.

    Attributes:
        base: The base commit's files.
        head: The head commit's files.
        ancestor: The files of the commit from which the head branched off.
        merge_base: That commit.
        config: The settings that count.
        home: The folder that their patterns are relative to.
        scope: The folder for whose files they count.
        changed: The Python files to check, each with its new and changed lines.
        skipped: The changed Python files that are left alone, each with the reason.
        notices: Sentences about settings that do not count and paths without Python files.
        inner: The folders below `scope` that have settings of their own.
        find_words: Lists the files of the head with the words of `scan.handover_words`.
        nested: The same for the folders below the root that have settings of their own.

    """

    base: Snapshot
    head: Snapshot
    ancestor: Snapshot
    merge_base: str
    config: Config
    home: PurePosixPath
    scope: PurePosixPath
    changed: Mapping[PurePosixPath, Lines]
    skipped: Mapping[PurePosixPath, Skip]
    find_words: Callable[[], list[PurePosixPath]]
    notices: tuple[str, ...] = ()
    inner: tuple[PurePosixPath, ...] = ()
    nested: tuple[Revision, ...] = ()

    def style_finder(self) -> StyleOf:
        """Return what detects the style, from the base commit's docstrings and tool settings."""
        return style_finder(self._own_files, self.base.read, self.base.settings_levels, self.config)

    def _own_files(self) -> list[PurePosixPath]:
        excluded = compile_patterns(self.config.exclude)
        return [
            path
            for path in self.base.files
            if _is_python(path)
            and not self.base.folders.others(str(path))
            and _is_own(path, self.scope, self.inner)
            and not (excluded and excluded.match_file(_below(path, self.home)))
            and not self.config.per_path.leaves_out(str(path))
        ]

    def outline_of(self, path: PurePosixPath) -> Outline | None:
        """Return the outline of a file of the head, for `ParentIndex`.

        None where there is no such file or it cannot be parsed.
        """
        try:
            return outline(self.head.read(path))
        except SourceError:
            return None

    def reader_files(self) -> list[PurePosixPath]:
        """Return the head's files that may read docstrings of others, as a work tree does."""
        return list(reader_files(self.find_words(), self.source_of))

    def source_of(self, path: PurePosixPath) -> bytes:
        """Read a file of the head."""
        return self.head.read(path)


@contextmanager
def open_revision(request: ReviewRequest) -> Iterator[Revision]:
    """Open the inputs of one review; their files can be read until the context ends.

    Raises:
        ConfigError: the base commit's settings cannot be used, or a path is outside the repository.
        GitError: no repository, an unknown revision, no merge base, or objects that are not here.
        ModelError: the base commit's settings name a model that nobody knows.

    """
    repository = _repository(request.root)
    merge_base = repository.merge_base(request.base, request.head)
    file = PurePosixPath(request.config_file or PYPROJECT)
    with repository.contents() as contents:
        base, head, ancestor = (
            Snapshot(
                commit=repository.commit(revision),
                files=repository.files_at(revision, (*SETTINGS_FILES, str(file))),
                contents=contents,
                folders=Folders(functools.partial(repository.names_in, revision)),
            )
            for revision in (request.base, request.head, merge_base)
        )
        commits = _Commits(
            repository=repository,
            request=request,
            base=base,
            head=head,
            ancestor=ancestor,
            merge_base=merge_base,
        )
        touched = _touched_files(head, ancestor, request.paths)
        homes = () if request.config_file else _homes(base)
        whole = _revision(commits, file, touched, homes)
        nested = [_revision(commits, home / PYPROJECT, touched, homes) for home in homes]
        missing = _missing_path_notices(request.paths, head, ancestor)
        yield dataclasses.replace(
            whole,
            nested=tuple(part for part in nested if part.changed or part.skipped),
            notices=(*whole.notices, *missing),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Commits:
    """The commits of a review, and what it asks of them."""

    repository: Repository
    request: ReviewRequest
    base: Snapshot
    head: Snapshot
    ancestor: Snapshot
    merge_base: str


def _homes(base: Snapshot) -> tuple[PurePosixPath, ...]:
    """Return the folders below the root in which the base commit configures docbot."""
    homes = []
    for path in base.files:
        if path.name == PYPROJECT.name and path != PYPROJECT:
            with suppress(SourceError):
                if holds_settings(base.read(path)):
                    homes.append(path.parent)
    return tuple(sorted(homes))


def _revision(
    commits: _Commits,
    file: PurePosixPath,
    touched: Iterable[PurePosixPath],
    homes: tuple[PurePosixPath, ...],
) -> Revision:
    """Read the settings of one file, and select the touched files for which they count."""
    base, head, request = commits.base, commits.head, commits.request
    home = PurePosixPath() if file.is_absolute() else file.parent
    scope = home if home in homes else PurePosixPath()
    inner = tuple(other for other in homes if other != scope and other.is_relative_to(scope))
    named = bool(request.config_file)
    accepted = _base_config(base, file, commits.repository.root, required=named)
    exclusions = read_exclusions(head, commits.ancestor, file, accepted)
    config = replace(accepted, request.settings, source="command line")
    levels = base.settings_levels(scope)
    config = dataclasses.replace(
        config,
        skip=_union(config.skip, exclusions.skip),
        linters_want=sections_linters_want(levels),
        opt_outs=opt_outs_of_settings(levels, scope),
        per_path=config.per_path.placed(below=str(home)),
    )
    own = [path for path in touched if _is_own(path, scope, inner)]
    skipped = _skipped_files(head, own, config)
    for commit in (base.commit, head.commit):  # the head's attributes may leave out more, too
        skipped = linguist_skips_at(commits.repository, commit, own, config) | skipped
    lines = commits.repository.lines_between(
        commits.merge_base, head.commit, without=_too_large(skipped)
    )
    excluded = _excluded_files(own, home, config.exclude, exclusions.exclude)
    excluded |= {path for path in own if config.per_path.leaves_out(str(path))}
    return Revision(
        base=base,
        head=head,
        ancestor=commits.ancestor,
        merge_base=commits.merge_base,
        find_words=functools.partial(files_with_words, commits.repository, head.commit),
        config=config,
        home=home,
        scope=scope,
        inner=inner,
        changed={
            path: lines[path]
            for path in own
            if path in lines and path not in skipped and path not in excluded
        },
        skipped={path: skip for path, skip in skipped.items() if path not in excluded},
        notices=exclusions.notices,
    )


def _is_own(path: PurePosixPath, scope: PurePosixPath, inner: Iterable[PurePosixPath]) -> bool:
    """Check whether the settings of a folder count for a file, and none nearer to it."""
    return path.is_relative_to(scope) and not any(path.is_relative_to(other) for other in inner)


def _repository(folder: Path) -> Repository:
    repository = Repository.discover(folder)
    if repository is None:
        raise ConfigError(f"{folder}: is not in a git repository, which a review needs")
    return repository


def _is_python(path: PurePosixPath) -> bool:
    return path.name.endswith(SUFFIXES)


def _base_config(base: Snapshot, file: PurePosixPath, root: Path, *, required: bool) -> Config:
    """Read the settings that count; a file given by its absolute path is the operator's own."""
    if file.is_absolute():
        try:
            content = Path(file).read_bytes()
        except OSError as error:
            raise ConfigError(f"{file}: cannot be read ({error.strerror})") from error
    elif file in base.files:
        try:
            content = base.read(file)
        except TooLargeError as error:
            raise ConfigError(f"{file} at the base commit: {error}") from error
    elif required:
        raise ConfigError(f"{file}: is no plain file of the base commit, whose settings count")
    else:
        return Config()
    config = parse_config(content, source=f"{file} at {base.commit[:12]}, the base commit")
    _check_model(config.model, root, file)
    return config


def _check_model(name: str, root: Path, file: PurePosixPath) -> None:
    """Refuse a model that the pull request could bring with it.

    `fix` resolves a path from the folder it runs in, which here is the work tree. A model named on
    the command line is the operator's choice, and is not checked.
    """
    if name == AUTO or name in MODELS or name.startswith(HUB):
        return
    path = Path(name)
    with suppress(RuntimeError):
        path = path.expanduser()
    if path.name == name and path.suffix != ".gguf":
        get_model(name)  # raises, with the names that are known
    if path.is_absolute() and not Path(os.path.realpath(path)).is_relative_to(root):
        return
    raise ConfigError(
        f"{file}: 'model' is {name!r}, a file that a pull request could replace;"
        " give it on the command line (--model), or by an absolute path outside the repository"
    )


def _union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _touched_files(
    head: Snapshot, ancestor: Snapshot, paths: Collection[str]
) -> list[PurePosixPath]:
    """Return the sorted Python files below `paths` that the head added, changed or moved."""
    folders = [PurePosixPath(path) for path in paths]
    return sorted(
        path
        for path, blob in head.files.items()
        if _is_python(path)
        and ancestor.files.get(path) != blob
        and (not folders or any(path.is_relative_to(folder) for folder in folders))
    )


def _missing_path_notices(
    paths: Iterable[str], head: Snapshot, ancestor: Snapshot
) -> Iterator[str]:
    """Yield a sentence for each path below which neither commit has a Python file."""
    for name in paths:
        folder = PurePosixPath(name)
        files = (*head.files, *ancestor.files)
        if not any(_is_python(path) and path.is_relative_to(folder) for path in files):
            yield f"{name}: neither commit has a Python file there"


def _skipped_files(
    head: Snapshot, paths: Iterable[PurePosixPath], config: Config
) -> dict[PurePosixPath, Skip]:
    skipped = {}
    for path in paths:
        if head.files[path].size > MAX_BYTES:
            detail = f"it is over {MAX_BYTES // 1_000_000} MB"
            skipped[path] = Skip(reason=SkipReason.TOO_LARGE, detail=detail)
        elif skip := _folder_skip(head, path, config):
            skipped[path] = skip
    return skipped


def _folder_skip(head: Snapshot, path: PurePosixPath, config: Config) -> Skip | None:
    for reason, judge in (
        (SkipReason.VENDORED, head.folders.others),
        (SkipReason.TEST, head.folders.tests),
    ):
        if reason.value not in config.include and (detail := judge(str(path))):
            return Skip(reason=reason, detail=detail)
    return None


def _too_large(skipped: Mapping[PurePosixPath, Skip]) -> list[PurePosixPath]:
    """Return the files that git must not diff: a bomb of line feeds takes its memory."""
    return [path for path, skip in skipped.items() if skip.reason is SkipReason.TOO_LARGE]


def _below(path: PurePosixPath, home: PurePosixPath) -> PurePosixPath:
    """Return a path from the folder of the settings; from the root where it lies elsewhere."""
    return path.relative_to(home) if path.is_relative_to(home) else path


def _excluded_files(
    paths: Iterable[PurePosixPath], home: PurePosixPath, *lists: tuple[str, ...]
) -> set[PurePosixPath]:
    """Return the paths that any list excludes; patterns are relative to `home`.

    Each list is matched on its own, since `!` in one takes back only the patterns above it.
    """
    specs = [spec for spec in map(compile_patterns, lists) if spec is not None]
    return {path for path in paths if any(spec.match_file(_below(path, home)) for spec in specs)}
