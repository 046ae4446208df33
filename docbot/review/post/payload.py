"""JSON that another program sent, looked at key by key and never believed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from docbot.errors import DocbotError

NAMES = {bool: "true or false", int: "a number", str: "text", dict: "an object", list: "a list"}
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
REPOSITORY = re.compile(r"(?!.*/\.{1,2}$)[A-Za-z0-9_-]+/[A-Za-z0-9._-]+")


class Payload:
    """An object of JSON; `source` names it in sentences, `error` is what a wrong key raises.

    A key is a path such as `pull_request.head.sha`.
    """

    def __init__(self, data: object, source: str, error: Callable[[str], DocbotError]) -> None:
        self._data = data
        self._source = source
        self._error = error

    def has(self, key: str) -> bool:
        """Whether there is a value other than null."""
        return self._find(key) is not None

    @overload
    def get(self, key: str, kind: type[str]) -> str: ...
    @overload
    def get(self, key: str, kind: type[int]) -> int: ...
    @overload
    def get(self, key: str, kind: type[list[Any]]) -> list[Any]: ...
    def get(self, key: str, kind: type[Any]) -> Any:
        """The value, which must be of just this type: `true` is no number."""
        found = self._find(key)
        if type(found) is not kind:
            told = "is missing" if found is None else f"is not {NAMES[kind]}"
            raise self._error(f"{self._source}: `{key}` {told}")
        return found

    def text(self, key: str) -> str:
        """The text, "" for null and for no such key."""
        return self.get(key, str) if self.has(key) else ""

    def flag(self, key: str) -> bool:
        """Whether it is true; null and no such key are false."""
        return bool(self.get(key, bool)) if self.has(key) else False

    def commit(self, key: str) -> str:
        """A commit's name, 40 or 64 hexadecimal digits."""
        return self._matching(key, COMMIT, "a commit")

    def repository(self, key: str) -> str:
        """A repository's full name."""
        return self._matching(key, REPOSITORY, "a repository's full name")

    def _matching(self, key: str, pattern: re.Pattern[str], what: str) -> str:
        found = self.get(key, str)
        if not pattern.fullmatch(found):
            raise self._error(f"{self._source}: `{key}` is not {what}")
        return found

    def _find(self, key: str) -> object:
        found = self._data
        for name in key.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found
