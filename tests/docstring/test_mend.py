"""The fewest bytes change, they are the right ones, and what is unsafe is left alone."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from docbot.docstring.edit import Edit, apply_edits
from docbot.docstring.mend import mend_edits
from docbot.docstring.verify import verify
from docbot.drift.docstring import Span
from docbot.drift.drift import Change
from docbot.drift.literal import Literal, literal_of
from docbot.scan.facts import read_definitions
from docbot.scan.parse import parse
from docbot.scan.source import read

if TYPE_CHECKING:
    from collections.abc import Iterable

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

ARGS = b'''\
import a  # noqa: F401


def f(x, y):
    """Do it.

    Args:
        x: One.
        z: Two.
    """
    return x + y  # z: Two.
'''


def placed(source: bytes, name: str = "f") -> tuple[Literal, str, int]:
    """The docstring of the definition of this name, and the two facts that identify it."""
    text = read(source)
    (definition,) = [d for d in read_definitions(text) if d.name == name]
    assert isinstance(definition.tree, _DOCUMENTED)
    literal = literal_of(definition.tree, text)
    assert literal
    return literal, definition.qualname, definition.line


def change(literal: Literal, old: str, new: str) -> Change:
    """The change of the one place where the docstring says `old`; `a|b` is the place before `b`."""
    before, bar, after = old.partition("|")
    assert literal.text.count(before + after) == 1, old
    start = literal.text.index(before + after) + (len(before) if bar else 0)
    return Change(Span(start, start if bar else start + len(old)), new)


def mends(
    source: bytes, changes: Iterable[tuple[str, str]], name: str = "f"
) -> tuple[Edit, ...] | None:
    literal, qualname, line = placed(source, name)
    parts = [change(literal, old, new) for old, new in changes]
    return mend_edits(literal, parts, read(source), qualname=qualname, line=line)


def one_line(literal: str) -> bytes:
    return f"def f(x):\n    {literal}\n    return x\n".encode()


CRLF = ARGS.replace(b"\n", b"\r\n")
RENAME, LINE = ("z", "y"), ("        |z", "w: New.\n        ")
MENDS = [
    pytest.param(ARGS, [RENAME], [(b"z", b"y")], id="a name"),
    pytest.param(
        ARGS, [("        z: Two.\n", "        y: Two.\n")], [(b"z", b"y")], id="the least"
    ),
    pytest.param(
        ARGS, [("        z: Two.\n", "")], [(b"        z: Two.\n", b"")], id="a line less"
    ),
    pytest.param(ARGS, [LINE], [(b"", b"w: New.\n        ")], id="a line more"),
    pytest.param(ARGS, [("One", "1"), RENAME], [(b"One", b"1"), (b"z", b"y")], id="two"),
    pytest.param(ARGS, [RENAME, ("One", "1")], [(b"One", b"1"), (b"z", b"y")], id="two, unsorted"),
    pytest.param(
        ARGS, [("x: |O", "a"), ("x: |O", "b")], [(b"", b"a"), (b"", b"b")], id="one place"
    ),
    pytest.param(ARGS, [("x: One", "x: One")], [], id="nothing"),
    pytest.param(ARGS, [], [], id="none"),
    pytest.param(ARGS, [("|Do", "Ö漢")], [(b"", "Ö漢".encode())], id="wide characters"),
    pytest.param(CRLF, [LINE], [(b"", b"w: New.\r\n        ")], id="CRLF"),
    pytest.param(
        CRLF, [("        z: Two.\n", "")], [(b"        z: Two.\r\n", b"")], id="CRLF less"
    ),
    pytest.param(CRLF, [("One.\n", "One.")], [(b"\r\n", b"")], id="CRLF joined"),
    pytest.param(CRLF, [("One.|\n", " a")], [(b"", b" a")], id="CRLF, at the end of a line"),
    pytest.param(b"import a\n" + CRLF, [LINE], [(b"", b"w: New.\r\n        ")], id="mixed endings"),
    pytest.param(b"\xef\xbb\xbf" + ARGS, [RENAME], [(b"z", b"y")], id="BOM"),
    pytest.param(
        b"# coding: latin-1\n# \xe9\xe9\n" + ARGS,
        [("z: Two", "y: Tw\xf3")],
        [(b"z: Two", b"y: Tw\xf3")],
        id="latin-1",
    ),
    pytest.param(ARGS.replace(b"    ", b"\t"), [RENAME], [(b"z", b"y")], id="tabs"),
    pytest.param(b"\x0c" + ARGS, [RENAME], [(b"z", b"y")], id="a form feed"),
    pytest.param(one_line('"""x."""'), [("x", "y")], [(b"x", b"y")], id="one line"),
    pytest.param(one_line('"""x."""'), [("x.", "")], [(b"x.", b"")], id="emptied"),
    pytest.param(one_line('"""x."""'), [("x.", "x.\n\n    y")], [(b"", b"\n\n    y")], id="grown"),
    pytest.param(one_line("'x.'"), [("x", '"y"')], [(b"x", b'"y"')], id="other quotes"),
    pytest.param(one_line('"""x."""'), [("|x", '"')], [(b"", b'"')], id="a quote in front"),
    pytest.param(one_line('u"""x."""'), [("x", "y")], [(b"x", b"y")], id="u"),
    pytest.param(one_line('r"""\\d x."""'), [("x", "\\s")], [(b"x", b"\\s")], id="raw"),
    pytest.param(one_line('"""\\*x."""'), [("x", "y")], [(b"x", b"y")], id="no escape"),
    pytest.param(one_line('"""\\*x."""'), [("\\*x", "\\*y")], [(b"x", b"y")], id="no escape's end"),
    pytest.param(one_line('("""x.""")'), [("x", "y")], [(b"x", b"y")], id="parentheses"),
    pytest.param(b'def f(): "x."\n', [("x", "y")], [(b"x", b"y")], id="no line of its own"),
    pytest.param(b'@d\n@e\nasync def f():\n "x."\n', [("x", "y")], [(b"x", b"y")], id="decorators"),
    pytest.param('def f(é): "x."\n'.encode(), [("x", "y")], [(b"x", b"y")], id="a wide header"),
    pytest.param(
        b'def f(): """x."""\r\n', [("x.", "x.\n y")], [(b"", b"\r\n y")], id="CRLF, line 1"
    ),
    pytest.param(b'class f: "x."\n', [("x", "y")], [(b"x", b"y")], id="class"),
    pytest.param(
        b'class A:\n  def g():\n    "x."\n    def f(): "x."\n    def h(): "x."\n',
        [("x", "y")],
        [(b"x", b"y")],
        id="nested",
    ),
    pytest.param(
        b'if a:\n  def f0(): "x."\nelse:\n  def \\\n f(\n): "x."\n',
        [("x", "y")],
        [(b"x", b"y")],
        id="the name below its def",
    ),
]


@pytest.mark.parametrize(("source", "changes", "bytes_"), MENDS)
def test_changes_the_least(
    source: bytes, changes: list[tuple[str, str]], bytes_: list[tuple[bytes, bytes]]
) -> None:
    edits = mends(source, changes)
    assert edits is not None
    assert [(source[e.start : e.end], e.text) for e in edits] == bytes_
    assert all(e.replaces and e.qualname.endswith("f") for e in edits)
    after = apply_edits(source, edits)
    verify(source, after, edits)
    literal, _, _ = placed(source)
    expected = literal.text
    for part in sorted((change(literal, *c) for c in changes), key=lambda c: c.span)[::-1]:
        expected = expected[: part.span.start] + part.text + expected[part.span.end :]
    assert placed(after)[0].text == expected


def test_a_modules_docstring() -> None:
    source = b'#!/x\n"""Hold x."""\nx = 1\n'
    text = read(source)
    literal = literal_of(parse(source), text)
    assert literal
    edits = mend_edits(literal, [change(literal, "x", "y")], text, qualname="<module>", line=1)
    assert edits
    after = apply_edits(source, edits)
    assert after == b'#!/x\n"""Hold y."""\nx = 1\n'
    verify(source, after, edits)


JIS = '# coding: iso-2022-jp\ndef f(x):\n    """x日本x語."""\n'.encode("iso-2022-jp")
UNSAFE = [
    pytest.param(one_line('"""x."""'), [("x", "\\x")], id="a backslash that Python refuses"),
    pytest.param(one_line('"""x."""'), [("x", "\\n")], id="a backslash"),
    pytest.param(one_line('"""x."""'), [("x", "\\*y")], id="a backslash before no escape"),
    pytest.param(one_line('"""x."""'), [("x.", "x.\\")], id="a backslash before the quotes"),
    pytest.param(one_line('r"""x."""'), [("x.", "x.\\")], id="a backslash at the end of a raw one"),
    pytest.param(one_line('"""\\*n."""'), [("*", "")], id="a backslash that gets a letter"),
    pytest.param(one_line('"""\\*n."""'), [("*", "\n    ")], id="a backslash that gets a line end"),
    pytest.param(one_line('"""x."""'), [("x", 'x"""y')], id="the quotes"),
    pytest.param(one_line('"""x."""'), [("x", 'x"""; y = """z')], id="the quotes twice"),
    pytest.param(one_line('"""x."""'), [("x", 'x""" """z')], id="two literals"),
    pytest.param(one_line('"""x""."""'), [(".", '"')], id="quotes completed"),
    pytest.param(one_line('"""x""-"y."""'), [("-", "")], id="quotes joined"),
    pytest.param(one_line('"""x."""'), [(".", '"')], id="a quote before the quotes"),
    pytest.param(one_line('"""x"."""'), [(".", "")], id="a quote that comes before the quotes"),
    pytest.param(one_line('"x."'), [("x", 'a "b"')], id="its own quotes"),
    pytest.param(one_line('"x."'), [("x", "a\n    b")], id="a line end in single quotes"),
    pytest.param(one_line('"""x."""'), [("x", "a\r\n")], id="a carriage return"),
    pytest.param(one_line('"""x."""'), [("x", "a\0")], id="a NUL"),
    pytest.param(one_line('"""x."""'), [("x", "a\ud800")], id="a surrogate"),
    pytest.param(b"# coding: latin-1\n" + ARGS, [("z", "漢")], id="no latin-1"),
    pytest.param(b"# coding: ascii\n" + ARGS, [("z", "é")], id="no ascii"),
    pytest.param(JIS, [("本", "x")], id="an encoding with states"),
    pytest.param(ARGS, [("Do it", "Make it"), ("it.", "that.")], id="an overlap"),
    pytest.param(ARGS, [("x: One.", ""), ("x: |O", "a")], id="an addition in what goes"),
    pytest.param(one_line('"""x\\n."""'), [("x", "y")], id="an escape"),
    pytest.param(one_line('"""x\\\n."""'), [("x", "y")], id="a continuation"),
    pytest.param(one_line('"x" "."'), [("x", "y")], id="two literals before"),
]


@pytest.mark.parametrize(("source", "changes"), UNSAFE)
def test_leaves_what_is_unsafe(source: bytes, changes: list[tuple[str, str]]) -> None:
    assert mends(source, changes) is None


@pytest.mark.parametrize("span", [Span(-1, 1), Span(1, 0), Span(3, 9)])
def test_leaves_what_lies_outside_the_text(span: Span) -> None:
    source = one_line('"""x."""')
    edits = mend_edits(placed(source)[0], [Change(span, "y")], read(source), qualname="f", line=1)
    assert edits is None


def test_an_encoding_with_states_is_mended_outside_of_them() -> None:
    edits = mends(JIS, [("x|日", "y")])
    assert edits
    after = apply_edits(JIS, edits)
    assert after.decode("iso-2022-jp") == JIS.decode("iso-2022-jp").replace("x日", "xy日")
    verify(JIS, after, edits)
