"""What a pull request's page looks like after a run, on the loopback GitHub."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from fake_github.client import Clock, commands, connect
from fake_github.fake import BOT, TOKEN, File, Login
from fake_github.page import finding, listing, names, outdated

from docbot.review.findings import Findings
from docbot.review.post import actions
from docbot.review.post.post import (
    Outcome,
    PullRequestRef,
    Settings,
    find_pull_request,
    post,
    pull_request_of,
)
from docbot.review.workflow_commands import safe_line

pytestmark = [pytest.mark.usefixtures("plain_network"), pytest.mark.contract]


# The fourteen.


def test_acceptance_01_first_run_posts_one_review_and_one_summary(page, step_summary):
    file, findings = listing("one", "two")
    review = page(file)
    findings += (finding("far", 90, suggestion=None, reason="unsure"),)
    assert review.run(findings) == Outcome(posted=2, summary="created")
    assert len(review.pull.reviews) == len(review.pull.comments) == 1
    assert review.commented_names == ["one", "two"]
    assert [comment.line for comment in review.pull.inline] == [1, 3]
    assert {comment.author for comment in review.pull.everything} == {BOT}
    assert {comment.commit for comment in review.pull.inline} == {review.pull.head}
    assert "```suggestion\ndef one(x):\n" in review.pull.inline[0].body
    assert "`far`" in review.summary
    assert len(review.github.writes) == 2
    assert review.clock.slept == [1.0]
    assert "far" in step_summary()


def test_acceptance_02_second_run_writes_nothing(page):
    file, findings = listing("one", "two")
    review = page(file)
    review.run(findings)
    before = review.github.page(review.pull)
    review.github.requests.clear()
    assert review.run(findings) == Outcome(summary="unchanged")
    assert review.github.writes == []
    assert review.github.page(review.pull) == before
    assert review.github.requests


def test_acceptance_03_fixed_is_minimised_unless_somebody_replied(page):
    file, findings = listing("one", "two", "three")
    review = page(file)
    review.run(findings)
    one, two, _ = review.pull.inline
    review.github.reply(review.pull, two, "We say this elsewhere.")
    review.push(file)
    assert review.run(findings[2:]) == Outcome(minimised=1, summary="edited")
    assert (one.minimised, two.minimised) == ("outdated", None)
    assert "settled" in review.summary
    review.github.requests.clear()
    assert review.run(findings[2:]) == Outcome(summary="unchanged")
    assert review.github.writes == []


def test_acceptance_04_a_line_outside_the_hunks_goes_to_the_summary(page):
    file, findings = listing("one")
    review = page(file, File("big.py"))
    outside = finding("outside", 50)
    unseen = finding("unseen", 3, "big.py")
    other = finding("other", 2)  # line 2 is shown, and is another
    assert review.run((*findings, outside, unseen, other)) == Outcome(posted=1, summary="created")
    assert review.commented_names == ["one"]
    for name in ("outside", "unseen", "other"):
        assert f"`{name}`" in review.summary
    assert review.summary.count("Return what it got.") == 3


@pytest.mark.parametrize("path", ["0.py", "b.py", "z.py"])
def test_acceptance_05_a_refused_comment_does_not_cost_the_others(page, path):
    (one, findings), (three, more) = listing(*names(4)), listing("g", "h", path="c.py")
    review = page(one, three)
    wrong, bad = listing("bad", path=path)
    outdated(review, wrong)
    assert review.run((*findings, *more, *bad)) == Outcome(posted=6, summary="created")
    assert sorted(review.commented_names) == [*names(4), "g", "h"]
    assert "`bad`" in review.summary
    assert "6 suggestions in place" in review.summary
    counts = [
        int(re.search(r"(\d+) docstring", review_.body)[1]) for review_ in review.pull.reviews
    ]
    assert sum(counts) == 6
    assert len(counts) <= 3
    review.github.requests.clear()
    assert review.run((*findings, *more, *bad)) == Outcome(summary="unchanged")
    assert review.github.writes == []


@pytest.mark.usefixtures("on_a_runner")
def test_acceptance_06_a_fork_s_token_leads_to_summary_and_notices(page, step_summary, capsys):
    file, findings = listing("one", "two")
    review = page(file, head_repository="ada/demo")
    review.github.tokens[TOKEN] = Login(writes=False)
    outcome = review.run(findings)
    assert outcome.posted == outcome.minimised == 0
    assert outcome.summary == "none"
    assert outcome.problem.startswith("the token may not comment on pull request 1, as is usual")
    assert "\n" not in outcome.problem
    assert review.github.page(review.pull) == []
    assert len(review.github.writes) == 1
    notices = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[0] for line in notices] == ["::notice", "::notice"]
    assert "one" in notices[0]
    assert "one" in step_summary()
    assert "the token may not comment" in step_summary()


def test_acceptance_07_limits_are_waited_for_and_given_up(page, step_summary):
    file, findings = listing("one")
    review = page(file)
    review.github.limited("POST", "*/reviews", after=17, status=429)
    review.github.limited("POST", "*/comments", after=23)
    assert review.run(findings) == Outcome(posted=1, summary="created")
    assert review.clock.slept == [17, 1.0, 23]
    file, findings = listing("one", "two")
    review.push(file)
    review.clock.slept.clear()
    review.github.limited("POST", "*/reviews", after=17, times=99)
    outcome = review.run(findings)
    assert "had too many requests" in outcome.problem
    assert review.clock.slept == [17] * 4
    assert review.commented_names == ["one"]
    assert "too many requests" in step_summary()
    review.github.faults.clear()
    assert review.run(findings).posted == 1
    assert review.commented_names == ["one", "two"]


@pytest.mark.parametrize("how", [{"status": 502}, {"drop": True}], ids=["502", "dropped"])
def test_acceptance_08_a_lost_answer_makes_no_duplicate(page, how):
    file, findings = listing("one", "two")
    review = page(file)
    review.github.fault("POST", "*/reviews", stores=True, **how)
    review.github.fault("POST", "*/comments", stores=True, **how)
    assert review.run(findings) == Outcome(posted=2, summary="created")
    assert review.commented_names == ["one", "two"]
    assert len(review.pull.comments) == len(review.pull.reviews) == 1
    review.push(file)
    review.github.fault("PATCH", "*", stores=True, **how)
    review.github.fault("POST", "/graphql", stores=True, skip=2, **how)
    review.run(findings[:1])
    assert review.run(findings[:1]).problem == ""
    assert len(review.pull.comments) == 1
    assert [comment.minimised for comment in review.pull.inline] == [None, "outdated"]


def test_acceptance_09_a_head_that_moved_gets_nothing(page, step_summary):
    file, findings = listing("one")
    review = page(file)
    old = review.pull.head
    review.push(file)
    outcome = review.run(findings, head=old)
    assert re.fullmatch(
        rf"pull request 1 has moved on to {review.pull.head[:10]}, so nothing .*", outcome.problem
    )
    assert outcome == Outcome(problem=outcome.problem)
    assert review.github.writes == []
    assert "one" in step_summary()


def test_acceptance_10_all_pages_of_comments_are_read(page):
    file, findings = listing("one", "two")
    review = page(file)
    at = {"path": "a.py", "line": 1, "body": "nit"}
    review.github.review(review.pull, [at] * 150)
    for number in range(150):
        review.github.comment(review.pull, f"chatter {number}")
    review.run(findings)
    requests = [r for r in review.github.requests if r.path.endswith("/comments") and not r.writes]
    assert sorted((r.path.split("/")[4], r.query.get("page", "1")) for r in requests) == [
        ("issues", "1"), ("issues", "2"), ("pulls", "1"), ("pulls", "2")
    ]  # fmt: skip
    review.github.requests.clear()
    assert review.run(findings) == Outcome(summary="unchanged")  # ours are on the second pages
    assert review.github.writes == []


def test_acceptance_11_sixty_findings_make_twenty_five_comments_and_a_list(page):
    file, findings = listing(*names(60))
    review = page(file)
    assert review.run(findings) == Outcome(posted=25, summary="created")
    assert len(review.pull.reviews) == 1
    assert review.commented_names == names(25)
    for name in names(60)[25:]:
        assert f"`{name}`" in review.summary
    assert len(review.summary) <= 60_000
    review.github.requests.clear()
    assert review.run(findings) == Outcome(summary="unchanged")
    assert review.github.writes == []


def test_acceptance_12_github_enterprise_has_another_base(page, github):
    github.base = "/api/v3"
    file, findings = listing("one")
    review = page(file)
    for number in range(120):
        github.comment(review.pull, f"chatter {number}")
    assert review.run(findings) == Outcome(posted=1, summary="created")
    assert review.run(()) == Outcome(minimised=1, summary="edited")


def test_acceptance_13_events_without_a_page_get_nothing(page, github, step_summary):
    file, findings = listing("one")
    events = [
        ({"state": "closed"}, "is closed"),
        ({"state": "closed", "merged": True}, "is closed"),
        ({"draft": True}, "is a draft"),
    ]
    for changes, sentence in events:
        review = page(file, **changes)
        outcome = review.run(findings)
        assert sentence in outcome.problem
        assert sentence in step_summary()
        assert outcome == Outcome(problem=outcome.problem)
    assert github.writes == []
    for name in ("merge_group", "push", "schedule", "workflow_dispatch"):
        assert pull_request_of(actions.Event(name=name, head="a" * 40)) is None
    homeless = page(file, head_repository=None)
    assert homeless.run(findings) == Outcome(posted=1, summary="created")


def test_acceptance_14_only_the_operations_of_the_allow_list(page, github):
    file, findings = listing(*names(3))
    review = page(file)
    for rest in (findings, findings[:1], ()):
        review.push(file)
        review.run(rest)
    with connect(github, review.clock) as client:
        client.pulls("octo:topic")
    rest = "/repos/{owner}/{repo}"
    assert {request.operation for request in github.requests} == {
        f"GET {rest}/pulls",
        f"GET {rest}/pulls/{{pull_number}}",
        f"GET {rest}/pulls/{{pull_number}}/files",
        f"GET {rest}/pulls/{{pull_number}}/comments",
        f"POST {rest}/pulls/{{pull_number}}/reviews",
        f"GET {rest}/issues/{{issue_number}}/comments",
        f"POST {rest}/issues/{{issue_number}}/comments",
        f"PATCH {rest}/issues/comments/{{comment_id}}",
        "graphql",
    }
    assert {request.method for request in github.requests} == {"GET", "POST", "PATCH"}
    assert github.violations == []


# What else may happen.


def test_a_summary_may_be_all(page):
    file, findings = listing("one", "two")
    review = page(file)
    assert review.run(findings, mode="summary") == Outcome(summary="created")
    assert review.pull.reviews == []
    assert "`one`" in review.summary


def test_annotations_ask_nothing_of_github(page, capsys, step_summary):
    file, findings = listing("one", "two")
    review = page(file)
    assert review.run(findings, mode="annotations") == Outcome()
    assert review.github.requests == []
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert "one" in step_summary()


@pytest.mark.usefixtures("on_a_runner")
def test_a_server_that_stays_in_trouble_loses_nothing(page, step_summary, capsys):
    file, findings = listing("one")
    review = page(file)
    review.github.fault("POST", "*/reviews", status=502, times=2)
    outcome = review.run(findings)
    assert outcome == Outcome(problem=outcome.problem)
    assert outcome.problem.startswith("not all could be posted to pull request 1: ")
    assert review.pull.comments == []  # it would tell of comments that are not there
    assert capsys.readouterr().out.count("::notice") == 1
    assert "one" in step_summary()
    assert review.run(findings) == Outcome(posted=1, summary="created")


def test_findings_of_another_commit_are_not_posted(page, github):
    file, findings = listing("one")
    review = page(file)
    report = Findings(base="b" * 40, head="c" * 40, findings=findings)
    with connect(github, review.clock) as client:
        outcome = post(report, PullRequestRef(number=1, head=review.pull.head), client, Settings())
    assert outcome.problem.startswith("the findings are of cccccccccc and not of ")
    assert github.writes == []


def test_outside_of_a_runner_nothing_is_printed(page, capsys):
    file, findings = listing("one")
    review = page(file)
    review.github.tokens[TOKEN] = Login(writes=False)
    assert review.run(findings).problem
    assert capsys.readouterr().out == ""


# The pull request behind a workflow_run.


def run_event(**changes: Any) -> actions.Event:
    fields = {"head_repository": "ada/demo", "head_branch": "topic", "head": "a" * 40, "fork": True}
    return actions.Event(name="workflow_run", **(fields | changes))


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({}, 1),
        ({"head": "c" * 40}, None),
        ({"head_branch": "other"}, None),
        ({"head_repository": "ada/other"}, None),
        ({"head_repository": "eve/demo"}, None),
        ({"head_repository": None}, None),
        ({"head": "", "head_branch": ""}, None),
    ],
)
def test_a_workflow_run_finds_its_pull_request(github, changes, number):
    github.pull(head_repository="ada/demo", head="a" * 40)
    github.pull(head_repository="bob/demo", head="a" * 40)
    github.pull(head_repository="ada/demo", head="a" * 40, state="closed")
    with connect(github, Clock()) as client:
        aim = find_pull_request(client, run_event(**changes))
    assert aim == (number and PullRequestRef(number=number, head="a" * 40))


def test_of_two_pull_requests_with_one_head_none_is_guessed(github):
    for base in ("main", "release"):
        github.pull(head_repository="ada/demo", head="a" * 40, base_ref=base)
    with connect(github, Clock()) as client:
        assert find_pull_request(client, run_event()) is None


# Security.


@pytest.mark.usefixtures("on_a_runner")
def test_security_names_and_paths_are_no_commands_in_the_log(page, capsys):
    paths = ["aa::error ::%0A##[error]x, y.py", "::add-mask::e/##[x].py", "b\udcff.py"]
    listed = [listing("one", path=path) for path in paths]
    review = page(*(file for file, _ in listed))
    review.github.tokens[TOKEN] = Login(writes=False)
    outcome = review.run(tuple(findings for _, (findings,) in listed))
    notices = commands(capsys.readouterr().out)
    assert {name for name, _, _ in notices} == {"notice"}
    assert {properties["file"] for _, properties, _ in notices} == {*paths[:2], "b?.py"}
    assert safe_line(outcome.problem) == outcome.problem


def test_security_the_token_is_in_no_output(page, capfd, step_summary, caplog):
    caplog.set_level(logging.DEBUG)
    file, findings = listing("one")
    review = page(file)
    message = {"message": f"Bad credentials {TOKEN}"}
    review.github.fault("POST", "*/reviews", status=403, body=message)
    outcome = review.run(findings)
    output = capfd.readouterr()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "Bad credentials ***" in outcome.problem
    for text in (outcome.problem, output.out, output.err, step_summary(), logged):
        assert TOKEN not in text
