"""Read the files of one commit from git's objects."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.errors import SourceError, TooLargeError
from docbot.scan.basics import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from docbot.repo.git_objects import Blob, Contents


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The Python and settings files of one commit."""

    commit: str
    files: Mapping[PurePosixPath, Blob]
    contents: Contents

    def read(self, path: PurePosixPath) -> bytes:
        """Return a file's bytes.

        Raises:
            TooLargeError: it is over 1 MB.
            SourceError: the commit has no such file.
            GitError: this clone lacks the object.

        """
        blob = self.files.get(path)
        if blob is None:
            raise SourceError("it is no plain file of the commit")
        if blob.size > MAX_BYTES:
            raise TooLargeError(f"it is over {MAX_BYTES // 1_000_000} MB")
        return self.contents.read(blob)

    def texts(self, names: Iterable[str]) -> dict[str, str]:
        """Return the text of those settings files that the commit has at its root."""
        texts = {}
        for name in names:
            with suppress(SourceError, UnicodeError):
                texts[name] = self.read(PurePosixPath(name)).decode("utf-8")
        return texts
