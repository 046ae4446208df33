"""The judge of the loopback GitHub: requests and answers against GitHub's own descriptions.

The descriptions are cut in `.ci/cut_github.py`; what they do not have, docbot may not call.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import build_schema, parse, validate
from graphql.error import GraphQLSyntaxError
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

DATA = Path(__file__).parents[1] / "data" / "github"
ACCEPT = "application/vnd.github+json"
VERSION = "2022-11-28"
ANYWHERE = {401, 403, 404, 429, 500, 502, 503}
"""GitHub answers with these on any path, described or not; the body is its `basic-error`."""
TYPES = {"integer": int, "string": str}


@dataclass(frozen=True)
class Operation:
    """One method of one path of the description."""

    method: str
    template: str
    described: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


@functools.cache
def rest() -> dict[str, Any]:
    return json.loads((DATA / "rest.json").read_text("utf-8"))


@functools.cache
def graphql():
    schema = build_schema((DATA / "schema.graphql").read_text("utf-8"))
    assert validate(schema, parse("{ viewer { login } }")) == []
    return schema


def operation(method: str, path: str) -> Operation | None:
    """What the description has for a path; None: docbot may not call it."""
    for pattern, template, item in _paths():
        if pattern.fullmatch(path) and method.lower() in item:
            return Operation(method, template, item[method.lower()])
    return None


@functools.cache
def _paths():
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path, item)
        for path, item in rest()["paths"].items()
    ]


def request(operation: Operation, query: dict[str, str], headers: dict[str, str], body: Any):
    """What is wrong with a request, in words."""
    wrong = [*_queries(operation, query), *_headers(headers)]
    described = operation.described.get("requestBody")
    if described is None:
        if body is not None:
            wrong.append("this operation has no body")
        return wrong
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        wrong.append(f"Content-Type is {headers.get('content-type')!r}")
    return wrong + problems(described["content"]["application/json"]["schema"], body)


def _queries(operation, query):
    parameters = {p["name"]: p["schema"] for p in map(resolved, operation.described["parameters"])}
    for name, value in query.items():
        if name not in parameters:
            yield f"the query parameter {name!r} is not in the description"
        elif parameters[name]["type"] == "integer" and not re.fullmatch(r"[1-9]\d*", value):
            yield f"the query parameter {name} is {value!r}, not a number from 1"
        elif parameters[name].get("enum", [value]).count(value) == 0:
            yield f"the query parameter {name} is {value!r}, not one of {parameters[name]['enum']}"


def _headers(headers):
    if headers.get("accept") != ACCEPT:
        yield f"Accept is {headers.get('accept')!r}, not {ACCEPT}"
    if headers.get("x-github-api-version") != VERSION:
        yield f"X-GitHub-Api-Version is {headers.get('x-github-api-version')!r}, not {VERSION}"
    if not headers.get("user-agent"):
        yield "User-Agent is missing"
    if not re.fullmatch(r"(?i:bearer|token) \S+", headers.get("authorization", "Bearer none")):
        yield "Authorization is not 'Bearer' and a token"


def answer(operation: Operation, status: int, document: Any) -> list[str]:
    """What is wrong with an answer, in words."""
    responses = operation.described["responses"]
    if str(status) in responses:
        content = resolved(responses[str(status)]).get("content")
        if content is None:
            return [] if document is None else [f"{status} has no body"]
        return problems(content["application/json"]["schema"], document)
    if status in ANYWHERE:
        return problems({"$ref": "#/components/schemas/basic-error"}, document)
    return [f"{operation.name} does not answer with {status}"]


def graphql_request(body: Any) -> list[str]:
    """What GitHub's schema has against a GraphQL request."""
    if not isinstance(body, dict):
        return ["a GraphQL request is a JSON object"]
    extra = sorted(set(body) - {"query", "variables", "operationName"})
    wrong = [f"GraphQL has no field {name!r} beside the query" for name in extra]
    if not isinstance(body.get("query"), str):
        return [*wrong, "a GraphQL request has a query"]
    try:
        return wrong + [error.message for error in validate(graphql(), parse(body["query"]))]
    except GraphQLSyntaxError as error:
        return [*wrong, str(error)]


def graphql_answer(document: dict[str, Any]) -> list[str]:
    """Errors that GitHub gives no type: variables of another type than the schema's."""
    errors = document.get("errors", ())
    return [error["message"] for error in errors if "type" not in error]


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` names, as often as it takes."""
    while "$ref" in node:
        _, _, section, name = node["$ref"].split("/", 3)
        node = rest()["components"][section][name]
    return node


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value: where, and the validator's words."""
    errors = _validator(json.dumps(schema)).iter_errors(value)
    return [f"{error.json_path}: {_short(error.message)}" for error in errors]


def _short(words: str) -> str:
    return words if len(words) < 300 else f"{words[:140]} ... {words[-140:]}"


@functools.cache
def _validator(schema: str) -> OAS30Validator:
    rooted = re.sub(r'"#/components', '"urn:github#/components', schema)
    registry = Registry().with_resource("urn:github", Resource(rest(), DRAFT4))
    return OAS30Validator(
        json.loads(rooted), registry=registry, format_checker=oas30_format_checker
    )


def blank(schema: dict[str, Any]) -> Any:
    """The least that a schema takes: required properties only, null where it may be."""
    schema = resolved(schema)
    if schema.get("nullable"):
        return None
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return blank(schema[word][0])
    if "allOf" in schema:
        parts = [blank(part) for part in schema["allOf"]]
        return {key: value for part in parts for key, value in part.items()}
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: blank(properties[name]) for name in schema.get("required", ())}
    plain = {"integer": 1, "number": 1.0, "boolean": False, "array": []}
    formats = {"date-time": "2026-01-01T00:00:00Z", "uri": "https://example.org/"}
    return plain.get(kind, formats.get(schema.get("format", ""), ""))


def make(name: str, /, **fields: Any) -> dict[str, Any]:
    """A document of one of the description's schemas, with what is known filled in."""
    return json.loads(_blank(name)) | fields


@functools.cache
def _blank(name: str) -> str:
    return json.dumps(blank({"$ref": f"#/components/schemas/{name}"}))
