"""`check` reports docstrings that disagree with their function: rule, line and sentence."""

from __future__ import annotations

import json
import re

import pytest

from docbot.commands import exit_codes

DOCSTRING = '''\
    """Return the total.

    Args:
        prices: What is added up.
        tax: The share to add.

    Returns:
        The total.
    """
'''
CURRENT = f"def total(prices, tax):\n{DOCSTRING}    return sum(prices) * tax\n"
RENAMED = CURRENT.replace("(prices, tax)", "(prices, taxes)").replace("* tax", "* taxes")
LINE = (
    "shop.py:6: total documents the parameter tax, where the signature has taxes [param-renamed]\n"
)
CHANGED = LINE.replace("where the signature has", "which is now called")


def test_a_renamed_parameter_is_reported(docbot, repo):
    repo.commit("shop.py", RENAMED)
    ran = docbot("check", repo.root)
    assert (ran.code, ran.out) == (exit_codes.CHANGES, LINE)


def test_what_was_printed_is_printed_again(docbot, repo):
    repo.commit("shop.py", RENAMED)
    first = docbot("check", repo.root)
    assert docbot("check", repo.root) == first
    repo.write("other.py", "x = 1\n")
    assert docbot("check", repo.root) == first  # from the facts of the file
    assert docbot("check", "--no-cache", repo.root) == first


def test_it_can_be_switched_off_and_on_again(docbot, repo):
    repo.commit("shop.py", RENAMED)
    ran = docbot("check", "--stale", "off", repo.root)
    assert (ran.code, ran.out) == (exit_codes.CLEAN, "")
    assert docbot("check", repo.root).out == LINE


def test_the_coverage_decides_alone_when_it_is_asked_for(docbot, repo):
    repo.commit("shop.py", RENAMED)
    assert docbot("check", "--fail-under", "100", repo.root).code == exit_codes.CLEAN


def test_json_has_the_rule_and_the_subject(docbot, repo):
    repo.commit("shop.py", RENAMED)
    report = json.loads(docbot("check", "--format", "json", repo.root).out)
    assert report["files"][0]["drift"] == [
        {
            "qualname": "total",
            "line": 6,
            "line_before": 6,
            "rule": "param-renamed",
            "subject": "taxes",
            "message": "documents the parameter tax, where the signature has taxes",
            "proposal": None,
        }
    ]
    assert report["summary"]["drift"] == 1


KEYWORDS = f"def total(prices, tax, **rest):\n{DOCSTRING}    return sum(prices) * tax\n"
WITHOUT = KEYWORDS.replace("(prices, tax, **rest)", "(prices, **rest)").replace(" * tax", "")


@pytest.mark.parametrize("way", ["--staged", "--since"])
def test_a_change_is_compared_with_what_was_before(docbot, repo, way):
    repo.commit("shop.py", KEYWORDS)
    repo.git("switch", "--quiet", "--create", "work")
    repo.stage("shop.py", WITHOUT)  # `tax` could be one of `rest`, had it not been a parameter
    ran = docbot("check", *([way] if way == "--staged" else [way, "main"]), repo.root)
    assert ran.out == (
        "shop.py:6: total documents the parameter tax, which the signature lacks [param-unknown]\n"
    )
    assert docbot("check", repo.root).out == ""


def test_a_summary_may_be_stale_and_stops_nothing(docbot, repo):
    source = '''\
def load(path):
    """Read the file with ``json_decoder``."""
    return json_decoder(path.read_text())
'''
    repo.commit("load.py", source)
    changed = source.replace("return json_decoder", "return toml_decoder")
    path = repo.stage("load.py", changed)
    line = (
        "load.py:2: load has a summary that may be stale: it speaks of json_decoder, which the "
        "change replaced [summary-stale]\n"
    )
    for command in (["check", "--staged", repo.root], ["fix", "--staged", path]):
        ran = docbot(*command)
        assert (ran.code, ran.out) == (exit_codes.CLEAN, line)
    assert docbot("check", repo.root).out == ""


def test_another_commit_to_compare_with_is_another_answer(docbot, repo):
    repo.commit("shop.py", KEYWORDS)
    repo.stage("shop.py", WITHOUT)
    assert docbot("check", "--staged", repo.root).code == exit_codes.CHANGES
    repo.git("commit", "--quiet", "--message", "Drop the tax")
    assert docbot("check", "--since", "HEAD~1", repo.root).code == exit_codes.CHANGES
    assert docbot("check", "--since", "HEAD", repo.root).code == exit_codes.CLEAN


def test_only_what_changed_is_looked_at(docbot, repo):
    repo.commit("shop.py", RENAMED + "\n\nLIMIT = 1\n")
    repo.stage("shop.py", RENAMED + "\n\nLIMIT = 2\n")
    assert docbot("check", "--staged", repo.root).out == ""


def test_a_new_file_has_no_older_version(docbot, repo):
    repo.commit("other.py", "x = 1\n")
    repo.stage("shop.py", RENAMED)
    assert docbot("check", "--staged", repo.root).out == LINE


def test_the_first_commit_has_none_either(docbot, repo):
    repo.stage("shop.py", RENAMED)
    assert docbot("check", "--staged", repo.root).out == LINE


def test_test_files_and_marked_functions_are_left_alone(docbot, repo):
    repo.stage("tests/test_shop.py", RENAMED)
    repo.commit("shop.py", f"# docbot: skip\n{RENAMED}")
    assert docbot("check", repo.root).out == ""


# fix


MENDED = RENAMED.replace("tax: The share", "taxes: The share")


def test_fix_mends_when_it_is_told_to(docbot, repo):
    path = repo.commit("shop.py", RENAMED)
    ran = docbot("fix", "--stale", "fix", repo.root)
    assert ran.code == exit_codes.CHANGES
    assert ran.out == f"shop.py:6: mended: {LINE.partition(': ')[2]}"
    assert path.read_text() == MENDED
    again = docbot("fix", "--stale", "fix", "--force", repo.root)
    assert (again.code, again.out) == (exit_codes.CLEAN, "")
    assert docbot("check", repo.root).code == exit_codes.CLEAN


def test_fix_reports_by_default_and_writes_nothing(docbot, repo):
    path = repo.commit("shop.py", RENAMED)
    ran = docbot("fix", repo.root)
    assert (ran.code, ran.out) == (exit_codes.CLEAN, LINE)
    assert path.read_text() == RENAMED


def test_a_mend_is_shown_as_a_diff_and_can_be_undone(docbot, repo):
    path = repo.commit("shop.py", RENAMED)
    shown = docbot("fix", "--stale", "fix", "--diff", repo.root).out
    assert [line for line in shown.split("\n") if line[:1] in ("+", "-")] == [
        "--- a/shop.py",
        "+++ b/shop.py",
        "-        tax: The share to add.",
        "+        taxes: The share to add.",
    ]
    assert path.read_text() == RENAMED
    docbot("fix", "--stale", "fix", repo.root)
    repo.git("apply", "-R", ".git/docbot/undo.patch")
    assert path.read_text() == RENAMED


def test_a_file_gets_new_docstrings_and_mends(docbot, repo):
    sized = "\n\nclass Box:\n    def __len__(self):\n        return 1\n"
    path = repo.commit("shop.py", RENAMED + sized)
    docbot("fix", "--stale", "fix", repo.root)
    text = path.read_text()
    assert text.startswith(MENDED)
    assert '"""Return the number of items."""' in text


def test_the_hook_mends_only_what_was_touched(docbot, repo):
    other = RENAMED.replace("total", "other")
    repo.commit("shop.py", f"{CURRENT}\n\n{other}")
    path = repo.stage("shop.py", f"{RENAMED}\n\n{other}")
    assert docbot("fix", "--staged", "--stale", "fix", path).code == exit_codes.CHANGES
    assert path.read_text() == f"{MENDED}\n\n{other}"


def test_the_hook_reports_by_default(docbot, repo):
    repo.commit("shop.py", CURRENT)
    path = repo.stage("shop.py", RENAMED)
    ran = docbot("fix", "--staged", path)
    assert (ran.code, ran.out) == (exit_codes.CHANGES, CHANGED)


def test_the_hook_says_nothing_of_what_was_there_before(docbot, repo):
    repo.commit("shop.py", RENAMED)
    path = repo.stage("shop.py", RENAMED.replace("sum(prices)", "sum(prices[1:])"))
    assert docbot("fix", "--staged", path).code == exit_codes.CLEAN


SHORT = '''\
def total(prices, tax):
    """Return the total."""
    return sum(prices) * tax
'''
LACKS = "shop.py:2: total lacks sections: parameters, what is returned [sections-missing]\n"
PYDOCLINT = "[tool.pydoclint]\nskip-checking-short-docstrings = false\n"


def test_sections_are_required_where_the_configuration_says_so(docbot, repo):
    repo.commit("shop.py", SHORT)
    assert docbot("check", repo.root).out == ""
    ran = docbot("check", "--sections", "always", repo.root)
    assert (ran.code, ran.out) == (exit_codes.CHANGES, LACKS)
    assert docbot("check", "--sections", "never", repo.root).out == ""
    assert docbot("check", repo.root).out == ""


def test_sections_are_required_where_a_linter_wants_them(docbot, repo):
    repo.commit("shop.py", SHORT)
    assert docbot("check", repo.root).out == ""
    repo.commit("pyproject.toml", PYDOCLINT)
    assert docbot("check", repo.root).out == LACKS
    assert docbot("check", repo.root).out == LACKS  # from the cache
    assert docbot("check", "--sections", "never", repo.root).out == ""
    repo.commit("pyproject.toml", PYDOCLINT.replace("false", "true"))
    assert docbot("check", repo.root).out == ""


def test_required_sections_are_missed_in_what_is_new(docbot, repo):
    repo.commit("pyproject.toml", PYDOCLINT)
    repo.commit("shop.py", SHORT)
    repo.write(
        "shop.py", f"{SHORT.replace('* tax', '* tax * 2')}\n\n{SHORT.replace('total', 'sum_of')}"
    )
    repo.git("add", "--all")
    ran = docbot("check", "--staged", repo.root)
    assert ran.out == LACKS.replace("total", "sum_of").replace(":2:", ":7:")
    assert docbot("fix", "--staged", repo.root).out == ran.out
    assert docbot("check", repo.root).out == LACKS + ran.out


RAISING = '''\
def read_config(path):
    """Raise ValueError if the file is empty."""
    with open(path) as file:
        text = file.read()
    if not text:
        raise ValueError(path)
    return text
'''
MAY_BE_STALE = (
    "shop.py:2: read_config has a summary that may be stale: it speaks of ValueError, which the"
    " change raises no more"
)


def test_a_summary_that_may_be_stale_comes_with_the_models_own(docbot, repo):
    repo.commit("shop.py", RAISING)
    changed = RAISING.replace("raise ValueError", "raise LookupError")
    repo.write("shop.py", changed)
    repo.git("add", "--all")
    ran = docbot("fix", "--staged", "--min-confidence", "0", repo.root)
    proposed = re.fullmatch(
        re.escape(MAY_BE_STALE) + r'; docbot would write "(.+)" \[summary-stale\]\n', ran.out
    )
    assert proposed is not None
    assert "config" in proposed[1]
    report = docbot("fix", "--staged", "--min-confidence", "0", "--format", "json", repo.root)
    assert json.loads(report.out)["files"][0]["drift"][0]["proposal"] == proposed[1]
    sure = docbot("fix", "--staged", "--min-confidence", "1", repo.root)
    assert sure.out == f"{MAY_BE_STALE} [summary-stale]\n"
    assert (repo.root / "shop.py").read_text() == changed


def test_a_review_proposes_a_summary_too(docbot, repo, monkeypatch):
    repo.commit("shop.py", RAISING)
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit("shop.py", RAISING.replace("raise ValueError", "raise LookupError"))
    monkeypatch.chdir(repo.root)
    ran = docbot("review", "--base", "main", "--min-confidence", "0")
    assert ran.out.startswith(f"{MAY_BE_STALE}; docbot would write ")
