"""Every fact that docbot states about code, read from the tree, and every byte offset."""

from __future__ import annotations

import ast
import pickle
import sys
from textwrap import dedent

import pytest

from docbot.errors import SourceError
from docbot.scan.anchors import anchors
from docbot.scan.definition import (
    Anchor,
    Definition,
    Kind,
    Parameter,
    ParameterKind,
    Shape,
    Signature,
)
from docbot.scan.facts import read_definitions
from docbot.scan.source import read


def definitions(code: str | bytes) -> tuple[Definition, ...]:
    """All definitions but the module's."""
    source = code if isinstance(code, bytes) else dedent(code).encode()
    module, *others = read_definitions(read(source))
    assert module.kind is Kind.MODULE
    return tuple(others)


def anchor_of(code: str | bytes, which: int = 0) -> Anchor | None:
    """The place of a definition's docstring, of the first one's unless told otherwise."""
    source = code if isinstance(code, bytes) else dedent(code).encode()
    result = definitions(source)[which]
    return anchors(read(source)).get((result.qualname, result.line))


def definition(code: str | bytes, qualname: str = "") -> Definition:
    """The definition of that name, or the first one."""
    result = definitions(code)
    return next(d for d in result if d.qualname == qualname) if qualname else result[0]


# Kinds and names.

KINDS = [
    ("def f(): pass", [("f", Kind.FUNCTION)]),
    ("async def f(): pass", [("f", Kind.FUNCTION)]),
    ("class A: x = 1", [("A", Kind.CLASS)]),
    ("class A:\n    def f(self): pass", [("A", Kind.CLASS), ("A.f", Kind.METHOD)]),
    ("class A:\n    async def f(self): pass", [("A", Kind.CLASS), ("A.f", Kind.METHOD)]),
    ("class A:\n    @property\n    def f(self): pass", [("A", Kind.CLASS), ("A.f", Kind.METHOD)]),
    ("class A:\n    class B: pass", [("A", Kind.CLASS), ("A.B", Kind.CLASS)]),
    ("class A:\n  if x:\n    def f(self): pass", [("A", Kind.CLASS), ("A.f", Kind.METHOD)]),
    ("if x:\n    def f(): pass", [("f", Kind.FUNCTION)]),
    ("try: x\nexcept E:\n    def f(): pass", [("f", Kind.FUNCTION)]),
    ("match x:\n    case 1:\n        def f(): pass", [("f", Kind.FUNCTION)]),
    (
        "def f():\n    def g():\n        def h(): pass",
        [
            ("f", Kind.FUNCTION),
            ("f.<locals>.g", Kind.FUNCTION),
            ("f.<locals>.g.<locals>.h", Kind.FUNCTION),
        ],
    ),
    (
        "class A:\n  def f(self):\n    class B:\n      def g(self): pass",
        [
            ("A", Kind.CLASS),
            ("A.f", Kind.METHOD),
            ("A.f.<locals>.B", Kind.CLASS),
            ("A.f.<locals>.B.g", Kind.METHOD),
        ],
    ),
    ("x = lambda: 1", []),
]


@pytest.mark.parametrize(("code", "expected"), KINDS)
def test_kinds(code: str, expected: list[tuple[str, Kind]]) -> None:
    assert [(d.qualname, d.kind) for d in definitions(code)] == expected


GROUPS = """\
    class A:
        @property
        def p(self): return self._p
        @p.setter
        def p(self, value): self._p = value
        @p.deleter
        def p(self): del self._p

    @overload
    def f(x: int) -> int: ...
    @overload
    def f(x: str) -> str: ...
    def f(x): return x

    @functools.singledispatch
    def g(x): return x
    @g.register(int)
    def _(x): return x

    if sys.version_info > (3,):
        def h(): return 1
    else:
        def h(): return 2
"""


def test_groups_that_share_a_name_are_told_apart_by_their_lines() -> None:
    result = [(d.qualname, d.line, d.lines, d.decorators) for d in definitions(GROUPS)]
    assert result == [
        ("A", 1, (1, 7), ()),
        ("A.p", 3, (2, 3), ("property",)),
        ("A.p", 5, (4, 5), ("p.setter",)),
        ("A.p", 7, (6, 7), ("p.deleter",)),
        ("f", 10, (9, 10), ("overload",)),
        ("f", 12, (11, 12), ("overload",)),
        ("f", 13, (13, 13), ()),
        ("g", 16, (15, 16), ("functools.singledispatch",)),
        ("_", 18, (17, 18), ("g.register(int)",)),
        ("h", 21, (21, 21), ()),
        ("h", 23, (23, 23), ()),
    ]


def test_the_module_comes_first() -> None:
    module = read_definitions(
        read(b"#!/bin/python\n'''Doc.'''\nimport a\n\nmain(a)\nraise SystemExit\n")
    )[0]
    assert module == Definition(
        qualname="<module>",
        name="",
        kind=Kind.MODULE,
        line=1,
        lines=(1, 6),
        code="#!/bin/python\nimport a\n\nmain(a)\nraise SystemExit\n",
        docstring="Doc.",
        calls=("main",),
        raises=("SystemExit",),
    )


@pytest.mark.parametrize(
    ("source", "lines"), [(b"", (1, 1)), (b"#", (1, 1)), (b"\n", (1, 1)), (b"#\n\n# end", (1, 3))]
)
def test_modules_with_nothing_in_them(source: bytes, lines: tuple[int, int]) -> None:
    (module,) = read_definitions(read(source))
    assert (module.lines, module.docstring) == (lines, None)


def test_a_name_is_where_its_line_is() -> None:
    result = definition(
        "@a\n# why\n@b(\n    1,\n)\nasync def f(\n    x,\n):\n    return x\n# end\n"
    )
    assert (result.line, result.lines, result.decorators) == (6, (1, 9), ("a", "b(1)"))
    continued = definition("def \\\n    f():\n    return x\n")
    assert (continued.line, continued.lines) == (2, (1, 3))


def test_owner_and_local() -> None:
    code = "class A:\n  def f(self):\n    class B:\n      def g(self): pass\n    def h(): pass\n"
    assert [(d.name, d.owner, d.local) for d in definitions(code)] == [
        ("A", "", False),
        ("f", "A", False),
        ("B", "", True),
        ("g", "B", True),
        ("h", "", True),
    ]


def test_bases() -> None:
    result = definition("class A(B, c.D[T], make(1), metaclass=M, **kw): pass\n")
    assert result.bases == ("B", "c.D[T]", "make(1)")


@pytest.mark.parametrize(
    ("decorator", "name"),
    [
        ("a", "a"),
        ("a.b.c", "a.b.c"),
        ("a.b(1, c(2))", "a.b"),
        ("(a)", "a"),
        ("(a.b)", "a.b"),
        ("( a(1) )", "a"),
        ("a.b('(')", "a.b"),
        ("a(\n    x=lambda: (\n        1\n    ),\n)", "a"),
    ],
)
def test_decorator_names(decorator: str, name: str) -> None:
    assert definition(f"@{decorator}\ndef f(): pass\n").decorator_names == (name,)


# Signatures.

P = ParameterKind
SIGNATURES = [
    ("def f(): pass", []),
    ("def f(a, b): pass", [("a", P.POSITIONAL), ("b", P.POSITIONAL)]),
    ("def f(a, /, b): pass", [("a", P.POSITIONAL_ONLY), ("b", P.POSITIONAL)]),
    ("def f(a, *, b): pass", [("a", P.POSITIONAL), ("b", P.KEYWORD_ONLY)]),
    ("def f(*args, b): pass", [("*args", P.VAR_POSITIONAL), ("b", P.KEYWORD_ONLY)]),
    ("def f(**kw): pass", [("**kw", P.VAR_KEYWORD)]),
    (
        "def f(a, /, b, *c, d, **e): pass",
        [
            ("a", P.POSITIONAL_ONLY),
            ("b", P.POSITIONAL),
            ("*c", P.VAR_POSITIONAL),
            ("d", P.KEYWORD_ONLY),
            ("**e", P.VAR_KEYWORD),
        ],
    ),
    ("def f(parameters, returns, args): pass", ["parameters", "returns", "args"]),
    ("class A:\n  def f(self, a): pass", ["a"]),
    ("class A:\n  def f(this, a): pass", ["a"]),
    ("class A:\n  def f(self, /, a): pass", ["a"]),
    ("class A:\n  def f(*args): pass", [("*args", P.VAR_POSITIONAL)]),
    ("class A:\n  def f(*, a): pass", [("a", P.KEYWORD_ONLY)]),
    ("class A:\n  def f(): pass", []),
    ("class A:\n  @classmethod\n  def f(cls, a): pass", ["a"]),
    ("class A:\n  def __new__(cls, a): pass", ["a"]),
    ("class A:\n  @staticmethod\n  def f(a): pass", ["a"]),
    ("class A:\n  @builtins.staticmethod\n  def f(a): pass", ["a"]),
    ("class A:\n  @(staticmethod)\n  def f(a): pass", ["a"]),
    ("class A:\n  @abc.abstractstaticmethod\n  def f(a): pass", ["a"]),
    ("class A:\n  @cached\n  @staticmethod\n  def f(a): pass", ["a"]),
    ("class A:\n  def f(self):\n    def g(a): pass", ["a"]),
    ("def f[T: int, *Ts, **P](a: T): pass", ["a"]),
]


@pytest.mark.parametrize(("code", "expected"), SIGNATURES)
def test_parameters(code: str, expected: list[str | tuple[str, ParameterKind]]) -> None:
    if "[T" in code and sys.version_info < (3, 12):
        pytest.skip("this Python has no type parameters")
    params = definitions(code)[-1].signature.params
    pairs = [pair if isinstance(pair, tuple) else (pair, P.POSITIONAL) for pair in expected]
    assert [(param.starred, param.kind) for param in params] == pairs


def test_annotations_and_defaults_are_source_on_one_line() -> None:
    code = '''\
        def f(
            a: int,  # a comment: with a colon
            b: dict[str, tuple[int, ...]] = {"x": (1,)},
            c: "Later" = """a triple
        quote""",
            d=lambda x: x[1:2],
            e: Union[
                int,  # one
                str,
            ] = None,
            f="two  blanks",
            g="]) ->",
            *args: *Ts,
            **kw: object,
        ) -> Iterator[
            int
        ]:
            return a
    '''
    if sys.version_info < (3, 11):
        code = code.replace("*args: *Ts", "*args: Ts")
    signature = definition(code).signature
    rows = {param.name: (param.annotation, param.default) for param in signature.params}
    assert rows == {
        "a": ("int", None),
        "b": ("dict[str, tuple[int, ...]]", '{"x": (1,)}'),
        "c": ('"Later"', r"'a triple\nquote'"),
        "d": (None, "lambda x: x[1:2]"),
        "e": ("Union[int, str]", "None"),
        "f": (None, '"two  blanks"'),
        "g": (None, '"]) ->"'),
        "args": ("*Ts" if sys.version_info >= (3, 11) else "Ts", None),
        "kw": ("object", None),
    }
    assert signature.returns == "Iterator[int]"


def test_a_parameter_by_itself() -> None:
    result = definition("def f(x: int = 1) -> str: pass\n").signature
    param = Parameter(name="x", kind=P.POSITIONAL, annotation="int", default="1")
    assert result == Signature(params=(param,), returns="str")


# Facts, and whose they are.

FACTS = [
    # code, calls, raises, yields, returns
    ("def f(): pass", "", "", False, False),
    ("def f(): return", "", "", False, False),
    ("def f(): return None", "", "", False, False),
    ("def f(): return 0", "", "", False, True),
    ("def f(): yield", "", "", True, False),
    ("def f(): x = yield 1", "", "", True, False),
    ("def f(): yield from g()", "g", "", True, False),
    ("def f():\n  yield 1\n  return", "", "", True, False),
    ("async def f():\n  async for x in g(): yield x", "g", "", True, False),
    ("async def f(): return await g()", "g", "", False, True),
    ("def f():\n  if g(): return 1", "g", "", False, True),
    ("def f(): return a.b.c(d())", "a.b.c d", "", False, True),
    ("def f(): g(g(h))", "g", "", False, False),
    ("def f(): g()()[0].h()", "g.h g", "", False, False),
    # an inner scope's are its own
    ("def f():\n  def g():\n    yield h()\n  return g", "", "", False, True),
    ("def f():\n  def g():\n    return h()\n  use(g)", "use", "", False, False),
    ("def f():\n  def g():\n    raise E\n  use(g)", "use", "", False, False),
    ("def f():\n  async def g():\n    return 1\n    raise E", "", "", False, False),
    ("def f():\n  class A:\n    x = g()\n    def h(): return 1\n  use(A)", "use", "", False, False),
    ("def f(): use(lambda: (yield))", "use", "", False, False),
    ("def f(): use(lambda x: g(x))", "use", "", False, False),
    ("def f(): use(lambda x=g(): h(x))", "use g", "", False, False),
    # a comprehension runs where it stands
    ("def f(): return [g(x) for x in h()]", "g h", "", False, True),
    # decorators, defaults, bases belong to the outer scope
    ("@g()\ndef f(): pass", "", "", False, False),
    ("def f(x=g()): pass", "", "", False, False),
    ("def f():\n  @g()\n  def h(x=i()): j()\n  use(h)", "g i use", "", False, False),
    ("def f():\n  class A(g(), m=h()): x = i()", "g h", "", False, False),
    ("def f():\n  def g(x=(yield)): pass", "", "", True, False),
    # raises
    ("def f(): raise E", "", "E", False, False),
    ("def f(): raise E('x')", "E", "E", False, False),
    ("def f(): raise a.E from b", "", "a.E", False, False),
    ("def f(): raise E() from B()", "E B", "E", False, False),
    ("def f(): raise E().with_traceback(t)", "E.with_traceback E", "E", False, False),
    ("def f(): raise errors[0]", "", "", False, False),
    ("def f():\n  if a: raise E\n  raise F", "", "E F", False, False),
    ("def f():\n  try: g()\n  except E: raise", "g", "E", False, False),
    ("def f():\n  try: g()\n  except (E, a.F): raise", "g", "E a.F", False, False),
    ("def f():\n  try: g()\n  except: raise", "g", "", False, False),
    ("def f():\n  try: g()\n  except E as e: raise e", "g", "E", False, False),
    ("def f():\n  try: g()\n  except (E, F) as e: raise e", "g", "E F", False, False),
    ("def f():\n  try: g()\n  except E as e: raise e from None", "g", "E", False, False),
    ("def f():\n  try: g()\n  except E as e: raise F from e", "g", "F", False, False),
    ("def f():\n  try: g()\n  except E as e: raise e.with_traceback(t)", "g e.with_traceback", "E",
     False, False),
    ("def f():\n  try: g()\n  except* E as e: raise e", "g", "E", False, False),
    ("def f():\n  try: g()\n  except E: pass\n  raise", "g", "", False, False),
    ("def f():\n  try: g()\n  except E: pass\n  else: raise F", "g", "F", False, False),
    ("def f():\n  try: g()\n  except E as e:\n    try: h()\n    except F as e: raise e",
     "g h", "F", False, False),
    ("def f():\n  try: g()\n  except E as e:\n    try: h()\n    except F: raise e\n    raise",
     "g h", "E", False, False),
    ("def f():\n  try: g()\n  except E:\n    def h(): raise\n    i(h)", "g i", "", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("code", "calls", "raises", "yields", "returns"), FACTS)
def test_facts(code: str, calls: str, raises: str, *, yields: bool, returns: bool) -> None:
    if "except*" in code and sys.version_info < (3, 11):
        pytest.skip("this Python has no except*")
    result = definition(code, "f")
    assert result.calls == tuple(calls.split())
    assert result.raises == tuple(raises.split())
    assert (result.yields, result.returns) == (yields, returns)


def test_facts_of_an_inner_function_are_there_too() -> None:
    result = definition("def f():\n  def g():\n    yield h()\n    raise E\n", "f.<locals>.g")
    assert (result.calls, result.raises, result.yields) == (("h",), ("E",), True)


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("...", Shape.STUB),
        ("'''Doc.'''\n  ...", Shape.STUB),
        ("pass", Shape.EMPTY),
        ("'''Doc.'''", Shape.EMPTY),
        ("'''Doc.'''; pass", Shape.EMPTY),
        ("return", Shape.EMPTY),
        ("raise NotImplementedError", Shape.ABSTRACT),
        ("raise NotImplementedError('later')", Shape.ABSTRACT),
        ("return x", Shape.RETURNS_NAME),
        ("return None", Shape.RETURNS_NAME),
        ("return self._x.y", Shape.RETURNS_NAME),
        ("return 1.5", Shape.RETURNS_NAME),
        ("return 'a' 'b'", Shape.RETURNS_NAME),
        ("return {}", Shape.RETURNS_NAME),
        ("return []", Shape.RETURNS_NAME),
        ("super().f()", Shape.DELEGATES),
        ("return super().f(x)", Shape.DELEGATES),
        ("return super(A, self).f(x)", Shape.DELEGATES),
        ("return await super().f(x)", Shape.DELEGATES),
        # more than that
        ("super().g()", Shape.FULL),
        ("return f(x)", Shape.FULL),
        ("return f'{x}'", Shape.FULL),
        ("return 'a' f'{x}'", Shape.FULL),
        ("return [x]", Shape.FULL),
        ("return x[0]", Shape.FULL),
        ("return g().x", Shape.FULL),
        ("return not x", Shape.FULL),
        ("raise ValueError", Shape.FULL),
        ("yield", Shape.FULL),
        ("pass; pass", Shape.FULL),
        ("x = 1\n  return x", Shape.FULL),
        ("if x: pass", Shape.FULL),
        ("f'{x}'", Shape.FULL),
    ],
)
def test_shapes(body: str, shape: Shape) -> None:
    assert definition(f"async def f(x):\n  {body}\n").shape is shape


# Docstrings that are there.

DOCSTRINGS = [
    ("'doc'", "doc"),
    ('"""Doc.\n\n    More.\n    """', "Doc.\n\n    More.\n    "),
    (r"r'''\d'''", r"\d"),
    (r"'''\d'''", r"\d"),  # an invalid escape: a warning of Python's, not of docbot's
    (r"'''\N{BULLET} \x41'''", "\N{BULLET} A"),
    ("u'doc'", "doc"),
    ("''", ""),
    ("'a' 'b'", "ab"),
    ("'a' \\\n  'b'", "ab"),
    ("('doc')", "doc"),
    ("(\n    'a'\n    # why\n    r'\\b'\n  )", r"a\b"),
    ("'doc';", "doc"),
    ("'doc'; x = 1", "doc"),
    ("'doc'  # comment", "doc"),
    # none of these is one
    ("f'doc'", None),
    ("'a' f'{x}'", None),
    ("f'a' 'b'", None),
    ("b'doc'", None),
    ("'doc'.strip()", None),
    ("'a' + 'b'", None),
    ("'doc',", None),
    ("x = 'doc'", None),
    ("...", None),
    ("1", None),
    ("x: int = 1\n  'attribute doc'", None),
]


@pytest.mark.parametrize(("statement", "docstring"), DOCSTRINGS)
def test_docstrings(statement: str, docstring: str | None) -> None:
    code = f"def f():\n  {statement}\n  x = 1\n"
    result = definition(code)
    assert result.docstring == docstring
    assert (result.indent is None) == (docstring is not None)
    if "\\d" not in code:
        (function,) = ast.parse(code).body
        assert isinstance(function, ast.FunctionDef)
        assert result.docstring == ast.get_docstring(function, clean=False)


# The code that a model gets to see.

CODES = [
    ("def f():\n    return 1\n\n\n", "def f():\n    return 1\n"),
    ("def f(): return 1", "def f(): return 1\n"),
    ("def f():\r\n    return 1\r\n", "def f():\n    return 1\n"),
    ("class A:\n    def f(self):\n        return 1\n", "def f(self):\n    return 1\n"),
    ("class A:\n\tdef f(self):\n\t\treturn 1\n", "def f(self):\n\treturn 1\n"),
    ("class A:\n  # c\n  @a\n\n  # d\n  def f(self): pass\n", "@a\n\n# d\ndef f(self): pass\n"),
    ("def f():\n    '''Doc.'''\n    return 1\n", "def f():\n    return 1\n"),
    ("def f():\n    '''Doc.'''\n\n\n    return 1\n", "def f():\n    return 1\n"),
    ("def f():\r\n    '''Doc.'''\r\n\r\n    return 1\r\n", "def f():\n    return 1\n"),
    ("def f():\n    # why\n    '''Doc.'''\n    return 1\n", "def f():\n    # why\n    return 1\n"),
    ("def f():\n    '''Doc.'''\n    # why\n    return 1\n", "def f():\n    # why\n    return 1\n"),
    ("def f():\n    '''Doc.'''  # why\n    return 1\n", "def f():\n    # why\n    return 1\n"),
    ("def f():\n    '''Doc.'''; return 1\n", "def f():\n    return 1\n"),
    ("def f():\n    '''Doc.''';\n    return 1\n", "def f():\n    return 1\n"),
    ("def f():\n    ('a'\n     'b')\n    return 1\n", "def f():\n    return 1\n"),
    ("def f(): '''Doc.'''; return 1\n", "def f(): return 1\n"),
    ("def f(): '''Doc.'''\n", "def f(): pass\n"),
    ("def f():\n    '''Doc.'''\n", "def f():\n    pass\n"),
    ("def f():\n    '''Doc.'''\n    # end\n", "def f():\n    pass\n"),
    ("class A:\n    '''Doc.'''\n\n    x = 1\n", "class A:\n    x = 1\n"),
    ("def f():\n    return 1  \n", "def f():\n    return 1\n"),
    # a line of Python ends at a line feed, not at everything that str.splitlines cuts at
    ("def f():\n    return 'a\x0cb\u2028c\x85d\x1ee'\n", None),
    ("def f():\n    return '''\n  less\n    '''\n", None),
    ("if x:\n    def f():\n        return '''\n  less\n    in\n'''\n",
     "def f():\n    return '''\n  less\nin\n'''\n"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "code"), CODES)
def test_code(source: str, code: str | None) -> None:
    result = definitions(source.encode())[-1]
    assert result.code == (source if code is None else code)
    ast.parse(result.code)


def test_inner_docstrings_stay_in_the_code_of_the_outer_scope() -> None:
    code = "class A:\n    '''Doc.'''\n    def f(self):\n        '''Inner.'''\n"
    assert definition(code).code == "class A:\n    def f(self):\n        '''Inner.'''\n"


def test_everything_is_plain_data() -> None:
    result = read_definitions(read(dedent(GROUPS).encode()))
    assert pickle.loads(pickle.dumps(result)) == result
    assert {d: d.qualname for d in result}


# Anchors: the exact bytes.

ANCHORS = [
    # source with | at the start and ¦ at the end (where that differs), indent, newline
    pytest.param("def f():\n|    return 1\n", "    ", id="plain"),
    pytest.param("def f():\n|\treturn 1\n", "\t", id="tab"),
    pytest.param("def f():\n|  return 1\n", "  ", id="two spaces"),
    pytest.param("def f():\n| return 1", " ", id="no final newline"),
    pytest.param("def f():\n|\t  return 1\n", "\t  ", id="tab and spaces"),
    pytest.param("def f():\r\n|    return 1\r\n", "    ", id="CRLF"),
    pytest.param("def f():\n|    return 1\r\n", "    ", id="the header's own ending: LF"),
    pytest.param("\ufeffdef f():\n|    return 1\n", "    ", id="BOM"),
    pytest.param("\ufeffdef f():\r\n|    return 'é'\r\n", "    ", id="BOM and CRLF"),
    pytest.param("def é(ü='日本'):  # ñ\n|    return 1\n", "    ", id="non-ASCII header"),
    pytest.param("# é\nx = 'ü'\n\ndef f():\n|    return 1\n", "    ", id="non-ASCII before"),
    pytest.param("\x0c\ndef f():\n|    return 1\n", "    ", id="form feed before"),
    pytest.param("def f():\n|\x0c\n    return 1\n", "    ", id="form feed after the header"),
    pytest.param("def f():\n|\n\n¦    return 1\n", "    ", id="blank lines go"),
    pytest.param("def f():\n|    \n\t\n¦    return 1\n", "    ", id="blank lines with blanks go"),
    pytest.param("def f():\r\n|\r\n¦    return 1\r\n", "    ", id="CRLF blank lines go"),
    pytest.param("def f():\n|    # why\n    return 1\n", "    ", id="comment first"),
    pytest.param("def f():\n|\n¦    # why\n\n    return 1\n", "    ", id="blank, comment, blank"),
    pytest.param("def f():\n|# at the margin\n    return 1\n", "    ", id="comment at the margin"),
    pytest.param("def f():  # why\n|    return 1\n", "    ", id="comment on the header"),
    pytest.param("def f(\n    a,  # b: c\n):\n|    return 1\n", "    ", id="long signature"),
    pytest.param("def f(a='''\n'''):\n|    return 1\n", "    ", id="triple quote as default"),
    pytest.param("def f(a=')\"):') -> '[':\n|    return 1\n", "    ", id="brackets in strings"),
    pytest.param("def f(a, \\\n    b):\n|    return 1\n", "    ", id="backslash in the signature"),
    pytest.param("def  f ( a ) :\n|     return 1\n", "     ", id="odd blanks"),
    pytest.param("def f():   \n|    return 1\n", "    ", id="trailing blanks"),
    pytest.param("@a\n# why\n@b\ndef f():\n|    return 1\n", "    ", id="decorators"),
    pytest.param("class A:\n  def f(self):\n|    return 1\n", "    ", id="method"),
    pytest.param("def f():\n|    x = 1; return 1\n", "    ", id="semicolons"),
    pytest.param("def f():\n|    ...\n", "    ", id="stub body"),
    pytest.param("def f():\n|    f'doc'\n", "    ", id="f-string first"),
    pytest.param("def f():\n|    b'doc'\n", "    ", id="bytes first"),
    pytest.param("try: x\nexcept E:\n  def f():\n|      return 1\n", "      ", id="under except"),
    pytest.param("x = 'def g():'\ndef f():\n|    return 1\n", "    ", id="def in a string"),
]


@pytest.mark.parametrize(("template", "indent"), ANCHORS)
def test_anchors(template: str, indent: str) -> None:
    source = template.replace("|", "").replace("¦", "").encode()
    start = len(template.partition("|")[0].encode())
    end = len(template.partition("¦")[0].replace("|", "").encode()) if "¦" in template else start
    newline = "\r\n" if source[:start].endswith(b"\r\n") else "\n"
    anchor = Anchor(start=start, end=end, indent=indent, newline=newline)
    assert anchor_of(source, -1) == anchor


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8", "utf8", "iso-8859-15"])
def test_anchors_count_the_files_own_bytes(encoding: str) -> None:
    before = f"# coding: {encoding}\né = 'ü'\ndef ñ():  # ö\n".encode(encoding)
    anchor = anchor_of(before + "    return 'é'\n".encode(encoding))
    assert anchor == Anchor(start=len(before), end=len(before), indent="    ")


@pytest.mark.parametrize(
    ("code", "blank_after"),
    [
        ("def f():\n    def g(): pass\n", True),
        ("def f():\n    @a\n    def g(): pass\n", True),
        ("def f():\n    # why\n    def g(): pass\n", True),
        ("def f():\n    class A: pass\n", True),
        ("def f():\n    async def g(): pass\n", True),
        ("def f():\n\n    def g(): pass\n", False),  # the blank line is there, and stays
        ("def f():\n    x = 1\n    def g(): pass\n", False),
        ("def f():\n    if x:\n        def g(): pass\n", False),
    ],
)
def test_a_definition_first_in_the_body_keeps_a_blank_line(code: str, *, blank_after: bool) -> None:
    anchor = Anchor(start=9, end=9, indent="    ", blank_after=blank_after)
    assert anchor_of(code) == anchor


@pytest.mark.parametrize(
    "code",
    [
        "def f(): return 1\n",
        "def f(): x = 1; return x\n",
        "def f(): \\\n    return 1\n",
        "class A: x = 1\n",
        "def f():\n\x0c    return 1\n",  # Python counts that line's indent from the form feed
    ],
)
def test_a_body_without_a_line_of_its_own_has_no_anchor(code: str) -> None:
    result = definition(code)
    assert result.indent is None
    assert anchor_of(code) is None
    assert result.one_line == ("\x0c" not in code)


# `# docbot: skip`: what a person may write, and where.

WITH_MARKER = [
    "def f():  # docbot: skip\n    return 1\n",
    "def f():  # docbot: skip, it is exact as it stands\n    return 1\n",
    "def f():  # noqa: D103  # docbot: skip\n    return 1\n",
    "def f():  #docbot:skip\n    return 1\n",
    "def f(): return 1  # docbot: skip\n",
    "# docbot: skip\ndef f():\n    return 1\n",
    "x = 1\n# docbot: skip\nasync def f():\n    return 1\n",
    "# docbot: skip\n@a\ndef f():\n    return 1\n",
    "@a  # docbot: skip\n@b\ndef f():\n    return 1\n",
    "@a\n@b  # docbot: skip\ndef f():\n    return 1\n",
    "@a\n# docbot: skip\ndef f():\n    return 1\n",
    "def f(\n    a,\n):  # docbot: skip\n    return 1\n",
    "def f(\n    a,  # docbot: skip\n):\n    return 1\n",
    "def f(  # docbot: skip\n    a,\n):\n    return 1\n",
    "class f:  # docbot: skip\n    x = 1\n",
    "def f():  # docbot: skip\r\n    return 1\r\n",
    "\ufeff# docbot: skip\ndef f():\n    return 1\n",
]

WITHOUT_MARKER = [
    "def f():\n    return 1\n",
    "# docbot: skip\n\ndef f():\n    return 1\n",
    "# docbot: skip-file\ndef f():\n    return 1\n",
    "# docbot: skipping\ndef f():\n    return 1\n",
    "# docbot skip\ndef f():\n    return 1\n",
    # a neighbour's
    "def e():\n    return 1  # docbot: skip\ndef f():\n    return 1\n",
    "def e(): return 1  # docbot: skip\ndef f():\n    return 1\n",
    "x = 1  # docbot: skip\ndef f():\n    return 1\n",
    "class e:  # docbot: skip\n    def f(self):\n        return 1\n",
    "def f():\n    return 1  # docbot: skip\n",
    "def f():\n    return 1\n# docbot: skip\ndef g():\n    return 1\n",
    # what is first in its body
    "def f():\n    # docbot: skip\n    def g():\n        return 1\n",
    "def f():\n    def g():  # docbot: skip\n        return 1\n",
]


@pytest.mark.parametrize(
    ("code", "is_marked"),
    [*((c, True) for c in WITH_MARKER), *((c, False) for c in WITHOUT_MARKER)],
)
def test_skip_markers(code: str, *, is_marked: bool) -> None:
    (result,) = (d for d in definitions(code.encode()) if d.name == "f")
    assert result.marked_skip is is_marked


def test_the_marker_above_an_inner_function_is_that_functions() -> None:
    code = "def f():\n    # docbot: skip\n    def g():\n        return 1\n"
    assert definition(code, "f.<locals>.g").marked_skip


# What cannot be scanned.


@pytest.mark.parametrize("source", [b"print 'two'\n", b"def f(:\n", b"  x\n", b"x = '\n"])
def test_refuses_what_is_no_python(source: bytes) -> None:
    with pytest.raises(SourceError):
        read_definitions(read(source))
