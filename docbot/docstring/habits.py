"""Learn from docstrings how their first sentences are put: their language, mood and full stop.

The names of the counts are fields of `style.StyleCounts`.
"""

from __future__ import annotations

import ast
import inspect
import re
from typing import TYPE_CHECKING, Protocol

from docbot.docstring.language import ENGLISH, OTHER, is_foreign, language_of
from docbot.docstring.tool_rules import checks_rule, uses_docformatter
from docbot.gate.english import VERBS, third_persons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docbot.tool_settings import ToolSettings

FEWEST = 10
"""So many docstrings must show a habit; fewer are one person's taste on one day."""

SHARE = 0.8
"""The least share of the docstrings that must have it."""

_LANGUAGES = {ENGLISH: "english", OTHER: "other_language"}


class Habits(Protocol):
    """The counts of habits: those of one repository."""

    @property
    def english(self) -> int:
        """Return the number of docstrings in English."""

    @property
    def other_language(self) -> int:
        """Return the number of docstrings in other languages."""

    @property
    def third_person(self) -> int:
        """Return the number of functions' sentences like "Adds an item"."""

    @property
    def imperative(self) -> int:
        """Return the number of functions' sentences like "Add an item"."""

    @property
    def stopped(self) -> int:
        """Return the number of first sentences with a full stop."""

    @property
    def unstopped(self) -> int:
        """Return the number of first sentences without one."""


def habits_of(node: ast.AST, docstring: str) -> Iterator[str]:
    """Yield the names of the counts that one docstring adds to."""
    language = language_of(docstring)
    if language:
        yield _LANGUAGES[language]
    sentence = first_paragraph(docstring)
    if re.search(r"[.!?][\"')]?$", sentence):
        yield "stopped"
    elif re.search(r"[\w)\]`'\"]$", sentence) and " " in sentence:
        yield "unstopped"
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        word = sentence.partition(" ")[0].lower()
        if word in third_persons():
            yield "third_person"
        elif word in VERBS:
            yield "imperative"


def first_paragraph(docstring: str) -> str:
    """Return a docstring's first paragraph on one line; the line alone where a section follows."""
    lines = inspect.cleandoc(docstring).partition("\n\n")[0].splitlines()
    ends = (at for at, line in enumerate(lines) if at and re.match(r"[:>@-]|\w+:$", line))
    return " ".join(" ".join(lines[: next(ends, None)]).split())


def is_house_foreign(counts: Habits) -> bool:
    """Check whether a repository's docstrings are not English."""
    return bool(is_foreign({ENGLISH: counts.english, OTHER: counts.other_language}))


def writes_third_person(counts: Habits, tools: ToolSettings) -> bool:
    """Check whether functions' docstrings are like "Adds an item", and no linter objects."""
    return _is_habit(counts.third_person, counts.imperative) and not checks_rule(tools, "D401")


def writes_full_stops(counts: Habits, tools: ToolSettings) -> bool:
    """Check whether first sentences end with a full stop, or a tool wants them to."""
    if not _is_habit(counts.unstopped, counts.stopped):
        return True
    if uses_docformatter(tools):  # it puts a full stop where there is none
        return True
    return checks_rule(tools, "D400") or checks_rule(tools, "D415")


def _is_habit(count: int, against: int) -> bool:
    return count >= FEWEST and count >= SHARE * (count + against)
