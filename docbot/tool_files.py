"""Read the files in which linters and formatters keep their settings."""

from __future__ import annotations

import posixpath
import re
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SETTINGS_FILES = (
    ".ruff.toml",
    "ruff.toml",
    "pylintrc",
    "pylintrc.toml",
    ".pylintrc",
    ".pylintrc.toml",
    ".style.yapf",
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    ".flake8",
    ".pep8",
    ".pydocstyle",
    ".pydocstyle.ini",
    ".pydocstylerc",
    ".pydocstylerc.ini",
    ".editorconfig",
    ".pre-commit-config.yaml",
    "mkdocs.yml",
    "mkdocs.yaml",
)
"""Where tools look for their settings; of one folder's, the first that configures a tool counts."""


def settings_texts(read: Callable[[str], str | None]) -> dict[str, str]:
    """Read one folder's settings files, and the files that ruff's `extend` names in them.

    Args:
        read: Returns the text of a file by its path from the folder, which may begin with `..`;
            None where there is none, where it is no text or lies outside the repository.

    Returns:
        The texts by these paths: one of the levels that `ToolSettings` takes.

    """
    texts = {name: text for name in SETTINGS_FILES if (text := read(name)) is not None}
    name = next(filter(None, (_extended(name, texts[name]) for name in _ruff_files(texts))), None)
    while name is not None and name not in texts and (text := read(name)) is not None:
        texts[name] = text
        name = _extended(name, text)
    return texts


def read_tools(levels: Sequence[Mapping[str, str]]) -> dict[str, Mapping[str, Any]]:
    """Return each tool's settings, from the nearest folder that configures it.

    As for ruff, black and flake8, one file counts; those of folders above are not mixed in.

    Args:
        levels: The texts of settings files by their names, as from `settings_texts`: those in a
            file's folder, then those in each folder above it up to the repository's root.

    """
    tools: dict[str, Mapping[str, Any]] = {}
    for texts in levels:
        for tool, table in _tools_of(texts):
            tools.setdefault(tool, table)
    return {**tools, **_editorconfig(levels)}


def _tools_of(texts: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the tables of one folder's files by the names of tools."""
    for name in SETTINGS_FILES:
        text = texts.get(name)
        if text is None:
            continue
        for tool, table in _read(name, text).items():
            if isinstance(table, dict):
                yield tool, _extend(table, name, texts) if tool == "ruff" else table


def _read(name: str, text: str) -> Mapping[str, Any]:
    """Return a file's tables by the names of tools."""
    return _READERS.get(name, _ini_tools)(text)


def _toml_tools(text: str) -> Mapping[str, Any]:
    tools = _toml(text).get("tool")
    tools = tools if isinstance(tools, dict) else {}
    return {**tools, "pylint": _flat(tools["pylint"])} if "pylint" in tools else tools


def _toml(text: str) -> Mapping[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]
    try:
        table: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    return table


def _ini(text: str) -> dict[str, dict[str, str]]:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _ini_tools(text: str) -> Mapping[str, Any]:
    """Read sections by name; setup.cfg may spell `[x]` as `[tool:x]`, and pylint has many."""
    sections = {name.removeprefix("tool:"): table for name, table in _ini(text).items()}
    tools: dict[str, Any] = dict(sections)
    if pylint := {name: table for name, table in sections.items() if name.startswith("pylint")}:
        tools["pylint"] = _flat(pylint)
    if "pep8" in sections:  # pycodestyle's former name
        tools.setdefault("pycodestyle", sections["pep8"])
    return tools


def _flat(table: Any) -> dict[str, Any]:
    """Return the options of all sections; pylint and yapf do not ask in which one they are."""
    flat: dict[str, Any] = {}
    for key, value in table.items() if isinstance(table, dict) else ():
        flat.update(value if isinstance(value, dict) else {key: value})
    return flat


_MKDOCSTRINGS = re.compile(r"^[^#\n]*\bmkdocstrings\b", re.MULTILINE)
_DOCFORMATTER_HOOK = re.compile(
    r"^([ \t]*)-[ \t]+id:[ \t]*['\"]?docformatter\b.*\n((?:\1[ \t]+.*\n|[ \t]*\n|[ \t]*#.*\n)*)",
    re.MULTILINE,
)
_HOOK_OPTION = re.compile(r"--([a-z][a-z-]*)(?:(?:[=\s,'\"]|^[ \t]*-[ \t])+(\w+))?", re.MULTILINE)


def _hooks(text: str) -> Mapping[str, Any]:
    """Return the options that a docformatter hook is given; "true" for those without a value."""
    hook = _DOCFORMATTER_HOOK.search(text + "\n")
    if hook is None:
        return {}
    options = _HOOK_OPTION.findall(re.sub(r"#.*", "", hook[2]))
    return {"docformatter-hook": {name: value or "true" for name, value in options}}


# Ruff's `extend`


def _ruff_files(texts: Mapping[str, str]) -> Iterator[str]:
    return (name for name in (".ruff.toml", "ruff.toml", "pyproject.toml") if name in texts)


def _extended(name: str, text: str) -> str | None:
    """Return the path, from the folder, of the file that ruff's settings in a file extend."""
    if "extend" not in text:
        return None
    table = _ruff_table(name, text)
    other = table.get("extend") if isinstance(table, dict) else None
    if not isinstance(other, str) or other.startswith(("/", "~")) or "$" in other or ":" in other:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), other))


def _ruff_table(name: str, text: str) -> Any:
    """Return ruff's settings in a file, of which all but `pyproject.toml` are ruff's alone."""
    return (
        _read("pyproject.toml", text).get("ruff")
        if posixpath.basename(name) == "pyproject.toml"
        else _toml(text)
    )


def _extend(table: Mapping[str, Any], name: str, texts: Mapping[str, str]) -> Mapping[str, Any]:
    """Add the settings of the files that ruff's settings in file `name` extend."""
    passed = {name}
    while (other := _extended(name, texts[name])) and other in texts and other not in passed:
        passed.add(other)
        base = _ruff_table(other, texts[other])
        if isinstance(base, dict):
            table = _merged(base, table)
        name = other
    return table


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ruff's `base` as `own` changes it: `select` begins anew, other codes are added."""
    merged = dict(base)
    if "select" in own:
        for key in _RULE_LISTS:
            merged.pop(key, None)
    for key, value in own.items():
        before = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[key] = _merged(before, value)
        elif isinstance(value, list) and isinstance(before, list) and key in _RULE_LISTS[1:]:
            merged[key] = before + value
        else:
            merged[key] = value
    return merged


_RULE_LISTS = ("select", "ignore", "extend-select", "extend-ignore")


# .editorconfig

_PREAMBLE = "before the first section"


def _editorconfig(levels: Sequence[Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """Return `max_line_length` for Python files; `off` is none, and `root` ends the search."""
    for texts in levels:
        sections = _ini(f"[{_PREAMBLE}]\n{text}") if (text := texts.get(".editorconfig")) else {}
        lengths = [
            table["max_line_length"]
            for pattern, table in sections.items()
            if "max_line_length" in table and _matches_python(pattern)
        ]
        if lengths:
            return {"editorconfig": {"max-line-length": lengths[-1]}}
        if sections.get(_PREAMBLE, {}).get("root", "").lower() == "true":
            break
    return {}


def _matches_python(pattern: str) -> bool:
    """Check whether an editor's pattern stands for Python files in whatever folder."""
    braces = re.search(r"\{([^{}]*)\}", pattern)
    if braces is not None:
        options = (
            f"{pattern[: braces.start()]}{o.strip()}{pattern[braces.end() :]}"
            for o in braces[1].split(",")
        )
        return any(map(_matches_python, options))
    return fnmatchcase("module.py", pattern.removeprefix("**/").replace("**", "*"))


_READERS: Mapping[str, Callable[[str], Mapping[str, Any]]] = {
    **dict.fromkeys((".ruff.toml", "ruff.toml"), lambda text: {"ruff": _toml(text)}),
    **dict.fromkeys(("pyproject.toml", "pylintrc.toml", ".pylintrc.toml"), _toml_tools),
    **dict.fromkeys(("pylintrc", ".pylintrc"), lambda text: {"pylint": _flat(_ini(text))}),
    ".style.yapf": lambda text: {"yapf": _flat(_ini(text))},
    ".editorconfig": lambda _: {},  # not one file counts but all: see `_editorconfig`
    ".pre-commit-config.yaml": _hooks,
    **dict.fromkeys(
        ("mkdocs.yml", "mkdocs.yaml"),
        lambda text: {"mkdocstrings": {}} if _MKDOCSTRINGS.search(text) else {},
    ),
}
"""How each file is read; those that are not here are INI files with a section for each tool."""
