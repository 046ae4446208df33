"""Docstrings are laid out so that a repository's own tools find nothing and change nothing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from places import undocumented

from docbot.config import Config
from docbot.docstring import edit
from docbot.docstring.render import render
from docbot.docstring.style import StyleCounts, detect
from docbot.gate.summary import Summary
from docbot.scan.definition import Definition, Kind
from docbot.scan.source import read
from docbot.tool_settings import settings_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CODE = """\
import abc
from collections.abc import Iterator


class Shelf:
    size: int = 0

    def take_from_the_top(self, title: str, count: int = 1) -> list[str]:
        if count < 1:
            raise ValueError(title)
        return [title] * count

    class Label:
        def write_label_on_the_shelf_with_the_given_number(self, number: int) -> None:
            self.number = number


def walk_along(shelves: list[Shelf]) -> Iterator[Shelf]:
    yield from shelves


def push_back(shelf: Shelf) -> None:
    shelf.size += 1
"""
HEADLINES = {
    "take_from_the_top": "Take a number of books with one title from the top of it.",
    "walk_along": "Walk along the shelves. Empty ones are among them, in their order.",
    "push_back": "Push it back.",
}
LONG = "that somebody has put there in the evening, with a note on what it was for."


def words(definition: Definition) -> Summary:
    """Phrases for every slot; some take two lines."""
    return Summary(
        headline=HEADLINES.get(definition.name, "Keep what belongs to it in its own place."),
        params=tuple((p.name, f"The {p.name} {LONG}") for p in definition.signature.params),
        returns="The books.",
        raises=tuple((name, "There are none.") for name in definition.raises),
    )


def fix(folder: Path, config: Config, code: str = CODE) -> Path:
    """Document every definition of a file beside the settings, as `fix` would, with given words."""
    levels = [settings_texts(lambda name: _text(folder / name))]
    style = detect(StyleCounts(), levels, config)
    source = code.encode()
    edits = []
    for definition, anchor in undocumented(read(source)):
        if definition.name == "__init__":  # left alone by default
            continue
        literal = render(words(definition), definition, style)
        is_left_out = definition.kind is Kind.MODULE and style.docformatter and anchor.opens_module
        if literal is not None and not is_left_out:
            edits.append(edit.make_edit(literal, definition, anchor, "utf-8"))
    path = folder / "shelves.py"
    path.write_bytes(edit.apply_edits(source, edits))
    return path


def _text(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def run(tool: str, *args: str | Path, folder: Path) -> str:
    """Return what a tool says that is among the test extras, or installed beside them."""
    main = "from pydoclint.main import main; main()"
    start = ["-c", main] if tool == "pydoclint" else ["-m", tool]
    result = subprocess.run(
        [sys.executable, *start, *map(str, args)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


def new_findings(lint: Sequence[str], folder: Path, config: Config, code: str = CODE) -> list[str]:
    """Return the findings that there were not, by rule, before the file was documented."""
    path = folder / "shelves.py"
    path.write_text(code)
    before = rules_of(run(*lint, path, folder=folder))
    after = rules_of(run(*lint, fix(folder, config, code), folder=folder))
    return [rule for rule in after if after.count(rule) > before.count(rule)]


def rules_of(output: str) -> list[str]:
    parts = [line.split(": ", 1)[-1].split()[0] for line in output.splitlines() if ".py:" in line]
    return [part for part in parts if part[:1].isalpha() and part[-1:].isdigit()]


RUFF = ("ruff", "check", "--no-cache", "--output-format=concise")
ALL = "[tool.ruff.lint]\npreview = {}\nselect = ['ALL']\nignore = {}\n"
IGNORES = [
    ["COM812"],
    ["D203", "D212"],
    ["D211", "D213", "D203"],
    ["D213", "D413", "CPY"],
    ["D212", "D203", "D413", "D401"],
]


@pytest.mark.parametrize("sections", ["always", "never"])
@pytest.mark.parametrize("style", ["google", "numpy", "sphinx"])
@pytest.mark.parametrize("ignore", IGNORES, ids=map(str, IGNORES))
def test_ruff_with_all_rules_finds_nothing_new(tmp_path, style, sections, ignore):
    write(tmp_path, {"pyproject.toml": ALL.format("false", ignore)})
    assert new_findings(RUFF, tmp_path, Config(style=style, sections=sections)) == []


@pytest.mark.parametrize("convention", ["google", "numpy", "pep257"])
@pytest.mark.parametrize("extra", ["", "extend-select = ['D213']\nignore = ['D212']\n"])
def test_ruff_with_a_convention_finds_nothing_new(tmp_path, convention, extra):
    settings = f"[lint]\nselect = ['D', 'W']\n{extra}pydocstyle.convention = '{convention}'\n"
    write(tmp_path, {"ruff.toml": settings})
    style = {"pep257": "sphinx"}.get(convention, convention)
    assert new_findings(RUFF, tmp_path, Config(style=style, sections="always")) == []


@pytest.mark.parametrize(
    "settings",
    [
        "[pydocstyle]\nconvention = google\n",
        "[pydocstyle]\nconvention = pep257\nadd-select = D213,D413\n",
        "[pydocstyle]\nignore = D203,D213\n",
        "[pydocstyle]\nignore = D203,D212,D407,D406\n",
        "[pydocstyle]\nselect = D2,D4\nadd-ignore = D203,D212,D406,D407\n",
        "[pydocstyle]\nignore = D203,D407,D406\n",
    ],
)
def test_pydocstyle_finds_nothing_new(tmp_path, settings):
    pytest.importorskip("pydocstyle")
    write(tmp_path, {"setup.cfg": settings})
    path = tmp_path / "shelves.py"
    path.write_text(CODE)
    before = run("pydocstyle", path, folder=tmp_path)
    after = run("pydocstyle", fix(tmp_path, Config(sections="always")), folder=tmp_path)
    assert {r for r in codes(after) if codes(after).count(r) > codes(before).count(r)} == set()


def codes(output: str) -> list[str]:
    return [line.split(":")[0].strip() for line in output.splitlines() if line.startswith("     ")]


LENGTHS = {
    "pylint": {"pyproject.toml": "[tool.pylint.format]\nmax-line-length = 60\n"},
    "pylint's own file": {".pylintrc": "[FORMAT]\nmax-line-length=60\n"},
    "pylint in setup.cfg": {"setup.cfg": "[pylint.FORMAT]\nmax-line-length = 60\n"},
    "pylint beside black": {
        "pylintrc": "[FORMAT]\nmax-line-length=60\n",
        "pyproject.toml": "[tool.black]\nline-length = 100\n",
    },
    "pycodestyle": {"tox.ini": "[pycodestyle]\nmax-line-length = 60\n"},
    "pep8": {"setup.cfg": "[pep8]\nmax_line_length = 60\n"},
    "flake8 beside black": {
        ".flake8": "[flake8]\nmax-line-length = 60\n",
        "pyproject.toml": "[tool.black]\nline-length = 100\n",
    },
    "ruff": {"ruff.toml": "line-length = 60\nlint.select = ['E501']\n"},
    "ruff's pycodestyle": {
        "pyproject.toml": "[tool.ruff.lint]\nselect = ['E501']\npycodestyle.max-line-length = 60\n"
    },
    "ruff's max-doc-length": {
        "ruff.toml": "lint.select = ['W505']\nlint.pycodestyle.max-doc-length = 60\n"
    },
    "ruff's extend": {
        "pyproject.toml": "[tool.ruff]\nextend = './base.toml'\n",
        "base.toml": "extend = 'further.toml'\nlint.select = ['E501']\n",
        "further.toml": "line-length = 60\n",
    },
    ".editorconfig": {".editorconfig": "root = true\n[*.{py,pyi}]\nmax_line_length = 60\n"},
    "yapf": {".style.yapf": "[style]\ncolumn_limit = 60\n"},
    "yapf in pyproject": {"pyproject.toml": "[tool.yapf]\ncolumn_limit = 60\n"},
    "autopep8": {"pyproject.toml": "[tool.autopep8]\nmax_line_length = 60\n"},
    "docformatter": {
        "pyproject.toml": "[tool.docformatter]\nwrap-summaries = 60\nwrap-descriptions = 60\n"
    },
}


@pytest.mark.parametrize("files", LENGTHS.values(), ids=LENGTHS)
def test_no_line_is_longer_than_the_tools_allow(tmp_path, files):
    write(tmp_path, files)
    before = {line for line in CODE.splitlines() if len(line) > 60}
    text = fix(tmp_path, Config(sections="always")).read_text()
    assert [line for line in text.splitlines() if len(line) > 60 and line not in before] == []
    assert text.count('"""') >= 6


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        (("pylint", "--disable=all", "--enable=C0301,W"), "pylint's own file"),
        (("pylint", "--disable=all", "--enable=C0301"), "pylint beside black"),
        (("pycodestyle",), "pycodestyle"),
        (("flake8", "--select=E501"), "flake8 beside black"),
        (RUFF, "ruff's pycodestyle"),
        (RUFF, "ruff's max-doc-length"),
        (RUFF, "ruff's extend"),
    ],
)
def test_the_linters_report_no_new_line(tmp_path, tool, name):
    pytest.importorskip(tool[0])
    write(tmp_path, LENGTHS[name])
    assert new_findings(tool, tmp_path, Config(sections="always")) == []


DOCFORMATTER = {
    "defaults": ("[tool.docformatter]\n", 79, 72),
    "black": ("[tool.docformatter]\nblack = true\n", 88, 88),
    "its own lengths": ("[tool.docformatter]\nwrap-summaries=50\nwrap-descriptions=60\n", 50, 60),
    "off": ("[tool.docformatter]\nwrap-summaries=0\nwrap-descriptions=0\n", 88, 88),
    "next line": ("[tool.docformatter]\npre-summary-newline=true\n", 79, 72),
    "google": ("[tool.docformatter]\nstyle = 'google'\n", 79, 72),
}


@pytest.mark.parametrize("style", ["google", "numpy", "sphinx"])
@pytest.mark.parametrize("settings", DOCFORMATTER.values(), ids=DOCFORMATTER)
def test_docformatter_and_black_change_nothing(tmp_path, settings, style):
    pytest.importorskip("docformatter")
    text, *_ = settings
    write(tmp_path, {"pyproject.toml": text})
    path = fix(tmp_path, Config(style=style, sections="always"))
    for tool in (("docformatter", "--in-place"), ("black", "--quiet")):
        before = path.read_text()
        run(*tool, path, folder=tmp_path)
        assert path.read_text() == before
    assert run(*RUFF, "--select=D205,D209", path, folder=tmp_path).startswith("All checks")


def test_docformatter_as_a_hook():
    hook = "repos:\n- repo: x\n  hooks:\n  - id: docformatter\n    args: [{}]\n  - id: black\n"
    for args, lengths in {
        "--in-place, --wrap-summaries=60": (60, 72),
        '"--wrap-summaries", "60", --wrap-descriptions, "50"': (60, 50),
        "--black": (0, 0),  # 88, as every line
        "": (79, 72),
    }.items():
        style = detect(StyleCounts(), [{".pre-commit-config.yaml": hook.format(args)}], Config())
        assert (style.summary_length, style.below_length) == lengths


@pytest.mark.parametrize("opening", ["def f():\n    pass\n", "# About C.\nclass C:\n    pass\n"])
def test_docformatter_gets_no_module_docstring_before_a_definition(tmp_path, opening):
    code = f"# Licence: MIT\n\n\n{opening}"
    write(tmp_path, {"pyproject.toml": "[tool.docformatter]\n"})
    assert ast.get_docstring(ast.parse(fix(tmp_path, Config(), code).read_text())) is None
    (tmp_path / "pyproject.toml").unlink()
    assert ast.get_docstring(ast.parse(fix(tmp_path, Config(), code).read_text()))


DEMANDS = {
    "pydoclint": "[tool.pydoclint]\nstyle = '{}'\nskip-checking-short-docstrings = false\n",
    "ruff": "[tool.ruff]\npreview = true\n[tool.ruff.lint]\nselect = ['DOC']\n",
    "docsig": "[tool.docsig]\ncheck-class = true\n",
}
LINTS = {"pydoclint": ("pydoclint", "--quiet"), "ruff": RUFF, "docsig": ("docsig",)}


@pytest.mark.parametrize("style", ["google", "numpy", "sphinx"])
@pytest.mark.parametrize("tool", DEMANDS)
def test_linters_that_want_sections_find_nothing_new(tmp_path, tool, style):
    pytest.importorskip(tool)
    write(tmp_path, {"pyproject.toml": DEMANDS[tool].format(style)})
    path = tmp_path / "shelves.py"
    path.write_text(CODE + UNFIT)
    before = re.findall(r"\b(?:DOC|SIG)\d{3}\b", run(*LINTS[tool], path, folder=tmp_path))
    text = fix(tmp_path, Config(style=style), CODE + UNFIT).read_text()
    after = re.findall(r"\b(?:DOC|SIG)\d{3}\b", run(*LINTS[tool], path, folder=tmp_path))
    assert [rule for rule in after if after.count(rule) > before.count(rule)] == []
    assert text.count('"""') > 4


UNFIT = """

class Counted:
    def __init__(self, least: int) -> None:
        self.least = least

    @property
    def most(self) -> int:
        return self.least + 1

    def drop(self, number: int) -> None:
        try:
            self.least -= number
        except TypeError:
            raise


def skip_one(number: int) -> None:
    if number:
        return
    print(number)
"""
