"""Read held-out questions: documented code of packages that no corpus contains.

They are about the functions, classes and modules that `fix` would offer to the model if they were
undocumented. The prompt does not show the docstring; what the person wrote is the reference.
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
from docbot.distill.evaluate.metrics import name_in_words, tokenize
from docbot.docstring.special_methods import fixed_sentence
from docbot.errors import SourceError
from docbot.gate.facts import Surroundings, surroundings_of
from docbot.prompt.context import build_context, first_sentence
from docbot.prompt.task import Slot, Task, headline_slot
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import read_definitions
from docbot.scan.names import names_in
from docbot.scan.outline import outline
from docbot.scan.parse import all_nodes, gc_paused, parse_file
from docbot.scan.source import read
from docbot.scan.tree import without_trees
from docbot.select.obstacles import find_obstacle
from docbot.select.rules import Place, file_skip, find_skip
from docbot.select.skip import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from docbot.prompt.context import Context

MIN_HEADLINE, MIN_PHRASE = 3, 2
"""The fewest tokens of a reference; three is CodeXGLUE's rule for docstrings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalExample:
    """One slot to fill, and the text that a person wrote there.

    Attributes:
        package: Name of the package, which is the fold when something is fitted to confidence.
        path: Path of the file in its wheel.
        definition: The definition as scanned, without its docstring.
        around: All definitions of the file, with their docstrings.
        surroundings: The definition's surroundings, which the gate reads.
        slot: The slot to fill.
        reference: The human's text: a docstring's first sentence, or a section's entry.

    """

    package: str
    path: PurePosixPath
    definition: Definition
    around: tuple[Definition, ...]
    surroundings: Surroundings
    slot: Slot
    reference: str

    @property
    def context(self) -> Context:
        """Return the code and names that a prompt may show."""
        return build_context(Target(definition=self.definition), self.around, self.path)

    @property
    def name(self) -> str:
        """Return the slot's or the definition's name, split into words: the baseline's answer."""
        name = self.slot.name or self.definition.name
        if self.definition.kind is Kind.MODULE:
            parts = [part for part in (*self.path.parts[:-1], self.path.stem) if part != "__init__"]
            name = parts[-1] if parts else name
        return name_in_words(name)


def read_questions(wheels: Iterable[Path], config: Config | None = None) -> list[EvalExample]:
    """Read all questions about the documented definitions of these wheels, in their order."""
    config = replace(config or Config(), kinds=KINDS)
    with gc_paused():
        return [question for wheel in wheels for question in _of_wheel(wheel, config)]


def sample(
    questions: Sequence[EvalExample], task: Task, count: int, seed: int = 3
) -> list[EvalExample]:
    """Draw at most `count` questions of one task at random.

    The same questions and seed give the same sample; a smaller sample is the beginning of a
    larger one.
    """
    own = [at for at, question in enumerate(questions) if question.slot.task is task]
    random.Random(f"{seed} {task.value}").shuffle(own)  # noqa: S311 - a sample, no secret
    return [questions[at] for at in own[:count]]


def scramble_names(question: EvalExample) -> EvalExample | None:
    """Replace the function's own names by meaningless ones; None where that fails."""
    return with_code(question, scramble(question.definition.code))


def with_code(question: EvalExample, code: str) -> EvalExample | None:
    """Return the question about changed code of its function; None if that is no function."""
    try:
        definitions = read_definitions(read(code.encode("utf-8", "replace")))
    except SourceError:
        return None
    function = next((d for d in definitions if d.kind is Kind.FUNCTION and not d.local), None)
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


def _of_wheel(wheel: Path, config: Config) -> Iterator[EvalExample]:
    package = wheel.name.partition("-")[0].lower()
    with ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".py"):
                yield from _of_file(package, PurePosixPath(name), archive.read(name), config)


def _of_file(
    package: str, path: PurePosixPath, source: bytes, config: Config
) -> Iterator[EvalExample]:
    if file_skip(path, source, config):
        return
    try:
        place = Place(path=path, outline=outline(source))
        text = read(source)
        definitions = without_trees(
            read_definitions(text)
        )  # `with_code` changes the code, and trees are large
        names = names_in(all_nodes(parse_file(text.code)), text.utf8)
    except SourceError:
        return
    surroundings = surroundings_of(path, names)
    for definition in definitions:
        if (
            not definition.docstring
            or find_skip(definition, place, config)
            or find_obstacle(Target(definition=definition), config)
            or fixed_sentence(definition)
        ):
            continue
        for slot, reference in _references(definition):
            yield EvalExample(
                package=package,
                path=path,
                definition=replace(definition, docstring=None),
                around=definitions,
                surroundings=surroundings,
                slot=slot,
                reference=reference,
            )


def _references(definition: Definition) -> Iterator[tuple[Slot, str]]:
    """Yield the docstring's headline and, for a function, its sections' entries."""
    first = first_sentence(definition)
    if len(tokenize(first)) >= MIN_HEADLINE:
        yield headline_slot(definition), first
    if definition.kind not in (Kind.FUNCTION, Kind.METHOD):
        return
    docstring = read_docstring(definition.docstring or "")
    params = {param.name for param in definition.signature.params}
    raised = {name.rpartition(".")[2] for name in definition.raises}
    entries = [
        (Slot(task=Task.PARAM, name=n), t) for n, t in docstring.params.items() if n in params
    ]
    if definition.returns or definition.yields:
        entries.append((Slot(task=Task.RETURNS), docstring.returns))
    entries += [
        (Slot(task=Task.RAISES, name=n), t) for n, t in docstring.raises.items() if n in raised
    ]
    for slot, text in entries:
        reference = " ".join(text.split()).encode("utf-8", "replace").decode()
        if len(tokenize(reference)) >= MIN_PHRASE:
            yield slot, reference


def excerpt(question: EvalExample, lines: int = 8) -> str:
    """Return the first lines of the question's code."""
    code = question.definition.code.strip("\n").splitlines()
    return "\n".join([*code[:lines], *(["    ..."] if len(code) > lines else [])])
