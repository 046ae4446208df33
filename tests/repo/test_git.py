from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docbot.errors import GitError
from docbot.repo.git import Repository

TEN = "".join(f"line {number}\n" for number in range(1, 11))


def tracked(repository, paths):
    """The Python files that git tracks at or below these paths."""
    return list(repository.blobs(paths))


def changed(text, **lines):
    """`text` with some lines replaced: _3="new" replaces line 3."""
    rows = text.splitlines(keepends=True)
    for key, new in lines.items():
        rows[int(key[1:]) - 1] = new
    return "".join(rows)


def opened(repo):
    repository = Repository.discover(repo.root)
    assert repository is not None
    return repository


# Finding the repository


def test_discover_from_a_folder_and_a_file_below(repo):
    path = repo.commit("pkg/sub/a.py")
    for start in (repo.root, path.parent, path, path.parent / "missing.py"):
        assert Repository.discover(start) == opened(repo)
    assert opened(repo).root == repo.root


def test_a_plain_folder_is_none_and_starts_no_git(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Repository.discover(tmp_path) is None


@pytest.mark.parametrize("inside", [".git", "bare"])
def test_without_a_work_tree_there_is_nothing_to_document(repo, inside):
    repo.git("init", "--quiet", "--bare", "bare")
    repository = Repository.discover(repo.root / inside)
    assert repository is None


def test_root_with_a_newline_in_its_name(tmp_path, repo):
    root = tmp_path / "two\nlines"
    repo.root.rename(root)
    repository = Repository.discover(root)
    assert repository is not None
    assert repository.root == root.resolve()


def test_a_link_to_the_repository_is_resolved(repo, tmp_path):
    (tmp_path / "link").symlink_to(repo.root)
    repo.commit("a.py")
    repository = Repository.discover(tmp_path / "link")
    assert repository == opened(repo)
    assert tracked(repository, [tmp_path / "link"]) == [repo.root / "a.py"]


def test_git_missing_is_one_sentence(repo):
    code = (
        "import pathlib, docbot.repo.git as g\n"
        "try: g.Repository.discover(pathlib.Path('.'))\n"
        "except g.GitError as error: print(error)\n"
    )
    home = str(Path(__file__).parents[2])
    for refresh in ("raise", "quiet"):
        environment = {"PATH": "/nowhere", "PYTHONPATH": home, "GIT_PYTHON_REFRESH": refresh}
        result = subprocess.run(
            [sys.executable, "-c", code],
            cwd=repo.root, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "install git" in result.stdout
        assert not result.stderr


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
def test_dubious_ownership_says_what_to_do(repo):
    os.chown(repo.root, 12345, 12345)
    with pytest.raises(GitError, match=r"git config --global --add safe\.directory"):
        Repository.discover(repo.root)


def test_a_dangling_git_file_is_not_taken_for_a_plain_folder(tmp_path):
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    with pytest.raises(GitError, match="nowhere/at/all"):
        Repository.discover(tmp_path)


@pytest.mark.parametrize(
    ("version", "extensions", "said"),
    [
        (1, ["shelf"], "unknown repository extension found: shelf"),
        (1, ["shelf", "drawer"], "unknown repository extensions found: drawer, shelf"),
        (9, [], "Expected git repo version <= 1, found 9"),
    ],
)
def test_a_message_of_several_lines_is_one_sentence(repo, version, extensions, said):
    for name in extensions:
        repo.git("config", f"extensions.{name}", "true")
    repo.git("config", "core.repositoryformatversion", str(version))
    with pytest.raises(GitError) as caught:
        Repository.discover(repo.root)
    message = str(caught.value)
    assert "\n" not in message
    wanted = f"{repo.root}: git cannot open this repository: {said}"
    assert sorted(re.split(r"[ ,]+", message)) == sorted(re.split(r"[ ,]+", wanted))  # in any order


def test_importing_the_door_does_not_import_gitpython():
    code = "import sys, docbot.repo.git; sys.exit('git' in sys.modules)"
    home = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=home, check=False).returncode == 0


# The environment of a hook


def test_a_hook_of_another_repository_redirects_nothing(repo, tmp_path, monkeypatch):
    repo.commit("a.py", TEN)
    repo.stage("a.py", changed(TEN, _5="new\n"))
    other = tmp_path / "other"
    repo.git("init", "--quiet", str(other))
    hostile = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_DIFF_OPTS": "--unified=3",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_GLOB_PATHSPECS": "1",
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
        "GIT_PREFIX": "nowhere/",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    assert tracked(opened(repo), [repo.root]) == [repo.root / "a.py"]
    assert opened(repo).staged_lines() == {repo.root / "a.py": ((5, 5),)}
    assert {name: os.environ[name] for name in hostile} == hostile
    assert Repository.discover(tmp_path) is None


def test_the_hook_of_a_partial_commit_sees_what_that_commit_holds(repo):
    repo.commit("a.py", "a = 1\n")
    repo.stage("b.py", "b = 1\n")
    repo.write("a.py", "a = 2\n")
    hook = repo.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from docbot.repo.git import Repository\n"
        "lines = Repository.discover(pathlib.Path('.')).staged_lines()\n"
        "pathlib.Path('seen').write_text(repr({path.name: at for path, at in lines.items()}))\n"
    )
    hook.chmod(0o755)
    repo.git("commit", "--quiet", "-m", "Only a", "a.py")
    assert (repo.root / "seen").read_text() == "{'a.py': ((1, 1),)}"
    repo.write("a.py", "\na = 2\n")
    repo.git("commit", "--quiet", "-a", "-m", "All")
    assert (repo.root / "seen").read_text() == "{'a.py': ((1, 1),), 'b.py': ((1, 1),)}"


def test_a_repository_that_only_the_environment_names(repo, tmp_path, monkeypatch):
    repo.stage("a.py")
    (repo.root / ".git").rename(tmp_path / "dotfiles")
    monkeypatch.chdir(repo.root)
    monkeypatch.setenv("GIT_DIR", "../dotfiles")
    repository = Repository.discover(Path())
    assert repository is not None
    assert repository.root == repo.root
    assert repository.staged_lines() == {repo.root / "a.py": ((1, 1),)}


# Files


def test_tracked_python_files_only(repo):
    for name in ("a.py", "b.pyi", "c.txt", "script", "pkg/d.py", "pkg/x.py/e.txt", "z.PY"):
        repo.stage(name)
    repo.write(".gitignore", "ignored.py\n")
    repo.write("ignored.py")
    repo.write("untracked.py")
    (repo.root / "link.py").symlink_to("a.py")
    repo.git("add", "link.py")
    assert tracked(opened(repo), [repo.root]) == [
        repo.root / name for name in ("a.py", "b.pyi", "pkg/d.py")
    ]
    assert tracked(opened(repo), [repo.root / "pkg", repo.root / "pkg/d.py"]) == [
        repo.root / "pkg/d.py"
    ]
    assert tracked(opened(repo), []) == []


def test_tracked_names_are_literal(repo):
    repo.stage("a1.py")
    star = repo.stage("a*.py")
    assert tracked(opened(repo), [star]) == [star]


def test_many_paths_take_several_command_lines(repo):
    paths = [repo.write(f"m{number:03}.py") for number in range(450)]
    repo.git("add", ".")
    assert tracked(opened(repo), paths) == paths


def test_outside_the_repository(repo, tmp_path):
    with pytest.raises(GitError, match="outside the repository"):
        tracked(opened(repo), [tmp_path])


def test_dirty_and_partially_staged(repo):
    for name in ("clean.py", "unstaged.py", "staged.py", "both.py", "gone.py", "old.py"):
        repo.commit(name)
    repo.write("unstaged.py", "x = 1\n")
    repo.stage("staged.py", "x = 1\n")
    repo.stage("both.py", "x = 1\n")
    repo.write("both.py", "x = 2\n")
    (repo.root / "gone.py").unlink()
    repo.git("mv", "old.py", "new name.py")
    untracked = repo.write("sub/untracked.py")
    repository = opened(repo)
    assert {path.name for path in repository.dirty([repo.root])} == {
        "unstaged.py", "staged.py", "both.py", "gone.py", "old.py", "new name.py",
    }  # fmt: skip
    assert repository.dirty([untracked, repo.root / "clean.py"]) == {untracked}
    assert repository.dirty([untracked.parent]) == frozenset()
    assert repository.partially_staged() == {repo.root / "both.py"}


def test_reading_writes_nothing_into_the_repository(repo):
    repo.commit("a.py")
    os.utime(repo.root / "a.py", (1, 1))  # git status would refresh the index
    before = (repo.root / ".git/index").read_bytes()
    opened(repo).dirty([repo.root])
    opened(repo).staged_lines()
    assert (repo.root / ".git/index").read_bytes() == before


# Lines


LINES = [
    ("nothing", TEN, None),
    ("changed", changed(TEN, _3="new\n"), ((3, 3),)),
    ("added", changed(TEN, _3="line 3\nnew\nnew\n"), ((4, 5),)),
    ("two hunks", changed(TEN, _2="new\n", _3="", _9="new\n"), ((2, 2), (8, 8))),
    ("deleted inside", changed(TEN, _5=""), ((4, 5),)),
    ("deleted at the start", changed(TEN, _1=""), ((1, 1),)),
    ("deleted at the end", changed(TEN, _10=""), ((9, 10),)),
    ("emptied", "", ((1, 1),)),
    ("no final newline", TEN + "last", ((11, 11),)),
    ("newline lost", TEN[:-1], ((10, 10),)),
    ("looks like a header", changed(TEN, _1="++ b/other.py\n@@ -1 +1 @@\n"), ((1, 2),)),
    ("a NUL byte", changed(TEN, _1="\0\n"), ((1, 1),)),
    ("carriage returns", changed(TEN, _1="a\rb\r\n"), ((1, 1),)),
]


@pytest.mark.parametrize(
    ("content", "lines"), [row[1:] for row in LINES], ids=[row[0] for row in LINES]
)
def test_lines(repo, content, lines):
    path = repo.commit("a.py", TEN)
    repo.git("branch", "base")
    repo.stage("a.py", content)
    expected = {path: lines} if lines else {}
    assert opened(repo).staged_lines() == expected
    assert opened(repo).lines_since("base") == expected


def test_a_line_that_looks_like_a_header_where_the_file_had_no_final_newline(repo):
    path = repo.commit("a.py", TEN[:-1])
    repo.stage("a.py", changed(TEN, _10="++ b/other.py"))
    assert opened(repo).staged_lines() == {path: ((10, 10),)}


def test_the_first_commit(repo):
    path = repo.stage("a.py", TEN)
    repo.stage("empty.py", "")
    assert opened(repo).staged_lines() == {path: ((1, 10),)}
    assert opened(repo).partially_staged() == frozenset()


def test_staged_lines_are_those_of_the_index(repo):
    path = repo.commit("a.py", TEN)
    repo.stage("a.py", changed(TEN, _5="new\n"))
    repo.write("a.py", "x\n" * 20)
    assert opened(repo).staged_lines() == {path: ((5, 5),)}


@pytest.mark.parametrize("renames", ["true", "false", "copies"])
def test_renames_are_followed(repo, renames):
    repo.git("config", "diff.renames", renames)
    repo.commit("a.py", TEN)
    repo.commit("b.py", TEN.replace("line", "row"))
    repo.git("mv", "a.py", "moved.py")
    repo.git("mv", "b.py", "c.py")
    edited = repo.stage("c.py", changed(TEN, _2="new\n").replace("line", "row"))
    assert opened(repo).staged_lines() == {edited: ((2, 2),)}


def test_deleted_linked_and_mode_only_have_no_lines(repo):
    for name in ("deleted.py", "linked.py", "mode.py"):
        repo.commit(name, TEN)
    (repo.root / "linked.py").unlink()
    (repo.root / "linked.py").symlink_to("mode.py")
    (repo.root / "mode.py").chmod(0o755)
    repo.git("rm", "--quiet", "deleted.py")
    repo.git("add", ".")
    assert opened(repo).staged_lines() == {}


ODD = [
    "a b.py", " lead.py", "trail .py", "tab\there.py", "new\nline.py", 'quo"te.py',
    "back\\slash.py", "ümlaut.py", "b/b/b.py", "-dash.py", "+++ b.py", "a*.py", "[x].py",
    ":(top).py", "\a\b\v\f\r\x7f.py", os.fsdecode(b"caf\xe9.py"), "1 => 2.py",
    "sp ace/new\nline/\udce9 x.py",
]  # fmt: skip


def test_odd_names(repo):
    paths = []
    for name in ODD:
        try:
            paths.append(repo.stage(name, TEN))
        except OSError:  # a file system that wants UTF-8
            continue
    repository = opened(repo)
    assert repository.staged_lines() == dict.fromkeys(paths, ((1, 10),))
    assert set(tracked(repository, [repo.root])) == set(tracked(repository, paths)) == set(paths)
    assert repository.dirty(paths) == set(paths)


HOSTILE = {
    "diff.noprefix": "true",
    "diff.mnemonicPrefix": "true",
    "diff.external": "false",
    "diff.context": "7",
    "diff.interHunkContext": "9",
    "diff.odd.textconv": "tac",
    "diff.odd.command": "false",
    "diff.odd.binary": "true",
    "diff.submodule": "log",
    "diff.wsErrorHighlight": "all",
    "diff.colorMoved": "zebra",
    "diff.relative": "true",
    "diff.orderFile": "/dev/null",
    "diff.suppressBlankEmpty": "true",
    "color.ui": "always",
    "color.diff": "always",
    "core.quotePath": "false",
    "core.pager": "false",
    "core.safecrlf": "warn",
    "status.renames": "copies",
    "status.showUntrackedFiles": "no",
    "status.branch": "true",
    "status.short": "false",
    "status.relativePaths": "true",
}


def test_configuration_changes_nothing(repo):
    repo.commit(".gitattributes", "*.py diff=odd\nb.py -diff\nc.py binary\n")
    paths = [repo.commit(name, TEN) for name in ("a.py", "b.py", "c.py", "sub/ü.py")]
    for key, value in HOSTILE.items():
        repo.git("config", key, value)
    for path in paths:
        repo.stage(str(path.relative_to(repo.root)), changed(TEN, _2="new\n", _6="new\n"))
    repository = opened(repo)
    expected = dict.fromkeys(paths, ((2, 2), (6, 6)))
    assert repository.staged_lines() == repository.lines_since("HEAD") == expected
    assert repository.dirty([repo.root]) == set(paths)


def test_files_that_are_not_python_count_when_named(repo):
    script = repo.stage("script", TEN)
    repo.stage("data.csv", TEN)
    repo.stage("other", TEN)
    assert opened(repo).staged_lines() == {}
    assert opened(repo).staged_lines([script]) == {script: ((1, 10),)}


def test_autocrlf_keeps_line_numbers_and_clean_files_clean(repo):
    repo.git("config", "core.autocrlf", "true")
    path = repo.commit("a.py", TEN.replace("\n", "\r\n"))
    assert opened(repo).dirty([repo.root]) == frozenset()
    repo.write("a.py", changed(TEN, _4="new\n").replace("\n", "\r\n"))
    assert opened(repo).lines_since("HEAD") == {path: ((4, 4),)}


def test_lines_since_starts_at_the_merge_base(repo):
    mine = repo.commit("a.py", TEN)
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.commit("a.py", changed(TEN, _2="committed\n"))
    repo.git("checkout", "--quiet", "main")
    repo.commit("theirs.py", TEN)
    repo.git("checkout", "--quiet", "feature")
    repo.write("a.py", changed(TEN, _2="committed\n", _8="unstaged\n"))
    new = repo.stage("new.py", TEN)
    repo.write("untracked.py", TEN)
    assert opened(repo).lines_since("main") == {mine: ((2, 2), (8, 8)), new: ((1, 10),)}


def conflict(repo):
    repo.commit("both.py", TEN)
    repo.git("checkout", "--quiet", "-b", "theirs")
    repo.stage("theirs.py", TEN)
    repo.commit("both.py", changed(TEN, _2="theirs\n", _9="theirs\n"))
    repo.git("checkout", "--quiet", "main")
    repo.stage("ours.py", TEN)
    repo.commit("both.py", changed(TEN, _2="ours\n", _5="ours\n"))
    repo.git("merge", "theirs", check=False)


def test_a_merge_has_only_the_lines_that_no_parent_has(repo):
    conflict(repo)
    repository = opened(repo)
    assert tracked(repository, [repo.root]) == [
        repo.root / name for name in ("both.py", "ours.py", "theirs.py")
    ]
    assert repo.root / "both.py" in repository.partially_staged()
    assert repository.staged_lines() == {}
    merged = changed(TEN, _2="resolved\n", _5="ours\n", _9="theirs\n")
    both = repo.stage("both.py", merged)
    assert repository.staged_lines() == {both: ((2, 2),)}


REVISIONS = [
    "nowhere",
    "",
    "-p",
    "--output=pwned",
    "HEAD..HEAD",
    "HEAD:a.py",
    "HEAD^",
    "ab\ncd",
    "é",
]


@pytest.mark.parametrize("revision", REVISIONS)
def test_unknown_revisions_are_named(repo, revision):
    repo.commit("a.py")
    with pytest.raises(GitError) as excinfo:
        opened(repo).lines_since(revision)
    assert str(excinfo.value) == f"'{revision}' is not a revision git knows"
    assert not (repo.root / "pwned").exists()


def test_no_commit_yet_and_no_common_history(repo):
    with pytest.raises(GitError, match="'HEAD' is not a revision"):
        opened(repo).lines_since("HEAD")
    repo.commit("a.py")
    repo.git("checkout", "--quiet", "--orphan", "alone")
    with pytest.raises(GitError, match="'HEAD' is not a revision"):
        opened(repo).lines_since("main")
    repo.commit("b.py")
    with pytest.raises(GitError, match=r"^'main' and 'HEAD' have no commit in common$"):
        opened(repo).lines_since("main")


def test_a_shallow_clone_says_how_to_get_the_rest(repo, tmp_path):
    for number in range(3):
        repo.commit("a.py", TEN + f"{number}\n")
    first = repo.git("rev-parse", "HEAD~2").strip()
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.root}", str(tmp_path / "shallow"))
    shallow = Repository.discover(tmp_path / "shallow")
    assert shallow is not None
    with pytest.raises(GitError, match=r"not a revision git knows; .*git fetch --unshallow"):
        shallow.lines_since(first)
    repo.git("-C", str(tmp_path / "shallow"), "fetch", "--quiet", "--depth=1", "origin", first)
    with pytest.raises(GitError, match=r"no commit in common; .*git fetch --unshallow"):
        shallow.lines_since("FETCH_HEAD")


# Work trees and submodules


def test_linked_work_trees_have_their_own_index_and_undo_file(repo, tmp_path):
    repo.commit("a.py", TEN)
    tree = tmp_path / "tree"
    repo.git("worktree", "add", "--quiet", str(tree))
    (tree / "a.py").write_text(changed(TEN, _3="new\n"))
    repo.git("-C", str(tree), "add", ".")
    repository = Repository.discover(tree)
    assert repository is not None
    assert repository.staged_lines() == {repository.root / "a.py": ((3, 3),)}
    assert opened(repo).staged_lines() == {}
    assert repository.undo_file() != opened(repo).undo_file()
    for folder, one in ((tree, repository), (repo.root, opened(repo))):
        path = repo.git("-C", str(folder), "rev-parse", "--git-path", "docbot/undo.patch").strip()
        assert one.undo_file().resolve() == (folder / path).resolve()


def test_submodules_are_repositories_of_their_own(repo, tmp_path):
    library = tmp_path / "library"
    shutil.copytree(repo.root, library)
    for command in (["add", "."], ["commit", "-qm", "Start"]):
        (library / "lib.py").write_text(TEN)
        repo.git("-C", str(library), *command)
    repo.stage("a.py", TEN)
    repo.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "sub.py"
    )
    (repo.root / "sub.py/lib.py").write_text(changed(TEN, _1="new\n"))
    outer, inner = opened(repo), Repository.discover(repo.root / "sub.py/lib.py")
    assert inner is not None
    assert inner.root == repo.root / "sub.py"
    assert tracked(outer, [repo.root]) == [repo.root / "a.py"]
    names = {path.name for path in outer.dirty([repo.root])}
    assert names == {"a.py", ".gitmodules", "sub.py"}  # added, all three; what is in it is not ours
    assert outer.staged_lines() == {repo.root / "a.py": ((1, 10),)}
    assert tracked(inner, [inner.root]) == [inner.root / "lib.py"]
    assert inner.dirty([inner.root]) == {inner.root / "lib.py"}
    assert inner.lines_since("HEAD") == {inner.root / "lib.py": ((1, 1),)}
    assert inner.undo_file() == repo.root / ".git/modules/sub.py/docbot/undo.patch"


# Blob ids without reading


def test_blobs_are_told_of_unmodified_files_alone(repo):
    for name in ("same.py", "changed.py", "staged.py", "gone.py", "mode.py", "assumed.py", "x.txt"):
        repo.commit(name, f"x = {name!r}\n")
    repo.write("changed.py", "x = 2\n")
    repo.stage("staged.py", "x = 3\n")
    repo.write("new.py")
    (repo.root / "gone.py").unlink()
    (repo.root / "mode.py").chmod(0o755)
    repo.git("update-index", "--assume-unchanged", "assumed.py")
    (repo.root / "link.py").symlink_to("same.py")
    repo.git("add", "link.py")
    repository = Repository.discover(repo.root)
    assert repository is not None

    def blob(name):
        return repo.git("rev-parse", f":{name}").strip()

    expected = {"same.py": blob("same.py"), "staged.py": blob("staged.py")}
    expected |= dict.fromkeys(("changed.py", "gone.py", "mode.py", "assumed.py"), "")
    blobs = repository.blobs([repo.root])
    assert {path.name: each for path, each in blobs.items()} == expected
    assert list(blobs) == tracked(repository, [repo.root])
    text_blobs = repository.blobs([repo.root / "x.txt"], suffixes=False)
    assert text_blobs == {repo.root / "x.txt": blob("x.txt")}


def test_blobs_of_a_conflict_are_not_told(repo):
    repo.commit("a.py", "x = 0\n")
    repo.git("switch", "--quiet", "--create", "other")
    repo.commit("a.py", "x = 1\n")
    repo.git("switch", "--quiet", "main")
    repo.commit("a.py", "x = 2\n")
    repo.git("merge", "--quiet", "other", check=False)
    repository = Repository.discover(repo.root)
    assert repository is not None
    assert repository.blobs([repo.root]) == {repo.root / "a.py": ""}


# Commits, and nothing of the work tree


ODD = ["a b.py", 'quo"te.py', "two\nlines.py", "tab\t.py", "ünï.py", "-rf.py", "back\\slash.py"]


def test_files_at_a_commit_are_plain_python_files_and_those_named(repo):
    for name in ODD:
        repo.stage(name, f"x = {name!r}\n")
    repo.stage(os.fsdecode(b"latin\xe9.py"), "x = 1\n")
    repo.stage("pyproject.toml", "[tool.docbot]\n")
    repo.stage("data.txt", "no\n")
    (repo.root / "link.py").symlink_to("/etc/passwd")
    (repo.root / "run.py").write_text("x = 2\n")
    (repo.root / "run.py").chmod(0o755)
    repo.git("add", "link.py", "run.py")
    repo.commit("pkg/deep/a.pyi", "x = 3\n")
    for name in ODD:
        (repo.root / name).write_text("the work tree does not count\n")
    repository = opened(repo)
    files = repository.files_at("HEAD", also=["pyproject.toml"])
    names = {*ODD, os.fsdecode(b"latin\xe9.py"), "pyproject.toml", "run.py", "pkg/deep/a.pyi"}
    assert {str(path) for path in files} == names
    with repository.contents() as contents:
        texts = {str(path): contents.read(blob) for path, blob in files.items()}
    assert all(texts[name] == f"x = {name!r}\n".encode() for name in ODD)
    assert all(files[path].size == len(texts[str(path)]) for path in files)


def test_contents_are_the_commits_bytes_whatever_attributes_say(repo):
    repo.stage(".gitattributes", "*.py text eol=crlf working-tree-encoding=UTF-16 ident\n")
    repo.git("commit", "--quiet", "--message", "Attributes")
    raw = b"x = '$Id$'\r\ny = 1\n"
    (repo.root / "raw").write_bytes(raw)
    blob = repo.git("hash-object", "-w", "--no-filters", "raw").strip()
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},a.py")
    repo.git("commit", "--quiet", "--message", "Raw")
    repository = opened(repo)
    with repository.contents() as contents:
        (one,) = repository.files_at("HEAD").values()
        assert contents.read(one) == raw
        assert contents.read(one) == raw


def test_lines_between_commits_read_no_work_tree(repo):
    repo.commit("a.py", TEN)
    repo.commit("old.py", TEN + "x = 1\n")
    base = repo.git("rev-parse", "HEAD").strip()
    repo.git("mv", "old.py", "new.py")
    repo.stage("new.py", changed(TEN + "x = 1\n", _2="new\n"))
    repo.stage(ODD[2], "x = 1\n")
    repo.commit("a.py", changed(TEN, _3="new\n"))
    repo.write("a.py", "not this\n")
    (repo.root / "new.py").unlink()
    expected = {Path("a.py"): ((3, 3),), Path("new.py"): ((2, 2),), Path(ODD[2]): ((1, 1),)}
    lines = opened(repo).lines_between(base, "HEAD")
    assert {Path(path): lines for path, lines in lines.items()} == expected
    fewer = opened(repo).lines_between(base, "HEAD", without=list(lines)[:1])
    assert fewer == dict(list(lines.items())[1:])


def test_the_merge_base_is_where_they_parted(repo):
    repo.commit("a.py", TEN)
    parted = repo.git("rev-parse", "HEAD").strip()
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit("b.py", TEN)
    repo.git("switch", "--quiet", "main")
    repo.commit("a.py", "x = 1\n")
    assert opened(repo).merge_base("main", "topic") == parted
    assert list(opened(repo).lines_between(parted, "topic")) == [Path("b.py")]


def test_an_object_that_a_partial_clone_lacks_is_one_sentence_and_no_download(repo, tmp_path):
    repo.commit("a.py", TEN)
    repo.commit("a.py", "x = 1\n")
    repo.git("config", "uploadpack.allowFilter", "true")
    there = tmp_path / "partial"
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.root}", str(there))
    partial = Repository.discover(there)
    assert partial is not None
    (here,) = partial.files_at("HEAD").values()
    with partial.contents() as contents:
        assert contents.read(here) == b"x = 1\n"
        (there_only,) = opened(repo).files_at("HEAD~1").values()
        with pytest.raises(GitError, match=r"no object .*; this clone is partial, .*--filter"):
            contents.read(there_only)
        assert contents.read(here) == b"x = 1\n"
    for ask in (partial.files_at, lambda old: partial.lines_between(old, "HEAD")):
        with pytest.raises(GitError, match=r"this clone is partial, .*--filter"):
            ask("HEAD~1")


def test_a_sha256_repository(tmp_path):
    root = tmp_path / "long"
    for command in (
        ["init", "-q", "--object-format=sha256", str(root)],
        ["-C", str(root), "commit", "-q", "--allow-empty", "-m", "Start"],
    ):
        subprocess.run(["git", *command], check=True, capture_output=True)
    (root / "a.py").write_text(TEN)
    subprocess.run(["git", "-C", str(root), "add", "a.py"], check=True)
    subprocess.run(["git", "-C", str(root), "commit", "-q", "-m", "Add"], check=True)
    repository = Repository.discover(root)
    assert repository is not None
    (blob,) = repository.files_at("HEAD").values()
    with repository.contents() as contents:
        assert contents.read(blob) == TEN.encode()
    assert len(repository.merge_base("HEAD", "HEAD~1")) == 64
