"""The words by which a file reads docstrings, or hands functions over to be described by them."""

from __future__ import annotations

import re

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
     "convert_function_to_tool", "from_callable",
     "function_tool", "FunctionToolset", "add_api_route", "from_function", "from_defaults", "Fire")
)  # fmt: skip
"""Functions that describe their arguments by their docstrings, by the last of their names."""

SERVED_CALLS = frozenset(
    ("Interface", "ChatInterface", "api", "click", "change", "submit", "load", "then", "input")
)
"""Functions of gradio whose first argument becomes a tool where a file sets `mcp_server=True`."""

READING_CALLS = frozenset(("getdoc",))
"""Functions that return the docstring of their first argument."""

_SIGNS = tuple(
    word.encode()
    for word in (
        DOC, "getdoc", "typer", "Fire", "add_api_route", "from_defaults", "from_callable",
        "mcp_server", "Tool",
    )
)  # fmt: skip
"""Each of these alone is reason enough to look closer."""

_COMMON_SIGNS = {
    b"tool": re.compile(rb"_tools?\b|(?<!\w)tools[\"']?\s*[:=]"),
    b"functions": re.compile(rb"(?<!\w)(?:tool_)?functions[\"']?\s*[:=]|_functions\("),
    b"_function": re.compile(rb"(?:register|add|bind|from|openai)_function\b|convert_function_to"),
}
"""These are common; what stands around them decides."""

_ENDINGS = ("=", " =", "  ", "\t", ":", " :", "'", '"')
SEARCH_WORDS = (
    *(sign.decode() for sign in _SIGNS),
    *("_tool", "_functions(", "convert_function_to"),
    *(f"{verb}_function" for verb in ("register", "add", "bind", "from", "openai")),
    *(f"{name}{ending}" for name in ("tools", "functions") for ending in _ENDINGS),
)
"""A file without any of these texts is none for `may_hand_over`: to search many files by."""

_AROUND = 40
"""Bytes on either side of a common sign."""


def may_hand_over(source: bytes) -> bool:
    """Check a file's text for what reads docstrings or hands functions over."""
    return any(sign in source for sign in _SIGNS) or any(
        sign in source and _stands_in(source, sign, pattern)
        for sign, pattern in _COMMON_SIGNS.items()
    )


def _stands_in(source: bytes, sign: bytes, pattern: re.Pattern[bytes]) -> bool:
    at = source.find(sign)
    while at >= 0:
        if pattern.search(source, max(0, at - _AROUND), at + _AROUND):
            return True
        at = source.find(sign, at + len(sign))
    return False
