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
    from collections.abc import Collection, Iterator, Mapping

    from docbot.drift.docstring import Entry
    from docbot.drift.drift import Drift
    from docbot.drift.function import Function
    from docbot.scan.definition import Parameter

    Value = str | int | float | complex | bytes | bool | None

_STATED = re.compile(
    r"(?:\bdefaults?[ \t\n]+(?:value[ \t\n]+)?(?:is|to)(?:[ \t\n]+be)?[ \t\n]*[:=]?"
    r"|\bdefaults?(?:[ \t\n]+value)?[ \t]*[:=(]|\bby[ \t\n]+default[ \t]*[:=,]?"
    r"|[(,][ \t\n]*default\b[ \t]*[:=]?(?![ \t\n]*(?:is|to|value)\b))[ \t\n]*",
    re.IGNORECASE,
)
"""The words before a stated default: "Defaults to 3", "default: 3", ", default 3"."""

_STATED_BEFORE = re.compile(
    r"\bdefaults?(?:[ \t\n]+value)?(?:[ \t\n]+(?:is|to|of|be))*[ \t\n]*[:=(]?[ \t\n]*",
    re.IGNORECASE,
)
"""The words before what was the default in an older version; these may be fewer."""

_VERB = re.compile(r"\b(?:is|to)\b", re.IGNORECASE)
_BY_DEFAULT = re.compile(r"by[ \t\n]+default\W*$", re.IGNORECASE)
_QUOTED = re.compile(
    r"(?P<role>:(?:py:)?(?:obj|code|data|const):(?=`))?(?P<mark>``|`|\"|'|\*\*|\*)(?P<inner>.+?)"
    r"(?P=mark)(?![\w`])"
)
_NUMBER = re.compile(
    r"[-+]?(?:\d{1,3}(?:,\d{3})+|0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"
)
_WORD = re.compile(r"[A-Za-z_][\w.\-/]*")
_END = re.compile(
    r"[ \t]*(?:[)\]]?[.,;)\]](?![\w(])"
    r"(?![ \t\n]*(?:if|when|unless|on|for|in|or|else|but|and)\b)|\n[ \t]*\n|\s*\Z)"
)
"""The end of a statement: no unit and no condition follows."""
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
    text = function.docstring.text
    for name, _, entry in function.names(*PARAMETER_SECTIONS):
        param = params.get(name)
        if param is None or param.default is None or len(entry.names) > 1:
            continue
        before = _changed_default((former or {}).get(name), param)
        stated = tuple(stated_defaults(text, entry, params.keys()))
        spans = [one for one in stated if _contradicts(one.of(text), param.default, before)]
        if not stated and before is not None:
            spans = list(_stated_before(text, entry, before, param.default))
        for span in spans:
            yield function.drift(
                DriftRule.PARAM_DEFAULT,
                span.start,
                f"states the default {_one_line(span.of(text))} of {name}, "
                f"which is {param.default}",
                subject=name,
                # Further words may tell what the old value means: a person decides.
                changes=_new_default(text, span, param.default) if span in stated else (),
            )


def states_other_default(function: Function, entry: Entry, param: Parameter) -> bool:
    """Check whether an entry states another default than a parameter's."""
    if param.default is None:
        return False
    text, names = function.docstring.text, {each.name for each in function.params}
    return any(
        _contradicts(span.of(text), param.default, None)
        for span in stated_defaults(text, entry, names)
    )


def _stated_before(text: str, entry: Entry, before: str, default: str) -> Iterator[Span]:
    """Yield the places where an entry states what was the default, and is no longer.

    The sentence may go on: "Default: None (no limit)", "Default is 0.1 seconds".
    """
    if entry.text is None:
        return
    for match in _STATED_BEFORE.finditer(text, entry.text.start, entry.text.end):
        span = _value_start(text, match.end(), entry.text.end)
        sentence = _sentence_before(text, entry.text.start, match.start())
        is_apart = sentence.rstrip()[-1:] in ("(", ",") and not _VERB.search(match[0])
        if span is None or (not is_apart and _ELSEWHERE_OF_FORMER.search(sentence)):
            continue
        stated = span.of(text)
        claim = _claimed(stated)
        if _agrees(claim, stated, _value_of(before), before):
            if not _agrees(claim, stated, _value_of(default), default):
                yield span
            return


def _value_start(text: str, start: int, end: int) -> Span | None:
    """Return the place of a quoted value, a number or a word, whatever follows it."""
    if quoted := _QUOTED.match(text, start, end):
        return Span(start, quoted.end())
    number = _NUMBER.match(text, start, end)
    if number and not re.match(r"[\w(\[]|[.,-]\w", text[number.end() : number.end() + 2]):
        return Span(start, number.end())
    word = _WORD.match(text, start, end)
    return Span(start, start + len(word[0].rstrip(".-/"))) if word else None


def _changed_default(old: Parameter | None, param: Parameter) -> str | None:
    """Return the default of the older version if it was another one."""
    return old.default if old is not None and old.default != param.default else None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def stated_defaults(text: str, entry: Entry, params: Collection[str]) -> Iterator[Span]:
    """Yield the places of the values that an entry states as defaults, quotes included.

    Only a statement that ends with its value counts: "Defaults to 1 on Windows" is none, and "The
    default was 1 before" neither. So are names: `Mode.FAST` and `LIMIT` may be any value.

    Args:
        text: The docstring.
        entry: The entry.
        params: The names of the parameters: a statement may speak of another one.

    """
    if entry.default is not None:
        span = _value_at(text, entry.default.start, entry.default.end)
        if span == entry.default:
            yield span
            return  # what the text says besides is about something else, or about a case
    if entry.text is None:
        return
    own = {name.of(text) for name in entry.names}
    for match in _STATED.finditer(text, entry.text.start, entry.text.end):
        span = _value_at(text, match.end(), entry.text.end)
        sentence = _sentence_before(text, entry.text.start, match.start())
        is_apart = match[0][:1] in "(," or text[match.start() - 1] == "("
        if span is None or (not is_apart and _ELSEWHERE.search(sentence)):
            continue
        subject = sentence.split()[-1:] or [""]
        if subject[0].strip("`*'\"") in set(params) - own:
            continue
        stated = span.of(text).strip("`*")
        if stated in params or (_BY_DEFAULT.search(match[0]) and _is_word(span.of(text))):
            continue
        yield span


_NOT_NOW = (
    r"\b(?:no longer|not|never|until|before|previous(?:ly)?|formerly|used to|was|were|in version"
    r"|since|if|when|unless|versionchanged|deprecated"
)
_ELSEWHERE = re.compile(rf"{_NOT_NOW}|for)\b", re.IGNORECASE)
"""Words before a stated default that is not, or not always, the default."""
_ELSEWHERE_OF_FORMER = re.compile(rf"{_NOT_NOW})\b", re.IGNORECASE)
"""The same before a value that was the default: "for class 1, default is 0.25" states it."""


def _sentence_before(text: str, start: int, at: int) -> str:
    """Return what stands before an offset in its sentence."""
    before = text[start:at]
    ends = [match.end() for match in re.finditer(r"[.;:!?]\s|\n\s*\n|\.\. ", before)]
    return before[ends[-1] if ends else 0 :]


def _is_word(stated: str) -> bool:
    """Check for a word that is no constant, such as after "by default"."""
    return _WORD.fullmatch(stated) is not None and stated.casefold() not in _CONSTANTS


def _value_at(text: str, start: int, end: int) -> Span | None:
    """Return the place of a literal that begins here and ends a statement; None for prose."""
    if quoted := _QUOTED.match(text, start, end):
        return Span(start, quoted.end()) if _END.match(text, quoted.end(), end) else None
    number = _NUMBER.match(text, start, end)
    if number and _END.match(text, number.end(), end):
        return Span(start, number.end())
    word = _WORD.match(text, start, end)
    if word is None:
        return None
    stop = word.start() + len(word[0].rstrip(".-/"))
    return Span(start, stop) if _END.match(text, stop, end) else None


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
    is_name = "." in claim or claim.isupper()  # `Mode.FAST`, `LIMIT`
    return stated[:1] in "\"'`" and not is_name


def _agrees(claim: object, stated: str, actual: object, source: str) -> bool:
    """Check whether a statement may mean a value, or its name in the code."""
    bare = stated.strip("`\"'*: \t\n")
    if bare in (source, source.strip("\"'"), source.rpartition(".")[2]):
        return True
    if claim is _UNKNOWN or actual is _UNKNOWN:
        return False
    if isinstance(claim, str) and isinstance(actual, str):
        return _letters(claim) == _letters(actual)
    return (type(claim) is type(actual) and claim == actual) or _same_number(claim, actual)


def _letters(text: str) -> str:
    """Return a text without what spellings differ in: `UTF-8` is `utf8`."""
    return re.sub(r"[\W_]", "", text).casefold() or text


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
        mark, inner = quoted["mark"], default
        if is_string:
            own = quoted["inner"][0] if quoted["inner"][0] in ("'", '"') else ""
            inner = f"{own}{default[1:-1]}{own}"
        elif mark in ("'", '"'):
            mark = ""
        return (Change(span, f"{quoted['role'] or ''}{mark}{inner}{mark}"),)
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
