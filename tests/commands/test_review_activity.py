"""What `docbot review` does with its findings, for each event and flag."""

from __future__ import annotations

import itertools

import pytest

from docbot.commands.review_activity import Activity, decide
from docbot.errors import ReviewError
from docbot.review.post.actions import Event

NO_EVENT = Event(name="")
PULL = Event(name="pull_request", number=7)
PUSH = Event(name="push")
RUN = Event(name="workflow_run")
OTHER = Event(name="workflow_dispatch")

# event, --post, --pr, --mode, --from
CASES = [
    ((NO_EVENT, False, None, "review", False), Activity.ANALYSE_ONLY),
    ((PULL, False, None, "review", False), Activity.ANALYSE_ONLY),
    ((PULL, False, None, "annotations", True), Activity.ANALYSE_ONLY),
    ((RUN, False, None, "review", False), Activity.ANALYSE_ONLY),
    ((NO_EVENT, False, 7, "review", False), Activity.POST_TO_NUMBER),
    ((NO_EVENT, True, 7, "summary", True), Activity.POST_TO_NUMBER),
    ((PUSH, False, 7, "review", False), Activity.POST_TO_NUMBER),
    ((PULL, True, 8, "review", False), Activity.POST_TO_NUMBER),
    ((RUN, True, 7, "review", True), Activity.POST_TO_NUMBER),
    ((PULL, True, None, "review", False), Activity.POST_REVIEW),
    ((PULL, True, None, "summary", True), Activity.POST_REVIEW),
    ((RUN, True, None, "review", True), Activity.POST_REPORT),
    ((RUN, True, None, "summary", True), Activity.POST_REPORT),
    ((NO_EVENT, False, 7, "annotations", False), Activity.ANNOTATE),
    ((PULL, True, None, "annotations", False), Activity.ANNOTATE),
    ((PUSH, True, None, "annotations", False), Activity.ANNOTATE),
    ((RUN, True, None, "annotations", True), Activity.ANNOTATE),
    ((PUSH, True, None, "review", False), Activity.NOTHING),
    ((OTHER, True, None, "summary", True), Activity.NOTHING),
    ((NO_EVENT, True, None, "review", False), "--post takes the pull request from GITHUB_EVENT"),
    ((NO_EVENT, True, None, "annotations", True), "--post takes the pull request from GITHUB_EVE"),
    ((RUN, True, None, "review", False), "a workflow_run has a token that writes"),
    ((RUN, True, None, "annotations", False), "a workflow_run has a token that writes"),
    ((RUN, False, 7, "review", False), "a workflow_run has a token that writes"),
]


def decided(event, post, pr, mode, has_report):
    return decide(event, post=post, pr=pr, mode=mode, has_report=has_report)


@pytest.mark.parametrize(("options", "expected"), CASES)
def test_the_activity(options, expected):
    if isinstance(expected, Activity):
        assert decided(*options) is expected
    else:
        with pytest.raises(ReviewError, match=expected):
            decided(*options)


def test_a_token_is_needed_to_comment_and_for_nothing_else():
    needy = {activity for activity in Activity if activity.needs_token}
    assert needy == {Activity.POST_TO_NUMBER, Activity.POST_REVIEW, Activity.POST_REPORT}


def test_no_token_is_needed_unless_posting_is_asked_for_and_possible():
    events = (NO_EVENT, PULL, PUSH, RUN, OTHER)
    modes = ("review", "summary", "annotations")
    for event, post, pr, mode, report in itertools.product(
        events, (False, True), (None, 7), modes, (False, True)
    ):
        try:
            activity = decided(event, post, pr, mode, report)
        except ReviewError:
            assert post or pr
            continue
        page = pr is not None or event in (PULL, RUN)
        assert activity.needs_token == ((post or pr is not None) and mode != "annotations" and page)
