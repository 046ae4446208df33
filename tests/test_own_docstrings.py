"""docbot's own docstrings have the form that docbot writes: mood, length and shape."""

from __future__ import annotations

from pathlib import Path

import pytest

import docbot
from docbot.gate.english import FILLERS, NO_OBJECTS, PERSONS, STOPWORDS, VERBS, third_persons
from docbot.scan.definition import Kind
from docbot.scan.facts import read_definitions
from docbot.scan.source import read

HOME = Path(docbot.__file__).parent
MOST_WORDS = 20
NO_VERBS = (
    (STOPWORDS | FILLERS | PERSONS | NO_OBJECTS | {"every", "each", "one", "those", "what", "who"})
    - VERBS
)  # fmt: skip


def definitions(*kinds: Kind):
    for path in sorted(HOME.rglob("*.py")):
        for definition in read_definitions(read(path.read_bytes())):
            if definition.docstring is not None and definition.kind in kinds:
                yield f"{path.relative_to(HOME)}:{definition.line}", definition


def problem(headline: str) -> str:
    """What is wrong with the first line of a function's docstring, or ""."""
    words = headline.split()
    first = words[0].strip(".,:;").lower() if words else ""
    if not headline.endswith("."):
        return "is no sentence on one line"
    if len(words) > MOST_WORDS:
        return f"has {len(words)} words"
    if not first.isalpha() or first in NO_VERBS or first in third_persons():
        return "does not begin with a verb in the imperative"
    return ""


def test_functions_say_what_to_do():
    wrong = {
        place: f"{headline} [{why}]"
        for place, definition in definitions(Kind.FUNCTION, Kind.METHOD)
        if (why := problem(headline := (definition.docstring or "").strip().split("\n")[0]))
    }
    assert wrong == {}


def test_modules_and_classes_open_with_a_sentence():
    wrong = {
        place: definition.docstring
        for place, definition in definitions(Kind.MODULE, Kind.CLASS)
        if not (definition.docstring or "").strip().split("\n")[0].endswith(".")
        or "TODO" in (definition.docstring or "")
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("headline", "why"),
    [
        ("Return the stored values.", ""),
        ("Those values that are there.", "imperative"),
        ("What `encode` was given.", "imperative"),
        ("Of a long body, both ends.", "imperative"),
        ("Whether two trees are the same.", "imperative"),
        ("The bytes of a blob.", "imperative"),
        ("Returns the bytes of a blob.", "imperative"),
        ("`ast.parse` with one error.", "imperative"),
        ("Return the bytes of", "no sentence"),
        ("Return " + "very " * 20 + "long.", "22 words"),
    ],
)
def test_the_form_is_told_from_other_forms(headline, why):
    assert (why in problem(headline)) if why else problem(headline) == ""
