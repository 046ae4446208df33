"""What an evaluation is made from: held-out questions, models, and measures of their answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docbot.distill.evaluate import metrics
from docbot.distill.evaluate.answers import Answer, Model
from docbot.distill.evaluate.heldout import sample
from docbot.gate.english import FILLERS, STOPWORDS, VERBS, all_keys, is_supported, third_persons
from docbot.gate.facts import facts_of
from docbot.gate.rules import implied_by_syntax
from docbot.prompt.task import Task
from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from docbot.distill.evaluate.heldout import Question

    Row = dict[str, Any]


@dataclass(kw_only=True)
class Study:
    """What the tables are made from.

    Attributes:
        asked: All held-out questions.
        models: GGUF files; the first is the one that ships.
        form: Their prompt format.
        large: Functions of the main tables.
        small: Functions of the tables with many cells.
        threads: For llama.cpp; 0 takes the cores this process may use.
        right: Cosine to the human's text from which on an answer counts as right.

    """

    asked: Sequence[Question]
    models: Sequence[Path]
    form: str
    large: int = 3000
    small: int = 500
    threads: int = 0
    right: float = 0.6
    embedder: metrics.Embedder = field(default_factory=metrics.Embedder)
    _opened: dict[tuple[Path, int], Model] = field(default_factory=dict)

    def model(self, path: Path, candidates: int = 1) -> Model:
        """The file, ready to be asked; what it was asked before it still knows."""
        key = (path, candidates)
        if key not in self._opened:
            self._opened[key] = Model(path, self.form, threads=self.threads, candidates=candidates)
        return self._opened[key]

    @property
    def main(self) -> Model:
        """The model that ships."""
        return self.model(self.models[0])

    def ask(self, model: Model, questions: Sequence[Question]) -> list[Answer]:
        """The answers to the questions that can be told."""
        return [answer for answer in model.answer(questions) if answer is not None]

    def functions(self, count: int) -> list[Question]:
        """A sample of the functions and methods."""
        return sample(self.asked, Task.FUNCTION, count)

    def score(self, pairs: Sequence[tuple[str, str]]) -> Row:
        """Every measure of (prediction, reference) pairs, each a mean over the pairs."""
        overlap, kind = metrics.meteor(pairs)
        return {
            "count": len(pairs),
            "bleu": percent([metrics.bleu(*pair) for pair in pairs]),
            "chrf": percent([metrics.chrf(*pair) for pair in pairs]),
            "chrf_corpus": round(100 * metrics.corpus_chrf(pairs), 2),
            "meteor": percent(overlap),
            "meteor_kind": kind,
            "cosine": percent(self.embedder.cosines(pairs)),
            "words": round(mean([len(metrics.tokens(said)) for said, _ in pairs]), 2),
        }

    def hits(self, answers: Sequence[Answer]) -> list[bool]:
        """Which first answers count as right."""
        pairs = [(answer.text, answer.question.reference) for answer in answers]
        return [cosine >= self.right for cosine in self.embedder.cosines(pairs)]


def foreign(sentence: str, question: Question) -> list[str]:
    """The words of a sentence that name something which is not in the code.

    Every word counts, those of identifiers singly, except: single letters, stopwords and fillers
    ("value", "given"), words the syntax shows ("list", "raise": `rules.implied_by_syntax`), and a
    verb at the start, which names no thing. A word is in the code when it, its stem, its long form
    or a synonym (`english.is_supported`) is a word of an identifier, a string or a comment there,
    of the class it belongs to, or, for a module, of its path.
    """
    facts = facts_of(question.definition, question.near)
    spelt = facts.words | facts.prose | frozenset(split_words(facts.code))
    if question.slot.task is Task.MODULE:
        spelt |= facts.path
    known = all_keys(spelt)
    words = split_words(sentence)
    if words and third_persons().get(words[0], words[0]) in VERBS:
        words = words[1:]
    meant = (w for w in words if len(w) > 1 and w not in STOPWORDS and w not in FILLERS)
    return [
        word
        for word in meant
        if not is_supported(word, known) and not implied_by_syntax(word, facts)
    ]


def mean(values: Sequence[float]) -> float:
    """The mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def percent(values: Sequence[float]) -> float:
    """The mean of figures from 0 to 1, in percent."""
    return round(100 * mean(values), 2)


def share(part: int, whole: int) -> float | None:
    """A part in percent; None of nothing."""
    return round(100 * part / whole, 2) if whole else None


def rounded(points: Sequence[tuple[float, ...]]) -> list[list[float]]:
    """Points of a curve, fit for JSON."""
    return [[round(value, 4) for value in point] for point in points]
