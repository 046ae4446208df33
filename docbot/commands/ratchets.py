"""Open the ratchets of a run: each configuration may have its own, and `--ratchet` is that of all.

Where there is none, nothing else of them is imported.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from docbot.commands.output import Run
    from docbot.commands.ratchet import Ratchet
    from docbot.repo.worktree import WorkTree


class Ratchets:
    """The ratchets of a run, by their files."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.is_writing = options.update or options.accept
        self._options = options

        self._ratchets: dict[str, Ratchet] = {}

    def of(self, worktree: WorkTree) -> Ratchet | None:
        """Return the ratchet of a work tree's configuration; None where it has none.

        Raises:
            ConfigError: as `read_ratchet`, or there is no such file.

        """
        name = worktree.config.ratchet
        if not name:
            return None
        if name not in self._ratchets:
            from docbot.commands.ratchet import Ratchet

            file = Path(os.path.realpath(name))
            self._ratchets[name] = Ratchet(file, worktree, self._options)
        ratchet = self._ratchets[name]
        ratchet.look_at(worktree)
        return ratchet

    def state(self, worktrees: Iterable[WorkTree]) -> list[str]:
        """Return what the output of a check depends on besides its files."""
        state = []
        for tree in worktrees:
            if (ratchet := self.of(tree)) is not None:
                arguments = (os.path.relpath(path, tree.root) for path in tree.arguments)
                state += [ratchet.state, *arguments]
        return state

    @property
    def has_new(self) -> bool:
        """Check for a finding that its ratchet lacks."""
        return any(ratchet.new for ratchet in self._ratchets.values())

    def check_flags(self, worktrees: Iterable[WorkTree]) -> None:
        """Refuse to write what a part of the files says, and where no configuration has a file.

        Raises:
            ConfigError: naming the flag.

        """
        flag = "--accept" if self._options.accept else "--update"
        if self._options.staged or self._options.since is not None:
            raise ConfigError(f"{flag} looks at whole files; leave out --staged and --since")
        if not any(tree.config.ratchet for tree in worktrees):
            raise ConfigError(f"{flag} needs a file: --ratchet FILE, or the key ratchet")

    def close(self, run: Run) -> None:
        """Say what each ratchet found, or write it."""
        for ratchet in self._ratchets.values():
            ratchet.close(run)
