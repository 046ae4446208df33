"""What `fix` says counts at its end is what `check` counts right after."""

from __future__ import annotations

import re

import pytest

BASE = '''class Base:
    """Hold a value."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"Base({self.value!r})"
'''
CHILD = '''class Child(Base):
    """Hold another."""

    def __repr__(self):
        return f"Child({self.value!r})"
'''
DOCUMENTED = CHILD.replace("(self):\n", '(self):\n        """Show the value."""\n')
SILENT = CHILD.replace('return f"Child({self.value!r})"', "raise NotImplementedError(self.value)")
ALONE = CHILD.replace("Child(Base)", "Child")
IMPORTED = "from zoo import Base\n\n\n"


@pytest.mark.parametrize(
    ("files", "counted", "dropped"),
    [
        pytest.param({"one.py": f"{BASE}\n\n{CHILD}"}, "3 of 3", 1, id="one file"),
        pytest.param({"zoo.py": BASE, "ape.py": IMPORTED + CHILD}, "3 of 3", 1, id="two files"),
        pytest.param({"ape.py": IMPORTED + DOCUMENTED, "zoo.py": BASE}, "3 of 3", 1, id="had one"),
        pytest.param({"zoo.py": BASE, "ape.py": IMPORTED + SILENT}, "3 of 3", 1, id="gets none"),
        pytest.param({"zoo.py": BASE, "ape.py": ALONE}, "4 of 4", 0, id="no override"),
        pytest.param(
            {
                "zoo.py": BASE,
                "ape.py": IMPORTED + CHILD,
                "bat.py": "from ape import Child\n\n\n"
                + CHILD.replace("Child(Base)", "Baby(Child)"),
            },
            "4 of 4",
            2,
            id="three generations",
        ),
    ],
)
def test_what_overrides_a_method_that_got_its_docstring_counts_no_more(
    docbot, repo, monkeypatch, files, counted, dropped
):
    monkeypatch.chdir(repo.root)
    for name, text in files.items():
        repo.commit(name, text)
    for flags, then in (("--diff", "with this patch"), ("--no-cache", "now")):
        said = docbot("fix", flags).err
        assert f" 100.0 % {then}: {counted} definitions that count" in said
        end = re.findall(r"; (\d) do(?:es)? so no more, since what (?:it|they) override", said)
        assert end == ([str(dropped)] if dropped else [])
    assert f"coverage: 100.0 %, {counted} of the" in docbot("check").err


def test_what_changed_since_is_counted_again_where_it_was_changed(docbot, repo, monkeypatch):
    monkeypatch.chdir(repo.root)
    repo.commit("old.py", f"{IMPORTED}{CHILD}")
    repo.commit("zoo.py", f"{BASE}\n\n{CHILD}")
    repo.commit("ape.py", f"{IMPORTED}{CHILD}")
    for flags in (["--diff"], []):
        said = docbot("fix", "--since", "HEAD~2", *flags).err
        assert ": 4 of 4 definitions that count among what changed since HEAD~2; 2 do so" in said
    assert "coverage: 100.0 %, 4 of 4 of the" in docbot("check", "--since", "HEAD~2").err


def test_each_configuration_has_its_own_classes(docbot, repo, monkeypatch):
    monkeypatch.chdir(repo.root)
    repo.commit("one/pyproject.toml", "[tool.docbot]\n")
    repo.commit("one/zoo.py", BASE)
    repo.commit("one/ape.py", IMPORTED + CHILD)
    repo.commit("zoo.py", f"{BASE}\n\n{CHILD}")
    assert ": 6 of 6 definitions that count; 2 do so no more" in docbot("fix").err
    assert "coverage: 100.0 %, 6 of 6 of the" in docbot("check").err


def test_fix_exits_with_1_only_where_it_writes_or_would(docbot, repo, monkeypatch):
    monkeypatch.chdir(repo.root)
    doc = '"""Add one.\n\n        Args:\n            one: It.\n        """'
    stale = f"    def add(self, item):\n        {doc}\n"
    repo.commit("base.py", f"{BASE}\n{stale}        self.value.append(item)\n")
    repo.commit("bare.py", "def _go():\n    ...\n\n\ndef late(value): return value + 1\n")
    codes = [docbot("fix", *flags).code for flags in (["--diff"], [], [], ["--diff"])]
    assert codes == [1, 1, 0, 0]
    left = docbot("check")
    assert (left.code, left.out.count("\n")) == (1, 2)
