"""Draw the coverage as a badge, an SVG that looks like those of shields.io and interrogate."""

from __future__ import annotations

from html import escape

LABEL = "docstrings"

COLOURS = (
    (95, "#4c1"),
    (90, "#97ca00"),
    (75, "#a4a61d"),
    (60, "#dfb317"),
    (40, "#fe7d37"),
    (0, "#e05d44"),
)
"""The least coverage of each colour, in percent; the steps are interrogate's."""

NOTHING = "#9f9f9f"
"""The colour where nothing counts."""

_NARROW = "fijlrt.,:; "
_WIDE = "mwMW%"


def badge(percent: float | None) -> str:
    """Return the badge for a coverage in percent; None where nothing counts."""
    value = "none" if percent is None else f"{percent:.1f}%"
    left, right = _width(LABEL), _width(value)
    label, text = escape(LABEL), escape(value)
    whole = left + right
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" \
aria-label="{label}: {text}">
  <title>{label}: {text}</title>
  <linearGradient id="s" x2="0" y2="100%">
    <stop offset="0" stop-color="#bbb" stop-opacity=".1"/>
    <stop offset="1" stop-opacity=".1"/>
  </linearGradient>
  <clipPath id="r"><rect width="{whole}" height="20" rx="3" fill="#fff"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="{left}" height="20" fill="#555"/>
    <rect x="{left}" width="{right}" height="20" fill="{colour(percent)}"/>
    <rect width="{whole}" height="20" fill="url(#s)"/>
  </g>
  <g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" \
font-size="11">
    {_text(label, left / 2, left - 10)}
    {_text(text, left + right / 2, right - 10)}
  </g>
</svg>
"""


def colour(percent: float | None) -> str:
    """Return the colour of a coverage."""
    if percent is None:
        return NOTHING
    return next(colour for least, colour in COLOURS if percent >= least)


def _text(text: str, middle: float, length: int) -> str:
    """Draw text of a fixed length, whatever the font, above its shadow."""
    place = f'x="{middle:g}" textLength="{length}"'
    shadow = f'<text {place} y="15" fill="#010101" fill-opacity=".3" aria-hidden="true">'
    return f'{shadow}{text}</text>\n    <text {place} y="14">{text}</text>'


def _width(text: str) -> int:
    """Estimate the width of a text in Verdana at 11 pixels, with five on either side."""
    widths = (4.2 if c in _NARROW else 11.0 if c in _WIDE else 6.9 for c in text)
    return round(sum(widths)) + 10
