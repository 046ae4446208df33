"""The door to other processes: what is slow and pure is done there, beside the model.

Not `concurrent.futures`: its parent has threads that share locks with the caller, and Ctrl-C in the
middle of `submit` can leave one locked for good (seen here; python/cpython#109917 is of its kind).
Here the parent has a pipe to each worker and no thread; it kills them when it leaves.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


def usable_cores(
    cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> int:
    """Cores this process may use: its CPU affinity, and whole cores of its cgroup v2 quotas."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return cores
    groups = [Path(line[3:]) for line in lines if line.startswith("0::/")]
    for group in [each for found in groups for each in (found, *found.parents)]:
        try:
            quota, period = (cgroups / str(group).lstrip("/") / "cpu.max").read_text().split()
        except (OSError, ValueError):
            continue
        if quota != "max":
            cores = min(cores, max(1, int(quota) // int(period)))
    return cores


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
