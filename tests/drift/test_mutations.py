"""The drift benchmark's mutations change what they are named after, and nothing else."""

from __future__ import annotations

import ast
import difflib
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from drift_functions import Entry, Function, states_default
from drift_mends import expected
from drift_mutations import MUTATIONS, Mutant, mutate

SOURCE = '''\
class Shelf:
    def put(
        self,
        book: str,  # é is two bytes
        place: int = 10,
        *,
        quiet: bool = False,
    ) -> int:
        """Put a book somewhere.

        Args:
            book: What to put.
            place: Where. Defaults to 10.
            quiet: Whether to say nothing.

        Returns:
            The place.

        Raises:
            ValueError: If there is none.
        """
        é = book; place += len(book)
        if not book:
            raise ValueError(book)
        return place
'''
BOOK = "            book: What to put.\n"
PLACE = "            place: Where. Defaults to 10.\n"
QUIET = "            quiet: Whether to say nothing.\n"
FUNCTION = Function(
    origin="",
    style="google",
    source=SOURCE,
    entries=(
        Entry(name="book", text="What to put."),
        Entry(name="place", text="Where. Defaults to 10."),
        Entry(name="quiet", text="Whether to say nothing."),
    ),
    returns=True,
    raises=("ValueError",),
)


def changed(kind: str, seed: int) -> tuple[Mutant, list[str]]:
    """A mutant, and its lines that changed, without indentation: what went, what came."""
    mutant = mutate(kind, FUNCTION, random.Random(seed))
    assert mutant is not None
    ast.parse(mutant.source)
    diff = difflib.ndiff(SOURCE.splitlines(), mutant.source.splitlines())
    return mutant, [f"{line[0]}{line[1:].strip()}" for line in diff if line[0] in "+-"]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("default", {"-place: int = 10,", "+place: int = 17,"}),
        ("bare-return", {"-) -> int:", "+) -> None:", "-return place", "+return"}),
        ("no-return", {"-) -> int:", "+) -> None:", "-return place", "+pass"}),
        ("yield", {"-) -> int:", "+) -> Iterator[int]:", "-return place", "+yield place"}),
        ("drop-raise", {"-raise ValueError(book)", "+pass"}),
        ("unrelated", {"+unrelated = 1", "+del unrelated"}),
    ],
)
def test_a_mutation_without_choice(kind, lines):
    assert set(changed(kind, 1)[1]) == lines


RENAMED = {
    "book": {"-book: str,  # é is two bytes", "-é = book; place += len(book)", "-if not book:",
             "-raise ValueError(book)"},
    "place": {"-place: int = 10,", "-é = book; place += len(book)", "-return place"},
    "quiet": {"-quiet: bool = False,"},
}  # fmt: skip


@pytest.mark.parametrize("seed", range(9))
def test_rename_takes_the_body_along(seed):
    mutant, lines = changed("rename", seed)
    gone = {line for line in lines if line[0] == "-"}
    assert gone == RENAMED[mutant.subject]
    came = {line for line in lines if line[0] == "+"}
    assert all(mutant.replaced in line and "defaults" not in line for line in came)


REMOVED = {
    "book": "-book: str,  # é is two bytes", "place": "-place: int = 10,",
    "quiet": None,  # `*` would be the last of the signature
}  # fmt: skip


@pytest.mark.parametrize("seed", range(9))
def test_remove_takes_one_parameter(seed):
    mutant, lines = changed("remove", seed)
    assert lines == [REMOVED[mutant.subject]]


@pytest.mark.parametrize("seed", range(9))
def test_add_takes_a_place_where_a_default_may_stand(seed):
    mutant, _ = changed("add", seed)
    given = ast.parse(mutant.source).body[0].body[0].args
    names = [arg.arg for arg in (*given.args, *given.kwonlyargs)]
    assert names.pop(names.index(mutant.subject)) not in SOURCE
    assert names == ["self", "book", "place", "quiet"]
    assert mutant.source.partition('"""')[2] == SOURCE.partition('"""')[2]


def test_reorder_never_leaves_a_default_before_none():
    assert mutate("reorder", FUNCTION, random.Random(1)) is None


def test_reorder_swaps_two():
    source = SOURCE.replace("place: int = 10", "place: int")
    function = Function(**{**vars(FUNCTION), "source": source})
    mutant = mutate("reorder", function, random.Random(1))
    given = ast.parse(mutant.source).body[0].body[0].args
    assert [arg.arg for arg in given.args] == ["self", "place", "book"]
    assert "# é is two bytes" in mutant.source


def test_add_raise_raises_what_is_not_documented():
    mutant, lines = changed("add-raise", 1)
    assert mutant.subject not in SOURCE
    assert lines[1] == f'+raise {mutant.subject}("not here")'


def test_what_has_no_raises_section_gets_no_raise():
    function = Function(**{**vars(FUNCTION), "raises": ()})
    assert mutate("add-raise", function, random.Random(1)) is None
    assert mutate("drop-raise", function, random.Random(1)) is None


@pytest.mark.parametrize("kind", MUTATIONS)
def test_the_docstring_stays(kind):
    mutant = mutate(kind, FUNCTION, random.Random(3))
    if mutant is not None:
        assert mutant.source.split('"""')[1] == SOURCE.split('"""')[1]


@pytest.mark.parametrize(
    ("text", "default", "states"),
    [
        ("Where. Defaults to 10.", "10", True),
        ("Where (default: 10).", "10", True),
        ("Where, default 10", "10", True),
        ("Where. Default is ``'left'``.", '"left"', True),
        ("Where. Defaults to 100.", "10", False),
        ("Where. Defaults to 10.5.", "10", False),
        ("Where. Not 10 by default.", "10", False),
        ("Where.", "10", False),
    ],
)
def test_a_stated_default(text, default, states):
    assert states_default(text, default) is states


@pytest.mark.parametrize(
    ("kind", "mutant", "old", "new"),
    [
        ("rename", Mutant(source=SOURCE, subject="place", replaced="spot"),
         "    place: Where. Defaults", "    spot: Where. Defaults"),
        ("reorder", Mutant(source=SOURCE.replace("self,", "self, quiet: bool,")
                           .replace("\n        quiet: bool = False,", "\n        _q=0,")),
         f"{BOOK}{PLACE}{QUIET}", f"{QUIET}{BOOK}{PLACE}"),
        ("remove", Mutant(source=SOURCE.replace("        quiet: bool = False,", "        _q=0,")),
         QUIET, ""),
    ],
)  # fmt: skip
def test_what_a_mend_should_leave(kind, mutant, old, new):
    assert old in mutant.source
    assert expected(FUNCTION, mutant, kind) == mutant.source.replace(old, new)


def test_a_mend_takes_the_type_before_the_parameter_along():
    text = 'def f({}):\n    """Do.\n\n    :type {}: int\n    :param {}: What a is.\n    """\n'
    function = Function(
        origin="",
        style="sphinx",
        source=text.format("a", "a", "a"),
        entries=(Entry(name="a", text="int What a is."),),
        returns=False,
        raises=(),
    )
    mutant = Mutant(source=text.format("b", "a", "a"), subject="a", replaced="b")
    assert expected(function, mutant, "rename") == text.format("b", "b", "b")
