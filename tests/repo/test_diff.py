from __future__ import annotations

import pytest

from docbot.errors import ReviewError
from docbot.repo.diff import Hunk, hunks, is_shown, line_text


def hunk(first, *lines):
    return Hunk(first=first, lines=lines)


@pytest.mark.parametrize("patch", [None, ""])
def test_a_patch_that_was_left_out_shows_nothing(patch):
    assert hunks(patch) == ()


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        pytest.param("@@ -1 +1 @@\n-a\n+b", [hunk(1, "b")], id="one line each"),
        pytest.param("@@ -1,2 +1,3 @@ def f\n a\n+b\n c", [hunk(1, "a", "b", "c")], id="context"),
        pytest.param("@@ -0,0 +1,2 @@\n+a\n+b", [hunk(1, "a", "b")], id="a new file"),
        pytest.param("@@ -1,2 +0,0 @@\n-a\n-b", [hunk(0)], id="a file that is gone"),
        pytest.param("@@ -3,0 +4 @@\n+x\n", [hunk(4, "x")], id="a line feed at the end"),
        pytest.param(
            "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file",
            [hunk(1, "b")],
            id="no newline at the end",
        ),
        pytest.param(
            "@@ -1 +1,5 @@\n a\n+++ b/x.py\n+@@ -1 +9 @@\n+diff --git a/x b/x\n+-- a",
            [hunk(1, "a", "++ b/x.py", "@@ -1 +9 @@", "diff --git a/x b/x", "-- a")],
            id="added lines like headers",
        ),
        pytest.param(
            "@@ -1,2 +1 @@\n--- a/x.py\n b\n@@ -9 +8,2 @@\n c\n+d",
            [hunk(1, "b"), hunk(8, "c", "d")],
            id="a removed line like a header",
        ),
        pytest.param("@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r", [hunk(1, "a", "c")], id="CRLF"),
        pytest.param("@@ -1,3 +1,3 @@\n a\n\n-b\n+c", [hunk(1, "a", "", "c")], id="stripped blank"),
        pytest.param("@@ -1 +1 @@\n-a\n+b\x0c\u2028d", [hunk(1, "b\x0c\u2028d")], id="odd ends"),
        pytest.param("@@ -1 +1 @@\n-a\n+\U0001f600", [hunk(1, "\U0001f600")], id="UTF-8"),
    ],
)  # fmt: skip
def test_the_right_side_of_each_hunk(patch, expected):
    assert list(hunks(patch)) == expected


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ("@@ -1 +1 @@\n+a\n+b", "more lines than its header says"),
        ("@@ -1 +1,2 @@\n a\n?b", "no line of a diff"),
        ("x\n@@ -1 +1 @@\n-a\n+b", "outside its hunks"),
        ("@@ -1 +1 @@\n-a\n+b\n+c", "outside its hunks"),
        ("@@ -1 +1234567890 @@\n-a\n+b", "outside its hunks"),
    ],
)
def test_a_patch_that_does_not_add_up_is_refused(patch, words):
    with pytest.raises(ReviewError, match=words):
        hunks(patch)


HUNKS = (hunk(3, "c", "d", "e"), hunk(6, "f"), hunk(0))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (3, 3, True),
        (3, 5, True),
        (5, 5, True),
        (6, 6, True),
        (5, 6, False),
        (2, 3, False),
        (7, 7, False),
        (5, 4, False),
        (0, 0, False),
    ],
)
def test_lines_are_shown_by_one_hunk(first, last, expected):
    assert is_shown(HUNKS, first, last) is expected


def test_the_text_of_a_line():
    assert [line_text(HUNKS, line) for line in range(8)] == [
        None, None, None, "c", "d", "e", "f", None,
    ]  # fmt: skip


@pytest.mark.parametrize("counts", ["1,2 +1,3", "1,9 +1,999999999"])
def test_a_diff_that_was_cut_shows_what_is_there(counts):
    patch = f"@@ -{counts} @@\n a\n+b\n"
    assert hunks(patch) == (hunk(1, "a", "b"),)
