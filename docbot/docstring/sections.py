"""Fill and write the sections of a docstring: parameters, results and exceptions.

A section that leaves a parameter out says that there is no such parameter. So sections are filled
only where every slot has a phrase, and only where pydoclint would be satisfied.
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
from docbot.scan.tree import class_of, function_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from docbot.docstring.style import DocstringStyle
    from docbot.scan.definition import Definition

# A tab is four columns to ruff and eight to a terminal; a line short enough for eight fits both.
_TAB = 8

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One item of a section: `name` is "" for what is returned, `type` is "" if none is stated."""

    name: str = ""
    type: str = ""
    phrase: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sections:
    """The items of all sections; `returns` holds one or none, which may be what is yielded."""

    params: tuple[Entry, ...] = ()
    returns: tuple[Entry, ...] = ()
    yields: bool = False
    raises: tuple[Entry, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The room for text: columns right of the docstring's indent, and one further step of it."""

    width: int
    unit: str

    def wrap(self, head: str, phrase: str, hang: str) -> list[str]:
        """Wrap `phrase` after `head`, which is never broken; its further lines follow `hang`."""
        return textwrap.wrap(
            phrase,
            max(self.width, 1),
            initial_indent=head,
            subsequent_indent=hang,
            break_long_words=False,
            break_on_hyphens=False,
        )


def write_google(sections: Sections, page: Page) -> Iterator[str]:
    """Write sections as in Google's Python style guide."""
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


def write_numpy(sections: Sections, page: Page) -> Iterator[str]:
    """Write sections as in numpydoc's style guide."""
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


def write_sphinx(sections: Sections, page: Page) -> Iterator[str]:
    """Write sections as field lists of Sphinx's Python domain."""
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
    "google": write_google,
    "numpy": write_numpy,
    "sphinx": write_sphinx,
}
"""For each style, the function that yields the lines below the summary.

They have no indent, and the first one is blank.
"""


def section_lines(sections: Sections, definition: Definition, style: DocstringStyle) -> list[str]:
    """Write sections for a docstring at the definition's indent; the first line is blank.

    The lines have no indent. There are none where one is too long or would be read otherwise.
    """
    lines = list(STYLES[style.convention](sections, page_of(definition, style)))
    indent = definition.indent or ""
    most = style.below_length or style.line_length
    too_long = any(width_of(indent + line) > most for line in lines)
    return [] if too_long or any(map(is_false_heading, lines)) else lines


def page_of(definition: Definition, style: DocstringStyle) -> Page:
    """Return the room that a definition's docstring has."""
    function = _function(definition) if style.sections else None
    most = style.below_length or style.line_length
    return Page(width=most - width_of(definition.indent or ""), unit=_unit(function))


def slots_of(definition: Definition, style: DocstringStyle) -> tuple[Slot, ...]:
    """Return what sections need phrases for, in order; () where no sections can be written."""
    placeholder = Summary(
        headline="",
        params=tuple((param.name, "it") for param in definition.signature.params),
        returns="it",
        raises=tuple((name, "it") for name in definition.raises),
    )
    sections = fill_sections(placeholder, definition, style)
    return slots_in(sections) if sections is not None else ()


def slots_in(sections: Sections) -> tuple[Slot, ...]:
    """Return the slots of some sections, in order."""
    return (
        *(Slot(task=Task.PARAM, name=entry.name.lstrip("*")) for entry in sections.params),
        *(Slot(task=Task.RETURNS) for _ in sections.returns),
        *(Slot(task=Task.RAISES, name=entry.name) for entry in sections.raises),
    )


def needs_sections(definition: Definition, style: DocstringStyle) -> bool:
    """Check whether linters would report a docstring of this definition that has no sections."""
    required = set(style.required)
    if not required or definition.kind is Kind.MODULE:
        return False
    try:
        node = class_of(definition) if definition.kind is Kind.CLASS else function_of(definition)
    except SourceError:
        return True
    if isinstance(node, ast.ClassDef):
        return "parameters" in required and any(map(_is_for_the_class, node.body))
    raises = any(isinstance(each, ast.Raise) for each in ast.walk(node))
    annotation = definition.signature.returns
    returns = definition.returns or annotation not in (None, "None", "NoReturn")
    has = {
        "parameters": bool(definition.signature.params),
        "returns": returns and not definition.yields,
        "yields": definition.yields,
        "raises": raises or bool(definition.raises),
    }
    return any(has[kind] for kind in required)


def _is_for_the_class(statement: ast.stmt) -> bool:
    """Check for what pydoclint wants to see in a class's docstring: attributes, parameters."""
    is_constructor = isinstance(statement, _Function) and statement.name == "__init__"
    return is_constructor or isinstance(statement, ast.Assign | ast.AnnAssign)


# Lines


def is_plain(text: str) -> bool:
    """Check whether a text is one printable line that doctest would not run."""
    return bool(text) and text.isprintable() and text == text.strip() and ">>>" not in text


# Linters and parsers take a line that is one of these for a heading, wherever it is.
_SECTION_NAMES = re.compile(
    r"args|arguments|attention|attributes|caution|danger|errors?|examples?|exceptions?|hint|"
    r"important|keyword arg(ument)?s|methods|notes?|other (arg(ument)?s|param(eter)?s)|params|"
    r"parameters|raises?|receives|references|returns?|see also|(extended|short) summary|tip|todo|"
    r"warnings?|warns|yields?",
    re.IGNORECASE,
)
_HEADINGS = ("Args:", "Parameters", "Returns", "Returns:", "Yields", "Yields:", "Raises", "Raises:")


def is_false_heading(line: str) -> bool:
    """Check for a line that linters and parsers would take for another heading."""
    return line not in _HEADINGS and bool(_SECTION_NAMES.fullmatch(line.strip().rstrip(":")))


def width_of(text: str) -> int:
    """Count columns; as for black and ruff, East Asian characters may take two."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide + text.count("\t") * (_TAB - 1)


# Items of sections


def _function(definition: Definition) -> _Function | None:
    """Parse the function once more; None for a class, and where functions nest.

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
    """Return one step of the file's indent, as the function's body shows it."""
    step = function.body[0].col_offset - function.col_offset if function is not None else 0
    return " " * (step if step in (2, 3, 4, 8) else 4)


def fill_sections(
    summary: Summary, definition: Definition, style: DocstringStyle
) -> Sections | None:
    """Fill every section that linters ask for.

    Returns:
        None where the style has no sections, none can be written, or a phrase or type is missing.

    """
    function = _function(definition) if style.sections else None
    indent = definition.indent
    is_property = any(name.endswith("property") for name in definition.decorator_names)
    # A property is read, and so documented, like an attribute.
    if function is None or indent is None or "\t" in indent or is_property:
        return None
    returns = _returns(summary, definition, style, function)
    raises = _raises(summary, definition, function)
    if returns is None or raises is None:
        return None
    sections = Sections(
        params=_params(summary, definition, style),
        returns=returns,
        yields=definition.yields,
        raises=raises,
    )
    return sections if _is_complete(sections, style) else None


def _params(summary: Summary, definition: Definition, style: DocstringStyle) -> tuple[Entry, ...]:
    phrases = dict(summary.params)
    return tuple(
        Entry(
            name=param.starred,
            type=_type(param.annotation) if style.types else "",
            phrase=phrases.get(param.name, ""),
        )
        for param in definition.signature.params
        if param.name.strip("_")  # `_` means an unused parameter, to linters too
    )


def _is_complete(sections: Sections, style: DocstringStyle) -> bool:
    """Check that there are entries, and that each has its phrase and the type that it needs."""
    typed = (*sections.params, *(() if style.griffe else sections.returns))
    entries = (*sections.params, *sections.returns, *sections.raises)
    if style.types and not all(entry.type for entry in typed):
        return False
    return bool(entries) and all(is_plain(entry.phrase) for entry in entries)


def _returns(
    summary: Summary, definition: Definition, style: DocstringStyle, function: _Function
) -> tuple[Entry, ...] | None:
    """Fill the item for what is returned or yielded.

    Returns:
        () for nothing; None where whatever is written, pydoclint complains.

    """
    annotation = definition.signature.returns
    if definition.yields:
        annotation = _yielded(definition, function)
        if annotation is None:
            return None
    elif annotation is None and not definition.returns:
        # pydoclint wants a section for a bare `return` too, and there is nothing to say in one.
        bare = any(isinstance(node, ast.Return) for node in ast.walk(function))
        return None if bare else ()
    if annotation in ("None", "NoReturn"):
        return ()
    phrase = summary.returns or ""
    # In numpydoc's layout a phrase has no place but below a type.
    type_ = _type(annotation) if style.types or style.convention == "numpy" else ""
    if style.convention == "numpy" and not type_:
        return None
    if style.griffe:  # it reads `int: text` as a value called `int`
        type_ = ""
    if style.convention == "google" and not type_ and not _is_free_text(phrase, definition, style):
        return None
    return (Entry(type=type_, phrase=phrase),)


def _is_free_text(phrase: str, definition: Definition, style: DocstringStyle) -> bool:
    """Check that a result's phrase is read as one text, without a type before it."""
    page = page_of(definition, style)
    # What stands before a colon would be the type; to griffe, each line is another value.
    lines = page.wrap(page.unit, phrase, page.unit) if style.griffe else []
    return ":" not in phrase and len(lines) <= 1


_GENERATORS = ("Generator", "AsyncGenerator")
_ITERATORS = ("Iterator", "Iterable", "AsyncIterator", "AsyncIterable")


def _yielded(definition: Definition, function: _Function) -> str | None:
    """Return the annotation of what a generator yields; None where pydoclint reads another."""
    statements = (node.value for node in ast.walk(function) if isinstance(node, ast.Expr))
    if definition.returns or not any(isinstance(s, ast.Yield | ast.YieldFrom) for s in statements):
        return None  # pydoclint knows no `x = yield`, and two phrases would be needed
    annotation = function.returns
    if not isinstance(annotation, ast.Subscript):
        return None
    name, item = dotted(annotation.value).rpartition(".")[2], annotation.slice
    if name in _GENERATORS and isinstance(item, ast.Tuple) and item.elts:
        item = item.elts[0]
    text = ast.unparse(item)
    # pydoclint drops the quotes of a type but not, for what is yielded, those of the docstring.
    quoted = not isinstance(item, ast.Constant) and {"'", '"'} & set(text)
    return text if name in (*_GENERATORS, *_ITERATORS) and not quoted else None


def _raises(
    summary: Summary, definition: Definition, function: _Function
) -> tuple[Entry, ...] | None:
    """Fill the items for exceptions; None where one is re-raised, or its class is not evident."""
    for node in ast.walk(function):
        if isinstance(node, ast.Raise):
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = dotted(error) if error is not None else ""
            if name not in definition.raises or not name.rpartition(".")[2][:1].isupper():
                return None
    phrases = dict(summary.raises)
    return tuple(Entry(name=name, phrase=phrases.get(name, "")) for name in definition.raises)


def _type(annotation: str | None) -> str:
    """Return the annotation as pydoclint spells it; "" for none that a docstring can hold."""
    node = parse_expression(annotation or "")
    if node is None:
        return ""
    text = ast.unparse(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    # A colon would end the type, `#` start a comment, and versions of `ast` differ on `[*Ts]`.
    return "" if re.search(r"[:#\\]|\[\*", text) else text
