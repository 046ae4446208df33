"""Read the settings of linters and formatters that a repository keeps."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SETTINGS_FILES = (
    ".ruff.toml",
    "ruff.toml",
    "pyproject.toml",
    ".flake8",
    ".pydocstyle",
    ".pydocstyle.ini",
    "setup.cfg",
    "tox.ini",
)
"""Where tools look for their settings; the first file that has a setting decides."""


class ToolSettings:
    """The settings of linters and formatters, from TOML tables and INI sections alike."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.tables: list[Mapping[str, Any]] = []
        for name in SETTINGS_FILES:
            if name in settings:
                table = (_toml if name.endswith(".toml") else _ini)(settings[name])
                self.tables.append({"ruff": table} if name.endswith("ruff.toml") else table)

    def get(self, path: str) -> Any:
        """Return the value at a dotted path of keys, in the first file that has one.

        Keys may be spelt with `-` or `_`. None if no file has a value.
        """
        for table in self.tables:
            value: Any = table
            for key in path.split("."):
                inner = value if isinstance(value, dict) else {}
                value = inner.get(key, inner.get(key.replace("-", "_")))
            if value is not None:
                return value
        return None

    def number(self, *paths: str) -> int | None:
        """Return the first positive whole number at these paths."""
        texts = (str(self.get(path)).strip() for path in paths)
        return next((int(text) for text in texts if text.isdecimal() and int(text)), None)

    def is_on(self, path: str, *, default: bool) -> bool:
        """Check whether a switch is on, in TOML's spelling or an INI file's."""
        value = self.get(path)
        return default if value is None else str(value).lower() in ("true", "yes", "on", "1")


def _toml(text: str) -> Mapping[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    tools = table.get("tool", table)
    return tools if isinstance(tools, dict) else {}


def _ini(text: str) -> Mapping[str, Any]:
    """Read sections by name; setup.cfg may spell `[x]` as `[tool:x]`."""
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {
        section.removeprefix("tool:"): dict(parser.items(section)) for section in parser.sections()
    }


_MENTIONED = re.compile(r"pydoclint|docsig|short.docstrings|\bDOC|\bALL\b")
_RUFF_RULES = {"returns": "DOC201", "yields": "DOC402", "raises": "DOC501"}
_DOCSIG_CHECKS = {
    "parameters": ("SIG203", "params-missing"),
    "returns": ("SIG503", "return-missing"),
}


def sections_linters_want(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the kinds of sections that a repository's linters want in every docstring.

    By default pydoclint passes over docstrings without sections, and ruff's rules DOC are off. With
    `skip-checking-short-docstrings = false`, these rules or a table for docsig they are wanted.

    Args:
        settings: The text of files, by the names in `SETTINGS_FILES`.

    Returns:
        Some of `parameters`, `returns`, `yields` and `raises`, sorted.

    """
    if not any(_MENTIONED.search(text) for text in settings.values()):
        return ()
    tools = ToolSettings(settings)
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
    chosen = _codes(tools, "select", "extend-select")
    left_out = _codes(tools, "ignore", "extend-ignore")
    return {
        kind
        for kind, rule in _RUFF_RULES.items()
        if _longest_prefix(rule, chosen) > _longest_prefix(rule, left_out)
    }


def _codes(tools: ToolSettings, *keys: str) -> list[str]:
    found = [tools.get(f"ruff.{table}{key}") for key in keys for table in ("lint.", "")]
    return [str(code) for codes in found if isinstance(codes, list) for code in codes]


def _longest_prefix(rule: str, codes: Iterable[str]) -> int:
    """Return how exactly ruff's codes name a rule: 0 for not at all, 1 for `ALL`."""
    lengths = [1 if code == "ALL" else len(code) for code in codes if rule.startswith(code)]
    return max([*lengths, 1 if "ALL" in codes else 0])


def _wanted_by_docsig(tools: ToolSettings) -> set[str]:
    table = tools.get("docsig")
    if not isinstance(table, dict) or tools.is_on("docsig.ignore-no-params", default=False):
        return set()
    off = str(table.get("disable", ""))
    return {kind for kind, names in _DOCSIG_CHECKS.items() if not any(n in off for n in names)}
