"""Define what corpus, training and export must agree on: special tokens, task numbers and lengths.

Nothing heavy is imported here: training on a GPU machine needs this module, and so does writing
shards.
"""

from __future__ import annotations

from docbot.prompt.formats import BODY
from docbot.prompt.task import Task

__all__ = ["ANSWER", "BODY", "END", "FIRST_TASK", "PAD", "SPECIAL", "SUM", "TASKS"]

TASKS = tuple(task.value for task in Task)
SPECIAL = ("<|end|>", "<|pad|>", "<|sum|>", *(f"<|{task}|>" for task in TASKS))
"""The control tokens; a token's index is its id."""
END, PAD, SUM, FIRST_TASK = range(4)
ANSWER = 48
"""Tokens kept of an answer; BODY is the number kept of a prompt's body, from its end."""
