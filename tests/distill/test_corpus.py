"""From wheels to shards, on real wheels made here; planted held-out code stays out."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path, PurePosixPath

import pytest

pytest.importorskip("tokenizers")
np = pytest.importorskip("numpy")

from docbot.distill import __main__ as line
from docbot.distill.corpus import decontamination, recipe
from docbot.distill.corpus import extract as corpus
from docbot.distill.corpus import write_shards as tokens
from docbot.errors import DocbotError

HELD_OUT = decontamination.Decontamination(
    packages=frozenset({"flask"}),
    imports=frozenset({"flask"}),
    repositories=frozenset({"acme/rocket", "acme/wagon"}),
    references=frozenset({decontamination.reference_sha1("Light the fuse of a rocket.")}),
)

MODULE = '''
"""Tools for rockets."""


class Rocket:
    """A rocket with fuel in its tank."""

    def launch(self, speed, crew=None):
        """Launch the rocket at a speed.

        Args:
            speed: Speed of the launch.

        Returns:
            The height of the launch.

        Raises:
            ValueError: If the speed is negative.
        """
        if speed < 0:
            raise ValueError("negative speed")
        return self.tank.burn(speed)

    def light(self):
        """Light the fuse of a rocket."""
        return self.fuse.light()

    def bare(self):
        return 1
'''


def wheel(folder: Path, name: str, files: dict[str, str], url: str = "") -> Path:
    """A wheel with these files."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA",
            f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: MIT\n"
            f"Project-URL: Source, {url}\n",
        )
    return path


def test_rows_of_every_task(tmp_path: Path) -> None:
    wheel_path = wheel(tmp_path, "space", {"space/rockets.py": MODULE})
    rows, counts = corpus.read_package(wheel_path, "space", HELD_OUT)
    answers = {(row.task, row.slot): row.answer for row in rows if row.answer}
    assert answers == {
        ("module", ""): "tools for rockets.",
        ("class", ""): "a rocket with fuel in its tank.",
        ("function", ""): "launch the rocket at a speed.",
        ("param", "speed"): "speed of the launch.",
        ("returns", ""): "the height of the launch.",
        ("raises", "ValueError"): "if the speed is negative.",
    }
    assert counts["held-out reference"] == 1
    prompts = {row.task: row.prompt for row in rows if row.answer}
    assert prompts["function"].endswith("| rocket | launch")
    assert "launch the rocket" not in "".join(prompts.values()), "the answer is in the prompt"


PLANTED = [
    pytest.param("space", "space/_vendor2/flask/app.py", "held-out package inside another"),
    pytest.param("space", "space/copy.py", "held-out reference"),
]


@pytest.mark.parametrize(("name", "path", "reason"), PLANTED)
def test_planted_files_stay_out(tmp_path: Path, name: str, path: str, reason: str) -> None:
    copied = 'def light(fuse):\n    """Light the fuse of a rocket."""\n    fuse.light()\n'
    text = MODULE if "flask" in path else f'"""A."""\n\n\n{copied}'
    wheel_path = wheel(tmp_path, name, {path: text})
    rows, counts = corpus.read_package(wheel_path, name, HELD_OUT)
    assert [row for row in rows if row.answer] == []
    assert counts[reason] == 1


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        ("Flask", "", decontamination.HoldOutReason.PACKAGE),
        ("other", "https://github.com/ACME/Rocket.git", decontamination.HoldOutReason.REPOSITORY),
        (
            "other",
            "https://github.com/acme/wagon/tree/main",
            decontamination.HoldOutReason.REPOSITORY,
        ),
        ("wagon", "https://example.org", decontamination.HoldOutReason.REPOSITORY),
        ("other", "https://github.com/acme/other", None),
    ],
)
def test_held_out_packages(
    name: str, url: str, reason: decontamination.HoldOutReason | None
) -> None:
    assert HELD_OUT.check_package(name, [url]) is reason


def test_the_lists_that_come_with_docbot() -> None:
    lists = decontamination.load()
    assert lists.check_package("Flask", []) is decontamination.HoldOutReason.PACKAGE
    assert lists.check_path(PurePosixPath("pip/_internal/rich/console.py"))
    assert len(lists.references) > 12_000
    assert len(lists.repositories) > 1200


def test_reference_hash_ignores_quotes_commas_and_what_follows() -> None:
    plain = decontamination.reference_sha1("Get the user by name.")
    assert decontamination.reference_sha1("Get the `user`, by name.\n\nMore.") == plain
    assert decontamination.reference_sha1("Get the user by names.") != plain


def test_the_recipe_has_no_held_out_package() -> None:
    packages = recipe.read_recipe(recipe.RECIPE)
    lists = decontamination.load()
    assert len(packages) > 300
    assert [p.name for p in packages if lists.check_package(p.name, [])] == []
    assert [p.name for p in packages if not recipe.is_permissive(p.licence)] == []


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("MIT", True),
        ("BSD-3-Clause AND Apache-2.0", True),
        ("Python Software Foundation License", True),
        ("", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("MIT OR LGPL-3.0", False),
        ("Mozilla Public License 2.0 (MPL 2.0)", False),
        ("Proprietary", False),
    ],
)
def test_licences(licence: str, *, free: bool) -> None:
    assert recipe.is_permissive(licence) is free


def test_a_line_that_pins_nothing(tmp_path: Path) -> None:
    path = tmp_path / "packages.txt"
    path.write_text("# mine\nflask\n")
    with pytest.raises(DocbotError, match=r"packages.txt, line 2: is not 'name==version"):
        recipe.read_recipe(path)


def test_recipe_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel(tmp_path, "space", {})
    wheel(tmp_path, "nox", {})
    assert line.main(["recipe", "--wheels", str(tmp_path)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "# left out: nox: held-out package"
    assert second.startswith("space==1.0 --hash=sha256:")
    assert second.endswith(" # MIT")


def many(count: int) -> dict[str, str]:
    """Modules of functions that all differ."""
    nouns = ["page", "cart", "user", "token", "image", "file", "row", "node", "graph", "query"]
    verbs = [
        "load",
        "store",
        "merge",
        "split",
        "check",
        "render",
        "parse",
        "count",
        "sort",
        "close",
    ]
    files = {}
    for at in range(count):
        noun, other = nouns[at % 10], nouns[(at // 10) % 10]
        functions = "".join(
            f'def {verb}_{noun}_{at}({other}):\n    """{verb.title()} the {noun} of a {other} '
            f'{verb}."""\n    return {other}.{verb}({noun}, {verb}_{at}_{other}_{noun})\n\n\n'
            for verb in verbs
        )
        files[f"space/m{at}.py"] = f'"""The {noun} of the {other}."""\n\n\n{functions}'
    return files


def test_shards(tmp_path: Path) -> None:
    work = tmp_path / "work"
    wheel_path = wheel(tmp_path, "space", many(40))
    corpus.extract(wheel_path, "space", work / "rows" / "space.jsonl.gz", HELD_OUT)
    corpus.extract(wheel_path, "space", work / "heldout" / "space.jsonl.gz", HELD_OUT)
    tokens.write_shards(work, 400)
    report = json.loads((work / "corpus.json").read_text())
    assert report["kept"]["function"] > 100
    with np.load(work / "pairs-00.npz") as shard:
        assert len(shard["cl"]) == len(shard["off"]) - 1 == len(shard["task"])
        ids, off, cl = shard["ids"], shard["off"], shard["cl"]
        for at in range(len(cl)):
            row = ids[off[at] : off[at + 1]]
            assert row[0] >= tokens.FIRST_TASK
            assert row[cl[at] - 1] == tokens.SUM
            assert row[-1] == tokens.END
    with gzip.open(work / "heldout.jsonl.gz", "rt") as file:
        assert sum(1 for _ in file) > 100


def test_near_duplicates_of_other_packages_are_dropped(tmp_path: Path) -> None:
    work = tmp_path / "work"
    for name in ("space", "fork"):
        wheel_path = wheel(tmp_path, name, many(12))
        corpus.extract(wheel_path, name, work / "rows" / f"{name}.jsonl.gz", HELD_OUT)
    tokens.write_shards(work, 400)
    report = json.loads((work / "corpus.json").read_text())
    assert report["removed"]["near-duplicate"] >= sum(report["kept"].values())


def test_a_labelled_row_says_what_the_teacher_said(tmp_path: Path) -> None:
    work = tmp_path / "work"
    wheel_path = wheel(tmp_path, "space", {"space/rockets.py": MODULE})
    corpus.extract(wheel_path, "space", work / "rows" / "space.jsonl.gz", HELD_OUT)
    (work / "labels").mkdir()
    with gzip.open(work / "labels" / "space.jsonl.gz", "wt") as file:
        row = {"path": "space/rockets.py", "line": 8, "task": "function", "slot": ""}
        file.write(json.dumps({**row, "answer": "launch with the speed of the tank."}) + "\n")
    rows = tokens._read_labelled_rows(work / "rows", tokens.Counter())
    assert [r.answer for r in rows if r.qualname == "Rocket.launch" and r.task == "function"] == [
        "launch with the speed of the tank."
    ]


def test_extraction_resumes(tmp_path: Path) -> None:
    wheel_path = wheel(tmp_path, "space", {"space/rockets.py": MODULE})
    out = tmp_path / "rows" / "space.jsonl.gz"
    corpus.extract(wheel_path, "space", out, HELD_OUT)
    before = out.stat().st_mtime_ns
    corpus.extract(wheel_path, "space", out, HELD_OUT)
    assert out.stat().st_mtime_ns == before
    assert list(out.parent.iterdir()) == [out]


def test_a_broken_wheel_is_named(tmp_path: Path) -> None:
    path = tmp_path / "space-1.0-py3-none-any.whl"
    path.write_bytes(b"PK")
    with pytest.raises(DocbotError, match=r"space-1.0-py3-none-any.whl: is no wheel"):
        list(corpus.read_sources(path))
