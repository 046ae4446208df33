from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_mends import ABOVE, RATE, STALE

from docbot.review.findings import Finding, Findings, Suggestion
from docbot.review.formats import (
    MAX_ANNOTATIONS,
    MAX_COMMENT,
    MAX_PAGE,
    to_markdown,
    to_notices,
    to_rdjson,
    to_sarif,
)

DATA = Path(__file__).parents[1] / "data"
SCHEMAS = {
    name: jsonschema.Draft202012Validator(json.loads((DATA / f"{name}.json").read_text()))
    for name in ("sarif-schema-2.1.0", "rdjson.schema")
}
HEADER = "def f(x):"
SUGGESTION = Suggestion(first=3, last=4, before=(HEADER, ""), after=(HEADER, '    """Do it."""'))
FINDING = Finding(path="src/a.py", line=3, qualname="f", kind="function", suggestion=SUGGESTION)
METHOD = Finding(path="src/a.py", line=9, qualname="A.g", kind="method", reason="unsure")
MODULE = Finding(path="b.py", line=1, qualname="<module>", kind="module")
REPORT = Findings(
    base="a" * 40,
    head="b" * 40,
    findings=(METHOD, FINDING, MODULE),
    documented=3,
    files=2,
    skipped={"private": 1},
    notices=("c.py cannot be read",),
)
EMPTY = Findings(base="a" * 40, head="b" * 40)
HOSTILE = replace(
    REPORT,
    findings=(
        Finding(path="@octo/a,b:c.py", line=1, qualname="@octocat #1", kind="function"),
        Finding(path="a b/%41?#.py", line=2, qualname="[x](http://y) {0} `", kind="class"),
        Finding(path="caf\udce9.py", line=3, qualname="a\n::error ::b\u202e", kind="function"),
        Finding(path="d.py", line=4, qualname="##[error]x%0A::warning ::y", kind="function"),
        Finding(path="e.py", line=5, qualname="<!-- x --></details>", kind="method"),
        Finding(
            path="f.py",
            line=6,
            qualname="@octocat #1",
            kind="method",
            rule="param-missing",
            message="does not document the parameter <b>@octocat</b> [x](y)\n::error ::z",
        ),
    ),
    notices=("::error ::x\n@octocat [a](b)",),
)


GONE = replace(
    STALE,
    rule="param-unknown",
    message="documents the parameter tax, which the signature lacks",
    suggestion=replace(STALE.suggestion, after=()),
)
TYPE = replace(
    STALE,
    rule="param-type",
    message="states the type dict of x, which is annotated as list[int]",
    suggestion=None,
)
MIXED = replace(REPORT, findings=(FINDING, STALE, GONE, TYPE))


def applied(finding, lines, start, end, text):
    """The file's lines after a replacement of whole lines, as each format says it."""
    assert finding.line == 3
    return [*lines[: start - 1], *text.split("\n"), *lines[end:]]


FILE = ["import os", "", HEADER, "", "    return x"]
FIXED = ["import os", "", HEADER, '    """Do it."""', "    return x"]


@pytest.mark.parametrize("report", [REPORT, EMPTY, HOSTILE, MIXED])
def test_sarif_keeps_its_schema(report):
    document = json.loads(to_sarif(report))
    SCHEMAS["sarif-schema-2.1.0"].validate(document)
    assert document["version"] == "2.1.0"
    assert len(document["runs"][0]["results"]) == len(report.findings)


def test_sarif_says_where_and_what():
    results = json.loads(to_sarif(REPORT))["runs"][0]["results"]
    assert [each["message"]["text"] for each in results] == [
        "This module has no docstring.",
        "The function f has no docstring.",
        "The method A.g has no docstring.",
    ]
    assert {each["level"] for each in results} == {"note"}
    assert [each["partialFingerprints"]["docbot/v1"] for each in results] == [
        each.fingerprint for each in (MODULE, FINDING, METHOD)
    ]
    place = results[1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "src/a.py"
    assert place["region"] == {"startLine": 3}
    assert ["fixes" in each for each in results] == [False, True, False]


def test_a_sarif_fix_is_the_suggestion():
    (fix,) = json.loads(to_sarif(REPORT))["runs"][0]["results"][1]["fixes"]
    (change,) = fix["artifactChanges"]
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    assert set(region) == {"startLine", "endLine"}
    text = replacement["insertedContent"]["text"]
    assert applied(FINDING, FILE, region["startLine"], region["endLine"], text) == FIXED


def test_sarif_paths_are_uris():
    results = json.loads(to_sarif(HOSTILE))["runs"][0]["results"]
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results]
    paths = sorted(each.path for each in HOSTILE.findings)
    for uri, path in zip(uris, paths, strict=True):
        assert unquote_to_bytes(uri) == path.encode("utf-8", "surrogateescape")
        assert not set(uri) & set(" ?#:@,\\\n")


def test_sarif_messages_have_no_links_and_no_placeholders():
    run = json.loads(to_sarif(HOSTILE))["runs"][0]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    for each in (*run["results"], *notes):
        assert not set(each["message"]["text"]) & set("[]{}\\\n\u202e")


@pytest.mark.parametrize("report", [REPORT, EMPTY, HOSTILE, MIXED])
def test_rdjson_keeps_its_form(report):
    document = json.loads(to_rdjson(report))
    SCHEMAS["rdjson.schema"].validate(document)
    assert len(document["diagnostics"]) == len(report.findings)
    to_rdjson(report).encode("ascii")


def test_an_rdjson_suggestion_is_whole_lines():
    diagnostic = json.loads(to_rdjson(REPORT))["diagnostics"][1]
    assert diagnostic["message"] == "The function `f` has no docstring."
    assert diagnostic["location"] == {"path": "src/a.py", "range": {"start": {"line": 3}}}
    (suggestion,) = diagnostic["suggestions"]
    start, end = suggestion["range"]["start"], suggestion["range"]["end"]
    assert set(start) == set(end) == {"line"}
    assert applied(FINDING, FILE, start["line"], end["line"], suggestion["text"]) == FIXED


def test_sarif_has_a_rule_for_each_kind_of_finding():
    run = json.loads(to_sarif(MIXED))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    ids = ["missing-docstring", "param-renamed", "param-type", "param-unknown"]
    assert [rule["id"] for rule in rules] == ids
    assert rules[1]["name"] == "ParamRenamed"
    assert rules[1]["shortDescription"]["text"] == (
        "A docstring documents the parameter ..., which is now called ...."
    )
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    messages = {result["ruleId"]: result["message"]["text"] for result in run["results"]}
    assert messages["param-renamed"] == (
        "total documents the parameter tax, which is now called rate."
    )
    assert messages["param-type"] == (
        "total states the type dict of x, which is annotated as list(int)."
    )


STALE_FILE = [*ABOVE, "        tax: The share.", '    """']


@pytest.mark.parametrize(
    ("finding", "lines"), [(STALE, [*ABOVE, RATE, '    """']), (GONE, [*ABOVE, '    """'])]
)
def test_a_mend_in_each_format_makes_the_same_file(finding, lines):
    report = replace(REPORT, findings=(finding,))
    (result,) = json.loads(to_sarif(report))["runs"][0]["results"]
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert sarif_applied(STALE_FILE, replacement) == lines
    (diagnostic,) = json.loads(to_rdjson(report))["diagnostics"]
    assert diagnostic["code"] == {"value": finding.rule}
    (suggestion,) = diagnostic["suggestions"]
    assert suggestion["range"] == {"start": {"line": 6}, "end": {"line": 6}}
    new = suggestion["text"].split("\n") if suggestion["text"] else []
    assert [*STALE_FILE[:5], *new, *STALE_FILE[6:]] == lines


def sarif_applied(rows, replacement):
    """The file after a replacement, by columns as SARIF counts them."""
    region = replacement["deletedRegion"]
    text = "\n".join(rows)
    starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
    start = starts[region["startLine"] - 1] + region.get("startColumn", 1) - 1
    last = region["endLine"] - 1
    end = starts[last] + region.get("endColumn", len(rows[last]) + 1) - 1
    inserted = replacement.get("insertedContent", {"text": ""})["text"]
    return (text[:start] + inserted + text[end:]).split("\n")


def test_a_stale_docstring_is_told_in_every_format():
    (diagnostic,) = json.loads(to_rdjson(replace(REPORT, findings=(STALE,))))["diagnostics"]
    marked = "`total` documents the parameter `tax`, which is now called `rate`. (`param-renamed`)"
    assert diagnostic["message"] == marked
    (notice,) = to_notices(replace(REPORT, findings=(STALE,)))
    assert notice == (
        "::notice file=src/shop.py,line=6,title=docbot::"
        "total documents the parameter tax, which is now called rate."
    )
    page = to_markdown(MIXED)
    assert page.startswith(
        "### docbot: 1 of 4 new or changed definitions has no docstring, and 1 docstring is stale\n"
    )
    assert f"3 places where a docstring is stale:\n\n- `src/shop.py:6` {marked}\n- " in page
    assert "1 suggestion to copy" in page
    assert to_markdown(replace(REPORT, findings=(STALE,), skipped={})).startswith(
        "### docbot: no new or changed definition is without a docstring, but 1 docstring is stale"
    )


def test_annotations_that_do_not_fit_are_counted_together():
    many = tuple(replace(STALE, line=line) for line in range(1, 20))
    assert to_notices(replace(REPORT, findings=many))[-1] == (
        "::notice title=docbot::10 more findings, of missing or stale docstrings, are not listed."
    )


def test_an_unsound_mend_is_in_no_format():
    evil = replace(STALE, suggestion=replace(STALE.suggestion, after=("    import os",)))
    report = replace(REPORT, findings=(evil,))
    for make in (to_sarif, to_rdjson, to_markdown, lambda r: "\n".join(to_notices(r))):
        assert "import os" not in make(report)


def test_a_suggestion_that_is_more_than_a_docstring_is_in_no_format():
    evil = replace(FINDING, suggestion=replace(SUGGESTION, after=(HEADER, "    import os")))
    report = replace(REPORT, findings=(evil,))
    for make in (to_sarif, to_rdjson, to_markdown, lambda r: "\n".join(to_notices(r))):
        assert "import os" not in make(report)


def test_annotations_name_the_line():
    assert to_notices(REPORT) == (
        "::notice file=b.py,line=1,title=docbot::This module has no docstring.",
        (
            "::notice file=src/a.py,line=3,title=docbot::"
            "The function f has no docstring. Suggested: Do it."
        ),
        "::notice file=src/a.py,line=9,title=docbot::The method A.g has no docstring.",
    )
    assert to_notices(EMPTY) == ()


@pytest.mark.parametrize(
    ("count", "lines", "rest"),
    [(1, 1, ""), (10, 10, ""), (11, 10, "2 more"), (500, 10, "491 more")],
)
def test_annotations_keep_githubs_cap(count, lines, rest):
    many = tuple(replace(METHOD, line=line) for line in range(1, count + 1))
    notices = to_notices(replace(REPORT, findings=many))
    assert len(notices) == lines <= MAX_ANNOTATIONS
    assert rest in notices[-1]


def test_hostile_names_are_no_commands():
    lines = to_notices(HOSTILE)
    assert len(lines) == len(HOSTILE.findings)
    for each in lines:
        assert each.startswith("::notice file=")
        assert "\n" not in each
        assert "\r" not in each
        assert "\u202e" not in each
        properties = each[len("::notice ") :].partition("::")[0]
        assert [part.partition("=")[0] for part in properties.split(",")] == [
            "file", "line", "title",
        ]  # fmt: skip
    assert "file=%40octo" not in lines[0]
    assert "file=@octo/a%2Cb%3Ac.py" in lines[0]


def test_a_page_has_all_of_it():
    page = to_markdown(REPORT)
    assert page.startswith("### docbot: 3 of 6 new or changed definitions have no docstring\n")
    for words in (
        '    """Do it."""',
        "`src/a.py:9` method `A.g`",
        "`b.py:1` module",
        "1 `private`",
    ):
        assert words in page
    assert "<!--" not in page


@pytest.mark.parametrize(("limit", "most"), [(MAX_COMMENT, {}), (MAX_PAGE, {"most": MAX_PAGE})])
def test_a_page_is_cut_between_findings(limit, most):
    wide = "x" * 1500
    many = tuple(
        replace(
            FINDING,
            line=line,
            suggestion=replace(SUGGESTION, after=(HEADER, f'    """{wide}"""')),
        )
        for line in range(1, 1001)
    )
    page = to_markdown(replace(REPORT, findings=many), **most)
    assert limit - 5000 < len(page.encode()) <= limit
    count = page.count(wide)
    assert page.count("```python") == count
    assert f"{1000 - count} more did not fit" in page
    assert page.rstrip().endswith("</sub>")


@pytest.mark.parametrize("letter", ["x", "ß", "\N{SNAKE}"])
@pytest.mark.parametrize("kind", [FINDING, METHOD, STALE])
def test_a_long_list_fits_into_a_comment_and_is_well_formed(kind, letter):
    name = letter * 150
    many = tuple(replace(kind, path=f"{name}.py", line=line) for line in range(1, 2001))
    page = to_markdown(replace(REPORT, findings=many))
    assert 50_000 < len(page.encode()) < 65_536
    listed = page.count(f"`{name}.py:")
    assert f"{2000 - listed} more did not fit" in page
    _, html, _ = outside(page)
    assert "".join(html).count("<details>") == "".join(html).count("</details>")
    fences = [line for line in page.splitlines() if line.startswith("```")]
    assert fences == ["```python", "```"] * (len(fences) // 2)


def outside(page):
    """The inline text and the HTML of a page, code left out."""
    text, html, kinds = [], [], set()
    for token in MarkdownIt("gfm-like").parse(page):
        kinds.add(token.type)
        if token.type == "html_block":
            html.append(token.content)
        for child in token.children or ():
            kinds.add(child.type)
            if child.type == "text":
                text.append(child.content)
            if child.type == "html_inline":
                html.append(child.content)
    return " ".join(text), "".join(html), kinds


def test_a_hostile_page_shows_code_alone():
    text, html, kinds = outside(to_markdown(HOSTILE))
    assert not set(text) & set("@#[]\u202e")
    assert set(html.replace("<sub>", "").replace("</sub>", "")) == set()
    assert not kinds & {"link_open", "image", "table_open", "hr", "blockquote_open"}


names = st.text(min_size=1, max_size=30)
findings = st.builds(
    Finding,
    path=names,
    line=st.integers(1, 999),
    qualname=names,
    kind=st.sampled_from(["module", "class", "function", "method"]),
    reason=st.sampled_from(["", "unsure", "rejected"]),
    suggestion=st.sampled_from([None, SUGGESTION]),
) | st.builds(
    replace,
    st.just(STALE),
    path=names,
    qualname=names,
    rule=st.sampled_from(["param-missing", "param-renamed"]),
    message=names | names.map("does not document the parameter {}".format),
)


@settings(deadline=None, max_examples=50)
@given(st.lists(findings, max_size=14), st.lists(names, max_size=3))
def test_any_names_stay_within_every_format(some, notices):
    report = replace(REPORT, findings=tuple(some), notices=tuple(notices))
    SCHEMAS["rdjson.schema"].validate(json.loads(to_rdjson(report)))
    SCHEMAS["sarif-schema-2.1.0"].validate(json.loads(to_sarif(report)))
    assert all(line.startswith("::notice ") for line in to_notices(report))
    assert not any("\n" in line or "\r" in line for line in to_notices(report))
    text, html, kinds = outside(to_markdown(report))
    assert not set(text) & set("@#[]")
    for ours in ("<sub>", "</sub>", "<details>", "</details>", "<summary>", "</summary>"):
        html = html.replace(ours, "")
    assert "<" not in html
    assert not kinds & {"link_open", "image", "table_open", "hr", "blockquote_open"}
