"""Source to Definitions: every fact docbot states about code is read here, from libcst's tree.

Nothing downstream holds a tree node: the hook, the training corpus and a test all see the same
`Definition`s.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
import warnings
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst._nodes.internal import CodegenState
from libcst.helpers import get_full_name_for_node

from docbot.definition import (
    Anchor,
    Definition,
    Kind,
    Parameter,
    ParameterKind,
    Shape,
    Signature,
)
from docbot.errors import SourceError
from docbot.outline import nodes_of, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from docbot.source import Text

TYPE_COMMENT = re.compile(rb"^[ \t]*#[ \t]*type:[ \t]*\(.*\n", re.MULTILINE)
SKIP_MARKER = re.compile(r"#\s*docbot:\s*skip\b(?!-)")


def scan(text: Text, *, outlined: bool = False) -> tuple[Definition, ...]:
    """Read every definition of a decoded file, in source order, the module itself first.

    A file that `outline` has read, `outlined`, is known not to nest too deep.

    Raises:
        SourceError: libcst cannot parse the text, or would not give the same text back.

    """
    if not outlined:
        nodes_of(parse(text.code))  # refuses what would overflow the stack of libcst's own parser
    try:
        tree = cst.parse_module(text.code)
        code, places = _print(tree)
        if code != text.code:
            raise SourceError("libcst does not give the same text back")
        scanner = _Scanner(tree, text, places)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in the file's docstrings
            scanner.scan()
    except (cst.ParserSyntaxError, UnicodeError) as error:
        raise SourceError(f"libcst cannot parse it: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise SourceError("it nests too deep for libcst") from error
    return tuple(sorted(scanner.found, key=lambda d: (d.kind is not Kind.MODULE, d.lines[0])))


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


@dataclass(kw_only=True, slots=True)
class _Scope:
    """What is known so far of one definition while its own nodes are visited."""

    name: str
    kind: Kind
    local: bool
    calls: dict[str, None] = field(default_factory=dict)
    raises: dict[str, None] = field(default_factory=dict)
    handlers: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    yields: bool = False
    returns: bool = False


_Defined = cst.FunctionDef | cst.ClassDef


class _Scanner:
    """One walk over the tree; a stack of scopes keeps each definition's facts its own.

    Not a `CSTVisitor`: that calls back for every comma and blank, and rebuilds what it walks.
    """

    def __init__(self, tree: cst.Module, text: Text, places: Mapping[int, tuple[int, int]]) -> None:
        self.tree = tree
        self.text = text
        self.places = places
        self.found: list[Definition] = []
        self.scopes = [_Scope(name="", kind=Kind.MODULE, local=False)]
        self.handlers: Mapping[type[cst.CSTNode], Callable[[Any], None]] = {
            cst.FunctionDef: self.define,
            cst.ClassDef: self.define,
            cst.Lambda: self.lambda_,
            cst.Call: self.call,
            cst.Yield: self.yield_,
            cst.Return: self.return_,
            cst.Raise: self.raise_,
            cst.ExceptHandler: self.handle,
            cst.ExceptStarHandler: self.handle,
        }

    def scan(self) -> None:
        """Fill `found`."""
        self.walk_children(self.tree)
        self.found.append(self.module())

    def walk(self, node: cst.CSTNode) -> None:
        handler = self.handlers.get(type(node))
        if handler is None:
            self.walk_children(node)
        else:
            handler(node)

    def walk_children(self, node: cst.CSTNode) -> None:
        for name in _fields(type(node)):
            value = getattr(node, name)
            if isinstance(value, cst.CSTNode):
                self.walk(value)
            elif isinstance(value, (list, tuple)):
                for item in value:
                    self.walk(item)

    # one handler for each kind of node that states a fact

    def define(self, node: _Defined) -> None:
        for decorator in node.decorators:  # what stands outside the body is the outer scope's
            self.walk(decorator)
        outer = self.scopes[-1]
        kind = Kind.CLASS
        if isinstance(node, cst.FunctionDef):
            self.walk(node.params)
            kind = Kind.METHOD if outer.kind is Kind.CLASS else Kind.FUNCTION
        else:
            for argument in (*node.bases, *node.keywords):
                self.walk(argument)
        local = outer.local or outer.kind in (Kind.FUNCTION, Kind.METHOD)
        scope = _Scope(name=node.name.value, kind=kind, local=local)
        self.scopes.append(scope)
        self.walk(node.body)
        self.scopes.pop()
        self.found.append(self.definition(node, scope))

    def lambda_(self, node: cst.Lambda) -> None:
        self.walk(node.params)
        self.scopes.append(_Scope(name="<lambda>", kind=Kind.FUNCTION, local=True))
        self.walk(node.body)  # nothing can be defined in there; its facts are dropped
        self.scopes.pop()

    def call(self, node: cst.Call) -> None:
        if name := get_full_name_for_node(node.func):
            self.scopes[-1].calls.setdefault(name)
        self.walk_children(node)

    def yield_(self, node: cst.Yield) -> None:
        self.scopes[-1].yields = True
        self.walk_children(node)

    def return_(self, node: cst.Return) -> None:
        value = node.value
        if value is not None and not (isinstance(value, cst.Name) and value.value == "None"):
            self.scopes[-1].returns = True
        self.walk_children(node)

    def handle(self, node: cst.ExceptHandler | cst.ExceptStarHandler) -> None:
        bound = node.name.name if node.name is not None else None
        alias = bound.value if isinstance(bound, cst.Name) else ""
        self.scopes[-1].handlers.append((alias, _exceptions(node.type)))
        self.walk(node.body)
        self.scopes[-1].handlers.pop()

    def raise_(self, node: cst.Raise) -> None:
        scope = self.scopes[-1]
        names = _exceptions(node.exc)
        if node.exc is None:  # a re-raise: what the handler caught
            names = scope.handlers[-1][1] if scope.handlers else ()
        aliases = dict(scope.handlers)  # an inner alias hides an outer one of its name
        names = aliases.get(names[0], names) if len(names) == 1 else names
        scope.raises.update(dict.fromkeys(names))
        self.walk_children(node)

    # facts of one definition, from its node and scope

    def module(self) -> Definition:
        scope = self.scopes[0]
        statements = _statements(self.tree.body)
        docstring = _docstring(statements)
        end = len(self.text.utf8)
        return Definition(
            qualname="<module>",
            name="",
            kind=Kind.MODULE,
            line=1,
            lines=(1, self.text.line_at(max(0, end - 1))),
            code=self.code((0, end), statements, docstring),
            docstring=docstring,
            anchor=self.module_anchor(statements) if docstring is None else None,
            calls=tuple(scope.calls),
            raises=tuple(scope.raises),
        )

    def module_anchor(self, statements: Sequence[cst.CSTNode]) -> Anchor | None:
        """Below the shebang, the coding cookie and the licence, above what speaks of the code."""
        utf8 = self.text.utf8
        start = max((self.places[id(line)][1] for line in self.tree.header), default=0)
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

    def definition(self, node: _Defined, scope: _Scope) -> Definition:
        statements = _statements(node.body.body)
        docstring = _docstring(statements)
        start, end = self.extent(node)
        function = node if isinstance(node, cst.FunctionDef) else None
        bases = node.bases if isinstance(node, cst.ClassDef) else ()
        return Definition(
            qualname=self.qualname(scope.name),
            name=scope.name,
            kind=scope.kind,
            line=self.text.line_at(self.places[id(node.name)][0]),
            lines=(self.text.line_at(start), self.text.line_at(end)),
            signature=self.signature(function, scope.kind) if function else Signature(),
            code=self.code((start, end), statements, docstring),
            docstring=docstring,
            anchor=self.anchor(node.body, statements, is_class=function is None)
            if docstring is None
            else None,
            decorators=tuple(self.source(d.decorator) for d in node.decorators),
            bases=tuple(self.source(b.value) for b in bases),
            owner=self.scopes[-1].name if self.scopes[-1].kind is Kind.CLASS else "",
            local=scope.local,
            is_async=function is not None and function.asynchronous is not None,
            calls=tuple(scope.calls),
            raises=tuple(scope.raises),
            yields=scope.yields,
            returns=scope.returns,
            shape=_shape(statements[docstring is not None :], scope.name),
            one_line=not isinstance(node.body, cst.IndentedBlock),
            marked_skip=self.marked_skip(node, start),
        )

    def qualname(self, name: str) -> str:
        parts = []
        for scope in self.scopes[1:]:
            parts += [scope.name] if scope.kind is Kind.CLASS else [scope.name, "<locals>"]
        return ".".join([*parts, name])

    def source(self, node: cst.CSTNode) -> str:
        """The node's own source text on one line."""
        code = self.tree.code_for_node(node).strip()
        if "\n" not in code:
            return code
        try:
            return ast.unparse(ast.parse(f"({code}\n)", mode="eval"))  # without its comments
        except (SyntaxError, ValueError):  # `*Ts`, or a number of thousands of digits
            return " ".join(code.split())

    def signature(self, node: cst.FunctionDef, kind: Kind) -> Signature:
        given = node.params
        rows: list[tuple[cst.Param, ParameterKind]] = []
        rows += [(p, ParameterKind.POSITIONAL_ONLY) for p in given.posonly_params]
        rows += [(p, ParameterKind.POSITIONAL) for p in given.params]
        if isinstance(given.star_arg, cst.Param):
            rows.append((given.star_arg, ParameterKind.VAR_POSITIONAL))
        rows += [(p, ParameterKind.KEYWORD_ONLY) for p in given.kwonly_params]
        if given.star_kwarg is not None:
            rows.append((given.star_kwarg, ParameterKind.VAR_KEYWORD))
        static = any(_is_static(d.decorator) for d in node.decorators)
        if kind is Kind.METHOD and not static and rows and rows[0][1] in _RECEIVERS:
            del rows[0]
        returns = node.returns
        return Signature(
            params=tuple(
                Parameter(
                    name=param.name.value,
                    kind=kind_,
                    annotation=self.source(param.annotation.annotation)
                    if param.annotation is not None
                    else None,
                    default=self.source(param.default) if param.default is not None else None,
                )
                for param, kind_ in rows
            ),
            returns=self.source(returns.annotation) if returns is not None else None,
        )

    # places

    def extent(self, node: cst.CSTNode) -> tuple[int, int]:
        """UTF-8 offsets of the node's first byte, decorators included, and past its last one."""
        first: cst.CSTNode = node
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)) and node.decorators:
            first = node.decorators[0]
        return self.places[id(first)][0], self.places[id(node)][1]

    def code(
        self, extent: tuple[int, int], statements: Sequence[cst.CSTNode], docstring: str | None
    ) -> str:
        utf8 = self.text.utf8
        start, end = extent
        margin = utf8[self.text.line_start(start) : start].decode()
        text = utf8[start:end].decode()
        if docstring is not None:
            from_, to = self.extent(statements[0])
            text = utf8[start:from_].decode() + ("pass" if len(statements) == 1 else "")
            text += _DOCSTRING_END.sub("", utf8[to:end].decode(), 1) if len(statements) > 1 else ""
        # not splitlines: a form feed or U+2028 ends no line of Python
        lines = (line.removeprefix(margin).rstrip() for line in text.split("\n"))
        return "\n".join(lines).rstrip("\n") + "\n"

    def anchor(
        self, block: cst.BaseSuite, statements: Sequence[cst.CSTNode], *, is_class: bool
    ) -> Anchor | None:
        """Where a docstring goes; None for a body that has no line of its own."""
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

    def marked_skip(self, node: _Defined, start: int) -> bool:
        """Whether `# docbot: skip` stands on the header's lines or on the line above them."""
        utf8 = self.text.utf8
        above = utf8.rfind(b"\n", 0, max(0, self.text.line_start(start) - 1)) + 1
        if isinstance(node.body, cst.IndentedBlock):
            end = self.places[id(node.body.header)][1]
        else:
            end = utf8.find(b"\n", self.places[id(node.body)][0])
        lines = utf8[above : end if end >= 0 else len(utf8)].decode().split("\n")
        first, *rest = lines or [""]
        own = first.lstrip().startswith("#") or above == self.text.line_start(start)
        return any(SKIP_MARKER.search(line) for line in ([first] if own else []) + rest)


_LAST_COMMENTS = re.compile(rb"(?:^[ \t]*#[^\n]*\n)+\Z", re.MULTILINE)
_OF_THE_FILE = re.compile(
    rb"(?i)\A#!|coding[:=]|-\*-|copyright|\(c\)|licen[cs]e|spdx|author|\bvim?:"
    rb"|#\s*(?:type|mypy|pyright|ruff|flake8|pylint|isort|fmt|yapf|noqa|pragma|nosec|docbot)\b"
)
"""What a comment says that stands for the file, not for the definition right below it."""
_RECEIVERS = (ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL)
_DOCSTRING_END = re.compile(r"[; \t]*(?:\r?\n\s*\n|\r?\n)?[ \t]*")
_LAYOUT = re.compile(r"whitespace|leading_lines|lines_after|header|footer|[lr]par|comma|semicolon")


@functools.cache
def _fields(node_type: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node type that may hold code, not layout."""
    names = (f.name for f in dataclasses.fields(node_type))
    return tuple(name for name in names if not _LAYOUT.search(name))


def _statements(body: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
    """A body's statements, those joined by `;` told apart."""
    flat: list[cst.CSTNode] = []
    for statement in body:
        flat += statement.body if isinstance(statement, cst.SimpleStatementLine) else [statement]
    return flat


def _docstring(statements: Sequence[cst.CSTNode]) -> str | None:
    """The docstring as Python evaluates it; None when the body opens with no plain string."""
    first = statements[0] if statements else None
    if not isinstance(first, cst.Expr):
        return None
    if not isinstance(first.value, (cst.SimpleString, cst.ConcatenatedString)):
        return None
    value = first.value.evaluated_value
    return value if isinstance(value, str) else None


def _is_static(decorator: cst.BaseExpression) -> bool:
    name = get_full_name_for_node(decorator) or ""
    return name.rpartition(".")[2] in ("staticmethod", "abstractstaticmethod")


def _exceptions(node: cst.BaseExpression | None) -> tuple[str, ...]:
    """The dotted names of what is raised or caught."""
    if isinstance(node, cst.Tuple):
        return tuple(name for e in node.elements for name in _exceptions(e.value))
    if isinstance(node, cst.Call):
        node = node.func
        if isinstance(node, cst.Attribute) and node.attr.value == "with_traceback":
            return _exceptions(node.value)
    name = get_full_name_for_node(node) if isinstance(node, (cst.Name, cst.Attribute)) else None
    return (name,) if name else ()


def _shape(statements: Sequence[cst.CSTNode], name: str) -> Shape:
    if len(statements) > 1:
        return Shape.FULL
    shape = Shape.FULL
    match [*statements, cst.Pass()][0]:
        case cst.Pass():
            shape = Shape.EMPTY
        case cst.Expr(value=cst.Ellipsis()):
            shape = Shape.STUB
        case cst.Raise() as node if _exceptions(node.exc) == ("NotImplementedError",):
            shape = Shape.ABSTRACT
        case cst.Return(value=None):
            shape = Shape.EMPTY
        case cst.Return(value=value) if value is not None and _is_plain(value):
            shape = Shape.RETURNS_NAME
        case cst.Return(value=value) | cst.Expr(value=value):
            call = value.expression if isinstance(value, cst.Await) else value
            if isinstance(call, cst.Call) and get_full_name_for_node(call.func) == f"super.{name}":
                shape = Shape.DELEGATES
    return shape


def _is_plain(value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.Attribute):
        return _is_plain(value.value)
    if isinstance(value, (cst.List, cst.Tuple, cst.Dict)):
        return not value.elements
    if isinstance(value, cst.ConcatenatedString):
        return _is_plain(value.left) and _is_plain(value.right)
    return isinstance(value, (cst.Name, cst.BaseNumber, cst.SimpleString))
