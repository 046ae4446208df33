"""What a pull request's page should say: findings and what stands there in, wanted comments out.

Nothing here asks or tells anybody. `plan` is a pure function, so the same inputs make the same
bytes, and a second run finds that there is nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass

LIMIT = 25
"""Inline comments of one review; GitHub answers a review of many more with an error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """A comment of ours as it stands on the page.

    `fingerprint` is what its marker says, "" for the summary. `answered`: somebody else replied.
    """

    id: int
    node_id: str
    fingerprint: str
    body: str
    answered: bool = False
    minimised: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """Everything of ours on a pull request: our login's, with our marker and our key."""

    inline: tuple[Posted, ...] = ()
    summary: Posted | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Inline:
    """One comment of a review, on the right side; `start_line` is None for one line."""

    path: str
    line: int
    start_line: int | None
    body: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to do, in this order: post a review of `inline`, write the summary, minimise `fixed`.

    `review` is the review's own body, "" where there is none to post. `summary` is the body that
    the summary comment should have; None: there is none, and none is wanted.
    """

    inline: tuple[Inline, ...] = ()
    review: str = ""
    summary: str | None = None
    fixed: tuple[Posted, ...] = ()
