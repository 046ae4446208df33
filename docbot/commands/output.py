"""Write, count and show the results of a command: data on stdout, messages on stderr."""

from __future__ import annotations

import dataclasses
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docbot.errors import WriteError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from docbot.cache import Cache
    from docbot.commands.check_cache import CheckOutput
    from docbot.commands.report import ProgressMeter
    from docbot.repo.former import FormerVersions
    from docbot.repo.worktree import SelectedFile, WorkTree
    from docbot.scanned import Result, SourceFile


def print_message(sentence: str) -> None:
    """Print a message to stderr."""
    print(f"docbot: {sentence}", file=sys.stderr)  # noqa: T201 - rich may be what failed


class Run:
    """One command's results as they come: written, counted, shown."""

    def __init__(self, options: argparse.Namespace, worktree: WorkTree) -> None:
        from docbot.commands.report import Tally

        self.options = options
        self.worktree = worktree
        self.tally = Tally()
        self.results: list[Result] = []
        self.undo: Path | None = None
        self.data: list[bytes] = []
        self.messages: list[str] = []
        self._meter: ProgressMeter | None = None

    def meter(self, files: int) -> ProgressMeter:
        """Make the progress bar, which shows nothing in a pipe, in CI or with --quiet."""
        from docbot.commands.report import ProgressMeter

        self._meter = ProgressMeter(files, visible=not self.options.quiet and at_a_terminal())
        return self._meter

    def files(self, rows: Sequence[SelectedFile]) -> Iterator[SourceFile]:
        """Read the selected files; those left alone become Results at once."""
        from docbot.repo.worktree import load
        from docbot.scanned import Result, SourceFile
        from docbot.select.skip import Skip

        for row in rows:
            path = self.worktree.relative(row.path)
            source = load(row)
            if isinstance(source, Skip):
                self.add(Result(path=path, skips=(source,)))
            else:
                yield SourceFile(path=path, source=source, changed=row.changed)

    def add(self, result: Result) -> None:
        """Count a file, and show it or keep it for the report."""
        self.tally.add(result)
        if self.options.format == "text":
            self._show(result)
        else:
            self.results.append(dataclasses.replace(result, before=b"", after=b""))
        if self._meter is not None:
            skipped = sum(bool(skip.qualname) for skip in result.skips)
            self._meter.step(len(result.edits) + len(result.missing) + result.documented + skipped)

    def _show(self, result: Result) -> None:
        from docbot.commands import report
        from docbot.repo.diff import unified_diff

        if getattr(self.options, "diff", False):
            self._print(unified_diff(result.path, result.before, result.after))
        else:
            lines = report.format_findings(result, verbose=self.options.verbose)
            self._print("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
        for line in report.format_problems(result):
            self.say(line)

    def write(self, result: Result) -> Result:
        """Replace the file on disk; one that cannot be written becomes a Skip."""
        from docbot.repo.diff import unified_diff
        from docbot.repo.write import append_undo, write
        from docbot.select.skip import Skip, SkipReason

        if result.before == result.after:
            return result
        try:
            write(self.worktree.root / result.path, result.before, result.after)
        except WriteError as error:
            skip = Skip(reason=SkipReason.LEFT_ALONE, detail=str(error))
            skips, left = (*result.skips, skip), (*result.mended, *result.drifts)
            return dataclasses.replace(result, edits=(), mended=(), drifts=left, skips=skips)
        if self.worktree.repository is not None and not self.options.staged:
            if self.undo is None:
                self.undo = self.worktree.repository.undo_file()
                self.undo.unlink(missing_ok=True)
            append_undo(self.undo, unified_diff(result.path, result.before, result.after))
        return result

    def close(self, command: str, counted: Sequence[str] = ()) -> None:
        """Print the summary; that of `check` names the kinds that it counted."""
        from docbot.commands import report

        if self.options.format == "json":
            self._print(f"{report.to_json(command, self.results, self.tally)}\n".encode())
        if command == "check":
            self.say(report.coverage_line(self.tally, counted))
            return
        if self.options.quiet:
            return
        if self.tally.files:
            report.print_summary(self.tally, dry=self.options.diff)
        if self.undo is not None:
            place = _shell(os.path.relpath(self.undo, self.worktree.root))
            where = _shell(os.path.relpath(self.worktree.root))
            self.say(f"undo this run: git -C {where} apply -R --whitespace=nowarn {place}")
        elif self.tally.written and self.worktree.repository is None:
            self.say("this folder is not under git, so docbot cannot tell how to undo the run")

    def say(self, sentence: str) -> None:
        """Print a message to stderr, unless the run is quiet."""
        self.messages.append(sentence)
        if not self.options.quiet:
            print_message(sentence)

    def _print(self, data: bytes) -> None:
        if data:
            self.data.append(data)
            _out(data)


def with_changed_drifts(
    result: Result, row: SelectedFile, former: FormerVersions, required: frozenset[str]
) -> Result:
    """Add the drifts of the functions that a file's changed lines touch."""
    from docbot.drift.find import drifts_of_change
    from docbot.repo.worktree import load
    from docbot.select.skip import Skip

    source = load(row)
    if isinstance(source, Skip) or row.changed is None:
        return result
    drifts = drifts_of_change(source, former(row.path), row.changed, required)
    return dataclasses.replace(result, drifts=drifts)


def print_again(output: CheckOutput, *, quiet: bool) -> None:
    """Print the output of an earlier check."""
    if output.data:
        _out(output.data.encode("utf-8", "surrogateescape"))
    for message in () if quiet else output.messages:
        print_message(message)


def _out(data: bytes) -> None:
    """Write data to stdout: bytes as they are to a pipe, text at a terminal, above the bar."""
    if sys.stdout.isatty():
        print(data.decode("utf-8", "replace"), end="")  # noqa: T201
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


def at_a_terminal() -> bool:
    """Check whether stderr is a terminal outside of CI."""
    return sys.stderr.isatty() and not os.environ.get("CI")


def _shell(word: str) -> str:
    import shlex

    return shlex.quote(word)


def complain(sentence: str, code: int) -> int:
    """Print why a command ends, and return its exit code."""
    print_message(sentence)
    return code


@contextmanager
def user_cache(options: argparse.Namespace) -> Iterator[Cache]:
    """Open the user's cache; with --verbose, say why there is none."""
    from docbot.cache import open_cache

    cache = open_cache(on=options.cache, warn=print_message)
    try:
        yield cache
    finally:
        cache.close()
    if options.verbose and options.cache and cache.problem:
        print_message(f"without a cache: {cache.problem}")
