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
from docbot.review.findings import in_order
from docbot.review.markdown import code, one_line
from docbot.review.stale import describe, say, say_in_markdown
from docbot.review.summary import SummaryParts, render_summary
from docbot.review.workflow_commands import format_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.review.findings import Finding, Findings, Suggestion

RULE = "missing-docstring"

MAX_COMMENT = 65_000
"""Most bytes of the Markdown: GitHub refuses a comment of more than 65,536 characters, and text
never has fewer bytes than characters."""

MAX_PAGE = 900_000
"""Most bytes of the Markdown of a step's summary, which may have 1 MiB."""

MAX_ANNOTATIONS = 10
"""Most notices that GitHub shows of one step; as many warnings and errors."""


def to_markdown(findings: Findings, *, most: int = MAX_COMMENT) -> str:
    """Convert to Markdown for a comment, a merge request or a terminal.

    Args:
        findings: What the review found.
        most: Most bytes of the result; findings that do not fit are left out and counted.

    """
    missing = in_order(findings.missing)
    parts = SummaryParts(
        to_copy=tuple(finding for finding in missing if finding.sound_suggestion),
        without_suggestion=tuple(finding for finding in missing if not finding.sound_suggestion),
        stale=tuple(finding for finding in in_order(findings.findings) if finding.rule),
    )
    return render_summary(findings, parts, most=most - 1) + "\n"


def to_sarif(findings: Findings) -> str:
    """Convert to SARIF 2.1.0 (OASIS): a result of level "note" each, with its fix.

    Paths are relative to `%SRCROOT%`. A fix replaces whole lines except the last line's end; where
    lines go, that goes too.
    """
    rules = [RULE, *sorted({finding.rule for finding in findings.findings if finding.rule})]
    run = {
        "tool": {
            "driver": {"name": "docbot", "version": __version__, "rules": _sarif_rules(rules)}
        },
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
        "results": [_sarif_result(finding, rules) for finding in in_order(findings.findings)],
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
            "diagnostics": [_rdjson_diagnostic(finding) for finding in in_order(findings.findings)],
        }
    )


def to_notices(findings: Findings) -> tuple[str, ...]:
    """Convert to workflow commands; the last counts those that GitHub would not show."""
    ordered = in_order(findings.findings)
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
    if findings.stale_count:
        rest = f"{hidden} more findings, of missing or stale docstrings, are not listed."
    return lines if fit else (*lines, format_command("notice", rest, title="docbot"))


def _sentence(finding: Finding, name: str | None = None) -> str:
    if finding.rule:
        return f"{one_line(finding.qualname)} {say(finding)}."
    if finding.kind == "module":
        return "This module has no docstring."
    label = one_line(finding.qualname) if name is None else name
    return f"The {finding.kind} {label} has no docstring."


def _suggested_headline(finding: Finding) -> str:
    """Return the suggested docstring's first line as the end of a message."""
    if finding.rule or not (suggestion := finding.sound_suggestion):
        return ""
    lines = suggestion.docstring()
    inside = "\n".join(lines).strip()[3:-3].strip()
    return f" Suggested: {one_line(inside.splitlines()[0])}"


def _path_text(finding: Finding) -> str:
    """Return the path as text, with a question mark for what is not UTF-8."""
    return finding.path.encode("utf-8", "replace").decode()


def _sarif_rules(names: Sequence[str]) -> list[dict[str, Any]]:
    missing = "A new or changed definition has no docstring."
    return [
        {
            "id": name,
            "name": "".join(map(str.capitalize, name.split("-"))),
            "shortDescription": {"text": missing if name == RULE else describe(name)},
            "defaultConfiguration": {"level": "note"},
        }
        for name in names
    ]


def _sarif_result(finding: Finding, rules: Sequence[str]) -> dict[str, Any]:
    uri = quote(finding.path.encode("utf-8", "surrogateescape"), safe="/")
    artifact = {"uri": uri, "uriBaseId": "%SRCROOT%"}
    physical = {"artifactLocation": artifact, "region": {"startLine": finding.line}}
    logical = {"fullyQualifiedName": one_line(finding.qualname), "kind": _SARIF_KINDS[finding.kind]}
    result: dict[str, Any] = {
        "ruleId": finding.rule or RULE,
        "ruleIndex": rules.index(finding.rule or RULE),
        "level": "note",
        "message": {"text": _sarif_sentence(finding)},
        "locations": [{"physicalLocation": physical, "logicalLocations": [logical]}],
        "partialFingerprints": {"docbot/v1": finding.fingerprint},
    }
    if lines := finding.sound_suggestion:
        change = {"artifactLocation": artifact, "replacements": [_sarif_replacement(lines)]}
        text = "Mend the docstring." if finding.rule else "Insert the suggested docstring."
        result["fixes"] = [{"description": {"text": text}, "artifactChanges": [change]}]
    return result


_SARIF_KINDS = {"module": "module", "class": "type", "function": "function", "method": "member"}


def _sarif_replacement(lines: Suggestion) -> dict[str, Any]:
    if lines.after:
        region = {"startLine": lines.first, "endLine": lines.last}
        return {"deletedRegion": region, "insertedContent": {"text": "\n".join(lines.after)}}
    # With columns a region can end past a line's end; below these lines the docstring goes on.
    end = {"endLine": lines.last + 1, "endColumn": 1}
    return {"deletedRegion": {"startLine": lines.first, "startColumn": 1, **end}}


def _sarif_sentence(finding: Finding) -> str:
    name = _escape_for_sarif(finding.qualname)
    if not finding.rule:
        return _sentence(finding, name)
    return f"{name} {say(finding, _without_links)}."


def _without_links(text: str) -> str:
    """Write brackets and braces, of which types are full, as parentheses."""
    return _escape_for_sarif(text.translate(str.maketrans("[]{}", "()()")))


def _escape_for_sarif(text: str) -> str:
    """Remove from one line of text what a SARIF message takes for a link or a placeholder."""
    return re.sub(r"[\[\]{}\\]", "", one_line(text, 500))


def _rdjson_diagnostic(finding: Finding) -> dict[str, Any]:
    diagnostic: dict[str, Any] = {
        "message": _markdown_sentence(finding),
        "location": {"path": _path_text(finding), "range": {"start": {"line": finding.line}}},
        "severity": "INFO",
        "code": {"value": finding.rule or RULE},
    }
    if lines := finding.sound_suggestion:
        span = {"start": {"line": lines.first}, "end": {"line": lines.last}}
        diagnostic["suggestions"] = [{"range": span, "text": "\n".join(lines.after)}]
    return diagnostic


def _markdown_sentence(finding: Finding) -> str:
    if finding.rule:
        return say_in_markdown(finding)
    return _sentence(finding, code(finding.qualname))


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
