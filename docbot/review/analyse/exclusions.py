"""Read what the settings of a pull request leave out besides those of the base branch."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.config import Config, parse_config
from docbot.errors import ConfigError, SourceError
from docbot.repo.discover import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import PurePosixPath

    from docbot.repo.commit import Snapshot

MAX_PATTERNS, MAX_STARS = 100, 3
"""Most patterns that a head's `exclude` may have, and most runs of stars in each. As regular
expressions they backtrack: six stars against a name of 120 characters were measured to take a
minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadExclusions:
    """What the head's settings exclude and skip besides the base's."""

    exclude: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def read_exclusions(
    head: Snapshot, ancestor: Snapshot, file: PurePosixPath, accepted: Config
) -> HeadExclusions:
    """Read the head's `exclude` and `skip`, with a notice if it changes anything else.

    The head's file is compared with the merge base's, since what the base branch changed meanwhile
    is not the head's doing.
    """
    if ancestor.files.get(file) == head.files.get(file) or file.is_absolute():
        return HeadExclusions()
    try:
        proposed = Config()
        if file in head.files:
            proposed = parse_config(head.read(file), source=str(file))
        compile_patterns(proposed.exclude)
        _check_patterns(proposed.exclude)
    except (ConfigError, SourceError) as error:
        notice = f"the pull request's {file} cannot be used ({error}); the base branch's counts"
        return HeadExclusions(notices=(notice,))
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
    return HeadExclusions(
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
