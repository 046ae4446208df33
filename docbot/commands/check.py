"""`docbot check`: list the definitions that have no docstring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.commands.exit_codes import CHANGES, CLEAN
from docbot.commands.options import settings_of
from docbot.commands.output import Run, user_cache

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from docbot.commands.check_cache import CheckOutput
    from docbot.repo.scans import CachedScans, FileContent
    from docbot.repo.worktree import SelectedFile


def run(options: argparse.Namespace) -> int:
    """List what has no docstring."""
    import gc

    from docbot.commands.check_cache import key_of, recall, remember
    from docbot.repo.scans import CachedScans
    from docbot.repo.worktree import open_worktree

    if options.own_process:
        gc.disable()  # a short life among plain data, where there are no cycles to find
    scope = open_worktree(options.paths, settings_of(options), options.config)
    run = Run(options, scope)
    rows = scope.rows(staged=options.staged, since=options.since)
    with user_cache(options) as cache:
        surveys = CachedScans(scope, cache, workers=options.own_process)
        files = surveys.identify([(row.path, row.blob) for row in rows if row.skip is None])
        key = key_of(scope, files, rows, [options.format, options.verbose])
        words = recall(cache, key, surveys, scope)
        if words is not None:
            run.repeat(words)
        else:
            words = _check(run, rows, files, surveys)
            remember(cache, key, words, surveys)
    if options.fail_under is not None:
        below = words.coverage is not None and words.coverage < options.fail_under
        return CHANGES if below else CLEAN
    return CHANGES if words.missing else CLEAN


def _check(
    run: Run, rows: Sequence[SelectedFile], files: Sequence[FileContent], surveys: CachedScans
) -> CheckOutput:
    from docbot.commands.check_cache import CheckOutput
    from docbot.scanned import COUNTED, Result, check_file, with_kinds
    from docbot.select.inheritance import ParentIndex

    config, lineage = run.scope.config, ParentIndex(surveys.outline_of)
    trouble = {file.path: file.trouble for file in files}
    with run.meter(len(rows)):
        surveys.take(files)
        for row in rows:
            path = run.scope.relative(row.path)
            if skip := row.skip or trouble[row.path]:
                run.add(Result(path=path, skips=(skip,)))
            else:
                run.add(check_file(path, surveys.facts(path), config, lineage, row.changed))
    run.close("check", with_kinds(config, COUNTED).kinds)
    return CheckOutput(
        out=b"".join(run.out).decode("utf-8", "surrogateescape"),
        said=tuple(run.said),
        missing=run.tally.missing,
        coverage=run.tally.coverage,
    )
