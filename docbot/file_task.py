"""One file on its way through `fix`: its targets, the words for them, and the edited bytes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docbot.config import AUTO
from docbot.docstring.complete import complete_file, lacking_slots
from docbot.docstring.edit import apply_edits, make_edit
from docbot.docstring.language import count_languages, is_foreign
from docbot.docstring.line_map import map_lines
from docbot.docstring.stale import (
    MendedFile,
    find_stale,
    mend_file,
    missing_parameters,
)
from docbot.docstring.verify import verify
from docbot.drift.drift import DriftRule
from docbot.drift.find import all_documented_functions, is_touched, touched_names
from docbot.errors import SourceError, VerifyError
from docbot.gate.candidates import candidates
from docbot.gate.judge import Judge
from docbot.gate.score import load_weights
from docbot.prompt.context import build_context, first_sentence
from docbot.prompt.task import Task
from docbot.scan.facts import read_definitions
from docbot.scan.parse import parse
from docbot.scan.source import read
from docbot.scanned import Result, ScannedFile, scan_each, select_targets
from docbot.select.skip import Skip, SkipReason, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import PurePosixPath

    from docbot.config import Config
    from docbot.docstring.edit import Edit
    from docbot.docstring.stale import MissingEntry
    from docbot.docstring.style import DocstringStyle, StyleOf
    from docbot.drift.drift import Drift
    from docbot.drift.function import Function
    from docbot.gate.sentence import Refusal
    from docbot.gate.summary import Summary
    from docbot.llm.protocol import Backend
    from docbot.prompt.context import Context
    from docbot.prompt.formats import Format
    from docbot.prompt.task import Slot
    from docbot.scan.definition import Anchor, Definition
    from docbot.scanned import Scanner, SourceFile
    from docbot.select.inheritance import ParentIndex
    from docbot.select.rules import Choice


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What all files of a `fix` run share.

    `style` is asked when there is something to write; `former` returns a file's older version,
    for files of which only changed lines are in question. With `complete`, docstrings get the
    sections that they lack. `counted` are the kinds that count, where more may be written.
    """

    config: Config
    parents: ParentIndex
    style: StyleOf
    backend: Backend
    format: Format
    out_of_time: Callable[[], bool] = lambda: False
    scanner: Scanner = scan_each
    former: Callable[[PurePosixPath], bytes | None] = lambda _path: None
    complete: bool = False
    counted: Collection[str] | None = None

    def counted_in(self, path: PurePosixPath) -> Collection[str] | None:
        """Return the kinds that count in a file; None for all."""
        own = self.config.per_path.kinds_of(str(path))
        return self.counted if own is None or self.counted is None else own

    @property
    def judge(self) -> Judge:
        """Return the gate for the model's prompt format."""
        return Judge(
            read=self.format.read_completion,
            min_confidence=self.config.min_confidence,
            scores=load_weights().get(self.format.scores, {}),
        )


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
    refusals: dict[tuple[str, int], Refusal] = field(default_factory=dict)
    phrases: dict[MissingEntry, str] = field(default_factory=dict)
    words: dict[str, Summary] = field(default_factory=dict)
    proposals: dict[str, str] = field(default_factory=dict)
    stale: tuple[Drift, ...] | None = None
    _foreign: bool | None = None

    @classmethod
    def select(cls, file: SourceFile, scanned: ScannedFile, job: Job) -> FileTask:
        """Begin with a scanned file's targets."""
        counted = job.counted_in(file.path)
        choice = select_targets(file, scanned, job.config, job.parents, counted)
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

    def is_foreign(self, job: Job) -> bool:
        """Check whether the file's docstrings, or else the repository's, are not English."""
        if job.config.language != AUTO:
            return False
        if self._foreign is None:
            texts = (d.docstring for d in self.scanned.definitions if d.docstring)
            own = is_foreign(count_languages(texts))
            self._foreign = job.style(self.file.path).foreign if own is None else own
        return self._foreign

    def missing_entries(self, job: Job) -> tuple[tuple[MissingEntry, Context], ...]:
        """Return the parameters that documented functions lack an entry for, to ask about them."""
        file = self.file
        if job.config.stale != "fix" or not self._is_open or Task.PARAM not in job.format.tasks:
            return ()
        try:
            required = job.config.required_sections
            lacking = missing_parameters(file.source, *self._compared(job), required)
            definitions = self.scanned.definitions
            if lacking and not definitions:
                definitions = read_definitions(read(file.source))
        except SourceError:  # `finish` says so
            return ()
        return tuple(
            (
                (function.qualname, name),
                _context(function, definitions, file.path),
            )
            for function, name in lacking
        )

    def stale_summaries(self, job: Job) -> tuple[Context, ...]:
        """Return the functions whose summaries may be stale, to ask for others."""
        if self.file.changed is None or job.config.stale == "off" or not self._is_open:
            return ()
        if Task.FUNCTION not in job.format.tasks:
            return ()
        try:
            names = {
                drift.qualname
                for drift in self._stale(job)
                if drift.rule is DriftRule.SUMMARY_STALE
            }
            definitions = self.scanned.definitions
            if names and not definitions:
                definitions = read_definitions(read(self.file.source))
        except SourceError:  # `finish` says so
            return ()
        targets = (Target(definition=each) for each in definitions if each.qualname in names)
        return tuple(build_context(target, definitions, self.file.path) for target in targets)

    def _stale(self, job: Job) -> tuple[Drift, ...]:
        """Find the drifts of the file as it was given, once.

        Raises:
            SourceError: the file cannot be read.

        """
        if self.stale is None:
            required = job.config.required_sections
            self.stale = find_stale(self.file.source, *self._compared(job), required)
        return self.stale

    def settle_proposal(self, qualname: str, headline: str | None) -> None:
        """Take another summary for a docstring whose own may be stale, or None for none."""
        self.waiting -= 1
        if headline is not None:
            self.proposals[qualname] = headline

    def lacking_sections(self, job: Job) -> tuple[tuple[Context, tuple[Slot, ...]], ...]:
        """Return the functions whose docstrings lack sections, with the slots to ask about."""
        file = self.file
        if not job.complete or not self._is_open:
            return ()
        style = job.style(self.file.path)
        if not style.sections:
            return ()
        try:
            text = read(file.source)
            definitions = self.scanned.definitions or read_definitions(text)
            functions = [
                function
                for function in all_documented_functions(parse(text.code), text)
                if file.changed is None or is_touched(function, file.changed)
            ]
        except SourceError:  # `finish` says so
            return ()
        return tuple(
            (_context(function, definitions, file.path), slots)
            for function in functions
            if (slots := lacking_slots(function, style))
            and all(slot.task in job.format.tasks for slot in slots)
        )

    def settle_sections(self, qualname: str, summary: Summary | None) -> None:
        """Take the words for the sections that a docstring lacks, or None for none."""
        self.waiting -= 1
        if summary is not None:
            self.words[qualname] = summary

    @property
    def _is_open(self) -> bool:
        """Check that the file is not left alone as a whole, for any reason or for lack of time."""
        is_late = any(skip.reason is SkipReason.OUT_OF_TIME for skip in self.choice.skips)
        return self.scanned.skip is None and not is_late

    def _compared(self, job: Job) -> tuple[bytes | None, frozenset[str] | None]:
        """Return the older version, and the names in question; both None for a whole file.

        Raises:
            SourceError: the file cannot be read.

        """
        if self.file.changed is None:
            return None, None
        return job.former(self.file.path), touched_names(self.file.source, self.file.changed)

    def settle_entry(self, entry: MissingEntry, phrase: str | None) -> None:
        """Take the words for an entry, or None for none."""
        self.waiting -= 1
        if phrase is not None:
            self.phrases[entry] = phrase

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
            stale = self._complete(self._mend(after, job), job)
            stale = stale.since(map_lines(before, after, edits))
        except SourceError as reason:
            self.skips.append(Skip.of(reason))
            edits, stale = (), MendedFile(after=before)
        except VerifyError as failure:
            error, edits, stale = str(failure), (), MendedFile(after=before)
        is_written = bool(edits or stale.mended)
        written = {(edit.qualname, edit.line) for edit in edits}
        counted = self._counted(job)
        gained = tuple(target for target in counted if target.place in written)
        return Result(
            path=self.file.path,
            before=before if is_written else b"",
            after=stale.after if is_written else b"",
            edits=edits,
            missing=tuple(target for target in counted if target.place not in written),
            gained=gained,
            skips=(*self.choice.skips, *sorted(self.skips, key=lambda s: s.line)),
            documented=self.choice.documented + len(gained),
            drifts=tuple(map(self._with_proposal, stale.left)),
            mended=stale.mended,
            lines=stale.lines,
            error=error,
            candidates=tuple(candidates(self.summaries, self.skips, self.refusals, error)),
        )

    def _counted(self, job: Job) -> list[Target]:
        """Return the targets that count, written or not."""
        targets, counted = self.choice.targets, job.counted_in(self.file.path)
        return [t for t in targets if counted is None or t.definition.kind in counted]

    def _with_proposal(self, drift: Drift) -> Drift:
        if drift.rule is not DriftRule.SUMMARY_STALE:
            return drift
        return replace(drift, proposal=self.proposals.get(drift.qualname, ""))

    def _mend(self, source: bytes, job: Job) -> MendedFile:
        """Mend the docstrings that were there, or find what a person has to mend.

        Raises:
            SourceError: the file cannot be read.
            VerifyError: more was changed than should have been.

        """
        file, stale = self.file, job.config.stale
        if stale == "off" or not self._is_open:
            return MendedFile(after=source)
        is_same = source == file.source or not self.scanned.drifts  # else their lines have moved
        if stale == "report" and file.changed is None and is_same:
            return MendedFile(after=source, left=self.scanned.drifts)
        if stale == "report" and source == file.source:
            return MendedFile(after=source, left=self._stale(job))
        former, only = self._compared(job)
        required = job.config.required_sections
        if stale == "report":
            return MendedFile(after=source, left=find_stale(source, former, only, required))
        width = job.style(file.path).line_length if self.phrases else 0
        return mend_file(source, former, only, required=required, phrases=self.phrases, width=width)

    def _complete(self, mended: MendedFile, job: Job) -> MendedFile:
        """Add the sections that docstrings lack.

        Raises:
            VerifyError: more was changed than should have been.

        """
        if not self.words:
            return mended
        completed = complete_file(mended.after, self.words, job.style(self.file.path))
        moved = completed.lines
        completed = completed.since(mended.lines)
        names = {drift.qualname for drift in completed.mended}
        left = tuple(
            replace(drift, line=moved.after(drift.line))
            for drift in mended.left
            if drift.rule is not DriftRule.SECTIONS_MISSING or drift.qualname not in names
        )
        return replace(completed, mended=(*mended.mended, *completed.mended), left=left)

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
            outcome = _edit(target, summary, places, text.encoding, job.style(self.file.path))
            if isinstance(outcome, Skip):
                self.skips.append(outcome)
            else:
                edits.append(outcome)
        return tuple(sorted(edits, key=lambda e: e.start))


def _context(function: Function, definitions: Sequence[Definition], path: PurePosixPath) -> Context:
    """Build the context of a documented function, with the headline that it has."""
    definition = replace(function.definition, docstring=function.docstring.text)
    context = build_context(Target(definition=function.definition), definitions, path)
    return replace(context, headline=first_sentence(definition))


def _edit(
    target: Target,
    summary: Summary,
    places: Mapping[tuple[str, int], Anchor],
    encoding: str,
    style: DocstringStyle,
) -> Edit | Skip:
    """Render one docstring and say where it goes; or why it cannot be written."""
    from docbot.docstring.render import render
    from docbot.docstring.sections import needs_sections

    definition = target.definition
    literal = render(summary, definition, style)
    anchor = places.get((definition.qualname, definition.line))
    if literal is None or anchor is None:
        is_lacking = style.required and needs_sections(definition, style)
        detail = "a linter wants sections" if is_lacking else "it cannot be set on one line here"
        return target.skip(SkipReason.UNWRITABLE, detail)
    if style.docformatter and anchor.opens_module:
        detail = "docformatter and black would move the blank lines below it for ever"
        return target.skip(SkipReason.UNWRITABLE, detail)
    try:
        return make_edit(literal, definition, anchor, encoding)
    except UnicodeEncodeError:
        detail = f"the file's encoding, {encoding}, has no such characters"
        return target.skip(SkipReason.UNWRITABLE, detail)
