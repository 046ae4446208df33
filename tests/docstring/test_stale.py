"""Docstrings are mended entry by entry; every other byte stays."""

from __future__ import annotations

import pytest

from docbot.docstring.stale import mend_file
from docbot.drift.drift import DriftRule

GOOGLE = '''\
def f({params}):
    """Do it.

    Args:
        a (int): One,
            and more.
        b: Two. Defaults to 3.
        c: Three.

    Returns:
        Nothing that matters.
    """
    return 1
'''
NUMPY = '''\
class Box:
    def f(self, {params}):
        r"""Do it \\d.

        Parameters
        ----------
        a : int
            One,

            and more.
        b : int, default 3
            Two.
        c
            Three.

        See Also
        --------
        g
        """
'''
SPHINX = '''\
def f({params}):
    """Do it.

    :param a: One,
        and more.
    :type a: int
    :param b: Two, by default 3
    :param c: Three.
    """
'''


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that went and those that came, without their indentation."""
    old, new = before.split("\n"), after.split("\n")
    return (
        [line.strip() for line in old if line not in new],
        [line.strip() for line in new if line not in old],
    )


@pytest.mark.parametrize(
    ("template", "params", "gone", "new"),
    [
        (GOOGLE, "a, b=3, cc=0", ["c: Three."], ["cc: Three."]),
        (GOOGLE, "a, b=3", ["c: Three."], []),
        (GOOGLE, "a, b=4, c=0", ["b: Two. Defaults to 3."], ["b: Two. Defaults to 4."]),
        (GOOGLE, "b, c", ["a (int): One,", "and more."], []),
        (NUMPY, "aa, b=3, c=0", ["a : int"], ["aa : int"]),
        (NUMPY, "a, b=5, c=0", ["b : int, default 3"], ["b : int, default 5"]),
        (NUMPY, "a, b=3", ["c", "Three."], []),
        (
            SPHINX,
            "aa, b=3, c=0",
            [":param a: One,", ":type a: int"],
            [":param aa: One,", ":type aa: int"],
        ),
        (SPHINX, "b=3, c=0", [":param a: One,", "and more.", ":type a: int"], []),
    ],
)  # fmt: skip
def test_only_the_entry_changes(template, params, gone, new):
    before = template.format(params=params)
    mended = mend_file(before.encode())
    assert lines_changed(before, mended.after.decode()) == (gone, new)
    assert mended.left == ()
    assert mend_file(mended.after).after == mended.after


def test_entries_move_with_all_their_lines():
    before = GOOGLE.format(params="c, b=3, a=1")
    expected = before.replace(
        "        a (int): One,\n            and more.\n        b: Two. Defaults to 3.\n"
        "        c: Three.\n",
        "        c: Three.\n        b: Two. Defaults to 3.\n        a (int): One,\n"
        "            and more.\n",
    )
    assert mend_file(before.encode()).after.decode() == expected


def test_names_are_mended_before_the_order():
    before = GOOGLE.format(params="c, b2, a=1")
    after = mend_file(before.encode()).after.decode()
    places = [after.index(f"\n        {name}") for name in ("c:", "b2:", "a (int):")]
    assert places == sorted(places)


def test_a_section_without_an_entry_goes_too():
    section = "    Args:\n        a: One.\n\n"
    before = (
        f'def f():\n    """Do it.\n\n{section}    Returns:\n        Two.\n    """\n    return 1\n'
    )
    assert mend_file(before.encode()).after.decode() == before.replace(section, "")


def test_what_a_person_has_to_mend_is_left():
    before = GOOGLE.format(params="a, b, c, d")
    mended = mend_file(before.encode())
    assert mended.after == before.encode()
    assert [drift.rule.value for drift in mended.left] == ["param-missing"]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_encodings_and_line_endings_stay(encoding):
    text = f"# coding: {encoding}\n" + GOOGLE.format(params="a, b=3, cc=0").replace("One", "Stück")
    before = text.replace("\n", "\r\n").encode(encoding)
    after = mend_file(before).after
    assert after == before.replace(b" c: Three", b" cc: Three")


def test_a_literal_with_escapes_is_left_alone():
    before = GOOGLE.format(params="a, b=3, cc=0").replace("One,", "One\\n").encode()
    mended = mend_file(before)
    assert mended.after == before
    assert [drift.rule.value for drift in mended.left] == ["param-renamed"]


@pytest.mark.parametrize(
    ("template", "params", "after", "lines"),
    [
        (GOOGLE, "a, x: int, b=3, c=0", "            and more.\n", "        x: How many.\n"),
        (GOOGLE, "a, b=3, c=0, x=1", "        c: Three.\n", "        x: How many.\n"),
        (GOOGLE, "x, a, b=3, c=0", "    Args:\n", "        x: How many.\n"),
        (
            NUMPY,
            "a, x: int, b=3, c=0",
            "            and more.\n",
            "        x : int\n            How many.\n",
        ),
        (
            SPHINX,
            "a, x: int, b=3, c=0",
            "    :type a: int\n",
            "    :param x: How many.\n    :type x: int\n",
        ),
    ],
)
def test_a_missing_entry_is_written_at_its_place(template, params, after, lines):
    before = template.format(params=params)
    qualname = "Box.f" if template is NUMPY else "f"
    words = {(qualname, "x"): "How many."}
    mended = mend_file(before.encode(), phrases=words, width=88)
    assert mended.after.decode() == before.replace(after, after + lines)
    assert mended.left == ()
    assert mend_file(mended.after, phrases=words, width=88).after == mended.after


def test_long_words_for_an_entry_are_wrapped():
    before = GOOGLE.format(params="a, b=3, c=0, x=1").encode()
    words = {("f", "x"): "The number of times that the thing is done before it is given up."}
    after = mend_file(before, phrases=words, width=60).after.decode()
    assert (
        "        x: The number of times that the thing is done before\n"
        "            it is given up.\n\n    Returns:\n"
    ) in after


def test_entries_with_blank_lines_between_them_get_one_too():
    section = "    Args:\n        a: One.\n\n        b: Two.\n"
    before = f'def f(a, b, x):\n    """Do it.\n\n{section}    """\n    return 1\n'
    after = mend_file(before.encode(), phrases={("f", "x"): "How many."}, width=88).after
    assert after.decode() == before.replace(section, f"{section}\n        x: How many.\n")


def test_a_section_of_entries_that_all_go_is_removed_whole():
    before = function_with(
        "def f():", "Args:\n        a: One.\n        b: Two.\n\n    Returns:\n        A thing."
    )
    mended = mend_file(before.encode())
    assert "Args" not in mended.after.decode()
    assert "Returns:\n        A thing." in mended.after.decode()
    assert mend_file(mended.after).after == mended.after


@pytest.mark.parametrize(
    "rest", ["Note that `b` is slow.", "Raises:\n        OSError: if `b` is 0."]
)
def test_what_the_docstring_also_says_of_a_name_is_for_a_person(rest):
    before = function_with("def f(a):", f"Args:\n        a: One.\n        b: Two.\n\n    {rest}")
    mended = mend_file(before.encode())
    assert mended.after == before.encode()
    assert [drift.rule for drift in mended.left] == [DriftRule.PARAM_UNKNOWN]


@pytest.mark.parametrize(
    ("entries", "header"),
    [
        ("colour: One. Defaults to 3.\n", "def f(color=4):"),
        ("q_norm: One.\n        k_norm: Two.\n", "def f(block_norm):"),
        ("colour: One, as `colour` says.\n\n    Of `colour` more.", "def f(color):"),
    ],
)
def test_a_name_that_may_be_another_parameters_is_left(entries, header):
    before = function_with(header, f"Args:\n        {entries}")
    mended = mend_file(before.encode())
    assert mended.after == before.encode()
    assert mended.left


def test_a_default_keeps_its_quotes():
    section = "Args:\n        a: One. Defaults to ``'x'``.\n        b: Two. Defaults to 'x'."
    before = function_with('def f(a="y", b="z"):', section)
    after = mend_file(before.encode()).after.decode()
    assert after == before.replace("``'x'``", "``'y'``").replace("to 'x'", "to 'z'")


@pytest.mark.parametrize("gone", "abc")
def test_the_blank_lines_between_entries_go_with_one(gone):
    entries = {name: f"{name} : int\n        One.\n" for name in "abc"}
    head = "def f({}):".format(", ".join(name for name in "abc" if name != gone))
    section = "Parameters\n    ----------\n    {}\n    Returns\n    -------\n    int"
    before = function_with(head, section.format("\n    ".join(entries.values())))
    left = [entry for name, entry in entries.items() if name != gone]
    after = mend_file(before.encode()).after.decode()
    assert after == function_with(head, section.format("\n    ".join(left)))


@pytest.mark.parametrize("why", ["Renamed to b.", "Here for historic reasons.", "Deprecated: b."])
def test_an_old_name_stays_below_the_new_one(why):
    section = f"Args:\n        b: Two.\n        a: One. {why}"
    before = function_with("def f(a, b):", section)
    mended = mend_file(before.encode())
    assert (mended.after, len(mended.left)) == (before.encode(), 1)


def function_with(header: str, sections: str) -> str:
    return f'{header}\n    """Do it.\n\n    {sections}\n    """\n    return use()\n'
