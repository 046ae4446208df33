"""Run a new user's first hour, and write it down as docs/tour.md.

    python benchmarks/tour.py           # run every command, write the page
    python benchmarks/tour.py --check   # run every command, fail where the page says otherwise

The commands run in order in one temporary folder, in bash, on the small project of
tests/data/tour, with real git, real pre-commit and docbot-tiny. What the page shows of a command is
what it printed, and its exit code where that is not 0.

What depends on the machine is written as `...`: temporary paths, and pre-commit's seconds. Some
other things stay on the page as they were printed, and a check does not compare them:

- the model's words and confidence, and git's hashes of files that hold such words: sums of floats
  depend on the instructions that a processor has, AVX-512 or not;
- docbot's version, and what shtab calls its function of bash.

Which functions get a sentence is compared: in this project the model's confidence is more than a
tenth away from its threshold, on either side.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from docbot import __version__

HOME = Path(__file__).resolve().parents[1]
PAGE = HOME / "docs" / "tour.md"
PROJECT = HOME / "tests" / "data" / "tour"
MOST_LINES = 30
LIMIT_S = 120  # for one command; far above what any takes

URL = "https://github.com/OWNER/docbot"
TAG = f"v{__version__}"
CONFIG = f"repos:\n  - repo: {URL}\n    rev: {TAG}\n    hooks:\n      - id: docbot\n"

HEAD = """# A tour

A new user's first hour with docbot, on a small project of four files ([before it starts](../tests/data/tour/todo)). `python benchmarks/tour.py` ran every command and wrote this page; a test runs it again and fails where something else is printed. The output went into a pipe: at a terminal there are colours and a progress bar, too. Temporary paths and seconds are `...`, and a line in square brackets is ours: an exit code that is not 0, or how many lines were cut.
"""  # noqa: E501


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A heading or not, what to know before a command, and the command."""

    heading: str = ""
    text: str
    command: str
    lines: int = MOST_LINES


STEPS = (
    Step(
        heading="What is there",
        text="The project is in git and has a few docstrings.",
        command="docbot --version\nls todo\nsed -n '6,26p' todo/store.py",
    ),
    Step(
        heading="Check",
        text="`docbot check` needs no model. It lists what has no docstring, and what a docstring "
        "says that its function does not: a parameter of `in_weeks` has another name now.",
        command="docbot check",
    ),
    Step(
        text="`-v` lists what does not count as well, with the reason. At a terminal it "
        "also draws a bar for each folder.",
        command="docbot check -v",
    ),
    Step(
        heading="Fix",
        text="What would be written? `--diff` prints a patch, and changes nothing.",
        command="docbot fix --diff",
        lines=50,
    ),
    Step(
        text="The small model is unsure of many functions, and then nothing is written. `-v` shows "
        "each sentence that was withheld, and why.",
        command="docbot fix --diff -v 2>&1 >/dev/null | grep withheld",
    ),
    Step(text="Write it.", command="docbot fix"),
    Step(text="Only lines were added.", command="git diff --stat"),
    Step(
        text="Files with uncommitted changes are left alone, but not where docbot made all of "
        "them. So a second run can go further, here with private functions.",
        command="docbot fix --include private",
    ),
    Step(
        text="The command that the run printed undoes both.",
        command="git -C . apply -R --whitespace=nowarn .git/docbot/undo.patch\ngit status --short",
    ),
    Step(
        text="Again, and this time it stays. `--stale fix` also mends the entry of the parameter, "
        "as the two names are alike.",
        command="docbot fix -q --stale fix\ngit diff todo/dates.py\n"
        "git commit --quiet --all --message 'Add docstrings'\ndocbot check -q",
    ),
    Step(
        heading="The hook",
        text="The configuration is the README's, without its `additional_dependencies`: here the "
        "hook is the docbot that is installed, so that pre-commit has nothing to build.",
        command=f"cat > .pre-commit-config.yaml <<'END'\n{CONFIG}END\npre-commit install\n"
        "git add .pre-commit-config.yaml\ngit commit --quiet --message 'Add the hook'",
    ),
    Step(
        text="A new function is committed. The hook writes its docstring, and the commit stops, "
        "as with a formatter.",
        command="cat >> todo/cli.py <<'END'\n\n\ndef send_message(client, channel, text):\n"
        '    client.post(channel, {"text": text})\nEND\n'
        "git add todo/cli.py\ngit commit --message 'Send messages'\ngit diff",
        lines=50,
    ),
    Step(
        text="Look at it, add it, commit again.",
        command="git add todo/cli.py\ngit commit --quiet --message 'Send messages'\n"
        "git log --format=%s",
    ),
    Step(
        text="A parameter is renamed, and its docstring is forgotten.",
        command="perl -pi -e 's/\\bend\\b/until/ unless /end:/' todo/dates.py\ngit diff -U0\n"
        "git commit --all --message 'Rename a parameter'",
        lines=50,
    ),
    Step(
        text="The commit stopped. docbot can mend such an entry, when it is told to.",
        command="git add todo/dates.py\ndocbot fix -q --staged --stale fix\ngit diff -U0\n"
        "git commit --quiet --all --message 'Rename a parameter'",
    ),
    Step(
        heading="Hold the line",
        text="What is left can wait, but nothing new may join it. A ratchet is a committed file of "
        "the known gaps.",
        command="docbot check --ratchet gaps.txt --update\ncat gaps.txt\n"
        "docbot check --ratchet gaps.txt",
    ),
    Step(
        text="A new gap fails.",
        command="cat >> todo/cli.py <<'END'\n\n\ndef wait(minutes):\n    return 60 * minutes\nEND\n"
        "docbot check --ratchet gaps.txt",
    ),
    Step(
        text="It can be accepted, where it is left on purpose.",
        command="docbot check -q --ratchet gaps.txt --accept\ngrep wait gaps.txt\n"
        "docbot check -q --ratchet gaps.txt",
    ),
    Step(
        heading="The report",
        text="One page, which needs no network, and a badge. The image is [the page](report.md) of "
        "a larger project, django.\n\n![Coverage, a map of the folders, and sentences with their "
        "probability](report.png)",
        command="docbot report --html site --badge badge.svg\nls site\n"
        "sed 's/></>\\n</g' badge.svg | grep -m1 title",
    ),
    Step(
        heading="Models",
        text="The models that docbot knows by name. `docbot models pull NAME` downloads one: it is "
        "docbot's one command that uses the network.",
        command="docbot models list",
    ),
    Step(
        heading="The command line",
        text="Completion, here for bash.",
        command="docbot completion bash > docbot.bash\nsource docbot.bash\ncomplete -p docbot",
    ),
    Step(text="A slip of the finger.", command="docbot fix --dif todo"),
    Step(text="A file that is not there.", command="docbot check todo/shop.py"),
    Step(
        text="The exit codes: 0, nothing to do; 1, something was changed or is missing; 2, docbot "
        "could not run, as above. 3 would be a bug, with a report to paste into an issue.",
        command="docbot check -q todo/__init__.py; echo $?\ndocbot check -q todo/cli.py; echo $?\n"
        "docbot check -q --fail-under 50; echo $?",
    ),
)


def environment(folder: Path) -> dict[str, str]:
    """Return what a fresh user's shell has, with this docbot and this pre-commit on PATH."""
    return {
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_COLOR": "never",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def shell(script: str, folder: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run lines of bash, errors and output in one stream, as in a terminal."""
    return subprocess.run(
        ["bash", "-c", script],
        cwd=cwd,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )


def put_on_path(folder: Path) -> None:
    """Write the commands docbot and pre-commit, as this checkout and its environment have them."""
    (folder / "bin").mkdir()
    paths = os.pathsep.join(filter(None, (str(HOME), os.environ.get("PYTHONPATH"))))
    for name, module in (("docbot", "docbot"), ("pre-commit", "pre_commit")):
        command = f"PYTHONPATH={shlex.quote(paths)} exec {shlex.quote(sys.executable)} -m {module}"
        (folder / "bin" / name).write_text(f'#!/bin/sh\n{command} "$@"\n')
        (folder / "bin" / name).chmod(0o755)


def prepare(folder: Path) -> Path:
    """Make the project, and the repository that has the hook at the URL of the README."""
    put_on_path(folder)
    (folder / "home").mkdir()
    hooks, project = folder / "hooks", folder / "project"
    hooks.mkdir()
    manifest = (HOME / ".pre-commit-hooks.yaml").read_text()
    system = manifest.replace("language: python", "language: system")
    (hooks / ".pre-commit-hooks.yaml").write_text(system)
    (folder / "home" / ".gitconfig").write_text(f'[url "{hooks}"]\n\tinsteadOf = {URL}\n')
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
    begin = "git init --quiet --initial-branch=main && git add . && git commit --quiet -m Begin"
    for script, cwd in ((f"{begin} && git tag {TAG}", hooks), (begin, project)):
        done = shell(script, folder, cwd)
        if done.returncode:
            raise SystemExit(done.stdout)
    return project


def normalise(output: str, folder: Path) -> str:
    """Replace what depends on the machine."""
    output = re.sub(rf"(?:/private)?{re.escape(str(folder))}[^\s'\"]*", "...", output)
    return re.sub(r"(- duration: )[\d.]+s", r"\1...", output)


def cut(output: str, lines: int) -> list[str]:
    """Return the first lines, and a line about the others."""
    every = output.splitlines()
    if len(every) <= lines + 1:  # the line that says so takes as much room
        return every
    return [*every[:lines], f"[{len(every) - lines} more lines]"]


def split_commands(text: str) -> list[str]:
    """Split a step at its line ends, but not inside a here-document."""
    parts: list[str] = []
    for line in text.split("\n"):
        if parts and "<<'END'" in parts[-1] and not parts[-1].endswith("\nEND"):
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return parts


def play(step: Step, folder: Path, project: Path) -> list[str]:
    """Run a step and return its lines of the page."""
    block = []
    before = ""
    for command in split_commands(step.command):
        first, *rest = command.split("\n")
        block += [f"$ {first}", *(f"> {line}".rstrip() for line in rest)]
        done = shell(f"{before}{command}", folder, project)
        block += cut(normalise(done.stdout, folder), step.lines)
        block += [f"[exit code {done.returncode}]"] if done.returncode else []
        if command.startswith("source "):  # a shell of its own runs each command
            before = f"{command}\n"
    heading = ["", f"## {step.heading}"] if step.heading else []
    return [*heading, "", step.text, "", "```console", *block, "```"]


def run_tour() -> str:
    """Run all steps and return the page."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        project = prepare(folder)
        lines = [line for step in STEPS for line in play(step, folder, project)]
    return HEAD + "\n".join(lines) + "\n"


def lines_to_compare(page: str) -> list[str]:
    """Return the page's lines without the model's words, its confidence and docbot's version."""
    page = re.sub(r'(withheld: )".*"', r'\1"..."', page)
    page = re.sub(r'^([+ ]?\s+"""|.*: """).*"""$', r'\1..."""', page, flags=re.MULTILINE)
    page = re.sub(r"(confidence was )\d\.\d\d", r"\1...", page)
    page = re.sub(r"^index [0-9a-f]+\.\.[0-9a-f]+", "index ...", page, flags=re.MULTILINE)
    page = re.sub(r"^complete -.* docbot$", "complete ... docbot", page, flags=re.MULTILINE)
    return re.sub(r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])", "...", page).splitlines()


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description="Write docs/tour.md.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    page = run_tour()
    if not check:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    names = ("docs/tour.md", "what the commands print")
    diff = list(
        difflib.unified_diff(lines_to_compare(old), lines_to_compare(page), *names, lineterm="")
    )
    if diff:
        print(*diff, "python benchmarks/tour.py writes the page again; read it", sep="\n")
    return 1 if diff else 0


if __name__ == "__main__":
    raise SystemExit(main())
