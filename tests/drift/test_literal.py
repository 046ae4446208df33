"""Every character of a docstring has its place in the file, or the literal says that it has not."""

from __future__ import annotations

import argparse
import ast
import doctest
import textwrap
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docbot.drift.literal import Literal, literal_of
from docbot.scan.basics import docstring_of
from docbot.scan.parse import parse, parse_file
from docbot.scan.source import read

if TYPE_CHECKING:
    from types import ModuleType

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def literals(source: bytes) -> list[Literal]:
    """All literals of a file; the trees of its bytes and of its text place them alike."""
    text = read(source)
    found, again = (
        [
            literal
            for node in ast.walk(tree)
            if isinstance(node, _DOCUMENTED) and (literal := literal_of(node, text))
        ]
        for tree in (parse_file(source), parse_file(text.code))
    )
    assert found == again
    return found


def literal(source: bytes) -> Literal:
    (found,) = literals(source)
    return found


def body(written: str, indent: str = "    ") -> bytes:
    return f"\n\ndef f(x):\n{indent}{written}\n{indent}return x\n".encode()


EXACT = [
    pytest.param(body('"""x."""'), "x.", 4, id="one line"),
    pytest.param(body('""""""'), "", 4, id="empty"),
    pytest.param(body("''"), "", 4, id="empty in single quotes"),
    pytest.param(body("'Do.'"), "Do.", 4, id="single quotes"),
    pytest.param(body('"Do."'), "Do.", 4, id="double quotes"),
    pytest.param(body("'''Do \"\"\" it.'''"), 'Do """ it.', 4, id="quotes in other quotes"),
    pytest.param(body('""""Do" it."""'), '"Do" it.', 4, id="a quote first"),
    pytest.param(body('u"""Do."""'), "Do.", 4, id="u"),
    pytest.param(body('R"""Do \\n."""'), "Do \\n.", 4, id="raw"),
    pytest.param(body('r"""Do \\""" it."""'), 'Do \\""" it.', 4, id="raw, with quotes"),
    pytest.param(body('"""Do \\*a, \\_x, \\ y."""'), "Do \\*a, \\_x, \\ y.", 4, id="no escape"),
    pytest.param(body('"""Do.\n\n    x: a.\n    """'), "Do.\n\n    x: a.\n    ", 4, id="lines"),
    pytest.param(body('"""Dó 漢 😀.\n\té"""', "\t"), "Dó 漢 😀.\n\té", 4, id="wide, tabs"),
    pytest.param(
        body('"""Do\x0cit.\x0b\x85\u2028x\n    y"""'),
        "Do\x0cit.\x0b\x85\u2028x\n    y",
        4,
        id="no line ends",
    ),
    pytest.param(body('("""Do.""")'), "Do.", 4, id="in parentheses"),
    pytest.param(body('(\n    # why\n    """Do.""")'), "Do.", 6, id="in parentheses, below"),
    pytest.param(body('"""Do."""; y = "a"'), "Do.", 4, id="another statement"),
    pytest.param(body('"""Do."""  # """no"""'), "Do.", 4, id="a comment"),
    pytest.param(b'"""Do."""', "Do.", 1, id="module"),
    pytest.param(b'#!/x\n\x0c\n"""Do."""\n', "Do.", 3, id="module, form feed"),
    pytest.param(b'class A: "Do."\n', "Do.", 1, id="class on one line"),
    pytest.param("def é(): 'Do.'\n".encode(), "Do.", 1, id="after a wide name"),
    pytest.param(b'@d\n@e(\n1)\nasync def f():\n  """Do."""\n', "Do.", 5, id="async, decorated"),
    pytest.param(b'\x0cdef f():\n    \x0c    """Do."""\n', "Do.", 2, id="form feed in indent"),
    pytest.param(b'def f():\\\n  """Do."""\n', "Do.", 2, id="after a backslash"),
    pytest.param(b'\xef\xbb\xbf"""Do."""\n', "Do.", 1, id="BOM"),
    pytest.param(b'# coding: latin-1\n"""D\xf3 \xe9."""\n', "Dó é.", 2, id="latin-1"),
    pytest.param('# coding: gbk\n"""漢字."""\n'.encode("gbk"), "漢字.", 2, id="gbk"),
    pytest.param(b'"""D\xc3\xb3.\r\n\r\n  x\r\n"""\r\n', "Dó.\n\n  x\n", 1, id="CRLF"),
    pytest.param(b'"""Do.\n\r\n  x\r\n\n"""\r\n', "Do.\n\n  x\n\n", 1, id="mixed endings"),
    pytest.param(b'\xef\xbb\xbf"""D\xc3\xb3.\r\n."""\r\n', "Dó.\n.", 1, id="BOM, CRLF"),
]


@pytest.mark.parametrize(("source", "docstring", "line"), EXACT)
def test_each_character_has_its_place(source: bytes, docstring: str, line: int) -> None:
    found = literal(source)
    assert (found.text, found.line, found.exact) == (docstring, line, True)
    text = read(source)
    for at, character in enumerate(docstring):
        start, end = found.utf8_at(at), found.utf8_at(at + 1)
        expected = {character, "\r\n"} if character == "\n" else {character}
        assert text.utf8[start:end].decode() in expected
        assert source[text.offset(start) : text.offset(end)].decode(text.encoding) in expected
        assert found.line_at(at) == text.line_at(start)
    rest = text.utf8[found.utf8_at(len(docstring)) :].decode()
    assert rest.startswith(found.quotes)
    assert text.utf8[: found.start].decode().endswith(found.opening)
    assert found.is_raw == (found.opening[0] in "rR")


INEXACT = [
    pytest.param('"""Do\\n it.\n    x"""', "Do\n it.\n    x", [], id="a line feed"),
    pytest.param('"""a\\x0ab\n    x"""', "a\nb\n    x", [], id="a hexadecimal line feed"),
    pytest.param('"""a\\N{LINE FEED}\\\n"""', "a\n", [], id="a named line feed"),
    pytest.param('"""a\\12\\\n"""', "a\n", [], id="an octal line feed"),
    pytest.param('"""a\\n\\\nb"""', "a\nb", [], id="a line feed for a line"),
    pytest.param('"""Do \\\n    it.\n    x"""', "Do     it.\n    x", [], id="a continuation"),
    pytest.param('"Do \\\nit."', "Do it.", [], id="a continuation in single quotes"),
    pytest.param('"""Do \\\\n.\n    x"""', "Do \\n.\n    x", [(0, 4), (10, 5)], id="a backslash"),
    pytest.param('"""Do \\\\\\n.\n    x"""', "Do \\\n.\n    x", [], id="a backslash and more"),
    pytest.param('"""Do \\t.\n    x"""', "Do \t.\n    x", [(4, 4), (8, 5)], id="a tab"),
    pytest.param('"""Do \\"it\\".\n    x"""', 'Do "it".\n    x', [(5, 4), (9, 5)], id="quotes"),
    pytest.param('"""Do \\* \\x41.\n    x"""', "Do \\* A.\n    x", [(9, 5)], id="both sorts"),
    pytest.param('"""Do \\ud800.\n    x"""', "Do \ud800.\n    x", [(6, 5)], id="a surrogate"),
    pytest.param('"a" "b"', "ab", [(0, 4)], id="two"),
    pytest.param("'a' '''b'''", "ab", [(0, 4)], id="two with several quotes"),
    pytest.param('"""a""" """b"""', "ab", [(0, 4)], id="two in triple quotes"),
    pytest.param('"" "a"', "a", [(0, 4)], id="an empty one first"),
    pytest.param('"""a""" ""', "a", [(0, 4)], id="an empty one last"),
    pytest.param('("a"\n    "b")', "ab", [], id="two on two lines"),
    pytest.param('("a\\n"\n    "b")', "a\nb", [], id="two with a line feed"),
    pytest.param('"""a\n""" r"b"', "a\nb", [(1, 4), (2, 5)], id="two, lines kept"),
]


@pytest.mark.parametrize(("written", "value", "lines"), INEXACT)
def test_what_has_no_places_has_the_right_line_or_the_first(
    written: str, value: str, lines: list[tuple[int, int]]
) -> None:
    found = literal(body(written))
    assert (found.text, found.line, found.exact) == (value, 4, False)
    for offset, line in lines or [(0, 4), (len(value), 4)]:
        assert found.line_at(offset) == line
    with pytest.raises(ValueError, match="no places"):
        found.utf8_at(0)


@pytest.mark.parametrize("written", ["b'Do.'", "f'Do.'", "'a' f'b'", "1", "...", "x", "'a' + 'b'"])
def test_what_is_no_docstring_has_no_literal(written: str) -> None:
    assert literals(body(written)) == []


def test_definitions_in_definitions_have_their_own() -> None:
    source = b'''\
"""M."""
class A:
    """A."""
    @property
    def f(self):
        """F.

        Deep.
        """
        def g():
            """G."""
        async def h():
            return """no"""
if x:
    def k(): """K."""
'''
    found = {one.text.split("\n")[0]: one.line for one in literals(source)}
    assert found == {"M.": 1, "A.": 3, "F.": 6, "G.": 11, "K.": 15}


@pytest.mark.parametrize("module", [ast, argparse, doctest, textwrap, tokenize])
def test_the_standard_librarys_docstrings(module: ModuleType) -> None:
    source = Path(module.__file__ or "").read_bytes()
    text = read(source)
    for node in ast.walk(parse(source)):
        if not isinstance(node, _DOCUMENTED):
            continue
        found = literal_of(node, text)
        assert (found and found.text) == docstring_of(node)
        if found and found.exact:
            end = found.utf8_at(len(found.text))
            assert text.utf8[found.start : end].decode() == found.text
            assert text.utf8[end:].decode().startswith(found.quotes)
