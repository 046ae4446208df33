"""A module's docstring stands below what is about the file, above what is about a statement."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from docbot.scan.anchors import anchors
from docbot.scan.parse import MODULE_DOC
from docbot.scan.source import read

if TYPE_CHECKING:
    from pathlib import Path

DOC = '"""Count words."""\n'
TABLE = {
    "an attribute's comment": ("# Licence: MIT\n\n", "#: Seconds.\nWAIT = 10\n"),
    "an attribute's comment of two lines": ("", "#: Seconds\n#: to wait.\nWAIT = 10\n"),
    "an attribute's comment right below the licence": ("# Copyright Ann\n", "#: S.\nWAIT = 1\n"),
    "an import's heading": ("# (c) Ann\n\n", "# Standard library\nimport os\n"),
    "an import's heading at the top": ("", "# Third party imports\nfrom numpy import array\n"),
    "a comment on the first import": (
        "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n\n",
        "# gevent has to patch\n# before anything else.\nimport gevent\n",
    ),
    "a comment on a constant": ("# SPDX-License-Identifier: MIT\n\n", "# In bytes.\nSIZE = 4\n"),
    "a comment on a try": (
        "# Author: Ann\n\n",
        "# Old.\ntry:\n    a()\nfinally:\n    b()\n",
    ),
    "what the file is for": ("# Count words.\n# Usage: count.py\n", "import os\n"),
    "what the file is for, below the shebang": ("#!/bin/env python\n# Count.\n", "import os\n"),
    "a licence in paragraphs": (
        "# Copyright Ann\n\n# Permission is granted.\n\n# IT COMES WITHOUT\n# WARRANTY.\n",
        "import os\n",
    ),
    "a redistribution clause": ("# (c) Ann\n\n# Redistribution is fine.\n", "X = 1\n"),
    "a cell": ("# %%\n", "import os\n"),
    "a cell below another": ("# %% [markdown]\n# # Title\n\n# %%\n", "# Load it.\nimport os\n"),
    "a type checker's line": ("# type: ignore\n", "import os\n"),
    "lines of mypy and ruff": ("# mypy: strict\n# ruff: noqa\n", "import os\n"),
    "a linter's line and a comment": ("# ruff: noqa: E402\n", "# Patch first.\nimport gevent\n"),
    "a formatter's switch": ("# Licence: MIT\n\n", "# fmt: off\nTABLE = [1,2]\n"),
    "a region": ("", "# region imports\nimport os\n# endregion\n"),
    "an editor's fold": ("# (c) Ann\n\n", "# <editor-fold desc='imports'>\nimport os\n"),
    "a definition's comment": ("# (c) Ann\n\n\n", "# About f.\ndef f():\n    pass\n"),
    "an editor's mode": ("# vim: set ts=4:\n", "import os\n"),
    "Windows": ("# (c) Ann\r\n\r\n", "#: Seconds.\r\nWAIT = 10\r\n"),
}


def document(source: str) -> str:
    """Return the source with a docstring at the module's anchor."""
    anchor = anchors(read(source.encode()))[MODULE_DOC, 1]
    text = (DOC + "\n" * anchor.blank_after).replace("\n", anchor.newline)
    return source[: anchor.start] + text + source[anchor.end :]


@pytest.mark.parametrize(("above", "below"), TABLE.values(), ids=TABLE)
def test_where_a_modules_docstring_stands(above, below):
    after = document(above + below)
    assert after.startswith(above + DOC.rstrip())
    assert after.endswith(below)
    assert ast.get_docstring(ast.parse(after)) == "Count words."
    stripped = after.removeprefix(above).removeprefix(DOC.rstrip()).removesuffix(below)
    assert set(stripped) <= {"\r", "\n"}


@pytest.mark.parametrize(("above", "below"), TABLE.values(), ids=TABLE)
def test_black_and_ruff_leave_it_there(above, below, tmp_path):
    if below.startswith(("# fmt", "# Old")) or "\n#" in below or "\r" in below:
        pytest.skip("black changes what was there before")
    path = tmp_path / "count.py"
    path.write_text(document(above + below))
    for tool in (["black", "--quiet"], ["ruff", "format", "--isolated", "--no-cache", "--quiet"]):
        before = path.read_text()
        subprocess.run([sys.executable, "-m", *tool, path], check=True)
        assert path.read_text() == before


@pytest.mark.parametrize("above", ["", "# Licence: MIT\n\n", "#!/bin/env python\n\n"])
def test_isort_changes_nothing(above, tmp_path):
    pytest.importorskip("isort")
    path = tmp_path / "count.py"
    (tmp_path / ".isort.cfg").write_text(
        "[settings]\nprofile = black\nimport_heading_stdlib = Standard library\n"
    )
    path.write_text(document(f"{above}# Standard library\nimport os\nimport sys\n\nX = os, sys\n"))
    run = subprocess.run([sys.executable, "-m", "isort", "--check", "--diff", path], check=False)
    assert run.returncode == 0


@pytest.mark.parametrize("above", ["", "# Licence: MIT\n\n", "# Copyright Ann\n"])
def test_sphinx_lists_the_attribute_as_before(above, tmp_path):
    pytest.importorskip("sphinx")
    source = f"{above}#: Seconds to wait.\nWAIT = 10\n"
    assert "Seconds to wait." in autodoc(tmp_path / "before", source)
    after = autodoc(tmp_path / "after", document(source))
    assert "Seconds to wait." in after
    assert "Count words." in after


def autodoc(folder: Path, source: str) -> str:
    """Return the text that the real Sphinx makes of a module."""
    folder.mkdir()
    (folder / "counted.py").write_text(source)
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(folder)!r})\nextensions = ['sphinx.ext.autodoc']\n"
    )
    (folder / "index.rst").write_text("Words\n=====\n\n.. automodule:: counted\n   :members:\n")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "text", folder, folder / "out"]
    subprocess.run(command, check=True)
    return (folder / "out" / "index.txt").read_text()
