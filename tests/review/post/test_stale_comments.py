"""Stale docstrings on a pull request's page: a mend, words, or a line of the summary."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_github.client import patch
from fake_github.fake import File
from fake_github.html import html
from fake_github.page import finding, listing
from markdown_it import MarkdownIt
from test_mends import ABOVE, RATE, STALE, TAX

from docbot.review.findings import Suggestion
from docbot.review.post.plan import LIMIT
from docbot.review.post.post import Outcome

pytestmark = [pytest.mark.usefixtures("plain_network"), pytest.mark.contract]

BELOW = ("        n: The count. Defaults to 10.", '    """', "    return sum(prices) * rate")
SOURCE = (*ABOVE, TAX, *BELOW)
FILE = File(STALE.path, patch(SOURCE))
SENTENCE = "`total` documents the parameter `tax`, which is now called `rate`. (`param-renamed`)"
DEFAULT = replace(
    STALE,
    line=7,
    rule="param-default",
    subject="n",
    message="states the default 10 of n, which is 20",
    suggestion=Suggestion(
        first=7,
        last=7,
        before=BELOW[:1],
        after=(BELOW[0].replace("10", "20"),),
        above=(*ABOVE, TAX),
    ),
)
GONE = replace(
    STALE,
    rule="param-unknown",
    subject="tax",
    message="documents the parameter tax, which the signature lacks",
    suggestion=replace(STALE.suggestion, after=()),
)
MISSING = replace(
    STALE,
    line=4,
    rule="param-missing",
    message="does not document the parameter rate",
    suggestion=None,
)


def suggested(comment):
    """The lines of a comment's suggestion, as GitHub takes them; None without one."""
    blocks = [t for t in MarkdownIt().parse(comment.body) if t.info == "suggestion"]
    return blocks[0].content.split("\n")[:-1] if blocks else None


def applied(comments):
    """The file after "Commit suggestion" on each."""
    lines = list(SOURCE)
    for comment in sorted(comments, key=lambda c: c.line, reverse=True):
        first = comment.start_line or comment.line
        assert tuple(lines[first - 1 : comment.line]) == comment.text
        lines[first - 1 : comment.line] = suggested(comment)
    return tuple(lines)


def test_a_mend_is_a_comment_with_exactly_its_lines(page):
    review = page(FILE)
    assert review.run((STALE,)) == Outcome(posted=1, summary="created")
    (comment,) = review.pull.inline
    assert (comment.path, comment.start_line, comment.line) == (STALE.path, None, 6)
    assert comment.body.startswith(f"{SENTENCE}\n\n```suggestion\n{RATE}\n```\n\n<!--")
    assert applied([comment]) == (*ABOVE, RATE, *BELOW)
    assert "docbot: 1 stale entry is pointed out in place." in review.pull.reviews[0].body
    assert "1 docstring is stale" in review.summary
    assert "1 comment in place" in review.summary
    review.github.requests.clear()
    assert review.run((STALE,)) == Outcome(summary="unchanged")
    assert review.github.writes == []


def test_two_drifts_of_one_function_are_two_comments(page):
    review = page(FILE)
    assert review.run((STALE, DEFAULT)).posted == 2
    assert [comment.line for comment in review.pull.inline] == [6, 7]
    assert "docbot: 2 stale entries are pointed out in place." in review.pull.reviews[0].body
    assert "1 docstring is stale" in review.summary
    assert applied(review.pull.inline) == (
        *ABOVE, RATE, BELOW[0].replace("10", "20"), *BELOW[1:]
    )  # fmt: skip


def test_lines_that_go_are_an_empty_suggestion(page):
    review = page(FILE)
    review.run((GONE,))
    (comment,) = review.pull.inline
    assert "```suggestion\n```\n" in comment.body
    assert applied([comment]) == (*ABOVE, *BELOW)
    assert '<div class="suggestion">' in html(review.pull, review.github.page(review.pull))


def test_one_line_has_one_suggestion_and_the_other_is_in_words(page):
    review = page(FILE)
    both = (STALE, replace(GONE, subject="tax"))
    assert review.run(both).posted == 2
    assert [suggested(comment) for comment in review.pull.inline] == [[RATE], None]
    assert [comment.line for comment in review.pull.inline] == [6, 6]


def test_what_only_a_person_can_mend_is_said_on_its_line(page):
    review = page(FILE)
    review.run((MISSING,))
    (comment,) = review.pull.inline
    assert (comment.line, comment.start_line, suggested(comment)) == (4, None, None)
    assert comment.body.startswith(
        "`total` does not document the parameter `rate`. (`param-missing`)\n\n<!--"
    )


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        ((SOURCE[:4], 1), 1),  # only the header and the top of the docstring
        ((SOURCE[1:], 2), 6),  # the entry, and not the header
        ((SOURCE[3:7], 4), 6),
        ((SOURCE[7:], 8), None),
    ],
)
def test_a_docstring_that_the_diff_does_not_show_gets_words(page, shown, line):
    lines, first = shown
    review = page(File(STALE.path, patch(lines, first)))
    review.run((STALE,))
    assert [comment.line for comment in review.pull.inline] == ([line] if line else [])
    assert not any(map(suggested, review.pull.inline))
    item = f"1 place where a docstring is stale:\n\n- `src/shop.py:6` {SENTENCE}"
    assert (item in review.summary) == (line is None)


def test_a_diff_that_tears_the_docstring_apart_gets_words(page):
    parts = "\n".join((patch(SOURCE[:3]), patch(SOURCE[3:], 4)))
    review = page(File(STALE.path, parts))
    review.run((STALE,))
    assert [suggested(comment) for comment in review.pull.inline] == [None]


def tampered(**changes):
    return replace(STALE, suggestion=replace(STALE.suggestion, **changes))


CODE = "    return sum(prices) * rate"
HOSTILE = [
    pytest.param(
        tampered(
            first=9,
            last=9,
            before=(CODE,),
            after=(CODE.replace("rate", "tax"),),
            above=SOURCE[:8],
        ),
        id="below the docstring",
    ),
    pytest.param(
        tampered(first=9, last=9, before=(CODE,), after=("    import os",), above=ABOVE[-5:]),
        id="below, said to be within",
    ),
    pytest.param(
        tampered(first=1, last=1, before=ABOVE[:1], after=("def total(tax):",), above=()),
        id="the header",
    ),
    pytest.param(
        tampered(first=2, last=2, before=ABOVE[1:2], after=('    """Sum up.',), above=ABOVE[:1]),
        id="the opening line",
    ),
    pytest.param(
        tampered(first=8, last=8, before=BELOW[1:2], after=(), above=SOURCE[:7]),
        id="the closing line",
    ),
    pytest.param(tampered(after=(f'{RATE}"""',)), id="quotes"),
    pytest.param(tampered(after=(f"{RATE}\\",)), id="a backslash"),
    pytest.param(tampered(after=("    import os",)), id="code"),
    pytest.param(tampered(after=(RATE, RATE)), id="more lines"),
    pytest.param(tampered(after=(RATE[2:],)), id="less deep"),
    pytest.param(tampered(after=(f"  {RATE}",)), id="deeper"),
    pytest.param(tampered(after=(f"{RATE}\u202e",)), id="bidi"),
    pytest.param(tampered(after=(f"{RATE}\n    import os",)), id="a line feed"),
    pytest.param(tampered(after=(RATE.replace("share", "lie"),)), id="other words"),
    pytest.param(tampered(above=(*ABOVE[:4], "        prices: Other.")), id="other lines above"),
    pytest.param(tampered(above=ABOVE[1:]), id="no header"),
    pytest.param(tampered(before=(RATE,), after=(TAX,)), id="other lines before"),
    pytest.param(tampered(first=5, last=5, above=ABOVE[:4]), id="another line"),
    pytest.param(replace(STALE, rule="param-order"), id="another rule's mend"),
    pytest.param(replace(STALE, rule=""), id="no rule"),
]


@pytest.mark.parametrize("odd", HOSTILE)
def test_what_is_no_mend_of_these_lines_is_no_suggestion(page, odd):
    review = page(FILE)
    review.run((odd,))
    assert not any(map(suggested, review.pull.inline))
    assert not any("suggestion\n" in comment.body for comment in review.pull.inline)
    assert "import os" not in review.summary
    assert len(review.pull.inline) == bool(odd.rule)


def test_a_docstring_that_is_code_is_none(page):
    source = ("x = {f(a):", '    """tax', "    tax", '    """}')
    review = page(File(STALE.path, patch(source)))
    lines = Suggestion(first=3, last=3, before=("    tax",), after=("    rate",), above=source[:2])
    review.run((replace(STALE, line=3, suggestion=lines),))
    assert [suggested(comment) for comment in review.pull.inline] == [None]


def test_a_message_that_is_not_docbots_is_not_said(page):
    review = page(FILE)
    review.run((replace(STALE, message="is approved by @octo-org", suggestion=None),))
    (comment,) = review.pull.inline
    assert comment.body.startswith("`total` has a stale docstring. (`param-renamed`)\n\n<!--")


def test_a_mend_that_was_made_is_folded_and_the_other_stays(page):
    review = page(FILE)
    review.run((STALE, DEFAULT))
    one, two = review.pull.inline
    mended = (*ABOVE, RATE, *BELOW)
    review.push(File(STALE.path, patch(mended)))
    left = replace(DEFAULT, suggestion=replace(DEFAULT.suggestion, above=mended[:6]))
    assert review.run((left,)) == Outcome(minimised=1, summary="edited")
    assert (one.minimised, two.minimised) == ("outdated", None)
    assert "1 earlier suggestion is settled: documented, mended" in review.summary


def test_a_thread_is_kept_when_lines_move(page):
    review = page(FILE)
    review.run((STALE,))
    review.push(File(STALE.path, patch(("import os", *SOURCE))))
    moved = replace(STALE.suggestion, first=7, last=7)
    later = replace(STALE, line=7, name_line=2, suggestion=moved)
    assert review.run((later,)) == Outcome(summary="unchanged")
    assert [comment.minimised for comment in review.pull.inline] == [None]


def test_the_limit_is_of_both_kinds_together(page):
    count = LIMIT - 1
    file, missing = listing(*(f"f{at:02}" for at in range(count)))
    review = page(file, FILE)
    assert review.run((*missing, STALE, DEFAULT)).posted == LIMIT
    assert [c.path for c in review.pull.inline].count(STALE.path) == 1
    body = review.pull.reviews[0].body
    assert f"{count} docstrings are suggested and 1 stale entry is pointed out in place" in body
    heading = f"{count} of {count} new or changed definitions have no docstring, and 1 docstring"
    assert heading in review.summary
    assert (
        "1 place where a docstring is stale:\n\n- `src/shop.py:7` `total` states" in review.summary
    )
    review.github.requests.clear()
    assert review.run((*missing, STALE, DEFAULT)) == Outcome(summary="unchanged")
    assert review.github.writes == []


def test_a_missing_docstring_and_a_stale_one_share_a_page(page):
    file, _ = listing("one")
    review = page(file, FILE)
    review.run((finding("one"), STALE))
    assert [suggested(c)[0] for c in review.pull.inline] == ["def one(x):", RATE]
