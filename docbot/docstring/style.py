"""Detect the docstring style of a repository, so that new docstrings look like the old ones.

The user's configuration decides, then the repository's own docstrings, then its tools'
configuration, then Google style. `StyleCounts` holds nothing but counts, so those of files add up.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from docbot.docstring.habits import (
    habits_of,
    is_house_foreign,
    writes_full_stops,
    writes_third_person,
)
from docbot.docstring.tool_rules import (
    LINE_LENGTH,
    docformatter_style,
    layout_rules,
    text_lengths,
)
from docbot.errors import SourceError
from docbot.scan.parse import is_documented, shared_tree
from docbot.scan.source import read as read_text
from docbot.tool_settings import ToolSettings, sections_linters_want

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from docbot.config import Config
    from docbot.docstring.tool_rules import LayoutRules

SAMPLE = 100
"""How many files are read to learn the style of a repository."""

# One docstring is one person's taste on one day. Three that agree, and outnumber those that do not,
# are believed over the configuration; fewer are not.
MINIMUM = 3
"""How many docstrings must agree to outweigh the configuration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DocstringStyle:
    """The style of a repository's docstrings.

    Attributes:
        convention: `google`, `numpy` or `sphinx`.
        quotes: Three double or three single quotes.
        line_length: Columns, the indent and the quotes included.
        summary_length: The same for the summary's line, if that must be shorter; 0 if not.
        below_length: The same for the lines below the summary; 0 likewise.
        next_line: Whether the summary of several lines begins below the quotes (D213).
        last_blank: Whether a blank line follows the last section (D413).
        single_line: Whether only the summary is written, since a linter allows nothing else.
        docformatter: Whether docformatter is in use.
        griffe: Whether results must be written as griffe, which mkdocstrings uses, reads them.
        sections: Whether parameter sections are written where every slot has a phrase.
        required: The kinds of sections without which linters report a docstring.
        types: Whether sections repeat the types of the signature.
        third_person: Whether a function's first sentence is "Adds an item." and not "Add an item."
        full_stop: Whether a first sentence ends with a full stop.
        foreign: Whether the docstrings are in another language than English.

    """

    convention: str = "google"
    quotes: str = '"""'
    line_length: int = LINE_LENGTH
    summary_length: int = 0
    below_length: int = 0
    next_line: bool = False
    last_blank: bool = False
    single_line: bool = False
    docformatter: bool = False
    griffe: bool = False
    sections: bool = False
    required: tuple[str, ...] = ()
    types: bool = False
    third_person: bool = False
    full_stop: bool = True
    foreign: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StyleCounts:
    """Counts of docstrings; those of two files add up with `+`.

    They count styles by their sections (`google`, `numpy`, `sphinx`), quotes (`double`, `single`),
    and where the summary of several lines begins (`first_line`, `next_line`); functions with
    parameters by whether a section describes these (`sectioned`, `bare`), and such sections by
    whether they state types (`typed`, `untyped`); first sentences by the habits of `habits.py`.
    """

    google: int = 0
    numpy: int = 0
    sphinx: int = 0
    double: int = 0
    single: int = 0
    first_line: int = 0
    next_line: int = 0
    sectioned: int = 0
    bare: int = 0
    typed: int = 0
    untyped: int = 0
    english: int = 0
    other_language: int = 0
    third_person: int = 0
    imperative: int = 0
    stopped: int = 0
    unstopped: int = 0

    def __add__(self, other: StyleCounts) -> StyleCounts:
        """Return self + other."""
        return StyleCounts(**{n: getattr(self, n) + getattr(other, n) for n in _COUNTS})


_COUNTS = tuple(field.name for field in dataclasses.fields(StyleCounts))


class _Marks(NamedTuple):
    """The patterns that show, in a docstring without indent: a style, its parameters, types."""

    style: re.Pattern[str]
    parameters: re.Pattern[str]
    types: re.Pattern[str]


def _marks(*patterns: str) -> _Marks:
    return _Marks(*(re.compile(pattern, re.MULTILINE) for pattern in patterns))


# The first that matches is the docstring's style: an underline or a field is seldom an accident,
# while `Returns:` occurs in prose, too.
_STYLES = {
    "numpy": _marks(
        r"^(?:Parameters|Returns|Yields|Raises|Attributes)\n-{3,}$",
        r"^Parameters\n-{3,}$",
        r"^Parameters\n-{3,}\n[\w*, ]+?:\s*\S",
    ),
    "sphinx": _marks(
        r"^:(?:param|type|returns?|rtype|raises?)\b[^:\n]*:",
        r"^:param\b",
        r"^:(?:type\b|param +[^\s:][^:\n]* +\S+:)",
    ),
    "google": _marks(
        r"^(?:Args|Arguments|Returns|Yields|Raises|Attributes):\n +\S",
        r"^(?:Args|Arguments):\n +\S",
        r"^(?:Args|Arguments):\n +[\w*]+ *\(.*\):",
    ),
}

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Documented = ast.Module | ast.ClassDef | _Function
_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)


def count_styles(source: bytes, tree: ast.Module | None = None) -> StyleCounts:
    """Count the styles of one file's docstrings.

    `tree` is the parsed file, if the caller has it at hand.

    Raises:
        SourceError: the file cannot be read as Python.

    """
    tree = tree or shared_tree(read_text(source).code)
    lines = source.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    counts = dict.fromkeys(_COUNTS, 0)
    for node in _definitions(tree):
        literal = _literal(node)
        if literal is not None:
            for name in _counts_of(node, str(literal.value), _quotes(literal, lines)):
                counts[name] += 1
    return StyleCounts(**counts)


StyleOf = Callable[["PurePosixPath"], DocstringStyle]
"""Returns the style of a file, by its path from the repository's root."""


def style_finder(
    paths: Callable[[], Iterable[PurePosixPath]],
    read: Callable[[PurePosixPath], bytes],
    levels_of: Callable[[PurePosixPath], Sequence[Mapping[str, str]]],
    config: Config,
) -> StyleOf:
    """Return what detects the style of a file: from the docstrings of all, and its own settings.

    Args:
        paths: Lists the files whose docstrings count, when they are first asked for.
        read: Returns a file's bytes, or raises SourceError.
        levels_of: Returns the settings for the files of a folder, as for `read_tools`.
        config: The configuration.

    """
    counts = functools.cache(lambda: _count_sample(paths(), read))

    @functools.cache
    def style_in(folder: PurePosixPath, config: Config) -> DocstringStyle:
        return detect(counts(), levels_of(folder), config)

    return lambda path: style_in(path.parent, config.of(path))


def _count_sample(
    paths: Iterable[PurePosixPath], read: Callable[[PurePosixPath], bytes]
) -> StyleCounts:
    """Count the styles in a sample of files, evenly spread: the same in every run."""
    counts = StyleCounts()
    ordered = sorted(paths)
    for path in ordered[:: max(1, len(ordered) // SAMPLE)]:
        with suppress(SourceError):
            counts += count_styles(read(path))
    return counts


def detect(
    counts: StyleCounts, levels: Sequence[Mapping[str, str]], config: Config
) -> DocstringStyle:
    """Decide how docstrings are set.

    `levels` are as for `read_tools`; a file that its own tool could not read is passed over. What
    the user sets in `config` is final.
    """
    tools = ToolSettings(levels)
    style = config.style
    if style == "auto":
        style = (
            _majority({s: getattr(counts, s) for s in _STYLES})
            or _configured_style(tools)
            or "google"
        )
    single = _most_say(counts.single, counts.double)
    types = _most_say(counts.typed, counts.untyped)
    if single is None:
        single = any(tools.get(path) in ("single", "'", "'''") for path in _QUOTES)
    if types is None:
        types = _configured_types(tools, style)
    required = sections_linters_want(levels) if config.sections == "auto" else ()
    always = bool(required) or _most_say(counts.sectioned, counts.bare) is True
    rules = layout_rules(tools)
    lengths = text_lengths(tools, config.line_length)
    field_lists = docformatter_style(tools)
    # Of field lists, docformatter lets stand those of its own style only.
    is_rewritten = style == "sphinx" and field_lists not in (None, "sphinx")
    is_refused = style == "google" and rules.only_numpy
    single_line = rules.first_line and rules.next_line
    griffe = style == "google" and tools.get("mkdocstrings") is not None
    no_form = griffe and _pydoclint_wants_result_types(tools)
    return DocstringStyle(
        convention=style,
        quotes="'''" if single else '"""',
        line_length=lengths.line,
        summary_length=lengths.summary if lengths.summary < lengths.line else 0,
        below_length=lengths.below if lengths.below < lengths.line else 0,
        next_line=_is_on_next_line(rules, counts, tools),
        last_blank=rules.last_blank,
        single_line=single_line,
        docformatter=field_lists is not None,
        griffe=griffe,
        sections=(always if config.sections == "auto" else config.sections == "always")
        and not (single_line or is_rewritten or is_refused or no_form),
        required=required,
        types=types,
        third_person=writes_third_person(counts, tools),
        full_stop=writes_full_stops(counts, tools),
        foreign=config.language == "auto" and is_house_foreign(counts),
    )


def _is_on_next_line(rules: LayoutRules, counts: StyleCounts, tools: ToolSettings) -> bool:
    """Decide where summaries begin: as a linter says, as most do, as docformatter would do."""
    if rules.first_line or rules.next_line:
        return rules.next_line
    most = _most_say(counts.next_line, counts.first_line)
    if most is not None:
        return most
    return any(
        tools.is_on(f"{table}.pre-summary-newline", default=False)
        for table in ("docformatter", "docformatter-hook")
    )


def _majority(counts: Mapping[str, int]) -> str | None:
    """Return the name counted more often than all others together, if `MINIMUM` times at least."""
    name = max(counts, key=lambda name: counts[name])
    return name if counts[name] >= MINIMUM and 2 * counts[name] > sum(counts.values()) else None


def _most_say(yes: int, no: int) -> bool | None:
    """Compare two counts; None where they are equal, or both below `MINIMUM`."""
    return None if max(yes, no) < MINIMUM or yes == no else yes > no


def _definitions(tree: ast.Module) -> Iterator[_Documented]:
    """Yield all nodes that may have a docstring, without entering expressions."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, _Documented):
            yield node
        stack += [child for child in ast.iter_child_nodes(node) if isinstance(child, _BLOCKS)]


def _literal(node: _Documented) -> ast.Constant | None:
    """Return the literal of a node's docstring."""
    first = node.body[0] if is_documented(node) else None
    value = first.value if isinstance(first, ast.Expr) else None
    return value if isinstance(value, ast.Constant) else None


def _quotes(literal: ast.Constant, lines: Sequence[bytes]) -> str:
    """Return the name of the count for the literal's quotes, "" for other quotes than three."""
    # ast's column counts bytes of UTF-8 and its line may end at a lone carriage return: in files
    # where that is not so, there are no quotes at that place, and the literal is not counted.
    line = lines[literal.lineno - 1] if literal.lineno <= len(lines) else b""
    start = line[literal.col_offset :].lstrip(b"rRuU")[:3]
    return {b'"""': "double", b"'''": "single"}.get(start, "")


def _counts_of(node: _Documented, docstring: str, quotes: str) -> Iterator[str]:
    """Yield the names of the counts that one docstring adds to."""
    yield from habits_of(node, docstring)
    if quotes:
        yield quotes
    if "\n" in docstring.strip():
        yield "first_line" if docstring.partition("\n")[0].strip() else "next_line"
    text = inspect.cleandoc(docstring)
    style = next((style for style, marks in _STYLES.items() if marks.style.search(text)), "")
    sectioned = bool(style) and bool(_STYLES[style].parameters.search(text))
    if style:
        yield style
    if sectioned:
        yield "typed" if _STYLES[style].types.search(text) else "untyped"
    if isinstance(node, _Function) and _takes_arguments(node):
        yield "sectioned" if sectioned else "bare"


def _takes_arguments(node: _Function) -> bool:
    args = node.args
    parameters = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    receiver = bool(parameters) and parameters[0].arg in ("self", "cls")
    return len(parameters) > receiver or bool(args.vararg or args.kwarg)


# Where tools keep their settings; the first path that leads to a value counts.
_STYLE = (
    "ruff.lint.pydocstyle.convention",
    "ruff.pydocstyle.convention",
    "pydocstyle.convention",
    "flake8.docstring-convention",
    "pydoclint.style",
    "flake8.style",
    "docformatter.style",
)
_QUOTES = ("ruff.lint.flake8-quotes.docstring-quotes", "flake8.docstring-quotes")


def _configured_style(tools: ToolSettings) -> str | None:
    """Return the style that a tool expects; `pep257` is the name of none."""
    styles = [tools.get(path) for path in _STYLE]
    if tools.get("numpydoc_validation") is not None:
        styles.append("numpy")
    return next((style for style in styles if isinstance(style, str) and style in _STYLES), None)


def _configured_types(tools: ToolSettings, style: str) -> bool:
    """Check whether pydoclint expects types, as by default; without it, numpydoc's rule holds."""
    if tools.get("pydoclint") is None:
        return style == "numpy"
    return tools.is_on("pydoclint.arg-type-hints-in-docstring", default=True)


def _pydoclint_wants_result_types(tools: ToolSettings) -> bool:
    """Check whether pydoclint compares the type of what is returned, as by default."""
    return tools.get("pydoclint") is not None and tools.is_on(
        "pydoclint.check-return-types", default=True
    )
