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

from docbot import digest, hub
from docbot.errors import ModelError
from docbot.gguf import read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_CONTEXT = 4096  # tokens docbot asks for: prompts are shorter, and the KV cache is memory
CELLS, SLOTS = 32_768, 32  # tokens and sequences of KV cache that `backend` keeps


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A known model: one row of the table.

    Attributes:
        name: What the user writes as `model`.
        file: Name of its GGUF file, in the folder `models/<name>` or in the repository.
        sha256: Hash of that file, in hexadecimal; empty where only the hub can tell.
        bytes: Its size; 0 where only the hub can tell.
        context: Tokens that the model was made for, prompt and answer together.
        format: Its prompt format, a key of `prompts.FORMATS`.
        licence: SPDX identifier.
        cell: Bytes of KV cache for one token: layers x KV heads x head size x 2 x 2 bytes.
        repository: Owner and name on the hub; empty for a model inside the package.
        revision: Commit of that repository, 40 hexadecimal digits.
        verified: docbot's authors saw file and figures; else they come from other projects' pins.

    """

    name: str
    file: str
    sha256: str
    bytes: int
    context: int
    format: str
    licence: str
    cell: int = 0
    repository: str = ""
    revision: str = ""
    verified: bool = False

    @property
    def memory(self) -> int:
        """Estimated bytes of memory for weights and KV cache; docbot itself takes 150 MB more."""
        context = min(self.context, MAX_CONTEXT)
        sequences = min(SLOTS, CELLS // context) + 1 if context else 0
        return self.bytes + self.cell * context * sequences

    @property
    def remedy(self) -> str:
        """What to do when its file is missing or damaged."""
        return f"run: docbot models pull {self.name}" if self.repository else "reinstall docbot"


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """A checked file on this disk, with what a backend has to know of it; units as in `Model`."""

    path: Path
    context: int
    format: str


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model(
            name="docbot-tiny",
            file="docbot-tiny-q8_0.gguf",
            sha256="e36094b6dba15790f7fe03671e4669eb43cfd2f7bc00d7f4c6b13d6b12e61f8d",
            bytes=6_142_912,
            context=320,
            format="tasks",
            licence="Apache-2.0",
            cell=4 * 4 * 64 * 4,
            verified=True,
        ),
        Model(
            name="qwen2.5-coder-0.5b",
            file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            bytes=491_400_064,
            context=32_768,
            format="chatml",
            licence="Apache-2.0",
            cell=24 * 2 * 64 * 4,
            repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            revision="ebb2015119c907b064c512bf053e945850b5875f",
        ),
        Model(
            name="qwen2.5-coder-1.5b",
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            bytes=1_117_320_768,
            context=32_768,
            format="chatml",
            licence="Apache-2.0",
            cell=28 * 2 * 128 * 4,
            repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            revision="f86cb2c1fa58255f8052cc32aeede1b7482d4361",
        ),
        Model(
            name="qwen2.5-coder-7b",
            file="qwen2.5-coder-7b-instruct-q4_k_m.gguf",
            sha256="509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c",
            bytes=4_683_073_536,
            context=32_768,
            format="chatml",
            licence="Apache-2.0",
            cell=28 * 4 * 128 * 4,
            repository="Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
            revision="13fb94bfda8c8cf22497dc57b78f391a9acb426a",
        ),
        Model(
            name="qwen3-4b-2507",
            file="Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
            sha256="3605803b982cb64aead44f6c1b2ae36e3acdb41d8e46c8a94c6533bc4c67e597",
            bytes=2_497_281_120,
            context=262_144,
            format="chatml",
            licence="Apache-2.0",
            cell=36 * 8 * 128 * 4,
            repository="unsloth/Qwen3-4B-Instruct-2507-GGUF",
            revision="a06e946bb6b655725eafa393f4a9745d460374c9",
        ),
        Model(
            name="qwen3-0.6b",
            file="Qwen3-0.6B-Q8_0.gguf",
            sha256="9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031",
            bytes=639_446_688,
            context=32_768,
            format="qwen3",
            licence="Apache-2.0",
            cell=28 * 8 * 128 * 4,
            repository="Qwen/Qwen3-0.6B-GGUF",
            revision="23749fefcc72300e3a2ad315e1317431b06b590a",
        ),
        Model(
            name="granite-4.0-350m",
            file="granite-4.0-350m-Q4_K_M.gguf",
            sha256="771c588a49607f274a2bba3185733607ebe6f74b996ab90e2d6bee0d98bcec52",
            bytes=236_985_760,
            context=32_768,
            format="granite",
            licence="Apache-2.0",
            cell=28 * 4 * 64 * 4,
            repository="ibm-granite/granite-4.0-350m-GGUF",
            revision="b8208a86a58427e1739265318028eb5895b74bf2",
        ),
        Model(
            name="granite-4.0-350m-q8",
            file="granite-4.0-350m-Q8_0.gguf",
            sha256="9595dafb4ed15aa02512c8ea26188744192a6f09530eae0a2747bd3ada96cd36",
            bytes=378_138_016,
            context=32_768,
            format="granite",
            licence="Apache-2.0",
            cell=28 * 4 * 64 * 4,
            repository="ibm-granite/granite-4.0-350m-GGUF",
            revision="b8208a86a58427e1739265318028eb5895b74bf2",
        ),
        Model(
            name="granite-4.0-1b",
            file="granite-4.0-1b-Q4_K_M.gguf",
            sha256="22ec0f9cc99a90185312de3c882c84e7bd6789bdd050389844380a01a831d7f1",
            bytes=1_023_645_440,
            context=131_072,
            format="granite",
            licence="Apache-2.0",
            cell=40 * 4 * 128 * 4,
            repository="ibm-granite/granite-4.0-1b-GGUF",
            revision="b27c2fe3f211b7f44e80fa620177aea371099aaa",
        ),
    )
}
# In a wheel the models are inside the package; in a checkout they are beside it.
FOLDERS = (Path(__file__).parent / "models", Path(__file__).parents[1] / "models")

HUB = "hf://"
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
