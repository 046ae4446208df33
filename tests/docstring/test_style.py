"""What the house is taken to write: docstrings first, then tools, then Google style."""

from __future__ import annotations

import dataclasses

import pytest

from docbot.config import Config
from docbot.docstring.style import MINIMUM, DocstringStyle, StyleCounts, count_styles, detect
from docbot.errors import SourceError

GOOGLE = '''
def f(path, mode):
    """Open it.

    Args:
        path: Where.
        mode: How.

    Returns:
        The file.
    """
'''
GOOGLE_TYPED = GOOGLE.replace("path: Where", "path (str): Where")
NUMPY = '''
def f(path, mode):
    """
    Open it.

    Parameters
    ----------
    path : str
        Where.
    """
'''
NUMPY_UNTYPED = NUMPY.replace("path : str", "path")
SPHINX = '''
def f(self, path):
    """Open it.

    :param path: where
    :returns: the file
    """
'''
SPHINX_TYPED = SPHINX.replace(":param path:", ":param str path:")
ONE_LINE = 'def f(path):\n    """Open it."""\n'


def counts_of(source: str | bytes, times: int = 1) -> StyleCounts:
    data = source if isinstance(source, bytes) else source.encode()
    return sum([count_styles(data)] * times, StyleCounts())


def house(
    counts: StyleCounts | None = None, config: Config | None = None, **settings: str
) -> DocstringStyle:
    """Settings by file name, `__` for the dot."""
    files = {name.replace("__", "."): text for name, text in settings.items()}
    return detect(counts or StyleCounts(), [files], config or Config())


# ---- must not

NO_STYLE = {
    "nothing": "",
    "one line": ONE_LINE,
    "prose that ends in a colon": 'def f():\n    """Open.\n\n    Returns: the file\n    """\n',
    "a heading with nothing below": 'def f():\n    """Open.\n\n    Args:\n    """\n',
    "a rule that underlines nothing": 'def f():\n    """Open.\n\n    -----\n    """\n',
    "a colon in prose": 'def f():\n    """Open.\n\n    See :class:`x` and : that.\n    """\n',
    "a comment": "def f():\n    # Args:\n    #     path: where\n    pass\n",
    "a string that is no docstring": 'x = """\nArgs:\n    path: where\n"""\n',
    "bytes": 'def f():\n    b"""Args:\n        path: where\n    """\n',
    "an f-string": 'def f():\n    f"""Args:\n        path: where\n    """\n',
}


@pytest.mark.parametrize("source", NO_STYLE.values(), ids=NO_STYLE)
def test_no_style_is_seen(source):
    result = counts_of(source)
    assert (result.google, result.numpy, result.sphinx) == (0, 0, 0)


@pytest.mark.parametrize("source", [GOOGLE_TYPED, NUMPY, SPHINX])
def test_too_few_are_not_believed(source):
    assert house(counts_of(source, MINIMUM - 1)) == DocstringStyle()


def test_a_split_house_is_not_believed():
    both = counts_of(NUMPY, MINIMUM) + counts_of(SPHINX, MINIMUM)
    assert house(both).convention == "google"
    assert house(both, pyproject__toml="[tool.pydoclint]\nstyle = 'sphinx'").convention == "sphinx"


def test_a_file_that_python_cannot_read():
    with pytest.raises(SourceError):
        count_styles(b"def f(:\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject__toml", "tool = 3"),
        ("pyproject__toml", "[tool.ruff"),
        ("pyproject__toml", "[tool]\nruff = 1\nblack = 'x'\npydocstyle = []"),
        ("pyproject__toml", "[tool.black]\nline-length = 'wide'"),
        ("pyproject__toml", "[tool.black]\nline-length = -1"),
        ("pyproject__toml", "[tool.black]\nline-length = true"),
        ("pyproject__toml", "[tool.ruff.lint.pydocstyle]\nconvention = 'pep257'"),
        ("ruff__toml", "line-length = []"),
        ("ruff__toml", "[lint.pydocstyle]\nconvention = ['numpy']"),
        ("ruff__toml", "[lint.flake8-quotes]\ndocstring-quotes = ['single']"),
        ("setup__cfg", "no section"),
        ("setup__cfg", "[metadata]\nname = x"),
        ("tox__ini", "[testenv]\ncommands = %(x)s {posargs}"),
    ],
)
def test_settings_that_say_nothing(name, text):
    assert house(**{name: text}) == DocstringStyle()


# ---- must become


@pytest.mark.parametrize(
    ("source", "style", "types"),
    [
        (GOOGLE, "google", False),
        (GOOGLE_TYPED, "google", True),
        (NUMPY, "numpy", True),
        (NUMPY_UNTYPED, "numpy", False),
        (SPHINX, "sphinx", False),
        (SPHINX_TYPED, "sphinx", True),
        (SPHINX.replace(":returns:", ":type path: str\n    :returns:"), "sphinx", True),
        (GOOGLE.replace("    ", "\t"), "google", False),
        (GOOGLE.replace("\n", "\r\n"), "google", False),
    ],
)
def test_style_of_the_docstrings(source, style, types):
    result = house(counts_of(source, MINIMUM), pyproject__toml="[tool.pydoclint]\nstyle = 'other'")
    assert (result.convention, result.sections, result.types) == (style, True, types)


def test_every_place_of_a_docstring_is_read():
    source = f'''"""Module."""
class C:
    """Class."""
    if True:
        async def f(self):
            """One."""
            try:
                def g():
                    """Two."""
            except ImportError:
                def h():
                    """Three."""
            match f:
                case 1:
                    def i():
                        """Four."""
{ONE_LINE}'''
    assert counts_of(source).double == 7


@pytest.mark.parametrize(
    ("literal", "double", "single"),
    [
        ('"""D."""', 1, 0),
        ("'''D.'''", 0, 1),
        ('r"""D."""', 1, 0),
        ("R'''D.'''", 0, 1),
        ('U"""D."""', 1, 0),
        ('("""D.""")', 1, 0),
        ('"""D.""" "E."', 1, 0),
        ('"D."', 0, 0),
        ("'D.'", 0, 0),
        ('""', 0, 0),
    ],
)
@pytest.mark.parametrize("before", ["", "\ufeff", "# coding: latin-1\n# é\n", "x = 'é'; y = 1\r\n"])
def test_quotes(literal, double, single, before):
    encoding = "latin-1" if "latin" in before else "utf-8"
    result = counts_of(f"{before}def f():\n    {literal}\n".encode(encoding))
    assert (result.double, result.single) == (double, single)


def test_quotes_of_the_house():
    assert house(counts_of(ONE_LINE.replace('"', "'"), MINIMUM)).quotes == "'''"
    assert house(counts_of(ONE_LINE, MINIMUM)).quotes == '"""'
    ruff = "[tool.ruff.lint.flake8-quotes]\ndocstring-quotes = 'single'"
    assert house(pyproject__toml=ruff).quotes == "'''"
    assert house(counts_of(ONE_LINE, MINIMUM), pyproject__toml=ruff).quotes == '"""'


def test_first_line_of_the_house():
    assert house(counts_of(NUMPY, MINIMUM)).next_line is True
    assert house(counts_of(GOOGLE, MINIMUM)).next_line is False
    docformatter = "[tool.docformatter]\npre-summary-newline = true"
    assert house(pyproject__toml=docformatter).next_line is True
    assert house(counts_of(GOOGLE, MINIMUM), pyproject__toml=docformatter).next_line is False
    assert house(setup__cfg="[docformatter]\npre_summary_newline = yes").next_line is True


@pytest.mark.parametrize(
    ("source", "sectioned", "bare"),
    [
        (GOOGLE, 1, 0),
        (ONE_LINE, 0, 1),
        (ONE_LINE.replace("path", "self, /, *, path"), 0, 1),
        (ONE_LINE.replace("path", "self, **path"), 0, 1),
        (ONE_LINE.replace("path", "self"), 0, 0),
        (ONE_LINE.replace("path", ""), 0, 0),
        ('def f(path):\n    """Open.\n\n    Raises:\n        OSError: it may\n    """\n', 0, 1),
        ("def f(path):\n    pass\n", 0, 0),
    ],
)
def test_functions_with_parameters(source, sectioned, bare):
    result = counts_of(source)
    assert (result.sectioned, result.bare) == (sectioned, bare)


@pytest.mark.parametrize(
    ("sections", "source", "expected"),
    [
        ("auto", GOOGLE, True),
        ("auto", ONE_LINE, False),
        ("always", ONE_LINE, True),
        ("never", GOOGLE, False),
    ],
)
def test_sections_of_the_house(sections, source, expected):
    assert house(counts_of(source, MINIMUM), Config(sections=sections)).sections is expected


def test_user_has_the_last_word():
    result = house(
        counts_of(NUMPY, 100),
        Config(style="sphinx", sections="never", line_length=70),
        pyproject__toml="[tool.black]\nline-length = 120",
    )
    assert (result.convention, result.sections, result.line_length) == ("sphinx", False, 70)


@pytest.mark.parametrize(
    ("name", "text", "style"),
    [
        ("pyproject__toml", "[tool.ruff.lint.pydocstyle]\nconvention = 'numpy'", "numpy"),
        ("pyproject__toml", "[tool.ruff.pydocstyle]\nconvention = 'numpy'", "numpy"),
        ("ruff__toml", "[lint.pydocstyle]\nconvention = 'numpy'", "numpy"),
        ("__ruff__toml", "[lint.pydocstyle]\nconvention = 'numpy'", "numpy"),
        ("pyproject__toml", "[tool.pydocstyle]\nconvention = 'numpy'", "numpy"),
        ("setup__cfg", "[pydocstyle]\nconvention = numpy", "numpy"),
        ("__pydocstyle", "[pydocstyle]\nconvention = numpy", "numpy"),
        ("__flake8", "[flake8]\ndocstring-convention = numpy", "numpy"),
        ("tox__ini", "[flake8]\ndocstring_convention: numpy", "numpy"),
        ("pyproject__toml", "[tool.pydoclint]\nstyle = 'sphinx'", "sphinx"),
        ("__flake8", "[flake8]\nstyle = sphinx", "sphinx"),
        ("pyproject__toml", "[tool.numpydoc_validation]\nchecks = ['all']", "numpy"),
        ("setup__cfg", "[tool:numpydoc_validation]\nchecks = all", "numpy"),
        ("pyproject__toml", "[tool.docformatter]\nstyle = 'sphinx'", "sphinx"),
        ("pyproject__toml", "[tool.docformatter]\nstyle = 'epytext'", "google"),
    ],
)
def test_style_that_tools_expect(name, text, style):
    assert house(**{name: text}).convention == style


def test_types_that_tools_expect():
    assert house(pyproject__toml="[tool.pydoclint]\nstyle = 'google'").types is True
    off = "[tool.pydoclint]\narg-type-hints-in-docstring = false"
    assert house(pyproject__toml=off).types is False
    assert house(config=Config(style="numpy")).types is True
    assert house(config=Config(style="numpy"), pyproject__toml=off).types is False


@pytest.mark.parametrize(
    ("settings", "length"),
    [
        ({}, 88),
        ({"pyproject__toml": "[tool.ruff]\nline-length = 100"}, 100),
        ({"pyproject__toml": "[tool.black]\nline-length = 100"}, 100),
        ({"pyproject__toml": "[tool.black]\nline_length = 100"}, 100),
        ({"pyproject__toml": "[tool.ruff]\n[tool.black]\nline-length = 100"}, 100),
        ({"ruff__toml": "line-length = 90", "pyproject__toml": "[tool.ruff]\nline-length=99"}, 90),
        ({"__flake8": "[flake8]\nmax-line-length = 100"}, 100),
        ({"__flake8": "[flake8]"}, 79),
        ({"__flake8": "[flake8]", "pyproject__toml": "[tool.black]"}, 79),
        ({"setup__cfg": "[pycodestyle]\nmax_line_length = 100"}, 100),
        ({"__flake8": "[flake8]\nmax-line-length = 100\nmax-doc-length = 72"}, 72),
        ({"pyproject__toml": "[tool.ruff.lint.pycodestyle]\nmax-doc-length = 72"}, 72),
        ({"pyproject__toml": "[tool.ruff.lint.pycodestyle]\nmax-doc-length = 120"}, 88),
    ],
)
def test_line_length(settings, length):
    assert house(**settings).line_length == length


def test_evidence_adds_up():
    one = StyleCounts(**{field.name: 1 for field in dataclasses.fields(StyleCounts)})
    assert one + StyleCounts() == one
    assert set(dataclasses.astuple(one + one)) == {2}
