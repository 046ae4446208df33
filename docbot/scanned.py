"""One file through the stages before the model: scanned, its targets selected, its gaps counted.

`check_file` is all of `docbot check` for one file, `settle_file` its last step where the file was
judged by another process; `scan_file` and `select_targets` begin `docbot fix`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.docstring.line_map import UNMOVED
from docbot.drift.find import find_drifts
from docbot.errors import SourceError
from docbot.gate.facts import NO_SURROUNDINGS, Surroundings, surroundings_of
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import definitions_of
from docbot.scan.names import names_in
from docbot.scan.outline import Outline, outline_of
from docbot.scan.parse import MODULE_DOC, all_nodes, gc_paused, shared_tree
from docbot.scan.source import read
from docbot.scan.tree import without_trees
from docbot.select.rules import Choice, Place, choose, file_skip, overlaps
from docbot.select.skip import Skip, SkipReason, Target
from docbot.select.verdicts import settle, whole_skip

if TYPE_CHECKING:
    import ast
    from pathlib import PurePosixPath

    from docbot.config import Config
    from docbot.docstring.edit import Edit
    from docbot.docstring.line_map import LineMap
    from docbot.drift.drift import Drift
    from docbot.gate.candidates import Candidate
    from docbot.scan.facts import FileFacts
    from docbot.select.inheritance import ParentIndex
    from docbot.select.verdicts import FileVerdict

    Lines = tuple[tuple[int, int], ...] | None

COUNTED = (Kind.CLASS, Kind.FUNCTION, Kind.METHOD)
"""The kinds that count by default: the count must not change with the model."""

REVIEWED = (Kind.FUNCTION, Kind.METHOD)
"""The kinds that a review speaks of by default: it comments on other people's work, so only where
every model may have words to suggest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """One file to look at; with `changed` (1-based line ranges), only definitions they touch."""

    path: PurePosixPath
    source: bytes
    changed: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one file.

    `before` and `after` are its bytes when something was written, and empty otherwise. `missing`
    are the targets without a docstring, after what was written, and `documented` is how many count
    that have one; `gained` are the targets that count and got theirs in this run. `drifts` are
    where docstrings disagree with their functions, `mended` where they did. `drifts` have the lines
    of the file as it is now, and all others those of the file as it was read; `lines` maps them.
    `error` is docbot's own failure: the file was given up. `candidates` are the words
    that there were for each target. `known` are the findings that a ratchet has, by
    `finding_key`; None without a ratchet.
    """

    path: PurePosixPath
    before: bytes = b""
    after: bytes = b""
    edits: tuple[Edit, ...] = ()
    missing: tuple[Target, ...] = ()
    gained: tuple[Target, ...] = ()
    skips: tuple[Skip, ...] = ()
    documented: int = 0
    drifts: tuple[Drift, ...] = ()
    mended: tuple[Drift, ...] = ()
    lines: LineMap = UNMOVED
    error: str = ""
    candidates: tuple[Candidate, ...] = ()
    known: frozenset[tuple[str, int, str, str]] | None = None

    def is_known(self, finding: Target | Drift) -> bool | None:
        """Check whether a ratchet has a finding; None where there is none to say so."""
        return None if self.known is None else finding_key(finding) in self.known

    def line_now(self, finding: Edit | Definition | Skip | Drift) -> int:
        """Return the line after the run of all but `drifts`; a module's stays the first."""
        is_module = finding.qualname == MODULE_DOC
        return finding.line if is_module else self.lines.after(finding.line)

    def with_former_lines(self) -> Result:
        """Return the result with the lines of the file as it was read, for one not written."""
        drifts = (
            dataclasses.replace(drift, line=self.lines.before(drift.line)) for drift in self.drifts
        )
        return dataclasses.replace(self, drifts=tuple(drifts), lines=UNMOVED)


def finding_key(finding: Target | Drift) -> tuple[str, int, str, str]:
    """Return what tells a finding of a file from the others: name, line, rule and subject."""
    if isinstance(finding, Target):
        return (*finding.place, finding.reason.value, "")
    return finding.qualname, finding.line, finding.rule.value, finding.subject


@dataclass(frozen=True, kw_only=True, slots=True)
class ScannedFile:
    """What one file's own bytes say; or, in `skip`, why it is left alone.

    `drifts` are looked for here where they are only reported, and only of whole files.

    `definitions` are empty where no docstring can be missing; `documented` are then all of them,
    without details. `tree` is None in a file that another process has scanned.
    """

    skip: Skip | None = None
    outline: Outline | None = None
    definitions: tuple[Definition, ...] = ()
    documented: tuple[Definition, ...] = ()
    surroundings: Surroundings = NO_SURROUNDINGS
    drifts: tuple[Drift, ...] = ()
    tree: ast.Module | None = dataclasses.field(default=None, repr=False, compare=False)


Scanner = Callable[
    [Iterable[SourceFile], "Config"],
    Iterator[tuple[SourceFile, Callable[[], ScannedFile]]],
]
"""Gives the files back in their order, each with what scans it."""


def counted_kinds(config: Config) -> tuple[str, ...]:
    """Return the kinds that count, whatever else may be written."""
    return config.kinds or tuple(kind.value for kind in COUNTED)


def with_kinds(config: Config, kinds: Iterable[Kind]) -> Config:
    """Return the configuration with its own kinds, or with these where it names none."""
    values = config.kinds or tuple(kind.value for kind in kinds)
    return dataclasses.replace(config, kinds=values)


def check_file(
    path: PurePosixPath,
    facts: FileFacts,
    config: Config,
    parents: ParentIndex,
    changed: Lines = None,
) -> Result:
    """Report what one file is missing; with `changed`, of the definitions these lines touch."""
    config = with_kinds(config, COUNTED).of(path)
    if whole := whole_skip(path, facts, config):
        return Result(path=path, skips=(whole,))
    parents.add(path, facts.outline)
    place = _place(path, facts.outline, parents)
    choice = choose(facts.definitions, place, config, changed)
    return Result(
        path=path, missing=choice.targets, skips=choice.skips, documented=choice.documented
    )


def settle_file(path: PurePosixPath, verdict: FileVerdict, parents: ParentIndex) -> Result:
    """Report what a judged file is missing, now that the other files are known."""
    if verdict.skip is not None:
        reason, detail = verdict.skip
        return Result(path=path, skips=(Skip(reason=SkipReason(reason), detail=detail),))
    missing, skips, documented = [], [], verdict.documented
    place = _place(path, Outline(), parents)
    candidates = settle(verdict, place.parent, place.private_module)
    for (qualname, kind, line, is_documented, *_), skip in candidates:
        if is_documented:
            documented += skip is None
        elif skip is not None:
            skips.append(skip)
        else:
            bare = Definition(
                qualname=qualname,
                name=qualname.rpartition(".")[2],
                kind=Kind(kind),
                line=line,
                lines=(line, line),
            )
            missing.append(Target(definition=bare))
    return Result(
        path=path,
        missing=tuple(missing),
        skips=tuple(skips),
        documented=documented,
        drifts=verdict.drifts,
    )


def scan_file(file: SourceFile, config: Config) -> ScannedFile:
    """Parse one file once, and read its definitions where any docstring may be missing."""
    config = config.of(file.path)
    try:
        if skip := file_skip(file.path, file.source, config):
            return ScannedFile(skip=skip)
        with gc_paused():
            text = read(file.source)
            tree = shared_tree(text.code)
            nodes = all_nodes(tree)
            outline = outline_of(tree, nodes, file.source)
            drifts: tuple[Drift, ...] = ()
            if config.stale == "report" and file.changed is None:
                found = find_drifts(tree, text, required=config.required_sections)
                drifts = tuple(dataclasses.replace(drift, changes=()) for drift in found)
            if not _may_lack(outline, file, config):
                every = definitions_of(tree, text, details=False)
                return ScannedFile(outline=outline, documented=every, drifts=drifts)
            return ScannedFile(
                outline=outline,
                definitions=definitions_of(tree, text),
                surroundings=surroundings_of(file.path, names_in(nodes, text.utf8)),
                drifts=drifts,
                tree=tree,
            )
    except SourceError as error:
        return ScannedFile(skip=Skip.of(error))


def scan_file_apart(file: SourceFile, config: Config) -> ScannedFile:
    """Scan a file for another process, which is sent no trees."""
    scanned = scan_file(file, config)
    return dataclasses.replace(scanned, tree=None, definitions=without_trees(scanned.definitions))


def scan_each(
    files: Iterable[SourceFile], config: Config
) -> Iterator[tuple[SourceFile, Callable[[], ScannedFile]]]:
    """Scan each file in this process, when it is asked for."""
    for file in files:
        yield file, functools.partial(scan_file, file, config)


def select_targets(
    file: SourceFile,
    scanned: ScannedFile,
    config: Config,
    parents: ParentIndex,
    counted: Collection[str] | None = None,
) -> Choice:
    """Sort a file's definitions into targets and skips, with the other files' classes known."""
    if scanned.skip is not None:
        return Choice(skips=(scanned.skip,))
    if scanned.outline is None:
        return Choice()
    parents.add(file.path, scanned.outline)
    place = _place(file.path, scanned.outline, parents)
    definitions = scanned.definitions or scanned.documented
    own = config.of(file.path)
    return choose(definitions, place, own, file.changed, counted)


def _place(path: PurePosixPath, outline: Outline, parents: ParentIndex) -> Place:
    return Place(
        path=path,
        outline=outline,
        parent=lambda owner, name: parents.documented_parent(path, owner, name),
        private_module=functools.partial(parents.private_module, path),
        reader=lambda definition: parents.reader(path, definition, outline),
    )


def _may_lack(outline: Outline, file: SourceFile, config: Config) -> bool:
    """Check whether any entry of the outline could become a target."""
    new = file.changed is None or any(first == 1 for first, _ in file.changed)
    if "module" in config.kinds and not outline.documented and new and file.source.strip():
        return True
    return any(
        not entry.documented
        and (file.changed is None or overlaps(file.changed, entry.lines))
        and ("class" in config.kinds if entry.is_class else True)
        for entry in outline.entries
    )
