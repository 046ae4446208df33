"""Find and check the GGUF file of a model before llama.cpp loads it.

A known model is pinned by its sha256, wherever the file came from. For a file of the user's own, or
one that a reference to the hub names, the header is checked first (`gguf`). Nothing here opens a
socket: a model that was not pulled is an error that says how to pull it.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.config import AUTO
from docbot.errors import ModelError
from docbot.llm import builds, digest, hub
from docbot.llm.gguf import read_header
from docbot.llm.known_models import (
    EMBEDDED,
    HUB,
    MAX_CONTEXT,
    MODELS,
    PREFERRED,
    Model,
    packaged_file,
)
from docbot.llm.seal import read_seal

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """A checked file on this disk, for a backend; `context` and `format` are as in `Model`."""

    path: Path
    context: int
    format: str


REFERENCE = re.compile(
    r"hf://(?P<repository>\w(?:[\w.-]*\w)?/\w(?:[\w.-]*\w)?)(?:@(?P<revision>[^/]*))?"
    r"/(?P<file>[^\\]+\.gguf)",
    re.ASCII,
)

COMMIT = re.compile(r"[0-9a-f]{40}")


def choose(name: str) -> str:
    """Return the name of the model that `auto` stands for, and any other name as it is."""
    if name != AUTO:
        return name
    return PREFERRED if builds.is_usable(MODELS[PREFERRED]) else EMBEDDED


def resolve(name: str, prompt_format: str) -> Weights:
    """Find and check the file of a model; one that is out of date is built anew from its parts.

    Args:
        name: `auto`, a known model's name, a reference to the hub, or the path of a GGUF file.
        prompt_format: The prompt format of a model that is not known; a known one has its own.

    Raises:
        ModelError: no such model or file, not pulled yet, or not the file it should be.

    """
    name = choose(name)
    if name in MODELS or name.startswith(HUB):
        model = get_model(name)
        if model.adapter:
            path = builds.open_build(model)
        else:
            path = find(model)
            verify(path, model)
        context = model.window or model.context or read_header(path).context
        prompt_format = model.format or prompt_format
        return Weights(path=path, context=min(context, MAX_CONTEXT), format=prompt_format)
    if "://" in name:
        raise _unknown(name)
    path = Path(name)
    with suppress(RuntimeError):  # "~nobody/x.gguf" is then a path that does not exist
        path = path.expanduser()
    if path.suffix != ".gguf" and path.name == name and not path.exists():
        raise _unknown(name)
    context = min(read_header(path).context, MAX_CONTEXT)
    return Weights(path=path, context=context, format=prompt_format)


def identify(name: str, path: Path) -> str:
    """Return a sha256 that identifies the file at a path that `resolve` returned for a name.

    Raises:
        ModelError: the file cannot be read any more.

    """
    model = MODELS.get(choose(name))
    if model is not None and model.adapter:
        return read_seal(path)
    pinned = model.sha256 if model is not None else ""
    try:
        return pinned or digest.cached_sha256(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


def get_model(name: str) -> Model:
    """Return the row of a known model, or a new one for a reference to the hub.

    Raises:
        ModelError: no such model, or a reference that is not pinned.

    """
    if name.startswith(HUB):
        return _parse_reference(name)
    if name not in MODELS:
        raise _unknown(name)
    return MODELS[name]


def find(model: Model) -> Path:
    """Return the path of a model's file on this disk, unchecked.

    Raises:
        ModelError: it was not pulled yet, or is missing from the package.

    """
    if model.adapter:
        return builds.find(model)
    if model.repository:
        path = hub.cached_file(model)
        if path is None:
            raise ModelError(
                f"{model.name}: is not on this machine, and nothing is downloaded unasked; "
                f"{model.remedy}"
            )
        return path
    return packaged_file(model, model.file)


@functools.cache
def verify(path: Path, model: Model) -> None:
    """Check a file's size and sha256, once per process.

    A pulled file is hashed only when it is new or has changed since.

    Raises:
        ModelError: the file cannot be read, or is not the model's.

    """
    _compare(path, model, digest.cached_sha256 if model.repository else digest.sha256)


def rehash(path: Path, model: Model) -> None:
    """Check a file's size and sha256 by reading all of it, whatever is on record.

    The base of a build is checked as well, where it is on this disk.

    Raises:
        ModelError: the file cannot be read, or is not the model's.

    """
    base = hub.cached_file(model) if model.adapter else None
    if base is not None:
        _compare(base, dataclasses.replace(model, adapter=""), digest.sha256)
    _compare(path, model, digest.sha256)


def _compare(path: Path, model: Model, sha256: Callable[..., str]) -> None:
    try:
        if model.adapter:
            builds.check(path, model, sha256)
            return
        size = path.stat().st_size
        if model.bytes and size != model.bytes:
            raise ModelError(
                f"{path}: has {size} bytes where {model.name} has {model.bytes}; {model.remedy}"
            )
        checksum = hub.expected_sha256(path, model)
        if checksum and sha256(path) != checksum:
            raise ModelError(
                f"{path}: is damaged (its sha256 is not {model.name}'s); {model.remedy}"
            )
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {model.remedy}") from error


def _parse_reference(name: str) -> Model:
    parts = REFERENCE.fullmatch(name)
    if parts is None or {"", ".", ".."} & {*parts["file"].split("/")}:
        raise ModelError(
            f"'{name}' is no reference; write hf://owner/repository@revision/file.gguf"
        )
    repository, revision = parts["repository"], parts["revision"] or ""
    if not COMMIT.fullmatch(revision):
        cause = f"'{revision}' can change" if revision else "it names no revision"
        raise ModelError(
            f"{name}: {cause}, so nobody knows which file that will be; pin it by the 40 digits of "
            f"a commit from {hub.PUBLIC}/{repository}/commits/main, as "
            f"{HUB}{repository}@<commit>/{parts['file']}"
        )
    return Model(
        name=name,
        file=parts["file"],
        sha256="",
        bytes=0,
        context=0,
        format="",
        licence="",
        repository=repository,
        revision=revision,
    )


def _unknown(name: str) -> ModelError:
    if "://" in name:
        return ModelError(
            f"{name} is an address, and docbot runs models on this machine itself; name one of "
            "`docbot models list`, hf://owner/repository@commit/file.gguf, or the path of a .gguf "
            "file"
        )
    nearest = sorted(MODELS, key=lambda other: -_similarity(other, name))
    return ModelError(
        f"no model is called '{name}'; known: {', '.join(nearest)}, or the path of a .gguf file"
    )


def _similarity(other: str, name: str) -> float:
    return difflib.SequenceMatcher(None, other, name.lower()).ratio()
