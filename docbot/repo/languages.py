"""Recognise files that are named to docbot and are not Python, by their suffixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CYTHON = "Cython, whose syntax docbot's parsers do not know"
_LANGUAGES: Mapping[str, str] = {
    ".ipynb": "a notebook, whose code lies in JSON; docbot reads Python files alone",
    **dict.fromkeys((".pyx", ".pxd", ".pxi"), _CYTHON),
    **dict.fromkeys((".pyc", ".pyo"), "compiled Python"),
    **dict.fromkeys((".so", ".pyd", ".dll"), "a compiled library"),
    **dict.fromkeys((".json", ".jsonl", ".json5"), "JSON"),
    **dict.fromkeys((".yaml", ".yml"), "YAML"),
    **dict.fromkeys((".cfg", ".ini", ".conf"), "a settings file"),
    **dict.fromkeys((".md", ".rst", ".txt"), "text"),
    **dict.fromkeys((".html", ".htm", ".jinja", ".jinja2", ".j2"), "HTML or a template"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx"), "JavaScript or TypeScript"),
    **dict.fromkeys((".c", ".h", ".cc", ".cpp", ".hpp", ".cu"), "C or C++"),
    **dict.fromkeys((".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat"), "a shell script"),
    ".toml": "TOML",
    ".xml": "XML",
    ".csv": "a table",
    ".css": "CSS",
    ".rs": "Rust",
    ".go": "Go",
    ".rb": "Ruby",
    ".java": "Java",
    ".sql": "SQL",
    ".lock": "a lock file",
}
"""Other languages by suffix. A file of any other suffix that the user names is taken for Python:
`wscript`, `app.wsgi` and `service.tac` are."""


def other_language(path: Path) -> str:
    """Return what a file is if it is not Python, in words for people, else ""."""
    language = _LANGUAGES.get(path.suffix.lower(), "")
    return f"it is not Python but {language}" if language else ""
