"""`docbot check`: list the definitions that have no docstring."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
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
from docbot.commands.hook import check_all, is_about_all
from docbot.commands.options import settings_of
from docbot.commands.output import Run, print_again, user_cache
from docbot.commands.ratchets import Ratchets
from docbot.commands.streams import print_message
from docbot.repo.former import base_revision, former_versions
from docbot.repo.locate import Locator

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import PurePosixPath

    from docbot.cache import Cache
    from docbot.commands.path_limits import PathLimits
    from docbot.commands.ratchet import Ratchet
    from docbot.repo.scans import CachedScans, FileContent
    from docbot.repo.worktree import SelectedFile, WorkTree
    from docbot.scanned import Result
    from docbot.select.inheritance import ParentIndex
    from docbot.select.verdicts import FileVerdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The files of one work tree: those that are not left alone are identified by content.

    `is_whole` says that they are all that git tracks, and that none differs from what it has.
    """

    worktree: WorkTree
    rows: Sequence[SelectedFile]
    files: Sequence[FileContent]
    scans: CachedScans
    base: str
    is_whole: bool = False


def run(options: argparse.Namespace) -> int:
    """Run `docbot check` and return its exit code."""
    import gc

    if options.own_process:
        gc.disable()  # a short life among plain data, where there are no cycles to find
    locator = Locator(settings_of(options), options.config)
    worktrees = locator.worktrees(options.paths)
    if options.staged and is_about_all(worktrees):
        options = check_all(options)
    with user_cache(options) as cache:
        output = print_check(options, locator, worktrees, cache, Ratchets(options))
    if output.unparsable:  # nobody knows what is missing there
        for sentence in output.unparsable if options.quiet else ():
            print_message(sentence)
        return CHANGES
    if options.fail_under is not None:
        below = output.coverage is not None and output.coverage < options.fail_under
        return CHANGES if below or output.has_new else CLEAN
    return CHANGES if output.fails else CLEAN


def print_check(
    options: argparse.Namespace,
    locator: Locator,
    worktrees: list[WorkTree],
    cache: Cache,
    ratchets: Ratchets | None = None,
) -> CheckOutput:
    """Print the output of an earlier check of the same files, or check them."""

    def check(parts: Sequence[Part]) -> CheckOutput:
        return _check_files(Run(options, [part.worktree for part in parts]), parts, ratchets)

    if ratchets is not None and ratchets.is_writing:
        parts = list(_select(options, locator, worktrees, cache))
        ratchets.check_flags(part.worktree for part in parts)
        return check(parts)

    def form(trees: Sequence[WorkTree]) -> list[object]:
        known = ratchets.state(trees) if ratchets is not None else []
        return [options.format, options.verbose, options.fail_under, known]

    output, is_earlier = recall_or_count(options, locator, worktrees, cache, form, check)
    if is_earlier:
        print_again(output, quiet=options.quiet)
    return output


def recall_or_count(
    options: argparse.Namespace,
    locator: Locator,
    worktrees: list[WorkTree],
    cache: Cache,
    form: Callable[[Sequence[WorkTree]], list[object]],
    count: Callable[[Sequence[Part]], CheckOutput],
) -> tuple[CheckOutput, bool]:
    """Return the output of an earlier count of the same files, or count them.

    Args:
        options: The command line.
        locator: What found the work trees.
        worktrees: Those of the run.
        cache: Where outputs are stored.
        form: Returns what an output depends on besides the files and their configuration.
        count: Counts the selected files.

    Returns:
        The output, and whether it is an earlier one.

    """
    some = options.staged or options.since is not None
    parts: list[Part] | None = None
    states = [] if some or not options.cache else _tracked_states(worktrees)
    bases = [""] * len(worktrees)
    if not states:
        parts = list(_select(options, locator, worktrees, cache))
        worktrees = [part.worktree for part in parts]
        states = [files_state(part.worktree, part.files, part.rows) for part in parts]
        bases = [part.base for part in parts]
    key = key_of(worktrees, states, [*form(worktrees), bases])
    whole = parts is None and _name_all(worktrees)
    output = recall(cache, key, worktrees, whole=whole)
    if output is not None:
        return output, True
    parts = parts or list(_select(options, locator, worktrees, cache))
    if whole and len(parts) == 1 and not _leaves_out(parts[0]):
        parts = [dataclasses.replace(parts[0], is_whole=True)]
    output = count(parts)
    if any(part.rows for part in parts) and not options.verbose:  # else it is about other files
        remember(cache, key, output, [part.scans for part in parts])
    return output, False


def _leaves_out(part: Part) -> bool:
    """Check whether the configuration leaves out files that may read docstrings of others."""
    config = part.worktree.config
    return bool(config.exclude or config.per_path.rules)


def _name_all(worktrees: Sequence[WorkTree]) -> bool:
    """Check whether the whole of each repository is in question."""
    named = {os.path.realpath(path) for tree in worktrees for path in tree.arguments}
    return all(os.path.realpath(tree.root) in named for tree in worktrees)


def _tracked_states(worktrees: Iterable[WorkTree]) -> list[bytes]:
    """Return the states of the work trees as git has them; none if it does not have them all."""
    states = []
    for worktree in worktrees:
        state = tracked_state(worktree)
        if state is None:
            return []
        states.append(state)
    return states


def _select(
    options: argparse.Namespace, locator: Locator, worktrees: Iterable[WorkTree], cache: Cache
) -> Iterator[Part]:
    """Select the files of the run, and identify the content of those that are not left alone."""
    from docbot.repo.scans import CachedScans

    for tree, rows in locator.select(worktrees, staged=options.staged, since=options.since):
        scans = CachedScans(tree, cache, workers=options.own_process)
        files = scans.identify([(row.path, row.blob) for row in rows if row.skip is None])
        base = base_revision(tree.repository, staged=options.staged, since=options.since)
        yield Part(worktree=tree, rows=rows, files=files, scans=scans, base=base)


def _check_files(run: Run, parts: Sequence[Part], ratchets: Ratchets | None) -> CheckOutput:
    failures = sum(check_part(run, part, ratchets) for part in parts)
    count = sum(len(part.rows) for part in parts)
    some = run.options.staged or run.options.since is not None
    if not some and (run.options.verbose or not count):
        run.say_unseen(run.worktrees, count=count)
    if run.options.verbose and run.options.format == "text" and not run.options.quiet:
        from docbot.commands.folder_table import print_bars

        print_bars(run.counts)
    if ratchets is not None:
        ratchets.close(run)
    run.close("check", kinds_of(parts), fail_under=_fail_under(run, parts))
    return CheckOutput(
        data=b"".join(run.data).decode("utf-8", "surrogateescape"),
        messages=tuple(run.messages),
        fails=failures > 0,
        coverage=run.tally.coverage,
        unparsable=tuple(run.tally.unparsable),
        has_new=ratchets is not None and ratchets.has_new,
    )


def _fail_under(run: Run, parts: Sequence[Part]) -> float | None:
    """Return the limit for all files together: the flag's, or that of the one configuration."""
    if run.options.fail_under is not None:
        return float(run.options.fail_under)
    limits = [part.worktree.config.fail_under for part in parts]
    return limits[0] if len(limits) == 1 and limits[0] >= 0 else None


def kinds_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return the kinds that count in all parts; none where they differ."""
    from docbot.scanned import COUNTED, with_kinds

    configs = [part.worktree.config for part in parts]
    kinds = {with_kinds(config, COUNTED).kinds for config in configs}
    if any(rule.kinds for config in configs for rule in config.per_path.rules):
        return ()
    return kinds.pop() if len(kinds) == 1 else ()


def check_part(run: Run, part: Part, ratchets: Ratchets | None = None) -> bool:
    """Check one work tree, and return whether it falls short of what its configuration asks."""
    tally, limit = run.tally, part.worktree.config.fail_under
    before = (tally.documented, tally.missing, tally.certain_drifts)
    ratchet = ratchets.of(part.worktree) if ratchets is not None else None
    new_before = ratchet.new if ratchet is not None else 0
    limits = _limits(part)
    _check_rows(run, part, ratchet, limits)
    is_failing = ratchet is not None and ratchet.new > new_before
    if limits is not None:
        if run.options.verbose:
            paths = [part.worktree.relative(row.path) for row in part.rows]
            limits.say_unmatched(run, paths)
        is_failing |= limits.say_too_low(run)
    after = (tally.documented, tally.missing, tally.certain_drifts)
    documented, missing, drifts = (new - old for old, new in zip(before, after, strict=True))
    if limit >= 0:
        is_below = 100 * documented < limit * (documented + missing)
        if is_below and len(run.worktrees) > 1 and run.options.fail_under is None:
            _say_too_low(run, part, documented, missing)
        return is_failing or is_below
    if ratchet is not None:
        return is_failing
    return is_failing or missing + drifts > (limits.failures if limits is not None else 0)


def _say_too_low(run: Run, part: Part, documented: int, missing: int) -> None:
    """Say which of several configurations finds too low a coverage."""
    from docbot.commands.path_limits import too_low
    from docbot.commands.report import Tally
    from docbot.commands.streams import path_text
    from docbot.repo.locate import base_of

    tree = part.worktree
    place = path_text(Path(os.path.relpath(tree.scope, base_of(run.worktrees))))
    tally = Tally(documented=documented, missing=missing)
    run.say(too_low(place, tally, tree.config.fail_under))


def _limits(part: Part) -> PathLimits | None:
    """Return what counts the files of the patterns of `per-path`; None where there are none."""
    if not part.worktree.config.per_path.rules:
        return None
    from docbot.commands.path_limits import PathLimits

    return PathLimits(part.worktree.config.per_path)


def _check_rows(run: Run, part: Part, ratchet: Ratchet | None, limits: PathLimits | None) -> None:
    from docbot.commands.output import with_changed_drifts
    from docbot.scanned import COUNTED, Result, with_kinds
    from docbot.select.inheritance import ParentIndex
    from docbot.select.rules import is_enabled
    from docbot.select.skip import SkipReason

    run.worktree, scans, rows = part.worktree, part.scans, part.rows
    paths = [run.worktree.relative(row.path) for row in rows]
    scans.judge_folders(paths)
    config = with_kinds(run.worktree.config, COUNTED)
    is_asked = is_enabled(SkipReason.RUNTIME_DOCSTRING, config)
    parents = ParentIndex(scans.outline_of, scans.readers if is_asked else None)
    if part.is_whole:
        scans.readers.others = [
            path for path, row in zip(paths, rows, strict=True) if row.skip is not None
        ]
    kept = [(path, row.changed) for path, row in zip(paths, rows, strict=True) if row.skip is None]
    skips = {path: file.problem for (path, _), file in zip(kept, part.files, strict=True)}
    readable = [
        (path, file, changed)
        for (path, changed), file in zip(kept, part.files, strict=True)
        if file.problem is None
    ]
    with (
        scans.judging(readable, config) as judged,
        run.meter(len(rows)),
        former_versions(run.worktree.repository, part.base) as former,
    ):
        verdicts = dict(judged)
        for path, row in zip(paths, rows, strict=True):
            if skip := row.skip or skips[path]:
                result = Result(path=path, skips=(skip,))
            else:
                result = _settle(part, path, row, verdicts[path], parents)
            is_judged = path in verdicts and verdicts[path].skip is None
            if row.changed is not None and is_judged and config.stale != "off":
                result = with_changed_drifts(result, row, former, config.required_sections)
            if ratchet is not None:
                result = ratchet.compare(result, run.worktree.root)
            if limits is not None:
                limits.add(result)
            run.add(result)


def _settle(
    part: Part, path: PurePosixPath, row: SelectedFile, verdict: FileVerdict, parents: ParentIndex
) -> Result:
    """Report on a judged file; where others hand over what it defines, it is judged again."""
    from docbot.scanned import check_file, settle_file

    is_counted = verdict.skip is None and (verdict.documented or verdict.others)
    if is_counted and parents.is_read(path):
        facts = part.scans.facts_of(path)
        result = check_file(path, facts, part.worktree.config, parents, row.changed)
        return dataclasses.replace(result, drifts=verdict.drifts)
    return settle_file(path, verdict, parents)
