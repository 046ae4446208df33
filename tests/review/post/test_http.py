"""How a request travels: refusals, limits, trouble, and where the token goes."""

from __future__ import annotations

import logging
import socket
import traceback
from email.utils import formatdate

import pytest
from fake_github.client import connect
from fake_github.fake import BOT, TOKEN, File

from docbot.errors import ForbiddenError, GitHubError, LimitedError, RefusedError, UnsureError
from docbot.review.post import github as github_client
from docbot.review.post import http

pytestmark = pytest.mark.usefixtures("plain_network")


# Refusals.


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ForbiddenError),
        (403, ForbiddenError),
        (404, ForbiddenError),
        (422, RefusedError),
        (409, GitHubError),
        (499, GitHubError),
    ],
)
def test_a_refusal_is_final_and_in_github_s_words(client, github, pull, clock, status, kind):
    body = {"message": "No\n::error::x", "errors": ["why", {"message": "so"}, {"code": "c"}, 3]}
    github.fault("POST", "*/reviews", status=status, body=body)
    with pytest.raises(
        GitHubError, match=rf"refused with {status} \(No ::error::x; why; so\)"
    ) as e:
        client.create_review(1, pull.head, "x", [])
    assert type(e.value) is kind
    assert len(github.requests) == 1
    assert clock.slept == []


def test_security_no_redirection_is_followed(client, github):
    for status in (301, 302, 307, 308):
        where = {"Location": f"{github.elsewhere}/repos/octo/demo/pulls/1"}
        github.fault("GET", "*/pulls/1", status=status, headers=where)
        github.fault("POST", "*/comments", status=status, headers=where)
        for ask in (lambda: client.pull(1), lambda: client.create_comment(1, "x")):
            with pytest.raises(GitHubError, match="was redirected, which docbot does not follow"):
                ask()
    assert len(github.requests) == 8
    assert {request.headers["host"] for request in github.requests} == {github.api[7:]}


def test_security_a_link_to_another_host_gets_no_token(client, github, pull):
    files = [File(f"{n}.py") for n in range(3)]
    github.push(pull, *files)
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0)
        link = f'<http://127.0.0.1:{other.getsockname()[1]}/x?page=1&per_page=2>; rel="next"'
        github.fault("GET", "*/files", status=200, body=[], headers={"Link": link})
        assert [f.path for f in client.files(1)] == ["0.py", "1.py", "2.py"]
        with pytest.raises(BlockingIOError):
            other.accept()


# Limits.


def test_a_limit_is_waited_for_as_long_as_it_says(client, github, pull, clock):
    github.limited("POST", "*/comments", after=7)
    github.limited("POST", "*/comments", after=11, status=429)
    client.create_comment(1, "x")
    assert clock.slept == [7, 11]
    assert len(pull.comments) == 1


@pytest.mark.parametrize("after", ["0", "-5", "soon", "", "Mon, 99 Foo 2026 10:00:00 GMT"])
def test_a_limit_that_says_nothing_useful(client, github, clock, after):
    github.limited("GET", "*/pulls/1", after=after)
    client.pull(1)
    assert clock.slept == [1.0 if after == "0" else 60.0]


def test_a_date_to_wait_for(client, github, clock):
    for seconds in (90, -90):
        github.fault(
            "GET",
            "*/pulls/1",
            status=429,
            headers={"Retry-After": formatdate(clock.time + seconds, usegmt=True)},
        )
    client.pull(1)
    assert clock.slept == [90.0, 1.0]


def test_the_hour_s_limit_is_waited_for_until_its_reset(client, github, clock):
    github.exhausted("GET", "*/pulls/1", reset=int(clock.time) + 40)
    client.pull(1)
    assert clock.slept == [41.0]


def test_a_limit_without_a_time_is_waited_for_longer_and_longer(client, github, clock):
    github.limited("GET", "*/pulls/1", after=None, times=3)
    client.pull(1)
    assert clock.slept == [60.0, 120.0, 240.0]


def test_limits_of_graphql_and_of_comments_in_other_words(client, github, pull, clock):
    limited = {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit"}]}
    github.fault("POST", "/graphql", status=200, body=limited, headers={"Retry-After": "3"})
    assert client.login() == BOT
    errors = [{"resource": "PullRequestReview", "message": "was submitted too quickly"}]
    github.fault("POST", "*/reviews", status=422, body={"message": "no", "errors": errors})
    client.create_review(1, pull.head, "x", [])
    assert clock.slept == [3.0, 60.0]
    assert len(pull.reviews) == 1


def test_a_limit_that_does_not_end_is_given_up(client, github, pull, clock):
    github.limited("POST", "*/comments", after=5, times=99)
    with pytest.raises(LimitedError, match="had too many requests, 5 times on end"):
        client.create_comment(1, "x")
    assert clock.slept == [5.0] * 4
    assert pull.comments == []


def test_nobody_waits_for_an_hour(client, github, clock):
    github.exhausted("GET", "*/pulls/1", reset=int(clock.time) + 3600)
    with pytest.raises(LimitedError, match="asks for 3601 seconds of patience"):
        client.pull(1)
    github.fault("GET", "*/pulls/1", status=503, headers={"Retry-After": "9" * 400})
    with pytest.raises(LimitedError, match="seconds of patience"):
        client.pull(1)
    assert clock.slept == []


def test_waiting_has_an_end_over_all_requests(client, github, clock):
    for _ in range(2):
        github.limited("GET", "*/pulls/1", after=400)
        client.pull(1)
    github.limited("GET", "*/pulls/1", after=400)
    with pytest.raises(LimitedError, match="asks for 400 seconds of patience"):
        client.pull(1)
    assert clock.slept == [400.0, 400.0]


# Trouble.


@pytest.mark.parametrize("how", [{"status": 502}, {"status": 500}, {"drop": True}])
def test_a_question_is_asked_again(client, github, clock, how):
    github.fault("GET", "*/pulls/1", times=4, **how)
    assert client.pull(1).number == 1
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]
    github.fault("GET", "*/pulls/1", times=99, **how)
    with pytest.raises(GitHubError, match="GET /repos/octo/demo/pulls/1") as error:
        client.pull(1)
    assert type(error.value) is GitHubError
    assert len(github.requests) == 10


def test_a_question_of_graphql_is_asked_again_too(client, github, clock):
    github.fault("POST", "/graphql", status=502)
    assert client.login() == BOT
    assert clock.slept == [1.0]


@pytest.mark.parametrize("how", [{"status": 502}, {"status": 504}, {"drop": True}])
@pytest.mark.parametrize("stores", [True, False])
def test_what_writes_is_sent_once(client, github, pull, how, stores):
    github.fault("POST", "*", times=99, stores=stores, **how)
    github.fault("PATCH", "*", times=99, stores=stores, **how)
    for write in (
        lambda: client.create_review(1, pull.head, "x", []),
        lambda: client.create_comment(1, "x"),
        lambda: client.update_comment(1, "x"),
        lambda: client.minimise("x"),
    ):
        before = len(github.requests)
        with pytest.raises(UnsureError, match="whether it was done is unsure"):
            write()
        assert len(github.requests) == before + 1
    assert len(pull.comments) == len(pull.reviews) == stores


def test_no_answer_in_time(github, pull, clock, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", 0.05)
    github.fault("POST", "*/comments", delay=30, stores=True)
    with (
        connect(github, clock) as client,
        pytest.raises(UnsureError, match="had no answer"),
    ):
        client.create_comment(1, "x")
    assert len(pull.comments) == 1


def test_without_a_connection_nothing_was_sent_so_it_is_sent_again(clock):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    here = f"http://127.0.0.1:{port}"
    client = github_client.GitHub(here, here, "octo/demo", TOKEN, sleep=clock.sleep, now=clock.now)
    with pytest.raises(GitHubError, match=r"cannot be reached .* check the network") as error:
        client.create_comment(1, "x")
    client.close()
    assert type(error.value) is GitHubError
    assert len([s for s in clock.slept if s >= 1]) == 4


def test_writes_are_a_second_apart(client, clock):
    client.create_comment(1, "x")
    client.pull(1)
    clock.time += 0.4
    client.create_comment(1, "y")
    clock.time += 3
    client.create_comment(1, "z")
    clock.time -= 3600  # somebody set the clock
    client.create_comment(1, "z")
    assert clock.slept == [pytest.approx(0.6), 1.0]


# The token.


def test_security_the_token_is_in_no_error_no_log_and_no_repr(client, github, caplog):
    caplog.set_level(logging.DEBUG)
    texts = [repr(client), str(vars(client))]
    texts += [repr(vars(value)) for value in vars(client).values() if hasattr(value, "__dict__")]
    github.fault("GET", "*", status=403, body={"message": f"Bad token {TOKEN}", "errors": [TOKEN]})
    github.fault("GET", "*", status=200, body={"number": TOKEN})
    github.fault("POST", "*", drop=True)
    calls = [lambda: client.pull(1)] * 2 + [lambda: client.create_comment(1, "x")]
    for call in calls:
        with pytest.raises(GitHubError) as error:
            call()
        texts += ["".join(traceback.format_exception(error.value)), repr(error.value)]
    assert TOKEN not in "\n".join((*texts, *(r.getMessage() for r in caplog.records)))
    assert "Bad token ***" in "\n".join(texts)
    assert any(r.name.startswith("httpcore") for r in caplog.records)
    assert {r.headers["authorization"] for r in github.requests} == {f"Bearer {TOKEN}"}


def test_security_netrc_and_addresses_with_a_login_do_not_replace_the_token(
    client, github, tmp_path, monkeypatch
):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password other\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    client.pull(1)
    assert github.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("token", ["", " \n", "a\nb", "a\0b", "a b", "töken", "a\x7f"])
def test_security_what_cannot_be_a_token_is_refused_without_showing_it(token):
    with pytest.raises(GitHubError, match=r"there is no token|holds characters") as error:
        github_client.GitHub("https://x", "https://x", "octo/demo", token)
    assert not token.strip() or token not in str(error.value)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://api.github.com", True),
        ("https://ghe.example/api/v3/", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost/api/v3", True),
        ("http://[::1]:80", True),
        ("http://api.github.com", False),
        ("http://127.0.0.1.evil.example", False),
        ("https://user:pass@api.github.com", False),
        ("https://api.github.com?x=1", False),
        ("https://api.github.com#x", False),
        ("https://", False),
        ("https://x:99999", False),
        ("https://[x", False),
        ("https://x:0", False),
        ("https://x y", False),
        ("https://x/\n", False),
        ("https://x\\@evil.example", False),
        ("ftp://x", False),
        ("api.github.com", False),
        ("", False),
    ],
)
def test_security_where_a_token_may_go(url, allowed):
    for api, graphql in ((url, "https://x"), ("https://x", url)):
        if allowed:
            github_client.GitHub(api, graphql, "octo/demo", TOKEN).close()
        else:
            name = "GITHUB_API_URL" if api == url else "GITHUB_GRAPHQL_URL"
            with pytest.raises(GitHubError, match=f"{name} is (no https|http)://"):
                github_client.GitHub(api, graphql, "octo/demo", TOKEN)
