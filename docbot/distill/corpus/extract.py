"""Extract training rows from packages and write them as token shards.

Scan, context and prompts are docbot's own, so the rows look like what the hook will ask. Each
package becomes one file of rows, so that a stopped run continues where it was. Then all rows
together are filtered, near-duplicates dropped, and written as token shards (`write_shards`). Every
step prints how many rows it removed; `corpus.json` keeps the counts for the card.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import sysconfig
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from docbot.distill.corpus.decontamination import NOTHING, load
from docbot.distill.corpus.recipe import RECIPE, download_all, read_metadata, read_recipe
from docbot.distill.corpus.references import Filter, clean, read_docstring
from docbot.distill.corpus.rows import CorpusRow, write_rows
from docbot.distill.corpus.scramble import scramble
from docbot.docstring.special_methods import fixed_sentence
from docbot.errors import DocbotError, SourceError
from docbot.prompt.context import build_context
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import Slot, Task, headline_slot
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import read_definitions
from docbot.scan.parse import gc_paused
from docbot.scan.source import read
from docbot.select.skip import Target

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from docbot.distill.corpus.decontamination import Decontamination
    from docbot.prompt.context import Context


MAX_FILE, MAX_PACKAGE = 300_000, 1_200_000
"""Limits in bytes: bigger files are data; of a bigger package only the best documented files are
read."""


MIN_DOCSTRINGS = 2
"""Files with fewer docstrings teach too little for the time of reading them."""


MAX_LINES = 300
"""Longer functions and classes are left out."""


SCRAMBLED_SHARE, UNDOCUMENTED_SHARE = 0.35, 0.3
"""Shares of functions: those with a second, scrambled prompt; those kept without a docstring."""


FORMAT = FORMATS["tasks"]


STDLIB = "python"


def read_sources(wheel: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Read the Python files that rows are made of, with their paths.

    Args:
        wheel: A wheel, or the folder of the standard library.

    Raises:
        DocbotError: the file is no wheel.

    """
    if wheel.is_dir():
        files = {PurePosixPath(p.relative_to(wheel)): p for p in wheel.rglob("*.py")}
        yield from _best_documented(files, lambda name: files[name].read_bytes())
        return
    try:
        with ZipFile(wheel) as archive:
            members = {PurePosixPath(name): name for name in archive.namelist()}
            yield from _best_documented(members, lambda name: archive.read(members[name]))
    except BadZipFile as error:
        raise DocbotError(f"{wheel}: is no wheel; delete it and download it again") from error


def _best_documented(
    names: Iterable[PurePosixPath], load_file: Callable[[PurePosixPath], bytes]
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Return the files with most docstrings a line, up to MAX_PACKAGE bytes."""
    files: list[tuple[float, str, PurePosixPath, bytes]] = []
    for name in names:
        if name.suffix == ".py" and not _EXCLUDED_PATHS.search(f"/{name}"):
            source = load_file(name)
            docstrings = (source.count(b'"""') + source.count(b"'''")) // 2
            if len(source) <= MAX_FILE and docstrings >= MIN_DOCSTRINGS:
                files.append((-docstrings / source.count(b"\n"), str(name), name, source))
    remaining = MAX_PACKAGE
    for _, _, name, source in sorted(files):
        remaining -= len(source)
        if remaining < 0:
            return
        yield name, source


def read_package(
    wheel: Path, package: str, held_out: Decontamination
) -> tuple[list[CorpusRow], Counter[str]]:
    """Extract all rows of one package.

    Returns:
        The rows, and how many references each filter removed.

    """
    rows: list[CorpusRow] = []
    counts: Counter[str] = Counter()
    for path, source in read_sources(wheel):
        if reason := held_out.check_path(path):
            counts[reason.value] += 1
            continue
        try:
            definitions = read_definitions(read(source))
        except SourceError:
            counts["file that docbot cannot read"] += 1
            continue
        for definition in definitions:
            rows += _rows_of(definition, definitions, path, held_out, counts, package)
    return rows, counts


def _rows_of(
    definition: Definition,
    definitions: tuple[Definition, ...],
    path: PurePosixPath,
    held_out: Decontamination,
    counts: Counter[str],
    package: str,
) -> Iterator[CorpusRow]:
    """Make a definition's rows: its headline, and each slot that a person filled."""
    is_long = definition.lines[1] - definition.lines[0] > MAX_LINES
    if fixed_sentence(definition) or (is_long and definition.kind is not Kind.MODULE):
        return
    if definition.docstring and (reason := held_out.check_docstring(definition.docstring)):
        counts[reason.value] += 1
        return
    name = f"{package}/{path}:{definition.line}"
    is_function = definition.kind in (Kind.FUNCTION, Kind.METHOD)
    if not definition.docstring and not (is_function and hash_fraction(name) < UNDOCUMENTED_SHARE):
        return
    context = build_context(Target(definition=definition), definitions, path)
    has_copy = hash_fraction(name) < SCRAMBLED_SHARE
    for slot, reference in slots_with_references(definition):
        answer = clean(reference, phrase=slot.task is not Task.FUNCTION) if reference else ""
        if isinstance(answer, Filter):
            counts[f"{slot.task.value}: {answer.value}"] += 1
            continue
        prompt = _prompt_body(context, slot)
        if not prompt:
            counts["cannot be told"] += 1
            continue
        yield CorpusRow(
            package=package,
            path=str(path),
            line=definition.line,
            qualname=definition.qualname,
            task=slot.task.value,
            slot=slot.name,
            prompt=prompt,
            scrambled=_scrambled_prompt(context, slot) if answer and has_copy else "",
            answer=answer,
            reference=reference,
        )


def slots_with_references(definition: Definition) -> Iterator[tuple[Slot, str]]:
    """Return the slots that a definition's docstring fills, each with its text.

    The headline's slot is always among them, with "" where there is no headline.
    """
    reference = read_docstring(definition.docstring or "")
    yield headline_slot(definition), reference.headline
    if definition.kind in (Kind.CLASS, Kind.MODULE):
        return
    for parameter in definition.signature.params:
        if text := reference.params.get(parameter.name):
            yield Slot(task=Task.PARAM, name=parameter.name), text
    if reference.returns and (definition.returns or definition.yields):
        yield Slot(task=Task.RETURNS), reference.returns
    for name in definition.raises:
        if text := reference.raises.get(name.rpartition(".")[2]):
            yield Slot(task=Task.RAISES, name=name), text


def _prompt_body(context: Context, slot: Slot) -> str:
    try:
        return FORMAT.prompt(context, slot).body
    except (SourceError, ValueError, RecursionError):
        return ""


def _scrambled_prompt(context: Context, slot: Slot) -> str:
    """Return a function's prompt with scrambled names; "" for slots other than its headline."""
    if slot.task is not Task.FUNCTION:
        return ""
    definition = context.target.definition
    try:
        code = scramble(definition.code)
    except (SourceError, ValueError, RecursionError):
        return ""
    target = Target(definition=dataclasses.replace(definition, code=code))
    return _prompt_body(dataclasses.replace(context, target=target), slot)


def _hash(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def hash_fraction(text: str) -> float:
    """Return a number from 0 to 1 that depends on the text alone."""
    return int(_hash(text)[:8], 16) / 16**8


Job = tuple[Path, str, Path, "Decontamination"]
"""The arguments of `extract`: wheel, package name, output file, and what is held out."""


def extract(wheel: Path, package: str, out: Path, held_out: Decontamination) -> str:
    """Write the rows of one package to a file, unless it is there.

    This is what a process of the pool runs; it returns the package's name.
    """
    with gc_paused():
        if not out.exists():
            write_rows(out, *read_package(wheel, package, held_out))
    return package


def extract_all(jobs: list[Job], processes: int) -> None:
    """Extract every package's rows in parallel, with a progress bar."""
    from tqdm import tqdm

    jobs = [job for job in jobs if not job[2].exists()]
    with ProcessPoolExecutor(processes) as pool:
        futures = [pool.submit(extract, *job) for job in jobs]
        for future in tqdm(as_completed(futures), total=len(futures), desc="rows", mininterval=10):
            future.result()


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `corpus` to a parser."""
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="pinned packages to learn from")
    parser.add_argument("--validation", type=Path, help="folder of the validation packages' wheels")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-stdlib", action="store_true", help="leave the standard library out")
    parser.add_argument("--shards-only", action="store_true", help="take the rows that are there")
    parser.add_argument("--vocabulary", type=int, default=8192)


def run(options: argparse.Namespace) -> None:
    """Download packages, extract and filter their rows, and write shards.

    A stopped run resumes with the first package that has no rows.

    Raises:
        DocbotError: the recipe cannot be read, or a wheel is damaged.

    """
    from docbot.distill.corpus.write_shards import write_shards

    if not options.shards_only:
        folder = options.work / "heldout"
        jobs: list[Job] = [
            (wheel, wheel.name.split("-")[0], folder / f"{wheel.name}.jsonl.gz", NOTHING)
            for wheel in sorted(options.validation.glob("*.whl") if options.validation else ())
        ]
        extract_all(jobs + list_training_jobs(options), options.processes)
    write_shards(options.work, options.vocabulary)


def list_training_jobs(options: argparse.Namespace) -> list[Job]:
    """List a job for each package of the recipe that is not held out.

    Their order comes from hashes of their names, so it is fixed and unrelated to what they are.
    """
    held_out = load()
    rows = options.work / "rows"
    packages = sorted(read_recipe(options.recipe), key=lambda package: _hash(package.name))
    jobs: list[Job] = []
    listing: list[dict[str, Any]] = []
    for package, wheel in download_all(tuple(packages), options.work / "wheels"):
        if wheel is None:
            print(f"not to be had: {package.name}=={package.version}")
            continue
        reason = held_out.check_package(package.name, read_metadata(wheel).urls)
        if reason is not None:
            print(f"left out: {package.name}: {reason.value}")
            continue
        jobs.append((wheel, package.name, rows / f"{package.name}.jsonl.gz", held_out))
        listing.append(
            {"name": package.name, "version": package.version, "licence": package.licence}
        )
    if not options.no_stdlib:
        folder = Path(sysconfig.get_path("stdlib"))
        jobs.append((folder, STDLIB, rows / f"{STDLIB}.jsonl.gz", held_out))
        version = sysconfig.get_python_version()
        listing.append({"name": "the standard library", "version": version, "licence": "PSF-2.0"})
    (options.work / "packages.json").write_text(json.dumps(listing, indent=1), encoding="utf-8")
    return jobs


_EXCLUDED_PATHS = re.compile(
    r"/(tests?|testing|_?vendor(ed)?|_vendored_packages|site-packages|third_party|extern(als)?"
    r"|lib2to3|idlelib|migrations)/|/(test_|conftest)|_test\.py$|_pb2(_grpc)?\.py$"
)
