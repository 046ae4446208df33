"""Convert findings to JSON and back, trusting nothing that is read.

The process that reads a pull request's code has no token, and the one with the token reads no code:
this JSON is all that goes from one to the other. So `decode` refuses whatever is not of the form of
`review.schema.json`, and drops a suggestion that would do anything but insert one docstring or mend
one entry of one.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from docbot.drift.drift import DriftRule
from docbot.errors import ReviewError
from docbot.review.findings import Finding, Findings, Suggestion
from docbot.scan.definition import Kind
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VERSION = 1
MAX_BYTES = 4_000_000
"""Largest report that is read; a thousand findings take about a tenth of it."""

MAX_FINDINGS = 2_000
MAX_NOTICES = 50
MAX_LINES = 100
"""Most lines of a suggestion, before as after."""

LONGEST = {
    "path": 1_000,
    "qualname": 500,
    "subject": 500,
    "message": 500,
    "detail": 500,
    "notice": 500,
    "line": 2_000,
}
"""Most characters of each text; `decode` refuses a report with a longer one."""


def encode(findings: Findings) -> str:
    """Convert findings to the JSON of `review.schema.json`.

    `decode` accepts it if `cut` returns the same findings unchanged.
    """
    document = asdict(replace(findings, skipped={}))
    document["skipped"] = dict(sorted(findings.skipped.items()))
    return json.dumps({"version": VERSION, **document}, indent=1, ensure_ascii=True)


def cut(findings: Findings) -> Findings:
    """Remove what `decode` would refuse for its size or path, and add a notice about it."""
    fitting: list[Finding] = []
    room = MAX_BYTES - 400_000  # for the notices, each character escaped
    for finding in map(_shorten_finding, findings.findings):
        text = json.dumps(asdict(finding), indent=3)
        if len(fitting) < MAX_FINDINGS and len(text) <= room and not path_problem(finding.path):
            fitting.append(finding)
            room -= len(text)
    dropped = len(findings.findings) - len(fitting)
    notices = [_shorten(notice, "notice") for notice in findings.notices[:MAX_NOTICES]]
    if dropped:
        notices[MAX_NOTICES - 1 :] = []
        notices.append(f"{dropped} more findings are not listed: too many, or an odd path")
    return replace(findings, findings=tuple(fitting), notices=tuple(notices))


def _shorten_finding(finding: Finding) -> Finding:
    suggestion = finding.suggestion
    if suggestion and any(
        len(lines) > MAX_LINES or any(len(line) > LONGEST["line"] for line in lines)
        for lines in (suggestion.before, suggestion.after, suggestion.above)
    ):
        suggestion = None
    return replace(
        finding,
        suggestion=suggestion,
        qualname=_shorten(finding.qualname, "qualname"),
        subject=_shorten(finding.subject, "subject"),
        message=_shorten(finding.message, "message"),
        detail=_shorten(finding.detail, "detail"),
    )


def _shorten(text: str, what: str) -> str:
    return text if len(text) <= LONGEST[what] else text[: LONGEST[what] - 3] + "..."


def path_problem(path: str) -> str:
    """Return why a report may not name this path; "" for a plain path below the repository."""
    parts = path.split("/")
    if len(path) > LONGEST["path"]:
        return "is too long"
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\\]", path):
        return "has a control character or a backslash"
    if "" in parts or re.match(r"[A-Za-z]:", path):
        return "is not relative to the repository"
    if any(part in (".", "..") or part.lower() == ".git" for part in parts):
        return "leaves the files of the repository"
    return ""


def decode(data: bytes) -> Findings:
    """Read a report that anybody may have written.

    A suggestion that `Finding.sound_suggestion` does not accept is dropped, and a notice says so.
    The whole report is refused for anything else that `encode` would not write. Keys that earlier
    reports did not have may be absent.

    Raises:
        ReviewError: it is too large, not JSON, or has a key or value that a report cannot have.

    """
    document = _read_object(_parse(data), "outermost value")
    if document.get("version") != VERSION:
        raise ReviewError("the report was made by another version of docbot; use one for both")
    report = _read_fields(document, "outermost object", {"version", *Findings.__slots__})
    findings = tuple(
        _read_finding(entry, f"findings[{at}]")
        for at, entry in enumerate(_read_array(report["findings"], "findings", MAX_FINDINGS))
    )
    skipped = _read_object(report["skipped"], "skipped")
    sound = tuple(map(_without_unsound_suggestion, findings))
    dropped = [a for a, b in zip(findings, sound, strict=True) if a is not b]
    notices = _read_texts(report["notices"], "notices", "notice", MAX_NOTICES)
    return Findings(
        base=_read_commit(report["base"], "base"),
        head=_read_commit(report["head"], "head"),
        findings=sound,
        documented=_read_count(report["documented"], "documented"),
        files=_read_count(report["files"], "files"),
        skipped={
            _read_word(reason, "skipped", _REASONS): _read_count(number, f"skipped.{reason}")
            for reason, number in skipped.items()
        },
        notices=(*notices[: MAX_NOTICES - 2], *_drop_notices(dropped)) if dropped else notices,
    )


_KINDS = frozenset(kind.value for kind in Kind)
_REASONS = frozenset(reason.value for reason in SkipReason)
_RULES = frozenset(rule.value for rule in DriftRule)
_DROPPED = "suggestions dropped because they are not one docstring and no more: {}"
_DROPPED_MENDS = "suggestions dropped because they do not mend one entry and no more: {}"
_ADDED_KEYS = {"rule": "", "subject": "", "message": "", "name_line": 0}
_MAX_COUNT = 10_000_000


def _without_unsound_suggestion(finding: Finding) -> Finding:
    if finding.suggestion is None or finding.sound_suggestion:
        return finding
    if finding.rule:
        return replace(finding, suggestion=None)
    return replace(
        finding,
        suggestion=None,
        reason=SkipReason.REJECTED.value,
        detail="the suggestion was not one docstring and no more",
    )


def _drop_notices(dropped: Iterable[Finding]) -> Iterator[str]:
    """Yield a sentence on each kind of suggestion that was dropped."""
    mends = [bool(finding.rule) for finding in dropped]
    for sentence, count in ((_DROPPED, mends.count(False)), (_DROPPED_MENDS, mends.count(True))):
        if count:
            yield sentence.format(count)


def _read_finding(value: object, where: str) -> Finding:
    entry = _read_fields(value, where, set(Finding.__slots__), _ADDED_KEYS)
    suggestion = entry["suggestion"]
    path = _read_text(entry["path"], f"{where}.path", "path")
    if problem := path_problem(path):
        raise ReviewError(f"the report's {where}.path {problem}; nothing in it is used")
    return Finding(
        path=path,
        line=_read_count(entry["line"], f"{where}.line", least=1),
        qualname=_read_text(entry["qualname"], f"{where}.qualname", "qualname"),
        kind=_read_word(entry["kind"], f"{where}.kind", _KINDS),
        rule=_read_word(entry["rule"], f"{where}.rule", _RULES | {""}),
        subject=_read_text(entry["subject"], f"{where}.subject", "subject"),
        message=_read_text(entry["message"], f"{where}.message", "message"),
        name_line=_read_count(entry["name_line"], f"{where}.name_line"),
        suggestion=None
        if suggestion is None
        else _read_suggestion(suggestion, f"{where}.suggestion"),
        reason=_read_word(entry["reason"], f"{where}.reason", _REASONS | {""}),
        detail=_read_text(entry["detail"], f"{where}.detail", "detail"),
    )


def _read_suggestion(value: object, where: str) -> Suggestion:
    entry = _read_fields(value, where, set(Suggestion.__slots__), {"above": []})
    suggestion = Suggestion(
        first=_read_count(entry["first"], f"{where}.first", least=1),
        last=_read_count(entry["last"], f"{where}.last", least=1),
        before=_read_texts(entry["before"], f"{where}.before", "line", MAX_LINES),
        after=_read_texts(entry["after"], f"{where}.after", "line", MAX_LINES),
        above=_read_texts(entry["above"], f"{where}.above", "line", MAX_LINES),
    )
    if suggestion.last - suggestion.first + 1 != len(suggestion.before):
        raise _error(f"{where}.before", "the lines from `first` to `last`")
    if len(suggestion.above) >= suggestion.first:
        raise _error(f"{where}.above", "lines above `first`")
    return suggestion


def _parse(data: bytes) -> object:
    if len(data) > MAX_BYTES:
        raise ReviewError(f"the report is over {MAX_BYTES // 1_000_000} MB; docbot writes no such")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_refuse_duplicate_keys,
            parse_int=_parse_int,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        cause = "nested too deeply" if isinstance(error, RecursionError) else "not JSON"
        raise ReviewError(f"the report is {cause}; let docbot write it again") from None


def _refuse_duplicate_keys(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    listed = list(pairs)
    entries = dict(listed)
    if len(entries) != len(listed):
        raise ValueError("a key twice")
    return entries


def _parse_int(text: str) -> int:
    """Parse a number, or return -1 for a longer one, which takes Python quadratic time."""
    return int(text) if len(text) <= len(str(_MAX_COUNT)) else -1


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


def _read_object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _error(where, "an object")
    return value


def _read_fields(
    value: object, where: str, names: set[str], added: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Read an object with these keys; those in `added` may be absent, and have defaults."""
    entry = {**(added or {}), **_read_object(value, where)}
    for name in sorted(names ^ entry.keys()):
        word = "lacks" if name in names else "has an unknown key,"
        raise ReviewError(f"the report's {where} {word} {name[:40]!r}; nothing in it is used")
    return entry


def _read_array(value: object, where: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise _error(where, f"a list of at most {most}")
    return value


def _read_texts(value: object, where: str, what: str, most: int) -> tuple[str, ...]:
    entries = enumerate(_read_array(value, where, most))
    return tuple(_read_text(entry, f"{where}[{at}]", what) for at, entry in entries)


def _read_text(value: object, where: str, what: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST[what]:
        raise _error(where, f"a string of at most {LONGEST[what]} characters")
    try:  # as os.fsdecode names a path that is not UTF-8, and no other surrogate
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise _error(where, "a string of characters") from None
    return value


def _read_count(value: object, where: str, *, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= _MAX_COUNT:
        raise _error(where, f"a number from {least} to {_MAX_COUNT}")
    return value


def _read_word(value: object, where: str, allowed: frozenset[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise _error(where, "one of the words that docbot knows")
    return value


def _read_commit(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value):
        raise _error(where, "a commit's 40 or 64 lower-case hexadecimal digits")
    return value


def _error(where: str, what: str) -> ReviewError:
    return ReviewError(f"the report's {where} is not {what}; nothing in it is used")
