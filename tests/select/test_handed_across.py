"""Functions that another file hands over as tools, or whose docstrings it reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path, PurePosixPath
from textwrap import dedent

import pytest
from revisions import findings_in

from docbot.commands import exit_codes
from docbot.errors import SourceError
from docbot.repo.locate import Locator
from docbot.repo.reader_files import reader_files
from docbot.review.analyse.inputs import ReviewRequest, open_revision
from docbot.scan.facts import file_facts
from docbot.scan.handover_words import SEARCH_WORDS, may_hand_over
from docbot.select.inheritance import ParentIndex

SHAPES = "pkg/shapes.py"
DEFINED = """
def area(side):
    return side * side


def volume(side):
    return side * area(side)


def unrelated(x):
    return [x, x]


class Scales:
    def weigh(self, thing):
        return self.unit * thing

    def paint(self, thing):
        return [self.colour, thing]


TABLE = {"area": area, "volume": volume}
SCALES = Scales()
"""
NAMES = {"area", "volume", "unrelated", "Scales", "Scales.weigh", "Scales.paint"}


class Files:
    """A repository's files, as text by path."""

    def __init__(self, files):
        self.files = files

    def outline_of(self, path):
        source = self.files.get(str(path))
        return None if source is None else file_facts(source.encode()).outline

    def source_of(self, path):
        if str(path) not in self.files:
            raise SourceError("no such file")
        return self.files[str(path)].encode()

    def reader_files(self):
        return list(reader_files(map(PurePosixPath, self.files), self.source_of))


def readers(files, path=SHAPES):
    """Who reads each definition of a file, by its name; the file itself does not count here."""
    tree = Files({SHAPES: DEFINED, "pkg/__init__.py": "", **files})
    parents = ParentIndex(tree.outline_of, tree)
    facts = file_facts(tree.files[path].encode())
    return {
        definition.qualname: reader
        for definition in facts.definitions
        if (reader := parents.reader(PurePosixPath(path), definition, facts.outline))
    }


ACROSS = {
    "by name": ("from pkg.shapes import area\nAgent(tools=[area])", {"area"}),
    "by another name": ("from pkg.shapes import area as f\nAgent(functions=[f])", {"area"}),
    "by the module": ("from pkg import shapes\nchat(tools=[shapes.volume])", {"volume"}),
    "by the dotted module": ("import pkg.shapes\nchat(tools=[pkg.shapes.area])", {"area"}),
    "by the module's other name": ("import pkg.shapes as s\ns.area.__doc__", {"area"}),
    "by a star": ("from pkg.shapes import *\nmodel.bind_tools([area])", {"area"}),
    "in a function": (
        "def main():\n    from pkg.shapes import area\n    help_of(area.__doc__)",
        {"area"},
    ),
    "read": ("import inspect\nfrom pkg import shapes\ninspect.getdoc(shapes.area)", {"area"}),
    "read by name": ("from pkg.shapes import area\ngetattr(area, '__doc__')", {"area"}),
    "in a table": (
        (
            "from pkg.shapes import area, volume\nT = {'a': area, 'v': volume}\n"
            "for n, f in T.items():\n    add(n, help=f.__doc__)"
        ),
        {"area", "volume"},
    ),
    "from a table": (
        "from pkg.shapes import TABLE\nfor f in TABLE.values():\n    add(f.__doc__)",
        {"area", "volume"},
    ),
    "from a module's table": (
        "from pkg import shapes\n[add(help=f.__doc__) for f in shapes.TABLE.values()]",
        {"area", "volume"},
    ),
    "from a table, all of it": (
        "from pkg.shapes import TABLE\nAgent(tools=list(TABLE.values()))",
        {"area", "volume"},
    ),
    "all of a module": (
        (
            "import inspect\nfrom pkg import shapes\n"
            "for n, f in inspect.getmembers(shapes):\n    add(f.__doc__)"
        ),
        {"area", "volume", "unrelated", "Scales"},
    ),
    "a class": ("from pkg.shapes import Scales\nadd(Scales.__doc__)", {"Scales"}),
    "a method": ("from pkg.shapes import Scales\nadd(Scales.weigh.__doc__)", {"Scales.weigh"}),
    "a method of an instance": (
        "from pkg.shapes import Scales\nscales = Scales()\nAgent(tools=[scales.weigh])",
        {"Scales.weigh"},
    ),
    "a method of a new instance": (
        "from pkg import shapes\nAgent(tools=[shapes.Scales().weigh])",
        {"Scales.weigh"},
    ),
    "a method of an imported instance": (
        "from pkg.shapes import SCALES\nAgent(tools=[SCALES.weigh])",
        {"Scales.weigh"},
    ),
    "methods of a class": (
        "from pkg.shapes import Scales\nfor n in dir(Scales):\n    add(getattr(Scales, n).__doc__)",
        {"Scales.weigh", "Scales.paint"},
    ),
    "not at all": ("from pkg.shapes import area\nAgent(tools=[area(3)])", set()),
    "not read but set": ("from pkg.shapes import area\narea.__doc__ = 'x'", set()),
    "another's": ("from os import area\nAgent(tools=[area])", set()),
    "its own of the same name": ("def area(x):\n    return x\nAgent(tools=[area])", set()),
    "under an import it does not hand over": (
        "from pkg import shapes\nfrom pkg.shapes import volume\nAgent(tools=[volume])",
        {"volume"},
    ),
}


@pytest.mark.parametrize("label", ACROSS)
def test_what_another_file_reads(label):
    code, expected = ACROSS[label]
    assert set(readers({"agent.py": code})) & NAMES == expected


THROUGH = {
    "a package": (
        {"pkg/__init__.py": "from .shapes import area\n"},
        "from pkg import area\nAgent(tools=[area])",
        {"area"},
    ),
    "a package, by another name": (
        {"pkg/__init__.py": "from .shapes import area as square\n"},
        "import pkg\nAgent(tools=[pkg.square])",
        {"area"},
    ),
    "a package's star": (
        {"pkg/__init__.py": "from .shapes import *\n"},
        "from pkg import volume\nadd(volume.__doc__)",
        {"volume"},
    ),
    "a table elsewhere": (
        {"pkg/registry.py": "from . import shapes\nALL = [shapes.area, shapes.volume]\n"},
        "from pkg.registry import ALL\nAgent(tools=ALL)",
        {"area", "volume"},
    ),
    "a table that is filled": (
        {"pkg/registry.py": "from .shapes import area\nALL = []\nALL.append(area)\n"},
        "from pkg import registry\nfor f in registry.ALL:\n    add(f.__doc__)",
        {"area"},
    ),
    "two tables": (
        {
            "pkg/some.py": "from .shapes import TABLE\nMORE = {**TABLE}\n",
            "pkg/all.py": "from .some import MORE as EVEN_MORE\n",
        },
        "from pkg.all import EVEN_MORE\nAgent(tools=[*EVEN_MORE.values()])",
        {"area", "volume"},
    ),
    "a circle": (
        {"pkg/one.py": "from .two import f\n", "pkg/two.py": "from .one import f\n"},
        "from pkg.one import f\nAgent(tools=[f])",
        set(),
    ),
}


@pytest.mark.parametrize("label", THROUGH)
def test_what_another_file_reads_through_others(label):
    between, code, expected = THROUGH[label]
    assert set(readers({**between, "app/agent.py": code})) & NAMES == expected


def test_a_file_beside_and_one_in_the_same_package():
    files = {"pkg/cli.py": "from .shapes import area\nadd(area.__doc__)"}
    assert readers(files) == {"area": "pkg/cli.py reads its __doc__"}
    how = "hands it over by tools=, where its docstring describes it"
    files = {"pkg/cli.py": "from shapes import area\nAgent(tools=[area])"}
    assert readers(files) == {"area": f"pkg/cli.py {how}"}


def test_a_module_whose_docstring_is_the_help_of_another():
    files = {"cli.py": "import pkg.shapes as shapes\nParser(description=shapes.__doc__)"}
    assert list(readers(files)) == ["<module>"]
    assert readers({"cli.py": "import pkg.shapes as shapes\nAgent(tools=[shapes])"}) == {}


def test_a_table_that_cannot_be_followed_protects_its_file():
    maker = "from loaders import load\nALL = load()\n\n\ndef area(x):\n    return [x]\n"
    files = {"pkg/made.py": maker, "cli.py": "from pkg.made import ALL\nfor f in ALL: f.__doc__"}
    assert set(readers(files, "pkg/made.py")) == {"area"}


@pytest.mark.parametrize("name", ["tests/test_agent.py", "test_agent.py", "conftest.py"])
def test_what_tests_read_is_no_part_of_the_program(name):
    code = "from pkg.shapes import area\nassert_(area.__doc__)\nAgent(tools=[area])"
    assert readers({name: code}) == {}


# On real repositories

AGENT = "from pkg.shapes import area\nfrom pkg import shapes\nchat(tools=[area, shapes.volume])\n"


@pytest.fixture
def project(repo, monkeypatch):
    """A package, one of whose functions another file hands over."""
    repo.commit("pkg/__init__.py", "")
    repo.commit(SHAPES, DEFINED)
    repo.commit("agent.py", AGENT)
    monkeypatch.chdir(repo.root)
    return repo


def missing(docbot, *arguments):
    """The names that a check misses a docstring of."""
    report = json.loads(docbot("check", "--format", "json", *arguments).out)
    return {each["qualname"] for file in report["files"] for each in file["missing"]}


REST = NAMES - {"area", "volume"}


@pytest.mark.parametrize("arguments", [(), ("pkg",), (SHAPES,), ("--since", "HEAD~2")])
def test_check_leaves_alone_what_another_file_hands_over(docbot, project, arguments):
    if "--since" in arguments:
        project.commit(SHAPES, f"{DEFINED}\n\n")
        project.commit(SHAPES, DEFINED.replace("side", "edge").replace("thing", "object"))
    expected = REST - {"unrelated", "Scales"} if "--since" in arguments else REST
    for _ in ("first", "as remembered"):
        assert missing(docbot, *arguments) == expected
    assert missing(docbot, "--include", "runtime-docstring", SHAPES) == NAMES


@pytest.mark.usefixtures("project")
def test_the_reason_names_the_other_file(docbot):
    ran = docbot("check", "-v")
    assert "agent.py hands it over by tools=, where its docstring describes it" in ran.out
    assert ran.code == exit_codes.CHANGES


def age(repo):
    """Make the files older than the index, so that git and the cache trust it."""
    for file in repo.root.rglob("*.py"):
        os.utime(file, (1, 1))
    repo.git("update-index", "--refresh", check=False)


@pytest.mark.parametrize("arguments", [(), ("pkg",), (SHAPES,)])
@pytest.mark.parametrize("how", ["commit", "write"])
def test_a_remembered_output_notices_another_reader(docbot, project, arguments, how):
    age(project)
    change = getattr(project, how)
    for _ in ("first", "as remembered"):
        assert missing(docbot, *arguments) == REST
    change("agent.py", AGENT.replace("shapes.volume", "shapes.unrelated"))
    for _ in ("first", "as remembered"):
        assert missing(docbot, *arguments) == NAMES - {"area", "unrelated"}
    change("agent.py", "x = 1\n")
    assert missing(docbot, *arguments) == NAMES
    project.commit("server.py", "from pkg.shapes import Scales\nprint(Scales.__doc__)\n")
    assert missing(docbot, *arguments) == NAMES - {"Scales"}
    project.git("rm", "--quiet", "server.py")
    assert missing(docbot, *arguments) == NAMES


def test_a_reader_that_is_excluded_is_one_all_the_same(docbot, project):
    project.write("pyproject.toml", '[tool.docbot]\nexclude = ["agent.py"]\n')
    assert missing(docbot) == REST


def test_a_plain_folder(docbot, tmp_path, monkeypatch):
    (tmp_path / "shapes.py").write_text(DEFINED)
    (tmp_path / "agent.py").write_text("from shapes import area\nAgent(tools=[area])\n")
    monkeypatch.chdir(tmp_path)
    assert missing(docbot) == NAMES - {"area"}


def test_files_that_git_does_not_track_yet(docbot, project):
    project.write("new.py", "def pack(x):\n    return [x]\n")
    project.write("main.py", "from new import pack\nprint(pack.__doc__)\n")
    assert missing(docbot, "new.py") == {"pack"}
    assert missing(docbot, "new.py", "main.py") == set()


TOOLS = "tools.py"
READING = """
from tools import count_words
import argparse

parser = argparse.ArgumentParser(prog="cli")
parser.add_subparsers().add_parser("count", help=count_words.__doc__)
parser.print_help()
"""
TOOL = '''"""Tools."""


def count_words(text: str) -> int:
    return len(text.split())


class Shelf:
    """Hold books."""

    def __len__(self):
        return len(self.books)
'''


def help_of(repo):
    done = subprocess.run(
        [sys.executable, "-B", "cli.py"], cwd=repo.root, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("staged", [True, False])
def test_fix_changes_no_help_of_another_file(docbot, repo, monkeypatch, staged):
    monkeypatch.chdir(repo.root)
    repo.commit("cli.py", READING)
    (repo.stage if staged else repo.commit)(TOOLS, TOOL)
    before = help_of(repo)
    ran = docbot("fix", "--min-confidence", "0", *(["--staged", TOOLS] if staged else ["."]))
    assert ran.code == exit_codes.CHANGES
    written = (repo.root / TOOLS).read_text()
    assert '"""Return the number of items."""' in written
    assert help_of(repo) == before
    repo.git("add", ".")
    without = ("--include", "runtime-docstring", "--min-confidence", "0", "--force")
    assert docbot("fix", *without, TOOLS).code == exit_codes.CHANGES
    assert help_of(repo) != before


def test_a_review_asks_for_no_docstring_that_the_head_reads(project):
    project.git("switch", "--quiet", "--create", "topic")
    project.commit(SHAPES, DEFINED.replace("side", "edge").replace("thing", "object"))
    project.commit("pkg/more.py", "from .shapes import Scales\n\nprint(Scales.paint.__doc__)\n")
    names = {each.qualname for each in findings_in(project).findings}
    assert names == {"Scales.weigh"}
    project.commit("agent.py", "x = 1\n")
    names = {each.qualname for each in findings_in(project).findings}
    assert names == {"Scales.weigh", "area", "volume"}


def test_the_tree_and_a_commit_agree(project):
    project.git("switch", "--quiet", "--create", "topic")
    project.commit("pkg/more.py", "from .shapes import Scales\n\nprint(Scales.paint.__doc__)\n")
    (tree,) = Locator({}, None).worktrees([project.root])
    request = ReviewRequest(root=project.root, base="main", head="topic")
    with open_revision(request) as revision:
        (project.root / "agent.py").write_text(AGENT)
        expected = [PurePosixPath("agent.py"), PurePosixPath("pkg/more.py")]
        assert revision.reader_files() == tree.reader_files() == expected
        parents = ParentIndex(revision.outline_of, revision)
        facts = file_facts(DEFINED.encode())
        read = {
            each.qualname
            for each in facts.definitions
            if parents.reader(PurePosixPath(SHAPES), each, facts.outline)
        }
        assert read == {"area", "volume", "Scales.paint"}


@pytest.mark.parametrize("setting", ["color.ui=always", "grep.lineNumber=true", "grep.column=true"])
def test_settings_of_git_change_no_search(project, setting):
    project.git("config", *setting.split("="))
    project.commit("pkg/mit größe und leer.py", "print(x.__doc__)\n")
    (tree,) = Locator({}, None).worktrees([project.root / "pkg"])
    names = [PurePosixPath("agent.py"), PurePosixPath("pkg/mit größe und leer.py")]
    assert tree.reader_files() == names


def test_the_search_misses_no_file_that_is_looked_at_closely():
    written = [code for code, _ in ACROSS.values()]
    spaced = ["f(tools  =[a])", "f(tools\t=[a])", "{'tools' : [a]}", 'x["functions"] = [a]']
    real = [file.read_text("utf-8", "replace") for file in Path(os.__file__).parent.glob("*.py")]
    sources = [each for each in (*written, *spaced, *real) if may_hand_over(each.encode())]
    assert len(sources) > len(spaced) + 50
    assert [each for each in sources if not any(word in each for word in SEARCH_WORDS)] == []


def test_a_file_that_no_longer_parses_reads_nothing(docbot, project):
    project.write("agent.py", dedent(AGENT) + "x = (\n")
    assert missing(docbot, "pkg") == NAMES
