"""Count the files of each pattern of `per-path` that has a `fail-under` of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.commands.report import Tally, count_noun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePosixPath

    from docbot.commands.output import Run
    from docbot.per_path import PathRule, PathRules
    from docbot.scanned import Result


class PathLimits:
    """What is documented and missing by pattern; a file counts for the last one with a limit."""

    def __init__(self, rules: PathRules) -> None:
        self._rules = rules
        self._tallies: dict[PathRule, Tally] = {}

    def add(self, result: Result) -> None:
        """Count one file."""
        if rule := self._rules.limit_of(str(result.path)):
            self._tallies.setdefault(rule, Tally()).add(result)

    @property
    def failures(self) -> int:
        """Count what is missing or stale in these files."""
        return sum(tally.missing + tally.certain_drifts for tally in self._tallies.values())

    def say_too_low(self, run: Run) -> bool:
        """Say which patterns' files fall short, and return whether any do.

        The flag `--fail-under` takes the place of all such keys.
        """
        if getattr(run.options, "fail_under", None) is not None:
            return False
        sentences = list(self._too_low())
        for sentence in sentences:
            run.say(sentence)
        return bool(sentences)

    def say_unmatched(self, run: Run, paths: Iterable[PurePosixPath]) -> None:
        """Say which patterns match none of the files of a run."""
        matched = {rule.pattern for path in paths for rule in self._rules.matching(str(path))}
        for rule in self._rules.rules:
            if rule.pattern not in matched and not rule.leaves_out:
                run.say(f"per-path {rule.pattern!r} matches none of these files")

    def _too_low(self) -> Iterator[str]:
        for rule, tally in self._tallies.items():
            if rule.fail_under is not None and tally.is_below(rule.fail_under):
                yield too_low(f"per-path {rule.pattern!r}", tally, rule.fail_under)


def too_low(what: str, tally: Tally, limit: float) -> str:
    """Say of some of a run's files that their coverage is below a limit of their own."""
    total = tally.documented + tally.missing
    return (
        f"{what}: {tally.percent(1):.1f} %, {tally.documented} of {total} "
        f"{count_noun('definition', total)}, is below its fail-under of {limit:g} %"
    )
