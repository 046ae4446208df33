"""Tell test files by their names, as pytest does; apart from the rules, which load much more."""

from __future__ import annotations

import re

_TEST_FILE = re.compile(r"^(test_.*|.*_test|conftest)\.pyi?$")


def is_test_file(name: str) -> bool:
    """Check whether pytest looks into a file of this name, or loads it as a conftest."""
    return _TEST_FILE.match(name) is not None
