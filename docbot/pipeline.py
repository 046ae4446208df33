"""The line, top to bottom: bytes in, Results out; no disk, no git, no network.

scan -> targets -> context -> prompts -> summarize (backend) -> render -> edit -> verify. Files flow
through one stream: while the model writes for one file the next ones are being scanned, and a
file's Result is there as soon as its last docstring is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot import edit, verify
from docbot.context import build
from docbot.definition import Kind
from docbot.errors import SourceError, TooLargeError, VerifyError
from docbot.gate import Refusal
from docbot.outline import outline
from docbot.source import read
from docbot.summarize import Summary, fixed, judge
from docbot.targets import Choice, Place, Skip, SkipReason, Target, choose, file_skip, touches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import PurePosixPath

    from docbot.backend import Backend, Completion
    from docbot.config import Config
    from docbot.definition import Definition
    from docbot.house import House
    from docbot.lineage import Lineage
    from docbot.outline import Outline
    from docbot.prompts import Format, Prompt


WRITTEN = (Kind.FUNCTION, Kind.METHOD)
"""What `fix` writes docstrings for; `check` counts more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file to look at; with `changed` (1-based line ranges), only definitions they touch."""

    path: PurePosixPath
    source: bytes
    changed: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one file.

    `before` and `after` are its bytes when there are edits, and empty otherwise. `missing` are the
    targets left without words by `check`. `error` is docbot's own failure: the file was given up.
    """

    path: PurePosixPath
    before: bytes = b""
    after: bytes = b""
    edits: tuple[edit.Edit, ...] = ()
    missing: tuple[Target, ...] = ()
    skips: tuple[Skip, ...] = ()
    documented: int = 0
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What all files of a `fix` run share; `house` is asked when there is something to write."""

    config: Config
    lineage: Lineage
    house: Callable[[], House]
    backend: Backend
    format: Format
    out_of_time: Callable[[], bool] = lambda: False


def check(files: Iterable[File], config: Config, lineage: Lineage) -> Iterator[Result]:
    """Say what is missing, file by file; needs no model."""
    for file in files:
        examined = examine(file, config, lineage, only_missing=file.changed is not None)
        yield Result(
            path=file.path,
            missing=examined.choice.targets,
            skips=examined.choice.skips,
            documented=examined.choice.documented,
        )


def fix(files: Iterable[File], job: Job) -> Iterator[Result]:
    """Document what is missing; Results come as their last docstring does, in any order."""
    waiting: dict[int, tuple[_Draft, Target]] = {}
    done: deque[_Draft] = deque()
    for index, completion in job.backend.complete(_prompts(files, job, waiting, done)):
        draft, target = waiting.pop(index)
        draft.settle(target, _judge(completion, target, job))
        if draft.complete:
            done.append(draft)
        while done:
            yield done.popleft().result(job)
    while done:
        yield done.popleft().result(job)


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """One file read and sorted; `encoding` and `definitions` are empty when it was left alone."""

    choice: Choice
    definitions: tuple[Definition, ...] = ()
    encoding: str = ""


def examine(file: File, config: Config, lineage: Lineage, *, only_missing: bool) -> Examined:
    """Scan and choose; with `only_missing`, a file that lacks nothing costs one `ast.parse`."""
    try:
        if skip := file_skip(file.path, file.source, config):
            return Examined(choice=Choice(skips=(skip,)))
        text = read(file.source)
        seen = outline(file.source)
        if only_missing and not _may_lack(seen, file, config):
            return Examined(choice=Choice())
        lineage.learn(file.path, seen)
        from docbot.scan import scan  # imports libcst, 0.3 s: only when there is something to do

        definitions = scan(text)
    except TooLargeError as error:
        return Examined(choice=_left_out(SkipReason.TOO_LARGE, error))
    except SourceError as error:
        return Examined(choice=_left_out(SkipReason.UNPARSABLE, error))
    place = Place(
        path=file.path,
        outline=seen,
        parent=lambda owner, name: lineage.documented_parent(file.path, owner, name),
    )
    return Examined(
        choice=choose(definitions, place, config, file.changed),
        definitions=definitions,
        encoding=text.encoding,
    )


def _may_lack(seen: Outline, file: File, config: Config) -> bool:
    """Whether any entry of the outline could become a target."""
    if "module" in config.kinds and not seen.documented:
        return True
    return any(
        not entry.documented
        and (file.changed is None or touches(file.changed, entry.lines))
        and ("class" in config.kinds if entry.is_class else True)
        for entry in seen.entries
    )


def _left_out(reason: SkipReason, error: SourceError) -> Choice:
    return Choice(skips=(Skip(reason=reason, detail=str(error)),))


@dataclass(kw_only=True, slots=True)
class _Draft:
    """A file whose docstrings are still coming in."""

    file: File
    examined: Examined
    open: int = 0
    sealed: bool = False
    summaries: list[tuple[Target, Summary]] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return self.sealed and not self.open

    def settle(self, target: Target, outcome: Summary | Skip) -> None:
        self.open -= 1
        if isinstance(outcome, Skip):
            self.skips.append(outcome)
        else:
            self.summaries.append((target, outcome))

    def result(self, job: Job) -> Result:
        """Render, edit and verify; any doubt about the file as a whole leaves it as it was."""
        edits = self._edits(job)
        before = self.file.source
        after = edit.apply(before, edits)
        error = ""
        if edits:
            try:
                verify.verify(before, after, edits)
            except SourceError as reason:
                self.skips.append(Skip(reason=SkipReason.UNPARSABLE, detail=str(reason)))
                edits = ()
            except VerifyError as failure:
                error, edits = str(failure), ()
        return Result(
            path=self.file.path,
            before=before if edits else b"",
            after=after if edits else b"",
            edits=edits,
            skips=(*self.examined.choice.skips, *sorted(self.skips, key=lambda s: s.line)),
            documented=self.examined.choice.documented,
            error=error,
        )

    def _edits(self, job: Job) -> tuple[edit.Edit, ...]:
        from docbot.render import render

        edits = []
        for target, summary in self.summaries:
            definition = target.definition
            literal = render(summary, definition, job.house())
            if literal is None or definition.anchor is None:
                self.skips.append(
                    _skip(target, SkipReason.REJECTED, "it cannot be set on one line here")
                )
                continue
            encoding = self.examined.encoding
            try:
                edits.append(edit.edit(literal, definition, definition.anchor, encoding))
            except UnicodeEncodeError:
                detail = f"the file's encoding, {encoding}, has no such characters"
                self.skips.append(_skip(target, SkipReason.REJECTED, detail))
        return tuple(sorted(edits, key=lambda e: e.start))


def _prompts(
    files: Iterable[File],
    job: Job,
    waiting: dict[int, tuple[_Draft, Target]],
    done: deque[_Draft],
) -> Iterator[Prompt]:
    """Draft file after file; each prompt's place in this stream is its index in `waiting`."""
    index = 0
    for file in files:
        if job.out_of_time():
            skip = Skip(reason=SkipReason.OUT_OF_TIME, detail="not looked at")
            done.append(_Draft(file=file, examined=Examined(choice=Choice(skips=(skip,)))))
            continue
        draft = _Draft(
            file=file, examined=examine(file, job.config, job.lineage, only_missing=True)
        )
        for target in draft.examined.choice.targets:
            draft.open += 1
            outcome = _ask(target, draft, job)
            if isinstance(outcome, (Skip, Summary)):
                draft.settle(target, outcome)
                continue
            waiting[index] = (draft, target)
            index += 1
            yield outcome
        draft.sealed = True
        if draft.complete:
            done.append(draft)


def _ask(target: Target, draft: _Draft, job: Job) -> Prompt | Summary | Skip:
    """What to send to the model; or the answer, where no model is needed or no time is left."""
    if target.definition.kind not in WRITTEN:
        return _skip(target, SkipReason.LEFT_ALONE, "docbot writes for functions and methods")
    if summary := fixed(target.definition):
        return summary
    if job.out_of_time():
        return _skip(target, SkipReason.OUT_OF_TIME, "the time budget was used up")
    try:
        return job.format.prompt(build(target, draft.examined.definitions))
    except (SourceError, ValueError, RecursionError) as error:
        return _skip(target, SkipReason.UNPARSABLE, f"it cannot be read on its own: {error}")


def _judge(completion: Completion, target: Target, job: Job) -> Summary | Skip:
    verdict = judge(completion, job.format.reply, target.definition, job.config)
    if isinstance(verdict, Refusal):
        return _skip(target, verdict.reason, verdict.detail)
    return verdict


def _skip(target: Target, reason: SkipReason, detail: str) -> Skip:
    definition = target.definition
    return Skip(reason=reason, detail=detail, qualname=definition.qualname, line=definition.line)
