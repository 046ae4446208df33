"""Bring together an evaluation's questions, models and measures of their answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docbot.distill.evaluate import metrics
from docbot.distill.evaluate.answers import Answer, EvaluatedModel
from docbot.distill.evaluate.heldout import sample
from docbot.gate.english import FILLERS, STOPWORDS, VERBS, all_keys, is_supported, third_persons
from docbot.gate.facts import facts_of
from docbot.gate.rules import implied_by_syntax
from docbot.prompt.task import Task
from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from docbot.distill.evaluate.heldout import EvalExample

    Row = dict[str, Any]


@dataclass(kw_only=True)
class Study:
    """The questions, models and settings of all tables.

    Attributes:
        questions: All held-out questions.
        models: GGUF files; the first is the one that ships.
        form: Name of their prompt format.
        large: Number of functions in the main tables.
        small: Number of functions in the tables with many cells.
        threads: For llama.cpp; 0 takes the cores this process may use.
        right: Lowest cosine to the human's text of an answer that counts as right.
        embedder: Computes the cosines.

    """

    questions: Sequence[EvalExample]
    models: Sequence[Path]
    form: str
    large: int = 3000
    small: int = 500
    threads: int = 0
    right: float = 0.6
    embedder: metrics.Embedder = field(default_factory=metrics.Embedder)
    _opened: dict[tuple[Path, int], EvaluatedModel] = field(default_factory=dict)

    def model(self, path: Path, candidates: int = 1) -> EvaluatedModel:
        """Return the file's model; the same object each time, which remembers its completions."""
        key = (path, candidates)
        if key not in self._opened:
            self._opened[key] = EvaluatedModel(
                path, self.form, threads=self.threads, candidates=candidates
            )
        return self._opened[key]

    @property
    def main(self) -> EvaluatedModel:
        """Return the model that ships."""
        return self.model(self.models[0])

    def ask(self, model: EvaluatedModel, questions: Sequence[EvalExample]) -> list[Answer]:
        """Return the answers to the questions of which a prompt can be made."""
        return [answer for answer in model.answer(questions) if answer is not None]

    def functions(self, count: int) -> list[EvalExample]:
        """Draw a sample of the functions and methods."""
        return sample(self.questions, Task.FUNCTION, count)

    def score(self, pairs: Sequence[tuple[str, str]]) -> Row:
        """Return all measures of (prediction, reference) pairs, each a mean over the pairs."""
        overlap, kind = metrics.meteor(pairs)
        return {
            "count": len(pairs),
            "bleu": percent([metrics.bleu(*pair) for pair in pairs]),
            "chrf": percent([metrics.chrf(*pair) for pair in pairs]),
            "chrf_corpus": round(100 * metrics.corpus_chrf(pairs), 2),
            "meteor": percent(overlap),
            "meteor_kind": kind,
            "cosine": percent(self.embedder.cosines(pairs)),
            "words": round(mean([len(metrics.tokenize(prediction)) for prediction, _ in pairs]), 2),
        }

    def hits(self, answers: Sequence[Answer]) -> list[bool]:
        """Check for each answer whether its first candidate counts as right."""
        pairs = [(answer.text, answer.question.reference) for answer in answers]
        return [cosine >= self.right for cosine in self.embedder.cosines(pairs)]


def foreign_words(sentence: str, question: EvalExample) -> list[str]:
    """Return the words of a sentence that name something which the code does not contain.

    All words count, those of identifiers one by one, except: single letters, stopwords and fillers
    ("value", "given"), words the syntax implies ("list", "raise": `rules.implied_by_syntax`), and a
    verb at the start, which names no thing. The code contains a word if the word, its stem, its
    long form or a synonym (`english.is_supported`) is a word of an identifier, a string or a
    comment there, of the class it belongs to, or, for a module, of its path.
    """
    facts = facts_of(question.definition, question.surroundings)
    in_code = facts.words | facts.prose | frozenset(split_words(facts.code))
    if question.slot.task is Task.MODULE:
        in_code |= facts.path
    keys = all_keys(in_code)
    words = split_words(sentence)
    if words and third_persons().get(words[0], words[0]) in VERBS:
        words = words[1:]
    meaning_words = (w for w in words if len(w) > 1 and w not in STOPWORDS and w not in FILLERS)
    return [
        word
        for word in meaning_words
        if not is_supported(word, keys) and not implied_by_syntax(word, facts)
    ]


def mean(values: Sequence[float]) -> float:
    """Return the mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def percent(values: Sequence[float]) -> float:
    """Return the mean of figures from 0 to 1, in percent."""
    return round(100 * mean(values), 2)


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole in percent; None if the whole is 0."""
    return round(100 * part / whole, 2) if whole else None


def round_points(points: Sequence[tuple[float, ...]]) -> list[list[float]]:
    """Round the points of a curve to four places, as lists for JSON."""
    return [[round(value, 4) for value in point] for point in points]
