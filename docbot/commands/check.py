"""`docbot check`: list the definitions that have no docstring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.commands.check_cache import (
    CheckOutput,
    files_state,
    key_of,
    recall,
    remember,
    tracked_state,
)
from docbot.commands.exit_codes import CHANGES, CLEAN
from docbot.commands.options import settings_of
from docbot.commands.output import Run, print_again, user_cache
from docbot.repo.former import base_revision, former_versions
from docbot.repo.worktree import open_worktree

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from docbot.cache import Cache
    from docbot.repo.scans import CachedScans, FileContent
    from docbot.repo.worktree import SelectedFile, WorkTree


def run(options: argparse.Namespace) -> int:
    """Run `docbot check` and return its exit code."""
    import gc

    if options.own_process:
        gc.disable()  # a short life among plain data, where there are no cycles to find
    worktree = open_worktree(options.paths, settings_of(options), options.config)
    with user_cache(options) as cache:
        output = _check(options, worktree, cache)
    if options.fail_under is not None:
        below = output.coverage is not None and output.coverage < options.fail_under
        return CHANGES if below else CLEAN
    return CHANGES if output.missing or output.drifts else CLEAN


def _check(options: argparse.Namespace, worktree: WorkTree, cache: Cache) -> CheckOutput:
    """Print the output of an earlier check of the same files, or check them."""
    some = options.staged or options.since is not None
    state = None if some or not options.cache else tracked_state(worktree)
    selection = None
    if state is None:
        selection = _select(options, worktree, cache)
        rows, files, _ = selection
        state = files_state(worktree, files, rows)
    base = base_revision(worktree.repository, staged=options.staged, since=options.since)
    key = key_of(worktree, state, [options.format, options.verbose, base])
    output = recall(cache, key, worktree)
    if output is not None:
        print_again(output, quiet=options.quiet)
        return output
    rows, files, scans = selection or _select(options, worktree, cache)
    output = _check_files(Run(options, worktree), rows, files, scans, base)
    remember(cache, key, output, scans)
    return output


def _select(
    options: argparse.Namespace, worktree: WorkTree, cache: Cache
) -> tuple[list[SelectedFile], list[FileContent], CachedScans]:
    """Select the files of the run, and identify the content of those that are not left alone."""
    from docbot.repo.scans import CachedScans

    rows = worktree.select_files(staged=options.staged, since=options.since)
    scans = CachedScans(worktree, cache, workers=options.own_process)
    return rows, scans.identify([(row.path, row.blob) for row in rows if row.skip is None]), scans


def _check_files(
    run: Run,
    rows: Sequence[SelectedFile],
    files: Sequence[FileContent],
    scans: CachedScans,
    base: str,
) -> CheckOutput:
    from docbot.commands.output import with_changed_drifts
    from docbot.scanned import COUNTED, Result, settle_file, with_kinds
    from docbot.select.inheritance import ParentIndex

    config, parents = with_kinds(run.worktree.config, COUNTED), ParentIndex(scans.outline_of)
    paths = [run.worktree.relative(row.path) for row in rows]
    kept = [(path, row.changed) for path, row in zip(paths, rows, strict=True) if row.skip is None]
    skips = {path: file.problem for (path, _), file in zip(kept, files, strict=True)}
    readable = [
        (path, file, changed)
        for (path, changed), file in zip(kept, files, strict=True)
        if file.problem is None
    ]
    with (
        scans.judging(readable, config) as judged,
        run.meter(len(rows)),
        former_versions(run.worktree.repository, base) as former,
    ):
        verdicts = dict(judged)
        for path, row in zip(paths, rows, strict=True):
            if skip := row.skip or skips[path]:
                run.add(Result(path=path, skips=(skip,)))
                continue
            result = settle_file(path, verdicts[path], parents)
            if row.changed is not None and verdicts[path].skip is None and config.stale != "off":
                result = with_changed_drifts(result, row, former, config.required_sections)
            run.add(result)
    run.close("check", config.kinds)
    return CheckOutput(
        data=b"".join(run.data).decode("utf-8", "surrogateescape"),
        messages=tuple(run.messages),
        missing=run.tally.missing,
        drifts=run.tally.certain_drifts,
        coverage=run.tally.coverage,
    )
