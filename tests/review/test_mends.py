"""What may be suggested in place of lines of a docstring, judged by the lines alone."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docbot.review.findings import Finding, Suggestion
from docbot.review.mends import is_mend

ABOVE = ("def total(prices, rate):", '    """Add up.', "", "    Args:", "        prices: What.")
TAX, RATE = "        tax: The share.", "        rate: The share."
STALE = Finding(
    path="src/shop.py",
    line=6,
    qualname="total",
    kind="function",
    rule="param-renamed",
    subject="rate",
    message="documents the parameter tax, which is now called rate",
    name_line=1,
    suggestion=Suggestion(first=6, last=6, before=(TAX,), after=(RATE,), above=ABOVE),
)
TEN, TWENTY = "        n: The count. Defaults to 10.", "        n: The count. Defaults to 20."
A = ("        a: The first,", "            of two.")
B = ("        b: The second.",)
RENAMED, DEFAULT, ORDER, UNKNOWN = "param-renamed", "param-default", "param-order", "param-unknown"


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (RENAMED, (TAX,), (RATE,)),
        (RENAMED, ("    :param x: A.", "    :type x: b"), ("    :param y: A.", "    :type y: b")),
        (RENAMED, ("    x, y : int",), ("    x, größe : int",)),
        (RENAMED, ("        *args: All.",), ("        *items: All.",)),
        (DEFAULT, (TEN,), (TWENTY,)),
        (DEFAULT, ("    n : int, default 1e-3",), ("    n : int, default None",)),
        (DEFAULT, ('        mode: Defaults to "r".',), ('        mode: Defaults to "rb".',)),
        (DEFAULT, ("        x: Defaults to ``[]``.",), ("        x: Defaults to ``(1, 2)``.",)),
        (ORDER, (*B, *A), (*A, *B)),
        (ORDER, (*B, "", *A), (*A, "", *B)),
        (UNKNOWN, A, ()),
        (UNKNOWN, ("    :param x: A", "    :param y: B", "    :type x: c"), ("    :param y: B",)),
        (UNKNOWN, ("", "    Args:", "        x: It."), ()),
    ],
)  # fmt: skip
def test_what_docbot_mends_is_a_mend(rule, before, after):
    assert is_mend(ABOVE, before, after, rule)
    for other in {RENAMED, DEFAULT, ORDER, UNKNOWN} - {rule}:
        assert not is_mend(ABOVE, before, after, other) or {rule, other} == {RENAMED, DEFAULT}


@pytest.mark.parametrize(
    "above",
    [
        pytest.param(("def f(x):", '    r"""Add up.'), id="raw"),
        pytest.param(("def f(x):", "    '''Add up \"\"\"."), id="other quotes"),
        pytest.param(("class A:  # a class", '    """Add up.'), id="a class"),
        pytest.param(("    async def f(x) -> int:", '        """'), id="async"),
        pytest.param(("    tax=(1, 2)) -> dict[str, int]:", '        """Add.'), id="last of many"),
        pytest.param(("):", '    """Add.'), id="a parenthesis alone"),
        pytest.param(("def f(x):", "", '    """Add.'), id="below a blank line"),
        pytest.param(("def f(x):", '    """Add \\', "    it up \\d."), id="backslashes that stay"),
        pytest.param(("def f(x):", '    """"Adding" it up.'), id="a quote at the start"),
        pytest.param(("def f(x):", '\t"""Add.'), id="a tab"),
    ],
)  # fmt: skip
def test_a_literal_below_a_header_is_a_docstring(above):
    indent = above[-1][: len(above[-1]) - len(above[-1].lstrip())]
    assert is_mend(above, (f"{indent}tax: It.",), (f"{indent}rate: It.",), RENAMED)


@pytest.mark.parametrize(
    "above",
    [
        pytest.param((), id="nothing"),
        pytest.param(("def f(x):",), id="code below the header"),
        pytest.param(("def f(x):", "    y = 1"), id="a statement"),
        pytest.param(("def f(x):", "    y = 1", '    """Add.'), id="below a statement"),
        pytest.param(("def f(x):", "    # so", '    """Add.'), id="below a comment"),
        pytest.param(("def f(x):", '    """Add."""'), id="closed at once"),
        pytest.param(("def f(x):", '    """Add.', '    """'), id="closed below"),
        pytest.param(("def f(x):", '    """Add.', '    \\"""'), id="perhaps closed below"),
        pytest.param(("def f(x):", '    """Add.', '    """, """'), id="closed and opened again"),
        pytest.param(("def f(x):", '    """"""'), id="empty"),
        pytest.param(("def f(x):", '    "Add.'), id="single quotes"),
        pytest.param(("def f(x):", '    f"""Add.'), id="f-string"),
        pytest.param(("def f(x):", '    b"""Add.'), id="bytes"),
        pytest.param(("def f(x):", '    rb"""Add.'), id="raw bytes"),
        pytest.param(("def f(x):", '    u"""Add.'), id="u"),
        pytest.param(("def f(x):", '    ("""Add.'), id="parentheses"),
        pytest.param(("def f(x):", '    y = """Add.'), id="a value"),
        pytest.param(("def f(x):", '"""Add.'), id="not indented"),
        pytest.param(("x = {a:", '    """Add.'), id="a dictionary"),
        pytest.param(("x = {f(a):", '    """Add.'), id="a dictionary's call"),
        pytest.param(("x = a[1:", '    """Add.'), id="a slice"),
        pytest.param(("if x:", '    """Add.'), id="a condition"),
        pytest.param(("x = (", '    """Add.'), id="no header"),
        pytest.param(("def f(x): pass", '    """Add.'), id="a header with its body"),
        pytest.param(('def f(x=""") -> a:', '    """Add.'), id="quotes in the header"),
        pytest.param(("def f(x):\n", '    """Add.'), id="a line feed"),
        pytest.param(("def f(x):", '    """Add.\u202e'), id="bidi"),
        pytest.param(("def f(x):", '    """Add.\n    """; y'), id="a line feed inside"),
    ],
)  # fmt: skip
def test_any_other_lines_are_no_docstring(above):
    assert not is_mend(above, ("    tax: It.",), ("    rate: It.",), RENAMED)


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        pytest.param(RENAMED, (), (), id="nothing"),
        pytest.param(RENAMED, (TAX,), (TAX,), id="no change"),
        pytest.param(RENAMED, (), (RATE,), id="a line more"),
        pytest.param(RENAMED, (TAX,), (RATE, RATE), id="a second line"),
        pytest.param(RENAMED, (TAX,), (), id="a line that goes"),
        pytest.param(RENAMED, (TAX,), ("    import os",), id="code"),
        pytest.param(RENAMED, (TAX,), (RATE[1:],), id="less deep"),
        pytest.param(RENAMED, (TAX,), (f" {RATE}",), id="deeper"),
        pytest.param(RENAMED, (TAX,), (f"{RATE} Run it.",), id="a sentence more"),
        pytest.param(RENAMED, (TAX,), ("        rate: A share.",), id="two words"),
        pytest.param(RENAMED, (TAX,), ("        1: The share.",), id="no name"),
        pytest.param(RENAMED, (TAX, TAX), (RATE, TAX.replace("tax", "cost")), id="two names"),
        pytest.param(RENAMED, (TAX,), (f'{RATE}"""',), id="closing quotes"),
        pytest.param(RENAMED, (f'{TAX}"""',), (f'{RATE}"""',), id="the last line"),
        pytest.param(RENAMED, (f'{TAX}\\"""',), (f'{RATE}\\"""',), id="escaped quotes"),
        pytest.param(RENAMED, (f"{TAX}\\",), (f"{RATE}\\",), id="a backslash"),
        pytest.param(RENAMED, (TAX,), (f"{RATE}\u200b",), id="zero width"),
        pytest.param(RENAMED, (TAX,), (f'{RATE}\n    """\n    import os',), id="a line feed"),
        pytest.param(RENAMED, (f"{TAX}\r",), (f"{RATE}\r",), id="a carriage return"),
        pytest.param(DEFAULT, (TEN,), (TEN.replace("10", "https://evil.example"),), id="a link"),
        pytest.param(DEFAULT, (TEN,), (TEN.replace("10", "x" * 81),), id="a long value"),
        pytest.param(DEFAULT, (TEN,), (TEN.replace("10", "'a\\n'"),), id="an escape"),
        pytest.param(DEFAULT, (TEN,), (TEN.replace("10", '"""'),), id="quotes"),
        pytest.param(DEFAULT, ("        n: 1",), ("    >>> n: 2",), id="a doctest"),
        pytest.param(DEFAULT, ("        n: 1",), ("       n: 1",), id="another indentation"),
        pytest.param(DEFAULT, ("        n: 1",), ("        n: 1", ""), id="another line"),
        pytest.param(DEFAULT, ("        n: 1",), ("        n: <i>",), id="markup"),
        pytest.param(DEFAULT, ("    'n': 1 \"\"",), ("    'n': 1 \"\"\"",), id="quotes in sum"),
        pytest.param(ORDER, (*A, *B), (*B, B[0]), id="another line among them"),
        pytest.param(ORDER, (*A, *B), B, id="fewer lines"),
        pytest.param(ORDER, ("x", *A), (*A, "x"), id="a line outside of the margin"),
        pytest.param(UNKNOWN, A, B, id="a line that was not there"),
        pytest.param(UNKNOWN, (*A, *B), (*B, A[0]), id="another order"),
        pytest.param(UNKNOWN, A, (*A, ""), id="a line more than before"),
        pytest.param(UNKNOWN, (*A, '    """'), A, id="the closing quotes"),
        pytest.param("param-missing", (TAX,), (RATE,), id="a rule without mends"),
        pytest.param("returns-unknown", A, (), id="another one"),
        pytest.param("", (TAX,), (RATE,), id="no rule"),
    ],
)  # fmt: skip
def test_any_other_change_is_no_mend(rule, before, after):
    assert not is_mend(ABOVE, before, after, rule)


lines = st.lists(
    st.lists(
        st.sampled_from([*"\"'\\#;:, \tax1", '"""', "'''", "    ", "tax", "rate", "def f():"]),
        max_size=6,
    ).map("".join),
    max_size=4,
)
BELOW = ("    more.", '    """', "    return 1")


@given(lines, lines, lines, st.sampled_from([RENAMED, DEFAULT, ORDER, UNKNOWN]))
def test_what_is_vouched_for_changes_a_docstring_alone(inside, before, after, rule):
    above = ("def f(x):", '    r"""Add up.', *inside)  # raw: any other escape may be invalid
    for new in (after, sorted(before), before[1:], [b.replace("tax", "rate") for b in before]):
        if not is_mend(above, before, new, rule):
            continue
        trees = []
        for part in (before, new):
            tree = ast.parse("\n".join((*above, *part, *BELOW)))
            first = tree.body[0].body.pop(0)
            assert isinstance(first.value.value, str)
            trees.append(ast.dump(tree))
        assert trees[0] == trees[1]


def test_a_fingerprint_has_the_rule_and_the_subject():
    moved = replace(STALE, line=99, name_line=90, message="other words", suggestion=None)
    assert moved.fingerprint == STALE.fingerprint
    for other in ({"rule": "param-missing"}, {"subject": "tax"}, {"rule": ""}):
        assert replace(STALE, **other).fingerprint != STALE.fingerprint


def test_which_suggestion_is_sound_depends_on_the_rule():
    assert STALE.sound_suggestion == STALE.suggestion
    assert replace(STALE, rule="").sound_suggestion is None
    header = ABOVE[0]
    adds = Suggestion(first=1, last=1, before=(header,), after=(header, '    """Add up."""'))
    assert replace(STALE, rule="", suggestion=adds).sound_suggestion == adds
    assert replace(STALE, suggestion=adds).sound_suggestion is None
