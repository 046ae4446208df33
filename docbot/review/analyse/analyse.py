"""Find what a revision lacks or left stale in its docstrings, and suggest what to write.

`check` decides what is missing, so the gate does not grow with the model; `fix` writes the
docstrings, and each of its edits becomes a suggestion. `stale` compares the docstrings that changed
functions have with these functions. All of them read one commit's git objects, never a
file on disk.
"""

from __future__ import annotations

import functools
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from docbot.docstring.edit import Edit
from docbot.drift.drift import DriftRule
from docbot.errors import SourceError
from docbot.pipeline import fix
from docbot.review.analyse.stale import stale_findings, suggestion_obstacle
from docbot.review.findings import Finding, Findings, Suggestion, in_order, merge
from docbot.review.findings_json import cut, encode
from docbot.scan.definition import Kind
from docbot.scan.facts import file_facts
from docbot.scan.source import read
from docbot.scanned import REVIEWED, Result, SourceFile, check_file, with_kinds
from docbot.select.inheritance import ParentIndex
from docbot.select.skip import Skip, SkipReason, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from docbot.file_task import Job
    from docbot.review.analyse.inputs import ReviewRequest, Revision

_REPORTED = (SkipReason.UNPARSABLE, SkipReason.TOO_LARGE)
"""Reasons for skipping a whole file that its author would want to know."""

_MAY_BE_STALE = DriftRule.SUMMARY_STALE.value
_Outcome = Edit | Skip
_Place = tuple[str, int]


def respond(request: Mapping[str, Any]) -> str:
    """Return the findings for an encoded request, as JSON.

    This is all that the sandboxed process does.

    Args:
        request: What `encode_request` made, with the time budget in seconds as `budget`; 0 means
            no limit.

    Raises:
        DocbotError: as `open_revision`, `open_engines` and `analyse`.

    """
    from docbot.cache import open_cache
    from docbot.review.analyse.inputs import ReviewRequest, open_revision
    from docbot.session import make_job, open_engines

    budget = request["budget"]
    deadline = time.monotonic() + budget if budget > 0 else float("inf")
    cache = open_cache(on=request["cache"])
    fields = {**request["of"], "root": Path(request["of"]["root"])}
    with (
        closing(cache),
        open_revision(ReviewRequest(**fields)) as whole,
        open_engines(cache) as engine_of,
    ):
        parts = []
        for revision in (whole, *whole.nested):
            job = make_job(
                revision.config,
                engine_of(revision.config),
                parents=ParentIndex(revision.outline_of, revision),
                style=revision.style_finder(),
                out_of_time=lambda: time.monotonic() > deadline,
            )
            parts.append(analyse(revision, job))
        return encode(cut(merge(parts)))


def encode_request(request: ReviewRequest, *, cache: bool) -> dict[str, Any]:
    """Convert a request to values that JSON can hold; `respond` reads them."""
    return {"of": {**asdict(request), "root": str(request.root)}, "cache": cache}


def analyse(revision: Revision, job: Job) -> Findings:
    """Return all findings of a revision, sorted by path, line and name.

    Where nothing is missing, the model is not loaded.

    Raises:
        GitError: this clone lacks objects.
        ModelError: llama.cpp refuses the model.

    """
    job = replace(job, config=with_kinds(job.config, REVIEWED))
    checked = _check_files(revision, job)
    findings = list(_stale(revision, checked, job)) if job.config.stale != "off" else []
    doubtful = {PurePosixPath(each.path) for each in findings if each.rule == _MAY_BE_STALE}
    lacking = [path for path, result in checked.results.items() if result.missing]
    files = [_source_file(revision, path) for path in dict.fromkeys((*lacking, *doubtful))]
    proposals: dict[tuple[str, str], str] = {}
    for result in fix(files, _writing(job, revision, proposes=bool(doubtful))) if files else ():
        findings += _findings(checked.results[result.path].missing, result)
        proposals |= {(str(result.path), each.qualname): each.proposal for each in result.drifts}
        if result.error:
            checked.notices.append(f"{result.path}: docbot's own check failed: {result.error}")
    findings = [
        replace(each, detail=proposals.get((each.path, each.qualname), ""))
        if each.rule == _MAY_BE_STALE
        else each
        for each in findings
    ]
    return cut(
        Findings(
            base=revision.merge_base,
            head=revision.head.commit,
            findings=tuple(in_order(findings)),
            documented=sum(result.documented for result in checked.results.values()),
            files=len(revision.changed) + len(revision.skipped),
            skipped=checked.skip_counts(),
            notices=(*revision.notices, *checked.notices),
        )
    )


def _writing(job: Job, revision: Revision, *, proposes: bool) -> Job:
    """Return the job that writes what is missing, and other summaries for those in doubt."""
    stale = "report" if proposes else "off"
    former = functools.partial(_former, revision)
    return replace(job, config=replace(job.config, stale=stale), former=former)


def _former(revision: Revision, path: PurePosixPath) -> bytes | None:
    """Read a file as it was at the merge base; None where it is new here, or was moved."""
    with suppress(SourceError):
        return revision.ancestor.read(path)
    return None


@dataclass(kw_only=True, slots=True)
class _CheckedFiles:
    """What `check` says of each file, and notices about whole files."""

    results: dict[PurePosixPath, Result] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def skip_counts(self) -> Mapping[str, int]:
        skips = (skip for result in self.results.values() for skip in result.skips)
        return dict(Counter(skip.reason.value for skip in skips if skip.qualname))


def _check_files(revision: Revision, job: Job) -> _CheckedFiles:
    checked = _CheckedFiles()
    for path, skip in revision.skipped.items():
        checked.results[path] = Result(path=path, skips=(skip,))
    for path, lines in revision.changed.items():
        try:
            facts = file_facts(revision.head.read(path))
            result = check_file(path, facts, job.config, job.parents, lines)
        except SourceError as error:
            result = Result(path=path, skips=(Skip.of(error),))
        checked.results[path] = result
    checked.notices = [
        f"{path}: skipped: {skip.detail}"
        for path, result in sorted(checked.results.items())
        for skip in result.skips
        if not skip.qualname and skip.reason in _REPORTED
    ]
    return checked


def _source_file(revision: Revision, path: PurePosixPath) -> SourceFile:
    return SourceFile(path=path, source=revision.head.read(path), changed=revision.changed[path])


def _stale(revision: Revision, checked: _CheckedFiles, job: Job) -> Iterator[Finding]:
    """Yield what is stale in the files that no rule leaves out as a whole."""
    for path, result in checked.results.items():
        if any(not skip.qualname for skip in result.skips):
            continue
        yield from stale_findings(
            _source_file(revision, path),
            _former(revision, path),
            job.out_of_time,
            revision.config.required_sections,
        )


def _findings(missing: Iterable[Target], result: Result) -> Iterator[Finding]:
    """Yield one finding for each target, with the edit or skip of `fix` at its name and line."""
    outcomes: dict[_Place, _Outcome] = {(edit.qualname, edit.line): edit for edit in result.edits}
    outcomes |= {(skip.qualname, skip.line): skip for skip in result.skips}
    of_file = outcomes.get(("", 0))
    if result.error:
        of_file = Skip(reason=SkipReason.REJECTED, detail="docbot's own check of the file failed")
    for target in missing:
        definition = target.definition
        finding = Finding(
            path=str(result.path),
            line=definition.line,
            qualname=definition.qualname,
            kind=definition.kind.value,
        )
        outcome = outcomes.get((definition.qualname, definition.line), of_file)
        if isinstance(outcome, Edit):
            yield _with_suggestion(finding, result.before, outcome)
        elif outcome is not None:
            yield replace(finding, reason=outcome.reason.value, detail=outcome.detail)
        else:
            yield finding


def _with_suggestion(finding: Finding, source: bytes, edit: Edit) -> Finding:
    """Add the edit as a suggestion, or its headline where a person has to insert it."""
    text = edit.text.decode(read(source).encoding)
    obstacle = _suggestion_obstacle(finding, source)
    if not obstacle:
        suggestion = suggest(source, edit)
        if suggestion.docstring():
            return replace(finding, suggestion=suggestion)
        obstacle = "its header cannot be shown as it is"
    headline = text.strip().strip("\"'").strip().partition("\n")[0].rstrip()
    return replace(
        finding,
        reason=SkipReason.LEFT_ALONE.value,
        detail=f"{obstacle}; to be set by hand: {headline}",
    )


def _suggestion_obstacle(finding: Finding, source: bytes) -> str:
    """Return why GitHub could not apply a suggestion with one click; "" when it could."""
    if finding.kind == Kind.MODULE.value:
        return "a module's docstring stands above all that a suggestion could replace"
    return suggestion_obstacle(source)


def suggest(source: bytes, edit: Edit) -> Suggestion:
    """Convert an edit to a suggestion of whole lines.

    It replaces the header's last line and the blank lines that the edit removes.
    """
    first = source.count(b"\n", 0, edit.start)
    header = source[: edit.start].removesuffix(b"\n").rpartition(b"\n")[2].decode()
    removed = _split_lines(source[edit.start : edit.end])
    return Suggestion(
        first=first,
        last=first + len(removed),
        before=(header, *removed),
        after=(header, *_split_lines(edit.text)),
    )


def _split_lines(data: bytes) -> list[str]:
    return data.decode().removesuffix("\n").split("\n") if data else []
