"""Required sections are missed, where there is something to say in them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from docbot.drift.find import Revision, find_drifts
from docbot.scan.parse import parse
from docbot.scan.source import read

ALL = frozenset(("parameters", "returns", "yields", "raises"))


def messages(source: str, required: frozenset[str] = ALL, old: str | None = None) -> list[str]:
    code = dedent(source).lstrip("\n").encode()
    former = Revision.of(dedent(old).lstrip("\n").encode(), required) if old is not None else None
    return [d.message for d in find_drifts(parse(code), read(code), former, required=required)]


def function(header: str, body: str, docstring: str = '"""Do it."""', above: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in [*docstring.split("\n"), *body.split("\n")])
    return f"{above}def {header}:\n{lines}\n"


@pytest.mark.parametrize(
    ("header", "body", "lacking"),
    [
        ("f(a)", "use(a)", "parameters"),
        ("f(a)", "return a", "parameters, what is returned"),
        ("f()", "yield 1", "what is yielded"),
        ("f()", "raise ValueError", "exceptions"),
        ("f(a)", "if a:\n    raise OSError\nreturn 1", "parameters, what is returned, exceptions"),
        ("f(a)", "raise NotImplementedError", "parameters"),
        ("f()", "use()", ""),
        ("f(_a)", "use()", ""),
        ("f(*args, **kw)", "use()", ""),
        ("_f(a)", "return a", ""),
        ("__call__(a)", "return a", ""),
    ],
)
def test_what_a_short_docstring_lacks(header, body, lacking):
    assert messages(function(header, body)) == ([f"lacks sections: {lacking}"] if lacking else [])
    assert messages(function(header, body), frozenset()) == []


def test_only_what_is_required():
    source = function("f(a)", "return a")
    assert messages(source, frozenset(("returns",))) == ["lacks sections: what is returned"]
    assert messages(source, frozenset(("raises",))) == []


@pytest.mark.parametrize("above", ["@property\n", "@override\n", "@overload\n", "@f.setter\n"])
def test_what_others_document_needs_no_sections(above):
    assert messages(function("f(a)", "return a", above=above)) == []


def test_local_functions_need_none():
    assert messages('def f():\n    def g(a):\n        """Do it."""\n        return a\n') == []


@pytest.mark.parametrize(
    "rest",
    ["Returns:\n    A thing.", "Returns: A thing.", ":return: A thing.", "@return: A thing."],
)
def test_a_section_in_any_form_is_one(rest):
    source = function("f()", "return 1", f'"""Do it.\n\n{rest}\n"""')
    assert messages(source) == []


def test_every_parameter_needs_an_entry():
    section = '"""Do it.\n\nArgs:\n    a: One.\n"""'
    source = function("f(a, b, c, d)", "use()", section)
    assert messages(source, frozenset()) == []
    assert messages(source) == [f"does not document the parameter {name}" for name in "bcd"]


def test_what_the_older_version_lacked_is_not_new():
    old, new = function("f(a)", "use(a)"), function("f(a)", "use(a)\nuse(a)")
    assert messages(new, old=old) == []
    assert messages(f"{new}{function('g(a)', 'use(a)')}", old=old) == ["lacks sections: parameters"]
