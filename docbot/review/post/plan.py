"""What a pull request's page should say: findings and what stands there in, wanted comments out.

Nothing here asks or tells anybody. `plan` is a pure function, so the same inputs make the same
bytes, and a second run finds that there is nothing to do.

Each comment ends with a hidden marker. The summary's is the ledger: it names every definition that
was ever commented on, so that nothing is said twice, not even after somebody deleted it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import ConfigError
from docbot.repo.diff import shows, text
from docbot.review.markdown import code, fence
from docbot.review.summary import SummaryParts, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from docbot.repo.diff import Hunk
    from docbot.review.findings import Finding, Findings

LIMIT = 25
"""Inline comments of one review; GitHub refuses reviews of many more."""

MOST_INLINE = 100
"""Inline comments of one pull request, over all of its pushes."""

MOST_LISTED = 1_500
"""Fingerprints in the ledger besides those; where it is full, nothing more is posted inline."""

MAX_BODY = 60_000
"""Bytes of a comment. GitHub names 65,536 characters as its limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """A comment of ours as it stands on the page.

    `fingerprint` is what its marker says, "" for the summary. `answered`: somebody else replied.
    """

    id: int
    node_id: str
    fingerprint: str
    body: str
    answered: bool = False
    minimised: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """Everything of ours on a pull request: our login's, with our marker and our key."""

    inline: tuple[Posted, ...] = ()
    summary: Posted | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Inline:
    """One comment of a review, on the right side; `start_line` is None for a single line."""

    path: str
    line: int
    start_line: int | None
    body: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to do, in this order: post a review of `inline`, write the summary, minimise `fixed`.

    `review` is the review's own body, "" where there is none to post. `summary` is the body that
    the summary comment should have; None: there is none, and none is wanted.
    """

    inline: tuple[Inline, ...] = ()
    review: str = ""
    summary: str | None = None
    fixed: tuple[Posted, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """What a comment's last line says of it; `kind` is "inline", "review" or "summary".

    `posted` are the fingerprints that ever had an inline comment, `listed` those whose suggestion
    went to the summary for good: over the limit, or not taken by GitHub.
    """

    key: str
    kind: str
    fingerprint: str = ""
    posted: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """The hidden line."""
        ledger = ""
        if self.kind == "summary":
            posted, listed = (",".join(sorted(names)) for names in (self.posted, self.listed))
            ledger = f" posted={posted} listed={listed}"
        fingerprint = f" fp={self.fingerprint}" if self.fingerprint else ""
        return f"<!-- docbot:v1 key={self.key} {self.kind}{fingerprint}{ledger} -->"


_KEY = r"[A-Za-z0-9_.]+(?:-[A-Za-z0-9_.]+)*"
_FPS = "[0-9a-f]{16}(?:,[0-9a-f]{16})*|"
_MARKER = re.compile(
    rf"<!-- docbot:v1 key=({_KEY}) (?:(inline) fp=([0-9a-f]{{16}})|(review)"
    rf"|(summary) posted=({_FPS}) listed=({_FPS})) -->"
)
_LONGEST_KEY = 50


def read_marker(body: str) -> Marker | None:
    """The marker in a comment's last line; None where there is none.

    Anybody can write one: ask first whether the comment's author is our own login.
    """
    last = body.rstrip().rpartition("\n")[2]
    if not (found := _MARKER.fullmatch(last)):
        return None
    key, inline, fingerprint, review, summary, posted, listed = found.groups()
    return Marker(
        key=key,
        kind=inline or review or summary,
        fingerprint=fingerprint or "",
        posted=frozenset(filter(None, (posted or "").split(","))),
        listed=frozenset(filter(None, (listed or "").split(","))),
    )


def plan(
    findings: Findings,
    shown: Mapping[str, tuple[Hunk, ...]],
    ours: Ours,
    *,
    limit: int = LIMIT,
    mode: str = "review",
    key: str = "docbot",
) -> Plan:
    """The comments that the page should have.

    Args:
        findings: What was found in the head.
        shown: What the pull request's diff shows of each file, by path.
        ours: What docbot posted before.
        limit: Most inline comments of one review.
        mode: "review" for suggestions in place, "summary" for the summary alone, and "annotations"
            for no comment at all.
        key: A word that tells this workflow's comments from another's.

    Raises:
        ConfigError: the key is not a word that a marker can hold.

    """
    if len(key) > _LONGEST_KEY or not re.fullmatch(_KEY, key):
        raise ConfigError(f"key = {key[:60]!r}: take letters, digits, `_`, `.` and single `-`")
    if mode == "annotations" or not (findings.findings or ours.inline or ours.summary):
        return Plan()
    ordered = sorted(findings.findings, key=lambda f: (f.path, f.line, f.qualname))
    before = _ledger(ours, key)
    wanted = _wanted(ordered, shown, before) if mode == "review" else []
    room = 0 if len(before.listed) >= MOST_LISTED else MOST_INLINE - len(before.posted)
    taken, left = _taken(wanted, min(limit, room))
    ledger = _ledger_after(before, taken, left)
    standing = _standing(ordered, ours, taken, ledger)
    found = {finding.fingerprint for finding in ordered}
    return Plan(
        inline=tuple(_inline(finding, key) for finding in taken),
        review=_review(len(taken), key),
        summary=_summary(findings, standing, ledger) if ordered or ours.summary else None,
        fixed=tuple(
            comment
            for comment in ours.inline
            if not (comment.fingerprint in found or comment.answered or comment.minimised)
        ),
    )


def _ledger(ours: Ours, key: str) -> Marker:
    """What was said before, by the summary's word and by what stands on the page."""
    said = read_marker(ours.summary.body) if ours.summary else None
    on_page = frozenset(comment.fingerprint for comment in ours.inline)
    if said is None or said.kind != "summary":
        return Marker(key=key, kind="summary", posted=on_page)
    posted = said.posted | on_page
    return Marker(key=key, kind="summary", posted=posted, listed=said.listed - posted)


def _ledger_after(before: Marker, taken: Iterable[Finding], left: Iterable[Finding]) -> Marker:
    listed = before.listed
    if len(listed) < MOST_LISTED:
        listed |= {finding.fingerprint for finding in left}
    return Marker(
        key=before.key,
        kind="summary",
        posted=before.posted | {finding.fingerprint for finding in taken},
        listed=frozenset(sorted(listed)[:MOST_LISTED]),
    )


def _wanted(
    ordered: Iterable[Finding], shown: Mapping[str, tuple[Hunk, ...]], before: Marker
) -> list[Finding]:
    """Findings to comment on in place, each name once."""
    said = set(before.posted | before.listed)
    wanted = []
    for finding in ordered:
        if finding.fingerprint not in said and _fits(finding, shown.get(finding.path, ())):
            wanted.append(finding)
        said.add(finding.fingerprint)
    return wanted


def _fits(finding: Finding, shown: tuple[Hunk, ...]) -> bool:
    """Whether GitHub can apply the suggestion: its lines are shown in one hunk, as we read them."""
    lines = finding.suggestion
    if lines is None or not lines.docstring() or not shows(shown, lines.first, lines.last):
        return False
    there = tuple(text(shown, line) for line in range(lines.first, lines.last + 1))
    return there == lines.before and _size(_inline(finding, "k" * _LONGEST_KEY).body) <= MAX_BODY


def _taken(wanted: Iterable[Finding], most: int) -> tuple[list[Finding], list[Finding]]:
    """What one review takes, and what it leaves: a line has one suggestion at most."""
    taken: list[Finding] = []
    left: list[Finding] = []
    lines: set[tuple[str, int]] = set()
    for finding in wanted:
        place = _lines(finding)
        if len(taken) >= most or place & lines:
            left.append(finding)
        else:
            taken.append(finding)
            lines |= place
    return taken, left


def _lines(finding: Finding) -> set[tuple[str, int]]:
    lines = finding.suggestion
    return {(finding.path, at) for at in range(lines.first, lines.last + 1)} if lines else set()


def _inline(finding: Finding, key: str) -> Inline:
    lines = finding.suggestion
    if lines is None:
        raise ValueError(f"{finding.qualname} has no suggestion to post")
    what = f"The {finding.kind} {code(finding.qualname)}"
    name = "This module" if finding.kind == "module" else what
    marker = Marker(key=key, kind="inline", fingerprint=finding.fingerprint)
    return Inline(
        path=finding.path,
        line=lines.last,
        start_line=lines.first if lines.first < lines.last else None,
        body=f"{name} has no docstring.\n\n{fence(lines.after, 'suggestion')}\n\n{marker}",
        fingerprint=finding.fingerprint,
    )


def _review(count: int, key: str) -> str:
    if not count:
        return ""
    words = "1 docstring is" if count == 1 else f"{count} docstrings are"
    return f"docbot: {words} suggested in place.\n\n{Marker(key=key, kind='review')}"


def _standing(
    ordered: Iterable[Finding], ours: Ours, taken: Iterable[Finding], ledger: Marker
) -> SummaryParts:
    """What the summary has to say besides what stands, or is about to stand, in the diff."""
    present = {comment.fingerprint for comment in ours.inline if not comment.minimised}
    present |= {finding.fingerprint for finding in taken}
    in_place: set[str] = set()
    here: list[Finding] = []
    bare: list[Finding] = []
    for finding in ordered:
        known = finding.fingerprint
        if known in present and known not in in_place:
            in_place.add(known)
        elif finding.suggestion and (known in present or known not in ledger.posted):
            here.append(finding)
        else:
            bare.append(finding)
    gone = (ledger.posted | ledger.listed) - {finding.fingerprint for finding in ordered}
    return SummaryParts(
        in_place=len(in_place), settled=len(gone), here=tuple(here), bare=tuple(bare)
    )


def _summary(findings: Findings, standing: SummaryParts, ledger: Marker) -> str:
    marker = f"\n\n{ledger}"
    return page(findings, standing, most=MAX_BODY - len(marker)) + marker


def _size(body: str) -> int:
    return len(body.encode("utf-8", "replace"))
