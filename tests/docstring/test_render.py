"""What is set, held against the real ruff, black and pydoclint."""

from __future__ import annotations

import ast
import dataclasses
import functools
import itertools
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import undocumented

from docbot.docstring import edit
from docbot.docstring.render import render
from docbot.docstring.sections import STYLES
from docbot.docstring.style import DocstringStyle
from docbot.gate.summary import Summary
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import read_definitions
from docbot.scan.source import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECTIONS = DocstringStyle(sections=True)
TYPED = DocstringStyle(sections=True, types=True)


def define(code: str, name: str = "f") -> Definition:
    return next(d for d in read_definitions(read(code.encode())) if d.name == name)


PLAIN = define("def f():\n    pass\n")


def words(definition: Definition, headline: str = "Do the thing.") -> Summary:
    """A word for every slot there is; some phrases need a second line."""
    long = "that the caller has put together for this very purpose and hands over in one piece"
    params = definition.signature.params
    return Summary(
        headline=headline,
        params=tuple(
            (p.name, f"The {p.name} {long * bool(i)}".strip()) for i, p in enumerate(params)
        ),
        returns=f"What came out of the thing {long}",
        raises=tuple((name, f"The thing is not one {long}") for name in definition.raises),
    )


# ---- must not

UNFIT = {
    "no words": "",
    "a blank before": " Do the thing.",
    "two lines": "Do the\nthing.",
    "a tab": "Do\tthe thing.",
    "a control character": "Do the \x1b[31mthing.",
    "a bidi character": "Do the \u202ething.",
    "a lone surrogate": "Do the \ud800thing.",
    "no period": "Do the thing",
    "ends in a quote": 'Do the "thing"',
    "ends in a backslash": "Do the thing\\",
    "starts with the house's quote": '"Do" the thing.',
    "lower case": "do the thing.",
    "the quotes themselves": 'Do the """ thing.',
    "the quotes and code": 'Do.""" + evil() + """.',
    "the quotes and another literal": 'Do.""" """it.',
    "its own signature": "Set f(x) up.",
    "a doctest": "Do >>> evil().",
}


@pytest.mark.parametrize("headline", UNFIT.values(), ids=UNFIT)
def test_headline_is_refused(headline):
    assert render(Summary(headline=headline), PLAIN, DocstringStyle()) is None


def test_headline_is_refused_in_single_quotes():
    house = DocstringStyle(quotes="'''")
    assert render(Summary(headline="'Do' the thing."), PLAIN, house) is None
    assert render(Summary(headline="Do the ''' thing."), PLAIN, house) is None
    assert render(Summary(headline='"Do" the """ thing.'), PLAIN, house)


def test_body_without_a_line_of_its_own_is_refused():
    assert render(Summary(headline="Do it."), define("def f(): pass\n"), DocstringStyle()) is None


@pytest.mark.parametrize(
    ("indent", "columns"), [("    ", 4), ("\t", 8), ("\t\t", 16), ("  ", 2), ("        ", 8)]
)
@pytest.mark.parametrize("letter", ["x", "文"])
def test_headline_fits_to_the_column_or_is_refused(indent, columns, letter):
    room = 88 - columns - 6 - len("Do it for .")
    width = 2 if letter == "文" else 1
    fits = f"Do it for {letter * (room // width)}."
    definition = define(f"def f():\n{indent}pass\n")
    assert render(Summary(headline=fits), definition, DocstringStyle()) == f'"""{fits}"""'
    assert render(Summary(headline=fits[:-1] + letter + "."), definition, DocstringStyle()) is None


def test_raw_prefix_counts():
    fits = "Do it for \\ " + "x" * (88 - 4 - 7 - 13) + "."
    assert render(Summary(headline=fits), PLAIN, DocstringStyle()) == f'r"""{fits}"""'
    assert render(Summary(headline="Do x" + fits[2:]), PLAIN, DocstringStyle()) is None


SUMMARY_ALONE = {
    "no slot": ("def f():\n    pass\n", SECTIONS),
    "a parameter's type": ("def f(a: int, b) -> int:\n    return a\n", TYPED),
    "the returned type": ("def f(a: int):\n    return a\n", TYPED),
    "the returned type, numpydoc": (
        "def f(a):\n    return a\n",
        dataclasses.replace(SECTIONS, convention="numpy"),
    ),
    "a type that holds a colon": ("def f(a: Literal['a:b']) -> None:\n    a()\n", TYPED),
    "a type beyond the line": (f"def f(a: {'x' * 90}) -> None:\n    a()\n", TYPED),
    "property": ("class C:\n    @property\n    def f(self):\n        return 1\n", SECTIONS),
    "class": ("class f:\n    pass\n", SECTIONS),
    "inner function": ("def f(a):\n    def g():\n        return 1\n\n    return g\n", SECTIONS),
    "bare return": ("def f(a):\n    if a:\n        return\n    a()\n", SECTIONS),
    "yields and returns": ("def f(a) -> Iterator[int]:\n    yield a\n    return a\n", SECTIONS),
    "yield without annotation": ("def f(a):\n    yield a\n", SECTIONS),
    "yield of an odd type": ("def f(a) -> Stream[int]:\n    yield a\n", SECTIONS),
    "yield in an assignment": ("def f(a) -> Iterator[int]:\n    b = yield a\n    b()\n", SECTIONS),
    "raised again": (
        "def f(a):\n    try:\n        a()\n    except ValueError:\n        raise\n",
        SECTIONS,
    ),
    "raised variable": ("def f(a):\n    error = a()\n    raise error\n", SECTIONS),
    "raised by a method": ("def f(a):\n    raise a().error()\n", SECTIONS),
    "tabs": ("def f(a):\n\ta()\n", SECTIONS),
    "a parameter that numpydoc takes for a heading": (
        "def f(notes):\n    notes()\n",
        dataclasses.replace(SECTIONS, convention="numpy"),
    ),
    "sections are not the house's": ("def f(a):\n    a()\n", DocstringStyle()),
}


@pytest.mark.parametrize(("code", "house"), SUMMARY_ALONE.values(), ids=SUMMARY_ALONE)
def test_sections_are_withheld(code, house):
    definition = define(code)
    assert render(words(definition), definition, house) == '"""Do the thing."""'


FULL = define("def f(a, b) -> int:\n    if a:\n        raise KeyError(b)\n    return a\n")
LESS = {
    "a parameter": {"params": (("a", "The a"),)},
    "an empty phrase": {"params": (("a", "The a"), ("b", ""))},
    "the returned value": {"returns": None},
    "an exception": {"raises": ()},
    "words that hold a line break": {"returns": "One\nand more"},
    "words that would run as a doctest": {"returns": ">>> evil()"},
    "words that read as a type": {"returns": "None: there is nothing"},
    "a heading where a line breaks": {"returns": f"{'x' * 78} Returns: {'x' * 79}"},
    "a word beyond the line": {"returns": "x" * 90},
    "the quotes": {"returns": 'A """ in it'},
}


@pytest.mark.parametrize("change", LESS.values(), ids=LESS)
def test_sections_are_withheld_when_words_are_missing(change):
    summary = dataclasses.replace(words(FULL), **change)
    assert render(words(FULL), FULL, SECTIONS).count("\n") > 3
    assert render(summary, FULL, SECTIONS) == '"""Do the thing."""'


@settings(deadline=None, max_examples=60)
@given(
    st.text(max_size=60),
    st.text(max_size=200),
    st.sampled_from(sorted(STYLES)),
    st.sampled_from(["'''", '"""']),
    st.booleans(),
)
def test_any_words_make_a_literal_of_them_or_none(headline, phrase, style, quotes, next_line):
    house = DocstringStyle(convention=style, quotes=quotes, next_line=next_line, sections=True)
    summary = Summary(
        headline=f"A{headline}.",
        params=(("a", phrase), ("b", phrase)),
        returns=phrase,
        raises=(("KeyError", phrase),),
    )
    literal = render(summary, FULL, house)
    if literal is not None:
        value = ast.literal_eval(literal)
        assert literal.lstrip("r").startswith(quotes)
        assert all(len(line) <= 88 for line in f"    {literal}".split("\n"))
        assert " ".join(summary.headline.split()) in " ".join(value.split())
        assert value.count("\n") == 0 or " ".join(phrase.split()) in " ".join(value.split())


# ---- must become

ONE_LINE = {
    "plain": ("Do the thing.", '"""', '"""Do the thing."""'),
    "single quotes": ("Do the thing.", "'''", "'''Do the thing.'''"),
    "a quote inside": ('Do the "thing" now.', '"""', '"""Do the "thing" now."""'),
    "starts with the other quote": ("'Do' it.", '"""', '"""\'Do\' it."""'),
    "backslash": (r"Do the \d+ thing.", '"""', r'r"""Do the \d+ thing."""'),
    "no ASCII": ("Grüße senden.", '"""', '"""Grüße senden."""'),
    "no sentence ends at e.g.": ("Do it, e.g. Mondays.", '"""', '"""Do it, e.g. Mondays."""'),
}


@pytest.mark.parametrize(("headline", "quotes", "literal"), ONE_LINE.values(), ids=ONE_LINE)
@pytest.mark.parametrize("next_line", [False, True])
def test_one_line(headline, quotes, literal, next_line):
    house = DocstringStyle(quotes=quotes, next_line=next_line)
    assert render(Summary(headline=headline), PLAIN, house) == literal


def test_second_sentence_becomes_a_paragraph():
    summary = Summary(headline="Do the thing. It may take a while.")
    assert render(summary, PLAIN, DocstringStyle()) == (
        '"""Do the thing.\n\n    It may take a while.\n    """'
    )
    assert render(summary, PLAIN, DocstringStyle(next_line=True)) == (
        '"""\n    Do the thing.\n\n    It may take a while.\n    """'
    )
    tabs = define("def f():\n\tpass\n")
    assert render(summary, tabs, DocstringStyle()) == '"""Do the thing."""'


GOLDEN_CODE = """\
class C:
    def f(self, path: "Path", *names: str, _: int = 0, strict=True, **options: Any) -> list[str]:
        if strict:
            raise os.Error(path)
        return [names]
"""
GOLDEN_WORDS = Summary(
    headline="Read the lines of a file.",
    params=(
        ("path", "Where the file lies"),
        ("names", "What to read from it, in the order in which the file has these lines itself"),
        ("strict", "Whether a missing name is an error"),
        ("options", "Passed on"),
    ),
    returns="The lines, without their ends, one for each of the names and in their order too",
    raises=(("os.Error", "A name is missing"),),
)
GOLDENS = {
    "google": '''\
"""Read the lines of a file.

        Args:
            path: Where the file lies
            *names: What to read from it, in the order in which the file has these lines
                itself
            strict: Whether a missing name is an error
            **options: Passed on

        Returns:
            The lines, without their ends, one for each of the names and in their order
            too

        Raises:
            os.Error: A name is missing
        """''',
    "numpy": '''\
"""Read the lines of a file.

        Parameters
        ----------
        path
            Where the file lies
        *names
            What to read from it, in the order in which the file has these lines itself
        strict
            Whether a missing name is an error
        **options
            Passed on

        Returns
        -------
        list[str]
            The lines, without their ends, one for each of the names and in their order
            too

        Raises
        ------
        os.Error
            A name is missing
        """''',
    "sphinx": '''\
r"""Read the lines of a file.

        :param path: Where the file lies
        :param \\*names: What to read from it, in the order in which the file has these
            lines itself
        :param strict: Whether a missing name is an error
        :param \\*\\*options: Passed on
        :returns: The lines, without their ends, one for each of the names and in their
            order too
        :raises os.Error: A name is missing
        """''',
}
TYPED_GOLDENS = {
    "google": ("            path (Path): Where the file lies", "            list[str]: The lines,"),
    "numpy": (
        "        path : Path\n            Where the",
        "        list[str]\n            The lines,",
    ),
    "sphinx": ("        :type path: Path", "        :rtype: list[str]"),
}


@pytest.mark.parametrize("style", STYLES)
def test_golden(style):
    house = dataclasses.replace(SECTIONS, convention=style)
    assert render(GOLDEN_WORDS, define(GOLDEN_CODE), house) == GOLDENS[style]


@pytest.mark.parametrize("style", STYLES)
def test_golden_with_types(style):
    house = dataclasses.replace(TYPED, convention=style)
    definition = define(GOLDEN_CODE.replace("strict=", "strict: bool = "))
    literal = render(GOLDEN_WORDS, definition, house)
    assert all(part in literal for part in TYPED_GOLDENS[style])


@pytest.mark.parametrize("step", [2, 3, 4, 8])
def test_inner_indent_is_the_files_own(step):
    definition = define(f"if a:\n{' ' * step}def f(a):\n{' ' * step * 2}a()\n")
    literal = render(words(definition), definition, SECTIONS)
    assert literal.split("\n")[2:4] == [" " * 2 * step + "Args:", " " * 3 * step + "a: The a"]


# ---- the judges

MODULE = '''\
"""Definitions of every kind; those whose name has `plain` get a summary alone."""

import abc


def plain_nothing():
    print()


def one(a):
    print(a)


def long_second(first, second):
    return first or second


def everything(a, b, /, c, d=1, *args, e, f=None, **kwargs):
    return a, b, c, d, args, e, f, kwargs


def keyword_only(a, *, b):
    print(a, b)


def underscore(a, _):
    print(a)


def reserved(args, returns, parameters):
    print(args, returns, parameters)


async def coroutine(a):
    return await a


def raises(a):
    if a:
        raise ValueError(a)
    try:
        a()
    except OSError as error:
        raise abc.Error from error


def plain_again(a):
    try:
        a()
    except OSError:
        raise


def plain_early(a):
    if a:
        return
    a()


def plain_generator(a):
    yield a


def plain_outer(a):
    def inner(b):
        return b

    return inner(a)


class Thing:
    """A thing."""

    def __init__(self, a):
        self.a = a

    def method(self, a):
        return self.a or a

    @classmethod
    def build(cls, a):
        return cls(a)

    @staticmethod
    def static(a):
        print(a)

    @property
    def plain_property(self):
        return self.a

    @abc.abstractmethod
    def abstract(self, a):
        raise NotImplementedError(a)

    class Inner:
        """A thing in a thing."""

        async def deep(self, a, **kwargs):
            for b in await a:
                if b:
                    raise KeyError(kwargs)
            return a


def typed(a: int, b: "str" = "b", *args: set[int], c: X, **kwargs: X) -> None:
    print(a, b, args, c, kwargs)


def typed_literal(a: Literal["x", "y"]) -> dict[str, Literal["x"]]:
    return {"x": a}


def typed_union(a: int | None, b: Callable[[int], X]) -> tuple[int, list[X]]:
    return a, b


def typed_name(a: "Thing") -> "Thing":
    return a


def typed_never(a: int) -> NoReturn:
    raise SystemExit(a)


def typed_iterator(a: int) -> Iterator[tuple[int, str]]:
    yield a


def typed_generator(a: int) -> Generator[int, None, None]:
    if a:
        return
    yield from a


def typed_named_iterator(a: int) -> Iterable["Thing"]:
    yield a


async def typed_async_generator(a: int) -> collections.abc.AsyncIterator[int]:
    async for b in a:
        yield b


def typed_context(a: int) -> Iterator[None]:
    print(a)
    yield


def typed_passed_on(a: int) -> Iterator[int]:
    return iter(a)


class TypedThing:
    """A typed thing."""

    @abc.cache
    def method(self, a: int, *, b: str) -> bool:
        match a:
            case 1:
                raise KeyError(b)
            case _:
                raise ValueError
        return True
'''
INDENTS = {"two": "  ", "three": "   ", "four": "    ", "eight": "        ", "tab": "\t"}
Group = tuple[str, bool, str, str, bool]
GROUPS: list[Group] = [
    group
    for group in itertools.product(STYLES, (False, True), INDENTS, ('"""', "'''"), (False, True))
    if group[2] == "four" or group[3:] == ('"""', False)  # the rest would tell nothing more
]


def path_of(group: Group) -> str:
    style, types, indent, quotes, next_line = group
    quotes_name = "double" if quotes == '"""' else "single"
    first = "next" if next_line else "first"
    return f"{style}/{'typed' if types else 'untyped'}/{indent}/{quotes_name}_{first}.py"


@functools.cache
def indented(indent: str) -> tuple[bytes, tuple[Definition, ...]]:
    """The module with another indent, and what stands in it."""
    steps = re.compile(r"^( {4})+", re.MULTILINE)
    source = steps.sub(lambda m: INDENTS[indent] * (len(m[0]) // 4), MODULE).encode()
    return source, read_definitions(read(source))


def document(indent: str, house: DocstringStyle) -> bytes:
    """Every function that has no docstring gets one, by the stages that `fix` runs."""
    source, _ = indented(indent)
    edits = []
    for definition, anchor in undocumented(read(source)):
        if definition.kind in (Kind.FUNCTION, Kind.METHOD):
            literal = render(words(definition), definition, house)
            assert literal is not None
            edits.append(edit.make_edit(literal, definition, anchor, "utf-8"))
    return edit.apply_edits(source, edits)


def command(*args: str | Path) -> str:
    """What a tool has to say; pydoclint has no `python -m`."""
    tool, *rest = map(str, args)
    start = (
        ["-c", "from pydoclint.main import main; main()"] if tool == "pydoclint" else ["-m", tool]
    )
    result = subprocess.run(
        [sys.executable, *start, *rest], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """One module for each group, written once."""
    base = tmp_path_factory.mktemp("judged")
    for group in GROUPS:
        style, types, indent, quotes, next_line = group
        house = DocstringStyle(
            convention=style, types=types, quotes=quotes, next_line=next_line, sections=True
        )
        path = base / path_of(group)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document(indent, house))
    return base


@pytest.mark.parametrize(
    ("args", "finding"),
    [
        (("ruff", "check", "--isolated", "--no-cache", "--select=D"), "D403"),
        (("ruff", "format", "--isolated", "--no-cache", "--diff"), '+    """do it.'),
        (("black", "--diff"), '+    """do it.'),
        (("pydoclint", "--style=google"), "DOC103"),
    ],
)
def test_judges_are_awake(tmp_path, args, finding):
    bad = tmp_path / "bad.py"
    bad.write_text("def f(a: int) -> None:\n    '''do it.\n\n    Args:\n        b: It.\n    '''\n")
    assert finding in command(*args, bad)


def findings(output: str, root: Path) -> list[str]:
    return [line.replace(f"{root}/", "") for line in output.splitlines() if line.strip()]


CONVENTIONS = {"google": "google", "numpy": "numpy", "sphinx": "pep257"}


@pytest.mark.parametrize("style", STYLES)
def test_ruff_finds_nothing(root, style):
    output = command(
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--quiet",
        "--output-format=concise",
        "--select=D",
        f"--config=lint.pydocstyle.convention='{CONVENTIONS[style]}'",
        # a house that starts on the next line has chosen D213 over its opposite D212, and one in
        # single quotes has not chosen D300
        "--config=lint.per-file-ignores={'*_next.py'=['D212'], 'single_*.py'=['D300']}",
        root / style,
    )
    assert findings(output, root) == []


@pytest.mark.parametrize("types", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_pydoclint_finds_nothing(root, style, types):
    output = command(
        "pydoclint",
        "--quiet",
        f"--style={style}",
        f"--arg-type-hints-in-docstring={types}",
        # a house without types in its sections has none to check
        f"--check-return-types={types}",
        f"--check-yield-types={types}",
        "--allow-init-docstring=True",
        root / style / ("typed" if types else "untyped"),
    )
    # DOC106 to DOC108 are about annotations in the signature, which no docstring can mend
    lines = [li for li in findings(output, root) if not re.search(r"\bDOC10[678]\b", li)]
    problems = [line for line in lines if re.search(r"\bDOC\d", line)]
    assert problems == []


@pytest.mark.parametrize("indent", INDENTS)
def test_ruff_format_changes_nothing(root, indent):
    style = "tab" if indent == "tab" else "space"
    output = command(
        "ruff",
        "format",
        "--isolated",
        "--no-cache",
        "--quiet",
        "--diff",
        f"--config=format.indent-style='{style}'",
        f"--config=indent-width={len(INDENTS[indent].expandtabs(4))}",
        # ruff knows no other way to leave single quotes as they are
        "--config=format.quote-style='preserve'",
        *sorted(root.glob(f"*/*/{indent}")),
    )
    assert output == ""


@pytest.mark.parametrize("quotes", ["double", "single"])
def test_black_changes_nothing(root, quotes):
    paths = sorted(root.glob(f"*/*/four/{quotes}_*.py"))
    flags = ["--skip-string-normalization"] if quotes == "single" else []
    assert command("black", "--quiet", "--diff", "--workers=1", *flags, *paths) == ""


def test_black_keeps_the_words_where_it_changes_the_indent(root, tmp_path):
    paths = sorted(root.glob("*/typed/t[wa]*/double_first.py"))  # two blanks, and a tab
    assert len(paths) == 6
    copies = [tmp_path / f"{i}.py" for i in range(len(paths))]
    for path, copy in zip(paths, copies, strict=True):
        shutil.copy(path, copy)
    assert command("black", "--quiet", "--fast", "--workers=1", *copies) == ""
    for path, copy in zip(paths, copies, strict=True):
        assert list(docstrings(copy)) == list(docstrings(path))


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            yield node.name, re.sub(r"^ +", "    ", text, flags=re.MULTILINE)


@pytest.mark.parametrize("group", GROUPS, ids=path_of)
def test_sections_are_written_where_they_can_be(root, group):
    style, types, indent, _, _ = group
    names = list(docstrings(root / path_of(group)))
    full = {name for name, docstring in names if "\n" in docstring}
    if indent == "tab":
        assert full == set()
    elif types or style == "numpy":
        assert full >= {name for name, _ in names if name.startswith("typed")}
    else:
        assert full == {name for name, _ in names if not name.startswith("plain_")}
