"""Find what is stale in the docstrings of changed functions, and suggest mends.

Only a mend that is certain is suggested, as whole lines. With it come the lines above, by which the
process that posts sees that these are lines of a docstring.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from docbot.docstring.edit import apply_edits
from docbot.docstring.mend import mend_edits
from docbot.docstring.verify import verify
from docbot.drift.find import Revision, compare_functions, is_touched
from docbot.errors import VerifyError
from docbot.review.findings import Finding, Suggestion
from docbot.scan.parse import parse
from docbot.scan.source import BOM, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import PurePosixPath

    from docbot.drift.drift import Drift
    from docbot.drift.function import Function
    from docbot.scan.source import Text
    from docbot.scanned import SourceFile


def stale_findings(
    file: SourceFile,
    former: bytes | None,
    out_of_time: Callable[[], bool],
    required: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """Yield a finding for each drift of the functions that changed lines touch.

    Args:
        file: The head's file, with its changed lines.
        former: The merge base's; None for a new file.
        out_of_time: Whether there is no time left to check a mend, which reads the file again.
        required: The kinds of sections that every docstring must have.

    Raises:
        SourceError: the head's file cannot be read.

    """
    source, changed = file.source, file.changed or ()
    text = read(source)
    old = Revision.of(former, required) if former is not None else None
    is_plain = suggestion_obstacle(source) == ""
    for function, drifts in compare_functions(parse(source), text, old, required):
        for drift in drifts if is_touched(function, changed) else ():
            finding = _finding(file.path, function, drift)
            if is_plain and drift.changes and not out_of_time():
                finding = replace(finding, suggestion=_suggest(source, text, function, drift))
                finding = replace(finding, suggestion=finding.sound_suggestion)
            yield finding


def suggestion_obstacle(source: bytes) -> str:
    """Return why GitHub could not apply a suggestion to this file; "" when it could."""
    if b"\r" in source:
        return "the file's lines end with carriage returns, which a suggestion does not keep"
    if source.startswith(BOM) or read(source).encoding != "utf-8":
        return "the file is not plain UTF-8"
    return ""


def _finding(path: PurePosixPath, function: Function, drift: Drift) -> Finding:
    return Finding(
        path=str(path),
        line=drift.line,
        qualname=function.qualname,
        kind="class" if function.of_class else function.definition.kind.value,
        rule=drift.rule.value,
        subject=drift.subject,
        message=drift.message,
        name_line=function.line,
    )


def _suggest(source: bytes, text: Text, function: Function, drift: Drift) -> Suggestion | None:
    """Convert a drift's changes to whole lines; None where they cannot be made safely."""
    edits = mend_edits(
        function.literal, drift.changes, text, qualname=function.qualname, line=function.line
    )
    if not edits:
        return None
    after = apply_edits(source, edits)
    try:
        verify(source, after, edits)
    except VerifyError:  # the drift is reported all the same, in words
        return None
    return _changed_lines(source, after, function.literal.line)


def _changed_lines(source: bytes, after: bytes, opening: int) -> Suggestion:
    """Return the lines from the first to the last that differ, below the header of a docstring.

    Args:
        source: The file, in UTF-8.
        after: The file with a part of one docstring changed.
        opening: The line of the docstring's opening quotes.

    """
    old, new = source.decode().split("\n"), after.decode().split("\n")
    head = _count_shared(old, new)
    tail = _count_shared(old[head:][::-1], new[head:][::-1])
    header = next(at for at in range(opening - 2, -1, -1) if old[at].strip())
    return Suggestion(
        first=head + 1,
        last=len(old) - tail,
        before=tuple(old[head : len(old) - tail]),
        after=tuple(new[head : len(new) - tail]),
        above=tuple(old[header:head]),
    )


def _count_shared(some: list[str], others: list[str]) -> int:
    """Count the equal lines at the start."""
    pairs = enumerate(zip(some, others, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(some), len(others)))
