"""Packages to training rows: by docbot's own scan, context and prompts, as the hook will ask.

Each package becomes one file of rows (so a run that is stopped goes on where it was), then all rows
together are filtered, held-out ones removed, near-duplicates dropped, and written as token shards.
Every step prints how many rows it took away; `corpus.json` keeps the counts for the card.
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
from docbot.distill.corpus.rows import Row, write_rows
from docbot.distill.corpus.scramble import scramble
from docbot.docstring.special_methods import sentence
from docbot.errors import DocbotError, SourceError
from docbot.prompt.context import build
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import Slot, Task, headline
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import scan
from docbot.scan.parse import uncollected
from docbot.scan.source import read
from docbot.select.skip import Target

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from docbot.distill.corpus.decontamination import Decontamination
    from docbot.prompt.context import Context


MAX_FILE, MAX_PACKAGE = 300_000, 1_200_000
"""Bytes: bigger files are data; of a bigger package, its best documented files are read."""


MIN_DOCSTRINGS = 2
"""A file with fewer teaches too little for the time of reading it."""


MAX_LINES = 300


SCRAMBLED, UNDOCUMENTED = 0.35, 0.3
"""The share of functions told once more with names scrambled; of those kept that nobody documented.
"""


FORMAT = FORMATS["tasks"]


STDLIB = "python"


def sources(wheel: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The Python files of a wheel, or of the standard library's folder, that may teach."""
    if wheel.is_dir():
        files = {PurePosixPath(p.relative_to(wheel)): p for p in wheel.rglob("*.py")}
        yield from _chosen(files, lambda name: files[name].read_bytes())
        return
    try:
        with ZipFile(wheel) as archive:
            members = {PurePosixPath(name): name for name in archive.namelist()}
            yield from _chosen(members, lambda name: archive.read(members[name]))
    except BadZipFile as error:
        raise DocbotError(f"{wheel}: is no wheel; delete it and download it again") from error


def _chosen(
    names: Iterable[PurePosixPath], load_file: Callable[[PurePosixPath], bytes]
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The best documented files, docstrings by lines, up to a package's share of bytes."""
    dense: list[tuple[float, str, PurePosixPath, bytes]] = []
    for name in names:
        if name.suffix == ".py" and not _LEFT_OUT.search(f"/{name}"):
            source = load_file(name)
            docstrings = (source.count(b'"""') + source.count(b"'''")) // 2
            if len(source) <= MAX_FILE and docstrings >= MIN_DOCSTRINGS:
                dense.append((-docstrings / source.count(b"\n"), str(name), name, source))
    left = MAX_PACKAGE
    for _, _, name, source in sorted(dense):
        left -= len(source)
        if left < 0:
            return
        yield name, source


def read_package(
    wheel: Path, package: str, held: Decontamination
) -> tuple[list[Row], Counter[str]]:
    """All rows of one package, and how many references each filter took."""
    rows: list[Row] = []
    counts: Counter[str] = Counter()
    for path, source in sources(wheel):
        if reason := held.path(path):
            counts[reason.value] += 1
            continue
        try:
            definitions = scan(read(source))
        except SourceError:
            counts["file that docbot cannot read"] += 1
            continue
        for definition in definitions:
            rows += _rows_of(definition, definitions, path, held, counts, package)
    return rows, counts


def _rows_of(
    definition: Definition,
    definitions: tuple[Definition, ...],
    path: PurePosixPath,
    held: Decontamination,
    counts: Counter[str],
    package: str,
) -> Iterator[Row]:
    """A definition's rows: its headline, and each slot that a person filled."""
    long = definition.lines[1] - definition.lines[0] > MAX_LINES
    if sentence(definition) or (long and definition.kind is not Kind.MODULE):
        return
    if definition.docstring and (reason := held.docstring(definition.docstring)):
        counts[reason.value] += 1
        return
    name = f"{package}/{path}:{definition.line}"
    function = definition.kind in (Kind.FUNCTION, Kind.METHOD)
    if not definition.docstring and not (function and share_of(name) < UNDOCUMENTED):
        return
    context = build(Target(definition=definition), definitions, path)
    for slot, reference in asked(definition):
        answer = clean(reference, phrase=slot.task is not Task.FUNCTION) if reference else ""
        if isinstance(answer, Filter):
            counts[f"{slot.task.value}: {answer.value}"] += 1
            continue
        prompt = _told(context, slot)
        if not prompt:
            counts["cannot be told"] += 1
            continue
        yield Row(
            package=package,
            path=str(path),
            line=definition.line,
            qualname=definition.qualname,
            task=slot.task.value,
            slot=slot.name,
            prompt=prompt,
            scrambled=_scrambled(context, slot) if answer and share_of(name) < SCRAMBLED else "",
            answer=answer,
            reference=reference,
        )


def asked(definition: Definition) -> Iterator[tuple[Slot, str]]:
    """The slots of a definition that its docstring fills, with the texts; the headline always."""
    reference = read_docstring(definition.docstring or "")
    yield headline(definition), reference.headline
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


def _told(context: Context, slot: Slot) -> str:
    try:
        return FORMAT.prompt(context, slot).body
    except (SourceError, ValueError, RecursionError):
        return ""


def _scrambled(context: Context, slot: Slot) -> str:
    """The headline's prompt of the same function with its names scrambled; "" for other slots."""
    if slot.task is not Task.FUNCTION:
        return ""
    definition = context.target.definition
    try:
        code = scramble(definition.code)
    except (SourceError, ValueError, RecursionError):
        return ""
    target = Target(definition=dataclasses.replace(definition, code=code))
    return _told(dataclasses.replace(context, target=target), slot)


def _hash(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def share_of(text: str) -> float:
    """A number from 0 to 1 that is a text's own."""
    return int(_hash(text)[:8], 16) / 16**8


Job = tuple[Path, str, Path, "Decontamination"]
"""A wheel, its package's name, the file for its rows, and what must not be among them."""


def extract(wheel: Path, package: str, out: Path, held: Decontamination) -> str:
    """Rows of one package to a file, unless it is there; a process pool's task."""
    with uncollected():
        if not out.exists():
            write_rows(out, *read_package(wheel, package, held))
    return package


def extract_all(jobs: list[Job], processes: int) -> None:
    """Every package's rows, in parallel, with a progress bar."""
    from tqdm import tqdm

    jobs = [job for job in jobs if not job[2].exists()]
    with ProcessPoolExecutor(processes) as pool:
        futures = [pool.submit(extract, *job) for job in jobs]
        for future in tqdm(as_completed(futures), total=len(futures), desc="rows", mininterval=10):
            future.result()


def arguments(parser: argparse.ArgumentParser) -> None:
    """`corpus`'s own flags."""
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="pinned packages to learn from")
    parser.add_argument("--validation", type=Path, help="folder of the validation packages' wheels")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-stdlib", action="store_true", help="leave the standard library out")
    parser.add_argument("--shards-only", action="store_true", help="take the rows that are there")
    parser.add_argument("--vocabulary", type=int, default=8192)


def run(options: argparse.Namespace) -> None:
    """Download, read, filter and write shards; every step resumes."""
    from docbot.distill.corpus import write_shards as tokens

    if not options.shards_only:
        folder = options.work / "heldout"
        jobs: list[Job] = [
            (wheel, wheel.name.split("-")[0], folder / f"{wheel.name}.jsonl.gz", NOTHING)
            for wheel in sorted(options.validation.glob("*.whl") if options.validation else ())
        ]
        extract_all(jobs + training_jobs(options), options.processes)
    tokens.write_shards(options.work, options.vocabulary)


def training_jobs(options: argparse.Namespace) -> list[Job]:
    """A job for each package that nothing holds out, in an order that says nothing of them."""
    held = load()
    rows = options.work / "rows"
    packages = sorted(read_recipe(options.recipe), key=lambda package: _hash(package.name))
    jobs: list[Job] = []
    told: list[dict[str, Any]] = []
    for package, wheel in download_all(tuple(packages), options.work / "wheels"):
        if wheel is None:
            print(f"not to be had: {package.name}=={package.version}")
            continue
        reason = held.package(package.name, read_metadata(wheel).urls)
        if reason is not None:
            print(f"left out: {package.name}: {reason.value}")
            continue
        jobs.append((wheel, package.name, rows / f"{package.name}.jsonl.gz", held))
        told.append({"name": package.name, "version": package.version, "licence": package.licence})
    if not options.no_stdlib:
        jobs.append((Path(sysconfig.get_path("stdlib")), STDLIB, rows / f"{STDLIB}.jsonl.gz", held))
        told.append({"name": "the standard library", "version": sysconfig.get_python_version(),
                     "licence": "PSF-2.0"})  # fmt: skip
    (options.work / "packages.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    return jobs


_LEFT_OUT = re.compile(
    r"/(tests?|testing|_?vendor(ed)?|_vendored_packages|site-packages|third_party|extern(als)?"
    r"|lib2to3|idlelib|migrations)/|/(test_|conftest)|_test\.py$|_pb2(_grpc)?\.py$"
)
