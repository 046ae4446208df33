"""Sentences that a function's tree contradicts, and true ones about the same code or like it."""

from __future__ import annotations

import pytest

from docbot.gate.claims import check_claims
from docbot.gate.facts import Facts, facts_of
from docbot.gate.headline import check_headline, read_headline
from docbot.gate.judge import check_text
from docbot.gate.sentence import Refusal
from docbot.prompt.task import Slot, Task
from docbot.scan.facts import read_definitions
from docbot.scan.source import read

SUM = "def add_up(weights):\n    return sum(weights)\n"
SUM_OF_SIZES = "def measure(photos):\n    return sum(photo.size for photo in photos)\n"
BLANK = (
    "def count_rows(path):\n    with open(path) as file:\n"
    "        return sum(1 for row in file if not row.strip())\n"
)
COUNTER = (
    "def count_hits(shots):\n    hits = 0\n    for shot in shots:\n        if shot.hit:\n"
    "            hits += 1\n    return hits\n"
)
MONTHS = "def in_months(self):\n    return self.years * 12 + self.rest\n"
LIMIT = "def limit(self):\n    return self.max_steps\n"
UNIQUE = "def unique_names(names):\n    return sorted(set(names))\n"
FIRST_SORTED = "def smallest(names):\n    return sorted(names)[0]\n"
NOT_EQUAL = 'def is_ready(job):\n    return job.state != "ready"\n'
NOT_IN = "def has_user(self, user):\n    return user not in self.users\n"
NOT_ACTIVE = "def is_active(account):\n    return not account.active\n"
IS_NONE = "def is_set(option):\n    return option.value is None\n"
EQUAL = "def same(left, right):\n    return left.key == right.key\n"
NEWEST = "def oldest(rows):\n    return rows[-1]\n"
LARGEST = "def shortest(paths):\n    return max(paths)\n"
ANY = "def all_done(jobs):\n    return any(job.done for job in jobs)\n"
SOME = "def open_orders(orders):\n    return [order for order in orders if order.open]\n"
REMOVES = "def add_tag(self, tag):\n    self.tags.remove(tag)\n"
DECODES = "def encode(payload):\n    return payload.decode()\n"
WRITES = "def read_notes(path, text):\n    path.write_text(text)\n"
TUPLE = "def tags(self):\n    return tuple(self._tags)\n"
TEXT = "def label(self) -> str:\n    return self._label()\n"
FLUENT = "def with_color(self, color):\n    self.color = color\n    return self\n"
SILENT = "def check_port(port):\n    port > 0\n"
FROZEN = "def pop(self, index=-1) -> NoReturn:\n    _refuse(self)\n"
STOPS = "def leave(code) -> NoReturn:\n    sys.exit(code)\n"
PARSES = "def loads(self, text):\n    return self.parser.parse(text)\n"

FALSE = [
    (SUM, "Return the number of weights."),
    (SUM_OF_SIZES, "Return the total size of a photo."),
    (SUM_OF_SIZES, "Return the number of photos."),
    (BLANK, "Return the number of rows in the file."),
    (SUM, "Return the average weight."),
    (LIMIT, "Return the sum of the steps."),
    (UNIQUE, "Remove duplicates from a sorted list."),
    (NOT_EQUAL, "Check if the job is ready."),
    (NOT_IN, "Check whether the user is in the users."),
    (NOT_ACTIVE, "Return whether the account is active."),
    (IS_NONE, "Return True if the option is set."),
    (EQUAL, "Check if the left key is not the right key."),
    (NEWEST, "Return the first row."),
    (LARGEST, "Return the shortest path."),
    (ANY, "Check if all jobs are done."),
    (SOME, "Return all orders."),
    (REMOVES, "Add a tag to the tags."),
    (DECODES, "Encode the payload."),
    (WRITES, "Read the notes from the path."),
    (TUPLE, "Return a list of tags."),
    (TEXT, "Return whether the label is there."),
    (FLUENT, "Return a new color."),
    (SILENT, "Check if the port is positive."),
    (FROZEN, "Pop an item at an index."),
    (PARSES, "Load the text from a file."),
]
TRUE = [
    (SUM, "Return the sum of the weights."),
    (SUM, "Return the total weight."),
    (SUM_OF_SIZES, "Return the total size of the photos."),
    (SUM_OF_SIZES, "Return the size of each photo added up."),
    (BLANK, "Return the number of blank rows."),
    (BLANK, "Count the rows that are not filled."),
    (COUNTER, "Return the number of shots that hit."),
    (MONTHS, "Return the number of months."),
    (LIMIT, "Return the number of steps."),
    (UNIQUE, "Return a sorted list of unique names."),
    (FIRST_SORTED, "Return the first of the sorted names."),
    (NOT_EQUAL, "Check if the job is not ready."),
    (NOT_IN, "Check whether the user is missing."),
    (NOT_ACTIVE, "Return whether the account is inactive."),
    (IS_NONE, "Return True if the option is unset."),
    (EQUAL, "Check if the left key is the right key."),
    (NEWEST, "Return the last row."),
    (LARGEST, "Return the longest path."),
    (ANY, "Check if any job is done."),
    (SOME, "Return all open orders."),
    (REMOVES, "Remove a tag."),
    (DECODES, "Decode the payload."),
    (WRITES, "Write the notes to the path."),
    (TUPLE, "Return a tuple of tags."),
    (TEXT, "Return the label."),
    (FLUENT, "Set the color and return self."),
    (STOPS, "Exit with a code."),
    (PARSES, "Load the text with the parser."),
]


def facts(source: str) -> Facts:
    return facts_of(read_definitions(read(source.encode()))[-1])


def problem(source: str, sentence: str) -> str:
    return check_claims(read_headline(sentence, facts(source)), facts(source))


@pytest.mark.parametrize(("source", "sentence"), FALSE, ids=[sentence for _, sentence in FALSE])
def test_what_the_tree_contradicts_is_refused(source: str, sentence: str) -> None:
    assert problem(source, sentence) != ""
    assert isinstance(check_headline(sentence, facts(source)), Refusal)


@pytest.mark.parametrize(("source", "sentence"), TRUE, ids=[sentence for _, sentence in TRUE])
def test_what_the_tree_does_not_contradict_is_left_to_other_rules(
    source: str, sentence: str
) -> None:
    assert problem(source, sentence) == ""


def test_a_score_does_not_outweigh_the_tree() -> None:
    slot = Slot(task=Task.FUNCTION)
    refusal = check_text("Return the number of weights.", facts(SUM), slot, scored=True)
    assert isinstance(refusal, Refusal)
    assert refusal.detail == "it speaks of a number, and nothing is counted"


def test_what_is_returned_is_no_number_either() -> None:
    slot = Slot(task=Task.RETURNS)
    assert isinstance(check_text("The number of weights.", facts(SUM), slot), Refusal)


def test_a_definition_from_another_process_is_judged_alike() -> None:
    from docbot.scan.tree import without_trees

    (definition,) = without_trees(read_definitions(read(NOT_EQUAL.encode()))[-1:])
    refusal = check_headline("Check if the job is ready.", facts_of(definition))
    assert isinstance(refusal, Refusal)
