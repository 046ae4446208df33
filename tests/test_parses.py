"""A file version is parsed once by each tool: once before it is written, once to verify it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter

import libcst
import pytest

from docbot.scan.skeleton import skeleton
from docbot.scan.source import read

TWO = '''"""Hold items."""


class Stack:
    """Hold items."""

    def __len__(self):
        return len(self.items)

    def __contains__(self, item):
        return item in self.items
'''


@pytest.fixture
def parses(monkeypatch):
    """The number of parses by tool and source, as they happen; expressions are none."""
    counts: Counter[tuple[str, str]] = Counter()
    parse_ast, parse_cst = ast.parse, libcst.parse_module

    def by_ast(source, *arguments, mode="exec", **options):
        if mode == "exec":
            counts["ast", source if isinstance(source, str) else source.decode()] += 1
        return parse_ast(source, *arguments, mode=mode, **options)

    def by_libcst(source, *arguments, **options):
        counts["libcst", source if isinstance(source, str) else source.decode()] += 1
        return parse_cst(source, *arguments, **options)

    monkeypatch.setattr(ast, "parse", by_ast)
    monkeypatch.setattr(libcst, "parse_module", by_libcst)
    return counts


def test_fix_of_one_file(repo, docbot, parses):
    path = repo.commit("a.py", TWO)
    assert docbot("fix", repo.root).code == 1
    after = path.read_text()
    assert after.count('"""') == TWO.count('"""') + 4
    assert parses == {
        ("ast", TWO): 1,
        ("libcst", skeleton(read(TWO.encode()))): 1,
        ("ast", after): 1,
    }


def test_fix_with_a_models_sentence(repo, docbot, parses):
    source = "class Stack:\n    def push(self, item):\n        self.items.append(item)\n"
    path = repo.commit("a.py", source)
    docbot("fix", "--min-confidence", "0", repo.root)
    after = path.read_text()
    assert parses.pop(("ast", source)) == 1
    assert all(count == 1 for count in parses.values())
    bare = skeleton(read(source.encode()))
    assert {code for _, code in parses} <= {source, after, bare}


def test_check_needs_no_libcst(repo):
    repo.commit("a.py", TWO)
    code = (
        "import sys; from docbot import cli; cli.main(['check', '-q', 'a.py'])"
        "; sys.exit('libcst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=repo.root).returncode == 0
