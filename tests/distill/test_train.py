"""Training: the same network two ways, what is scored, and a run that survives any kill."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from docbot.distill.train import muon, training
from docbot.distill.train import run as train
from docbot.distill.train.shards import ANSWERS, Rows, Scoring, Stream, collate, plan, read_contrast
from docbot.distill.train.student import Student
from docbot.distill.vocabulary import PAD, TASKS
from docbot.errors import ConfigError

END, SUM, FIRST = 0, 2, 9
PRESET = training.PRESETS["test"]
SMALL = replace(PRESET.shape, layers=1)
CONTEXT = PRESET.shape.context


def rows(count, seed, *, with_answer=True):
    """Rows whose answer is the last three words of a short body, in the layout of a shard."""
    rng = np.random.default_rng(seed)
    ids, off, prompt = [], [0], []
    for _ in range(count):
        body = rng.integers(FIRST, 60, rng.integers(6, 20)).tolist()
        head = [3, *body, SUM] if with_answer else [3, *body, END]
        ids += [*head, *body[-3:], END] if with_answer else head
        off.append(len(ids))
        prompt.append(len(head))
    return {
        "ids": np.array(ids, np.uint16),
        "off": np.array(off, np.int64),
        "cl": np.array(prompt, np.int32),
        "task": (np.arange(count) % len(TASKS)).astype(np.uint8),
        "weight": np.ones(count, np.float32),
    }


@pytest.fixture
def work(tmp_path):
    np.savez_compressed(tmp_path / "pairs-00.npz", **rows(200, 0))
    np.savez_compressed(tmp_path / "pairs-01.npz", **rows(200, 1))
    np.savez_compressed(tmp_path / "code-00.npz", **rows(80, 2, with_answer=False))
    np.savez_compressed(tmp_path / "heldout-00.npz", **rows(60, 3))
    return tmp_path


def read(work, name="pairs"):
    return Rows.read(sorted(work.glob(f"{name}-*.npz")), CONTEXT)


def started(work, negatives=None, **changed):
    options = argparse.Namespace(work=work, negatives=negatives)
    preset = replace(PRESET, **{"shape": SMALL, **changed})
    return training.Training(preset, train.read_data(options, preset), total=10.0, compiled=False)


def command(work, *flags):
    line = ["train", "--work", str(work), "--preset", "test", "--compile", "no", *flags]
    return [sys.executable, "-m", "docbot.distill", *line, "--threads", "1"]


# The network


def scattered(student):
    """Weights so large that attention, gates and positions all matter."""
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in student.parameters():
            weight.copy_(torch.randn_like(weight) * (0.1 if weight.dim() == 2 else 1.0))
    return student


def test_wanted_positions_come_out_as_in_the_plain_forward(work):
    student = scattered(Student(PRESET.shape))
    batch = collate(
        read(work), np.arange(40), Scoring(share=0.3, weight=1.0), np.random.default_rng(0)
    )
    plain = student(batch.ids).reshape(-1, PRESET.shape.width)[batch.flat]
    scored = student(batch.ids, batch)
    assert plain.std() > 0.1
    torch.testing.assert_close(scored, plain, rtol=1e-3, atol=1e-4)
    plain.square().sum().backward()
    expected = {name: weight.grad.clone() for name, weight in student.named_parameters()}
    student.zero_grad()
    student(batch.ids, batch).square().sum().backward()
    for name, weight in student.named_parameters():
        spread = float(expected[name].abs().max())
        torch.testing.assert_close(
            weight.grad, expected[name], rtol=1e-3, atol=1e-4 * spread, msg=name
        )


def test_no_position_sees_a_later_token():
    student = scattered(Student(PRESET.shape))
    ids = torch.randint(FIRST, 60, (2, 24))
    changed = ids.clone()
    changed[:, 12:] = torch.randint(FIRST, 60, (2, 12))
    before, after = student(ids), student(changed)
    torch.testing.assert_close(before[:, :12], after[:, :12], rtol=1e-4, atol=1e-4)
    assert (before[:, 12:] - after[:, 12:]).abs().max() > 0.1


@pytest.mark.parametrize("shape", [(3, 64, 64), (2, 48, 128)])
def test_orthogonalise_keeps_directions_and_evens_their_lengths(shape):
    torch.manual_seed(0)
    stack = torch.randn(shape)
    left, _, right = torch.linalg.svd(stack, full_matrices=False)
    even = left.mT @ muon.orthogonalise(stack) @ right.mT
    lengths = torch.diagonal(even, dim1=-2, dim2=-1)
    assert (even - torch.diag_embed(lengths)).abs().max() < 1e-3
    assert lengths[:, :-8].min() > 0.4  # the very smallest need more than five steps
    assert lengths.max() < 1.3


def test_fused_matrices_are_trained_part_by_part():
    torch.manual_seed(0)
    fused = torch.nn.Parameter(torch.zeros(96, 32))
    fused.grad = torch.randn(96, 32)
    fused.grad[:32] *= 100  # would drown its neighbours
    muon.Muon([(fused, 3)], rate=1.0, decay=0.0).step()
    spreads = [float(part.std()) for part in fused.detach().chunk(3)]
    assert max(spreads) < 1.3 * min(spreads)


# What is scored


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_scored_positions_targets_and_weights(work, share):
    data = read(work)
    data.weight[:] = np.linspace(0.5, 2, len(data))
    indices = np.array([3, 250, 17])
    batch = collate(data, indices, Scoring(share=share, weight=0.25), np.random.default_rng(0))
    assert batch.ids.shape[1] % 8 == 0
    expected = []
    for row, at in enumerate(indices):
        start, size, prompt = data.start[at], data.length[at], data.prompt[at]
        ids = data.ids[start : start + size]
        assert batch.ids[row, : size - 1].tolist() == ids[:-1].tolist()
        assert set(batch.ids[row, size:].tolist()) <= {PAD}
        for position in range(0 if share else prompt - 1, size - 1):
            weight = data.weight[at] * (1.0 if position >= prompt - 1 else 0.25)
            expected.append((row, position, int(ids[position + 1]), pytest.approx(weight)))
    time_ = batch.ids.shape[1]
    positions = zip(
        batch.row.tolist(),
        (batch.flat % time_).tolist(),
        batch.target.tolist(),
        batch.weight.tolist(),
        strict=True,
    )
    assert list(positions) == expected
    assert batch.depth.reshape(-1)[batch.slot].tolist() == (batch.flat % time_).tolist()
    assert batch.tokens == data.length[indices].sum()


def test_a_share_of_the_prompt_is_sampled_and_the_whole_answer(work):
    data = read(work)
    indices = np.arange(len(data))
    batch = collate(data, indices, Scoring(share=0.25, weight=1.0), np.random.default_rng(0))
    answers = int((data.length - data.prompt).sum())
    prompts = int((data.prompt - 1).sum())
    assert len(batch.target) - answers == pytest.approx(0.25 * prompts, rel=0.1)


def test_code_rows_have_no_answer(work):
    code = read(work, "code")
    rng = np.random.default_rng(0)
    assert len(collate(code, np.arange(9), ANSWERS, rng).target) == 0
    whole = collate(code, np.arange(9), Scoring(share=1.0, weight=1.0), rng)
    assert len(whole.target) == (code.length[:9] - 1).sum()


def test_pretraining_reads_code_and_then_only_answers_count(work):
    run = started(work, code=0.5, sample=1.0)
    for _ in range(12):
        run.step()
    assert run.data.code.position > 0
    assert run.data.pairs.position > 0
    run.progress.minutes = 9.0
    before = (run.data.code.epoch, run.data.code.position)
    scored = []
    score = run.score
    run.score = lambda batch: (scored.append(batch), score(batch))[1]
    for _ in range(6):
        run.step()
    assert (run.data.code.epoch, run.data.code.position) == before
    assert all(len(batch.target) == 4 * len(batch.ids) for batch in scored)


# Batches


def test_an_epoch_is_every_row_once_in_batches_of_like_length(work):
    data = read(work)
    batches = plan(data, 512, np.random.default_rng(0))
    assert sorted(np.concatenate(batches)) == list(range(len(data)))
    padded = [len(batch) * data.length[batch].max() for batch in batches]
    assert max(padded) <= 512
    assert sum(padded) < 1.1 * data.length.sum()


def test_a_stream_goes_on_from_two_integers(work):
    data = read(work)
    stream = Stream(data, tokens=512, seed=4)
    batches = [stream.draw() for _ in range(40)]
    assert stream.epoch > 0
    again = Stream(data, tokens=512, seed=4)
    per_epoch = len(plan(data, 512, np.random.default_rng([4, 0])))
    again.epoch, again.position = divmod(17, per_epoch)
    for expected in batches[17:]:
        assert again.draw().tolist() == expected.tolist()


def test_a_stream_goes_on_over_fewer_rows(work):
    stream = Stream(read(work, "code"), tokens=512, seed=0)
    stream.position = 10_000
    assert len(stream.draw())
    assert (stream.epoch, stream.position) == (1, 0)


def test_rows_too_long_or_of_no_weight_are_left_out(work):
    shard = rows(10, 5)
    shard["weight"][2] = 0
    np.savez(work / "few.npz", **shard)
    assert len(Rows.read([work / "few.npz"], CONTEXT)) == 9
    lengths = np.diff(shard["off"])
    assert len(Rows.read([work / "few.npz"], 12)) == ((lengths <= 13) & (shard["weight"] > 0)).sum()


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04 cut"])
def test_a_damaged_shard_is_named(work, data):
    (work / "pairs-00.npz").write_bytes(data)
    with pytest.raises(ConfigError, match=r"pairs-00\.npz: is no token shard"):
        read(work)


# Learning


@pytest.mark.parametrize("optimiser", ["muon", "adamw"])
def test_loss_goes_down(work, optimiser):
    run = started(work, optimiser=optimiser, pretrain=0.0)
    before = run.measure_held_out()
    for _ in range(40):
        run.step()
    after = run.measure_held_out()
    assert set(after) == {"all", *TASKS}
    assert after["all"] < before["all"] - 2


def test_the_rate_warms_up_stays_and_falls(work):
    run = started(work, rate=1.0, warmup=10)
    assert run.rate() == pytest.approx(0.1)
    run.progress.step = 50
    assert [
        pytest.approx(run.rate())
        for run.progress.minutes in (0.0, 5.9, 8.0, 9.0, 10.0)  # of ten
    ] == [1.0, 1.0, 0.5, 0.25, 0.0]


@pytest.fixture
def negatives(work):
    """The good answer's words in another order."""
    good = rows(120, 6)
    bad = good["ids"].copy()
    ends = good["off"][1:]
    bad[ends - 4], bad[ends - 2] = good["ids"][ends - 2], good["ids"][ends - 4]
    path = work / "negatives.npz"
    np.savez(
        path, ids=good["ids"], off=good["off"], cl=good["cl"], bad_ids=bad, bad_off=good["off"]
    )
    return path


def margin(run, negatives):
    good, bad = read_contrast(negatives, CONTEXT)
    rng = np.random.default_rng(0)
    with torch.no_grad():
        means = [
            run.score(collate(each, np.arange(len(each)), ANSWERS, rng)) for each in (good, bad)
        ]
    return float(means[0].mean() - means[1].mean())


def test_negatives_push_good_and_bad_apart(work, negatives):
    margins = []
    for contrast in (0.0, 2.0):
        run = started(work, negatives, pretrain=0.0, contrast=contrast, every=1)
        for _ in range(30):
            run.step()
        margins.append(margin(run, negatives))
    assert margins[1] > margins[0] + 0.1


def test_a_file_without_negatives_is_named(work):
    with pytest.raises(ConfigError, match="holds no negatives"):
        started(work, work / "pairs-00.npz")


# Stopping and going on


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_going_on_is_as_if_never_stopped(work, tmp_path, dropout):
    straight = started(work, dropout=dropout)
    for _ in range(8):
        straight.step()
    first = started(work, dropout=dropout)
    for _ in range(4):
        first.step()
    first.save(tmp_path / "half.pt")
    second = started(work, dropout=dropout)
    second.restore(tmp_path / "half.pt")
    for _ in range(4):
        second.step()
    assert second.progress.step == 8
    for name, weight in straight.student.state_dict().items():
        torch.testing.assert_close(
            second.student.state_dict()[name], weight, rtol=0, atol=0, msg=name
        )


def test_dropout_is_for_training_alone(work):
    run = started(work, dropout=0.5)
    losses = [run.measure_held_out()["all"] for _ in range(2)]
    assert losses[0] == losses[1]
    assert run.student.training
    ids = torch.randint(FIRST, 60, (2, 24))
    assert (run.student(ids) - run.student(ids)).abs().max() > 0.01


def test_a_run_whose_loss_is_no_number_keeps_its_last_checkpoint(work):
    run = started(work)
    path = work / "checkpoint.pt"
    run.save(path)
    content = path.read_bytes()
    with torch.no_grad():
        run.student.embed[FIRST] = torch.nan
    loop = train.TrainingLoop(work / "loss.jsonl", run, path, save=0.0)
    with pytest.raises(ConfigError, match=r"the loss is nan at step .* with a lower --rate"):
        loop.run(time.monotonic() + 60)
    assert path.read_bytes() == content


def test_another_shape_is_not_gone_on_from(work, tmp_path):
    started(work).save(tmp_path / "other.pt")
    run = started(work, shape=PRESET.shape)
    with pytest.raises(ConfigError, match="another shape"):
        run.restore(tmp_path / "other.pt")


@pytest.mark.parametrize("data", [b"", b"garbage", b"PK\x03\x04 cut"])
def test_a_damaged_checkpoint_is_named(work, data):
    (work / "checkpoint.pt").write_bytes(data)
    with pytest.raises(ConfigError, match=r"checkpoint\.pt: is no checkpoint"):
        started(work).restore(work / "checkpoint.pt")


def test_a_killed_run_goes_on_from_its_checkpoint(work):
    path = work / "checkpoint.pt"
    flags = ("--minutes", "5", "--total-minutes", "0.1", "--save", "0", "--warmup", "3")
    run = subprocess.Popen(command(work, *flags), stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.0)
    assert run.poll() is None  # so it was killed in the middle, most likely of a save
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    progress = training.load(path)["progress"]
    assert 0 < progress["minutes"] < 0.1
    with (work / "loss.jsonl").open("a") as file:
        file.write('{"step": 100000}\n{"minutes": 0.1, "st')
    result = subprocess.run(command(work, *flags), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert f"; {progress['step']} steps" in result.stdout
    state = training.load(path)
    assert state["progress"]["step"] > progress["step"]
    assert state["progress"]["minutes"] >= 0.1
    notes = [json.loads(line) for line in (work / "loss.jsonl").read_text().splitlines()]
    assert set(notes[-1]["held_out"]) == {"all", *TASKS}
    assert all(each["step"] <= state["progress"]["step"] for each in notes)
    assert (work / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_a_further_round_starts_from_other_weights(work, tmp_path):
    run = started(work, pretrain=0.0, shape=PRESET.shape)
    for _ in range(5):
        run.step()
    learnt = run.measure_held_out()["all"]
    run.save(tmp_path / "first.pt")
    flags = ("--init", str(tmp_path / "first.pt"), "--minutes", "0", "--rate", "0")
    subprocess.run(command(work, *flags), check=True, capture_output=True)
    notes = [json.loads(line) for line in (work / "loss.jsonl").read_text().splitlines()]
    assert notes[-1]["held_out"]["all"] == pytest.approx(learnt, abs=1e-3)
    assert training.load(work / "checkpoint.pt")["progress"]["step"] == 1


def test_a_folder_without_pairs_is_one_sentence(tmp_path):
    result = subprocess.run(command(tmp_path), capture_output=True, text=True)
    assert result.returncode == 2
    assert "has no pairs-*.npz; run the corpus command first" in result.stderr
