"""`docbot cache`: show where the cache is and what it holds, or empty it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.cache import open_cache
from docbot.commands.exit_codes import CANNOT_RUN, CLEAN
from docbot.commands.output import complain
from docbot.commands.streams import print_line, print_message

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Run `docbot cache ACTION`: empty the cache if asked to, and print what it holds."""
    cache = open_cache(warn=print_message)
    if options.action == "clear":
        cache.clear()
    info = cache.info()
    cache.close()
    print_line(f"file: {info.file or 'none'}")
    mib = 1 << 20
    print_line(f"size: {info.bytes / mib:.1f} MiB of at most {info.limit / mib:.0f} MiB")
    for kind, count in info.entries.items():
        print_line(f"{kind}: {count}")
    if cache.is_problem_told:
        return CANNOT_RUN
    if info.problem:
        return complain(f"the cache is not used: {info.problem}", CANNOT_RUN)
    return CLEAN
