"""docbot's client at the loopback GitHub, with a clock that only waiting moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import github_fake

from docbot.github import GitHub

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def connect(fake: github_fake.GitHub, clock: Clock, token: str = github_fake.TOKEN) -> GitHub:
    """A client; who connects closes it."""
    fake.now = clock.now
    return GitHub(fake.api, fake.graphql, fake.repository, token, sleep=clock.sleep, now=clock.now)


def patch(lines: Iterable[str], first: int = 1) -> str:
    """The `patch` of a file whose lines are all new, from line `first` on."""
    rows = [f"+{line}" for line in lines]
    return "\n".join((f"@@ -{first - 1},0 +{first},{len(rows)} @@", *rows))
