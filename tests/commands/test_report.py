from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import jsonschema
import pytest

from docbot.commands import report
from docbot.commands.report import Tally, coverage_line, format_findings, format_problems, to_json
from docbot.docstring.edit import Edit
from docbot.drift.drift import Drift, DriftRule
from docbot.scan.definition import Definition, Kind
from docbot.scanned import Result
from docbot.select.skip import Skip, SkipReason, Target

SCHEMA = json.loads(Path(report.__file__).with_name("report.schema.json").read_text())


def target(name="f", line=3):
    return Target(
        definition=Definition(
            qualname=name, name=name, kind=Kind.FUNCTION, line=line, lines=(line, 9)
        )
    )


RESULT = Result(
    path=PurePosixPath("pkg/a.py"),
    before=b"a",
    after=b"b",
    edits=(Edit(start=0, end=0, text=b'    """Go\xe9."""\n', qualname="go", line=7),),
    missing=(target(),),
    skips=(
        Skip(reason=SkipReason.UNSURE, detail="0.31", qualname="h", line=5),
        Skip(reason=SkipReason.TOO_LARGE, detail="it is over 1 MB"),
        Skip(reason=SkipReason.OUT_OF_TIME, detail="late", qualname="k", line=8),
    ),
    documented=2,
    drifts=(
        Drift(
            rule=DriftRule.PARAM_RENAMED,
            qualname="m",
            line=6,
            message="documents the parameter a, which is now called b",
            subject="b",
        ),
    ),
    error="the syntax tree changed",
)


def tally(*results):
    counted = Tally()
    for result in results:
        counted.add(result)
    return counted


def test_findings_stand_in_line_order():
    assert format_findings(RESULT, verbose=True) == [
        "pkg/a.py:1: file skipped, too-large: it is over 1 MB",
        "pkg/a.py:3: function f has no docstring",
        "pkg/a.py:5: h skipped, unsure: 0.31",
        "pkg/a.py:6: m documents the parameter a, which is now called b [param-renamed]",
        'pkg/a.py:7: go: """Go\\xe9."""',
        "pkg/a.py:8: k skipped, out-of-time: late",
    ]
    assert len(format_findings(RESULT, verbose=False)) == 3


def test_troubles_name_the_file():
    assert format_problems(RESULT) == [
        "pkg/a.py: skipped: it is over 1 MB",
        "pkg/a.py:8: k: no time left for it",
        "pkg/a.py: left as it was, docbot's own check failed: the syntax tree changed",
    ]


def test_json_keeps_its_schema():
    for results in ([], [RESULT], [RESULT, Result(path=PurePosixPath("b.py"))]):
        document = json.loads(to_json("fix", results, tally(*results)))
        jsonschema.validate(document, SCHEMA)
    assert document["summary"] == {
        "files": 2, "changed_files": 1, "written": 1, "missing": 1, "documented": 2,
        "drift": 1, "mended": 0, "coverage": 66.66, "skipped": {"out-of-time": 1, "unsure": 1},
        "files_skipped": {"too-large": 1}, "errors": 1,
    }  # fmt: skip


def test_coverage_explains_its_denominator():
    assert coverage_line(tally(RESULT), ["function", "method"]) == (
        "coverage: 66.6 %, 2 of 3 of the functions and methods that count have a docstring; "
        "2 without a docstring do not count (1 unsure, 1 out-of-time); "
        "1 file was left out (1 too-large)"
    )
    assert coverage_line(tally(), ["class"]) == (
        "coverage: none of the classes that count was found"
    )


@pytest.mark.parametrize(
    ("documented", "total", "words", "number"),
    [
        (2499, 2500, "99.9 %", 99.96),
        (99_999, 100_000, "99.9 %", 99.99),
        (1_999_999, 2_000_000, "99.9 %", 99.99),
        (2, 3, "66.6 %", 66.66),
        (3, 3, "100.0 %", 100.0),
        (0, 3, "0.0 %", 0.0),
    ],
)
def test_a_hundred_percent_means_that_nothing_is_missing(documented, total, words, number):
    counted = Tally(documented=documented, missing=total - documented)
    assert f"coverage: {words}, {documented} of {total} " in coverage_line(counted, ["function"])
    document = json.loads(to_json("check", [], counted))
    assert document["summary"]["coverage"] == number


def test_a_docstring_that_begins_below_its_quotes_is_shown_by_its_summary():
    text = b'    """\n    Return the size.\n\n    Args:\n        a: A.\n\n    """\n'
    edit = Edit(start=0, end=0, text=text, qualname="go", line=7)
    result = Result(path=PurePosixPath("a.py"), edits=(edit,))
    assert format_findings(result, verbose=False) == ['a.py:7: go: """Return the size.']
