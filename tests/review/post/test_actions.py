"""What a runner hands over, and what it is told; the runner's reading is in `commands`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from fake_github.client import commands

from docbot.errors import ReviewError
from docbot.review.post import actions
from docbot.review.workflow_commands import emit, format_command, safe_line

if TYPE_CHECKING:
    from pathlib import Path

HEAD, BASE = "a" * 40, "b" * 40

PULL = {
    "number": 7,
    "state": "open",
    "draft": False,
    "head": {"sha": HEAD, "ref": "topic", "repo": {"full_name": "ada/demo"}},
    "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "octo/demo"}},
}
RUN = {
    "event": "pull_request",
    "head_sha": HEAD,
    "head_branch": "topic",
    "head_repository": {"full_name": "ada/demo"},
    "pull_requests": [{"number": 99}],
}
AT_HOME = {"full_name": "octo/demo"}


def changed(document: dict, key: str, value: object) -> dict:
    """A copy with another value at a key such as `a.b`; ... takes it away."""
    copy = json.loads(json.dumps(document))
    *way, last = key.split(".")
    inner = copy
    for name in way:
        inner = inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return copy


@pytest.fixture
def event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Read an event as a runner leaves it."""

    def read(name: str, document: object) -> actions.Event:
        path = tmp_path / "event.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        monkeypatch.setenv("GITHUB_EVENT_NAME", name)
        return actions.read_event(path)

    return read


# The event.


def test_a_pull_request_tells_what_a_review_asks(event):
    assert event("pull_request", {"pull_request": PULL}) == actions.Event(
        name="pull_request",
        number=7,
        head=HEAD,
        base=BASE,
        head_repository="ada/demo",
        head_branch="topic",
        fork=True,
    )


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("head.repo", AT_HOME, {"fork": False, "head_repository": "octo/demo"}),
        ("head.repo", None, {"fork": True, "head_repository": None}),
        ("draft", True, {"draft": True}),
        ("draft", ..., {"draft": False}),
        ("state", "closed", {"closed": True}),
        ("head.sha", "c" * 64, {"head": "c" * 64}),
    ],
)
def test_what_a_pull_request_may_be(event, key, value, expected):
    result = event("pull_request", {"pull_request": changed(PULL, key, value)})
    assert {name: getattr(result, name) for name in expected} == expected


def test_other_events_have_no_pull_request(event):
    group = {"head_sha": HEAD, "base_sha": BASE}
    result = event("merge_group", {"merge_group": group})
    assert (result.number, result.head, result.base) == (None, HEAD, BASE)
    result = event("push", {"before": BASE, "after": HEAD})
    assert (result.number, result.head, result.base) == (None, HEAD, BASE)
    result = event("push", {"before": "0" * 40, "after": HEAD})
    assert (result.head, result.base) == (HEAD, "")
    result = event("push", {"before": BASE, "after": "0" * 40})
    assert (result.head, result.base) == ("", BASE)
    for name in ("workflow_dispatch", "schedule", "issue_comment"):
        assert event(name, {"issue": {"number": 3}}) == actions.Event(name=name)


def test_a_workflow_run_tells_a_branch_and_no_number(event):
    result = event("workflow_run", {"workflow_run": RUN, "repository": AT_HOME})
    assert result == actions.Event(
        name="workflow_run",
        head=HEAD,
        head_branch="topic",
        head_repository="ada/demo",
        fork=True,
    )
    gone = changed(RUN, "head_repository", None)
    result = event("workflow_run", {"workflow_run": gone, "repository": AT_HOME})
    assert result.head_repository is None
    pushed = changed(RUN, "event", "push")
    result = event("workflow_run", {"workflow_run": pushed, "repository": AT_HOME})
    assert result == actions.Event(name="workflow_run")


@pytest.mark.parametrize(
    ("name", "document", "sentence"),
    [
        ("pull_request", {}, "`pull_request.base.repo.full_name` is missing"),
        ("pull_request", [PULL], "`pull_request.base.repo.full_name` is missing"),
        ("pull_request", {"pull_request": "x"}, "`pull_request.base.repo.full_name` is missing"),
        ("number", "7", "`pull_request.number` is not a number"),
        ("number", True, "`pull_request.number` is not a number"),
        ("head.sha", "main", "`pull_request.head.sha` is not a commit"),
        ("head.sha", HEAD + "\n", "`pull_request.head.sha` is not a commit"),
        ("head.sha", ..., "`pull_request.head.sha` is missing"),
        ("head.repo", {}, "`pull_request.head.repo.full_name` is missing"),
        ("head.repo.full_name", "../..", "`pull_request.head.repo.full_name` is not a repository"),
        ("draft", "no", "`pull_request.draft` is not true or false"),
        ("state", None, "`pull_request.state` is missing"),
        ("merge_group", {"merge_group": {}}, "`merge_group.head_sha` is missing"),
        ("push", {"before": BASE}, "`after` is missing"),
        ("workflow_run", {"workflow_run": {}}, "`workflow_run.event` is missing"),
    ],
)
def test_a_malformed_event_is_a_sentence_with_the_key(event, name, document, sentence):
    if not isinstance(document, dict | list) or "." in name or name in PULL:
        document, name = {"pull_request": changed(PULL, name, document)}, "pull_request"
    with pytest.raises(ReviewError, match=re.escape(sentence)):
        event(name, document)


@pytest.mark.parametrize("text", ["", "{", "\0", "[" * 100_000, '"\ud800"'])
def test_an_event_that_is_no_json(event, text):
    with pytest.raises(ReviewError, match=r"GITHUB_EVENT_PATH names .* not JSON|missing"):
        event("pull_request", text if text.isascii() else ascii(text))


def test_a_file_that_is_not_there_or_too_big(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_EVENT_NAME", "push")
    with pytest.raises(ReviewError, match="cannot be read"):
        actions.read_event(tmp_path / "none.json")
    monkeypatch.setattr(actions, "EVENT_BYTES", 10)
    (tmp_path / "big.json").write_text("{}" + " " * 10)
    with pytest.raises(ReviewError, match="over 10 bytes"):
        actions.read_event(tmp_path / "big.json")
    monkeypatch.delenv("GITHUB_EVENT_NAME")
    with pytest.raises(ReviewError, match="GITHUB_EVENT_NAME is not set"):
        actions.read_event(tmp_path / "big.json")


def test_security_pull_request_target_is_refused(event):
    with pytest.raises(ReviewError, match="does not run on pull_request_target"):
        event("pull_request_target", {"pull_request": PULL})


# Commands.

HOSTILE = [
    "a\n::error ::x.py",
    "a\r::error ::x.py",
    "a\r\n::add-mask::e",
    "50%0A::error::x",
    "%25",
    "a,line=1::b:c",
    "##[error]x",
    "  ::error::x",
    "tail%",
    "é\u2028::error::x\x85::error::y\x0b::error::z\f::error::",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_security_a_command_is_one_line_and_comes_back_as_it_was(text, capsys):
    emit(format_command("notice", text, file=text, line=3, title=""))
    out = capsys.readouterr().out
    assert commands(out) == [("notice", {"file": text, "line": "3"}, text)]
    assert out.count("\n") == 1


def test_a_lone_surrogate_does_not_stop_a_command():
    line = format_command("notice", "a\udcffb", file="\udcff.py")
    assert line == "::notice file=?.py::a?b"
    line.encode()


@pytest.mark.parametrize("text", [*HOSTILE, "\udcff::", ":: error", "\t::x", "x\x1b[31m##[#[#["])
def test_security_a_line_for_people_is_no_command(text):
    line = safe_line(text)
    assert commands(line) == []
    assert line.isprintable()
    assert len(line.splitlines()) == 1


# Files.


def test_the_summary_is_added_to(tmp_path, monkeypatch):
    assert not actions.append_step_summary("nowhere")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert actions.append_step_summary("# One\n\n")
    assert actions.append_step_summary("# Two")
    assert (tmp_path / "summary.md").read_bytes() == b"# One\n# Two\n"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    with pytest.raises(ReviewError, match=r"GITHUB_STEP_SUMMARY names .* cannot be written"):
        actions.append_step_summary("x")


def test_the_summary_is_cut_between_paragraphs(tmp_path, monkeypatch):
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    block = "é" * 400 + "\n\n````python\n```\ncode\n\n" + "x" * 20_000 + "\n````\n\n"
    actions.append_step_summary(block * 60)
    text = path.read_text()
    assert len(text.encode()) <= actions.SUMMARY_BYTES
    assert len(text.encode()) > actions.SUMMARY_BYTES - 22_000
    assert text.count("The rest is left out") == 1
    beginning = text.partition("\n\nThe rest")[0]
    assert beginning.count("````") % 2 == 0
    assert (block * 60).startswith(beginning)
    actions.append_step_summary(block * 60)
    assert path.read_text().count("The rest is left out") == 2
    actions.append_step_summary("x" * actions.SUMMARY_BYTES)
    assert path.stat().st_size <= actions.SUMMARY_BYTES


def test_security_an_output_cannot_set_another(tmp_path, monkeypatch):
    actions.set_output("report", "nowhere")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "out"))
    hostile = "a\nEOF\nmissing=0\nmissing<<EOF\n0\nEOF"
    actions.set_output("report", hostile)
    actions.set_output("missing", "3")
    first, second = re.findall(
        r"(\w+)<<(end-[0-9a-f]{32})\n(.*?)\n\2\n", (tmp_path / "out").read_text(), re.DOTALL
    )
    assert (first[0], first[2]) == ("report", hostile)
    assert (second[0], second[2]) == ("missing", "3")
    assert first[1] != second[1]
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path))
    with pytest.raises(ReviewError, match=r"GITHUB_OUTPUT names .* cannot be written"):
        actions.set_output("missing", "3")
