"""Render a card's example: one method, its prompt, and the model's answer."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.distill.evaluate.answers import EvaluatedModel
from docbot.distill.evaluate.heldout import EvalExample
from docbot.errors import DocbotError
from docbot.gate.facts import surroundings_of
from docbot.gate.judge import DEFAULT_CONFIDENCE
from docbot.llm.weights import resolve
from docbot.prompt.task import headline_slot
from docbot.scan.definition import Kind
from docbot.scan.facts import read_definitions
from docbot.scan.names import names_in
from docbot.scan.parse import all_nodes, parse
from docbot.scan.source import read

if TYPE_CHECKING:
    from docbot.llm.known_models import Model

PATH = PurePosixPath("stack.py")
EXAMPLE = """class Stack:
    def push(self, item):
        if item is None:
            raise ValueError("nothing to push")
        self.items.append(item)
"""


def render_example(known_model: Model) -> str:
    """Render a method, its prompt, and the shipped file's answer as Markdown.

    Args:
        known_model: The known model that the card is about; its file is run.

    Raises:
        DocbotError: the model's file is missing, or its prompt format cannot render the method.

    """
    model = EvaluatedModel(resolve(known_model.name, "").path, known_model.format)
    text = read(EXAMPLE.encode())
    definitions = read_definitions(text)
    names = names_in(all_nodes(parse(text.code)), text.utf8)
    method = next(definition for definition in definitions if definition.kind is Kind.METHOD)
    question = EvalExample(
        package="", path=PATH, definition=method, around=definitions,
        surroundings=surroundings_of(PATH, names), slot=headline_slot(method), reference="",
    )  # fmt: skip
    prompt, answer = model.prompt(question), model.answer([question])[0]
    if prompt is None or answer is None:
        raise DocbotError(f"{known_model.format}: cannot tell the card's example")
    is_written = answer.sentence and answer.sure >= DEFAULT_CONFIDENCE
    outcome = f"writes \u201c{answer.sentence}\u201d" if is_written else "writes nothing"
    return (
        f"```python\n{EXAMPLE}```\n\nis told, with a space in front, as\n\n"
        f"```\n{prompt.body.strip()}\n```\n\n"
        f"and sent as `{prompt.head}`, then the last {prompt.keep} tokens of that text, then "
        f"`{prompt.tail}`. The answer, decoded greedily, is\n\n```\n{answer.text}\n```\n\n"
        f"with a geometric mean token probability of {answer.confidence:.2f}: docbot {outcome}."
    )
