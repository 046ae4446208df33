# ruff: noqa: E501 - rows stay rows
"""What `.gitattributes` calls generated or vendored is left alone, as git itself reads it."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from docbot.config import Config
from docbot.repo.attributes import attributes_text, linguist_skips, linguist_skips_at
from docbot.repo.git import Repository

SOURCE = "def total(x):\n    return sum(x) * 2\n"
NAMES = ("api/client.py", "api/hand.py", "lib/six.py", "shop.py")
GENERATED = {"generated"}
ATTRIBUTES = [
    ({".gitattributes": "api/* linguist-generated\n"}, {"api/client.py", "api/hand.py"}),
    ({".gitattributes": "client.py linguist-generated=true\n"}, {"api/client.py"}),
    ({".gitattributes": "api/* linguist-generated\napi/hand.py -linguist-generated\n"}, {"api/client.py"}),
    ({".gitattributes": "*.py linguist-generated\n*.py linguist-generated=false\n"}, set()),
    ({".gitattributes": "lib/** linguist-vendored\n"}, {"lib/six.py"}),
    ({"api/.gitattributes": "client.py linguist-generated\n"}, {"api/client.py"}),
    ({".gitattributes": "*.py linguist-generated\n", "api/.gitattributes": "*.py !linguist-generated\n"},
     {"lib/six.py", "shop.py"}),
    ({".gitattributes": "[attr]made linguist-generated\nshop.py made\n"}, {"shop.py"}),
    ({".gitattributes": "*.py text eol=lf\n"}, set()),
    ({".gitattributes": "# linguist-generated\n"}, set()),
]  # fmt: skip


@pytest.fixture
def shop(repo):
    for name in NAMES:
        repo.stage(name, SOURCE)
    return repo


@pytest.mark.parametrize(("files", "expected"), ATTRIBUTES)
def test_git_says_which_files(shop, files, expected):
    for name, text in files.items():
        shop.stage(name, text)
    shop.git("commit", "--quiet", "--message", "All")
    repository = Repository.discover(shop.root)
    skips = linguist_skips(repository, [shop.root / name for name in NAMES], Config())
    assert {path.relative_to(shop.root).as_posix() for path in skips} == expected
    for name in files:
        (shop.root / name).unlink()
    paths = [PurePosixPath(name) for name in NAMES]
    skips = linguist_skips_at(repository, "HEAD", paths, Config())
    assert set(map(str, skips)) == expected
    assert shop.git("diff", "--cached", "--name-only") == ""


def test_the_rules_can_be_switched_off(shop):
    shop.commit(".gitattributes", "api/* linguist-generated\nlib/* linguist-vendored\n")
    repository = Repository.discover(shop.root)
    paths = [shop.root / name for name in NAMES]
    skips = linguist_skips(repository, paths, Config(include=("generated",)))
    assert [skip.reason.value for skip in skips.values()] == ["vendored"]
    assert linguist_skips(repository, paths, Config(include=("generated", "vendored"))) == {}


def test_nothing_is_asked_where_no_file_speaks_of_linguist(shop):
    shop.commit(".gitattributes", "*.py diff=python\n")
    assert attributes_text(Repository.discover(shop.root)) == b""


def test_check_and_fix_leave_them_alone_and_notice_a_change(shop, docbot):
    shop.commit(".gitattributes", "*.py linguist-generated\n")
    result = docbot("check", "-v", shop.root)
    assert result.code == 0
    assert "`.gitattributes` says linguist-generated" in result.out + result.err
    docbot("fix", shop.root)
    assert (shop.root / "shop.py").read_text() == SOURCE
    shop.commit(".gitattributes", "api/*.py linguist-generated\n")
    result = docbot("check", shop.root)
    assert result.code == 1
    assert "api/client.py" not in result.out


@pytest.mark.parametrize("version", ["2", "4"])  # version 4 shortens names in the index
def test_the_text_of_attributes_tells_where_they_stand(repo, version):
    texts = []
    repo.git("config", "index.version", version)
    for folder in ("pkg/one", "pkg/two"):
        repo.stage(f"{folder}/.gitattributes", "*.py linguist-generated\n")
        texts.append(attributes_text(Repository.discover(repo.root)))
        repo.git("rm", "--quiet", "-f", f"{folder}/.gitattributes")
    assert all(b"linguist-generated" in text for text in texts)
    assert texts[0] != texts[1]
    assert attributes_text(Repository.discover(repo.root)) == b""
