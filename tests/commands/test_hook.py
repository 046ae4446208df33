"""docbot as a hook of the real pre-commit, installed from this checkout's own files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wheelhouse import bytes_below, pack, serve_index, unbuildable

import docbot

HOME = Path(__file__).parents[2]
SIZED = """class Box:
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)
"""
PLAIN = "def total(prices, tax):\n    value = sum(prices)\n    return value * tax\n"
CALLERS_HOME = os.environ.get("HOME", "")
MANIFEST = HOME / ".pre-commit-hooks.yaml"


def pre_commit(repo, *arguments, home, environment=None):
    command = [sys.executable, "-m", "pre_commit", *arguments]
    environment = {
        # this docbot, whichever is installed; that of an environment is its own
        **(environment or {"HOME": str(home), "PYTHONPATH": str(HOME)}),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }
    return subprocess.run(
        command, cwd=repo.root, capture_output=True, text=True, env=environment, check=False
    )


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture(scope="session")
def hooks(tmp_path_factory):
    """A git repository with this manifest and tag v1, as a user's configuration would pin it.

    `language: system` stands in for `language: python`, so that the docbot under test runs and
    llama.cpp is not built again; everything else is the manifest as shipped.
    """
    root = tmp_path_factory.mktemp("hooks")
    text = MANIFEST.read_text()
    assert text.count("language: python") == 2
    (root / ".pre-commit-hooks.yaml").write_text(
        text.replace("language: python", "language: system")
    )
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "--quiet", "-m", "one"],
        ["tag", "v1"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def configure(repo, hooks, *ids):
    listed = "".join(f"      - id: {name}\n" for name in ids)
    text = f"repos:\n  - repo: {hooks}\n    rev: v1\n    hooks:\n{listed}"
    repo.commit(".pre-commit-config.yaml", text)


def test_the_manifest_is_valid(repo, home):
    result = pre_commit(repo, "validate-manifest", str(MANIFEST), home=home)
    assert result.returncode == 0, result.stdout


def test_our_own_configuration_is_valid(repo, home):
    config = str(HOME / ".pre-commit-config.yaml")
    assert pre_commit(repo, "validate-config", config, home=home).returncode == 0


def test_a_commit_gets_its_docstring_and_never_a_git_add(repo, hooks, home):
    configure(repo, hooks, "docbot")
    repo.stage("box.py", SIZED)
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 1
    assert "files were modified by this hook" in result.stdout
    assert '"""Return the number of items."""' in (repo.root / "box.py").read_text()
    assert repo.git("show", ":box.py") == SIZED
    repo.git("add", "box.py")
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 0, result.stdout


def said(result):
    """What the hook printed, without pre-commit's own lines."""
    lines = result.stdout.splitlines()
    own = ("- hook id", "- duration", "- exit code", "- files were modified", "docbot....", "[WARN")
    return [line for line in lines if line and not line.startswith(own)]


def test_the_hook_says_in_one_line_what_it_wrote_and_what_it_left(repo, hooks, home):
    configure(repo, hooks, "docbot")
    repo.stage("pyproject.toml", "[tool.docbot]\nmin-confidence = 1.0\n")
    repo.stage("box.py", SIZED + "\n\n" + PLAIN)
    result = pre_commit(repo, "run", home=home)
    left = "left 2 without (box.py:1 Box, box.py:10 total)"
    assert said(result)[-1] == (
        f"docbot: wrote 1 docstring, {left}: look at the changes, git add the files, and commit"
        " again"
    )
    repo.git("add", "box.py")
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 0
    assert "Passed" in result.stdout
    (line,) = said(result)
    assert line == "docbot: left 2 definitions without a docstring (box.py:1 Box, box.py:10 total)"
    repo.git("commit", "--quiet", "--message", "one")
    repo.stage("done.py", 'def f():\n    """Do it."""\n    return list(range(3))\n')
    result = pre_commit(repo, "run", home=home)
    assert (result.returncode, said(result)) == (0, [])


@pytest.mark.parametrize("hook", ["docbot", "docbot-check"])
def test_all_files_are_checked_and_nothing_is_written(repo, hooks, home, hook):
    configure(repo, hooks, hook)
    for name, text in (("box.py", SIZED), ("plain.py", PLAIN), ("done.py", '"""Nothing."""\n')):
        repo.commit(name, text)
    result = pre_commit(repo, "run", "--all-files", home=home)
    assert result.returncode == 1
    for line in ("box.py:5: method Box.__len__ has no", "plain.py:1: function total has no"):
        assert line in result.stdout
    assert "coverage: 0.0 %, 0 of 3" in result.stdout
    assert repo.git("status", "--porcelain") == ""
    repo.commit("pyproject.toml", "[tool.docbot]\nfail-under = 0\n")
    assert pre_commit(repo, "run", "--all-files", home=home).returncode == 0
    # also where some of them are staged, as long as others are not
    repo.git("mv", "done.py", "moved.py")
    repo.stage("new.py", SIZED)
    repo.stage("pyproject.toml", "[tool.docbot]\nfail-under = 50\n")
    result = pre_commit(repo, "run", "--all-files", home=home)
    assert (result.returncode, "plain.py:1: function total has no" in result.stdout) == (1, True)
    assert (repo.root / "new.py").read_text() == SIZED
    result = pre_commit(repo, "run", "--files", "new.py", "plain.py", home=home)
    low = "coverage: 0.0 %, below fail-under = 50: 0 of 3"
    assert (result.returncode, low in result.stdout) == (1, True)
    assert (repo.root / "new.py").read_text() == SIZED


def test_a_file_that_the_commit_removes_is_not_staged(docbot, repo, monkeypatch):
    monkeypatch.setenv("PRE_COMMIT", "1")
    monkeypatch.chdir(repo.root)
    repo.commit("plain.py", PLAIN)
    repo.git("rm", "--quiet", "--cached", "plain.py")
    assert docbot("fix", "--staged", "plain.py").code == 1
    assert (repo.root / "plain.py").read_text() == PLAIN


@pytest.mark.parametrize("how", [["--all"], ["box.py"], ["--amend"]])
def test_each_way_to_commit_is_a_commit(repo, hooks, home, how):
    configure(repo, hooks, "docbot")
    pre_commit(repo, "install", home=home)
    environment = {**os.environ, "PRE_COMMIT_HOME": str(home), "PYTHONPATH": str(HOME)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name in ("old.py", "box.py", "other.py"):
        repo.stage(name, PLAIN)
    repo.git("commit", "--quiet", "--no-verify", "--message", "one")
    repo.write("unknown.py", PLAIN)
    repo.git("add", "--intent-to-add", "unknown.py")
    if how == ["--amend"]:
        repo.stage("box.py", PLAIN + "\n\n" + SIZED)
    else:
        repo.write("box.py", PLAIN + "\n\n" + SIZED)
    if how == ["box.py"]:
        repo.stage("other.py", PLAIN + "\n\nLIMIT = 1\n")
    command = ["git", "commit", "--quiet", "--message", "two", *how]
    result = subprocess.run(
        command, cwd=repo.root, capture_output=True, text=True, env=environment, check=False
    )
    assert result.returncode == 1, result.stderr
    assert "wrote 1 docstring" in result.stderr
    assert "docbot check" not in result.stderr
    assert '"""Return the number of items."""' in (repo.root / "box.py").read_text()


def test_a_merge_is_a_commit_also_where_it_changes_nothing(docbot, repo, monkeypatch):
    monkeypatch.setenv("PRE_COMMIT", "1")
    monkeypatch.chdir(repo.root)
    repo.commit("plain.py", PLAIN)
    assert docbot("check", "--staged", "plain.py").code == 1
    repo.git("switch", "--quiet", "--create", "other")
    repo.commit("plain.py", PLAIN.replace("tax", "rate"))
    repo.git("switch", "--quiet", "-")
    repo.git("merge", "--quiet", "--no-commit", "--strategy", "ours", "other")
    assert docbot("check", "--staged", "plain.py").code == 0


def test_a_file_that_was_only_renamed_is_no_reason_to_check_it(repo, hooks, home):
    configure(repo, hooks, "docbot")
    repo.commit("old.py", PLAIN)
    repo.git("mv", "old.py", "new.py")
    result = pre_commit(repo, "run", home=home)
    assert (result.returncode, said(result)) == (0, [])


def test_untouched_debt_is_not_nagged_about(repo, hooks, home):
    repo.commit("old.py", PLAIN + "\n\nLIMIT = 1\n")
    configure(repo, hooks, "docbot", "docbot-check")
    repo.stage("old.py", PLAIN + "\n\nLIMIT = 2\n")
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 0, result.stdout


def test_check_fails_a_new_gap_and_writes_nothing(repo, hooks, home):
    configure(repo, hooks, "docbot-check")
    repo.stage("new.py", PLAIN)
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 1
    assert "new.py:1: function total has no docstring" in result.stdout
    assert (repo.root / "new.py").read_text() == PLAIN


def test_a_ratchet_lets_old_gaps_pass_and_stops_new_ones(repo, hooks, home):
    configure(repo, hooks, "docbot-check")
    repo.stage("pyproject.toml", '[tool.docbot]\nratchet = "gaps.txt"\n')
    repo.stage("gaps.txt", "old.py::total missing\n")
    repo.commit("old.py", PLAIN)
    repo.git("mv", "old.py", "moved.py")
    repo.stage("moved.py", PLAIN.replace("sum(", "max("))
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 0, result.stdout
    repo.stage("new.py", "class Till:\n    def count(self):\n        return self.coins + 1\n")
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 1
    assert "new.py:1: new: class Till has no docstring" in result.stdout
    assert "moved.py:1:" not in result.stdout
    repo.git("commit", "--quiet", "--no-verify", "--message", "Take it all the same")
    result = pre_commit(repo, "run", "--all-files", home=home)
    assert (result.returncode, "gaps.txt: 2 new, 1 known" in result.stdout) == (1, True)


STALE = """\
def total(prices, tax):
    \"\"\"Return the total.

    Args:
        prices: What is added up.
        tax: The share to add.
    \"\"\"
    return sum(prices) * tax
"""
RENAMED = STALE.replace("prices, tax)", "prices, rate)").replace("* tax", "* rate")


@pytest.mark.parametrize("hook", ["docbot", "docbot-check"])
def test_a_renamed_parameter_stops_the_commit(repo, hooks, home, hook):
    repo.commit("shop.py", STALE)
    configure(repo, hooks, hook)
    repo.stage("shop.py", RENAMED)
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 1
    line = "shop.py:6: total documents the parameter tax, which is now called rate [param-renamed]"
    assert line in result.stdout
    assert (repo.root / "shop.py").read_text() == RENAMED


def test_a_renamed_parameter_is_mended_where_the_settings_say_so(repo, hooks, home):
    repo.stage("pyproject.toml", '[tool.docbot]\nstale = "fix"\n')
    repo.commit("shop.py", STALE)
    configure(repo, hooks, "docbot")
    repo.stage("shop.py", RENAMED)
    result = pre_commit(repo, "run", home=home)
    assert "files were modified by this hook" in result.stdout
    mended = RENAMED.replace("        tax:", "        rate:")
    assert (repo.root / "shop.py").read_text() == mended
    repo.git("add", "shop.py")
    assert pre_commit(repo, "run", home=home).returncode == 0


def test_unstaged_hunks_survive(repo, hooks, home):
    repo.commit(
        "box.py", "START = 1\n\n\n" + SIZED.partition("    def __len__")[0] + "\n\nEND = 1\n"
    )
    configure(repo, hooks, "docbot")
    staged = (
        (repo.root / "box.py")
        .read_text()
        .replace("\n\nEND", SIZED[SIZED.index("    def __len__") :] + "\n\nEND")
    )
    repo.stage("box.py", staged)
    repo.write("box.py", staged.replace("START = 1", "START = 2"))
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 1
    text = (repo.root / "box.py").read_text()
    assert "START = 2" in text
    assert repo.git("show", ":box.py") == staged


def test_from_ref_to_ref(repo, hooks, home):
    repo.commit("old.py", PLAIN)
    configure(repo, hooks, "docbot-check")
    repo.commit("new.py", PLAIN)
    result = pre_commit(repo, "run", "--from-ref", "HEAD~1", "--to-ref", "HEAD", home=home)
    assert result.returncode == 1
    assert "new.py:1: function total has no docstring" in result.stdout
    assert "old.py" not in result.stdout


@pytest.mark.parametrize("arguments", ["", "args: [--time-budget=20]", "args: [-q, --]"])
@pytest.mark.parametrize("name", ["-x.py", "--staged.py", "-q.pyi.py"])
def test_a_name_that_looks_like_an_option_is_a_file(repo, hooks, home, name, arguments):
    configure(repo, hooks, "docbot")
    config = repo.root / ".pre-commit-config.yaml"
    repo.stage(config.name, config.read_text() + f"        {arguments}\n")
    repo.stage("box.py", SIZED)
    repo.stage(name, SIZED)
    result = pre_commit(repo, "run", home=home)
    assert "files were modified by this hook" in result.stdout, result.stdout
    for each in ("box.py", name):
        assert '"""Return the number of items."""' in (repo.root / each).read_text()
    repo.git("add", "--", "box.py", name)
    assert pre_commit(repo, "run", home=home).returncode == 0


def test_check_takes_a_name_that_looks_like_an_option(repo, hooks, home):
    configure(repo, hooks, "docbot-check")
    repo.stage("-v.py", PLAIN)
    result = pre_commit(repo, "run", home=home)
    assert result.returncode == 1
    assert "-v.py:1: function total has no docstring" in result.stdout


UV = "#!/usr/bin/env -S uv run --script\n"


@pytest.mark.parametrize(
    ("file", "is_passed"),
    [
        (("tools/size", "#!/usr/bin/env python3\n", 0o755), True),
        (("tools/size", UV, 0o755), False),
        (("tools/size.py", UV, 0o755), True),
        (("tools/size", "#!/usr/bin/env pypy3\n", 0o755), False),
        (("tools/size", "#!/usr/bin/env python3\n", 0o644), False),
        (("size.pyw", "", 0o644), True),
    ],
)
def test_the_readme_says_which_files_the_hook_is_given(repo, hooks, home, file, is_passed):
    """And its two lines of configuration add those of a folder."""
    name, shebang, mode = file
    readme = (HOME / "README.md").read_text()
    added = "        types: [text]\n        files: (\\.py|^tools/[^.]+)$\n"
    assert added in readme
    configure(repo, hooks, "docbot-check")
    repo.write(name, shebang + PLAIN).chmod(mode)
    repo.git("add", "--", name)
    assert (pre_commit(repo, "run", home=home).returncode == 1) is is_passed
    config = repo.root / ".pre-commit-config.yaml"
    repo.stage(config.name, config.read_text() + added)
    in_folder = name.startswith("tools/")
    assert (pre_commit(repo, "run", home=home).returncode == 1) is in_folder


INDEX = "https://abetlen.github.io/llama-cpp-python/whl/cpu"


@pytest.fixture
def as_in_the_readme(tmp_path):
    """The configuration that the README has, for a clone of this repository and another index."""
    readme = (HOME / "README.md").read_text()
    (block,) = re.findall(r"^```yaml\n(repos:.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    clone = tmp_path / "docbot"
    subprocess.run(["git", "clone", "--quiet", str(HOME), str(clone)], check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True, check=True
    )

    def configuration(index: str) -> str:
        text = block.replace("https://github.com/OWNER/docbot", str(clone))
        text = text.replace(f"rev: v{docbot.__version__}", f"rev: {head.stdout.strip()}")
        assert INDEX in text
        return text.replace(INDEX, index)

    return configuration


@pytest.mark.slow
@pytest.mark.skipif(not (HOME / ".git").exists(), reason="pre-commit clones a checkout")
def test_the_environment_takes_a_built_wheel(repo, home, as_in_the_readme, tmp_path, capsys):
    """`language: python` as shipped, from the README's own lines, on a machine without a compiler.

    The index has llama-cpp-python as it is installed here, and a newer release that is not built.
    """
    project = tmp_path / "index" / "llama-cpp-python"
    project.mkdir(parents=True)
    wheel = pack("llama-cpp-python", project)
    unbuildable("llama-cpp-python", "99.0", project)
    environment = {**os.environ, "HOME": CALLERS_HOME, "CC": "/no/compiler", "CXX": "/no/compiler"}
    with serve_index(project.parent) as (index, asked):
        repo.commit(".pre-commit-config.yaml", as_in_the_readme(index))
        repo.stage("box.py", SIZED)
        begun = time.perf_counter()
        made = pre_commit(repo, "install-hooks", home=home, environment=environment)
        seconds = time.perf_counter() - begun
    assert made.returncode == 0, made.stdout + made.stderr
    assert f"/llama-cpp-python/{wheel.name}" in asked
    assert not [path for path in asked if path.endswith(".tar.gz")]
    (folder,) = home.glob("repo*/py_env-*")
    with capsys.disabled():
        size = bytes_below(folder) / (1 << 20)
        sys.stdout.write(f"\nthe hook's environment: {size:.0f} MiB in {seconds:.0f} s\n")
    result = pre_commit(repo, "run", "--verbose", home=home, environment=environment)
    assert "files were modified by this hook" in result.stdout, result.stdout + result.stderr
    assert '"""Return the number of items."""' in (repo.root / "box.py").read_text()
