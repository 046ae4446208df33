"""Text to a byte span, the splice, and patches that the real git takes."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from docbot.docstring.edit import Edit, apply_edits, make_edit
from docbot.repo.diff import unified_diff
from docbot.scan.definition import Anchor, Definition, Kind

F = Definition(qualname="A.f", name="f", kind=Kind.METHOD, line=7, lines=(7, 8))


@pytest.mark.parametrize(
    ("literal", "anchor", "encoding", "text"),
    [
        ('"""Do."""', Anchor(start=3, end=5, indent="    "), "utf-8", b'    """Do."""\n'),
        ('"""Do."""', Anchor(start=3, end=5, indent="\t"), "utf-8", b'\t"""Do."""\n'),
        (
            '"""Do.\n\n  Args:\n  """',
            Anchor(start=3, end=5, indent="  ", newline="\r\n"),
            "utf-8",
            b'  """Do.\r\n\r\n  Args:\r\n  """\r\n',
        ),
        (
            '"""Do."""',
            Anchor(start=3, end=5, indent="  ", newline="\r\n", blank_after=True),
            "utf-8",
            b'  """Do."""\r\n\r\n',
        ),
        ('"""Dé."""', Anchor(start=3, end=5, indent=" "), "iso-8859-1", b' """D\xe9."""\n'),
        ('"""Dé."""', Anchor(start=3, end=5, indent=" "), "utf-8", b' """D\xc3\xa9."""\n'),
    ],
)
def test_edit(literal: str, anchor: Anchor, encoding: str, text: bytes) -> None:
    edit = make_edit(literal, F, anchor, encoding)
    assert edit == Edit(start=3, end=5, text=text, qualname="A.f", line=7)


def test_an_encoding_may_lack_a_character() -> None:
    with pytest.raises(UnicodeEncodeError):
        make_edit('"""日."""', F, Anchor(start=3, end=5, indent=" "), "iso-8859-1")


def test_apply() -> None:
    edits = [
        Edit(start=4, end=4, text=b"D"),
        Edit(start=0, end=2, text=b""),
        Edit(start=6, end=6, text=b"E"),
    ]
    assert apply_edits(b"aabbcc", edits) == b"bbDccE"
    assert apply_edits(b"aabbcc", reversed(edits)) == b"bbDccE"
    assert apply_edits(b"aabbcc", []) == b"aabbcc"


def test_apply_refuses_edits_that_overlap() -> None:
    edits = [Edit(start=1, end=4, text=b""), Edit(start=3, end=5, text=b"")]
    with pytest.raises(ValueError, match="overlap at byte 3"):
        apply_edits(b"aabbcc", edits)


# Patches.

PLAIN = b"def f(x):\n    return x\n"
DOCUMENTED = b'def f(x):\n    """Do."""\n    return x\n'

CHANGES = [
    pytest.param(PLAIN, DOCUMENTED, id="plain"),
    pytest.param(PLAIN.rstrip(), DOCUMENTED.rstrip(), id="no final newline"),
    pytest.param(b"f\n\n\n\ng", b"f\ng", id="blank lines at the end go, no final newline"),
    pytest.param(b"f", b"f\nx", id="the last line gets its newline"),
    pytest.param(b"f\n", b"x\nf", id="the last line loses its newline"),
    pytest.param(b"def f():\n\n\n    x\n", b"def f():\n    'd'\n    x\n", id="blank lines go"),
    pytest.param(b"def f():\n  \n\t\n  x\n", b"def f():\n  'd'\n  x\n", id="blanks of blank lines"),
    pytest.param(b"f\n\n\n\n\ng\n\n\n", b"f\n'd'\n\n\n\n\ng\n\n\n", id="blank lines around stay"),
    pytest.param(PLAIN.replace(b"\n", b"\r\n"), DOCUMENTED.replace(b"\n", b"\r\n"), id="CRLF"),
    pytest.param(
        b"def f():\r\n    x\r\n    y\n    z\r\n",
        b"def f():\r\n    'd'\r\n    x\r\n    y\n    z\r\n",
        id="mixed line endings",
    ),
    pytest.param(b"f\r\n\r\nx\r\n", b"f\r\nx\r\n", id="CRLF blank line goes"),
    pytest.param(b"f\n# \xe9\n", b"f\n'd \xfc'\n# \xe9\n", id="latin-1"),
    pytest.param(b"\xef\xbb\xbff\n", b"\xef\xbb\xbff\n'd'\n", id="BOM"),
    pytest.param(b"f\n\x0c\ng\n", b"f\n'd'\n\x0c\ng\n", id="form feed"),
    pytest.param(b"f\rg\rh\n", b"f\rg\rh\nx\n", id="lone carriage returns"),
    pytest.param(b"a\x0bb\x1cc\x85d\n", b"x\na\x0bb\x1cc\x85d\n", id="other separators"),
    pytest.param("f\u2028g\n".encode(), "f\u2028g\nx\n".encode(), id="U+2028"),
    pytest.param(b"f\0g\n", b"f\0g\nx\n", id="NUL"),
    pytest.param(
        b"".join(b"def f%d():\n\n    return %d\n\n\n" % (i, i % 3) for i in range(200)),
        b"".join(b"def f%d():\n    'd'\n    return %d\n\n\n" % (i, i % 3) for i in range(200)),
        id="many",
    ),
    pytest.param(
        b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-f\n",
        b"-- f\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-f\n",
        id="text that looks like a patch",
    ),
    pytest.param(b"", b"x\n", id="from nothing"),
    pytest.param(b"a\nb\nc\n", b"d\ne\n", id="nothing in common"),
    pytest.param(b"a\n" * 9 + b"b\n", b"c\n" + b"a\n" * 9, id="not an edit of docbot's"),
]

NAMES = [
    "plain.py",
    "a folder/a file.py",
    " leading and trailing ",
    "tab\there.py",
    'quote".py',
    "back\\slash.py",
    "ü/日本.py",
    "new\nline.py",
    "'single'.py",
    "-n.py",
    "a/b/a.py",
    "(x) [y] {z}*?.py",
    "caf\udce9.py",  # a name that is no UTF-8
]


def git_apply(folder: Path, patch: bytes, *options: str) -> None:
    command = ["git", "-C", str(folder), "apply", "--whitespace=nowarn", *options, "-"]
    result = subprocess.run(command, input=patch, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr.decode(errors="replace") + repr(patch[:500])


def there_and_back(folder: Path, name: str, before: bytes, after: bytes) -> None:
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(before)
    except OSError:
        pytest.skip("this file system has no such names")
    patch = unified_diff(PurePosixPath(name), before, after)
    git_apply(folder, patch)
    assert path.read_bytes() == after
    git_apply(folder, patch, "-R")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_git_takes_the_patch_byte_for_byte(tmp_path: Path, before: bytes, after: bytes) -> None:
    there_and_back(tmp_path, "pkg/module.py", before, after)
    there_and_back(tmp_path, "pkg/module.py", after, before)


@pytest.mark.parametrize("name", NAMES)
def test_git_takes_every_name(tmp_path: Path, name: str) -> None:
    there_and_back(tmp_path, name, PLAIN, DOCUMENTED)


def test_patches_of_several_files_are_one_patch(tmp_path: Path) -> None:
    names = ["b.py", "a b.py", "ü.py"]
    for name in names:
        (tmp_path / name).write_bytes(PLAIN)
    git_apply(tmp_path, b"".join(unified_diff(PurePosixPath(n), PLAIN, DOCUMENTED) for n in names))
    assert all((tmp_path / name).read_bytes() == DOCUMENTED for name in names)


def test_how_a_patch_reads() -> None:
    assert unified_diff(PurePosixPath("pkg/a.py"), PLAIN, DOCUMENTED) == (
        b"--- a/pkg/a.py\n"
        b"+++ b/pkg/a.py\n"
        b"@@ -1,2 +1,3 @@\n"
        b" def f(x):\n"
        b'+    """Do."""\n'
        b"     return x\n"
    )


def test_no_change_no_patch() -> None:
    assert unified_diff(PurePosixPath("a.py"), PLAIN, PLAIN) == b""


def test_a_patch_of_a_huge_file_takes_no_time() -> None:
    before = b"".join(b"def f%d():\n    return 1\n\n\n" % i for i in range(5000))
    after = before.replace(b":\n", b":\n    'd'\n")
    patch = unified_diff(PurePosixPath("a.py"), before, after)
    signs = [line[:1] for line in patch.splitlines()[2:]]
    assert (signs.count(b"+"), signs.count(b"-")) == (5000, 0)


def test_a_patch_shows_nothing_but_what_was_done() -> None:
    """Each line of code is context, also where all lines are alike."""
    before = b"".join(b"def f%d():\n\n\n    return 1\n\n    x\n\n\n" % i for i in range(300))
    doc = b'    """Do.\n\n    Args:\n        x: it.\n\n    """\n'
    after = before.replace(b":\n\n\n", b":\n" + doc)
    lines = unified_diff(PurePosixPath("a.py"), before, after).splitlines()[2:]
    assert not [line for line in lines if line.startswith(b"-") and line[1:].strip()]
    assert not [line for line in lines if line.startswith(b"+") and b"return" in line]
    assert [line for line in lines if b"f7()" in line] == [b" def f7():"]


def test_a_blank_line_that_goes_is_not_taken_for_a_later_one() -> None:
    before = b"def f():\n\n    g()\n\n    h()\n"
    after = b"def f():\n    'd'\n    g()\n\n    h()\n"
    patch = unified_diff(PurePosixPath("a.py"), before, after)
    assert patch.splitlines()[3:] == [
        b" def f():",
        b"-",
        b"+    'd'",
        b"     g()",
        b" ",
        b"     h()",
    ]


def test_edits_are_plain_data() -> None:
    assert dataclasses.asdict(Edit(start=1, end=2, text=b"x")) == {
        "start": 1,
        "end": 2,
        "text": b"x",
        "qualname": "",
        "line": 0,
        "replaces": False,
    }
