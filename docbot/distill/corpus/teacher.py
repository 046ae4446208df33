"""Label rows with a bigger model: a GGUF file, or any OpenAI-compatible endpoint.

    python -m docbot.distill teacher --work WORK --model big.gguf --min-confidence 0.5
    python -m docbot.distill teacher --work WORK --endpoint https://host/v1 --name M --key-env KEY

The teacher reads the code itself, out of the wheels the rows came from, and is asked what Jam-CGPT
asked (Su & McMillan, arXiv 2308.14731): one sentence. Answers that pass the same cleaning as
people's docstrings, and that the teacher was sure enough of, replace references: they go to
`labels/<package>.jsonl.gz`, which `corpus --shards-only` reads. The same command again goes on
where it stopped.
"""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import sysconfig
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docbot.distill.corpus.endpoint import Endpoint, Reply
from docbot.distill.corpus.extract import STDLIB, sources
from docbot.distill.corpus.labels import Label, Register, key
from docbot.distill.corpus.references import Filter, clean, first_sentence
from docbot.distill.corpus.rows import Row, read_rows
from docbot.errors import ConfigError, ModelError, SourceError
from docbot.gate.judge import confidence_of
from docbot.llm.batching import LlamaCpp
from docbot.llm.protocol import Prompt
from docbot.llm.weights import resolve
from docbot.prompt.context import build
from docbot.prompt.formats import FORMATS, get_format
from docbot.prompt.task import Slot, Task
from docbot.scan.facts import scan
from docbot.scan.source import read
from docbot.select.skip import Target

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from docbot.llm.weights import Weights
    from docbot.prompt.context import Context
    from docbot.prompt.formats import Format

MAX_TOKENS = 96
MAX_CODE = 6000
"""Characters of code shown; what stands further down rarely changes one sentence."""
INSTRUCTIONS = {
    Task.FUNCTION: "Write a one sentence description of this Python function",
    Task.CLASS: "Write a one sentence description of this Python class",
    Task.MODULE: "Write a one sentence description of this Python module",
    Task.PARAM: "Write a short phrase that says what the parameter `{name}` of this Python "
    "function is",
    Task.RETURNS: "Write a short phrase that says what this Python function returns",
    Task.RAISES: "Write a short phrase that says when this Python function raises {name}",
}
MANNER = " in the imperative mood"  # of a function's sentence, as docstrings have it


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A row, and the code it came from."""

    row: Row
    context: Context

    @property
    def slot(self) -> Slot:
        """What is asked."""
        return Slot(task=Task(self.row.task), name=self.row.slot)


class Teacher(Protocol):
    """Whatever answers questions about code; `tasks` are those it can be asked."""

    name: str
    tasks: frozenset[Task]

    def replies(self, asked: Iterable[Asked]) -> Iterator[tuple[Asked, Reply]]:
        """Each question with its reply, in any order; questions are pulled lazily."""


# The code again.


def wheel_of(work: Path, package: str) -> Path:
    """The wheel, or the standard library's folder, that a package's rows came from.

    Raises:
        ConfigError: there is none in `wheels/`.

    """
    if package == STDLIB:
        return Path(sysconfig.get_path("stdlib"))
    stem = re.sub(r"[-_.]+", "_", package).lower()
    for wheel in sorted((work / "wheels").glob("*.whl")):
        if re.sub(r"[-_.]+", "_", wheel.name.partition("-")[0]).lower() == stem:
            return wheel
    raise ConfigError(f"{work / 'wheels'}: has no wheel of {package}; run the corpus command again")


def again(wheel: Path, rows: Iterable[Row]) -> Iterator[Asked]:
    """The rows with the code they were made from, file by file; rows whose code is gone are not."""
    wanted: dict[str, dict[int, list[Row]]] = {}
    for row in rows:
        wanted.setdefault(row.path, {}).setdefault(row.line, []).append(row)
    for path, source in sources(wheel):
        lines = wanted.get(str(path))
        if not lines:
            continue
        try:
            definitions = scan(read(source))
        except SourceError:
            continue
        for definition in definitions:
            found = [r for r in lines.get(definition.line, ()) if r.qualname == definition.qualname]
            if found:
                own = dataclasses.replace(definition, docstring=None)
                around = tuple(own if each is definition else each for each in definitions)
                context = build(Target(definition=own), around, path)
                yield from (Asked(row=row, context=context) for row in found)


# Teachers.


def question(asked: Asked) -> str:
    """The instruction and the code, for a model that follows instructions."""
    context, slot = asked.context, asked.slot
    instruction = INSTRUCTIONS[slot.task].format(name=slot.name)
    manner = MANNER if slot.task is Task.FUNCTION else ""
    around = [f"It is a method of the class {context.owner}." if context.owner else ""]
    around += [f"It calls {callee}" for callee in context.callees]
    code = context.target.definition.code[:MAX_CODE]
    told = "\n".join(line for line in around if line)
    return (
        f"{instruction}{manner}. Answer with that alone: no markup, no example.\n{told}\n\n{code}"
    )


def instructed(context_text: str) -> Prompt:
    """A question in ChatML's words."""
    return Prompt(
        head="<|im_start|>user\n",
        body=context_text,
        tail="<|im_end|>\n<|im_start|>assistant\n",
        keep=2000,
        stop=("<|im_end|>", "\n\n"),
    )


class Local:
    """A GGUF file: one that follows ChatML is instructed, another is asked in its own format."""

    def __init__(self, weights: Weights, *, threads: int = 0) -> None:
        self.name = weights.path.name
        self._weights = weights
        self._threads = threads
        self._format: Format = get_format(weights.format)
        self._chat = weights.format == "chatml"
        self.tasks = frozenset(Task) if self._chat else self._format.tasks

    def replies(self, asked: Iterable[Asked]) -> Iterator[tuple[Asked, Reply]]:
        """As `Teacher.replies`, many at once in one context."""
        waiting: dict[int, Asked] = {}
        longest = min(MAX_TOKENS, self._weights.context // 4)
        with LlamaCpp(
            self._weights.path,
            context=self._weights.context,
            max_tokens=longest,
            threads=self._threads,
        ) as backend:
            for index, said in backend.complete(self._prompts(asked, waiting)):
                text = said.text if self._chat else self._format.reply(said.text)
                reply = Reply(text=text, confidence=confidence_of(said), ended=said.ended)
                yield waiting.pop(index), reply

    def _prompts(self, asked: Iterable[Asked], waiting: dict[int, Asked]) -> Iterator[Prompt]:
        for index, each in enumerate(asked):
            waiting[index] = each
            if self._chat:
                yield instructed(question(each))
            else:
                yield self._format.prompt(each.context, each.slot)


class Remote:
    """An endpoint, asked in the words of an instruction."""

    tasks = frozenset(Task)

    def __init__(self, endpoint: Endpoint) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint

    def replies(self, asked: Iterable[Asked]) -> Iterator[tuple[Asked, Reply]]:
        """As `Teacher.replies`.

        Raises:
            ModelError: nothing answers there, the key is refused, or the answer is no completion.

        """
        return self._endpoint.replies((each, question(each)) for each in asked)


# Labels.


def label(asked: Asked, reply: Reply, teacher: str, min_confidence: float) -> Label:
    """The reply as the row's new answer, or why it is none."""
    row = asked.row
    text = reply.text.rpartition("</think>")[2].strip()
    first = first_sentence(text.split("\n\n")[0])
    whole = reply.ended or first != " ".join(text.split())
    said = clean(first, phrase=asked.slot.task is not Task.FUNCTION)
    refused = said.value if isinstance(said, Filter) else ""
    if not whole:
        refused = Filter.CUT.value
    if reply.confidence is not None and not reply.confidence >= min_confidence:
        refused = "not sure enough"
    if reply.refused:
        refused = "refused by the endpoint"
    return Label(
        package=row.package,
        path=row.path,
        line=row.line,
        task=row.task,
        slot=row.slot,
        answer="" if refused else str(said),
        refused=refused,
        reply=(reply.refused or first)[:400],
        confidence=reply.confidence,
        teacher=teacher,
    )


def unlabelled(path: Path, register: Register, teacher: Teacher) -> list[Row]:
    """A package's rows that this teacher can be asked about and has not been."""
    known = register.known(path.name.removesuffix(".jsonl.gz"), teacher.name)
    rows, _ = read_rows(path)
    return [row for row in rows if Task(row.task) in teacher.tasks and key(row) not in known]


def ask_all(work: Path, teacher: Teacher, *, min_confidence: float, limit: int = 0) -> Counter[str]:
    """Ask about every row of `work` that this teacher has not labelled; counts of what came.

    Raises:
        ModelError: the teacher cannot be asked, or tells no confidence where one is wanted.

    """
    from tqdm import tqdm

    register = Register(work)
    sizes: dict[Path, int] = {}
    for path in sorted((work / "rows").glob("*.jsonl.gz")):
        left = limit - sum(sizes.values()) if limit else sys.maxsize
        sizes[path] = min(left, len(unlabelled(path, register, teacher)))

    def asked() -> Iterator[Asked]:
        for path, size in sizes.items():  # one package's rows in memory at a time
            rows = unlabelled(path, register, teacher)[:size] if size else []
            if rows:
                yield from again(wheel_of(work, rows[0].package), rows)

    counts: Counter[str] = Counter()
    replies = teacher.replies(asked())
    try:
        for each, reply in tqdm(
            replies, total=sum(sizes.values()), desc="labels", unit="row", mininterval=1
        ):
            if min_confidence and reply.confidence is None and not reply.refused:
                raise ModelError(
                    f"{teacher.name}: tells no log-probabilities, so nothing is known of its "
                    "confidence; leave --min-confidence out"
                )
            new = label(each, reply, teacher.name, min_confidence)
            register.add(new)
            counts[new.refused or "labelled"] += 1
    finally:
        register.save()
    return counts


# The command.


def arguments(parser: argparse.ArgumentParser) -> None:
    """`teacher`'s own flags."""
    add = parser.add_argument
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", help="a GGUF file, or a model docbot knows")
    which.add_argument("--endpoint", help="base URL of an OpenAI-compatible endpoint")
    add("--prompt-format", default="chatml", choices=sorted(FORMATS), help="of the GGUF file")
    add("--name", help="the endpoint's name of the model")
    add("--key-env", help="environment variable that holds the endpoint's key")
    add("--min-confidence", type=float, default=0.0, help="geometric mean of token probabilities")
    add("--limit", type=int, default=0, help="rows asked about in this call; 0: all")
    add("--jobs", type=int, default=8, help="requests under way at once")
    add("--threads", type=int, default=0, help="CPU threads of the GGUF file; 0: all")


def teacher_of(options: argparse.Namespace) -> Teacher:
    """The teacher that the flags name.

    Raises:
        ConfigError: an endpoint without a model's name, or a key's variable that is not set.
        ModelError: there is no such file, or it is no GGUF.

    """
    if options.model:
        weights = resolve(options.model, options.prompt_format)
        return Local(weights, threads=options.threads)
    if not options.name:
        raise ConfigError("--endpoint needs --name, the endpoint's name of the model")
    secret = os.environ.get(options.key_env, "") if options.key_env else ""
    if options.key_env and not secret:
        raise ConfigError(f"--key-env: the environment variable {options.key_env} is not set")
    jobs = max(1, options.jobs)
    return Remote(
        Endpoint(
            url=options.endpoint, name=options.name, key=secret, max_tokens=MAX_TOKENS, jobs=jobs
        )
    )


def run(options: argparse.Namespace) -> None:
    """Ask, clean, write; print what came of it.

    Raises:
        ConfigError: there are no rows, or a flag makes no sense.
        ModelError: the teacher cannot be asked.

    """
    if not 0 <= options.min_confidence <= 1:
        raise ConfigError(f"--min-confidence is a probability, got {options.min_confidence}")
    if not any((options.work / "rows").glob("*.jsonl.gz")):
        raise ConfigError(f"{options.work / 'rows'}: has no rows; run the corpus command first")
    counts = ask_all(
        options.work,
        teacher_of(options),
        min_confidence=options.min_confidence,
        limit=options.limit,
    )
    for reason, count in counts.most_common():
        print(f"{count:8,} {reason}")
    print("corpus --shards-only writes the shards with them")
