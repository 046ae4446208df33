"""`docbot report` counts what `docbot check` counts, now and in the past, and writes it down."""

from __future__ import annotations

import dataclasses
import json
import os
import re

import pytest

from docbot.commands import page_counts

FUNCTION = "def total(prices):\n    value = sum(prices)\n    return value\n"
DOCUMENTED = 'def total(prices):\n    """Add up the prices."""\n    return sum(prices)\n'
STALE = (
    'def total(prices):\n    """Add up the prices.\n\n    Args:\n        costs: What to add.\n\n'
    '    """\n    return sum(prices)\n'
)


def data_of(folder):
    """The page, and what its script shows."""
    page = (folder / "index.html").read_text("utf-8")
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)[1]
    return page, json.loads(text)


@pytest.fixture
def shop(repo):
    """A repository with something of everything that counts and that does not."""
    repo.commit(
        "shop/a.py", FUNCTION + "class Box:\n    def size(self):\n        return self.n + 1\n"
    )
    repo.commit("shop/b.py", STALE)
    repo.commit("shop/_inner/c.py", DOCUMENTED + FUNCTION.replace("total", "_total"))
    repo.commit("tests/test_a.py", FUNCTION)
    repo.commit("broken.py", "def (:\n")
    return repo


def test_the_page_says_what_check_says(shop, docbot, tmp_path):
    check = docbot("check", shop.root)
    found = json.loads(docbot("check", "--format", "json", shop.root).out)
    report = docbot("report", "--html", tmp_path / "site", shop.root)
    assert report.code == 0
    assert set(check.err.splitlines()) < set(report.err.splitlines())
    page, data = data_of(tmp_path / "site")
    assert sum(file[1] for file in data["files"]) == found["summary"]["documented"]
    assert sum(file[2] for file in data["files"]) == found["summary"]["missing"]
    gaps = {(data["files"][gap[0]][0], gap[1], gap[3], gap[5]) for gap in data["gaps"]}
    assert gaps == {
        (file["path"], each["line"], each["qualname"], state)
        for file in found["files"]
        for key, state in (("missing", "missing"), ("drift", "stale"))
        for each in file[key]
    }
    assert ("shop/b.py", 1, "total", "stale") not in gaps  # the line is that of the entry
    assert {gap[4] for gap in data["gaps"]} == {
        "def total(prices)",
        "class Box",
        "def size(self)",
    }
    assert "broken.py: skipped:" in page


def test_a_second_report_reads_no_file_and_is_the_same(shop, docbot, tmp_path, monkeypatch):
    shop.git("rm", "-q", "broken.py")
    shop.git("commit", "-qm", "mend")
    for path in shop.root.rglob("*.py"):
        os.utime(path, (1, 1))
    shop.git("update-index", "--refresh", check=False)
    first = docbot("report", "--html", tmp_path / "one", shop.root)
    monkeypatch.setattr(page_counts, "check_part", None)
    second = docbot("report", "--html", tmp_path / "two", shop.root)
    assert (tmp_path / "one/index.html").read_text() == (tmp_path / "two/index.html").read_text()
    assert second.err.splitlines()[1:] == first.err.splitlines()[1:]
    before = (tmp_path / "two/index.html").stat()
    again = docbot("report", "--html", tmp_path / "two", shop.root)
    assert "is as it was" in again.err
    assert (tmp_path / "two/index.html").stat().st_mtime_ns == before.st_mtime_ns


def test_stored_counts_of_another_form_are_counted_anew(shop, docbot, tmp_path, monkeypatch):
    docbot("report", "--html", tmp_path / "one", shop.root)
    real = page_counts.recall_or_count
    forged = []

    def forge(*arguments):
        output, is_earlier = real(*arguments)
        if is_earlier and not forged:
            forged.append(output)
            output = dataclasses.replace(output, data='[["a.py", "1"]]')
        return output, is_earlier

    monkeypatch.setattr(page_counts, "recall_or_count", forge)
    docbot("report", "--html", tmp_path / "two", shop.root)
    assert forged
    assert (tmp_path / "one/index.html").read_text() == (tmp_path / "two/index.html").read_text()


def test_the_models_sentences_are_shown_with_their_probability(repo, docbot, tmp_path):
    repo.commit(
        "a.py",
        "class Stack:\n"
        '    """Hold items."""\n\n'
        "    def push(self, item):\n        self.items.append(item)\n        self.n += 1\n\n"
        "    def __len__(self):\n        return len(self.items)\n\n"
        "    def frob(self, a, b):\n        x = a ^ b\n        return (x >> 3) | (x << 5) & 0xFF\n",
    )
    fix = json.loads(docbot("fix", "--diff", "--format", "json", repo.root).out)["files"][0]
    docbot("report", "--propose", "--html", tmp_path / "site", repo.root)
    page, data = data_of(tmp_path / "site")
    rows = {gap[3]: gap for gap in data["gaps"]}
    written = {each["qualname"]: each["docstring"].strip('"') for each in fix["written"]}
    assert {name for name, row in rows.items() if row[5] == "ready"} == set(written)
    for name, text in written.items():
        assert rows[name][7] == text
        assert 0 < rows[name][8] <= 1
    withheld = {name: row for name, row in rows.items() if row[5] == "withheld"}
    reasons = {each["qualname"]: each["detail"] for each in fix["skipped"]}
    assert withheld.keys() == {"Stack.frob"}
    for name, row in withheld.items():
        assert row[6] == reasons[name]
        assert re.fullmatch(r"[A-Z].*", row[7])
        assert 0 <= row[8] < 1
    assert "withheld" in page
    assert (repo.root / "a.py").read_text().count('"""') == 2


def test_a_badge_is_written_once(shop, docbot, tmp_path):
    badge = tmp_path / "images" / "badge.svg"
    assert "was written" in docbot("report", "--badge", badge, shop.root).err
    coverage = docbot("check", shop.root).err.partition("coverage: ")[2].partition(" %")[0]
    assert f"docstrings: {coverage}%" in badge.read_text()
    time = badge.stat().st_mtime_ns
    assert "is as it was" in docbot("report", "--badge", badge, shop.root).err
    assert badge.stat().st_mtime_ns == time
    assert docbot("report", "-q", "--badge", badge, shop.root).err == ""


def test_tables_by_folder(shop, docbot):
    text = docbot("report", shop.root)
    assert text.out.splitlines() == [
        " 25.0 %      3 missing  shop",
        "100.0 %      0 missing  shop/_inner",
    ]
    markdown = docbot("report", "--format", "markdown", shop.root).out
    assert markdown.startswith("coverage: ")
    assert "\n| folder | coverage | missing |\n" in markdown
    assert re.search(r"^\| `shop` \| [\d.]+ % \| \d+ \|$", markdown, re.MULTILINE)


@pytest.mark.parametrize("flag", ["--json", "--format=json"])
def test_json_is_that_of_check(shop, docbot, tmp_path, flag):
    check = docbot("check", "--json", shop.root)
    report = docbot("report", flag, "--badge", tmp_path / "badge.svg", shop.root)
    assert (report.out, report.code) == (check.out, 0)
    assert report.err.splitlines()[1:] == check.err.splitlines()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--since", "HEAD"], "--since is shown on the page alone; add --html DIR"),
        (["--propose"], "--propose is shown on the page alone; add --html DIR"),
        (["--html", "FILE"], "FILE: is a file; name a folder"),
        (["--html", "a.html"], "--html a.html: is the name of a folder, in which index.html is"),
        (["--html", "site/Index.HTM"], "choose one that does not end like a file, or make this"),
        (["--badge", "FOLDER"], "is a folder; name a file in it"),
        (["--badge", "FILE/badge.svg"], "FILE: File exists"),
        (["--html", "SITE", "--since", "no-such"], "'no-such' is not a revision git knows"),
    ],
)
def test_what_cannot_be_written_gets_a_sentence(shop, docbot, tmp_path, arguments, sentence):
    (tmp_path / "FILE").write_text("x")
    places = {"FILE": tmp_path / "FILE", "FOLDER": tmp_path, "SITE": tmp_path / "site"}
    places["FILE/badge.svg"] = tmp_path / "FILE/badge.svg"
    ran = docbot("report", *(places.get(each, each) for each in arguments), shop.root)
    assert ran.code == 2
    assert sentence in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_folder_that_ends_like_a_page_may_be_there_already(shop, docbot, tmp_path):
    (tmp_path / "docs.html").mkdir()
    for name in ("docs.html", "docs.html.d"):
        assert docbot("report", "--html", tmp_path / name, shop.root).code == 0
        assert (tmp_path / name / "index.html").is_file()


def test_a_trend_needs_a_repository(tmp_path, docbot):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/a.py").write_text(FUNCTION)
    ran = docbot("report", "--html", tmp_path / "s", "--since", "HEAD", tmp_path / "plain")
    assert ran.code == 2
    assert "is not a git repository, which --since needs" in ran.err
