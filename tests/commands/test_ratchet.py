"""`docbot check` with a ratchet: what is known passes, what is new fails, what is gone is told."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import jsonschema
import pytest

from docbot.commands.exit_codes import CANNOT_RUN, CHANGES, CLEAN

OLD = '''"""Count."""


def total(prices):
    return sum(prices) + 1


class Basket:
    """Hold fruit."""

    @property
    def size(self):
        return self._size + 1

    @size.setter
    def size(self, value):
        self._size = value

    def add(self, fruit):
        """Add one.

        Args:
            apple: What to add.

        """
        self.fruits.append(fruit)
'''
NEW = "\n\ndef mean(prices):\n    return sum(prices) / len(prices)\n"
KEY = '[tool.docbot]\nratchet = "gaps.txt"\n'


@pytest.fixture
def shop(repo, docbot, monkeypatch):
    """A repository with known gaps: three in one file, one in another."""
    repo.write("pyproject.toml", KEY)
    repo.stage("pyproject.toml", KEY)
    repo.commit("shop/basket.py", OLD)
    repo.commit("shop/words.py", "def count(text):\n    return len(text.split())\n")
    monkeypatch.chdir(repo.root)
    assert docbot("check", "--update").code == CLEAN
    repo.git("add", "gaps.txt")
    repo.git("commit", "--quiet", "--message", "Add the ratchet")
    return repo


def lines(repo):
    return (repo.root / "gaps.txt").read_text().splitlines()[1:]


def append(repo, name, text):
    path = repo.root / name
    path.write_text(path.read_text() + text)


KNOWN = [
    "shop/basket.py::Basket.add param-renamed",
    "shop/basket.py::Basket.size missing",
    "shop/basket.py::total missing",
    "shop/words.py::count missing",
]


def test_what_is_known_passes_and_what_is_new_fails(shop, docbot):
    assert lines(shop) == KNOWN
    ran = docbot("check")
    assert (ran.code, ran.out) == (CLEAN, "")
    assert "gaps.txt: 0 new, 4 known" in ran.err
    assert docbot("check").err == ran.err  # the stored output says the same
    assert "known: function total has no docstring" in docbot("check", "-v").out
    append(shop, "shop/words.py", NEW)
    for _ in range(2):
        ran = docbot("check")
        assert (ran.code, ran.out) == (
            CHANGES,
            "shop/words.py:5: new: function mean has no docstring\n",
        )


def test_new_drift_fails_and_is_accepted_only_by_name(shop, docbot):
    changed = OLD.replace("apple", "fruit").replace('"""Hold fruit."""', '"""Hold some fruit."""')
    shop.write("shop/basket.py", changed.replace("def add(self, fruit)", "def add(self, item)"))
    ran = docbot("check", "--update")
    assert ran.code == CLEAN  # the same function, the same rule
    shop.write(
        "shop/basket.py", OLD.replace("apple: What", "fruit: One to add.\n            pip: What")
    )
    ran = docbot("check")
    assert "gaps.txt: 1 new, 3 known" in ran.err
    assert "new: Basket.add documents" in ran.out
    assert "[param-unknown]" in ran.out
    assert "1 line is obsolete" in ran.err
    ran = docbot("check", "--update")
    assert ran.code == CHANGES
    assert "+0 -1, 3 gaps" in ran.err
    assert lines(shop) == KNOWN[1:]
    ran = docbot("check", "--accept")
    assert ran.code == CLEAN
    assert "+1 -0, 4 gaps" in ran.err
    assert docbot("check").code == CLEAN


def test_definitions_of_one_name_are_counted(shop, docbot):
    append(shop, "shop/words.py", "\nif count:\n    def count(text):\n        return [text, 1]\n")
    ran = docbot("check")
    assert ran.out == "shop/words.py:5: new: function count has no docstring\n"
    docbot("check", "--accept")
    assert lines(shop).count("shop/words.py::count missing") == 2
    shop.write("shop/words.py", 'def count(text):\n    """Count."""\n    return [text, 1]\n')
    assert "2 lines are obsolete" in docbot("check").err


@pytest.mark.parametrize("how", ["git mv", "git mv and another change", "committed", "chain"])
def test_a_renamed_file_keeps_what_is_known_of_it(shop, docbot, how):
    shop.git("mv", "shop/basket.py", "shop/trolley.py")
    if how == "git mv and another change":
        append(shop, "shop/trolley.py", '\n\ndef f():\n    """Do."""\n')
    if how in ("committed", "chain"):
        shop.git("commit", "--quiet", "--message", "Rename")
    if how == "chain":
        shop.git("mv", "shop/trolley.py", "shop/cart.py")
    ran = docbot("check")
    assert (ran.code, ran.out) == (CLEAN, "")
    assert "3 under the former name of a file" in ran.err
    assert docbot("check", "--update").code == CLEAN
    name = "cart" if how == "chain" else "trolley"
    assert lines(shop) == sorted(line.replace("basket", name) for line in KNOWN)


def test_a_rename_in_the_commit_that_shortened_the_file_is_seen(shop, docbot):
    shop.git("mv", "shop/basket.py", "shop/trolley.py")
    shop.write("gaps.txt", "\n".join(KNOWN[:3]) + "\n")
    shop.write("shop/words.py", "x = 1\n")
    shop.git("commit", "--quiet", "--all", "--message", "Rename, and shorten by hand")
    assert docbot("check").code == CLEAN


def test_in_a_shallow_clone_a_lost_file_is_explained(shop, docbot, tmp_path, monkeypatch):
    shop.git("mv", "shop/basket.py", "shop/trolley.py")
    shop.git("commit", "--quiet", "--message", "Rename")
    clone = tmp_path / "clone"
    address = f"file://{shop.root}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", address, clone], check=True)
    monkeypatch.chdir(clone)
    ran = docbot("check")
    assert ran.code == CHANGES
    assert "this clone is shallow" in ran.err
    monkeypatch.chdir(shop.root)
    assert "shallow" not in docbot("check").err


def test_a_part_of_the_files_says_nothing_about_the_rest(shop, docbot):
    shop.git("rm", "--quiet", "shop/basket.py")
    shop.write("shop/words.py", 'def count(text):\n    """Count."""\n    return [text]\n')
    for part in (("shop/words.py",), ("--since", "HEAD")):
        ran = docbot("check", *part)
        assert ("1 line is obsolete" in ran.err) == (part == ("shop/words.py",))
    assert "-1, 3 gaps" in docbot("check", "--update", "shop/words.py").err
    assert lines(shop) == KNOWN[:3]
    assert "3 lines are obsolete" in docbot("check", "shop").err
    assert "-3, 0 gaps" in docbot("check", "--update", "shop").err
    shop.write("gaps.txt", "shop/broken.py::f missing\n")
    shop.stage("shop/broken.py", "def f(:\n")
    assert docbot("check", "--update").code == CHANGES  # it cannot be parsed
    assert lines(shop) == ["shop/broken.py::f missing"]


def test_the_hook_lets_known_gaps_pass(shop, docbot):
    append(shop, "shop/basket.py", "\n\nX = 1\n")
    text = (shop.root / "shop/basket.py").read_text()
    shop.stage("shop/basket.py", text.replace("sum(prices) + 1", "sum(prices) + 2"))
    ran = docbot("check", "--staged", "--", "shop/basket.py")
    assert (ran.code, ran.out) == (CLEAN, "")
    assert "0 new, 1 known" in ran.err
    shop.stage("shop/basket.py", text + NEW)
    ran = docbot("check", "--staged", "--", "shop/basket.py")
    assert (ran.code, "new: function mean" in ran.out) == (CHANGES, True)


@pytest.mark.parametrize(
    ("key", "flag", "code"), [("", "80", CHANGES), ("fail-under = 80\n", "", CHANGES),
                              ("", "20", CLEAN), ("fail-under = 20\n", "", CLEAN)]
)  # fmt: skip
def test_both_a_ratchet_and_a_limit_must_hold(shop, docbot, key, flag, code):
    shop.write("pyproject.toml", KEY + key)
    flags = ("--fail-under", flag) if flag else ()
    assert docbot("check", *flags).code == code
    append(shop, "shop/words.py", NEW)
    assert docbot("check", *flags).code == CHANGES


def test_json_says_what_is_known(shop, docbot):
    append(shop, "shop/words.py", NEW)
    report = json.loads(docbot("check", "--json").out)
    schema = Path(__file__, "../../../docbot/commands/report.schema.json").resolve()
    jsonschema.validate(report, json.loads(schema.read_text()))
    known = {row["qualname"]: row["known"] for file in report["files"] for row in file["missing"]}
    assert known == {"total": True, "Basket.size": True, "count": True, "mean": False}
    assert report["summary"]["ratchet"] == {"new": 1, "known": 4, "obsolete": 0}


def test_what_fix_writes_is_obsolete_afterwards(shop, docbot):
    shop.commit(
        "shop/stack.py",
        '"""Stack."""\n\n\nclass Stack:\n    """Hold items."""\n\n'
        "    def __len__(self):\n        return len(self.items)\n",
    )
    docbot("check", "--accept")
    before = lines(shop)
    docbot("fix", "shop/stack.py")
    assert lines(shop) == before
    assert "1 line is obsolete" in docbot("check").err


def test_each_configuration_has_its_own_file(shop, docbot):
    shop.stage("part/pyproject.toml", '[tool.docbot]\nratchet = "known.txt"\n')
    shop.commit("part/a.py", "def f(x):\n    return [x, 1]\n")
    ran = docbot("check")
    assert ran.code == CANNOT_RUN
    assert "part/known.txt: there is no such ratchet yet" in ran.err
    ran = docbot("check", "--update")
    assert ran.code == CLEAN
    assert (shop.root / "part/known.txt").read_text().endswith("\na.py::f missing\n")
    assert lines(shop) == KNOWN
    assert "part/known.txt: 0 new, 1 known" in docbot("check").err
    ran = docbot("check", "--ratchet", "all.txt", "--update")
    assert "all.txt: made, +5 -0, 5 gaps" in ran.err


def test_outside_of_a_repository_and_in_another_folder(docbot, tmp_path, monkeypatch):
    folder = tmp_path / "plain"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/a.py").write_text("def f(x):\n    return [x, 1]\n")
    monkeypatch.chdir(folder / "sub")
    assert docbot("check", "--ratchet", "../gaps.txt", "--update").code == CLEAN
    assert (folder / "gaps.txt").read_text().endswith("\nsub/a.py::f missing\n")
    monkeypatch.chdir(tmp_path)
    assert docbot("check", "--ratchet", "plain/gaps.txt", "plain").code == CLEAN
    (folder / "sub/a.py").rename(folder / "sub/b.py")
    ran = docbot("check", "--ratchet", "plain/gaps.txt", "plain")
    assert ran.code == CHANGES  # nobody says that it was renamed
    assert "1 line is obsolete" in ran.err


def test_a_configuration_that_is_found_on_the_way_brings_its_own(docbot, tmp_path, monkeypatch):
    part = tmp_path / "plain/part"
    part.mkdir(parents=True)
    (part / "pyproject.toml").write_text(KEY)
    (part / "a.py").write_text("def f(x):\n    return [x, 1]\n")
    monkeypatch.chdir(tmp_path / "plain")
    assert docbot("check").code == CANNOT_RUN
    assert docbot("check", "--update").code == CLEAN
    assert (part / "gaps.txt").read_text().endswith("\na.py::f missing\n")
    assert docbot("check").code == CLEAN


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--ratchet", "none.txt"), "none.txt: there is no such ratchet yet; docbot check"),
        (("--update", "--staged"), "--update looks at whole files; leave out --staged and --since"),
        (("--accept", "--since", "HEAD"), "--accept looks at whole files"),
        (("--ratchet", "bad.txt"), "bad.txt:2: is a conflict that git left"),
        (("--ratchet", "bad.txt", "--update"), "bad.txt:2: is a conflict that git left"),
        (("--ratchet", "shop"), "shop: cannot be read"),
        (("--update", "--accept"), "not allowed with argument"),
    ],
)
def test_what_cannot_be_is_one_sentence(shop, docbot, arguments, sentence):
    shop.write("bad.txt", KNOWN[0] + "\n<<<<<<< ours\n")
    ran = docbot("check", *arguments)
    assert (ran.code, ran.out) == (CANNOT_RUN, "")
    assert sentence in ran.err
    assert len(ran.err.splitlines()) == 1


def test_update_without_a_file_to_write(repo, docbot, monkeypatch):
    repo.commit("a.py")
    monkeypatch.chdir(repo.root)
    ran = docbot("check", "--update")
    assert ran.code == CANNOT_RUN
    assert "--update needs a file: --ratchet FILE, or the key ratchet" in ran.err


def test_two_branches_that_shorten_and_lengthen_it_merge(shop, docbot):
    shop.git("checkout", "-q", "-b", "topic")
    shop.write("shop/words.py", "X = 1\n")
    docbot("check", "--update")
    shop.git("commit", "--quiet", "--all", "--message", "Shorten")
    shop.git("checkout", "-q", "main")
    shop.commit("shop/abacus.py", "def bead(x):\n    return [x, 1]\n")
    docbot("check", "--accept")
    shop.git("commit", "--quiet", "--all", "--message", "Lengthen")
    shop.git("merge", "--quiet", "--no-edit", "topic")
    assert lines(shop) == ["shop/abacus.py::bead missing", *KNOWN[:3]]
    assert docbot("check").code == CLEAN


@pytest.mark.parametrize("scope", [("--since", "HEAD"), ("--staged",)])
def test_a_part_of_the_files_makes_nothing_obsolete(shop, docbot, scope):
    for name, text in (("notes.txt", "x\n"), ("shop/empty.py", "X = 1\n")):
        shop.stage(name, text)
        ran = docbot("check", *scope)
        assert ran.code == CLEAN
        assert "gaps.txt: 0 new, 0 known" in ran.err
        assert "obsolete" not in ran.err
    report = json.loads(docbot("check", "--json", *scope).out)
    assert report["summary"]["ratchet"] == {"new": 0, "known": 0, "obsolete": 0}


@pytest.mark.parametrize(
    ("flags", "command"),
    [
        (["--ratchet", "my gaps.txt"], "docbot check --update --ratchet 'my gaps.txt'"),
        (
            ["--kinds", "class", "--kinds", "function", "--ratchet", "x.txt", "shop"],
            "docbot check --update --ratchet x.txt --kinds class --kinds function shop",
        ),
        (
            ["--config", "other.toml", "--ratchet", "x.txt", "shop/words.py"],
            "docbot check --update --config other.toml --ratchet x.txt shop/words.py",
        ),
    ],
)
def test_the_command_that_updates_a_ratchet_can_be_pasted(shop, docbot, flags, command):
    shop.write("other.toml", "")
    ran = docbot("check", *flags)
    assert ran.code == CANNOT_RUN
    assert f"there is no such ratchet yet; {command} makes it" in ran.err
    assert docbot(*shlex.split(command)[1:]).code == CLEAN
    shop.write("shop/words.py", "def count(text, more):\n    return [text, more]\n")
    assert docbot("check", *flags).code == CLEAN
    hook = docbot("check", "--staged", "--ratchet", "none.txt", "shop/words.py")
    assert "; docbot check --update --ratchet none.txt makes it" in hook.err
    shop.write("shop/words.py", "X = 1\n")
    assert f"1 line is obsolete; {command} mends that" in docbot("check", *flags).err
    assert docbot(*shlex.split(command)[1:]).code == CLEAN
    assert "obsolete" not in docbot("check", *flags).err
