"""A release: one command makes wheel and sdist, and docbot runs from the wheel alone."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import docbot

for _library in ("build", "hatchling", "twine"):
    pytest.importorskip(_library)

HOME = Path(__file__).parents[1]
VERSION = docbot.__version__
MIB = 1 << 20
PLAIN = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
MODELS = {
    "docbot/models/docbot-small/README.md",
    "docbot/models/docbot-small/adapter.gguf",
    "docbot/models/docbot-tiny/README.md",
    "docbot/models/docbot-tiny/docbot-tiny-q8_0.gguf",
}
pytestmark = pytest.mark.skipif(not (HOME / ".git").exists(), reason="a release is of a checkout")


def git(root, *arguments):
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def release(root, version):
    command = [sys.executable, root / ".ci" / "release.py", version]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A clean repository with the files of this one as they are now."""
    root = tmp_path_factory.mktemp("release") / "docbot"
    listed = git(HOME, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (HOME / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HOME / name, root / name)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "All of it")
    return root


@pytest.fixture(scope="module")
def released(checkout):
    """What the release printed; its files are in `dist/`."""
    done = release(checkout, VERSION)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(checkout, released):
    assert f"docbot-{VERSION}-py3-none-any.whl" in released
    return checkout / "dist" / f"docbot-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """The folder of programs of an environment with the wheel, and what it requires beside it."""
    root = tmp_path_factory.mktemp("fresh")
    venv.create(root, with_pip=False)
    programs = root / ("Scripts" if os.name == "nt" else "bin")
    command = [sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet"]
    subprocess.run([*command, "--no-deps", "--no-index", wheel], check=True)
    # A folder in a .pth file comes after the environment's own, and its .pth files are not read.
    below = sysconfig.get_path("purelib", vars={"base": root, "platbase": root})
    folders = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (Path(below) / "required.pth").write_text("\n".join(folders))
    return programs


def offline():
    """The words that run a command without a network, where a user may do that."""
    words = ["unshare", "--user", "--map-root-user", "--net"]
    if shutil.which(words[0]) and not subprocess.run([*words, "true"], check=False).returncode:
        return words
    return []


# The release


def test_a_release_builds_and_tags(checkout, released, capsys):
    with capsys.disabled():
        sys.stdout.write(f"\n{released}")
    assert git(checkout, "tag", "--list") == f"v{VERSION}\n"
    assert git(checkout, "cat-file", "-t", f"v{VERSION}") == "tag\n"
    message = git(checkout, "tag", "--list", "--format=%(contents)")
    assert message.startswith(f"docbot {VERSION}\n\n")
    assert "### Added\n" in message or "### Changed\n" in message or "### Fixed\n" in message
    assert f"git push origin HEAD v{VERSION}\n" in released
    assert git(checkout, "status", "--porcelain") == ""


@pytest.mark.usefixtures("released")
def test_it_is_done_once(checkout):
    again = release(checkout, VERSION)
    assert again.returncode == 1
    assert f"- v{VERSION} is a tag already" in again.stderr


def test_everything_that_is_wrong_is_said_at_once(checkout):
    before = git(checkout, "for-each-ref")
    changelog = checkout / ".github" / "CHANGELOG.md"
    text = changelog.read_text()
    changelog.write_text(
        text.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- It.\n")
    )
    done = release(checkout, "7.6.5")
    changelog.write_text(text)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "no release:",
        "- the work tree is not clean: commit or stash",
        '- docbot/__init__.py: __version__ is not "7.6.5"',
        "- README.md: the hook's rev and the wheel's names are not all 7.6.5",
        "- .github/CHANGELOG.md: has no entry `## [7.6.5] - YYYY-MM-DD`",
        "- .github/CHANGELOG.md: move what is unreleased into 7.6.5's entry",
    ]
    assert git(checkout, "for-each-ref") == before


@pytest.mark.parametrize("version", ["v0.1.0", "0.1", "0.1.0rc1", "00.1.0", "0.1.0; true"])
def test_a_version_is_three_numbers(checkout, version):
    done = release(checkout, version)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"no release:\n- {version}: is no version such as 0.1.0\n"


# What was built


def test_the_wheel_holds_docbot_and_its_models(checkout, wheel):
    with zipfile.ZipFile(wheel) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        metadata = archive.read(f"docbot-{VERSION}.dist-info/METADATA").decode()
    assert {name.partition("/")[0] for name in sizes} == {"docbot", f"docbot-{VERSION}.dist-info"}
    assert {name for name in sizes if name.startswith("docbot/models/")} == MODELS
    assert set(git(checkout, "ls-files", "docbot").splitlines()) <= set(sizes)
    assert "docbot/py.typed" in sizes
    assert f"docbot-{VERSION}.dist-info/licenses/LICENSE" in sizes
    assert f"docbot-{VERSION}.dist-info/licenses/docbot/gate/tables/english.NOTICE" in sizes
    heavy = {name for name, size in sizes.items() if size > MIB}
    assert heavy == {name for name in MODELS if name.endswith(".gguf")}
    assert wheel.stat().st_size < 16 * MIB
    assert "\nDescription-Content-Type: text/markdown\n" in metadata


def test_training_and_testing_are_extras(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"docbot-{VERSION}.dist-info/METADATA").decode()
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ")]
    base = {line.split()[1].partition(">")[0].partition("<")[0] for line in required
            if "extra ==" not in line}  # fmt: skip
    assert {"gitpython", "huggingface-hub", "libcst", "llama-cpp-python", "rich"} <= base
    assert not base & {"torch", "gguf", "nltk", "tqdm", "matplotlib", "pytest", "hatchling"}


@pytest.mark.usefixtures("released")
def test_the_sdist_holds_what_builds_and_tests_it(checkout):
    (path,) = (checkout / "dist").glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("pyproject.toml", "README.md", "LICENSE", ".ci/package_page.py", "action.yml",
                   ".github/CHANGELOG.md", "docs/models.md", "tests/conftest.py",
                   "models/docbot-tiny/docbot-tiny-q8_0.gguf"):  # fmt: skip
        assert needed in names
    assert not {name for name in names if name.endswith((".pyc", ".sqlite3", ".whl"))}
    assert path.stat().st_size < 20 * MIB


def test_docbot_runs_from_the_wheel_alone_and_offline(fresh, repo):
    repo.stage("box.py", PLAIN)
    names = ("PYTHONPATH", "PYTHONHOME")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    where = [fresh / "python", "-c", "import docbot; print(docbot.__file__)"]
    place = subprocess.run(where, cwd=repo.root, env=environment, capture_output=True, text=True)
    assert Path(place.stdout.strip()).is_relative_to(fresh.parent), place
    done = subprocess.run(
        [*offline(), fresh / "docbot", "fix", "--force", "--model", "docbot-tiny", "box.py"],
        cwd=repo.root, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert '        """Return the number of items."""\n' in (repo.root / "box.py").read_text()


# The page on the package index


@pytest.fixture(scope="module")
def package_page():
    spec = importlib.util.spec_from_file_location("package_page", HOME / ".ci" / "package_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.page


SOURCE = "https://example.org/ada/docbot/"


@pytest.mark.parametrize(
    ("text", "alone", "linked"),
    [
        ("See [the models](docs/models.md#gpus).", "See the models.",
         f"See [the models]({SOURCE}blob/v1.2.3/docs/models.md#gpus)."),
        ("![a review](.github/review.png)", "*a review*",
         f"![a review]({SOURCE}raw/v1.2.3/.github/review.png)"),
        ("[hook](https://pre-commit.com) [below](#settings) [Ada](mailto:ada@example.org)", None,
         None),
        ("`[a](b)` and [c](d.md)", "`[a](b)` and c", f"`[a](b)` and [c]({SOURCE}blob/v1.2.3/d.md)"),
        ("```python\nx = [f](y)\n```", None, None),
        ("[one](a.md), [two](b.md)", "one, two",
         f"[one]({SOURCE}blob/v1.2.3/a.md), [two]({SOURCE}blob/v1.2.3/b.md)"),
    ],
)  # fmt: skip
def test_relative_links_lead_to_the_tag_or_nowhere(package_page, text, alone, linked):
    assert package_page(text, "", "1.2.3") == (alone or text)
    assert package_page(text, SOURCE, "1.2.3") == (linked or text)


def test_no_link_of_the_page_is_relative(wheel, package_page):
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"docbot-{VERSION}.dist-info/METADATA").decode()
    readme = (HOME / "README.md").read_text()
    assert "](docs/" in readme
    assert "](docs/" not in metadata
    assert "](.github/" not in metadata
    assert metadata.partition("\n\n")[2].strip() == package_page(readme, "", VERSION).strip()
