"""What a review works on, by real git: whatever stands in the work tree, it does not count."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest

from docbot.config import Config
from docbot.errors import ConfigError, DocbotError, GitError
from docbot.review.analyse.inputs import ReviewRequest, open_revision
from docbot.select.inheritance import ParentIndex
from docbot.select.skip import SkipReason

FUNCTION = "def total(prices, tax):\n    value = sum(prices)\n    return value * tax\n"
TOML = "pyproject.toml"
CLASS = "class {}:\n    def push(self, item):\n        {}return item\n"


@pytest.fixture
def pull(repo):
    """A repository with settings on `main`, and a branch `topic` that is checked out."""
    repo.stage(TOML, "[tool.docbot]\nmin-confidence = 0.7\nexclude = ['gen/']\n")
    repo.commit("a.py", FUNCTION)
    repo.git("switch", "--quiet", "--create", "topic")
    return repo


@contextmanager
def opened(repo, **request):
    with open_revision(
        ReviewRequest(**{"root": repo.root, "base": "main", "head": "topic"} | request)
    ) as one:
        yield one


def changed(repo, **request):
    with opened(repo, **request) as revision:
        return {str(path): lines for path, lines in revision.changed.items()}


def settings(repo, **request):
    with opened(repo, **request) as revision:
        return revision.config, revision.notices


# What is looked at: what the head changed since it parted


def test_only_what_the_pull_request_changed(pull):
    pull.stage("new.py", FUNCTION)
    pull.stage("data.txt", FUNCTION)
    pull.commit("a.py", FUNCTION.replace("value", "amount", 1))
    assert changed(pull) == {"a.py": ((2, 2),), "new.py": ((1, 3),)}


def test_what_others_did_on_the_base_branch_meanwhile_is_not_its(pull):
    pull.commit("new.py", FUNCTION)
    pull.git("switch", "--quiet", "main")
    pull.stage("theirs.py", FUNCTION)
    pull.commit("a.py", "x = 1\n" + FUNCTION)
    pull.git("switch", "--quiet", "topic")
    assert list(changed(pull)) == ["new.py"]


def test_renamed_deleted_linked_and_chmodded_files(pull):
    for name in ("moved.py", "edited.py", "gone.py", "mode.py"):
        pull.stage(name, FUNCTION + f"# {name}\n" * 20)
    pull.git("commit", "--quiet", "--message", "More")
    pull.git("branch", "--force", "main", "topic")
    pull.git("mv", "moved.py", "there.py")
    pull.git("mv", "edited.py", "here.py")
    pull.stage("here.py", FUNCTION.replace("value", "amount", 1) + "# edited.py\n" * 20)
    pull.git("rm", "--quiet", "gone.py")
    pull.git("update-index", "--chmod=+x", "mode.py")
    (pull.root / "link.py").symlink_to("/etc/passwd")
    (pull.root / "folder").symlink_to("/etc")
    pull.git("add", "link.py", "folder")
    pull.git("commit", "--quiet", "--message", "Move")
    assert changed(pull) == {"here.py": ((2, 2),)}


def test_vendored_excluded_and_huge_files(pull):
    pull.stage("vendor/LICENSE", "MIT\n")
    pull.stage("vendor/a.py", FUNCTION)
    pull.stage("gen/a.py", FUNCTION)
    pull.stage("gen/huge.py", "#" * 1_000_001)
    pull.stage("huge.py", "\n" * 1_000_001)
    pull.commit("new.py", FUNCTION)
    with opened(pull) as revision:
        assert list(map(str, revision.changed)) == ["new.py"]
        skips = {str(path): skip.reason for path, skip in revision.skipped.items()}
    assert skips == {"huge.py": SkipReason.TOO_LARGE, "vendor/a.py": SkipReason.VENDORED}
    assert set(changed(pull, settings={"include": ["vendored"]})) == {"new.py", "vendor/a.py"}


def test_folders_are_judged_by_what_the_head_holds(pull):
    for name in ("pkg/external/mine.py", "pkg/test/client.py", "lib/test/help.py"):
        pull.stage(name, FUNCTION)
    pull.stage("lib/test/unit/test_it.py", FUNCTION)
    pull.commit("pkg/test/__init__.py", "")
    with opened(pull) as revision:
        skips = {str(path): skip.reason.value for path, skip in revision.skipped.items()}
    assert skips == {"lib/test/help.py": "test", "lib/test/unit/test_it.py": "test"}


def test_named_paths(pull):
    for name in ("src/a.py", "src/sub/b.py", "srcs/c.py", "d.py"):
        pull.stage(name, FUNCTION)
    pull.git("commit", "--quiet", "--message", "Add")
    assert set(changed(pull, paths=("src", "d.py"))) == {"src/a.py", "src/sub/b.py", "d.py"}


def test_odd_names(pull):
    names = [
        "two\nlines.py",
        'a"b.py',
        "\u00fcn\u00ef \U0001f600.py",
        "::error ::x.py",
        os.fsdecode(b"\xe9.py"),
    ]
    for name in names:
        pull.stage(name, FUNCTION)
    pull.git("commit", "--quiet", "--message", "Add")
    assert changed(pull) == dict.fromkeys(names, ((1, 3),))


def test_the_work_tree_is_not_read(pull):
    pull.commit("new.py", FUNCTION)
    before = changed(pull), settings(pull)
    pull.write(TOML, "[tool.docbot]\nexclude = ['*']\nstile = 1\n")
    pull.write("new.py", "def")
    pull.write("untracked.py", FUNCTION)
    pull.stage("staged.py", FUNCTION)
    pull.write(".gitattributes", "*.py -diff filter=x\n")
    assert (changed(pull), settings(pull)) == before


def test_a_path_without_python_files_is_told(pull):
    pull.commit("docs/index.md", "# Prices\n")
    with opened(pull, paths=("a.py", "docs", "nosuch.py")) as revision:
        assert revision.notices == (
            "docs: neither commit has a Python file there",
            "nosuch.py: neither commit has a Python file there",
        )


def test_revisions_that_do_not_fit(pull, tmp_path):
    with pytest.raises(GitError, match="'nope' is not a revision"):
        changed(pull, base="nope")
    with pytest.raises(GitError, match="not a revision"):
        changed(pull, head="--upload-pack=x")
    with pytest.raises(ConfigError, match="not in a git repository"):
        changed(pull, root=tmp_path)
    pull.git("checkout", "--quiet", "--orphan", "alone")
    pull.commit("b.py", FUNCTION)
    with pytest.raises(GitError, match="no commit in common"):
        changed(pull, head="alone")


# Settings: the base branch's


def test_settings_are_those_of_the_base_branchs_tip(pull):
    pull.commit("new.py", FUNCTION)
    pull.git("switch", "--quiet", "main")
    pull.commit(TOML, "[tool.docbot]\nmin-confidence = 0.8\n")
    pull.git("switch", "--quiet", "topic")
    config, _ = settings(pull)
    assert config == Config(min_confidence=0.8)
    config, _ = settings(pull, settings={"min-confidence": 0.9, "model": "any.gguf"})
    assert (config.min_confidence, config.model) == (0.9, "any.gguf")


BASE = "[tool.docbot]\nmin-confidence = 0.7\nexclude = ['gen/']\n"


@pytest.mark.parametrize(
    ("head", "notice"),
    [
        (BASE, ""),
        ("[project]\nname = 'x'\n" + BASE, ""),
        (BASE.replace("'gen/'", "'gen/', 'more/'"), ""),
        (BASE + "skip = ['dunder']\n", ""),
        (BASE + "model = 'evil.gguf'\n", "changes docbot's settings"),
        (BASE + "include = ['test']\n", "changes docbot's settings"),
        (BASE.replace("0.7", "0.0"), "changes docbot's settings"),
        (BASE.replace("'gen/'", ""), "changes docbot's settings"),
        ("", "changes docbot's settings"),
        (BASE + "base-url = 'http://127.0.0.1:1/'\n", "unknown key 'base-url'"),
        (BASE + "style = 'mine'\n", "'style' must be one of"),
        ("[tool.docbot\n", "not valid TOML"),
        ("a = " + "[" * 100_000, "nests too deep"),
        ("a = " + "1" * 100_000, "not valid TOML"),
        (b"\xff\xfe", "not valid TOML"),
        (BASE.replace("'gen/'", "'" + "*a" * 30 + "b'"), "3 stars"),
        ("#" * 1_000_001, "over 1 MB"),
    ],
)
def test_the_head_may_leave_out_more_and_nothing_else(pull, head, notice):
    pull.stage("new.py", FUNCTION)
    pull.commit(TOML, head)
    config, notices = settings(pull)
    assert (config.min_confidence, config.model) == (0.7, "auto")
    assert (config.exclude, config.include) == (("gen/",), ())
    assert len(notices) == bool(notice)
    assert notice in "".join(notices)
    assert config.skip == (("dunder",) if "dunder" in str(head) else ())


def test_a_pattern_of_the_head_takes_nothing_back(pull):
    pull.stage(TOML, BASE.replace("'gen/'", "'gen/', '!gen/a.py', 'mine/'"))
    for name in ("gen/a.py", "mine/b.py", "c.py"):
        pull.stage(name, FUNCTION)
    pull.git("commit", "--quiet", "--message", "Add")
    assert list(changed(pull)) == ["c.py"]


def test_settings_that_only_the_base_branch_changed(pull):
    pull.commit("new.py", FUNCTION)
    pull.git("switch", "--quiet", "main")
    pull.commit(TOML, "[tool.docbot]\nmin-confidence = 0.9\n")
    config, notices = settings(pull)
    assert (config.min_confidence, notices) == (0.9, ())
    pull.git("switch", "--quiet", "topic")
    pull.commit("gen/new.py", FUNCTION)
    assert set(changed(pull)) == {"new.py", "gen/new.py"}  # `exclude` was given up


def test_settings_that_are_gone_or_become_a_link(pull):
    pull.git("rm", "--quiet", TOML)
    (pull.root / TOML).symlink_to("/etc/passwd")
    pull.git("add", TOML)
    pull.git("commit", "--quiet", "--message", "Link")
    config, notices = settings(pull)
    assert config.min_confidence == 0.7
    assert len(notices) == 1


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[tool.docbot\n", "not valid TOML"),
        ("[tool.docbot]\nstile = 'numpy'\n", "did you mean 'style'"),
        ("[tool.docbot]\nmodel = 'models/mine.gguf'\n", "--model"),
        ("[tool.docbot]\nmodel = './mine'\n", "--model"),
        ("[tool.docbot]\nmodel = 'docbot-tinny'\n", "no model is called"),
    ],
)
def test_base_settings_that_cannot_be_used(repo, toml, words):
    repo.write("models/mine.gguf", b"GGUF")
    repo.write("mine", b"GGUF")
    repo.commit(TOML, toml)
    with pytest.raises(DocbotError, match=r"pyproject\.toml|tinny") as excinfo:
        settings(repo, head="main")
    assert words in str(excinfo.value)


def test_a_model_by_its_absolute_path_lies_outside_the_repository(repo, tmp_path):
    inside, link = repo.root / "mine.gguf", tmp_path / "link.gguf"
    link.symlink_to(inside)
    for path in (inside, link):
        repo.commit(TOML, f"[tool.docbot]\nmodel = '{path}'\n")
        with pytest.raises(ConfigError, match="a pull request could replace"):
            settings(repo, head="main")
    for name in (str(tmp_path / "own.gguf"), "hf://a/b@" + "0" * 40 + "/c.gguf", "qwen3-0.6b"):
        repo.commit(TOML, f"[tool.docbot]\nmodel = '{name}'\n")
        assert settings(repo, head="main")[0].model == name


def test_another_settings_file_is_the_base_commits_or_the_operators(pull, tmp_path):
    pull.git("switch", "--quiet", "main")
    pull.commit("ci/docbot.toml", "[tool.docbot]\nmin-confidence = 0.5\n")
    pull.git("switch", "--quiet", "topic")
    pull.commit("ci/docbot.toml", "[tool.docbot]\nmin-confidence = 0.1\n")
    config, notices = settings(pull, config_file="ci/docbot.toml")
    assert (config.min_confidence, len(notices)) == (0.5, 1)
    (tmp_path / "own.toml").write_text("[tool.docbot]\nmin-confidence = 0.4\n")
    assert settings(pull, config_file=str(tmp_path / "own.toml"))[0].min_confidence == 0.4
    pull.commit("new.toml", "[tool.docbot]\n")
    for gone in ("new.toml", str(tmp_path / "gone.toml")):
        with pytest.raises(ConfigError, match=Path(gone).name):
            settings(pull, config_file=gone)


# House and lineage


def test_the_house_is_the_base_branchs_and_the_parents_are_the_heads(pull):
    sphinx = 'def f{}(a):\n    """Do.\n\n    :param a: It.\n    """\n'
    pull.git("switch", "--quiet", "main")
    pull.stage("doc.py", "".join(sphinx.format(n) for n in range(4)))
    pull.stage(
        "gen/other.py", "".join('def f():\n    """A.\n\n    Args:\n        a: b.\n    """\n' * 40)
    )
    pull.commit("setup.cfg", "[flake8]\nmax-line-length = 77\n")
    pull.git("switch", "--quiet", "topic")
    pull.stage(
        "doc.py",
        "".join(sphinx.format(n) for n in range(4)).replace(":param a:", "Args:\n        a:"),
    )
    pull.stage("ruff.toml", "line-length = 200\n")
    pull.stage("base.py", CLASS.format("Base", '"""Push."""\n        '))
    pull.commit("child.py", "from base import Base\n" + CLASS.format("Child(Base)", ""))
    pull.write("base.py", CLASS.format("Base", ""))
    with opened(pull) as revision:
        style = revision.style_finder()(PurePosixPath("child.py"))
        parents = ParentIndex(revision.outline_of)
        assert (style.convention, style.line_length) == ("sphinx", 77)
        child = PurePosixPath("child.py")
        assert parents.documented_parent(child, "Child", "push") == "Base.push"
        assert revision.outline_of(PurePosixPath("../../etc/passwd")) is None


# Settings of a folder


@pytest.fixture
def monorepo(repo):
    """Two packages, of which one has settings of its own, and changes in both and above them."""
    repo.stage(TOML, "[tool.docbot]\nexclude = ['/top.py']\n")
    repo.stage(f"libs/a/{TOML}", "[tool.docbot]\nexclude = ['/src/old.py']\nskip = ['dunder']\n")
    repo.commit(f"libs/b/{TOML}", "[project]\nname = 'docbot-plugin'\n")
    repo.git("switch", "--quiet", "--create", "topic")
    for name in ("top.py", "libs/a/src/old.py", "libs/a/new.py", "libs/b/src/old.py"):
        repo.stage(name, FUNCTION)
    repo.git("commit", "--quiet", "--message", "Change")
    return repo


def parts(repo, **request):
    with opened(repo, **request) as revision:
        return [
            (str(part.scope), sorted(map(str, part.changed)), part.config.skip)
            for part in (revision, *revision.nested)
        ]


def test_the_nearest_settings_of_the_base_count_for_a_file(monorepo):
    assert parts(monorepo) == [
        (".", ["libs/b/src/old.py"], ()),
        ("libs/a", ["libs/a/new.py"], ("dunder",)),
    ]
    assert parts(monorepo, paths=("libs/b",)) == [(".", ["libs/b/src/old.py"], ())]


def test_settings_that_the_head_nests_do_not_count(monorepo):
    monorepo.stage(f"libs/b/{TOML}", "[tool.docbot]\nexclude = ['*']\n")
    monorepo.commit(f"libs/a/{TOML}", "[tool.docbot]\nexclude = ['new.py']\n")
    first, *others = parts(monorepo)
    assert first == (".", ["libs/b/src/old.py"], ())
    assert others == []  # what the head excludes of its own folder is left out there


def test_patterns_of_a_named_file_are_relative_to_it(monorepo):
    ((scope, files, _),) = parts(monorepo, config_file=f"libs/a/{TOML}")
    assert (scope, files) == (".", ["libs/a/new.py", "libs/b/src/old.py", "top.py"])


def test_wrong_settings_of_a_folder_are_told(monorepo):
    monorepo.git("switch", "--quiet", "main")
    monorepo.commit(f"libs/a/{TOML}", "[tool.docbot]\nstyl = 'google'\n")
    with pytest.raises(ConfigError, match=r"libs/a/pyproject\.toml at .*unknown key 'styl'"):
        parts(monorepo)


def test_the_nearest_tool_settings_of_the_base_count_for_a_file(repo):
    repo.stage("ruff.toml", "line-length = 100\n")
    repo.stage("libs/a/ruff.toml", "extend = '../narrow.toml'\n")
    repo.commit("libs/narrow.toml", "line-length = 60\n")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.stage("libs/narrow.toml", "line-length = 200\n")
    repo.commit("libs/a/src/new.py", FUNCTION)
    with opened(repo) as revision:
        style_of = revision.style_finder()
        widths = [style_of(PurePosixPath(name)).line_length for name in ("b.py", "libs/a/src/a.py")]
        assert widths == [100, 60]
