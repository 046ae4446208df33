"""The one summary of a review: what is missing, what was withheld and why, what is settled.

It is read by people who did not ask for it. So it opens with the count, folds what is long, says
each thing once, and ends with how to be left alone, unless there is nothing to leave alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.review.markdown import code, fence, plain
from docbot.select.skip import EXPLANATIONS, SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from docbot.review.findings import Finding, Findings

_OPEN = 10
"""Items of a list that stand open; longer ones are folded."""

_FOOTER = (
    "<sub>`# docbot: skip` on or above its line leaves a definition alone. The words are a small "
    "local model's: no code left the job's machine.</sub>"
)
_CUT = "{} more did not fit on this page; the report of the job has them."
_ROOM_FOR_CUT = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryParts:
    """Where the suggestions are: counts of those in place and of earlier ones that are settled.

    `here` are the findings whose suggestion the page itself has to show.
    """

    in_place: int = 0
    settled: int = 0
    here: tuple[Finding, ...] = ()
    bare: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    """Items under an opening line; folded ones show the opening alone until clicked."""

    opening: str
    items: tuple[str, ...]
    folded: bool = False
    gap: str = "\n"

    def text(self, items: Sequence[str]) -> str:
        listed = self.gap.join(items)
        if not self.folded:
            return f"{self.opening}\n\n{listed}"
        return f"<details><summary>{self.opening}</summary>\n\n{listed}\n\n</details>"


def page(findings: Findings, standing: SummaryParts, *, most: int) -> str:
    """The summary as Markdown, of at most so many bytes, whole findings only."""
    top = [f"### docbot: {_heading(findings)}"]
    if standing.in_place:
        top.append(f"{_counted(standing.in_place, 'suggestion')} in place, in the diff.")
    sections = [
        _suggested(standing.here),
        *_withheld(standing.bare),
        _notices(findings.notices),
    ]
    bottom = [*_left_out(findings), *_settled(standing.settled)]
    bottom += [_FOOTER] if findings.findings else []
    room = most - sum(len(text.encode("utf-8", "replace")) + 2 for text in (*top, *bottom))
    middle, cut = _fitted([s for s in sections if s.items], room - _ROOM_FOR_CUT)
    if cut:
        middle.append(_CUT.format(cut))
    return "\n\n".join((*top, *middle, *bottom))


def where(finding: Finding) -> str:
    """The place and the name of a finding, in code spans."""
    name = "" if finding.kind == "module" else f" {code(finding.qualname)}"
    return f"{code(f'{finding.path}:{finding.line}', 300)} {finding.kind}{name}"


def _heading(findings: Findings) -> str:
    missing = len(findings.findings)
    total = missing + findings.documented
    if missing:
        verb = "has" if missing == 1 else "have"
        definitions = _counted(total, "new or changed definition")
        return f"{missing} of {definitions} {verb} no docstring"
    return "no new or changed definition is without a docstring"


def _suggested(findings: Sequence[Finding]) -> _Section:
    items = tuple(
        f"{where(finding)}\n\n{fence(finding.suggestion.docstring(), 'python')}"
        for finding in findings
        if finding.suggestion
    )
    opening = f"{_counted(len(items), 'suggestion')} to copy"
    return _Section(opening=opening, items=items, folded=True, gap="\n\n")


def _withheld(findings: Sequence[Finding]) -> list[_Section]:
    """Findings without words, the commonest reason first."""
    groups: dict[str, list[str]] = {}
    for finding in findings:
        groups.setdefault(_why(finding), []).append(f"- {where(finding)}{_by_hand(finding)}")
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [
        _Section(
            opening=f"{len(items)} without a suggestion: {why}",
            items=tuple(items),
            folded=len(findings) > _OPEN,
        )
        for why, items in ordered
    ]


def _by_hand(finding: Finding) -> str:
    """What a suggestion cannot say, where only that kept it back."""
    told = finding.suggestion is None and finding.reason == SkipReason.LEFT_ALONE.value
    return f": {plain(finding.detail)}" if told and finding.detail else ""


def _why(finding: Finding) -> str:
    if finding.suggestion is not None:
        return "its suggestion stood here before, and was hidden or deleted"
    if not finding.reason:
        return "none was asked for"
    if finding.reason == SkipReason.LEFT_ALONE.value:
        return "one click would not do"
    return EXPLANATIONS[SkipReason(finding.reason)]


def _notices(notices: Sequence[str]) -> _Section:
    items = tuple(f"- {plain(notice)}" for notice in notices)
    return _Section(opening="Notices:", items=items, folded=len(items) > _OPEN)


def _left_out(findings: Findings) -> list[str]:
    counts = sorted(findings.skipped.items(), key=lambda entry: (-entry[1], entry[0]))
    rules = ", ".join(f"{number} {code(reason)}" for reason, number in counts if number)
    return [f"Not counted, by rule: {rules}."] if rules else []


def _settled(count: int) -> list[str]:
    if not count:
        return []
    verb = "is" if count == 1 else "are"
    return [f"{_counted(count, 'earlier suggestion')} {verb} settled: documented, renamed or gone."]


def _fitted(sections: Iterable[_Section], room: int) -> tuple[list[str], int]:
    """Each section with the items for which there is room, and how many there was none for."""
    texts: list[str] = []
    cut = 0
    for section in sections:
        kept: list[str] = []
        left = room - len(section.text(()).encode()) - 2
        for item in section.items:
            size = len(item.encode("utf-8", "replace")) + len(section.gap)
            if size <= left:
                kept.append(item)
                left -= size
        cut += len(section.items) - len(kept)
        if kept:
            texts.append(section.text(kept))
            room = left
    return texts, cut


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
