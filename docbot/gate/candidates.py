"""Say of each target what words there were for it, for people who look at what was not written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from docbot.gate.sentence import Refusal
    from docbot.gate.summary import Summary
    from docbot.select.skip import Skip, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """The words that there were for one definition without a docstring.

    Attributes:
        qualname: The definition's qualified name.
        line: The line of its name.
        sentence: The summary line; "" where there was none that can be shown.
        confidence: How sure the gate was of it; None where no model was asked, or none could tell.
        withheld: Why it is not written; "" where it is.

    """

    qualname: str
    line: int
    sentence: str
    confidence: float | None
    withheld: str = ""


def candidates(
    summaries: Iterable[tuple[Target, Summary]],
    skips: Collection[Skip],
    refusals: Mapping[tuple[str, int], Refusal],
    error: str,
) -> Iterator[Candidate]:
    """Yield the words for each target of a file, written or not.

    Args:
        summaries: The words that passed the gate.
        skips: Why targets, or the whole file, were left alone after all.
        refusals: The words that did not pass, by the target's name and line.
        error: Why nothing was written to the file, if docbot failed; or "".

    """
    by_place = {(skip.qualname, skip.line): skip for skip in skips if skip.qualname}
    whole = next((skip.detail for skip in skips if not skip.qualname), error)
    for target, summary in summaries:
        skip = by_place.pop(target.place, None)
        yield Candidate(
            qualname=target.definition.qualname,
            line=target.definition.line,
            sentence=summary.headline,
            confidence=summary.confidence,
            withheld=skip.detail if skip is not None else whole,
        )
    for place, skip in by_place.items():
        refusal = refusals.get(place)
        yield Candidate(
            qualname=skip.qualname,
            line=skip.line,
            sentence=refusal.text if refusal is not None else "",
            confidence=refusal.confidence if refusal is not None else None,
            withheld=skip.detail,
        )
