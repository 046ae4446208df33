"""What the loopback GitHub remembers: pull requests, their files, and what was said on them."""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied"}
STATUS |= {"T": "changed"}


def sha(word: object) -> str:
    """A commit's name that a test need not think about."""
    return hashlib.sha1(repr(word).encode()).hexdigest()


@dataclass(frozen=True)
class File:
    """A file of a pull request; without `patch` it is binary or too big for one."""

    path: str
    patch: str | None = None
    status: str = "modified"
    previous: str | None = None


@dataclass(frozen=True)
class Hunk:
    """One hunk of a patch: for each side, line number -> text; and its rows, from `@@` on."""

    left: dict[int, str]
    right: dict[int, str]
    rows: tuple[str, ...]

    def side(self, name: str) -> dict[int, str]:
        return self.left if name == "LEFT" else self.right

    def until(self, name: str, line: int) -> str:
        """The rows down to a line, which is all that GitHub shows above a comment."""
        signs = (" ", "-") if name == "LEFT" else (" ", "+")
        number = min(self.side(name)) - 1
        for count, row in enumerate(self.rows):
            number += count > 0 and row.startswith(signs)
            if number == line:
                return "\n".join(self.rows[: count + 1])
        raise ValueError(line)


def hunks(patch: str | None) -> list[Hunk]:
    """The hunks of GitHub's `patch`, which begins with the first `@@`."""
    hunks: list[Hunk] = []
    left = right = 0
    for row in (patch or "").split("\n"):
        if head := re.match(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@", row):
            left, right = int(head[1]), int(head[2])
            hunks.append(Hunk({}, {}, ()))
        elif row.startswith("\\") or not hunks:
            continue
        if hunks:
            hunks[-1] = replace(hunks[-1], rows=(*hunks[-1].rows, row))
        if row[:1] in (" ", "-"):
            hunks[-1].left[left] = row[1:]
            left += 1
        if row[:1] in (" ", "+"):
            hunks[-1].right[right] = row[1:]
            right += 1
    return hunks


def git_files(root: Path, base: str, head: str) -> tuple[File, ...]:
    """The files of a pull request as real git tells them, from the merge base to the head."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), "diff", "--no-color", "--no-ext-diff", "-M", *arguments]
        done = subprocess.run([*command, f"{base}...{head}"], check=True, capture_output=True)
        return done.stdout.decode("utf-8", "replace")

    names = git("--name-status", "-z").split("\0")[:-1]
    patches = re.split(r"^diff --git .*\n", git(), flags=re.MULTILINE)[1:]
    files = []
    for text in patches:
        letter, path, previous = names.pop(0)[0], names.pop(0), None
        if letter in "RC":
            previous, path = path, names.pop(0)
        start = re.search(r"^@@ ", text, re.MULTILINE)
        patch = text[start.start() :].removesuffix("\n") if start else None
        files.append(File(path, patch, STATUS[letter], previous))
    return tuple(files)


@dataclass(kw_only=True)
class Comment:
    """One comment's text, its author, and what became of it."""

    id: int
    author: str
    body: str
    edits: int = 0
    minimised: str | None = None

    prefix = "IC"
    typename = "IssueComment"

    @property
    def node_id(self) -> str:
        return f"{self.prefix}_kwDO{self.id:06d}"


@dataclass(kw_only=True)
class Review(Comment):
    commit: str
    state: str = "COMMENTED"

    prefix = "PRR"
    typename = "PullRequestReview"


@dataclass(kw_only=True)
class Inline(Comment):
    """A comment on lines; `line` is None once they have changed: outdated."""

    review: int
    path: str
    line: int | None
    start_line: int | None = None
    side: str = "RIGHT"
    commit: str
    original_commit: str
    original_line: int
    original_start: int | None = None
    diff_hunk: str = ""
    text: tuple[str, ...] = ()
    reply_to: int | None = None

    prefix = "PRRC"
    typename = "PullRequestReviewComment"


@dataclass(kw_only=True)
class Pull:
    """A pull request. `versions` has the files of each head it ever had."""

    number: int
    repository: str
    title: str = "Change something"
    author: str = "ada"
    state: str = "open"
    draft: bool = False
    merged: bool = False
    base_ref: str = "main"
    base: str = ""
    head_ref: str = "topic"
    head: str = ""
    head_repository: str | None = ""
    versions: dict[str, tuple[File, ...]] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    inline: list[Inline] = field(default_factory=list)

    @property
    def files(self) -> tuple[File, ...]:
        return self.versions[self.head]

    @property
    def everything(self) -> list[Comment]:
        return [*self.comments, *self.reviews, *self.inline]

    def hunks(self, commit: str, path: str) -> list[Hunk] | None:
        """The hunks of a file at one head; None: the pull request does not touch it."""
        for file in self.versions[commit]:
            if file.path == path:
                return hunks(file.patch)
        return None

    def push(self, head: str, files: tuple[File, ...]) -> None:
        """A new head: comments move with their lines, or are outdated."""
        self.head = head
        self.versions[head] = files
        for comment in self.inline:
            if comment.line is not None:
                self._move(comment)

    def _move(self, comment: Inline) -> None:
        height = len(comment.text)
        places = []
        for hunk in self.hunks(self.head, comment.path) or []:
            rows = hunk.side(comment.side)
            places += [
                last
                for last in rows
                if tuple(rows.get(n) for n in range(last - height + 1, last + 1)) == comment.text
            ]
        last = min(places, key=lambda n: abs(n - comment.line), default=None)
        comment.line = last
        comment.start_line = last - height + 1 if last and comment.start_line else None
        comment.commit = self.head if last else comment.commit


def refusal(pull: Pull, request: dict) -> list[str]:
    """What GitHub says of a review comment that it will not place; source: its own answers."""
    hunks = pull.hunks(request["commit_id"], request["path"])
    blank = "Pull request review thread diff hunk can't be blank"
    if hunks is None:
        return ["Pull request review thread path is invalid", blank]
    line, start = request["line"], request.get("start_line")
    side = request["side"]
    reasons = []
    hunk = next((hunk for hunk in hunks if line in hunk.side(side)), None)
    if hunk is None:
        reasons.append("Pull request review thread line must be part of the diff")
    if start is not None:
        if start >= line and request.get("start_side", side) == side:
            reasons.append("Pull request review thread start line must precede the end line.")
        elif hunk is None or start not in hunk.side(request.get("start_side", side)):
            same = "must be part of the same hunk as the line."
            reasons.append(f"Pull request review thread start line {same}")
    return [*reasons, blank] if hunk is None else reasons


def sentence(reasons: list[str]) -> str:
    """Several refusals as GitHub joins them."""
    if len(reasons) < 3:
        return " and ".join(reasons)
    return ", ".join(reasons[:-1]) + ", and " + reasons[-1]
