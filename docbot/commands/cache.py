"""`docbot cache`: show where the cache is and what it holds, or empty it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.cache import open_cache
from docbot.commands.exit_codes import CANNOT_RUN, CLEAN
from docbot.commands.output import complain, print_message

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Run `docbot cache ACTION`: empty the cache if asked to, and print what it holds."""
    cache = open_cache(warn=print_message)
    if options.action == "clear":
        cache.clear()
    info = cache.info()
    cache.close()
    print(f"file: {info.file or 'none'}")  # noqa: T201
    print(f"size: {info.bytes / 1e6:.1f} MB of at most {info.limit / 1e6:.0f}")  # noqa: T201
    for kind, count in info.entries.items():
        print(f"{kind}: {count}")  # noqa: T201
    if info.problem:
        return complain(f"the cache is not used: {info.problem}", CANNOT_RUN)
    return CLEAN
