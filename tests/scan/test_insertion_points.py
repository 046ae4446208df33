"""Where docstrings go: below a module's header, after a signature's type comment."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from places import undocumented

from docbot.docstring.edit import Edit, apply_edits, make_edit
from docbot.docstring.verify import verify
from docbot.errors import VerifyError
from docbot.scan.definition import Kind
from docbot.scan.facts import read_definitions
from docbot.scan.source import read

LITERAL = '"""Hold the shop."""'

CASES = [
    (b"", b""),
    (b"import os\n", b""),
    (b"from __future__ import annotations\n\nimport os\n", b""),
    (b"#!/usr/bin/env python\n# coding: latin-1\n# \xe9\n\nx = 1\n", b"#!/usr/bin/env python\n"),
    (b"\xef\xbb\xbf# licence\n# more\nimport os\n", b"\xef\xbb\xbf# licence\n# more\n"),
    (b"# licence\r\n\r\nimport os\r\n", b"# licence\r\n"),
    (b"\n\nx = 1\n", b""),
    (b"# only a comment\n", b"# only a comment\n"),
]


def documented(source):
    text = read(source)
    (module, anchor), *_ = undocumented(text)
    assert module.kind is Kind.MODULE
    return apply_edits(source, [make_edit(LITERAL, module, anchor, text.encoding)])


@pytest.mark.parametrize(("source", "above"), CASES)
def test_where_it_goes(source, above):
    after = documented(source)
    assert after.startswith(above)
    assert ast.get_docstring(ast.parse(after)) == "Hold the shop."
    assert sorted(after.replace(LITERAL.encode(), b"").split()) == sorted(source.split())


def test_formatters_leave_it(tmp_path):
    for number, (source, _) in enumerate(CASES):
        if source.startswith(b"\n") or not source.isascii():
            continue  # ruff format removes those blank lines and BOMs in any case
        (tmp_path / f"m{number}.py").write_bytes(documented(source))
    for tool in (["black", "--check", "--quiet"], ["ruff", "format", "--isolated", "--check"]):
        result = subprocess.run([sys.executable, "-m", *tool, tmp_path], capture_output=True)
        assert result.returncode == 0, result.stdout + result.stderr


def test_none_where_a_comment_ends_the_file():
    text = read(b"# no newline")
    assert undocumented(text) == []
    assert read_definitions(text)[0].indent is None


@pytest.mark.parametrize("gap", ["", "    # why\n", "\n"])
def test_a_type_comment_stays_before_the_docstring(gap):
    source = f"def f(a):\n{gap}    # type: (int) -> int\n    return [a]\n".encode()
    text = read(source)
    function, anchor = undocumented(text)[1]
    edits = [make_edit(LITERAL, function, anchor, text.encoding)]
    after = apply_edits(source, edits)
    verify(source, after, edits)
    (node,) = ast.parse(after, type_comments=True).body
    assert node.type_comment == "(int) -> int"
    assert ast.get_docstring(node) == "Hold the shop."


def test_verify_sees_a_type_comment_that_lost_its_place():
    source = b"def f(a):\n    # type: (int) -> int\n    return [a]\n"
    bad = Edit(start=10, end=10, text=f"    {LITERAL}\n".encode())
    with pytest.raises(VerifyError):
        verify(source, apply_edits(source, [bad]), [bad])


def test_a_type_ignore_may_move_down():
    source = b"def f(a):\n    return [a]\n\n\nx = f(1)  # type: ignore\n"
    text = read(source)
    function, anchor = undocumented(text)[1]
    edits = [make_edit(LITERAL, function, anchor, text.encoding)]
    verify(source, apply_edits(source, edits), edits)
