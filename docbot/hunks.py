"""What a diff shows of the head's files: GitHub takes a comment on no other line.

Only the right side is kept, context and added lines. Lines are counted off as the hunk's header
says and never recognised by their looks: an added line may look like any header.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import ReviewError
from docbot.git import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunk:
    """The right side of a hunk: lines `first` to `first + len(lines) - 1` of the new file.

    Lines are without their ends, a line feed and the carriage return before it.
    """

    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        """The number of the last line; `first - 1` where the right side is empty."""
        return self.first + len(self.lines) - 1


_HEADER = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")


def hunks(patch: str | None) -> tuple[Hunk, ...]:
    """The hunks of one file's `patch` in GitHub's answer; none where it was left out.

    GitHub leaves it out of binary files, of files that were only renamed, and of large diffs. A
    patch that was cut shows what is there of it.

    Raises:
        ReviewError: the patch has lines outside its hunks, or others than its headers say.

    """
    if not patch:
        return ()
    lines = iter(patch.removesuffix("\n").encode("utf-8", "surrogatepass").split(b"\n"))
    found = []
    for line in lines:
        if header := _HEADER.match(line):
            found.append(_hunk(header, lines))
        elif line and not line.startswith(b"\\"):
            raise ReviewError("a patch has a line outside its hunks; what it shows is not known")
    return tuple(found)


def by_path(diff: bytes) -> dict[str, tuple[Hunk, ...]]:
    """The hunks of each new file in the output of `git diff`, by `os.fsdecode` of its name.

    A file without hunks (renamed, binary, another mode) and one that is gone are left out. The
    diff has git's own prefixes, `a/` and `b/`.

    Raises:
        ReviewError: a hunk has other lines than its header says.

    """
    found: dict[str, list[Hunk]] = {}
    shown: list[Hunk] = []
    lines = iter(diff.removesuffix(b"\n").split(b"\n"))
    for line in lines:
        if line.startswith(b"diff --git "):
            shown = []  # of no file, until a "+++" names one
        elif line.startswith(b"+++ "):
            name = unquote(line[4:])
            shown = [] if name == b"/dev/null" else found.setdefault(os.fsdecode(name[2:]), [])
        elif header := _HEADER.match(line):
            shown.append(_hunk(header, lines))
    return {name: tuple(ours) for name, ours in found.items() if ours}


def shows(shown: Sequence[Hunk], first: int, last: int) -> bool:
    """Whether lines `first` to `last` of the new file all stand in one hunk."""
    return any(hunk.first <= first <= last <= hunk.last for hunk in shown)


def text(shown: Sequence[Hunk], line: int) -> str | None:
    """A line of the new file, None where no hunk shows it."""
    for hunk in shown:
        if hunk.first <= line <= hunk.last:
            return hunk.lines[line - hunk.first]
    return None


def _hunk(header: re.Match[bytes], lines: Iterator[bytes]) -> Hunk:
    removed, added = (int(header[at] or b"1") for at in (2, 4))
    right = []
    while (removed or added) and (line := next(lines, None)) is not None:
        mark = line[:1] or b" "  # an empty line whose blank was stripped on the way
        if mark == b"\\":  # "\ No newline at end of file"
            continue
        if mark not in (b" ", b"+", b"-"):
            raise ReviewError("a hunk has a line that is no line of a diff")
        removed -= mark in (b" ", b"-")
        added -= mark in (b" ", b"+")
        if mark != b"-":
            right.append(line[1:].removesuffix(b"\r").decode("utf-8", "surrogateescape"))
        if removed < 0 or added < 0:
            raise ReviewError("a hunk has more lines than its header says")
    return Hunk(first=int(header[3]), lines=tuple(right))
