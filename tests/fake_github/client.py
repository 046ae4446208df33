"""docbot's client at the loopback GitHub, with a clock that only waiting moves."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.review.post.github import GitHub
from fake_github import fake as github_fake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


LINES = ("def f():", "    return 1")


@dataclass
class Clock:
    """Seconds since 1970, and what was waited for."""

    time: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.time += seconds


@contextmanager
def connect(
    fake: github_fake.GitHub, clock: Clock, token: str = github_fake.TOKEN
) -> Iterator[GitHub]:
    """A client."""
    fake.now = clock.now
    client = GitHub(
        fake.api, fake.graphql, fake.repository, token, sleep=clock.sleep, now=clock.now
    )
    with closing(client):
        yield client


def patch(lines: Iterable[str], first: int = 1) -> str:
    """The `patch` of a file whose lines are all new, from line `first` on."""
    rows = [f"+{line}" for line in lines]
    return "\n".join((f"@@ -{first - 1},0 +{first},{len(rows)} @@", *rows))


def commands(out: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands that a runner finds in a log, undone as actions/runner's ActionCommand does."""
    commands = []
    for row in re.split(r"\r\n|\r|\n", out):
        if not row.lstrip().startswith("::"):
            assert "##[" not in row
            continue
        name, _, message = row.lstrip()[2:].partition("::")
        name, _, properties = name.partition(" ")
        pairs = (pair.partition("=") for pair in properties.split(",") if pair)
        properties = {key: value.replace("%2C", ",").replace("%3A", ":") for key, _, value in pairs}
        undone = [
            text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
            for text in (message, *properties.values())
        ]
        commands.append((name, dict(zip(properties, undone[1:], strict=True)), undone[0]))
    return commands
