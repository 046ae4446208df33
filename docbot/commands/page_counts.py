"""Turn the results of a check into what a report shows, with the signatures of what is missing."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from docbot.cache import Cache
from docbot.commands.check import check_part, kinds_of, recall_or_count
from docbot.commands.check_cache import CheckOutput
from docbot.commands.output import Run
from docbot.commands.report import coverage_line, format_problems, format_vendored
from docbot.commands.streams import path_text
from docbot.errors import SourceError
from docbot.page.data import CountedFile, Counts, Gap, decode, encode
from docbot.repo.locate import base_of
from docbot.scan.headers import header_of
from docbot.scan.source import read as read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path, PurePosixPath

    from docbot.commands.check import Part
    from docbot.drift.drift import Drift
    from docbot.repo.locate import Locator
    from docbot.repo.worktree import WorkTree
    from docbot.scan.definition import Definition
    from docbot.scanned import Result

FORM = "page"
"""Sets the stored counts of reports apart from the stored output of checks."""


def count_files(
    options: argparse.Namespace, locator: Locator, worktrees: list[WorkTree], cache: Cache
) -> Counts:
    """Count the files in question as `check` does, or return an earlier count of the same files."""
    silent = whole_check(options)
    count = partial(_count, silent)
    output, _ = recall_or_count(silent, locator, worktrees, cache, _form, count)
    try:
        return decode(output.data, output.messages)
    except ValueError:  # a row that docbot did not write
        output, _ = recall_or_count(silent, locator, worktrees, Cache(None), _form, count)
        return decode(output.data, output.messages)


def whole_check(options: argparse.Namespace) -> argparse.Namespace:
    """Return the options of a check of all files, whose results are kept and printed as JSON."""
    check = argparse.Namespace(**vars(options))
    check.staged, check.since, check.verbose, check.format = False, None, False, "json"
    check.fail_under = None
    return check


def _form(_worktrees: Sequence[WorkTree]) -> list[object]:
    return [FORM]


def _count(options: argparse.Namespace, parts: Sequence[Part]) -> CheckOutput:
    run = Run(options, [part.worktree for part in parts])
    files: list[CountedFile] = []
    fails = False
    for part in parts:
        first = len(run.results)
        fails |= check_part(run, part)
        files += _counted(run.results[first:], part, base_of(run.worktrees))
    files.sort(key=lambda file: file.path)
    messages = [line for result in run.results for line in format_problems(result)]
    messages += [*format_vendored(run.tally), coverage_line(run.tally, kinds_of(parts))]
    return CheckOutput(
        data=encode(Counts(files=tuple(files))),
        messages=tuple(messages),
        fails=fails,
        coverage=run.tally.coverage,
        unparsable=tuple(run.tally.unparsable),
    )


def _counted(results: Iterable[Result], part: Part, base: Path) -> Iterator[CountedFile]:
    """Yield the files of a work tree in which anything counts or is stale."""
    for result in results:
        if result.documented or result.missing or result.drifts:
            place = part.worktree.relative(base / result.path)
            lines = _lines(part, place) if result.missing or result.drifts else []
            gaps = [
                Gap(
                    qualname=target.definition.qualname,
                    kind=target.definition.kind.value,
                    line=target.definition.line,
                    signature=header_of(lines, target.definition.line),
                )
                for target in result.missing
            ]
            if result.drifts:
                gaps += _stale(result.drifts, part.scans.facts_of(place).definitions, lines)
            gaps.sort(key=lambda gap: gap.line)
            yield CountedFile(
                path=path_text(result.path),
                documented=result.documented,
                missing=len(result.missing),
                gaps=tuple(gaps),
            )


def _stale(
    drifts: Iterable[Drift], definitions: Sequence[Definition], lines: Sequence[bytes]
) -> Iterator[Gap]:
    """Yield a gap for each drift, with the signature of the function around it."""
    for drift in drifts:
        around = [
            each
            for each in definitions
            if each.qualname == drift.qualname and each.line <= drift.line
        ]
        yield Gap(
            qualname=drift.qualname,
            kind=around[-1].kind.value if around else "",
            line=drift.line,
            signature=header_of(lines, around[-1].line) if around else "",
            stale=f"{drift.qualname} {drift.message}",
        )


def _lines(part: Part, place: PurePosixPath) -> list[bytes]:
    """Read the lines of a file in UTF-8; none where it has changed into what is no Python file."""
    try:
        return read_text(part.worktree.read(place)).lines
    except SourceError:
        return []
