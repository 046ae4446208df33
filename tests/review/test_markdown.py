from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from docbot.review.markdown import code, fence, has_invisible, neutralise, one_line

TICKS = "```"
CORPUS = [
    "@octo-org",
    "pkg/@octocat/a.py",
    "fixes #1",
    "GH-12 and octo/repo#3 and octo/repo@0123456789abcdef0123456789abcdef01234567",
    "deadbeefdeadbeef",
    "![x](http://127.0.0.1/pixel.png)",
    "[click](javascript:alert(1))",
    "[a]: http://x.example",
    "<https://x.example>",
    "www.example.com and mail@example.com and http://example.com",
    "<img src=x onerror=alert(1)>",
    "</details></summary><script>",
    "<!-- docbot:v1 key=docbot inline fp=0123456789abcdef -->",
    "<!<!---- x ---->-->",
    "a --> b",
    f"{TICKS}\n@octocat\n{TICKS}",
    "`@octocat`",
    "``` `` ` @a ` `` ```",
    "a\n\n# heading\n\n- item\n\n> quote",
    "a\r@b\x85@c\u2028@d\u2029@e",
    "1. one",
    "*bold* _it_ ~~gone~~ $`x`$ $y$",
    "| a | b |\n|---|---|\n| c | d |",
    "\\@octocat \\`x\\`",
    "&#64;octocat &lt;b&gt;",
    ":tada: @\u200boctocat",
    "\u202eevil\u2066",
    "a\x00b\x1b[31mc",
    "    indented",
    "~~~\nfence",
    "---",
    "",
    " ",
    "`",
    " `` ",
    "\ud800",
    "x" * 5000,
]


def rendered():
    return MarkdownIt("gfm-like").enable(["table", "strikethrough", "linkify"])


def outside(markdown):
    """Inline text outside of code, and the kinds of all tokens."""
    texts, kinds = [], set()
    for token in rendered().parse(markdown):
        kinds.add(token.type)
        for child in token.children or ():
            kinds.add(child.type)
            if child.type == "text":
                texts.append(child.content)
    return "".join(texts), kinds


INNOCENT = {"paragraph_open", "paragraph_close", "inline", "text", "code_inline"}


@pytest.mark.parametrize("text", CORPUS)
def test_a_code_span_lets_nothing_out(text):
    words, kinds = outside(f"The function {code(text)} has none.")
    assert words == "The function  has none."
    assert kinds == INNOCENT


@given(st.text(), st.text())
def test_no_text_leaves_its_code_span(one, other):
    words, kinds = outside(f"See {code(one)} and {code(other)}.")
    assert words == "See  and ."
    assert kinds == INNOCENT


ticks = st.text(alphabet="` ~<!->@#a\n")


@given(ticks, ticks)
def test_no_backticks_leave_their_code_span(one, other):
    words, kinds = outside(f"See {code(one)} and {code(other)}.")
    assert words == "See  and ."
    assert kinds == INNOCENT


@pytest.mark.parametrize("text", CORPUS)
def test_a_code_span_holds_no_comment(text):
    assert "<!--" not in code(text)
    assert "-->" not in code(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("push", "`push`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a``", "``` a`` ```"),
        ("", "`  `"),
        ("a\n b\t c", "`a b c`"),
        ("a\u202eb\u200bc\x07d", "`abcd`"),
        ("x" * 300, f"`{'x' * 197}...`"),
        ("<!-- x -->", "`x`"),
        ("a|b", "`a|b`"),
    ],
)
def test_code(text, expected):
    assert code(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the model was not sure enough", "the model was not sure enough"),
        ("It's here, isn't it?", "It's here, isn't it?"),
        ("3 files (left) alone: 0.31, so.", "3 files (left) alone: 0.31, so."),
        ("src/a.py: skipped", "`src/a.py`: skipped"),
        ("not used (src/a.py: line 1)", "not used (`src/a.py`: line `1`)"),
        ("(see x/y, @z).", "(see `x/y, @z`)."),
        ("so :: and (((", "so `:`: and ((`(`"),
        ("ask @octocat about #1 now", "ask `@octocat` about `#1` now"),
        ("see GH-12", "see `GH-12`"),
        ("at deadbeef", "at `deadbeef`"),
        ("see www.example.com", "see `www.example.com`"),
        ("two @a @b words", "two `@a @b` words"),
        ("1. one", "`1`. one"),
        ("- item", "`-` item"),
    ],
)
def test_plain(text, expected):
    assert neutralise(text) == expected


def references(text):
    return re.search(r"[@#<>\[\]|*_`/\\&$]|GH-|www\.|[0-9a-f]{7}", text)


@pytest.mark.parametrize("text", CORPUS)
def test_plain_text_lets_nothing_out(text):
    words, kinds = outside(f"- {neutralise(text)}")
    assert not references(words)
    assert kinds <= INNOCENT | {
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
    }  # fmt: skip


@given(st.one_of(st.text(), ticks, st.text(alphabet="aB1-#@. /:<`")))
def test_no_text_is_markup_in_plain(text):
    words, kinds = outside(f"So {neutralise(text)}")
    assert not references(words)
    assert kinds <= INNOCENT


@pytest.mark.parametrize("text", CORPUS)
def test_a_fence_holds_its_lines(text):
    lines = tuple(text.split("\n"))
    tokens = rendered().parse(f"a\n\n{fence(lines, 'suggestion')}\n\nb")
    assert [t.type for t in tokens if t.type == "fence"] == ["fence"]
    assert {t.type for t in tokens} == {"paragraph_open", "inline", "paragraph_close", "fence"}


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))
    )
)
def test_a_fence_is_not_left(lines):
    tokens = rendered().parse(f"a\n\n{fence(lines, 'suggestion')}\n\nb")
    (block,) = [t for t in tokens if t.type == "fence"]
    assert block.info == "suggestion"
    assert block.content == "".join(f"{line}\n" for line in lines)
    assert len(tokens) == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(a, b):", False),
        ("\tx = 1", False),
        ("caf\u00e9 \u4f60\u597d \U0001f600", False),
        ("a\u0301", False),
        ("a\u202eb", True),
        ("a\u2066b", True),
        ("a\u200bb", True),
        ("a\ufeffb", True),
        ("a\u00adb", True),
        ("a\x0cb", True),
        ("a\x00b", True),
        ("a\x85b", True),
        ("a\rb", True),
        ("a\u2028b", True),
        ("a\u3164b", True),
        ("a\U000e0041b", True),
        ("\udc80", True),
    ],
)
def test_what_makes_text_read_otherwise_is_hostile(text, expected):
    assert has_invisible(text) is expected


@given(st.text())
def test_what_is_shown_is_not_hostile(text):
    line = one_line(text, 50)
    assert not has_invisible(line)
    assert len(line) <= 50
