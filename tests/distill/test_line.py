"""The whole line in miniature: wheels, rows, a student, a GGUF file, a docstring in place."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

for extra in ("torch", "tokenizers", "gguf", "tqdm"):
    pytest.importorskip(extra)

NOUNS = ["page", "cart", "user", "token", "image", "file", "row", "node", "graph", "query"]
VERBS = {"load": "from", "save": "to", "merge": "into", "move": "to"}


def function(verb: str, noun: str, place: str, docstring: str) -> str:
    return (
        f"def {verb}_{noun}({noun}, {place}):\n{docstring}"
        f"    found = {place}.{verb}({noun})\n    return check(found, {noun})\n\n\n"
    )


def package(folder: Path, name: str) -> Path:
    """A wheel of functions that are told alike, each with its own words."""
    folder.mkdir(parents=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for verb, link in VERBS.items():
            for noun in NOUNS:
                code = f'"""The {noun}."""\n\n\n' + "".join(
                    function(
                        verb,
                        noun,
                        place,
                        f'    """{verb.title()} the {noun} {link} the {place}."""\n',
                    )
                    for place in NOUNS
                    if place != noun and not (verb == "load" and noun == "page")
                )
                archive.writestr(f"{name}/{verb}_{noun}.py", code)
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA",
            f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: MIT\n",
        )
    return path


def step(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "docbot.distill", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    return result


@pytest.mark.slow
def test_from_packages_to_a_docstring(tmp_path: Path) -> None:
    work = tmp_path / "work"
    wheel = package(work / "wheels", "shop")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    recipe = tmp_path / "packages.txt"
    recipe.write_text(f"shop==1.0 --hash=sha256:{sha256} # MIT\n")
    step("corpus", "--work", work, "--recipe", recipe, "--validation", work / "wheels",
         "--no-stdlib", "--vocabulary", 512, "--processes", 1)  # fmt: skip
    step("train", "--work", work, "--preset", "test", "--minutes", 0.7, "--total-minutes", 0.7,
         "--threads", 1, "--compile", "no")  # fmt: skip
    output = step("export", "--work", work, "--rows", 20, "--threads", 1).stdout
    model = work / "docbot-tiny-q8_0.gguf"
    assert model.is_file(), output

    repository = tmp_path / "repository"
    repository.mkdir()
    module = repository / "pages.py"
    module.write_text(function("load", "page", "user", "").rstrip() + "\n")
    docbot = [sys.executable, "-m", "docbot", "fix", "--model", str(model), "--prompt-format",
              "tasks", "--min-confidence", "0.2", "--max-tokens", "20", "-v", "."]  # fmt: skip
    result = subprocess.run(docbot, cwd=repository, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout + result.stderr
    assert '    """Load the page from the user."""\n' in module.read_text(), result.stdout
