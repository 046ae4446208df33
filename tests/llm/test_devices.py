"""Which cores and how much of a GPU docbot takes; the decisions, not the machine of the day."""

from __future__ import annotations

import pytest

from docbot.llm.devices import RESERVE, Size, free_cores, layers_that_fit
from docbot.parallel import usable_cores

GIB = 1 << 30
SMALL = Size(layers=25, tensors=GIB, cache=GIB // 4)


def test_usable_cores_are_those_of_affinity_and_quotas(tmp_path):
    own = tmp_path / "cgroup"
    own.write_text("3:cpu:/old\n0::/docker/abc\n")
    inner = tmp_path / "fs" / "docker" / "abc"
    inner.mkdir(parents=True)
    free = usable_cores(tmp_path / "none", tmp_path / "none")
    assert free >= 1
    assert usable_cores(tmp_path / "fs", own) == free
    (inner / "cpu.max").write_text("max 100000\n")
    assert usable_cores(tmp_path / "fs", own) == free
    (inner.parent / "cpu.max").write_text("150000 100000\n")
    assert usable_cores(tmp_path / "fs", own) == 1
    (inner / "cpu.max").write_text("50000 100000\n")
    assert usable_cores(tmp_path / "fs", own) == 1


@pytest.mark.parametrize(
    ("usable", "load", "free"),
    [(1, 0.0, 1), (1, 9.0, 1), (2, 0.9, 2), (2, 1.2, 1), (8, 0.3, 8), (8, 3.9, 5), (8, 40.0, 4),
     (5, 40.0, 3)],
)  # fmt: skip
def test_free_cores_leave_what_others_use_but_never_less_than_half(usable, load, free):
    assert free_cores(usable, load) == free


def test_free_cores_ask_the_machine():
    assert 1 <= free_cores(4) <= 4


@pytest.mark.parametrize(
    ("free", "limit", "layers"),
    [
        (80 * GIB, -1, 25),
        (80 * GIB, 10, 10),
        (80 * GIB, 99, 25),
        (80 * GIB, 0, 0),
        (GIB + GIB // 4 + RESERVE + 25, -1, 25),
        (GIB + GIB // 4 + RESERVE - 25, -1, 24),
        (GIB, -1, 9),
        (GIB, 4, 4),
        (RESERVE, -1, 0),
        (0, -1, 0),
    ],
)
def test_as_many_layers_as_fit_and_no_more_than_wanted(free, limit, layers):
    assert layers_that_fit(SMALL, free, limit) == layers
