"""Send requests to GitHub: hold the token, wait for rate limits, repeat what failed.

The token is in the client's headers and nowhere else, and is sent only to the addresses that the
caller checked with `checked_address`. No redirection is followed.

A request that reads is repeated when the server fails. One that writes is repeated only where
nothing was done for certain: no connection, or a response that names a rate limit. Otherwise
UnsureError is raised, and the caller first looks what is there. PyGithub and githubkit repeat such
a request, and a lost response then makes a double review.
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
from docbot.review.workflow_commands import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

API_VERSION = (
    "2022-11-28"  # of the API; each is supported for two years after the next one came out
)
TIMEOUT = 30.0  # seconds for a connection, or without a byte
MAX_BYTES = 32 << 20  # of one response, decompressed
MAX_REPEATS = 4  # of one request
MAX_WAIT = 900.0  # seconds that one client waits in all
WRITE_PAUSE = 1.0  # seconds between two writes, as GitHub asks for
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
class Response:
    """A complete response; `next` is the address of a list's next page, "" on the last."""

    status: int
    next: str = ""
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """Parse the content; return None where it is not JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class HttpClient:
    """A client with a token that repeats requests and waits for rate limits.

    Args:
        token: What GitHub is sent to authenticate.
        sleep: Waits for so many seconds.
        now: Returns the seconds since 1970.

    Raises:
        GitHubError: there is no token, or it has characters that a header cannot hold.

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
                "Authorization": f"Bearer {_checked_token(token)}",
                "User-Agent": f"docbot/{__version__}",
                "X-GitHub-Api-Version": API_VERSION,
            },
            timeout=TIMEOUT,
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, url: str, body: object = None, *, writes: bool) -> Response:
        """Send a request and return the response of one that was accepted.

        Args:
            method: The HTTP method.
            url: A full address, on a server that may have the token.
            body: What to send as JSON; None sends no body.
            writes: Whether the request changes anything at GitHub.

        Raises:
            ForbiddenError: 401, 403 or 404.
            RefusedError: 422.
            LimitedError: a rate limit that would take longer than `MAX_WAIT`.
            UnsureError: a request that writes may or may not have been done.
            GitHubError: no connection, a server error, or a response that makes no sense.

        """
        what = f"{urlsplit(url).netloc}: {method} {urlsplit(url).path}"
        for attempt in itertools.count():
            if writes:
                self._pace()
            response, problem = self._try_once(method, url, body)
            if response is None or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                never_sent = response is None and problem.startswith("cannot be reached")
                if writes and not never_sent:
                    raise UnsureError(f"{what} {problem}; whether it was done is unsure")
                if attempt >= MAX_REPEATS:
                    raise GitHubError(f"{what} {problem}")
                self._wait(response, 2.0**attempt, f"{what} {problem}")
            elif self._is_limit(response):
                if attempt >= MAX_REPEATS:
                    raise LimitedError(f"{what} had too many requests, {attempt + 1} times on end")
                self._wait(response, 60.0 * 2**attempt, f"{what} had too many requests")
            else:
                self._raise_if_refused(what, response)
                return response
        raise AssertionError  # pragma: no cover - count() has no end

    def error_text(self, document: object) -> str:
        """Return the server's own error messages as one line; "" where it sent none."""
        if not isinstance(document, dict):
            return ""
        errors = document.get("errors")
        errors = errors if isinstance(errors, list) else []
        messages = [document.get("message")]
        messages += [e.get("message") if isinstance(e, dict) else e for e in errors]
        return self._clean("; ".join(text for text in messages if isinstance(text, str)))

    def _try_once(self, method: str, url: str, body: object) -> tuple[Response | None, str]:
        """Send once; return the response or None, and the problem as the end of a sentence."""
        import httpx

        try:
            response = self._exchange(method, url, body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            return None, (
                f"cannot be reached ({self._reason(error)}); check the network, GITHUB_API_URL, "
                "HTTPS_PROXY"
            )
        except (httpx.TransportError, httpx.DecodingError) as error:
            return None, f"had no answer ({self._reason(error)})"
        return response, f"was answered with {response.status}; try again later"

    def _exchange(self, method: str, url: str, body: object) -> Response:
        text = None if body is None else json.dumps(body, ensure_ascii=False)
        payload = text and text.encode("utf-8", "replace")  # a file name may not be UTF-8
        headers = {"Content-Type": "application/json"} if text else {}
        with self._http.stream(method, url, content=payload, headers=headers) as response:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise GitHubError(f"{method} {url} was answered with over {MAX_BYTES} bytes")
            return Response(
                status=response.status_code,
                next=response.links.get("next", {}).get("url", ""),
                headers=response.headers,
                content=bytes(content),
            )

    def _pace(self) -> None:
        """Wait until `WRITE_PAUSE` seconds have passed since the last write."""
        if self._wrote is not None and (rest := self._wrote + WRITE_PAUSE - self._now()) > 0:
            self._sleep(min(rest, WRITE_PAUSE))
        self._wrote = self._now()

    def _wait(self, response: Response | None, default: float, what: str) -> None:
        """Sleep for as long as the response asks for, or for the default number of seconds."""
        seconds = (response and requested_wait(response.headers, self._now())) or default
        if self._waited + seconds > MAX_WAIT:
            raise LimitedError(f"{what}, and asks for {seconds:.0f} seconds of patience")
        self._waited += seconds
        self._sleep(seconds)

    def _is_limit(self, response: Response) -> bool:
        """Check whether the request was refused only because there were too many."""
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            return True
        if response.status == HTTPStatus.OK:  # as GraphQL responds
            return any(e.get("type") == "RATE_LIMITED" for e in graphql_errors(response.json()))
        message = self.error_text(response.json()).lower()
        if response.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return "submitted too quickly" in message
        is_exhausted = response.headers.get("x-ratelimit-remaining") == "0"
        says_limit = (
            "retry-after" in response.headers or "rate limit" in message or "abuse" in message
        )
        return response.status == HTTPStatus.FORBIDDEN and (is_exhausted or says_limit)

    def _raise_if_refused(self, what: str, response: Response) -> None:
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if response.status < HTTPStatus.BAD_REQUEST:
            raise GitHubError(
                f"{what} was redirected, which docbot does not follow; if the repository was "
                "renamed, use its new name"
            )
        message = self.error_text(response.json())
        kind = REFUSALS.get(response.status, GitHubError)
        raise kind(f"{what} was refused with {response.status}{f' ({message})' if message else ''}")

    def _reason(self, error: Exception) -> str:
        return self._clean(str(error)) or type(error).__name__

    def _clean(self, text: str) -> str:
        """Return the text as one line of at most 300 characters, without the token."""
        secret = self._http.headers["Authorization"].partition(" ")[2]
        return safe_line(text.replace(secret, "***"))[:300]


def checked_address(url: str, name: str) -> str:
    """Return an address that the token may be sent to: https://, or on this machine.

    Args:
        url: The address.
        name: The environment variable that holds it, for the error message.

    Raises:
        GitHubError: the token may not be sent there.

    """
    parts = ADDRESS.fullmatch(url)
    if parts is None or not 0 < int(parts["port"] or 443) < 1 << 16:
        raise GitHubError(f"{name} is no https:// address that a token may be sent to")
    if parts["scheme"] == "http" and parts["host"] not in LOCAL:
        raise GitHubError(
            f"{name} is http://, where a token could be read on its way; use https://"
        )
    return url.rstrip("/")


def _checked_token(token: str) -> str:
    """Return the token without blanks around it; refuse one that a header cannot hold.

    httpx would quote such a token in its error.
    """
    token = token.strip()
    if not token:
        raise GitHubError("there is no token: set GITHUB_TOKEN")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise GitHubError("GITHUB_TOKEN holds characters that no token has")
    return token


def graphql_errors(document: object) -> list[dict[str, Any]]:
    """Return the errors of a GraphQL response, which has status 200 all the same."""
    errors = document.get("errors") if isinstance(document, dict) else None
    if not errors:
        return []
    return [e if isinstance(e, dict) else {} for e in errors] if isinstance(errors, list) else [{}]


def requested_wait(headers: Mapping[str, str], now: float) -> float:
    """Return how many seconds the server asks to wait, at least 1; 0 where it does not say.

    Args:
        headers: The response's headers: `Retry-After`, or GitHub's rate limit.
        now: Seconds since 1970.

    """
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
