"""Tell a type from prose: `dict[str, int]` and :class:`str` from `One of two forms`.

A type is what Python could read as one: names, attributes, subscripts, unions, tuples, strings and
constants. It is read without `ast.parse`, which warns, recurses, and knows no roles.
"""

from __future__ import annotations

import re

from docbot.drift.titles import KINDS
from docbot.drift.words import QUOTED, ROLE

_TOKEN = re.compile(
    rf"""
    (?P<operand>{ROLE}|{QUOTED}|(?:[~!]\.?)?[^\W\d]\w*(?:\.[^\W\d]\w*)*|\d[\w.]*|\.\.\.)
    |(?P<open>[(\[{{])|(?P<close>[)\]}}])|(?P<comma>,)|(?P<colon>:)|(?P<bar>\|)|(?P<blank>\s+)
    """,
    re.VERBOSE,
)
# What `or` stands between in a type: names of classes, roles, and what is in quotes.
_CLASS = re.compile(r"[:`'\"]|[~!.]{0,2}(?:\w+\.)*[A-Z]+[a-z0-9]")
_PAIRS = {")": "(", "]": "[", "}": "{"}
BUILTINS = frozenset({
    "None", "bool", "bytearray", "bytes", "callable", "complex", "dict", "float", "frozenset",
    "int", "list", "object", "set", "str", "string", "tuple", "type",
})  # fmt: skip
# `Note: ...` in a section is a remark.
_NO_TYPES = frozenset(KINDS) - {"error", "warning"}


class _Reader:
    """What has been read of an expression."""

    def __init__(self) -> None:
        self.stack: list[str] = []
        self.wants_operand = True
        self.last = ""
        self.operands: list[str] = []
        self.has_or = False

    def accept(self, kind: str, word: str) -> bool:
        """Take a token; False if an expression cannot go on with it."""
        if kind == "operand":
            return self._operand(word)
        if kind == "open":
            return self._open(word)
        if kind == "close":
            return self._close(word)
        wanted, self.wants_operand, self.last = self.wants_operand, True, word
        # A colon within brackets is a dictionary's.
        return not wanted

    def done(self) -> bool:
        """Tell whether what was read is a type."""
        if self.stack or self.wants_operand:
            return False
        # `str or None` and `Series or Frame` are types, `one or more` is not.
        if not self.has_or or not BUILTINS.isdisjoint(self.operands):
            return True
        return all(map(_CLASS.match, self.operands))

    def _operand(self, word: str) -> bool:
        if word == "or" and not self.wants_operand:
            self.has_or = self.wants_operand = True
            return True
        wanted, self.wants_operand, self.last = self.wants_operand, False, word
        self.operands.append(word)
        return wanted

    def _open(self, word: str) -> bool:
        # What follows a name is a subscript, never a call.
        wanted, self.wants_operand, self.last = self.wants_operand, True, word
        self.stack.append(word)
        return wanted or word == "["

    def _close(self, word: str) -> bool:
        fits = bool(self.stack) and self.stack.pop() == _PAIRS[word]
        fits = fits and (not self.wants_operand or self.last in {",", _PAIRS[word]})
        self.wants_operand, self.last = False, word
        return fits


def is_type(text: str, start: int, end: int) -> bool:
    """Tell whether a piece of the text is a type."""
    return _read_type(text, start, end) == end


def type_before_colon(text: str, start: int, end: int) -> int | None:
    """Return the offset of the first colon if a type stands before it and a blank after it."""
    at = _read_type(text, start, end)
    if at is None or at == end or not (at + 1 == end or text[at + 1].isspace()):
        return None
    return None if text[start:at].strip().lower() in _NO_TYPES else at


def _read_type(text: str, start: int, end: int) -> int | None:
    """Return where a type ends: at the first colon outside of brackets, or at the end."""
    reader = _Reader()
    at = start
    while at < end:
        match = _TOKEN.match(text, at, end)
        if match is None or match.lastgroup is None:
            return None
        if match.lastgroup == "colon" and not reader.stack:
            break
        if match.lastgroup != "blank" and not reader.accept(match.lastgroup, match[0]):
            return None
        at = match.end()
    return at if reader.done() else None
