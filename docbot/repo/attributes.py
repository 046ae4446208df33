"""Ask git which files `.gitattributes` calls generated or vendored, as GitHub's linguist reads it.

Git itself answers, since patterns, macros and nested files are its business; but only where one of
the files speaks of linguist at all.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.errors import GitError
from docbot.repo import git_command
from docbot.repo.nested import tracked_below
from docbot.select.skip import Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from docbot.config import Config
    from docbot.repo.git import Repository

_REASONS = {
    "linguist-generated": SkipReason.GENERATED,
    "linguist-vendored": SkipReason.VENDORED,
}
_FILE = ".gitattributes"
_NESTED = ":(top,glob)**/.gitattributes"
_ARGUMENTS = 200  # paths on one command line; Windows allows 32 kB


def attributes_text(repository: Repository) -> bytes:
    """Return the text of the attributes files of a work tree, b"" if none speaks of linguist."""
    files = {"": repository.git_dir / "info" / "attributes"}
    for folder in (".", *tracked_below(repository, _FILE)):
        files[folder] = repository.root / folder / _FILE
    texts = []
    for folder, file in files.items():
        with suppress(OSError):
            texts.append(b"%b\0%b" % (os.fsencode(folder), file.read_bytes()))
    text = b"\0".join(texts)
    return text if b"linguist" in text else b""


def linguist_skips(
    repository: Repository, paths: Iterable[Path], config: Config
) -> dict[Path, Skip]:
    """Return why files of the work tree are left alone, for those that attributes speak of."""
    reasons = _wanted(config)
    if not reasons or not attributes_text(repository):
        return {}
    names = [path.relative_to(repository.root).as_posix() for path in paths]
    skips = _ask(repository, repository.index, names, reasons, "-z")
    return {repository.root / name: skip for name, skip in skips.items()}


def linguist_skips_at(
    repository: Repository, revision: str, paths: Iterable[PurePosixPath], config: Config
) -> dict[PurePosixPath, Skip]:
    """Return the same for files of a commit, by that commit's own attributes files."""
    reasons, names = _wanted(config), [str(path) for path in paths]
    if not reasons or not names or not _speaks_of_linguist(repository, revision):
        return {}
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder, "index")
        _run(repository, index, "read-tree", revision)
        skips = _ask(repository, index, names, reasons, "-z", "--cached")
    return {PurePosixPath(name): skip for name, skip in skips.items()}


def _wanted(config: Config) -> dict[str, SkipReason]:
    return {name: why for name, why in _REASONS.items() if why.value not in config.include}


def _speaks_of_linguist(repository: Repository, revision: str) -> bool:
    with suppress(GitError):
        return bool(
            _run(repository, repository.index, "grep", "-l", "linguist", revision, "--", _NESTED)
        )
    return False  # git grep ends with 1 where nothing matches


def _ask(
    repository: Repository,
    index: Path,
    names: Sequence[str],
    reasons: Mapping[str, SkipReason],
    *options: str,
) -> dict[str, Skip]:
    skips: dict[str, Skip] = {}
    for at in range(0, len(names), _ARGUMENTS):
        batch = names[at : at + _ARGUMENTS]
        output = _run(repository, index, "check-attr", *options, *reasons, "--", *batch)
        fields = os.fsdecode(output).split("\0")
        for name, attribute, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
            if value in ("set", "true"):
                detail = f"`.gitattributes` says {attribute}"
                skips.setdefault(name, Skip(reason=reasons[attribute], detail=detail))
    return skips


def _run(repository: Repository, index: Path, *arguments: str) -> bytes:
    places = {**repository.places(), "GIT_INDEX_FILE": str(index)}
    return git_command.ask(repository.root, places, arguments)
