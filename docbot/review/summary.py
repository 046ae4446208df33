"""Write a review's summary: what is missing or stale, what has no suggestion, what is settled.

It is read by people who did not ask for it. So it opens with the count, folds long lists, says each
thing once, and ends with how to be left alone, unless there is nothing to leave alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.review.markdown import code, fence, neutralise
from docbot.review.stale import say_in_markdown
from docbot.select.skip import EXPLANATIONS, SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from docbot.review.findings import Finding, Findings

_MAX_UNFOLDED = 10
"""Most items of a list that is shown open; longer lists are folded."""

_FOOTER = (
    "<sub>`# docbot: skip` on or above its line leaves a definition alone. The words are a small "
    "local model's: no code left the job's machine.</sub>"
)
_CUT_NOTICE = "{} more did not fit on this page; the report of the job has them."
_ROOM_FOR_CUT = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryParts:
    """What the summary has to say of each finding.

    Attributes:
        in_place: How many comments are in the diff.
        settled_count: How many earlier suggestions are settled.
        to_copy: The findings whose suggestion the summary itself shows.
        without_suggestion: The findings for which it shows none.
        stale: What is stale and has no comment in the diff.

    """

    in_place: int = 0
    settled_count: int = 0
    to_copy: tuple[Finding, ...] = ()
    without_suggestion: tuple[Finding, ...] = ()
    stale: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    """A list of items below an opening line; a folded one shows only that line until clicked."""

    opening: str
    items: tuple[str, ...]
    folded: bool = False
    gap: str = "\n"

    def text(self, items: Sequence[str]) -> str:
        listed = self.gap.join(items)
        if not self.folded:
            return f"{self.opening}\n\n{listed}"
        return f"<details><summary>{self.opening}</summary>\n\n{listed}\n\n</details>"


def render_summary(findings: Findings, parts: SummaryParts, *, most: int) -> str:
    """Return the summary as Markdown.

    Args:
        findings: What the review found.
        parts: What to say of each finding.
        most: Most bytes of the result; findings that do not fit are left out and counted.

    """
    top = [f"### docbot: {_heading(findings)}"]
    if parts.in_place:
        noun = "comment" if findings.stale_count else "suggestion"
        top.append(f"{_count_noun(parts.in_place, noun)} in place, in the diff.")
    sections = [
        _stale_section(parts.stale),
        _suggestion_section(parts.to_copy),
        *_sections_by_reason(parts.without_suggestion),
        _notice_section(findings.notices),
    ]
    bottom = [*_skip_counts(findings), *_settled_line(parts.settled_count)]
    bottom += [_FOOTER] if findings.findings else []
    room = most - sum(len(text.encode("utf-8", "replace")) + 2 for text in (*top, *bottom))
    middle, dropped = _fit([s for s in sections if s.items], room - _ROOM_FOR_CUT)
    if dropped:
        middle.append(_CUT_NOTICE.format(dropped))
    return "\n\n".join((*top, *middle, *bottom))


def location(finding: Finding) -> str:
    """Return a finding's path, line, kind and name, in code spans."""
    name = "" if finding.kind == "module" else f" {code(finding.qualname)}"
    return f"{_place(finding)} {finding.kind}{name}"


def _place(finding: Finding) -> str:
    return code(f"{finding.path}:{finding.line}", 300)


def _heading(findings: Findings) -> str:
    missing = len(findings.missing)
    total = missing + findings.documented
    told = "no new or changed definition is without a docstring"
    if missing:
        verb = "has" if missing == 1 else "have"
        definitions = _count_noun(total, "new or changed definition")
        told = f"{missing} of {definitions} {verb} no docstring"
    if stale := findings.stale_count:
        verb = "is" if stale == 1 else "are"
        told += f", {'and' if missing else 'but'} {_count_noun(stale, 'docstring')} {verb} stale"
    return told


def _stale_section(findings: Sequence[Finding]) -> _Section:
    items = tuple(f"- {_place(finding)} {say_in_markdown(finding)}" for finding in findings)
    opening = f"{_count_noun(len(items), 'place')} where a docstring is stale:"
    return _Section(opening=opening, items=items, folded=len(items) > _MAX_UNFOLDED)


def _suggestion_section(findings: Sequence[Finding]) -> _Section:
    items = tuple(
        f"{location(finding)}\n\n{fence(finding.suggestion.docstring(), 'python')}"
        for finding in findings
        if finding.suggestion
    )
    opening = f"{_count_noun(len(items), 'suggestion')} to copy"
    return _Section(opening=opening, items=items, folded=True, gap="\n\n")


def _sections_by_reason(findings: Sequence[Finding]) -> list[_Section]:
    """Group findings without a suggestion by reason, the commonest first."""
    groups: dict[str, list[str]] = {}
    for finding in findings:
        item = f"- {location(finding)}{_manual_hint(finding)}"
        groups.setdefault(_reason(finding), []).append(item)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [
        _Section(
            opening=f"{len(items)} without a suggestion: {why}",
            items=tuple(items),
            folded=len(findings) > _MAX_UNFOLDED,
        )
        for why, items in ordered
    ]


def _manual_hint(finding: Finding) -> str:
    """Return the docstring to insert by hand, where only the form of a suggestion failed."""
    by_hand = finding.suggestion is None and finding.reason == SkipReason.LEFT_ALONE.value
    return f": {neutralise(finding.detail)}" if by_hand and finding.detail else ""


def _reason(finding: Finding) -> str:
    if finding.suggestion is not None:
        return "its suggestion stood here before, and was hidden or deleted"
    if not finding.reason:
        return "none was asked for"
    if finding.reason == SkipReason.LEFT_ALONE.value:
        return "one click would not do"
    return EXPLANATIONS[SkipReason(finding.reason)]


def _notice_section(notices: Sequence[str]) -> _Section:
    items = tuple(f"- {neutralise(notice)}" for notice in notices)
    return _Section(opening="Notices:", items=items, folded=len(items) > _MAX_UNFOLDED)


def _skip_counts(findings: Findings) -> list[str]:
    counts = sorted(findings.skipped.items(), key=lambda entry: (-entry[1], entry[0]))
    rules = ", ".join(f"{number} {code(reason)}" for reason, number in counts if number)
    return [f"Not counted, by rule: {rules}."] if rules else []


def _settled_line(count: int) -> list[str]:
    if not count:
        return []
    verb = "is" if count == 1 else "are"
    suggestions = _count_noun(count, "earlier suggestion")
    return [f"{suggestions} {verb} settled: documented, mended, renamed or gone."]


def _fit(sections: Iterable[_Section], room: int) -> tuple[list[str], int]:
    """Return each section with the items that fit into so many bytes, and how many do not."""
    texts: list[str] = []
    dropped = 0
    for section in sections:
        fitting: list[str] = []
        rest = room - len(section.text(()).encode()) - 2
        for item in section.items:
            size = len(item.encode("utf-8", "replace")) + len(section.gap)
            if size <= rest:
                fitting.append(item)
                rest -= size
        dropped += len(section.items) - len(fitting)
        if fitting:
            texts.append(section.text(fitting))
            room = rest
    return texts, dropped


def _count_noun(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
