"""What is found stale in a revision, on real git objects, and which lines would mend it."""

from __future__ import annotations

import ast

import pytest
from revisions import BOX, LENGTH, Obeys, applied, findings_in

from docbot.errors import VerifyError
from docbot.review.analyse import stale

TOTAL = '''\
def total(prices, tax):
    """Return the total.

    Args:
        prices: What is added up.
        tax: The share to add.

    Returns:
        The total.
    """
    return sum(prices) * tax
'''
RENAMED = TOTAL.replace("(prices, tax)", "(prices, rate)").replace("* tax", "* rate")


@pytest.fixture
def pull(repo):
    repo.commit("shop.py", TOTAL)
    repo.git("switch", "--quiet", "--create", "topic")
    return repo


def told(report):
    return [(each.rule, each.line, each.qualname) for each in report.findings]


def test_a_renamed_parameter_is_one_finding_with_its_mend(pull):
    pull.commit("shop.py", RENAMED)
    report = findings_in(pull)
    (finding,) = report.findings
    assert (finding.path, finding.line, finding.name_line) == ("shop.py", 6, 1)
    assert (finding.qualname, finding.kind) == ("total", "function")
    assert (finding.rule, finding.subject) == ("param-renamed", "rate")
    assert finding.message == "documents the parameter tax, which is now called rate"
    lines = finding.suggestion
    assert (lines.first, lines.last) == (6, 6)
    assert lines.before == ("        tax: The share to add.",)
    assert lines.after == ("        rate: The share to add.",)
    assert lines.above == tuple(RENAMED.split("\n")[:5])
    assert (report.missing, report.stale_count, report.documented) == ((), 1, 1)
    assert applied(RENAMED, report) == RENAMED.replace("        tax:", "        rate:")


MANY = '''\
class Shop:
    """Sell.

    Args:
        size: The size. Defaults to 10.
    """

    def __init__(self, size=20):
        self.size = size

    def swap(self, one, two):
        """Swap them.

        Parameters
        ----------
        two : int
            The second.
        one : int
            The first
            of them.
        gone : int
            It went.

        """
        self.size = one, two
'''


@pytest.mark.parametrize(
    ("rule", "name", "lines", "before", "after"),
    [
        (
            "param-default",
            ("class", "Shop"),
            (5, 5),
            ["        size: The size. Defaults to 10."],
            ["        size: The size. Defaults to 20."],
        ),
        (
            "param-unknown",
            ("method", "Shop.swap"),
            (21, 22),
            ["        gone : int", "            It went."],
            [],
        ),
    ],
)
def test_the_mend_is_exactly_the_lines_of_the_entry(pull, rule, name, lines, before, after):
    pull.commit("shop.py", MANY)
    (finding,) = [each for each in findings_in(pull).findings if each.rule == rule]
    assert ((finding.kind, finding.qualname), finding.line) == (name, lines[0])
    assert (finding.suggestion.first, finding.suggestion.last) == lines
    assert list(finding.suggestion.before) == before
    assert list(finding.suggestion.after) == after


def test_a_reorder_is_of_all_entries_that_move(pull):
    source = MANY.replace("        gone : int\n            It went.\n", "")
    pull.commit("shop.py", source)
    (finding,) = [each for each in findings_in(pull).findings if each.rule == "param-order"]
    rows = source.split("\n")
    assert (finding.suggestion.first, finding.suggestion.last) == (16, 20)
    assert list(finding.suggestion.after) == [*rows[17:20], *rows[15:17]]


def test_each_mend_leaves_the_program_as_it_was(pull):
    pull.commit("shop.py", MANY)
    for finding in findings_in(pull).findings:
        if finding.suggestion is None:
            continue
        rows = MANY.split("\n")
        rows[finding.suggestion.first - 1 : finding.suggestion.last] = finding.suggestion.after
        assert bare("\n".join(rows)) == bare(MANY)


def bare(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(tree)


def test_findings_of_both_kinds_are_in_the_order_of_their_lines(pull):
    pull.stage("a.py", BOX)
    pull.commit("shop.py", f"{RENAMED}\n\n{BOX}\n\n{RENAMED.replace('total', 'sum_of')}")
    report = findings_in(pull)
    assert [(each.path, each.line) for each in report.findings] == [
        ("a.py", 2),
        ("shop.py", 6),
        ("shop.py", 15),
        ("shop.py", 24),
    ]
    assert len(report.missing) == report.stale_count == 2


def test_only_changed_functions_are_looked_at(pull):
    stale = RENAMED.replace("total", "old")
    pull.git("switch", "--quiet", "main")
    pull.commit("shop.py", f"{TOTAL}\n\n{stale}")
    pull.git("switch", "--quiet", "--create", "again")
    pull.git("branch", "--force", "topic", "again")
    pull.git("switch", "--quiet", "topic")
    pull.commit("shop.py", f"{RENAMED}\n\n{stale}")
    assert told(findings_in(pull)) == [("param-renamed", 6, "total")]


def test_what_the_merge_base_had_is_the_houses_habit(pull):
    """The base branch's tip has no such function: only the merge base tells what is new."""
    habit = "def keep(a, **rest):\n" + TOTAL.partition("\n")[2].replace("prices", "key")
    pull.git("switch", "--quiet", "main")
    pull.commit("keep.py", habit.replace("* tax", "* a"))
    pull.git("switch", "--quiet", "--create", "again")
    pull.commit("keep.py", habit.replace("* tax", "+ a"))
    pull.git("branch", "--force", "topic", "again")
    pull.git("switch", "--quiet", "main")
    pull.git("rm", "--quiet", "keep.py")
    pull.git("commit", "--quiet", "--message", "Drop it")
    assert told(findings_in(pull)) == []


def test_a_parameter_that_went_is_missed_though_there_are_keywords(pull):
    keywords = TOTAL.replace("(prices, tax)", "(prices, **rest)").replace(" * tax", "")
    pull.commit("shop.py", keywords)
    pull.commit("new.py", keywords)
    findings = findings_in(pull).findings
    gone = [each for each in findings if each.rule == "param-unknown"]
    assert [(each.path, each.line, each.subject) for each in gone] == [("shop.py", 6, "tax")]


def test_it_can_be_switched_off_by_the_base_branch(pull):
    pull.commit("shop.py", RENAMED)
    assert told(findings_in(pull, stale="off")) == []


def test_nothing_is_mended_where_fix_would(pull):
    pull.commit("shop.py", f"{RENAMED}\n\n{BOX}")
    (stale, missing) = findings_in(pull, stale="fix").findings
    assert stale.suggestion.after == ("        rate: The share to add.",)
    assert missing.suggestion.docstring() == (LENGTH,)


def test_no_model_is_asked(pull):
    pull.commit("shop.py", RENAMED)
    backend = Obeys("Add.")
    assert told(findings_in(pull, backend=backend)) == [("param-renamed", 6, "total")]
    assert backend.prompt_count == 0


@pytest.mark.parametrize(
    "source",
    [
        RENAMED.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + RENAMED.encode(),
        ("# coding: latin-1\n# \xe9\n" + RENAMED).encode("latin-1"),
        RENAMED.replace('    """Return', '    # so\n    """Return').encode(),
        RENAMED.replace('"""', '"').replace("\n", "\\n\\\n").replace("\\n\\\n", "\n", 1).encode(),
        RENAMED.replace("The share", "The \\N{BULLET}").encode(),
        RENAMED.replace("The share", "The \u202e").encode(),
        RENAMED.replace("rate):", 'rate):  # """').encode(),
    ],
)  # fmt: skip
def test_where_a_click_would_not_do_it_is_said_in_words_alone(pull, source):
    pull.commit("shop.py", source)
    findings = [each for each in findings_in(pull).findings if each.rule]
    assert all(each.suggestion is None for each in findings)
    assert "param-renamed" in {each.rule for each in findings} or b"\\" in source


def test_out_of_time_a_mend_is_not_checked_and_so_not_suggested(pull):
    pull.commit("shop.py", RENAMED)
    (finding,) = findings_in(pull, out_of_time=lambda: True).findings
    assert (finding.rule, finding.suggestion) == ("param-renamed", None)


def test_files_that_are_left_alone_are_not_looked_at(pull):
    pull.stage("gen.py", f"# Generated by protoc. DO NOT EDIT.\n{RENAMED}")
    pull.stage("vendor/LICENSE", "MIT\n")
    pull.stage("vendor/a.py", RENAMED)
    pull.commit("broken.py", RENAMED + "def (:\n")
    assert told(findings_in(pull)) == []


def test_a_mend_that_fails_its_check_is_said_in_words(pull, monkeypatch):
    def fail(*_):
        raise VerifyError("no")

    monkeypatch.setattr(stale, "verify", fail)
    pull.commit("shop.py", RENAMED)
    (finding,) = findings_in(pull).findings
    assert (finding.rule, finding.suggestion) == ("param-renamed", None)
