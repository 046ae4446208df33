"""Read and write a ratchet: the file of the known gaps of a project, one line a gap.

A line is `path::qualified.name rule`. The path is relative to the file's own folder, and the rule
is `missing` or that of a drift. Lines are sorted by their bytes, and nothing counts them, so that
git merges two versions line by line. Definitions of one name in one file have a line each.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from docbot.atomic import replacing
from docbot.drift.drift import DriftRule
from docbot.errors import ConfigError, DiskError

if TYPE_CHECKING:
    from collections.abc import Iterable

MISSING = "missing"
"""The rule of a definition without a docstring."""

HEAD = "# The known gaps of docbot's ratchet, one a line: path::name rule\n"

_RULES = frozenset({MISSING, *(rule.value for rule in DriftRule)})
_CONFLICT = re.compile(r"(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)( |$)")
_ESCAPED = re.compile("%([0-9A-F]{2})")


class Gap(NamedTuple):
    """A known gap; the path is relative to the ratchet's folder, with slashes."""

    path: str
    qualname: str
    rule: str


def read_ratchet(file: Path) -> Counter[Gap] | None:
    """Read the known gaps, each as often as it is listed; None where there is no file.

    Raises:
        ConfigError: the file cannot be read, or a line of it is no gap.

    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from error
    gaps: Counter[Gap] = Counter()
    for number, line in enumerate(content.splitlines(), 1):
        text = line.decode("utf-8", "replace").strip()
        if text and not text.startswith("#"):
            gaps[_parse(text, f"{file}:{number}")] += 1
    return gaps


def _parse(line: str, place: str) -> Gap:
    if _CONFLICT.match(line):
        raise ConfigError(
            f"{place}: is a conflict that git left; take the lines of both sides without the "
            "markers, then run docbot check --update, which drops what is no gap any more"
        )
    name, _, rule = line.rpartition(" ")
    path, _, qualname = name.rpartition("::")
    if not path or not qualname or " " in name or rule not in _RULES or "\ufffd" in line:
        raise ConfigError(
            f"{place}: is no line of a ratchet, which is 'path::name rule', but {line[:80]!r}; "
            "mend or delete it"
        )
    return Gap(_unescape(path), qualname, rule)


def write_ratchet(file: Path, gaps: Counter[Gap]) -> None:
    """Write the known gaps, unless the file holds them already.

    Raises:
        DiskError: it cannot be written.

    """
    content = format_ratchet(gaps)
    try:
        if file.is_file() and file.read_bytes().replace(b"\r\n", b"\n") == content:
            return
        with replacing(file) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise DiskError(f"{file}: cannot be written ({error.strerror})") from error


def format_ratchet(gaps: Counter[Gap]) -> bytes:
    """Return the content of a ratchet's file."""
    lines = (
        f"{_escape(gap.path)}::{gap.qualname} {gap.rule}\n".encode() for gap in gaps.elements()
    )
    return HEAD.encode() + b"".join(sorted(lines))


def _escape(path: str) -> str:
    """Return a path without blanks, controls and bytes that are no text, as in an address."""
    if path.isascii() and path.isprintable() and not set(path) & set(" %") and path[0] != "#":
        return path
    plain = (c if c.isprintable() and c not in " %" else _bytes_of(c) for c in path)
    text = "".join(plain)
    return f"%23{text[1:]}" if text.startswith("#") else text


def _bytes_of(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))


def _unescape(path: str) -> str:
    if "%" not in path:
        return path
    content = re.sub(
        _ESCAPED.pattern.encode(),
        lambda found: bytes([int(found[1], 16)]),
        path.encode("utf-8"),
    )
    return content.decode("utf-8", "surrogateescape")


def rename(gaps: Counter[Gap], names: dict[str, str]) -> Counter[Gap]:
    """Return the gaps under the new paths of files that were renamed.

    A gap that is there under both of its paths is one, which two branches have in common.
    """
    kept: Counter[Gap] = Counter()
    moved: Counter[Gap] = Counter()
    for gap, count in gaps.items():
        if gap.path in names:
            moved[gap._replace(path=names[gap.path])] += count
        else:
            kept[gap] = count
    return kept | moved


def gone(folder: Path, gaps: Iterable[Gap]) -> dict[Path, str]:
    """Return the paths of files that are not on the disk, each with its name in the ratchet."""
    names = dict.fromkeys(gap.path for gap in gaps)
    places = {os.path.normpath(folder / name): name for name in names}
    return {Path(place): name for place, name in places.items() if not os.path.lexists(place)}
