"""What griffe, Napoleon and pydoclint read in the sections that are written for mkdocstrings."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from docbot.config import Config
from docbot.docstring.render import render
from docbot.docstring.style import DocstringStyle, StyleCounts, detect
from docbot.gate.summary import Summary
from docbot.scan.facts import read_definitions
from docbot.scan.source import read

MKDOCS = {"mkdocs.yml": "plugins:\n- search\n- mkdocstrings:\n    handlers: {}\n"}
CODE = "def count(items: list[str], least: int) -> int:\n    return max(len(items), least)\n"
YIELDS = "def each(items: list[str]) -> Iterator[str]:\n    yield from items\n"
RETURNS = "The number of items"


def house(*texts: str, **settings: str) -> DocstringStyle:
    files = {**MKDOCS, **dict(zip(texts[::2], texts[1::2], strict=True))}
    return detect(StyleCounts(typed=3), [files], Config(sections="always", **settings))


def write(code: str, style: DocstringStyle, returns: str = RETURNS) -> str | None:
    """Return the code with the docstring that is written for it."""
    definition = read_definitions(read(code.encode()))[1]
    params = tuple((p.name, f"The {p.name}") for p in definition.signature.params)
    summary = Summary(headline="Do as it says.", params=params, returns=returns, raises=())
    head, body = code.split("\n", 1)
    return f"{head}\n    {render(summary, definition, style)}\n{body}"


@pytest.mark.parametrize(("code", "name"), [(CODE, "count"), (YIELDS, "each")])
@pytest.mark.parametrize("style", ["google", "numpy"])
def test_griffe_reads_types_and_texts(code, name, style):
    griffe = pytest.importorskip("griffe")
    module = griffe.visit("m", filepath=None, code=write(code, house(style=style)))
    sections = {s.kind.value: s.value for s in module[name].docstring.parse(style)}
    (result,) = sections.get("returns") or sections["yields"]
    assert (result.name, result.description) == ("", RETURNS)
    assert str(result.annotation) in ("int", "str")
    assert next(str(each.annotation) for each in sections["parameters"]) == "list[str]"


def test_griffe_misreads_what_is_written_elsewhere():
    griffe = pytest.importorskip("griffe")
    style = DocstringStyle(sections=True, types=True)
    module = griffe.visit("m", filepath=None, code=write(CODE, style))
    results = [s for s in module["count"].docstring.parse("google") if s.kind.value == "returns"]
    assert results[0].value[0].name == "int"


@pytest.mark.parametrize("code", [CODE, YIELDS])
def test_napoleon_reads_the_result_as_one_text(code):
    napoleon = pytest.importorskip("sphinx.ext.napoleon")
    text = ast.get_docstring(ast.parse(write(code, house())).body[0])
    lines = str(napoleon.GoogleDocstring(text, napoleon.Config())).split("\n")
    assert {f":returns: {RETURNS}", f":Yields: {RETURNS}"} & set(lines)
    assert not [line for line in lines if line.startswith(":rtype")]


@pytest.mark.parametrize("code", [CODE, YIELDS])
def test_pydoclint_accepts_a_result_without_its_type(code, tmp_path):
    path = tmp_path / "count.py"
    path.write_text(write(code, house()))
    flags = ["--style=google", "--check-return-types=False", "--check-yield-types=False"]
    command = [sys.executable, "-c", "from pydoclint.main import main; main()", *flags, path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_section_where_two_lines_would_be_two_values():
    long = "The number of items, or the least that it may be, whichever of the two is the greater"
    assert "Returns:" not in write(CODE, house(), long)
    assert "Returns:" in write(CODE, DocstringStyle(sections=True), long)


def test_no_section_where_pydoclint_wants_the_type():
    assert house("pyproject.toml", "[tool.pydoclint]\nstyle = 'google'\n").sections is False
    off = "[tool.pydoclint]\ncheck-return-types = false\n"
    assert house("pyproject.toml", off).sections is True
    assert house("pyproject.toml", "[tool.pydoclint]\n", style="numpy").sections is True


@pytest.mark.parametrize("text", ["plugins: [search]\n", "# mkdocstrings\nplugins:\n- x\n", ""])
def test_a_site_without_mkdocstrings_changes_nothing(text):
    assert house("mkdocs.yml", text).griffe is False


@pytest.mark.parametrize(
    "text", ["plugins: [search, mkdocstrings]\n", "plugins:\n  mkdocstrings:\n"]
)
def test_ways_to_name_the_plugin(text):
    assert house("mkdocs.yml", text).griffe is True
