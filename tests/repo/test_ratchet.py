"""A ratchet's file: what is written is read again, and what nobody wrote is named by its line."""

from __future__ import annotations

from collections import Counter

import pytest

from docbot.errors import ConfigError, DiskError
from docbot.repo.ratchet import Gap, format_ratchet, gone, read_ratchet, rename, write_ratchet

PATHS = [
    "a.py",
    "../src/a.py",
    "with blank.py",
    "#hash.py",
    "100%.py",
    "50%20.py",
    "a::b.py",
    "zwölf/größe.py",
    "new\nline.py",
    "tab\t.py",
    "bytes\udcff.py",
    "nbsp\xa0.py",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_read_as_it_was_written(tmp_path, path):
    gaps = Counter({Gap(path, "Größe.f", "missing"): 1, Gap(path, "<module>", "missing"): 1})
    gaps[Gap(path, "f.<locals>.g", "param-order")] = 3
    file = tmp_path / "gaps.txt"
    write_ratchet(file, gaps)
    assert read_ratchet(file) == gaps
    assert len(file.read_bytes().splitlines()) == 6


def test_lines_are_sorted_by_bytes_and_nothing_else_changes_with_their_number():
    names = ["b", "B", "a", "é"]
    one = format_ratchet(Counter(Gap("m.py", name, "missing") for name in names))
    lines = one.splitlines()[1:]
    assert lines == sorted(lines)
    more = format_ratchet(Counter(Gap("m.py", name, "missing") for name in [*names, "c"]))
    assert [line for line in more.splitlines() if line not in one.splitlines()] == [
        b"m.py::c missing"
    ]


def test_a_file_with_other_line_ends_is_the_same_file(tmp_path):
    file = tmp_path / "gaps.txt"
    gaps = Counter({Gap("a.py", "f", "missing"): 2})
    content = format_ratchet(gaps).replace(b"\n", b"\r\n")
    file.write_bytes(content)
    assert read_ratchet(file) == gaps
    write_ratchet(file, gaps)
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("line", "about"),
    [
        (b"<<<<<<< HEAD", "conflict"),
        (b"=======", "conflict"),
        (b">>>>>>> topic", "conflict"),
        (b"||||||| 12ab34c", "conflict"),
        (b"a.py::f", "path::name rule"),
        (b"a.py f missing", "path::name rule"),
        (b"a.py::f absent", "path::name rule"),
        (b"a.py::f missing 2", "path::name rule"),
        (b"::f missing", "path::name rule"),
        (b"\xff.py::f missing", "path::name rule"),
        (b"a.py:: missing", "path::name rule"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, line, about):
    file = tmp_path / "gaps.txt"
    file.write_bytes(b"# head\n\na.py::g missing\n" + line + b"\n")
    with pytest.raises(ConfigError, match=about) as raised:
        read_ratchet(file)
    assert str(raised.value).startswith(f"{file}:4: ")


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_ratchet(tmp_path)
    with pytest.raises(DiskError, match=r"none.gaps\.txt: cannot be written"):
        write_ratchet(tmp_path / "none" / "gaps.txt", Counter())
    assert read_ratchet(tmp_path / "gaps.txt") is None


def test_a_gap_under_both_names_of_a_file_is_one():
    old, new = Gap("old.py", "f", "missing"), Gap("new.py", "f", "missing")
    other = Gap("new.py", "g", "missing")
    renamed = rename(Counter({old: 2, new: 1, other: 1}), {"old.py": "new.py"})
    assert renamed == Counter({new: 2, other: 1})


def test_only_files_that_are_gone_are_asked_for(tmp_path):
    (tmp_path / "here.py").touch()
    gaps = [Gap("here.py", "f", "missing"), Gap("sub/../lost.py", "f", "missing")]
    assert gone(tmp_path, gaps) == {tmp_path / "lost.py": "sub/../lost.py"}
