"""Files that Python runs and libcst stumbles over: each is written all the same, byte for byte."""

from __future__ import annotations

import ast
import io
import tokenize

import libcst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import undocumented

from docbot.docstring.edit import apply_edits, make_edit
from docbot.docstring.verify import verify
from docbot.errors import SourceError
from docbot.scan.anchors import anchors
from docbot.scan.skeleton import skeleton
from docbot.scan.source import read

LITERAL = '"""Say it."""'
TAIL = "\n\nclass Last:\n    def end(self, x):\n        return [x]\n"

ODD = {
    "a blank before the colon of except": "try:\n    a\nexcept ImportError :\n    b\n",
    "several, and a name": "try:\n    a\nexcept (A, B) as c  :\n    b\nexcept  :\n    d\n",
    "a group, and a blank": "try:\n    a\nexcept* A :\n    b\n",
    "a form feed before a statement": "import a\n\fimport b\n",
    "a form feed before a definition": "import a\n\n\n\fdef f(x):\n    return [x]\n",
    "a form feed in an indent": (
        "class A:\n  \f    a = 1\n    \f    def f(self, x):\n        return x\n"
    ),
    "a form feed on the first line": "\fimport a\n",
    "a lone backslash at the top": "\\\nimport a\n",
    "two of them": "\\\n\\\n  import a\n",
    "a lone backslash, and CRLF": "\\\r\nimport a\r\n",
    "a backslash in an indent": "def f(x):\n    y = 1\n    \\\n  return [x, y]\n",
    "a backslash before a definition": "a = 1\n\\\ndef f(x):\n    return [x]\n",
    "a comment that ends with a backslash": "def f(x):\n    # not so \\\n    return [x]\n",
    "a trailing one": "def f(x):  # not so \\\n    return [x]\n",
    "blanks in an f-string": 'a = f"{ b }{ c !r }{ d : >{ e } }"\n',
    "a colon in an f-string": 'if f"{{{a:{b}}}: [(":\n    c\n',
    "a star after a keyword": "class A(metaclass=B, *c):\n    a = 1\n",
    "another in a call": "f(a=1, *b, **c)\n\n\n@g(a=1, *b)\ndef h(x):\n    return [x]\n",
    "a name in brackets that has a type": "(a): int = 1\n(b.c): int\n",
    "lambdas in headers": "if lambda x: x: pass\nwhile lambda: lambda y: y:\n    a\n",
    "soft keywords as names": "match: int = 3\ncase: int = 4\nmatch[1:2]\ntype = match\n",
    "a match": (
        "match a, b:\n    case [1, {'k': v}] if lambda: v: pass\n    case x:\n"
        "        def f(x):\n            return [x]\n"
    ),
    "headers that are blank or long": (
        "def \\\n  f \\\n  ( a,  # one\n b=')',\n ) :\n    return [a]\n"
        "class \\\n A :\n    a = 1\nclass B():\n    b = 1\n"
    ),
    "words that touch their brackets": (
        "if(a):b\nelif[c]:d\nelse:e\nwhile(f):\n    g\nfor(h)in(i):j\nwith(k):l\n"
        "try:m\nexcept(N):o\nfinally:p\n"
    ),
    "tabs and blanks": "class A:\n\tdef f(x):\n\t        return [x]\n\tdef g(x): return x\n",
    "letters of many bytes": 'größe = "ä" + """\n数\n"""\n\nclass Größe数:\n    ä = "ö"; ü = 1\n',
    "statements joined": "a = 1; b = 2 ;\nif a: b; c\n",
    "an ending without a line feed": "def f(x):\n    return [x]  # so",
}


def is_read_here(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:  # of a later Python
        return False
    return True


@pytest.mark.parametrize("ending", ["", TAIL], ids=["alone", "with more"])
@pytest.mark.parametrize("name", ODD)
def test_every_definition_gets_its_docstring(name, ending):
    source = ODD[name]
    if not is_read_here(source):
        pytest.skip("this Python cannot read it")
    source += ending.replace("\n", "\r\n") if "\r" in source else ending
    source = source.encode()
    text = read(source)
    lacking = undocumented(text)
    edits = [make_edit(LITERAL, definition, place, text.encoding) for definition, place in lacking]
    after = apply_edits(source, edits)
    verify(source, after, edits)
    assert not ending or {"Last", "Last.end"} <= {definition.qualname for definition, _ in lacking}
    assert after.count(LITERAL.encode()) == len(edits)


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("\\\nimport a\n", f"{LITERAL}\n\n\\\nimport a\n"),
        (
            "def f(x):\n    try:\n        x\n    except A :\n        return [x]\n",
            f"def f(x):\n    {LITERAL}\n    try:\n        x\n    except A :\n        return [x]\n",
        ),
        (
            "class A(metaclass=B, *c):\n    a = 1\n",
            f"class A(metaclass=B, *c):\n    {LITERAL}\n\n    a = 1\n",
        ),
    ],
)
def test_where_it_stands(source, after):
    text = read(source.encode())
    places = [(d, place) for d, place in undocumented(text) if d.name or source[0] == "\\"]
    edits = [make_edit(LITERAL, definition, place, "utf-8") for definition, place in places]
    assert apply_edits(source.encode(), edits).decode() == after


def test_template_strings_side_by_side_are_no_trouble():
    """Python 3.14 reads them; libcst raises an error that is no `ParserSyntaxError`."""
    code = 'x = t"a" t"b"\n\n\ndef f(x):\n    return [x]\n'
    with pytest.raises(libcst.CSTLogicError):
        libcst.parse_module(code)
    assert ("f", 4) in anchors(read(code.encode()))


def test_a_long_chain_does_not_nest():
    code = "if a:\n    b\n" + "elif a:\n    b\n" * 3000 + "else:\n    def f(x): return x\n"
    assert libcst.parse_module(skeleton(read(code.encode()))).code


class Panic(BaseException):
    """As `pyo3_runtime.PanicException`, which Python cannot import."""


Panic.__module__ = "pyo3_runtime"


@pytest.mark.parametrize(
    "error",
    [
        libcst.CSTLogicError(),
        libcst.CSTValidationError("no"),
        RecursionError(),
        MemoryError(),
        ValueError("no"),
        SystemError("no"),
        Panic("index out of bounds"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_libcst_raises_costs_one_file_and_is_said(monkeypatch, docbot, repo, error):
    """The fault is put into libcst's native function, below everything that docbot calls."""
    from libcst import native

    sized = "class Box:\n    def __len__(self):\n        return len(self.items)\n"
    bad = repo.commit("bad.py", sized.replace("Box", "Faulty"))
    good = repo.commit("good.py", sized)
    real = native.parse_module

    def faulty(source, *rest, **options):
        if "Faulty" in source:
            raise error
        return real(source, *rest, **options)

    monkeypatch.setattr(native, "parse_module", faulty)
    ran = docbot("fix", "--no-cache", repo.root)
    assert ran.code == 1
    assert f"bad.py: skipped: libcst fails on it ({type(error).__name__})" in ran.err
    assert '"""' in good.read_text()
    assert '"""' not in bad.read_text()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_is_no_error_of_libcst_passes(monkeypatch, error):
    from libcst import native

    def interrupted(*_, **__):
        raise error

    monkeypatch.setattr(native, "parse_module", interrupted)
    with pytest.raises(error):
        anchors(read(b"a = 1\n"))


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError, SystemError])
def test_whatever_pythons_parser_raises_is_a_source_error(monkeypatch, error):
    from docbot.scan import parse

    def faulty(*_, **__):
        raise error("no")

    monkeypatch.setattr("builtins.compile", faulty)  # all that `ast.parse` is
    with pytest.raises(SourceError, match="Python's parser"):
        parse.parse("x = 1\n")
    assert parse.parse_expression("never asked before") is None


# Any program: the same length, the same definitions, the same blocks

BLANKS = st.sampled_from(["", " ", "  ", "\t", " \\\n "])
GAP = st.sampled_from([" ", "  ", "\t", " \\\n "])
EXPRESSIONS = st.sampled_from(
    [
        "a", "1", '"#:("', "(b)", "[c,\n# d (\n e]", "f(g, *h)", "lambda i: i", "{j: k}",
        'f"{ l }"', 'f"{m:{n}}"', '"""\no\n"""', "ä", "p [q : r]", "(s := t)", "u if v else w",
    ]
)  # fmt: skip
NAMES = st.sampled_from(["one", "größe", "match", "case", "type", "_", "数"])
COMMENTS = st.sampled_from(["", "", "  # c: (", "\t# \\"])


@st.composite
def statements(draw):
    e = [draw(EXPRESSIONS) for _ in range(2)]
    simple = st.sampled_from(
        [e[0], f"x = {e[0]}", f"(x): {e[0]} = ({e[1]})", f"{e[0]} ; {e[1]};", "pass", "del x"]
    )
    return draw(simple)


@st.composite
def blocks(draw, indent, depth):
    """The lines of one block, its indent before each."""
    pad = f"{draw(st.sampled_from(['', '', '', chr(12), ' ' + chr(12)]))}{indent}"
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(st.sampled_from([[], [], [""], ["# c ("], ["\f"]]))
        choice = draw(st.integers(0, 9 if depth else 2))
        lines += draw(compounds(pad, indent, depth)) if choice > 3 else [pad + draw(statements())]
    return lines


@st.composite
def compounds(draw, pad, indent, depth):
    e, gap, blank = draw(EXPRESSIONS), draw(GAP), draw(BLANKS)
    tail = draw(COMMENTS)
    inner = indent + draw(st.sampled_from(["  ", "    ", "\t"]))

    def block():
        return draw(blocks(inner, depth - 1))

    forms = {
        "def": [f"def{gap}{draw(NAMES)}{blank}({blank}a, b=({e})){blank}:"],
        "async": [f"async{gap}def{gap}{draw(NAMES)}() -> ({e}):"],
        "class": [
            f"@{blank}({e})",
            f"class{gap}{draw(NAMES)}{blank}(metaclass={draw(NAMES)}, *a):",
        ],
        "bare": [f"class {draw(NAMES)}{blank}:"],
        "if": [f"if ({e}){blank}:", f"elif{gap}({e}):", f"else{blank}:"],
        "for": [f"for{gap}x in ({e}){blank}:", f"else{blank}:"],
        "try": [f"try{blank}:", f"except A{blank}:", f"except{gap}({e}) as x{blank}:", "finally :"],
        "with": [f"with ({e}) as x{blank}:"],
    }
    lines = []
    for header in forms[draw(st.sampled_from(sorted(forms)))]:
        lines.append(pad + header + ("" if header.startswith("@") else tail))
        if not header.startswith("@"):
            lines += block()
    return lines


def definitions_and_blocks(code):
    """Names of definitions by their offsets in bytes, and the order of blocks and lines."""
    rows = code.split("\n")
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row.encode()) + 1)
    names, order, before = [], [], ""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE):
            order.append(token.type)
        elif before in ("def", "class") and token.type == tokenize.NAME:
            row, column = token.start
            offset = starts[row - 1] + len(rows[row - 1][:column].encode())
            names.append((before, token.string, offset))
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            before = token.string
    return names, order


@settings(max_examples=100, deadline=None)
@given(blocks("", 3))
def test_any_program_keeps_its_length_definitions_and_blocks(lines):
    code = "\n".join([*lines, ""])
    if not is_read_here(code):
        return
    text = read(code.encode())
    rewritten = skeleton(text)
    assert len(rewritten.encode()) == len(text.utf8)
    assert definitions_and_blocks(rewritten) == definitions_and_blocks(code)
    edits = [make_edit(LITERAL, d, place, "utf-8") for d, place in undocumented(text)]
    verify(text.utf8, apply_edits(text.utf8, edits), edits)
