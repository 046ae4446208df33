"""What may reach llama.cpp: files of the table by hash, files of the user's own by their header."""

from __future__ import annotations

import dataclasses
import shutil
import struct
import subprocess
import sys
import tracemalloc

import pytest

from docbot.errors import ModelError
from docbot.prompts import FORMATS
from docbot.weights import MAX_CONTEXT, MODELS, resolve, verify

TINY = MODELS["docbot-tiny"]
HUGE = 1 << 62


def string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def key(name: str, kind: int, value: bytes) -> bytes:
    return string(name.encode()) + struct.pack("<I", kind) + value


def words(*items: bytes) -> bytes:
    return struct.pack("<IQ", 8, len(items)) + b"".join(map(string, items))


ARCHITECTURE = key("general.architecture", 8, string(b"qwen2"))
LENGTH = key("qwen2.context_length", 4, struct.pack("<I", 512))


def header(*keys: bytes, magic: bytes = b"GGUF", version=3, tensors=1, count=None) -> bytes:
    counts = struct.pack("<IQQ", version, tensors, len(keys) if count is None else count)
    return magic + counts + b"".join(keys) + b"\0" * 64


# known models


def test_the_embedded_model_brings_its_own_format():
    found = resolve("docbot-tiny", "chatml")
    assert (found.context, found.format) == (320, "tasks")
    assert found.path.stat().st_size == TINY.bytes


def test_every_row_names_a_format_and_a_file_of_its_own():
    for name, model in MODELS.items():
        assert model.name == name
        assert model.format in FORMATS
        assert model.file.endswith(".gguf")
        assert len(bytes.fromhex(model.sha256)) == 32
        resolve(name, "")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda data: data[:-1], f"has {TINY.bytes - 1} bytes where docbot-tiny has {TINY.bytes}"),
        (lambda data: data + b"\0", f"has {TINY.bytes + 1} bytes"),
        (lambda _: b"", "has 0 bytes"),
        (lambda data: data[:5000] + b"!" + data[5001:], "is damaged"),
    ],
    ids=["cut", "longer", "empty", "one byte"],
)
def test_a_damaged_embedded_model_is_refused(tmp_path, damage, sentence):
    path = tmp_path / TINY.file
    path.write_bytes(damage(resolve("docbot-tiny", "").path.read_bytes()))
    with pytest.raises(ModelError, match=sentence) as caught:
        verify(path, TINY)
    assert str(caught.value).endswith("reinstall docbot")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"x\.gguf: cannot be read"):
        verify(tmp_path / "x.gguf", TINY)


def test_the_hash_is_taken_once_a_process(tmp_path):
    path = tmp_path / TINY.file
    shutil.copyfile(resolve("docbot-tiny", "").path, path)
    verify(path, TINY)
    path.write_bytes(b"")
    verify(path, TINY)
    with pytest.raises(ModelError):
        verify(path, dataclasses.replace(TINY, name="other"))


def test_an_installed_package_has_its_model_inside(tmp_path):
    package = tmp_path / "docbot"
    (package / "models" / TINY.name).mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "weights.py"):
        shutil.copy(resolve.__code__.co_filename.replace("weights.py", name), package)
    run = "from docbot.weights import resolve; print(resolve('docbot-tiny', '').path)"
    command = [sys.executable, "-c", run]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "docbot-tiny-q8_0.gguf: is missing from the package; reinstall docbot" in done.stderr
    inside = shutil.copy(resolve("docbot-tiny", "").path, package / "models" / TINY.name)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(inside)


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(ModelError, match="no model is called 'docbot-tyni'; known: docbot-tiny,"):
        resolve("docbot-tyni", "chatml")


# a file of the user's own


def test_a_file_takes_its_context_from_the_header_and_the_format_from_the_caller():
    found = resolve(str(resolve("docbot-tiny", "").path), "chatml")
    assert (found.context, found.format) == (320, "chatml")


@pytest.mark.parametrize(
    ("data", "context"),
    [
        (header(ARCHITECTURE, LENGTH), 512),
        (header(LENGTH, ARCHITECTURE), 512),
        (header(ARCHITECTURE, LENGTH, version=2), 512),
        (header(ARCHITECTURE, key("llama.context_length", 4, b"\1\0\0\0"), LENGTH), 512),
        (header(key("a", 9, words(b"x", b"yy")), ARCHITECTURE, LENGTH), 512),
        (header(key("a", 9, struct.pack("<IQ3H", 2, 3, 1, 2, 3)), ARCHITECTURE, LENGTH), 512),
        (header(key("a", 8, string(b"text")), key("b", 7, b"\1"), ARCHITECTURE, LENGTH), 512),
        (header(ARCHITECTURE, key("qwen2.context_length", 10, struct.pack("<Q", HUGE))),
         MAX_CONTEXT),
    ],
    ids=["plain", "late name", "version 2", "another's", "strings", "numbers", "text", "huge"],
)  # fmt: skip
def test_a_sound_header_is_read(tmp_path, data, context):
    path = tmp_path / "own.gguf"
    path.write_bytes(data)
    assert resolve(str(path), "chatml").context == context


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"GG", "is not a GGUF file"),
        (b"GGUF", "is cut off"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is not a GGUF file"),
        (header(ARCHITECTURE, LENGTH, magic=b"GGJT"), "is not a GGUF file"),
        (header(ARCHITECTURE, LENGTH, version=1), "has GGUF version 1"),
        (header(ARCHITECTURE, LENGTH, version=3 << 24), "has GGUF version 50331648"),
        (header(ARCHITECTURE, LENGTH, tensors=0), "claims 0 tensors"),
        (header(ARCHITECTURE, LENGTH, tensors=HUGE), f"claims {HUGE} tensors"),
        (header(ARCHITECTURE, LENGTH, tensors=60_000), "is shorter than its header says"),
        (header(ARCHITECTURE, LENGTH, count=HUGE), f"and {HUGE} keys"),
        (header(ARCHITECTURE, LENGTH, count=0), "and 0 keys"),
        (header(ARCHITECTURE), "does not name"),
        (header(LENGTH), "does not name"),
        (header(ARCHITECTURE, key("qwen2.context_length", 5, b"\xff" * 4)), "does not name"),
        (header(ARCHITECTURE, key("qwen2.context_length", 6, b"\0" * 4)), "does not name"),
        (header(struct.pack("<Q", HUGE)), f"has a key or name of {HUGE} bytes"),
        (header(struct.pack("<Q", 60_000)), "is cut off"),
        (header(key("general.architecture", 8, string(b"a" * 65))), "name of 65 bytes"),
        (header(key("a", 8, struct.pack("<Q", HUGE))), "is cut off"),
        (header(key("a", 9, struct.pack("<IQ", 4, HUGE))), "is cut off"),
        (header(key("a", 9, struct.pack("<IQ", 8, HUGE))), "has an array of"),
        (header(key("a", 9, struct.pack("<IQ", 8, 1_000_000))), "is cut off"),
        (header(key("a", 9, struct.pack("<IQ", 9, 1))), "has an array of type 9"),
        (header(key("a", 99, b"")), "has a value of type 99"),
        (header(ARCHITECTURE, LENGTH)[:60], "is cut off"),
    ],
)
def test_a_hostile_header_is_one_sentence_and_little_memory(tmp_path, data, sentence):
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(ModelError, match=rf"bad\.gguf: .*{sentence}") as caught:
        resolve(str(path), "chatml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
    assert "download it again" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [0, 3, 11, 23, 24, 90, 120])
def test_the_embedded_model_cut_within_its_first_keys_is_refused(tmp_path, size):
    path = tmp_path / "cut.gguf"
    path.write_bytes(resolve("docbot-tiny", "").path.read_bytes()[:size])
    with pytest.raises(ModelError, match=r"cut\.gguf"):
        resolve(str(path), "chatml")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere/x.gguf", "does not exist"),
        ("x.gguf", "does not exist"),
        ("~nobody-at-all/x.gguf", "does not exist"),
        ("a\0b.gguf", "does not exist"),
        (".", "is a folder"),
        ("", "is a folder"),
    ],
)
def test_a_path_that_is_no_file_is_one_sentence(tmp_path, monkeypatch, name, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=sentence):
        resolve(name, "chatml")
