"""Ask a model held-out questions through docbot's own prompts, backend and gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docbot.config import Config
from docbot.errors import SourceError
from docbot.gate.judge import Judge, confidence_of
from docbot.gate.sentence import Refusal
from docbot.gate.summary import Summary
from docbot.llm.batching import LlamaCpp
from docbot.llm.weights import resolve
from docbot.prompt.formats import get_format
from docbot.prompt.task import PHRASES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from docbot.distill.evaluate.heldout import EvalExample
    from docbot.llm.protocol import Completion, Prompt


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A model's answer to one question.

    Attributes:
        question: The question.
        text: The first candidate, read as the model's format reads it.
        confidence: Geometric mean of the first candidate's token probabilities.
        sentence: What docbot would write if any confidence were enough; "" where the gate refuses.
        sure: Confidence of `sentence`, which may be another candidate than the first.
        others: Texts of the other candidates.

    """

    question: EvalExample
    text: str
    confidence: float
    sentence: str = ""
    sure: float = 0.0
    others: tuple[str, ...] = ()

    @property
    def best_text(self) -> str:
        """Return the surest candidate that passes the gate, else the first candidate."""
        return self.sentence or self.text


class EvaluatedModel:
    """A GGUF file and its prompt format; equal prompts are answered once.

    Args:
        path: The GGUF file.
        form: Name of its prompt format.
        threads: For llama.cpp; 0 takes the cores this process may use.
        candidates: Candidates for each prompt; the first is decoded greedily.

    """

    def __init__(self, path: Path, form: str, *, threads: int = 0, candidates: int = 1) -> None:
        self.path = path
        self.format = get_format(form)
        # so the gate refuses an answer for its text, never for too little confidence
        self._config = replace(Config(), min_confidence=0.0)
        self._weights = resolve(str(path), form)
        self._threads, self._candidates = threads, candidates
        self._completions: dict[Prompt, Completion] = {}

    @property
    def name(self) -> str:
        """Return the file's name without its suffix, which names the model in a table."""
        return self.path.stem

    def answer(self, questions: Sequence[EvalExample]) -> list[Answer | None]:
        """Answer the questions, in order; None where no prompt can be made of the code."""
        prompts = [self.prompt(question) for question in questions]
        new = list(
            dict.fromkeys(p for p in prompts if p is not None and p not in self._completions)
        )
        if new:
            with self._backend() as backend:
                completions = backend.complete(new)
                self._completions.update((new[at], completion) for at, completion in completions)
        return [
            None if prompt is None else self._judge(question, self._completions[prompt])
            for question, prompt in zip(questions, prompts, strict=True)
        ]

    def prompt(self, question: EvalExample) -> Prompt | None:
        """Return the prompt for a question; None where none can be made of the code."""
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

    def _judge(self, question: EvalExample, completion: Completion) -> Answer:
        sentence, sure = self._gate(question, completion)
        return Answer(
            question=question,
            text=self.format.read_completion(completion.text),
            confidence=confidence_of(completion),
            sentence=sentence,
            sure=sure,
            others=tuple(self.format.read_completion(other.text) for other in completion.others),
        )

    def _gate(self, question: EvalExample, completion: Completion) -> tuple[str, float]:
        """Return what would be written and its confidence; "" where every candidate is refused."""
        definition, slot, surroundings = question.definition, question.slot, question.surroundings
        judge = Judge(read=self.format.read_completion, min_confidence=0.0)
        if slot.task in PHRASES:
            first = replace(completion, others=())
            verdict = judge.phrase(first, definition, slot, surroundings)
            if isinstance(verdict, Refusal):
                return "", 0.0
            return verdict, confidence_of(completion)
        summary = judge.headline(completion, definition, surroundings)
        if isinstance(summary, Summary):
            return summary.headline, summary.confidence
        return "", 0.0
