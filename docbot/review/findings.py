"""What a review found, as plain data, and what a suggestion may be: one docstring and no more."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.review.markdown import hostile

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUOTES = ('"""', "'''")
_HEADER_END = re.compile(r":[ \t]*(?:#.*)?$")
_COMMENT = re.compile(r"[ \t]*#")


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """Lines `first` to `last` of the head's file, 1-based and inclusive, and what replaces them.

    `before` is how they read there and `after` how they would read, without line ends: the same
    lines and one docstring more, and perhaps blank lines more or less around it.
    """

    first: int
    last: int
    before: tuple[str, ...]
    after: tuple[str, ...]

    def docstring(self) -> tuple[str, ...]:
        """The lines that are new; () where the change is anything but one docstring.

        A docstring is one triple-quoted literal without a prefix or a backslash, alone on its
        lines. It stands first and not indented, or below a comment or a line that ends as a header
        does, with a colon. No line may hold a character that is not seen. What stands around these
        lines in the file is not known here: whether the body is indented alike, or whether all this
        is within a string, where even a docstring could be code.
        """
        if any(map(hostile, (*self.before, *self.after))):
            return ()
        found = self._added()
        if found is None:
            return ()
        start, end = found
        added = self.after[start:end]
        head = _stripped(self.after[:start])
        return added if _is_docstring(added) and _may_follow(head, added[0]) else ()

    def _added(self) -> tuple[int, int] | None:
        """Where the new lines stand in `after`: with them and blank lines out, it is `before`."""
        old = [line for line in self.before if not _is_blank(line)]
        new = [at for at, line in enumerate(self.after) if not _is_blank(line)]
        filled = [self.after[at] for at in new]
        count = len(new) - len(old)
        if count < 1:
            return None
        latest = _common(filled, old)
        earliest = len(old) - _common(filled[::-1], old[::-1])
        for at in range(earliest, latest + 1):
            if filled[at].lstrip(" \t").startswith(_QUOTES):
                start, end = new[at], new[at + count - 1] + 1
                return (start, end) if self._is_kept(start, end) else None
        return None

    def _is_kept(self, start: int, end: int) -> bool:
        """Whether only blank lines around `after[start:end]` tell the rest from `before`."""
        head, tail = _stripped(self.after[:start]), _stripped(self.after[end:][::-1])[::-1]
        middle = self.before[len(head) : len(self.before) - len(tail)]
        return (
            len(head) + len(tail) <= len(self.before)
            and self.before == (*head, *middle, *tail)
            and all(map(_is_blank, middle))
        )


def _is_blank(line: str) -> bool:
    return not line.strip(" \t")


def _stripped(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines without the blank ones at their end."""
    end = len(lines)
    while end and _is_blank(lines[end - 1]):
        end -= 1
    return lines[:end]


def _common(left: list[str], right: list[str]) -> int:
    """How many lines at the start are the same."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))


def _is_docstring(lines: tuple[str, ...]) -> bool:
    """Whether the lines are one literal: without a backslash, the first closing quotes end it."""
    text = "\n".join(lines).lstrip(" \t")
    quotes, inside = text[:3], text[3:-3]
    return (
        quotes in _QUOTES
        and text.find(quotes, 3) == len(text) - 3
        and "\\" not in text
        and not _is_blank(inside.replace("\n", ""))
    )


def _may_follow(head: tuple[str, ...], docstring: str) -> bool:
    indented = docstring[:1] in (" ", "\t")
    if not head:
        return not indented
    return (indented and _HEADER_END.search(head[-1]) is not None) or (
        not indented and _COMMENT.match(head[-1]) is not None
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A new or changed definition without a docstring.

    `line` is where its name stands in the head's file, `kind` as in `definition.Kind`. Without a
    `suggestion`, `reason` is the skip rule's name and `detail` says why; both are "" where nothing
    was asked of a model.
    """

    path: str
    line: int
    qualname: str
    kind: str
    suggestion: Suggestion | None = None
    reason: str = ""
    detail: str = ""

    @property
    def fingerprint(self) -> str:
        """What it is known by while lines move: 16 hexadecimal digits of path, name and kind."""
        words = f"{self.path}\0{self.qualname}\0{self.kind}"
        return hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """Everything a review found between two commits, each 40 or 64 hexadecimal digits.

    `base` is the merge base. `documented` counts the new or changed definitions that have their
    docstring, `skipped` those that a rule leaves out, by its name, and `files` the Python files
    that changed. `notices` are sentences for people: a file that cannot be read, a configuration
    that does not count.
    """

    base: str
    head: str
    findings: tuple[Finding, ...] = ()
    documented: int = 0
    files: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
