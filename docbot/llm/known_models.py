"""TODO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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


HUB = "hf://"
