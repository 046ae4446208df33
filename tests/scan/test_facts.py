"""Facts are what the first scanner, on libcst, read of the same files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path, PurePosixPath

import pytest

import docbot
from docbot.config import Config
from docbot.errors import SourceError, TooLargeError
from docbot.repo.facts_codec import decode, decode_outline, encode, has_outline
from docbot.scan.anchors import anchors
from docbot.scan.definition import Definition, Shape
from docbot.scan.facts import file_facts, read_definitions
from docbot.scan.markers import FileMarkers
from docbot.scan.outline import outline
from docbot.scan.source import read
from docbot.scanned import check_file
from docbot.select.inheritance import ParentIndex
from docbot.select.rules import Place, choose
from docbot.select.skip import SkipReason

EVERY = ("module", "class", "function", "method")
DATA = Path(__file__).parents[1] / "data"
GOLDEN = json.loads((DATA / "definitions.json").read_text("utf-8"))
DETAILS = ("code", "signature", "calls", "raises", "yields", "returns", "is_async", "tree")
SOURCES = {
    "empty": "",
    "a docstring alone": "'''Doc.'''\n",
    "comments alone": "# nothing\n# here",
    "imports alone": "import a\nfrom b import c\n__author__ = 'A'\n",
    "one line": "def f(): pass\nclass A: x = 1; y = 2\ndef g(\n    a,\n): return a\n",
    "one line, documented": "def f(): 'Doc.'\nclass A: 'Doc.'; x = 1\n",
    "continued": "def f(): \\\n    pass\ndef \\\n  g(): return [1]\n",
    "form feeds": "def f():\n    return [1]\n\x0c\nclass A:\n    x = 1\n",
    "tabs and comments": "def f():\n\t# first\n\n\treturn [1]\n",
    "decorated": "@a\n@b.c(1, 'x')\n@d(\n    1,  # one\n    2,\n)\n"
    "class A(B, *C, D[int], metaclass=M):\n    @property\n    def x(self): ...\n"
    "    @(y)\n    def z(self):\n        return super().z()\n",
    "decorated first": "@a\ndef f():\n    @b\n    def g():\n        pass\n",
    "on the line of the at": "@ a . b\ndef f():\n    return 1 + 1\n",
    "everywhere": "if a:\n    def f(): 'Doc.'\nelif b:\n    class A:\n        if c:\n"
    "            def m(self):\n"
    "                def inner():\n                    class L:\n"
    "                        def n(self): ...\n"
    "else:\n    try:\n        async def g(): pass\n    except E:\n        def h(): pass\n"
    "    else:\n"
    "        def i(): pass\n    finally:\n        def j(): pass\nwith x:\n    for y in z:\n"
    "        def k():\n"
    "            match q:\n                case 1:\n                    def l(): pass\n"
    "    while w:\n        def o(): pass\n",
    "windows": "def f():\r\n    return [1]\r\n\r\nclass A:\r\n    'Doc.'\r\n",
    "not ascii": "# coding: latin-1\n@é('ü')\ndef ö(ä): return ä, 'é'\n",
    "marked": "# docbot: skip\ndef f():\n    return [1]\n\n\ndef g():  # docbot: skip\n"
    "    return 1\n",
    "strings": "def f():\n    'a' 'b'\n    return 1\ndef g():\n    f'x'\n"
    "def h():\n    b'x'\ndef i():\n    ('x')\n",
}  # fmt: skip
SHAPES = {
    "pass": Shape.EMPTY, "return": Shape.EMPTY, "return None": Shape.RETURNS_NAME,
    "...": Shape.STUB, "return ...": Shape.FULL, "return a.b.c": Shape.RETURNS_NAME,
    "return -1": Shape.FULL, "return 'a' 'b'": Shape.RETURNS_NAME, "return 'a' f'b'": Shape.FULL,
    "return []": Shape.RETURNS_NAME, "return [1]": Shape.FULL, "return {}": Shape.RETURNS_NAME,
    "return ()": Shape.RETURNS_NAME, "return {*()}": Shape.FULL, "return b().c": Shape.FULL,
    "raise NotImplementedError": Shape.ABSTRACT, "raise NotImplementedError('x')": Shape.ABSTRACT,
    "raise NotImplementedError().with_traceback(t)": Shape.ABSTRACT, "raise": Shape.FULL,
    "raise a.NotImplementedError": Shape.FULL, "return super().f()": Shape.DELEGATES,
    "super(A, self).f(x)": Shape.DELEGATES, "return await super().f()": Shape.DELEGATES,
    "return super().g()": Shape.FULL, "return super()[0].f()": Shape.DELEGATES, "x = 1": Shape.FULL,
    "super().f": Shape.FULL, "assert x": Shape.FULL, "'Doc.'": Shape.EMPTY, "f'x'": Shape.FULL,
}  # fmt: skip


def source_of(name: str) -> bytes:
    if name.endswith(".py"):
        return (DATA / "cases" / name).read_bytes()
    return SOURCES[name].encode("latin-1" if "latin-1" in SOURCES[name] else "utf-8")


def row(definition: Definition) -> dict[str, object]:
    """The fields that are not as a bare definition has them, as the golden file keeps them."""
    bare = Definition(qualname="", name="", kind=definition.kind, line=0, lines=(0, 0))
    fields = [f.name for f in dataclasses.fields(definition) if f.name != "tree"]
    expected = {
        name: getattr(definition, name)
        for name in fields
        if name in ("qualname", "name", "line", "lines", "code", "kind", "shape", "indent")
        or getattr(definition, name) != getattr(bare, name)
    }
    if "signature" in expected:
        params, returns = definition.signature.params, definition.signature.returns
        expected["signature"] = [
            [[p.name, p.kind.value, p.annotation, p.default] for p in params],
            returns,
        ]
    return json.loads(json.dumps(expected))


@pytest.mark.parametrize("name", GOLDEN)
def test_definitions_are_those_of_the_golden_file(name):
    try:
        definitions = read_definitions(read(source_of(name)))
    except SourceError as error:  # a syntax of a later Python
        pytest.skip(str(error))
    assert [row(definition) for definition in definitions] == GOLDEN[name]


def light(definition: Definition) -> Definition:
    """The definition without what `check` does not ask for."""
    bare = Definition(qualname="", name="", kind=definition.kind, line=0, lines=(0, 0))
    plain = {name: getattr(bare, name) for name in DETAILS}
    docstring = "" if definition.docstring is not None else None
    return dataclasses.replace(definition, **plain, docstring=docstring)


@pytest.mark.parametrize("name", SOURCES)
def test_check_is_told_the_same_as_fix(name):
    source = source_of(name)
    facts = file_facts(source)
    assert facts.error is None
    assert facts.definitions == tuple(map(light, read_definitions(read(source))))


@pytest.mark.parametrize("body", SHAPES)
def test_shapes(body):
    source = f"async def f(self):\n    {body}\n".encode()
    (_, function) = file_facts(source).definitions
    assert function.shape is SHAPES[body]


def files():
    package = Path(docbot.__file__).parent
    return sorted([*package.rglob("*.py"), *DATA.glob("cases/*.py")])[::5]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_libcst_has_a_place_where_facts_tell_of_one(path):
    source = path.read_bytes()
    try:
        definitions, places = read_definitions(read(source)), anchors(read(source))
    except SourceError as error:
        pytest.skip(str(error))
    for definition in definitions:
        if definition.docstring is None:
            place = places.get((definition.qualname, definition.line))
            assert definition.indent == (place.indent if place is not None else None)


@pytest.mark.parametrize("name", SOURCES)
def test_check_decides_as_fix_does(name):
    source = source_of(name)
    config = Config(kinds=EVERY)
    place = Place(path=PurePosixPath("a.py"), outline=outline(source))
    expected = choose(read_definitions(read(source)), place, config)
    parents = ParentIndex(lambda _path: None)
    result = check_file(place.path, decode(encode(file_facts(source))), config, parents)
    assert result.documented == expected.documented
    assert result.skips == expected.skips
    assert [(t.definition.qualname, t.definition.line) for t in result.missing] == [
        (t.definition.qualname, t.definition.line) for t in expected.targets
    ]


def cached(definition: Definition) -> Definition:
    return dataclasses.replace(definition, indent=None if definition.indent is None else "")


@pytest.mark.parametrize("name", SOURCES)
def test_facts_survive_the_cache(name):
    facts = file_facts(source_of(name))
    again = decode(encode(facts))
    assert set(again.outline.entries) == set(facts.outline.entries)
    plain = dataclasses.replace(again.outline, entries=facts.outline.entries)
    with_cached = dataclasses.replace(facts, definitions=tuple(map(cached, facts.definitions)))
    assert dataclasses.replace(again, outline=plain) == with_cached
    assert decode_outline(encode(facts)) == dataclasses.replace(plain, entries=())
    assert has_outline(encode(facts))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"print 'x'\n", SkipReason.UNPARSABLE),
        (b"x = '\0'\n", SkipReason.UNPARSABLE),
        (b"x = '\xe9'\n", SkipReason.UNPARSABLE),
        (b"x = " + b"(" * 300 + b")" * 300, SkipReason.UNPARSABLE),
        (b"x = 1\n" * 200_000, SkipReason.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_says_why(source, reason):
    facts = file_facts(source)
    assert isinstance(facts.error, SourceError)
    assert isinstance(facts.error, TooLargeError) == (reason is SkipReason.TOO_LARGE)
    assert decode(encode(facts)) == facts
    result = check_file(PurePosixPath("a.py"), facts, Config(), ParentIndex(lambda _path: None))
    assert [skip.reason for skip in result.skips] == [reason]


DEEP = {
    "attributes": "x = y" + ".a" * 300,
    "operators": "x = " + "1 + " * 300 + "1",
    "signs": "x = " + "-" * 300 + "1",
    "in a header": "if " + "not " * 300 + "x:\n    pass",
    "in a default": "def f(a=" + "-" * 300 + "1):\n    return [a]",
    "in a decorator": "@" + "a." * 300 + "b\ndef f():\n    return [1]",
    "on many lines": "x = (\n" + "1 +\n" * 300 + "1)",
    "a pattern": "match x:\n    case " + "[" * 12 + "1" + "]" * 12 + ":\n        pass",
    "elif": "if x: pass\n" + "elif x: pass\n" * 300,
    "a dotted import": "import " + "a." * 300 + "b",
}


@pytest.mark.parametrize("name", DEEP)
def test_check_refuses_what_nests_too_deep_for_fix(name):
    source = DEEP[name].encode()
    with pytest.raises(SourceError, match="levels deep") as error:
        read_definitions(read(source))
    assert file_facts(source).problem == str(error.value)


def test_markers_can_be_read_alone():
    source = (
        b"# Generated by the protocol buffer compiler.  DO NOT EDIT!\n# docbot: skip-file\nx = ("
    )
    facts = file_facts(source, markers_only=True)
    assert facts.markers == FileMarkers(generated=True, skip_file=True)
    assert (facts.definitions, facts.error) == ((), None)
