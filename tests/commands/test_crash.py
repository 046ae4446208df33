"""A bug writes a report that can be pasted: where docbot failed, and nothing of the user's."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from docbot import __version__
from docbot.commands import check, crash, exit_codes
from docbot.errors import ConfigError

SECRET = "SECRETCODE"
SOURCE = f"def f():\n    return '{SECRET}'\n"


@pytest.fixture
def crashed(docbot, tmp_path, monkeypatch):
    """Run `docbot check` in a configured project where it fails as told; the report and the run."""
    project = tmp_path / "home" / "ada" / "project"
    project.mkdir(parents=True)
    (project / "module_of_ada.py").write_text(SOURCE)
    (project / "pyproject.toml").write_text(
        f'[tool.docbot]\nexclude = ["{SECRET}/"]\nmax-lines = 99\n[project]\nname = "{SECRET}"\n'
    )
    monkeypatch.chdir(project)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("ADAS_TOKEN", "ghp_" + SECRET)

    def run(failure, *words):
        def fails(*_arguments, **_settings):
            failure(project)

        monkeypatch.setattr(check, "Locator", fails)
        ran = docbot("check", *words)
        files = [*(tmp_path / "state").rglob("*.txt")]
        return ran, files

    return run


def quotes_code(project):
    """As a parser does: the line is in the message, and in an attribute that tracebacks print."""
    path = project / "module_of_ada.py"
    try:
        compile(path.read_text() + "x = = 1\n", str(path), "exec")
    except SyntaxError as error:
        raise ValueError(f"{path} has {path.read_text()}") from error


def runs_code(project):
    path = project / "module_of_ada.py"
    exec(compile(f"raise KeyError('{SECRET}')", str(path), "exec"))


def recurses(project):
    recurses(project)


FAILURES = {
    quotes_code: ["builtins.SyntaxError", "which led to:", "builtins.ValueError (its message is"],
    runs_code: ["a file that is not docbot's", "builtins.KeyError"],
    recurses: ["builtins.RecursionError", " more ..."],
}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_report_says_where_and_nothing_of_the_user(crashed, tmp_path, failure):
    ran, (file,) = crashed(failure, "-v", "--max-lines=77", "--exclude", SECRET, "module_of_ada.py")
    assert (ran.code, ran.out) == (exit_codes.BUG, "")
    assert ran.err.count("\n") == 1
    assert f"paste the file {file} into an issue" in ran.err
    report = file.read_text()
    for words in (
        f"docbot {__version__}, CPython 3.",
        "libcst ",
        "command: check -v --max-lines --exclude\n",
        "configuration: exclude, max-lines\n",
        "  docbot/cli.py:",
        "in _run: code = int(command.run(options))\n",
        "  docbot/commands/check.py:",
        *FAILURES[failure],
    ):
        assert words in report
    for secret in (SECRET, "ada", "77", "99", str(tmp_path), str(Path.home()), "return '"):
        assert secret not in report
    assert len(report.splitlines()) < 140


def test_no_line_of_code_is_anybodys_but_docbots(crashed):
    _, (file,) = crashed(quotes_code)
    places = re.findall(r"^  (\S+?)(?::\d+)? in (\w+)(: .*)?$", file.read_text(), re.MULTILINE)
    assert all(place.startswith("docbot/") for place, _, code in places if code)
    assert [place for place, _, _ in places][:1] == ["docbot/cli.py"]


def test_in_ci_the_report_is_printed_too(crashed, monkeypatch):
    monkeypatch.setenv("CI", "true")
    ran, (file,) = crashed(runs_code)
    assert ran.err.startswith(file.read_text())


def test_where_it_cannot_be_written_it_is_printed(crashed, tmp_path):
    (tmp_path / "state").write_text("no folder")
    ran, files = crashed(runs_code)
    assert files == []
    assert ran.err.startswith("docbot crashed.")
    assert "please paste the lines above into an issue" in ran.err


def test_old_reports_go(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    old = crash.save("one")
    os.utime(old, (0, 0))
    assert crash.save("two").read_text() == "two"
    assert not old.exists()


def test_what_a_person_can_mend_is_no_crash(crashed):
    def refuses(_project):
        raise ConfigError("pyproject.toml: mend it")

    ran, files = crashed(refuses)
    assert (ran.code, files) == (exit_codes.CANNOT_RUN, [])
