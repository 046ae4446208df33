"""Say what the hook's fast path and the other readers agree on, without importing anything."""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes a third of the time that the hook has
if TYPE_CHECKING:
    import ast

MAX_BYTES = 1_000_000
"""Larger files are skipped: they are generated, or data."""


def docstring_of(node: ast.AST) -> str | None:
    """Return the docstring as Python evaluates it; None where the body opens with no string."""
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    if type(first).__name__ != "Expr":
        return None
    value = getattr(getattr(first, "value", None), "value", None)  # of an `ast.Constant`
    return value if isinstance(value, str) else None
