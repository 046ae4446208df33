from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from docbot.page.data import CountedFile, Counts, Gap, Proposal, Report, TrendPoint, decode, encode
from docbot.page.render import render_page

NASTY = "</script><script>alert(1)</script><!--\"'&{{ x }}{% y %}\\\u2028"


class Elements(HTMLParser):
    """The elements of a page, with their attributes and the text of scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.raw = {}
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._in = tag + (dict(attributes).get("id") or "") if tag in ("script", "style") else ""

    def handle_data(self, data):
        if self._in:
            self.raw[self._in] = self.raw.get(self._in, "") + data

    def handle_endtag(self, tag):
        self._in = "" if tag in ("script", "style") else self._in


def report(**changes):
    gaps = (
        Gap(qualname=f"f{NASTY}", kind="function", line=3, signature=NASTY),
        Gap(qualname="g", kind="function", line=9, signature="def g()", stale=f"g {NASTY}"),
    )
    files = (
        CountedFile(path=f"a/{NASTY}.py", documented=1, missing=1, gaps=gaps),
        CountedFile(path="b.py", documented=2, missing=0),
    )
    values = {"name": NASTY, "counts": Counts(files=files, messages=(NASTY,))}
    return Report(**{**values, **changes})


POINTS = tuple(
    TrendPoint(commit="abc", day="2026-01-0" + str(n), subject=NASTY, documented=n, missing=9 - n)
    for n in range(1, 4)
)


def test_names_make_no_element_and_end_none():
    plain = Elements(render_page(Report(name="x", counts=report().counts)))
    page = render_page(report(trend=POINTS))
    elements = Elements(page)
    kinds = {tag for tag, _ in elements.tags}
    assert kinds - {"polygon", "polyline", "line", "circle"} == {tag for tag, _ in plain.tags}
    assert [tag for tag, _ in elements.tags].count("script") == 2
    assert not [name for _, names in elements.tags for name in names if name.startswith("on")]
    assert not [1 for _, names in elements.tags if "style" in names]
    assert "{{" not in page.replace("{{ x }}", "")


def test_the_script_is_given_every_text_unchanged_but_for_what_cannot_be_seen():
    proposal = Proposal(sentence=NASTY, probability=0.599, withheld=NASTY)
    key = (f"a/{NASTY}.py", f"f{NASTY}", 3)
    data = json.loads(Elements(render_page(report(proposals={key: proposal}))).raw["scriptdata"])
    seen = NASTY.replace("\u2028", "\\u2028")
    assert data["files"][0] == [f"a/{seen}.py", 1, 1, 1]
    at, line, kind, name, signature, state, note, sentence, probability = data["gaps"][0]
    assert (at, line, kind, name, signature, state) == (
        0,
        3,
        "function",
        f"f{seen}",
        seen,
        "withheld",
    )
    assert (note, sentence, probability) == (seen, seen, 0.59)
    assert data["gaps"][1][5:] == ["stale", f"g {seen}", "", None]


def test_the_policy_names_the_script_and_the_style_and_allows_nothing_else():
    elements = Elements(render_page(report()))
    policy = next(names["content"] for tag, names in elements.tags
                  if tag == "meta" and names.get("http-equiv"))  # fmt: skip
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for rule, element in (("style-src", "style"), ("script-src", "script")):
        digest = hashlib.sha256(elements.raw[element].encode()).digest()
        assert rules[rule] == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert not re.search(r"https?://(?!www\.w3\.org)", render_page(report()).replace(NASTY, ""))


@pytest.mark.parametrize("proposals", [None, {}])
def test_probabilities_have_a_column_where_a_model_was_asked(proposals):
    page = render_page(report(proposals=proposals))
    assert ("Probability</button>" in page) == (proposals is not None)
    assert ("--propose" in page) == (proposals is None)


def test_the_same_report_gives_the_same_page():
    assert render_page(report(trend=POINTS)) == render_page(report(trend=POINTS))


def test_a_report_of_nothing_is_a_page():
    page = render_page(Report(name="empty", counts=Counts(files=())))
    assert '<svg class="treemap"' not in page
    assert "<strong>-<small>" in page


def test_counts_survive_the_cache():
    counts = report().counts
    assert decode(encode(counts), counts.messages) == counts


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '[["a", 1, 1]]', '[["a", 1, "1", []]]', '[["a", 1, 1, [["f"]]]]', "[" * 9999],
)
def test_other_text_is_no_counts(text):
    with pytest.raises(ValueError, match=r"no counts|Expecting"):
        decode(text, ())
