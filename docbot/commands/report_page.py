"""`docbot report`: write the coverage as a page or a badge, or print it by folder."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from docbot.commands.check import print_check
from docbot.commands.exit_codes import CLEAN
from docbot.commands.options import settings_of
from docbot.commands.output import user_cache
from docbot.commands.page_counts import count_files, whole_check
from docbot.commands.streams import encode, path_text, print_message, write_data
from docbot.errors import ConfigError
from docbot.page.data import Report
from docbot.page.folders import percent
from docbot.repo.locate import Locator, base_of

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from docbot.cache import Cache
    from docbot.page.data import Counts, TrendPoint
    from docbot.repo.worktree import WorkTree

PAGE = "index.html"


def run(options: argparse.Namespace) -> int:
    """Run `docbot report` and return its exit code: what is missing is no failure here."""
    import gc

    if options.own_process and not options.propose:
        gc.disable()  # a short life among plain data, where there are no cycles to find
    _refuse(options)
    to_file = options.html is not None or options.badge is not None
    form = options.format or ("" if to_file else "text")
    locator = Locator(settings_of(options), options.config)
    worktrees = locator.worktrees(options.paths)
    with user_cache(options) as cache:
        report = _report(options, locator, worktrees, cache)
        _write_files(options, report)
        if form == "json":
            print_check(whole_check(options), locator, worktrees, cache)
            return CLEAN
    if form:
        _print(report.counts, form)
    if not options.quiet:
        for message in report.counts.messages[: -1 if form == "markdown" else None]:
            print_message(message)
    return CLEAN


def _refuse(options: argparse.Namespace) -> None:
    """Refuse flags that do not go together, before anything is counted.

    Raises:
        ConfigError: they do not.

    """
    if options.html is None and (options.since is not None or options.propose):
        flag = "--since" if options.since is not None else "--propose"
        raise ConfigError(f"{flag} is shown on the page alone; add --html DIR")
    if options.html is not None and options.html.exists() and not options.html.is_dir():
        raise ConfigError(f"--html {options.html}: is a file; name a folder")
    if _looks_like_a_file(options.html):
        raise ConfigError(
            f"--html {options.html}: is the name of a folder, in which {PAGE} is written; choose "
            "one that does not end like a file, or make this folder first"
        )
    if options.badge is not None and options.badge.is_dir():
        raise ConfigError(f"--badge {options.badge}: is a folder; name a file in it")


def _looks_like_a_file(folder: Path | None) -> bool:
    return folder is not None and folder.suffix.lower() in (".html", ".htm") and not folder.is_dir()


def _write_files(options: argparse.Namespace, report: Report) -> None:
    """Write the page and the badge that are asked for."""
    counts = report.counts
    if options.html is not None:
        from docbot.page.render import render_page

        _write(options, options.html / PAGE, render_page(report))
    if options.badge is not None:
        from docbot.page.badge import badge

        total = counts.documented + counts.missing
        share = percent(counts.documented, counts.missing) if total else None
        _write(options, options.badge, badge(share))


def _print(counts: Counts, form: str) -> None:
    """Print the coverage by folder."""
    from docbot.commands.folder_table import markdown_table, text_table
    from docbot.page.folders import add_up

    folders = add_up((file.path, file.documented, file.missing) for file in counts.files)
    if form == "markdown":
        write_data(encode(markdown_table(folders, counts.messages[-1])))
    else:
        write_data(encode(text_table(folders)))


def _report(
    options: argparse.Namespace, locator: Locator, worktrees: list[WorkTree], cache: Cache
) -> Report:
    counts = count_files(options, locator, worktrees, cache)
    proposals = None
    if options.propose:
        from docbot.commands.proposals import propose

        proposals = propose(options, locator, worktrees, cache, counts)
    points: tuple[TrendPoint, ...] = ()
    if options.since is not None:
        from docbot.commands.trend import trend

        points = trend(worktrees, options.since, cache, workers=options.own_process)
    base = base_of(worktrees)
    name = path_text(PurePath(base.name or base))
    return Report(name=name, counts=counts, proposals=proposals, trend=points)


def _write(options: argparse.Namespace, path: Path, text: str) -> None:
    """Write a file, unless it holds the same already: who commits a badge sees no change."""
    from docbot.atomic import replacing

    content = text.encode("utf-8", "backslashreplace")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        is_same = path.read_bytes() == content
    except FileNotFoundError:
        is_same = False
    if not is_same:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    if not options.quiet:
        verb = "is as it was" if is_same else "was written"
        print_message(f"{os.fspath(path)} {verb}")
