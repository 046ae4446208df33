"""Print text to a GitHub Actions log: as workflow commands, or so that it is none.

A runner takes a line that starts with `::`, or has `##[` anywhere, for a command:
https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import sys


def format_command(name: str, message: str, **properties: str | int) -> str:
    """Format one workflow command as a line without its line end.

    What the runner unescapes is escaped, so that no message ends the line and no property starts
    another; a lone surrogate becomes a question mark.

    Args:
        name: The command's name, such as "notice".
        message: Any text.
        properties: The command's properties, such as `file`; those that are "" are left out.

    """
    pairs = ",".join(
        f"{key}={_escape_property(value)}" for key, value in properties.items() if value != ""
    )
    return f"::{name}{' ' if pairs else ''}{pairs}::{_escape(message)}"


def _escape(value: str | int) -> str:
    text = str(value).encode("utf-8", "replace").decode()
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(value: str | int) -> str:
    return _escape(value).replace(":", "%3A").replace(",", "%2C")


def safe_line(text: str) -> str:
    """Return the text as one readable line that no runner takes for a command."""
    text = text.encode("utf-8", "replace").decode()
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = text.replace("##[", "# #[")
    return f": :{text[2:]}" if text.startswith("::") else text


def emit(*commands: str) -> None:
    """Print workflow commands and flush, since stderr may be read beside stdout.

    Args:
        commands: Lines that `format_command` made.

    """
    sys.stdout.write("".join(f"{text}\n" for text in commands))
    sys.stdout.flush()
