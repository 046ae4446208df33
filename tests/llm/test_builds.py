"""What is built here from a base and an adapter: when, once, and never unasked from the network."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from docbot.cache import cache_folder
from docbot.errors import ModelError
from docbot.llm import builds, digest, known_models
from docbot.llm import hub as door
from docbot.llm.known_models import EMBEDDED, PREFERRED
from docbot.llm.seal import SEALED, read_seal
from docbot.llm.weights import choose, find, get_model, identify, rehash, resolve


@pytest.fixture
def pulled(small):
    """The base is here and the build is made."""
    builds.build(small.model, door.pull(small.model))
    small.restart()
    return small


def built() -> list[str]:
    return sorted(path.name for path in (cache_folder() / "models").iterdir())


def damage(path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


# It is used.


def test_a_build_is_found_and_known_by_its_content(pulled, hub, capsys):
    asked = len(hub.requests)
    found = resolve(PREFERRED, "chatml")
    assert (found.context, found.format) == (512, "tasks")
    assert found.path == find(pulled.model) == cache_folder() / "models" / built()[0]
    assert identify(PREFERRED, found.path) == read_seal(found.path) == identify("auto", found.path)
    assert (len(hub.requests), capsys.readouterr().err) == (asked, "")


def test_nothing_is_hashed_twice(pulled, monkeypatch):
    """The build was hashed while it was written, the adapter when it was first looked at."""
    old = 1_700_000_000_000_000_000
    os.utime(pulled.adapter, ns=(old, old))
    digest.cached_sha256(pulled.adapter)
    pulled.restart()
    monkeypatch.setattr(digest, "sha256", lambda *_: pytest.fail("was hashed again"))
    resolve(PREFERRED, "")


def test_a_lost_record_costs_one_hash(pulled):
    (cache_folder() / "digests.json").unlink()
    before = find(pulled.model).stat()
    resolve(PREFERRED, "")
    assert find(pulled.model).stat() == before


# It is not there.


def test_what_was_never_pulled_says_how(small, hub):
    sentence = "docbot-small: is not on this machine, and nothing is downloaded unasked; run: "
    for function in (lambda: resolve(PREFERRED, ""), lambda: find(small.model)):
        with pytest.raises(ModelError, match=f"{sentence}docbot models pull docbot-small$"):
            function()
    assert hub.requests == []


def test_a_base_that_is_here_is_built_once_it_is_asked_for(small, capsys):
    door.pull(small.model)
    assert choose("auto") == EMBEDDED
    with pytest.raises(ModelError, match="docbot-small: is here in parts; run"):
        find(small.model)
    path = resolve(PREFERRED, "").path
    said = "docbot: docbot-small: is here in parts; building it from its parts\n"
    assert capsys.readouterr().err == said
    assert resolve(PREFERRED, "").path == path
    assert capsys.readouterr().err == ""


# It is out of date.


def test_a_new_adapter_is_built_in_once(pulled, capsys):
    first = read_seal(find(pulled.model))
    pulled.upgrade(8)
    assert choose("auto") == PREFERRED
    path = resolve("auto", "").path
    assert read_seal(path) != first
    said = "docbot-small: was built for another version of docbot; building it from its parts\n"
    assert capsys.readouterr().err == f"docbot: {said}"
    resolve("auto", "")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("pulled")
def test_a_new_number_makes_everyone_s_build_anew(monkeypatch, capsys):
    monkeypatch.setattr(builds, "NUMBER", builds.NUMBER + 1)
    resolve(PREFERRED, "")
    assert "was built for another version" in capsys.readouterr().err


def test_two_versions_share_a_folder_and_a_third_drops_the_oldest(pulled, capsys):
    first = built()
    pulled.upgrade(8)
    resolve(PREFERRED, "")
    two = built()
    assert set(first) < set(two)
    capsys.readouterr()
    pulled.upgrade(6)
    resolve(PREFERRED, "")
    assert (built(), capsys.readouterr().err) == (two, "")
    pulled.upgrade(10)
    resolve(PREFERRED, "")
    assert len(built()) == 2
    assert not set(first) & set(built())


def test_without_its_base_it_has_to_be_pulled_again(pulled):
    door.remove(pulled.model)
    resolve(PREFERRED, "")
    pulled.upgrade(8)
    assert choose("auto") == EMBEDDED
    with pytest.raises(ModelError, match="was built for another version of docbot; run: docbot"):
        resolve(PREFERRED, "")


# It is damaged.


@pytest.mark.parametrize("at", [-1, 0, 40, SEALED - 1, SEALED + 20], ids=str)
def test_a_damaged_build_is_made_anew(pulled, capsys, at):
    path = find(pulled.model)
    sound = path.read_bytes()
    damage(path, at)
    assert not builds.is_sound(pulled.model)
    assert resolve(PREFERRED, "").path == path
    assert path.read_bytes() == sound
    assert "the file that was built is damaged; building it" in capsys.readouterr().err


def test_a_build_that_is_cut_off_is_made_anew(pulled, capsys):
    path = find(pulled.model)
    for size in (0, 10, 200, path.stat().st_size - 1):
        path.write_bytes(path.read_bytes()[:size])
        pulled.restart()
        resolve(PREFERRED, "")
        assert "is damaged; building it" in capsys.readouterr().err


def test_a_damaged_build_without_its_base_is_one_sentence(pulled):
    door.remove(pulled.model)
    damage(find(pulled.model))
    with pytest.raises(ModelError, match="docbot-small: the file that was built is damaged; run: "):
        resolve(PREFERRED, "")


def test_a_damaged_base_is_not_built_from(pulled):
    damage(door.cached_file(pulled.model).resolve())
    pulled.upgrade(8)
    with pytest.raises(ModelError, match=r"is damaged; run: docbot models pull docbot-small$"):
        resolve(PREFERRED, "")
    with pytest.raises(ModelError, match="is damaged"):
        rehash(builds.expected_path(pulled.model), pulled.model)


def test_a_build_of_other_parts_under_the_right_name(pulled):
    path = find(pulled.model)
    pulled.upgrade(8)
    path.rename(builds.expected_path(pulled.model))
    with pytest.raises(ModelError, match="was built from other parts; run"):
        rehash(find(pulled.model), pulled.model)
    assert not builds.is_sound(pulled.model)


def test_the_adapter_is_part_of_the_package(small, monkeypatch):
    monkeypatch.setattr(known_models, "FOLDERS", (small.adapter.parent,))
    assert choose("auto") == EMBEDDED
    with pytest.raises(ModelError, match="gguf: is missing from the package; reinstall docbot"):
        resolve(PREFERRED, "")


# The disk, and others.


def test_a_folder_that_cannot_be_written_is_one_sentence(small):
    base = door.pull(small.model)
    cache_folder().mkdir(parents=True)
    (cache_folder() / "models").write_text("a file")
    with pytest.raises(ModelError, match=r"cannot be built in .*set DOCBOT_CACHE_DIR to another"):
        builds.build(small.model, base)


def test_no_home_is_one_sentence(small, monkeypatch):
    monkeypatch.setattr(builds, "cache_folder", lambda: (_ for _ in ()).throw(RuntimeError("none")))
    assert choose("auto") == EMBEDDED
    with pytest.raises(ModelError, match="none"):
        find(small.model)


def test_a_failed_build_leaves_what_there_was(pulled, monkeypatch):
    before = built()

    def fail(*_, **__):
        raise OSError(28, "no room")

    monkeypatch.setattr("docbot.llm.merge.encode", fail)
    pulled.upgrade(8)
    with pytest.raises(ModelError, match=r"\(No space left on device\); make room"):
        resolve(PREFERRED, "")
    assert built() == before


def test_builders_at_the_same_time_do_no_harm(small):
    base = door.pull(small.model)
    threads = [threading.Thread(target=builds.build, args=(small.model, base)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built()) == 1
    assert builds.is_sound(small.model)
    rehash(find(small.model), small.model)


def test_looking_for_a_build_loads_no_numpy():
    run = "import sys; from docbot.llm.weights import choose; choose('auto')"
    run += "; print({'numpy', 'huggingface_hub', 'docbot.llm.binding'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_real_adapter_is_in_the_package():
    model = get_model(PREFERRED)
    assert builds.expected_path(model).name.startswith("docbot-small-")
