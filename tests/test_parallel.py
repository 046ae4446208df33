"""Files scanned by other processes: the same results, in the same order, whatever happens there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import PurePosixPath

import pytest

from docbot.config import Config
from docbot.parallel import WorkerError, Workers, has_one_thread
from docbot.scanned import SourceFile, scan_each, scan_file
from docbot.session import AHEAD, FEWEST_FILES, _scan_ahead, scanner, worker_count

CONFIG = Config(kinds=("module", "class", "function", "method"))
FUNCTION = """
def push{n}(self, item):
    if item is None:
        raise ValueError("nothing to push")
    self.items.append(item)
"""
SPECIAL = '''"""Hold it."""


class Stack:
    """Hold items."""

    def __len__(self):
        return len(self.items)

'''
SOURCES = {
    "lacking.py": FUNCTION.format(n=0).encode(),
    "documented.py": b'"""Hold it."""\n',
    "broken.py": b"x = (\n",
    "nul.py": b"x = 1\0\n",
    "latin.py": "# -*- coding: latin-1 -*-\ndef grüße(a):\n    return [a]\n".encode("latin-1"),
    "skipped.py": b"# docbot: skip-file\ndef f(a):\n    return [a]\n",
    "tests/test_it.py": b"def test_it():\n    assert [1]\n",
    "huge.py": b"# \n" * 400_000,
}


def files(*names: str) -> list[SourceFile]:
    return [SourceFile(path=PurePosixPath(name), source=SOURCES[name]) for name in names]


def test_a_worker_says_what_this_process_says():
    sources = files(*SOURCES) * 3
    here = [(file, sifted()) for file, sifted in scan_each(sources, CONFIG)]
    with scanner(1) as ahead:
        there = [(file, sifted()) for file, sifted in ahead(sources, CONFIG)]
    assert there == here
    reasons = {str(file.path): scan.skip and scan.skip.reason.value for file, scan in there}
    assert reasons["broken.py"] == "unparsable"
    assert reasons["huge.py"] == "too-large"
    assert reasons["lacking.py"] is None


def test_no_more_files_are_read_than_are_scanned_ahead():
    pulled = 0

    def watched():
        nonlocal pulled
        for file in files("documented.py") * (3 * AHEAD):
            pulled += 1
            yield file

    with scanner(1) as ahead:
        for result, _ in enumerate(ahead(watched(), CONFIG)):
            assert pulled <= result + 1 + AHEAD
    assert pulled == 3 * AHEAD


def die(*_):
    os._exit(9)


def die_of_seven(number):
    if number == 7:
        os._exit(9)
    return number * number


def test_a_worker_that_dies_takes_no_file_with_it():
    sources = files("lacking.py", "broken.py", "latin.py")
    with Workers(2, die) as dying:
        got = [each() for _, each in _scan_ahead(dying, 1, sources, CONFIG)]
    assert got == [scan_file(file, CONFIG) for file in sources]


def test_answers_are_had_in_any_order_until_a_worker_dies():
    with Workers(2, die_of_seven) as two:
        answers = [two.submit(number) for number in range(12)]
        assert [answers[n]() for n in (4, 0, 5, 1, 2, 3)] == [16, 0, 25, 1, 4, 9]
        assert [answers[n]() for n in (6, 8, 10)] == [36, 64, 100]  # the other worker's
        for number in (7, 9, 11):
            with pytest.raises(WorkerError):
                answers[number]()


def double(data):
    return data + data


def test_nobody_waits_for_room_in_a_pipe():
    with Workers(1, double) as one:
        answers = [one.submit(b"x" * 1_000_000) for _ in range(20)]
        assert {len(each()) for each in answers} == {2_000_000}


def test_results_can_be_taken_before_they_are_asked_for():
    with Workers(1, double) as one:
        answers = [one.submit(b"x" * 1_000_000) for _ in range(3)]
        deadline = time.monotonic() + 60
        worker = one._started[0]
        while not worker.has(2) and time.monotonic() < deadline:
            pass
        assert len(worker._answers) == 3
        assert [len(each()) for each in answers] == [2_000_000] * 3


@pytest.mark.parametrize("copies", [False, True])
def test_requests_are_shared_with_this_process(copies):
    with Workers(2, double, copies=copies) as two:
        results = dict(two.share([(bytes([n]),) for n in range(30)]))
    assert results == {n: bytes([n, n]) for n in range(30)}


def die_elsewhere(parent, number):
    if os.getpid() != parent:
        os._exit(9)
    return number


@pytest.mark.parametrize("copies", [False, True])
def test_what_dying_workers_were_asked_is_done_here(copies):
    with Workers(2, die_elsewhere, copies=copies) as dying:
        results = dict(dying.share([(os.getpid(), number) for number in range(10)]))
    assert results == {number: number for number in range(10)}


def test_copies_know_what_this_process_knows():
    known.append("set after the module was imported")
    alone = has_one_thread()  # another test may have left a thread
    with Workers(1, read_known, copies=True) as copy, Workers(1, read_known) as fresh:
        assert fresh.submit()() == []
        assert copy.submit()() == (known if alone else [])


known: list[str] = []


def read_known():
    return known


def test_leaving_kills_workers_in_the_middle_of_their_work():
    with Workers(2, time.sleep) as sleeping:
        for _ in range(4):
            sleeping.submit(600)
        processes = [worker._process for worker in sleeping._started]
        assert all(process.is_alive() for process in processes)
    assert not any(process.is_alive() for process in processes)


@pytest.mark.parametrize(
    ("cores", "count", "expected"), [(2, 100, 1), (8, 100, 4), (64, 100, 4), (1, 100, 0), (8, 5, 0)]
)
def test_workers_take_half_the_cores(monkeypatch, cores, count, expected):
    monkeypatch.setattr("docbot.parallel.usable_cores", lambda: cores)
    assert worker_count(count) == expected


SCRIPT = """
import sys
import docbot.parallel
from docbot import cli
docbot.parallel.usable_cores = lambda *_: {cores}
if __name__ == "__main__":
    sys.argv = ["docbot", "fix", "--diff", "--no-cache", "--quiet", sys.argv[1]]
    sys.exit(cli.main())
"""


def test_a_run_writes_the_same_with_and_without(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(FEWEST_FILES):
        (folder / f"m{n}.py").write_text(SPECIAL + FUNCTION.format(n=n))
    said = []
    for cores in (1, 2):
        script = tmp_path / f"run{cores}.py"
        script.write_text(SCRIPT.format(cores=cores))
        result = subprocess.run(
            [sys.executable, str(script), str(folder)], capture_output=True, text=True
        )
        assert (result.returncode, result.stderr) == (1, "")
        said.append(result.stdout)
    assert said[0] == said[1]
    assert said[0].count("+++ b/") > 0
