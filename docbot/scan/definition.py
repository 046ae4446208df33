"""Define the facts that docbot has about a definition: frozen plain data.

`facts` makes these, and `anchors` the Anchors. They have a module of their own because importing
libcst takes longer than a whole run that finds nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

    Tree = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Kind(str, Enum):
    """The kind of a definition; a property is a method, an async function a function."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    METHOD = "method"


class ParameterKind(str, Enum):
    """The ways an argument may be passed (PEP 570, PEP 3102)."""

    POSITIONAL_ONLY = "positional-only"
    POSITIONAL = "positional"
    VAR_POSITIONAL = "*args"
    KEYWORD_ONLY = "keyword-only"
    VAR_KEYWORD = "**kwargs"


class Shape(str, Enum):
    """The substance of a body, its docstring left out."""

    STUB = "..."
    EMPTY = "pass"
    ABSTRACT = "raise NotImplementedError"
    RETURNS_NAME = "returns a name, attribute or constant"
    DELEGATES = "calls super() with its own name"
    FULL = "more than that"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One parameter; `annotation` and `default` are source text on one line, or None."""

    name: str
    kind: ParameterKind = ParameterKind.POSITIONAL
    annotation: str | None = None
    default: str | None = None

    @property
    def starred(self) -> str:
        """Return the name as the signature writes it: `*args`, `**kwargs`."""
        stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
        return stars.get(self.kind, "") + self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """Parameters in source order, without the receiver, and the return annotation as source."""

    params: tuple[Parameter, ...] = ()
    returns: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """The place for a docstring: it replaces the bytes `start:end` of the file.

    Attributes:
        start: The first byte after the line that ends the header.
        end: The byte past the blank lines there, which would come between docstring and body
            (pydocstyle's D202).
        indent: The body's own whitespace.
        newline: The header line's own ending.
        blank_after: The number of blank lines that formatters want below: one where the body opens
            with a definition or is a class's or a module's, two between a module's docstring and a
            definition.
        opens_module: Whether it is a module's, and the module opens with a definition.

    """

    start: int
    end: int
    indent: str
    newline: str = "\n"
    blank_after: int = 0
    opens_module: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """One module, class, function or method, as the syntax tree has it.

    Attributes:
        qualname: The qualified name, for people (PEP 3155); identity is qualname and line, since
            overloads share a name.
        name: The last part of it; "" for a module.
        kind: What it is.
        line: The line of the name, 1-based.
        lines: First and last line, 1-based and inclusive, decorators included.
        signature: Parameters and return annotation, of functions and methods.
        code: The dedented source, without the definition's own docstring.
        docstring: The docstring as Python evaluates it; None without one.
        indent: The whitespace before an undocumented body, "" for a module; None where no docstring
            can be put.
        decorators: The decorators as written, without `@`.
        bases: The bases of a class as written.
        owner: The name of the class around a method or inner class, else "".
        local: Whether it is inside a function.
        is_async: Whether it is an `async def`.
        calls: Dotted names of what is called. This and the next three are the definition's own:
            what an inner function does belongs to the inner function.
        raises: Dotted names of the exceptions it raises.
        yields: Whether it is a generator.
        returns: Whether it returns a value.
        shape: The substance of the body.
        one_line: Whether an undocumented body begins on the header's line.
        marked_skip: Whether `# docbot: skip` marks it.
        opt_out: The comment that tells a linter not to want a docstring here, "" for none.
        tree: The node it was read from, docstring included; it is dropped between processes and
            never compared.

    """

    qualname: str
    name: str
    kind: Kind
    line: int
    lines: tuple[int, int]
    signature: Signature = Signature()
    code: str = ""
    docstring: str | None = None
    indent: str | None = None
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    owner: str = ""
    local: bool = False
    is_async: bool = False
    calls: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    yields: bool = False
    returns: bool = False
    shape: Shape = Shape.FULL
    one_line: bool = False
    marked_skip: bool = False
    opt_out: str = ""
    tree: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None = field(
        default=None, compare=False, repr=False
    )

    @property
    def decorator_names(self) -> tuple[str, ...]:
        """Return the decorators without arguments: `app.get` for `@app.get("/")`."""
        if not self.decorators:
            return ()
        return tuple(d.strip("() ").partition("(")[0].strip() for d in self.decorators)
