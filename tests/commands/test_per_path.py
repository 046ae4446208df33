"""Settings for some paths bind in every command, and change what an earlier run had stored."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path, PurePosixPath

import jsonschema
import pytest

from docbot import commands
from docbot.cache import open_cache
from docbot.commands.exit_codes import CHANGES, CLEAN
from docbot.commands.trend import trend
from docbot.repo.locate import Locator
from docbot.review.analyse.inputs import ReviewRequest, open_revision
from docbot.session import style_of

BOX = (
    '"""Hold things."""\n\n\n'
    'class Box:\n    """A box."""\n\n    def __len__(self):\n        return len(self.items)\n'
)
PLACES = ("src/box.py", "a.py", "src/deep/c.py")
LOOSE = "class Loose:\n    def free(self):\n        self.held = False\n        return self\n"


@pytest.fixture
def shop(repo, monkeypatch):
    """A repository whose files are old enough for git not to look into them again."""
    repo.commit("src/box.py", BOX)
    repo.commit("src/loose.py", LOOSE)
    repo.commit("lib/loose.py", LOOSE)
    monkeypatch.chdir(repo.root)
    return repo


def settle(repo, table):
    """Set the table of patterns, and give git's index all it needs to vouch for the files."""
    repo.commit("pyproject.toml", f"[tool.docbot]\n{table}\n")
    for path in repo.root.rglob("*.py"):
        os.utime(path, (1, 1))
    repo.git("update-index", "--refresh", check=False)


def test_a_warm_check_follows_the_table(shop, docbot):
    settle(shop, "")
    for _ in range(2):
        assert docbot("check").out.count("has no docstring") == 5
    tables = {
        "per-path.'src/'.kinds = ['class']": 3,
        "per-path.'src/'.skip = ['dunder']": 4,
        "per-path.'src/'.skip = true": 2,
        "per-path = { 'src/' = { skip = true }, 'src/box.py' = { skip = false } }": 3,
        "per-path.'lib/loose.py'.kinds = ['module', 'method']": 5,
        "per-path.'none/'.kinds = ['class']": 5,
    }
    for table, count in tables.items():
        settle(shop, table)
        for _ in range(2):
            assert docbot("check").out.count("has no docstring") == count, table
    assert "1 of 6 of the definitions that count" in docbot("check").err
    settle(shop, "")
    assert docbot("check").out.count("has no docstring") == 5
    assert "of the classes, functions and methods that count" in docbot("check").err


def test_each_pattern_has_its_own_limit(shop, docbot):
    settle(shop, "per-path = { 'src/' = { fail-under = 25 }, 'lib/' = { fail-under = 0 } }")
    for _ in range(2):
        ran = docbot("check")
        assert (ran.code, ran.out.count("has no docstring")) == (CLEAN, 5)
    settle(shop, "per-path = { 'src/' = { fail-under = 30 }, 'lib/' = { fail-under = 0 } }")
    for _ in range(2):
        ran = docbot("check")
        assert ran.code == CHANGES
        sentence = "per-path 'src/': 25.0 %, 1 of 4 definitions, is below its fail-under of 30 %"
        assert sentence in ran.err
    assert docbot("check", "lib").code == CLEAN
    assert docbot("check", "--fail-under", "10").code == CLEAN
    settle(shop, "per-path.'src/'.fail-under = 25")
    assert docbot("check").code == CHANGES  # what is missing elsewhere
    settle(shop, "fail-under = 10\nper-path.'src/'.fail-under = 25")
    assert docbot("check").code == CLEAN
    settle(shop, "fail-under = 90\nper-path.'src/'.fail-under = 25")
    assert docbot("check").code == CHANGES
    settle(shop, "ratchet = 'gaps.txt'\nper-path.'src/'.fail-under = 30")
    assert docbot("check", "--update").code == CHANGES
    assert "0 new, 5 known" in docbot("check").err


def test_a_pattern_without_files_is_named_with_v(shop, docbot):
    settle(shop, "per-path = { 'scr/' = { style = 'numpy' }, 'src/' = { style = 'numpy' } }")
    told = "per-path 'scr/' matches none of these files"
    assert told in docbot("check", "-v").err
    assert told not in docbot("check").err
    assert "per-path 'src/'" not in docbot("check", "-v").err


def test_a_nested_configuration_has_patterns_of_its_own(shop, docbot):
    settle(shop, "per-path.'/part/'.skip = true")
    shop.stage("part/pyproject.toml", "[tool.docbot]\nper-path.'/lib/'.kinds = ['class']\n")
    shop.commit("part/lib/loose.py", LOOSE)
    shop.commit("part/other.py", LOOSE)
    out = docbot("check", "part").out
    assert "part/lib/loose.py:1: class Loose" in out
    assert "part/lib/loose.py:2:" not in out
    assert "part/other.py:2:" in out


def test_fix_writes_by_the_table(shop, docbot):
    settle(
        shop,
        "style = 'google'\nper-path = { 'src/' = { style = 'numpy', kinds = ['class'] },"
        " 'lib/loose.py' = { skip = true } }",
    )
    (tree,) = Locator({}, None).worktrees([shop.root])
    styles = {path: style_of(tree)(PurePosixPath(path)).convention for path in PLACES}
    assert styles == {"src/box.py": "numpy", "a.py": "google", "src/deep/c.py": "numpy"}
    report = json.loads(docbot("fix", "--diff", "--json").out)
    assert [(file["path"], file["written"]) for file in report["files"]] == [
        ("src/box.py", []),
        ("src/loose.py", []),
    ]
    assert [len(file["missing"]) for file in report["files"]] == [0, 1]
    settle(shop, "style = 'google'")
    report = json.loads(docbot("fix", "--diff", "--json", "src/box.py").out)
    assert [each["qualname"] for each in report["files"][0]["written"]] == ["Box.__len__"]


def test_a_review_learns_the_style_of_the_base_commit(shop):
    settle(shop, "style = 'google'\nper-path.'src/'.style = 'numpy'")
    shop.git("switch", "--quiet", "--create", "topic")
    shop.commit("pyproject.toml", "[tool.docbot]\nstyle = 'sphinx'\n")
    with open_revision(ReviewRequest(root=shop.root, base="main", head="topic")) as revision:
        styles = {p: revision.style_finder()(PurePosixPath(p)).convention for p in PLACES}
    assert styles == {"src/box.py": "numpy", "a.py": "google", "src/deep/c.py": "numpy"}


def test_a_review_reads_the_table_of_the_base_commit(shop, docbot):
    table = "per-path = { 'src/' = { kinds = ['class'] }, 'lib/' = { skip = true } }"
    settle(shop, table)
    shop.git("switch", "--quiet", "--create", "topic")
    shop.stage("src/new.py", LOOSE)
    shop.stage("lib/new.py", LOOSE)
    shop.stage("new.py", LOOSE)
    shop.commit("pyproject.toml", "[tool.docbot]\nper-path.'new.py'.skip = true\n")
    report = json.loads(docbot("review", "--base", "main", "--format", "json").out)
    found = {(each["path"], each["qualname"]) for each in report["findings"]}
    assert found == {("src/new.py", "Loose"), ("new.py", "Loose.free")}
    assert any("changes docbot's settings" in notice for notice in report["notices"])


def test_the_trend_counts_by_todays_table(shop):
    settle(shop, "per-path = { 'lib/' = { skip = true }, 'src/loose.py' = { kinds = ['class'] } }")
    cache = open_cache()
    trees = Locator({}, None).worktrees([shop.root])
    point = trend(trees, "HEAD~1", cache, workers=False)[-1]
    cache.close()
    assert (point.documented, point.missing) == (1, 2)


@pytest.mark.parametrize("how", ["key", "flag"])
def test_too_low_a_coverage_is_said_in_the_line_of_the_coverage(shop, docbot, how):
    flags = ["--fail-under", "16.7"] if how == "flag" else []
    settle(shop, "fail-under = 16.7" if how == "key" else "")
    low = "coverage: 16.6 %, below fail-under = 16.7: 1 of 6 of the classes, functions and methods"
    for _ in range(2):  # the second is the stored output
        ran = docbot("check", *flags)
        assert (ran.code, low in ran.err) == (CHANGES, True)
    report = json.loads(docbot("check", "--json", *flags).out)
    assert report["summary"]["fail_under"] == 16.7
    schema = Path(commands.__file__).with_name("report.schema.json")
    jsonschema.validate(report, json.loads(schema.read_text()))
    ran = docbot("check", "--fail-under", "16")
    assert (ran.code, "below" in ran.err) == (CLEAN, False)
    assert "coverage: 16.6 %, 1 of 6 of the classes" in ran.err


def test_the_configuration_that_finds_too_low_a_coverage_is_named(shop, docbot):
    settle(shop, "fail-under = 10")
    shop.stage("part/pyproject.toml", "[tool.docbot]\nfail-under = 30\n")
    shop.commit("part/loose.py", LOOSE)
    ran = docbot("check")
    assert ran.code == CHANGES
    assert re.search(
        r"part: \d+\.\d %, \d of \d definitions, is below its fail-under of 30 %", ran.err
    )
    assert ran.err.count("below") == 1
    assert "fail_under" not in json.loads(docbot("check", "--json").out)["summary"]
