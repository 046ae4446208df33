"""Make the tables of an evaluation: questions and answers go in, rows of figures come out.

Every share and every measure of overlap or likeness is in percent.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING

from docbot.distill.evaluate import metrics, speed
from docbot.distill.evaluate.answers import Answer
from docbot.distill.evaluate.heldout import excerpt, sample, scramble_names, with_code
from docbot.distill.evaluate.perturb import PERTURBATIONS
from docbot.distill.evaluate.study import foreign_words, mean, percent, round_points, share
from docbot.errors import SourceError
from docbot.gate.judge import DEFAULT_CONFIDENCE
from docbot.prompt.task import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docbot.distill.evaluate.answers import EvaluatedModel
    from docbot.distill.evaluate.heldout import EvalExample
    from docbot.distill.evaluate.study import Row, Study
    from docbot.llm.protocol import Prompt

THRESHOLDS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)
CANDIDATES = (1, 4, 8)
TIMED = 200
"""Functions of a timing: enough for a stable mean, few enough to run one by one."""
TIMED_THREADS = 2  # as a small laptop has, unless the study sets another number
SAMPLES: Mapping[Task, int] = {
    Task.FUNCTION: 30, Task.CLASS: 7, Task.MODULE: 4,
    Task.PARAM: 5, Task.RETURNS: 2, Task.RAISES: 2,
}  # fmt: skip
_ROLE = re.compile(r":[a-z]+(?::[a-z]+)?:(?=`)")  # a role of Sphinx, which is markup and no word


def functions(study: Study) -> list[Row]:
    """Compare the model, the name baseline and people, on plain code and with names scrambled."""
    plain = study.functions(study.large)
    rows = []
    scrambled = _scramble(plain)
    for code, questions in (("plain", plain), ("names scrambled", scrambled)):
        answers = study.ask(study.main, questions)
        pairs = [(a.text, a.question.reference) for a in answers]
        baseline = [(q.name, q.reference) for q in questions]
        rows.append(
            {"model": study.main.name, "code": code, **study.score(pairs), **_foreign(answers)}
        )
        rows.append({"model": "name in words", "code": code, **study.score(baseline)})
    human = [Answer(question=q, text=_ROLE.sub("", q.reference), confidence=1.0) for q in plain]
    rows.append({"model": "people", "code": "plain", "count": len(human), **_foreign(human)})
    return rows


def tasks(study: Study) -> list[Row]:
    """Measure the model and the name baseline on each task that the format supports."""
    rows: list[Row] = []
    for task in Task:
        questions = sample(study.questions, task, 2 * study.small)
        if task not in study.main.format.tasks or not questions:
            continue
        answers = study.ask(study.main, questions)
        pairs = [(a.text, a.question.reference) for a in answers]
        passing = [a for a in answers if a.sentence]
        sure = [a for a in passing if a.sure >= DEFAULT_CONFIDENCE]
        rows.append(
            {
                "task": task.value,
                "model": study.main.name,
                **study.score(pairs),
                **_foreign(answers),
                "through_the_gate": share(len(passing), len(answers)),
                "and_sure": share(len(sure), len(answers)),
            }
        )
        baseline = [(q.name, q.reference) for q in questions]
        rows.append({"task": task.value, "model": "name in words", **study.score(baseline)})
    return rows


def quantisation(study: Study) -> list[Row]:
    """Measure each file's size, quality, time a function and memory (Wei et al., ESEC/FSE 2023)."""
    questions = study.functions(study.small)
    scrambled = _scramble(questions)
    largest = max(study.models, key=lambda path: path.stat().st_size)
    reference_texts = [a.text for a in study.ask(study.model(largest), questions)]
    rows = []
    for path in sorted(study.models, key=lambda path: -path.stat().st_size):
        model = study.model(path)
        answers = study.ask(model, questions)
        scrambled_answers = study.ask(model, scrambled)
        same = sum(a.text == text for a, text in zip(answers, reference_texts, strict=True))
        score = study.score([(a.text, a.question.reference) for a in answers])
        scrambled_score = study.score([(a.text, a.question.reference) for a in scrambled_answers])
        rows.append(
            {
                "model": model.name,
                "bytes": path.stat().st_size,
                **score,
                "scrambled_bleu": scrambled_score["bleu"],
                "scrambled_meteor": scrambled_score["meteor"],
                "scrambled_cosine": scrambled_score["cosine"],
                "same_as_largest": share(same, len(answers)),
                **_timed(study, model, questions[:TIMED]),
            }
        )
    return rows


def perturbations(study: Study) -> list[Row]:
    """Measure each file before and after changes that do not change what the code does."""
    rows = []
    pool = study.functions(study.large)
    for name in PERTURBATIONS:
        pairs = _perturb(pool, name, max(1, study.small // 2))  # for each change and each file
        for path in study.models:
            model = study.model(path)
            before = model.answer([old for old, _ in pairs])
            after = model.answer([new for _, new in pairs])
            both = [(b, a) for b, a in zip(before, after, strict=True) if b and a]
            new_prompts = sum(model.prompt(old) != model.prompt(new) for old, new in pairs)
            old_score = study.score([(b.text, b.question.reference) for b, _ in both])
            new_score = study.score([(a.text, a.question.reference) for _, a in both])
            rows.append(
                {
                    "change": name,
                    "model": model.name,
                    "count": len(both),
                    "prompts_changed": share(new_prompts, len(pairs)),
                    "same_answer": share(sum(b.text == a.text for b, a in both), len(both)),
                    **{f"{key}_before": old_score[key] for key in ("bleu", "meteor", "cosine")},
                    **{key: new_score[key] for key in ("bleu", "meteor", "cosine")},
                }
            )
    return rows


def calibration(study: Study) -> Row:
    """Measure the calibration of confidence, before and after Platt scaling.

    The scaling is fitted by folds of packages, so each package is scaled by a fit on the others.
    """
    answers = study.ask(study.main, study.functions(study.large))
    sure = [answer.confidence for answer in answers]
    right = study.hits(answers)
    folds = [answer.question.package for answer in answers]
    scaled = metrics.platt_by_fold(sure, right, folds)
    base = sum(right) / len(right)
    slope, offset = metrics.fit_platt(sure, right)

    def trust(confidences: Sequence[float]) -> Row:
        score = metrics.brier(confidences, right)
        return {
            "calibration_error": round(metrics.calibration_error(confidences, right), 4),
            "brier": round(score, 4),
            "skill": round(1 - score / (base * (1 - base)), 4) if 0 < base < 1 else None,
            "bins": round_points(metrics.reliability(confidences, right)),
        }

    curve = metrics.coverage(sure, right)
    step = max(1, len(curve) // 200)
    return {
        "count": len(answers),
        "right": f"cosine to the human's sentence of {study.right} or more",
        "share_right": round(100 * base, 2),
        "confidence": trust(sure),
        "platt_by_package": trust(scaled),
        "platt_of_all": {"slope": round(slope, 4), "offset": round(offset, 4)},
        "coverage": round_points([*curve[::step], curve[-1]]),
    }


def gate(study: Study) -> list[Row]:
    """Count what passes docbot's gate at each min-confidence, as benchmarks/gate.py does."""
    rows = []
    for task in Task:
        if task not in study.main.format.tasks:
            continue
        size = study.large if task is Task.FUNCTION else 2 * study.small
        answers = study.ask(study.main, sample(study.questions, task, size))
        pairs = [(a.sentence, a.question.reference) for a in answers]
        cosines = study.embedder.cosines(pairs)
        for threshold in THRESHOLDS:
            through = [
                (metrics.is_close(*pair), cosine >= study.right)
                for answer, pair, cosine in zip(answers, pairs, cosines, strict=True)
                if answer.sentence and answer.sure >= threshold
            ]
            rows.append(
                {
                    "task": task.value,
                    "min_confidence": threshold,
                    "offered": len(answers),
                    "sure_enough": sum(a.confidence >= threshold for a in answers),
                    "through_the_gate": len(through),
                    "close": share(sum(close for close, _ in through), len(through)),
                    "right": share(sum(hit for _, hit in through), len(through)),
                }
            )
    return rows


def candidates(study: Study) -> list[Row]:
    """Measure what several candidates and the gate's choice among them gain and cost."""
    questions = study.functions(study.small)
    rows = []
    for count in CANDIDATES:
        model = study.model(study.models[0], count)
        answers = study.ask(model, questions)
        references = [answer.question.reference for answer in answers]
        score = study.score(list(zip((a.best_text for a in answers), references, strict=True)))
        all_texts = [(a.text, *a.others) for a in answers]
        best = [
            max(study.embedder.cosines([(text, reference) for text in texts]))
            for texts, reference in zip(all_texts, references, strict=True)
        ]
        passing = [a for a in answers if a.sentence]
        sure = [a for a in passing if a.sure >= DEFAULT_CONFIDENCE]
        rows.append(
            {
                "candidates": count,
                **score,
                "best_cosine": percent(best),
                "distinct": round(mean([len(texts) for texts in all_texts]), 2),
                "diversity": round(mean([metrics.diversity(texts) for texts in all_texts]), 3),
                "through_the_gate": share(len(passing), len(answers)),
                "close": _close(passing),
                "and_sure": share(len(sure), len(answers)),
                "close_and_sure": _close(sure),
                **_timed(study, model, questions[:TIMED], count),
            }
        )
    return rows


def samples(study: Study) -> list[Row]:
    """Return fifty held-out answers, drawn at random and not selected."""
    supported = study.main.format.tasks
    sizes = {task: count for task, count in SAMPLES.items() if task in supported}
    if supported == {Task.FUNCTION}:
        sizes = {Task.FUNCTION: sum(SAMPLES.values())}
    questions = [
        q for task, count in sizes.items() for q in sample(study.questions, task, count, seed=50)
    ]
    return [
        {
            "task": answer.question.slot.task.value,
            "name": answer.question.slot.name,
            "package": answer.question.package,
            "qualname": answer.question.definition.qualname,
            "code": excerpt(answer.question),
            "person": answer.question.reference,
            "model": answer.text,
            "confidence": round(answer.confidence, 3),
            "gate": bool(answer.sentence),
            "written": bool(answer.sentence) and answer.sure >= DEFAULT_CONFIDENCE,
        }
        for answer in study.ask(study.main, questions)
    ]


def _foreign(answers: Sequence[Answer]) -> Row:
    """Return the share of answers with foreign words, and the most frequent of these words."""
    by_answer = [foreign_words(answer.text, answer.question) for answer in answers]
    frequent = Counter(word for words in by_answer for word in set(words)).most_common(8)
    return {
        "foreign": share(sum(map(bool, by_answer)), len(by_answer)),
        "foreign_most": " ".join(word for word, _ in frequent),
    }


def _scramble(questions: Sequence[EvalExample]) -> list[EvalExample]:
    return [scrambled for q in questions if (scrambled := scramble_names(q)) is not None]


def _perturb(
    pool: Sequence[EvalExample], change: str, count: int
) -> list[tuple[EvalExample, EvalExample]]:
    """Return the pool's first questions whose code this change affects, before and after."""
    pairs: list[tuple[EvalExample, EvalExample]] = []
    for question in pool:
        if len(pairs) == count:
            break
        definition = question.definition
        rng = random.Random(f"{change} {question.path} {definition.line}")  # noqa: S311 - no secret
        try:
            code = PERTURBATIONS[change](definition.code, rng)
        except (SourceError, RecursionError):
            continue
        new = with_code(question, code) if code != definition.code else None
        if new is not None:
            pairs.append((question, new))
    return pairs


def _timed(
    study: Study, model: EvaluatedModel, questions: Sequence[EvalExample], count: int = 1
) -> Row:
    """Measure milliseconds a function, one by one and in batches, and the peak memory of each."""
    prompts: list[Prompt] = [p for q in questions if (p := model.prompt(q)) is not None]
    row: Row = {}
    for key, slots in (("one_by_one", count), ("batched", 32)):
        figures = speed.measure(
            model.path,
            study.form,
            prompts,
            slots=slots,
            threads=study.threads or TIMED_THREADS,
            candidates=count,
        )
        row |= {f"{key}_{name}": round(value, 1) for name, value in figures.items()}
    return row


def _close(answers: Sequence[Answer]) -> float | None:
    count = sum(metrics.is_close(a.sentence, a.question.reference) for a in answers)
    return share(count, len(answers))
