"""Format figures as Markdown: define the columns of a card's tables, and write the cells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    TableRow = Mapping[str, Any]
    Columns = Sequence[tuple[str, str, str]]
    """For each column: title, key in a row, and format of the value, with a unit after a space."""

SCORES: Columns = (
    ("asked", "count", ",d"),
    ("BLEU-4", "bleu", ".1f"),
    ("chrF", "chrf", ".1f"),
    ("METEOR", "meteor", ".1f"),
    ("cosine", "cosine", ".1f"),
)
FUNCTIONS: Columns = (
    ("who", "model", ""),
    ("code", "code", ""),
    *SCORES,
    ("words", "words", ".1f"),
    ("names what is not there", "foreign", ".0f %"),
)
TASKS: Columns = (
    ("task", "task", ""),
    ("who", "model", ""),
    *SCORES,
    ("names what is not there", "foreign", ".0f %"),
    ("through the gate", "through_the_gate", ".1f %"),
    ("and sure", "and_sure", ".1f %"),
)
TIMES: Columns = (
    ("ms one by one", "one_by_one_ms", ".0f"),
    ("CPU ms", "one_by_one_cpu_ms", ".0f"),
    ("peak MiB", "one_by_one_peak_mib", ".0f"),
    ("ms in batches", "batched_ms", ".0f"),
    ("CPU ms", "batched_cpu_ms", ".0f"),
    ("peak MiB", "batched_peak_mib", ".0f"),
)
QUANTISATION: Columns = (
    ("file", "model", ""),
    ("bytes", "bytes", ",d"),
    *SCORES,
    ("cosine, scrambled", "scrambled_cosine", ".1f"),
    ("same text as the largest", "same_as_largest", ".0f %"),
    *TIMES,
)
PERTURBATIONS: Columns = (
    ("change", "change", ""),
    ("file", "model", ""),
    ("functions", "count", ",d"),
    ("prompts changed", "prompts_changed", ".0f %"),
    ("same answer", "same_answer", ".0f %"),
    ("BLEU-4 before", "bleu_before", ".1f"),
    ("after", "bleu", ".1f"),
    ("METEOR before", "meteor_before", ".1f"),
    ("after", "meteor", ".1f"),
    ("cosine before", "cosine_before", ".1f"),
    ("after", "cosine", ".1f"),
)
GATE: Columns = (
    ("task", "task", ""),
    ("min-confidence", "min_confidence", ".2f"),
    ("offered", "offered", ",d"),
    ("sure enough", "sure_enough", ",d"),
    ("through the gate", "through_the_gate", ",d"),
    ("close", "close", ".0f %"),
    ("right", "right", ".0f %"),
)
CANDIDATES: Columns = (
    ("k", "candidates", "d"),
    *SCORES,
    ("best cosine", "best_cosine", ".1f"),
    ("different texts", "distinct", ".1f"),
    ("4-gram diversity", "diversity", ".2f"),
    ("through the gate", "through_the_gate", ".1f %"),
    ("close", "close", ".0f %"),
    ("and sure", "and_sure", ".1f %"),
    ("close", "close_and_sure", ".0f %"),
    *TIMES[:2],
    *TIMES[3:],
)
CALIBRATION: Columns = (
    ("", "what", ""),
    ("expected calibration error", "calibration_error", ".3f"),
    ("Brier", "brier", ".3f"),
    ("skill", "skill", ".3f"),
)


def table(rows: Iterable[TableRow], columns: Columns) -> str:
    """Format rows as a Markdown table.

    Args:
        rows: A mapping for each row; the cell of an absent or None value is a dash.
        columns: Title, key and format of each column.

    """
    lines = [[title for title, _, _ in columns], ["---"] * len(columns)]
    lines += [[_cell(row.get(key), form) for _, key, form in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(value: object, form: str) -> str:
    if value is None:
        return "-"
    number, _, unit = form.partition(" ")
    return f"{value:{number}} {unit}".strip().replace("|", "\\|")


def code(text: str) -> str:
    """Quote a text as Markdown code, shown unchanged even if it has backticks."""
    runs = re.findall(r"`+", text)
    fence = "`" * (max(map(len, runs), default=0) + 1)
    blank = " " if runs or not text else ""
    return f"{fence}{blank}{text}{blank}{fence}"
