from __future__ import annotations

import pytest

from docbot.page.chart import HEIGHT, chart
from docbot.page.data import TrendPoint
from docbot.page.folders import add_up, percent
from docbot.page.shown import shown


def test_the_folder_that_lacks_most_comes_first():
    counts = [("a/x.py", 1, 2), ("a/b/y.py", 0, 9), ("z.py", 3, 0), ("a/w.py", 1, 1)]
    rows = [(row.name, row.files, row.documented, row.missing) for row in add_up(counts)]
    assert rows == [("a/b", 1, 0, 9), ("a", 2, 2, 3), (".", 1, 3, 0)]


def test_what_is_not_named_is_added_up():
    rows = add_up(((f"{n:02}/a.py", n, 100 - n) for n in range(50)), most=20)
    assert len(rows) == 20
    assert [row.name for row in rows[:2]] == ["00", "01"]
    assert (rows[-1].name, rows[-1].files, rows[-1].is_rest) == ("31 other folders", 31, True)
    assert sum(row.total for row in rows) == 5000
    assert len(add_up(((f"{n}/a.py", 1, 1) for n in range(20)), most=20)) == 20


def test_files_in_which_nothing_counts_make_no_folder():
    assert add_up([("a/x.py", 0, 0)]) == []


@pytest.mark.parametrize(
    ("documented", "missing", "expected"),
    [(999, 1, 99.9), (9999, 1, 99.9), (1, 0, 100.0), (0, 5, 0.0), (0, 0, 100.0), (2, 1, 66.6)],
)
def test_percents_are_rounded_down(documented, missing, expected):
    assert percent(documented, missing) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain/name.py", "plain/name.py"),
        ("größe/שלום.py", "größe/שלום.py"),
        ("a\u202egnp.py", "a\\u202egnp.py"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("a\nb\tc\x1b[2J", "a\\nb\\tc\\x1b[2J"),
        ("caf\udce9.py", "caf\\xe9.py"),
        ("half\ud83d", "half\\ud83d"),
        ("blank\u3164", "blank\\u3164"),
        ("smile\U0001f600", "smile\U0001f600"),
        ("tag\U000e0041", "tag\\U000e0041"),
    ],
)
def test_what_nobody_can_see_is_shown(name, expected):
    assert shown(name) == expected


def point(documented, missing):
    return TrendPoint(
        commit="c", day="2026-01-01", subject="s", documented=documented, missing=missing
    )


def points_of(counts):
    return [point(*each) for each in counts]


@pytest.mark.parametrize(
    ("points", "marks"),
    [
        ([(61, 39), (79, 21)], ["60 %", "65 %", "70 %", "75 %", "80 %"]),
        ([(0, 10), (10, 0)], ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        ([(10, 0), (10, 0)], ["99.5 %", "100 %"]),
        ([(5, 5), (5, 5), (5, 5)], ["50 %", "50.5 %"]),
        ([(0, 0), (0, 0)], ["0 %", "0.5 %"]),
    ],
)
def test_the_trend_has_a_scale_that_fits_it(points, marks):
    drawn = chart(points_of(points))
    assert [label for _, label in drawn.grid] == marks
    assert all(0 <= dot.y <= HEIGHT for dot in drawn.dots)
    assert [dot.x for dot in drawn.dots] == sorted({dot.x for dot in drawn.dots})
    by_height = sorted(drawn.dots, key=lambda dot: -dot.y)
    percents = [dot.point.percent for dot in by_height]
    assert percents == sorted(percents)


def test_one_commit_is_no_trend():
    assert chart([point(1, 1)]) is None
