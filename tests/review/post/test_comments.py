"""What stands on a page already, and what gets lost on the way to it."""

from __future__ import annotations

import dataclasses
import json

import pytest
from fake_github.documents import entry
from fake_github.documents import pull as pull_document
from fake_github.fake import BOT
from fake_github.page import finding, function, listing, names, outdated

from docbot.errors import ConfigError
from docbot.review.post import plan as comment
from docbot.review.post.post import Outcome

pytestmark = [pytest.mark.usefixtures("plain_network"), pytest.mark.contract]


def test_nothing_found_and_nothing_there_is_nothing_said(page, step_summary):
    file, _ = listing("one")
    review = page(file)
    assert review.run(()) == Outcome()
    assert review.github.writes == []
    assert step_summary()


def test_everything_fixed_is_said_in_the_same_comment(page):
    file, findings = listing("one", "two")
    review = page(file)
    review.run(findings)
    review.push(file)
    assert review.run(()) == Outcome(minimised=2, summary="edited")
    assert [each.edits for each in review.pull.comments] == [1]
    assert "2 earlier suggestions are settled" in review.summary


def test_a_deleted_comment_does_not_come_back(page):
    file, findings = listing("one", "two")
    review = page(file)
    review.run(findings)
    review.github.delete(review.pull, review.pull.inline[0])
    review.push(file)
    assert review.run(findings).posted == 0
    assert review.commented_names == ["two"]


def test_when_all_comments_are_refused_all_are_in_the_summary(page):
    file, _ = listing("one")
    review = page(file)
    wrong, bad = listing(*names(24), path="gone.py")
    outdated(review, wrong)
    assert review.run(bad) == Outcome(summary="created")
    assert review.pull.inline == []
    for name in names(24):
        assert f"`{name}`" in review.summary
    tried = [r for r in review.github.writes if r.path.endswith("/reviews")]
    assert len(tried) == 20
    review.github.requests.clear()
    assert review.run(bad) == Outcome(summary="unchanged")
    assert review.github.writes == []


def test_a_head_that_moves_while_posting_ends_it(page):
    file, findings = listing("one")
    review = page(file)
    wrong, bad = listing("bad", path="gone.py")
    outdated(review, wrong)
    at = f"*/pulls/{review.pull.number}"
    moved = pull_document(review.github, review.pull)
    review.github.fault("GET", at, status=200, body=moved)
    moved = json.loads(json.dumps(moved))
    moved["head"]["sha"] = "c" * 40
    review.github.fault("GET", at, status=200, body=moved)
    outcome = review.run((*findings, *bad))
    assert outcome == Outcome(problem=outcome.problem)
    assert "has moved on to cccccccccc" in outcome.problem
    assert len(review.github.writes) == 1


def test_a_review_that_was_lost_on_the_way_is_posted_once(page):
    file, findings = listing("one", "two")
    review = page(file)
    review.github.fault("POST", "*/reviews", status=502)
    review.github.fault("POST", "*/comments", drop=True)
    assert review.run(findings) == Outcome(posted=2, summary="created")
    assert len(review.pull.comments) == len(review.pull.reviews) == 1
    assert review.clock.slept[:2] == [2.0, 8.0]  # looked for twice before it is posted again


def test_trouble_with_folding_is_told_and_costs_nothing_else(page):
    file, findings = listing("one")
    review = page(file)
    review.run(findings)
    review.push(file)
    error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
    body = {"data": {"minimizeComment": None}, "errors": [error]}
    review.github.fault("POST", "/graphql", status=200, body=body, skip=2)
    outcome = review.run(())
    assert (outcome.minimised, outcome.summary) == (0, "edited")
    assert outcome.problem.startswith("comments on what is fixed are still shown: ")
    assert "Resource not accessible by integration" in outcome.problem


def test_two_workflows_keep_apart(page):
    file, findings = listing("one")
    review = page(file)
    review.run(findings, key="first")
    assert review.run(findings, key="second") == Outcome(posted=1, summary="created")
    review.push(file)
    assert review.run((), key="second") == Outcome(minimised=1, summary="edited")
    assert [each.minimised for each in review.pull.inline] == [None, "outdated"]
    assert [each.edits for each in review.pull.comments] == [0, 1]
    with pytest.raises(ConfigError, match="key ="):
        review.run(findings, key="-->")


def test_security_forged_markers_are_not_edited_deleted_or_counted(page):
    file, findings = listing("one", "two")
    review = page(file)
    ours = comment.Marker(key="docbot", kind="inline", fingerprint=findings[0].fingerprint)
    ledger = comment.Marker(
        key="docbot", kind="summary", posted=frozenset(f.fingerprint for f in findings)
    )
    forged = {"path": "a.py", "line": 1, "body": f"mine\n\n{ours}"}
    for who in ("eve", "github-actions", "Github-Actions[bot]", "other[bot]"):
        review.github.comment(review.pull, f"mine\n\n{ledger}", as_login=who)
        review.github.review(review.pull, [forged], author=who)
    before = review.github.page(review.pull)
    assert review.run(findings) == Outcome(posted=2, summary="created")
    assert review.run(()) == Outcome(minimised=2, summary="edited")
    assert review.github.page(review.pull)[: len(before)] == before


def test_security_a_reply_of_ours_is_no_comment_of_ours(page):
    file, findings = listing("one")
    review = page(file)
    review.run(findings)
    review.github.reply(
        review.pull, review.pull.inline[0], review.pull.inline[0].body, as_login=BOT
    )
    assert review.run(()) == Outcome(minimised=1, summary="edited")
    assert [each.minimised for each in review.pull.inline] == ["outdated", None]


def test_security_twenty_pushes_make_a_constant_number_of_comments(page):
    file, findings = listing(*names(30))
    review = page(file)
    review.run(findings)
    before = len(review.pull.everything)
    for number in range(20):
        review.push(file)
        rest = findings[: 30 - number % 3]
        assert review.run(rest).posted == 0
        assert len(review.pull.everything) == before


def test_a_path_that_is_no_utf_8_goes_to_the_summary(page):
    file, _ = listing("one", path="b\ufffd.py")
    _, findings = listing("one", path="b\udcff.py")
    review = page(file)
    assert review.run(findings) == Outcome(summary="created")
    assert "`one`" in review.summary


def test_security_a_path_outside_the_pull_request_is_not_posted(page):
    file, findings = listing("one")
    review = page(file)
    elsewhere = finding("elsewhere", path="secret/other.py")
    assert review.run((*findings, elsewhere)) == Outcome(posted=1, summary="created")
    assert "elsewhere" not in review.summary
    assert "left out that are in no file of the pull request" in review.summary


def test_security_a_suggestion_that_does_more_is_not_posted(page):
    file, (finding,) = listing("one")
    review = page(file)
    header = function("one")[0]
    bodies = [
        (header, '    """Do."""', "    import os"),
        (header, '    """Do.""" + evil()'),
        (header, '    """Do \u202e it."""'),
        (header.replace("x", "y"), '    """Do."""'),
        ('    """Do."""',),
    ]
    for after in bodies:
        suggestion = dataclasses.replace(finding.suggestion, after=after)
        assert review.run((dataclasses.replace(finding, suggestion=suggestion),)).posted == 0
    assert review.pull.inline == []


def test_security_a_patch_that_cannot_be_read_shows_nothing(page, github):
    file, findings = listing("one")
    review = page(file)
    entry_with_patch = entry(review.pull, file) | {"patch": f"+import os\n{file.patch}"}
    github.fault("GET", "*/files", status=200, body=[entry_with_patch])
    assert review.run(findings) == Outcome(summary="created")
    assert "`one`" in review.summary
