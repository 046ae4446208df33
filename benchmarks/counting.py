"""Compare what `docbot check` counts as missing with interrogate and ruff, and say why they differ.

    python benchmarks/counting.py             # starlette and werkzeug
    python benchmarks/counting.py werkzeug -v # and list each definition of the last column

The packages are pinned and hashed in counting.txt, unpacked into a git repository each and
committed. docbot, interrogate and ruff (rules D1) run with their defaults; a definition is known by
its file and the line of its name. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
from safety import HERE, commit, fetch
from scan import install_tools

if TYPE_CHECKING:
    from collections.abc import Mapping

    Place = tuple[str, int]

LISTED = """
import json, os, sys
from interrogate import config, coverage
found = coverage.InterrogateCoverage(["."], conf=config.InterrogateConfig()).get_coverage()
rows = [
    (os.path.relpath(each.filename), node.lineno or 1, node.node_type, node.is_nested_func)
    for each in found.file_results for node in each.nodes if not node.covered
]
print(json.dumps(rows))
"""
KINDS = {"D100": "module", "D104": "module", "D107": "constructor", "D105": "special method"}


def output(command: list[str], folder: Path) -> str:
    """Return what a command prints; 0 and 1 are its good exit codes."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def by_docbot(folder: Path) -> tuple[set[Place], dict[Place, str]]:
    """Return what docbot finds missing, and what it leaves out with the reason."""
    command = [sys.executable, "-m", "docbot", "check", "--no-cache", "--stale", "off"]
    report = json.loads(output([*command, "--format", "json", "."], folder))
    missing = {(f["path"], each["line"]) for f in report["files"] for each in f["missing"]}
    skipped = {
        (f["path"], each["line"]): each["reason"]
        for f in report["files"]
        for each in f["skipped"]
        if each["line"]
    }
    return missing, skipped


def by_interrogate(folder: Path) -> dict[Place, str]:
    """Return what interrogate finds missing, with the kind of definition."""
    rows = json.loads(output([str(install_tools() / "python"), "-c", LISTED], folder))
    return {
        (path, line): "module" if kind == "Module" else "nested function" if nested else ""
        for path, line, kind, nested in rows
    }


def by_ruff(folder: Path) -> dict[Place, str]:
    """Return what ruff finds missing, with the kind of definition where the rule tells it."""
    command = [str(install_tools() / "ruff"), "check", "--isolated", "--select", "D1"]
    found = json.loads(output([*command, "--no-cache", "--output-format", "json", "."], folder))
    return {
        (str(Path(each["filename"]).relative_to(folder.resolve())), each["location"]["row"]):
            KINDS.get(each["code"], "")
        for each in found
    }  # fmt: skip


def explain(
    other: Mapping[Place, str], missing: set[Place], skipped: Mapping[Place, str]
) -> dict[str, list[Place]]:
    """Group what one tool finds and the other does not by the reason; "" is what both find."""
    groups: dict[str, list[Place]] = {}
    for place, kind in other.items():
        if kind == "module":  # a definition on the file's first line stands at the same place
            reason = "docbot: modules are not counted"
        elif place in missing:
            reason = ""
        else:
            reason = f"docbot: {skipped.get(place, 'not seen')}"
        groups.setdefault(reason, []).append(place)
    for place in sorted(missing - {p for p, kind in other.items() if kind != "module"}):
        path = place[0].split("/")
        is_private = any(part.startswith("_") and part[:2] != "__" for part in path)
        why = "a module whose name is private" if is_private else "others"
        groups.setdefault(f"only docbot: {why}", []).append(place)
    return groups


def main() -> None:
    """Print one table for each package."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("packages", nargs="*")
    arguments.add_argument("-v", "--verbose", action="store_true")
    options = arguments.parse_args()
    for wheel in fetch(options.packages, HERE / "work" / "wheels", "counting.txt"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            zipfile.ZipFile(wheel).extractall(folder)
            commit(folder, new=True)
            missing, skipped = by_docbot(folder)
            print(f"\n{'-'.join(wheel.name.split('-')[:2])}: docbot finds {len(missing)} missing\n")
            print("| beside | it finds | both | reason for each difference |")
            print("| --- | --- | --- | --- |")
            for tool, other in (
                ("interrogate", by_interrogate(folder)),
                ("ruff D1", by_ruff(folder)),
            ):
                groups = explain(other, missing, skipped)
                both = len(groups.pop("", []))
                counts = Counter({reason: len(places) for reason, places in groups.items()})
                reasons = "; ".join(f"{count} {reason}" for reason, count in counts.most_common())
                print(f"| {tool} | {len(other)} | {both} | {reasons} |")
                for reason, places in groups.items() if options.verbose else ():
                    for path, line in places:
                        print(f"    {tool}, {reason}: {path}:{line}", file=sys.stderr)


if __name__ == "__main__":
    main()
