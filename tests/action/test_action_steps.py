"""The action's steps in real bash: what they are given arrives, and goes no further."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from action_harness import UnsupportedError
from action_job import HOME, REAL, make_job

ACTION = yaml.safe_load((HOME / "action.yml").read_text())
MARK = "PWNED"
HOSTILE = (
    "plain", "--output=/etc/passwd", "-x", "--", "a  b", "*", "'", '"', "\\", "$HOME", "~",
    f"$(touch {MARK})", f"`touch {MARK}`", f"; touch {MARK}", f'"; touch {MARK}; echo "',
    f"'; touch {MARK}; '", f"&& touch {MARK}", f"| touch {MARK}", f"> {MARK}", "${IFS}", "!!", "#",
    "${{ github.token }}", "::error::x", "%0A::error::x", "é\u202e", "\t", " spaces ",
)  # fmt: skip
LONG = "first\n" + "\n".join(HOSTILE)  # an input of several lines where one is meant
EVENT = {
    "action": "opened",
    "number": 7,
    "pull_request": {
        "number": 7,
        "state": "open",
        "draft": False,
        "base": {"sha": "", "ref": "main", "repo": {"full_name": "octo/one"}},
        "head": {"sha": "", "ref": "topic", "repo": {"full_name": "octo/one"}},
    },
}


@pytest.fixture
def job(tmp_path):
    """A runner to start: `make_job`, in a folder of its own."""
    return functools.partial(make_job, tmp_path)


def test_hostile_inputs_arrive_as_they_are(job, tmp_path):
    lists = ("exclude", "include", "skip", "select", "ignore", "paths")
    inputs = dict.fromkeys(ACTION["inputs"], LONG) | {"findings": ""}
    inputs |= dict.fromkeys(lists, "\n".join(HOSTILE))
    ran = job(hit="true")
    outputs = ran.runner.run(inputs)
    assert not ran.runner.failed, ran.runner.steps[-1].err
    analyse, post = ran.calls(of=("docbot", "review"))
    many = [f"--{name}={value}" for name in lists[:-1] for value in HOSTILE]
    one = ("model", "style", "sections", "min-confidence", "time-budget")
    assert analyse.argv == [
        "-I", "-m", "docbot", "review", "--format=json", f"--output={ran.folder}/findings.json",
        *(f"--{name}={LONG}" for name in one), *many, "--", *HOSTILE,
    ]  # fmt: skip
    assert post.argv == [
        "-I", "-m", "docbot", "review", "--post", f"--from={ran.folder}/findings.json",
        *(f"--{name}={LONG}" for name in ("mode", "fail-on", "max-comments", "key")),
    ]  # fmt: skip
    assert post.environment["GITHUB_TOKEN"] == LONG
    assert outputs["report"] == f"{ran.folder}/findings.json"
    assert not list(tmp_path.rglob(MARK))
    assert not any(
        re.search("^(::|##)", step.out + step.err, re.MULTILINE) for step in ran.runner.steps
    )


def test_hostile_index_and_file_of_findings(job, tmp_path):
    ran = job()
    ran.runner.run({"wheel-index": LONG})
    first, second, third = ran.calls(of=("pip",))
    assert [*pairwise(first.argv)].count(("--only-binary=:all:", f"--index-url={LONG}")) == 1
    assert LONG not in "".join(second.argv + third.argv)
    assert not list(tmp_path.rglob(MARK))


@pytest.mark.parametrize("name", ["/a/b.json", "a.json", "-x", LONG])
def test_findings_are_taken_from_the_workspace(job, name, tmp_path):
    ran = job("workflow_run")
    outputs = ran.runner.run({"findings": name})
    assert not ran.runner.failed
    [post] = ran.calls(of=("docbot",))
    place = "" if name.startswith("/") else f"{ran.runner.github['workspace']}/"
    assert post.argv[5] == f"--from={place}{name}"
    assert outputs["report"] == name
    assert not list(tmp_path.rglob(MARK))


def test_without_inputs_the_base_commit_decides(job):
    ran = job(hit="true")
    ran.runner.run({})
    analyse, post = ran.calls(of=("docbot",))
    assert analyse.argv[6:] == ["--time-budget=300", "--"]
    assert post.argv[6:] == [
        "--mode=review", "--fail-on=never", "--max-comments=25", "--key=docbot"
    ]  # fmt: skip


def test_only_the_last_step_has_the_token(job):
    tokens = ("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    ran = job(environment=dict.fromkeys(tokens, "of all steps"))
    ran.runner.run({"token": "the-secret"})
    analyse, post = ran.calls(of=("docbot",))
    for call in (analyse, *ran.calls(of=("pip",))):
        assert not set(tokens) & set(call.environment)
    assert post.environment["GITHUB_TOKEN"] == "the-secret"
    *others, last = ran.runner.steps
    assert "the-secret" in last.values.values()
    assert not any("the-secret" in str(step.values) for step in others)
    for call in ran.calls(of=()):
        assert ("the-secret" in call.environment.values()) is (call.argv == post.argv)


def test_nothing_is_imported_from_the_workspace(job):
    ran = job()
    ran.runner.run({"model": "qwen2.5-coder-0.5b"})
    calls = ran.calls(of=())
    assert len(calls) == 8
    assert all(call.argv[0] == "-I" for call in calls)
    workspace = ran.runner.github["workspace"]
    assert [call.argv[2:4] for call in calls if call.cwd == workspace] == [["docbot", "review"]]
    assert calls[-1].cwd == str(ran.folder), "the half with the token stands elsewhere"


def test_the_exit_code_is_docbots(job):
    ran = job(failing=("--fail-on=missing", 1))
    ran.runner.run({"fail-on": "missing"})
    assert (ran.runner.steps[-1].name, ran.runner.steps[-1].code) == ("post", 1)


def test_without_an_analysis_nothing_is_posted(job):
    ran = job(failing=("--format=json", 2))
    ran.runner.run({})
    assert (ran.runner.steps[-1].name, ran.runner.steps[-1].code) == ("analyse", 2)
    assert len(ran.calls(of=("docbot",))) == 1


# With the real docbot


def event(tmp_path, repo, name="pull_request"):
    base, head = (repo.git("rev-parse", commit).strip() for commit in ("main", "topic"))
    payload = json.loads(json.dumps(EVENT))
    payload["pull_request"]["base"]["sha"], payload["pull_request"]["head"]["sha"] = base, head
    file = tmp_path / "event.json"
    pushed = {"before": base, "after": head}
    file.write_text(json.dumps(payload if name == "pull_request" else pushed))
    return str(file)


@pytest.fixture
def pull(repo):
    """A pull request that adds a function, and files that would like to be imported or believed."""
    repo.commit("kept.py", '"""Hold."""\n')
    repo.git("switch", "--quiet", "--create", "topic")
    trap = f"import pathlib\npathlib.Path({str(repo.root / MARK)!r}).touch()\n"
    for name in ("sitecustomize", "conftest", "docbot", "httpx", "json", "rich"):
        repo.stage(f"{name}.py", trap)
    repo.stage("docbot/__init__.py", trap)
    repo.stage("pyproject.toml", '[tool.docbot]\nmodel = "/dev/null"\n')
    repo.commit(
        "stack.py", "class Stack:\n    def __len__(self):\n        return len(self.items)\n"
    )
    return repo


def test_the_real_docbot_reviews_a_pull_request(job, pull, tmp_path):
    ran = job(docbot=REAL, workspace=str(pull.root), event_path=event(tmp_path, pull),
              repository="octo/one", actions="true")  # fmt: skip
    outputs = ran.runner.run({"mode": "annotations", "fail-on": "missing", "paths": "stack.py"})
    assert ran.runner.steps[-1].code == 1, ran.runner.steps[-1].err
    document = json.loads(Path(outputs["report"]).read_text())
    assert [finding["qualname"] for finding in document["findings"]] == ["Stack.__len__"]
    assert document["findings"][0]["suggestion"]
    assert outputs["missing"] == outputs["suggested"] == "1"
    assert outputs["skipped"].isdigit()
    assert re.search("^::notice .*file=stack.py", ran.runner.steps[-1].out, re.MULTILINE)
    assert not (pull.root / MARK).exists()


@pytest.mark.parametrize("mode", ["annotations", "review"])
def test_findings_are_posted_with_httpx_alone(job, pull, tmp_path, mode):
    """What the half that posts installs is enough: no other requirement of docbot is imported."""
    names = "git huggingface_hub jinja2 libcst llama_cpp numpy pathspec rich tomli"
    blocked_modules = dict.fromkeys(names.split())
    report = tmp_path / "findings.json"
    place = {"workspace": str(pull.root), "repository": "octo/one", "actions": "true"}
    event_file = event(tmp_path, pull, "pull_request" if mode == "annotations" else "push")
    command = [sys.executable, "-I", "-c", REAL, "review", "--base=main", "--format=json"]
    alone = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    analysed = subprocess.run(
        [*command, f"--output={report}"], cwd=pull.root, env=alone, capture_output=True, text=True
    )
    assert analysed.returncode == 0, analysed.stderr
    ran = job("pull_request" if mode == "annotations" else "push", event_path=event_file, **place,
              docbot=f"import sys\nsys.modules.update({blocked_modules})\n{REAL}")  # fmt: skip
    outputs = ran.runner.run({"findings": str(report), "mode": mode})
    assert not ran.runner.failed, ran.runner.steps[-1].err
    assert outputs["missing"] == "1"


# The harness


def test_what_the_harness_does_not_know_is_an_error(job):
    runner = job().runner
    runner.run({"findings": "/a"})
    assert runner._value("inputs.mode == 'review' && inputs.key || 'no'") == "docbot"
    for expression in (
        "inputs.nothing", "github.nothing", "steps.nothing.outputs.x", "fromJSON('1')", "'a' < 'b'",
        "secrets.TOKEN", "!inputs.mode", "(inputs.mode)", "inputs.mode ==", "",
    ):  # fmt: skip
        with pytest.raises(UnsupportedError):
            runner._value(expression)


def test_the_harness_shows_an_injection(job, tmp_path):
    (tmp_path / "action.yml").write_text(
        "inputs: {title: {}}\noutputs: {}\nruns:\n  steps:\n"
        '    - shell: bash\n      run: echo "${{ inputs.title }}"\n'
    )
    runner = job().runner
    runner.action = tmp_path
    runner.run({"title": f'x"; touch {MARK}; echo "'})
    assert (Path(runner.github["workspace"]) / MARK).exists()
