"""Draw held-out definitions, ask a model about them, and write sheets for a reader.

A sheet shows code and sentence, never the model's confidence. The reader writes one verdict for
each number: accept, vague or wrong.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.distill.evaluate.answers import EvaluatedModel
from docbot.distill.evaluate.heldout import excerpt, read_questions
from docbot.distill.judge.judgements import Judgement, write_judgements
from docbot.prompt.task import Task

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping

    from docbot.distill.evaluate.heldout import EvalExample

SHOWN_LINES = 60
"""Most lines of code on a sheet."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `sample` to a parser."""
    add = parser.add_argument
    add("--validation", type=Path, required=True, help="folder of the validation packages' wheels")
    add("--model", type=Path, required=True, help="the GGUF file to ask")
    add("--prompt-format", default="lines", help="its prompt format")
    add("--seed", type=int, default=1)
    add("--sheet", type=int, default=60, help="sentences on a sheet")
    for task in Task:
        add(f"--{task.value}", type=int, default=0, help=f"how many of the task {task.value}")


def run(options: argparse.Namespace) -> None:
    """Write WORK/sentences.jsonl and WORK/sheets/*.txt."""
    wheels = sorted(options.validation.glob("*.whl"))
    versions = {w.name.split("-")[0].lower(): w.name.split("-")[1] for w in wheels}
    questions = read_questions(wheels)
    counts = {task: getattr(options, task.value) for task in Task}
    drawn = list(draw(questions, counts, options.seed))
    random.Random(options.seed).shuffle(drawn)  # noqa: S311 - not for secrets
    answers = EvaluatedModel(options.model, options.prompt_format).answer(drawn)
    pairs = [
        (question, judgement_of(question, answer.text, versions[question.package]))
        for question, answer in zip(drawn, answers, strict=True)
        if answer is not None and answer.text
    ]
    write_judgements(options.work / "sentences.jsonl", (judgement for _, judgement in pairs))
    folder = options.work / "sheets"
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(pairs), options.sheet):
        texts = [
            sheet_entry(number, question, judgement)
            for number, (question, judgement) in enumerate(
                pairs[start : start + options.sheet], start + 1
            )
        ]
        (folder / f"{start + 1:04}.txt").write_text("\n".join(texts), encoding="utf-8")
    print(f"{len(pairs)} sentences, {-(-len(pairs) // options.sheet)} sheets in {folder}")


def draw(
    questions: Iterable[EvalExample], counts: Mapping[Task, int], seed: int
) -> Iterator[EvalExample]:
    """Draw questions of each task, as evenly from the packages as their sizes allow."""
    groups: dict[tuple[Task, str], list[EvalExample]] = defaultdict(list)
    for question in questions:
        groups[question.slot.task, question.package].append(question)
    for task, count in counts.items():
        own = [groups[key] for key in sorted(groups, key=str) if key[0] is task]
        for group in own:
            random.Random(f"{seed} {task.value}").shuffle(group)  # noqa: S311
        rounds = max(map(len, own), default=0)
        in_turn = (group[at] for at in range(rounds) for group in own if at < len(group))
        yield from (question for question, _ in zip(in_turn, range(count), strict=False))


def judgement_of(question: EvalExample, sentence: str, version: str) -> Judgement:
    """Return a judgement of a sentence, without its verdict."""
    definition = question.definition
    return Judgement(
        package=question.package,
        version=version,
        path=str(question.path),
        qualname=definition.qualname,
        line=definition.line,
        task=question.slot.task.value,
        slot=question.slot.name,
        sentence=sentence,
    )


def sheet_entry(number: int, question: EvalExample, judgement: Judgement) -> str:
    """Write what a reader sees of one sentence."""
    code = excerpt(question, SHOWN_LINES)
    owner = question.context.enclosing
    slot = f"{judgement.task} {judgement.slot}".strip()
    lines = [
        f"=== {number}  {judgement.package} {judgement.path}  {judgement.qualname}",
        *([f"(in {owner})"] if owner else []),
        re.sub(r"\n\s*\n+", "\n", code),
        f">>> {slot}: {judgement.sentence}",
    ]
    return "\n".join(lines) + "\n"
