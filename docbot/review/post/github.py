"""Make the few requests to GitHub that a review needs, with typed results.

A response that is not of the form that GitHub documents raises a GitHubError that names the key.
`http` sends the requests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from docbot.errors import ForbiddenError, GitHubError
from docbot.review.post.http import HttpClient, checked_address, graphql_errors
from docbot.review.post.json_fields import REPOSITORY, JsonFields
from docbot.review.workflow_commands import safe_line

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
class PullRequest:
    """A pull request; `head_repository` is None where the fork was deleted."""

    number: int
    head: str
    head_branch: str
    head_repository: str | None
    draft: bool
    open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequestFile:
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
    """A comment to post on lines of the head's file, or on one line without `start_line`."""

    path: str
    line: int
    body: str
    start_line: int | None = None


class GitHub:
    """A client for one repository at GitHub or GitHub Enterprise.

    Every method raises GitHubError or a subclass of it, with one sentence (`HttpClient.send`).
    Use it from one thread at a time.

    Args:
        api: The address of the REST API.
        graphql: The address of the GraphQL API.
        repository: The repository, `owner/name`.
        token: What GitHub is sent to authenticate.
        sleep: Waits for so many seconds.
        now: Returns the seconds since 1970.

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
        self._api = checked_address(api, "GITHUB_API_URL")
        self._graphql = checked_address(graphql, "GITHUB_GRAPHQL_URL")
        if not REPOSITORY.fullmatch(repository):
            raise GitHubError(f"'{safe_line(repository)}' is no repository; write it as owner/name")
        self._repository = repository
        self._http = HttpClient(token, sleep=sleep, now=now)
        self.sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # Requests that read

    def login(self) -> str:
        """Return the login that the token belongs to; `GET /user` does not work for an app."""
        return self._query(_VIEWER, {}).get("viewer.login", str)

    def pull(self, number: int) -> PullRequest:
        """Return a pull request by its number."""
        return _to_pull_request(self._send("GET", f"/pulls/{number}"))

    def pulls(self, head: str) -> list[PullRequest]:
        """Return the open pull requests from a branch, `owner:branch`."""
        return [_to_pull_request(p) for p in self._pages("/pulls", {"state": "open", "head": head})]

    def files(self, number: int) -> list[PullRequestFile]:
        """Return the files that a pull request changes against its merge base, 3,000 at most."""
        return [
            PullRequestFile(
                path=p.get("filename", str), patch=p.text("patch") if p.has("patch") else None
            )
            for p in self._pages(f"/pulls/{number}/files")
        ]

    def review_comments(self, number: int) -> list[Comment]:
        """Return the comments on lines, of all reviews."""
        return [_to_comment(p) for p in self._pages(f"/pulls/{number}/comments")]

    def issue_comments(self, number: int) -> list[Comment]:
        """Return the comments on the pull request itself."""
        return [_to_comment(p) for p in self._pages(f"/issues/{number}/comments")]

    def minimised(self, node_ids: Sequence[str]) -> frozenset[str]:
        """Return which of these comments are minimised; the REST API does not say."""
        minimised = set()
        for start in range(0, len(node_ids), 100):
            ids = list(node_ids[start : start + 100])
            data = self._query(_MINIMISED, {"ids": ids}, ignored="NOT_FOUND")
            for node in (self._fields(n, "GraphQL") for n in data.get("nodes", list) if n):
                if node.flag("isMinimized"):
                    minimised.add(node.get("id", str))
        return frozenset(minimised)

    # Requests that write

    def create_review(
        self, number: int, commit: str, text: str, comments: Sequence[NewComment]
    ) -> None:
        """Post a review that neither approves nor blocks.

        If GitHub refuses one comment, it refuses the whole review.
        """
        body = {
            "commit_id": commit,
            "event": "COMMENT",
            "body": text,
            "comments": [_comment_document(comment) for comment in comments],
        }
        self._send("POST", f"/pulls/{number}/reviews", body)

    def create_comment(self, number: int, body: str) -> None:
        """Post a comment on the pull request itself."""
        self._send("POST", f"/issues/{number}/comments", {"body": body})

    def update_comment(self, identifier: int, body: str) -> None:
        """Replace the text of a comment on a pull request itself."""
        self._send("PATCH", f"/issues/comments/{identifier}", {"body": body})

    def minimise(self, node_id: str) -> None:
        """Minimise a comment as outdated."""
        data = self._query(_MINIMISE, {"id": node_id}, writes=True)
        if not data.flag("minimizeComment.minimizedComment.isMinimized"):
            raise GitHubError("GitHub did not minimise a comment, and does not say why")

    # REST and GraphQL

    def _send(self, method: str, path: str, body: object = None) -> JsonFields:
        response = self._http.send(method, self._url(path), body, writes=method != "GET")
        return self._fields(response.json(), f"{method} {path}")

    def _pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[JsonFields]:
        """Yield the objects of a list, following the `Link` header from page to page.

        Only the query of a link is used: GitHub names the repository by its number there, and a
        server behind a proxy names another address. The token is sent to neither.
        """
        parameters = urlencode({**(query or {}), "per_page": "100"})
        visited = set()
        for _ in range(MAX_PAGES):
            visited.add(parameters)
            response = self._http.send("GET", f"{self._url(path)}?{parameters}", writes=False)
            page = response.json()
            if not isinstance(page, list):
                raise GitHubError(f"{self._host}: GET {path} did not answer with a list")
            yield from (self._fields(item, f"GET {path}") for item in page)
            if not response.next:
                return
            parameters = urlencode(parse_qsl(urlsplit(response.next).query))
            if parameters in visited:
                raise GitHubError(f"{self._host}: the pages of GET {path} go round in a circle")
        raise GitHubError(f"{self._host}: GET {path} has over {MAX_PAGES} pages")

    def _query(
        self,
        document: str,
        variables: Mapping[str, Any],
        *,
        writes: bool = False,
        ignored: str = "",
    ) -> JsonFields:
        """Return the data of a GraphQL document; errors of the type `ignored` do not count."""
        body = {"query": document, "variables": variables}
        result = self._http.send("POST", self._graphql, body, writes=writes).json()
        types = {error.get("type") or "unknown" for error in graphql_errors(result)} - {ignored}
        if types:
            kind = ForbiddenError if types & {"FORBIDDEN", "NOT_FOUND"} else GitHubError
            raise kind(f"{self._host}: GraphQL refuses ({self._http.error_text(result)})")
        return self._fields(result.get("data") if isinstance(result, dict) else None, "GraphQL")

    def _url(self, path: str) -> str:
        return f"{self._api}/repos/{self._repository}{path}"

    def _fields(self, data: object, what: str) -> JsonFields:
        return JsonFields(data, f"{self._host}: the answer to {what}", GitHubError)

    @property
    def _host(self) -> str:
        return urlsplit(self._api).netloc


def _to_pull_request(fields: JsonFields) -> PullRequest:
    repository = "head.repo"
    return PullRequest(
        number=fields.get("number", int),
        head=fields.commit("head.sha"),
        head_branch=fields.get("head.ref", str),
        head_repository=(
            fields.repository(f"{repository}.full_name") if fields.has(repository) else None
        ),
        draft=fields.flag("draft"),
        open=fields.get("state", str) == "open",
    )


def _to_comment(fields: JsonFields) -> Comment:
    return Comment(
        id=fields.get("id", int),
        node_id=fields.get("node_id", str),
        author=fields.text("user.login"),
        body=fields.text("body"),
        reply_to=fields.get("in_reply_to_id", int) if fields.has("in_reply_to_id") else None,
    )


def _comment_document(comment: NewComment) -> dict[str, object]:
    document: dict[str, object] = {
        "path": comment.path, "line": comment.line, "side": "RIGHT", "body": comment.body
    }  # fmt: skip
    if comment.start_line is not None:
        document |= {"start_line": comment.start_line, "start_side": "RIGHT"}
    return document
