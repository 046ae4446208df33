"""What a private module defines counts only where a public module offers it."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import PurePosixPath

import pytest

from docbot.cache import open_cache
from docbot.commands import exit_codes
from docbot.config import Config
from docbot.repo.locate import Locator
from docbot.repo.scans import CachedScans
from docbot.review.analyse.inputs import ReviewRequest, open_revision
from docbot.scan.facts import file_facts
from docbot.scanned import COUNTED, check_file, settle_file, with_kinds
from docbot.select.inheritance import ParentIndex
from docbot.select.verdicts import judge_file

PARSE = "def parse(text):\n    return [text]\n"
BOTH = f"{PARSE}\n\ndef dump(rows):\n    return [rows]\n"
BOX = """class Box:
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)
"""


class Files:
    """Files by path, which note what is looked for."""

    def __init__(self, files):
        self.files = files
        self.read = []

    def outline_of(self, path):
        self.read.append(str(path))
        source = self.files.get(str(path))
        return None if source is None else file_facts(source.encode()).outline


def hidden_by(files, path, name="parse"):
    return ParentIndex(Files({path: BOTH, **files}).outline_of).private_module(
        PurePosixPath(path), name
    )


INIT = "pkg/__init__.py"
CORE = "pkg/_core.py"
DEEP = "pkg/_internal/core.py"

OFFERED = {
    "by name": (CORE, {INIT: "from ._core import parse\n"}),
    "by its own name again": (CORE, {INIT: "from ._core import parse as parse\n"}),
    "by another name": (CORE, {INIT: "from ._core import parse as read\n"}),
    "absolutely": (CORE, {INIT: "from pkg._core import parse\n"}),
    "below src": ("src/pkg/_core.py", {"src/pkg/__init__.py": "from pkg._core import parse\n"}),
    "by a star": (CORE, {INIT: "from ._core import *\n"}),
    "by a star, listed there": (
        CORE,
        {INIT: "from ._core import *\n", CORE: f"__all__ = ['parse']\n{BOTH}"},
    ),
    "by a star, listed here": (CORE, {INIT: "from ._core import *\n__all__ = ['parse']\n"}),
    "two folders up": ("pkg/a/_core.py", {INIT: "from .a._core import parse\n"}),
    "through a private package": (
        DEEP,
        {INIT: "from ._internal import *\n", "pkg/_internal/__init__.py": "from .core import *\n"},
    ),
    "out of a private package": (DEEP, {INIT: "from ._internal.core import parse\n"}),
    "by another name of a private module": (
        CORE,
        {INIT: "from ._api import read\n", "pkg/_api.py": "from ._core import parse as read\n"},
    ),
    "by another name behind a star": (
        CORE,
        {INIT: "from ._api import *\n", "pkg/_api.py": "from ._core import parse as read\n"},
    ),
    "through a public module": (
        CORE,
        {INIT: "from .api import parse\n", "pkg/api.py": "from ._core import parse\n"},
    ),
    "by the package's private one": (
        "pkg/_core/__init__.py",
        {INIT: "from ._core import parse\n"},
    ),
    "by the package of the same name": (
        "src/_tool/core.py",
        {
            "src/_tool/__init__.py": "",
            "src/tool/__init__.py": "from _tool.core import parse\n",
        },
    ),
    "by the module of the same name": (
        CORE,
        {INIT: "", "pkg/core.py": "from ._core import parse\n__all__ = ['parse']\n"},
    ),
    "as what takes the place of a compiled module": (
        CORE,
        {INIT: "try:\n    from ._fast import parse\nexcept ImportError:\n"
         "    from ._core import parse\n"},
    ),
    "when it is asked for": (
        CORE,
        {INIT: "__all__ = ['parse']\ndef __getattr__(name):\n    return load(name)\n"},
    ),
    "by the stub of the package": (
        CORE,
        {INIT: "import lazy\n", "pkg/__init__.pyi": "from ._core import parse\n"},
    ),
}  # fmt: skip

HIDDEN = {
    "alone": (CORE, {INIT: ""}, "_core"),
    "without a package": ("tools/_run.py", {}, "_run"),
    "as a module": (CORE, {INIT: "from . import _core\n"}, "_core"),
    "as a module by a public name": (CORE, {INIT: "from . import _core as core\n"}, "_core"),
    "by an import of the module": (CORE, {INIT: "import pkg._core\n"}, "_core"),
    "by a private name": (CORE, {INIT: "from ._core import parse as _parse\n"}, "_core"),
    "under another's name": (CORE, {INIT: "from ._core import dump as parse\n"}, "_core"),
    "not listed": (CORE, {INIT: "from ._core import parse\n__all__ = ['dump']\n"}, "_core"),
    "not listed, by a star": (CORE, {INIT: "from ._core import *\n__all__ = ['dump']\n"}, "_core"),
    "not taken by a star": (
        CORE,
        {INIT: "from ._core import *\n", CORE: f"__all__ = ['dump']\n{BOTH}"},
        "_core",
    ),
    "by a private module only": (
        CORE,
        {INIT: "from ._api import load\n", "pkg/_api.py": "from ._core import parse\n"},
        "_core",
    ),
    "by a private package only": (
        DEEP,
        {INIT: "", "pkg/_internal/__init__.py": "from .core import parse\n"},
        "_internal.core",
    ),
    "for the use of a module": (
        CORE,
        {INIT: "", "pkg/core.py": "from ._core import parse\n"},
        "_core",
    ),
    "in a circle": (
        CORE,
        {INIT: "from ._a import *\n", "pkg/_a.py": "from ._b import *\n",
         "pkg/_b.py": "from ._a import *\n"},
        "_core",
    ),
    "by another's module of that name": (
        CORE,
        {INIT: "from other._core import parse\n"},
        "_core",
    ),
    "beside a module of that name": (CORE, {INIT: "from . import parse\n"}, "_core"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "files"), OFFERED.values(), ids=OFFERED)
def test_what_a_public_module_offers_counts(path, files):
    assert hidden_by(files, path) == ""


@pytest.mark.parametrize(("path", "files", "module"), HIDDEN.values(), ids=HIDDEN)
def test_what_none_offers_is_hidden(path, files, module):
    assert hidden_by(files, path) == module


@pytest.mark.parametrize("path", ["pkg/core.py", "__main__.py", "pkg/__init__.py", "a_b/c_.py"])
def test_nothing_is_looked_up_for_a_public_module(path):
    files = Files({})
    assert ParentIndex(files.outline_of).private_module(PurePosixPath(path), "parse") == ""
    assert files.read == []


def test_a_private_folder_counts_in_a_package_only():
    init = {"_ext/__init__.py": ""}
    assert hidden_by({}, "_ext/roles.py") == ""
    assert hidden_by(init, "_ext/roles.py") == "_ext.roles"
    assert hidden_by({INIT: ""}, "pkg/_ext/roles.py") == "_ext.roles"
    assert hidden_by({}, "docs/_ext/_roles.py") == "_roles"


def test_each_file_is_read_once_for_all_names():
    files = Files({INIT: "import os\nfrom ._core import dump\nfrom .api import run\n"})
    parents = ParentIndex(files.outline_of)
    names = ("parse", "dump", "load", "parse")
    assert [parents.private_module(PurePosixPath(CORE), name) for name in names] == [
        "_core", "", "_core", "_core",
    ]  # fmt: skip
    assert len(files.read) == len(set(files.read))
    assert not any("os" in name for name in files.read)


SOURCE = f"""{BOTH}

def _own(x):
    return [x]


def trivial():
    pass


def skipped(x):  # docbot: skip
    return [x]


class Reader(Base):
    '''Read.'''

    def run(self):
        '''Run.'''
        return [self]

    def stop(self):
        return [self]
"""


@pytest.mark.parametrize("include", [frozenset(), frozenset({"private"})])
@pytest.mark.parametrize("init", ["", "from ._core import parse, Reader\n", "from ._core import *"])
def test_a_file_judged_alone_settles_to_what_a_check_says(init, include):
    config = with_kinds(Config(include=include), COUNTED)
    facts, path = file_facts(SOURCE.encode()), PurePosixPath(CORE)
    files = Files({INIT: init, CORE: SOURCE})
    verdict = pickle.loads(pickle.dumps(judge_file(path, facts, config)))
    settled = settle_file(path, verdict, ParentIndex(files.outline_of))
    checked = check_file(path, facts, config, ParentIndex(files.outline_of))
    assert settled.skips == checked.skips
    assert settled.documented == checked.documented
    assert [t.definition.qualname for t in settled.missing] == [
        t.definition.qualname for t in checked.missing
    ]
    assert settled.documented == (0 if not init and not include else 2)


# On real repositories


def missing(docbot, *arguments):
    report = json.loads(docbot("check", "--format", "json", *arguments).out)
    return sorted(f"{each['path']}:{each['name']}" for each in report["findings"])


@pytest.fixture
def package(repo, monkeypatch):
    """A package with a private module, of which nothing is public."""
    repo.commit(INIT, "")
    repo.commit(CORE, f"{BOTH}\n\n{BOX}")
    monkeypatch.chdir(repo.root)
    return repo


def test_check_names_what_the_package_offers(docbot, package):
    assert docbot("check").code == exit_codes.CLEAN
    ran = docbot("check", "-v", "--include", "private")
    assert ran.code == exit_codes.CHANGES
    package.commit(INIT, "from ._core import Box, dump as write\n")
    ran = docbot("check")
    assert ran.code == exit_codes.CHANGES
    assert "Box" in ran.out
    assert "dump" in ran.out
    assert "parse" not in ran.out


def test_the_reason_names_the_module(docbot, package):
    ran = docbot("check", "-vv", package.root)
    assert "_core is a private module, and no public one imports parse" in ran.out + ran.err


def age(repo):
    """Make the files older than the index, so that git and the cache trust it."""
    for file in repo.root.rglob("*.py*"):
        os.utime(file, (1, 1))
    repo.git("update-index", "--refresh", check=False)


@pytest.mark.parametrize("arguments", [(), ("pkg/_core.py",), ("pkg/_internal",)])
@pytest.mark.parametrize("commits", [True, False])
def test_a_remembered_output_notices_another_init(docbot, package, arguments, commits):
    package.commit(DEEP, PARSE)
    age(package)
    for _ in ("first", "as remembered"):
        assert docbot("check", *arguments).code == exit_codes.CLEAN
    write = package.commit if commits else package.write
    write(INIT, "from ._core import *\nfrom ._internal.core import parse\n")
    for _ in ("first", "as remembered"):
        assert docbot("check", *arguments).code == exit_codes.CHANGES
    write(INIT, "")
    assert docbot("check", *arguments).code == exit_codes.CLEAN
    write("pkg/__init__.pyi", "from ._core import *\nfrom ._internal import core\n")
    write("pkg/_internal/__init__.py", "from .core import parse\n")
    expected = exit_codes.CLEAN if arguments == ("pkg/_internal",) else exit_codes.CHANGES
    assert docbot("check", *arguments).code == expected


@pytest.mark.parametrize("init", ["x = 1\n", "from ._core import Box\n", "from . import _core\n"])
def test_fix_of_one_staged_file_agrees_with_check(docbot, package, init):
    package.commit(INIT, init)
    file = package.stage("pkg/_core.py", BOX.replace("items", "rows"))
    for command in ("check", "fix"):
        ran = docbot(command, "--staged", package.root)
        assert ("Box.__len__" in ran.out) == (" Box" in init)
    assert ('"""' in file.read_text()) == (" Box" in init)


def test_the_tree_and_a_commit_agree(package):
    package.git("switch", "--quiet", "--create", "topic")
    package.commit(INIT, "from ._core import dump\n")
    (tree,) = Locator({}, None).worktrees([package.root])
    request = ReviewRequest(root=package.root, base="main", head="topic")
    with open_revision(request) as revision:
        for outline_of in (
            revision.outline_of,
            CachedScans(tree, open_cache(on=False)).outline_of,
        ):
            parents = ParentIndex(outline_of)
            assert parents.private_module(PurePosixPath(CORE), "dump") == ""
            assert parents.private_module(PurePosixPath(CORE), "parse") == "_core"
