"""Read the files of one commit from git's objects."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.errors import SourceError, TooLargeError
from docbot.scan.basics import MAX_BYTES
from docbot.tool_settings import SETTINGS_FILES, settings_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docbot.repo.folders import Folders
    from docbot.repo.git_objects import Blob, Contents


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The Python and settings files of one commit."""

    commit: str
    files: Mapping[PurePosixPath, Blob]
    contents: Contents
    folders: Folders

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

    def settings_levels(self, folder: PurePosixPath) -> list[dict[str, str]]:
        """Read the settings of tools for a folder's files, as for `read_tools`."""
        return [settings_texts(partial(self._text, each)) for each in (folder, *folder.parents)]

    def _text(self, folder: PurePosixPath, name: str) -> str | None:
        """Read a settings file by its path from a folder; None outside the commit, or no text."""
        path = posixpath.normpath(folder / name)
        if path.startswith("../"):
            return None
        blob = self.files.get(PurePosixPath(path))
        with suppress(SourceError, UnicodeError):
            if blob is not None:
                return self.read(PurePosixPath(path)).decode("utf-8")
            if posixpath.basename(path) not in SETTINGS_FILES:  # which ruff's `extend` names
                content = self.contents.find(f"{self.commit}:{path}", MAX_BYTES)
                return content.decode("utf-8") if content is not None else None
        return None
