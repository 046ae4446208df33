"""The words by which a file reads docstrings, or hands functions over to be described by them."""

from __future__ import annotations

ANY = "*"
"""Any function or class of a file; `Name.*` is any method of a class of it."""

DOC = "__doc__"
"""What reads a docstring, where the file itself does; else it is the spelling of a handover."""

TOOL_KEYWORDS = frozenset(("tools", "functions", "tool_functions", "function_tools"))
"""Keyword arguments, and keys of dictionaries, that take the tools of a language model."""

TOOL_CALLS = frozenset(
    ("bind_tools", "bind_functions", "register_function", "register_functions", "register_tool",
     "register_tools", "add_tool", "add_tools", "add_function", "add_functions", "ToolNode",
     "ToolExecutor", "create_react_agent", "create_agent", "create_tool_calling_agent",
     "initialize_agent", "convert_to_openai_function", "convert_to_openai_tool",
     "convert_function_to_tool", "function_to_json", "get_json_schema", "from_callable",
     "function_tool", "FunctionToolset", "add_api_route", "from_function", "from_defaults", "Fire")
)  # fmt: skip
"""Functions that describe their arguments by their docstrings, by the last of their names."""

SERVED_CALLS = frozenset(
    ("Interface", "ChatInterface", "api", "click", "change", "submit", "load", "then", "input")
)
"""Functions of gradio whose first argument becomes a tool where a file sets `mcp_server=True`."""

READING_CALLS = frozenset(("getdoc", "render_doc", "parse_from_object"))
"""Functions that return the docstring of their first argument."""

WORDS = tuple(
    word.encode()
    for word in (
        DOC, *READING_CALLS, *sorted(TOOL_CALLS - {"add_tools", "add_functions"}), "typer",
        *(form % word for word in sorted(TOOL_KEYWORDS) for form in
          ("%s=", "%s =", '"%s"', "'%s'", "%s: ")),
        "Tool(", "mcp_server",
    )
)  # fmt: skip
"""A file without any of these reads no docstring and hands no function over."""
