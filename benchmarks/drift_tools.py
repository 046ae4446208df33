"""Run docbot and its peers over the sets of drift.py, and read what each says of each file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TOOLS = ("pydoclint==0.12.0", "docsig==0.97.0", "ruff==0.17.6")
READERS = ("docstring_parser==0.18.0", "griffelib==2.4.1")
RUFF = "D417,DOC102,DOC201,DOC202,DOC402,DOC403,DOC501,DOC502"
DOCSIG_OFF = "SIG101,SIG102,SIG301,SIG302,SIG303,SIG304,SIG305,SIG306,SIG401,SIG501,SIG506"
CONVENTIONS = {"google": "google", "numpy": "numpy", "sphinx": "pep257"}  # ruff reads no Sphinx
TYPES_WANTED = re.compile(r"DOC1(0[6-9]|1[01])$")  # pydoclint has no "do not care" for types
DOCLINT_LINE = re.compile(r"^(.+?):(\d+): (DOC\d+): (.*)$")
DOCSIG_PLACE = re.compile(r"^(\S.*\.py):(\d+)\b")
DOCSIG_LINE = re.compile(r"^\s+(SIG\d+): (.*)$")
WITHOUT_TYPES = (
    "--arg-type-hints-in-docstring=False",
    "--arg-type-hints-in-signature=False",
    "--check-return-types=False",
    "--check-yield-types=False",
)
DEFAULTS = ("--check-arg-defaults=True",)  # refused for Sphinx


class Finding(NamedTuple):
    """What a tool says of a line; its code is its own."""

    code: str
    line: int
    text: str


Findings = dict[str, list[Finding]]  # by path in the repository


def install(folder: Path) -> Path:
    """Install the peers and the readers, each apart; return the folder of the peers' commands.

    docstring_parser and pydoclint's fork of it have the same modules.
    """
    marker, pins = folder / "installed.txt", "\n".join([*TOOLS, *READERS])
    if not marker.exists() or marker.read_text() != pins:
        tools = folder / "tools"
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(tools)], check=True)
        pip = [str(tools / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *TOOLS], check=True)
        target = ["--no-deps", "--upgrade", "--target", str(folder / "readers")]
        subprocess.run([*pip, *target, *READERS], check=True)
        marker.write_text(pins)
    return folder / "tools" / "bin"


def commands(bin_: Path, *, with_docbot: bool = True) -> dict[str, Callable[[Path, str], Findings]]:
    """Return how each tool is run over a repository whose docstrings have one style."""
    runs: dict[str, Callable[[Path, str], Findings]] = {
        "pydoclint": lambda folder, style: pydoclint(bin_, folder, style, typed=False),
        "pydoclint, types": lambda folder, style: pydoclint(bin_, folder, style, typed=True),
        "docsig": lambda folder, _: docsig(bin_, folder),
        "ruff": lambda folder, style: ruff(bin_, folder, style),
    }
    if not with_docbot:
        return runs
    return {
        "docbot": lambda folder, _: docbot(folder),
        "docbot --staged": lambda folder, _: docbot(folder, "--staged"),
        **runs,
    }


def docbot(folder: Path, *options: str) -> Findings:
    """Run `docbot check` and return the drift it reports."""
    command = [sys.executable, "-m", "docbot", "check", "--no-cache", "--format", "json"]
    report = json.loads(output(folder, [*command, *options, "."], codes=(0, 1)))
    found: Findings = {}
    for file in report["files"]:
        drifts = [Finding(d["rule"], d["line"], d["message"]) for d in file.get("drift", ())]
        if drifts:
            found[file["path"]] = drifts
    return found


def pydoclint(bin_: Path, folder: Path, style: str, *, typed: bool) -> Findings:
    """Run pydoclint, with types and defaults compared or with neither."""
    command = [str(bin_ / "pydoclint"), "--quiet", f"--style={style}"]
    command += ["--show-filenames-in-every-violation-message=True"]
    command += WITHOUT_TYPES if not typed else DEFAULTS if style != "sphinx" else ()
    found = defaultdict(list)
    for line in output(folder, [*command, "."], codes=(0, 1)).splitlines():
        if match := DOCLINT_LINE.match(line):
            path, at, code, text = match.groups()
            if typed or not TYPES_WANTED.match(code):
                found[path.removeprefix("./")].append(Finding(code, int(at), text))
    return dict(found)


def docsig(bin_: Path, folder: Path) -> Findings:
    """Run docsig with its checks of parameters and returns."""
    command = [str(bin_ / "docsig"), "--no-ansi", "--include-ignored", "--disable", DOCSIG_OFF]
    found, path, at = defaultdict(list), "", 0
    for line in output(folder, [*command, "."], codes=(0, 1)).splitlines():
        if place := DOCSIG_PLACE.match(line):
            path, at = place[1].removeprefix("./"), int(place[2])
        elif path and (match := DOCSIG_LINE.match(line)):
            found[path].append(Finding(match[1], at, match[2]))
    return dict(found)


def ruff(bin_: Path, folder: Path, style: str) -> Findings:
    """Run ruff's rules for sections of docstrings."""
    command = [str(bin_ / "ruff"), "check", "--isolated", "--no-cache", "--preview"]
    command += ["--ignore-noqa", "--select", RUFF, "--output-format", "json"]
    command += ["--config", f"lint.pydocstyle.convention='{CONVENTIONS[style]}'"]
    found = defaultdict(list)
    for item in json.loads(output(folder, [*command, "."], codes=(0, 1))):
        path = os.path.relpath(item["filename"], folder)
        found[path].append(Finding(item["code"], item["location"]["row"], item["message"]))
    return dict(found)


def output(folder: Path, command: Sequence[str], codes: Sequence[int]) -> str:
    """Return what a tool prints, of both streams unless it is JSON; end on another exit code."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode not in codes or "Traceback (most" in result.stderr:
        sys.exit(f"{' '.join(command)}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return result.stdout if "json" in command else result.stdout + result.stderr


def new(
    findings: Mapping[str, list[Finding]], path: str, original: str, *, by_code: bool = False
) -> list[Finding]:
    """Return what is said of one file and not of another, whatever the lines.

    With `by_code`, the texts may differ too: some list the names of all parameters.
    """
    known = Counter((f.code, not by_code and f.text) for f in findings.get(original, ()))
    fresh = []
    for finding in findings.get(path, ()):
        key = (finding.code, not by_code and finding.text)
        known[key] -= 1
        if known[key] < 0:
            fresh.append(finding)
    return fresh
