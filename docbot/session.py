"""Open what a run of `fix` needs once: the model, its cache, the style and worker processes."""

from __future__ import annotations

import functools
from collections import deque
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from docbot.config import Config
from docbot.parallel import WorkerError, Workers
from docbot.scanned import scan_file, scan_file_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docbot.cache import Cache
    from docbot.docstring.style import DocstringStyle
    from docbot.file_task import Job
    from docbot.repo.worktree import WorkTree
    from docbot.select.inheritance import ParentIndex
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from docbot.config import Config
    from docbot.scanned import ScannedFile, Scanner, SourceFile


@contextmanager
def open_job(
    config: Config,
    cache: Cache,
    *,
    parents: ParentIndex,
    style: Callable[[], DocstringStyle],
    out_of_time: Callable[[], bool],
    ahead: int = 0,
) -> Iterator[Job]:
    """Open what `pipeline.fix` needs; model and style are loaded when they are first used.

    `ahead` as in `LlamaCpp`.

    Raises:
        ConfigError: `prompt_format` or `candidates` cannot be used.
        ModelError: no such model, not pulled yet, or not the file it should be.

    """
    from docbot.file_task import Job
    from docbot.llm.batching import open_backend
    from docbot.llm.completion_cache import CachedBackend, engine_id
    from docbot.llm.weights import identify, resolve
    from docbot.prompt.formats import get_format

    get_format(config.prompt_format)  # wrong even where the model does not ask for it
    weights = resolve(config.model, config.prompt_format)

    def identity() -> bytes:
        return engine_id(identify(config.model, weights.path), config, weights.context)

    with open_backend(weights, config, ahead=ahead) as backend:
        yield Job(
            config=config,
            parents=parents,
            style=functools.cache(style),
            backend=CachedBackend(backend, cache, identity),
            format=get_format(weights.format),
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


def style_of(scope: WorkTree) -> DocstringStyle:
    """Detect the docstring style of a work tree."""
    from docbot.docstring.style import detect_style
    from docbot.tool_settings import SETTINGS_FILES

    return detect_style(scope.python_files(), scope.read, scope.texts(SETTINGS_FILES), scope.config)
