"""Cache completions, so that only new prompts reach the model.

The key of a completion is a digest of everything that it depends on: the sha256 of the model file,
the code that runs it (the modules of `docbot.llm`, the llama.cpp library as installed, the
processor that it picks its kernels for), the context's length, the sampling, and the prompt to the
last character. `models.toml` is not in it: what a completion depends on there, the file's sha256,
the context and the prompt format, is in the key by its value. Batches and threads are not in it
either, since `batching` makes completions independent of them. The gate's verdicts are not cached:
they are computed anew each time.
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

from docbot.cache import ANSWER, is_shaped
from docbot.llm.protocol import Completion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from docbot.cache import Cache
    from docbot.config import Config
    from docbot.llm.protocol import Backend, Prompt

STORED = 32  # completions per transaction
STORED_AFTER = 1.0  # seconds
HITS = 64  # cached completions in a row, before the inner backend is drained to yield them


class CachedBackend:
    """A backend with a cache: a cached completion is yielded at once.

    The inner backend gets only the prompts that are not cached, and is not called when there are
    none: then no model is loaded. Its completions are stored as they come.

    Args:
        inner: The backend that completes prompts that are not cached.
        cache: Where completions are stored.
        engine_id: Returns an id of everything that a completion depends on besides its prompt;
            called with the first prompt.

    """

    def __init__(self, inner: Backend, cache: Cache, engine_id: Callable[[], bytes]) -> None:
        self._inner = inner
        self._cache = cache
        self._asker = functools.cache(engine_id)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        """Yield (position of the prompt, completion): cached ones at once, others as they end."""
        waiting = enumerate(prompts)
        unsaved = _Unsaved(self._cache)
        try:
            for index, prompt in waiting:
                key = self._key(prompt)
                hit = self._look_up(key)
                if hit is not None:
                    yield index, hit
                else:
                    yield from self._run_inner((index, prompt, key), waiting, unsaved)
        finally:
            unsaved.store()

    def _run_inner(
        self,
        first: tuple[int, Prompt, bytes],
        waiting: Iterator[tuple[int, Prompt]],
        unsaved: _Unsaved,
    ) -> Iterator[tuple[int, Completion]]:
        """Run the inner backend once, from a prompt that is not cached to `HITS` cached ones."""
        pending: list[tuple[int, bytes]] = []
        hits: deque[tuple[int, Completion]] = deque()

        def misses() -> Iterator[Prompt]:
            index, prompt, key = first
            pending.append((index, key))
            yield prompt
            for index, prompt in waiting:
                key = self._key(prompt)
                hit = self._look_up(key)
                if hit is None:
                    pending.append((index, key))
                    yield prompt
                else:
                    hits.append((index, hit))
                    if len(hits) >= HITS:
                        return

        for position, completion in self._inner.complete(misses()):
            index, key = pending[position]
            unsaved.add(key, completion)
            yield index, completion
            while hits:
                yield hits.popleft()
        yield from hits

    def _key(self, prompt: Prompt) -> bytes:
        parts = json.dumps(asdict(prompt)).encode()
        return hashlib.sha256(self._asker() + parts).digest()

    def _look_up(self, key: bytes) -> Completion | None:
        value = self._cache.get(ANSWER, key)
        try:
            return decode(value) if value is not None else None
        except ValueError:
            return None


class _Unsaved:
    """Completions that wait to be stored together."""

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


_ROW = (str, str, str, int, bool, list)
"""The types of a serialised completion."""


def encode(completion: Completion) -> bytes:
    """Serialise a completion; the log-probabilities keep their last bit."""
    return json.dumps(_row(completion)).encode()


def _row(completion: Completion) -> list[Any]:
    others = [_row(other) for other in completion.others]
    logprobs = (completion.logprob.hex(), completion.lowest.hex())
    return [completion.text, *logprobs, completion.tokens, completion.ended, others]


def decode(value: bytes) -> Completion:
    """Rebuild the completion that `encode` serialised.

    Raises:
        ValueError: it serialised nothing like this.

    """
    try:
        return _completion(json.loads(value))
    except (RecursionError, OverflowError) as error:
        raise ValueError("too deep, or too large") from error


def _completion(row: list[Any]) -> Completion:
    if not is_shaped(row, _ROW) or not all(type(other) is list for other in row[-1]):
        raise ValueError("no completion")
    text, logprob, lowest, tokens, ended, others = row
    return Completion(
        text=text,
        logprob=float.fromhex(logprob),
        tokens=tokens,
        ended=ended,
        lowest=float.fromhex(lowest),
        others=tuple(_completion(other) for other in others),
    )


def engine_id(model_id: str, config: Config, context: int) -> bytes:
    """Return an id of everything that a completion depends on besides its prompt.

    Args:
        model_id: The sha256 of the model file.
        config: The user's settings; those of the sampling count.
        context: Tokens of the context.

    """
    sampling = [config.max_tokens, config.candidates, config.gpu_layers]
    return json.dumps([model_id, context, *sampling, _engine()]).encode()


def _engine() -> list[Any]:
    """Identify the code that completes prompts, as installed here."""
    here = Path(__file__).parent
    modules = [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(here.glob("*.py"))]
    spec = find_spec("llama_cpp")  # without importing it
    folder = Path(spec.origin).parent if spec is not None and spec.origin else None
    files = sorted(folder.glob("lib/*")) if folder is not None else []
    library = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return [*modules, str(folder), library, platform.machine(), _processor()]


def _processor() -> str:
    """Identify the processor by model and features: machines may share a home folder."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return platform.processor()
    names = ("model name", "flags", "Features", "CPU part")
    lines = [line for line in text.partition("\n\n")[0].splitlines() if line.startswith(names)]
    return "\n".join(lines)
