"""`fix`, from bytes to Results: no disk, no git, no network.

scan -> select -> prompt -> model -> gate -> render -> edit -> verify. Files flow through one
stream: while the model writes for one file the next ones are scanned, and a file's Result is there
as soon as its last docstring is. A headline that passes the gate may lead to more prompts, one for
each slot of its sections; they join the same stream, ahead of other files.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.docstring.edit import apply_edits, make_edit
from docbot.docstring.special_methods import fixed_summary
from docbot.docstring.stale import MendedFile, mend_file
from docbot.docstring.verify import verify
from docbot.drift.find import drifts_of_change, touched_names
from docbot.errors import SourceError, VerifyError
from docbot.gate.judge import Judge
from docbot.gate.score import load_weights
from docbot.gate.sentence import Refusal
from docbot.gate.summary import Summary, with_phrases
from docbot.prompt.context import build_context
from docbot.prompt.task import Task, headline_slot
from docbot.scan.definition import Kind
from docbot.scan.source import read
from docbot.scanned import Result, ScannedFile, scan_each, select_targets, with_kinds
from docbot.select.rules import Choice
from docbot.select.skip import Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from docbot.config import Config
    from docbot.docstring.edit import Edit
    from docbot.docstring.style import DocstringStyle
    from docbot.llm.protocol import Backend, Completion, Prompt
    from docbot.prompt.context import Context
    from docbot.prompt.formats import Format
    from docbot.prompt.task import Slot
    from docbot.scan.definition import Anchor
    from docbot.scanned import Scanner, SourceFile
    from docbot.select.inheritance import ParentIndex
    from docbot.select.skip import Target

SHORT = 5
"""Functions of up to this many lines get a headline alone, unless `sections` is `always`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What all files of a `fix` run share.

    `style` is called when there is something to write; `former` returns a file's older version,
    for files of which only changed lines are in question.
    """

    config: Config
    parents: ParentIndex
    style: Callable[[], DocstringStyle]
    backend: Backend
    format: Format
    out_of_time: Callable[[], bool] = lambda: False
    scanner: Scanner = scan_each
    former: Callable[[PurePosixPath], bytes | None] = lambda _path: None

    @property
    def judge(self) -> Judge:
        """Return the gate for the model's prompt format."""
        return Judge(
            read=self.format.read_completion,
            min_confidence=self.config.min_confidence,
            scores=load_weights().get(self.format.scores, {}),
        )


def fix(files: Iterable[SourceFile], job: Job) -> Iterator[Result]:
    """Document what is missing; Results come as their last docstring does, in any order."""
    kinds = tuple(kind for kind in Kind if task_of(kind) in job.format.tasks)
    job = dataclasses.replace(job, config=with_kinds(job.config, kinds))
    stream = _Stream(files, job)
    while True:
        for index, completion in job.backend.complete(stream.prompts()):
            stream.take(index, completion)
            yield from stream.results()
        yield from stream.results()
        if not stream.more:  # prompts that the last headlines led to, after the stream's end
            return


def task_of(kind: Kind) -> Task:
    """Return the task that asks a model for the headline of this kind of definition."""
    return {Kind.CLASS: Task.CLASS, Kind.MODULE: Task.MODULE}.get(kind, Task.FUNCTION)


@dataclass(kw_only=True)
class FileTask:
    """One file on its way: `select` its targets, `settle` each of them, `finish` with a Result."""

    file: SourceFile
    choice: Choice
    scanned: ScannedFile = field(default_factory=ScannedFile)
    waiting: int = 0
    sealed: bool = False
    summaries: list[tuple[Target, Summary]] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)

    @classmethod
    def select(cls, file: SourceFile, scanned: ScannedFile, job: Job) -> FileTask:
        """Begin with a scanned file's targets."""
        choice = select_targets(file, scanned, job.config, job.parents)
        return cls(file=file, choice=choice, scanned=scanned)

    @property
    def complete(self) -> bool:
        """Check whether every target has been asked about and settled."""
        return self.sealed and not self.waiting

    def settle(self, target: Target, outcome: Summary | Skip) -> None:
        """Take the words for one target, or why it gets none."""
        self.waiting -= 1
        if isinstance(outcome, Skip):
            self.skips.append(outcome)
        else:
            self.summaries.append((target, outcome))

    def finish(self, job: Job) -> Result:
        """Render, edit and verify; any doubt about the file as a whole leaves it as it was."""
        before = after = self.file.source
        edits: tuple[Edit, ...] = ()
        stale = MendedFile(after=before)
        error = ""
        try:
            edits = self._edits(job) if self.summaries else ()
            after = apply_edits(before, edits)
            if edits:
                verify(before, after, edits, tree=self.scanned.tree)
            stale = self._mend(after, job)
        except SourceError as reason:
            self.skips.append(Skip.of(reason))
            edits, stale = (), MendedFile(after=before)
        except VerifyError as failure:
            error, edits, stale = str(failure), (), MendedFile(after=before)
        is_written = bool(edits or stale.mended)
        return Result(
            path=self.file.path,
            before=before if is_written else b"",
            after=stale.after if is_written else b"",
            edits=edits,
            skips=(*self.choice.skips, *sorted(self.skips, key=lambda s: s.line)),
            documented=self.choice.documented,
            drifts=stale.left,
            mended=stale.mended,
            error=error,
        )

    def _mend(self, source: bytes, job: Job) -> MendedFile:
        """Mend the docstrings that were there, or find what a person has to mend.

        Raises:
            SourceError: the file cannot be read.
            VerifyError: more was changed than should have been.

        """
        file, stale = self.file, job.config.stale
        if stale == "off" or self.scanned.skip is not None or not _has_time(self.choice):
            return MendedFile(after=source)
        if stale == "report" and file.changed is None:
            return MendedFile(after=source, left=self.scanned.drifts)
        former = job.former(file.path) if file.changed is not None else None
        if stale == "fix":
            only = None if file.changed is None else touched_names(file.source, file.changed)
            return mend_file(source, former, only)
        left = drifts_of_change(file.source, former, file.changed or ())
        return MendedFile(after=source, left=left)

    def _edits(self, job: Job) -> tuple[Edit, ...]:
        """Turn the summaries into splices of the file.

        Raises:
            SourceError: libcst cannot say where docstrings go.

        """
        from docbot.scan.anchors import anchors  # imports libcst, 0.3 s

        text = read(self.file.source)
        places = anchors(text)
        edits = []
        for target, summary in self.summaries:
            outcome = _edit(target, summary, places, text.encoding, job.style())
            if isinstance(outcome, Skip):
                self.skips.append(outcome)
            else:
                edits.append(outcome)
        return tuple(sorted(edits, key=lambda e: e.start))


def _has_time(choice: Choice) -> bool:
    return all(skip.reason is not SkipReason.OUT_OF_TIME for skip in choice.skips)


def _edit(
    target: Target,
    summary: Summary,
    places: Mapping[tuple[str, int], Anchor],
    encoding: str,
    style: DocstringStyle,
) -> Edit | Skip:
    """Render one docstring and say where it goes; or why it cannot be written."""
    from docbot.docstring.render import render

    definition = target.definition
    literal = render(summary, definition, style)
    anchor = places.get((definition.qualname, definition.line))
    if literal is None or anchor is None:
        return target.skip(SkipReason.REJECTED, "it cannot be set on one line here")
    try:
        return make_edit(literal, definition, anchor, encoding)
    except UnicodeEncodeError:
        detail = f"the file's encoding, {encoding}, has no such characters"
        return target.skip(SkipReason.REJECTED, detail)


@dataclass(kw_only=True, slots=True)
class _Docstring:
    """What one target has been given so far: its headline first, then a phrase for every slot."""

    task: FileTask
    context: Context
    summary: Summary | None = None
    phrases: dict[Slot, str] = field(default_factory=dict)
    slot_count: int = 0
    is_settled: bool = False

    @property
    def target(self) -> Target:
        return self.context.target

    def settle(self, outcome: Summary | Skip) -> None:
        self.is_settled = True
        self.task.settle(self.target, outcome)


@dataclass(frozen=True, kw_only=True, slots=True)
class _SlotPrompt:
    """The prompt for one slot of a docstring."""

    docstring: _Docstring
    slot: Slot
    prompt: Prompt


class _Stream:
    """One run's prompts: the headlines file by file, and between them what these lead to."""

    def __init__(self, files: Iterable[SourceFile], job: Job) -> None:
        self.job = job
        self._judge = job.judge
        self.more: deque[_SlotPrompt] = deque()
        self._headlines = self._headline_prompts(files)
        self._in_flight: dict[int, _SlotPrompt] = {}
        self._complete_tasks: deque[FileTask] = deque()

    def prompts(self) -> Iterator[Prompt]:
        """Yield what can be asked now, pulled as the backend has room; section prompts go first.

        It ends when there are none; completions that are still to come may lead to `more`, which
        take another turn.
        """
        for index in itertools.count():
            slot_prompt = self._next()
            if slot_prompt is None:
                return
            self._in_flight[index] = slot_prompt
            yield slot_prompt.prompt

    def _next(self) -> _SlotPrompt | None:
        while self.more:
            slot_prompt = self.more.popleft()
            if not slot_prompt.docstring.is_settled:  # by a sibling's refusal
                return slot_prompt
        return next(self._headlines, None)

    def take(self, index: int, completion: Completion) -> None:
        """Judge the completion of the `index`-th prompt of this turn."""
        slot_prompt = self._in_flight.pop(index)
        docstring = slot_prompt.docstring
        if docstring.is_settled:
            return
        if docstring.summary is None:
            self._take_headline(docstring, completion)
        else:
            self._take_phrase(docstring, docstring.summary, slot_prompt.slot, completion)
        if docstring.task.complete:
            self._complete_tasks.append(docstring.task)

    def results(self) -> Iterator[Result]:
        """Yield the Results of the files whose last docstring is there."""
        while self._complete_tasks:
            yield self._complete_tasks.popleft().finish(self.job)

    def _take_headline(self, docstring: _Docstring, completion: Completion) -> None:
        definition = docstring.target.definition
        surroundings = docstring.task.scanned.surroundings
        verdict = self._judge.headline(completion, definition, surroundings)
        if isinstance(verdict, Refusal):
            docstring.settle(docstring.target.skip(verdict.reason, verdict.detail))
            return
        docstring.context = dataclasses.replace(docstring.context, headline=verdict.headline)
        prompts = self._section_prompts(docstring)
        if prompts:
            docstring.summary, docstring.slot_count = verdict, len(prompts)
            self.more += prompts
        else:
            docstring.settle(verdict)

    def _take_phrase(
        self, docstring: _Docstring, summary: Summary, slot: Slot, completion: Completion
    ) -> None:
        """Note one phrase; the first that is refused leaves the headline alone."""
        definition = docstring.target.definition
        surroundings = docstring.task.scanned.surroundings
        verdict = self._judge.phrase(completion, definition, slot, surroundings)
        if isinstance(verdict, Refusal):
            docstring.settle(summary)
            return
        docstring.phrases[slot] = verdict
        if len(docstring.phrases) == docstring.slot_count:
            docstring.settle(with_phrases(summary, docstring.phrases))

    def _section_prompts(self, docstring: _Docstring) -> list[_SlotPrompt]:
        """Ask for each slot of the sections; for none where they are not wanted or incomplete."""
        from docbot.docstring.render import slots_of

        job, definition = self.job, docstring.target.definition
        short = definition.lines[1] - definition.lines[0] < SHORT
        if (short and job.config.sections != "always") or job.out_of_time():
            return []
        slots = slots_of(definition, job.style())
        if not all(slot.task in job.format.tasks for slot in slots):
            return []
        outcomes = [_slot_prompt(docstring, slot, job) for slot in slots]
        prompts = [prompt for prompt in outcomes if isinstance(prompt, _SlotPrompt)]
        return prompts if len(prompts) == len(slots) else []

    def _headline_prompts(self, files: Iterable[SourceFile]) -> Iterator[_SlotPrompt]:
        """Yield the prompts for headlines, file after file."""
        job = self.job
        for file, scan in job.scanner(files, job.config):
            if job.out_of_time():
                skip = Skip(reason=SkipReason.OUT_OF_TIME, detail="not looked at")
                self._complete_tasks.append(FileTask(file=file, choice=Choice(skips=(skip,))))
                continue
            task = FileTask.select(file, scan(), job)
            for target in task.choice.targets:
                task.waiting += 1
                outcome = _ask(target, task, job)
                if isinstance(outcome, _SlotPrompt):
                    yield outcome
                else:
                    task.settle(target, outcome)
            task.sealed = True
            if task.complete:
                self._complete_tasks.append(task)


def _ask(target: Target, task: FileTask, job: Job) -> _SlotPrompt | Summary | Skip:
    """Prompt for a headline; or return the outcome where no model is needed or no time is left."""
    slot = headline_slot(target.definition)
    if summary := fixed_summary(target.definition):
        return summary
    if slot.task not in job.format.tasks:
        detail = f"this model cannot be asked about a {slot.task.value}"
        return target.skip(SkipReason.LEFT_ALONE, detail)
    if job.out_of_time():
        return target.skip(SkipReason.OUT_OF_TIME, "the time budget was used up")
    context = build_context(target, task.scanned.definitions, task.file.path)
    return _slot_prompt(_Docstring(task=task, context=context), slot, job)


def _slot_prompt(docstring: _Docstring, slot: Slot, job: Job) -> _SlotPrompt | Skip:
    try:
        prompt = job.format.prompt(docstring.context, slot)
    except (SourceError, ValueError, RecursionError) as error:
        detail = f"it cannot be read on its own: {error}"
        return docstring.target.skip(SkipReason.UNPARSABLE, detail)
    return _SlotPrompt(docstring=docstring, slot=slot, prompt=prompt)
