"""Bytes to text: what is refused, and where each offset lies in the file."""

from __future__ import annotations

import pytest

from docbot.errors import SourceError, TooLargeError
from docbot.scan.basics import MAX_BYTES
from docbot.scan.source import read

REFUSALS = [
    pytest.param(b"x = '\0'\n", "NUL", id="NUL byte"),
    pytest.param(b"a = 1\rb = 2\r", "carriage return", id="CR only"),
    pytest.param(b"a = 1\r\nb = 2\rc = 3\n", "carriage return", id="one CR among CRLF"),
    pytest.param(b"a = 1\r\r\n", "carriage return", id="CR CR LF"),
    pytest.param(b"x = '\r'\n", "carriage return", id="CR in a string"),
    pytest.param(b"x = '\xe9'\n", "decode", id="latin-1 without a cookie"),
    pytest.param(b"# coding: ascii\nx = '\xe9'\n", "decode", id="not what the cookie says"),
    pytest.param(b"# coding: nonsense\n", "decode", id="unknown encoding"),
    pytest.param(b"# coding: rot13\nk = 1\n", "decode", id="rot13 is no text encoding"),
    pytest.param(b"# coding: hex\n", "decode", id="hex is no text encoding"),
    pytest.param(b"\xef\xbb\xbf# coding: latin-1\n", "decode", id="BOM against cookie"),
    pytest.param("x = 1\n".encode("utf-16"), "NUL|decode", id="UTF-16"),
    pytest.param(b"# coding: utf-7\nx = '+AOk-'\n", "byte for byte", id="not the only spelling"),
    pytest.param(
        b"# coding: unicode_escape\\nx = 1\\n", "byte for byte", id="line feeds spelt as escapes"
    ),
    pytest.param(b"\xed\xa0\x80", "decode", id="a surrogate in UTF-8"),
]


@pytest.mark.parametrize(("source", "why"), REFUSALS)
def test_refuses(source: bytes, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        read(source)


def test_refuses_what_nobody_wrote_by_hand() -> None:
    assert read(b"#" * MAX_BYTES).code == "#" * MAX_BYTES
    with pytest.raises(TooLargeError, match="over 1 MB"):
        read(b"#" * (MAX_BYTES + 1))


READ = [
    pytest.param(b"", "", "utf-8", False, id="empty"),
    pytest.param(b"x = 1", "x = 1", "utf-8", False, id="no final newline"),
    pytest.param("x = 'é'\n".encode(), "x = 'é'\n", "utf-8", False, id="UTF-8"),
    pytest.param(b"a\r\nb\n", "a\r\nb\n", "utf-8", False, id="mixed line endings stay"),
    pytest.param(b"\xef\xbb\xbfx = 1\n", "x = 1\n", "utf-8", True, id="BOM"),
    pytest.param(
        b"\xef\xbb\xbf# coding: utf-8\n", "# coding: utf-8\n", "utf-8", True, id="BOM and cookie"
    ),
    pytest.param(
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        "# -*- coding: latin-1 -*-\nx = 'é'\n",
        "iso-8859-1",
        False,
        id="latin-1",
    ),
    pytest.param(
        b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n",
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n",
        "cp1252",
        False,
        id="cookie on the second line",
    ),
    pytest.param(b"x = 1\n\x0cy = 2\n", "x = 1\n\x0cy = 2\n", "utf-8", False, id="form feed"),
]


@pytest.mark.parametrize(("source", "code", "encoding", "bom"), READ)
def test_reads(source: bytes, code: str, encoding: str, *, bom: bool) -> None:
    text = read(source)
    assert (text.code, text.encoding, text.bom) == (code, encoding, bom)
    assert text.utf8 == code.encode()


@pytest.mark.parametrize(
    "source",
    [
        "é = 'ü'\nz = 1\n".encode(),
        b"\xef\xbb\xbf" + "é = 'ü'\nz = 1\n".encode(),
        "# coding: latin-1\né = 'ü'\nz = 1\n".encode("latin-1"),
        "# coding: shift_jis\nx = '日本'\nz = 1\n".encode("shift_jis"),
        "# coding: iso-2022-jp\nx = '日本'\nz = 1\n".encode("iso-2022-jp"),
        "# coding: utf8\nx = '日本'\nz = 1\n".encode(),
    ],
)
def test_offsets_are_bytes_of_the_file(source: bytes) -> None:
    text = read(source)
    assert source[text.offset(text.utf8.index(b"z = 1")) :] == b"z = 1\n"
    assert text.offset(len(text.utf8)) == len(source)


def test_lines_end_at_line_feeds_alone() -> None:
    text = read("a\x0cb\u2028c\nd\r\ne".encode())
    places = {name: text.utf8.index(name.encode()) for name in "abcde"}
    assert [text.line_at(at) for at in places.values()] == [1, 1, 1, 2, 3]
    assert text.line_start(places["c"]) == 0
    assert text.line_start(places["e"]) == places["e"]


@pytest.mark.parametrize(
    ("after", "blanks"),
    [
        ("x", ""),
        ("\nx", "\n"),
        ("\n \t\r\n  x\n\n", "\n \t\r\n"),
        ("\n\x0c\nx", "\n"),
        ("\n# c\n", "\n"),
        ("", ""),
        ("\n   ", "\n"),
    ],
)
def test_blank_lines_end_at_the_first_that_holds_anything(after: str, blanks: str) -> None:
    text = read(b"head\n" + after.encode())
    assert text.utf8[5 : text.blanks_end(5)].decode() == blanks
