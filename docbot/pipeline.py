"""The line, top to bottom: bytes in, Results out; no disk, no git, no network.

`check` is survey -> targets; `fix` is the rest:
scan -> targets -> context -> prompts -> summarize (backend) -> render -> edit -> verify. Files flow
through one stream: while the model writes for one file the next ones are being scanned, and a
file's Result is there as soon as its last docstring is. A headline that passed may lead to further
questions, one for each slot of its sections; they join the same stream, ahead of other files.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot import edit, verify
from docbot.context import build
from docbot.definition import Kind
from docbot.errors import SourceError, TooLargeError, VerifyError
from docbot.gate import NOWHERE, Near, Refusal, near_of
from docbot.outline import outline
from docbot.prompts import Task, headline
from docbot.source import read
from docbot.summarize import Summary, fixed, judge, judge_phrase, with_phrases
from docbot.targets import (
    Choice,
    Place,
    Skip,
    SkipReason,
    Target,
    choose,
    file_skip,
    told_skip,
    touches,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import PurePosixPath

    from docbot.backend import Backend, Completion
    from docbot.config import Config
    from docbot.context import Context
    from docbot.definition import Definition
    from docbot.house import House
    from docbot.lineage import Lineage
    from docbot.outline import Outline
    from docbot.prompts import Format, Prompt, Slot
    from docbot.survey import Survey

    Lines = tuple[tuple[int, int], ...] | None
    Sifter = Callable[[Iterable["File"], Config], Iterator[tuple["File", Callable[[], "Sifted"]]]]

COUNTED = (Kind.FUNCTION, Kind.METHOD)
"""What `check` counts unless told otherwise: a gate must not grow with the model."""

SHORT = 5
"""Functions of up to so many lines get the headline alone, unless sections are `always` wanted."""


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


def verdict(
    path: PurePosixPath, seen: Survey, config: Config, lineage: Lineage, changed: Lines = None
) -> Result:
    """Say what one file is missing; with `changed`, of the definitions these lines touch."""
    config = with_kinds(config, COUNTED)
    whole = told_skip(path, seen.told, config) or seen.trouble
    if whole is not None:
        return Result(path=path, skips=(whole,))
    lineage.learn(path, seen.outline)
    place = _place(path, seen.outline, lineage)
    choice = choose(seen.definitions, place, config, changed)
    return Result(
        path=path, missing=choice.targets, skips=choice.skips, documented=choice.documented
    )


def fix(files: Iterable[File], job: Job) -> Iterator[Result]:
    """Document what is missing; Results come as their last docstring does, in any order."""
    askable = tuple(kind for kind in Kind if task_of(kind) in job.format.tasks)
    job = dataclasses.replace(job, config=with_kinds(job.config, askable))
    stream = _Stream(files, job)
    while True:
        for index, completion in job.backend.complete(stream.prompts()):
            stream.take(index, completion)
            yield from stream.results()
        yield from stream.results()
        if not stream.further:  # questions that the last headlines led to, after the stream's end
            return


def with_kinds(config: Config, kinds: Iterable[Kind]) -> Config:
    """The configuration with its kinds, or with these where it names none."""
    named = config.kinds or tuple(kind.value for kind in kinds)
    return dataclasses.replace(config, kinds=named)


def task_of(kind: Kind) -> Task:
    """What a model is asked for to write a definition's headline."""
    return {Kind.CLASS: Task.CLASS, Kind.MODULE: Task.MODULE}.get(kind, Task.FUNCTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sifted:
    """What one file's own bytes tell, and the slowest part of the line: or why it is left alone.

    `definitions` are empty, and `outline` None, where nothing can be lacking.
    """

    skip: Skip | None = None
    outline: Outline | None = None
    definitions: tuple[Definition, ...] = ()
    encoding: str = ""
    near: Near = NOWHERE


def sift(file: File, config: Config) -> Sifted:
    """Scan one file; one that lacks nothing costs an `ast.parse`."""
    try:
        if skip := file_skip(file.path, file.source, config):
            return Sifted(skip=skip)
        text = read(file.source)
        seen = outline(file.source)
        if not _may_lack(seen, file, config):
            return Sifted()
        from docbot.scan import scan  # imports libcst, 0.3 s: only when there is something to do

        definitions = scan(text, outlined=True)
    except TooLargeError as error:
        return Sifted(skip=Skip(reason=SkipReason.TOO_LARGE, detail=str(error)))
    except SourceError as error:
        return Sifted(skip=Skip(reason=SkipReason.UNPARSABLE, detail=str(error)))
    return Sifted(
        outline=seen,
        definitions=definitions,
        encoding=text.encoding,
        near=near_of(file.path, definitions),
    )


def sift_each(files: Iterable[File], config: Config) -> Iterator[tuple[File, Callable[[], Sifted]]]:
    """Sift where and when it is asked for."""
    for file in files:
        yield file, functools.partial(sift, file, config)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What all files of a `fix` run share.

    `house` is asked when there is something to write. `sifter` gives the files back in their order,
    each with what sifts it.
    """

    config: Config
    lineage: Lineage
    house: Callable[[], House]
    backend: Backend
    format: Format
    out_of_time: Callable[[], bool] = lambda: False
    sifter: Sifter = sift_each


def _choice(file: File, sifted: Sifted, config: Config, lineage: Lineage) -> Choice:
    """What of a file counts, now that the other files' classes are known."""
    if sifted.skip is not None:
        return Choice(skips=(sifted.skip,))
    if sifted.outline is None:
        return Choice()
    lineage.learn(file.path, sifted.outline)
    place = _place(file.path, sifted.outline, lineage)
    return choose(sifted.definitions, place, config, file.changed)


def _place(path: PurePosixPath, seen: Outline, lineage: Lineage) -> Place:
    return Place(
        path=path,
        outline=seen,
        parent=lambda owner, name: lineage.documented_parent(path, owner, name),
    )


def _may_lack(seen: Outline, file: File, config: Config) -> bool:
    """Whether any entry of the outline could become a target."""
    new = file.changed is None or any(first == 1 for first, _ in file.changed)
    if "module" in config.kinds and not seen.documented and new and file.source.strip():
        return True
    return any(
        not entry.documented
        and (file.changed is None or touches(file.changed, entry.lines))
        and ("class" in config.kinds if entry.is_class else True)
        for entry in seen.entries
    )


@dataclass(kw_only=True)
class _Draft:
    """A file whose docstrings are still coming in."""

    file: File
    choice: Choice
    sifted: Sifted = Sifted()
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
            skips=(*self.choice.skips, *sorted(self.skips, key=lambda s: s.line)),
            documented=self.choice.documented,
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
            encoding = self.sifted.encoding
            try:
                edits.append(edit.edit(literal, definition, definition.anchor, encoding))
            except UnicodeEncodeError:
                detail = f"the file's encoding, {encoding}, has no such characters"
                self.skips.append(_skip(target, SkipReason.REJECTED, detail))
        return tuple(sorted(edits, key=lambda e: e.start))


@dataclass(kw_only=True, slots=True)
class _Words:
    """What has been said of one target: its headline first, then a phrase for every slot."""

    draft: _Draft
    context: Context
    summary: Summary | None = None
    phrases: dict[Slot, str] = field(default_factory=dict)
    wanted: int = 0
    settled: bool = False

    @property
    def target(self) -> Target:
        return self.context.target

    def settle(self, outcome: Summary | Skip) -> None:
        self.settled = True
        self.draft.settle(self.target, outcome)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    """What one prompt asks for."""

    words: _Words
    slot: Slot
    prompt: Prompt


class _Stream:
    """One run's questions: the headlines file by file, and between them what these lead to."""

    def __init__(self, files: Iterable[File], job: Job) -> None:
        self.job = job
        self.further: deque[_Question] = deque()
        self._headlines = self._ask_headlines(files)
        self._asked: dict[int, _Question] = {}
        self._done: deque[_Draft] = deque()

    def prompts(self) -> Iterator[Prompt]:
        """Everything that can be asked now, pulled as slots come free, further questions first.

        It ends when both are out; answers that are still to come may then lead to `further` ones,
        which take another turn.
        """
        for index in itertools.count():
            question = self._next()
            if question is None:
                return
            self._asked[index] = question
            yield question.prompt

    def _next(self) -> _Question | None:
        while self.further:
            question = self.further.popleft()
            if not question.words.settled:  # by a sibling's refusal
                return question
        return next(self._headlines, None)

    def take(self, index: int, completion: Completion) -> None:
        """Judge the answer to the prompt that was the `index`-th of this turn."""
        question = self._asked.pop(index)
        words = question.words
        if words.settled:
            return
        if words.summary is None:
            self._take_headline(words, completion)
        else:
            self._take_phrase(words, words.summary, question.slot, completion)
        if words.draft.complete:
            self._done.append(words.draft)

    def results(self) -> Iterator[Result]:
        """The files whose last docstring is there."""
        while self._done:
            yield self._done.popleft().result(self.job)

    def _take_headline(self, words: _Words, completion: Completion) -> None:
        job, definition = self.job, words.target.definition
        near = words.draft.sifted.near
        verdict = judge(completion, job.format.reply, definition, job.config, near)
        if isinstance(verdict, Refusal):
            words.settle(_skip(words.target, verdict.reason, verdict.detail))
            return
        questions = self._questions(words)
        if questions:
            words.summary, words.wanted = verdict, len(questions)
            self.further += questions
        else:
            words.settle(verdict)

    def _take_phrase(
        self, words: _Words, summary: Summary, slot: Slot, completion: Completion
    ) -> None:
        """Note one phrase; the first that is refused leaves the headline alone."""
        job, definition = self.job, words.target.definition
        near = words.draft.sifted.near
        verdict = judge_phrase(completion, job.format.reply, definition, slot, job.config, near)
        if isinstance(verdict, Refusal):
            words.settle(summary)
            return
        words.phrases[slot] = verdict
        if len(words.phrases) == words.wanted:
            words.settle(with_phrases(summary, words.phrases))

    def _questions(self, words: _Words) -> list[_Question]:
        """One for each slot of the sections; none where these are not wanted or cannot be whole."""
        from docbot.render import slots

        job, definition = self.job, words.target.definition
        short = definition.lines[1] - definition.lines[0] < SHORT
        if (short and job.config.sections != "always") or job.out_of_time():
            return []
        wanted = slots(definition, job.house())
        if not all(slot.task in job.format.tasks for slot in wanted):
            return []
        asked = [_question(words, slot, job) for slot in wanted]
        questions = [question for question in asked if isinstance(question, _Question)]
        return questions if len(questions) == len(wanted) else []

    def _ask_headlines(self, files: Iterable[File]) -> Iterator[_Question]:
        """Draft file after file."""
        job = self.job
        for file, sifted in job.sifter(files, job.config):
            if job.out_of_time():
                skip = Skip(reason=SkipReason.OUT_OF_TIME, detail="not looked at")
                self._done.append(_Draft(file=file, choice=Choice(skips=(skip,))))
                continue
            known = sifted()
            choice = _choice(file, known, job.config, job.lineage)
            draft = _Draft(file=file, choice=choice, sifted=known)
            for target in draft.choice.targets:
                draft.open += 1
                outcome = _ask(target, draft, job)
                if isinstance(outcome, _Question):
                    yield outcome
                else:
                    draft.settle(target, outcome)
            draft.sealed = True
            if draft.complete:
                self._done.append(draft)


def _ask(target: Target, draft: _Draft, job: Job) -> _Question | Summary | Skip:
    """What to ask the model; or the answer, where no model is needed or no time is left."""
    slot = headline(target.definition)
    if summary := fixed(target.definition):
        return summary
    if slot.task not in job.format.tasks:
        detail = f"this model cannot be asked about a {slot.task.value}"
        return _skip(target, SkipReason.LEFT_ALONE, detail)
    if job.out_of_time():
        return _skip(target, SkipReason.OUT_OF_TIME, "the time budget was used up")
    context = build(target, draft.sifted.definitions, draft.file.path)
    return _question(_Words(draft=draft, context=context), slot, job)


def _question(words: _Words, slot: Slot, job: Job) -> _Question | Skip:
    try:
        prompt = job.format.prompt(words.context, slot)
    except (SourceError, ValueError, RecursionError) as error:
        detail = f"it cannot be read on its own: {error}"
        return _skip(words.target, SkipReason.UNPARSABLE, detail)
    return _Question(words=words, slot=slot, prompt=prompt)


def _skip(target: Target, reason: SkipReason, detail: str) -> Skip:
    definition = target.definition
    return Skip(reason=reason, detail=detail, qualname=definition.qualname, line=definition.line)
