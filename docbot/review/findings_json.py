"""Findings handed from one process or machine to another, as JSON; nothing in it is trusted.

The process that reads a pull request's code has no token, and the one with the token reads no code:
this is all that goes from one to the other. So `decode` believes nothing. It refuses what is not of
the form, and drops a suggestion that would do anything but insert one docstring.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from docbot.errors import ReviewError
from docbot.review.findings import Finding, Findings, Suggestion
from docbot.scan.definition import Kind
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1
MAX_BYTES = 4_000_000
"""A report above this size is not read: a thousand findings take about a tenth of it."""

MAX_FINDINGS = 2_000
MAX_NOTICES = 50
MAX_LINES = 100
"""Lines of a suggestion, before as after."""

LONGEST = {"path": 1_000, "qualname": 500, "detail": 500, "notice": 500, "line": 2_000}
"""Characters; more is a report refused, not a text cut."""


def encode(found: Findings) -> str:
    """The JSON of `review.schema.json`; `decode` takes it where `cut` leaves it as it is."""
    plain = asdict(replace(found, skipped={}))
    plain["skipped"] = dict(sorted(found.skipped.items()))
    return json.dumps({"version": VERSION, **plain}, indent=1, ensure_ascii=True)


def cut(found: Findings) -> Findings:
    """The same without what `decode` would refuse for its size or its path, and a notice of it."""
    kept: list[Finding] = []
    room = MAX_BYTES - 400_000  # for the notices, each character escaped
    for finding in map(_shortened, found.findings):
        text = json.dumps(asdict(finding), indent=3)
        if len(kept) < MAX_FINDINGS and len(text) <= room and not unfit(finding.path):
            kept.append(finding)
            room -= len(text)
    left = len(found.findings) - len(kept)
    notices = [_shorter(notice, "notice") for notice in found.notices[:MAX_NOTICES]]
    if left:
        notices[MAX_NOTICES - 1 :] = []
        notices.append(f"{left} more findings are not listed: too many, or an odd path")
    return replace(found, findings=tuple(kept), notices=tuple(notices))


def _shortened(finding: Finding) -> Finding:
    suggestion = finding.suggestion
    if suggestion and any(
        len(lines) > MAX_LINES or any(len(line) > LONGEST["line"] for line in lines)
        for lines in (suggestion.before, suggestion.after)
    ):
        suggestion = None
    return replace(
        finding,
        suggestion=suggestion,
        qualname=_shorter(finding.qualname, "qualname"),
        detail=_shorter(finding.detail, "detail"),
    )


def _shorter(text: str, what: str) -> str:
    return text if len(text) <= LONGEST[what] else text[: LONGEST[what] - 3] + "..."


def unfit(path: str) -> str:
    """Why a report may not name this path, or "": it must be a plain one below the repository."""
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

    A suggestion that `Suggestion.docstring` does not vouch for is dropped and a notice says so; all
    else that is not as `encode` writes it makes the report worthless as a whole.

    Raises:
        ReviewError: it is too large, not JSON, or has a key or value that a report cannot have.

    """
    document = _object(_parsed(data), "outermost value")
    if document.get("version") != VERSION:
        raise ReviewError("the report was made by another version of docbot; use one for both")
    report = _fields(document, "outermost object", {"version", *Findings.__slots__})
    findings = tuple(
        _finding(entry, f"findings[{at}]")
        for at, entry in enumerate(_array(report["findings"], "findings", MAX_FINDINGS))
    )
    skipped = _object(report["skipped"], "skipped")
    vouched = tuple(map(_vouched, findings))
    dropped = sum(a is not b for a, b in zip(findings, vouched, strict=True))
    notices = _texts(report["notices"], "notices", "notice", MAX_NOTICES)
    return Findings(
        base=_sha(report["base"], "base"),
        head=_sha(report["head"], "head"),
        findings=vouched,
        documented=_count(report["documented"], "documented"),
        files=_count(report["files"], "files"),
        skipped={
            _one_of(reason, "skipped", _REASONS): _count(number, f"skipped.{reason}")
            for reason, number in skipped.items()
        },
        notices=(*notices[: MAX_NOTICES - 1], _DROPPED.format(dropped)) if dropped else notices,
    )


_KINDS = frozenset(kind.value for kind in Kind)
_REASONS = frozenset(reason.value for reason in SkipReason)
_DROPPED = "suggestions dropped because they are not one docstring and no more: {}"
_MOST = 10_000_000


def _vouched(finding: Finding) -> Finding:
    if finding.suggestion is None or finding.suggestion.docstring():
        return finding
    return replace(
        finding,
        suggestion=None,
        reason=SkipReason.REJECTED.value,
        detail="the suggestion was not one docstring and no more",
    )


def _finding(value: object, where: str) -> Finding:
    entry = _fields(value, where, set(Finding.__slots__))
    suggestion = entry["suggestion"]
    path = _text(entry["path"], f"{where}.path", "path")
    if trouble := unfit(path):
        raise ReviewError(f"the report's {where}.path {trouble}; nothing in it is used")
    return Finding(
        path=path,
        line=_count(entry["line"], f"{where}.line", least=1),
        qualname=_text(entry["qualname"], f"{where}.qualname", "qualname"),
        kind=_one_of(entry["kind"], f"{where}.kind", _KINDS),
        suggestion=None if suggestion is None else _suggestion(suggestion, f"{where}.suggestion"),
        reason=_one_of(entry["reason"], f"{where}.reason", _REASONS | {""}),
        detail=_text(entry["detail"], f"{where}.detail", "detail"),
    )


def _suggestion(value: object, where: str) -> Suggestion:
    entry = _fields(value, where, set(Suggestion.__slots__))
    suggestion = Suggestion(
        first=_count(entry["first"], f"{where}.first", least=1),
        last=_count(entry["last"], f"{where}.last", least=1),
        before=_texts(entry["before"], f"{where}.before", "line", MAX_LINES),
        after=_texts(entry["after"], f"{where}.after", "line", MAX_LINES),
    )
    if suggestion.last - suggestion.first + 1 != len(suggestion.before):
        raise _wrong(f"{where}.before", "the lines from `first` to `last`")
    return suggestion


def _parsed(data: bytes) -> object:
    if len(data) > MAX_BYTES:
        raise ReviewError(f"the report is over {MAX_BYTES // 1_000_000} MB; docbot writes no such")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_digits,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        cause = "nested too deeply" if isinstance(error, RecursionError) else "not JSON"
        raise ReviewError(f"the report is {cause}; let docbot write it again") from None


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    listed = list(pairs)
    found = dict(listed)
    if len(found) != len(listed):
        raise ValueError("a key twice")
    return found


def _digits(text: str) -> int:
    """A number that is worth reading: Python takes quadratic time for the others."""
    return int(text) if len(text) <= len(str(_MOST)) else -1


def _no_number(text: str) -> None:
    raise ValueError(text)


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where, "an object")
    return value


def _fields(value: object, where: str, names: set[str]) -> dict[str, Any]:
    entry = _object(value, where)
    for name in sorted(names ^ entry.keys()):
        word = "lacks" if name in names else "has an unknown key,"
        raise ReviewError(f"the report's {where} {word} {name[:40]!r}; nothing in it is used")
    return entry


def _array(value: object, where: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise _wrong(where, f"a list of at most {most}")
    return value


def _texts(value: object, where: str, what: str, most: int) -> tuple[str, ...]:
    entries = enumerate(_array(value, where, most))
    return tuple(_text(entry, f"{where}[{at}]", what) for at, entry in entries)


def _text(value: object, where: str, what: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST[what]:
        raise _wrong(where, f"a string of at most {LONGEST[what]} characters")
    try:  # as os.fsdecode names a path that is not UTF-8, and no other surrogate
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise _wrong(where, "a string of characters") from None
    return value


def _count(value: object, where: str, *, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= _MOST:
        raise _wrong(where, f"a number from {least} to {_MOST}")
    return value


def _one_of(value: object, where: str, words: frozenset[str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise _wrong(where, "one of the words that docbot knows")
    return value


def _sha(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value):
        raise _wrong(where, "a commit's 40 or 64 lower-case hexadecimal digits")
    return value


def _wrong(where: str, what: str) -> ReviewError:
    return ReviewError(f"the report's {where} is not {what}; nothing in it is used")
