"""Who reads a docstring while the program runs.

Where something does, writing one changes what the program prints, publishes or sends to a model. So
the tables below name the decorators, base classes and imports that make it so, and the reader, in
the words a person sees: "click or typer shows it as help".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docbot.scan.definition import Definition, Kind
from docbot.scan.parse import MODULE_DOC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docbot.scan.outline import ClassEntry, Outline

HELP = "a command line shows it as help"
API = "a web framework publishes it in its API description"
LLM = "it is sent to a language model as a description"
LISTING = "a task runner lists it"
SCHEMA = "its docstring becomes a schema's description"

DECORATORS: Mapping[str, str] = {
    **dict.fromkeys(
        ("command", "group", "subcommand", "default_command", "slash_command", "hybrid_command"),
        HELP,
    ),
    **dict.fromkeys(("magic", "line_magic", "cell_magic", "line_cell_magic"), HELP),
    **dict.fromkeys(("api_route", "api_view", "extend_schema", "swagger_auto_schema"), API),
    **dict.fromkeys(
        ("tool", "tool_plain", "function_tool", "beta_tool", "kernel_function", "ai_fn"), LLM
    ),
    **dict.fromkeys(("register_for_llm", "llm_tool", "mcp_tool"), LLM),
}
"""By a decorator's last name, whatever it is called on: `@cli.command()`, `@server.tool`."""

WITH_IMPORT: Mapping[str, Mapping[str, str]] = {
    "click": dict.fromkeys(("option", "argument", "pass_context"), HELP),
    "typer": {"callback": HELP},
    "cyclopts": {"default": HELP},
    "invoke": {"task": LISTING},
    "doit": {"task": LISTING},
    "fabric": {"task": LISTING},
    "robot": {"keyword": LISTING},
    "nox": {"session": LISTING},
    "prefect": {"flow": LISTING, "task": LISTING},
    "airflow": {"dag": LISTING, "task": LISTING},
    "dagster": dict.fromkeys(("op", "asset", "job", "graph", "sensor", "schedule"), LISTING),
    "rest_framework": {"action": API},
    "starlette": {"route": API},
    "flasgger": {"route": API},
    "apispec": {"route": API},
    "flask_smorest": {"route": API},
    "flask_restx": {"route": API},
    "sanic_ext": {"route": API},
    "mcp": {"resource": LLM, "prompt": LLM},
    "fastmcp": {"resource": LLM, "prompt": LLM},
}
"""By what the file imports, then by the decorator's last name."""

VERBS = frozenset(
    ("get", "post", "put", "patch", "delete", "head", "options", "trace", "websocket")
)
ACTIONS = VERBS | {"list", "create", "retrieve", "update", "partial_update", "destroy"}
"""What Django REST framework calls on a view or a view set."""

API_FRAMEWORKS = ("fastapi", "starlette", "litestar", "ninja", "robyn", "apiflask", "connexion")
DOCUMENTED_FLASK = ("flasgger", "apispec", "flask_smorest", "flask_restx", "flask_apispec")
SILENT_FRAMEWORKS = ("flask", "quart", "bottle", "aiohttp", "falcon")
"""They have the same decorators, and leave docstrings alone unless an extension reads them."""

_PATH = re.compile(r"[\w.]+\((?:path=)?[rf]?[\"'](?:/|[\"'])")
"""A decorator whose first argument is a path: not `@registry.get("json")`."""
API_BASES = ("APIView", "ViewSet", "HTTPEndpoint", "Resource", "MethodView", "GenericAPIView")
COMMAND_BASES = ("Cmd", "Cmd2")
SIGNATURE_PARSERS = ("fire", "argh", "clize", "defopt", "jsonargparse", "plac", "tyro")
"""They make a command line of plain functions; which ones a file hands them cannot be told."""

SCHEMA_BASES = frozenset(
    ("BaseModel", "Signature", "ObjectType", "InputObjectType", "Interface", "Mutation", "BaseTool",
     "SQLModel", "BaseSettings", "RootModel", "GenericModel", "Struct")
)  # fmt: skip
CLASS_READERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "rest_framework": (("View", "ViewSet", "Serializer"), API),
    "cliff": (("Command", "Lister", "ShowOne"), HELP),
    "cleo": (("Command",), HELP),
    "traitlets": (("Application", "Configurable"), HELP),
    "pydantic": (("Enum", "TypedDict", "NamedTuple"), SCHEMA),
    "fastapi": (("Enum", "TypedDict", "NamedTuple"), SCHEMA),
    "msgspec": (("Enum", "TypedDict", "NamedTuple"), SCHEMA),
}
"""By what the file imports, then by how the name of a base class ends."""
SELVES = frozenset(("", "self", "cls", "klass", "kls", "class_", "__class__", "type"))
"""Whose `__doc__` may be that of any class of the file; "" is read off an expression."""


def reader(definition: Definition, outline: Outline) -> str:
    """Who reads this definition's docstring at run time, in words; "" for nobody."""
    roots = {_root(dotted) for dotted in outline.imports.values()}
    return (
        _read_in_file(definition, outline)
        or _by_decorator(definition, outline, roots)
        or _by_class(definition, outline, roots)
        or _by_module(definition, roots)
    )


def _root(dotted: str) -> str:
    """The package a dotted name is imported from; "" for a relative import."""
    return dotted.partition(".")[0]


def _read_in_file(definition: Definition, outline: Outline) -> str:
    decorators = {name.rpartition(".")[2] for name in definition.decorator_names}
    if decorators & outline.doc_decorators:
        return "this file's decorator reads its __doc__"
    own = {definition.name or MODULE_DOC}
    if definition.kind is Kind.CLASS:
        own |= SELVES
    elif definition.kind is Kind.MODULE:
        own |= {"", "__main__"}  # such as sys.modules[__name__].__doc__
    return "this file reads its __doc__" if own & outline.doc_reads else ""


def _by_decorator(definition: Definition, outline: Outline, roots: set[str]) -> str:
    for name, text in zip(definition.decorator_names, definition.decorators, strict=True):
        last = name.rpartition(".")[2]
        if last in DECORATORS:
            return DECORATORS[last]
        origin = _root(outline.imports.get(_root(name), ""))
        for package, readers in WITH_IMPORT.items():
            if package in roots and last in readers and origin in ("", package):
                return readers[last]
        if last in VERBS and _is_route(name, text, outline, roots):
            return API
    return ""


def _is_route(name: str, text: str, outline: Outline, roots: set[str]) -> bool:
    """Whether `@name(...)` declares an endpoint of a framework that publishes docstrings."""
    if "." not in name:
        return _root(outline.imports.get(name, "")) in API_FRAMEWORKS
    if not roots.isdisjoint((*API_FRAMEWORKS, *DOCUMENTED_FLASK)):
        return "(" in text
    return roots.isdisjoint(SILENT_FRAMEWORKS) and _PATH.match(text) is not None


def _by_class(definition: Definition, outline: Outline, roots: set[str]) -> str:
    if definition.kind is Kind.CLASS:
        return _by_bases(definition, outline, roots)
    owner = owner_of(definition, outline)
    bases = [_last(base) for base in owner.bases] if owner is not None else []
    if definition.name.startswith("do_") and any(base.endswith(COMMAND_BASES) for base in bases):
        return HELP
    if definition.name in ACTIONS and any(base.endswith(API_BASES) for base in bases):
        plain_flask = "flask" in roots and roots.isdisjoint(DOCUMENTED_FLASK)
        return "" if plain_flask else API
    return ""


def _by_bases(definition: Definition, outline: Outline, roots: set[str]) -> str:
    """Told by the bases of a class and, within the file, by theirs."""
    bases: list[str] = []
    for base in definition.bases:
        bases += [_last(base), *_ancestors(_last(base), outline)]
    if SCHEMA_BASES & set(bases):
        return SCHEMA
    decorators = {outline.imports.get(_root(name), name) for name in definition.decorator_names}
    if any(_root(name) == "pydantic" for name in decorators):
        return SCHEMA
    for package, (endings, text) in CLASS_READERS.items():
        if package in roots and any(base.endswith(endings) for base in bases):
            return text
    return ""


def _ancestors(name: str, outline: Outline) -> set[str]:
    """The last names of all bases that a class of this file has, near or far."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        entry = outline.classes.get(waiting.pop())
        new = {_last(base) for base in entry.bases} - found if entry is not None else set()
        found |= new
        waiting += new
    return found


def owner_of(definition: Definition, outline: Outline) -> ClassEntry | None:
    """The class of a method, where that stands at module level: two inner ones may share a name."""
    is_inner = definition.qualname.count(".") != 1
    return None if is_inner else outline.classes.get(definition.owner)


def _last(base: str) -> str:
    return base.partition("[")[0].rpartition(".")[2]


def _by_module(definition: Definition, roots: set[str]) -> str:
    if definition.kind is Kind.MODULE or definition.local:
        return ""
    if not roots.isdisjoint(SIGNATURE_PARSERS):
        return HELP
    if "ply" in roots and definition.name.startswith(("p_", "t_")):
        return "ply reads it as grammar"
    if "docopt" in roots and definition.kind is Kind.FUNCTION and definition.name == "main":
        return "docopt may read it as the command line"
    return ""
