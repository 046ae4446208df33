"""`docbot completion`: print what lets a shell complete docbot's command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docbot.commands import parsing
from docbot.commands.exit_codes import CLEAN
from docbot.commands.options import parser
from docbot.commands.streams import encode, write_data
from docbot.config import AUTO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def run(options: argparse.Namespace) -> int:
    """Print the completion of a shell, made from the flags as they are in this version."""
    import shtab

    from docbot.llm.known_models import MODELS

    top = parser()
    for action in _actions(top):
        if action.type is parsing.path:
            action.complete = shtab.FILE
        elif action.dest in ("set_model", "names"):
            named = (AUTO, *MODELS) if action.dest == "set_model" else MODELS
            action.choices = tuple(named)
    write_data(encode(shtab.complete(top, shell=options.shell)))
    return CLEAN


def _actions(command: argparse.ArgumentParser) -> Iterator[Any]:
    """Yield the arguments of a command and of those below it."""
    for action in command._actions:  # noqa: SLF001 - argparse has no other way to list them
        yield action
        if isinstance(action.choices, dict):
            for each in action.choices.values():
                yield from _actions(each)
