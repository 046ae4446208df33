"""A pull request from its opening to its end: three pushes, each reviewed as a workflow does it.

Real commits of the files in `data/pull_request`, the real command in a process of its own, the
embedded model, and GitHub on loopback. Each page is left as HTML in pytest's temporary folder; the
first of them, as `github_html` says, is the README's picture.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_github.fake import BOT, TOKEN, git_files
from fake_github.html import html
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from conftest import Repo
    from fake_github.fake import GitHub
    from fake_github.state import Inline, Pull

DATA = Path(__file__).parents[1] / "data" / "pull_request"
CRLF = "courier/outlook.py"
MAILBOX, SETTINGS = "courier/mailbox.py", "courier/settings.py"
MESSAGE, STORAGE = "courier/message.py", "courier/storage.py"
DEBT = ("oldest", "to_json", "write_message", "parse_message", "read_messages", "Spool", "legacy")

pytestmark = [pytest.mark.usefixtures("plain_network"), pytest.mark.slow]


def take(repo: Repo, *stages: str) -> None:
    """Stage the files of one stage of the pull request after another."""
    for stage in stages:
        for file in sorted((DATA / stage).rglob("*.py")):
            name = file.relative_to(DATA / stage).as_posix()
            content = file.read_bytes()
            repo.stage(name, content.replace(b"\n", b"\r\n") if name == CRLF else content)


def commit(repo: Repo, message: str) -> str:
    repo.git("commit", "--quiet", "--message", message)
    return repo.git("rev-parse", "HEAD").strip()


@dataclass
class Author:
    """Whoever works on branch `topic`; each push is followed by one run of the workflow."""

    repo: Repo
    github: GitHub
    pull: Pull
    folder: Path

    def push(self) -> None:
        head = self.repo.git("rev-parse", "topic").strip()
        files = git_files(self.repo.root, "main", "topic")
        self.github.push(self.pull, *files, head=head)

    def edit(self, path: str, old: str, new: str) -> None:
        content = (self.repo.root / path).read_bytes().decode()
        assert content.count(old) == 1
        self.repo.stage(path, content.replace(old, new))

    def run(self) -> list[tuple[str, str]]:
        """The workflow's step, as GitHub starts it; the requests that wrote."""
        event = self.folder / "event.json"
        event.write_text(json.dumps(self.github.payload(self.pull)))
        before = len(self.github.writes)
        environment = os.environ | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_REPOSITORY": self.github.repository,
            "GITHUB_API_URL": self.github.api,
            "GITHUB_GRAPHQL_URL": self.github.graphql,
            "GITHUB_TOKEN": TOKEN,
        }
        result = subprocess.run(
            [sys.executable, "-m", "docbot", "review", "--post"],
            cwd=self.repo.root, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert TOKEN not in result.stdout + result.stderr
        return [(one.method, one.path.rpartition("/")[2]) for one in self.github.writes[before:]]

    def summary(self) -> str:
        (comment,) = self.pull.comments
        assert comment.author == BOT
        return comment.body

    def comments(self) -> dict[str, Inline]:
        """The bot's comments on lines, by the name that each is about."""
        return {
            re.search(r"`([\w.]+)`", comment.body)[1]: comment
            for comment in self.pull.inline
            if comment.author == BOT
        }

    def leave_page(self, name: str) -> None:
        page = html(self.pull, self.github.page(self.pull))
        open_ones = [c for c in self.comments().values() if not c.minimised]
        assert page.count("Suggested change") == len(open_ones)
        (self.folder / name).write_text(page, encoding="utf-8")


@pytest.fixture
def author(repo, github, tmp_path):
    """A pull request just opened; the base branch has moved on since it was branched off."""
    take(repo, "base")
    commit(repo, "Start")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.git("mv", "courier/store.py", STORAGE)
    take(repo, "first")
    head = commit(repo, "Tell listeners, keep settings")
    repo.git("switch", "--quiet", "main")
    repo.stage(MAILBOX, "# Mail.\n\n" + (DATA / "base" / MAILBOX).read_text())
    base = commit(repo, "Say what it is")
    repo.git("switch", "--quiet", "topic")
    files = git_files(repo.root, base, head)
    assert ("renamed", "courier/store.py") in [(file.status, file.previous) for file in files]
    title = "Tell listeners of new messages"
    pull = github.pull(*files, number=7, head=head, base=base, title=title)
    return Author(repo, github, pull, tmp_path)


def suggested(comment: Inline) -> list[str]:
    """The lines of a comment's suggestion, as GitHub takes them: without what ends the last."""
    (block,) = [t for t in MarkdownIt().parse(comment.body) if t.info == "suggestion"]
    return block.content.removesuffix("\n").split("\n")


def applied(content: str, comments: list[Inline]) -> str:
    """A file after "Commit suggestion" on each: the lines are replaced, wherever they stand now."""
    lines = content.split("\n")
    for comment in sorted(comments, key=lambda c: c.line, reverse=True):
        first = comment.start_line or comment.line
        assert tuple(lines[first - 1 : comment.line]) == comment.text
        lines[first - 1 : comment.line] = suggested(comment)
    return "\n".join(lines)


def bare(source: str) -> str:
    """The syntax tree without its docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            del node.body[0]
    return ast.dump(tree)


def missing(docbot: Any, *paths: Path) -> set[str]:
    """The definitions that `docbot check` says lack a docstring."""
    report = json.loads(docbot("check", "--format", "json", *paths).out)
    return {entry["qualname"] for file in report["files"] for entry in file["missing"]}


def test_three_pushes(author, docbot):
    opened(author)
    commits_well(author, docbot, MAILBOX, SETTINGS)
    reviewed_again(author)
    commits_well(author, docbot, MESSAGE)
    finished(author)
    bodies = json.dumps([request.body for request in author.github.writes])
    assert not [name for name in DEBT if name in bodies]


def opened(author):
    assert author.run() == [("POST", "reviews"), ("POST", "comments")]
    places = {name: (c.path, c.start_line, c.line) for name, c in author.comments().items()}
    assert places == {
        "Mailbox.push": (MAILBOX, None, 21),
        "Mailbox.remove_listener": (MAILBOX, None, 26),
        "load_settings": (SETTINGS, None, 8),
    }
    (review,) = author.pull.reviews
    assert "3 docstrings are suggested in place." in review.body
    comment = author.summary()
    assert "6 of 7 new or changed definitions have no docstring" in comment
    assert f"`{STORAGE}:17` function `compute_checksum`" in comment  # its header is in no hunk
    assert '"""Compute the checksum of a file."""' in comment
    assert f"`{CRLF}:9` function `count_words`: the file's lines end with carriage" in comment
    assert "by hand: Return the number of words in the given text." in comment
    assert f"`{SETTINGS}:14` function `retry_delay`" in comment  # the model was not sure
    author.leave_page("first.html")
    assert author.run() == []


def commits_well(author, docbot, *paths):
    """Each suggestion, by the button that GitHub has for it, in a copy of the files."""
    for path in paths:
        before = (author.repo.root / path).read_text()
        comments = {n: c for n, c in author.comments().items() if c.path == path}
        assert comments
        after = applied(before, list(comments.values()))
        assert bare(after) == bare(before)
        copies = [author.folder / "before.py", author.folder / "after.py"]
        for copy, content in zip(copies, (before, after), strict=True):
            copy.write_text(content)
        assert missing(docbot, copies[0]) - missing(docbot, copies[1]) == set(comments)


def reviewed_again(author):
    """One suggestion is committed, one answered, one left; and there is a new file."""
    before = author.comments()
    content = (author.repo.root / SETTINGS).read_text()
    author.repo.stage(SETTINGS, applied(content, [before["load_settings"]]))
    commit(author.repo, "Update courier/settings.py")
    author.github.reply(author.pull, before["Mailbox.remove_listener"], "We drop this one anyway.")
    take(author.repo, "second")
    commit(author.repo, "Mark messages as read")
    author.push()
    (summary,) = author.pull.comments
    assert author.run() == [("POST", "reviews"), ("PATCH", str(summary.id)), ("POST", "graphql")]
    after = author.comments()
    assert set(after) - set(before) == {"Message.mark_as_read"}
    new = after["Message.mark_as_read"]  # with the blank line, which no docstring has above it
    assert (new.start_line, new.line) == (15, 16)
    assert folded(author) == {"load_settings"}
    assert "1 docstring is suggested in place." in author.pull.reviews[-1].body
    comment = author.summary()
    assert "6 of 8 new or changed definitions have no docstring" in comment
    assert "3 suggestions in place" in comment
    assert "1 earlier suggestion is settled" in comment
    author.leave_page("second.html")
    assert author.run() == []


def finished(author):
    """What is left is documented by hand, marked, private or gone."""
    comment = '"""Say it."""'
    content = (author.repo.root / MAILBOX).read_text()
    author.repo.stage(MAILBOX, content[: content.index("\n    def remove_listener")])
    author.edit(MAILBOX, "push(self, message):\n", f"push(self, message):\n        {comment}\n")
    author.edit(MESSAGE, "mark_as_read(self):\n\n", f"mark_as_read(self):\n        {comment}\n")
    author.edit(STORAGE, "compute_checksum(path):\n", f"compute_checksum(path):\n    {comment}\n")
    author.edit(SETTINGS, "retry_delay(attempt, settings):", "_delay(attempt, settings):")
    author.edit(CRLF, "count_words(text):", "count_words(text):  # docbot: skip")
    commit(author.repo, "Document the rest")
    author.push()
    (summary,) = author.pull.comments
    assert author.run() == [("PATCH", str(summary.id)), ("POST", "graphql"), ("POST", "graphql")]
    assert folded(author) == set(author.comments()) - {"Mailbox.remove_listener"}  # it was answered
    comment = author.summary()
    assert "no new or changed definition is without a docstring" in comment
    assert "4 earlier suggestions are settled" in comment
    author.leave_page("third.html")
    assert author.run() == []


def folded(author):
    return {name for name, comment in author.comments().items() if comment.minimised}
