"""Write, count and show the results of a command: data on stdout, messages on stderr."""

from __future__ import annotations

import dataclasses
import os
import sys
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.commands.streams import encode, print_message, print_text, write_data
from docbot.errors import DiskError, UndoError, WriteError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from docbot.cache import Cache
    from docbot.commands.check_cache import CheckOutput
    from docbot.commands.fix_summary import FixCount
    from docbot.commands.report import ProgressMeter
    from docbot.repo.former import FormerVersions
    from docbot.repo.undo import UndoPatch
    from docbot.repo.worktree import SelectedFile, WorkTree
    from docbot.scanned import Result, SourceFile


class Run:
    """One command's results as they come: written, counted, shown.

    Attributes:
        worktrees: All work trees of the run.
        worktree: The one that the results are of; they come one work tree after another.
        disk_refused: Whether a file could not be written because the disk is full or read-only.

    """

    def __init__(
        self,
        options: argparse.Namespace,
        worktrees: Sequence[WorkTree],
        count: FixCount | None = None,
    ) -> None:
        from docbot.commands.report import Tally
        from docbot.repo.locate import base_of

        self.options = options
        self.worktrees = worktrees
        self.worktree = worktrees[0]
        self.tally = Tally()
        self._count = count
        self.results: list[Result] = []
        self._base = base_of(worktrees)
        self.disk_refused = False
        self._undo: dict[Path, UndoPatch] = {}
        self._without_undo: set[Path] = set()
        self.counts: list[tuple[str, int, int]] = []
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
        if self.worktree.root != self._base:
            above = self.worktree.root.relative_to(self._base).as_posix()
            path = PurePosixPath(above, result.path)
            result = dataclasses.replace(result, path=path)
        self.tally.add(result)
        if self.options.verbose:
            self.counts.append((str(result.path), result.documented, len(result.missing)))
        if self._count is not None:
            self._count.add(result)
        if self.options.format == "text":
            self._show(result)
        else:
            self.results.append(
                dataclasses.replace(result, before=b"", after=b"", gained=(), candidates=())
            )
        if self._meter is not None:
            skipped = sum(bool(skip.qualname) for skip in result.skips)
            self._meter.step(len(result.edits) + len(result.missing) + result.documented + skipped)

    def _show(self, result: Result) -> None:
        from docbot.commands import report
        from docbot.repo.diff import unified_diff

        if getattr(self.options, "diff", False):
            self._print(unified_diff(result.path, result.before, result.after))
            if self.options.verbose:  # beside the patch, which may go to `git apply`
                unwritten = dataclasses.replace(result, edits=(), mended=())
                lines = report.format_findings(unwritten, verbose=True)
                print_text("".join(f"{line}\n" for line in lines))
        else:
            lines = report.format_findings(result, verbose=self.options.verbose)
            self._print(encode("".join(f"{line}\n" for line in lines)))
        for line in report.format_problems(result):
            self.say(line)

    def write(self, result: Result) -> Result:
        """Replace the file on disk; one that cannot be written becomes a Skip, its lines unmoved.

        Raises:
            UndoError: what would undo it cannot be written, so the file was not either.

        """
        from docbot.repo.write import write
        from docbot.select.skip import Skip, SkipReason

        if result.before == result.after:
            return result
        try:
            if undo := self._undo_patch():
                undo.write(result.path, result.before, result.after)
            else:
                write(self.worktree.root / result.path, result.before, result.after)
        except UndoError:
            raise
        except WriteError as error:
            if isinstance(error, DiskError):
                self.disk_refused = True
                if self.options.quiet or self.options.format != "text":
                    print_message(str(error))
            detail = str(error).removeprefix(f"{self.worktree.root / result.path}: ")
            skip = Skip(reason=SkipReason.LEFT_ALONE, detail=detail)
            old = result.with_former_lines()
            skips, left = (*old.skips, skip), (*old.mended, *old.drifts)
            return dataclasses.replace(
                old,
                edits=(),
                missing=(*old.missing, *old.gained),
                gained=(),
                documented=old.documented - len(old.gained),
                mended=(),
                drifts=left,
                skips=skips,
            )
        return result

    def _undo_patch(self) -> UndoPatch | None:
        """Return the undo patch of the work tree, or None: in a hook, and if there can be none."""
        if self.options.staged:
            return None
        root = self.worktree.root
        if root not in self._undo:
            from docbot.repo.undo import UndoPatch

            self._undo[root] = patch = UndoPatch(root, self.worktree.repository)
            if self.worktree.repository is None and (why := patch.problem()):
                self.say(f"what is written below {root} cannot be undone by docbot: {why}")
                self._without_undo.add(root)
        return None if root in self._without_undo else self._undo[root]

    def say_undo(self) -> None:
        """Say how to undo what was written, for each repository and plain folder."""
        for root, patch in self._undo.items():
            if root in self._without_undo or not patch.is_written:
                continue
            if patch.put_aside is not None:
                self.say(
                    f"some files that an earlier run wrote were changed since; their undo patch is "
                    f"now {patch.put_aside}"
                )
            command = patch.command(Path.cwd())
            runs = (
                "this run and those before that are not committed" if patch.earlier else "this run"
            )
            if command:
                self.say(f"undo {runs}: {command}")
            else:
                self.say(f"the patch that would undo this run is {patch.path}")

    def say_unseen(self, worktrees: Sequence[WorkTree], *, count: int) -> None:
        """Say of how many files nothing was seen since git does not track them.

        Args:
            worktrees: The work trees of the run.
            count: How many files were selected.

        """
        untracked = sum(tree.untracked() for tree in worktrees)
        if untracked:
            files, them = f"{untracked} Python files are", "them"
            if untracked == 1:
                files, them = "1 Python file is", "it"
            self.say(
                f"{files} left out, since git does not track {them}: git add {them}, or name {them}"
            )
        elif not count:
            self.say("no Python files were found")

    def close(
        self, command: str, counted: Sequence[str] = (), fail_under: float | None = None
    ) -> None:
        """Print JSON, what was left out as a whole, and for `check` the coverage of some kinds."""
        from docbot.commands import report

        if self.options.format == "json":
            self._print(
                f"{report.to_json(command, self.results, self.tally, fail_under)}\n".encode()
            )
        for sentence in report.format_vendored(self.tally):
            self.say(sentence)
        if command == "check":
            self.say(report.coverage_line(self.tally, counted, fail_under))

    def say(self, sentence: str) -> None:
        """Print a message to stderr, unless the run is quiet."""
        self.messages.append(sentence)
        if not self.options.quiet:
            print_message(sentence)

    def _print(self, data: bytes) -> None:
        if data:
            self.data.append(data)
            write_data(data)


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
        write_data(encode(output.data))
    for message in () if quiet else output.messages:
        print_message(message)


def at_a_terminal() -> bool:
    """Check whether stderr is a terminal outside of CI."""
    return sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("CI")


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
    if options.verbose and options.cache and cache.problem and not cache.is_problem_told:
        print_message(f"without a cache: {cache.problem}")
