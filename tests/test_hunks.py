from __future__ import annotations

import pytest

from docbot.errors import ReviewError
from docbot.hunks import Hunk, by_path, hunks, shows, text


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


SHOWN = (hunk(3, "c", "d", "e"), hunk(6, "f"), hunk(0))


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
    assert shows(SHOWN, first, last) is expected


def test_the_text_of_a_line():
    assert [text(SHOWN, line) for line in range(8)] == [
        None, None, None, "c", "d", "e", "f", None,
    ]  # fmt: skip


def test_a_whole_diff_of_git(repo):
    lines = [f"line {at}" for at in range(1, 40)]
    repo.stage("plain.py", "\n".join(lines) + "\n")
    repo.stage("old name.py", "x = 1\n" * 30)
    repo.stage('qu"o\tté.py', "a\n")
    repo.stage("crlf.py", b"a\r\nb\r\n")
    repo.stage("gone.py", "a\n")
    repo.stage("still.bin", b"\0\1")
    repo.git("commit", "-qm", "base")
    lines[1] = "+++ b/evil.py"
    lines[35] = "diff --git a/x b/x"
    repo.stage("plain.py", "\n".join(lines))
    repo.git("mv", "old name.py", "new name.py")
    repo.stage("new name.py", "x = 1\n" * 30 + "y = 2\n")
    repo.stage('qu"o\tté.py', "b\n")
    repo.stage("crlf.py", b"a\r\nc\r\n")
    repo.stage("new.py", "one\n")
    repo.stage("empty.py", "")
    repo.stage("still.bin", b"\0\2")
    repo.git("rm", "-q", "gone.py")
    diff = repo.git("diff", "--cached", "-M", "HEAD").encode("utf-8", "surrogateescape")
    found = by_path(diff)
    assert set(found) == {"plain.py", "new name.py", 'qu"o\tté.py', "crlf.py", "new.py"}
    assert text(found["plain.py"], 2) == "+++ b/evil.py"
    assert text(found["plain.py"], 36) == "diff --git a/x b/x"
    assert shows(found["plain.py"], 1, 5)
    assert not shows(found["plain.py"], 5, 33)
    assert shows(found["new name.py"], 31, 31)
    assert found["crlf.py"] == (hunk(1, "a", "c"),)
    assert found['qu"o\tté.py'] == (hunk(1, "b"),)
    assert found["new.py"] == (hunk(1, "one"),)


def test_a_name_that_is_not_utf8(repo):
    name = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    repo.stage(name, "a\n")
    diff = repo.git("diff", "--cached").encode("utf-8", "surrogateescape")
    assert by_path(diff) == {name: (hunk(1, "a"),)}


@pytest.mark.parametrize("counts", ["1,2 +1,3", "1,9 +1,999999999"])
def test_a_diff_that_was_cut_shows_what_is_there(counts):
    patch = f"@@ -{counts} @@\n a\n+b\n"
    assert hunks(patch) == (hunk(1, "a", "b"),)
    diff = f"diff --git a/a b/a\n--- a/a\n+++ b/a\n{patch}"
    assert by_path(diff.encode()) == {"a": (hunk(1, "a", "b"),)}
