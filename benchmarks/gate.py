"""Measure what the gate lets through at each confidence, against docstrings that people wrote.

    python benchmarks/gate.py                       # all of packages.txt, a table
    python benchmarks/gate.py flask --show 40       # and the 40 surest beside the human ones

Every documented function of the held-out packages is offered to the model without its docstring.
`close` is the share of sentences most of whose meaning words (stemmed; no stopwords) are in the
human's first paragraph. This is a crude approximation of "right" that errs on the strict side. The
default of `min-confidence` was chosen by this table together with the sentences themselves.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZipFile

sys.path.insert(0, str(Path(__file__).parent))
from safety import HERE, fetch

from docbot.config import Config
from docbot.docstring.special_methods import fixed_summary
from docbot.errors import SourceError
from docbot.gate.english import STOPWORDS, stem
from docbot.gate.facts import facts_of
from docbot.gate.headline import check_headline
from docbot.gate.judge import confidence_of
from docbot.llm.batching import open_backend
from docbot.llm.weights import resolve
from docbot.prompt.context import build_context, first_sentence
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import headline_slot
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import read_definitions
from docbot.scan.names import names_in
from docbot.scan.outline import outline
from docbot.scan.parse import all_nodes, parse_file
from docbot.scan.source import read
from docbot.select.obstacles import find_obstacle
from docbot.select.rules import Place, find_skip
from docbot.select.skip import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docbot.gate.sentence import Refusal

THRESHOLDS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)
CLOSE = 0.6


@dataclass(frozen=True, kw_only=True)
class Row:
    """A function: the gate's verdict on the model's answer, its confidence, a person's sentence."""

    qualname: str
    confidence: float
    verdict: str | Refusal
    reference: str

    @property
    def close(self) -> bool:
        """Check whether most of the sentence's meaning words are in the reference."""
        words = meaning_words(str(self.verdict))
        return len(words & meaning_words(self.reference)) >= CLOSE * len(words)


def meaning_words(text: str) -> set[str]:
    """Return the stems of the words that are no stopwords."""
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return {stem(word) for word in words if word not in STOPWORDS}


def documented(
    wheel: Path, config: Config
) -> Iterator[tuple[PurePosixPath, Definition, tuple[Definition, ...], set[str]]]:
    """Yield the documented definitions that `fix` would offer if they were undocumented.

    Each comes as its file's path, itself, all definitions of its file, and all names in it.
    """
    with ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith(".py"):
                continue
            source = archive.read(name)
            try:
                place = Place(path=PurePosixPath(name), outline=outline(source))
                text = read(source)
                definitions = read_definitions(text)
                names = names_in(all_nodes(parse_file(text.code)), text.utf8)
            except SourceError:
                continue
            for definition in definitions:
                is_target = not (
                    find_skip(definition, place, config)
                    or find_obstacle(Target(definition=definition), config)
                    or fixed_summary(definition)
                )
                if definition.docstring and is_target:
                    yield place.path, definition, definitions, names


def main() -> None:
    """Answer, judge and report all functions."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--wheels", type=Path, default=HERE / "work" / "wheels")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    config = Config()
    weights = resolve(config.model, config.prompt_format)
    form = FORMATS[weights.format]
    targets = [
        (definition, definitions)
        for wheel in fetch(options.packages, options.wheels)
        for _, definition, definitions, _ in documented(wheel, config)
        if definition.kind in (Kind.FUNCTION, Kind.METHOD)
    ]
    rows = []
    with open_backend(weights, config) as backend:
        prompts = (
            form.prompt(build_context(Target(definition=d), ds), headline_slot(d))
            for d, ds in targets
        )
        for index, completion in backend.complete(prompts):
            definition = targets[index][0]
            confidence = confidence_of(completion)
            verdict = check_headline(
                form.read_completion(completion.text),
                facts_of(definition),
                min_confidence=0,
                confidence=confidence,
                ended=completion.ended,
            )
            reference = first_sentence(definition)
            rows.append(
                Row(
                    qualname=definition.qualname,
                    confidence=confidence,
                    verdict=verdict,
                    reference=reference,
                )
            )
    report(rows, options.show)


def report(rows: list[Row], show: int) -> None:
    """Print the table by threshold, and the `show` surest sentences that passed."""
    passing = [row for row in rows if isinstance(row.verdict, str)]
    print(f"{len(rows)} functions offered\n")
    print("| min-confidence | sure enough | through the gate | close |\n| --- | --- | --- | --- |")
    for threshold in THRESHOLDS:
        sure = sum(row.confidence >= threshold for row in rows)
        through = [row for row in passing if row.confidence >= threshold]
        close = sum(row.close for row in through)
        share = f"{100 * close / len(through):.0f} %" if through else "-"
        print(f"| {threshold:.2f} | {sure} | {len(through)} | {share} |")
    for row in sorted(passing, key=lambda row: -row.confidence)[:show]:
        mark = "+" if row.close else "-"
        print(f"\n{mark} {row.confidence:.2f} {row.qualname}\n    docbot: {row.verdict}")
        print(f"    person: {row.reference}")


if __name__ == "__main__":
    main()
