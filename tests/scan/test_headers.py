from __future__ import annotations

import pytest

from docbot.scan.facts import file_facts
from docbot.scan.headers import LONGEST, MOST_LINES, header_of
from docbot.scan.source import read


def headers(source: str) -> list[str]:
    """The headers of all definitions of a file, by the lines that its facts name."""
    text = source.encode()
    definitions = file_facts(text).definitions[1:]
    return [header_of(read(text).lines, each.line) for each in definitions]


@pytest.mark.parametrize(
    ("source", "header"),
    [
        ("def add(a, b):\n    return a\n", "def add(a, b)"),
        ("async  def add(a):\n    return a\n", "async def add(a)"),
        ("class Shop(Base, metaclass=Meta):\n    x = 1\n", "class Shop(Base, metaclass=Meta)"),
        ("class Shop: x = 1\n", "class Shop"),
        ("def f(a): return {1: a}\n", "def f(a)"),
        (
            "def f(\n    a: int,\n    *,\n    b: str | None = None,\n) -> dict[str, int]:\n    1\n",
            "def f(a: int, *, b: str | None = None) -> dict[str, int]",
        ),
        ('def f(sep=", )", end="#"):\n    g()\n', 'def f(sep=", )", end="#")'),
        (
            "def f(  # the first\n    a,  # an item, (or two\n    b='x',\n):\n    g()\n",
            "def f(a, b='x')",
        ),
        ("@wraps(g)\ndef f(x=lambda y: y) -> None:\n    g()\n", "def f(x=lambda y: y) -> None"),
        ("def f(x: {1: 2}) -> [3]:\n    g()\n", "def f(x: {1: 2}) -> [3]"),
        ("def \\\n    far(a):\n    g()\n", "def far(a)"),
        ("def größe(π):\n    g()\n", "def größe(π)"),
        ("if x:\n\tdef f(a,\n\t      b):\n\t\tg()\n", "def f(a, b)"),
    ],
)
def test_a_header_is_shown_on_one_line(source, header):
    assert headers(source) == [header]


def test_headers_with_and_without_text_in_them_are_shown_alike():
    plain = "def f(\n    a,\n    b = [1,\n        2],\n):\n    g()\n"
    assert headers(plain) == headers(plain.replace("):", "):  # '")) == ["def f(a, b = [1, 2])"]


def test_a_very_long_header_is_cut():
    many = ", ".join(f"a{n}" for n in range(200))
    assert headers(f"def f({many}): pass\n") == [f"def f({many})"[:LONGEST] + "..."]
    lines = ",\n".join(f"a{n}" for n in range(2 * MOST_LINES))
    assert headers(f"def f(\n{lines}): pass\n")[0].startswith("def f(a0, a1")


@pytest.mark.parametrize("line", [0, 1, 3, 9])
def test_where_no_definition_begins_there_is_no_header(line):
    assert header_of([b"x = 1", b"def f():", b"    return 1"], line) == ""
