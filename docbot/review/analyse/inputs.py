"""What one review works on, from git objects alone: the work tree may be anybody's.

On a runner the work tree holds what the pull request wants it to hold, so nothing is read from it,
neither code nor settings. What steers comes from the base commit: the tip of the branch that the
pull request goes to, which its maintainers have accepted. It is not the merge base, since the
author chooses that by where the branch starts, and might choose settings given up long ago. The
head's own settings may leave out more, and nothing else. What has changed is told against the
merge base: what others did to the base branch meanwhile is no part of the pull request.
"""

from __future__ import annotations

import dataclasses
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.config import Config, parse_config, replace
from docbot.docstring.style import SETTINGS_FILES, detect_in
from docbot.errors import ConfigError, SourceError, TooLargeError
from docbot.llm.known_models import HUB, MODELS
from docbot.llm.weights import named
from docbot.repo.commit import Snapshot
from docbot.repo.discover import VENDORED, gitignore
from docbot.repo.git import SUFFIXES, Repository
from docbot.scan.outline import outline
from docbot.scan.source import MAX_BYTES
from docbot.select.skip import Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from docbot.docstring.style import DocstringStyle
    from docbot.repo.git import Lines
    from docbot.scan.outline import Outline


PYPROJECT = PurePosixPath("pyproject.toml")


PATTERNS, STARS = 100, 3
"""Patterns that a head's `exclude` may have, and runs of stars in each: as regular expressions they
backtrack, and six stars against a name of 120 characters were measured to take a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewRequest:
    """What to review.

    Attributes:
        root: Of the repository, or a folder in it.
        base: The revision whose settings count, and from which the head parted.
        head: The revision that is reviewed.
        paths: Files and folders from the repository's root, as git has them; all when empty.
        settings: The operator's own, by their kebab-case keys.
        config_file: Instead of the `pyproject.toml`: from the repository's root, then it is the
            base commit's; or an absolute path elsewhere, then it is read from the disk.

    """

    root: Path
    base: str
    head: str
    paths: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    config_file: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """One review's inputs.

    `changed` are the Python files to look at, each with its new and changed lines; `left` are those
    left alone. `notices` are sentences about settings that do not count.
    """

    base: Snapshot
    head: Snapshot
    merge_base: str
    config: Config
    changed: Mapping[PurePosixPath, Lines]
    left: Mapping[PurePosixPath, Skip]
    notices: tuple[str, ...] = ()

    def house(self) -> DocstringStyle:
        """Detect the style from the base commit's docstrings and its tools' settings."""
        ours = gitignore(self.config.exclude)
        paths = [
            path
            for path in self.base.files
            if _is_python(path) and not _is_vendored(path) and not (ours and ours.match_file(path))
        ]
        return detect_in(paths, self.base.read, self.base.texts(SETTINGS_FILES), self.config)

    def outline_of(self, path: PurePosixPath) -> Outline | None:
        """The outline of a file of the head, for `ParentIndex`; None when there is none."""
        try:
            return outline(self.head.read(path))
        except SourceError:
            return None


@contextmanager
def open_revision(question: ReviewRequest) -> Iterator[Revision]:
    """The inputs of one review, whose files can be read as long as the context lasts.

    Raises:
        ConfigError: the base commit's settings cannot be used, or a path is outside the repository.
        GitError: no repository, an unknown revision, no merge base, or objects that are not here.
        ModelError: the base commit's settings name a model that nobody knows.

    """
    repository = _repository(question.root)
    parted = repository.merge_base(question.base, question.head)
    file = PurePosixPath(question.config_file or PYPROJECT)
    also = (*SETTINGS_FILES, str(file))
    with repository.contents() as contents:
        base, head, old = (
            Snapshot(
                commit=repository.commit(revision),
                files=repository.files_at(revision, also),
                contents=contents,
            )
            for revision in (question.base, question.head, parted)
        )
        theirs = _base_config(base, file, repository.root, required=bool(question.config_file))
        narrow = _narrowing(head, old, file, theirs)
        config = replace(theirs, question.settings, source="command line")
        config = dataclasses.replace(config, ignore=_joined(config.ignore, narrow.ignore))
        touched = _touched(head, old, question.paths)
        left = _left(head, touched, config)
        lines = repository.lines_between(parted, head.commit, without=_too_large(left))
        excluded = _excluded(touched, config.exclude, narrow.exclude)
        yield Revision(
            base=base,
            head=head,
            merge_base=parted,
            config=config,
            changed={
                p: lines[p] for p in touched if p in lines and p not in left and p not in excluded
            },
            left={path: skip for path, skip in left.items() if path not in excluded},
            notices=(*narrow.notices, *_lost(question.paths, head, old)),
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
    """The settings that count; a file named by its absolute path is the operator's own."""
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

    `fix` takes a path from the folder it runs in; here that is the work tree. What the command line
    names is the operator's word, and is not asked about.
    """
    if name in MODELS or name.startswith(HUB):
        return
    path = Path(name)
    with suppress(RuntimeError):
        path = path.expanduser()
    if path.name == name and path.suffix != ".gguf":
        named(name)  # raises, with the names that are known
    if path.is_absolute() and not Path(os.path.realpath(path)).is_relative_to(root):
        return
    raise ConfigError(
        f"{file}: 'model' is {name!r}, a file that a pull request could replace;"
        " give it on the command line (--model), or by an absolute path outside the repository"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Narrowing:
    """What the head's settings leave out besides."""

    exclude: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def _narrowing(head: Snapshot, old: Snapshot, file: PurePosixPath, ours: Config) -> _Narrowing:
    """The head's `exclude` and `ignore`; and one notice, if that is not all it changes.

    What the base branch has changed since they parted is none of the head's doing.
    """
    if old.files.get(file) == head.files.get(file) or file.is_absolute():
        return _Narrowing()
    try:
        theirs = parse_config(head.read(file), source=str(file)) if file in head.files else Config()
        gitignore(theirs.exclude)
        _check_patterns(theirs.exclude)
    except (ConfigError, SourceError) as error:
        told = f"the pull request's {file} cannot be used ({error}); the base branch's counts"
        return _Narrowing(notices=(told,))
    narrows = set(ours.exclude) <= set(theirs.exclude) and set(ours.ignore) <= set(theirs.ignore)
    same = dataclasses.replace(theirs, exclude=ours.exclude, ignore=ours.ignore) == ours
    told = (
        f"the pull request changes docbot's settings in {file}; until it is merged, those of"
        " the base branch count, and of the new ones only what `exclude` and `ignore` add"
    )
    return _Narrowing(
        exclude=theirs.exclude,
        ignore=theirs.ignore,
        notices=() if narrows and same else (told,),
    )


def _check_patterns(patterns: Collection[str]) -> None:
    if len(patterns) > PATTERNS or any(len(re.findall(r"\*+", p)) > STARS for p in patterns):
        raise ConfigError(f"more than {PATTERNS} patterns in `exclude`, or {STARS} stars in one")


def _joined(ours: Iterable[str], theirs: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ours, *theirs)))


def _touched(head: Snapshot, old: Snapshot, paths: Collection[str]) -> list[PurePosixPath]:
    """The Python files that the head added, changed or moved, in order."""
    folders = [PurePosixPath(path) for path in paths]
    return sorted(
        path
        for path, blob in head.files.items()
        if _is_python(path)
        and old.files.get(path) != blob
        and (not folders or any(path.is_relative_to(folder) for folder in folders))
    )


def _lost(paths: Iterable[str], head: Snapshot, old: Snapshot) -> Iterator[str]:
    """A sentence for each path below which neither commit has a Python file."""
    for name in paths:
        folder = PurePosixPath(name)
        files = (*head.files, *old.files)
        if not any(_is_python(path) and path.is_relative_to(folder) for path in files):
            yield f"{name}: neither commit has a Python file there"


def _left(
    head: Snapshot, paths: Iterable[PurePosixPath], config: Config
) -> dict[PurePosixPath, Skip]:
    left = {}
    for path in paths:
        if head.files[path].size > MAX_BYTES:
            detail = f"it is over {MAX_BYTES // 1_000_000} MB"
            left[path] = Skip(reason=SkipReason.TOO_LARGE, detail=detail)
        elif _is_vendored(path) and SkipReason.VENDORED.value not in config.select:
            left[path] = Skip(reason=SkipReason.VENDORED, detail="other people's code")
    return left


def _too_large(left: Mapping[PurePosixPath, Skip]) -> list[PurePosixPath]:
    """Files that are not even compared: a bomb of line feeds takes git's memory."""
    return [path for path, skip in left.items() if skip.reason is SkipReason.TOO_LARGE]


def _excluded(paths: Iterable[PurePosixPath], *lists: tuple[str, ...]) -> set[PurePosixPath]:
    """What any of the lists leaves out; each for itself, since `!` takes back what stands above."""
    specs = [spec for spec in map(gitignore, lists) if spec is not None]
    return {path for path in paths if any(spec.match_file(path) for spec in specs)}
