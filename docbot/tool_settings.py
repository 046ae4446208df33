"""Look up the settings of linters and formatters that hold for a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docbot.tool_files import SETTINGS_FILES, read_tools, settings_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "SETTINGS_FILES",
    "ToolSettings",
    "longest_prefix",
    "ruff_codes",
    "sections_linters_want",
    "settings_texts",
]


class ToolSettings:
    """The settings of linters and formatters, from TOML tables and INI sections alike."""

    def __init__(self, levels: Sequence[Mapping[str, str]]) -> None:
        self._tools = read_tools(levels)
        """Each tool's settings; `levels` are as for `read_tools`."""

    def get(self, path: str) -> Any:
        """Return the value at a dotted path of keys, of which the first is the tool's name.

        Keys may be spelt with `-` or `_`. None if there is no value.
        """
        value: Any = self._tools
        for key in path.split("."):
            inner = value if isinstance(value, dict) else {}
            value = inner.get(key, inner.get(key.replace("-", "_")))
        return value

    def number(self, *paths: str) -> int | None:
        """Return the first positive whole number at these paths."""
        texts = (str(self.get(path)).strip() for path in paths)
        return next((int(text) for text in texts if text.isdecimal() and int(text)), None)

    def is_on(self, path: str, *, default: bool) -> bool:
        """Check whether a switch is on, in TOML's spelling or an INI file's."""
        value = self.get(path)
        return default if value is None else str(value).lower() in ("true", "yes", "on", "1")

    def codes(self, *paths: str) -> list[str]:
        """Return the items of all lists at these paths; INI files part them by commas or lines."""
        found: list[str] = []
        for path in paths:
            value = self.get(path)
            found += map(str, value) if isinstance(value, list) else _split_list(value)
        return found


def _split_list(value: Any) -> list[str]:
    return re.findall(r"[^\s,]+", value) if isinstance(value, str) else []


# What linters want of every docstring


_MENTIONED = re.compile(r"pydoclint|docsig|short.docstrings|\bDOC|\bALL\b")
_RUFF_RULES = {"returns": "DOC201", "yields": "DOC402", "raises": "DOC501"}
_DOCSIG_CHECKS = {
    "parameters": ("SIG203", "params-missing"),
    "returns": ("SIG503", "return-missing"),
}


def sections_linters_want(levels: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the kinds of sections that a file's linters want in every docstring.

    By default pydoclint passes over docstrings without sections, and ruff's rules DOC are off. With
    `skip-checking-short-docstrings = false`, these rules or a table for docsig they are wanted.

    Args:
        levels: As for `read_tools`.

    Returns:
        Some of `parameters`, `returns`, `yields` and `raises`, sorted.

    """
    if not any(_MENTIONED.search(text) for texts in levels for text in texts.values()):
        return ()
    tools = ToolSettings(levels)
    return tuple(
        sorted(_wanted_by_pydoclint(tools) | _wanted_by_ruff(tools) | _wanted_by_docsig(tools))
    )


def _wanted_by_pydoclint(tools: ToolSettings) -> set[str]:
    for section in ("pydoclint", "flake8"):  # the plug-in reads its options from flake8's
        if not tools.is_on(f"{section}.skip-checking-short-docstrings", default=True):
            without = tools.is_on(f"{section}.skip-checking-raises", default=False)
            return {"parameters", "returns", "yields", *(() if without else ("raises",))}
    return set()


def _wanted_by_ruff(tools: ToolSettings) -> set[str]:
    is_preview = tools.is_on("ruff.lint.preview", default=False) or tools.is_on(
        "ruff.preview", default=False
    )
    if not is_preview or tools.is_on(
        "ruff.lint.pydoclint.ignore-one-line-docstrings", default=False
    ):
        return set()
    chosen = ruff_codes(tools, "select", "extend-select")
    left_out = ruff_codes(tools, "ignore", "extend-ignore")
    return {
        kind
        for kind, rule in _RUFF_RULES.items()
        if longest_prefix(rule, chosen) > longest_prefix(rule, left_out)
    }


def ruff_codes(tools: ToolSettings, *keys: str) -> list[str]:
    """Return the codes of rules that ruff is given under these keys."""
    return tools.codes(*(f"ruff.{table}{key}" for key in keys for table in ("lint.", "")))


def longest_prefix(rule: str, codes: Iterable[str]) -> int:
    """Return how exactly ruff's codes name a rule: 0 for not at all, 1 for `ALL`."""
    lengths = [1 if code == "ALL" else len(code) for code in codes if rule.startswith(code)]
    return max([*lengths, 1 if "ALL" in codes else 0])


def _wanted_by_docsig(tools: ToolSettings) -> set[str]:
    table = tools.get("docsig")
    if not isinstance(table, dict) or tools.is_on("docsig.ignore-no-params", default=False):
        return set()
    off = str(table.get("disable", ""))
    return {kind for kind, names in _DOCSIG_CHECKS.items() if not any(n in off for n in names)}
