"""Read JSON that another program sent, key by key, and check every value's type and form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from docbot.errors import DocbotError

NAMES = {bool: "true or false", int: "a number", str: "text", dict: "an object", list: "a list"}
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
REPOSITORY = re.compile(r"(?!.*/\.{1,2}$)[A-Za-z0-9_-]+/[A-Za-z0-9._-]+")


class JsonFields:
    """A JSON object whose values are checked when they are read.

    A key is a path such as `pull_request.head.sha`. Every method but `has` raises the given error
    where a value is missing or has another type or form.

    Args:
        data: The parsed JSON.
        source: What error messages call it.
        error: The class of the errors to raise.

    """

    def __init__(self, data: object, source: str, error: Callable[[str], DocbotError]) -> None:
        self._data = data
        self._source = source
        self._error = error

    def has(self, key: str) -> bool:
        """Check whether the key has a value other than null."""
        return self._find(key) is not None

    @overload
    def get(self, key: str, kind: type[str]) -> str: ...
    @overload
    def get(self, key: str, kind: type[int]) -> int: ...
    @overload
    def get(self, key: str, kind: type[list[Any]]) -> list[Any]: ...
    def get(self, key: str, kind: type[Any]) -> Any:
        """Return the value, which must have exactly this type: `true` is not a number."""
        value = self._find(key)
        if type(value) is not kind:
            problem = "is missing" if value is None else f"is not {NAMES[kind]}"
            raise self._error(f"{self._source}: `{key}` {problem}")
        return value

    def text(self, key: str) -> str:
        """Return the text; "" for null and for a missing key."""
        return self.get(key, str) if self.has(key) else ""

    def flag(self, key: str) -> bool:
        """Check whether the value is true; null and a missing key count as false."""
        return bool(self.get(key, bool)) if self.has(key) else False

    def commit(self, key: str) -> str:
        """Return a commit's name: 40 or 64 hexadecimal digits."""
        return self._matching(key, COMMIT, "a commit")

    def repository(self, key: str) -> str:
        """Return a repository's full name, `owner/name`."""
        return self._matching(key, REPOSITORY, "a repository's full name")

    def _matching(self, key: str, pattern: re.Pattern[str], what: str) -> str:
        value = self.get(key, str)
        if not pattern.fullmatch(value):
            raise self._error(f"{self._source}: `{key}` is not {what}")
        return value

    def _find(self, key: str) -> object:
        value = self._data
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value
