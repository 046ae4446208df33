"""What models are measured on: documented code of packages that no corpus holds.

The functions, classes and modules that `fix` would offer had nobody documented them, each asked
about without its docstring; what the person wrote is the reference.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZipFile

from docbot.config import KINDS, Config
from docbot.distill.corpus.references import read_docstring
from docbot.distill.corpus.scramble import scramble
from docbot.distill.evaluate.metrics import name_in_words, tokens
from docbot.docstring.special_methods import fixed
from docbot.errors import SourceError
from docbot.gate.facts import NOWHERE, Surroundings, surroundings_of
from docbot.prompt.context import build, first_sentence
from docbot.prompt.task import Slot, Task, headline
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import scan
from docbot.scan.outline import outline
from docbot.scan.parse import uncollected
from docbot.scan.source import read
from docbot.select.rules import Place, file_skip, rule_out
from docbot.select.skip import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from docbot.prompt.context import Context

MIN_HEADLINE, MIN_PHRASE = 3, 2
"""The fewest tokens of a reference; three is CodeXGLUE's own rule for docstrings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One thing to be said, and what a person said.

    Attributes:
        package: Name of the package, the fold in everything fitted to confidence.
        path: The file in its wheel.
        definition: As scanned, without its docstring.
        around: The file's definitions, as they are.
        near: What stands around it, as the gate wants to know.
        slot: What is asked for.
        reference: The human's text: the first sentence of the docstring or of the entry.

    """

    package: str
    path: PurePosixPath
    definition: Definition
    around: tuple[Definition, ...]
    near: Surroundings
    slot: Slot
    reference: str

    @property
    def context(self) -> Context:
        """What a prompt may show."""
        return build(Target(definition=self.definition), self.around, self.path)

    @property
    def name(self) -> str:
        """The name that the baseline splits into words."""
        name = self.slot.name or self.definition.name
        if self.definition.kind is Kind.MODULE:
            parts = [part for part in (*self.path.parts[:-1], self.path.stem) if part != "__init__"]
            name = parts[-1] if parts else name
        return name_in_words(name)


def questions(wheels: Iterable[Path], config: Config | None = None) -> list[Question]:
    """Every question that the documented definitions of these wheels allow, in their order."""
    config = replace(config or Config(), kinds=KINDS)
    with uncollected():
        return [question for wheel in wheels for question in _of_wheel(wheel, config)]


def sample(asked: Sequence[Question], task: Task, count: int, seed: int = 3) -> list[Question]:
    """At most `count` questions of one task, drawn at random, in the order they were drawn.

    The same for the same questions and seed; a smaller sample is the beginning of a larger one.
    """
    own = [at for at, question in enumerate(asked) if question.slot.task is task]
    random.Random(f"{seed} {task.value}").shuffle(own)  # noqa: S311 - a sample, no secret
    return [asked[at] for at in own[:count]]


def scrambled(question: Question) -> Question | None:
    """The question about a function whose own names say nothing; None where none can be made."""
    return changed(question, scramble(question.definition.code))


def changed(question: Question, code: str) -> Question | None:
    """The question about other code of the same function; None where that is no function."""
    try:
        found = scan(read(code.encode("utf-8", "replace")))
    except SourceError:
        return None
    function = next((d for d in found if d.kind is Kind.FUNCTION and not d.local), None)
    if function is None:
        return None
    own = question.definition
    extra = len(function.signature.params) - len(own.signature.params)  # a method's receiver
    params = function.signature.params[max(extra, 0) :]
    definition = replace(
        own,
        name=function.name,
        code=function.code,
        calls=function.calls,
        signature=replace(function.signature, params=params),
    )
    return replace(question, definition=definition)


def _of_wheel(wheel: Path, config: Config) -> Iterator[Question]:
    package = wheel.name.partition("-")[0].lower()
    with ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".py"):
                yield from _of_file(package, PurePosixPath(name), archive.read(name), config)


def _of_file(
    package: str, path: PurePosixPath, source: bytes, config: Config
) -> Iterator[Question]:
    if file_skip(path, source, config):
        return
    try:
        place = Place(path=path, outline=outline(source))
        definitions = scan(read(source))
    except SourceError:
        return
    near = surroundings_of(path, definitions) if any(d.docstring for d in definitions) else NOWHERE
    for definition in definitions:
        if not definition.docstring or rule_out(definition, place, config) or fixed(definition):
            continue
        for slot, reference in _told(definition):
            yield Question(
                package=package,
                path=path,
                definition=replace(definition, docstring=None),
                around=definitions,
                near=near,
                slot=slot,
                reference=reference,
            )


def _told(definition: Definition) -> Iterator[tuple[Slot, str]]:
    """What the docstring answers: a headline, and for functions the entries of its sections."""
    first = first_sentence(definition)
    if len(tokens(first)) >= MIN_HEADLINE:
        yield headline(definition), first
    if definition.kind not in (Kind.FUNCTION, Kind.METHOD):
        return
    found = read_docstring(definition.docstring or "")
    params = {param.name for param in definition.signature.params}
    raised = {name.rpartition(".")[2] for name in definition.raises}
    entries = [(Slot(task=Task.PARAM, name=n), t) for n, t in found.params.items() if n in params]
    if definition.returns or definition.yields:
        entries.append((Slot(task=Task.RETURNS), found.returns))
    entries += [(Slot(task=Task.RAISES, name=n), t) for n, t in found.raises.items() if n in raised]
    for slot, text in entries:
        reference = " ".join(text.split()).encode("utf-8", "replace").decode()
        if len(tokens(reference)) >= MIN_PHRASE:
            yield slot, reference


def excerpt(question: Question, lines: int = 8) -> str:
    """The first lines of the code that was asked about."""
    code = question.definition.code.strip("\n").splitlines()
    return "\n".join([*code[:lines], *(["    ..."] if len(code) > lines else [])])
