"""Cut GitHub's own descriptions of its API down to what docbot may call.

    npm pack @octokit/openapi@23.0.2 && tar -xzf octokit-openapi-23.0.2.tgz
    npm pack @octokit/graphql-schema@15.26.1 && tar -xzf octokit-graphql-schema-15.26.1.tgz
    python .ci/cut_github.py package tests/data/github

Both packages unpack to a folder `package` and may share it. What is kept is also docbot's
allow-list: `OPERATIONS` for REST, `FIELDS` for GraphQL. Needs graphql-core.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import REMOVE, DocumentNode, Visitor, parse, print_ast, visit
from graphql.language import ast

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

REPO = "/repos/{owner}/{repo}"
OPERATIONS = {
    f"{REPO}/pulls": ["get"],
    f"{REPO}/pulls/{{pull_number}}": ["get"],
    f"{REPO}/pulls/{{pull_number}}/files": ["get"],
    f"{REPO}/pulls/{{pull_number}}/reviews": ["get", "post"],
    f"{REPO}/pulls/{{pull_number}}/comments": ["get"],
    f"{REPO}/issues/{{issue_number}}/comments": ["get", "post"],
    f"{REPO}/issues/comments/{{comment_id}}": ["patch"],
}
QUERY = {"per_page", "page", "state", "head", "base"}
BODY = {"minLength": 1, "maxLength": 65_536}
PROSE = {"description", "example", "examples", "externalDocs", "x-github", "callbacks", "tags"}

FIELDS = {
    "Query": {"id", "viewer", "nodes", "node"},
    "Mutation": {"minimizeComment"},
    "User": {"id", "login"},
    "Node": {"id"},
    "Minimizable": {"isMinimized", "minimizedReason"},
    "IssueComment": {"id", "databaseId", "isMinimized", "minimizedReason"},
    "PullRequestReview": {"id", "databaseId", "isMinimized", "minimizedReason"},
    "PullRequestReviewComment": {"id", "databaseId", "isMinimized", "minimizedReason"},
    "MinimizeCommentPayload": {"clientMutationId", "minimizedComment"},
    "MinimizeCommentInput": {"clientMutationId", "subjectId", "classifier"},
}
"""Types and the fields of them that stay; enums and scalars that these name stay whole."""


def references(node: object) -> Iterator[str]:
    """Every `$ref` below a node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def without_prose(node: Any) -> Any:
    """Remove descriptions and examples from a node; properties of such names stay."""
    if isinstance(node, list):
        return [without_prose(value) for value in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "properties":
            kept[key] = {name: without_prose(schema) for name, schema in value.items()}
        elif key not in PROSE:
            kept[key] = without_prose(value)
    return kept


def cut(spec: Json) -> Json:
    """Keep the allowed operations and all the components that they refer to."""
    lost = [
        f"{method.upper()} {path}"
        for path, methods in OPERATIONS.items()
        for method in methods
        if method not in spec["paths"].get(path, {})
    ]
    if lost:
        sys.exit(f"not in this description any more: {', '.join(lost)}")
    paths = {
        path: {method: without_prose(spec["paths"][path][method]) for method in methods}
        for path, methods in OPERATIONS.items()
    }
    components: dict[str, Json] = {}
    todo, seen = list(references(paths)), set()
    while todo:
        reference = todo.pop()
        if reference in seen:
            continue
        seen.add(reference)
        _, _, section, name = reference.split("/", 3)
        value = without_prose(spec["components"][section][name])
        components.setdefault(section, {})[name] = value
        todo += references(value)
    info = {key: spec["info"][key] for key in ("title", "version", "license")}
    return {"openapi": spec["openapi"], "info": info, "paths": paths, "components": components}


def settle(spec: Json) -> None:
    """Adapt the description to a proxy: answers described, both media types, no unknown headers."""
    answers = [
        answer
        for item in spec["paths"].values()
        for operation in item.values()
        for answer in operation["responses"].values()
    ]
    for answer in [*answers, *spec["components"].get("responses", {}).values()]:
        if "$ref" in answer:
            continue
        answer["description"] = ""  # OpenAPI wants one
        answer.pop("headers", None)
        if "application/json" in answer.get("content", {}):
            schema = answer["content"]["application/json"]
            answer["content"] = {
                "application/json": schema,
                "application/vnd.github+json": schema,
            }


def tighten(spec: Json) -> None:
    """GitHub's request bodies are lax: a misspelt field passes. Ours are closed, and docbot's.

    docbot places by `line` and `side` alone, comments and never approves, and stays below the
    length that GitHub states in its answers only.
    """
    for item in spec["paths"].values():
        for operation in item.values():
            operation["parameters"] = [
                parameter
                for parameter in operation["parameters"]
                if resolved(spec, parameter)["in"] == "path"
                or resolved(spec, parameter)["name"] in QUERY
            ]
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
                close(operation["requestBody"]["content"]["application/json"]["schema"])
    reviews = spec["paths"][f"{REPO}/pulls/{{pull_number}}/reviews"]["post"]
    review = reviews["requestBody"]["content"]["application/json"]["schema"]
    review["required"] = ["body", "commit_id", "event"]
    review["properties"]["event"]["enum"] = ["COMMENT"]
    inline = review["properties"]["comments"]["items"]
    inline["required"] = ["body", "line", "path", "side"]
    del inline["properties"]["position"]
    for name in ("side", "start_side"):
        inline["properties"][name] = {"type": "string", "enum": ["LEFT", "RIGHT"]}
    for name in ("line", "start_line"):
        inline["properties"][name]["minimum"] = 1


def resolved(spec: Json, node: Json) -> Json:
    """Return what a component's `$ref` names."""
    if "$ref" not in node:
        return node
    _, _, section, name = node["$ref"].split("/", 3)
    found: Json = spec["components"][section][name]
    return found


def close(schema: Any) -> None:
    """Refuse unknown properties, and bodies that GitHub would refuse."""
    if isinstance(schema, list):
        for value in schema:
            close(value)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and "properties" in schema:
        schema["additionalProperties"] = False
        if "body" in schema["properties"]:
            schema["properties"]["body"].update(BODY)
    for value in schema.values():
        close(value)


def admit(spec: Json) -> None:
    """Where GitHub answers null and its description says otherwise.

    A deleted fork has no `head.repo`; an outdated review comment has neither `line` nor
    `position`; one on a single line has no `start_side`, which is nullable but in its enum.
    """
    schemas = spec["components"]["schemas"]
    for name in ("pull-request", "pull-request-simple"):
        head = schemas[name]["properties"]["head"]["properties"]
        repository = copy.deepcopy(schemas["repository"])
        schemas["nullable-repository"] = repository | {"nullable": True}
        head["repo"] = {"$ref": "#/components/schemas/nullable-repository"}
    comment = schemas["pull-request-review-comment"]["properties"]
    for name in ("line", "position"):
        comment[name]["nullable"] = True
    comment["start_side"]["enum"].append(None)


def prune(document: DocumentNode) -> DocumentNode:
    """Keep some fields of some types, and the enums and scalars they name."""
    kept = [
        definition for definition in map(trimmed, document.definitions) if definition is not None
    ]
    named = {text for node in kept for text in names(node)}
    whole = [
        node
        for node in document.definitions
        if isinstance(node, (ast.EnumTypeDefinitionNode, ast.ScalarTypeDefinitionNode))
        and node.name.value in named
    ]
    return DocumentNode(definitions=tuple(kept + whole))


class Pruner(Visitor):
    """Takes out of one type's definition what is not kept of it."""

    def __init__(self, kept: set[str]) -> None:
        super().__init__()
        self.kept = kept

    def enter(self, node: Any, _key: Any, _parent: Any, path: list[Any], _: Any) -> Any:
        """Remove directives, other fields and interfaces; `path` is below the definition."""
        within = path[0] if path else ""
        if isinstance(node, ast.DirectiveNode):
            return REMOVE
        if within == "fields" and len(path) == 2 and node.name.value not in self.kept:  # noqa: PLR2004
            return REMOVE
        if within == "interfaces" and len(path) == 2 and node.name.value not in FIELDS:  # noqa: PLR2004
            return REMOVE
        return None


def trimmed(definition: Any) -> Any:
    """Return a kept type with its kept fields, or None."""
    name = definition.name.value if getattr(definition, "name", None) else ""
    if name not in FIELDS:
        return None
    present = {field.name.value for field in definition.fields}
    if lost := FIELDS[name] - present:
        sys.exit(f"not in this schema any more: {name}.{', '.join(sorted(lost))}")
    return visit(definition, Pruner(FIELDS[name]))


def names(node: Any) -> Iterator[str]:
    """Return the types that a definition's fields and arguments name."""
    for field in node.fields:
        for typed in (field, *(getattr(field, "arguments", ()) or ())):
            inner = typed.type
            while not isinstance(inner, ast.NamedTypeNode):
                inner = inner.type
            yield inner.name.value


def main() -> None:
    """Write both cuts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("package", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    spec = cut(json.loads((given.package / "generated/api.github.com.json").read_text("utf-8")))
    settle(spec)
    tighten(spec)
    admit(spec)
    rest = given.out / "rest.json"
    rest.write_text(json.dumps(spec, indent=1, sort_keys=True) + "\n", "utf-8")
    whole = parse((given.package / "schema.graphql").read_text("utf-8"), no_location=True)
    (given.out / "schema.graphql").write_text(print_ast(prune(whole)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
