"""Model name to a GGUF file that may be handed to llama.cpp.

A known model is pinned by its sha256, wherever it came from. A file of the user's own, or one that
is named by a reference to the hub, has its header walked over first (`gguf`). Nothing here opens a
socket: a model that was not pulled is an error that says how to pull it.
"""

from __future__ import annotations

import difflib
import functools
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.errors import ModelError
from docbot.llm import digest, hub
from docbot.llm.gguf import read_header
from docbot.llm.known_models import HUB, MAX_CONTEXT, MODELS, Model

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """A checked file on this disk, with what a backend has to know of it; units as in `Model`."""

    path: Path
    context: int
    format: str


# In a wheel the models are inside the package; in a checkout they are beside it.
FOLDERS = (Path(__file__).parents[1] / "models", Path(__file__).parents[2] / "models")


REFERENCE = re.compile(
    r"hf://(?P<repository>\w(?:[\w.-]*\w)?/\w(?:[\w.-]*\w)?)(?:@(?P<revision>[^/]*))?"
    r"/(?P<file>[^\\]+\.gguf)",
    re.ASCII,
)


COMMIT = re.compile(r"[0-9a-f]{40}")


def resolve(name: str, prompt_format: str) -> Weights:
    """The checked file for a model's name, a reference to the hub, or the path of a GGUF file.

    A known model brings its own prompt format; `prompt_format` is for the others.

    Raises:
        ModelError: no such model or file, not pulled yet, or not the file it should be.

    """
    if name in MODELS or name.startswith(HUB):
        model = named(name)
        path = find(model)
        verify(path, model)
        context = model.context or read_header(path).context
        form = model.format or prompt_format
        return Weights(path=path, context=min(context, MAX_CONTEXT), format=form)
    path = Path(name)
    with suppress(RuntimeError):  # "~nobody/x.gguf" is then a path that does not exist
        path = path.expanduser()
    if path.suffix != ".gguf" and path.name == name and not path.exists():
        raise _unknown(name)
    context = min(read_header(path).context, MAX_CONTEXT)
    return Weights(path=path, context=context, format=prompt_format)


def identify(name: str, path: Path) -> str:
    """The sha256 of the file at a path that `resolve` gave for a name.

    Raises:
        ModelError: it cannot be read any more.

    """
    known = MODELS[name].sha256 if name in MODELS else ""
    try:
        return known or digest.known(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


def named(name: str) -> Model:
    """The row of a known model, or one made of a reference to the hub.

    Raises:
        ModelError: no such model, or a reference that is not pinned.

    """
    if name.startswith(HUB):
        return _referred(name)
    if name not in MODELS:
        raise _unknown(name)
    return MODELS[name]


def find(model: Model) -> Path:
    """The model's file on this disk, unchecked.

    Raises:
        ModelError: it was not pulled yet.

    """
    if model.repository:
        path = hub.cached(model)
        if path is None:
            raise ModelError(
                f"{model.name}: is not on this machine, and nothing is downloaded unasked; "
                f"{model.remedy}"
            )
        return path
    for folder in FOLDERS:
        path = folder / model.name / model.file
        if path.is_file():
            return path
    raise ModelError(f"{model.file}: is missing from the package; {model.remedy}")


@functools.cache
def verify(path: Path, model: Model) -> None:
    """Check size and sha256, once a process; a pulled file is hashed when it is new or changed.

    Raises:
        ModelError: the file cannot be read, or is another one.

    """
    _compare(path, model, digest.known if model.repository else digest.sha256)


def rehash(path: Path, model: Model) -> None:
    """Check size and sha256 by reading the whole file, whatever is on record.

    Raises:
        ModelError: the file cannot be read, or is another one.

    """
    _compare(path, model, digest.sha256)


def _compare(path: Path, model: Model, hashed: Callable[[Path], str]) -> None:
    try:
        size = path.stat().st_size
        if model.bytes and size != model.bytes:
            raise ModelError(
                f"{path}: has {size} bytes where {model.name} has {model.bytes}; {model.remedy}"
            )
        wanted = hub.expected(path, model)
        if wanted and hashed(path) != wanted:
            raise ModelError(
                f"{path}: is damaged (its sha256 is not {model.name}'s); {model.remedy}"
            )
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {model.remedy}") from error


def _referred(name: str) -> Model:
    parts = REFERENCE.fullmatch(name)
    if parts is None or {"", ".", ".."} & {*parts["file"].split("/")}:
        raise ModelError(
            f"'{name}' is no reference; write hf://owner/repository@revision/file.gguf"
        )
    repository, revision = parts["repository"], parts["revision"] or ""
    if not COMMIT.fullmatch(revision):
        given = f"'{revision}' can change" if revision else "it names no revision"
        raise ModelError(
            f"{name}: {given}, so nobody knows which file that will be; pin it by the 40 digits of "
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
    nearest = sorted(MODELS, key=lambda known: -_likeness(known, name))
    return ModelError(
        f"no model is called '{name}'; known: {', '.join(nearest)}, or the path of a .gguf file"
    )


def _likeness(known: str, name: str) -> float:
    return difflib.SequenceMatcher(None, known, name.lower()).ratio()
