"""Which definitions docbot offers words for; first what no rule may leave out."""

from __future__ import annotations

import dataclasses
from pathlib import PurePosixPath
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from docbot.config import Config
from docbot.scan.facts import read_definitions
from docbot.scan.outline import outline
from docbot.scan.source import read
from docbot.select.obstacles import find_obstacle
from docbot.select.rules import RULES, Choice, Place, choose, file_skip, is_enabled, overlaps
from docbot.select.skip import EXPLANATIONS, NEVER_INCLUDED, OFF_BY_DEFAULT, SkipReason

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = "pkg/module.py"


def choice_of(
    code: str,
    config: Config | None = None,
    *,
    path: str = PATH,
    changed: Sequence[tuple[int, int]] | None = None,
    parent: str = "",
) -> Choice:
    """One file's definitions sorted out; `parent` is what every method overrides."""
    source = dedent(code).encode()
    place = Place(
        path=PurePosixPath(path),
        outline=outline(source),
        parent=lambda _owner, _name: parent,
    )
    config = config or Config()
    config = dataclasses.replace(config, kinds=config.kinds or ("function", "method"))
    return choose(read_definitions(read(source)), place, config, changed)


def names(choice: Choice) -> list[str]:
    return [target.definition.qualname for target in choice.targets]


def reasons(choice: Choice) -> list[tuple[str, str]]:
    return [(skip.qualname, skip.reason.value) for skip in choice.skips]


# What must be offered.

TARGETS = [
    "def f(x): return x + 1",
    "def f(x):\n    y = x\n    return y",
    "def f():\n    yield 1",
    "async def f(x): return await g(x)",
    "@property\ndef f(self): return self.a + self.b",
    "@functools.cached_property\ndef f(self): return g(self)",
    "@functools.singledispatch\ndef f(x): return str(x)",
    "@functools.lru_cache(maxsize=None)\ndef f(x): return g(x)",
    "@contextlib.contextmanager\ndef f():\n    yield 1",
    "@staticmethod\ndef f(x): return g(x)",
    "@abstractmethod\ndef f(x): return g(x)",
    "def f(x): return f'{x}'",
    "def f(x): raise ValueError(x)",
    "def f(x): f'{x}'; return g(x)",
    "def __len__(self): return self.size",
    "def __call__(self): return g(self)",
    "def __eq__(self, other): return self is other",
    "def setter(x): return g(x)",
    "def register(x): return g(x)",
    "def testify(x): return g(x)",
    "def test_connection(x): return g(x)",
    "def testing(x): return g(x)",
    "def overloaded(x): return g(x)",
    "def init(x): return g(x)",
    "@atexit.register\ndef f(): g(1)",
    "@registry.register('x')\ndef f(x): return g(x)",
    "@Plugins.register\ndef f(x): return g(x)",
    "@codecs.register\ndef f(x): return g(x)",
    "@signal.connect\ndef f(x): return g(x)",
    "@app.setter\ndef f(x): return g(x)",  # not of a property named f
    "@fixtures.load('x')\ndef f(x): return g(x)",
    "@overridden\ndef f(x): return g(x)",
    "def f(x):  # docbot: skipper\n    return g(x)",
]


@pytest.mark.parametrize("code", TARGETS)
def test_offers(code: str) -> None:
    if code.rpartition("def ")[2].partition(")")[2].startswith(": "):
        head, colon, body = code.rpartition("): ")
        code = f"{head}{colon[:2]}\n    {body}"  # one-line bodies are another rule's
    choice = choice_of(code)
    assert (len(choice.targets), choice.skips) == (1, ())


@pytest.mark.parametrize(
    "code",
    [
        "class Testimonial:\n    def f(self):\n        return g(self)\n",
        "class Tester:\n    def f(self):\n        return g(self)\n",
        "class TestClient:\n    def count_requests(self):\n        return g(self)\n",
        "class Database:\n    def test_connection(self):\n        return g(self)\n",
        "class SimpleTestCase(unittest.TestCase):\n    def f(self):\n        return g(self)\n",
        "class A(Base[T], TestCases):\n    def f(self):\n        return g(self)\n",
        "class A(Protocol):\n    def f(self):\n        return g(self)\n",
        "class A(NamedTuple):\n    x: int\n    def f(self):\n        return g(self)\n",
        "class A(enum.Enum):\n    X = 1\n    def f(self):\n        return g(self)\n",
        "class A:\n    class B:\n        def f(self):\n            return g(self)\n",
        "class A:\n    def __len__(self):\n        return self.size\n",
        "if TYPE_CHECKING:\n    def f(x):\n        return g(x)\n",
        "try: x\nexcept E:\n    def f(x):\n        return g(x)\n",
    ],
)
def test_offers_wherever_it_stands(code: str) -> None:
    choice = choice_of(code)
    assert (len(choice.targets), choice.skips) == (1, ())


def test_both_of_one_name_are_offered() -> None:
    code = "if a:\n  def f():\n    return g(1)\nelse:\n  def f():\n    return g(2)\n"
    assert [(t.definition.name, t.definition.line) for t in choice_of(code).targets] == [
        ("f", 2),
        ("f", 5),
    ]


# What must be skipped, by which rule.

FUNCTION = "\n    return g(x)\n"
SKIPPED = [
    ("ignored", "# docbot: skip\ndef f(x):" + FUNCTION),
    ("test", "class F(unittest.TestCase):\n  def test_f(self):" + FUNCTION),
    ("test", "class F(DjangoTestCase):\n  def test_f(self):" + FUNCTION),
    ("test", "@pytest.fixture\ndef f(x):" + FUNCTION),
    ("test", "@fixture(scope='module')\ndef f(x):" + FUNCTION),
    ("private", "def _f(x):" + FUNCTION),
    ("private", "def __f(x):" + FUNCTION),
    ("private", "class A:\n  def __f(self):" + FUNCTION),
    ("private", "class _A:\n  def f(self):" + FUNCTION),
    ("private", "class A:\n  class _B:\n    def f(self):\n      return g(self)\n"),
    ("overload", "@overload\ndef f(x):" + FUNCTION),
    ("overload", "@typing.overload\nasync def f(x):" + FUNCTION),
    ("overload", "@(overload)\ndef f(x):" + FUNCTION),
    ("accessor", "class A:\n  @f.setter\n  def f(self, x):" + FUNCTION),
    ("accessor", "class A:\n  @f.deleter\n  def f(self):" + FUNCTION),
    ("accessor", "class A:\n  @Base.f.setter\n  def f(self, x):" + FUNCTION),
    ("stub", "def f(x):\n    ...\n"),
    ("stub", "class A(Protocol):\n  def f(self) -> int:\n    ...\n"),
    ("constructor", "class A:\n  def __init__(self, x):\n    self.x = g(x)\n"),
    ("constructor", "class A:\n  def __new__(cls, x):\n    return g(x)\n"),
    ("override", "class A(B):\n  @override\n  def f(self):" + FUNCTION),
    ("override", "class A(B):\n  @typing_extensions.override\n  def f(self):" + FUNCTION),
    ("runtime-docstring", "@click.command()\ndef f(x):" + FUNCTION),
    ("trivial", "def f(x):\n    pass\n"),
    ("trivial", "def f(x):\n    return\n"),
    ("trivial", "def f(x):\n    return x\n"),
    ("trivial", "def f(self):\n    return self._x.y\n"),
    ("trivial", "def f(x):\n    raise NotImplementedError\n"),
    ("trivial", "def f(x):\n    return super().f(x)\n"),
]


@pytest.mark.parametrize(("reason", "code"), SKIPPED)
def test_skips(reason: str, code: str) -> None:
    choice = choice_of(code)
    assert [skip.reason.value for skip in choice.skips] == [reason]
    assert choice.targets == ()
    assert choice.skips[0].detail
    assert choice.skips[0].line > 0


@pytest.mark.parametrize(("reason", "code"), SKIPPED)
def test_a_rule_that_is_selected_does_not_skip(reason: str, code: str) -> None:
    """Facts are no rules: where no docstring can go, none is offered, whatever is selected."""
    every = tuple(r.value for r in SkipReason if r.value != reason)
    alone = choice_of(code, Config(include=every))
    assert [skip.reason.value for skip in alone.skips] == [reason]
    without = choice_of(code, Config(include=tuple(r.value for r in SkipReason)))
    assert without.targets


# What counts, and docbot cannot write.

OBSTRUCTED = [
    ("one-liner", "def f(x): return g(x)\n"),
    ("one-liner", "def f(x):\n\x0c    return g(x)\n"),
    ("too-long", "def f(x):\n" + "    g(x)\n" * 120),
    ("trivial", "class A(ABC):\n  @abstractmethod\n  def f(self):\n    pass\n"),
    ("trivial", "class A:\n  def f(self):\n    raise NotImplementedError\n"),
    ("trivial", "class A:\n  def f(self):\n    raise NotImplementedError('later')\n"),
    ("trivial", "class A:\n  @abc.abstractmethod\n  def f(self):\n    return None\n"),
    ("stub", "class A:\n  @property\n  @abstractmethod\n  def f(self):\n    ...\n"),
]


@pytest.mark.parametrize(("reason", "code"), OBSTRUCTED)
def test_what_docbot_cannot_write_is_missing(reason: str, code: str) -> None:
    (target,) = choice_of(code).targets
    skip = find_obstacle(target, Config())
    assert skip is not None
    assert (skip.reason.value, skip.qualname, skip.line) == (reason, *target.place)
    assert skip.detail
    allowed = find_obstacle(target, Config(include=(reason,)))
    assert (allowed is None) == (reason != "one-liner")


def test_the_helpers_of_a_test_case_are_tests_too() -> None:
    code = "class A(TestCase):\n def test_f(self):\n  g(self)\n def helper(self):\n  g(self)\n"
    assert reasons(choice_of(code)) == [("A.test_f", "test"), ("A.helper", "test")]


@pytest.mark.parametrize(
    ("declaration", "public"),
    [
        ("__all__ = ['_export', 'Public']", ["_export", "Public.f"]),
        ("__all__ = ('Public',)", ["Public.f"]),
        ("__all__: list[str] = ['Public']", ["Public.f"]),
        ("__all__ = ['Public']\n__all__ += ['_export']", ["_export", "Public.f"]),
        ("__all__ = ['Public'] + ['_export']", ["_export", "Public.f"]),
        ("__all__ = []\n__all__.append('_export')", ["_export"]),
        ("__all__ = ['_export']\n__all__.extend(('Public',))", ["_export", "Public.f"]),
        ("__all__ = ['_export', 'Public']\n__all__.remove('_export')", ["Public.f"]),
        ("__all__ = ['_export'] + other.__all__", ["Public.f", "Helper.f"]),
        ("__all__ = [name for name in dir()]", ["Public.f", "Helper.f"]),
        ("__all__ = ['_export']\n__all__ += other.__all__", ["Public.f", "Helper.f"]),
        ("x = '__all__'", ["Public.f", "Helper.f"]),
    ],
)
def test_public_is_what_all_lists_where_it_can_be_read(declaration: str, public: list[str]) -> None:
    method = "    def f(self):\n        return g(self)\n"
    code = f"{declaration}\ndef _export(x):\n    return g(x)\n"
    code += f"class Public:\n{method}class Helper:\n{method}"
    assert names(choice_of(code)) == public


def test_local_functions_are_private() -> None:
    code = "def f(x):\n  def g(y):\n    return h(y)\n  return g(x)\n"
    assert reasons(choice_of(code)) == [("f.<locals>.g", "private")]
    assert names(choice_of(code, Config(include=("private",)))) == ["f", "f.<locals>.g"]


def test_registered_implementations_of_a_generic_function() -> None:
    code = """\
        @singledispatch
        def show(x):
            return str(x)

        @show.register(int)
        def _(x):
            return hex(x)

        @show.register
        def show_list(x: list):
            return ", ".join(x)

        @elsewhere.show.register
        def __(x: dict):
            return str(x)

        class A:
            @singledispatchmethod
            def tell(self, x):
                return str(x)

            @tell.register
            def tell_int(self, x: int):
                return hex(x)
    """
    choice = choice_of(code, Config(include=("private",)))
    assert names(choice) == ["show", "A.tell"]
    assert {reason for _, reason in reasons(choice)} == {"overload"}


def test_special_methods_are_skipped_when_asked() -> None:
    code = "class A:\n  def __len__(self):\n    return self.size\n"
    assert names(choice_of(code)) == ["A.__len__"]
    assert reasons(choice_of(code, Config(skip=("dunder",)))) == [("A.__len__", "dunder")]


def test_overrides_of_what_a_parent_documents() -> None:
    code = "class A(B):\n  def f(self):\n    return g(self)\n\ndef h(x):\n  return g(x)\n"
    choice = choice_of(code, parent="B.f")
    assert reasons(choice) == [("A.f", "override")]
    assert choice.skips[0].detail == "B.f documents it"
    assert names(choice) == ["h"]
    assert names(choice_of(code, Config(include=("override",)), parent="B.f")) == ["A.f", "h"]


def test_an_inner_class_is_not_taken_for_its_namesake() -> None:
    code = """\
        class A(unittest.TestCase): pass

        class B:
            class A:
                def f(self):
                    return g(self)
    """
    assert names(choice_of(code, parent="Base.f")) == ["B.A.f"]


def test_stub_files() -> None:
    code = "def f(x):\n    return g(x)\n"
    assert reasons(choice_of(code, path="pkg/module.pyi")) == [("f", "stub")]
    assert names(choice_of(code, Config(include=("stub",)), path="pkg/module.pyi")) == ["f"]


def test_max_lines_counts_decorators() -> None:
    code = "@a\n@b\ndef f(x):\n    y = x\n    return g(y)\n"
    assert names(choice_of(code, Config(max_lines=5))) == ["f"]
    (target,) = choice_of(code).targets
    assert find_obstacle(target, Config(max_lines=5)) is None
    skip = find_obstacle(target, Config(max_lines=4))
    assert skip is not None
    assert skip.detail == "5 lines, more than max-lines = 4"


def test_the_first_rule_that_speaks_is_the_reason() -> None:
    code = "# docbot: skip\ndef _test(x): pass\n"
    order = []
    config = Config()
    while skips := choice_of(code, config).skips:
        order.append(skips[0].reason.value)
        config = dataclasses.replace(config, include=(*config.include, order[-1]))
    assert order == ["ignored", "private", "trivial"]


# Documented ones, kinds, changed lines.


def test_documented_definitions_count_unless_a_rule_leaves_them_out() -> None:
    code = """\
        def f(x):
            '''Doc.'''
        def _f(x):
            '''Doc.'''
        def g(x): '''Doc.'''; return h(x)
        def k(x):
            return h(x)
    """
    choice = choice_of(code)
    assert (names(choice), reasons(choice)) == (["k"], [])
    assert choice.documented == 1  # g; a body of `pass` is trivial, documented or not
    assert choice_of(code, Config(include=("private", "trivial"))).documented == 3


def test_kinds() -> None:
    code = "class A:\n  def f(self):\n    return g(self)\n\ndef h(x):\n  return g(x)\n"
    every = Config(kinds=("module", "class", "function", "method"))
    assert names(choice_of(code, every)) == ["<module>", "A", "A.f", "h"]
    assert names(choice_of(code, Config(kinds=("method",)))) == ["A.f"]
    assert names(choice_of(code, Config(kinds=("class",)))) == ["A"]
    assert names(choice_of(code, Config(kinds=("method", "module")))) == ["<module>", "A.f"]
    assert choice_of("'''Doc.'''\n", every).documented == 1


def test_trivial_says_nothing_of_classes() -> None:
    assert names(choice_of("class E(Exception):\n    pass\n", Config(kinds=("class",)))) == ["E"]


MODULE = Config(kinds=("module",))


@pytest.mark.parametrize(
    ("code", "path", "reason"),
    [
        ("", "shop.py", "trivial"),
        ("# licence\n", "shop.py", "trivial"),
        ("import a\nfrom b import c\n", "pkg/__init__.py", "trivial"),
        ("__version__ = '1'\n__all__ = ['a']\n", "pkg/__init__.py", "trivial"),
        ("x = 1\n", "_shop.py", "private"),
        ("x = 1\n", "pkg/_inner/shop.py", "private"),
        ("import argparse\nargparse.ArgumentParser(description=__doc__)\n", "shop.py",
         "runtime-docstring"),
        ("import sys\nprint(sys.modules[__name__].__doc__)\n", "shop.py", "runtime-docstring"),
        ("x = 1\n", "shop.pyi", "stub"),
    ],
)  # fmt: skip
def test_modules_left_alone(code: str, path: str, reason: str) -> None:
    assert reasons(choice_of(code, MODULE, path=path)) == [("<module>", reason)]


@pytest.mark.parametrize("path", ["shop.py", "pkg/__init__.py", "pkg/__main__.py"])
def test_modules_that_are_offered(path: str) -> None:
    assert names(choice_of("import a\nx = a.b\n", MODULE, path=path)) == ["<module>"]


def test_a_change_in_a_method_is_not_its_classs() -> None:
    code = "class A(\n  B\n):\n  def f(self):\n    return g(self)\n"
    every = Config(kinds=("module", "class", "method"))
    for changed, expected in (
        (((5, 5),), ["A.f"]),
        (((1, 1),), ["A"]),
        (((1, 4),), ["A", "A.f"]),
        (((1, 5),), ["<module>", "A", "A.f"]),
        (((1, 2), (4, 5)), ["A", "A.f"]),
    ):
        assert names(choice_of(code, every, changed=changed)) == expected


CHANGED = [
    ((), []),
    (((1, 1),), ["f"]),  # its decorator
    (((3, 3),), ["f"]),  # its last line
    (((4, 5),), []),  # between the two
    (((5, 6),), ["g"]),
    (((8, 9),), []),
    (((1, 99),), ["f", "g"]),
    (((2, 2), (7, 7)), ["f", "g"]),
]


@pytest.mark.parametrize(("changed", "expected"), CHANGED)
def test_only_what_the_change_touches(
    changed: tuple[tuple[int, int], ...], expected: list[str]
) -> None:
    code = "@a\ndef f(x):\n  return h(x)\n\n\ndef g(x):\n  return h(x)\n"
    assert names(choice_of(code, changed=changed)) == expected


def test_touches_is_inclusive() -> None:
    assert overlaps([(3, 5)], (5, 9))
    assert overlaps([(3, 5)], (1, 3))
    assert overlaps([(1, 9)], (4, 4))
    assert not overlaps([(3, 5), (9, 9)], (6, 8))


# Whole files.

WRITTEN_BY_HAND = [
    ("pkg/module.py", b"x = 1\n"),
    ("pkg/contest.py", b""),
    ("pkg/latest.py", b""),
    ("pkg/testing.py", b""),
    ("pkg/test.py", b""),
    ("pkg/tests.py", b""),
    ("pkg/testclient.py", b""),
    ("pkg/testimony.py", b""),
    ("testing/helpers.py", b""),
    ("pkg/pb2.py", b""),
    ("pkg/generate.py", b"# Writes generated code.\nx = '# @generated'\n"),
    ("pkg/generate.py", b"# Generated names are long.\nx = 1\n"),
    ("pkg/generate.py", b"# Degenerated input: do not modify the list.\nx = 1\n"),
    ("pkg/generate.py", b"x = '''\nGenerated by me. DO NOT EDIT\n'''\n"),
    ("pkg/late.py", b"x = 1\n" * 1000 + b"# @generated\n"),
    ("pkg/skip.py", b"# docbot: skip\ndef f(): pass\n"),
    ("pkg/skip.py", b"x = 1  # docbot: skip-file\n"),
]


@pytest.mark.parametrize(("path", "source"), WRITTEN_BY_HAND)
def test_files_that_are_looked_at(path: str, source: bytes) -> None:
    assert file_skip(PurePosixPath(path), source, Config()) is None


LEFT_ALONE = [
    ("test", "pkg/test_module.py", b""),
    ("test", "pkg/module_test.py", b""),
    ("test", "conftest.py", b""),
    ("test", "tests/helpers.py", b""),
    ("test", "pkg/tests/deep/er/helpers.py", b""),
    ("generated", "pkg/api_pb2.py", b""),
    ("generated", "pkg/api_pb2_grpc.py", b""),
    ("generated", "pkg/a.py", b"#!/bin/python\n# @generated\n"),
    ("generated", "pkg/a.py", b"# Code generated by tool v1. DO NOT EDIT.\n"),
    ("generated", "pkg/a.py", b"# Generated by the protocol buffer compiler.  DO NOT EDIT!\n"),
    ("generated", "pkg/a.py", b"# This file is automatically generated.\n# Do not edit it.\n"),
    ("generated", "pkg/a.py", b"# AUTOGENERATED, don't modify!\r\nx = 1\r\n"),
    ("generated", "pkg/a.py", b"\xef\xbb\xbf# Do not edit! File generated by setup.py\n"),
    ("ignored", "pkg/a.py", b"x = 1\n# docbot: skip-file\n"),
    ("ignored", "pkg/a.py", b"#docbot:skip-file, a copy of upstream's\r\n"),
]


@pytest.mark.parametrize(("reason", "path", "source"), LEFT_ALONE)
def test_files_left_alone(reason: str, path: str, source: bytes) -> None:
    skip = file_skip(PurePosixPath(path), source, Config())
    assert skip is not None
    assert (skip.reason.value, skip.qualname, skip.line) == (reason, "", 0)
    assert skip.detail
    assert file_skip(PurePosixPath(path), source, Config(include=(reason,))) is None


# The switches.


def test_every_reason_is_explained() -> None:
    assert set(EXPLANATIONS) == set(SkipReason)


def test_no_switch_turns_an_outcome_off() -> None:
    everything = Config(include=tuple(reason.value for reason in SkipReason))
    for reason in SkipReason:
        assert is_enabled(reason, everything) is (reason in NEVER_INCLUDED)


def test_ignore_turns_on_what_is_off_by_default() -> None:
    for reason in OFF_BY_DEFAULT:
        assert not is_enabled(reason, Config())
        assert is_enabled(reason, Config(skip=(reason.value,)))
    assert {reason for reason, _ in RULES} >= OFF_BY_DEFAULT
