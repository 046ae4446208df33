"""Plan the comments of a pull request from the findings and the comments that are there.

Nothing here talks to GitHub. `plan_comments` is a pure function, so the same inputs make the same
bytes, and a second run finds that there is nothing to do.

Each comment ends with a hidden marker. The summary's marker is the ledger: it names every
definition that was ever commented on, so that no comment is posted twice, not even after somebody
deleted it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docbot.errors import ConfigError
from docbot.repo.diff import is_shown, line_text
from docbot.review.findings import in_order
from docbot.review.markdown import code, fence
from docbot.review.stale import say_in_markdown
from docbot.review.summary import SummaryParts, render_summary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from docbot.repo.diff import Hunk
    from docbot.review.findings import Finding, Findings

LIMIT = 25
"""Most inline comments of one review; GitHub refuses reviews of many more."""

MAX_INLINE = 100
"""Most inline comments of one pull request, over all of its pushes."""

MAX_LISTED = 1_500
"""Most fingerprints in the ledger besides those of inline comments; where it is full, nothing more
is posted inline."""

MAX_BODY = 60_000
"""Most bytes of a comment. GitHub names 65,536 characters as its limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostedComment:
    """A comment of docbot's that is on the pull request.

    `fingerprint` comes from its marker, "" for the summary. `has_reply`: somebody else replied.
    """

    id: int
    node_id: str
    fingerprint: str
    body: str
    has_reply: bool = False
    minimised: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnComments:
    """docbot's comments on a pull request: by the token's login, with this workflow's key."""

    inline: tuple[PostedComment, ...] = ()
    summary: PostedComment | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InlineComment:
    """One comment of a review, on the head's side; `start_line` is None for a single line."""

    path: str
    line: int
    start_line: int | None
    body: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to do, in this order: post a review, write the summary, minimise what is fixed.

    Attributes:
        inline: The comments of the review.
        review: The review's own body; "" where there is no review to post.
        summary: The body that the summary comment should have; None where there is no such comment
            and none is needed.
        fixed: The comments to minimise.

    """

    inline: tuple[InlineComment, ...] = ()
    review: str = ""
    summary: str | None = None
    fixed: tuple[PostedComment, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """The hidden last line of a comment, parsed.

    Attributes:
        key: The workflow's key.
        kind: "inline", "review" or "summary".
        fingerprint: The finding's, of an inline comment.
        posted: Of a summary: the fingerprints that ever had an inline comment.
        listed: Of a summary: the fingerprints whose suggestion went to the summary for good, since
            it was over the limit or GitHub refused it.

    """

    key: str
    kind: str
    fingerprint: str = ""
    posted: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Format the marker as an HTML comment."""
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
    """Parse the marker in a comment's last line; return None where there is none.

    Anybody can write a marker: check first that the comment's author is the token's own login.
    """
    last = body.rstrip().rpartition("\n")[2]
    if not (match := _MARKER.fullmatch(last)):
        return None
    key, inline, fingerprint, review, summary, posted, listed = match.groups()
    return Marker(
        key=key,
        kind=inline or review or summary,
        fingerprint=fingerprint or "",
        posted=frozenset(filter(None, (posted or "").split(","))),
        listed=frozenset(filter(None, (listed or "").split(","))),
    )


def plan_comments(
    findings: Findings,
    hunks: Mapping[str, tuple[Hunk, ...]],
    own: OwnComments,
    *,
    limit: int = LIMIT,
    mode: str = "review",
    key: str = "docbot",
) -> Plan:
    """Plan the comments that the pull request should have.

    Args:
        findings: What was found in the head.
        hunks: What the pull request's diff shows of each file, by path.
        own: What docbot posted before.
        limit: Most inline comments of one review.
        mode: "review" for suggestions in place, "summary" for the summary alone, and "annotations"
            for no comment at all.
        key: A word that distinguishes this workflow's comments from another's.

    Raises:
        ConfigError: the key is not a word that a marker can hold.

    """
    if len(key) > _LONGEST_KEY or not re.fullmatch(_KEY, key):
        raise ConfigError(f"key = {key[:60]!r}: take letters, digits, `_`, `.` and single `-`")
    if mode == "annotations" or not (findings.findings or own.inline or own.summary):
        return Plan()
    ordered = in_order(findings.findings)
    before = _read_ledger(own, key)
    new = _new_findings(ordered, hunks, before) if mode == "review" else []
    room = 0 if len(before.listed) >= MAX_LISTED else MAX_INLINE - len(before.posted)
    to_post, to_list = _split_by_room(new, min(limit, room))
    ledger = _update_ledger(before, to_post, to_list)
    parts = _summary_parts(ordered, own, to_post, ledger)
    current = {finding.fingerprint for finding in ordered}
    return Plan(
        inline=tuple(_inline_comment(finding, key) for finding in to_post),
        review=_review_body(to_post, key),
        summary=_summary_body(findings, parts, ledger) if ordered or own.summary else None,
        fixed=tuple(
            comment
            for comment in own.inline
            if not (comment.fingerprint in current or comment.has_reply or comment.minimised)
        ),
    )


def _read_ledger(own: OwnComments, key: str) -> Marker:
    """Read what was posted before, from the summary's marker and the inline comments."""
    marker = read_marker(own.summary.body) if own.summary else None
    present = frozenset(comment.fingerprint for comment in own.inline)
    if marker is None or marker.kind != "summary":
        return Marker(key=key, kind="summary", posted=present)
    posted = marker.posted | present
    return Marker(key=key, kind="summary", posted=posted, listed=marker.listed - posted)


def _update_ledger(
    before: Marker, to_post: Iterable[Finding], to_list: Iterable[Finding]
) -> Marker:
    listed = before.listed
    if len(listed) < MAX_LISTED:
        listed |= {finding.fingerprint for finding in to_list}
    return Marker(
        key=before.key,
        kind="summary",
        posted=before.posted | {finding.fingerprint for finding in to_post},
        listed=frozenset(sorted(listed)[:MAX_LISTED]),
    )


def _new_findings(
    ordered: Iterable[Finding], hunks: Mapping[str, tuple[Hunk, ...]], before: Marker
) -> list[Finding]:
    """Return the findings to comment on in place, each fingerprint once."""
    fingerprints = set(before.posted | before.listed)
    new = []
    for finding in ordered:
        if finding.fingerprint not in fingerprints:
            placed = _placed(finding, hunks.get(finding.path, ()))
            new += [placed] if placed else []
        fingerprints.add(finding.fingerprint)
    return new


def _placed(finding: Finding, hunks: tuple[Hunk, ...]) -> Finding | None:
    """Return the finding as it can stand in the diff; None where it cannot.

    What is stale has a comment in words where a suggestion would not do: on its own line if the
    diff shows it, else on that of the definition's name.
    """
    if _is_applicable(finding, hunks):
        return finding
    if finding.rule:
        for line in (finding.line, finding.name_line):
            if is_shown(hunks, line, line):
                return replace(finding, line=line, suggestion=None)
    return None


def _is_applicable(finding: Finding, hunks: tuple[Hunk, ...]) -> bool:
    """Check whether GitHub can apply the suggestion: one hunk shows the same lines.

    Of a mend that includes the lines above, which prove that it is one.
    """
    lines = finding.sound_suggestion
    if lines is None:
        return False
    first = lines.first - len(lines.above)
    if not is_shown(hunks, first, lines.last):
        return False
    current_lines = tuple(line_text(hunks, line) for line in range(first, lines.last + 1))
    return (
        current_lines == (*lines.above, *lines.before)
        and _size(_inline_comment(finding, "k" * _LONGEST_KEY).body) <= MAX_BODY
    )


def _split_by_room(findings: Iterable[Finding], room: int) -> tuple[list[Finding], list[Finding]]:
    """Split findings into those for one review and the rest; a line gets one suggestion at most.

    Where a line has one already, what is stale is said in words.
    """
    to_post: list[Finding] = []
    to_list: list[Finding] = []
    suggestion_places: set[tuple[str, int]] = set()
    for finding in findings:
        places = _places(finding)
        if finding.rule and finding.suggestion and places & suggestion_places:
            finding = replace(finding, line=finding.suggestion.first, suggestion=None)  # noqa: PLW2901
            places = set()
        if len(to_post) >= room or places & suggestion_places:
            to_list.append(finding)
        else:
            to_post.append(finding)
            suggestion_places |= places
    return to_post, to_list


def _places(finding: Finding) -> set[tuple[str, int]]:
    lines = finding.suggestion
    return {(finding.path, at) for at in range(lines.first, lines.last + 1)} if lines else set()


def _inline_comment(finding: Finding, key: str) -> InlineComment:
    lines = finding.suggestion
    parts = [_sentence(finding)]
    if lines is not None:
        parts.append(fence(lines.after, "suggestion"))
    marker = Marker(key=key, kind="inline", fingerprint=finding.fingerprint)
    return InlineComment(
        path=finding.path,
        line=finding.line if lines is None else lines.last,
        start_line=lines.first if lines and lines.first < lines.last else None,
        body="\n\n".join((*parts, str(marker))),
        fingerprint=finding.fingerprint,
    )


def _sentence(finding: Finding) -> str:
    if finding.rule:
        return say_in_markdown(finding)
    what = f"The {finding.kind} {code(finding.qualname)}"
    return f"{'This module' if finding.kind == 'module' else what} has no docstring."


def _review_body(to_post: Collection[Finding], key: str) -> str:
    if not to_post:
        return ""
    stale = sum(bool(finding.rule) for finding in to_post)
    told = " and ".join(
        f"1 {one} is {verb}" if count == 1 else f"{count} {many} are {verb}"
        for count, one, many, verb in (
            (len(to_post) - stale, "docstring", "docstrings", "suggested"),
            (stale, "stale entry", "stale entries", "pointed out"),
        )
        if count
    )
    return f"docbot: {told} in place.\n\n{Marker(key=key, kind='review')}"


def _summary_parts(
    ordered: Iterable[Finding], own: OwnComments, to_post: Iterable[Finding], ledger: Marker
) -> SummaryParts:
    """Sort the findings into those with an inline comment and those for the summary's lists."""
    present = {comment.fingerprint for comment in own.inline if not comment.minimised}
    present |= {finding.fingerprint for finding in to_post}
    in_place: set[str] = set()
    to_copy: list[Finding] = []
    without_suggestion: list[Finding] = []
    stale: list[Finding] = []
    for finding in ordered:
        fingerprint = finding.fingerprint
        if fingerprint in present and fingerprint not in in_place:
            in_place.add(fingerprint)
        elif finding.rule:
            stale.append(finding)
        elif finding.suggestion and (fingerprint in present or fingerprint not in ledger.posted):
            to_copy.append(finding)
        else:
            without_suggestion.append(finding)
    settled = (ledger.posted | ledger.listed) - {finding.fingerprint for finding in ordered}
    return SummaryParts(
        in_place=len(in_place),
        settled_count=len(settled),
        to_copy=tuple(to_copy),
        without_suggestion=tuple(without_suggestion),
        stale=tuple(stale),
    )


def _summary_body(findings: Findings, parts: SummaryParts, ledger: Marker) -> str:
    marker = f"\n\n{ledger}"
    return render_summary(findings, parts, most=MAX_BODY - len(marker)) + marker


def _size(body: str) -> int:
    return len(body.encode("utf-8", "replace"))
