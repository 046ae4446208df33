from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_findings import DEF, DOC, FINDING
from test_mends import STALE

from docbot.drift.drift import DriftRule
from docbot.errors import ReviewError
from docbot.review import findings_json as module
from docbot.review.findings import Finding, Findings
from docbot.review.findings_json import (
    LONGEST,
    MAX_BYTES,
    MAX_FINDINGS,
    MAX_LINES,
    MAX_NOTICES,
    cut,
    decode,
    encode,
    path_problem,
)
from docbot.scan.definition import Kind
from docbot.select.skip import SkipReason

MEND = STALE.suggestion
NEW_KEYS = {"rule", "subject", "message", "name_line"}
SCHEMA = json.loads(Path(module.__file__).with_name("review.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
REPORT = Findings(
    base="a" * 40,
    head="0123456789abcdef" * 4,
    findings=(
        FINDING,
        STALE,
        Finding(path="caf\udce9.py", line=1, qualname="<module>", kind="module", reason="unsure"),
    ),
    documented=4,
    files=2,
    skipped={"private": 3, "test": 1},
    notices=("src/b.py cannot be read",),
)


@pytest.mark.parametrize("report", [REPORT, Findings(base="a" * 40, head="b" * 40)])
def test_a_report_comes_back_as_it_went(report):
    text = encode(report)
    assert text.isascii()
    assert decode(text.encode()) == report
    assert cut(report) == report
    VALIDATOR.validate(json.loads(text))


def test_a_counter_is_a_mapping_too():
    counted = replace(REPORT, skipped=Counter({"test": 1, "private": 3}))
    assert encode(counted) == encode(REPORT)


names = st.text(min_size=1, max_size=20)
paths = names.filter(lambda path: not path_problem(path))
reports = st.builds(
    Findings,
    base=st.just("a" * 40),
    head=st.just("b" * 64),
    documented=st.integers(0, 1000),
    files=st.integers(0, 1000),
    skipped=st.dictionaries(st.sampled_from([r.value for r in SkipReason]), st.integers(0, 99)),
    notices=st.lists(names, max_size=3).map(tuple),
    findings=st.lists(
        st.builds(
            Finding,
            path=paths,
            line=st.integers(1, 9999),
            qualname=names,
            kind=st.sampled_from([k.value for k in Kind]),
            reason=st.sampled_from(["", "unsure"]),
            detail=names,
            suggestion=st.sampled_from([None, FINDING.suggestion]),
        )
        | st.builds(
            replace,
            st.just(STALE),
            line=st.integers(1, 9999),
            subject=names,
            message=names,
            name_line=st.integers(0, 9999),
            suggestion=st.sampled_from([None, MEND]),
        ),
        max_size=4,
    ).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(reports)
def test_any_report_comes_back_as_it_went(report):
    text = encode(report)
    assert decode(text.encode()) == report
    VALIDATOR.validate(json.loads(text))


def plain():
    return json.loads(encode(REPORT))


def changed(*steps, to):
    """The report as JSON with one value replaced; a value of None is taken out."""
    document = plain()
    place = document
    for step in steps[:-1]:
        place = place[step]
    if to is None:
        del place[steps[-1]]
    else:
        place[steps[-1]] = to
    return document


def at(*steps, to):
    return pytest.param(changed(*steps, to=to), id=f"{'.'.join(map(str, steps))}={str(to)[:20]}")


ONE = ("findings", 0)
INNER = (*ONE, "suggestion")
BAD_PATHS = [
    "/etc/passwd", "../x.py", "a/../x.py", "a/./x.py", "./x.py", "a//x.py", "a/", "", "a\\b.py",
    "a\x00.py", "a\nb.py", "a\r.py", "a\x1b.py", "a\x7f.py", "a\x85.py", "a\u2028.py",
    ".git/hooks/x.py", "a/.GIT/x.py", "C:/x.py", "c:x.py", ".", "..", "a" * 1001,
]  # fmt: skip
MALFORMED = [
    at("base", to="a" * 39), at("base", to="A" * 40), at("base", to="a" * 40 + "\n"),
    at("base", to=1), at("head", to="main"), at("head", to=None),
    at("documented", to=-1), at("documented", to="1"), at("documented", to=True),
    at("documented", to=1.5), at("documented", to=10**9), at("files", to=[]),
    at("extra", to=1), at("findings", to={}), at("findings", to="x"), at("findings", 0, to=[]),
    at("findings", to=[plain()["findings"][0]] * (MAX_FINDINGS + 1)),
    at("skipped", to=[]), at("skipped", to={"private": -1}), at("skipped", to={"made-up": 1}),
    at("notices", to="x"), at("notices", to=[1]), at("notices", to=["x"] * (MAX_NOTICES + 1)),
    at("notices", to=["x" * 501]), at("notices", to=["\ud800"]),
    at(*ONE, "line", to=0), at(*ONE, "line", to="3"), at(*ONE, "line", to=None),
    at(*ONE, "kind", to="lambda"), at(*ONE, "kind", to=[]), at(*ONE, "reason", to="because"),
    at(*ONE, "qualname", to="x" * 501), at(*ONE, "qualname", to={}),
    at(*ONE, "detail", to="x" * 501), at(*ONE, "more", to=1),
    *(at(*ONE, "path", to=path) for path in BAD_PATHS), at(*ONE, "path", to="\ud800"),
    at(*INNER, to={}), at(*INNER, to=False), at(*INNER, to=""), at(*INNER, to=0),
    at(*INNER, "first", to=0), at(*INNER, "first", to=2), at(*INNER, "last", to=4),
    at(*INNER, "before", to=[]), at(*INNER, "before", to="x"), at(*INNER, "before", to=[1]),
    at(*INNER, "after", to=["x"] * (MAX_LINES + 1)), at(*INNER, "after", to=["x" * 2001]),
    at(*INNER, "note", to=1), at(*INNER, "above", to="x"), at(*INNER, "above", to=["x"] * 3),
    at(*INNER, "above", to=["x"] * (MAX_LINES + 1)), at(*ONE, "rule", to="made-up"),
    at(*ONE, "rule", to=1), at(*ONE, "subject", to="x" * 501), at(*ONE, "message", to="x" * 501),
    at(*ONE, "message", to=[]), at(*ONE, "name_line", to=-1), at(*ONE, "name_line", to="1"),
]  # fmt: skip


@pytest.mark.parametrize("document", MALFORMED)
def test_a_malformed_report_is_refused_with_the_place_named(document):
    with pytest.raises(ReviewError, match=r"the report's .+ nothing in it is used"):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize("document", MALFORMED)
def test_the_schema_refuses_it_or_cannot_know(document):
    """What only `decode` can tell: which paths leave the repository, and how many lines belong."""
    if list(VALIDATOR.iter_errors(document)):
        return
    entry = document["findings"][0]
    lines = entry["suggestion"]
    texts = [entry["path"], *document["notices"]]
    assert (
        path_problem(entry["path"])
        or lines["last"] - lines["first"] + 1 != len(lines["before"])
        or lines["first"] <= len(lines["above"])
        or any("\ud800" in text for text in texts)
        or document["base"].endswith("\n")
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"null", "not an object"),
        (b"[]", "not an object"),
        (b"{}", "another version"),
        (b'{"version": 2}', "another version"),
        (b'{"version": "1"}', "another version"),
        (b'{"version": 1}', "lacks 'base'"),
        (b'{"version": 1, "version": 1}', "not JSON"),
        (b'{"version": NaN}', "not JSON"),
        (b'{"version": 1.5}', "another version"),
        (b'{"version": ' + b"9" * 1_000_000 + b"}", "another version"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b'{"a":' * 300_000, "nested too deeply"),
        (b" " * (MAX_BYTES + 1), "over 4 MB"),
    ],
)
def test_what_is_no_report_is_refused_in_a_sentence(data, words):
    with pytest.raises(ReviewError, match=words):
        decode(data)


def test_a_suggestion_that_is_not_one_docstring_is_dropped_and_told():
    document = changed(*INNER, "after", to=[DEF, "    import os"])
    report = decode(json.dumps(document).encode())
    assert report.findings[0].suggestion is None
    assert report.findings[0].reason == "rejected"
    assert report.findings[1:] == REPORT.findings[1:]
    assert report.notices[-1] == (
        "suggestions dropped because they are not one docstring and no more: 1"
    )


@pytest.mark.parametrize("path", BAD_PATHS)
def test_path_problem_says_why(path):
    assert path_problem(path)


@pytest.mark.parametrize("path", ["a.py", "a b/ü.py", "caf\udce9.py", ".github/x.py", "a/..b.py"])
def test_other_paths_are_fit(path):
    assert not path_problem(path)


def test_what_is_cut_can_be_read():
    long = replace(FINDING, qualname="q" * 999, detail="d" * 999)
    wide = replace(
        FINDING, suggestion=replace(FINDING.suggestion, after=(DEF, *["x"] * MAX_LINES, DOC))
    )
    odd = replace(FINDING, path="a\n::error ::x.py")
    report = replace(
        REPORT, findings=(long, wide, odd, *[FINDING] * 3000), notices=("n" * 999,) * 99
    )
    short = cut(report)
    assert decode(encode(short).encode()) == short
    assert len(short.findings) == MAX_FINDINGS
    assert len(short.findings[0].qualname) == LONGEST["qualname"]
    assert short.findings[1].suggestion is None
    assert odd not in short.findings
    assert short.notices[-1].startswith("1003 more findings are not listed")
    assert cut(short) == short


def test_what_is_cut_has_a_size_that_is_read():
    heavy = replace(FINDING, path="\U0001f600" * 900, qualname="\U0001f600" * 400)
    report = replace(REPORT, findings=(heavy,) * 2000, notices=("\U0001f600" * 500,) * 50)
    text = encode(cut(report)).encode()
    assert len(text) <= MAX_BYTES
    assert 100 < len(decode(text).findings) < 2000


def test_the_schema_names_every_key():
    inner = SCHEMA["properties"]["findings"]["items"]
    lines = SCHEMA["$defs"]["suggestion"]
    nodes = ((SCHEMA, REPORT, set()), (inner, FINDING, NEW_KEYS), (lines, MEND, {"above"}))
    for node, kind, new in nodes:
        assert set(node["properties"]) - {"version"} == set(asdict(kind))
        assert set(node["required"]) == set(node["properties"]) - new
        assert {name for name, each in node["properties"].items() if "default" in each} == new
    assert {rule.value for rule in DriftRule} <= set(SCHEMA["$defs"]["rule"]["enum"])


def test_a_report_from_before_there_were_stale_docstrings_is_read():
    document = plain()
    del document["findings"][1]
    for finding in document["findings"]:
        for key in NEW_KEYS:
            del finding[key]
    del document["findings"][0]["suggestion"]["above"]
    VALIDATOR.validate(document)
    report = replace(REPORT, findings=(REPORT.findings[0], REPORT.findings[2]))
    assert decode(json.dumps(document).encode()) == report
    assert REPORT.findings[0].sound_suggestion


@pytest.mark.parametrize(
    "change",
    [
        {"before": ("        tax: The share.",), "after": ("        import os",)},
        {"above": ()},
        {"above": ("x = (", *MEND.above[1:])},
        {"after": (*MEND.after, *MEND.after)},
    ],
)
def test_a_suggestion_that_is_not_one_mend_is_dropped_and_told(change):
    stale = replace(STALE, suggestion=replace(MEND, **change))
    report = decode(encode(replace(REPORT, findings=(STALE, stale))).encode())
    assert report.findings == (STALE, replace(STALE, suggestion=None))
    assert report.notices[-1] == (
        "suggestions dropped because they do not mend one entry and no more: 1"
    )
