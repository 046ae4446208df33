"""Find where docstrings go, with libcst.

`facts` says what a file defines; this supplies places and nothing else, for the files that are
about to be written. libcst keeps every byte of a file, so it knows where a header ends and which
comments stand above the first statement.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, nullcontext
from itertools import accumulate
from typing import TYPE_CHECKING

import libcst as cst
from libcst._nodes.internal import CodegenState

from docbot.errors import SourceError
from docbot.scan.definition import Anchor
from docbot.scan.parse import MODULE_DOC

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from docbot.scan.source import Text

TYPE_COMMENT = re.compile(rb"^[ \t]*#[ \t]*type:[ \t]*\(.*\n", re.MULTILINE)


def anchors(text: Text) -> Mapping[tuple[str, int], Anchor]:
    """Return where a docstring goes, by the definition's qualified name and the line of its name.

    Definitions that have a docstring are among them; those whose body has no line of its own are
    not. The file is one that `facts` has read: it does not nest too deep for libcst's parser.

    Raises:
        SourceError: libcst cannot parse the text, or would not give the same text back.

    """
    try:
        tree = cst.parse_module(text.code)
        code, places = _print(tree)
        if code != text.code:
            raise SourceError("libcst does not give the same text back")
        return dict(_Finder(text, places).find(tree))
    except (cst.ParserSyntaxError, UnicodeError) as error:
        raise SourceError(f"libcst cannot parse it: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise SourceError("it nests too deep for libcst") from error


def _print(tree: cst.Module) -> tuple[str, Mapping[int, tuple[int, int]]]:
    """The tree's text, and the UTF-8 offsets of the nodes that places are read from, by their id.

    `ByteSpanPositionProvider` notes every node, comma and blank, in three times the time.
    """
    state = _Printer(tree)
    tree._codegen(state)  # noqa: SLF001 - what `Module.code` itself calls
    lengths = (len(t) if t.isascii() else len(t.encode()) for t in (*state.tokens, state.dropped))
    ends = [0, *accumulate(lengths)]
    places = {node: (ends[first], ends[last]) for node, (first, last) in state.noted.items()}
    return "".join(state.tokens), places


class _Printer(CodegenState):
    """Prints a tree and notes, in tokens, where some of its nodes begin and end.

    Noted are definitions, what a header is made of, the first statement of a body, and whatever
    libcst itself says that the place of one of these begins or ends with.
    """

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
        self.noted: dict[int, tuple[int, int]] = {}
        self.dropped = ""
        self._wanted: set[int] = set()
        self._begun: dict[int, int] = {}

    def before_codegen(self, node: cst.CSTNode) -> None:
        if type(node) in _PLACED:
            self._wanted.update(map(id, _places(node)))
        if id(node) in self._wanted:
            self._begun[id(node)] = len(self.tokens)

    def after_codegen(self, node: cst.CSTNode) -> None:
        begun = self._begun.pop(id(node), None)
        if begun is not None:
            self.noted.setdefault(id(node), (begun, len(self.tokens)))

    def record_syntactic_position(  # type: ignore[override] # any context manager will do
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> AbstractContextManager[None]:
        """Note a node without the blanks and comments around it."""
        if id(node) not in self._wanted:
            return _NOTHING
        self._wanted.update(id(each) for each in (start_node, end_node) if each is not None)
        return self._recording(node, start_node, end_node)

    @contextmanager
    def _recording(
        self, node: cst.CSTNode, first: cst.CSTNode | None, last: cst.CSTNode | None
    ) -> Iterator[None]:
        start = len(self.tokens)
        yield
        self.noted[id(node)] = (
            self.noted[id(first)][0] if first is not None else start,
            self.noted[id(last)][1] if last is not None else len(self.tokens),
        )

    def pop_trailing_newline(self) -> None:
        """Keep what libcst takes back at the end of a file: places may have counted it."""
        self.dropped = self.tokens[-1] if self.tokens else ""
        super().pop_trailing_newline()


_NOTHING: AbstractContextManager[None] = nullcontext()
_PLACED = frozenset((cst.Module, cst.FunctionDef, cst.ClassDef))


def _places(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes from which the places of a module or definition are read."""
    if isinstance(node, cst.Module):
        yield from node.header
        yield from _statements(node.body)[:1]
    elif isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        yield from (node, node.name, node.body, *node.decorators[:1])
        if isinstance(node.body, cst.IndentedBlock):
            yield node.body.header
        yield from _statements(node.body.body)[:1]


_Defined = cst.FunctionDef | cst.ClassDef


class _Finder:
    """Finds the places of one file's definitions among its statements."""

    def __init__(self, text: Text, places: Mapping[int, tuple[int, int]]) -> None:
        self.text = text
        self.places = places

    def find(self, tree: cst.Module) -> Iterator[tuple[tuple[str, int], Anchor]]:
        """Yield every place with its definition's name and line."""
        anchor = self.module_anchor(tree, _statements(tree.body))
        if anchor is not None:
            yield (MODULE_DOC, 1), anchor
        yield from self.walk(tree.body, "")

    def walk(
        self, body: Sequence[cst.CSTNode], prefix: str
    ) -> Iterator[tuple[tuple[str, int], Anchor]]:
        for node in body:
            if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
                name = prefix + node.name.value
                anchor = self.anchor(node)
                if anchor is not None:
                    line = self.text.line_at(self.places[id(node.name)][0])
                    yield (name, line), anchor
                inner = "." if isinstance(node, cst.ClassDef) else ".<locals>."
                yield from self.walk(node.body.body, name + inner)
            else:
                for block in _blocks(node):
                    yield from self.walk(block, prefix)

    def extent(self, node: cst.CSTNode) -> tuple[int, int]:
        """UTF-8 offsets of the node's first byte, decorators included, and past its last one."""
        first: cst.CSTNode = node
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)) and node.decorators:
            first = node.decorators[0]
        return self.places[id(first)][0], self.places[id(node)][1]

    def module_anchor(self, tree: cst.Module, statements: Sequence[cst.CSTNode]) -> Anchor | None:
        """Below the shebang, the coding cookie and the licence, above what speaks of the code."""
        utf8 = self.text.utf8
        start = max((self.places[id(line)][1] for line in tree.header), default=0)
        if start and utf8[start - 1 : start] != b"\n":
            return None
        first = statements[0] if statements else None
        opens = isinstance(first, (cst.FunctionDef, cst.ClassDef))
        if isinstance(first, (cst.FunctionDef, cst.ClassDef)) and first.decorators:
            return None  # black wants one blank line there, ruff two
        own = _LAST_COMMENTS.search(utf8, 0, start) if opens else None
        if own is not None and not _OF_THE_FILE.search(own.group()):
            start = own.start()
        line = utf8[:start].rpartition(b"\n")[0] if start else utf8.partition(b"\n")[0]
        newline = "\r\n" if line.endswith(b"\r") else "\n"
        followed = utf8[start:].partition(b"\n")[0].strip(b" \t\r\f") != b""
        at = self.text.offset(start)
        return Anchor(
            start=at, end=at, indent="", newline=newline, blank_after=followed * (1 + opens)
        )

    def anchor(self, node: _Defined) -> Anchor | None:
        """Return where a definition's docstring goes; None for a body without a line of its own."""
        block, statements = node.body, _statements(node.body.body)
        is_class = isinstance(node, cst.ClassDef)
        if not isinstance(block, cst.IndentedBlock) or not statements:
            return None
        utf8 = self.text.utf8
        start = self.places[id(block.header)][1]
        first, _ = self.extent(statements[0])
        indent = utf8[self.text.line_start(first) : first].decode()
        if utf8[start - 1 : start] != b"\n" or not indent or indent.strip(" \t"):
            return None
        # A signature's type comment must come first, before the docstring (PEP 484).
        for comment in TYPE_COMMENT.finditer(utf8, start, self.text.line_start(first)):
            start = comment.end()
        opens = isinstance(statements[0], (cst.FunctionDef, cst.ClassDef))
        blanks = self.text.blanks_end(start)
        end = start if opens and not is_class else blanks
        return Anchor(
            start=self.text.offset(start),
            end=self.text.offset(end),
            indent=indent,
            newline="\r\n" if utf8[start - 2 : start] == b"\r\n" else "\n",
            blank_after=is_class or (opens and blanks == start),
        )


_LAST_COMMENTS = re.compile(rb"(?:^[ \t]*#[^\n]*\n)+\Z", re.MULTILINE)
_OF_THE_FILE = re.compile(
    rb"(?i)\A#!|coding[:=]|-\*-|copyright|\(c\)|licen[cs]e|spdx|author|\bvim?:"
    rb"|#\s*(?:type|mypy|pyright|ruff|flake8|pylint|isort|fmt|yapf|noqa|pragma|nosec|docbot)\b"
)
"""What a comment says that stands for the file, not for the definition right below it."""


def _blocks(node: cst.CSTNode) -> Iterator[Sequence[cst.CSTNode]]:
    """Yield the bodies of a compound statement."""
    body = getattr(node, "body", None)
    if isinstance(body, cst.BaseSuite):
        yield body.body
    for handler in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield handler.body.body
    for name in ("orelse", "finalbody"):
        after = getattr(node, name, None)
        if isinstance(after, cst.If):
            yield [after]  # an `elif`
        elif after is not None:
            yield after.body.body


def _statements(body: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
    """A body's statements, those joined by `;` told apart."""
    flat: list[cst.CSTNode] = []
    for statement in body:
        flat += statement.body if isinstance(statement, cst.SimpleStatementLine) else [statement]
    return flat
