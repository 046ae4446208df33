"""Find, check and make the files that are built here: a pulled base and an adapter of docbot's.

A build's name comes from what it is made of, so a docbot with another adapter does not take it for
its own, and two versions of docbot can share a folder. The same is written in its header, and a
seal that covers the rest of the file. `models pull` builds; a run builds only what is missing,
after an upgrade of docbot, or damaged. Nothing here opens a socket.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from docbot.atomic import replacing
from docbot.cache import cache_folder, make_private
from docbot.errors import ModelError
from docbot.llm import digest, hub
from docbot.llm.gguf import read_first_entries
from docbot.llm.known_models import packaged_file
from docbot.llm.seal import SEALED, read_seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from docbot.llm.known_models import Model

NUMBER = 1
"""Raised whenever the same parts are made into another file, so that everyone's is built anew."""

KEPT = 2  # builds of one model: docbot in a project and in its pre-commit hook may differ


def expected_path(model: Model) -> Path:
    """Return where the build of this docbot is, or would be.

    Raises:
        ModelError: the adapter is missing from the package, or the user has no home folder.

    """
    parts = json.dumps(_notes(model)).encode()
    return _folder() / f"{model.name}-{hashlib.sha256(parts).hexdigest()[:16]}.gguf"


def is_usable(model: Model) -> bool:
    """Check whether a model was pulled and can run; damage is not looked for.

    Its build is here, or one for another version of docbot and the base to build it anew.
    """
    with suppress(ModelError):
        return expected_path(model).is_file() or (
            bool(_all(model)) and hub.cached_file(model) is not None
        )
    return False


def is_sound(model: Model) -> bool:
    """Check whether the build of this docbot is here and undamaged."""
    return not _what_is_wrong(model)


def find(model: Model) -> Path:
    """Return the path of a model's build, unchecked.

    Raises:
        ModelError: there is none.

    """
    path = expected_path(model)
    if path.is_file():
        return path
    raise ModelError(f"{model.name}: {_what_is_missing(model)}; {model.remedy}")


def open_build(model: Model) -> Path:
    """Return the path of a model's build, checked, and build it anew where that has to be.

    Raises:
        ModelError: it has to be, and its base is not on this machine or is damaged.

    """
    path = expected_path(model)
    wrong = _what_is_wrong(model)
    if not wrong:
        return path
    base = hub.cached_file(model)
    if base is None:
        raise ModelError(f"{model.name}: {wrong}; {model.remedy}")
    print(f"docbot: {model.name}: {wrong}; building it from its parts", file=sys.stderr)  # noqa: T201
    return build(model, base)


def build(model: Model, base: Path) -> Path:
    """Build a model from its base and the adapter in the package, and return the build's path.

    Raises:
        ModelError: the base is damaged, or the build cannot be written.

    """
    from docbot.llm.merge import merge

    path, adapter = expected_path(model), packaged_file(model, model.adapter)
    try:
        if digest.cached_sha256(base) != model.sha256:
            raise ModelError(f"{base}: is damaged; {model.remedy}")
        make_private(cache_folder())
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            seal = merge(
                base, adapter, temporary, quantization=model.quantization, notes=_notes(model)
            )
        digest.record(path, seal)
    except OSError as error:
        if _what_is_wrong(model):  # another process may have been faster
            reason = os.strerror(error.errno) if error.errno else error
            raise ModelError(
                f"{model.name}: cannot be built in {path.parent} ({reason}); make room, or set"
                " DOCBOT_CACHE_DIR to another folder"
            ) from error
    _discard_old(model)
    return path


def check(path: Path, model: Model, sha256: Callable[[Path, int], str]) -> None:
    """Check what a build was made from, and its seal.

    Args:
        path: The build.
        model: What it is a build of.
        sha256: `digest.sha256`, or `digest.cached_sha256` to hash only what has changed.

    Raises:
        ModelError: it was made from other parts, or is damaged.
        OSError: it cannot be read.

    """
    notes = _notes(model)
    _, *entries = read_first_entries(path, 1 + len(notes))
    if {entry.key: entry.value for entry in entries} != notes:
        raise ModelError(f"{path}: was built from other parts; {model.remedy}")
    if read_seal(path) != sha256(path, SEALED):
        raise ModelError(f"{path}: is damaged (its sha256 is not the one inside); {model.remedy}")


def remove(model: Model) -> int:
    """Delete a model's base and all its builds, and return how many bytes that freed.

    Raises:
        ModelError: there is nothing to delete, or it cannot be.

    """
    builds = _all(model)
    freed = 0
    if hub.cached_file(model) is not None or not builds:
        freed = hub.remove(model)
    for path in builds:
        freed += path.stat().st_size
        _delete(path)
    return freed


def _what_is_wrong(model: Model) -> str:
    """Say why the build of this docbot cannot run; "" if it can."""
    path = expected_path(model)
    if not path.is_file():
        return _what_is_missing(model)
    try:
        _check_once(path, model)
    except (ModelError, OSError):
        return "the file that was built is damaged"
    return ""


@functools.cache
def _check_once(path: Path, model: Model) -> None:
    """Check a build, once per process; it is hashed only when it is new or has changed since."""
    check(path, model, digest.cached_sha256)


def _what_is_missing(model: Model) -> str:
    if _all(model):
        return "was built for another version of docbot"
    if hub.cached_file(model) is not None:
        return "is here in parts"
    return "is not on this machine, and nothing is downloaded unasked"


def _notes(model: Model) -> dict[str, str | int]:
    """Return what is written in a build's header about its parts."""
    return {
        "docbot.base.sha256": model.sha256,
        "docbot.adapter.sha256": _adapter_sha256(model),
        "docbot.build": NUMBER,
        "docbot.quantization": model.quantization,
    }


@functools.cache
def _adapter_sha256(model: Model) -> str:
    path = packaged_file(model, model.adapter)
    try:
        return digest.cached_sha256(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); reinstall docbot") from error


def _folder() -> Path:
    try:
        return cache_folder() / "models"
    except RuntimeError as error:
        raise ModelError(str(error)) from error


def _all(model: Model) -> list[Path]:
    """List every build of a model, the oldest first."""
    found = [path for path in _folder().glob(f"{model.name}-*.gguf") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def _discard_old(model: Model) -> None:
    for path in _all(model)[:-KEPT]:
        if path != expected_path(model):
            with suppress(ModelError):
                _delete(path)


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(f"{path}: cannot be removed ({error.strerror})") from error
    digest.forget(path)
