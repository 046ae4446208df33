"""How one request gets to GitHub and back: the token, rate limits, and what is asked again.

The token stands in the client's headers and nowhere else, and leaves by one way only: to the
addresses this was made with. No redirection is followed.

A question is asked again when the server stumbles. What writes is repeated only where it is sure
that nothing was done: no connection, or an answer that names a rate limit. Otherwise UnsureError is
raised, and the caller looks first: PyGithub and githubkit repeat it, and a lost answer then makes a
double review.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docbot import __version__
from docbot.errors import ForbiddenError, GitHubError, LimitedError, RefusedError, UnsureError
from docbot.review.workflow_commands import line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION = "2022-11-28"  # of the API; each is supported for two years after the next one came out
TIMEOUT = 30.0  # seconds for a connection, or without a byte
MAX_BYTES = 32 << 20  # of one answer, unpacked
REPEATS = 4  # of one request
PATIENCE = 900.0  # seconds that one client waits in all
PAUSE = 1.0  # seconds between two writes, as GitHub asks for
LOCAL = frozenset({"127.0.0.1", "[::1]", "localhost"})
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])"
    r"(?::(?P<port>\d{1,5}))?(?:/[A-Za-z0-9._~/-]*)?"
)
REFUSALS: dict[int, type[GitHubError]] = {
    HTTPStatus.UNAUTHORIZED: ForbiddenError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: ForbiddenError,
    HTTPStatus.UNPROCESSABLE_ENTITY: RefusedError,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer, read whole; `next` is where the server says that a list goes on."""

    status: int
    next: str = ""
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """What it holds, None where that is no JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class Wire:
    """A token and its way to one server; `sleep` takes seconds, `now` gives them since 1970.

    Raises:
        GitHubError: there is no token, or nothing that a header can hold.

    """

    def __init__(
        self,
        token: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        import httpx

        self._sleep, self._now = sleep, now
        self._waited = 0.0
        self._wrote: float | None = None
        self._http = httpx.Client(
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {_sound(token)}",
                "User-Agent": f"docbot/{__version__}",
                "X-GitHub-Api-Version": VERSION,
            },
            timeout=TIMEOUT,
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, url: str, sent: object = None, *, writes: bool) -> Answer:
        """The answer of a request that was accepted.

        Raises:
            ForbiddenError: 401, 403 or 404.
            RefusedError: 422.
            LimitedError: a rate limit that outlasts PATIENCE.
            UnsureError: a request that writes may have been done, and may not.
            GitHubError: no connection, or an answer that makes no sense.

        """
        what = f"{urlsplit(url).netloc}: {method} {urlsplit(url).path}"
        for attempt in itertools.count():
            if writes:
                self._pace()
            answer, problem = self._try(method, url, sent)
            if answer is None or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                never_sent = answer is None and problem.startswith("cannot be reached")
                if writes and not never_sent:
                    raise UnsureError(f"{what} {problem}; whether it was done is unsure")
                if attempt >= REPEATS:
                    raise GitHubError(f"{what} {problem}")
                self._wait(answer, 2.0**attempt, f"{what} {problem}")
            elif self._is_limit(answer):
                if attempt >= REPEATS:
                    raise LimitedError(f"{what} had too many requests, {attempt + 1} times on end")
                self._wait(answer, 60.0 * 2**attempt, f"{what} had too many requests")
            else:
                self._check(what, answer)
                return answer
        raise AssertionError  # pragma: no cover - count() has no end

    def said(self, told: object) -> str:
        """The server's own words of what is wrong, as one line; "" where it has none."""
        if not isinstance(told, dict):
            return ""
        errors = told.get("errors")
        errors = errors if isinstance(errors, list) else []
        words = [told.get("message")]
        words += [e.get("message") if isinstance(e, dict) else e for e in errors]
        return self._clean("; ".join(word for word in words if isinstance(word, str)))

    def _try(self, method: str, url: str, sent: object) -> tuple[Answer | None, str]:
        """One request: its answer, or None; and what is wrong, as the end of a sentence."""
        import httpx

        try:
            answer = self._once(method, url, sent)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            return None, (
                f"cannot be reached ({self._reason(error)}); check the network, GITHUB_API_URL, "
                "HTTPS_PROXY"
            )
        except (httpx.TransportError, httpx.DecodingError) as error:
            return None, f"had no answer ({self._reason(error)})"
        return answer, f"was answered with {answer.status}; try again later"

    def _once(self, method: str, url: str, sent: object) -> Answer:
        body = None if sent is None else json.dumps(sent, ensure_ascii=False)
        content = body and body.encode("utf-8", "replace")  # a name may be no UTF-8
        headers = {"Content-Type": "application/json"} if body else {}
        with self._http.stream(method, url, content=content, headers=headers) as response:
            read = bytearray()
            for chunk in response.iter_bytes():
                read += chunk
                if len(read) > MAX_BYTES:
                    raise GitHubError(f"{method} {url} was answered with over {MAX_BYTES} bytes")
            return Answer(
                status=response.status_code,
                next=response.links.get("next", {}).get("url", ""),
                headers=response.headers,
                content=bytes(read),
            )

    def _pace(self) -> None:
        """Leave a second between two writes."""
        if self._wrote is not None and (rest := self._wrote + PAUSE - self._now()) > 0:
            self._sleep(min(rest, PAUSE))
        self._wrote = self._now()

    def _wait(self, answer: Answer | None, else_seconds: float, what: str) -> None:
        seconds = (answer and asked_for(answer.headers, self._now())) or else_seconds
        if self._waited + seconds > PATIENCE:
            raise LimitedError(f"{what}, and asks for {seconds:.0f} seconds of patience")
        self._waited += seconds
        self._sleep(seconds)

    def _is_limit(self, answer: Answer) -> bool:
        """Whether a request was refused for the number of requests alone."""
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return True
        if answer.status == HTTPStatus.OK:  # GraphQL's way
            return any(e.get("type") == "RATE_LIMITED" for e in graphql_errors(answer.json()))
        said = self.said(answer.json()).lower()
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return "submitted too quickly" in said
        spent = answer.headers.get("x-ratelimit-remaining") == "0"
        named = "retry-after" in answer.headers or "rate limit" in said or "abuse" in said
        return answer.status == HTTPStatus.FORBIDDEN and (spent or named)

    def _check(self, what: str, answer: Answer) -> None:
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise GitHubError(
                f"{what} was redirected, which docbot does not follow; if the repository was "
                "renamed, use its new name"
            )
        said = self.said(answer.json())
        kind = REFUSALS.get(answer.status, GitHubError)
        raise kind(f"{what} was refused with {answer.status}{f' ({said})' if said else ''}")

    def _reason(self, error: Exception) -> str:
        return self._clean(str(error)) or type(error).__name__

    def _clean(self, text: str) -> str:
        """One short line, without the token should anybody send it back."""
        secret = self._http.headers["Authorization"].partition(" ")[2]
        return line(text.replace(secret, "***"))[:300]


def address(url: str, name: str) -> str:
    """An address that a token may be sent to: encrypted, or on this machine.

    Raises:
        GitHubError: it is not one; `name` is the variable that says so.

    """
    parts = ADDRESS.fullmatch(url)
    if parts is None or not 0 < int(parts["port"] or 443) < 1 << 16:
        raise GitHubError(f"{name} is no https:// address that a token may be sent to")
    if parts["scheme"] == "http" and parts["host"] not in LOCAL:
        raise GitHubError(
            f"{name} is http://, where a token could be read on its way; use https://"
        )
    return url.rstrip("/")


def _sound(token: str) -> str:
    """The token, if it is one: what a header cannot hold would be named in an error."""
    token = token.strip()
    if not token:
        raise GitHubError("there is no token: set GITHUB_TOKEN")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise GitHubError("GITHUB_TOKEN holds characters that no token has")
    return token


def graphql_errors(told: object) -> list[dict[str, Any]]:
    """The errors of a GraphQL answer, which comes with status 200."""
    errors = told.get("errors") if isinstance(told, dict) else None
    if not errors:
        return []
    return [e if isinstance(e, dict) else {} for e in errors] if isinstance(errors, list) else [{}]


def asked_for(headers: Mapping[str, str], now: float) -> float:
    """How many seconds the server says to wait, at least 1; 0 where it does not say."""
    after = headers.get("retry-after", "").strip()
    if after.isdecimal():
        return max(float(after), 1.0)
    if after:
        try:
            return max(parsedate_to_datetime(after).timestamp() - now, 1.0)
        except (ValueError, OverflowError):
            return 0.0
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(float(reset) - now + 1.0, 1.0)
    return 0.0
