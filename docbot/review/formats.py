"""Findings for other readers: a page of Markdown, SARIF, rdjson, annotations of a log.

Each is made of the same findings; the JSON that docbot reads again is `handover.encode`. What
comes from the pull request is neutral in each of them, by its own rules.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docbot import __version__
from docbot.review.markdown import code, one_line
from docbot.review.summary import SummaryParts, page
from docbot.review.workflow_commands import command

if TYPE_CHECKING:
    from docbot.review.findings import Finding, Findings

RULE = "missing-docstring"

MAX_PAGE = 900_000
"""Bytes of a page; a step's summary may have 1 MiB."""

MOST_ANNOTATIONS = 10
"""Notices that GitHub shows of one step, as it does warnings and errors."""


def markdown(findings: Findings) -> str:
    """The page for a step's summary, a merge request or a terminal."""
    ordered = _ordered(findings)
    standing = SummaryParts(
        here=tuple(finding for finding in ordered if _suggested(finding)),
        bare=tuple(finding for finding in ordered if not _suggested(finding)),
    )
    return page(findings, standing, most=MAX_PAGE) + "\n"


def sarif(findings: Findings) -> str:
    """SARIF 2.1.0 (OASIS): a result of level "note" each, with the suggestion as its fix.

    Paths are relative to `%SRCROOT%`. A fix replaces whole lines and leaves the end of the last.
    """
    rule = {
        "id": RULE,
        "name": "MissingDocstring",
        "shortDescription": {"text": "A new or changed definition has no docstring."},
        "defaultConfiguration": {"level": "note"},
    }
    run = {
        "tool": {"driver": {"name": "docbot", "version": __version__, "rules": [rule]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": _for_sarif(notice)}}
                    for notice in findings.notices
                ],
            }
        ],
        "results": [_result(finding) for finding in _ordered(findings)],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def rdjson(findings: Findings) -> str:
    """Reviewdog's Diagnostic Format, a `DiagnosticResult`; its messages are Markdown.

    A suggestion's range has lines and no columns, so it is whole lines, the last included.
    """
    return _json(
        {
            "source": {"name": "docbot"},
            "severity": "INFO",
            "diagnostics": [_diagnostic(finding) for finding in _ordered(findings)],
        }
    )


def notices(findings: Findings) -> tuple[str, ...]:
    """Workflow commands, one a line; the last tells of those that GitHub would not show."""
    ordered = _ordered(findings)
    fit = len(ordered) <= MOST_ANNOTATIONS
    shown = ordered if fit else ordered[: MOST_ANNOTATIONS - 1]
    lines = tuple(
        command(
            "notice",
            f"{_sentence(finding)}{_words(finding)}",
            file=_path(finding),
            line=finding.line,
            title="docbot",
        )
        for finding in shown
    )
    left = len(ordered) - len(shown)
    rest = f"{left} more new or changed definitions have no docstring."
    return lines if fit else (*lines, command("notice", rest, title="docbot"))


def _ordered(findings: Findings) -> list[Finding]:
    return sorted(findings.findings, key=lambda f: (f.path, f.line, f.qualname))


def _suggested(finding: Finding) -> bool:
    return finding.suggestion is not None and bool(finding.suggestion.docstring())


def _sentence(finding: Finding, name: str | None = None) -> str:
    if finding.kind == "module":
        return "This module has no docstring."
    shown = one_line(finding.qualname) if name is None else name
    return f"The {finding.kind} {shown} has no docstring."


def _words(finding: Finding) -> str:
    """The docstring's first line, as it would be."""
    if finding.suggestion is None or not (lines := finding.suggestion.docstring()):
        return ""
    inside = "\n".join(lines).strip()[3:-3].strip()
    return f" Suggested: {one_line(inside.splitlines()[0])}"


def _path(finding: Finding) -> str:
    """The path as text; what is not UTF-8 in it becomes a question mark."""
    return finding.path.encode("utf-8", "replace").decode()


def _result(finding: Finding) -> dict[str, Any]:
    uri = quote(finding.path.encode("utf-8", "surrogateescape"), safe="/")
    artifact = {"uri": uri, "uriBaseId": "%SRCROOT%"}
    physical = {"artifactLocation": artifact, "region": {"startLine": finding.line}}
    logical = {"fullyQualifiedName": one_line(finding.qualname), "kind": _LOGICAL[finding.kind]}
    result: dict[str, Any] = {
        "ruleId": RULE,
        "ruleIndex": 0,
        "level": "note",
        "message": {"text": _sentence(finding, _for_sarif(finding.qualname))},
        "locations": [{"physicalLocation": physical, "logicalLocations": [logical]}],
        "partialFingerprints": {"docbot/v1": finding.fingerprint},
    }
    if (lines := finding.suggestion) is not None and _suggested(finding):
        replacement = {
            "deletedRegion": {"startLine": lines.first, "endLine": lines.last},
            "insertedContent": {"text": "\n".join(lines.after)},
        }
        change = {"artifactLocation": artifact, "replacements": [replacement]}
        text = "Insert the suggested docstring."
        result["fixes"] = [{"description": {"text": text}, "artifactChanges": [change]}]
    return result


_LOGICAL = {"module": "module", "class": "type", "function": "function", "method": "member"}


def _for_sarif(text: str) -> str:
    """Text on one line without what a SARIF message takes for a link or a placeholder."""
    return re.sub(r"[\[\]{}\\]", "", one_line(text, 500))


def _diagnostic(finding: Finding) -> dict[str, Any]:
    diagnostic: dict[str, Any] = {
        "message": _sentence(finding, code(finding.qualname)),
        "location": {"path": _path(finding), "range": {"start": {"line": finding.line}}},
        "severity": "INFO",
        "code": {"value": RULE},
    }
    if (lines := finding.suggestion) is not None and _suggested(finding):
        span = {"start": {"line": lines.first}, "end": {"line": lines.last}}
        diagnostic["suggestions"] = [{"range": span, "text": "\n".join(lines.after)}]
    return diagnostic


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
