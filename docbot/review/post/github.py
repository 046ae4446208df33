"""The door to GitHub: the few requests that a review makes, typed, and no others.

What the server says is data: of the form that GitHub documents, or a GitHubError that names the
key. How a request travels is in `wire`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from docbot.errors import ForbiddenError, GitHubError
from docbot.review.post.http import Wire, address, graphql_errors
from docbot.review.post.payload import REPOSITORY, Payload
from docbot.review.workflow_commands import line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MAX_PAGES = 100  # of a hundred each

_VIEWER = "query { viewer { login } }"
_MINIMISED = """query($ids: [ID!]!) {
  nodes(ids: $ids) { id ... on Minimizable { isMinimized } }
}"""
_MINIMISE = """mutation($id: ID!) {
  minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
    minimizedComment { isMinimized }
  }
}"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pull:
    """A pull request; `head_repository` is None where the fork was deleted."""

    number: int
    head: str
    head_branch: str
    head_repository: str | None
    draft: bool
    open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file that a pull request changes; `patch` is None for a big or binary one."""

    path: str
    patch: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A comment on a line or on the pull request; `author` is "" where the account is gone.

    `reply_to` is the id of the comment that starts its thread.
    """

    id: int
    node_id: str
    author: str
    body: str
    reply_to: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewComment:
    """A comment to be, on lines of the head's file; without `start_line`, on one."""

    path: str
    line: int
    body: str
    start_line: int | None = None


class GitHub:
    """One repository at GitHub or GitHub Enterprise, by its API's two addresses.

    Every method raises GitHubError, or one of its kinds, in one sentence (`Wire.send`). `sleep`
    takes seconds and `now` gives them since 1970. One thread at a time.
    """

    def __init__(
        self,
        api: str,
        graphql: str,
        repository: str,
        token: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._api = address(api, "GITHUB_API_URL")
        self._graphql = address(graphql, "GITHUB_GRAPHQL_URL")
        if not REPOSITORY.fullmatch(repository):
            raise GitHubError(f"'{line(repository)}' is no repository; write it as owner/name")
        self._repository = repository
        self._wire = Wire(token, sleep=sleep, now=now)
        self.sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    # What is there.

    def login(self) -> str:
        """Whose token this is; of an app `GET /user` does not tell."""
        return self._ask(_VIEWER, {}).get("viewer.login", str)

    def pull(self, number: int) -> Pull:
        """A pull request."""
        return _pull(self._payload("GET", f"/pulls/{number}"))

    def pulls(self, head: str) -> list[Pull]:
        """The open pull requests from a branch, `owner:branch`."""
        return [_pull(p) for p in self._pages("/pulls", {"state": "open", "head": head})]

    def files(self, number: int) -> list[File]:
        """What a pull request changes against its merge base; GitHub lists 3,000 at most."""
        return [
            File(path=p.get("filename", str), patch=p.text("patch") if p.has("patch") else None)
            for p in self._pages(f"/pulls/{number}/files")
        ]

    def review_comments(self, number: int) -> list[Comment]:
        """The comments on lines, of all reviews."""
        return [_comment(p) for p in self._pages(f"/pulls/{number}/comments")]

    def issue_comments(self, number: int) -> list[Comment]:
        """The comments on the pull request itself."""
        return [_comment(p) for p in self._pages(f"/issues/{number}/comments")]

    def minimised(self, node_ids: Sequence[str]) -> frozenset[str]:
        """Which of these comments are folded away; the REST API does not tell."""
        found = set()
        for start in range(0, len(node_ids), 100):
            some = list(node_ids[start : start + 100])
            told = self._ask(_MINIMISED, {"ids": some}, gone="NOT_FOUND")
            for node in (self._of(n, "GraphQL") for n in told.get("nodes", list) if n):
                if node.flag("isMinimized"):
                    found.add(node.get("id", str))
        return frozenset(found)

    # What is done.

    def create_review(
        self, number: int, commit: str, body: str, comments: Sequence[NewComment]
    ) -> None:
        """One review that neither approves nor blocks; if one comment is refused, all are."""
        sent = {
            "commit_id": commit,
            "event": "COMMENT",
            "body": body,
            "comments": [_placed(comment) for comment in comments],
        }
        self._payload("POST", f"/pulls/{number}/reviews", sent)

    def create_comment(self, number: int, body: str) -> None:
        """A comment on the pull request itself."""
        self._payload("POST", f"/issues/{number}/comments", {"body": body})

    def update_comment(self, identifier: int, body: str) -> None:
        """Other words for a comment on a pull request itself."""
        self._payload("PATCH", f"/issues/comments/{identifier}", {"body": body})

    def minimise(self, node_id: str) -> None:
        """Fold a comment away as outdated."""
        told = self._ask(_MINIMISE, {"id": node_id}, writes=True)
        if not told.flag("minimizeComment.minimizedComment.isMinimized"):
            raise GitHubError("GitHub did not minimise a comment, and does not say why")

    # How it is said.

    def _payload(self, method: str, path: str, sent: object = None) -> Payload:
        answer = self._wire.send(method, self._url(path), sent, writes=method != "GET")
        return self._of(answer.json(), f"{method} {path}")

    def _pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Payload]:
        """The objects of a list, page after page as `Link` says.

        Only its query is taken: GitHub writes the repository by its number there, a server behind
        a proxy another address, and the token goes to neither.
        """
        asked = urlencode({**(query or {}), "per_page": "100"})
        seen = set()
        for _ in range(MAX_PAGES):
            seen.add(asked)
            answer = self._wire.send("GET", f"{self._url(path)}?{asked}", writes=False)
            page = answer.json()
            if not isinstance(page, list):
                raise GitHubError(f"{self._host}: GET {path} did not answer with a list")
            yield from (self._of(item, f"GET {path}") for item in page)
            if not answer.next:
                return
            asked = urlencode(parse_qsl(urlsplit(answer.next).query))
            if asked in seen:
                raise GitHubError(f"{self._host}: the pages of GET {path} go round in a circle")
        raise GitHubError(f"{self._host}: GET {path} has over {MAX_PAGES} pages")

    def _ask(
        self, document: str, variables: Mapping[str, Any], *, writes: bool = False, gone: str = ""
    ) -> Payload:
        """A GraphQL document's data; errors of the type `gone` are left aside."""
        sent = {"query": document, "variables": variables}
        told = self._wire.send("POST", self._graphql, sent, writes=writes).json()
        types = {error.get("type") or "unknown" for error in graphql_errors(told)} - {gone}
        if types:
            kind = ForbiddenError if types & {"FORBIDDEN", "NOT_FOUND"} else GitHubError
            raise kind(f"{self._host}: GraphQL refuses ({self._wire.said(told)})")
        return self._of(told.get("data") if isinstance(told, dict) else None, "GraphQL")

    def _url(self, path: str) -> str:
        return f"{self._api}/repos/{self._repository}{path}"

    def _of(self, data: object, what: str) -> Payload:
        return Payload(data, f"{self._host}: the answer to {what}", GitHubError)

    @property
    def _host(self) -> str:
        return urlsplit(self._api).netloc


def _pull(payload: Payload) -> Pull:
    home = "head.repo"
    return Pull(
        number=payload.get("number", int),
        head=payload.commit("head.sha"),
        head_branch=payload.get("head.ref", str),
        head_repository=payload.repository(f"{home}.full_name") if payload.has(home) else None,
        draft=payload.flag("draft"),
        open=payload.get("state", str) == "open",
    )


def _comment(payload: Payload) -> Comment:
    return Comment(
        id=payload.get("id", int),
        node_id=payload.get("node_id", str),
        author=payload.text("user.login"),
        body=payload.text("body"),
        reply_to=payload.get("in_reply_to_id", int) if payload.has("in_reply_to_id") else None,
    )


def _placed(comment: NewComment) -> dict[str, object]:
    sent: dict[str, object] = {
        "path": comment.path, "line": comment.line, "side": "RIGHT", "body": comment.body
    }  # fmt: skip
    if comment.start_line is not None:
        sent |= {"start_line": comment.start_line, "start_side": "RIGHT"}
    return sent
