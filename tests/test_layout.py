"""The shape of the project holds: imports, start-up, and documents that agree with the code."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import docbot
from docbot.config import Config
from docbot.targets import SkipReason

HOME = Path(__file__).parents[1]
PACKAGE = HOME / "docbot"

# Earlier names may not import later ones.
LINE = [
    "errors", "config", "definition", "source", "outline", "readers", "targets", "survey",
    "lineage", "context", "telling", "prompts", "hardware", "grammar", "llama", "backend", "words",
    "gate", "phrases", "sentences", "summarize", "house", "render", "edit", "verify", "pipeline",
]  # fmt: skip
DOORS = ["git", "files", "gguf", "digest", "hub", "weights", "cache", "payload", "actions", "wire",
         "github"]  # fmt: skip
REVIEW = ["markdown", "hunks", "findings", "handover", "page", "comment", "formats"]
POSTING = ["conversation", "post"]
ABOVE = ["answers", "workers", "bulk", "replay", "report", "scope", "revision", "analysis",
         "isolation", "review", "run", "models", "__init__", "options", "cli", "glance",
         "__main__"]  # fmt: skip
HEAVY = ("llama_cpp", "torch", "huggingface_hub", "httpx", "httpx2", "libcst", "rich", "git",
         "numpy")  # fmt: skip


def imports(module: str) -> set[str]:
    """The docbot modules that a module imports, lazily or not, type checking aside."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in guarded:
            if node.module == "docbot":
                names = {a.name for a in node.names} - {"__version__"}
                found |= names
            elif (node.module or "").startswith("docbot."):
                found.add(node.module.partition(".")[2])
    return found


def test_every_module_is_placed():
    assert {p.stem for p in PACKAGE.glob("*.py")} - {"scan"} == {
        *LINE,
        *DOORS,
        *REVIEW,
        *POSTING,
        *ABOVE,
    }


@pytest.mark.parametrize("module", [*LINE, "scan"])
def test_the_line_imports_only_earlier_stages(module):
    place = LINE.index("readers" if module == "scan" else module)
    allowed = set(LINE[:place]) | ({"scan"} if module in ("pipeline", "survey") else set())
    assert imports(module) <= allowed


@pytest.mark.parametrize("module", DOORS)
def test_doors_import_errors_and_plain_facts(module):
    earlier = DOORS[: DOORS.index(module)]
    assert imports(module) <= {"errors", "config", "source", *earlier}


@pytest.mark.parametrize("module", REVIEW)
def test_the_review_imports_plain_facts_and_its_earlier_parts(module):
    facts = {"errors", "definition", "targets", "git", "actions"}
    assert imports(module) <= {*facts, *REVIEW[: REVIEW.index(module)]}


def test_what_posts_reads_no_code():
    ours = {"conversation", "post", "errors", *REVIEW, *DOORS[-4:]}
    assert imports("post") | imports("conversation") <= ours
    assert "post" not in imports("conversation")


@pytest.mark.parametrize("module", [*LINE, *DOORS, *REVIEW, *POSTING, "scan", "report"])
def test_nothing_below_imports_the_command_line(module):
    assert not imports(module) & {"cli", "scope", "models", "__main__"}


def loaded(code: str, cwd: Path) -> set[str]:
    """The heavy modules that a fresh interpreter has loaded after running the code."""
    command = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", command], cwd=cwd, capture_output=True, text=True)
    modules = json.loads(done.stderr.strip().splitlines()[-1])
    return {m for m in modules if m in HEAVY}


def test_importing_docbot_loads_nothing_heavy(tmp_path):
    assert loaded("import docbot", tmp_path) == set()


def test_a_run_with_nothing_to_do_loads_nothing_heavy(tmp_path):
    (tmp_path / "a.py").write_text(
        '"""Hold it."""\n\n\ndef f():\n    """Do it."""\n    return [1]\n'
    )
    for command in ("fix", "check"):
        run = f"import docbot.cli as c\nassert c.main(['{command}', '-q', 'a.py']) == 0"
        assert (
            loaded(run, tmp_path) <= {"libcst"} if command == "check" else not loaded(run, tmp_path)
        )


def test_check_and_fix_load_nothing_of_the_review(tmp_path):
    (tmp_path / "a.py").write_text("class A:\n    def __len__(self):\n        return len(self.x)\n")
    code = (
        "import docbot.cli as c, sys, json\n"
        "c.main(['check', '-q', 'a.py']); c.main(['fix', '-q', 'a.py'])\n"
        "print(json.dumps([m for m in sys.modules if m.startswith('docbot.')]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    there = {name.partition(".")[2] for name in json.loads(done.stderr.splitlines()[-1])}
    ours = {"review", "revision", "analysis", "isolation", *REVIEW, *POSTING, *DOORS[-4:]}
    assert "pipeline" in there
    assert not there & ours


def test_only_the_command_knows_both_halves():
    assert not (imports("analysis") | imports("revision") | imports("isolation")) & {
        *POSTING,
        "github",
    }


@pytest.mark.parametrize(
    ("library", "home"),
    [("huggingface_hub", "hub"), ("llama_cpp", "llama"), ("httpx", "wire")],
)
def test_one_file_knows_each_outside_thing(library, home):
    found = {
        path.stem
        for path in PACKAGE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == library)
        or (isinstance(node, ast.Import) and library in {a.name.split(".")[0] for a in node.names})
    }
    assert found == {home}


def test_the_readme_lists_every_key_and_rule():
    readme = (HOME / "README.md").read_text()
    for field in fields(Config):
        assert f"| `{field.name.replace('_', '-')}` |" in readme
    for reason in SkipReason:
        assert f"`{reason.value}`" in readme


def test_the_readme_tree_is_true():
    readme = (HOME / "README.md").read_text()
    tree = set(re.findall(r"^  (\w+\.py) ", readme, re.MULTILINE))
    assert tree == {p.name for p in PACKAGE.glob("*.py")}


def test_the_readme_lists_the_training_line():
    readme = (HOME / "README.md").read_text()
    lines = re.findall(r"^    ((?:\w+\.py(?:, )?)+) ", readme, re.MULTILINE)
    listed = {name for line in lines for name in line.split(", ")}
    assert listed == {p.name for p in (PACKAGE / "distill").glob("[a-z]*.py")}


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_nothing_imports_the_training_line(path):
    assert "distill" not in imports(path.stem)


def test_hooks_name_commands_that_exist():
    from docbot.options import parser

    text = (HOME / ".pre-commit-hooks.yaml").read_text()
    entries = re.findall(r"entry: docbot (.*)", text)
    assert len(entries) == 2
    for entry in entries:
        assert parser().parse_args([*entry.split(), "a.py"]).staged
    assert text.count("require_serial: true") == text.count("- id:") == 2


def test_the_version_is_one():
    done = subprocess.run(
        [sys.executable, "-m", "docbot", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"docbot {docbot.__version__}"


def test_the_card_and_the_table_agree():
    from docbot.weights import MODELS

    for model in (model for model in MODELS.values() if not model.repository):
        card = (HOME / "models" / model.name / "README.md").read_text()
        assert model.sha256 in card
        assert model.licence in card
