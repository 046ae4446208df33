"""A parameter is renamed in a pull request: the real command, real git, GitHub on loopback."""

from __future__ import annotations

import pytest
from fake_github.fake import git_files
from test_pull_request import Author, applied, commit

pytestmark = [pytest.mark.usefixtures("plain_network"), pytest.mark.slow]

SHORT = '''\
def total(prices, tax):
    """Return the total.

    :param prices: What is added up.
    :param tax: The share to add.
    """
    return sum(prices) * tax
'''
LONG = SHORT.replace("total", "many").replace(
    "    :param p", "    So.\n\n    It is.\n\n    :param p"
)


def renamed(source: str) -> str:
    return source.replace("(prices, tax)", "(prices, rate)").replace("* tax", "* rate")


@pytest.fixture
def author(repo, github, tmp_path):
    for name, source in (("short.py", SHORT), ("long.py", LONG)):
        repo.stage(name, source)
    base = commit(repo, "Start")
    repo.git("switch", "--quiet", "--create", "topic")
    for name, source in (("short.py", SHORT), ("long.py", LONG)):
        repo.stage(name, renamed(source))
    head = commit(repo, "Say rate")
    pull = github.pull(*git_files(repo.root, base, head), number=7, head=head, base=base, title="R")
    return Author(repo, github, pull, tmp_path)


def test_a_click_mends_the_entry(author, docbot):
    assert author.run() == [("POST", "reviews"), ("POST", "comments")]
    comments = author.comments()
    assert set(comments) == {"many", "total"}
    many, total = comments["many"], comments["total"]
    # the diff shows this line in another hunk than the header
    assert (many.path, many.line) == ("long.py", 9)
    assert "suggestion\n" not in many.body
    assert (total.path, total.start_line, total.line) == ("short.py", None, 5)
    assert "which is now called `rate`. (`param-renamed`)" in total.body
    assert "2 docstrings are stale" in author.summary()
    assert "2 comments in place" in author.summary()
    mended = applied(renamed(SHORT), [total])
    path = author.repo.root / "short.py"
    docbot("fix", "--stale", "fix", "--since", "HEAD~1", path)
    assert path.read_text() == mended == renamed(SHORT).replace(":param tax:", ":param rate:")
    assert author.run() == []
    author.repo.stage("short.py", mended)
    commit(author.repo, "Update short.py")
    author.push()
    (summary,) = author.pull.comments
    assert author.run() == [("PATCH", str(summary.id)), ("POST", "graphql")]
    assert [name for name, each in author.comments().items() if each.minimised] == ["total"]
    assert "1 docstring is stale" in author.summary()
    assert "1 earlier suggestion is settled" in author.summary()
