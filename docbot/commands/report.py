"""Format results as counts, lines and JSON; nothing here decides anything.

What the user asked for goes to stdout (findings, JSON, diffs); messages about docbot's work go to
stderr. The JSON is described by `report.schema.json` beside this file, and a change that breaks a
reader raises its `version`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docbot import __version__
from docbot.commands.streams import path_text
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.progress import Progress

    from docbot.docstring.edit import Edit
    from docbot.drift.drift import Drift
    from docbot.scan.definition import Definition
    from docbot.scanned import Result
    from docbot.select.skip import Skip, Target

SCHEMA_VERSION = 2

JUDGED = "other people's code: "
"""How the reason begins where a folder was judged by what it holds."""


@dataclass(kw_only=True)
class Tally:
    """Running counts over Results; `skipped` counts definitions, `files_skipped` whole files."""

    files: int = 0
    changed_files: int = 0
    written: int = 0
    missing: int = 0
    documented: int = 0
    drifts: int = 0
    certain_drifts: int = 0
    mended: int = 0
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    files_skipped: Counter[SkipReason] = field(default_factory=Counter)
    errors: int = 0
    unparsable: list[str] = field(default_factory=list)
    ratchet: Counter[str] = field(default_factory=Counter)
    vendored: dict[str, None] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Add one file to the counts."""
        self.files += 1
        self.changed_files += bool(result.edits or result.mended)
        self.written += len(result.edits)
        self.missing += len(result.missing)
        self.documented += result.documented
        self.drifts += len(result.drifts)
        self.certain_drifts += sum(drift.is_certain for drift in result.drifts)
        self.mended += len(result.mended)
        self.errors += bool(result.error)
        self.unparsable += format_unparsable(result)
        for skip in result.skips:
            if skip.reason is SkipReason.VENDORED and skip.detail.startswith(JUDGED):
                self.vendored[skip.detail] = None
            (self.skipped if skip.qualname else self.files_skipped)[skip.reason] += 1

    @property
    def coverage(self) -> float | None:
        """Return how many percent of the counted definitions are documented; None without any."""
        total = self.documented + self.missing
        return 100 * self.documented / total if total else None

    def is_below(self, fail_under: float | None) -> bool:
        """Check whether the coverage is below a limit; None stands for no limit."""
        coverage = self.coverage
        return fail_under is not None and coverage is not None and coverage < fail_under

    def percent(self, digits: int) -> float | None:
        """Return the coverage rounded down, so that 100 means that nothing is missing."""
        total = self.documented + self.missing
        scale = 10**digits
        return 100 * scale * self.documented // total / scale if total else None


def format_findings(result: Result, *, verbose: bool) -> list[str]:
    """Return one line per definition, as editors and linters write it: `path:line: message`.

    With `verbose`, skipped definitions and files are listed too, with the sentences that were
    withheld, and what a ratchet knows. The lines are those of the file as it is now.
    """
    line_of = result.line_now
    lines = [(line_of(edit), f"{edit.qualname}: {_first_line(edit.text)}") for edit in result.edits]
    skipped = {(skip.qualname, skip.line) for skip in result.skips}  # `fix` could not write them
    lines += [
        (
            line_of(target.definition),
            f"{_new(result, target)}{_described(target.definition)} has no docstring",
        )
        for target in result.missing
        if target.place not in skipped and (verbose or not result.is_known(target))
    ]
    lines += [
        (drift.line, f"{_new(result, drift)}{_sentence(drift)}")
        for drift in result.drifts
        if verbose or not result.is_known(drift)
    ]
    lines += [(line_of(drift), f"mended: {_sentence(drift)}") for drift in result.mended]
    if verbose:
        said = {(each.qualname, each.line): each.sentence for each in result.candidates}
        lines += [
            (line_of(skip) or 1, _skipped(skip, said.get((skip.qualname, skip.line), "")))
            for skip in result.skips
        ]
    name = path_text(result.path)
    return [f"{name}:{line}: {message}" for line, message in sorted(lines)]


def _skipped(skip: Skip, said: str) -> str:
    """Say why something was skipped, with the sentence that was withheld where there was one."""
    withheld = f'; withheld: "{said}"' if said and said not in skip.detail else ""
    return f"{skip.qualname or 'file'} skipped, {skip.reason.value}: {skip.detail}{withheld}"


def _described(definition: Definition) -> str:
    return f"{definition.kind.value} {definition.qualname}"


def _new(result: Result, finding: Target | Drift) -> str:
    """Return how a line begins where a ratchet says whether a finding is new."""
    return {None: "", True: "known: ", False: "new: "}[result.is_known(finding)]


def _sentence(drift: Drift) -> str:
    proposal = f'; docbot would write "{drift.proposal}"' if drift.proposal else ""
    return f"{drift.qualname} {drift.message}{proposal} [{drift.rule.value}]"


def _first_line(docstring: bytes) -> str:
    """Return the first line that says something, after the quotes where it stands below them."""
    first, _, rest = docstring.decode("utf-8", "backslashreplace").strip().partition("\n")
    if first.rstrip().lstrip("rRuU") in ('"""', "'''"):
        first = first.rstrip() + rest.strip().partition("\n")[0]
    return first.rstrip()


def format_problems(result: Result) -> list[str]:
    """Return what went wrong with a file as a whole, and what was skipped for lack of time."""
    reported = (SkipReason.TOO_LARGE, SkipReason.LEFT_ALONE)
    name = path_text(result.path)
    lines = [
        f"{name}: skipped: {skip.detail}"
        for skip in result.skips
        if not skip.qualname and skip.reason in reported
    ]
    lines += format_unparsable(result)
    lines += [
        f"{name}:{result.line_now(skip) or 1}: {skip.qualname or 'the file'}: no time left for it"
        for skip in result.skips
        if skip.reason is SkipReason.OUT_OF_TIME
    ]
    if result.error:
        lines.append(f"{name}: left as it was, docbot's own check failed: {result.error}")
    return lines


def format_unparsable(result: Result) -> list[str]:
    """Return the sentence about a file that cannot be read as Python."""
    return [
        f"{path_text(result.path)}: skipped: {skip.detail}; mend the file, or exclude it"
        for skip in result.skips
        if not skip.qualname and skip.reason is SkipReason.UNPARSABLE
    ]


class ProgressMeter:
    """The progress bar of a long run: files, functions, functions a second, time left."""

    def __init__(self, files: int, *, visible: bool) -> None:
        self._files = files
        self._visible = visible
        self._functions = 0
        self._bar: Progress | None = None

    def __enter__(self) -> ProgressMeter:  # noqa: PYI034 - Self is in typing from 3.11 on
        """Start the bar where it is shown."""
        if not self._visible:
            return self
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("docbot"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("files, {task.fields[functions]} functions, {task.fields[rate]:.0f}/s,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("files", total=self._files, functions=0, rate=0.0)
        self._bar.start()
        return self

    def step(self, functions: int) -> None:
        """Count one more file as done, with so many functions in it."""
        self._functions += functions
        if self._bar is not None:
            rate = self._functions / (self._bar.tasks[0].elapsed or 1.0)
            self._bar.update(self._task, advance=1, functions=self._functions, rate=rate)

    def __exit__(self, *_: object) -> None:
        """Stop the bar."""
        if self._bar is not None:
            self._bar.stop()


def coverage_line(tally: Tally, kinds: Sequence[str], fail_under: float | None = None) -> str:
    """Format the coverage, say where it is below what is asked, and explain its denominator."""
    total = tally.documented + tally.missing
    what = f"the {_join(_PLURALS[k] for k in kinds) if kinds else 'definitions'} that count"
    text = f"none of {what} was found"
    if total:
        limit = f" below fail-under = {fail_under:g}:" if tally.is_below(fail_under) else ""
        share = f"{tally.percent(1):.1f} %,{limit} {tally.documented} of {total}"
        text = f"{share} of {what} have a docstring"
    if skipped := sum(tally.skipped.values()):
        verb = "does" if skipped == 1 else "do"
        text += f"; {skipped} without a docstring {verb} not count ({by_reason(tally.skipped)})"
    if files := sum(tally.files_skipped.values()):
        verb = "was" if files == 1 else "were"
        reasons = by_reason(tally.files_skipped)
        text += f"; {files} {count_noun('file', files)} {verb} left out ({reasons})"
    return f"coverage: {text}"


def format_vendored(tally: Tally) -> list[str]:
    """Return a sentence for each folder that was left out as other people's code."""
    return [
        f'left out as {detail}; include = ["vendored"] takes such folders in'
        for detail in tally.vendored
    ]


def by_reason(counts: Counter[SkipReason] | Counter[str]) -> str:
    """Return counts in words, the most frequent first."""
    names = ((n, getattr(reason, "value", reason)) for reason, n in counts.most_common())
    return ", ".join(f"{n} {name}" for n, name in names)


_PLURALS = {
    k: k + ("es" if k == "class" else "s") for k in ("module", "class", "function", "method")
}


def _join(words: Any) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else str(last)


def count_noun(noun: str, count: int) -> str:
    """Return a noun in the number of a count."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return noun if count == 1 else plural


def to_json(
    command: str, results: Sequence[Result], tally: Tally, fail_under: float | None = None
) -> str:
    """Format the whole run as JSON, files in path order (schema: report.schema.json)."""
    return json.dumps(
        {
            "version": SCHEMA_VERSION,
            "docbot": __version__,
            "command": command,
            "files": [_file(result) for result in sorted(results, key=lambda r: str(r.path))],
            "summary": {
                "files": tally.files,
                "changed_files": tally.changed_files,
                "written": tally.written,
                "missing": tally.missing,
                "documented": tally.documented,
                "drift": tally.drifts,
                "mended": tally.mended,
                "coverage": tally.percent(2),
                "skipped": {reason.value: n for reason, n in sorted(tally.skipped.items())},
                "files_skipped": {r.value: n for r, n in sorted(tally.files_skipped.items())},
                "errors": tally.errors,
                **({"fail_under": fail_under} if fail_under is not None else {}),
                **({"ratchet": tally.ratchet} if tally.ratchet else {}),
            },
        },
        indent=2,
        ensure_ascii=True,
    )


def _file(result: Result) -> dict[str, Any]:
    return {
        "path": path_text(result.path),
        "written": [
            {
                "qualname": edit.qualname,
                **_lines(result, edit),
                "docstring": edit.text.decode("utf-8", "backslashreplace").strip(),
            }
            for edit in result.edits
        ],
        "missing": [
            {
                "qualname": target.definition.qualname,
                "kind": target.definition.kind.value,
                **_lines(result, target.definition),
                **_known(result, target),
            }
            for target in result.missing
        ],
        "drift": [
            {**_drift(drift, _left_lines(result, drift)), **_known(result, drift)}
            for drift in result.drifts
        ],
        "mended": [_drift(drift, _lines(result, drift)) for drift in result.mended],
        "skipped": [
            {
                "qualname": skip.qualname or None,
                **_lines(result, skip),
                "reason": skip.reason.value,
                "detail": skip.detail,
            }
            for skip in result.skips
        ],
        "error": result.error or None,
    }


def _known(result: Result, finding: Target | Drift) -> dict[str, bool]:
    known = result.is_known(finding)
    return {} if known is None else {"known": known}


def _lines(result: Result, finding: Edit | Definition | Skip | Drift) -> dict[str, int | None]:
    return {"line": result.line_now(finding) or None, "line_before": finding.line or None}


def _left_lines(result: Result, drift: Drift) -> dict[str, int | None]:
    return {"line": drift.line, "line_before": result.lines.before(drift.line)}


def _drift(drift: Drift, lines: Mapping[str, int | None]) -> dict[str, Any]:
    return {
        "qualname": drift.qualname,
        **lines,
        "rule": drift.rule.value,
        "subject": drift.subject or None,
        "message": drift.message,
        "proposal": drift.proposal or None,
    }
