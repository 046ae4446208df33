# ruff: noqa: E501 - rows stay rows
"""Per-file ignores of missing docstrings, as ruff itself applies them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import PurePosixPath

import pytest

from docbot.config import Config
from docbot.scan.facts import read_definitions
from docbot.scan.source import read
from docbot.select.opt_outs import opt_outs_of_settings, settings_opt_out
from docbot.select.rules import Place, find_skip
from docbot.select.skip import SkipReason

CODE = "def total(x):\n    return sum(x) * 2\n\n\nclass Shelf:\n    def put(self, x):\n        self.x = x\n"
FILES = (
    "shop.py",
    "src/shop.py",
    "src/deep/shop.py",
    "src/__init__.py",
    "tools/run.py",
    "api_v1.py",
)
WHERE = PurePosixPath()


def ignored(name, text, path, scope=WHERE, levels=None):
    """The codes that the settings opt out of in a file with `CODE`."""
    opt_outs = opt_outs_of_settings(levels or [{name: text}], scope)
    found = {}
    for each in read_definitions(read(CODE.encode())):
        if detail := settings_opt_out(each, PurePosixPath(path), opt_outs):
            found[each.qualname] = detail
    return found


PATTERNS = [
    '"tools/*" = ["D"]',
    '"src/*" = ["D103"]',
    '"src/**" = ["D1"]',
    '"src/**/*.py" = ["D102", "E501"]',
    '"**/shop.py" = ["D101"]',
    '"shop.py" = ["D103", "D101"]',
    '"!src/**" = ["D"]',
    '"{shop,run}.py" = ["D103"]',
    '"api_v[0-9].py" = ["ALL"]',
    '"__init__.py" = ["D104"]',
    '"src/deep" = ["D"]',
    '"*/shop.py" = ["D100"]',
    '"too?s/*.py" = ["D103"]',
    '"tools/*" = ["E501", "D205"]',
]


@pytest.mark.parametrize(
    "table", ["lint.per-file-ignores", "per-file-ignores", "lint.extend-per-file-ignores"]
)
def test_ruff_ignores_the_same(repo, table):
    qualnames = {1: ["<module>", "total"], 5: ["Shelf"], 6: ["Shelf.put"]}
    for path in FILES:
        repo.write(path, CODE)
    for pattern in PATTERNS:
        text = f"[{table}]\n{pattern}\n"
        repo.write("ruff.toml", text)
        command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=json"]
        command += ["--select=D1", str(repo.root)]
        findings = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
        reported = {(each["filename"], each["code"]) for each in findings}
        for path in FILES:
            mine = set(ignored("ruff.toml", text, path))
            codes = {"total": "D103", "Shelf": "D101", "Shelf.put": "D102"}
            codes["<module>"] = "D104" if path.endswith("__init__.py") else "D100"
            theirs = {
                name
                for names in qualnames.values()
                for name in names
                if (str(repo.root / path), codes[name]) not in reported
            }
            assert mine == theirs, (pattern, path)


FLAKE8 = [
    ("tools/*:D103", "tools/run.py", ["total"]),
    ("tools/*: D103,D101", "shop.py", []),
    ("\n    src/*:E501,D102\n    tools/*:D1\n", "src/deep/shop.py", ["Shelf.put"]),
    (
        "\n    src/*:E501,D102\n    tools/*:D1\n",
        "tools/run.py",
        ["<module>", "total", "Shelf", "Shelf.put"],
    ),
    ("\n    shop.py,run.py: D103, D101\n    other.py: E501\n", "src/shop.py", ["total", "Shelf"]),
    ("\n    __init__.py: F401,D104\n", "src/__init__.py", ["<module>"]),
    ("tools/*:E501", "tools/run.py", []),
    ("./tools/*:D", "tools/run.py", ["<module>", "total", "Shelf", "Shelf.put"]),
]


@pytest.mark.parametrize(("value", "path", "names"), FLAKE8)
@pytest.mark.parametrize("name", [".flake8", "setup.cfg", "tox.ini"])
def test_flake8s_lists_of_files(name, value, path, names):
    assert list(ignored(name, f"[flake8]\nper-file-ignores = {value}\n", path)) == names


@pytest.mark.parametrize(
    "text",
    [
        '[tool.ruff.lint]\nignore = ["D103", "D1"]\n',
        '[tool.ruff.lint]\nselect = ["E"]\n',
        '[tool.ruff.lint.per-file-ignores]\n"*" = ["D"]\n',
        '[tool.ruff.lint.per-file-ignores]\n"**/*.py" = ["D103"]\n',
        '[tool.ruff.lint.per-file-ignores]\n"src/*" = "D"\n',
        '[tool.ruff.lint.per-file-ignores]\n"src/[" = ["D"]\n',
        '[tool.ruff]\nexclude = ["src"]\n',
        '[tool.pydocstyle]\nmatch = "api.*"\n',
        '[tool.interrogate]\nexclude = ["src"]\n',
        "per-file-ignores = [",
    ],
)
def test_what_a_linter_looks_for_is_no_opt_out(text):
    assert ignored("pyproject.toml", text, "src/shop.py") == {}


def test_patterns_start_from_the_folder_of_the_settings():
    text = '[tool.ruff.lint.per-file-ignores]\n"src/*" = ["D103"]\n'
    scope = PurePosixPath("app")
    assert ignored("", "", "app/src/a.py", scope, [{"pyproject.toml": text}, {}])
    assert not ignored("", "", "src/a.py", scope, [{"pyproject.toml": text}, {}])
    assert not ignored("", "", "app/src/a.py", scope, [{}, {"pyproject.toml": text}])
    assert ignored("", "", "src/a.py", scope, [{}, {"pyproject.toml": text}])


def test_the_reason_names_the_pattern():
    text = '[lint.per-file-ignores]\n"tools/*" = ["D103"]\n'
    config = Config(opt_outs=opt_outs_of_settings([{"ruff.toml": text}], WHERE))
    function = read_definitions(read(CODE.encode()))[1]
    skip = find_skip(function, Place(path=PurePosixPath("tools/run.py")), config)
    assert skip.reason is SkipReason.IGNORED
    assert skip.detail == "ruff's per-file-ignores have D103 for `tools/*`"
    assert find_skip(function, Place(path=PurePosixPath("run.py")), config) is None


def test_check_and_fix_follow_the_settings_and_notice_a_change(repo, docbot):
    repo.stage("pyproject.toml", '[tool.ruff.lint.per-file-ignores]\n"tools/*" = ["D103"]\n')
    source = "def total(x):\n    return sum(x) * 2\n"
    path = repo.commit("tools/run.py", source)
    assert docbot("check", repo.root).code == 0
    docbot("fix", repo.root)
    assert path.read_text() == source
    repo.commit("pyproject.toml", '[tool.ruff.lint.per-file-ignores]\n"tools/*" = ["D101"]\n')
    assert docbot("check", repo.root).code == 1
