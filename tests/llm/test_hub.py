"""The hub's real client against a hub on loopback."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from loopback import FILE, row

from docbot.cache import cache_folder
from docbot.errors import ModelError
from docbot.llm import hub as door
from docbot.llm.weights import get_model, resolve

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = pytest.importorskip("huggingface_hub")
PULL = (
    "import sys; from docbot.llm import hub, weights; "
    "print(hub.pull(weights.get_model(sys.argv[1])))"
)


def blobs() -> list[Path]:
    return [p for p in door.cache_folder().glob("models--*/**/*") if p.is_file()]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


# It comes.


def test_a_model_comes_once(hub, sound_gguf):
    hub.add(FILE, sound_gguf)
    model = row(sound_gguf)
    assert door.cached_file(model) is None
    path = door.pull(model)
    assert path.read_bytes() == sound_gguf
    assert path == door.cached_file(model)
    assert hub.count("GET", f"/cdn/owner/name/resolve/{model.revision}") == 1
    count = len(hub.requests)
    assert door.pull(model) == path
    assert len(hub.requests) == count


def test_the_bar_is_told_of_every_byte(hub, sound_gguf):
    calls = []

    class Bar(door.Silent):
        def __init__(self, *_, total, desc, **__):
            calls.append((desc, total))

        def update(self, n=1):
            calls.append(n)

    hub.add(FILE, sound_gguf)
    door.pull(row(sound_gguf), Bar)
    assert calls[0][1] == sum(calls[1:]) == len(sound_gguf)


def test_a_token_does_not_leave_the_hub(hub, sound_gguf, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.add(FILE, sound_gguf)
    door.pull(row(sound_gguf))
    methods = {(m, "authorization" in headers) for m, path, headers in hub.requests}
    assert methods == {("HEAD", True), ("GET", False)}


def test_a_reference_is_pinned_by_what_the_hub_says(hub, sound_gguf):
    model = get_model(hub.add(FILE, sound_gguf))
    path = door.pull(model)
    assert door.expected_sha256(path, model) == hashlib.sha256(sound_gguf).hexdigest()
    assert resolve(model.name, "granite").format == "granite"
    assert resolve(model.name, "granite").context == 512


def test_a_lost_note_is_read_off_the_client_s_blob(hub, sound_gguf):
    model = get_model(hub.add(FILE, sound_gguf))
    path = door.pull(model)
    (cache_folder() / "digests.json").unlink()
    assert door.expected_sha256(path, model) == hashlib.sha256(sound_gguf).hexdigest()


def test_a_small_file_s_tag_is_no_sha256(hub, sound_gguf):
    hub.large = False
    model = get_model(hub.add(FILE, sound_gguf))
    path = door.pull(model)
    assert door.expected_sha256(path, model) == hashlib.sha256(sound_gguf).hexdigest()
    (cache_folder() / "digests.json").unlink()
    assert door.expected_sha256(path, model) == ""


def test_a_file_in_a_folder_with_odd_characters(hub, sound_gguf):
    model = get_model(hub.add("q8 0/a+b.gguf", sound_gguf))
    assert door.pull(model).read_bytes() == sound_gguf


# It breaks off.


def test_a_broken_connection_goes_on_where_it_was(hub, sound_gguf, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1024)
    hub.add(FILE, sound_gguf)
    hub.stumbles.append("break")
    assert door.pull(row(sound_gguf)).read_bytes() == sound_gguf
    ranges = [headers.get("range") for method, _, headers in hub.requests if method == "GET"]
    assert ranges == [None, f"bytes={len(sound_gguf) // 2 // 1024 * 1024}-"]


def test_the_client_waits_as_it_is_told(hub, sound_gguf):
    hub.add(FILE, sound_gguf)
    hub.stumbles.append((429, {"Retry-After": "0"}))
    assert door.pull(row(sound_gguf)).read_bytes() == sound_gguf
    assert hub.count("GET") == 2


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda data: data[:-1], "sent only a part of it; try again"),
        (lambda data: data[:-1] + b"!", "has another sha256, and was deleted; try again"),
        (lambda data: data + b"!", "sent only a part of it|has .* bytes"),
    ],
    ids=["short", "one byte", "long"],
)
@pytest.mark.parametrize("pinned_row", [True, False], ids=["row", "reference"])
def test_wrong_bytes_do_not_stay(hub, sound_gguf, answer, sentence, pinned_row):
    model = get_model(hub.add(FILE, sound_gguf))
    hub.bodies[f"/owner/name/resolve/{hub.commit}/{FILE}"] = answer(sound_gguf)
    with pytest.raises(ModelError, match=sentence):
        door.pull(row(sound_gguf) if pinned_row else model)
    assert blobs() == []
    hub.bodies.clear()
    assert door.pull(model).read_bytes() == sound_gguf


def test_a_file_that_was_damaged_here_comes_again(hub, sound_gguf):
    hub.add(FILE, sound_gguf)
    model = row(sound_gguf)
    path = door.pull(model)
    path.resolve().write_bytes(bytes(len(sound_gguf)))
    assert door.pull(model).read_bytes() == sound_gguf


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_killed_while_it_comes(hub, sound_gguf):
    reference = hub.add(FILE, sound_gguf)
    hub.gate = threading.Event()
    process = start("-c", PULL, reference)
    while not hub.count("GET"):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hub.gate.set()
    assert door.cached_file(get_model(reference)) is None
    assert door.pull(get_model(reference)).read_bytes() == sound_gguf


def test_two_processes_at_once(hub, sound_gguf):
    reference = hub.add(FILE, sound_gguf)
    hub.gate = threading.Event()
    both = [start("-c", PULL, reference) for _ in range(2)]
    while hub.count("HEAD") < 4 or not hub.count("GET"):  # each asks, then its client asks
        assert all(process.poll() is None for process in both), both[0].stderr.read()
        time.sleep(0.01)
    hub.gate.set()
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    path = door.cached_file(get_model(reference))
    assert {out.strip() for out, _ in outputs} == {str(path)}
    assert path.read_bytes() == sound_gguf
    assert not list(door.cache_folder().glob("**/*.incomplete"))


# It does not come.


@pytest.mark.parametrize(
    ("status", "headers", "sentence"),
    [
        (401, {"X-Error-Code": "RepoNotFound"}, "has no repository owner/name, or shows it only"),
        (404, {"X-Error-Code": "RepoNotFound"}, "has no repository owner/name"),
        (401, {}, "refuses with 401: set HF_TOKEN"),
        (401, {"X-Error-Message": "Invalid credentials in Authorization header"}, "valid token"),
        (403, {"X-Error-Code": "GatedRepo"}, "owner/name is gated: accept its terms at http://"),
        (401, {"X-Error-Code": "GatedRepo"}, "owner/name is gated"),
        (403, {"X-Error-Message": "Access to this resource is disabled."}, "was disabled"),
        (403, {}, "refuses with 403"),
        (404, {"X-Error-Code": "RevisionNotFound"}, "has no revision 0123456789abcdef"),
        (404, {"X-Error-Code": "EntryNotFound"}, "has no file tiny-q8_0.gguf in revision 0123"),
        (404, {}, "answered with 404"),
        (407, {}, "the proxy wants a login"),
        (429, {"Retry-After": "17"}, "too many requests from here; try again in 17 seconds"),
        (429, {}, "too many requests from here; try again later"),
        (500, {}, "answered with 500; try again later"),
        (503, {"Retry-After": "120"}, "answered with 503"),
        (200, {}, "does not answer as a hub does; check HF_ENDPOINT"),
        (200, {"ETag": '"a"', "X-Repo-Commit": "f" * 40}, "answered with another revision"),
    ],
)
def test_a_refusal_is_one_sentence(hub, sound_gguf, status, headers, sentence):
    hub.refusals.append((status, headers))
    with pytest.raises(ModelError, match=rf"^tiny: .*{sentence}") as excinfo:
        door.pull(row(sound_gguf))
    assert "\n" not in str(excinfo.value)
    assert len(hub.requests) == 1
    assert blobs() == []


def test_a_server_error_while_it_comes(hub, sound_gguf):
    hub.add(FILE, sound_gguf)
    hub.stumbles.append((502, {}))
    with pytest.raises(ModelError, match="answered with 502; try again later"):
        door.pull(row(sound_gguf))
    assert blobs() == []


def test_another_size_is_told_before_it_comes(hub, sound_gguf):
    hub.add(FILE, sound_gguf + b"!")
    with pytest.raises(ModelError, match=f"has {len(sound_gguf) + 1} bytes of {FILE} where"):
        door.pull(row(sound_gguf))
    assert not hub.count("GET")


def test_another_hash_is_told_before_it_comes(hub, sound_gguf):
    """And what the hub does say stays where another tool has it."""
    path = door.pull(get_model(hub.add(FILE, sound_gguf)))
    wrong = row(sound_gguf, sha256="f" * 64)
    with pytest.raises(ModelError, match=f"has another sha256 for {FILE} than is known here"):
        door.pull(wrong)
    assert path.read_bytes() == sound_gguf
    path.unlink()
    with pytest.raises(ModelError, match="it is another file"):
        door.pull(wrong)
    assert hub.count("GET") == 1


def test_room_is_looked_for_before_it_comes(hub, sound_gguf):
    hub.add(FILE, sound_gguf)
    hub.sizes[f"/owner/name/resolve/{hub.commit}/{FILE}"] = 1 << 60
    with pytest.raises(ModelError, match=r"takes 1,152,921,504,607 MB and .* MB free; make room"):
        door.pull(row(sound_gguf, bytes=1 << 60))
    assert not hub.count("GET")


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
def test_no_more_room_while_it_comes(hub, sound_gguf):
    reference = hub.add(FILE, sound_gguf)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
    process = start("-c", limit + PULL, reference)
    _, err = process.communicate()
    assert "is full; make room, or set HF_HOME to another disk" in err.splitlines()[-1]
    assert blobs() == []


def test_offline_by_choice(hub, sound_gguf, monkeypatch):
    hub.add(FILE, sound_gguf)
    model = row(sound_gguf)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set, so nothing is downloaded"):
        door.pull(model)
    assert hub.requests == []
    monkeypatch.delenv("HF_HUB_OFFLINE")
    path = door.pull(model)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert door.pull(model) == path
    assert door.remove(model) == len(sound_gguf)


@pytest.mark.usefixtures("hub")
def test_no_network(sound_gguf, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=r"http://127.0.0.1:9 cannot be reached \(.*\); check"):
        door.pull(row(sound_gguf))


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("address", ["hub.example.org", "https://", "ftp://a", "http://a b"])
def test_no_address(sound_gguf, monkeypatch, address):
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(ModelError, match=r"HF_ENDPOINT is '.*', which is not an address"):
        door.pull(row(sound_gguf))


@pytest.mark.parametrize(
    ("proxy", "sentence"),
    [
        ("{url}", "the proxy does not let it through .*; check HTTPS_PROXY"),
        ("gopher://x", "cannot be reached .*HTTPS_PROXY"),
    ],
)
def test_a_proxy_that_refuses(hub, sound_gguf, monkeypatch, proxy, sentence):
    monkeypatch.setenv("HTTPS_PROXY", proxy.format(url=hub.url))
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.invalid")
    CLIENT.close_session()
    with pytest.raises(ModelError, match=sentence):
        door.pull(row(sound_gguf))
    CLIENT.close_session()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes anywhere")
def test_a_cache_that_cannot_be_written(hub, sound_gguf, tmp_path):
    hub.add(FILE, sound_gguf)
    (tmp_path / "hf").mkdir(mode=0o500)
    with pytest.raises(ModelError, match="cannot be written"):
        door.pull(row(sound_gguf))


def test_a_cache_that_is_a_file(hub, sound_gguf, tmp_path):
    hub.add(FILE, sound_gguf)
    (tmp_path / "hf").write_text("")
    with pytest.raises(ModelError, match=r"cannot be written \(.*\); set HF_HOME elsewhere"):
        door.pull(row(sound_gguf))


# Nothing comes unasked.


def test_looking_for_a_model_imports_no_client(hub, sound_gguf):
    reference = hub.add(FILE, sound_gguf)
    door.pull(get_model(reference))
    count = len(hub.requests)
    run = (
        "import sys; from docbot.llm.weights import resolve; print(resolve(sys.argv[1], 'chatml'))"
    )
    names = {"huggingface_hub", "httpx", "httpx2", "rich", "docbot.llm.binding"}
    heavy = f"print({names} & {{*sys.modules}})"
    out, err = start("-c", f"{run}\n{heavy}", reference).communicate()
    assert "context=512, format='chatml'" in out, err
    assert out.endswith("set()\n")
    assert len(hub.requests) == count


def test_fix_does_not_pull(hub, tmp_path, docbot):
    (tmp_path / "a.py").write_text("def total(prices):\n    return sum(prices) * 2\n")
    for name in ("qwen2.5-coder-0.5b", f"hf://a/b@{hub.commit}/c.gguf"):
        ran = docbot("fix", "--model", name, tmp_path)
        assert ran.code == 2
        assert ran.err.endswith(f"nothing is downloaded unasked; run: docbot models pull {name}\n")
    assert docbot("check", "--model", "qwen2.5-coder-0.5b", tmp_path).code == 1
    assert hub.requests == []


# It goes.


def test_remove_takes_one_file(hub, sound_gguf):
    other = sound_gguf[:-1] + b"!"
    first, second = get_model(hub.add(FILE, sound_gguf)), get_model(hub.add("other.gguf", other))
    twin = get_model(hub.add("twin.gguf", sound_gguf))
    for model in (first, second, twin):
        door.pull(model)
    assert door.remove(second) == len(other)
    assert door.cached_file(second) is None
    assert door.remove(first) == 0  # its twin is the same blob
    assert door.cached_file(twin).read_bytes() == sound_gguf
    assert door.remove(twin) == len(sound_gguf)
    assert blobs() == []
    with pytest.raises(ModelError, match="there is nothing to remove"):
        door.remove(twin)


# The same environment means the same to the client.


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"XDG_CACHE_HOME": "/x"},
        {"HF_HOME": "/h"},
        {"HF_HOME": "~/h", "XDG_CACHE_HOME": "/x"},
        {"HF_HUB_CACHE": "$HOME/c", "HF_HOME": "/h"},
        {"HUGGINGFACE_HUB_CACHE": "~/old"},
        {"HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "/new"},
    ],
    ids=str,
)
def test_the_cache_folder_is_the_client_s(monkeypatch, environment):
    import importlib

    from huggingface_hub import constants

    for name in ("XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.find_spec("huggingface_hub.constants")
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert fresh is not constants
    assert str(door.cache_folder()) == fresh.HF_HUB_CACHE


def test_the_second_transport_and_statistics_are_off(hub, sound_gguf):
    reference = hub.add(FILE, sound_gguf)
    look = (
        "import os; from huggingface_hub import constants as c; print(c.HF_HUB_DISABLE_XET, "
        "c.HF_HUB_DISABLE_TELEMETRY, 'HF_HUB_DISABLE_XET' in os.environ)"
    )
    out, err = start("-c", f"{PULL}\n{look}", reference).communicate()
    assert out.splitlines()[-1] == "True True False", err
    assert {method + path[:6] for method, path, _ in hub.requests} == {"HEAD/owner", "GET/cdn/o"}
