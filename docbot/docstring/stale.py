"""Mend the docstrings of a file that disagree with their functions, as far as that is certain.

One mend may uncover another: entries are put in order once they have their right names. So a file
is looked at again after each round, until nothing is left that can be mended; a second run then
changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docbot.docstring.edit import apply_edits
from docbot.docstring.mend import mend_edits
from docbot.docstring.verify import verify
from docbot.drift.find import Revision, documented_functions, drifts_of
from docbot.scan.parse import parse
from docbot.scan.source import read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from docbot.docstring.edit import Edit
    from docbot.drift.drift import Change, Drift
    from docbot.drift.function import Function
    from docbot.scan.source import Text

ROUNDS = 4
"""Most rounds; three are enough where names, order and defaults of one docstring are wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MendedFile:
    """A file after its docstrings were mended.

    Attributes:
        after: The file's bytes.
        mended: The drifts that are gone.
        left: The drifts that only a person can mend.

    """

    after: bytes
    mended: tuple[Drift, ...] = ()
    left: tuple[Drift, ...] = ()


def mend_file(
    source: bytes, former: bytes | None = None, only: Collection[str] | None = None
) -> MendedFile:
    """Mend a file; every round is verified.

    Args:
        source: The file.
        former: Its older version, where there is one.
        only: The qualified names of the functions and classes to look at; None for all.

    Raises:
        SourceError: the file cannot be read.
        VerifyError: a round changed more than it should have.

    """
    old = Revision.of(former) if former is not None else None
    mended: list[Drift] = []
    left: list[Drift] = []
    for _ in range(ROUNDS):
        text = read(source)
        gone, left, edits = _round(text, old, only)
        if not edits:
            break
        after = apply_edits(source, edits)
        verify(source, after, edits)
        source = after
        mended += gone
    return MendedFile(after=source, mended=_plain(mended), left=_plain(left))


def _plain(drifts: Iterable[Drift]) -> tuple[Drift, ...]:
    """Return drifts in the order of their lines, without what would mend them."""
    ordered = sorted(drifts, key=lambda drift: drift.line)
    return tuple(replace(drift, changes=()) for drift in ordered)


def _round(
    text: Text, old: Revision | None, only: Collection[str] | None
) -> tuple[list[Drift], list[Drift], list[Edit]]:
    """Return the drifts that can be mended now, the others, and the edits that mend."""
    gone: list[Drift] = []
    left: list[Drift] = []
    edits: list[Edit] = []
    for function in documented_functions(parse(text.code), text):
        if only is not None and function.qualname not in only:
            continue
        drifts = list(drifts_of(function, old.former_of(function) if old else None))
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
