"""`[tool.docbot.per-path]`: what a table may hold, and which settings a file has in the end."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from docbot.config import Config, parse_config, replace
from docbot.errors import ConfigError

TABLE = b"""
[tool.docbot]
skip = []
[tool.docbot.per-path]
"src/" = { kinds = ["function"], style = "numpy", fail-under = 50 }
"src/api/*.py" = { style = "sphinx", skip = ["dunder"] }
"old/" = { skip = true }
"old/kept.py" = { skip = false, fail-under = 80.5 }
"""


@pytest.fixture
def config():
    return parse_config(TABLE, source="p.toml")


@pytest.mark.parametrize(
    ("path", "kinds", "style", "skip"),
    [
        ("a.py", (), "auto", ()),
        ("src/a.py", ("function",), "numpy", ()),
        ("deep/src/b/a.py", ("function",), "numpy", ()),
        ("src/api/a.py", ("function",), "sphinx", ("dunder",)),
        ("src/api/more/a.py", ("function",), "numpy", ()),
    ],
)
def test_the_last_pattern_that_has_a_key_decides(config, path, kinds, style, skip):
    own = config.of(PurePosixPath(path))
    assert (own.kinds, own.style, own.skip) == (kinds, style, skip)
    assert own == own.of(PurePosixPath("src/api/a.py"))


def test_files_are_left_out_and_taken_back(config):
    paths = ("old/a.py", "old/deep/b.py", "old/kept.py", "a.py")
    assert [config.per_path.leaves_out(path) for path in paths] == [True, True, False, False]
    assert config.per_path.limit_of("old/kept.py").fail_under == 80.5
    assert config.per_path.limit_of("a.py") is None


def test_patterns_are_relative_to_the_settings(config):
    below = config.per_path.placed(below="part")
    paths = ("part/old/a.py", "part/x/old/a.py", "part/a.py")
    assert [below.leaves_out(path) for path in paths] == [True, True, False]
    anchored = parse_config(
        b"[tool.docbot.per-path]\n'/lib/a.py' = { skip = true }\n", source="p.toml"
    ).per_path
    assert anchored.placed(below="part").leaves_out("part/lib/a.py")
    assert not anchored.placed(below="part").leaves_out("part/b/lib/a.py")
    assert anchored.placed(above="lib").leaves_out("a.py")
    assert anchored.placed(below=".").leaves_out("lib/a.py")


def test_the_command_line_overrides_every_pattern(config):
    path = PurePosixPath("src/api/a.py")
    assert replace(config, {"style": "google"}, source="command line").of(path).style == "google"
    assert replace(config, {"kinds": ["class"]}, source="command line").of(path).kinds == ("class",)
    assert replace(config, {"model": "x.gguf"}, source="command line").of(path).style == "sphinx"
    assert Config().of(path) == Config()


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("per-path = 3", "p.toml: 'per-path' must be a table of patterns"),
        ("per-path = { 'a.py' = 3 }", "p.toml: per-path 'a.py' must be a table of settings"),
        ("per-path = { 'a.py' = { styl = 'numpy' } }", "unknown key 'styl'; did you mean 'style'?"),
        ("per-path = { 'a.py' = { qqq = 1 } }", "unknown key 'qqq'; known: fail-under, kinds"),
        ("per-path = { 'a.py' = { style = 'nump' } }", "per-path 'a.py': 'style' must be one of"),
        ("per-path = { 'a.py' = { kinds = 'class' } }", "'kinds' must be a list of strings"),
        ("per-path = { 'a.py' = { kinds = ['klass'] } }", "did you mean 'class'?"),
        ("per-path = { 'a.py' = { kinds = [] } }", "'kinds' names none; skip = true"),
        ("per-path = { 'a.py' = { fail-under = 'x' } }", "'fail-under' must be a number"),
        ("per-path = { 'a.py' = { fail-under = 101 } }", "'fail-under' is a percentage"),
        ("per-path = { 'a.py' = { fail-under = -1 } }", "'fail-under' is a percentage"),
        ("per-path = { 'a.py' = { skip = 'dunder' } }", "'skip' must be true, false or a list"),
        ("per-path = { 'a.py' = { skip = ['test'] } }", "'skip' must be one of dunder"),
        ("per-path = { '!a.py' = { skip = true } }", "'!a.py' is no gitignore pattern"),
        ("per-path = { '' = { skip = true } }", "'' is no gitignore pattern"),
        ("per-path = { '# a' = { skip = true } }", "'# a' is no gitignore pattern"),
        ("per-path = { '/' = { skip = true } }", "'/' is no gitignore pattern"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(table, sentence):
    with pytest.raises(ConfigError) as raised:
        parse_config(f"[tool.docbot]\n{table}\n".encode(), source="p.toml")
    assert sentence in str(raised.value)
    assert str(raised.value).startswith("p.toml: ")
