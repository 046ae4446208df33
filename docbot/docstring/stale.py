"""Mend the docstrings of a file that disagree with their functions, as far as that is certain.

One mend may uncover another: entries are put in order once they have their right names. So a file
is looked at again after each round, until nothing is left that can be mended; a second run then
changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docbot.docstring.edit import apply_edits
from docbot.docstring.line_map import UNMOVED, map_lines
from docbot.docstring.mend import mend_edits
from docbot.docstring.verify import verify
from docbot.drift.drift import DriftRule
from docbot.drift.find import Revision, compare_functions
from docbot.drift.insert import entry_changes
from docbot.scan.parse import parse
from docbot.scan.source import read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from docbot.docstring.edit import Edit
    from docbot.docstring.line_map import LineMap
    from docbot.drift.drift import Change, Drift
    from docbot.drift.function import Function
    from docbot.scan.source import Text

    MissingEntry = tuple[str, str]  # a function's or class's qualified name, and a parameter

ROUNDS = 4
"""Most rounds; three are enough where names, order and defaults of one docstring are wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MendedFile:
    """A file after its docstrings were mended.

    Attributes:
        after: The file's bytes.
        mended: The drifts that are gone, with their lines in the file before.
        left: The drifts that only a person can mend, with their lines in the file after.
        lines: The file's lines before and after.

    """

    after: bytes
    mended: tuple[Drift, ...] = ()
    left: tuple[Drift, ...] = ()
    lines: LineMap = UNMOVED

    def since(self, earlier: LineMap) -> MendedFile:
        """Count the lines before from the file as it was before earlier edits."""
        return replace(
            self,
            mended=tuple(_with_former_lines(self.mended, earlier)),
            lines=earlier.then(self.lines),
        )


def mend_file(
    source: bytes,
    former: bytes | None = None,
    only: Collection[str] | None = None,
    *,
    required: frozenset[str] = frozenset(),
    phrases: Mapping[MissingEntry, str] | None = None,
    width: int = 0,
) -> MendedFile:
    """Mend a file; every round is verified.

    Args:
        source: The file.
        former: Its older version, where there is one.
        only: The qualified names of the functions and classes to look at; None for all.
        required: The kinds of sections that every docstring must have.
        phrases: The words for parameters without an entry.
        width: Most columns of a line with such words.

    Raises:
        SourceError: the file cannot be read.
        VerifyError: a round changed more than it should have.

    """
    wanted = _Wanted.beside(former, only, required, phrases=phrases, width=width)
    mended: list[Drift] = []
    left: list[Drift] = []
    lines = UNMOVED
    for _ in range(ROUNDS):
        gone, left, edits = _round(read(source), wanted)
        if not edits:
            break
        after = apply_edits(source, edits)
        verify(source, after, edits)
        mended += _with_former_lines(gone, lines)
        step = map_lines(source, after, edits)
        left = [replace(drift, line=step.after(drift.line)) for drift in left]
        lines = lines.then(step)
        source = after
    return MendedFile(after=source, mended=_plain(mended), left=_plain(left), lines=lines)


def _with_former_lines(drifts: Iterable[Drift], lines: LineMap) -> list[Drift]:
    """Give drifts of an edited file the lines that they had before the edits."""
    return [replace(drift, line=lines.before(drift.line)) for drift in drifts]


def find_stale(
    source: bytes,
    former: bytes | None,
    only: Collection[str] | None,
    required: frozenset[str] = frozenset(),
) -> tuple[Drift, ...]:
    """Find what `mend_file` would look at, and mend nothing.

    Raises:
        SourceError: the file cannot be read.

    """
    wanted = _Wanted.beside(former, only, required)
    return _plain(drift for _, drifts in wanted.drifts(read(source)) for drift in drifts)


def _plain(drifts: Iterable[Drift]) -> tuple[Drift, ...]:
    """Return drifts in the order of their lines, without what would mend them."""
    ordered = sorted(drifts, key=lambda drift: drift.line)
    return tuple(replace(drift, changes=()) for drift in ordered)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """What all rounds share: the older version, the names to look at, the words for entries."""

    old: Revision | None
    only: Collection[str] | None
    required: frozenset[str] = frozenset()
    phrases: Mapping[MissingEntry, str] = field(default_factory=dict)
    width: int = 0

    @classmethod
    def beside(
        cls,
        former: bytes | None,
        only: Collection[str] | None,
        required: frozenset[str],
        *,
        phrases: Mapping[MissingEntry, str] | None = None,
        width: int = 0,
    ) -> _Wanted:
        """Read the older version, where there is one."""
        old = Revision.of(former, required) if former is not None else None
        return cls(old=old, only=only, required=required, phrases=phrases or {}, width=width)

    def drifts(self, text: Text) -> Iterator[tuple[Function, list[Drift]]]:
        """Yield the functions in question with their drifts."""
        for function, drifts in compare_functions(parse(text.code), text, self.old, self.required):
            if self.only is None or function.qualname in self.only:
                yield function, [self._with_words(drift, function) for drift in drifts]

    def _with_words(self, drift: Drift, function: Function) -> Drift:
        """Add the change that writes an entry, where there are words for it."""
        phrase = self.phrases.get((drift.qualname, drift.subject))
        if drift.rule is not DriftRule.PARAM_MISSING or phrase is None:
            return drift
        changes = entry_changes(function, drift.subject, phrase, self.width)
        return replace(drift, changes=changes)


def missing_parameters(
    source: bytes,
    former: bytes | None,
    only: Collection[str] | None,
    required: frozenset[str] = frozenset(),
) -> tuple[tuple[Function, str], ...]:
    """Return the parameters that lack an entry, each with its function; as in `mend_file`.

    Raises:
        SourceError: the file cannot be read.

    """
    wanted = _Wanted.beside(former, only, required)
    return tuple(
        (function, drift.subject)
        for function, drifts in wanted.drifts(read(source))
        for drift in drifts
        if drift.rule is DriftRule.PARAM_MISSING
    )


def _round(text: Text, wanted: _Wanted) -> tuple[list[Drift], list[Drift], list[Edit]]:
    """Return the drifts that can be mended now, the others, and the edits that mend."""
    gone: list[Drift] = []
    left: list[Drift] = []
    edits: list[Edit] = []
    for function, drifts in wanted.drifts(text):
        own, own_edits = _mend(function, drifts, text)
        gone += own
        edits += own_edits
        left += [drift for drift in drifts if drift not in own]
    return gone, left, edits


def _mend(
    function: Function, drifts: Sequence[Drift], text: Text
) -> tuple[list[Drift], tuple[Edit, ...]]:
    """Return the drifts of one docstring that can be mended together, and the edits for that."""
    changes: list[Change] = []
    taken: list[Drift] = []
    for drift in drifts:
        if drift.changes and not _overlap(changes, drift.changes):
            changes += drift.changes
            taken.append(drift)
    edits = None
    if changes:
        edits = mend_edits(
            function.literal, changes, text, qualname=function.qualname, line=function.line
        )
    return (taken, edits) if edits else ([], ())


def _overlap(some: Sequence[Change], others: Sequence[Change]) -> bool:
    return any(
        one.span.start < other.span.end and other.span.start < one.span.end
        for one in some
        for other in others
    )
