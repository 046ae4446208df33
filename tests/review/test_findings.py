from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docbot.review.findings import Finding, Suggestion


def suggest(before, after):
    return Suggestion(
        first=1, last=len(before), before=tuple(before), after=tuple(after)
    ).docstring()


# What is more than one docstring, or less.

DEF = "def f(x):"
DOC = '    """Do it."""'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([DEF], [DEF], id="no change"),
        pytest.param([DEF], [], id="nothing left"),
        pytest.param([DEF], [DOC], id="the kept line is gone"),
        pytest.param([DEF], ["def g(x):", DOC], id="the kept line changed"),
        pytest.param([DEF], [DEF + " ", DOC], id="a blank more on the kept line"),
        pytest.param([DEF, "    x"], ["    x", DOC, DEF], id="the kept lines swapped"),
        pytest.param([DEF], [DEF, DOC, "    import os"], id="code after"),
        pytest.param([DEF], [DEF, "    import os", DOC], id="code before"),
        pytest.param([DEF], [DEF, "    import os"], id="code alone"),
        pytest.param([DEF], [DEF, DOC + "; import os"], id="a second statement"),
        pytest.param([DEF], [DEF, DOC + ";"], id="a semicolon"),
        pytest.param([DEF], [DEF, DOC + "  # noqa"], id="a comment"),
        pytest.param([DEF], [DEF, DOC + "\t"], id="a tab after"),
        pytest.param([DEF], [DEF, DOC, "    # a comment"], id="a comment below"),
        pytest.param([DEF], [DEF, DOC, DOC], id="two docstrings"),
        pytest.param([DEF], [DEF, '    """a""" """b"""'], id="concatenation"),
        pytest.param([DEF], [DEF, '    """a""""b"""""'], id="concatenation without a blank"),
        pytest.param([DEF], [DEF, "    \"\"\"a\"\"\" 'b' \"\"\"c\"\"\""], id="three of them"),
        pytest.param([DEF], [DEF, "    \"\"\"a\"\"\"'''b'''"], id="other quotes"),
        pytest.param([DEF], [DEF, '    """a""", x, """b"""'], id="a tuple"),
        pytest.param([DEF], [DEF, '    """a""".join(x) + """b"""'], id="a call"),
        pytest.param([DEF], [DEF, '    """a"""', "    .x()", '    """b"""'], id="over lines"),
        pytest.param([DEF], [DEF, '    """a', '    """; x = """', '    """'], id="code inside"),
        pytest.param([DEF], [DEF, '    f"""{x}"""'], id="f-string"),
        pytest.param([DEF], [DEF, '    r"""x"""'], id="raw"),
        pytest.param([DEF], [DEF, '    b"""x"""'], id="bytes"),
        pytest.param([DEF], [DEF, '    u"""x"""'], id="u"),
        pytest.param([DEF], [DEF, '    ("""x""")'], id="parentheses"),
        pytest.param([DEF], [DEF, '    "x"'], id="single quotes"),
        pytest.param([DEF], [DEF, '    """"""'], id="empty"),
        pytest.param([DEF], [DEF, '    """', '    """'], id="blank"),
        pytest.param([DEF], [DEF, '    """"'], id="four quotes"),
        pytest.param([DEF], [DEF, '    """"a"""""'], id="two quotes more"),
        pytest.param([DEF], [DEF, '    """a'], id="not closed"),
        pytest.param([DEF], [DEF, '    """a\\"""', "    import os", '    """'], id="escaped end"),
        pytest.param([DEF], [DEF, '    """a\\', '    """'], id="continued"),
        pytest.param([DEF], [DEF, '    """\\N{BULLET}"""'], id="an escape"),
        pytest.param([DEF], [DEF, "    \\", DOC.strip()], id="a backslash before"),
        pytest.param([DEF], [DEF, DOC + "\\"], id="a backslash after"),
        pytest.param([DEF], [DEF + "\n" + DOC], id="a line feed within a line"),
        pytest.param([DEF], [DEF, DOC + "\n    import os"], id="a line feed in the docstring"),
        pytest.param([DEF], [DEF, '    """a\rimport os"""'], id="a carriage return"),
        pytest.param([DEF], [DEF, DOC + "\r"], id="a carriage return at the end"),
        pytest.param([DEF], [DEF, "\x0c", DOC], id="a form feed"),
        pytest.param([DEF], [DEF, '    """a\x0cb"""'], id="a form feed inside"),
        pytest.param(["\x0cdef f():"], ["\x0cdef f():", DOC], id="a form feed kept"),
        pytest.param([DEF], [DEF, '    """a\x00b"""'], id="NUL"),
        pytest.param([DEF], [DEF, '    """a\u202eb"""'], id="bidi"),
        pytest.param([DEF], [DEF, '    """a\u200bb"""'], id="zero width"),
        pytest.param([DEF], [DEF, '    """a\u2028b"""'], id="line separator"),
        pytest.param([DEF], [DEF, '\u00a0   """a"""'], id="an odd blank"),
        pytest.param([DEF], [DEF, '"""Do it."""'], id="not indented below a header"),
        pytest.param([DEF], [DOC, DEF], id="indented at the top"),
        pytest.param(["x = 1"], ["x = 1", '"""a"""'], id="below code"),
        pytest.param(["x = ("], ["x = (", '    """a"""'], id="within parentheses"),
        pytest.param(["x = \\"], ["x = \\", '    """a"""'], id="below a continued line"),
        pytest.param([DEF, "", "    x"], [DEF, "    x", DOC], id="below the body"),
        pytest.param([DEF, " a", "", " b"], [DEF, DOC, " a", " b"], id="a blank line elsewhere"),
        pytest.param(["", ""], ["", ""], id="blank lines alone"),
    ],
)  # fmt: skip
def test_it_is_not_one_docstring(before, after):
    assert suggest(before, after) == ()


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param([DEF], [DEF, DOC], (1, 2), id="below a header"),
        pytest.param([DEF], [DEF, DOC, ""], (1, 2), id="and a blank line"),
        pytest.param([DEF, "", "    x"], [DEF, DOC, "    x"], (1, 2), id="for a blank line"),
        pytest.param([DEF, "", ""], [DEF, DOC], (1, 2), id="for blank lines at the end"),
        pytest.param(
            [DEF], [DEF, '    """Do it.', "", "    So.", '    """'], (1, 5), id="a blank inside"
        ),
        pytest.param([DEF], [DEF, "    '''Do it.'''"], (1, 2), id="the other quotes"),
        pytest.param([DEF], [DEF, '\t"""Do it."""'], (1, 2), id="a tab"),
        pytest.param([DEF], [DEF, '    """Do "it" and \'it\'."""'], (1, 2), id="quotes inside"),
        pytest.param([DEF], [DEF, "    \"\"\"Do '''it'''.\"\"\""], (1, 2), id="triples inside"),
        pytest.param([DEF], [DEF, '    """Do # it; `x`."""'], (1, 2), id="code inside"),
        pytest.param([DEF], [DEF, '    """Caf\u00e9."""'], (1, 2), id="an accent"),
        pytest.param(["def f(", "):"], ["def f(", "):", DOC], (2, 3), id="a header of two lines"),
        pytest.param(["def f():  # x"], ["def f():  # x", DOC], (1, 2), id="a header's comment"),
        pytest.param(['def f(x="#"):'], ['def f(x="#"):', DOC], (1, 2), id="a hash in a header"),
        pytest.param(["import os"], ['"""Do it."""', "", "import os"], (0, 1), id="a module"),
        pytest.param(["#!x"], ["#!x", '"""Do it."""'], (1, 2), id="a module below a shebang"),
        pytest.param(["# x"], ["# x", "", '"""Do it."""', ""], (2, 3), id="below a licence"),
        pytest.param([""], ['"""Do it."""', ""], (0, 1), id="a module that opens blank"),
        pytest.param(
            [DEF, DEF], [DEF, DOC, DEF], (1, 2), id="the same line twice, below the first"
        ),
        pytest.param([DEF, DOC], [DEF, DOC, DOC], (1, 2), id="beside its like"),
        pytest.param([DOC, DEF], [DOC, DEF, DOC], (2, 3), id="below a header below a string"),
    ],
)  # fmt: skip
def test_it_is_one_docstring(before, after, lines):
    assert suggest(before, after) == tuple(after[slice(*lines)])


pieces = [*"\"'\\#;:,()f \tax", '"""', "'''", "\n", "\n    ", "\r", "\x0c", "\u2028"]
words = st.lists(st.sampled_from(pieces), max_size=8).map("".join)
little = st.one_of(st.just(""), words)
BODY = "    return x"


def tree(lines):
    try:
        return ast.parse("\n".join(lines) + "\n")
    except (SyntaxError, ValueError):
        return None


@given(little, words, little)
def test_what_is_vouched_for_is_a_docstring_and_nothing_else(start, inside, end):
    """Whatever lines are added: Python reads one docstring more, and the rest as before."""
    literal = f'{start}"""{inside}"""{end}'
    after = (DEF, *f"    {literal}".split("\n"))
    added = suggest((DEF,), after)
    if not added or not re.match(" {4}[^ \t]", added[0]):  # the body's indentation is not known
        return
    now, then = tree((*after, BODY)), tree((DEF, BODY))
    first = now.body[0].body.pop(0)
    assert isinstance(first.value.value, str)
    assert ast.dump(now) == ast.dump(then)


plain_words = st.text(alphabet=st.sampled_from("ab .:#'é{}\n"), min_size=1).filter(str.strip)
blank = st.lists(st.sampled_from(["", "  ", "\t"]), max_size=3)


@given(plain_words, st.sampled_from(['"""', "'''"]), blank, blank, blank, st.booleans())
def test_any_docstring_is_vouched_for(inside, quotes, one, two, three, at_top):
    indent = "" if at_top else "    "
    lines = f"{indent}{quotes}x{inside}y{quotes}".split("\n")
    if "'''" in inside:
        return
    body = "import os" if at_top else BODY
    head = [] if at_top else [DEF]
    result = suggest([*head, *one, body], [*head, *two, *lines, *three, body])
    assert result == tuple(lines)


def test_long_repeated_lines_take_no_time_to_speak_of():
    line = '    """a'
    lines = [line] * 20_000
    assert suggest(lines, [*lines, *lines]) == ()
    assert suggest([DEF, *lines], [DEF, *lines, DOC, *lines]) == ()


FINDING = Finding(
    path="src/a.py",
    line=3,
    qualname="f",
    kind="function",
    suggestion=Suggestion(first=3, last=3, before=(DEF,), after=(DEF, DOC)),
)


def test_a_fingerprint_is_the_name_whatever_the_line():
    moved = replace(FINDING, line=99, suggestion=None)
    assert moved.fingerprint == FINDING.fingerprint
    assert len(FINDING.fingerprint) == 16
    for other in ({"path": "b.py"}, {"qualname": "g"}, {"kind": "method"}):
        assert replace(FINDING, **other).fingerprint != FINDING.fingerprint
