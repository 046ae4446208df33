"""The mean of runs that parted from one checkpoint."""

import argparse
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from docbot.distill.__main__ import main
from docbot.distill.train import run as train
from docbot.distill.train import soup, training
from docbot.errors import ConfigError

PRESET = training.PRESETS["test"]


def rows(count, seed):
    """Random rows in the layout of a shard: a body of twelve tokens, an answer of three."""
    ids = np.random.default_rng(seed).integers(9, 60, (count, 15))
    ids[:, 0], ids[:, 11], ids[:, 14] = 3, 2, 0
    return {
        "ids": ids.astype(np.uint16).ravel(),
        "off": np.arange(0, 15 * count + 1, 15, dtype=np.int64),
        "cl": np.full(count, 12, np.int32),
        "task": np.zeros(count, np.uint8),
        "weight": np.ones(count, np.float32),
    }


@pytest.fixture
def runs(tmp_path):
    """Two checkpoints: one run, and the same after more steps."""
    for name, count in (("pairs", 100), ("heldout", 30)):
        np.savez(tmp_path / f"{name}-00.npz", **rows(count, count))
    options = argparse.Namespace(work=tmp_path, negatives=None)
    data = train.read_data(options, PRESET)
    run = training.Training(PRESET, data, total=10.0, compiled=False)
    for name in ("one", "two"):
        for _ in range(3):
            run.step()
        run.save(tmp_path / f"{name}.pt")
    return tmp_path


def test_the_mean_lies_between_and_starts_a_run(runs):
    one, two = (training.load(runs / f"{name}.pt")["model"] for name in ("one", "two"))
    mean = soup.average({runs / "one.pt": 0.25, runs / "two.pt": 0.75})
    for name, weights in mean["model"].items():
        assert weights.dtype == one[name].dtype
        assert torch.allclose(weights, 0.25 * one[name] + 0.75 * two[name], atol=1e-6)
    assert any(not torch.equal(one[name], two[name]) for name in one)
    whole = soup.average({runs / "one.pt": 0.5, runs / "two.pt": 0.5})
    assert whole["shape"] == training.load(runs / "one.pt")["shape"]


def test_the_command_writes_a_checkpoint_and_tells_each_loss(runs, capsys):
    one, two = (f"{runs / name}.pt" for name in ("one", "two"))
    parts = [f"{one}=0.5", f"{two}=0.5"]
    code = main(["soup", "--work", str(runs), "--preset", "test", "--of", *parts])
    out = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.split("  ")[1] for line in out] == [one, two, "their mean"]
    assert len({line.split()[0] for line in out}) == 3
    entries = json.loads((runs / "soup.json").read_text())["runs"]
    assert [row["share"] for row in entries] == [0.5, 0.5, 1.0]
    assert entries[2]["step"] == entries[0]["step"] + entries[1]["step"] == 9
    mean = training.load(runs / "checkpoint.pt")["model"]
    assert all(torch.isfinite(weights).all() for weights in mean.values())


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [((0.5, 0.6), "add up to 1"), ((1.0,), "two checkpoints or more")],
)
def test_shares_that_make_no_mean_are_refused(runs, shares, sentence):
    parts = dict(zip((runs / "one.pt", runs / "two.pt"), shares, strict=False))
    with pytest.raises(ConfigError, match=sentence):
        soup.average(parts)


def test_runs_of_another_shape_or_none_are_named(runs):
    state = training.load(runs / "two.pt")
    torch.save({**state, "shape": {**state["shape"], "layers": 9}}, runs / "two.pt")
    with pytest.raises(ConfigError, match=r"two\.pt: has another shape"):
        soup.average({runs / "one.pt": 0.5, runs / "two.pt": 0.5})
    with pytest.raises(ConfigError, match=r"gone\.pt: is no checkpoint"):
        soup.average({runs / "one.pt": 0.5, runs / "gone.pt": 0.5})
