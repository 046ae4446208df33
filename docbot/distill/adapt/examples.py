"""Make the adapter's examples from packages: code as docbot-small reads it, and all its slots.

One example is one definition: a prompt is read once and answered slot by slot. Scan, context and
prompt are docbot's own; packages, filters and decontamination are those of the step `corpus`. Each
package becomes one file, so that a stopped run continues where it was.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.atomic import replacing
from docbot.distill.adapt.answers import answer_of, says_name_alone
from docbot.distill.adapt.rows import Example, choose
from docbot.distill.adapt.tokens import write_tokens
from docbot.distill.corpus.decontamination import NOTHING
from docbot.distill.corpus.extract import (
    MAX_LINES,
    hash_fraction,
    list_training_jobs,
    read_sources,
    slots_with_references,
)
from docbot.distill.corpus.recipe import RECIPE
from docbot.distill.corpus.scramble import scramble
from docbot.docstring.special_methods import fixed_sentence
from docbot.errors import SourceError
from docbot.gate.facts import facts_of
from docbot.gate.judge import check_text
from docbot.gate.sentence import Refusal
from docbot.prompt.context import build_context
from docbot.prompt.lines import code_lines, slot_header
from docbot.prompt.task import Task
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import read_definitions
from docbot.scan.parse import gc_paused
from docbot.scan.source import read
from docbot.select.skip import Target

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from docbot.distill.corpus.decontamination import Decontamination
    from docbot.gate.facts import Facts
    from docbot.prompt.context import Context
    from docbot.prompt.task import Slot

SCRAMBLED_SHARE = 0.12
"""Share of functions whose names are scrambled, so that the body has to be read."""

NAME_ALONE_SHARE = 0.3
"""Share that is kept of the examples whose headline says nothing but the name."""

ONE_SLOT_SHARE = 0.5
"""Share of the examples with sections that keep a single slot of them, as docbot asks for slots."""


def read_examples(wheel: Path, package: str, held_out: Decontamination) -> Iterator[Example]:
    """Yield the examples of one package, a wheel or the folder of the standard library."""
    for path, source in read_sources(wheel):
        if held_out.check_path(path):
            continue
        try:
            definitions = read_definitions(read(source))
        except SourceError:
            continue
        for definition in definitions:
            if example := _example(definition, definitions, path, package, held_out):
                yield example


def _example(
    definition: Definition,
    definitions: tuple[Definition, ...],
    path: PurePosixPath,
    package: str,
    held_out: Decontamination,
) -> Example | None:
    docstring = definition.docstring
    is_long = definition.lines[1] - definition.lines[0] > MAX_LINES
    if not docstring or fixed_sentence(definition) or held_out.check_docstring(docstring):
        return None
    if is_long and definition.kind is not Kind.MODULE:
        return None
    place = f"{package}/{path}:{definition.line}"
    context = _maybe_scrambled(
        build_context(Target(definition=definition), definitions, path), place
    )
    try:
        code = code_lines(context)
    except (SourceError, ValueError, RecursionError):
        return None
    slots = _slots(definition, code, place)
    if not slots:
        return None
    return Example(
        package=package,
        path=str(path),
        line=definition.line,
        qualname=definition.qualname,
        kind=definition.kind.value,
        code=code,
        slots=slots,
    )


def _maybe_scrambled(context: Context, place: str) -> Context:
    definition = context.target.definition
    is_function = definition.kind in (Kind.FUNCTION, Kind.METHOD)
    if not is_function or hash_fraction(f"scramble {place}") >= SCRAMBLED_SHARE:
        return context
    try:
        code = scramble(definition.code)
    except (SourceError, ValueError, RecursionError):
        return context
    scrambled = dataclasses.replace(definition, code=code, tree=None)
    return dataclasses.replace(context, target=Target(definition=scrambled))


def _slots(definition: Definition, code: str, place: str) -> tuple[tuple[str, str], ...]:
    """Return the answered slots, the headline's first; none without a fit headline."""
    facts = facts_of(dataclasses.replace(definition, docstring=None))
    answers = [
        (slot, _passing(answer_of(text, slot.task, code), slot, facts))
        for slot, text in slots_with_references(definition)
    ]
    (headline_slot, headline), *sections = answers
    if not headline:
        return ()
    name_alone = says_name_alone(headline, definition.name)
    if name_alone and hash_fraction(f"name {place}") > NAME_ALONE_SHARE:
        return ()
    # A scrambled parameter is a slot that the code does not show.
    filled = [
        (slot, answer)
        for slot, answer in sections
        if answer and (slot.task is Task.RETURNS or re.search(rf"\b{slot.name}\b", code))
    ]
    chance = hash_fraction(f"slots {place}")
    if filled and chance < ONE_SLOT_SHARE:
        filled = [filled[int(chance / ONE_SLOT_SHARE * len(filled))]]
    return tuple(
        (slot_header(slot), answer) for slot, answer in [(headline_slot, headline), *filled]
    )


def _passing(answer: str, slot: Slot, facts: Facts) -> str:
    """Return an answer that passes the gate's vetoes, else "": others would never be written."""
    if not answer:
        return ""
    text = check_text(answer, facts, slot, scored=True)
    return "" if isinstance(text, Refusal) else text


def extract(wheel: Path, package: str, out: Path, held_out: Decontamination) -> str:
    """Write the examples of one package to a file, unless it is there; return its name."""
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        with gc_paused(), replacing(out) as new, gzip.open(new, "wt", encoding="utf-8") as file:
            for example in read_examples(wheel, package, held_out):
                file.write(json.dumps(dataclasses.asdict(example)) + "\n")
    return package


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `examples` to a parser."""
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="pinned packages to learn from")
    parser.add_argument("--validation", type=Path, help="folder of the validation packages' wheels")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-stdlib", action="store_true", help="leave the standard library out")
    parser.add_argument("--base", type=Path, required=True, help="base model, for its tokenizer")


def run(options: argparse.Namespace) -> None:
    """Extract the examples of every package, and write them as tokens.

    Raises:
        DocbotError: the recipe cannot be read, or a wheel is damaged.

    """
    work: Path = options.work
    training = [
        (wheel, name, work / "examples" / out.name, held_out)
        for wheel, name, out, held_out in list_training_jobs(options)
    ]
    validation = [
        (wheel, wheel.name.split("-")[0], work / "heldout-examples" / f"{wheel.name}.gz", NOTHING)
        for wheel in sorted(options.validation.glob("*.whl") if options.validation else ())
    ]
    with ProcessPoolExecutor(options.processes) as pool:
        for job in [pool.submit(extract, *job) for job in training + validation]:
            job.result()
    for jobs, name in ((training, "examples"), (validation, "heldout-examples")):
        examples = choose(out for _, _, out, _ in jobs)
        write_tokens(examples, options.base, work / f"{name}.npz")
        print(f"{name}: {len(examples):,}")
