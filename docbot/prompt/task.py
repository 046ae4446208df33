"""TODO."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from docbot.scan.definition import Kind

if TYPE_CHECKING:
    from docbot.scan.definition import Definition


class Task(str, Enum):
    """What a model can be asked for: a headline, by kind, or one slot of a section."""

    FUNCTION = "function"
    CLASS = "class"
    MODULE = "module"
    PARAM = "param"
    RETURNS = "returns"
    RAISES = "raises"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One question about a target; `name` is the parameter's, without stars, or the exception's."""

    task: Task
    name: str = ""


def headline(definition: Definition) -> Slot:
    """The question for a definition's first line."""
    tasks = {Kind.CLASS: Task.CLASS, Kind.MODULE: Task.MODULE}
    return Slot(task=tasks.get(definition.kind, Task.FUNCTION))
