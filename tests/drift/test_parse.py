"""Docstrings are cut as their writers meant them, and never lose a character."""

from __future__ import annotations

import ast
import re
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docbot.drift.docstring import Convention, Docstring, SectionKind, Span
from docbot.drift.parse import kinds_in_prose, parse_docstring

GOOGLE, NUMPY, SPHINX = Convention.GOOGLE, Convention.NUMPY, Convention.SPHINX
UNREADABLE = "unreadable"


def indented(text: str) -> str:
    """The docstring as it stands in a method: all lines but the first are indented."""
    return text.replace("\n", "\n        ").replace("\n        \n", "\n\n")


def entries_of(docstring: Docstring) -> list:
    """Each section as (kind, entries), an entry as (names, type, optional, default, text)."""

    def words(span: Span | None) -> str | None:
        return None if span is None else re.sub(r"\n[ \t]+", "\n", span.of(docstring.text))

    def entry(found) -> tuple:
        names = " ".join(name.of(docstring.text) for name in found.names)
        return names, *map(words, (found.type, found.optional, found.default, found.text))

    return [
        (s.kind.value, [entry(e) for e in s.entries] if s.readable else UNREADABLE)
        for s in docstring.sections
    ]


def check(text: str, convention: Convention | None, expected: list) -> None:
    """Assert what is found, with and without an indentation, and that the pieces join."""
    for moved in (text, indented(text), indented(text) + "\n        "):
        docstring = parse_docstring(moved)
        assert entries_of(docstring) == expected
        assert docstring.convention == (convention if expected else None)
        assert_tiles(docstring)


def assert_tiles(docstring: Docstring) -> None:
    """Assert that spans are in order, within one another, whole lines, and the text if joined."""
    text, at = docstring.text, 0
    parts = list(docstring.parts())
    assert "".join(span.of(text) for span in parts) == text
    assert all(a.end == b.start for a, b in pairwise(parts))
    for section in docstring.sections:
        assert at <= section.span.start < section.span.end <= len(text)
        assert_lines(text, section.span)
        assert section.span.start <= section.title.start <= section.title.end <= section.span.end
        assert section.readable or not section.entries
        below = section.title.end if section.title.of(text) else section.span.start
        for entry in section.entries:
            assert below <= entry.span.start < entry.span.end <= section.span.end
            assert_lines(text, entry.span)
            inner = [*entry.names, entry.type, entry.optional, entry.default, entry.text]
            for span in filter(None, inner):
                assert entry.span.start <= span.start < span.end <= entry.span.end
                assert span.of(text).strip() == span.of(text)
            spans = sorted(filter(None, inner))
            assert all(a.end <= b.start for a, b in pairwise(spans))
            below = entry.span.end
        at = section.span.end
    if docstring.sections:
        assert docstring.summary.end <= docstring.sections[0].span.start


def assert_lines(text: str, span: Span) -> None:
    """Assert that a span is of complete lines, the last of them not blank."""
    assert span.start == 0 or text[span.start - 1] == "\n"
    assert span.end == len(text) or text[span.end - 1] == "\n"
    assert span.of(text).removesuffix("\n").split("\n")[-1].strip()


def one(names, text="T.", *, type=None, optional=None, default=None):  # noqa: A002
    return (names, type, optional, default, text)


INT = one("x", type="int")
GOOGLE_ENTRIES = {
    "x: T.": [one("x")],
    "x : T.": [one("x")],
    "x (int): T.": [INT],
    "x (int) : T.": [INT],
    "x(int): T.": [INT],
    "x (int, optional): T.": [one("x", type="int", optional="optional")],
    "x (Optional[int]): T.": [one("x", type="Optional[int]")],
    "x (optional): T.": [one("x", optional="optional")],
    "x (int)\n    T.": [INT],
    "x (int, *optional*): T.": [one("x", type="int", optional="*optional*")],
    "x (`int`, *optional*, defaults to `3`): T.": [
        one("x", type="`int`", optional="*optional*", default="`3`")
    ],
    "x (int, default 3): T.": [one("x", type="int", default="3")],
    "x (int, default: 3): T.": [one("x", type="int", default="3")],
    "x (int, default is (1, 2)): T.": [one("x", type="int", default="(1, 2)")],
    "x (int, defaults to None): T.": [one("x", type="int", default="None")],
    "x (int, optional, defaults to `3`): T.": [
        one("x", type="int", optional="optional", default="`3`")
    ],
    "x (int = 3): T.": [one("x", type="int", default="3")],
    "x (int=3): T.": [one("x", type="int", default="3")],
    "x (int, 3 by default): T.": [one("x", type="int", default="3")],
    'x (str, default ")"): T.': [one("x", type="str", default='")"')],
    "x (dict[str, tuple(int, ...)]): T.": [one("x", type="dict[str, tuple(int, ...)]")],
    "x (float in [0, 1)): T.": [one("x", type="float in [0, 1)")],
    "x (the user's id): T.": [one("x", type="the user's id")],
    "x (dict[str,\n    int]): T.": [one("x", type="dict[str,\nint]")],
    "x (int):\n    T.": [INT],
    "x: A: b\n    and\n\n    more.": [one("x", "A: b\nand\n\nmore.")],
    "x (int):": [one("x", None, type="int")],
    "x, y (int): T.": [one("x y", type="int")],
    "*args: T.": [one("args")],
    "**kwargs (Any): T.": [one("kwargs", type="Any")],
    r"\*args: T.": [one("args")],
    r"\*\*kwargs: T.": [one("kwargs")],
    "*args, **kwargs: T.": [one("args kwargs")],
    "x: T.\n**kwargs": [one("x"), one("kwargs", None)],
    "a.b: T.": [one("a.b")],
    "`x`: T.": [one("x")],
    "``x`` (int): T.": [INT],
    "größe: T.": [one("größe")],
    "x: T.\n\ny: T.": [one("x"), one("y")],
    "x: T.\n    - y: U.\ny: T.": [one("x", "T.\n- y: U."), one("y")],
    "x: T.\n.. note::\n    y: T.\nz: T.": [one("x"), one("z")],
    "- x: T.": UNREADABLE,
    "The x.": UNREADABLE,
    "x: T.\nand more.": UNREADABLE,
    "x: T.\n\nAnd: this, too\nalso": UNREADABLE,
    "if x: T.": UNREADABLE,
    "else: T.": UNREADABLE,
    "x (int) - T.": UNREADABLE,
    "x (int: T.": UNREADABLE,
    "x (int)": UNREADABLE,
    "x, optional: T.": UNREADABLE,
    "x": UNREADABLE,
    "None": UNREADABLE,
    "None: T.": UNREADABLE,
    "http://a.b": UNREADABLE,
    "x::": UNREADABLE,
    "  x: T.\ny: T.": UNREADABLE,
}


@pytest.mark.parametrize("body", GOOGLE_ENTRIES)
def test_entries_in_google_style(body):
    text = "Join.\n\nArgs:\n    " + body.replace("\n", "\n    ")
    check(text, GOOGLE, [("parameters", GOOGLE_ENTRIES[body])])


GOOGLE_RESULTS = {
    "int: T.": one("", type="int"),
    "The text.": one("", "The text."),
    "int": one("", "int"),
    "dict[str, int] | None: T.": one("", type="dict[str, int] | None"),
    'Literal["a: b"]: T.': one("", type='Literal["a: b"]'),
    "(int, str): T.": one("", type="(int, str)"),
    "Callable[[int], str]: T.": one("", type="Callable[[int], str]"),
    "tuple[()]: T.": one("", type="tuple[()]"),
    "str or None: T.": one("", type="str or None"),
    "Union[int,\n    str]: T.": one("", type="Union[int,\nstr]"),
    ":class:`str`: T.": one("", type=":class:`str`"),
    ":py:class:`~a.B` or None: T.": one("", type=":py:class:`~a.B` or None"),
    "~a.B: T.": one("", type="~a.B"),
    "`str`: T.": one("", type="`str`"),
    "int:\n    T.": one("", type="int"),
    "A :class:`str` of all.": one("", "A :class:`str` of all."),
    "One of two forms: long or short.": one("", "One of two forms: long or short."),
    "One or more: T.": one("", "One or more: T."),
    "f(x): T.": one("", "f(x): T."),
    "[int: T.": one("", "[int: T."),
    "int, : T.": one("", "int, : T."),
    "[,]: T.": one("", "[,]: T."),
    "Note: T.": one("", "Note: T."),
    "a::": one("", "a::"),
    "https://a.b": one("", "https://a.b"),
    "The text, with all\nblanks kept.": one("", "The text, with all\nblanks kept."),
    "~.a.B: T.": one("", type="~.a.B"),
    "Callable[[~.A], B]: T.": one("", type="Callable[[~.A], B]"),
    "Series or pd.Frame: T.": one("", type="Series or pd.Frame"),
    "`str` or `list`: T.": one("", type="`str` or `list`"),
    "One, or More: T.": one("", "One, or More: T."),
    "int: One.\nstr: Two.": one("", "One.\nstr: Two.", type="int"),
    "- a: T.\n- b": one("", "- a: T.\n- b"),
}


@pytest.mark.parametrize("title", ["Returns", "Yields"])
@pytest.mark.parametrize("body", GOOGLE_RESULTS)
def test_a_result_in_google_style_is_one_entry(body, title):
    text = f"Join.\n\n{title}:\n    " + body.replace("\n", "\n    ")
    check(text, GOOGLE, [(title.lower(), [GOOGLE_RESULTS[body]])])


RAISED = {
    "ValueError: T.": [one("ValueError")],
    "a.Error: T.": [one("a.Error")],
    "ValueError, a.Error: T.": [one("ValueError a.Error")],
    "ValueError or KeyError: T.": [one("ValueError KeyError")],
    ":class:`ValueError`: T.": [one("ValueError")],
    ":exc:`~a.Error`: T.": [one("a.Error")],
    "`ValueError`: T.": [one("ValueError")],
    "ValueError": [one("ValueError", None)],
    "ValueError\n    T.": [one("ValueError")],
    "ValueError: T.\nKeyError: T.": [one("ValueError"), one("KeyError")],
    "If bad.": UNREADABLE,
    "ValueError if bad.": UNREADABLE,
    "ValueError: When bad and\nworse": UNREADABLE,
    "- ValueError: T.": UNREADABLE,
}


@pytest.mark.parametrize("body", RAISED)
def test_exceptions_in_google_and_numpy_style(body):
    text = "Join.\n\nRaises:\n    " + body.replace("\n", "\n    ")
    check(text, GOOGLE, [("raises", RAISED[body])])
    check(f"Join.\n\nRaises\n------\n{body}", NUMPY, [("raises", RAISED[body])])


NUMPY_ENTRIES = {
    "x : int\n    T.": [INT],
    "x: int\n    T.": [INT],
    "x:int\n    T.": [INT],
    "x :int\n    T.": [INT],
    "x\n    T.": [one("x")],
    "x :\n    T.": [one("x")],
    "x : int": [one("x", None, type="int")],
    "x, y : int\n    T.": [one("x y", type="int")],
    "*args\n    T.": [one("args")],
    "**kwargs : Any\n    T.": [one("kwargs", type="Any")],
    r"\*args, \*\*kwargs": [one("args kwargs", None)],
    'x : {"a", "b"}\n    T.': [one("x", type='{"a", "b"}')],
    'x : {"a", "b"}, default "a"\n    T.': [one("x", type='{"a", "b"}', default='"a"')],
    "x : {'a: b', 'c'}, optional\n    T.": [one("x", type="{'a: b', 'c'}", optional="optional")],
    "x : int, optional\n    T.": [one("x", type="int", optional="optional")],
    "x : optional\n    T.": [one("x", optional="optional")],
    "x : int, default 3\n    T.": [one("x", type="int", default="3")],
    "x : int, default=3\n    T.": [one("x", type="int", default="3")],
    'x : str, default: "x, y"\n    T.': [one("x", type="str", default='"x, y"')],
    "x : int (default 3)\n    T.": [one("x", type="int", default="3")],
    "x : int (default: 3)\n    T.": [one("x", type="int", default="3")],
    "x : int [default=3]\n    T.": [one("x", type="int", default="3")],
    "x : int (optional)\n    T.": [one("x", type="int", optional="optional")],
    "x : int, optional (default=3)\n    T.": [
        one("x", type="int", optional="optional", default="3")
    ],
    "x : int (optional, default (3, 4))\n    T.": [
        one("x", type="int", optional="optional", default="(3, 4)")
    ],
    "x : int, by default 3\n    T.": [one("x", type="int", default="3")],
    "x : int = 3\n    T.": [one("x", type="int", default="3")],
    "x : array, dtype=str, default=None\n    T.": [
        one("x", type="array, dtype=str", default="None")
    ],
    "x : int, optional (default: 3).\n    T.": [
        one("x", type="int", optional="optional", default="3")
    ],
    "x : array shape=(2, 3)\n    T.": [one("x", type="array shape=(2, 3)")],
    "x : int, str or None (default)\n    T.": [one("x", type="int, str or None")],
    'x : None, "a" (default), or int\n    T.': [one("x", type='None, "a" (default), or int')],
    "x : list.\n    T.": [one("x", type="list")],
    "x : float, default 1.\n    T.": [one("x", type="float", default="1.")],
    "x : tuple[int, ...]\n    T.": [one("x", type="tuple[int, ...]")],
    "x : shape=(2, 3)\n    T.": [one("x", type="shape=(2, 3)")],
    "x : str, list, or None (default=None)\n    T.": [
        one("x", type="str, list, or None", default="None")
    ],
    "x : int, must be odd, default 3, or more\n    T.": [
        one("x", type="int, must be odd", default="3")
    ],
    "x : list[int], optional\n    T.": [one("x", type="list[int]", optional="optional")],
    "x : int, float or None, optional": [
        one("x", None, type="int, float or None", optional="optional")
    ],
    "x : array of shape (n, m)\n    T.": [one("x", type="array of shape (n, m)")],
    "x : callable, f(a, b=1)\n    T.": [one("x", type="callable, f(a, b=1)")],
    "x : dict[str,\n         int], default None\n    T.": [
        one("x", type="dict[str,\nint]", default="None")
    ],
    "`x` : int\n    T.": [INT],
    "x : int\n\n    T.\n\n    U.\n\ny : int\n    T.": [
        one("x", "T.\n\nU.", type="int"),
        one("y", type="int"),
    ],
    "    x : int\n        T.\n    y\n        U.": [INT, one("y", "U.")],
    "x : int\nThe x.": UNREADABLE,
    "x : int\n    T.\n\nText.": UNREADABLE,
    "- x : int": UNREADABLE,
    "x (int) : T.": UNREADABLE,
    "x": UNREADABLE,
    "None\n    T.": UNREADABLE,
    "  x : int\n    T.\n y : int": UNREADABLE,
    "x : int\n\n.. note:: a\n\ny : int\n    T.": UNREADABLE,
    "": UNREADABLE,
}


@pytest.mark.parametrize("underline", ["---", "----------", "============="])
@pytest.mark.parametrize("body", NUMPY_ENTRIES)
def test_entries_in_numpy_style(body, underline):
    for above in ("Join.\n\n", "Join.\n"):
        text = f"{above}Parameters\n{underline}\n{body}"
        check(text.rstrip("\n"), NUMPY, [("parameters", NUMPY_ENTRIES[body])])


NUMPY_RESULTS = {
    "int\n    T.": [one("", type="int")],
    "int": [one("", None, type="int")],
    "x : int\n    T.": [INT],
    "x, y : int\n    T.": [one("x y", type="int")],
    "x: int": [one("x", None, type="int")],
    ":class:`X`\n    T.": [one("", type=":class:`X`")],
    "list of :class:`X`\n    T.": [one("", type="list of :class:`X`")],
    "ndarray of shape (n,)\n    T.": [one("", type="ndarray of shape (n,)")],
    "int, optional\n    T.": [one("", type="int", optional="optional")],
    "str\n    T.\nint\n    U.": [one("", type="str"), one("", "U.", type="int")],
    "A pair of: text, length.": [one("", "A pair of: text, length.")],
    "Pair of: text\n    T.": [one("", "Pair of: text\nT.")],
    "The text, with all\nblanks kept.": [one("", "The text, with all\nblanks kept.")],
    "The text\n    of all.": [one("", "The text\nof all.")],
    "int: T.": [one("", type="int")],
    "object : Series\n    T.": [one("object", type="Series")],
    "tuple : (x, y)\n    T.": [one("", "(x, y)\nT.", type="tuple")],
    "Series or pd.Frame": [one("", None, type="Series or pd.Frame")],
    "np.ndarray: T.": [one("", type="np.ndarray")],
    "    int\n        T.": [one("", type="int")],
    "int\n    T.\n\nMore text\nhere.": [one("", type="int"), one("", "More text\nhere.")],
}


@pytest.mark.parametrize("body", NUMPY_RESULTS)
def test_results_in_numpy_style(body):
    check(f"Join.\n\nReturns\n-------\n{body}", NUMPY, [("returns", NUMPY_RESULTS[body])])


SPHINX_FIELDS = {
    ":param x: T.": [("parameters", [one("x")])],
    ":param x:": [("parameters", [one("x", None)])],
    ":param x:T.": [("parameters", [one("x")])],
    ":Parameter x: T.": [("parameters", [one("x")])],
    ":param int x: T.": [("parameters", [INT])],
    ":param dict[str, int] x: T.": [("parameters", [one("x", type="dict[str, int]")])],
    ":param str or None x: T.": [("parameters", [one("x", type="str or None")])],
    ":param :class:`X` x: T.": [("parameters", [one("x", type=":class:`X`")])],
    ":param x: T.\n    U.\n\n    V.": [("parameters", [one("x", "T.\nU.\n\nV.")])],
    ":param x:\n    T.": [("parameters", [one("x")])],
    ":param x, y: T.": [("parameters", [one("x y")])],
    r":param \*\*kwargs: T.": [("parameters", [one("kwargs")])],
    ":arg x: T.\n:argument y: T.": [("parameters", [one("x"), one("y")])],
    ":param x: T.\n\n:param y: T.": [("parameters", [one("x"), one("y")])],
    ":key x: T.\n:keyword y: T.\n:type y: int": [
        ("other parameters", [one("x"), one("y"), one("y", None, type="int")])
    ],
    ":param x: T.\n:type x: int": [("parameters", [one("x"), one("x", None, type="int")])],
    ":type  x: int, optional\n:param x: T.": [
        ("parameters", [one("x", None, type="int", optional="optional"), one("x")])
    ],
    ":type x: int, default: 3": [("parameters", [one("x", None, type="int", default="3")])],
    ":returns: T.": [("returns", [one("")])],
    ":return: T.\n:rtype: str or None": [("returns", [one(""), one("", None, type="str or None")])],
    ":rtype: str": [("returns", [one("", None, type="str")])],
    ":returns dict: T.": [("returns", [one("")])],
    ":rtype :class:`X`: or not": [("returns", UNREADABLE)],
    ":rtype :class: `X`": [("returns", UNREADABLE)],
    ":yields: T.\n:ytype: int": [("yields", [one(""), one("", None, type="int")])],
    ":raises ValueError: T.": [("raises", [one("ValueError")])],
    ":raise ValueError, a.Error: T.": [("raises", [one("ValueError a.Error")])],
    ":except :exc:`~a.Error`: T.": [("raises", [one("a.Error")])],
    ":ivar x: T.\n:vartype x: int": [("attributes", [one("x"), one("x", None, type="int")])],
    ":param x: T.\n:raises A: T.\n:param y: T.": [
        ("parameters", [one("x")]),
        ("raises", [one("A")]),
        ("parameters", [one("y")]),
    ],
    ":param x: T.\n:meta private:\n:param y: T.": [
        ("parameters", [one("x")]),
        ("parameters", [one("y")]),
    ],
    ":param x: T.\n\nText.\n\n:param y: T.": [
        ("parameters", [one("x")]),
        ("parameters", [one("y")]),
    ],
    # docutils warns of the missing indent; docstring_parser reads it so, too.
    ":param x: T.\ngoes on.\n:return: T.": [
        ("parameters", [one("x", "T.\ngoes on.")]),
        ("returns", [one("")]),
    ],
    ":param x y": [("parameters", UNREADABLE)],
    ":param x: T.\n:param y": [("parameters", UNREADABLE)],
    ":param: T.": [("parameters", UNREADABLE)],
    ":param x (int): T.": [("parameters", UNREADABLE)],
    ":param int, optional x: T.": [("parameters", UNREADABLE)],
    ":type: int": [],
    ":raises: ValueError": [("raises", UNREADABLE)],
    ":raises ValueError if bad: T.": [("raises", UNREADABLE)],
    ":meta private:": [],
    ":parametric x: T.": [],
    "    :param x: T.\nText.": [],
    "@param x: T.": [],
}


@pytest.mark.parametrize("body", SPHINX_FIELDS)
def test_fields_in_sphinx_style(body):
    check(f"Join.\n\n{body}", SPHINX, SPHINX_FIELDS[body])


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Args", "parameters"),
        ("Arguments", "parameters"),
        ("Params", "parameters"),
        ("Parameters", "parameters"),
        ("Keyword Args", "other parameters"),
        ("Keyword Arguments", "other parameters"),
        ("Other Parameters", "other parameters"),
        ("Attributes", "attributes"),
        ("Raises", "raises"),
        ("Raise", "raises"),
        ("Exceptions", "raises"),
        ("Return", "returns"),
        ("Yield", "yields"),
        ("returns", "returns"),
    ],
)
def test_titles_of_entries(title, kind):
    for text in (f"Join.\n\n{title}:\n    Xy: T.", f"Join.\n{title} :\n\n    Xy: T."):
        assert [(s.kind.value, len(s.entries)) for s in parse_docstring(text).sections] == [
            (kind, 1)
        ]
    assert parse_docstring(f"{title}\n---\nXy : int\n    T.").sections[0].kind.value == kind


@pytest.mark.parametrize("title", ["Example", "Examples", "Note", "See Also", "Todo", "Warns"])
def test_titles_of_text(title):
    check(f"Join.\n\n{title}:\n    x: T.", GOOGLE, [("other", [])])
    check(f"Join.\n\n{title}\n-----\nx : T.\n\n.. a::\n\nb", NUMPY, [("other", [])])


NO_SECTIONS = [
    "",
    " ",
    "\n\n",
    "Join.",
    "Join: it.\n\nText: more.",
    "Join.\n\nArgs:\n- sep: Between.",
    "Join.\n\nArgs:\nsep: Between.",
    "Join.\n\nArgs:",
    "Join.\n\nReturns: The text.",
    "Join.\n\nReturns::\n\n    code",
    "Join.\n\n  Args:\n    x: T.\nText.",
    "Parameters\n--\nx : int",
    "Join\n----\n\nText.",
]


@pytest.mark.parametrize("text", NO_SECTIONS)
def test_what_is_no_section(text):
    check(text, None, [])


WHOLE = {
    "no blank line above the title": (
        "Join.\nArgs:\n    x: T.\nReturns:\n    int: T.\nText.",
        GOOGLE,
        [("parameters", [one("x")]), ("returns", [one("", type="int")])],
    ),
    "an unknown title ends a section": (
        "Join.\n\nArgs:\n    x: T.\nShape:\n    y: T.\nRaises:\n    E: T.",
        GOOGLE,
        [("parameters", [one("x")]), ("raises", [one("E")])],
    ),
    "an unknown underlined title ends a section": (
        "Join.\n\nParameters\n---\nx : int\n    T.\n\nShape\n=====\ny : int",
        NUMPY,
        [("parameters", [INT])],
    ),
    "a directive ends a section": (
        "Join.\n\nParameters\n---\nx : int\n    T.\n\n.. note:: a\n   y : int",
        NUMPY,
        [("parameters", [INT])],
    ),
    "a title without underline ends a section": (
        "Join.\n\nParameters\n---\nx : int\n    T.\n\nReturns:\n    int: T.",
        NUMPY,
        [("parameters", [INT])],
    ),
    "text at the margin ends an indented section": (
        "Join.\n\nParameters\n---\n    x : int\n        T.\n\nText.",
        NUMPY,
        [("parameters", [INT])],
    ),
    "a title with a colon and an underline": (
        "Join.\n\nReturns:\n--------\nint: T.\n\nRaises\n---\nE",
        NUMPY,
        [("returns", UNREADABLE), ("raises", [one("E", None)])],
    ),
    "a Google title with an underline": (
        "Join.\n\nArgs:\n-----\nsep: Between.",
        NUMPY,
        [("parameters", UNREADABLE)],
    ),
    "a known title is further in than its underline": (
        "Join.\n\nReturns\n---\nint\n    T.\n\n Examples\n--------\n>>> a\nb",
        NUMPY,
        [("returns", [one("", type="int")]), ("other", [])],
    ),
    "an underlined section follows another": (
        "Parameters\n-----------\nx : int\n    T.\nReturns\n--------\nstr\n    T.",
        NUMPY,
        [("parameters", [INT]), ("returns", [one("", type="str")])],
    ),
    "fields win over titles": (
        "Join.\n\nNote:\n    a\n\n:param x: T.",
        SPHINX,
        [("parameters", [one("x")])],
    ),
    "entries win over text": (
        "Join.\n\nArgs:\n    x: T.\n\nNotes\n-----\nText.",
        GOOGLE,
        [("parameters", [one("x")])],
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_whole_docstrings(case):
    check(*WHOLE[case])


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("", ""),
        ("  \n ", ""),
        ("Join.", "Join."),
        ("\n    Join\n    it. \n\n    More.\n    ", "Join\n    it."),
        ("Join.\n    Args:\n        x: T.", "Join."),
        ("Args:\n    x: T.\ny: T.", ""),
        (":param x: T.", ""),
        ("Returns\n-------\nint", ""),
    ],
)
def test_the_summary_is_the_first_paragraph(text, summary):
    docstring = parse_docstring(text)
    assert docstring.summary.of(text) == summary
    assert_tiles(docstring)


def test_tabs_are_indentation():
    text = "Join.\n\n\tArgs:\n\t\tx: T.\n\t\t\tU.\n\t\ty: T.\n\t"
    assert entries_of(parse_docstring(text)) == [("parameters", [one("x", "T.\nU."), one("y")])]


def test_spans_are_of_the_original_text():
    text = "Join.\n\n    Args:\n        x (int, optional): T.\n\n    "
    section = parse_docstring(text).sections[0]
    assert section.title.of(text) == "Args"
    assert section.span.of(text) == "    Args:\n        x (int, optional): T.\n"
    assert section.entries[0].span.of(text) == "        x (int, optional): T.\n"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Join.\n\nReturns: The text.", {"returns"}),
        ("Join.\n\nArgs:\n- x: T.", {"parameters"}),
        ("Join.\n\n@param x: T.\n@return: T.", {"parameters", "returns"}),
        ("Join.\n\n**Returns:** The text.", {"returns"}),
        ("Join.\n\nText.\n  :raises E: T.\n", {"raises"}),
        ("Parameters\n---\nx : int\n\nYields:\n    int: T.", {"yields"}),
        ("Returns the text.\n\nNote: this.", set()),
        ("Join.\n\nArgs:\n    x: Returns: a.", set()),
    ],
)
def test_the_kinds_that_prose_announces(text, kinds):
    found = kinds_in_prose(parse_docstring(text))
    assert found == {SectionKind(kind) for kind in kinds}


@pytest.mark.parametrize(
    "unit",
    ["x (", "(", ":a", "`", "'", '" \' ', "[", "default ", ", ", "= ", "x.", "x,", " ", "-", "\\*",
     ":a:b:", "(default 3)", "optional ", "A or ", "x | "],
)  # fmt: skip
@pytest.mark.parametrize(
    "head", ["Args:\n  x", "Args:\n  x (", "Returns\n---\n", "Parameters\n---\nx : ", ":param "]
)
def test_a_long_line_takes_linear_time(head, unit):
    text = head + unit * (200_000 // len(unit))
    start = time.process_time()
    docstring = parse_docstring(text)
    # A search that is not linear takes minutes.
    assert time.process_time() - start < 5
    assert_tiles(docstring)


def standard_docstrings():
    modules = [module for name, module in sorted(sys.modules.items()) if "." not in name]
    home = Path(ast.__file__).parent
    files = {Path(getattr(m, "__file__", None) or "-") for m in modules}
    for path in sorted(file for file in files if file.parent == home and file.suffix == ".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (
                text := ast.get_docstring(node, clean=False)
            ):
                yield text


def test_the_standard_library_tiles():
    texts = list(standard_docstrings())
    assert len(texts) > 300
    for text in texts:
        assert_tiles(parse_docstring(text))


LINES = [
    "", "   ", "Join.", "Args:", "Args :", "Returns:", "Raises:", "Note:", "Shape:", "Yields: x",
    "Parameters", "Returns", "Raises", "See Also", "Shape", "---", "----------", "=====", "--",
    "x: T.", "x (int, optional): T.", "x (int", "x, y (dict[str, int] = {}): T.", "**kwargs",
    "x : int, default 3", "x:int", 'x : {"a", "b"}, default: "a"', "x : int (default=(1, 2))",
    "x", "- x: T.", "The text.", "int: T.", ":class:`X`: T.", ":class:`X`", "A pair of: text, one.",
    "ValueError", "ValueError, KeyError: T.", "if bad: worse", "it's (", "str]", ")", "'", '"', "`",
    ":param x: T.", ":param int x:", ":param x", ":type x: int", ":returns:", ":rtype: str or None",
    ":raises ValueError: T.", ":raises:", ":meta private:", ".. note:: T.", "..", "@param x: T.",
    "\x0cx: T.", "\u2003x: T.", "x\r", "*", ":", "::", "[", "optional", "default",
]  # fmt: skip
INDENTS = st.sampled_from(["", "", "  ", "    ", "        ", "\t", " \t"])
LINE = st.builds(str.__add__, INDENTS, st.sampled_from(LINES) | st.text(max_size=12))


@settings(max_examples=400, deadline=None)
@given(st.lists(LINE, max_size=14))
def test_any_lines_tile(lines):
    docstring = parse_docstring("\n".join(lines))
    assert_tiles(docstring)
    kinds_in_prose(docstring)
    assert (docstring.convention is None) == (not docstring.sections)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINE, max_size=14), st.integers(1, 9))
def test_indentation_changes_nothing(lines, columns):
    """What is found in a docstring is found in it after a move to the right."""
    text = "Join.\n" + "\n".join(lines).replace("\t", "").replace("\r", "")
    moved = "\n".join([text.split("\n")[0], *(" " * columns + at for at in text.split("\n")[1:])])
    assert shape(text) == shape(moved)


def shape(text):
    return [
        (s.kind, s.readable, [[name.of(text) for name in e.names] for e in s.entries])
        for s in parse_docstring(text).sections
    ]
