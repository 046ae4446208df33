"""The door to other processes: what is slow and pure is done there, beside the model."""

from __future__ import annotations

import os
import signal
from collections import deque
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from docbot.pipeline import sift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from docbot.config import Config
    from docbot.pipeline import File, Sifted, Sifter

AHEAD = 24
"""Files that a worker has been given and nobody has asked for yet."""

FEWEST_FILES = 40
"""A worker takes half a second to start; so do about twenty files to scan."""

MOST_SCANNERS = 4


def attend() -> None:
    """A worker leaves Ctrl-C to its parent, and ends when that is killed."""
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def pool(count: int, begin: Callable[[], None] = attend) -> Iterator[Executor]:
    """Worker processes, which are started by the first work and gone in the end.

    They are fresh interpreters, as on Windows and macOS: what runs docbot may have threads.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(count, mp_context=context, initializer=begin)
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def scanners(files: int) -> int:
    """Worker processes that save time over so many files; 0 for none."""
    from docbot.hardware import free_cores, usable_cores

    return min(free_cores(usable_cores()) // 2, MOST_SCANNERS) if files >= FEWEST_FILES else 0


@contextmanager
def sifter(count: int) -> Iterator[Sifter]:
    """`pipeline.sift_each`, by so many worker processes, some files ahead."""
    with pool(count) as executor:
        yield partial(_sift_ahead, executor, AHEAD * count)


def _sift_ahead(
    executor: Executor, most: int, files: Iterable[File], config: Config
) -> Iterator[tuple[File, Callable[[], Sifted]]]:
    waiting: deque[tuple[File, Future[Sifted] | None]] = deque()
    for file in files:
        waiting.append((file, _submitted(executor, file, config)))
        if len(waiting) > most:
            first, future = waiting.popleft()
            yield first, partial(_sifted, future, first, config)
    for file, future in waiting:
        yield file, partial(_sifted, future, file, config)


def _submitted(executor: Executor, file: File, config: Config) -> Future[Sifted] | None:
    try:
        return executor.submit(sift, file, config)
    except (OSError, RuntimeError):  # the pool broke: no memory, no more processes
        return None


def _sifted(future: Future[Sifted] | None, file: File, config: Config) -> Sifted:
    try:
        return future.result() if future is not None else sift(file, config)
    except (CancelledError, OSError, RuntimeError):  # a worker that dies takes no file with it
        return sift(file, config)
