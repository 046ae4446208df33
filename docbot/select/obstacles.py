"""Say why docbot cannot write the docstring that a definition lacks.

Such a definition counts, and its docstring is missing: a person has to write it. `OBSTACLES` are
rules as those of `rules`, about targets; `include` switches most of them off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docbot.scan.definition import Definition, Kind, Shape
from docbot.scan.parse import is_dunder
from docbot.select.rules import emptiness, is_abstract, is_enabled
from docbot.select.skip import Skip, SkipReason, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from docbot.config import Config

    _Obstacle = tuple[SkipReason, Callable[[Definition, Config], str]]


def find_obstacle(target: Target, config: Config) -> Skip | None:
    """Return why docbot cannot write a target's docstring; None where it may."""
    for reason, rule in OBSTACLES:
        if is_enabled(reason, config) and (detail := rule(target.definition, config)):
            return target.skip(reason, detail)
    return None


def _abstract_stub(definition: Definition, _config: Config) -> str:
    is_stub = is_abstract(definition) and definition.shape is Shape.STUB
    return "its body is `...`, which says nothing of what it should do" if is_stub else ""


def _abstract(definition: Definition, _config: Config) -> str:
    has_words = is_dunder(definition.name) or definition.shape is Shape.STUB
    return "" if has_words or not is_abstract(definition) else emptiness(definition)


def _too_long(definition: Definition, config: Config) -> str:
    length = definition.lines[1] - definition.lines[0] + 1
    if definition.kind in (Kind.FUNCTION, Kind.METHOD) and length > config.max_lines:
        return f"{length} lines, more than max-lines = {config.max_lines}"
    return ""


def _one_liner(definition: Definition, _config: Config) -> str:
    if definition.docstring is not None or definition.indent is not None:
        return ""
    if definition.kind is Kind.MODULE:
        if definition.one_line:
            return "it is one expression, which a program may evaluate"
        return "it opens with a decorator, where formatters do not agree on blank lines"
    if definition.one_line:
        return "its body stands on the line of its header"
    return "its body's indentation is neither spaces nor tabs"


OBSTACLES: tuple[_Obstacle, ...] = (
    (SkipReason.ONE_LINER, _one_liner),
    (SkipReason.STUB, _abstract_stub),
    (SkipReason.TRIVIAL, _abstract),
    (SkipReason.TOO_LONG, _too_long),
)
