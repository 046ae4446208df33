"""Label rows with a bigger model: a GGUF file, or any OpenAI-compatible endpoint.

    python -m docbot.distill teacher --work WORK --model big.gguf --min-confidence 0.5
    python -m docbot.distill teacher --work WORK --endpoint https://host/v1 --name M --key-env KEY

The teacher is shown the code itself, read again from the wheels that the rows came from, and asked
for one sentence, as in Jam-CGPT (Su & McMillan, arXiv 2308.14731). Answers that pass the same
cleaning as people's docstrings, with enough confidence, replace the references: they go to
`labels/<package>.jsonl.gz`, which `corpus --shards-only` reads. A stopped run continues when the
same command is run again.
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
from docbot.distill.corpus.extract import STDLIB, read_sources
from docbot.distill.corpus.labels import Label, LabelStore, row_key
from docbot.distill.corpus.references import Filter, clean, first_sentence
from docbot.distill.corpus.rows import CorpusRow, read_rows
from docbot.errors import ConfigError, ModelError, SourceError
from docbot.gate.judge import confidence_of
from docbot.llm.batching import LlamaCpp
from docbot.llm.protocol import Prompt
from docbot.llm.weights import resolve
from docbot.prompt.context import build_context
from docbot.prompt.formats import FORMATS, get_format
from docbot.prompt.task import Slot, Task
from docbot.scan.facts import read_definitions
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
"""How many characters of code are shown; later code rarely changes one sentence."""
INSTRUCTIONS = {
    Task.FUNCTION: "Write a one sentence description of this Python function",
    Task.CLASS: "Write a one sentence description of this Python class",
    Task.MODULE: "Write a one sentence description of this Python module",
    Task.PARAM: "Write a short phrase that says what the parameter `{name}` of this Python "
    "function is",
    Task.RETURNS: "Write a short phrase that says what this Python function returns",
    Task.RAISES: "Write a short phrase that says when this Python function raises {name}",
}
MANNER = " in the imperative mood"  # for functions: docstrings are written that way


@dataclass(frozen=True, kw_only=True, slots=True)
class RowWithCode:
    """A row of the corpus with the code it was made from."""

    row: CorpusRow
    context: Context

    @property
    def slot(self) -> Slot:
        """Return the slot that the row's answer fills."""
        return Slot(task=Task(self.row.task), name=self.row.slot)


class Teacher(Protocol):
    """A model that answers questions about code; `tasks` are those it can be asked."""

    name: str
    tasks: frozenset[Task]

    def replies(self, items: Iterable[RowWithCode]) -> Iterator[tuple[RowWithCode, Reply]]:
        """Ask about items, pulled lazily; yield each with its reply, in any order."""


# The code again.


def find_wheel(work: Path, package: str) -> Path:
    """Find the wheel, or the standard library's folder, of a package's rows.

    Raises:
        ConfigError: `wheels/` holds no wheel of the package.

    """
    if package == STDLIB:
        return Path(sysconfig.get_path("stdlib"))
    stem = re.sub(r"[-_.]+", "_", package).lower()
    for wheel in sorted((work / "wheels").glob("*.whl")):
        if re.sub(r"[-_.]+", "_", wheel.name.partition("-")[0]).lower() == stem:
            return wheel
    raise ConfigError(f"{work / 'wheels'}: has no wheel of {package}; run the corpus command again")


def rows_with_code(wheel: Path, rows: Iterable[CorpusRow]) -> Iterator[RowWithCode]:
    """Read the code of rows again, file by file.

    Args:
        wheel: The wheel of the rows' package, or the standard library's folder.
        rows: Rows of that package.

    Yields:
        Each row with its code, without the docstring; rows whose code is gone are left out.

    """
    rows_by_place: dict[str, dict[int, list[CorpusRow]]] = {}
    for row in rows:
        rows_by_place.setdefault(row.path, {}).setdefault(row.line, []).append(row)
    for path, source in read_sources(wheel):
        lines = rows_by_place.get(str(path))
        if not lines:
            continue
        try:
            definitions = read_definitions(read(source))
        except SourceError:
            continue
        for definition in definitions:
            matches = [
                r for r in lines.get(definition.line, ()) if r.qualname == definition.qualname
            ]
            if matches:
                bare = dataclasses.replace(definition, docstring=None)
                around = tuple(bare if each is definition else each for each in definitions)
                context = build_context(Target(definition=bare), around, path)
                yield from (RowWithCode(row=row, context=context) for row in matches)


# Teachers.


def build_question(item: RowWithCode) -> str:
    """Write the instruction and the code, for a model that follows instructions."""
    context, slot = item.context, item.slot
    instruction = INSTRUCTIONS[slot.task].format(name=slot.name)
    manner = MANNER if slot.task is Task.FUNCTION else ""
    remarks = [f"It is a method of the class {context.owner}." if context.owner else ""]
    remarks += [f"It calls {callee}" for callee in context.callees]
    code = context.target.definition.code[:MAX_CODE]
    remarks_text = "\n".join(line for line in remarks if line)
    return (
        f"{instruction}{manner}. Answer with that alone: no markup, no example.\n{remarks_text}\n\n"
        f"{code}"
    )


def chatml_prompt(question: str) -> Prompt:
    """Wrap a question in ChatML's markers."""
    return Prompt(
        head="<|im_start|>user\n",
        body=question,
        tail="<|im_end|>\n<|im_start|>assistant\n",
        keep=2000,
        stop=("<|im_end|>", "\n\n"),
    )


class Local:
    """A GGUF file as teacher, asked in ChatML or in its own prompt format."""

    def __init__(self, weights: Weights, *, threads: int = 0) -> None:
        self.name = weights.path.name
        self._weights = weights
        self._threads = threads
        self._format: Format = get_format(weights.format)
        self._chat = weights.format == "chatml"
        self.tasks = frozenset(Task) if self._chat else self._format.tasks

    def replies(self, items: Iterable[RowWithCode]) -> Iterator[tuple[RowWithCode, Reply]]:
        """Ask about items, many at once in one llama.cpp context.

        Raises:
            ModelError: the file cannot be loaded or run.

        """
        waiting: dict[int, RowWithCode] = {}
        longest = min(MAX_TOKENS, self._weights.context // 4)
        with LlamaCpp(
            self._weights.path,
            context=self._weights.context,
            max_tokens=longest,
            threads=self._threads,
        ) as backend:
            for index, completion in backend.complete(self._prompts(items, waiting)):
                text = completion.text
                if not self._chat:
                    text = self._format.read_completion(text)
                confidence = confidence_of(completion)
                reply = Reply(text=text, confidence=confidence, ended=completion.ended)
                yield waiting.pop(index), reply

    def _prompts(
        self, items: Iterable[RowWithCode], waiting: dict[int, RowWithCode]
    ) -> Iterator[Prompt]:
        for index, item in enumerate(items):
            waiting[index] = item
            if self._chat:
                yield chatml_prompt(build_question(item))
            else:
                yield self._format.prompt(item.context, item.slot)


class Remote:
    """An endpoint as teacher: it gets instructions."""

    tasks = frozenset(Task)

    def __init__(self, endpoint: Endpoint) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint

    def replies(self, items: Iterable[RowWithCode]) -> Iterator[tuple[RowWithCode, Reply]]:
        """Ask about items, several requests at once.

        Raises:
            ModelError: nothing answers there, the key is refused, or the answer is no completion.

        """
        return self._endpoint.replies((item, build_question(item)) for item in items)


# Labels.


def make_label(item: RowWithCode, reply: Reply, teacher: str, min_confidence: float) -> Label:
    """Turn a reply into a label: a row's new answer, or why there is none.

    Args:
        item: The row that was asked about.
        reply: What the teacher replied.
        teacher: The teacher's name.
        min_confidence: Replies with less confidence are not used; unknown confidence is enough.

    """
    row = item.row
    text = reply.text.rpartition("</think>")[2].strip()
    first = first_sentence(text.split("\n\n")[0])
    is_whole = reply.ended or first != " ".join(text.split())
    sentence = clean(first, phrase=item.slot.task is not Task.FUNCTION)
    reason = sentence.value if isinstance(sentence, Filter) else ""
    if not is_whole:
        reason = Filter.CUT.value
    if reply.confidence is not None and not reply.confidence >= min_confidence:
        reason = "not sure enough"
    if reply.refusal:
        reason = "refused by the endpoint"
    return Label(
        package=row.package,
        path=row.path,
        line=row.line,
        task=row.task,
        slot=row.slot,
        answer="" if reason else str(sentence),
        refused=reason,
        reply=(reply.refusal or first)[:400],
        confidence=reply.confidence,
        teacher=teacher,
    )


def unlabelled_rows(path: Path, labels: LabelStore, teacher: Teacher) -> list[CorpusRow]:
    """Return the rows of a package that a teacher has yet to label.

    Rows of tasks that the teacher cannot be asked are left out.
    """
    keys = labels.labelled_keys(path.name.removesuffix(".jsonl.gz"), teacher.name)
    rows, _ = read_rows(path)
    return [row for row in rows if Task(row.task) in teacher.tasks and row_key(row) not in keys]


def ask_all(work: Path, teacher: Teacher, *, min_confidence: float, limit: int = 0) -> Counter[str]:
    """Ask a teacher about every row of a working folder that it has not labelled.

    Labels are saved now and then, and at the end, however it comes.

    Args:
        work: The working folder.
        teacher: The teacher.
        min_confidence: The least confidence of a usable reply; 0 asks for none.
        limit: How many rows are asked about at most; 0 for all.

    Returns:
        How many replies became labels, and how many were refused for each reason.

    Raises:
        ModelError: the teacher cannot be asked, or gives no confidence where one is needed.

    """
    from tqdm import tqdm

    labels = LabelStore(work)
    sizes: dict[Path, int] = {}
    for path in sorted((work / "rows").glob("*.jsonl.gz")):
        remaining = limit - sum(sizes.values()) if limit else sys.maxsize
        sizes[path] = min(remaining, len(unlabelled_rows(path, labels, teacher)))

    def items() -> Iterator[RowWithCode]:
        for path, size in sizes.items():  # one package's rows in memory at a time
            rows = unlabelled_rows(path, labels, teacher)[:size] if size else []
            if rows:
                yield from rows_with_code(find_wheel(work, rows[0].package), rows)

    counts: Counter[str] = Counter()
    replies = teacher.replies(items())
    try:
        for item, reply in tqdm(
            replies, total=sum(sizes.values()), desc="labels", unit="row", mininterval=1
        ):
            if min_confidence and reply.confidence is None and not reply.refusal:
                raise ModelError(
                    f"{teacher.name}: tells no log-probabilities, so nothing is known of its "
                    "confidence; leave --min-confidence out"
                )
            label = make_label(item, reply, teacher.name, min_confidence)
            labels.add(label)
            counts[label.refused or "labelled"] += 1
    finally:
        labels.save()
    return counts


# The command.


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `teacher` to a parser."""
    add = parser.add_argument
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", help="a GGUF file, or a model docbot knows")
    source.add_argument("--endpoint", help="base URL of an OpenAI-compatible endpoint")
    add("--prompt-format", default="chatml", choices=sorted(FORMATS), help="of the GGUF file")
    add("--name", help="the endpoint's name of the model")
    add("--key-env", help="environment variable that holds the endpoint's key")
    add("--min-confidence", type=float, default=0.0, help="geometric mean of token probabilities")
    add("--limit", type=int, default=0, help="rows asked about in this call; 0: all")
    add("--jobs", type=int, default=8, help="requests under way at once")
    add("--threads", type=int, default=0, help="CPU threads of the GGUF file; 0: all")


def choose_teacher(options: argparse.Namespace) -> Teacher:
    """Make the teacher that the flags name.

    Raises:
        ConfigError: an endpoint has no model's name, or the variable of its key is not set.
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
    """Label the rows of the working folder, and print the counts.

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
        choose_teacher(options),
        min_confidence=options.min_confidence,
        limit=options.limit,
    )
    for reason, count in counts.most_common():
        print(f"{count:8,} {reason}")
    print("corpus --shards-only writes the shards with them")
