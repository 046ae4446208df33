"""The shape of the project holds: imports, start-up, and documents that agree with the code."""

from __future__ import annotations

import ast
import graphlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import docbot
from docbot.config import KEYS
from docbot.drift.drift import DriftRule
from docbot.select.skip import SkipReason

HOME = Path(__file__).parents[1]
PACKAGE = HOME / "docbot"
MOST_LINES = 400

# A name may import those before it.
RANKS = (
    "errors", "atomic", "per_path", "config", "tool_files", "tool_settings", "cache", "parallel",
    "scan", "drift", "select", "repo", "llm", "prompt", "gate", "docstring", "scanned", "file_task",
    "pipeline", "session", "review", "page", "commands", "__init__", "cli", "__main__", "distill",
)  # fmt: skip
HEAVY = ("docbot.llm.binding", "llama_cpp", "torch", "huggingface_hub", "httpx", "httpx2",
         "libcst", "rich", "git", "numpy", "jinja2")  # fmt: skip


def modules() -> dict[str, Path]:
    """docbot's modules by their dotted names, without `docbot.`."""
    files = sorted(PACKAGE.rglob("*.py"))
    names = [".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in files]
    return {name.removesuffix(".__init__"): path for name, path in zip(names, files, strict=True)}


MODULES = modules()


def imports(module: str) -> set[str]:
    """The docbot modules that a module imports, lazily or not, for its annotations or not."""
    imports = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "docbot":
            base = (node.module or "").removeprefix("docbot").removeprefix(".")
            names = [f"{base}.{alias.name}".removeprefix(".") for alias in node.names]
            imports |= {name if name in MODULES else base or "__init__" for name in names}
    return imports


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way_between_packages(module):
    rank = {name: at for at, name in enumerate(RANKS)}
    own = module.partition(".")[0]
    for imported in imports(module):
        other = imported.partition(".")[0]
        allowed = rank[other] <= rank[own] or (other, imported) == ("__init__", "__init__")
        assert allowed, f"{module} imports {imported}"


def test_no_circle_of_imports():
    graph = {module: imports(module) - {"__init__"} for module in MODULES}
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_no_module_is_long():
    lines = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    long = {name: count for name, count in lines.items() if count > MOST_LINES}
    assert long == {}


def test_each_package_says_what_it_is():
    for path in PACKAGE.rglob("__init__.py"):
        tree = ast.parse(path.read_text())
        assert len((ast.get_docstring(tree) or "").splitlines()) >= 1
        assert path.parent == PACKAGE or len(tree.body) == 1


def test_the_half_with_the_token_and_the_half_that_reads_code_are_apart():
    for module in MODULES:
        halves = {name.split(".")[1] for name in {module, *imports(module)} if name.count(".") > 1}
        assert module == "commands.review" or not {"analyse", "post"} <= halves


def loaded(code: str, cwd: Path) -> set[str]:
    """The heavy modules that a fresh interpreter has loaded after running the code."""
    command = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    result = subprocess.run(
        [sys.executable, "-c", command], cwd=cwd, capture_output=True, text=True
    )
    modules = json.loads(result.stderr.strip().splitlines()[-1])
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
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    there = {name.removeprefix("docbot.") for name in json.loads(result.stderr.splitlines()[-1])}
    assert "pipeline" in there
    assert not {name for name in there if name.split(".")[0] == "review"}


@pytest.mark.parametrize(
    ("library", "home"),
    [
        ("huggingface_hub", "llm.hub"),
        ("llama_cpp", "llm.binding"),
        ("httpx", "review.post.http"),
        ("libcst", "scan.anchors"),
        ("git", "repo.git_command"),
        ("jinja2", "page.render"),
    ],
)
def test_one_file_knows_each_outside_thing(library, home):
    homes = {
        name
        for name, path in MODULES.items()
        if not name.startswith("distill")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == library)
        or (isinstance(node, ast.Import) and library in {a.name.split(".")[0] for a in node.names})
    }
    assert homes == {home}


def test_the_configuration_page_lists_every_key_and_rule():
    page = (HOME / "docs" / "configuration.md").read_text()
    for field in KEYS:
        assert f"| `{field.name.replace('_', '-')}` |" in page
    for reason in SkipReason:
        assert f"`{reason.value}`" in page


def test_the_configuration_page_lists_every_rule_of_drift():
    page = (HOME / "docs" / "configuration.md").read_text()
    for rule in DriftRule:
        assert f"`{rule.value}`" in page


def test_the_readme_tree_is_true():
    tree = (HOME / "README.md").read_text().partition("\ndocbot/\n")[2].partition("```")[0]
    listed = {name.removesuffix(".py") for name in re.findall(r"\b([\w]+(?:/|\.py))", tree)}
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert {path.stem for path in PACKAGE.glob("*.py")} | packages <= listed


def test_hooks_name_commands_that_exist():
    from docbot.commands.options import parser

    text = (HOME / ".pre-commit-hooks.yaml").read_text()
    entries = re.findall(r"entry: docbot (.*)", text)
    assert len(entries) == 2
    for entry in entries:
        assert parser().parse_args([*entry.split(), "a.py"]).staged
    assert text.count("require_serial: true") == text.count("- id:") == 2


def test_the_version_is_one():
    result = subprocess.run(
        [sys.executable, "-m", "docbot", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == f"docbot {docbot.__version__}"


def test_the_card_and_the_table_agree():
    from docbot.llm.known_models import MODELS

    for model in (model for model in MODELS.values() if not model.repository):
        card = (HOME / "models" / model.name / "README.md").read_text()
        assert model.sha256 in card
        assert model.licence in card
