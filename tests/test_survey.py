"""What ast tells the rules is what libcst tells them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path, PurePosixPath

import pytest

import docbot
from docbot.config import Config
from docbot.definition import Shape
from docbot.lineage import Lineage
from docbot.outline import outline
from docbot.pipeline import verdict
from docbot.scan import scan
from docbot.source import read
from docbot.survey import _compact, decode, encode, survey
from docbot.targets import Place, SkipReason, Told, choose

EVERY = ("module", "class", "function", "method")
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


def scanned(source):
    return tuple(_compact(definition) for definition in scan(read(source)))


@pytest.mark.parametrize("name", SOURCES)
def test_the_rules_are_told_the_same_as_by_scan(name):
    source = SOURCES[name].encode("latin-1" if "latin-1" in SOURCES[name] else "utf-8")
    seen = survey(source)
    assert seen.trouble is None
    assert seen.definitions == scanned(source)


@pytest.mark.parametrize("body", SHAPES)
def test_shapes_are_those_of_scan(body):
    source = f"async def f(self):\n    {body}\n".encode()
    (_, function) = survey(source).definitions
    assert function.shape is SHAPES[body]
    assert scanned(source)[1] == function


def files():
    package = Path(docbot.__file__).parent
    return sorted([*package.rglob("*.py"), *Path(__file__).parent.glob("data/cases/*.py")])[::9]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_real_files_come_out_the_same(path):
    source = path.read_bytes()
    seen = survey(source)
    if seen.trouble is None:
        assert seen.definitions == scanned(source)


@pytest.mark.parametrize("name", SOURCES)
def test_the_verdict_is_the_one_by_scan(name):
    source = SOURCES[name].encode("latin-1" if "latin-1" in SOURCES[name] else "utf-8")
    config = Config(kinds=EVERY)
    place = Place(path=PurePosixPath("a.py"), outline=outline(source))
    wanted = choose(scan(read(source)), place, config)
    lineage = Lineage(lambda _path: None)
    result = verdict(place.path, decode(encode(survey(source))), config, lineage)
    assert result.documented == wanted.documented
    assert result.skips == wanted.skips
    assert [(t.definition.qualname, t.definition.line) for t in result.missing] == [
        (t.definition.qualname, t.definition.line) for t in wanted.targets
    ]


@pytest.mark.parametrize("name", SOURCES)
def test_it_survives_as_bytes(name):
    seen = survey(SOURCES[name].encode("latin-1" if "latin-1" in SOURCES[name] else "utf-8"))
    again = decode(encode(seen))
    assert set(again.outline.entries) == set(seen.outline.entries)
    plain = dataclasses.replace(again.outline, entries=seen.outline.entries)
    assert dataclasses.replace(again, outline=plain) == seen
    assert json.loads(encode(seen))


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
    seen = survey(source)
    assert seen.trouble is not None
    assert seen.trouble.reason is reason
    assert decode(encode(seen)) == seen


def test_a_glance_is_at_what_the_text_says_of_the_whole():
    source = (
        b"# Generated by the protocol buffer compiler.  DO NOT EDIT!\n# docbot: skip-file\nx = ("
    )
    seen = survey(source, glance=True)
    assert (seen.told, seen.definitions, seen.trouble) == (
        Told(generated=True, marked=True),
        (),
        None,
    )
