"""A job on a runner of which all is real but Python and what is fetched from elsewhere."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from action_harness import Runner

HOME = Path(__file__).parents[2]
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


def make_job(tmp_path, event="pull_request", *, hit="", docbot="", failing=None, environment=None,
             **github):  # fmt: skip
    """A runner whose Python is a stub, that exits with a code where its arguments hold a text.

    `failing` are that text and code; `docbot` is code to run in place of `python -m docbot`;
    `hit` is what each restored cache says of itself.
    """
    home = tmp_path / "runner"
    for name in ("temp", "workspace"):
        (home / name).mkdir(parents=True)
    log, cached = tmp_path / "calls", []
    stub = home / "python"
    python = sys.executable
    stub.write_text(STUB.format(python=python, log=str(log), docbot=docbot, failing=failing))
    stub.chmod(0o755)

    def save(inputs):
        cached.append(inputs["key"])
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
