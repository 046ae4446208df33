"""What must stay out of every training corpus: the functions a model is judged on.

Three nets: packages by name (and whatever vendors them), repositories of the CodeSearchNet Python
test and validation splits (by name and project URL), and hashes of those splits' references, since
forks and copies carry other names. The lists are in `models/decontamination/`.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LISTS = Path(__file__).parents[3] / "models" / "decontamination"


class Held(str, Enum):
    """By which net something was held out."""

    PACKAGE = "held-out package"
    VENDORED = "held-out package inside another"
    REPOSITORY = "held-out repository"
    REFERENCE = "held-out reference"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decontamination:
    """The three lists: normalised names and import names, `owner/name` in lower case, SHA-1s."""

    packages: frozenset[str]
    imports: frozenset[str]
    repositories: frozenset[str]
    references: frozenset[str]

    def package(self, name: str, urls: Iterable[str]) -> Held | None:
        """Whether a whole package is held out, by its name or by the repository it names."""
        if normalised(name) in self.packages:
            return Held.PACKAGE
        found = {
            m.group(1).lower().removesuffix(".git") for url in urls if (m := _HOST.search(url))
        }
        named = {repository.rpartition("/")[2] for repository in self.repositories}
        if found & self.repositories or normalised(name) in named:
            return Held.REPOSITORY
        return None

    def path(self, path: PurePosixPath) -> Held | None:
        """Whether a file belongs to a copy of a held-out package."""
        return Held.VENDORED if self.imports.intersection(path.parts[:-1]) else None

    def docstring(self, raw: str) -> Held | None:
        """Whether a docstring, as it stands in the source, is a held-out reference."""
        return Held.REFERENCE if reference_sha1(raw) in self.references else None


NOTHING = Decontamination(
    packages=frozenset(), imports=frozenset(), repositories=frozenset(), references=frozenset()
)
"""For the validation packages themselves, whose rows are measured on and never trained on."""


@functools.cache
def load(folder: Path = LISTS) -> Decontamination:
    """The lists that come with docbot, or a team's own in the same three files."""
    rows = [line.split() for line in _lines(folder / "packages.txt")]
    return Decontamination(
        packages=frozenset(normalised(row[0]) for row in rows),
        imports=frozenset(word.replace("-", "_") for row in rows for word in row),
        repositories=frozenset(line.lower() for line in _lines(folder / "repositories.txt")),
        references=frozenset(_lines(folder / "references.sha1")),
    )


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def reference_sha1(raw: str) -> str:
    """SHA-1 of a docstring's first paragraph, cut into CodeSearchNet's docstring tokens.

    The paragraph ends at the first blank line or, without one, at the first "@". Tokens are words
    and runs of one punctuation mark; commas, quotes and backticks are dropped.
    """
    head, blank, _ = raw.partition("\n\n")
    if not blank:
        head = raw.partition("@")[0]
    text = " ".join(_TOKEN.findall(head))
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


_HOST = re.compile(
    r"(?:github\.com|gitlab\.com|bitbucket\.org)[/:]([\w.-]+/[\w.-]+)", re.IGNORECASE
)
_TOKEN = re.compile(
    r"[^\s,'\"`.():\[\]=*;>{}+\-/\\]+|\(\)|\{\}|\[\]|"
    + "|".join(re.escape(mark) + "+" for mark in ".():[]=*;>{}+-/\\")
)
