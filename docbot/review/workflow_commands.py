"""TODO."""

from __future__ import annotations

import sys


def command(name: str, message: str, **properties: str | int) -> str:
    """One workflow command, as one line without its end.

    Properties that are "" are left out. What the runner undoes is escaped, so that no message ends
    the line and no property starts another; a lone surrogate becomes a question mark.
    """
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value != "")
    return f"::{name}{' ' if told else ''}{told}::{_message(message)}"


def _message(value: str | int) -> str:
    text = str(value).encode("utf-8", "replace").decode()
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str | int) -> str:
    return _message(value).replace(":", "%3A").replace(",", "%2C")


def line(text: str) -> str:
    """The text as one line that a person can read and that is no command to a runner."""
    text = text.encode("utf-8", "replace").decode()
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = text.replace("##[", "# #[")
    return f": :{text[2:]}" if text.startswith("::") else text


def emit(*commands: str) -> None:
    """Print lines that `command` made, at once: the other stream may be read beside this one."""
    sys.stdout.write("".join(f"{text}\n" for text in commands))
    sys.stdout.flush()
