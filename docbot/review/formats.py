"""Convert findings to Markdown, SARIF, rdjson and the annotations of a log.

The JSON that docbot itself reads again is made by `findings_json.encode`. Text from the pull
request is escaped by the rules of each format.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docbot import __version__
from docbot.review.markdown import code, one_line
from docbot.review.summary import SummaryParts, render_summary
from docbot.review.workflow_commands import format_command

if TYPE_CHECKING:
    from docbot.review.findings import Finding, Findings

RULE = "missing-docstring"

MAX_PAGE = 900_000
"""Most bytes of the Markdown; a step's summary may have 1 MiB."""

MAX_ANNOTATIONS = 10
"""Most notices that GitHub shows of one step; as many warnings and errors."""


def to_markdown(findings: Findings) -> str:
    """Convert to Markdown for a step's summary, a merge request or a terminal."""
    ordered = _in_order(findings)
    parts = SummaryParts(
        to_copy=tuple(finding for finding in ordered if _has_suggestion(finding)),
        without_suggestion=tuple(finding for finding in ordered if not _has_suggestion(finding)),
    )
    return render_summary(findings, parts, most=MAX_PAGE) + "\n"


def to_sarif(findings: Findings) -> str:
    """Convert to SARIF 2.1.0 (OASIS): a result of level "note" each, with its fix.

    Paths are relative to `%SRCROOT%`. A fix replaces whole lines except the last line's end.
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
                    {"level": "note", "message": {"text": _escape_for_sarif(notice)}}
                    for notice in findings.notices
                ],
            }
        ],
        "results": [_sarif_result(finding) for finding in _in_order(findings)],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _to_json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def to_rdjson(findings: Findings) -> str:
    """Convert to Reviewdog's Diagnostic Format, a `DiagnosticResult` with Markdown messages.

    A suggestion's range has lines and no columns, which means whole lines, the last included.
    """
    return _to_json(
        {
            "source": {"name": "docbot"},
            "severity": "INFO",
            "diagnostics": [_rdjson_diagnostic(finding) for finding in _in_order(findings)],
        }
    )


def to_notices(findings: Findings) -> tuple[str, ...]:
    """Convert to workflow commands; the last counts those that GitHub would not show."""
    ordered = _in_order(findings)
    fit = len(ordered) <= MAX_ANNOTATIONS
    visible = ordered if fit else ordered[: MAX_ANNOTATIONS - 1]
    lines = tuple(
        format_command(
            "notice",
            f"{_sentence(finding)}{_suggested_headline(finding)}",
            file=_path_text(finding),
            line=finding.line,
            title="docbot",
        )
        for finding in visible
    )
    hidden = len(ordered) - len(visible)
    rest = f"{hidden} more new or changed definitions have no docstring."
    return lines if fit else (*lines, format_command("notice", rest, title="docbot"))


def _in_order(findings: Findings) -> list[Finding]:
    return sorted(findings.findings, key=lambda f: (f.path, f.line, f.qualname))


def _has_suggestion(finding: Finding) -> bool:
    return finding.suggestion is not None and bool(finding.suggestion.docstring())


def _sentence(finding: Finding, name: str | None = None) -> str:
    if finding.kind == "module":
        return "This module has no docstring."
    label = one_line(finding.qualname) if name is None else name
    return f"The {finding.kind} {label} has no docstring."


def _suggested_headline(finding: Finding) -> str:
    """Return the suggested docstring's first line as the end of a message."""
    if finding.suggestion is None or not (lines := finding.suggestion.docstring()):
        return ""
    inside = "\n".join(lines).strip()[3:-3].strip()
    return f" Suggested: {one_line(inside.splitlines()[0])}"


def _path_text(finding: Finding) -> str:
    """Return the path as text, with a question mark for what is not UTF-8."""
    return finding.path.encode("utf-8", "replace").decode()


def _sarif_result(finding: Finding) -> dict[str, Any]:
    uri = quote(finding.path.encode("utf-8", "surrogateescape"), safe="/")
    artifact = {"uri": uri, "uriBaseId": "%SRCROOT%"}
    physical = {"artifactLocation": artifact, "region": {"startLine": finding.line}}
    logical = {"fullyQualifiedName": one_line(finding.qualname), "kind": _SARIF_KINDS[finding.kind]}
    result: dict[str, Any] = {
        "ruleId": RULE,
        "ruleIndex": 0,
        "level": "note",
        "message": {"text": _sentence(finding, _escape_for_sarif(finding.qualname))},
        "locations": [{"physicalLocation": physical, "logicalLocations": [logical]}],
        "partialFingerprints": {"docbot/v1": finding.fingerprint},
    }
    if (lines := finding.suggestion) is not None and _has_suggestion(finding):
        replacement = {
            "deletedRegion": {"startLine": lines.first, "endLine": lines.last},
            "insertedContent": {"text": "\n".join(lines.after)},
        }
        change = {"artifactLocation": artifact, "replacements": [replacement]}
        text = "Insert the suggested docstring."
        result["fixes"] = [{"description": {"text": text}, "artifactChanges": [change]}]
    return result


_SARIF_KINDS = {"module": "module", "class": "type", "function": "function", "method": "member"}


def _escape_for_sarif(text: str) -> str:
    """Remove from one line of text what a SARIF message takes for a link or a placeholder."""
    return re.sub(r"[\[\]{}\\]", "", one_line(text, 500))


def _rdjson_diagnostic(finding: Finding) -> dict[str, Any]:
    diagnostic: dict[str, Any] = {
        "message": _sentence(finding, code(finding.qualname)),
        "location": {"path": _path_text(finding), "range": {"start": {"line": finding.line}}},
        "severity": "INFO",
        "code": {"value": RULE},
    }
    if (lines := finding.suggestion) is not None and _has_suggestion(finding):
        span = {"start": {"line": lines.first}, "end": {"line": lines.last}}
        diagnostic["suggestions"] = [{"range": span, "text": "\n".join(lines.after)}]
    return diagnostic


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
