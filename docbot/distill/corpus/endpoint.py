"""Ask an OpenAI-compatible chat endpoint many questions at once.

Requests that fail because the endpoint is busy or a connection breaks are repeated, with growing
pauses.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from docbot.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TRIES = 6
MAX_PAUSE = 60.0  # the longest pause between two tries, in seconds
OK = 200
QUESTION_ERRORS = frozenset({400, 413, 422})
"""HTTP statuses that refuse one question, or every question where the request itself is wrong."""
MAX_REFUSALS = 10
"""This many refusals in a row are not about single questions any more: give up."""
BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP statuses after which the same request may succeed later."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A teacher's raw reply to one question.

    Attributes:
        text: The text as generated.
        confidence: The geometric mean of its token probabilities; None where they are unknown.
        ended: False for a text that was cut off at the token limit.
        refusal: The endpoint's reason not to answer this question, such as its length; else "".

    """

    text: str
    confidence: float | None
    ended: bool = True
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible chat endpoint.

    Attributes:
        url: The base URL, with or without `/v1` and `/chat/completions`.
        name: The endpoint's name of the model.
        key: The secret sent as a bearer token; "" sends none.
        max_tokens: The longest answer, in tokens.
        jobs: How many requests run at once.
        pause: Seconds before the second try; the pause doubles before each further try.

    """

    url: str
    name: str
    key: str = field(default="", repr=False)
    max_tokens: int = 96
    jobs: int = 8
    pause: float = 1.0
    _without_logprobs: threading.Event = field(
        default_factory=threading.Event, init=False, repr=False
    )

    def replies(self, questions: Iterable[tuple[T, str]]) -> Iterator[tuple[T, Reply]]:
        """Ask questions, `jobs` at a time, and yield replies as they arrive.

        Args:
            questions: Any items, each with its question's text; pulled lazily.

        Yields:
            Each item with its reply.

        Raises:
            ModelError: nothing answers there, the key is refused, or the answer is no completion.

        """
        import httpx

        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        waiting = iter(questions)
        stop = threading.Event()
        running: dict[Future[Reply], T] = {}
        refusals = 0
        with (
            httpx.Client(headers=headers, timeout=httpx.Timeout(120.0, connect=10.0)) as client,
            ThreadPoolExecutor(self.jobs) as pool,
        ):
            room = 1  # the first question goes alone: a wrong address or key is reported once
            try:
                while True:
                    for item, text in itertools.islice(waiting, room - len(running)):
                        running[pool.submit(self._ask, client, text, stop)] = item
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        reply = future.result()
                        refusals = refusals + 1 if reply.refusal else 0
                        if refusals >= MAX_REFUSALS:
                            raise ModelError(
                                f"{self.url}: refuses one question after another: {reply.refusal}"
                            )
                        yield running.pop(future), reply
                    room = self.jobs
            finally:
                stop.set()
                for future in running:
                    future.cancel()

    @property
    def address(self) -> str:
        """Return the URL that requests go to."""
        base = self.url.rstrip("/").removesuffix("/chat/completions")
        return base + ("" if re.search(r"/v\d+$", base) else "/v1") + "/chat/completions"

    def _ask(self, client: Any, text: str, stop: threading.Event) -> Reply:
        """Ask one question, at most TRIES times while the endpoint is busy."""
        for attempt in range(TRIES):
            last = attempt == TRIES - 1 or stop.is_set()
            answer = self._post(client, text, last=last)
            if answer is None:
                stop.wait(self._pause(attempt, ""))
            elif answer.status_code in BUSY and not last:
                stop.wait(self._pause(attempt, answer.headers.get("retry-after", "")))
            elif self._refuses_logprobs(answer) and not last:
                self._without_logprobs.set()
            else:
                return self._parse(answer)
        raise AssertionError("the last try returns or raises")

    def _post(self, client: Any, text: str, *, last: bool) -> Any:
        """Post a question; return None where the connection broke and another try is left."""
        import httpx

        body = {
            "model": self.name,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": self.max_tokens,
            "temperature": 0,
            **({} if self._without_logprobs.is_set() else {"logprobs": True, "top_logprobs": 1}),
        }
        try:
            return client.post(self.address, json=body)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ModelError(f"{self.url}: is no address of an endpoint ({error})") from error
        except httpx.ConnectError as error:
            raise ModelError(
                f"{self.url}: nothing answers there ({error}); is the server running?"
            ) from error
        except httpx.TransportError as error:
            if not last:
                return None
            raise ModelError(
                f"{self.url}: the connection broke {TRIES} times ({error!r}); the same command "
                "goes on where it stopped"
            ) from error

    def _refuses_logprobs(self, answer: Any) -> bool:
        """Check whether the endpoint refuses requests for log-probabilities, and was sent one."""
        refuses = 400 <= answer.status_code < 500 and "logprob" in answer.text  # noqa: PLR2004 - the request's fault
        return refuses and not self._without_logprobs.is_set()

    def _pause(self, attempt: int, retry_after: str) -> float:
        """Return the seconds before the next try: at least Retry-After, at most MAX_PAUSE."""
        seconds = float(retry_after) if re.fullmatch(r"\d+(\.\d+)?", retry_after) else 0.0
        return min(MAX_PAUSE, max(seconds, self.pause * 2.0**attempt))

    def _parse(self, answer: Any) -> Reply:
        status = answer.status_code
        if status in (401, 403):
            raise ModelError(
                f"{self.url}: refuses the key ({status}); name the variable that holds the right "
                "one with --key-env"
            )
        try:
            body = answer.json()
        except ValueError as error:
            raise ModelError(
                f"{self.url}: answered {status} with something that is not JSON: "
                f"{self._excerpt(answer.text)}; is it an OpenAI-compatible endpoint?"
            ) from error
        if status in QUESTION_ERRORS:
            return Reply(text="", confidence=None, refusal=self._excerpt(json.dumps(body)))
        if status != OK:
            raise ModelError(f"{self.url}: answered {status}: {self._excerpt(json.dumps(body))}")
        try:
            choice = body["choices"][0]
            text = choice["message"]["content"]
            ended = choice.get("finish_reason") != "length"
        except (LookupError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{self.url}: answered JSON that is no chat completion: "
                f"{self._excerpt(json.dumps(body))}"
            ) from error
        return Reply(
            text=text if isinstance(text, str) else "",
            confidence=_confidence(choice.get("logprobs")),
            ended=ended,
        )

    def _excerpt(self, text: str) -> str:
        """Shorten a server's text for an error message: one line, without the key."""
        text = text.replace(self.key, "***") if self.key else text
        return ascii(" ".join(text.split())[:200])


def _confidence(logprobs: Any) -> float | None:
    """Return the geometric mean of a reply's token probabilities, where the endpoint gives them."""
    try:
        if logprobs.get("content"):
            values = [float(token["logprob"]) for token in logprobs["content"]]
        else:
            values = [float(value) for value in logprobs["token_logprobs"] if value is not None]
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return math.exp(sum(values) / len(values)) if values else None
