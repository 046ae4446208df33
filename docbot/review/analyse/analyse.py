"""A revision to Findings: what its new and changed definitions lack, and words for them.

`check` tells what is missing, so the gate does not grow with the model; `fix` tells the words, and
each of its edits becomes a suggestion. Both look at one commit's objects, never at a file on disk.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.docstring.edit import Edit
from docbot.errors import SourceError
from docbot.pipeline import fix
from docbot.review.findings import Finding, Findings, Suggestion
from docbot.review.findings_json import cut, encode
from docbot.scan.definition import Kind
from docbot.scan.facts import file_facts
from docbot.scan.source import BOM, read
from docbot.scanned import COUNTED, Result, SourceFile, check_file, with_kinds
from docbot.select.inheritance import ParentIndex
from docbot.select.skip import Skip, SkipReason, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from docbot.pipeline import Job
    from docbot.review.analyse.inputs import ReviewRequest, Revision

_TOLD = (SkipReason.UNPARSABLE, SkipReason.TOO_LARGE)
"""Why a file is left alone, where its author would want to know."""

_Words = Edit | Skip
_Place = tuple[str, int]


def respond(question: Mapping[str, Any]) -> str:
    """Answer a question that `request` made; the process that is asked does no more than this.

    Raises:
        DocbotError: as `open_revision`, `open_job` and `analyse`.

    """
    from docbot.cache import open_cache
    from docbot.review.analyse.inputs import ReviewRequest, open_revision
    from docbot.session import open_job

    budget = question["budget"]
    deadline = time.monotonic() + budget if budget > 0 else float("inf")
    cache = open_cache(on=question["cache"])
    asked = ReviewRequest(**{**question["of"], "root": Path(question["of"]["root"])})
    with closing(cache), open_revision(asked) as revision:
        job = open_job(
            revision.config,
            cache,
            lineage=ParentIndex(revision.outline_of),
            house=revision.house,
            out_of_time=lambda: time.monotonic() > deadline,
        )
        with job as opened:
            return encode(analyse(revision, opened))


def request(question: ReviewRequest, *, cache: bool) -> dict[str, Any]:
    """A question as JSON can hold it."""
    return {"of": {**asdict(question), "root": str(question.root)}, "cache": cache}


def analyse(revision: Revision, job: Job) -> Findings:
    """Everything to say about a revision; without anything missing, the model is not loaded.

    Raises:
        GitError: this clone lacks objects.
        ModelError: llama.cpp refuses the model.

    """
    job = replace(job, config=with_kinds(job.config, COUNTED))
    seen = _look(revision, job)
    lacking = [path for path, result in seen.results.items() if result.missing]
    files = (
        SourceFile(path=path, source=revision.head.read(path), changed=revision.changed[path])
        for path in lacking
    )
    found: list[Finding] = []
    for result in fix(files, job) if lacking else ():
        found += _findings(seen.results[result.path].missing, result)
        if result.error:
            seen.notices.append(f"{result.path}: docbot's own check failed: {result.error}")
    return cut(
        Findings(
            base=revision.merge_base,
            head=revision.head.commit,
            findings=tuple(sorted(found, key=lambda f: (f.path, f.line, f.qualname))),
            documented=sum(result.documented for result in seen.results.values()),
            files=len(revision.changed) + len(revision.left),
            skipped=seen.skipped(),
            notices=(*revision.notices, *seen.notices),
        )
    )


@dataclass(kw_only=True, slots=True)
class _Seen:
    """The files as `check` sees them."""

    results: dict[PurePosixPath, Result] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def skipped(self) -> Mapping[str, int]:
        skips = (skip for result in self.results.values() for skip in result.skips)
        return dict(Counter(skip.reason.value for skip in skips if skip.qualname))


def _look(revision: Revision, job: Job) -> _Seen:
    seen = _Seen()
    for path, skip in revision.left.items():
        seen.results[path] = Result(path=path, skips=(skip,))
    for path, lines in revision.changed.items():
        try:
            facts = file_facts(revision.head.read(path))
            result = check_file(path, facts, job.config, job.lineage, lines)
        except SourceError as error:
            result = Result(path=path, skips=(Skip.of(error),))
        seen.results[path] = result
    seen.notices = [
        f"{path}: skipped: {skip.detail}"
        for path, result in sorted(seen.results.items())
        for skip in result.skips
        if not skip.qualname and skip.reason in _TOLD
    ]
    return seen


def _findings(missing: Iterable[Target], result: Result) -> Iterator[Finding]:
    """One for each target; the words of `fix` are known by name and line."""
    words: dict[_Place, _Words] = {(edit.qualname, edit.line): edit for edit in result.edits}
    words |= {(skip.qualname, skip.line): skip for skip in result.skips}
    whole = words.get(("", 0))
    if result.error:
        whole = Skip(reason=SkipReason.REJECTED, detail="docbot's own check of the file failed")
    for target in missing:
        definition = target.definition
        plain = Finding(
            path=str(result.path),
            line=definition.line,
            qualname=definition.qualname,
            kind=definition.kind.value,
        )
        said = words.get((definition.qualname, definition.line), whole)
        if isinstance(said, Edit):
            yield _suggesting(plain, result.before, said)
        elif said is not None:
            yield replace(plain, reason=said.reason.value, detail=said.detail)
        else:
            yield plain


def _suggesting(finding: Finding, source: bytes, edit: Edit) -> Finding:
    """With the edit as a suggestion, or as words to be set by hand."""
    text = edit.text.decode(read(source).encoding)
    why = _by_hand(finding, source)
    if not why:
        suggestion = suggest(source, edit)
        if suggestion.docstring():
            return replace(finding, suggestion=suggestion)
        why = "its header cannot be shown as it is"
    headline = text.strip().strip("\"'").strip().partition("\n")[0].rstrip()
    return replace(
        finding, reason=SkipReason.LEFT_ALONE.value, detail=f"{why}; to be set by hand: {headline}"
    )


def _by_hand(finding: Finding, source: bytes) -> str:
    """Why one click would not do, or ""."""
    if finding.kind == Kind.MODULE.value:
        return "a module's docstring stands above all that a suggestion could replace"
    if b"\r" in source:
        return "the file's lines end with carriage returns, which a suggestion does not keep"
    if source.startswith(BOM) or read(source).encoding != "utf-8":
        return "the file is not plain UTF-8"
    return ""


def suggest(source: bytes, edit: Edit) -> Suggestion:
    """The lines that an edit stands for: the last of the header, and the blank ones it removes."""
    first = source.count(b"\n", 0, edit.start)
    header = source[: edit.start].removesuffix(b"\n").rpartition(b"\n")[2].decode()
    removed = _lines(source[edit.start : edit.end])
    return Suggestion(
        first=first,
        last=first + len(removed),
        before=(header, *removed),
        after=(header, *_lines(edit.text)),
    )


def _lines(data: bytes) -> list[str]:
    return data.decode().removesuffix("\n").split("\n") if data else []
