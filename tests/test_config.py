from __future__ import annotations

import pytest

from docbot.config import Config, load_config, replace
from docbot.errors import ConfigError


def write(folder, text):
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_no_file_means_the_defaults(tmp_path):
    assert load_config(tmp_path) == Config()


def test_no_table_means_the_defaults(tmp_path):
    assert load_config(write(tmp_path, "[tool.ruff]\nline-length = 3\n")) == Config()


def test_keys_are_the_fields_with_hyphens(tmp_path):
    text = (
        '[tool.docbot]\nmin-confidence = 1\nkinds = ["class"]\nline-length = 79\nstyle = "numpy"\n'
    )
    config = load_config(write(tmp_path, text))
    assert config == Config(min_confidence=1.0, kinds=("class",), line_length=79, style="numpy")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("minconfidence = 0.3", ["minconfidence", "did you mean 'min-confidence'"]),
        ("stile = 'numpy'", ["stile", "did you mean 'style'"]),
        ("zzz = 1", ["zzz", "known keys: exclude"]),
        ("style = 'epytext'", ["style", "auto, google, numpy, sphinx", "epytext"]),
        ("style = 3", ["style", "a string", "3"]),
        ("kinds = 'class'", ["kinds", "list of strings"]),
        ("kinds = ['struct']", ["kinds", "module, class, function, method"]),
        ("exclude = [1]", ["exclude", "list of strings"]),
        ("min-confidence = 7", ["min-confidence", "0 to 1"]),
        ("max-lines = -1", ["max-lines", "negative"]),
        ("max-lines = true", ["max-lines", "whole number"]),
        ("threads = 1.5", ["threads", "whole number"]),
        ("min-confidence = nan", ["min-confidence"]),
        ("select = ['private']", ["'select' is now called 'include'"]),
        ("ignore = ['dunder']", ["'ignore' is now called 'skip'"]),
        ("include = ['privat']", ["include", "privat", "did you mean 'private'"]),
    ],
)
def test_one_sentence_names_the_key(tmp_path, text, words):
    with pytest.raises(ConfigError) as excinfo:
        load_config(write(tmp_path, f"[tool.docbot]\n{text}\n"))
    sentence = str(excinfo.value)
    assert "\n" not in sentence
    for word in ["pyproject.toml", *words]:
        assert word in sentence


def test_a_table_that_is_none(tmp_path):
    with pytest.raises(ConfigError, match="must be a table"):
        load_config(write(tmp_path, "[tool]\ndocbot = 3\n"))
    with pytest.raises(ConfigError, match="must be a table"):
        load_config(write(tmp_path, "tool = 3\n"))


@pytest.mark.parametrize("text", ["[tool.docbot\n", "\x00"])
def test_no_toml(tmp_path, text):
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(write(tmp_path, text))


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.toml: cannot be read"):
        load_config(tmp_path, tmp_path / "gone.toml")


def test_the_command_line_lies_over_the_file():
    config = replace(Config(style="numpy", max_lines=9), {"style": "google"}, source="command line")
    assert config == Config(style="google", max_lines=9)
