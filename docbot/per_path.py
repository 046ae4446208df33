"""Keep the settings of `[tool.docbot.per-path]`, and say which hold for a file.

A rule has a gitignore pattern, relative to the folder of the settings. Where several match a file,
each setting is that of the last rule which has it, as in a `.gitignore`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pathspec import GitIgnoreSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class PathRule:
    """The settings of one pattern; None for what it does not set.

    Attributes:
        pattern: The gitignore pattern.
        fail_under: The coverage that its files must have, in percent.
        kinds: The kinds that count in them.
        style: The style of their docstrings.
        leaves_out: Whether its files are left out as by `exclude`.
        skip: The skip rules that are switched on for them.

    """

    pattern: str
    fail_under: float | None = None
    kinds: tuple[str, ...] | None = None
    style: str | None = None
    leaves_out: bool | None = None
    skip: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PathRules:
    """The rules of one configuration, in their order.

    Attributes:
        rules: The rules.
        below: The folder of the settings, from the root that paths are relative to; with a slash
            at its end, and "" for the root.
        above: The root from the folder of the settings, where that lies above it; likewise.

    """

    rules: tuple[PathRule, ...] = ()
    below: str = ""
    above: str = ""

    def matching(self, path: str) -> Iterator[PathRule]:
        """Yield the rules that match a file, by its path from the root."""
        name = self.above + path.removeprefix(self.below)
        for rule in self.rules:
            if _compile(rule.pattern).match_file(name):
                yield rule

    def leaves_out(self, path: str) -> bool:
        """Check whether a file is left out as by `exclude`."""
        rules = [rule.leaves_out for rule in self.matching(path) if rule.leaves_out is not None]
        return bool(rules) and rules[-1]

    def kinds_of(self, path: str) -> tuple[str, ...] | None:
        """Return the kinds that count in a file; None where no rule says."""
        kinds = [rule.kinds for rule in self.matching(path) if rule.kinds is not None]
        return kinds[-1] if kinds else None

    def limit_of(self, path: str) -> PathRule | None:
        """Return the rule whose `fail-under` counts a file; None where none does."""
        rules = [rule for rule in self.matching(path) if rule.fail_under is not None]
        return rules[-1] if rules else None

    def without(self, keys: Collection[str]) -> PathRules:
        """Return the rules without the settings that the command line overrides."""
        if not self.rules:
            return self
        rules = (
            replace(
                rule,
                kinds=None if "kinds" in keys else rule.kinds,
                style=None if "style" in keys else rule.style,
                skip=None if "skip" in keys else rule.skip,
            )
            for rule in self.rules
        )
        return replace(self, rules=tuple(rules))

    def placed(self, *, below: str = "", above: str = "") -> PathRules:
        """Return the rules for paths from a root, given as for `below` and `above`."""
        return replace(self, below=_folder(below), above=_folder(above)) if self.rules else self


def _folder(name: str) -> str:
    return "" if name in ("", ".") else f"{name}/"


@functools.lru_cache(maxsize=256)
def _compile(pattern: str) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines([pattern])


def pattern_problem(pattern: str) -> str:
    """Return why a text is no pattern of files, "" for one that is."""
    try:
        spec = _compile(pattern)
    except ValueError as error:
        return str(error)
    if pattern.startswith("!") or not any(each.include for each in spec.patterns):
        return "it names no files"
    return ""
