"""Parse a command line so that each complaint is one sentence, with what to do."""

from __future__ import annotations

import argparse
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from docbot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations, which raises a `ConfigError` where argparse prints usage."""

    def __init__(self, **settings: Any) -> None:
        raw = argparse.RawDescriptionHelpFormatter  # an example is one line, to be pasted
        super().__init__(allow_abbrev=False, formatter_class=raw, **settings)

    def parse_known_args(  # type: ignore[override] # of its overloads only this one is used
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse the arguments of this command, and refuse the first that it does not know.

        Raises:
            ConfigError: naming the argument, and the nearest that the command knows.

        """
        first = args[0].partition("=")[0] if args else ""
        if first.startswith("--") and first not in ("--", *self._option_string_actions):
            self._refuse(first)  # before a command is missed
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown[0].partition("=")[0])
        return options, unknown

    @property
    def flags(self) -> list[str]:
        """Return the flags of this command, without those of earlier versions."""
        actions = (each for each in self._actions if each.help is not argparse.SUPPRESS)
        return [flag for action in actions for flag in action.option_strings]

    def command(self, name: str) -> Parser | None:
        """Return the parser of a command below this one, or None for no such command."""
        for action in self._actions:
            if isinstance(action.choices, dict) and name in action.choices:
                parser: Parser = action.choices[name]
                return parser
        return None

    def _refuse(self, word: str) -> NoReturn:
        if not word.startswith("-"):
            self.error(f"{word} is no argument of {self.prog}")
        self.error(f"{word} is no flag of {self.prog}{nearest(word, self.flags)}")

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the arguments as one sentence.

        Raises:
            ConfigError: always.

        """
        sentence = message.removeprefix("argument ").removeprefix("paths: ")
        has_remedy = any(word in sentence for word in ("did you mean", "; "))
        raise ConfigError(sentence if has_remedy else f"{sentence}; see {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        hint = nearest(str(value), choices)
        known = "" if hint else f"; it is one of {', '.join(choices)}"
        raise argparse.ArgumentError(action, f"'{value}' is not known{hint or known}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the question whether the nearest of the known words was meant, "" if none is near."""
    import difflib

    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def path(text: str) -> Path:
    """Convert an argument that names a file or folder.

    Raises:
        ArgumentTypeError: it is an address.

    """
    if is_address(text) and not os.path.exists(text):  # noqa: PTH110 - Path makes one / of two
        raise argparse.ArgumentTypeError(
            f"{text} is an address, not a path; name a file or folder on this machine (clone a "
            "repository first)"
        )
    return Path(text)


def is_address(text: str) -> bool:
    """Check whether a text begins like the address of something on another machine."""
    return _ADDRESS.match(text) is not None


def number(least: int, most: int) -> Callable[[str], int]:
    """Return what converts an argument to a whole number within bounds."""

    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return convert


def percentage(text: str) -> float:
    """Convert an argument to a number from 0 to 100."""
    value = _decimal(text)
    if not 0 <= value <= 100:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage, 0 to 100")
    return value


def seconds(text: str) -> float:
    """Convert an argument to a number of seconds."""
    value = _decimal(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def _decimal(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
