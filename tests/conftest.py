"""Fixtures that several test files share; git is real, in a temporary folder."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from loopback import Hub, serve

from docbot import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fake_github.client import Clock
    from fake_github.fake import File, GitHub
    from fake_github.page import Review
    from fake_github.state import Pull
    from synthetic_base import Small

    from docbot.review.post.github import GitHub as Client


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_counts() -> None:
    """A run in the background of a shell ignores Ctrl-C, and would have every process ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Git as on a fresh machine: nobody's configuration, no hook's environment; no cache yet."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("DOCBOT_CACHE_DIR", str(tmp_path_factory.mktemp("cache") / "docbot"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")


@dataclass(frozen=True)
class Repo:
    """A git repository under test."""

    root: Path

    def git(self, *arguments: str, check: bool = True) -> str:
        """Run git here; its standard output."""
        command = ["git", "-C", str(self.root), *arguments]
        done = subprocess.run(command, check=False, capture_output=True)
        assert not (check and done.returncode), done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape")

    def write(self, name: str, content: str | bytes = "def f(): ...\n") -> Path:
        """Write a file, byte for byte, with the folders above it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def stage(self, name: str, content: str | bytes = "def f(): ...\n") -> Path:
        """Write a file and stage it."""
        path = self.write(name, content)
        self.git("--literal-pathspecs", "add", "--", name)
        return path

    def commit(self, name: str, content: str | bytes = "def f(): ...\n") -> Path:
        """Write a file and commit whatever is staged with it."""
        path = self.stage(name, content)
        self.git("commit", "--quiet", "--message", f"Add {name}")
        return path


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository on branch `main`, without a commit."""
    root = tmp_path / "repo"
    root.mkdir()
    new = Repo(root.resolve())
    new.git("init", "--quiet", "--initial-branch=main")
    return new


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def docbot(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """The command line in this process, on the real embedded model where a command needs one."""

    def run(*arguments: object) -> Ran:
        capfdbinary.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        output = capfdbinary.readouterr()
        return Ran(code, output.out.decode("utf-8", "surrogateescape"), output.err.decode())

    return run


PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}

CLIENTS = ("HF_", "HUGGINGFACE_", "TRANSFORMERS_")
"""Beginnings of the variables that the hub's client reads."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub on loopback and empty caches, for this process and its children."""
    for name in list(os.environ):
        proxy = name.lower().endswith("_proxy") and not name.startswith("DOCBOT_")
        if name.startswith(CLIENTS) or proxy:
            monkeypatch.delenv(name)
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None and constants.HF_HUB_OFFLINE:  # as the training line imports it
        for name in [n for n in sys.modules if n.partition(".")[0] == "huggingface_hub"]:
            del sys.modules[name]
    new = Hub()
    server = serve(new)
    monkeypatch.setenv("HF_ENDPOINT", new.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield new
    server.shutdown()
    server.server_close()


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A GitHub on loopback, and no other in the environment.

    Whatever breaks its contract fails the test, in words.
    """
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "GH_")) or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    from fake_github import fake  # what it needs is no other fixture's

    with fake.running(fake.GitHub()) as new:
        yield new


@pytest.fixture
def plain_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No proxy, and one certificate to load instead of all: that is most of a client's start."""
    import certifi

    for name in list(os.environ):
        if name.lower() in PROXIES:
            monkeypatch.delenv(name)
    one = tmp_path_factory.getbasetemp() / "one.pem"
    if not one.exists():
        first, end, _ = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
        one.write_text(f"{first}{end}\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(one))


@pytest.fixture
def clock() -> Clock:
    """The client's time, which passes only while it waits."""
    from fake_github.client import Clock

    return Clock()


@pytest.fixture
def pull(github: GitHub) -> Pull:
    """A pull request with a function and a binary file; files of tests have others of their own."""
    from fake_github.client import LINES, patch
    from fake_github.fake import File

    return github.pull(File("a.py", patch(LINES)), File("b.bin"))


@pytest.fixture
def client(github: GitHub, clock: Clock, pull: Pull) -> Iterator[Client]:  # noqa: ARG001 - asked for
    """A client of the loopback GitHub, on which there is something to ask for."""
    from fake_github.client import connect

    with connect(github, clock) as new:
        yield new


@pytest.fixture
def page(github: GitHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Review]:
    """Open a pull request of these files; a step's summary is wanted."""
    from fake_github.client import Clock
    from fake_github.page import Review

    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))

    def opened(*files: File, **fields: object) -> Review:
        return Review(github, github.pull(*files, **fields), Clock())

    return opened


@pytest.fixture
def step_summary(tmp_path: Path) -> Callable[[], str]:
    """What the step's summary says so far."""
    return (tmp_path / "summary.md").read_text


@pytest.fixture
def on_a_runner(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """GitHub's runner, as its variable says; `github` takes away what was said before."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")


@pytest.fixture(scope="session")
def real_base() -> Path:
    """The real base of docbot-small; without it the test is skipped, and says why."""
    from real_base import find_base

    return find_base()


@pytest.fixture
def small(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Small:
    """docbot-small in miniature: a base that the loopback hub serves, an adapter in the package."""
    from synthetic_base import Small

    return Small.installed(hub, monkeypatch, tmp_path / "package")


@pytest.fixture
def sound_gguf() -> bytes:
    """The least that passes for a GGUF file: an architecture, a context, one tensor, some data."""

    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    keys = text(b"general.architecture") + struct.pack("<I", 8) + text(b"qwen2")
    keys += text(b"qwen2.context_length") + struct.pack("<II", 4, 512)
    tensor = text(b"w") + struct.pack("<IQIQ", 1, 8192, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 2) + keys + tensor
    return head + bytes(-len(head) % 32) + bytes(range(256)) * 128
