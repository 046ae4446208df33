"""Read the values of flags that have limits."""

from __future__ import annotations

import argparse


def share(text: str) -> float:
    """Read a share, 0 to 1.

    Raises:
        ArgumentTypeError: it is no number, or outside of these.

    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be a share, 0 to 1, got {text!r}")
    return value
