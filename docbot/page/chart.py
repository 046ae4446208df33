"""Lay out the coverage of past commits as a line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.page.data import TrendPoint

WIDTH, HEIGHT = 1200.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 16.0, 14.0, 30.0

STEPS = (0.5, 1, 2, 5, 10, 20, 25, 50)
"""The distances of grid lines, in percent."""

MOST_LINES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """A commit's place on the chart."""

    x: float
    y: float
    point: TrendPoint


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """The line of the coverage, and the lines behind it, each with its percent."""

    dots: tuple[Dot, ...]
    grid: tuple[tuple[float, str], ...]

    @property
    def line(self) -> str:
        """Return the points of the line, as SVG wants them."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)

    @property
    def area(self) -> str:
        """Return the points around what lies below the line."""
        bottom = HEIGHT - BOTTOM
        return f"{LEFT},{bottom} {self.line} {self.dots[-1].x:.1f},{bottom}"


def chart(points: Sequence[TrendPoint]) -> Chart | None:
    """Lay out two or more commits, oldest first, at equal distances; None for fewer."""
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    values = [point.percent for point in points]
    step, low, high = _scale(min(values), max(values))

    def y_of(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    across = (WIDTH - LEFT - RIGHT) / (len(points) - 1)
    dots = [
        Dot(x=LEFT + at * across, y=y_of(point.percent), point=point)
        for at, point in enumerate(points)
    ]
    marks = [low + step * at for at in range(round((high - low) / step) + 1)]
    return Chart(dots=tuple(dots), grid=tuple((y_of(mark), f"{mark:g} %") for mark in marks))


def _scale(least: float, most: float) -> tuple[float, float, float]:
    """Return the distance of grid lines, and the lowest and the highest of them."""
    for step in STEPS:
        low, high = math.floor(least / step) * step, math.ceil(most / step) * step
        if (high - low) / step <= MOST_LINES:
            break
    if low == high:
        low, high = (low - step, high) if high >= 100 else (low, high + step)  # noqa: PLR2004
    return step, low, high
