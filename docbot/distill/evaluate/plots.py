"""Draw the curves of an evaluation as small PNGs for the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SIZE, DPI = (5.2, 3.6), 100
"""Inches and dots per inch: legible at a page's width, and some twenty kilobytes."""


def reliability(calibration: Mapping[str, Any], path: Path) -> None:
    """Draw the share of right answers by confidence, before and after Platt scaling."""
    figure, axes = _figure("confidence", "share right")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="perfect")
    for key, label, mark in (
        ("confidence", "token probability", "o"),
        ("platt_by_package", "Platt scaled by package", "s"),
    ):
        trust = calibration[key]
        sure, right, counts = zip(*trust["bins"], strict=True)
        error = trust["calibration_error"]
        line = axes.plot(sure, right, label=f"{label} (error {error:.3f})", linewidth=1)[0]
        sizes = [12 + 120 * count / max(counts) for count in counts]
        axes.scatter(sure, right, s=sizes, marker=mark, color=line.get_color())
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def coverage(calibration: Mapping[str, Any], path: Path) -> None:
    """Draw the share right and the lowest confidence of the surest answers, by their number."""
    figure, axes = _figure("share of functions answered, surest first", "")
    sure, shares, right = zip(*calibration["coverage"], strict=True)
    axes.plot(shares, right, label="share right", linewidth=1.4)
    axes.plot(shares, sure, label="lowest confidence", linewidth=1, linestyle="--")
    axes.axhline(calibration["share_right"] / 100, color="0.7", linewidth=1, label="right of all")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def _figure(across: str, up: str) -> tuple[Any, Any]:
    """Return a figure and its axes, without a window, whatever backend the user has set."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92", linewidth=0.8)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    """Write a PNG whose bytes depend only on the figures."""
    figure.savefig(path, format="png", metadata={"Software": None})
