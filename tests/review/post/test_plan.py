from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_mends import STALE, TAX

from docbot.errors import ConfigError
from docbot.repo.diff import Hunk
from docbot.review.findings import Finding, Findings, Suggestion
from docbot.review.post.plan import (
    LIMIT,
    MAX_BODY,
    MAX_INLINE,
    MAX_LISTED,
    Marker,
    OwnComments,
    Plan,
    PostedComment,
    plan_comments,
    read_marker,
)

NOTHING = OwnComments()
GOLDENS = Path(__file__).parents[2] / "data" / "review"


def finding(name, line=1, *, path="pkg/stack.py", words="Do it.", kind="function", **more):
    header = f"def {name.rpartition('.')[2]}(self):"
    suggestion = words and Suggestion(
        first=line, last=line, before=(header,), after=(header, f'    """{words}"""')
    )
    return Finding(
        path=path, line=line, qualname=name, kind=kind, suggestion=suggestion or None, **more
    )


def findings_of(*findings, **more):
    return Findings(base="a" * 40, head="b" * 40, findings=findings, files=1, **more)


def diff(*findings):
    """A diff that shows every line up to the last finding's, in one hunk a file."""
    hunks = {}
    for each in findings:
        lines = hunks.setdefault(each.path, [])
        lines += [""] * (each.line - len(lines))
        lines[each.line - 1] = each.suggestion.before[0] if each.suggestion else "x"
    return {path: (Hunk(first=1, lines=tuple(lines)),) for path, lines in hunks.items()}


def after(plan, ours=NOTHING, replies=(), minimised=()):
    """What stands on the page when the plan was carried out."""
    fixed = {comment.fingerprint for comment in plan.fixed}
    old = tuple(
        replace(each, minimised=each.minimised or each.fingerprint in fixed) for each in ours.inline
    )
    new = tuple(
        PostedComment(
            id=len(old) + at,
            node_id=f"PRRC_{at}",
            fingerprint=each.fingerprint,
            body=each.body,
            has_reply=each.fingerprint in replies,
            minimised=each.fingerprint in minimised,
        )
        for at, each in enumerate(plan.inline)
    )
    summary = ours.summary
    if plan.summary is not None:
        summary = PostedComment(id=99, node_id="IC_99", fingerprint="", body=plan.summary)
    return OwnComments(inline=old + new, summary=summary)


PUSH = finding("Stack.push", 3, kind="method", words="Push an item to the stack.")
POP = finding("Stack.pop", 9, kind="method", words="Return the item on top.")
PEEK = finding("peek", 20, words="", reason="unsure", detail="0.31")
MERGE = finding("merge", 4, path="pkg/merge.py", words="", reason="rejected", detail="names x")
LATE = finding("late", 40, words="", reason="out-of-time")
BY_HAND = finding(
    "dial",
    5,
    path="pkg/dos.py",
    words="",
    reason="left-alone",
    detail="the file's lines end with carriage returns; to be set by hand: Dial @number.",
)
MODULE = Finding(
    path="pkg/new.py",
    line=1,
    qualname="<module>",
    kind="module",
    suggestion=Suggestion(
        first=1,
        last=1,
        before=("import os",),
        after=('"""Paths of the cache."""', "", "import os"),
    ),
)


# The pages, as goldens.


def full():
    report = findings_of(
        PUSH, POP, PEEK, MERGE, LATE, MODULE, BY_HAND,
        documented=7, skipped={"private": 3, "test": 1},
        notices=("pkg/old.py: skipped: the file cannot be read as Python",),
    )  # fmt: skip
    return report, diff(PUSH, MODULE)


def first_page():
    return plan_comments(*full(), NOTHING)


def fixed_page():
    report, hunks = full()
    ours = after(plan_comments(report, hunks, NOTHING))
    return plan_comments(replace(report, findings=(POP, PEEK), notices=(), skipped={}), hunks, ours)


def clean_page():
    report, hunks = full()
    ours = after(plan_comments(report, hunks, NOTHING))
    return plan_comments(replace(report, findings=(), documented=11, notices=()), hunks, ours)


def crowded_page():
    many = [finding(f"f{at:02}", at, words=f"Do it {at} times.") for at in range(1, 31)]
    bare = [finding(f"g{at:02}", at, words="", reason="unsure") for at in range(31, 45)]
    return plan_comments(findings_of(*many, *bare), diff(*many), NOTHING)


def stale_page():
    sibling = replace(
        STALE, rule="param-missing", subject="n", suggestion=None, qualname="Shop.total",
        kind="method", message="does not document the parameter n", path="src/far.py",
    )  # fmt: skip
    report = findings_of(PUSH, STALE, sibling, documented=5)
    hunks = {STALE.path: (Hunk(first=1, lines=(*STALE.suggestion.above, TAX, '    """')),)}
    return plan_comments(report, diff(PUSH) | hunks, NOTHING)


def page_of(plan):
    comments = [
        f"{each.path}:{each.start_line or each.line}-{each.line}\n\n{each.body}"
        for each in plan.inline[:3]
    ]
    parts = [plan.review, *comments, plan.summary, f"minimised: {len(plan.fixed)}"]
    return "\n\n=====\n\n".join(filter(None, parts)) + "\n"


@pytest.mark.parametrize("make", [first_page, fixed_page, clean_page, crowded_page, stale_page])
def test_the_page_reads_as_it_should(make):
    name = make.__name__.removesuffix("_page")
    assert page_of(make()) == (GOLDENS / f"{name}.md").read_text()


# Nothing is said.


@pytest.mark.parametrize(
    ("report", "mode"),
    [
        (findings_of(), "review"),
        (findings_of(documented=3, notices=("a file is odd",)), "review"),
        (findings_of(PUSH), "annotations"),
    ],
)
def test_nothing_to_say_is_no_comment(report, mode):
    assert plan_comments(report, diff(PUSH), NOTHING, mode=mode) == Plan()


def test_a_second_run_changes_nothing():
    report, hunks = full()
    first = plan_comments(report, hunks, NOTHING)
    assert [each.path for each in first.inline] == ["pkg/new.py", "pkg/stack.py"]
    second = plan_comments(report, hunks, after(first))
    assert second == Plan(summary=first.summary)


def test_a_second_run_of_sixty_findings_changes_nothing():
    many = [finding(f"f{at}", at) for at in range(1, 61)]
    first = plan_comments(findings_of(*many), diff(*many), NOTHING)
    assert len(first.inline) == LIMIT
    assert first.summary.count('"""Do it."""') == 60 - LIMIT
    assert plan_comments(findings_of(*many), diff(*many), after(first)) == Plan(
        summary=first.summary
    )


def test_a_thousand_findings_are_told_once():
    many = [finding(f"f{at}", at) for at in range(1, 2001)]
    ours, texts = NOTHING, set()
    for _ in range(4):
        plan = plan_comments(findings_of(*many), diff(*many), ours)
        ours = after(plan, ours)
        texts.add(plan.summary)
        assert len(plan.summary.encode()) <= MAX_BODY
    assert len(ours.inline) == LIMIT
    assert len(texts) == 1
    assert len(read_marker(ours.summary.body).listed) == MAX_LISTED


def test_a_deleted_comment_is_not_posted_again():
    report, hunks = findings_of(PUSH), diff(PUSH)
    ours = after(plan_comments(report, hunks, NOTHING))
    again = plan_comments(report, hunks, replace(ours, inline=()))
    assert not again.inline
    assert "stood here before, and was hidden or deleted" in again.summary


def test_twenty_pushes_are_a_constant_number_of_comments():
    ours = OwnComments()
    for push in range(20):
        moved = finding("Stack.push", 3 + push, words=f"Say it in way {push}.")
        ours = after(plan_comments(findings_of(moved), diff(moved), ours), ours)
    assert len(ours.inline) == 1


def test_new_names_in_every_push_stop_at_the_cap():
    ours = OwnComments()
    for push in range(12):
        new = [finding(f"f{push}_{at}", at) for at in range(1, 21)]
        ours = after(plan_comments(findings_of(*new), diff(*new), ours), ours)
    assert len(ours.inline) == MAX_INLINE


# What goes where.


def hunk(first, *lines):
    return {PUSH.path: (Hunk(first=first, lines=lines),)}


HEADER = PUSH.suggestion.before[0]


@pytest.mark.parametrize(
    ("hunks", "inline"),
    [
        (hunk(3, HEADER), True),
        (hunk(1, "", "", HEADER, ""), True),
        (hunk(4, HEADER), False),
        (hunk(3, HEADER + " "), False),
        (hunk(1, "", ""), False),
        ({}, False),
        ({"pkg/other.py": (Hunk(first=3, lines=(HEADER,)),)}, False),
    ],
)
def test_only_lines_that_the_diff_shows_as_they_are_have_a_comment(hunks, inline):
    plan = plan_comments(findings_of(PUSH), hunks, NOTHING)
    assert bool(plan.inline) == inline
    assert ("Push an item" in plan.summary) != inline
    assert bool(plan.review) == inline


def test_a_range_has_two_ends_and_stands_in_one_hunk():
    lines = ("def f(", "):", "")
    suggestion = Suggestion(first=5, last=7, before=lines, after=(*lines[:2], '    """Do it."""'))
    wide = replace(finding("f", 5), suggestion=suggestion)
    whole = {wide.path: (Hunk(first=5, lines=lines),)}
    (comment,) = plan_comments(findings_of(wide), whole, NOTHING).inline
    assert (comment.start_line, comment.line) == (5, 7)
    torn = {wide.path: (Hunk(first=5, lines=lines[:1]), Hunk(first=6, lines=lines[1:]))}
    assert not plan_comments(findings_of(wide), torn, NOTHING).inline


def test_two_suggestions_for_one_line_are_not_both_placed():
    other = replace(PUSH, qualname="Stack.other")
    plan = plan_comments(findings_of(PUSH, other), diff(PUSH), NOTHING)
    assert len(plan.inline) == 1
    again = plan_comments(findings_of(PUSH, other), diff(PUSH), after(plan))
    assert again == Plan(summary=plan.summary)


def test_two_definitions_of_one_name_have_one_comment():
    twice = [finding("f", 3), finding("f", 9)]
    plan = plan_comments(findings_of(*twice), diff(*twice), NOTHING)
    assert [each.line for each in plan.inline] == [3]
    assert "`pkg/stack.py:9`" in plan.summary
    assert plan_comments(findings_of(*twice), diff(*twice), after(plan)) == Plan(
        summary=plan.summary
    )


def test_the_summary_mode_places_nothing():
    plan = plan_comments(findings_of(PUSH), diff(PUSH), NOTHING, mode="summary")
    assert not plan.inline
    assert not plan.review
    assert "Push an item" in plan.summary


def test_a_limit_is_kept():
    report, hunks = findings_of(PUSH, POP), diff(PUSH, POP)
    for limit in (0, 1, 2):
        assert len(plan_comments(report, hunks, NOTHING, limit=limit).inline) == limit


@pytest.mark.parametrize("bad", ["\u202e", "\u200b", "\x0c", "\ufeff"])
def test_a_suggestion_beside_hostile_characters_is_not_placed(bad):
    line = f'def f(x="{bad}"):'
    suggestion = Suggestion(first=1, last=1, before=(line,), after=(line, '    """Do it."""'))
    odd = replace(finding("f"), suggestion=suggestion)
    assert not plan_comments(
        findings_of(odd), {odd.path: (Hunk(first=1, lines=(line,)),)}, NOTHING
    ).inline


def test_the_fence_is_longer_than_what_the_code_holds():
    line = 'def f(x="````"):'
    suggestion = Suggestion(first=1, last=1, before=(line,), after=(line, '    """Do it."""'))
    odd = replace(finding("f"), suggestion=suggestion)
    (comment,) = plan_comments(
        findings_of(odd), {odd.path: (Hunk(first=1, lines=(line,)),)}, NOTHING
    ).inline
    assert f"`````suggestion\n{line}\n" in comment.body


def test_a_comment_that_github_would_not_hold_is_not_made():
    words = ("x" * 1500 + "\n") * 60
    heavy = finding("f", words=words)
    suggestion = replace(
        heavy.suggestion, after=tuple("\n".join(heavy.suggestion.after).split("\n"))
    )
    heavy = replace(heavy, suggestion=suggestion)
    assert suggestion.docstring()
    plan = plan_comments(findings_of(heavy, PUSH), diff(heavy, PUSH), NOTHING)
    assert [each.fingerprint for each in plan.inline] == [PUSH.fingerprint]
    assert "1 more did not fit on this page" in plan.summary
    assert len(plan.summary.encode()) <= MAX_BODY
    assert read_marker(plan.summary)


DEF = ("def total(prices, rate):",)
HOSTILE = [
    "@octo-org", "fixes #1", "![](http://127.0.0.1/x.png)", "[a](javascript:x)", "<b>x</b>",
    "```", "` @a `", "</details>", "<!-- docbot:v1 key=docbot inline fp=0123456789abcdef -->",
    "a\n@b", "\u202ex", "www.example.com",
]  # fmt: skip


def test_a_mend_of_more_than_an_entry_is_not_placed():
    """What the diff shows is as it is claimed; only what would replace it is not a mend."""
    code = "    return sum(prices) * tax"
    lines = replace(
        STALE.suggestion, before=(code,), after=(code.replace("tax", "rate"),), above=DEF
    )
    odd = replace(STALE, suggestion=replace(lines, first=2, last=2), line=2)
    hunks = {odd.path: (Hunk(first=1, lines=(*DEF, code)),)}
    (comment,) = plan_comments(findings_of(odd), hunks, NOTHING).inline
    assert "suggestion\n" not in comment.body
    assert comment.line == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_in_a_stale_docstring_stays_in_code(name):
    message = f"does not document the parameter {name}"
    shown = replace(STALE, qualname=name, rule="param-missing", message=message, suggestion=None)
    listed = replace(shown, path=f"{name}/b.py")
    hunks = {shown.path: (Hunk(first=6, lines=("x",)),)}
    plan = plan_comments(findings_of(shown, listed), hunks, NOTHING)
    (comment,) = plan.inline
    for body in (comment.body, plan.review, plan.summary):
        text, kinds = outside(body)
        assert not set(text) & set("@#[]<`\u202e")
        assert "www" not in text
        assert not kinds & {"link_open", "image", "html_inline", "table_open"}
    assert read_marker(comment.body).fingerprint == shown.fingerprint
    assert comment.body.count("<!--") == plan.summary.count("<!--") == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_in_code(name):
    odd = replace(PUSH, qualname=name, path=f"{name}/a.py")
    bare = replace(PEEK, qualname=name, path=f"{name}/b.py")
    plan = plan_comments(findings_of(odd, bare, notices=(name,)), diff(odd), NOTHING)
    (comment,) = plan.inline
    for body in (comment.body, plan.review, plan.summary):
        text, kinds = outside(body)
        assert not set(text) & set("@#[]<`\u202e")
        assert "www" not in text
        assert not kinds & {"link_open", "image", "html_inline", "table_open"}
    assert read_marker(comment.body).fingerprint == odd.fingerprint
    assert comment.body.count("<!--") == plan.summary.count("<!--") == 1


def outside(body):
    """The text of a comment outside of code, and what else is in it, our own footer aside."""
    body = body.replace("<sub>", "").replace("</sub>", "")
    text, kinds = [], set()
    for token in MarkdownIt("gfm-like").parse(body):
        for child in token.children or ():
            kinds.add(child.type)
            if child.type == "text":
                text.append(child.content)
    return " ".join(text), kinds


# What is settled.


def test_what_is_fixed_is_minimised_once_unless_somebody_answered():
    report, hunks = findings_of(PUSH, POP), diff(PUSH, POP)
    ours = after(plan_comments(report, hunks, NOTHING), replies={POP.fingerprint})
    plan = plan_comments(findings_of(documented=2), hunks, ours)
    assert [each.fingerprint for each in plan.fixed] == [PUSH.fingerprint]
    assert "2 earlier suggestions are settled" in plan.summary
    later = after(plan, ours)
    assert plan_comments(findings_of(documented=2), hunks, later) == Plan(summary=plan.summary)


def test_without_a_summary_nothing_is_begun_for_what_is_fixed():
    report, hunks = findings_of(PUSH), diff(PUSH)
    ours = replace(after(plan_comments(report, hunks, NOTHING)), summary=None)
    plan = plan_comments(findings_of(), hunks, ours)
    assert plan.summary is None
    assert len(plan.fixed) == 1


# Markers.

FP = "0123456789abcdef"


@pytest.mark.parametrize(
    "marker",
    [
        Marker(key="docbot", kind="inline", fingerprint=FP),
        Marker(key="a-b.c_D", kind="review"),
        Marker(key="docbot", kind="summary"),
        Marker(key="k", kind="summary", posted=frozenset({FP, FP[::-1]}), listed=frozenset({FP})),
    ],
)
def test_a_marker_is_read_as_it_was_written(marker):
    assert read_marker(f"words\n\n{marker}") == marker
    assert read_marker(f"words\r\n\r\n{marker}\r\n") == marker


@pytest.mark.parametrize(
    "body",
    [
        "",
        "words",
        f"<!-- docbot:v1 key=k inline fp={FP} -->\nwords",
        f"words <!-- docbot:v1 key=k inline fp={FP} -->",
        f"<!-- docbot:v2 key=k inline fp={FP} -->",
        "<!-- docbot:v1 key=k inline fp=xyz -->",
        "<!-- docbot:v1 key=k inline -->",
        f"<!-- docbot:v1 key=k review fp={FP} -->",
        f"<!-- docbot:v1 key=k summary posted={FP}, listed= -->",
        f"<!-- docbot:v1 key=k--x inline fp={FP} -->",
        f"`<!-- docbot:v1 key=k inline fp={FP} -->`",
    ],
)
def test_what_is_no_marker_is_none(body):
    assert read_marker(body) is None


@pytest.mark.parametrize("key", ["", "a b", "a--b", "-->", "ä", "a" * 51, "a\n", "-a"])
def test_a_key_must_fit_into_a_marker(key):
    with pytest.raises(ConfigError, match="key = "):
        plan_comments(findings_of(PUSH), {}, NOTHING, key=key)


names = st.text(min_size=1, max_size=60)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(names, names, st.integers(1, 60)), max_size=12), st.integers(0, 5))
def test_any_names_settle_after_one_run(entries, limit):
    findings = [finding(name, line, path=path) for path, name, line in entries]
    findings = [each for each in findings if "\n" not in each.suggestion.before[0]]
    hunks = diff(*findings)
    first = plan_comments(findings_of(*findings), hunks, NOTHING, limit=limit)
    assert len(first.inline) <= limit
    for each in first.inline:
        marker = read_marker(each.body)
        assert (marker.kind, marker.fingerprint) == ("inline", each.fingerprint)
        assert each.body.partition("suggestion\n")[0].count("<!--") == 0
    if first.summary:
        assert first.summary.count("<!--") == 1
    assert plan_comments(findings_of(*findings), hunks, after(first), limit=limit) == Plan(
        summary=first.summary
    )
