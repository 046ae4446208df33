"""`docbot fix`: write the docstrings that are missing."""

from __future__ import annotations

import dataclasses
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docbot.commands.exit_codes import BUG, CANNOT_RUN, CHANGES, CLEAN
from docbot.commands.fix_summary import (
    OF_THE_MODEL,
    FixCount,
    Outcome,
    coverage_change,
    hook_line,
    next_step,
    print_table,
)
from docbot.commands.hook import check_all, is_about_all
from docbot.commands.options import settings_of
from docbot.commands.output import Run, user_cache
from docbot.config import AUTO
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import PurePosixPath

    from docbot.config import Config
    from docbot.repo.worktree import SelectedFile, WorkTree
    from docbot.scanned import Scanner


def run(options: argparse.Namespace) -> int:
    """Write the docstrings that are missing, each file as soon as its last one is there."""
    started = time.monotonic()
    from docbot.repo.locate import Locator

    locator = Locator(settings_of(options), options.config)
    writing = not options.diff and not (options.force and not options.staged)
    worktrees = locator.worktrees(options.paths)
    if options.staged and is_about_all(worktrees):
        from docbot.commands import check

        return check.run(check_all(options))
    selected = list(
        locator.select(worktrees, staged=options.staged, since=options.since, writing=writing)
    )
    count = FixCount()
    run = Run(options, [tree for tree, _ in selected], count)
    deadline = started + options.time_budget if options.time_budget > 0 else float("inf")
    try:
        _fix_all(run, selected, deadline, count)
    except BaseException:  # Ctrl-C and a disk that is full, too
        run.say_undo()
        raise
    if not options.staged and options.since is None:
        run.say_unseen(run.worktrees, count=sum(len(rows) for _, rows in selected))
    run.close("fix")
    if not options.quiet:
        _sum_up(run, count, worktrees[0].config)
    if run.tally.errors:
        return BUG
    if run.disk_refused:
        return CANNOT_RUN
    stale = options.staged and run.tally.certain_drifts
    return CHANGES if run.tally.written or run.tally.mended or stale else CLEAN


def _fix_all(
    run: Run,
    selected: Sequence[tuple[WorkTree, Sequence[SelectedFile]]],
    deadline: float,
    total: FixCount,
) -> None:
    """Fix the files of each work tree; a model that several use is loaded once."""
    from docbot.commands.recount import Recount
    from docbot.llm.batching import AHEAD
    from docbot.pipeline import fix
    from docbot.repo.scans import CachedScans
    from docbot.select.inheritance import ParentIndex
    from docbot.session import make_job, open_engines, style_of

    count = sum(len(rows) for _, rows in selected)
    with (
        run.meter(count),
        user_cache(run.options) as cache,
        open_engines(cache, ahead=AHEAD if deadline == float("inf") else 0) as engine_of,
        _scanner(run.options, count) as scanner,
    ):
        for tree, rows in selected:
            run.worktree = tree
            scans = CachedScans(tree, cache)
            job = make_job(
                tree.config,
                engine_of(tree.config),
                parents=ParentIndex(scans.outline_of, scans.readers),
                style=style_of(tree),
                out_of_time=lambda: time.monotonic() > deadline,
            )
            recount = Recount(tree, rows, scans, job.parents)
            with _former(run.options, tree) as former:
                whole = dataclasses.replace(
                    job, scanner=scanner, former=former, complete=run.options.complete
                )
                for result in fix(run.files(rows), whole):
                    left = result if run.options.diff else run.write(result)
                    run.add(left.with_former_lines() if run.options.diff else left)
                    recount.add(left)
            if not run.options.staged:  # a hook says nothing of the coverage
                total.drop(*recount.gone())


def _sum_up(run: Run, count: FixCount, config: Config) -> None:
    """Say what was written, what was withheld and why, and what to do next; a hook in one line."""
    options, tally = run.options, run.tally
    if options.staged:
        if line := hook_line(count, tally):
            run.say(line)
        return
    if tally.files:
        print_table(tally, count, dry=options.diff)
    if sentence := coverage_change(tally, count, dry=options.diff, since=options.since):
        run.say(sentence)
    run.say_undo()
    if options.format == "text" and (step := next_step(_outcome(run, count, config))):
        run.say(f"next: {step}")


def _outcome(run: Run, count: FixCount, config: Config) -> Outcome:
    refused = sum(run.tally.skipped[reason] for reason in OF_THE_MODEL)
    bigger = ""
    if refused and config.model == AUTO:
        from docbot.llm.known_models import EMBEDDED, MODELS, PREFERRED
        from docbot.llm.weights import choose

        now, then = MODELS[EMBEDDED].measured, MODELS[PREFERRED].measured
        is_better = now is not None and then is not None and then.useful > now.useful
        if choose(config.model) == EMBEDDED and is_better:
            bigger = f"{PREFERRED} ({MODELS[PREFERRED].bytes / 1e6:.0f} MB)"
    return Outcome(
        refused=refused,
        foreign=run.tally.skipped[SkipReason.LANGUAGE],
        unwritten=count.unwritten,
        bigger=bigger,
        verbose=run.options.verbose,
    )


@contextmanager
def _former(
    options: argparse.Namespace, worktree: WorkTree
) -> Iterator[Callable[[PurePosixPath], bytes | None]]:
    """Open the versions that changed lines are compared with, by their paths in reports."""
    from docbot.repo.former import base_revision, former_versions

    repository = worktree.repository
    base = base_revision(repository, staged=options.staged, since=options.since)
    with former_versions(repository, base) as find:
        yield lambda path: find(worktree.root / path)


@contextmanager
def _scanner(options: argparse.Namespace, files: int) -> Iterator[Scanner]:
    """Open what scans the files: worker processes beside the model where there are many."""
    count = 0
    if options.own_process and not options.time_budget:
        from docbot.session import worker_count

        count = worker_count(files)
    if not count:
        from docbot.scanned import scan_each

        yield scan_each
        return
    from docbot.session import scanner

    with scanner(count) as ahead:
        yield ahead
