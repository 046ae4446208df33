"""The lines in reports of `fix` are those of the files that it leaves behind."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from pathlib import Path

import jsonschema
import pytest

from docbot.commands import exit_codes, report

SCHEMA = json.loads(Path(report.__file__).with_name("report.schema.json").read_text())

SHOP = '''\
import os


class Box:

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)


class Crate(Box):
    def __contains__(self, item):

        return item in self.items

    @staticmethod
    def total(prices, taxes):
        """Return the total.

        Args:
            prices: What is added up.
            tax: The share to add.

        Returns:
            The total.
        """
        return sum(prices) * taxes

    def __bool__(self):
        return bool(self.items)


def pack(box, lid):
    """Pack a box.

    Args:
        box: What is packed.
        weight: How heavy it may be.
        string: What is around it.
    """
    box.close(lid)


def unpack(box):
    for item in box.items:
        if item.is_fragile():
            os.sync()
    return box


class Shelf:
    def __len__(self):
        return 4
'''


def lines_of(source: bytes) -> dict[str, int]:
    """The line of each name that a file defines, by its qualified name."""
    lines = {"<module>": 1}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
                lines[prefix + child.name] = child.lineno
                visit(child, f"{prefix}{child.name}.")

    visit(ast.parse(source), "")
    return lines


def text_lines(out: str) -> dict[str, list[tuple[int, str]]]:
    """The reported lines and messages of the text form, by the name that they are about."""
    rows: dict[str, list[tuple[int, str]]] = {}
    for row in out.splitlines():
        line, message = re.fullmatch(r"[^:]+:(\d+): (.+)", row).groups()
        message = message.removeprefix("mended: ")
        name = re.sub(r"^(function|class|method|module) ", "", message).split()[0].rstrip(":")
        rows.setdefault(name, []).append((int(line), message))
    return rows


def assert_lines_are_those_of(file: Path, out: str, before: bytes) -> dict[str, object]:
    """Each line of a JSON report is its definition's, in the file now and before."""
    document = json.loads(out)
    jsonschema.validate(document, SCHEMA)
    (row,) = document["files"]
    now, then = lines_of(file.read_bytes()), lines_of(before)
    seen = [*row["written"], *row["missing"], *(s for s in row["skipped"] if s["qualname"])]
    assert seen
    for each in seen:
        name = each["qualname"]
        assert (name, each["line"], each["line_before"]) == (name, now[name], then[name])
    return row


def entry_line(source: bytes, entry: bytes) -> int:
    return 1 + source[: source.index(entry)].count(b"\n")


SOURCES = [
    pytest.param(SHOP.encode(), id="plain"),
    pytest.param(SHOP.replace("\n", "\r\n").encode(), id="CRLF"),
    pytest.param(b"\xef\xbb\xbf" + SHOP.encode(), id="byte order mark"),
    pytest.param(SHOP.replace("\n\nclass", "\n\x0c\nclass").encode(), id="form feeds"),
    pytest.param(f"# coding: latin-1\n# \xe9\n{SHOP}".encode("latin-1"), id="latin-1"),
]


@pytest.mark.parametrize("source", SOURCES)
def test_each_line_of_the_text_is_the_definitions(docbot, repo, source):
    file = repo.commit("shop.py", source)
    ran = docbot("fix", "--verbose", "--min-confidence", "1", repo.root)
    assert ran.code == exit_codes.CHANGES
    now = lines_of(file.read_bytes())
    rows = text_lines(ran.out)
    assert {"Box.__len__", "Crate.__bool__", "Shelf", "Shelf.__len__", "unpack"} <= set(rows)
    for name in set(rows) - {"Crate.total", "pack"}:
        assert {line for line, _ in rows[name]} == {now[name]}, name
    assert now != lines_of(source)
    entry = entry_line(file.read_bytes(), b"tax: The share")
    assert [line for line, _ in rows["Crate.total"]] == [entry]


@pytest.mark.parametrize("source", SOURCES)
def test_json_has_the_lines_before_and_after(docbot, repo, source):
    file = repo.commit("shop.py", source)
    ran = docbot("fix", "--format", "json", "--min-confidence", "1", repo.root)
    row = assert_lines_are_those_of(file, ran.out, source)
    assert len(row["written"]) >= 5
    assert len(row["missing"]) >= 2


def test_stale_entries_that_are_mended_and_those_that_are_left(docbot, repo):
    file = repo.commit("shop.py", SHOP)
    ran = docbot("fix", "--stale", "fix", "--format", "json", repo.root)
    row = assert_lines_are_those_of(file, ran.out, SHOP.encode())
    (mended,) = [each for each in row["mended"] if each["rule"] == "param-renamed"]
    assert mended["line"] == entry_line(file.read_bytes(), b"taxes: The share")
    assert mended["line_before"] == entry_line(SHOP.encode(), b"tax: The share")
    left = {each["subject"]: each for each in row["drift"]}
    assert set(left) == {"weight", "string"}
    for name, drift in left.items():
        entry = f"{name}: ".encode()
        assert drift["line"] == entry_line(file.read_bytes(), entry)
        assert drift["line_before"] == entry_line(SHOP.encode(), entry)


TALL = '''\
def gone(kept):
    """Keep it.

    Args:
        kept: What stays.
        one: What went.
        two: What went as well,
            with a second line.
    """
    return kept


def renamed(rates, last):
    """Do it.

    Args:
        rate: What is new.
        last: The last.

    Raises:
        OSError: If it fails.
    """
    return rates + last


class Box:
    def __len__(self):
        return 1
'''


def test_mends_that_take_lines_away_move_what_is_below(docbot, repo):
    file = repo.commit("shop.py", TALL)
    ran = docbot("fix", "--stale", "fix", "--format", "json", repo.root)
    row = assert_lines_are_those_of(file, ran.out, TALL.encode())
    after = file.read_bytes()
    assert b"one:" not in after
    assert lines_of(after)["Box"] < lines_of(TALL.encode())["Box"]
    (mended,) = [each for each in row["mended"] if each["rule"] == "param-renamed"]
    assert mended["line"] == entry_line(after, b"rates: What")
    assert mended["line_before"] == entry_line(TALL.encode(), b"rate: What")


def test_a_modules_own_line_stays_the_first(docbot, repo):
    source = '__all__ = ["Box"]\n\n\nclass Box:\n    def __len__(self):\n        return 1\n'
    file = repo.commit("shop.py", source)
    ran = docbot(
        "fix", "--format", "json", "--min-confidence", "0", "--kinds", "module",
        "--kinds", "method", "--kinds", "class", repo.root,
    )  # fmt: skip
    row = assert_lines_are_those_of(file, ran.out, source.encode())
    names = [each["qualname"] for each in (*row["written"], *row["skipped"], *row["missing"])]
    assert "<module>" in names
    assert "Box.__len__" in names


def test_a_diff_names_the_lines_of_the_file_on_disk(docbot, repo):
    file = repo.commit("shop.py", SHOP)
    ran = docbot("fix", "--diff", "--format", "json", "--stale", "fix", repo.root)
    row = assert_lines_are_those_of(file, ran.out, SHOP.encode())
    assert row["written"]
    assert file.read_text() == SHOP
    (mended,) = [each for each in row["mended"] if each["rule"] == "param-renamed"]
    assert mended["line"] == mended["line_before"] == entry_line(SHOP.encode(), b"tax: The")


def test_check_has_both_lines_equal(docbot, repo):
    file = repo.commit("shop.py", SHOP)
    ran = docbot("check", "--format", "json", repo.root)
    row = assert_lines_are_those_of(file, ran.out, SHOP.encode())
    assert {each["line"] == each["line_before"] for each in row["drift"]} == {True}


def test_the_lines_that_fix_names_are_those_of_the_next_check(docbot, repo):
    repo.commit("shop.py", SHOP)
    ran = docbot("fix", "--min-confidence", "1", repo.root)
    left = [row for row in ran.out.splitlines() if "[" in row or "no docstring" in row]
    checked = docbot("check", repo.root).out.splitlines()
    assert [row for row in checked if "[" in row] == [row for row in left if "[" in row]
    assert {row for row in left if "no docstring" in row} <= set(checked)


@pytest.mark.skipif(sys.platform == "win32", reason="hard links")
def test_a_file_that_cannot_be_written_keeps_its_lines(docbot, repo, tmp_path):
    file = repo.commit("shop.py", SHOP)
    os.link(file, tmp_path / "other.py")  # to replace it would part the two
    ran = docbot("fix", "--stale", "fix", "--format", "json", repo.root)
    row = assert_lines_are_those_of(file, ran.out, SHOP.encode())
    assert (row["written"], row["mended"]) == ([], [])
    assert file.read_text() == SHOP
    assert {each["line"] == each["line_before"] for each in row["drift"]} == {True}
    assert any(each["line"] == entry_line(SHOP.encode(), b"tax: The") for each in row["drift"])


def test_the_hook_names_the_lines_of_the_file_that_it_leaves(docbot, repo):
    repo.commit("shop.py", "import os\n")
    file = repo.stage("shop.py", SHOP)
    ran = docbot("fix", "--staged", "--stale", "fix", "--format", "json", file)
    row = assert_lines_are_those_of(file, ran.out, SHOP.encode())
    assert row["written"]
