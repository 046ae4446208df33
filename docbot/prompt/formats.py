"""Write prompts and read completions, in one named format for each family of models.

A format belongs to a model, not to a code path: `weights.py` names the format of each known model,
and a GGUF's own chat template is never run (CVE-2024-34359 was one that was).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docbot.errors import ConfigError
from docbot.llm.protocol import Prompt
from docbot.prompt import linearize
from docbot.prompt.context import statement_ends
from docbot.prompt.lines import code_lines, slot_header
from docbot.prompt.task import Slot, Task, headline_slot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from docbot.prompt.context import Context


BODY = 160
"""Most tokens of a body that docbot-tiny is sent; the last ones are kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """The prompt format of a family of models.

    Attributes:
        prompt: Writes the prompt for a slot.
        read_completion: Reads the docstring's text from a completion.
        tasks: The tasks that these models can do.
        scores: The name of their scores in the gate's table; "" where none were fitted.

    """

    prompt: Callable[[Context, Slot], Prompt]
    read_completion: Callable[[str], str]
    tasks: frozenset[Task] = frozenset({Task.FUNCTION})
    scores: str = ""


_LINEARIZERS: Mapping[Task, Callable[[Context, str], str]] = {
    Task.FUNCTION: linearize.function,
    Task.CLASS: linearize.class_,
    Task.MODULE: linearize.module,
    Task.PARAM: linearize.parameter,
    Task.RETURNS: linearize.returns,
    Task.RAISES: linearize.raises,
}


def tasks_prompt(context: Context, slot: Slot) -> Prompt:
    """Write docbot-tiny's prompt: a token for the task and the code as words.

    Small models copy words, so they are given words to copy; measured in models/LOG.md.
    """
    return Prompt(
        head=f"<|{slot.task.value}|>",
        body=_LINEARIZERS[slot.task](context, slot.name),
        tail="<|sum|>",
        keep=BODY,
        keep_end=True,
    )


CODE = 400
"""Most tokens of code and headline that docbot-small is sent; plain code ends before."""


def lines_prompt(context: Context, slot: Slot) -> Prompt:
    """Write docbot-small's prompt: code, then the comment that asks for the slot.

    Sections are asked for after the headline, which is part of their prompt.
    """
    headline = f"{slot_header(headline_slot(context.target.definition))} {context.headline}\n"
    return Prompt(
        head="",
        body=code_lines(context) + (headline if context.headline else ""),
        tail=slot_header(slot),
        keep=CODE,
        stop=("\n",),
        shared=bool(context.headline),
    )


CHAT_BODY = 1500
"""Most tokens of code that a chat model is sent: the first ones, in whole statements."""


SENTENCE = r"""
root ::= [A-Z] [a-z]+ (" " word)+ "."
word ::= [A-Za-z0-9_'(),/`-]+ ("." [A-Za-z0-9_()]+)*
"""
"""A grammar of one plain sentence: no greeting, no list, no code block, nothing after it."""


INSTRUCTION = (
    "You write the first line of Python docstrings. Answer with one plain sentence in the "
    "imperative mood, at most fifteen words, no markup. Say what the function does, not how, and "
    "nothing the code does not show."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turns:
    """The tokens by which a family of chat models marks the turns of a conversation.

    Attributes:
        system: Opens the instruction.
        user: Opens the question.
        end: Closes either of them, and the model's answer.
        assistant: Opens the model's answer.

    """

    system: str
    user: str
    end: str
    assistant: str


CHATML = Turns(
    system="<|im_start|>system\n",
    user="<|im_start|>user\n",
    end="<|im_end|>",
    assistant="<|im_start|>assistant\n",
)


# With an empty thought, as Qwen3's own template writes it for enable_thinking=false.
QWEN3 = replace(CHATML, assistant=f"{CHATML.assistant}<think>\n\n</think>\n\n")


GRANITE = Turns(
    system="<|start_of_role|>system<|end_of_role|>",
    user="<|start_of_role|>user<|end_of_role|>",
    end="<|end_of_text|>",
    assistant="<|start_of_role|>assistant<|end_of_role|>",
)


def chat_prompt(turns: Turns) -> Callable[[Context, Slot], Prompt]:
    """Make a function that writes prompts for chat models with these turns.

    The instruction comes first, so that all prompts share it.
    """

    def prompt(context: Context, _slot: Slot) -> Prompt:
        surroundings = [context.enclosing, context.module]
        surroundings += [f"Documented nearby: {example}" for example in context.examples]
        surroundings += [f"It calls {callee}" for callee in context.callees]
        facts = "".join(f"# {line}\n" for line in surroundings if line)
        code = context.target.definition.code
        is_long = len(facts) + len(code) > CHAT_BODY  # a token is a character or more
        return Prompt(
            head=f"{turns.system}{INSTRUCTION}{turns.end}\n{turns.user}",
            body=facts + code,
            tail=f"{turns.end}\n{turns.assistant}",
            keep=CHAT_BODY,
            stop=(turns.end, "\n"),
            cuts=tuple(len(facts) + cut for cut in statement_ends(context.target.definition))
            if is_long
            else (),
            grammar=SENTENCE,
        )

    return prompt


def first_line(text: str) -> str:
    """Return a completion's first line that is not blank, stripped; "" without one.

    The gate judges what else is wrong with it.
    """
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def cased_reply(reply: str) -> str:
    """Return a lower-case completion's first line, with JSON, URL and None capitalized."""
    return re.sub(r"[a-z]+", lambda m: _CASED.get(m.group(), m.group()), first_line(reply))


FORMATS: Mapping[str, Format] = {
    "tasks": Format(prompt=tasks_prompt, read_completion=cased_reply, tasks=frozenset(Task)),
    "lines": Format(
        prompt=lines_prompt, read_completion=first_line, tasks=frozenset(Task), scores="lines"
    ),
    # Qwen2.5, Qwen3-*-2507:
    "chatml": Format(prompt=chat_prompt(CHATML), read_completion=str.strip),
    "qwen3": Format(prompt=chat_prompt(QWEN3), read_completion=str.strip),
    "granite": Format(prompt=chat_prompt(GRANITE), read_completion=str.strip),
}


def get_format(name: str) -> Format:
    """Return the format with this name, from a known model or the configuration.

    Raises:
        ConfigError: there is no such format.

    """
    if name not in FORMATS:
        raise ConfigError(f"'prompt-format' must be one of {', '.join(FORMATS)}, got '{name}'")
    return FORMATS[name]


_ACRONYMS = """
    api ascii aws cli cpu css csv db dns ftp gif gpu gui html http https id io ip ipv imap iso jpeg
    json jwt orm os pdf pid png rgb rgba rpc sdk sha smtp sql ssh ssl svg tcp tls toml tsv udp ui
    uid uri url utc utf uuid wsgi xml yaml
"""


_CASED: Mapping[str, str] = {
    **{word: word.upper() for word in _ACRONYMS.split()},
    **{word + "s": word.upper() + "s" for word in ("api", "id", "ip", "uri", "url", "uuid")},
    "none": "None",
    "true": "True",
    "false": "False",
    "python": "Python",
    "unicode": "Unicode",
}
"""The spelling of some words, by their lower-case form in a completion."""
