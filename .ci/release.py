#!/usr/bin/env python3
"""Make a release: check that all places name the version, build, check what was built, tag.

    python .ci/release.py 0.1.0

Nothing leaves this machine: the last lines it prints are the commands that publish. Where something
is wrong it says all of it and has changed nothing. Needs build, hatchling and twine (extra `test`).
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

HOME = Path(__file__).resolve().parents[1]
CHANGELOG = ".github/CHANGELOG.md"
VERSION = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}")
MIB = 1 << 20


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Check, build and tag a release.")
    parser.add_argument("version", help="such as 0.1.0, without a v")
    version = parser.parse_args().version
    problems = list(filter(None, problems_of(version)))
    if problems:
        end("\n".join(f"- {problem}" for problem in problems))
    built = build(version)
    message = f"docbot {version}\n\n{changes(version)}\n"
    # Headings of the changelog begin with "#", which git would take for comments.
    run("git", "tag", "--annotate", "--cleanup=whitespace", f"v{version}", "--message", message)
    for path in built:
        say(f"{path.relative_to(HOME)}: {path.stat().st_size / MIB:.1f} MiB")
    files = " ".join(f"dist/{path.name}" for path in built)
    say(f"tagged v{version}; to publish it:")
    say(f"  git push origin HEAD v{version}")
    say(f"  python -m twine upload {files}")


def problems_of(version: str) -> list[str]:
    """Return a sentence for everything that stands in the way of a release; "" for no problem."""
    if not VERSION.fullmatch(version):
        return [f"{version}: is no version such as 0.1.0"]
    module = read("docbot/__init__.py")
    named = set(re.findall(r"(?:rev: v|docbot-)(\d+\.\d+\.\d+)", read("README.md")))
    return [
        "the work tree is not clean: commit or stash" if git("status", "--porcelain") else "",
        f"v{version} is a tag already" if git("tag", "--list", f"v{version}") else "",
        ""
        if f'__version__ = "{version}"\n' in module
        else f'docbot/__init__.py: __version__ is not "{version}"',
        ""
        if named == {version}
        else f"README.md: the hook's rev and the wheel's names are not all {version}",
        "" if changes(version) else f"{CHANGELOG}: has no entry `## [{version}] - YYYY-MM-DD`",
        f"{CHANGELOG}: move what is unreleased into {version}'s entry" if unreleased() else "",
    ]


def changes(version: str) -> str:
    """Return what the changelog says about a version, "" if it has no dated entry."""
    return section(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d")


def unreleased() -> str:
    """Return what the changelog says about no version yet."""
    return section(r"\[Unreleased\]")


def section(heading: str) -> str:
    """Return the text below a heading of the changelog, up to the next one."""
    match = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", read(CHANGELOG), re.MULTILINE | re.DOTALL)
    return match[1].strip() if match else ""


def build(version: str) -> list[Path]:
    """Build wheel and sdist, have them checked, and return their paths in `dist/`."""
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, str(HOME))
        built = sorted(Path(folder).iterdir())
        names = [f"docbot-{version}-py3-none-any.whl", f"docbot-{version}.tar.gz"]
        if [path.name for path in built] != names:
            end(f"the build made {', '.join(path.name for path in built)}")
        run(sys.executable, "-m", "twine", "check", "--strict", *map(str, built))
        (HOME / "dist").mkdir(exist_ok=True)
        return [Path(shutil.copy(path, HOME / "dist")) for path in built]


def read(name: str) -> str:
    """Return the text of a file of the repository, "" if it is not there."""
    path = HOME / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def git(*arguments: str) -> str:
    """Return what git prints."""
    return run("git", *arguments)


def run(*command: str) -> str:
    """Run a command in the repository and return what it prints; end where it fails."""
    done = subprocess.run(
        command, cwd=HOME, check=False, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        end(f"{' '.join(command[:4])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def end(problem: str) -> NoReturn:
    """End with a message: nothing was tagged."""
    sys.exit(f"no release:\n{problem}")


if __name__ == "__main__":
    main()
