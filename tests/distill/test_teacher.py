"""A teacher that really answers: the embedded model, in the process and behind its own server."""

from __future__ import annotations

import argparse
import http.server
import json
import os
import socket
import subprocess
import sys
import sysconfig
import threading
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("tqdm")

from docbot.distill.corpus import teacher
from docbot.distill.corpus.decontamination import load
from docbot.distill.corpus.endpoint import MAX_PAUSE, TRIES, Endpoint, Reply
from docbot.distill.corpus.extract import read_package
from docbot.distill.corpus.labels import read_labels
from docbot.distill.corpus.rows import CorpusRow, write_rows
from docbot.distill.corpus.teacher import ask_all, build_question, make_label, rows_with_code
from docbot.errors import ConfigError, DocbotError, ModelError
from docbot.llm.weights import resolve
from docbot.prompt.formats import FORMATS

MODULES = ("textwrap", "shlex", "queue", "calendar")
TINY = resolve("docbot-tiny", "")


@pytest.fixture(scope="module")
def sample_work(tmp_path_factory):
    """A working folder with one package's wheel and rows: 60 or so of the standard library."""
    work = tmp_path_factory.mktemp("work")
    wheel = work / "wheels" / "sample_code-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in MODULES:
            archive.write(Path(sysconfig.get_path("stdlib")) / f"{name}.py", f"sample/{name}.py")
    rows, counts = read_package(wheel, "sample-code", load())
    write_rows(work / "rows" / "sample-code.jsonl.gz", rows, counts)
    return work, rows


@pytest.fixture
def work(sample_work, tmp_path):
    """The same folder without labels."""
    for name in ("wheels", "rows"):
        (tmp_path / name).symlink_to(sample_work[0] / name, target_is_directory=True)
    return tmp_path


def run(work: Path, *flags: str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path)
    teacher.arguments(parser)
    teacher.run(parser.parse_args(["--work", str(work), *map(str, flags)]))


def labels(work: Path):
    return read_labels(work / "labels" / "sample-code.jsonl.gz")


# the code again


def test_every_row_finds_its_code_and_no_docstring_comes_with_it(sample_work):
    work, rows = sample_work
    items = list(rows_with_code(teacher.find_wheel(work, "sample-code"), rows))
    assert sorted((a.row.path, a.row.line, a.row.task) for a in items) == sorted(
        (row.path, row.line, row.task) for row in rows
    )
    for item in items:
        definition = item.context.target.definition
        assert definition.docstring is None
        assert (definition.qualname, definition.line) == (item.row.qualname, item.row.line)
        if item.row.task == "function" and len(item.row.reference) > 30:
            assert item.row.reference not in build_question(item)
        assert f"this Python {item.row.task}" in build_question(item)


def test_a_package_without_its_wheel_is_an_error(work):
    with pytest.raises(ConfigError, match="has no wheel of other; run the corpus command again"):
        teacher.find_wheel(work, "other")


# a reply becomes a label


@pytest.mark.parametrize(
    ("reply", "answer", "reason"),
    [
        (Reply(text="Wraps the text.", confidence=0.9), "wrap the text.", ""),
        (Reply(text="Wrap the text. And more.", confidence=None), "wrap the text.", ""),
        (Reply(text="<think>Hm.</think>\nWrap the text", confidence=0.5), "wrap the text.", ""),
        (Reply(text="Wrap the text.", confidence=0.4), "", "not sure enough"),
        (Reply(text="Wrap the text.", confidence=float("nan")), "", "not sure enough"),
        (Reply(text="Wrap the text and", confidence=0.9, ended=False), "", "stops in the middle"),
        (Reply(text="Wrap it all. Then", confidence=0.9, ended=False), "wrap it all.", ""),
        (Reply(text="", confidence=0.9), "", "no text"),
        (Reply(text="Here is a summary of your code.", confidence=0.9), "", "begins with no verb"),
        (Reply(text="", confidence=None, refusal="too long"), "", "refused by the endpoint"),
    ],
)
def test_what_a_reply_is_worth(sample_work, reply, answer, reason):
    row = next(row for row in sample_work[1] if row.task == "function")
    item = next(rows_with_code(teacher.find_wheel(sample_work[0], "sample-code"), [row]))
    result = make_label(item, reply, "t", min_confidence=0.45)
    assert (result.answer, result.refused) == (answer, reason)
    assert (result.path, result.line) == (row.path, row.line)


# a GGUF file


def test_a_gguf_labels_rows_and_goes_on_where_it_stopped(work, sample_work, capsys):
    run(work, "--model", "docbot-tiny", "--threads", "1", "--limit", "20")
    first = labels(work)
    assert len(first) == 20
    run(work, "--model", TINY.path, "--prompt-format", TINY.format, "--threads", "1")
    both = labels(work)
    tasks = FORMATS[TINY.format].tasks
    assert len(both) == sum(row.task in {task.value for task in tasks} for row in sample_work[1])
    assert {each.line for each in first} <= {each.line for each in both}
    assert len({(e.path, e.line, e.task, e.slot) for e in both}) == len(both)
    for each in both:
        assert bool(each.answer) != bool(each.refused)
        assert 0 < (each.confidence or 0) <= 1
    assert sum(bool(each.answer) for each in both) > len(both) / 2
    capsys.readouterr()
    run(work, "--model", "docbot-tiny", "--threads", "1")
    assert "labelled" not in capsys.readouterr().out, "nothing is asked twice"
    assert labels(work) == both


def test_a_label_replaces_the_reference_in_the_shards(work):
    tokenizers = pytest.importorskip("tokenizers")
    import numpy as np

    from docbot.distill.corpus.write_shards import write_shards

    class Sure:
        name, tasks = "sure", frozenset(FORMATS["tasks"].tasks)

        def replies(self, items):
            for each in items:
                words = each.row.prompt.rpartition("|")[2].replace("async", "")
                yield each, Reply(text=f"Compute {words} at last.", confidence=0.9)

    ask_all(work, Sure(), min_confidence=0.5)
    write_shards(work, 400)
    tokenizer = tokenizers.Tokenizer.from_file(str(work / "tokenizer.json"))
    with np.load(work / "pairs-00.npz") as shard:
        spans = zip(shard["off"], shard["off"][1:], shard["cl"], strict=False)
        texts = [tokenizer.decode(shard["ids"][a + c : b].tolist()) for a, b, c in spans]
    assert len(texts) > 10
    assert all(text.startswith(" compute") for text in texts)


class Tired:
    """A teacher that gives up after some answers."""

    name, tasks = "tired", frozenset(FORMATS["tasks"].tasks)

    def __init__(self, answers: int) -> None:
        self.answers = answers
        self.items: list[CorpusRow] = []

    def replies(self, items):
        for each in items:
            if len(self.items) == self.answers:
                raise ModelError("tired")
            self.items.append(each.row)
            yield each, Reply(text="Do what is to be done.", confidence=None)


def test_a_teacher_that_fails_loses_nothing(work, sample_work):
    first, second = Tired(5), Tired(10_000)
    with pytest.raises(ModelError, match="tired"):
        ask_all(work, first, min_confidence=0)
    assert len(labels(work)) == 5
    ask_all(work, second, min_confidence=0)
    assert len(labels(work)) == len(sample_work[1]) == len(second.items) + 5
    assert not set(first.items) & set(second.items)


def test_a_wanted_confidence_that_nobody_tells_is_an_error(work):
    with pytest.raises(ModelError, match="leave --min-confidence out"):
        ask_all(work, Tired(9), min_confidence=0.2)


def test_damaged_labels_are_an_error(work):
    path = work / "labels" / "sample-code.jsonl.gz"
    path.parent.mkdir()
    path.write_bytes(b"no gzip")
    with pytest.raises(ConfigError, match=r"sample-code\.jsonl\.gz: holds no labels .* delete it"):
        ask_all(work, Tired(9), min_confidence=0)


# a real server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    """llama-cpp-python's own server with the embedded model; its key is s3cret-key."""
    for name in ("fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings"):
        pytest.importorskip(name, reason="llama_cpp.server needs llama-cpp-python[server]")
    port = free_port()
    flags = {"model": TINY.path, "host": "127.0.0.1", "port": port, "n_ctx": 2048,
             "model_alias": "tiny", "api_key": "s3cret-key", "n_threads": 1}  # fmt: skip
    command = [str(part) for pair in flags.items() for part in (f"--{pair[0]}", pair[1])]
    process = subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server did not start"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_a_real_server_labels_rows(server, work, monkeypatch, capfd):
    monkeypatch.setenv("TEACHER_KEY", "s3cret-key")
    common = ("--endpoint", server, "--name", "tiny", "--key-env", "TEACHER_KEY")
    run(work, *common, "--limit", "4", "--jobs", "2")
    run(work, *common, "--limit", "3", "--min-confidence", "0.99")
    all_labels = labels(work)
    assert len(all_labels) == 7
    with_reply = [each for each in all_labels if each.refused != "refused by the endpoint"]
    assert with_reply
    for each in with_reply:
        assert 0 < (each.confidence or 0) <= 1, "the server told its log-probabilities"
        assert each.teacher == "tiny"
    assert all(not each.answer for each in all_labels[4:])
    output = capfd.readouterr()
    assert "s3cret-key" not in output.out + output.err
    for path in work.rglob("labels/*"):
        assert "s3cret-key" not in str(read_labels(path))


def test_a_real_server_refuses_a_wrong_key(server, work, monkeypatch):
    monkeypatch.setenv("TEACHER_KEY", "wr0ng-key")
    with pytest.raises(ModelError, match=r"refuses the key \(401\)") as excinfo:
        run(work, "--endpoint", f"{server}/v1", "--name", "tiny", "--key-env", "TEACHER_KEY")
    assert "wr0ng-key" not in str(excinfo.value)
    assert labels(work) == []


def test_nobody_listens():
    port = free_port()
    with pytest.raises(ModelError, match=r"nothing answers there .* is the server running"):
        list(Endpoint(url=f"http://127.0.0.1:{port}", name="m").replies([(1, "x")]))


# servers that misbehave


@contextmanager
def scripted(*answers: tuple[int, str, dict[str, str]]):
    """A server with these answers, the last one for ever; yields its address and the requests."""
    request_log: list[dict] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["content-length"])
            body = json.loads(self.rfile.read(length))
            request_log.append(
                {"path": self.path, "key": self.headers.get("authorization"), **body}
            )
            status, text, headers = answers[min(len(request_log), len(answers)) - 1]
            self.send_response(status)
            for name, value in {"content-length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", request_log
        finally:
            server.shutdown()
            thread.join()


def completion_body(text: str, **more: object) -> str:
    return json.dumps({"choices": [{"message": {"content": text}, **more}]})


FINE = (200, completion_body("Do it."), {})


def ask(url: str, questions: int = 1, **more: object) -> list[tuple[int, Reply]]:
    endpoint = Endpoint(url=url, name="m", key="s3cret-key", pause=0.01, **more)  # type: ignore[arg-type]
    return list(endpoint.replies((number, f"question {number}") for number in range(questions)))


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_a_busy_server_is_asked_again(status):
    with scripted((status, "{}", {"retry-after": "0"}), (status, "busy", {}), FINE) as (
        url,
        request_log,
    ):
        ((_, reply),) = ask(url)
    assert reply == Reply(text="Do it.", confidence=None)
    assert len(request_log) == 3


def test_retry_after_is_honoured_within_reason():
    endpoint = Endpoint(url="http://x", name="m")
    assert endpoint._pause(0, "7") == 7
    assert endpoint._pause(3, "") == 8
    assert endpoint._pause(0, "99999") == endpoint._pause(20, "") == MAX_PAUSE
    assert endpoint._pause(0, "Wed, 21 Oct 2026 07:28:00 GMT") == 1


def test_a_server_that_stays_busy_is_an_error():
    with scripted((503, '{"error": "overloaded"}', {})) as (url, request_log):
        with pytest.raises(ModelError, match=r"answered 503: .*overloaded"):
            ask(url)
        assert len(request_log) == TRIES


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, "<html>hello</html>", {}), "not JSON: '<html>hello</html>'; is it an OpenAI"),
        ((404, '{"detail": "Not Found"}', {}), "answered 404: .*Not Found"),
        ((403, "{}", {}), r"refuses the key \(403\)"),
        ((200, "[1]", {}), "JSON that is no chat completion"),
        ((200, '{"choices": []}', {}), "JSON that is no chat completion"),
        ((307, "", {"location": "http://127.0.0.1:9/elsewhere"}), "answered 307"),
    ],
)
def test_what_is_no_completion_is_one_clear_sentence(answer, message):
    with (
        scripted(answer) as (url, request_log),
        pytest.raises(ModelError, match=message) as excinfo,
    ):
        ask(url, 3)
    assert len(request_log) == 1, "the first question finds out, alone"
    assert "\n" not in str(excinfo.value)


def test_a_server_that_repeats_the_key_does_not_get_it_printed():
    with scripted((404, '{"got": "Bearer s3cret-key"}', {})) as (url, _):
        with pytest.raises(ModelError, match=r"Bearer \*\*\*") as excinfo:
            ask(url)
        assert "s3cret-key" not in str(excinfo.value)
    assert "s3cret-key" not in repr(Endpoint(url=url, name="m", key="s3cret-key"))


def test_a_refused_question_does_not_stop_the_others():
    too_long = (400, '{"error": "context length"}', {})
    with scripted(too_long, too_long, FINE) as (url, _):
        replies = dict(ask(url, 6, jobs=1))
    assert [bool(reply.refusal) for reply in replies.values()] == [True] * 2 + [False] * 4
    with (
        scripted(too_long) as (url, request_log),
        pytest.raises(ModelError, match="one question after"),
    ):
        ask(url, 50, jobs=2)
    assert len(request_log) < 15


def test_an_endpoint_that_minds_logprobs_is_asked_without():
    minds = (400, '{"error": "logprobs is not supported by this model"}', {})
    with scripted(minds, FINE) as (url, request_log):
        replies = ask(url, 3, jobs=1)
    assert [reply.text for _, reply in replies] == ["Do it."] * 3
    assert ["logprobs" in request for request in request_log] == [True, False, False, False]


@pytest.mark.parametrize(
    ("logprobs", "confidence"),
    [
        ({"content": [{"logprob": -0.5}, {"logprob": -1.5}]}, pytest.approx(0.3679, abs=1e-4)),
        ({"token_logprobs": [None, -1.0, -1.0]}, pytest.approx(0.3679, abs=1e-4)),
        (None, None),
        ({"content": []}, None),
        ("soon", None),
    ],
)
def test_confidence_is_the_geometric_mean_where_it_is_told(logprobs, confidence):
    with scripted((200, completion_body("Do it.", logprobs=logprobs), {})) as (url, request_log):
        ((_, reply),) = ask(f"{url}/v1/")
    assert reply.confidence == confidence
    assert request_log[0]["path"] == "/v1/chat/completions"
    assert request_log[0]["key"] == "Bearer s3cret-key"


def test_requests_run_side_by_side_and_each_reply_finds_its_question():
    slow = threading.Barrier(4, timeout=20)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            question = body["messages"][0]["content"]
            if question != "question 0":  # the first one goes alone
                slow.wait()
            text = completion_body(f"{question}, answered.", finish_reason="length").encode()
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            replies = ask(f"http://127.0.0.1:{server.server_port}", 9, jobs=4)
        finally:
            server.shutdown()
            thread.join()
    assert sorted(number for number, _ in replies) == list(range(9))
    for number, reply in replies:
        assert reply.text == f"question {number}, answered."
        assert not reply.ended


# flags


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--endpoint", "http://x"], "--endpoint needs --name"),
        (["--endpoint", "http://x", "--name", "m", "--key-env", "NO_SUCH_KEY"], "NO_SUCH_KEY is"),
        (["--model", "docbot-tiny", "--min-confidence", "2"], "is a probability, got 2"),
        (["--model", "nothing.gguf"], "nothing.gguf: does not exist"),
        (["--endpoint", "ftp://x", "--name", "m"], "is no address of an endpoint"),
    ],
)
def test_flags_that_make_no_sense(work, flags, message):
    os.environ.pop("NO_SUCH_KEY", None)
    with pytest.raises(DocbotError, match=message):
        run(work, *flags)


def test_a_folder_without_rows_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="has no rows; run the corpus command first"):
        run(tmp_path, "--model", "docbot-tiny")
