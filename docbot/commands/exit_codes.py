"""The exit codes of every command, as the README documents them."""

from __future__ import annotations

CLEAN = 0
"""There was nothing to do, or nothing to complain about."""
CHANGES = 1
"""Changes were made, or findings call for some."""
CANNOT_RUN = 2
"""The arguments, the configuration or the surroundings do not allow a run."""
BUG = 3
"""docbot failed; no file is half written."""
INTERRUPTED = 130
"""The user pressed Ctrl-C: 128 and the number of the signal, as shells have it."""

INTERRUPTION = "interrupted; every file is either as it was or done"
"""What is said after Ctrl-C."""
