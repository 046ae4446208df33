"""What `ast` alone can tell of a file, and what is too deep to be walked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docbot.errors import SourceError
from docbot.scan.outline import MODULE_DOC, ClassEntry, Entry, outline
from docbot.scan.parse import all_nodes, parse

if TYPE_CHECKING:
    from collections.abc import Callable


def test_entries_tell_what_is_documented_and_where() -> None:
    result = outline(
        b'"""Module."""\n'
        b"@decorated(\n    1,\n)\ndef f():\n    'Doc.'\n\n\n"
        b"class A:\n    async def g(self):\n        def h(): pass\n"
        b"\n\ndef raw(): r'doc'\n"
        b"\n\ndef joined():\n    ('a'\n     'b')\n    return 1\n"
        b"\n\ndef formatted(): f'doc'\n"
        b"\n\ndef binary(): b'doc'\n"
        b"\n\ndef number(): 1\n"
    )
    assert result.documented
    assert set(result.entries) == {
        Entry(name="f", is_class=False, lines=(2, 6), documented=True),
        Entry(name="A", is_class=True, lines=(9, 11), documented=False),
        Entry(name="g", is_class=False, lines=(10, 11), documented=False),
        Entry(name="h", is_class=False, lines=(11, 11), documented=False),
        Entry(name="raw", is_class=False, lines=(14, 14), documented=True),
        Entry(name="joined", is_class=False, lines=(17, 20), documented=True),
        Entry(name="formatted", is_class=False, lines=(23, 23), documented=False),
        Entry(name="binary", is_class=False, lines=(26, 26), documented=False),
        Entry(name="number", is_class=False, lines=(29, 29), documented=False),
    }


def test_classes_are_those_at_module_level() -> None:
    result = outline(
        b"class A(base.B, Generic[T], C[int], make(), metaclass=M):\n"
        b"    def f(self): 'Doc.'\n"
        b"    async def g(self): pass\n"
        b"    class Inner: pass\n"
        b"try:\n    class D: pass\n"
        b"except ImportError:\n    class E: pass\n"
        b"if x:\n    pass\nelif y:\n    class F: pass\nelse:\n    class G: pass\n"
        b"def f():\n    class Local: pass\n"
    )
    assert set(result.classes) == set("ADEFG")
    bases = ("base.B", "Generic", "C")
    assert result.classes["A"] == ClassEntry(bases=bases, methods={"f": True, "g": False})


def test_imports_keep_their_dots() -> None:
    result = outline(
        b"import a\nimport b.c\nimport d.e as f\nfrom g.h import i, j as k\n"
        b"from . import l\nfrom .. import m\nfrom .n import o\nfrom ...p.q import r\n"
        b"from s import *\nfrom .t import *\n"
        b"def late():\n    from inner import a\n    import u\n"
    )
    assert result.imports == {
        "a": "a",  # an inner import does not hide the module's own
        "b": "b",
        "f": "d.e",
        "i": "g.h.i",
        "k": "g.h.j",
        "l": ".l",
        "m": "..m",
        "o": ".n.o",
        "r": "...p.q.r",
        "u": "u",
    }
    assert result.stars == ("s", ".t")


DOC_READS = [
    ("print(f.__doc__)", {"f"}),
    ("print(a.b.f.__doc__)", {"f"}),
    ("print(__doc__)", {MODULE_DOC}),
    ("parser = ArgumentParser(description=__doc__)", {MODULE_DOC}),
    ("f.__doc__ += 'more'", {"f"}),
    ("__doc__ += 'more'", {MODULE_DOC}),
    ("__doc__ = __doc__.format(x)", {MODULE_DOC}),
    ("inspect.getdoc(f)", {"f"}),
    ("getdoc(self)", {"self"}),
    ("getattr(f, '__doc__', '')", {"f"}),
    ("typer.run(main)", {"main"}),
    ("fire.Fire(main)", {"main"}),
    ("router.add_api_route('/x', handler)", {"handler"}),
    ("StructuredTool.from_function(func=search)", {"search"}),
    # and what reads nothing
    ("f.__doc__ = 'new'", set()),
    ("__doc__ = 'new'", set()),
    ("del f.__doc__", set()),
    ("x = '__doc__'", set()),
    ("getattr(f, name)", set()),
    ("getattr(f)", set()),
    ("asyncio.run(main)", set()),
    ("f()", set()),
]


@pytest.mark.parametrize(("code", "names"), DOC_READS)
def test_whose_docstring_the_file_reads(code: str, names: set[str]) -> None:
    assert outline(code.encode()).doc_reads == names


def test_reads_bytes_as_python_does() -> None:
    assert outline("# coding: latin-1\nclass É: pass\n".encode("latin-1")).classes.keys() == {"É"}
    assert outline(b"\xef\xbb\xbfclass A: pass\r\n").classes.keys() == {"A"}
    assert outline(b"").entries == ()


def test_says_nothing_of_the_files_own_warnings() -> None:
    parse(b"x = '\\d'\nassert (1, 2)\nx is 1\n")
    parse("'\\d'")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"print 'x'", "Missing parentheses"),
        (b"def f(:\n", r"line 1"),
        (b"  x = 1\n", "indent"),
        (b"\xff", "cannot parse|decode"),
        (b"x = " + b"9" * 5000, "cannot parse|too deep"),
    ],
)
def test_what_python_cannot_parse(source: bytes, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        outline(source)


FORMS: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: "x = " + "(" * n + "1" + ")" * n,
    "unary": lambda n: "x = " + "-" * n + "1",
    "not": lambda n: "x = " + "not " * n + "1",
    "await": lambda n: "async def f():\n    return " + "await " * n + "x",
    "binary": lambda n: "x = " + "1 + " * n + "1",
    "power": lambda n: "x = " + "1 ** " * n + "1",
    "and": lambda n: "x = " + "a and " * n + "b",
    "and, or": lambda n: "x = " + "a and b or " * n + "b",
    "comparison": lambda n: "x = " + "a < " * n + "b",
    "attribute": lambda n: "x = a" + ".b" * n,
    "call": lambda n: "x = f" + "()" * n,
    "subscript": lambda n: "x = a" + "[0]" * n,
    "lambda": lambda n: "x = " + "lambda: " * n + "1",
    "conditional": lambda n: "x = " + "1 if a else " * n + "1",
    "union annotation": lambda n: "def f(x: " + "a | " * n + "b): pass",
    "dotted import": lambda n: "import a" + ".b" * n,
    "dotted from": lambda n: "from a" + ".b" * n + " import c",
    "elif": lambda n: "if a: pass\n" + "elif a: pass\n" * n,
    "strings side by side": lambda n: "x = (" + "'a'\n" * n + ")",
    "f-strings side by side": lambda n: "x = (" + "f'{a}'\n" * n + ")",
    "assignment": lambda n: "a = " * n + "1",
    "decorators": lambda n: "@a\n" * n + "def f(): pass\n",
    "semicolons": lambda n: "a;" * n,
    "pattern or": lambda n: "match x:\n    case " + "1 | " * n + "2: pass\n",
    "f-string fields": lambda n: "x = f'" + "{a}" * n + "'",
    "functions": lambda n: "".join(" " * i + "def f():\n" for i in range(n)) + " " * n + "x",
    "classes": lambda n: "".join(" " * i + "class A:\n" for i in range(n)) + " " * n + "x",
    "if": lambda n: "".join(" " * i + "if a:\n" for i in range(n)) + " " * n + "x",
    "f-string": lambda n: "x = " + "f'{" * n + "1" + "}'" * n,
    "format spec": lambda n: "x = f'{a:" + "{b:" * n + "}" * n + "}'",
    "sequence pattern": lambda n: "match x:\n case " + "[" * n + "]" * n + ": pass",
    "tuple pattern": lambda n: "match x:\n case " + "(" * n + "y" + ",)" * n + ": pass",
    "mapping pattern": lambda n: "match x:\n case " + "{1:" * n + "y" + "}" * n + ": pass",
    "class pattern": lambda n: "match x:\n case " + "A(" * n + ")" * n + ": pass",
}
"""Programs that nest `n` levels deep, or that a parser may take for such."""

INDENTED = ("functions", "classes", "if")  # Python's own limit is a hundred indents


PROGRAM = """
import sys
sys.path[:0] = [{folder!r}]
from test_outline import FORMS, INDENTED
from docbot.errors import SourceError
from docbot.scan.anchors import anchors
from docbot.scan.facts import read_definitions
from docbot.scan.outline import outline
from docbot.scan.source import read

def read_definitions_and_places(source):
    read_definitions(read(source))
    anchors(read(source))

for form, nested in FORMS.items():
    for depth in {depths}:
        if form in INDENTED and depth > 200:
            continue
        print(form, depth, flush=True)
        source = nested(depth).encode()
        for look in (outline, read_definitions_and_places):
            try:
                look(source)
            except SourceError:
                pass
print("survived")
"""


@pytest.mark.parametrize("depths", [(8, 60), (170, 190, 1000), (10_000,)])
def test_no_depth_ends_the_interpreter(depths: tuple[int, ...]) -> None:
    """In a process of its own: a parser that overflows the native stack takes the process along."""
    program = PROGRAM.format(folder=str(Path(__file__).parent), depths=depths)
    process = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120
    )
    assert process.stdout.splitlines()[-1:] == ["survived"], (
        process.stdout[-200:] + process.stderr[-500:]
    )


@pytest.mark.parametrize("form", ["binary", "attribute", "unary", "elif", "and", "dotted import"])
def test_a_hundred_levels_are_fine_and_two_hundred_are_not(form: str) -> None:
    all_nodes(parse(FORMS[form](100)))
    with pytest.raises(SourceError, match="180 levels"):
        all_nodes(parse(FORMS[form](200)))


@pytest.mark.parametrize("form", ["sequence pattern", "tuple pattern", "mapping pattern"])
def test_patterns_nest_less_deep(form: str) -> None:
    """libcst needs four times as long for each level: 4 seconds at ten, a minute at twelve."""
    all_nodes(parse(FORMS[form](5)))
    with pytest.raises(SourceError, match="180 levels"):
        all_nodes(parse(FORMS[form](10)))
