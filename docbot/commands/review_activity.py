"""Decide, from the event and the flags alone, what `docbot review` does with its findings.

The decision is a pure function, apart from the code that acts on it, so that every combination can
be tested in a table. The idea is `activities.py` of py-cov-action/python-coverage-comment-action.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from docbot.errors import ReviewError

if TYPE_CHECKING:
    from docbot.review.post.actions import Event


class Activity(Enum):
    """What to do with the findings, once they are printed."""

    ANALYSE_ONLY = auto()
    """Nothing is to be posted."""

    POST_TO_NUMBER = auto()
    """Comment on the pull request that --pr names."""

    POST_REVIEW = auto()
    """Comment on the pull request that started the workflow."""

    POST_REPORT = auto()
    """Comment on the pull request behind a `workflow_run`, which GitHub has to be asked for."""

    ANNOTATE = auto()
    """Print notices for the runner and write the step's summary; no comment, no token."""

    NOTHING = auto()
    """Only write the step's summary, since the event has no pull request to post to."""

    @property
    def needs_token(self) -> bool:
        """Check whether GitHub is asked or told anything."""
        return self in (Activity.POST_TO_NUMBER, Activity.POST_REVIEW, Activity.POST_REPORT)


def decide(event: Event, *, post: bool, pr: int | None, mode: str, has_report: bool) -> Activity:
    """Decide what to do with the findings of a review.

    Args:
        event: What started the workflow; its name is "" outside of one.
        post: Whether --post is given.
        pr: The number that --pr gives.
        mode: The value of --mode: "review", "summary" or "annotations".
        has_report: Whether --from gives a report, so that nothing is analysed here.

    Raises:
        ReviewError: --post is given outside of a workflow and without --pr, or a `workflow_run` is
            to be analysed.

    """
    if not post and pr is None:
        return Activity.ANALYSE_ONLY
    if pr is None and not event.name:
        raise ReviewError(
            "--post takes the pull request from GITHUB_EVENT_PATH, which is not set; name it: --pr"
        )
    if event.name == "workflow_run" and not has_report:
        raise ReviewError(
            "a workflow_run has a token that writes, so it posts what another run found and"
            " analyses nothing: give that run's report by --from FILE"
        )
    if mode == "annotations":
        return Activity.ANNOTATE
    if pr is not None:
        return Activity.POST_TO_NUMBER
    if event.name == "workflow_run":
        return Activity.POST_REPORT
    return Activity.NOTHING if event.number is None else Activity.POST_REVIEW
