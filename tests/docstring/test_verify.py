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


def test_refuses_an_edit_of_nothing_beside_a_docstring() -> None:
    first = one()
    file_edits = [dataclasses.replace(first, end=first.start, text=b""), first]
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


# Mended docstrings, alone and beside new ones.

MENDED = b'''\
"""Module z."""

import a  # z: noqa


def f(x):
    """Do z.

    Args:
        z: The z.
    """
    return g(x, "z: The")


class A:
    """Hold z."""

    @property
    def k(self):
        r"""Return \\z."""
        return self.z

    async def h(self): "Await z."

    def new(self):
        def inner(): """Inner z."""
        return inner(self, 1)


def last(x):
    return x
'''
OWNERS = [
    ("<module>", 1, b"Module z"),
    ("f", 6, b"Do z"),
    ("A", 15, b"Hold z"),
    ("A.k", 19, b"Return \\z"),
    ("A.h", 23, b"Await z"),
    ("A.new.<locals>.inner", 26, b"Inner z"),
]


def mend(
    source: bytes = MENDED,
    name: str = "f",
    line: int = 6,
    place: bytes = b"        z",
    text: bytes = b"x",
) -> Edit:
    """What docbot would do: the last letter of the place becomes the text."""
    assert source.count(place) == 1
    end = source.index(place) + len(place)
    return Edit(start=end - 1, end=end, text=text, qualname=name, line=line, replaces=True)


def newlines(source: bytes) -> bytes:
    return source.replace(b"\n", b"\r\n")


ENCODED = [
    pytest.param(MENDED, id="plain"),
    pytest.param(newlines(MENDED), id="CRLF"),
    pytest.param(b"\xef\xbb\xbf" + MENDED, id="BOM"),
    pytest.param(b"\xef\xbb\xbf" + newlines(MENDED), id="BOM, CRLF"),
    pytest.param(
        MENDED.replace(b"Do ", "漢 Do ".encode()).replace(b"k(", "ñ(".encode()), id="wide"
    ),
    pytest.param(b"# coding: latin-1\n# \xe9\n" + MENDED.replace(b"Do", b"\xe9 Do"), id="latin-1"),
    pytest.param(MENDED.replace(b"    ", b"\t"), id="tabs"),
    pytest.param(b"\x0c\n" + MENDED.replace(b"\n\n\n", b"\n\x0c\n\n"), id="form feeds"),
]


def mends_of(source: bytes) -> list[Edit]:
    shift = source.count(b"\n", 0, source.index(b"import a")) - 2
    names = {"A.k": "A.ñ"} if "ñ".encode() in source else {}
    return [
        mend(source, names.get(name, name), line + (line > 1) * shift, place)
        for name, line, place in OWNERS
    ]


@pytest.mark.parametrize("source", ENCODED)
def test_accepts_mends(source: bytes) -> None:
    file_edits = mends_of(source)
    after = apply_edits(source, file_edits)
    assert after.count(b"z.") == 1  # in f's section
    verify(source, after, file_edits)
    for alone in file_edits:
        verify(source, apply_edits(source, [alone]), [alone])
        for there in (source, after):
            with pytest.raises(VerifyError):
                verify(source, there, [alone])


@pytest.mark.parametrize("convert", [lambda s: s, newlines])
def test_accepts_mends_beside_new_docstrings(convert: Callable[[bytes], bytes]) -> None:
    source = convert(MENDED)
    longer = {name: convert(b"x\n\n  y") for name in ("A", "f")}
    grown = [
        dataclasses.replace(edit, text=longer.get(edit.qualname, b"")) for edit in mends_of(source)
    ]
    new = edits(source)
    assert {edit.qualname for edit in new} == {"A.new", "last"}
    file_edits = [*new, *grown]
    after = apply_edits(source, file_edits)
    assert after.count(b'"""Do it."""') == 2
    verify(source, after, file_edits)
    for part in (grown, new, file_edits[1:], file_edits[:-1]):
        with pytest.raises(VerifyError):
            verify(source, after, part)


def test_accepts_several_mends_of_one_docstring() -> None:
    file_edits = [mend(), mend(place=b'"""Do z.', text=b"!"), mend(place=b"z: The z", text=b"")]
    after = apply_edits(MENDED, file_edits)
    assert b'    """Do z!\n\n    Args:\n        x: The .\n    """' in after
    verify(MENDED, after, file_edits)


@pytest.mark.parametrize(("harm", "spoil"), HARMS[2:])
def test_refuses_a_mended_file_that_is_not_as_it_was(
    harm: str, spoil: Callable[[bytes], bytes]
) -> None:
    file_edits = [one(), mend(SOURCE, "A.h", 14, b'h(self):\n        """Doc', b"t")]
    after = apply_edits(SOURCE, file_edits)
    verify(SOURCE, after, file_edits)
    assert spoil(after) != after, harm
    with pytest.raises(VerifyError):
        verify(SOURCE, spoil(after), file_edits)


ASTRAY = [
    pytest.param(mend(place=b"return g"), "changes line 12, outside its docstring", id="code"),
    pytest.param(mend(place=b'"z: The'), "changes line 12, outside", id="another string"),
    pytest.param(mend(place=b"# z"), "changes line 3, outside", id="a comment"),
    pytest.param(mend(place=b"class A"), "changes line 15, outside", id="a name"),
    pytest.param(mend(place=b"\\z"), "changes line 20, outside", id="another docstring"),
    pytest.param(mend(place=b"def f(x):\n    "), "changes line 7, outside", id="the indent"),
    pytest.param(mend(place=b'def f(x):\n    "'), "the quotes of its", id="the first quote"),
    pytest.param(mend(place=b'def f(x):\n    """'), "the quotes of its", id="the third quote"),
    pytest.param(mend(place=b'z.\n    "'), "the quotes of its", id="a closing quote"),
    pytest.param(mend(place=b'z.\n    """'), "the quotes of its", id="the last quote"),
    pytest.param(
        mend(name="A.k", line=19, place=b"k(self):\n        r"),
        "the quotes of its",
        id="the prefix",
    ),
    pytest.param(mend(name="last", line=30), "last at line 30 has no docstring", id="none there"),
    pytest.param(mend(name="g"), "g at line 6 has no docstring", id="another name"),
    pytest.param(mend(line=8), "f at line 8 has no docstring", id="a line too late"),
    pytest.param(mend(line=5), "f at line 5 has no docstring", id="a line too early"),
    pytest.param(mend(name="<module>"), "mend of <module> changes line 10", id="the module's"),
    pytest.param(mend(text=b'"""'), "does not read as the one before", id="the quotes, open"),
    pytest.param(mend(text=b'""" """'), "token stream changed", id="two literals"),
    pytest.param(mend(text=b'"""; """'), "token stream changed", id="two statements"),
    pytest.param(mend(text=b'""".a("") + """'), "token stream changed", id="a call"),
    pytest.param(mend(text=b"\\n"), "docstring of f reads otherwise than written", id="an escape"),
    pytest.param(mend(text=b"\\\n"), "docstring of f reads otherwise", id="a continuation"),
    pytest.param(mend(text=b"\\N{x"), "does not read as the one before", id="half an escape"),
    pytest.param(mend(text=b"\xe9"), "not in the file's encoding", id="no UTF-8"),
    pytest.param(mend(text=b"\0"), "does not read as the one before", id="a NUL"),
    pytest.param(mend(text=b"a\r\n"), "does not end its lines", id="CRLF"),
    pytest.param(mend(text=b"a\r"), "does not end its lines", id="a carriage return"),
]


@pytest.mark.parametrize(("edit", "message"), ASTRAY)
def test_refuses_a_mend_of_anything_else(edit: Edit, message: str) -> None:
    with pytest.raises(VerifyError, match=message):
        verify(MENDED, apply_edits(MENDED, [edit]), [edit])


@pytest.mark.parametrize("grow", [(1, 0), (0, 1), (6, 0), (0, 6), (500, 0), (0, 900)])
def test_refuses_a_mend_that_reaches_over_the_quotes(grow: tuple[int, int]) -> None:
    edit = mend(name="A.h", line=23, place=b"Await z")
    wide = dataclasses.replace(
        edit, start=max(0, edit.start - 7 - grow[0]), end=edit.end + 1 + grow[1]
    )
    wide = dataclasses.replace(
        wide, text=MENDED[wide.start : wide.end].replace(b"Await z", b"Await x")
    )
    with pytest.raises(VerifyError, match=r"mend of A\.h changes"):
        verify(MENDED, apply_edits(MENDED, [wide]), [wide])


def test_refuses_a_mend_without_its_mark() -> None:
    edit = dataclasses.replace(mend(), replaces=False)
    with pytest.raises(VerifyError, match="replace more than blank lines"):
        verify(MENDED, apply_edits(MENDED, [edit]), [edit])


def test_refuses_a_new_docstring_with_the_mark_of_a_mend() -> None:
    edit = dataclasses.replace(one(MENDED, "last"), replaces=True)
    with pytest.raises(VerifyError, match="last at line 30 has no docstring"):
        verify(MENDED, apply_edits(MENDED, [edit]), [edit])


def test_refuses_mends_that_overlap() -> None:
    file_edits = [mend(), dataclasses.replace(mend(), start=mend().start - 2)]
    with pytest.raises(VerifyError):
        verify(MENDED, apply_edits(MENDED, file_edits[:1]), file_edits)


def test_refuses_a_mend_of_a_twin() -> None:
    source = b'def f():\n    "z"\n\n\ndef f():\n    "z"\n'
    edit = Edit(start=14, end=15, text=b"x", qualname="f", line=5, replaces=True)
    with pytest.raises(VerifyError, match="mend of f changes line 2, outside its docstring"):
        verify(source, apply_edits(source, [edit]), [edit])
    own = dataclasses.replace(edit, line=1)
    verify(source, apply_edits(source, [own]), [own])


@pytest.mark.parametrize(
    "written",
    ['"""z\\n"""', '"""z\\\\"""', '"z" "y"', '"""z\\\n"""', '"" "z"'],
)
def test_refuses_to_mend_what_reads_otherwise_than_written(written: str) -> None:
    source = f"def f():\n    {written}\n".encode()
    at_z = source.index(b"z")
    edit = Edit(start=at_z, end=at_z + 1, text=b"x", qualname="f", line=1, replaces=True)
    with pytest.raises(VerifyError, match="docstring of f does not stand in the file as Python"):
        verify(source, apply_edits(source, [edit]), [edit])


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [(15, 16, b""), (16, 17, b""), (16, 16, b"x"), (15, 17, b"\n"), (14, 16, b"x"), (16, 18, b"x")],
)
def test_refuses_a_mend_that_parts_a_line_ending(start: int, end: int, text: bytes) -> None:
    source = b'def f():\r\n "z\r\n'.replace(b'"z', b'"""z') + b' y"""\r\n'
    assert source[15:17] == b"\r\n"
    edit = Edit(start=start, end=end, text=text, qualname="f", line=1, replaces=True)
    with pytest.raises(VerifyError, match="does not end its lines as the file does"):
        verify(source, apply_edits(source, [edit]), [edit])


def test_refuses_a_mend_that_cuts_a_character() -> None:
    source = 'def f():\n    "é"\n'.encode()
    edit = Edit(start=14, end=15, text=b"\xc4", qualname="f", line=1, replaces=True)
    with pytest.raises(VerifyError, match="not in the file's encoding"):
        verify(source, apply_edits(source, [edit]), [edit])


def test_accepts_a_mend_that_only_looks_like_a_declared_encoding() -> None:
    source = '"""z\nz é"""\n'.encode()
    edit = Edit(start=5, end=6, text=b"# coding: latin-1", qualname="<module>", replaces=True)
    verify(source, apply_edits(source, [edit]), [edit])
