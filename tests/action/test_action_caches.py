"""The action's caches: wheels are made once, weights are pulled where they are needed."""

from __future__ import annotations

import functools
import re

import pytest
import yaml
from action_job import HOME, make_job

ACTION = yaml.safe_load((HOME / "action.yml").read_text())
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def job(tmp_path):
    """A runner to start: `make_job`, in a folder of its own."""
    return functools.partial(make_job, tmp_path)


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
        ("auto", False),
        ("docbot-tiny", False),
        ("/models/own.gguf", False),
        ("own.gguf", False),
        ("models/own", False),
        ("docbot-small", True),
        ("qwen2.5-coder-0.5b", True),
        ("--help\n$(touch PWNED); touch 'PWNED' `touch PWNED`", True),
        (f"hf://octo/models@{COMMIT}/small.gguf", True),
    ],
)
def test_weights_are_pulled_where_they_are_not_here(job, tmp_path, model, pulled):
    ran = job()
    ran.runner.run({"model": model})
    pulls = ran.calls(of=("docbot", "models"))
    assert [call.argv[3:] for call in pulls] == [["models", "pull", "--", model]] * pulled
    assert len(ran.cached) == 1 + pulled
    analyse = ran.calls(of=("docbot", "review"))[0]
    assert analyse.environment["HF_HOME"] == f"{ran.folder}/weights"
    assert all(call.environment["HF_HOME"] == f"{ran.folder}/weights" for call in pulls)
    assert not list(tmp_path.rglob("PWNED"))


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
