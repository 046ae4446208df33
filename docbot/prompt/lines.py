"""Write a prompt of plain code lines, for docbot-small: code, then one comment for each slot.

    class Cache:
        def evict(self, older_than):
            ...
    # Summary: Remove the entries that are older than a time.
    # Param older_than:

The model continues the last line and ends with a newline. It was trained on exactly these lines
(`docbot.distill.adapt`): changing them changes the model's input. The limits count characters, not
tokens, so that training and use need no tokenizer to agree; a token is some 3.5 characters of code.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from docbot.prompt.task import Slot, Task
from docbot.scan.definition import Kind
from docbot.scan.tree import class_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docbot.prompt.context import Context

LIMIT = 640
"""Most characters of code; of a longer body the beginning and the end are kept."""

TAIL = 200
"""Most characters of a long body's end, where its result is."""

LONGEST_LINE, LONGEST_SIGNATURE = 160, 100
"""Most characters of a line of code, and of a member's signature in a class or module."""

MOST_ATTRIBUTES = 8
"""Most attributes that are shown of those that `__init__` sets."""

CUT = "..."

_Function = ast.FunctionDef | ast.AsyncFunctionDef

_HEADERS = {Task.PARAM: "Param", Task.RETURNS: "Returns", Task.RAISES: "Raises"}


def slot_header(slot: Slot) -> str:
    """Return the comment that asks for a slot: `# Summary:`, `# Param name:`."""
    title = _HEADERS.get(slot.task, "Summary")
    return f"# {title} {slot.name}:" if slot.name else f"# {title}:"


def code_lines(context: Context) -> str:
    """Write what the model reads of a definition; each line ends with a newline.

    Raises:
        SourceError: the code of a class or a module cannot be parsed by itself.

    """
    kind = context.target.definition.kind
    if kind is Kind.CLASS:
        lines = _class_lines(context)
    elif kind is Kind.MODULE:
        lines = _module_lines(context)
    else:
        lines = _function_lines(context)
    return "".join(f"{line}\n" for line in lines)


def _function_lines(context: Context) -> list[str]:
    code = context.target.definition.code
    lines = [line.rstrip()[:LONGEST_LINE] for line in code.splitlines() if line.strip()]
    if not context.owner:
        return _shorten(lines, "    ")
    header = context.enclosing.partition(": ")[0] or f"class {context.owner}"
    return [f"{header[:LONGEST_SIGNATURE]}:", *_shorten([f"    {x}" for x in lines], " " * 8)]


def _shorten(lines: list[str], indent: str) -> list[str]:
    """Keep the first and the last lines, at most LIMIT characters in all."""
    if sum(len(line) + 1 for line in lines) <= LIMIT:
        return lines
    end = _fitting(reversed(lines[1:]), TAIL)
    start = _fitting(lines[: len(lines) - len(end)], LIMIT - TAIL) or lines[:1]
    return [*start, indent + CUT, *reversed(end)]


def _fitting(lines: Iterable[str], limit: int) -> list[str]:
    """Return the first lines that have at most `limit` characters in all."""
    fitting: list[str] = []
    for line in lines:
        limit -= len(line) + 1
        if limit < 0:
            break
        fitting.append(line)
    return fitting


def _class_lines(context: Context) -> list[str]:
    definition = context.target.definition
    node = class_of(definition)
    bases = f"({', '.join(definition.bases)})" if definition.bases else ""
    header = [f"@{decorator}"[:LONGEST_SIGNATURE] for decorator in definition.decorators]
    header.append(f"class {definition.name}{bases}"[:LONGEST_SIGNATURE] + ":")
    members = [f"    {line}" for member in node.body for line in _member_lines(member)]
    return _shorten_end([*header, *members], "    ")


def _module_lines(context: Context) -> list[str]:
    path = "/".join(context.path.parts[-3:])
    body = tree_of(context.target.definition).body
    imports = [_signature(node) for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    members = [line for node in body for line in _member_lines(node)]
    return _shorten_end([f"# {path}", *_fitting(imports, LIMIT // 3), *members], "")


def _shorten_end(lines: list[str], indent: str) -> list[str]:
    start = _fitting(lines, LIMIT) or lines[:1]
    return start if len(start) == len(lines) else [*start, indent + CUT]


def _member_lines(node: ast.stmt) -> Iterator[str]:
    """Yield the line of an assignment, class, function or method; of `__init__` its body too."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        yield _signature(node)
    elif isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        yield f"class {node.name}({bases}): {CUT}" if bases else f"class {node.name}: {CUT}"
    elif isinstance(node, _Function) and node.name == "__init__":
        yield f"def __init__({_parameter_names(node)}):"
        yield from _attribute_lines(node)
    elif isinstance(node, _Function):
        yield f"def {node.name}({_parameter_names(node)}): {CUT}"


def _parameter_names(node: _Function) -> str:
    args = node.args
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    names += [f"*{args.vararg.arg}"] if args.vararg else []
    names += [arg.arg for arg in args.kwonlyargs]
    names += [f"**{args.kwarg.arg}"] if args.kwarg else []
    return ", ".join(names)


def _attribute_lines(node: _Function) -> Iterator[str]:
    """Yield the first assignments to attributes of `self`."""
    assignments = [
        statement
        for statement in node.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign))
        and ast.unparse(statement).startswith("self.")
    ]
    for statement in assignments[:MOST_ATTRIBUTES]:
        yield f"    {_signature(statement)}"


def _signature(node: ast.stmt) -> str:
    line, _, rest = ast.unparse(node).partition("\n")
    return line[:LONGEST_SIGNATURE] + (CUT if rest or len(line) > LONGEST_SIGNATURE else "")
