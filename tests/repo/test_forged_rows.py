"""A cache row that docbot did not write costs a recomputation: every kind of row, any JSON."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docbot.cache import ANSWER, FILE, KINDS, RUN, Cache, cache_folder, is_shaped
from docbot.llm import completion_cache
from docbot.llm.protocol import Completion
from docbot.repo import facts_codec
from docbot.scan.facts import file_facts

SHOP = b'''import os
from base import *


class Shop(Base):
    """Sell."""

    @property
    def total(self) -> int:
        return self.prices + os.__doc__

    def sell(self, item, count):  # noqa: D102
        """Sell it.

        Args:
            article: What is sold.
        """
        return item * count


def _private(x): return x
'''
FACTS = facts_codec.encode(file_facts(SHOP))
COMPLETION = Completion(
    text="Sell.", logprob=-1.5, tokens=3, ended=True, lowest=-2.0,
    others=(Completion(text="Buy.", logprob=-2.5, tokens=3, ended=False, lowest=-3.0),),
)  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)  # fmt: skip


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, (list, dict)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from places(inner, (*path, key))


def with_other(value, path, other):
    """The value with another one at a place."""
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_other(copy[path[0]], path[1:], other)
    return copy


@st.composite
def forged(draw, *parts):
    """Lines of JSON in which one place has another value."""
    values = [json.loads(part) for part in parts]
    at = draw(st.integers(0, len(values) - 1))
    place = draw(st.sampled_from(list(places(values[at]))))
    values[at] = with_other(values[at], place, draw(JSON))
    return b"\n".join(json.dumps(value).encode() for value in values)


def test_what_docbot_writes_is_read():
    facts = facts_codec.decode(FACTS)
    assert [d.qualname for d in facts.definitions][1:] == [
        "Shop", "Shop.total", "Shop.sell", "_private",
    ]  # fmt: skip
    assert facts_codec.encode(facts) == FACTS
    assert completion_cache.decode(completion_cache.encode(COMPLETION)) == COMPLETION


@settings(max_examples=400, deadline=None)
@given(forged(*FACTS.split(b"\n")) | st.binary(max_size=40))
def test_forged_facts_are_read_as_their_types_or_refused(value):
    for decode in (
        facts_codec.decode, facts_codec.decode_drifts, facts_codec.decode_outline,
        facts_codec.has_outline,
    ):  # fmt: skip
        try:
            result = decode(value)
        except ValueError:
            continue
        if decode is facts_codec.decode:
            assert isinstance(result.size, int)
            assert all(isinstance(d.qualname, str) for d in result.definitions)
            assert all(isinstance(d.line, int) for d in result.definitions)


@settings(max_examples=200, deadline=None)
@given(forged(completion_cache.encode(COMPLETION)) | st.binary(max_size=40))
def test_forged_completions_are_read_as_their_types_or_refused(value):
    try:
        completion = completion_cache.decode(value)
    except ValueError:
        return
    assert isinstance(completion.text, str)
    assert isinstance(completion.logprob + completion.lowest, float)
    assert isinstance(completion.tokens, int)


BAD = [
    b"", b"null", b"[]", b"{}", b"[[[[", b"\xff\n\xfe\n", b"[" * 100_000, b"1\n2\n3",
    b'["x",["y"],1,2,3.5,[]]', b'["x",[1],0,0,null,[{}]]', b"[1,[],0,0,null,[{}]]",
    b'["x",[],"0",0,null,[{}]]', b'["x",[],0,0,null,[{"a":1}]]',
    b'[0,[false,false],["",false],{},{},[],[],[],[true,true]]\n[[1]]\nnull',
    b'[0,[false,false],["",false],{"A":[["B"],{"c":1}]},{},[],[],[],[true,true]]\n[]\n[]',
    b'["text","0x1p0","0x1p0",3,true,[3]]', b'["text","one","two",3,true,[]]',
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad[:30]))
def test_rows_with_a_right_checksum_cost_a_recomputation(docbot, repo, bad):
    """Whatever is in the rows of a whole run, each is replaced by it, under its own key."""
    repo.stage("base.py", "class Base:\n    def sell(self, item, count): return item\n")
    repo.commit("shop.py", SHOP)
    for arguments in (["check", repo.root], ["check", "-v", repo.root / "shop.py"]):
        before = docbot(*arguments)
        assert before.code == 1
        cache = Cache(cache_folder())
        database = sqlite3.connect(cache_folder() / "cache-1.sqlite3")
        keys = database.execute("SELECT kind, key FROM entries").fetchall()
        database.close()
        assert {kind for kind, _ in keys} >= {FILE, RUN}
        for only in ((FILE,), (RUN,), KINDS):
            for kind, key in keys:
                if kind in only:
                    cache.put_many(kind, {key: bad})
            cache.close()
            assert docbot(*arguments) == before
            assert docbot(*arguments) == before  # and is right from then on


def test_answers_that_docbot_did_not_write_are_asked_for_again(docbot, repo):
    repo.commit(
        "shop.py", "def total(prices, tax):\n    value = sum(prices)\n    return value * tax\n"
    )
    before = docbot("fix", "--diff", "--min-confidence", "0", repo.root)
    for bad in BAD:
        cache = Cache(cache_folder())
        database = sqlite3.connect(cache_folder() / "cache-1.sqlite3")
        rows = database.execute("SELECT key FROM entries WHERE kind = ?", (ANSWER,)).fetchall()
        database.close()
        assert rows
        for (key,) in rows:
            cache.put_many(ANSWER, {key: bad})
        cache.close()
        assert docbot("fix", "--diff", "--min-confidence", "0", repo.root).out == before.out


@pytest.mark.parametrize(
    ("value", "shape", "fits"),
    [
        ([1, "a"], (int, str), True),
        ([True, "a"], (int, str), False),
        ([1], (int, str), False),
        ({"a": [1]}, {str: [int]}, True),
        ({"a": [None]}, {str: [int]}, False),
        (None, frozenset((int, type(None))), True),
        ("1", frozenset((int, type(None))), False),
    ],
)
def test_shapes(value, shape, fits):
    assert is_shaped(value, shape) is fits
