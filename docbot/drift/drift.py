"""Define a drift: one place where a docstring and its function disagree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from docbot.drift.docstring import Span


class DriftRule(str, Enum):
    """The rules; their values are stable names, for reports and settings."""

    PARAM_UNKNOWN = "param-unknown"
    PARAM_MISSING = "param-missing"
    PARAM_RENAMED = "param-renamed"
    PARAM_ORDER = "param-order"
    PARAM_TWICE = "param-twice"
    PARAM_DEFAULT = "param-default"
    PARAM_TYPE = "param-type"
    RETURNS_UNKNOWN = "returns-unknown"
    RETURNS_MISSING = "returns-missing"
    YIELDS_UNKNOWN = "yields-unknown"
    YIELDS_MISSING = "yields-missing"
    RAISES_UNKNOWN = "raises-unknown"
    RAISES_MISSING = "raises-missing"
    SUMMARY_STALE = "summary-stale"
    SECTIONS_MISSING = "sections-missing"


class Change(NamedTuple):
    """A replacement in a docstring's text: what lies in the span becomes `text`."""

    span: Span
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """One disagreement of a docstring with its function.

    Attributes:
        rule: The rule that found it.
        qualname: The function's qualified name.
        line: The line of the file where the entry begins, or the section, or the docstring; from 1.
        message: One plain sentence about it, without a final stop.
        subject: The parameter or exception that it is about; "" for none.
        old_name: The name that the docstring has, of a parameter that is now called otherwise.
        changes: What would mend it, in order, in the docstring's text; () where only a person can.
        proposal: The sentence that the model would write in the place of a stale summary; or "".

    """

    rule: DriftRule
    qualname: str
    line: int
    message: str
    subject: str = ""
    old_name: str = ""
    changes: tuple[Change, ...] = ()
    proposal: str = ""

    @property
    def is_certain(self) -> bool:
        """Check for a disagreement that the code proves; a summary only may be stale."""
        return self.rule is not DriftRule.SUMMARY_STALE
