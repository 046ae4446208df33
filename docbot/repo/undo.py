"""Keep the patch that undoes what docbot wrote, for all runs since the last commit.

A file's patch is on the disk before the file is, so whatever kills a run, nothing that it wrote is
without its undo. In a repository the patch lies among git's own files. A run keeps what earlier
runs have added to it, or others that go on beside it, as long as those files are not committed: one
command undoes it all. A plain folder has no commits; each run has a patch of its own there, in the
folder where the user's programs keep their state.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shlex
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.atomic import locked, replacing
from docbot.errors import UndoError
from docbot.repo.diff import unified_diff
from docbot.repo.own_edits import only_own_edits, take_back
from docbot.repo.write import write

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from docbot.repo.git import Repository

_HEADER = b"# docbot: "  # before each file's patch; no line of a hunk starts like this

KEPT_DAYS = 30
"""The age at which the undo patch of a plain folder is removed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    """The patch of one file, with its header."""

    name: str
    text: bytes


class UndoPatch:
    """The undo patch of one repository or plain folder, as a run adds to it.

    Attributes:
        path: Where it is.
        is_written: Whether this run has added to it.
        earlier: Whether it undoes other runs besides this one.
        put_aside: Where the patches of files went that were changed after an earlier run wrote
            them, so that they no longer apply; None if there were none.

    """

    def __init__(self, root: Path, repository: Repository | None) -> None:
        self._root = root
        self._repository = repository
        self._is_open = False
        self.path = repository.undo_file() if repository is not None else _plain_path()
        self.is_written = False
        self.earlier = False
        self.put_aside: Path | None = None

    def write(self, name: PurePosixPath, before: bytes, after: bytes) -> None:
        """Add a file's patch, then write the file; take the patch back where that fails.

        Args:
            name: The file's path from the root.
            before: The content that docbot read.
            after: The new content.

        Raises:
            WriteError: the file cannot be written, as `repo.write.write` says.
            UndoError: the patch cannot be written, so the file was not written either.

        """
        section = _section(name, before, after)
        file = self._root / name
        try:
            self._add_or_refuse(section)
            write(file, before, after)
        finally:  # an interrupt may come at any of their steps
            if _content(file) == after:
                self.is_written = True
            else:
                self._take_back(section)

    def command(self, folder: Path) -> str:
        """Return the shell command that undoes it all from this folder; "" if there is none."""
        where = _quoted(_path_from(folder, self._root))
        if self._repository is not None:
            place = _quoted(_path_from(self._root, self.path))
            return f"git -C {where} apply -R --whitespace=nowarn {place}"
        place = _quoted(str(self.path))
        if shutil.which("patch"):
            return f"patch -R -p1 -d {where} -i {place}"
        if shutil.which("git"):
            return f"git -C {where} apply -R --whitespace=nowarn {place}"
        return ""

    def problem(self) -> str:
        """Return why the patch cannot be written, "" if it can."""
        try:
            with self._locked():
                return ""
        except OSError as error:
            return f"{self.path.parent} cannot be written ({error.strerror})"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name("undo.lock").open("ab") as lock, locked(lock):
            yield

    def _add_or_refuse(self, section: _Section) -> None:
        try:
            with self._locked():
                self._add(section)
        except OSError as error:
            raise UndoError(
                f"{self.path}: cannot be written ({error.strerror}); docbot writes nothing that it"
                " could not undo"
            ) from error

    def _add(self, section: _Section) -> None:
        if not self._is_open:
            self._is_open = True
            self.earlier = self._drop_committed() > 0
        # A file may have two: `git apply -R` goes from the last to the first, since git 2.30.
        _append(self.path, section.text)

    def _drop_committed(self) -> int:
        """Drop the sections of earlier runs that are committed or undone; count the others."""
        sections = list(_sections(_content(self.path) or b""))
        fitting, others = sections, list[_Section]()
        if self._repository is not None:
            fitting, others = _outstanding(self._repository, sections, self.path)
        if others:
            self.put_aside = self.path.with_name(f"{time.strftime('%Y%m%d-%H%M%S')}.patch")
            _append(self.put_aside, _text(others))
        _replace(self.path, _text(fitting))
        return len(fitting)

    def _take_back(self, section: _Section) -> None:
        """Remove a section; equal ones, of runs that raced for the file, are interchangeable."""
        with suppress(OSError), self._locked():
            sections = list(_sections(_content(self.path) or b""))
            with suppress(ValueError):
                sections.remove(section)
                _replace(self.path, _text(sections))


def only_docbots(repository: Repository, dirty: Collection[Path]) -> frozenset[Path]:
    """Return those of the files with uncommitted changes whose changes are all docbot's."""
    patches: dict[Path, bytes] = {}
    for section in _sections(_content(repository.undo_file()) or b""):
        path = repository.root / section.name
        if path in dirty:
            patches[path] = patches.get(path, b"") + section.text
    return only_own_edits(repository, patches) if patches else frozenset()


def _path_from(folder: Path, path: Path) -> str:
    """Return a path as seen from a folder; the whole path where that is on another drive."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:  # Windows
        return str(path)


def _quoted(word: str) -> str:
    """Quote a word for the user's shell; that of Windows takes apostrophes for letters."""
    if sys.platform == "win32":
        return f'"{word}"' if " " in word or "&" in word else word
    return shlex.quote(word)


def _plain_path() -> Path:
    """Return the path of a new undo patch for a plain folder, and remove those long past."""
    from platformdirs import user_state_path

    folder = user_state_path("docbot", appauthor=False) / "undo"
    with suppress(OSError):
        for file in folder.glob("*.patch"):
            if time.time() - file.stat().st_mtime > KEPT_DAYS * 86_400:
                file.unlink()
    return folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}.patch"


def _section(name: PurePosixPath, before: bytes, after: bytes) -> _Section:
    header = _HEADER + json.dumps(str(name)).encode() + b"\n"
    return _Section(name=str(name), text=header + unified_diff(name, before, after))


def _sections(text: bytes) -> Iterator[_Section]:
    """Split a patch at docbot's headers; anything else in it is left out."""
    lines: list[bytes] = []
    for line in (*io.BytesIO(text), _HEADER):
        if line.startswith(_HEADER) and lines:
            with suppress(ValueError):  # somebody edited it
                name = json.loads(lines[0].removeprefix(_HEADER))
                yield _Section(name=str(name), text=b"".join(lines))
            lines = []
        if lines or line.startswith(_HEADER):
            lines.append(line)


def _text(sections: Iterable[_Section]) -> bytes:
    return b"".join(section.text for section in sections)


def _outstanding(
    repository: Repository, sections: Sequence[_Section], patch: Path
) -> tuple[list[_Section], list[_Section]]:
    """Return the sections of uncommitted files: those that still apply, and the others."""
    paths = {section.name: repository.root / section.name for section in sections}
    dirty = repository.dirty(paths.values()) if paths else frozenset()
    rest = [section for section in sections if paths[section.name] in dirty]
    if not rest or _applies(repository, rest, patch):
        return rest, []
    groups = [[section for section in rest if section.name == name] for name in paths]
    fitting: list[_Section] = []
    others: list[_Section] = []
    for group in filter(None, groups):
        if _applies(repository, group, patch):
            fitting += group
        elif (section := _without_what_is_gone(repository, group)) is not None:
            fitting.append(section)
        else:
            others += group
    return fitting, others


def _without_what_is_gone(repository: Repository, group: Sequence[_Section]) -> _Section | None:
    """Return one section for what is left of a file's edits; None if others edited it, too."""
    path, text = repository.root / group[0].name, _text(group)
    after = _content(path)
    if after is None or not only_own_edits(repository, {path: text}):
        return None
    return _section(PurePosixPath(group[0].name), take_back(text, after), after)


def _applies(repository: Repository, sections: Sequence[_Section], patch: Path) -> bool:
    """Check whether git can undo these sections, by way of a file beside the patch."""
    trial = patch.with_name(f"undo-{os.getpid()}.tmp")
    try:
        trial.write_bytes(_text(sections))
        return repository.can_undo(trial)
    finally:
        trial.unlink(missing_ok=True)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _append(file: Path, text: bytes) -> None:
    """Append to a file and sync it to the disk; where that fails or ends, it is as it was."""
    with file.open("ab", buffering=0) as stream:
        size = stream.tell()
        try:
            while text:
                text = text[stream.write(text) :]
            os.fsync(stream.fileno())
        except BaseException:  # Ctrl-C, too
            with suppress(OSError):
                os.truncate(file, size)
            raise


def _replace(file: Path, text: bytes) -> None:
    if not text:
        file.unlink(missing_ok=True)
        return
    with replacing(file) as temporary:
        temporary.write_bytes(text)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
