"""The command line on real files, real git and the real embedded model.

Where a test needs something written for certain it uses a special method, which needs no model.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from docbot.commands import exit_codes, report

SCHEMA = json.loads(Path(report.__file__).with_name("report.schema.json").read_text())
SIZED = """class Box:
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)
"""
DOCUMENTED = SIZED.replace(
    "def __len__(self):\n", 'def __len__(self):\n        """Return the number of items."""\n'
)
PLAIN = "def total(prices, tax):\n    value = sum(prices)\n    return value * tax\n"


# Bad input: one sentence, exit 2, nothing written


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fix", "gone.py"], ["gone.py", "no such file"]),
        (["fix", "--staged", "."], ["--staged", "not a git repository"]),
        (["check", "--since", "HEAD", "."], ["--since", "not a git repository"]),
        (["fix", "--model", "docbot-tinny", "."], ["docbot-tinny", "docbot-tiny"]),
        (["fix", "--model", "gone.gguf", "."], ["gone.gguf"]),
        (["fix", "--model", "a.py", "a.py"], ["a.py"]),
        (["fix", "--prompt-format", "alpaca", "."], ["prompt-format", "chatml"]),
        (["fix", "--min-confidence", "3", "."], ["min-confidence", "0 to 1"]),
        (["check", "--config", "gone.toml", "."], ["gone.toml"]),
    ],
)
def test_cannot_run(docbot, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(SIZED)
    ran = docbot(*arguments)
    assert (ran.code, ran.out) == (exit_codes.CANNOT_RUN, "")
    assert ran.err.startswith("docbot: ")
    assert ran.err.count("\n") == 1
    for word in words:
        assert word in ran.err
    assert Path("a.py").read_text() == SIZED


def test_unknown_key_names_its_neighbour(docbot, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.docbot]\nstile = 'numpy'\n")
    ran = docbot("fix", tmp_path)
    assert ran.code == exit_codes.CANNOT_RUN
    assert "did you mean 'style'" in ran.err


def test_unknown_revision(docbot, repo):
    repo.commit("a.py")
    ran = docbot("check", "--since", "v9", repo.root)
    assert ran.code == exit_codes.CANNOT_RUN
    assert "v9" in ran.err


def test_corrupt_model_is_refused_before_llama_sees_it(docbot, tmp_path):
    (tmp_path / "a.py").write_text(PLAIN)
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + b"\xff" * 64)
    ran = docbot("fix", "--model", tmp_path / "m.gguf", tmp_path / "a.py")
    assert ran.code == exit_codes.CANNOT_RUN
    assert "m.gguf" in ran.err


# fix


def test_fix_writes_and_a_second_run_is_empty(docbot, repo):
    file = repo.commit("box.py", SIZED)
    ran = docbot("fix", repo.root)
    assert ran.code == exit_codes.CHANGES
    assert file.read_text() == DOCUMENTED
    assert ran.out == 'box.py:5: Box.__len__: """Return the number of items."""\n'
    repo.git("commit", "--quiet", "--all", "--message", "docs")
    again = docbot("fix", repo.root)
    assert (again.code, again.out) == (exit_codes.CLEAN, "")


def test_fix_can_be_undone(docbot, repo, monkeypatch):
    sources = {
        "box.py": SIZED.encode(),
        "crlf.py": SIZED.replace("\n", "\r\n").encode(),
        "with space/é.py": ("# coding: latin-1\n# é\n" + SIZED).encode("latin-1"),
        "end.py": SIZED.rstrip("\n").encode(),
    }
    for name, source in sources.items():
        repo.commit(name, source)
    monkeypatch.chdir(repo.root)
    ran = docbot("fix")
    assert len(ran.out.splitlines()) == len(sources)
    (command,) = [line for line in ran.err.splitlines() if "undo" in line]
    subprocess.run(command.partition(": undo this run: ")[2], shell=True, check=True)
    for name, source in sources.items():
        assert (repo.root / name).read_bytes() == source
    assert repo.git("status", "--porcelain") == ""


def test_diff_writes_nothing(docbot, repo):
    file = repo.commit("box.py", SIZED)
    repo.write("box.py", SIZED + "# dirty\n")
    ran = docbot("fix", "--diff", repo.root)
    assert ran.code == exit_codes.CHANGES
    assert '+        """Return the number of items."""' in ran.out
    assert file.read_text() == SIZED + "# dirty\n"
    patch = subprocess.run(
        ["git", "apply", "-"], input=ran.out.encode(), cwd=repo.root, capture_output=True
    )
    assert patch.returncode == 0, patch.stderr
    assert file.read_text() == DOCUMENTED + "# dirty\n"


def test_dirty_files_wait_for_force(docbot, repo):
    clean = repo.commit("clean.py", SIZED)
    dirty = repo.commit("dirty.py", SIZED)
    repo.write("dirty.py", SIZED + "# mine\n")
    ran = docbot("fix", repo.root)
    assert "dirty.py: skipped: it has uncommitted changes (--force" in ran.err
    assert clean.read_text() == DOCUMENTED
    assert dirty.read_text() == SIZED + "# mine\n"
    repo.git("commit", "--quiet", "--message", "docs", "clean.py")
    assert docbot("fix", "--force", repo.root).code == exit_codes.CHANGES
    assert dirty.read_text() == DOCUMENTED + "# mine\n"


def test_a_plain_folder(docbot, tmp_path):
    (tmp_path / "box.py").write_text(SIZED)
    ran = docbot("fix", tmp_path)
    assert ran.code == exit_codes.CHANGES
    assert (tmp_path / "box.py").read_text() == DOCUMENTED
    (command,) = [line for line in ran.err.splitlines() if "undo" in line]
    subprocess.run(command.partition(": undo this run: ")[2], shell=True, check=True)
    assert (tmp_path / "box.py").read_text() == SIZED


def test_a_plain_folder_says_before_that_there_is_no_undo(docbot, tmp_path, monkeypatch):
    (tmp_path / "box.py").write_text(SIZED)
    (tmp_path / "state").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ran = docbot("fix", tmp_path / "box.py")
    assert "cannot be undone by docbot" in ran.err
    assert (tmp_path / "box.py").read_text() == DOCUMENTED


def test_unreadable_files_do_not_stop_the_others(docbot, repo):
    bad = {
        "nul.py": b"x = '\0'\n",
        "python2.py": b"print 'hello'\n",
        "latin.py": b"x = '\xe9'\n",
        "big.py": b"x = 1\n" * 200_000,
        "deep.py": b"x = " + b"(" * 5000 + b")" * 5000 + b"\n",
    }
    for name, source in bad.items():
        repo.stage(name, source)
    good = repo.commit("good.py", SIZED)
    ran = docbot("fix", repo.root)
    assert ran.code == exit_codes.CHANGES
    assert good.read_text() == DOCUMENTED
    for name, source in bad.items():
        assert sum(line.startswith(f"docbot: {name}: skipped: ") for line in ran.err.splitlines())
        assert (repo.root / name).read_bytes() == source


def test_a_read_only_file_is_left_alone(docbot, tmp_path):
    file = tmp_path / "box.py"
    file.write_text(SIZED)
    file.chmod(0o444)
    ran = docbot("fix", tmp_path)
    assert ran.code == exit_codes.CLEAN
    assert "read-only" in ran.err
    assert file.read_text() == SIZED


def test_staged_documents_only_what_was_touched(docbot, repo):
    two = SIZED + "\n    def __iter__(self):\n        return iter(self.items)\n"
    file = repo.commit("box.py", two)
    touched = two.replace("iter(self.items)", "iter(list(self.items))")
    repo.stage("box.py", touched)
    ran = docbot("fix", "--staged", repo.root)
    assert ran.code == exit_codes.CHANGES
    assert file.read_text().count('"""') == 2
    assert "Box.__iter__" in ran.out
    assert repo.git("diff", "--cached").count('"""') == 0  # docbot never stages


def test_partially_staged_files_are_left_alone(docbot, repo):
    repo.commit("box.py", "x = 1\n")
    repo.stage("box.py", SIZED)
    repo.write("box.py", SIZED + "# not staged\n")
    ran = docbot("fix", "--staged", repo.root)
    assert ran.code == exit_codes.CLEAN
    assert "box.py: skipped: it has changes that are not staged" in ran.err


def test_since_a_revision(docbot, repo):
    repo.commit("old.py", SIZED)
    repo.commit("new.py", SIZED)
    ran = docbot("fix", "--since", "HEAD~1", repo.root)
    assert ran.out.startswith("new.py:")
    assert (repo.root / "old.py").read_text() == SIZED


def test_time_budget_lists_the_rest_and_passes(docbot, repo):
    repo.stage("a.py", PLAIN)
    ran = docbot("fix", "--staged", "--time-budget", "0.000001", repo.root)
    assert ran.code == exit_codes.CLEAN
    assert "a.py:1: the file: no time left for it" in ran.err


def test_the_model_speaks_through_the_gate(docbot, repo):
    """Whatever it says, the run ends clean and the outcome of each function is told."""
    repo.commit("shop.py", PLAIN + "\n\n" + PLAIN.replace("total", "grand_total"))
    ran = docbot("fix", "--format", "json", "--min-confidence", "0", repo.root)
    document = json.loads(ran.out)
    jsonschema.validate(document, SCHEMA)
    (file,) = document["files"]
    names = [each["qualname"] for each in (*file["written"], *file["skipped"])]
    assert sorted(set(names) - {"<module>"}) == ["grand_total", "total"]
    assert {s["reason"] for s in file["skipped"]} <= {"rejected", "unsure"}


def test_json_goes_to_stdout_alone(docbot, repo):
    repo.commit("box.py", SIZED)
    document = json.loads(docbot("fix", "--format", "json", repo.root).out)
    jsonschema.validate(document, SCHEMA)
    assert document["files"][0]["written"] == [
        {
            "qualname": "Box.__len__",
            "line": 5,
            "line_before": 5,
            "docstring": '"""Return the number of items."""',
        }
    ]
    assert document["files"][0]["skipped"][0]["reason"] == "constructor"


def test_json_is_printed_when_there_is_nothing_to_do(docbot, repo, monkeypatch):
    repo.stage("done.py", 'def f(x):\n    """Do it."""\n    return [x]\n')
    monkeypatch.chdir(repo.root)
    ran = docbot("fix", "--staged", "--format", "json", "done.py")
    assert ran.code == exit_codes.CLEAN
    jsonschema.validate(json.loads(ran.out), SCHEMA)


def test_house_style_is_followed(docbot, repo):
    house = "".join(f"def f{n}(x):\n    '''Do {n}.'''\n    return [x]\n\n\n" for n in range(4))
    repo.commit("house.py", house)
    file = repo.commit("box.py", SIZED)
    docbot("fix", repo.root)
    assert "        '''Return the number of items.'''\n" in file.read_text()


def test_a_pipe_that_closes_early(repo):
    for n in range(40):
        repo.stage(f"box{n}.py", SIZED)
    repo.commit("last.py", SIZED)
    command = f"{sys.executable} -m docbot fix --diff -q . | head -1"
    result = subprocess.run(command, shell=True, cwd=repo.root, capture_output=True, text=True)
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_killed_at_any_moment_each_file_is_old_or_new(repo, how):
    names = [f"box{n}.py" for n in range(60)]
    for name in names:
        repo.stage(name, SIZED)
    repo.commit("last.py", SIZED)
    command = [sys.executable, "-m", "docbot", "fix", "-q", "--force", str(repo.root)]
    outcomes = set()
    for wait in (0, 0.002, 0.01, 0.03):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()  # the first file is written
        time.sleep(wait)
        process.send_signal(how)
        _, err = process.communicate()
        assert b"Traceback" not in err
        outcomes |= {(repo.root / name).read_text() for name in names}
        assert outcomes <= {SIZED, DOCUMENTED}
    subprocess.run(command, capture_output=True, check=False)
    assert {(repo.root / name).read_text() for name in [*names, "last.py"]} == {DOCUMENTED}
    assert not list(repo.root.glob(".docbot-*"))


DYING = """
import os, sys
from docbot import cli
from docbot.llm import llama
native, *rest = llama.library()
class Dying:
    def __getattr__(self, name):
        return getattr(native, name)
    def llama_model_load_from_file(self, *_):
        os.abort()
llama.library = lambda: (Dying(), *rest)
sys.exit(cli.main(["fix", "-q", "--force", "--no-cache", sys.argv[1]]))
"""


def test_a_loader_that_dies_takes_no_file_with_it(repo):
    names = [f"box{n}.py" for n in range(20)]
    for name in names:
        repo.stage(name, SIZED)
    repo.stage("plain.py", PLAIN)
    repo.commit("last.py", SIZED)
    command = [sys.executable, "-c", DYING, str(repo.root)]
    result = subprocess.run(command, capture_output=True, check=False)
    assert result.returncode == -signal.SIGABRT
    assert {(repo.root / name).read_text() for name in names} <= {SIZED, DOCUMENTED}
    assert (repo.root / "plain.py").read_text() == PLAIN
    command = [sys.executable, "-m", "docbot", "fix", "-q", "--force", str(repo.root)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    assert {(repo.root / name).read_text() for name in [*names, "last.py"]} == {DOCUMENTED}
    assert not list(repo.root.glob(".docbot-*"))


def test_two_runs_at_once_write_every_file_once(repo):
    names = [f"box{n}.py" for n in range(40)]
    for name in names:
        repo.stage(name, SIZED)
    repo.commit("last.py", SIZED)
    command = [sys.executable, "-m", "docbot", "fix", "-q", "--force", str(repo.root)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate()[1] for process in both]
    assert {(repo.root / name).read_text() for name in [*names, "last.py"]} == {DOCUMENTED}
    assert all(b"Traceback" not in err for err in errors)


# check


def test_check_lists_and_explains(docbot, repo):
    repo.commit("shop.py", PLAIN + '\n\ndef tax():\n    """Return it."""\n    return [1]\n')
    ran = docbot("check", repo.root)
    assert (ran.code, ran.out) == (
        exit_codes.CHANGES,
        "shop.py:1: function total has no docstring\n",
    )
    assert "coverage: 50.0 %, 1 of 2 of the classes, functions and methods that count" in ran.err


def test_check_gates_only_when_asked(docbot, repo):
    repo.commit("shop.py", PLAIN + '\n\ndef tax():\n    """Return it."""\n    return [1]\n')
    assert docbot("check", "--fail-under", "50", repo.root).code == exit_codes.CLEAN
    assert docbot("check", "--fail-under", "51", repo.root).code == exit_codes.CHANGES


def test_check_counts_modules_when_asked_and_classes_always(docbot, repo):
    repo.commit("shop.py", "class Shop:\n    rate = 1\n")
    assert docbot("check", repo.root).out == "shop.py:1: class Shop has no docstring\n"
    assert docbot("check", "--fail-under", "100", repo.root).code == exit_codes.CHANGES
    ran = docbot("check", "--kinds", "class", "--kinds", "module", repo.root)
    assert ran.out.splitlines() == [
        "shop.py:1: class Shop has no docstring",
        "shop.py:1: module <module> has no docstring",
    ]


def test_check_verbose_gives_each_reason(docbot, repo):
    repo.commit("box.py", SIZED + "\n\ndef _private(x):\n    return [x, x]\n")
    ran = docbot("check", "-v", repo.root)
    assert "box.py:2: Box.__init__ skipped, constructor: the class docstring" in ran.out
    assert "box.py:9: _private skipped, private: _private starts with" in ran.out


def test_an_override_of_a_documented_parent_counts_as_documented(docbot, repo):
    base = 'class Base:\n    """Run."""\n\n    def run(self, x):\n        """Run it."""\n'
    base += "        return x + 1\n"
    child = base.replace('        """Run it."""\n', "").replace("class Base", "class Child(Base)")
    child = "from pkg.base import Base\n\n\n" + child
    repo.stage("src/pkg/__init__.py", "")
    repo.stage("src/pkg/base.py", base)
    repo.commit("src/pkg/child.py", child)
    assert docbot("check", repo.root).code == exit_codes.CLEAN
    assert docbot("check", "--include", "override", repo.root).code == exit_codes.CHANGES


LONG = "def run_all(order):\n" + "".join(f"    order.step_{n}()\n" for n in range(130))
ABSTRACT = (
    'class Store:\n    """Keep."""\n\n    @abc.abstractmethod\n    def load(self):\n        ...\n'
)
ADD = 'def add(a, b):\n    """Add them."""\n    return a + b\n\n\n'


@pytest.mark.parametrize(
    ("lacking", "line"),
    [
        (LONG, "shop.py:6: function run_all has no docstring"),
        ("def double(a): return add(a, a)\n", "shop.py:6: function double has no docstring"),
        (
            ABSTRACT,
            "shop.py:10: method Store.load has no docstring",
        ),
    ],
)
def test_what_docbot_cannot_write_is_missing_all_the_same(docbot, repo, lacking, line):
    repo.commit("shop.py", ADD + lacking)
    ran = docbot("check", "--fail-under", "100", repo.root)
    assert (ran.code, ran.out) == (exit_codes.CHANGES, f"{line}\n")
    low = "below fail-under = 100:"
    assert f"50.0 %, {low} 1 of 2" in ran.err or f"66.6 %, {low} 2 of 3" in ran.err


def test_check_and_fix_count_the_same(docbot, repo):
    repo.commit("shop.py", ADD + LONG)
    repo.commit("full.py", ADD)
    checked = json.loads(docbot("check", "--format", "json", repo.root).out)["summary"]
    fixed = json.loads(docbot("fix", "--diff", "--format", "json", repo.root).out)["summary"]
    assert (checked["documented"], checked["missing"], checked["coverage"]) == (2, 1, 66.66)
    assert {key: fixed[key] for key in ("documented", "missing", "coverage")} == {
        key: checked[key] for key in ("documented", "missing", "coverage")
    }


def test_files_left_out_are_in_the_coverage_line(docbot, repo):
    repo.stage("shop.py", ADD)
    repo.stage("pkg/external/mine.py", ADD)
    repo.stage("vendor/six/LICENSE", "MIT\n")
    repo.stage("vendor/six/six.py", "def f(x):\n    return [x]\n")
    repo.stage("tests/test_shop.py", "def test_f():\n    assert add(1, 2) == 3\n")
    repo.commit("gen.py", "# @generated\nx = 1\n")
    ran = docbot("check", repo.root)
    assert "2 of 2" in ran.err
    assert "3 files were left out (1 generated, 1 test, 1 vendored)" in ran.err
    sentence = "left out as other people's code: vendor holds six/LICENSE; include"
    assert ran.err.count(sentence) == 1
    assert docbot("check", repo.root).err == ran.err
    (repo.root / "pkg/external/LICENSE").write_text("MIT\n")  # no Python file has changed
    assert "2 vendored" in docbot("check", repo.root).err
    ran = docbot("check", "--include", "vendored", repo.root)
    assert ran.code == exit_codes.CHANGES


@pytest.mark.parametrize("flags", [[], ["--fail-under", "10"], ["-q"], ["--no-cache"]])
def test_a_file_that_cannot_be_parsed_fails_the_check(docbot, repo, flags):
    repo.stage("shop.py", ADD)
    repo.commit("gen.py", "def f(:\n    pass\n")
    for _ in range(2):
        ran = docbot("check", *flags, repo.root)
        assert ran.code == exit_codes.CHANGES
        assert ran.err.count("gen.py: skipped: Python cannot parse it") == 1
        assert "mend the file, or exclude it" in ran.err
    assert docbot("check", *flags, "--exclude", "gen.py", repo.root).code == exit_codes.CLEAN


def test_no_color_and_no_bar_in_a_pipe(repo):
    repo.commit("box.py", SIZED)
    result = subprocess.run(
        [sys.executable, "-m", "docbot", "fix", str(repo.root)], capture_output=True, text=True
    )
    assert "\x1b" not in result.stdout + result.stderr
    assert "documented in 1 of 1 file" in result.stderr
