"""The loopback GitHub behaves as GitHub does; its judge sees what breaks the contract."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from fake_github import contract
from fake_github import fake as github_fake
from fake_github.answers import ROUTES
from fake_github.fake import TOKEN, File, Login, git_files
from fake_github.state import hunks

HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "Authorization": f"Bearer {TOKEN}",
    "User-Agent": "test",
}
PATCH = """@@ -1,4 +1,5 @@
 import os
-old
+new
+newer
\x20
 last = 1
@@ -20,2 +21,3 @@ def far():
     a
+    b
     c
\\ No newline at end of file"""
LINE = "Pull request review thread line must be part of the diff"
BLANK = "Pull request review thread diff hunk can't be blank"
SAME = "Pull request review thread start line must be part of the same hunk as the line."
MINIMISE = """mutation($id: ID!, $why: ReportedContentClassifiers!) {
  minimizeComment(input: {subjectId: $id, classifier: $why}) {
    minimizedComment { isMinimized minimizedReason }
  }
}"""
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Minimizable { isMinimized } } }"


@pytest.fixture
def pull(github):
    return github.pull(File("a.py", PATCH), File("logo.png", None, "added"))


@pytest.fixture
def client(github):
    with plain(base_url=f"{github.api}/repos/octo/demo/", headers=HEADERS) as http:
        yield http


def plain(**settings):
    """A client for loopback, without certificates and without the machine's proxy."""
    return httpx.Client(verify=False, trust_env=False, **settings)


def graph(github, query, token=TOKEN, **variables):
    headers = {"Authorization": f"bearer {token}"}
    body = {"query": query, "variables": variables}
    with plain(headers=headers) as client:
        return client.post(github.graphql, json=body)


def inline(**changes):
    return {"path": "a.py", "line": 2, "side": "RIGHT", "body": "Say what."} | changes


def reviewed(pull, *comments, **changes):
    body = {"commit_id": pull.head, "event": "COMMENT", "body": "One.", "comments": [*comments]}
    return body | changes


# A review is placed, or refused whole.


@pytest.mark.contract
@pytest.mark.parametrize(
    "comment",
    [
        inline(),
        inline(line=1),
        inline(line=5),
        inline(line=22),
        inline(line=3, start_line=2, start_side="RIGHT"),
        inline(line=23, start_line=21),
        inline(line=2, side="LEFT"),
    ],
    ids=str,
)
def test_lines_that_a_hunk_shows(client, pull, comment):
    answer = client.post("pulls/1/reviews", json=reviewed(pull, comment))
    assert answer.status_code == 200, answer.text
    (posted,) = client.get("pulls/1/comments").json()
    assert posted["pull_request_review_id"] == answer.json()["id"]
    assert posted["user"]["login"] == "github-actions[bot]"
    assert {name: posted[name] for name in comment if name != "start_side"} == {
        name: value for name, value in comment.items() if name != "start_side"
    }


@pytest.mark.contract
@pytest.mark.parametrize(
    ("comment", "words"),
    [
        (inline(line=6), f"{LINE} and {BLANK}"),
        (inline(line=20), f"{LINE} and {BLANK}"),
        (inline(line=24), f"{LINE} and {BLANK}"),
        (inline(line=22, side="LEFT"), f"{LINE} and {BLANK}"),
        (inline(line=9, start_line=8), f"{LINE}, {SAME}, and {BLANK}"),
        (inline(line=22, start_line=5), SAME),
        (inline(line=2, start_line=2), "start line must precede the end line."),
        (inline(line=2, start_line=3), "start line must precede the end line."),
        (inline(path="b.py"), f"Pull request review thread path is invalid and {BLANK}"),
        (inline(path="logo.png", line=1), f"{LINE} and {BLANK}"),
    ],
    ids=str,
)
def test_one_bad_comment_refuses_the_review(client, github, pull, comment, words):
    answer = client.post("pulls/1/reviews", json=reviewed(pull, inline(), comment))
    assert answer.status_code == 422
    assert answer.json()["message"] == "Unprocessable Entity"
    (error,) = answer.json()["errors"]
    assert error.endswith(words)
    assert github.page(pull) == []


@pytest.mark.contract
def test_a_review_of_another_commit(client, pull):
    answer = client.post("pulls/1/reviews", json=reviewed(pull, inline(), commit_id="f" * 40))
    assert answer.status_code == 422
    assert answer.json()["errors"] == ["Commit oid is not part of the pull request"]


# What breaks the contract is told in words.


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body": ""}, r"\$\.body: '' is too short|should be non-empty"),
        ({"body": "x" * 65_537}, r"\$\.body: .*is too long"),
        ({"event": "APPROVE"}, r"\$\.event: 'APPROVE' is not one of"),
        ({"commit": "f" * 40}, r"Additional properties .*'commit' was unexpected"),
        ({"comments": [inline(lien=3)]}, r"\$\.comments\[0\]: .*'lien' was unexpected"),
        ({"comments": [inline(side="right")]}, r"'right' is not one of"),
        ({"comments": [inline(line=0)]}, r"0 is less than the minimum"),
        ({"comments": [inline(line=None)]}, r"line: None for not nullable"),
        ({"comments": [inline(position=3)]}, r"'position' was unexpected"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_review(client, github, pull, changes, words):
    with github.at_odds() as wrong:
        answer = client.post("pulls/1/reviews", json=reviewed(pull) | changes)
    assert answer.status_code == 422
    assert re.search(words, wrong[0])
    assert wrong[0].startswith("POST /repos/octo/demo/pulls/1/reviews: ")


@pytest.mark.parametrize(
    ("query", "more", "status", "words"),
    [
        ("GET pulls/1?sort=updated", {}, 422, "the query parameter 'sort' is not in the"),
        ("GET pulls?state=merged", {}, 422, "state is 'merged', not one of"),
        ("GET pulls/1/files?page=0", {}, 422, "page is '0', not a number from 1"),
        ("GET pulls/1", {"headers": {"Accept": "*/*"}}, 422, r"Accept is '\*/\*'"),
        ("GET pulls/1", {"headers": {"X-GitHub-Api-Version": ""}}, 422, "Api-Version is ''"),
        ("GET pulls/1", {"headers": {"User-Agent": ""}}, 422, "User-Agent is missing"),
        ("GET pulls/1", {"headers": {"Authorization": "x"}}, 422, "not 'Bearer' and a token"),
        ("POST issues/1/comments", {"content": b"{"}, 422, "Content-Type is None"),
        ("POST issues/1/comments", {"json": {}}, 422, "'body' is a required property"),
        ("DELETE issues/comments/1", {}, 501, "not an operation that docbot may call"),
        ("GET contents/a.py", {}, 501, "not an operation that docbot may call"),
        ("PUT pulls/1/merge", {}, 501, "not an operation that docbot may call"),
    ],
)
@pytest.mark.usefixtures("pull")
def test_a_request_that_docbot_may_not_send(client, github, query, more, status, words):
    with github.at_odds() as wrong:
        assert client.request(*query.split(), **more).status_code == status
    assert re.search(words, wrong[0])
    assert github.page(github.pulls[1]) == []


@pytest.mark.usefixtures("pull")
def test_the_fake_is_judged_too(client, github, monkeypatch):
    monkeypatch.setattr(github, "number", lambda: "seven")
    with github.at_odds() as wrong:
        answer = client.post("issues/1/comments", json={"body": "x"})
    assert answer.status_code == 500
    assert "the fake fell over" in wrong[0] or "'seven' is not of type 'integer'" in wrong[0]


def test_a_violation_fails_the_test():
    fake = github_fake.GitHub()
    with (
        pytest.raises(AssertionError, match="events: not an operation that docbot may call"),
        github_fake.running(fake, alone=True),
        plain(headers=HEADERS) as client,
    ):
        client.get(f"{fake.api}/repos/octo/demo/issues/1/events")


@pytest.mark.parametrize(
    "name",
    [
        "diff-entry",
        "issue-comment",
        "pull-request",
        "pull-request-review",
        "repository",
        "pull-request-review-comment",
        "pull-request-simple",
        "simple-user",
    ],
)
def test_a_blank_document_is_valid(name):
    schema = {"$ref": f"#/components/schemas/{name}"}
    assert contract.problems(schema, contract.make(name)) == []


def test_the_fake_does_what_the_description_has_and_no_more():
    described = {
        f"{method.upper()} {path}"
        for path, item in contract.rest()["paths"].items()
        for method in item
    }
    assert described == set(ROUTES)
    assert all(file.stat().st_size < 1 << 20 for file in contract.DATA.iterdir())


# Comments.


@pytest.mark.contract
@pytest.mark.usefixtures("pull")
def test_a_comment_is_made_and_edited(client, github):
    response = client.post("issues/1/comments", json={"body": "One."})
    assert response.status_code == 201
    edited = client.patch(f"issues/comments/{response.json()['id']}", json={"body": "Two."})
    assert edited.status_code == 200
    (comment,) = client.get("issues/1/comments").json()
    assert (comment["body"], comment["user"]["type"]) == ("Two.", "Bot")
    assert comment["updated_at"] > comment["created_at"]
    assert [(r.method, r.status) for r in github.writes] == [("POST", 201), ("PATCH", 200)]
    assert client.patch("issues/comments/1", json={"body": "Two."}).status_code == 404


@pytest.mark.contract
def test_what_a_reader_sees(client, github, pull):
    github.comment(pull, "Nice.", as_login="grace")
    client.post("pulls/1/reviews", json=reviewed(pull, inline(), inline(line=22)))
    github.reply(pull, pull.inline[0], "No.", as_login="ada")
    comment, review = github.page(pull)
    assert (comment["author"], comment["body"]) == ("grace", "Nice.")
    assert (review["kind"], review["body"]) == ("review", "One.")
    first, second = review["threads"]
    assert [comment["author"] for comment in first["comments"]] == ["github-actions[bot]", "ada"]
    assert (first["lines"], first["code"], second["code"]) == ((2, 2), ("new",), ("    b",))
    comments = client.get("pulls/1/comments").json()
    assert comments[2]["in_reply_to_id"] == comments[0]["id"]
    assert second["hunk"] == "@@ -20,2 +21,3 @@ def far():\n     a\n+    b"
    github.delete(pull, pull.inline[1])
    github.delete(pull, pull.inline[0])
    assert [entry["body"] for entry in github.page(pull)] == ["Nice.", "One.", ""]
    assert github.page(pull)[2]["threads"][0]["comments"][0]["body"] == "No."
    assert json.loads(json.dumps(github.page(pull)))


@pytest.mark.contract
@pytest.mark.parametrize(
    ("patch", "line"),
    [
        (PATCH, 2),
        (PATCH.replace("+new\n", "+first\n+new\n"), 3),
        (PATCH.replace("+new\n", "+changed\n"), None),
        (None, None),
    ],
    ids=["as it was", "moved", "changed", "gone"],
)
def test_a_push_moves_comments_or_outdates_them(client, github, pull, patch, line):
    before = pull.head
    client.post("pulls/1/reviews", json=reviewed(pull, inline()))
    head = github.push(pull, *[File("a.py", patch)] * (patch is not None))
    assert client.get("pulls/1").json()["head"]["sha"] == head != before
    (comment,) = client.get("pulls/1/comments").json()
    assert comment["line"] == line
    assert (comment["original_line"], comment["original_commit_id"]) == (2, before)
    assert github.page(pull)[0]["threads"][0]["outdated"] is (line is None)
    again = client.post("pulls/1/reviews", json=reviewed(pull, inline(), commit_id=before))
    assert again.status_code == 200


# Pull requests.


@pytest.mark.contract
def test_files_come_as_git_tells_them(client, github, repo):
    repo.commit("a.py", "def f():\n    return 1\n")
    repo.commit("old.py", "x = 1\n" * 20)
    repo.git("checkout", "-q", "-b", "topic")
    repo.git("mv", "old.py", "new.py")
    repo.commit("a.py", "def f():\n    y = 2\n    return 1\n")
    repo.commit("b'\tü.py", "def g(): ...\n")
    repo.commit("logo.png", bytes(range(256)))
    head = repo.git("rev-parse", "HEAD").strip()
    repo.git("checkout", "-q", "main")
    repo.commit("elsewhere.py")
    files = git_files(repo.root, "main", "topic")
    github.pull(*files, head=head, base=repo.git("rev-parse", "main").strip())
    files = {file["filename"]: file for file in client.get("pulls/1/files").json()}
    assert {name: file["status"] for name, file in files.items()} == {
        "a.py": "modified",
        "b'\tü.py": "added",
        "logo.png": "added",
        "new.py": "renamed",
    }
    assert files["new.py"]["previous_filename"] == "old.py"
    assert files["a.py"]["patch"] == "@@ -1,2 +1,3 @@\n def f():\n+    y = 2\n     return 1"
    assert (files["a.py"]["additions"], files["a.py"]["deletions"]) == (1, 0)
    assert "patch" not in files["logo.png"]
    assert hunks(files["a.py"]["patch"])[0].right == {
        1: "def f():",
        2: "    y = 2",
        3: "    return 1",
    }


@pytest.mark.contract
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"draft": True}, {"draft": True, "state": "open"}),
        ({"state": "closed", "merged": True}, {"state": "closed", "merged": True}),
        ({"head_repository": None}, {"head.repo": None}),
        ({"head_repository": "eve/demo"}, {"head.repo.fork": True, "head.label": "eve:topic"}),
        ({}, {"head.repo.fork": False, "base.ref": "main"}),
    ],
    ids=str,
)
def test_a_pull_request(client, github, fields, expected):
    github.pull(**fields)
    document = client.get("pulls/1").json()
    for path, value in expected.items():
        part = document
        for name in path.split("."):
            part = part[name]
        assert part == value
    assert github.payload(github.pulls[1])["pull_request"] == document


@pytest.mark.contract
def test_pull_requests_are_found_by_their_head(client, github):
    github.pull(head_ref="one")
    github.pull(head_ref="two", head_repository="eve/demo")
    github.pull(head_ref="two", head_repository="eve/demo", state="closed")

    def numbers(**query):
        return [pull["number"] for pull in client.get("pulls", params=query).json()]

    assert numbers() == [2, 1]
    assert numbers(head="eve:two") == [2]
    assert numbers(head="eve:two", state="all") == [3, 2]
    assert numbers(head="octo:two") == []


# Pages.


@pytest.mark.contract
@pytest.mark.parametrize(
    ("query", "sizes"),
    [({}, [30, 30, 30, 30, 30]), ({"per_page": 100}, [100, 50]), ({"per_page": 1000}, [100, 50])],
    ids=str,
)
def test_pages_are_linked(client, github, pull, query, sizes):
    for number in range(150):
        github.comment(pull, f"{number}")
    answer = client.get("issues/1/comments", params=query)
    pages = [answer.json()]
    assert "prev" not in answer.links
    while "next" in answer.links:
        assert answer.links["next"]["url"].startswith(github.api)
        answer = client.get(answer.links["next"]["url"])
        pages.append(answer.json())
    assert [len(page) for page in pages] == sizes
    assert [comment["body"] for page in pages for comment in page] == [str(n) for n in range(150)]
    assert {"prev", "first"} <= set(answer.links)


def test_a_link_names_the_repository_by_number(client, github, pull):
    for number in range(31):
        github.comment(pull, f"{number}")
    if github.numbered:
        link = client.get("issues/1/comments").links["next"]["url"]
        assert link == f"{github.api}/repositories/1296269/issues/1/comments?page=2"


def test_one_page_has_no_link(client, github, pull):
    github.comment(pull, "x")
    assert "link" not in client.get("issues/1/comments").headers


# Who may do what.


@pytest.mark.contract
@pytest.mark.parametrize(
    ("token", "path", "status", "message"),
    [
        ("ghs_wrong", "pulls/1", 401, "Bad credentials"),
        (None, "pulls/1", 401, "Requires authentication"),
        (TOKEN, "pulls/2", 404, "Not Found"),
        (TOKEN, "../other/pulls/1", 404, "Not Found"),
        (TOKEN, "pulls/1", 200, None),
    ],
)
@pytest.mark.usefixtures("pull")
def test_who_may_read(github, token, path, status, message):
    headers = {name: value for name, value in HEADERS.items() if name != "Authorization"}
    if token:
        headers["Authorization"] = f"token {token}"
    url = httpx.URL(f"{github.api}/repos/octo/demo/").join(path)
    with plain(headers=headers) as client:
        answer = client.get(url)
    assert (answer.status_code, answer.json().get("message")) == (status, message)


@pytest.mark.contract
def test_a_token_that_may_only_read(client, github, pull):
    comment = github.comment(pull, "x", as_login="github-actions[bot]")
    github.tokens[TOKEN] = Login(writes=False)
    message = "Resource not accessible by integration"
    for answer in (
        client.post("pulls/1/reviews", json=reviewed(pull, inline())),
        client.post("issues/1/comments", json={"body": "x"}),
        client.patch(f"issues/comments/{comment.id}", json={"body": "x"}),
    ):
        assert (answer.status_code, answer.json()["message"]) == (403, message)
    answer = graph(github, MINIMISE, id=comment.node_id, why="OUTDATED").json()
    assert answer["data"] == {"minimizeComment": None}
    assert (answer["errors"][0]["type"], answer["errors"][0]["message"]) == ("FORBIDDEN", message)
    assert comment.minimised is None
    assert len(github.writes) == 4
    assert client.get("pulls/1").status_code == 200


# GraphQL.


def test_minimise(github, pull):
    github.review(pull, [inline()], body="One.")
    github.comment(pull, "x")
    for comment in pull.everything:
        result = graph(github, MINIMISE, id=comment.node_id, why="OUTDATED").json()
        assert result == {
            "data": {
                "minimizeComment": {
                    "minimizedComment": {"isMinimized": True, "minimizedReason": "outdated"}
                }
            }
        }
    assert {comment.minimised for comment in pull.everything} == {"outdated"}
    assert len(github.writes) == 3
    node_ids = [comment.node_id for comment in pull.everything]
    result = graph(github, NODES, ids=[*node_ids, "gone"]).json()
    assert result["data"]["nodes"] == [*({"id": i, "isMinimized": True} for i in node_ids), None]
    assert result["errors"][0]["type"] == "NOT_FOUND"
    assert len(github.writes) == 3


def test_the_viewer(github):
    github.tokens["ghp_ada"] = Login("ada")
    query = "{ viewer { login } }"
    results = [graph(github, query, token).json() for token in (TOKEN, "ghp_ada", "ghp_wrong")]
    assert results[0] == {"data": {"viewer": {"login": "github-actions[bot]"}}}
    assert results[1] == {"data": {"viewer": {"login": "ada"}}}
    assert results[2]["message"] == "Bad credentials"


@pytest.mark.parametrize(
    ("query", "variables", "words"),
    [
        ("{ viewer { logn } }", {}, "Cannot query field 'logn' on type 'User'"),
        ("{ viewer { login }", {}, "Syntax Error"),
        (None, {}, "has a query"),
        ("mutation { deleteRef(input: {}) { x } }", {}, "Cannot query field 'deleteRef'"),
        (MINIMISE.replace("$why}", "OLD}"), {"id": "x"}, "Value 'OLD' does not exist"),
        (MINIMISE, {"id": "x", "why": "OLD"}, "does not exist in 'ReportedContentClassifiers'"),
        (MINIMISE, {"id": "x"}, "of non-null type|was not provided"),
    ],
)
def test_a_document_that_github_would_refuse(github, query, variables, words):
    with github.at_odds() as wrong:
        assert graph(github, query, **variables).json()["errors"]
    assert any(re.search(words, sentence) for sentence in wrong), wrong


# It goes wrong as it is told to.


@pytest.mark.contract
def test_a_secondary_limit(client, github, pull):
    github.limited("POST", "*/reviews", after=17)
    answer = client.post("pulls/1/reviews", json=reviewed(pull))
    assert (answer.status_code, answer.headers["retry-after"]) == (403, "17")
    assert "secondary rate limit" in answer.json()["message"]
    assert client.post("pulls/1/reviews", json=reviewed(pull)).status_code == 200
    assert [request.status for request in github.writes] == [403, 200]


@pytest.mark.contract
@pytest.mark.usefixtures("pull")
def test_the_primary_limit(client, github):
    github.exhausted("*", "*", reset=1_800_000_000, status=429, times=2, skip=1)
    responses = [client.get("pulls/1") for _ in range(4)]
    assert [answer.status_code for answer in responses] == [200, 429, 429, 200]
    assert responses[1].headers["x-ratelimit-remaining"] == "0"
    assert responses[1].headers["x-ratelimit-reset"] == "1800000000"
    assert responses[3].headers["x-ratelimit-remaining"] == "996"


@pytest.mark.contract
def test_stored_and_then_failed(client, github, pull):
    github.fault("POST", "*/reviews", stores=True)
    assert client.post("pulls/1/reviews", json=reviewed(pull, inline())).status_code == 502
    assert len(client.get("pulls/1/reviews").json()) == len(github.page(pull)) == 1


@pytest.mark.contract
def test_the_head_moves_meanwhile(client, github, pull):
    before = pull.head
    github.meanwhile("POST", "*/reviews", lambda: github.push(pull))
    assert client.get("pulls/1").json()["head"]["sha"] == before
    client.post("pulls/1/reviews", json=reviewed(pull, inline()))
    assert client.get("pulls/1").json()["head"]["sha"] != before
    assert len(pull.versions) == 2


@pytest.mark.parametrize("stores", [True, False])
def test_a_dropped_connection(client, github, pull, stores):
    github.fault("POST", "*/comments", drop=True, stores=stores)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("issues/1/comments", json={"body": "x"})
    assert len(github.page(pull)) == stores
    assert github.requests[0].status == 0


@pytest.mark.usefixtures("pull")
def test_a_redirection_to_another_host(github):
    github.fault("GET", "*/pulls/1", status=302, headers={"Location": f"{github.elsewhere}/x"})
    with github.at_odds(), plain(headers=HEADERS, follow_redirects=True) as client:
        client.get(f"{github.api}/repos/octo/demo/pulls/1")
    first, second = github.requests
    assert "authorization" in first.headers
    assert second.headers["host"].startswith("localhost:")
    assert "authorization" not in second.headers


@pytest.mark.usefixtures("pull")
def test_no_json(client, github):
    github.fault("GET", "*", status=200, body='{"id": 1')
    with pytest.raises(ValueError, match="Expecting"):
        client.get("pulls/1").json()


@pytest.mark.usefixtures("pull")
def test_too_slow(client, github):
    github.fault("GET", "*", delay=30)
    with pytest.raises(httpx.ReadTimeout):
        client.get("pulls/1", timeout=0.05)


@pytest.mark.contract
def test_graphql_goes_wrong_too(github):
    github.fault("POST", "*/graphql", status=503)
    assert graph(github, "{ viewer { login } }").status_code == 503
    assert graph(github, "{ viewer { login } }").status_code == 200


# GitHub Enterprise Server.


@pytest.mark.contract
def test_an_enterprise_server(github):
    github.base = "/api/v3"
    github.pull(File("a.py", PATCH))
    for number in range(31):
        github.comment(github.pulls[1], f"{number}")
    assert github.graphql.endswith("/api/graphql")
    assert graph(github, "{ viewer { login } }").status_code == 200
    with plain(base_url=github.api, headers=HEADERS) as client:
        answer = client.get("/repos/octo/demo/issues/1/comments")
        assert len(client.get(answer.links["next"]["url"]).json()) == 1
    assert github.requests[-1].path == "/repos/octo/demo/issues/1/comments"


def test_an_enterprise_server_answers_below_its_path_only(github):
    github.base = "/api/v3"
    with github.at_odds() as wrong, plain(headers=HEADERS) as client:
        url = f"{github.direct}/repos/octo/demo/pulls/1"
        assert client.get(url).status_code == 404
    assert wrong[0].endswith("the API is below /api/v3")


def test_two_servers(github):
    with github_fake.running(github_fake.GitHub(), alone=True) as other:
        assert graph(other, "{ viewer { login } }").status_code == 200
    assert other.port != github.port
    assert github.requests == []
