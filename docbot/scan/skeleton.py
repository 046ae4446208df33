"""Rewrite a file for libcst: the same length and the same blocks, without what is said in them.

libcst 1.9 refuses some files that Python runs, and prints others with a blank more or less: `except
A :`, a form feed before a statement, `class A(metaclass=M, *bases)`, syntax that is newer than it.
Where docstrings go depends on none of that. So libcst is given a text in which each statement and
each expression is one long name. Every offset in it is that of the original.
"""

from __future__ import annotations

import io
import itertools
import tokenize
from typing import TYPE_CHECKING

from docbot.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from tokenize import TokenInfo

    from docbot.scan.source import Text

_BETWEEN = frozenset((tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT))
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_BARE = frozenset(("else", "try", "finally"))
_KEPT = _BARE | {"def", "except"}
"""Headers of which a word is kept where it is."""
_TESTING = frozenset(("if", "elif", "while", "for", "with"))


def skeleton(text: Text) -> str:
    """Return a text of the same length in UTF-8, with the same definitions in the same blocks.

    Comments between statements, names of definitions and ends of lines stay where they are. An
    `elif` becomes an `if`, so that a long chain of them does not nest.

    Raises:
        SourceError: Python's tokenizer cannot read the text.

    """
    return _Writer(text).write().decode()


class _Writer:
    """A file's bytes, of which one logical line after another is written over."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._lines = text.code.split("\n")
        self._bytes = bytearray(text.utf8)
        self._end = 0  # of the last logical line
        self._in_match = [False]  # for each open block, whether its statements are cases

    def write(self) -> bytearray:
        """Write over every logical line, and return the bytes."""
        line: list[TokenInfo] = []
        for token in _tokens(self._text.code):
            if token.type == tokenize.DEDENT:
                self._in_match.pop()
            elif token.type == tokenize.NEWLINE:
                if line:
                    self._rewrite(line)
                line = []
            elif token.type not in _BETWEEN:
                line.append(token)
        return self._bytes

    def _rewrite(self, line: Sequence[TokenInfo]) -> None:
        start, end = self._offset(line[0].start), self._offset(line[-1].end)
        kind = self._kind(line)
        start = self._shape_indent(start, keeps_word=kind in _KEPT)
        if not kind:
            self._name(start, end)
        elif kind == "@":
            self._name(start, end)
            self._bytes[start : start + 1] = b"@"
        else:
            at = _colon(line)
            self._header(kind, line[: at + 1], start)
            if line[at + 1 :]:
                self._name(self._offset(line[at + 1].start), end)
            else:
                self._in_match.append(kind == "match")
        self._end = end

    def _kind(self, line: Sequence[TokenInfo]) -> str:
        """Return what opens a block here: "def", "match", "test", or a keyword; "" for nothing."""
        word = line[0].string
        if word == "async":
            word = line[1].string
        if word in ("def", "class"):
            return "def"
        if word in _TESTING or (word == "case" and self._in_match[-1]):
            return "test"
        if word == "match" and line[-1].string == ":":
            return "match"
        return word if word in _BARE or word in ("except", "@") else ""

    def _header(self, kind: str, line: Sequence[TokenInfo], start: int) -> None:
        """Write over a header that begins at `start` and ends with a colon."""
        colon = self._offset(line[-1].start)
        if kind == "def":
            self._definition(line, colon)
        elif kind in _BARE or (kind == "except" and len(line) == len(("except", ":"))):
            self._blank(start + len(kind), colon)
        else:
            word = b"except" if kind == "except" else b"if"
            self._name(start, colon)
            self._bytes[start : start + len(word) + 1] = word + b" "

    def _definition(self, line: Sequence[TokenInfo], colon: int) -> None:
        """Keep the keywords and the name of a `def` or a class."""
        words = line[: 3 if line[0].string == "async" else 2]
        for before, after in itertools.pairwise(words):
            self._blank(self._offset(before.end), self._offset(after.start))
        end = self._offset(words[-1].end)
        self._blank(end, colon)
        if colon - end > 1:
            self._bytes[end], self._bytes[colon - 1] = b"()"

    def _shape_indent(self, start: int, *, keeps_word: bool) -> int:
        """Take form feeds and backslashes out of an indent; return where its statement begins.

        Python measures an indent after its last form feed and before its first backslash. Line
        feeds in their place leave it as wide as it was.
        """
        prefix = self._prefix(start)
        if b"\f" not in prefix and b"\\" not in prefix:
            return start
        above = start - len(prefix)
        indent = prefix.partition(b"\\")[0].rpartition(b"\f")[2]
        if b"\\" in prefix and not keeps_word:
            start = above + prefix.index(b"\\")
        self._bytes[above:start] = indent.rjust(start - above, b"\n")
        return start

    def _prefix(self, start: int) -> bytes:
        """Return what stands before a statement on its line, and above where backslashes join."""
        utf8 = self._text.utf8
        first = self._text.line_start(start)
        while utf8.endswith((b"\\\n", b"\\\r\n"), self._end, first):
            above = self._text.line_start(first - 1)
            if above < self._end or utf8[above:first].lstrip().startswith(b"#"):
                break
            first = above
        return utf8[first:start]

    def _name(self, start: int, end: int) -> None:
        self._bytes[start:end] = b"_" * (end - start)

    def _blank(self, start: int, end: int) -> None:
        self._bytes[start:end] = b" " * (end - start)

    def _offset(self, place: tuple[int, int]) -> int:
        """Return the UTF-8 offset of a row and a column."""
        row, column = place
        line = self._lines[row - 1]
        width = column if line.isascii() else len(line[:column].encode())
        return self._text.start_of_line(row) + width


def _tokens(code: str) -> Iterator[TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(code).readline)
    except Exception as error:
        raise SourceError(f"tokenize cannot read it: {error}") from error


def _colon(line: Sequence[TokenInfo]) -> int:
    """Return the index of the colon that ends a header; those in brackets and lambdas do not."""
    depth = lambdas = 0
    for at, token in enumerate(line):
        if token.type not in (tokenize.OP, tokenize.NAME):
            continue  # the text of an f-string may be a bracket
        if token.string in _OPENING:
            depth += 1
        elif token.string in _CLOSING:
            depth -= 1
        elif token.string == "lambda":
            lambdas += depth == 0
        elif token.string == ":" and not depth:
            if not lambdas:
                return at
            lambdas -= 1
    raise SourceError("a header without a colon")
