"""Any OpenAI-compatible chat endpoint, asked many questions at once and patiently."""

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
PATIENCE = 60.0  # the longest pause between two tries, in seconds
OK = 200
THIS_ONE = frozenset({400, 413, 422})
"""What HTTP says of a question that cannot be answered, and of many if none can."""
STUBBORN = 10
"""So many refusals in a row are no longer about single questions."""
BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP's ways to say: not now."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A teacher's raw text; `ended` is False for one that was cut off.

    `refused` is an endpoint's reason not to answer this one question, such as its length.
    """

    text: str
    confidence: float | None
    ended: bool = True
    refused: str = ""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible chat endpoint.

    Attributes:
        url: Its base, with or without `/v1` and `/chat/completions`.
        name: The model, by the endpoint's name for it.
        key: The secret sent as a bearer token; "" for none.
        max_tokens: The longest answer.
        jobs: Requests under way at once.
        pause: Seconds before the second try; each further one waits twice as long.

    """

    url: str
    name: str
    key: str = field(default="", repr=False)
    max_tokens: int = 96
    jobs: int = 8
    pause: float = 1.0
    _silent: threading.Event = field(default_factory=threading.Event, init=False, repr=False)

    def replies(self, asked: Iterable[tuple[T, str]]) -> Iterator[tuple[T, Reply]]:
        """Each item with the reply to its question, as they come, `jobs` requests at a time.

        Raises:
            ModelError: nothing answers there, the key is refused, or the answer is no completion.

        """
        import httpx

        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        waiting = iter(asked)
        stop = threading.Event()
        running: dict[Future[Reply], T] = {}
        refusals = 0
        with (
            httpx.Client(headers=headers, timeout=httpx.Timeout(120.0, connect=10.0)) as client,
            ThreadPoolExecutor(self.jobs) as pool,
        ):
            room = 1  # the first question goes alone: a wrong address or key shows once
            try:
                while True:
                    for item, text in itertools.islice(waiting, room - len(running)):
                        running[pool.submit(self._ask, client, text, stop)] = item
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        reply = future.result()
                        refusals = refusals + 1 if reply.refused else 0
                        if refusals >= STUBBORN:
                            raise ModelError(
                                f"{self.url}: refuses one question after another: {reply.refused}"
                            )
                        yield running.pop(future), reply
                    room = self.jobs
            finally:
                stop.set()
                for future in running:
                    future.cancel()

    @property
    def address(self) -> str:
        """Where requests go."""
        base = self.url.rstrip("/").removesuffix("/chat/completions")
        return base + ("" if re.search(r"/v\d+$", base) else "/v1") + "/chat/completions"

    def _ask(self, client: Any, text: str, stop: threading.Event) -> Reply:
        """One question, again and again while the endpoint is busy."""
        for attempt in range(TRIES):
            last = attempt == TRIES - 1 or stop.is_set()
            answer = self._post(client, text, last=last)
            if answer is None:
                stop.wait(self._pause(attempt, ""))
            elif answer.status_code in BUSY and not last:
                stop.wait(self._pause(attempt, answer.headers.get("retry-after", "")))
            elif self._refuses_logprobs(answer) and not last:
                self._silent.set()
            else:
                return self._read(answer)
        raise AssertionError("the last try returns or raises")

    def _post(self, client: Any, text: str, *, last: bool) -> Any:
        """The endpoint's answer; None where the connection broke and another try is left."""
        import httpx

        body = {
            "model": self.name,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": self.max_tokens,
            "temperature": 0,
            **({} if self._silent.is_set() else {"logprobs": True, "top_logprobs": 1}),
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
        """Whether the endpoint minds being asked for log-probabilities."""
        minds = 400 <= answer.status_code < 500 and "logprob" in answer.text  # noqa: PLR2004 - the request's fault
        return minds and not self._silent.is_set()

    def _pause(self, attempt: int, asked_for: str) -> float:
        """Seconds to wait before the next try; what the server asks for comes first."""
        seconds = float(asked_for) if re.fullmatch(r"\d+(\.\d+)?", asked_for) else 0.0
        return min(PATIENCE, max(seconds, self.pause * 2**attempt))

    def _read(self, answer: Any) -> Reply:
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
                f"{self._shown(answer.text)}; is it an OpenAI-compatible endpoint?"
            ) from error
        if status in THIS_ONE:
            return Reply(text="", confidence=None, refused=self._shown(json.dumps(body)))
        if status != OK:
            raise ModelError(f"{self.url}: answered {status}: {self._shown(json.dumps(body))}")
        try:
            choice = body["choices"][0]
            text = choice["message"]["content"]
            ended = choice.get("finish_reason") != "length"
        except (LookupError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{self.url}: answered JSON that is no chat completion: "
                f"{self._shown(json.dumps(body))}"
            ) from error
        return Reply(
            text=text if isinstance(text, str) else "",
            confidence=_confidence(choice.get("logprobs")),
            ended=ended,
        )

    def _shown(self, text: str) -> str:
        """The start of a server's words, on one line, the key never in it."""
        text = text.replace(self.key, "***") if self.key else text
        return ascii(" ".join(text.split())[:200])


def _confidence(logprobs: Any) -> float | None:
    """The geometric mean of a reply's token probabilities, where the endpoint tells them."""
    try:
        if logprobs.get("content"):
            values = [float(token["logprob"]) for token in logprobs["content"]]
        else:
            values = [float(value) for value in logprobs["token_logprobs"] if value is not None]
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return math.exp(sum(values) / len(values)) if values else None
