"""The client against the loopback GitHub, which is held to GitHub's own description."""

from __future__ import annotations

import pytest
from fake_github.client import LINES, patch
from fake_github.fake import BOT, TOKEN

from docbot.errors import ForbiddenError, GitHubError
from docbot.review.post import github as github_client
from docbot.review.post import http

pytestmark = pytest.mark.usefixtures("plain_network")


# What is there.


def test_a_pull_request_and_its_files(client, pull):
    assert client.pull(1) == github_client.PullRequest(
        number=1,
        head=pull.head,
        head_branch="topic",
        head_repository="octo/demo",
        draft=False,
        open=True,
    )
    assert client.files(1) == [
        github_client.PullRequestFile(path="a.py", patch=patch(LINES)),
        github_client.PullRequestFile(path="b.bin", patch=None),
    ]
    assert client.login() == BOT


def test_a_pull_request_that_is_closed_a_draft_and_homeless(client, pull):
    pull.state, pull.draft, pull.head_repository = "closed", True, None
    pull = client.pull(1)
    assert (pull.open, pull.draft, pull.head_repository) == (False, True, None)


def test_pull_requests_are_found_by_their_branch(client, github):
    branch = "feat/ü&state=all#1"
    github.pull(head_repository="ada/demo", head_ref=branch)
    github.pull(head_repository="ada/demo", head_ref=branch, state="closed")
    assert [p.number for p in client.pulls(f"ada:{branch}")] == [2]
    assert client.pulls("octo:none") == []
    assert {p.number for p in client.pulls("octo:topic")} == {1}


def test_what_is_written_is_there(client, github, pull, clock):
    comments = [github_client.NewComment(path="a.py", line=1, body="one")]
    comments.append(github_client.NewComment(path="a.py", line=2, start_line=1, body="both"))
    client.create_review(1, pull.head, "hello", comments)
    client.create_comment(1, "summary")
    client.update_comment(client.issue_comments(1)[0].id, "changed")
    github.reply(pull, pull.inline[0], "no")
    one, both, reply = client.review_comments(1)
    assert (one.author, one.body, one.reply_to) == (BOT, "one", None)
    assert (reply.author, reply.reply_to) == ("ada", one.id)
    assert client.issue_comments(1)[0].body == "changed"
    assert client.minimised([one.node_id, both.node_id]) == frozenset()
    client.minimise(both.node_id)
    assert client.minimised([one.node_id, both.node_id]) == {both.node_id}
    assert pull.inline[1].minimised == "outdated"
    assert pull.reviews[0].state == "COMMENTED"
    assert clock.slept == [1.0, 1.0, 1.0]


def test_a_comment_that_is_gone_is_not_minimised(client, github, pull):
    new = github.review(pull, [{"path": "a.py", "line": 1, "body": "x"}])
    identifiers = [comment.node_id for comment in client.review_comments(1)]
    pull.inline[0].minimised = "spam"
    assert client.minimised(["PRRC_gone", *identifiers]) == set(identifiers)
    assert new.author == "ada"
    with pytest.raises(ForbiddenError, match=r"GraphQL refuses .*PRRC_gone"):
        client.minimise("PRRC_gone")


def test_an_account_that_is_gone_has_no_name(client, github):
    body = [{"id": 1, "node_id": "x", "user": None, "body": None}]
    github.fault("GET", "*/comments", status=200, body=body)
    assert client.issue_comments(1) == [
        github_client.Comment(id=1, node_id="x", author="", body="")
    ]


def test_every_page_is_read(client, github, pull):
    for number in range(250):
        github.comment(pull, f"comment {number}")
    assert [c.body for c in client.issue_comments(1)] == [f"comment {n}" for n in range(250)]
    assert [r.query for r in github.requests] == [
        {"per_page": "100"},
        {"per_page": "100", "page": "2"},
        {"per_page": "100", "page": "3"},
    ]


def test_pages_end_somewhere(client, github, monkeypatch):
    link = {"Link": '<https://api.github.com/x?page=1>; rel="next"'}
    github.fault("GET", "*/files", status=200, body=[], headers=link, times=9)
    with pytest.raises(GitHubError, match=r"the pages of GET /pulls/1/files go round in a circle"):
        client.files(1)
    assert len(github.requests) == 2
    monkeypatch.setattr(github_client, "MAX_PAGES", 1)
    with pytest.raises(GitHubError, match="has over 1 pages"):
        client.files(1)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<html>", "did not answer with a list"),
        ({"message": "x"}, "did not answer with a list"),
        (["a"], "`filename` is missing"),
        ([{"filename": 3}], "`filename` is not text"),
        ([{"filename": "a", "patch": []}], "`patch` is not text"),
        ("[" * 100_000, "did not answer with a list"),
    ],
)
def test_a_list_that_is_none_of_github_s(client, github, body, sentence):
    github.fault("GET", "*/files", status=200, body=body)
    with pytest.raises(GitHubError, match=rf"^127.0.0.1:\d+: .*GET /pulls/1/files.*{sentence}"):
        client.files(1)


@pytest.mark.parametrize("body", ["", "null", "[]", '{"data": null}', '{"data": {"viewer": 1}}'])
def test_a_login_that_is_none(client, github, body):
    github.fault("POST", "/graphql", status=200, body=body)
    with pytest.raises(GitHubError, match=r"`viewer.login` is missing"):
        client.login()


@pytest.mark.parametrize(
    ("errors", "kind", "sentence"),
    [
        ([{"type": "FORBIDDEN", "message": "no\nway"}], ForbiddenError, "no way"),
        ([{"type": "INTERNAL", "message": "oops"}], GitHubError, "oops"),
        ([{"message": "untyped"}], GitHubError, "untyped"),
        ("broken", GitHubError, "GraphQL refuses"),
    ],
)
def test_an_error_of_graphql_is_one_although_the_status_is_200(
    client, github, errors, kind, sentence
):
    body = {"data": {"viewer": {"login": BOT}}, "errors": errors}
    github.fault("POST", "/graphql", status=200, body=body)
    with pytest.raises(kind, match=sentence):
        client.login()


def test_a_mutation_that_did_nothing_is_told(client, github):
    body = {"data": {"minimizeComment": None}}
    github.fault("POST", "/graphql", status=200, body=body)
    with pytest.raises(GitHubError, match="did not minimise"):
        client.minimise("x")


def test_an_answer_without_end_is_not_read(client, github, monkeypatch):
    monkeypatch.setattr(http, "MAX_BYTES", 1000)
    github.fault("GET", "*/files", status=200, body=[" " * 2000])
    with pytest.raises(GitHubError, match="over 1000 bytes"):
        client.files(1)


@pytest.mark.parametrize("name", ["demo", "octo/", "a/b/c", "octo/..", "octo/.", "o o/d", "a/b\n"])
def test_a_repository_is_an_owner_and_a_name(name):
    with pytest.raises(GitHubError, match="is no repository; write it as owner/name"):
        github_client.GitHub("https://x", "https://x", name, TOKEN)
