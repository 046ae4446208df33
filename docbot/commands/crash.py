"""Write down what a bug in docbot needs to be found, to be pasted into an issue.

The report has versions, the names of flags and configuration keys, and where docbot failed. It has
no value of any of them, no message of an error (it may quote code), no variable, no name of a file
and no line of code that is not docbot's own.
"""

from __future__ import annotations

import os
import platform
import secrets
import sys
import sysconfig
import time
import traceback
from contextlib import suppress
from importlib import metadata
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from docbot import __version__
from docbot.commands.options import parser
from docbot.config import KEYS, PYPROJECT, load_config
from docbot.repo.discover import has_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

PACKAGES = (
    "gitpython",
    "libcst",
    "llama-cpp-python",
    "numpy",
    "pathspec",
    "rich",
    "huggingface-hub",
)
MOST_FRAMES = 40
"""Frames that are listed at each end of a traceback; a recursion has a thousand."""
KEPT_DAYS = 30
_OWN = Path(__file__).parents[1]


def describe(error: BaseException, words: Sequence[str]) -> str:
    """Return the report on an error that ended a run with these arguments."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{platform.system()} {platform.release()}"
    return "\n".join(
        [
            "docbot crashed. Of you this has the names of flags and settings, and nothing else.",
            "",
            ", ".join([f"docbot {__version__}", python, system, platform.machine()]),
            f"packages: {', '.join(_versions())}",
            f"command: {_command(words)}",
            f"configuration: {', '.join(_keys()) or 'none'}",
            "",
            *_chain(error),
            "",
        ]
    )


def save(report: str) -> Path | None:
    """Write a report into the user's state folder, and remove old ones; None if it cannot be."""
    from platformdirs import user_state_path

    try:
        folder = user_state_path("docbot", appauthor=False) / "crashes"
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.txt"):
            if time.time() - old.stat().st_mtime > KEPT_DAYS * 86_400:
                old.unlink()
        file = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}.txt"
        file.write_text(report, encoding="utf-8")
    except OSError:
        return None
    return file


def _versions() -> Iterator[str]:
    for name in PACKAGES:
        try:
            yield f"{name} {metadata.version(name)}"
        except (metadata.PackageNotFoundError, OSError):
            yield f"{name} is not installed"


def _command(words: Sequence[str]) -> str:
    """Return the command and its flags, without their values and all other words."""
    command, known = parser(), []
    for word in words:
        flag = word.partition("=")[0]
        if (below := command.command(word)) is not None:
            command = below
            known.append(word)
        elif flag in command.flags:
            known.append(flag)
    return " ".join(known) or "none"


def _keys() -> list[str]:
    """Return the names of the keys that the nearest configuration changes."""
    with suppress(Exception):  # whatever it is, the report must be written
        folder = Path.cwd()
        for each in (folder, *folder.parents):
            if has_settings(each / PYPROJECT):
                config = load_config(each)
                changed = (key.name for key in KEYS if getattr(config, key.name) != key.default)
                return [name.replace("_", "-") for name in changed]
    return []


def _chain(error: BaseException) -> Iterator[str]:
    """Yield the tracebacks of an error and of those that led to it, the first one first."""
    earlier = error.__cause__
    if earlier is None and not error.__suppress_context__:
        earlier = error.__context__
    if earlier is not None:
        yield from _chain(earlier)
        yield "which led to:"
    frames = [*traceback.walk_tb(error.__traceback__)]
    lines = [_frame(frame, line) for frame, line in frames]
    if len(lines) > 2 * MOST_FRAMES:
        gap = f"  ... {len(lines) - 2 * MOST_FRAMES} more ..."
        lines = [*lines[:MOST_FRAMES], gap, *lines[-MOST_FRAMES:]]
    yield from lines
    yield f"{type(error).__module__}.{type(error).__qualname__} (its message is left out)"


def _frame(frame: FrameType, line: int) -> str:
    """Return where a frame is; with its line of code where that is docbot's."""
    file = frame.f_code.co_filename
    place = _place(file)
    if place is None:
        return "  a file that is not docbot's"
    text = f"  {place}:{line} in {frame.f_code.co_name}"
    if not place.startswith("docbot/"):
        return text
    import linecache

    return f"{text}: {linecache.getline(file, line).strip()}"


def _place(file: str) -> str | None:
    """Return a file's path within docbot, a library or Python; None for any other file."""
    path = PurePath(file)
    if path.is_relative_to(_OWN):
        return f"docbot/{path.relative_to(_OWN).as_posix()}"
    for folder in ("site-packages", "dist-packages"):
        if folder in path.parts:
            at = len(path.parts) - path.parts[::-1].index(folder)
            return "/".join(path.parts[at:])
    for folder in {sysconfig.get_path("stdlib"), os.path.dirname(os.__file__)}:  # noqa: PTH120
        if folder and path.is_relative_to(folder):
            return f"python{sys.version_info[0]}.{sys.version_info[1]}/" + "/".join(
                path.relative_to(folder).parts
            )
    return file if file.startswith("<frozen ") else None
