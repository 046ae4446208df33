"""Search a repository for the files that may read docstrings of others, or hand functions over.

What is searched for are the words of `scan.handover_words`; of thousands of files a few have them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.repo import git_command
from docbot.repo.git import SUFFIXES
from docbot.scan.handover_words import SEARCH_WORDS, may_hand_over
from docbot.select.rules import test_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from docbot.repo.git import Repository

_NO_MATCH = 1


def reader_files(
    paths: Iterable[PurePosixPath], source_of: Callable[[PurePosixPath], bytes]
) -> Iterator[PurePosixPath]:
    """Yield those files, tests apart, whose text may read docstrings or hand functions over."""
    for path in paths:
        if not test_reason(path):
            with suppress(SourceError):
                if may_hand_over(source_of(path)):
                    yield path


def files_with_words(repository: Repository, revision: str = "") -> list[PurePosixPath]:
    """List the Python files with any of the words: the tracked ones on disk, or a commit's.

    Raises:
        GitError: git cannot search them.

    """
    words = [argument for word in SEARCH_WORDS for argument in ("-e", word)]
    scope = [f":(top,glob)**/*{suffix}" for suffix in SUFFIXES]
    search = [
        "grep",
        "--files-with-matches",
        "--null",
        "--text",
        "--fixed-strings",
        "--full-name",
        "--no-color",
        "--no-recurse-submodules",
    ]
    output = git_command.ask(
        repository.root,
        repository.places(),
        [*search, *words, *([revision] if revision else []), "--", *scope],
        fine=(0, _NO_MATCH),
    )
    names = os.fsdecode(output).split("\0")[:-1]
    return [PurePosixPath(name.removeprefix(f"{revision}:")) for name in names]
