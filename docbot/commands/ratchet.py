"""Compare what a check finds with a ratchet, and bring its file up to date.

Only what a run looked at in full can be gone: with changed lines alone nothing is, and a file that
cannot be read keeps its lines.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.commands.report import count_noun
from docbot.errors import ConfigError
from docbot.repo.ratchet import (
    Gap,
    format_ratchet,
    gone,
    read_ratchet,
    rename,
    write_ratchet,
)
from docbot.scanned import finding_key
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    import argparse

    from docbot.commands.output import Run
    from docbot.drift.drift import Drift
    from docbot.repo.worktree import WorkTree
    from docbot.scanned import Result
    from docbot.select.skip import Target

_UNREAD = frozenset({SkipReason.UNPARSABLE, SkipReason.TOO_LARGE, SkipReason.LEFT_ALONE})
"""Why nothing is known of a file, whatever gaps it has."""


class Ratchet:
    """One ratchet in one run.

    Attributes:
        file: Its file.
        new: How many findings it does not have.

    """

    def __init__(self, file: Path, worktree: WorkTree, options: argparse.Namespace) -> None:
        self.file = file
        self.new = 0
        self._name = _shown(file)
        self._folder = str(file.parent)
        self._update, self._accept = options.update or options.accept, options.accept
        self._is_partial = options.staged or options.since is not None
        self._command = _update_command(self._name, options)
        known = read_ratchet(file)
        if known is None and not self._update:
            raise ConfigError(
                f"{self._name}: there is no such ratchet yet; {self._command} makes it"
            )
        self._accept |= known is None
        self._is_made = known is None
        self._listed = known or Counter()
        self._moved = 0
        self._shallow = False
        self._known = self._under_new_names(worktree)
        self._present: Counter[Gap] = Counter()
        self._unread: set[str] = set()
        self._arguments: set[str] = set()

    def _under_new_names(self, worktree: WorkTree) -> Counter[Gap]:
        lost = gone(self.file.parent, self._listed)
        if not lost or worktree.repository is None:
            return self._listed
        from docbot.repo.renames import is_shallow, renamed_since

        renamed = renamed_since(worktree.repository, self.file, lost)
        self._shallow = len(renamed) < len(lost) and is_shallow(worktree.repository)
        names = {lost[old]: self._name_of(str(new)) for old, new in renamed.items()}
        self._moved = sum(n for gap, n in self._listed.items() if gap.path in names)
        return rename(self._listed, names)

    def _name_of(self, path: str) -> str:
        return os.path.relpath(path, self._folder).replace(os.sep, "/")

    @property
    def state(self) -> str:
        """Return what an output depends on besides the files."""
        digest = hashlib.sha256(format_ratchet(self._known)).hexdigest()
        return f"{self._name}\0{digest}\0{self._moved}\0{self._shallow}\0{self._command}"

    def look_at(self, worktree: WorkTree) -> None:
        """Note what of a work tree is in question."""
        self._arguments.update(map(str, worktree.arguments))

    def compare(self, result: Result, root: Path) -> Result:
        """Return the findings of a file with those that are known marked so.

        Args:
            result: The findings, by the file's path from the root.
            root: The root of its work tree.

        """
        if any(not skip.qualname and skip.reason in _UNREAD for skip in result.skips):
            self._unread.add(str(root / result.path))
        # what may be stale fails no check, so it is not among what has to be known
        known = {finding_key(drift) for drift in result.drifts if not drift.is_certain}
        certain = [drift for drift in result.drifts if drift.is_certain]
        findings: list[Target | Drift] = [*result.missing, *certain]
        path = self._name_of(str(root / result.path)) if findings else ""
        for key in map(finding_key, findings):
            gap = Gap(path, key[0], key[2])
            self._present[gap] += 1
            if self._accept or self._present[gap] <= self._known[gap]:
                known.add(key)
            else:
                self.new += 1
        return dataclasses.replace(result, known=frozenset(known))

    def close(self, run: Run) -> None:
        """Say what is new and what is gone, and write the file where that is asked for."""
        obsolete = self._obsolete()
        count = sum(obsolete.values())
        known = sum(self._present.values()) - self.new
        run.tally.ratchet.update(new=self.new, known=known, obsolete=count)
        if self._update:
            self._write(run, obsolete)
            return
        run.say(f"{self._name}: {self.new} new, {known} known")
        if count or self._moved:
            told = [f"{count} {count_noun('line', count)} {'is' if count == 1 else 'are'} obsolete"]
            if self._moved:
                told.append(f"{self._moved} under the former name of a file")
            told = told if count else told[1:]
            run.say(f"{self._name}: {', '.join(told)}; {self._command} mends that")
        if self.new and self._shallow:
            run.say(
                f"{self._name}: files that it names are gone, and this clone is shallow, so git "
                "cannot tell where they went: run `git fetch --unshallow`"
            )

    def _write(self, run: Run, obsolete: Counter[Gap]) -> None:
        new = self._present - self._known if self._accept else Counter[Gap]()
        gaps = self._known - obsolete + new
        write_ratchet(self.file, gaps)
        total = sum(gaps.values())
        told = f"+{sum(new.values())} -{sum(obsolete.values())}"
        if self._moved:
            told += f", {self._moved} under new names"
        verb = "made" if self._is_made else "up to date"
        run.say(f"{self._name}: {verb}, {told}, {total} {count_noun('gap', total)}")
        if self.new:
            run.say(f"{self._name}: {self.new} new not added; --accept adds what is new")

    def _obsolete(self) -> Counter[Gap]:
        """Return the known gaps of what was looked at that are no gaps any more."""
        if self._is_partial:
            return Counter()
        paths = {gap.path: os.path.normpath(f"{self._folder}/{gap.path}") for gap in self._known}
        in_question = {
            name
            for name, path in paths.items()
            if path not in self._unread and self._is_in_question(path)
        }
        known = Counter({gap: n for gap, n in self._known.items() if gap.path in in_question})
        return known - self._present

    def _is_in_question(self, path: str) -> bool:
        return any(
            path == each or path.startswith(os.path.join(each, ""))  # noqa: PTH118 - ends in a slash
            for each in self._arguments
        )


def _update_command(name: str, options: argparse.Namespace) -> str:
    """Return the command that updates a ratchet, with all that names it and what it is about."""
    from docbot.commands.options import settings_of

    words = ["docbot", "check", "--update"]
    settings = settings_of(options)
    if "ratchet" in settings:  # else the configuration says it all
        if options.config is not None:
            words += _flag("config", options.config)
        for key, value in {**settings, "ratchet": name}.items():
            for each in value if isinstance(value, list) else [value]:
                words += _flag(key, each)
        is_partial = options.staged or options.since is not None or os.environ.get("PRE_COMMIT")
        paths = [] if is_partial else [os.fspath(path) for path in options.paths]
        words += ["--", *paths] if any(path.startswith("-") for path in paths) else paths
    return shlex.join(words)


def _flag(key: str, value: object) -> list[str]:
    text = str(value)
    return [f"--{key}={text}"] if text.startswith("-") else [f"--{key}", text]


def _shown(file: Path) -> str:
    """Return a path as a message names it: from the working folder where it lies below that."""
    from docbot.commands.streams import path_text

    name = os.path.relpath(file)
    return path_text(file if name.startswith("..") else Path(name))
