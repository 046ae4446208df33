"""Tell what a hook's run is about: the commit, or files that pre-commit was asked to look at."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from docbot.commands.options import parser
from docbot.commands.streams import print_message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docbot.repo.worktree import WorkTree

FROM_REF = "PRE_COMMIT_FROM_REF"
"""Set by `pre-commit run --from-ref`, where what changed since counts as staged."""


def is_about_all(worktrees: Iterable[WorkTree]) -> bool:
    """Check whether pre-commit runs a hook on files of which some are not staged.

    That is `pre-commit run --all-files` (or `--files`), which is no commit, whatever is staged
    besides: for a commit pre-commit names staged files alone, none that the commit removes. A hook
    that only looks at what is staged would pass whatever the others are like.
    """
    some_unstaged = False
    if not os.environ.get("PRE_COMMIT") or os.environ.get(FROM_REF):
        return False
    for tree in worktrees:
        git = tree.repository
        if git is None or any(path.is_dir() for path in tree.arguments):
            return False
        if (git.git_dir / "MERGE_HEAD").exists():  # a conflict may be resolved as in HEAD
            return False
        some_unstaged = some_unstaged or not git.staged().issuperset(tree.arguments)
    return some_unstaged


def check_all(options: argparse.Namespace) -> argparse.Namespace:
    """Return the options of `docbot check` for a hook's run on files that are not staged."""
    if not options.quiet:
        print_message(
            "not all of these files are staged, so this is docbot check; docbot fix writes what "
            "is missing"
        )
    of_check = vars(parser(["check"]).parse_args(["check"]))
    return argparse.Namespace(**{**of_check, **vars(options), "staged": False})
