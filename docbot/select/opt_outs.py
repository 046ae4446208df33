"""Read which files are to have no docstrings from the per-file ignores of ruff and flake8.

A rule that a linter's settings ignore everywhere, or never select, is no opt-out: it says what the
linter looks for, not what the code is to have. So is a pattern that stands for every file.
"""

from __future__ import annotations

import functools
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from docbot.tool_settings import ToolSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from docbot.scan.definition import Definition

    OptOuts = tuple[tuple[str, str, str, tuple[str, ...]], ...]
    """The tool, the folder its patterns start from, a pattern, and codes: plain data, to be hashed
    and sent to other processes."""

_MENTIONED = re.compile("per[-_]file[-_]ignores")
_EVERY_FILE = re.compile(r"[*/]+(?:\.pyi?)?\Z")
_RUFF_KEYS = ("per-file-ignores", "extend-per-file-ignores")


def opt_outs_of_settings(levels: Sequence[Mapping[str, str]], scope: PurePosixPath) -> OptOuts:
    """Return the per-file ignores of missing docstrings that hold in a folder.

    Args:
        levels: As for `ToolSettings`: the folder's settings files, then those above it.
        scope: The folder, relative to the repository's root.

    """
    if not any(_MENTIONED.search(text) for texts in levels for text in texts.values()):
        return ()
    rows: list[tuple[str, str, str, tuple[str, ...]]] = []
    for tool, patterns_of in (("ruff", _of_ruff), ("flake8", _of_flake8)):
        for folder, texts in zip((scope, *scope.parents), levels, strict=False):
            settings = ToolSettings([texts])
            if settings.get(tool) is not None:
                rows += _rows(tool, folder, patterns_of(settings))
                break
    return tuple(rows)


def _rows(
    tool: str, folder: PurePosixPath, patterns: Iterator[tuple[str, list[str]]]
) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    from docbot.scan.opt_outs import selected_codes  # most repositories have no such settings

    for pattern, names in patterns:
        codes = tuple(sorted(selected_codes(names)))
        if codes and not _EVERY_FILE.match(pattern):
            yield tool, "" if str(folder) == "." else str(folder), pattern, codes


def _of_ruff(settings: ToolSettings) -> Iterator[tuple[str, list[str]]]:
    for key in _RUFF_KEYS:
        for path in (f"ruff.lint.{key}", f"ruff.{key}"):
            table = settings.get(path)
            for pattern, codes in table.items() if isinstance(table, dict) else ():
                if isinstance(codes, list):
                    yield pattern, [str(code) for code in codes]


_FLAKE8_CODES = r"[A-Z]+[0-9]*(?:[\s,]+[A-Z]+[0-9]*(?=[\s,]|\Z))*"
_FLAKE8_FILES = re.compile(rf"([^\s:,]+(?:[\s,]+[^\s:,]+)*)\s*:\s*({_FLAKE8_CODES})")


def _of_flake8(settings: ToolSettings) -> Iterator[tuple[str, list[str]]]:
    value = settings.get("flake8.per-file-ignores")
    text = "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")
    for files, codes in _FLAKE8_FILES.findall(text):
        for pattern in re.split(r"[\s,]+", files):
            yield pattern.removeprefix("./"), re.split(r"[\s,]+", codes)


def settings_opt_out(definition: Definition, path: PurePosixPath, opt_outs: OptOuts) -> str:
    """Return the setting by which a definition is to have no docstring, "" for none."""
    rows = _rows_for(path, opt_outs) if opt_outs else ()
    if not rows:
        return ""
    from docbot.scan.definition import Kind
    from docbot.scan.opt_outs import codes_of

    codes = codes_of(definition.kind, definition.name, definition.qualname)
    if definition.kind is Kind.MODULE:
        codes = frozenset({"D104" if path.name == "__init__.py" else "D100"})
    for tool, _, pattern, ignored in rows:
        if common := codes & set(ignored):
            return f"{tool}'s per-file-ignores have {min(common)} for `{pattern}`"
    return ""


@functools.lru_cache(maxsize=16)
def _rows_for(path: PurePosixPath, opt_outs: OptOuts) -> OptOuts:
    return tuple(row for row in opt_outs if _matches(path, *row[:3]))


def _matches(path: PurePosixPath, tool: str, folder: str, pattern: str) -> bool:
    if folder and not path.is_relative_to(folder):
        return False
    name = path.relative_to(folder).as_posix()
    if tool == "ruff":
        is_match = any(
            _ruff_pattern(pattern.removeprefix("!")).fullmatch(each) for each in (name, path.name)
        )
        return is_match is not pattern.startswith("!")
    return fnmatchcase(path.name, pattern) or fnmatchcase(name, pattern)


@functools.lru_cache(maxsize=256)
def _ruff_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a glob as ruff's library reads it: stars also pass over slashes."""
    parts = []
    for match in _GLOB.finditer(pattern.removeprefix("./")):
        text = match[0]
        if text.endswith("*/"):
            parts.append("(?:.*/)?" if text == "**/" else ".*/")
        elif text[0] == "[":
            parts.append(text.replace("[!", "[^", 1))
        else:
            parts.append(_GLOB_PARTS.get(text, re.escape(text)))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")  # nothing


_GLOB = re.compile(r"\*\*/|\*+|\[[^\]]+\]|.", re.DOTALL)
_GLOB_PARTS = {"*": ".*", "**": ".*", "?": ".", "{": "(?:", "}": ")", ",": "|"}
