"""Keep the functions that models are evaluated on out of every training corpus.

There are three lists: packages by name (with every package that vendors them), the repositories of
the CodeSearchNet Python test and validation splits (by name and project URL), and hashes of those
splits' references, since forks and copies carry other names. They are in `models/decontamination/`.
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


class HoldOutReason(str, Enum):
    """Which list held something out."""

    PACKAGE = "held-out package"
    VENDORED = "held-out package inside another"
    REPOSITORY = "held-out repository"
    REFERENCE = "held-out reference"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decontamination:
    """The three lists of what is held out.

    Attributes:
        packages: Names of distributions, normalised (PEP 503).
        imports: Names under which those packages are imported.
        repositories: `owner/name` in lower case.
        references: SHA-1s as `reference_sha1` computes them.

    """

    packages: frozenset[str]
    imports: frozenset[str]
    repositories: frozenset[str]
    references: frozenset[str]

    def check_package(self, name: str, urls: Iterable[str]) -> HoldOutReason | None:
        """Check whether a whole package is held out, by its name or its repository.

        Args:
            name: The distribution's name.
            urls: The URLs in its metadata.

        Returns:
            Why it is held out, or None.

        """
        if normalise_name(name) in self.packages:
            return HoldOutReason.PACKAGE
        linked = {
            m.group(1).lower().removesuffix(".git") for url in urls if (m := _HOST.search(url))
        }
        repository_names = {repository.rpartition("/")[2] for repository in self.repositories}
        if linked & self.repositories or normalise_name(name) in repository_names:
            return HoldOutReason.REPOSITORY
        return None

    def check_path(self, path: PurePosixPath) -> HoldOutReason | None:
        """Check whether a file belongs to a copy of a held-out package."""
        return HoldOutReason.VENDORED if self.imports.intersection(path.parts[:-1]) else None

    def check_docstring(self, raw: str) -> HoldOutReason | None:
        """Check whether a docstring, as written in the source, is a held-out reference."""
        return HoldOutReason.REFERENCE if reference_sha1(raw) in self.references else None


NOTHING = Decontamination(
    packages=frozenset(), imports=frozenset(), repositories=frozenset(), references=frozenset()
)
"""Empty lists, for the validation packages: their rows are evaluated and never trained on."""


@functools.cache
def load(folder: Path = LISTS) -> Decontamination:
    """Load the lists of a folder, by default those that come with docbot.

    A team's own folder needs the same files: packages.txt, repositories.txt and references.sha1.
    """
    rows = [line.split() for line in _lines(folder / "packages.txt")]
    return Decontamination(
        packages=frozenset(normalise_name(row[0]) for row in rows),
        imports=frozenset(word.replace("-", "_") for row in rows for word in row),
        repositories=frozenset(line.lower() for line in _lines(folder / "repositories.txt")),
        references=frozenset(_lines(folder / "references.sha1")),
    )


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]


def normalise_name(name: str) -> str:
    """Return a distribution's name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def reference_sha1(raw: str) -> str:
    """Hash a docstring's first paragraph by its CodeSearchNet tokens (SHA-1, in hex).

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
