"""A model's answers, asked once: what is known is handed on, and only the rest reaches the model.

The key of an answer is a digest of all that it depends on: the sha256 of the model file, the code
that runs it (`backend`, `grammar`, `llama`, the llama.cpp library as installed, the processor it
picks its kernels for), the context's length, the sampling, and the prompt to the last character.
Batches and threads are not in it, since `backend` makes answers independent of company. What the
gate says of an answer is not kept: it is judged anew each time.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import time
from collections import deque
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.cache import ANSWER
from docbot.llm.protocol import Completion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from docbot.cache import Cache
    from docbot.config import Config
    from docbot.llm.protocol import Backend, Prompt

STORED = 32  # answers a transaction
STORED_AFTER = 1.0  # seconds
HITS = 64  # in a row, before the inner backend is let run dry so that they can be handed on


class CachedBackend:
    """A backend before which answers that are known are handed on at once.

    The inner backend sees only the prompts that are not known, and is not called when there are
    none: then no model is loaded. What it answers is stored as it comes.

    Args:
        inner: Who answers.
        cache: Where answers are kept.
        asker: Names all that an answer depends on besides its prompt; called with the first prompt.

    """

    def __init__(self, inner: Backend, cache: Cache, asker: Callable[[], bytes]) -> None:
        self._inner = inner
        self._cache = cache
        self._asker = functools.cache(asker)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        """Yield (position, completion): known ones as they are pulled, others as they finish."""
        waiting = enumerate(prompts)
        fresh = _Fresh(self._cache)
        try:
            for index, prompt in waiting:
                key = self._key(prompt)
                known = self._known(key)
                if known is not None:
                    yield index, known
                else:
                    yield from self._ask((index, prompt, key), waiting, fresh)
        finally:
            fresh.store()

    def _ask(
        self,
        first: tuple[int, Prompt, bytes],
        waiting: Iterator[tuple[int, Prompt]],
        fresh: _Fresh,
    ) -> Iterator[tuple[int, Completion]]:
        """One run of the inner backend, from an unknown prompt to a long row of known ones."""
        asked: list[tuple[int, bytes]] = []
        hits: deque[tuple[int, Completion]] = deque()

        def unknown() -> Iterator[Prompt]:
            index, prompt, key = first
            asked.append((index, key))
            yield prompt
            for index, prompt in waiting:
                key = self._key(prompt)
                known = self._known(key)
                if known is None:
                    asked.append((index, key))
                    yield prompt
                else:
                    hits.append((index, known))
                    if len(hits) >= HITS:
                        return

        for position, completion in self._inner.complete(unknown()):
            index, key = asked[position]
            fresh.add(key, completion)
            yield index, completion
            while hits:
                yield hits.popleft()
        yield from hits

    def _key(self, prompt: Prompt) -> bytes:
        parts = json.dumps(asdict(prompt)).encode()
        return hashlib.sha256(self._asker() + parts).digest()

    def _known(self, key: bytes) -> Completion | None:
        value = self._cache.get(ANSWER, key)
        return decode(value) if value is not None else None


class _Fresh:
    """Answers not stored yet."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._values: dict[bytes, bytes] = {}
        self._stored = time.monotonic()

    def add(self, key: bytes, completion: Completion) -> None:
        self._values[key] = encode(completion)
        if len(self._values) >= STORED or time.monotonic() - self._stored > STORED_AFTER:
            self.store()

    def store(self) -> None:
        values, self._values = self._values, {}
        if values:
            self._cache.put_many(ANSWER, values)
        self._stored = time.monotonic()


def encode(completion: Completion) -> bytes:
    """A completion as bytes; the log-probability to its last bit."""
    return json.dumps(_row(completion)).encode()


def _row(completion: Completion) -> list[Any]:
    others = [_row(other) for other in completion.others]
    sure = completion.logprob.hex()
    return [completion.text, sure, completion.tokens, completion.ended, others]


def decode(value: bytes) -> Completion:
    """What `encode` was given."""
    return _completion(json.loads(value))


def _completion(row: list[Any]) -> Completion:
    text, sure, tokens, ended, others = row
    return Completion(
        text=text,
        logprob=float.fromhex(sure),
        tokens=tokens,
        ended=ended,
        others=tuple(_completion(other) for other in others),
    )


# Who is asked


def asker(model_id: str, config: Config, context: int) -> bytes:
    """Names all that an answer depends on besides its prompt; `model_id` is the file's sha256."""
    sampling = [config.max_tokens, config.candidates, config.gpu_layers]
    return json.dumps([model_id, context, *sampling, _engine()]).encode()


def _engine() -> list[Any]:
    """The code that turns a prompt into an answer, as installed here."""
    here = Path(__file__).parent
    own = [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(here.glob("*.py"))]
    spec = find_spec("llama_cpp")  # without importing it
    folder = Path(spec.origin).parent if spec is not None and spec.origin else None
    files = sorted(folder.glob("lib/*")) if folder is not None else []
    library = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return [*own, str(folder), library, platform.machine(), _processor()]


def _processor() -> str:
    """The processor and what it can do, where Linux tells: a shared home serves other machines."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return platform.processor()
    names = ("model name", "flags", "Features", "CPU part")
    lines = [line for line in text.partition("\n\n")[0].splitlines() if line.startswith(names)]
    return "\n".join(lines)
