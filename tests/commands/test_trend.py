"""The trend of a repository is what `docbot check` says of each commit that is checked out."""

from __future__ import annotations

import re

import pytest

from docbot.cache import open_cache
from docbot.commands.commit_counter import CommitCounter
from docbot.commands.trend import trend
from docbot.errors import ConfigError, GitError
from docbot.repo.git import Repository
from docbot.repo.history import commits_since
from docbot.repo.locate import Locator

FUNCTION = "def {}(prices):\n    value = sum(prices)\n    return value\n"
DOCUMENTED = 'def {}(prices):\n    """Add up the prices."""\n    return sum(prices)\n'
BASE = (
    "class Base:\n"
    '    """Hold prices."""\n\n'
    '    def add(self, price):\n        """Add a price."""\n        self.prices.append(price)\n'
)
CHILD = (
    "from pkg.base import Base\n\n\n"
    "class Child(Base):\n    def add(self, price):\n        self.p += price\n"
)
READER = "from pkg.tools import total\n\nprint(total.__doc__)\n"


def points(repo, revision, *paths, **settings):
    trees = Locator(settings, None).worktrees([repo.root / path for path in paths or ("",)])
    cache = open_cache()
    try:
        return trend(trees, revision, cache, workers=False)
    finally:
        cache.close()


def checked(docbot, repo, *paths):
    """The counts of a check of what is checked out."""
    said = docbot("check", "--no-cache", *[repo.root / path for path in paths or ("",)]).err
    match = re.search(r"coverage: .*?(\d+) of (\d+) of", said)
    documented, total = map(int, match.groups()) if match else (0, 0)
    return documented, total - documented


@pytest.fixture
def history(repo):
    """Commits after each of which other files decide what counts."""
    repo.commit(".gitignore", "x\n")
    repo.commit("pkg/tools.py", FUNCTION.format("total"))
    repo.commit("pkg/__init__.py", "")
    repo.commit("pkg/child.py", CHILD)
    repo.commit("pkg/base.py", BASE)  # documents what the child overrides
    repo.commit("pkg/app.py", READER)  # reads a docstring of the tools
    repo.commit("pkg/_hidden.py", FUNCTION.format("shown") + DOCUMENTED.format("other"))
    repo.commit("pkg/api.py", "from pkg._hidden import shown\n")
    repo.commit("tests/test_tools.py", FUNCTION.format("check"))
    repo.commit("pkg/external/their.py", FUNCTION.format("theirs"))
    repo.commit("pkg/external/LICENSE", "theirs")  # now it is other people's
    repo.commit("pkg/made.py", FUNCTION.format("made"))
    repo.commit(".gitattributes", "pkg/made.py linguist-generated\n")
    repo.git("mv", "pkg/tools.py", "pkg/kit.py")
    repo.commit("pkg/odd name\u00e9.py", DOCUMENTED.format("fine"))
    repo.commit("bad.py", "def (:\n")
    (repo.root / "pkg/link.py").symlink_to("kit.py")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "a link")
    repo.git("rm", "-q", "pkg/base.py")
    repo.git("commit", "-qm", "gone")
    return repo


def test_each_point_is_what_a_check_of_that_commit_says(history, docbot):
    root = history.git("rev-list", "--max-parents=0", "HEAD").strip()
    drawn = points(history, root)
    commits = history.git("rev-list", "--reverse", "HEAD").split()
    assert [point.commit for point in drawn] == [commit[:10] for commit in commits]
    assert drawn[-1].subject == "gone"
    for point in drawn:
        history.git("checkout", "-q", point.commit)
        assert (point.documented, point.missing) == checked(docbot, history), point.subject
    assert len({(point.documented, point.missing) for point in drawn}) > 6


def test_named_folders_and_settings_count_in_the_past_as_they_do_now(history, docbot):
    history.commit("pyproject.toml", '[tool.docbot]\nexclude = ["pkg/child.py"]\n')
    first = history.git("rev-list", "--max-parents=0", "HEAD").strip()
    for paths in (["pkg"], ["pkg/api.py", "pkg/_hidden.py"]):
        last = points(history, first, *paths)[-1]
        assert (last.documented, last.missing) == checked(docbot, history, *paths)
    whole = points(history, first)
    assert (whole[-1].documented, whole[-1].missing) == checked(docbot, history)
    assert whole[-1].missing == whole[-2].missing  # without the child both times


def test_a_second_trend_counts_only_new_commits(history, monkeypatch):
    first = history.git("rev-list", "--max-parents=0", "HEAD").strip()
    before = points(history, first)
    counted = []
    real = CommitCounter.count
    monkeypatch.setattr(
        CommitCounter,
        "count",
        lambda self, commit, listing: counted.append(commit.subject) or real(self, commit, listing),
    )
    assert points(history, first) == before
    assert counted == []
    history.commit("pkg/new.py", FUNCTION.format("new"))
    after = points(history, first)
    assert after[:-1] == before
    assert counted == ["Add pkg/new.py"]
    assert after[-1].missing == before[-1].missing + 1


def test_many_commits_are_sampled_and_the_same_ones_stay(repo):
    repo.commit("a.py", "")
    for number in range(24):
        repo.git("commit", "-q", "--allow-empty", "-m", str(number))
    repository = Repository.discover(repo.root)
    root = repo.git("rev-list", "--max-parents=0", "HEAD").strip()
    every = commits_since(repository, root)
    assert len(every) == 25
    for most in (2, 3, 7, 24, 25, 26):
        some = commits_since(repository, root, most)
        assert len(some) <= most
        assert (some[0], some[-1]) == (every[0], every[-1])
    some = commits_since(repository, root, 10)
    repo.git("commit", "-q", "--allow-empty", "-m", "another")
    assert commits_since(repository, root, 10)[:9] == some[:9]
    assert [commit.id for commit in commits_since(repository, "HEAD")] == [
        repo.git("rev-parse", "HEAD").strip()
    ]


def test_several_repositories_have_no_common_trend(repo, tmp_path):
    repo.commit("a.py", FUNCTION.format("f"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.py").write_text(FUNCTION.format("g"))
    trees = Locator({}, None).worktrees([repo.root, other])
    cache = open_cache(on=False)
    with pytest.raises(ConfigError, match="one repository"):
        trend(trees, "HEAD", cache, workers=False)
    with pytest.raises(GitError, match="not a git repository"):
        trend(Locator({}, None).worktrees([other]), "HEAD", cache, workers=False)
