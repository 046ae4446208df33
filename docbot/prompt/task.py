"""Define the tasks of a model and the slots it fills."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from docbot.scan.definition import Kind

if TYPE_CHECKING:
    from docbot.scan.definition import Definition


class Task(str, Enum):
    """The kinds of text that a model writes: headlines, by kind, and slots of sections."""

    FUNCTION = "function"
    CLASS = "class"
    MODULE = "module"
    PARAM = "param"
    RETURNS = "returns"
    RAISES = "raises"


PHRASES = (Task.PARAM, Task.RETURNS, Task.RAISES)
"""The tasks of a section's entries; the others are headlines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One gap in a target's docstring that a model is asked to fill.

    Attributes:
        task: The kind of text that belongs there.
        name: The parameter's name, without stars, or the exception's; "" for any other task.

    """

    task: Task
    name: str = ""


def headline_slot(definition: Definition) -> Slot:
    """Return the slot of a definition's first line."""
    tasks = {Kind.CLASS: Task.CLASS, Kind.MODULE: Task.MODULE}
    return Slot(task=tasks.get(definition.kind, Task.FUNCTION))
