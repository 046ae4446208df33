"""Tables of the libraries that read docstrings while a program runs.

docs/runtime-docstrings.md says in which versions each was seen to do so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HELP = "a command line shows it as help"
API = "a web framework publishes it in its API description"
LLM = "it is sent to a language model as a description"
PROMPT = "it is the prompt that a language model is sent"
COMPONENT = "a pipeline shows it as the description of a component"
LISTING = "a task runner lists it"
SCHEMA = "its docstring becomes a schema's description"

DECORATORS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "command",
            "group",
            "subcommand",
            "default_command",
            "slash_command",
            "hybrid_command",
            "hybrid_group",
            "async_command",
        ),
        HELP,
    ),
    **dict.fromkeys(("magic", "line_magic", "cell_magic", "line_cell_magic"), HELP),
    **dict.fromkeys(("api_route", "api_view", "extend_schema", "swagger_auto_schema"), API),
    **dict.fromkeys(
        ("tool", "tool_plain", "function_tool", "beta_tool", "kernel_function", "ai_fn"), LLM
    ),
    **dict.fromkeys(("register_for_llm", "llm_tool", "mcp_tool"), LLM),
}
"""Readers by a decorator's last name, of whatever object: `@cli.command()`, `@server.tool`."""

WITH_IMPORT: Mapping[str, Mapping[str, str]] = {
    "click": dict.fromkeys(("option", "argument", "pass_context"), HELP),
    "typer": {"callback": HELP},
    "cyclopts": {"default": HELP},
    "invoke": {"task": LISTING},
    "duty": {"duty": LISTING},
    "paver": {"task": LISTING},
    "errbot": dict.fromkeys(("botcmd", "re_botcmd", "arg_botcmd", "webhook"), HELP),
    "doit": {"task": LISTING},
    "fabric": {"task": LISTING},
    "robot": {"keyword": LISTING},
    "nox": {"session": LISTING},
    "metaflow": {"step": LISTING},
    "kfp": dict.fromkeys(("component", "container_component", "pipeline"), COMPONENT),
    "prefect": {"flow": LISTING, "task": LISTING},
    "airflow": {"dag": LISTING, "task": LISTING},
    "dagster": dict.fromkeys(("op", "asset", "job", "graph", "sensor", "schedule"), LISTING),
    "rest_framework": {"action": API},
    "bentoml": dict.fromkeys(("api", "task", "service"), API),
    "ninja_extra": {
        "api_controller": API,
        **{
            f"http_{method}": API for method in ("get", "post", "put", "patch", "delete", "generic")
        },
    },
    "starlette": {"route": API},
    "flasgger": {"route": API},
    "apispec": {"route": API},
    "flask_smorest": {"route": API},
    "flask_restx": {"route": API},
    "sanic_ext": {"route": API},
    "ell": dict.fromkeys(("simple", "complex"), PROMPT),
    "marvin": {"fn": PROMPT},
    "lmql": {"query": PROMPT},
    "outlines": {"prompt": PROMPT},
    "mirascope": dict.fromkeys(("call", "prompt", "prompt_template"), PROMPT),
    "mcp": {"resource": LLM, "prompt": LLM},
    "fastmcp": {"resource": LLM, "prompt": LLM},
}
"""Readers by the package that the file imports, then by the decorator's last name."""

HTTP_METHODS = frozenset(
    ("get", "post", "put", "patch", "delete", "head", "options", "trace", "websocket")
)
VIEW_METHODS = HTTP_METHODS | {"list", "create", "retrieve", "update", "partial_update", "destroy"}
"""Methods that Django REST framework calls on a view or a view set."""

API_FRAMEWORKS = ("fastapi", "starlette", "litestar", "ninja", "robyn", "apiflask", "connexion")
DOCUMENTED_FLASK = ("flasgger", "apispec", "flask_smorest", "flask_restx", "flask_apispec")
SILENT_FRAMEWORKS = ("flask", "quart", "bottle", "aiohttp", "falcon")
"""Frameworks with the same decorators that read docstrings only through an extension."""

API_BASES = ("APIView", "ViewSet", "HTTPEndpoint", "Resource", "MethodView", "GenericAPIView")
COMMAND_BASES = ("Cmd", "Cmd2")
SIGNATURE_PARSERS = ("fire", "argh", "clize", "defopt", "jsonargparse", "plac", "tyro")
"""Packages that make command lines of plain functions; no import shows of which ones."""

SCHEMA_BASES = frozenset(
    ("BaseModel", "Signature", "ObjectType", "InputObjectType", "Interface", "Mutation", "BaseTool",
     "SQLModel", "BaseSettings", "RootModel", "GenericModel", "Struct")
)  # fmt: skip
CLASS_READERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "rest_framework": (("View", "ViewSet", "Serializer"), API),
    **dict.fromkeys(("discord", "disnake", "nextcord"), (("Cog", "GroupCog"), HELP)),
    "cliff": (("Command", "Lister", "ShowOne"), HELP),
    "cleo": (("Command",), HELP),
    "traitlets": (("Application", "Configurable"), HELP),
    "pydantic": (("Enum", "TypedDict", "NamedTuple"), SCHEMA),
    "fastapi": (("Enum", "TypedDict", "NamedTuple"), SCHEMA),
    "msgspec": (("Enum", "TypedDict", "NamedTuple"), SCHEMA),
}
"""Readers by the package that the file imports, then by the endings of base class names."""
