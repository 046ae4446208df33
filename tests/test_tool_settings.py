"""Linters' settings are read as the linters themselves read them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from docbot.tool_settings import (
    SETTINGS_FILES,
    ToolSettings,
    ruff_codes,
    sections_linters_want,
    settings_texts,
)

ALL = ("parameters", "raises", "returns", "yields")
SHORT = "skip-checking-short-docstrings"
RUFF = "[tool.ruff]\npreview = true\n[tool.ruff.lint]\n"
LONG_ONLY = f"""{RUFF}select = ['DOC']
[tool.ruff.lint.pydoclint]
ignore-one-line-docstrings = true
"""
CODE = '''\
"""Count."""


def count(items: list[int], *, most: int) -> int:
    """Count items."""
    if not items:
        raise ValueError(most)
    return len(items)


def each(items: list[int]) -> Iterator[int]:
    """Go through items."""
    yield from items
'''
RULES = {"DOC201": "returns", "DOC402": "yields", "DOC501": "raises", "DOC101": "parameters"}


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("pyproject.toml", f"[tool.pydoclint]\n{SHORT} = false\n", ALL),
        ("pyproject.toml", f"[tool.pydoclint]\n{SHORT.replace('-', '_')} = false\n", ALL),
        ("pyproject.toml", f"[tool.pydoclint]\n{SHORT} = true\n", ()),
        ("pyproject.toml", "[tool.pydoclint]\nstyle = 'google'\n", ()),
        (
            "pyproject.toml",
            f"[tool.pydoclint]\n{SHORT} = false\nskip-checking-raises = true\n",
            ("parameters", "returns", "yields"),
        ),
        (".flake8", f"[flake8]\n{SHORT} = False\n", ALL),
        ("pyproject.toml", f"{RUFF}select = ['DOC']\n", ("raises", "returns", "yields")),
        ("pyproject.toml", f"{RUFF}extend-select = ['DOC2']\n", ("returns",)),
        ("pyproject.toml", f"{RUFF}select = ['ALL']\nignore = ['DOC']\n", ()),
        ("pyproject.toml", f"{RUFF}select = ['DOC402']\nignore = ['DOC']\n", ("yields",)),
        ("pyproject.toml", "[tool.ruff.lint]\nselect = ['DOC']\n", ()),
        ("ruff.toml", "preview = true\n[lint]\nselect = ['DOC5']\n", ("raises",)),
        (
            "pyproject.toml",
            LONG_ONLY,
            (),
        ),
        ("pyproject.toml", "[tool.docsig]\n", ("parameters", "returns")),
        ("pyproject.toml", "[tool.docsig]\nignore-no-params = true\n", ()),
        ("pyproject.toml", "[tool.docsig]\ndisable = ['SIG503']\n", ("parameters",)),
        ("pyproject.toml", "[tool.docbot]\n# DOC\n", ()),
        ("pyproject.toml", "DOC = [", ()),
    ],
)
def test_what_linters_want_of_short_docstrings(name, text, wanted):
    assert sections_linters_want([{name: text}]) == wanted


@pytest.mark.parametrize(
    ("tool", "settings"),
    [
        ("ruff", f"{RUFF}select = ['DOC']\n"),
        ("ruff", f"{RUFF}select = ['ALL']\nignore = ['DOC5']\n"),
        ("ruff", "[tool.ruff.lint]\nselect = ['DOC']\n"),
        (
            "ruff",
            LONG_ONLY,
        ),
        ("pydoclint", f"[tool.pydoclint]\nstyle = 'google'\n{SHORT} = false\n"),
        ("pydoclint", "[tool.pydoclint]\nstyle = 'google'\n"),
        (
            "pydoclint",
            f"[tool.pydoclint]\nstyle = 'google'\n{SHORT} = false\nskip-checking-raises = true\n",
        ),
    ],
)
def test_the_linters_want_the_same(tool, settings, tmp_path):
    (tmp_path / "pyproject.toml").write_text(settings)
    (tmp_path / "counts.py").write_text(CODE)
    command = {
        "ruff": ["-m", "ruff", "check", "--no-cache", "--output-format=json", "."],
        "pydoclint": ["-c", "from pydoclint.main import main; main()", "."],
    }[tool]
    ran = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    said = {kind for rule, kind in RULES.items() if rule in ran.stdout + ran.stderr}
    assert said == set(sections_linters_want([{"pyproject.toml": settings}]))


def test_the_files_are_named():
    assert "setup.cfg" in SETTINGS_FILES


LEVELS = [
    {"pyproject.toml": "[tool.black]\nline-length = 70\n"},
    {},
    {
        "ruff.toml": "line-length = 90\n",
        "pyproject.toml": "[tool.black]\nline-length = 80\nskip = 1\n[tool.ruff]\npreview = true\n",
    },
]


def test_the_nearest_folder_that_configures_a_tool_counts_whole():
    tools = ToolSettings(LEVELS)
    assert (tools.get("black.line-length"), tools.get("black.skip")) == (70, None)
    assert (tools.get("ruff.line-length"), tools.get("ruff.preview")) == (90, None)


def test_extend_is_followed_inside_the_repository_only():
    files = {
        "ruff.toml": "extend = '../base.toml'\nlint.extend-select = ['B']\n",
        "../base.toml": "extend = 'pyproject.toml'\nline-length = 70\nlint.ignore = ['E1']\n",
        "../pyproject.toml": "[tool.ruff]\nline-length = 60\nlint.select = ['E']\n",
    }
    tools = ToolSettings([settings_texts(files.get)])
    assert tools.get("ruff.line-length") == 70
    assert ruff_codes(tools, "select", "extend-select", "ignore") == ["E", "B", "E1"]


@pytest.mark.parametrize("path", ["/etc/ruff.toml", "~/ruff.toml", "${HOME}/ruff.toml"])
def test_nothing_outside_the_repository_is_extended(path):
    asked = []

    def read(name: str) -> str:
        asked.append(name)
        return f"extend = '{path}'"

    settings_texts(read)
    assert set(asked) == set(SETTINGS_FILES)


def test_files_that_extend_each_other():
    files = {
        "ruff.toml": "extend = 'a.toml'\n",
        "a.toml": "extend = 'ruff.toml'\nline-length = 50\n",
    }
    assert ToolSettings([settings_texts(files.get)]).get("ruff.line-length") == 50


@pytest.mark.parametrize(
    ("texts", "length"),
    [
        (["[*]\nmax_line_length = 60\n"], "60"),
        (["[*.{js,py}]\nmax_line_length = 60\n"], "60"),
        (["[*]\nmax_line_length = 60\n[{*.py,*.pyi}]\nmax_line_length = 70\n"], "70"),
        (["[*]\nmax_line_length = 60\n[*.md]\nmax_line_length = 70\n"], "60"),
        (["[*.py]\nindent_size = 4\n", "[*.py]\nmax_line_length = 60\n"], "60"),
        (["root = true\n[*.py]\nindent_size = 4\n", "[*.py]\nmax_line_length = 60\n"], None),
        (["[*.py]\nmax_line_length = off\n", "[*.py]\nmax_line_length = 60\n"], "off"),
        (["[docs/*.py]\nmax_line_length = 60\n"], None),
    ],
)
def test_editorconfig(texts, length):
    tools = ToolSettings([{".editorconfig": text} for text in texts])
    assert tools.get("editorconfig.max-line-length") == length
