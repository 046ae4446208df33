"""docbot distrusts itself: every harm that an edit could do is refused, and named."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from places import undocumented

from docbot.docstring.edit import Edit, apply_edits, make_edit
from docbot.docstring.verify import verify
from docbot.errors import SourceError, VerifyError
from docbot.scan.source import read

if TYPE_CHECKING:
    from collections.abc import Callable

LITERAL = '"""Do it."""'

SOURCE = b'''\
import a  # noqa: F401


def f(x):  # type: ignore[no-untyped-def]

    # why
    y = "text"
    return g(x, y)


class A:
    """Doc."""

    def h(self):
        """Doc."""
        text = """
        inside
        """
        return text

    @property
    def k(self):
        return self.x  # pragma: no cover
'''


def edits(source: bytes, literal: str = LITERAL, *names: str) -> list[Edit]:
    """What docbot would do: `literal` for all that lack a docstring, or for those named."""
    text = read(source)
    return [
        make_edit(literal, d, anchor, text.encoding)
        for d, anchor in undocumented(text)
        if d.name and (not names or d.qualname in names)
    ]


def one(source: bytes = SOURCE, name: str = "f", literal: str = LITERAL) -> Edit:
    (edit,) = edits(source, literal, name)
    return edit


# What must pass.

GOOD = [
    pytest.param(SOURCE, id="plain"),
    pytest.param(SOURCE.replace(b"\n", b"\r\n"), id="CRLF"),
    pytest.param(b"\xef\xbb\xbf" + SOURCE, id="BOM"),
    pytest.param(b"# coding: latin-1\n# \xe9\n" + SOURCE, id="latin-1"),
    pytest.param(SOURCE.rstrip(), id="no final newline"),
    pytest.param(SOURCE.replace(b"    ", b"\t"), id="tabs"),
    pytest.param(b"\x0c\n" + SOURCE + b"\x0c\n", id="form feeds"),
    pytest.param(SOURCE.replace(b"return g(x, y)\n", b"return g(x, y)\r\n"), id="mixed endings"),
    pytest.param(b"def f():\n    def g():\n        return 1\n    return g\n", id="nested"),
    pytest.param(b"def f():\n# margin\n    return 1\n", id="comment at the margin"),
    pytest.param(b"def \\\n  f(a,\\\n  b):\n    return 1\n", id="name below its def"),
    pytest.param(b"def f():\n    'a' f'b'\n    return 1\n", id="f-string first"),
    pytest.param(b"def f():\n    b'doc'\n    return 1\n", id="bytes first"),
    pytest.param("def \ufb01x():\n    return 1\n".encode(), id="a name Python reads otherwise"),
    pytest.param(b"def f():\n    return 0x" + b"F" * 5000 + b"\n", id="a number too long to print"),
    pytest.param(b"def f():\n    return " + b"a.b" + b".c" * 150 + b"\n", id="deep"),
    pytest.param(b"if x:\n  def f():\n    return 1\nelse:\n  def f():\n    return 2\n", id="twins"),
]


@pytest.mark.parametrize("source", GOOD)
@pytest.mark.parametrize("literal", [LITERAL, "'''Do.\n\n    More.\n    '''", 'r"""Do \\it."""'])
def test_accepts_what_docbot_does(source: bytes, literal: str) -> None:
    file_edits = edits(source, literal)
    assert file_edits
    verify(source, apply_edits(source, file_edits), file_edits)
    for alone in file_edits:
        verify(source, apply_edits(source, [alone]), [alone])


MODULES = [
    pytest.param(b"import a\n", b"", id="first of all"),
    pytest.param(b"\xef\xbb\xbfimport a\n", b"\xef\xbb\xbf", id="BOM"),
    pytest.param(b"import a\r\n", b"", id="CRLF"),
    pytest.param(b"# licence\r\n\r\nimport a\n", b"# licence\r\n\r\n", id="mixed endings"),
    pytest.param(
        b"# coding: latin-1\n# \xe9\nx = 1\n", b"# coding: latin-1\n# \xe9\n", id="latin-1"
    ),
    pytest.param(b"\x0c\nimport a\n", b"\x0c\n", id="form feed"),
    pytest.param(b"from __future__ import annotations\nx = 1\n", b"", id="future"),
    pytest.param(b"# a\n\n\n# f\ndef f():\n    return 1\n", b"# a\n\n\n", id="comment of f"),
    pytest.param(b"# licence\ndef f():\n    return 1\n", b"# licence\n", id="licence of all"),
    pytest.param(b"f'no'\n", b"", id="f-string first"),
    pytest.param(b"x = 1", b"", id="no final newline"),
    pytest.param(b"#!/bin/python\nx = 1\n", b"#!/bin/python\n", id="#!"),
]


@pytest.mark.parametrize(("source", "above"), MODULES)
def test_accepts_a_modules_docstring(source: bytes, above: bytes) -> None:
    text = read(source)
    file_edits = [make_edit(LITERAL, d, anchor, text.encoding) for d, anchor in undocumented(text)]
    assert file_edits[0].start == len(above)
    verify(source, apply_edits(source, file_edits), file_edits)
    verify(source, apply_edits(source, file_edits[:1]), file_edits[:1])
    with pytest.raises(VerifyError):
        verify(source, apply_edits(source, file_edits[:1]), [])
    moved = [dataclasses.replace(file_edits[0], qualname="f", line=1)]
    with pytest.raises(VerifyError, match="became that of the module"):
        verify(source, apply_edits(source, moved), moved)


def test_refuses_a_modules_docstring_that_is_not_the_first_statement() -> None:
    file_edits = [Edit(start=9, end=9, text=b'"""Do it."""\n', qualname="<module>", line=1)]
    with pytest.raises(VerifyError):
        verify(b"import a\nimport b\n", b'import a\n"""Do it."""\nimport b\n', file_edits)


def test_accepts_nothing() -> None:
    verify(SOURCE, SOURCE, [])


# What must be refused: the edit is right, and the file is not what it should be.

HARMS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("a comment changed", lambda s: s.replace(b"# why", b"# how")),
    ("a comment lost", lambda s: s.replace(b"    # why\n", b"")),
    ("noqa lost", lambda s: s.replace(b"  # noqa: F401", b"")),
    ("type: ignore lost", lambda s: s.replace(b"  # type: ignore[no-untyped-def]", b"")),
    ("pragma lost", lambda s: s.replace(b"  # pragma: no cover", b"")),
    ("a literal changed", lambda s: s.replace(b'"text"', b'"test"')),
    ("quotes changed", lambda s: s.replace(b'"text"', b"'text'")),
    ("another docstring changed", lambda s: s.replace(b'"""Doc."""', b'"""Dog."""')),
    ("another docstring lost", lambda s: s.replace(b'    """Doc."""\n\n', b"", 1)),
    ("a blank line lost", lambda s: s.replace(b"\n\n\n", b"\n\n")),
    ("a blank added", lambda s: s.replace(b"(x, y)", b"(x,  y)")),
    ("indentation changed", lambda s: s.replace(b"        return text", b"          return text")),
    ("tabs for blanks", lambda s: s.replace(b"    ", b"\t")),
    ("text in a string changed", lambda s: s.replace(b"inside", b"inside\n")),
    ("code added", lambda s: s + b"import os\n"),
    ("code lost", lambda s: s.replace(b"import a  # noqa: F401\n", b"")),
    ("final newline lost", lambda s: s.rstrip(b"\n")),
    ("final newline added", lambda s: s + b"\n"),
    ("line endings changed", lambda s: s.replace(b"\n", b"\r\n")),
    ("one line ending changed", lambda s: s.replace(b"\n", b"\r\n", 1)),
    ("BOM added", lambda s: b"\xef\xbb\xbf" + s),
    ("encoding changed", lambda s: b"# coding: latin-1\n" + s),
    ("truncated", lambda s: s[:100]),
    ("emptied", lambda _: b""),
    ("doubled", lambda s: s + s),
    ("not done", lambda s: s.replace(b'    """Do it."""\n', b"")),
    ("done twice", lambda s: s.replace(b'    """Do it."""\n', b'    """Do it."""\n' * 2)),
]


@pytest.mark.parametrize(("harm", "spoil"), HARMS)
def test_refuses_a_file_that_is_not_as_it_was(harm: str, spoil: Callable[[bytes], bytes]) -> None:
    file_edits = [one()]
    after = apply_edits(SOURCE, file_edits)
    verify(SOURCE, after, file_edits)
    assert spoil(after) != after, harm
    with pytest.raises(VerifyError):
        verify(SOURCE, spoil(after), file_edits)


def test_refuses_a_lost_bom() -> None:
    file_edits = [one(b"\xef\xbb\xbf" + SOURCE)]
    after = apply_edits(b"\xef\xbb\xbf" + SOURCE, file_edits)
    with pytest.raises(VerifyError):
        verify(b"\xef\xbb\xbf" + SOURCE, after[3:], file_edits)


# What must be refused: the file is what the edit makes of it, and the edit is wrong.

TEXTS = [
    ("inner triple quotes end it early", b'    """Do """ it."""\n'),
    ("triple quotes, then a call", b'    """Do."""; import os; """."""\n'),
    ("triple quotes, then an operator", b'    """Do.""" + """it."""\n'),
    ("a call on the literal", b'    """Do it.""".strip()\n'),
    ("two literals side by side", b'    """Do""" """it."""\n'),
    ("two literals on two lines", b'    """Do."""\n    """it."""\n'),
    ("a semicolon", b'    """Do it.""";\n'),
    ("another statement", b'    """Do it."""; x = 1\n'),
    ("another statement on a line", b'    """Do it."""\n    x = 1\n'),
    ("a return", b'    """Do it."""\n    return\n'),
    ("a comment", b'    """Do it."""  # noqa\n'),
    ("a comment on a line", b'    """Do it."""\n    # done\n'),
    ("a comment before", b'    # done\n    """Do it."""\n'),
    ("only a comment", b"    # Do it.\n"),
    ("only a blank line", b"\n"),
    ("nothing", b""),
    ("a trailing backslash in the text", b'    """Do it.\\"""\n'),
    ("a trailing backslash after it", b'    """Do it."""\\\n'),
    ("not closed", b'    """Do it.\n'),
    ("closed by the wrong quotes", b"    '''Do it.\"\"\"\n"),
    ("a line break in simple quotes", b'    "Do\n    it."\n'),
    ("an f-string", b'    f"""Do it."""\n'),
    ("bytes", b'    b"""Do it."""\n'),
    ("a number", b"    1\n"),
    ("an assignment", b'    x = """Do it."""\n'),
    ("a definition", b'    def inner():\n        """Do it."""\n'),
    ("too little indent", b'  """Do it."""\n'),
    ("no indent", b'"""Do it."""\n'),
    ("too much indent", b'      """Do it."""\n'),
    ("a tab for an indent", b'\t"""Do it."""\n'),
    ("no line ending", b'    """Do it."""'),
    ("CRLF", b'    """Do it."""\r\n'),
    ("CRLF inside", b'    """Do\r\n    it."""\n'),
    ("a lone carriage return", b'    """Do\r    it."""\n'),
    ("a NUL byte", b'    """Do\0it."""\n'),
    ("no UTF-8", b'    """D\xe9."""\n'),
    ("an unknown character name", b'    """\\N{NO SUCH NAME}"""\n'),
    ("half a hexadecimal escape", b'    """\\x1"""\n'),
]


@pytest.mark.parametrize("text", [text for _, text in TEXTS], ids=[harm for harm, _ in TEXTS])
def test_refuses_a_text_that_is_more_or_less_than_a_docstring(text: bytes) -> None:
    file_edits = [dataclasses.replace(one(), text=text)]
    with pytest.raises(VerifyError):
        verify(SOURCE, apply_edits(SOURCE, file_edits), file_edits)


def at(marker: bytes, *, after: bool = False) -> int:
    return SOURCE.index(marker) + (len(marker) if after else 0)


INSIDE_STRING = at(b'text = """\n', after=True)
PLACES = [
    ("the middle of the header", at(b"(x):"), at(b"(x):")),
    ("the end of the header", at(b"def f(x):", after=True), at(b"def f(x):", after=True)),
    ("before the header", at(b"def f(x):"), at(b"def f(x):")),
    ("after the first statement", at(b"    return g"), at(b"    return g")),
    ("after the comment, where a comment would be lost", at(b"    # why"), at(b"    y =")),
    ("code replaced", at(b"    y ="), at(b"    return g")),
    ("a header replaced", at(b"def f(x):"), at(b"    # why")),
    ("an existing docstring replaced", at(b'        """Doc."""'), at(b"        text =")),
    ("inside a string", INSIDE_STRING, INSIDE_STRING),
    ("the beginning", 0, 0),
    ("the end", len(SOURCE), len(SOURCE)),
    ("past the end", len(SOURCE) + 5, len(SOURCE) + 5),
    ("backwards", at(b"    # why"), at(b"def f(x):")),
    ("another function", at(b"    def k(self):\n", after=True), at(b"        return self.x")),
    ("a documented function", at(b"    def h(self):\n", after=True), at(b'        """Doc."""\n')),
]


@pytest.mark.parametrize(("_place", "start", "end"), PLACES)
@pytest.mark.parametrize("indent", [b"", b"    ", b"        "])
def test_refuses_a_place_that_is_not_the_definitions(
    _place: str, start: int, end: int, indent: bytes
) -> None:
    file_edits = [dataclasses.replace(one(), start=start, end=end, text=indent + b'"""Do it."""\n')]
    with pytest.raises(VerifyError):
        verify(SOURCE, apply_edits(SOURCE, file_edits), file_edits)


def test_refuses_a_docstring_that_went_to_a_twin() -> None:
    source = b"class A:\n    def f(self):\n        return 1\n\n    def f(self):\n        return 2\n"
    first, second = edits(source, LITERAL, "A.f")
    swapped = [dataclasses.replace(first, start=second.start, end=second.end)]
    with pytest.raises(VerifyError, match=r"docstring of A\.f became that of f"):
        verify(source, apply_edits(source, swapped), swapped)


def test_refuses_a_docstring_that_went_to_the_class() -> None:
    source = b"class A:\n    def f(self):\n        return 1\n"
    file_edits = [dataclasses.replace(one(source, "A.f"), start=9, end=9, text=b'    """Do."""\n')]
    with pytest.raises(VerifyError, match="became that of A"):
        verify(source, apply_edits(source, file_edits), file_edits)


def test_refuses_a_docstring_that_became_the_modules() -> None:
    source = b"\ndef f():\n    return 1\n"
    file_edits = [dataclasses.replace(one(source), start=1, end=1, text=b'"""Do."""\n')]
    with pytest.raises(VerifyError):
        verify(source, apply_edits(source, file_edits), file_edits)


def test_refuses_edits_that_overlap() -> None:
    first = one()
    file_edits = [first, dataclasses.replace(first, start=first.start - 5)]
    with pytest.raises(VerifyError):
        verify(SOURCE, SOURCE, file_edits)


def test_refuses_the_same_edit_twice() -> None:
    file_edits = [dataclasses.replace(one(), end=one().start)] * 2
    with pytest.raises(VerifyError):
        verify(SOURCE, apply_edits(SOURCE, file_edits), file_edits)


def test_refuses_another_line_ending_than_the_headers() -> None:
    """Also in a file that has both."""
    source = b"x = 1\ndef f():\r\n    return 1\r\n"
    file_edits = [dataclasses.replace(one(source), text=b'    """Do it."""\n')]
    with pytest.raises(VerifyError, match="end its lines as the file does"):
        verify(source, apply_edits(source, file_edits), file_edits)


@pytest.mark.parametrize("source", [b"print 'two'\n", b"\xff\n", b"x = 1\r"])
def test_a_file_that_cannot_be_checked_is_no_bug_of_docbots(source: bytes) -> None:
    with pytest.raises(SourceError):
        verify(source, source, [])
