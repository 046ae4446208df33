"""Read the comments by which an author says that a definition is to have no docstring.

docbot's own is `# docbot: skip`. The others are addressed to linters: `# noqa: D103`, ruff's
`ignore[...]`, `disable[...]` and `file-ignore[...]`, pylint's `disable=` and `disable-next=`, and
docstr-coverage's `inherited` and `excused`. All are translated into pydocstyle's codes D100 to D107
and the range of lines in which they hold. Only comments count, never the text of a string.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from docbot.scan.definition import Kind
from docbot.scan.parse import is_dunder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ALL_CODES = frozenset(f"D{number}" for number in range(100, 108))
"""pydocstyle's codes for a missing docstring."""

_MODULE, _CLASS = frozenset({"D100", "D104"}), frozenset({"D101", "D106"})
_FUNCTION = frozenset({"D102", "D103", "D105", "D107"})
DOCBOT = "docbot:"
"""What docbot's own comment has."""

_NAMES = {
    "undocumented-public-module": {"D100"},
    "undocumented-public-class": {"D101"},
    "undocumented-public-method": {"D102"},
    "undocumented-public-function": {"D103"},
    "undocumented-public-package": {"D104"},
    "undocumented-magic-method": {"D105"},
    "undocumented-public-nested-class": {"D106"},
    "undocumented-public-init": {"D107"},
    "missing-module-docstring": _MODULE,
    "missing-class-docstring": _CLASS,
    "missing-function-docstring": _FUNCTION,
    "missing-docstring": ALL_CODES,
    "C0114": _MODULE,
    "C0115": _CLASS,
    "C0116": _FUNCTION,
    "C0111": ALL_CODES,
}
"""What ruff and pylint call these."""

_END = 1 << 40


def codes_of(kind: Kind, name: str, qualname: str) -> frozenset[str]:
    """Return the codes that linters have for a definition of this kind without a docstring."""
    if kind is Kind.MODULE:
        return _MODULE
    if kind is Kind.CLASS:
        return frozenset({"D106", "D101"} if "." in qualname else {"D101"})
    if kind is Kind.FUNCTION:
        return frozenset({"D103"})
    if name == "__init__":
        return frozenset({"D107"})
    return frozenset({"D105", "D102"} if is_dunder(name) else {"D102"})


def selected_codes(names: Iterable[str]) -> frozenset[str]:
    """Return the codes of missing docstrings that names, codes or their beginnings select."""
    codes: set[str] = set()
    for name in names:
        codes |= _NAMES.get(name, set())
        codes |= {code for code in ALL_CODES if name and code.startswith(name.upper())}
        codes |= ALL_CODES if name == "ALL" else set()
    return frozenset(codes)


class OptOut(NamedTuple):
    """A comment, the codes it switches off, and the first and last line where it does.

    A definition is on the line of its name, a module on line 0.
    """

    comment: str
    codes: frozenset[str]
    first: int
    last: int


def opt_outs_of(utf8: bytes) -> tuple[OptOut, ...]:
    """Read the opt-outs of a file; a file without one costs a few searches of its bytes."""
    if not any(word in utf8 for word in _WORDS):
        return ()
    if not any(_may_count(utf8, match.start()) for match in _WORD.finditer(utf8)):
        return ()
    return tuple(_Reader(utf8).read())


def has_comment(source: bytes, pattern: re.Pattern[str]) -> bool:
    """Check whether a comment on a line of its own matches the pattern."""
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if (
                token.type == tokenize.COMMENT
                and pattern.match(token.string)
                and not token.line[: token.start[1]].strip()
            ):
                return True
    except (tokenize.TokenError, SyntaxError, UnicodeError):
        pass
    return False


_WORDS = (b"noqa", b"NOQA", b"NoQA", b"ruff:", b"pylint:", b"docstr-coverage", b"docbot:")
_WORD = re.compile(rb"|".join(_WORDS))
_DEFINES = re.compile(rb"\s*(?:async\s+)?(?:def|class)\b")
_CODES = r"(?:\s*:\s*(?P<codes>(?:(?:[A-Z]+[0-9]+|D)\b[,\s]*)+))?(?P<unclear>\s*:)?"
_NOQA = re.compile(rf"(?i)#\s*noqa\b(?!-){_CODES}")
_FILE_NOQA = re.compile(rf"(?i)#\s*(?:ruff|flake8)\s*[:=]\s*noqa\b(?!-){_CODES}")
_RUFF = re.compile(
    r"#\s*ruff:\s*(?P<action>file-ignore|ignore|disable|enable)\s*\[(?P<codes>[^\]]*)\]"
)
_PYLINT = re.compile(
    r"#.*?\bpylint:\s*(?P<action>disable-next|disable|enable)\s*=(?P<codes>[\w\s,-]+)"
)
_OTHER = re.compile(
    r"#\s*(?:(?P<docbot>docbot):\s*skip\b(?!-)|(?P<pydocstyle>pydocstyle):\s*noqa\b"
    r"|docstr-coverage\s*:\s*(?:inherit(?:ed)?|excused?)\b)"
)
_ACTIONS = {"ignore": "next", "disable-next": "next", "file-ignore": "file"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Directive:
    """What one comment says, before its place is known.

    Attributes:
        action: Where it holds: `name` on the line of a name, `line` on its statement, `above` also
            on the one below, `next` on the one below, `file`, and `disable` until `enable`.
        comment: Its text.
        codes: What it switches off.
        tool: Whom it is addressed to, where that counts.

    """

    action: str
    comment: str
    codes: frozenset[str] = ALL_CODES
    tool: str = ""


def _directives(comment: str) -> Iterator[_Directive]:
    """Yield what a comment says of docstrings; several tools may be addressed in one."""
    if match := _OTHER.search(comment):
        yield _Directive(action="above", comment=match[0], tool=match.lastgroup or "")
    if match := _FILE_NOQA.match(comment) or _NOQA.search(comment):
        is_file = match.re is _FILE_NOQA
        names, said = match["codes"], match[0].rstrip(" ,")
        if names is not None:
            codes = selected_codes(_split(names))
            yield _Directive(action="file" if is_file else "line", comment=said, codes=codes)
        elif match["unclear"] is None:
            yield _Directive(action="file" if is_file else "name", comment=said)
    for pattern, tool in ((_RUFF, "ruff"), (_PYLINT, "pylint")):
        for match in pattern.finditer(comment):
            action = _ACTIONS.get(match["action"], match["action"])
            said, codes = match[0].strip(" ,"), selected_codes(_split(match["codes"]))
            yield _Directive(action=action, comment=said, codes=codes, tool=tool)


def _split(names: str) -> list[str]:
    return re.findall(r"[\w-]+", names)


def _may_count(utf8: bytes, at: int) -> bool:
    """Check whether the line at an offset could hold a directive about docstrings."""
    start, end = utf8.rfind(b"\n", 0, at) + 1, utf8.find(b"\n", at)
    line = utf8[start:end] if end >= 0 else utf8[start:]
    text = line.decode()
    return any(
        each.codes and (each.action != "name" or _DEFINES.match(line))
        for match in re.finditer("#", text)  # the first may stand in a string
        for each in _directives(text[match.start() :])
    )


class _Line(NamedTuple):
    """A logical line: where it begins and ends, and its first word."""

    first: int
    column: int
    last: int
    word: str


class _Reader:
    """A reader of one file's comments and logical lines."""

    def __init__(self, utf8: bytes) -> None:
        self.lines: list[_Line] = []
        self.comments: list[tuple[int, int, bool, str]] = []
        """Line, column, whether it is alone on its line, and text."""
        start: tokenize.TokenInfo | None = None
        try:
            for token in tokenize.generate_tokens(io.StringIO(utf8.decode()).readline):
                if token.type == tokenize.COMMENT:
                    alone = not token.line[: token.start[1]].strip()
                    if start is not None and token.start[0] > start.start[0]:
                        alone = False  # inside of brackets
                    self.comments.append((*token.start, alone, token.string))
                elif token.type == tokenize.NEWLINE and start is not None:
                    line = _Line(*start.start, token.start[0], start.string)
                    self.lines.append(line)
                    start = None
                elif start is None and token.type not in _LAYOUT:
                    start = token
        except (tokenize.TokenError, SyntaxError):
            pass

    def read(self) -> list[OptOut]:
        """Return the opt-outs in the order of their comments."""
        found: list[tuple[OptOut, _Directive]] = []
        for line, column, alone, text in self.comments:
            for directive in _directives(text):
                if not directive.codes:
                    continue
                if directive.action == "enable":
                    found = [new for each in found for new in _until(each, directive, line)]
                    continue
                for first, last in self.ranges(directive, line, column, alone=alone):
                    out = OptOut(directive.comment, directive.codes, first, last)
                    found.append((out, directive))
        return [out for out, _ in found]

    def ranges(
        self, directive: _Directive, line: int, column: int, *, alone: bool
    ) -> Iterator[tuple[int, int]]:
        """Yield the lines of the names for which a directive holds, first and last."""
        opens = not self.lines or line < self.lines[0].first
        if directive.action == "name":
            yield line, line
        elif not alone:
            if directive.action != "file":
                yield from self.here(directive, line)
        elif directive.action == "file" or (opens and directive.tool == "pydocstyle"):
            yield 0, _END
        elif directive.action == "disable":
            yield self.opening(line, column, directive), self.block_end(line, column)
        elif directive.action in ("next", "above"):
            yield from self.below(line, adjacent=directive.comment.find("docstr-") < 0)
        elif opens:
            yield 0, 0

    def here(self, directive: _Directive, line: int) -> Iterator[tuple[int, int]]:
        """Yield the range of a comment that belongs to the statement on its line."""
        if self.lines and line <= self.lines[0].last and directive.codes != ALL_CODES:
            yield 0, 0  # where linters report that the module lacks a docstring
        for at, each in enumerate(self.lines):
            if each.first <= line <= each.last:
                last = self.lines[self.past_decorators(at)].last
                if directive.tool == "pylint" and each.word in _HEADERS:
                    last = self.block_end(each.first, each.column + 1)
                yield each.first, last

    def below(self, line: int, *, adjacent: bool) -> Iterator[tuple[int, int]]:
        """Yield the range of the statement below a line, decorators included."""
        for at, each in enumerate(self.lines):
            if each.first > line:
                if each.first == line + 1 or not adjacent:
                    yield each.first, self.lines[self.past_decorators(at)].last
                return

    def past_decorators(self, at: int) -> int:
        """Return the index of the logical line that the decorators from here on belong to."""
        while self.lines[at].word == "@" and at + 1 < len(self.lines):
            at += 1
        return at

    def block_end(self, line: int, column: int) -> int:
        """Return the last line of the block that has a line at this column."""
        ends = (each.first - 1 for each in self.lines if each.first > line and each.column < column)
        return next(ends, _END)

    def opening(self, line: int, column: int, directive: _Directive) -> int:
        """Return where a block-wide comment begins to hold: pylint's first one, at the header."""
        if directive.tool != "pylint":
            return line
        before = [each for each in self.lines if each.first < line]
        while before and before[-1].word[-1:] in ("'", '"'):
            before.pop()  # a docstring
        if not before:
            return 0
        header = before[-1]
        return header.first if header.word in _HEADERS and header.column < column else line


_HEADERS = ("def", "class", "async")
_LAYOUT = (
    tokenize.NL,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
)


def _until(
    each: tuple[OptOut, _Directive], enabled: _Directive, line: int
) -> Iterator[tuple[OptOut, _Directive]]:
    """Yield an opt-out as it is once a tool is told to look for some codes again."""
    out, directive = each
    is_over = directive.tool == enabled.tool and directive.action == "disable" and line <= out.last
    off = out.codes & enabled.codes if is_over else frozenset()
    if off:
        yield out._replace(codes=off, last=line), directive
    if out.codes - off:
        yield out._replace(codes=out.codes - off), directive


def comments_on(opt_outs: Iterable[OptOut], codes: frozenset[str], line: int) -> list[str]:
    """Return the comments that switch these codes off on the line of a name."""
    return [
        each.comment for each in opt_outs if each.first <= line <= each.last and each.codes & codes
    ]
