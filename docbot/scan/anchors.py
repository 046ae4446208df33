"""Find where docstrings go, with libcst.

`facts` reads what a file defines; this module adds the places, for files that are about to be
written. libcst keeps every byte, so it knows where a header ends and which comments come before the
first statement; it is given the file's `skeleton`, which holds nothing that it stumbles over.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager, nullcontext
from itertools import accumulate
from typing import TYPE_CHECKING

import libcst as cst
from libcst._nodes.internal import CodegenState

from docbot.errors import SourceError
from docbot.scan.definition import Anchor
from docbot.scan.parse import MODULE_DOC
from docbot.scan.skeleton import skeleton

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from docbot.scan.source import Text

_TYPE_COMMENT = re.compile(rb"^[ \t]*#[ \t]*type:[ \t]*\(.*\n", re.MULTILINE)


def anchors(text: Text) -> Mapping[tuple[str, int], Anchor]:
    """Return the place for each definition's docstring.

    Args:
        text: A file that `facts` has read before: Python can parse it.

    Returns:
        The places by the definition's qualified name and the line of its name (1-based).
        Definitions that have a docstring are included; those whose body has no line of its own are
        not.

    Raises:
        SourceError: libcst cannot parse the text, or would not give the same text back.

    """
    tree, spans = _parse(skeleton(text))
    return dict(_Finder(text, spans).find(tree))


def _parse(code: str) -> tuple[cst.Module, Mapping[int, tuple[int, int]]]:
    """Return the tree and the UTF-8 spans of the nodes that anchors are read from.

    Raises:
        SourceError: libcst cannot parse the code, or would not give it back.

    """
    try:
        tree = cst.parse_module(code)
        printed, spans = _print_with_spans(tree)
    except cst.ParserSyntaxError as error:
        raise SourceError(f"libcst cannot parse it: {str(error).splitlines()[0]}") from error
    except BaseException as error:
        # A panic of its native parser is no Exception, an error of its own no ParserSyntaxError.
        if not isinstance(error, Exception) and type(error).__module__ != "pyo3_runtime":
            raise
        raise SourceError(f"libcst fails on it ({type(error).__name__})") from error
    if printed != code:
        raise SourceError("libcst does not give the same text back")
    return tree, spans


def _print_with_spans(tree: cst.Module) -> tuple[str, Mapping[int, tuple[int, int]]]:
    """Return the tree's text and the UTF-8 spans of the nodes that anchors are read from.

    Spans are (start, end) by the node's `id`. `ByteSpanPositionProvider` records every node, comma
    and blank, and takes three times as long.
    """
    state = _Printer(tree)
    tree._codegen(state)  # noqa: SLF001 - what `Module.code` itself calls
    lengths = (len(t) if t.isascii() else len(t.encode()) for t in (*state.tokens, state.dropped))
    ends = [0, *accumulate(lengths)]
    spans = {node: (ends[first], ends[last]) for node, (first, last) in state.spans.items()}
    return "".join(state.tokens), spans


class _Printer(CodegenState):
    """A code printer that records where some nodes begin and end, counted in tokens.

    It records definitions, the parts of their headers, the first statement of each body, and the
    nodes that libcst names as the start or end of one of these.
    """

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
        self.spans: dict[int, tuple[int, int]] = {}
        """First token and the token past the last, by the node's `id`."""
        self.dropped = ""
        self._recorded: set[int] = set()
        self._starts: dict[int, int] = {}

    def before_codegen(self, node: cst.CSTNode) -> None:
        if type(node) in _DEFINING:
            self._recorded.update(map(id, _anchor_nodes(node)))
        if id(node) in self._recorded:
            self._starts[id(node)] = len(self.tokens)

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self._starts.pop(id(node), None)
        if start is not None:
            self.spans.setdefault(id(node), (start, len(self.tokens)))

    def record_syntactic_position(  # type: ignore[override] # any context manager will do
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> AbstractContextManager[None]:
        """Record a node without the blanks and comments around it."""
        if id(node) not in self._recorded:
            return _NOTHING
        self._recorded.update(id(each) for each in (start_node, end_node) if each is not None)
        return self._recording(node, start_node, end_node)

    @contextmanager
    def _recording(
        self, node: cst.CSTNode, first: cst.CSTNode | None, last: cst.CSTNode | None
    ) -> Iterator[None]:
        start = len(self.tokens)
        yield
        self.spans[id(node)] = (
            self.spans[id(first)][0] if first is not None else start,
            self.spans[id(last)][1] if last is not None else len(self.tokens),
        )

    def pop_trailing_newline(self) -> None:
        """Keep the newline that libcst drops at the end of a file: spans may have counted it."""
        self.dropped = self.tokens[-1] if self.tokens else ""
        super().pop_trailing_newline()


_NOTHING: AbstractContextManager[None] = nullcontext()
_DEFINING = frozenset((cst.Module, cst.FunctionDef, cst.ClassDef))


def _anchor_nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the nodes whose spans decide the anchor of a module or definition."""
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
    """A search for the anchors of one file's definitions among its statements."""

    def __init__(self, text: Text, spans: Mapping[int, tuple[int, int]]) -> None:
        self.text = text
        self.spans = spans

    def find(self, tree: cst.Module) -> Iterator[tuple[tuple[str, int], Anchor]]:
        """Yield every anchor after its definition's qualified name and line."""
        anchor = self.module_anchor(tree, _statements(tree.body))
        if anchor is not None:
            yield (MODULE_DOC, 1), anchor
        yield from self.walk(tree.body, "")

    def walk(
        self, body: Sequence[cst.CSTNode], prefix: str
    ) -> Iterator[tuple[tuple[str, int], Anchor]]:
        """Yield the anchors of a block's definitions; `prefix` is what their names begin with."""
        for node in body:
            if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
                # As ast has it: Python compares names in this form (PEP 3131).
                name = prefix + unicodedata.normalize("NFKC", node.name.value)
                anchor = self.anchor(node)
                if anchor is not None:
                    line = self.text.line_at(self.spans[id(node.name)][0])
                    yield (name, line), anchor
                inner = "." if isinstance(node, cst.ClassDef) else ".<locals>."
                yield from self.walk(node.body.body, name + inner)
            else:
                for block in _blocks(node):
                    yield from self.walk(block, prefix)

    def extent(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the UTF-8 offsets of a node, decorators included: first byte, past the last."""
        first: cst.CSTNode = node
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)) and node.decorators:
            first = node.decorators[0]
        return self.spans[id(first)][0], self.spans[id(node)][1]

    def module_anchor(self, tree: cst.Module, statements: Sequence[cst.CSTNode]) -> Anchor | None:
        """Return where a module's docstring goes; None where formatters would disagree.

        That is below the shebang, the coding cookie and the licence, and above comments on the
        code.
        """
        utf8 = self.text.utf8
        start = max((self.spans[id(line)][1] for line in tree.header), default=0)
        if start and utf8[start - 1 : start] != b"\n":
            return None
        first = statements[0] if statements else None
        opens_with_definition = isinstance(first, (cst.FunctionDef, cst.ClassDef))
        if isinstance(first, (cst.FunctionDef, cst.ClassDef)) and first.decorators:
            return None  # black wants one blank line there, ruff two
        if first is not None:
            statement = utf8[self.spans[id(first)][0] :]  # the skeleton has no imports
            start -= _comments_on(
                utf8[:start],
                is_definition=opens_with_definition,
                is_import=statement.startswith((b"import ", b"from ")),
            )
        line = utf8[:start].rpartition(b"\n")[0] if start else utf8.partition(b"\n")[0]
        newline = "\r\n" if line.endswith(b"\r") else "\n"
        blank_after = 0
        if utf8[start:].partition(b"\n")[0].strip(b" \t\r\f"):
            blank_after = 2 if opens_with_definition else 1
        at = self.text.offset(start)
        return Anchor(
            start=at,
            end=at,
            indent="",
            newline=newline,
            blank_after=blank_after,
            opens_module=opens_with_definition,
        )

    def anchor(self, node: _Defined) -> Anchor | None:
        """Return where a definition's docstring goes; None for a body without a line of its own."""
        block, statements = node.body, _statements(node.body.body)
        is_class = isinstance(node, cst.ClassDef)
        if not isinstance(block, cst.IndentedBlock) or not statements:
            return None
        utf8 = self.text.utf8
        start = self.spans[id(block.header)][1]
        first, _ = self.extent(statements[0])
        indent = utf8[self.text.line_start(first) : first].decode()
        if utf8[start - 1 : start] != b"\n" or not indent or indent.strip(" \t"):
            return None
        # A signature's type comment must come first, before the docstring (PEP 484).
        for comment in _TYPE_COMMENT.finditer(utf8, start, self.text.line_start(first)):
            start = comment.end()
        opens_with_definition = isinstance(statements[0], (cst.FunctionDef, cst.ClassDef))
        blanks_end = self.text.blanks_end(start)
        end = start if opens_with_definition and not is_class else blanks_end
        return Anchor(
            start=self.text.offset(start),
            end=self.text.offset(end),
            indent=indent,
            newline="\r\n" if utf8[start - 2 : start] == b"\r\n" else "\n",
            blank_after=int(is_class or (opens_with_definition and blanks_end == start)),
        )


_LAST_COMMENTS = re.compile(rb"(?:^[ \t]*#[^\n]*\n)+\Z", re.MULTILINE)
_ABOUT_THE_FILE = re.compile(
    rb"(?i)\A#!|coding[:=]|-\*-|copyright|\(c\)|licen[cs]e|spdx|author|\bvim?:"
    rb"|all rights reserved|\bpermission|redistribut|warrant|liab|contributor"
    rb"|#\s*(?:type|mypy|pyright|ruff|flake8|pylint|isort|fmt|yapf|noqa|pragma|nosec|docbot)\b"
)
"""What a comment has that is about the file, not about the statement right below it."""

_ENDS_THE_HEADER = re.compile(
    rb"(?i)[ \t]*#[ \t]*(?:%%|In\[|(?:type|mypy|pyright|ruff|flake8|pylint|noqa)\b)"
)
"""A line for tools, or one that begins a notebook's cell: what follows is another comment."""

_ABOUT_ANYTHING_BELOW = re.compile(
    rb"(?i)[ \t]*#(?::|[ \t]*(?:region\b|<editor-fold|\{\{\{))"
    rb"|[ \t]*#[ \t]*(?:fmt:[ \t]*off|isort:[ \t]*off|yapf:[ \t]*disable)"
)
"""Sphinx's comment on an attribute, a folded region's begin, or a formatter's switch."""

_ABOUT_IMPORTS = re.compile(
    rb"(?i)\bimports?\b|\b(?:standard|local|built-?ins?|(?:third|first)[ -]?party)\b|librar"
)


def _comments_on(header: bytes, *, is_definition: bool, is_import: bool) -> int:
    """Return how many bytes at a header's end are comments on the first statement below it.

    They begin below a blank line or a line for tools. Other comments at the top of a file are about
    the file, unless a definition follows, an import that they speak of, or their form says more.
    """
    block = _LAST_COMMENTS.search(header)
    lines = block.group().splitlines(keepends=True) if block else []
    ends = [number for number, line in enumerate(lines, 1) if _ENDS_THE_HEADER.match(line)]
    is_set_off = bool(ends) or bool(block and block.start())
    own = lines[max(ends, default=0) :]
    text = b"".join(own)
    form = next((n for n, line in enumerate(own) if _ABOUT_ANYTHING_BELOW.match(line)), None)
    if form is not None:  # a licence may stand right above it
        is_own = not _ABOUT_THE_FILE.search(b"".join(own[:form])) and (is_set_off or is_definition)
        return len(text if is_own else b"".join(own[form:]))
    if _ABOUT_THE_FILE.search(text):
        return 0
    is_heading = is_import and len(own) == 1 and _ABOUT_IMPORTS.search(text)
    return len(text) if is_set_off or is_heading or is_definition else 0


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
    """Return a body's statements, those joined by `;` one by one."""
    flat: list[cst.CSTNode] = []
    for statement in body:
        flat += statement.body if isinstance(statement, cst.SimpleStatementLine) else [statement]
    return flat
