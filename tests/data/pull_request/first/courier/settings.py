"""Settings, kept as JSON."""

import json

DEFAULTS = {"retries": 3, "longest-delay": 60}


def load_settings(path):
    with open(path, encoding="utf-8") as file:
        settings = json.load(file)
    return DEFAULTS | settings


def retry_delay(attempt, settings):
    delay = min(2**attempt, settings["longest-delay"])
    return delay + attempt / 10


def names():
    """Return what can be set."""
    return sorted(DEFAULTS)
