"""A pull request on the loopback GitHub, and runs of docbot on it."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docbot.review.findings import Finding, Findings, Suggestion
from docbot.review.findings_json import decode, encode
from docbot.review.post.post import PullRequestRef, Settings, post
from fake_github.client import Clock, connect, patch
from fake_github.documents import entry
from fake_github.fake import TOKEN, File

if TYPE_CHECKING:
    from fake_github import fake as github_fake
    from fake_github.state import Pull


def function(name: str) -> tuple[str, str]:
    return f"def {name}(x):", "    return x"


def finding(name: str, line: int = 1, path: str = "a.py", **changes: Any) -> Finding:
    """A function without a docstring, and the suggestion of one on its first line."""
    header = function(name)[0]
    suggestion = Suggestion(
        first=line, last=line, before=(header,), after=(header, '    """Return what it got."""')
    )
    new = Finding(path=path, line=line, qualname=name, kind="function", suggestion=suggestion)
    return dataclasses.replace(new, **changes)


def listing(*names: str, path: str = "a.py") -> tuple[File, tuple[Finding, ...]]:
    """A new file of functions, and what a review finds in it."""
    lines = [line for name in names for line in function(name)]
    findings = tuple(finding(name, 2 * at + 1, path) for at, name in enumerate(names))
    return File(path, patch(lines)), findings


def names(count: int) -> list[str]:
    return [f"f{number}" for number in range(count)]


@dataclass
class Review:
    """A pull request, and the runs of docbot on it."""

    github: github_fake.GitHub
    pull: Pull
    clock: Clock

    def run(self, findings: tuple[Finding, ...], *, head: str = "", token: str = TOKEN, **how: Any):
        """One run: findings as they come from the process that made them, then the posting."""
        head = head or self.pull.head
        findings = Findings(base="b" * 40, head=head, findings=findings, files=1)
        aim = PullRequestRef(number=self.pull.number, head=head)
        with connect(self.github, self.clock, token) as client:
            return post(decode(encode(findings).encode()), aim, client, Settings(**how))

    def push(self, *files: File) -> None:
        self.github.push(self.pull, *files)

    @property
    def commented_names(self) -> list[str]:
        """The names in the first lines of the inline comments."""
        return [re.findall(r"`(\w+)`", comment.body)[0] for comment in self.pull.inline]

    @property
    def summary(self) -> str:
        (comment,) = self.pull.comments
        return comment.body


def outdated(review: Review, *more: File) -> None:
    """Have GitHub list files besides those on which it takes comments."""
    github, pull = review.github, review.pull
    documents = [entry(pull, file) for file in (*pull.files, *more)]
    github.fault("GET", "*/files", status=200, body=documents, times=99)
