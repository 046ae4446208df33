"""The action and the workflows are valid, safe by zizmor, and agree with flags and pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docbot.commands.options import parser

HOME = Path(__file__).parents[2]
ACTION = yaml.safe_load((HOME / "action.yml").read_text())
WORKFLOWS = sorted((HOME / ".github" / "workflows").glob("*.yml"))
PAGES = ("README.md", "docs/action.md")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


# Schemas and zizmor


def blocks(page):
    """The YAML of a page, with the reader's part filled in."""
    text = (HOME / page).read_text()
    texts = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block.replace("OWNER/docbot@COMMIT", f"octo/docbot@{COMMIT}") for block in texts]


@pytest.fixture(scope="module")
def workflows(tmp_path_factory):
    """All workflows: this repository's, and those that its pages tell people to copy."""
    folder = tmp_path_factory.mktemp("pages") / ".github" / "workflows"
    folder.mkdir(parents=True)
    copied = []
    for page in PAGES:
        whole = [block for block in blocks(page) if re.search("^jobs:", block, re.MULTILINE)]
        for number, block in enumerate(whole):
            copied.append(folder / f"{Path(page).stem}-{number}.yml")
            copied[-1].write_text(block)
    assert len(copied) >= 2, "the workflow, and the one that posts for forks"
    return [*WORKFLOWS, *copied]


def valid(schema, *paths):
    return run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *paths)


def test_the_action_is_valid():
    result = valid("vendor.github-actions", HOME / "action.yml")
    assert result.returncode == 0, result.stdout


def test_the_workflows_are_valid(workflows):
    result = valid("vendor.github-workflows", *workflows)
    assert result.returncode == 0, result.stdout


def test_the_gitlab_job_is_valid(tmp_path):
    jobs = [
        block for block in blocks("docs/action.md") if re.search("^  script:", block, re.MULTILINE)
    ]
    assert len(jobs) == 1
    (tmp_path / ".gitlab-ci.yml").write_text(jobs[0])
    result = valid("vendor.gitlab-ci", tmp_path / ".gitlab-ci.yml")
    assert result.returncode == 0, result.stdout


def zizmor(*paths):
    return run(Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", *paths)


def test_zizmor_finds_nothing(workflows):
    result = zizmor(HOME / "action.yml", *workflows)
    assert result.returncode == 0, result.stdout
    assert "No findings" in result.stdout


def test_zizmor_would_find_an_injection(tmp_path):
    text = (HOME / "action.yml").read_text()
    changed = text.replace('"--mode=$MODE"', '"--mode=${{ inputs.mode }}"')
    assert changed != text
    (tmp_path / "action.yml").write_text(changed)
    result = zizmor(tmp_path / "action.yml")
    assert result.returncode != 0
    assert "template-injection" in result.stdout


def test_actions_are_pinned_alike():
    """One commit and one version for each action, wherever it is named."""
    pins = {}
    files = [HOME / "action.yml", *WORKFLOWS, *(HOME / page for page in PAGES)]
    for file in files:
        for name, pin in re.findall(r"uses: (actions/[\w-]+)[\w/-]*@(.*)", file.read_text()):
            assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin), f"{file}: {name}"
            pins.setdefault(name, set()).add(pin)
    assert {"actions/checkout", "actions/setup-python", "actions/cache"} <= set(pins)
    assert all(len(pin) == 1 for pin in pins.values()), pins


# Inputs, flags and pages agree


INPUTS = {n: row for n, row in ACTION["inputs"].items() if "deprecationMessage" not in row}
OWN = {"findings", "token", "python-version", "wheel-index", "paths"}
"""Inputs that are no flag of `docbot review` by the same name."""


def flags():
    choices = next(a for a in parser()._actions if isinstance(a.choices, dict)).choices
    return {
        option.removeprefix("--"): action
        for action in choices["review"]._actions
        for option in action.option_strings
    }


def test_an_input_is_a_flag():
    flag_names = flags()
    assert set(INPUTS) - OWN <= set(flag_names)
    assert not OWN & set(flag_names)
    assert {"from", "post", "format", "output"} <= set(flag_names)


def test_an_inputs_default_is_the_flags():
    flag_names = flags()
    for name in set(INPUTS) - OWN:
        default = ACTION["inputs"][name]["default"]
        if flag_names[name].dest.startswith("set_"):
            assert default == "", f"{name} is the base commit's to say"
        else:
            assert flag_names[name].type in (None, float) or flag_names[name].type(default)
            assert float(default) == flag_names[name].default if name == "time-budget" else True
            assert name == "time-budget" or default == str(flag_names[name].default)


def test_the_page_lists_every_input_and_output():
    page = (HOME / "docs/action.md").read_text()
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*?) \|", page, re.MULTILINE))
    assert set(rows) == {*INPUTS, *ACTION["outputs"]}
    for name, entry in INPUTS.items():
        unset = {"paths": "all", "findings": "none"}.get(name, "the configuration's")
        assert rows[name].strip("`") == (entry["default"] or unset), name


def test_the_pages_use_inputs_that_exist():
    names = set()
    for page in PAGES:
        for block in blocks(page):
            for uses, inputs in re.findall(
                r"uses: (octo/docbot@\S+).*\n(?: +id: .*\n)?(?: +with:\n((?: {10}.*\n?)*))?", block
            ):
                assert uses.endswith(COMMIT)
                names |= set(yaml.safe_load(inputs) or {})
    assert names >= {"mode", "findings"}
    assert names <= set(ACTION["inputs"])


def test_requirements_are_those_of_the_package():
    text = (HOME / "pyproject.toml").read_text()
    script = "".join(step.get("run", "") for step in ACTION["runs"]["steps"])
    for requirement in re.findall(r"'((?:httpx|llama-cpp-python)>=[\d.]+)", script):
        assert f'"{requirement}"' in text
    assert script.count("'llama-cpp-python>=") == script.count("'httpx>=") == 1
