"""The mood and the full stop of first sentences are learnt from the house."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from docbot.config import Config
from docbot.docstring.habits import FEWEST, first_paragraph
from docbot.docstring.render import render
from docbot.docstring.style import DocstringStyle, StyleCounts, count_styles, detect
from docbot.docstring.wording import reword
from docbot.gate.english import VERBS, third_person, third_persons
from docbot.gate.summary import Summary
from docbot.scan.definition import Definition, Kind

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = DocstringStyle()
THIRD = DocstringStyle(third_person=True)
UNSTOPPED = DocstringStyle(full_stop=False)


def definition(kind: Kind = Kind.FUNCTION, *decorators: str) -> Definition:
    return Definition(
        qualname="f",
        name="f",
        kind=kind,
        line=1,
        lines=(1, 9),
        indent="    ",
        decorators=decorators,
    )


MOODS = {
    "Return the number of items.": "Returns the number of items.",
    "Copy a file to the folder.": "Copies a file to the folder.",
    "Play the track.": "Plays the track.",
    "Fetch the page and parse the text.": "Fetches the page and parses the text.",
    "Parse, validate and store the row.": "Parses, validates and stores the row.",
    "Enter the context and return self.": "Enters the context and returns self.",
    "Return the name and value.": "Returns the name and value.",
    "Do the work.": "Does the work.",
    "Go to the next page.": "Goes to the next page.",
    "Re-raise the error.": "Re-raises the error.",
    "Return self == other.": "Returns self == other.",
    "Raise a TypeError.": "Raises a TypeError.",
    "Set up the logger.": "Sets up the logger.",
}


@pytest.mark.parametrize(("ours", "theirs"), MOODS.items())
def test_the_third_person(ours: str, theirs: str) -> None:
    assert reword(ours, definition(), THIRD) == theirs
    assert reword(theirs, definition(), THIRD) == theirs
    assert reword(ours, definition(), PLAIN) == ours


def test_a_noun_phrase_stays() -> None:
    assert reword("List of names.", definition(Kind.METHOD, "property"), THIRD) == "List of names."
    assert reword("Store of items.", definition(Kind.CLASS), THIRD) == "Store of items."
    assert reword("Represent a car.", definition(Kind.CLASS), THIRD) == "Represents a car."


def test_every_verb_has_a_third_person_that_leads_back() -> None:
    assert third_person("be") == "is"
    for verb in VERBS:
        third = third_person(verb)
        assert third in VERBS or third_persons()[third] == verb


def test_no_full_stop() -> None:
    assert render(Summary(headline="Add an item."), definition(), UNSTOPPED) == '"""Add an item"""'
    assert render(Summary(headline="Add an item."), definition(), PLAIN) == '"""Add an item."""'


def test_the_first_paragraph_ends_before_a_section() -> None:
    assert first_paragraph("\n    Add an\n    item.\n\n    More.") == "Add an item."
    assert first_paragraph("Add an item\n:param x: it.") == "Add an item"
    assert first_paragraph("Add an item\nArgs:\n    x: it.") == "Add an item"


def house(sentence: str, count: int, *others: str) -> str:
    names = [sentence] * count + list(others)
    return "".join(f'def f{at}():\n    """{text}"""\n\n\n' for at, text in enumerate(names))


def style_of(source: str, **settings: str) -> DocstringStyle:
    files = {name.replace("_", "."): text for name, text in settings.items()}
    return detect(count_styles(source.encode()), [files], Config())


def test_habits_need_a_clear_majority() -> None:
    assert style_of(house("Adds an item", FEWEST)) == DocstringStyle(
        third_person=True, full_stop=False
    )
    assert style_of(house("Adds an item", FEWEST - 1)) == PLAIN
    assert style_of(house("Adds an item", FEWEST, *["Add an item."] * 3)) == PLAIN
    mostly = house("Adds an item", FEWEST, *["Add an item."] * 2)
    assert style_of(mostly) == DocstringStyle(third_person=True, full_stop=False)
    assert style_of(house("Adds an item.", FEWEST)) == THIRD
    assert style_of("") == PLAIN


RUFF = "[tool.ruff.lint]\n"
LINTERS = {
    "ruff D": (f'{RUFF}select = ["D"]\n', False, True),
    "ruff all": (f'{RUFF}select = ["ALL"]\n', False, True),
    "ruff without these": (
        f'{RUFF}select = ["D"]\nignore = ["D400", "D401", "D415"]\n',
        True,
        False,
    ),
    "google wants the stop alone": (
        f'{RUFF}select = ["D"]\npydocstyle = {{convention = "google"}}\n',
        True,
        True,
    ),
    "numpy wants both": (
        f'{RUFF}select = ["D"]\npydocstyle = {{convention = "numpy"}}\n',
        False,
        True,
    ),
    "one rule": (f'{RUFF}select = ["E", "D401"]\n', False, False),
    "no rule": (f'{RUFF}select = ["E"]\n', True, False),
    "pydocstyle": ('[tool.pydocstyle]\nmatch = "x"\n', False, True),
    "docformatter": ("[tool.docformatter]\nwrap-summaries = 88\n", True, True),
}


@pytest.mark.parametrize(("settings", "third", "stop"), LINTERS.values(), ids=LINTERS)
def test_linters_win(settings: str, third: bool, stop: bool) -> None:  # noqa: FBT001
    style = style_of(house("Adds an item", 20), pyproject_toml=settings)
    assert (style.third_person, style.full_stop) == (third, stop)


def test_ruff_itself_objects_where_docbot_says_so(tmp_path: Path) -> None:
    """The rules that a convention leaves out are ruff's own."""
    (tmp_path / "house.py").write_text('"""Adds an item"""\n\n\n' + house("Adds an item", 1))
    for settings, third, stop in LINTERS.values():
        if "ruff" not in settings:
            continue
        (tmp_path / "pyproject.toml").write_text(settings)
        command = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--no-cache",
            "--output-format",
            "concise",
        ]
        done = subprocess.run([*command, "house.py"], cwd=tmp_path, capture_output=True, text=True)
        assert ("D401" in done.stdout) is not third
        assert ("D400" in done.stdout or "D415" in done.stdout) is stop


def test_counts_add_up() -> None:
    counts = count_styles(house("Adds an item", 2, "Run it.").encode())
    both = counts + counts + StyleCounts()
    assert (both.third_person, both.imperative) == (4, 2)
    assert (both.stopped, both.unstopped) == (2, 4)
    assert both.english == 6


def test_a_house_in_the_third_person_is_written_alike_and_only_once(repo, docbot) -> None:
    repo.commit("house.py", house("Adds an item", 12))
    box = 'class Box:\n    """A box"""\n\n    def __len__(self):\n        return len(self.items)\n'
    repo.commit("box.py", box)
    assert docbot("fix", repo.root).code == 1
    written = (repo.root / "box.py").read_text()
    assert '        """Returns the number of items"""\n' in written
    ast.parse(written)
    repo.git("commit", "--quiet", "--all", "--message", "Document the box")
    assert docbot("fix", repo.root).code == 0
    assert docbot("check", repo.root).code == 0
    assert (repo.root / "box.py").read_text() == written
