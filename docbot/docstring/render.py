"""Words and facts to a docstring literal that the house's linters and formatters leave alone.

A docstring is the summary line alone unless the house writes sections and there are words for every
slot: a section that leaves a parameter out says that there is no such parameter. Where something
does not hold for the whole docstring, a shorter one is set; nothing is ever cut to fit.
"""

from __future__ import annotations

import ast
import re
import textwrap
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.gate.summary import Summary
from docbot.prompt.task import Slot, Task
from docbot.scan.definition import Kind
from docbot.scan.parse import dotted, parse_expression
from docbot.scan.tree import function_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from docbot.docstring.style import DocstringStyle
    from docbot.scan.definition import Definition

# A tab is four columns to ruff and eight to a terminal; a line short enough for eight fits both.
_TAB = 8

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One item of a section: `name` is "" for what is returned, `type` where none is stated."""

    name: str = ""
    type: str = ""
    phrase: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sections:
    """What is said below the summary; `returns`, one item or none, may be what is yielded."""

    params: tuple[Entry, ...] = ()
    returns: tuple[Entry, ...] = ()
    yields: bool = False
    raises: tuple[Entry, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The columns to the right of the docstring's indent, and one further step of indent."""

    width: int
    unit: str

    def wrap(self, head: str, phrase: str, hang: str) -> list[str]:
        """Set `phrase` beside `head`, which is never broken; its further lines behind `hang`."""
        return textwrap.wrap(
            phrase,
            max(self.width, 1),
            initial_indent=head,
            subsequent_indent=hang,
            break_long_words=False,
            break_on_hyphens=False,
        )


def google(sections: Sections, page: Page) -> Iterator[str]:
    """Sections as in Google's Python style guide."""
    unit = page.unit
    if sections.params:
        yield from ("", "Args:")
    for entry in sections.params:
        head = f"{entry.name} ({entry.type}): " if entry.type else f"{entry.name}: "
        yield from page.wrap(unit + head, entry.phrase, unit * 2)
    for entry in sections.returns:
        yield from ("", "Yields:" if sections.yields else "Returns:")
        # Not hung: Napoleon reads a paragraph here, and would make the hang a definition list.
        yield from page.wrap(unit + (entry.type and f"{entry.type}: "), entry.phrase, unit)
    if sections.raises:
        yield from ("", "Raises:")
    for entry in sections.raises:
        yield from page.wrap(f"{unit}{entry.name}: ", entry.phrase, unit * 2)


def numpy(sections: Sections, page: Page) -> Iterator[str]:
    """Sections as in numpydoc's style guide."""
    for title, entries in (
        ("Parameters", sections.params),
        ("Yields" if sections.yields else "Returns", sections.returns),
        ("Raises", sections.raises),
    ):
        if entries:
            yield from ("", title, "-" * len(title))
        for entry in entries:
            yield " : ".join(filter(None, (entry.name, entry.type)))
            yield from page.wrap(page.unit, entry.phrase, page.unit)


def sphinx(sections: Sections, page: Page) -> Iterator[str]:
    """Field lists as in Sphinx's Python domain."""
    yield ""
    for entry in sections.params:
        name = entry.name.replace("*", r"\*")  # or docutils takes the stars for emphasis
        yield from page.wrap(f":param {name}: ", entry.phrase, page.unit)
        if entry.type:
            yield f":type {name}: {entry.type}"
    for entry in sections.returns:
        field, type_field = (":yields:", ":ytype:") if sections.yields else (":returns:", ":rtype:")
        yield from page.wrap(f"{field} ", entry.phrase, page.unit)
        if entry.type:
            yield f"{type_field} {entry.type}"
    for entry in sections.raises:
        yield from page.wrap(f":raises {entry.name}: ", entry.phrase, page.unit)


STYLES: Mapping[str, Callable[[Sections, Page], Iterator[str]]] = {
    "google": google,
    "numpy": numpy,
    "sphinx": sphinx,
}
"""What each style sets below the summary: lines without indent, the first one blank."""


def render(summary: Summary, definition: Definition, house: DocstringStyle) -> str | None:
    r"""Set a docstring: the literal, quotes included, `\n` between its lines.

    The first line is not indented, the others carry the anchor's indent. A headline's second
    sentence becomes a paragraph. Mood and truth of the words are the caller's care.

    Returns:
        None where the headline cannot stand between the house's quotes on one line of its length
        without an escape, and where the definition has no place for a docstring.

    """
    if definition.indent is None:
        return None
    headline, rest = _split(summary.headline)
    if not _is_headline(headline, definition, house):
        return None
    indent = definition.indent
    alone = _literal([headline], indent, house)
    # Ruff's D206 finds a tab in any line of a docstring but the first; black makes it spaces.
    if alone is None or "\t" in indent:
        return alone
    function = _function(definition) if house.sections else None
    page = Page(width=house.line_length - _width(indent), unit=_unit(function))
    more = ["", *page.wrap("", rest, "")] if _is_plain(rest) else []
    sections: list[str] = []
    if function and (facts := _sections(summary, definition, house, function)):
        sections = list(STYLES[house.style](facts, page))
    for lines in (more + sections, sections, more):
        if lines and (literal := _literal([headline, *lines], indent, house)):
            return literal
    return alone


def slots(definition: Definition, house: DocstringStyle) -> tuple[Slot, ...]:
    """What sections need words for, in order; () where none can be set, whatever the words."""
    indent = definition.indent
    if not house.sections or indent is None or "\t" in indent:
        return ()
    function = _function(definition)
    if function is None:
        return ()
    any_words = Summary(
        headline="",
        params=tuple((param.name, "it") for param in definition.signature.params),
        returns="it",
        raises=tuple((name, "it") for name in definition.raises),
    )
    sections = _sections(any_words, definition, house, function)
    if sections is None:
        return ()
    return (
        *(Slot(task=Task.PARAM, name=entry.name.lstrip("*")) for entry in sections.params),
        *(Slot(task=Task.RETURNS) for _ in sections.returns),
        *(Slot(task=Task.RAISES, name=entry.name) for entry in sections.raises),
    )


# the words


def _split(text: str) -> tuple[str, str]:
    """The first sentence, and what follows it."""
    end = re.search(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\betc)\. +(?=[A-Z`])", text)
    return (text[: end.start() + 1], text[end.end() :]) if end else (text, "")


def _is_plain(text: str) -> bool:
    """One line without control characters that doctest would not run."""
    return bool(text) and text.isprintable() and text == text.strip() and ">>>" not in text


def _is_headline(text: str, definition: Definition, house: DocstringStyle) -> bool:
    """Whether pydocstyle has nothing to say of it as a first line: D210, D400, D402, D403."""
    return (
        _is_plain(text)
        and text.endswith(".")
        and not text[0].islower()
        and not text.startswith(house.quotes[0])  # formatters put a blank between: D210
        and f"{definition.name}(" not in text
    )


# A line that is one of these, wherever it stands, is a heading to linters and parsers.
_SECTION_NAMES = re.compile(
    r"args|arguments|attention|attributes|caution|danger|errors?|examples?|exceptions?|hint|"
    r"important|keyword arg(ument)?s|methods|notes?|other (arg(ument)?s|param(eter)?s)|params|"
    r"parameters|raises?|receives|references|returns?|see also|(extended|short) summary|tip|todo|"
    r"warnings?|warns|yields?",
    re.IGNORECASE,
)
_HEADINGS = ("Args:", "Parameters", "Returns", "Returns:", "Yields", "Yields:", "Raises", "Raises:")


def _misleads(line: str) -> bool:
    return line not in _HEADINGS and bool(_SECTION_NAMES.fullmatch(line.strip().rstrip(":")))


def _literal(lines: list[str], indent: str, house: DocstringStyle) -> str | None:
    """The lines between quotes; None where they would be too long, or read as something else."""
    if any(map(_misleads, lines)):
        return None
    body = lines[0]
    if len(lines) > 1:
        below = [*lines, ""] if house.next_line else [*lines[1:], ""]
        first = "" if house.next_line else lines[0]
        body = "\n".join([first, *(indent + line if line else "" for line in below[:-1]), indent])
    raw = "r" if "\\" in body else ""
    literal = f"{raw}{house.quotes}{body}{house.quotes}"
    if any(_width(line) > house.line_length for line in (indent + literal).split("\n")):
        return None
    try:
        return literal if ast.literal_eval(literal) == body else None
    except (SyntaxError, ValueError):
        return None


def _width(text: str) -> int:
    """Columns, as black and ruff count those of East Asian characters."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide + text.count("\t") * (_TAB - 1)


# the facts


def _function(definition: Definition) -> _Function | None:
    """The function once more as a tree; None for a class, and where functions nest.

    pydoclint looks for `return`, `raise` and `yield` breadth first and stops at the first, even one
    that an inner function owns: no sections could be sure to please it.
    """
    if definition.kind not in (Kind.FUNCTION, Kind.METHOD):
        return None
    try:
        function = function_of(definition)
    except SourceError:
        return None
    nodes = [node for node in ast.walk(function) if isinstance(node, _Function | ast.ClassDef)]
    return function if nodes == [function] else None


def _unit(function: _Function | None) -> str:
    """One step of the file's indent, as the function's body shows it."""
    step = function.body[0].col_offset - function.col_offset if function is not None else 0
    return " " * (step if step in (2, 3, 4, 8) else 4)


def _sections(
    summary: Summary, definition: Definition, house: DocstringStyle, function: _Function
) -> Sections | None:
    """Every section that the house's linters ask for; None where a word or a type is missing."""
    if any(name.endswith("property") for name in definition.decorator_names):
        return None  # read like an attribute, and so described
    phrases = dict(summary.params)
    params = tuple(
        Entry(
            name=param.starred,
            type=_type(param.annotation) if house.types else "",
            phrase=phrases.get(param.name, ""),
        )
        for param in definition.signature.params
        if param.name.strip("_")  # `_` says that it means nothing, and linters agree
    )
    returns = _returns(summary, definition, house, function)
    raises = _raises(summary, definition, function)
    if returns is None or raises is None:
        return None
    if not all(_is_plain(entry.phrase) for entry in (*params, *returns, *raises)):
        return None
    if house.types and not all(entry.type for entry in (*params, *returns)):
        return None
    if not (params or returns or raises):
        return None
    return Sections(params=params, returns=returns, yields=definition.yields, raises=raises)


def _returns(
    summary: Summary, definition: Definition, house: DocstringStyle, function: _Function
) -> tuple[Entry, ...] | None:
    """What is returned or yielded, () for nothing; None where pydoclint could not be pleased."""
    annotation = definition.signature.returns
    if definition.yields:
        annotation = _yielded(definition, function)
        if annotation is None:
            return None
    elif annotation is None and not definition.returns:
        # A bare `return` wants a section too, says pydoclint; there is nothing to say in one.
        bare = any(isinstance(node, ast.Return) for node in ast.walk(function))
        return None if bare else ()
    if annotation in ("None", "NoReturn"):
        return ()
    phrase = summary.returns or ""
    # In numpydoc's layout a phrase has no place but below a type.
    type_ = _type(annotation) if house.types or house.style == "numpy" else ""
    if house.style == "numpy" and not type_:
        return None
    if house.style == "google" and not type_ and ":" in phrase:
        return None  # what stands before the colon would be read as a type
    return (Entry(type=type_, phrase=phrase),)


_GENERATORS = ("Generator", "AsyncGenerator")
_ITERATORS = ("Iterator", "Iterable", "AsyncIterator", "AsyncIterable")


def _yielded(definition: Definition, function: _Function) -> str | None:
    """The annotation of what a generator yields; None where pydoclint would see it otherwise."""
    statements = (node.value for node in ast.walk(function) if isinstance(node, ast.Expr))
    if definition.returns or not any(isinstance(s, ast.Yield | ast.YieldFrom) for s in statements):
        return None  # it knows no `x = yield`, and two phrases would be needed
    annotation = function.returns
    if not isinstance(annotation, ast.Subscript):
        return None
    name, item = dotted(annotation.value).rpartition(".")[2], annotation.slice
    if name in _GENERATORS and isinstance(item, ast.Tuple) and item.elts:
        item = item.elts[0]
    text = ast.unparse(item)
    # It drops the quotes of a type but not, for what is yielded, those of ours.
    quoted = not isinstance(item, ast.Constant) and {"'", '"'} & set(text)
    return text if name in (*_GENERATORS, *_ITERATORS) and not quoted else None


def _raises(
    summary: Summary, definition: Definition, function: _Function
) -> tuple[Entry, ...] | None:
    """The exceptions by name; None where one is raised again, or its class cannot be read off."""
    for node in ast.walk(function):
        if isinstance(node, ast.Raise):
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = dotted(raised) if raised is not None else ""
            if name not in definition.raises or not name.rpartition(".")[2][:1].isupper():
                return None
    phrases = dict(summary.raises)
    return tuple(Entry(name=name, phrase=phrases.get(name, "")) for name in definition.raises)


def _type(annotation: str | None) -> str:
    """The annotation as pydoclint spells it; "" where it has none that a docstring can hold."""
    node = parse_expression(annotation or "")
    if node is None:
        return ""
    text = ast.unparse(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    # A colon would end the type, `#` start a comment, and versions of `ast` differ on `[*Ts]`.
    return "" if re.search(r"[:#\\]|\[\*", text) else text
