"""A hub of the tests' own: speaks as much of its protocol as a download needs, on loopback."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from docbot.llm.known_models import Model

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILE = "tiny-q8_0.gguf"


def row(content: bytes, **changes: object) -> Model:
    """A table's row for a file of this hub."""
    plain = Model(
        name="tiny",
        file=FILE,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        context=512,
        format="chatml",
        licence="MIT",
        repository="owner/name",
        revision=COMMIT,
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


@dataclass
class Hub:
    """What it serves, how it misbehaves, and what it was asked.

    Large files are sent from another host name, as the real hub does: `localhost` for 127.0.0.1.
    `refusals` answer HEAD requests before anything else; `stumbles` change one GET each: a status
    and headers, or "break" for a connection that breaks half-way. While there is a `gate` that is
    not set, no more than half a file is sent. `bodies` are sent in place of the files.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    stumbles: list[str | tuple[int, dict[str, str]]] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    commit: str = COMMIT
    large: bool = True
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    gate: threading.Event | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, file: str, content: bytes, repository: str = "owner/name") -> str:
        """Serve a file; its reference."""
        self.files[f"/{repository}/resolve/{self.commit}/{file}"] = content
        return f"hf://{repository}@{self.commit}/{file}"

    def count(self, method: str, start: str = "/") -> int:
        return sum(m == method and path.startswith(start) for m, path, _ in self.requests)


def serve(hub: Hub) -> ThreadingHTTPServer:
    """Start to answer on a free port; `shutdown` and `server_close` end it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_):
        pass

    def note(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.requests.append((self.command, self.path, headers))

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):
        self.note()
        self.answer(403, {})

    def do_HEAD(self):
        self.note()
        path = unquote(self.path)
        if self.hub.refusals:
            self.answer(*self.hub.refusals[0])
        elif path not in self.hub.files:
            self.answer(404, {"X-Error-Code": "RepoNotFound"})
        else:
            self.tell(path, self.hub.files[path])

    def tell(self, path, content):
        size = str(self.hub.sizes.get(path, len(content)))
        fields = {"X-Repo-Commit": self.hub.commit}
        if self.hub.large:
            fields["X-Linked-Etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
            fields["X-Linked-Size"] = size
            fields["ETag"] = '"of-the-redirection"'
            fields["Location"] = f"http://localhost:{self.hub.port}/cdn{self.path}"
            self.answer(302, fields)
        else:
            fields["ETag"] = f'"{hashlib.sha1(content).hexdigest()}"'
            self.answer(200, fields | {"Content-Length": size})

    def do_GET(self):
        self.note()
        path = unquote(self.path).removeprefix("/cdn")
        stumble = self.hub.stumbles.pop(0) if self.hub.stumbles else None
        if path not in self.hub.files:
            self.answer(404, {})
        elif isinstance(stumble, tuple):
            self.answer(*stumble)
        else:
            self.send(self.hub.bodies.get(path, self.hub.files[path]), stumble is not None)

    def send(self, content, breaks):
        """The part that was asked for, in two halves."""
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        part = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(part)))
        if start:
            byte_range = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", byte_range)
        self.end_headers()
        self.wfile.write(part[: len(part) // 2])
        self.wfile.flush()
        if self.hub.gate is not None:
            self.hub.gate.wait(30)
        if breaks:
            self.close_connection = True
        else:
            self.wfile.write(part[len(part) // 2 :])
