"""Read docbot's comments on a pull request and bring them up to date.

A comment is docbot's where the author is the token's own login and the marker has the workflow's
key: anybody can write a marker. What a lost response leaves unsure is looked for before it is
posted again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docbot.errors import GitHubError, RefusedError, ReviewError, UnsureError
from docbot.repo.diff import Hunk, hunks
from docbot.review.post.github import NewComment
from docbot.review.post.plan import (
    LIMIT,
    InlineComment,
    OwnComments,
    Plan,
    PostedComment,
    plan_comments,
    read_marker,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docbot.review.findings import Findings
    from docbot.review.post.github import Comment, GitHub, PullRequest, PullRequestFile

MAX_LISTED_FILES = 3_000  # that GitHub lists of a pull request
MAX_TRIALS = 20  # reviews tried to find the comments that GitHub refuses
SETTLE_SECONDS = (2.0, 8.0)  # waits before looking for what a lost response may have done


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequestRef:
    """The pull request to post to, and the commit that was analysed as its head."""

    number: int
    head: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How to post a review; `key` keeps the comments of two workflows apart.

    `mode` and `limit` are as in `plan.plan_comments`.
    """

    mode: str = "review"
    limit: int = LIMIT
    key: str = "docbot"


class NotPostableError(GitHubError):
    """The pull request is closed, a draft or has a newer head; the message says which."""


@dataclass(kw_only=True, slots=True)
class Conversation:
    """docbot's comments on a pull request, and what was done to them so far.

    Every method raises GitHubError where not all could be done; what was done is counted.

    Attributes:
        client: The client for the pull request's repository.
        target: The pull request, and the commit that was analysed.
        settings: How to post.
        findings: What was found; after `read`, only in files that the pull request changes.
        login: The token's own login.
        hunks: What GitHub's diff shows of each file, by path.
        own: The comments that docbot posted before.
        posted: As in `post.Outcome`.
        minimised: As in `post.Outcome`.
        summary: As in `post.Outcome`.
        problem: A sentence on comments that could not be minimised; all else was done.

    """

    client: GitHub
    target: PullRequestRef
    settings: Settings
    findings: Findings
    login: str = ""
    hunks: Mapping[str, tuple[Hunk, ...]] = field(default_factory=dict)
    own: OwnComments = field(default_factory=OwnComments)
    posted: int = 0
    minimised: int = 0
    summary: str = "none"
    problem: str = ""

    # Reading

    def check(self) -> None:
        """Check that the pull request is open, no draft, and has the analysed head.

        Raises:
            NotPostableError: it is not.

        """
        pull = self.client.pull(self.target.number)
        if obstacle := _obstacle(pull, self.target, self.findings):
            raise NotPostableError(obstacle)

    def read(self) -> None:
        """Read docbot's comments, and drop findings that GitHub's own diff does not have."""
        files = self.client.files(self.target.number)
        self.hunks = {file.path: _hunks(file) for file in files}
        self.findings = _keep_listed(self.findings, files)
        self.login = self.client.login()
        inline = self._own_inline_comments()
        minimised = self.client.minimised([c.node_id for c in inline]) if inline else ()
        self.own = OwnComments(
            inline=tuple(replace(c, minimised=c.node_id in minimised) for c in inline),
            summary=self._own_summary(),
        )

    def _own_inline_comments(self) -> list[PostedComment]:
        """Read docbot's comments on lines."""
        comments = self.client.review_comments(self.target.number)
        answered_ids = {c.reply_to for c in comments if c.author != self.login}
        return [
            PostedComment(
                id=comment.id,
                node_id=comment.node_id,
                fingerprint=fingerprint,
                body=comment.body,
                has_reply=comment.id in answered_ids,
            )
            for comment in comments
            if (fingerprint := self._fingerprint_of(comment, "inline")) is not None
        ]

    def _own_summary(self) -> PostedComment | None:
        """Read docbot's summary comment; the first, should there be several."""
        for comment in self.client.issue_comments(self.target.number):
            if self._fingerprint_of(comment, "summary") is not None:
                return PostedComment(
                    id=comment.id, node_id=comment.node_id, fingerprint="", body=comment.body
                )
        return None

    def _fingerprint_of(self, comment: Comment, kind: str) -> str | None:
        """Return the fingerprint of docbot's comment of this kind; None for any other comment."""
        if comment.author != self.login or comment.reply_to is not None:
            return None
        marker = read_marker(comment.body)
        if marker is None or (marker.key, marker.kind) != (self.settings.key, kind):
            return None
        return marker.fingerprint

    # Writing

    def write(self) -> None:
        """Post the review, write the summary and minimise fixed comments, as planned."""
        plan = self._plan(self.findings, self.own, self.settings.limit)
        refusals = self._post_review(plan.inline) if plan.inline else []
        if refusals:
            plan = self._plan_without(plan, {comment.fingerprint for comment in refusals})
        if plan.summary is not None:
            self._write_summary(plan.summary)
        self._minimise(plan.fixed)

    def _plan(self, findings: Findings, own: OwnComments, limit: int) -> Plan:
        settings = self.settings
        return plan_comments(
            findings, self.hunks, own, limit=limit, mode=settings.mode, key=settings.key
        )

    def _plan_without(self, plan: Plan, fingerprints: set[str]) -> Plan:
        """Plan again after the review, with the refused comments in the summary."""
        posted = [
            PostedComment(id=0, node_id="", fingerprint=comment.fingerprint, body=comment.body)
            for comment in plan.inline
            if comment.fingerprint not in fingerprints
        ]
        own = replace(self.own, inline=(*self.own.inline, *posted))
        return self._plan(self.findings, own, 0)

    def _post_review(self, comments: Sequence[InlineComment]) -> list[InlineComment]:
        """Post the comments in one review, or several; return those that GitHub refuses.

        GitHub refuses a whole review for one wrong comment, and does not say which. So a refused
        review is halved until only wrong comments are left.
        """
        parts, refusals, trials = [list(comments)], [], 0
        while parts:
            part = parts.pop(0)
            if trials == MAX_TRIALS:
                refusals += part
                continue
            trials += 1
            try:
                self._submit(part)
            except RefusedError:
                self.check()
                half = len(part) // 2
                refusals += [] if half else part
                parts = [part[:half], part[half:], *parts] if half else parts
        return refusals

    def _submit(self, part: list[InlineComment]) -> None:
        """Post one review; after a lost response, first look which comments are there."""
        for last in (False, True):
            try:
                self.client.create_review(
                    self.target.number,
                    self.target.head,
                    self._review_body(part),
                    list(map(_to_new_comment, part)),
                )
            except UnsureError:
                part = self._find_unposted(part)
                if part and last:
                    raise
            else:
                self.posted += len(part)
                return
            if not part:
                return

    def _review_body(self, part: Sequence[InlineComment]) -> str:
        """Return the review's own body, which counts its comments."""
        fingerprints = {comment.fingerprint for comment in part}
        findings = tuple(f for f in self.findings.findings if f.fingerprint in fingerprints)
        return self._plan(replace(self.findings, findings=findings), self.own, len(part)).review

    def _find_unposted(self, part: list[InlineComment]) -> list[InlineComment]:
        """Return, some seconds after a lost response, the comments that were not posted."""
        for seconds in SETTLE_SECONDS:
            self.client.sleep(seconds)
            present = {comment.fingerprint for comment in self._own_inline_comments()}
            posted = [comment for comment in part if comment.fingerprint in present]
            if posted:
                self.posted += len(posted)
                return [comment for comment in part if comment.fingerprint not in present]
        return part

    def _write_summary(self, body: str) -> None:
        """Create or update the summary comment; after a lost response, first look at it."""
        if self._summary_is(body):
            self.summary = "unchanged"
            return
        result = "edited" if self.own.summary else "created"
        for last in (False, True):
            try:
                if self.own.summary is None:
                    self.client.create_comment(self.target.number, body)
                else:
                    self.client.update_comment(self.own.summary.id, body)
                break
            except UnsureError:
                if self._was_updated_anyway(body):
                    break
                if last:
                    raise
        self.summary = result

    def _was_updated_anyway(self, body: str) -> bool:
        """Check, some seconds after a lost response, whether the comment was updated."""
        for seconds in SETTLE_SECONDS:
            self.client.sleep(seconds)
            self.own = replace(self.own, summary=self._own_summary())
            if self._summary_is(body):
                return True
        return False

    def _summary_is(self, body: str) -> bool:
        summary = self.own.summary
        return summary is not None and summary.body.split() == body.split()

    def _minimise(self, fixed: Sequence[PostedComment]) -> None:
        """Minimise comments on what is fixed; a failure is only recorded in `problem`."""
        for comment in fixed:
            try:
                self.client.minimise(comment.node_id)
            except GitHubError as error:
                self.problem = f"comments on what is fixed are still shown: {error}"
                return
            self.minimised += 1


def _obstacle(pull: PullRequest, target: PullRequestRef, findings: Findings) -> str:
    """Return why nothing may be posted, as a sentence; "" when there is no reason."""
    name = f"pull request {target.number}"
    if not pull.open:
        return f"{name} is closed, so nothing is posted"
    if pull.draft:
        return f"{name} is a draft, so nothing is posted"
    if pull.head != target.head:
        return (
            f"{name} has moved on to {pull.head[:10]}, so nothing is posted for {target.head[:10]}"
        )
    if findings.head != target.head:
        return (
            f"the findings are of {findings.head[:10]} and not of {target.head[:10]}, the head of "
            f"{name}, so nothing is posted"
        )
    return ""


def _hunks(file: PullRequestFile) -> tuple[Hunk, ...]:
    """Parse GitHub's patch of a file; return no hunks where it cannot be parsed."""
    with suppress(ReviewError):
        return hunks(file.patch)
    return ()


def _keep_listed(findings: Findings, files: Sequence[PullRequestFile]) -> Findings:
    """Keep findings in files that the pull request changes, and add a notice about the others.

    All are kept where GitHub may not have listed every file.
    """
    paths = {_decode_as_github(file.path) for file in files}
    remaining = tuple(f for f in findings.findings if _decode_as_github(f.path) in paths)
    dropped = len(findings.findings) - len(remaining)
    if not dropped or len(files) >= MAX_LISTED_FILES:
        return findings
    notice = f"findings left out that are in no file of the pull request: {dropped}"
    return replace(findings, findings=remaining, notices=(*findings.notices, notice))


def _decode_as_github(path: str) -> str:
    """Replace each byte of a path that is not UTF-8, as GitHub does."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _to_new_comment(comment: InlineComment) -> NewComment:
    return NewComment(
        path=comment.path, line=comment.line, start_line=comment.start_line, body=comment.body
    )
