"""Define Targets, which get a docstring, and Skips, which do not and say why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from docbot.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docbot.errors import SourceError
    from docbot.scan.definition import Definition


class SkipReason(str, Enum):
    """The reasons to leave something alone; `include` and `skip` take their values."""

    PRIVATE = "private"
    OVERLOAD = "overload"
    OVERRIDE = "override"
    TRIVIAL = "trivial"
    TEST = "test"
    ACCESSOR = "accessor"
    CONSTRUCTOR = "constructor"
    DUNDER = "dunder"
    STUB = "stub"
    IGNORED = "ignored"
    TOO_LONG = "too-long"
    RUNTIME_DOCSTRING = "runtime-docstring"
    ONE_LINER = "one-liner"
    GENERATED = "generated"
    VENDORED = "vendored"
    TOO_LARGE = "too-large"
    UNPARSABLE = "unparsable"
    LEFT_ALONE = "left-alone"
    LANGUAGE = "language"
    UNSURE = "unsure"
    REJECTED = "rejected"
    OUT_OF_TIME = "out-of-time"
    UNASKED = "unasked"
    UNWRITABLE = "unwritable"


EXPLANATIONS: Mapping[SkipReason, str] = {
    SkipReason.PRIVATE: "its name starts with an underscore, or it is local to a function",
    SkipReason.OVERLOAD: "an overload or a registered implementation; document the main one",
    SkipReason.OVERRIDE: "overrides a method that is documented in a parent class",
    SkipReason.TRIVIAL: "the body has nothing to describe",
    SkipReason.TEST: "test code",
    SkipReason.ACCESSOR: "a property's setter or deleter; the getter carries the docstring",
    SkipReason.CONSTRUCTOR: "the class docstring says how it is built",
    SkipReason.DUNDER: "a special method, and you asked to leave those alone",
    SkipReason.STUB: "a stub: its body is `...`",
    SkipReason.IGNORED: "a comment or a linter's settings say that there is to be none",
    SkipReason.TOO_LONG: "too long for the model to see enough of it",
    SkipReason.RUNTIME_DOCSTRING: "its docstring would be read by the program when it runs",
    SkipReason.ONE_LINER: "its body stands on the line of its header",
    SkipReason.GENERATED: "a generated file",
    SkipReason.VENDORED: "other people's code",
    SkipReason.TOO_LARGE: "the file is too large",
    SkipReason.UNPARSABLE: "the file cannot be read as Python",
    SkipReason.LEFT_ALONE: "the file is not docbot's to write now",
    SkipReason.LANGUAGE: "its docstrings are not English; language = 'en' writes all the same",
    SkipReason.UNSURE: "the model was not sure enough",
    SkipReason.REJECTED: "what the model said failed a check",
    SkipReason.OUT_OF_TIME: "the time budget was used up",
    SkipReason.UNASKED: "the model cannot be asked about this kind of definition",
    SkipReason.UNWRITABLE: "its docstring cannot be written in a form that your tools accept",
}


NEVER_INCLUDED = frozenset(
    {
        SkipReason.ONE_LINER,
        SkipReason.TOO_LARGE,
        SkipReason.UNPARSABLE,
        SkipReason.LEFT_ALONE,
        SkipReason.LANGUAGE,
        SkipReason.UNSURE,
        SkipReason.REJECTED,
        SkipReason.OUT_OF_TIME,
        SkipReason.UNASKED,
        SkipReason.UNWRITABLE,
    }
)
"""Facts and outcomes, not rules: `include` cannot switch them off (min-confidence moves UNSURE)."""


OFF_BY_DEFAULT = frozenset({SkipReason.DUNDER})


class Reason(str, Enum):
    """The reasons to document a definition."""

    MISSING = "missing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A definition that docbot offers a docstring for."""

    definition: Definition
    reason: Reason = Reason.MISSING

    @property
    def place(self) -> tuple[str, int]:
        """Return the qualified name and line, which tell a definition of a file from others."""
        return self.definition.qualname, self.definition.line

    def skip(self, reason: SkipReason, detail: str) -> Skip:
        """Make the skip for a target that gets no docstring after all."""
        definition = self.definition
        return Skip(
            reason=reason, detail=detail, qualname=definition.qualname, line=definition.line
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Skip:
    """A definition or a file that is left alone.

    Attributes:
        reason: The reason.
        detail: What was seen in the code, for people.
        qualname: The definition's qualified name; "" for a whole file.
        line: The line of the definition's name, 1-based; 0 for a whole file.

    """

    reason: SkipReason
    detail: str
    qualname: str = ""
    line: int = 0

    @classmethod
    def of(cls, error: SourceError) -> Skip:
        """Make the skip of a whole file that cannot be read."""
        too_large = isinstance(error, TooLargeError)
        reason = SkipReason.TOO_LARGE if too_large else SkipReason.UNPARSABLE
        return cls(reason=reason, detail=str(error))
