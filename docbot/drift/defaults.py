"""Compare stated defaults and types with the signature's, where both are plain values."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docbot.drift.docstring import Span
from docbot.drift.drift import Change, DriftRule
from docbot.drift.function import PARAMETER_SECTIONS
from docbot.scan.parse import parse_expression

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docbot.drift.docstring import Entry
    from docbot.drift.drift import Drift
    from docbot.drift.function import Function
    from docbot.scan.definition import Parameter

    Value = str | int | float | complex | bytes | bool | None

_STATED = re.compile(
    r"(?:\bdefaults?[ \t\n]+(?:value[ \t\n]+)?(?:is|to)(?:[ \t\n]+be)?[ \t\n]*[:=]?"
    r"|\bdefaults?[ \t]*[:=(]|\bby[ \t\n]+default[ \t]*[:=,]?|\(default[ \t]*[:=]?)[ \t\n]*",
    re.IGNORECASE,
)
"""The words before a stated default: "Defaults to 3", "default: 3", "(default 3)"."""

_BY_DEFAULT = re.compile(r"by[ \t\n]+default\W*$", re.IGNORECASE)
_QUOTED = re.compile(
    r"(``|`|\"|'|\*\*|\*|:(?:py:)?(?:obj|code|data|const):`)(.+?)(``|`|\"|'|\*\*|\*)(?![\w`])"
)
_NUMBER = re.compile(
    r"[-+]?(?:\d{1,3}(?:,\d{3})+|0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"
)
_WORD = re.compile(r"[A-Za-z_][\w.\-/]*")
_AFTER_NUMBER = re.compile(r"(?:[ \t]*[.,;)\]]|[ \t]*$|[ \t]*\n|[ \t]+[A-Za-z(])", re.MULTILINE)
_AFTER_WORD = re.compile(r"[ \t]*(?:[.,;)\]](?![\w(])|$|\n)", re.MULTILINE)
_STAND_INS = (None, "deprecated", "warn", "")
"""Defaults that the body replaces by others."""
_CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "none": None}
_UNKNOWN = object()


def default_drifts(
    function: Function, former: Mapping[str, Parameter] | None = None
) -> Iterator[Drift]:
    """Find stated defaults that are not the signature's.

    Args:
        function: The function.
        former: The parameters of an older version by name, where there is one.

    """
    if not function.is_readable(*PARAMETER_SECTIONS):
        return
    params = {param.name: param for param in function.params}
    for name, _, entry in function.names(*PARAMETER_SECTIONS):
        param = params.get(name)
        if param is None or param.default is None or len(entry.names) > 1:
            continue
        old = (former or {}).get(name)
        is_changed = old is not None and old.default is not None and old.default != param.default
        for span in stated_defaults(function.docstring.text, entry):
            stated = span.of(function.docstring.text)
            if _contradicts(stated, param.default, old.default if is_changed and old else None):
                yield function.drift(
                    DriftRule.PARAM_DEFAULT,
                    span.start,
                    f"states the default {_one_line(stated)} of {name}, which is {param.default}",
                    subject=name,
                    changes=_new_default(function.docstring.text, span, param.default),
                )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def stated_defaults(text: str, entry: Entry) -> Iterator[Span]:
    """Yield the places of the values that an entry states as defaults, quotes included."""
    if entry.default is not None:
        yield entry.default
    if entry.text is None:
        return
    for match in _STATED.finditer(text, entry.text.start, entry.text.end):
        span = _value_at(text, match.end(), entry.text.end)
        is_prose = _BY_DEFAULT.search(match[0]) and span and _is_word(span.of(text))
        if span and not is_prose:
            yield span


def _is_word(stated: str) -> bool:
    """Check for a word that is no constant, such as after "by default"."""
    return _WORD.fullmatch(stated) is not None and stated.casefold() not in _CONSTANTS


def _value_at(text: str, start: int, end: int) -> Span | None:
    """Return the place of a literal that begins here; None for prose."""
    if quoted := _QUOTED.match(text, start, end):
        return Span(start, quoted.end())
    number = _NUMBER.match(text, start, end)
    if number and _AFTER_NUMBER.match(text, number.end(), end):
        return Span(start, number.end())
    word = _WORD.match(text, start, end)
    if word is None:
        return None
    stop = word.start() + len(word[0].rstrip(".-/"))
    return Span(start, stop) if _AFTER_WORD.match(text, stop, end) else None


def _contradicts(stated: str, default: str, former: str | None) -> bool:
    """Check that a stated default is another value than the signature's.

    `former` is the default of an older version: a statement of it is out of date, whatever it is.
    """
    actual, claim = _value_of(default), _claimed(stated)
    if former is not None and _agrees(claim, stated, _value_of(former), former):
        return not _agrees(claim, stated, actual, default)
    if actual in _STAND_INS or actual is _UNKNOWN or claim is _UNKNOWN:
        return False
    if not _comparable(claim, actual, stated):
        return False
    return not _agrees(claim, stated, actual, default)


def _comparable(claim: object, actual: object, stated: str) -> bool:
    """Check that two values are of one kind, so that they must be equal."""
    if claim is None or isinstance(actual, bool) or isinstance(claim, bool):
        return claim is None or type(claim) is type(actual)
    if isinstance(actual, (int, float)) and isinstance(claim, (int, float)):
        return True
    if not isinstance(actual, str) or not isinstance(claim, str) or "\\" in stated:
        return False
    if actual.startswith(claim) or claim.startswith(actual):  # "low" is also called "lowpass"
        return False
    return stated[:1] in "\"'`*:" or " " not in actual


def _agrees(claim: object, stated: str, actual: object, source: str) -> bool:
    """Check whether a statement may mean a value, or its name in the code."""
    bare = stated.strip("`\"'*: \t\n")
    if bare in (source, source.strip("\"'"), source.rpartition(".")[2]):
        return True
    if claim is _UNKNOWN or actual is _UNKNOWN:
        return False
    if isinstance(claim, str) and isinstance(actual, str):
        return claim.strip().casefold() == actual.strip().casefold()
    return (type(claim) is type(actual) and claim == actual) or _same_number(claim, actual)


def _same_number(one: object, other: object) -> bool:
    kinds = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    return isinstance(one, kinds) and isinstance(other, kinds) and one == other


def _claimed(stated: str) -> object:
    """Return the value that a statement names, `_UNKNOWN` for none that can be compared."""
    bare = re.sub(r"^:[a-z:]+:", "", stated.strip()).strip("`* \t\n")
    bare = re.sub(r"(?<=\d),(?=\d{3})", "", bare)
    if bare.casefold() in _CONSTANTS:
        return _CONSTANTS[bare.casefold()]
    value = _value_of(bare)
    if value is _UNKNOWN and re.fullmatch(r"[\w\-/. ]+", bare):
        return bare
    return value


def _value_of(source: str) -> object:
    """Return the value of a literal or of plain arithmetic on numbers; else `_UNKNOWN`."""
    node = parse_expression(source)
    return _UNKNOWN if node is None else _evaluate(node)


def _evaluate(node: ast.expr) -> object:
    if isinstance(node, ast.Constant) and node.value is not ...:
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _evaluate(node.operand)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Add)):
        left, right = _evaluate(node.left), _evaluate(node.right)
        if _is_number(left) and _is_number(right):
            return left * right if isinstance(node.op, ast.Mult) else left + right  # type: ignore[operator]
    return _UNKNOWN


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _new_default(text: str, span: Span, default: str) -> tuple[Change, ...]:
    """Return the change of a stated default to the signature's, in the same quotes."""
    stated = span.of(text)
    if "\n" in stated or "\\" in default or '"""' in default:
        return ()
    if quoted := _QUOTED.fullmatch(stated):
        is_string = isinstance(_value_of(default), str)
        inner = default if not is_string or quoted[2][:1] in "\"'" else default[1:-1]
        mark = quoted[1] if quoted[1] not in ("'", '"') or is_string else ""
        return (Change(span, f"{mark}{inner}{quoted[3] if mark else ''}"),)
    is_bare_word = isinstance(_value_of(default), str) and stated[:1] not in "\"'"
    return (Change(span, default[1:-1] if is_bare_word else default),)


_PLAIN = {
    "str": "str", "string": "str", "int": "int", "integer": "int", "float": "float",
    "bool": "bool", "boolean": "bool", "bytes": "bytes", "dict": "dict", "list": "list",
    "tuple": "tuple", "set": "set", "Dict": "dict", "List": "list", "Tuple": "tuple", "Set": "set",
}  # fmt: skip
"""Names of built-in types, as docstrings and annotations write them."""


def type_drifts(function: Function) -> Iterator[Drift]:
    """Find stated built-in types of which the annotation names another one."""
    params = {param.name: param for param in function.params}
    for name, _, entry in function.names(*PARAMETER_SECTIONS):
        param = params.get(name)
        if entry.type is None or param is None or param.annotation is None:
            continue
        stated, wanted = (
            _plain_types(entry.type.of(function.docstring.text)),
            _plain_types(param.annotation),
        )
        if stated and wanted and not stated & wanted and {*stated, *wanted} != {"int", "float"}:
            yield function.drift(
                DriftRule.PARAM_TYPE,
                entry.type.start,
                f"states the type {_one_line(entry.type.of(function.docstring.text))} of {name},"
                f" which is annotated as {param.annotation}",
                subject=name,
            )


def _plain_types(text: str) -> frozenset[str]:
    """Return the built-in types that a text names; empty where it names anything else, too."""
    node = parse_expression(text.strip().removeprefix("Optional[").strip("\"'"))
    if text.strip().startswith("Optional[") and text.strip().endswith("]"):
        node = parse_expression(text.strip()[len("Optional[") : -1])
    names = _union(node) if node is not None else None
    return frozenset(names - {"None"}) if names else frozenset()


def _union(node: ast.expr) -> set[str] | None:
    if isinstance(node, ast.Constant) and node.value is None:
        return {"None"}
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        parts = [_union(value) for value in node.values]
        return None if None in parts else set().union(*(part for part in parts if part))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = _union(node.left), _union(node.right)
        return left | right if left and right else None
    if isinstance(node, ast.Subscript):
        return _union(node.value)
    if isinstance(node, ast.Name) and node.id in _PLAIN:
        return {_PLAIN[node.id]}
    return None
