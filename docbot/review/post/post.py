"""Post findings to a pull request and to the step's summary, without reading any code.

The findings may come from another machine and from anybody: they are compared with GitHub's own
diff before anything of them is posted.

A refusal by GitHub never fails a job. What cannot be posted is shown in the step's summary and as
notices, with one sentence that says why.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import ForbiddenError, GitHubError
from docbot.review import formats
from docbot.review.markdown import neutralise
from docbot.review.post import actions
from docbot.review.post.comments import Conversation, NotPostableError, PullRequestRef, Settings
from docbot.review.workflow_commands import emit

if TYPE_CHECKING:
    from docbot.review.findings import Findings
    from docbot.review.post.actions import Event
    from docbot.review.post.github import GitHub

__all__ = [
    "MODES",
    "Outcome",
    "PullRequestRef",
    "Settings",
    "find_pull_request",
    "post",
    "pull_request_of",
    "write_step_summary",
]

MODES = ("review", "annotations", "summary")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was done to a pull request's comments.

    Attributes:
        posted: How many inline comments were posted.
        minimised: How many inline comments were minimised.
        summary: What was done to the summary comment: "created", "edited", "unchanged" or "none".
        problem: A sentence on what was not done and why; "" when all was done.

    """

    posted: int = 0
    minimised: int = 0
    summary: str = "none"
    problem: str = ""


def pull_request_of(event: Event) -> PullRequestRef | None:
    """Return the pull request that started the workflow; None for an event that has none."""
    return None if event.number is None else PullRequestRef(number=event.number, head=event.head)


def find_pull_request(client: GitHub, event: Event) -> PullRequestRef | None:
    """Find the pull request behind a `workflow_run`, by its repository, branch and commit.

    GitHub does not give its number where it comes from a fork, and a number in an artifact could be
    anybody's.

    Returns:
        None where the fork is gone, or not exactly one open pull request has this head.

    Raises:
        GitHubError: GitHub does not list the pull requests.

    """
    if not (event.head and event.head_repository and event.head_branch):
        return None
    owner = event.head_repository.partition("/")[0]
    matches = [
        pull
        for pull in client.pulls(f"{owner}:{event.head_branch}")
        if pull.open
        and pull.head == event.head
        and pull.head_branch == event.head_branch
        and pull.head_repository == event.head_repository
    ]
    if len(matches) != 1:
        return None
    return PullRequestRef(number=matches[0].number, head=event.head)


def post(findings: Findings, target: PullRequestRef, client: GitHub, settings: Settings) -> Outcome:
    """Bring the pull request's comments up to date, and write the step's summary.

    A draft, a closed pull request and one with a newer head are left alone. Nothing that is there
    already is posted again.

    Raises:
        ConfigError: the settings' key is not a word that a marker can hold.
        ReviewError: the step's summary cannot be written.

    """
    if settings.mode == "annotations":
        _annotate(findings)
        outcome = Outcome()
    else:
        outcome = _update_comments(findings, target, client, settings)
    write_step_summary(findings, outcome.problem)
    return outcome


def write_step_summary(findings: Findings, sentence: str = "") -> bool:
    """Write the findings to the step's summary, below a sentence if there is one.

    Returns:
        Whether the step has a summary, as on GitHub's runners.

    """
    heading = f"{neutralise(sentence)}\n\n" if sentence else ""
    page = formats.to_markdown(findings, most=formats.MAX_PAGE)
    return actions.append_step_summary(heading + page)


def _update_comments(
    findings: Findings, target: PullRequestRef, client: GitHub, settings: Settings
) -> Outcome:
    conversation = Conversation(client=client, target=target, settings=settings, findings=findings)
    problem = ""
    try:
        conversation.check()
        conversation.read()
        conversation.write()
    except NotPostableError as error:
        problem = str(error)
    except GitHubError as error:
        problem = _problem_sentence(error, target)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            _annotate(findings)
    return Outcome(
        posted=conversation.posted,
        minimised=conversation.minimised,
        summary=conversation.summary,
        problem=problem or conversation.problem,
    )


def _annotate(findings: Findings) -> None:
    emit(*formats.to_notices(findings))


def _problem_sentence(error: GitHubError, target: PullRequestRef) -> str:
    if isinstance(error, ForbiddenError):
        return (
            f"the token may not comment on pull request {target.number}, as is usual on one from a "
            f"fork: {error}"
        )
    return f"not all could be posted to pull request {target.number}: {error}"
