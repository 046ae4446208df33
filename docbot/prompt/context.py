"""Collect what a prompt may show of a target's file: what a reader would look at first."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.errors import SourceError
from docbot.scan.definition import Definition, Kind
from docbot.scan.parse import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docbot.select.skip import Target

NO_PATH = PurePosixPath()
MAX_EXAMPLES = 2
MAX_CALLEES = 3
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The surroundings of a target that a prompt may show, as plain text.

    Attributes:
        target: The definition to document.
        owner: Name of the class that a method belongs to, else "".
        enclosing: That class's header, with the first sentence of its docstring.
        module: First sentence of the module's docstring.
        callees: "name: first sentence" of documented functions of this file that the target calls.
        examples: "name: first sentence" of the nearest documented siblings, as samples of style.
        path: The file, relative to what was scanned.
        headline: The docstring's first line, once it is settled; "" before.

    """

    target: Target
    path: PurePosixPath = NO_PATH
    owner: str = ""
    enclosing: str = ""
    module: str = ""
    callees: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    headline: str = ""


def build_context(
    target: Target, definitions: Sequence[Definition], path: PurePosixPath = NO_PATH
) -> Context:
    """Build the context of one target from all definitions of its file."""
    own = target.definition
    documented = [d for d in definitions if d.docstring and d is not own]
    siblings = [d for d in documented if d.owner == own.owner and d.kind is own.kind]
    siblings.sort(key=lambda d: abs(d.line - own.line))
    call_names = {name.rpartition(".")[2] for name in own.calls}
    callees = [d for d in documented if d.name in call_names]
    return Context(
        target=target,
        path=path,
        owner=own.owner,
        enclosing=_enclosing(own, definitions),
        module=next((first_sentence(d) for d in definitions if d.kind is Kind.MODULE), ""),
        callees=tuple(_summary_line(d) for d in callees[:MAX_CALLEES]),
        examples=tuple(_summary_line(d) for d in siblings[:MAX_EXAMPLES]),
    )


def statement_ends(definition: Definition) -> tuple[int, ...]:
    """Return the offsets between statements where a definition's code may be cut.

    They count characters of `code`, ascending. None is before a statement that opens a block, which
    would then be empty; there are none in code that cannot be parsed.
    """
    code = definition.code
    starts = [0, *(at + 1 for at, character in enumerate(code) if character == "\n")]
    try:
        tree, first = _tree_of_code(definition)
    except SourceError:
        return ()
    ends = set()
    for node in ast.walk(tree):
        for block in (getattr(node, name, ()) for name in ("body", "orelse", "finalbody")):
            for statement in block[1:] if isinstance(block, list) else ():
                decorators = getattr(statement, "decorator_list", ())
                line = min((d.lineno for d in decorators), default=statement.lineno)
                ends.add(starts[line - first])
    return tuple(sorted(ends))


def _tree_of_code(definition: Definition) -> tuple[ast.AST, int]:
    """Return the tree of a definition's code and the line number of its start in the tree."""
    if definition.tree is not None and definition.docstring is None:
        return definition.tree, definition.lines[0]
    return parse(definition.code), 1


def first_sentence(definition: Definition) -> str:
    """Return a docstring's first sentence on one line; "" without a docstring.

    It can always be encoded in UTF-8.
    """
    paragraph = _BLANK_LINE.split((definition.docstring or "").strip())[0]
    sentence = _SENTENCE_END.split(" ".join(paragraph.split()))[0]
    return sentence.encode("utf-8", "replace").decode()  # an escape can make a lone surrogate


def _summary_line(definition: Definition) -> str:
    return f"{definition.name}: {first_sentence(definition)}"


def _enclosing(own: Definition, definitions: Sequence[Definition]) -> str:
    parent = own.qualname.rpartition(".")[0]
    for d in definitions if own.owner else ():
        if d.kind is Kind.CLASS and d.qualname == parent:
            bases = f"({', '.join(d.bases)})" if d.bases else ""
            return f"class {d.name}{bases}: {first_sentence(d)}".rstrip(": ")
    return ""
