"""Read the facts of a file's definitions from its syntax tree.

Every fact that docbot states about code is read here, from `ast`: check, fix, review and training
see the same `Definition`s. `ast` takes an eighth of the time of libcst and gives the same facts;
only placing a docstring needs libcst, and `anchors` uses it on the files that are written.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docbot.errors import SourceError, TooLargeError
from docbot.scan.basics import docstring_of
from docbot.scan.body import body_facts, called_name, shape_of
from docbot.scan.definition import Definition, Kind, Parameter, ParameterKind, Signature
from docbot.scan.markers import FileMarkers, markers_of
from docbot.scan.opt_outs import DOCBOT, codes_of, comments_on, opt_outs_of
from docbot.scan.outline import Entry, Outline, outline_of, reads_docstrings
from docbot.scan.parse import (
    MODULE_DOC,
    all_nodes,
    block_fields,
    gc_paused,
    parse,
    statements_of,
)
from docbot.scan.source import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from docbot.scan.source import Text

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Defined = _Function | ast.ClassDef

_NAME = re.compile(rb"(?:async(?:\s|\\\r?\n)+)?(?:def|class)((?:\s|\\\r?\n)+)")
_AFTER_DOCSTRING = re.compile(r"[; \t]*(?:\r?\n\s*\n|\r?\n)?[ \t]*")
_CONTINUED = re.compile(rb"\\\r?\n")
_STATIC = ("staticmethod", "abstractstaticmethod")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts:
    """The facts of one file that `check` needs, from its bytes alone.

    They depend on no configuration and no other file.

    Attributes:
        size: The file's size in bytes.
        markers: The marks in the file's comments.
        outline: The file's outline.
        definitions: The file's definitions, without details.
        problem: The reason why the file cannot be read, else ""; then only the size and the markers
            are known.
        too_large: Whether that reason is the file's size.

    """

    size: int
    markers: FileMarkers
    outline: Outline = field(default_factory=Outline)
    definitions: tuple[Definition, ...] = ()
    problem: str = ""
    too_large: bool = False

    @property
    def error(self) -> SourceError | None:
        """Return the error of a file that cannot be read, else None."""
        if not self.problem:
            return None
        return (TooLargeError if self.too_large else SourceError)(self.problem)


def file_facts(source: bytes, *, markers_only: bool = False) -> FileFacts:
    """Read one file for `check`; with `markers_only`, just its header comments."""
    return parse_facts(source, markers_only=markers_only)[0]


def parse_facts(
    source: bytes, *, markers_only: bool = False
) -> tuple[FileFacts, tuple[ast.Module, Text] | None]:
    """Read one file as `file_facts` does, and return what was parsed, too, if it could be."""
    facts = FileFacts(size=len(source), markers=markers_of(source))
    if markers_only:
        return facts, None
    try:
        with gc_paused():
            text = read(source)
            tree = parse(source)
            reads = reads_docstrings(source)
            nodes = all_nodes(tree) if reads else statements_of(tree, text)
            definitions = definitions_of(tree, text, details=False)
            outline = outline_of(tree, nodes, source, entries_of(definitions), reads=reads)
            return replace(facts, outline=outline, definitions=definitions), (tree, text)
    except SourceError as error:
        return replace(facts, problem=str(error), too_large=isinstance(error, TooLargeError)), None


def entries_of(definitions: Iterable[Definition]) -> tuple[Entry, ...]:
    """Return the entries of an outline, for definitions that have been read already."""
    return tuple(
        Entry(
            name=each.name,
            is_class=each.kind is Kind.CLASS,
            lines=each.lines,
            documented=each.docstring is not None,
        )
        for each in definitions
        if each.kind is not Kind.MODULE
    )


def read_definitions(text: Text) -> tuple[Definition, ...]:
    """Read every definition of a file, the module first, then in source order.

    Raises:
        SourceError: Python cannot parse the file, or it nests too deep.

    """
    with gc_paused():
        tree = parse(text.code)
        all_nodes(tree)
        return definitions_of(tree, text)


def definitions_of(tree: ast.Module, text: Text, *, details: bool = True) -> tuple[Definition, ...]:
    """Read the definitions of a parsed file that does not nest too deep.

    Without `details`, they have only what the skip rules need: no signature, code, calls, raises,
    yields or returns, no tree, and "" for every docstring.
    """
    reader = _Reader(text, details=details)
    return (reader.module(tree), *reader.read(tree))


def some_definitions(
    tree: ast.Module, text: Text, is_wanted: Callable[[ast.AST], bool]
) -> tuple[Definition, ...]:
    """Read those classes and functions of a file, with details, whose node is wanted."""
    return tuple(_Reader(text, details=True, is_wanted=is_wanted).read(tree))


class _Reader:
    """A reader that collects definitions from statements; expressions hold none."""

    def __init__(
        self,
        text: Text,
        *,
        details: bool,
        is_wanted: Callable[[ast.AST], bool] | None = None,
    ) -> None:
        self.is_wanted = is_wanted
        self.utf8 = text.utf8
        self.lines = text.lines
        self.line_start = text.start_of_line
        self.details = details
        self.opt_outs = opt_outs_of(text.utf8)
        self.continued = _CONTINUED.search(text.utf8) is not None  # else no line is
        self.definitions: list[Definition] = []

    def read(self, tree: ast.Module) -> list[Definition]:
        """Read the classes and functions of a file, in source order."""
        self.walk(tree.body, "", None, local=False)
        self.definitions.sort(key=lambda definition: definition.lines[0])
        return self.definitions

    def add(self, node: _Defined, prefix: str, owner: str | None, *, local: bool) -> None:
        if self.is_wanted is None or self.is_wanted(node):
            self.definitions.append(self.definition(node, prefix, owner, local=local))

    def walk(self, body: Iterable[ast.AST], prefix: str, owner: str | None, *, local: bool) -> None:
        """Add the definitions of a block; `owner` is the class around it, None outside of one."""
        for node in body:
            kind = type(node)
            blocks = block_fields(kind)  # type: ignore[arg-type] # ast's stubs hide it
            if not blocks:
                continue
            if isinstance(node, ast.ClassDef):
                self.walk(node.body, f"{prefix}{node.name}.", node.name, local=local)
                self.add(node, prefix, owner, local=local)
            elif isinstance(node, _Function):
                self.walk(node.body, f"{prefix}{node.name}.<locals>.", None, local=True)
                self.add(node, prefix, owner, local=local)
            else:
                for name in blocks:
                    self.walk(getattr(node, name), prefix, owner, local=local)

    def definition(
        self, node: _Defined, prefix: str, owner: str | None, *, local: bool
    ) -> Definition:
        """Read one class, function or method."""
        is_class = isinstance(node, ast.ClassDef)
        kind = Kind.CLASS if is_class else Kind.FUNCTION if owner is None else Kind.METHOD
        docstring = docstring_of(node)
        start = self.start(node)
        one_line, indent = (False, None) if docstring is not None else self.layout(node)
        return Definition(
            qualname=prefix + node.name,
            name=node.name,
            kind=kind,
            line=self.name_line(node),
            lines=(start[0], node.end_lineno or node.lineno),
            docstring=docstring if docstring is None or self.details else "",
            indent=indent,
            decorators=tuple(self.source(each) for each in node.decorator_list),
            bases=tuple(self.source(_unstarred(each)) for each in node.bases)
            if isinstance(node, ast.ClassDef)
            else (),
            owner=owner or "",
            local=local,
            shape=shape_of(node.body[docstring is not None :], node.name),
            one_line=one_line,
            **(self.opted_out(kind, node.name, prefix + node.name, node.lineno)),
            **(self.detail(node, kind, start) if self.details else {}),
        )

    def opted_out(self, kind: Kind, name: str, qualname: str, line: int) -> Mapping[str, Any]:
        """Read whether comments say that there is to be no docstring."""
        if not self.opt_outs:
            return {}
        opt_outs = comments_on(self.opt_outs, codes_of(kind, name, qualname), line)
        own = [each for each in opt_outs if DOCBOT in each]
        others = (each for each in opt_outs if DOCBOT not in each)
        return {"marked_skip": bool(own), "opt_out": next(others, "")}

    def detail(self, node: _Defined, kind: Kind, start: tuple[int, int]) -> Mapping[str, Any]:
        """Read the facts of a definition that the model and the gate need."""
        first = self.line_start(start[0]) + start[1]
        end = self.line_start(node.end_lineno or 0) + (node.end_col_offset or 0)
        while self.utf8[end - 1 : end] in (b";", b" ", b"\t"):  # a semicolon, which ast counts
            end -= 1
        own = body_facts(node.body)
        facts = {"code": self.code(first, end, node), "tree": node, **own}
        if isinstance(node, _Function):
            facts["signature"] = self.signature(node, kind)
            facts["is_async"] = isinstance(node, ast.AsyncFunctionDef)
        return facts

    def module(self, tree: ast.Module) -> Definition:
        """Read the module itself."""
        docstring = docstring_of(tree)
        size = len(self.utf8)
        detail: dict[str, Any] = {}
        if self.details:
            own = body_facts(tree.body)
            detail = {"code": self.code(0, size, tree), "tree": tree}
            detail |= {"calls": own["calls"], "raises": own["raises"]}
        return Definition(
            qualname=MODULE_DOC,
            name="",
            kind=Kind.MODULE,
            line=1,
            lines=(1, self.utf8.count(b"\n", 0, max(0, size - 1)) + 1),
            docstring=docstring if docstring is None or self.details else "",
            indent=self.module_indent(tree) if docstring is None else None,
            one_line=docstring is None and is_lone_expression(tree),
            **self.opted_out(Kind.MODULE, "", MODULE_DOC, 0),
            **detail,
        )

    def module_indent(self, tree: ast.Module) -> str | None:
        """Return "" where a module docstring can be put, None where it cannot."""
        if is_lone_expression(tree):
            return None  # gyp evaluates the dictionary in a file
        if not tree.body:
            return None if self.utf8 and not self.utf8.endswith(b"\n") else ""
        # Before a decorator black wants one blank line and ruff two.
        return None if getattr(tree.body[0], "decorator_list", ()) else ""

    # places

    def start(self, node: ast.AST) -> tuple[int, int]:
        """Return the line and the column, in bytes, of a statement or its first decorator."""
        decorators = getattr(node, "decorator_list", ())
        if not decorators:
            return node.lineno, node.col_offset  # type: ignore[attr-defined]
        number, end = decorators[0].lineno, decorators[0].col_offset
        while (at := self.lines[number - 1].rfind(b"@", 0, end)) < 0:
            number, end = number - 1, len(self.lines[number - 2])  # `@(`, and a line for the name
        return number, at

    def name_line(self, node: _Defined) -> int:
        """Return the line of the name: a backslash may put it below its `def`."""
        if not self.continued or not self.lines[node.lineno - 1].rstrip(b"\r").endswith(b"\\"):
            return node.lineno
        match = _NAME.match(self.utf8, self.line_start(node.lineno) + node.col_offset)
        return node.lineno + (match[0].count(b"\n") if match else 0)

    def layout(self, node: _Defined) -> tuple[bool, str | None]:
        """Check whether the body begins on the header's line, else read its indentation.

        The indent is None where no docstring can be put: formatters cannot keep a form feed.
        """
        number, column = self.start(node.body[0])
        before = self.lines[number - 1][:column]
        if before.strip():
            return True, None
        above = self.lines[number - 2].rstrip(b"\r") if self.continued else b""
        if above.endswith(b"\\") and not self.header_end(node):
            return True, None
        return False, None if before.strip(b" \t") or not before else before.decode()

    def header_end(self, node: _Defined) -> int:
        """Return the last line of a definition's header; 0 where the body begins on that line."""
        first = self.start(node.body[0])
        start = self.line_start(node.lineno) + node.col_offset
        header = self.utf8[start : self.line_start(first[0]) + first[1]].decode()
        try:
            for token in tokenize.generate_tokens(io.StringIO(header).readline):
                if token.type == tokenize.NEWLINE:
                    # Where the header is cut off, the tokenizer makes one up.
                    return node.lineno + token.start[0] - 1 if token.string else 0
        except (tokenize.TokenError, SyntaxError):
            pass
        return 0

    # source text

    def source(self, node: ast.expr) -> str:
        """Return an expression's source on one line, without its comments."""
        line = self.lines[node.lineno - 1]
        if node.lineno == node.end_lineno:
            return line[node.col_offset : node.end_col_offset].decode()
        try:
            return ast.unparse(node)
        except ValueError:  # a number of thousands of digits
            start = self.line_start(node.lineno) + node.col_offset
            end = self.line_start(node.end_lineno or 0) + (node.end_col_offset or 0)
            return " ".join(self.utf8[start:end].decode().split())

    def code(self, start: int, end: int, node: ast.Module | _Defined) -> str:
        """Return the dedented source between two offsets, without the node's docstring."""
        margin = self.utf8[self.utf8.rfind(b"\n", 0, start) + 1 : start].decode()
        text = self.utf8[start:end].decode()
        if docstring_of(node) is not None:
            literal = node.body[0]
            at = self.line_start(literal.lineno) + literal.col_offset
            to = self.line_start(literal.end_lineno or 0) + (literal.end_col_offset or 0)
            text = self.utf8[start:at].decode() + ("pass" if len(node.body) == 1 else "")
            if len(node.body) > 1:
                text += _AFTER_DOCSTRING.sub("", self.utf8[to:end].decode(), count=1)
        # not splitlines: a form feed or U+2028 ends no line of Python
        lines = (line.removeprefix(margin).rstrip() for line in text.split("\n"))
        return "\n".join(lines).rstrip("\n") + "\n"

    def signature(self, node: _Function, kind: Kind) -> Signature:
        """Read the parameters, without a method's receiver, and the return annotation."""
        rows = list(_parameters(node.args))
        static = any(called_name(d).rpartition(".")[2] in _STATIC for d in node.decorator_list)
        if kind is Kind.METHOD and not static and rows and rows[0][1] in _RECEIVERS:
            del rows[0]
        return Signature(
            params=tuple(
                Parameter(
                    name=param.arg,
                    kind=how,
                    annotation=self.source(param.annotation) if param.annotation else None,
                    default=self.source(default) if default is not None else None,
                )
                for param, how, default in rows
            ),
            returns=self.source(node.returns) if node.returns is not None else None,
        )


_RECEIVERS = (ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL)


def _parameters(
    arguments: ast.arguments,
) -> Iterator[tuple[ast.arg, ParameterKind, ast.expr | None]]:
    """Yield the parameters in source order, each with its kind and default."""
    parameters = [*arguments.posonlyargs, *arguments.args]
    defaults = [*[None] * (len(parameters) - len(arguments.defaults)), *arguments.defaults]
    for at, (param, default) in enumerate(zip(parameters, defaults, strict=True)):
        positional = at < len(arguments.posonlyargs)
        yield param, _RECEIVERS[not positional], default
    if arguments.vararg is not None:
        yield arguments.vararg, ParameterKind.VAR_POSITIONAL, None
    for param, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield param, ParameterKind.KEYWORD_ONLY, default
    if arguments.kwarg is not None:
        yield arguments.kwarg, ParameterKind.VAR_KEYWORD, None


def is_lone_expression(tree: ast.Module) -> bool:
    """Check for a file that is one expression, as for a program that evaluates it."""
    return len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)


def _unstarred(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Starred) else node
