from __future__ import annotations

import itertools

import pytest

from docbot.page.treemap import GAP, HEIGHT, WIDTH, tree_map


def area(box):
    return (box.width + GAP) * (box.height + GAP)


def overlap(a, b):
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return across > 0.01 and down > 0.01


FEW = [("a/x.py", 30, 10), ("a/y.py", 0, 20), ("b/z.py", 30, 10), ("c.py", 5, 0)]


def test_areas_are_as_the_numbers_of_definitions():
    tiles = {tile.path: tile for tile in tree_map(FEW)}
    per_definition = WIDTH * HEIGHT / 105
    assert area(tiles["c.py"].box) == pytest.approx(5 * per_definition)
    assert area(tiles["a/"].box) == pytest.approx(60 * per_definition)
    assert (tiles["a/"].documented, tiles["a/"].missing, tiles["a/"].percent) == (30, 30, 50.0)
    inner = area(tiles["a/x.py"].box) / area(tiles["a/y.py"].box)
    assert inner == pytest.approx(2)
    assert {tiles[name].shade for name in ("a/y.py", "a/x.py", "c.py")} == {0, 7, 10}


def test_rectangles_fill_the_map_and_do_not_overlap():
    counts = [(f"{a}/{b}/{n}.py", n, 30 - n) for a in "pq" for b in "rst" for n in range(20)]
    filled = [tile.box for tile in tree_map(counts) if not tile.is_frame]
    assert not any(itertools.starmap(overlap, itertools.combinations(filled, 2)))
    assert sum(map(area, filled)) > 0.85 * WIDTH * HEIGHT
    for box in filled:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= WIDTH + 0.01
        assert box.y + box.height <= HEIGHT + 0.01
        assert max(box.width, box.height) < 5 * min(box.width, box.height) + 40


@pytest.mark.parametrize("folders", [1, 70, 2500])
def test_thousands_of_files_become_few_rectangles_that_count_them_all(folders):
    counts = [(f"pkg/{n % folders}/{n}.py", n % 7, n % 11) for n in range(5000)]
    filled = [tile for tile in tree_map(counts) if not tile.is_frame]
    assert len(filled) < 1600
    assert sum(tile.documented for tile in filled) == sum(n for _, n, _ in counts)
    assert sum(tile.missing for tile in filled) == sum(n for _, _, n in counts)
    assert any("file" in tile.what for tile in filled)


def test_folders_in_folders_in_folders_need_no_recursion():
    deep = "/".join("d" for _ in range(2000))
    tiles = tree_map([(f"{deep}/a.py", 1, 1), (f"{deep}/b.py", 1, 1), ("e/c.py", 1, 0)])
    assert [tile.path for tile in tiles if tile.path == "e/c.py"]
    branching = [("/".join("d" for _ in range(n)) + "/a.py", 1, 1) for n in range(1, 1200, 3)]
    assert 0 < len(tree_map(branching)) < 1600


def test_without_definitions_there_is_no_map():
    assert tree_map([]) == []
    assert tree_map([("a.py", 0, 0)]) == []


def test_a_name_that_does_not_fit_is_cut_or_left_out():
    long = "a_module_with_an_uncommonly_long_name_" * 8 + ".py"
    tiles = tree_map([(long, 50, 50), ("b.py", 1, 0)])
    labels = {tile.path: tile.label for tile in tiles}
    assert labels[long].endswith("\u2026")
    assert len(labels[long]) < 200
