"""A pull request's conversation: what of ours stands in it, and making it say what it should.

What stands there is ours where the author is our own login and the marker has our key: anybody can
write a marker. Whatever may have been done already is looked for before it is done again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docbot.errors import GitHubError, RefusedError, ReviewError, UnsureError
from docbot.repo.diff import Hunk, hunks
from docbot.review.post.github import NewComment
from docbot.review.post.plan import LIMIT, Inline, Ours, Plan, Posted, plan, read_marker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docbot.review.findings import Findings
    from docbot.review.post.github import Comment, File, GitHub, Pull

MOST_FILES = 3_000  # that GitHub lists of a pull request
TRIALS = 20  # reviews tried to find the comments that GitHub refuses
SETTLE = (2.0, 8.0)  # seconds after which a lost answer's work is looked for


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequestRef:
    """The pull request to post to, and the commit that was analysed as its head."""

    number: int
    head: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How a review is posted; `key` tells two workflows' comments apart."""

    mode: str = "review"
    limit: int = LIMIT
    key: str = "docbot"


class MovedError(GitHubError):
    """The pull request is not, or no longer, one to post to; the sentence says why."""


@dataclass(kw_only=True, slots=True)
class Conversation:
    """What of ours stands on a pull request, and what was done to it so far.

    `posted`, `minimised` and `summary` are as in `post.Outcome`; `trouble` is a sentence on what
    could not be done and spoils no more.

    Raises, in every method:
        GitHubError: not all was done; what was, is counted.

    """

    client: GitHub
    target: PullRequestRef
    settings: Settings
    findings: Findings
    login: str = ""
    shown: Mapping[str, tuple[Hunk, ...]] = field(default_factory=dict)
    ours: Ours = field(default_factory=Ours)
    posted: int = 0
    minimised: int = 0
    summary: str = "none"
    trouble: str = ""

    # What is there.

    def check(self) -> None:
        """See that the pull request is open, no draft, and has the head that was analysed.

        Raises:
            MovedError: it is not.

        """
        pull = self.client.pull(self.target.number)
        if obstacle := _obstacle(pull, self.target, self.findings):
            raise MovedError(obstacle)

    def read(self) -> None:
        """Take what of ours is there, and hold the findings against GitHub's own diff."""
        files = self.client.files(self.target.number)
        self.shown = {file.path: _hunks(file) for file in files}
        self.findings = _of_these(self.findings, files)
        self.login = self.client.login()
        inline = self._inline()
        folded = self.client.minimised([comment.node_id for comment in inline]) if inline else ()
        self.ours = Ours(
            inline=tuple(replace(c, minimised=c.node_id in folded) for c in inline),
            summary=self._summary(),
        )

    def _inline(self) -> list[Posted]:
        """Our comments on lines, as they stand now."""
        comments = self.client.review_comments(self.target.number)
        answered = {c.reply_to for c in comments if c.author != self.login}
        return [
            Posted(
                id=comment.id,
                node_id=comment.node_id,
                fingerprint=fingerprint,
                body=comment.body,
                answered=comment.id in answered,
            )
            for comment in comments
            if (fingerprint := self._marked(comment, "inline")) is not None
        ]

    def _summary(self) -> Posted | None:
        """Our summary comment as it stands now; the first, should there be several."""
        for comment in self.client.issue_comments(self.target.number):
            if self._marked(comment, "summary") is not None:
                return Posted(
                    id=comment.id, node_id=comment.node_id, fingerprint="", body=comment.body
                )
        return None

    def _marked(self, comment: Comment, kind: str) -> str | None:
        """The fingerprint of a comment of ours, of one kind; None for any other comment."""
        if comment.author != self.login or comment.reply_to is not None:
            return None
        marker = read_marker(comment.body)
        if marker is None or (marker.key, marker.kind) != (self.settings.key, kind):
            return None
        return marker.fingerprint

    # What is done.

    def write(self) -> None:
        """Post one review, set the summary, minimise what is fixed, as far as each is wanted."""
        wanted = self._plan(self.findings, self.ours, self.settings.limit)
        refused = self._review(wanted.inline) if wanted.inline else []
        if refused:
            wanted = self._without(wanted, {comment.fingerprint for comment in refused})
        if wanted.summary is not None:
            self._tell(wanted.summary)
        self._fold(wanted.fixed)

    def _plan(self, findings: Findings, ours: Ours, limit: int) -> Plan:
        settings = self.settings
        return plan(findings, self.shown, ours, limit=limit, mode=settings.mode, key=settings.key)

    def _without(self, wanted: Plan, refused: set[str]) -> Plan:
        """The plan again, after the review: what was refused is told in the summary."""
        landed = [
            Posted(id=0, node_id="", fingerprint=comment.fingerprint, body=comment.body)
            for comment in wanted.inline
            if comment.fingerprint not in refused
        ]
        ours = replace(self.ours, inline=(*self.ours.inline, *landed))
        return self._plan(self.findings, ours, 0)

    def _review(self, comments: Sequence[Inline]) -> list[Inline]:
        """Post the comments, in one review if GitHub takes it; those that it does not take.

        One wrong comment has the whole review refused, and GitHub does not say which. So a review
        that is refused is halved until what is left of it are the wrong ones.
        """
        parts, refused, trials = [list(comments)], [], 0
        while parts:
            part = parts.pop(0)
            if trials == TRIALS:
                refused += part
                continue
            trials += 1
            try:
                self._submit(part)
            except RefusedError:
                self.check()
                half = len(part) // 2
                refused += [] if half else part
                parts = [part[:half], part[half:], *parts] if half else parts
        return refused

    def _submit(self, part: list[Inline]) -> None:
        """Post one review; after a lost answer, look first what of it is there."""
        for last in (False, True):
            try:
                self.client.create_review(
                    self.target.number, self.target.head, self._words(part), list(map(_new, part))
                )
            except UnsureError:
                part = self._missing(part)
                if part and last:
                    raise
            else:
                self.posted += len(part)
                return
            if not part:
                return

    def _words(self, part: Sequence[Inline]) -> str:
        """The review's own body, which counts its comments."""
        names = {comment.fingerprint for comment in part}
        findings = tuple(f for f in self.findings.findings if f.fingerprint in names)
        return self._plan(replace(self.findings, findings=findings), self.ours, len(part)).review

    def _missing(self, part: list[Inline]) -> list[Inline]:
        """The comments that are not on the page, a while after an answer was lost."""
        for seconds in SETTLE:
            self.client.sleep(seconds)
            there = {comment.fingerprint for comment in self._inline()}
            landed = [comment for comment in part if comment.fingerprint in there]
            if landed:
                self.posted += len(landed)
                return [comment for comment in part if comment.fingerprint not in there]
        return part

    def _tell(self, body: str) -> None:
        """Have the summary comment say this; after a lost answer, look first what it says."""
        if self._says(body):
            self.summary = "unchanged"
            return
        done = "edited" if self.ours.summary else "created"
        for last in (False, True):
            try:
                if self.ours.summary is None:
                    self.client.create_comment(self.target.number, body)
                else:
                    self.client.update_comment(self.ours.summary.id, body)
                break
            except UnsureError:
                if self._came_to_say(body):
                    break
                if last:
                    raise
        self.summary = done

    def _came_to_say(self, body: str) -> bool:
        """Whether the summary comment says this, a while after an answer was lost."""
        for seconds in SETTLE:
            self.client.sleep(seconds)
            self.ours = replace(self.ours, summary=self._summary())
            if self._says(body):
                return True
        return False

    def _says(self, body: str) -> bool:
        there = self.ours.summary
        return there is not None and there.body.split() == body.split()

    def _fold(self, fixed: Sequence[Posted]) -> None:
        """Minimise our comments on what is fixed; that this fails is told, and spoils no more."""
        for comment in fixed:
            try:
                self.client.minimise(comment.node_id)
            except GitHubError as error:
                self.trouble = f"comments on what is fixed are still shown: {error}"
                return
            self.minimised += 1


def _obstacle(pull: Pull, target: PullRequestRef, findings: Findings) -> str:
    """Why nothing is to be posted, as a sentence; "" when there is no reason."""
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


def _hunks(file: File) -> tuple[Hunk, ...]:
    """What the diff shows of a file: nothing where GitHub's patch cannot be read."""
    with suppress(ReviewError):
        return hunks(file.patch)
    return ()


def _of_these(findings: Findings, files: Sequence[File]) -> Findings:
    """The findings in files that the pull request changes, as far as GitHub lists them."""
    paths = {_readable(file.path) for file in files}
    kept = tuple(f for f in findings.findings if _readable(f.path) in paths)
    left = len(findings.findings) - len(kept)
    if not left or len(files) >= MOST_FILES:
        return findings
    notice = f"findings left out that are in no file of the pull request: {left}"
    return replace(findings, findings=kept, notices=(*findings.notices, notice))


def _readable(path: str) -> str:
    """The path with a mark for each byte that is no UTF-8, as GitHub writes it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _new(comment: Inline) -> NewComment:
    return NewComment(
        path=comment.path, line=comment.line, start_line=comment.start_line, body=comment.body
    )
