"""What a section may say: phrases that fit their slot, and hostile ones that never pass."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docbot.gate.facts import facts_of
from docbot.gate.judge import Judge
from docbot.gate.section import check_phrase
from docbot.gate.sentence import Refusal
from docbot.gate.summary import Summary, with_phrases
from docbot.llm.protocol import Completion
from docbot.prompt.task import Slot, Task
from docbot.scan.facts import read_definitions
from docbot.scan.source import read
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from docbot.scan.definition import Definition

REPLIES = Path(__file__).parents[1] / "data" / "replies"

LOAD = """
def load_rows(path: Path, limit: int = 10, strict: bool = False, skip=True) -> list[Row]:
    # The secret ingredient is bananas.
    rows = [Row(line) for line in path.read_text().splitlines()]
    if strict and len(rows) > limit:
        raise ValueError("too many rows")
    if not path.exists():
        raise FileNotFoundError(path)
    return rows if skip else rows[:limit]
"""
VALID = """
def is_valid(token, now: float, names: list[str], encoding: str = "utf-8") -> bool:
    for name in names:
        token.check(name, encoding)
    return token.expires > now
"""
TOTAL = """
def total(prices, *, discount=0, on_done: Callable[[int], None] | None = None):
    done = sum(prices) - discount
    if on_done is not None:
        on_done(done)
    return done
"""
NOTHING = """
def push(self, job, priority=0):
    self.jobs.append((priority, job))
"""
COLUMN = """
class Table:
    def widest_column(self, header, width=None):
        column = Column(header=header, width=width, row=self.row, table=self.table)
        self.columns.append(column)
        return max(self.columns)
"""
EACH = """
def read_rows(path) -> Iterator[Row]:
    for line in path.open():
        yield Row(line)
"""


def definition(source: str) -> Definition:
    return read_definitions(read(source.encode()))[-1]


def slot(text: str) -> Slot:
    task, _, name = text.partition(" ")
    return Slot(task=Task(task), name=name)


def verdict(reply: str, source: str, slot_text: str, *, ended: bool = True) -> str | Refusal:
    facts = facts_of(definition(source))
    return check_phrase(reply, facts, slot(slot_text), ended=ended)


REFUSALS = [
    # another form than the section's
    (LOAD, "param path", "Read the rows at the path.", "noun phrase"),
    (LOAD, "param path", "returns the path of the rows.", "noun phrase"),
    (LOAD, "param path", "of the path to read.", "noun phrase"),
    (LOAD, "returns", "Return the rows of the path.", "noun phrase"),
    (LOAD, "raises ValueError", "The rows are over the limit.", "does not begin with 'If'"),
    (LOAD, "raises ValueError", "Too many rows.", "does not begin with 'If'"),
    (LOAD, "param path", "path.", "fewer than 2"),
    (LOAD, "param path", "the path " + "and the rows of the path " * 5, "more than 20|repeats"),
    # only the name again
    (LOAD, "param path", "the path.", "restates"),
    (LOAD, "param limit", "the limit value.", "restates"),
    (LOAD, "param limit", "an integer limit.", "restates"),
    (VALID, "param names", "a list of names.", "restates"),
    # not this parameter
    (LOAD, "param path", "the number of rows.", "does not speak of 'path'"),
    (LOAD, "param limit", "the path of the limit.", "speaks of 'path'"),
    (LOAD, "param strict", "whether the path exists.", "speak of 'strict'|speaks of 'path'"),
    (VALID, "param now", "the token to check.", "speak of 'now'"),
    (COLUMN, "param width", "the width of the table.", "of table"),
    (COLUMN, "param width", "the width of a row.", "of row"),
    (COLUMN, "returns", "the column of the table.", "does not speak of 'widest'"),
    # another kind than the annotation's, or the default's
    (LOAD, "param limit", "a list of limits for the rows.", "'list', the annotation 'int'"),
    (LOAD, "param limit", "whether the limit is strict.", "'bool', the annotation 'int'"),
    (VALID, "param names", "a string of names to check.", "'str', the annotation"),
    (
        VALID,
        "param encoding",
        "the number of the encoding to check.",
        "'int', the annotation|'number'",
    ),
    (TOTAL, "param discount", "a list of discounts to sum.", "its default is no 'list'|'list'"),
    (TOTAL, "param prices", "whether the prices are done.", "two cases"),
    (LOAD, "returns", "whether the rows exist.", "'bool', the annotation"),
    (TOTAL, "returns", "whether the prices are done.", "two cases"),
    (VALID, "returns", "a list of the valid tokens.", "'list', the annotation 'bool'"),
    (VALID, "param token", "the number of the token to check.", "'number'|takes attributes"),
    (VALID, "param token", "whether the token is checked.", "takes attributes of it"),
    # a default that is not there
    (LOAD, "param path", "the path to read, optional.", "no default"),
    (VALID, "param now", "the time of now, the default.", "no default|'time'"),
    (LOAD, "param limit", "the limit of rows, defaults to 100.", "'100'"),
    (LOAD, "param limit", "the limit of rows, defaults to strict.", "default is 'strict'"),
    # what the code does not bear out
    (LOAD, "param path", "the path of the database.", "'database'"),
    (LOAD, "param path", "the path of the bananas.", "'bananas'"),
    (LOAD, "param path", "the YAML path of the rows.", "'yaml'"),
    (LOAD, "param limit", "the limit of `columns`.", "'columns'"),
    (LOAD, "returns", "the columns of the table.", "'columns'"),
    (LOAD, "raises ValueError", "If the path is a directory.", "'directory'"),
    (LOAD, "raises ValueError", "If the value is wrong.", "'wrong'"),
    (LOAD, "raises ValueError", "If the rows of the limit.", "no verb"),
    (LOAD, "raises ValueError", "If there is a value.", "does not say what the cause is"),
    (NOTHING, "returns", "the priority of the job.", "there is none"),
    # words in circles, to the reader, or without an end
    (LOAD, "param path", "the path of the path.", "repeats"),
    (LOAD, "param path", "the path that you want to read.", "'you'"),
    (LOAD, "param path", "the path of the", "ends with 'the'"),
    (LOAD, "param path", "the path (of rows.", "does not close"),
]


@pytest.mark.parametrize(
    ("source", "slot_text", "reply", "why"),
    REFUSALS,
    ids=[f"{row[1]}: {row[2][:40]}" for row in REFUSALS],
)
def test_must_refuse(source: str, slot_text: str, reply: str, why: str) -> None:
    answer = verdict(reply, source, slot_text)
    assert isinstance(answer, Refusal), answer
    assert re.search(why, answer.detail), answer.detail


BECOMES = [
    (LOAD, "param path", "the path of the rows to read.", "The path of the rows to read."),
    (LOAD, "param path", "path of the rows", "Path of the rows."),
    (LOAD, "param limit", "the limit of rows.", "The limit of rows."),
    (LOAD, "param limit", "the limit of rows, defaults to 10.", None),
    (LOAD, "param strict", "whether to be strict on the limit.", None),
    (LOAD, "param skip", "whether to skip the limit.", None),
    (LOAD, "returns", "the rows of the path.", "The rows of the path."),
    (LOAD, "returns", "a list of rows.", "A list of rows."),
    (LOAD, "raises ValueError", "if there are too many rows.", "If there are too many rows."),
    (LOAD, "raises FileNotFoundError", "if the path does not exist.", None),
    (VALID, "param names", "the names to check.", None),
    (VALID, "param encoding", "the encoding of the names.", None),
    (VALID, "returns", "whether the token is valid.", None),
    (VALID, "returns", "true if the token is valid.", "True if the token is valid."),
    (TOTAL, "param prices", "the prices to sum.", None),
    (TOTAL, "param on_done", "a callable for the done total.", None),
    (TOTAL, "param discount", "the discount on the total.", None),
    (TOTAL, "returns", "the sum of the prices.", None),
    (EACH, "returns", "the rows of the path.", None),
]


@pytest.mark.parametrize(
    ("source", "slot_text", "reply", "expected"),
    BECOMES,
    ids=[f"{row[1]}: {row[2]}" for row in BECOMES],
)
def test_must_become(source: str, slot_text: str, reply: str, expected: str | None) -> None:
    """A row without a phrase of its own gets its capital, and passes again unchanged."""
    answer = verdict(reply, source, slot_text)
    assert answer == (expected or reply[0].upper() + reply[1:])
    assert verdict(str(answer), source, slot_text) == answer


@pytest.mark.parametrize("path", sorted(REPLIES.glob("*.txt")), ids=lambda path: path.stem)
@pytest.mark.parametrize("slot_text", ["param path", "returns", "raises ValueError"])
def test_hostile_replies_are_refused(path: Path, slot_text: str) -> None:
    answer = verdict(path.read_bytes().decode("utf-8", "replace"), LOAD, slot_text)
    assert isinstance(answer, Refusal)
    assert answer.reason is SkipReason.REJECTED
    assert answer.detail.isascii()
    assert answer.detail.isprintable()


def test_confidence_decides_first() -> None:
    for confidence in (0.49, math.nan):
        judge = Judge(read=str.strip, min_confidence=0.5)
        answer = judge.phrase(completion("", confidence), definition(LOAD), slot("returns"))
        assert isinstance(answer, Refusal)
        assert answer.reason is SkipReason.UNSURE


def test_a_phrase_that_was_cut_off_is_refused() -> None:
    answer = verdict("the path to read rows", LOAD, "param path", ended=False)
    assert isinstance(answer, Refusal)
    assert "middle" in answer.detail
    assert verdict("the path to read. And", LOAD, "param path", ended=False) == "The path to read."


VOCABULARY = """
the a path limit strict skip rows to of whether if when true list default 10 , . ( ) ` None Row
raise return Path.read read is not exists optional it e.g. read_text
"""
WORDS = st.sampled_from(VOCABULARY.split())
TEXT = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=10).map(" ".join))
SLOTS = st.sampled_from(["param path", "param limit", "param strict", "returns",
                         "raises ValueError"])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(reply=TEXT, slot_text=SLOTS, ended=st.booleans())
def test_any_text_is_refused_or_becomes_a_clean_phrase(
    reply: str, slot_text: str, *, ended: bool
) -> None:
    answer = verdict(reply, LOAD, slot_text, ended=ended)
    if isinstance(answer, Refusal):
        assert answer.detail.isascii()
        return
    assert answer.isascii()
    assert answer.isprintable()
    assert answer.endswith(".")
    assert not any(mark in answer for mark in ('"', "'''", "\\", "..", ":", "#", "@", "*"))
    assert verdict(answer, LOAD, slot_text) == answer


def completion(text: str, confidence: float, *others: Completion) -> Completion:
    return Completion(text=text, logprob=math.log(confidence), tokens=1, ended=True, others=others)


def test_the_surest_candidate_that_passes_is_taken() -> None:
    first = completion(
        "the path.",
        0.95,
        completion("the path of rows.", 0.6),
        completion("the path to read.", 0.7),
    )
    answer = Judge(read=str.strip).phrase(first, definition(LOAD), slot("param path"))
    assert answer == "The path to read."
    none = completion("the path.", 0.95, completion("the path to read.", 0.1))
    refusal = Judge(read=str.strip).phrase(none, definition(LOAD), slot("param path"))
    assert isinstance(refusal, Refusal)
    assert "restates" in refusal.detail


def test_phrases_find_their_places() -> None:
    phrases = {
        slot("param path"): "The path.",
        slot("param limit"): "The limit.",
        slot("returns"): "The rows.",
        slot("raises ValueError"): "If not.",
    }
    assert with_phrases(Summary(headline="Load."), phrases) == Summary(
        headline="Load.",
        params=(("path", "The path."), ("limit", "The limit.")),
        returns="The rows.",
        raises=(("ValueError", "If not."),),
    )
