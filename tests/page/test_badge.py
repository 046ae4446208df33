from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from docbot.page.badge import NOTHING, badge, colour

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("percent", "text"),
    [(100.0, "100.0%"), (41.9, "41.9%"), (0.0, "0.0%"), (None, "none")],
)
def test_a_badge_is_an_image_that_says_the_coverage(percent, text):
    image = ET.fromstring(badge(percent))
    assert image.find(f"{SVG}title").text == f"docstrings: {text}"
    assert [each.text for each in image.iter(f"{SVG}text")][-1] == text
    colours = [each.get("fill") for each in image.iter(f"{SVG}rect")]
    assert colour(percent) in colours
    widths = [float(each.get("width")) for each in image.findall(f"{SVG}g/{SVG}rect")]
    assert widths[0] + widths[1] == widths[2] == float(image.get("width"))
    assert badge(percent) == badge(percent)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (100, "#4c1"),
        (95, "#4c1"),
        (94.9, "#97ca00"),
        (90, "#97ca00"),
        (89.9, "#a4a61d"),
        (74.9, "#dfb317"),
        (59.9, "#fe7d37"),
        (39.9, "#e05d44"),
        (0, "#e05d44"),
        (None, NOTHING),
    ],
)
def test_the_colour_says_how_good_that_is(percent, expected):
    assert colour(percent) == expected
