"""Set limits that the hook's fast path needs without any other import."""

MAX_BYTES = 1_000_000
"""Larger files are skipped: they are generated, or data."""
