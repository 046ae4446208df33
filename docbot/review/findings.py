"""Define findings and suggestions as plain data, and what a suggestion may change."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docbot.drift.drift import DriftRule
from docbot.review.markdown import has_invisible
from docbot.review.mends import HEADER_END, is_mend

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_QUOTES = ('"""', "'''")
_COMMENT = re.compile(r"[ \t]*#")


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """Lines of the head's file and the lines that would replace them.

    Attributes:
        first: The first line, 1-based.
        last: The last line, inclusive.
        before: The lines as they are, without line ends.
        after: The same lines with one docstring more, and perhaps blank lines more or less around
            it; or with an entry of a docstring mended, () where they go.
        above: Of a mend: the lines right above, from the last one of the header on.

    """

    first: int
    last: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    above: tuple[str, ...] = ()

    def docstring(self) -> tuple[str, ...]:
        """Return the new lines, or () where the change is anything but one docstring.

        A docstring is one triple-quoted literal without a prefix or a backslash, alone on its
        lines. It comes first and not indented, or below a comment, or below a line that ends like a
        header, with a colon. No line may hold an invisible character. The rest of the file is not
        known here: whether the body is indented alike, or whether all this is within a string,
        where even a docstring could be code.
        """
        if any(map(has_invisible, (*self.before, *self.after))):
            return ()
        span = self._added_range()
        if span is None:
            return ()
        start, end = span
        added = self.after[start:end]
        head = _strip_blank_end(self.after[:start])
        return added if _is_docstring(added) and _may_follow(head, added[0]) else ()

    def _added_range(self) -> tuple[int, int] | None:
        """Find the range of `after` without which it is `before`, blank lines aside."""
        old = [line for line in self.before if not _is_blank(line)]
        new = [at for at, line in enumerate(self.after) if not _is_blank(line)]
        filled = [self.after[at] for at in new]
        count = len(new) - len(old)
        if count < 1:
            return None
        latest = _count_common(filled, old)
        earliest = len(old) - _count_common(filled[::-1], old[::-1])
        for at in range(earliest, latest + 1):
            if filled[at].lstrip(" \t").startswith(_QUOTES):
                start, end = new[at], new[at + count - 1] + 1
                return (start, end) if self._is_rest_unchanged(start, end) else None
        return None

    def _is_rest_unchanged(self, start: int, end: int) -> bool:
        """Check whether the rest of `after` differs from `before` only in blank lines there."""
        head, tail = (
            _strip_blank_end(self.after[:start]),
            _strip_blank_end(self.after[end:][::-1])[::-1],
        )
        middle = self.before[len(head) : len(self.before) - len(tail)]
        return (
            len(head) + len(tail) <= len(self.before)
            and self.before == (*head, *middle, *tail)
            and all(map(_is_blank, middle))
        )


def _is_blank(line: str) -> bool:
    return not line.strip(" \t")


def _strip_blank_end(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Remove the blank lines at the end."""
    end = len(lines)
    while end and _is_blank(lines[end - 1]):
        end -= 1
    return lines[:end]


def _count_common(left: list[str], right: list[str]) -> int:
    """Count the equal lines at the start."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))


def _is_docstring(lines: tuple[str, ...]) -> bool:
    """Check whether the lines are one literal.

    Without a backslash, the first closing quotes end it.
    """
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
    return (indented and HEADER_END.search(head[-1]) is not None) or (
        not indented and _COMMENT.match(head[-1]) is not None
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A new or changed definition without a docstring, or what is stale in the one that it has.

    Attributes:
        path: The file, relative to the repository's root.
        line: The line of the definition's name in the head's file; of what is stale, its own.
        qualname: The definition's qualified name.
        kind: The value of a `scan.definition.Kind`.
        rule: The value of the `DriftRule` that found what is stale; "" for a missing docstring.
        subject: Of what is stale, the parameter or exception that it is about; "" for none.
        message: What the stale docstring does; `stale.say` says it.
        name_line: Of what is stale, the line of the definition's name; 0 where it is not known.
        suggestion: The docstring to add, or the mend; None where there is none.
        reason: Without a suggestion, the skip rule's name; "" where no model was asked.
        detail: Without a suggestion, why; "" where no model was asked. Of a summary that may be
            stale, the sentence that the model would write instead.

    """

    path: str
    line: int
    qualname: str
    kind: str
    rule: str = ""
    subject: str = ""
    message: str = ""
    name_line: int = 0
    suggestion: Suggestion | None = None
    reason: str = ""
    detail: str = ""

    @property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that identify path, name and kind when lines move.

        What is stale has a rule and a subject besides.
        """
        identity = f"{self.path}\0{self.qualname}\0{self.kind}"
        if self.rule:
            identity += f"\0{self.rule}\0{self.subject}"
        return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    @property
    def sound_suggestion(self) -> Suggestion | None:
        """Return the suggestion if it adds one docstring, or mends one entry, and no more."""
        lines = self.suggestion
        if lines is None:
            return None
        if not self.rule:
            return lines if lines.docstring() else None
        return lines if is_mend(lines.above, lines.before, lines.after, self.rule) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """All findings of a review between two commits, with the counts beside them.

    Attributes:
        base: The merge base, 40 or 64 hexadecimal digits.
        head: The head commit, likewise.
        findings: The definitions without a docstring, and what is stale in others.
        documented: How many new or changed definitions have a docstring.
        files: How many Python files changed.
        skipped: How many definitions each skip rule leaves out, by the rule's name.
        notices: Sentences for people: a file that cannot be read, settings that do not count.

    """

    base: str
    head: str
    findings: tuple[Finding, ...] = ()
    documented: int = 0
    files: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Finding, ...]:
        """Return the definitions without a docstring."""
        return tuple(finding for finding in self.findings if not finding.rule)

    @property
    def stale_count(self) -> int:
        """Return how many docstrings are stale, each in one place or more."""
        return _count_docstrings(finding for finding in self.findings if finding.rule)

    @property
    def certain_stale_count(self) -> int:
        """Return how many docstrings are stale for certain: not those that only may be."""
        may_be = ("", DriftRule.SUMMARY_STALE.value)
        return _count_docstrings(each for each in self.findings if each.rule not in may_be)


def _count_docstrings(findings: Iterable[Finding]) -> int:
    return len({(each.path, each.qualname, each.name_line) for each in findings})


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by path, line and name; several of one line by what they are about."""
    return sorted(findings, key=lambda f: (f.path, f.line, f.qualname, f.rule, f.subject))


def merge(parts: Sequence[Findings]) -> Findings:
    """Merge the findings in the parts of one pull request; there is at least one part."""
    skipped: Counter[str] = Counter()
    for part in parts:
        skipped.update(part.skipped)
    return replace(
        parts[0],
        findings=tuple(in_order(finding for part in parts for finding in part.findings)),
        documented=sum(part.documented for part in parts),
        files=sum(part.files for part in parts),
        skipped=dict(skipped),
        notices=tuple(dict.fromkeys(notice for part in parts for notice in part.notices)),
    )
