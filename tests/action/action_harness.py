"""Runs a composite action as GitHub's runner does: expressions as text, steps in real bash.

A subset, and strict: what is not supported is an error, never a silent empty string. `uses` steps
are stubbed by name. Nothing of the tests' own environment reaches a step but PATH.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

KEYS = {"id", "if", "shell", "env", "run", "uses", "with"}
TOKEN = re.compile(r"'[^'\s]*'|==|!=|&&|\|\||[A-Za-z_][\w.-]*")
FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")


class UnsupportedError(Exception):
    """The action uses what this harness does not know."""


@dataclass(frozen=True)
class Step:
    """A step that ran: its id or action, its `env` or `with`, and what bash left behind."""

    name: str
    values: Mapping[str, str]
    code: int = 0
    out: str = ""
    err: str = ""


@dataclass(kw_only=True)
class Runner:
    """One job: `github` is that context, `environment` the job's own, `stubs` play the actions."""

    action: Path
    temp: Path
    github: dict[str, str]
    stubs: Mapping[str, Callable[[Mapping[str, str]], Mapping[str, str]]]
    environment: Mapping[str, str]
    steps: list[Step] = field(default_factory=list)
    failed: bool = False

    def run(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """Run the action; its outputs."""
        manifest = yaml.safe_load((self.action / "action.yml").read_text("utf-8"))
        input_specs = manifest["inputs"]
        if unknown := set(inputs) - set(input_specs):
            raise UnsupportedError(f"unknown inputs: {unknown}")
        self.contexts: dict[str, Any] = {"github": self.github, "steps": {}}
        defaults = {
            name: self._filled(entry.get("default", "")) for name, entry in input_specs.items()
        }
        self.contexts["inputs"] = {**defaults, **inputs}
        for number, step in enumerate(manifest["runs"]["steps"]):
            self._step(step, step.get("id", f"_{number}"))
        return {name: self._filled(o["value"]) for name, o in manifest["outputs"].items()}

    def _step(self, step: dict[str, Any], name: str) -> None:
        if set(step) - KEYS or step.get("shell", "bash") != "bash":
            raise UnsupportedError(f"step {name}: {step}")
        part = "with" if "uses" in step else "env"
        outputs = self.contexts["steps"].setdefault(name, {})
        if self.failed or not self._value(step.get("if", "'yes'")):
            return
        values = {key: self._filled(value) for key, value in step.get(part, {}).items()}
        if part == "env":
            outputs.update(self._bash(name, self._filled(step["run"]), values))
            return
        action = step["uses"].partition("@")[0]
        self.steps.append(Step(action, values))
        outputs.update(self.stubs[action](values))

    def _bash(self, name: str, script: str, variables: Mapping[str, str]) -> dict[str, str]:
        folder = self.temp / f"_step_{len(self.steps)}"
        folder.mkdir()
        (folder / "script.sh").write_text(script, "utf-8")
        for file in FILES:
            (folder / file).touch()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.temp),
            **{f"GITHUB_{key.upper()}": v for key, v in self.github.items() if key != "token"},
            **self.environment,
            **{file: str(folder / file) for file in FILES},
            "GITHUB_ACTION_PATH": str(self.action),
            "RUNNER_TEMP": str(self.temp),
            **variables,
        }
        bash, cwd = ["bash", "--noprofile", "--norc", "-eo", "pipefail"], self.github["workspace"]
        command = [*bash, str(folder / "script.sh")]
        ran = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
        self.steps.append(Step(name, variables, ran.returncode, ran.stdout, ran.stderr))
        self.failed = ran.returncode != 0
        if (folder / "GITHUB_ENV").read_text() or (folder / "GITHUB_PATH").read_text():
            raise UnsupportedError(f"step {name} changes the rest of the job")
        return _outputs((folder / "GITHUB_OUTPUT").read_text("utf-8"))

    def _filled(self, text: object) -> str:
        """The text with each `${{ }}` replaced, as text, whatever stands around it."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda m: self._value(m[1]), str(text), flags=re.DOTALL)

    def _value(self, expression: str) -> str:
        tokens = TOKEN.findall(expression)
        if not tokens or "".join(tokens) != "".join(expression.split()):
            raise UnsupportedError(expression)
        return next(filter(None, map(self._all, " ".join(tokens).split(" || "))), "")

    def _all(self, text: str) -> str:
        values = [self._compared(part.split(" ")) for part in text.split(" && ")]
        return values[-1] if all(values) else ""

    def _compared(self, tokens: list[str]) -> str:
        match tokens:
            case [left, ("==" | "!=") as operator, right]:
                same = self._atom(left).casefold() == self._atom(right).casefold()
                return "true" if same is (operator == "==") else ""
        if len(tokens) != 1:
            raise UnsupportedError(" ".join(tokens))
        return self._atom(tokens[0])

    def _atom(self, token: str) -> str:
        match token.split("."):
            case [("github" | "inputs") as context, name] if name in self.contexts[context]:
                return str(self.contexts[context][name])
            case ["steps", step, "outputs", name] if step in self.contexts["steps"]:
                return str(self.contexts["steps"][step].get(name, ""))
        if token.startswith("'"):
            return token[1:-1]
        raise UnsupportedError(token)


def _outputs(text: str) -> dict[str, str]:
    """What a step wrote to GITHUB_OUTPUT: `name=value`, or `name<<END` and lines up to END."""
    outputs, lines = {}, iter(text.split("\n")[:-1])
    for line in lines:
        if match := re.fullmatch(r"([\w-]+)<<(\S+)", line):
            outputs[match[1]] = "\n".join(iter(lines.__next__, match[2]))
        else:
            outputs.update([line.split("=", 1)])
    return outputs
