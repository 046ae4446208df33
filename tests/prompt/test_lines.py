"""docbot-small's prompt: the lines of code it was trained on, and one comment for each slot."""

from __future__ import annotations

import sysconfig
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from docbot.prompt.context import Context, build_context
from docbot.prompt.formats import FORMATS
from docbot.prompt.lines import LIMIT, code_lines, slot_header
from docbot.prompt.task import Slot, Task, headline_slot
from docbot.scan.facts import read_definitions
from docbot.scan.source import read
from docbot.select.skip import Target

CODE = '''\
"""Shops."""
import json
from decimal import Decimal

RATE = 19


class Basket(Base, Generic[T]):
    """Goods. And more."""

    limit: int = 10

    def __init__(self, owner, *goods, **options):
        self.owner = owner
        self.goods = list(goods)
        check(self)

    @property
    def total(self) -> Decimal:
        """Sum the prices."""

        # reduced goods too
        return sum(good.price for good in self.goods)


def load(path): return json.loads(path)
'''


def context(name: str, code: str = CODE, path: str = "shop/basket.py") -> Context:
    definitions = read_definitions(read(code.encode()))
    (own,) = (d for d in definitions if d.qualname == name)
    return build_context(Target(definition=own), definitions, PurePosixPath(path))


def test_a_method_comes_with_its_class_and_without_its_docstring() -> None:
    assert code_lines(context("Basket.total")) == (
        "class Basket(Base, Generic[T]):\n"
        "    @property\n"
        "    def total(self) -> Decimal:\n"
        "        # reduced goods too\n"
        "        return sum(good.price for good in self.goods)\n"
    )


def test_a_function_stands_alone() -> None:
    assert code_lines(context("load")) == "def load(path): return json.loads(path)\n"


def test_a_class_shows_its_members() -> None:
    assert code_lines(context("Basket")) == (
        "class Basket(Base, Generic[T]):\n"
        "    limit: int = 10\n"
        "    def __init__(self, owner, *goods, **options):\n"
        "        self.owner = owner\n"
        "        self.goods = list(goods)\n"
        "    def total(self): ...\n"
    )


def test_a_module_shows_its_path_imports_and_members() -> None:
    assert code_lines(context("<module>")) == (
        "# shop/basket.py\n"
        "import json\n"
        "from decimal import Decimal\n"
        "RATE = 19\n"
        "class Basket(Base, Generic[T]): ...\n"
        "def load(path): ...\n"
    )


def test_of_a_long_body_both_ends_are_kept() -> None:
    body = "".join(f"    step_{number:02}()\n" for number in range(60))
    lines = code_lines(context("f", f"def f():\n{body}    return result\n")).splitlines()
    assert lines[:2] == ["def f():", "    step_00()"]
    assert lines.count("    ...") == 1
    assert lines[-2:] == ["    step_59()", "    return result"]
    assert sum(len(line) + 1 for line in lines) <= LIMIT + len("    ...\n")


def test_a_slot_is_asked_for_behind_the_headline() -> None:
    form = FORMATS["lines"]
    own = context("load")
    prompt = form.prompt(own, headline_slot(own.target.definition))
    assert (prompt.body, prompt.tail, prompt.stop) == (code_lines(own), "# Summary:", ("\n",))
    prompt = form.prompt(replace(own, headline="Load it."), Slot(task=Task.PARAM, name="path"))
    assert prompt.body == code_lines(own) + "# Summary: Load it.\n"
    assert (prompt.tail, prompt.shared) == ("# Param path:", True)
    assert slot_header(Slot(task=Task.RETURNS)) == "# Returns:"
    assert slot_header(Slot(task=Task.RAISES, name="KeyError")) == "# Raises KeyError:"


@pytest.mark.parametrize("name", ["argparse.py", "dataclasses.py", "enum.py", "typing.py"])
def test_any_definition_has_a_short_prompt(name: str) -> None:
    definitions = read_definitions(read((Path(sysconfig.get_path("stdlib")) / name).read_bytes()))
    assert definitions
    for own in definitions:
        text = code_lines(build_context(Target(definition=own), definitions, PurePosixPath(name)))
        assert text.endswith("\n")
        assert "\n\n" not in text
        assert len(text) < 2 * LIMIT
