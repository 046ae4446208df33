"""The proxy of .ci/contract refuses what GitHub does not describe: three requests, no more."""

from __future__ import annotations

import os

import httpx
import pytest

from fake_github.fake import TOKEN

pytestmark = [
    pytest.mark.proxy,
    pytest.mark.skipif("DOCBOT_CONTRACT_PROXY" not in os.environ, reason=".ci/contract runs it"),
]


@pytest.fixture
def client(github):
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/vnd.github+json"}
    headers["X-GitHub-Api-Version"] = "2022-11-28"
    with httpx.Client(base_url=f"{github.api}/repos/octo/demo/", headers=headers) as document:
        yield document


def test_a_misspelt_field_does_not_reach_github(client, github):
    comment = {"path": "a.py", "line": 3, "side": "RIGHT", "body": "x", "strat_line": 2}
    review = {"commit_id": "f" * 40, "event": "COMMENT", "body": "x", "comments": [comment]}
    answer = client.post("pulls/1/reviews", json=review)
    assert answer.status_code == 422
    assert "strat_line" in answer.text
    assert github.requests == []


def test_another_operation_does_not_reach_github(client, github):
    assert client.put("pulls/1/merge", json={}).status_code in (404, 405)
    assert github.requests == []


def test_an_answer_that_github_would_not_give(client, github):
    github.pull()
    github.fault("GET", "*/pulls/1", status=200, body={"number": 1})
    answer = client.get("pulls/1")
    assert answer.status_code == 500
    assert len(github.requests) == 1
