"""The command line: open the doors, run the line, own the exit code.

Exit codes: 0 clean, 1 changes made or wanted, 2 cannot run, 3 a bug in docbot, 130 interrupted.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docbot.errors import DocbotError
from docbot.options import parser, settings_of
from docbot.run import Run, tell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from docbot.bulk import Identified, Surveys
    from docbot.cache import Cache
    from docbot.pipeline import Job, Sifter
    from docbot.replay import Words
    from docbot.scope import Row, Scope

CLEAN, CHANGES, CANNOT_RUN, BUG, INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error ends here, as one sentence."""
    try:
        options = parser().parse_args(argv)
        options.own_process = argv is None  # and not called by somebody's script
        code = COMMANDS[options.command](options)
        sys.stdout.flush()
    except DocbotError as error:
        return _complain(str(error), CANNOT_RUN)
    except KeyboardInterrupt:
        return _complain(_INTERRUPTED, INTERRUPTED)
    except BrokenPipeError:  # `docbot check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CHANGES
    except Exception as error:  # noqa: BLE001 - the one place: a bug must not look like a finding
        if _interrupted(error):
            return _complain(_INTERRUPTED, INTERRUPTED)
        import traceback

        traceback.print_exc()
        return _complain("this is a bug in docbot; no file was left half written", BUG)
    return code


_INTERRUPTED = "interrupted; every file is either as it was or done"


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: libraries wrap it, `__set_name__` among an import's."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _complain(sentence: str, code: int) -> int:
    tell(sentence)
    return code


# commands


def run_models(options: argparse.Namespace) -> int:
    """Do what `docbot models ACTION` says."""
    from docbot.models import ACTIONS

    return ACTIONS[options.action](options)


def run_check(options: argparse.Namespace) -> int:
    """List what has no docstring."""
    import gc

    from docbot.bulk import Surveys
    from docbot.replay import key_of, recall, remember
    from docbot.scope import open_scope

    if options.own_process:
        gc.disable()  # a short life among plain data, where there are no cycles to find
    scope = open_scope(options.paths, settings_of(options), options.config)
    run = Run(options, scope)
    rows = scope.rows(staged=options.staged, since=options.since)
    with _cache(options) as cache:
        surveys = Surveys(scope, cache, workers=options.own_process)
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


def _check(run: Run, rows: Sequence[Row], files: Sequence[Identified], surveys: Surveys) -> Words:
    from docbot.lineage import Lineage
    from docbot.pipeline import COUNTED, Result, verdict, with_kinds
    from docbot.replay import Words

    config, lineage = run.scope.config, Lineage(surveys.outline_of)
    trouble = {file.path: file.trouble for file in files}
    with run.meter(len(rows)):
        surveys.take(files)
        for row in rows:
            path = run.scope.relative(row.path)
            if skip := row.skip or trouble[row.path]:
                run.add(Result(path=path, skips=(skip,)))
            else:
                run.add(verdict(path, surveys.survey(path), config, lineage, row.changed))
    run.close("check", with_kinds(config, COUNTED).kinds)
    return Words(
        out=b"".join(run.out).decode("utf-8", "surrogateescape"),
        said=tuple(run.said),
        missing=run.tally.missing,
        coverage=run.tally.coverage,
    )


def run_fix(options: argparse.Namespace) -> int:
    """Write the docstrings that are missing, each file as soon as its last one is there."""
    started = time.monotonic()
    from docbot.pipeline import fix
    from docbot.scope import open_scope

    scope = open_scope(options.paths, settings_of(options), options.config)
    run = Run(options, scope)
    writing = not options.diff and not (options.force and not options.staged)
    rows = scope.rows(staged=options.staged, since=options.since, writing=writing)
    deadline = started + options.time_budget if options.time_budget > 0 else float("inf")
    with (
        run.meter(len(rows)),
        _cache(options) as cache,
        _job(scope, cache, deadline) as job,
        _sifter(options, len(rows)) as sifter,
    ):
        for result in fix(run.files(rows), dataclasses.replace(job, sifter=sifter)):
            run.add(result if options.diff else run.write(result))
    run.close("fix")
    if run.tally.errors:
        return BUG
    return CHANGES if run.tally.written else CLEAN


def run_review(options: argparse.Namespace) -> int:
    """Do what `docbot review` says."""
    from docbot.review import run

    return run(options, settings_of(options))


def run_cache(options: argparse.Namespace) -> int:
    """Tell of the cache, or empty it."""
    from docbot.cache import open_cache

    cache = open_cache(warn=tell)
    if options.action == "clear":
        cache.clear()
    info = cache.info()
    cache.close()
    print(f"file: {info.file or 'none'}")  # noqa: T201
    print(f"size: {info.bytes / 1e6:.1f} MB of at most {info.limit / 1e6:.0f}")  # noqa: T201
    for kind, count in info.entries.items():
        print(f"{kind}: {count}")  # noqa: T201
    if info.trouble:
        return _complain(f"the cache is not used: {info.trouble}", CANNOT_RUN)
    return CLEAN


@contextmanager
def _cache(options: argparse.Namespace) -> Iterator[Cache]:
    """The user's cache, closed in the end; with --verbose, why there is none."""
    from docbot.cache import open_cache

    cache = open_cache(on=options.cache, warn=tell)
    try:
        yield cache
    finally:
        cache.close()
    if options.verbose and options.cache and cache.trouble:
        tell(f"without a cache: {cache.trouble}")


def _job(scope: Scope, cache: Cache, deadline: float) -> AbstractContextManager[Job]:
    from docbot.backend import AHEAD
    from docbot.bulk import Surveys
    from docbot.lineage import Lineage
    from docbot.scope import open_job

    return open_job(
        scope.config,
        cache,
        lineage=Lineage(Surveys(scope, cache).outline_of),
        house=scope.house,
        out_of_time=lambda: time.monotonic() > deadline,
        ahead=AHEAD if deadline == float("inf") else 0,
    )


@contextmanager
def _sifter(options: argparse.Namespace, files: int) -> Iterator[Sifter]:
    """What scans the files: worker processes beside the model where many are to be documented."""
    count = 0
    if options.own_process and not options.time_budget:
        from docbot.workers import scanners

        count = scanners(files)
    if not count:
        from docbot.pipeline import sift_each

        yield sift_each
        return
    from docbot.workers import sifter

    with sifter(count) as ahead:
        yield ahead


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "fix": run_fix,
    "check": run_check,
    "review": run_review,
    "models": run_models,
    "cache": run_cache,
}
