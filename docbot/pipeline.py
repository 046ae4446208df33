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

from docbot.docstring.special_methods import fixed_summary
from docbot.errors import SourceError
from docbot.file_task import FileTask, Job
from docbot.gate.sentence import Refusal
from docbot.gate.summary import Summary, with_phrases
from docbot.prompt.context import build_context
from docbot.prompt.task import Slot, Task, headline_slot
from docbot.scan.definition import Kind
from docbot.scan.only_raises import only_raises
from docbot.scanned import COUNTED, Result, counted_kinds, with_kinds
from docbot.select.obstacles import find_obstacle
from docbot.select.rules import Choice
from docbot.select.skip import EXPLANATIONS, Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from docbot.docstring.stale import MissingEntry
    from docbot.gate.sentence import Verdict
    from docbot.llm.protocol import Completion, Prompt
    from docbot.prompt.context import Context
    from docbot.scanned import SourceFile
    from docbot.select.skip import Target

SHORT = 5
"""Functions of up to this many lines get a headline alone, unless sections are asked for."""


def fix(files: Iterable[SourceFile], job: Job) -> Iterator[Result]:
    """Document what is missing; Results come as their last docstring does, in any order."""
    kinds = tuple(k for k in Kind if k in COUNTED or task_of(k) in job.format.tasks)
    counted = counted_kinds(job.config)
    job = dataclasses.replace(job, config=with_kinds(job.config, kinds), counted=counted)
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


@dataclass(kw_only=True, slots=True)
class _Entry:
    """One entry that a documented function's sections lack."""

    task: FileTask
    context: Context
    entry: MissingEntry
    is_settled: bool = False

    @property
    def target(self) -> Target:
        return self.context.target


@dataclass(kw_only=True, slots=True)
class _Proposal:
    """Another summary for a docstring whose own may be stale."""

    task: FileTask
    context: Context
    is_settled: bool = False

    @property
    def target(self) -> Target:
        return self.context.target


@dataclass(kw_only=True, slots=True)
class _Completion:
    """The sections that a docstring lacks: all their slots get a phrase, or none is written."""

    task: FileTask
    context: Context
    phrases: dict[Slot, str] = field(default_factory=dict)
    slot_count: int = 0
    is_settled: bool = False

    @property
    def target(self) -> Target:
        return self.context.target

    def take(self, slot: Slot, verdict: Verdict) -> None:
        """Note one phrase; the last one, or one that is refused, settles it."""
        if not isinstance(verdict, Refusal):
            self.phrases[slot] = verdict
            if len(self.phrases) < self.slot_count:
                return
        self.settle(complete=not isinstance(verdict, Refusal))

    def settle(self, *, complete: bool) -> None:
        self.is_settled = True
        summary = with_phrases(Summary(headline=""), self.phrases) if complete else None
        self.task.settle_sections(self.target.definition.qualname, summary)


_Part = _Entry | _Proposal | _Completion
"""What may be asked about a docstring that is there already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _SlotPrompt:
    """The prompt for one slot of a docstring."""

    docstring: _Docstring | _Part
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
        if isinstance(docstring, _Proposal):
            self._take_proposal(docstring, completion)
        elif isinstance(docstring, (_Entry, _Completion)):
            self._take_part(docstring, slot_prompt.slot, completion)
        elif docstring.summary is None:
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
            docstring.task.refusals[docstring.target.place] = verdict
            docstring.settle(docstring.target.skip(verdict.reason, verdict.detail))
            return
        docstring.context = dataclasses.replace(docstring.context, headline=verdict.headline)
        prompts = self._section_prompts(docstring)
        if prompts:
            docstring.summary, docstring.slot_count = verdict, len(prompts)
            self.more += prompts
        else:
            docstring.settle(verdict)

    def _take_proposal(self, proposal: _Proposal, completion: Completion) -> None:
        definition = proposal.target.definition
        verdict = self._judge.headline(completion, definition, proposal.task.scanned.surroundings)
        headline = None if isinstance(verdict, Refusal) else verdict.headline
        proposal.task.settle_proposal(definition.qualname, headline)

    def _take_part(self, part: _Entry | _Completion, slot: Slot, completion: Completion) -> None:
        """Note a phrase for a docstring that is there already."""
        surroundings = part.task.scanned.surroundings
        definition = part.target.definition
        verdict = self._judge.phrase(completion, definition, slot, surroundings)
        if isinstance(part, _Completion):
            part.take(slot, verdict)
        else:
            part.task.settle_entry(part.entry, None if isinstance(verdict, Refusal) else verdict)

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
        from docbot.docstring.sections import slots_of

        job, definition = self.job, docstring.target.definition
        short = definition.lines[1] - definition.lines[0] < SHORT
        style = job.style(docstring.task.file.path)
        is_asked_for = job.config.sections == "always" or style.required
        if (short and not is_asked_for) or job.out_of_time():
            return []
        slots = slots_of(definition, style)
        if not all(slot.task in job.format.tasks for slot in slots):
            return []
        return _slot_prompts(docstring, slots, job)

    def _entry_prompts(self, task: FileTask) -> Iterator[_SlotPrompt]:
        """Yield the prompts for entries that the docstrings of a file lack."""
        entries = task.missing_entries(self.job)
        if entries and task.is_foreign(self.job):
            return
        for entry, context in entries:
            task.waiting += 1
            slot = Slot(task=Task.PARAM, name=entry[1])
            outcome = _slot_prompt(_Entry(task=task, context=context, entry=entry), slot, self.job)
            if isinstance(outcome, _SlotPrompt):
                yield outcome
            else:
                task.settle_entry(entry, None)

    def _proposal_prompts(self, task: FileTask) -> Iterator[_SlotPrompt]:
        """Yield the prompts for other summaries, where those that are there may be stale."""
        contexts = task.stale_summaries(self.job)
        if contexts and task.is_foreign(self.job):
            return
        for context in contexts:
            task.waiting += 1
            definition = context.target.definition
            proposal = _Proposal(task=task, context=context)
            outcome = _slot_prompt(proposal, headline_slot(definition), self.job)
            if isinstance(outcome, _SlotPrompt):
                yield outcome
            else:
                task.settle_proposal(definition.qualname, None)

    def _completion_prompts(self, task: FileTask) -> Iterator[_SlotPrompt]:
        """Yield the prompts for the sections that the docstrings of a file lack."""
        job = self.job
        lacking = task.lacking_sections(job)
        if lacking and task.is_foreign(job):
            return
        for context, slots in lacking:
            first, last = context.target.definition.lines
            if last - first < SHORT and job.config.sections != "always":
                continue
            part = _Completion(task=task, context=context, slot_count=len(slots))
            task.waiting += 1
            prompts = _slot_prompts(part, slots, job)
            if not prompts:
                part.settle(complete=False)
            yield from prompts

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
            yield from self._entry_prompts(task)
            yield from self._proposal_prompts(task)
            yield from self._completion_prompts(task)
            task.sealed = True
            if task.complete:
                self._complete_tasks.append(task)


def _foreign_skip(target: Target, task: FileTask, job: Job) -> Skip | None:
    is_foreign = task.is_foreign(job)
    return (
        target.skip(SkipReason.LANGUAGE, EXPLANATIONS[SkipReason.LANGUAGE]) if is_foreign else None
    )


def _ask(target: Target, task: FileTask, job: Job) -> _SlotPrompt | Summary | Skip:
    """Prompt for a headline; or return the outcome where no model is needed or no time is left."""
    if skip := find_obstacle(target, job.config) or _foreign_skip(target, task, job):
        return skip
    slot = headline_slot(target.definition)
    around = task.scanned.definitions
    if summary := fixed_summary(target.definition, around):
        return summary
    if only_raises(target.definition, around):
        return target.skip(SkipReason.UNASKED, "its body only raises")
    if slot.task not in job.format.tasks:
        detail = f"this model cannot be asked about a {slot.task.value}"
        return target.skip(SkipReason.UNASKED, detail)
    if job.out_of_time():
        return target.skip(SkipReason.OUT_OF_TIME, "the time budget was used up")
    context = build_context(target, around, task.file.path)
    return _slot_prompt(_Docstring(task=task, context=context), slot, job)


def _slot_prompts(
    docstring: _Docstring | _Completion, slots: Sequence[Slot], job: Job
) -> list[_SlotPrompt]:
    """Make the prompts for all slots; none where one of them cannot be made."""
    outcomes = [_slot_prompt(docstring, slot, job) for slot in slots]
    prompts = [prompt for prompt in outcomes if isinstance(prompt, _SlotPrompt)]
    return prompts if len(prompts) == len(slots) else []


def _slot_prompt(docstring: _Docstring | _Part, slot: Slot, job: Job) -> _SlotPrompt | Skip:
    try:
        prompt = job.format.prompt(docstring.context, slot)
    except (SourceError, ValueError, RecursionError) as error:
        detail = f"it cannot be read on its own: {error}"
        return docstring.target.skip(SkipReason.UNPARSABLE, detail)
    return _SlotPrompt(docstring=docstring, slot=slot, prompt=prompt)
