"""The door to other processes: what is slow and pure is done there, beside the model.

Not `concurrent.futures`: its parent has threads that share locks with the caller, and Ctrl-C in the
middle of `submit` can leave one locked for good (seen here; python/cpython#109917 is of its kind).
Here the parent has a pipe to each worker and no thread; it kills them when it leaves.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from docbot.pipeline import sift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

    from docbot.config import Config
    from docbot.pipeline import File, Sifted, Sifter

AHEAD = 24
"""Files that a worker has been given and nobody has asked for yet."""

FEWEST_FILES = 40
"""A worker takes half a second to start; so do about twenty files to scan."""

MOST_SCANNERS = 4
COLLECT = 100  # pieces of work after which a worker looks for garbage all the same


class WorkerError(Exception):
    """A worker has died, or cannot be started: whoever asked does the work itself."""


class Workers:
    """Processes that call one function on what they are asked, each in the order it is asked.

    `work` is a function of a module, its arguments and results can be pickled. The processes are
    fresh interpreters, as on Windows and macOS: what runs docbot may have threads. They ignore
    Ctrl-C and end with this process, however it ends. What `work` raises ends its worker.
    """

    def __init__(self, count: int, work: Callable[..., Any]) -> None:
        self._count = count
        self._work = work
        self._started: list[_Worker] = []
        self._asked = 0

    def __enter__(self) -> Workers:  # noqa: PYI034 - Self is in typing from 3.11 on
        """Enter the context and return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the context: the workers are gone, whatever they were doing."""
        for worker in self._started:
            worker.end()

    def ask(self, *arguments: object) -> Callable[[], Any]:
        """Hand work out; calling what is returned waits for the result.

        Raises:
            WorkerError: from the call that is returned.

        """
        if len(self._started) < self._count:
            self._started.append(_Worker(self._work))
        worker = self._started[self._asked % self._count]
        self._asked += 1
        return partial(worker.answer, worker.ask(arguments))


class _Worker:
    """One process and this end of its pipe; answers come in the order of the questions."""

    def __init__(self, work: Callable[..., Any]) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self._asked = 0
        self._answers: deque[Any] = deque()
        self._first = 0  # the question that the first of the answers answers
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, work), daemon=True)
        with suppress(OSError):  # no memory, no more processes: each answer will say so
            self._process.start()
        there.close()

    def ask(self, arguments: tuple[object, ...]) -> int:
        """The number of the question."""
        with suppress(OSError):  # it is dead, which the answer will tell
            self._pipe.send(arguments)
        self._asked += 1
        return self._asked - 1

    def answer(self, number: int) -> Any:
        """The answer to a question, once."""
        try:
            while self._first + len(self._answers) <= number:
                self._answers.append(self._pipe.recv())
        except (EOFError, OSError) as error:
            raise WorkerError("a worker process died") from error
        answer = self._answers[number - self._first]
        self._answers[number - self._first] = None
        while self._answers and self._answers[0] is None:
            self._answers.popleft()
            self._first += 1
        return answer

    def end(self) -> None:
        self._pipe.close()
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, work: Callable[..., Any]) -> None:
    """Answer questions until there is nobody left to ask.

    They are read as they come, so that whoever asks never waits for room in the pipe while this
    process waits for room for an answer.
    """
    import gc
    import threading
    from queue import SimpleQueue

    gc.disable()  # trees without cycles: looking for some takes a fifth of the time
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked: SimpleQueue[tuple[Any, ...]] = SimpleQueue()

    def listen() -> None:
        with suppress(EOFError, OSError):
            while True:
                asked.put(pipe.recv())
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        for _ in range(COLLECT):
            pipe.send(work(*asked.get()))
        gc.collect()


def scanners(files: int) -> int:
    """Worker processes that save time over so many files; 0 for none.

    Busy cores count as well: these wait for the model most of the time, and for nobody else.
    """
    from docbot.hardware import usable_cores

    return min(usable_cores() // 2, MOST_SCANNERS) if files >= FEWEST_FILES else 0


@contextmanager
def sifter(count: int) -> Iterator[Sifter]:
    """`pipeline.sift_each`, by so many worker processes, some files ahead."""
    with Workers(count, sift) as workers:
        yield partial(_sift_ahead, workers, AHEAD * count)


def _sift_ahead(
    workers: Workers, most: int, files: Iterable[File], config: Config
) -> Iterator[tuple[File, Callable[[], Sifted]]]:
    waiting: deque[tuple[File, Callable[[], Sifted]]] = deque()
    for file in files:
        waiting.append((file, partial(_sifted, workers.ask(file, config), file, config)))
        if len(waiting) > most:
            yield waiting.popleft()
    yield from waiting


def _sifted(answer: Callable[[], Sifted], file: File, config: Config) -> Sifted:
    try:
        return answer()
    except WorkerError:  # a worker that dies takes no file with it
        return sift(file, config)
