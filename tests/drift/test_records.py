"""Fields of dataclasses, attrs and named tuples are compared with the class's docstring."""

from __future__ import annotations

from textwrap import dedent

import pytest

from docbot.docstring.stale import mend_file
from docbot.drift.find import Revision, find_drifts
from docbot.scan.parse import parse
from docbot.scan.source import read

STYLES = {
    "google": "Attributes:\n    a: One.\n    b: Two.\n",
    "args": "Args:\n    a: One.\n    b: Two.\n",
    "numpy": "Attributes\n----------\na : int\n    One.\nb : int\n    Two.\n",
    "sphinx": ":ivar a: One.\n:ivar b: Two.\n",
}
FIELDS = "a: int\nb: int = 3"


def record(
    fields: str = FIELDS,
    sections: str = STYLES["google"],
    above: str = "@dataclass",
    bases: str = "",
) -> str:
    lines = ['"""Hold it.', "", *dedent(sections).strip("\n").split("\n"), '"""', ""]
    inner = "\n".join(f"    {line}" if line else "" for line in [*lines, *fields.split("\n")])
    return f"{above}\nclass C{bases}:\n{inner}\n"


def found(source: str, old: str | None = None) -> list[tuple[str, str]]:
    code = source.encode()
    former = Revision.of(old.encode()) if old is not None else None
    return [(d.rule.value, d.subject) for d in find_drifts(parse(code), read(code), former)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (FIELDS, []),
        ("a: int", [("param-unknown", "b")]),
        (f"{FIELDS}\nc: int = 4", [("param-missing", "c")]),
        (f"{FIELDS}\n_c: int = 4", []),
        (f"{FIELDS}\nc: ClassVar[int] = 4", []),
        (f"{FIELDS}\nc: 'ClassVar[int]' = 4", []),
        (f"{FIELDS}\nc = 4", []),
        ("a: int\n_: KW_ONLY\nb: int = 3", []),
        ("a: int\n\n@property\ndef b(self):\n    return self.a", []),
    ],
)
def test_fields_are_compared(style, fields, expected):
    assert found(record(fields, STYLES[style])) == expected


def test_a_field_that_the_constructor_does_not_take_is_an_attribute():
    fields = "a: int\nb: int = field(init=False)"
    assert found(record(fields)) == []
    assert found(record(fields, STYLES["args"])) == []
    assert found(record(f"{FIELDS}\nc: int = field(init=False)", STYLES["args"])) == []


@pytest.mark.parametrize(
    "above",
    [
        "@dataclass(frozen=True)",
        "@dataclasses.dataclass",
        "@attr.s",
        "@attrs.define(slots=True)",
        "@define",
        "@attr.s(auto_attribs=True)",
        "@final\n@dataclass",
    ],
)
def test_makers_of_records(above):
    assert found(record("a: int", above=above)) == [("param-unknown", "b")]
    assert found(record("a = attr.ib()\nb = attr.ib(default=3)", above=above)) == []


def test_named_tuples_are_records():
    assert found(record("a: int", above="", bases="(NamedTuple)")) == [("param-unknown", "b")]


@pytest.mark.parametrize(("above", "bases"), [("", ""), ("@register", ""), ("", "(Base)")])
def test_other_classes_are_none(above, bases):
    assert found(record("a: int", above=above, bases=bases)) == []


def test_a_base_may_have_further_fields():
    assert found(record("a: int", bases="(Base)")) == []
    assert found(record("a: int", bases="(Generic[T])")) == [("param-unknown", "b")]
    assert found(record("a: int\nbb: int", bases="(Base)"), record(bases="(Base)")) == [
        ("param-renamed", "bb")
    ]


def test_defaults_of_fields_are_compared():
    sections = "Attributes:\n    a: One. Defaults to 3.\n    b: Two. Defaults to 3.\n"
    fields = "a: int = field(default=4)\nb: list = field(default_factory=list)"
    assert found(record(fields, sections)) == [("param-default", "a")]


def test_an_order_of_fields_counts_where_it_is_new():
    assert found(record("b: int\na: int")) == []
    assert found(record("b: int\na: int", STYLES["args"])) == []
    assert found(record("b: int\na: int"), record("a: int\nb: int")) == [("param-order", "a")]


def test_a_renamed_field_is_mended():
    old = record()
    new = record(FIELDS.replace("b:", "size:"))
    assert found(new, old) == [("param-renamed", "size")]
    mended = mend_file(new.encode(), old.encode()).after.decode()
    assert mended == new.replace("b: Two.", "size: Two.")
    assert found(mended, old) == []


def test_a_class_with_a_constructor_is_compared_with_that():
    fields = "a: int\n\ndef __init__(self, a, b):\n    self.a = a"
    assert found(record(fields, STYLES["args"])) == []
