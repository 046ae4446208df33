"""Turn people's docstrings into answers for a pretrained model: natural case, names as they are.

Unlike docbot-tiny, whose answers are lower-case words (`corpus.references.clean`), a pretrained
model can spell. The filters are the same.
"""

from __future__ import annotations

import re

from docbot.distill.corpus.references import (
    Filter,
    clean,
    remove_markup,
    restates_name,
    supported_share,
)
from docbot.gate.english import VERBS, third_persons
from docbot.prompt.task import Task
from docbot.scan.identifiers import split_words

LEAST_SUPPORT = {
    Task.FUNCTION: 0.6,
    Task.CLASS: 0.5,
    Task.MODULE: 0.4,
    Task.PARAM: 0.4,
    Task.RETURNS: 0.5,
    Task.RAISES: 0.5,
}
"""The smallest share of an answer's meaning words that the prompt must show, for each task.

A headline that says what the code does not show would teach the model to invent.
"""


def answer_of(reference: str, task: Task, code: str) -> str:
    """Rewrite a reference as the model should write it; "" where it is unfit to learn from.

    Args:
        reference: The first sentence of a docstring or of a section's entry.
        task: What the answer is for.
        code: What the prompt shows of the code.

    """
    phrase = task is not Task.FUNCTION
    plain = clean(reference, phrase=phrase)
    if isinstance(plain, Filter):
        return ""
    if supported_share(plain, " ".join(_words_of(code))) < LEAST_SUPPORT[task]:
        return ""
    text = re.sub(r"\s+", " ", remove_markup(reference)).rstrip(" .,:;")
    return _capitalized(text) if phrase else _imperative(text)


def says_name_alone(answer: str, name: str) -> bool:
    """Check whether an answer says nothing but the definition's name."""
    return restates_name(answer.lower(), name)


def _words_of(code: str) -> list[str]:
    names = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", code)
    return [word for name in names for word in split_words(name)]


def _imperative(text: str) -> str:
    """Put the first verb in its base form; "" for a text that begins with no known verb."""
    first, _, rest = text.partition(" ")
    verb = first.lower()
    base = third_persons().get(verb, verb)
    return _capitalized(f"{base} {rest}") if base in VERBS and rest else ""


def _capitalized(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
