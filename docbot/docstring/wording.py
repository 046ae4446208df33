"""Put a headline as the house puts its own: in the third person, without a full stop.

The gate judges the imperative; only what it passed is put otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docbot.gate.english import NOUNS, OBJECT_STARTS, VERBS, third_person
from docbot.scan.definition import Kind

if TYPE_CHECKING:
    from docbot.docstring.style import DocstringStyle
    from docbot.scan.definition import Definition

_FUNCTIONS = (Kind.FUNCTION, Kind.METHOD)
_ALWAYS = frozenset(("return", "raise", "yield"))
"""Nouns too, but a headline has them as verbs."""

_SECOND = re.compile(
    r"(?P<link>,? (?:and|or|then|but) (?:then )?|, )(?P<verb>[a-z]+)\b(?= ?(?P<after>\w*))"
)


def reword(headline: str, definition: Definition, style: DocstringStyle) -> str:
    """Return the headline in the house's mood and with the house's full stop or none."""
    if style.third_person:
        headline = _in_third_person(headline, definition)
    return headline if style.full_stop else headline.removesuffix(".")


def _in_third_person(headline: str, definition: Definition) -> str:
    match = re.match(r"((?:\w+-)?)(\w+)(.*)", headline)  # "Re-raise the error."
    if match is None:
        return headline
    prefix, verb, rest = match.groups()
    if verb.lower() not in VERBS or not _is_verb(rest, definition, verb.lower()):
        return headline
    return prefix + third_person(verb) + _SECOND.sub(_convert_second, rest)


def _is_verb(rest: str, definition: Definition, verb: str) -> bool:
    """Check that a headline's first word is its verb: a property's may be a noun."""
    is_property = any(name.endswith("property") for name in definition.decorator_names)
    if definition.kind in _FUNCTIONS and not is_property:
        return True
    return verb not in NOUNS or rest.strip().partition(" ")[0] in OBJECT_STARTS


def _convert_second(match: re.Match[str]) -> str:
    """Convert a verb after "and" or a comma, unless it may be a noun."""
    verb, after = match["verb"], match["after"]
    sure = verb not in NOUNS or after in OBJECT_STARTS or verb in _ALWAYS
    if verb not in VERBS or not sure:
        return match.group()
    return match["link"] + third_person(verb)
