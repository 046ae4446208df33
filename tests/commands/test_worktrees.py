"""Every file belongs to the repository and the configuration that hold it, in one run of many."""

import shutil
import signal
import subprocess
import sys

import pytest

from docbot.commands import exit_codes

STACK = '''"""A stack."""


class Stack:
    """A stack of items."""

    def __len__(self):
        return len(self.items)
'''
PLAIN = '''"""Text."""


def count_words(text):
    return len(text.split())
'''
SENTENCE = '"""Return the number of items."""'


@pytest.fixture
def clone(repo, tmp_path):
    """Make further repositories, each with a committed `stack.py`."""
    repo.commit("stack.py", STACK)

    def make(name):
        folder = tmp_path / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "--quiet", repo.root, folder], check=True)
        return folder

    return make


def make_dirty(folder):
    file = folder / "stack.py"
    file.write_text(file.read_text() + "# mine\n")
    return file


def is_documented(file):
    return SENTENCE in file.read_text()


def undo_all(ran, folder):
    lines = [line for line in ran.err.splitlines() if line.startswith("docbot: undo ")]
    for line in lines:
        subprocess.run(line.partition(": undo this run: ")[2], shell=True, check=True, cwd=folder)
    return len(lines)


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_dirty_file_of_a_second_repository_is_left_alone(
    docbot, clone, tmp_path, monkeypatch, order
):
    one, two = clone("one"), clone("two")
    (two / "more.py").write_text(STACK)
    subprocess.run(["git", "-C", two, "add", "."], check=True)
    subprocess.run(["git", "-C", two, "commit", "--quiet", "-m", "More"], check=True)
    make_dirty(two)
    monkeypatch.chdir(one)
    ran = docbot("fix", *(tmp_path / name / "stack.py" for name in order), two / "more.py")
    assert ran.code == exit_codes.CHANGES
    assert is_documented(one / "stack.py")
    assert is_documented(two / "more.py")
    assert not is_documented(two / "stack.py")
    assert "two/stack.py: skipped: it has uncommitted changes" in ran.err
    assert "one/stack.py:7: " in ran.out
    assert undo_all(ran, one) == 2
    assert (one / "stack.py").read_text() == (two / "more.py").read_text() == STACK


def test_a_submodule_is_asked_for_its_own_changes(docbot, repo, clone, monkeypatch):
    library = clone("library")
    repo.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "libs/sub"
    )
    repo.commit("top.py", STACK)
    sub = repo.root / "libs/sub"
    make_dirty(sub)
    monkeypatch.chdir(repo.root)
    ran = docbot("fix", "top.py", "libs/sub/stack.py")
    assert is_documented(repo.root / "top.py")
    assert not is_documented(sub / "stack.py")
    assert docbot("check", ".", "libs/sub").code == exit_codes.CHANGES
    assert undo_all(ran, repo.root) == 1
    (sub / "stack.py").write_text(STACK)
    ran = docbot("fix", ".", "libs/sub")
    assert is_documented(sub / "stack.py")
    assert undo_all(ran, repo.root) == 2
    assert repo.git("status", "--porcelain") == ""


def test_a_plain_folder_of_clones(docbot, clone, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    projects = tmp_path / "projects"
    clean, dirty = clone("projects/clean"), clone("projects/deep/dirty")
    make_dirty(dirty)
    tree = projects / "linked"
    subprocess.run(["git", "-C", clean, "worktree", "add", "--quiet", tree], check=True)
    (projects / "loose.py").write_text(STACK)
    ran = docbot("fix", projects)
    assert ran.code == exit_codes.CHANGES
    assert is_documented(clean / "stack.py")
    assert is_documented(tree / "stack.py")
    assert is_documented(projects / "loose.py")
    assert not is_documented(dirty / "stack.py")
    assert "deep/dirty/stack.py: skipped: it has uncommitted changes" in ran.err
    assert undo_all(ran, tmp_path) == 3
    assert all(
        file.read_text() == STACK
        for file in (clean / "stack.py", tree / "stack.py", projects / "loose.py")
    )


def test_a_plain_file_named_first_hides_no_repository(docbot, clone, tmp_path):
    one = clone("one")
    make_dirty(one)
    loose = tmp_path / "plain/p.py"
    loose.parent.mkdir()
    loose.write_text(STACK)
    docbot("fix", loose, one / "stack.py")
    assert is_documented(loose)
    assert not is_documented(one / "stack.py")


def test_a_broken_clone_stops_no_other(docbot, clone, tmp_path):
    projects = tmp_path / "projects"
    clone("projects/sound")
    broken = projects / "broken"
    broken.mkdir()
    (broken / ".git").write_text("gitdir: /nowhere\n")
    (broken / "a.py").write_text(STACK)
    ran = docbot("fix", projects)
    assert ran.code == exit_codes.CHANGES
    assert is_documented(projects / "sound/stack.py")
    assert not is_documented(broken / "a.py")
    assert "broken" in ran.err


def test_a_bare_repository_is_told(docbot, clone, tmp_path):
    one = clone("one")
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", one, bare], check=True)
    ran = docbot("check", bare)
    assert (ran.code, ran.out) == (exit_codes.CANNOT_RUN, "")
    assert ran.err == f"docbot: {bare}: is a bare repository, which has no files; clone it\n"


def test_files_that_git_does_not_track_are_told(docbot, repo):
    repo.write("a.py", STACK)
    ran = docbot("fix", repo.root)
    assert ran.code == exit_codes.CLEAN
    assert "1 Python file is left out, since git does not track it: " in ran.err
    assert docbot("check", repo.root).err.startswith("docbot: 1 Python file is left out")
    repo.stage("b.py", STACK)
    assert "1 Python file is left out" in docbot("fix", "--force", repo.root).err
    assert "1 Python file is left out" in docbot("check", "-v", repo.root).err
    assert "left out" not in docbot("fix", repo.root / "b.py").err
    (repo.root / "a.py").unlink()
    repo.git("rm", "-qf", "b.py")
    assert "no Python files were found" in docbot("check", repo.root).err


@pytest.mark.parametrize("name", ["notebook.ipynb", "settings.json", "fast.pyx", "README.md"])
def test_a_named_file_of_another_language_is_told(docbot, repo, name):
    file = repo.commit(name, '{"cells": []}\n')
    ran = docbot("fix", file)
    assert ran.code == exit_codes.CLEAN
    assert f"{name}: skipped: it is not Python but " in ran.err
    assert f"{name}: skipped: it is not Python but " in docbot("check", file).err


# Configurations


NESTED = '[tool.docbot]\nexclude = ["src/legacy.py"]\n'


@pytest.fixture
def monorepo(repo):
    """Two packages, one with a configuration of its own."""
    for name in ("libs/a/src/legacy.py", "libs/a/src/new.py", "libs/b/src/legacy.py", "top.py"):
        repo.stage(name, STACK)
    repo.stage("libs/a/pyproject.toml", NESTED)
    repo.stage("pyproject.toml", '[tool.docbot]\nexclude = ["top.py"]\n')
    repo.git("commit", "--quiet", "--message", "Start")
    return repo


def missing(ran):
    return {line.partition(":")[0] for line in ran.out.splitlines()}


@pytest.mark.parametrize("folder", [".", "libs", "libs/a"])
def test_the_nearest_configuration_counts_for_a_file(docbot, monorepo, monkeypatch, folder):
    monkeypatch.chdir(monorepo.root / folder)
    expected = {"libs/a/src/new.py", "libs/b/src/legacy.py"}
    if folder == "libs/a":
        expected = {"libs/a/src/new.py"}
    for _ in range(2):  # the second time from the cache
        assert missing(docbot("check")) == expected
    ran = docbot("fix")
    assert missing(ran) == expected
    assert not is_documented(monorepo.root / "libs/a/src/legacy.py")
    assert not is_documented(monorepo.root / "top.py")


def test_the_first_path_does_not_decide_for_the_others(docbot, monorepo):
    legacy, top = monorepo.root / "libs/a/src/legacy.py", monorepo.root / "top.py"
    other = monorepo.root / "libs/b/src/legacy.py"
    for paths in ((legacy, top, other), (other, top, legacy), (top, legacy, other)):
        assert missing(docbot("check", *paths)) == {"libs/b/src/legacy.py"}


def test_a_changed_nested_configuration_is_read_again(docbot, monorepo):
    assert "libs/a/src/legacy.py" not in missing(docbot("check", monorepo.root))
    monorepo.write("libs/a/pyproject.toml", "[tool.docbot]\n")
    assert "libs/a/src/legacy.py" in missing(docbot("check", monorepo.root))
    monorepo.write("libs/a/pyproject.toml", "[tool.other]\n")
    assert "libs/a/src/legacy.py" in missing(docbot("check", monorepo.root))


def test_a_nested_configuration_that_is_wrong_is_an_error(docbot, monorepo):
    monorepo.write("libs/a/pyproject.toml", "[tool.docbot]\nexclud = []\n")
    ran = docbot("check", monorepo.root)
    assert ran.code == exit_codes.CANNOT_RUN
    assert "libs/a/pyproject.toml: unknown key 'exclud'" in ran.err


def test_a_new_configuration_above_what_is_named_counts(docbot, monorepo):
    monorepo.write("libs/b/pyproject.toml", NESTED)  # not tracked yet
    assert missing(docbot("check", monorepo.root / "libs/b/src")) == set()


def test_patterns_of_a_named_configuration_are_relative_to_it(docbot, monorepo):
    config = monorepo.root / "libs/a/pyproject.toml"
    ran = docbot("check", "--config", config, monorepo.root)
    assert missing(ran) == {"libs/a/src/new.py", "libs/b/src/legacy.py", "top.py"}


def test_a_plain_folder_has_nested_configurations_too(docbot, monorepo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(monorepo.root / ".git")
    expected = {"libs/a/src/new.py", "libs/b/src/legacy.py"}
    assert missing(docbot("check", monorepo.root)) == expected
    assert missing(docbot("check", monorepo.root / "libs/a/src")) == {"new.py"}
    ran = docbot("fix", monorepo.root)
    assert missing(ran) == expected
    assert undo_all(ran, tmp_path) >= 1
    assert not is_documented(monorepo.root / "libs/b/src/legacy.py")


def test_each_configuration_has_its_own_settings(docbot, monorepo):
    monorepo.stage("libs/a/pyproject.toml", '[tool.docbot]\nskip = ["dunder"]\n')
    monorepo.git("commit", "--quiet", "--message", "Settings")
    ran = docbot("fix", monorepo.root)
    assert missing(ran) == {"libs/b/src/legacy.py"}
    assert "special method" in docbot("check", "-v", monorepo.root).out


LONG_NAME = '''"""Stores."""


class Store:
    """A store."""

    def __getattr__(self, name):
        return self.data[name]
'''


@pytest.mark.parametrize("git", [True, False])
def test_the_nearest_settings_of_a_tool_count_for_a_file(docbot, repo, git):
    for name in ("wide/a.py", "narrow/deep/a.py", "extended/a.py"):
        repo.stage(name, LONG_NAME)
    repo.stage("pyproject.toml", "[tool.ruff]\nline-length = 100\n")
    repo.stage("narrow/ruff.toml", "line-length = 40\n")
    repo.stage("extended/ruff.toml", 'extend = "../narrow/ruff.toml"\n')
    repo.git("commit", "--quiet", "--message", "Start")
    if not git:
        shutil.rmtree(repo.root / ".git")
    docbot("fix", repo.root)
    for name in ("narrow/deep/a.py", "extended/a.py"):
        text = (repo.root / name).read_text()
        assert max(map(len, text.splitlines())) <= 40
    assert (repo.root / "wide/a.py").read_text() != LONG_NAME


def test_an_interrupted_run_says_how_to_undo_it(repo):
    for number in range(200):
        repo.stage(f"m{number:03}.py", STACK)
    repo.git("commit", "--quiet", "--message", "Start")
    process = subprocess.Popen(
        [sys.executable, "-m", "docbot", "fix"],
        cwd=repo.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == exit_codes.INTERRUPTED
    assert repo.git("status", "--porcelain") != ""
    (command,) = [line for line in messages.splitlines() if "undo this run: " in line]
    subprocess.run(command.partition("run: ")[2], shell=True, check=True, cwd=repo.root)
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("outer", "inner", "code"),
    [
        ("", "", exit_codes.CHANGES),
        ("fail-under = 50", "fail-under = 0", exit_codes.CLEAN),
        ("fail-under = 50", "", exit_codes.CHANGES),
        ("fail-under = 51", "fail-under = 0", exit_codes.CHANGES),
        ("fail-under = 50", "fail-under = 1", exit_codes.CHANGES),
    ],
)
def test_each_configuration_says_how_much_is_enough(docbot, repo, outer, inner, code):
    half = PLAIN + '\n\ndef add(a, b):\n    """Add."""\n    return a + b\n'
    repo.stage("half.py", half)
    repo.stage("libs/none.py", PLAIN)
    repo.stage("pyproject.toml", f"[tool.docbot]\nkinds = ['function']\n{outer}\n")
    repo.commit("libs/pyproject.toml", f"[tool.docbot]\nkinds = ['function']\n{inner}\n")
    for _ in range(2):
        assert docbot("check", repo.root).code == code
    assert docbot("check", "--fail-under", "33", repo.root).code == exit_codes.CLEAN
    assert docbot("check", "--fail-under", "34", repo.root).code == exit_codes.CHANGES


@pytest.mark.parametrize("value", ["-2", "101", "'much'"])
def test_a_wrong_fail_under_is_told(docbot, repo, value):
    repo.stage("pyproject.toml", f"[tool.docbot]\nfail-under = {value}\n")
    ran = docbot("check", repo.root)
    assert ran.code == exit_codes.CANNOT_RUN
    assert "'fail-under'" in ran.err


def test_a_file_that_cannot_be_written_is_named_once(docbot, repo):
    file = repo.commit("stack.py", STACK)
    file.chmod(0o444)
    ran = docbot("fix", "--force", repo.root)
    assert "docbot: stack.py: skipped: is read-only; " in ran.err
    assert file.read_text() == STACK
