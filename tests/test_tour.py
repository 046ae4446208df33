"""docs/tour.md is what its commands print, and a page that says otherwise is told."""

from __future__ import annotations

import difflib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
SCRIPT = HOME / "benchmarks" / "tour.py"


@pytest.fixture(scope="module")
def tour():
    spec = importlib.util.spec_from_file_location("tour", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["tour"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    yield module
    del sys.modules["tour"]


def differences(tour, old, new):
    """The changed lines of what is compared."""
    lines = difflib.ndiff(tour.lines_to_compare(old), tour.lines_to_compare(new))
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the commands are bash's")
def test_the_page_is_what_its_commands_print():
    result = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], cwd=HOME, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            'a.py:3: total skipped; withheld: "add up."',
            'a.py:3: total skipped; withheld: "sum up."',
        ),
        ('+    """Add a task."""', '+    """Add the task."""'),
        ('a.py:3: total: """Add up."""', 'a.py:3: total: """Sum up."""'),
        ("confidence was 0.41, 0.60 is wanted", "confidence was 0.43, 0.60 is wanted"),
        ("index 951c2c8..90985b4 100644", "index 742b8d5..fb02af1 100644"),
        ("    rev: v0.1.0", "    rev: v0.2.0"),
    ],
)
def test_words_of_the_model_and_the_version_are_not_compared(tour, old, new):
    assert differences(tour, old, new) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3  documented in 1 of 4 files", "4  documented in 1 of 4 files"),
        ("[exit code 1]", "[exit code 2]"),
        ('a.py:3: total: """Add up."""', 'a.py:4: total: """Add up."""'),
        ('+    """Add a task."""', '-    """Add a task."""'),
        ("confidence was 0.41, 0.60 is wanted", "confidence was 0.41, 0.50 is wanted"),
        ("docbot: coverage: 33.3 % before", "docbot: coverage: 41.6 % before"),
    ],
)
def test_all_else_is_compared(tour, old, new):
    assert len(differences(tour, old, new)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are bash's")
def test_a_step_shows_its_commands_its_errors_and_its_exit_code(tour, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    command = f"cat <<'END'\none\nEND\nls {tmp_path}/no >&2; exit 3\nseq 9"
    lines = tour.play(tour.Step(text="Look.", command=command, lines=4), tmp_path, project)
    here = lines.index("```console")
    block = lines[here + 1 : -1]
    assert block[:4] == ["$ cat <<'END'", "> one", "> END", "one"]
    assert block[-7:] == ["[exit code 3]", "$ seq 9", "1", "2", "3", "4", "[5 more lines]"]
    assert str(tmp_path) not in "\n".join(block[5:])


def test_every_command_line_of_the_steps_is_on_the_page(tour):
    page = tour.PAGE.read_text(encoding="utf-8")
    for step in tour.STEPS:
        for command in tour.split_commands(step.command):
            assert f"\n$ {command.splitlines()[0]}\n" in page
