"""The wire of the loopback GitHub: requests, faults, and the server that plays both."""

from __future__ import annotations

import json
import os
import socket
import threading
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from fake_github.answers import Answer, judge, perform, refusal_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_github.fake import GitHub


@dataclass
class Request:
    """One request as it came; `status` is what it was answered with, 0 for a broken connection."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    operation: str = ""
    login: str = ""
    status: int = 0

    @property
    def writes(self) -> bool:
        """Whether it would change anything, allowed or not."""
        if self.operation == "graphql":
            return isinstance(self.body, dict) and "mutation" in str(self.body.get("query"))
        return self.method not in ("GET", "HEAD")

    @property
    def repository(self) -> str:
        return "/".join(self.path.split("/")[2:4])

    @property
    def last(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(kw_only=True)
class Fault:
    """How the requests of a method and a path go wrong; `*` in both stands for anything.

    It happens `times` times after `skip` sound ones; -1 times is for good. It answers with
    `status`, `body` (a string is sent as it is) and `headers`; with `drop` it breaks the
    connection. `stores`: the request is done first, and only its answer is lost.
    """

    method: str
    pattern: str
    status: int = 502
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    skip: int = 0
    stores: bool = False
    drop: bool = False
    delay: float = 0.0

    def document(self) -> Any:
        if self.body is not None:
            return self.body
        return refusal_answer(self.status, "Server Error").document

    @property
    def opaque(self) -> bool:
        """Whether a proxy cannot hand it on as it is."""
        is_irregular = 300 <= self.status < 400 or isinstance(self.body, str)
        return is_irregular or self.drop or bool(self.delay)


def serve(fake: GitHub, *, alone: bool = False) -> ThreadingHTTPServer:
    """Start to answer on a free port.

    With DOCBOT_CONTRACT_PROXY clients go through that proxy, which was told to find this server
    on DOCBOT_CONTRACT_PORT. A second server beside the first is `alone`.
    """
    fake.proxy = "" if alone else os.environ.get("DOCBOT_CONTRACT_PROXY", "")
    fake.numbered = not fake.proxy
    port = int(os.environ["DOCBOT_CONTRACT_PORT"]) if fake.proxy else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"fake": fake}))
    server.daemon_threads = True
    fake.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@contextmanager
def running(fake: GitHub, *, alone: bool = False) -> Iterator[GitHub]:
    """Serve it; whatever broke the contract is an AssertionError at the end, in words."""
    server = serve(fake, alone=alone)
    try:
        yield fake
    finally:
        fake.closing.set()
        server.shutdown()
        server.server_close()
    assert not fake.violations, "\n".join(fake.violations)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece
    fake: GitHub

    def log_message(self, *_):
        pass

    def handle_any(self):
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=_decoded(content),
        )
        with self.fake.lock:
            self.fake.requests.append(request)
            answer, fault = self.judged(request)
        if fault is not None:
            self.play(request, fault)
        else:
            self.send(request, answer.status, answer.document, answer.headers)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

    def judged(self, request):
        """The answer, and the fault that comes in its place if there is one."""
        try:
            verdict = judge(self.fake, request)
            fault = None if verdict else self.fake.stumble(request)
            if verdict or (fault and not fault.stores):
                return verdict, fault
            return perform(self.fake, request), fault
        except Exception as error:  # noqa: BLE001 - the test fails with it, not the socket
            traceback.print_exc()
            self.fake.note_violations(request, [f"the fake fell over: {error!r}"])
            return Answer(500, {"message": repr(error)}), None

    def play(self, request, fault):
        if fault.delay:
            self.fake.closing.wait(fault.delay)
        if fault.drop:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.send(request, fault.status, fault.document(), fault.headers)

    def send(self, request, status, document, headers):
        request.status = status
        body = document if isinstance(document, str) else json.dumps(document)
        reset = int(self.fake.now()) + 3600
        count = len(self.fake.requests)
        fields = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body.encode())),
            "x-ratelimit-limit": "1000",
            "x-ratelimit-remaining": str(1000 - count),
            "x-ratelimit-used": str(count),
            "x-ratelimit-reset": str(reset),
            "Connection": "close" if self.fake.proxy else "keep-alive",
            "x-ratelimit-resource": "graphql" if request.operation == "graphql" else "core",
        }
        with suppress(OSError):  # the client may have given up
            self.send_response(status)
            for name, value in (fields | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())


def _decoded(content: bytes) -> Any:
    """JSON, or the bytes that are none; None without a body."""
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content
