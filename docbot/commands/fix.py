"""`docbot fix`: write the docstrings that are missing."""

from __future__ import annotations

import dataclasses
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docbot.commands.exit_codes import BUG, CHANGES, CLEAN
from docbot.commands.options import settings_of
from docbot.commands.output import Run, user_cache
from docbot.config import AUTO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import PurePosixPath

    from docbot.cache import Cache
    from docbot.config import Config
    from docbot.file_task import Job
    from docbot.repo.worktree import WorkTree
    from docbot.scanned import Scanner


def run(options: argparse.Namespace) -> int:
    """Write the docstrings that are missing, each file as soon as its last one is there."""
    started = time.monotonic()
    from docbot.pipeline import fix
    from docbot.repo.worktree import open_worktree

    worktree = open_worktree(options.paths, settings_of(options), options.config)
    run = Run(options, worktree)
    writing = not options.diff and not (options.force and not options.staged)
    rows = worktree.select_files(staged=options.staged, since=options.since, writing=writing)
    deadline = started + options.time_budget if options.time_budget > 0 else float("inf")
    with (
        run.meter(len(rows)),
        user_cache(options) as cache,
        _job(worktree, cache, deadline) as job,
        _scanner(options, len(rows)) as scanner,
        _former(options, worktree) as former,
    ):
        whole = dataclasses.replace(job, scanner=scanner, former=former, complete=options.complete)
        for result in fix(run.files(rows), whole):
            run.add(result if options.diff else run.write(result))
    run.close("fix")
    if not options.staged and options.format == "text":
        _tell_of_the_better_model(run, worktree.config)
    if run.tally.errors:
        return BUG
    # A hook's report is shown only where the hook fails, and the change has just caused it.
    stale = options.staged and run.tally.certain_drifts
    return CHANGES if run.tally.written or run.tally.mended or stale else CLEAN


def _tell_of_the_better_model(run: Run, config: Config) -> None:
    """Say what a pull would bring where nobody chose a model and docbot-tiny was short of words."""
    from docbot.commands.report import count_without_words

    count = count_without_words(run.tally)
    if not count or config.model != AUTO:
        return
    from docbot.llm.known_models import EMBEDDED, MODELS, PREFERRED
    from docbot.llm.weights import choose

    if choose(config.model) == EMBEDDED:
        definitions = "definition" if count == 1 else "definitions"
        run.say(
            f"{EMBEDDED} was unsure of its words for {count} {definitions}; {PREFERRED} may find "
            f"them: run docbot models pull ({MODELS[PREFERRED].bytes / 1e6:.0f} MB)"
        )


def _job(worktree: WorkTree, cache: Cache, deadline: float) -> AbstractContextManager[Job]:
    from docbot.llm.batching import AHEAD
    from docbot.repo.scans import CachedScans
    from docbot.select.inheritance import ParentIndex
    from docbot.session import open_job, style_of

    return open_job(
        worktree.config,
        cache,
        parents=ParentIndex(CachedScans(worktree, cache).outline_of),
        style=lambda: style_of(worktree),
        out_of_time=lambda: time.monotonic() > deadline,
        ahead=AHEAD if deadline == float("inf") else 0,
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
