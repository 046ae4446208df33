"""Read what a class's docstring may describe: its attributes, and the fields of a record.

A record is a class whose constructor is made from its fields: of dataclasses, of attrs, and
`typing.NamedTuple`. Its docstring documents the fields as parameters or as attributes.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from docbot.drift.docstring import SectionKind
from docbot.scan.definition import Definition, Parameter, ParameterKind, Shape, Signature
from docbot.scan.parse import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docbot.drift.docstring import Docstring

_MAKERS = frozenset(("dataclass", "attrs", "attrib", "define", "frozen", "mutable", "s", "auto"))
"""The last names of the decorators of dataclasses and attrs."""
_LIBRARIES = frozenset(("", "dataclasses", "attr", "attrs"))
_FIELD_MAKERS = frozenset(("field", "ib", "attrib"))
_PLAIN_BASES = frozenset(("object", "NamedTuple", "Generic", "Protocol", "ABC"))
"""Bases that have no fields."""


class _Field(NamedTuple):
    """A field, as a parameter, and whether the constructor takes it."""

    parameter: Parameter
    in_constructor: bool


def is_record(node: ast.AST) -> bool:
    """Check for a class whose constructor is made from its fields."""
    if not isinstance(node, ast.ClassDef) or _has_constructor(node):
        return False
    names = [_name(each) for each in node.decorator_list]
    is_made = any(
        library in _LIBRARIES and last in _MAKERS
        for library, _, last in (name.rpartition(".") for name in names)
    )
    return is_made or any(_name(base).rpartition(".")[2] == "NamedTuple" for base in node.bases)


def constructor_of(definition: Definition, *, as_attributes: bool = False) -> Definition | None:
    """Return a record with the signature of its constructor; None for any other class.

    All fields count as keyword-only: hardly anybody passes many of them by their places, so another
    order in the docstring says nothing.

    Args:
        definition: The class.
        as_attributes: Whether the docstring lists attributes: then the fields that the constructor
            does not take count, too.

    """
    node = definition.tree
    if not isinstance(node, ast.ClassDef) or not is_record(node):
        return None
    fields = list(_fields(node))
    params = [one.parameter for one in fields if one.in_constructor or as_attributes]
    if any(_name(base).rpartition(".")[2] not in _PLAIN_BASES for base in node.bases):
        # A base may have fields of its own, which nobody here knows.
        params.append(Parameter(name="kwargs", kind=ParameterKind.VAR_KEYWORD))
    return replace(
        definition,
        signature=Signature(params=tuple(params)),
        decorators=(),
        shape=Shape.FULL,
        raises=(),
    )


def lists_attributes(docstring: Docstring) -> bool:
    """Check that a docstring documents attributes and no parameters."""
    kinds = {section.kind for section in docstring.sections if section.entries}
    return SectionKind.ATTRIBUTES in kinds and SectionKind.PARAMETERS not in kinds


def with_attributes_as_parameters(docstring: Docstring) -> Docstring:
    """Return a docstring whose attributes count as parameters: those of a record."""
    return replace(
        docstring,
        sections=tuple(
            replace(section, kind=SectionKind.PARAMETERS)
            if section.kind is SectionKind.ATTRIBUTES
            else section
            for section in docstring.sections
        ),
    )


def empty_constructor() -> ast.FunctionDef:
    """Return the tree of a constructor whose body shows nothing."""
    node = ast.parse("def __init__(self): pass").body[0]
    assert isinstance(node, ast.FunctionDef)  # noqa: S101 - for the type alone
    return node


def _has_constructor(node: ast.ClassDef) -> bool:
    return any(
        isinstance(each, ast.FunctionDef) and each.name in ("__init__", "__new__")
        for each in node.body
    )


def _fields(node: ast.ClassDef) -> Iterator[_Field]:
    for statement in node.body:
        for target in _targets(statement):
            if not isinstance(target, ast.Name):
                continue
            annotation = getattr(statement, "annotation", None)
            value = getattr(statement, "value", None)
            if _is_field(annotation, value):
                yield _Field(
                    Parameter(
                        name=target.id,
                        kind=ParameterKind.KEYWORD_ONLY,
                        annotation=ast.unparse(annotation) if annotation is not None else None,
                        default=_default(value),
                    ),
                    _is_in_constructor(value),
                )


def _is_field(annotation: ast.expr | None, value: ast.expr | None) -> bool:
    """Check for `x: int`, and for attrs' `x = attr.ib()`; class variables and marks are none."""
    if annotation is None:
        return _field_call(value) is not None
    inner = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    text = inner.value if isinstance(inner, ast.Constant) else _name(inner)
    return not str(text).partition("[")[0].endswith(("ClassVar", "KW_ONLY"))


def _field_call(value: ast.expr | None) -> ast.Call | None:
    is_call = isinstance(value, ast.Call) and _name(value).rpartition(".")[2] in _FIELD_MAKERS
    return value if isinstance(value, ast.Call) and is_call else None


def _default(value: ast.expr | None) -> str | None:
    """Return a field's default as source text; of a factory, the call of it."""
    call = _field_call(value)
    if call is None:
        return ast.unparse(value) if value is not None else None
    for keyword in call.keywords:
        if keyword.arg == "default":
            return ast.unparse(keyword.value)
        if keyword.arg in ("default_factory", "factory"):
            return f"{ast.unparse(keyword.value)}()"
    return None


def _is_in_constructor(value: ast.expr | None) -> bool:
    call = _field_call(value)
    return not any(
        keyword.arg == "init" and ast.unparse(keyword.value) == "False"
        for keyword in (call.keywords if call is not None else ())
    )


def _name(node: ast.expr) -> str:
    """Return the dotted name of a decorator, a base or an annotation; "" for none."""
    inner: ast.expr = node
    while isinstance(inner, (ast.Call, ast.Subscript)):
        inner = inner.func if isinstance(inner, ast.Call) else inner.value
    return dotted(inner)


def attributes_of(node: ast.ClassDef) -> frozenset[str]:
    """Return what a class's docstring may describe besides the parameters of `__init__`.

    These are attributes that its body, its slots or a `self.x = ...` name, properties and methods,
    and the parameters of other methods, such as `__call__`.
    """
    names: set[str] = set()
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.update(_assigned(statement))
            names.update(each.arg for each in ast.walk(statement) if isinstance(each, ast.arg))
            names.add(statement.name)  # a property is read as an attribute
        for target in _targets(statement):
            if isinstance(target, ast.Name):
                names.add(target.id)
                if target.id == "__slots__":
                    names.update(_strings(statement))
    names.update([name.lstrip("_") for name in names])  # attrs drops the underscore
    return frozenset(names)


def _strings(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _assigned(method: ast.AST) -> Iterator[str]:
    for each in ast.walk(method):
        for target in _targets(each):
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                yield target.attr


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []
