"""The running Python's standard library as input: every function gets a docstring, no file harm.

A sample runs each time; `DOCBOT_STDLIB=all pytest tests/test_stdlib.py` takes every module, which
needs some ten minutes of one core.
"""

from __future__ import annotations

import os
import re
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from places import undocumented
from test_cases import harm

from docbot.docstring.edit import apply_edits, make_edit
from docbot.docstring.verify import verify
from docbot.errors import SourceError
from docbot.repo.diff import unified_diff
from docbot.scan.outline import outline
from docbot.scan.source import read

LIBRARY = Path(os.__file__).parent
EVERY = 40
"""Of the modules, in the order of their paths, one in so many is in the sample."""

ODD = re.compile(
    r"bad_coding|badsyntax|bom|coding20731|crlf|dis_module|different_encoding|doctest_|encoded_mod"
    r"|false_encoding|infinite_recursion|inspect_fodder|py._test_grammar|test_fstring|test_grammar"
    r"|test_patma|test_source_encoding|test_tokenize|test_type_params|test_unpack_ex"
)
"""Files of the test package that are odd on purpose: in the sample wherever they are installed."""

LITERAL = '"""Do what it says."""'


@dataclass(frozen=True)
class Outcome:
    """What became of one module; `inserted` is None when docbot left it alone."""

    path: Path
    inserted: int | None = None
    problem: str = ""


def modules() -> list[Path]:
    paths = LIBRARY.rglob("*.py")
    return sorted(path for path in paths if "site-packages" not in path.parts)


def sample() -> list[Path]:
    every = modules()
    odd = (path for path in every if ODD.match(path.stem) and "test" in str(path))
    return sorted({*every[::EVERY], *odd})


def document(path: Path) -> Outcome:
    """Put a docstring into all that lacks one, the module too, and look at what came out."""
    source = path.read_bytes()
    try:
        text = read(source)
        outline(source)
        lacking = [(d, anchor) for d, anchor in undocumented(text) if d.code.strip()]
        edits = [make_edit(LITERAL, d, anchor, text.encoding) for d, anchor in lacking]
        after = apply_edits(source, edits)
        verify(source, after, edits)
    except SourceError:
        return Outcome(path)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return Outcome(path, problem=repr(error))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, as of invalid escapes
        problem = harm(source, after)
    again = [d for d, _ in undocumented(read(after)) if d.code.strip()]
    if not problem and again:
        problem = "a second run finds more"
    patch = unified_diff(PurePosixPath("module.py"), source, after).splitlines()[2:]
    if not problem and any(line[:1] == b"-" and line[1:].strip() for line in patch):
        problem = "the patch takes code away"
    return Outcome(path, inserted=len(edits), problem=problem)


def document_all(paths: list[Path]) -> list[Outcome]:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(document, paths, chunksize=4))


def check(outcomes: list[Outcome]) -> None:
    assert [outcome for outcome in outcomes if outcome.problem] == []
    left_alone = [str(o.path.relative_to(LIBRARY)) for o in outcomes if o.inserted is None]
    assert len(left_alone) < len(outcomes) / 5, left_alone
    assert sum(outcome.inserted or 0 for outcome in outcomes) > len(outcomes)


def test_sample() -> None:
    check(document_all(sample()))


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("DOCBOT_STDLIB") != "all", reason="set DOCBOT_STDLIB=all")
def test_every_module() -> None:
    check(document_all(modules()))
