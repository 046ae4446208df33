"""A model asked through docbot's own backend: what it says to questions, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docbot.config import Config
from docbot.errors import SourceError
from docbot.gate.judge import confidence_of, judge, judge_phrase
from docbot.gate.sentence import Refusal
from docbot.gate.summary import Summary
from docbot.llm.batching import LlamaCpp
from docbot.llm.weights import resolve
from docbot.prompt.formats import get_format
from docbot.prompt.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from docbot.distill.evaluate.heldout import Question
    from docbot.llm.protocol import Completion, Prompt

PHRASES = (Task.PARAM, Task.RETURNS, Task.RAISES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a model said to one question.

    Attributes:
        question: What it was asked.
        text: The first answer, read as the model's format reads it.
        confidence: Geometric mean of its token probabilities.
        written: What docbot would write were every confidence enough; "" where the gate refuses.
        sure: Confidence of what would be written, which may be another candidate than the first.
        others: Texts of the other candidates.

    """

    question: Question
    text: str
    confidence: float
    written: str = ""
    sure: float = 0.0
    others: tuple[str, ...] = ()

    @property
    def picked(self) -> str:
        """The text to measure: what passes the gate, surest first, else the first answer."""
        return self.written or self.text


class Model:
    """One GGUF file and its prompt format; a prompt that came before is not asked again."""

    def __init__(self, path: Path, form: str, *, threads: int = 0, candidates: int = 1) -> None:
        self.path = path
        self.format = get_format(form)
        # whatever the gate refuses is refused for what it says, not for want of confidence
        self._config = replace(Config(), min_confidence=0.0)
        self._weights = resolve(str(path), form)
        self._threads, self._candidates = threads, candidates
        self._known: dict[Prompt, Completion] = {}

    @property
    def name(self) -> str:
        """The file's name, which tells models of a table apart."""
        return self.path.stem

    def answer(self, questions: Sequence[Question]) -> list[Answer | None]:
        """One answer each; None where the code cannot be told on its own."""
        prompts = [self.prompt(question) for question in questions]
        new = list(dict.fromkeys(p for p in prompts if p is not None and p not in self._known))
        if new:
            with self._backend() as backend:
                self._known.update((new[at], said) for at, said in backend.complete(new))
        return [
            None if prompt is None else self._judged(question, self._known[prompt])
            for question, prompt in zip(questions, prompts, strict=True)
        ]

    def prompt(self, question: Question) -> Prompt | None:
        """What is sent for a question; None as in `answer`."""
        try:
            return self.format.prompt(question.context, question.slot)
        except (SourceError, ValueError, RecursionError):
            return None

    def _backend(self) -> LlamaCpp:
        return LlamaCpp(
            self._weights.path,
            context=self._weights.context,
            max_tokens=self._config.max_tokens,
            threads=self._threads,
            candidates=self._candidates,
        )

    def _judged(self, question: Question, said: Completion) -> Answer:
        written, sure = self._gate(question, said)
        return Answer(
            question=question,
            text=self.format.reply(said.text),
            confidence=confidence_of(said),
            written=written,
            sure=sure,
            others=tuple(self.format.reply(other.text) for other in said.others),
        )

    def _gate(self, question: Question, said: Completion) -> tuple[str, float]:
        """What would be written and how sure that is; "" where every candidate is refused."""
        asked, read, config = question, self.format.reply, self._config
        if asked.slot.task in PHRASES:
            first = replace(said, others=())
            verdict = judge_phrase(first, read, asked.definition, asked.slot, config, asked.near)
            return ("", 0.0) if isinstance(verdict, Refusal) else (verdict, confidence_of(said))
        found = judge(said, read, asked.definition, config, asked.near)
        return (found.headline, found.confidence) if isinstance(found, Summary) else ("", 0.0)
