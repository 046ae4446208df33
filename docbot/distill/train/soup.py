"""Average the weights of runs that started from one checkpoint ("model soup").

    python -m docbot.distill soup --work WORK --of one.pt=0.7 other.pt=0.3

Wortsman et al., "Model soups" (arXiv 2203.05482). The mean is one model of the same size, so using
it costs nothing more. The runs must share their beginning: weights of unrelated runs have nothing
in common, and their mean is useless. The held-out loss of each run and of the mean is printed and
written to WORK/soup.json, whose last row is the mean; its weights go to WORK/checkpoint.pt, to be
exported like any other.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from docbot.atomic import replacing
from docbot.distill.train.shards import Rows, Stream
from docbot.distill.train.training import PRESETS, Data, Training, load
from docbot.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from docbot.distill.train.training import Preset


def average(parts: Mapping[Path, float]) -> dict[str, Any]:
    """Return the first checkpoint with the weighted mean of all weights.

    Its optimisers' states are dropped, and its progress is the sum of all.

    Args:
        parts: Checkpoint files and their shares, which add up to 1.

    Raises:
        ConfigError: a file is no checkpoint, they differ in shape, or the shares do not add up
            to 1.

    """
    if abs(sum(parts.values()) - 1) > 1e-6 or len(parts) < 2:  # noqa: PLR2004
        raise ConfigError("--of: name two checkpoints or more, with shares that add up to 1")
    states = {path: load(path) for path in parts}
    first = next(iter(states.values()))
    for path, state in states.items():
        if state["shape"] != first["shape"]:
            raise ConfigError(f"{path}: has another shape than {next(iter(parts))}")
    mean = {
        name: sum(share * states[path]["model"][name].double() for path, share in parts.items())
        for name in first["model"]
    }
    weights = {name: value.to(first["model"][name].dtype) for name, value in mean.items()}
    all_progress = [state["progress"] for state in states.values()]
    progress = {key: sum(each[key] for each in all_progress) for key in first["progress"]}
    return {**first, "model": weights, "optimisers": [], "progress": progress}


def measure(work: Path, preset: Preset, states: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield each checkpoint's name and its loss on the held-out rows, in nats a token.

    Raises:
        ConfigError: the working folder has no held-out rows.

    """
    held_out = Rows.read(sorted(work.glob("heldout-*.npz")), preset.shape.context)
    if not len(held_out):
        raise ConfigError(f"{work}: has no heldout-*.npz; run the corpus command first")
    stream = Stream(held_out, tokens=preset.tokens, seed=0)
    data = Data(pairs=stream, code=stream, held_out=held_out, negatives=None, bad=None)
    training = Training(preset, data, total=1.0, compiled=False)
    for name, state in states.items():
        training.student.load_state_dict(state["model"])
        yield name, training.measure_held_out()["all"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `soup`."""
    help_ = "checkpoints and their shares, as PATH=SHARE"
    parser.add_argument(
        "--of", nargs="+", required=True, type=_part, metavar="PATH=SHARE", help=help_
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="cpu")


def _part(text: str) -> tuple[Path, float]:
    path, _, share = text.rpartition("=")
    return Path(path), float(share)


def run(options: argparse.Namespace) -> None:
    """Average the checkpoints, measure them all, and write the mean.

    Raises:
        ConfigError: as `average` and `measure` do.

    """
    parts = dict(options.of)
    mean = average(parts)
    states = {**{str(path): load(path) for path in parts}, "their mean": mean}
    runs = []
    for name, loss in measure(options.work, PRESETS[options.preset], states):
        print(f"{loss:.4f}  {name}", flush=True)
        progress = states[name]["progress"]
        share = parts.get(Path(name), 1.0)
        runs.append({"name": name, "share": share, "held_out": loss, **progress})
    (options.work / "soup.json").write_text(json.dumps({"runs": runs}, indent=1), encoding="utf-8")
    with replacing(options.work / "checkpoint.pt") as new:
        torch.save(mean, new)
