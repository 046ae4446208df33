"""Fit the gate's score to judgements, and write its table.

The judged sentences are found again in their packages' wheels, and the model says how likely each
is. Figures are of packages that a fit did not see: each package is left out in turn.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.atomic import replacing
from docbot.config import Config
from docbot.distill.evaluate.heldout import read_questions
from docbot.distill.judge.judgements import Judgement, read_judgements
from docbot.distill.judge.regression import Sample, choose_ridge, fit, predict_by_fold, summary
from docbot.errors import DocbotError
from docbot.gate.facts import facts_of
from docbot.gate.features import Likelihood
from docbot.gate.judge import DEFAULT_CONFIDENCE, check_text, text_features
from docbot.gate.score import TABLE, Weights, load_weights
from docbot.gate.sentence import Refusal
from docbot.llm.batching import LlamaCpp
from docbot.llm.weights import resolve
from docbot.prompt.formats import get_format

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from docbot.distill.evaluate.heldout import EvalExample
    from docbot.llm.protocol import Prompt

FEWEST = 60
"""A score for a task needs so many judgements; tasks with fewer have none."""

HEADER = """\
# Fitted by `python -m docbot.distill fit-score`; see docbot/gate/score.py.
# feature = [mean, deviation, weight]
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `fit-score` to a parser."""
    add = parser.add_argument
    add("--validation", type=Path, required=True, help="folder of the judged packages' wheels")
    add("--judgements", type=Path, nargs="+", required=True, help="files of judgements")
    add("--model", type=Path, required=True, help="the GGUF file whose sentences are scored")
    add("--prompt-format", default="lines", help="its prompt format")
    add("--table", type=Path, default=TABLE, help="the table to write")


def run(options: argparse.Namespace) -> None:
    """Fit a score for every task with enough judgements; print and store the figures.

    Raises:
        DocbotError: a judged definition is not in its wheel, or a file cannot be read.

    """
    judged = [one for path in options.judgements for one in read_judgements(path) if one.verdict]
    pairs = match(judged, read_questions(sorted(options.validation.glob("*.whl"))))
    likelihoods = measure(pairs, options.model, options.prompt_format)
    groups: dict[str, list[Sample]] = defaultdict(list)
    vetoed: dict[str, Counter[str]] = defaultdict(Counter)
    ruled: dict[str, Counter[str]] = defaultdict(Counter)
    for (judgement, question), likelihood in zip(pairs, likelihoods, strict=True):
        if passes_rules(judgement, question, likelihood):
            ruled[judgement.task][judgement.verdict] += 1
        features = features_of_judgement(judgement, question, likelihood)
        if isinstance(features, Refusal):
            vetoed[judgement.task][judgement.verdict] += 1
        else:
            groups[judgement.task].append(
                Sample(features=features, accepted=judgement.accepted, fold=judgement.package)
            )
    scores: dict[str, Weights] = {}
    figures: dict[str, Any] = {}
    for task, samples in sorted(groups.items()):
        refused = dict(vetoed[task])
        print(f"{task}: {len(samples)} pass the vetoes; vetoed: {refused}")
        print(f"{task}: without a score docbot would write {dict(ruled[task])}")
        if len(samples) < FEWEST or len({sample.accepted for sample in samples}) == 1:
            continue
        ridge = choose_ridge(samples)
        figures[task] = summary(samples, predict_by_fold(samples, ridge)) | {
            "ridge": ridge,
            "vetoed": refused,
            "rules": dict(ruled[task]),
        }
        scores[task] = replace(fit(samples, ridge), threshold=figures[task]["threshold"])
        shown = {key: value for key, value in figures[task].items() if key != "curve"}
        print(json.dumps(shown, indent=1))
    tables = dict(load_weights(options.table)) if options.table.exists() else {}
    write_scores(options.table, {**tables, options.prompt_format: scores})
    path = options.work / "score.json"
    path.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def match(
    judged: Sequence[Judgement], questions: Iterable[EvalExample]
) -> list[tuple[Judgement, EvalExample]]:
    """Find each judgement's question.

    Raises:
        DocbotError: one is in no wheel.

    """
    known = {
        (
            question.package,
            str(question.path),
            question.definition.qualname,
            question.definition.line,
            question.slot.task.value,
            question.slot.name,
        ): question
        for question in questions
    }
    pairs = []
    for one in judged:
        key = (one.package, one.path, one.qualname, one.line, one.task, one.slot)
        if key not in known:
            raise DocbotError(
                f"{one.package} {one.version}: no wheel has {one.qualname} in {one.path}; "
                "get that version"
            )
        pairs.append((one, known[key]))
    return pairs


def measure(
    pairs: Sequence[tuple[Judgement, EvalExample]], model: Path, form: str
) -> list[Likelihood]:
    """Ask the model how likely each judged sentence is, after its prompt."""
    weights = resolve(str(model), form)
    items: list[tuple[Prompt, str]] = []
    for judgement, question in pairs:
        context = replace(question.context, headline=judgement.headline)
        prompt = get_format(form).prompt(context, question.slot)
        items.append((prompt, f" {judgement.sentence}"))
    backend = LlamaCpp(
        weights.path, context=weights.context, max_tokens=Config().max_tokens, slots=32
    )
    with backend:
        scores = dict(backend.score(items))
    return [
        Likelihood(mean=scores[at].logprob / scores[at].tokens, lowest=scores[at].lowest)
        for at in range(len(items))
    ]


def features_of_judgement(
    judgement: Judgement, question: EvalExample, likelihood: Likelihood
) -> Mapping[str, float] | Refusal:
    """Return the features of a judged sentence, or the veto against it."""
    facts = facts_of(question.definition, question.surroundings)
    text = check_text(judgement.sentence, facts, question.slot, scored=True)
    if isinstance(text, Refusal):
        return text
    return text_features(text, facts, question.slot, likelihood)


def passes_rules(judgement: Judgement, question: EvalExample, likelihood: Likelihood) -> bool:
    """Check whether docbot would write a sentence if it had no score: all rules, and confidence."""
    facts = facts_of(question.definition, question.surroundings)
    text = check_text(judgement.sentence, facts, question.slot)
    return not isinstance(text, Refusal) and math.exp(likelihood.mean) >= DEFAULT_CONFIDENCE


def write_scores(path: Path, scores: Mapping[str, Mapping[str, Weights]]) -> None:
    """Write the table of scores, in TOML."""
    lines = [HEADER]
    for form, tasks in sorted(scores.items()):
        for task, weights in sorted(tasks.items()):
            lines.append(f"[{form}.{task}]")
            lines.append(f"bias = {weights.bias:.4f}")
            lines.append(f"threshold = {weights.threshold:.4f}\n")
            lines.append(f"[{form}.{task}.features]")
            lines += [
                f'"{name}" = [{mean:.5g}, {deviation:.5g}, {weight:.4f}]'
                for name, (mean, deviation, weight) in sorted(weights.features.items())
            ]
            lines.append("")
    with replacing(path) as new:
        new.write_text("\n".join(lines), encoding="utf-8")
