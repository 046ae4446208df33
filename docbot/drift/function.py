"""Define what the drift rules look at: a documented function, its docstring cut into sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.drift.docstring import SectionKind
from docbot.drift.drift import Drift
from docbot.scan.definition import Kind, ParameterKind, Shape

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator

    from docbot.drift.docstring import Docstring, Entry, Section, Span
    from docbot.drift.drift import Change, DriftRule
    from docbot.drift.literal import Literal
    from docbot.scan.definition import Definition, Parameter

    FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

HARMLESS = frozenset(
    ("staticmethod", "classmethod", "property", "cached_property", "abstractmethod", "override",
     "contextmanager", "asynccontextmanager", "cache", "lru_cache", "wraps", "final", "overload",
     "deprecated", "no_type_check", "singledispatch", "njit", "jit")
)  # fmt: skip
"""Decorators that leave the parameters as they are written."""
STARRED = (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD)
PARAMETER_SECTIONS = (SectionKind.PARAMETERS, SectionKind.OTHER_PARAMETERS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """A function and the docstring that documents it.

    Attributes:
        definition: Its facts, with details.
        node: Its syntax tree.
        docstring: The docstring: its own, or for `__init__` that of its class.
        literal: Where the docstring stands.
        qualname: The qualified name of what the docstring belongs to.
        line: The line of that name.
        of_class: Whether that is a class, whose docstring documents its `__init__`.
        attributes: The attributes of that class: its docstring may list them among the parameters.

    """

    definition: Definition
    node: FunctionNode
    docstring: Docstring
    literal: Literal
    qualname: str
    line: int
    of_class: bool = False
    attributes: frozenset[str] = frozenset()

    @property
    def params(self) -> tuple[Parameter, ...]:
        """Return the parameters, without the receiver."""
        return self.definition.signature.params

    @property
    def noun(self) -> str:
        """Return what people call its parameters: those of a record are fields."""
        return "field" if self.definition.kind is Kind.CLASS else "parameter"

    @property
    def whole(self) -> str:
        """Return what has the parameters, in a sentence."""
        return "the class" if self.definition.kind is Kind.CLASS else "the signature"

    @property
    def receiver(self) -> str:
        """Return the name of the first parameter, which a method's signature leaves out."""
        arguments = self.node.args
        first = [*arguments.posonlyargs, *arguments.args][:1]
        return first[0].arg if first else ""

    @property
    def is_decorated(self) -> bool:
        """Check for decorators that may change parameters or results, so that nobody can know."""
        names = self.definition.decorator_names
        return any(name.rpartition(".")[2] not in HARMLESS for name in names)

    @property
    def is_abstract(self) -> bool:
        """Check for a body that proves nothing: a stub or an abstract method."""
        shape = self.definition.shape
        return shape in (Shape.STUB, Shape.ABSTRACT) or any(
            name.rpartition(".")[2].startswith("abstract")
            for name in self.definition.decorator_names
        )

    def sections(self, *kinds: SectionKind) -> tuple[Section, ...]:
        """Return the docstring's sections of these kinds."""
        return self.docstring.of_kind(*kinds)

    def is_readable(self, *kinds: SectionKind) -> bool:
        """Check that every section of these kinds could be cut into entries."""
        return all(section.readable for section in self.sections(*kinds))

    def names(self, *kinds: SectionKind) -> Iterator[tuple[str, Span, Entry]]:
        """Yield the names that the sections document, each with its place and its entry."""
        for section in self.sections(*kinds):
            for entry in section.entries:
                for span in entry.names:
                    yield span.of(self.docstring.text), span, entry

    def drift(
        self,
        rule: DriftRule,
        at: int,
        message: str,
        *,
        subject: str = "",
        old_name: str = "",
        changes: Iterable[Change] = (),
    ) -> Drift:
        """Make a drift of this function, at an offset of the docstring's text."""
        return Drift(
            rule=rule,
            qualname=self.qualname,
            line=self.literal.line_at(at),
            message=message,
            subject=subject,
            old_name=old_name,
            changes=tuple(changes),
        )
