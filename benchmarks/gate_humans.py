"""What the gate makes of sentences that people wrote: for their own code, and for other code.

    python benchmarks/gate_humans.py                    # all of packages.txt, two tables
    python benchmarks/gate_humans.py luigi --show 30    # and refused own, passed foreign sentences

Every documented definition of the held-out packages is judged with its own first sentence, with
those of others of its file and kind (`sibling`) and with those of other files (`random`), as if a
model had said them with full confidence. The more of its own and the fewer of the others' pass, the
better.
Sentences with markup beyond plain words, which no format's reply keeps, are left out.
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
from docbot.gate.headline import check
from docbot.gate.sentence import Refusal, markup
from docbot.prompt.context import first_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docbot.scan.definition import Definition

SIBLINGS, STRANGERS = 3, 20
"""Foreign sentences that each definition is judged with."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One documented definition, and the sentence that a person wrote for it."""

    package: str
    path: str
    definition: Definition
    sentence: str
    near: Surroundings


@dataclass
class Tally:
    """Verdicts on one kind of definition with one kind of sentence."""

    passed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All that were judged."""
        return self.passed + sum(self.refused.values())


def plain(sentence: str) -> str:
    """The sentence without the markup of reStructuredText; roles and literals keep their text."""
    sentence = re.sub(r":[\w:]+:`~?\.?([^`<]+?)(?: ?<[^`]*>)?`", r"\1", sentence)
    return re.sub(r"`+([^`]+)`+_{0,2}", r"\1", sentence).strip()


def rows(wheel: Path, config: Config) -> Iterator[Row]:
    """The documented definitions that `fix` would offer without their docstrings."""
    package = wheel.name.partition("-")[0]
    for path, definition, definitions in documented(wheel, config):
        sentence = plain(first_sentence(definition))
        if not markup(sentence):
            yield Row(
                package=package,
                path=str(path),
                definition=definition,
                sentence=sentence,
                near=surroundings_of(path, definitions),
            )


def verdict(row: Row, sentence: str) -> str | Refusal:
    """The gate's word on a sentence for this row's definition."""
    return check(sentence, facts_of(row.definition, row.near), min_confidence=0, confidence=1)


def measure(found: list[Row]) -> dict[tuple[str, str], Tally]:
    """Tallies by kind of definition and kind of sentence."""
    chance = random.Random(0)
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    by_file: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in found:
        by_file[row.package, row.path].append(row)
    for row in found:
        kind = row.definition.kind.value.replace("method", "function")
        others = [
            other
            for other in by_file[row.package, row.path]
            if other.sentence != row.sentence and other.definition.kind is row.definition.kind
        ]
        strangers = chance.sample(found, min(len(found), STRANGERS))
        offered = {
            "own": [row],
            "sibling": chance.sample(others, min(len(others), SIBLINGS)),
            "random": [r for r in strangers if r.path != row.path],
        }
        for name, given in offered.items():
            for other in given:
                answer = verdict(row, other.sentence)
                note = f"{row.definition.qualname}: {other.sentence}"
                tally = tallies[kind, name]
                if isinstance(answer, Refusal):
                    tally.refused[re.sub(r"'.*'", "...", answer.detail)] += 1
                    note += f"  [{answer.detail}]"
                else:
                    tally.passed += 1
                if isinstance(answer, Refusal) == (name == "own"):
                    tally.examples.append(note)
    return tallies


def report(tallies: dict[tuple[str, str], Tally], show: int) -> None:
    """Shares that pass, the rules that refuse, and examples of either mistake."""
    print("| of a | sentence | judged | passed | share |\n| --- | --- | --- | --- | --- |")
    for (kind, name), tally in sorted(tallies.items()):
        share = 100 * tally.passed / max(tally.total, 1)
        print(f"| {kind} | {name} | {tally.total} | {tally.passed} | {share:.2f} % |")
    own = {kind: tally for (kind, name), tally in tallies.items() if name == "own"}
    for kind, tally in own.items():
        print(f"\n| refuses a {kind}'s own sentence | times | share |\n| --- | --- | --- |")
        for rule, count in tally.refused.most_common(20):
            print(f"| {rule} | {count} | {100 * count / tally.total:.1f} % |")
    chance = random.Random(1)
    for (kind, name), tally in sorted(tallies.items()):
        if show and tally.examples:
            print(f"\n{kind}, {name}, {'refused' if name == 'own' else 'passed'}:")
            for note in chance.sample(tally.examples, min(show, len(tally.examples))):
                print(f"  {note}")


def main() -> None:
    """Read, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--wheels", type=Path, default=HERE / "work" / "wheels")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    wheels = fetch(options.packages, options.wheels)
    report(measure([row for wheel in wheels for row in rows(wheel, Config())]), options.show)


if __name__ == "__main__":
    main()
