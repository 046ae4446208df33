"""The action's steps in real bash: what they are given arrives, and goes no further."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from action_harness import Runner, UnsupportedError

HOME = Path(__file__).parents[1]
ACTION = yaml.safe_load((HOME / "action.yml").read_text())
COMMIT = "0123456789abcdef0123456789abcdef01234567"
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


STUB = """#!{python} -I
import json, os, shutil, sys

here, arguments = os.path.realpath(sys.argv[0]), sys.argv[1:]
with open({log!r}, "a") as log:
    call = {{"argv": arguments, "environment": dict(os.environ), "cwd": os.getcwd()}}
    log.write(json.dumps(call) + "\\n")
if arguments == ["-I", "-"]:
    os.execv({python!r}, [{python!r}, *arguments])
if arguments[:3] == ["-I", "-m", "venv"]:
    os.makedirs(f"{{arguments[3]}}/bin", exist_ok=True)
    shutil.copy(here, f"{{arguments[3]}}/bin/python")
if arguments[:4] == ["-I", "-m", "docbot", "review"] and {docbot!r}:
    os.execv({python!r}, [{python!r}, "-I", "-c", {docbot!r}, *arguments[3:]])
failing = {failing!r}
sys.exit(failing[1] if failing and failing[0] in " ".join(arguments) else 0)
"""
REAL = f"""
import sys
sys.path.insert(0, {str(HOME)!r})
from docbot.__main__ import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Call:
    """One run of the Python that the action was given."""

    argv: list[str]
    environment: dict[str, str]
    cwd: str


@dataclass(frozen=True)
class Job:
    """What ran on one runner."""

    runner: Runner
    log: Path
    cached: list[str]

    def calls(self, *, of):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        calls = [Call(**json.loads(line)) for line in lines]
        return [call for call in calls if [*of] == call.argv[2 : 2 + len(of)]]

    def actions(self):
        return [step.name for step in self.runner.steps if "/" in step.name]

    @property
    def folder(self):
        return self.runner.temp / "docbot"


@pytest.fixture
def job(tmp_path):
    """A runner of whose Python a stub stands in, `failing` where its arguments hold a text."""

    def make(event="pull_request", *, hit="", docbot="", failing=None, environment=None, **github):
        home = tmp_path / "runner"
        for name in ("temp", "workspace"):
            (home / name).mkdir(parents=True)
        log, cached = tmp_path / "calls", []
        stub = home / "python"
        python = sys.executable
        stub.write_text(STUB.format(python=python, log=str(log), docbot=docbot, failing=failing))
        stub.chmod(0o755)

        def save(given):
            cached.append(given["key"])
            return {}

        runner = Runner(
            action=HOME,
            temp=home / "temp",
            github={
                "token": "the-job's-token",
                "event_name": event,
                "workspace": str(home / "workspace"),
                **github,
            },
            stubs={
                "actions/setup-python": lambda _: {
                    "python-path": str(stub), "python-version": "3.12.1"
                },
                "actions/cache/restore": lambda _: {"cache-hit": hit},
                "actions/cache/save": save,
            },
            environment=environment or {},
        )  # fmt: skip
        return Job(runner, log, cached)

    return make


def test_hostile_inputs_arrive_as_they_are(job, tmp_path):
    lists = ("exclude", "select", "ignore", "paths")
    given = dict.fromkeys(ACTION["inputs"], LONG) | {"findings": ""}
    given |= dict.fromkeys(lists, "\n".join(HOSTILE))
    ran = job(hit="true")
    outputs = ran.runner.run(given)
    assert not ran.runner.failed, ran.runner.steps[-1].err
    analyse, post = ran.calls(of=("docbot", "review"))
    many = [f"--{name}={value}" for name in ("exclude", "select", "ignore") for value in HOSTILE]
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
    [pull] = ran.calls(of=("docbot", "models"))
    assert pull.argv[3:] == ["models", "pull", "--", LONG]
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
    assert "the-secret" in last.given.values()
    assert not any("the-secret" in str(step.given) for step in others)
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


# Wheels and weights


def test_wheels_are_made_once_and_kept(job):
    ran = job()
    ran.runner.run({})
    prebuilt, build, install = ran.calls(of=("pip",))
    assert {"--no-deps", "--only-binary=:all:", "llama-cpp-python>=0.3.35"} <= set(prebuilt.argv)
    assert {"wheel", "--find-links=wheels", str(HOME)} <= set(build.argv)
    assert "index" not in " ".join(build.argv), "it is asked for llama-cpp-python alone"
    assert build.environment["CMAKE_ARGS"] == "-DGGML_NATIVE=off"
    assert {"install", "--no-index", "--find-links=wheels", str(HOME)} <= set(install.argv)
    assert len(ran.cached) == 1
    assert ran.actions() == ["actions/setup-python", "actions/cache/restore", "actions/cache/save"]


def test_kept_wheels_are_installed_without_the_network(job):
    ran = job(hit="true")
    ran.runner.run({})
    [install] = ran.calls(of=("pip",))
    assert "--no-index" in install.argv
    assert ran.cached == []


@pytest.mark.parametrize("index", ["", "http://127.0.0.1:9/simple"])
def test_without_a_prebuilt_wheel_it_is_built(job, index):
    ran = job(failing=("--index-url", 1))
    ran.runner.run({"wheel-index": index})
    assert not ran.runner.failed
    assert ("building it" in ran.runner.steps[-4].out) is bool(index)
    assert len(ran.calls(of=("pip",))) == (3 if index else 2)


@pytest.mark.parametrize("event", ["workflow_run", "pull_request"])
def test_findings_to_post_touch_no_cache_and_build_nothing(job, event):
    ran = job(event)
    ran.runner.run({"findings": "/a/findings.json", "model": "qwen2.5-coder-0.5b"})
    assert ran.actions() == ["actions/setup-python"]
    client, plain = ran.calls(of=("pip",))
    assert {"install", "--no-deps", str(HOME)} <= set(plain.argv)
    assert client.argv[-1].startswith("httpx>=")
    assert [step.name for step in ran.runner.steps[1:]] == ["prepare", "install", "post"]


def test_a_workflow_run_never_saves_a_cache(job):
    ran = job("workflow_run")
    ran.runner.run({"model": "qwen2.5-coder-0.5b"})
    assert "actions/cache/save" not in ran.actions()
    for step in ACTION["runs"]["steps"]:
        if "cache/save" in step.get("uses", ""):
            assert step["if"].endswith("&& github.event_name != 'workflow_run'")
        assert "actions/cache@" not in step.get("uses", ""), "it saves on its own"


@pytest.mark.parametrize(
    ("model", "pulled"),
    [
        ("", False),
        ("docbot-tiny", False),
        ("/models/own.gguf", False),
        ("own.gguf", False),
        ("models/own", False),
        ("qwen2.5-coder-0.5b", True),
        (f"hf://octo/models@{COMMIT}/small.gguf", True),
    ],
)
def test_weights_are_pulled_where_they_are_not_here(job, model, pulled):
    ran = job()
    ran.runner.run({"model": model})
    pulls = ran.calls(of=("docbot", "models"))
    assert [call.argv[3:] for call in pulls] == [["models", "pull", "--", model]] * pulled
    assert len(ran.cached) == 1 + pulled
    analyse = ran.calls(of=("docbot", "review"))[0]
    assert analyse.environment["HF_HOME"] == f"{ran.folder}/weights"
    assert all(call.environment["HF_HOME"] == f"{ran.folder}/weights" for call in pulls)


def test_a_caches_key_is_of_what_decides_its_content(job, tmp_path):
    keys = []
    for number, inputs in enumerate(
        ({}, {"style": "numpy"}, {"wheel-index": ""}, {"model": "qwen3-0.6b"})
    ):
        ran = job()
        ran.runner.run({"model": "qwen2.5-coder-0.5b", **inputs})
        keys.append(ran.cached)
        (tmp_path / "runner").rename(tmp_path / f"runner-{number}")
    (wheels, weights), same, other_index, other_model = keys
    assert re.fullmatch("docbot-wheels-[0-9a-f]{64}", wheels)
    assert re.fullmatch("docbot-weights-[0-9a-f]{64}", weights)
    assert same == [wheels, weights]
    assert other_index[1] == weights
    assert other_index[0] != wheels
    assert other_model[0] == wheels
    assert other_model[1] != weights


# With the real docbot


def event(tmp_path, repo, name="pull_request"):
    base, head = (repo.git("rev-parse", commit).strip() for commit in ("main", "topic"))
    told = json.loads(json.dumps(EVENT))
    told["pull_request"]["base"]["sha"], told["pull_request"]["head"]["sha"] = base, head
    file = tmp_path / "event.json"
    pushed = {"before": base, "after": head}
    file.write_text(json.dumps(told if name == "pull_request" else pushed))
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
    found = json.loads(Path(outputs["report"]).read_text())
    assert [finding["qualname"] for finding in found["findings"]] == ["Stack.__len__"]
    assert found["findings"][0]["suggestion"]
    assert outputs["missing"] == outputs["suggested"] == "1"
    assert outputs["skipped"].isdigit()
    assert re.search("^::notice .*file=stack.py", ran.runner.steps[-1].out, re.MULTILINE)
    assert not (pull.root / MARK).exists()


@pytest.mark.parametrize("mode", ["annotations", "review"])
def test_findings_are_posted_with_httpx_alone(job, pull, tmp_path, mode):
    """What the half that posts installs is enough: no other requirement of docbot is imported."""
    names = "git huggingface_hub jinja2 libcst llama_cpp numpy pathspec rich tomli"
    refused = dict.fromkeys(names.split())
    report = tmp_path / "findings.json"
    place = {"workspace": str(pull.root), "repository": "octo/one", "actions": "true"}
    told = event(tmp_path, pull, "pull_request" if mode == "annotations" else "push")
    analysed = subprocess.run(
        [sys.executable, "-I", "-c", REAL, "review", "--base=main", "--format=json",
         f"--output={report}"], cwd=pull.root, capture_output=True, text=True,
    )  # fmt: skip
    assert analysed.returncode == 0, analysed.stderr
    ran = job("pull_request" if mode == "annotations" else "push", event_path=told, **place,
              docbot=f"import sys\nsys.modules.update({refused})\n{REAL}")  # fmt: skip
    outputs = ran.runner.run({"findings": str(report), "mode": mode})
    assert not ran.runner.failed, ran.runner.steps[-1].err
    assert outputs["missing"] == "1"


# The harness


@pytest.mark.parametrize(
    "expression",
    ["inputs.nothing", "github.nothing", "steps.nothing.outputs.x", "fromJSON('1')", "'a' < 'b'",
     "secrets.TOKEN", "!inputs.mode", "(inputs.mode)", "inputs.mode ==", ""],
)  # fmt: skip
def test_what_the_harness_does_not_know_is_an_error(job, expression):
    runner = job().runner
    runner.run({"findings": "/a"})
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
