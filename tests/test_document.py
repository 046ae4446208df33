"""The library in one call, on the embedded model."""

from __future__ import annotations

import pytest

import docbot
from docbot.config import Config
from docbot.errors import ConfigError, ModelError, SourceError

SOURCE = b"class Box:\r\n    def __len__(self):\r\n        return len(self.items)\r\n"


def test_bytes_in_bytes_out():
    documented = docbot.document(SOURCE)
    assert documented == SOURCE.replace(
        b"        return", b'        """Return the number of items."""\r\n        return'
    )
    assert docbot.document(documented) == documented


def test_a_test_file_is_known_by_its_path():
    assert docbot.document(SOURCE, path="tests/test_box.py") == SOURCE


@pytest.mark.parametrize(
    ("source", "config", "error"),
    [
        (b"print 'x'\n", Config(), SourceError),
        (b"x = 1\n" * 300_000, Config(), SourceError),
        (SOURCE, Config(model="gone.gguf"), ModelError),
        (SOURCE, Config(model="docbot-huge"), ModelError),
    ],
)
def test_what_cannot_be_done_says_so(source, config, error):
    with pytest.raises(error):
        docbot.document(source, config=config)


def test_an_unknown_format_for_a_model_of_ones_own():
    from docbot.llm.weights import resolve

    path = str(resolve("docbot-tiny", "chatml").path)
    with pytest.raises(ConfigError, match="prompt-format"):
        docbot.document(SOURCE, config=Config(model=path, prompt_format="alpaca"))


def test_the_embedded_model_by_its_path_in_its_own_format():
    from docbot.llm.weights import resolve

    path = str(resolve("docbot-tiny", "chatml").path)
    config = Config(model=path, prompt_format="tasks", min_confidence=0.0)
    source = b"def close(stream):\n    stream.flush()\n    stream.close()\n"
    assert docbot.document(source, config=config) == docbot.document(
        source, config=Config(min_confidence=0.0)
    )


def test_a_documented_parent_in_the_same_file_counts():
    method = b"    def __len__(self):\n%s        return len(self.items)\n"
    parent = b"class Box:\n" + method % b'        """Count."""\n'
    source = parent + b"\n\nclass Crate(Box):\n" + method % b""
    assert docbot.document(source) == source
