"""Run slow, pure functions in worker processes, while this one runs the model or does its share.

`concurrent.futures` is not used: its parent has threads that share locks with the caller, and
Ctrl-C in the middle of `submit` can leave a lock taken for good (observed with docbot;
python/cpython#109917 is a similar bug). Here the parent has a pipe to each worker and no threads;
it kills the workers when it leaves the context.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

COLLECT = 100
"""Calls after which a worker collects garbage."""

AHEAD = 2
"""Requests that a worker has at a time in `share`: the one it works on, and the next."""


def usable_cores(
    cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> int:
    """Return how many cores this process may use.

    That is its CPU affinity, limited to the whole cores of its cgroup v2 quotas.

    Args:
        cgroups: Where the cgroup v2 file system is mounted.
        own: The file that names this process's cgroup.

    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return cores
    groups = [Path(line[3:]) for line in lines if line.startswith("0::/")]
    for ancestor in [each for group in groups for each in (group, *group.parents)]:
        try:
            file = cgroups / str(ancestor).lstrip("/") / "cpu.max"
            quota, period = file.read_text(encoding="ascii").split()
        except (OSError, ValueError):
            continue
        if quota != "max":
            cores = min(cores, max(1, int(quota) // int(period)))
    return cores


class WorkerError(Exception):
    """A worker that has died or cannot be started; the caller then does the work itself."""


class Workers:
    """Processes that call one function; each answers in the order of its requests.

    They are fresh interpreters, as on Windows and macOS, because the program that runs docbot may
    have threads. They ignore Ctrl-C and end with this process, however it ends. An exception in
    `work` ends its worker.

    Args:
        count: How many processes at most; each starts with its first request.
        work: The function, importable from a module; its arguments and results can be pickled.
        copies: Whether they may be copies of this process instead, where it has no threads: a copy
            starts in a fiftieth of the time.

    """

    def __init__(self, count: int, work: Callable[..., Any], *, copies: bool = False) -> None:
        self._count = count
        self._work = work
        self._copies = copies
        self._started: list[_Worker] = []
        self._requests = 0

    def __enter__(self) -> Workers:  # noqa: PYI034 - Self is in typing from 3.11 on
        """Enter the context and return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the context and kill the workers, whatever they are doing."""
        for worker in self._started:
            worker.end()

    def submit(self, *arguments: object) -> Callable[[], Any]:
        """Send a request to a worker and return a function that waits for its result.

        Raises:
            WorkerError: from the function that is returned, not from `submit`.

        """
        if len(self._started) < self._count:
            self._start()
        worker = self._started[self._requests % self._count]
        self._requests += 1
        return partial(worker.answer, worker.submit(arguments))

    def start(self) -> None:
        """Start the processes now, before this one has threads."""
        while len(self._started) < self._count:
            self._start()

    def share(self, requests: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Yield the number and the result of every request, in any order.

        This process answers requests, too, and those of a worker that dies. Nothing else may be
        submitted meanwhile.
        """
        self.start()
        waiting = deque(enumerate(requests))
        in_flight: list[deque[tuple[int, int]]] = [deque() for _ in self._started]
        while waiting or any(in_flight):
            for worker, numbers in zip(self._started, in_flight, strict=True):
                while waiting and len(numbers) < AHEAD:
                    at, request = waiting.popleft()
                    numbers.append((at, worker.submit(request)))
            if waiting:
                at, request = waiting.popleft()
                yield at, self._work(*request)
            for worker, numbers in zip(self._started, in_flight, strict=True):
                while numbers and (not waiting or worker.has(numbers[0][1])):
                    at, number = numbers.popleft()
                    yield at, self._answer(worker, number, requests[at])

    def _answer(self, worker: _Worker, number: int, request: tuple[Any, ...]) -> Any:
        try:
            return worker.answer(number)
        except WorkerError:
            return self._work(*request)

    def _start(self) -> None:
        others = [worker.pipe for worker in self._started]
        copied = self._copies and has_one_thread()
        self._started.append(_Worker(self._work, others if copied else None))


def has_one_thread() -> bool:
    """Check whether this process can be copied: threads are not, nor what they were about to do."""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208
    except OSError:
        return False


class _Worker:
    """One process and this end of its pipe; results arrive in the order of the requests.

    Args:
        work: As in `Workers`.
        others: For a copy of this process, the pipes to the earlier ones; None for a fresh one.

    """

    def __init__(self, work: Callable[..., Any], others: list[Connection] | None = None) -> None:
        import multiprocessing

        context: Any = multiprocessing.get_context("spawn" if others is None else "fork")
        self._requests = 0
        self._answers: deque[Any] = deque()
        self._first = 0  # the number of the request that `_answers[0]` answers
        self.pipe, there = context.Pipe()
        # A copy has this process's ends of the pipes: while it keeps them, none of them closes.
        ends = [] if others is None else [self.pipe, *others]
        self._process = context.Process(target=_serve, args=(there, work, ends), daemon=True)
        with suppress(OSError):  # no memory, no more processes: `answer` raises WorkerError
            self._process.start()
        there.close()

    def submit(self, arguments: tuple[object, ...]) -> int:
        """Send a request and return its number."""
        with suppress(OSError):  # the process is dead: `answer` raises WorkerError
            self.pipe.send(arguments)
        self._requests += 1
        return self._requests - 1

    def has(self, number: int) -> bool:
        """Check whether the result of a request is here; an error is one."""
        with suppress(EOFError, OSError):  # the process is dead: `answer` raises WorkerError
            while self._first + len(self._answers) <= number:
                if not self.pipe.poll():
                    return False
                self._answers.append(self.pipe.recv())
        return True

    def answer(self, number: int) -> Any:
        """Wait for the result of a request and return it; works once for each number."""
        try:
            while self._first + len(self._answers) <= number:
                self._answers.append(self.pipe.recv())
        except (EOFError, OSError) as error:
            raise WorkerError("a worker process died") from error
        answer = self._answers[number - self._first]
        self._answers[number - self._first] = None
        while self._answers and self._answers[0] is None:
            self._answers.popleft()
            self._first += 1
        return answer

    def end(self) -> None:
        self.pipe.close()
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, work: Callable[..., Any], ends: Iterable[Connection]) -> None:
    """Answer requests in a worker process until the parent closes the pipe.

    `ends` are the parent's ends of pipes that this process has a copy of.

    A thread reads the requests as they arrive. Otherwise parent and worker could wait for each
    other: one for room in the pipe for a request, the other for room for a result.
    """
    import gc
    import threading
    from queue import SimpleQueue

    gc.disable()  # syntax trees have no cycles, and looking for some takes a fifth of the time
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for end in ends:
        end.close()
    requests: SimpleQueue[tuple[Any, ...]] = SimpleQueue()

    def listen() -> None:
        with suppress(EOFError, OSError):
            while True:
                requests.put(pipe.recv())
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        for _ in range(COLLECT):
            pipe.send(work(*requests.get()))
        gc.collect()
