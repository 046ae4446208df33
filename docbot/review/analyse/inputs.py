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
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.config import AUTO, Config, parse_config, replace
from docbot.docstring.style import detect_style
from docbot.errors import ConfigError, SourceError, TooLargeError
from docbot.llm.known_models import HUB, MODELS
from docbot.llm.weights import get_model
from docbot.repo.commit import Snapshot
from docbot.repo.discover import VENDORED, compile_patterns
from docbot.repo.git import SUFFIXES, Repository
from docbot.scan.basics import MAX_BYTES
from docbot.scan.outline import outline
from docbot.select.skip import Skip, SkipReason
from docbot.tool_settings import SETTINGS_FILES, sections_linters_want

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from docbot.docstring.style import DocstringStyle
    from docbot.repo.git import Lines
    from docbot.scan.outline import Outline

PYPROJECT = PurePosixPath("pyproject.toml")

MAX_PATTERNS, MAX_STARS = 100, 3
"""Most patterns that a head's `exclude` may have, and most runs of stars in each. As regular
expressions they backtrack: six stars against a name of 120 characters were measured to take a
minute."""


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
        changed: The Python files to check, each with its new and changed lines.
        skipped: The changed Python files that are left alone, each with the reason.
        notices: Sentences about settings that do not count and paths without Python files.

    """

    base: Snapshot
    head: Snapshot
    ancestor: Snapshot
    merge_base: str
    config: Config
    changed: Mapping[PurePosixPath, Lines]
    skipped: Mapping[PurePosixPath, Skip]
    notices: tuple[str, ...] = ()

    def detect_style(self) -> DocstringStyle:
        """Detect the style from the base commit's docstrings and its tools' settings."""
        excluded = compile_patterns(self.config.exclude)
        paths = [
            path
            for path in self.base.files
            if _is_python(path)
            and not _is_vendored(path)
            and not (excluded and excluded.match_file(path))
        ]
        return detect_style(paths, self.base.read, [self.base.texts(SETTINGS_FILES)], self.config)

    def outline_of(self, path: PurePosixPath) -> Outline | None:
        """Return the outline of a file of the head, for `ParentIndex`.

        None where there is no such file or it cannot be parsed.
        """
        try:
            return outline(self.head.read(path))
        except SourceError:
            return None


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
    settings_files = (*SETTINGS_FILES, str(file))
    with repository.contents() as contents:
        base, head, ancestor = (
            Snapshot(
                commit=repository.commit(revision),
                files=repository.files_at(revision, settings_files),
                contents=contents,
            )
            for revision in (request.base, request.head, merge_base)
        )
        accepted = _base_config(base, file, repository.root, required=bool(request.config_file))
        exclusions = _head_exclusions(head, ancestor, file, accepted)
        config = replace(accepted, request.settings, source="command line")
        config = dataclasses.replace(
            config,
            skip=_union(config.skip, exclusions.skip),
            linters_want=sections_linters_want([base.texts(SETTINGS_FILES)]),
        )
        touched = _touched_files(head, ancestor, request.paths)
        skipped = _skipped_files(head, touched, config)
        lines = repository.lines_between(merge_base, head.commit, without=_too_large(skipped))
        excluded = _excluded_files(touched, config.exclude, exclusions.exclude)
        yield Revision(
            base=base,
            head=head,
            ancestor=ancestor,
            merge_base=merge_base,
            config=config,
            changed={
                path: lines[path]
                for path in touched
                if path in lines and path not in skipped and path not in excluded
            },
            skipped={path: skip for path, skip in skipped.items() if path not in excluded},
            notices=(*exclusions.notices, *_missing_path_notices(request.paths, head, ancestor)),
        )


def _repository(folder: Path) -> Repository:
    repository = Repository.discover(folder)
    if repository is None:
        raise ConfigError(f"{folder}: is not in a git repository, which a review needs")
    return repository


def _is_python(path: PurePosixPath) -> bool:
    return path.name.endswith(SUFFIXES)


def _is_vendored(path: PurePosixPath) -> bool:
    return VENDORED.search(str(path)) is not None


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


@dataclass(frozen=True, kw_only=True, slots=True)
class _HeadExclusions:
    """What the head's settings exclude and skip besides the base's."""

    exclude: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def _head_exclusions(
    head: Snapshot, ancestor: Snapshot, file: PurePosixPath, accepted: Config
) -> _HeadExclusions:
    """Read the head's `exclude` and `skip`, with a notice if it changes anything else.

    The head's file is compared with the merge base's, since what the base branch changed meanwhile
    is not the head's doing.
    """
    if ancestor.files.get(file) == head.files.get(file) or file.is_absolute():
        return _HeadExclusions()
    try:
        proposed = Config()
        if file in head.files:
            proposed = parse_config(head.read(file), source=str(file))
        compile_patterns(proposed.exclude)
        _check_patterns(proposed.exclude)
    except (ConfigError, SourceError) as error:
        notice = f"the pull request's {file} cannot be used ({error}); the base branch's counts"
        return _HeadExclusions(notices=(notice,))
    only_adds = set(accepted.exclude) <= set(proposed.exclude) and set(accepted.skip) <= set(
        proposed.skip
    )
    others_same = (
        dataclasses.replace(proposed, exclude=accepted.exclude, skip=accepted.skip) == accepted
    )
    notice = (
        f"the pull request changes docbot's settings in {file}; until it is merged, those of"
        " the base branch count, and of the new ones only what `exclude` and `skip` add"
    )
    return _HeadExclusions(
        exclude=proposed.exclude,
        skip=proposed.skip,
        notices=() if only_adds and others_same else (notice,),
    )


def _check_patterns(patterns: Collection[str]) -> None:
    if len(patterns) > MAX_PATTERNS or any(
        len(re.findall(r"\*+", p)) > MAX_STARS for p in patterns
    ):
        raise ConfigError(
            f"more than {MAX_PATTERNS} patterns in `exclude`, or {MAX_STARS} stars in one"
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
        elif _is_vendored(path) and SkipReason.VENDORED.value not in config.include:
            skipped[path] = Skip(reason=SkipReason.VENDORED, detail="other people's code")
    return skipped


def _too_large(skipped: Mapping[PurePosixPath, Skip]) -> list[PurePosixPath]:
    """Return the files that git must not diff: a bomb of line feeds takes its memory."""
    return [path for path, skip in skipped.items() if skip.reason is SkipReason.TOO_LARGE]


def _excluded_files(paths: Iterable[PurePosixPath], *lists: tuple[str, ...]) -> set[PurePosixPath]:
    """Return the paths that any list excludes.

    Each list is matched on its own, since `!` in one takes back only the patterns above it.
    """
    specs = [spec for spec in map(compile_patterns, lists) if spec is not None]
    return {path for path in paths if any(spec.match_file(path) for spec in specs)}
