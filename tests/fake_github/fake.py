"""A GitHub of the tests' own, on loopback: small, stateful, and held to GitHub's descriptions.

`github_state` is what it remembers, `github_answers` what it does, `github_documents` what its
answers hold, `github_wire` the sockets, `github_contract` the judge of every request and answer.
What a test wants to know afterwards: `writes`, `page`, `violations`.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from fake_github import answers, documents
from fake_github.state import Comment, File, Inline, Pull, Review, git_files, sha
from fake_github.wire import Fault, Request, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["BOT", "TOKEN", "Fault", "File", "GitHub", "Login", "Request", "git_files", "running"]

BOT = "github-actions[bot]"
TOKEN = "ghs_secret"


@dataclass(frozen=True)
class Login:
    """Whose token it is, and whether it may write."""

    name: str = BOT
    writes: bool = True


@dataclass(kw_only=True)
class GitHub:
    """The fake. `base` is "/api/v3" for GitHub Enterprise Server.

    `numbered`: `Link` headers name the repository by number, as GitHub's do; off behind a proxy
    that knows the description's paths only.
    """

    repository: str = "octo/demo"
    base: str = ""
    tokens: dict[str, Login] = field(default_factory=lambda: {TOKEN: Login()})
    pulls: dict[int, Pull] = field(default_factory=dict)
    events: list[tuple[str, str, Callable[[], object]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    now: Callable[[], float] = time.time
    numbered: bool = True
    proxy: str = ""
    port: int = 0
    count: int = 1000
    lock: threading.RLock = field(default_factory=threading.RLock)
    closing: threading.Event = field(default_factory=threading.Event)

    REPOSITORY_ID = 1296269

    # Where it is.

    @property
    def direct(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """GITHUB_API_URL: through the contract's proxy where there is one."""
        return (self.proxy or self.direct) + self.base

    @property
    def graphql(self) -> str:
        """GITHUB_GRAPHQL_URL: direct, since the description has no GraphQL."""
        return f"{self.direct}{self.base.removesuffix('/v3')}/graphql"

    @property
    def web(self) -> str:
        """GITHUB_SERVER_URL."""
        return self.direct

    @property
    def elsewhere(self) -> str:
        """The same server under another host name, to be redirected to."""
        return f"http://localhost:{self.port}{self.base}"

    # What a test sets up, and does as somebody else.

    def number(self) -> int:
        self.count += 1
        return self.count

    def pull(self, *files: File, **fields: Any) -> Pull:
        """Open a pull request; `head` and `base` are made up where they are not given."""
        with self.lock:
            number = fields.pop("number", len(self.pulls) + 1)
            repository = fields.pop("repository", self.repository)
            fields = {"head_repository": repository, "base": sha("base")} | fields
            head = fields.setdefault("head", sha((number, 0)))
            pull = Pull(number=number, repository=repository, **fields)
            pull.versions[head] = files
            self.pulls[number] = pull
            return pull

    def push(self, pull: Pull, *files: File, head: str = "") -> str:
        """Push a new head; its commit."""
        with self.lock:
            head = head or sha((pull.number, len(pull.versions)))
            pull.push(head, files)
            return head

    def comment(self, pull: Pull, body: str, *, as_login: str = "ada") -> Comment:
        """Comment on a pull request."""
        with self.lock:
            pull.comments.append(Comment(id=self.number(), author=as_login, body=body))
            return pull.comments[-1]

    def review(
        self,
        pull: Pull,
        comments: Iterable[dict[str, Any]] = (),
        *,
        author: str = "ada",
        body: str = "",
        commit: str = "",
    ) -> Review:
        """Submit a review; comments have path, line, body, and perhaps start_line and side."""
        with self.lock:
            commit = commit or pull.head
            review = Review(id=self.number(), author=author, body=body, commit=commit)
            pull.reviews.append(review)
            for fields in comments:
                pull.inline.append(self._inline(pull, review, fields))
            return review

    def _inline(self, pull: Pull, review: Review, fields: dict[str, Any]) -> Inline:
        line, start = fields["line"], fields.get("start_line")
        side = fields.get("side", "RIGHT")
        hunk = next(
            (h for h in pull.hunks(review.commit, fields["path"]) or () if line in h.side(side)),
            None,
        )
        rows = hunk.side(side) if hunk else {}
        return Inline(
            id=self.number(),
            author=review.author,
            body=fields["body"],
            review=review.id,
            path=fields["path"],
            line=line,
            start_line=start,
            side=side,
            commit=review.commit,
            original_commit=review.commit,
            original_line=line,
            original_start=start,
            diff_hunk=hunk.until(side, line) if hunk else "@@ @@",
            text=tuple(rows.get(n, "") for n in range(start or line, line + 1)),
        )

    def reply(self, pull: Pull, comment: Inline, body: str, *, as_login: str = "ada") -> Inline:
        """Answer an inline comment, in a review of its own, as GitHub keeps it."""
        fields = {"path": comment.path, "line": comment.original_line, "body": body}
        with self.lock:
            review = self.review(pull, [fields | {"side": comment.side}], author=as_login)
            new = next(one for one in pull.inline if one.review == review.id)
            new.reply_to = comment.reply_to or comment.id
            new.line, new.start_line = comment.line, comment.start_line
            return new

    def delete(self, pull: Pull, comment: Comment) -> None:
        """Delete a comment or a review; answers to it stay."""
        with self.lock:
            for comments in (pull.comments, pull.inline, pull.reviews):
                comments[:] = [one for one in comments if one is not comment]

    @contextmanager
    def at_odds(self) -> Iterator[list[str]]:
        """What breaks the contract in this block is meant to, and is handed over."""
        if self.proxy:
            pytest.skip("the contract's proxy would count this as a violation")
        before, self.violations = self.violations, []
        try:
            yield self.violations
        finally:
            self.violations = before

    def fault(self, method: str, pattern: str, **how: Any) -> Fault:
        """Make requests go wrong, in the order in which the faults were set up."""
        fault = Fault(method=method, pattern=pattern, **how)
        if fault.opaque and self.proxy:
            pytest.skip("the contract's proxy does not hand this fault on")
        self.faults.append(fault)
        return fault

    def meanwhile(self, method: str, pattern: str, action: Callable[[], object]) -> None:
        """Have something happen once, just before the first such request is looked at."""
        self.events.append((method, pattern, action))

    def limited(self, method: str, pattern: str, *, after: int | None = 7, **how: Any) -> Fault:
        """A secondary rate limit, with Retry-After unless `after` is None."""
        text = "You have exceeded a secondary rate limit. Please wait a few minutes"
        body = {"message": f"{text} before you try again.", "documentation_url": answers.DOCS}
        headers = {} if after is None else {"Retry-After": str(after)}
        return self.fault(method, pattern, **{"status": 403} | how, body=body, headers=headers)

    def exhausted(self, method: str, pattern: str, *, reset: int, **how: Any) -> Fault:
        """The primary rate limit: nothing remains until `reset`, in seconds since 1970."""
        text = "API rate limit exceeded for installation ID 1."
        body = {"message": text, "documentation_url": answers.DOCS}
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
        return self.fault(method, pattern, **{"status": 403} | how, body=body, headers=headers)

    def payload(self, pull: Pull, action: str = "synchronize") -> dict[str, Any]:
        """The event of a workflow on `pull_request`, as GITHUB_EVENT_PATH has it."""
        return {
            "action": action,
            "number": pull.number,
            "pull_request": documents.pull(self, pull),
            "repository": documents.repository(pull.repository),
            "sender": documents.user(pull.author),
        }

    # What a test looks at.

    @property
    def writes(self) -> list[Request]:
        """The requests that would write, refused ones too."""
        return [request for request in self.requests if request.writes]

    def page(self, pull: Pull) -> list[dict[str, Any]]:
        """What a reader of the pull request sees, in order, as plain data."""
        return documents.page(pull)

    # How it answers.

    def login_of(self, request: Request) -> Login | None:
        token = request.headers.get("authorization", "").partition(" ")[2]
        return self.tokens.get(token)

    def stumble(self, request: Request) -> Fault | None:
        """The fault that this request meets, if any; and what happens meanwhile."""
        for event in [e for e in self.events if _meets(request, *e[:2])]:
            self.events.remove(event)
            event[2]()
        for fault in self.faults:
            if _meets(request, fault.method, fault.pattern):
                if fault.skip:
                    fault.skip -= 1
                elif fault.times:
                    fault.times -= 1
                    return fault
        return None

    def note_violations(self, request: Request, wrong: list[str]) -> bool:
        """Note what the judge has against a request or its answer."""
        self.violations += [f"{request.method} {request.path}: {words}" for words in wrong]
        return bool(wrong)


def _meets(request: Request, method: str, pattern: str) -> bool:
    return method in ("*", request.method) and fnmatchcase(request.path, pattern)
