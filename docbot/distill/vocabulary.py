"""What every step of the line must agree on: special tokens, task numbers, and how much is kept.

Nothing heavy is imported here: training on a GPU machine needs it, and so does making shards.
"""

from __future__ import annotations

from docbot.prompt.formats import BODY
from docbot.prompt.task import Task

__all__ = ["ANSWER", "BODY", "END", "FIRST_TASK", "PAD", "SPECIAL", "SUM", "TASKS"]

TASKS = tuple(task.value for task in Task)
SPECIAL = ("<|end|>", "<|pad|>", "<|sum|>", *(f"<|{task}|>" for task in TASKS))
"""The control tokens, by id from 0 on."""
END, PAD, SUM, FIRST_TASK = range(4)
ANSWER = 48
"""Tokens kept of an answer; BODY are those kept of a prompt's body, its last ones."""
