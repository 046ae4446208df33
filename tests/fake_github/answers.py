"""The operations of the loopback GitHub, as functions of what it remembers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from graphql import GraphQLError, graphql_sync

from fake_github import contract, documents
from fake_github.state import refusal, sentence

if TYPE_CHECKING:
    from fake_github.fake import GitHub, Request
    from fake_github.state import Pull

LONGEST = 65_536
DOCS = "https://docs.github.com/rest"
FORBIDDEN = "Resource not accessible by integration"


@dataclass
class Answer:
    status: int
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def refusal_answer(status: int, message: str, **more: Any) -> Answer:
    document = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return Answer(status, document | more)


def missing() -> Answer:
    return refusal_answer(404, "Not Found")


# REST.


def paged(fake: GitHub, request: Request, documents: list[Any]) -> Answer:
    """One page; `Link` goes to the repository by number, as GitHub's does."""
    size = min(int(request.query.get("per_page", 30)), 100)
    page = int(request.query.get("page", 1))
    last = max(1, -(-len(documents) // size))
    path = request.path
    if fake.numbered:
        path = re.sub(r"^/repos/[^/]+/[^/]+", f"/repositories/{fake.REPOSITORY_ID}", path)
    links = []
    for rel, number in (("prev", page - 1), ("next", page + 1), ("last", last), ("first", 1)):
        if (page > 1 and rel in ("prev", "first")) or (page < last and rel in ("next", "last")):
            query = {**request.query, "page": str(number)}
            links.append(f'<{fake.api}{path}?{urlencode(query)}>; rel="{rel}"')
    headers = {"Link": ", ".join(links)} if links else {}
    return Answer(200, documents[(page - 1) * size : page * size], headers)


def list_pulls(fake: GitHub, request: Request, _) -> Answer:
    state, head = request.query.get("state", "open"), request.query.get("head")
    matches = []
    for pull in fake.pulls.values():
        document = documents.pull(fake, pull, "pull-request-simple")
        if (
            pull.repository == request.repository
            and state in ("all", pull.state)
            and head in (None, document["head"]["label"])
            and request.query.get("base") in (None, pull.base_ref)
        ):
            matches.append(document)
    return paged(fake, request, matches[::-1])


def list_files(fake: GitHub, request: Request, pull: Pull) -> Answer:
    return paged(fake, request, [documents.entry(pull, f) for f in pull.files[:3000]])


def lister(name: str):
    def listed(fake: GitHub, request: Request, pull: Pull) -> Answer:
        comments = getattr(pull, name)
        return paged(fake, request, [documents.comment(fake, pull, one) for one in comments])

    return listed


def get_pull(fake: GitHub, _: Request, pull: Pull) -> Answer:
    return Answer(200, documents.pull(fake, pull))


def create_review(fake: GitHub, request: Request, pull: Pull) -> Answer:
    """All of it or nothing, as GitHub does; the refusal does not say which comment it means."""
    body = request.body
    commit = body["commit_id"]
    comments = [{"commit_id": commit, **comment} for comment in body.get("comments", ())]
    if commit not in pull.versions:
        errors = ["Commit oid is not part of the pull request"]
    elif any(len(text) > LONGEST for text in (body["body"], *(c["body"] for c in comments))):
        errors = [f"Body is too long (maximum is {LONGEST} characters)"]
    else:
        errors = list(dict.fromkeys(one for c in comments for one in refusal(pull, c)))
    if errors:
        return refusal_answer(422, "Unprocessable Entity", errors=[sentence(errors)])
    review = fake.review(pull, comments, author=request.login, body=body["body"], commit=commit)
    return Answer(200, documents.comment(fake, pull, review))


def too_long(resource: str) -> Answer:
    message = f"Body is too long (maximum is {LONGEST} characters)"
    error = {"resource": resource, "code": "unprocessable", "field": "data", "message": message}
    return refusal_answer(422, "Validation Failed", errors=[error])


def create_comment(fake: GitHub, request: Request, pull: Pull) -> Answer:
    if len(request.body["body"]) > LONGEST:
        return too_long("IssueComment")
    comment = fake.comment(pull, request.body["body"], as_login=request.login)
    return Answer(201, documents.comment(fake, pull, comment))


def update_comment(fake: GitHub, request: Request, _) -> Answer:
    if len(request.body["body"]) > LONGEST:
        return too_long("IssueComment")
    for pull in fake.pulls.values():
        for comment in pull.comments:
            if str(comment.id) == request.last and pull.repository == request.repository:
                comment.body = request.body["body"]
                comment.edits += 1
                return Answer(200, documents.comment(fake, pull, comment))
    return missing()


ROUTES = {
    "GET /repos/{owner}/{repo}/pulls": list_pulls,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}": get_pull,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/files": list_files,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews": lister("reviews"),
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/comments": lister("inline"),
    "GET /repos/{owner}/{repo}/issues/{issue_number}/comments": lister("comments"),
    "POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews": create_review,
    "POST /repos/{owner}/{repo}/issues/{issue_number}/comments": create_comment,
    "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}": update_comment,
}


# GraphQL.


def typed(error: GraphQLError, kind: str) -> GraphQLError:
    error.extensions = {"type": kind}
    return error


def run(fake: GitHub, request: Request) -> Answer:
    """Execute a document on GitHub's schema; an error's `type` stands where GitHub has it."""
    everything = {each.node_id: each for p in fake.pulls.values() for each in p.everything}

    def lookup(key: str):
        if key not in everything:
            text = f"Could not resolve to a node with the global id of '{key}'"
            raise typed(GraphQLError(text), "NOT_FOUND")
        each = everything[key]
        return {
            "__typename": each.typename,
            "id": key,
            "databaseId": each.id,
            "isMinimized": each.minimised is not None,
            "minimizedReason": each.minimised,
        }

    def nodes(_info, ids: list[str]) -> list[Any]:
        entries = []
        for key in ids:
            try:
                entries.append(lookup(key))
            except GraphQLError as error:
                entries.append(error)
        return entries

    def minimise(_info, input: dict[str, str]) -> dict[str, Any]:  # noqa: A002 - GitHub's name
        if not fake.login_of(request).writes:
            raise typed(GraphQLError(FORBIDDEN), "FORBIDDEN")
        lookup(input["subjectId"])
        reason = input["classifier"].lower().replace("_", "-")
        everything[input["subjectId"]].minimised = reason
        mutation_id = input.get("clientMutationId")
        return {"minimizedComment": lookup(input["subjectId"]), "clientMutationId": mutation_id}

    root = {
        "viewer": {"id": "U_1", "login": request.login},
        "node": lambda _info, id: lookup(id),  # noqa: A006 - GitHub's name
        "nodes": nodes,
        "minimizeComment": minimise,
    }
    body = request.body
    result = graphql_sync(
        contract.graphql(), body["query"], root, variable_values=body.get("variables")
    )
    document: dict[str, Any] = {"data": result.data}
    if result.errors:
        mutation_id = [dict(error.formatted) for error in result.errors]
        document["errors"] = [error | error.pop("extensions", {}) for error in mutation_id]
    return Answer(200, document)


# From a request to its answer.


def judge(fake: GitHub, request: Request) -> Answer | None:
    """Look a request up and judge it; the answer to one that GitHub does not describe."""
    login = fake.login_of(request)
    request.login = login.name if login else ""
    if request.path == urlsplit(fake.graphql).path and request.method == "POST":
        request.operation = "graphql"
        wrong = contract.graphql_request(request.body)
        errors = [{"message": words} for words in wrong]
        return Answer(200, {"errors": errors}) if fake.note_violations(request, wrong) else None
    if not request.path.startswith(f"{fake.base}/"):
        fake.note_violations(request, [f"the API is below {fake.base}"])
        return missing()
    path = request.path.removeprefix(fake.base)
    numbered = f"/repositories/{fake.REPOSITORY_ID}/"
    request.path = path.replace(numbered, f"/repos/{fake.repository}/", 1)
    operation = contract.operation(request.method, request.path)
    if operation is None:
        fake.note_violations(request, ["not an operation that docbot may call"])
        return refusal_answer(501, "Not an operation that docbot may call")
    request.operation = operation.name
    wrong = contract.request(operation, request.query, request.headers, request.body)
    if fake.note_violations(request, wrong):
        return refusal_answer(422, f"The contract: {'; '.join(wrong)}")
    return None


def perform(fake: GitHub, request: Request) -> Answer:
    """Do what a sound request asks, and judge what it is answered with."""
    if "authorization" not in request.headers:
        return refusal_answer(401, "Requires authentication")
    if not request.login:
        return refusal_answer(401, "Bad credentials")
    if request.operation == "graphql":
        answer = run(fake, request)
        fake.note_violations(request, contract.graphql_answer(answer.document))
        return answer
    answer = rest(fake, request)
    operation = contract.operation(request.method, request.path)
    wrong = contract.answer(operation, answer.status, answer.document)
    if fake.note_violations(request, [f"the fake's own answer, {words}" for words in wrong]):
        return refusal_answer(500, f"The fake broke the contract: {'; '.join(wrong)}")
    return answer


def rest(fake: GitHub, request: Request) -> Answer:
    names = {fake.repository, *(pull.repository for pull in fake.pulls.values())}
    if request.repository not in names:
        return missing()
    if request.writes and not fake.login_of(request).writes:
        return refusal_answer(403, FORBIDDEN)
    pull = None
    if "_number}" in request.operation:
        number = request.path.split("/")[5]
        pull = fake.pulls.get(int(number)) if number.isdecimal() else None
        if pull is None or pull.repository != request.repository:
            return missing()
    return ROUTES[request.operation](fake, request, pull)
