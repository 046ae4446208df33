"""What docbot knows of a definition: frozen plain data, without a tree node in it.

`scan` makes these. They stand in a file of their own because importing libcst takes longer than a
whole run that finds nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

    Tree = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Kind(str, Enum):
    """What a definition is; a property is a method, an async function a function."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    METHOD = "method"


class ParameterKind(str, Enum):
    """How an argument may be passed (PEP 570, PEP 3102)."""

    POSITIONAL_ONLY = "positional-only"
    POSITIONAL = "positional"
    VAR_POSITIONAL = "*args"
    KEYWORD_ONLY = "keyword-only"
    VAR_KEYWORD = "**kwargs"


class Shape(str, Enum):
    """What a body amounts to when its docstring is left out."""

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
        """The name as the signature writes it: `*args`, `**kwargs`."""
        stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
        return stars.get(self.kind, "") + self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """Parameters in source order, without the receiver, and the return annotation."""

    params: tuple[Parameter, ...] = ()
    returns: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """Where a docstring goes: the bytes `start:end` of the file are replaced by it.

    `start` is the first byte after the line that ends the header; `end` lies past the blank lines
    there that would stand between docstring and body (pydocstyle's D202). `indent` is the body's
    own whitespace, `newline` the header line's own ending, and `blank_after` counts the blank lines
    that formatters want below: one where the body opens with a definition or is a class's or a
    module's, two between a module's docstring and a definition.
    """

    start: int
    end: int
    indent: str
    newline: str = "\n"
    blank_after: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """One module, class, function or method, as the tree has it.

    `qualname` is for people (PEP 3155); identity is qualname and line, since overloads share a
    name. `lines` are 1-based and inclusive, decorators included; `line` is the line of the name.
    `code` is dedented and without the definition's own docstring. `indent` is the whitespace before
    an undocumented body, "" for a module, and None where no docstring can be put. `tree` is the
    node it was read from, docstring and all; it is dropped between processes and never compared.
    `calls`, `raises`, `yields` and `returns` are this definition's own: what an inner function does
    is the inner function's.
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
    tree: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None = field(
        default=None, compare=False, repr=False
    )

    @property
    def decorator_names(self) -> tuple[str, ...]:
        """The decorators without their arguments: `app.get` for `@app.get("/")`."""
        return tuple(d.strip("() ").partition("(")[0].strip() for d in self.decorators)
