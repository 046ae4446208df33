r"""Traps: code on which a reader of docstrings is easily wrong.

A row without a reason is what docbot must keep doing. A row with one is what it gets wrong today;
once it is right, `strict` says so, and the reason goes.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from docbot.docstring.stale import mend_file
from docbot.drift.find import Revision, find_drifts
from docbot.scan.parse import parse
from docbot.scan.source import read


def found(source: str, old: str | None = None) -> list[tuple[str, str]]:
    code = dedent(source).lstrip("\n").encode()
    revision = Revision.of(dedent(old).lstrip("\n").encode()) if old is not None else None
    drifts = find_drifts(parse(code), read(code), revision)
    return [(drift.rule.value, drift.subject) for drift in drifts]


def documented(sections: str, signature: str = "a", body: str = "use()", above: str = "") -> str:
    """Set a function with a docstring of these sections."""
    lines = ['"""Do it.', "", *dedent(sections).strip("\n").split("\n"), '"""', *body.split("\n")]
    inner = "\n".join(f"    {line}" if line else "" for line in lines)
    return f"{above}def f({signature}):\n{inner}\n"


def args(entries: str, signature: str = "a", body: str = "use()", above: str = "") -> str:
    """Set a function with a docstring of these arguments."""
    inner = "\n".join(f"    {line}" if line else "" for line in entries.split("\n"))
    return documented(f"Args:\n{inner}", signature, body, above)


def raising(entries: str, body: str, above: str = "") -> str:
    inner = "\n".join(f"    {line}" for line in entries.split("\n"))
    return documented(f"Raises:\n{inner}", body=body, above=above)


def returning(text: str, body: str, above: str = "") -> str:
    return documented(f"Returns:\n    {text}", body=body, above=above)


def default(value: str, text: str) -> str:
    return args(f"a: {text}", f"a={value}")


def rows(*table: tuple) -> list:
    """Make parameters of rows; the last item is "", or why the row fails today."""
    return [
        pytest.param(
            *row[1:-1],
            id=row[0],
            marks=pytest.mark.xfail(strict=True, reason=row[-1]) if row[-1] else (),
        )
        for row in table
    ]


CLASS_OF_CALL = '''
class C:
    """Run it.

    Args:
        a: One.
        b: Two.
    """

    def __init__(self, name):
        self._name = name

    def __call__(self, a, b):
        return a
'''
CLASS_OF_METHOD = '''
class C:
    """A distribution.

    Args:
        dim: The dimension.
        seed: The seed.
    """

    def __init__(self, seed=None):
        self._seed = seed

    def rvs(self, dim):
        return dim
'''
CLASS_OF_BASE = '''
class C(B):
    """Do it.

    Args:
        a: One.
        blit: Passed on to B.
    """

    def __init__(self, a, source=None, *args, **kwargs):
        super().__init__(a, *args, **kwargs)
'''
SLOTS = '''
class C:
    """Do it.

    Args:
        a: One.
        z: Set later.
    """

    __slots__ = ("a", "z")

    def __init__(self, a):
        self.a = a
'''
PROPERTY = '''
class C:
    @property
    def x(self):
        """The x.

        Args:
            value: The new one.
        """
        return self._x

    @x.setter
    def x(self, value):
        self._x = value
'''
WRAPPED = '''
def plot(x, y):
    """Plot.

    Args:
        x: One.
        y: Two.
        data: Where x and y are looked up.
    """


class Axes:
    plot = with_data(plot)
'''
RECEIVER = '''
class C:
    def parameters(config, device=None):
        """Compute.

        Args:
            config: One.
            device: Two.
        """
'''
FENCE = '''
def f(a):
    """Document functions like this:

    ```
    Args:
        x: One.
    ```
    """
'''
DOCTEST = '''
def f(a):
    """Do it.

    >>> print(g.__doc__)
    Args:
        x: One.
    """
'''
LITERAL = '''
def f(a):
    """Do it.

    Such as::

        Args:
            x: One.

    Args:
        a: One.
    """
'''
OPTIONS = '''
def f(a, tol=1):
    """Do it.

    Parameters
    ----------
    a : int
        One.

    Options
    -------
    tol : int
        Two.
    """
'''
OPTIONAL = '''
def f(a, b=1):
    """Do it.

    Args:
        a: One.

    Optional Args:
        b: Two.
    """
'''
MIXED = '''
def f(a, b, c):
    """Do it.

    :param a: One.

    Args:
        b: Two.

    Parameters
    ----------
    c : int
        Three.
    """
'''
TWO_OF_ONE_NAME = '''
try:
    class C:
        """Do it.

        Args:
            a: One.
        """

        def __init__(self, a): ...
except ImportError:
    class C:
        """Do it.

        Args:
            b: One.
        """

        def __init__(self, b): ...
'''
OVERLOAD = '''
@overload
def f(a: int) -> int:
    """Do it.

    Args:
        z: One.
    """
def f(a, b=3):
    """Do it.

    Args:
        a: One.
        b: Two. Defaults to 3.
    """
'''
STATIC = '''
class M(type):
    def __new__(mcs, name, bases):
        """Make.

        Args:
            mcs: The metaclass.
            name: One.
            bases: Two.
        """

    def __call__(cls, a):
        """Call.

        Args:
            a: One.
        """
'''
FIELDS = '''
@dataclass
class C:
    """Do it.

    Args:
        a: One. Defaults to 4.
        z: Two.
    """

    a: int = 3
    b: int = 4
'''
DESCRIPTOR = '''
class Positive:
    """Check that an attribute is positive.

    Args:
        least: The smallest value.
    """

    def __init__(self, least=0):
        self.least = least

    def __get__(self, instance, owner=None):
        """Return the value.

        Args:
            instance: The object.
            owner: Its class.

        Returns:
            The value.
        """
        return instance.__dict__[self.name]

    def __set__(self, instance, value):
        """Set the value.

        Args:
            instance: The object.
            value: The new value.

        Raises:
            ValueError: if it is too small.
        """
        if value < self.least:
            raise ValueError(value)
        instance.__dict__[self.name] = value


class Box:
    """Hold a size.

    Args:
        size: How big it is.
    """

    size = Positive(1)

    def __init__(self, size):
        self.size = size
'''
PASSED_ON = '''
class C(Base):
    """Hold it.

    Args:
        a: One.
        b: Two.
    """

    def __init__(self, a, b, *, name=None):
        super().__init__(name=name)
        self.a, self.b = a, b
'''
ASYNC = '''
async def f(a):
    """Do it.

    Returns:
        An async iterator of rows.
    """
    yield a
'''


@pytest.mark.parametrize(
    ("source", "expected"),
    rows(
        # Parameters that somebody else takes, or that are documented elsewhere.
        ("self-of-function", args("a: One.", "self, a"), [], ""),
        ("receiver-other-name", RECEIVER, [], ""),
        ("property-value", PROPERTY, [], ""),
        ("class-call", CLASS_OF_CALL, [], ""),
        ("class-method", CLASS_OF_METHOD, [], ""),
        ("class-base", CLASS_OF_BASE, [], "a key of `**kwargs` is paired with another parameter"),
        ("class-slots", SLOTS, [], ""),
        ("wrapped-elsewhere", WRAPPED, [], "a function that is wrapped by a call further below"),
        (
            "decorator-gives",
            args("a: One.\nb: Two.", "conn, a, b", above="@with_connection\n"),
            [],
            "",
        ),
        (
            "decorator-takes",
            args("a: One.\nb: Two.", "a", above="@unknown\n"),
            [],
            "",
        ),
        (
            "others-in-prose",
            documented(
                "Args:\n    a: One.\n    b: Two.\n\nThe other parameters are those of `g`.",
                "a, b, c",
            ),
            [],
            "prose says that the other parameters are documented elsewhere",
        ),
        ("options-heading", OPTIONS, [], ""),
        ("optional-heading", OPTIONAL, [], ""),
        ("field-without-param", documented(":param a: x\n:size: y", "a, size"), [], ""),
        ("type-after-name", documented(":param a: x\n:param sizes list: y", "a, sizes"), [], ""),
        (
            "type-after-name-of-none",
            documented(":param a: x\n:param sizes list: y", "a"),
            [("param-unknown", "sizes")],
            "",
        ),
        (
            "parameters-of-an-inner-function",
            documented(
                "Parameters\n----------\na : int\n    x\n\n"
                "Other Parameters\n----------------\nimage : int\n    y\nclip : int\n    z"
            ),
            [],
            "",
        ),
        (
            "some-other-parameters",
            documented(
                "Parameters\n----------\na : int\n    x\n\n"
                "Other Parameters\n----------------\nb : int\n    y\nclip : int\n    z",
                "a, b",
            ),
            [("param-unknown", "clip")],
            "",
        ),
        ("for-the-base", PASSED_ON, [], ""),
        (
            "default-of-something-else",
            documented(
                "Parameters\n----------\na : bool, default: False\n    Whether.\n\n"
                "    .. note::\n        The other one defaults to ``True``.",
                "a=False",
            ),
            [],
            "",
        ),
        ("descriptor", DESCRIPTOR, [], ""),
        ("kwargs-key", args("a: One.\nb: A key.", "a, **kwargs"), [], ""),
        ("stars-without-stars", args("a: One.\nargs: x\nkwargs: y", "a, *args, **kwargs"), [], ""),
        ("stars-other-name", args("a: One.\n**kwargs: x", "a, **options"), [], ""),
        ("underscore", args("a: One.", "a, _b"), [], ""),
        ("positional-only", args("a: One.\nb: Two.", "a, /, *, b"), [], ""),
        ("keyword-only-order", args("b: One.\na: Two.", "*, a, b"), [], ""),
        (
            "fields",
            FIELDS,
            [("param-missing", "b"), ("param-default", "a"), ("param-unknown", "z")],
            "",
        ),
        ("kwargs-key", args("size: One.", "_size=1, **kw", "kw.get('size')"), [], ""),
        ("kwargs-key-alike", args("size: One.", "sizes=1, **kw", "kw['size']"), [], ""),
        (
            "private-order",
            args("b: One.\na: Two.", "a, b").replace("def f(", "def _f("),
            [],
            "",
        ),
        ("kwargs-in", args("size: One.", "sizes=1, **kw", "'size' in kw"), [], ""),
        (
            "key-of-another-mapping",
            args("a: One.\nsize: Two.", "a, sizes=1, **kw", "made['size'] = a"),
            [("param-renamed", "sizes")],
            "",
        ),
        ("private", args("a: One.\nsize: Two.", "a, _size"), [("param-unknown", "size")], ""),
        (
            "order-of-attributes",
            documented(
                "Args:\n    b: Two.\n    a: One.\n\nAttributes:\n    b: Two.\n    a: One.", "a, b"
            ),
            [],
            "",
        ),
        ("two-of-one-name", TWO_OF_ONE_NAME, [], ""),
        ("overload", OVERLOAD, [], ""),
        ("metaclass", STATIC, [], ""),
        ("mixed-conventions", MIXED, [], ""),
        ("names-joined", args("a, b: Both.", "a, b"), [], ""),
        ("names-with-slash", args("a/b: Both.", "a, b"), [], ""),
        ("names-in-ticks", args("`a`: One.\n`b`: Two.", "a, b"), [], ""),
        ("list-of-names", args("- a: One.\n- b: Two.", "a"), [], ""),
        ("placeholder", args("a: One.\n%(common)s", "a, b"), [], ""),
        ("type-alone", documented(":type a: int\n:param b: Two.", "a, b"), [], ""),
        ("epytext", documented("@param a: One.\n@param b: Two."), [], ""),
        ("other-language", args("a: One.").replace("Args", "Argumente"), [], ""),
        ("one-line", 'def f(a):\n    """Args: x"""\n', [], ""),
        ("skip-marker", args("b: x").replace("(a):", "(a):  # docbot: skip"), [], ""),
        ("keys-below", args("a: A mapping:\n    b: One.\n    c: Two."), [], ""),
        # What looks like a section or an entry.
        ("literal-block", LITERAL, [], ""),
        ("fence", FENCE, [], ""),
        ("doctest", DOCTEST, [], ""),
        ("note-entry", args("a: One.\nNote: It is slow."), [], ""),
        ("todo-entry", args("a: One.\nTODO: More."), [], ""),
        ("example-entry", args("a: One.\n\nExample: f(1)"), [], ""),
        ("returns-in-args", args("a: One.\nReturns:\n    x", body="return a"), [], ""),
        ("raises-in-args", args("a: One.\nRaises:\n    OSError: x"), [], ""),
        (
            "dotted-entry",
            args("a: One.\na.size: Two."),
            [],
            "",
        ),
        # Defaults.
        ("default-other", args("a: One. b defaults to 3.\nb: Two.", "a=1, b=3"), [], ""),
        ("default-condition", default("2", "Defaults to 1 on Windows, else 2."), [], ""),
        ("default-if", default("2", "Defaults to 1 if b is given."), [], ""),
        ("default-if-below", default("False", "Defaults to True\n    if b is given."), [], ""),
        ("default-until", default("3", "Until 2.0 the default is 4."), [], ""),
        (
            "default-no-longer",
            default('"x"', "One.\n\n    .. versionchanged:: 2\n        No longer defaults to 'y'."),
            [],
            "",
        ),
        ("default-unit", default("300", "Defaults to 5 minutes."), [], ""),
        (
            "default-size",
            default("1024 * 1024", "Defaults to 1 MB."),
            [],
            "",
        ),
        (
            "default-own-name",
            default('"x"', "By default `a` is x."),
            [],
            "",
        ),
        ("default-enum", default('"test"', "Defaults to `Mode.test`."), [], ""),
        ("default-constant", default('"x"', "Defaults to `DEFAULT_NAME`."), [], ""),
        ("default-stdout", default('"-"', "Defaults to stdout."), [], ""),
        ("default-all", default('"*"', "Defaults to all."), [], ""),
        ("default-utf8", default('"utf8"', "Defaults to UTF-8."), [], ""),
        ("default-constant-number", default("3", "Defaults to `SIZE`."), [], ""),
        ("default-percent", default("0.5", "Defaults to 50%."), [], ""),
        ("default-none-body", default("None", "Defaults to 3."), [], ""),
        ("default-as-int", default("1.0", "Defaults to 1."), [], ""),
        ("default-power", default("2**10", "Defaults to 1024."), [], ""),
        ("default-lambda", default("lambda x: x", "Defaults to lambda x: x."), [], ""),
        ("default-future", default("3", "In 3.0 the default will be 4."), [], ""),
        # Exceptions.
        ("raise-variable", raising("OSError: x", "raise a"), [], ""),
        (
            "raise-assigned",
            raising("OSError: x", "error = OSError\nraise error"),
            [],
            "",
        ),
        ("raise-operator", raising("ValueError: x", "return a @ a"), [], ""),
        ("raise-compare", raising("ValueError: x", "return a == 3"), [], ""),
        ("raise-format", raising("ValueError: x", 'return f"{a:d}"'), [], ""),
        ("raise-hook", raising("ValueError: to stop it", "pass"), [], ""),
        (
            "raise-child",
            raising(
                "AppError: x\nKeyError: y",
                "if a:\n    raise KeyError\nraise SubError",
                "class AppError(Exception): ...\nclass SubError(AppError): ...\n",
            ),
            [],
            "",
        ),
        (
            "raise-child-elsewhere",
            raising("HTTPError: x", "raise NotFound(a)"),
            [],
            "",
        ),
        (
            "raise-suppressed",
            raising("KeyError: y", "with suppress(OSError):\n    raise OSError\nraise KeyError"),
            [],
            "",
        ),
        ("raise-builtin-child", raising("OSError: x", "raise FileNotFoundError(a)"), [], ""),
        ("raise-alias", raising("IOError: x", "raise OSError(a)"), [], ""),
        (
            "raise-nested",
            raising("KeyError: x", "def g():\n    raise OSError\nraise KeyError"),
            [],
            "",
        ),
        # Results.
        ("never", returning("The code.", "sys.exit(a)"), [], ""),
        ("forever", returning("The code.", "while True:\n    a()"), [], ""),
        ("or-none", returning("A dict, or None.", "log(a)"), [], ""),
        ("says-nothing", returning("Does not return anything.", "log(a)"), [], ""),
        ("says-no-value", returning("No value.", "log(a)"), [], ""),
        ("says-void", returning("void", "log(a)"), [], ""),
        ("says-dash", returning("-", "log(a)"), [], ""),
        ("says-none", returning("`None`", "log(a)"), [], ""),
        ("says-nothing-word", returning("nothing", "log(a)"), [], ""),
        (
            "return-value",
            returning("The x.", "x = yield a()\nreturnValue(x)", "@defer.inlineCallbacks\n"),
            [],
            "",
        ),
        (
            "gen-return",
            returning("The x.", "x = yield a()\nraise gen.Return(x)", "@gen.coroutine\n"),
            [],
            "",
        ),
        ("fixture", returning("The x.", "yield a", "@pytest.fixture()\n"), [], ""),
        ("context", returning("The x.", "yield a", "@contextmanager\n"), [], ""),
        ("async-generator", ASYNC, [], ""),
        ("not-implemented", returning("The x.", 'raise NotImplementedError("x")'), [], ""),
    ),
)
def test_traps_are_not_reported(source, expected):
    assert found(source) == expected


ACCESSORS = '''
class C:
    @property
    def x(self):
        """The x.

        Raises:
            ValueError: bad.
        """
        if not self._x:
            raise ValueError
        return self._x

    @x.setter
    def x(self, value):
        self._x = value
'''
BRANCHES = '''
if A:
    def f(a):
        """Do it.

        Args:
            a: One.
        """
        return a
else:
    def f(a):
        """Do it.

        Args:
            a: One.
        """
        use(a)
'''
REGISTERED = '''
@f.register
def _(a: int):
    """Do it.

    Args:
        a: One.
    """
    return a
@f.register
def _(c: str):
    """Do it.

    Args:
        c: One.
    """
    use(c)
'''


@pytest.mark.parametrize(
    "source",
    rows(
        ("accessors", ACCESSORS, ""),
        ("branches", BRANCHES, ""),
        ("registered", REGISTERED, ""),
        ("overload", OVERLOAD, ""),
    ),
)
def test_what_did_not_change_is_not_reported(source):
    assert found(source, source) == []


@pytest.mark.parametrize(
    "source",
    rows(
        ("far", args("path: x\nencoding: The encoding.", "path, verbose=False"), ""),
        ("kwargs", args("a: x\ntimeout: Passed on.", "a, retries=3, **kwargs"), ""),
        ("args", args("a: x\nvalue: What `args` holds.", "a, flag, *args"), ""),
        ("decorator", args("a: x\nb: y", "a, rng", above='@gives("b")\n'), ""),
        ("several-names", args("xmin, xmax: x", "arg=None, **kwargs"), ""),
        (
            "note-above",
            args("b: x\n.. note:: Of b.\na: y", "a, b"),
            "",
        ),
        ("default-in-other-quotes", default("'\"'", 'Defaults to "".'), ""),
        (
            "closing-quotes",
            'def f(a):\n    """Do it.\n\n    Args:\n        a: x\n        b: y"""\n',
            "",
        ),
        ("continued", 'def f(b):\n    """Do it.\\\n\n    Args:\n        a: x\n    """\n', ""),
        ("escaped", 'def f(b):\n    """Do \\\\it.\n\n    Args:\n        a: x\n    """\n', ""),
        ("spaced", args("b: x", "").replace('"""Do it.\n', '"""'), ""),
        ("names-joined", args("a, b: x", "a"), ""),
    ),
)
def test_what_is_not_certain_is_not_mended(source):
    code = source.encode()
    assert mend_file(code).after == code


HEAD = b'def f(a, bb=4):\n\t"""Do.\n\n\tArgs:\n\t\ta: One.\n\t\tb: Two. Defaults to 4.\n\t"""\n'
NAME = (b"b: Two.", b"bb: Two.")
DEFAULT = (b"Defaults to 3", b"Defaults to 4")


@pytest.mark.parametrize(
    ("code", "change"),
    rows(
        ("tabs", HEAD, NAME, ""),
        ("tabs-default", HEAD.replace(*NAME).replace(*DEFAULT[::-1]), DEFAULT, ""),
        ("crlf", HEAD.replace(b"\n", b"\r\n"), NAME, ""),
        ("bom", b"\xef\xbb\xbf" + HEAD, NAME, ""),
        ("latin-1", b"# coding: latin-1\n" + HEAD.replace(b"One", b"\xe9"), NAME, ""),
        ("raw", HEAD.replace(b'"""Do', b'r"""Do \\alpha'), NAME, ""),
        ("form-feed", b"\f" + HEAD.replace(b"Do.\n", b"Do.\n\f"), NAME, ""),
        ("quotes", HEAD.replace(b"One", b"'''x'''"), NAME, ""),
        ("emoji", HEAD.replace(b"One", "😀".encode()), NAME, ""),
        (
            "quoted-word",
            b'def f(a="x"):\n    """Do.\n\n    Args:\n        a: Defaults to "y"."""\n',
            (b'"y"', b'"x"'),
            "",
        ),
        (
            "double-backticks",
            default("'x'", "Defaults to ``'y'``.").encode(),
            (b"'y'", b"'x'"),
            "",
        ),
    ),
)
def test_mends_change_the_fewest_bytes(code, change):
    mended = mend_file(code).after
    assert mended == code.replace(*change)
    assert mend_file(mended).after == mended


def test_many_names_are_compared_before_anybody_gives_up():
    entries = "\n".join(f"x{at}: One." for at in range(3000))
    code = args(entries, ", ".join(f"z{at}" for at in range(3000))).encode()
    assert len(find_drifts(parse(code), read(code))) == 3000
