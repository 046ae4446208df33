"""Read the blobs of a repository."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from docbot.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file's content in a commit: git's id of it, and its size in bytes."""

    id: str
    size: int


class Contents:
    """The blobs of a repository, read through one git process for all of them.

    Contents are the bytes in the commit: no filter is applied, and no line ending is converted.

    Args:
        start: Starts `git cat-file --batch`; called at the first `read`.
        hint: Returns what to add to the error message when an object is missing.

    """

    def __init__(self, start: Callable[[], Any], hint: Callable[[], str]) -> None:
        self._start = start
        self._hint = hint
        self._process: Any = None

    def read(self, blob: Blob) -> bytes:
        """Return the bytes of a blob; the caller has checked its size.

        Raises:
            GitError: the object is missing, or git has ended.

        """
        if self._process is None:
            self._process = self._start()
        requests: IO[bytes] = self._process.stdin
        output: IO[bytes] = self._process.stdout
        name = blob.id.encode("ascii")
        try:
            requests.write(name + b"\n")
            requests.flush()
            exists = output.readline().split() == [name, b"blob", b"%d" % blob.size]
        except OSError:  # the process has ended
            exists = False
        content = output.read(blob.size + 1) if exists else b""  # git adds a line feed
        if len(content) != blob.size + 1:
            self.close()
            raise GitError(f"git has no object {blob.id} here{self._hint()}")
        return content[:-1]

    def find(self, name: str, most: int) -> bytes | None:
        """Return the bytes of a file by a name such as `HEAD:a.py`; None for none, or a larger one.

        Raises:
            GitError: git has ended.

        """
        if "\n" in name:  # the end of a request
            return None
        if self._process is None:
            self._process = self._start()
        try:
            self._process.stdin.write(os.fsencode(name) + b"\n")
            self._process.stdin.flush()
            words = self._process.stdout.readline().split()
            if not words[2:] or not words[2].isdigit():  # `HEAD:a.py missing`
                return None
            content: bytes = self._process.stdout.read(int(words[2]) + 1)
        except OSError as error:
            self.close()
            raise GitError(f"git cannot read {name}{self._hint()}") from error
        return content[:-1] if words[1] == b"blob" and len(content) <= most + 1 else None

    def read_id(self, blob: str, most: int) -> bytes | None:
        """Return the bytes of a blob of unknown size; None for one that is larger than `most`.

        Raises:
            GitError: the object is missing, or git has ended.

        """
        if self._process is None:
            self._process = self._start()
        output: IO[bytes] = self._process.stdout
        content = b""
        try:
            self._process.stdin.write(b"%b\n" % blob.encode("ascii"))
            self._process.stdin.flush()
            words = output.readline().split()
            size = int(words[2]) if words[1:2] == [b"blob"] else -1
            rest = size + 1  # git adds a line feed
            while rest and (piece := output.read(min(rest, most + 1))):
                content = piece if size <= most else b""
                rest -= len(piece)
        except OSError:  # the process has ended
            size, rest = -1, 1
        if rest or size < 0:
            self.close()
            raise GitError(f"git has no object {blob} here{self._hint()}")
        return content[:-1] if size <= most else None

    def close(self) -> None:
        """End the process; a later `read` starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                stream.close()
        process.proc.wait()
