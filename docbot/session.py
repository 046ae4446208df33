"""Open what a run of `fix` needs once: the model, its cache, the style and worker processes."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from docbot.parallel import WorkerError, Workers
from docbot.scanned import scan_file, scan_file_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from docbot.cache import Cache
    from docbot.config import Config
    from docbot.docstring.style import StyleOf
    from docbot.file_task import Job
    from docbot.llm.protocol import Backend
    from docbot.prompt.formats import Format
    from docbot.repo.worktree import WorkTree
    from docbot.scanned import ScannedFile, Scanner, SourceFile
    from docbot.select.inheritance import ParentIndex


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """A model that is ready to be asked, and the format of its prompts."""

    backend: Backend
    format: Format


@contextmanager
def open_engines(cache: Cache, *, ahead: int = 0) -> Iterator[Callable[[Config], Engine]]:
    """Open models as configurations ask for them, each once; `ahead` as in `LlamaCpp`.

    The function that is given raises:
        ConfigError: `prompt_format` or `candidates` cannot be used.
        ModelError: no such model, not pulled yet, or not the file it should be.

    """
    from docbot.prompt.formats import get_format

    engines: dict[tuple[object, ...], Engine] = {}
    with ExitStack() as stack:

        def engine_of(config: Config) -> Engine:
            get_format(config.prompt_format)  # wrong even where the model does not ask for it
            sampling = (config.max_tokens, config.candidates, config.threads, config.gpu_layers)
            key = (config.model, config.prompt_format, *sampling)
            if key not in engines:
                engines[key] = stack.enter_context(_open_engine(config, cache, ahead))
            return engines[key]

        yield engine_of


@contextmanager
def _open_engine(config: Config, cache: Cache, ahead: int) -> Iterator[Engine]:
    from docbot.llm.batching import open_backend
    from docbot.llm.completion_cache import CachedBackend, engine_id
    from docbot.llm.weights import identify, resolve
    from docbot.prompt.formats import get_format

    weights = resolve(config.model, config.prompt_format)

    def identity() -> bytes:
        return engine_id(identify(config.model, weights.path), config, weights.context)

    with open_backend(weights, config, ahead=ahead) as backend:
        yield Engine(
            backend=CachedBackend(backend, cache, identity), format=get_format(weights.format)
        )


def make_job(
    config: Config,
    engine: Engine,
    *,
    parents: ParentIndex,
    style: StyleOf,
    out_of_time: Callable[[], bool],
) -> Job:
    """Make what `pipeline.fix` needs."""
    from docbot.file_task import Job

    return Job(
        config=config,
        parents=parents,
        style=style,
        backend=engine.backend,
        format=engine.format,
        out_of_time=out_of_time,
    )


AHEAD = 24
"""Files that a worker has been given and nobody has asked for yet."""


FEWEST_FILES = 40
"""A worker takes half a second to start; so do about twenty files to scan."""


MOST_SCANNERS = 4


def worker_count(files: int) -> int:
    """Return how many worker processes save time over this many files; 0 for none.

    Busy cores count as well: these wait for the model most of the time, and for nobody else.
    """
    from docbot.parallel import usable_cores

    return min(usable_cores() // 2, MOST_SCANNERS) if files >= FEWEST_FILES else 0


@contextmanager
def scanner(count: int) -> Iterator[Scanner]:
    """Open a `scanned.scan_each` of so many worker processes, which scan some files ahead."""
    with Workers(count, scan_file_apart) as workers:
        yield partial(_scan_ahead, workers, AHEAD * count)


def _scan_ahead(
    workers: Workers, most: int, files: Iterable[SourceFile], config: Config
) -> Iterator[tuple[SourceFile, Callable[[], ScannedFile]]]:
    waiting: deque[tuple[SourceFile, Callable[[], ScannedFile]]] = deque()
    for file in files:
        waiting.append((file, partial(_scanned, workers.submit(file, config), file, config)))
        if len(waiting) > most:
            yield waiting.popleft()
    yield from waiting


def _scanned(answer: Callable[[], ScannedFile], file: SourceFile, config: Config) -> ScannedFile:
    try:
        return answer()
    except WorkerError:  # a worker that dies takes no file with it
        return scan_file(file, config)


def style_of(worktree: WorkTree) -> StyleOf:
    """Return what detects the docstring style of a work tree's files, when it is first asked."""
    from docbot.docstring.style import style_finder

    return style_finder(
        worktree.python_files, worktree.read, worktree.settings_levels, worktree.config
    )
