"""Say what a `fix` run did: the coverage before and after, what was withheld and why, what is next.

Nothing here decides anything about the run. The groups of what was withheld add up to the
definitions that count and still have no docstring, in the files that docbot read.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.commands.report import by_reason, count_noun
from docbot.commands.streams import path_text, print_text
from docbot.select.skip import NEVER_INCLUDED, SkipReason

if TYPE_CHECKING:
    from docbot.commands.report import Tally
    from docbot.scanned import Result
    from docbot.select.skip import Target

MOST_NAMES = 3
"""Definitions that the hook's one line names."""

OF_THE_MODEL = {
    SkipReason.UNSURE: "the model was unsure",
    SkipReason.REJECTED: "its sentence failed a check against the code",
}
"""The groups of what was withheld because of what the model said; the rest is the third group."""


@dataclass(kw_only=True)
class FixCount:
    """What became of the definitions that count, over all files of a run.

    Attributes:
        gained: How many got a docstring.
        withheld: How many did not, by reason.
        failed: How many did not because docbot's own check of their file failed.
        left: The first of those that did not, as `path:line name`.
        dropped: How many count no more, documented and not, since what they override has got its
            docstring.

    """

    gained: int = 0
    withheld: Counter[SkipReason] = field(default_factory=Counter)
    failed: int = 0
    left: list[str] = field(default_factory=list)
    dropped: tuple[int, int] = (0, 0)

    def add(self, result: Result) -> None:
        """Add one file to the counts."""
        self.gained += len(result.gained)
        if not result.missing:
            return
        whole = next((skip.reason for skip in result.skips if not skip.qualname), None)
        reasons = {(skip.qualname, skip.line): skip.reason for skip in result.skips}
        for target in result.missing:
            reason = reasons.get(target.place, whole)
            if reason is None:
                self.failed += 1
            else:
                self.withheld[reason] += 1
        room = MOST_NAMES - len(self.left)
        self.left += [_place(result, target) for target in result.missing[:room]]

    def drop(self, documented: int, missing: int) -> None:
        """Count definitions that count no more."""
        self.dropped = self.dropped[0] + documented, self.dropped[1] + missing

    @property
    def unwritten(self) -> int:
        """Return how many that count still have no docstring."""
        return self.withheld.total() + self.failed

    def groups(self) -> list[tuple[int, str]]:
        """Return how many were withheld, and why, in words; the numbers add up to `unwritten`."""
        groups = [(self.withheld[reason], text) for reason, text in OF_THE_MODEL.items()]
        others = {r.value: n for r, n in self.withheld.items() if r not in OF_THE_MODEL}
        if self.failed:
            others["failed docbot's own check"] = self.failed
        if others:
            text = f"docbot does not write these ({by_reason(Counter(others))})"
            groups.append((sum(others.values()), text))
        return [(count, text) for count, text in groups if count]


def _place(result: Result, target: Target) -> str:
    line = result.line_now(target.definition)
    return f"{path_text(result.path)}:{line} {target.definition.qualname}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What the choice of the next step depends on.

    Attributes:
        refused: How many sentences of the model were withheld.
        foreign: How many definitions were left since the docstrings around them are not English.
        unwritten: How many definitions that count have no docstring.
        bigger: What `docbot models pull` would bring, as `name (size)`; "" where a model was
            chosen, the bigger one is used already, or it was not measured to write more that
            readers accept.
        verbose: Whether every definition that was left was listed.

    """

    refused: int
    foreign: int
    unwritten: int
    bigger: str
    verbose: bool


Step = tuple[Callable[[Outcome], bool], Callable[[Outcome], str]]

STEPS: Sequence[Step] = (
    (
        lambda outcome: outcome.foreign > outcome.refused,
        lambda outcome: (
            'the docstrings that are there are not English; language = "en" writes English ones '
            f"for {outcome.foreign} {count_noun('definition', outcome.foreign)} all the same"
        ),
    ),
    (
        lambda outcome: bool(outcome.refused and outcome.bigger),
        lambda outcome: (
            f"docbot models pull brings {outcome.bigger}, which may find words where docbot-tiny "
            "had none; docbot models list has the figures of both"
        ),
    ),
    (
        lambda outcome: bool(outcome.unwritten and not outcome.verbose),
        lambda outcome: (
            "docbot fix -v lists what has no docstring, each with the reason"
            + (" and the sentence that was withheld" if outcome.refused else "")
        ),
    ),
)
"""What a user can do after a run, the most helpful first: when it applies, and the sentence."""


def next_step(outcome: Outcome) -> str:
    """Return the one step that would help most, "" where there is nothing to do."""
    return next((sentence(outcome) for applies, sentence in STEPS if applies(outcome)), "")


def print_table(tally: Tally, count: FixCount, *, dry: bool) -> None:
    """Print the closing table of a `fix` run to stderr: written, withheld, left out, failed."""
    verb = "would be documented" if dry else "documented"
    files = f"in {tally.changed_files} of {tally.files} {count_noun('file', tally.files)}"
    rows = [(tally.written, f"[bold]{verb}[/bold] {files}")]
    if tally.mended:
        verb = "would be mended" if dry else "mended"
        rows.append((tally.mended, f"stale {count_noun('entry', tally.mended)} [bold]{verb}[/]"))
    if tally.drifts:
        rows.append((tally.drifts, f"stale {count_noun('entry', tally.drifts)} for you to mend"))
    rows += [(n, f"[cyan]without a docstring[/cyan]: {text}") for n, text in count.groups()]
    others = tally.skipped - count.withheld
    uncounted = Counter({reason: n for reason, n in others.items() if reason in NEVER_INCLUDED})
    if by_rule := others - uncounted:
        rows.append((by_rule.total(), f"left out by a skip rule: {by_reason(by_rule)}"))
    if uncounted:
        text = f"without a docstring, of a kind that does not count: {by_reason(uncounted)}"
        rows.append((uncounted.total(), text))
    if files_skipped := tally.files_skipped:
        number = files_skipped.total()
        text = f"{count_noun('file', number)} left alone: {by_reason(files_skipped)}"
        rows.append((number, text))
    if tally.errors:
        text = f"{count_noun('file', tally.errors)} [red]failed[/red] docbot's own check"
        rows.append((tally.errors, f"{text}; left as they were"))
    width = max(len(str(number)) for number, _ in rows)
    lines = [f"{number:>{width}}  {text}" for number, text in rows]
    if sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console

        Console(stderr=True, soft_wrap=True, highlight=False).print("\n".join(lines))
    else:  # no colour to show, and importing rich would double a hook's time
        print_text(re.sub(r"\[/?[a-z]*\]", "", "\n".join(lines)) + "\n")


def coverage_change(tally: Tally, count: FixCount, *, dry: bool, since: str | None) -> str:
    """Return the sentence about the coverage before and after; "" where nothing counts."""
    total = tally.documented + tally.missing
    if not total:
        return ""
    before = (tally.documented - count.gained) * 1000 // total / 10
    documented = tally.documented - count.dropped[0]
    left = total - sum(count.dropped)  # never 0: what is overridden counts
    after = documented * 1000 // left / 10
    then = "with this patch" if dry else "now"
    changed = f" among what changed since {since}" if since is not None else ""
    sentence = (
        f"coverage: {before:.1f} % before, {after:.1f} % {then}: {documented} of {left} "
        f"{count_noun('definition', left)} that count{changed}"
    )
    if dropped := total - left:
        verb, they = ("does", "it overrides") if dropped == 1 else ("do", "they override")
        docstring = "a docstring now" if dropped == 1 else "docstrings now"
        sentence += f"; {dropped} {verb} so no more, since what {they} has {docstring}"
    return sentence


def hook_line(count: FixCount, tally: Tally) -> str:
    """Return the hook's one line: what was written and what was left; "" for neither."""
    parts = []
    if tally.written:
        parts.append(f"wrote {tally.written} {count_noun('docstring', tally.written)}")
    if tally.mended:
        parts.append(f"mended {tally.mended} stale {count_noun('entry', tally.mended)}")
    if count.unwritten:
        more = count.unwritten - len(count.left)
        names = ", ".join(count.left) + (f" and {more} more" if more else "")
        none = "" if parts else f" {count_noun('definition', count.unwritten)}"
        end = "" if parts else " a docstring"
        parts.append(f"left {count.unwritten}{none} without{end} ({names})")
    if tally.written or tally.mended:
        return f"{', '.join(parts)}: look at the changes, git add the files, and commit again"
    return ", ".join(parts)
