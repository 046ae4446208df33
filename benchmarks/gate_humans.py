"""Measure the gate on sentences that people wrote, for their own code and for other code.

    python benchmarks/gate_humans.py                    # all of packages.txt, two tables
    python benchmarks/gate_humans.py luigi --show 30    # and refused own, passed other sentences

Every documented definition of the held-out packages is judged with its own first sentence, with
those of other definitions of its file and kind (`sibling`) and with those of other files
(`random`), as if a model had written them with full confidence. The gate is the better, the more
own sentences and the fewer others pass. Sentences with markup beyond plain words, which no format's
reply keeps, are left out.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
from gate import documented
from safety import HERE, fetch

from docbot.config import Config
from docbot.gate.facts import Surroundings, facts_of, surroundings_of
from docbot.gate.headline import check_headline
from docbot.gate.sentence import Refusal, find_markup
from docbot.prompt.context import first_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docbot.scan.definition import Definition

SIBLINGS, STRANGERS = 3, 20
"""Sentences of its own and of other files that each definition is judged with, at most."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A documented definition, and the sentence that a person wrote for it."""

    package: str
    path: str
    definition: Definition
    sentence: str
    surroundings: Surroundings


@dataclass
class Tally:
    """The verdicts on one kind of definition with one kind of sentence."""

    accepted: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return the number of all verdicts."""
        return self.accepted + sum(self.refusals.values())


def without_markup(sentence: str) -> str:
    """Strip a sentence of reStructuredText markup; roles and literals keep their text."""
    sentence = re.sub(r":[\w:]+:`~?\.?([^`<]+?)(?: ?<[^`]*>)?`", r"\1", sentence)
    return re.sub(r"`+([^`]+)`+_{0,2}", r"\1", sentence).strip()


def read_rows(wheel: Path, config: Config) -> Iterator[Row]:
    """Yield the documented definitions that `fix` would offer if they were undocumented."""
    package = wheel.name.partition("-")[0]
    for path, definition, _, names in documented(wheel, config):
        sentence = without_markup(first_sentence(definition))
        if not find_markup(sentence):
            yield Row(
                package=package,
                path=str(path),
                definition=definition,
                sentence=sentence,
                surroundings=surroundings_of(path, names),
            )


def judge(row: Row, sentence: str) -> str | Refusal:
    """Return the gate's verdict on a sentence for this row's definition."""
    return check_headline(
        sentence, facts_of(row.definition, row.surroundings), min_confidence=0, confidence=1
    )


def measure(rows: list[Row]) -> dict[tuple[str, str], Tally]:
    """Count the verdicts by kind of definition and kind of sentence."""
    rng = random.Random(0)
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    by_file: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_file[row.package, row.path].append(row)
    for row in rows:
        kind = row.definition.kind.value.replace("method", "function")
        others = [
            other
            for other in by_file[row.package, row.path]
            if other.sentence != row.sentence and other.definition.kind is row.definition.kind
        ]
        strangers = rng.sample(rows, min(len(rows), STRANGERS))
        groups = {
            "own": [row],
            "sibling": rng.sample(others, min(len(others), SIBLINGS)),
            "random": [r for r in strangers if r.path != row.path],
        }
        for name, sources in groups.items():
            for other in sources:
                verdict = judge(row, other.sentence)
                note = f"{row.definition.qualname}: {other.sentence}"
                tally = tallies[kind, name]
                if isinstance(verdict, Refusal):
                    tally.refusals[re.sub(r"'.*'", "...", verdict.detail)] += 1
                    note += f"  [{verdict.detail}]"
                else:
                    tally.accepted += 1
                if isinstance(verdict, Refusal) == (name == "own"):
                    tally.examples.append(note)
    return tallies


def report(tallies: dict[tuple[str, str], Tally], show: int) -> None:
    """Print the shares that pass, the rules that refuse, and examples of both mistakes."""
    print("| of a | sentence | judged | passed | share |\n| --- | --- | --- | --- | --- |")
    for (kind, name), tally in sorted(tallies.items()):
        share = 100 * tally.accepted / max(tally.total, 1)
        print(f"| {kind} | {name} | {tally.total} | {tally.accepted} | {share:.2f} % |")
    own = {kind: tally for (kind, name), tally in tallies.items() if name == "own"}
    for kind, tally in own.items():
        print(f"\n| refuses a {kind}'s own sentence | times | share |\n| --- | --- | --- |")
        for rule, count in tally.refusals.most_common(20):
            print(f"| {rule} | {count} | {100 * count / tally.total:.1f} % |")
    rng = random.Random(1)
    for (kind, name), tally in sorted(tallies.items()):
        if show and tally.examples:
            print(f"\n{kind}, {name}, {'refused' if name == 'own' else 'passed'}:")
            for note in rng.sample(tally.examples, min(show, len(tally.examples))):
                print(f"  {note}")


def main() -> None:
    """Read, judge and report all definitions."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--wheels", type=Path, default=HERE / "work" / "wheels")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    wheels = fetch(options.packages, options.wheels)
    report(measure([row for wheel in wheels for row in read_rows(wheel, Config())]), options.show)


if __name__ == "__main__":
    main()
