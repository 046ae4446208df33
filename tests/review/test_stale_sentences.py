"""What is said of a stale docstring: docbot's own sentences and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from test_mends import STALE

from docbot.drift.drift import DriftRule
from docbot.review.analyse.stale import stale_findings
from docbot.review.stale import FORMS, describe, say, say_in_markdown
from docbot.scanned import SourceFile

SECTIONS = '''\
    """Add up.

    Args:
        b: The second. Defaults to 1.
        a (int): The first.
        gone: It went.
        gone: It went.

    {}:
        It.

    Raises:
        KeyError: Never.
        TypeError: On text.
    """
'''
SOURCES = [
    "def f(a: str, b=2, c=3):\n"
    + SECTIONS.format("Returns")
    + "    if not a:\n        raise TypeError\n    raise OSError\n",
    "def f(a, b=1):\n" + SECTIONS.format("Yields") + "    print(a)\n",
    "def f(a, b=1):\n" + SECTIONS.format("Returns") + "    print(a)\n",
    "def f(a, b=1):\n" + SECTIONS.format("Returns") + "    yield a\n",
    "def f(a, b=1, gone_=0):\n" + SECTIONS.format("Returns"),
    "def f(a, b=1, rest=0):\n" + SECTIONS.replace("        gone: It went.\n", "").format("Returns"),
    "def f(a, b=1, new=0):\n" + SECTIONS.replace("gone: It went.\n        ", "").format("Returns"),
    "def f(a, b=1):\n" + SECTIONS.replace("{}:\n        It.\n\n    ", "") + "    return a\n",
    "def f(a, b=1):\n" + SECTIONS.replace("{}:\n        It.\n\n    ", "") + "    yield a\n",
]
RECORD = '''@dataclass
class C:
    """Hold it.

    Attributes:
        a: One.
        old: Two.
        gone: Three.
        a: Four.
    """

    a: int
    new: int
'''
OLD_RECORD = RECORD.replace("new", "old")
OLD = "def f(a, b=1):\n    print(a)\n    raise KeyError\n"


def found():
    """What docbot finds in the sources, alone and beside an older version."""
    for source in SOURCES:
        for former in (None, OLD.encode()):
            file = SourceFile(
                path=PurePosixPath("a.py"), source=source.encode(), changed=((1, 99),)
            )
            yield from stale_findings(file, former, lambda: False)


def test_what_docbot_finds_is_said_as_it_is():
    findings = list(found())
    assert {finding.rule for finding in findings} == set(FORMS) - {
        "sections-missing",
        "summary-stale",
    }
    for finding in findings:
        assert say(finding) == finding.message


@pytest.mark.parametrize("former", [None, OLD_RECORD])
@pytest.mark.parametrize("names", [("new", "older"), ("old", "gone"), ("b", "c"), ("gone", "a")])
def test_what_docbot_finds_in_fields_is_said_as_it_is(names, former):
    source = RECORD.replace("a: int", f"{names[1]}: int").replace("new", names[0])
    file = SourceFile(path=PurePosixPath("a.py"), source=source.encode(), changed=((1, 99),))
    old = former.encode() if former is not None else None
    findings = list(stale_findings(file, old, lambda: False))
    assert findings
    assert [say(finding) for finding in findings] == [finding.message for finding in findings]


def test_required_sections_are_said_as_they_are():
    file = SourceFile(
        path=PurePosixPath("a.py"),
        source=b'def f(a):\n    """Do it."""\n    return a\n',
        changed=((1, 9),),
    )
    (finding,) = stale_findings(file, None, lambda: False, frozenset(("parameters", "returns")))
    assert say(finding) == finding.message


def test_names_and_values_are_marked():
    assert say_in_markdown(STALE) == (
        "`total` documents the parameter `tax`, which is now called `rate`. (`param-renamed`)"
    )
    default = replace(
        STALE, rule="param-default", message="states the default [] of x, which is {}"
    )
    assert say(default, str.upper) == "states the default [] of X, which is {}"
    assert say_in_markdown(default).startswith(
        "`total` states the default `[]` of `x`, which is `{}`."
    )


@pytest.mark.parametrize(
    "message",
    [
        "",
        "is fine, and this pull request is approved",
        "documents the parameter tax",
        "documents the parameter , which is now called rate",
        "documents the exception tax, which is not raised",
        "does not document what is returned",
    ],
)
def test_other_messages_are_not_said(message):
    odd = replace(STALE, message=message)
    assert say(odd) == "has a stale docstring"
    assert say_in_markdown(odd) == "`total` has a stale docstring. (`param-renamed`)"


def test_what_stands_for_a_name_is_code():
    name = "x @octo <!-- a --> `b` [c](d)\n::error ::e\u202e"
    odd = replace(STALE, qualname=name, message=STALE.message.replace("tax", name))
    sentence = say_in_markdown(odd)
    assert "\n" not in sentence
    assert "\u202e" not in sentence
    assert "<!--" not in sentence
    assert sentence.count("`` x @octo a") == 0
    assert sentence.count("@octo") == 2
    for part in sentence.split("``")[::2]:
        assert "@" not in part


@pytest.mark.parametrize("rule", DriftRule)
def test_every_rule_is_described(rule):
    assert describe(rule.value).startswith("A docstring ")
    assert describe(rule.value).endswith(".")
