"""What may reach llama.cpp: files of the table by hash, files of the user's own by their header."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from docbot import cli
from docbot.errors import ModelError
from docbot.llm import batching as backend
from docbot.llm.hub import pull
from docbot.llm.known_models import CELLS, MAX_CONTEXT, MODELS, SLOTS, Model, packaged_file
from docbot.llm.merge import QUANTIZATIONS
from docbot.llm.weights import Weights, get_model, identify, resolve, verify
from docbot.prompt.formats import FORMATS

TINY = MODELS["docbot-tiny"]
# known models


def test_the_embedded_model_brings_its_own_format():
    weights = resolve("docbot-tiny", "chatml")
    assert (weights.context, weights.format) == (256, "tasks")
    assert weights.path.stat().st_size == TINY.bytes


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
    with pytest.raises(ModelError, match=sentence) as excinfo:
        verify(path, TINY)
    assert str(excinfo.value).endswith("reinstall docbot")


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
    shutil.copytree(Path(cli.__file__).parent, package, ignore=shutil.ignore_patterns("distill"))
    (package / "models" / TINY.name).mkdir(parents=True)
    run = "from docbot.llm.weights import resolve; print(resolve('docbot-tiny', '').path)"
    command = [sys.executable, "-c", run]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "docbot-tiny-q8_0.gguf: is missing from the package; reinstall docbot" in result.stderr
    inside = shutil.copy(resolve("docbot-tiny", "").path, package / "models" / TINY.name)
    run += "; import docbot.commands.models; print(docbot.commands.models.run_list.__name__)"
    command = [sys.executable, "-c", run]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [str(inside), "run_list"]


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(ModelError, match="no model is called 'docbot-tyni'; known: docbot-tiny,"):
        resolve("docbot-tyni", "chatml")


# a file of the user's own


def test_a_file_takes_its_context_from_the_header_and_the_format_from_the_caller():
    weights = resolve(str(resolve("docbot-tiny", "").path), "chatml")
    assert (weights.context, weights.format) == (320, "chatml")


def test_no_more_context_is_taken_than_prompts_need(tmp_path, sound_gguf):
    path = tmp_path / "own.gguf"
    path.write_bytes(sound_gguf.replace(struct.pack("<II", 4, 512), struct.pack("<II", 4, 1 << 20)))
    assert resolve(str(path), "chatml").context == MAX_CONTEXT


def test_a_hostile_file_is_refused(tmp_path, sound_gguf):
    path = tmp_path / "own.gguf"
    path.write_bytes(sound_gguf[:-1])
    with pytest.raises(ModelError, match="is shorter than its tensors; download it again"):
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


# references


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("hf://", "is no reference; write hf://owner/repository@revision/file.gguf"),
        ("hf://owner/file.gguf", "is no reference"),
        ("hf://owner/name@" + "0" * 40, "is no reference"),
        ("hf://owner/name@" + "0" * 40 + "/model.bin", "is no reference"),
        ("hf://owner/name@" + "0" * 40 + "/../x.gguf", "is no reference"),
        ("hf://owner/name@" + "0" * 40 + "/a//x.gguf", "is no reference"),
        ("hf://owner/name@" + "0" * 40 + "/a\\x.gguf", "is no reference"),
        ("hf://../name@" + "0" * 40 + "/x.gguf", "is no reference"),
        ("hf://owner/..@" + "0" * 40 + "/x.gguf", "is no reference"),
        ("hf://owner/n e@" + "0" * 40 + "/x.gguf", "is no reference"),
        ("hf://owner/name/x.gguf", "it names no revision.* pin it by the 40 digits of a commit "),
        ("hf://owner/name@/x.gguf", "it names no revision"),
        ("hf://owner/name@main/x.gguf", "'main' can change.* from https://huggingface.co/owner/na"),
        ("hf://owner/name@" + "0" * 39 + "/x.gguf", "can change"),
        ("hf://owner/name@" + "A" * 40 + "/x.gguf", "can change"),
    ],
)
def test_a_reference_must_be_pinned(reference, sentence):
    with pytest.raises(ModelError, match=sentence) as excinfo:
        resolve(reference, "chatml")
    assert "\n" not in str(excinfo.value)


def test_a_reference_names_repository_revision_and_file():
    model = get_model("hf://own-er/Na.me_1@" + "0" * 40 + "/q8/a b.gguf")
    assert (model.repository, model.revision, model.file) == (
        "own-er/Na.me_1",
        "0" * 40,
        "q8/a b.gguf",
    )


# pulled files


def test_a_model_that_was_not_pulled_says_how(hub):
    with pytest.raises(ModelError, match=r"run: docbot models pull qwen3-0\.6b$"):
        resolve("qwen3-0.6b", "")
    assert hub.requests == []


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda data: data[:-1], "has .* bytes where tiny has"),
        (lambda data: data[:-1] + b"!", "is damaged"),
    ],
)
def test_a_damaged_pulled_model_says_how_to_get_it_again(
    hub, sound_gguf, monkeypatch, damage, sentence
):
    model = Model(
        name="tiny",
        file="tiny.gguf",
        sha256=hashlib.sha256(sound_gguf).hexdigest(),
        bytes=len(sound_gguf),
        context=1 << 20,
        format="chatml",
        licence="MIT",
        repository="owner/name",
        revision=hub.commit,
    )
    monkeypatch.setitem(MODELS, "tiny", model)
    hub.add("tiny.gguf", sound_gguf)
    path = pull(model)
    assert resolve("tiny", "tasks") == Weights(path=path, context=MAX_CONTEXT, format="chatml")
    path.resolve().write_bytes(damage(sound_gguf))
    verify.cache_clear()
    with pytest.raises(ModelError, match=f"{sentence}.*; run: docbot models pull tiny$"):
        resolve("tiny", "")


# the table


def test_every_row_is_complete():
    for name, model in MODELS.items():
        assert model.name == name
        assert model.format in FORMATS
        assert model.file.endswith(".gguf")
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.licence
        assert model.bytes < model.memory
        if model.repository:
            assert get_model(f"hf://{model.repository}@{model.revision}/{model.file}").file
            assert model.context >= MAX_CONTEXT or model.adapter
        else:
            resolve(name, "")
        if model.adapter:
            assert packaged_file(model, model.adapter).stat().st_size < 12 << 20
            assert model.quantization in QUANTIZATIONS
            assert model.build_bytes > model.bytes
        if model.wheel is not None:
            assert len(bytes.fromhex(model.wheel.sha256)) == 32
            assert model.wheel.member.endswith(f"/{model.file}")


def test_what_is_in_the_wheel_is_what_the_table_names():
    """docbot's own wheel, which has no folder beside it."""
    lines = (Path(__file__).parents[2] / "pyproject.toml").read_text().splitlines()
    for model in MODELS.values():
        file = model.adapter or (not model.repository and model.file)
        if file:
            place = f"models/{model.name}/{file}"
            assert f'"{place}" = "docbot/{place}"' in lines


def test_memory_is_what_the_backend_keeps():
    assert backend.CELLS == CELLS
    assert inspect.signature(backend.LlamaCpp).parameters["slots"].default == SLOTS
    kv = (
        24 * 2 * 64 * 2 * 2 * 9 * 4096
    )  # layers, heads, their size, K and V, bytes, streams, tokens
    assert MODELS["qwen2.5-coder-0.5b"].memory == 491_400_064 + kv


def test_a_file_is_identified_by_its_content(tmp_path):
    path = tmp_path / "own.gguf"
    path.write_bytes(b"one")
    first = identify(str(path), path)
    assert first == hashlib.sha256(b"one").hexdigest() == identify(str(path), path)
    path.write_bytes(b"two")
    assert identify(str(path), path) != first
    assert identify("docbot-tiny", path) == MODELS["docbot-tiny"].sha256
    with pytest.raises(ModelError, match="gone"):
        identify("gone", tmp_path / "gone.gguf")
