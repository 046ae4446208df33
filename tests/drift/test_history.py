"""A summary is reported where a change took away what it speaks of, and nowhere else."""

from __future__ import annotations

import ast
from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest

from docbot.drift.drift import DriftRule
from docbot.drift.function import Function
from docbot.drift.history import (
    MUCH_LESS_LIKELY,
    Hints,
    names_in,
    plain_summary,
    stale_hints,
    summary_drift,
    summary_of,
)
from docbot.drift.literal import literal_of
from docbot.drift.parse import parse_docstring
from docbot.scan.facts import some_definitions
from docbot.scan.source import read

if TYPE_CHECKING:
    from docbot.scan.definition import Definition


def function_of(code: str, docstring: str) -> Function:
    """Read a function whose docstring is put below its header's line."""
    lines = dedent(code).strip("\n").split("\n")
    at = next(at for at, line in enumerate(lines) if line.rstrip().endswith(":") and "def" in line)
    margin = " " * (len(lines[at]) - len(lines[at].lstrip()) + 4)
    lines[at + 1 : at + 1] = [indent(f'"""{docstring}"""', margin)]
    text = read(("\n".join(lines) + "\n").encode())
    tree = ast.parse(text.code)
    found = some_definitions(tree, text, lambda node: isinstance(node, ast.FunctionDef))
    definition = next(each for each in found if not each.local)
    node = definition.tree
    assert isinstance(node, ast.FunctionDef)
    literal = literal_of(node, text)
    assert literal is not None
    return Function(
        definition=definition,
        node=node,
        docstring=parse_docstring(literal.text),
        literal=literal,
        qualname=definition.qualname,
        line=definition.line,
    )


def definition_of(code: str, docstring: str) -> Definition:
    return function_of(code, docstring).definition


def hints(summary: str, old: str, new: str) -> Hints:
    return stale_hints(definition_of(new, summary), definition_of(old, summary))


STALE = [
    (
        "Raise KeyError unless the name is known.",
        "def f(n):\n    if n not in T:\n        raise KeyError(n)\n",
        "def f(n):\n    if n not in T:\n        raise UnknownName(n)\n",
        Hints(raised=("KeyError",)),
    ),
    (
        "Wrap it in a `PlainLine`.",
        "def f(t):\n    return PlainLine(t)\n",
        "def f(t):\n    return Segment(t)\n",
        Hints(replaced=("PlainLine",), words=()),
    ),
    (
        "Read the level from SHOP_DEBUG.",
        'def f():\n    return get("SHOP_DEBUG")\n',
        'def f():\n    return get("SHOP_LOG")\n',
        Hints(replaced=("SHOP_DEBUG",)),
    ),
    (
        "Try 3 times.",
        "def f():\n    return attempt(3)\n",
        "def f():\n    return attempt(5)\n",
        Hints(replaced=("3",)),
    ),
    (
        "Check whether item_list is sorted.",
        "def f(item_list):\n    return check(item_list)\n",
        "def f(sequence):\n    return check(sequence)\n",
        Hints(replaced=("item_list",)),
    ),
    (
        "Return a list of the open ones.",
        "def f(a):\n    return [x for x in a if x.open]\n",
        "def f(a):\n    return (x for x in a if x.open)\n",
        Hints(kind="list"),
    ),
    (
        "Return a list of the open ones.",
        "def f(a):\n    found = [x for x in a if x.open]\n    return found\n",
        "def f(a):\n    for x in a:\n        if x.open:\n            yield x\n",
        Hints(kind="list"),
    ),
    (
        "Returns a dictionary of counts.",
        "def f(a):\n    return dict(a)\n",
        "def f(a):\n    return sorted(a)\n",
        Hints(kind="dict"),
    ),
    (
        "Check the form, returning what is wrong.",
        "def f(form):\n    return form.check()\n",
        "def f(form):\n    form.check()\n",
        Hints(unreturned=True),
    ),
]


@pytest.mark.parametrize(("summary", "old", "new", "expected"), STALE)
def test_what_a_change_took_away_is_a_strong_hint(summary, old, new, expected):
    found = hints(summary, old, new)
    for name in ("raised", "replaced", "kind", "unreturned"):
        assert getattr(found, name) == getattr(expected, name)
    assert found.is_strong


@pytest.mark.parametrize(
    ("summary", "old", "new"),
    [
        # nothing went
        ("Add one.", "def f(a):\n    return a + 1\n", "def f(a):\n    return 1 + a\n"),
        # it is only spelled otherwise, or stands in a comment now
        (
            "Make a `dataset`.",
            "def f(a):\n    return dataset(a)\n",
            "def f(a):\n    return DataSet(a)\n",
        ),
        (
            "Make a `Page`.",
            "def f(a):\n    return Page(a)\n",
            "def f(a):\n    # a Page\n    return wrap(a)\n",
        ),
        # it was said in a comment alone
        (
            "Keep the `Order`.",
            "def f(a):\n    return sort(a)  # Order\n",
            "def f(a):\n    return keep(a)\n",
        ),
        # what it speaks of has moved into a function that is called
        (
            "Raise KeyError for an unknown name.",
            "def f(n):\n    raise KeyError(n)\n",
            "def f(n):\n    raise self.error(n)\n",
        ),
        (
            "Raise KeyError for an unknown name.",
            "def f(n):\n    raise KeyError(n)\n",
            "def f(n):\n    self.refuse(n)\n",
        ),
        # a more special exception is one as well
        (
            "Raise LookupError for an unknown name.",
            "def f(n):\n    raise LookupError(n)\n",
            "def f(n):\n    raise KeyError(n)\n",
        ),
        # another function is named, which need not be in the code
        (
            "Same as :meth:`add_rule`, for all shops.",
            "def f(a):\n    return add_rule(a)\n",
            "def f(a):\n    return self.put(a)\n",
        ),
        # a number that is part of a word, and the name of a file
        ("Read an 8-bit color.", "def f(n):\n    return n < 8\n", "def f(n):\n    return n < 16\n"),
        (
            "Read `shop.py` again.",
            'def f():\n    return load("shop.py")\n',
            "def f():\n    return load(NAME)\n",
        ),
        # nobody knows what is returned now, or it is the same kind
        (
            "Return a list of them.",
            "def f(a):\n    return [*a]\n",
            "def f(a):\n    return get(a)\n",
        ),
        (
            "Return a list of them.",
            "def f(a):\n    return [*a]\n",
            "def f(a):\n    return sorted(a)\n",
        ),
        # a result that is no value of the function
        (
            "Store the return value.",
            "def f(a):\n    return put(a)\n",
            "def f(a):\n    put(a)\n",
        ),
        # an inner function's result is its own
        (
            "Return a list of them.",
            "def f(a):\n    return [*a]\n",
            "def f(a):\n    def g():\n        return (1, 2)\n    return [g, a]\n",
        ),
        # an emptied body proves nothing
        ("Return the urls of an item.", "def f(a):\n    return a.urls\n", "def f(a):\n    pass\n"),
        # a whole rewriting
        (
            "Read the `token_map`.",
            "def f(a):\n    return token_map[a].get(0)\n",
            "def f(a):\n    with lock, opened(a) as file:\n        return file.read().strip()\n",
        ),
    ],
)
def test_what_may_still_be_true_is_not(summary, old, new):
    assert not hints(summary, old, new).is_strong


def test_the_class_of_a_method_supports_its_name():
    old = "class Walker:\n    def f(self):\n        return Walker(self)\n"
    new = "class Walker:\n    def f(self):\n        return type_of(self)\n"
    assert not hints("Copy this `Walker`.", old, new).is_strong
    assert hints("Copy this `Walker`.", old.replace("class Walker", "class Cat"),
                 new.replace("class Walker", "class Cat")).replaced == ("Walker",)  # fmt: skip


def test_words_that_only_went_are_weak_hints():
    old = "def f(a):\n    return retry(a, attempts)\n"
    found = hints("Send it with retries and `attempts`.", old, "def f(a):\n    return a\n")
    assert (found.names, found.words, found.is_strong) == (("attempts",), ("retries",), False)


DOCSTRING = "Make a `PlainLine` of it.\n\n    More.\n    "
OLD = "def f(t):\n    return PlainLine(t)\n"
NEW = "def f(t):\n    return Segment(t)\n"


def test_a_drift_has_the_summary_s_line_and_says_what_went():
    drift = summary_drift(function_of(NEW, DOCSTRING), definition_of(OLD, DOCSTRING))
    assert drift is not None
    assert (drift.rule, drift.qualname, drift.line) == (DriftRule.SUMMARY_STALE, "f", 2)
    assert drift.subject == "PlainLine"
    assert drift.message == (
        "has a summary that may be stale: it speaks of PlainLine, which the change replaced"
    )
    assert drift.changes == ()


def test_the_line_is_that_of_the_first_word():
    docstring = "\n    Make a `PlainLine` of it.\n    "
    drift = summary_drift(function_of(NEW, docstring), definition_of(OLD, docstring))
    assert drift is not None
    assert drift.line == 3


@pytest.mark.parametrize(
    ("docstring", "new"),
    [
        ("Make a line of it.", NEW),  # the summary changed as well
        ("", NEW),
        (DOCSTRING, OLD),  # nothing else did
        (DOCSTRING, "@abstractmethod\ndef f(t):\n    return Segment(t)\n"),
        (DOCSTRING, "def f(t):\n    raise NotImplementedError\n"),
    ],
)
def test_no_drift(docstring, new):
    assert summary_drift(function_of(new, docstring), definition_of(OLD, DOCSTRING)) is None


def test_the_model_decides_on_weak_hints_alone():
    summary = "Send it with retries."
    old = definition_of("def f(a):\n    return retry(a)\n", summary)
    new = function_of("def f(a):\n    return post(a)\n", summary)
    assert summary_drift(new, old) is None
    assert summary_drift(new, old, MUCH_LESS_LIKELY) is None
    drift = summary_drift(new, old, MUCH_LESS_LIKELY + 0.1)
    assert drift is not None
    assert drift.message.endswith("it speaks of retries, which the change removed")
    plain = "Send it away."
    other = function_of("def f(a):\n    return post(a)\n", plain)
    former = definition_of("def f(a):\n    return mail(a)\n", plain)
    assert summary_drift(other, former, 9.0) is None
    strong = function_of(NEW, DOCSTRING), definition_of(OLD, DOCSTRING)
    assert summary_drift(*strong, -1.0) is not None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Hints(raised=("A", "B")), "it speaks of A and B, which the change raises no more"),
        (Hints(replaced=("a", "b", "c")), "it speaks of a, b, c, which the change replaced"),
        (Hints(kind="set"), "it promises a set, and the change returns none"),
        (
            Hints(unreturned=True, words=("error",)),
            "it says that something is returned, and the change returns nothing",
        ),
    ],
)
def test_messages(found, expected):
    assert found.subject in (*found.raised, *found.replaced, found.kind)
    assert found.message() == f"has a summary that may be stale: {expected}"


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Do it.", "Do it."),
        ("\n    Do it\n    well. Then rest.\n\n    More.", "Do it well."),
        ("", ""),
        ("Read a.b files", "Read a.b files"),
    ],
)
def test_the_summary_is_the_first_sentence(docstring, expected):
    assert summary_of(docstring) == expected


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("Read `x` and ``y_z``.", ["x", "y_z"]),
        ("See :attr:`~shop.Cart.items`.", ["items"]),
        ("Raise a ValueError or json.JSONDecodeError.", ["ValueError", "JSONDecodeError"]),
        ("Call run() within 2.5 seconds, utf-8.", ["run", "2.5"]),
        ("Don't say the 'mode' twice, it's 'mode'.", ["mode"]),
        ("Plain words, and a URL.", []),
    ],
)
def test_names_in_a_summary(summary, expected):
    assert names_in(summary) == expected


def test_a_summary_as_the_model_writes_it():
    text = "Return the :class:`~a.webServer` (if any) of *my_url*, or `None`."
    assert plain_summary(text) == "return the web server of my url, or none."
