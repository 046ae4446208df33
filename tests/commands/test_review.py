"""`docbot review`, from the command line to the page: real git, real processes, the embedded model.

Where a test needs a docstring for certain it uses a special method, which needs no model.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import jsonschema
import pytest
from fake_github.fake import TOKEN, File

from docbot.commands import exit_codes, review
from docbot.commands.options import parser
from docbot.review import findings_json

SCHEMA = json.loads(Path(findings_json.__file__).with_name("review.schema.json").read_text())
BOX = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
SUGGESTION_LINE = 'suggested: """Return the number of items."""'
PLAIN = "def total(prices, tax):\n    value = sum(prices)\n    return value * tax\n"


@pytest.fixture(autouse=True)
def _outside_of_a_workflow(monkeypatch):
    for name in list(os.environ):
        if name.startswith("GITHUB_") or name == "GH_TOKEN":
            monkeypatch.delenv(name)


@pytest.fixture
def pull(repo, monkeypatch):
    """A branch `topic` with one new class, checked out; the command runs in this folder."""
    repo.commit("a.py", PLAIN)
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit("b.py", BOX)
    monkeypatch.chdir(repo.root)
    return repo


@pytest.fixture
def report(pull, docbot, tmp_path):
    """What is found in `pull`, as JSON."""
    output = tmp_path / "report.json"
    assert docbot("review", "--base", "main", "--format", "json", "--output", output).code == 0
    assert (pull.root / "b.py").exists()
    return output


def sha(repo, revision):
    return repo.git("rev-parse", revision).strip()


@pytest.fixture
def event(monkeypatch, tmp_path):
    """Set a workflow's event."""

    def write(name, **payload):
        file = tmp_path / "event.json"
        file.write_text(json.dumps(payload))
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(file))
        monkeypatch.setenv("GITHUB_EVENT_NAME", name)

    return write


def pull_request(repo, **changes):
    at_home = {"full_name": "octo/demo"}
    head = {"sha": sha(repo, "topic"), "ref": "topic", "repo": at_home}
    base = {"sha": sha(repo, "main"), "ref": "main", "repo": at_home}
    pull_request = {"number": 7, "state": "open", "draft": False, "head": head, "base": base}
    return {
        "action": "opened",
        "number": 7,
        "pull_request": pull_request | changes,
        "repository": at_home,
    }


# What it says


def test_a_line_each_and_no_gate_by_default(pull, docbot):
    pull.commit("c.py", PLAIN.replace("total", "mine"))
    ran = docbot("review", "--base", "main", "--min-confidence", 1)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == f"b.py:2: method Box.__len__ has no docstring; {SUGGESTION_LINE}"
    assert lines[1].startswith("c.py:1: function mine has no docstring (unsure: ")
    assert len(lines) == 2
    assert "2 of 2 new or changed definitions that count have no docstring; 1 suggest" in ran.err
    assert docbot("review", "--base", "main", "--fail-on", "missing").code == exit_codes.CHANGES


STALE = '''\
def total(prices, tax):
    """Return the total.

    Args:
        prices: What is added up.
        tax: The share.
    """
    return sum(prices) * tax
'''


def test_a_stale_docstring_is_a_line_and_no_missing_one(pull, docbot, tmp_path, monkeypatch):
    pull.git("switch", "--quiet", "main")
    pull.commit("c.py", STALE)
    pull.git("switch", "--quiet", "--create", "later")
    pull.commit("c.py", STALE.replace("prices, tax)", "prices, rate)").replace("* tax", "* rate"))
    outputs = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    ran = docbot("review", "--base", "main", "--fail-on", "missing")
    assert (ran.code, ran.out) == (
        exit_codes.CLEAN,
        "c.py:6: total documents the parameter tax, which is now called rate [param-renamed]\n",
    )
    assert "0 of 1 new or changed definitions that count have no docstring; 0 suggested" in ran.err
    assert "; stale docstrings: 1\n" in ran.err
    lines = outputs.read_text().splitlines()
    values = {
        name.partition("<<")[0]: value for name, value in zip(lines[::3], lines[1::3], strict=True)
    }
    assert values == {"missing": "0", "suggested": "0", "stale": "1", "skipped": "0"}
    codes = [docbot("review", "--base", "main", "--fail-on", on).code for on in ("stale", "any")]
    assert codes == [exit_codes.CHANGES] * 2
    assert docbot("review", "--base", "main", "--stale", "off").out == ""


def test_a_summary_that_may_be_stale_fails_no_gate(pull, docbot):
    old = (
        '''def first(items):\n    """Raise ValueError for none."""\n    raise ValueError(items)\n'''
    )
    pull.git("switch", "--quiet", "main")
    pull.commit("c.py", old)
    pull.git("switch", "--quiet", "--create", "later")
    pull.commit("c.py", old.replace("raise ValueError(", "raise LookupError("))
    ran = docbot("review", "--base", "main", "--fail-on", "any")
    assert "[summary-stale]" in ran.out
    assert ran.code == exit_codes.CLEAN


def test_a_new_function_needs_the_sections_that_the_base_requires(pull, docbot):
    pull.git("switch", "--quiet", "main")
    pull.commit("pyproject.toml", "[tool.pydoclint]\nskip-checking-short-docstrings = false\n")
    pull.git("switch", "--quiet", "--create", "later")
    pull.commit("c.py", 'def twice(n):\n    """Double it."""\n    return 2 * n\n')
    ran = docbot("review", "--base", "main", "--fail-on", "stale")
    assert ran.out == (
        "c.py:2: twice lacks sections: parameters, what is returned [sections-missing]\n"
    )
    assert ran.code == exit_codes.CHANGES


def test_nothing_missing_passes_the_gate(pull, docbot):
    pull.commit("b.py", "x = 1\n")
    ran = docbot("review", "--base", "main", "--fail-on", "missing")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "docbot: no definition that counts is new or changed\n"
    ran = docbot("review", "--base", "topic", "--fail-on", "missing")
    assert (ran.code, ran.err) == (0, "docbot: no Python file changed\n")


def test_json_follows_its_schema(pull, docbot):
    ran = docbot("review", "--base", "main", "--format", "json")
    document = json.loads(ran.out)
    jsonschema.validate(document, SCHEMA)
    assert (document["base"], document["head"]) == (sha(pull, "main"), sha(pull, "topic"))
    assert [finding["qualname"] for finding in document["findings"]] == ["Box.__len__"]


def test_other_formats(report, docbot):
    for form in ("markdown", "sarif", "rdjson", "github"):
        out = docbot("review", "--from", report, "--format", form).out
        assert "Return the number of items." in out
        if form in ("sarif", "rdjson"):
            json.loads(out)


@pytest.mark.usefixtures("pull")
def test_output_goes_to_a_file_whole(docbot, tmp_path):
    target = tmp_path / "kept.txt"
    target.write_text("kept")
    Path("report.json").symlink_to(target)
    for _ in range(2):
        command = ("review", "--base", "main", "--format", "json", "--output", "report.json")
        assert docbot(*command).out == ""
        assert findings_json.decode(Path("report.json").read_bytes()).files == 1
    assert target.read_text() == "kept"
    assert not list(Path().glob(".docbot-*"))
    ran = docbot("review", "--base", "main", "--output", "no/such/folder.txt")
    assert (ran.code, ran.out) == (2, "")
    assert "no/such/folder.txt: cannot be written" in ran.err


def test_a_report_made_elsewhere(pull, docbot, report):
    pull.git("switch", "--quiet", "main")
    ran = docbot("review", "--from", report, "--fail-on", "missing")
    assert ran.code == 1
    assert SUGGESTION_LINE in ran.out
    for content in ("", "[]", '{"version": 9}', "x" * 4_000_001):
        report.write_text(content)
        ran = docbot("review", "--from", report)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


@pytest.mark.usefixtures("pull")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--base", "nope"], "'nope' is not a revision"),
        ([], "--base REV"),
        (["--base", "main", "../elsewhere"], "outside the repository"),
        (["--base", "main", "--model", "gone.gguf"], "gone.gguf"),
        (["--base", "main", "--model", "docbot-tinny"], "docbot-tiny"),
        (["--base", "main", "--config", "gone.toml"], "gone.toml"),
        (["--base", "main", "--min-confidence", "7"], "min-confidence"),
        (["--base", "main", "--post"], "GITHUB_EVENT_PATH"),
        (["--base", "main", "--pr", "7"], "GITHUB_TOKEN"),
        (["--base", "main", "--output", "b.py/x"], "b.py/x"),
        (["--base", "main", "--output", "."], ".: cannot be written"),
        (["--base", "main", "--output", ""], ".: cannot be written"),
        (["--from", "gone.json"], "gone.json"),
    ],
)
def test_cannot_run(docbot, arguments, words):
    ran = docbot("review", *arguments)
    assert (ran.code, ran.out) == (exit_codes.CANNOT_RUN, "")
    assert ran.err.startswith("docbot: ")
    assert ran.err.count("\n") == 1
    assert words in ran.err


def test_outside_of_a_repository(docbot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = docbot("review", "--base", "main")
    assert ran.code == 2
    assert "not in a git repository" in ran.err


def test_paths_are_told_from_the_folder_one_stands_in(pull, docbot, monkeypatch):
    pull.commit("src/c.py", BOX)
    monkeypatch.chdir(pull.root / "src")
    names = {".": "src", "c.py": "src/c.py", pull.root / "src": "src", "../b.py": "b.py", "..": "."}
    for argument, expected in names.items():
        assert review._from_root(Path(argument), pull.root) == expected
    assert docbot("review", "--base", "main", "c.py").out.startswith("src/c.py:2")
    assert docbot("review", "--base", "main", "..").out.count("\n") == 2


def test_a_model_of_the_operators_own(pull, docbot):
    Path("mine.gguf").write_bytes(b"GGUF" + b"\xff" * 64)
    ran = docbot("review", "--base", "main", "--model", "mine.gguf")
    assert ran.code == 2
    assert str(pull.root / "mine.gguf") in ran.err


# What is reviewed


def test_the_events_commits_and_not_the_work_trees(pull, docbot, event):
    event("pull_request", **pull_request(pull))
    pull.git("switch", "--quiet", "main")
    pull.write("c.py", BOX)
    pull.write("pyproject.toml", "[tool.docbot]\nstile = 1\n")
    assert docbot("review").out.startswith("b.py:2: method Box.__len__")
    event(
        "merge_group", merge_group={"head_sha": sha(pull, "topic"), "base_sha": sha(pull, "main")}
    )
    assert docbot("review").out.startswith("b.py:2: method Box.__len__")
    event("push", before=sha(pull, "topic"), after=sha(pull, "main"))
    assert docbot("review").out == ""


def test_origin_head_is_the_base_where_nobody_names_one(pull, docbot, tmp_path, monkeypatch):
    pull.git("switch", "--quiet", "main")
    pull.git("clone", "--quiet", str(pull.root), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    pull.git("-C", str(tmp_path / "clone"), "switch", "--quiet", "topic")
    assert docbot("review").out.startswith("b.py:2: method Box.__len__")


@pytest.mark.parametrize(
    "settings",
    [
        "model = 'hf://a/b@0000000000000000000000000000000000000000/x.gguf'",
        "model = 'evil.gguf'\nselect = ['private']",
        "base-url = 'http://127.0.0.1:1/'",
    ],
)
def test_settings_of_the_head_steer_nothing(pull, docbot, monkeypatch, settings):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{listening.getsockname()[1]}")
        pull.stage("evil.gguf", b"GGUF")
        pull.stage(".env", f"HF_ENDPOINT={os.environ['HF_ENDPOINT']}\n")
        pull.stage("pyproject.toml", f"[tool.docbot]\n{settings}\n")
        pull.commit("c.py", PLAIN.replace("total", "_mine"))
        ran = docbot("review", "--base", "main")
        listening.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody knocked
            listening.accept()
    assert ran.out == f"b.py:2: method Box.__len__ has no docstring; {SUGGESTION_LINE}\n"
    assert ran.err.count("base branch") == 1


@pytest.mark.parametrize("name", ["pull_request_target", "workflow_run"])
def test_events_with_a_token_that_writes_analyse_nothing(pull, docbot, event, name, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "hush")
    event(name, **pull_request(pull), workflow_run={"event": "push"})
    ran = docbot("review", "--post")
    assert (ran.code, ran.out) == (2, "")
    assert "README" in ran.err or "--from" in ran.err
    assert "hush" not in ran.err


# Hostile names, in what a runner reads


NAMES = [
    "::error ::x.py",
    "a\n::error ::y.py",
    "##[error]z.py",
    "\x1b[31m.py",
    "\u202epy.py",
    "%0A::x.py",
]


FORMS = ("text", "markdown", "json", "sarif", "rdjson", "github")


def test_nothing_printed_is_a_command_but_ours(pull, docbot, tmp_path):
    for name in NAMES:
        pull.stage(name, BOX)
        pull.stage(f"broken{name}", "def")
    header = 'def f(a="""\n::error::boo"""):\n    return a + 1\n\n\n'
    header += BOX.replace("(self)", '(self, a="""\n::set-output name=x::""")')
    pull.stage("header.py", header)
    pull.git("commit", "--quiet", "--message", "Add")
    report = tmp_path / "report.json"
    result = docbot("review", "--base", "main", "--format", "json", "--output", report)

    def lines_of(ran):
        return (ran.out + ran.err).splitlines()

    rows = [("text", row) for row in lines_of(result)] + [
        (form, row)
        for form in FORMS
        for row in lines_of(docbot("review", "--from", report, "--format", form))
    ]
    assert len(rows) > 100
    for form, row in rows:
        ours = form == "github" and row.startswith("::notice ")
        assert ours or not row.lstrip().startswith("::")
        assert ours or "##[" not in row
        assert ours or form in ("sarif", "rdjson", "json") or row.isprintable()


# The page


def served(github, repo, number=7):
    """The repository's pull request as GitHub shows it."""
    files = []
    for path in repo.git("diff", "--name-only", "-z", "main...topic").split("\0")[:-1]:
        part = repo.git("diff", "main...topic", "--", path)
        files.append(File(path, part[part.index("@@") :].rstrip("\n")))
    if number in github.pulls:
        github.push(github.pulls[number], *files, head=sha(repo, "topic"))
        return github.pulls[number]
    fields = {"number": number, "head": sha(repo, "topic"), "base": sha(repo, "main")}
    return github.pull(*files, **fields)


@pytest.fixture
def served_pull(pull, github, monkeypatch, plain_network):  # noqa: ARG001 - its environment
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.api)
    monkeypatch.setenv("GITHUB_GRAPHQL_URL", github.graphql)
    monkeypatch.setenv("GITHUB_REPOSITORY", github.repository)
    return served(github, pull)


def test_from_an_event_to_the_page_and_nothing_more_the_second_time(
    docbot, github, event, served_pull
):
    event("pull_request", **github.payload(served_pull))
    ran = docbot("review", "--post")
    assert ran.code == 0, ran.err
    (comment,) = served_pull.inline
    assert '```suggestion\n    def __len__(self):\n        """Return the number' in comment.body
    assert "comments posted: 1" in ran.err
    assert TOKEN not in ran.out + ran.err
    before = len(github.writes)
    assert docbot("review", "--post").code == 0
    assert len(github.writes) == before


def test_by_number(docbot, served_pull):
    ran = docbot("review", "--base", "main", "--pr", "7", "--max-comments", 0)
    assert ran.code == 0
    assert served_pull.inline == []
    assert "summary: created" in ran.err


@pytest.mark.usefixtures("pull")
@pytest.mark.parametrize("flags", [["--pr", "0"], ["--pr", "x"], ["--max-comments", "26"]])
def test_numbers_out_of_range(docbot, flags):
    ran = docbot("review", *flags)
    assert ran.code == 2
    assert "is no number from" in ran.err


@pytest.mark.usefixtures("served_pull")
def test_a_head_that_moved_is_left_alone(pull, docbot, github):
    pull.commit("later.py", BOX)
    ran = docbot("review", "--base", "main", "--pr", "7")
    assert ran.code == 0
    assert "has moved on" in ran.err
    assert github.writes == []


def test_events_without_a_pull_request_post_nothing_and_need_no_token(
    pull, docbot, event, monkeypatch, tmp_path
):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    event(
        "merge_group", merge_group={"head_sha": sha(pull, "topic"), "base_sha": sha(pull, "main")}
    )
    ran = docbot("review", "--post", "--fail-on", "missing")
    assert ran.code == 1
    assert "merge_group has no pull request" in ran.err
    assert "Box.__len__" in (tmp_path / "summary.md").read_text()


def test_annotations_need_no_token(pull, docbot, event):
    event("pull_request", **pull_request(pull))
    ran = docbot("review", "--post", "--mode", "annotations")
    assert ran.code == 0
    assert ran.out.splitlines()[-1].startswith("::notice file=b.py,line=2,")


def test_a_fork_posts_from_a_second_workflow_what_the_first_found(
    docbot, github, event, served_pull, report
):
    served_pull.head_repository = "somebody/demo"
    run = {
        "event": "pull_request",
        "head_sha": served_pull.head,
        "head_branch": served_pull.head_ref,
        "head_repository": {"full_name": "somebody/demo"},
        "pull_requests": [],
    }
    event("workflow_run", workflow_run=run, repository={"full_name": github.repository})
    os.chdir(report.parent)  # nothing is checked out; the fixture of `pull` goes back
    ran = docbot("review", "--post", "--from", report)
    assert ran.code == 0, ran.err
    assert len(served_pull.inline) == 1
    event(
        "workflow_run",
        workflow_run=run | {"head_sha": "0" * 39 + "1"},
        repository={"full_name": github.repository},
    )
    before = len(github.writes)
    ran = docbot("review", "--post", "--from", report)
    assert (ran.code, len(github.writes)) == (0, before)
    assert "no open pull request" in ran.err


def test_the_repository_is_told_by_its_origin(pull, monkeypatch, docbot):
    options = parser().parse_args(["review", "--pr", "7"])
    for address in (
        "https://github.com/octo/demo.git", "git@github.com:octo/demo.git", "https://ghe.example:8443/octo/demo/"
    ):  # fmt: skip
        pull.git("remote", "remove", "origin", check=False)
        pull.git("remote", "add", "origin", address)
        assert review._repository(options) == "octo/demo"
    pull.git("remote", "remove", "origin")
    monkeypatch.setenv("GITHUB_TOKEN", "hush")
    ran = docbot("review", "--base", "main", "--pr", "7")
    assert ran.code == 2
    assert "--repo" in ran.err
