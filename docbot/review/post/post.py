"""The half of a review that acts: it has the token, and reads no code.

What it is given are findings, perhaps made on another machine by who knows whom; they are held
against GitHub's own diff before a word of them is posted.

It never fails a job. Where GitHub does not take what should be posted, the step's summary and
notices tell it, and one sentence tells why.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import ForbiddenError, GitHubError
from docbot.review import formats
from docbot.review.markdown import plain
from docbot.review.post import actions
from docbot.review.post.comments import Conversation, MovedError, PullRequestRef, Settings
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
    "find_pull",
    "post",
    "summarise",
    "target",
]

MODES = ("review", "annotations", "summary")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of it: `posted` inline comments, `minimised` ones, the summary comment.

    `summary` is "created", "edited", "unchanged" or "none"; `trouble` is a sentence on what was not
    done and why, "" when there is nothing to say.
    """

    posted: int = 0
    minimised: int = 0
    summary: str = "none"
    trouble: str = ""


def target(event: Event) -> PullRequestRef | None:
    """The pull request that started the workflow; None for an event that has none."""
    return None if event.number is None else PullRequestRef(number=event.number, head=event.head)


def find_pull(client: GitHub, event: Event) -> PullRequestRef | None:
    """The pull request behind a `workflow_run`, by its repository, branch and commit.

    GitHub does not tell its number where it comes from a fork, and one that an artifact tells could
    be anybody's. None where the fork is gone, no open pull request has this head, or several have.

    Raises:
        GitHubError: GitHub does not list the pull requests.

    """
    if not (event.head and event.head_repository and event.head_branch):
        return None
    owner = event.head_repository.partition("/")[0]
    found = [
        pull
        for pull in client.pulls(f"{owner}:{event.head_branch}")
        if pull.open
        and pull.head == event.head
        and pull.head_branch == event.head_branch
        and pull.head_repository == event.head_repository
    ]
    return PullRequestRef(number=found[0].number, head=event.head) if len(found) == 1 else None


def post(findings: Findings, target: PullRequestRef, client: GitHub, settings: Settings) -> Outcome:
    """Make the page say what was found, and write the step's summary where there is one.

    A draft, a closed pull request and one that has a newer head are left alone. Nothing is written
    that stands there already.

    Raises:
        ConfigError: the key is not a word.
        ReviewError: the step's summary cannot be written.

    """
    if settings.mode == "annotations":
        _annotate(findings)
        outcome = Outcome()
    else:
        outcome = _acted(findings, target, client, settings)
    summarise(findings, outcome.trouble)
    return outcome


def summarise(findings: Findings, sentence: str = "") -> bool:
    """Write the step's summary, and a sentence above it; whether there is one."""
    told = f"{plain(sentence)}\n\n" if sentence else ""
    return actions.step_summary(told + formats.markdown(findings))


def _acted(
    findings: Findings, target: PullRequestRef, client: GitHub, settings: Settings
) -> Outcome:
    page = Conversation(client=client, target=target, settings=settings, findings=findings)
    trouble = ""
    try:
        page.check()
        page.read()
        page.write()
    except MovedError as error:
        trouble = str(error)
    except GitHubError as error:
        trouble = _sentence(error, target)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            _annotate(findings)
    return Outcome(
        posted=page.posted,
        minimised=page.minimised,
        summary=page.summary,
        trouble=trouble or page.trouble,
    )


def _annotate(findings: Findings) -> None:
    emit(*formats.notices(findings))


def _sentence(error: GitHubError, target: PullRequestRef) -> str:
    if isinstance(error, ForbiddenError):
        return (
            f"the token may not comment on pull request {target.number}, as is usual on one from a "
            f"fork: {error}"
        )
    return f"not all could be posted to pull request {target.number}: {error}"
