"""Print to stdout and stderr as they are: closed, full, or in an encoding without the letters.

A pipe gets bytes as they are, so that a file's name is the one on the disk, whatever its encoding.
A terminal gets the letters that it has, and a question mark for each other. What cannot be printed
to stdout is an error; where stderr cannot be printed to, nobody could be told.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn

from docbot.errors import OutputError

if TYPE_CHECKING:
    from pathlib import PurePath

_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates that stand for no byte of a file's name; the text of a program may hold them."""


def write_data(data: bytes) -> None:
    """Print data to stdout.

    Raises:
        OutputError: stdout is closed, or full.
        BrokenPipeError: whoever read it has ended.

    """
    try:
        _write(sys.stdout, data)
    except (OSError, ValueError) as error:
        _complain(error)


def print_line(line: str) -> None:
    """Print a line to stdout.

    Raises:
        OutputError: as `write_data`.
        BrokenPipeError: as `write_data`.

    """
    write_data(encode(f"{line}\n"))


def print_message(sentence: str) -> None:
    """Print a message to stderr, where that is possible."""
    print_text(f"docbot: {sentence}\n")


def print_text(text: str) -> None:
    """Print text as it is to stderr, where that is possible."""
    try:
        _write(sys.stderr, encode(text))
    except (OSError, ValueError):
        _silence(sys.stderr)


def encode(text: str) -> bytes:
    """Return text in UTF-8; a name that is in no encoding becomes the bytes that it is on disk."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        escaped = _NO_BYTE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        return escaped.encode("utf-8", "surrogateescape")


def path_text(path: PurePath) -> str:
    """Return a path as text that `encode` turns into the name on disk, in any locale."""
    return os.fsencode(path).decode("utf-8", "surrogateescape")


def finish() -> None:
    """Print what is left for stdout.

    Raises:
        OutputError: as `write_data`.
        BrokenPipeError: as `write_data`.

    """
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except (OSError, ValueError) as error:
            _complain(error)


def discard() -> None:
    """Drop what is left for stdout if it cannot be printed: Python would fail on it at its end."""
    try:
        finish()
    except (OutputError, BrokenPipeError):
        _silence(sys.stdout)


def fill_closed() -> None:
    """Open the null device where the shell closed stdin, stdout or stderr (`>&-`).

    The next file that is opened would have that number, and whatever prints would write into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003


def allow_any_letter() -> None:
    """Let libraries print any letter to stdout: one that its encoding lacks becomes `?`."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _write(stream: IO[str] | None, data: bytes) -> None:
    if stream is None:  # closed before Python began
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    binary: Any = getattr(stream, "buffer", None)
    if binary is None or stream.isatty():
        encoding = getattr(stream, "encoding", None) or "utf-8"
        text = data.decode("utf-8", "replace")
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
        return
    stream.flush()
    binary.write(data)
    binary.flush()


def _complain(error: OSError | ValueError) -> NoReturn:
    """Raise what a failure to write to stdout means: that nobody reads on, or an error."""
    if isinstance(error, BrokenPipeError):
        raise error
    if sys.platform == "win32" and isinstance(error, OSError) and error.errno == errno.EINVAL:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error
    reason = error.strerror if isinstance(error, OSError) else "it is closed"
    raise OutputError(f"stdout cannot be written: {reason}") from error


def _silence(stream: IO[str] | None) -> None:
    """Let what is left for a stream go nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())  # type: ignore[union-attr] # None is suppressed
        os.close(null)
