# ruff: noqa: E501 - headers and code as they are written
"""Comments that say "no docstring here", as ruff and pylint read them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from docbot.scan.facts import read_definitions
from docbot.scan.source import read

BODY = "    total = sum(x)\n    return total * 2\n"
F = "def f(x):{}\n" + BODY
METHOD = "class A:{}\n    def m(self, x):{}\n        total = sum(x)\n        return total\n"


def opted_out(code):
    """The undocumented definitions that a comment opts out, each with the comment."""
    definitions = read_definitions(read(code.encode()))
    return {
        each.qualname: each.opt_out
        for each in definitions
        if each.opt_out and each.docstring is None
    }


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: D103", "# NOQA:D103", "# noqa: E501,D103", "# noqa: E501 D103", "# noqa: D1",
        "# noqa: D", "#noqa : D103", "# noqa", "# type: ignore  # noqa: D103",
        "# ruff: ignore[D103]", "# ruff: ignore[undocumented-public-function]",
        "# pylint: disable=missing-function-docstring", "# pylint:disable=C0116,C0103",
        "# pylint: disable=missing-docstring", "# pylint: disable=invalid-name, C0111",
        "# docstr-coverage: inherited", "# docstr-coverage:excused `it is plain`",
        "# pydocstyle: noqa",
    ],
)  # fmt: skip
def test_a_comment_on_the_header_opts_out(comment):
    assert list(opted_out(F.format("  " + comment))) == ["f"]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: D205", "# noqa: E501", "# noqa: DOC201", "# noqa: DAR101", "# noqa: D102",
        "# noqa: D10x of the old linter", "# noqa-like", "# nonoqa", "# noqa: because of D103",
        "# ruff: ignore[D205]", "# pylint: disable=missing-class-docstring",
        "# pylint: disable=line-too-long", "# pylint: enable=missing-docstring",
        "# docstr-coverage: no", "# pragma: no cover", "# docbot: skips",
    ],
)  # fmt: skip
def test_other_comments_do_not(comment):
    assert opted_out(F.format("  " + comment)) == {}


TABLE = [
    # of files
    ("# ruff: noqa: D103\n" + F.format(""), ["f"]),
    ("# ruff: noqa\n" + F.format(""), ["<module>", "f"]),
    ("x = 1\n# flake8: noqa: D103\n" + F.format(""), ["f"]),
    ("# flake8: noqa: E501\n" + F.format(""), []),
    ("# ruff: file-ignore[D102]\n" + METHOD.format("", ""), ["A.m"]),
    ("x = 1  # ruff: noqa: D103\n" + F.format(""), []),
    ("# pydocstyle: noqa\nimport os\n" + F.format(""), ["<module>", "f"]),
    ("import os  # noqa: D100\n" + F.format(""), ["<module>"]),
    ("# noqa: D104\nimport os\n" + F.format(""), ["<module>"]),
    ("import os  # noqa\n" + F.format(""), []),
    # of methods and classes
    (METHOD.format("  # noqa: D101", ""), ["A"]),
    (METHOD.format("", "  # noqa: D102"), ["A.m"]),
    (METHOD.format("", "  # noqa: D103"), []),
    ("class A:\n    def __init__(self, x):  # noqa: D107\n        self.x = x\n", ["A.__init__"]),
    ("class A:\n    def __len__(self):  # noqa: D105\n        return self.x + 1\n", ["A.__len__"]),
    (METHOD.format("  # pylint: disable=missing-docstring", ""), ["A", "A.m"]),
    (METHOD.format("  # pylint: disable=missing-function-docstring", ""), ["A.m"]),
    # of headers with several lines
    ("def f(  # noqa: D103\n    x,\n):\n" + BODY, ["f"]),
    ("def f(\n    x,\n):  # pylint: disable=C0116\n" + BODY, ["f"]),
    ("@cache  # noqa: D103\ndef f(x):\n" + BODY, ["f"]),
    ("@cache\n# noqa: D103\ndef f(x):\n" + BODY, []),
    # of what is below
    ("# docstr-coverage: inherited\n@cache\n\ndef f(x):\n" + BODY, ["f"]),
    ("# docstr-coverage: inherited\nx = 1\ndef f(x):\n" + BODY, []),
    ("# pylint: disable-next=C0116\n" + F.format("") + F.format(""), ["f"]),
    ("# ruff: ignore[D103]\n@cache\ndef f(x):\n" + BODY, ["f"]),
    ("# noqa: D103\n" + F.format(""), []),
    # of blocks
    ("x = 1\n# pylint: disable=C0116\n" + F.format("") + "# pylint: enable=C0116\n\ndef g(x):\n" + BODY,
     ["f"]),
    (F.format("\n    # pylint: disable=missing-docstring") + "def g(x):\n" + BODY, ["f"]),
    ("class A:\n    # pylint: disable=missing-docstring\n    def m(self):\n        return 2\n" + F.format(""),
     ["A", "A.m"]),
    ("# ruff: disable[D103]\n" + F.format("") + "# ruff: enable[D103]\ndef g(x):\n" + BODY, ["f"]),
    ("# pylint: disable=missing-docstring\nimport os\n" + F.format(""), ["<module>", "f"]),
    # of strings
    ('def f(x="# noqa: D103"):\n' + BODY, []),
    ('TEXT = """\n# pylint: disable=missing-docstring\n# ruff: noqa\n"""\n' + F.format(""), []),
    ("TEXT = '# flake8: noqa'\n" + F.format(""), []),
]  # fmt: skip


@pytest.mark.parametrize(("code", "names"), TABLE)
def test_where_a_comment_holds(code, names):
    assert list(opted_out(code)) == names


@pytest.mark.parametrize(
    ("code", "is_marked"),
    [
        (F.format("  # docbot: skip"), True),
        ("# docbot: skip\n" + F.format(""), True),
        ("@cache\n# docbot: skip\ndef f(x):\n" + BODY, True),
        ('def f(x="# docbot: skip"):\n' + BODY, False),
        ('TEXT = """\n# docbot: skip\n"""\ndef f(x):\n' + BODY, False),
        ('"""\n# docbot: skip"""\ndef f(x):\n' + BODY, False),
        ('def f(x="#", y="# docbot: skip"):  # no\n' + BODY, False),
    ],
)
def test_docbots_own_comment_is_no_text_of_a_string(code, is_marked):
    definitions = {each.name: each for each in read_definitions(read(code.encode()))}
    assert definitions["f"].marked_skip is is_marked
    assert definitions["f"].opt_out == ""


LINTED = """\
import os


def plain(x):{}
    total = sum(x)
    return total * len(os.sep)


class Shelf:{}
    def __init__(self, items):{}
        self.items = items

    def __len__(self):{}
        return len(self.items)
"""
RUFF = [
    ["  # noqa: D103", "  # noqa: D101", "  # noqa: D107", "  # noqa: D105"],
    ["  # noqa", "  # noqa", "  # noqa", "  # noqa"],
    [
        "  # ruff: ignore[D103]",
        "\n    # ruff: disable[D105, D107]",
        "",
        "\n        # ruff: enable[D105]",
    ],
]


@pytest.mark.parametrize("comments", RUFF)
def test_ruff_says_nothing_new_after_fix(repo, docbot, comments):
    path = repo.commit("shelf.py", LINTED.format(*comments))
    arguments = ["--isolated", "--preview", "--select", "D1,RUF100", "--output-format", "json"]

    def said():
        command = [sys.executable, "-m", "ruff", "check", *arguments, str(path)]
        findings = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
        return {each["code"] for each in findings}

    before = said()
    docbot("fix", path, "--kinds=class", "--kinds=function", "--kinds=method")
    assert said() <= before
    assert "RUF100" not in before


def test_pylint_says_nothing_new_after_fix(repo, docbot):
    pytest.importorskip("pylint")
    function, rest = "  # pylint: disable=missing-function-docstring", "  # pylint: disable=C0111"
    path = repo.commit("shelf.py", LINTED.format(function, rest, "", ""))

    def said():
        command = [sys.executable, "-m", "pylint", "--disable=all", "--output-format=json"]
        command += ["--enable=missing-docstring,useless-suppression", str(path)]
        findings = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
        return {each["symbol"] for each in findings}

    before = said()
    docbot("fix", path, "--kinds=class", "--kinds=function", "--kinds=method")
    assert said() <= before


def test_check_says_which_comment_and_does_not_count_it(repo, docbot):
    repo.commit("shelf.py", LINTED.format("  # noqa: D103", "", "", "  # docbot: skip"))
    result = docbot("check", "-v", repo.root)
    assert "marked `# noqa: D103`" in result.out + result.err
    assert "marked `# docbot: skip`" in result.out + result.err
    assert "plain has no docstring" not in result.out


@pytest.mark.parametrize(
    "text",
    [
        "{\n  'targets': [{'target_name': 'shop', 'sources': ['shop.cc']}],\n}\n",
        "# Built by gyp.\n[1, 2]\n",
        "deps()\n",
    ],
)
def test_a_file_that_is_one_expression_is_never_offered(repo, docbot, text):
    path = repo.commit("binding.gyp", text)
    assert docbot("check", "--kinds=module", path).code == 0
    result = docbot("fix", "--kinds=module", "--include=trivial", "-v", path)
    assert "it is one expression, which a program may evaluate" in result.out + result.err
    assert path.read_text() == text


def test_what_identify_takes_for_python_and_a_program_evaluates():
    identify = pytest.importorskip("identify.identify")
    assert "python" in identify.tags_from_filename("binding.gyp")
    assert "python" in identify.tags_from_filename("common.gypi")
    assert "python" not in identify.tags_from_filename("SConstruct")
