"""Measure how well docbot finds summaries that a change of the code made stale.

    python benchmarks/history.py                         # clones the repositories from GitHub
    python benchmarks/history.py --mirrors FOLDER        # OWNER+NAME/repo: bare git directories
    python benchmarks/history.py --pairs 200             # at most so many pairs of a package

Pairs of versions of one function come from the whole histories of ten projects that the model was
not trained on (history_pairs.py). Positive is a commit that changed the code and gave the summary
another meaning, negative one that changed the code alone. A negative is no proof that the summary
is still true: somebody may have forgotten it. docbot's hints and the likelihood of the old summary,
given the old code and the new, are weighed by a logistic regression, each project left out in turn.

Precision and recall are given twice: on matched pairs, RATIO negatives of about the same number of
changed lines for each positive, and at the natural ratio, where each scored negative without hints
stands for those that were not. Prints Markdown; work/history keeps the pairs, and flagged.txt there
lists what docbot reports, to be read. Takes ten CPU minutes, most of them to parse old files.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import random
import subprocess
import sys
import warnings
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
from history_pairs import Pair, mine

from docbot.config import Config
from docbot.distill.judge.regression import Sample, auc, fit
from docbot.drift.history import (
    MUCH_LESS_LIKELY,
    Hints,
    plain_summary,
    stale_hints,
    summary_of,
)
from docbot.errors import SourceError
from docbot.llm.batching import LlamaCpp
from docbot.llm.weights import resolve
from docbot.prompt.context import Context
from docbot.prompt.formats import get_format
from docbot.prompt.task import Slot, Task
from docbot.scan.facts import some_definitions
from docbot.scan.parse import parse
from docbot.scan.source import read
from docbot.select.skip import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from docbot.llm.protocol import Prompt
    from docbot.scan.definition import Definition

WORK = Path(__file__).parent / "work" / "history"
REPOSITORIES = (
    "python-attrs/attrs", "celery/celery", "pallets/flask", "encode/httpx", "spotify/luigi",
    "marshmallow-code/marshmallow", "networkx/networkx", "wntrblm/nox", "Textualize/rich",
    "scrapy/scrapy",
)  # fmt: skip
STRATA = (1, 2, 4, 8, 16, 30)
"""The most changed lines of each class of pairs that are matched with one another."""
RATIO = 4
"""Negatives for each positive, at most, in the matched set."""
RIDGE = 10.0
MODEL = "docbot-tiny"


SPARE = 10
"""Negatives without hints that are scored in a class of pairs without positives."""
WANTED = (0.8, 0.5)
"""Precisions at which recall is told."""
CLIP = (-0.5, 1.5)
"""Changes of the likelihood beyond these tell no more."""


@dataclass(kw_only=True)
class Case:
    """A pair and what is known of it.

    Attributes:
        pair: The pair.
        summary: The older version's summary.
        hints: docbot's hints.
        matched: Whether it is in the matched set.
        weight: How many pairs of its history it stands for; 0 where it is not scored.
        change: How much less likely the summary is by the new code, in nats a token.

    """

    pair: Pair
    summary: str
    hints: Hints
    matched: bool = False
    weight: float = 0.0
    change: float = 0.0


def define(source: str) -> Definition:
    """Read the one function of a file."""
    text, tree = read(source.encode()), parse(source.encode())
    found = some_definitions(tree, text, lambda node: isinstance(node, FUNCTIONS))
    return next(each for each in found if not each.local)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def cases_of(pairs: Iterable[Pair]) -> Iterator[Case]:
    """Yield the pairs whose older version has a summary, with docbot's hints."""
    for pair in pairs:
        try:
            old, new = define(pair.old), define(pair.new)
        except SourceError:
            continue
        if summary := summary_of(old.docstring or ""):
            yield Case(pair=pair, summary=summary, hints=stale_hints(new, old))


def choose(cases: Sequence[Case], seed: int) -> None:
    """Choose the matched negatives; all others that have hints are scored too."""
    strata: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        strata[next(at for at, most in enumerate(STRATA) if case.pair.lines <= most)].append(case)
    source = random.Random(seed)
    for group in strata.values():
        negatives = [case for case in group if not case.pair.changed]
        wanted = RATIO * (len(group) - len(negatives))
        chosen = source.sample(negatives, min(len(negatives), wanted))
        for case in group:
            case.matched = case.pair.changed
            case.weight = float(case.pair.changed or case.hints != Hints())
        for case in chosen:
            case.matched = True
        silent = [case for case in negatives if case.hints == Hints()]
        scored = [case for case in silent if case.matched] or silent[:SPARE]
        for case in scored:
            case.weight = len(silent) / len(scored)


def score(cases: Iterable[Case]) -> None:
    """Ask the model how likely the summaries are, given the old code and the new."""
    weights = resolve(MODEL, "tasks")
    prompt = get_format(weights.format).prompt
    wanted = [case for case in cases if case.weight]
    items: list[tuple[Prompt, str]] = []
    for case in wanted:
        text = " " + plain_summary(case.summary)
        for source in (case.pair.old, case.pair.new):
            definition = replace(define(source), docstring=None, tree=None)
            context = Context(target=Target(definition=definition), owner=definition.owner)
            items.append((prompt(context, Slot(task=Task.FUNCTION)), text))
    backend = LlamaCpp(
        weights.path, context=weights.context, max_tokens=Config().max_tokens, threads=1
    )
    with backend:
        means = [found.logprob / found.tokens for _, found in backend.score(items)]
    for at, case in enumerate(wanted):
        case.change = means[2 * at] - means[2 * at + 1]


def features(case: Case, *, hints: bool, model: bool) -> Mapping[str, float]:
    """Return what a regression sees of a case."""
    found: dict[str, float] = {}
    if hints:
        given = case.hints
        found |= {
            "raised": len(given.raised), "replaced": min(2, len(given.replaced)),
            "kind": bool(given.kind), "unreturned": given.unreturned,
            "names": min(2, len(given.names)), "words": min(2, len(given.words)),
        }  # fmt: skip
    if model:
        found["change"] = max(CLIP[0], min(CLIP[1], case.change))
    if hints and model:
        found["change, hinted"] = max(0.0, found["change"]) * (case.hints != Hints())
    return found


def predict(cases: Sequence[Case], *, hints: bool, model: bool) -> list[float]:
    """Return each case's probability, fitted to the matched pairs of all other packages."""
    fits = {}
    for package in {case.pair.package for case in cases}:
        samples = [
            Sample(
                features=features(case, hints=hints, model=model),
                accepted=case.pair.changed,
                fold=case.pair.package,
            )
            for case in cases
            if case.matched and case.pair.package != package
        ]
        fits[package] = fit(samples, RIDGE)
    return [
        fits[case.pair.package].probability(features(case, hints=hints, model=model))
        for case in cases
    ]


def curve(scored: Iterable[tuple[float, Case]], positives: int) -> Iterator[tuple[float, float]]:
    """Yield (recall, precision) for each threshold, the highest first."""
    hits = misses = 0.0
    groups: dict[float, list[Case]] = defaultdict(list)
    for probability, case in scored:
        groups[round(probability, 6)].append(case)
    for probability in sorted(groups, reverse=True):
        for case in groups[probability]:
            if case.pair.changed:
                hits += 1
            else:
                misses += case.weight
        yield hits / positives, hits / (hits + misses)


def print_pairs(cases: Sequence[Case]) -> None:
    """Print how many pairs of each kind every package gives."""
    print("| package | summary changed | docstring left | of these matched | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for package in [*sorted({case.pair.package for case in cases}), "all"]:
        own = [case for case in cases if package in (case.pair.package, "all")]
        changed = sum(case.pair.changed for case in own)
        matched = sum(case.matched for case in own) - changed
        left = len(own) - changed
        print(f"| {package} | {changed} | {left} | {matched} | 1 : {left / max(1, changed):.0f} |")


def print_rules(cases: Sequence[Case]) -> None:
    """Print what docbot's hints find at the natural ratio, by kind, and all that it reports."""
    positives = sum(case.pair.changed for case in cases)
    rules: Mapping[str, Callable[[Case], object]] = {
        "another exception is raised": lambda case: case.hints.raised,
        "a name was replaced": lambda case: case.hints.replaced,
        "another kind of result": lambda case: case.hints.kind,
        "no result any more": lambda case: case.hints.unreturned,
        "**any of these: reported**": lambda case: case.hints.is_strong,
        "any of these, and the summary less likely": lambda case: (
            case.hints.is_strong and case.change > 0
        ),
        "**with the model: these, or a weak hint and much less likely**": lambda case: (
            case.hints.is_strong or (case.hints != Hints() and case.change > MUCH_LESS_LIKELY)
        ),
        "*a name is gone (weak)*": lambda case: case.hints.names,
        "*a word is gone (weak)*": lambda case: case.hints.words,
    }
    print("\n| hint | changed | left | precision, natural | precision, matched | recall |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, is_found in rules.items():
        found = [case for case in cases if is_found(case)]
        hits = sum(case.pair.changed for case in found)
        share = hits / max(1, len(found))
        matched = hits / max(1, sum(case.matched for case in found))
        recall = hits / max(1, positives)
        print(f"| {name} | {hits} | {len(found) - hits} | {share:.2f} | {matched:.2f}", end="")
        print(f" | {recall:.3f} |")


def print_fits(cases: Sequence[Case]) -> None:
    """Print the recall at wanted precisions of regressions, on packages that were left out."""
    scored = [case for case in cases if case.weight]
    positives = sum(case.pair.changed for case in scored)
    titles = [f"recall at {wanted:.0%}, {kind}" for kind in ("matched", "natural")
              for wanted in WANTED]  # fmt: skip
    print(f"\n| fitted to other packages | AUC, matched | {' | '.join(titles)} |")
    print("| --- |" + " ---: |" * (1 + len(titles)))
    for name, hints, model in (
        ("hints alone", True, False), ("model alone", False, True), ("both", True, True),
    ):  # fmt: skip
        pairs = list(zip(predict(scored, hints=hints, model=model), scored, strict=True))
        matched = [(p, replace(case, weight=1.0)) for p, case in pairs if case.matched]
        cells = [f"{auc([p for p, _ in matched], [c.pair.changed for _, c in matched]):.2f}"]
        for some in (matched, pairs):
            points = list(curve(some, positives))
            best = (max((r for r, p in points if p >= each), default=0.0) for each in WANTED)
            cells += [f"{recall:.3f}" for recall in best]
        print(f"| {name} | {' | '.join(cells)} |")


def write_flagged(cases: Iterable[Case]) -> None:
    """List what docbot reports, with the code as it changed, to be read."""
    lines = []
    for case in cases:
        if case.hints.is_strong:
            pair = case.pair
            mark = "changed" if pair.changed else "left"
            lines.append(f"{mark}: {pair.package} {pair.commit[:8]} {pair.path} {pair.qualname}")
            lines += [f"    {case.summary}", f"    {case.hints.message()}"]
            old, new = (define(text).code.splitlines() for text in (pair.old, pair.new))
            diff = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
            lines += [f"        {line}" for line in diff if not line.startswith("@@")]
    (WORK / "flagged.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def pairs_of(repository: str, mirrors: Path | None) -> list[Pair]:
    """Return the pairs of a repository; they are mined once."""
    owner, _, package = repository.partition("/")
    kept = WORK / f"{package}.jsonl"
    if not kept.exists():
        folder = mirrors / f"{owner}+{package}" / "repo" if mirrors else clone(repository)
        texts = [json.dumps(asdict(pair)) + "\n" for pair in mine(package, folder)]
        kept.write_text("".join(texts), encoding="utf-8")
    with kept.open(encoding="utf-8") as lines:  # not splitlines: code may hold a form feed
        return [Pair(**json.loads(line)) for line in lines]


def clone(repository: str) -> Path:
    """Clone a repository from GitHub, without a work tree."""
    folder = WORK / f"{repository.replace('/', '+')}.git"
    if not folder.exists():
        url = f"https://github.com/{repository}.git"
        subprocess.run(["git", "clone", "--quiet", "--bare", url, str(folder)], check=True)
    return folder


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--mirrors", type=Path, help="folder of git directories, OWNER+NAME/repo")
    add("--pairs", type=int, default=0, help="most pairs of a package, the newest (default: all)")
    add("--packages", nargs="*", default=[], help="names of packages (default: all ten)")
    add("--seed", type=int, default=1, help="seed of the matched pairs (default: 1)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # what old code does with its strings
    WORK.mkdir(parents=True, exist_ok=True)
    cases: list[Case] = []
    for repository in REPOSITORIES:
        if options.packages and repository.partition("/")[2] not in options.packages:
            continue
        own = list(cases_of(pairs_of(repository, options.mirrors)[-options.pairs :]))
        choose(own, options.seed)
        cases += own
    score(cases)
    print_pairs(cases)
    print_rules(cases)
    if len({case.pair.package for case in cases}) > 1:
        print_fits(cases)
    write_flagged(cases)


if __name__ == "__main__":
    main()
