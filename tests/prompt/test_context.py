"""What a prompt may show besides the target's own code."""

from __future__ import annotations

import ast
from textwrap import dedent, indent

import pytest

from docbot.prompt.context import Context, build_context, first_sentence, statement_ends
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import read_definitions
from docbot.scan.source import read
from docbot.select.skip import Target


def context(code: str, qualname: str) -> Context:
    definitions = read_definitions(read(dedent(code).encode()))
    own = next(d for d in definitions if d.qualname == qualname and d.docstring is None)
    return build_context(Target(definition=own), definitions)


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        (None, ""),
        ("", ""),
        ("  \n ", ""),
        ("One.", "One."),
        ("One. Two.", "One."),
        ("One!  Two.", "One!"),
        ("One\n    two. Three.", "One two."),
        ("\n    One\n\n    two.", "One"),
        ("One\n    \n    two.", "One"),  # the blank line holds blanks
        ("One\r\n\r\ntwo.", "One"),
        ("Version 1.5 of it.", "Version 1.5 of it."),
        ("No end", "No end"),
        ("\tTabs\tand  blanks.", "Tabs and blanks."),
        ("Half of a \ud83d pair.", "Half of a ? pair."),
    ],
)
def test_first_sentence(docstring: str | None, sentence: str) -> None:
    definition = Definition(
        qualname="f", name="f", kind=Kind.FUNCTION, line=1, lines=(1, 1), docstring=docstring
    )
    assert first_sentence(definition) == sentence


def test_alone() -> None:
    result = context("def f(): return g()\n", "f")
    assert result == Context(target=result.target)


def test_siblings_are_the_nearest_documented_of_the_same_kind_and_class() -> None:
    code = """\
        def far():
            '''Far.'''
        def near():
            '''Near.'''
        def silent(): pass
        def f(): return x
        class A:
            def f(self): return x
            def g(self):
                '''Of A.'''
        class B:
            def g(self):
                '''Of B.'''
        def after():
            '''After.'''
    """
    assert context(code, "f").examples == ("near: Near.", "far: Far.")
    assert context(code, "A.f").examples == ("g: Of A.",)


def test_callees_are_documented_functions_of_the_file() -> None:
    code = """\
        def f():
            a(); self.b(); c.d(); f(); unknown(); e(); silent()
        def a():
            '''Do a.'''
        def silent(): pass
        class X:
            def b(self):
                '''Do b.'''
            def d(self):
                '''Do d.'''
        def e():
            '''Do e.'''
    """
    assert context(code, "f").callees == ("a: Do a.", "b: Do b.", "d: Do d.")


def test_calls_of_inner_functions_are_not_shown() -> None:
    code = "def f():\n  def g():\n    a()\n  return g\ndef a():\n  '''Do a.'''\n"
    assert context(code, "f").callees == ()


def test_a_definition_that_calls_itself_is_not_its_own_callee() -> None:
    code = "def f(): return f()\n"
    assert context(code, "f").callees == ()


@pytest.mark.parametrize(
    ("header", "enclosing"),
    [
        ("class A:\n  '''Doc. More.'''\n", "class A: Doc."),
        ("class A(B, C[T]):\n  '''Doc.'''\n", "class A(B, C[T]): Doc."),
        ("class A(B):\n", "class A(B)"),
        ("class A:\n", "class A"),
    ],
)
def test_the_class_around(header: str, enclosing: str) -> None:
    result = context(f"'''Module. It is.'''\n{header}  def f(self): return x\n", "A.f")
    assert (result.owner, result.enclosing, result.module) == ("A", enclosing, "Module.")


def test_an_inner_class_is_the_one_around() -> None:
    inner = "  class B:\n    '''Inner.'''\n    def f(self): return x\n"
    code = f"class B:\n  '''Outer.'''\nclass A:\n{inner}"
    assert context(code, "A.B.f").enclosing == "class B: Inner."


def test_a_function_in_a_method_has_no_class() -> None:
    result = context("class A:\n  def f(self):\n    def g(): return x\n", "A.f.<locals>.g")
    assert (result.owner, result.enclosing) == ("", "")


LONG = """\
@cache
def load(path):
    text = \'\'\'
    no statement
\'\'\'
    if path:
        first(); second()
        third()
    elif text:
        fourth()
    else:
        fifth()
        sixth()
    for one in text: seventh(one)
    try:
        eighth()
    except OSError:
        ninth()
        tenth()

    @cache
    def inner(x):
        return x
    return inner
"""


def from_code(code: str) -> Definition:
    """A definition as another process sends it, without its tree."""
    return Definition(qualname="f", name="f", kind=Kind.FUNCTION, line=1, lines=(1, 1), code=code)


def test_the_tree_of_the_file_gives_the_same_cuts():
    source = f"import os\n\n\nclass A:\n{indent(LONG, '    ')}"
    (_, _, method, *_) = read_definitions(read(source.encode()))
    assert method.code == LONG
    assert statement_ends(method) == statement_ends(from_code(LONG)) != ()


def test_code_is_cut_between_statements_and_no_block_is_left_empty():
    ends = statement_ends(from_code(LONG))
    assert [LONG[end:].lstrip("\n").partition("\n")[0].strip() for end in ends] == [
        "if path:", "first(); second()", "third()", "sixth()", "for one in text: seventh(one)",
        "try:", "tenth()", "@cache", "return inner",
    ]  # fmt: skip
    for end in ends:
        head = LONG[:end]
        if not head.rstrip().endswith(":"):
            ast.parse(head if "try" not in head or "except" in head else head.partition("try")[0])


@pytest.mark.parametrize("code", ["", "def f(:", "def f():\n    return 1\n", "x = 1"])
def test_code_of_one_statement_is_not_cut(code):
    assert statement_ends(from_code(code)) == ()
