"""Render a report as one HTML page that needs no network and no other file.

A policy in the page allows its own style sheet and script, by their hashes, and nothing else.
Jinja escapes all text; what the script shows is JSON in which no `<` is left.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot import __version__
from docbot.page.chart import chart
from docbot.page.folders import add_up, percent
from docbot.page.shown import shown
from docbot.page.treemap import tree_map

if TYPE_CHECKING:
    from docbot.page.data import CountedFile, Gap, Proposal, Report

FOLDERS = 12
"""Folders that the page names."""

MISSING, STALE, WITHHELD, READY = "missing", "stale", "withheld", "ready"
"""What a gap is called on the page; the last two only where a model was asked."""


def render_page(report: Report) -> str:
    """Return the page of a report; the same report gives the same page."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = shown
    style, script = _text("page.css"), _text("page.js")
    counts = report.counts
    rows = [(file.path, file.documented, file.missing) for file in counts.files]
    gaps = _gaps(report)
    states = [gap[5] for gap in gaps]
    page: str = environment.from_string(_text("page.html")).render(
        version=__version__,
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - docbot's own file
        script=Markup(script),  # noqa: S704 - docbot's own file
        data=Markup(_json({"files": list(map(_file, counts.files)), "gaps": gaps})),  # noqa: S704 - see `_json`
        report=report,
        counts=counts,
        percent=percent(counts.documented, counts.missing),
        states={state: states.count(state) for state in (MISSING, STALE, WITHHELD, READY)},
        folders=[folder for folder in add_up(rows, FOLDERS) if folder.missing],
        tiles=tree_map(rows),
        chart=chart(report.trend),
    )
    return page


def _text(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return the policy that a browser holds the page to."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _json(value: Any) -> str:
    """Write JSON that ends no element and opens none, whatever text is in it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _file(file: CountedFile) -> list[Any]:
    return [shown(file.path), file.documented, file.missing, file.stale]


def _gaps(report: Report) -> list[list[Any]]:
    """Return a row for each gap, by position as `page.js` reads them."""
    proposals = report.proposals or {}
    return [
        _gap(at, gap, proposals.get((file.path, gap.qualname, gap.line)))
        for at, file in enumerate(report.counts.files)
        for gap in file.gaps
    ]


def _gap(at: int, gap: Gap, proposal: Proposal | None) -> list[Any]:
    state, note, sentence, probability = MISSING, "", "", None
    if gap.stale:
        state, note = STALE, gap.stale
    elif proposal is not None:
        state = WITHHELD if proposal.withheld else READY
        note, sentence = proposal.withheld, proposal.sentence
        if proposal.probability is not None:
            probability = int(100 * proposal.probability) / 100  # never 0.60 of 0.60
    texts = map(shown, (gap.qualname, gap.signature, note, sentence))
    qualname, signature, note, sentence = texts
    sentence = sentence[:1].upper() + sentence[1:]
    return [at, gap.line, gap.kind, qualname, signature, state, note, sentence, probability]
