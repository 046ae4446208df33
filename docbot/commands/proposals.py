"""Ask the model for the sentences that a report shows, as `fix --diff` does, and write none."""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.commands.output import at_a_terminal
from docbot.commands.report import ProgressMeter
from docbot.commands.streams import path_text
from docbot.page.data import Proposal
from docbot.repo.locate import base_of
from docbot.repo.worktree import load
from docbot.scanned import SourceFile, scan_each
from docbot.select.skip import Skip

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from docbot.cache import Cache
    from docbot.config import Config
    from docbot.file_task import Job
    from docbot.page.data import Counts
    from docbot.repo.locate import Locator
    from docbot.repo.worktree import SelectedFile, WorkTree
    from docbot.session import Engine

    Proposals = dict[tuple[str, str, int], Proposal]


def propose(
    options: argparse.Namespace,
    locator: Locator,
    worktrees: Sequence[WorkTree],
    cache: Cache,
    counts: Counts,
) -> Proposals:
    """Return the model's sentences for what is missing, by path, qualified name and line.

    What an earlier `fix` or report asked is answered from the cache, without loading the model.

    Raises:
        ConfigError: as `open_engines`.
        ModelError: as `open_engines`.

    """
    from docbot.llm.batching import AHEAD
    from docbot.pipeline import fix
    from docbot.session import open_engines, scanner, worker_count

    lacking = {file.path for file in counts.files if file.missing}
    selected = list(locator.select(worktrees))
    base = base_of([tree for tree, _ in selected])
    proposals: Proposals = {}
    visible = not options.quiet and at_a_terminal()
    workers = worker_count(len(lacking)) if options.own_process else 0
    with (
        open_engines(cache, ahead=AHEAD) as engine_of,
        ProgressMeter(len(lacking), visible=visible) as meter,
        scanner(workers) if workers else nullcontext(scan_each) as scan,
    ):
        for tree, rows in selected:
            above = PurePosixPath(tree.root.relative_to(base).as_posix())
            names = {row.path: path_text(above / tree.relative(row.path)) for row in rows}
            wanted = [row for row in rows if names[row.path] in lacking]
            if not wanted:
                continue
            job = dataclasses.replace(_job(tree, engine_of, cache), scanner=scan)
            for result in fix(_sources(tree, wanted), job):
                path = path_text(above / result.path)
                for each in result.candidates:
                    proposals[path, each.qualname, each.line] = Proposal(
                        sentence=each.sentence,
                        probability=each.confidence,
                        withheld=each.withheld,
                    )
                meter.step(len(result.candidates))
    return proposals


def _job(tree: WorkTree, engine_of: Callable[[Config], Engine], cache: Cache) -> Job:
    from docbot.repo.scans import CachedScans
    from docbot.select.inheritance import ParentIndex
    from docbot.session import make_job, style_of

    config = dataclasses.replace(tree.config, stale="off")  # what is stale is counted already
    scans = CachedScans(tree, cache)
    return make_job(
        config,
        engine_of(config),
        parents=ParentIndex(scans.outline_of, scans.readers),
        style=style_of(tree),
        out_of_time=lambda: False,
    )


def _sources(tree: WorkTree, rows: Iterable[SelectedFile]) -> Iterator[SourceFile]:
    for row in rows:
        source = load(row)
        if not isinstance(source, Skip):
            yield SourceFile(path=tree.relative(row.path), source=source)
