"""Lines are followed through edits, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docbot.docstring.edit import Edit, apply_edits
from docbot.docstring.line_map import UNMOVED, LineMap, map_lines
from docbot.scan.source import BOM

CODE = (
    "class Box:\n\n    def size(self):\n        return 1\n\n    def name(self):\n        return 2\n"
)


def mapped(source: bytes, *replacements: tuple[bytes, bytes]) -> tuple[bytes, LineMap]:
    """Replace parts of a file that stand in it once; the file after, and the map."""
    edits = [edit_of(source, old, new) for old, new in replacements]
    after = apply_edits(source, edits)
    return after, map_lines(source, after, edits)


def edit_of(source: bytes, old: bytes, new: bytes) -> Edit:
    """The edit of what differs: as in docbot's own, text above a line leaves the line as it is."""
    start = source.index(old)
    assert source.count(old) == 1
    while old and old[-1:] == new[-1:]:
        old, new = old[:-1], new[:-1]
    return Edit(start=start, end=start + len(old), text=new)


def line_of(name: str, source: bytes) -> int:
    """The line that holds a word, as git counts lines."""
    return 1 + source[: source.index(name.encode())].count(b"\n")


FIRST, SECOND = (
    (b"        return 1", b'        """One."""\n        return 1'),
    (b"        return 2", b'        """Two.\n\n        More.\n        """\n        return 2'),
)
MODULE = (b"class Box", b'"""Boxes."""\n\nclass Box')


def windows(*texts: bytes) -> tuple[bytes, ...]:
    return tuple(text.replace(b"\n", b"\r\n") for text in texts)


@pytest.mark.parametrize(
    ("source", "replacements"),
    [
        pytest.param(CODE.encode(), [FIRST, SECOND], id="two docstrings"),
        pytest.param(CODE.encode(), [MODULE, FIRST, SECOND], id="the module's, too"),
        pytest.param(BOM + CODE.encode(), [MODULE, SECOND], id="byte order mark"),
        pytest.param(*windows(CODE.encode()), [windows(*MODULE), windows(*SECOND)], id="CRLF"),
        pytest.param(
            CODE.replace("\n    def", "\n\x0c    def").encode(), [MODULE, FIRST], id="form feeds"
        ),
        pytest.param(
            CODE.encode(),
            [(b"Box:\n\n", b'Box:\n    """A box."""\n\n'), FIRST],
            id="a blank line that is replaced by as many",
        ),
        pytest.param(
            CODE.encode(),
            [(b":\n        return 1", b":\n        # one\n        return 1"), SECOND],
            id="from the end of a line",
        ),
        pytest.param(CODE.encode(), [(b"\n\n    def size", b"\n    def size")], id="fewer lines"),
        pytest.param(
            CODE.replace("(self)", "(self, \xe9='\x85\u2028')").encode(),
            [MODULE, FIRST],
            id="what ends lines elsewhere",
        ),
    ],
)
def test_names_are_followed(source, replacements):
    after, lines = mapped(source, *replacements)
    for name in ("Box:", "size", "return 1", "name", "return 2"):
        assert lines.after(line_of(name, source)) == line_of(name, after)
        assert lines.before(line_of(name, after)) == line_of(name, source)


def test_lines_that_are_replaced_are_followed_as_far_as_there_are_new_ones():
    source = b"a\nb\nc\nd\ne\n"
    edits = [Edit(start=2, end=8, text=b"D\nB\n")]
    after = apply_edits(source, edits)
    lines = map_lines(source, after, edits)
    assert after == b"a\nD\nB\ne\n"
    assert [lines.after(line) for line in range(6)] == [0, 1, 2, 3, 4, 4]
    assert [lines.before(line) for line in range(1, 5)] == [1, 2, 3, 5]


def test_a_new_line_stood_where_it_was_put_in():
    source = b"def f():\n    pass\n\nx = 1\n"
    _, lines = mapped(source, (b"    pass", b'    """F.\n\n    More.\n    """\n    pass'))
    assert [lines.before(line) for line in range(1, 9)] == [1, 2, 2, 2, 2, 2, 3, 4]


def test_words_of_a_line_are_changed_in_place():
    source = b"one tax and\n    more tax\nlast\n"
    edits = [
        Edit(start=4, end=7, text=b"rate"),
        Edit(start=16, end=20, text=b"less"),
        Edit(start=21, end=24, text=b"rate\n    or so"),
    ]
    after = apply_edits(source, edits)
    lines = map_lines(source, after, edits)
    assert after == b"one rate and\n    less rate\n    or so\nlast\n"
    assert [lines.after(line) for line in (1, 2, 3)] == [1, 2, 4]
    assert [lines.before(line) for line in (1, 2, 3, 4)] == [1, 2, 2, 3]


def test_maps_follow_one_another():
    source = CODE.encode()
    middle, first = mapped(source, FIRST)
    after, then = mapped(middle, MODULE, SECOND)
    lines = first.then(then)
    for name in ("Box:", "size", "name", "return 2"):
        assert lines.after(line_of(name, source)) == line_of(name, after)
        assert lines.before(line_of(name, after)) == line_of(name, source)


def test_nothing_moves_without_edits():
    assert map_lines(b"a\rb\n", b"a\rb\n", []) == UNMOVED
    assert [UNMOVED.after(7), UNMOVED.before(7)] == [7, 7]


BREAKS = st.sampled_from([b"\n", b"\r\n"])
BLANKS = st.sampled_from([b"", b" ", b"    ", b"\t", b"\x0c"])


@given(st.data())
def test_each_line_that_stays_is_found_again(data):
    """Whole blocks go in above some lines, and in the place of blank ones."""
    count = data.draw(st.integers(1, 12))
    newline = data.draw(BREAKS)
    source = data.draw(st.sampled_from([b"", BOM]))
    edits = []
    for number in range(count):
        at = len(source)
        gap = newline * data.draw(st.integers(0, 2))
        block = (b"new" + newline) * data.draw(st.integers(0, 3))
        if block or data.draw(st.booleans()):
            edits.append(Edit(start=at, end=at + len(gap), text=block))
        source += gap + data.draw(BLANKS) + b"<%d>" % number + newline
    after = apply_edits(source, edits)
    lines = map_lines(source, after, edits)
    for number in range(count):
        then, now = line_of(f"<{number}>", source), line_of(f"<{number}>", after)
        assert (lines.after(then), lines.before(now)) == (now, then)
