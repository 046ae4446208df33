"""Drifts are found in plain files, and with an older version beside them."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from docbot.drift.find import Revision, drifts_of_change, find_drifts
from docbot.scan.source import read


def drifts_in(source: str, old: str | None = None):
    text = read(dedent(source).encode())
    revision = Revision.of(dedent(old).encode()) if old is not None else None
    return find_drifts(ast.parse(text.code), text, revision)


def found(source: str, old: str | None = None) -> list[tuple[str, str]]:
    return [(drift.rule.value, drift.subject) for drift in drifts_in(source, old)]


def function(header: str, sections: str, body: str = "use()") -> str:
    """Set a function: its header without `def`, the sections of its docstring, its body."""
    lines = ['"""Do it.', "", *dedent(sections).strip("\n").split("\n"), '"""', *body.split("\n")]
    indented = "\n".join(f"    {line}" if line else "" for line in lines)
    return f"def {header}:\n{indented}\n"


ARGS = {
    "google": "Args:\n    a: One.\n    b: Two.\n",
    "numpy": "Parameters\n----------\na : int\n    One.\nb : str\n    Two.\n",
    "sphinx": ":param a: One.\n:param b: Two.\n",
}
STYLES = pytest.mark.parametrize("style", ARGS)


@STYLES
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("f(a, b)", []),
        ("f(a, b, *args, **kwargs)", []),
        ("f(a, /, *, b)", []),
        ("f(a, _c, b)", []),
        ("f(a, c)", [("param-renamed", "c")]),
        ("f(a)", [("param-unknown", "b")]),
        ("f(a, b, c)", [("param-missing", "c")]),
        ("f(b, a)", [("param-order", "a")]),
        ("f(*, b, a)", []),
        ("f(a, **kwargs)", []),
        ("f(a, c, **kwargs)", []),
        ("f(a, b, c: Annotated[int, Doc('Three.')])", []),
    ],
)
def test_names_are_compared_with_the_signature(style, header, expected):
    assert found(function(header, ARGS[style])) == expected


def test_what_a_docstring_does_not_claim_is_no_drift():
    assert found('def f(a, b):\n    """Add b to a."""\n    return a + b\n') == []
    assert found(function("f(a)", "Returns:\n    The sum.\n", "return a + 1")) == []


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ("Args:\n    a: One.\n    b: Two.\n    a: Again.\n", [("param-twice", "a")]),
        ("Args:\n- a: One.\n- c: Two.\n", []),
        ("Args:\n    self: The thing.\n    a: One.\n    b: Two.\n", []),
        ("Args:\n    a, b: Both.\n", []),
        ("Args:\n    a: One.\n    c: Two.\n    b: Three.\n", [("param-unknown", "c")]),
    ],
)
def test_sections_are_read_as_people_write_them(sections, expected):
    assert found(function("f(a, b)", sections)) == expected


def test_two_renames_stand_at_their_places():
    source = function("f(x, b, y)", "Args:\n    a: One.\n    b: Two.\n    c: Three.\n")
    assert found(source) == [("param-unknown", "a"), ("param-unknown", "c")]
    old = source.replace("f(x, b, y)", "f(a, b, c)")
    assert found(source, old) == [("param-renamed", "x"), ("param-renamed", "y")]
    alike = source.replace("f(x, b, y)", "f(a_, b, cc)")
    assert found(alike) == [("param-renamed", "a_"), ("param-renamed", "cc")]


def test_a_section_of_few_parameters_is_a_habit():
    assert found(function("f(a, b, c, d)", "Args:\n    a: The one that matters.\n")) == []


def test_a_parameter_that_a_file_leaves_out_is_a_habit():
    functions = [function(f"f{at}(a, b, timeout)", ARGS["google"]) for at in range(3)]
    assert found("\n".join(functions[:2])) == [("param-missing", "timeout")] * 2
    assert found("\n".join(functions)) == []
    known = function("g(a, timeout)", "Args:\n    a: One.\n    timeout: Seconds.\n")
    others = [known.replace("g(", f"g{at}(") for at in range(3)]
    assert found("\n".join([*functions, *others])) == [("param-missing", "timeout")] * 3


def test_decorators_that_nobody_knows_may_take_parameters():
    decorated = "@inject\n" + function("f(a)", ARGS["google"])
    assert found(decorated) == []
    assert found("@staticmethod\n" + function("f(a)", ARGS["google"])) == [("param-unknown", "b")]


def test_a_class_documents_its_constructor():
    source = '''
    class Store:
        """Keep things.

        Args:
            path: Where.
            size: How many.
        """

        def __init__(self, path, max_size):
            self.path = path
    '''
    (drift,) = drifts_in(source)
    assert (drift.rule.value, drift.qualname, drift.line) == ("param-renamed", "Store", 7)


def test_a_class_may_list_its_attributes_among_the_parameters():
    source = '''
    class Store:
        """Keep things.

        Args:
            path: Where.
            size: How many.
            name: As shown.
        """

        def __init__(self, path, data):
            self.path = path
            self.size = data.size

        @property
        def name(self):
            return self.path.name
    '''
    assert found(source) == [("param-missing", "data")]


def test_a_constructor_with_sections_documents_itself():
    source = '''
    class Store:
        """Keep things.

        Attributes:
            size: How many.
        """

        def __init__(self, path):
            """Open it.

            Args:
                path: Where.
            """
    '''
    assert found(source) == []


@pytest.mark.parametrize(
    ("default", "text", "is_drift"),
    [
        ("20", "How many. Defaults to 10.", True),
        ("10", "How many. Defaults to 10.", False),
        ("20", "How many (default: 10).", True),
        ("20", "How many, by default 10", True),
        ("20", "How many (default 10).", True),
        ("20", "How many. The default (10) is enough.", True),
        ("20", "How many. Default is ``10``.", True),
        ("20", "How many. The default value is 10 seconds.", False),
        ("20", "How many. Defaults to 10 on Windows.", False),
        ("20", "How many. It no longer defaults to 10.", False),
        ("20", "How many, if there are any (default: ``10``).", True),
        ("1e-3", "How many. Defaults to 0.001.", False),
        ("60 * 60", "How many. Defaults to 3600.", False),
        ("60 * 60", "How many. Defaults to 60.", True),
        ("-1", "How many. Defaults to -1.", False),
        ("-1", "How many. Defaults to 1.", True),
        ("'b'", "Which. Defaults to 'a'.", True),
        ("'b'", 'Which. Defaults to "b".', False),
        ("'b'", "Which. Defaults to a.", False),
        ("'b'", "Which. Defaults to b.", False),
        ("'b'", "Which. Defaults to the first one.", False),
        ("True", "Whether. Defaults to False.", True),
        ("True", "Whether. Defaults to ``True``.", False),
        ("True", "Whether. Defaults to true.", False),
        ("None", "How many. Defaults to 10.", False),
        ("10", "How many. Defaults to None.", True),
        ("LIMIT", "How many. Defaults to 10.", False),
        ("mod.LIMIT", "How many. Defaults to LIMIT.", False),
        ("()", "Which. Defaults to an empty tuple.", False),
        ("20", "How many. By default, all are taken.", False),
        ("0.5", "How long. Defaults to 0.5s.", False),
        ("10000", "How many. Defaults to 10,000.", False),
        ("10000", "How many. Defaults to 20,000.", True),
        ("'x'", "Which. By default unfilled.", False),
        ("'x'", "Which. The default value of `a` changed.", False),
        ("'x'", "Which. Defaults to :rc:`some.key`.", False),
        ("'deprecated'", "Which. Defaults to 3.", False),
        ("'low'", "Which. Defaults to 'lowpass'.", False),
    ],
)
def test_stated_defaults_are_compared_as_values(default, text, is_drift):
    source = function(f"f(a={default})", f"Args:\n    a: {text}\n")
    assert found(source) == ([("param-default", "a")] if is_drift else [])


def test_a_default_beside_the_type_is_compared():
    section = "Parameters\n----------\na : int, default 3\n    One.\n"
    assert found(function("f(a=4)", section)) == [("param-default", "a")]
    assert found(function("f(a=3)", section)) == []


def test_a_default_that_was_the_former_one_is_out_of_date():
    section = "Args:\n    a: How many. Defaults to LIMIT.\n"
    source, old = function("f(a=OTHER)", section), function("f(a=LIMIT)", section)
    assert found(source, old) == [("param-default", "a")]
    assert found(source) == []


@pytest.mark.parametrize(
    ("default", "old", "text", "is_drift"),
    [
        ("0.7", "0.1", "Radius. Default is\n        0.1 A", True),
        ("0.7", "0.1", "Radius. Default is\n        0.1.2", False),
        ("0", "None", "What. Default value: `None` (i.e., no summary is made).", True),
        ("7", "0", "The default value of 0 assumes that all have an axis.", True),
        ("True", "False", "Whether. Default ``False``.", True),
        ("{}", "None", "Optional. Default is None for all variables.", True),
        ("'x'", "'ds'", "What to use for it, default ``'ds'`` or none.", True),
        ("'x'", "'**/*'", "The pattern, default\n        (``'**/*'``).", True),
        ("2", "1", "A factor for class 1, default is `1` as in the paper.", True),
        ("2", "1", "If a is 3, the default 1 is used.", False),
        ("2", "1", "If a is 3, defaults to 1 at most.", False),
        ("2", "1", "How many. Not the default of 1.", False),
        ("1.0", "1", "How many. Default 1 file.", False),
        ("2", "1", "How many. The default 3 is best.", False),
    ],
)
def test_a_statement_of_the_former_default_may_go_on(default, old, text, is_drift):
    section = f"Args:\n    a: {text}\n"
    new = drifts_in(function(f"f(a={default})", section), function(f"f(a={old})", section))
    assert [drift.rule.value for drift in new] == ["param-default"] * is_drift
    assert all(drift.changes == () for drift in new)


@pytest.mark.parametrize(
    "text", ["(default is 3)", "(defaults to 3)", "Default value: 3.", "for it, default 3."]
)
def test_a_default_is_stated_in_brackets_and_as_a_value(text):
    source = function("f(a=4)", f"Args:\n    a: One {text}\n")
    assert [drift.changes[0].text for drift in drifts_in(source)] == ["4"]


@pytest.mark.parametrize(
    "rest",
    ["Raises\n------\n    OSError: if it fails.", ":rtype: None", ":raises OSError: if it fails."],
)
def test_a_stray_section_of_another_style_does_not_hide_the_parameters(rest):
    assert found(function("f(a, c)", f"{ARGS['google']}\n{rest}")) == [("param-renamed", "c")]


def test_a_field_goes_on_without_an_indent():
    section = ":param a: One,\nif it is.\n:param b: Two.\n"
    assert found(function("f(a, c)", section)) == [("param-renamed", "c")]


def test_other_parameters_have_an_order_of_their_own():
    section = (
        "Parameters\n----------\nc : int\n    One.\n\n"
        "Other Parameters\n----------------\na : int\n    One.\nb : int\n    Two.\n"
    )
    assert found(function("f(a, b, c)", section)) == []
    assert found(function("f(b, a, c)", section)) == [("param-order", "a")]


def test_exceptions_in_sentences_are_known_and_others_are_new():
    section = "Raises\n------\nTypeError or ValueError if it is none\n"
    old = function("f(a)", section, "raise TypeError(a)")
    new = function("f(a)", section, "raise ValueError(a)")
    other = function("f(a)", section, "raise TypeError(a)\nraise OSError(a)")
    assert found(new, old) == []
    assert found(other, old) == [("raises-missing", "OSError")]
    assert found(other) == []


@pytest.mark.parametrize(
    ("annotation", "stated", "is_drift"),
    [
        ("int", "str", True),
        ("str", "str", False),
        ("int | None", "int", False),
        ("Optional[int]", "str", True),
        ("list[int]", "list of int", False),
        ("Path", "str", False),
        ("float", "int", False),
        ("str", "str or bytes", False),
    ],
)
def test_built_in_types_are_compared(annotation, stated, is_drift):
    source = function(f"f(a: {annotation})", f"Args:\n    a ({stated}): One.\n")
    assert found(source) == ([("param-type", "a")] if is_drift else [])


RETURNS = {
    "google": "Returns:\n    int: The number.\n",
    "numpy": "Returns\n-------\nint\n    The number.\n",
    "sphinx": ":returns: The number.\n",
}


@STYLES
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return 1", []),
        ("use()", [("returns-unknown", "")]),
        ("use()\nreturn", [("returns-unknown", "")]),
        ("return", []),
        ("raise NotImplementedError", []),
        ("...", []),
        ("use()\nraise ValueError", []),
    ],
)
def test_a_section_for_a_result_needs_one(style, body, expected):
    assert found(function("f()", RETURNS[style], body)) == expected


@pytest.mark.parametrize(
    ("sections", "body"),
    [
        ("Returns:\n    None: Nothing.\n", "use()"),
        ("Returns:\n    None\n", "use()"),
        ("Returns:\n    An iterator over the lines.\n", "yield 1"),
        ("Returns:\n    Nothing at all.\n", "use()"),
        ("Yields:\n    The lines.\n", "yield 1"),
        ("Yields:\n    The lines.\n", "return lines()"),
    ],
)
def test_a_result_may_be_said_in_other_words(sections, body):
    assert found(function("f()", sections, body)) == []


@pytest.mark.parametrize(
    "end",
    [
        "if a:\n    raise TypeError\nelse:\n    raise OSError",
        "with a:\n    raise TypeError",
        "try:\n    raise TypeError\nexcept TypeError:\n    raise OSError",
        "try:\n    use()\nfinally:\n    raise OSError",
        "match a:\n    case 1:\n        raise OSError\n    case _:\n        exit()",
    ],
)
def test_a_body_whose_end_is_never_reached_proves_nothing(end):
    section = "Returns:\n    A thing.\n"
    assert found(function("f(a)", section, end)) == []
    assert found(function("f(a)", section, f"{end}\nuse()")) == [("returns-unknown", "")]


@pytest.mark.parametrize("text", ["-1 on error, 0 otherwise.", "None | DataFrame: The rows."])
def test_a_result_that_begins_like_none_is_one(text):
    new, old = (function("f(a)", f"Returns:\n    {text}\n", body) for body in ("use()", "return a"))
    assert found(new, old) == [("returns-unknown", "")]


def test_a_result_that_may_be_none_is_one():
    section = "Returns:\n    None if there is no match, else the match.\n"
    assert found(function("f()", section)) == [("returns-unknown", "")]


def test_what_the_older_version_said_already_is_not_new():
    old = function("f(a, c)", ARGS["google"])
    assert found(old, old.replace("use()", "use(1)")) == []
    assert found(old.replace("f(a, c)", "f(a, d)"), old) == [("param-missing", "d")]


def test_a_section_for_what_is_yielded_needs_it():
    assert found(function("f()", "Yields:\n    The lines.\n")) == [("yields-unknown", "")]


RAISES = "Raises:\n    ValueError: If it is bad.\n"


@pytest.mark.parametrize(
    ("body", "old", "expected"),
    [
        ("check(a)", None, []),
        ("check(a)", "check(a)", []),
        ("check(a)", "raise ValueError(a)", [("raises-unknown", "ValueError")]),
        ("a = 1", None, []),
        ("raise error", "raise ValueError(a)", []),
        ("raise BadValue(a)", "raise ValueError(a)", [("raises-missing", "BadValue")]),
        ("if a:\n    raise ValueError(a)", None, []),
        (
            "if a:\n    raise ValueError(a)\nraise KeyError(a)",
            None,
            [],
        ),
        (
            "if a:\n    raise ValueError(a)\nraise KeyError(a)",
            "if a:\n    raise ValueError(a)\nraise KeyError(a)",
            [],
        ),
        ("check(a)\nraise KeyError(a)", None, []),
        ("check(a)\nraise KeyError(a)", "check(a)", [("raises-missing", "KeyError")]),
        ("raise UnicodeError(a)", "check(a)", []),
        ("try:\n    raise KeyError\nexcept KeyError:\n    pass\nraise ValueError", None, []),
        ("raise NotImplementedError", "raise ValueError", []),
        ("if a:\n    raise\nraise ValueError", None, []),
    ],
)
def test_exceptions_are_compared_with_what_was_before(body, old, expected):
    former = function("f(a)", RAISES, old) if old is not None else None
    assert found(function("f(a)", RAISES, body), former) == expected


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("f(a, **kw)", "f(a, b, **kw)", [("param-unknown", "b")]),
        ("f(a, **kw)", "f(a, **kw)", []),
        ("f(a, b, *args)", "f(a, b)", [("param-missing", "args")]),
        ("f(a, b, *args)", "f(a, b, *args)", []),
        ("f(*, b, a)", "f(*, a, b)", [("param-order", "a")]),
        ("f(*, b, a)", "f(*, b, a)", []),
        ("f(a, b, c, d, e)", "f(a, b, c, d)", [("param-missing", "e")]),
    ],
)
def test_an_older_version_tells_drift_from_habit(new, old, expected):
    assert found(function(new, ARGS["google"]), function(old, ARGS["google"])) == expected


def test_a_new_result_needs_a_section_where_there_are_sections():
    new, old = (function("f(a, b)", ARGS["google"], body) for body in ("return a", "use(a)"))
    assert found(new, old) == [("returns-missing", "")]
    assert found(new) == []


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("google", [("returns-unknown", "")]),
        ("numpy", [("returns-unknown", "")]),
        ("sphinx", []),  # it has no field for what is yielded
    ],
)
def test_what_is_yielded_is_not_returned(style, expected):
    assert found(function("f()", RETURNS[style], "yield 1")) == expected
    assert found(
        function("f()", RETURNS[style], "yield 1"), function("f()", RETURNS[style], "return 1")
    ) == [("returns-unknown", "")]


def test_an_annotated_result_is_for_others_to_return():
    body = "warn('override this')"
    assert found(function("f() -> Rows", RETURNS["google"], body)) == []
    assert found(function("f() -> None", RETURNS["google"], body)) == [("returns-unknown", "")]


def test_an_empty_field_for_a_result_says_that_there_is_one():
    new, old = (function("f()", ":return:\n", body) for body in ("use()", "return 1"))
    assert found(new, old) == [("returns-unknown", "")]
    assert found(new) == []


def test_a_result_that_went_is_missed_in_an_empty_body_too():
    new, old = (function("f()", RETURNS["google"], body) for body in ("return", "return 1"))
    assert found(new, old) == [("returns-unknown", "")]
    abstract = function("f()", RETURNS["google"], "raise NotImplementedError")
    assert found(abstract, old) == []


def test_another_order_is_new_where_the_order_was_wrong_already():
    sections = "Args:\n    b: Two.\n    a: One.\n    c: Three.\n"
    old = function("f(a, b, c)", sections)
    assert found(old.replace("use()", "use(1)"), old) == []
    assert found(old.replace("f(a, b, c)", "f(a, c, b)"), old) == [("param-order", "b")]


def test_an_exception_may_have_a_dot_before_it():
    section = ":raise .BadValue: If it is bad.\n"
    new, old = (function("f(a)", section, body) for body in ("use(a)", "raise BadValue"))
    assert found(new, old) == [("raises-unknown", "BadValue")]


def test_only_functions_that_changed_are_looked_at():
    source = function("f(a)", ARGS["google"]) + "\n\n" + function("g(a)", ARGS["google"])
    lines = source.count("\n")
    assert [d.qualname for d in drifts_of_change(source.encode(), None, ((1, 1),))] == ["f"]
    assert [d.qualname for d in drifts_of_change(source.encode(), None, ((lines, lines),))] == ["g"]


def test_a_drift_names_its_line_and_says_what_is_wrong():
    source = '''
    class Cache:
        def get(self, key, fallback=None):
            """Return a value.

            Args:
                key: Its key.
                default: What to return without one.

            Returns:
                The value.
            """
            return self.items.get(key, fallback)
    '''
    (drift,) = drifts_in(source)
    assert (drift.qualname, drift.line) == ("Cache.get", 8)
    assert drift.message == "documents the parameter default, where the signature has fallback"


@pytest.mark.parametrize("decorator", ["overload", "prop.setter"])
def test_definitions_that_another_one_documents_are_left_out(decorator):
    assert found(f"@{decorator}\n" + function("f(a)", ARGS["google"])) == []


def test_a_mark_leaves_a_function_alone():
    assert found("# docbot: skip\n" + function("f(a)", ARGS["google"])) == []
